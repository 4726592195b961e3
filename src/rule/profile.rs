//! A detector's profile: what must be known of it to judge a stored finding again without its text.
//!
//! Profiles are plain data (JSON, versioned), stored beside the verdicts that their detectors made. [`compare`] holds the
//! profile of an edited rule against that of before and says how far the edit reaches. The decision worth knowing: a change
//! counts as tightened only when whatever the new rule finds the old one is *certain* to have found, by the structure of both
//! alone; anything else is read again.

use super::compile::list_hash;
use super::normalise::NORMALISER_VERSION;
use super::ruleset::{Detector, Leaf, Node, RuleSet, What};
use super::syntax::Side;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write;

/// The shape of a profile, raised when it changes: profiles of two versions are never taken for equal.
pub const PROFILE_VERSION: u32 = 1;

/// What is known of a detector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// [`PROFILE_VERSION`].
    pub version: u32,
    /// The detector's id.
    pub id: String,
    /// SHA-256 over all that decides its findings, in hexadecimal.
    pub hash: String,
    /// Version of the normaliser.
    pub normaliser: u32,
    /// For each primary, a hash of what decides where it matches.
    pub primaries: Vec<String>,
    /// A hash of what decides which matches stand: validators, checks, what counts of a value, the mask.
    pub judging: String,
    /// Tokens of the values that its checks refuse, sorted.
    pub excluded_values: Vec<String>,
    /// Tokens of the values that are not reported, sorted.
    pub excluded_tokens: Vec<String>,
    /// Fewest different values in a part.
    pub min_unique: u32,
    /// Ways to be sure, best first.
    pub tiers: Vec<TierProfile>,
    /// Tags.
    pub tags: Vec<String>,
}

/// One way to be sure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierProfile {
    /// Its name.
    pub name: String,
    /// 1 to 100.
    pub confidence: u8,
    /// A hash of what it asks of a value itself: shapes, validators, checks, form.
    pub gate: u64,
    /// True when it asks nothing of the value itself.
    pub takes_all: bool,
    /// What must stand near.
    pub evidence: Option<NodeProfile>,
}

/// A node of an evidence tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeProfile {
    /// Every child holds.
    All(Vec<NodeProfile>),
    /// Between `min` and `max` children hold.
    Any {
        /// The children.
        nodes: Vec<NodeProfile>,
        /// At least.
        min: u32,
        /// At most.
        max: Option<u32>,
    },
    /// The child does not hold.
    Not(Box<NodeProfile>),
    /// Something to look for.
    Leaf(LeafProfile),
}

/// Something to look for near a match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeafProfile {
    /// What kind of thing.
    pub kind: LeafKind,
    /// A hash of what is looked for: terms, expression, or the other detector's shape.
    pub what: u64,
    /// How findings call it.
    pub label: String,
    /// Characters from the match; `None` for anywhere in the part.
    pub within: Option<u32>,
    /// Which side.
    pub side: SideProfile,
    /// At least this many.
    pub min: u32,
    /// At most this many.
    pub max: Option<u32>,
    /// Count different ones.
    pub distinct: bool,
}

/// What kind of thing a leaf looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeafKind {
    /// Terms of a list: which of them stand in a window does not hang on the window.
    List,
    /// An expression: what it finds may hang on where the window cuts the text.
    Regex,
    /// Another detector's matches, likewise.
    Detector,
}

/// [`Side`], as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SideProfile {
    /// Either.
    Both,
    /// Before the match.
    Before,
    /// After the match.
    After,
}

impl From<Side> for SideProfile {
    fn from(side: Side) -> Self {
        match side {
            Side::Both => SideProfile::Both,
            Side::Before => SideProfile::Before,
            Side::After => SideProfile::After,
        }
    }
}

