//! The file as it is written: keys in any case, old and new forms of allow lists, files that extend others.

use super::allow::Allowed;
use crate::rule::error::RuleError;
use crate::rule::import::make::At;
use crate::rule::import::{Fate, Journal};
use crate::rule::syntax::CheckPlace;
use crate::source::{SourceFile, read_text};
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// How deep files may extend each other; gitleaks has the same bound.
const EXTENDS_MAX: usize = 2;

/// What a file, with those that it extends, comes to.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) rules: Vec<Rule>,
    pub(super) allowed: Vec<Allowed>,
    /// betterleaks: a filter for all rules.
    pub(super) filter: Option<String>,
    pub(super) betterleaks: bool,
}

impl Config {
    /// The allow lists of the file that concern a rule.
    pub(super) fn allowed_of(&self, rule: &str) -> impl Iterator<Item = &Allowed> {
        self.allowed.iter().filter(move |allowed| allowed.rules.is_empty() || allowed.rules.iter().any(|id| id == rule))
    }
}

/// A rule as it is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Rule {
    pub(super) at: At,
    pub(super) id: String,
    pub(super) description: String,
    pub(super) regex: Option<String>,
    pub(super) path: Option<String>,
    pub(super) secret_group: Option<usize>,
    pub(super) entropy: Option<f64>,
    /// In lower case.
    pub(super) keywords: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) skip_report: bool,
    pub(super) required: Vec<Required>,
    pub(super) allowed: Vec<Allowed>,
    pub(super) confidence: Option<u8>,
    pub(super) filter: Option<String>,
    /// Keys that nothing is made of.
    pub(super) unread: Vec<(String, &'static str)>,
}

/// Another rule that must be met near.
#[derive(Clone, Debug)]
pub(super) struct Required {
    pub(super) id: String,
    pub(super) lines: Option<u32>,
    pub(super) columns: Option<u32>,
}

/// Reads a file and those that it extends.
pub(super) fn config(source: &SourceFile, journal: &mut Journal<'_>) -> Result<Config, Vec<RuleError>> {
    read(source, journal, 0..0, 0)
}

fn read(source: &SourceFile, journal: &mut Journal<'_>, place: At, depth: usize) -> Result<Config, Vec<RuleError>> {
    let (root, faults) = DeTable::parse_recoverable(&source.text);
    if !faults.is_empty() {
        let fault = |fault: &toml::de::Error| {
            RuleError::new("this is not TOML").at(source, fault.span().unwrap_or(0..0), fault.message())
        };
        return Err(faults.iter().map(fault).collect());
    }
    let mut reader = Reader { source, place: (depth > 0).then_some(place.clone()), errors: Vec::new() };
    let root = root.get_ref();
    let mut config = Config { filter: reader.text(root, "filter"), ..Config::default() };
    let rules = reader.tables(root, "rules");
    config.rules = rules.iter().map(|(table, at)| reader.rule(table, at.clone())).collect();
    for name in ["allowlist", "allowlists"] {
        for (table, _) in reader.tables(root, name) {
            let allowed = reader.allowed(table);
            config.allowed.push(allowed);
        }
    }
    config.betterleaks = config.filter.is_some() || config.rules.iter().any(|rule| rule.filter.is_some());
    let extend = reader.tables(root, "extend").into_iter().next();
    let (disabled, path, default) = match extend {
        Some((table, _)) => {
            (reader.texts(table, "disabledRules"), reader.text(table, "path"), reader.flag(table, "useDefault"))
        }
        None => Default::default(),
    };
    let reader_place = reader.place.clone();
    if !reader.errors.is_empty() {
        return Err(reader.errors);
    }
    journal.outside();
    if let Some((at, prefilter)) = find(root, "prefilter").map(|value| (value.span(), "prefilter")) {
        let what = format!("`{prefilter}`: chooses files by their paths; exclude paths where files are chosen");
        journal.tell_at(Fate::Skipped, reader_place.clone().unwrap_or(at), what);
    }
    let at = find(root, "extend").map_or(0..0, Spanned::span);
    let at = reader_place.unwrap_or(at);
    if default {
        let what =
            "`useDefault`: the tool's own rules are not part of this program; name a file that holds them by `path`";
        journal.tell_at(Fate::Skipped, at.clone(), what);
    }
    if let Some(path) = path {
        match base(source, &path, depth) {
            Ok(base) => {
                let base = read(&base, journal, at.clone(), depth + 1)?;
                config = over(config, base);
            }
            Err(why) => journal.tell_at(Fate::Skipped, at.clone(), format!("`extend.path` `{path}`: {why}")),
        }
    }
    for id in disabled {
        let before = config.rules.len();
        config.rules.retain(|rule| rule.id != id);
        let what = match before == config.rules.len() {
            true => format!("`disabledRules` names `{id}`, which is no rule here"),
            false => format!("`disabledRules`: `{id}` is left out"),
        };
        journal.tell_at(Fate::Taken, at.clone(), what);
    }
    Ok(config)
}

