//! The storm: both tenants in their worst hour, by the machine's clock, while people go on editing; then the weather clears.
//!
//! Nothing is lost, no answer's `Retry-After` is cut short, and beside the requests that met an injected fault the service needs
//! few calls for each that went well. `tests/storm [SECONDS]` runs the long form and prints figures.

use super::house::{House, Ways, start_whole};
use super::whole::{Newest, files, holds_all};
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::{Fill, made_up};
use sluicebox::emulator::{Faults, Pace};
use sluicebox::engine::core::Core;
use sluicebox::engine::service::Running;
use sluicebox::model::{Coverage, Provider};
use std::collections::BTreeMap;
use std::time::Duration;

/// Made-up files of each tenant, beside the small company's.
const FILES: u64 = 1_400;
/// Between two edits.
const BETWEEN: Duration = Duration::from_millis(500);
/// After the last edit everything is judged within this.
const CALM_WITHIN: Duration = Duration::from_secs(600);
/// Calls for each that went well, those left out that met an injected fault.
const CALLS_PER_SUCCESS_MAX: f64 = 1.5;

/// The short form.
#[test]
fn a_storm_by_the_machines_clock_loses_nothing_and_costs_little() {
    run(60, Duration::from_secs(5));
}

/// The long form: `tests/storm`.
#[test]
#[ignore = "takes minutes; tests/storm runs it"]
fn campaign() {
    let seconds = std::env::var("SLUICEBOX_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(120);
    run(FILES, Duration::from_secs(seconds));
}

fn run(made_up: u64, span: Duration) {
    let fill = Fill { made_up, ..Fill::small() };
    let mut house = House::with(Clock::machine(), 1, fill, Faults::storm(), Pace::default());
    let mut ways = Ways::quick();
    ways.options.backlog = true;
    ways.options.feed_poll = Duration::from_millis(500);
    let core = house.site.core(ways);
    let running = start_whole(&core);
    let edits = edit_for(&mut house, &running, made_up, span);
    let calls = Calls::of(&house);
    house.running.set_faults(Faults::default());
    calm(&house, &core, &running);
    running.stop().unwrap();
    judge(&house, &core, edits);
    calls.judge();
}

/// Writes files anew, one after the other, for so long; how many.
fn edit_for(house: &mut House, running: &Running, made_up: u64, span: Duration) -> u64 {
    let clock = house.site.clock.clone();
    let (end, mut edits) = (clock.elapsed() + span, 0);
    while clock.elapsed() < end {
        let file = edits * 7 % made_up;
        let folder = made_up::folder_of(file);
        let by = made_up::owner(folder);
        let path = [by, made_up::TOP, &made_up::folder_name(folder), &made_up::name(file)].map(str::to_owned).to_vec();
        let body = format!("Written in the storm.\nbadge BDG-{:06} of a visitor\n", 100_000 + edits).into_bytes();
        house.oracle.add([body.clone()]);
        house.tenants.play(&Edit::Write { by, path, body: body.into() }).unwrap();
        edits += 1;
        assert!(running.failed(BETWEEN).is_none(), "the service ended by itself");
    }
    edits
}

/// Until every newest version is judged and no job waits, in fair weather.
fn calm(house: &House, core: &Core, running: &Running) {
    let end = house.site.clock.elapsed() + CALM_WITHIN;
    let open =
        || core.store.depth().unwrap().iter().map(|depth| depth.ready + depth.delayed + depth.leased).sum::<u64>();
    while open() > 0 || running.status().in_hand > 0 || !Newest::of(&*core.store).missing(house).is_empty() {
        assert!(running.failed(BETWEEN).is_none(), "the service ended by itself");
        let missing = || Newest::of(&*core.store).missing(house).len();
        assert!(house.site.clock.elapsed() < end, "{} jobs wait, {} files have no verdict", open(), missing());
    }
}

/// What was asked in the storm.
struct Calls {
    all: u64,
    /// Requests that met an injected fault, by what it was.
    faults: BTreeMap<String, u64>,
    well: u64,
    remembered: bool,
}

impl Calls {
    fn of(house: &House) -> Self {
        let record = house.running.record();
        let latest = record.latest();
        let mut faults: BTreeMap<String, u64> = BTreeMap::new();
        for request in latest.iter().filter(|request| request.faulted) {
            let kind = match request.status {
                status @ (429 | 500..) => status.to_string(),
                _ => "not answered".to_owned(),
            };
            *faults.entry(kind).or_default() += 1;
        }
        let number = |many: usize| u64::try_from(many).unwrap();
        let well = latest.iter().filter(|request| request.status < 400 && !request.faulted).count();
        let all = number(latest.len());
        Self { all, faults, well: number(well), remembered: all + 100 > record.count() }
    }

    fn judge(&self) {
        let faulted: u64 = self.faults.values().sum();
        let float = |many: u64| f64::from(u32::try_from(many).unwrap());
        let ratio = float(self.all - faulted) / float(self.well.max(1));
        println!("in the storm {} calls, {faulted} of them met a fault: {:?}", self.all, self.faults);
        println!("{} went well: {ratio:.3} calls for each beyond the faults", self.well);
        assert!(self.remembered, "all requests are remembered");
        assert!(faulted > 0, "it was a storm");
        assert!(ratio <= CALLS_PER_SUCCESS_MAX, "{ratio}");
    }
}

fn judge(house: &House, core: &Core, edits: u64) {
    holds_all(house, core);
    let mut verdicts: BTreeMap<String, u64> = BTreeMap::new();
    for row in core.store.coverage(None).unwrap() {
        let word = match row.coverage {
            None => "waits".to_owned(),
            Some(Coverage::Complete) => "complete".to_owned(),
            Some(other) => format!("{other:?}"),
        };
        *verdicts.entry(word).or_default() += row.items;
    }
    let counts = Provider::ALL.map(|of| files(house, of).len());
    println!("{} and {} files, {edits} edits: {verdicts:?}", counts[0], counts[1]);
    assert!(house.running.record().early().is_empty(), "nothing came before its time");
    assert!(core.store.parked(None, None, 1).unwrap().is_empty(), "nothing was given up");
}
