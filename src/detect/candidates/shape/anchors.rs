//! From a rule's syntax tree to its anchors: which bytes may stand before a match, and at each of its first places.
//!
//! A rule with optional or repeated pieces has several anchors, one for each way its first bytes can lie; where they would
//! be too many, the two that differ least become one that admits both. So an anchor may admit too much and never too
//! little: whatever matches the rule lies within one of its anchors.

use crate::detect::candidates::bytes::ByteSet;
use crate::detect::candidates::told::edge_set;
use crate::rule::syntax::Edges;
use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// Places an anchor looks at: the byte before a match and its first fifteen bytes.
pub(crate) const PLACES: usize = 16;
/// Bytes of a match that are looked at.
const INSIDE: usize = PLACES - 1;
/// Anchors of one rule.
const ANCHORS_MAX: usize = 48;

/// What may stand at each place: first the byte before the match, then the match's own bytes and what follows it. A place
/// beyond the end of the text counts as a line feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Anchor(pub(crate) [ByteSet; PLACES]);

impl Anchor {
    /// True when whatever lies within this anchor lies within the other.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(this, other)| this.is_within(other))
    }

    /// The least anchor that admits both.
    pub(crate) fn or(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at].or(other.0[at])))
    }
}

/// The anchors of a rule, each with the length of the match that lies within it.
#[derive(Clone, Debug)]
pub(crate) struct Anchors {
    pub(crate) anchors: Vec<(Anchor, u8)>,
    /// True when what lies within an anchor is a match of its length, and every match that its neighbours do not refuse
    /// lies within one. Else the anchors only tell where a match may begin.
    pub(crate) exact: bool,
}

/// The anchors of a rule. None only for a rule that matches nothing.
pub(crate) fn anchors(hir: &Hir, edges: Edges) -> Anchors {
    let drafts = extend(hir, vec![Draft::new(edges)]);
    let mut exact = drafts.iter().all(|draft| draft.exact && draft.is_growing());
    let mut anchors: Vec<(Anchor, u8)> = drafts.into_iter().map(|draft| draft.finish(edges)).collect();
    anchors.sort_unstable();
    anchors.dedup();
    // What another admits says nothing new, but its own length is lost.
    let all = anchors.clone();
    let told_by = |at: usize| {
        let other = |other: usize| other != at && all[at].0.is_within(&all[other].0);
        (0..all.len()).any(|that| other(that) && (all[that].0 != all[at].0 || that < at))
    };
    let mut at = 0;
    anchors.retain(|_| {
        at += 1;
        !told_by(at - 1)
    });
    exact &= anchors.len() == all.len();
    Anchors { anchors, exact }
}

/// An anchor in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Draft {
    /// What may stand before the match.
    before: ByteSet,
    sets: Vec<ByteSet>,
    /// What may come next, by a word boundary just passed.
    next: ByteSet,
    /// A word boundary stands at the beginning and the first byte is not known yet.
    boundary: bool,
    /// A beginning inside a word of this set is refused.
    whole: ByteSet,
    /// Nothing is known of what follows.
    open: bool,
    /// It admits no more than the rule does.
    exact: bool,
}

impl Draft {
    fn new(edges: Edges) -> Self {
        let whole = edge_set(edges);
        Self {
            before: ByteSet::ALL,
            sets: Vec::new(),
            next: ByteSet::ALL,
            boundary: false,
            whole,
            open: false,
            exact: true,
        }
    }

    /// Whether another byte would still be looked at.
    fn is_growing(&self) -> bool {
        !self.open && self.sets.len() < INSIDE
    }

    /// Adds one byte of the match; the first may split the draft by what may stand before.
    fn push(mut self, set: ByteSet, out: &mut Vec<Self>) {
        let set = set.and(std::mem::replace(&mut self.next, ByteSet::ALL));
        if !self.sets.is_empty() {
            self.add(set, out);
            return;
        }
        let word = ByteSet::word();
        let parts = if self.boundary {
            vec![(set.and(word), word.not()), (set.and(word.not()), word)]
        } else {
            vec![(set, ByteSet::ALL)]
        };
        for (set, before) in parts {
            for (set, before) in
                [(set.and(self.whole), before.and(self.whole.not())), (set.and(self.whole.not()), before)]
            {
                let mut part = self.clone();
                part.before = part.before.and(before);
                part.add(set, out);
            }
        }
    }

    fn add(mut self, set: ByteSet, out: &mut Vec<Self>) {
        if !set.is_empty() && !self.before.is_empty() {
            self.sets.push(set);
            out.push(self);
        }
    }

    /// Passes a word boundary.
    fn pass_boundary(&mut self) {
        let word = ByteSet::word();
        match self.sets.last() {
            None => self.boundary = true,
            Some(last) if last.is_within(&word) => self.next = self.next.and(word.not()),
            Some(last) if last.is_within(&word.not()) => self.next = self.next.and(word),
            // Either side may be the word: nothing is known.
            Some(_) => self.exact = false,
        }
    }

