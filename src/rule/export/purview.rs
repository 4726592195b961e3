//! Detectors as a rule package for Microsoft Purview.
//!
//! What Purview has no words for is left out and told, a line each, like everything in the other direction. A detector that was
//! imported keeps its identity there (tag `guid:...`); others get one made of their id, the same each time.

use crate::rule::import::{Fate, purview::functions};
use crate::rule::syntax::{
    Check, CheckPlace, Detector, Evidence, Group, List, MatchStyle, Primary, RuleFile, Side, Tier, ValidatorUse, Within,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use toml::{Spanned, Value};

/// Longest expression, in characters; of a term; most terms of a list: "Limits for sensitive information types".
const REGEX_CHARS: usize = 1_024;
const TERM_CHARS: usize = 100;
const TERMS: usize = 2_048;

/// A rule package, and what is told of it.
#[derive(Debug, Default)]
pub(in crate::rule) struct Package {
    pub(in crate::rule) xml: String,
    /// What became of a detector, its id, and why.
    pub(in crate::rule) lines: Vec<(Fate, String, String)>,
}

/// Writes the package of some files' detectors.
pub(in crate::rule) fn write(files: &[&RuleFile], wanted: impl Fn(&Detector) -> bool) -> Package {
    let mut lists = BTreeMap::new();
    for list in files.iter().flat_map(|file| &file.list) {
        lists.insert(list.id.get_ref().as_str(), list);
    }
    let mut writer = Writer { lists, ..Writer::default() };
    for detector in files.iter().flat_map(|file| &file.detector).filter(|detector| wanted(detector)) {
        writer.entity(detector);
    }
    writer.package()
}

#[derive(Default)]
struct Writer<'a> {
    lists: BTreeMap<&'a str, &'a List>,
    entities: String,
    /// Everything that entities name, by its id.
    named: BTreeMap<String, String>,
    resources: String,
    lines: Vec<(Fate, String, String)>,
    told: bool,
}

impl<'a> Writer<'a> {
    fn tell(&mut self, fate: Fate, detector: &Detector, what: impl Into<String>) {
        self.told = true;
        self.lines.push((fate, detector.id.get_ref().clone(), what.into()));
    }

    fn entity(&mut self, detector: &Detector) {
        self.told = false;
        let near = self.near(detector);
        let mut patterns = String::new();
        for tier in &detector.tier {
            self.pattern(detector, tier, &mut patterns);
        }
        if patterns.is_empty() {
            return self.tell(Fate::Skipped, detector, "nothing of it can be said there");
        }
        let filter = self.filters(detector);
        let guid = guid(detector);
        let best = detector.tier.iter().map(|tier| *tier.confidence.get_ref()).min().unwrap_or(75).max(75);
        let _ = write!(
            self.entities,
            "    <Entity id=\"{guid}\" patternsProximity=\"{near}\" recommendedConfidence=\"{best}\""
        );
        if let Some(filter) = filter {
            let _ = write!(self.entities, " filters=\"{}\"", escape(&filter));
        }
        let _ = write!(self.entities, ">\n{patterns}    </Entity>\n");
        let _ = write!(
            self.resources,
            "      <Resource idRef=\"{guid}\">\n        <Name default=\"true\" langcode=\"en-us\">{}</Name>\n        \
             <Description default=\"true\" langcode=\"en-us\">{}</Description>\n      </Resource>\n",
            escape(&detector.name),
            escape(&detector.why)
        );
        if detector.check.iter().any(|check| text_filter(check).is_none()) {
            self.tell(Fate::Approximated, detector, "a check of expressions has no counterpart");
        }
        if !detector.validators.is_empty() && detector.primary.iter().all(|one| one.regex.is_none()) {
            self.tell(Fate::Approximated, detector, "validators belong to expressions there");
        }
        if !self.told {
            self.tell(Fate::Taken, detector, "");
        }
    }

