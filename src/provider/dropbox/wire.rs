//! The shapes of Dropbox's answers, read leniently: fields may be absent or null, and unions grow.
//!
//! What a page is a list of must be there, though: taken for an empty one it would be "there is nothing" where nobody looked.
//!
//! Only fields that somebody reads stand here. A union is read as its tag ([`Tag`]) and, where its value matters, by
//! [`inner`], since Stone puts a struct's fields beside `.tag` but a nested union's below a key of the tag's name.
//! Source: the Stone specification of the API v2 (namespaces files, team, sharing, team_log, users, common).

use serde::de::{Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Reads null as the type's default.
fn nullable<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A union's tag; `"x"` and `{".tag": "x", ...}` read alike, anything else as empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag(pub(super) String);

impl Tag {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Word(String),
            Whole {
                #[serde(rename = ".tag")]
                tag: String,
            },
            Other(IgnoredAny),
        }
        Ok(match Form::deserialize(from)? {
            Form::Word(tag) | Form::Whole { tag } => Self(tag),
            Form::Other(_) => Self::default(),
        })
    }
}

/// The tag of a union's value; empty when it is none.
pub(super) fn tag(of: &Value) -> &str {
    of.as_str().or_else(|| of.get(".tag")?.as_str()).unwrap_or_default()
}

/// What a union's value carries: below the key of its tag, or beside `.tag`.
pub(super) fn inner(of: &Value) -> &Value {
    match of.get(tag(of)) {
        Some(below) => below,
        None => of,
    }
}

/// A text field of an object; `None` when absent, null, or no text.
pub(super) fn text<'v>(of: &'v Value, key: &str) -> Option<&'v str> {
    of.get(key)?.as_str()
}

// --- files ---

/// `ListFolderResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Listing {
    /// Without it the answer is not a page: taken for an empty one it would be "there is nothing" where nobody looked.
    pub(super) entries: Option<Vec<Entry>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) cursor: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) has_more: bool,
}

/// `Metadata`: a file, a folder, or something deleted.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Entry {
    #[serde(rename = ".tag", default)]
    pub(super) tag: Option<String>,
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) path_lower: Option<String>,
    pub(super) path_display: Option<String>,
    pub(super) rev: Option<String>,
    pub(super) size: Option<u64>,
    pub(super) content_hash: Option<String>,
    pub(super) server_modified: Option<String>,
    pub(super) is_downloadable: Option<bool>,
    pub(super) export_info: Option<ExportInfo>,
    pub(super) sharing_info: Option<SharingInfo>,
    pub(super) has_explicit_shared_members: Option<bool>,
    pub(super) file_lock_info: Option<FileLock>,
}

/// `ExportInfo`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ExportInfo {
    pub(super) export_as: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) export_options: Vec<String>,
}

/// `FolderSharingInfo`, `FileSharingInfo`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SharingInfo {
    pub(super) shared_folder_id: Option<String>,
    /// The shared or team folder that holds it.
    pub(super) parent_shared_folder_id: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) no_access: bool,
}

/// `FileLockMetadata`; an empty one is no lock.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FileLock {
    pub(super) is_lockholder: Option<bool>,
    pub(super) lockholder_account_id: Option<String>,
    pub(super) created: Option<String>,
}

impl FileLock {
    pub(super) fn holds(&self) -> bool {
        self.is_lockholder == Some(true) || self.lockholder_account_id.is_some() || self.created.is_some()
    }
}

/// `ListRevisionsResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Revisions {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) is_deleted: bool,
    pub(super) server_deleted: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) entries: Vec<Entry>,
}

/// `ListFolderLongpollResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Polled {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) changes: bool,
    pub(super) backoff: Option<u64>,
}

/// `ExportResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Exported {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) export_metadata: ExportMetadata,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) file_metadata: Entry,
}

/// `ExportMetadata`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ExportMetadata {
    pub(super) size: Option<u64>,
    pub(super) export_hash: Option<String>,
}

// --- team ---

/// `MembersListV2Result`; also the members of a group (`GroupsMembersListResult`).
#[derive(Debug, Default, Deserialize)]
pub(super) struct Members {
    pub(super) members: Vec<Member>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) cursor: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) has_more: bool,
}

/// `TeamMemberInfoV2`, `GroupMemberInfo`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Member {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) profile: Profile,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) roles: Vec<MemberRole>,
}

/// `TeamMemberProfile`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Profile {
    pub(super) team_member_id: Option<String>,
    pub(super) account_id: Option<String>,
    pub(super) email: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) status: Tag,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) name: Name,
}

