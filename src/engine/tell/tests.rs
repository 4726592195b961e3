//! Messages through a real store to real sinks: each once, none lost, whatever ends in between.

use super::*;
use crate::clock::Clock;
use crate::emulator::sink::{HookFault, HookSink, MailFault, MailOptions, MailSink};
use crate::engine::passes::tests::scene::{Scene, item, page, walk};
use crate::engine::passes::tests::turn;
use crate::model::action::{Target, TargetPerson};
use crate::model::{Cause, IntentNumber, IntentState, ItemNumber, Owner, Provider, Severity};
use crate::notify::{Hook, HookSecret, HookSettings, Mail, MailSettings, MailTls, Way};
use crate::provider::Onward;
use crate::store::{AlertGroup, AlertKey, Intent, Matched, MessageState, NewIntent, Ruling, Scope, Tripped, Voter};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;

fn secret() -> String {
    format!("whsec_{}", STANDARD.encode([5; 32]))
}

fn hook_sink(clock: &Clock) -> HookSink {
    HookSink::start(0, &[secret()], false, clock.clone()).unwrap()
}

/// The way to the sinks.
fn post(hook: Option<&HookSink>, mail: Option<&MailSink>) -> Post {
    let hooks = hook.map(|sink| {
        let url = url::Url::parse(&sink.url("soc")).unwrap();
        let settings = HookSettings { url, secret: HookSecret::parse(&secret()).unwrap(), way: Way::default() };
        ("soc".into(), Hook::new(&settings).unwrap())
    });
    let mail = mail.map(|sink| {
        Mail::new(&MailSettings {
            from: "dlp@corp.example".into(),
            host: "127.0.0.1".into(),
            port: sink.port(),
            tls: MailTls::None,
            ..MailSettings::default()
        })
        .unwrap()
    });
    Post { mail, hooks: hooks.into_iter().collect(), contact: "soc@corp.example".into() }
}

/// A tenant that was listed, with that many files of Ada's; the operators are a webhook.
fn listed(files: usize) -> Scene {
    let mut scene = Scene::new(Provider::Box);
    scene.core.options.tell.operators = vec![Told::Webhook("soc".into())];
    let owner = Owner { account: Some("7".into()), login: None };
    let items = (0..files)
        .map(|number| crate::model::Item { owner: Some(owner.clone()), ..item(&format!("f{number}"), "0") })
        .collect();
    let mut state = scene.played.state();
    state.walks = vec![walk("root:7")];
    state.pages.insert(("root:7".into(), String::new()), Ok(page(items, &[], Onward::End(None))));
    drop(state);
    turn(&scene).unwrap();
    scene
}

fn files(scene: &Scene) -> Vec<ItemNumber> {
    let scope = Scope { kind: Some(crate::model::ItemKind::File), ..Scope::default() };
    scene.core.store.items(&scope, None, 10_000).unwrap().into_iter().map(|known| known.number).collect()
}

/// These policies match these items from now on.
fn matched(scene: &Scene, items: &[ItemNumber], policies: &[&str], group: impl Fn(ItemNumber) -> Option<AlertGroup>) {
    let connector = scene.tenant().number;
    let rulings: Vec<Ruling> = items
        .iter()
        .map(|item| Ruling {
            item: *item,
            connector,
            matches: policies
                .iter()
                .map(|policy| Matched {
                    policy: (*policy).into(),
                    hash: [1; 32],
                    level: None,
                    alert: Some(AlertKey { severity: Severity::High, group: group(*item) }),
                })
                .collect(),
            undecided: Vec::new(),
            intents: Vec::new(),
        })
        .collect();
    for slice in rulings.chunks(1_000) {
        scene.core.store.rule(slice).unwrap();
    }
}

fn said_of(scene: &Scene) -> Vec<Said> {
    let messages = scene.core.store.messages(0, 1_000).unwrap();
    messages.iter().map(|message| serde_json::from_str(&message.is.body).unwrap()).collect()
}

fn states(scene: &Scene) -> Vec<MessageState> {
    scene.core.store.messages(0, 1_000).unwrap().iter().map(|message| message.state).collect()
}

