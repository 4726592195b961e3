//! Members of an item, own and inherited, and who may be invited.
//!
//! A shared folder's members are kept under its namespace; a folder that is not shared has those of the shared folder above
//! it. Each inherited member says from which folder, so that it is named and never taken for the item's own.

use super::super::super::Tenant;
use super::super::super::route;
use super::super::super::sharing;
use super::super::super::wire::{SharedFolder, Tag};
use super::Actor;
use crate::model::action::{Invitations, ItemState, TargetItem};
use crate::model::{ItemKind, Member, Members, Who};
use crate::provider::{Error, Next};
use serde_json::{Value, json};
use std::sync::Arc;

/// Members a page of a file's, the most the service gives.
const FILE_MEMBERS_A_PAGE: u32 = 300;

impl Tenant {
    /// The members of an item. `holder` is the shared folder it lies in.
    pub(in crate::provider::dropbox::govern) fn members_of(
        &self,
        eyes: &Actor,
        target: &TargetItem,
        now: &ItemState,
        holder: Option<&str>,
    ) -> Result<Members, Error> {
        let above = holder.map(Arc::from);
        match (target.kind, &now.shared_as, above) {
            (ItemKind::File, _, above) => {
                self.file_members(eyes, &target.id, &above.unwrap_or_else(|| Arc::clone(&now.folder.place)))
            }
            (_, Some(share), _) => self.share_members(eyes, share),
            (_, None, Some(above)) => Ok(inherited(self.share_members(eyes, &above)?, &above)),
            (_, None, None) => Ok(Members::None),
        }
    }

    /// A file's members; those it inherits have them from `above`.
    pub(in crate::provider::dropbox::govern) fn file_members(
        &self,
        eyes: &Actor,
        id: &str,
        above: &Arc<str>,
    ) -> Result<Members, Error> {
        let argument = json!({"file": id, "include_inherited": true, "limit": FILE_MEMBERS_A_PAGE});
        let routes = [&route::OWN_FILE_MEMBERS, &route::FILE_MEMBERS_ON];
        unless_gone(self.members_listed(eyes, routes, &argument, Some(above)), Members::Hidden)
    }

    /// A shared folder's members.
    pub(in crate::provider::dropbox::govern) fn share_members(
        &self,
        eyes: &Actor,
        share: &Arc<str>,
    ) -> Result<Members, Error> {
        let told = match self.share(eyes, share) {
            Err(error) if error.next() == Next::Gone => return Ok(NO_LONGER_SHARED),
            Err(error) if sharing::is_hiding(&error) => return Ok(Members::Hidden),
            told => told?,
        };
        if hides_members(&told) {
            return Ok(Members::Hidden);
        }
        let above: Option<Arc<str>> = told.parent_shared_folder_id.as_deref().map(Arc::from);
        let argument = json!({"shared_folder_id": &**share, "limit": 1000});
        let routes = [&route::FOLDER_MEMBERS, &route::FOLDER_MEMBERS_ON];
        unless_gone(self.members_listed(eyes, routes, &argument, above.as_ref()), NO_LONGER_SHARED)
    }

