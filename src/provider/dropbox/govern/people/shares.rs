//! What a person is a member of and others own.
//!
//! The person's own list is asked for while the person is active, and the items where the membership is known are looked at
//! besides; only memberships of the person itself count, not those by a group. A shared folder is named by its namespace, since
//! nobody but its members has an id for it. A membership is ended by whoever of the team may change the share, else in the
//! person's own name.

use super::super::super::Tenant;
use super::super::super::look::is_out_of_sight;
use super::super::super::route;
use super::super::super::wire::{ReceivedFiles, SharedFolders};
use super::super::failed;
use super::super::members::Of;
use super::super::read::Actor;
use crate::model::action::{Action, Block, Share, TargetItem, TargetPerson};
use crate::model::{ItemKind, Member, Members, Person, Principal, Status, Who};
use crate::provider::govern::{Applied, Asked};
use crate::provider::pages::Pages;
use crate::provider::{Error, Next};
use serde_json::{Value, json};
use std::sync::Arc;

/// Files a page, the most the service gives.
const FILES_A_PAGE: u32 = 300;

/// Who the person is in lists of members.
struct Sought {
    account: Option<Arc<str>>,
    login: Option<Arc<str>>,
}

impl Sought {
    fn of(target: &TargetPerson, known: Option<&Person>) -> Self {
        Self {
            account: known.map(|person| Arc::clone(&person.account)).or_else(|| target.account.clone()),
            login: known.map(|person| Arc::clone(&person.login)).or_else(|| target.login.clone()),
        }
    }

    /// The person's own membership among these, unless it is the owner's or comes from above.
    fn among(&self, members: Members) -> Option<Member> {
        let Members::Known(members) = members else { return None };
        let same = |one: &Option<Arc<str>>, other: &Option<Arc<str>>| match (one, other) {
            (Some(one), Some(other)) => Some(one.eq_ignore_ascii_case(other)),
            _ => None,
        };
        let is_it = |member: &Member| match &member.who {
            Who::Person { account, login, .. } => {
                same(account, &self.account).or_else(|| same(login, &self.login)) == Some(true)
            }
            Who::Invited { login } => same(&Some(Arc::clone(login)), &self.login) == Some(true),
            _ => false,
        };
        let own = |member: &Member| member.inherited_from.is_none() && &*member.role != "owner";
        members.into_iter().find(|member| own(member) && is_it(member))
    }
}

impl Tenant {
    /// What the person is a member of.
    pub(super) fn shares_of(
        &self,
        asked: &Asked<'_>,
        target: &TargetPerson,
        known: Option<&Person>,
    ) -> Result<Vec<Share>, Error> {
        let sought = Sought::of(target, known);
        let mut shares: Vec<Share> = Vec::new();
        // First, since their places are known: no list of the person's tells the place of a file.
        for item in named(asked) {
            self.take_named(asked, item, &sought, &mut shares)?;
        }
        if let Some(person) = known.filter(|person| person.status == Status::Active) {
            let eyes = Actor::person(&person.id);
            for folder in self.folders_of(&eyes)? {
                self.take_folder(&eyes, &folder, &sought, &mut shares)?;
            }
            for file in self.received_files(&eyes)? {
                self.take_file(&eyes, &file, &sought, &mut shares)?;
            }
        }
        Ok(shares)
    }

