//! gitleaks' TOML (version 8), and of betterleaks, its successor, what needs no program to be run.
//!
//! A rule is an expression, a group of it that is the secret, how random that must be, and lists of what is fine. Words that the
//! tool looks for first are dropped where every match holds one anyway. Format: the configuration reference of the gitleaks
//! project (README, "Configuration") at version 8.28.

mod allow;
mod filter;
mod read;

use super::dialect::{self, Dialect, Written};
use super::make::{self, At, Ids, Leaf};
use super::{Fate, Journal, Line, implied};
use crate::rule::error::RuleError;
use crate::rule::syntax::{Check, CheckPlace, Detector, Evidence, Group, MatchStyle, RuleFile};
use crate::source::SourceFile;
use allow::Allowed;
use read::{Config, Rule};
use std::collections::BTreeMap;
use toml::Value;

/// How sure a match is where a rule says nothing.
const CONFIDENCE: u8 = 75;
/// What the tool leaves out when it stands on the line.
const INLINE: [&str; 2] = ["gitleaks:allow", "betterleaks:allow"];
/// Characters that a line is taken to have, where a distance is told in lines.
const LINE_CHARS: u32 = 100;

pub(super) fn import(source: &SourceFile) -> Result<(RuleFile, Vec<Line>), Vec<RuleError>> {
    let mut journal = Journal::new(source);
    let config = read::config(source, &mut journal)?;
    let mut importer = Importer { journal, file: make::file(), ids: BTreeMap::new(), betterleaks: config.betterleaks };
    let mut ids = Ids::default();
    for rule in &config.rules {
        importer.ids.entry(rule.id.clone()).or_insert_with(|| ids.make("gitleaks", &rule.id));
    }
    importer.all(&config);
    Ok((importer.file, importer.journal.lines))
}

struct Importer<'a> {
    journal: Journal<'a>,
    file: RuleFile,
    /// Detectors of rules.
    ids: BTreeMap<String, String>,
    /// The file uses betterleaks' filters: what gitleaks does by itself, it says.
    betterleaks: bool,
}

