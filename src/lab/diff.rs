//! What a new version of rules finds that the old one did not, and the other way round, over the same files.
//!
//! No labels are needed: two findings are the same when detector, part and place are, and what differs is told with its mask.
//! A change can be written to a baseline, which holds no value: a later run tells only what is not in it.

use crate::model::{Finding, Mask, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Changes kept of one kind and detector with their places; more are only counted.
const KEPT_MAX: usize = 10_000;

/// How a finding changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Found by the new rules only.
    Gained,
    /// Found by the old rules only.
    Lost,
    /// Found by both, by another tier.
    Moved,
    /// Other actions of a policy for a file.
    Actions,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Gained => "gained",
            Kind::Lost => "lost",
            Kind::Moved => "moved",
            Kind::Actions => "actions",
        }
    }
}

/// One change, without a value: what a baseline holds, a line each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// How.
    pub change: Kind,
    /// The detector, or the policy.
    pub of: String,
    /// The file, by its path in the corpus.
    pub file: String,
    /// Where in it; empty for a file as a whole.
    pub place: String,
    /// The tier, or the actions, of the old rules; empty for none.
    pub old: String,
    /// The same of the new ones.
    pub new: String,
}

/// A change with what is shown of the value.
#[derive(Clone, Debug)]
pub struct Change {
    /// The change.
    pub entry: Entry,
    /// The covered value; `None` for a file as a whole.
    pub mask: Option<Mask>,
}

/// What is kept of the old rules' findings in a file.
#[derive(Debug, Default)]
pub struct Before {
    found: BTreeMap<Key, (Arc<str>, Mask)>,
    actions: BTreeMap<String, String>,
}

/// Detector, location, first and last character.
type Key = (Arc<str>, String, u64, u64);

/// All changes over a corpus.
#[derive(Debug, Default)]
pub struct Difference {
    /// How many, by detector or policy, and kind.
    pub counts: BTreeMap<(String, Kind), u64>,
    /// The changes, by file and place; bounded for each kind and detector.
    pub changes: Vec<Change>,
    /// Findings that are the same.
    pub same: u64,
    /// Files looked at.
    pub files: u64,
}

/// What the old rules found, and what would follow.
#[must_use]
pub fn before(verdict: &Verdict, actions: BTreeMap<String, String>) -> Before {
    let found =
        verdict.findings.iter().map(|finding| (key(finding), (Arc::clone(&finding.tier), finding.mask.clone())));
    Before { found: found.collect(), actions }
}

fn key(finding: &Finding) -> Key {
    // Members and part name the text in which characters count; the place within it hangs on both.
    let text = match finding.location.steps.is_empty() {
        true => finding.part.to_string(),
        false => format!("{} ({})", finding.location, finding.part),
    };
    (Arc::clone(&finding.detector), text, finding.start, finding.end)
}

impl Difference {
    /// Holds the new rules' findings in a file against the old ones'.
    pub fn file(&mut self, path: &Path, mut old: Before, verdict: &Verdict, actions: &BTreeMap<String, String>) {
        self.files += 1;
        let file = path.to_string_lossy().into_owned();
        let entry = |change, of: &str, place: String, old: &str, new: &str| Entry {
            change,
            of: of.to_owned(),
            file: file.clone(),
            place,
            old: old.to_owned(),
            new: new.to_owned(),
        };
        for finding in &verdict.findings {
            let place = place(&key(finding));
            match old.found.remove(&key(finding)) {
                None => {
                    let entry = entry(Kind::Gained, &finding.detector, place, "", &finding.tier);
                    self.push(entry, Some(finding.mask.clone()));
                }
                Some((tier, _)) if tier != finding.tier => {
                    let entry = entry(Kind::Moved, &finding.detector, place, &tier, &finding.tier);
                    self.push(entry, Some(finding.mask.clone()));
                }
                Some(_) => self.same += 1,
            }
        }
        for (key, (tier, mask)) in std::mem::take(&mut old.found) {
            self.push(entry(Kind::Lost, &key.0, place(&key), &tier, ""), Some(mask));
        }
        let policies: BTreeSet<&String> = old.actions.keys().chain(actions.keys()).collect();
        for policy in policies {
            let of = |actions: &BTreeMap<String, String>| actions.get(policy).cloned().unwrap_or_default();
            let (was, is) = (of(&old.actions), of(actions));
            if was != is {
                self.push(entry(Kind::Actions, policy, String::new(), &was, &is), None);
            }
        }
    }

    fn push(&mut self, entry: Entry, mask: Option<Mask>) {
        let count = self.counts.entry((entry.of.clone(), entry.change)).or_default();
        *count += 1;
        if usize::try_from(*count).is_ok_and(|count| count <= KEPT_MAX) {
            self.changes.push(Change { entry, mask });
        }
    }

    /// True when nothing changed.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.counts.is_empty()
    }
}

/// A place in words that are the same for the old and the new rules.
fn place((_, text, start, end): &Key) -> String {
    format!("{text}, characters {start}..{end}")
}

/// A baseline: one line of JSON for each change, in order.
#[must_use]
pub fn baseline(changes: &[Change]) -> String {
    let entries: BTreeSet<&Entry> = changes.iter().map(|change| &change.entry).collect();
    entries.iter().filter_map(|entry| serde_json::to_string(entry).ok()).map(|line| format!("{line}\n")).collect()
}

/// Reads a baseline.
///
/// # Errors
/// The line that is none, from 1, and why; no text of it.
pub fn read_baseline(text: &str) -> Result<BTreeSet<Entry>, (usize, String)> {
    let mut entries = BTreeSet::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let entry = serde_json::from_str(line)
            .map_err(|why| (at + 1, format!("column {}: not a change as `rules diff` writes it", why.column())))?;
        entries.insert(entry);
    }
    Ok(entries)
}
