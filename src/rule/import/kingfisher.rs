//! YAML of Kingfisher, and of Nosey Parker, which it comes from.
//!
//! Expressions are Hyperscan's, with groups by Rust's engine; the first group is the secret. What asks a service whether a secret
//! is good is never done. Formats: Kingfisher's page on custom rules, Nosey Parker's `RULES.md`.

use super::dialect::{self, Dialect};
use super::make::{self, At, Ids, Leaf};
use super::yaml::{self, Yaml};
use super::{Fate, Journal, Line};
use crate::rule::error::RuleError;
use crate::rule::syntax::{CheckPlace, Counter, Detector, Evidence, Example, Group, Miss, RuleFile};
use crate::rule::validate::template;
use crate::source::SourceFile;
use std::collections::BTreeMap;
use toml::Value;

/// What the tools leave out when it stands on the line.
const INLINE: [&str; 4] = ["kingfisher:ignore", "kingfisher:allow", "gitleaks:allow", "trufflehog:ignore"];
/// Keys that say nothing of what is found.
const ASIDE: [&str; 10] = [
    "validation",
    "revocation",
    "tls_mode",
    "references",
    "description",
    "categories",
    "prevalidated",
    "rule_id",
    "analyze",
    "metadata",
];
const KNOWN: [&str; 16] = [
    "name",
    "id",
    "pattern",
    "min_entropy",
    "confidence",
    "visible",
    "examples",
    "negative_examples",
    "keywords",
    "tags",
    "path",
    "pattern_requirements",
    "depends_on_rule",
    "references",
    "description",
    "categories",
];
/// Keys of `pattern_requirements` that count characters, and what the validator calls them.
const COUNTS: [(&str, &str); 4] = [
    ("min_digits", "min_digits"),
    ("min_uppercase", "min_upper"),
    ("min_lowercase", "min_lower"),
    ("min_special_chars", "min_special"),
];

