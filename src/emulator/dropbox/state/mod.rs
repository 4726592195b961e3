//! What the tenant knows: people, namespaces with their trees, and everything that hangs on them.
//!
//! One lock guards all of it, so that a request sees one moment.

pub(super) mod file;
pub(super) mod people;
pub(super) mod sharing;
pub(super) mod tree;

use super::super::bounds::History;
use super::super::effect::Effects;
use super::Keys;
use super::gate::Who;
use super::hooks::Notice;
use super::jobs::Job;
use super::log::Event;
use crate::clock::Moment;
use people::People;
use sharing::{Audience, Link, Share};
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

/// What a member is signed in with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Device {
    Web,
    Desktop,
    Mobile,
}

/// A session of a member.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    pub(super) id: String,
    pub(super) person: usize,
    pub(super) device: Device,
}

/// An app of others that a member linked.
#[derive(Clone, Debug)]
pub(super) struct LinkedApp {
    pub(super) id: String,
    pub(super) name: &'static str,
    pub(super) person: usize,
}

/// A request that is being carried out.
#[derive(Clone, Debug)]
pub(super) struct Carrier {
    /// Who acts in it.
    pub(super) who: Who,
    /// Id of the request.
    pub(super) request: String,
}

/// Writes that a busy namespace still refuses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Busy {
    pub(super) times: u32,
    /// True to say so in the route's own error (409) rather than as a limit (429).
    pub(super) as_conflict: bool,
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
    /// Work that goes on after its request was answered, in the order of its ids.
    pub(super) jobs: BTreeMap<String, Job>,
    /// How the next jobs end: tags of the route's error.
    pub(super) jobs_fail: VecDeque<Vec<String>>,
    /// What requests did.
    pub(super) effects: Effects,
    /// Whose request is being carried out; `None` while people act.
    pub(super) carrier: Option<Carrier>,
    pub(super) signed_in: Vec<SignedIn>,
    pub(super) apps: Vec<LinkedApp>,
    /// Former members whose files were handed over.
    pub(super) handed_over: BTreeSet<usize>,
    /// The widest audience that the team's policy lets a link have.
    pub(super) links_at_most: Audience,
    /// True when the plan has no settings of links: no passwords, no ends, no download switch.
    pub(super) plain_links: bool,
    /// Entries that one call may move, copy or delete.
    pub(super) entries_max: usize,
    pub(super) links: Vec<Link>,
    pub(super) file_members: BTreeMap<NodeId, Vec<Share>>,
    pub(super) properties: BTreeMap<NodeId, Vec<Properties>>,
    pub(super) tags: BTreeMap<NodeId, BTreeSet<String>>,
    pub(super) locks: BTreeMap<NodeId, Lock>,
    pub(super) templates: Vec<Template>,
    pub(super) holds: Vec<Hold>,
    /// Files that left the held members' namespaces, each with the number of the hold that keeps them all the same.
    pub(super) held_elsewhere: BTreeSet<(usize, NodeId)>,
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
    pub(super) contended: BTreeMap<SpaceId, Busy>,
    pub(super) minted: u64,
}

impl State {
    /// Notes what a request did; what people do of their own is not noted.
    pub(super) fn did(&mut self, what: &'static str, on: impl Into<String>, changed: bool) {
        if self.carrier.is_some() {
            self.effects.note(self.now, what, on, changed);
        }
    }

    /// The same of a file or folder, by its id.
    pub(super) fn did_to(&mut self, what: &'static str, node: NodeId, changed: bool) {
        let id = self.tree.id(node);
        self.did(what, id, changed);
    }

    /// The same of a namespace.
    pub(super) fn did_in(&mut self, what: &'static str, space: SpaceId, changed: bool) {
        let id = self.tree.space(space).id.clone();
        self.did(what, id, changed);
    }

    /// The same of a person of the team.
    pub(super) fn did_about(&mut self, what: &'static str, person: usize, changed: bool) {
        let id = self.people.all[person].member.clone();
        self.did(what, id, changed);
    }

    /// A fresh opaque text of so many characters, the same for the same seed and history.
    pub(super) fn mint(&mut self, kind: &str, length: usize) -> String {
        self.minted += 1;
        people::opaque(self.seed, kind, &self.minted.to_string(), length)
    }
}