/// Some messages to the webhook.
fn three(scene: &Scene) {
    let said = Said { kind: "match".into(), ..Said::default() };
    for id in ["a", "b", "c"] {
        let messages = to_each(id, &[Channel::Webhook("soc".into())], &said, None);
        assert_eq!(scene.core.store.add_messages(&messages).unwrap(), 1);
        assert_eq!(scene.core.store.add_messages(&messages).unwrap(), 0, "made twice, kept once");
    }
}

#[test]
fn a_first_pass_sends_one_message_a_policy_however_much_it_finds() {
    let scene = listed(2_500);
    let items = files(&scene);
    assert_eq!(items.len(), 2_500);
    // While a listing goes on, the roll-up waits for it, and for an hour at most.
    let walks = crate::model::Walks { walks: vec![walk("root:8")], holes: Vec::new(), used_bytes: None };
    scene.core.store.begin_pass(scene.tenant().number, &walks).unwrap();
    matched(&scene, &items[..2_000], &["cards", "keys"], |_| None);
    gather(&scene.core).unwrap();
    assert_eq!(said_of(&scene), []);
    scene.core.clock.advance(Duration::from_secs(3_600));
    gather(&scene.core).unwrap();
    matched(&scene, &items[2_000..], &["cards", "keys"], |_| None);
    scene.core.clock.advance(Duration::from_secs(86_400));
    gather(&scene.core).unwrap();
    let said = said_of(&scene);
    let told: Vec<_> = said.iter().map(|said| (&*said.kind, &*said.policy, said.items, said.about.len())).collect();
    assert_eq!(told, [("roll_up", "cards", 2_000, 20), ("roll_up", "keys", 2_000, 20)]);
}

#[test]
fn a_roll_up_is_told_when_its_listing_is_over() {
    let scene = listed(3);
    matched(&scene, &files(&scene), &["cards"], |_| None);
    gather(&scene.core).unwrap();
    assert_eq!(said_of(&scene).len(), 1);
}

#[test]
fn a_storm_of_live_matches_is_a_few_messages() {
    let scene = listed(60);
    let (items, connector) = (files(&scene), scene.tenant().number);
    let group = |item: ItemNumber| Some(AlertGroup { connector, owner: item.0.to_string().into(), folder: "0".into() });
    matched(&scene, &items[..1], &["cards"], group);
    gather(&scene.core).unwrap();
    matched(&scene, &items[1..30], &["cards"], group);
    gather(&scene.core).unwrap();
    assert_eq!(said_of(&scene).iter().map(|said| said.items).collect::<Vec<_>>(), [1], "the first at once");
    scene.core.clock.advance(Duration::from_secs(301));
    gather(&scene.core).unwrap();
    matched(&scene, &items[30..], &["keys"], group);
    gather(&scene.core).unwrap();
    gather(&scene.core).unwrap();
    let said = said_of(&scene);
    let told: Vec<_> = said.iter().map(|said| (&*said.policy, said.items, said.about.len())).collect();
    assert_eq!(told, [("cards", 1, 1), ("cards", 29, 20), ("keys", 30, 20)]);
    assert_eq!(said[1].about[0].connector.as_ref(), "main");
}

#[test]
fn what_was_sent_and_not_noted_is_sent_again_under_its_id_and_nothing_is_lost() {
    let scene = listed(0);
    let sink = hook_sink(&scene.core.clock);
    let post = post(Some(&sink), None);
    three(&scene);
    // The program ends between the answer of the first and the note of it, the second in hand.
    let taken = scene.core.store.take_messages(2).unwrap();
    let said = Said { kind: "match".into(), ..Said::default() };
    let first =
        crate::notify::Letter { id: &taken[0].is.id, sequence: taken[0].sequence, made: taken[0].made, said: &said };
    assert_eq!(post.hook("soc", &first, &scene.core.clock), crate::notify::Delivery::Sent);
    assert_eq!(once(&scene.core, &post).unwrap(), 1, "nobody takes what another has in hand");
    let scene = scene.restarted(|_| {});
    assert_eq!(once(&scene.core, &post).unwrap(), 2);
    assert_eq!(once(&scene.core, &post).unwrap(), 0);
    let ids: Vec<String> = sink.posts().into_iter().map(|post| post.id).collect();
    let different: BTreeSet<&String> = ids.iter().collect();
    assert_eq!((ids.len(), different.len()), (4, 3), "{ids:?}");
    assert_eq!(ids.iter().filter(|id| **id == *taken[0].is.id).count(), 2, "the reader knows the repeat by its id");
    assert_eq!(states(&scene), [MessageState::Sent; 3]);
}

