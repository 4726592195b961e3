//! People: suspended, let in, signed out; applications and memberships taken away.
//!
//! An invited member is never suspended, since the service would delete the member, and no device is ever wiped: both stand
//! here once, right before the call. Source: team.stone (`members/suspend`, `devices`, `linked_apps`).

mod shares;

use super::super::Tenant;
use super::super::call::Ask;
use super::super::people;
use super::super::route::{self, Route};
use super::super::wire::{self, Device, Devices, LinkedApps, MembersInfo, RevokedDevices, inner, tag};
use super::{WRONG_TARGET, failed, has};
use crate::model::action::{App, Block, Never, PersonState, Session, State, Step, Target, TargetPerson};
use crate::model::{Directory, Person, Principal, Role, Status};
use crate::provider::Error;
use crate::provider::govern::{Applied, Asked};
use crate::provider::http::Urgency;
use serde_json::{Value, json};
use std::sync::Arc;

/// Whether a suspended member's devices lose what is on them (`MembersDeactivateArg.wipe_data`, whose default is true).
const WIPE_DATA: bool = false;
/// Whether an unlinked desktop client deletes what is on it (`RevokeDesktopClientArg.delete_on_unlink`).
const DELETE_ON_UNLINK: bool = false;
/// Sessions that are ended with one call.
const SESSIONS_A_CALL: usize = 50;

impl Tenant {
    /// The state of a person, with the facets that are asked for.
    pub(super) fn person_state(&self, asked: &Asked<'_>, target: &TargetPerson) -> Result<Option<State>, Error> {
        let member = member_id(asked.people, target);
        let known = member.as_ref().map(|member| self.member_info(member)).transpose()?.flatten();
        let (status, role) = match (&known, &member) {
            (Some(person), _) => (person.status, person.role),
            (None, Some(_)) => return Ok(None),
            // Somebody outside is no member of the team, and may be a member of shares.
            (None, None) => (Status::Removed, Role::Member),
        };
        let mut state = PersonState {
            at: self.team.desk.clock().now(),
            status,
            role,
            password_asked: None,
            sessions: None,
            apps: None,
            shares: None,
        };
        if let Some(member) = &member {
            if asked.facets.sessions {
                state.sessions = Some(self.sessions_of(member)?);
            }
            if asked.facets.apps {
                state.apps = Some(self.apps_of(member)?);
            }
        }
        if asked.facets.shares {
            state.shares = Some(self.shares_of(asked, target, known.as_ref())?);
        }
        Ok(Some(State::Person(Box::new(state))))
    }

    /// A member as the service knows it now; `None` when there is none.
    pub(super) fn member_info(&self, member: &str) -> Result<Option<Person>, Error> {
        let argument = json!({"members": [{".tag": "team_member_id", "team_member_id": member}]});
        let ask = looks(&route::MEMBER_INFO, "read a member");
        let told: MembersInfo = self.team.desk.rpc(&ask, &argument)?;
        let one = told.members_info.into_iter().next().filter(|one| tag(one) == "member_info");
        let read = one.and_then(|one| serde_json::from_value::<wire::Member>(inner(&one).clone()).ok());
        Ok(read.as_ref().and_then(people::person))
    }

    fn sessions_of(&self, member: &str) -> Result<Vec<Session>, Error> {
        let ask = looks(&route::DEVICES, "list a member's sessions");
        let told: Devices = self.team.desk.rpc(&ask, &json!({ "team_member_id": member }))?;
        let kinds = [
            ("web_session", told.active_web_sessions),
            ("desktop_client", told.desktop_client_sessions),
            ("mobile_client", told.mobile_client_sessions),
        ];
        let of_kind = |(kind, devices): (&str, Vec<Device>)| {
            let kind: Arc<str> = kind.into();
            devices
                .into_iter()
                .map(move |device| Session { id: device.session_id.into(), kind: Arc::clone(&kind) })
                .collect::<Vec<_>>()
        };
        Ok(kinds.into_iter().flat_map(of_kind).collect())
    }

    fn apps_of(&self, member: &str) -> Result<Vec<App>, Error> {
        let ask = looks(&route::APPS, "list a member's linked applications");
        let told: LinkedApps = self.team.desk.rpc(&ask, &json!({ "team_member_id": member }))?;
        let app = |app: wire::LinkedApp| App { id: app.app_id.into(), name: app.app_name.into() };
        Ok(told.linked_api_apps.into_iter().map(app).collect())
    }

    /// The steps that are done to a person.
    pub(super) fn apply_person(&self, asked: &Asked<'_>, step: &Step, now: &PersonState) -> Applied {
        let Target::Person(target) = &asked.order.on else { return Applied::Blocked(WRONG_TARGET) };
        let done = match (step, member_id(asked.people, target)) {
            (Step::EndShare { share }, _) => self.end_share(asked, target, share),
            (Step::AddShare { share }, _) => self.add_share(asked, share),
            (_, None) => Err(Applied::Blocked(Block::NotOffered(super::NOT_OF_THE_TEAM.into()))),
            (Step::Suspend, Some(member)) => self.suspend(&member),
            (Step::Unsuspend, Some(member)) => self.unsuspend(&member),
            (Step::EndSessions, Some(member)) => self.end_sessions(&member, now),
            (Step::RevokeApp { id }, Some(member)) => self.revoke_app(&member, id),
            (Step::RequirePassword, _) => Err(Applied::Blocked(Block::NotOffered(super::NO_PASSWORDS.into()))),
            _ => Err(Applied::Blocked(WRONG_TARGET)),
        };
        done.unwrap_or_else(|other| other)
    }

