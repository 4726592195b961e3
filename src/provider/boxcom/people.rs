//! Who works here: managed users, external collaborators, groups with members, and whose the token is.
//!
//! Source: Box API reference "List enterprise users", "List groups for enterprise", "List members of group". Users are paged by
//! marker; groups know offsets only.

use super::Tenant;
use super::api::Ask;
use super::judge::Scope;
use super::wire::{Membership, Mini, Paged, User};
use crate::model::{Group, Person, Principal, Role, Side, Status};
use crate::provider::http::Urgency;
use crate::provider::pages::Pages;
use crate::provider::{Error, Next, PeoplePage};
use std::sync::Arc;

const USER_FIELDS: &str = "id,type,login,name,status,role,enterprise,space_used";

/// Entries of a page: the most Box gives.
const LIMIT: &str = "1000";

/// Whose the token is.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Me {
    pub(super) id: Arc<str>,
    pub(super) login: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) role: Role,
    pub(super) enterprise: Option<Arc<str>>,
    /// Bytes that are still free for it; `None` without limit or when untold.
    pub(super) free_bytes: Option<u64>,
}

impl std::fmt::Debug for Me {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Me").field("id", &self.id).field("role", &self.role).finish_non_exhaustive()
    }
}

impl Me {
    /// True when a co-admin's token cannot reach this person: the admin and other co-admins are out of its reach.
    pub(super) fn is_kept_from(&self, person: &Person) -> bool {
        self.role == Role::CoAdmin && person.id != self.id && matches!(person.role, Role::Admin | Role::CoAdmin)
    }
}

impl Tenant {
    /// Whose the token is; asked once.
    pub(super) fn me(&self) -> Result<Arc<Me>, Error> {
        let mut known = self.me.lock().map_err(|_| Error::new(Next::Stopped, WHO_AM_I, "another thread failed"))?;
        if let Some(me) = known.as_ref() {
            return Ok(Arc::clone(me));
        }
        let user: User = self.api.get(&Ask {
            path: &["users", "me"],
            query: &[("fields", "id,type,login,name,role,enterprise,space_amount,space_used")],
            read_as: &Principal::Tenant,
            urgency: Urgency::Live,
            scope: Scope::Files,
            doing: WHO_AM_I.into(),
        })?;
        let me = Arc::new(me_of(user, self.tokens.is_a_persons())?);
        if self.tokens.is_a_persons() {
            self.api.is_own(&me.id);
        }
        *known = Some(Arc::clone(&me));
        Ok(me)
    }

    /// Whose the token is, when it is a person's: only then is anybody out of reach. No call for a service account.
    pub(super) fn me_if_a_person(&self) -> Result<Option<Arc<Me>>, Error> {
        if self.tokens.is_a_persons() { self.me().map(Some) } else { Ok(None) }
    }

    /// Everybody; see [`super::Source::people`].
    pub(super) fn everybody(&self, sink: &mut dyn FnMut(PeoplePage) -> Result<(), Error>) -> Result<(), Error> {
        let me = self.me()?;
        let mut used = 0_u64;
        let mut listed = false;
        self.users("managed", &mut |users| {
            used = users.iter().filter_map(|user| user.space_used).fold(used, u64::saturating_add);
            let people: Vec<_> = users.into_iter().filter_map(|user| person(user, Side::Internal, &me)).collect();
            listed |= people.iter().any(|person| person.id == me.id);
            sink(PeoplePage { people, groups: Vec::new() })
        })?;
        self.keep_used(used);
        if !listed {
            sink(PeoplePage { people: vec![own(&me)], groups: Vec::new() })?;
        }
        self.users("external", &mut |users| {
            let people = users.into_iter().filter_map(|user| person(user, Side::External, &me)).collect();
            sink(PeoplePage { people, groups: Vec::new() })
        })?;
        match self.groups(sink) {
            // Without the right to read groups the rest goes on; `connect test` names the scope, and the exposure of what is
            // shared with a group that nobody knows says so.
            Err(error) if matches!(error.next(), Next::Forbidden | Next::Gone) => Ok(()),
            result => result,
        }
    }

