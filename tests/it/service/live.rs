//! Near-real-time: what somebody changes is judged while the service runs, by its feeds alone.

use super::house::{House, Ways, start_whole, until, until_or};
use super::whole::{Newest, holds_all};
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::{Fill, made_up};
use sluicebox::emulator::{Faults, Pace};
use sluicebox::engine::core::Core;
use sluicebox::engine::service::Running;
use sluicebox::engine::stats::{Count, Ended};
use sluicebox::model::{ItemKind, Lane, Level, Provider};
use sluicebox::store::{Known, Scope};
use std::sync::Arc;

/// A house whose tenants are read, and the service over them.
fn settled(seed: u64) -> (House, Arc<Core>, Running) {
    let house = House::with(Clock::machine(), seed, Fill::small(), Faults::default(), Pace::default());
    let mut ways = Ways::quick();
    ways.options.backlog = true;
    let core = house.site.core(ways);
    let running = start_whole(&core);
    quiet(&house, &core, &running);
    (house, core, running)
}

/// Waits until every newest version is judged and no job waits.
fn quiet(house: &House, core: &Core, running: &Running) {
    until("all judged", running, || Newest::of(&*core.store).missing(house).is_empty());
    until("no job waits", running, || {
        let depths = core.store.depth().unwrap();
        running.status().in_hand == 0 && depths.iter().all(|depth| depth.ready + depth.delayed + depth.leased == 0)
    });
}

fn path(text: &str) -> Vec<String> {
    text.split('/').map(str::to_owned).collect()
}

#[test]
fn edits_are_judged_by_the_feeds_and_a_storm_of_them_ends_at_the_newest_version() {
    let (mut house, core, running) = settled(7);
    holds_all(&house, &core);
    let bodies: Vec<Vec<u8>> = (0..12)
        .map(|number| format!("Draft {number}\nbadge BDG-{:06} of a visitor\n", 100 + number).into_bytes())
        .collect();
    house.oracle.add(bodies.clone());
    for body in bodies {
        for file in ["erin/Payroll/April.csv", "ada/Notes.txt"] {
            let by = if file.starts_with("erin") { "erin" } else { "ada" };
            house.tenants.play(&Edit::Write { by, path: path(file), body: body.clone().into() }).unwrap();
        }
    }
    quiet(&house, &core, &running);
    holds_all(&house, &core);
    running.stop().unwrap();
}

#[test]
fn a_shared_folder_opens_what_is_below_without_a_download() {
    let (house, core, running) = settled(8);
    let downloads = core.stats.sum(Count::Downloads);
    let folder = path("frank/Contracts");
    house.tenants.play(&Edit::Link { by: "frank", path: folder, audience: Some("public") }).unwrap();
    let levels = || -> Vec<(String, Option<Level>)> {
        let scope = Scope { kind: Some(ItemKind::File), ..Scope::default() };
        let items = core.store.items(&scope, None, 10_000).unwrap();
        let told = |known: &Known| known.exposure.map(|judged| judged.level);
        // At Dropbox this folder is mounted from a namespace of its own, whose top a link to the mount does not reach yet.
        let of = core.tenants[0].number;
        let in_it = |known: &&Known| known.connector == of && known.item.name.starts_with("Supply contract");
        items
            .iter()
            .filter(in_it)
            .map(|known| (format!("{} {:?}", known.connector.0, known.item.path), told(known)))
            .collect()
    };
    let public =
        |all: &[(String, Option<Level>)]| all.len() >= 2 && all.iter().all(|(_, level)| *level == Some(Level::Public));
    until_or("what is below is public", &running, || public(&levels()), || format!("{:?}", levels()));
    assert_eq!(core.stats.sum(Count::Downloads), downloads, "nothing was downloaded for it");
    running.stop().unwrap();
}

#[test]
fn a_change_of_a_file_in_hand_does_not_wait_for_its_turn() {
    let fill = Fill { made_up: made_up::FILES_PER_FOLDER, ..Fill::default() };
    let mut house = House::with(Clock::machine(), 10, fill, Faults::default(), Pace::default());
    let mut ways = Ways { connectors: vec![("main", Provider::Box)], ..Ways::quick() };
    // A file of the owner's some five times a second: those in hand take half a minute.
    ways.limits.rate_per_principal = 5.0;
    let core = house.site.core(ways);
    house.site.list_all(&core);
    let running = start_whole(&core);
    until("much is in hand", &running, || running.status().in_hand > 100);
    let ended = || {
        Ended::ALL
            .iter()
            .map(|how| core.stats.tallies().map(|of| of.count_ended(Lane::Backlog, *how)).sum::<u64>())
            .sum::<u64>()
    };
    let before = ended();
    let file = 100;
    let body = b"badge BDG-000123 of a visitor\n".to_vec();
    house.oracle.add(vec![body.clone()]);
    let at = [made_up::owner(0).to_owned(), made_up::TOP.to_owned(), made_up::folder_name(0), made_up::name(file)];
    let id = house.tenants.boxcom.files().into_iter().find(|file| file.path == at[1..]).unwrap().id;
    house.tenants.boxcom.play(&Edit::Write { by: made_up::owner(0), path: at.to_vec(), body: body.into() }).unwrap();
    until("the change is judged", &running, || {
        let known = core.store.find(core.tenants[0].number, ItemKind::File, &id).unwrap().unwrap();
        let found = known.reading.map(|reading| core.store.findings(reading, None).unwrap().len());
        found.is_some_and(|found| found > 0)
    });
    let meanwhile = ended() - before;
    assert!(meanwhile < 60, "{meanwhile} jobs of the backlog ended before it");
    assert!(core.store.parked(None, None, 1).unwrap().is_empty());
    running.stop().unwrap();
}

#[test]
fn a_look_at_a_file_promotes_nothing() {
    let (house, core, running) = settled(9);
    let live = |core: &Core| -> u64 {
        let ended = |tally: &sluicebox::engine::stats::Tally| {
            sluicebox::engine::stats::Ended::ALL.iter().map(|how| tally.count_ended(Lane::Live, *how)).sum::<u64>()
        };
        core.stats.tallies().map(ended).sum()
    };
    let before = live(&core);
    for by in [Some("erin"), None] {
        house.tenants.play(&Edit::View { by, path: path("ada/Notes.txt") }).unwrap();
    }
    // An edit after it: when that is judged, the looks before it have been seen.
    let body = b"seen after the looks".to_vec();
    house.tenants.play(&Edit::Write { by: "ada", path: path("ada/Board/Later.txt"), body: body.into() }).unwrap();
    quiet(&house, &core, &running);
    assert!(live(&core) >= before + 2, "the edit was judged in both tenants");
    let notes = core.store.depth().unwrap();
    assert!(notes.iter().all(|depth| depth.ready == 0), "{notes:?}");
    running.stop().unwrap();
}
