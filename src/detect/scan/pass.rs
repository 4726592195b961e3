//! The pass of confirmation over nominated candidates: which of them match, stand, and consume their text.
//!
//! An accepted match consumes its text: its rule's next candidate begins behind it. A match that its rule's gate passes
//! over ([`super::gate`]) waits instead: only when the rule's next candidate overlaps it does it matter whether it stands.

use super::Scanner;
use super::gate::{BLOCK_BYTES, BLOCK_OVERHANG_BYTES};
use crate::detect::Matcher;
use crate::detect::candidates::{Candidate, END_UNKNOWN};
use crate::detect::confirm::{Confirmed, LastValue};
use crate::detect::evidence::{ListMask, Nearby};
use crate::detect::text::start_of_char;
use crate::detect::window::Window;
use crate::detect::{CHAR_BYTES_MAX, excerpt};
use crate::rule::ruleset::PrimaryId;
use std::ops::Range;

/// A rule whose matches may be longer than this can make a miss dear.
pub(crate) const LONG_MATCH_BYTES: usize = 2 << 10;
/// A miss that took fewer bytes than this is cheap.
const LONG_WALK_BYTES: usize = 256;
/// Dear misses of a long rule in one slice before its own engine is asked for the next match.
const LONG_MISSES_MAX: u32 = 8;
/// How often it is asked in one slice before the rest of the slice is given up.
const LONG_SEARCHES_MAX: u32 = 64;

/// How far a rule's matches have consumed the window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Consumed {
    /// The first beginning that is free, if what waits stands.
    free_from: usize,
    /// Where the match that waits begins.
    waiting: Option<usize>,
}

impl Consumed {
    /// The window dropped its first `bytes`.
    pub(super) fn shift(&mut self, bytes: usize) {
        self.free_from = self.free_from.saturating_sub(bytes);
    }
}

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// How many bytes it took to find out.
    NoMatch(usize),
    Refused,
    Accepted,
}

/// The lists with terms around one block of text.
#[derive(Clone, Copy, Debug)]
struct Around {
    /// Where matches must end for the answer to hold.
    until: usize,
    lists: ListMask,
}

/// One pass over a block of text.
struct Pass<'s> {
    matcher: &'s Matcher,
    window: &'s Window,
    text: &'s [u8],
    /// Up to where the window is searched now.
    limit: usize,
    nearby: &'s mut Nearby,
    /// Asked when a gate needs it.
    around: Option<Around>,
    last: LastValue<'s>,
    consumed: &'s mut [Consumed],
    misses: &'s mut [u32],
    accepted: &'s mut Vec<(PrimaryId, Confirmed)>,
    candidates: &'s mut [u64],
    given_up: &'s mut bool,
    /// For each detector, matches that an accepted one hid; `None` where nobody asks.
    shadowed: Option<&'s mut [u64]>,
}

