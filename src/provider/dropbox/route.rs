//! The routes this connector calls: where, with whose authority, under which scope.
//!
//! `Dropbox-API-Select-Admin` is refused by a route that has no mode for it, so the table, not the caller, decides between it
//! and `Dropbox-API-Select-User`. Source: attributes `host`, `auth`, `scope` and `select_admin_mode` of the Stone
//! specification.

use crate::model::Principal;

/// Which host a route is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    Api,
    Content,
    Notify,
}

/// With whose authority a route is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Auth {
    /// Nobody's: no token is sent.
    Nobody,
    /// The team's: no Select header.
    Team,
    /// A member's.
    Member,
}

/// What an admin may reach through a route by Select-Admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing: the header is refused.
    No,
    /// What the team owns (team folders), nothing in a member's home.
    TeamAdmin,
    /// Whatever the team can reach.
    WholeTeam,
}

/// One route.
#[derive(Debug)]
pub(super) struct Route {
    /// Below the host's base address.
    pub(super) path: &'static str,
    pub(super) host: Host,
    pub(super) auth: Auth,
    pub(super) mode: Mode,
    /// The scope it needs; empty for none.
    pub(super) scope: &'static str,
}

const fn team(path: &'static str, scope: &'static str) -> Route {
    Route { path, host: Host::Api, auth: Auth::Team, mode: Mode::No, scope }
}

const fn member(path: &'static str, scope: &'static str, mode: Mode) -> Route {
    Route { path, host: Host::Api, auth: Auth::Member, mode, scope }
}

const fn content(path: &'static str, scope: &'static str) -> Route {
    Route { path, host: Host::Content, auth: Auth::Member, mode: Mode::WholeTeam, scope }
}

/// A route that changes content: an admin may call it for what the team owns.
const fn writing(path: &'static str) -> Route {
    member(path, "files.content.write", Mode::TeamAdmin)
}

/// A route that takes bytes.
const fn uploading(path: &'static str) -> Route {
    Route { path, host: Host::Content, auth: Auth::Member, mode: Mode::TeamAdmin, scope: "files.content.write" }
}

/// A route that changes sharing: an admin may call it for what the team owns.
const fn sharing(path: &'static str) -> Route {
    member(path, "sharing.write", Mode::TeamAdmin)
}

pub(super) static TEAM_INFO: Route = team("team/get_info", "team_info.read");
pub(super) static FEATURES: Route = team("team/features/get_values", "team_info.read");
pub(super) static AUTHENTICATED_ADMIN: Route = team("team/token/get_authenticated_admin", "team_info.read");
pub(super) static MEMBERS: Route = team("team/members/list_v2", "members.read");
pub(super) static MEMBERS_ON: Route = team("team/members/list/continue_v2", "members.read");
pub(super) static GROUPS: Route = team("team/groups/list", "groups.read");
pub(super) static GROUPS_ON: Route = team("team/groups/list/continue", "groups.read");
pub(super) static GROUP_MEMBERS: Route = team("team/groups/members/list", "groups.read");
pub(super) static GROUP_MEMBERS_ON: Route = team("team/groups/members/list/continue", "groups.read");
pub(super) static NAMESPACES: Route = team("team/namespaces/list", "team_data.member");
pub(super) static NAMESPACES_ON: Route = team("team/namespaces/list/continue", "team_data.member");
pub(super) static TEAM_FOLDERS: Route = team("team/team_folder/list", "team_data.content.read");
pub(super) static TEAM_FOLDERS_ON: Route = team("team/team_folder/list/continue", "team_data.content.read");
pub(super) static EVENTS: Route = team("team_log/get_events", "events.read");
pub(super) static EVENTS_ON: Route = team("team_log/get_events/continue", "events.read");
pub(super) static ACCOUNT: Route = member("users/get_current_account", "account_info.read", Mode::WholeTeam);
pub(super) static SPACE_USAGE: Route = member("users/get_space_usage", "account_info.read", Mode::No);
pub(super) static LIST_FOLDER: Route = member("files/list_folder", "files.metadata.read", Mode::WholeTeam);
pub(super) static LIST_FOLDER_ON: Route = member("files/list_folder/continue", "files.metadata.read", Mode::WholeTeam);
pub(super) static REVISIONS: Route = member("files/list_revisions", "files.metadata.read", Mode::WholeTeam);
pub(super) static METADATA: Route = member("files/get_metadata", "files.metadata.read", Mode::WholeTeam);
pub(super) static LONGPOLL: Route = Route {
    path: "files/list_folder/longpoll",
    host: Host::Notify,
    auth: Auth::Nobody,
    mode: Mode::No,
    scope: "files.metadata.read",
};
pub(super) static DOWNLOAD: Route = content("files/download", "files.content.read");
pub(super) static EXPORT: Route = content("files/export", "files.content.read");
pub(super) static SHARED_LINKS: Route = member("sharing/list_shared_links", "sharing.read", Mode::WholeTeam);
pub(super) static FILE_MEMBERS: Route = member("sharing/list_file_members/batch", "sharing.read", Mode::WholeTeam);
pub(super) static FILE_MEMBERS_ON: Route =
    member("sharing/list_file_members/continue", "sharing.read", Mode::WholeTeam);
