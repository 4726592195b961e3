//! Policies while the service runs: what somebody shares is matched and asked for, what lies below a shared folder too, and an
//! exception holds.

use super::house::{House, Ways, start_whole, until, until_or};
use super::whole::Newest;
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Faults, Pace};
use sluicebox::engine::core::Core;
use sluicebox::engine::judge::Governing;
use sluicebox::engine::service::Running;
use sluicebox::model::{Cause, Level, Mode};
use sluicebox::policy::file::load_text;
use sluicebox::policy::{Policies, Policy};
use sluicebox::store::{Entry, ExceptionKind, IntentQuery, Known, Match, NewException, Scope};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// One policy watches what is public, one closes what is public and holds badges, one waits before it does.
const POLICIES: &str = r#"
schema = 1

[[policy]]
name = "open"
title = "Anything public"
mode = "watch"
severity = "low"
where = "access = public and type != folder"

[[policy]]
name = "badges"
title = "Badges for everybody"
mode = "enforce"
severity = "high"
where = "access = public and finding(detector = test.badge)"

[[policy.action]]
do = "remove_links"

[[policy.action]]
do = "notify"
whom = ["owner"]

[[policy]]
name = "slow"
title = "Badges that stay public"
mode = "enforce"
severity = "medium"
where = "access = public and finding(detector = test.badge)"

[[policy.action]]
do = "make_private"
after = "72h"
"#;

fn policies(text: &str) -> Vec<Arc<Policy>> {
    let loaded = load_text("test.toml", text, &sluicebox::policy::Known::default());
    loaded.unwrap_or_else(|errors| panic!("{errors:#?}")).policies
}

/// The policies, all approved as they stand.
fn approved(text: &str) -> Policies {
    let all = policies(text);
    let approved = all.iter().map(|policy| (Arc::clone(&policy.name), policy.hash)).collect();
    Policies::new(all, approved)
}

/// A house whose tenants are read under these policies, and the service over them.
fn settled(seed: u64, policies: Policies) -> (House, Arc<Core>, Running) {
    let house = House::with(Clock::machine(), seed, Fill::small(), Faults::default(), Pace::default());
    let mut ways = Ways::quick();
    ways.options.backlog = true;
    let core = house.site.core(ways);
    core.govern(Governing::new(policies, Vec::new()));
    let running = start_whole(&core);
    quiet(&house, &core, &running);
    (house, core, running)
}

fn quiet(house: &House, core: &Core, running: &Running) {
    until("all judged", running, || Newest::of(&*core.store).missing(house).is_empty());
    no_job_waits(core, running);
}

fn no_job_waits(core: &Core, running: &Running) {
    until("no job waits", running, || {
        let depths = core.store.depth().unwrap();
        running.status().in_hand == 0 && depths.iter().all(|depth| depth.ready + depth.delayed + depth.leased == 0)
    });
}

fn path(text: &str) -> Vec<String> {
    text.split('/').map(str::to_owned).collect()
}

/// Items of a name.
fn named(core: &Core, name: &str) -> Vec<Known> {
    let items = core.store.items(&Scope::default(), None, 10_000).unwrap();
    items.into_iter().filter(|known| *known.item.name == *name).collect()
}

fn in_box(core: &Core, name: &str) -> Known {
    let of = core.tenants[0].number;
    let mut all = named(core, name).into_iter().filter(|known| known.connector == of);
    all.next().unwrap_or_else(|| panic!("no {name}"))
}

fn matches(core: &Core, known: &Known) -> Vec<Match> {
    core.store.matches(known.number).unwrap()
}

fn policies_of(matches: &[Match]) -> Vec<&str> {
    matches.iter().map(|one| &*one.policy).collect()
}

/// Names of what is wanted of an item, with whether it waits for its time.
fn wanted(core: &Core, known: &Known) -> Vec<(String, Vec<String>, bool)> {
    let query = IntentQuery { item: Some(known.number), ..IntentQuery::default() };
    let intents = core.store.intents(&query, None, 100).unwrap();
    let one = |intent: &sluicebox::store::Intent| {
        assert_eq!((intent.is.cause, intent.is.item), (Cause::Policy, Some(known.number)));
        let voters = intent.is.voters.iter().map(|voter| voter.policy.to_string()).collect();
        (intent.is.name.to_string(), voters, intent.is.due.is_some())
    };
    let mut all: Vec<_> = intents.iter().map(one).collect();
    all.sort();
    all
}

fn exception(kind: ExceptionKind, what: &str) -> NewException {
    NewException {
        kind,
        what: what.into(),
        connector: None,
        policy: Some("badges".into()),
        content: None,
        excused: Vec::new(),
        reason: "it is meant for everybody".into(),
        by: "erin".into(),
        until: Clock::machine().now().plus(Duration::from_secs(86_400)),
    }
}

fn entry() -> Entry {
    Entry { actor: "test".into(), act: "exception.add".into(), about: String::new(), details: "{}".into() }
}

fn write(house: &mut House, at: &str, body: &str) {
    house.oracle.add(vec![body.as_bytes().to_vec()]);
    let by = if at.starts_with("erin") { "erin" } else { "frank" };
    house.tenants.play(&Edit::Write { by, path: path(at), body: body.as_bytes().to_vec().into() }).unwrap();
}

