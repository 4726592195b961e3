//! Expressions: parsed, measured, and refused with advice where they cannot serve.
//!
//! The dialect is that of `regex::bytes` with Unicode off, so `\d`, `\w`, `\s` and `\b` mean ASCII: text is normalised
//! before it is matched, and ASCII classes compile eighty times faster.

use super::SourceFile;
use super::error::RuleError;
use super::lazy::{AnchoredRegex, LazyRegex};
use regex_automata::nfa::thompson;
use regex_syntax::ParserBuilder;
use regex_syntax::ast;
use regex_syntax::hir::{self, Hir, HirKind};
use std::ops::Range;

/// Largest automaton of one expression, in bytes of memory: a repeat of thousands of wide classes passes, one of
/// millions does not.
const AUTOMATON_BYTES_MAX: usize = 4 << 20;

/// An automaton of so few states stays below the bound: a state takes some 50 bytes with all that belongs to it.
const STATES_FEW: u64 = 50_000;

/// What is wrong with an expression.
#[derive(Debug)]
pub(super) struct PatternError {
    pub(super) message: String,
    /// Bytes of the expression.
    pub(super) span: Range<usize>,
    pub(super) label: String,
    pub(super) help: Option<String>,
}

impl PatternError {
    fn whole(pattern: &str, message: &str, label: &str, help: &str) -> Self {
        let span = 0..pattern.len();
        Self { message: message.into(), span, label: label.into(), help: Some(help.into()) }
    }

    /// The error at its place in a file, where the expression's quoted form has the given span.
    pub(super) fn locate(self, source: &SourceFile, span: Range<usize>) -> RuleError {
        let at = source.inside(span, self.span);
        RuleError::new(self.message).at(source, at, self.label).maybe_help(self.help)
    }
}

/// Where in a file's rule an expression must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    End,
    Both,
}

/// Parses an expression that must match something and never nothing.
pub(super) fn parse(pattern: &str) -> Result<Hir, PatternError> {
    let hir = syntax(pattern).map_err(|error| explain(pattern, &error))?;
    match hir.properties().minimum_len() {
        Some(0) => Err(PatternError::whole(
            pattern,
            "expression can match empty text",
            "this can match nothing at all",
            "demand at least one character, for example `+` in place of `*`",
        )),
        None => Err(PatternError::whole(
            pattern,
            "expression can never match",
            "no text fits this",
            "look for an empty class such as `[a&&b]`",
        )),
        Some(_) => measure(pattern, hir),
    }
}

/// Parses an expression that is searched for and readies it.
pub(super) fn searched(pattern: &str) -> Result<LazyRegex, PatternError> {
    parse(pattern)?;
    Ok(LazyRegex::checked(pattern))
}

/// Parses an expression and readies it with its anchors.
pub(super) fn anchored(pattern: &str, anchor: Anchor) -> Result<AnchoredRegex, PatternError> {
    parse(pattern)?;
    Ok(AnchoredRegex::checked(&wrap(pattern, anchor), anchor))
}

/// Puts anchors around an expression. A comment at the end of an `(?x)` expression is closed by a line break.
fn wrap(pattern: &str, anchor: Anchor) -> String {
    let (front, back) = match anchor {
        Anchor::Start => (r"\A", ""),
        Anchor::End => ("", r"\z"),
        Anchor::Both => (r"\A", r"\z"),
    };
    let plain = format!("{front}(?:{pattern}){back}");
    if !pattern.contains('#') || syntax(&plain).is_ok() { plain } else { format!("{front}(?:{pattern}\n){back}") }
}

