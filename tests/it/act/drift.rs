//! What somebody changed between the decision and the deed: it is read again, and the policy is asked anew about what is there now.

use super::scene::{entry, link, new};
use crate::service::house::{House, Ways, govern, idle, start_with, until_or};
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Effect, Faults, Pace};
use sluicebox::engine::act::{self, Planned, What};
use sluicebox::engine::core::Core;
use sluicebox::engine::service::Parts;
use sluicebox::extract::cell::Cells;
use sluicebox::model::action::Action;
use sluicebox::model::{Cause, IntentState, ItemKind, Provider};
use sluicebox::store::{Intent, IntentQuery, Known};
use std::sync::Arc;
use std::time::Duration;

const POLICY: &str = r#"
schema = 1

[[policy]]
name = "badges"
title = "Badges for everybody"
mode = "enforce"
severity = "high"
where = "access = public and finding(detector = test.badge)"

[[policy.action]]
do = "remove_links"
"#;

/// Badges in both; with a public link.
const ONE: &str = "erin/Payroll/One.txt";
const TWO: &str = "erin/Payroll/Two.txt";
const LAG: Duration = Duration::from_secs(15);

fn write(path: &str, body: &str) -> Edit {
    Edit::Write { by: "erin", path: path.split('/').map(str::to_owned).collect(), body: body.as_bytes().into() }
}

fn id(house: &House, provider: Provider, path: &str) -> String {
    match provider {
        Provider::Box => house.tenants.boxcom.id_at(&path.split('/').collect::<Vec<_>>()).expect("a file"),
        Provider::Dropbox => house.tenants.dropbox.id_at(path).expect("a file"),
    }
}

fn known(core: &Core, house: &House, provider: Provider, path: &str) -> Known {
    let of = core.tenants.iter().find(|tenant| tenant.provider == provider).unwrap().number;
    core.store.find(of, ItemKind::File, &id(house, provider, path)).unwrap().expect("a listed file")
}

/// Both files read and judged, and not yet acted on.
fn judged() -> (House, Arc<Core>) {
    let house = House::with(Clock::movable(), 1, Fill::small(), Faults::default(), Pace::default());
    for path in [ONE, TWO] {
        house.tenants.play(&write(path, "badge BDG-000777 of a visitor\n")).unwrap();
        house.tenants.play(&link(path, Some("public"))).unwrap();
    }
    house.site.clock.advance(LAG);
    let core = house.site.core(Ways::default());
    govern(&core, POLICY);
    house.site.list_all(&core);
    crate::service::house::work_off(&core);
    (house, core)
}

fn effects(house: &House, provider: Provider) -> Vec<Effect> {
    match provider {
        Provider::Box => house.tenants.boxcom.effects(),
        Provider::Dropbox => house.tenants.dropbox.effects(),
    }
}

fn intents(core: &Core) -> Vec<Intent> {
    core.store.intents(&IntentQuery::default(), None, 1_000).unwrap()
}

/// The one intent about an item.
fn of_item(core: &Core, known: &Known) -> Option<Intent> {
    let query = IntentQuery { item: Some(known.number), ..IntentQuery::default() };
    let mut all = core.store.intents(&query, None, 9).unwrap();
    assert!(all.len() < 2, "{all:#?}");
    all.pop()
}

/// Reads and acts until every intent is at its end.
fn act_all(house: &House, core: &Arc<Core>) {
    let running =
        start_with(core, Parts { tasks: act::tasks(act::Options::default()), ..Parts::new(Cells::in_process()) });
    let is_over = || intents(core).iter().all(|intent| !intent.state.is_open());
    until_or("every intent is at its end", &running, is_over, || format!("{:#?}", intents(core)));
    idle(core, &running);
    running.stop().unwrap();
    core.stop.store(false, std::sync::atomic::Ordering::Relaxed);
    house.site.clock.advance(LAG);
    house.running.settle();
}

#[test]
fn what_a_policy_decided_on_is_read_again_when_it_changed() {
    for (what, body, outcome, is_gone) in [
        ("it is as it was", None, "done", true),
        ("it still holds one", Some("badge BDG-000778 of another\n"), "done", true),
        ("it holds none any more", Some("nothing of that kind\n"), "drifted", false),
    ] {
        let (house, core) = judged();
        // A policy's intents wait while nobody acts.
        for (provider, path) in Provider::ALL.into_iter().flat_map(|provider| [(provider, ONE), (provider, TWO)]) {
            let wanted = of_item(&core, &known(&core, &house, provider, path));
            assert_eq!(wanted.map(|intent| intent.state), Some(IntentState::Waits), "{what} {provider} {path}");
        }
        if let Some(body) = body {
            house.tenants.play(&write(ONE, body)).unwrap();
        }
        house.site.clock.advance(LAG);
        act_all(&house, &core);
        for provider in Provider::ALL {
            let of = |path: &str| known(&core, &house, provider, path);
            let (one, two) = (of(ONE), of(TWO));
            for (known, outcome, is_gone) in [(&one, outcome, is_gone), (&two, "done", true)] {
                let intent = of_item(&core, known).expect("one intent");
                let about = format!("{what} {provider}: {intent:#?}");
                assert_eq!((intent.state, &*intent.outcome), (IntentState::Ended, outcome), "{about}");
                let all = effects(&house, provider);
                let gone = all.iter().filter(|one| one.changed && one.what == "link_gone" && *one.on == *known.item.id);
                assert_eq!(gone.count(), usize::from(is_gone), "{about}");
                assert!(outcome != "drifted" || intent.why.contains("does not match any more"), "{about}");
            }
            assert_eq!(one.judged_version, one.item.version, "{what} {provider}: the new content was read");
        }
        core.store.verify_audit().unwrap();
    }
}

#[test]
fn what_a_person_planned_is_refused_for_what_changed_and_done_for_the_rest() {
    let (house, core) = judged();
    // The policy's own are not wanted here.
    let none = IntentQuery { states: vec![IntentState::Waits], ..IntentQuery::default() };
    core.store.cancel_intents(&none, "not wanted", &entry("test.cancel")).unwrap();
    let mut numbers = Vec::new();
    for provider in Provider::ALL {
        for path in [ONE, TWO] {
            let known = known(&core, &house, provider, path);
            let version = known.item.version.clone();
            let what =
                What::Do { actions: vec![Planned { on: None, action: Action::RemoveLinks, version, expects: None }] };
            let planned = new(&format!("{provider}{}", known.number), &known, Cause::Plan, &what);
            numbers.push((provider, path, core.store.add_intents(&[planned], &entry("test.want")).unwrap()[0]));
        }
    }
    house.tenants.play(&write(ONE, "badge BDG-000778 of another\n")).unwrap();
    house.site.clock.advance(LAG);
    act::drain(&core, &IntentQuery::default()).unwrap();
    for (provider, path, number) in numbers {
        let intent = core.store.intent(number).unwrap().unwrap();
        let outcome = if path == ONE { "drifted" } else { "done" };
        assert_eq!(
            (intent.state, &*intent.outcome),
            (IntentState::Ended, outcome),
            "{provider} {path}: {}",
            intent.why
        );
        assert_eq!(intent.why.contains("no longer what was decided on"), path == ONE, "{}", intent.why);
        let on = id(&house, provider, path);
        let gone = effects(&house, provider).iter().filter(|one| one.what == "link_gone" && *one.on == *on).count();
        assert_eq!(gone, usize::from(path == TWO), "{provider} {path}");
    }
}