    /// Bytes that all managed users together use, as the list of users said last; asked for when it was not read yet.
    pub(super) fn used_bytes(&self) -> Result<Option<u64>, Error> {
        if let Some(used) = self.used.lock().map_or(None, |used| *used) {
            return Ok(Some(used));
        }
        let mut used = 0_u64;
        self.users("managed", &mut |users| {
            used = users.iter().filter_map(|user| user.space_used).fold(used, u64::saturating_add);
            Ok(())
        })?;
        self.keep_used(used);
        Ok(Some(used))
    }

    fn keep_used(&self, bytes: u64) {
        if let Ok(mut used) = self.used.lock() {
            *used = Some(bytes);
        }
    }

    fn users(&self, of: &str, sink: &mut dyn FnMut(Vec<User>) -> Result<(), Error>) -> Result<(), Error> {
        let mut marker: Option<Arc<str>> = None;
        let mut pages = Pages::of(format!("list {of} users"));
        loop {
            let mut query = vec![("user_type", of), ("limit", LIMIT), ("usemarker", "true"), ("fields", USER_FIELDS)];
            query.extend(marker.as_deref().map(|marker| ("marker", marker)));
            let page: Paged<User> = self.api.get(&Ask {
                path: &["users"],
                query: &query,
                read_as: &Principal::Tenant,
                urgency: Urgency::Bulk,
                scope: Scope::Users,
                doing: format!("list {of} users"),
            })?;
            marker = page.onward();
            sink(page.entries)?;
            match &marker {
                Some(marker) => pages.on(marker)?,
                None => return Ok(()),
            };
        }
    }

    fn groups(&self, sink: &mut dyn FnMut(PeoplePage) -> Result<(), Error>) -> Result<(), Error> {
        self.by_offset(&["groups"], "list groups", &mut |groups: Vec<Mini>| {
            let mut page = PeoplePage::default();
            for group in groups {
                let Some(id) = group.id else { continue };
                page.groups.push(Group { members: self.group_members(&id)?, id, name: group.name.unwrap_or_default() });
            }
            sink(page)
        })
    }

