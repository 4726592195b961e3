//! `Connectors` in SQLite, and the numbers of principals.

use super::writer::Haste;
use super::{Desk, Failed, Sqlite, queue};
use crate::clock::Moment;
use crate::model::{ConnectorName, ConnectorNumber, FeedCursor, Principal, Provider};
use crate::store::Error;
use crate::store::connectors::{Connector, ConnectorState, Connectors};
use crate::store::error::Kind;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use rusqlite::{Connection, OptionalExtension, Row};

/// The longest fact, in bytes.
const FACT_BYTES_MAX: usize = 64 << 10;

const COLUMNS: &str = "number, name, provider, state, since, tenant, granted";

/// Keeps one position.
pub(super) fn keep_cursor_in(desk: &Desk<'_>, of: ConnectorNumber, cursor: &FeedCursor) -> Result<(), Failed> {
    let principal = principal_number(desk.tx, of, &cursor.read_as)?;
    let sql = "INSERT INTO feed_cursor (connector, feed, principal, position) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (connector, feed) DO UPDATE SET principal = excluded.principal, position = excluded.position";
    desk.tx.prepare_cached(sql)?.execute((of.0, &*cursor.feed, principal, &*cursor.position))?;
    Ok(())
}

/// The number of a principal; made when there is none.
pub(super) fn principal_number(tx: &Connection, of: ConnectorNumber, who: &Principal) -> Result<i64, Failed> {
    if let Some(number) = known_principal(tx, of, who)? {
        return Ok(number);
    }
    let sql = "INSERT INTO principal (connector, kind, id) VALUES (?1, ?2, ?3) RETURNING number";
    Ok(tx.prepare_cached(sql)?.query_row((of.0, kind_of(who), who.id().unwrap_or_default()), |row| row.get(0))?)
}

/// The number of a principal, if it has one.
pub(super) fn known_principal(tx: &Connection, of: ConnectorNumber, who: &Principal) -> Result<Option<i64>, Failed> {
    let sql = "SELECT number FROM principal WHERE connector = ?1 AND kind = ?2 AND id = ?3";
    let id = who.id().unwrap_or_default();
    Ok(tx.prepare_cached(sql)?.query_row((of.0, kind_of(who), id), |row| row.get(0)).optional()?)
}

fn kind_of(who: &Principal) -> i64 {
    match who {
        Principal::Tenant => 0,
        Principal::Person(_) => 1,
        Principal::Admin(_) => 2,
    }
}

/// A principal from two columns, its kind and its id.
pub(super) fn principal_of(row: &Row<'_>, kind: &str, id: &str) -> Result<Principal, Failed> {
    let id = || row.get::<_, String>(id).map(Into::into);
    Ok(match row.get::<_, i64>(kind)? {
        0 => Principal::Tenant,
        1 => Principal::Person(id()?),
        2 => Principal::Admin(id()?),
        _ => return Err(Kind::Failed("a principal of an unknown kind".into()).into()),
    })
}

/// The provider of a connector; refused when there is none of that number.
pub(super) fn provider(tx: &Connection, of: ConnectorNumber) -> Result<Provider, Failed> {
    let sql = "SELECT provider FROM connector WHERE number = ?1";
    let provider: Option<i64> = tx.prepare_cached(sql)?.query_row([of.0], |row| row.get(0)).optional()?;
    provider.map_or_else(|| Err(unknown()), provider_of)
}

/// The enabled ones among these connectors.
pub(super) fn enabled(tx: &Connection, among: &[ConnectorNumber]) -> Result<Vec<ConnectorNumber>, Failed> {
    let mut statement = tx.prepare_cached("SELECT number FROM connector WHERE state = 0 ORDER BY number")?;
    let all = statement.query_map([], |row| row.get(0).map(ConnectorNumber))?.collect::<Result<Vec<_>, _>>()?;
    Ok(all.into_iter().filter(|number| among.contains(number)).collect())
}

fn unknown() -> Failed {
    Kind::Refused("there is no connector of that number".into()).into()
}