    /// The one distance of an entity: the widest of its evidence.
    fn near(&mut self, detector: &Detector) -> String {
        let mut found = Vec::new();
        let mut waiting: Vec<&Evidence> =
            detector.tier.iter().filter_map(|tier| tier.evidence.as_ref().map(Spanned::get_ref)).collect();
        while let Some(node) = waiting.pop() {
            waiting.extend(node.all.iter().chain(&node.any).flatten().map(Spanned::get_ref));
            waiting.extend(node.not.as_deref().map(Spanned::get_ref));
            if [&node.list, &node.regex, &node.function, &node.detector].iter().any(|kind| kind.is_some()) {
                found.push(match node.within.as_ref().map(Spanned::get_ref) {
                    None => Some(300),
                    Some(Within::Characters(characters)) => Some(*characters),
                    Some(Within::Word(_)) => None,
                });
            }
        }
        let widest = found.iter().copied().try_fold(0, |most, one| Some(most.max(one?)));
        if found.iter().any(|one| *one != found[0]) {
            self.tell(
                Fate::Approximated,
                detector,
                "evidence stands at several distances, and an entity has one: the widest",
            );
        }
        match widest {
            None => "unlimited".to_owned(),
            Some(0) => "300".to_owned(),
            Some(near) => near.to_string(),
        }
    }

    fn pattern(&mut self, detector: &Detector, tier: &Tier, out: &mut String) {
        let holds = |primary: &Primary| {
            tier.primary.is_empty()
                || primary.id.as_ref().is_some_and(|id| tier.primary.iter().any(|one| one.get_ref() == id.get_ref()))
        };
        let name = tier.name.get_ref();
        let evidence = match tier.evidence.as_ref().map(|node| self.evidence(detector, node.get_ref(), 8)) {
            Some(Err(why)) => return self.tell(Fate::Skipped, detector, format!("the tier `{name}`: {why}")),
            Some(Ok(evidence)) => evidence,
            None => String::new(),
        };
        if tier.form.is_some() || !tier.check.is_empty() {
            self.tell(
                Fate::Approximated,
                detector,
                format!("the tier `{name}`: its form and checks have no counterpart"),
            );
        }
        let validators: Vec<&Spanned<ValidatorUse>> = detector.validators.iter().chain(&tier.validators).collect();
        let mut shapes = Vec::new();
        for (at, primary) in detector.primary.iter().enumerate().filter(|(_, primary)| holds(primary)) {
            if let Some(id) = self.primary(detector, primary, at, &validators) {
                shapes.push(id);
            }
        }
        for shape in shapes {
            let _ = writeln!(out, "      <Pattern confidenceLevel=\"{}\">", tier.confidence.get_ref());
            let _ = write!(out, "        <IdMatch idRef=\"{}\"/>\n{evidence}      </Pattern>\n", escape(&shape));
        }
    }

