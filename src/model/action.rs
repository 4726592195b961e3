//! Actions at a provider: what is to be so, what was found, what was done, and how it is undone.
//!
//! An action is a goal ("no link leads here"), never a command ("delete that link"). Whoever performs it reads the present
//! state, calls only for what is lacking, and reads back; so the same order can be given again after a crash or a time-out
//! and nothing is done twice. Everything here is plain data that can be kept as JSON; passwords and addresses of links are
//! never part of it.

mod block;
mod inverse;
mod receipt;
mod state;
mod step;

pub use block::{Block, Never};
pub use inverse::{Loss, Undo};
pub use receipt::{Did, Ended, Left, Outcome, Receipt};
pub use state::{
    App, Holds, Invitations, ItemState, Labels, LinkAbove, LockState, NoteState, OwnLink, PersonState, Session, Share,
    State,
};
pub use step::{LinkWish, Step};

use super::item::ItemKind;
use super::sharing::{Audience, Member, Who};
use super::tenant::Principal;
use crate::clock::Moment;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is to be so.
///
/// "Links" and "members" are always the item's own. What it has from folders above it is never changed here: it is named in
/// the receipt as [`Left`], so that an action on the folder can be proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// No link leads to it.
    RemoveLinks,
    /// No link lets in more than these ([`Audience::Company`] or [`Audience::Members`]).
    RestrictLinks {
        /// The widest that may stay.
        to: Audience,
    },
    /// Every link ends at this moment or before; it must be to come.
    ExpireLinks {
        /// When.
        at: Moment,
    },
    /// Every public link asks for a password: [`Order::password`]. A link that asks for one already keeps its own.
    ProtectLinks,
    /// No link lets download.
    ForbidDownload,
    /// These links are there again, as far as the provider gives them back. Only an [`Undo`] makes this action.
    RestoreLinks {
        /// As they were.
        links: Vec<OwnLink>,
    },
    /// This one is no member.
    RemoveMember {
        /// Who.
        who: Who,
    },
    /// Nobody from outside is a member; groups with outsiders in them go as a whole.
    RemoveExternals,
    /// No link, and no member but the owner.
    MakePrivate,
    /// This member has no other role than this.
    ChangeRole {
        /// Who.
        who: Who,
        /// The provider's word (`viewer`).
        role: Arc<str>,
    },
    /// These are members again. Only an [`Undo`] makes this action.
    RestoreMembers {
        /// As they were.
        members: Vec<Member>,
    },
    /// Nobody outside can be invited, and only the owner invites. Folders.
    StopInvitations,
    /// Invitations are as they were. Only an [`Undo`] makes this action.
    RestoreInvitations {
        /// As they were.
        rules: Invitations,
    },
    /// It lies in this folder.
    Move {
        /// Where to.
        to: Folder,
        /// Its name there; `None` keeps it.
        name: Option<Arc<str>>,
        /// When that name is taken.
        clash: Clash,
    },
    /// A copy of the present version lies in this folder, under this name: what a legal hold may ask for.
    Copy {
        /// Where to.
        to: Folder,
        /// The copy's name.
        name: Arc<str>,
    },
    /// No link, no member, moved into a quarantine, and a note where it was.
    Quarantine(Quarantine),
    /// Back from quarantine: name, place, links, members as they were, the note gone. Only an [`Undo`] makes this action.
    Release {
        /// As it was before.
        prior: Box<ItemState>,
        /// The note that was left.
        note: Option<Note>,
    },
    /// This note (a tombstone) lies in the folder acted on.
    PutNote(Note),
    /// The note does not lie there; one that somebody changed stays. Only an [`Undo`] makes this action.
    RemoveNote(Note),
    /// It is in the trash.
    Trash,
    /// It is out of the trash.
    Untrash,
    /// Its newest version is this text. Files.
    Overwrite {
        /// The text.
        text: Arc<str>,
    },
    /// Its newest version is this earlier one. Only an [`Undo`] makes this action.
    RestoreVersion {
        /// The version's id.
        version: Arc<str>,
        /// Its content's hash.
        hash: super::ContentHash,
    },
    /// It is labelled so, or higher: a label that somebody else set is never lowered.
    SetLabel {
        /// The label.
        label: Arc<str>,
        /// Labels from the lowest to the highest. Where the provider has an order of its own (Box), that one holds.
        order: Vec<Arc<str>>,
        /// A label that we set ourselves and that may therefore be lowered.
        ours: Option<Arc<str>>,
    },
    /// It has no label, if it has this one, which we set; another stays.
    ClearLabel {
        /// The label that we set.
        ours: Arc<str>,
    },
    /// It is locked against changes by others. Files.
    Lock {
        /// Until when; `None` until it is unlocked.
        until: Option<Moment>,
        /// Whether others cannot even download.
        no_download: bool,
    },
    /// It is not locked. Files.
    Unlock,
    /// It is under this legal hold (made when there is none of that name).
    Hold {
        /// The hold's name.
        policy: Arc<str>,
    },
    /// It is not under this legal hold, which we put it under. Only an [`Undo`] makes this action.
    EndHold {
        /// The hold's name.
        policy: Arc<str>,
    },
    /// The owner is told by a comment on the file, once for each order. Box.
    Comment {
        /// The text; it must hold no matched value.
        text: Arc<str>,
    },
    /// The comment of that order is gone. Only an [`Undo`] makes this action.
    RemoveComment {
        /// The order that made it.
        order: Arc<str>,
    },
    /// The owner has a task on the file, one for each order. Box.
    Task {
        /// The text; it must hold no matched value.
        text: Arc<str>,
        /// Until when.
        due: Option<Moment>,
    },
    /// The task of that order is gone. Only an [`Undo`] makes this action.
    RemoveTask {
        /// The order that made it.
        order: Arc<str>,
    },
    /// The person cannot sign in.
    Suspend,
    /// The person can sign in.
    Unsuspend,
    /// All sessions of the person are over.
    EndSessions,
    /// The person must set a new password. Box.
    RequirePassword,
    /// The person is a member of nothing that others own.
    RemoveFromShares {
        /// Items where the person is known to be a member; what the provider can list itself is added.
        known: Vec<TargetItem>,
    },
    /// The person is a member there again. Only an [`Undo`] makes this action.
    RestoreShares {
        /// As they were.
        shares: Vec<Share>,
    },
    /// No application that the person linked has access. Dropbox.
    RevokeApps,
}

