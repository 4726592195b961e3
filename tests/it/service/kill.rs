//! The kill campaign: a service that dies again and again, at every named step and at random, loses and doubles nothing.
//!
//! The emulated tenants live in this process; the service is the real program in a child that is killed. At the end every
//! file's newest version has one verdict, its findings are those of its body, and no version was read more often than once
//! and once more for each kill that hit it on its way. `tests/kill [KILLS] [SEED]` runs the long form and prints figures.

use super::house::{House, KEY_BYTES};
use super::whole::{Newest, files, holds};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::{Fill, made_up};
use sluicebox::emulator::{Faults, Keyring, Pace};
use sluicebox::engine::step::{STEPS, VARIABLE};
use sluicebox::model::Provider;
use sluicebox::store::order::Shares;
use sluicebox::store::sqlite::{self, Sqlite};
use sluicebox::store::{Connectors, Queue, SealKey};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A life that no step ended is ended by then.
const LIFE_MAX: Duration = Duration::from_secs(5);
/// The last life may take so long.
const LAST_LIFE_MAX: Duration = Duration::from_secs(900);
/// Between two looks at a child.
const LOOK: Duration = Duration::from_millis(5);
/// Between two looks at the store of the last life.
const LOOK_AT_STORE: Duration = Duration::from_secs(1);
/// Lives between two rounds of edits.
const LIVES_AN_EDIT: u64 = 3;
/// Files written anew in a round, in each tenant.
const EDITS: u64 = 12;

/// What a campaign is like.
struct Plan {
    seed: u64,
    kills: u64,
    /// Made-up files in each tenant.
    files: u64,
    /// Calls a second and principal.
    rate: f64,
}

/// The short form.
#[test]
fn a_service_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    Campaign::new(Plan { seed: 1, kills: 24, files: 300, rate: 50.0 }).run();
}

/// The long form: `tests/kill`.
#[test]
#[ignore = "takes many minutes; tests/kill runs it"]
fn campaign() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (seed, kills) = (number("SLUICEBOX_SEED", 1), number("SLUICEBOX_KILLS", 300));
    Campaign::new(Plan { seed, kills, files: 5_000, rate: 10.0 }).run();
}

/// Faults of a bad day, none of which a client waits long for.
fn faults() -> Faults {
    Faults { throttled: 0.005, failing: 0.02, cut: 0.05, not_ready: 0.005, reset: 0.02, ..Faults::default() }
}

struct Campaign {
    plan: Plan,
    house: House,
    settings: PathBuf,
    drawn: Drawn,
    /// Versions that a kill hit on their way, and how often.
    hit: BTreeMap<String, u64>,
    /// Kills by what did it.
    deaths: BTreeMap<String, u64>,
    edits: u64,
}

impl Campaign {
    fn new(plan: Plan) -> Self {
        let fill = Fill { made_up: plan.files, ..Fill::small() };
        let house = House::with(Clock::machine(), plan.seed, fill, faults(), Pace::default());
        let settings = house.site.folder().join("s.toml");
        Keyring::new(&house.tenants, &house.running).write_settings(&settings).unwrap();
        let rate = format!("internal_domains = [\"example.com\"]\nrate_per_principal = {:.1}\n", plan.rate);
        let mut text =
            std::fs::read_to_string(&settings).unwrap().replace("internal_domains = [\"example.com\"]\n", &rate);
        let _ =
            write!(text, "\n[service]\ndata_dir = \"data\"\nfeed_poll_ms = 200\n[rules]\npaths = [\"badge.toml\"]\n");
        std::fs::write(&settings, text).unwrap();
        let drawn = Drawn(plan.seed);
        let (hit, deaths) = (BTreeMap::new(), BTreeMap::new());
        let campaign = Self { plan, house, settings, drawn, hit, deaths, edits: 0 };
        let made = campaign.program("init").output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        campaign
    }

