//! Ends a job: everything it found out is written in one piece, or nothing is.
//!
//! Order matters. The lease is looked at first: a worker that stood still past its lease writes nothing. Facts come before the
//! verdict, since they tell which version is the present one; the job's end comes last, since all before may ask for more.

use super::keep::{self, Read};
use super::{Brief, keep_hash};
use crate::model::{ConnectorNumber, ContentHash, ItemNumber, Provider, Todo};
use crate::store::error::Kind;
use crate::store::sqlite::inventory::{self, ListedBy, sharing};
use crate::store::sqlite::queue::{self, Finish};
use crate::store::sqlite::standing::{self, Standing};
use crate::store::sqlite::{Desk, Failed, coverage, matches};
use crate::store::verdicts::{Outcome, ReadingNumber, Settled, Settlement};
use rusqlite::OptionalExtension;

/// Writes a settlement.
pub(super) fn settle(desk: &Desk<'_>, settlement: &Settlement) -> Result<Settled, Failed> {
    let item = settlement.lease.item;
    if queue::held(desk, &settlement.lease)?.is_none() {
        return Ok(Settled::Lost);
    }
    let left = if settlement.gone {
        inventory::gone_in(desk, item)?;
        Todo::NONE
    } else {
        learn(desk, settlement)?;
        settlement.left.and(conclude(desk, settlement)?)
    };
    settlement.asks.iter().try_for_each(|ask| queue::ask_in(desk, ask).map(drop))?;
    if let Some(ruling) = settlement.ruling.as_ref().filter(|ruling| ruling.item == item && !settlement.gone) {
        matches::rule_in(desk, ruling)?;
    }
    Ok(match queue::finish(desk, &settlement.lease, left, settlement.left_not_before)? {
        Some(Finish::Done) => Settled::Done,
        Some(Finish::Again) => Settled::Again,
        None => return Err(Kind::Failed("a lease that held does not hold".into()).into()),
    })
}

/// Takes in what was asked of the provider about the item itself.
fn learn(desk: &Desk<'_>, settlement: &Settlement) -> Result<(), Failed> {
    let item = settlement.lease.item;
    if let Some(facts) = &settlement.facts
        && inventory::upsert(desk, connector_of(desk, item)?, facts, ListedBy::Look)?.number != item
    {
        return Err(Kind::Refused("the facts of a settlement are another item's".into()).into());
    }
    if let Some(told) = &settlement.sharing {
        sharing::keep_sharing_in(desk, item, told)?;
    }
    Ok(())
}

/// Whose a job's item is. What was only named by a path below it is an item too, and stands nowhere yet.
fn connector_of(desk: &Desk<'_>, item: ItemNumber) -> Result<ConnectorNumber, Failed> {
    let mut statement = desk.tx.prepare_cached("SELECT connector FROM item WHERE number = ?1")?;
    let known = statement.query_row([item.0], |row| row.get(0).map(ConnectorNumber)).optional()?;
    known.ok_or_else(|| Kind::Refused("a job's item is not known".into()).into())
}

/// Writes verdict and exposure, and tells what must still be done: the content of a file whose present version has none after
/// this. So no file can be left without a verdict and without a job.
fn conclude(desk: &Desk<'_>, settlement: &Settlement) -> Result<Todo, Failed> {
    let item = settlement.lease.item;
    let Some(standing) = standing::of(desk.tx, item)? else { return Ok(Todo::NONE) };
    if let Some(outcome) = &settlement.outcome {
        judge(desk, &standing, settlement.version.as_deref(), outcome)?;
    }
    if let Some(exposure) = settlement.exposure {
        standing::exposed(desk.tx, desk.now, item, exposure)?;
    }
    let waits = standing::of(desk.tx, item)?.is_some_and(|standing| standing.waits());
    Ok(if waits { Todo::CONTENT } else { Todo::NONE })
}

/// Keeps what became of the content. A reading is kept whatever the item is now; that the item is judged by it only where the
/// version that was looked at is still the present one.
fn judge(desk: &Desk<'_>, standing: &Standing, version: Option<&str>, outcome: &Outcome) -> Result<(), Failed> {
    let (tx, now, item) = (desk.tx, desk.now, ItemNumber(standing.item));
    let present = standing.is_file() && !standing.gone && standing.version.as_deref() == version;
    let (brief, reused) = match outcome {
        // A reason to skip may be told without a version: it is about the item, whatever it holds.
        Outcome::Skipped(reason) if present || (version.is_none() && standing.is_file() && !standing.gone) => {
            return standing::skipped(tx, now, item, *reason, standing.version.as_deref());
        }
        Outcome::Skipped(_) => return Ok(()),
        Outcome::Known { reading, reused } => (brief_of(desk, *reading)?, *reused),
        Outcome::Read { content, extraction, rules, verdict, hash } => {
            let brief = keep::keep(tx, now, &Read { content, extraction, rules: *rules, verdict })?;
            coverage::count_read(tx, standing.connector, verdict.bytes)?;
            if let Some(hash) = hash {
                keep_hash(tx, provider_of(hash), hash, verdict.bytes, brief.number)?;
            }
            (brief, false)
        }
    };
    if present { standing::read(tx, now, item, &brief, reused, version) } else { Ok(()) }
}

/// Each method of hashing is one provider's.
fn provider_of(hash: &ContentHash) -> &'static str {
    match hash {
        ContentHash::Sha1(_) => Provider::Box.name(),
        ContentHash::Blocks(_) => Provider::Dropbox.name(),
    }
}

fn brief_of(desk: &Desk<'_>, reading: ReadingNumber) -> Result<Brief, Failed> {
    let mut statement = desk.tx.prepare_cached("SELECT coverage, sniffed FROM reading WHERE number = ?1")?;
    let brief = statement
        .query_row([reading.0], |row| Ok(Brief { number: reading, coverage: row.get(0)?, sniffed: row.get(1)? }));
    let none = || Failed::from(Kind::Refused("there is no verdict of that number".into()));
    brief.optional()?.ok_or_else(none)
}