#[test]
fn an_answer_that_is_lost_is_asked_for_again_under_the_same_id() {
    let mut scene = listed(0);
    let sink = hook_sink(&scene.core.clock);
    let (mail, clock) = (MailSink::start(MailOptions::default()).unwrap(), scene.core.clock.clone());
    scene.core.options.tell.operators.push(Told::Address("soc@corp.example".into()));
    let post = post(Some(&sink), Some(&mail));
    let tripped = Tripped { policy: "cards".into(), at: clock.now(), limit: "items".into(), touched: 100, held: 3 };
    let messages = of_trip(&scene.core, &tripped);
    assert_eq!(scene.core.store.add_messages(&messages).unwrap(), 2);
    assert_eq!(scene.core.store.add_messages(&of_trip(&scene.core, &tripped)).unwrap(), 0);
    sink.fail([HookFault::DropAfterTaken]);
    mail.fail([MailFault::DropAfterData]);
    once(&scene.core, &post).unwrap();
    assert_eq!(states(&scene), [MessageState::Waits; 2]);
    clock.advance(Duration::from_secs(60));
    once(&scene.core, &post).unwrap();
    assert_eq!(states(&scene), [MessageState::Sent; 2]);
    let (posts, mails) = (sink.posts(), mail.mails());
    assert_eq!((posts.len(), &posts[0].id), (2, &posts[1].id));
    assert_eq!((mails.len(), mails[0].id()), (2, mails[1].id()));
    assert!(mails[0].text().contains("sluicebox breaker release cards"), "{}", mails[0].text());
}

#[test]
fn a_receiver_is_obeyed_and_holds_up_nobody_else() {
    let scene = listed(0);
    let (sink, clock) = (hook_sink(&scene.core.clock), scene.core.clock.clone());
    let mail = MailSink::start(MailOptions::default()).unwrap();
    let post = post(Some(&sink), Some(&mail));
    three(&scene);
    let to_mail = to_each("d", &[Channel::Mail("ada@corp.example".into())], &Said::default(), None);
    scene.core.store.add_messages(&to_mail).unwrap();
    sink.fail([HookFault::Status(429, Some(120))]);
    let senders = Senders::new(&scene.core, &post);
    assert_eq!(senders.once().unwrap(), 4);
    let messages = scene.core.store.messages(0, 10).unwrap();
    let told: Vec<_> = messages.iter().map(|one| (one.state, one.attempts)).collect();
    use MessageState::{Parked, Sent, Waits};
    assert_eq!(told, [(Waits, 1), (Waits, 0), (Waits, 0), (Sent, 0)], "one was tried, two waited without a try");
    assert_eq!((sink.posts().len(), mail.mails().len()), (1, 1));
    clock.advance(Duration::from_secs(119));
    assert_eq!(senders.once().unwrap(), 0);
    clock.advance(Duration::from_secs(2));
    // One is refused for good: parked until somebody brings it back.
    sink.fail([HookFault::Status(410, None)]);
    assert_eq!(senders.once().unwrap(), 3);
    assert_eq!(states(&scene), [Parked, Sent, Sent, Sent]);
    assert_eq!(&*scene.core.store.messages(0, 1).unwrap()[0].said, "HTTP 410");
    assert_eq!(scene.core.store.retry_messages().unwrap(), 1);
    assert_eq!(senders.once().unwrap(), 1);
    assert_eq!(states(&scene), [Sent; 4]);
    // A reader that had seen the first two goes on behind them.
    let rest: Vec<u64> = scene.core.store.messages(2, 10).unwrap().iter().map(|one| one.sequence).collect();
    assert_eq!(rest, [3, 4]);
}

