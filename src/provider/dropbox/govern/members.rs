//! Members and invitations: ended, changed, made again.
//!
//! A file's own members stand at the file, a folder's at its shared namespace. Ending a membership of a folder is a job of the
//! service; it leaves no copy behind. What is inherited is never ended here: the service says so, and the state names it.

use super::super::Tenant;
use super::super::route::{self, Route};
use super::super::wire::{inner, tag, text};
use super::read::{Actor, selector};
use super::{WRONG_TARGET, failed, has};
use crate::model::action::{Block, Invitations, ItemState, Step, Target};
use crate::model::{ItemKind, Member};
use crate::provider::Error;
use crate::provider::govern::{Applied, Asked};
use serde_json::{Value, json};
use std::sync::Arc;

impl Tenant {
    /// [`Step::EndMember`], [`Step::Unshare`], [`Step::SetRole`], [`Step::AddMember`], [`Step::SetInvitations`].
    pub(super) fn apply_member(&self, asked: &Asked<'_>, step: &Step, now: &ItemState) -> Applied {
        let Target::Item(target) = &asked.order.on else { return Applied::Blocked(WRONG_TARGET) };
        let by = match self.sharer(asked, now) {
            Ok(by) => by,
            Err(other) => return other,
        };
        let share = match (target.kind, &now.shared_as) {
            (ItemKind::File, _) => Some(Of::File { id: &target.id, place: &now.folder.place }),
            (_, Some(folder)) => Some(Of::Folder(folder)),
            (_, None) => None,
        };
        let done = match (step, share) {
            (Step::AddMember { member }, Some(share)) => self.add_member(&by, share, member),
            (Step::AddMember { member }, None) => self
                .shared_again(&by, now, &target.id)
                .and_then(|folder| self.add_member(&by, Of::Folder(&folder), member)),
            // It is not shared any more: there is nothing to end.
            (_, None) => Err(Applied::Moved),
            (Step::EndMember { member }, Some(share)) => self.end_member(&by, share, member),
            (Step::Unshare, Some(share)) => self.unshare(&by, share),
            (Step::SetRole { member, role }, Some(share)) => self.set_role(&by, share, member, role),
            (Step::SetInvitations { rules }, Some(Of::Folder(folder))) => self.set_invitations(&by, folder, *rules),
            _ => Err(Applied::Blocked(WRONG_TARGET)),
        };
        done.unwrap_or_else(|other| other)
    }

    /// Ends a membership of a file's or shared folder's own.
    pub(super) fn end_member(&self, by: &Actor, of: Of<'_>, member: &Member) -> Result<Applied, Applied> {
        let member = named(member)?;
        match of {
            Of::File { id, place } => {
                let ask = by.acts(&route::END_FILE_MEMBER, "end a membership of a file", Some(place));
                let (answer, request) =
                    self.team.desk.act::<Value>(&ask, &json!({"file": id, "member": member})).map_err(refused)?;
                result(&answer)?;
                Ok(Applied::Done(request.into_iter().collect()))
            }
            Of::Folder(folder) => {
                let argument = json!({"shared_folder_id": &**folder, "member": member, "leave_a_copy": false});
                let doing = "end a membership of a shared folder";
                self.launch(by, &route::END_FOLDER_MEMBER, &route::MEMBER_JOB, doing, folder, &argument)
            }
        }
    }

    /// Calls a route that launches a job, and follows it to its end.
    pub(super) fn launch(
        &self,
        by: &Actor,
        route: &'static Route,
        status: &'static Route,
        doing: &str,
        place: &Arc<str>,
        argument: &Value,
    ) -> Result<Applied, Applied> {
        let ask = by.acts(route, doing, Some(place));
        let (launch, request) = self.team.desk.act::<Value>(&ask, argument).map_err(refused)?;
        self.launched(by, status, &launch)?;
        Ok(Applied::Done(request.into_iter().collect()))
    }

    fn unshare(&self, by: &Actor, of: Of<'_>) -> Result<Applied, Applied> {
        match of {
            Of::File { id, place } => {
                let ask = by.acts(&route::UNSHARE_FILE, "end the memberships of a file", Some(place));
                let (_, request) = self.team.desk.act::<Value>(&ask, &json!({ "file": id })).map_err(refused)?;
                Ok(Applied::Done(request.into_iter().collect()))
            }
            Of::Folder(folder) => {
                let argument = json!({"shared_folder_id": &**folder, "leave_a_copy": false});
                self.launch(by, &route::UNSHARE_FOLDER, &route::JOB, "unshare a folder", folder, &argument)
            }
        }
    }

    fn set_role(&self, by: &Actor, of: Of<'_>, member: &Member, role: &str) -> Result<Applied, Applied> {
        let (member, level) = (named(member)?, level(role)?);
        let (route, place, mut argument) = match of {
            Of::File { id, place } => (&route::SET_FILE_MEMBER, place, json!({ "file": id })),
            Of::Folder(folder) => (&route::SET_FOLDER_MEMBER, folder, json!({ "shared_folder_id": &**folder })),
        };
        argument["member"] = member;
        argument["access_level"] = level;
        let ask = by.acts(route, "change a member's role", Some(place));
        let (_, request) = self.team.desk.act::<Value>(&ask, &argument).map_err(refused)?;
        Ok(Applied::Done(request.into_iter().collect()))
    }

