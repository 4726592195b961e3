//! Links: ended, changed, made again.
//!
//! A link is its owner's: only the owner changes it, and besides the owner an admin ends one on what the team itself owns.
//! Source: `sharing/revoke_shared_link`, `modify_shared_link_settings` (which has no admin mode) and
//! `create_shared_link_with_settings` of the Stone specification.

use super::super::Tenant;
use super::super::route;
use super::read::Actor;
use super::{WRONG_TARGET, failed, has};
use crate::model::action::{Block, ItemState, LinkWish, OwnLink, Step, Target};
use crate::model::{Audience, Principal};
use crate::provider::govern::{Applied, Asked};
use serde_json::{Map, Value, json};
use std::sync::Arc;

impl Tenant {
    /// [`Step::EndLink`], [`Step::SetLink`], [`Step::MakeLink`].
    pub(super) fn apply_link(&self, asked: &Asked<'_>, step: &Step, now: &ItemState) -> Applied {
        let done = match step {
            Step::EndLink { key } => self.end_link(asked, key, now),
            Step::SetLink { key, wish } => self.set_link(asked, key, wish, now),
            Step::MakeLink { wish, owner } => self.make_link(asked, wish, owner.as_deref(), now),
            _ => Err(Applied::Blocked(WRONG_TARGET)),
        };
        done.unwrap_or_else(|other| other)
    }

    fn end_link(&self, asked: &Asked<'_>, key: &str, now: &ItemState) -> Result<Applied, Applied> {
        let (link, url) = found(now, key)?;
        let by = match self.link_owner(asked, link)? {
            Some(owner) => owner,
            None => self.team_actor(asked, now, link)?,
        };
        let ask = by.acts(&route::REVOKE_LINK, "end a link", Some(&now.folder.place));
        let (_, id) = self.team.desk.act::<Value>(&ask, &json!({ "url": url })).map_err(failed)?;
        Ok(Applied::Done(id.into_iter().collect()))
    }

    fn set_link(&self, asked: &Asked<'_>, key: &str, wish: &LinkWish, now: &ItemState) -> Result<Applied, Applied> {
        let (link, url) = found(now, key)?;
        let by = match self.link_owner(asked, link)? {
            Some(owner) => owner,
            // Whose it is was not told: whoever acts on the item may be the one.
            None if link.owner.is_none() => self.actor(asked, now)?,
            None => return Err(Applied::Blocked(Block::NobodyToAct)),
        };
        let mut argument = json!({"url": url, "settings": settings(asked, wish)});
        if wish.expires == Some(None) {
            argument["remove_expiration"] = true.into();
        }
        let ask = by.acts(&route::SET_LINK, "change a link", Some(&now.folder.place));
        let (_, id) = self.team.desk.act::<Value>(&ask, &argument).map_err(failed)?;
        Ok(Applied::Done(id.into_iter().collect()))
    }

    fn make_link(
        &self,
        asked: &Asked<'_>,
        wish: &LinkWish,
        owner: Option<&str>,
        now: &ItemState,
    ) -> Result<Applied, Applied> {
        let Target::Item(target) = &asked.order.on else { return Err(Applied::Blocked(WRONG_TARGET)) };
        let by = match owner.map(|owner| self.by_account(asked, owner)).transpose()?.flatten() {
            Some(owner) => owner,
            None => self.actor(asked, now)?,
        };
        let argument = json!({"path": &*target.id, "settings": settings(asked, wish)});
        let ask = by.acts(&route::MAKE_LINK, "make a link", Some(&now.folder.place));
        match self.team.desk.act::<Value>(&ask, &argument) {
            Ok((_, id)) => Ok(Applied::Done(id.into_iter().collect())),
            Err(error) if has(&error, "shared_link_already_exists") => Ok(Applied::Moved),
            Err(error) => Err(failed(error)),
        }
    }

    /// The link's owner, while that is somebody of the team who can act.
    fn link_owner(&self, asked: &Asked<'_>, link: &OwnLink) -> Result<Option<Actor>, Applied> {
        link.owner.as_deref().map(|owner| self.by_account(asked, owner)).transpose().map(Option::flatten)
    }

    /// Somebody of the team by account, while active.
    pub(super) fn by_account(&self, asked: &Asked<'_>, account: &str) -> Result<Option<Actor>, Applied> {
        let Some(person) = asked.people.by_account(account) else { return Ok(None) };
        let active = self.is_active(asked.people, &person.id).map_err(Applied::Later)?;
        Ok(active.then(|| Actor::person(&person.id)))
    }

    /// Who ends a link whose owner cannot: an admin, where the team owns what it leads to.
    fn team_actor(&self, asked: &Asked<'_>, now: &ItemState, link: &OwnLink) -> Result<Actor, Applied> {
        let actor = self.actor(asked, now)?;
        let admin = actor.team_owned && matches!(actor.principal, Principal::Admin(_));
        if admin || link.owner.is_none() { Ok(actor) } else { Err(Applied::Blocked(Block::NobodyToAct)) }
    }
}

/// The link of this key with its address. One that is no longer there has changed meanwhile.
fn found<'n>(now: &'n ItemState, key: &str) -> Result<(&'n OwnLink, &'n Arc<str>), Applied> {
    let link = now.links.iter().find(|link| *link.key == *key).ok_or(Applied::Moved)?;
    Ok((link, link.url.as_ref().ok_or(Applied::Moved)?))
}

/// `SharedLinkSettings` of a wish: what it leaves open stays as it is.
fn settings(asked: &Asked<'_>, wish: &LinkWish) -> Value {
    let mut settings = Map::new();
    let audience = wish.audience.and_then(|audience| match audience {
        Audience::Public => Some("public"),
        Audience::Company => Some("team"),
        Audience::Members => Some("no_one"),
        Audience::Unknown => None,
    });
    if let Some(word) = audience {
        settings.insert("audience".into(), json!({ ".tag": word }));
    }
    if let Some(Some(at)) = wish.expires {
        settings.insert("expires".into(), at.to_string().into());
    }
    if let Some(download) = wish.download {
        settings.insert("allow_download".into(), download.into());
    }
    match (wish.password, &asked.order.password) {
        (Some(true), Some(password)) => {
            settings.insert("require_password".into(), true.into());
            settings.insert("link_password".into(), password.reveal().into());
        }
        (Some(false), _) => {
            settings.insert("require_password".into(), false.into());
        }
        _ => {}
    }
    settings.into()
}