/// The file that another one extends: its path begins at the folder of that file, or where the program was started.
fn base(source: &SourceFile, path: &str, depth: usize) -> Result<SourceFile, String> {
    if depth >= EXTENDS_MAX {
        return Err(format!("files extend each other at most {EXTENDS_MAX} deep"));
    }
    let beside = source.path.as_deref().and_then(Path::parent).map(|folder| folder.join(path));
    let path = [beside, Some(PathBuf::from(path))].into_iter().flatten().find(|path| path.is_file());
    let path = path.ok_or("no such file")?;
    let text = read_text(&path)?;
    let name = crate::source::named(&path);
    Ok(SourceFile::new(&name, text, Some(path), crate::rule::import::nothing_shows))
}

/// A file over the one that it extends: its rules change those of the same id.
fn over(config: Config, mut base: Config) -> Config {
    for rule in config.rules {
        match base.rules.iter_mut().find(|old| old.id == rule.id) {
            None => base.rules.push(rule),
            Some(old) => {
                let text = |new: String, old: &mut String| {
                    if !new.is_empty() {
                        *old = new
                    }
                };
                text(rule.description, &mut old.description);
                old.at = rule.at;
                old.regex = rule.regex.or(old.regex.take());
                old.path = rule.path.or(old.path.take());
                old.secret_group = rule.secret_group.or(old.secret_group);
                old.entropy = rule.entropy.or(old.entropy);
                old.confidence = rule.confidence.or(old.confidence);
                old.filter = rule.filter.or(old.filter.take());
                old.skip_report |= rule.skip_report;
                old.keywords.extend(rule.keywords);
                old.tags.extend(rule.tags);
                old.required.extend(rule.required);
                old.allowed.extend(rule.allowed);
            }
        }
    }
    base.allowed.extend(config.allowed);
    base.filter = config.filter.or(base.filter);
    base.betterleaks |= config.betterleaks;
    base
}

