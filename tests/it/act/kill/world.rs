//! A company in this process, and the service that acts in it in a child that is killed.

use super::deed::Deed;
use crate::service::house::{House, KEY_BYTES};
use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::sink::HookSink;
use sluicebox::emulator::{Effect, Faults, Keyring, Pace};
use sluicebox::engine::step::VARIABLE;
use sluicebox::model::{IntentNumber, IntentState, ItemKind, Provider};
use sluicebox::store::order::Shares;
use sluicebox::store::sqlite::{self, Sqlite};
use sluicebox::store::{Connectors, Intent, IntentQuery, Intents, Inventory, Known, Queue, SealKey};
use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What is begun is at its end by then on any machine, and a life that its step did not end will not end by it.
const REST_MAX: Duration = Duration::from_secs(900);
/// Between two looks at a child.
const LOOK: Duration = Duration::from_millis(5);
/// Between two looks at the store of a child.
const LOOK_AT_STORE: Duration = Duration::from_millis(100);
/// Who owns the files: two people whose files are moved by a right that is lent, and the admin, who needs none at Dropbox.
pub(super) const OWNERS: [&str; 3] = ["erin", "frank", "ada"];
/// The webhook that notifications go to.
pub(super) const HOOK: &str = "soc";

/// How the world is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Like {
    pub(super) provider: Provider,
    pub(super) seed: u64,
    /// How late writes are carried out at most.
    pub(super) late: Duration,
    /// How long the service waits before it looks for the effect of a call without an answer.
    pub(super) settle: Duration,
    /// Files that are prepared.
    pub(super) files: u64,
}

/// The tenants, the settings and the store of the service, and what was used of it.
pub(super) struct World {
    pub(super) like: Like,
    pub(super) house: House,
    pub(super) sink: HookSink,
    settings: PathBuf,
    /// Files that were used up, by owner.
    used: [u64; OWNERS.len()],
}

impl World {
    pub(super) fn new(like: Like) -> Self {
        let mut fill = Fill::small();
        fill.files.retain(|file| file.body.len() < 1 << 12);
        let house = House::with(Clock::machine(), like.seed, fill, Faults::default(), Pace::default());
        for file in 0..like.files {
            let (by, path) = path(file);
            house.tenants.play(&Edit::Write { by, path, body: format!("paper {file}").into_bytes().into() }).unwrap();
        }
        let settings = house.site.folder().join("s.toml");
        Keyring::new(&house.tenants, &house.running).write_settings(&settings).unwrap();
        let secret = format!("whsec_{}", base64::engine::general_purpose::STANDARD.encode([9; 32]));
        let sink = HookSink::start(0, std::slice::from_ref(&secret), false, Clock::machine()).unwrap();
        let key = house.site.folder().join("hook.secret");
        std::fs::write(&key, secret).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        let own = format!(
            "internal_domains = [\"example.com\"]\nrate_per_principal = 500.0\nsettle_ms = {}\n",
            like.settle.as_millis()
        );
        let mut text =
            std::fs::read_to_string(&settings).unwrap().replace("internal_domains = [\"example.com\"]\n", &own);
        let _ = write!(
            text,
            "\n[service]\ndata_dir = \"data\"\nfeed_poll_ms = 500\n[rules]\npaths = [\"badge.toml\"]\nno_builtin = true\n\
             [notify.webhooks.{HOOK}]\nurl = \"{}\"\nsecret_file = \"hook.secret\"\n",
            sink.url(HOOK)
        );
        std::fs::write(&settings, text).unwrap();
        let world = Self { like, house, sink, settings, used: [0; OWNERS.len()] };
        let made = world.program("init").output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        world
    }

    /// Lists both tenants and reads what is in them.
    pub(super) fn list(&self) {
        let files = self.like.files;
        self.until(self.spawn(None, true), "everything is listed", |store| {
            let Ok(all) = store.connectors() else { return false };
            let listed = all.iter().all(|one| store.totals(one.number).is_ok_and(|totals| totals.files >= files));
            let open: u64 =
                store.depth().unwrap_or_default().iter().map(|depth| depth.ready + depth.delayed + depth.leased).sum();
            all.len() == 2 && listed && open == 0
        });
    }

    /// Writes are late and answered late from now on, or not any more.
    pub(super) fn late(&self, is_late: bool) {
        let late = Faults {
            late: 0.1,
            late_by: self.like.late,
            delayed: 0.15,
            delayed_by: self.like.late,
            ..Faults::default()
        };
        self.house.running.set_faults(if is_late { late } else { Faults::default() });
    }

    // ---- lives ----

    fn program(&self, command: &str) -> Command {
        let mut program = Command::new(env!("CARGO_BIN_EXE_sluicebox"));
        let digits = KEY_BYTES.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        let home = self.house.site.folder();
        program.arg(command).arg("--settings").arg(&self.settings).env_clear();
        program.env("HOME", home).env("SLUICEBOX_TOKEN_KEY", digits).current_dir(home);
        program
    }

