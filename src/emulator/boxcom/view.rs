//! How items look in answers: which fields come, and what they say.
//!
//! Without `fields` an item in a page is a mini form and an item by itself the standard form; with `fields` it is type, id,
//! etag and those named. <https://developer.box.com/guides/api-calls/request-extra-fields/>

use super::keys;
use super::label::CLASSIFICATION;
use super::reply::Call;
use super::state::{Home, Role, State};
use super::tree::{Extra, Lock, Nid, SharedLink, Uid, What};
use crate::clock::Moment;
use crate::emulator::hex;
use serde_json::{Map, Value, json};
use std::time::Duration;

const MINI: [&str; 7] = ["sequence_id", "name", "sha1", "file_version", "type", "id", "etag"];
const MINI_FOLDER: [&str; 5] = ["sequence_id", "name", "type", "id", "etag"];
const MINI_LINK: [&str; 6] = ["sequence_id", "name", "url", "type", "id", "etag"];
const STANDARD: [&str; 20] = [
    "sequence_id",
    "name",
    "description",
    "size",
    "path_collection",
    "created_at",
    "modified_at",
    "trashed_at",
    "purged_at",
    "content_created_at",
    "content_modified_at",
    "created_by",
    "modified_by",
    "owned_by",
    "shared_link",
    "parent",
    "item_status",
    "type",
    "id",
    "etag",
];
/// Fields of files beside the standard ones.
const MORE_FILE: [&str; 26] = [
    "sha1",
    "file_version",
    "extension",
    "version_number",
    "comment_count",
    "permissions",
    "tags",
    "lock",
    "has_collaborations",
    "is_externally_owned",
    "is_accessible_via_shared_link",
    "classification",
    "allowed_invitee_roles",
    "is_package",
    "expiring_embed_link",
    "watermark_info",
    "metadata",
    "expires_at",
    "representations",
    "uploader_display_name",
    "disposition_at",
    "shared_link_permission_options",
    "is_associated_with_app_item",
    "expiration",
    "content_created_at",
    "retention",
];
/// Fields of folders beside the standard ones.
const MORE_FOLDER: [&str; 19] = [
    "folder_upload_email",
    "item_collection",
    "sync_state",
    "has_collaborations",
    "permissions",
    "tags",
    "can_non_owners_invite",
    "is_externally_owned",
    "is_collaboration_restricted_to_enterprise",
    "allowed_shared_link_access_levels",
    "allowed_invitee_roles",
    "watermark_info",
    "is_accessible_via_shared_link",
    "can_non_owners_view_collaborators",
    "classification",
    "metadata",
    "is_associated_with_app_item",
    "collections",
    "content_created_at",
];

/// A moment as Box writes it: RFC 3339 with an offset that is not zero.
pub(super) fn time(at: Moment) -> String {
    at.minus(Duration::from_secs(8 * 3_600)).to_string().replace('Z', "-08:00")
}

/// True for a field that some item has; `metadata.scope.template` too.
fn is_known(field: &str) -> bool {
    field.starts_with("metadata.")
        || [&MINI[..], &MINI_LINK, &STANDARD, &MORE_FILE, &MORE_FOLDER].iter().any(|known| known.contains(&field))
}

impl State {
    /// An item in a page.
    pub(super) fn item(&self, call: &mut Call<'_>, nid: Nid, fields: Option<&[String]>) -> Value {
        match (fields, &self.tree.at(nid).what) {
            (Some(fields), _) => self.chosen(call, nid, fields),
            (None, What::File(_)) => self.fields_of(call.actor, nid, &MINI),
            (None, What::Folder(_)) => self.fields_of(call.actor, nid, &MINI_FOLDER),
            (None, What::WebLink(_)) => self.fields_of(call.actor, nid, &MINI_LINK),
        }
    }

    /// An item by itself.
    pub(super) fn full(&self, call: &mut Call<'_>, nid: Nid) -> Value {
        if let Some(fields) = call.fields() {
            return self.chosen(call, nid, &fields);
        }
        self.standard(call.actor, nid)
    }

    /// An item's standard form.
    pub(super) fn standard(&self, who: Uid, nid: Nid) -> Value {
        let mut shown = self.fields_of(who, nid, &STANDARD);
        let more: &[&str] = match self.tree.at(nid).what {
            What::File(_) => &["sha1", "file_version"],
            What::Folder(_) => &["folder_upload_email"],
            What::WebLink(_) => &["url"],
        };
        for field in more {
            if let Some(value) = self.field(who, nid, field) {
                shown[*field] = value;
            }
        }
        shown
    }

