//! Confirmation: is there really a match at this beginning, and does it survive its edges, validators and checks?
//!
//! The contract: the span is the one that `regex::bytes` finds when it may only begin here (leftmost-first), within the
//! rule's `max_match_bytes`. What is refused here consumes nothing; the search goes on one character later.

use crate::detect::keywords::KeywordIndex;
use crate::detect::text::{back_chars, char_at, char_before, forward_chars, is_unspaced, is_word, start_of_char};
use crate::rule::RuleSet;
use crate::rule::normalise::{canonical_value, fold_case};
use crate::rule::ruleset::{Check, CheckWhat, Detector, Pattern, Primary, PrimaryId, PrimaryKind, Tier, Validator};
use crate::rule::syntax::{CheckPlace, Edges, Miss};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::meta;
use regex_automata::{Anchored, Input};
use std::ops::Range;
use std::sync::OnceLock;

/// The engines of one rule, made when its first candidate comes.
#[derive(Debug, Default)]
pub(crate) struct Engine {
    /// Anchored, leftmost-first; `None` inside when the table would be too large.
    table: OnceLock<Option<Box<dense::DFA<Vec<u32>>>>>,
    /// Everything else: groups, search, and matches where there is no table.
    full: OnceLock<Option<Box<meta::Regex>>>,
}

/// Largest table of one rule, in bytes.
const TABLE_BYTES_MAX: usize = 256 << 10;

impl Engine {
    fn table(&self, pattern: &Pattern) -> Option<&dense::DFA<Vec<u32>>> {
        self.table
            .get_or_init(|| {
                let nfa = regex_automata::nfa::thompson::Compiler::new()
                    .configure(
                        regex_automata::nfa::thompson::Config::new()
                            .utf8(false)
                            .which_captures(regex_automata::nfa::thompson::WhichCaptures::None),
                    )
                    .build_from_hir(&pattern.hir)
                    .ok()?;
                let config = dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .dfa_size_limit(Some(TABLE_BYTES_MAX))
                    .determinize_size_limit(Some(4 * TABLE_BYTES_MAX));
                dense::Builder::new().configure(config).build_from_nfa(&nfa).ok().map(Box::new)
            })
            .as_deref()
    }

    /// The rule's full engine. `None` only when it would not fit in memory, which loading has ruled out.
    fn full(&self, pattern: &Pattern) -> Option<&meta::Regex> {
        self.full
            .get_or_init(|| {
                let config = meta::Config::new().utf8_empty(false);
                meta::Builder::new().configure(config).build_from_hir(&pattern.hir).ok().map(Box::new)
            })
            .as_deref()
    }

    /// The end of the match that begins at `start` and ends at `end` or before.
    fn match_end(&self, pattern: &Pattern, hay: &[u8], start: usize, end: usize) -> Option<usize> {
        let input = Input::new(hay).span(start..end).anchored(Anchored::Yes);
        if let Some(table) = self.table(pattern)
            && let Ok(found) = table.try_search_fwd(&input)
        {
            return found.map(|found| found.offset());
        }
        self.full(pattern)?.search_half(&input).map(|found| found.offset())
    }

    /// The first beginning in `from..to` at which the rule may match; the search may look as far as `end`.
    fn next_start(&self, pattern: &Pattern, hay: &[u8], from: usize, to: usize, end: usize) -> Option<usize> {
        let found = self.full(pattern)?.search(&Input::new(hay).span(from..end))?;
        (found.start() < to).then_some(found.start())
    }

    /// The spans of the groups of the match at `span`.
    fn groups(&self, pattern: &Pattern, hay: &[u8], span: Range<usize>) -> Option<Vec<Option<Range<usize>>>> {
        let full = self.full(pattern)?;
        let mut captures = full.create_captures();
        full.search_captures(&Input::new(hay).span(span).anchored(Anchored::Yes), &mut captures);
        captures.is_match().then(|| captures.iter().map(|group| group.map(|group| group.range())).collect())
    }
}

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

    fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The indices, best first.
    pub(crate) fn iter(self) -> impl Iterator<Item = u16> {
        (0..64).filter(move |index| (self.0 >> index) & 1 != 0)
    }
}

/// Confirms candidates of one rule set.
#[derive(Debug)]
pub(crate) struct Confirmer {
    engines: Vec<Engine>,
}

/// A raw match with its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Raw {
    pub(crate) span: Range<usize>,
    pub(crate) groups: Vec<Option<Range<usize>>>,
}

impl Confirmer {
    pub(crate) fn new(rules: &RuleSet) -> Self {
        Self { engines: rules.primaries.iter().map(|_| Engine::default()).collect() }
    }