    fn program(&self, command: &str) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_sluicebox"));
        let digits = KEY_BYTES.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let home = self.house.site.folder();
        program.arg(command).arg("--settings").arg(&self.settings).env_clear();
        program.env("HOME", home).env("SLUICEBOX_TOKEN_KEY", digits).current_dir(home);
        program
    }

    fn run(mut self) {
        let began = self.house.site.clock.elapsed();
        for life in 0..self.plan.kills {
            if life % LIVES_AN_EDIT == LIVES_AN_EDIT - 1 {
                self.edit();
            }
            self.life(life);
        }
        let lived = self.house.site.clock.elapsed().saturating_sub(began);
        self.last_life();
        self.judge();
        println!("{} kills and {} edits in {lived:.0?}; by step: {:?}", self.plan.kills, self.edits, self.deaths);
    }

    /// One life of the program, to its kill.
    fn life(&mut self, number: u64) {
        let before = self.read_so_far();
        let steps = u64::try_from(STEPS.len()).unwrap();
        // Every other life dies at a step, each step in turn; the others at any moment.
        let step = number.is_multiple_of(2).then(|| STEPS[usize::try_from(number / 2 % steps).unwrap()]);
        let within = step.map_or_else(|| Duration::from_millis(100 + self.drawn.below(2_500)), |_| LIFE_MAX);
        let often =
            step.is_some_and(|step| ["download", "verdict", "settle"].iter().any(|often| step.starts_with(often)));
        let count = 1 + self.drawn.below(if often { 40 } else { 4 });
        let ended = self.wait(self.spawn(step.map(|step| (step, count))), within);
        assert!(ended.is_none_or(|status| status.code().is_none()), "the program ended by itself: {ended:?}");
        let by = step.filter(|_| ended.is_some()).unwrap_or("at random");
        *self.deaths.entry(by.to_owned()).or_default() += 1;
        self.note_hits(&before);
    }

    fn spawn(&self, step: Option<(&str, u64)>) -> Child {
        let mut command = self.program("run");
        if let Some((step, count)) = step {
            command.env(VARIABLE, format!("{step}:{count}"));
        }
        command.arg("--no-progress").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Waits for the child's end; kills it when it lives longer. `None` when it was killed so.
    fn wait(&self, mut child: Child, within: Duration) -> Option<ExitStatus> {
        let end = self.house.site.clock.elapsed() + within;
        while self.house.site.clock.elapsed() < end {
            if let Some(status) = child.try_wait().unwrap() {
                return Some(status);
            }
            self.pause(LOOK);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        None
    }

    fn pause(&self, span: Duration) {
        self.house.site.clock.wait(span, &AtomicBool::new(false));
    }

    /// How often each version was read.
    fn read_so_far(&self) -> BTreeMap<String, u64> {
        let all = self.house.running.record().downloads();
        all.into_iter().map(|(version, count)| (version, count.completed)).collect()
    }

    /// Notes which versions were read in the life that just ended and have no verdict: the kill hit them on their way.
    fn note_hits(&mut self, before: &BTreeMap<String, u64>) {
        self.settle_down();
        let after = self.read_so_far();
        let read: Vec<&String> =
            after.iter().filter(|(version, count)| before.get(*version) != Some(count)).map(|row| row.0).collect();
        if read.is_empty() {
            return;
        }
        let done = Newest::of(&self.store());
        for version in read.into_iter().filter(|version| !done.is_judged(version)) {
            *self.hit.entry(version.clone()).or_default() += 1;
        }
    }

    /// Waits until the emulator has sent what a dead client had asked for.
    fn settle_down(&self) {
        let mut count = u64::MAX;
        while self.house.running.record().count() != count {
            count = self.house.running.record().count();
            self.pause(LOOK * 4);
        }
    }

    fn store(&self) -> Sqlite {
        let mut mac = Hmac::<Sha256>::new_from_slice(&KEY_BYTES).unwrap();
        mac.update(b"sluicebox seal 1\0");
        let path = self.house.site.folder().join("data/store.sqlite");
        let seal = SealKey::new(mac.finalize().into_bytes().into());
        let clock = self.house.site.clock.clone();
        Sqlite::open_read_only(sqlite::Options { path, seal, clock, shares: Shares::default() }).unwrap()
    }

    /// New versions of some files, and a share and its end.
    fn edit(&mut self) {
        for _ in 0..EDITS {
            let file = self.drawn.below(self.plan.files);
            let folder = made_up::folder_of(file);
            let owner = made_up::owner(folder);
            let steps = [owner, made_up::TOP, &made_up::folder_name(folder), &made_up::name(file)];
            let path: Vec<String> = steps.iter().map(|step| (*step).to_owned()).collect();
            let badge = 100_000 + self.drawn.below(900_000);
            let body = format!("A new version, number {}.\nbadge BDG-{badge} of a visitor\n", self.edits).into_bytes();
            self.house.oracle.add([body.clone()]);
            let audience = (self.drawn.below(2) == 0).then_some("public");
            let (tenants, by) = (&self.house.tenants, owner);
            tenants.play(&Edit::Write { by, path: path.clone(), body: body.into() }).unwrap();
            // A link that is not there cannot be taken away; that is no matter here.
            let _ = tenants.play(&Edit::Link { by, path, audience });
            self.edits += 1;
        }
    }

    /// The life that is not killed: until everything has its verdict, then it is asked to end.
    fn last_life(&self) {
        let mut child = self.spawn(None);
        let end = self.house.site.clock.elapsed() + LAST_LIFE_MAX;
        loop {
            self.pause(LOOK_AT_STORE);
            let early = child.try_wait().unwrap();
            assert!(early.is_none(), "the program ended by itself: {early:?}");
            if self.is_done() {
                break;
            }
            if self.house.site.clock.elapsed() > end {
                let _ = child.kill();
                let newest = Newest::of(&self.store());
                panic!("something still waits: {:?}\n{:?}", self.store().depth(), newest.missing(&self.house).first());
            }
        }
        let asked = Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap();
        assert!(asked.success() && child.wait().unwrap().success(), "no good end");
    }

    fn is_done(&self) -> bool {
        let store = self.store();
        let open: u64 = store.depth().unwrap().iter().map(|depth| depth.ready + depth.delayed + depth.leased).sum();
        open == 0 && Newest::of(&store).missing(&self.house).is_empty()
    }

    fn judge(&self) {
        let store = self.store();
        for connector in store.connectors().unwrap() {
            holds(&self.house, &store, connector.number, connector.provider);
        }
        let (newest, downloads) = (Newest::of(&store), self.read_so_far());
        for (version, count) in &downloads {
            let allowed = 1 + self.hit.get(version).copied().unwrap_or(0);
            assert!(*count <= allowed, "version {version} was read {count} times, {allowed} are explained");
        }
        let listed: usize = Provider::ALL.iter().map(|of| files(&self.house, *of).len()).sum();
        assert_eq!(newest.count(), listed, "each file once");
        let (read, hit): (u64, u64) = (downloads.values().sum(), self.hit.values().sum());
        let again: u64 = downloads.values().map(|count| count.saturating_sub(1)).sum();
        println!(
            "{listed} files; {read} downloads, {again} of them again ({hit} hit by kills); findings as the oracle"
        );
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
