//! Rule packages of Microsoft Purview: entities, affinities, and what they name.
//!
//! An entity becomes a detector, each of its patterns a tier; what a pattern identifies becomes a shape, what must stand near it
//! evidence. Built-in functions are code there: where a detector of ours does the same work its shapes and checks are taken, and
//! where none does the pattern is left out, by name. Schema: "Customize a built-in sensitive information type" and the rule
//! package schema at learn.microsoft.com/purview.

pub(in crate::rule) mod functions;
mod xml;

use super::dialect::{self, Dialect};
use super::make::{self, At, Ids, Leaf};
use super::{Fate, Journal, Line};
use crate::rule::builtin;
use crate::rule::error::RuleError;
use crate::rule::pattern;
use crate::rule::syntax::{
    Check, CheckPlace, Detector, Evidence, Group, List, MatchStyle, Primary, RuleFile, ValidatorUse,
};
use crate::source::SourceFile;
use functions::Ours;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Spanned, Value};
use xml::Element;

/// The distance where an entity says none.
const PROXIMITY: u32 = 300;

pub(super) fn import(source: &SourceFile) -> Result<(RuleFile, Vec<Line>), Vec<RuleError>> {
    let root = xml::parse(source)?;
    let Some(rules) = root.named("Rules").next() else {
        return Err(vec![RuleError::new("this rule package holds no `Rules`").at(
            source,
            root.at.clone(),
            "none in here",
        )]);
    };
    let mut parts = Parts::default();
    parts.gather(rules);
    let mut importer = Importer {
        journal: Journal::new(source),
        file: make::file(),
        ids: Ids::default(),
        lists: BTreeMap::new(),
        parts: &parts,
    };
    for (kind, name) in &parts.refused {
        importer.journal.tell_at(Fate::Skipped, name.at.clone(), format!("{kind}: has no counterpart"));
    }
    for (entity, is_affinity) in &parts.entities {
        importer.entity(entity, *is_affinity);
    }
    Ok((importer.file, importer.journal.lines))
}

/// What a package defines, by id.
#[derive(Default)]
struct Parts<'x> {
    entities: Vec<(&'x Element, bool)>,
    regexes: BTreeMap<&'x str, &'x Element>,
    keywords: BTreeMap<&'x str, &'x Element>,
    validators: BTreeMap<&'x str, &'x Element>,
    filters: BTreeMap<&'x str, &'x Element>,
    resources: BTreeMap<&'x str, &'x Element>,
    refused: Vec<(&'static str, &'x Element)>,
}

impl<'x> Parts<'x> {
    fn gather(&mut self, rules: &'x Element) {
        for child in &rules.children {
            let id = child.attribute("id").unwrap_or_default();
            match child.name.as_str() {
                "Entity" => self.entities.push((child, false)),
                "Affinity" => self.entities.push((child, true)),
                // Entities for an engine of a given version: ours is as good as any.
                "Version" => self.gather(child),
                "Regex" => {
                    self.regexes.insert(id, child);
                }
                "Keyword" | "ExtendedKeyword" if child.named("Group").next().is_some() => {
                    self.keywords.insert(id, child);
                }
                "Validators" => {
                    self.validators.insert(id, child);
                }
                "Filters" => {
                    self.filters.insert(id, child);
                }
                "Fingerprint" => self.refused.push(("Fingerprint", child)),
                "ExtendedKeyword" => self.refused.push(("ExtendedKeyword", child)),
                "LocalizedStrings" => {
                    let of = |resource: &'x Element| Some((resource.attribute("idRef")?, resource));
                    self.resources.extend(child.named("Resource").filter_map(of));
                }
                _ => {}
            }
        }
    }
}

struct Importer<'a, 'x> {
    journal: Journal<'a>,
    file: RuleFile,
    ids: Ids,
    /// Lists made of keywords.
    lists: BTreeMap<String, Vec<String>>,
    parts: &'x Parts<'x>,
}

/// How far an entity's evidence may stand; `None` for anywhere in the part.
type Near = Option<u32>;