    /// The anchor of a finished draft: what may follow the match is its last place.
    fn finish(mut self, edges: Edges) -> (Anchor, u8) {
        let length = u8::try_from(self.sets.len()).unwrap_or(u8::MAX);
        if self.is_growing() {
            let whole = edge_set(edges);
            let ends_whole = self.sets.last().is_some_and(|last| last.is_within(&whole));
            let after = if ends_whole { self.next.and(whole.not()) } else { self.next };
            self.sets.push(after);
        }
        let mut places = [ByteSet::ALL; PLACES];
        places[0] = self.before;
        places[1..=self.sets.len()].copy_from_slice(&self.sets);
        (Anchor(places), length)
    }

    /// What makes two drafts alike enough to become one.
    fn form(&self) -> (usize, bool, bool) {
        (self.sets.len(), self.open, self.boundary)
    }

    /// The least draft that admits both; of different forms, as far as both are known.
    fn join(&self, other: &Self) -> Self {
        Self {
            before: self.before.or(other.before),
            sets: self.sets.iter().zip(&other.sets).map(|(this, other)| this.or(*other)).collect(),
            next: self.next.or(other.next),
            boundary: self.boundary && other.boundary,
            whole: self.whole,
            open: self.open || self.form() != other.form(),
            exact: false,
        }
    }

    fn difference(&self, other: &Self) -> u32 {
        let mut bytes = self.before.difference(&other.before) + self.next.difference(&other.next);
        for (this, other) in self.sets.iter().zip(&other.sets) {
            bytes += this.difference(other);
        }
        bytes
    }
}

/// Extends every draft by all that `hir` can match.
fn extend(hir: &Hir, drafts: Vec<Draft>) -> Vec<Draft> {
    let extended = match hir.kind() {
        HirKind::Empty => drafts,
        HirKind::Look(look) => passed(*look, drafts),
        HirKind::Literal(literal) => literal.0.iter().fold(drafts, |drafts, &byte| {
            let one = ByteSet::of(|other| other == byte);
            each_growing(drafts, |draft, out| draft.push(one, out))
        }),
        HirKind::Class(class) => {
            let (sets, wide) = class_sets(class);
            each_growing(drafts, |draft, out| {
                if !sets.is_empty() {
                    draft.clone().push(sets, out);
                }
                if !wide.is_empty() {
                    let first = out.len();
                    draft.push(wide, out);
                    for draft in &mut out[first..] {
                        draft.open = true;
                    }
                }
            })
        }
        HirKind::Capture(capture) => extend(&capture.sub, drafts),
        HirKind::Repetition(repetition) => repeated(repetition, drafts),
        HirKind::Concat(pieces) => pieces.iter().fold(drafts, |drafts, piece| extend(piece, drafts)),
        HirKind::Alternation(branches) => branches.iter().flat_map(|branch| extend(branch, drafts.clone())).collect(),
    };
    within_budget(extended)
}

/// Applies `grow` to every draft that still grows; the others stay.
fn each_growing(drafts: Vec<Draft>, grow: impl Fn(Draft, &mut Vec<Draft>)) -> Vec<Draft> {
    let mut out = Vec::with_capacity(drafts.len());
    for draft in drafts {
        if draft.is_growing() {
            grow(draft, &mut out);
        } else {
            out.push(draft);
        }
    }
    out
}

fn passed(look: Look, mut drafts: Vec<Draft>) -> Vec<Draft> {
    if look == Look::WordAscii {
        for draft in drafts.iter_mut().filter(|draft| draft.is_growing()) {
            draft.pass_boundary();
        }
    } else {
        // Any other assertion is taken to hold.
        drafts.iter_mut().for_each(|draft| draft.exact = false);
    }
    drafts
}

/// The single bytes of a class, and the first bytes of its longer characters.
fn class_sets(class: &Class) -> (ByteSet, ByteSet) {
    let (mut single, mut first) = (ByteSet::EMPTY, ByteSet::EMPTY);
    match class {
        Class::Bytes(bytes) => {
            for range in bytes.ranges() {
                single.insert_range(range.start(), range.end());
            }
        }
        Class::Unicode(scalars) => {
            for range in scalars.ranges() {
                let (mut low, mut high) = ([0; 4], [0; 4]);
                let low = range.start().encode_utf8(&mut low).as_bytes()[0];
                let high = range.end().encode_utf8(&mut high).as_bytes()[0];
                if low < 0x80 {
                    single.insert_range(low, high.min(0x7F));
                }
                if high >= 0x80 {
                    first.insert_range(low.max(0x80), high);
                }
            }
        }
    }
    (single, first)
}

