//! A detector: its shapes, checks, tiers and examples.
//!
//! A part that is wrong is reported and left out, and the rest is compiled all the same, so that one run tells
//! everything. The result of a faulty detector is never used.

use super::hash::{Canon, Draft};
use super::validator::Shape;
use super::{Compiler, next};
use crate::model::Confidence;
use crate::rule::MATCH_BYTES_DEFAULT;
use crate::rule::bounded::BoundedRegex;
use crate::rule::catalogue::{KnownDetector, unknown};
use crate::rule::error::RuleError;
use crate::rule::function;
use crate::rule::lazy::{AnchoredRegex, LazyRegex};
use crate::rule::normalise::{canonical_value, fold_case, normalise};
use crate::rule::pattern::{self, Anchor};
use crate::rule::ruleset::{
    Check, CheckWhat, Counter, Detector, DetectorId, Example, Identity, Pattern, Primary, PrimaryId, PrimaryKind, Tier,
    Validator, Words,
};
use crate::rule::syntax::{self, CheckPlace, Group};
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::Spanned;

/// Hexadecimal digits of a token.
const TOKEN_DIGITS: usize = 32;

/// Whose a check is: `detector` or `tier`, and its id or name.
type Owner<'a> = (&'static str, &'a Spanned<String>);

impl Compiler<'_> {
    /// Compiles a detector into the set.
    pub(super) fn detector(&mut self, of: KnownDetector<'_>) -> Draft {
        let typed = of.syntax;
        let mut draft = Draft::default();
        let primaries = self.primaries(of);
        let tiers = self.tiers(of, &primaries, &mut draft);
        let shapes = self.shapes(&primaries);
        let validators = self.validators(of.source, &typed.validators, &shapes, &mut draft.shape);
        self.mark_groups(&primaries, &validators, &tiers);
        let names: Vec<&str> = tiers.iter().map(|tier| &*tier.name).collect();
        let examples = typed.example.iter().filter_map(|example| self.example(of, example, &names)).collect();
        let counters = typed.counter.iter().filter_map(|counter| self.counter(of, counter, &names)).collect();
        let checks = self.checks(of, ("detector", &typed.id), &typed.check);
        let exclude_tokens = self.tokens(of);
        self.set.detectors.push(Detector {
            id: typed.id.get_ref().as_str().into(),
            name: typed.name.clone(),
            why: typed.why.clone(),
            regions: typed.regions.clone(),
            tags: typed.tags.clone(),
            origin: (of.source.name.clone(), header_line(of)),
            hash: [0; 32],
            identity: Identity::default(),
            silent: !self.chosen.contains(typed.id.get_ref().as_str()),
            primaries,
            validators,
            checks,
            exclude_same_digits: typed.exclude_same_digits,
            exclude_tokens,
            tiers,
            min_unique: typed.min_unique.as_ref().map_or(1, |min| *min.get_ref()),
            mask: typed.mask,
            canonical: typed.canonical,
            examples,
            counters,
        });
        draft
    }

    fn primaries(&mut self, of: KnownDetector<'_>) -> Vec<PrimaryId> {
        if of.syntax.primary.is_empty() {
            self.detector_error(of, "has no `[[detector.primary]]`", "say what a match looks like");
        }
        let mut names = BTreeMap::new();
        let mut ids = Vec::new();
        for (at, typed) in of.syntax.primary.iter().enumerate() {
            if let Some(id) = &typed.id
                && let Some(first) = names.insert(id.get_ref().as_str(), id)
            {
                self.twice(of, "primary", first, id);
            }
            let Some(kind) = self.primary_kind(of, typed) else { continue };
            let number = (at + 1).to_string();
            ids.push(PrimaryId(next(self.set.primaries.len())));
            self.set.primaries.push(Primary {
                id: typed.id.as_ref().map_or(&*number, |id| id.get_ref()).into(),
                detector: DetectorId(next(self.set.detectors.len())),
                kind,
                max_match_bytes: match_bytes(of.syntax),
                edges: of.syntax.edges,
                across_soft: of.syntax.across_soft,
            });
        }
        ids
    }

    fn primary_kind(&mut self, of: KnownDetector<'_>, typed: &syntax::Primary) -> Option<PrimaryKind> {
        let given = [&typed.regex, &typed.keywords, &typed.function];
        let mut spans = given.iter().copied().flatten().map(Spanned::span);
        match (spans.next(), spans.next()) {
            (None, _) => {
                let span = typed.id.as_ref().map_or_else(|| of.syntax.id.span(), Spanned::span);
                self.one_kind(of, span, "has none of them");
                return None;
            }
            (Some(_), Some(second)) => {
                self.one_kind(of, second, "is the second of them");
                return None;
            }
            (Some(_), None) => {}
        }
        if let Some(regex) = &typed.regex {
            return self
                .pattern(of, regex, regex.get_ref(), typed.group.as_ref(), typed.bounded.as_ref())
                .map(PrimaryKind::Pattern);
        }
        if let Some(bounded) = &typed.bounded {
            let error =
                RuleError::new("`bounded` needs a regex").at(of.source, bounded.span(), "it decides what one finds");
            self.errors.push(error);
        }
        if let Some(group) = &typed.group {
            let error = RuleError::new("`group` needs a regex").at(of.source, group.span(), "there are no groups here");
            self.errors.push(error);
        }
        if let Some(list) = &typed.keywords {
            return self.list(of.source, list).map(PrimaryKind::Keywords);
        }
        let name = typed.function.as_ref()?;
        let Some(row) = function::lookup(name.get_ref()) else {
            self.errors.push(unknown("function", of.source, name, function::TABLE.iter().map(|row| row.name)));
            return None;
        };
        self.pattern(of, name, row.regex, None, None).map(PrimaryKind::Pattern)
    }

    fn one_kind(&mut self, of: KnownDetector<'_>, span: std::ops::Range<usize>, label: &str) {
        let error = RuleError::new("a primary needs exactly one of `regex`, `keywords`, `function`");
        self.errors.push(error.at(of.source, span, label));
    }

    fn pattern(
        &mut self,
        of: KnownDetector<'_>,
        typed: &Spanned<String>,
        regex: &str,
        group: Option<&Spanned<Group>>,
        bounded: Option<&Spanned<String>>,
    ) -> Option<Pattern> {
        let hir = pattern::parse(regex).map_err(|error| self.pattern_error(of.source, typed, error)).ok()?;
        let bounded = match bounded {
            None => None,
            Some(bounded) if of.syntax.edges != syntax::Edges::None => {
                let error = RuleError::new("`bounded` needs `edges = \"none\"`");
                let error = error.at(of.source, bounded.span(), "look-around says what stands beside the match");
                self.errors.push(error);
                return None;
            }
            Some(bounded) => Some(self.bounded(of, bounded)?),
        };
        let groups = || bounded.as_ref().map_or_else(|| pattern::groups(&hir), BoundedRegex::groups);
        let first_group = matches!(group.map(Spanned::get_ref), Some(Group::Name(name)) if name == "*");
        let value_group = match group {
            Some(group) if !first_group => self.value_group(of, group, &groups())?,
            _ => 0,
        };
        let needs_groups = value_group != 0 || first_group && !groups().is_empty();
        Some(Pattern { source: regex.to_owned(), hir, value_group, first_group, bounded, needs_groups })
    }

    fn bounded(&mut self, of: KnownDetector<'_>, typed: &Spanned<String>) -> Option<BoundedRegex> {
        BoundedRegex::new(typed.get_ref())
            .map_err(|why| {
                let error = RuleError::new("bad bounded regex").at(of.source, typed.span(), why);
                self.errors.push(error);
            })
            .ok()
    }

    fn value_group(
        &mut self,
        of: KnownDetector<'_>,
        wanted: &Spanned<Group>,
        groups: &[(usize, Option<String>)],
    ) -> Option<usize> {
        let names = || groups.iter().filter_map(|(_, name)| name.as_deref());
        let (found, called) = match wanted.get_ref() {
            Group::Number(0) => (Some(0), String::new()),
            Group::Number(number) => {
                let found = groups.iter().map(|(at, _)| *at).find(|at| u32::try_from(*at) == Ok(*number));
                (found, number.to_string())
            }
            Group::Name(wanted) => {
                let found = groups.iter().find(|(_, name)| name.as_deref() == Some(wanted)).map(|(at, _)| *at);
                (found, wanted.clone())
            }
        };
        if found.is_none() {
            let place = Spanned::new(wanted.span(), called);
            self.errors.push(unknown("group", of.source, &place, names()));
        }
        found
    }

    fn shapes(&self, ids: &[PrimaryId]) -> Vec<Shape> {
        let shape = |id: &PrimaryId| {
            let primary = &self.set.primaries[id.index()];
            let groups = match &primary.kind {
                PrimaryKind::Pattern(Pattern { bounded: Some(bounded), .. }) => bounded.groups(),
                PrimaryKind::Pattern(pattern) => pattern::groups(&pattern.hir),
                PrimaryKind::Keywords(_) => Vec::new(),
            };
            Shape { name: primary.id.clone(), groups }
        };
        ids.iter().map(shape).collect()
    }

    /// Tells the matcher which shapes need their groups: those that a validator with a group sees.
    fn mark_groups(&mut self, ids: &[PrimaryId], validators: &[Validator], tiers: &[Tier]) {
        for id in ids {
            let holds = |tier: &&Tier| tier.primaries.is_empty() || tier.primaries.contains(id);
            let mut used = validators.iter().chain(tiers.iter().filter(holds).flat_map(|tier| &tier.validators));
            let grouped = used.any(|validator| validator.group.is_some());
            if let PrimaryKind::Pattern(pattern) = &mut self.set.primaries[id.index()].kind {
                pattern.needs_groups |= grouped;
            }
        }
    }

    fn tiers(&mut self, of: KnownDetector<'_>, primaries: &[PrimaryId], draft: &mut Draft) -> Vec<Tier> {
        if of.syntax.tier.is_empty() {
            self.detector_error(of, "has no `[[detector.tier]]`", "say how sure a match is");
        }
        let mut names = BTreeMap::new();
        for tier in &of.syntax.tier {
            if let Some(first) = names.insert(tier.name.get_ref().as_str(), &tier.name) {
                self.twice(of, "tier", first, &tier.name);
            }
        }
        let mut typed: Vec<&syntax::Tier> = of.syntax.tier.iter().collect();
        typed.sort_by_key(|tier| std::cmp::Reverse(*tier.confidence.get_ref()));
        typed.into_iter().filter_map(|tier| self.tier(of, tier, primaries, draft)).collect()
    }

    fn tier(
        &mut self,
        of: KnownDetector<'_>,
        typed: &syntax::Tier,
        primaries: &[PrimaryId],
        draft: &mut Draft,
    ) -> Option<Tier> {
        let holds: Vec<PrimaryId> =
            typed.primary.iter().filter_map(|name| self.primary_named(of, name, primaries)).collect();
        let shapes = self.shapes(if holds.is_empty() { primaries } else { &holds });
        let mut gate = Canon::default();
        let validators = self.validators(of.source, &typed.validators, &shapes, &mut gate);
        let checks = self.checks(of, ("tier", &typed.name), &typed.check);
        let form = typed.form.as_ref().and_then(|form| self.anchored(of, form, Anchor::Both));
        let evidence = typed.evidence.as_ref().map(|node| self.evidence(of, node));
        let confidence = Confidence::new(*typed.confidence.get_ref())?;
        draft.gates.push(gate);
        Some(Tier {
            name: typed.name.get_ref().as_str().into(),
            confidence,
            primaries: holds,
            validators,
            checks,
            form,
            evidence: evidence.flatten(),
        })
    }

    /// The tokens of values that are not reported, sorted; reports what is no token.
    fn tokens(&mut self, of: KnownDetector<'_>) -> Vec<Arc<str>> {
        let mut tokens: Vec<Arc<str>> = Vec::new();
        for typed in &of.syntax.exclude_tokens {
            if is_token(typed.get_ref()) {
                tokens.push(typed.get_ref().as_str().into());
            } else {
                let error = RuleError::new("`exclude_tokens` has something that is no token");
                let error =
                    error.at(of.source, typed.span(), "a token is `k`, the key's version, `:` and 32 digits of 0-9a-f");
                self.errors.push(
                    error.help("findings print it as `token`; for a value itself write a check: `where = \"full\"`"),
                );
            }
        }
        tokens.sort_unstable();
        tokens.dedup();
        tokens
    }

    fn primary_named(&mut self, of: KnownDetector<'_>, name: &Spanned<String>, ids: &[PrimaryId]) -> Option<PrimaryId> {
        let called = |id: &PrimaryId| &*self.set.primaries[id.index()].id == name.get_ref().as_str();
        let found = ids.iter().copied().find(called);
        if found.is_none() {
            let names = of.syntax.primary.iter().filter_map(|primary| primary.id.as_ref());
            let names: Vec<&str> = names.map(|id| id.get_ref().as_str()).collect();
            // A primary that was itself refused is no second error.
            if !names.contains(&name.get_ref().as_str()) {
                self.errors.push(unknown("primary", of.source, name, names));
            }
        }
        found
    }

    fn anchored(
        &mut self,
        of: KnownDetector<'_>,
        typed: &Spanned<String>,
        anchor: Anchor,
    ) -> Option<Arc<AnchoredRegex>> {
        let made = pattern::anchored(typed.get_ref(), anchor);
        let made = made.map_err(|error| self.pattern_error(of.source, typed, error)).ok()?;
        Some(Arc::clone(self.expressions.entry(made.source().to_owned()).or_insert_with(|| Arc::new(made))))
    }

    /// Compiles the checks of a detector or a tier; `owner` says which, for errors that have no better place.
    fn checks(&mut self, of: KnownDetector<'_>, owner: Owner<'_>, typed: &[syntax::Check]) -> Vec<Check> {
        typed.iter().filter_map(|check| self.check(of, owner, check)).collect()
    }

    fn check(&mut self, of: KnownDetector<'_>, owner: Owner<'_>, typed: &syntax::Check) -> Option<Check> {
        if !typed.together.is_empty() && self.is_bare(of, typed) {
            let checks = typed.together.iter().map(|check| self.check(of, owner, check.get_ref()));
            let checks: Vec<Option<Check>> = checks.collect();
            let what = CheckWhat::Together(checks.into_iter().collect::<Option<_>>()?);
            return Some(Check { place: typed.place, exclude: true, what });
        }
        let texts = [(true, &typed.exclude), (false, &typed.include)];
        let regexes = [(true, &typed.exclude_regex), (false, &typed.include_regex)];
        let texts: Vec<_> = texts.into_iter().filter_map(|(exclude, texts)| Some((exclude, texts.as_ref()?))).collect();
        let regexes: Vec<_> =
            regexes.into_iter().filter_map(|(exclude, regex)| Some((exclude, regex.as_ref()?))).collect();
        let place = typed.place;
        match (&*texts, &*regexes) {
            ([], [(exclude, regex)]) if is_searched(place) => {
                let what = CheckWhat::Search(self.searched(of, regex)?);
                Some(Check { place, exclude: *exclude, what })
            }
            ([], [(exclude, regex)]) => {
                let what = CheckWhat::Regex(self.anchored(of, regex, anchor_of(place))?);
                Some(Check { place, exclude: *exclude, what })
            }
            ([(exclude, texts)], []) => {
                let texts = self.check_texts(of, owner, place, texts)?;
                let is_words = is_searched(place);
                let what =
                    if is_words { CheckWhat::Words(Arc::new(Words::new(texts))) } else { CheckWhat::Texts(texts) };
                Some(Check { place, exclude: *exclude, what })
            }
            _ => {
                let found = texts.len() + regexes.len();
                let span = texts.iter().flat_map(|(_, texts)| texts.first().map(Spanned::span));
                let span = span.chain(regexes.iter().map(|(_, regex)| regex.span())).last();
                let error = RuleError::new(
                    "a check needs exactly one of `exclude`, `include`, `exclude_regex`, `include_regex`",
                );
                let label = format!("this check has {found}");
                self.errors.push(error.at(of.source, span.unwrap_or_else(|| owner.1.span()), label));
                None
            }
        }
    }

    /// True when a check says nothing but `together`.
    fn is_bare(&mut self, of: KnownDetector<'_>, typed: &syntax::Check) -> bool {
        let texts = [&typed.exclude, &typed.include].into_iter().flatten().flatten();
        let other = texts.chain([&typed.exclude_regex, &typed.include_regex].into_iter().flatten()).next();
        let Some(other) = other else { return true };
        let error = RuleError::new("a check with `together` says nothing itself");
        let error = error.at(of.source, other.span(), "write this as one of those in `together`");
        self.errors.push(error);
        false
    }

    fn searched(&mut self, of: KnownDetector<'_>, typed: &Spanned<String>) -> Option<Arc<LazyRegex>> {
        let made = pattern::searched(typed.get_ref());
        let made = made.map_err(|error| self.pattern_error(of.source, typed, error)).ok()?;
        Some(Arc::clone(self.searches.entry(typed.get_ref().clone()).or_insert_with(|| Arc::new(made))))
    }

    fn check_texts(
        &mut self,
        of: KnownDetector<'_>,
        owner: Owner<'_>,
        place: CheckPlace,
        texts: &[Spanned<String>],
    ) -> Option<Vec<String>> {
        if texts.is_empty() {
            let message = format!("{} `{}` has a check with an empty list", owner.0, owner.1.get_ref());
            let error = RuleError::new(message).at(of.source, owner.1.span(), "a check of nothing says nothing");
            self.errors.push(error);
            return None;
        }
        let mut forms = Vec::new();
        for text in texts {
            let form = if place == CheckPlace::Full {
                canonical_value(&normalise(text.get_ref()), of.syntax.canonical)
            } else {
                fold_case(&normalise(text.get_ref()))
            };
            if form.is_empty() {
                let error =
                    RuleError::new("empty text in a check").at(of.source, text.span(), "nothing is left of this");
                self.errors.push(error);
            }
            forms.push(form);
        }
        Some(forms)
    }

    fn example(&mut self, of: KnownDetector<'_>, typed: &syntax::Example, tiers: &[&str]) -> Option<Example> {
        self.value_stands(of, &typed.text, typed.value.as_ref());
        let tier = self.tier_named(of, &typed.tier, tiers)?;
        let value = typed.value.as_ref().map(|value| value.get_ref().clone());
        let line = of.source.line(typed.text.span().start);
        Some(Example { text: typed.text.get_ref().clone(), value, several: typed.several, tier, line })
    }

    fn counter(&mut self, of: KnownDetector<'_>, typed: &syntax::Counter, tiers: &[&str]) -> Option<Counter> {
        self.value_stands(of, &typed.text, typed.value.as_ref());
        let tier = self.tier_named(of, &typed.tier, tiers)?;
        let value = typed.value.as_ref().map(|value| value.get_ref().clone());
        let line = of.source.line(typed.text.span().start);
        Some(Counter { text: typed.text.get_ref().clone(), value, tier, reason: *typed.reason.get_ref(), line })
    }

    fn value_stands(&mut self, of: KnownDetector<'_>, text: &Spanned<String>, value: Option<&Spanned<String>>) {
        let Some(value) = value else { return };
        if value.get_ref().is_empty() || !text.get_ref().contains(value.get_ref().as_str()) {
            let error = RuleError::new("the value does not stand in the text")
                .at(of.source, value.span(), "not found in `text`, character for character")
                .also(of.source, text.span(), "the text");
            self.errors.push(error);
        }
    }

    fn tier_named(&mut self, of: KnownDetector<'_>, name: &Spanned<String>, tiers: &[&str]) -> Option<usize> {
        let found = tiers.iter().position(|tier| *tier == name.get_ref().as_str());
        if found.is_none() {
            self.errors.push(unknown("tier", of.source, name, tiers.iter().copied()));
        }
        found
    }

    fn twice(&mut self, of: KnownDetector<'_>, what: &str, first: &Spanned<String>, again: &Spanned<String>) {
        let error = RuleError::new(format!("{what} `{}` is defined twice", again.get_ref()))
            .at(of.source, again.span(), "defined again here")
            .also(of.source, first.span(), "first defined here");
        self.errors.push(error);
    }

    fn detector_error(&mut self, of: KnownDetector<'_>, what: &str, label: &str) {
        let message = format!("detector `{}` {what}", of.syntax.id.get_ref());
        self.errors.push(RuleError::new(message).at(of.source, of.syntax.id.span(), label));
    }
}

