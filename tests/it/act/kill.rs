//! The kill campaign over actions: a service that dies at every step of what it does loses nothing and does nothing twice.
//!
//! The emulated tenants live in this process and keep their own record of what was done to them; the service is the real program in
//! a child that is killed. What each action does is told by one that nobody disturbs; at the end all together must have done
//! exactly so many times as much. `tests/kill-actions [SEED]` runs the long form and prints figures.

use super::scene::{entry, new};
use crate::service::house::{House, KEY_BYTES};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::{Fill, made_up};
use sluicebox::emulator::{Effect, Faults, Keyring, Pace};
use sluicebox::engine::act::{Planned, What};
use sluicebox::engine::quarantine::restore;
use sluicebox::engine::step::{ACT_STEPS, CALL_STEPS, VARIABLE};
use sluicebox::model::action::{Action, Step, Target, Whose};
use sluicebox::model::{Cause, IntentNumber, IntentState, ItemKind, Provider};
use sluicebox::policy::Still;
use sluicebox::policy::ask::Ask;
use sluicebox::store::order::Shares;
use sluicebox::store::sqlite::{self, Sqlite};
use sluicebox::store::{
    Audit, Connectors, Intent, IntentQuery, Intents, Inventory, NewIntent, Quarantined, Quarantines, Queue, SealKey,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// A life that its step did not end by then will not end by it.
const LIFE_MAX: Duration = Duration::from_secs(60);
/// What is begun is at its end by then, when nobody disturbs.
const REST_MAX: Duration = Duration::from_secs(600);
/// Between two looks at a child.
const LOOK: Duration = Duration::from_millis(10);
/// Between two looks at the store of a child.
const LOOK_AT_STORE: Duration = Duration::from_millis(200);
/// Things that are put into quarantine at a time, for restores.
const STOCK: usize = 10;
/// Files that one more kill at random and a stock need at most.
const FILES_LEFT: u64 = 16;
/// Effects that belong to a tenant's quarantine, not to one item.
const ONCE: [&str; 2] = ["folder_made", "invitations_set"];

/// What a campaign is like.
#[derive(Clone, Copy)]
struct Plan {
    provider: Provider,
    seed: u64,
    /// Kills at each step.
    rounds: u64,
    /// Kills at random go on until so many fell between a call and its note.
    inside: u64,
    /// How late writes are carried out and answered at most.
    late: Duration,
    /// How long the service waits before it looks for the effect of a call without an answer.
    settle: Duration,
    /// Files that are prepared.
    files: u64,
    /// What is done.
    deeds: &'static [Deed],
    /// Kills begin until then: those at a step in its first half, those at random in its second. `None` is no bound.
    lasts: Option<Duration>,
}

/// As many steps as come in a minute, in the test command: a kill at every step takes longer than all other tests together.
const SHORT: Duration = Duration::from_secs(120);

#[test]
fn what_is_killed_at_its_steps_at_box_is_done_once() {
    Campaign::new(Plan { lasts: Some(SHORT), ..short(Provider::Box, IN_PLACE) }).run();
}

#[test]
fn what_is_killed_at_its_steps_at_dropbox_is_done_once() {
    Campaign::new(Plan { lasts: Some(SHORT), ..short(Provider::Dropbox, IN_PLACE) }).run();
}

#[test]
#[ignore = "takes many minutes; tests/kill-actions runs the same and more"]
fn a_quarantine_and_its_end_that_are_killed_at_any_step_at_box_are_done_once() {
    Campaign::new(short(Provider::Box, AWAY_AND_BACK)).run();
}

#[test]
#[ignore = "takes many minutes; tests/kill-actions runs the same and more"]
fn a_quarantine_and_its_end_that_are_killed_at_any_step_at_dropbox_are_done_once() {
    Campaign::new(short(Provider::Dropbox, AWAY_AND_BACK)).run();
}

fn short(provider: Provider, deeds: &'static [Deed]) -> Plan {
    let (late, settle) = (Duration::from_millis(300), Duration::from_millis(500));
    Plan { provider, seed: 1, rounds: 1, inside: 0, late, settle, files: 100, deeds, lasts: None }
}

/// The long form: `tests/kill-actions`.
#[test]
#[ignore = "takes many minutes; tests/kill-actions runs it"]
fn campaign() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let seed = number("SLUICEBOX_SEED", 1);
    let is_real = number("SLUICEBOX_REAL", 0) == 1;
    let lasts = Some(number("SLUICEBOX_MINUTES", 0)).filter(|minutes| *minutes > 0);
    let lasts = lasts.map(|minutes| Duration::from_secs(minutes * 60));
    let of = |provider| match is_real {
        true => Plan {
            rounds: 0,
            inside: 10,
            late: Duration::from_secs(5),
            settle: Duration::from_secs(12),
            seed,
            lasts,
            ..short(provider, &DEEDS)
        },
        false => Plan { seed, rounds: 5, inside: 150, files: 1_400, lasts, ..short(provider, &DEEDS) },
    };
    std::thread::scope(|scope| {
        for provider in Provider::ALL {
            scope.spawn(move || Campaign::new(of(provider)).run());
        }
    });
}

