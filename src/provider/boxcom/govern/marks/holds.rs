//! Legal holds and retention: what holds an item, and putting it under a hold.
//!
//! No route tells the holds of one item. So all policies and what they are put on are read once, kept for a few seconds, and
//! held against the item: itself, its versions, the folders above it, its owner; for a folder also what lies below. Whatever
//! cannot be read or is too much to compare counts as held.
//!
//! Source: Box API reference "List legal hold policy assignments", "List retention policy assignments", "List file version
//! retentions". A hold on a person is known by what the person owns; what a custodian merely worked on is not told.

use super::{At, by, came_of};
use crate::clock::Moment;
use crate::model::action::{Action, Block, Holds, ItemState, Target};
use crate::model::{ItemKind, Principal};
use crate::provider::boxcom::Tenant;
use crate::provider::boxcom::api::{Change, parse, request_id};
use crate::provider::boxcom::govern::places::{text, unread};
use crate::provider::boxcom::wire::{Listed, Paged};
use crate::provider::govern::{Applied, Asked};
use crate::provider::pages::Pages;
use crate::provider::{Error, Next};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long what is held is kept: long enough for the orders of one policy's finding, short beside a person who puts a hold.
const FRESH: Duration = Duration::from_secs(20);

/// Entries of a page: the most Box gives.
const LIMIT: &str = "1000";

/// What policies are put on, in all: beyond that nothing is compared, and everything counts as held.
const PUTS_MAX: usize = 50_000;

/// Held items whose place is asked for to tell whether they lie below one folder; one call each.
const BELOW_MAX: usize = 200;

const LIST: &str = "list legal holds and retention policies";

/// What is held, and when that was read.
pub(super) type Known = Mutex<Option<(Moment, Arc<Held>)>>;

/// All holds and retention policies of the company.
#[derive(Debug, Default)]
pub(super) struct Held {
    holds: Vec<Put>,
    retentions: Vec<Put>,
}

/// A policy put on something.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Put {
    policy: Arc<str>,
    on: On,
}

/// What a policy is put on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum On {
    File(Arc<str>),
    /// A version, with the assignment by which its file is found.
    Version {
        version: Arc<str>,
        assignment: Arc<str>,
    },
    Folder(Arc<str>),
    Person(Arc<str>),
    Everything,
    /// Of a kind that says nothing about a single item.
    Elsewhere,
}

/// An item to hold policies against.
struct Subject<'a> {
    at: At<'a>,
    item: &'a ItemState,
    /// Ids of the folders above, once asked; of a folder its own too.
    above: Option<BTreeSet<Arc<str>>>,
    /// Places that may still be asked for.
    asks: usize,
}

impl Tenant {
    /// Legal holds and retention of the item.
    pub(in super::super) fn holds_of(&self, asked: &Asked<'_>, item: &ItemState) -> Result<Holds, Error> {
        let (true, Target::Item(target)) = (self.holds, &asked.order.on) else {
            return Ok(Holds::Known { holds: Vec::new(), retentions: Vec::new() });
        };
        let at = At { kind: target.kind, id: &target.id };
        // What an order about holds itself reads is never an old answer.
        let anew = matches!(asked.order.action, Action::Hold { .. } | Action::EndHold { .. });
        match self.held(anew).and_then(|held| self.holding(&held, at, item)) {
            Ok(holds) => Ok(holds),
            Err(error) if matches!(error.next(), Next::Forbidden | Next::Gone | Next::Refused) => {
                Ok(Holds::Unreadable(error.said().into()))
            }
            Err(error) => Err(error),
        }
    }

    fn holding(&self, held: &Held, at: At<'_>, item: &ItemState) -> Result<Holds, Error> {
        let mut subject = Subject { at, item, above: None, asks: BELOW_MAX };
        let holds = self.holders(&held.holds, &mut subject)?;
        let mut retentions = self.holders(&held.retentions, &mut subject)?;
        if at.kind == ItemKind::File {
            retentions.extend(self.retained(at.id)?);
        }
        let list = |names: BTreeSet<Arc<str>>| names.into_iter().collect();
        Ok(Holds::Known { holds: list(holds), retentions: list(retentions) })
    }

