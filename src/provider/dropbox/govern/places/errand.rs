//! Who carries an item from one namespace to another, and who must let that one in for it.
//!
//! A home is open to its owner alone, and an admin cannot act in it. So whoever owns the home on either side makes the move;
//! when the other side is a folder of the team or of somebody else, the mover is made an editor there, without a message,
//! and taken out again afterwards. Between two homes nobody can move anything.

use super::super::super::sharing;
use super::super::super::wire::{ShareMember, ShareMembers};
use super::super::super::{Tenant, route};
use super::super::has;
use super::super::read::Actor;
use super::{Applied, Asked, done, failed, not_offered, origin, quarantine, unread};
use crate::model::action::{Action, Block, Folder, ItemState, Quarantine};
use crate::model::{Directory, Principal};
use crate::provider::Error;
use serde_json::{Value, json};
use std::sync::Arc;

/// The kind of a member's home.
const HOME: &str = "team_member_folder";
const BETWEEN_HOMES: &str =
    "nobody can move from one person's home into another's: move it into a folder that both are members of";

/// A move between two folders.
#[derive(Debug)]
pub(super) struct Errand {
    /// Who makes it.
    pub(super) mover: Actor,
    /// The namespace that must be open to the mover, and who can open it.
    opens: Option<(Arc<str>, Actor)>,
}

impl Tenant {
    /// Who moves from one folder to another, or why nobody can.
    pub(super) fn errand(&self, asked: &Asked<'_>, from: &Folder, to: &Folder) -> Result<Errand, Applied> {
        let leaves = self.actor_or_blocked(asked, &from.place)?;
        if from.place == to.place {
            return Ok(Errand { mover: leaves, opens: None });
        }
        let enters = self.actor_or_blocked(asked, &to.place)?;
        if leaves == enters {
            return Ok(Errand { mover: leaves, opens: None });
        }
        let left = self.is_home(&from.place).map_err(unread)?;
        let entered = self.is_home(&to.place).map_err(unread)?;
        Ok(match (left, entered) {
            (true, true) => return Err(not_offered(BETWEEN_HOMES)),
            (false, true) => Errand { mover: enters, opens: Some((Arc::clone(&from.place), leaves)) },
            // An admin can act for what the team owns on both sides alone: a person is the mover where there is one.
            (false, false) if leaves.team_owned => {
                Errand { mover: enters, opens: Some((Arc::clone(&from.place), leaves)) }
            }
            (_, false) => Errand { mover: leaves, opens: Some((Arc::clone(&to.place), enters)) },
        })
    }

    fn is_home(&self, place: &str) -> Result<bool, Error> {
        Ok(self.team.place(place)?.is_some_and(|place| *place.kind == *HOME))
    }

    /// Whether the mover was let in for this order; `None` when nobody needs to be, or when the mover is a member by somebody
    /// else's doing (see [`crate::provider::govern`], `lend`).
    ///
    /// The company's quarantine is nobody's but the acting admin's, who is in it for good: another member found there was left by
    /// an order that did not come to its end.
    pub(in super::super) fn lent_state(&self, asked: &Asked<'_>, now: &ItemState) -> Result<Option<bool>, Error> {
        let Some(to) = target(asked) else { return Ok(None) };
        let errand = match self.errand(asked, origin(asked, now), to) {
            Ok(errand) => errand,
            Err(Applied::Later(error) | Applied::Unclear(error)) => return Err(error),
            // The move itself will say so.
            Err(_) => return Ok(None),
        };
        let Errand { mover, opens: Some((place, _)) } = errand else { return Ok(None) };
        Ok(match self.is_member(asked.people, &mover.principal, &place)? {
            None => None,
            Some(false) => Some(false),
            Some(true) if asked.lent => Some(true),
            Some(true) => (self.is_quarantine(&place)? && !self.is_admin(&mover.principal)?).then_some(true),
        })
    }

    /// A move that the mover was not let in for: whose the right was gave it back, and it is lent again.
    pub(super) fn kept_out(&self, asked: &Asked<'_>, now: &ItemState, error: Error) -> Applied {
        match self.lent_state(asked, now) {
            Ok(Some(_)) if has(&error, "no_write_permission") => Applied::Moved,
            Ok(_) => failed(error),
            Err(unseen) => unread(unseen),
        }
    }

    fn is_admin(&self, who: &Principal) -> Result<bool, Error> {
        Ok(self.team.admin()?.id() == who.id())
    }

