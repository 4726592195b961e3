//! Legal holds: policies on people, not on files.
//!
//! A policy holds everything that its members have and had, so an item is held when its owner is a member of a policy that is
//! not released; and putting one item under a hold puts all of its owner under it. What the team itself owns has no owner:
//! there Dropbox keeps what held people wrote by itself, whatever becomes of the file. Dropbox has no retention policies.
//! Source: team.stone (`legal_holds/*`); a paid add-on, whose scope (`team_data.governance.write`) not every
//! connector has.

use super::super::super::Tenant;
use super::super::super::call::Ask;
use super::super::super::route::{self, Route};
use super::super::super::wire::{tag, text};
use super::super::has;
use super::super::places::{done, unread};
use crate::model::Principal;
use crate::model::action::{Block, Holds, ItemState};
use crate::provider::govern::{Applied, Asked};
use crate::provider::http::Urgency;
use crate::provider::{Error, Next};
use serde_json::{Value, json};
use std::sync::Arc;

/// A policy that is not released.
#[derive(Debug)]
struct Policy {
    id: String,
    name: Arc<str>,
    members: Vec<String>,
}

impl Tenant {
    /// Legal holds; asked for when [`crate::provider::govern::Facets::holds`] says so.
    pub(in super::super) fn holds_of(&self, asked: &Asked<'_>, now: &ItemState) -> Result<Holds, Error> {
        let none = Holds::Known { holds: Vec::new(), retentions: Vec::new() };
        if !self.holds {
            return Ok(none);
        }
        let policies = match self.policies() {
            Ok(policies) => policies,
            Err(error) if matches!(error.next(), Next::Forbidden | Next::Refused | Next::Gone) => {
                return Ok(Holds::Unreadable(error.said().into()));
            }
            Err(error) => return Err(error),
        };
        let owner = match self.owning_member(asked, now)? {
            Some(owner) => owner,
            // What the team itself owns is nobody's.
            None if policies.is_empty() || matches!(now.folder.act_as, Principal::Admin(_)) => return Ok(none),
            None => match self.owner_of_share(asked, &now.folder.place)? {
                Some(Some(owner)) => owner,
                // Another company's.
                Some(None) => return Ok(none),
                None => return Ok(Holds::Unreadable("its owner is not told".into())),
            },
        };
        let holds = policies.into_iter().filter(|policy| policy.members.contains(&owner));
        Ok(Holds::Known { holds: holds.map(|policy| policy.name).collect(), retentions: Vec::new() })
    }

    /// Puts the item's owner under the policy, which is made when there is none of that name.
    pub(super) fn hold(&self, asked: &Asked<'_>, now: &ItemState, name: &str) -> Result<Applied, Applied> {
        let owner = self.held_owner(asked, now)?;
        let found = self.policies().map_err(unread)?.into_iter().find(|policy| *policy.name == *name);
        let made = match found {
            Some(policy) if policy.members.contains(&owner) => return Ok(Applied::Moved),
            Some(mut policy) => {
                policy.members.push(owner);
                self.act_quietly(&changing(&route::CHANGE_HOLD), &json!({"id": policy.id, "members": policy.members}))
            }
            None => self.act_quietly(&changing(&route::MAKE_HOLD), &json!({"name": name, "members": [owner]})),
        };
        Ok(decided(made))
    }

    /// Takes the item's owner out of the policy, which is released with its last member.
    pub(super) fn end_hold(&self, asked: &Asked<'_>, now: &ItemState, name: &str) -> Result<Applied, Applied> {
        let owner = self.held_owner(asked, now)?;
        let found = self.policies().map_err(unread)?.into_iter().find(|policy| *policy.name == *name);
        let Some(mut policy) = found.filter(|policy| policy.members.contains(&owner)) else {
            return Ok(Applied::Moved);
        };
        policy.members.retain(|member| *member != owner);
        let made = if policy.members.is_empty() {
            self.act_quietly(&changing(&route::END_HOLD), &json!({ "id": policy.id }))
        } else {
            self.act_quietly(&changing(&route::CHANGE_HOLD), &json!({"id": policy.id, "members": policy.members}))
        };
        Ok(decided(made))
    }

