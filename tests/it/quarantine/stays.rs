//! While the service runs: what a policy put into quarantine and a person brought back stays, over passes and live events, until
//! more is found in it.

use super::scene::steps;
use crate::service::house::{House, Ways, govern, start_acting, until, until_or};
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Faults, Pace};
use sluicebox::engine::control::govern::Deed;
use sluicebox::engine::control::{Command, perform};
use sluicebox::engine::core::Core;
use sluicebox::engine::service::Running;
use sluicebox::model::{Cause, Provider};
use sluicebox::store::IntentQuery;
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
do = "admin_quarantine"
"#;

const AT: &str = "erin/Payroll/Badges.txt";

fn lying(core: &Core) -> Vec<String> {
    core.store.quarantined(false, None, 100).unwrap().iter().map(|one| one.is.id.to_string()).collect()
}

/// How often the policy acted, and what of that is still to be done.
fn acted(core: &Core) -> (usize, usize) {
    let all = core.store.intents(&IntentQuery::default(), None, 1_000).unwrap();
    let open = all.iter().filter(|intent| intent.state.is_open()).count();
    (all.iter().filter(|intent| intent.is.cause == Cause::Policy).count(), open)
}

fn quiet(core: &Core, running: &Running) {
    until("no job waits", running, || {
        let depths = core.store.depth().unwrap();
        running.status().in_hand == 0 && depths.iter().all(|depth| depth.ready + depth.delayed + depth.leased == 0)
    });
}

fn is_at(house: &House, provider: Provider) -> bool {
    match provider {
        Provider::Box => house.tenants.boxcom.id_at(&AT.split('/').collect::<Vec<_>>()).is_some(),
        Provider::Dropbox => house.tenants.dropbox.id_at(AT).is_some(),
    }
}

fn pass(core: &Core, running: &Running) {
    let numbers = || -> Vec<u32> {
        let passes = core.tenants.iter().map(|tenant| core.store.pass(tenant.number).unwrap());
        passes.map(|pass| pass.filter(|pass| pass.listed.is_some()).map_or(0, |pass| pass.number)).collect()
    };
    let before = numbers();
    perform(&*core.store, &Command::BacklogStart { connector: None }, "test").unwrap();
    until("a pass is listed", running, || numbers().iter().zip(&before).all(|(now, before)| now > before));
    quiet(core, running);
}

#[test]
fn what_was_brought_back_stays_until_more_is_found() {
    let write = |body: &str| Edit::Write { by: "erin", path: steps(AT), body: body.as_bytes().into() };
    let share = Edit::Link { by: "erin", path: steps(AT), audience: Some("public") };
    let house = House::with(Clock::machine(), 41, Fill::small(), Faults::default(), Pace::default());
    house.tenants.play(&write("badge BDG-000777 of a visitor\n")).unwrap();
    let mut ways = Ways::quick();
    ways.options.backlog = true;
    let core = house.site.core(ways);
    govern(&core, POLICY);
    let running = start_acting(&core);
    until("a first pass", &running, || {
        core.tenants
            .iter()
            .all(|tenant| core.store.pass(tenant.number).unwrap().is_some_and(|one| one.listed.is_some()))
    });
    quiet(&core, &running);
    house.tenants.play(&share).unwrap();
    until_or("both lie in quarantine", &running, || lying(&core).len() == 2, || format!("{:?}", acted(&core)));
    let by_policy = acted(&core).0;

    let until_ms = Clock::machine().now().plus(Duration::from_secs(7 * 86_400)).as_millis();
    let deed = Deed::QuarantineRestore { ids: lying(&core), until_ms: Some(until_ms), reason: "fine".into() };
    perform(&*core.store, &Command::Govern { deed }, "operator uid 1000").unwrap();
    until("both are back", &running, || lying(&core).is_empty() && acted(&core).1 == 0);
    quiet(&core, &running);
    // A live event, and three passes.
    house.tenants.play(&share).unwrap();
    (0..3).for_each(|_| pass(&core, &running));
    assert_eq!(acted(&core), (by_policy, 0), "nothing was wanted of it again");
    assert!(lying(&core).is_empty());
    assert!(Provider::ALL.into_iter().all(|provider| is_at(&house, provider)), "both are in place");

    // Another content is not what was excused.
    house.tenants.play(&write("badge BDG-000777 and badge BDG-000778 of visitors\n")).unwrap();
    until_or("both lie there again", &running, || lying(&core).len() == 2, || format!("{:?}", acted(&core)));
    running.stop().unwrap();
}
