//! What a pattern's syntax tree tells about where its matches can begin: the facts that choose a lane.
//!
//! Nothing here is written for particular rules. Two facts matter: the set of bytes a match can begin with, and the
//! literals that every match must contain at a bounded distance from its beginning.

use super::bytes::ByteSet;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Which end of a match is asked about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    First,
    Last,
}

/// The bytes a non-empty match can begin with.
pub(crate) fn first_bytes(hir: &Hir) -> ByteSet {
    let mut set = ByteSet::EMPTY;
    end_bytes(hir, End::First, &mut set);
    set
}

/// The bytes a non-empty match can end with.
pub(crate) fn last_bytes(hir: &Hir) -> ByteSet {
    let mut set = ByteSet::EMPTY;
    end_bytes(hir, End::Last, &mut set);
    set
}

/// Adds the outermost bytes of `hir` to `set`; true when `hir` can match nothing, so that its neighbour shows too.
fn end_bytes(hir: &Hir, end: End, set: &mut ByteSet) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => {
            let byte = if end == End::First { literal.0.first() } else { literal.0.last() };
            if let Some(&byte) = byte {
                set.insert_range(byte, byte);
            }
            literal.0.is_empty()
        }
        HirKind::Class(class) => {
            class_bytes(class, end, set);
            false
        }
        HirKind::Capture(capture) => end_bytes(&capture.sub, end, set),
        HirKind::Repetition(repetition) => {
            let nullable = end_bytes(&repetition.sub, end, set);
            nullable || repetition.min == 0
        }
        HirKind::Concat(pieces) => {
            let mut outermost_first: Vec<&Hir> = pieces.iter().collect();
            if end == End::Last {
                outermost_first.reverse();
            }
            outermost_first.into_iter().all(|piece| end_bytes(piece, end, set))
        }
        HirKind::Alternation(branches) => {
            branches.iter().fold(false, |nullable, branch| end_bytes(branch, end, set) | nullable)
        }
    }
}

fn class_bytes(class: &Class, end: End, set: &mut ByteSet) {
    match class {
        Class::Bytes(bytes) => {
            for range in bytes.ranges() {
                set.insert_range(range.start(), range.end());
            }
        }
        Class::Unicode(scalars) => {
            for range in scalars.ranges() {
                let (mut first, mut last) = ([0; 4], [0; 4]);
                let first = range.start().encode_utf8(&mut first).as_bytes();
                let last = range.end().encode_utf8(&mut last).as_bytes();
                if end == End::First || last.len() == 1 {
                    set.insert_range(first[0], last[0]);
                } else {
                    // The last byte of a longer sequence is any continuation byte.
                    set.insert_range(0x80, 0xBF);
                    if first.len() == 1 {
                        set.insert_range(first[0], 0x7F);
                    }
                }
            }
        }
    }
}

/// A literal that every match of a branch contains, ASCII letters in lower case, `before_min..=before_max` bytes after the
/// match's beginning.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Anchor {
    pub(crate) literal: Vec<u8>,
    pub(crate) before_min: usize,
    pub(crate) before_max: usize,
}

/// Most literals one primary may bring; more would cost more than they save.
const ANCHORS_MAX: usize = 64;
/// Farthest a literal may stand from the beginning, in bytes: each nomination tries that many beginnings.
const BEFORE_MAX: usize = 128;
/// Longest literal that is kept; the search looks at four bytes, the rest only confirms.
pub(crate) const LITERAL_MAX: usize = 32;

/// The best set of literals, one of which stands in every match; `None` when there is no bounded, finite set.
pub(crate) fn anchors(hir: &Hir) -> Option<Vec<Anchor>> {
    let anchors = best_of(hir, 0, 0)?;
    (anchors.len() <= ANCHORS_MAX).then_some(anchors)
}

fn best_of(hir: &Hir, before_min: usize, before_max: usize) -> Option<Vec<Anchor>> {
    if before_max > BEFORE_MAX {
        return None;
    }
    match hir.kind() {
        HirKind::Capture(capture) => best_of(&capture.sub, before_min, before_max),
        HirKind::Repetition(repetition) if repetition.min > 0 => best_of(&repetition.sub, before_min, before_max),
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(best_of(branch, before_min, before_max)?);
                if all.len() > ANCHORS_MAX {
                    return None;
                }
            }
            all.sort();
            all.dedup();
            Some(all)
        }
        HirKind::Concat(pieces) => best_in_concat(pieces, before_min, before_max),
        _ => {
            let literals = exact_literals(hir)?;
            at(literals, before_min, before_max)
        }
    }
}

fn at(literals: Vec<Vec<u8>>, before_min: usize, before_max: usize) -> Option<Vec<Anchor>> {
    if literals.iter().any(Vec::is_empty) {
        return None;
    }
    Some(
        literals
            .into_iter()
            .map(|mut literal| {
                literal.truncate(LITERAL_MAX);
                Anchor { literal, before_min, before_max }
            })
            .collect(),
    )
}