/// `Name`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Name {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) display_name: String,
}

/// `TeamMemberRole`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct MemberRole {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) name: String,
}

/// `MembersGetInfoV2Result`; its entries are read by hand.
#[derive(Debug, Default, Deserialize)]
pub(super) struct MembersInfo {
    pub(super) members_info: Vec<Value>,
}

/// `ListMemberDevicesResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Devices {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) active_web_sessions: Vec<Device>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) desktop_client_sessions: Vec<Device>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) mobile_client_sessions: Vec<Device>,
}

/// `DeviceSession`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Device {
    pub(super) session_id: String,
}

/// `ListMemberAppsResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct LinkedApps {
    pub(super) linked_api_apps: Vec<LinkedApp>,
}

/// `ApiApp`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct LinkedApp {
    pub(super) app_id: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) app_name: String,
}

/// `RevokeDeviceSessionBatchResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RevokedDevices {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) revoke_devices_status: Vec<RevokedDevice>,
}

/// `RevokeDeviceSessionStatus`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RevokedDevice {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) success: bool,
}

/// `GroupsListResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Groups {
    pub(super) groups: Vec<GroupSummary>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) cursor: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) has_more: bool,
}

/// `GroupSummary`; of a share's `GroupInfo` also whose it is.
#[derive(Debug, Default, Deserialize)]
pub(super) struct GroupSummary {
    pub(super) group_id: Option<String>,
    pub(super) group_name: Option<String>,
    pub(super) same_team: Option<bool>,
    pub(super) group_management_type: Option<Tag>,
}

/// `TeamNamespacesListResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Namespaces {
    pub(super) namespaces: Vec<Namespace>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) cursor: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) has_more: bool,
}

/// `NamespaceMetadata`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Namespace {
    pub(super) namespace_id: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) namespace_type: Tag,
    pub(super) team_member_id: Option<String>,
}

/// `TeamFolderListResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct TeamFolders {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) team_folders: Vec<TeamFolder>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) cursor: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) has_more: bool,
}

/// `TeamFolderMetadata`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct TeamFolder {
    pub(super) team_folder_id: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) status: Tag,
}

/// `TokenGetAuthenticatedAdminResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct AuthenticatedAdmin {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) admin_profile: Profile,
}

/// `TeamGetInfoResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct TeamInfo {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) team_id: String,
}

/// `FeaturesGetValuesBatchResult`; its values are read by hand.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Features {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) values: Vec<Value>,
}

// --- users, common ---

/// `FullAccount`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Account {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) root_info: RootInfo,
}

/// `RootInfo`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct RootInfo {
    #[serde(rename = ".tag", default)]
    pub(super) tag: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) root_namespace_id: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) home_namespace_id: String,
}

/// `SpaceUsage`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SpaceUsage {
    pub(super) allocation: Option<Value>,
}

// --- sharing ---

/// `SharedFileMembers`, `SharedFolderMembers`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ShareMembers {
    pub(super) users: Vec<ShareMember>,
    pub(super) groups: Vec<ShareMember>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) invitees: Vec<ShareMember>,
    pub(super) cursor: Option<String>,
}

/// `UserMembershipInfo`, `GroupMembershipInfo`, `InviteeMembershipInfo`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ShareMember {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) access_type: Tag,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) is_inherited: bool,
    pub(super) user: Option<UserInfo>,
    pub(super) group: Option<GroupSummary>,
    pub(super) invitee: Option<Value>,
}

/// `UserInfo`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct UserInfo {
    pub(super) account_id: Option<String>,
    pub(super) email: Option<String>,
    pub(super) same_team: Option<bool>,
    pub(super) team_member_id: Option<String>,
}

/// `ListFileMembersBatchResult`; the result is read by hand.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FileMembers {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) file: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) result: Value,
}

/// `SharedFolderMetadata`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SharedFolder {
    pub(super) shared_folder_id: Option<String>,
    /// What whoever asks may do.
    #[serde(default, deserialize_with = "nullable")]
    pub(super) access_type: Tag,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) is_team_folder: bool,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) is_inside_team_folder: bool,
    pub(super) owner_team: Option<Team>,
    pub(super) parent_shared_folder_id: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) policy: FolderPolicy,
}

/// `Team`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Team {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) id: String,
}

/// `FolderPolicy`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct FolderPolicy {
    pub(super) viewer_info_policy: Option<Tag>,
    pub(super) member_policy: Option<Tag>,
    /// The narrower of the folder's and the team's.
    pub(super) resolved_member_policy: Option<Tag>,
    pub(super) acl_update_policy: Option<Tag>,
}

