//! `Activities` in SQLite.

use super::inventory::{self, ListedBy};
use super::{Desk, Failed, Haste, Sqlite, connectors, queue, words};
use crate::clock::Moment;
use crate::model::{Activity, ActivityKind, Actor, ConnectorNumber, ItemKind, ItemNumber, Lane, Subject, Todo, Walk};
use crate::store::Error;
use crate::store::activities::{Activities, ActivityQuery, ActivityRow, ChangesTaken, Promotion, TakenChanges};
use crate::store::queue::Ask;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use std::sync::Arc;

const KINDS: [ActivityKind; 13] = [
    ActivityKind::Upload,
    ActivityKind::Edit,
    ActivityKind::Copy,
    ActivityKind::Move,
    ActivityKind::Rename,
    ActivityKind::Restore,
    ActivityKind::Share,
    ActivityKind::People,
    ActivityKind::Label,
    ActivityKind::Delete,
    ActivityKind::View,
    ActivityKind::Login,
    ActivityKind::Other,
];

/// Takes in an answer of a feed: items told whole, then what is to be looked at, then the events, then the position.
fn take(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    changes: TakenChanges,
    watch: &inventory::Watch,
) -> Result<ChangesTaken, Failed> {
    let mut taken = ChangesTaken::default();
    for (walk, page) in changes.pages {
        inventory::take_page_in(desk, &fed(of, walk), &page, watch)?;
    }
    for promotion in &changes.promotions {
        promote(desk, of, promotion, changes.offered, &mut taken)?;
    }
    for activity in &changes.activities {
        taken.new += u64::from(keep(desk, of, activity)?);
    }
    if let Some(cursor) = &changes.cursor {
        connectors::keep_cursor_in(desk, of, cursor)?;
    }
    Ok(taken)
}

/// A page that a feed tells.
fn fed(of: ConnectorNumber, walk: Walk) -> inventory::Source {
    inventory::Source { of, walk, lane: Lane::Live, by: ListedBy::Feed }
}

/// Asks for what an event causes. An item that is not known is made known by its id, to be looked at.
fn promote(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    promotion: &Promotion,
    offered: Moment,
    taken: &mut ChangesTaken,
) -> Result<(), Failed> {
    let Promotion { id, kind, place, read_as, lane, todo, happened } = promotion;
    let (item, made) = match inventory::find_in(desk.tx, of, *kind, id)? {
        Some(item) => (item, false),
        None => inventory::stub(desk, of, *kind, id, place.as_deref(), read_as)?,
    };
    taken.stubs += u64::from(made);
    let todo = if made { todo.and(Todo::LOOK) } else { *todo };
    let ask = Ask { item, lane: *lane, todo, priority: 0, offered: Some(offered), happened: *happened };
    taken.jobs += u64::from(queue::ask_in(desk, &ask)?);
    Ok(())
}

/// Who did it, in columns: a word, account, login.
fn of_actor(actor: &Actor) -> (&'static str, Option<&str>, Option<&str>) {
    match actor {
        Actor::Person { account, login } => ("person", account.as_deref(), login.as_deref()),
        Actor::Unauthenticated => ("unauthenticated", None, None),
        Actor::Application => ("application", None, None),
        Actor::Unknown => ("unknown", None, None),
    }
}

