//! The kill campaign: a service that dies again and again, at every named step and at random, loses and doubles nothing.
//!
//! The emulated tenants live in this process, the service in a child (this binary again) that is killed. At the end every
//! file's newest version has one verdict, its findings are those of its body, and no version was read more often than once
//! and once more for each kill that hit it on its way. `tests/kill [KILLS] [SEED]` runs the long form and prints figures.

use super::house::{House, Site, Ways, idle, start};
use super::whole::{files, holds_all};
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::{Fill, made_up};
use sluicebox::emulator::{Faults, Pace};
use sluicebox::engine::core::{Core, Options};
use sluicebox::engine::step::{STEPS, VARIABLE};
use sluicebox::model::{ItemKind, Provider};
use sluicebox::provider::settings::Limits;
use sluicebox::store::Scope;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Where a child finds its site.
const NOTE: &str = "SLUICEBOX_TEST_SITE";
/// A life ends by itself or is ended by then.
const LIFE_MAX: Duration = Duration::from_secs(15);
/// The last life may take so long.
const LAST_LIFE_MAX: Duration = Duration::from_secs(600);
/// Between two looks at a child.
const LOOK: Duration = Duration::from_millis(5);
/// Lives between two rounds of edits.
const LIVES_AN_EDIT: u64 = 8;
/// Files written anew in a round, in each tenant.
const EDITS: u64 = 12;

/// What a campaign is like.
struct Plan {
    seed: u64,
    kills: u64,
    /// Made-up files in each tenant.
    files: u64,
}

/// The short form.
#[test]
fn a_service_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    Campaign::new(Plan { seed: 1, kills: 30, files: 400 }).run();
}

/// The long form: `tests/kill`.
#[test]
#[ignore = "takes many minutes; tests/kill runs it"]
fn campaign() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let plan = Plan { seed: number("SLUICEBOX_SEED", 1), kills: number("SLUICEBOX_KILLS", 300), files: 5_000 };
    Campaign::new(plan).run();
}

/// The child's life: serves the site until nothing is left to do.
#[test]
#[ignore = "the kill campaign runs it, in a process of its own"]
fn child() {
    let Ok(note) = std::env::var(NOTE) else { return };
    let site = Site::find(Path::new(&note));
    let core = site.core(ways());
    let running = start(&core);
    site.list_all(&core);
    idle(&core, &running);
    running.stop().unwrap();
}

fn ways() -> Ways {
    let limits = Limits { rate_per_principal: 500.0, ..Limits::default() };
    Ways { options: Options { lease: Duration::from_secs(60), ..Options::default() }, limits, ..Ways::default() }
}

/// Faults of a bad day, none of which a client waits long for.
fn faults() -> Faults {
    Faults { throttled: 0.005, failing: 0.02, cut: 0.05, not_ready: 0.005, reset: 0.02, ..Faults::default() }
}

struct Campaign {
    plan: Plan,
    house: House,
    note: PathBuf,
    drawn: Drawn,
    /// Versions that a kill hit on their way, and how often.
    hit: BTreeMap<String, u64>,
    /// Kills by what did it.
    deaths: BTreeMap<String, u64>,
    whole_lives: u64,
    edits: u64,
}

impl Campaign {
    fn new(plan: Plan) -> Self {
        let fill = Fill { made_up: plan.files, ..Fill::default() };
        let house = House::with(Clock::machine(), plan.seed, fill, faults(), Pace::default());
        let note = house.site.leave();
        let drawn = Drawn(plan.seed);
        let (hit, deaths) = (BTreeMap::new(), BTreeMap::new());
        Self { plan, house, note, drawn, hit, deaths, whole_lives: 0, edits: 0 }
    }

    fn run(mut self) {
        let began = self.house.site.clock.elapsed();
        let mut kills = 0;
        let mut lives: u64 = 0;
        while kills < self.plan.kills {
            if lives % LIVES_AN_EDIT == LIVES_AN_EDIT - 1 {
                self.edit();
            }
            kills += u64::from(self.life(lives));
            lives += 1;
        }
        let last = self.wait(self.spawn(None), LAST_LIFE_MAX);
        assert!(last.is_some_and(|status| status.success()), "the last life came to no good end");
        self.judge();
        println!(
            "{} kills in {} lives, {} edits, {:?}",
            kills,
            lives,
            self.edits,
            self.house.site.clock.elapsed() - began
        );
        println!("by step: {:?}", self.deaths);
    }

    /// One life of the child; true when it was killed.
    fn life(&mut self, number: u64) -> bool {
        let before = self.completed();
        let steps = u64::try_from(STEPS.len()).unwrap();
        // Every other life dies at a step, each step in turn; the others at any moment.
        let (step, within) = match number % 2 {
            0 => {
                let step = STEPS[usize::try_from(number / 2 % steps).unwrap()];
                let most = if step.starts_with("lease") || step.starts_with("cursor") { 6 } else { 120 };
                (Some((step, 1 + self.drawn.below(most))), LIFE_MAX)
            }
            _ => (None, Duration::from_millis(150 + self.drawn.below(2_500))),
        };
        let child = self.spawn(step);
        let ended = self.wait(child, within);
        if ended.is_some_and(|status| status.success()) {
            self.whole_lives += 1;
            return false;
        }
        assert!(ended.is_none_or(|status| status.code().is_none()), "the child failed by itself: {ended:?}");
        let by = step.filter(|_| ended.is_some()).map_or("at random", |(step, _)| step);
        *self.deaths.entry(by.to_owned()).or_default() += 1;
        self.note_hits(&before);
        true
    }