fn provider_number(provider: Provider) -> i64 {
    match provider {
        Provider::Box => 0,
        Provider::Dropbox => 1,
    }
}

fn provider_of(number: i64) -> Result<Provider, Failed> {
    let found = Provider::ALL.into_iter().find(|provider| provider_number(*provider) == number);
    found.ok_or_else(|| Kind::Failed("a connector of an unknown provider".into()).into())
}

fn state_number(state: ConnectorState) -> i64 {
    match state {
        ConnectorState::Enabled => 0,
        ConnectorState::Disabled => 1,
        ConnectorState::Broken => 2,
        ConnectorState::Removed => 3,
    }
}

fn state_of(number: i64) -> ConnectorState {
    match number {
        0 => ConnectorState::Enabled,
        2 => ConnectorState::Broken,
        3 => ConnectorState::Removed,
        // What a newer program may add works no more here.
        _ => ConnectorState::Disabled,
    }
}

fn connector_of(row: &Row<'_>) -> Result<Connector, Failed> {
    let name: String = row.get("name")?;
    Ok(Connector {
        number: ConnectorNumber(row.get("number")?),
        name: name.parse().map_err(|_| Kind::Failed("a connector's name is none".into()))?,
        provider: provider_of(row.get("provider")?)?,
        state: state_of(row.get("state")?),
        since: Moment::from_millis(row.get("since")?),
        tenant: row.get("tenant")?,
        granted: row.get("granted")?,
    })
}

/// The connector of that name that is not removed.
fn named(tx: &Connection, name: &str) -> Result<Option<Connector>, Failed> {
    let sql = format!("SELECT {COLUMNS} FROM connector WHERE name = ?1 AND state <> 3");
    let mut statement = tx.prepare_cached(&sql)?;
    let mut rows = statement.query([name])?;
    rows.next()?.map(connector_of).transpose()
}

fn make_connector(desk: &Desk<'_>, name: &ConnectorName, provider: Provider) -> Result<Connector, Failed> {
    if let Some(known) = named(desk.tx, name.as_str())? {
        if known.provider != provider {
            return Err(Kind::Refused(format!("the connector {name} is one of {}", known.provider)).into());
        }
        return Ok(known);
    }
    let sql = "INSERT INTO connector (name, provider, state, since) VALUES (?1, ?2, 0, ?3)";
    desk.tx.execute(sql, (name.as_str(), provider_number(provider), desk.now.as_millis()))?;
    named(desk.tx, name.as_str())?.ok_or_else(unknown)
}

fn keep_granted(tx: &Connection, of: ConnectorNumber, granted: &str, tenant: &str) -> Result<(), Failed> {
    let sql = "UPDATE connector SET granted = ?2, tenant = ?3 WHERE number = ?1 AND COALESCE(tenant, ?3) = ?3";
    if tx.execute(sql, (of.0, granted, tenant))? == 1 {
        return Ok(());
    }
    provider(tx, of)?;
    Err(Kind::Refused("these credentials lead to another tenant than before: give it another name".into()).into())
}

/// The feeds' positions.
pub(super) fn cursors_in(tx: &Connection, of: ConnectorNumber) -> Result<Vec<FeedCursor>, Failed> {
    let sql = "SELECT f.feed, f.position, p.kind, p.id FROM feed_cursor f JOIN principal p \
               ON p.number = f.principal WHERE f.connector = ?1 ORDER BY f.feed";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([of.0])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let read_as = principal_of(row, "kind", "id")?;
        let text = |column: &str| row.get::<_, String>(column).map(Into::into);
        all.push(FeedCursor { feed: text("feed")?, read_as, position: text("position")? });
    }
    Ok(all)
}

impl Connectors for Sqlite {
    fn connector(&self, name: &ConnectorName, provider: Provider) -> Result<Connector, Error> {
        let doing = "look up a connector";
        let known = self.read(doing, |tx| named(tx, name.as_str()))?;
        if let Some(known) = known.filter(|known| known.provider == provider) {
            return Ok(known);
        }
        let name = name.clone();
        self.write_at(Haste::Live, doing, move |desk| make_connector(desk, &name, provider))
    }