/// What is done to files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    MakePrivate,
    Several,
    UserQuarantine,
    AdminQuarantine,
    Restore,
}

/// What ends where the item lies or in its owner's hands, and what leaves the owner and comes back.
const IN_PLACE: &[Deed] = &[Deed::MakePrivate, Deed::Several, Deed::UserQuarantine];
const AWAY_AND_BACK: &[Deed] = &[Deed::AdminQuarantine, Deed::Restore];
const DEEDS: [Deed; 5] = [Deed::MakePrivate, Deed::Several, Deed::UserQuarantine, Deed::AdminQuarantine, Deed::Restore];

impl Deed {
    fn what(self) -> What {
        let ask = |ask| What::Ask { ask, still: Still::Matched };
        match self {
            Deed::MakePrivate => ask(Ask::MakePrivate),
            Deed::UserQuarantine => ask(Ask::UserQuarantine),
            Deed::AdminQuarantine => ask(Ask::AdminQuarantine { to: None, by_copy: false }),
            Deed::Several | Deed::Restore => {
                let actions = [Action::RemoveLinks, Action::RemoveExternals, Action::Trash];
                let planned = |action| Planned { on: None, action, version: None, expects: None };
                What::Do { actions: actions.map(planned).into() }
            }
        }
    }
}

/// How often each thing is done by one deed.
type Does = BTreeMap<&'static str, usize>;

struct Campaign {
    plan: Plan,
    house: House,
    settings: PathBuf,
    drawn: Drawn,
    /// Files that were used up, and intents that were made.
    used: u64,
    /// What one of each does.
    does: BTreeMap<Deed, Does>,
    made: BTreeMap<Deed, Vec<IntentNumber>>,
    deaths: u64,
    inside: u64,
    /// Effects that there were when the life began that was ended last.
    seen: usize,
}

impl Campaign {
    fn new(plan: Plan) -> Self {
        let mut fill = Fill::small();
        fill.files.retain(|file| file.body.len() < 1 << 16);
        fill.made_up = plan.files;
        let house = House::with(Clock::machine(), plan.seed, fill, Faults::default(), Pace::default());
        for file in 0..plan.files {
            share(&house, file);
        }
        let settings = house.site.folder().join("s.toml");
        Keyring::new(&house.tenants, &house.running).write_settings(&settings).unwrap();
        let settle = plan.settle.as_millis();
        let own = format!("internal_domains = [\"example.com\"]\nrate_per_principal = 500.0\nsettle_ms = {settle}\n");
        let mut text =
            std::fs::read_to_string(&settings).unwrap().replace("internal_domains = [\"example.com\"]\n", &own);
        let _ =
            write!(text, "\n[service]\ndata_dir = \"data\"\nfeed_poll_ms = 500\n[rules]\npaths = [\"badge.toml\"]\n");
        std::fs::write(&settings, text).unwrap();
        let campaign = Self {
            plan,
            house,
            settings,
            drawn: Drawn(plan.seed),
            used: 0,
            does: BTreeMap::new(),
            made: BTreeMap::new(),
            deaths: 0,
            inside: 0,
            seen: 0,
        };
        let made = campaign.program("init").output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        campaign
    }

