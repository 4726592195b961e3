//! Templates of policies held against their samples: the real scanner, the real filter, the real decision.
//!
//! A sample is a small document with a label: how it is exposed, what must be found in it, and the actions that must follow.
//! What comes out is compared as one line of text, so that a difference shows whole.

use crate::clock::{Clock, Moment};
use crate::content::{Content, Spool};
use crate::detect::{Matcher, TokenKey};
use crate::extract::cell::Cells;
use crate::inspect::{Inspector, Options, Surroundings};
use crate::model::{
    Confidence, ConnectorName, Download, Exposure, Item, ItemKind, Level, Principal, Provider, Verdict,
};
use crate::policy::decide::{Vote, decide};
use crate::policy::file::{load_text, templates as built_in};
use crate::policy::{Answer, Count, Facts, Found, Inspection, Known, Policy, Tags};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a folder of samples says of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    file: Vec<Sample>,
}

/// One labelled document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    /// The file's name in its folder.
    name: String,
    /// The name under which it is judged; default its own.
    r#as: Option<String>,
    /// The folder in which it is judged to lie; default `/Shared`.
    folder: Option<String>,
    /// How far it is open.
    access: String,
    /// Its label.
    label: Option<String>,
    /// Whether it lies in the trash.
    #[serde(default)]
    trashed: bool,
    /// Whether another company owns it.
    #[serde(default)]
    outside_owner: bool,
    /// Why nothing follows, for the reader.
    #[serde(default)]
    why: String,
    /// Different values by detector that must be found, of all detectors.
    finds: BTreeMap<String, u64>,
    /// The names of the actions that must follow, in their order.
    plan: Vec<String>,
}

/// What became of one sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The template's policy.
    pub template: String,
    /// The sample's name, and why nothing should follow.
    pub file: String,
    /// What must come out.
    pub expected: String,
    /// What came out.
    pub got: String,
}

impl Told {
    /// True when it came out as it must.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.expected == self.got
    }
}

/// Holds every built-in template against its samples, with the built-in rules.
///
/// # Errors
/// When a template or its expectations cannot be read, or a template has no sample.
pub fn templates() -> Result<Vec<Told>, String> {
    let rules = crate::rule::load(&crate::rule::Options::default()).map_err(|errors| format!("{errors:?}"))?.rules;
    let tags: Tags = rules.detectors.iter().map(|one| (Arc::clone(&one.id), one.tags.clone())).collect();
    let matcher = Matcher::new(Arc::new(rules));
    let mut told = Vec::new();
    for (file, text) in built_in::files() {
        let known = Known { detectors: tags.detectors().collect(), tags: tags.tags().collect(), ..Known::default() };
        let loaded = load_text(file, text, &known).map_err(|errors| format!("{}", errors[0]))?;
        for policy in &loaded.policies {
            of_policy(policy, &matcher, &tags, &mut told)?;
        }
    }
    Ok(told)
}

fn of_policy(policy: &Arc<Policy>, matcher: &Matcher, tags: &Tags, told: &mut Vec<Told>) -> Result<(), String> {
    let files: HashMap<&str, &str> = built_in::samples(&policy.name).collect();
    let expect = files.get("expect.toml").ok_or_else(|| format!("template `{}` has no samples", policy.name))?;
    let expected: Expected = toml::from_str(expect).map_err(|error| format!("samples of {}: {error}", policy.name))?;
    for sample in &expected.file {
        let text = files.get(sample.name.as_str()).ok_or_else(|| format!("{}: no `{}`", policy.name, sample.name))?;
        let verdict = verdict(matcher, text, &sample.name);
        told.push(Told {
            template: policy.name.to_string(),
            file: format!("{} ({}{})", sample.name, sample.access, because(&sample.why)),
            expected: line(&sample.finds, &sample.plan),
            got: line(&unique(&verdict), &plan(policy, sample, &verdict, tags)?),
        });
    }
    Ok(())
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!("; {why}") }
}

fn line(finds: &BTreeMap<String, u64>, plan: &[String]) -> String {
    let finds: Vec<String> = finds.iter().map(|(detector, count)| format!("{detector} {count}")).collect();
    let words = |all: &[String]| if all.is_empty() { "nothing".to_owned() } else { all.join(", ") };
    format!("finds {}; does {}", words(&finds), words(plan))
}

fn verdict(matcher: &Matcher, text: &str, name: &str) -> Verdict {
    // A fixed key: tokens only tell values of one sample apart here, and are thrown away.
    let key = TokenKey::new([0; 32], 0);
    let surroundings = Surroundings {
        spool: Spool::default(),
        // The samples are texts of the program's own.
        cells: Cells::in_process(),
        clock: Clock::machine(),
        interrupt: Arc::new(AtomicBool::new(false)),
    };
    Inspector::new(matcher, &key, Options::default(), surroundings).inspect(&Content::from_memory(text), name)
}

/// Different values that were found for certain enough to count (medium and up), by detector.
fn unique(verdict: &Verdict) -> BTreeMap<String, u64> {
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in verdict.findings.iter().filter(|finding| finding.confidence >= Confidence::MEDIUM) {
        values.entry(finding.detector.to_string()).or_default().insert(finding.token.to_string());
    }
    let count = |set: BTreeSet<String>| u64::try_from(set.len()).unwrap_or(u64::MAX);
    values.into_iter().map(|(detector, set)| (detector, count(set))).collect()
}

