//! Confirmation: is there really a match at this beginning, and does it survive its edges, validators and checks?
//!
//! The contract: the span is the one that `regex::bytes` finds when it may only begin here (leftmost-first), within the
//! rule's `max_match_bytes`. What is refused here consumes nothing; the search goes on one character later.

mod engine;

use crate::detect::keywords::KeywordIndex;
use crate::detect::text::{back_chars, char_at, char_before, forward_chars, is_unspaced, is_word, start_of_char};
use crate::rule::RuleSet;
use crate::rule::normalise::{canonical_value, fold_case};
use crate::rule::ruleset::{Check, CheckWhat, Detector, Pattern, Primary, PrimaryId, PrimaryKind, Tier, Validator};
use crate::rule::syntax::{Canonical, CheckPlace, Edges, Miss};
use crate::rule::validate::Value;
use engine::Engine;
use std::ops::Range;

/// A match that survived: what the evidence is judged around.
#[derive(Clone, Debug)]
pub(crate) struct Confirmed {
    /// The whole match, in bytes of the window.
    pub(crate) span: Range<usize>,
    /// The value within it.
    pub(crate) value: Range<usize>,
    /// The detector's tiers that may hold, whatever the evidence says.
    pub(crate) tiers: TierSet,
}

/// A set of tiers by their indices, best first; loading refuses detectors with more than 64.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TierSet(u64);

impl TierSet {
    fn insert(&mut self, index: usize) {
        self.0 |= 1 << (index & 63);
    }

    pub(crate) fn contains(self, index: usize) -> bool {
        index < 64 && self.0 & (1 << index) != 0
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The indices, best first.
    pub(crate) fn iter(self) -> impl Iterator<Item = u16> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let index = u16::try_from(left.trailing_zeros()).ok().filter(|&index| index < 64)?;
            left &= left - 1;
            Some(index)
        })
    }
}

/// Confirms candidates of one rule set.
#[derive(Debug)]
pub(crate) struct Confirmer {
    engines: Vec<Engine>,
    plans: Vec<Plan>,
}

/// What judging the matches of one rule takes, in the order of its price.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The rule's detector, by its index.
    pub(crate) detector: usize,
    edges: Edges,
    across_soft: bool,
    /// The match is not what the pattern finds.
    bounded: bool,
    /// Groups must be known before a match is judged.
    needs_groups: bool,
    /// The detector's checks: those of a byte or two beside the match first.
    checks: Box<[usize]>,
    /// The tiers that may hold for the rule, best first.
    tiers: Box<[usize]>,
}

impl Plan {
    fn new(rules: &RuleSet, id: PrimaryId) -> Self {
        let primary = &rules.primaries[id.index()];
        let detector = &rules.detectors[primary.detector.index()];
        let mut checks: Box<[usize]> = (0..detector.checks.len()).collect();
        checks.sort_by_key(|&check| !matches!(detector.checks[check].place, CheckPlace::Before | CheckPlace::After));
        let holds = |tier: &Tier| tier.primaries.is_empty() || tier.primaries.contains(&id);
        Self {
            detector: primary.detector.index(),
            edges: primary.edges,
            across_soft: primary.across_soft,
            bounded: matches!(&primary.kind, PrimaryKind::Pattern(Pattern { bounded: Some(_), .. })),
            needs_groups: matches!(&primary.kind, PrimaryKind::Pattern(pattern) if pattern.needs_groups),
            checks,
            tiers: (0..detector.tiers.len()).filter(|&tier| holds(&detector.tiers[tier])).collect(),
        }
    }

    /// Whether what stands beside a match leaves it whole.
    #[inline]
    pub(crate) fn edges_hold(&self, hay: &[u8], span: &Range<usize>) -> bool {
        edges_hold(self.edges, hay, span)
    }

    /// Whether another engine than the pattern's decides.
    #[inline]
    pub(crate) fn is_bounded(&self) -> bool {
        self.bounded
    }

    /// Whether a match may cross a soft edge.
    #[inline]
    pub(crate) fn across_soft(&self) -> bool {
        self.across_soft
    }
}

