//! Members, groups and the admin to act as.
//!
//! A member has two ids: `team_member_id` to act as, `account_id` by which shares and the log name the same person. External
//! collaborators are on no list of Dropbox's; they turn up as members of shares.

use super::call::{Ask, Desk};
use super::route;
use super::wire::{self, AuthenticatedAdmin, GroupSummary, Groups, MemberRole, Members};
use crate::model::{Group, Person, Principal, Role, Side, Status};
use crate::provider::pages::Pages;
use crate::provider::{Error, Next, PeoplePage};
use serde_json::json;
use std::sync::Arc;

/// Hands all members, then all groups, to `sink`.
pub(super) fn list(desk: &Desk, sink: &mut dyn FnMut(PeoplePage) -> Result<(), Error>) -> Result<(), Error> {
    members(desk, true, &mut |page| {
        let people = page.iter().filter_map(person).collect();
        sink(PeoplePage { people, groups: Vec::new() })
    })?;
    groups(desk, sink)
}

/// Pages through the members of the team.
fn members(
    desk: &Desk,
    removed_too: bool,
    take: &mut dyn FnMut(&[wire::Member]) -> Result<(), Error>,
) -> Result<(), Error> {
    let doing = "list the team's members";
    let argument = json!({"limit": 1000, "include_removed": removed_too});
    let mut page: Members = desk.rpc(&Ask::new(&route::MEMBERS, &Principal::Tenant, doing), &argument)?;
    let mut pages = Pages::of(doing);
    loop {
        take(&page.members)?;
        if !page.has_more {
            return Ok(());
        }
        let onward = json!({"cursor": pages.on(&page.cursor)?});
        page = desk.rpc(&Ask::new(&route::MEMBERS_ON, &Principal::Tenant, doing), &onward)?;
    }
}

/// Hands all groups with their members to `sink`, a page of groups at a time.
fn groups(desk: &Desk, sink: &mut dyn FnMut(PeoplePage) -> Result<(), Error>) -> Result<(), Error> {
    let doing = "list the team's groups";
    let mut page: Groups = desk.rpc(&Ask::new(&route::GROUPS, &Principal::Tenant, doing), &json!({"limit": 1000}))?;
    let mut pages = Pages::of(doing);
    loop {
        let mut groups = Vec::new();
        for summary in &page.groups {
            groups.extend(group(desk, summary)?);
        }
        sink(PeoplePage { people: Vec::new(), groups })?;
        if !page.has_more {
            return Ok(());
        }
        let onward = json!({"cursor": pages.on(&page.cursor)?});
        page = desk.rpc(&Ask::new(&route::GROUPS_ON, &Principal::Tenant, doing), &onward)?;
    }
}

/// A group with its members; `None` when it is gone. Members that may not be seen are no failure.
fn group(desk: &Desk, summary: &GroupSummary) -> Result<Option<Group>, Error> {
    let Some(id) = summary.group_id.as_deref() else { return Ok(None) };
    let members = match group_members(desk, id) {
        Ok(members) => Some(members),
        Err(error) if error.next() == Next::Forbidden => None,
        Err(error) if error.next() == Next::Gone => return Ok(None),
        Err(error) => return Err(error),
    };
    Ok(Some(Group { id: id.into(), name: summary.group_name.as_deref().unwrap_or_default().into(), members }))
}

fn group_members(desk: &Desk, id: &str) -> Result<Vec<Arc<str>>, Error> {
    let doing = "list a group's members";
    let argument = json!({"group": {".tag": "group_id", "group_id": id}, "limit": 1000});
    let mut page: Members = desk.rpc(&Ask::new(&route::GROUP_MEMBERS, &Principal::Tenant, doing), &argument)?;
    let (mut accounts, mut pages) = (Vec::new(), Pages::of(doing));
    loop {
        accounts.extend(page.members.iter().filter_map(person).map(|person| person.account));
        if !page.has_more {
            return Ok(accounts);
        }
        let onward = json!({"cursor": pages.on(&page.cursor)?});
        page = desk.rpc(&Ask::new(&route::GROUP_MEMBERS_ON, &Principal::Tenant, doing), &onward)?;
    }
}

