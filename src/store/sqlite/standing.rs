//! How each item stands: what it is counted under, how much of it was read, how far it is open, whether it is there.
//!
//! The decision worth knowing: every change goes through one function, [`replace`]. It closes the row of the past, moves the
//! tallies by what changed, and keeps each reading's number of holders; so none of the three is ever counted, and none can
//! miss a change.

use super::words::{self, UNTOLD};
use super::{Failed, coverage};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Coverage, ItemKind, ItemNumber, Reason};
use crate::store::inventory::Judged;
use crate::store::verdicts::ReadingNumber;
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

/// What is counted of an item as it was listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts<'a> {
    /// Whose.
    pub(super) connector: ConnectorNumber,
    /// File, folder or bookmark.
    pub(super) kind: ItemKind,
    /// Its name as it may be shown; empty for a stub.
    pub(super) name_shown: &'a str,
    /// Bytes of its content.
    pub(super) bytes: u64,
    /// The version of its content.
    pub(super) version: Option<&'a str>,
}

/// A row of `standing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) item: i64,
    pub(super) connector: i64,
    pub(super) kind: String,
    pub(super) extension: String,
    pub(super) label: String,
    pub(super) bytes: i64,
    pub(super) version: Option<String>,
    pub(super) coverage: Option<String>,
    pub(super) reading: Option<i64>,
    pub(super) reused: bool,
    pub(super) judged_version: Option<String>,
    pub(super) level: i64,
    pub(super) level_known: bool,
    pub(super) level_until: Option<i64>,
    pub(super) gone: bool,
    pub(super) since: i64,
}

const COLUMNS: &str = "item, connector, kind, extension, label, bytes, version, coverage, reading, reused, \
                       judged_version, level, level_known, level_until, gone, since";

impl Standing {
    fn from_row(row: &SqlRow<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            item: row.get(0)?,
            connector: row.get(1)?,
            kind: row.get(2)?,
            extension: row.get(3)?,
            label: row.get(4)?,
            bytes: row.get(5)?,
            version: row.get(6)?,
            coverage: row.get(7)?,
            reading: row.get(8)?,
            reused: row.get(9)?,
            judged_version: row.get(10)?,
            level: row.get(11)?,
            level_known: row.get(12)?,
            level_until: row.get(13)?,
            gone: row.get(14)?,
            since: row.get(15)?,
        })
    }

    /// As an item stands that was never seen before.
    fn new(item: ItemNumber, facts: &Facts<'_>, now: Moment) -> Self {
        let mut standing = Self {
            item: item.0,
            connector: facts.connector.0,
            kind: words::of_kind(facts.kind).into(),
            extension: String::new(),
            label: String::new(),
            bytes: 0,
            version: None,
            coverage: None,
            reading: None,
            reused: false,
            judged_version: None,
            level: UNTOLD,
            level_known: false,
            level_until: None,
            gone: false,
            since: now.as_millis(),
        };
        standing.tell(facts);
        standing.wait();
        standing
    }

    /// Takes in what was listed, but not that its content may be another.
    fn tell(&mut self, facts: &Facts<'_>) {
        self.extension = extension(facts.kind, facts.name_shown);
        self.bytes = words::integer(facts.bytes);
        self.version = facts.version.map(Into::into);
        self.gone = false;
        if self.reading.is_none() {
            self.label.clone_from(&self.extension);
        }
    }

    /// Its content is to be seen to; what is no file has none.
    fn wait(&mut self) {
        self.judge(None, None, None);
        if !self.is_file() {
            self.coverage = Some(Coverage::Skipped(Reason::NoText).to_string());
        }
    }

    /// Its content was seen to.
    fn judge(&mut self, coverage: Option<String>, reading: Option<(i64, &str)>, version: Option<&str>) {
        self.coverage = coverage;
        self.reading = reading.map(|(number, _)| number);
        self.reused = false;
        self.judged_version = version.map(Into::into);
        let sniffed = reading.map(|(_, sniffed)| sniffed).filter(|sniffed| !sniffed.is_empty());
        self.label = sniffed.map_or_else(|| self.extension.clone(), Into::into);
    }

    pub(super) fn is_file(&self) -> bool {
        self.kind == words::of_kind(ItemKind::File)
    }

    /// True while its content waits for a verdict.
    pub(super) fn waits(&self) -> bool {
        self.is_file() && !self.gone && self.coverage.is_none()
    }

    /// True when the past must tell the two apart.
    fn differs(&self, other: &Self) -> bool {
        let told =
            |standing: &Self| (standing.bytes, standing.reading, standing.level, standing.level_known, standing.gone);
        told(self) != told(other) || self.label != other.label || self.coverage != other.coverage
    }
}

