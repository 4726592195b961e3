//! What a listing and a feed bring: walks, pages, positions, and what could not be walked.

use super::item::Item;
use super::sharing::Link;
use super::tenant::Principal;
use std::sync::Arc;

/// Something to page through: a folder or trash of a Box user, a namespace of Dropbox.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Walk {
    /// Unique within the connector and stable from pass to pass (`folder:123`, `trash:77`, `ns:456`).
    pub id: Arc<str>,
    /// What is walked: a folder's or namespace's id.
    pub place: Arc<str>,
    /// What kind of thing that is, in the provider's own words (`folder`, `trash`, `team_folder`, `team_member_root`).
    pub kind: Arc<str>,
    /// Who walks it.
    pub read_as: Principal,
    /// Path of its top, for people.
    pub path: Arc<str>,
    /// Where to go on; `None` from the beginning.
    pub cursor: Option<Arc<str>>,
}

/// Where a full listing begins.
#[derive(Clone, Debug, Default)]
pub struct Walks {
    /// The walks.
    pub walks: Vec<Walk>,
    /// What cannot be walked.
    pub holes: Vec<Unwalked>,
    /// Bytes the provider itself counts as used, for all people together, to hold coverage against; `None` if untold.
    pub used_bytes: Option<u64>,
}

/// Something that could not be walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwalked {
    /// What: a user's, folder's or namespace's id.
    pub what: Arc<str>,
    /// Name for people.
    pub name: Arc<str>,
    /// Why.
    pub why: WhyUnwalked,
}

/// Why something could not be walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WhyUnwalked {
    /// The owner cannot act (Box inactive).
    InactiveOwner,
    /// The owner is invited and not yet here.
    InvitedOwner,
    /// A Box co-admin's token cannot reach it.
    CoAdminGap,
    /// An archived team folder.
    Archived,
    /// The provider refused.
    Refused,
    /// It was gone before it could be walked.
    Gone,
    /// An application's own folder that has no way in.
    AppFolder,
    /// The provider kept failing; the next pass tries again.
    Failing,
}

impl WhyUnwalked {
    /// The reason as reports say it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            WhyUnwalked::InactiveOwner => "inactive owner",
            WhyUnwalked::InvitedOwner => "invited owner",
            WhyUnwalked::CoAdminGap => "not reachable for a co-admin",
            WhyUnwalked::Archived => "archived",
            WhyUnwalked::Refused => "refused by the provider",
            WhyUnwalked::Gone => "gone",
            WhyUnwalked::AppFolder => "folder of an application",
            WhyUnwalked::Failing => "the provider kept failing",
        }
    }
}

/// One page of a walk. It and the moved cursor are taken in together or not at all.
#[derive(Clone, Debug)]
pub struct Page {
    /// Files, folders and bookmarks, those to be kept only: each item once though it shows in many trees, as far as this
    /// page alone can tell.
    pub items: Vec<Item>,
    /// What is no longer there: the path and everything below it (Dropbox).
    pub gone: Vec<GonePath>,
    /// Further walks that were found (Box sub-folders).
    pub found: Vec<Walk>,
    /// What cannot be walked or read.
    pub holes: Vec<Unwalked>,
    /// How to go on.
    pub onward: Onward,
}

/// A path that went away with everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GonePath {
    /// The namespace.
    pub place: Arc<str>,
    /// `path_lower` within it.
    pub path_lower: Arc<str>,
}

/// How a walk goes on after a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Onward {
    /// Another page, at this cursor.
    More(Arc<str>),
    /// The end. Where the same walk can be asked for what changes later, from this cursor (Dropbox).
    End(Option<Arc<str>>),
}

/// What a page brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Items never seen before.
    pub new: u64,
    /// Items with another version than before.
    pub changed: u64,
    /// Items as they were.
    pub unchanged: u64,
    /// Items that this listing had brought already, from another tree.
    pub repeated: u64,
}

/// A link and what it points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundLink {
    /// The item's id.
    pub item: Arc<str>,
    /// `path_lower` of the item, where told.
    pub path_lower: Option<Arc<str>>,
    /// The link.
    pub link: Link,
}

/// A position in a change feed, as text that only its provider reads.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FeedCursor {
    /// Which feed: `events` (Box), `team_log` or `ns:<id>` (Dropbox).
    pub feed: Arc<str>,
    /// Who reads it; `ns:` cursors belong to the principal they were made by.
    pub read_as: Principal,
    /// The position.
    pub position: Arc<str>,
}