#[test]
fn what_fails_too_often_is_parked() {
    let mut scene = listed(0);
    scene.core.options.tell.attempts_max = 3;
    three(&scene);
    let post = Post::default();
    for _ in 0..9 {
        once(&scene.core, &post).unwrap();
        scene.core.clock.advance(Duration::from_secs(7_200));
    }
    assert_eq!(states(&scene), [MessageState::Parked; 3]);
}

#[test]
fn the_thread_sends_and_gives_back_what_it_did_not_begin() {
    let scene = listed(3);
    // The clock of this scene jumps while a post is under way: no times are verified here.
    let sink = HookSink::start(0, &[], false, scene.core.clock.clone()).unwrap();
    matched(&scene, &files(&scene), &["cards"], |_| None);
    three(&scene);
    let post = post(Some(&sink), None);
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| run(&scene.core, &post));
        let _ = sink.wait_for(4, Duration::from_secs(60));
        scene.core.stop.store(true, std::sync::atomic::Ordering::Relaxed);
        thread.join().unwrap().unwrap();
    });
    assert_eq!(scene.core.store.messages(0, 10).unwrap().len(), 4);
    assert!(states(&scene).iter().all(|state| matches!(state, MessageState::Sent | MessageState::Waits)));
}

fn intent(scene: &Scene, id: &str, item: ItemNumber) -> Intent {
    let is = NewIntent {
        id: id.into(),
        connector: scene.tenant().number,
        item: Some(item),
        on: Target::Person(TargetPerson { id: Some("7".into()), account: None, login: None }),
        owner: "7".into(),
        cause: Cause::Policy,
        voters: vec![Voter { policy: "cards".into(), hash: [1; 32] }],
        rules: None,
        plan: None,
        undoes: None,
        what: "{}".into(),
        name: "notify".into(),
        actor: "policy cards".into(),
        due: None,
        moves: false,
    };
    let now = scene.core.clock.now();
    Intent {
        number: IntentNumber(17),
        is,
        state: IntentState::Begun,
        outcome: "".into(),
        why: "".into(),
        made: now,
        begun: Some(now),
        ended: None,
        attempts: 2,
        orders: Vec::new(),
    }
}

#[test]
fn owners_editors_and_named_ones_are_told_once_each() {
    let mut scene = listed(1);
    let item = files(&scene)[0];
    let mail = |to: &str| Channel::Mail(to.into());
    let all = [Told::Owner, Told::Editor, Told::Address("DPO@corp.example".into()), Told::Webhook("soc".into())];
    let told = |scene: &Scene, whom: &[Told]| -> Vec<Channel> {
        let messages = of_intent(&scene.core, scene.tenant(), &intent(scene, "ab12", item), whom).unwrap();
        messages.into_iter().map(|message| message.channel).collect()
    };
    let ada = mail("ada@corp.example");
    assert_eq!(told(&scene, &all), [ada.clone(), mail("DPO@corp.example"), Channel::Webhook("soc".into())]);
    let twice: Vec<_> = of_intent(&scene.core, scene.tenant(), &intent(&scene, "ab12", item), &all).unwrap();
    assert!(twice.iter().all(|message| message.id.starts_with("ab12-") && message.id.len() <= 64));
    // Outsiders, and those who left, are told nothing: the operators are.
    for (side, status) in [
        (crate::model::Side::External, crate::model::Status::Active),
        (crate::model::Side::Internal, crate::model::Status::Inactive),
    ] {
        let mut directory = crate::model::Directory::default();
        let person = crate::engine::passes::tests::scene::person("7", "ada@corp.example");
        directory.add(crate::model::Person { side, status, ..person });
        scene.tenant().set_directory(Arc::new(directory));
        assert_eq!(told(&scene, &[Told::Owner]), [Channel::Webhook("soc".into())]);
    }
    scene.core.options.tell.operators.clear();
    assert_eq!(told(&scene, &[Told::Owner]), []);
    let parked = of_parked(&scene.core, scene.tenant(), &intent(&scene, "ab12", item), "no answer");
    assert_eq!(parked, [], "nobody is named who could be told");
}