impl Action {
    /// The name that settings, plans and logs use (`remove_links`).
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Action::RemoveLinks => "remove_links",
            Action::RestrictLinks { .. } => "restrict_links",
            Action::ExpireLinks { .. } => "expire_links",
            Action::ProtectLinks => "protect_links",
            Action::ForbidDownload => "forbid_download",
            Action::RestoreLinks { .. } => "restore_links",
            Action::RemoveMember { .. } => "remove_member",
            Action::RemoveExternals => "remove_externals",
            Action::MakePrivate => "make_private",
            Action::ChangeRole { .. } => "change_role",
            Action::RestoreMembers { .. } => "restore_members",
            Action::StopInvitations => "stop_invitations",
            Action::RestoreInvitations { .. } => "restore_invitations",
            Action::Move { .. } => "move",
            Action::Copy { .. } => "copy",
            Action::Quarantine(Quarantine { whose: Whose::Owner, .. }) => "user_quarantine",
            Action::Quarantine(Quarantine { whose: Whose::Company, .. }) => "admin_quarantine",
            Action::Release { .. } => "release",
            Action::PutNote(_) => "put_note",
            Action::RemoveNote(_) => "remove_note",
            Action::Trash => "trash",
            Action::Untrash => "untrash",
            Action::Overwrite { .. } => "overwrite",
            Action::RestoreVersion { .. } => "restore_version",
            Action::SetLabel { .. } => "set_label",
            Action::ClearLabel { .. } => "clear_label",
            Action::Lock { .. } => "lock",
            Action::Unlock => "unlock",
            Action::Hold { .. } => "hold",
            Action::EndHold { .. } => "end_hold",
            Action::Comment { .. } => "comment",
            Action::RemoveComment { .. } => "remove_comment",
            Action::Task { .. } => "task",
            Action::RemoveTask { .. } => "remove_task",
            Action::Suspend => "suspend",
            Action::Unsuspend => "unsuspend",
            Action::EndSessions => "end_sessions",
            Action::RequirePassword => "require_password",
            Action::RemoveFromShares { .. } => "remove_from_shares",
            Action::RestoreShares { .. } => "restore_shares",
            Action::RevokeApps => "revoke_apps",
        }
    }

    /// True for what is done to a person, not to an item.
    #[must_use]
    pub fn is_on_person(&self) -> bool {
        matches!(
            self,
            Action::Suspend
                | Action::Unsuspend
                | Action::EndSessions
                | Action::RequirePassword
                | Action::RemoveFromShares { .. }
                | Action::RestoreShares { .. }
                | Action::RevokeApps
        )
    }
}