    /// True for the company's quarantine.
    pub(super) fn is_quarantine(&self, place: &str) -> Result<bool, Error> {
        let place = self.team.place(place)?;
        Ok(place.is_some_and(|place| *place.kind == *"team_folder" && *place.name == *quarantine::NAME))
    }

    /// Whether somebody is a member of a shared namespace, in person or by a group; `None` when that cannot be seen.
    pub(super) fn is_member(
        &self,
        people: &Directory,
        who: &Principal,
        place: &Arc<str>,
    ) -> Result<Option<bool>, Error> {
        let Some(id) = who.id() else { return Ok(None) };
        let account = self.account_of(id, people);
        let mut take = |page: &ShareMembers| -> Result<Option<()>, Error> {
            let mut all = page.users.iter().chain(&page.groups);
            Ok(all.any(|member| is_of(member, id, account.as_deref(), people)).then_some(()))
        };
        match self.each_folder_page(&self.admin_eyes()?, place, &mut take) {
            Ok(found) => Ok(Some(found.is_some())),
            Err(error) if sharing::is_hiding(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The account of a member.
    pub(in super::super) fn account_of(&self, member: &str, people: &Directory) -> Option<Arc<str>> {
        self.team.standing(member, people).and_then(|standing| standing.owner.account)
    }

    pub(super) fn lend(&self, asked: &Asked<'_>, now: &ItemState, to: &Folder) -> Result<Applied, Applied> {
        let (mover, place, opener) = self.opened(asked, now, to)?;
        Ok(done(self.let_in(&mover, &place, &opener)))
    }

    /// Makes somebody an editor of a shared namespace, without a message.
    pub(super) fn let_in(&self, who: &str, place: &Arc<str>, opener: &Actor) -> Result<Vec<Arc<str>>, Error> {
        let argument = json!({
            "shared_folder_id": &**place,
            "members": [{"member": by_id(who), "access_level": {".tag": "editor"}}],
            "quiet": true,
        });
        self.act_quietly(&opener.acts(&route::ADD_FOLDER_MEMBER, "let the mover into a folder", None), &argument)
    }

    pub(super) fn take_back(&self, asked: &Asked<'_>, now: &ItemState, to: &Folder) -> Result<Applied, Applied> {
        let (mover, place, opener) = self.opened(asked, now, to)?;
        let argument = json!({"shared_folder_id": &*place, "member": by_id(&mover), "leave_a_copy": false});
        let ask = opener.acts(&route::END_FOLDER_MEMBER, "take the mover out of a folder", None);
        let (launch, request) = match self.team.desk.act::<Value>(&ask, &argument) {
            Err(error) if has(&error, "member_error") => return Ok(Applied::Moved),
            answer => answer.map_err(failed)?,
        };
        self.launched(&opener, &route::MEMBER_JOB, &launch)?;
        Ok(Applied::Done(request.into_iter().collect()))
    }

    /// Who is let in where by this order, and by whom.
    fn opened(&self, asked: &Asked<'_>, now: &ItemState, to: &Folder) -> Result<(Arc<str>, Arc<str>, Actor), Applied> {
        let Errand { mover, opens } = self.errand(asked, origin(asked, now), to)?;
        match (mover.principal, opens) {
            (Principal::Person(mover) | Principal::Admin(mover), Some((place, opener))) => Ok((mover, place, opener)),
            (Principal::Tenant, _) => Err(Applied::Blocked(Block::NobodyToAct)),
            (_, None) => Err(Applied::Moved),
        }
    }
}

/// The folder that an order moves into.
fn target<'a>(asked: &Asked<'a>) -> Option<&'a Folder> {
    match &asked.order.action {
        Action::Move { to, .. } | Action::Quarantine(Quarantine { to, .. }) => Some(to),
        Action::Release { prior, .. } => Some(&prior.folder),
        _ => None,
    }
}

/// A member of the team by the id to act as.
fn by_id(member: &str) -> Value {
    json!({".tag": "dropbox_id", "dropbox_id": member})
}

/// True when this membership is that person's, itself or through a group.
fn is_of(member: &ShareMember, id: &str, account: Option<&str>, people: &Directory) -> bool {
    let is_user = member.user.as_ref().is_some_and(|user| {
        user.team_member_id.as_deref() == Some(id) || (account.is_some() && user.account_id.as_deref() == account)
    });
    let group = member.group.as_ref().and_then(|group| people.group(group.group_id.as_deref()?));
    let in_group = |account: &str| {
        let members = group.and_then(|group| group.members.as_ref());
        members.is_some_and(|members| members.iter().any(|known| **known == *account))
    };
    is_user || account.is_some_and(in_group)
}