/// Tries every place of a concatenation where literals begin, and keeps the rarest.
fn best_in_concat(pieces: &[Hir], mut before_min: usize, mut before_max: usize) -> Option<Vec<Anchor>> {
    let mut best: Option<Vec<Anchor>> = None;
    for (index, piece) in pieces.iter().enumerate() {
        if before_max > BEFORE_MAX {
            break;
        }
        let inner = best_of(piece, before_min, before_max);
        let run = exact_run(&pieces[index..]).and_then(|literals| at(literals, before_min, before_max));
        for found in [inner, run].into_iter().flatten() {
            if best.as_ref().is_none_or(|best| price(&found) < price(best)) {
                best = Some(found);
            }
        }
        let properties = piece.properties();
        before_min += properties.minimum_len().unwrap_or(0);
        before_max = properties.maximum_len().map_or(usize::MAX, |length| before_max.saturating_add(length));
    }
    best
}

/// The exact texts of as many leading pieces as have a small finite set of them.
fn exact_run(pieces: &[Hir]) -> Option<Vec<Vec<u8>>> {
    let mut run = exact_literals(pieces.first()?)?;
    for piece in &pieces[1..] {
        let Some(next) = exact_literals(piece) else { break };
        if run.len() * next.len() > ANCHORS_MAX || run.iter().any(|text| text.len() >= LITERAL_MAX) {
            break;
        }
        run = run.iter().flat_map(|head| next.iter().map(move |tail| [&head[..], &tail[..]].concat())).collect();
    }
    Some(run)
}

/// All texts that `hir` matches, ASCII case folded, when they are few.
fn exact_literals(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let literals = match hir.kind() {
        HirKind::Literal(literal) => vec![literal.0.to_ascii_lowercase()],
        HirKind::Class(class) => {
            let mut folded: Vec<Vec<u8>> = class_members(class)?;
            folded.sort();
            folded.dedup();
            folded
        }
        HirKind::Capture(capture) => exact_literals(&capture.sub)?,
        HirKind::Empty => vec![Vec::new()],
        HirKind::Look(_) => return None,
        HirKind::Repetition(repetition) => {
            if repetition.max != Some(repetition.min) || repetition.min > 8 {
                return None;
            }
            let sub = exact_literals(&repetition.sub)?;
            if sub.len() != 1 {
                return None;
            }
            vec![sub[0].repeat(repetition.min as usize)]
        }
        HirKind::Concat(pieces) => {
            let mut all = vec![Vec::new()];
            for piece in pieces {
                let next = exact_literals(piece)?;
                if all.len() * next.len() > ANCHORS_MAX {
                    return None;
                }
                all =
                    all.iter().flat_map(|head| next.iter().map(move |tail| [&head[..], &tail[..]].concat())).collect();
            }
            all
        }
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(exact_literals(branch)?);
                if all.len() > ANCHORS_MAX {
                    return None;
                }
            }
            all.sort();
            all.dedup();
            all
        }
    };
    Some(literals)
}

/// The members of a small class, folded; `None` for a large one.
fn class_members(class: &Class) -> Option<Vec<Vec<u8>>> {
    /// A class with more members than this is no literal.
    const MEMBERS_MAX: usize = 8;
    let mut members = Vec::new();
    match class {
        Class::Bytes(bytes) => {
            for range in bytes.ranges() {
                if range.len() > MEMBERS_MAX {
                    return None;
                }
                members.extend((range.start()..=range.end()).map(|byte| vec![byte.to_ascii_lowercase()]));
            }
        }
        Class::Unicode(scalars) => {
            for range in scalars.ranges() {
                if range.len() > MEMBERS_MAX {
                    return None;
                }
                members.extend((range.start()..=range.end()).map(|c| c.to_ascii_lowercase().to_string().into_bytes()));
            }
        }
    }
    (members.len() <= MEMBERS_MAX).then_some(members)
}

/// How often a set of anchors is expected to occur, in parts per 2^40 of all positions, times the beginnings each
/// occurrence makes the matcher try. Lower is better.
fn price(anchors: &[Anchor]) -> u64 {
    anchors
        .iter()
        .map(|anchor| {
            let occurs = anchor.literal.iter().fold(1_u64 << 40, |rate, &byte| (rate * frequency(byte)) >> 16);
            let tries = (anchor.before_max - anchor.before_min + 1) as u64;
            // A try that fails at its first byte is cheap: 32 of them weigh as one verified occurrence.
            occurs.saturating_mul(32 + tries) / 32
        })
        .sum()
}

/// Occurrences of a set of anchors expected in a byte of ordinary text.
pub(crate) fn rate(anchors: &[Anchor]) -> f64 {
    let share = |byte: u8| f64::from(u16::try_from(frequency(byte)).unwrap_or(u16::MAX)) / 65_536.0;
    anchors.iter().map(|anchor| anchor.literal.iter().map(|&byte| share(byte)).product::<f64>()).sum()
}