/// `ListFoldersResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SharedFolders {
    pub(super) entries: Vec<SharedFolder>,
    pub(super) cursor: Option<String>,
}

/// `ListFilesResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ReceivedFiles {
    pub(super) entries: Vec<ReceivedFile>,
    pub(super) cursor: Option<String>,
}

/// `SharedFileMetadata`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct ReceivedFile {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) id: String,
}

/// `ListSharedLinksResult`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Links {
    pub(super) links: Vec<SharedLink>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) has_more: bool,
    pub(super) cursor: Option<String>,
}

/// `SharedLinkMetadata`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SharedLink {
    pub(super) url: Option<String>,
    pub(super) id: Option<String>,
    pub(super) path_lower: Option<String>,
    pub(super) expires: Option<String>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) link_permissions: LinkPermissions,
    /// Whose link it is, where that is a member of a team.
    pub(super) team_member_info: Option<LinkOwner>,
}

/// `TeamMemberInfo`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct LinkOwner {
    pub(super) member_id: Option<String>,
}

/// `LinkPermissions`.
#[derive(Debug, Default, Deserialize)]
pub(super) struct LinkPermissions {
    pub(super) resolved_visibility: Option<Tag>,
    pub(super) requested_visibility: Option<Tag>,
    pub(super) effective_audience: Option<Tag>,
    pub(super) allow_download: Option<bool>,
    pub(super) require_password: Option<bool>,
}

// --- team_log ---

/// `GetTeamEventsResult`; events are read by hand.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Events {
    pub(super) events: Vec<Value>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) cursor: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) has_more: bool,
}

// --- arguments ---

/// `ListFolderArg`.
#[derive(Debug, Serialize)]
pub(super) struct ListFolder<'a> {
    pub(super) path: &'a str,
    pub(super) recursive: bool,
    pub(super) include_mounted_folders: bool,
    pub(super) include_deleted: bool,
    pub(super) include_has_explicit_shared_members: bool,
    pub(super) limit: u32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn absent_and_null_fields_and_new_tags_are_read() {
        let listing: Listing = serde_json::from_value(json!({
            "entries": [
                {".tag": "file", "id": "id:1", "size": null, "export_info": {"export_options": null}, "new_field": {"x": 1}},
                {".tag": "hologram"},
                {},
            ],
            "cursor": null,
        }))
        .expect("a lenient read");
        assert_eq!(
            (listing.entries.as_ref().map(Vec::len), listing.cursor.as_str(), listing.has_more),
            (Some(3), "", false)
        );
        assert_eq!(listing.entries.expect("a list")[1].tag.as_deref(), Some("hologram"));
        let profile: Profile =
            serde_json::from_value(json!({"status": {".tag": "suspended"}, "name": null})).expect("profile");
        assert_eq!(profile.status.as_str(), "suspended");
        for (form, read) in
            [(json!("active"), "active"), (json!({".tag": "removed", "x": 1}), "removed"), (json!(7), "")]
        {
            assert_eq!(serde_json::from_value::<Tag>(form).expect("tag").as_str(), read);
        }
    }

    #[test]
    fn a_unions_value_is_found_below_or_beside_its_tag() {
        let below = json!({".tag": "user", "user": {".tag": "team_member", "email": "a@example.com"}});
        let beside = json!({".tag": "file", "file_id": "id:1"});
        assert_eq!((tag(&below), text(inner(&below), "email")), ("user", Some("a@example.com")));
        assert_eq!((tag(&beside), text(inner(&beside), "file_id")), ("file", Some("id:1")));
    }

    #[test]
    fn an_answer_without_its_list_is_no_empty_page() {
        fn reads<T: for<'de> Deserialize<'de>>(whole: &str, key: &str) {
            assert!(serde_json::from_str::<T>(whole).is_ok(), "{whole}");
            assert!(serde_json::from_str::<T>("{}").is_err(), "{key}");
            assert!(serde_json::from_str::<T>(&whole.replacen("[]", "null", 1)).is_err(), "{key}");
        }
        reads::<Members>(r#"{"members":[]}"#, "members");
        reads::<Groups>(r#"{"groups":[]}"#, "groups");
        reads::<Namespaces>(r#"{"namespaces":[]}"#, "namespaces");
        reads::<Events>(r#"{"events":[]}"#, "events");
        reads::<Links>(r#"{"links":[]}"#, "links");
        reads::<ShareMembers>(r#"{"users":[],"groups":[]}"#, "users");
    }
}
