//! Who can reach an item of Box: its link as the listing tells it, its members by a call for each shared item.
//!
//! A list that may hide somebody is [`Members::Hidden`], never "nobody": when it is refused, when the folder's owner does not
//! let others see the members, and when it is empty though the item says that it has some.

use super::Tenant;
use super::api::Ask;
use super::judge::Scope;
use super::wire::{Collaboration, Listed, Mini, Paged, SharedLink};
use crate::model::{Audience, ItemKind, Link, Member, Members, Sharing, Who};
use crate::provider::http::Urgency;
use crate::provider::pages::Pages;
use crate::provider::{Error, Next, Shared};
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// The id of whoever is not signed in (Box: `created_by.id` of anonymous downloads and views).
pub(super) const ANONYMOUS: &str = "2";

/// Members of a page: the most Box gives.
const LIMIT: &str = "1000";

impl Tenant {
    /// The members of one item.
    pub(super) fn sharing_of(&self, shared: &Shared) -> Result<Sharing, Error> {
        if shared.kind == ItemKind::WebLink {
            // A bookmark has no members of its own: those of its folder reach it.
            return Ok(Sharing::default());
        }
        Ok(Sharing { members: self.members_of(shared, Urgency::Bulk)?, ..Sharing::default() })
    }

    /// The members of a file or folder: a file's with those of the folders above it, a folder's own.
    pub(super) fn members_of(&self, shared: &Shared, urgency: Urgency) -> Result<Members, Error> {
        match self.collaborations(shared, urgency) {
            Ok(members) if self.may_hide(shared, &members, urgency)? => Ok(Members::Hidden),
            Ok(members) if members.is_empty() => Ok(Members::None),
            Ok(members) => Ok(Members::Known(members)),
            Err(error) if matches!(error.next(), Next::Forbidden | Next::Gone) => Ok(Members::Hidden),
            Err(error) => Err(error),
        }
    }

    fn collaborations(&self, shared: &Shared, urgency: Urgency) -> Result<Vec<Member>, Error> {
        let mut members = Vec::new();
        let mut marker: Option<Arc<str>> = None;
        let mut pages = Pages::of(format!("list the members of {}", shared.id));
        loop {
            let mut query = vec![("limit", LIMIT)];
            query.extend(marker.as_deref().map(|marker| ("marker", marker)));
            let page: Paged<Collaboration> = self.ask_of(shared, Some("collaborations"), &query, urgency)?;
            marker = page.onward();
            members.extend(page.entries.into_iter().filter_map(|entry| member(entry, &shared.id)));
            match &marker {
                Some(marker) => pages.on(marker)?,
                None => return Ok(members),
            };
        }
    }

    /// True when the list is not to be believed: empty though there are members, or read by a member who may not see the
    /// others. Costs a call only for an empty list and for what the reader does not own.
    fn may_hide(&self, shared: &Shared, members: &[Member], urgency: Urgency) -> Result<bool, Error> {
        let reads = |account: &Option<Arc<str>>| account.is_some() && account.as_deref() == shared.read_as.id();
        let is_reader = |member: &Member| match &member.who {
            Who::Person { account, .. } => reads(account) && &*member.role != "owner",
            _ => false,
        };
        if !members.is_empty() && !members.iter().any(is_reader) {
            return Ok(false);
        }
        let fields = "has_collaborations,can_non_owners_view_collaborators,owned_by";
        match self.ask_of::<Listed>(shared, None, &[("fields", fields)], urgency) {
            Ok(item) => {
                let owns = reads(&item.owned_by.and_then(|owner| owner.id));
                let empty = members.is_empty() && item.has_collaborations == Some(true);
                Ok(empty || (!owns && item.can_non_owners_view_collaborators == Some(false)))
            }
            Err(error) if matches!(error.next(), Next::Forbidden | Next::Gone) => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn ask_of<T: DeserializeOwned>(
        &self,
        shared: &Shared,
        below: Option<&str>,
        query: &[(&str, &str)],
        urgency: Urgency,
    ) -> Result<T, Error> {
        let kind = if shared.kind == ItemKind::Folder { "folders" } else { "files" };
        let mut path = vec![kind, &*shared.id];
        path.extend(below);
        self.api.get(&Ask {
            path: &path,
            query,
            read_as: &shared.read_as,
            urgency,
            scope: Scope::AsUser,
            doing: format!("list the members of {kind}/{}", shared.id),
        })
    }
}

/// A link in the words of this house.
pub(super) fn link(told: &SharedLink) -> Link {
    let access = told.effective_access.as_deref().or(told.access.as_deref());
    Link {
        audience: audience(access),
        password: told.is_password_enabled == Some(true),
        expires: told.unshared_at,
        download: told.permissions.as_ref().and_then(|may| may.can_download),
        url: told.url.clone(),
    }
}

/// Whom a word for the access of a link lets in.
pub(super) fn audience(access: Option<&str>) -> Audience {
    match access {
        Some("open") => Audience::Public,
        Some("company") => Audience::Company,
        Some("collaborators") => Audience::Members,
        _ => Audience::Unknown,
    }
}

/// A collaboration as a member of the item `of`; `None` for one that was declined.
fn member(told: Collaboration, of: &str) -> Option<Member> {
    if told.status.as_deref() == Some("rejected") {
        return None;
    }
    let from = told.item.and_then(|item| item.id).filter(|id| &**id != of);
    Some(Member {
        id: told.id,
        who: who(told.accessible_by, told.invite_email),
        role: told.role.unwrap_or_default(),
        pending: told.status.as_deref() == Some("pending"),
        inherited_from: from,
        expires: told.expires_at,
    })
}

/// Who a collaboration lets in. Nobody named at all is a person without a name, which counts as outside.
fn who(accessible_by: Option<Mini>, invite_email: Option<Arc<str>>) -> Who {
    let Some(by) = accessible_by.filter(|by| by.id.is_some() || by.login.is_some()) else {
        let nobody = Who::Person { account: None, login: None, side: None };
        return invite_email.map_or(nobody, |login| Who::Invited { login });
    };
    match (by.kind.as_deref(), by.id) {
        (Some("group"), Some(id)) => Who::Group { id, side: None },
        (_, Some(id)) if &*id == ANONYMOUS => Who::Unauthenticated,
        (_, account) => Who::Person { account, login: by.login.or(invite_email), side: None },
    }
}

#[cfg(test)]
mod tests;
