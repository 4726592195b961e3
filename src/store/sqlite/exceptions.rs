//! `Exceptions` in SQLite.

use super::{Desk, Failed, Haste, Sqlite, audit, words};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, ExceptionNumber};
use crate::store::audit::Entry;
use crate::store::error::Kind;
use crate::store::exceptions::{DAYS_MAX, Exception, ExceptionKind, Exceptions, NewException};
use crate::store::{Error, SealKey};
use rusqlite::{Row, params};
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// Makes one; its audit entry is another's affair.
pub(super) fn add_in(desk: &Desk<'_>, new: &NewException) -> Result<ExceptionNumber, Failed> {
    if new.what.is_empty() {
        return Err(Kind::Refused("an exception must be about something".into()).into());
    }
    if new.until <= desk.now || new.until > desk.now.plus(DAYS_MAX * DAY) {
        let what = format!("an exception must end, later than now and within {DAYS_MAX} days");
        return Err(Kind::Refused(what).into());
    }
    let excused: Vec<(&str, u64)> = new.excused.iter().map(|(detector, different)| (&**detector, *different)).collect();
    let excused = serde_json::to_string(&excused).map_err(|_| Kind::Failed("counts cannot be written".into()))?;
    let sql = "INSERT INTO exception (kind, what, connector, policy, content, excused, reason, made_by, until, made) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    desk.tx.prepare_cached(sql)?.execute(params![
        new.kind.name(),
        new.what,
        new.connector.map(|of| of.0),
        new.policy,
        new.content,
        excused,
        words::sealed(desk.seal, &new.reason)?,
        new.by,
        new.until.as_millis(),
        desk.now.as_millis(),
    ])?;
    Ok(ExceptionNumber(desk.tx.last_insert_rowid()))
}

fn exception_of(seal: &SealKey, row: &Row<'_>) -> Result<Exception, Failed> {
    let kind: String = row.get(1)?;
    let kind = ExceptionKind::ALL.into_iter().find(|one| one.name() == kind);
    let excused: Vec<(Arc<str>, u64)> =
        serde_json::from_str(&row.get::<_, String>(6)?).map_err(|_| words::strange("count of an exception"))?;
    Ok(Exception {
        number: ExceptionNumber(row.get(0)?),
        is: NewException {
            kind: kind.ok_or_else(|| words::strange("kind of exception"))?,
            what: row.get::<_, String>(2)?.into(),
            connector: row.get::<_, Option<i64>>(3)?.map(ConnectorNumber),
            policy: row.get::<_, Option<String>>(4)?.map(Into::into),
            content: row.get(5)?,
            excused,
            reason: words::opened(seal, &row.get::<_, Vec<u8>>(7)?)?.into(),
            by: row.get::<_, String>(8)?.into(),
            until: Moment::from_millis(row.get(9)?),
        },
        made: Moment::from_millis(row.get(10)?),
        ended: row.get::<_, Option<i64>>(11)?.map(Moment::from_millis),
    })
}

impl Exceptions for Sqlite {
    fn add_exception(&self, new: &NewException, entry: &Entry) -> Result<ExceptionNumber, Error> {
        let (new, entry) = (new.clone(), entry.clone());
        self.write_at(Haste::Live, "make an exception", move |desk| {
            let number = add_in(desk, &new)?;
            audit::append(desk.tx, desk.now, entry)?;
            Ok(number)
        })
    }

    fn end_exception(&self, number: ExceptionNumber, entry: &Entry) -> Result<bool, Error> {
        let entry = entry.clone();
        self.write_at(Haste::Live, "end an exception", move |desk| {
            let sql = "UPDATE exception SET ended = ?2 WHERE number = ?1 AND ended IS NULL AND until > ?2";
            let ended = desk.tx.prepare_cached(sql)?.execute((number.0, desk.now.as_millis()))? == 1;
            if ended {
                audit::append(desk.tx, desk.now, entry)?;
            }
            Ok(ended)
        })
    }

    fn exceptions(&self, at: Option<Moment>) -> Result<Vec<Exception>, Error> {
        self.read("read exceptions", |tx| {
            let sql = "SELECT number, kind, what, connector, policy, content, excused, reason, made_by, until, made, ended \
                       FROM exception WHERE ?1 IS NULL OR (made <= ?1 AND until > ?1 AND (ended IS NULL OR ended > ?1)) \
                       ORDER BY number";
            let mut statement = tx.prepare_cached(sql)?;
            let mut rows = statement.query([at.map(Moment::as_millis)])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(exception_of(self.seal(), row)?);
            }
            Ok(all)
        })
    }
}