/// Names and numbers of an expression's groups, in order: `(1, Some("value"))`.
pub(super) fn groups(hir: &Hir) -> Vec<(usize, Option<String>)> {
    let mut found = Vec::new();
    let mut waiting = vec![hir];
    while let Some(node) = waiting.pop() {
        match node.kind() {
            HirKind::Capture(capture) => {
                found.push((capture.index as usize, capture.name.as_deref().map(str::to_owned)));
                waiting.push(&capture.sub);
            }
            HirKind::Repetition(repetition) => waiting.push(&repetition.sub),
            HirKind::Concat(nodes) | HirKind::Alternation(nodes) => waiting.extend(nodes),
            HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) | HirKind::Look(_) => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Parses in the one dialect that rules have.
pub(super) fn syntax(pattern: &str) -> Result<Hir, Box<regex_syntax::Error>> {
    ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern).map_err(Box::new)
}

/// Refuses what would take too much memory. Only what may come near the bound is built to be measured.
fn measure(pattern: &str, hir: Hir) -> Result<Hir, PatternError> {
    if states_at_most(&hir) <= STATES_FEW {
        return Ok(hir);
    }
    let limits = thompson::Config::new().utf8(false).nfa_size_limit(Some(AUTOMATON_BYTES_MAX));
    match thompson::Compiler::new().configure(limits).build_from_hir(&hir) {
        Ok(_) => Ok(hir),
        Err(_) => Err(PatternError::whole(
            pattern,
            "expression is too large",
            "its automaton would take more than 4 MiB",
            "lower the counts of `{n,m}` repeats, or split it into several primaries",
        )),
    }
}

/// An upper bound of an automaton's states. A class of characters beyond ASCII takes some for each of its ranges.
fn states_at_most(hir: &Hir) -> u64 {
    let sum = |nodes: &[Hir]| nodes.iter().map(states_at_most).fold(1, u64::saturating_add);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len() as u64,
        HirKind::Class(hir::Class::Bytes(class)) => 1 + class.ranges().len() as u64,
        HirKind::Class(hir::Class::Unicode(class)) => 16 * (1 + class.ranges().len() as u64),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1));
            states_at_most(&repetition.sub).saturating_add(2).saturating_mul(u64::from(times.max(1)))
        }
        HirKind::Capture(capture) => states_at_most(&capture.sub).saturating_add(2),
        HirKind::Concat(nodes) | HirKind::Alternation(nodes) => sum(nodes).saturating_add(nodes.len() as u64),
    }
}

fn explain(pattern: &str, error: &regex_syntax::Error) -> PatternError {
    match error {
        regex_syntax::Error::Parse(error) => explain_parse(error),
        regex_syntax::Error::Translate(error) => explain_translate(error),
        _ => PatternError { message: "bad regex".into(), span: 0..pattern.len(), label: String::new(), help: None },
    }
}

fn bytes(span: &ast::Span) -> Range<usize> {
    span.start.offset..span.end.offset
}

fn explain_parse(error: &ast::Error) -> PatternError {
    let (message, help) = match error.kind() {
        ast::ErrorKind::UnsupportedLookAround => (
            "look-around is not supported",
            "put what must stand around the value into the expression and mark the value with `group`, \
             use `edges`, or a `check` with `where = \"before\"` or `\"after\"`",
        ),
        ast::ErrorKind::UnsupportedBackreference => (
            "back-references are not supported",
            "write the alternatives out, one for each repeated character, or refuse the rest with a validator",
        ),
        _ => ("bad regex", ""),
    };
    PatternError {
        message: message.into(),
        span: bytes(error.span()),
        label: error.kind().to_string(),
        help: (!help.is_empty()).then(|| help.to_owned()),
    }
}

fn explain_translate(error: &hir::Error) -> PatternError {
    let (message, help) = match error.kind() {
        hir::ErrorKind::UnicodeNotAllowed => (
            "expressions are read with Unicode off",
            "set this part in `(?u:...)`, for example `(?u:[äöü])` or `(?u:\\p{L})`; text outside classes needs nothing",
        ),
        _ => ("bad regex", ""),
    };
    PatternError {
        message: message.into(),
        span: bytes(error.span()),
        label: error.kind().to_string(),
        help: (!help.is_empty()).then(|| help.to_owned()),
    }
}
