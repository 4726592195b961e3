//! `People` in SQLite.
//!
//! A list of people is compared with the one that is kept, and only what differs is written: a pass over an unchanged tenant
//! of a hundred thousand people costs one reading.

mod changes;

use super::{Failed, Haste, Sqlite, words};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Directory, Group, ItemNumber, Members, Person, Role, Sharing, Side, Status, Who};
use crate::store::Error;
use crate::store::people::{Dependence, People, PeopleChanges, PeopleTaken};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

fn of_side(side: Side) -> &'static str {
    match side {
        Side::Internal => "internal",
        Side::External => "external",
    }
}

fn side(text: &str) -> Result<Side, Failed> {
    match text {
        "internal" => Ok(Side::Internal),
        "external" => Ok(Side::External),
        _ => Err(words::strange("side")),
    }
}

fn of_role(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::CoAdmin => "co_admin",
        Role::Member => "member",
        Role::Service => "service",
    }
}

fn role(text: &str) -> Result<Role, Failed> {
    match text {
        "admin" => Ok(Role::Admin),
        "co_admin" => Ok(Role::CoAdmin),
        "member" => Ok(Role::Member),
        "service" => Ok(Role::Service),
        _ => Err(words::strange("role")),
    }
}

fn of_status(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Inactive => "inactive",
        Status::Invited => "invited",
        Status::Removed => "removed",
    }
}

fn status(text: &str) -> Result<Status, Failed> {
    match text {
        "active" => Ok(Status::Active),
        "inactive" => Ok(Status::Inactive),
        "invited" => Ok(Status::Invited),
        "removed" => Ok(Status::Removed),
        _ => Err(words::strange("status")),
    }
}

const PERSON: &str = "SELECT account, id, login, name, side, role, status FROM person";

fn person(row: &Row<'_>) -> Result<Person, Failed> {
    let text = |column| row.get::<_, String>(column);
    Ok(Person {
        account: text(0)?.into(),
        id: text(1)?.into(),
        login: text(2)?.into(),
        name: text(3)?.into(),
        side: side(&text(4)?)?,
        role: role(&text(5)?)?,
        status: status(&text(6)?)?,
    })
}

fn people(c: &Connection, of: ConnectorNumber) -> Result<Vec<Person>, Failed> {
    let mut statement = c.prepare_cached(&format!("{PERSON} WHERE connector = ?1 ORDER BY place, account"))?;
    let mut rows = statement.query([of.0])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(person(row)?);
    }
    Ok(found)
}

fn groups(c: &Connection, of: ConnectorNumber) -> Result<HashMap<Arc<str>, Group>, Failed> {
    let mut groups = HashMap::new();
    let mut statement = c.prepare_cached("SELECT id, name, readable FROM people_group WHERE connector = ?1")?;
    let mut rows = statement.query([of.0])?;
    while let Some(row) = rows.next()? {
        let id: Arc<str> = row.get::<_, String>(0)?.into();
        let members = row.get::<_, bool>(2)?.then(Vec::new);
        groups.insert(Arc::clone(&id), Group { id, name: row.get::<_, String>(1)?.into(), members });
    }
    let mut statement = c.prepare_cached(
        "SELECT people_group, account FROM people_group_member WHERE connector = ?1 ORDER BY people_group, account",
    )?;
    let mut rows = statement.query([of.0])?;
    while let Some(row) = rows.next()? {
        let group = groups.get_mut(&*row.get::<_, String>(0)?);
        if let Some(members) = group.and_then(|group| group.members.as_mut()) {
            members.push(row.get::<_, String>(1)?.into());
        }
    }
    Ok(groups)
}

