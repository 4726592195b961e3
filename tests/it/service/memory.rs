//! Memory and idle CPU of the real program over a tenant of a million items.
//!
//! The emulated tenant lives in this process; the service is a child. Its `pilot` names nobody, so that no content is read and
//! what is measured is the service's own: the first listing with a job for each file, a pass over what has not changed, and a
//! minute in which nothing happens. `tests/memory [ITEMS]` runs it and prints figures.

use super::house::{House, KEY_BYTES};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sluicebox::clock::Clock;
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Faults, Keyring, Pace};
use sluicebox::store::order::Shares;
use sluicebox::store::sqlite::{self, Sqlite};
use sluicebox::store::{Connectors, Inventory, Pass, Queue, SealKey};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// The most the service may hold, in KiB.
const RESIDENT_KIB_MAX: u64 = 512 << 10;
/// The most of one core that it may use while nothing happens.
const IDLE_MAX: f64 = 0.02;
/// How long that is looked at.
const IDLE: Duration = Duration::from_secs(60);
/// Between two looks at the store.
const LOOK: Duration = Duration::from_secs(2);
/// A pass may take so long.
const PASS_MAX: Duration = Duration::from_secs(3_600);
/// Clock ticks of a second in `/proc/PID/stat`, the same on every Linux.
const TICKS_A_SECOND: f64 = 100.0;

#[test]
#[ignore = "lists a million items; tests/memory runs it"]
fn campaign() {
    let items = std::env::var("SLUICEBOX_ITEMS").ok().and_then(|text| text.parse().ok());
    measure(items.unwrap_or(1_000_000));
}

fn measure(items: u64) {
    let fill = Fill { made_up: items, ..Fill::default() };
    let house = House::with(Clock::machine(), 1, fill, Faults::default(), Pace::default());
    let site = Site { settings: settings(&house), house };
    assert!(site.program("init").status().unwrap().success());
    let mut child =
        site.program("run").arg("--no-progress").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let first = site.pass(&mut child, 1, items);
    let listed = resident(&child);
    site.pause(IDLE / 6);
    let before = busy(&child);
    site.pause(IDLE);
    let idle = (busy(&child) - before) / IDLE.as_secs_f64();
    assert!(site.program("backlog").arg("start").stdout(Stdio::null()).status().unwrap().success());
    let second = site.pass(&mut child, 2, items);
    let most = resident(&child);
    Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap();
    assert!(child.wait().unwrap().success());
    println!("{items} items: first listing with its jobs {first:.0?}, pass over unchanged ones {second:.0?}");
    println!("largest resident set {} MiB after the first, {} MiB after the second", listed / 1024, most / 1024);
    println!("CPU of one core while nothing happens: {:.2} %", idle * 100.0);
    assert!(most < RESIDENT_KIB_MAX, "{most} KiB");
    assert!(idle < IDLE_MAX, "{idle}");
}

/// Settings of a service that reads nobody's contents.
fn settings(house: &House) -> PathBuf {
    let settings = house.site.folder().join("s.toml");
    Keyring::new(&house.tenants, &house.running).write_settings(&settings).unwrap();
    let text = std::fs::read_to_string(&settings).unwrap();
    // The tenant of Box alone.
    let text = text.replace("provider = \"dropbox\"\n", "provider = \"dropbox\"\nenabled = false\n");
    let nobody = "provider = \"box\"\nrate_per_principal = 500.0\npilot = { users = [\"nobody@example.com\"] }\n";
    let text = text.replace("provider = \"box\"\n", nobody);
    std::fs::write(&settings, format!("{text}\n[service]\ndata_dir = \"data\"\n[rules]\npaths = [\"badge.toml\"]\n"))
        .unwrap();
    settings
}

struct Site {
    house: House,
    settings: PathBuf,
}

impl Site {
    fn program(&self, command: &str) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_sluicebox"));
        let digits = KEY_BYTES.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let home = self.house.site.folder();
        program.env_clear().env("HOME", home).env("SLUICEBOX_TOKEN_KEY", digits).current_dir(home);
        program.env("SLUICEBOX_SETTINGS", &self.settings).arg(command);
        program
    }

    fn pause(&self, span: Duration) {
        self.house.site.clock.wait(span, &AtomicBool::new(false));
    }

    fn store(&self) -> Sqlite {
        let mut mac = Hmac::<Sha256>::new_from_slice(&KEY_BYTES).unwrap();
        mac.update(b"sluicebox seal 1\0");
        let path = self.house.site.folder().join("data/store.sqlite");
        let seal = SealKey::new(mac.finalize().into_bytes().into());
        let clock = self.house.site.clock.clone();
        Sqlite::open_read_only(sqlite::Options { path, seal, clock, shares: Shares::default() }).unwrap()
    }

    /// Waits until a pass has listed all of it and no job waits; how long that took.
    fn pass(&self, child: &mut Child, number: u32, items: u64) -> Duration {
        let began = self.house.site.clock.elapsed();
        let mut said = began;
        loop {
            self.pause(LOOK);
            assert!(child.try_wait().unwrap().is_none(), "the program ended by itself");
            let store = self.store();
            let Some(of) = store.connectors().unwrap().into_iter().find(|one| one.name.as_str() == "box") else {
                continue;
            };
            let pass = store.pass(of.number).unwrap();
            let waiting: u64 =
                store.depth().unwrap().iter().map(|depth| depth.ready + depth.delayed + depth.leased).sum();
            let totals = store.totals(of.number).unwrap();
            let listed = pass.is_some_and(|pass: Pass| pass.number == number && pass.listed.is_some());
            let now = self.house.site.clock.elapsed();
            if listed && waiting == 0 {
                assert!(totals.files >= items, "{totals:?}");
                return now - began;
            }
            if now - said > Duration::from_secs(20) {
                said = now;
                let resident = resident(child) / 1024;
                println!("{:.0?}: {} files, {waiting} jobs wait, {resident} MiB", now - began, totals.files);
            }
            assert!(now - began < PASS_MAX, "{waiting} jobs wait of {totals:?}");
        }
    }
}

/// The largest resident set of a child so far, in KiB.
fn resident(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

/// CPU time of a child so far, in seconds, user and system.
fn busy(child: &Child) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    // The name in brackets may hold anything; after it come the state and then numbers.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks = |at: usize| fields[at].parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / TICKS_A_SECOND
}
