//! The outside: what sluicebox asks of a cloud, and the rooms all clouds share.
//!
//! [`Source`] reads one tenant. It moves nothing by itself: whoever calls it decides which walk, file or cursor comes next
//! and keeps what comes back. Calls block; any number of threads may call at once, and the throttle makes them wait.
//! The same file names stand in each provider's folder: `wire` (the shapes on the wire), `auth`, `people`, `list`,
//! `sharing`, `content`, `feed`, `hook`.

pub mod body;
pub mod boxcom;
pub mod domains;
pub mod dropbox;
pub mod error;
pub mod exposure;
pub mod govern;
pub mod http;
mod pages;
mod recent;
pub mod registry;
pub mod secret;
pub mod settings;
mod signature;
pub mod throttle;
pub mod vault;

pub use body::Body;
pub use error::{Error, Next};
pub use secret::Secret;
pub use settings::Settings;

pub use crate::model::listing::{
    FeedCursor, FoundLink, GonePath, Onward, Page, Taken, Unwalked, Walk, Walks, WhyUnwalked,
};

use crate::clock::Moment;
use crate::model::{
    Activity, ContentHash, Directory, Download, Group, Item, ItemKind, Person, Principal, Provider, Sharing, Subject,
};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// Reads one tenant of one provider.
///
/// Order of use: [`Source::probe`] (only `connect test`), [`Source::people`], [`Source::feed_now`] **before** the first
/// listing, [`Source::walks`], then [`Source::page`] for each walk until it ends, [`Source::members`] and
/// [`Source::links`] for exposure, [`Source::open`] for contents, [`Source::changes`] for ever.
pub trait Source: Send + Sync + fmt::Debug {
    /// Which provider this is.
    fn provider(&self) -> Provider;

    /// Tries each capability apart and says what is missing; never fails as a whole.
    fn probe(&self) -> Vec<Capability>;

    /// Lists people and groups, a page at a time.
    ///
    /// # Errors
    /// When a page could not be had, or when `sink` refuses (the sink's error is passed on).
    fn people(&self, sink: &mut dyn FnMut(PeoplePage) -> Result<(), Error>) -> Result<(), Error>;

    /// Positions at the end of the change feeds, one for each feed of the tenant. (The cursors of Dropbox namespaces are
    /// not among them: they come out of the listing, as [`Onward::End`].)
    ///
    /// # Errors
    /// When a feed cannot be read.
    fn feed_now(&self) -> Result<Vec<FeedCursor>, Error>;

    /// Where a full listing begins: one walk for each user's tree and trash (Box), each namespace (Dropbox).
    ///
    /// # Errors
    /// When the list itself could not be had. What cannot be walked is a hole in the answer, not an error.
    fn walks(&self, people: &Directory) -> Result<Walks, Error>;

    /// Fetches one page of a walk by one call.
    ///
    /// # Errors
    /// [`Next::Reset`]: begin the walk again without its cursor. [`Next::Gone`]: what was walked exists no more.
    fn page(&self, walk: &Walk, people: &Directory) -> Result<Page, Error>;

    /// The members of items, in the order asked; asked together where the provider can (Dropbox: 100 files a call).
    ///
    /// # Errors
    /// When nothing could be had. Members that may not be seen are [`crate::model::Members::Hidden`], not an error.
    fn members(&self, of: &[Shared], people: &Directory) -> Result<Vec<Sharing>, Error>;

    /// All links of one person, a page at a time, for providers whose listing does not tell them (Dropbox). Does nothing on
    /// Box, where they come with the listing.
    ///
    /// # Errors
    /// When a page could not be had, or when `sink` refuses.
    fn links(&self, of: &Person, sink: &mut dyn FnMut(Vec<FoundLink>) -> Result<(), Error>) -> Result<(), Error>;

    /// Opens the content of one version. The body resumes cut connections itself and checks the provider's hash at its end.
    ///
    /// # Errors
    /// [`Next::Moved`] when the version is no longer the current one and cannot be pinned; [`Next::Locked`],
    /// [`Next::Forbidden`], [`Next::Gone`] as they say.
    fn open(&self, wanted: &Wanted) -> Result<Body, Error>;

