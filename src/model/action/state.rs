//! What is so at the provider: everything that an action may compare with its goal, and that an undo may need.

use super::Folder;
use crate::clock::Moment;
use crate::model::item::{ContentHash, ItemKind, Owner};
use crate::model::sharing::{Audience, Members};
use crate::model::tenant::{Role, Status};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The state of what an action is done to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Of an item.
    Item(Box<ItemState>),
    /// Of a person.
    Person(Box<PersonState>),
}

impl State {
    /// The item's, if it is one.
    #[must_use]
    pub fn item(&self) -> Option<&ItemState> {
        match self {
            State::Item(item) => Some(item),
            State::Person(_) => None,
        }
    }

    /// The person's, if it is one.
    #[must_use]
    pub fn person(&self) -> Option<&PersonState> {
        match self {
            State::Item(_) => None,
            State::Person(person) => Some(person),
        }
    }
}

/// The state of an item. What an action does not need is not asked for: such a field is empty or `None`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemState {
    /// When it was read.
    pub at: Moment,
    /// File or folder.
    pub kind: ItemKind,
    /// Its name.
    pub name: Arc<str>,
    /// The folder it lies in, or lay in when it is in the trash.
    pub folder: Folder,
    /// A folder itself, as a place to put things in; `None` for a file.
    pub as_folder: Option<Folder>,
    /// Who owns it, where the provider tells it.
    pub owner: Option<Owner>,
    /// What pins its content: Box `file_version.id`, Dropbox `rev`. `None` for a folder; of a Dropbox folder in the trash when it
    /// was deleted, as text (`empty` when nothing lay in it).
    pub version: Option<Arc<str>>,
    /// Box `etag`, by which a write is made conditional. `None` on Dropbox.
    pub etag: Option<Arc<str>>,
    /// The content's hash. `None` for a folder.
    pub hash: Option<ContentHash>,
    /// Bytes of the content.
    pub size_bytes: u64,
    /// True while it is in the trash.
    pub trashed: bool,
    /// Its own links.
    pub links: Vec<OwnLink>,
    /// Links on folders above it, which lead to it too.
    pub links_above: Vec<LinkAbove>,
    /// Its members; those it has from folders above say so.
    pub members: Members,
    /// Who may invite whom. Folders.
    pub invitations: Option<Invitations>,
    /// Its label and all there are.
    pub labels: Labels,
    /// Its lock.
    pub lock: Option<LockState>,
    /// Legal holds and retention.
    pub holds: Holds,
    /// The note of the order in the folder it is left in.
    pub note: Option<NoteState>,
    /// The id of the copy of the order in the folder it is put in.
    pub copy: Option<Arc<str>>,
    /// Whether somebody was let into the target folder for the length of a move; `None` when nobody needs to be.
    pub lent: Option<bool>,
    /// The id of the comment or task of the order.
    pub said: Option<Arc<str>>,
    /// Of what is in the trash: whether others than its owner would see it where the provider brings it back to. `None` when
    /// not asked for, or not to be told.
    #[serde(default)]
    pub seen_back: Option<bool>,
    /// Dropbox: the namespace of a shared folder, under which its members are kept. `None` when it is not shared.
    pub shared_as: Option<Arc<str>>,
}

/// A link of the item's own.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OwnLink {
    /// What tells it from the item's other links: a digest of its address, or `own` where there can be one only (Box).
    pub key: Arc<str>,
    /// Whom it lets in, in effect.
    pub audience: Audience,
    /// Whom it was made for; the company's policy may let in fewer.
    pub asked: Audience,
    /// Whether it asks for a password.
    pub password: bool,
    /// When it ends.
    pub expires: Option<Moment>,
    /// Whether it lets download; `None` when not told or not to be chosen.
    pub download: Option<bool>,
    /// Whose link it is ([`crate::model::Person::account`]), where several may have one (Dropbox).
    pub owner: Option<Arc<str>>,
    /// The address, for calls that need it (Dropbox). Never kept, never shown.
    #[serde(skip)]
    pub url: Option<Arc<str>>,
}

impl fmt::Debug for OwnLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnLink")
            .field("key", &self.key)
            .field("audience", &self.audience)
            .field("asked", &self.asked)
            .field("password", &self.password)
            .field("expires", &self.expires)
            .field("download", &self.download)
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

/// A link on a folder above.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LinkAbove {
    /// The folder's id.
    pub folder: Arc<str>,
    /// The link.
    pub link: OwnLink,
}

/// Who may be invited to a folder, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Invitations {
    /// Whether people outside may be invited.
    pub outsiders: bool,
    /// Only those whom the company's own list approves (Dropbox `team_and_approved`).
    #[serde(default)]
    pub approved_only: bool,
    /// Whether others than the owner may invite.
    pub by_members: bool,
}

/// The label of an item.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Labels {
    /// The one it has.
    pub set: Option<Arc<str>>,
    /// All there are, the lowest first, where the provider tells them (Box). Empty otherwise.
    pub order: Vec<Arc<str>>,
}

/// A lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LockState {
    /// Whose ([`crate::model::Person::account`]); `None` when not told.
    pub by: Option<Arc<str>>,
    /// True when whoever acts for us made it.
    pub ours: bool,
    /// Until when.
    pub until: Option<Moment>,
    /// Whether others cannot even download.
    pub no_download: bool,
}

/// Legal holds and retention of an item.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Not asked for.
    #[default]
    NotAsked,
    /// These hold it; none when both are empty.
    Known {
        /// Names of legal holds.
        holds: Vec<Arc<str>>,
        /// Names of retention policies.
        retentions: Vec<Arc<str>>,
    },
    /// They could not be read: counts as held. The provider's code.
    Unreadable(Arc<str>),
}

/// The note of an order as it lies there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteState {
    /// Its id.
    pub id: Arc<str>,
    /// True when its content is the note's.
    pub unchanged: bool,
    /// What pins it: Box `etag`, Dropbox `rev`.
    pub pin: Option<Arc<str>>,
}

/// The state of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonState {
    /// When it was read.
    pub at: Moment,
    /// Whether the person can act.
    pub status: Status,
    /// Rank.
    pub role: Role,
    /// Whether a new password is asked for; `None` when not told.
    pub password_asked: Option<bool>,
    /// Sessions, where the provider tells them (Dropbox); `None` otherwise.
    pub sessions: Option<Vec<Session>>,
    /// Linked applications, where the provider tells them (Dropbox); `None` otherwise.
    pub apps: Option<Vec<App>>,
    /// What the person is a member of and others own; `None` when not asked for.
    pub shares: Option<Vec<Share>>,
}

/// A session of a person.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Session {
    /// The provider's id.
    pub id: Arc<str>,
    /// The provider's word for its kind (`web_session`, `desktop_client`, `mobile_client`).
    pub kind: Arc<str>,
}

/// An application that a person linked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct App {
    /// The provider's id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

/// Something a person is a member of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Share {
    /// What.
    pub item: super::TargetItem,
    /// As which member.
    pub member: crate::model::Member,
}
