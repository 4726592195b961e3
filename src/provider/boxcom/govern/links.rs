//! Links: ended, changed, made again.
//!
//! A body that would make a link where there is none is never sent but for [`Step::MakeLink`]: a change is sent only for a link
//! that was just read, and under its etag, so that one that was ended meanwhile answers 412.
//!
//! Source: Box API reference "Update shared link on file", "Remove shared link from file" and their twins.

use super::super::Tenant;
use super::super::api::Change;
use super::{Subject, kind_path};
use crate::model::Audience;
use crate::model::action::{Block, ItemState, LinkWish, OwnLink, Step};
use crate::provider::govern::{Applied, Asked};
use crate::provider::http::Payload;
use reqwest::Method;
use serde_json::{Map, Value, json};

/// Box keeps one link for each item.
pub(super) const KEY: &str = "own";

impl Tenant {
    /// Calls for a step of links.
    pub(super) fn apply_link(&self, asked: &Asked<'_>, of: Subject<'_>, step: &Step, now: &ItemState) -> Applied {
        let present = |key: &str| now.links.iter().find(|link| &*link.key == key);
        match step {
            Step::EndLink { key } => match present(key) {
                Some(_) => self.put_link(of, &Value::Null, now),
                None => Applied::Moved,
            },
            Step::SetLink { key, wish } => match present(key) {
                Some(link) => self.set_link(asked, of, link, wish, now),
                None => Applied::Moved,
            },
            Step::MakeLink { .. } if !now.links.is_empty() => Applied::Moved,
            Step::MakeLink { wish, .. } if access(wish.audience).is_none() => {
                Applied::Blocked(Block::NotOffered("whom the link let in is not known".into()))
            }
            Step::MakeLink { wish, .. } => match settings(asked, wish, wish.audience) {
                Ok(settings) => self.put_link(of, &Value::Object(settings), now),
                Err(block) => Applied::Blocked(block),
            },
            _ => super::not_ours(),
        }
    }

    fn set_link(
        &self,
        asked: &Asked<'_>,
        of: Subject<'_>,
        link: &OwnLink,
        wish: &LinkWish,
        now: &ItemState,
    ) -> Applied {
        // The access is always said: where it is not, Box may set it to what the company has as a default.
        let settings = match settings(asked, wish, wish.audience.or(Some(link.asked))) {
            Ok(settings) => settings,
            Err(block) => return Applied::Blocked(block),
        };
        if settings.is_empty() {
            return Applied::Moved;
        }
        match self.put_link(of, &Value::Object(settings), now) {
            Applied::Blocked(block) => Applied::Blocked(self.plan_or(block, wish, now)),
            other => other,
        }
    }

    /// What an owner may not do with an own link is not a matter of rights.
    fn plan_or(&self, block: Block, wish: &LinkWish, now: &ItemState) -> Block {
        let by_owner = now.owner.as_ref().and_then(|owner| owner.account.as_deref()) == now.folder.act_as.id();
        match block {
            Block::NoRight(code) if by_owner && code.contains("access_denied") && (wish.expires.is_some() || wish.password == Some(true)) => {
                Block::PlanLacks(code)
            }
            Block::BadWish(_) if wish.password == Some(true) => Block::BadWish(
                "Box does not take this password: it needs eight characters or more, with a number, a capital letter or a sign".into(),
            ),
            other => other,
        }
    }

    fn put_link(&self, of: Subject<'_>, link: &Value, now: &ItemState) -> Applied {
        let body = json!({ "shared_link": link }).to_string();
        self.sent(&Change {
            payload: Payload::Json(&body),
            query: &[("fields", "shared_link")],
            if_match: now.etag.as_deref(),
            ..Change::of(Method::PUT, &[kind_path(of.kind), of.id], of.by, format!("change the link of {of}"))
        })
    }
}

/// Box's word for whom a link lets in.
fn access(audience: Option<Audience>) -> Option<&'static str> {
    match audience? {
        Audience::Public => Some("open"),
        Audience::Company => Some("company"),
        Audience::Members => Some("collaborators"),
        Audience::Unknown => None,
    }
}

/// The settings of a link as they are sent.
fn settings(asked: &Asked<'_>, wish: &LinkWish, audience: Option<Audience>) -> Result<Map<String, Value>, Block> {
    let mut settings = Map::new();
    if let Some(ends) = wish.expires {
        settings.insert("unshared_at".into(), ends.map_or(Value::Null, |ends| ends.to_string().into()));
    }
    match (wish.password, &asked.order.password) {
        (Some(true), Some(password)) => {
            settings.insert("password".into(), password.reveal().into());
        }
        (Some(true), None) => return Err(Block::BadWish("the order comes without the password to set".into())),
        (Some(false), _) => {
            settings.insert("password".into(), Value::Null);
        }
        (None, _) => {}
    }
    if let Some(download) = wish.download.filter(|_| audience != Some(Audience::Members)) {
        settings.insert("permissions".into(), json!({ "can_download": download }));
    }
    let says_something = !settings.is_empty() || wish.audience.is_some();
    if let Some(access) = access(audience).filter(|_| says_something) {
        settings.insert("access".into(), access.into());
    }
    Ok(settings)
}