impl Scanner<'_> {
    /// Confirms the candidates of one slice, and finds the evidence of what stands: block by block, so that the
    /// surroundings are read once for both. What the window must hold for evidence, it holds for matches before `limit`.
    pub(super) fn confirm_nominated(&mut self, limit: usize) {
        let nominated = std::mem::take(&mut self.nominated);
        let end = nominated.last().map_or(0, |last| last.start + 1);
        self.misses.fill(0);
        for block in nominated.chunk_by(|one, next| one.start / BLOCK_BYTES == next.start / BLOCK_BYTES) {
            let mut pass = self.pass(limit);
            for candidate in block {
                pass.consider(*candidate, end);
            }
            self.support_accepted(block.last().map_or(end, |last| last.start + 1));
        }
        self.nominated = nominated;
    }

    /// Confirms every match of a rule of the search lane that begins in `from..limit`.
    pub(super) fn confirm_search(&mut self, primary: PrimaryId, from: usize, limit: usize) {
        let mut pass = self.pass(limit);
        let (confirmer, rules) = (&pass.matcher.confirmer, &pass.matcher.rules);
        loop {
            let at = from.max(pass.consumed[primary.index()].free_from);
            let Some(start) = confirmer.next_start(rules, primary, pass.text, at, limit) else { return };
            if pass.confirm(Candidate { start, primary, length: END_UNKNOWN }) != Outcome::Accepted {
                pass.consumed[primary.index()].free_from = start + 1;
            } else if let Some(shadowed) = &mut pass.shadowed {
                // What it hides is not looked for.
                shadowed[confirmer.plan(primary).detector] += 1;
            }
        }
    }

    /// Judges what waits and reaches past `limit`; the rest can consume nothing any more.
    pub(super) fn settle_waiting(&mut self, limit: usize) {
        let mut pass = self.pass(limit);
        for slot in 0..pass.consumed.len() {
            let Consumed { free_from, waiting: Some(_) } = pass.consumed[slot] else { continue };
            if free_from > limit {
                pass.settle(slot);
            }
            pass.consumed[slot].waiting = None;
        }
    }

    fn pass(&mut self, limit: usize) -> Pass<'_> {
        Pass {
            matcher: self.matcher,
            window: &self.window,
            text: self.window.text(),
            limit,
            nearby: &mut self.nearby,
            around: None,
            last: LastValue::default(),
            consumed: &mut self.consumed,
            misses: &mut self.misses,
            accepted: &mut self.accepted,
            candidates: &mut self.file.candidates,
            given_up: &mut self.file.given_up,
            shadowed: self.questions.map(|_| &mut *self.file.shadowed),
        }
    }
}