    /// Names of the policies that hold it.
    fn holders(&self, puts: &[Put], subject: &mut Subject<'_>) -> Result<BTreeSet<Arc<str>>, Error> {
        let mut names = BTreeSet::new();
        for put in puts {
            if !names.contains(&put.policy) && self.is_held_by(&put.on, subject)? {
                names.insert(Arc::clone(&put.policy));
            }
        }
        Ok(names)
    }

    fn is_held_by(&self, on: &On, subject: &mut Subject<'_>) -> Result<bool, Error> {
        let is_folder = subject.at.kind == ItemKind::Folder;
        match on {
            On::Everything => Ok(true),
            On::Elsewhere => Ok(false),
            On::Person(id) => {
                Ok(subject.item.owner.as_ref().and_then(|owner| owner.account.as_ref()).is_none_or(|owner| owner == id))
            }
            On::File(id) if is_folder => self.lies_below("files", id, subject),
            On::File(id) => Ok(**id == *subject.at.id),
            On::Folder(id) => {
                let above = self.folders_above(subject)?.contains(id);
                Ok(above || (is_folder && self.lies_below("folders", id, subject)?))
            }
            On::Version { version, .. } if subject.item.version.as_ref() == Some(version) => Ok(true),
            On::Version { assignment, .. } => {
                for file in self.files_of(assignment)? {
                    let is_held =
                        if is_folder { self.lies_below("files", &file, subject)? } else { *file == *subject.at.id };
                    if is_held {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
        }
    }

    /// Ids of the folders above it, as who acts sees them: its owner sees all.
    fn folders_above<'s>(&self, subject: &'s mut Subject<'_>) -> Result<&'s BTreeSet<Arc<str>>, Error> {
        if subject.above.is_none() {
            let mut above = self.path_of(subject.at.route(), subject.at.id, by(subject.item))?;
            if subject.at.kind == ItemKind::Folder {
                above.insert(subject.at.id.into());
            }
            subject.above = Some(above);
        }
        Ok(subject.above.get_or_insert_default())
    }

    fn path_of(&self, route: &str, id: &str, by: &Principal) -> Result<BTreeSet<Arc<str>>, Error> {
        let doing = format!("read the path of {route}/{id}");
        let seen: Listed = self.look_up(&[route, id], &[("fields", "id,path_collection")], by, doing)?;
        let above = seen.path_collection.and_then(|above| above.entries).unwrap_or_default();
        Ok(above.into_iter().filter_map(|folder| folder.id).collect())
    }

    /// True for an item below the folder. All below a folder is its owner's, so what its owner does not see lies elsewhere.
    fn lies_below(&self, route: &str, id: &str, subject: &mut Subject<'_>) -> Result<bool, Error> {
        let Some(asks) = subject.asks.checked_sub(1) else { return Err(too_many()) };
        subject.asks = asks;
        match self.path_of(route, id, by(subject.item)) {
            Ok(above) => Ok(above.contains(subject.at.id)),
            Err(error) if matches!(error.next(), Next::Gone | Next::Forbidden) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Files whose versions an assignment holds.
    fn files_of(&self, assignment: &str) -> Result<BTreeSet<Arc<str>>, Error> {
        let mut files = BTreeSet::new();
        for route in ["files_on_hold", "file_versions_on_hold"] {
            let path = ["legal_hold_policy_assignments", assignment, route];
            files.extend(self.all_of(&path, &[])?.iter().filter_map(|file| text(&file["id"])));
        }
        Ok(files)
    }

    /// Names of the policies that retain versions of a file.
    fn retained(&self, file: &str) -> Result<BTreeSet<Arc<str>>, Error> {
        let all = self.all_of(&["file_version_retentions"], &[("file_id", file)])?;
        let name = |one: &Value| text(&one["winning_retention_policy"]["policy_name"]);
        Ok(all.iter().map(|one| name(one).unwrap_or_else(|| "retention".into())).collect())
    }

    /// All that is held, read anew when it is not fresh.
    fn held(&self, anew: bool) -> Result<Arc<Held>, Error> {
        let now = self.api.clock().now();
        let known = self.kept.holds.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, held)) = known.filter(|(at, _)| !anew && now.since(*at) < FRESH) {
            return Ok(held);
        }
        let held = Arc::new(Held { holds: self.legal_holds()?, retentions: self.retentions()? });
        *self.kept.holds.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&held)));
        Ok(held)
    }

