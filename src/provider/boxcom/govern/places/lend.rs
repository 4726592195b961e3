//! Letting in for a move: nobody at Box sees both the owner's tree and another's, so who moves something there becomes an
//! editor of the target folder for the length of the move.
//!
//! Whose doing a membership is, who gives it back, and what holds after a kill: see [`crate::provider::govern`], `lend`. In the
//! company's quarantine nobody but us ever lets anybody in.

use super::{Folder, QUARANTINE, ROOT, by, came_of, no_folder, unread};
use crate::model::Principal;
use crate::model::action::{Action, Block, ItemState, Quarantine, State, Whose};
use crate::provider::Error;
use crate::provider::Next;
use crate::provider::boxcom::Tenant;
use crate::provider::boxcom::api::Change;
use crate::provider::boxcom::wire::{Collaboration, Listed, Paged};
use crate::provider::govern::{Applied, Asked};
use crate::provider::http::Payload;
use crate::provider::pages::Pages;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;

/// Members of a page: the most Box gives.
const LIMIT: &str = "1000";

/// What who moves is made.
pub(in super::super) const EDITOR: &str = "editor";

impl Tenant {
    /// Whether who moves the item was let into the target folder; `None` when nobody needs to be.
    pub(in super::super) fn lent_state(&self, asked: &Asked<'_>, item: &ItemState) -> Result<Option<bool>, Error> {
        let Some(to) = target(&asked.order.action) else { return Ok(None) };
        if to.id.as_deref().is_none_or(|id| id == ROOT) {
            return Ok(None);
        }
        let by = mover(asked, item);
        let mover = self.account_of(by)?;
        if *mover == *to.place {
            return Ok(None);
        }
        match self.let_in(to, &mover)? {
            Some(_) if asked.lent || self.is_quarantine(asked, to)? => Ok(Some(true)),
            Some(_) => Ok(None),
            // An editor from a folder above needs nobody.
            None if !asked.lent && self.may_edit(to, by)? == Some(true) => Ok(None),
            None => Ok(Some(false)),
        }
    }

    /// Makes who moves an editor of the folder, without a message to anybody.
    pub(super) fn lend(&self, asked: &Asked<'_>, now: &ItemState, to: &Folder) -> Applied {
        let Some(folder) = &to.id else { return no_folder() };
        let mover = match self.account_of(mover(asked, now)) {
            Ok(mover) => mover,
            Err(error) => return unread(error),
        };
        let body = json!({
            "item": {"type": "folder", "id": folder},
            "accessible_by": {"type": "user", "id": mover},
            "role": EDITOR,
        });
        let body = body.to_string();
        let change = Change::of(Method::POST, &["collaborations"], &to.act_as, format!("let into folders/{folder}"));
        // Somebody who is in already makes it read again.
        came_of(self.api.change(&Change { query: &[("notify", "false")], payload: Payload::Json(&body), ..change }))
    }

    /// Takes away what [`Tenant::lend`] made.
    pub(super) fn take_back(&self, asked: &Asked<'_>, now: &ItemState, to: &Folder) -> Applied {
        let found = self.account_of(mover(asked, now)).and_then(|mover| self.let_in(to, &mover));
        match found {
            Ok(Some(id)) => {
                let doing = format!("delete collaborations/{id}");
                let path = ["collaborations", &*id];
                came_of(self.api.change(&Change::of(Method::DELETE, &path, &to.act_as, doing)))
            }
            Ok(None) => Applied::Moved,
            Err(error) => unread(error),
        }
    }

    /// Why a move into another's folder was refused: whose the right was gave it back, and it is lent again; else who moves
    /// does not get in there.
    pub(super) fn why_kept_out(&self, asked: &Asked<'_>, now: &ItemState, to: &Folder, applied: Applied) -> Applied {
        match self.lent_state(asked, now) {
            Ok(Some(false)) => return Applied::Moved,
            Ok(_) => {}
            Err(error) => return unread(error),
        }
        if matches!(applied, Applied::Moved) && to.id.as_deref() != Some(ROOT) {
            return match self.may_edit(to, mover(asked, now)) {
                Ok(None) => Applied::Blocked(Block::NoRight("404 not_found".into())),
                Ok(Some(_)) => applied,
                Err(error) => unread(error),
            };
        }
        applied
    }

    /// The id of the membership of the folder's own that lets this account in.
    fn let_in(&self, to: &Folder, account: &str) -> Result<Option<Arc<str>>, Error> {
        let Some(folder) = &to.id else { return Ok(None) };
        let doing = format!("list the members of folders/{folder}");
        let (mut pages, mut marker) = (Pages::of(&*doing), None::<Arc<str>>);
        loop {
            let mut query = vec![("limit", LIMIT)];
            query.extend(marker.as_deref().map(|marker| ("marker", marker)));
            let path = ["folders", &**folder, "collaborations"];
            let page: Paged<Collaboration> = self.look_up(&path, &query, &to.act_as, &*doing)?;
            marker = page.onward();
            let found = page.entries.into_iter().find(|one| is_for(one, folder, account));
            if let Some(id) = found.and_then(|one| one.id) {
                return Ok(Some(id));
            }
            match &marker {
                Some(marker) => pages.on(marker)?,
                None => return Ok(None),
            };
        }
    }

    /// Whether this one may put things into the folder; `None` when it does not even see it.
    fn may_edit(&self, to: &Folder, who: &Principal) -> Result<Option<bool>, Error> {
        let Some(folder) = &to.id else { return Ok(None) };
        let doing = format!("look into folders/{folder}");
        match self.look_up::<Value>(&["folders", folder], &[("fields", "id,permissions")], who, doing) {
            Ok(seen) => Ok(Some(seen["permissions"]["can_rename"].as_bool() == Some(true))),
            Err(error) if matches!(error.next(), Next::Gone | Next::Forbidden) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// True for the company's quarantine.
    fn is_quarantine(&self, asked: &Asked<'_>, to: &Folder) -> Result<bool, Error> {
        if matches!(&asked.order.action, Action::Quarantine(Quarantine { whose: Whose::Company, .. })) {
            return Ok(true);
        }
        let (Some(folder), Principal::Tenant) = (&to.id, &to.act_as) else { return Ok(false) };
        let doing = format!("look into folders/{folder}");
        let seen: Listed = self.look_up(&["folders", folder], &[("fields", "id,name,parent")], &to.act_as, doing)?;
        Ok(seen.name.as_deref() == Some(QUARANTINE))
    }
}

/// Who moves: who could when the order began. Afterwards the item may be another's.
fn mover<'a>(asked: &Asked<'a>, now: &'a ItemState) -> &'a Principal {
    by(asked.prior.and_then(State::item).unwrap_or(now))
}

/// The folder that something is put in.
fn target(action: &Action) -> Option<&Folder> {
    match action {
        Action::Move { to, .. } | Action::Copy { to, .. } | Action::Quarantine(Quarantine { to, .. }) => Some(to),
        Action::Release { prior, .. } => Some(&prior.folder),
        _ => None,
    }
}

fn is_for(one: &Collaboration, folder: &str, account: &str) -> bool {
    let on = one.item.as_ref().and_then(|item| item.id.as_deref());
    let whom = one.accessible_by.as_ref();
    on.is_none_or(|on| on == folder)
        && whom.is_some_and(|by| by.id.as_deref() == Some(account) && by.kind.as_deref() != Some("group"))
}
