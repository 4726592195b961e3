//! From an intent to its end, over a real store and a provider that answers as it is told: what is in the way and what is done
//! instead, what fails until a person must look, what drifted, and who may act on people.

use super::*;
use crate::engine::judge::{self, Governing};
use crate::engine::passes::tests::scene::{Scene, item, page, walk};
use crate::engine::passes::tests::turn;
use crate::engine::quarantine::tests::{folder, state};
use crate::model::action::{Block, Folder, Never, Order, Outcome, Receipt, State, TargetPerson, Whose};
use crate::model::{Directory, IntentNumber, ItemNumber, PlanNumber, Provider};
use crate::policy::Policies;
use crate::policy::ask::Told as Whom;
use crate::policy::file::load_text;
use crate::provider::govern::{Foreseen, Journal, Kept};
use crate::provider::{Error, Next, Onward};
use crate::store::{Entry, Intent, NewIntent, NewPlan, Scope, Voter};
use std::collections::{BTreeMap, VecDeque};

/// A provider that does what it is told to, and remembers what was ordered.
#[derive(Debug, Default)]
struct Stub(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    /// What comes of the next orders; all later ones are done.
    answers: VecDeque<Result<Outcome, Next>>,
    /// What is in the way of an action, by its name, whenever it is ordered.
    blocks: BTreeMap<&'static str, Block>,
    /// Why there is no folder for a quarantine.
    no_folder: Option<Next>,
    /// Orders that were performed: the action's name, the order's id, and whether it had begun before.
    performed: Vec<(&'static str, Arc<str>, bool)>,
}

impl Stub {
    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.0.lock().unwrap()
    }

    /// Names of what was ordered since the last time.
    fn performed(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.told().performed).into_iter().map(|(name, ..)| name).collect()
    }
}

impl Governor for Stub {
    fn provider(&self) -> Provider {
        Provider::Box
    }

    fn perform(&self, order: &Order, _: &Directory, journal: &mut dyn Journal) -> Result<Receipt, Error> {
        let name = order.action.name();
        let outcome = {
            let mut told = self.told();
            told.performed.push((name, Arc::clone(&order.id), order.begun.is_some()));
            let blocked = told.blocks.get(name).map(|block| Ok(Outcome::Blocked(block.clone())));
            blocked.or_else(|| told.answers.pop_front()).unwrap_or(Ok(Outcome::Done))
        };
        let outcome = outcome.map_err(|next| Error::new(next, "play", "as written"))?;
        let found = State::Item(Box::new(state("a.txt")));
        let is_begun = matches!(outcome, Outcome::Done | Outcome::Partly | Outcome::Unknown(_));
        if is_begun && order.begun.is_none() {
            journal.begins(order, &found).map_err(|error| Error::new(Next::Stopped, "play", error.to_string()))?;
        }
        let read_back = is_begun.then(|| found.clone());
        let id = Arc::clone(&order.id);
        Ok(Receipt { order: id, outcome, found: Some(found), did: Vec::new(), read_back, left: Vec::new() })
    }

    fn state(&self, _: &Order, _: &Directory) -> Result<Option<State>, Error> {
        let owner = crate::model::Owner { account: Some("7".into()), login: None };
        Ok(Some(State::Item(Box::new(crate::model::action::ItemState { owner: Some(owner), ..state("a.txt") }))))
    }

    fn foresee(&self, order: &Order, _: &Directory) -> Result<Option<Foreseen>, Error> {
        let block = self.told().blocks.get(order.action.name()).cloned();
        let state = State::Item(Box::new(state("a.txt")));
        let steps = block.map_or_else(|| Ok(Vec::new()), Err);
        Ok(Some(Foreseen { state, steps, left: Vec::new(), drifted: false }))
    }

    fn quarantine(&self, _: Whose, _: Option<&str>, _: Option<&str>) -> Result<Folder, Error> {
        match self.told().no_folder {
            Some(next) => Err(Error::new(next, "make a folder", "as written")),
            None => Ok(folder("/Quarantine")),
        }
    }

    fn kept(&self, _: Whose, _: Option<&str>, _: &str) -> Result<Vec<Kept>, Error> {
        Ok(Vec::new())
    }
}

struct Stage {
    scene: Scene,
    stub: Arc<Stub>,
    pauses: Pauses,
}