    /// What happened since `cursor`. Waits at most `patience` for something to happen, where the provider can wait.
    ///
    /// # Errors
    /// [`Next::Reset`] when the position is lost; the error tells from when on the gap must be filled by
    /// [`Source::history`].
    fn changes(&self, cursor: &FeedCursor, patience: Duration) -> Result<Changes, Error>;

    /// One page of the log between two moments; `at` is `None` first, then what the page before said. The log is late, see
    /// [`Source::history_settles`].
    ///
    /// # Errors
    /// When the page could not be had.
    fn history(&self, from: Moment, to: Moment, at: Option<&str>) -> Result<History, Error>;

    /// How far behind the present the log of [`Source::history`] may be: what happened later than so long ago may not be told
    /// yet. Who fills a gap that ends at the present asks again for its last part when this long has gone by.
    fn history_settles(&self) -> Duration {
        Duration::ZERO
    }

    /// The present facts of one item, told as the listing would tell them, by one call where `at` still holds: what an event
    /// names and no listing has told yet, or told otherwise. Where it does not, others who may see the item are asked, and the
    /// trash.
    ///
    /// # Errors
    /// [`Next::Gone`] when it is there no more, or nobody who was asked may see it. [`Next::Moved`] when it lies in a place
    /// that no answer names (Dropbox: somebody's home): the feed of that place brings it.
    fn look(&self, at: &Glance, people: &Directory) -> Result<Item, Error>;

    /// Which of these feeds have something to be taken by [`Source::changes`], in the order of `cursors`. Where the provider
    /// can wait (Dropbox's `ns:` feeds, a bounded number at a time) it comes back at the first news, or after `patience`, of
    /// which less than 30 s is none; "no" then means "not yet". A feed that nobody can wait for (Box, Dropbox's log) is always
    /// answered with yes, and with nothing else to wait for at once: the caller sets the pace.
    fn watch(&self, cursors: &[FeedCursor], patience: Duration) -> Vec<Watched>;

    /// Takes in what came to this connector's webhook address: the handshake, or a signed delivery. Nothing is parsed before
    /// its signature is found right. A delivery is a hint only; the feed stays the source of truth.
    fn delivery(&self, delivery: &Delivery<'_>) -> Delivered;

    /// Makes the provider's hooks lead to this address and says how many were missing; 0 where the provider's console alone
    /// can do that (Dropbox).
    ///
    /// # Errors
    /// When they cannot be read or made.
    fn repair_hooks(&self, people: &Directory, address: &Url) -> Result<u64, Error>;

    /// Hosts this tenant's calls go to, for a firewall's list; wildcards as `*.boxcloud.com`.
    fn hosts(&self) -> Vec<String>;
}

/// One thing `connect test` tries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capability {
    /// What: `people`, `feed`, `read as another user`, `sharing`, `quarantine`, `holds`, `account`.
    pub name: &'static str,
    /// What came of it.
    pub state: CapabilityState,
}

/// What came of trying a capability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CapabilityState {
    /// It works; the text says what was seen (`214 people`).
    Works(String),
    /// It works with a gap in coverage; why, and what to do about it.
    Partial(String),
    /// It does not; why, and the next click or command.
    Missing(String),
}

/// One page of people and groups.
#[derive(Clone, Debug, Default)]
pub struct PeoplePage {
    /// People, managed and external.
    pub people: Vec<Person>,
    /// Groups with their members.
    pub groups: Vec<Group>,
}

/// Takes in pages durably. The walk's cursor moves in the same commit as the page, so that a crash loses neither.
pub trait PageSink: Send {
    /// Takes in a page of `walk` together with how it goes on ([`Page::onward`]). After it returns, both are durable.
    ///
    /// # Errors
    /// When it could not be made durable; nothing of the page counts then.
    fn commit(&mut self, walk: &Walk, page: Page) -> std::io::Result<Taken>;

    /// Begins `walk` again from the start, its cursor having been refused ([`Next::Reset`]). Items that are not listed
    /// again by its end are gone.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn restart(&mut self, walk: &Walk) -> std::io::Result<()>;