impl Pass<'_> {
    /// Takes the next candidate of a slice whose last one begins before `end`.
    #[inline]
    fn consider(&mut self, candidate: Candidate, end: usize) {
        let slot = candidate.primary.index();
        if candidate.start < self.consumed[slot].free_from {
            self.settle(slot);
            if candidate.start < self.consumed[slot].free_from {
                if self.shadowed.is_some() {
                    self.count_shadowed(candidate);
                }
                return;
            }
        }
        if let Outcome::NoMatch(bytes) = self.confirm(candidate)
            && bytes >= LONG_WALK_BYTES
        {
            self.count_miss(candidate.primary, candidate.start, end);
        }
    }

    /// Confirms one candidate; an accepted one consumes its text.
    #[inline]
    fn confirm(&mut self, Candidate { start, primary, length }: Candidate) -> Outcome {
        let matcher = self.matcher;
        let (rules, confirmer) = (&*matcher.rules, &matcher.confirmer);
        let end = if length == END_UNKNOWN || confirmer.plan(primary).is_bounded() {
            match confirmer.end(rules, &matcher.keywords, primary, self.text, start) {
                Ok(end) => end,
                Err(bytes) => return Outcome::NoMatch(bytes),
            }
        } else {
            start + length as usize
        };
        let (plan, span) = (confirmer.plan(primary), start..end);
        if !plan.edges_hold(self.text, &span) {
            return Outcome::Refused;
        }
        self.candidates[plan.detector] += 1;
        if !plan.across_soft() && self.window.crosses_soft(start, end) {
            return Outcome::Refused;
        }
        if self.is_passed_over(primary, &span) {
            self.consumed[primary.index()] = Consumed { free_from: end, waiting: Some(start) };
            return Outcome::Refused;
        }
        let raw = confirmer.with_groups(rules, primary, self.text, span);
        let Some(confirmed) = confirmer.judge_next(rules, primary, self.text, &raw, &mut self.last) else {
            return Outcome::Refused;
        };
        self.consumed[primary.index()] = Consumed { free_from: end, waiting: None };
        self.accepted.push((primary, confirmed));
        Outcome::Accepted
    }

    /// True when no word stands around the match that would make it a finding.
    #[inline]
    fn is_passed_over(&mut self, primary: PrimaryId, span: &Range<usize>) -> bool {
        let Some(gate) = &self.matcher.gates[primary.index()] else { return false };
        let around = match self.around {
            Some(around) => around,
            None => self.look_around(span.start),
        };
        span.end <= around.until && !gate.is_open(around.lists)
    }

    /// Reads the surroundings of the block that a match begins in: at least as far as the evidence of any match does that
    /// begins there and ends not far behind.
    #[cold]
    fn look_around(&mut self, start: usize) -> Around {
        let matcher = self.matcher;
        let reach = (matcher.within as usize).max(excerpt::EXCERPT_CHARS);
        let reach = if self.window.is_ascii() { reach } else { reach * CHAR_BYTES_MAX };
        let begin = start / BLOCK_BYTES * BLOCK_BYTES;
        let overhang = BLOCK_OVERHANG_BYTES.min(matcher.reach.longest);
        let until = ((begin + BLOCK_BYTES).min(self.limit) + overhang).min(self.text.len());
        let range = start_of_char(self.text, begin.saturating_sub(reach))..(until + reach).min(self.text.len());
        let lists = self.nearby.lists(&matcher.keywords, self.text, &range);
        *self.around.insert(Around { until, lists })
    }

    /// Judges the match of a rule that waits, if one does: without its words it is no finding, but it may have consumed
    /// its text.
    #[cold]
    fn settle(&mut self, slot: usize) {
        let Consumed { free_from: end, waiting: Some(start) } = self.consumed[slot] else { return };
        let matcher = self.matcher;
        let primary = PrimaryId(u32::try_from(slot).unwrap_or(u32::MAX));
        let raw = matcher.confirmer.raw(&matcher.rules, &matcher.keywords, primary, self.text, start, Some(end));
        let stands = raw.is_some_and(|raw| matcher.confirmer.judge(&matcher.rules, primary, self.text, &raw).is_some());
        self.consumed[slot] = Consumed { free_from: if stands { end } else { start }, waiting: None };
    }

    /// Counts a candidate that begins in the text of an accepted match, if it would be accepted itself; of a long rule, in any
    /// case.
    #[cold]
    fn count_shadowed(&mut self, Candidate { start, primary, .. }: Candidate) {
        let matcher = self.matcher;
        let (rules, confirmer) = (&*matcher.rules, &matcher.confirmer);
        let plan = confirmer.plan(primary);
        let stands = rules.primaries[primary.index()].max_match_bytes >= LONG_MATCH_BYTES || {
            let raw = confirmer.raw(rules, &matcher.keywords, primary, self.text, start, None);
            raw.is_some_and(|raw| {
                (plan.across_soft() || !self.window.crosses_soft(raw.span.start, raw.span.end))
                    && confirmer.judge(rules, primary, self.text, &raw).is_some()
            })
        };
        if let Some(shadowed) = self.shadowed.as_mut().filter(|_| stands) {
            shadowed[plan.detector] += 1;
        }
    }

    /// Counts a beginning at which a long rule did not match after a long walk. After a few of them the rule's own engine
    /// is asked once where the next match begins, and what lies before is passed over. A text that makes even that happen
    /// too often is given up for this rule, and coverage says so.
    #[cold]
    fn count_miss(&mut self, primary: PrimaryId, start: usize, end: usize) {
        let slot = primary.index();
        let matcher = self.matcher;
        if matcher.rules.primaries[slot].max_match_bytes < LONG_MATCH_BYTES {
            return;
        }
        self.misses[slot] += 1;
        if self.misses[slot] <= LONG_MISSES_MAX {
            return;
        }
        let next = if self.misses[slot] > LONG_MISSES_MAX + LONG_SEARCHES_MAX {
            *self.given_up = true;
            None
        } else {
            matcher.confirmer.next_start(&matcher.rules, primary, self.text, start + 1, end)
        };
        self.consumed[slot].free_from = next.unwrap_or(end);
    }
}