impl Stage {
    /// A company of one person with this many files, all listed.
    fn new(files: usize) -> Self {
        let stub: Arc<Stub> = Arc::default();
        let governor = Arc::clone(&stub) as Arc<dyn Governor>;
        let mut scene = Scene::new(Provider::Box).restarted(|tenant| tenant.governor = Some(governor));
        scene.core.options.tell.operators = vec![Whom::Webhook("soc".into())];
        let items = (0..files).map(|number| item(&format!("f{number}"), "0")).collect();
        let mut played = scene.played.state();
        played.walks = vec![walk("root:7")];
        played.pages.insert(("root:7".into(), String::new()), Ok(page(items, &[], Onward::End(None))));
        drop(played);
        turn(&scene).unwrap();
        scene.drain();
        Self { scene, stub, pauses: Pauses::default() }
    }

    fn files(&self) -> Vec<ItemNumber> {
        let scope = Scope { kind: Some(crate::model::ItemKind::File), ..Scope::default() };
        let all = self.scene.core.store.items(&scope, None, 10_000).unwrap();
        all.into_iter().map(|known| known.number).collect()
    }

    fn new_intent(&self, id: &str, cause: Cause, what: &What) -> NewIntent {
        let item = self.files()[0];
        let known = self.scene.core.store.item(item).unwrap().unwrap();
        let name: Arc<str> = match what {
            What::Ask { ask, .. } => ask.name().into(),
            What::Do { actions } | What::Restore { actions, .. } => actions[0].action.name().into(),
        };
        NewIntent {
            id: id.into(),
            connector: known.connector,
            item: Some(item),
            on: resolve::target(&known),
            owner: "7".into(),
            cause,
            voters: Vec::new(),
            rules: None,
            plan: None,
            undoes: None,
            what: serde_json::to_string(what).unwrap(),
            name,
            actor: "operator uid 1000".into(),
            due: None,
            moves: what.moves(),
        }
    }

    fn add(&self, new: NewIntent) -> IntentNumber {
        self.scene.core.store.add_intents(&[new], &entry()).unwrap()[0]
    }

    /// Acts once; false when nothing is due.
    fn one(&self) -> bool {
        one(&self.scene.core, Options::default(), &self.pauses, &Cause::ALL).unwrap()
    }

    /// Acts until nothing is due.
    fn act(&self) {
        while self.one() {}
    }

    fn intent(&self, number: IntentNumber) -> Intent {
        self.scene.core.store.intent(number).unwrap().unwrap()
    }

    /// Does this, and says how it ended and what was performed.
    fn came_of(&self, new: NewIntent) -> (Intent, Vec<&'static str>) {
        let number = self.add(new);
        self.act();
        (self.intent(number), self.stub.performed())
    }

    fn messages(&self) -> usize {
        self.scene.core.store.messages(0, 1_000).unwrap().len()
    }
}

fn entry() -> Entry {
    Entry { actor: "test".into(), act: "test".into(), about: String::new(), details: "{}".into() }
}

fn planned(action: Action) -> Planned {
    Planned { on: None, action, version: None, expects: None }
}

fn does(actions: impl IntoIterator<Item = Action>) -> What {
    What::Do { actions: actions.into_iter().map(planned).collect() }
}

fn asks(ask: Ask) -> What {
    What::Ask { ask, still: Still::Matched }
}

/// One of each block, and whether closing the sharing alone is left to do where something was to be hidden.
fn blocks() -> Vec<(Block, bool)> {
    let all = vec![
        Block::Hold("Case 7".into()),
        Block::HoldsUnreadable("403".into()),
        Block::Retention("Seven years".into()),
        Block::Shield,
        Block::Lock(None),
        Block::NoRight("403".into()),
        Block::NobodyToAct,
        Block::PlanLacks("403".into()),
        Block::NotOffered("no".into()),
        Block::NameTaken,
        Block::HigherLabel("Secret".into()),
        Block::NoSuchLabel("Secret".into()),
        Block::TooMany,
        Block::BadWish("no".into()),
        Block::Never(Never::WrongTarget),
    ];
    let closes = |block: &Block| match block {
        Block::NobodyToAct | Block::Never(_) => false,
        Block::Hold(_)
        | Block::HoldsUnreadable(_)
        | Block::Retention(_)
        | Block::Shield
        | Block::Lock(_)
        | Block::NoRight(_)
        | Block::PlanLacks(_)
        | Block::NotOffered(_)
        | Block::NameTaken
        | Block::HigherLabel(_)
        | Block::NoSuchLabel(_)
        | Block::TooMany
        | Block::BadWish(_) => true,
    };
    all.into_iter().map(|block| (closes(&block), block)).map(|(closes, block)| (block, closes)).collect()
}