    fn legal_holds(&self) -> Result<Vec<Put>, Error> {
        let mut puts = Vec::new();
        for policy in self.all_of(&["legal_hold_policies"], &[("fields", "policy_name,status")])? {
            let Some(id) = text(&policy["id"]).filter(|_| policy["status"].as_str() != Some("released")) else {
                continue;
            };
            let name = text(&policy["policy_name"]).unwrap_or_else(|| Arc::clone(&id));
            let query = [("policy_id", &*id), ("fields", "assigned_to,deleted_at")];
            let all = self.all_of(&["legal_hold_policy_assignments"], &query)?;
            puts.extend(all.iter().filter(|one| one["deleted_at"].is_null()).map(|one| put(&name, one)));
            bound(&puts)?;
        }
        Ok(puts)
    }

    fn retentions(&self) -> Result<Vec<Put>, Error> {
        let mut puts = Vec::new();
        for policy in self.all_of(&["retention_policies"], &[("fields", "policy_name,status")])? {
            // What a retired policy already retains is told file by file.
            let Some(id) = text(&policy["id"]).filter(|_| policy["status"].as_str() != Some("retired")) else {
                continue;
            };
            let name = text(&policy["policy_name"]).unwrap_or_else(|| Arc::clone(&id));
            let path = ["retention_policies", &*id, "assignments"];
            let all = self.all_of(&path, &[("fields", "assigned_to")])?;
            puts.extend(all.iter().map(|one| put(&name, one)));
            bound(&puts)?;
        }
        Ok(puts)
    }

