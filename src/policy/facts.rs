//! What a filter is held against: the facts of one item, as far as they are known.
//!
//! Every part but the item may be missing (`None`): not fetched, or not to be had. A filter that rests on a missing part
//! answers unknown, never no; so parts may be fetched in the order of their cost, until the answer is decided
//! ([`super::Filter::wants`] tells which parts can matter at all).

use crate::clock::Moment;
use crate::model::{ActivityKind, Confidence, ConnectorName, Coverage, Directory, Exposure, Item, Provider, Sharing};
use std::collections::HashMap;
use std::sync::Arc;

/// The facts of one item.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The item.
    pub item: &'a Item,
    /// The connector it belongs to.
    pub connector: &'a ConnectorName,
    /// The connector's provider.
    pub provider: Provider,
    /// How far it is open.
    pub exposure: Option<&'a Exposure>,
    /// Links and members: its own first, then those of each folder above that hands some down.
    pub shares: Option<&'a [Arc<Sharing>]>,
    /// People and groups of the connector.
    pub directory: Option<&'a Directory>,
    /// The folders above, nearest first.
    pub above: Option<&'a [Folder]>,
    /// What reading its present version came to.
    pub inspection: Option<Inspection<'a>>,
    /// What was found, one entry a detector; empty when nothing was.
    pub found: Option<&'a [Found]>,
    /// Tags of the detectors that are known.
    pub tags: Option<&'a Tags>,
    /// When our record of it began and changed.
    pub history: Option<History>,
    /// Whether it lies in quarantine.
    pub quarantined: Option<bool>,
    /// Names of the policies that matched it.
    pub policies: Option<&'a [Arc<str>]>,
    /// How many versions the provider keeps.
    pub versions: Option<u64>,
    /// What people did with it.
    pub activity: Option<&'a Acts>,
    /// Since when somebody outside is a member.
    pub external_since: Option<Moment>,
}

impl<'a> Facts<'a> {
    /// The item alone; everything else is unknown.
    #[must_use]
    pub fn of(item: &'a Item, connector: &'a ConnectorName, provider: Provider) -> Self {
        Self {
            item,
            connector,
            provider,
            exposure: None,
            shares: None,
            directory: None,
            above: None,
            inspection: None,
            found: None,
            tags: None,
            history: None,
            quarantined: None,
            policies: None,
            versions: None,
            activity: None,
            external_since: None,
        }
    }
}

/// A folder above an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The provider's id.
    pub id: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
}

/// What reading the present version of an item came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inspection<'a> {
    /// How much was read; `None` while it waits to be.
    pub coverage: Option<Coverage>,
    /// What the content showed itself to be (`docx`); `None` when it was not looked at.
    pub format: Option<&'a str>,
    /// Whether the name's extension promises another type; `None` when the content was not looked at.
    pub mismatch: Option<bool>,
}

/// What one detector found in an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The detector's id.
    pub detector: Arc<str>,
    /// Counts by confidence, each finding and each value under one confidence only (a value under the best it was found
    /// with), in any order.
    pub counts: Vec<Count>,
    /// Findings past the cap on kept ones, whose confidence is not known.
    pub beyond_cap: u64,
    /// True when there may be more different values than are counted.
    pub unique_at_least: bool,
}

/// Findings of one detector with one confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The confidence.
    pub confidence: Confidence,
    /// How many findings.
    pub total: u64,
    /// How many different values.
    pub unique: u64,
}

/// Tags by detector.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(HashMap<Arc<str>, Vec<String>>);

impl Tags {
    /// True when the detector has the tag; letter case does not count.
    #[must_use]
    pub fn has(&self, detector: &str, tag: &str) -> bool {
        self.0.get(detector).is_some_and(|tags| tags.iter().any(|one| one.eq_ignore_ascii_case(tag)))
    }

    /// The detectors that have tags here.
    pub fn detectors(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|id| &**id)
    }

    /// All tags; one of several detectors comes several times.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.0.values().flatten().map(String::as_str)
    }
}

impl FromIterator<(Arc<str>, Vec<String>)> for Tags {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Vec<String>)>>(all: I) -> Self {
        Self(all.into_iter().collect())
    }
}

/// When our record of an item began and changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// When it was first seen.
    pub first_seen: Option<Moment>,
    /// When anything of our record last changed.
    pub changed: Option<Moment>,
}

/// What people did with an item, as far as the log is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acts {
    /// Kinds that occurred.
    pub kinds: Vec<ActivityKind>,
    /// When something was last done; `None` when nothing is on record.
    pub last: Option<Moment>,
    /// When somebody outside, or without sign-in, last did something.
    pub external: Option<Moment>,
}