impl Importer<'_> {
    fn all(&mut self, config: &Config) {
        let mut seen = std::collections::BTreeSet::new();
        for rule in &config.rules {
            let id = self.ids[&rule.id].clone();
            self.journal.rule(&rule.id, &id, rule.at.clone());
            if !seen.insert(&rule.id) {
                self.journal.skip("another rule of the file has its id");
            } else if let Some(detector) = self.rule(config, rule, &id) {
                self.file.detector.push(detector);
            }
            self.journal.done();
        }
        let made: std::collections::BTreeSet<String> =
            self.file.detector.iter().map(|detector| detector.id.get_ref().clone()).collect();
        self.drop_dangling(&made);
    }

    /// Evidence of rules that could not be taken is no evidence: the rules that ask for it go as well.
    fn drop_dangling(&mut self, made: &std::collections::BTreeSet<String>) {
        let names = |detector: &Detector| -> Option<String> {
            let mut waiting: Vec<&Evidence> =
                detector.tier.iter().filter_map(|tier| tier.evidence.as_ref().map(toml::Spanned::get_ref)).collect();
            while let Some(node) = waiting.pop() {
                waiting.extend(node.all.iter().chain(&node.any).flatten().map(toml::Spanned::get_ref));
                if let Some(id) = node.detector.as_ref().filter(|id| !made.contains(id.get_ref())) {
                    return Some(id.get_ref().clone());
                }
            }
            None
        };
        let dangling: BTreeMap<String, (String, At)> = self
            .file
            .detector
            .iter()
            .filter_map(|one| Some((one.id.get_ref().clone(), (names(one)?, one.id.span()))))
            .collect();
        self.file.detector.retain(|one| !dangling.contains_key(one.id.get_ref()));
        for (id, (missing, place)) in dangling {
            self.journal.resume(&id, place);
            self.journal.skip(format!("it requires `{missing}`, which could not be taken"));
            self.journal.outside();
        }
    }

    fn rule(&mut self, config: &Config, rule: &Rule, id: &str) -> Option<Detector> {
        let Some(regex) = &rule.regex else {
            let why = if rule.path.is_some() {
                "it names paths alone, and nothing in a file"
            } else {
                "it has no expression"
            };
            self.journal.skip(format!("{why}; a policy's `path` filter finds files by their names"));
            return None;
        };
        let written = self.written(regex)?;
        let hir = make::measured(&mut self.journal, &written)?;
        let place = &rule.at;
        let mut detector = make::detector(place, id, name_of(rule));
        detector.why = rule.description.clone();
        detector.tags = std::iter::once("credential".to_owned()).chain(rule.tags.iter().cloned()).collect();
        detector.off = rule.skip_report;
        if rule.skip_report {
            self.journal.tell(Fate::Rewritten, "`skipReport`: off, it only supports others");
        }
        make::set_match_bytes(&mut self.journal, place, &mut detector, &[&hir]);
        let group = self.group(rule, hir.properties().explicit_captures_len())?;
        detector.primary.push(make::primary(place, written.regex.clone(), written.bounded.clone(), group));
        detector.check = make::edge_checks(place, &written);
        if let Some(entropy) = rule.entropy.filter(|entropy| *entropy > 0.0) {
            let above = [("above", Value::Float(entropy))];
            detector.validators.push(make::validator(place, "entropy", above));
            if rule.id.starts_with("generic") && !self.betterleaks {
                detector.validators.push(make::validator(place, "digits", [("min", Value::Integer(1))]));
                self.journal.tell(Fate::Rewritten, "gitleaks itself wants a digit of rules named `generic...`");
            }
        }
        let confidence = rule.confidence.unwrap_or(CONFIDENCE);
        for text in [&rule.filter, &config.filter].into_iter().flatten() {
            self.filter(place, text, &mut detector);
        }
        detector.check.push(make::exclude(place, CheckPlace::Line, INLINE.map(str::to_owned)));
        for allowed in config.allowed_of(&rule.id).chain(&rule.allowed) {
            let check = self.allowed(place, allowed);
            detector.check.extend(check);
        }
        if let Some(path) = &rule.path {
            self.journal
                .tell(Fate::Approximated, format!("its `path` is not looked at: matches count in every file ({path})"));
        }
        for (key, why) in &rule.unread {
            self.journal.aside(format!("`{key}`: {why}"));
        }
        let mut evidence = Vec::new();
        if !rule.keywords.is_empty() && !implied::holds_one(&hir, &rule.keywords) {
            let list = format!("{id}.keywords");
            self.file.list.push(make::list(place, &list, rule.keywords.iter().cloned(), MatchStyle::String));
            evidence.push(make::leaf(place, Leaf::List(list), None));
            self.journal.tell(Fate::Rewritten, "`keywords` must stand somewhere in the same part");
        }
        evidence.extend(self.required(rule));
        detector.tier.push(make::tier(place, "match", confidence, make::all(place, evidence)));
        Some(detector)
    }

    fn written(&mut self, regex: &str) -> Option<Written> {
        match dialect::write(regex, Dialect::Go, "") {
            Ok(written) => Some(written),
            Err(why) => {
                self.journal.skip(format!("its expression cannot be read: {why}"));
                None
            }
        }
    }

    /// The group that is the secret.
    fn group(&mut self, rule: &Rule, groups: usize) -> Option<Option<Group>> {
        match rule.secret_group {
            Some(group) if group > 0 => match u32::try_from(group).ok().filter(|_| group <= groups) {
                Some(group) => Some(Some(Group::Number(group))),
                None => {
                    self.journal.skip(format!("`secretGroup` is {group}, and its expression has {groups} groups"));
                    None
                }
            },
            _ => Some((groups > 0).then(|| Group::Name("*".to_owned()))),
        }
    }

    /// What must stand near, by other rules.
    fn required(&mut self, rule: &Rule) -> Vec<Evidence> {
        let mut found = Vec::new();
        for required in &rule.required {
            let Some(id) = self.ids.get(&required.id).cloned() else {
                self.journal.tell(Fate::Skipped, format!("requires `{}`, which the file does not hold", required.id));
                continue;
            };
            let within = match (required.lines, required.columns) {
                (None, None) => None,
                (Some(lines), None) => {
                    let within = (lines.saturating_add(1)).saturating_mul(LINE_CHARS);
                    let what = format!("`withinLines = {lines}` is taken as {within} characters");
                    self.journal.tell(Fate::Approximated, what);
                    Some(within)
                }
                (lines, Some(columns)) => {
                    if lines.is_some_and(|lines| lines > 0) {
                        self.journal.tell(Fate::Approximated, "`withinColumns` counts characters across lines");
                    }
                    Some(columns.max(1))
                }
            };
            found.push(make::leaf(&rule.at, Leaf::Detector(id), within));
        }
        found
    }

    fn allowed(&mut self, place: &At, allowed: &Allowed) -> Vec<Check> {
        let mut kinds: Vec<Vec<Check>> = Vec::new();
        let mut unknown = false;
        let mut regexes = Vec::new();
        for regex in &allowed.regexes {
            let written = dialect::write(regex, Dialect::Go, "");
            let written = written
                .ok()
                .filter(|written| written.bounded.is_none() && crate::rule::pattern::searched(&written.regex).is_ok());
            match written {
                Some(written) => regexes.push(make::exclude_regex(place, allowed.target, written.regex)),
                None => {
                    self.journal.tell(Fate::Skipped, format!("an expression of its allow list cannot serve: {regex}"))
                }
            }
        }
        if !regexes.is_empty() {
            kinds.push(regexes);
        }
        if !allowed.stopwords.is_empty() {
            kinds.push(vec![make::exclude(place, CheckPlace::Inside, allowed.stopwords.iter().cloned())]);
        }
        for (what, given) in [("paths", allowed.paths), ("commits", allowed.commits)] {
            if given > 0 {
                unknown = true;
                let why = match what {
                    "paths" => "what is found there counts; exclude paths where files are chosen",
                    _ => "there are no commits here",
                };
                self.journal.tell(Fate::Skipped, format!("`{what}` of an allow list: {why}"));
            }
        }
        if !allowed.all {
            return kinds.into_iter().flatten().collect();
        }
        if unknown {
            // All kinds must agree, and one is not known: nothing is allowed by it.
            return Vec::new();
        }
        // One of each kind must stand; several expressions of one kind are one expression.
        let mut all = Vec::new();
        for kind in kinds {
            let regexes: Vec<String> = kind
                .iter()
                .filter_map(|check| Some(format!("(?:{})", check.exclude_regex.as_ref()?.get_ref())))
                .collect();
            match regexes.is_empty() {
                true => all.extend(kind),
                false => all.push(make::exclude_regex(place, allowed.target, regexes.join("|"))),
            }
        }
        if all.is_empty() { Vec::new() } else { vec![make::together(place, all)] }
    }

    /// Takes of a filter of betterleaks what is a check; the rest is told.
    fn filter(&mut self, place: &At, text: &str, detector: &mut Detector) {
        for clause in filter::clauses(text) {
            match filter::read(&clause) {
                filter::Clause::Entropy { over, least } => {
                    let param = if over { "above" } else { "min" };
                    detector.validators.push(make::validator(place, "entropy", [(param, Value::Float(least))]));
                }
                filter::Clause::Holds { place: looks, words, not: false } => {
                    detector.check.push(make::exclude(place, looks, words));
                }
                filter::Clause::Holds { place: looks, words, not: true } => {
                    let regex = words.iter().map(|word| regex_syntax::escape(word)).collect::<Vec<_>>().join("|");
                    detector.check.push(make::include_regex(place, looks, format!("(?i:{regex})")));
                }
                filter::Clause::Matches { place: looks, regexes, not } => {
                    self.matches(place, detector, looks, &regexes, not)
                }
                filter::Clause::Unknown(what) => {
                    self.journal.tell(Fate::Skipped, format!("a clause of its filter: {what}"));
                }
            }
        }
    }

    fn matches(&mut self, place: &At, detector: &mut Detector, looks: CheckPlace, regexes: &[String], not: bool) {
        let mut written = Vec::new();
        for regex in regexes {
            let one = dialect::write(regex, Dialect::Go, "").ok();
            match one.filter(|one| one.bounded.is_none() && crate::rule::pattern::searched(&one.regex).is_ok()) {
                Some(one) => written.push(one.regex),
                None => self.journal.tell(Fate::Skipped, format!("an expression of its filter cannot serve: {regex}")),
            }
        }
        if not && written.len() == regexes.len() {
            let joined = written.iter().map(|regex| format!("(?:{regex})")).collect::<Vec<_>>().join("|");
            detector.check.push(make::include_regex(place, looks, joined));
        } else if !not {
            let checks = written.into_iter().map(|regex| make::exclude_regex(place, looks, regex));
            detector.check.extend(checks);
        }
    }
}

/// What people call a rule: its description up to the first full stop or comma, or its id.
fn name_of(rule: &Rule) -> String {
    let words = rule.id.replace(['-', '_'], " ");
    let mut chars = words.chars();
    chars.next().map_or(words.clone(), |first| first.to_uppercase().chain(chars).collect())
}