pub(super) static FOLDER_MEMBERS: Route = member("sharing/list_folder_members", "sharing.read", Mode::WholeTeam);
pub(super) static FOLDER_MEMBERS_ON: Route =
    member("sharing/list_folder_members/continue", "sharing.read", Mode::WholeTeam);
pub(super) static FOLDER: Route = member("sharing/get_folder_metadata", "sharing.read", Mode::WholeTeam);

// --- routes that only acting calls ---

pub(super) static MEMBER_INFO: Route = team("team/members/get_info_v2", "members.read");
pub(super) static SUSPEND: Route = team("team/members/suspend", "members.write");
pub(super) static UNSUSPEND: Route = team("team/members/unsuspend", "members.write");
pub(super) static DEVICES: Route = team("team/devices/list_member_devices", "sessions.list");
pub(super) static REVOKE_DEVICES: Route = team("team/devices/revoke_device_session_batch", "sessions.modify");
pub(super) static APPS: Route = team("team/linked_apps/list_member_linked_apps", "sessions.list");
pub(super) static REVOKE_APP: Route = team("team/linked_apps/revoke_linked_app", "sessions.modify");
pub(super) static OWN_FILE_MEMBERS: Route = member("sharing/list_file_members", "sharing.read", Mode::WholeTeam);
pub(super) static FOLDERS: Route = member("sharing/list_folders", "sharing.read", Mode::No);
pub(super) static FOLDERS_ON: Route = member("sharing/list_folders/continue", "sharing.read", Mode::No);
pub(super) static RECEIVED_FILES: Route = member("sharing/list_received_files", "sharing.read", Mode::No);
pub(super) static RECEIVED_FILES_ON: Route = member("sharing/list_received_files/continue", "sharing.read", Mode::No);
pub(super) static REVOKE_LINK: Route = sharing("sharing/revoke_shared_link");
pub(super) static MAKE_LINK: Route = sharing("sharing/create_shared_link_with_settings");
pub(super) static SET_LINK: Route = member("sharing/modify_shared_link_settings", "sharing.write", Mode::No);
pub(super) static END_FILE_MEMBER: Route = sharing("sharing/remove_file_member_2");
pub(super) static END_FOLDER_MEMBER: Route = sharing("sharing/remove_folder_member");
pub(super) static SET_FILE_MEMBER: Route = sharing("sharing/update_file_member");
pub(super) static SET_FOLDER_MEMBER: Route = sharing("sharing/update_folder_member");
pub(super) static ADD_FILE_MEMBER: Route = sharing("sharing/add_file_member");
pub(super) static ADD_FOLDER_MEMBER: Route = sharing("sharing/add_folder_member");
pub(super) static SHARE_FOLDER: Route = sharing("sharing/share_folder");
pub(super) static UNSHARE_FILE: Route = sharing("sharing/unshare_file");
pub(super) static UNSHARE_FOLDER: Route = sharing("sharing/unshare_folder");
pub(super) static FOLDER_POLICY: Route = sharing("sharing/update_folder_policy");
pub(super) static LEAVE_FILE: Route = sharing("sharing/relinquish_file_membership");
pub(super) static LEAVE_FOLDER: Route = member("sharing/relinquish_folder_membership", "sharing.write", Mode::No);
pub(super) static SHARE_JOB: Route = sharing("sharing/check_share_job_status");
pub(super) static MEMBER_JOB: Route = sharing("sharing/check_remove_member_job_status");
pub(super) static JOB: Route = sharing("sharing/check_job_status");
pub(super) static MOVE: Route = writing("files/move_v2");
pub(super) static COPY: Route = writing("files/copy_v2");
pub(super) static DELETE: Route = writing("files/delete_v2");
pub(super) static RESTORE: Route = writing("files/restore");
pub(super) static MAKE_FOLDER: Route = writing("files/create_folder_v2");
pub(super) static UPLOAD: Route = uploading("files/upload");
pub(super) static UPLOAD_START: Route = uploading("files/upload_session/start");
pub(super) static UPLOAD_ON: Route = uploading("files/upload_session/append_v2");
pub(super) static UPLOAD_END: Route = uploading("files/upload_session/finish");
pub(super) static GET_REFERENCE: Route = member("files/copy_reference/get", "files.content.write", Mode::No);
pub(super) static SAVE_REFERENCE: Route = member("files/copy_reference/save", "files.content.write", Mode::No);
pub(super) static LOCKS: Route = member("files/get_file_lock_batch", "files.content.read", Mode::No);
pub(super) static LOCK: Route = member("files/lock_file_batch", "files.content.write", Mode::No);
pub(super) static UNLOCK: Route = member("files/unlock_file_batch", "files.content.write", Mode::WholeTeam);
pub(super) static SET_PROPERTIES: Route =
    member("file_properties/properties/overwrite", "files.metadata.write", Mode::No);