// ---- what is in the way ----

#[test]
fn whatever_is_in_the_way_of_hiding_leaves_the_sharing_to_be_closed() {
    let stage = Stage::new(1);
    let admin = || asks(Ask::AdminQuarantine { to: None, by_copy: false });
    let by_copy = || asks(Ask::AdminQuarantine { to: None, by_copy: true });
    for (at, (block, closes)) in blocks().into_iter().enumerate() {
        // What is ordered, the action that is blocked, what is performed when it falls back and when it cannot.
        for (of, (what, blocked, instead, alone)) in [
            (does([Action::Trash]), "trash", vec!["trash", "make_private"], vec!["trash"]),
            (
                does([Action::Overwrite { text: "gone".into() }]),
                "overwrite",
                vec!["overwrite", "make_private"],
                vec!["overwrite"],
            ),
            // What comes after it in the same intent is done all the same.
            (
                does([Action::Trash, Action::RemoveLinks]),
                "trash",
                vec!["trash", "make_private", "remove_links"],
                vec!["trash", "remove_links"],
            ),
            (asks(Ask::Trash), "trash", vec!["trash", "make_private"], vec!["trash"]),
            (admin(), "admin_quarantine", vec!["admin_quarantine", "make_private"], vec!["admin_quarantine"]),
            (
                asks(Ask::UserQuarantine),
                "user_quarantine",
                vec!["user_quarantine", "make_private"],
                vec!["user_quarantine"],
            ),
            (admin(), "put_note", vec!["put_note", "make_private"], vec!["put_note"]),
            // The original is never thrown away when there is no copy; the receipt that was left for it goes.
            (by_copy(), "copy", vec!["put_note", "copy", "make_private", "remove_note"], vec!["put_note", "copy"]),
            // Nothing weaker would help.
            (does([Action::RemoveLinks]), "remove_links", vec!["remove_links"], vec!["remove_links"]),
            (does([Action::MakePrivate]), "make_private", vec!["make_private"], vec!["make_private"]),
        ]
        .into_iter()
        .enumerate()
        {
            stage.stub.told().blocks = BTreeMap::from([(blocked, block.clone())]);
            let new = stage.new_intent(&format!("b{at}x{of}"), Cause::Plan, &what);
            let (intent, performed) = stage.came_of(new);
            let about = format!("{blocked} {block:?}: {intent:#?}");
            assert_eq!(performed, if closes { instead.clone() } else { alone.clone() }, "{about}");
            assert_eq!(intent.state, IntentState::Ended, "{about}");
            let did_more = performed.iter().any(|name| *name != blocked && !name.ends_with("_note"));
            assert_eq!(&*intent.outcome, if did_more { "partly" } else { "blocked" }, "{about}");
            assert!(intent.why.contains(&block.to_string()), "what is in the way is said: {about}");
            assert_eq!(
                closes && instead.contains(&"make_private") && blocked != "make_private",
                is_instead(&intent),
                "{about}"
            );
        }
    }
}

/// Whether it says that the sharing was closed instead.
fn is_instead(intent: &Intent) -> bool {
    intent.why.contains("its own links and members were ended")
}

#[test]
fn an_undo_and_a_restore_do_nothing_instead() {
    let stage = Stage::new(1);
    stage.stub.told().blocks = BTreeMap::from([("trash", Block::Shield)]);
    for (id, cause) in [("u1", Cause::Undo), ("r1", Cause::Restore)] {
        let (intent, performed) = stage.came_of(stage.new_intent(id, cause, &does([Action::Trash])));
        assert_eq!((performed, &*intent.outcome), (vec!["trash"], "blocked"), "{cause:?}");
    }
}

#[test]
fn a_quarantine_without_a_folder_closes_or_is_tried_again() {
    for (next, performed, outcome) in [
        (Next::Forbidden, &["make_private"][..], "partly"),
        (Next::Refused, &["make_private"], "partly"),
        // Nobody is there to do anything.
        (Next::Gone, &[], "blocked"),
    ] {
        let stage = Stage::new(1);
        stage.stub.told().no_folder = Some(next);
        let (intent, done) = stage.came_of(stage.new_intent("q1", Cause::Plan, &asks(Ask::UserQuarantine)));
        assert_eq!((&*done, &*intent.outcome), (performed, outcome), "{next:?}: {}", intent.why);
        assert_eq!(intent.why.contains("folder could not be found or made"), outcome == "partly", "{}", intent.why);
    }
    let stage = Stage::new(1);
    stage.stub.told().no_folder = Some(Next::Transient);
    let (intent, done) = stage.came_of(stage.new_intent("q1", Cause::Plan, &asks(Ask::UserQuarantine)));
    assert_eq!((done.len(), intent.state, intent.attempts), (0, IntentState::Waits, 1));
}