    pub(super) fn spawn(&self, step: Option<&str>, backlog: bool) -> Child {
        let mut command = self.program("run");
        if let Some(step) = step {
            command.env(VARIABLE, format!("{step}:1"));
        }
        if !backlog {
            command.arg("--no-backlog");
        }
        command.arg("--no-progress").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    pub(super) fn pause(&self, span: Duration) {
        self.house.site.clock.wait(span, &AtomicBool::new(false));
    }

    /// Lets a life go on until something is so in its store, then ends it in good order.
    pub(super) fn until(&self, mut child: Child, what: &str, is_so: impl Fn(&Sqlite) -> bool) {
        let end = self.house.site.clock.elapsed() + REST_MAX;
        loop {
            self.pause(LOOK_AT_STORE);
            let early = child.try_wait().unwrap();
            assert!(early.is_none(), "the program ended by itself: {early:?}");
            if self.store_to_read().is_some_and(|store| is_so(&store)) {
                break;
            }
            if self.house.site.clock.elapsed() > end {
                let _ = child.kill();
                let _ = child.wait();
                panic!("never: {what}; {:?}", self.open());
            }
        }
        let asked = Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap();
        assert!(asked.success() && child.wait().unwrap().success(), "no good end");
    }

    /// A life that goes on until these intents are at their end.
    pub(super) fn finish(&self, numbers: &[IntentNumber]) {
        self.until(self.spawn(None, false), "these intents are at their end", |store| {
            let is_open = |number: &IntentNumber| store.intent(*number).unwrap().unwrap().state != IntentState::Ended;
            !numbers.iter().any(is_open)
        });
    }

    /// A life that ends where it passes this step: the program itself says when that is.
    pub(super) fn die_at(&self, step: &str) {
        let mut child = self.spawn(Some(step), false);
        let end = self.house.site.clock.elapsed() + REST_MAX;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.code().is_none(), "the program ended by itself at {step}: {status:?}");
                return self.calm_down();
            }
            if self.house.site.clock.elapsed() > end {
                let _ = child.kill();
                let _ = child.wait();
                panic!("nothing passes {step}: {:?}", self.open());
            }
            self.pause(LOOK);
        }
    }

    /// A life that ends after so long, wherever it is.
    pub(super) fn die_after(&self, span: Duration) {
        let mut child = self.spawn(None, false);
        self.pause(span);
        assert!(child.try_wait().unwrap().is_none(), "the program ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
        self.calm_down();
    }

    /// Until what was asked for before a death has come in.
    fn calm_down(&self) {
        let mut count = u64::MAX;
        while self.house.running.record().count() != count {
            count = self.house.running.record().count();
            self.pause(LOOK * 4);
        }
    }

    // ---- what is there ----

    /// The next file of one of the [`OWNERS`] that nobody has used, as its owner shared it: a link for everybody, somebody from
    /// outside, a colleague.
    pub(super) fn next(&mut self, deed: Deed, owner: usize) -> Known {
        let turn = u64::try_from(OWNERS.len()).unwrap();
        let file = self.used[owner] * turn + u64::try_from(owner).unwrap();
        self.used[owner] += 1;
        assert!(file < self.like.files, "too few files");
        let (by, path) = path(file);
        let tenants = &self.house.tenants;
        let id = match self.like.provider {
            Provider::Box => tenants.boxcom.id_at(&path.iter().map(String::as_str).collect::<Vec<_>>()),
            Provider::Dropbox => tenants.dropbox.id_at(&path.join("/")),
        };
        if deed == Deed::OutOfTrash {
            tenants.play(&Edit::Delete { by, path }).unwrap();
        } else {
            tenants.play(&Edit::Link { by, path: path.clone(), audience: Some("public") }).unwrap();
            for whom in ["pat", "carl"] {
                tenants.play(&Edit::Invite { by, path: path.clone(), whom: whom.into() }).unwrap();
            }
        }
        let store = self.store_to_read().unwrap();
        let of = store.connectors().unwrap().into_iter().find(|one| one.provider == self.like.provider).unwrap();
        store.find(of.number, ItemKind::File, &id.expect("a file")).unwrap().expect("a listed file")
    }

    /// Files that are left to each owner at least.
    pub(super) fn files_left(&self) -> u64 {
        let of_each = self.like.files / u64::try_from(OWNERS.len()).unwrap();
        of_each - self.used.iter().max().unwrap()
    }

    fn options(&self) -> sqlite::Options {
        let mut mac = Hmac::<Sha256>::new_from_slice(&KEY_BYTES).unwrap();
        mac.update(b"sluicebox seal 1\0");
        let path = self.house.site.folder().join("data/store.sqlite");
        let seal = SealKey::new(mac.finalize().into_bytes().into());
        sqlite::Options { path, seal, clock: self.house.site.clock.clone(), shares: Shares::default() }
    }

    pub(super) fn store(&self) -> Sqlite {
        Sqlite::open(self.options()).unwrap()
    }

    /// `None` while a service makes it ready.
    pub(super) fn store_to_read(&self) -> Option<Sqlite> {
        Sqlite::open_read_only(self.options()).ok()
    }

    pub(super) fn intent(&self, number: IntentNumber) -> Intent {
        self.store_to_read().unwrap().intent(number).unwrap().unwrap()
    }

    /// Intents that are not at their end.
    pub(super) fn open(&self) -> Vec<Intent> {
        let states = IntentState::ALL.into_iter().filter(|state| state.is_open()).collect();
        let query = IntentQuery { states, ..IntentQuery::default() };
        self.store_to_read().unwrap().intents(&query, None, 10_000).unwrap()
    }

    /// What requests changed at the provider so far, all that was late included.
    pub(super) fn effects(&self) -> Vec<Effect> {
        self.house.running.settle();
        let all = match self.like.provider {
            Provider::Box => self.house.tenants.boxcom.effects(),
            Provider::Dropbox => self.house.tenants.dropbox.effects(),
        };
        all.into_iter().filter(|effect| effect.changed).collect()
    }
}

/// Whose a file is, and where it lies: in a folder that its owner alone sees.
fn path(file: u64) -> (&'static str, Vec<String>) {
    let turn = u64::try_from(OWNERS.len()).unwrap();
    let by = OWNERS[usize::try_from(file % turn).unwrap()];
    (by, vec![by.to_owned(), "Papers".to_owned(), format!("paper {file:05}.txt")])
}
