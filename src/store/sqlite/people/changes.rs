//! Keeps a list of people: compares it with the one before, writes what differs, and tells whose change can change exposure.

use super::{domains, groups, of_role, of_side, of_status, people};
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Group, Person, Status};
use crate::store::people::{PeopleChanges, PeopleTaken};
use crate::store::sqlite::Failed;
use rusqlite::{Connection, params};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Keeps the list, in place of the one before. The first one changes nothing: no exposure was told without a list.
pub(super) fn keep(
    c: &Connection,
    of: ConnectorNumber,
    taken: &PeopleTaken,
    now: Moment,
) -> Result<PeopleChanges, Failed> {
    let is_first = super::kept(c, of)?.is_none();
    let mut changes = PeopleChanges::default();
    keep_persons(c, of, taken.directory.people(), &mut changes)?;
    keep_groups(c, of, taken, &mut changes)?;
    keep_domains(c, of, taken, &mut changes)?;
    let mut statement = c.prepare_cached(
        "INSERT INTO people_list (connector, kept) VALUES (?1, ?2)
         ON CONFLICT (connector) DO UPDATE SET kept = excluded.kept",
    )?;
    statement.execute([of.0, now.as_millis()])?;
    Ok(if is_first { PeopleChanges { new: changes.new, ..PeopleChanges::default() } } else { changes })
}

fn keep_persons(
    c: &Connection,
    of: ConnectorNumber,
    told: &[Person],
    changes: &mut PeopleChanges,
) -> Result<(), Failed> {
    let known = people(c, of)?;
    let mut before: HashMap<&str, (i64, &Person)> =
        (0..).zip(&known).map(|(place, person)| (&*person.account, (place, person))).collect();
    for (place, person) in (0..).zip(told) {
        match before.remove(&*person.account) {
            Some((was_at, was)) => {
                if was != person || was_at != place {
                    write_person(c, of, person, place)?;
                }
                note_change(was, person, changes);
            }
            None => {
                write_person(c, of, person, place)?;
                changes.new += 1;
                note(person, changes);
            }
        }
    }
    // Whoever is missing has left; the row stays, after all that are there.
    let mut left: Vec<(i64, &Person)> = before.into_values().collect();
    left.sort_unstable_by_key(|(place, _)| *place);
    for (place, (was_at, was)) in (0_i64..).skip(told.len()).zip(left) {
        let person = Person { status: Status::Removed, ..was.clone() };
        if person != *was || was_at != place {
            write_person(c, of, &person, place)?;
        }
        note_change(was, &person, changes);
    }
    Ok(())
}

/// Side and status decide exposure; a new login does as well, since members are named by it.
fn note_change(was: &Person, is: &Person, changes: &mut PeopleChanges) {
    let renamed = !was.login.eq_ignore_ascii_case(&is.login);
    if renamed && !was.login.is_empty() {
        changes.logins.push(Arc::clone(&was.login));
    }
    if renamed || was.side != is.side || was.status != is.status {
        note(is, changes);
    }
}

fn note(person: &Person, changes: &mut PeopleChanges) {
    changes.people.push(Arc::clone(&person.account));
    if !person.login.is_empty() {
        changes.logins.push(Arc::clone(&person.login));
    }
}

/// Somebody who comes (back) to act has links that nobody told.
fn write_person(c: &Connection, of: ConnectorNumber, person: &Person, place: i64) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(
        "INSERT INTO person (connector, account, id, login, name, side, role, status, place, links_wanted)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1)
         ON CONFLICT (connector, account) DO UPDATE SET
             id = excluded.id, login = excluded.login, name = excluded.name, side = excluded.side,
             role = excluded.role, status = excluded.status, place = excluded.place,
             links_wanted = CASE WHEN person.status <> excluded.status THEN 1 ELSE person.links_wanted END",
    )?;
    statement.execute(params![
        of.0,
        &*person.account,
        &*person.id,
        &*person.login,
        &*person.name,
        of_side(person.side),
        of_role(person.role),
        of_status(person.status),
        place,
    ])?;
    Ok(())
}

fn sorted(group: &Group) -> Option<BTreeSet<&str>> {
    group.members.as_ref().map(|members| members.iter().map(|account| &**account).collect())
}

fn keep_groups(
    c: &Connection,
    of: ConnectorNumber,
    taken: &PeopleTaken,
    changes: &mut PeopleChanges,
) -> Result<(), Failed> {
    let mut before = groups(c, of)?;
    for group in taken.directory.groups() {
        let was = before.remove(&group.id);
        let same_members = was.as_ref().is_some_and(|was| sorted(was) == sorted(group));
        if !same_members {
            changes.groups.push(Arc::clone(&group.id));
            keep_members(c, of, was.as_ref(), group)?;
        }
        if !same_members || was.is_none_or(|was| was.name != group.name) {
            write_group(c, of, group)?;
        }
    }
    for id in before.into_keys() {
        for table in
            ["people_group_member WHERE connector = ?1 AND people_group", "people_group WHERE connector = ?1 AND id"]
        {
            c.prepare_cached(&format!("DELETE FROM {table} = ?2"))?.execute(params![of.0, &*id])?;
        }
        changes.groups.push(id);
    }
    changes.groups.sort_unstable();
    Ok(())
}

fn write_group(c: &Connection, of: ConnectorNumber, group: &Group) -> Result<(), Failed> {
    let mut statement = c.prepare_cached(
        "INSERT INTO people_group (connector, id, name, readable) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (connector, id) DO UPDATE SET name = excluded.name, readable = excluded.readable",
    )?;
    statement.execute(params![of.0, &*group.id, &*group.name, group.members.is_some()])?;
    Ok(())
}

/// Writes who came to a group and who left it.
fn keep_members(c: &Connection, of: ConnectorNumber, was: Option<&Group>, is: &Group) -> Result<(), Failed> {
    let before = was.and_then(sorted).unwrap_or_default();
    let after = sorted(is).unwrap_or_default();
    let mut leave = c.prepare_cached(
        "DELETE FROM people_group_member WHERE connector = ?1 AND people_group = ?2 AND account = ?3",
    )?;
    for account in before.difference(&after) {
        leave.execute(params![of.0, &*is.id, account])?;
    }
    let mut join =
        c.prepare_cached("INSERT INTO people_group_member (connector, people_group, account) VALUES (?1, ?2, ?3)")?;
    for account in after.difference(&before) {
        join.execute(params![of.0, &*is.id, account])?;
    }
    Ok(())
}

fn keep_domains(
    c: &Connection,
    of: ConnectorNumber,
    taken: &PeopleTaken,
    changes: &mut PeopleChanges,
) -> Result<(), Failed> {
    let before = domains(c, of)?;
    let after: BTreeSet<String> = taken.directory.domains().iter().cloned().collect();
    for domain in before.difference(&after) {
        c.execute("DELETE FROM people_domain WHERE connector = ?1 AND domain = ?2", params![of.0, domain])?;
    }
    for domain in after.difference(&before) {
        c.execute("INSERT INTO people_domain (connector, domain) VALUES (?1, ?2)", params![of.0, domain])?;
    }
    changes.domains = before.symmetric_difference(&after).map(|domain| domain.as_str().into()).collect();
    Ok(())
}