/// A quarantine and what it leaves behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// Whose quarantine it is.
    pub whose: Whose,
    /// The quarantine's folder.
    pub to: Folder,
    /// The item's name there: unique, as the caller makes it.
    pub name: Arc<str>,
    /// What is left where it was; `None` leaves nothing.
    pub note: Option<Note>,
}

/// Whose a quarantine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The owner's own folder: the owner stays owner.
    Owner,
    /// The service's folder, which administrators alone see: the item changes its owner.
    Company,
}

/// A folder that something is put in.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Folder {
    /// Box: its id. Dropbox: its id where it has one; a namespace's root has none.
    pub id: Option<Arc<str>>,
    /// Box: whose tree it is in (user id). Dropbox: the namespace.
    pub place: Arc<str>,
    /// Dropbox: its path within the namespace, empty for its root. Box: `None`.
    pub path: Option<Arc<str>>,
    /// Who can write there.
    pub act_as: Principal,
}

impl Folder {
    /// True when both are the same folder: by place and path, upper and lower case alike, else by id. (Everybody's root has the
    /// id `0` at Box.)
    #[must_use]
    pub fn is(&self, other: &Folder) -> bool {
        match (&self.id, &other.id, &self.path, &other.path) {
            (_, _, Some(one), Some(two)) => self.place == other.place && one.to_lowercase() == two.to_lowercase(),
            (Some(one), Some(two), _, _) => one == two && (&**one != "0" || self.place == other.place),
            _ => false,
        }
    }
}

/// A text that is left where an item was: a tombstone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its file name.
    pub name: Arc<str>,
    /// Its content; it must hold no matched value.
    pub text: Arc<str>,
}

/// What to do when a name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clash {
    /// Nothing is moved: [`Block::NameTaken`].
    Refuse,
    /// A number is put behind the name.
    Number,
}

/// What an action is done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// An item.
    Item(TargetItem),
    /// A person.
    Person(TargetPerson),
}

/// The item an action is done to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TargetItem {
    /// The provider's id: Box decimal, Dropbox `id:...`.
    pub id: Arc<str>,
    /// File or folder.
    pub kind: ItemKind,
    /// Where it was listed ([`super::Item::place`]).
    pub place: Arc<str>,
    /// Who could read it when it was listed. Who acts is decided by the state that is found.
    pub read_as: Principal,
    /// Dropbox: its path within the namespace when it was listed, by which what is in the trash is found.
    pub path: Option<Arc<str>>,
}

/// The person an action is done to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TargetPerson {
    /// The id calls in that person's name need ([`super::Person::id`]); `None` for somebody outside.
    pub id: Option<Arc<str>>,
    /// The account ([`super::Person::account`]).
    pub account: Option<Arc<str>>,
    /// Login or mail address.
    pub login: Option<Arc<str>>,
}

/// An action to be performed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Its own id, up to 64 of `A-Z a-z 0-9 -`: unique, and the same when it is given again. Comments and tasks carry it.
    pub id: Arc<str>,
    /// What it is done to.
    pub on: Target,
    /// What is to be so.
    pub action: Action,
    /// The version it was decided on: another one is [`Outcome::Drifted`]. `None` takes any.
    pub version: Option<Arc<str>>,
    /// The steps that a plan foresaw: where others are lacking when the order is first begun, it is [`Outcome::Drifted`]. `None`
    /// takes any. None lacking is no drift.
    pub expects: Option<Vec<Step>>,
    /// The state that was found when the order was first begun; `None` for one that was not begun. Whoever keeps orders puts
    /// it here before giving one again.
    pub begun: Option<Box<State>>,
    /// The password for [`Action::ProtectLinks`]: never kept with the order.
    #[serde(skip)]
    pub password: Option<Password>,
}

/// A link's password. It shows itself to nobody but [`Password::reveal`]'s callers.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Arc<str>);

impl Password {
    /// Wraps a password.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The password itself, for the call that sets it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(masked)")
    }
}
