//! How soon a live change is judged while a large backlog waits, and what the backlog keeps while live work alone would fill
//! the pool. `tests/live [ITEMS]` runs it at a million items and prints figures; `benches/README.md` keeps them.

use super::house::{House, Ways, start, start_whole, until};
use sha1::{Digest, Sha1};
use sluicebox::clock::{Clock, Moment};
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::{Fill, made_up};
use sluicebox::emulator::{Faults, Pace};
use sluicebox::engine::core::Core;
use sluicebox::engine::service::Running;
use sluicebox::engine::stats::Ended;
use sluicebox::model::{ItemKind, Lane, Provider, Todo};
use sluicebox::store::{Ask, Scope};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Changes that are measured, one after the other.
const CHANGES: u64 = 200;
/// Between two changes.
const BETWEEN: Duration = Duration::from_millis(150);
/// From the first word of the feed to the stored verdict, for 95 of 100.
const P95_MAX: Duration = Duration::from_secs(2);
/// Jobs settled while the lanes' shares are counted.
const COUNTED: u64 = 2_000;

#[test]
#[ignore = "asserts times; tests/live runs the long form"]
fn a_live_change_overtakes_the_backlog_and_the_backlog_keeps_its_share() {
    measure(2_000, 20);
}

#[test]
#[ignore = "lists a million items; tests/live runs it"]
fn campaign() {
    let items = std::env::var("SLUICEBOX_ITEMS").ok().and_then(|text| text.parse().ok());
    measure(items.unwrap_or(1_000_000), CHANGES);
}

fn measure(items: u64, changes: u64) {
    let fill = Fill { made_up: items, ..Fill::default() };
    let house = House::with(Clock::machine(), 1, fill, Faults::default(), Pace::default());
    let mut ways = Ways { connectors: vec![("main", Provider::Box)], ..Ways::quick() };
    ways.options.feed_poll = Duration::from_secs(1);
    ways.options.backlog = false;
    // What Box documents for each user: the backlog keeps every principal at its rate.
    ways.limits.rate_per_principal = 16.0;
    let core = house.site.core(ways);
    house.site.list_all(&core);
    let waiting = depth(&core, Lane::Backlog);
    assert!(waiting >= items, "{waiting} jobs wait");
    let running = start_whole(&core);
    let mut took = changes_under_load(&house, &core, &running, items, changes);
    running.stop().unwrap();
    core.stop.store(false, Ordering::Relaxed);
    took.sort();
    let at = |percent: usize| took[(took.len() * percent / 100).min(took.len() - 1)];
    println!("{waiting} backlog jobs; {changes} changes: p50 {:.0?}, p95 {:.0?}, most {:.0?}", at(50), at(95), at(100));
    assert!(at(95) < P95_MAX, "p95 {:?}", at(95));
    let share = share_of_backlog(&core);
    println!("while live jobs alone would fill the pool, {share} of 100 settled jobs are the backlog's");
    assert!(share >= 10);
}

/// Changes files one by one and tells for each how long it took from the feed's first word to the stored verdict.
fn changes_under_load(house: &House, core: &Arc<Core>, running: &Running, items: u64, changes: u64) -> Vec<Duration> {
    let clock = &house.site.clock;
    let mut open: BTreeMap<String, String> = BTreeMap::new();
    let mut took = Vec::new();
    let paths: BTreeMap<Vec<String>, String> =
        house.tenants.boxcom.files().into_iter().map(|file| (file.path, file.id)).collect();
    // The service has come to its everyday: what was before it began is taken in.
    until("the feed answers", running, || {
        core.store.fact(Some(core.tenants[0].number), "feed.answered").unwrap().is_some()
    });
    // Files from the middle of the backlog: the first of it are in hand when they change, and wait for what is under way.
    for number in 0..changes {
        let file = items / 2 + number * 7;
        let folder = made_up::folder_of(file);
        let below = [made_up::TOP.to_owned(), made_up::folder_name(folder), made_up::name(file)];
        let by = made_up::owner(folder);
        let path: Vec<String> = std::iter::once(by.to_owned()).chain(below.clone()).collect();
        let body = format!("Changed, number {number}.\n").into_bytes();
        let hash = Sha1::digest(&body).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        house.tenants.boxcom.play(&Edit::Write { by, path, body: body.into() }).unwrap();
        let id = paths.get(below.as_slice()).unwrap_or_else(|| panic!("{below:?} among {:?}", paths.keys().next()));
        open.insert(id.clone(), hash);
        let next = clock.elapsed() + BETWEEN;
        while clock.elapsed() < next {
            look(house, core, &mut open, &mut took);
            assert!(running.failed(Duration::from_millis(10)).is_none());
        }
    }
    until("all changes judged", running, || {
        look(house, core, &mut open, &mut took);
        open.is_empty()
    });
    took
}

/// Moves those that are judged by now from `open` to `took`.
fn look(house: &House, core: &Core, open: &mut BTreeMap<String, String>, took: &mut Vec<Duration>) {
    let of = core.tenants[0].number;
    open.retain(|id, hash| {
        let known = core.store.find(of, ItemKind::File, id).unwrap();
        let judged = known.is_some_and(|known| {
            let is_new = known.item.hash.is_some_and(|known| known.to_string() == *hash);
            is_new && known.coverage.is_some() && known.judged_version == known.item.version
        });
        if judged {
            let offered: Moment = house.tenants.boxcom.offered(id).unwrap();
            took.push(house.site.clock.now().since(offered));
        }
        !judged
    });
}

/// Asks for far more live work than the pool can do and tells how many of a hundred settled jobs were the backlog's.
fn share_of_backlog(core: &Arc<Core>) -> u64 {
    let scope = Scope { kind: Some(ItemKind::File), ..Scope::default() };
    let last = core.store.items(&scope, None, 20_000).unwrap();
    let ask = |item| Ask { item, lane: Lane::Live, todo: Todo::EXPOSURE, priority: 0, offered: None, happened: None };
    let asks: Vec<Ask> = last.iter().rev().take(last.len() / 2).map(|known| ask(known.number)).collect();
    asks.chunks(1_000).for_each(|some| {
        core.store.ask(some).unwrap();
    });
    let done = |lane| core.stats.tallies().map(|tally| tally.count_ended(lane, Ended::Done)).sum::<u64>();
    let (live, backlog) = (done(Lane::Live), done(Lane::Backlog));
    let enough = COUNTED.min(u64::try_from(asks.len()).unwrap_or(COUNTED) / 2);
    let running = start(core);
    until("enough was settled", &running, || done(Lane::Live) + done(Lane::Backlog) - live - backlog >= enough);
    assert!(depth(core, Lane::Live) > 0, "live work was never short");
    let (live, backlog) = (done(Lane::Live) - live, done(Lane::Backlog) - backlog);
    running.stop().unwrap();
    backlog * 100 / (live + backlog).max(1)
}

fn depth(core: &Core, lane: Lane) -> u64 {
    let depths = core.store.depth().unwrap();
    depths.iter().filter(|depth| depth.lane == lane).map(|depth| depth.ready + depth.delayed).sum()
}
