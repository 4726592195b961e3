//! Who an item itself is open to: its members as last asked for, and its links as last told.
//!
//! A link has a teller: the listing, the answer about members, or each person who sees it. What one teller says anew replaces
//! what that one said before; the item's own links are all that any of them tells, each once.

use super::super::{Desk, Failed, people, queue, words};
use super::known::kind_number;
use crate::clock::Moment;
use crate::model::{
    Audience, ConnectorNumber, FoundLink, Item, ItemKind, ItemNumber, Lane, Link, Member, Members, Provider, Sharing,
    Side, Todo, Who,
};
use crate::store::SealKey;
use crate::store::queue::Ask;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// The listing, as a teller of links.
const LISTING: &str = "";
/// The answer about members.
const ASKED: &str = "?";

/// Replaces what an item's own members and links are; true when that changed anything.
pub(in super::super) fn keep_sharing_in(desk: &Desk<'_>, item: ItemNumber, sharing: &Sharing) -> Result<bool, Failed> {
    let sql = "SELECT connector, id FROM item WHERE number = ?1";
    let known: Option<(i64, String)> =
        desk.tx.prepare_cached(sql)?.query_row([item.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((of, id)) = known else { return Ok(false) };
    let of = ConnectorNumber(of);
    let before = read(desk.tx, desk.seal, item)?;
    let links = sharing.links.iter().collect::<Vec<_>>();
    replace_links(desk, of, item, &id, ASKED, &links)?;
    write_members(desk, item, sharing)?;
    let after = read(desk.tx, desk.seal, item)?;
    people::rest(desk.tx, of, item, after.as_ref().unwrap_or(sharing))?;
    Ok(before != after)
}

/// An item that had members of its own has none any more; true when some had been told.
pub(super) fn nobody_any_more(desk: &Desk<'_>, of: ConnectorNumber, item: ItemNumber) -> Result<bool, Failed> {
    if desk.tx.prepare_cached("DELETE FROM sharing WHERE item = ?1")?.execute([item.0])? == 0 {
        return Ok(false);
    }
    replace_links(desk, of, item, "", ASKED, &[])?;
    people::rest(desk.tx, of, item, &Sharing::default())?;
    Ok(true)
}

/// Keeps the link that the listing tells; true when it is another than before.
pub(super) fn keep_listed_link(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    item: ItemNumber,
    told: &Item,
) -> Result<bool, Failed> {
    let link: Vec<&Link> = told.link.iter().collect();
    replace_links(desk, of, item, &told.id, LISTING, &link)
}

/// The link that the listing told.
pub(super) fn listed_link(tx: &Connection, seal: &SealKey, item: ItemNumber) -> Result<Option<Link>, Failed> {
    let sql = "SELECT audience, password, expires, download, url FROM link WHERE item = ?1 AND teller = '' LIMIT 1";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([item.0])?;
    rows.next()?.map(|row| link_of(row, seal)).transpose()
}

/// Links that lead to an item which was not known when they were told lead to it now; true when there are some.
pub(super) fn place_links(desk: &Desk<'_>, of: ConnectorNumber, item: ItemNumber, id: &str) -> Result<bool, Failed> {
    let sql = "UPDATE link SET item = ?1 WHERE connector = ?2 AND item_id = ?3 AND item IS NULL";
    Ok(desk.tx.prepare_cached(sql)?.execute((item.0, of.0, id))? > 0)
}

/// An item's own sharing; `None` when it was never told. Members that were never asked for, where there are some, are hidden:
/// not knowing them is not the same as there being none.
pub(in super::super) fn read(tx: &Connection, seal: &SealKey, item: ItemNumber) -> Result<Option<Sharing>, Failed> {
    // A shared folder of Dropbox is a namespace whose top has the members; the folder is only where it is mounted.
    let sql = "SELECT i.stub, i.kind, i.has_members AND NOT (c.provider = ?2 AND i.kind = ?3), i.outside_owner, \
               s.state, s.members, s.outside_owner, s.whole_company FROM item i JOIN connector c ON c.number = i.connector \
               LEFT JOIN sharing s ON s.item = i.number WHERE i.number = ?1";
    let mut statement = tx.prepare_cached(sql)?;
    let bounds = (item.0, Provider::Dropbox as i64, kind_number(ItemKind::Folder));
    let mut rows = statement.query(bounds)?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let (stub, kind, has_members): (bool, i64, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let state: Option<i64> = row.get(4)?;
    let links = links(tx, seal, item)?;
    if state.is_none() && stub && links.is_empty() && !(kind == super::TOP && has_members) {
        return Ok(None);
    }
    let members = match (state, row.get::<_, Option<String>>(5)?) {
        (Some(0), _) => Members::None,
        (Some(1), Some(told)) => members_of(&told)?,
        (None, _) if !has_members => Members::None,
        _ => Members::Hidden,
    };
    let told = |at: usize| row.get::<_, Option<bool>>(at).map(|told| told.unwrap_or(false));
    let outside_owner = row.get::<_, bool>(3)? || told(6)?;
    Ok(Some(Sharing { links, members, outside_owner, whole_company: told(7)? }))
}

/// An item's links, each once, the listing's first.
fn links(tx: &Connection, seal: &SealKey, item: ItemNumber) -> Result<Vec<Link>, Failed> {
    let sql =
        "SELECT audience, password, expires, download, url, facts FROM link WHERE item = ?1 ORDER BY teller, number";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([item.0])?;
    let (mut met, mut all) = (HashSet::new(), Vec::new());
    while let Some(row) = rows.next()? {
        if met.insert(row.get::<_, i64>(5)?) {
            all.push(link_of(row, seal)?);
        }
    }
    Ok(all)
}

/// Replaces the links of one item that one teller told; true when the item's own links are others now.
fn replace_links(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    item: ItemNumber,
    id: &str,
    teller: &str,
    links: &[&Link],
) -> Result<bool, Failed> {
    let sql = "SELECT number, facts FROM link WHERE item = ?1 AND teller = ?2";
    let mut statement = desk.tx.prepare_cached(sql)?;
    let known: Vec<(i64, i64)> =
        statement.query_map((item.0, teller), |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    let told: HashMap<i64, &Link> = links.iter().map(|link| (facts_of(desk.seal, link), *link)).collect();
    let mut changed = false;
    for (number, facts) in &known {
        if !told.contains_key(facts) {
            desk.tx.prepare_cached("DELETE FROM link WHERE number = ?1")?.execute([number])?;
            changed |= !is_told(desk.tx, item, *facts)?;
        }
    }
    for (facts, link) in told {
        if known.iter().all(|(_, known)| *known != facts) {
            changed |= !is_told(desk.tx, item, facts)?;
            write_link(desk, of, Some(item), id, teller, link, facts)?;
        }
    }
    Ok(changed)
}

/// True when some teller tells this link of the item.
fn is_told(tx: &Connection, item: ItemNumber, facts: i64) -> Result<bool, Failed> {
    let sql = "SELECT 1 FROM link WHERE item = ?1 AND facts = ?2 LIMIT 1";
    Ok(tx.prepare_cached(sql)?.query_row((item.0, facts), |_| Ok(())).optional()?.is_some())
}

fn write_link(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    item: Option<ItemNumber>,
    id: &str,
    teller: &str,
    link: &Link,
    facts: i64,
) -> Result<(), Failed> {
    let sql = "INSERT INTO link (connector, item, item_id, teller, audience, password, expires, download, url, facts) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let url = link.url.as_deref().map(|url| desk.seal.seal(url)).transpose().map_err(|error| error.kind().clone())?;
    desk.tx.prepare_cached(sql)?.execute(params![
        of.0,
        item.map(|item| item.0),
        id,
        teller,
        audience_number(link.audience),
        link.password,
        link.expires.map(Moment::as_millis),
        link.download,
        url,
        facts,
    ])?;
    Ok(())
}

/// A keyed hash over all of a link.
fn facts_of(seal: &SealKey, link: &Link) -> i64 {
    let url = link.url.as_deref().unwrap_or_default();
    let (expires, password, download) = (link.expires.map(Moment::as_millis), link.password, link.download);
    seal.index(&format!("link\0{:?}\0{password}\0{expires:?}\0{download:?}\0{url}", link.audience))
}

fn link_of(row: &Row<'_>, seal: &SealKey) -> Result<Link, Failed> {
    let url = row.get::<_, Option<Vec<u8>>>(4)?;
    let url = url.map(|sealed| seal.open(&sealed)).transpose().map_err(|error| error.kind().clone())?;
    Ok(Link {
        audience: audience_of(row.get(0)?),
        password: row.get(1)?,
        expires: row.get::<_, Option<i64>>(2)?.map(Moment::from_millis),
        download: row.get(3)?,
        url: url.map(Into::into),
    })
}

fn audience_number(audience: Audience) -> i64 {
    match audience {
        Audience::Public => 0,
        Audience::Company => 1,
        Audience::Members => 2,
        Audience::Unknown => 3,
    }
}

fn audience_of(number: i64) -> Audience {
    match number {
        0 => Audience::Public,
        1 => Audience::Company,
        2 => Audience::Members,
        _ => Audience::Unknown,
    }
}

// --- the links one person sees ---

/// A link of one person as it is stored.
struct Seen {
    number: i64,
    item: Option<i64>,
    item_id: String,
    facts: i64,
}

/// Replaces the links that one person can see; the items whose own links changed.
pub(super) fn keep_links(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    person: &str,
    links: &[FoundLink],
    lane: Lane,
) -> Result<Vec<ItemNumber>, Failed> {
    let sql = "SELECT number, item, item_id, facts FROM link WHERE connector = ?1 AND teller = ?2";
    let read =
        |row: &Row<'_>| Ok(Seen { number: row.get(0)?, item: row.get(1)?, item_id: row.get(2)?, facts: row.get(3)? });
    let known: Vec<Seen> = desk.tx.prepare_cached(sql)?.query_map((of.0, person), read)?.collect::<Result<_, _>>()?;
    let told: HashMap<(Arc<str>, i64), &FoundLink> =
        links.iter().map(|found| ((Arc::clone(&found.item), facts_of(desk.seal, &found.link)), found)).collect();
    let mut kept = HashSet::new();
    let mut changed = BTreeSet::new();
    for seen in known {
        let key = (Arc::from(seen.item_id), seen.facts);
        if told.contains_key(&key) && kept.insert(key) {
            continue;
        }
        desk.tx.prepare_cached("DELETE FROM link WHERE number = ?1")?.execute([seen.number])?;
        if let Some(item) = seen.item.map(ItemNumber)
            && !is_told(desk.tx, item, seen.facts)?
        {
            changed.insert(item);
        }
    }
    for ((id, facts), found) in told {
        if kept.contains(&(Arc::clone(&id), facts)) {
            continue;
        }
        let item = linked_item(desk.tx, of, &id)?;
        if let Some(item) = item
            && !is_told(desk.tx, item, facts)?
        {
            changed.insert(item);
        }
        write_link(desk, of, item, &id, person, &found.link, facts)?;
    }
    let changed: Vec<ItemNumber> = changed.into_iter().collect();
    changed.iter().try_for_each(|item| ask_exposure(desk, *item, lane))?;
    Ok(changed)
}

/// The item a link leads to: a file or a folder.
fn linked_item(tx: &Connection, of: ConnectorNumber, id: &str) -> Result<Option<ItemNumber>, Failed> {
    match super::find_in(tx, of, ItemKind::File, id)? {
        Some(file) => Ok(Some(file)),
        None => super::find_in(tx, of, ItemKind::Folder, id),
    }
}

/// An item's exposure must be told again, and that of all below a folder.
fn ask_exposure(desk: &Desk<'_>, item: ItemNumber, lane: Lane) -> Result<(), Failed> {
    let kind: i64 =
        desk.tx.prepare_cached("SELECT kind FROM item WHERE number = ?1")?.query_row([item.0], |row| row.get(0))?;
    let is_folder = kind == kind_number(ItemKind::Folder) || kind == super::TOP;
    let todo = if is_folder { Todo::EXPOSURE.and(Todo::BELOW) } else { Todo::EXPOSURE };
    queue::ask_in(desk, &Ask { item, lane, todo, priority: 0, offered: None, happened: None }).map(drop)
}

// --- members ---

/// A member as it is stored.
#[derive(Serialize, Deserialize)]
struct Told {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Arc<str>>,
    who: ToldWho,
    role: Arc<str>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pending: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    inherited_from: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
}

/// Who a member is, as it is stored; a side is true for inside.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ToldWho {
    Person {
        #[serde(skip_serializing_if = "Option::is_none")]
        account: Option<Arc<str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        login: Option<Arc<str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        inside: Option<bool>,
    },
    Group {
        id: Arc<str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        inside: Option<bool>,
    },
    Invited(Arc<str>),
    Unauthenticated,
}

fn write_members(desk: &Desk<'_>, item: ItemNumber, sharing: &Sharing) -> Result<(), Failed> {
    let (state, members) = match &sharing.members {
        Members::None => (0, None),
        Members::Known(members) => {
            let told: Vec<Told> = members.iter().map(told_of).collect();
            (1, Some(serde_json::to_string(&told).map_err(|_| words::strange("member"))?))
        }
        Members::Hidden => (2, None),
    };
    let sql = "INSERT INTO sharing (item, state, members, outside_owner, whole_company, told) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
               ON CONFLICT (item) DO UPDATE SET state = excluded.state, members = excluded.members, \
               outside_owner = excluded.outside_owner, whole_company = excluded.whole_company, told = excluded.told";
    let row = params![item.0, state, members, sharing.outside_owner, sharing.whole_company, desk.now.as_millis(),];
    desk.tx.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

fn members_of(told: &str) -> Result<Members, Failed> {
    let told: Vec<Told> = serde_json::from_str(told).map_err(|_| words::strange("member"))?;
    Ok(Members::Known(told.into_iter().map(member_of).collect()))
}

fn told_of(member: &Member) -> Told {
    let inside = |side: Option<Side>| side.map(|side| side == Side::Internal);
    let who = match &member.who {
        Who::Person { account, login, side } => {
            ToldWho::Person { account: account.clone(), login: login.clone(), inside: inside(*side) }
        }
        Who::Group { id, side } => ToldWho::Group { id: Arc::clone(id), inside: inside(*side) },
        Who::Invited { login } => ToldWho::Invited(Arc::clone(login)),
        Who::Unauthenticated => ToldWho::Unauthenticated,
    };
    Told {
        id: member.id.clone(),
        who,
        role: Arc::clone(&member.role),
        pending: member.pending,
        inherited_from: member.inherited_from.clone(),
        expires: member.expires.map(Moment::as_millis),
    }
}

fn member_of(told: Told) -> Member {
    let side = |inside: Option<bool>| inside.map(|inside| if inside { Side::Internal } else { Side::External });
    let who = match told.who {
        ToldWho::Person { account, login, inside } => Who::Person { account, login, side: side(inside) },
        ToldWho::Group { id, inside } => Who::Group { id, side: side(inside) },
        ToldWho::Invited(login) => Who::Invited { login },
        ToldWho::Unauthenticated => Who::Unauthenticated,
    };
    Member {
        id: told.id,
        who,
        role: told.role,
        pending: told.pending,
        inherited_from: told.inherited_from,
        expires: told.expires.map(Moment::from_millis),
    }
}
