//! What is asked for when, and by whom; which exceptions hold.

use super::excuse::{Excused, weigh};
use super::opinion::Spared;
use super::ruling::enforced;
use super::*;
use crate::clock::Clock;
use crate::model::{
    Audience, Confidence, Coverage, ExceptionNumber, Item, ItemKind, Link, Member, Members, Person, Role, Sharing,
    Side, Status, Token, Verdict, Who,
};
use crate::policy::Policy;
use crate::policy::ask::Ask;
use crate::policy::ask::Told;
use crate::policy::decide::Vote;
use crate::policy::file::load_text;
use crate::store::order::Shares;
use crate::store::sqlite::{Options, Sqlite};
use crate::store::{Above, ExceptionKind, Judged, NewException, SealKey};
use std::sync::Arc;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3_600);

fn vote(policy: &str, rank: usize, ask: Ask, after: Duration) -> (Vote, Duration, Still) {
    (Vote { policy: policy.into(), rank, ask }, after, Still::Matched)
}

/// What is to be done: its name, after so many hours, for whom.
fn rows(votes: &[(Vote, Duration, Still)]) -> Vec<(&'static str, u64, Vec<String>)> {
    let all = enforced(votes).1;
    let one = |one: &super::ruling::Enforced| {
        let voters = one.voters.iter().map(|voter| voter.to_string()).collect();
        (one.ask.name(), one.after.as_secs() / 3_600, voters)
    };
    all.iter().map(one).collect()
}

#[test]
fn what_is_contained_waits_for_nothing_and_keeps_its_own_voice() {
    let now = Duration::ZERO;
    let tell = |whom: Told| Ask::Notify { whom: vec![whom] };
    let label = |label: &str| Ask::SetLabel { label: label.into() };
    /// The votes, and the intents: what, after how many hours, whose.
    type Row = (Vec<(Vote, Duration, Still)>, Vec<(&'static str, u64, Vec<&'static str>)>);
    #[rustfmt::skip]
    let table: Vec<Row> = vec![
        // The weaker wish is contained, and its policy does not vote for the stronger.
        (vec![vote("a", 0, Ask::RemoveLinks, now), vote("b", 1, Ask::Trash, now)], vec![("trash", 0, vec!["b"])]),
        // What is stronger comes later: until then the weaker is done for itself.
        (
            vec![vote("a", 0, Ask::RemoveLinks, now), vote("b", 1, Ask::Trash, 72 * HOUR)],
            vec![("remove_links", 0, vec!["a"]), ("trash", 72, vec!["b"])],
        ),
        // What is stronger comes first: nothing is left to do later.
        (
            vec![vote("a", 0, Ask::RemoveLinks, 72 * HOUR), vote("b", 1, Ask::MakePrivate, now)],
            vec![("make_private", 0, vec!["b"])],
        ),
        (
            vec![vote("a", 0, Ask::RemoveLinks, now), vote("b", 1, Ask::RemoveLinks, now)],
            vec![("remove_links", 0, vec!["a", "b"])],
        ),
        // Of two labels the first policy's is heard, at whatever time.
        (
            vec![vote("a", 0, label("secret"), 24 * HOUR), vote("b", 1, label("internal"), now)],
            vec![("set_label", 24, vec!["a"])],
        ),
        // Nobody is told twice.
        (
            vec![vote("a", 0, tell(Told::Owner), now), vote("b", 1, tell(Told::Editor), 24 * HOUR)],
            vec![("notify", 0, vec!["a"]), ("notify", 24, vec!["b"])],
        ),
    ];
    for (votes, expected) in table {
        let expected: Vec<(&str, u64, Vec<String>)> = expected
            .into_iter()
            .map(|(name, hours, voters)| (name, hours, voters.into_iter().map(str::to_owned).collect()))
            .collect();
        assert_eq!(rows(&votes), expected, "{votes:?}");
    }
}