/// What a name ends in: up to eight letters and digits after its last dot, in lower case, with a letter among them (an ending
/// of digits alone may be part of a number that nobody may see). Anything else is `none`.
fn extension(kind: ItemKind, name: &str) -> String {
    if kind != ItemKind::File {
        return words::of_kind(kind).into();
    }
    let fits = |ending: &&str| {
        (1..=8).contains(&ending.len())
            && ending.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && ending.bytes().any(|byte| byte.is_ascii_alphabetic())
    };
    let ending = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, ending)| ending);
    ending.filter(fits).map_or_else(|| "none".into(), str::to_ascii_lowercase)
}

/// How an item stands; `None` for a top and for what is not known.
pub(super) fn of(c: &Connection, item: ItemNumber) -> Result<Option<Standing>, Failed> {
    let mut statement = c.prepare_cached(&format!("SELECT {COLUMNS} FROM standing WHERE item = ?1"))?;
    Ok(statement.query_row([item.0], Standing::from_row).optional()?)
}

/// Changes how a known item stands; nothing happens when it is none.
fn change(
    c: &Connection,
    now: Moment,
    item: ItemNumber,
    how: impl FnOnce(&mut Standing),
) -> Result<Option<Standing>, Failed> {
    let Some(old) = of(c, item)? else { return Ok(None) };
    let mut new = old.clone();
    how(&mut new);
    replace(c, now, Some(&old), &mut new)?;
    Ok(Some(new))
}

/// Takes in an item that is new, changed, or back: another version waits for its verdict, the same one keeps it. True when its
/// content waits.
pub(super) fn listed(c: &Connection, now: Moment, item: ItemNumber, facts: &Facts<'_>) -> Result<bool, Failed> {
    let Some(old) = of(c, item)? else {
        let mut new = Standing::new(item, facts, now);
        replace(c, now, None, &mut new)?;
        return Ok(new.waits());
    };
    let mut new = old.clone();
    new.tell(facts);
    if new.version != old.version || new.bytes != old.bytes {
        new.wait();
    }
    replace(c, now, Some(&old), &mut new)?;
    Ok(new.waits())
}

/// An item is there no more.
pub(super) fn gone(c: &Connection, now: Moment, item: ItemNumber) -> Result<(), Failed> {
    change(c, now, item, |standing| standing.gone = true).map(drop)
}

/// How far an item is open was told.
pub(super) fn exposed(c: &Connection, now: Moment, item: ItemNumber, judged: Judged) -> Result<(), Failed> {
    let told = |standing: &mut Standing| {
        standing.level = words::of_level(judged.level);
        standing.level_known = judged.known;
        standing.level_until = judged.until.map(Moment::as_millis);
    };
    change(c, now, item, told).map(drop)
}

/// An item's job was given up: content that waits is skipped until somebody asks again.
pub(super) fn parked(c: &Connection, now: Moment, item: ItemNumber) -> Result<(), Failed> {
    let park = |standing: &mut Standing| {
        if standing.waits() {
            standing.coverage = Some(Coverage::Skipped(Reason::Parked).to_string());
        }
    };
    change(c, now, item, park).map(drop)
}

/// An item's job that was given up waits again.
pub(super) fn unparked(c: &Connection, now: Moment, item: ItemNumber) -> Result<(), Failed> {
    let parked = Coverage::Skipped(Reason::Parked).to_string();
    let bring_back = |standing: &mut Standing| {
        if standing.coverage.as_ref() == Some(&parked) {
            standing.wait();
        }
    };
    change(c, now, item, bring_back).map(drop)
}

/// What an item's content holds is known: it points at a reading now.
pub(super) fn read(
    c: &Connection,
    now: Moment,
    item: ItemNumber,
    reading: &super::verdicts::Brief,
    reused: bool,
    version: Option<&str>,
) -> Result<(), Failed> {
    let judge = |standing: &mut Standing| {
        standing.judge(Some(reading.coverage.clone()), Some((reading.number.0, &reading.sniffed)), version);
        standing.reused = reused;
    };
    change(c, now, item, judge).map(drop)
}

/// An item's content is not read.
pub(super) fn skipped(
    c: &Connection,
    now: Moment,
    item: ItemNumber,
    reason: Reason,
    version: Option<&str>,
) -> Result<(), Failed> {
    let why = Coverage::Skipped(reason).to_string();
    change(c, now, item, |standing| standing.judge(Some(why), None, version)).map(drop)
}

/// Puts `new` in the place of `old` (`None` for an item never seen): the row of the past, tallies, holders, the row itself.
fn replace(c: &Connection, now: Moment, old: Option<&Standing>, new: &mut Standing) -> Result<(), Failed> {
    if old.is_some_and(|old| old == new) {
        return Ok(());
    }
    if let Some(old) = old
        && old.differs(new)
        && now.as_millis() > old.since
    {
        close(c, old, now)?;
        new.since = now.as_millis();
    }
    let [before, after] = [old, Some(&*new)].map(|standing| standing.filter(|standing| !standing.gone));
    let [held, holds] = [before, after].map(|standing| standing.and_then(|standing| standing.reading));
    if let Some(before) = before {
        coverage::count(c, before, found(c, held)?, -1)?;
    }
    if let Some(after) = after {
        coverage::count(c, after, found(c, holds)?, 1)?;
    }
    if held != holds {
        held.map(|reading| hold(c, now, reading, -1)).transpose()?;
        holds.map(|reading| hold(c, now, reading, 1)).transpose()?;
    }
    write(c, new)
}