    /// Shared folders that the member does not own. Who is in a team folder is the admin console's matter.
    fn folders_of(&self, eyes: &Actor) -> Result<Vec<Arc<str>>, Error> {
        let doing = "list a member's shared folders";
        let mut page: SharedFolders =
            self.team.desk.rpc(&eyes.looks(&route::FOLDERS, doing), &json!({"limit": 1000}))?;
        let (mut all, mut pages) = (Vec::new(), Pages::of(doing));
        loop {
            let others =
                page.entries.iter().filter(|folder| !folder.is_team_folder && folder.access_type.as_str() != "owner");
            all.extend(others.filter_map(|folder| folder.shared_folder_id.as_deref().map(Arc::from)));
            let Some(cursor) = page.cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(all) };
            page =
                self.team.desk.rpc(&eyes.looks(&route::FOLDERS_ON, doing), &json!({"cursor": pages.on(&cursor)?}))?;
        }
    }

    /// Files that others share with the member.
    fn received_files(&self, eyes: &Actor) -> Result<Vec<Arc<str>>, Error> {
        let doing = "list the files a member received";
        let first = eyes.looks(&route::RECEIVED_FILES, doing);
        let mut page: ReceivedFiles = self.team.desk.rpc(&first, &json!({ "limit": FILES_A_PAGE }))?;
        let (mut all, mut pages) = (Vec::new(), Pages::of(doing));
        loop {
            all.extend(page.entries.iter().filter(|file| !file.id.is_empty()).map(|file| Arc::from(file.id.as_str())));
            let Some(cursor) = page.cursor.filter(|cursor| !cursor.is_empty()) else { return Ok(all) };
            let onward = eyes.looks(&route::RECEIVED_FILES_ON, doing);
            page = self.team.desk.rpc(&onward, &json!({"cursor": pages.on(&cursor)?}))?;
        }
    }

    fn take_folder(
        &self,
        eyes: &Actor,
        folder: &Arc<str>,
        sought: &Sought,
        shares: &mut Vec<Share>,
    ) -> Result<(), Error> {
        if shares.iter().any(|share| share.item.id == *folder) {
            return Ok(());
        }
        if let Some(member) = sought.among(self.share_members(eyes, folder)?) {
            shares.push(Share { item: shared_folder(folder, &eyes.principal), member });
        }
        Ok(())
    }

    fn take_file(&self, eyes: &Actor, id: &Arc<str>, sought: &Sought, shares: &mut Vec<Share>) -> Result<(), Error> {
        if shares.iter().any(|share| share.item.id == *id) {
            return Ok(());
        }
        if let Some(member) = sought.among(self.file_members(eyes, id, &"".into())?) {
            let item = TargetItem {
                id: Arc::clone(id),
                kind: ItemKind::File,
                place: "".into(),
                read_as: eyes.principal.clone(),
                path: None,
            };
            shares.push(Share { item, member });
        }
        Ok(())
    }

    /// An item where the person was known to be a member.
    fn take_named(
        &self,
        asked: &Asked<'_>,
        item: &TargetItem,
        sought: &Sought,
        shares: &mut Vec<Share>,
    ) -> Result<(), Error> {
        let is_namespace = !item.id.starts_with("id:");
        if shares.iter().any(|share| share.item.id == item.id) {
            return Ok(());
        }
        let actor = if item.place.is_empty() { None } else { self.actor_in(asked.people, &item.place)? };
        if item.kind == ItemKind::File {
            let member = self.seen(actor.as_ref(), item, |eyes| self.shown_members(eyes, item))?;
            if let Some(member) = member.and_then(|members| sought.among(members)) {
                shares.push(Share { item: item.clone(), member });
            }
            return Ok(());
        }
        let folder = if is_namespace {
            Some(Arc::clone(&item.id))
        } else {
            let entry = self.seen(actor.as_ref(), item, |eyes| self.entry(eyes, &item.place, &item.id))?;
            entry.and_then(|entry| entry.sharing_info?.shared_folder_id).map(Arc::from)
        };
        match folder {
            Some(folder) => self.take_folder(&self.admin_eyes()?, &folder, sought, shares),
            None => Ok(()),
        }
    }

    /// A file's members; hidden ones are a refusal, so that somebody else may be asked.
    fn shown_members(&self, eyes: &Actor, item: &TargetItem) -> Result<Members, Error> {
        match self.file_members(eyes, &item.id, &item.place)? {
            Members::Hidden => Err(Error::new(Next::Forbidden, "list the members of a file", "they are hidden")),
            members => Ok(members),
        }
    }

    /// What an item tells whoever acts there, whoever read it, or the admin; `None` when nobody sees it.
    fn seen<T>(
        &self,
        actor: Option<&Actor>,
        item: &TargetItem,
        look: impl Fn(&Actor) -> Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let reader = match &item.read_as {
            Principal::Person(member) => Some(Actor::person(member)),
            _ => None,
        };
        match self.first_sees(actor.or(reader.as_ref()), look) {
            Err(error) if is_out_of_sight(&error) => Ok(None),
            found => Ok(Some(found?.0)),
        }
    }

    pub(super) fn end_share(
        &self,
        asked: &Asked<'_>,
        target: &TargetPerson,
        share: &Share,
    ) -> Result<Applied, Applied> {
        let item = &share.item;
        let member = super::member_id(asked.people, target);
        // Members leave a share by another call than the one that removes others.
        let themself =
            |by: &Actor| member.as_ref().is_some_and(|member| by.principal == Principal::Person(Arc::clone(member)));
        if let Some(by) = self.sharing_actor(asked, item)?.filter(|by| !themself(by)) {
            return self.end_member(&by, of(item), &share.member);
        }
        let active = |member: &Arc<str>| self.is_active(asked.people, member).map_err(Applied::Later);
        match member {
            Some(member) if active(&member)? => self.leave(&Actor::person(&member), item),
            _ => Err(Applied::Blocked(Block::NobodyToAct)),
        }
    }

    /// Gives up a membership in the person's own name.
    fn leave(&self, by: &Actor, item: &TargetItem) -> Result<Applied, Applied> {
        let doing = "give up a membership";
        match of(item) {
            Of::File { id, .. } => {
                let ask = by.acts(&route::LEAVE_FILE, doing, None);
                let (_, request) = self.team.desk.act::<Value>(&ask, &json!({ "file": id })).map_err(failed)?;
                Ok(Applied::Done(request.into_iter().collect()))
            }
            Of::Folder(folder) => {
                let argument = json!({"shared_folder_id": &**folder, "leave_a_copy": false});
                self.launch(by, &route::LEAVE_FOLDER, &route::JOB, doing, folder, &argument)
            }
        }
    }

    pub(super) fn add_share(&self, asked: &Asked<'_>, share: &Share) -> Result<Applied, Applied> {
        match self.sharing_actor(asked, &share.item)? {
            Some(by) => self.add_member(&by, of(&share.item), &share.member),
            None => Err(Applied::Blocked(Block::NobodyToAct)),
        }
    }

    /// Who of the team changes the members of a share.
    fn sharing_actor(&self, asked: &Asked<'_>, item: &TargetItem) -> Result<Option<Actor>, Applied> {
        let place = if item.kind == ItemKind::File { &item.place } else { &item.id };
        if place.is_empty() {
            return self.owner_of_file(asked, item).map_err(Applied::Later);
        }
        self.actor_in(asked.people, place).map_err(Applied::Later)
    }

    /// The owner of a file of which nobody said where it lies, while somebody of the team who can act.
    fn owner_of_file(&self, asked: &Asked<'_>, item: &TargetItem) -> Result<Option<Actor>, Error> {
        let members = self.seen(None, item, |eyes| self.shown_members(eyes, item))?;
        let Some(Members::Known(members)) = members else { return Ok(None) };
        for member in members.iter().filter(|member| &*member.role == "owner") {
            let Who::Person { account: Some(account), .. } = &member.who else { continue };
            let Some(person) = asked.people.by_account(account) else { continue };
            if self.is_active(asked.people, &person.id)? {
                return Ok(Some(Actor::person(&person.id)));
            }
        }
        Ok(None)
    }
}

