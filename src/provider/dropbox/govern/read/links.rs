//! Links of an item and of the folders above it.
//!
//! A member is told the member's own links first of all, an admin those of the whole team: both are asked, so that no link is
//! overlooked, and whose it is tells each. The address is a key to the content by itself: only its digest is kept.

use super::super::super::Tenant;
use super::super::super::look::is_out_of_sight;
use super::super::super::route;
use super::super::super::sharing;
use super::super::super::wire::{LinkPermissions, Links, SharedLink, Tag};
use super::Actor;
use crate::clock::Moment;
use crate::model::action::{LinkAbove, OwnLink};
use crate::model::{Audience, Directory};
use crate::provider::govern::Asked;
use crate::provider::pages::Pages;
use crate::provider::{Error, Next};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// Bytes of the digest that tells links of one item apart.
const KEY_BYTES: usize = 8;

impl Tenant {
    /// The links of the item itself.
    pub(super) fn own_links(&self, asked: &Asked<'_>, eyes: &Actor, id: &str) -> Result<Vec<OwnLink>, Error> {
        let told = self.links_to(eyes, id, true)?;
        Ok(told.iter().filter_map(|link| self.own_link(asked.people, link)).collect())
    }

    /// The links that lead to the item and are not its own.
    pub(super) fn links_above(
        &self,
        asked: &Asked<'_>,
        eyes: &Actor,
        id: &str,
        own: &[OwnLink],
    ) -> Result<Vec<LinkAbove>, Error> {
        let told = self.links_to(eyes, id, false)?;
        let above = told.iter().filter_map(|told| {
            let link = self.own_link(asked.people, told)?;
            let folder: Arc<str> = told.id.as_deref().unwrap_or_default().into();
            // Its own is none above, also when the list of its own lags behind this one.
            let is_own = *folder == *id || own.iter().any(|own| own.key == link.key);
            (!is_own).then_some(LinkAbove { folder, link })
        });
        Ok(above.collect())
    }

    /// Links to an item, as whoever acts and the admin see them, each once.
    fn links_to(&self, eyes: &Actor, id: &str, direct: bool) -> Result<Vec<SharedLink>, Error> {
        let mut all = self.links_seen(eyes, id, direct)?;
        let admin = self.admin_eyes()?;
        if admin.principal == eyes.principal {
            return Ok(all);
        }
        match self.links_seen(&admin, id, direct) {
            Err(error) if is_out_of_sight(&error) => {}
            more => {
                for link in more? {
                    if !all.iter().any(|known| known.url == link.url) {
                        all.push(link);
                    }
                }
            }
        }
        Ok(all)
    }

    fn links_seen(&self, eyes: &Actor, id: &str, direct: bool) -> Result<Vec<SharedLink>, Error> {
        let doing = "list the links of an item";
        let first = json!({"path": id, "direct_only": direct});
        let (mut argument, mut all, mut pages, mut resets) = (first.clone(), Vec::new(), Pages::of(doing), 0);
        loop {
            let page: Links = match self.team.desk.rpc(&eyes.looks(&route::SHARED_LINKS, doing), &argument) {
                Err(error) if matches!(error.next(), Next::Reset(_)) && resets < RESETS_MAX => {
                    (argument, all, pages, resets) = (first.clone(), Vec::new(), Pages::of(doing), resets + 1);
                    continue;
                }
                page => page?,
            };
            all.extend(page.links);
            if !page.has_more {
                return Ok(all);
            }
            argument = json!({"cursor": pages.on(page.cursor.as_deref().unwrap_or_default())?});
        }
    }

    /// A link in our words; `None` without an address, which nobody can follow.
    fn own_link(&self, people: &Directory, told: &SharedLink) -> Option<OwnLink> {
        let url = told.url.as_deref()?;
        let (audience, password) = sharing::audience(&told.link_permissions);
        let member = told.team_member_info.as_ref().and_then(|owner| owner.member_id.as_deref());
        Some(OwnLink {
            key: key(url),
            audience,
            asked: asked_for(&told.link_permissions, audience),
            password,
            expires: told.expires.as_deref().and_then(Moment::parse),
            download: told.link_permissions.allow_download,
            owner: member.and_then(|member| self.account(people, member)),
            url: Some(url.into()),
        })
    }

    /// The account of a member of the team.
    fn account(&self, people: &Directory, member: &str) -> Option<Arc<str>> {
        let listed = people.people().iter().find(|person| *person.id == *member);
        listed.map(|person| Arc::clone(&person.account)).or_else(|| self.team.account_of(member))
    }
}

/// How often a listing is begun anew after a reset.
const RESETS_MAX: u32 = 3;

/// What tells a link from the item's others without being its address.
fn key(url: &str) -> Arc<str> {
    let mut key = String::new();
    for byte in Sha256::digest(url.as_bytes()).iter().take(KEY_BYTES) {
        // Writing to a String cannot fail.
        let _ = write!(key, "{byte:02x}");
    }
    key.into()
}

/// Whom a link was made for. The old words of `requested_visibility` have none for "nobody new", so such a link was asked for
/// as what it is.
fn asked_for(permissions: &LinkPermissions, effective: Audience) -> Audience {
    match permissions.requested_visibility.as_ref().map(Tag::as_str) {
        _ if effective == Audience::Members => effective,
        Some("public" | "password") => Audience::Public,
        Some("team_only") => Audience::Company,
        _ => effective,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_links_apart_and_hides_the_address() {
        let (one, other) = (key("https://example.com/s/1"), key("https://example.com/s/2"));
        assert_ne!(one, other);
        assert_eq!((one.len(), &one), (16, &key("https://example.com/s/1")));
        assert!(one.bytes().all(|c| c.is_ascii_hexdigit()));
    }

    #[test]
    fn what_was_asked_for_is_told_from_what_is_in_effect() {
        for (permissions, effective, asked) in [
            (json!({"requested_visibility": "public"}), Audience::Company, Audience::Public),
            (json!({"requested_visibility": {".tag": "password"}}), Audience::Public, Audience::Public),
            (json!({"requested_visibility": "team_only"}), Audience::Company, Audience::Company),
            (json!({"requested_visibility": "public"}), Audience::Members, Audience::Members),
            (json!({"requested_visibility": "the_galaxy"}), Audience::Company, Audience::Company),
            (json!({}), Audience::Unknown, Audience::Unknown),
        ] {
            let read: LinkPermissions = serde_json::from_value(permissions.clone()).expect("permissions");
            assert_eq!(asked_for(&read, effective), asked, "{permissions}");
        }
    }
}