impl Importer<'_, '_> {
    fn entity(&mut self, entity: &Element, is_affinity: bool) {
        let guid = entity.attribute("id").unwrap_or_default();
        let resource = self.parts.resources.get(guid).copied();
        let said = |name: &'static str| {
            let all: Vec<&Element> = resource.map(|resource| resource.named(name).collect()).unwrap_or_default();
            let default = all.iter().find(|one| one.attribute("default") == Some("true")).or(all.first());
            default.map(|one| one.text.trim().to_owned()).unwrap_or_default()
        };
        let name = Some(said("Name")).filter(|name| !name.is_empty()).unwrap_or_else(|| guid.to_owned());
        let id = self.ids.make("purview", &name);
        self.journal.rule(&name, &id, entity.at.clone());
        if is_affinity {
            self.journal.skip("an affinity tells what kind of document a text is; there is no match to report");
            return self.journal.done();
        }
        let mut detector = make::detector(&entity.at, &id, name);
        detector.why = said("Description");
        detector.tags = vec![format!("guid:{}", guid.to_lowercase())];
        let relaxed = entity.attribute("relaxProximity") == Some("true");
        let near = match entity.attribute("patternsProximity") {
            _ if relaxed => None,
            Some("unlimited") => None,
            Some(number) => {
                Some(number.parse().ok().filter(|near| (1..=1_000_000).contains(near)).unwrap_or(PROXIMITY))
            }
            None => Some(PROXIMITY),
        };
        if relaxed {
            self.journal.tell(Fate::Approximated, "`relaxProximity`: evidence anywhere in the part");
        }
        if entity.attribute("workload").is_some() {
            self.journal.aside("`workload`");
        }
        self.filters(entity, &mut detector);
        let versions = entity.named("Version").flat_map(|version| version.named("Pattern"));
        for one in entity.named("Pattern").chain(versions) {
            self.pattern(one, &mut detector, near);
        }
        if detector.tier.is_empty() {
            self.journal.skip("nothing of it can be taken");
        } else {
            let trees: Vec<_> =
                detector.primary.iter().filter_map(|one| pattern::parse(one.regex.as_ref()?.get_ref()).ok()).collect();
            make::set_match_bytes(&mut self.journal, &entity.at, &mut detector, &trees.iter().collect::<Vec<_>>());
            self.file.detector.push(detector);
        }
        self.journal.done();
    }

    fn pattern(&mut self, given: &Element, detector: &mut Detector, near: Near) {
        let confidence = given.attribute("confidenceLevel").and_then(|level| level.parse::<u8>().ok());
        let Some(confidence) = confidence.filter(|level| (1..=100).contains(level)) else {
            return self.journal.tell_at(
                Fate::Skipped,
                given.at.clone(),
                "a pattern without a `confidenceLevel` from 1 to 100",
            );
        };
        let Some(primary) = given.named("IdMatch").next().and_then(|one| one.attribute("idRef")) else {
            return self.journal.tell_at(Fate::Skipped, given.at.clone(), "a pattern without `IdMatch`");
        };
        let Some(identified) = self.identified(primary, given, detector) else { return };
        let mut nodes = Vec::new();
        for child in given.children.iter().filter(|child| child.name != "IdMatch") {
            match self.evidence(child, near) {
                Ok(node) => nodes.extend(node),
                Err(why) => {
                    // What cannot be asked for can never be met: the pattern would never hold.
                    self.journal.tell_at(
                        Fate::Skipped,
                        child.at.clone(),
                        format!("a pattern of confidence {confidence}: {why}"),
                    );
                    return;
                }
            }
        }
        let count = detector.tier.iter().filter(|tier| *tier.confidence.get_ref() == confidence).count();
        let name = if count == 0 { format!("c{confidence}") } else { format!("c{confidence}-{}", count + 1) };
        let mut tier = make::tier(&given.at, &name, confidence, make::all(&given.at, nodes));
        tier.primary = make::texts(&given.at, identified.shapes);
        tier.validators = identified.validators;
        tier.check = identified.checks;
        detector.tier.push(tier);
    }

    /// The shapes of what a pattern identifies, made when it is first named; and what its matches must pass.
    fn identified(&mut self, id: &str, place: &Element, detector: &mut Detector) -> Option<Identified> {
        if let Some(regex) = self.parts.regexes.get(id).copied() {
            return self.regex(id, regex, detector);
        }
        if self.parts.keywords.contains_key(id) {
            return Some(self.keywords(id, place, detector));
        }
        match functions::ours(id) {
            Some(Ours::Function(name)) => {
                let shape = make::plain_id(id);
                if !has_shape(detector, &shape) {
                    let mut primary = make::primary(&place.at, String::new(), None, None);
                    (primary.regex, primary.function) = (None, Some(make::at(&place.at, name.to_owned())));
                    primary.id = Some(make::at(&place.at, shape.clone()));
                    detector.primary.push(primary);
                    self.journal.tell(Fate::Approximated, format!("`{id}` is our function `{name}`"));
                }
                Some(Identified::of(vec![shape]))
            }
            Some(Ours::Detector(name)) => self.builtin(id, name, place, detector),
            None => {
                let what = if id.starts_with("Func_") {
                    "is a function that no detector of ours does the work of"
                } else {
                    "is not defined"
                };
                self.journal.tell_at(
                    Fate::Skipped,
                    place.at.clone(),
                    format!("a pattern that identifies `{id}`, which {what}"),
                );
                None
            }
        }
    }

    fn regex(&mut self, id: &str, regex: &Element, detector: &mut Detector) -> Option<Identified> {
        let shape = make::plain_id(id);
        let written = match dialect::write(regex.text.trim(), Dialect::Boost, "") {
            Ok(written) => written,
            Err(why) => {
                self.journal.tell_at(Fate::Skipped, regex.at.clone(), format!("the expression `{id}`: {why}"));
                return None;
            }
        };
        let tree = match pattern::parse(&written.regex) {
            Ok(tree) => tree,
            Err(error) => {
                self.journal.tell_at(
                    Fate::Skipped,
                    regex.at.clone(),
                    format!("the expression `{id}`: {}", error.message),
                );
                return None;
            }
        };
        let names: Vec<&str> = regex
            .attribute("validators")
            .unwrap_or_default()
            .split([',', ' '])
            .filter(|name| !name.is_empty())
            .collect();
        let mut found = Identified::of(vec![shape.clone()]);
        found.checks = make::edge_checks(&regex.at, &written);
        for name in &names {
            self.validator(name, regex, &mut found);
        }
        if !has_shape(detector, &shape) {
            let grouped = !names.is_empty() && !pattern::groups(&tree).is_empty();
            let mut primary =
                make::primary(&regex.at, written.regex, written.bounded, grouped.then_some(Group::Number(1)));
            primary.id = Some(make::at(&regex.at, shape));
            detector.primary.push(primary);
            for note in written.notes {
                self.journal.tell_at(Fate::Rewritten, regex.at.clone(), format!("the expression `{id}`: {note}"));
            }
            for loss in written.losses {
                self.journal.tell_at(Fate::Approximated, regex.at.clone(), format!("the expression `{id}`: {loss}"));
            }
        }
        Some(found)
    }

    fn keywords(&mut self, id: &str, place: &Element, detector: &mut Detector) -> Identified {
        let lists = self.lists_of(id);
        let mut shapes = Vec::new();
        for list in lists {
            let shape = make::plain_id(list.rsplit('.').next().unwrap_or_default());
            if !has_shape(detector, &shape) {
                let mut primary = make::primary(&place.at, String::new(), None, None);
                (primary.regex, primary.keywords) = (None, Some(make::at(&place.at, list)));
                primary.id = Some(make::at(&place.at, shape.clone()));
                detector.primary.push(primary);
            }
            shapes.push(shape);
        }
        Identified::of(shapes)
    }

    /// The shapes and checks of a detector of ours.
    fn builtin(&mut self, id: &str, name: &str, place: &Element, detector: &mut Detector) -> Option<Identified> {
        let Some(ours) = built_in(name) else {
            let what = format!(
                "a pattern that identifies `{id}`: its work would be done by `{name}`, which this program does not have"
            );
            self.journal.tell_at(Fate::Skipped, place.at.clone(), what);
            return None;
        };
        let prefix = make::plain_id(id);
        let mut found = Identified::of(Vec::new());
        let is_new = !detector.primary.iter().any(|one| shape_of(one).starts_with(&prefix));
        for (number, mut primary) in ours.primary.into_iter().enumerate() {
            if primary.keywords.is_some() {
                continue;
            }
            let shape = format!("{prefix}-{}", number + 1);
            primary.id = Some(make::at(&place.at, shape.clone()));
            move_to(&mut primary, &place.at);
            if is_new {
                detector.primary.push(primary);
            }
            found.shapes.push(shape);
        }
        found.validators = ours.validators;
        found.checks = ours.check;
        if detector.primary.iter().all(|one| shape_of(one).starts_with(&prefix)) {
            detector.edges = ours.edges;
            detector.canonical = ours.canonical;
            detector.exclude_same_digits |= ours.exclude_same_digits;
        }
        if is_new {
            self.journal.tell(Fate::Approximated, format!("`{id}` is what our detector `{name}` finds"));
        }
        (!found.shapes.is_empty()).then_some(found)
    }

    /// What a validator of an expression asks: a function, or one of the package.
    fn validator(&mut self, name: &str, place: &Element, found: &mut Identified) {
        if let Some(validators) = self.parts.validators.get(name).copied() {
            for one in validators.named("Validator") {
                match own_validator(one) {
                    Ok(made) => found.validators.push(made),
                    Err(why) => {
                        self.journal.tell_at(Fate::Skipped, one.at.clone(), format!("the validator `{name}`: {why}"))
                    }
                }
            }
            return;
        }
        let ours = match functions::ours(name) {
            Some(Ours::Detector(id)) => built_in(id),
            _ => None,
        };
        match ours {
            Some(ours)
                if ours.validators.iter().all(|one| !has_group(one.get_ref())) && !ours.validators.is_empty() =>
            {
                found.validators.extend(ours.validators);
                self.journal.tell(
                    Fate::Approximated,
                    format!("the validator `{name}` is those of our `{}`", ours.id.get_ref()),
                );
            }
            _ => self.journal.tell_at(
                Fate::Skipped,
                place.at.clone(),
                format!("the validator `{name}`: nothing of ours does its work"),
            ),
        }
    }

    fn filters(&mut self, entity: &Element, detector: &mut Detector) {
        let named = |element: &Element| element.attribute("filters").map(str::to_owned);
        let all = std::iter::once(entity)
            .chain(entity.named("Pattern"))
            .chain(entity.named("Pattern").flat_map(|one| one.named("IdMatch")));
        let names: BTreeSet<String> = all
            .filter_map(named)
            .flat_map(|names| names.split([',', ' ']).map(str::to_owned).collect::<Vec<_>>())
            .collect();
        for name in names.iter().filter(|name| !name.is_empty()) {
            let Some(filters) = self.parts.filters.get(name.as_str()).copied() else {
                self.journal.tell(Fate::Skipped, format!("the filter `{name}` is not defined"));
                continue;
            };
            for filter in filters.named("Filter") {
                match filter.attribute("type") {
                    Some("AllDigitsSameFilter") => detector.exclude_same_digits = true,
                    Some("TextMatchFilter") => match self.text_filter(filter) {
                        Ok(check) => detector.check.push(check),
                        Err(why) => self.journal.tell_at(
                            Fate::Skipped,
                            filter.at.clone(),
                            format!("the filter `{name}`: {why}"),
                        ),
                    },
                    _ => self.journal.tell_at(
                        Fate::Skipped,
                        filter.at.clone(),
                        format!("the filter `{name}`: its type is not known"),
                    ),
                }
            }
        }
    }

    fn text_filter(&mut self, filter: &Element) -> Result<Check, String> {
        let place = match param(filter, "direction").unwrap_or_default().as_str() {
            "Full" => CheckPlace::Full,
            "StartsWith" => CheckPlace::Starts,
            "EndsWith" => CheckPlace::Ends,
            "Prefix" => CheckPlace::Before,
            "Suffix" => CheckPlace::After,
            other => return Err(format!("its direction `{other}` is not known")),
        };
        let keyword = param(filter, "textProcessorId").unwrap_or_default();
        let keyword = self.parts.keywords.get(keyword.as_str()).copied().ok_or("its words are not defined")?;
        let words =
            keyword.named("Group").flat_map(|group| group.named("Term")).map(|term| term.text.trim().to_owned());
        let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
        let check = make::exclude(&filter.at, place, words);
        Ok(match param(filter, "logic").as_deref() {
            Some("Include") => Check { include: check.exclude, exclude: None, ..check },
            _ => check,
        })
    }

    /// What must stand near; `None` where nothing is asked.
    ///
    /// # Errors
    /// What cannot be asked for.
    fn evidence(&mut self, given: &Element, near: Near) -> Result<Option<Evidence>, String> {
        match given.name.as_str() {
            "Match" => self.matched(given, near).map(Some),
            "Any" => {
                let mut nodes = Vec::new();
                let mut lost = None;
                for child in &given.children {
                    match self.evidence(child, near) {
                        Ok(node) => nodes.extend(node),
                        Err(why) => lost = Some(why),
                    }
                }
                let number = |name| given.attribute(name).and_then(|number| number.parse::<u32>().ok());
                let (min, max) = (number("minMatches").unwrap_or(1), number("maxMatches"));
                if let Some(why) = lost {
                    if nodes.is_empty() || u32::try_from(nodes.len()).is_ok_and(|left| left < min) {
                        return Err(why);
                    }
                    self.journal.tell_at(
                        Fate::Skipped,
                        given.at.clone(),
                        format!("one of several pieces of evidence: {why}"),
                    );
                }
                if nodes.is_empty() || (min == 0 && max.is_none()) {
                    return Ok(None);
                }
                Ok(Some(make::any(&given.at, nodes, min, max)))
            }
            _ => Ok(None),
        }
    }

    fn matched(&mut self, given: &Element, near: Near) -> Result<Evidence, String> {
        let id = given.attribute("idRef").unwrap_or_default();
        let at = &given.at;
        let number = |name| given.attribute(name).and_then(|number| number.parse::<u32>().ok());
        let (min, distinct) =
            (number("minCount").filter(|min| *min > 1), given.attribute("uniqueResults") == Some("true"));
        let count = |mut leaf: Evidence| {
            leaf.min = min.map(|min| make::at(at, min));
            leaf.distinct = distinct;
            leaf
        };
        if self.parts.keywords.contains_key(id) {
            let mut leaves: Vec<Evidence> =
                self.lists_of(id).into_iter().map(|list| count(make::leaf(at, Leaf::List(list), near))).collect();
            return match leaves.len() {
                0 => Err(format!("`{id}` has no terms")),
                1 => leaves.pop().ok_or_else(String::new),
                _ => Ok(make::any(at, leaves, 1, None)),
            };
        }
        if let Some(regex) = self.parts.regexes.get(id).copied() {
            let written =
                dialect::write(regex.text.trim(), Dialect::Boost, "").map_err(|why| format!("`{id}`: {why}"))?;
            if written.bounded.is_some() {
                return Err(format!("`{id}` needs look-around, which evidence does not have"));
            }
            pattern::searched(&written.regex).map_err(|error| format!("`{id}`: {}", error.message))?;
            if !written.not_before.is_empty() || !written.not_after.is_empty() {
                self.journal.tell_at(
                    Fate::Approximated,
                    regex.at.clone(),
                    format!("`{id}` as evidence: look-around at its edges is left out"),
                );
            }
            return Ok(count(make::leaf(at, Leaf::Regex(written.regex), near)));
        }
        match functions::ours(id) {
            Some(Ours::Function(name)) => {
                let mut leaf = make::leaf(at, Leaf::Regex(String::new()), near);
                (leaf.regex, leaf.function) = (None, Some(make::at(at, name.to_owned())));
                Ok(count(leaf))
            }
            Some(Ours::Detector(name)) if built_in(name).is_some() => {
                Ok(count(make::leaf(at, Leaf::Detector(name.to_owned()), near)))
            }
            _ => Err(format!("`{id}` as evidence: nothing of ours does its work")),
        }
    }

    /// The lists of a keyword: one for each way in which its groups match.
    fn lists_of(&mut self, id: &str) -> Vec<String> {
        if let Some(made) = self.lists.get(id) {
            return made.clone();
        }
        let Some(keyword) = self.parts.keywords.get(id).copied() else { return Vec::new() };
        let mut kinds: BTreeMap<(bool, bool), Vec<String>> = BTreeMap::new();
        for group in keyword.named("Group") {
            let string = group.attribute("matchStyle") == Some("string");
            for term in group.named("Term") {
                let case = term.attribute("caseSensitive") == Some("true");
                let text = term.text.trim();
                if !text.is_empty() {
                    kinds.entry((string, case)).or_default().push(text.to_owned());
                }
            }
        }
        let mut made = Vec::new();
        let alone = kinds.len() == 1;
        for ((string, case), terms) in kinds {
            let suffix = [if string { "-string" } else { "" }, if case { "-case" } else { "" }].concat();
            let suffix = if alone { String::new() } else { suffix };
            let name = format!("purview.{}{suffix}", make::plain_id(id).replace('.', "-"));
            let style = if string { MatchStyle::String } else { MatchStyle::Word };
            let mut list: List = make::list(&keyword.at, &name, terms, style);
            list.case_sensitive = case;
            self.file.list.push(list);
            made.push(name);
        }
        self.lists.insert(id.to_owned(), made.clone());
        made
    }
}

