//! One row of the table of actions: what is prepared, ordered, and must come of it; and how it is run.
//!
//! **Once and only once** is judged by the tenant's own account of what requests did ([`sluicebox::emulator::Effect`]): each
//! effect that a row names happens as often as it says. A write that changed nothing because it was so already counts as a
//! second time, unless the receipts tell of an unclear call of that order: then it may be the same write, carried out late.

use super::facts::Facts;
use super::receipt::differences;
use super::world::World;
use sluicebox::emulator::Faults;
use sluicebox::model::Provider;
use sluicebox::model::action::{
    Action, Did, Ended, Left, Loss, Order, Outcome, Password, Receipt, State, Step, Target, Undo,
};
use sluicebox::provider::govern::Journal;
use std::collections::BTreeMap;
use std::io;

/// How often an order is given again when it could not be decided.
const GIVEN_MAX: usize = 12;

/// Puts things in place, and tells what the order is done to.
pub(super) type Prepare = fn(&World) -> Target;

/// A change of what the tenant shows.
type Change = fn(&mut Facts, &World);

/// One action on one kind of thing.
#[derive(Clone)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) on: &'static str,
    /// Of which providers.
    pub(super) of: &'static [Provider],
    prepare: fn(&World) -> Target,
    action: fn(&World) -> Action,
    /// What the tenant shows after, told as a change of what it showed before.
    after: Change,
    /// What it shows in the end, told as a change of what it showed before everything: as `after` when nothing is undone.
    undone: Change,
    outcome: &'static str,
    /// The outcome of giving the order anew.
    again: &'static str,
    /// Effects: Box's, then Dropbox's.
    effects: [&'static [(&'static str, usize)]; 2],
    undo_effects: [&'static [(&'static str, usize)]; 2],
    lost: [&'static [Loss]; 2],
    left: usize,
    watched: &'static [&'static str],
}

impl Row {
    pub(super) fn new(
        name: &'static str,
        on: &'static str,
        prepare: fn(&World) -> Target,
        action: fn(&World) -> Action,
    ) -> Self {
        Self {
            name,
            on,
            of: &Provider::ALL,
            prepare,
            action,
            after: |_, _| {},
            undone: |_, _| {},
            outcome: "done",
            again: "already_so",
            effects: [&[]; 2],
            undo_effects: [&[]; 2],
            lost: [&[]; 2],
            left: 0,
            watched: &[],
        }
    }

    pub(super) fn of(self, of: &'static [Provider]) -> Self {
        Self { of, ..self }
    }

    pub(super) fn after(self, after: Change) -> Self {
        Self { after, ..self }
    }

    pub(super) fn undone(self, undone: Change) -> Self {
        Self { undone, ..self }
    }

    /// Nothing is called, and nothing changes: the provider does not have it.
    pub(super) fn blocked(self) -> Self {
        Self { outcome: "blocked", ..self }
    }

    pub(super) fn again(self, again: &'static str) -> Self {
        Self { again, ..self }
    }

    /// The same effects at both.
    pub(super) fn effects(self, effects: &'static [(&'static str, usize)]) -> Self {
        Self { effects: [effects; 2], ..self }
    }

    pub(super) fn effects_of(self, effects: [&'static [(&'static str, usize)]; 2]) -> Self {
        Self { effects, ..self }
    }

    pub(super) fn undo_effects(self, effects: &'static [(&'static str, usize)]) -> Self {
        Self { undo_effects: [effects; 2], ..self }
    }

    pub(super) fn undo_effects_of(self, undo_effects: [&'static [(&'static str, usize)]; 2]) -> Self {
        Self { undo_effects, ..self }
    }

    pub(super) fn lost(self, lost: &'static [Loss]) -> Self {
        Self { lost: [lost; 2], ..self }
    }

    pub(super) fn lost_of(self, lost: [&'static [Loss]; 2]) -> Self {
        Self { lost, ..self }
    }

    /// So many things are left open, and the receipt names them.
    pub(super) fn left(self, left: usize) -> Self {
        Self { left, outcome: "partly", again: "partly", ..self }
    }

    pub(super) fn watched(self, watched: &'static [&'static str]) -> Self {
        Self { watched, ..self }
    }
}

