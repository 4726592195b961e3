//! One event of the team's log in the words of this house.
//!
//! Anything may be missing ("historical data gap"), so nothing here fails. The log gives events no id: a hash over the whole
//! event stands in, by which a repeat is known. Source: team_log.stone (`TeamEvent`).

use crate::clock::Moment;
use crate::model::{Activity, ActivityKind, Actor, ItemKind, Subject};
use crate::provider::dropbox::wire::{inner, tag, text};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// Items taken from one event.
const SUBJECTS_MAX: usize = 1000;

/// An event as an activity.
pub(super) fn activity(event: &Value) -> Activity {
    let raw = event.get("event_type").map(tag).filter(|raw| !raw.is_empty()).unwrap_or("unknown");
    Activity {
        id: fingerprint(event),
        at: text(event, "timestamp").and_then(Moment::parse),
        actor: actor(event),
        kind: kind(raw),
        raw: raw.into(),
        subjects: subjects(event),
        address: address(event),
    }
}

/// 128 bits of the SHA-256 of the event's JSON as it came, in hexadecimal.
fn fingerprint(event: &Value) -> Arc<str> {
    let digest = Sha256::digest(event.to_string().as_bytes());
    let mut digits = String::with_capacity(32);
    for byte in digest.iter().take(16) {
        // Writing to a String cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    digits.into()
}

/// Who did it. A visitor without sign-in is told apart from a person outside the team, whose name is known.
fn actor(event: &Value) -> Actor {
    let Some(told) = event.get("actor").filter(|actor| !actor.is_null()) else { return context(event) };
    match tag(told) {
        "user" | "admin" => person(inner(told)),
        "anonymous" => Actor::Unauthenticated,
        "app" | "dropbox" | "reseller" => Actor::Application,
        _ => Actor::Unknown,
    }
}

/// For whom it was done, where nobody is told to have done it.
fn context(event: &Value) -> Actor {
    let Some(told) = event.get("context") else { return Actor::Unknown };
    match tag(told) {
        "team_member" | "non_team_member" | "trusted_non_team_member" => person(inner(told)),
        "anonymous" => Actor::Unauthenticated,
        _ => Actor::Unknown,
    }
}

fn person(told: &Value) -> Actor {
    let (account, login) = (text(told, "account_id").map(Arc::from), text(told, "email").map(Arc::from));
    if account.is_none() && login.is_none() { Actor::Unknown } else { Actor::Person { account, login } }
}

fn subjects(event: &Value) -> Vec<Subject> {
    let assets = event.get("assets").and_then(Value::as_array).into_iter().flatten();
    assets.take(SUBJECTS_MAX).filter_map(subject).collect()
}

/// A file or folder that the event is about; `None` for assets that are neither (Showcase).
fn subject(asset: &Value) -> Option<Subject> {
    let kind = match tag(asset) {
        "file" | "paper_document" => ItemKind::File,
        "folder" | "paper_folder" => ItemKind::Folder,
        _ => return None,
    };
    let told = inner(asset);
    let path = told.get("path");
    let within = path.and_then(|path| path.get("namespace_relative"));
    // The root of a shared folder has no name there.
    let says = |name: &&str| !name.trim_matches('/').is_empty();
    let name = within.and_then(|within| text(within, "relative_path")).filter(says);
    let name = name.or_else(|| path.and_then(|path| text(path, "contextual")).filter(says));
    let name = name.or_else(|| text(told, "display_name")).or_else(|| text(told, "doc_title"));
    Some(Subject {
        // The log writes ids of files with and without their prefix.
        id: text(told, "file_id").filter(|id| !id.is_empty()).map(with_prefix),
        kind: Some(kind),
        name: name.map(Arc::from),
        place: within.and_then(|within| text(within, "ns_id")).map(Arc::from),
        version: None,
        owner: None,
    })
}

fn with_prefix(id: &str) -> Arc<str> {
    if id.starts_with("id:") { id.into() } else { format!("id:{id}").into() }
}

fn address(event: &Value) -> Option<Arc<str>> {
    text(event.get("origin")?.get("geo_location")?, "ip_address").map(Arc::from)
}

/// What a type of event is in our words. What is not named here waits for the regular pass.
fn kind(raw: &str) -> ActivityKind {
    match raw {
        "file_add"
        | "file_request_receive_file"
        | "file_save_copy_reference"
        | "email_ingest_receive_file"
        | "file_add_from_automation"
        | "shared_content_copy"
        | "paper_content_create" => ActivityKind::Upload,
        "file_edit" | "file_revert" | "file_rollback_changes" | "paper_doc_edit" | "paper_doc_revert" => {
            ActivityKind::Edit
        }
        "file_copy" => ActivityKind::Copy,
        "file_move"
        | "shared_folder_nest"
        | "organize_folder_with_tidy"
        | "undo_organize_folder_with_tidy"
        | "paper_content_add_to_folder"
        | "paper_content_remove_from_folder" => ActivityKind::Move,
        "file_rename" | "paper_content_rename" | "team_folder_rename" => ActivityKind::Rename,
        "file_restore" | "rewind_folder" | "paper_content_restore" | "paper_doc_untrashed" => ActivityKind::Restore,
        "file_delete"
        | "file_permanently_delete"
        | "paper_doc_deleted"
        | "paper_doc_trashed"
        | "paper_content_archive"
        | "paper_content_permanently_delete"
        | "paper_folder_deleted"
        | "team_folder_permanently_delete" => ActivityKind::Delete,
        "object_label_added"
        | "object_label_removed"
        | "object_label_updated_value"
        | "user_tags_added"
        | "user_tags_removed" => ActivityKind::Label,
        "group_add_member"
        | "group_remove_member"
        | "group_create"
        | "group_delete"
        | "group_change_member_role"
        | "member_change_status"
        | "member_change_email"
        | "member_change_admin_role"
        | "member_transfer_account_contents"
        | "member_change_membership_type" => ActivityKind::People,
        "login_success" | "login_fail" | "logout" | "sign_in_as_session_start" | "sign_in_as_session_end" => {
            ActivityKind::Login
        }
        _ => by_family(raw),
    }
}

/// Types that come in families, of which some only look.
fn by_family(raw: &str) -> ActivityKind {
    let looks = ["_view", "_download", "_preview", "_request_access", "_accessed"].iter().any(|end| raw.ends_with(end));
    let shares = [
        "shared_link_",
        "shared_content_",
        "shared_folder_",
        "sf_",
        "team_folder_",
        "shmodel_",
        "paper_published_link_",
    ];
    let changes_paper = [
        "paper_doc_change_sharing_policy",
        "paper_doc_team_invite",
        "paper_doc_change_member_role",
        "paper_content_add_member",
        "paper_content_remove_member",
        "paper_folder_team_invite",
    ];
    let silent = ["shared_folder_mount", "shared_folder_unmount", "shared_link_copy", "sf_external_invite_warn"];
    if looks || silent.contains(&raw) || ["file_get_copy_reference", "file_transfers_transfer_view"].contains(&raw) {
        ActivityKind::View
    } else if changes_paper.contains(&raw)
        || shares.iter().any(|family| raw.starts_with(family)) && !raw.contains("_report") && !raw.contains("_limits_")
    {
        ActivityKind::Share
    } else {
        ActivityKind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn types_of_events_are_named_in_our_words() {
        use ActivityKind::{
            Copy, Delete, Edit, Label, Login, Move, Other, People, Rename, Restore, Share, Upload, View,
        };
        for (raw, named) in [
            ("file_add", Upload),
            ("file_request_receive_file", Upload),
            ("file_save_copy_reference", Upload),
            ("file_edit", Edit),
            ("file_rollback_changes", Edit),
            ("file_copy", Copy),
            ("file_move", Move),
            ("file_rename", Rename),
            ("file_restore", Restore),
            ("file_delete", Delete),
            ("shared_link_create", Share),
            ("shared_link_change_visibility", Share),
            ("shared_link_settings_change_audience", Share),
            ("shared_link_add_expiry", Share),
            ("shared_content_add_member", Share),
            ("shared_content_add_invitees", Share),
            ("shared_content_change_member_role", Share),
            ("shared_content_change_link_audience", Share),
            ("sf_team_invite", Share),
            ("sf_add_group", Share),
            ("shared_folder_transfer_ownership", Share),
            ("team_folder_change_status", Share),
            ("shared_folder_mount", View),
            ("shared_link_view", View),
            ("shared_content_download", View),
            ("file_preview", View),
            ("file_download", View),
            ("member_folder_contents_accessed", View),
            ("group_add_member", People),
            ("object_label_added", Label),
            ("login_fail", Login),
            ("shared_folders_create_report", Other),
            ("team_folder_space_limits_change_limit", Other),
            ("a_new_type", Other),
        ] {
            assert_eq!(kind(raw), named, "{raw}");
        }
    }

    #[test]
    fn who_did_it_is_told_as_far_as_the_log_does() {
        let user = |kind: &str| json!({".tag": "user", "user": {".tag": kind, "account_id": "dbid:1", "email": "a@x"}});
        let known = Actor::Person { account: Some("dbid:1".into()), login: Some("a@x".into()) };
        for (event, actor_is) in [
            (json!({"actor": user("team_member")}), known.clone()),
            (json!({"actor": user("non_team_member")}), known.clone()),
            (
                json!({"actor": {".tag": "admin", "admin": {".tag": "team_member", "account_id": "dbid:1", "email": "a@x"}}}),
                known.clone(),
            ),
            (json!({"actor": {".tag": "user", "account_id": "dbid:1", "email": "a@x"}}), known.clone()),
            (json!({"actor": {".tag": "anonymous"}}), Actor::Unauthenticated),
            (json!({"actor": "anonymous"}), Actor::Unauthenticated),
            (json!({"actor": {".tag": "app", "app": {".tag": "team_linked_app"}}}), Actor::Application),
            (json!({"actor": {".tag": "dropbox"}}), Actor::Application),
            (json!({"actor": {".tag": "hologram"}}), Actor::Unknown),
            (json!({"actor": null, "context": {".tag": "anonymous"}}), Actor::Unauthenticated),
            (json!({"context": {".tag": "team_member", "account_id": "dbid:1", "email": "a@x"}}), known),
            (json!({}), Actor::Unknown),
        ] {
            assert_eq!(actor(&event), actor_is, "{event}");
        }
    }

    #[test]
    fn an_event_is_read_whole() {
        let event = json!({
            "timestamp": "2026-03-01T10:00:00Z",
            "event_category": {".tag": "file_operations"},
            "actor": {".tag": "anonymous"},
            "origin": {"geo_location": {"ip_address": "192.0.2.7"}},
            "assets": [
                {".tag": "file", "path": {"contextual": "/x", "namespace_relative": {"ns_id": "7", "relative_path": "/a.txt"}},
                 "display_name": "a.txt", "file_id": "id:1"},
                {".tag": "folder", "path": {"contextual": "/home/F", "namespace_relative": {}}, "file_id": "2"},
                {".tag": "showcase_document", "showcase_id": "1"},
                {".tag": "file"},
            ],
            "event_type": {".tag": "file_add", "description": "Added files and/or folders"},
            "details": {".tag": "file_add_details"},
        });
        let told = activity(&event);
        assert_eq!(
            (told.kind, &*told.raw, told.address.as_deref()),
            (ActivityKind::Upload, "file_add", Some("192.0.2.7"))
        );
        assert_eq!((told.at, told.actor), (Moment::parse("2026-03-01T10:00:00Z"), Actor::Unauthenticated));
        let subjects: Vec<_> = told
            .subjects
            .iter()
            .map(|subject| (subject.id.as_deref(), subject.kind, subject.name.as_deref(), subject.place.as_deref()))
            .collect();
        assert_eq!(
            subjects,
            [
                (Some("id:1"), Some(ItemKind::File), Some("/a.txt"), Some("7")),
                (Some("id:2"), Some(ItemKind::Folder), Some("/home/F"), None),
                (None, Some(ItemKind::File), None, None),
            ]
        );
    }

    #[test]
    fn a_repeat_has_the_same_id_and_nothing_else_has() {
        let event = |at: &str| json!({"timestamp": at, "event_type": {".tag": "file_add"}});
        assert_eq!(activity(&event("1")).id, activity(&event("1")).id);
        assert_ne!(activity(&event("1")).id, activity(&event("2")).id);
        assert_eq!(activity(&json!(null)).raw.as_ref(), "unknown");
    }
}
