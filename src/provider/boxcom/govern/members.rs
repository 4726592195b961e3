//! Members and invitations: read with those of the folders above, ended, changed, brought back.
//!
//! A file's list names what it has from above; a folder's list does not, so that the folders above are read too. An invitation
//! that waits for its answer names no item, and would pass for the file's own: it is looked for above as well, because ending
//! it ends it for everything in that folder.
//!
//! Source: Box API reference "List file collaborations", "List folder collaborations", "Create", "Update", "Remove
//! collaboration", "Update folder".

use super::super::Tenant;
use super::super::api::Change;
use super::Subject;
use crate::model::action::{Block, Invitations, ItemState, Step};
use crate::model::{ItemKind, Member, Members, Who};
use crate::provider::govern::Applied;
use crate::provider::http::{Payload, Urgency};
use crate::provider::{Error, Shared};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::sync::Arc;

impl Tenant {
    /// The members of an item, own and inherited. `above` are the folders above it.
    pub(super) fn members_state(&self, of: Subject<'_>, above: &[Arc<str>]) -> Result<Members, Error> {
        let own = match of.kind {
            ItemKind::WebLink => Members::None,
            kind => self.members_of(&shared(of.id, kind, of), Urgency::Act)?,
        };
        let mut members = match own {
            Members::Hidden => return Ok(Members::Hidden),
            Members::None => Vec::new(),
            Members::Known(members) => members,
        };
        let is_told = of.kind == ItemKind::File;
        let unplaced =
            |members: &[Member]| members.iter().any(|member| member.pending && member.inherited_from.is_none());
        for folder in above {
            if is_told && !unplaced(&members) {
                break;
            }
            // What whoever acts cannot see above is not above for the members that are seen.
            if let Members::Known(higher) = self.members_of(&shared(folder, ItemKind::Folder, of), Urgency::Act)? {
                place(&mut members, higher, folder, !is_told);
            }
        }
        // Whoever acts by a membership of their own loses it last.
        members.sort_by_key(|member| match &member.who {
            Who::Person { account: Some(account), .. } => of.by.id() == Some(&**account),
            _ => false,
        });
        Ok(if members.is_empty() { Members::None } else { Members::Known(members) })
    }

    /// Members without the service account where a folder above lets it in: it is let in there to move something back, for the
    /// length of the move, and its reaching the item says nothing of who else does.
    pub(super) fn without_ourselves(&self, members: Members) -> Result<Members, Error> {
        match members {
            Members::Known(known) if known.iter().any(is_let_in_above) => {
                let left = without(known, &self.own_account()?);
                Ok(if left.is_empty() { Members::None } else { Members::Known(left) })
            }
            members => Ok(members),
        }
    }

    /// Calls for a step of members.
    pub(super) fn apply_member(&self, of: Subject<'_>, step: &Step, now: &ItemState) -> Applied {
        match step {
            Step::EndMember { member } => self.end_member(of, member),
            Step::SetRole { role, .. } if &**role == "owner" => {
                Applied::Blocked(Block::NotOffered("a new owner is no change of role".into()))
            }
            Step::SetRole { member, role } => match member.id.as_deref() {
                Some(id) => {
                    let body = json!({ "role": &**role }).to_string();
                    let path = ["collaborations", id];
                    self.sent(&Change {
                        payload: Payload::Json(&body),
                        ..Change::of(Method::PUT, &path, of.by, format!("change a role at {of}"))
                    })
                }
                None => unnamed(),
            },
            Step::AddMember { member } => self.add_member(of, member, now.at),
            Step::SetInvitations { rules } => self.set_invitations(of, *rules, now),
            _ => super::not_ours(),
        }
    }

    /// Ends a membership.
    pub(super) fn end_member(&self, of: Subject<'_>, member: &Member) -> Applied {
        match member.id.as_deref() {
            Some(id) => {
                let path = ["collaborations", id];
                self.sent(&Change::of(Method::DELETE, &path, of.by, format!("end a membership of {of}")))
            }
            None => unnamed(),
        }
    }

    /// Makes somebody a member again, without a message to them.
    pub(super) fn add_member(&self, of: Subject<'_>, member: &Member, at: crate::clock::Moment) -> Applied {
        let body = match membership(of, member, at) {
            Ok(body) => body.to_string(),
            Err(block) => return Applied::Blocked(block),
        };
        self.sent(&Change {
            payload: Payload::Json(&body),
            query: &[("notify", "false")],
            ..Change::of(Method::POST, &["collaborations"], of.by, format!("bring back a member of {of}"))
        })
    }