    /// The id of what identifies; made when it is first named.
    fn primary(
        &mut self,
        detector: &Detector,
        primary: &Primary,
        at: usize,
        validators: &[&Spanned<ValidatorUse>],
    ) -> Option<String> {
        if let Some(list) = &primary.keywords {
            return self.keyword(detector, list.get_ref());
        }
        if let Some(name) = &primary.function {
            return their_function(name.get_ref()).map(str::to_owned);
        }
        let regex = primary.regex.as_ref()?.get_ref();
        let own = primary.id.as_ref().map_or_else(|| (at + 1).to_string(), |id| id.get_ref().clone());
        let id = if own.starts_with("regex-") {
            own.replace('-', "_")
        } else {
            format!("Regex_{}_{own}", detector.id.get_ref()).replace(['.', '-'], "_")
        };
        if regex.chars().count() > REGEX_CHARS {
            self.tell(Fate::Skipped, detector, format!("the shape `{own}` is longer than {REGEX_CHARS} characters"));
            return None;
        }
        if primary.bounded.is_some() || regex.contains("(?-u") || regex.contains("(?u") || regex.contains("\\b{") {
            self.tell(Fate::Approximated, detector, format!("the shape `{own}` is written for another engine"));
        }
        let is_said = match primary.group.as_ref().map(Spanned::get_ref) {
            None => true,
            Some(Group::Number(number)) => *number == 1 && !validators.is_empty(),
            Some(Group::Name(_)) => false,
        };
        if !is_said {
            self.tell(Fate::Approximated, detector, format!("the shape `{own}`: the whole match is the value there"));
        }
        let mut names = Vec::new();
        for (number, validator) in validators.iter().enumerate() {
            match own_validator(validator.get_ref()) {
                Some(xml) => {
                    let name = format!("Validator_{id}_{}", number + 1);
                    self.named.insert(
                        format!("v {name}"),
                        format!("    <Validators id=\"{name}\">\n{xml}    </Validators>\n"),
                    );
                    names.push(name);
                }
                None => {
                    let called = match validator.get_ref() {
                        ValidatorUse::Name(name) => name.clone(),
                        ValidatorUse::With(table) => {
                            table.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
                        }
                    };
                    match functions::theirs(detector.id.get_ref()) {
                        Some(name) if names.is_empty() => names.push(name),
                        _ => self.tell(
                            Fate::Approximated,
                            detector,
                            format!("the validator `{called}` has no counterpart"),
                        ),
                    }
                }
            }
        }
        names.dedup();
        let mut xml = format!("    <Regex id=\"{id}\"");
        if !names.is_empty() {
            let _ = write!(xml, " validators=\"{}\"", names.join(","));
        }
        let _ = writeln!(xml, ">{}</Regex>", escape(regex));
        self.named.insert(format!("r {id}"), xml);
        Some(id)
    }

    fn keyword(&mut self, detector: &Detector, list: &str) -> Option<String> {
        let Some(known) = self.lists.get(list).copied() else {
            self.tell(Fate::Skipped, detector, format!("the list `{list}` is not at hand"));
            return None;
        };
        let plain = list.strip_prefix("purview.").unwrap_or(list);
        let id = if plain.starts_with("keyword") {
            plain.replace(['.', '-'], "_")
        } else {
            format!("Keyword_{plain}").replace(['.', '-'], "_")
        };
        let style = if known.style == MatchStyle::String { "string" } else { "word" };
        let mut xml = format!("    <Keyword id=\"{id}\">\n      <Group matchStyle=\"{style}\">\n");
        if known.file.is_some() || known.terms.len() > TERMS {
            self.tell(Fate::Approximated, detector, format!("the list `{list}` is cut after {TERMS} terms of its own"));
        }
        for term in
            known.terms.iter().take(TERMS).map(Spanned::get_ref).filter(|term| term.chars().count() <= TERM_CHARS)
        {
            let _ = writeln!(xml, "        <Term caseSensitive=\"{}\">{}</Term>", known.case_sensitive, escape(term));
        }
        xml.push_str("      </Group>\n    </Keyword>\n");
        self.named.insert(format!("k {id}"), xml);
        Some(id)
    }

    fn evidence(&mut self, detector: &Detector, node: &Evidence, indent: usize) -> Result<String, String> {
        let pad = " ".repeat(indent);
        let mut inner = |all: &[Spanned<Evidence>]| -> Result<String, String> {
            all.iter().map(|one| self.evidence(detector, one.get_ref(), indent + 2)).collect()
        };
        if let Some(all) = &node.all {
            // At the top, children are joined; below, all of them are as many as there are.
            let text = inner(all)?;
            if indent == 8 {
                return all.iter().map(|one| self.evidence(detector, one.get_ref(), indent)).collect();
            }
            return Ok(format!("{pad}<Any minMatches=\"{}\">\n{text}{pad}</Any>\n", all.len()));
        }
        if let Some(any) = &node.any {
            let min = node.min.as_ref().map_or(1, |min| *min.get_ref());
            let max = node.max.as_ref().map(|max| format!(" maxMatches=\"{}\"", max.get_ref())).unwrap_or_default();
            return Ok(format!("{pad}<Any minMatches=\"{min}\"{max}>\n{}{pad}</Any>\n", inner(any)?));
        }
        if let Some(not) = &node.not {
            let text = self.evidence(detector, not.get_ref(), indent + 2)?;
            return Ok(format!("{pad}<Any minMatches=\"0\" maxMatches=\"0\">\n{text}{pad}</Any>\n"));
        }
        if node.side.is_some_and(|side| side != Side::Both) {
            self.tell(Fate::Approximated, detector, "evidence of one side counts on both");
        }
        if node.max.is_some() {
            return Err("evidence with a bound from above cannot be said".to_owned());
        }
        let id = self.leaf(detector, node)?;
        let count = node.min.as_ref().map(|min| format!(" minCount=\"{}\"", min.get_ref())).unwrap_or_default();
        let unique = if node.distinct { " uniqueResults=\"true\"" } else { "" };
        Ok(format!("{pad}<Match idRef=\"{}\"{count}{unique}/>\n", escape(&id)))
    }

