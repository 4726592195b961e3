//! One event of a provider's log in the words of this house: who did what to which item, from where, when.

use super::item::ItemKind;
use crate::clock::Moment;
use std::sync::Arc;

/// Who did it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    /// A person with a name.
    Person {
        /// The provider's account id.
        account: Option<Arc<str>>,
        /// Login or mail address.
        login: Option<Arc<str>>,
    },
    /// A visitor without sign-in: a kind of its own, not an external person.
    Unauthenticated,
    /// An application or the provider itself.
    Application,
    /// The log does not say.
    Unknown,
}

/// What was done. Kinds that cause work come first; see [`ActivityKind::promotes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ActivityKind {
    /// New content (Dropbox: added files are named so as everywhere else; the raw name is kept).
    Upload,
    /// Changed content.
    Edit,
    /// A copy was made.
    Copy,
    /// Moved to another folder.
    Move,
    /// Got another name.
    Rename,
    /// Came back from the trash or to an earlier version.
    Restore,
    /// Links or members changed.
    Share,
    /// A group or a person's standing changed.
    People,
    /// A label or other metadata changed.
    Label,
    /// Deleted or trashed.
    Delete,
    /// Viewed, previewed, printed, exported, downloaded.
    View,
    /// Signed in or out.
    Login,
    /// Anything else; the raw name tells.
    Other,
}

impl ActivityKind {
    /// The name reports and filters use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ActivityKind::Upload => "upload",
            ActivityKind::Edit => "edit",
            ActivityKind::Copy => "copy",
            ActivityKind::Move => "move",
            ActivityKind::Rename => "rename",
            ActivityKind::Restore => "restore",
            ActivityKind::Share => "share",
            ActivityKind::People => "people",
            ActivityKind::Label => "label",
            ActivityKind::Delete => "delete",
            ActivityKind::View => "view",
            ActivityKind::Login => "login",
            ActivityKind::Other => "other",
        }
    }

    /// True when the item must be looked at again soon. Views, downloads and sign-ins wait for the regular pass.
    #[must_use]
    pub fn promotes(self) -> bool {
        self <= ActivityKind::Delete
    }
}

/// The item an event is about, as far as the log tells.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    /// The item's id; `None` when only a path is told.
    pub id: Option<Arc<str>>,
    /// File or folder, when told.
    pub kind: Option<ItemKind>,
    /// Name or path, when told.
    pub name: Option<Arc<str>>,
    /// The folder it lies in (Box), or the namespace (Dropbox).
    pub place: Option<Arc<str>>,
    /// The version, when told.
    pub version: Option<Arc<str>>,
    /// Account of the item's owner, when told (Box `owned_by`): who can read it.
    pub owner: Option<Arc<str>>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Activity {
    /// What tells it from others, for dropping repeats: Box `event_id`; Dropbox has none, a hash over its fields.
    pub id: Arc<str>,
    /// When.
    pub at: Option<Moment>,
    /// Who.
    pub actor: Actor,
    /// What, in our words.
    pub kind: ActivityKind,
    /// What, in the provider's (`ITEM_SHARED_UPDATE`, `shared_link_create`).
    pub raw: Arc<str>,
    /// The items concerned.
    pub subjects: Vec<Subject>,
    /// The address it came from.
    pub address: Option<Arc<str>>,
}