// ---- what fails ----

#[test]
fn what_fails_again_and_again_is_parked_for_a_person_and_brought_back() {
    for next in [Next::Transient, Next::Locked, Next::Moved] {
        let stage = Stage::new(1);
        let attempts = Options::default().attempts_max;
        stage.stub.told().answers = (0..attempts).map(|_| Err(next)).collect();
        let number = stage.add(stage.new_intent("p1", Cause::Plan, &does([Action::RemoveLinks])));
        for attempt in 1..=attempts {
            assert!(stage.one(), "{next:?} {attempt}");
            assert!(!stage.one(), "{next:?} {attempt}: not before its time");
            let intent = stage.intent(number);
            let is_last = attempt == attempts;
            assert_eq!((intent.attempts, intent.state == IntentState::Parked), (attempt, is_last), "{next:?}");
            assert_eq!(stage.messages(), usize::from(is_last), "{next:?}");
            stage.scene.core.clock.advance(Duration::from_secs(2_000));
        }
        let parked = stage.intent(number);
        assert_eq!((&*parked.outcome, &*parked.why), ("failed", "as written"));
        // It stays so, however long nobody looks.
        stage.scene.core.clock.advance(Duration::from_secs(86_400));
        assert!(!stage.one());
        stage.stub.performed();
        assert_eq!(stage.scene.core.store.retry_intents(&IntentQuery::default(), &entry()).unwrap(), 1);
        stage.act();
        let intent = stage.intent(number);
        assert_eq!((intent.state, &*intent.outcome), (IntentState::Ended, "done"), "{next:?}");
        assert_eq!(stage.stub.performed(), ["remove_links"], "once");
        assert_eq!(stage.messages(), 1, "told once");
    }
}

#[test]
fn what_is_waited_for_is_no_failed_attempt() {
    for next in [Next::Throttled(Moment::default()), Next::Budget(Moment::default()), Next::Credentials, Next::Stopped]
    {
        let stage = Stage::new(1);
        let times = Options::default().attempts_max * 3;
        stage.stub.told().answers = (0..times).map(|_| Err(next)).collect();
        let number = stage.add(stage.new_intent("w1", Cause::Plan, &does([Action::RemoveLinks])));
        for _ in 0..=times {
            stage.one();
            stage.scene.core.clock.advance(Duration::from_secs(61));
        }
        let intent = stage.intent(number);
        assert_eq!((intent.attempts, &*intent.outcome), (0, "done"), "{next:?}");
        assert_eq!(stage.messages(), 0);
    }
}

#[test]
fn what_nobody_knows_is_parked_at_once_and_looked_at_again_by_the_same_order() {
    let stage = Stage::new(1);
    stage.stub.told().answers = VecDeque::from([Ok(Outcome::Unknown("504".into()))]);
    let number = stage.add(stage.new_intent("n1", Cause::Plan, &does([Action::RemoveLinks, Action::Trash])));
    stage.act();
    let parked = stage.intent(number);
    assert_eq!((parked.state, &*parked.outcome), (IntentState::Parked, "unknown"), "{parked:#?}");
    assert!(parked.why.contains("504"), "{}", parked.why);
    assert_eq!((stage.stub.performed(), stage.messages()), (vec!["remove_links"], 1), "what follows waits");
    stage.scene.core.store.retry_intents(&IntentQuery::default(), &entry()).unwrap();
    stage.act();
    let again = std::mem::take(&mut stage.stub.told().performed);
    let ids: Vec<(&str, &str, bool)> = again.iter().map(|(name, id, begun)| (*name, &**id, *begun)).collect();
    assert_eq!(ids, [("remove_links", "n1-1", true), ("trash", "n1-2", false)], "with what was found before");
    assert_eq!(&*stage.intent(number).outcome, "done");
}

#[test]
fn what_cannot_be_read_is_parked_and_not_guessed() {
    let stage = Stage::new(1);
    let strange = NewIntent {
        what: r#"{"of":"tomorrow"}"#.into(),
        ..stage.new_intent("s1", Cause::Plan, &does([Action::Trash]))
    };
    let (intent, performed) = stage.came_of(strange);
    assert_eq!((intent.state, performed.len()), (IntentState::Parked, 0));
    assert!(intent.why.contains("another version"), "{}", intent.why);
}