/// What a pattern identifies.
struct Identified {
    shapes: Vec<String>,
    validators: Vec<Spanned<ValidatorUse>>,
    checks: Vec<Check>,
}

impl Identified {
    fn of(shapes: Vec<String>) -> Self {
        Self { shapes, validators: Vec::new(), checks: Vec::new() }
    }
}

fn shape_of(primary: &Primary) -> &str {
    primary.id.as_ref().map_or("", |id| id.get_ref().as_str())
}

fn has_shape(detector: &Detector, shape: &str) -> bool {
    detector.primary.iter().any(|primary| shape_of(primary) == shape)
}

fn has_group(validator: &ValidatorUse) -> bool {
    matches!(validator, ValidatorUse::With(table) if table.contains_key("group"))
}

/// A built-in detector as it is written.
fn built_in(id: &str) -> Option<Detector> {
    let wanted = format!("\"{id}\"");
    let (path, text) = builtin::rule_files().find(|(_, text)| text.contains(&wanted))?;
    let source = SourceFile::new(path, text.to_owned(), None, super::nothing_shows);
    let parsed = crate::rule::parse::parse(source).ok()?;
    parsed.rules.detector.into_iter().find(|detector| detector.id.get_ref() == id)
}

/// Places in a built-in file mean nothing in another one.
fn move_to(primary: &mut Primary, place: &At) {
    for text in [&mut primary.regex, &mut primary.function].into_iter().flatten() {
        *text = make::at(place, text.get_ref().clone());
    }
}