    fn leaf(&mut self, detector: &Detector, node: &Evidence) -> Result<String, String> {
        if let Some(list) = &node.list {
            return self
                .keyword(detector, list.get_ref())
                .ok_or_else(|| format!("the list `{}` is not at hand", list.get_ref()));
        }
        if let Some(name) = &node.function {
            return their_function(name.get_ref())
                .map(str::to_owned)
                .ok_or_else(|| "its function has no counterpart".to_owned());
        }
        if let Some(regex) = &node.regex {
            let digest = hex(&Sha256::digest(regex.get_ref().as_bytes())[..6]);
            let id = format!("Regex_evidence_{digest}");
            self.named
                .insert(format!("r {id}"), format!("    <Regex id=\"{id}\">{}</Regex>\n", escape(regex.get_ref())));
            return Ok(id);
        }
        let other = node.detector.as_ref().map(|id| id.get_ref().clone()).unwrap_or_default();
        functions::theirs(&other).ok_or_else(|| format!("`{other}` as evidence has no counterpart"))
    }

    fn filters(&mut self, detector: &Detector) -> Option<String> {
        let mut xml = String::new();
        if detector.exclude_same_digits {
            xml.push_str("      <Filter type=\"AllDigitsSameFilter\"/>\n");
        }
        let id = format!("Filter_{}", detector.id.get_ref()).replace(['.', '-'], "_");
        for (number, check) in detector.check.iter().enumerate() {
            let Some((direction, logic, words)) = text_filter(check) else { continue };
            let keyword = format!("Keyword_{id}_{}", number + 1);
            let terms: String =
                words.iter().map(|word| format!("        <Term>{}</Term>\n", escape(word.get_ref()))).collect();
            self.named.insert(
                format!("k {keyword}"),
                format!("    <Keyword id=\"{keyword}\">\n      <Group matchStyle=\"string\">\n{terms}      </Group>\n    </Keyword>\n"),
            );
            let _ = write!(
                xml,
                "      <Filter type=\"TextMatchFilter\">\n        <Param name=\"direction\">{direction}</Param>\n        \
                 <Param name=\"logic\">{logic}</Param>\n        <Param name=\"textProcessorId\">{keyword}</Param>\n      </Filter>\n"
            );
        }
        if xml.is_empty() {
            return None;
        }
        self.named.insert(format!("w {id}"), format!("    <Filters id=\"{id}\">\n{xml}    </Filters>\n"));
        Some(id)
    }

    fn package(self) -> Package {
        let named: String = self.named.into_values().collect();
        let id = hex_guid(&Sha256::digest(self.entities.as_bytes()));
        let xml = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<RulePackage xmlns=\"http://schemas.microsoft.com/office/2011/mce\">\n  \
             <RulePack id=\"{id}\">\n    <Version major=\"1\" minor=\"0\" build=\"0\" revision=\"0\"/>\n    \
             <Publisher id=\"{id}\"/>\n    <Details defaultLangCode=\"en-us\">\n      <LocalizedDetails langcode=\"en-us\">\n        \
             <PublisherName>sluicebox</PublisherName>\n        <Name>sluicebox export</Name>\n        \
             <Description>Detectors of sluicebox</Description>\n      </LocalizedDetails>\n    </Details>\n  </RulePack>\n  \
             <Rules>\n{}{named}    <LocalizedStrings>\n{}    </LocalizedStrings>\n  </Rules>\n</RulePackage>\n",
            self.entities, self.resources
        );
        Package { xml, lines: self.lines }
    }
}

