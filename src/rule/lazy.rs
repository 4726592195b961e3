//! Expressions that are compiled when they are first used.
//!
//! Most forms, checks and probes are never reached in a scan, and compiling them costs more than parsing all rules. So
//! a rule's expressions are parsed and measured when it is loaded (`pattern`), and built only here. What is looked for at
//! one end of a text, which is asked of every candidate, becomes a table that mostly answers after one byte
//! ([`AnchoredRegex`]); what is searched for stays a regular expression ([`LazyRegex`]).

use super::pattern::{self, Anchor};
use regex::bytes::{Regex, RegexBuilder};
use regex_automata::Anchored;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

/// A `regex::bytes` expression with Unicode off, compiled on first use; used as if it were the [`Regex`].
pub struct LazyRegex {
    source: Box<str>,
    regex: OnceLock<Regex>,
}

impl LazyRegex {
    /// Wraps an expression that [`super::pattern`] has parsed and measured.
    pub(super) fn checked(source: &str) -> Self {
        Self { source: source.into(), regex: OnceLock::new() }
    }

    /// The expression as it is compiled, with its anchors.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl Deref for LazyRegex {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        self.regex.get_or_init(|| {
            // The same parser and a measured automaton stand behind `checked`, so building cannot fail; the limit is
            // lifted because this engine counts its size in another way.
            RegexBuilder::new(&self.source)
                .unicode(false)
                .size_limit(usize::MAX)
                .build()
                .expect("the expression was parsed and measured when its rule was loaded")
        })
    }
}

impl fmt::Debug for LazyRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyRegex").field(&self.source).finish()
    }
}

/// An expression that must match at the beginning of a text, at its end, or be the whole of it.
///
/// It is walked byte by byte from its anchored end, so a text that fails at once costs one step.
pub struct AnchoredRegex {
    /// The expression in full, with its anchors.
    regex: LazyRegex,
    /// True when it is anchored at the end only, and read backwards.
    backward: bool,
    table: OnceLock<Option<Box<Table>>>,
}

/// Largest table of one expression, in bytes; what is larger is asked as a regular expression.
const TABLE_BYTES_MAX: usize = 128 << 10;

struct Table {
    automaton: dense::DFA<Vec<u32>>,
    /// The state at the text's anchored end.
    start: StateID,
}

impl AnchoredRegex {
    /// Wraps an expression that [`super::pattern`] has parsed and measured, with its anchors.
    pub(super) fn checked(source: &str, anchor: Anchor) -> Self {
        Self { regex: LazyRegex::checked(source), backward: anchor == Anchor::End, table: OnceLock::new() }
    }

    /// The expression with its anchors.
    #[must_use]
    pub fn source(&self) -> &str {
        self.regex.source()
    }

    /// True when the text matches at its anchored end.
    #[must_use]
    #[inline]
    pub fn is_match(&self, text: &[u8]) -> bool {
        let walked = self.table().and_then(|table| table.walk(text, self.backward, |_| true));
        walked.unwrap_or_else(|| self.regex.is_match(text))
    }

    /// [`AnchoredRegex::is_match`] where ASCII decides it: `None` when a byte beyond ASCII was met before.
    #[must_use]
    #[inline]
    pub fn is_match_in_ascii(&self, text: &[u8]) -> Option<bool> {
        match self.table() {
            Some(table) => table.walk(text, self.backward, u8::is_ascii),
            None => text.is_ascii().then(|| self.regex.is_match(text)),
        }
    }

    #[inline]
    fn table(&self) -> Option<&Table> {
        self.table.get_or_init(|| Table::new(self.source(), self.backward).map(Box::new)).as_deref()
    }
}

impl Table {
    /// `None` when the table would be too large.
    fn new(source: &str, backward: bool) -> Option<Self> {
        let hir = pattern::syntax(source).ok()?;
        let config =
            thompson::Config::new().utf8(false).reverse(backward).which_captures(thompson::WhichCaptures::None);
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(&hir).ok()?;
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .accelerate(false)
            .dfa_size_limit(Some(TABLE_BYTES_MAX))
            .determinize_size_limit(Some(4 * TABLE_BYTES_MAX));
        let automaton = dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()?;
        let start = automaton.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        Some(Self { automaton, start })
    }

    /// Whether the text matches; `None` when a byte that is not `readable` was met, or one that the table does not know.
    #[inline]
    fn walk(&self, text: &[u8], backward: bool, readable: impl Fn(&u8) -> bool) -> Option<bool> {
        if backward { self.read(text.iter().rev(), readable) } else { self.read(text.iter(), readable) }
    }

    #[inline]
    fn read<'t>(&self, bytes: impl Iterator<Item = &'t u8>, readable: impl Fn(&u8) -> bool) -> Option<bool> {
        let mut state = self.start;
        for byte in bytes {
            if !readable(byte) {
                return None;
            }
            state = self.automaton.next_state(state, *byte);
            if self.automaton.is_special_state(state) {
                if self.automaton.is_dead_state(state) {
                    return Some(false);
                }
                if self.automaton.is_match_state(state) {
                    return Some(true);
                }
                if self.automaton.is_quit_state(state) {
                    return None;
                }
            }
        }
        let state = self.automaton.next_eoi_state(state);
        Some(self.automaton.is_match_state(state))
    }
}

impl fmt::Debug for AnchoredRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnchoredRegex").field(&self.source()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each expression against each text, as the regular expression would answer.
    #[test]
    fn tables_answer_as_the_expression_does() {
        let expressions = [
            r"[0-9][-.]|[+$_/]",
            r"\b[0-9]{3} |\+[0-9]{1,3} ",
            r" [0-9]{3}\b|[%$_/]",
            r"(?:19|20)\d{2}|[0-9]*0000",
            r"(?i:version|ver)[ .]*|[^A-Za-z]\.",
            r"a+?|ab|\Bc",
            r"(?s).*x.{3}",
            "é|[^a]+",
        ];
        let texts = [
            "",
            "1",
            "1-",
            "a1.",
            "+49 ",
            "123 ",
            "x123 ",
            " 123",
            " 1234",
            " 123x",
            "1999",
            "20250000",
            "0000",
            "Version 1.",
            "ver",
            "aab",
            "ab",
            "c",
            "bc",
            "axabc",
            "é",
            "aé",
            "éa",
            "x\u{1F600}..",
            "-.",
            "a.",
            "%1",
        ];
        for anchor in [Anchor::Start, Anchor::End, Anchor::Both] {
            for expression in expressions {
                let regex = pattern::anchored(expression, anchor).unwrap();
                assert!(regex.table().is_some(), "{expression}");
                for text in texts {
                    let want = regex.regex.is_match(text.as_bytes());
                    assert_eq!(regex.is_match(text.as_bytes()), want, "{anchor:?} {expression} on {text:?}");
                    let ascii = regex.is_match_in_ascii(text.as_bytes());
                    assert!(
                        ascii.map_or(!text.is_ascii(), |ascii| ascii == want),
                        "{anchor:?} {expression} on {text:?}"
                    );
                }
            }
        }
    }
}