    /// All entries of a list of the company's, as the connector's own account reads it.
    fn all_of(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Vec<Value>, Error> {
        let (mut all, mut pages, mut marker) = (Vec::new(), Pages::of(LIST), None::<Arc<str>>);
        loop {
            let mut query = query.to_vec();
            query.push(("limit", LIMIT));
            query.extend(marker.as_deref().map(|marker| ("marker", marker)));
            let page: Paged<Value> = self.look_up(path, &query, &Principal::Tenant, LIST)?;
            marker = page.onward();
            all.extend(page.entries);
            if all.len() > PUTS_MAX {
                return Err(too_many());
            }
            match &marker {
                Some(marker) => pages.on(marker)?,
                None => return Ok(all),
            };
        }
    }

    /// Puts the item under the hold of this name, which is made when there is none.
    pub(super) fn hold(&self, at: At<'_>, policy: &str) -> Applied {
        let (id, mut requests) = match self.policy(policy) {
            Ok(Some(id)) => (id, Vec::new()),
            Ok(None) => match self.make_policy(policy) {
                Ok(made) => made,
                Err(applied) => return applied,
            },
            Err(error) => return unread(error),
        };
        let body = json!({"policy_id": id, "assign_to": {"type": at.word(), "id": at.id}});
        match self.post(&["legal_hold_policy_assignments"], &body, &Principal::Tenant, at.doing("hold")) {
            // It is there: whether it can be read already is another matter.
            Err(error) if error.status() == Some(409) => Applied::Done(requests),
            held => match came_of(held) {
                Applied::Done(more) => {
                    requests.extend(more);
                    Applied::Done(requests)
                }
                applied => applied,
            },
        }
    }

    /// Makes a policy that goes on for what comes later. One that somebody made meanwhile is found when read again.
    fn make_policy(&self, name: &str) -> Result<(Arc<str>, Vec<Arc<str>>), Applied> {
        let body = json!({"policy_name": name, "is_ongoing": true});
        let doing = "make a legal hold";
        let reply = self.post(&["legal_hold_policies"], &body, &Principal::Tenant, doing.into());
        let reply = reply.map_err(|error| came_of(Err(error)))?;
        let made: Value = parse(&reply, doing).map_err(Applied::Unclear)?;
        let id = text(&made["id"]).ok_or(Applied::Moved)?;
        Ok((id, request_id(&reply).into_iter().collect()))
    }

    /// Takes the item itself out of the hold. What it is held by from above stays, and is named.
    pub(super) fn end_hold(&self, at: At<'_>, policy: &str) -> Applied {
        let found = self.policy(policy).and_then(|id| match id {
            Some(id) => self.assignment(&id, at),
            None => Ok(None),
        });
        match found {
            Ok(Some(id)) => {
                let path = ["legal_hold_policy_assignments", &*id];
                let doing = at.doing("end the hold of");
                came_of(self.api.change(&Change::of(Method::DELETE, &path, &Principal::Tenant, doing)))
            }
            Ok(None) => Applied::Blocked(Block::Hold(policy.into())),
            Err(error) => unread(error),
        }
    }

    fn policy(&self, name: &str) -> Result<Option<Arc<str>>, Error> {
        let query = [("policy_name", name), ("fields", "policy_name,status")];
        let all = self.all_of(&["legal_hold_policies"], &query)?;
        let is = |one: &&Value| {
            one["policy_name"].as_str() == Some(name)
                && !matches!(one["status"].as_str(), Some("released" | "releasing"))
        };
        Ok(all.iter().find(is).and_then(|one| text(&one["id"])))
    }

    fn assignment(&self, policy: &str, at: At<'_>) -> Result<Option<Arc<str>>, Error> {
        let query = [
            ("policy_id", policy),
            ("assign_to_type", at.word()),
            ("assign_to_id", at.id),
            ("fields", "assigned_to,deleted_at"),
        ];
        let all = self.all_of(&["legal_hold_policy_assignments"], &query)?;
        let is = |one: &&Value| {
            one["deleted_at"].is_null()
                && one["assigned_to"]["type"].as_str() == Some(at.word())
                && text(&one["assigned_to"]["id"]).as_deref() == Some(at.id)
        };
        Ok(all.iter().find(is).and_then(|one| text(&one["id"])))
    }
}

/// What an assignment is put on. One that cannot be read counts as put on everything.
fn put(policy: &Arc<str>, one: &Value) -> Put {
    let to = &one["assigned_to"];
    let (id, assignment) = (text(&to["id"]), text(&one["id"]));
    let on = match (to["type"].as_str(), id) {
        (Some("enterprise"), _) => On::Everything,
        (Some("file"), Some(id)) => On::File(id),
        (Some("folder"), Some(id)) => On::Folder(id),
        (Some("file_version"), Some(version)) => {
            assignment.map_or(On::Everything, |assignment| On::Version { version, assignment })
        }
        (Some("user" | "ownership" | "interactions"), Some(id)) => On::Person(id),
        // What it retains is told file by file.
        (Some("metadata_template"), _) => On::Elsewhere,
        _ => On::Everything,
    };
    Put { policy: Arc::clone(policy), on }
}

fn bound(puts: &[Put]) -> Result<(), Error> {
    if puts.len() > PUTS_MAX { Err(too_many()) } else { Ok(()) }
}

fn too_many() -> Error {
    Error::new(Next::Refused, LIST, "more is held than can be compared")
}
