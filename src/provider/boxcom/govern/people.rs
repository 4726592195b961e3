//! People: suspended, let in, signed out, taken out of what others share.
//!
//! What a person is a member of is read from the person's own root, where everything shows that others share, and from the
//! items that the order knows of. What nobody of the company can look into stands among the shares without the id by which it
//! could be ended, and last, so that a receipt names it after everything else was done. What a person has as a member of a
//! group is the group's, and not told here.
//!
//! Source: Box API reference "Get user", "Update user", "Terminate user's session", "List items in folder".

use super::super::Tenant;
use super::super::api::{Ask, Change};
use super::super::judge::Scope;
use super::super::people;
use super::super::wire::{Listed, Paged, User, item_kind};
use super::Subject;
use crate::model::action::{Action, Block, Never, PersonState, Share, State, Step, TargetItem, TargetPerson};
use crate::model::{ItemKind, Member, Members, Principal, Role, Status, Who};
use crate::provider::govern::{Applied, Asked};
use crate::provider::http::{Payload, Urgency};
use crate::provider::pages::Pages;
use crate::provider::{Error, Next};
use reqwest::Method;
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;

/// Items of a page: the most Box gives.
const LIMIT: &str = "1000";

impl Tenant {
    /// The state of a person, with the facets that are asked for; `None` when there is no such account.
    pub(super) fn person_state(&self, asked: &Asked<'_>, target: &TargetPerson) -> Result<Option<State>, Error> {
        let Some((status, role)) = self.standing(asked, target)? else { return Ok(None) };
        let shares = if asked.facets.shares { Some(self.shares_of(asked, target)?) } else { None };
        Ok(Some(State::Person(Box::new(PersonState {
            at: self.api.clock().now(),
            status,
            role,
            // Box takes the wish, and no answer of its tells it.
            password_asked: None,
            sessions: None,
            apps: None,
            shares,
        }))))
    }