/// What was found, as filters are asked of it.
fn found(verdict: &Verdict) -> Vec<Found> {
    let mut by_detector: BTreeMap<Arc<str>, Vec<(Confidence, String)>> = BTreeMap::new();
    for finding in &verdict.findings {
        let all = by_detector.entry(Arc::clone(&finding.detector)).or_default();
        all.push((finding.confidence, finding.token.to_string()));
    }
    let one = |(detector, values): (Arc<str>, Vec<(Confidence, String)>)| {
        let mut best: HashMap<&str, Confidence> = HashMap::new();
        let mut counts: BTreeMap<Confidence, (u64, u64)> = BTreeMap::new();
        for (confidence, token) in &values {
            counts.entry(*confidence).or_default().0 += 1;
            let known = best.entry(token).or_insert(*confidence);
            *known = (*known).max(*confidence);
        }
        best.into_values().for_each(|confidence| counts.entry(confidence).or_default().1 += 1);
        let counts = counts.into_iter().map(|(confidence, (total, unique))| Count { confidence, total, unique });
        Found { detector, counts: counts.collect(), beyond_cap: 0, unique_at_least: false }
    };
    by_detector.into_iter().map(one).collect()
}

/// The names of what is decided for a sample by this policy alone.
fn plan(policy: &Arc<Policy>, sample: &Sample, verdict: &Verdict, tags: &Tags) -> Result<Vec<String>, String> {
    let level = level(&sample.access).ok_or_else(|| format!("{}: `{}` is no access", sample.name, sample.access))?;
    Ok(decided(policy, &item(sample), level, verdict, tags))
}

/// The access level of that name: private, internal, external, public.
#[must_use]
pub fn level(name: &str) -> Option<Level> {
    [Level::Private, Level::Internal, Level::External, Level::Public].into_iter().find(|level| level.name() == name)
}

/// The names of the actions that one policy wants for a file of a corpus, which lies open to this level; `(unknown)` where
/// its filter asks what only a tenant knows.
#[must_use]
pub fn actions(policy: &Arc<Policy>, path: &str, level: Level, verdict: &Verdict, tags: &Tags) -> Vec<String> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let item = file(name.into(), &format!("/{}", folder.trim_matches('/')));
    decided(policy, &item, level, verdict, tags)
}

fn decided(policy: &Arc<Policy>, item: &Item, level: Level, verdict: &Verdict, tags: &Tags) -> Vec<String> {
    let exposure = Exposure { level, ..Exposure::default() };
    // A name of the lab's own, which fits the rules of such names.
    let Ok(connector) = "samples".parse::<ConnectorName>() else { return Vec::new() };
    let found = found(verdict);
    let inspection = Inspection {
        coverage: Some(verdict.coverage),
        format: Some(verdict.sniffed),
        mismatch: Some(verdict.mismatch),
    };
    let facts = Facts {
        exposure: Some(&exposure),
        inspection: Some(inspection),
        found: Some(&found),
        tags: Some(tags),
        quarantined: Some(false),
        ..Facts::of(item, &connector, Provider::Box)
    };
    match policy.filter.answer(&facts, Moment::from_millis(0)) {
        Answer::No => Vec::new(),
        Answer::Unknown => vec!["(unknown)".to_owned()],
        Answer::Yes => {
            let vote = |ask| Vote { policy: Arc::clone(&policy.name), rank: 0, ask };
            let votes: Vec<Vote> = policy.wishes.iter().map(|wish| vote(wish.ask.clone())).collect();
            decide(&votes).kept.iter().map(|kept| kept.ask.name().to_owned()).collect()
        }
    }
}

fn item(sample: &Sample) -> Item {
    let name: Arc<str> = sample.r#as.as_deref().unwrap_or(&sample.name).into();
    Item {
        outside_owner: sample.outside_owner,
        label: sample.label.as_deref().map(Into::into),
        trashed: sample.trashed.then(|| Moment::from_millis(0)),
        ..file(name, sample.folder.as_deref().unwrap_or("/Shared"))
    }
}

/// A file of this name in this folder.
fn file(name: Arc<str>, folder: &str) -> Item {
    Item {
        id: "1".into(),
        kind: ItemKind::File,
        path: Some(format!("{}/{name}", folder.trim_end_matches('/')).into()),
        name,
        parent: Some("2".into()),
        place: "1".into(),
        read_as: Principal::Tenant,
        size_bytes: 1,
        version: Some("1".into()),
        etag: None,
        hash: None,
        created: None,
        modified: None,
        owner: None,
        outside_owner: false,
        link: None,
        has_members: false,
        label: None,
        locked: false,
        trashed: None,
        download: Download::Direct,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Mode;

    #[test]
    fn every_sample_gives_the_plan_that_is_expected_of_it() {
        let told = templates().unwrap_or_else(|why| panic!("{why}"));
        let bad: Vec<&Told> = told.iter().filter(|one| !one.holds()).collect();
        assert!(bad.is_empty(), "{bad:#?}");
        assert!(told.len() >= 30, "{}", told.len());
    }

    /// Each template watches only, says which laws it helps with, and has samples of both kinds.
    #[test]
    fn every_template_starts_in_watch_and_has_samples_that_match_and_that_do_not() {
        let told = templates().unwrap_or_else(|why| panic!("{why}"));
        let mut policies = 0;
        for (file, text) in built_in::files() {
            let loaded = load_text(file, text, &Known::default()).unwrap_or_else(|errors| panic!("{errors:?}"));
            assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
            for (policy, about) in loaded.policies.iter().zip(&loaded.about) {
                assert_eq!(policy.mode, Mode::Watch, "{file}");
                assert!(!about.jurisdiction.is_empty() && !about.description.is_empty(), "{file}");
                let of = |matches: bool| {
                    told.iter().any(|one| *one.template == *policy.name && one.expected.ends_with("nothing") != matches)
                };
                assert!(of(true) && of(false), "{file}");
                policies += 1;
            }
        }
        assert!(policies >= 6, "{policies}");
    }
}