/// A raw match with its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Raw {
    pub(crate) span: Range<usize>,
    pub(crate) groups: Vec<Option<Range<usize>>>,
}

impl Confirmer {
    pub(crate) fn new(rules: &RuleSet) -> Self {
        let plans = (0..).take(rules.primaries.len()).map(|id| Plan::new(rules, PrimaryId(id))).collect();
        Self { engines: rules.primaries.iter().map(|_| Engine::default()).collect(), plans }
    }

    /// How the matches of a rule are judged.
    #[inline]
    pub(crate) fn plan(&self, id: PrimaryId) -> &Plan {
        &self.plans[id.index()]
    }

    /// The raw match of a rule at `start`, groups only where the rule needs them. `end` is given where it is known.
    #[inline]
    pub(crate) fn raw(
        &self,
        rules: &RuleSet,
        keywords: &KeywordIndex,
        id: PrimaryId,
        hay: &[u8],
        start: usize,
        end: Option<usize>,
    ) -> Option<Raw> {
        let is_told = |kind: &PrimaryKind| matches!(kind, PrimaryKind::Pattern(Pattern { bounded: None, .. }));
        let known = end.filter(|_| is_told(&rules.primaries[id.index()].kind));
        let end = known.map_or_else(|| self.end(rules, keywords, id, hay, start), Ok).ok()?;
        Some(self.with_groups(rules, id, hay, start..end))
    }

    /// Where the match of a rule ends that begins at `start`.
    ///
    /// # Errors
    /// Where there is none, how many bytes it took to find out.
    #[inline]
    pub(crate) fn end(
        &self,
        rules: &RuleSet,
        keywords: &KeywordIndex,
        id: PrimaryId,
        hay: &[u8],
        start: usize,
    ) -> Result<usize, usize> {
        let primary = &rules.primaries[id.index()];
        let limit = start.saturating_add(primary.max_match_bytes).min(hay.len());
        match &primary.kind {
            PrimaryKind::Keywords(list) => keywords.longest_at(hay, start, *list).filter(|&end| end <= limit).ok_or(0),
            PrimaryKind::Pattern(pattern) => {
                let walk = self.engines[id.index()].walk(pattern, hay, start, limit);
                let end = walk.end.filter(|&end| end > start).ok_or(walk.bytes)?;
                match &pattern.bounded {
                    None => Ok(end),
                    Some(bounded) => bounded.end(hay, start, limit).filter(|&end| end > start).ok_or(limit - start),
                }
            }
        }
    }

    /// The match of a rule that stands at `span`, with its groups where the rule needs them.
    #[inline]
    pub(crate) fn with_groups(&self, rules: &RuleSet, id: PrimaryId, hay: &[u8], span: Range<usize>) -> Raw {
        if !self.plans[id.index()].needs_groups {
            return Raw { span, groups: Vec::new() };
        }
        self.groups(rules, id, hay, span)
    }

    #[cold]
    fn groups(&self, rules: &RuleSet, id: PrimaryId, hay: &[u8], span: Range<usize>) -> Raw {
        let primary = &rules.primaries[id.index()];
        let limit = span.start.saturating_add(primary.max_match_bytes).min(hay.len());
        let groups = match &primary.kind {
            PrimaryKind::Pattern(Pattern { bounded: Some(bounded), .. }) => bounded.spans(hay, span.start..limit),
            PrimaryKind::Pattern(pattern) => self.engines[id.index()].groups(pattern, hay, span.start..limit),
            PrimaryKind::Keywords(_) => None,
        };
        Raw { span, groups: groups.unwrap_or_default() }
    }

    /// Judges a raw match: edges, validators, checks, and which tiers are left.
    pub(crate) fn judge(&self, rules: &RuleSet, id: PrimaryId, hay: &[u8], raw: &Raw) -> Option<Confirmed> {
        let whole = self.plan(id).edges_hold(hay, &raw.span);
        whole.then(|| self.judge_next(rules, id, hay, raw, &mut LastValue::default())).flatten()
    }