/// What a policy may ask for by itself: nothing about a person, unless it says so.
#[test]
fn people_are_acted_on_only_where_a_policy_allows_it() {
    let asks = |how: &str| {
        let text = format!(
            "schema = 1\n[[policy]]\nname = \"p\"\ntitle = \"P\"\nseverity = \"low\"\nmode = \"enforce\"\n{how}\n\
             where = \"access = public\"\n[[policy.action]]\ndo = \"remove_links\"\n[[policy.action]]\ndo = \"suspend\"\n\
             [[policy.action]]\ndo = \"end_sessions\"\n[[policy.action]]\ndo = \"notify\"\nwhom = [\"owner\"]\n"
        );
        let policy = load_text("t.toml", &text, &crate::policy::Known::default()).unwrap().policies.remove(0);
        let votes: Vec<_> = super::ruling::votes_of(0, &policy).collect();
        rows(&votes).into_iter().map(|(name, ..)| name).collect::<Vec<_>>()
    };
    assert_eq!(asks("approvals = 2"), ["remove_links", "notify"]);
    assert_eq!(asks("allow_people_actions = true"), ["remove_links", "end_sessions", "suspend", "notify"]);
}

fn policy(filter: &str) -> Arc<Policy> {
    let text = format!(
        "schema = 1\n[[policy]]\nname = \"p\"\ntitle = \"P\"\nseverity = \"low\"\nmode = \"watch\"\nwhere = '{filter}'\n"
    );
    load_text("t.toml", &text, &crate::policy::Known::default()).unwrap().policies.remove(0)
}

fn item() -> Item {
    Item {
        parent: Some("5".into()),
        path: Some("/a.txt".into()),
        place: "7".into(),
        size_bytes: 1,
        version: Some("1".into()),
        owner: Some(crate::model::item::Owner { account: Some("o1".into()), login: None }),
        has_members: true,
        ..Item::bare(ItemKind::File, "17", "a.txt")
    }
}

fn known(of: ConnectorNumber) -> Known {
    Known {
        number: ItemNumber(1),
        connector: of,
        item: item(),
        shown: "a.txt".into(),
        parent: None,
        is_top: false,
        first_seen: Moment::from_millis(0),
        changed: Moment::from_millis(0),
        gone: None,
        exposure: Some(Judged { level: Level::External, known: true, until: None }),
        coverage: Some(Coverage::Complete),
        reading: None,
        reused: false,
        judged_version: Some("1".into()),
    }
}

fn people() -> Directory {
    let mut all = Directory::new(["example.com".to_owned()]);
    for (account, login, side) in [
        ("o1", "Owner@example.com", Side::Internal),
        ("p1", "pat@partner.example", Side::External),
        ("q1", "quinn@other.example", Side::External),
    ] {
        all.add(Person {
            id: account.into(),
            account: account.into(),
            login: login.into(),
            name: account.into(),
            side,
            role: Role::Member,
            status: Status::Active,
        });
    }
    all
}

fn sharing(accounts: &[&str], audience: Option<Audience>) -> Sharing {
    let member = |account: &&str| Member {
        id: None,
        who: Who::Person { account: Some((*account).into()), login: None, side: None },
        role: "viewer".into(),
        pending: false,
        inherited_from: None,
        expires: None,
    };
    let link = |audience| Link { audience, password: false, expires: None, download: None, url: None };
    Sharing {
        links: audience.map(link).into_iter().collect(),
        members: Members::Known(accounts.iter().map(member).collect()),
        ..Sharing::default()
    }
}

fn exception(kind: ExceptionKind, what: &str) -> Exception {
    let is = NewException {
        kind,
        what: what.into(),
        connector: None,
        policy: None,
        content: None,
        excused: Vec::new(),
        reason: "so it is meant".into(),
        by: "ann".into(),
        until: Moment::from_millis(1_000),
    };
    Exception { number: ExceptionNumber(1), is, made: Moment::from_millis(0), ended: None }
}

