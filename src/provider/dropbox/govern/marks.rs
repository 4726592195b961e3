//! Marks: labels, locks, holds. (Dropbox has neither comments nor tasks on files.)

mod hold;
mod label;
mod lock;

#[cfg(test)]
mod tests;

use super::super::Tenant;
use super::read::Actor;
use crate::model::action::{Block, ItemState, Step};
use crate::model::{Directory, Principal};
use crate::provider::Error;
use crate::provider::govern::{Applied, Asked};
use std::sync::Arc;

impl Tenant {
    /// Labels, locks, holds.
    pub(super) fn apply_mark(&self, asked: &Asked<'_>, step: &Step, now: &ItemState) -> Applied {
        let applied = match step {
            Step::SetLabel { label } => self.set_label(asked, now, label),
            Step::ClearLabel => self.clear_label(asked, now),
            Step::Lock { .. } => self.lock(asked, now),
            Step::Unlock => self.unlock(asked, now),
            Step::Hold { policy } => self.hold(asked, now, policy),
            Step::EndHold { policy } => self.end_hold(asked, now, policy),
            _ => Err(Applied::Blocked(super::WRONG_TARGET)),
        };
        applied.unwrap_or_else(|applied| applied)
    }

    /// Who marks an item in person, since properties and locks have no admin mode: whoever acts on it, and for what the team
    /// owns a member of its folder who may edit.
    fn in_person(&self, asked: &Asked<'_>, now: &ItemState) -> Result<Actor, Applied> {
        let actor = self.actor(asked, now)?;
        if !actor.team_owned {
            return Ok(actor);
        }
        match self.editor_in(asked.people, &now.folder.place, &actor.principal) {
            Ok(Some(member)) => Ok(Actor::person(&member)),
            Ok(None) => Err(Applied::Blocked(Block::NobodyToAct)),
            Err(error) => Err(super::places::unread(error)),
        }
    }

    /// An active member of the team who may edit in a namespace: the admin if possible, else the first that is listed.
    fn editor_in(&self, people: &Directory, place: &Arc<str>, admin: &Principal) -> Result<Option<Arc<str>>, Error> {
        let mut first: Option<Arc<str>> = None;
        let found = self.each_folder_page(&self.admin_eyes()?, place, &mut |page| {
            let edits = |role: &str| matches!(role, "owner" | "editor");
            for user in page.users.iter().filter(|user| edits(user.access_type.as_str())) {
                let Some(member) = self.member_of(people, user) else { continue };
                if admin.id() == Some(&*member) {
                    return Ok(Some(member));
                }
                if first.is_none() && self.is_active(people, &member)? {
                    first = Some(member);
                }
            }
            for group in page.groups.iter().filter(|group| edits(group.access_type.as_str())) {
                let id = group.group.as_ref().and_then(|group| group.group_id.as_deref());
                let members = id.and_then(|id| people.group(id)).and_then(|group| group.members.as_ref());
                let members = members.into_iter().flatten().filter_map(|account| people.by_account(account));
                for member in members.map(|person| &person.id) {
                    if first.is_none() && self.is_active(people, member)? {
                        first = Some(Arc::clone(member));
                    }
                }
            }
            Ok(None)
        })?;
        Ok(found.or(first))
    }
}