// ---- drift ----

#[test]
fn what_drifted_is_refused_and_the_rest_is_done() {
    let stage = Stage::new(1);
    stage.stub.told().answers = VecDeque::from([Ok(Outcome::Done), Ok(Outcome::Drifted), Ok(Outcome::Done)]);
    let what = || does([Action::RemoveLinks]);
    let numbers: Vec<IntentNumber> =
        (0..3).map(|at| stage.add(stage.new_intent(&format!("d{at}"), Cause::Plan, &what()))).collect();
    stage.act();
    let ends: Vec<Arc<str>> = numbers.iter().map(|number| stage.intent(*number).outcome).collect();
    assert_eq!(ends.iter().map(|end| &**end).collect::<Vec<_>>(), ["done", "drifted", "done"]);
    let drifted = stage.intent(numbers[1]);
    assert!(drifted.why.contains("no longer what was decided on"), "{}", drifted.why);
    assert_eq!(stage.stub.performed().len(), 3, "nothing was tried twice");
}

// ---- people ----

/// Whose plan it is, and who approved it.
fn plan(stage: &Stage, approved: &[&str]) -> PlanNumber {
    let new = NewPlan {
        hash: [2; 32],
        body: "{}".into(),
        by: "operator ada".into(),
        kind: "plan".into(),
        items: 1,
        policies: Vec::new(),
        approvals: 1,
    };
    let number = stage.scene.core.store.add_plan(&new, &entry()).unwrap();
    for by in approved {
        stage.scene.core.store.approve_plan(number, by, &entry()).unwrap();
    }
    number
}

#[test]
fn a_person_is_acted_on_only_when_a_second_one_approved() {
    let suspend = || {
        let id = TargetPerson { id: Some("7".into()), account: Some("7".into()), login: None };
        What::Do { actions: vec![Planned { on: Some(Target::Person(id)), ..planned(Action::Suspend) }] }
    };
    let stage = Stage::new(1);
    for (at, (approved, may)) in [
        (None, false),
        (Some(&[][..]), false),
        (Some(&["operator ada"]), false),
        (Some(&["operator bob"]), true),
        (Some(&["operator ada", "operator bob"]), true),
    ]
    .into_iter()
    .enumerate()
    {
        let plan = approved.map(|by| plan(&stage, by));
        for (of, what) in [suspend(), asks(Ask::Suspend), does([Action::RemoveLinks])].into_iter().enumerate() {
            let is_on_person = of < 2;
            let new = NewIntent { plan, ..stage.new_intent(&format!("h{at}x{of}"), Cause::Plan, &what) };
            let (intent, performed) = stage.came_of(new);
            let (state, times) = if may || !is_on_person { (IntentState::Ended, 1) } else { (IntentState::Parked, 0) };
            assert_eq!((intent.state, performed.len()), (state, times), "{approved:?} {of}: {}", intent.why);
            assert!(times == 1 || intent.why.contains("a second operator must approve"), "{}", intent.why);
        }
    }
}

#[test]
fn a_policy_acts_on_people_only_when_it_says_so() {
    for (says, state) in
        [("approvals = 2\n", IntentState::Parked), ("allow_people_actions = true\n", IntentState::Ended)]
    {
        let stage = Stage::new(1);
        let text = format!(
            "schema = 1\n[[policy]]\nname = \"leak\"\ntitle = \"Leak\"\nmode = \"enforce\"\nseverity = \"high\"\n{says}where = \"size > 0\"\n\
             [[policy.action]]\ndo = \"end_sessions\"\n"
        );
        let loaded = load_text("test.toml", &text, &crate::policy::Known::default());
        let all = loaded.unwrap_or_else(|errors| panic!("{errors:#?}")).policies;
        let voter = Voter { policy: Arc::clone(&all[0].name), hash: all[0].hash };
        let plan = plan(&stage, &[]);
        stage.scene.core.store.approve_policy(&voter, plan, "test", &entry()).unwrap();
        stage.scene.core.govern(Governing::new(Policies::new(all, Vec::new()), Vec::new()));
        judge::refresh(&stage.scene.core).unwrap();
        let new = stage.new_intent("y1", Cause::Policy, &asks(Ask::EndSessions));
        let (intent, performed) = stage.came_of(NewIntent { voters: vec![voter], ..new });
        assert_eq!(intent.state, state, "{says:?}: {}", intent.why);
        assert_eq!(performed.len(), usize::from(state == IntentState::Ended), "{says:?}");
    }
}