    /// [`Confirmer::judge`] for one match after another of the same text, whose edges hold.
    #[inline]
    pub(crate) fn judge_next<'h>(
        &self,
        rules: &RuleSet,
        id: PrimaryId,
        hay: &'h [u8],
        raw: &Raw,
        last: &mut LastValue<'h>,
    ) -> Option<Confirmed> {
        let plan = self.plan(id);
        let detector = &rules.detectors[plan.detector];
        let span = whole_chars(hay, value_span(&rules.primaries[id.index()], raw)?);
        let value = last.read(hay, &span)?;
        if !detector.validators.iter().all(|validator| validator_holds(validator, hay, raw, value)) {
            return None;
        }
        let holds = |&check: &usize| check_holds(&detector.checks[check], detector, hay, &raw.span, value);
        if !plan.checks.iter().all(holds) || detector.exclude_same_digits && same_digits(value.as_bytes()) {
            return None;
        }
        let mut tiers = TierSet::default();
        for &index in &plan.tiers {
            if tier_takes(&detector.tiers[index], detector, hay, raw, value).is_ok() {
                tiers.insert(index);
            }
        }
        (!tiers.is_empty()).then(|| Confirmed { span: raw.span.clone(), value: span, tiers })
    }

    /// The next beginning in `from..to` at which a rule of the search lane may match.
    pub(crate) fn next_start(
        &self,
        rules: &RuleSet,
        id: PrimaryId,
        hay: &[u8],
        from: usize,
        to: usize,
    ) -> Option<usize> {
        let PrimaryKind::Pattern(pattern) = &rules.primaries[id.index()].kind else { return None };
        let end = to.saturating_add(rules.primaries[id.index()].max_match_bytes).min(hay.len());
        self.engines[id.index()].next_start(pattern, hay, from, to, end)
    }
}

/// The value that was read last. Rules that match the same stretch of text share it.
#[derive(Debug)]
pub(crate) struct LastValue<'h> {
    span: Range<usize>,
    value: Value<'h>,
}

impl Default for LastValue<'_> {
    fn default() -> Self {
        Self { span: 0..0, value: Value::empty() }
    }
}

