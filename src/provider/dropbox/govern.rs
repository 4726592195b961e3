//! Acting at Dropbox: which room reads which fact, and which makes which change.
//!
//! `read` tells the state, `links`, `members`, `places`, `notes`, `marks` and `people` make the changes. What is asked for and
//! in which order is none of their business: see [`crate::provider::govern`]. A refusal is told by the tags of the route's
//! error union, which [`block_of`] reads.

mod job;
mod links;
mod marks;
mod members;
mod notes;
mod people;
mod places;
mod read;

#[cfg(test)]
mod tests;

use super::Tenant;
use crate::clock::Moment;
use crate::model::action::{
    Action, Block, Folder, ItemState, Order, Receipt, State, Step, Target, TargetItem, TargetPerson, Whose,
};
use crate::model::{ContentHash, Directory, ItemKind, Provider};
use crate::provider::body::ContentHasher;
use crate::provider::govern::{self, Applied, Asked, Foreseen, Governor, Hands, Journal, Kept, Ways};
use crate::provider::{Error, Next, Source};
use std::time::Duration;

impl Governor for Tenant {
    fn provider(&self) -> Provider {
        Source::provider(self)
    }

    fn perform(&self, order: &Order, people: &Directory, journal: &mut dyn Journal) -> Result<Receipt, Error> {
        govern::perform(self, order, people, journal, self.patience)
    }

    fn state(&self, order: &Order, people: &Directory) -> Result<Option<State>, Error> {
        govern::read(self, order, people)
    }

    fn foresee(&self, order: &Order, people: &Directory) -> Result<Option<Foreseen>, Error> {
        govern::foresee(self, order, people)
    }

    fn quarantine(&self, whose: Whose, person: Option<&str>, named: Option<&str>) -> Result<Folder, Error> {
        self.quarantine_folder(whose, person, named)
    }

    fn kept(&self, whose: Whose, person: Option<&str>, ending: &str) -> Result<Vec<Kept>, Error> {
        self.kept_in_quarantine(whose, person, ending)
    }
}

impl Hands for Tenant {
    fn ways(&self) -> Ways<'_> {
        Ways { hash: &blocks, unshares: true, untrashes_elsewhere: true, members_links_download: false }
    }

    fn offers(&self, order: &Order) -> Result<(), Block> {
        offers(order).map_or(Ok(()), |why| Err(Block::NotOffered(why.into())))
    }

    fn item(&self, asked: &Asked<'_>, target: &TargetItem) -> Result<Option<State>, Error> {
        self.item_state(asked, target)
    }

    fn person(&self, asked: &Asked<'_>, target: &TargetPerson) -> Result<Option<State>, Error> {
        self.person_state(asked, target)
    }

    fn apply(&self, asked: &Asked<'_>, step: &Step, now: &State) -> Applied {
        match now {
            State::Item(now) => self.apply_item(asked, step, now),
            State::Person(now) => self.apply_person(asked, step, now),
        }
    }

    fn wait(&self, span: Duration) -> bool {
        self.team.desk.wait(span)
    }

    fn now(&self) -> Moment {
        self.team.desk.clock().now()
    }
}

impl Tenant {
    fn apply_item(&self, asked: &Asked<'_>, step: &Step, now: &ItemState) -> Applied {
        match step {
            Step::EndLink { .. } | Step::SetLink { .. } | Step::MakeLink { .. } => self.apply_link(asked, step, now),
            Step::EndMember { .. }
            | Step::Unshare
            | Step::SetRole { .. }
            | Step::AddMember { .. }
            | Step::SetInvitations { .. } => self.apply_member(asked, step, now),
            Step::PutNote { .. } | Step::RemoveNote { .. } => self.apply_note(asked, step, now),
            Step::Lend { .. }
            | Step::MoveTo { .. }
            | Step::TakeBack { .. }
            | Step::CopyTo { .. }
            | Step::Trash
            | Step::Untrash
            | Step::UntrashTo { .. }
            | Step::Overwrite { .. }
            | Step::Promote { .. } => self.apply_place(asked, step, now),
            Step::SetLabel { .. }
            | Step::ClearLabel
            | Step::Lock { .. }
            | Step::Unlock
            | Step::Hold { .. }
            | Step::EndHold { .. } => self.apply_mark(asked, step, now),
            Step::Comment { .. } | Step::RemoveComment { .. } => {
                Applied::Blocked(Block::NotOffered(NO_COMMENTS.into()))
            }
            Step::Task { .. } | Step::RemoveTask { .. } => Applied::Blocked(Block::NotOffered(NO_TASKS.into())),
            Step::Suspend
            | Step::Unsuspend
            | Step::EndSessions
            | Step::RequirePassword
            | Step::EndShare { .. }
            | Step::AddShare { .. }
            | Step::RevokeApp { .. } => Applied::Blocked(WRONG_TARGET),
        }
    }
}

