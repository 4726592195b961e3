//! What somebody changed between a plan and its deed is refused; the rest is done.

use super::scene::{entry, link, new};
use crate::service::house::{House, Ways};
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Effect, Faults, Pace};
use sluicebox::engine::act::{self, Planned, What};
use sluicebox::engine::core::Core;
use sluicebox::model::action::Action;
use sluicebox::model::{Cause, IntentState, ItemKind, Provider};
use sluicebox::store::{IntentQuery, Known};
use std::sync::Arc;
use std::time::Duration;

/// Both with a public link.
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

/// Both files listed, and not yet acted on.
fn listed() -> (House, Arc<Core>) {
    let house = House::with(Clock::movable(), 1, Fill::small(), Faults::default(), Pace::default());
    for path in [ONE, TWO] {
        house.tenants.play(&write(path, "a visitor\n")).unwrap();
        house.tenants.play(&link(path, Some("public"))).unwrap();
    }
    house.site.clock.advance(LAG);
    let core = house.site.core(Ways::default());
    house.site.list_all(&core);
    (house, core)
}

fn effects(house: &House, provider: Provider) -> Vec<Effect> {
    match provider {
        Provider::Box => house.tenants.boxcom.effects(),
        Provider::Dropbox => house.tenants.dropbox.effects(),
    }
}

#[test]
fn what_a_person_planned_is_refused_for_what_changed_and_done_for_the_rest() {
    let (house, core) = listed();
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
    house.tenants.play(&write(ONE, "another visitor\n")).unwrap();
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