/// True for `k<version>:<32 digits>`, as findings print it.
fn is_token(text: &str) -> bool {
    let parts = text.strip_prefix('k').and_then(|rest| rest.split_once(':'));
    parts.is_some_and(|(version, digits)| {
        version.parse::<u32>().is_ok_and(|number| number.to_string() == version)
            && digits.len() == TOKEN_DIGITS
            && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

fn anchor_of(place: CheckPlace) -> Anchor {
    match place {
        CheckPlace::Full | CheckPlace::Inside | CheckPlace::Match | CheckPlace::Line => Anchor::Both,
        CheckPlace::Starts | CheckPlace::After => Anchor::Start,
        CheckPlace::Ends | CheckPlace::Before => Anchor::End,
    }
}

/// True for a place in which a check searches.
fn is_searched(place: CheckPlace) -> bool {
    matches!(place, CheckPlace::Inside | CheckPlace::Match | CheckPlace::Line)
}

fn match_bytes(detector: &syntax::Detector) -> usize {
    let bytes = detector.max_match_bytes.as_ref().map_or(MATCH_BYTES_DEFAULT, |bytes| *bytes.get_ref());
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// The line of the `[[detector]]` header, or of the id when the detector is written in another way.
fn header_line(of: KnownDetector<'_>) -> usize {
    let id = of.syntax.id.span().start;
    let header = of.source.text.get(..id).and_then(|before| before.rfind("[[detector]]"));
    of.source.line(header.unwrap_or(id))
}