pub(super) fn import(source: &SourceFile) -> Result<(RuleFile, Vec<Line>), Vec<RuleError>> {
    let tree = yaml::parse(source)?;
    let rules = tree.root().get("rules").map(Yaml::items).unwrap_or_default();
    let mut importer = Importer { journal: Journal::new(source), file: make::file(), ids: BTreeMap::new() };
    let mut ids = Ids::default();
    for rule in &rules {
        if let Some(id) = rule.word("id").filter(|id| !importer.ids.contains_key(*id)) {
            let prefix = if id.starts_with("np.") { "np" } else { "kingfisher" };
            importer.ids.insert(id.to_owned(), ids.make(prefix, id));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    for rule in rules {
        importer.journal.outside();
        let at = rule.get("id").map_or_else(|| rule.at(), Yaml::at);
        let Some(id) = rule.word("id").filter(|_| rule.is_map()) else {
            importer.journal.tell_at(Fate::Skipped, at, "a rule without an `id`");
            continue;
        };
        let made = importer.ids[id].clone();
        importer.journal.rule(id, &made, at.clone());
        if !seen.insert(id.to_owned()) {
            importer.journal.skip("another rule of the file has its id");
        } else if let Some(detector) = importer.rule(rule, &made, &at) {
            importer.file.detector.push(detector);
        }
        importer.journal.done();
    }
    if tree.root().get("rulesets").is_some() {
        importer.journal.outside();
        importer.journal.tell_at(Fate::Skipped, 0..0, "`rulesets`: choose detectors by `--only` and `--tag`");
    }
    importer.drop_dangling();
    Ok((importer.file, importer.journal.lines))
}

struct Importer<'a> {
    journal: Journal<'a>,
    file: RuleFile,
    ids: BTreeMap<String, String>,
}

impl Importer<'_> {
    fn rule(&mut self, rule: Yaml<'_>, id: &str, place: &At) -> Option<Detector> {
        let Some(pattern) = rule.word("pattern") else {
            self.journal.skip("it has no `pattern`");
            return None;
        };
        let written = match dialect::write(pattern.trim_end(), Dialect::Hyperscan, "") {
            Ok(written) => written,
            Err(why) => {
                self.journal.skip(format!("its expression cannot be read: {why}"));
                return None;
            }
        };
        let hir = make::measured(&mut self.journal, &written)?;
        let name = rule.word("name").unwrap_or(id);
        let mut detector = make::detector(place, id, name.to_owned());
        detector.why = rule.word("description").unwrap_or_default().to_owned();
        detector.tags = std::iter::once("credential".to_owned()).chain(rule.texts("tags")).collect();
        detector.off = rule.flag("visible") == Some(false);
        if detector.off {
            self.journal.tell(Fate::Rewritten, "`visible: false`: off, it only supports others");
        }
        make::set_match_bytes(&mut self.journal, place, &mut detector, &[&hir]);
        let groups = crate::rule::pattern::groups(&hir);
        let group = groups.iter().find(|(_, name)| name.as_deref() == Some("TOKEN")).or(groups.first());
        let group = group.and_then(|(number, _)| u32::try_from(*number).ok()).map(Group::Number);
        detector.primary.push(make::primary(place, written.regex.clone(), written.bounded.clone(), group));
        detector.check = make::edge_checks(place, &written);
        if let Some(entropy) =
            rule.number("min_entropy").filter(|entropy| (0.0..=8.0).contains(entropy) && *entropy > 0.0)
        {
            detector.validators.push(make::validator(place, "entropy", [("above", Value::Float(entropy))]));
        }
        if let Some(requirements) = rule.get("pattern_requirements") {
            self.requirements(requirements, place, &mut detector, &written.regex);
        }
        detector.check.push(make::exclude(place, CheckPlace::Line, INLINE.map(str::to_owned)));
        let evidence = self.depends(rule, place);
        let confidence = match rule.word("confidence") {
            Some("high") => 85,
            Some("low") => 65,
            _ => 75,
        };
        detector.tier.push(make::tier(place, "match", confidence, make::all(place, evidence)));
        examples(rule, &mut detector);
        for (key, _) in rule.pairs() {
            if key == "path" {
                self.journal.tell(Fate::Approximated, "its `path` is not looked at: matches count in every file");
            } else if ASIDE.contains(&key) {
                if key == "validation" || key == "revocation" {
                    self.journal.aside(format!("`{key}`: it would send what was found to others, which is never done"));
                }
            } else if !KNOWN.contains(&key) {
                self.journal.tell(Fate::Skipped, format!("`{key}`: not known"));
            }
        }
        Some(detector)
    }

    fn requirements(&mut self, given: Yaml<'_>, place: &At, detector: &mut Detector, regex: &str) {
        let mut counts: Vec<(&'static str, Value)> = Vec::new();
        for (key, value) in given.pairs() {
            match key {
                "special_chars" => counts.push(("special", Value::String(value.text().unwrap_or_default().to_owned()))),
                "ignore_if_contains" => {
                    let words = given.texts(key);
                    if !words.is_empty() {
                        detector.check.push(make::exclude(place, CheckPlace::Inside, words));
                    }
                }
                "checksum" => self.checksum(value, place, detector, regex),
                _ => match COUNTS.iter().find(|(name, _)| *name == key) {
                    Some((_, name)) => {
                        let number =
                            value.text().and_then(|text| text.parse::<i64>().ok()).filter(|number| *number >= 0);
                        match number {
                            Some(number) => counts.push((name, Value::Integer(number))),
                            None => self.journal.tell(Fate::Skipped, format!("`{key}` is no number")),
                        }
                    }
                    None => self.journal.tell(Fate::Skipped, format!("`pattern_requirements.{key}`: not known")),
                },
            }
        }
        if counts.iter().any(|(name, _)| *name != "special") {
            detector.validators.push(make::validator(place, "characters", counts));
        }
    }

    fn checksum(&mut self, given: Yaml<'_>, place: &At, detector: &mut Detector, regex: &str) {
        let actual = given.get("actual").and_then(|actual| actual.word("template").or(actual.text()));
        let (Some(actual), Some(expected)) = (actual, given.word("expected")) else {
            return self.journal.tell(Fate::Skipped, "its checksum has no `actual` or no `expected`");
        };
        let mut params = vec![
            ("group", Value::Integer(0)),
            ("regex", Value::String(regex.to_owned())),
            ("actual", Value::String(actual.to_owned())),
            ("expected", Value::String(expected.to_owned())),
        ];
        if let Some(needs) = given.get("actual").and_then(|actual| actual.word("requires_capture")) {
            params.push(("needs", Value::String(needs.to_owned())));
        }
        if given.flag("skip_if_missing") == Some(true) {
            params.push(("skip_missing", Value::Boolean(true)));
        }
        let table =
            params.iter().filter(|(name, _)| *name != "group").map(|(key, value)| ((*key).to_owned(), value.clone()));
        match template::build(&table.collect()) {
            Ok(_) => detector.validators.push(make::validator(place, "template", params)),
            Err(why) => self.journal.tell(Fate::Skipped, format!("its checksum: {why}")),
        }
    }

    /// Other rules that must be met: only where a distance is said, since else the tool asks for them when it tries a secret out.
    fn depends(&mut self, rule: Yaml<'_>, place: &At) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        for one in rule.get("depends_on_rule").map(Yaml::items).unwrap_or_default() {
            let other = one.word("rule_id").unwrap_or_default();
            let within = one.number("within").or_else(|| one.get("within").and_then(|within| within.number("chars")));
            let within =
                within.and_then(|within| format!("{within:.0}").parse::<u32>().ok()).filter(|within| *within > 0);
            let optional = one.flag("optional") == Some(true);
            match (within, self.ids.get(other)) {
                (Some(within), Some(id)) if !optional => {
                    evidence.push(make::leaf(place, Leaf::Detector(id.clone()), Some(within)));
                }
                (Some(_), None) if !optional => {
                    self.journal.tell(Fate::Skipped, format!("depends on `{other}`, which the file does not hold"));
                }
                _ => self.journal.aside(format!("depends on `{other}` only for trying the secret out")),
            }
        }
        evidence
    }

    /// A dependency on a rule that could not be taken is none.
    fn drop_dangling(&mut self) {
        let made: std::collections::BTreeSet<String> =
            self.file.detector.iter().map(|detector| detector.id.get_ref().clone()).collect();
        for detector in &mut self.file.detector {
            let id = detector.id.get_ref().clone();
            for tier in &mut detector.tier {
                let Some(evidence) = &tier.evidence else { continue };
                let node = evidence.get_ref();
                let leaves = node.all.iter().flatten().map(toml::Spanned::get_ref).chain(std::iter::once(node));
                let missing: Vec<String> = leaves
                    .filter_map(|leaf| leaf.detector.as_ref().map(|id| id.get_ref().clone()))
                    .filter(|other| !made.contains(other))
                    .collect();
                if let Some(missing) = missing.first() {
                    self.journal.resume(&id, detector.id.span());
                    self.journal.tell(
                        Fate::Approximated,
                        format!("depends on `{missing}`, which could not be taken: not asked for"),
                    );
                    tier.evidence = None;
                }
            }
        }
        self.journal.outside();
    }
}

fn examples(rule: Yaml<'_>, detector: &mut Detector) {
    let each = |name: &str| rule.get(name).map(Yaml::items).unwrap_or_default();
    let text = |one: Yaml<'_>| one.text().map(|text| (one.at(), text.to_owned()));
    for (at, text) in each("examples").into_iter().filter_map(text) {
        let (text, tier) = (make::at(&at, text), make::at(&at, "match".to_owned()));
        detector.example.push(Example { text, value: None, several: true, tier });
    }
    for (at, text) in each("negative_examples").into_iter().filter_map(text) {
        let (text, tier) = (make::at(&at, text), make::at(&at, "match".to_owned()));
        detector.counter.push(Counter { text, value: None, tier, reason: make::at(&at, Miss::Any) });
    }
}