/// How far an edit of a rule reaches, from nothing to everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Nothing that decides a finding.
    Same,
    /// The rule is gone: its findings end, nothing is read.
    Removed,
    /// It asks for more than before: stored findings can be judged again from their grounds; what those cannot decide, and
    /// nothing else, is read again.
    Tightened,
    /// Its shapes match nowhere else than before: contents with candidates are read again.
    Candidates,
    /// It may match anywhere: everything is read again.
    Shape,
    /// It is new: everything is read again.
    Added,
}

impl Profile {
    /// The profiles of all detectors that report, in order of their ids. `token` makes the token of a value as it counts
    /// (`TokenKey::token`).
    #[must_use]
    pub fn all(rules: &RuleSet, token: &dyn Fn(&str) -> String) -> Vec<Self> {
        let mut maker = Maker { rules, lists: HashMap::new() };
        let loud = rules.detectors.iter().filter(|detector| !detector.silent);
        loud.map(|detector| maker.profile(detector, token)).collect()
    }

    /// As JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From JSON; `None` for anything that is no profile of this version. Such a detector counts as added.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok().filter(|profile: &Self| profile.version == PROFILE_VERSION)
    }

    /// True when evidence is looked for in whole parts: whether a tier holds is then known only at a part's end, of which
    /// findings keep no record.
    #[must_use]
    pub fn asks_whole_parts(&self) -> bool {
        let mut leaves = Vec::new();
        self.tiers.iter().filter_map(|tier| tier.evidence.as_ref()).for_each(|node| node.leaves(&mut leaves));
        leaves.iter().any(|leaf| leaf.within.is_none())
    }

    /// True when the tiers are the same in all that decides: order, confidence, gates, evidence, names.
    #[must_use]
    pub fn has_tiers_of(&self, other: &Self) -> bool {
        self.tiers == other.tiers
    }

    /// True when every match that `other`'s tiers take at all, these take too: what is accepted, and so hides what overlaps
    /// it, is then the same where these only tightened those.
    #[must_use]
    pub fn accepts_all_of(&self, other: &Self) -> bool {
        self.tiers.iter().any(|tier| tier.takes_all)
            || other.tiers.iter().all(|old| self.tiers.iter().any(|new| new.gate == old.gate))
    }

    /// True when no tier is surer than the one it came from.
    #[must_use]
    pub fn raises_none_of(&self, other: &Self) -> bool {
        self.tiers.iter().all(|new| {
            let old = other.tiers.iter().filter(|old| new.tightens(old));
            old.map(|old| old.confidence).max().is_some_and(|confidence| new.confidence <= confidence)
        })
    }
}

/// Makes profiles, hashing each list once.
struct Maker<'r> {
    rules: &'r RuleSet,
    lists: HashMap<u32, u64>,
}

