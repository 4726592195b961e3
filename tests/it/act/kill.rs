//! The kill campaign over actions: a service that dies at every step of what it does loses nothing and does nothing twice.
//!
//! The emulated tenants live in this process and keep their own record of what was done to them; the service is the real program in
//! a child. Where it dies is told by name: the program itself ends where it passes that step ([`sluicebox::engine::step`]), so
//! no step is missed because a machine is slow. One intent dies at each of its steps in turn, and goes on between two deaths.
//! What each deed does is told by one that nobody disturbs; at the end all together must have done exactly so many times as much.
//! `tests/kill-actions [SEED]` runs the long form and prints figures.

mod deed;
mod ledger;
mod world;

use super::scene::{entry, new};
use deed::{Deed, places, undone};
use ledger::{Does, Ledger, more};
use sluicebox::emulator::Effect;
use sluicebox::engine::act::What;
use sluicebox::engine::quarantine::restore;
use sluicebox::model::action::{Action, ItemState, Outcome, Receipt, State, Step, Target, Whose};
use sluicebox::model::{Cause, IntentNumber, IntentState, Members, Provider};
use sluicebox::store::{
    Audit, Intent, IntentQuery, Intents, Inventory, MessageState, Messages, NewIntent, Quarantined, Quarantines,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use world::{Like, OWNERS, World};

/// Files of one owner that one more kill at random needs at most.
const FILES_OF_KILL: u64 = 4;

/// What a campaign is like.
#[derive(Clone, Copy, Debug)]
struct Plan {
    like: Like,
    /// Kills at each step.
    rounds: u64,
    /// Kills at random go on until so many of all fell between a call and its note.
    inside: u64,
    /// Kills begin until then. `None` is no bound.
    lasts: Option<Duration>,
}

#[test]
fn what_is_killed_at_each_of_its_steps_at_box_is_done_once() {
    Campaign::new(short(Provider::Box)).run();
}

#[test]
fn what_is_killed_at_each_of_its_steps_at_dropbox_is_done_once() {
    Campaign::new(short(Provider::Dropbox)).run();
}

/// Each step once; writes are up to 300 ms late.
fn short(provider: Provider) -> Plan {
    let (late, settle) = (Duration::from_millis(300), Duration::from_millis(500));
    Plan { like: Like { provider, seed: 1, late, settle, files: 75 }, rounds: 1, inside: 0, lasts: None }
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
    let of = |provider| {
        let Plan { like, .. } = short(provider);
        match is_real {
            // As late as a provider may be, and the settle time of the settings.
            true => {
                let like = Like { seed, late: Duration::from_secs(5), settle: Duration::from_secs(12), ..like };
                Plan { like, rounds: 1, inside: 0, lasts }
            }
            false => Plan { like: Like { seed, files: 1_800, ..like }, rounds: 5, inside: 150, lasts },
        }
    };
    std::thread::scope(|scope| {
        for provider in Provider::ALL {
            scope.spawn(move || Campaign::new(of(provider)).run());
        }
    });
}

struct Campaign {
    plan: Plan,
    world: World,
    drawn: Drawn,
    /// What one of each does, and the places it passes.
    does: BTreeMap<Deed, Does>,
    places: BTreeMap<Deed, [Vec<String>; 2]>,
    made: BTreeMap<Deed, Vec<IntentNumber>>,
    /// Places at which the program died, each with how often.
    died: BTreeMap<(Deed, String), u64>,
    deaths: u64,
    inside: u64,
    began: Duration,
}

impl Campaign {
    fn new(plan: Plan) -> Self {
        let world = World::new(plan.like);
        Self {
            plan,
            drawn: Drawn(plan.like.seed),
            does: BTreeMap::new(),
            places: BTreeMap::new(),
            made: BTreeMap::new(),
            died: BTreeMap::new(),
            deaths: 0,
            inside: 0,
            began: world.house.site.clock.elapsed(),
            world,
        }
    }

    fn run(mut self) {
        self.world.list();
        for round in 0..self.plan.rounds {
            for deed in Deed::ALL {
                if round == 0 {
                    self.undisturbed(deed);
                }
                for way in self.places[&deed].clone() {
                    self.die_at_each(deed, &way);
                }
            }
        }
        while self.inside < self.plan.inside && self.world.files_left() > FILES_OF_KILL && !self.is_late() {
            self.die_at_random();
        }
        self.calm();
        let ledger = self.judge();
        self.tell(&ledger);
    }

    /// Whatever was begun comes to its end, and nothing is late any more.
    fn calm(&self) {
        self.world.late(false);
        let is_open = |number: &IntentNumber| self.world.intent(*number).state != IntentState::Ended;
        let open: Vec<IntentNumber> = self.made.values().flatten().copied().filter(is_open).collect();
        if !open.is_empty() {
            self.world.finish(&open);
        }
    }

    fn is_late(&self) -> bool {
        let took = self.world.house.site.clock.elapsed().saturating_sub(self.began);
        self.plan.lasts.is_some_and(|lasts| took > lasts)
    }

    fn count(&self, deed: Deed) -> usize {
        self.made.get(&deed).map_or(0, Vec::len)
    }

    // ---- lives ----

    /// One deed that nobody disturbs: what it does, and which steps it passes.
    fn undisturbed(&mut self, deed: Deed) {
        let provider = self.plan.like.provider;
        self.calm();
        let before = Ledger::of(provider, &self.world.effects());
        let number = self.want(deed, 0);
        self.world.finish(&[number]);
        let intent = self.world.intent(number);
        assert_eq!(&*intent.outcome, "done", "{deed:?}: {}", intent.why);
        let ledger = Ledger::of(provider, &self.world.effects());
        assert_eq!(ledger.lent, ledger.given_back + self.stays(), "{provider} {deed:?}");
        let does = more(ledger.does, &before.does);
        println!("{provider} {deed:?} does {does:?} and lends {}", ledger.lent - before.lent);
        self.world.late(true);
        self.does.insert(deed, does);
        self.places.insert(deed, places(deed, &intent));
    }

    /// An intent that dies at each of these places in turn.
    fn die_at_each(&mut self, deed: Deed, way: &[String]) {
        if way.is_empty() || self.is_late() {
            return;
        }
        // Of people for whom the right to move must be lent.
        let owner = self.count(deed) % 2;
        self.want(deed, owner);
        for place in way {
            if self.is_late() {
                return;
            }
            self.world.die_at(place);
            self.deaths += 1;
            self.inside += u64::from(place.ends_with(".called"));
            *self.died.entry((deed, place.clone())).or_default() += 1;
        }
    }

    /// Some deeds, and a life that ends at any moment.
    fn die_at_random(&mut self) {
        let deeds = [Deed::MakePrivate, Deed::Several, Deed::UserQuarantine, Deed::AdminQuarantine, Deed::ByCopy];
        for _ in 0..3 {
            let (deed, owner) = (self.drawn.below(deeds.len()), self.drawn.below(OWNERS.len()));
            self.want(deeds[deed], owner);
        }
        if self.lies().is_some() {
            self.want(Deed::Restore, 0);
        }
        let seen = self.world.effects().len();
        let span = 300 + u64::try_from(self.drawn.below(2_200)).unwrap();
        self.world.die_after(Duration::from_millis(span));
        self.deaths += 1;
        // Those of this life: what came in an earlier one was counted then.
        let effects = self.world.effects().split_off(seen);
        let is_inside = |intent: &Intent| {
            let open = intent.orders.iter().rev().find_map(|ordered| match ordered.steps.last() {
                Some((step, None)) => Some((step, &ordered.order.on)),
                _ => None,
            });
            open.is_some_and(|(step, on)| has_come(step, on, &effects))
        };
        self.inside += u64::from(self.world.open().iter().any(is_inside));
    }

    // ---- what is wanted ----

    /// What is undone or brought back is whose it is; all else is of one of the [`OWNERS`].
    fn want(&mut self, deed: Deed, owner: usize) -> IntentNumber {
        let new = match deed {
            Deed::Restore => {
                let kept = self.lies().expect("something lies in quarantine");
                restore::intent(&kept, None, "test").unwrap()
            }
            Deed::Undo => self.undo(),
            _ => {
                let known = self.world.next(deed, owner);
                new(&self.id(deed), &known, Cause::Plan, &deed.what())
            }
        };
        let number = self.world.store().add_intents(&[new], &entry("test.want")).unwrap()[0];
        self.made.entry(deed).or_default().push(number);
        number
    }

    fn id(&self, deed: Deed) -> String {
        format!("k{}{}", self.count(deed), format!("{deed:?}").to_lowercase())
    }

    /// What undoes the first that was made private and that nobody has undone.
    fn undo(&self) -> NewIntent {
        let undone_of = self.count(Deed::Undo);
        let number = self.made[&Deed::MakePrivate][undone_of];
        if self.world.intent(number).state != IntentState::Ended {
            self.world.finish(&[number]);
        }
        let intent = self.world.intent(number);
        let known = self.world.store_to_read().unwrap().item(intent.is.item.unwrap()).unwrap().expect("an item");
        let undoes = Some(intent.number);
        NewIntent { undoes, ..new(&self.id(Deed::Undo), &known, Cause::Undo, &undone(&intent)) }
    }

    /// Something that was moved into the company's quarantine and that nobody brings back yet.
    fn lies(&self) -> Option<Quarantined> {
        let moved = self.made.get(&Deed::AdminQuarantine)?;
        let begun: Vec<IntentNumber> =
            moved.iter().filter(|number| self.world.intent(**number).state != IntentState::Ended).copied().collect();
        let find = || {
            let store = self.world.store_to_read().unwrap();
            let all = store.intents(&IntentQuery::default(), None, 100_000).unwrap();
            let is_asked = |id: &str| {
                all.iter().any(|intent| {
                    matches!(serde_json::from_str(&intent.is.what), Ok(What::Restore { id: of, .. }) if *of == *id)
                })
            };
            let kept = store.quarantined(false, None, 100_000).unwrap();
            kept.into_iter().find(|kept| {
                let is_moved = kept.is.intent.is_some_and(|intent| moved.contains(&intent));
                kept.is.whose == Whose::Company && is_moved && !is_asked(&kept.is.id)
            })
        };
        find().or_else(|| {
            if begun.is_empty() {
                return None;
            }
            self.world.finish(&begun);
            find()
        })
    }

    // ---- what is so ----

    /// Memberships of the quarantine that stay: the admin's who acts at Dropbox, for copies are saved in person there.
    fn stays(&self) -> usize {
        let company = [Deed::AdminQuarantine, Deed::ByCopy, Deed::OutOfTrash];
        let is_made = company.iter().any(|deed| self.count(*deed) > 0);
        usize::from(is_made && self.plan.like.provider == Provider::Dropbox)
    }

    /// Everything is at its end, once: each intent with its receipts, each quarantine, each right to move, each message.
    fn judge(&self) -> Ledger {
        let provider = self.plan.like.provider;
        let store = self.world.store_to_read().unwrap();
        let mut must = Does::new();
        for (deed, numbers) in &self.made {
            for number in numbers {
                let intent = store.intent(*number).unwrap().unwrap();
                assert_eq!((intent.state, &*intent.outcome), (IntentState::Ended, "done"), "{deed:?}: {}", intent.why);
                for ordered in &intent.orders {
                    let receipt = ordered.receipt.as_ref().expect("a receipt of each order");
                    let is_so = matches!(receipt.outcome, Outcome::Done | Outcome::AlreadySo);
                    assert!(is_so && receipt.left.is_empty(), "{deed:?}: {receipt:?}");
                    is_as_before(&ordered.order.action, receipt);
                }
            }
            for (what, times) in &self.does[deed] {
                *must.entry(what).or_default() += times * numbers.len();
            }
        }
        let ledger = Ledger::of(provider, &self.world.effects());
        assert_eq!(ledger.does, must, "{provider}: what was done, and what one of each does as often");
        assert_eq!(
            ledger.lent,
            ledger.given_back + self.stays(),
            "{provider}: every right to move that was lent was given back"
        );
        let lying = store.quarantined(false, None, 100_000).unwrap();
        let put = [Deed::UserQuarantine, Deed::AdminQuarantine, Deed::ByCopy, Deed::OutOfTrash];
        let whole = put.iter().map(|deed| self.count(*deed)).sum::<usize>() - self.count(Deed::Restore);
        assert_eq!(lying.len(), whole, "{provider}: every quarantine is whole");
        assert!(lying.iter().all(|kept| kept.is.receipt.is_some()), "{provider}: with its sealed receipt beside it");
        self.judge_messages(&store);
        store.verify_audit().unwrap();
        ledger
    }

    /// One message for each that was to be told, and no other; none left twice under two ids.
    fn judge_messages(&self, store: &impl Messages) {
        let told: Vec<String> = self
            .made
            .get(&Deed::Notify)
            .into_iter()
            .flatten()
            .map(|number| self.world.intent(*number).is.id.to_string())
            .collect();
        let kept = store.messages(0, 100_000).unwrap();
        let of = |id: &str| told.iter().filter(|told| id.starts_with(told.as_str())).count();
        assert!(kept.iter().all(|message| of(&message.is.id) == 1), "{kept:?}");
        assert_eq!(kept.len(), told.len(), "one message for each");
        let ids: BTreeSet<&str> = kept.iter().map(|message| &*message.is.id).collect();
        assert_eq!(ids.len(), kept.len());
        assert!(kept.iter().all(|message| message.state != MessageState::Parked), "{kept:?}");
        let posts = self.world.sink.posts();
        let left: BTreeSet<&str> = posts.iter().map(|post| &*post.id).collect();
        assert!(left.is_subset(&ids), "{left:?} {ids:?}");
    }

    fn tell(&self, ledger: &Ledger) {
        let places: usize = self.places.values().flatten().map(Vec::len).sum();
        let all: usize = self.made.values().map(Vec::len).sum();
        let at_places: u64 = self.died.values().sum();
        let put = [Deed::UserQuarantine, Deed::AdminQuarantine, Deed::ByCopy, Deed::OutOfTrash];
        let took = self.world.house.site.clock.elapsed().saturating_sub(self.began);
        println!(
            "{}, seed {}: {} kills, {at_places} of them at {} of {places} steps, {} between a call and its note; {all} intents done, \
             {} of them quarantines, {} restores, all whole; {} rights to move lent and given back; 0 lost, 0 doubled; {took:.0?}",
            self.plan.like.provider,
            self.plan.like.seed,
            self.deaths,
            self.died.len(),
            self.inside,
            put.iter().map(|deed| self.count(*deed)).sum::<usize>(),
            self.count(Deed::Restore),
            ledger.given_back,
        );
        assert!(self.plan.lasts.is_some() || self.died.len() == places, "a step was left out: {:?}", self.died);
    }
}

/// What came back has the place, name, links and members that it had.
fn is_as_before(action: &Action, receipt: &Receipt) {
    let Action::Release { prior, .. } = action else { return };
    let now = receipt.read_back.as_ref().and_then(State::item).expect("what was read back");
    assert_eq!(own_members(now), own_members(prior));
    assert_eq!(now.links.len(), prior.links.len());
    assert!(now.folder.is(&prior.folder) && now.name == prior.name, "{now:?}");
}

/// Who is a member of the item itself, as what.
fn own_members(state: &ItemState) -> Vec<String> {
    let Members::Known(members) = &state.members else { return vec![format!("{:?}", state.members)] };
    let own = members.iter().filter(|member| member.inherited_from.is_none());
    let mut own: Vec<String> = own.map(|member| format!("{:?} {}", member.who, member.role)).collect();
    own.sort();
    own
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
    effects.iter().any(|effect| effect.what == what && effect.on == id)
}

/// Numbers that look drawn, by their seed (splitmix64).
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bound = u64::try_from(bound.max(1)).unwrap();
        usize::try_from((mixed ^ (mixed >> 31)) % bound).unwrap()
    }
}