/// A verdict with these findings of `d` by their tokens.
fn verdict(tokens: &[&str]) -> Verdict {
    let finding = |token: &&str| crate::model::Finding {
        detector: "d".into(),
        confidence: Confidence::HIGH,
        tier: "only".into(),
        part: "text".into(),
        location: Arc::default(),
        start: 0,
        end: 1,
        own_text: None,
        mask: crate::model::Mask::covered("*"),
        token: Token::covered(token),
        excerpt: crate::model::Excerpt::covered("*"),
        evidence: Vec::new(),
        grounds: None,
    };
    let total = tokens.len() as u64;
    let count = crate::model::verdict::DetectorCount {
        detector: "d".into(),
        candidates: total,
        total,
        unique: total,
        ..Default::default()
    };
    Verdict {
        coverage: Coverage::Complete,
        findings: tokens.iter().map(finding).collect(),
        counts: vec![count],
        ..Verdict::default()
    }
}

#[test]
fn past_the_cap_on_counted_values_only_the_same_content_is_excused() {
    let (directory, tags) = (people(), Tags::default());
    let name: ConnectorName = "main".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(Options {
        path: folder.path().join("store.db"),
        seal: SealKey::new([7; 32]),
        clock: Clock::movable(),
        shares: Shares::default(),
    })
    .unwrap();
    let of = crate::store::Connectors::connector(&store, &name, Provider::Box).unwrap().number;
    let policy = policy("finding(detector = d)");
    for (at_least, content, expected) in [
        (false, None, Excused::Yes),
        (true, None, Excused::Grown("d".into(), 2, 2)),
        (true, Some([1; 32]), Excused::Yes),
        (true, Some([2; 32]), Excused::OtherContent),
    ] {
        let mut exception = exception(ExceptionKind::File, "17");
        (exception.is.excused, exception.is.content) = (vec![("d".into(), 2)], content);
        let governing = Governing::new(Policies::new(vec![Arc::clone(&policy)], Vec::new()), vec![exception.clone()]);
        let mut judge = Judge::new(&governing, &store, &tags, Moment::from_millis(100));
        let whose = judge.whose(Of { name: &name, provider: Provider::Box, directory: Some(&directory) });
        let mut found = verdict(&["k1:x", "k1:y"]);
        found.counts.iter_mut().for_each(|count| count.unique_at_least = at_least);
        let fresh = crate::engine::facts::held::Inspected::fresh(&found, [1; 32]);
        let mut held = Held::about_to_be(known(of), sharing(&[], None), &[]).read(fresh);
        assert_eq!(
            weigh(&exception, &policy, &mut held, whose, &mut judge.shelf).unwrap(),
            expected,
            "{at_least} {content:?}"
        );
    }
}