    fn chosen(&self, call: &mut Call<'_>, nid: Nid, fields: &[String]) -> Value {
        if let Some(odd) = fields.iter().find(|field| !is_known(field)) {
            let said = format!("no item has a field {odd}");
            if !call.odd.contains(&said) {
                call.odd.push(said);
            }
        }
        let always = ["type", "id", "etag"];
        let wanted: Vec<&str> = always.into_iter().chain(fields.iter().map(String::as_str)).collect();
        self.fields_of(call.actor, nid, &wanted)
    }

    fn fields_of(&self, who: Uid, nid: Nid, wanted: &[&str]) -> Value {
        let mut shown = Map::with_capacity(wanted.len());
        for field in wanted {
            if let Some(value) = self.field(who, nid, field) {
                shown.insert((*field).to_owned(), value);
            }
        }
        Value::Object(shown)
    }

    /// The least form of an item, as others point to it.
    pub(super) fn mini(&self, who: Uid, nid: Nid) -> Value {
        match self.tree.at(nid).what {
            What::File(_) => self.fields_of(who, nid, &MINI),
            What::Folder(_) => self.fields_of(who, nid, &MINI_FOLDER),
            What::WebLink(_) => self.fields_of(who, nid, &MINI_LINK),
        }
    }

    /// One field of an item; `None` when such an item has no such field.
    fn field(&self, who: Uid, nid: Nid, field: &str) -> Option<Value> {
        let node = self.tree.at(nid);
        let root = self.tree.is_root(nid);
        Some(match field {
            "type" => self.tree.kind(nid).into(),
            "id" if root => "0".into(),
            "id" => self.tree.id(nid).to_string().into(),
            "etag" | "sequence_id" if root => Value::Null,
            "etag" | "sequence_id" => node.etag.to_string().into(),
            "name" => self.tree.name(nid).into(),
            "size" => self.tree.size(nid).into(),
            "created_at" | "content_created_at" if !root => time(node.created).into(),
            "modified_at" | "content_modified_at" if !root => time(node.modified).into(),
            "created_at" | "content_created_at" | "modified_at" | "content_modified_at" => Value::Null,
            "parent" => self.parent_seen(who, nid),
            "path_collection" => self.path_seen(who, nid),
            "owned_by" => self.user_mini(self.tree.owner(nid)),
            "created_by" => self.user_mini(self.extra_by(nid, |extra| extra.created_by)),
            "modified_by" => self.user_mini(self.extra_by(nid, |extra| extra.modified_by)),
            "has_collaborations" => self.collabs_of(nid).next().is_some().into(),
            "is_externally_owned" => self.is_foreign(who, nid).into(),
            "is_accessible_via_shared_link" => self.link_now(nid).is_some().into(),
            "permissions" => self.permissions(who, nid),
            "allowed_invitee_roles" => json!([
                "editor",
                "viewer",
                "previewer",
                "uploader",
                "previewer uploader",
                "viewer uploader",
                "co-owner"
            ]),
            _ => return self.field_of_extra(nid, field).or_else(|| self.field_of_kind(nid, field)),
        })
    }

    /// Fields that most items have nothing in.
    fn field_of_extra(&self, nid: Nid, field: &str) -> Option<Value> {
        let none = Extra::default();
        let extra = self.tree.extra(nid).unwrap_or(&none);
        Some(match field {
            "description" => extra.description.clone().into(),
            "trashed_at" => self.trashed_since(nid).map_or(Value::Null, |at| time(at).into()),
            "purged_at" => {
                self.trashed_since(nid).map_or(Value::Null, |at| time(at.plus(Duration::from_secs(30 * 86_400))).into())
            }
            "item_status" if extra.purged => "deleted".into(),
            "item_status" if self.tree.is_live(nid) => "active".into(),
            "item_status" => "trashed".into(),
            // A link leads nowhere while its item is in the trash: reference "Get trashed file".
            "shared_link" if self.trashed_since(nid).is_some() => Value::Null,
            "shared_link" => self.link_now(nid).map_or(Value::Null, |link| self.link_seen(nid, link)),
            "tags" => json!(extra.tags),
            "classification" => self.classification(extra),
            "lock" => extra.lock.as_ref().map_or(Value::Null, |lock| self.lock_seen(lock)),
            "metadata" => self.metadata_seen(nid, None),
            _ => return field.strip_prefix("metadata.").map(|key| self.metadata_seen(nid, Some(key))),
        })
    }