    fn members_listed(
        &self,
        eyes: &Actor,
        routes: [&'static route::Route; 2],
        argument: &Value,
        above: Option<&Arc<str>>,
    ) -> Result<Members, Error> {
        let mut all = Vec::new();
        let listed = self.each_member_page(eyes, routes, argument, &mut |page| {
            all.extend(sharing::read(page, above));
            Ok(None::<()>)
        });
        match listed {
            Err(error) if error.next() != Next::Gone && sharing::is_hiding(&error) => Ok(Members::Hidden),
            Err(error) => Err(error),
            Ok(_) => Ok(sharing::known(all)),
        }
    }

    /// Who may be invited to a folder, by whom; `None` when it is not shared.
    pub(super) fn invitations_of(&self, eyes: &Actor, now: &ItemState) -> Result<Option<Invitations>, Error> {
        let Some(share) = &now.shared_as else { return Ok(None) };
        let policy = self.share(eyes, share)?.policy;
        let is = |told: &Option<Tag>, word: &str| told.as_ref().is_some_and(|tag| tag.as_str() == word);
        let inside_only = is(&policy.member_policy, "team") || is(&policy.resolved_member_policy, "team");
        let approved = |told: &Option<Tag>| is(told, "team_and_approved");
        Ok(Some(Invitations {
            outsiders: !inside_only,
            approved_only: !inside_only
                && (approved(&policy.member_policy) || approved(&policy.resolved_member_policy)),
            by_members: !is(&policy.acl_update_policy, "owner"),
        }))
    }
}

/// Who is left of a shared folder that is one no more, whatever a reading that lags behind calls it.
const NO_LONGER_SHARED: Members = Members::None;

/// These instead of an error when what was asked for is not there.
fn unless_gone(members: Result<Members, Error>, instead: Members) -> Result<Members, Error> {
    match members {
        Err(error) if error.next() == Next::Gone => Ok(instead),
        members => members,
    }
}

/// True when a list of its members is not the whole truth for whoever asks. Its owner sees them all.
fn hides_members(told: &SharedFolder) -> bool {
    let hides = told.policy.viewer_info_policy.as_ref().is_some_and(|policy| policy.as_str() == "disabled");
    hides && told.access_type.as_str() != "owner"
}

fn inherited(members: Members, above: &Arc<str>) -> Members {
    match members {
        Members::Known(members) => Members::Known(
            members
                .into_iter()
                .map(|member| {
                    let inherited_from = member.inherited_from.or_else(|| Some(Arc::clone(above)));
                    Member { inherited_from, ..member }
                })
                .collect(),
        ),
        other => other,
    }
}

/// How calls name a member; `None` for one who has neither account nor address.
pub(in crate::provider::dropbox::govern) fn selector(who: &Who) -> Option<Value> {
    match who {
        Who::Person { account: Some(account), .. } => Some(json!({".tag": "dropbox_id", "dropbox_id": &**account})),
        Who::Group { id, .. } => Some(json!({".tag": "dropbox_id", "dropbox_id": &**id})),
        Who::Person { login: Some(login), .. } | Who::Invited { login } => {
            Some(json!({".tag": "email", "email": &**login}))
        }
        Who::Person { .. } | Who::Unauthenticated => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_named_by_account_before_address() {
        let person = |account: Option<&str>, login: Option<&str>| Who::Person {
            account: account.map(Arc::from),
            login: login.map(Arc::from),
            side: None,
        };
        for (who, named) in [
            (person(Some("dbid:1"), Some("a@example.com")), json!({".tag": "dropbox_id", "dropbox_id": "dbid:1"})),
            (person(None, Some("a@example.com")), json!({".tag": "email", "email": "a@example.com"})),
            (Who::Group { id: "g:1".into(), side: None }, json!({".tag": "dropbox_id", "dropbox_id": "g:1"})),
            (Who::Invited { login: "b@example.org".into() }, json!({".tag": "email", "email": "b@example.org"})),
        ] {
            assert_eq!(selector(&who), Some(named), "{who:?}");
        }
        assert_eq!((selector(&person(None, None)), selector(&Who::Unauthenticated)), (None, None));
    }

    #[test]
    fn members_are_hidden_from_all_but_the_owner() {
        for (policy, access, hidden) in [
            ("disabled", "editor", true),
            ("disabled", "owner", false),
            ("enabled", "editor", false),
            ("", "viewer", false),
        ] {
            let told = serde_json::from_value(json!({
                "access_type": {".tag": access}, "policy": {"viewer_info_policy": {".tag": policy}},
            }));
            assert_eq!(hides_members(&told.expect("a folder")), hidden, "{policy} {access}");
        }
    }

    #[test]
    fn what_a_folder_has_from_above_says_so() {
        let member = Member {
            id: None,
            who: Who::Unauthenticated,
            role: "viewer".into(),
            pending: false,
            inherited_from: None,
            expires: None,
        };
        let above: Arc<str> = "7".into();
        let Members::Known(members) = inherited(Members::Known(vec![member]), &above) else { panic!("known") };
        assert_eq!(members[0].inherited_from.as_deref(), Some("7"));
        assert_eq!(inherited(Members::Hidden, &above), Members::Hidden);
    }
}