#[test]
fn an_owner_gets_one_digest_a_day() {
    let scene = listed(3);
    let sink = MailSink::start(MailOptions::default()).unwrap();
    let (post, clock) = (post(None, Some(&sink)), scene.core.clock.clone());
    for (number, item) in files(&scene).into_iter().enumerate() {
        let intent = intent(&scene, &format!("ab{number}"), item);
        let messages = of_intent(&scene.core, scene.tenant(), &intent, &[Told::OwnerDigest]).unwrap();
        assert_eq!(scene.core.store.add_messages(&messages).unwrap(), 1);
    }
    assert_eq!(once(&scene.core, &post).unwrap(), 0, "the hour has not come");
    clock.advance(Duration::from_secs(86_400));
    assert_eq!(once(&scene.core, &post).unwrap(), 1);
    assert_eq!(once(&scene.core, &post).unwrap(), 0);
    let mails = sink.mails();
    assert_eq!((mails.len(), &mails[0].to[..]), (1, &["ada@corp.example".to_owned()][..]));
    assert_eq!(mails[0].header("Subject").as_deref(), Some("[sluicebox] 3 items of yours to look at"));
    let text = mails[0].text();
    for name in ["f0.txt", "f1.txt", "f2.txt"] {
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn the_hour_of_digests_is_the_next_one() {
    let at = |text: &str| Moment::parse(text).unwrap();
    for (now, hour, next) in [
        ("2026-03-01T06:59:59Z", 7, "2026-03-01T07:00:00Z"),
        ("2026-03-01T07:00:00Z", 7, "2026-03-02T07:00:00Z"),
        ("2026-03-01T23:00:00Z", 0, "2026-03-02T00:00:00Z"),
    ] {
        assert_eq!(make::next_hour(at(now), hour), at(next), "{now}");
    }
}

/// The operator's own words reach everybody who is told of the policy: operators, owners at once, owners in their digest.
#[test]
fn a_policys_note_stands_in_its_messages() {
    let scene = listed(2);
    let text = "schema = 1\n[[policy]]\nname = \"cards\"\ntitle = \"Cards\"\nseverity = \"high\"\nmode = \"watch\"\n\
                where = \"access = public\"\nnote = \"Move it to the vault.\"\n";
    let loaded = crate::policy::file::load_text("t.toml", text, &crate::policy::Known::default()).unwrap();
    let policies = crate::policy::Policies::new(loaded.policies, Vec::new());
    scene.core.govern(crate::engine::judge::Governing::new(policies, Vec::new()));
    let items = files(&scene);
    matched(&scene, &items, &["cards", "gone"], |_| None);
    gather(&scene.core).unwrap();
    let said = said_of(&scene);
    let notes: Vec<_> = said.iter().map(|said| (&*said.policy, &*said.note)).collect();
    assert_eq!(notes, [("cards", "Move it to the vault."), ("gone", "")]);
    let told = |item, whom| of_intent(&scene.core, scene.tenant(), &intent(&scene, "ab1", item), &[whom]).unwrap();
    let at_once: Said = serde_json::from_str(&told(items[0], Told::Owner)[0].body).unwrap();
    assert_eq!(&*at_once.note, "Move it to the vault.");
    // Two items, one note.
    for (id, item) in ["ab2", "ab3"].into_iter().zip(&items) {
        let intent = intent(&scene, id, *item);
        let messages = of_intent(&scene.core, scene.tenant(), &intent, &[Told::OwnerDigest]).unwrap();
        assert_eq!(scene.core.store.add_messages(&messages).unwrap(), 1);
    }
    scene.core.clock.advance(Duration::from_secs(86_400));
    gather(&scene.core).unwrap();
    let digest = said_of(&scene).pop().unwrap();
    assert_eq!((&*digest.kind, digest.items, &*digest.note), ("digest", 2, "Cards: Move it to the vault."));
}