    /// Fields of one kind of item.
    fn field_of_kind(&self, nid: Nid, field: &str) -> Option<Value> {
        match &self.tree.at(nid).what {
            What::File(_) => self.field_of_file(nid, field),
            What::Folder(_) => self.field_of_folder(nid, field),
            What::WebLink(address) => (field == "url").then(|| address.to_string().into()),
        }
    }

    fn field_of_file(&self, nid: Nid, field: &str) -> Option<Value> {
        Some(match field {
            "sha1" => self.tree.sha1(nid).into(),
            "file_version" => {
                json!({"type": "file_version", "id": self.tree.version_id(nid).to_string(), "sha1": self.tree.sha1(nid)})
            }
            "extension" => {
                let name = self.tree.name(nid);
                name.rsplit_once('.').map_or("", |(_, ending)| ending).into()
            }
            "version_number" => {
                (self.tree.versions(nid).map_or(0, |versions| versions.earlier.len()) + 1).to_string().into()
            }
            "comment_count" => self.tree.extra(nid).map_or(0, |extra| extra.comments.len()).into(),
            "is_package" | "is_associated_with_app_item" => false.into(),
            "watermark_info" => json!({"is_watermarked": false}),
            "expires_at" | "disposition_at" => Value::Null,
            "uploader_display_name" => self.user(self.tree.owner(nid)).name.clone().into(),
            "shared_link_permission_options" => json!(["can_preview", "can_download", "can_edit"]),
            _ => return None,
        })
    }

    fn field_of_folder(&self, nid: Nid, field: &str) -> Option<Value> {
        let folder = self.tree.folder(nid)?;
        Some(match field {
            "folder_upload_email" => Value::Null,
            "sync_state" => "not_synced".into(),
            "can_non_owners_invite" => (!folder.owners_invite).into(),
            "can_non_owners_view_collaborators" => (!folder.hides_members).into(),
            "is_collaboration_restricted_to_enterprise" => folder.company_only.into(),
            "allowed_shared_link_access_levels" => {
                let all = super::link::ACCESS.iter();
                all.skip_while(|access| **access != self.links_at_most).copied().collect::<Vec<_>>().into()
            }
            "watermark_info" => json!({"is_watermarked": false}),
            "is_associated_with_app_item" => false.into(),
            _ => return None,
        })
    }

    fn extra_by(&self, nid: Nid, by: impl Fn(&Extra) -> Option<Uid>) -> Uid {
        self.tree.extra(nid).and_then(by).unwrap_or_else(|| self.tree.owner(nid))
    }

    /// Since when an item, or a folder above it, is in the trash.
    fn trashed_since(&self, nid: Nid) -> Option<Moment> {
        self.tree.upwards(nid).find_map(|at| self.tree.extra(at).and_then(|extra| extra.trashed))
    }

    /// A person as items point to them.
    pub(super) fn user_mini(&self, uid: Uid) -> Value {
        let user = self.user(uid);
        json!({"type": "user", "id": user.id.to_string(), "name": user.name, "login": user.login})
    }

    /// True when an item belongs to another company than the person who looks.
    pub(super) fn is_foreign(&self, who: Uid, nid: Nid) -> bool {
        let partner = |uid| self.user(uid).home == Home::Partner;
        partner(self.tree.owner(nid)) != partner(who)
    }

    /// The folder above, as far as the person may see: else their root.
    fn parent_seen(&self, who: Uid, nid: Nid) -> Value {
        if self.tree.is_root(nid) {
            return Value::Null;
        }
        match self.visible_parent(who, nid) {
            Some(parent) => self.fields_of(who, parent, &MINI_FOLDER),
            None => self.fields_of(who, self.user(who).root, &MINI_FOLDER),
        }
    }

    fn path_seen(&self, who: Uid, nid: Nid) -> Value {
        if self.tree.is_trashed(nid) {
            let trash = json!({"type": "folder", "id": "1", "sequence_id": null, "etag": null, "name": "Trash"});
            return json!({"total_count": 1, "entries": [trash]});
        }
        let mut path = Vec::new();
        let mut here = nid;
        while let Some(parent) = self.visible_parent(who, here) {
            path.push(self.fields_of(who, parent, &MINI_FOLDER));
            here = parent;
        }
        if !self.tree.is_root(nid) {
            path.push(self.fields_of(who, self.user(who).root, &MINI_FOLDER));
        }
        path.reverse();
        json!({"total_count": path.len(), "entries": path})
    }

