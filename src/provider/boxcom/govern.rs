//! Acting at Box: which room reads which fact, and which makes which change.
//!
//! `read` tells the state, `links`, `members`, `places`, `notes`, `marks` and `people` make the changes. What is asked for and
//! in which order is none of their business: see [`crate::provider::govern`].

mod links;
mod marks;
mod members;
mod notes;
mod offers;
mod people;
mod places;
mod read;

pub(super) use marks::Kept;

use super::Tenant;
use super::api::{Change, request_id};
use super::judge::failed;
use crate::clock::Moment;
use crate::model::action::{
    Block, Folder, ItemState, Never, Order, Receipt, State, Step, Target, TargetItem, TargetPerson, Whose,
};
use crate::model::{ContentHash, Directory, ItemKind, Principal, Provider};
use crate::provider::govern::{self, Applied, Asked, Foreseen, Governor, Hands, Journal, Ways};
use crate::provider::{Error, Source};
use sha1::{Digest, Sha1};
use std::fmt;
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

    fn kept(&self, whose: Whose, person: Option<&str>, ending: &str) -> Result<Vec<govern::Kept>, Error> {
        self.kept_in_quarantine(whose, person, ending)
    }
}

/// The item that a step is about, and in whose name it is called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Subject<'a> {
    pub(super) id: &'a str,
    pub(super) kind: ItemKind,
    pub(super) by: &'a Principal,
}

/// `files/7`, for messages.
impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", kind_path(self.kind), self.id)
    }
}

impl Hands for Tenant {
    fn ways(&self) -> Ways<'_> {
        Ways { hash: &sha1_of, unshares: false, untrashes_elsewhere: false, members_links_download: true }
    }

    fn offers(&self, order: &Order) -> Result<(), Block> {
        offers::offers(order)
    }

    fn item(&self, asked: &Asked<'_>, target: &TargetItem) -> Result<Option<State>, Error> {
        self.item_state(asked, target)
    }

    fn person(&self, asked: &Asked<'_>, target: &TargetPerson) -> Result<Option<State>, Error> {
        self.person_state(asked, target)
    }

    fn apply(&self, asked: &Asked<'_>, step: &Step, now: &State) -> Applied {
        match (&asked.order.on, now) {
            (Target::Item(target), State::Item(now)) => self.apply_to_item(asked, target, step, now),
            (Target::Person(target), State::Person(now)) => self.apply_to_person(asked, target, step, now),
            _ => not_ours(),
        }
    }

    fn wait(&self, span: Duration) -> bool {
        self.api.http.wait(span)
    }

    fn now(&self) -> Moment {
        self.api.clock().now()
    }
}

impl Tenant {
    fn apply_to_item(&self, asked: &Asked<'_>, target: &TargetItem, step: &Step, now: &ItemState) -> Applied {
        match self.has_actor(asked, target, now) {
            Ok(true) => {}
            Ok(false) => return Applied::Blocked(Block::NobodyToAct),
            Err(error) => return Applied::Later(error),
        }
        let of = Subject { id: &target.id, kind: target.kind, by: &now.folder.act_as };
        match step {
            Step::EndLink { .. } | Step::SetLink { .. } | Step::MakeLink { .. } => {
                self.apply_link(asked, of, step, now)
            }
            Step::EndMember { .. } | Step::SetRole { .. } | Step::AddMember { .. } | Step::SetInvitations { .. } => {
                self.apply_member(of, step, now)
            }
            Step::Lend { .. }
            | Step::MoveTo { .. }
            | Step::TakeBack { .. }
            | Step::CopyTo { .. }
            | Step::Trash
            | Step::Untrash
            | Step::Overwrite { .. }
            | Step::Promote { .. } => self.apply_place(asked, step, now),
            Step::PutNote { .. } | Step::RemoveNote { .. } => self.apply_note(asked, step, now),
            Step::SetLabel { .. }
            | Step::ClearLabel
            | Step::Lock { .. }
            | Step::Unlock
            | Step::Hold { .. }
            | Step::EndHold { .. }
            | Step::Comment { .. }
            | Step::RemoveComment { .. }
            | Step::Task { .. }
            | Step::RemoveTask { .. } => self.apply_mark(asked, step, now),
            Step::Unshare
            | Step::UntrashTo { .. }
            | Step::Suspend
            | Step::Unsuspend
            | Step::EndSessions
            | Step::RequirePassword
            | Step::EndShare { .. }
            | Step::AddShare { .. }
            | Step::RevokeApp { .. } => not_ours(),
        }
    }

    /// Sends one change, and says what came of it.
    pub(super) fn sent(&self, change: &Change<'_>) -> Applied {
        match self.api.change(change) {
            Ok(reply) => Applied::Done(request_id(&reply).into_iter().collect()),
            Err(error) => failed(error),
        }
    }
}

/// A step that does not belong where it came.
fn not_ours() -> Applied {
    Applied::Blocked(Block::Never(Never::WrongTarget))
}

/// The first step of the path of such an item's calls.
pub(super) fn kind_path(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::File => "files",
        ItemKind::Folder => "folders",
        ItemKind::WebLink => "web_links",
    }
}

fn sha1_of(content: &[u8]) -> ContentHash {
    ContentHash::Sha1(Sha1::digest(content).into())
}

#[cfg(test)]
mod tests;