    /// Suspends a member who is active at this moment.
    fn suspend(&self, member: &Arc<str>) -> Result<Applied, Applied> {
        if self.team.admin().map_err(Applied::Later)? == Principal::Admin(Arc::clone(member)) {
            return Err(Applied::Blocked(Block::Never(Never::SuspendOurselves)));
        }
        match self.member_info(member).map_err(Applied::Later)?.map(|person| person.status) {
            Some(Status::Invited) => return Err(Applied::Blocked(Block::Never(Never::SuspendInvited))),
            Some(Status::Active) => {}
            _ => return Err(Applied::Moved),
        }
        self.change(&route::SUSPEND, "suspend a member", &suspension(member), &["suspend_inactive_user"])
    }

    fn unsuspend(&self, member: &str) -> Result<Applied, Applied> {
        let argument = json!({ "user": selector(member) });
        self.change(&route::UNSUSPEND, "let a member in again", &argument, &["unsuspend_non_suspended_member"])
    }

    fn revoke_app(&self, member: &str, app: &str) -> Result<Applied, Applied> {
        let argument = json!({"app_id": app, "team_member_id": member});
        self.change(&route::REVOKE_APP, "revoke a linked application", &argument, &["app_not_found"])
    }

    /// Ends all sessions that were found.
    fn end_sessions(&self, member: &str, now: &PersonState) -> Result<Applied, Applied> {
        let sessions = now.sessions.as_deref().unwrap_or_default();
        let mut requests = Vec::new();
        for some in sessions.chunks(SESSIONS_A_CALL) {
            let devices: Vec<Value> = some.iter().map(|session| device(member, session)).collect();
            let ask = acts(&route::REVOKE_DEVICES, "end a member's sessions");
            let told = self.team.desk.act::<RevokedDevices>(&ask, &json!({ "revoke_devices": devices }));
            let (told, request) = told.map_err(failed)?;
            requests.extend(request);
            if told.revoke_devices_status.iter().any(|one| !one.success) {
                // One of them is over, or is not ended: the next reading tells.
                return Err(Applied::Moved);
            }
        }
        Ok(Applied::Done(requests))
    }

    /// Calls a route of the team; these tags of its error say that it is so already.
    fn change(
        &self,
        route: &'static Route,
        doing: &str,
        argument: &Value,
        so_already: &[&str],
    ) -> Result<Applied, Applied> {
        match self.team.desk.act::<Value>(&acts(route, doing), argument) {
            Ok((_, request)) => Ok(Applied::Done(request.into_iter().collect())),
            Err(error) if so_already.iter().any(|tag| has(&error, tag)) => Err(Applied::Moved),
            Err(error) => Err(failed(error)),
        }
    }
}

/// A reading with the team's own authority.
fn looks(route: &'static Route, doing: &str) -> Ask<'static> {
    Ask { urgency: Urgency::Act, ..Ask::new(route, &Principal::Tenant, doing) }
}

/// A change with the team's own authority.
fn acts(route: &'static Route, doing: &str) -> Ask<'static> {
    Ask::new(route, &Principal::Tenant, doing).changing(None)
}

/// `UserSelectorArg` of a member.
fn selector(member: &str) -> Value {
    json!({".tag": "team_member_id", "team_member_id": member})
}

/// `MembersDeactivateArg` of a member.
fn suspension(member: &str) -> Value {
    json!({"user": selector(member), "wipe_data": WIPE_DATA})
}

/// `RevokeDeviceSessionArg` of a session.
fn device(member: &str, session: &Session) -> Value {
    let mut device = json!({".tag": &*session.kind, "session_id": &*session.id, "team_member_id": member});
    if &*session.kind == "desktop_client" {
        device["delete_on_unlink"] = DELETE_ON_UNLINK.into();
    }
    device
}

/// The id by which the team knows the person; `None` for somebody outside.
fn member_id(people: &Directory, target: &TargetPerson) -> Option<Arc<str>> {
    let by_account = || people.by_account(target.account.as_deref()?);
    let by_login = || people.by_login(target.login.as_deref()?);
    target.id.clone().or_else(|| by_account().or_else(by_login).map(|person| Arc::clone(&person.id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_ever_wiped() {
        let sent = json!({"user": {".tag": "team_member_id", "team_member_id": "m"}, "wipe_data": false});
        assert_eq!(suspension("m"), sent);
        for (kind, sent) in [
            ("web_session", json!({".tag": "web_session", "session_id": "s", "team_member_id": "m"})),
            (
                "desktop_client",
                json!({".tag": "desktop_client", "session_id": "s", "team_member_id": "m", "delete_on_unlink": false}),
            ),
            ("mobile_client", json!({".tag": "mobile_client", "session_id": "s", "team_member_id": "m"})),
        ] {
            assert_eq!(device("m", &Session { id: "s".into(), kind: kind.into() }), sent);
        }
    }
}