/// Moves how many items hold a reading.
fn hold(c: &Connection, now: Moment, reading: i64, by: i64) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(
        "UPDATE reading SET holders = holders + ?2, unheld = CASE WHEN holders + ?2 > 0 THEN NULL ELSE ?3 END
         WHERE number = ?1",
    )?;
    statement.execute([reading, by, now.as_millis()])?;
    Ok(())
}

/// True when findings of a reading hold.
fn found(c: &Connection, reading: Option<i64>) -> Result<bool, Failed> {
    let Some(reading) = reading else { return Ok(false) };
    let mut statement = c.prepare_cached("SELECT findings > 0 FROM reading WHERE number = ?1")?;
    Ok(statement.query_row([reading], |row| row.get(0))?)
}

/// Writes the row of the past. An item's rows begin at different moments, since none is closed in the one it began in.
fn close(c: &Connection, old: &Standing, now: Moment) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(
        "INSERT INTO past (item, since, until, connector, kind, label, bytes, coverage, reading, level, level_known, gone)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    statement.execute(params![
        old.item,
        old.since,
        now.as_millis(),
        old.connector,
        old.kind,
        old.label,
        old.bytes,
        old.coverage,
        old.reading,
        old.level,
        old.level_known,
        old.gone,
    ])?;
    Ok(())
}

fn write(c: &Connection, new: &Standing) -> Result<(), Failed> {
    // An update in place where there is a row: a delete and insert would touch every index.
    let mut statement = c.prepare_cached(
        "INSERT INTO standing (item, connector, kind, extension, label, bytes, version, coverage, reading, reused,
                               judged_version, level, level_known, level_until, gone, since)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT (item) DO UPDATE SET
             extension = excluded.extension, label = excluded.label, bytes = excluded.bytes,
             version = excluded.version, coverage = excluded.coverage, reading = excluded.reading,
             reused = excluded.reused, judged_version = excluded.judged_version, level = excluded.level,
             level_known = excluded.level_known, level_until = excluded.level_until, gone = excluded.gone,
             since = excluded.since",
    )?;
    statement.execute(params![
        new.item,
        new.connector,
        new.kind,
        new.extension,
        new.label,
        new.bytes,
        new.version,
        new.coverage,
        new.reading,
        new.reused,
        new.judged_version,
        new.level,
        new.level_known,
        new.level_until,
        new.gone,
        new.since,
    ])?;
    Ok(())
}

/// A reading was made again: its coverage or type is another, for all that point at it.
pub(super) fn read_again(c: &Connection, now: Moment, reading: &super::verdicts::Brief) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(&format!("SELECT {COLUMNS} FROM standing WHERE reading = ?1 AND gone = 0"))?;
    let holders: Vec<Standing> =
        statement.query_map([reading.number.0], Standing::from_row)?.collect::<Result<_, _>>()?;
    for old in holders {
        let (reused, version) = (old.reused, old.judged_version.clone());
        read(c, now, ItemNumber(old.item), reading, reused, version.as_deref())?;
    }
    Ok(())
}

/// A reading came to hold findings, or holds none any more: its holders are counted elsewhere.
pub(super) fn found_changed(c: &Connection, reading: ReadingNumber, now_found: bool) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(&format!("SELECT {COLUMNS} FROM standing WHERE reading = ?1 AND gone = 0"))?;
    let mut rows = statement.query([reading.0])?;
    while let Some(row) = rows.next()? {
        let holder = Standing::from_row(row)?;
        coverage::count(c, &holder, !now_found, -1)?;
        coverage::count(c, &holder, now_found, 1)?;
    }
    Ok(())
}

/// Deletes all that is kept of an item that is gone.
pub(super) fn forget(c: &Connection, item: ItemNumber) -> Result<(), Failed> {
    for table in ["past", "rests_on", "standing"] {
        c.prepare_cached(&format!("DELETE FROM {table} WHERE item = ?1"))?.execute([item.0])?;
    }
    Ok(())
}

/// Deletes at most `max` rows of the past that ended before a moment; how many went.
pub(super) fn forget_past(c: &Connection, before: Moment, max: usize) -> Result<usize, Failed> {
    // By key and not by `LIMIT` on the deletion itself, which not every database has.
    let mut statement = c.prepare_cached(
        "DELETE FROM past WHERE (item, since) IN (SELECT item, since FROM past WHERE until < ?1 ORDER BY until LIMIT ?2)",
    )?;
    Ok(statement.execute(params![before.as_millis(), words::limit(max)])?)
}

#[cfg(test)]
mod tests;