    fn held_owner(&self, asked: &Asked<'_>, now: &ItemState) -> Result<String, Applied> {
        let owner = self.owning_member(asked, now).map_err(unread)?;
        owner.ok_or_else(|| {
            let why = "a legal hold of Dropbox is on people, and nobody of the team owns this: copy it instead";
            Applied::Blocked(Block::NotOffered(why.into()))
        })
    }

    /// The member id of whoever owns the item: of the home it lies in, else as the state tells.
    fn owning_member(&self, asked: &Asked<'_>, now: &ItemState) -> Result<Option<String>, Error> {
        let home = self.team.place(&now.folder.place)?.and_then(|place| place.member);
        let account = now.owner.as_ref().and_then(|owner| owner.account.as_deref());
        let listed = account.and_then(|account| asked.people.by_account(account)).map(|person| &person.id);
        Ok(home.as_ref().or(listed).map(|member| member.to_string()))
    }

    /// The member who owns a shared folder, `Some(None)` when it is somebody of another company; `None` when nobody is told.
    fn owner_of_share(&self, asked: &Asked<'_>, folder: &Arc<str>) -> Result<Option<Option<String>>, Error> {
        let eyes = self.admin_eyes()?;
        let found = self.each_folder_page(&eyes, folder, &mut |page| {
            let owner = page.users.iter().find(|user| user.access_type.as_str() == "owner");
            Ok(owner.map(|owner| self.member_of(asked.people, owner).map(|member| member.to_string())))
        });
        match found {
            Err(error) if matches!(error.next(), Next::Forbidden | Next::Gone) => Ok(None),
            found => found,
        }
    }

    fn policies(&self) -> Result<Vec<Policy>, Error> {
        let doing = "list the legal holds";
        let ask = Ask { urgency: Urgency::Act, ..Ask::new(&route::HOLDS, &Principal::Tenant, doing) };
        let told: Value = self.team.desk.rpc(&ask, &json!({"include_released": false}))?;
        let rows = told["policies"].as_array();
        let rows = rows.ok_or_else(|| Error::new(Next::Transient, doing, "an answer without a list"))?;
        let read = rows.iter().filter(|row| tag(&row["status"]) != "released").map(policy);
        read.collect::<Option<_>>().ok_or_else(|| Error::new(Next::Transient, doing, "a hold without an id"))
    }
}

fn policy(row: &Value) -> Option<Policy> {
    let members = row["members"]["team_member_ids"].as_array()?;
    Some(Policy {
        id: text(row, "id")?.to_owned(),
        name: text(row, "name")?.into(),
        members: members.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
    })
}

fn changing(route: &'static Route) -> Ask<'static> {
    Ask::new(route, &Principal::Tenant, "change a legal hold").changing(None)
}

/// What came of changing a policy.
fn decided(made: Result<Vec<Arc<str>>, Error>) -> Applied {
    match made {
        // Somebody else is at it, or was first.
        Err(error)
            if [
                "legal_hold_performing_another_operation",
                "legal_hold_already_releasing",
                "legal_hold_policy_not_found",
            ]
            .iter()
            .any(|tag| has(&error, tag)) =>
        {
            Applied::Moved
        }
        Err(error) if has(&error, "name_must_be_unique") => {
            Applied::Blocked(Block::BadWish("a released hold has this name: give another one".into()))
        }
        Err(error)
            if ["number_of_users_on_hold_is_greater_than_hold_limitation", "team_exceeded_legal_hold_quota"]
                .iter()
                .any(|tag| has(&error, tag)) =>
        {
            Applied::Blocked(Block::PlanLacks(error.said().into()))
        }
        made => done(made),
    }
}
