//! `Quarantines` in SQLite.

use super::inventory::DEPTH_MAX;
use super::writer::Haste;
use super::{Desk, Failed, Sqlite, audit, sealed, words};
use crate::clock::Moment;
use crate::model::action::{ItemState, Order, Target, Whose};
use crate::model::{ConnectorNumber, IntentNumber, ItemKind, ItemNumber};
use crate::store::audit::Entry;
use crate::store::error::Kind;
use crate::store::quarantines::{Lying, NewQuarantined, Quarantined, Quarantines};
use crate::store::{Error, SealKey};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

impl Quarantines for Sqlite {
    fn quarantined(&self, released: bool, after: Option<&str>, max: usize) -> Result<Vec<Quarantined>, Error> {
        self.read("read what lies in quarantine", |tx| {
            let sql = format!(
                "SELECT {COLUMNS} FROM quarantine WHERE id > ?1 AND (?2 OR released IS NULL) ORDER BY id LIMIT ?3"
            );
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query((after.unwrap_or_default(), released, words::limit(max)))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(from_row(self.seal(), row)?);
            }
            Ok(found)
        })
    }

    fn quarantined_as(&self, id: &str) -> Result<Option<Quarantined>, Error> {
        self.read("read what lies in quarantine", |tx| {
            let sql = format!("SELECT {COLUMNS} FROM quarantine WHERE id = ?1");
            let mut statement = tx.prepare_cached(&sql)?;
            statement.query_row([id], |row| Ok(from_row(self.seal(), row))).optional()?.transpose()
        })
    }

    fn is_quarantined(&self, item: ItemNumber) -> Result<bool, Error> {
        self.read("look whether an item lies in quarantine", |tx| lies_there(tx, item))
    }

    fn is_note(&self, of: ConnectorNumber, id: &str) -> Result<bool, Error> {
        self.read("look whether something is a note of ours", |tx| {
            let sql =
                "SELECT 1 FROM quarantine WHERE connector = ?1 AND note = ?2 AND note IS NOT NULL AND released IS NULL";
            Ok(tx.prepare_cached(sql)?.exists((of.0, id))?)
        })
    }

    fn lying(&self) -> Result<Vec<Lying>, Error> {
        self.read("read what lies in quarantine", |tx| {
            let sql = "SELECT connector, item, note FROM quarantine WHERE released IS NULL ORDER BY id";
            let mut statement = tx.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(Lying {
                    connector: ConnectorNumber(row.get(0)?),
                    item: row.get::<_, Option<i64>>(1)?.map(ItemNumber),
                    note: row.get::<_, Option<String>>(2)?.map(Into::into),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn adopt(&self, kept: &NewQuarantined, since: Moment, entry: &Entry) -> Result<bool, Error> {
        let (kept, entry) = (kept.clone(), entry.clone());
        self.write_at(Haste::Live, "adopt what lies in quarantine", move |desk| {
            let known = desk.tx.prepare_cached("SELECT 1 FROM quarantine WHERE id = ?1")?.exists([&*kept.id])?;
            if !known {
                keep(desk, &kept, since)?;
                audit::append(desk.tx, desk.now, entry)?;
            }
            Ok(!known)
        })
    }
}

/// Notes that something was put into quarantine.
pub(super) fn keep_in(desk: &Desk<'_>, kept: &NewQuarantined) -> Result<(), Failed> {
    keep(desk, kept, desk.now)
}

/// Notes that something was brought back.
pub(super) fn release_in(desk: &Desk<'_>, id: &str) -> Result<(), Failed> {
    let sql = "UPDATE quarantine SET released = ?2 WHERE id = ?1 AND released IS NULL";
    desk.tx.prepare_cached(sql)?.execute((id, desk.now.as_millis()))?;
    Ok(())
}

/// What is sealed: it names items and people.
#[derive(Serialize, Deserialize)]
struct Sealed {
    owner: Arc<str>,
    order: Order,
    prior: ItemState,
}

const COLUMNS: &str =
    "id, connector, item, intent, policies, whose, person, receipt, content, found, sealed, since, released, note";

fn from_row(seal: &SealKey, row: &Row<'_>) -> Result<Quarantined, Failed> {
    let Sealed { owner, order, prior } = sealed::open(seal, &row.get::<_, Vec<u8>>(10)?)?;
    let is = NewQuarantined {
        id: row.get::<_, String>(0)?.into(),
        connector: ConnectorNumber(row.get(1)?),
        item: row.get::<_, Option<i64>>(2)?.map(ItemNumber),
        intent: row.get::<_, Option<i64>>(3)?.map(IntentNumber),
        policies: list(&row.get::<_, String>(4)?)?,
        whose: whose_of(row.get(5)?)?,
        person: row.get::<_, Option<String>>(6)?.map(Into::into),
        owner,
        order,
        prior,
        note: row.get::<_, Option<String>>(13)?.map(Into::into),
        receipt: row.get::<_, Option<String>>(7)?.map(Into::into),
        content: row.get(8)?,
        found: list(&row.get::<_, String>(9)?)?,
    };
    let released: Option<i64> = row.get(12)?;
    Ok(Quarantined { is, since: Moment::from_millis(row.get(11)?), released: released.map(Moment::from_millis) })
}

fn list<T: for<'a> Deserialize<'a>>(json: &str) -> Result<Vec<T>, Failed> {
    serde_json::from_str(json).map_err(|_| words::strange("list of the quarantine"))
}

fn of_list<T: Serialize>(list: &[T]) -> Result<String, Failed> {
    serde_json::to_string(list).map_err(|_| Kind::Failed("a list cannot be written as JSON".into()).into())
}

fn whose_number(whose: Whose) -> i64 {
    match whose {
        Whose::Owner => 0,
        Whose::Company => 1,
    }
}

fn whose_of(number: i64) -> Result<Whose, Failed> {
    let found = [Whose::Owner, Whose::Company].into_iter().find(|whose| whose_number(*whose) == number);
    found.ok_or_else(|| words::strange("kind of quarantine"))
}

/// An item's kind as `item.kind` numbers it.
fn kind_number(kind: ItemKind) -> i64 {
    match kind {
        ItemKind::File => 0,
        ItemKind::Folder => 1,
        ItemKind::WebLink => 2,
    }
}

fn keep(desk: &Desk<'_>, kept: &NewQuarantined, since: Moment) -> Result<(), Failed> {
    let sealed = Sealed { owner: kept.owner.clone(), order: kept.order.clone(), prior: kept.prior.clone() };
    let target = match &kept.order.on {
        Target::Item(item) => Some((kind_number(item.kind), &*item.id)),
        Target::Person(_) => None,
    };
    let sql = "INSERT INTO quarantine (id, connector, item, item_kind, item_id, intent, policies, whose, person, receipt, \
               content, found, sealed, since, note) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) \
               ON CONFLICT (id) DO UPDATE SET item = excluded.item, item_kind = excluded.item_kind, \
               item_id = excluded.item_id, intent = excluded.intent, policies = excluded.policies, whose = excluded.whose, \
               person = excluded.person, receipt = excluded.receipt, content = excluded.content, found = excluded.found, \
               sealed = excluded.sealed, since = excluded.since, note = excluded.note, released = NULL";
    desk.tx.prepare_cached(sql)?.execute(params![
        &*kept.id,
        kept.connector.0,
        kept.item.map(|item| item.0),
        target.map(|(kind, _)| kind),
        target.map(|(_, id)| id),
        kept.intent.map(|intent| intent.0),
        of_list(&kept.policies)?,
        whose_number(kept.whose),
        kept.person.as_deref(),
        kept.receipt.as_deref(),
        kept.content,
        of_list(&kept.found)?,
        sealed::record(desk.seal, &sealed)?,
        since.as_millis(),
        kept.note.as_deref(),
    ])?;
    Ok(())
}

/// Looks from the item up to its top. An item that was adopted before it was listed is known by the provider's id alone.
fn lies_there(tx: &Connection, item: ItemNumber) -> Result<bool, Failed> {
    let by_number = "SELECT 1 FROM quarantine WHERE item = ?1 AND item IS NOT NULL AND released IS NULL";
    let by_id = "SELECT 1 FROM quarantine WHERE connector = ?1 AND item_kind = ?2 AND item_id = ?3 \
                 AND item_id IS NOT NULL AND released IS NULL";
    let above = "SELECT connector, kind, id, parent FROM item WHERE number = ?1";
    let mut at = Some(item.0);
    for _ in 0..DEPTH_MAX {
        let Some(number) = at else { break };
        if tx.prepare_cached(by_number)?.exists([number])? {
            return Ok(true);
        }
        let known = tx.prepare_cached(above)?.query_row([number], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?, row.get(3)?))
        });
        let Some((connector, kind, id, parent)) = known.optional()? else { break };
        if tx.prepare_cached(by_id)?.exists((connector, kind, id))? {
            return Ok(true);
        }
        at = parent;
    }
    Ok(false)
}
