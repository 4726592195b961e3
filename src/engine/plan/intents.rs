//! From a plan that was kept to the intents that carry it out.

use super::open::owner_key;
use super::veil::Veil;
use crate::engine::act::What;
use crate::engine::undo;
use crate::model::action::Target;
use crate::model::{Cause, ConnectorNumber, IntentNumber, ItemNumber, PlanNumber};
use crate::report::plan::{Document, Entry, Planned};
use crate::store::{Error, NewIntent, RulesNumber, Store, Voter};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;

/// Why a plan cannot be carried out.
#[derive(Debug)]
pub enum Refused {
    /// The store failed.
    Store(Error),
    /// It names what is not there; with the next step.
    Not(String),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Refused::Store(error)
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Store(error) => error.fmt(f),
            Refused::Not(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Refused {}

/// What a deed of a plan is: as [`Planned::does`] keeps it.
#[derive(Debug, Deserialize)]
struct Does {
    on: Target,
    what: What,
}

/// The intents of a plan, in its order. What nothing is done for has none.
///
/// # Errors
/// When the store cannot be read, or when a connector or item of it is there no more.
pub fn of(store: &dyn Store, number: PlanNumber, plan: &Document, actor: &str) -> Result<Vec<NewIntent>, Refused> {
    let connectors = store.connectors()?;
    let mut intents = Vec::new();
    for entry in &plan.entries {
        let connector = connectors.iter().find(|one| one.name.as_str() == entry.connector);
        let connector = connector.map(|one| one.number).ok_or_else(|| {
            Refused::Not(format!("the store knows no connector `{}` any more\n  make the plan again", entry.connector))
        })?;
        let known = match entry.item {
            Some(item) => store.item(ItemNumber(item))?,
            None => None,
        };
        let veil = known.as_ref().map(Veil::of).unwrap_or_default();
        for planned in entry.planned.iter().filter(|planned| planned.standing.acts()) {
            let mut does = planned.does.clone();
            veil.uncover(&mut does);
            let owner = known.as_ref().map(owner_key).unwrap_or_default();
            let of = Of { store, number, plan, connector, entry, actor, owner };
            intents.push(of.intent(planned, does)?);
        }
    }
    Ok(intents)
}

/// What the intents of an entry have in common.
struct Of<'a> {
    store: &'a dyn Store,
    number: PlanNumber,
    plan: &'a Document,
    connector: ConnectorNumber,
    entry: &'a Entry,
    actor: &'a str,
    owner: String,
}

impl Of<'_> {
    fn intent(&self, planned: &Planned, does: Value) -> Result<NewIntent, Refused> {
        let Does { on, what } = match planned.undoes {
            Some(undone) => {
                let (on, what) = undo::deed(self.store, IntentNumber(undone))?
                    .ok_or_else(|| Refused::Not(format!("action {undone} is there no more\n  make the plan again")))?;
                Does { on, what }
            }
            None => serde_json::from_value(does).map_err(|_| {
                Refused::Not("an action of the plan cannot be read: use the program that made it".into())
            })?,
        };
        Ok(NewIntent {
            id: planned.id.as_str().into(),
            connector: self.connector,
            item: self.entry.item.map(ItemNumber),
            on,
            owner: self.owner.as_str().into(),
            cause: cause(&self.plan.kind),
            voters: self.voters(planned),
            rules: self.plan.rules.map(RulesNumber),
            plan: Some(self.number),
            undoes: planned.undoes.map(IntentNumber),
            // Plain data always becomes JSON.
            what: serde_json::to_string(&what).unwrap_or_default(),
            name: planned.name.as_str().into(),
            actor: self.actor.into(),
            due: None,
            moves: what.moves(),
        })
    }

    fn voters(&self, planned: &Planned) -> Vec<Voter> {
        let line = |name: &String| self.plan.policies.iter().find(|line| line.name == *name);
        let voter = |line: &crate::report::plan::PolicyLine| {
            Some(Voter { policy: line.name.as_str().into(), hash: unhex(&line.hash)? })
        };
        planned.voters.iter().filter_map(|name| line(name).and_then(voter)).collect()
    }
}

/// Why the intents of a plan of this kind are there.
#[must_use]
pub fn cause(kind: &str) -> Cause {
    match kind {
        "undo" => Cause::Undo,
        "restore" => Cause::Restore,
        _ => Cause::Plan,
    }
}

/// Bytes of hexadecimal digits.
#[must_use]
pub fn unhex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