impl<'h> LastValue<'h> {
    /// The value that stands at `span`; `None` when it is no text.
    #[inline]
    fn read(&mut self, hay: &'h [u8], span: &Range<usize>) -> Option<&Value<'h>> {
        if self.span != *span {
            self.span = 0..0;
            if !self.value.set(&hay[span.clone()]) {
                return None;
            }
            self.span = span.clone();
        }
        Some(&self.value)
    }
}

/// Why the detector itself refuses a raw match, whatever its tiers say.
pub(crate) fn refusal(rules: &RuleSet, id: PrimaryId, hay: &[u8], raw: &Raw) -> Option<Miss> {
    let primary = &rules.primaries[id.index()];
    let detector = &rules.detectors[primary.detector.index()];
    let mut last = LastValue::default();
    let span = value_span(primary, raw).map(|span| whole_chars(hay, span));
    let Some(value) = span.and_then(|span| last.read(hay, &span)) else { return Some(Miss::Shape) };
    if !edges_hold(primary.edges, hay, &raw.span) {
        return Some(Miss::Edge);
    }
    if !detector.validators.iter().all(|validator| validator_holds(validator, hay, raw, value)) {
        return Some(Miss::Validator);
    }
    let checked = detector.checks.iter().all(|check| check_holds(check, detector, hay, &raw.span, value));
    (!checked || detector.exclude_same_digits && same_digits(value.as_bytes())).then_some(Miss::Check)
}

/// Whether a tier's own shape, validators, checks and form allow it.
///
/// # Errors
/// The reason why not.
pub(crate) fn tier_possible(
    tier: &Tier,
    detector: &Detector,
    id: PrimaryId,
    hay: &[u8],
    raw: &Raw,
    value: &Value<'_>,
) -> Result<(), Miss> {
    if !tier.primaries.is_empty() && !tier.primaries.contains(&id) {
        return Err(Miss::Shape);
    }
    tier_takes(tier, detector, hay, raw, value)
}

/// [`tier_possible`] for a shape that the tier holds for.
#[inline]
fn tier_takes(tier: &Tier, detector: &Detector, hay: &[u8], raw: &Raw, value: &Value<'_>) -> Result<(), Miss> {
    if !tier.validators.iter().all(|validator| validator_holds(validator, hay, raw, value)) {
        return Err(Miss::Validator);
    }
    if !tier.checks.iter().all(|check| check_holds(check, detector, hay, &raw.span, value)) {
        return Err(Miss::Check);
    }
    if tier.form.as_ref().is_some_and(|form| !form.is_match(value.as_bytes())) {
        return Err(Miss::Form);
    }
    Ok(())
}

/// Cuts a span down to whole characters: a rule of bytes, or its longest match, may end inside one.
#[inline]
pub(crate) fn whole_chars(hay: &[u8], span: Range<usize>) -> Range<usize> {
    let begins = |at: usize| hay.get(at).is_none_or(|byte| !(0x80..0xC0).contains(byte));
    if begins(span.start) && begins(span.end) {
        return span;
    }
    let inside = |at: usize| at < hay.len() && start_of_char(hay, at) != at;
    let mut start = span.start;
    while start < span.end && inside(start) {
        start += 1;
    }
    let end = if inside(span.end) { start_of_char(hay, span.end) } else { span.end };
    start..end.max(start)
}

/// The span of a match's value.
pub(crate) fn value_span(primary: &Primary, raw: &Raw) -> Option<Range<usize>> {
    match &primary.kind {
        PrimaryKind::Pattern(pattern) if pattern.first_group => {
            let first = raw.groups.iter().skip(1).flatten().find(|span| !span.is_empty());
            Some(first.unwrap_or(&raw.span).clone())
        }
        PrimaryKind::Pattern(pattern) if pattern.value_group > 0 => {
            // An alternative without the group: the whole match is the value.
            Some(raw.groups.get(pattern.value_group)?.clone().unwrap_or_else(|| raw.span.clone()))
        }
        _ => Some(raw.span.clone()),
    }
}

/// Whether what stands beside a match leaves it whole. An edge matters only where the match's own outermost character is
/// a letter or digit: `x-----BEGIN` is no longer word.
/// Letters of a script that sets no space between words do not lengthen a number or a code in ASCII.
#[inline]
pub(crate) fn edges_hold(edges: Edges, hay: &[u8], span: &Range<usize>) -> bool {
    let mask = match edges {
        Edges::None => return true,
        Edges::Word => BESIDE_WORD,
        Edges::Digit => BESIDE_DIGIT,
    };
    let kind = |at: usize| hay.get(at).map_or(0, |&byte| BESIDE[usize::from(byte)]);
    let before = |at: usize| at.checked_sub(1).map_or(0, kind);
    let (left, right) = ([before(span.start), kind(span.start)], [before(span.end), kind(span.end)]);
    // In ASCII a byte is a character.
    if (left[0] | left[1] | right[0] | right[1]) & BESIDE_WIDE != 0 {
        return edges_of_chars_hold(edges, hay, span);
    }
    (left[0] & left[1] | right[0] & right[1]) & mask == 0
}

/// A digit.
const BESIDE_DIGIT: u8 = 1;
/// A letter or digit.
const BESIDE_WORD: u8 = 2;
/// Not ASCII.
const BESIDE_WIDE: u8 = 4;

/// What each byte is to an edge.
const BESIDE: [u8; 256] = {
    let mut table = [BESIDE_WIDE; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = if byte.is_ascii_digit() {
            BESIDE_DIGIT | BESIDE_WORD
        } else if byte.is_ascii_alphanumeric() {
            BESIDE_WORD
        } else {
            0
        };
        byte += 1;
    }
    table
};

/// [`edges_hold`] for text of any script.
fn edges_of_chars_hold(edges: Edges, hay: &[u8], span: &Range<usize>) -> bool {
    let clashes: fn(char, char) -> bool = match edges {
        Edges::None => return true,
        Edges::Word => |own, beside| is_word(own) && is_word(beside) && !(own.is_ascii() && is_unspaced(beside)),
        Edges::Digit => |own, beside| own.is_ascii_digit() && beside.is_ascii_digit(),
    };
    let clash =
        |own: Option<char>, beside: Option<char>| own.zip(beside).is_some_and(|(own, beside)| clashes(own, beside));
    let from = |at: usize| char_at(hay, at).map(|(c, _)| c);
    !clash(from(span.start), char_before(hay, span.start)) && !clash(char_before(hay, span.end), from(span.end))
}

#[inline]
fn validator_holds(validator: &Validator, hay: &[u8], raw: &Raw, value: &Value<'_>) -> bool {
    let Some(group) = validator.group else { return validator.check.passes(value) };
    // A group that took no part in the match leaves nothing to refuse.
    let Some(span) = raw.groups.get(group).cloned().flatten() else { return true };
    str::from_utf8(&hay[span]).is_ok_and(|text| validator.check.check(text))
}

fn same_digits(text: &[u8]) -> bool {
    let mut digits = text.iter().filter(|byte| byte.is_ascii_digit());
    digits.next().is_some_and(|first| digits.all(|digit| digit == first))
}

/// Characters that an expression before or after a match can see.
pub(crate) const NEIGHBOUR_CHARS: usize = 64;

fn check_holds(check: &Check, detector: &Detector, hay: &[u8], span: &Range<usize>, value: &Value<'_>) -> bool {
    let found = match &check.what {
        CheckWhat::Texts(texts) => match check.place {
            CheckPlace::Full => is_one_of(texts, value, detector.canonical),
            CheckPlace::Starts => texts.iter().any(|text| starts_folded(value.as_bytes(), text)),
            CheckPlace::Ends => texts.iter().any(|text| ends_folded(value.as_bytes(), text)),
            CheckPlace::Before => texts.iter().any(|text| ends_folded(&hay[..span.start], text)),
            CheckPlace::After => texts.iter().any(|text| starts_folded(&hay[span.end..], text)),
            CheckPlace::Inside | CheckPlace::Match | CheckPlace::Line => false,
        },
        CheckWhat::Search(regex) => regex.is_match(searched(check.place, hay, span, value)),
        CheckWhat::Words(words) => words.stand_in(searched(check.place, hay, span, value)),
        CheckWhat::Together(checks) => !checks.iter().any(|check| check_holds(check, detector, hay, span, value)),
        CheckWhat::Regex(regex) => match check.place {
            CheckPlace::Full
            | CheckPlace::Starts
            | CheckPlace::Ends
            | CheckPlace::Inside
            | CheckPlace::Match
            | CheckPlace::Line => regex.is_match(value.as_bytes()),
            // Mostly a byte or two decide; characters beyond ASCII are counted only where they are met.
            CheckPlace::Before => {
                regex.is_match_in_ascii(&hay[span.start.saturating_sub(NEIGHBOUR_CHARS)..span.start]).unwrap_or_else(
                    || regex.is_match(&hay[back_chars(hay, span.start, NEIGHBOUR_CHARS, false)..span.start]),
                )
            }
            CheckPlace::After => {
                regex.is_match_in_ascii(&hay[span.end..(span.end + NEIGHBOUR_CHARS).min(hay.len())]).unwrap_or_else(
                    || regex.is_match(&hay[span.end..forward_chars(hay, span.end, NEIGHBOUR_CHARS, false)]),
                )
            }
        },
    };
    found != check.exclude
}

/// Characters of a line that a check sees to either side of the match.
pub(crate) const LINE_CHARS: usize = 500;

/// True when some check looks at whole lines.
pub(crate) fn sees_lines(rules: &RuleSet) -> bool {
    fn sees(check: &Check) -> bool {
        match &check.what {
            CheckWhat::Together(checks) => checks.iter().any(sees),
            _ => check.place == CheckPlace::Line,
        }
    }
    let of = |detector: &Detector| {
        detector.checks.iter().chain(detector.tiers.iter().flat_map(|tier| &tier.checks)).any(sees)
    };
    rules.detectors.iter().any(of)
}

/// What a check that searches looks at.
fn searched<'t>(place: CheckPlace, hay: &'t [u8], span: &Range<usize>, value: &Value<'t>) -> &'t [u8] {
    match place {
        CheckPlace::Match => &hay[span.clone()],
        CheckPlace::Line => {
            // An expression may take the line's end along; the next line is not the match's.
            let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
            let matched = &hay[span.clone()];
            let kept = matched.len() - matched.iter().rev().take_while(|byte| is_end(byte)).count();
            let span = span.start..span.start + kept;
            let before = &hay[back_chars(hay, span.start, LINE_CHARS, false)..span.start];
            let after = &hay[span.end..forward_chars(hay, span.end, LINE_CHARS, false)];
            let start = memchr::memrchr(b'\n', before).map_or(before.len(), |at| before.len() - at - 1);
            let end = memchr::memchr(b'\n', after).unwrap_or(after.len());
            &hay[span.start - start..span.end + end]
        }
        _ => value.as_bytes(),
    }
}

/// True when a value's canonical form is one of some texts.
fn is_one_of(texts: &[String], value: &Value<'_>, canonical: Canonical) -> bool {
    match (canonical, value.letters()) {
        (Canonical::Exact, _) => texts.iter().any(|text| same_folded(value.as_bytes(), text)),
        (Canonical::Alnum, Some(letters)) => texts.iter().any(|text| same_folded(letters, text)),
        (Canonical::Alnum, None) => {
            let value = canonical_value(value, canonical);
            texts.iter().any(|text| same_folded(value.as_bytes(), text))
        }
    }
}

fn same_folded(text: &[u8], folded: &str) -> bool {
    if folded.is_ascii() {
        return text.eq_ignore_ascii_case(folded.as_bytes());
    }
    str::from_utf8(text).is_ok_and(|text| fold_case(text) == folded)
}

fn starts_folded(text: &[u8], folded: &str) -> bool {
    text.get(..folded.len()).is_some_and(|head| same_folded(head, folded))
}

fn ends_folded(text: &[u8], folded: &str) -> bool {
    text.len().checked_sub(folded.len()).is_some_and(|from| same_folded(&text[from..], folded))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The match stands between the two bars.
    #[test]
    fn edges_hold_beside() {
        let rows = [
            (Edges::Word, "no |4539|.", true),
            (Edges::Word, "x|4539|", false),
            (Edges::Word, "|4539|é", false),
            (Edges::Word, "Номер|4539|", false),
            (Edges::Word, "x|-----BEGIN|", true),
            // Scripts without spaces between words, as they stand beside a number, a code or a word in ASCII.
            (Edges::Word, "カード番号は|4539|です", true),
            (Edges::Word, "卡号|4539|。", true),
            (Edges::Word, "々|4539|ー", true),
            (Edges::Word, "카드번호|4539|입니다", true),
            (Edges::Word, "หมายเลข|4539|ที่", true),
            (Edges::Word, "ບັດ|4539|ບັດ", true),
            (Edges::Word, "កាត|4539|កាត", true),
            (Edges::Word, "ကတ်|4539|က", true),
            (Edges::Word, "鍵は|AKIA2|です", true),
            (Edges::Word, "𠮷|4539|𠮷", true),
            // Their digits go on a number; their letters go on a word of their own.
            (Edges::Word, "๑|4539|", false),
            (Edges::Word, "|4539|၁", false),
            (Edges::Word, "〇|4539|", false),
            (Edges::Word, "東|京都|", false),
            (Edges::Word, "|4539 東|京", false),
            (Edges::Word, "東|4539 é|京", false),
            (Edges::Digit, "x|4539|x", true),
            (Edges::Digit, "1|4539|x", false),
            (Edges::Digit, "1|a4539|", true),
            (Edges::None, "1|4539|1", true),
        ];
        for (edges, marked, want) in rows {
            let [before, own, after] = marked.split('|').collect::<Vec<_>>().try_into().expect("two bars");
            let text = [before, own, after].concat();
            let span = before.len()..before.len() + own.len();
            assert_eq!(edges_hold(edges, text.as_bytes(), &span), want, "{edges:?} {marked}");
        }
    }
}