    fn connectors(&self) -> Result<Vec<Connector>, Error> {
        self.read("list the connectors", |tx| {
            let sql = format!("SELECT {COLUMNS} FROM connector WHERE state <> 3 ORDER BY number");
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            let mut all = Vec::new();
            while let Some(row) = rows.next()? {
                all.push(connector_of(row)?);
            }
            Ok(all)
        })
    }

    fn set_connector_state(&self, of: ConnectorNumber, state: ConnectorState) -> Result<(), Error> {
        let leased = self.queue.leases();
        let ended = self.write_at(Haste::Live, "change a connector's state", move |desk| {
            let sql = "UPDATE connector SET state = ?2 WHERE number = ?1";
            if desk.tx.execute(sql, (of.0, state_number(state)))? == 0 {
                return Err(unknown());
            }
            if state == ConnectorState::Enabled { Ok(Vec::new()) } else { queue::return_leases(desk, of, &leased) }
        })?;
        ended.iter().for_each(|lease| self.lease_over(lease));
        Ok(())
    }

    fn keep_granted(&self, of: ConnectorNumber, granted: &str, tenant: &str) -> Result<(), Error> {
        let (granted, tenant) = (granted.to_owned(), tenant.to_owned());
        self.write(Haste::Live, "keep what was granted", move |tx| keep_granted(tx, of, &granted, &tenant))
    }

    fn cursors(&self, of: ConnectorNumber) -> Result<Vec<FeedCursor>, Error> {
        self.read("read the feeds' positions", |tx| cursors_in(tx, of))
    }

    fn keep_cursors(&self, of: ConnectorNumber, cursors: &[FeedCursor]) -> Result<(), Error> {
        let cursors = cursors.to_vec();
        self.write_at(Haste::Live, "keep the feeds' positions", move |desk| {
            provider(desk.tx, of)?;
            cursors.iter().try_for_each(|cursor| keep_cursor_in(desk, of, cursor))
        })
    }

    fn fact(&self, of: Option<ConnectorNumber>, name: &str) -> Result<Option<String>, Error> {
        self.read("read a fact", |tx| {
            let sql = "SELECT value FROM fact WHERE connector = ?1 AND name = ?2";
            let number = of.map_or(0, |of| of.0);
            let kept: Option<String> =
                tx.prepare_cached(sql)?.query_row((number, name), |row| row.get(0)).optional()?;
            let Some(sealed) = kept.as_deref().filter(|_| of.is_some()) else { return Ok(kept) };
            let bytes = BASE64.decode(sealed).map_err(|_| Kind::WrongKey)?;
            Ok(Some(self.seal().open(&bytes).map_err(|error| error.kind().clone())?))
        })
    }

    fn keep_fact(&self, of: Option<ConnectorNumber>, name: &str, value: Option<&str>) -> Result<(), Error> {
        let doing = "keep a fact";
        if value.is_some_and(|value| value.len() > FACT_BYTES_MAX) {
            return Err(Error::new(Kind::Refused(format!("{name} is longer than 64 KiB")), doing));
        }
        // What is kept of a tenant may name its folders, so it is sealed as names are.
        let value = match (of, value) {
            (Some(_), Some(value)) => Some(BASE64.encode(self.seal().seal(value)?)),
            (_, value) => value.map(str::to_owned),
        };
        let (of, name) = (of.map_or(0, |of| of.0), name.to_owned());
        self.write(Haste::Live, doing, move |tx| {
            match value {
                Some(value) => {
                    let sql = "INSERT INTO fact (connector, name, value) VALUES (?1, ?2, ?3) \
                               ON CONFLICT (connector, name) DO UPDATE SET value = excluded.value";
                    tx.prepare_cached(sql)?.execute((of, name, value))?;
                }
                None => {
                    tx.prepare_cached("DELETE FROM fact WHERE connector = ?1 AND name = ?2")?.execute((of, name))?;
                }
            }
            Ok(())
        })
    }
}