    /// An item's link, unless its time is over.
    pub(super) fn link_now(&self, nid: Nid) -> Option<&SharedLink> {
        let link = self.tree.extra(nid)?.link.as_ref()?;
        link.until.is_none_or(|until| until > self.now).then_some(link)
    }

    fn link_seen(&self, nid: Nid, link: &SharedLink) -> Value {
        let file = matches!(self.tree.at(nid).what, What::File(_));
        let permission = match (link.download && self.links_download, file && link.edit) {
            (true, true) => "can_edit",
            (true, false) => "can_download",
            (false, _) => "can_preview",
        };
        let until = link.until.map_or(Value::Null, |until| time(until).into());
        json!({
            "url": format!("https://app.box.com/s/{}", link.code),
            "download_url": if file && link.download { format!("https://app.box.com/shared/static/{}.txt", link.code).into() } else { Value::Null },
            "vanity_url": null,
            "vanity_name": null,
            "effective_access": self.effective_access(link),
            "effective_permission": permission,
            "is_password_enabled": link.password,
            "unshared_at": until,
            "download_count": 0,
            "preview_count": 0,
            "access": link.access,
            "permissions": {"can_preview": true, "can_download": link.download, "can_edit": link.edit},
        })
    }

    fn classification(&self, extra: &Extra) -> Value {
        let level = extra.metadata.get(CLASSIFICATION).and_then(|instance| instance.values.get(super::label::KEY));
        match level.and_then(Value::as_str) {
            Some(level) => json!({"name": level, "definition": format!("What is {level}."), "color": "#4E4E4E"}),
            None => Value::Null,
        }
    }

    fn lock_seen(&self, lock: &Lock) -> Value {
        json!({
            "type": "lock",
            "id": lock.id.to_string(),
            "created_by": self.user_mini(lock.by),
            "created_at": time(lock.at),
            "expired_at": lock.until.map_or(Value::Null, |until| time(until).into()),
            "is_download_prevented": lock.no_download,
            "app_type": null,
        })
    }

    fn permissions(&self, who: Uid, nid: Nid) -> Value {
        let role = self.role(who, nid).unwrap_or(Role::Uploader);
        let file = matches!(self.tree.at(nid).what, What::File(_));
        let (reads, edits, manages) = (role >= Role::Viewer, role >= Role::Editor, role >= Role::CoOwner);
        let mut shown = json!({
            "can_delete": edits,
            "can_download": reads,
            "can_invite_collaborator": edits,
            "can_rename": edits,
            "can_set_share_access": edits,
            "can_share": reads,
        });
        let more = if file {
            json!({"can_preview": role >= Role::Previewer, "can_comment": reads, "can_upload": edits, "can_annotate": reads,
                   "can_view_annotations_all": reads, "can_view_annotations_self": reads, "can_create_annotations": reads, "can_view_annotations": reads})
        } else {
            json!({"can_upload": edits || role == Role::Uploader || role == Role::ViewerUploader || role == Role::PreviewerUploader,
                   "can_apply_watermark": manages})
        };
        if let (Value::Object(shown), Value::Object(more)) = (&mut shown, more) {
            shown.extend(more);
        }
        shown
    }

    /// The answer about one version of a file.
    pub(super) fn version_seen(&self, nid: Nid, version: &super::tree::Version) -> Value {
        json!({
            "type": "file_version",
            "id": version.id.to_string(),
            "sha1": hex(&version.sha1),
            "name": self.tree.name(nid),
            "size": version.body.len(),
            "uploader_display_name": self.user(version.by).name,
            "created_at": time(version.at),
            "modified_at": time(version.at),
            "modified_by": self.user_mini(version.by),
            "trashed_at": version.trashed.map_or(Value::Null, |at| time(at).into()),
            "restored_at": null,
            "purged_at": null,
        })
    }

    /// The company as users point to it.
    pub(super) fn enterprise_seen(&self, uid: Uid) -> Value {
        match self.user(uid).home {
            Home::Partner => {
                json!({"type": "enterprise", "id": keys::PARTNER_ENTERPRISE_ID, "name": "Partner Example"})
            }
            _ => json!({"type": "enterprise", "id": keys::ENTERPRISE_ID, "name": "Example"}),
        }
    }
}
