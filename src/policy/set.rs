//! Policies ready to be asked: what each means, what it wants done, and how far it may go by itself.

use super::ask::Ask;
use super::filter::Filter;
use crate::model::{Mode, Severity};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A policy. Built once from its file, shared by all threads.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name, unique among all.
    pub name: Arc<str>,
    /// What it is for, one line.
    pub title: Arc<str>,
    /// How grave its matches are.
    pub severity: Severity,
    /// As its file says; see [`Policies::mode`] for what holds.
    pub mode: Mode,
    /// SHA-256 over the canonical form of all that decides what it matches and does: everything but title, severity, mode
    /// and note.
    pub hash: [u8; 32],
    /// Whom it means: scope, `where` and conditions on findings, joined.
    pub filter: Filter,
    /// What it wants done.
    pub wishes: Vec<Wish>,
    /// When it must stop by itself.
    pub breaker: Breaker,
    /// How many operators must approve a plan of it before it is applied; 1 or 2.
    pub approvals: u8,
    /// Whether actions on people may be enforced without a second operator each time. Default false.
    pub allow_people_actions: bool,
    /// What the operator adds to every message about it, in words of their own; may be empty.
    pub note: Arc<str>,
    /// What is left where something is put into quarantine or overwritten.
    pub tombstone: Tombstone,
    /// Labels from the lowest to the highest, for `set_label` where the provider has no order of its own.
    pub label_order: Vec<Arc<str>>,
}

/// One thing that a policy wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What.
    pub ask: Ask,
    /// So long after the match was first seen; zero at once.
    pub after: Duration,
    /// What must still be so by then.
    pub still: Still,
}

/// What must still be so when a wish's time has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Still {
    /// The policy still matches.
    #[default]
    Matched,
    /// The policy still matches, and somebody outside can reach the item.
    Exposed,
}

/// When a policy must stop by itself and wait for `breaker release`. Counted since the last release, over the last 24 hours;
/// `None` has no such limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// Different items. Default 100.
    pub items_max: Option<u64>,
    /// Of the items of the connector, in hundredths of a percent (150 is 1.5 %). Default 100 (1 %), and never less than ten items.
    pub share_max: Option<u32>,
    /// Different items of one owner within an hour. Default 25.
    pub per_owner_hour_max: Option<u64>,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { items_max: Some(100), share_max: Some(100), per_owner_hour_max: Some(25) }
    }
}

/// What is left where an item was. `{id}` in the text becomes the correlation id, `{contact}` the contact, `{name}` the item's
/// name, `{policy}` the policy's title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// Ends the note's file name; the item's own name comes before. Default ` - quarantined.txt`.
    pub suffix: Arc<str>,
    /// The operator's text.
    pub text: Arc<str>,
    /// Whom to ask; empty when the settings name nobody.
    pub contact: Arc<str>,
}

impl Default for Tombstone {
    fn default() -> Self {
        Self {
            suffix: " - quarantined.txt".into(),
            text: "This item was moved into quarantine, because it may hold information that must not be shared.\n\
                   Its number is {id}. Nothing is lost.\n{contact}\n"
                .into(),
            contact: "".into(),
        }
    }
}

/// All policies, in the order in which they are heard.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// The first is heard before the others where two contradict each other.
    pub all: Vec<Arc<Policy>>,
    /// Policies by name and hash whose plan was shown and approved.
    approved: Vec<(Arc<str>, [u8; 32])>,
}

impl Policies {
    /// These policies; `approved` names those that may be enforced.
    #[must_use]
    pub fn new(all: Vec<Arc<Policy>>, approved: Vec<(Arc<str>, [u8; 32])>) -> Self {
        Self { all, approved }
    }

    /// The same policies with other approvals.
    #[must_use]
    pub fn approved(&self, approved: Vec<(Arc<str>, [u8; 32])>) -> Self {
        Self { all: self.all.clone(), approved }
    }

    /// The mode that holds: a policy that is not approved as it stands falls back from `enforce` to `plan`.
    #[must_use]
    pub fn mode(&self, policy: &Policy) -> Mode {
        let approved = self.approved.iter().any(|(name, hash)| *name == policy.name && *hash == policy.hash);
        if policy.mode == Mode::Enforce && !approved { Mode::Plan } else { policy.mode }
    }

    /// The policy of that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Arc<Policy>> {
        self.all.iter().find(|policy| *policy.name == *name)
    }

    /// Those that are asked at all, with their rank.
    pub fn asked(&self) -> impl Iterator<Item = (usize, &Arc<Policy>)> {
        self.all.iter().enumerate().filter(|(_, policy)| policy.mode != Mode::Off)
    }
}

/// A hash as files and reports show it: its first twelve digits.
#[must_use]
pub fn short(hash: &[u8; 32]) -> String {
    hash.iter().take(6).fold(String::new(), |mut text, byte| {
        use fmt::Write;
        let _ = write!(text, "{byte:02x}");
        text
    })
}
