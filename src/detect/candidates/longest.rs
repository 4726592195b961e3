//! Which of several ends counts: whether leftmost-first order always takes the longest match of a rule.
//!
//! Most rules repeat greedily and their branches do not shadow one another, so that it does. It is proved, not guessed: the
//! rule's automaton that stops where leftmost-first order stops, and the one that tells every end, are walked side by side
//! over all texts.

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;
use std::collections::HashSet;

/// Largest of either automaton, in bytes; of a larger rule nothing is proved.
const TABLE_BYTES_MAX: usize = 256 << 10;
/// Pairs of states looked at before nothing is proved.
const PAIRS_MAX: usize = 20_000;

/// True when it is proved that leftmost-first order takes the longest match wherever the rule matches.
pub(crate) fn takes_longest(hir: &Hir) -> bool {
    prove(hir).unwrap_or(false)
}

fn prove(hir: &Hir) -> Option<bool> {
    let config = thompson::Config::new().utf8(false).which_captures(WhichCaptures::None);
    let nfa = thompson::Compiler::new().configure(config).build_from_hir(hir).ok()?;
    let build = |kind| {
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .match_kind(kind)
            .dfa_size_limit(Some(TABLE_BYTES_MAX))
            .determinize_size_limit(Some(8 * TABLE_BYTES_MAX));
        dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()
    };
    let (first, all) = (build(MatchKind::LeftmostFirst)?, build(MatchKind::All)?);
    // One byte of each class is as good as all of them.
    let classes = nfa.byte_classes();
    let bytes: Vec<u8> = (0..=255_u8).filter(|&byte| byte == 0 || classes.get(byte) != classes.get(byte - 1)).collect();
    let mut seen: HashSet<(StateID, StateID)> = HashSet::new();
    let mut open = Vec::new();
    // What stands before may decide where an assertion holds.
    for before in [&b""[..], b"a", b" ", b"\n", b"\r", &[0xFF]] {
        let input = Input::new(before).range(before.len()..).anchored(Anchored::Yes);
        open.push((first.start_state_forward(&input).ok()?, all.start_state_forward(&input).ok()?));
    }
    while let Some(pair) = open.pop() {
        if !seen.insert(pair) {
            continue;
        }
        if seen.len() > PAIRS_MAX {
            return None;
        }
        // A text may stop anywhere: both must have told an end at the same places all along.
        if first.is_match_state(pair.0) != all.is_match_state(pair.1) {
            return Some(false);
        }
        if all.is_dead_state(pair.1) {
            continue;
        }
        let ends = (first.next_eoi_state(pair.0), all.next_eoi_state(pair.1));
        if first.is_match_state(ends.0) != all.is_match_state(ends.1) {
            return Some(false);
        }
        open.extend(bytes.iter().map(|&byte| (first.next_state(pair.0, byte), all.next_state(pair.1, byte))));
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rules_that_always_take_the_longest_are_said_to() {
        let rows = [
            (r"\d{2,4}", true),
            (r"\d{2,4}?", false),
            (r"a|ab", false),
            (r"ab|a", true),
            (r"(?:\d{1,3}\.){3}\d{1,3}", true),
            (r"\b\d{3}[ -]?\d{4}\b", true),
            (r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?", true),
            (r"(?:a|ab)(?:c|bcd)?", false),
            (r"a{2,5}b?|ab", true),
        ];
        for (pattern, expected) in rows {
            let hir = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern);
            assert_eq!(takes_longest(&hir.expect("test pattern")), expected, "{pattern}");
        }
    }
}