    /// Ends `walk` with a hole.
    ///
    /// # Errors
    /// When it could not be made durable.
    fn give_up(&mut self, walk: &Walk, hole: Unwalked) -> std::io::Result<()>;
}

/// An item whose members are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// The item's id; for a Dropbox shared folder its `shared_folder_id` (the namespace).
    pub id: Arc<str>,
    /// File or folder.
    pub kind: ItemKind,
    /// Who asks.
    pub read_as: Principal,
}

/// A content to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The file's id.
    pub id: Arc<str>,
    /// The version to pin; `None` reads whichever is current.
    pub version: Option<Arc<str>>,
    /// The hash to hold it against; `None` when unknown (exports).
    pub hash: Option<ContentHash>,
    /// The size to hold it against, in bytes; `None` when unknown (exports).
    pub size_bytes: Option<u64>,
    /// Who reads.
    pub read_as: Principal,
    /// How it is had.
    pub download: Download,
    /// True for near-real-time work, which takes the next slot of its principal.
    pub live: bool,
}

impl Wanted {
    /// The content of `item` as it was listed.
    #[must_use]
    pub fn of(item: &Item) -> Self {
        let whole = item.download == Download::Direct;
        Self {
            id: Arc::clone(&item.id),
            version: item.version.clone(),
            hash: item.hash.filter(|_| whole),
            size_bytes: whole.then_some(item.size_bytes),
            read_as: item.read_as.clone(),
            download: item.download.clone(),
            live: false,
        }
    }
}

/// What happened since a cursor.
#[derive(Clone, Debug)]
pub struct Changes {
    /// Events in the words of this house, repeats of earlier ones dropped as far as they are remembered.
    pub activities: Vec<Activity>,
    /// Changed items, where the feed tells them whole (Dropbox namespaces).
    pub pages: Vec<Page>,
    /// The position after them: to be stored together with what they cause.
    pub cursor: FeedCursor,
    /// True when more can be had at once.
    pub more: bool,
    /// How long to wait before asking again, where the provider said so.
    pub wait: Option<Duration>,
}

/// One page of the past.
#[derive(Clone, Debug)]
pub struct History {
    /// Events in the words of this house.
    pub activities: Vec<Activity>,
    /// Where to go on; `None` at the end.
    pub onward: Option<Arc<str>>,
}

/// An item to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Its id.
    pub id: Arc<str>,
    /// File, folder or bookmark.
    pub kind: ItemKind,
    /// Who looks.
    pub read_as: Principal,
    /// The place it was known in, kept where the answer does not tell (Dropbox: the namespace).
    pub place: Arc<str>,
}

/// What came of watching one cursor.
#[derive(Debug)]
pub struct Watched {
    /// Which of the cursors.
    pub at: usize,
    /// True when it has changes to be taken by [`Source::changes`].
    pub changed: Result<bool, Error>,
    /// How long to leave this cursor alone, where the service said so.
    pub wait: Option<Duration>,
}

/// A request to a connector's webhook address.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// Its query as sent, without `?`.
    pub query: &'a str,
    /// The header of a name in lower case.
    pub header: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The raw body; empty for a handshake (GET).
    pub body: &'a [u8],
    /// When it came.
    pub at: Moment,
}

impl fmt::Debug for Delivery<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery").field("bytes", &self.body.len()).field("at", &self.at).finish_non_exhaustive()
    }
}

/// What a request to a webhook address was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// A handshake: answer 200 with this text and these headers.
    Handshake {
        /// Body.
        text: String,
        /// Headers.
        headers: Vec<(&'static str, &'static str)>,
    },
    /// Genuine: something happened.
    Hint {
        /// Items concerned, where told (Box).
        subjects: Vec<Subject>,
        /// Accounts concerned, where told (Dropbox).
        accounts: Vec<Arc<str>>,
    },
    /// Genuine, and came before.
    Repeat,
    /// Not genuine, or the connector has no key to tell: refuse with 403; the reason is for the log.
    Refused(String),
}