/// What a row tells for the printed table.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) outcome: String,
    pub(super) calls: u64,
    pub(super) undo: String,
    /// Orders that ended unknown: parked, which faults may cause.
    pub(super) parked: u32,
}

impl Told {
    pub(super) fn failed() -> Self {
        Self { outcome: "FAILED".into(), calls: 0, undo: String::new(), parked: 0 }
    }
}

/// Keeps what it is told, as a store would.
#[derive(Default)]
struct Kept {
    begun: Option<State>,
    dids: Vec<Did>,
}

impl Journal for Kept {
    fn begins(&mut self, _order: &Order, found: &State) -> io::Result<()> {
        self.begun = Some(found.clone());
        Ok(())
    }

    fn before(&mut self, _order: &Order, _step: &Step) -> io::Result<()> {
        Ok(())
    }

    fn after(&mut self, _order: &Order, did: &Did) -> io::Result<()> {
        self.dids.push(did.clone());
        Ok(())
    }
}

/// An order given until it was decided, and everything it did.
struct Given {
    receipt: Receipt,
    dids: Vec<Did>,
}

impl Given {
    fn unclear(&self) -> usize {
        self.dids.iter().filter(|did| matches!(did.ended, Ended::Unclear(_))).count()
    }
}

pub(super) fn order(id: &str, on: &Target, action: Action) -> Order {
    let password = Some(Password::new("Correct-horse-7"));
    Order { id: id.into(), on: on.clone(), action, version: None, expects: None, begun: None, password }
}

/// Gives an order, and again as its error asks, going on where it stood.
fn give(world: &World, order: &Order) -> Result<Given, String> {
    let (mut order, mut kept) = (order.clone(), Kept::default());
    let mut said = String::new();
    for _ in 0..GIVEN_MAX {
        match world.governor.perform(&order, &world.people, &mut kept) {
            Ok(receipt) => return Ok(Given { receipt, dids: kept.dids }),
            Err(error) => {
                said = error.to_string();
                order.begun = order.begun.or_else(|| kept.begun.clone().map(Box::new));
                world.settle();
            }
        }
    }
    Err(format!("{} is not decided after {GIVEN_MAX} times: {said}", order.action.name()))
}

/// Whatever is wrong in a row, collected.
#[derive(Default)]
struct Wrong(Vec<String>);

impl Wrong {
    fn unless(&mut self, so: bool, what: impl FnOnce() -> String) {
        if !so {
            self.0.push(what());
        }
    }

    fn facts(&mut self, when: &str, expected: &Facts, found: &Facts) {
        self.unless(expected == found, || format!("{when}: {}", first_difference(expected, found)));
    }

    fn receipt(&mut self, when: &str, differences: &[String]) {
        self.unless(differences.is_empty(), || format!("{when}: {}", differences.join("; ")));
    }
}

/// The lines in which two differ.
fn first_difference(expected: &Facts, found: &Facts) -> String {
    let (expected, found) = (format!("{expected:#?}"), format!("{found:#?}"));
    let lines = |one: &str, other: &str| -> Vec<String> {
        let other: Vec<&str> = other.lines().collect();
        one.lines().filter(|line| !other.contains(line)).map(|line| line.trim().to_owned()).collect()
    };
    format!("expected {:?}, found {:?}", lines(&expected, &found), lines(&found, &expected))
}