    fn spawn(&self, step: Option<(&str, u64)>) -> Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "service::kill::child", "--ignored", "--test-threads=1"]).env(NOTE, &self.note);
        if let Some((step, count)) = step {
            command.env(VARIABLE, format!("{step}:{count}"));
        }
        command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap()
    }

    /// Waits for the child's end; kills it when it lives longer. `None` when it was killed so.
    fn wait(&self, mut child: Child, within: Duration) -> Option<ExitStatus> {
        let clock = &self.house.site.clock;
        let end = clock.elapsed() + within;
        while clock.elapsed() < end {
            if let Some(status) = child.try_wait().unwrap() {
                return Some(status);
            }
            clock.wait(LOOK, &std::sync::atomic::AtomicBool::new(false));
        }
        child.kill().unwrap();
        let status = child.wait().unwrap();
        // It may have ended by itself just then.
        status.code().map(|_| status)
    }

    fn completed(&self) -> BTreeMap<String, u64> {
        let all = self.house.running.record().downloads();
        all.into_iter().map(|(version, count)| (version, count.started.max(count.completed))).collect()
    }

    /// Notes which versions were read in the life that just ended and have no verdict: the kill hit them on their way.
    fn note_hits(&mut self, before: &BTreeMap<String, u64>) {
        self.settle_down();
        let after = self.completed();
        let read: Vec<&String> =
            after.iter().filter(|(version, count)| before.get(*version) != Some(count)).map(|row| row.0).collect();
        if read.is_empty() {
            return;
        }
        let core = self.house.site.core(ways());
        let done = judged(&core);
        for version in read {
            if !done.contains_key(version.as_str()) {
                *self.hit.entry(version.clone()).or_default() += 1;
            }
        }
    }

    /// Waits until the emulator has sent what a dead client had asked for.
    fn settle_down(&self) {
        let (mut count, clock) = (0, &self.house.site.clock);
        while self.house.running.record().count() != count {
            count = self.house.running.record().count();
            clock.wait(LOOK * 4, &std::sync::atomic::AtomicBool::new(false));
        }
    }

    fn edit(&mut self) {
        for _ in 0..EDITS {
            let file = self.drawn.below(self.plan.files);
            let folder = made_up::folder_of(file);
            let owner = made_up::owner(folder);
            let steps = [owner, made_up::TOP, &made_up::folder_name(folder), &made_up::name(file)];
            let badge = 100_000 + self.drawn.below(900_000);
            let body = format!("A new version, number {}.\nbadge BDG-{badge} of a visitor\n", self.edits).into_bytes();
            let path = steps.iter().map(|step| (*step).to_owned()).collect();
            self.house.oracle.add([body.clone()]);
            self.house.tenants.play(&Edit::Write { by: owner, path, body: body.into() }).unwrap();
            self.edits += 1;
        }
    }

    fn judge(&self) {
        let core = self.house.site.core(ways());
        holds_all(&self.house, &core);
        let (done, downloads) = (judged(&core), self.completed());
        let again: u64 = downloads.values().map(|count| count.saturating_sub(1)).sum();
        for (version, count) in &downloads {
            let allowed = 1 + self.hit.get(version).copied().unwrap_or(0);
            assert!(*count <= allowed, "version {version} was read {count} times, {allowed} are explained");
        }
        let listed: usize = [Provider::Box, Provider::Dropbox].iter().map(|of| files(&self.house, *of).len()).sum();
        let stored = every_file(&core);
        assert_eq!(stored, listed, "each file once");
        let (read, hit): (u64, u64) = (downloads.values().sum(), self.hit.values().sum());
        println!(
            "{listed} files, {} versions judged, {read} downloads, {again} of them again ({hit} hit by kills)",
            done.len()
        );
    }
}

/// Versions that have a verdict, by connector's item.
fn judged(core: &Core) -> BTreeMap<String, i64> {
    let mut done = BTreeMap::new();
    each_file(core, |known| {
        if let (Some(version), Some(_)) = (&known.judged_version, known.coverage) {
            done.insert(version.to_string(), known.number.0);
        }
    });
    done
}

fn every_file(core: &Core) -> usize {
    let mut count = 0;
    each_file(core, |_| count += 1);
    count
}

fn each_file(core: &Core, mut each: impl FnMut(&sluicebox::store::Known)) {
    let scope = Scope { kind: Some(ItemKind::File), ..Scope::default() };
    let mut after = None;
    loop {
        let items = core.store.items(&scope, after, 1_000).unwrap();
        items.iter().for_each(&mut each);
        after = items.last().map(|known| known.number).or(after);
        if items.len() < 1_000 {
            return;
        }
    }
}

/// Numbers that look drawn, by their seed (splitmix64).
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }
}