/// Keeps an event; false when it is known already.
fn keep(desk: &Desk<'_>, of: ConnectorNumber, activity: &Activity) -> Result<bool, Failed> {
    let (actor, account, login) = of_actor(&activity.actor);
    let mut statement = desk.tx.prepare_cached(
        "INSERT INTO activity (connector, id, at, actor, account, login, person, kind, raw, address, taken)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (connector, id) DO NOTHING RETURNING number",
    )?;
    let number: Option<i64> = statement
        .query_row(
            params![
                of.0,
                &*activity.id,
                activity.at.map(Moment::as_millis),
                actor,
                account,
                login,
                login.map(str::to_lowercase),
                activity.kind.name(),
                &*activity.raw,
                activity.address.as_deref(),
                desk.now.as_millis(),
            ],
            |row| row.get(0),
        )
        .optional()?;
    let Some(number) = number else { return Ok(false) };
    let mut statement = desk.tx.prepare_cached(
        "INSERT INTO subject (activity, place, connector, id, kind, name, lies_in, version, owner)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    for (place, subject) in (0_i64..).zip(&activity.subjects) {
        statement.execute(params![
            number,
            place,
            of.0,
            subject.id.as_deref(),
            subject.kind.map(words::of_kind),
            subject.name.as_deref(),
            subject.place.as_deref(),
            subject.version.as_deref(),
            subject.owner.as_deref(),
        ])?;
    }
    Ok(true)
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Arc<str>>> {
    Ok(row.get::<_, Option<String>>(column)?.map(Into::into))
}

fn actor(word: &str, account: Option<Arc<str>>, login: Option<Arc<str>>) -> Result<Actor, Failed> {
    match word {
        "person" => Ok(Actor::Person { account, login }),
        "unauthenticated" => Ok(Actor::Unauthenticated),
        "application" => Ok(Actor::Application),
        "unknown" => Ok(Actor::Unknown),
        _ => Err(words::strange("actor")),
    }
}

fn activity(c: &Connection, row: &Row<'_>) -> Result<ActivityRow, Failed> {
    let (number, connector) = (row.get(0)?, ConnectorNumber(row.get(1)?));
    let kind: String = row.get(7)?;
    let subjects = subjects(c, number)?;
    let known = |subject: &Subject| item_of(c, connector, subject);
    Ok(ActivityRow {
        number,
        connector,
        items: subjects.iter().map(known).collect::<Result<_, _>>()?,
        activity: Activity {
            id: row.get::<_, String>(2)?.into(),
            at: row.get::<_, Option<i64>>(3)?.map(Moment::from_millis),
            actor: actor(&row.get::<_, String>(4)?, text(row, 5)?, text(row, 6)?)?,
            kind: KINDS.into_iter().find(|one| one.name() == kind).ok_or_else(|| words::strange("activity"))?,
            raw: row.get::<_, String>(8)?.into(),
            subjects,
            address: text(row, 9)?,
        },
        taken: Moment::from_millis(row.get(10)?),
    })
}

fn subjects(c: &Connection, activity: i64) -> Result<Vec<Subject>, Failed> {
    let mut statement = c.prepare_cached(
        "SELECT id, kind, name, lies_in, version, owner FROM subject WHERE activity = ?1 ORDER BY place",
    )?;
    let mut rows = statement.query([activity])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let kind: Option<String> = row.get(1)?;
        found.push(Subject {
            id: text(row, 0)?,
            kind: kind.as_deref().map(words::kind).transpose()?,
            name: text(row, 2)?,
            place: text(row, 3)?,
            version: text(row, 4)?,
            owner: text(row, 5)?,
        });
    }
    Ok(found)
}

/// The item a subject names now. Looked up when it is read, since an item may become known after the event.
fn item_of(c: &Connection, of: ConnectorNumber, subject: &Subject) -> Result<Option<ItemNumber>, Failed> {
    let Some(id) = &subject.id else { return Ok(None) };
    let kinds: &[ItemKind] = match &subject.kind {
        Some(kind) => std::slice::from_ref(kind),
        None => &[ItemKind::File, ItemKind::Folder, ItemKind::WebLink],
    };
    for kind in kinds {
        if let Some(item) = inventory::find_in(c, of, *kind, id)? {
            return Ok(Some(item));
        }
    }
    Ok(None)
}

const COLUMNS: &str = "activity.number, activity.connector, activity.id, activity.at, activity.actor, \
    activity.account, activity.login, activity.kind, activity.raw, activity.address, activity.taken";