/// Items that the order names: where the person is known to be a member, or is to be one again.
fn named<'a>(asked: &Asked<'a>) -> Vec<&'a TargetItem> {
    match &asked.order.action {
        Action::RemoveFromShares { known } => known.iter().collect(),
        Action::RestoreShares { shares } => shares.iter().map(|share| &share.item).collect(),
        _ => Vec::new(),
    }
}

fn shared_folder(folder: &Arc<str>, read_as: &Principal) -> TargetItem {
    TargetItem {
        id: Arc::clone(folder),
        kind: ItemKind::Folder,
        place: Arc::clone(folder),
        read_as: read_as.clone(),
        path: Some("".into()),
    }
}

fn of(item: &TargetItem) -> Of<'_> {
    match item.kind {
        ItemKind::File => Of::File { id: &item.id, place: &item.place },
        _ => Of::Folder(&item.id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Side;

    fn member(who: Who, role: &str, above: bool) -> Member {
        let inherited_from = above.then(|| "7".into());
        Member { id: None, who, role: role.into(), pending: false, inherited_from, expires: None }
    }

    fn person(account: Option<&str>, login: &str) -> Who {
        Who::Person { account: account.map(Arc::from), login: Some(login.into()), side: Some(Side::Internal) }
    }

    #[test]
    fn only_a_membership_of_the_persons_own_counts() {
        let sought = Sought { account: Some("dbid:1".into()), login: Some("a@example.com".into()) };
        for (listed, counts) in [
            (member(person(Some("dbid:1"), "other@example.com"), "editor", false), true),
            (member(person(None, "A@example.com"), "viewer", false), true),
            (member(Who::Invited { login: "a@example.com".into() }, "viewer", false), true),
            (member(person(Some("dbid:2"), "a@example.com"), "editor", false), false),
            (member(person(Some("dbid:1"), "a@example.com"), "owner", false), false),
            (member(person(Some("dbid:1"), "a@example.com"), "editor", true), false),
            (member(Who::Group { id: "g:1".into(), side: None }, "editor", false), false),
        ] {
            let found = sought.among(Members::Known(vec![listed.clone()]));
            assert_eq!(found.is_some(), counts, "{listed:?}");
        }
        assert_eq!(sought.among(Members::Hidden), None);
    }
}