/// A step for a person met an item, or the other way round.
const WRONG_TARGET: Block = Block::Never(crate::model::action::Never::WrongTarget);

const NO_COMMENTS: &str = "Dropbox has no calls for comments on files: tell the owner by mail, or leave a note";
const NO_TASKS: &str = "Dropbox has no tasks: tell the owner by mail, or leave a note";
const NO_PASSWORDS: &str =
    "Dropbox has no call that asks for a new password: end the person's sessions, or suspend the person";
const NO_FOLDER_LOCKS: &str = "only files can be locked";
const NO_FOLDER_LABELS: &str = "at Dropbox a label is a property, which only files can have";
const NO_TIMED_LOCKS: &str = "a lock of Dropbox has no end of its own: give none, and unlock it when it is time";
const NO_CLOSED_LOCKS: &str = "a lock of Dropbox does not keep others from downloading: make the file private instead";
const NO_FOLDER_TEXT: &str = "only files have a content that can be written";
const NO_FILE_RULES: &str = "only folders have rules for invitations";
const NOT_OF_THE_TEAM: &str =
    "the person is not of the team, so the team has no say over the account: remove the person from shares";

/// What Dropbox does not have, with what serves instead; `None` when it has it.
fn offers(order: &Order) -> Option<&'static str> {
    let kind = match &order.on {
        Target::Item(item) => Some(item.kind),
        Target::Person(_) => None,
    };
    let outside = matches!(&order.on, Target::Person(person) if person.id.is_none());
    let folder = kind == Some(ItemKind::Folder);
    match &order.action {
        Action::Comment { .. } | Action::RemoveComment { .. } => Some(NO_COMMENTS),
        Action::Task { .. } | Action::RemoveTask { .. } => Some(NO_TASKS),
        Action::RequirePassword => Some(NO_PASSWORDS),
        Action::Lock { .. } | Action::Unlock if folder => Some(NO_FOLDER_LOCKS),
        Action::SetLabel { .. } | Action::ClearLabel { .. } if folder => Some(NO_FOLDER_LABELS),
        Action::Lock { until: Some(_), .. } => Some(NO_TIMED_LOCKS),
        Action::Lock { no_download: true, .. } => Some(NO_CLOSED_LOCKS),
        Action::Overwrite { .. } | Action::RestoreVersion { .. } if folder => Some(NO_FOLDER_TEXT),
        Action::StopInvitations | Action::RestoreInvitations { .. } if !folder => Some(NO_FILE_RULES),
        Action::Suspend | Action::Unsuspend | Action::EndSessions | Action::RevokeApps if outside => {
            Some(NOT_OF_THE_TEAM)
        }
        _ => None,
    }
}

/// The provider's hash of a whole content.
fn blocks(content: &[u8]) -> ContentHash {
    let mut hasher = ContentHasher::blocks();
    hasher.update(content);
    hasher.finish()
}

/// What a failed write means.
fn failed(error: Error) -> Applied {
    Applied::failed(error, block_of)
}

/// True when this tag is among those that were told.
fn has(error: &Error, tag: &str) -> bool {
    error.said().split([' ', '/']).any(|word| word == tag)
}

/// Why a change was refused, by the tags of the route's error. Source: the error unions of sharing.stone, files.stone, and
/// team.stone.
fn block_of(error: &Error) -> Block {
    const NOBODY: [&str; 4] = ["user_suspended", "invalid_select_user", "invalid_select_admin", "nobody"];
    const PLAN: [&str; 16] = [
        "not_authorized",
        "insufficient_plan",
        "insufficient_space",
        "insufficient_quota",
        "team_policy_disallows_member_policy",
        "disallowed_shared_link_policy",
        "cant_share_outside_team",
        "not_on_team",
        "too_many_members",
        "too_many_pending_invites",
        "too_many_invitees",
        "rate_limit",
        "team_license_limit",
        "no_longer_supported",
        "disallowed_member_policy",
        "banned_member",
    ];
    let any = |tags: &[&str]| tags.iter().any(|tag| has(error, tag));
    let said = || error.said().into();
    match error.next() {
        Next::Locked => Block::Lock(None),
        _ if any(&["lock_conflict", "locked"]) => Block::Lock(None),
        _ if any(&["unsupported_folder"]) => Block::NotOffered("only files can be labelled at Dropbox".into()),
        _ if any(&["too_many_files"]) => Block::TooMany,
        _ if any(&NOBODY) => Block::NobodyToAct,
        _ if any(&["invalid_settings"]) => {
            Block::BadWish("Dropbox does not take these settings of a link (the password may be too weak)".into())
        }
        _ if any(&["team_folder"]) => Block::NotOffered(
            "who is in a team folder is set in the admin console, and its access does not end by this call".into(),
        ),
        _ if any(&PLAN) => Block::PlanLacks(said()),
        _ => Block::NoRight(said()),
    }
}