/// The dearest set of anchors that is still a gain over trying every beginning: one occurrence in about 500 bytes.
const PRICE_MAX: u64 = (1 << 40) / 500;
/// Beginnings that are told by fewer bytes than this are told as well by the residual lane, which looks at them anyway.
const PREFIX_MIN: usize = 3;

/// Whether anchors are worth a place in the literal lane.
pub(crate) fn worth_it(anchors: &[Anchor]) -> bool {
    let short_prefix = |anchor: &Anchor| anchor.before_max == 0 && anchor.literal.len() < PREFIX_MIN;
    !anchors.iter().any(short_prefix) && price(anchors) <= PRICE_MAX
}

/// Roughly how often a byte (case folded) occurs in office text, code and logs, in parts of 65,536. Only its order of
/// magnitude matters, and only for speed.
pub(crate) fn frequency(byte: u8) -> u64 {
    match byte {
        b' ' => 9_000,
        b'e' => 5_500,
        b't' | b'a' | b'o' | b'i' | b'n' | b's' | b'r' => 3_500,
        b'l' | b'c' | b'd' | b'u' | b'm' | b'p' => 1_900,
        b'0'..=b'9' => 5_500,
        b'f' | b'g' | b'h' | b'y' | b'b' | b'w' | b'v' => 900,
        b'.' | b',' | b'-' | b'_' | b'/' | b':' | b'"' | b'(' | b')' | b'=' | b'\n' => 900,
        b'k' | b'x' | b'j' | b'q' | b'z' | b'\'' | b';' | b'<' | b'>' | b'*' | b'[' | b']' | b'{' | b'}' => 400,
        b'@' | b'~' | b'^' | b'`' => 40,
        0x80..=0xFF => 300,
        _ => 120,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pattern: &str) -> Hir {
        regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern).expect("test pattern")
    }

    #[test]
    fn first_and_last_bytes_are_those_of_the_pattern() {
        let rows: &[(&str, &str, &str)] = &[
            (r"\d{3}-\d{2}", "0123456789", "0123456789"),
            (r"[A-C]?\dx?", "0123456789ABC", "0123456789x"),
            (r"(?:ab|c)*d", "acd", "d"),
            (r"(?i)k[x-z]", "Kk", "XYZxyz"),
            (r"-----BEGIN (?:RSA )?KEY-----", "-", "-"),
        ];
        for (pattern, first, last) in rows {
            let hir = parse(pattern);
            let text = |set: ByteSet| set.iter().map(char::from).collect::<String>();
            assert_eq!(text(first_bytes(&hir)), *first, "first of {pattern}");
            assert_eq!(text(last_bytes(&hir)), *last, "last of {pattern}");
        }
    }

    #[test]
    fn anchors_are_the_rarest_literals_with_their_distance() {
        type Literals = &'static [(&'static str, usize, usize)];
        let rows: &[(&str, Option<Literals>)] = &[
            ("AKIA[A-Z2-7]{16}", Some(&[("akia", 0, 0)])),
            ("(?i)pass(?:word|phrase)", Some(&[("passphrase", 0, 0), ("password", 0, 0)])),
            (
                "gh[pousr]_[A-Za-z0-9]{36}",
                Some(&[("gho_", 0, 0), ("ghp_", 0, 0), ("ghr_", 0, 0), ("ghs_", 0, 0), ("ghu_", 0, 0)]),
            ),
            ("[a-z.]{1,64}@[a-z]+", Some(&[("@", 1, 64)])),
            ("[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{31,34}", Some(&[("7q~", 3, 3), ("8q~", 3, 3)])),
            (r"\d{3}-\d{2}", Some(&[("-", 3, 3)])),
            (r"[A-Z]{2}\d{2}", None),
            ("[a-z]+x", Some(&[("x", 1, usize::MAX)])),
        ];
        for (pattern, expected) in rows {
            let found = anchors(&parse(pattern));
            let expected = expected.filter(|rows| rows.iter().all(|row| row.2 != usize::MAX)).map(|rows| {
                rows.iter()
                    .map(|&(literal, before_min, before_max)| Anchor {
                        literal: literal.into(),
                        before_min,
                        before_max,
                    })
                    .collect::<Vec<_>>()
            });
            let found = found.map(|mut found| {
                found.sort();
                found
            });
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn a_common_literal_is_too_dear() {
        let rows = [(r"\d{3}-\d{2}", false), ("[a-z]{1,64}@x", true), ("AKIA", true), (r"\+1\d", false)];
        for (pattern, expected) in rows {
            assert_eq!(worth_it(&anchors(&parse(pattern)).expect("a literal")), expected, "{pattern}");
        }
    }
}
