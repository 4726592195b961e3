//! What stands in the way of an action, each with its message: a table, whose messages are a golden file.
//!
//! `SLUICEBOX_BLESS=1` writes the golden file anew; review the diff. In every row the tenant shows the same after as before,
//! but for what the row says; no row makes a link, deletes for good or wipes a device.

mod cases;

use super::facts::Facts;
use super::receipt::differences;
use super::row;
use super::world::World;
use sluicebox::emulator::Faults;
use sluicebox::model::Provider;
use sluicebox::model::action::{Action, Did, Left, Order, Outcome, State, Step, Target};
use sluicebox::provider::Settings;
use sluicebox::provider::govern::Journal;
use std::io;
use std::path::PathBuf;

/// One thing that stands in the way.
#[derive(Clone)]
pub(super) struct Case {
    what: &'static str,
    pub(super) of: Provider,
    prepare: fn(&World) -> Target,
    action: fn(&World) -> Action,
    outcome: &'static str,
    settings: fn(&mut Settings),
    order: fn(&mut Order, &World),
    /// What somebody else does between our reading and our first call.
    meanwhile: Option<fn(&World)>,
    after: fn(&mut Facts, &World),
}

impl Case {
    fn new(
        what: &'static str,
        of: Provider,
        prepare: fn(&World) -> Target,
        action: fn(&World) -> Action,
        outcome: &'static str,
    ) -> Self {
        Self {
            what,
            of,
            prepare,
            action,
            outcome,
            settings: |_| {},
            order: |_, _| {},
            meanwhile: None,
            after: |_, _| {},
        }
    }

    fn settings(self, settings: fn(&mut Settings)) -> Self {
        Self { settings, ..self }
    }

    fn order(self, order: fn(&mut Order, &World)) -> Self {
        Self { order, ..self }
    }

    fn meanwhile(self, meanwhile: fn(&World)) -> Self {
        Self { meanwhile: Some(meanwhile), ..self }
    }

    fn after(self, after: fn(&mut Facts, &World)) -> Self {
        Self { after, ..self }
    }
}

/// Lets somebody act right before our first call.
struct Between<'w> {
    world: &'w World,
    act: Option<fn(&World)>,
}

impl Journal for Between<'_> {
    fn begins(&mut self, _order: &Order, _found: &State) -> io::Result<()> {
        Ok(())
    }

    fn before(&mut self, _order: &Order, _step: &Step) -> io::Result<()> {
        if let Some(act) = self.act.take() {
            act(self.world);
        }
        Ok(())
    }

    fn after(&mut self, _order: &Order, _did: &Did) -> io::Result<()> {
        Ok(())
    }
}

/// Runs a case; its line of the table.
pub(super) fn run(case: &Case) -> Result<String, String> {
    let world = World::set(case.of, 1, case.settings);
    let on = (case.prepare)(&world);
    let action = (case.action)(&world);
    world.settle();
    world.forget();
    let before = world.known_facts(&on);
    let mut order = row::order("order-1", &on, action);
    (case.order)(&mut order, &world);
    let mut between = Between { world: &world, act: case.meanwhile };
    let receipt = world.governor.perform(&order, &world.people, &mut between).map_err(|error| error.to_string())?;
    world.settle();
    let after = world.known_facts(&on);
    let mut expected = before;
    if let Some(expected) = &mut expected {
        (case.after)(expected, &world);
    }
    if receipt.outcome.name() != case.outcome {
        return Err(format!("{receipt:#?}"));
    }
    if expected != after {
        return Err(format!("must be {expected:#?}, is {after:#?}"));
    }
    if let Some((read_back, after)) = receipt.read_back.as_ref().zip(after.as_ref()) {
        let wrong = differences(&world, &order.action, read_back, after);
        if !wrong.is_empty() {
            return Err(format!("read back: {}", wrong.join("; ")));
        }
    }
    let made = world.effects().into_iter().find(|effect| ["link_made", "purged"].contains(&effect.what));
    if let Some(made) = made {
        return Err(format!("what is never done was done: {made:?}"));
    }
    world.nothing_forbidden()?;
    let message = masked(&message(&receipt.outcome, &receipt.left));
    Ok(format!("{} | {} | {} | {} | {message}", case.of, case.what, order.action.name(), case.outcome))
}

/// What people are told.
fn message(outcome: &Outcome, left: &[Left]) -> String {
    match outcome {
        Outcome::Blocked(block) => block.to_string(),
        Outcome::Unknown(said) => said.to_string(),
        _ => left.iter().map(Left::to_string).collect::<Vec<_>>().join("; "),
    }
}

/// Without ids, which depend on what else the tenant was filled with.
fn masked(message: &str) -> String {
    let is_id =
        |word: &str| word.starts_with("id:") || (word.len() > 6 && word.bytes().all(|byte| byte.is_ascii_digit()));
    let word = |word: &str| {
        let bare = word.trim_end_matches([':', ',', '.']);
        if is_id(bare) { word.replacen(bare, "ID", 1) } else { word.to_owned() }
    };
    message.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

#[test]
fn every_block_has_its_message_and_nothing_is_done() {
    let cases = cases::all();
    let ran = super::in_threads(&cases, run);
    let mut failed: Vec<String> = Vec::new();
    let mut lines = String::from("provider | what stands in the way | action | outcome | message\n");
    for (case, told) in cases.iter().zip(ran) {
        match told {
            Ok(line) => lines += &format!("{line}\n"),
            Err(why) => failed.push(format!("{} {}: {why}", case.of, case.what)),
        }
    }
    println!("{lines}");
    assert!(failed.is_empty(), "{} of {} cases failed:\n{}", failed.len(), cases.len(), failed.join("\n"));
    golden("actions-blocks.txt", &lines);
}

/// No action on a link makes one where there is none, also not when a fault hides what became of its call.
#[test]
fn a_link_that_is_gone_stays_gone_under_faults() {
    let cases: Vec<(Case, u64)> =
        (1..=4).flat_map(|seed| cases::without_a_link().into_iter().map(move |case| (case, seed))).collect();
    let failed: Vec<String> = super::in_threads(&cases, |(case, seed)| {
        let world = World::set(case.of, *seed, case.settings);
        let on = (case.prepare)(&world);
        let action = (case.action)(&world);
        world.settle();
        world.forget();
        world.stage.running.set_faults(Faults::writes());
        let mut between = Between { world: &world, act: case.meanwhile };
        let order = row::order("order-1", &on, action);
        // What came of it is the other tables' business; nothing may be made.
        let _ = world.governor.perform(&order, &world.people, &mut between);
        world.settle();
        let links = world.known_facts(&on).map(|facts| facts.links.len()).unwrap_or_default();
        let made = world.effects().iter().filter(|effect| effect.what == "link_made").count();
        if (links, made) == (0, 0) { Ok(String::new()) } else { Err(format!("{} links, {made} made", links)) }
    })
    .into_iter()
    .filter_map(Result::err)
    .collect();
    assert!(failed.is_empty(), "{} of {}:\n{}", failed.len(), cases.len(), failed.join("\n"));
}

/// Compares with a golden file, or writes it under `SLUICEBOX_BLESS=1`.
fn golden(name: &str, got: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("SLUICEBOX_BLESS").is_some() {
        std::fs::write(&path, got).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(got == expected, "{name} is not its golden file:\n{got}");
}