impl Maker<'_> {
    fn profile(&mut self, detector: &Detector, token: &dyn Fn(&str) -> String) -> Profile {
        let tiers = detector.tiers.iter().enumerate().map(|(at, tier)| TierProfile {
            name: (*tier.name).to_owned(),
            confidence: tier.confidence.percent(),
            gate: detector.identity.gates.get(at).map_or(0, short),
            takes_all: tier.takes_all(),
            evidence: tier.evidence.as_ref().map(|node| self.node(node)),
        });
        let tiers = tiers.collect();
        let sorted = |mut tokens: Vec<String>| {
            tokens.sort_unstable();
            tokens.dedup();
            tokens
        };
        Profile {
            version: PROFILE_VERSION,
            id: (*detector.id).to_owned(),
            hash: hex(&detector.hash),
            normaliser: NORMALISER_VERSION,
            primaries: detector.identity.primaries.iter().map(hex).collect(),
            judging: hex(&detector.identity.judging),
            excluded_values: sorted(detector.excluded_values().map(token).collect()),
            excluded_tokens: sorted(detector.exclude_tokens.iter().map(|token| (**token).to_owned()).collect()),
            min_unique: detector.min_unique,
            tiers,
            tags: detector.tags.clone(),
        }
    }

    fn node(&mut self, node: &Node) -> NodeProfile {
        match node {
            Node::All(nodes) => NodeProfile::All(nodes.iter().map(|node| self.node(node)).collect()),
            Node::Any { nodes, min, max } => {
                NodeProfile::Any { nodes: nodes.iter().map(|node| self.node(node)).collect(), min: *min, max: *max }
            }
            Node::Not(node) => NodeProfile::Not(Box::new(self.node(node))),
            Node::Leaf(leaf) => NodeProfile::Leaf(self.leaf(leaf)),
        }
    }

    fn leaf(&mut self, leaf: &Leaf) -> LeafProfile {
        let rules = self.rules;
        let (kind, what) = match leaf.what {
            What::List(list) => {
                let hash = || short(&list_hash(&rules.lists[list.index()]));
                (LeafKind::List, *self.lists.entry(list.0).or_insert_with(hash))
            }
            What::Probe(probe) => {
                let source = rules.probes[probe.index()].regex.source();
                (LeafKind::Regex, short(&Sha256::digest(source.as_bytes()).into()))
            }
            What::Detector(other) => (LeafKind::Detector, short(&rules.detectors[other.index()].identity.as_evidence)),
        };
        LeafProfile {
            kind,
            what,
            label: (*leaf.label).to_owned(),
            within: leaf.within,
            side: leaf.side.into(),
            min: leaf.min,
            max: leaf.max,
            distinct: leaf.distinct,
        }
    }
}

/// The first eight bytes of a hash: enough to tell the questions of one detector apart.
fn short(hash: &[u8; 32]) -> u64 {
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn hex(hash: &[u8; 32]) -> String {
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl NodeProfile {
    /// The leaves, in the order of the tree.
    pub fn leaves<'n>(&'n self, out: &mut Vec<&'n LeafProfile>) {
        match self {
            NodeProfile::All(nodes) | NodeProfile::Any { nodes, .. } => nodes.iter().for_each(|node| node.leaves(out)),
            NodeProfile::Not(node) => node.leaves(out),
            NodeProfile::Leaf(leaf) => out.push(leaf),
        }
    }

    /// True when it is certain that `other` holds wherever this does.
    fn implies(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        match (self, other) {
            (NodeProfile::Leaf(new), NodeProfile::Leaf(old)) => new.implies(old),
            (NodeProfile::Not(new), NodeProfile::Not(old)) => old.implies(new),
            (_, NodeProfile::All(old)) => old.iter().all(|old| self.implies(old)),
            (NodeProfile::Any { nodes, min, .. }, NodeProfile::Any { nodes: old, min: fewest, max: None })
                if min >= fewest && each_implies_its_own(nodes, old) =>
            {
                true
            }
            (NodeProfile::Any { nodes, min, max }, NodeProfile::Any { nodes: old, min: fewest, max: Some(most) })
                if nodes == old =>
            {
                min >= fewest && max.is_some_and(|max| max <= *most)
            }
            (NodeProfile::Any { nodes, min: 1.., .. }, _) if nodes.iter().all(|new| new.implies(other)) => true,
            (_, NodeProfile::Any { nodes: old, min: 0 | 1, max: None }) if old.iter().any(|old| self.implies(old)) => {
                true
            }
            (NodeProfile::All(new), _) => new.iter().any(|new| new.implies(other)),
            _ => false,
        }
    }
}

/// True when each new child implies an old one that no child before it took.
fn each_implies_its_own(new: &[NodeProfile], old: &[NodeProfile]) -> bool {
    let mut left = old.iter();
    new.iter().all(|new| left.any(|old| new.implies(old)))
}

impl LeafProfile {
    /// The hash under which a finding's grounds keep the answer: what was looked for and how it is counted; for what may hang
    /// on the window, the window too.
    #[must_use]
    pub fn question(&self) -> u64 {
        let window = if self.kind == LeafKind::List { None } else { self.within };
        let text = format!("question 1 {:?} {} {:?} {} {window:?}", self.kind, self.what, self.side, self.distinct);
        short(&Sha256::digest(text.as_bytes()).into())
    }

    fn implies(&self, old: &Self) -> bool {
        let looks_for_less = self.kind == old.kind
            && self.what == old.what
            && (self.side == old.side || old.side == SideProfile::Both)
            && (self.distinct == old.distinct || self.distinct || old.min <= 1);
        let counts_the_same = self.side == old.side && self.distinct == old.distinct && self.within == old.within;
        let no_farther = match (self.within, old.within) {
            (new, old) if new == old => true,
            (Some(new), Some(old)) => self.kind == LeafKind::List && new <= old,
            _ => false,
        };
        let bounded = match old.max {
            // Fewer are counted, so that an upper bound may come to hold.
            Some(most) => counts_the_same && self.max.is_some_and(|max| max <= most),
            None => true,
        };
        looks_for_less && no_farther && bounded && self.min >= old.min
    }
}

impl TierProfile {
    /// True when it is certain that `old` holds wherever this does.
    #[must_use]
    pub fn tightens(&self, old: &Self) -> bool {
        self.gate == old.gate
            && match (&self.evidence, &old.evidence) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(new), Some(old)) => new.implies(old),
            }
    }
}

