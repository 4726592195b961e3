//! Judging stored findings again, without their text, when a rule was tightened.
//!
//! A pure function over a detector's old and new profile, its count for one content, and the findings it has there. It answers
//! exactly what scanning the content again would, or says that it cannot ([`Answer::Undecided`]): it never guesses. What the
//! grounds of a finding leave open is a number past what was kept, a question that was not asked, or a loser that might win
//! now; such contents are read again.
//!
//! Two things of a record stay as they were written, since they are no judgement: an excerpt goes on showing the keywords
//! of its day, and `candidates` counts what the shape nominated then.

mod tree;

#[cfg(test)]
mod tests;

use crate::model::verdict::DetectorCount;
use crate::model::{Confidence, Evidence, Finding, Grounds, Locator};
use crate::rule::Profile;
use crate::rule::profile::{Change, TierProfile, compare};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use tree::Holds;

/// What judging again said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What scanning again would say.
    Judged(Judged),
    /// The records do not tell: the content must be read again.
    Undecided,
}

/// A detector's judgement of one content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// Its count.
    pub count: DetectorCount,
    /// The findings that hold, in their order.
    pub findings: Vec<Kept>,
}

/// A finding that still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its place among those that were given.
    pub at: usize,
    /// How sure the new rule is.
    pub confidence: Confidence,
    /// The best tier that holds now.
    pub tier: Arc<str>,
    /// What supports it now.
    pub evidence: Vec<Evidence>,
}

impl Kept {
    /// True when the finding says already what it says now.
    #[must_use]
    pub fn is_unchanged(&self, finding: &Finding) -> bool {
        self.confidence == finding.confidence && self.tier == finding.tier && self.evidence == finding.evidence
    }
}

/// Judges one detector's findings in one content again, after its rule went from `old` to `new`. `count` is its count there,
/// `findings` are those that hold under `old`, in their order.
#[must_use]
pub fn rejudge(old: &Profile, new: &Profile, count: &DetectorCount, findings: &[Finding]) -> Answer {
    let judged = match compare(Some(old), Some(new)) {
        Change::Same => Some(findings.iter().enumerate().map(|(at, finding)| kept_as_is(at, finding)).collect()),
        Change::Tightened if is_whole(old, new, count, findings) => tightened(old, new, findings),
        _ => None,
    };
    let Some(kept) = judged else { return Answer::Undecided };
    let tokens: HashSet<&str> = kept.iter().map(|kept: &Kept| findings[kept.at].token.as_str()).collect();
    let count = match count.total == findings.len() as u64 {
        true => DetectorCount { total: kept.len() as u64, unique: tokens.len() as u64, ..count.clone() },
        // Nothing changed, and not all was kept.
        false => count.clone(),
    };
    Answer::Judged(Judged { count, findings: kept })
}

/// True when the records are all that there was: nothing past a cap, and no match that would stand where another stands no
/// more.
fn is_whole(old: &Profile, new: &Profile, count: &DetectorCount, findings: &[Finding]) -> bool {
    let accepts_less = !new.accepts_all_of(old) || new.excluded_values != old.excluded_values;
    let all_kept = count.total == findings.len() as u64 && !count.unique_at_least;
    all_kept && (count.shadowed == 0 || !accepts_less)
}

/// `None` when something is undecided.
fn tightened(old: &Profile, new: &Profile, findings: &[Finding]) -> Option<Vec<Kept>> {
    let same_tiers = new.has_tiers_of(old);
    let raises = !same_tiers && !new.raises_none_of(old);
    let mut kept = Vec::with_capacity(findings.len());
    for (at, finding) in findings.iter().enumerate() {
        let judged = match same_tiers {
            true => Some(kept_as_is(at, finding)),
            false => judge(at, finding, finding.grounds.as_deref()?, new)?,
        };
        let refused = is_in(&new.excluded_values, finding) && !is_in(&old.excluded_values, finding);
        let falls = judged.as_ref().is_none_or(|kept| kept.confidence < finding.confidence);
        if refused || !same_tiers {
            let grounds = finding.grounds.as_deref()?;
            // Who lost against it might stand now, and so might a second view of it, or who lost against that.
            let loses = grounds.overlapped && (refused || falls || raises);
            if loses || grounds.twin_overlapped || grounds.twinned && judged.is_none() {
                return None;
            }
        }
        kept.extend(judged.filter(|_| !refused && !is_in(&new.excluded_tokens, finding)));
    }
    if kept.len() < findings.len() && may_have_twins(findings, &kept)? {
        return None;
    }
    with_fewest(new.min_unique, findings, kept)
}