/// The value under a key, whatever its case: the tool reads keys so.
fn find<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<&'t Spanned<DeValue<'i>>> {
    table.iter().find(|(key, _)| key.get_ref().eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

/// Reads values and notes those of the wrong kind.
struct Reader<'a> {
    source: &'a SourceFile,
    /// Where a file stands that another one extends: its own places mean nothing there.
    place: Option<At>,
    errors: Vec<RuleError>,
}

impl Reader<'_> {
    fn wrong(&mut self, value: &Spanned<DeValue<'_>>, name: &str, wanted: &str) {
        let error = RuleError::new(format!("`{name}` must be {wanted}"));
        let label = format!("this is {}", value.get_ref().type_str());
        self.errors.push(error.at(self.source, value.span(), label));
    }

    fn text(&mut self, table: &DeTable<'_>, name: &str) -> Option<String> {
        let value = find(table, name)?;
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.wrong(value, name, "a text");
                None
            }
        }
    }

    fn texts(&mut self, table: &DeTable<'_>, name: &str) -> Vec<String> {
        let Some(value) = find(table, name) else { return Vec::new() };
        let DeValue::Array(items) = value.get_ref() else {
            if let DeValue::String(text) = value.get_ref() {
                return vec![text.to_string()];
            }
            self.wrong(value, name, "an array of texts");
            return Vec::new();
        };
        let mut all = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(text) => all.push(text.to_string()),
                _ => self.wrong(item, name, "an array of texts"),
            }
        }
        all
    }

    fn flag(&mut self, table: &DeTable<'_>, name: &str) -> bool {
        match find(table, name).map(|value| (value, value.get_ref())) {
            None => false,
            Some((_, DeValue::Boolean(on))) => *on,
            Some((value, _)) => {
                self.wrong(value, name, "true or false");
                false
            }
        }
    }

    fn number(&mut self, table: &DeTable<'_>, name: &str) -> Option<f64> {
        let value = find(table, name)?;
        let text = match value.get_ref() {
            DeValue::Integer(number) => number.as_str(),
            DeValue::Float(number) => number.as_str(),
            _ => "",
        };
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        if number.is_none() {
            self.wrong(value, name, "a number that is not negative");
        }
        number
    }

    fn count(&mut self, table: &DeTable<'_>, name: &str) -> Option<u32> {
        let number = self.number(table, name)?;
        let whole = format!("{number:.0}").parse().ok().filter(|whole| f64::from(*whole) == number);
        if whole.is_none()
            && let Some(value) = find(table, name)
        {
            self.wrong(value, name, "a whole number");
        }
        whole
    }

    /// A table, or each of an array of tables.
    fn tables<'t, 'i>(&mut self, table: &'t DeTable<'i>, name: &str) -> Vec<(&'t DeTable<'i>, At)> {
        let Some(value) = find(table, name) else { return Vec::new() };
        let mut all = Vec::new();
        match value.get_ref() {
            DeValue::Table(one) => all.push((one, self.place.clone().unwrap_or(value.span()))),
            DeValue::Array(items) => {
                for item in items.iter() {
                    match item.get_ref() {
                        DeValue::Table(one) => all.push((one, self.place.clone().unwrap_or(item.span()))),
                        _ => self.wrong(item, name, "tables"),
                    }
                }
            }
            _ => self.wrong(value, name, "a table"),
        }
        all
    }

    fn rule(&mut self, table: &DeTable<'_>, at: At) -> Rule {
        let id = self.text(table, "id").unwrap_or_default();
        let at = match find(table, "id") {
            Some(value) if self.place.is_none() => value.span(),
            _ => at,
        };
        if id.is_empty() {
            self.errors.push(RuleError::new("missing key `id`").at(self.source, at.clone(), "a rule needs `id`"));
        }
        let confidence = match self.text(table, "confidence").as_deref() {
            Some("high") => Some(85),
            Some("medium") => Some(75),
            Some("low") => Some(65),
            _ => None,
        };
        let mut required = Vec::new();
        for name in ["required", "components"] {
            for (one, _) in self.tables(table, name) {
                let id = self.text(one, "id").unwrap_or_default();
                let (lines, columns) = (self.count(one, "withinLines"), self.count(one, "withinColumns"));
                required.push(Required { id, lines, columns });
            }
        }
        let mut allowed = Vec::new();
        for name in ["allowlist", "allowlists"] {
            for (one, _) in self.tables(table, name) {
                let one = self.allowed(one);
                allowed.push(one);
            }
        }
        let group = self.count(table, "secretGroup").or_else(|| self.count(table, "valueGroup"));
        let keywords = self.texts(table, "keywords").into_iter().map(|word| word.to_lowercase());
        Rule {
            id,
            description: self.text(table, "description").unwrap_or_default(),
            regex: self.text(table, "regex"),
            path: self.text(table, "path"),
            secret_group: group.and_then(|group| usize::try_from(group).ok()),
            entropy: self.number(table, "entropy"),
            keywords: keywords.filter(|word| !word.is_empty()).collect(),
            tags: self.texts(table, "tags"),
            skip_report: self.flag(table, "skipReport"),
            required,
            allowed,
            confidence,
            filter: self.text(table, "filter"),
            unread: unread(table),
            at,
        }
    }

    fn allowed(&mut self, table: &DeTable<'_>) -> Allowed {
        let target = match self.text(table, "regexTarget").map(|word| word.to_lowercase()).as_deref() {
            Some("match") => CheckPlace::Match,
            Some("line") => CheckPlace::Line,
            _ => CheckPlace::Inside,
        };
        let condition = self.text(table, "condition").unwrap_or_default();
        Allowed {
            target,
            regexes: self.texts(table, "regexes"),
            stopwords: self.texts(table, "stopwords").into_iter().map(|word| word.to_lowercase()).collect(),
            paths: self.texts(table, "paths").len(),
            commits: self.texts(table, "commits").len(),
            all: condition.eq_ignore_ascii_case("and") || condition == "&&",
            rules: self.texts(table, "targetRules"),
        }
    }
}

/// What nothing is made of, and why.
fn unread(table: &DeTable<'_>) -> Vec<(String, &'static str)> {
    const KNOWN: [&str; 18] = [
        "id",
        "description",
        "regex",
        "path",
        "secretgroup",
        "valuegroup",
        "entropy",
        "keywords",
        "tags",
        "skipreport",
        "required",
        "components",
        "allowlist",
        "allowlists",
        "confidence",
        "filter",
        "specificity",
        "title",
    ];
    let keys = table.keys().map(|key| key.get_ref().to_lowercase());
    let why = |key: &str| match key {
        "validate" | "revoke" | "analyze" => "it would send what was found to others, which is never done",
        "prefilter" => "it chooses files by their paths",
        _ => "not known",
    };
    keys.filter(|key| !KNOWN.contains(&key.as_str())).map(|key| (key.clone(), why(&key))).collect()
}