    /// Accounts of a group's members; `None` when they may not be read.
    fn group_members(&self, id: &str) -> Result<Option<Vec<Arc<str>>>, Error> {
        let mut members = Vec::new();
        let doing = format!("list the members of group {id}");
        let result = self.by_offset(&["groups", id, "memberships"], &doing, &mut |page: Vec<Membership>| {
            members.extend(page.into_iter().filter_map(|membership| membership.user?.id));
            Ok(())
        });
        match result {
            Ok(()) => Ok(Some(members)),
            Err(error) if matches!(error.next(), Next::Forbidden | Next::Gone) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn by_offset<T: Default + serde::de::DeserializeOwned>(
        &self,
        path: &[&str],
        doing: &str,
        sink: &mut dyn FnMut(Vec<T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut offset = 0_u64;
        let mut pages = Pages::of(doing);
        loop {
            let page: Paged<T> = self.api.get(&Ask {
                path,
                query: &[("limit", LIMIT), ("offset", &offset.to_string())],
                read_as: &Principal::Tenant,
                urgency: Urgency::Bulk,
                scope: Scope::Groups,
                doing: doing.into(),
            })?;
            let (got, total) = (u64::try_from(page.entries.len()).unwrap_or(u64::MAX), page.total_count);
            offset = offset.saturating_add(got);
            sink(page.entries)?;
            if got == 0 || total.is_some_and(|total| offset >= total) {
                return Ok(());
            }
            pages.on(&offset.to_string())?;
        }
    }
}

const WHO_AM_I: &str = "ask whose the token is";

fn me_of(user: User, a_persons: bool) -> Result<Me, Error> {
    let id = user.id.ok_or_else(|| Error::new(Next::Transient, WHO_AM_I, "an answer without an id"))?;
    let limit = user.space_amount.and_then(|amount| u64::try_from(amount).ok());
    Ok(Me {
        id,
        login: user.login.unwrap_or_default(),
        name: user.name.unwrap_or_default(),
        role: if a_persons { role(user.role.as_deref()) } else { Role::Service },
        enterprise: user.enterprise.and_then(|enterprise| enterprise.name.or(enterprise.id)),
        free_bytes: limit.map(|limit| limit.saturating_sub(user.space_used.unwrap_or(0))),
    })
}

/// The owner of the token as a person: a service account is not among the users, yet what it owns is the company's.
fn own(me: &Me) -> Person {
    Person {
        id: Arc::clone(&me.id),
        account: Arc::clone(&me.id),
        login: Arc::clone(&me.login),
        name: Arc::clone(&me.name),
        side: Side::Internal,
        role: me.role,
        status: Status::Active,
    }
}

/// A user as a person; `None` without an id.
fn person(user: User, side: Side, me: &Me) -> Option<Person> {
    let id = user.id?;
    let role = if me.id == id { me.role } else { role(user.role.as_deref()) };
    Some(Person {
        account: Arc::clone(&id),
        id,
        login: user.login.unwrap_or_default(),
        name: user.name.unwrap_or_default(),
        side,
        role,
        status: status(user.status.as_deref()),
    })
}

pub(super) fn role(word: Option<&str>) -> Role {
    match word {
        Some("admin") => Role::Admin,
        Some("coadmin") => Role::CoAdmin,
        _ => Role::Member,
    }
}

/// `cannot_delete_edit` and `cannot_delete_edit_upload` are limits of what an active user may do.
pub(super) fn status(word: Option<&str>) -> Status {
    match word {
        Some("inactive") => Status::Inactive,
        _ => Status::Active,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str, login: &str, role: &str, status: &str) -> User {
        let text = format!(r#"{{"id":"{id}","login":"{login}","role":"{role}","status":"{status}"}}"#);
        serde_json::from_str(&text).unwrap()
    }

    fn me(id: &str, role: Role) -> Me {
        me_of(User { id: Some(id.into()), ..User::default() }, true).map(|me| Me { role, ..me }).unwrap()
    }

    #[test]
    fn statuses_and_roles() {
        for (role_word, status_word, role, status) in [
            ("admin", "active", Role::Admin, Status::Active),
            ("coadmin", "cannot_delete_edit", Role::CoAdmin, Status::Active),
            ("user", "cannot_delete_edit_upload", Role::Member, Status::Active),
            ("user", "inactive", Role::Member, Status::Inactive),
            ("", "", Role::Member, Status::Active),
            ("new word", "new word", Role::Member, Status::Active),
        ] {
            let person =
                person(user("7", "a@b.c", role_word, status_word), Side::Internal, &me("1", Role::Service)).unwrap();
            assert_eq!((person.role, person.status), (role, status), "{role_word} {status_word}");
        }
        assert_eq!(person(User::default(), Side::Internal, &me("1", Role::Service)), None);
    }

    #[test]
    fn the_service_account_is_of_the_company_whatever_its_login() {
        let service = me_of(user("9", "AutomationUser_1_x@boxdevedition.com", "user", "active"), false).unwrap();
        assert_eq!((service.role, own(&service).side), (Role::Service, Side::Internal));
        let among_users = person(user("9", "a@b.c", "user", "active"), Side::Internal, &service).unwrap();
        assert_eq!(among_users.role, Role::Service);
    }

    #[test]
    fn a_co_admin_is_kept_from_admins() {
        for (mine, id, role, kept) in [
            (Role::CoAdmin, "2", "admin", true),
            (Role::CoAdmin, "2", "coadmin", true),
            (Role::CoAdmin, "1", "coadmin", false),
            (Role::CoAdmin, "2", "user", false),
            (Role::Admin, "2", "coadmin", false),
            (Role::Service, "2", "admin", false),
        ] {
            let me = me("1", mine);
            let person = person(user(id, "a@b.c", role, "active"), Side::Internal, &me).unwrap();
            assert_eq!(me.is_kept_from(&person), kept, "{mine:?} {id} {role}");
        }
    }
}
