//! `Alerts` in SQLite.

use super::matches::name_of;
use super::messages;
use super::{Desk, Failed, Haste, Sqlite, audit, words};
use crate::clock::Moment;
use crate::model::{AlertNumber, ConnectorNumber, ItemNumber, Severity};
use crate::store::alerts::{Alert, AlertGroup, AlertKey, Alerts, Closed};
use crate::store::audit::Entry;
use crate::store::messages::NewMessage;
use crate::store::{Error, SealKey};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::HashMap;

/// Items that an alert keeps by number. More are counted: nobody reads on, and a roll-up may stand for a whole tenant.
pub(super) const ITEMS_KEPT_MAX: i64 = 10_000;

/// The connector of roll-ups: none.
const ROLLED_UP: i64 = 0;

/// New episodes by the alert they go to, in the order in which the alerts were first met.
#[derive(Debug, Default)]
pub(super) struct Hits {
    places: HashMap<(i64, AlertKey), usize>,
    all: Vec<(i64, AlertKey, Vec<ItemNumber>)>,
}

impl Hits {
    /// An episode of a policy began.
    pub(super) fn add(&mut self, policy: i64, key: &AlertKey, item: ItemNumber) {
        let place = *self.places.entry((policy, key.clone())).or_insert_with(|| {
            self.all.push((policy, key.clone(), Vec::new()));
            self.all.len() - 1
        });
        if let Some((_, _, items)) = self.all.get_mut(place) {
            items.push(item);
        }
    }

    /// Opens the alerts, or adds to those that are open.
    pub(super) fn keep(self, desk: &Desk<'_>) -> Result<(), Failed> {
        self.all.iter().try_for_each(|(policy, key, items)| hit(desk, *policy, key, items))
    }
}

fn hit(desk: &Desk<'_>, policy: i64, key: &AlertKey, items: &[ItemNumber]) -> Result<(), Failed> {
    let (alert, mut kept) = open(desk, policy, key)?;
    let sql = "INSERT OR IGNORE INTO alert_item (alert, item) VALUES (?1, ?2)";
    for item in items {
        if kept >= ITEMS_KEPT_MAX {
            break;
        }
        kept += i64::try_from(desk.tx.prepare_cached(sql)?.execute((alert, item.0))?).unwrap_or(0);
    }
    let sql = "UPDATE alert SET items = items + ?2, kept = ?3, last = ?4 WHERE number = ?1";
    let added = i64::try_from(items.len()).unwrap_or(i64::MAX);
    desk.tx.prepare_cached(sql)?.execute((alert, added, kept, desk.now.as_millis()))?;
    Ok(())
}

/// The open alert of a key and how many items it keeps; made when there is none.
fn open(desk: &Desk<'_>, policy: i64, key: &AlertKey) -> Result<(i64, i64), Failed> {
    let (connector, owner, folder) = match &key.group {
        Some(group) => (group.connector.0, &*group.owner, &*group.folder),
        None => (ROLLED_UP, "", ""),
    };
    let sql = "SELECT number, kept FROM alert WHERE policy = ?1 AND severity = ?2 AND connector = ?3 AND owner = ?4 \
               AND folder = ?5 AND closed IS NULL";
    let values = params![policy, key.severity.name(), connector, owner, folder];
    let known = desk.tx.prepare_cached(sql)?.query_row(values, |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    let sql = "INSERT INTO alert (policy, severity, connector, owner, folder, opened, last, items, kept) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 0, 0)";
    let values = params![policy, key.severity.name(), connector, owner, folder, desk.now.as_millis()];
    desk.tx.prepare_cached(sql)?.execute(values)?;
    Ok((desk.tx.last_insert_rowid(), 0))
}

const COLUMNS: &str =
    "number, policy, severity, connector, owner, folder, opened, last, items, told, closed, closed_by, reason";

fn alert_of(tx: &Connection, seal: &SealKey, row: &Row<'_>) -> Result<Alert, Failed> {
    let severity: String = row.get(2)?;
    let severity: Severity = severity.parse().map_err(|()| words::strange("severity"))?;
    let group = match row.get(3)? {
        ROLLED_UP => None,
        connector => Some(AlertGroup {
            connector: ConnectorNumber(connector),
            owner: row.get::<_, String>(4)?.into(),
            folder: row.get::<_, String>(5)?.into(),
        }),
    };
    let closed = match row.get::<_, Option<i64>>(10)? {
        None => None,
        Some(at) => Some(Closed {
            at: Moment::from_millis(at),
            by: row.get::<_, String>(11)?.into(),
            reason: words::opened(seal, &row.get::<_, Vec<u8>>(12)?)?.into(),
        }),
    };
    Ok(Alert {
        number: AlertNumber(row.get(0)?),
        policy: name_of(tx, row.get(1)?)?,
        key: AlertKey { severity, group },
        opened: Moment::from_millis(row.get(6)?),
        last: Moment::from_millis(row.get(7)?),
        items: words::count(row.get(8)?),
        told: row.get::<_, Option<i64>>(9)?.map(Moment::from_millis),
        closed,
    })
}

/// Alerts that a condition and an order pick; `?1` and `?2` are theirs.
fn picked(tx: &Connection, seal: &SealKey, pick: &str, bounds: (i64, i64)) -> Result<Vec<Alert>, Failed> {
    let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM alert WHERE {pick}"))?;
    let mut rows = statement.query(bounds)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(alert_of(tx, seal, row)?);
    }
    Ok(all)
}