    /// The raw match of a rule at `start`, groups only where the rule needs them. `end` is given where it is known.
    pub(crate) fn raw(
        &self,
        rules: &RuleSet,
        keywords: &KeywordIndex,
        id: PrimaryId,
        hay: &[u8],
        start: usize,
        end: Option<usize>,
    ) -> Option<Raw> {
        let primary = &rules.primaries[id.index()];
        let limit = start.saturating_add(primary.max_match_bytes).min(hay.len());
        match &primary.kind {
            PrimaryKind::Keywords(list) => {
                let end = keywords.longest_at(hay, start, *list).filter(|&end| end <= limit)?;
                Some(Raw { span: start..end, groups: Vec::new() })
            }
            PrimaryKind::Pattern(pattern) => {
                let engine = &self.engines[id.index()];
                let end = match end {
                    Some(end) => end,
                    None => engine.match_end(pattern, hay, start, limit).filter(|&end| end > start)?,
                };
                let groups = if pattern.needs_groups {
                    engine.groups(pattern, hay, start..limit).unwrap_or_default()
                } else {
                    Vec::new()
                };
                Some(Raw { span: start..end, groups })
            }
        }
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

/// Judges a raw match: edges, validators, checks, and which tiers are left.
///
/// # Errors
/// The reason of the refusal.
pub(crate) fn judge(rules: &RuleSet, id: PrimaryId, hay: &[u8], raw: &Raw) -> Result<Confirmed, Miss> {
    let (value, text) = admit(rules, id, hay, raw)?;
    let detector = &rules.detectors[rules.primaries[id.index()].detector.index()];
    let mut miss = Miss::Shape;
    let mut tiers = TierSet::default();
    for (index, tier) in detector.tiers.iter().enumerate() {
        match tier_possible(tier, detector, id, hay, raw, text) {
            Ok(()) => tiers.insert(index),
            Err(reason) => miss = reason,
        }
    }
    if tiers.is_empty() { Err(miss) } else { Ok(Confirmed { span: raw.span.clone(), value, tiers }) }
}

/// Whether the detector itself takes a raw match, whatever its tiers say: the value's span and text.
///
/// # Errors
/// The reason of the refusal.
pub(crate) fn admit<'h>(
    rules: &RuleSet,
    id: PrimaryId,
    hay: &'h [u8],
    raw: &Raw,
) -> Result<(Range<usize>, &'h str), Miss> {
    let primary = &rules.primaries[id.index()];
    let detector = &rules.detectors[primary.detector.index()];
    let value = whole_chars(hay, value_span(primary, raw).ok_or(Miss::Shape)?);
    if !edges_hold(primary.edges, hay, &raw.span) {
        return Err(Miss::Edge);
    }
    let text = str::from_utf8(&hay[value.clone()]).map_err(|_| Miss::Shape)?;
    if !detector.validators.iter().all(|validator| validator_holds(validator, hay, raw, text)) {
        return Err(Miss::Validator);
    }
    if detector.exclude_same_digits && same_digits(text)
        || !detector.checks.iter().all(|check| check_holds(check, detector, hay, &raw.span, text))
    {
        return Err(Miss::Check);
    }
    Ok((value, text))
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
    text: &str,
) -> Result<(), Miss> {
    if !tier.primaries.is_empty() && !tier.primaries.contains(&id) {
        return Err(Miss::Shape);
    }
    if !tier.validators.iter().all(|validator| validator_holds(validator, hay, raw, text)) {
        return Err(Miss::Validator);
    }
    if !tier.checks.iter().all(|check| check_holds(check, detector, hay, &raw.span, text)) {
        return Err(Miss::Check);
    }
    if tier.form.as_ref().is_some_and(|form| !form.is_match(text.as_bytes())) {
        return Err(Miss::Form);
    }
    Ok(())
}

/// Cuts a span down to whole characters: a rule of bytes, or its longest match, may end inside one.
pub(crate) fn whole_chars(hay: &[u8], span: Range<usize>) -> Range<usize> {
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
pub(crate) fn edges_hold(edges: Edges, hay: &[u8], span: &Range<usize>) -> bool {
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

fn validator_holds(validator: &Validator, hay: &[u8], raw: &Raw, value: &str) -> bool {
    let Some(group) = validator.group else { return validator.check.check(value) };
    // A group that took no part in the match leaves nothing to refuse.
    let Some(span) = raw.groups.get(group).cloned().flatten() else { return true };
    str::from_utf8(&hay[span]).is_ok_and(|text| validator.check.check(text))
}

fn same_digits(text: &str) -> bool {
    let mut digits = text.bytes().filter(u8::is_ascii_digit);
    digits.next().is_some_and(|first| digits.all(|digit| digit == first))
}

/// Characters that an expression before or after a match can see.
pub(crate) const NEIGHBOUR_CHARS: usize = 64;

fn check_holds(check: &Check, detector: &Detector, hay: &[u8], span: &Range<usize>, value: &str) -> bool {
    let found = match &check.what {
        CheckWhat::Texts(texts) => match check.place {
            CheckPlace::Full => {
                let canonical = canonical_value(value, detector.canonical);
                texts.iter().any(|text| same_folded(canonical.as_bytes(), text))
            }
            CheckPlace::Starts => texts.iter().any(|text| starts_folded(value.as_bytes(), text)),
            CheckPlace::Ends => texts.iter().any(|text| ends_folded(value.as_bytes(), text)),
            CheckPlace::Before => texts.iter().any(|text| ends_folded(&hay[..span.start], text)),
            CheckPlace::After => texts.iter().any(|text| starts_folded(&hay[span.end..], text)),
        },
        CheckWhat::Regex(regex) => regex.is_match(match check.place {
            CheckPlace::Full | CheckPlace::Starts | CheckPlace::Ends => value.as_bytes(),
            CheckPlace::Before => &hay[back_chars(hay, span.start, NEIGHBOUR_CHARS, false)..span.start],
            CheckPlace::After => &hay[span.end..forward_chars(hay, span.end, NEIGHBOUR_CHARS, false)],
        }),
    };
    found != check.exclude
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