pub(super) static END_PROPERTIES: Route = member("file_properties/properties/remove", "files.metadata.write", Mode::No);
pub(super) static TEMPLATES: Route = team("file_properties/templates/list_for_team", "files.team_metadata.write");
pub(super) static TEMPLATE: Route = team("file_properties/templates/get_for_team", "files.team_metadata.write");
pub(super) static ADD_TEMPLATE: Route = team("file_properties/templates/add_for_team", "files.team_metadata.write");
pub(super) static HOLDS: Route = team("team/legal_holds/list_policies", "team_data.governance.write");
pub(super) static HELD: Route = team("team/legal_holds/list_held_revisions", "team_data.governance.write");
pub(super) static HELD_ON: Route = team("team/legal_holds/list_held_revisions_continue", "team_data.governance.write");
pub(super) static MAKE_HOLD: Route = team("team/legal_holds/create_policy", "team_data.governance.write");
pub(super) static END_HOLD: Route = team("team/legal_holds/release_policy", "team_data.governance.write");
pub(super) static CHANGE_HOLD: Route = team("team/legal_holds/update_policy", "team_data.governance.write");
pub(super) static MAKE_TEAM_FOLDER: Route = team("team/team_folder/create", "team_data.content.write");

/// Every route above that acting calls beside those of [`ALL`]: their scopes are what an acting connector asks for besides.
pub(super) static ACTING: [&Route; 56] = [
    &MEMBER_INFO,
    &SUSPEND,
    &UNSUSPEND,
    &DEVICES,
    &REVOKE_DEVICES,
    &APPS,
    &REVOKE_APP,
    &OWN_FILE_MEMBERS,
    &FOLDERS,
    &FOLDERS_ON,
    &RECEIVED_FILES,
    &RECEIVED_FILES_ON,
    &REVOKE_LINK,
    &MAKE_LINK,
    &SET_LINK,
    &END_FILE_MEMBER,
    &END_FOLDER_MEMBER,
    &SET_FILE_MEMBER,
    &SET_FOLDER_MEMBER,
    &ADD_FILE_MEMBER,
    &ADD_FOLDER_MEMBER,
    &SHARE_FOLDER,
    &UNSHARE_FILE,
    &UNSHARE_FOLDER,
    &FOLDER_POLICY,
    &LEAVE_FILE,
    &LEAVE_FOLDER,
    &SHARE_JOB,
    &MEMBER_JOB,
    &JOB,
    &MOVE,
    &COPY,
    &DELETE,
    &RESTORE,
    &MAKE_FOLDER,
    &UPLOAD,
    &UPLOAD_START,
    &UPLOAD_ON,
    &UPLOAD_END,
    &GET_REFERENCE,
    &SAVE_REFERENCE,
    &LOCKS,
    &LOCK,
    &UNLOCK,
    &SET_PROPERTIES,
    &END_PROPERTIES,
    &TEMPLATES,
    &TEMPLATE,
    &ADD_TEMPLATE,
    &HOLDS,
    &HELD,
    &HELD_ON,
    &MAKE_HOLD,
    &END_HOLD,
    &CHANGE_HOLD,
    &MAKE_TEAM_FOLDER,
];