    fn run(mut self) {
        let began = self.house.site.clock.elapsed();
        self.list();
        let deeds = self.plan.deeds.iter();
        let undisturbed: Vec<(Deed, Vec<String>)> = deeds.map(|deed| (*deed, self.undisturbed(*deed))).collect();
        let faults = Faults {
            late: 0.7,
            late_by: self.plan.late,
            delayed: 0.1,
            delayed_by: self.plan.late,
            ..Faults::default()
        };
        self.house.running.set_faults(faults);
        let kills_began = self.house.site.clock.elapsed();
        let (mut at_steps, all_steps) = (0, undisturbed.iter().map(|(_, steps)| steps.len()).sum::<usize>());
        'rounds: for _ in 0..self.plan.rounds {
            for (deed, step) in undisturbed.iter().flat_map(|(deed, steps)| steps.iter().map(move |step| (*deed, step)))
            {
                if self.is_late(kills_began, 2) {
                    break 'rounds;
                }
                self.kill_at(deed, step);
                at_steps += 1;
            }
        }
        while self.inside < self.plan.inside
            && self.used + FILES_LEFT < self.plan.files
            && !self.is_late(kills_began, 1)
        {
            self.kill_at_random();
        }
        self.house.running.set_faults(Faults::default());
        self.finish();
        self.judge();
        let took = self.house.site.clock.elapsed().saturating_sub(began);
        let all: usize = self.made.values().map(Vec::len).sum();
        let bound = self.plan.lasts.map_or_else(String::new, |lasts| format!(" (kills for {lasts:.0?} at most)"));
        println!(
            "{}, seed {}: {} kills, {at_steps} of them at the {all_steps} steps of {:?}, {} between a call and its note; \
             {all} intents done, {} of them quarantines, all whole; 0 lost, 0 doubled; {took:.0?}{bound}",
            self.plan.provider,
            self.plan.seed,
            self.deaths,
            self.plan.deeds,
            self.inside,
            self.count(Deed::UserQuarantine) + self.count(Deed::AdminQuarantine),
        );
    }

    /// True when the time for kills is over, or a part of it.
    fn is_late(&self, began: Duration, part: u32) -> bool {
        self.plan.lasts.is_some_and(|lasts| self.house.site.clock.elapsed().saturating_sub(began) > lasts / part)
    }

    fn count(&self, deed: Deed) -> usize {
        self.made.get(&deed).map_or(0, Vec::len)
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

    fn spawn(&self, step: Option<&str>, backlog: bool) -> Child {
        let mut command = self.program("run");
        if let Some(step) = step {
            command.env(VARIABLE, format!("{step}:1"));
        }
        if !backlog {
            command.arg("--no-backlog");
        }
        command.arg("--no-progress").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn pause(&self, span: Duration) {
        self.house.site.clock.wait(span, &AtomicBool::new(false));
    }

    /// Lets a life go on until something is so in its store, then ends it in good order.
    fn until(&self, mut child: Child, what: &str, is_so: impl Fn(&Sqlite) -> bool) {
        let end = self.house.site.clock.elapsed() + REST_MAX;
        loop {
            self.pause(LOOK_AT_STORE);
            let early = child.try_wait().unwrap();
            assert!(early.is_none(), "the program ended by itself: {early:?}");
            if self.store(true).is_some_and(|store| is_so(&store)) {
                break;
            }
            if self.house.site.clock.elapsed() > end {
                let _ = child.kill();
                panic!("never: {what}; {:?}", self.open());
            }
        }
        let asked = Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap();
        assert!(asked.success() && child.wait().unwrap().success(), "no good end");
    }

    /// Lists both tenants and reads what is in them.
    fn list(&self) {
        let files = self.plan.files;
        self.until(self.spawn(None, true), "everything is listed", |store| {
            let Ok(all) = store.connectors() else { return false };
            let listed = all.iter().all(|one| store.totals(one.number).is_ok_and(|totals| totals.files >= files));
            let open: u64 =
                store.depth().unwrap_or_default().iter().map(|depth| depth.ready + depth.delayed + depth.leased).sum();
            all.len() == 2 && listed && open == 0
        });
    }

    /// One deed that nobody disturbs: what it does, and which steps it passes.
    fn undisturbed(&mut self, deed: Deed) -> Vec<String> {
        let before = self.done();
        let number = self.want(deed);
        self.until(self.spawn(None, false), "a deed that nobody disturbs is done", |store| {
            store.intent(number).unwrap().unwrap().state == IntentState::Ended
        });
        let intent = self.store(true).unwrap().intent(number).unwrap().unwrap();
        assert_eq!(&*intent.outcome, "done", "{deed:?}: {}", intent.why);
        let mut does = self.done();
        for (what, times) in before {
            *does.entry(what).or_default() -= times;
        }
        does.retain(|_, times| *times > 0);
        println!("{} {deed:?} does {does:?}", self.plan.provider);
        self.does.insert(deed, does);
        steps(deed, &intent)
    }

    /// A new deed, and a life that ends at this step.
    fn kill_at(&mut self, deed: Deed, step: &str) {
        self.want(deed);
        self.seen = self.effects().len();
        let mut child = self.spawn(Some(step), false);
        let end = self.house.site.clock.elapsed() + LIFE_MAX;
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                assert!(status.code().is_none(), "the program ended by itself at {step}: {status:?}");
                break;
            }
            if self.house.site.clock.elapsed() > end {
                let _ = child.kill();
                let _ = child.wait();
                panic!("{deed:?} never passes {step}: {:?}", self.open());
            }
            self.pause(LOOK);
        }
        self.died();
    }

    /// Some deeds, and a life that ends at any moment.
    fn kill_at_random(&mut self) {
        for _ in 0..3 {
            let deed = DEEDS[usize::try_from(self.drawn.below(4)).unwrap()];
            self.want(deed);
        }
        if self.back(&self.store(true).unwrap()).is_some() {
            self.want(Deed::Restore);
        }
        self.seen = self.effects().len();
        let mut child = self.spawn(None, false);
        let span = Duration::from_millis(300 + self.drawn.below(2_200));
        self.pause(span);
        assert!(child.try_wait().unwrap().is_none(), "the program ended by itself");
        child.kill().unwrap();
        child.wait().unwrap();
        self.died();
    }

    /// Counts a death, and whether it was between a call and its note.
    fn died(&mut self) {
        self.deaths += 1;
        // What was asked for before the death is carried out by then.
        let mut count = u64::MAX;
        while self.house.running.record().count() != count {
            count = self.house.running.record().count();
            self.pause(LOOK * 4);
        }
        // Those of this life: what came in an earlier one was counted then.
        let effects = self.effects().split_off(self.seen);
        let is_inside = |intent: &Intent| {
            let open = intent.orders.iter().rev().find_map(|ordered| match ordered.steps.last() {
                Some((step, None)) => Some((step, &ordered.order.on)),
                _ => None,
            });
            open.is_some_and(|(step, on)| has_come(step, on, &effects))
        };
        self.inside += u64::from(self.open().iter().any(is_inside));
    }

    /// The last life: until everything is at its end.
    fn finish(&self) {
        self.until(self.spawn(None, false), "everything is at its end", |store| {
            let counts = store.intent_counts().unwrap();
            counts.iter().all(|(state, many)| !matches!(state, IntentState::Waits | IntentState::Begun) || *many == 0)
        });
    }

    // ---- what is wanted ----

    /// Puts things into quarantine, undisturbed, until there is something to bring back.
    fn stock(&mut self) {
        if self.back(&self.store(true).unwrap()).is_some() {
            return;
        }
        for _ in 0..STOCK {
            self.want(Deed::AdminQuarantine);
        }
        self.finish();
    }

    fn want(&mut self, deed: Deed) -> IntentNumber {
        if deed == Deed::Restore {
            self.stock();
        }
        let store = self.store(false).unwrap();
        let new = match deed {
            Deed::Restore => self.wanted_back(&store),
            _ => self.wanted(&store, deed),
        };
        let number = store.add_intents(&[new], &entry("test.want")).unwrap()[0];
        self.made.entry(deed).or_default().push(number);
        number
    }

    fn wanted(&mut self, store: &Sqlite, deed: Deed) -> NewIntent {
        let path = path(self.used);
        self.used += 1;
        assert!(self.used <= self.plan.files, "too few files");
        let tenants = &self.house.tenants;
        let id = match self.plan.provider {
            Provider::Box => tenants.boxcom.id_at(&path.iter().map(String::as_str).collect::<Vec<_>>()),
            Provider::Dropbox => tenants.dropbox.id_at(&path.join("/")),
        };
        let of = store.connectors().unwrap().into_iter().find(|one| one.provider == self.plan.provider).unwrap();
        let known = store.find(of.number, ItemKind::File, &id.expect("a file")).unwrap().expect("a listed file");
        new(&format!("k{}", self.used), &known, Cause::Plan, &deed.what())
    }

    fn wanted_back(&self, store: &Sqlite) -> NewIntent {
        let kept = self.back(store).expect("something lies in quarantine");
        restore::intent(&kept, None, "test").unwrap()
    }

    /// Something that lies in the company's quarantine and that nobody brings back yet.
    fn back(&self, store: &Sqlite) -> Option<Quarantined> {
        let back = store.intents(&IntentQuery::default(), None, 100_000).unwrap();
        let is_asked = |id: &str| {
            back.iter().any(|intent| {
                matches!(serde_json::from_str(&intent.is.what), Ok(What::Restore { id: of, .. }) if *of == *id)
            })
        };
        let kept = store.quarantined(false, None, 100_000).unwrap();
        kept.into_iter().find(|kept| kept.is.whose == Whose::Company && !is_asked(&kept.is.id))
    }

    // ---- what is so ----

    fn store(&self, to_read: bool) -> Option<Sqlite> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&KEY_BYTES).unwrap();
        mac.update(b"sluicebox seal 1\0");
        let path = self.house.site.folder().join("data/store.sqlite");
        let seal = SealKey::new(mac.finalize().into_bytes().into());
        let options = sqlite::Options { path, seal, clock: self.house.site.clock.clone(), shares: Shares::default() };
        if to_read { Sqlite::open_read_only(options).ok() } else { Some(Sqlite::open(options).unwrap()) }
    }

    /// Intents that are not at their end.
    fn open(&self) -> Vec<Intent> {
        let states = IntentState::ALL.into_iter().filter(|state| state.is_open()).collect();
        let query = IntentQuery { states, ..IntentQuery::default() };
        self.store(true).unwrap().intents(&query, None, 10_000).unwrap()
    }

    fn effects(&self) -> Vec<Effect> {
        match self.plan.provider {
            Provider::Box => self.house.tenants.boxcom.effects(),
            Provider::Dropbox => self.house.tenants.dropbox.effects(),
        }
    }

    /// How often each thing was done that was not so before.
    fn done(&self) -> Does {
        self.house.running.settle();
        let mut done = Does::new();
        for effect in self.effects().iter().filter(|effect| effect.changed && !ONCE.contains(&effect.what)) {
            *done.entry(effect.what).or_default() += 1;
        }
        done
    }

    fn judge(&self) {
        let store = self.store(true).unwrap();
        let mut must = Does::new();
        for (deed, numbers) in &self.made {
            for number in numbers {
                let intent = store.intent(*number).unwrap().unwrap();
                assert_eq!((intent.state, &*intent.outcome), (IntentState::Ended, "done"), "{deed:?}: {}", intent.why);
            }
            for (what, times) in &self.does[deed] {
                *must.entry(what).or_default() += times * numbers.len();
            }
        }
        let mut done = self.done();
        // Orders of one owner share the right to move: it is lent and taken back as often as they need, so only pairs may be more.
        let [made, gone] = [net(&mut done), net(&mut must)];
        assert_eq!(made, gone, "{}: members made and gone in pairs", self.plan.provider);
        assert_eq!(done, must, "{}: what was done, and what one of each does as often", self.plan.provider);
        let lying = store.quarantined(false, None, 100_000).unwrap().len();
        let whole = self.count(Deed::UserQuarantine) + self.count(Deed::AdminQuarantine) - self.count(Deed::Restore);
        assert_eq!(lying, whole, "every quarantine is whole");
        store.verify_audit().unwrap();
    }
}