/// Deletes alerts that were closed before a moment with their items, at most so many rows in all; how many rows went.
pub(super) fn forget_closed(desk: &Desk<'_>, before: Moment, max: usize) -> Result<usize, Failed> {
    let sql = "SELECT number FROM alert WHERE closed < ?1 ORDER BY closed LIMIT ?2";
    let mut statement = desk.tx.prepare_cached(sql)?;
    let bounds = (before.as_millis(), words::limit(max));
    let alerts: Vec<i64> = statement.query_map(bounds, |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut went = 0;
    for alert in alerts {
        let sql = "DELETE FROM alert_item WHERE alert = ?1 AND item IN \
                   (SELECT item FROM alert_item WHERE alert = ?1 ORDER BY item LIMIT ?2)";
        went += desk.tx.prepare_cached(sql)?.execute((alert, words::limit(max - went)))?;
        if went >= max {
            break;
        }
        went += desk.tx.prepare_cached("DELETE FROM alert WHERE number = ?1")?.execute([alert])?;
        if went >= max {
            break;
        }
    }
    Ok(went)
}

impl Alerts for Sqlite {
    fn alerts(&self, closed: bool, before: Option<AlertNumber>, max: usize) -> Result<Vec<Alert>, Error> {
        let before = before.map_or(i64::MAX, |alert| alert.0);
        let pick = if closed {
            "number < ?1 ORDER BY number DESC LIMIT ?2"
        } else {
            "number < ?1 AND closed IS NULL ORDER BY number DESC LIMIT ?2"
        };
        self.read("read alerts", |tx| picked(tx, self.seal(), pick, (before, words::limit(max))))
    }

    fn alert(&self, number: AlertNumber) -> Result<Option<Alert>, Error> {
        let found = self.read("read an alert", |tx| picked(tx, self.seal(), "number = ?1 LIMIT ?2", (number.0, 1)))?;
        Ok(found.into_iter().next())
    }

    fn alert_items(
        &self,
        number: AlertNumber,
        after: Option<ItemNumber>,
        max: usize,
    ) -> Result<Vec<ItemNumber>, Error> {
        self.read("read an alert's items", |tx| {
            let sql = "SELECT item FROM alert_item WHERE alert = ?1 AND item > ?2 ORDER BY item LIMIT ?3";
            let mut statement = tx.prepare_cached(sql)?;
            let bounds = (number.0, after.map_or(i64::MIN, |item| item.0), words::limit(max));
            let rows = statement.query_map(bounds, |row| row.get(0).map(ItemNumber))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    fn untold_alerts(&self, max: usize) -> Result<Vec<Alert>, Error> {
        let pick = "number > ?1 AND closed IS NULL AND told IS NULL ORDER BY number LIMIT ?2";
        self.read("read alerts that nobody was told of", |tx| {
            picked(tx, self.seal(), pick, (i64::MIN, words::limit(max)))
        })
    }

    fn tell_alert(&self, number: AlertNumber, messages: &[NewMessage]) -> Result<bool, Error> {
        let messages = messages.to_vec();
        self.write_at(Haste::Live, "tell of an alert", move |desk| {
            let sql = "UPDATE alert SET told = ?2 WHERE number = ?1 AND told IS NULL";
            let told = desk.tx.prepare_cached(sql)?.execute((number.0, desk.now.as_millis()))? == 1;
            if told {
                messages::add_in(desk, &messages)?;
            }
            Ok(told)
        })
    }

    fn close_alert(&self, number: AlertNumber, by: &str, reason: &str, entry: &Entry) -> Result<bool, Error> {
        let (by, reason, entry) = (by.to_owned(), reason.to_owned(), entry.clone());
        self.write_at(Haste::Live, "close an alert", move |desk| {
            let sql = "UPDATE alert SET closed = ?2, closed_by = ?3, reason = ?4 WHERE number = ?1 AND closed IS NULL";
            let values = params![number.0, desk.now.as_millis(), by, words::sealed(desk.seal, &reason)?];
            let closed = desk.tx.prepare_cached(sql)?.execute(values)? == 1;
            if closed {
                audit::append(desk.tx, desk.now, entry)?;
            }
            Ok(closed)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::migrate::bare;

    #[test]
    fn an_alert_keeps_so_many_items_and_counts_on() {
        let folder = tempfile::tempdir().unwrap();
        let connection = bare(folder.path());
        connection.execute_batch("INSERT INTO policy_name (number, name) VALUES (1, 'p')").unwrap();
        let seal = SealKey::new([3; 32]);
        let desk = Desk { tx: &connection, seal: &seal, now: Moment::from_millis(1) };
        let key = AlertKey { severity: Severity::Low, group: None };
        let first = [0, ITEMS_KEPT_MAX - 10, ITEMS_KEPT_MAX - 5, ITEMS_KEPT_MAX + 7];
        let mut counted = 0;
        for range in first.windows(2) {
            let mut hits = Hits::default();
            for item in range[0]..range[1] {
                hits.add(1, &key, ItemNumber(item));
                // The same item once more: a new episode of it.
                hits.add(1, &key, ItemNumber(item));
                counted += 2;
            }
            connection.execute_batch("BEGIN").unwrap();
            hits.keep(&desk).unwrap();
            connection.execute_batch("COMMIT").unwrap();
        }
        let told = picked(&connection, &seal, "number = ?1 LIMIT ?2", (1, 1)).unwrap();
        assert_eq!((told.len(), told[0].items), (1, counted));
        let kept: i64 = connection.query_row("SELECT COUNT(*) FROM alert_item", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, ITEMS_KEPT_MAX);
    }
}