/// Every route that reading calls: their scopes are what a reading connector asks for.
pub(super) static ALL: [&Route; 30] = [
    &TEAM_INFO,
    &FEATURES,
    &AUTHENTICATED_ADMIN,
    &MEMBERS,
    &MEMBERS_ON,
    &GROUPS,
    &GROUPS_ON,
    &GROUP_MEMBERS,
    &GROUP_MEMBERS_ON,
    &NAMESPACES,
    &NAMESPACES_ON,
    &TEAM_FOLDERS,
    &TEAM_FOLDERS_ON,
    &EVENTS,
    &EVENTS_ON,
    &ACCOUNT,
    &SPACE_USAGE,
    &LIST_FOLDER,
    &LIST_FOLDER_ON,
    &REVISIONS,
    &METADATA,
    &LONGPOLL,
    &DOWNLOAD,
    &EXPORT,
    &SHARED_LINKS,
    &FILE_MEMBERS,
    &FILE_MEMBERS_ON,
    &FOLDER_MEMBERS,
    &FOLDER_MEMBERS_ON,
    &FOLDER,
];

pub(super) const SELECT_USER: &str = "Dropbox-API-Select-User";
pub(super) const SELECT_ADMIN: &str = "Dropbox-API-Select-Admin";

impl Route {
    /// The Select header for a call by `principal`, and whose limit the call uses. `team_owned` tells whether the content
    /// acted on belongs to the team itself; `None` when the principal cannot make this call.
    pub(super) fn select(&self, principal: &Principal, team_owned: bool) -> Option<Option<(&'static str, String)>> {
        match (self.auth, principal, self.mode) {
            (Auth::Team | Auth::Nobody, _, _) => Some(None),
            (Auth::Member, Principal::Tenant, _) => None,
            (Auth::Member, Principal::Person(id), _) | (Auth::Member, Principal::Admin(id), Mode::No) => {
                Some(Some((SELECT_USER, id.to_string())))
            }
            (Auth::Member, Principal::Admin(_), Mode::TeamAdmin) if !team_owned => None,
            (Auth::Member, Principal::Admin(id), _) => Some(Some((SELECT_ADMIN, id.to_string()))),
        }
    }

    /// Whose limit a call by `principal` uses: the team's for team routes.
    pub(super) fn pace<'p>(&self, principal: &'p Principal) -> &'p Principal {
        if self.auth == Auth::Member { principal } else { &Principal::Tenant }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_select_header_follows_the_route() {
        let (admin, person) = (Principal::Admin("dbmid:a".into()), Principal::Person("dbmid:p".into()));
        let acts = member("files/move_v2", "files.content.write", Mode::TeamAdmin);
        let by_admin = Some(Some((SELECT_ADMIN, "dbmid:a".to_owned())));
        let by_user = |id: &str| Some(Some((SELECT_USER, id.to_owned())));
        for (route, principal, team_owned, header) in [
            (&MEMBERS, &admin, false, Some(None)),
            (&MEMBERS, &Principal::Tenant, false, Some(None)),
            (&LONGPOLL, &person, false, Some(None)),
            (&LIST_FOLDER, &admin, false, by_admin.clone()),
            (&LIST_FOLDER, &person, false, by_user("dbmid:p")),
            (&LIST_FOLDER, &Principal::Tenant, false, None),
            (&SPACE_USAGE, &admin, false, by_user("dbmid:a")),
            (&acts, &admin, true, by_admin),
            (&acts, &admin, false, None),
            (&acts, &person, false, by_user("dbmid:p")),
        ] {
            assert_eq!(route.select(principal, team_owned), header, "{} {principal}", route.path);
        }
        assert_eq!(MEMBERS.pace(&admin), &Principal::Tenant);
        assert_eq!(DOWNLOAD.pace(&person), &person);
    }

    #[test]
    fn an_acting_connector_asks_for_each_right_it_needs() {
        let scopes: std::collections::BTreeSet<_> = ACTING.iter().map(|route| route.scope).collect();
        assert_eq!(
            scopes.into_iter().collect::<Vec<_>>(),
            [
                "files.content.read",
                "files.content.write",
                "files.metadata.write",
                "files.team_metadata.write",
                "members.read",
                "members.write",
                "sessions.list",
                "sessions.modify",
                "sharing.read",
                "sharing.write",
                "team_data.content.write",
                "team_data.governance.write",
            ]
        );
        let mut paths: Vec<_> = ALL.iter().chain(&ACTING).map(|route| route.path).collect();
        paths.sort_unstable();
        assert!(paths.windows(2).all(|two| two[0] != two[1]), "a route stands in both lists");
        assert!(!paths.iter().any(|path| path.contains("permanently_delete") || path.contains("members/remove")));
    }

    #[test]
    fn a_reading_connector_asks_for_no_right_to_write() {
        assert!(ALL.iter().all(|route| !route.scope.ends_with(".write")));
    }
}