/// Whose an item is, its kind as events name it, and the provider's id.
fn name_of(c: &Connection, item: ItemNumber) -> Result<Option<(i64, String, String)>, Failed> {
    let mut statement = c.prepare_cached(
        "SELECT standing.connector, standing.kind, item.id FROM standing JOIN item ON item.number = standing.item
         WHERE standing.item = ?1",
    )?;
    Ok(statement.query_row([item.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?)
}

/// The conditions of a question and their values; `None` when nothing can answer it.
fn conditions(c: &Connection, query: &ActivityQuery) -> Result<Option<(String, Vec<Value>)>, Failed> {
    let (mut sql, mut values) = (String::from("1 = 1"), Vec::<Value>::new());
    let mut add = |condition: &str, value: Value| {
        values.push(value);
        sql.push_str(&format!(" {} ?{}", condition, values.len()));
    };
    if let Some(of) = query.connector {
        add("AND activity.connector =", of.0.into());
    }
    if let Some(kind) = query.kind {
        add("AND activity.kind =", kind.name().to_owned().into());
    }
    if let Some(since) = query.since {
        add("AND activity.at >=", since.as_millis().into());
    }
    if let Some(until) = query.until {
        add("AND activity.at <", until.as_millis().into());
    }
    if let Some(item) = query.item {
        let Some((of, kind, id)) = name_of(c, item)? else { return Ok(None) };
        add("AND subject.connector =", of.into());
        add("AND subject.id =", id.into());
        // An event that does not say which kind it means may mean this one.
        add("AND COALESCE(subject.kind,", kind.clone().into());
        add(") =", kind.into());
    }
    if let Some(person) = &query.person {
        add("AND (activity.account =", person.clone().into());
        add("OR activity.person =", person.to_lowercase().into());
        sql.push(')');
    }
    Ok(Some((sql, values)))
}

fn activities(
    c: &Connection,
    query: &ActivityQuery,
    before: Option<i64>,
    max: usize,
) -> Result<Vec<ActivityRow>, Failed> {
    let Some((conditions, mut values)) = conditions(c, query)? else { return Ok(Vec::new()) };
    values.extend([before.unwrap_or(i64::MAX).into(), words::limit(max).into()]);
    let (from, limit) = (values.len() - 1, values.len());
    // An item's events are found through what they are about; one may name it twice.
    let (distinct, table, key) = match query.item {
        Some(_) => ("DISTINCT", "JOIN subject ON subject.activity = activity.number", "subject.activity"),
        None => ("", "", "activity.number"),
    };
    let sql = format!(
        "SELECT {distinct} {COLUMNS} FROM activity {table} WHERE {key} < ?{from} AND {conditions}
         ORDER BY activity.number DESC LIMIT ?{limit}"
    );
    let mut statement = c.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(activity(c, row)?);
    }
    Ok(found)
}

fn newest(c: &Connection, of: ConnectorNumber) -> Result<Option<Moment>, Failed> {
    let mut statement = c.prepare_cached("SELECT MAX(at) FROM activity WHERE connector = ?1")?;
    Ok(statement.query_row([of.0], |row| row.get::<_, Option<i64>>(0))?.map(Moment::from_millis))
}

/// Deletes at most `max` events that were taken in before a moment; how many went.
pub(super) fn forget(c: &Connection, before: Moment, max: usize) -> Result<usize, Failed> {
    let slice = "(SELECT number FROM activity WHERE taken < ?1 ORDER BY taken, number LIMIT ?2)";
    for (table, key) in [("subject", "activity"), ("activity", "number")] {
        let sql = format!("DELETE FROM {table} WHERE {key} IN {slice}");
        let gone = c.prepare_cached(&sql)?.execute(params![before.as_millis(), words::limit(max)])?;
        if table == "activity" {
            return Ok(gone);
        }
    }
    Ok(0)
}

impl Activities for Sqlite {
    fn take_changes(&self, of: ConnectorNumber, mut changes: TakenChanges) -> Result<ChangesTaken, Error> {
        // Pages up to the last long one go before, slice by slice; the position moves with the rest.
        let long = changes.pages.iter().rposition(|(_, page)| !inventory::is_one_slice(page)).map_or(0, |at| at + 1);
        for (walk, page) in changes.pages.drain(..long) {
            self.take_slices(fed(of, walk), page)?;
        }
        // Events of the past are as many as anybody likes, and nobody waits for them.
        let haste = if changes.cursor.is_some() { Haste::Live } else { Haste::Bulk };
        let watch = inventory::Watch { clock: self.clock().clone(), live: None };
        self.write_at(haste, "take in changes", move |desk| take(desk, of, changes, &watch))
    }

    fn activities(&self, query: &ActivityQuery, before: Option<i64>, max: usize) -> Result<Vec<ActivityRow>, Error> {
        self.read("read activities", |c| activities(c, query, before, max))
    }

    fn newest_activity(&self, of: ConnectorNumber) -> Result<Option<Moment>, Error> {
        self.read("read the newest activity", |c| newest(c, of))
    }
}
