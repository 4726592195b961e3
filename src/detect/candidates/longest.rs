//! Which of several ends counts: what can be proved of a rule before any text is seen.
//!
//! Most rules repeat greedily and their branches do not shadow one another, so that leftmost-first order always takes the
//! longest match. It is proved, not guessed: the rule's automaton that stops where leftmost-first order stops, and the one
//! that tells every end, are walked side by side over all texts.

use super::bytes::ByteSet;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;
use std::collections::{HashMap, HashSet};

/// Largest of either automaton, in bytes; of a larger rule nothing is proved.
const TABLE_BYTES_MAX: usize = 256 << 10;
/// Pairs of states looked at before nothing is proved.
const PAIRS_MAX: usize = 20_000;

/// What is proved of a rule; false where it is not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proved {
    /// Leftmost-first order takes the longest match wherever the rule matches.
    pub(crate) takes_longest: bool,
    /// Besides, a match whose right edge holds is never the beginning of a longer one: ends that their edge refuses may be
    /// left out, and what remains still tells the match.
    pub(crate) edges_decide: bool,
}

/// What can be proved of a rule whose matches may not stand between two bytes of `whole`.
pub(crate) fn prove(hir: &Hir, whole: &ByteSet) -> Proved {
    let takes_longest = Machines::new(hir).and_then(|machines| Some((machines.agree()?, machines)));
    match takes_longest {
        Some((true, machines)) => {
            Proved { takes_longest: true, edges_decide: machines.edges_decide(whole).unwrap_or(false) }
        }
        _ => Proved::default(),
    }
}

/// A rule's automata: by leftmost-first order, and for every end.
struct Machines {
    first: dense::DFA<Vec<u32>>,
    all: dense::DFA<Vec<u32>>,
    /// One byte of each class: as good as all of them.
    bytes: Vec<u8>,
}

impl Machines {
    fn new(hir: &Hir) -> Option<Self> {
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
        let classes = nfa.byte_classes();
        let kind = |byte: u8| (classes.get(byte), byte.is_ascii_alphanumeric(), byte.is_ascii_digit());
        let bytes = (0..=255_u8).filter(|&byte| byte == 0 || kind(byte) != kind(byte - 1)).collect();
        Some(Self { first, all, bytes })
    }

    /// The states of a beginning, behind bytes of every sort: what stands before may decide where an assertion holds.
    fn starts(&self) -> Option<Vec<(StateID, StateID)>> {
        let before = [&b""[..], b"a", b" ", b"\n", b"\r", &[0xFF]];
        let starts = before.map(|before| {
            let input = Input::new(before).range(before.len()..).anchored(Anchored::Yes);
            Some((self.first.start_state_forward(&input).ok()?, self.all.start_state_forward(&input).ok()?))
        });
        starts.into_iter().collect()
    }

    /// Whether both tell the same last end over every text; `None` when that is too much to look at.
    fn agree(&self) -> Option<bool> {
        let Self { first, all, bytes } = self;
        let mut seen: HashSet<(StateID, StateID)> = HashSet::new();
        let mut open = self.starts()?;
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

    /// Whether no match with a right edge that holds is the beginning of a longer match.
    fn edges_decide(&self, whole: &ByteSet) -> Option<bool> {
        if whole.is_empty() {
            return Some(true);
        }
        let Self { all, bytes, .. } = self;
        // For each state, whether it is reached by a byte of the set, and by another; and where it leads.
        let mut reached: HashMap<StateID, [bool; 2]> = HashMap::new();
        let mut open: Vec<StateID> = self.starts()?.into_iter().map(|pair| pair.1).collect();
        let mut leads: HashMap<StateID, Vec<StateID>> = HashMap::new();
        while let Some(state) = open.pop() {
            if leads.contains_key(&state) {
                continue;
            }
            if leads.len() > PAIRS_MAX {
                return None;
            }
            let mut next = Vec::with_capacity(bytes.len());
            for &byte in bytes {
                let to = all.next_state(state, byte);
                reached.entry(to).or_default()[usize::from(whole.contains(byte))] = true;
                next.push(to);
            }
            open.extend_from_slice(&next);
            leads.insert(state, next);
        }
        // States from which another end can still be told.
        let ends = |state: &StateID| all.is_match_state(*state) || all.is_match_state(all.next_eoi_state(*state));
        let mut hopeful: HashSet<StateID> = HashSet::new();
        loop {
            let before = hopeful.len();
            let more = leads.iter().filter(|(_, next)| next.iter().any(|to| ends(to) || hopeful.contains(to)));
            let more: Vec<StateID> = more.map(|(state, _)| *state).collect();
            hopeful.extend(more);
            hopeful.extend(leads.keys().filter(|state| all.is_match_state(all.next_eoi_state(**state))).copied());
            if hopeful.len() == before {
                break;
            }
        }
        // An end is told by the state behind the byte that follows it.
        let grows = leads.iter().any(|(state, next)| {
            let by = reached.get(state).copied().unwrap_or([true; 2]);
            bytes.iter().zip(next).any(|(&byte, to)| {
                let holds = !whole.contains(byte) || by[0];
                all.is_match_state(*to) && holds && hopeful.contains(to)
            })
        });
        Some(!grows)
    }
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
            let proved = prove(&hir.expect("test pattern"), &ByteSet::EMPTY);
            assert_eq!(proved, Proved { takes_longest: expected, edges_decide: expected }, "{pattern}");
        }
    }

    #[test]
    fn edges_decide_where_no_match_that_holds_can_grow() {
        let rows = [
            (r"\d{7,9}", true),
            (r"\d{3}-?\d{4}", true),
            (r"\d{4}(?:-\d{4})?", false),
            (r"(?:\d{1,3}\.){3}\d{1,3}", true),
            (r"\d{3}-?", false),
            (r"[A-Z]{2}\d{6}[A-Z]?", true),
        ];
        for (pattern, expected) in rows {
            let hir = regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern);
            let proved = prove(&hir.expect("test pattern"), &ByteSet::alnum());
            assert_eq!(proved, Proved { takes_longest: true, edges_decide: expected }, "{pattern}");
        }
    }
}
