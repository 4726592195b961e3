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
    #[allow(dead_code, reason = "no route that reads has this mode but get_file_metadata; routes that act have it")]
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

/// Every route above: their scopes are what a reading connector asks for.
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
    fn a_reading_connector_asks_for_no_right_to_write() {
        assert!(ALL.iter().all(|route| !route.scope.ends_with(".write")));
    }
}