/// How far the edit from `old` to `new` reaches. `None` stands for no such detector.
#[must_use]
pub fn compare(old: Option<&Profile>, new: Option<&Profile>) -> Change {
    let (Some(old), Some(new)) = (old, new) else {
        return match (old, new) {
            (None, None) => Change::Same,
            (None, Some(_)) => Change::Added,
            (Some(_), _) => Change::Removed,
        };
    };
    if old.version != new.version || old.id != new.id || old.normaliser != new.normaliser {
        return Change::Shape;
    }
    if old.hash == new.hash {
        return Change::Same;
    }
    if !new.primaries.iter().all(|primary| old.primaries.contains(primary)) {
        return Change::Shape;
    }
    if is_tightened(old, new) { Change::Tightened } else { Change::Candidates }
}

fn is_tightened(old: &Profile, new: &Profile) -> bool {
    let tiers_tighten = new.tiers.iter().all(|tier| {
        // A tier is held against the one of its name, so that a looser one does not pass for another's tightening.
        let named = old.tiers.iter().any(|old| old.name == tier.name);
        old.tiers.iter().any(|old| (!named || old.name == tier.name) && tier.tightens(old))
    });
    new.primaries == old.primaries
        && new.judging == old.judging
        && has_all_of(&new.excluded_values, &old.excluded_values)
        && has_all_of(&new.excluded_tokens, &old.excluded_tokens)
        && new.min_unique >= old.min_unique
        && tiers_tighten
        && asks_no_more(old, new)
        && (new.has_tiers_of(old) || !(old.asks_whole_parts() || new.asks_whole_parts()))
}

/// True when all that the new rule asks of a match's surroundings, the old one asked too, and as far around.
fn asks_no_more(old: &Profile, new: &Profile) -> bool {
    let (mut asked, mut asks) = (Vec::new(), Vec::new());
    old.tiers.iter().filter_map(|tier| tier.evidence.as_ref()).for_each(|node| node.leaves(&mut asked));
    new.tiers.iter().filter_map(|tier| tier.evidence.as_ref()).for_each(|node| node.leaves(&mut asks));
    let asked: Vec<(u64, Option<u32>)> = asked.into_iter().map(|leaf| (leaf.question(), leaf.within)).collect();
    asks.iter().all(|leaf| {
        let reaches = |within: Option<u32>| match (leaf.within, within) {
            (Some(new), Some(old)) => new <= old,
            (new, old) => new == old,
        };
        asked.iter().any(|(question, within)| *question == leaf.question() && reaches(*within))
    })
}

fn has_all_of(new: &[String], old: &[String]) -> bool {
    old.iter().all(|old| new.binary_search(old).is_ok())
}

#[cfg(test)]
mod tests;
