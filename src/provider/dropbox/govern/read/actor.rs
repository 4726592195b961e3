//! Who acts: the owner of a home, an admin for what the team owns, for a shared folder whoever of the team may change it.
//!
//! An admin's authority ends at what the team itself owns (mode `team_admin`), so most changes are made in a member's name,
//! and that member must be active. Where nobody is left to act, things are still read with the admin's eyes and nothing is
//! changed: [`Block::NobodyToAct`].

use super::super::super::Tenant;
use super::super::super::call::Ask;
use super::super::super::route::{self, Route};
use super::super::super::sharing;
use super::super::super::wire::{ShareMember, ShareMembers, SharedFolder};
use super::super::block_of;
use crate::model::action::{Block, ItemState};
use crate::model::{Directory, Principal, Status};
use crate::provider::govern::{Applied, Asked};
use crate::provider::http::Urgency;
use crate::provider::pages::Pages;
use crate::provider::{Error, Next};
use serde_json::json;
use std::sync::Arc;

/// Who makes a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider::dropbox::govern) struct Actor {
    pub(in crate::provider::dropbox::govern) principal: Principal,
    /// True when the team itself owns what is changed.
    pub(in crate::provider::dropbox::govern) team_owned: bool,
}

impl Actor {
    pub(in crate::provider::dropbox::govern) fn person(member: &Arc<str>) -> Self {
        Self { principal: Principal::Person(Arc::clone(member)), team_owned: false }
    }

    /// A reading for an order.
    pub(in crate::provider::dropbox::govern) fn looks(&self, route: &'static Route, doing: &str) -> Ask<'_> {
        Ask { urgency: Urgency::Act, team_owned: self.team_owned, ..Ask::new(route, &self.principal, doing) }
    }

    /// A change in this namespace, if one.
    pub(in crate::provider::dropbox::govern) fn acts(
        &self,
        route: &'static Route,
        doing: &str,
        namespace: Option<&Arc<str>>,
    ) -> Ask<'_> {
        Ask { team_owned: self.team_owned, ..Ask::new(route, &self.principal, doing).changing(namespace) }
    }
}

impl Tenant {
    /// Who can change what lies in this namespace; `None` when nobody of the team can.
    pub(in crate::provider::dropbox::govern) fn actor_in(
        &self,
        people: &Directory,
        place: &Arc<str>,
    ) -> Result<Option<Actor>, Error> {
        let team = &self.team;
        let known = match team.place(place)? {
            // Shared or made since the namespaces were listed.
            None => team.namespaces()?.places.into_iter().find(|(id, _)| id == place).map(|(_, place)| place),
            known => known,
        };
        let member = known.as_ref().and_then(|known| known.member.clone());
        match (known.as_ref().map(|known| &*known.kind), member) {
            (Some("team_folder"), _) => self.of_the_team(),
            (Some("team_member_root"), _) if team.space()?.is_some_and(|space| space == *place) => self.of_the_team(),
            (Some("team_member_folder" | "team_member_root" | "app_folder"), Some(member)) => {
                Ok(self.is_active(people, &member)?.then(|| Actor::person(&member)))
            }
            (Some("team_member_root"), None) => self.of_the_team(),
            _ => self.actor_of_share(people, place),
        }
    }

    fn of_the_team(&self) -> Result<Option<Actor>, Error> {
        Ok(Some(Actor { principal: self.team.admin()?, team_owned: true }))
    }

    /// The admin's eyes.
    pub(in crate::provider::dropbox::govern) fn admin_eyes(&self) -> Result<Actor, Error> {
        Ok(Actor { principal: self.team.admin()?, team_owned: false })
    }

    /// Who of the team may change a shared folder: its owner, else somebody who edits it.
    fn actor_of_share(&self, people: &Directory, folder: &Arc<str>) -> Result<Option<Actor>, Error> {
        let eyes = self.admin_eyes()?;
        let told = match self.share(&eyes, folder) {
            Err(error) if sharing::is_hiding(&error) => return Ok(None),
            told => told?,
        };
        if told.is_team_folder || told.is_inside_team_folder {
            return self.of_the_team();
        }
        let mut editor = None;
        let mut take = |page: &ShareMembers| -> Result<Option<Arc<str>>, Error> {
            for user in &page.users {
                let Some(member) = self.member_of(people, user) else { continue };
                match user.access_type.as_str() {
                    "owner" if self.is_active(people, &member)? => return Ok(Some(member)),
                    "editor" if editor.is_none() && self.is_active(people, &member)? => editor = Some(member),
                    _ => {}
                }
            }
            Ok(None)
        };
        let owner = match self.each_folder_page(&eyes, folder, &mut take) {
            Err(error) if sharing::is_hiding(&error) => return Ok(None),
            owner => owner?,
        };
        Ok(owner.or(editor).map(|member| Actor::person(&member)))
    }