/// Runs a row at one provider.
///
/// # Errors
/// Everything that was not as it must be.
pub(super) fn run(row: &Row, provider: Provider, seed: u64, faults: Faults) -> Result<Told, String> {
    let world = World::new(provider, seed);
    let at = usize::from(!world.is_box());
    let target = (row.prepare)(&world);
    let action = (row.action)(&world);
    world.settle();
    world.stage.running.set_faults(faults);
    world.forget();
    let before = world.facts(&target, row.watched);
    let (mut wrong, mut parked) = (Wrong::default(), 0);

    // The order.
    let calls = world.calls();
    let first = order("order-1", &target, action);
    let given = give(&world, &first)?;
    let calls = world.calls() - calls;
    world.settle();
    let now = world.facts(&target, row.watched);
    let mut expected = before.clone();
    (row.after)(&mut expected, &world);
    let receipt = &given.receipt;
    let outcome = receipt.outcome.clone();
    if let Outcome::Unknown(_) = outcome {
        // Parked: the receipt's word for not knowing. The state is one of the two, which the order given anew finds out.
        parked += 1;
        let is_unclear = given.dids.last().is_some_and(|did| matches!(did.ended, Ended::Unclear(_)));
        wrong.unless(is_unclear, || format!("unknown without an unclear call: {receipt:?}"));
        return done(
            &world,
            wrong,
            Told { outcome: "unknown".into(), calls, undo: steps(&given.dids).join(", "), parked },
        );
    }
    wrong.unless(outcome.name() == row.outcome, || {
        format!("outcome {outcome:?} of {:?}, left {:?}", receipt.did, receipt.left)
    });
    wrong.facts("after", &expected, &now);
    if let Some(found) = &receipt.found {
        wrong.receipt("found", &differences(&world, &first.action, found, &before));
    }
    if let Some(read_back) = &receipt.read_back {
        wrong.receipt("read back", &differences(&world, &first.action, read_back, &now));
    }
    let named = receipt.left.iter().filter(|left| !matches!(left, Left::Overridden { .. })).count();
    wrong.unless(named == row.left, || format!("left {:?}", receipt.left));
    wrong.unless(receipt.read_back.is_some() != receipt.did.is_empty(), || "read back without a call".into());
    let answered = given.dids.iter().filter(|did| did.ended == Ended::Answered);
    wrong.unless(answered.clone().all(|did| !did.requests.is_empty()), || "a call without a request's id".into());
    once(&world, &mut wrong, "effects", row.effects[at], &given);
    if let Outcome::Blocked(block) = &outcome {
        return done(&world, wrong, Told { outcome: "blocked".into(), calls, undo: block.to_string(), parked });
    }
    if !matches!(outcome, Outcome::Done | Outcome::Partly) {
        return done(&world, wrong, Told { outcome: outcome.name().into(), calls, undo: String::new(), parked });
    }

    // The same order again, as after a crash: its beginning is known.
    world.forget();
    let mut again = first.clone();
    again.begun = receipt.found.clone().map(Box::new).filter(|_| !receipt.did.is_empty());
    let repeated = give(&world, &again)?;
    world.settle();
    let same = repeated.receipt.outcome.name() == outcome.name();
    wrong.unless(same, || format!("given again: {:?}", repeated.receipt.outcome));
    if row.again != "done" {
        wrong.unless(repeated.dids.is_empty() && world.effects().is_empty(), || {
            format!("given again it wrote: {:?}", steps(&repeated.dids))
        });
    }

    // An order anew for what is so already, on where it is now.
    let mut there = receipt.target(&first);
    world.forget();
    let anew = give(&world, &order("order-1", &there, first.action.clone()))?;
    world.settle();
    wrong.unless(anew.receipt.outcome.name() == row.again, || format!("given anew: {:?}", anew.receipt.outcome));
    if row.again != "done" {
        wrong.unless(anew.dids.is_empty() && world.effects().is_empty(), || {
            format!("given anew it wrote: {:?}", steps(&anew.dids))
        });
    }

    // The undo.
    let Some(found) = &receipt.found else {
        return done(&world, wrong, Told { outcome: outcome.name().into(), calls, undo: "-".into(), parked });
    };
    let undo = Undo::of(&first, found);
    wrong.unless(undo.lost == row.lost[at], || format!("lost {:?}", undo.lost));
    world.forget();
    let mut all = Given { receipt: given.receipt.clone(), dids: Vec::new() };
    for (number, action) in undo.actions.iter().enumerate() {
        let back = order(&format!("undo-{number}"), &there, action.clone());
        let inverse = give(&world, &back)?;
        there = inverse.receipt.target(&back);
        world.settle();
        if let Outcome::Unknown(_) = inverse.receipt.outcome {
            parked += 1;
            return done(
                &world,
                wrong,
                Told { outcome: outcome.name().into(), calls, undo: steps(&inverse.dids).join(", "), parked },
            );
        }
        let so = inverse.receipt.outcome == Outcome::AlreadySo && given.dids.is_empty();
        wrong.unless(so || inverse.receipt.outcome == Outcome::Done, || {
            format!("undone by {}: {:?}", action.name(), inverse.receipt)
        });
        if let Some(read_back) = &inverse.receipt.read_back {
            let now = world.facts(&target, row.watched);
            wrong.receipt("read back of the undo", &differences(&world, action, read_back, &now));
        }
        all.dids.extend(inverse.dids);
    }
    let mut expected = before;
    if undo.actions.is_empty() && row.again != "done" {
        (row.after)(&mut expected, &world);
    } else {
        (row.undone)(&mut expected, &world);
    }
    let back = world.facts(&target, row.watched);
    if undo.lost.contains(&Loss::LinkAddress) {
        let kept = back.addresses.iter().any(|address| expected.addresses.contains(address));
        wrong.unless(!kept, || "a link made anew has its old address".into());
        expected.addresses.clone_from(&back.addresses);
    }
    wrong.facts("undone", &expected, &back);
    once(&world, &mut wrong, "effects of the undo", row.undo_effects[at], &all);
    done(&world, wrong, Told { outcome: outcome.name().into(), calls, undo: told(&undo), parked })
}