fn param(element: &Element, name: &str) -> Option<String> {
    let of = |one: &&Element| {
        one.attribute("Name").or(one.attribute("name")).is_some_and(|called| called.eq_ignore_ascii_case(name))
    };
    element.named("Param").find(of).map(|one| one.text.trim().to_owned())
}

/// A validator that a package defines.
fn own_validator(given: &Element) -> Result<Spanned<ValidatorUse>, String> {
    match given.attribute("type") {
        Some("Checksum") => {
            let weights = param(given, "Weights").unwrap_or_default();
            let weights: Option<Vec<Value>> = weights
                .split([',', ' '])
                .filter(|one| !one.is_empty())
                .map(|one| one.parse().ok().map(Value::Integer))
                .collect();
            let weights = weights.filter(|weights| !weights.is_empty()).ok_or("its weights are no numbers")?;
            let number = |name| param(given, name).and_then(|number| number.parse::<i64>().ok());
            let mut params = vec![
                ("weights", Value::Array(weights)),
                ("modulus", Value::Integer(number("Mod").ok_or("it has no `Mod`")?)),
            ];
            if let Some(position) = number("CheckDigit").filter(|position| *position > 0) {
                params.push(("position", Value::Integer(position)));
            }
            if number("AllowAlphabets") == Some(1) {
                params.push(("letters", Value::Boolean(true)));
            }
            Ok(make::validator(&given.at, "weighted", params))
        }
        Some("DateSimple") => {
            let pattern = param(given, "Pattern").unwrap_or_default();
            Ok(make::validator(&given.at, "date", [("pattern", Value::String(pattern))]))
        }
        Some("LuhnCheck" | "Luhn") => Ok(make::validator(&given.at, "luhn", [])),
        Some(other) => Err(format!("its type `{other}` is not known")),
        None => Err("it has no type".to_owned()),
    }
}
