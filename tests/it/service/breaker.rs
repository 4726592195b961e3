//! The breaker holds while the service runs: so many items are done and not one more, until somebody releases it.

use super::house::{House, Ways, govern, start_acting, until_or};
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Faults, Pace};
use sluicebox::engine::control::govern::Deed;
use sluicebox::engine::control::{Command, perform};
use sluicebox::engine::core::Core;
use sluicebox::model::IntentState;
use sluicebox::store::IntentQuery;
use std::collections::BTreeSet;

const POLICY: &str = r#"
schema = 1

[[policy]]
name = "flood"
title = "A flood of links"
mode = "enforce"
severity = "high"
where = "access = public and name word flood"

[[policy.action]]
do = "remove_links"

[policy.breaker]
items_max = 6
share_max = "none"
per_owner_hour_max = "none"
"#;

/// Files that the policy means, in each tenant.
const FILES: usize = 5;
/// Of all of them so many may be touched.
const ITEMS_MAX: usize = 6;

fn path(number: usize) -> Vec<String> {
    ["erin".to_owned(), "Payroll".to_owned(), format!("flood {number}.txt")].to_vec()
}

/// The files that the tenants themselves show as public.
fn public(house: &House) -> usize {
    let tenants = &house.tenants;
    let paths: Vec<Vec<String>> = (0..FILES).map(path).collect();
    let boxcom =
        paths.iter().filter_map(|path| tenants.boxcom.id_at(&path.iter().map(String::as_str).collect::<Vec<_>>()));
    let dropbox = paths.iter().filter_map(|path| tenants.dropbox.id_at(&path.join("/")));
    let ids: BTreeSet<String> = boxcom.chain(dropbox).collect();
    let all = tenants.boxcom.exposures().into_iter().chain(tenants.dropbox.exposures());
    all.filter(|(id, level, _)| *level == "public" && ids.contains(id)).count()
}

/// How many intents stand so.
fn count(core: &Core, state: IntentState) -> usize {
    let query = IntentQuery { states: vec![state], ..IntentQuery::default() };
    core.store.intents(&query, None, 1_000).unwrap().len()
}

#[test]
fn a_breaker_holds_at_its_number_until_it_is_released() {
    let house = House::with(Clock::machine(), 43, Fill::small(), Faults::default(), Pace::default());
    for number in 0..FILES {
        let body = format!("nothing much, {number}").into_bytes().into();
        house.tenants.play(&Edit::Write { by: "erin", path: path(number), body }).unwrap();
        house.tenants.play(&Edit::Link { by: "erin", path: path(number), audience: Some("public") }).unwrap();
    }
    assert_eq!(public(&house), 2 * FILES);
    let mut ways = Ways::quick();
    ways.options.backlog = true;
    let core = house.site.core(ways);
    govern(&core, POLICY);
    let running = start_acting(&core);
    let told = || format!("{} ended, {} held", count(&core, IntentState::Ended), count(&core, IntentState::Held));
    let held = 2 * FILES - ITEMS_MAX;
    let stands = |ended, held| count(&core, IntentState::Ended) == ended && count(&core, IntentState::Held) == held;
    until_or("the breaker holds the rest", &running, || stands(ITEMS_MAX, held), told);
    assert_eq!(public(&house), held, "by the tenants' own word");
    let deed = Deed::BreakerRelease { policy: "flood".into(), reason: "looked at".into() };
    perform(&*core.store, &Command::Govern { deed }, "operator uid 1000").unwrap();
    until_or("the rest is done", &running, || stands(2 * FILES, 0), told);
    assert_eq!(public(&house), 0);
    running.stop().unwrap();
}