    /// What a shared folder says of itself now.
    pub(in crate::provider::dropbox::govern) fn share(
        &self,
        by: &Actor,
        folder: &Arc<str>,
    ) -> Result<SharedFolder, Error> {
        let ask = by.looks(&route::FOLDER, "read a shared folder");
        self.team.desk.rpc(&ask, &json!({"shared_folder_id": &**folder}))
    }

    /// Hands the pages of a shared folder's members to `take` until it gives something.
    pub(in crate::provider::dropbox::govern) fn each_folder_page<T>(
        &self,
        by: &Actor,
        folder: &Arc<str>,
        take: &mut dyn FnMut(&ShareMembers) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        let argument = json!({"shared_folder_id": &**folder, "limit": 1000});
        self.each_member_page(by, [&route::FOLDER_MEMBERS, &route::FOLDER_MEMBERS_ON], &argument, take)
    }

    /// Hands pages of members to `take` until it gives something.
    pub(in crate::provider::dropbox::govern) fn each_member_page<T>(
        &self,
        by: &Actor,
        [first, onward]: [&'static Route; 2],
        argument: &serde_json::Value,
        take: &mut dyn FnMut(&ShareMembers) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        let doing = "list the members of a share";
        let mut page: ShareMembers = self.team.desk.rpc(&by.looks(first, doing), argument)?;
        let mut pages = Pages::of(doing);
        loop {
            if let Some(found) = take(&page)? {
                return Ok(Some(found));
            }
            let Some(cursor) = page.cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(None) };
            page = self.team.desk.rpc(&by.looks(onward, doing), &json!({"cursor": pages.on(&cursor)?}))?;
        }
    }

    /// The id by which a member of a share is acted for; `None` for somebody outside the team.
    pub(in crate::provider::dropbox::govern) fn member_of(
        &self,
        people: &Directory,
        entry: &ShareMember,
    ) -> Option<Arc<str>> {
        let user = entry.user.as_ref()?;
        let listed = user.account_id.as_deref().and_then(|account| people.by_account(account));
        let ours = user.same_team != Some(false);
        listed
            .map(|person| Arc::clone(&person.id))
            .or_else(|| user.team_member_id.as_deref().map(Arc::from))
            .filter(|_| ours)
    }

    /// Whether a member can be acted for: by the directory, else by the service.
    pub(in crate::provider::dropbox::govern) fn is_active(
        &self,
        people: &Directory,
        member: &Arc<str>,
    ) -> Result<bool, Error> {
        let status = match self.team.standing(member, people) {
            Some(standing) => Some(standing.status),
            None => self.member_info(member)?.map(|person| person.status),
        };
        Ok(status == Some(Status::Active))
    }

    /// Who changes the item itself: moves it, labels it, shares it.
    pub(in crate::provider::dropbox::govern) fn actor(
        &self,
        asked: &Asked<'_>,
        now: &ItemState,
    ) -> Result<Actor, Applied> {
        self.actor_or_blocked(asked, &now.folder.place)
    }

    /// Who changes its members: those of a shared folder are the folder's.
    pub(in crate::provider::dropbox::govern) fn sharer(
        &self,
        asked: &Asked<'_>,
        now: &ItemState,
    ) -> Result<Actor, Applied> {
        let Some(share) = &now.shared_as else { return self.actor_or_blocked(asked, &now.folder.place) };
        match self.actor_or_blocked(asked, share) {
            // What is no longer shared has nobody who may change its members: it changed meanwhile.
            Err(Applied::Blocked(Block::NobodyToAct)) if self.is_unshared(share)? => Err(Applied::Moved),
            found => found,
        }
    }

    /// True when there is no such shared folder any more.
    fn is_unshared(&self, folder: &Arc<str>) -> Result<bool, Applied> {
        let told = self.admin_eyes().and_then(|eyes| self.share(&eyes, folder));
        match told {
            Err(error) if error.next() == Next::Gone => Ok(true),
            Err(error) if error.next() == Next::Transient => Err(Applied::Later(error)),
            _ => Ok(false),
        }
    }

    pub(in crate::provider::dropbox::govern) fn actor_or_blocked(
        &self,
        asked: &Asked<'_>,
        place: &Arc<str>,
    ) -> Result<Actor, Applied> {
        match self.actor_in(asked.people, place) {
            Ok(Some(actor)) => Ok(actor),
            Ok(None) => Err(Applied::Blocked(Block::NobodyToAct)),
            // Only a reading failed: nothing was done.
            Err(error) if matches!(error.next(), Next::Transient) => Err(Applied::Later(error)),
            Err(error) => Err(Applied::failed(error, block_of)),
        }
    }
}