    /// Makes somebody a member, without a message.
    pub(super) fn add_member(&self, by: &Actor, of: Of<'_>, member: &Member) -> Result<Applied, Applied> {
        let (name, level) = (named(member)?, level(&member.role)?);
        let doing = "make somebody a member again";
        let (answer, request) = match of {
            Of::File { id, place } => {
                let argument = json!({"file": id, "members": [name], "access_level": level, "quiet": true});
                let ask = by.acts(&route::ADD_FILE_MEMBER, doing, Some(place));
                self.team.desk.act::<Value>(&ask, &argument).map_err(failed)?
            }
            Of::Folder(folder) => {
                let members = json!([{"member": name, "access_level": level}]);
                let argument = json!({"shared_folder_id": &**folder, "members": members, "quiet": true});
                let ask = by.acts(&route::ADD_FOLDER_MEMBER, doing, Some(folder));
                self.team.desk.act::<Value>(&ask, &argument).map_err(failed)?
            }
        };
        for one in answer.as_array().into_iter().flatten() {
            result(one.get("result").unwrap_or(&Value::Null))?;
        }
        Ok(Applied::Done(request.into_iter().collect()))
    }

    /// The namespace of a folder that is to be shared again; it may be by now.
    fn shared_again(&self, by: &Actor, now: &ItemState, id: &str) -> Result<Arc<str>, Applied> {
        let entry = self.entry(by, &now.folder.place, id).map_err(Applied::Later)?;
        if let Some(folder) = entry.sharing_info.and_then(|info| info.shared_folder_id) {
            return Ok(folder.into());
        }
        let ask = by.acts(&route::SHARE_FOLDER, "share a folder again", Some(&now.folder.place));
        let ask = ask.within(&now.folder.place);
        let (launch, _) = self
            .team
            .desk
            .act::<Value>(&ask, &json!({ "path": id }))
            .map_err(|error| if has(&error, "already_shared") { Applied::Moved } else { failed(error) })?;
        let end = self.launched(by, &route::SHARE_JOB, &launch)?;
        let folder = text(&end, "shared_folder_id").or_else(|| text(inner(&end), "shared_folder_id"));
        // It is shared, and the next reading tells under which id.
        folder.map(Arc::from).ok_or(Applied::Moved)
    }

    fn set_invitations(&self, by: &Actor, folder: &Arc<str>, rules: Invitations) -> Result<Applied, Applied> {
        let argument = json!({
            "shared_folder_id": &**folder,
            "member_policy": {".tag": member_policy(rules)},
            "acl_update_policy": {".tag": if rules.by_members { "editors" } else { "owner" }},
        });
        let ask = by.acts(&route::FOLDER_POLICY, "set who may be invited", Some(folder));
        let (_, request) = self.team.desk.act::<Value>(&ask, &argument).map_err(failed)?;
        Ok(Applied::Done(request.into_iter().collect()))
    }
}

/// `MemberPolicy`.
fn member_policy(rules: Invitations) -> &'static str {
    match (rules.outsiders, rules.approved_only) {
        (false, _) => "team",
        (true, true) => "team_and_approved",
        (true, false) => "anyone",
    }
}

/// What has members.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of<'a> {
    /// A file, in this namespace.
    File { id: &'a str, place: &'a Arc<str> },
    /// A shared folder, by its namespace.
    Folder(&'a Arc<str>),
}

fn named(member: &Member) -> Result<Value, Applied> {
    selector(&member.who).ok_or_else(|| {
        Applied::Blocked(Block::NotOffered("a member without account and address cannot be named in a call".into()))
    })
}

/// `AccessLevel` of a role.
fn level(role: &str) -> Result<Value, Applied> {
    match role {
        "editor" | "viewer" | "viewer_no_comment" => Ok(json!({ ".tag": role })),
        _ => Err(Applied::Blocked(Block::BadWish("Dropbox has the roles editor, viewer and viewer_no_comment".into()))),
    }
}

/// A member who is not, or only from above, has changed since it was read: the next reading names whence.
fn refused(error: Error) -> Applied {
    let is_no_member = ["member_error", "no_explicit_access", "invalid_member"].iter().any(|tag| has(&error, tag));
    if is_no_member && !has(&error, "access_error") { Applied::Moved } else { failed(error) }
}

/// Reads a result that says no with status 200.
fn result(answer: &Value) -> Result<(), Applied> {
    if tag(answer) != "member_error" {
        return Ok(());
    }
    let error = inner(answer);
    match tag(error) {
        "no_permission" | "access_error" => Err(Applied::Blocked(Block::NoRight(tag(error).into()))),
        _ => Err(Applied::Moved),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_with_status_200_is_a_no() {
        for (answer, read) in [
            (json!({".tag": "success"}), "Ok(())"),
            (json!({".tag": "success", "access_level": {".tag": "viewer"}}), "Ok(())"),
            (json!({".tag": "member_error", "member_error": {".tag": "invalid_member"}}), "Err(Moved)"),
            (json!({".tag": "member_error", "member_error": {".tag": "no_explicit_access"}}), "Err(Moved)"),
            (
                json!({".tag": "member_error", "member_error": {".tag": "no_permission"}}),
                "Err(Blocked(NoRight(\"no_permission\")))",
            ),
        ] {
            assert_eq!(format!("{:?}", result(&answer)), read, "{answer}");
        }
    }

    #[test]
    fn only_roles_that_dropbox_has_are_given() {
        for role in ["editor", "viewer", "viewer_no_comment"] {
            assert_eq!(level(role).ok(), Some(json!({ ".tag": role })));
        }
        for role in ["owner", "co-owner", ""] {
            assert!(matches!(level(role), Err(Applied::Blocked(Block::BadWish(_)))), "{role}");
        }
    }
}
