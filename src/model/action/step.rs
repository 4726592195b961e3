//! One change at a provider: what a plan lists, a journal keeps and a receipt tells.

use super::{Folder, Invitations, Note, Share};
use crate::clock::Moment;
use crate::model::sharing::{Audience, Member};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One change. Most are one call; a job that the provider runs by itself is followed to its end within its step.
///
/// There is no step that deletes for good, and none that wipes a device: what cannot be said here cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Ends a link.
    EndLink {
        /// Its [`super::OwnLink::key`].
        key: Arc<str>,
    },
    /// Changes a link that is there.
    SetLink {
        /// Its key.
        key: Arc<str>,
        /// What to change.
        wish: LinkWish,
    },
    /// Makes a link, to undo that one was ended.
    MakeLink {
        /// Its settings.
        wish: LinkWish,
        /// Whose ([`super::OwnLink::owner`]).
        owner: Option<Arc<str>>,
    },
    /// Ends a membership of the item's own.
    EndMember {
        /// Which.
        member: Member,
    },
    /// Ends all memberships of the item's own but the owner's, where one call does it.
    Unshare,
    /// Changes a member's role.
    SetRole {
        /// Which.
        member: Member,
        /// The provider's word.
        role: Arc<str>,
    },
    /// Makes somebody a member, without a message to them, to undo that they were removed.
    AddMember {
        /// Who, as what.
        member: Member,
    },
    /// Sets who may be invited and by whom.
    SetInvitations {
        /// How.
        rules: Invitations,
    },
    /// Lets whoever moves the item into the target folder for the length of the move.
    Lend {
        /// The folder.
        to: Folder,
    },
    /// Moves it.
    MoveTo {
        /// Where to.
        to: Folder,
        /// Its name there.
        name: Arc<str>,
    },
    /// Ends what [`Step::Lend`] made.
    TakeBack {
        /// The folder.
        to: Folder,
    },
    /// Copies the present version.
    CopyTo {
        /// Where to.
        to: Folder,
        /// The copy's name.
        name: Arc<str>,
    },
    /// Leaves a note in a folder.
    PutNote {
        /// Where.
        at: Folder,
        /// The note.
        note: Note,
    },
    /// Takes a note away (into the trash).
    RemoveNote {
        /// Its id.
        id: Arc<str>,
        /// What pins it.
        pin: Option<Arc<str>>,
    },
    /// Puts it into the trash.
    Trash,
    /// Takes it out of the trash.
    Untrash,
    /// Takes it out of the trash straight into another folder than the one it lay in (Dropbox, files).
    UntrashTo {
        /// Where to.
        to: Folder,
        /// Its name there.
        name: Arc<str>,
    },
    /// Adds a version.
    Overwrite {
        /// Its content.
        text: Arc<str>,
    },
    /// Makes an earlier version the newest one.
    Promote {
        /// Its id.
        version: Arc<str>,
    },
    /// Sets the label.
    SetLabel {
        /// Which.
        label: Arc<str>,
    },
    /// Takes the label away.
    ClearLabel,
    /// Locks it.
    Lock {
        /// Until when.
        until: Option<Moment>,
        /// Whether others cannot even download.
        no_download: bool,
    },
    /// Unlocks it.
    Unlock,
    /// Puts it under a legal hold.
    Hold {
        /// The hold's name.
        policy: Arc<str>,
    },
    /// Takes it out of a legal hold.
    EndHold {
        /// The hold's name.
        policy: Arc<str>,
    },
    /// Comments.
    Comment {
        /// The text, the order's mark included.
        text: Arc<str>,
    },
    /// Takes a comment away.
    RemoveComment {
        /// Its id.
        id: Arc<str>,
    },
    /// Gives the owner a task.
    Task {
        /// The text, the order's mark included.
        text: Arc<str>,
        /// Until when.
        due: Option<Moment>,
    },
    /// Takes a task away.
    RemoveTask {
        /// Its id.
        id: Arc<str>,
    },
    /// Suspends the person; devices are never wiped.
    Suspend,
    /// Lets the person in again.
    Unsuspend,
    /// Ends all sessions of the person.
    EndSessions,
    /// Asks the person for a new password.
    RequirePassword,
    /// Ends a membership of the person.
    EndShare {
        /// Which.
        share: Share,
    },
    /// Makes the person a member again.
    AddShare {
        /// Of what.
        share: Share,
    },
    /// Takes an application's access away.
    RevokeApp {
        /// Its id.
        id: Arc<str>,
    },
}

impl Step {
    /// The name that plans, journals and receipts use (`end_link`).
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Step::EndLink { .. } => "end_link",
            Step::SetLink { .. } => "set_link",
            Step::MakeLink { .. } => "make_link",
            Step::EndMember { .. } => "end_member",
            Step::Unshare => "unshare",
            Step::SetRole { .. } => "set_role",
            Step::AddMember { .. } => "add_member",
            Step::SetInvitations { .. } => "set_invitations",
            Step::Lend { .. } => "lend",
            Step::MoveTo { .. } => "move",
            Step::TakeBack { .. } => "take_back",
            Step::CopyTo { .. } => "copy",
            Step::PutNote { .. } => "put_note",
            Step::RemoveNote { .. } => "remove_note",
            Step::Trash => "trash",
            Step::Untrash => "untrash",
            Step::UntrashTo { .. } => "untrash_to",
            Step::Overwrite { .. } => "overwrite",
            Step::Promote { .. } => "promote",
            Step::SetLabel { .. } => "set_label",
            Step::ClearLabel => "clear_label",
            Step::Lock { .. } => "lock",
            Step::Unlock => "unlock",
            Step::Hold { .. } => "hold",
            Step::EndHold { .. } => "end_hold",
            Step::Comment { .. } => "comment",
            Step::RemoveComment { .. } => "remove_comment",
            Step::Task { .. } => "task",
            Step::RemoveTask { .. } => "remove_task",
            Step::Suspend => "suspend",
            Step::Unsuspend => "unsuspend",
            Step::EndSessions => "end_sessions",
            Step::RequirePassword => "require_password",
            Step::EndShare { .. } => "end_share",
            Step::AddShare { .. } => "add_share",
            Step::RevokeApp { .. } => "revoke_app",
        }
    }
}

/// Settings of a link; what is `None` stays as it is.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LinkWish {
    /// Whom it lets in.
    pub audience: Option<Audience>,
    /// When it ends; `Some(None)` never.
    pub expires: Option<Option<Moment>>,
    /// Whether it asks for a password: `true` sets [`super::Order::password`], `false` takes it away.
    pub password: Option<bool>,
    /// Whether it lets download.
    pub download: Option<bool>,
}
