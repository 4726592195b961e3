//! What rules have in common, counted from their syntax trees: beginnings (anchors) and structures (shapes).
//!
//! Both are coarse on purpose, so that the counts are low rather than high: characters are told apart by kind only, a fixed
//! letter is a letter like any other, and a shape knows neither lengths nor which separator stands between its runs.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Positions of a rule's beginning that count.
const ANCHOR_POSITIONS: usize = 16;

/// The kinds of the first sixteen positions, optional ones marked, as a text to compare.
pub(crate) fn anchor(pattern: &str) -> String {
    let mut positions = Vec::new();
    walk(&parse(pattern), false, &mut positions, ANCHOR_POSITIONS);
    positions.truncate(ANCHOR_POSITIONS);
    positions.iter().map(|position| format!("{}{}", position.kind, if position.optional { "?" } else { "" })).collect()
}

/// The runs of kinds from beginning to end: `D-D` for digits, any separators, digits.
pub(crate) fn shape(pattern: &str) -> String {
    let mut positions = Vec::new();
    walk(&parse(pattern), false, &mut positions, usize::MAX);
    let mut runs: Vec<&str> = Vec::new();
    for position in &positions {
        let kind = if position.kind.starts_with('[') { "-" } else { position.kind.as_str() };
        if runs.last() != Some(&kind) {
            runs.push(kind);
        }
    }
    runs.concat()
}

/// One place of a rule.
struct Position {
    /// A letter for a kind, or the set of separators in brackets.
    kind: String,
    optional: bool,
}

fn parse(pattern: &str) -> Hir {
    let mut parser = ParserBuilder::new().utf8(false).unicode(false).build();
    parser.parse(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

/// Appends the positions of a tree, the longest way through it, as far as `most`. Of alternatives the first is taken.
fn walk(hir: &Hir, optional: bool, out: &mut Vec<Position>, most: usize) {
    if out.len() >= most {
        return;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => {
            out.extend(literal.0.iter().map(|byte| Position { kind: kind(&[*byte]), optional }));
        }
        HirKind::Class(class) => out.push(Position { kind: kind(&bytes(class)), optional }),
        HirKind::Capture(capture) => walk(&capture.sub, optional, out, most),
        HirKind::Concat(parts) => parts.iter().for_each(|part| walk(part, optional, out, most)),
        HirKind::Alternation(ways) => walk(&ways[0], optional, out, most),
        HirKind::Repetition(repeat) => {
            let high = repeat.max.unwrap_or(repeat.min + 1).max(repeat.min);
            for at in 0..high {
                walk(&repeat.sub, optional || at >= repeat.min, out, most);
            }
        }
    }
}

fn bytes(class: &Class) -> Vec<u8> {
    let Class::Bytes(class) = class else { return Vec::new() };
    class.iter().flat_map(|range| range.start()..=range.end()).collect()
}

fn kind(bytes: &[u8]) -> String {
    let all = |test: fn(&u8) -> bool| bytes.iter().all(test);
    if all(u8::is_ascii_digit) {
        "D".to_owned()
    } else if all(u8::is_ascii_uppercase) {
        "U".to_owned()
    } else if all(u8::is_ascii_lowercase) {
        "L".to_owned()
    } else if all(u8::is_ascii_hexdigit) {
        "H".to_owned()
    } else if all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase()) {
        "A".to_owned()
    } else if all(u8::is_ascii_alphanumeric) {
        "W".to_owned()
    } else if bytes.iter().any(u8::is_ascii_alphanumeric) {
        "X".to_owned()
    } else {
        format!("[{}]", String::from_utf8_lossy(bytes))
    }
}