/// A member in our words; `None` without an id. An invited one has no account yet: the member id stands in.
pub(super) fn person(member: &wire::Member) -> Option<Person> {
    let profile = &member.profile;
    let id: Arc<str> = profile.team_member_id.as_deref()?.into();
    Some(Person {
        account: profile.account_id.as_deref().map_or_else(|| Arc::clone(&id), Arc::from),
        id,
        login: profile.email.as_deref().unwrap_or_default().into(),
        name: profile.name.display_name.as_str().into(),
        // Somebody who has left the team is outside it, whatever the address says.
        side: if profile.status.as_str() == "removed" { Side::External } else { Side::Internal },
        role: role(&member.roles),
        status: status(profile.status.as_str()),
    })
}

fn status(word: &str) -> Status {
    match word {
        "active" => Status::Active,
        "invited" => Status::Invited,
        "removed" => Status::Removed,
        // Suspended, and whatever grows here: nobody to act as.
        _ => Status::Inactive,
    }
}

/// Roles come as a list of names; the team admin's stands for all rights, any other for some.
fn role(roles: &[MemberRole]) -> Role {
    let is_admin = |role: &MemberRole| {
        let name = role.name.to_lowercase().replace('_', " ");
        matches!(name.as_str(), "team" | "team admin" | "admin")
    };
    match roles {
        [] => Role::Member,
        _ if roles.iter().any(is_admin) => Role::Admin,
        _ => Role::CoAdmin,
    }
}

/// The admin to act as: the one who linked the application, else (when that one has left) any active admin.
pub(super) fn find_admin(desk: &Desk) -> Result<Arc<str>, Error> {
    let doing = "find the admin to act as";
    let ask = Ask::new(&route::AUTHENTICATED_ADMIN, &Principal::Tenant, doing);
    match desk.rpc::<AuthenticatedAdmin>(&ask, &json!(null)) {
        Ok(AuthenticatedAdmin { admin_profile: profile }) if profile.team_member_id.is_some() => {
            Ok(profile.team_member_id.unwrap_or_default().into())
        }
        Ok(_) => any_admin(desk),
        Err(error) if error.next() == Next::Forbidden => any_admin(desk),
        Err(error) => Err(error),
    }
}

/// The first active admin of the list: a full one if there is any, else one with some rights.
fn any_admin(desk: &Desk) -> Result<Arc<str>, Error> {
    let mut best: Option<Person> = None;
    members(desk, false, &mut |page| {
        for person in page.iter().filter_map(person).filter(|person| person.status == Status::Active) {
            let better = match (person.role, best.as_ref().map(|best| best.role)) {
                (Role::Admin, known) => known != Some(Role::Admin),
                (Role::CoAdmin, known) => known.is_none(),
                _ => false,
            };
            if better {
                best = Some(person);
            }
        }
        Ok(())
    })?;
    best.map(|best| best.id).ok_or_else(|| {
        Error::new(Next::Forbidden, "find the admin to act as", "the team has no active admin")
            .with_advice("set `admin = \"dbmid:...\"` in the connector's settings")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(member: serde_json::Value) -> Option<Person> {
        person(&serde_json::from_value(member).expect("a member"))
    }

    #[test]
    fn members_are_read_with_their_standing() {
        for (state, roles, expected) in [
            ("active", json!([{"name": "Team admin"}]), (Status::Active, Role::Admin, Side::Internal)),
            ("active", json!([{"name": "Support admin"}]), (Status::Active, Role::CoAdmin, Side::Internal)),
            ("invited", json!([]), (Status::Invited, Role::Member, Side::Internal)),
            ("suspended", json!(null), (Status::Inactive, Role::Member, Side::Internal)),
            ("removed", json!([]), (Status::Removed, Role::Member, Side::External)),
            ("hibernating", json!([]), (Status::Inactive, Role::Member, Side::Internal)),
        ] {
            let person = read(json!({
                "profile": {"team_member_id": "dbmid:1", "account_id": "dbid:1", "email": "a@example.com",
                            "status": {".tag": state}, "name": {"display_name": "A"}},
                "roles": roles,
            }))
            .expect("a person");
            assert_eq!((person.status, person.role, person.side), expected, "{state}");
        }
        assert_eq!(read(json!({"profile": {}})), None);
        let invited = read(json!({"profile": {"team_member_id": "dbmid:2"}})).expect("a person");
        assert_eq!(&*invited.account, "dbmid:2");
    }
}