#[test]
fn a_share_is_matched_and_asked_for_and_what_ends_it_ends_the_match() {
    let (mut house, core, running) = settled(31, approved(POLICIES));
    write(&mut house, "erin/Payroll/Badges.txt", "badge BDG-000777 of a visitor\n");
    quiet(&house, &core, &running);
    let file = in_box(&core, "Badges.txt");
    assert_eq!(policies_of(&matches(&core, &file)), Vec::<&str>::new());
    let at = path("erin/Payroll/Badges.txt");
    house.tenants.play(&Edit::Link { by: "erin", path: at.clone(), audience: Some("public") }).unwrap();
    until("the share is matched", &running, || matches(&core, &file).len() == 3);
    let told = matches(&core, &file);
    assert_eq!(policies_of(&told), ["badges", "open", "slow"]);
    assert!(told.iter().all(|one| one.level == Some(Level::Public)), "{told:?}");
    assert_eq!(told.iter().map(|one| one.asked).collect::<Vec<_>>(), [true, false, true]);
    let row = |name: &str, voter: &str, due: bool| (name.to_owned(), vec![voter.to_owned()], due);
    let expected =
        [row("make_private", "slow", true), row("notify", "badges", false), row("remove_links", "badges", false)];
    assert_eq!(wanted(&core, &file), expected);
    // A live match is grouped by its folder.
    let alerts = core.store.alerts(false, None, 1_000).unwrap();
    let group = |alert: &sluicebox::store::Alert| alert.key.group.as_ref().map(|group| group.folder.clone());
    let folder = in_box(&core, "Payroll").item.id;
    let of_it = alerts.iter().filter(|alert| group(alert).as_ref() == Some(&folder)).count();
    assert_eq!(of_it, 3, "{alerts:?}");
    house.tenants.play(&Edit::Link { by: "erin", path: at, audience: None }).unwrap();
    until("the matches end", &running, || matches(&core, &file).is_empty());
    running.stop().unwrap();
}

#[test]
fn what_the_first_pass_brings_goes_into_one_alert_a_policy_and_tells_nobody() {
    let (_house, core, running) = settled(32, approved(POLICIES));
    let alerts = core.store.alerts(false, None, 1_000).unwrap();
    let names: Vec<&str> = alerts.iter().map(|alert| &*alert.policy).collect();
    assert!(alerts.iter().all(|alert| alert.key.group.is_none()), "{alerts:?}");
    assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len(), "{names:?}");
    assert!(names.contains(&"open"), "something is public in the house");
    let intents = core.store.intents(&IntentQuery::default(), None, 1_000).unwrap();
    assert!(intents.iter().all(|intent| &*intent.is.name != "notify"), "{intents:?}");
    running.stop().unwrap();
}

#[test]
fn a_shared_folder_is_judged_all_the_way_down_and_exceptions_hold() {
    let (mut house, core, running) = settled(33, approved(POLICIES));
    for at in ["frank/Contracts/One.txt", "frank/Contracts/Two.txt"] {
        write(&mut house, at, &format!("badge BDG-000888 in {at}\n"));
    }
    quiet(&house, &core, &running);
    let (one, two) = (in_box(&core, "One.txt"), in_box(&core, "Two.txt"));
    let excused = exception(ExceptionKind::File, &two.item.id);
    core.store.add_exception(&excused, &entry()).unwrap();
    sluicebox::engine::judge::refresh(&core).unwrap();
    let folder = path("frank/Contracts");
    // Approvals were the test's own; after a refresh the store's count, and there are none.
    core.govern(Governing::new(approved(POLICIES), core.store.exceptions(None).unwrap()));
    house.tenants.play(&Edit::Link { by: "frank", path: folder, audience: Some("public") }).unwrap();
    let told = || (matches(&core, &one), matches(&core, &two));
    until_or(
        "what is below is matched",
        &running,
        || {
            let (one, two) = told();
            one.len() == 3 && two.len() == 2
        },
        || format!("{:?}", told()),
    );
    assert_eq!(policies_of(&matches(&core, &two)), ["open", "slow"]);
    let names = |known: &Known| wanted(&core, known).into_iter().map(|row| row.0).collect::<Vec<_>>();
    assert_eq!(names(&one), ["make_private", "notify", "remove_links"]);
    assert_eq!(names(&two), ["make_private"]);
    running.stop().unwrap();
}

#[test]
fn an_edited_policy_falls_back_from_enforce_to_plan() {
    let (mut house, core, running) = settled(34, approved(POLICIES));
    let edited = POLICIES.replace("access = public and finding", "access >= external and finding");
    let before = approved(POLICIES);
    let stale = before.all.iter().map(|policy| (Arc::clone(&policy.name), policy.hash)).collect();
    let now = Policies::new(policies(&edited), stale);
    let modes: Vec<Mode> = now.all.iter().map(|policy| now.mode(policy)).collect();
    assert_eq!(modes, [Mode::Watch, Mode::Plan, Mode::Plan]);
    core.govern(Governing::new(now, Vec::new()));
    write(&mut house, "erin/Payroll/Later.txt", "badge BDG-000999 of a visitor\n");
    quiet(&house, &core, &running);
    let file = in_box(&core, "Later.txt");
    let at = path("erin/Payroll/Later.txt");
    house.tenants.play(&Edit::Link { by: "erin", path: at, audience: Some("public") }).unwrap();
    until("the share is matched", &running, || matches(&core, &file).len() == 3);
    assert_eq!(wanted(&core, &file), []);
    running.stop().unwrap();
}
