//! What the tenant knows: people, namespaces with their trees, and everything that hangs on them.
//!
//! One lock guards all of it, so that a request sees one moment.

pub(super) mod file;
pub(super) mod people;
pub(super) mod sharing;
pub(super) mod tree;

use super::super::bounds::History;
use super::Keys;
use super::hooks::Notice;
use super::log::Event;
use crate::clock::Moment;
use people::People;
use sharing::{Link, Share};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use tree::{NodeId, SpaceId, Tree};

/// An access token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    /// When it ends.
    pub(super) ends: Moment,
}

/// An authorization code on its way to a token.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) challenge: Option<String>,
    pub(super) redirect: Option<String>,
    pub(super) offline: bool,
    pub(super) ends: Moment,
}

/// An upload in parts.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) owner: String,
    pub(super) body: Vec<u8>,
    pub(super) closed: bool,
    pub(super) ends: Moment,
}

/// A job that the service finishes later: it answers `in_progress` this often first.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) looks_left: u32,
    pub(super) outcome: serde_json::Value,
}

/// A lock on a file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lock {
    pub(super) holder: usize,
    pub(super) at: Moment,
}

/// A template of file properties.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: String,
    /// Names and descriptions.
    pub(super) fields: Vec<(String, String)>,
}

/// Values of a template on a file.
#[derive(Clone, Debug)]
pub(super) struct Properties {
    pub(super) template: String,
    pub(super) fields: Vec<(String, String)>,
}

/// A legal hold.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) members: Vec<usize>,
    pub(super) start: Moment,
    pub(super) end: Option<Moment>,
    pub(super) released: bool,
}

/// Everything.
#[derive(Debug)]
pub(super) struct State {
    pub(super) seed: u64,
    pub(super) keys: Keys,
    pub(super) now: Moment,
    pub(super) people: People,
    pub(super) tree: Tree,
    pub(super) tokens: HashMap<String, Token>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) refresh_revoked: bool,
    /// Members who were suspended with their devices wiped: what a careful caller never does.
    pub(super) wiped: BTreeSet<usize>,
    pub(super) scopes: BTreeSet<String>,
    pub(super) sessions: HashMap<String, Session>,
    pub(super) jobs: HashMap<String, Job>,
    pub(super) links: Vec<Link>,
    pub(super) file_members: BTreeMap<NodeId, Vec<Share>>,
    pub(super) properties: BTreeMap<NodeId, Vec<Properties>>,
    pub(super) tags: BTreeMap<NodeId, BTreeSet<String>>,
    pub(super) locks: BTreeMap<NodeId, Lock>,
    pub(super) templates: Vec<Template>,
    pub(super) holds: Vec<Hold>,
    pub(super) references: HashMap<String, NodeId>,
    pub(super) log: History<Event>,
    /// Cursors of the log that the service has forgotten.
    pub(super) log_lost: BTreeSet<String>,
    pub(super) notices: VecDeque<Notice>,
    /// Listings whose cursors the service has forgotten.
    pub(super) forgotten: BTreeSet<u64>,
    pub(super) listings: u64,
    /// Listings up to this number are forgotten as well.
    pub(super) forgotten_before: u64,
    /// How often all cursors of the log were forgotten.
    pub(super) log_epoch: u32,
    /// Files whose versions were deleted for good.
    pub(super) purged: BTreeSet<NodeId>,
    pub(super) polled: u64,
    pub(super) team_space: Option<SpaceId>,
    pub(super) odd_pages: bool,
    /// Namespaces that another writer is busy in, and how many more writes are refused for it.
    pub(super) contended: BTreeMap<SpaceId, u32>,
    pub(super) minted: u64,
}

impl State {
    /// A fresh opaque text of so many characters, the same for the same seed and history.
    pub(super) fn mint(&mut self, kind: &str, length: usize) -> String {
        self.minted += 1;
        people::opaque(self.seed, kind, &self.minted.to_string(), length)
    }
}