    /// Sends only what differs: a rule that the company sets itself may not be sent at all.
    fn set_invitations(&self, of: Subject<'_>, rules: Invitations, now: &ItemState) -> Applied {
        let mut body = Map::new();
        if now.invitations.is_none_or(|now| now.outsiders != rules.outsiders) {
            body.insert("is_collaboration_restricted_to_enterprise".into(), (!rules.outsiders).into());
        }
        if now.invitations.is_none_or(|now| now.by_members != rules.by_members) {
            body.insert("can_non_owners_invite".into(), rules.by_members.into());
        }
        let body = Value::Object(body).to_string();
        self.sent(&Change {
            payload: Payload::Json(&body),
            query: &[("fields", "id")],
            if_match: now.etag.as_deref(),
            ..Change::of(Method::PUT, &["folders", of.id], of.by, format!("change who may be invited to {of}"))
        })
    }
}

/// A member without the id of its collaboration.
fn unnamed() -> Applied {
    Applied::Blocked(Block::NotOffered("Box did not tell the id of the membership".into()))
}

fn shared(id: &str, kind: ItemKind, of: Subject<'_>) -> Shared {
    Shared { id: id.into(), kind, read_as: of.by.clone() }
}

/// True of a person whom a folder above lets in as [`Tenant::lend`] does.
fn is_let_in_above(member: &Member) -> bool {
    let is_person = matches!(&member.who, Who::Person { account: Some(_), .. });
    is_person && member.inherited_from.is_some() && &*member.role == super::places::EDITOR
}

fn without(mut members: Vec<Member>, ours: &str) -> Vec<Member> {
    members.retain(|member| {
        let is_ours = matches!(&member.who, Who::Person { account: Some(account), .. } if **account == *ours);
        !(is_ours && is_let_in_above(member))
    });
    members
}

/// Adds the members of a folder above, and marks those that were taken for the item's own.
fn place(members: &mut Vec<Member>, higher: Vec<Member>, folder: &Arc<str>, adds: bool) {
    for mut member in higher {
        let same = |known: &&mut Member| known.id.is_some() && known.id == member.id;
        match members.iter_mut().find(same) {
            Some(known) => {
                known.inherited_from.get_or_insert_with(|| Arc::clone(folder));
            }
            None if adds => {
                member.inherited_from.get_or_insert_with(|| Arc::clone(folder));
                members.push(member);
            }
            None => {}
        }
    }
}

/// The body that makes a membership.
fn membership(of: Subject<'_>, member: &Member, at: crate::clock::Moment) -> Result<Value, Block> {
    let who = match &member.who {
        Who::Person { account: Some(id), .. } => json!({ "type": "user", "id": &**id }),
        Who::Person { login: Some(login), .. } | Who::Invited { login } => json!({ "type": "user", "login": &**login }),
        Who::Group { id, .. } => json!({ "type": "group", "id": &**id }),
        Who::Person { .. } | Who::Unauthenticated => {
            return Err(Block::NotOffered("a member without a name cannot be brought back".into()));
        }
    };
    if &*member.role == "owner" {
        return Err(Block::NotOffered("an owner cannot be invited".into()));
    }
    let kind = if of.kind == ItemKind::Folder { "folder" } else { "file" };
    let mut body = json!({ "item": { "type": kind, "id": of.id }, "accessible_by": who, "role": &*member.role });
    if let Some(ends) = member.expires.filter(|ends| *ends > at) {
        body["expires_at"] = ends.to_string().into();
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_account_above_is_nobody_who_reaches_it() {
        let member = |account: &str, role: &str, from: Option<&str>| Member {
            id: Some("c".into()),
            who: Who::Person { account: Some(account.into()), login: None, side: None },
            role: role.into(),
            pending: false,
            inherited_from: from.map(Into::into),
            expires: None,
        };
        for (one, is_left) in [
            (member("9", "editor", Some("40")), false),
            // Its own membership of the item itself, another's, and one that no move asks for.
            (member("9", "editor", None), true),
            (member("8", "editor", Some("40")), true),
            (member("9", "viewer", Some("40")), true),
        ] {
            let other = member("7", "editor", Some("50"));
            let left = without(vec![one.clone(), other.clone()], "9");
            let expected = if is_left { vec![one, other] } else { vec![other] };
            assert_eq!(left, expected);
        }
    }
}