/// Runs a row in a company that others look at: the order, then its undo. Each action with its receipt is shown to `seen`;
/// nothing is judged here.
///
/// # Errors
/// What was not decided.
pub(super) fn there_and_back(
    world: &World,
    row: &Row,
    seen: &mut dyn FnMut(&Target, &Action, &Receipt),
) -> Result<(), String> {
    let target = (row.prepare)(world);
    let action = (row.action)(world);
    world.settle();
    let first = order("order-1", &target, action);
    let receipt = give(world, &first)?.receipt;
    world.settle();
    seen(&target, &first.action, &receipt);
    let undo = receipt.found.as_ref().map(|found| Undo::of(&first, found)).unwrap_or_default();
    let mut there = receipt.target(&first);
    let undone = matches!(receipt.outcome, Outcome::Done | Outcome::Partly);
    for (number, action) in undo.actions.into_iter().filter(|_| undone).enumerate() {
        let back = order(&format!("undo-{number}"), &there, action.clone());
        let inverse = give(world, &back)?.receipt;
        there = inverse.target(&back);
        world.settle();
        seen(&target, &action, &inverse);
    }
    Ok(())
}

fn done(world: &World, mut wrong: Wrong, told: Told) -> Result<Told, String> {
    wrong.0.extend(world.nothing_forbidden().err());
    if wrong.0.is_empty() { Ok(told) } else { Err(wrong.0.join("\n    ")) }
}

fn told(undo: &Undo) -> String {
    let actions: Vec<&str> = undo.actions.iter().map(Action::name).collect();
    let lost: Vec<String> = undo.lost.iter().map(|loss| format!("{loss:?}")).collect();
    match (actions.is_empty(), lost.is_empty()) {
        (true, true) => "none".into(),
        (false, true) => actions.join(", "),
        (true, false) => format!("lost: {}", lost.join(", ")),
        (false, false) => format!("{}; lost: {}", actions.join(", "), lost.join(", ")),
    }
}

/// The rule of once: see the head of this file.
fn once(world: &World, wrong: &mut Wrong, when: &str, must: &[(&'static str, usize)], given: &Given) {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    let mut needless = Vec::new();
    for effect in world.effects() {
        if effect.changed {
            *counted.entry(effect.what).or_default() += 1;
        } else {
            needless.push(effect.what);
        }
    }
    let must: BTreeMap<&str, usize> = must.iter().copied().collect();
    // What leaves no trace at the provider is done again after an unclear call: twice is the same as once.
    if let Some(times) = counted.get_mut("sessions_ended").filter(|_| given.unclear() > 0) {
        *times = must.get("sessions_ended").copied().unwrap_or_default().min(*times);
    }
    wrong.unless(counted == must, || format!("{when}: {counted:?}, must be {must:?}; {:?}", steps(&given.dids)));
    wrong.unless(needless.len() <= given.unclear(), || {
        format!("{when}: needless {needless:?}; {:?}", steps(&given.dids))
    });
}

fn steps(dids: &[Did]) -> Vec<String> {
    dids.iter().map(|did| format!("{} {:?}", did.step.name(), did.ended)).collect()
}