    /// Whether the person can act, and as what; people outside are as the list of people has them.
    fn standing(&self, asked: &Asked<'_>, target: &TargetPerson) -> Result<Option<(Status, Role)>, Error> {
        let Some(id) = &target.id else {
            let known = target.account.as_deref().and_then(|account| asked.people.by_account(account));
            return Ok(Some(known.map_or((Status::Active, Role::Member), |person| (person.status, person.role))));
        };
        let user = self.api.get::<User>(&Ask {
            path: &["users", id],
            query: &[("fields", "id,type,status,role")],
            read_as: &Principal::Tenant,
            urgency: Urgency::Act,
            scope: Scope::Users,
            doing: format!("look at person {id}"),
        });
        match user {
            Ok(user) if *self.me()?.id == **id => Ok(Some((people::status(user.status.as_deref()), self.me()?.role))),
            Ok(user) => Ok(Some((people::status(user.status.as_deref()), people::role(user.role.as_deref())))),
            Err(error) if error.next() == Next::Gone => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Everything that the person is a member of by name and others own.
    fn shares_of(&self, asked: &Asked<'_>, target: &TargetPerson) -> Result<Vec<Share>, Error> {
        let mut candidates = self.shared_with(asked, target)?;
        match &asked.order.action {
            Action::RemoveFromShares { known } => candidates.extend(known.iter().cloned()),
            Action::RestoreShares { shares } => candidates.extend(shares.iter().map(|share| share.item.clone())),
            _ => {}
        }
        let prior = asked.prior.and_then(State::person).and_then(|prior| prior.shares.as_ref());
        candidates.extend(prior.into_iter().flatten().map(|share| share.item.clone()));
        let (mut shares, mut unseen) = (Vec::new(), Vec::new());
        let (mut items, mut members) = (HashSet::new(), HashSet::new());
        for item in candidates.into_iter().filter(|item| item.kind != ItemKind::WebLink) {
            if !items.insert(Arc::clone(&item.id)) {
                continue;
            }
            match self.shares_at(asked, target, &item)? {
                Some(found) => shares.extend(
                    found
                        .into_iter()
                        .filter(|share: &Share| members.insert((share.member.id.clone(), Arc::clone(&share.item.id)))),
                ),
                None => unseen.push(Share { item, member: unseen_member(target) }),
            }
        }
        shares.extend(unseen);
        Ok(shares)
    }

    /// What others own in the person's own root; empty where nobody can look there.
    fn shared_with(&self, asked: &Asked<'_>, target: &TargetPerson) -> Result<Vec<TargetItem>, Error> {
        let Some(id) = &target.id else { return Ok(Vec::new()) };
        let Some(by) = self.acts_as(id, asked.people)? else { return Ok(Vec::new()) };
        let mut items = Vec::new();
        let mut marker: Option<Arc<str>> = None;
        let doing = format!("list what is shared with person {id}");
        let mut pages = Pages::of(&*doing);
        loop {
            let mut query = vec![("usemarker", "true"), ("limit", LIMIT), ("fields", "id,type,owned_by")];
            query.extend(marker.as_deref().map(|marker| ("marker", marker)));
            let page = self.api.get::<Paged<Listed>>(&Ask {
                path: &["folders", "0", "items"],
                query: &query,
                read_as: &by,
                urgency: Urgency::Act,
                scope: Scope::AsUser,
                doing: doing.clone(),
            });
            let page = match page {
                Ok(page) => page,
                // Nobody can look as somebody who was made inactive meanwhile.
                Err(error) if matches!(error.next(), Next::Forbidden | Next::Gone) => return Ok(items),
                Err(error) => return Err(error),
            };
            marker = page.onward();
            items.extend(page.entries.into_iter().filter_map(|entry| of_others(entry, id, &by)));
            match &marker {
                Some(marker) => pages.on(marker)?,
                None => return Ok(items),
            };
        }
    }

    /// As what the person is a member of an item, by the item's own list and those of the folders above; `None` when nobody
    /// can tell.
    fn shares_at(
        &self,
        asked: &Asked<'_>,
        target: &TargetPerson,
        item: &TargetItem,
    ) -> Result<Option<Vec<Share>>, Error> {
        let (members, by, owner) = match self.members_at(asked, item) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(Some(Vec::new())),
            Err(error) if error.next() == Next::Forbidden => return Ok(None),
            Err(error) => return Err(error),
        };
        if owner.is_some() && owner == target.account.as_ref().or(target.id.as_ref()).cloned() {
            return Ok(Some(Vec::new()));
        }
        let members = match members {
            Members::Hidden => return Ok(None),
            Members::None => Vec::new(),
            Members::Known(members) => members,
        };
        let own = members.into_iter().filter(|member| &*member.role != "owner" && is(target, &member.who));
        let share = |mut member: Member| {
            let folder = member.inherited_from.take();
            let (id, kind) = match folder {
                Some(folder) => (folder, ItemKind::Folder),
                None => (Arc::clone(&item.id), item.kind),
            };
            let item = TargetItem { id, kind, place: Arc::clone(&item.place), read_as: by.clone(), path: None };
            Share { item, member }
        };
        Ok(Some(own.map(share).collect()))
    }

    /// Calls for a step about a person.
    pub(super) fn apply_to_person(
        &self,
        asked: &Asked<'_>,
        target: &TargetPerson,
        step: &Step,
        now: &PersonState,
    ) -> Applied {
        let governed = |change: &dyn Fn(&str) -> Applied| match self.may_govern(target, now) {
            Ok(id) => change(id),
            Err(refused) => refused,
        };
        match step {
            Step::Suspend => governed(&|id| self.put_user(id, &json!({ "status": "inactive" }))),
            Step::Unsuspend => governed(&|id| self.put_user(id, &json!({ "status": "active" }))),
            Step::RequirePassword => governed(&|id| self.put_user(id, &json!({ "is_password_reset_required": true }))),
            Step::EndSessions => governed(&|id| self.end_sessions(id)),
            Step::EndShare { share } => self.end_member(subject(&share.item), &share.member),
            Step::AddShare { share } => self.add_share(asked, target, share, now),
            _ => super::not_ours(),
        }
    }

    /// The person's id; not the account that we act with, whose sessions and rights these are.
    fn may_govern<'t>(&self, target: &'t TargetPerson, now: &PersonState) -> Result<&'t str, Applied> {
        let Some(id) = target.id.as_deref() else { return Err(super::not_ours()) };
        match self.me() {
            Ok(me) if *me.id == *id || now.role == Role::Service => {
                Err(Applied::Blocked(Block::Never(Never::SuspendOurselves)))
            }
            Ok(_) => Ok(id),
            Err(error) => Err(Applied::Later(error)),
        }
    }

    fn put_user(&self, id: &str, body: &serde_json::Value) -> Applied {
        let body = body.to_string();
        self.sent(&Change {
            payload: Payload::Json(&body),
            query: &[("fields", "id,type,status")],
            scope: Scope::Users,
            ..Change::of(Method::PUT, &["users", id], &Principal::Tenant, format!("change person {id}"))
        })
    }

    /// Box ends them within a while, and says so at once.
    fn end_sessions(&self, id: &str) -> Applied {
        let body = json!({ "user_ids": [id], "user_logins": [] }).to_string();
        let path = ["users", "terminate_sessions"];
        self.sent(&Change {
            payload: Payload::Json(&body),
            scope: Scope::Users,
            ..Change::of(Method::POST, &path, &Principal::Tenant, format!("end the sessions of person {id}"))
        })
    }

    /// Nobody invites themselves: what only the person could look into is not given back.
    fn add_share(&self, asked: &Asked<'_>, target: &TargetPerson, share: &Share, now: &PersonState) -> Applied {
        let own = target.id.as_deref().map(|id| self.acts_as(id, asked.people));
        match own {
            Some(Err(error)) => Applied::Later(error),
            Some(Ok(Some(own))) if own == share.item.read_as => Applied::Blocked(Block::NobodyToAct),
            _ => self.add_member(subject(&share.item), &share.member, now.at),
        }
    }
}

/// What a person's root shows of what others own.
fn of_others(entry: Listed, id: &str, by: &Principal) -> Option<TargetItem> {
    let owner = entry.owned_by.and_then(|owner| owner.id).filter(|owner| **owner != *id)?;
    let kind = item_kind(entry.kind.as_deref())?;
    Some(TargetItem { id: entry.id?, kind, place: owner, read_as: by.clone(), path: None })
}

/// A membership that nobody can look up: it has no id, so that it is named and not ended.
fn unseen_member(target: &TargetPerson) -> Member {
    let account = target.account.clone().or_else(|| target.id.clone());
    Member {
        id: None,
        who: Who::Person { account, login: target.login.clone(), side: None },
        role: Arc::default(),
        pending: false,
        inherited_from: None,
        expires: None,
    }
}

/// True when a member is this person.
fn is(target: &TargetPerson, who: &Who) -> bool {
    let accounts = [&target.account, &target.id];
    let same = |login: &str| target.login.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(login));
    match who {
        Who::Person { account: Some(account), .. } if accounts.iter().any(|own| own.is_some()) => {
            accounts.iter().any(|own| own.as_ref() == Some(account))
        }
        Who::Person { login: Some(login), .. } | Who::Invited { login } => same(login),
        _ => false,
    }
}

fn subject(item: &TargetItem) -> Subject<'_> {
    Subject { id: &item.id, kind: item.kind, by: &item.read_as }
}
