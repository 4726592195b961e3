//! What is refused before anything is asked, and what refusals mean.

use super::*;
use crate::model::action::Note;
use crate::model::{Audience, Principal};
use std::sync::Arc;

fn item(kind: ItemKind) -> Target {
    Target::Item(TargetItem {
        id: "id:1".into(),
        kind,
        place: "7".into(),
        read_as: Principal::Tenant,
        path: Some("/a".into()),
    })
}

fn person(member: Option<&str>) -> Target {
    Target::Person(TargetPerson { id: member.map(Arc::from), account: None, login: Some("a@example.com".into()) })
}

fn order(on: Target, action: Action) -> Order {
    Order { id: "o-1".into(), on, action, version: None, expects: None, begun: None, password: None }
}

#[test]
fn what_dropbox_does_not_have_is_refused_with_what_serves_instead() {
    let (file, folder) = (item(ItemKind::File), item(ItemKind::Folder));
    let (member, outsider) = (person(Some("dbmid:1")), person(None));
    let lock = |until, no_download| Action::Lock { until, no_download };
    for (on, action, why) in [
        (&file, Action::Comment { text: "x".into() }, Some(NO_COMMENTS)),
        (&file, Action::RemoveComment { order: "o".into() }, Some(NO_COMMENTS)),
        (&file, Action::Task { text: "x".into(), due: None }, Some(NO_TASKS)),
        (&file, Action::RemoveTask { order: "o".into() }, Some(NO_TASKS)),
        (&file, lock(None, false), None),
        (&file, lock(Some(Moment::from_millis(1)), false), Some(NO_TIMED_LOCKS)),
        (&file, lock(None, true), Some(NO_CLOSED_LOCKS)),
        (&folder, lock(None, false), Some(NO_FOLDER_LOCKS)),
        (&folder, Action::ClearLabel { ours: "x".into() }, Some(NO_FOLDER_LABELS)),
        (&file, Action::ClearLabel { ours: "x".into() }, None),
        (&folder, Action::Unlock, Some(NO_FOLDER_LOCKS)),
        (&folder, Action::Overwrite { text: "x".into() }, Some(NO_FOLDER_TEXT)),
        (&file, Action::Overwrite { text: "x".into() }, None),
        (&file, Action::StopInvitations, Some(NO_FILE_RULES)),
        (&folder, Action::StopInvitations, None),
        (&folder, Action::PutNote(Note { name: "n".into(), text: "x".into() }), None),
        (&file, Action::RestrictLinks { to: Audience::Company }, None),
        (&member, Action::RequirePassword, Some(NO_PASSWORDS)),
        (&member, Action::Suspend, None),
        (&outsider, Action::Suspend, Some(NOT_OF_THE_TEAM)),
        (&outsider, Action::EndSessions, Some(NOT_OF_THE_TEAM)),
        (&outsider, Action::RevokeApps, Some(NOT_OF_THE_TEAM)),
        (&outsider, Action::RemoveFromShares { known: Vec::new() }, None),
    ] {
        assert_eq!(offers(&order(on.clone(), action.clone())), why, "{}", action.name());
    }
}

#[test]
fn a_refusal_is_told_by_its_tags() {
    let plan = |said: &str| Block::PlanLacks(said.into());
    let right = |said: &str| Block::NoRight(said.into());
    for (next, said, block) in [
        (Next::Locked, "409 path/locked", Block::Lock(None)),
        (Next::Forbidden, "409 lock_conflict", Block::Lock(None)),
        (Next::Forbidden, "409 too_many_files", Block::TooMany),
        (Next::Forbidden, "401 user_suspended", Block::NobodyToAct),
        (Next::Forbidden, "401 invalid_select_user", Block::NobodyToAct),
        (Next::Refused, "nobody to act as", Block::NobodyToAct),
        (Next::Forbidden, "409 settings_error/not_authorized", plan("409 settings_error/not_authorized")),
        (Next::Forbidden, "409 cant_share_outside_team", plan("409 cant_share_outside_team")),
        (Next::Forbidden, "409 team_policy_disallows_member_policy", plan("409 team_policy_disallows_member_policy")),
        (Next::Forbidden, "409 group_access", right("409 group_access")),
        (Next::Forbidden, "409 access_error/no_permission", right("409 access_error/no_permission")),
        (Next::Forbidden, "401 missing_scope sharing.write", right("401 missing_scope sharing.write")),
        (Next::Forbidden, "409 shared_link_access_denied", right("409 shared_link_access_denied")),
    ] {
        assert_eq!(block_of(&Error::new(next, "act", said)), block, "{said}");
    }
    for (said, told) in [
        ("409 team_folder", "who is in a team folder"),
        ("409 unsupported_folder", "only files can be labelled"),
        ("409 settings_error/invalid_settings", "does not take these settings"),
    ] {
        let block = block_of(&Error::new(Next::Forbidden, "act", said));
        assert!(block.to_string().contains(told), "{said}: {block}");
    }
}

#[test]
fn contents_are_hashed_as_dropbox_does() {
    assert_eq!(blocks(b"").to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