fn domains(c: &Connection, of: ConnectorNumber) -> Result<BTreeSet<String>, Failed> {
    let mut statement = c.prepare_cached("SELECT domain FROM people_domain WHERE connector = ?1")?;
    Ok(statement.query_map([of.0], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn kept(c: &Connection, of: ConnectorNumber) -> Result<Option<Moment>, Failed> {
    let mut statement = c.prepare_cached("SELECT kept FROM people_list WHERE connector = ?1")?;
    Ok(statement.query_row([of.0], |row| row.get(0).map(Moment::from_millis)).optional()?)
}

fn directory(c: &Connection, of: ConnectorNumber) -> Result<Option<Directory>, Failed> {
    if kept(c, of)?.is_none() {
        return Ok(None);
    }
    let mut directory = Directory::new(domains(c, of)?);
    people(c, of)?.into_iter().for_each(|person| directory.add(person));
    groups(c, of)?.into_values().for_each(|group| directory.add_group(group));
    Ok(Some(directory))
}

/// The domain of an address, in lower case.
fn domain_of(login: &str) -> Option<String> {
    login.rsplit_once('@').map(|(_, domain)| domain.to_lowercase()).filter(|domain| !domain.is_empty())
}

/// What a sharing rests on. Whether somebody is inside follows from account, login or domain, whichever is known first, so an
/// item rests on all three.
fn rests(sharing: &Sharing) -> BTreeSet<(&'static str, String)> {
    let mut rests = BTreeSet::new();
    let Members::Known(members) = &sharing.members else { return rests };
    let login_too = |rests: &mut BTreeSet<_>, login: &str| {
        rests.insert(("login", login.to_lowercase()));
        rests.extend(domain_of(login).map(|domain| ("domain", domain)));
    };
    for member in members {
        match &member.who {
            Who::Person { account, login, .. } => {
                rests.extend(account.iter().map(|account| ("account", account.to_string())));
                login.iter().for_each(|login| login_too(&mut rests, login));
            }
            Who::Group { id, .. } => drop(rests.insert(("group", id.to_string()))),
            Who::Invited { login } => login_too(&mut rests, login),
            Who::Unauthenticated => {}
        }
    }
    rests
}

/// Keeps what an item's own sharing rests on, in place of what it rested on before.
pub(super) fn rest(c: &Connection, of: ConnectorNumber, item: ItemNumber, sharing: &Sharing) -> Result<(), Failed> {
    c.prepare_cached("DELETE FROM rests_on WHERE item = ?1")?.execute([item.0])?;
    let mut statement =
        c.prepare_cached("INSERT INTO rests_on (connector, on_kind, on_what, item) VALUES (?1, ?2, ?3, ?4)")?;
    for (kind, what) in rests(sharing) {
        statement.execute(params![of.0, kind, what, item.0])?;
    }
    Ok(())
}

/// Notes that a person's links were told.
pub(super) fn links_told(c: &Connection, of: ConnectorNumber, person: &str) -> Result<(), Failed> {
    set_links_wanted(c, of, person, false)
}

fn set_links_wanted(c: &Connection, of: ConnectorNumber, person: &str, wanted: bool) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(
        "UPDATE person SET links_wanted = ?3 WHERE connector = ?1 AND (account = ?2 OR id = ?2) AND links_wanted <> ?3",
    )?;
    statement.execute(params![of.0, person, wanted])?;
    Ok(())
}

fn links_wanted(c: &Connection, of: ConnectorNumber, max: usize) -> Result<Vec<Person>, Failed> {
    let mut statement = c.prepare_cached(&format!(
        "{PERSON} WHERE connector = ?1 AND links_wanted = 1 AND side = 'internal' AND status = 'active'
         ORDER BY account LIMIT ?2"
    ))?;
    let mut rows = statement.query([of.0, words::limit(max)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(person(row)?);
    }
    Ok(found)
}

fn dependants(
    c: &Connection,
    of: ConnectorNumber,
    on: &Dependence,
    after: Option<ItemNumber>,
    max: usize,
) -> Result<Vec<ItemNumber>, Failed> {
    let (kind, what) = match on {
        Dependence::Account(account) => ("account", account.to_string()),
        Dependence::Login(login) => ("login", login.to_lowercase()),
        Dependence::Group(id) => ("group", id.to_string()),
        Dependence::Domain(domain) => ("domain", domain.to_lowercase()),
    };
    let mut statement = c.prepare_cached(
        "SELECT item FROM rests_on WHERE connector = ?1 AND on_kind = ?2 AND on_what = ?3 AND item > ?4
         ORDER BY item LIMIT ?5",
    )?;
    let after = after.map_or(0, |item| item.0);
    let rows = statement.query_map(params![of.0, kind, what, after, words::limit(max)], |row| row.get(0))?;
    Ok(rows.map(|item| item.map(ItemNumber)).collect::<Result<_, _>>()?)
}

impl People for Sqlite {
    fn keep_people(&self, of: ConnectorNumber, taken: &PeopleTaken) -> Result<PeopleChanges, Error> {
        let (now, taken) = (self.now(), taken.clone());
        self.write(Haste::Bulk, "keep the list of people", move |c| changes::keep(c, of, &taken, now))
    }

    fn directory(&self, of: ConnectorNumber) -> Result<Option<Directory>, Error> {
        self.read("read the list of people", |c| directory(c, of))
    }

    fn people_as_of(&self, of: ConnectorNumber) -> Result<Option<Moment>, Error> {
        self.read("read the age of the list of people", |c| kept(c, of))
    }

    fn links_wanted(&self, of: ConnectorNumber, max: usize) -> Result<Vec<Person>, Error> {
        self.read("read whose links are wanted", |c| links_wanted(c, of, max))
    }

    fn want_links(&self, of: ConnectorNumber, account: &str) -> Result<(), Error> {
        let account = account.to_owned();
        self.write(Haste::Live, "want a person's links", move |c| set_links_wanted(c, of, &account, true))
    }

    fn dependants(
        &self,
        of: ConnectorNumber,
        on: &Dependence,
        after: Option<ItemNumber>,
        max: usize,
    ) -> Result<Vec<ItemNumber>, Error> {
        self.read("read which items rest on somebody", |c| dependants(c, of, on, after, max))
    }
}