fn kept_as_is(at: usize, finding: &Finding) -> Kept {
    let (tier, evidence) = (Arc::clone(&finding.tier), finding.evidence.clone());
    Kept { at, confidence: finding.confidence, tier, evidence }
}

fn is_in(tokens: &[String], finding: &Finding) -> bool {
    tokens.binary_search_by(|token| token.as_str().cmp(finding.token.as_str())).is_ok()
}

/// The best tier that holds; `None` when that is unknown, `Some(None)` when there is none.
fn judge(at: usize, finding: &Finding, grounds: &Grounds, new: &Profile) -> Option<Option<Kept>> {
    for tier in &new.tiers {
        match holds(tier, grounds) {
            Holds::Yes => {
                let confidence = Confidence::new(tier.confidence)?;
                let confidence = if grounds.recovered { confidence.min(Confidence::LOW) } else { confidence };
                let evidence = tree::evidence(tier.evidence.as_ref(), grounds, &finding.evidence)?;
                let tier = if *finding.tier == *tier.name { Arc::clone(&finding.tier) } else { (*tier.name).into() };
                return Some(Some(Kept { at, confidence, tier, evidence }));
            }
            Holds::No => {}
            Holds::Unknown => return None,
        }
    }
    Some(None)
}

fn holds(tier: &TierProfile, grounds: &Grounds) -> Holds {
    let gate = grounds.gates.iter().find(|(gate, _)| *gate == tier.gate);
    match gate {
        _ if tier.takes_all => {}
        Some((_, true)) => {}
        Some((_, false)) => return Holds::No,
        None => return Holds::Unknown,
    }
    tier.evidence.as_ref().map_or(Holds::Yes, |tree| tree::truth(tree, grounds))
}

/// True when two findings that hold are of one value at one place: what stood between them kept the second from being a twin.
fn may_have_twins(findings: &[Finding], kept: &[Kept]) -> Option<bool> {
    let mut seen: HashSet<(u32, &Locator, &str)> = HashSet::new();
    for finding in kept.iter().map(|kept| &findings[kept.at]) {
        let grounds = finding.grounds.as_deref()?;
        if grounds.placed && !seen.insert((grounds.part, &finding.location, finding.token.as_str())) {
            return Some(true);
        }
    }
    Some(false)
}

/// Leaves out the parts with too few different values.
fn with_fewest(fewest: u32, findings: &[Finding], mut kept: Vec<Kept>) -> Option<Vec<Kept>> {
    if fewest <= 1 || kept.is_empty() {
        return Some(kept);
    }
    let mut parts: HashMap<u32, HashSet<&str>> = HashMap::new();
    for finding in kept.iter().map(|kept| &findings[kept.at]) {
        let part = finding.grounds.as_deref()?.part;
        parts.entry(part).or_default().insert(finding.token.as_str());
    }
    let enough = |part: u32| parts.get(&part).is_some_and(|tokens| tokens.len() as u64 >= u64::from(fewest));
    kept.retain(|kept| findings[kept.at].grounds.as_deref().is_some_and(|grounds| enough(grounds.part)));
    Some(kept)
}

/// What a changed rule set asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The detectors that changed, by id.
    pub changes: Vec<Planned>,
}

/// One detector's change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Its id.
    pub detector: String,
    /// How far the edit reaches.
    pub change: Change,
}

/// What must be read again for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rereads {
    /// Nothing; for a tightened rule, what its records leave undecided.
    Nothing,
    /// Contents with candidates of the detector.
    Candidates,
    /// All contents.
    All,
}

impl Planned {
    /// What must be read again for it.
    #[must_use]
    pub fn rereads(&self) -> Rereads {
        match self.change {
            Change::Same | Change::Removed | Change::Tightened => Rereads::Nothing,
            Change::Candidates => Rereads::Candidates,
            Change::Shape | Change::Added => Rereads::All,
        }
    }
}

impl Plan {
    /// The plan from one set of profiles to another.
    #[must_use]
    pub fn new(old: &[Profile], new: &[Profile]) -> Self {
        let by_id = |set: &'_ [Profile]| -> std::collections::BTreeMap<String, Profile> {
            set.iter().map(|profile| (profile.id.clone(), profile.clone())).collect()
        };
        let (old, new) = (by_id(old), by_id(new));
        let ids: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let planned =
            ids.into_iter().map(|id| Planned { detector: id.clone(), change: compare(old.get(id), new.get(id)) });
        Self { changes: planned.filter(|planned| planned.change != Change::Same).collect() }
    }

    /// The most that any of its changes asks to read again.
    #[must_use]
    pub fn rereads(&self) -> Rereads {
        self.changes.iter().map(Planned::rereads).max().unwrap_or(Rereads::Nothing)
    }
}
