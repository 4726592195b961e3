//! Shared links: made, changed and removed by the field `shared_link` of a file, folder or bookmark.
//!
//! `null` removes a link, `{}` makes one where there is none. <https://developer.box.com/guides/shared-links/>

use super::reply::{Call, Fault, invalid};
use super::state::{Role, State};
use super::tree::{Nid, SharedLink};
use crate::clock::Moment;
use serde_json::{Map, Value, json};

/// How far a link can reach, furthest first.
pub(super) const ACCESS: [&str; 3] = ["open", "company", "collaborators"];

impl State {
    /// Does what the field `shared_link` of a body says.
    pub(super) fn change_link(&mut self, call: &mut Call<'_>, nid: Nid, wanted: &Value) -> Result<(), Fault> {
        if self.role(call.actor, nid) < Some(Role::Editor) {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        let wanted = match wanted {
            Value::Null => {
                self.remove_link(call.actor, nid);
                return Ok(());
            }
            Value::Object(wanted) => wanted.clone(),
            _ => return Err(invalid("shared_link", "", "must be an object or null")),
        };
        call.knows("shared_link.", &wanted, &["access", "password", "vanity_name", "unshared_at", "permissions"]);
        self.shield_share(nid)?;
        let before = self.link_now(nid).cloned();
        let mut link = before.clone().unwrap_or_else(|| self.new_link());
        self.read_link(call, nid, &wanted, &mut link)?;
        self.put_link(call.actor, nid, link, wanted.contains_key("unshared_at"));
        Ok(())
    }

    fn new_link(&mut self) -> SharedLink {
        let code = self.fresh_code();
        SharedLink { code, access: "open", password: false, until: None, download: true, edit: false }
    }

    fn read_link(
        &self,
        call: &mut Call<'_>,
        nid: Nid,
        wanted: &Map<String, Value>,
        link: &mut SharedLink,
    ) -> Result<(), Fault> {
        match wanted.get("access") {
            None | Some(Value::Null) => {}
            Some(access) => {
                let name = access.as_str().unwrap_or("");
                let known = ACCESS.into_iter().find(|known| *known == name);
                link.access = known.ok_or_else(|| invalid("shared_link.access", name, "is not an access"))?;
            }
        }
        match wanted.get("password") {
            None => {}
            Some(Value::Null) => link.password = false,
            Some(password) => {
                let good = password.as_str().is_some_and(is_strong);
                if !good {
                    return Err(Fault::new(400, "bad_request", "The password is too weak"));
                }
                link.password = true;
            }
        }
        if link.access != "open" {
            if wanted.get("password").is_some_and(Value::is_string) {
                return Err(invalid("shared_link.password", "", "can only be set with access open"));
            }
            link.password = false;
        }
        match wanted.get("unshared_at") {
            None => {}
            Some(Value::Null) => link.until = None,
            Some(text) => {
                let until = text.as_str().and_then(Moment::parse).filter(|until| *until > self.now);
                link.until =
                    Some(until.ok_or_else(|| invalid("shared_link.unshared_at", "", "must be a date to come"))?);
            }
        }
        self.read_link_permissions(call, nid, wanted, link)
    }

    fn read_link_permissions(
        &self,
        call: &mut Call<'_>,
        nid: Nid,
        wanted: &Map<String, Value>,
        link: &mut SharedLink,
    ) -> Result<(), Fault> {
        let Some(Value::Object(permissions)) = wanted.get("permissions") else { return Ok(()) };
        call.knows("shared_link.permissions.", permissions, &["can_download", "can_edit", "can_preview"]);
        if link.access == "collaborators" {
            return Err(invalid("shared_link.permissions", "", "cannot be set with access collaborators"));
        }
        if let Some(download) = permissions.get("can_download").and_then(Value::as_bool) {
            link.download = download;
        }
        if let Some(edit) = permissions.get("can_edit").and_then(Value::as_bool) {
            if edit && self.tree.kind(nid) != "file" {
                return Err(invalid("shared_link.permissions.can_edit", "true", "is for files only"));
            }
            link.edit = edit;
        }
        Ok(())
    }

    /// Sets a link and tells of it.
    pub(super) fn put_link(&mut self, by: super::tree::Uid, nid: Nid, link: SharedLink, dated: bool) {
        let before = self.link_now(nid);
        let (had, changed) = (before.is_some(), before != Some(&link));
        self.noted_on(if had { "link_set" } else { "link_made" }, nid, changed);
        let details = json!({"shared_link_id": link.code, "access_level": link.access});
        self.tree.extra_mut(nid).link = Some(link);
        self.tree.touch(nid, by, self.now);
        self.happen(if had { "ITEM_SHARED_UPDATE" } else { "SHARE" }, Some(by), nid, details);
        if had && dated {
            self.happen("UPDATE_SHARE_EXPIRATION", Some(by), nid, Value::Null);
        }
    }

    /// Removes the link, if there is one, and tells of it.
    pub(super) fn remove_link(&mut self, by: super::tree::Uid, nid: Nid) {
        let had = self.link_now(nid).is_some();
        self.noted_on("link_gone", nid, had);
        if self.tree.extra(nid).is_some_and(|extra| extra.link.is_some()) {
            self.tree.extra_mut(nid).link = None;
            self.tree.touch(nid, by, self.now);
            self.happen("UNSHARE", Some(by), nid, Value::Null);
        }
    }

    /// How far a link reaches under the company's rules.
    pub(super) fn effective_access(&self, link: &SharedLink) -> &'static str {
        let reach = |access: &str| ACCESS.iter().position(|known| *known == access);
        if reach(link.access) < reach(self.links_at_most) { self.links_at_most } else { link.access }
    }

    /// A link for a scripted deed.
    pub(super) fn scripted_link(&mut self, by: super::tree::Uid, nid: Nid, access: &'static str) {
        let mut link = self.link_now(nid).cloned().unwrap_or_else(|| self.new_link());
        link.access = access;
        self.put_link(by, nid, link, false);
    }
}

/// Eight characters, with a digit, an upper-case letter or another sign.
fn is_strong(password: &str) -> bool {
    password.chars().count() >= 8 && password.chars().any(|letter| !letter.is_lowercase())
}