/// Takes what was done to members out; by how much more came than went.
fn net(done: &mut Does) -> i64 {
    let mut many = |what| i64::try_from(done.remove(what).unwrap_or_default()).unwrap();
    many("member_made") - many("member_gone")
}

/// The names of the steps that a deed passes, as it was done once.
fn steps(deed: Deed, intent: &Intent) -> Vec<String> {
    let mut steps: Vec<String> = match deed {
        // Intents of every kind pass these alike; those between orders where there are several.
        Deed::Several => ACT_STEPS.map(str::to_owned).into(),
        _ => vec!["order.begins.after".into(), "close.before".into()],
    };
    for ordered in &intent.orders {
        for (step, _) in &ordered.steps {
            let of = format!("{}/{}", ordered.order.action.name(), step.name());
            if !steps.iter().any(|known| known.starts_with(&of)) {
                steps.extend(CALL_STEPS.map(|place| format!("{of}.{place}")));
            }
        }
    }
    steps
}

/// True when a step whose call is not noted was carried out. Of what is made anew (a note) nobody can tell whose it is: left out.
fn has_come(step: &Step, on: &Target, effects: &[Effect]) -> bool {
    let Target::Item(item) = on else { return false };
    let (what, id) = match step {
        Step::EndLink { .. } => ("link_gone", &*item.id),
        Step::EndMember { member } => ("member_gone", member.id.as_deref().unwrap_or(&item.id)),
        Step::Unshare => ("member_gone", &*item.id),
        Step::MoveTo { .. } => ("moved", &*item.id),
        Step::Trash => ("trashed", &*item.id),
        _ => return false,
    };
    effects.iter().any(|effect| effect.changed && effect.what == what && effect.on == id)
}

/// Where a made-up file lies.
fn path(file: u64) -> Vec<String> {
    let folder = made_up::folder_of(file);
    let steps = [made_up::owner(folder), made_up::TOP, &made_up::folder_name(folder), &made_up::name(file)];
    steps.map(str::to_owned).into()
}

/// Its owner gives it a link for everybody, and lets in somebody from outside and a colleague.
fn share(house: &House, file: u64) {
    let by = made_up::owner(made_up::folder_of(file));
    house.tenants.play(&Edit::Link { by, path: path(file), audience: Some("public") }).unwrap();
    for whom in ["pat", "carl"] {
        house.tenants.play(&Edit::Invite { by, path: path(file), whom: whom.into() }).unwrap();
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