#[test]
fn an_exception_holds_for_what_it_names_and_for_no_more_than_was_excused() {
    use ExceptionKind as K;
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(Options {
        path: folder.path().join("store.db"),
        seal: SealKey::new([7; 32]),
        clock: Clock::movable(),
        shares: Shares::default(),
    })
    .unwrap();
    let name: ConnectorName = "main".parse().unwrap();
    let of = crate::store::Connectors::connector(&store, &name, Provider::Box).unwrap().number;
    let (directory, tags) = (people(), Tags::default());
    let policy = policy("access >= external and finding(detector = d, unique >= 2)");
    let with = |exception: Exception, change: &dyn Fn(&mut NewException)| {
        let mut exception = exception;
        change(&mut exception.is);
        exception
    };
    let plain: &dyn Fn(&mut NewException) = &|_| {};
    let partner = || sharing(&["p1"], None);
    let both = || sharing(&["p1", "q1"], None);
    let open = || sharing(&["p1"], Some(Audience::Public));
    // Who reaches it, the exception, whether it holds, and what the policy says then.
    let rows: Vec<(Sharing, Exception, Excused, Answer)> = vec![
        (partner(), with(exception(K::File, "17"), plain), Excused::Yes, Answer::No),
        (partner(), with(exception(K::File, "18"), plain), Excused::Elsewhere, Answer::Yes),
        (partner(), with(exception(K::Folder, "5"), plain), Excused::Yes, Answer::No),
        (partner(), with(exception(K::Folder, "4"), plain), Excused::Yes, Answer::No),
        (partner(), with(exception(K::Folder, "17"), plain), Excused::Elsewhere, Answer::Yes),
        (partner(), with(exception(K::Owner, "owner@example.com"), plain), Excused::Yes, Answer::No),
        (partner(), with(exception(K::Owner, "pat@partner.example"), plain), Excused::Elsewhere, Answer::Yes),
        (partner(), with(exception(K::Domain, "partner.example"), plain), Excused::Yes, Answer::No),
        (both(), with(exception(K::Domain, "partner.example"), plain), Excused::Elsewhere, Answer::Yes),
        (open(), with(exception(K::Domain, "partner.example"), plain), Excused::Elsewhere, Answer::Yes),
        (sharing(&[], None), with(exception(K::Domain, "partner.example"), plain), Excused::Elsewhere, Answer::Yes),
        (
            Sharing { members: Members::Hidden, ..Sharing::default() },
            with(exception(K::Domain, "partner.example"), plain),
            Excused::Unknown,
            Answer::Unknown,
        ),
        // One of two values is excused: too few are left.
        (partner(), with(exception(K::Token, "k1:x"), plain), Excused::Yes, Answer::No),
        (partner(), with(exception(K::Token, "k1:z"), plain), Excused::Elsewhere, Answer::Yes),
        (
            partner(),
            with(exception(K::File, "17"), &|is| is.policy = Some("q".into())),
            Excused::Elsewhere,
            Answer::Yes,
        ),
        (
            partner(),
            with(exception(K::File, "17"), &|is| is.until = Moment::from_millis(10)),
            Excused::Elsewhere,
            Answer::Yes,
        ),
        (partner(), with(exception(K::File, "17"), &|is| is.content = Some([1; 32])), Excused::Yes, Answer::No),
        (
            partner(),
            with(exception(K::File, "17"), &|is| is.content = Some([2; 32])),
            Excused::OtherContent,
            Answer::Yes,
        ),
        (partner(), with(exception(K::File, "17"), &|is| is.excused = vec![("d".into(), 2)]), Excused::Yes, Answer::No),
        (
            partner(),
            with(exception(K::File, "17"), &|is| is.excused = vec![("d".into(), 1)]),
            Excused::Grown("d".into(), 2, 1),
            Answer::Yes,
        ),
        (
            partner(),
            with(exception(K::File, "17"), &|is| is.excused = vec![("e".into(), 9)]),
            Excused::Grown("d".into(), 2, 0),
            Answer::Yes,
        ),
    ];
    let above = |id: &str| Above {
        number: ItemNumber(9),
        id: id.into(),
        name: id.into(),
        sharing: Arc::new(Sharing::default()),
    };
    for (own, exception, expected, answer) in rows {
        let governing = Governing::new(Policies::new(vec![Arc::clone(&policy)], Vec::new()), vec![exception.clone()]);
        let mut judge = Judge::new(&governing, &store, &tags, Moment::from_millis(100));
        let about = Of { name: &name, provider: Provider::Box, directory: Some(&directory) };
        let whose = judge.whose(about);
        let fresh = crate::engine::facts::held::Inspected::fresh(&verdict(&["k1:x", "k1:y"]), [1; 32]);
        let mut held = Held::about_to_be(known(of), own, &[above("5"), above("4")]).read(fresh);
        let standing = weigh(&exception, &policy, &mut held, whose, &mut judge.shelf).unwrap();
        assert_eq!(standing, expected, "{exception:?}");
        let opinions = judge.opinions(&mut held, about).unwrap();
        assert_eq!(opinions[0].answer, answer, "{exception:?}");
        let spared = matches!(opinions[0].spared, Some(Spared::By(_) | Spared::Values(_) | Spared::Perhaps(_)));
        assert_eq!(spared, answer != Answer::Yes);
    }
}