fn their_function(ours: &str) -> Option<&'static str> {
    match ours {
        "date" => Some("Func_us_date"),
        "expiry-date" => Some("Func_expiration_date"),
        _ => None,
    }
}

/// A check as a filter of texts: direction, logic, texts.
fn text_filter(check: &Check) -> Option<(&'static str, &'static str, &[Spanned<String>])> {
    let direction = match check.place {
        CheckPlace::Full => "Full",
        CheckPlace::Starts => "StartsWith",
        CheckPlace::Ends => "EndsWith",
        CheckPlace::Before => "Prefix",
        CheckPlace::After => "Suffix",
        CheckPlace::Inside | CheckPlace::Match | CheckPlace::Line => return None,
    };
    match (&check.exclude, &check.include) {
        (Some(words), None) => Some((direction, "Exclude", words)),
        (None, Some(words)) => Some((direction, "Include", words)),
        _ => None,
    }
}

/// A validator that a package can define itself.
fn own_validator(given: &ValidatorUse) -> Option<String> {
    let (name, table) = match given {
        ValidatorUse::Name(name) => (name.as_str(), None),
        ValidatorUse::With(table) if table.contains_key("group") => return None,
        ValidatorUse::With(table) => (table.get("name")?.as_str()?, Some(table)),
    };
    let param = |name: &str, value: String| format!("        <Param name=\"{name}\">{}</Param>\n", escape(&value));
    let wrap = |kind: &str, inner: String| format!("      <Validator type=\"{kind}\">\n{inner}      </Validator>\n");
    match (name, table) {
        ("luhn", _) => Some("      <Validator type=\"LuhnCheck\"/>\n".to_owned()),
        ("date", Some(table)) => {
            let pattern = table.get("pattern")?.as_str()?;
            let known = ["DDMMYYYY", "MMDDYYYY", "YYYYDDMM", "YYYYMMDD", "DDMMYY", "MMDDYY", "YYDDMM", "YYMMDD"]
                .contains(&pattern);
            (known && table.len() == 2).then(|| wrap("DateSimple", param("Pattern", pattern.to_owned())))
        }
        ("weighted", Some(table)) => {
            let plain = ["name", "weights", "modulus", "position", "letters"];
            if table.keys().any(|key| !plain.contains(&key.as_str())) {
                return None;
            }
            let weights: Option<Vec<String>> = table
                .get("weights")?
                .as_array()?
                .iter()
                .map(|one| one.as_integer().map(|one| one.to_string()))
                .collect();
            let mut inner = param("Weights", weights?.join(", "));
            inner.push_str(&param("Mod", table.get("modulus")?.as_integer()?.to_string()));
            if let Some(position) = table.get("position").and_then(Value::as_integer) {
                inner.push_str(&param("CheckDigit", position.to_string()));
            }
            if table.get("letters").and_then(Value::as_bool) == Some(true) {
                inner.push_str(&param("AllowAlphabets", "1".to_owned()));
            }
            Some(wrap("Checksum", inner))
        }
        _ => None,
    }
}

fn guid(detector: &Detector) -> String {
    let kept = detector.tags.iter().find_map(|tag| tag.strip_prefix("guid:"));
    kept.map_or_else(|| hex_guid(&Sha256::digest(detector.id.get_ref().as_bytes())), str::to_owned)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The first 16 bytes as a GUID, version and variant set (RFC 9562, version 8).
fn hex_guid(digest: &[u8]) -> String {
    let mut bytes: Vec<u8> = digest.iter().take(16).copied().collect();
    bytes[6] = bytes[6] & 0x0F | 0x80;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let text = hex(&bytes);
    [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