/// All numbers of turns that a repetition allows, as far as they are looked at.
fn repeated(repetition: &Repetition, drafts: Vec<Draft>) -> Vec<Draft> {
    let mut done = Vec::new();
    let mut turn = drafts;
    for count in 0_u32.. {
        let (growing, full): (Vec<Draft>, Vec<Draft>) = turn.into_iter().partition(Draft::is_growing);
        done.extend(full);
        // A turn adds a byte or may as well not be taken, so that no more than these are needed.
        let last = repetition.max == Some(count) || count as usize > INSIDE;
        if count >= repetition.min || last {
            done.extend(growing.iter().cloned());
        }
        if last || growing.is_empty() {
            break;
        }
        turn = extend(&repetition.sub, growing);
    }
    done
}

/// Makes few drafts of many: equal ones become one, then those that differ least.
fn within_budget(mut drafts: Vec<Draft>) -> Vec<Draft> {
    if drafts.len() < 2 {
        return drafts;
    }
    drafts.sort_unstable_by(|this, other| {
        (this.form(), &this.sets, this.before).cmp(&(other.form(), &other.sets, other.before))
    });
    drafts.dedup();
    // Neighbours in order begin alike: with very many, every second one joins the one before it.
    while drafts.len() > 2 * ANCHORS_MAX {
        let many = drafts.len();
        drafts = drafts
            .chunks(2)
            .flat_map(|pair| match pair {
                [this, other] if this.form() == other.form() => vec![this.join(other)],
                _ => pair.to_vec(),
            })
            .collect();
        if drafts.len() == many {
            break;
        }
    }
    // In order, what is alike stands together: neighbours that lose least become one.
    let mut lost: Vec<u32> = drafts.windows(2).map(|pair| loss(&pair[0], &pair[1])).collect();
    while drafts.len() > ANCHORS_MAX {
        let Some(at) = (0..lost.len()).min_by_key(|&at| lost[at]) else { break };
        let other = drafts.remove(at + 1);
        drafts[at] = drafts[at].join(&other);
        lost.remove(at);
        if at > 0 {
            lost[at - 1] = loss(&drafts[at - 1], &drafts[at]);
        }
        if let Some(next) = drafts.get(at + 1) {
            lost[at] = loss(&drafts[at], next);
        }
    }
    drafts
}

/// What is lost when two drafts become one.
fn loss(this: &Draft, other: &Draft) -> u32 {
    /// Drafts of different forms lose what one of them knows: only when nothing else is left.
    const UNLIKE: u32 = 1 << 24;
    this.difference(other) + if this.form() == other.form() { 0 } else { UNLIKE }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pattern: &str) -> Hir {
        regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern).expect("test pattern")
    }

    /// An anchor in letters: `#` a digit, `a` a letter or digit, `!` neither, `x` other than a digit, `*` anything.
    fn print(anchor: &Anchor) -> String {
        let named = [
            ('#', ByteSet::digits()),
            ('a', ByteSet::alnum()),
            ('!', ByteSet::alnum().not()),
            ('.', ByteSet::word().not()),
            ('x', ByteSet::digits().not()),
            ('*', ByteSet::ALL),
        ];
        let name = |set: &ByteSet| {
            let single = (0..=255).find(|&byte| *set == ByteSet::of(|other| other == byte)).map(char::from);
            named.iter().find(|(_, named)| named == set).map(|(name, _)| *name).or(single).unwrap_or('?')
        };
        anchor.0.iter().map(name).collect::<String>().trim_end_matches('*').to_owned()
    }

    #[test]
    fn anchors_spell_out_the_ways_a_match_can_begin() {
        type Rows<'a> = &'a [(&'a str, Edges, &'a [&'a str])];
        let rows: Rows<'_> = &[
            (r"\d{3}-\d{2}", Edges::Word, &["!###-##!"]),
            (r"\d{3}-\d{2}", Edges::Digit, &["x###-##x"]),
            (r"\d{3}-\d{2}", Edges::None, &["*###-##"]),
            (r"\b\d{2}-?\d\b", Edges::None, &[".###.", ".##-#."]),
            (r"\d{2,4}", Edges::Word, &["!##!", "!###!", "!####!"]),
            (r"(?:AB|C)\d", Edges::Word, &["!AB#!", "!C#!"]),
            (r"\d{20}", Edges::Word, &["!###############"]),
            (r"#[0-9]+x", Edges::Word, &["*##x!"]),
        ];
        for (pattern, edges, expected) in &rows[..7] {
            let anchors = anchors(&parse(pattern), *edges);
            let mut found: Vec<String> = anchors.anchors.iter().map(|(anchor, _)| print(anchor)).collect();
            found.sort();
            let mut expected: Vec<String> = expected.iter().map(|row| (*row).to_owned()).collect();
            expected.sort();
            assert_eq!(found, expected, "{pattern}");
        }
    }
}
