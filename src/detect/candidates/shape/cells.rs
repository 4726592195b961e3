//! The second look at a place: which of a bucket's anchors it really lies within.
//!
//! A bucket admits mixtures of its anchors; a cell holds up to sixty-four of them apart, a bit each, and asks every place
//! of the text for those it admits. An anchor that spells out its rule's whole match decides the rule here and now.

use super::anchors::{Anchor, PLACES};
use super::rate::Rates;

/// Anchors of one cell.
pub(crate) const CELL: usize = 64;

/// The bytes that anchors look at, from the byte before a match on.
pub(crate) type Around = [u8; PLACES];

/// Anchors, looked up by the bytes around a place.
#[derive(Debug)]
pub(crate) struct Cell {
    class_of: Box<[u8; 256]>,
    /// The places in the order they are asked, the most telling first.
    order: [u8; PLACES],
    /// For each place in that order, a row of classes: the anchors that admit them.
    table: Vec<u64>,
    classes: usize,
    /// For each anchor, what it tells.
    pub(crate) tells: Vec<Vec<Tells>>,
}

/// What lies within an anchor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tells {
    /// A match of the rule (its index in the lane), of so many bytes.
    Match(usize, u32),
    /// Perhaps a match of a rule that an automaton must decide.
    Walk,
}

impl Cell {
    /// A cell of at most [`CELL`] anchors.
    pub(crate) fn new(anchors: &[(&Anchor, Vec<Tells>)], rates: &mut Rates) -> Self {
        let admitting = |place: usize, byte: u8| {
            anchors
                .iter()
                .enumerate()
                .fold(0_u64, |mask, (bit, (anchor, _))| mask | u64::from(anchor.0[place].contains(byte)) << bit)
        };
        let mut class_of = Box::new([0; 256]);
        let mut known: Vec<[u64; PLACES]> = Vec::new();
        for byte in 0..=255_u8 {
            let column: [u64; PLACES] = std::array::from_fn(|place| admitting(place, byte));
            let class = known.iter().position(|other| *other == column).unwrap_or_else(|| {
                known.push(column);
                known.len() - 1
            });
            class_of[usize::from(byte)] = u8::try_from(class).unwrap_or(u8::MAX);
        }
        let mut order: Vec<(f32, u8)> = (0_u8..)
            .take(PLACES)
            .map(|place| {
                let sets = anchors.iter().map(|(anchor, _)| anchor.0[usize::from(place)]);
                (sets.map(|set| rates.of_set(set)).sum(), place)
            })
            .collect();
        order.sort_by(|this, other| this.0.total_cmp(&other.0));
        let order: [u8; PLACES] = std::array::from_fn(|at| order[at].1);
        let rows = order.iter().map(|&place| usize::from(place));
        let table = rows.flat_map(|place| known.iter().map(move |column| column[place])).collect();
        let tells = anchors.iter().map(|(_, tells)| tells.clone()).collect();
        Self { class_of, order, table, classes: known.len(), tells }
    }

    /// The anchors that the bytes lie within, a bit each.
    #[inline]
    pub(crate) fn admits(&self, around: &Around) -> u64 {
        let mut left = u64::MAX;
        for (row, four) in self.table.chunks_exact(4 * self.classes).zip(self.order.as_chunks::<4>().0) {
            for (at, &place) in four.iter().enumerate() {
                let byte = around[usize::from(place) % PLACES];
                left &= row[at * self.classes + usize::from(self.class_of[usize::from(byte)])];
            }
            if left == 0 {
                break;
            }
        }
        left
    }
}

/// The bytes around a place; what lies outside the text is a line feed.
#[inline]
pub(crate) fn around(hay: &[u8], start: usize) -> Around {
    if let Some(bytes) = start.checked_sub(1).and_then(|first| hay.get(first..)?.first_chunk()) {
        return *bytes;
    }
    let byte = |place: usize| (start + place).checked_sub(1).and_then(|at| hay.get(at)).copied().unwrap_or(b'\n');
    std::array::from_fn(byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::candidates::shape::anchors::anchors;
    use crate::rule::syntax::Edges;

    #[test]
    fn a_cell_tells_the_anchors_apart() {
        let parse = |pattern: &str| {
            regex_syntax::ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern).expect("test pattern")
        };
        let patterns = [r"\d{3}-\d{2}", r"\d{6}", r"[A-Z]\d{5}", r"[A-Z]{2}\d{4}"];
        let all: Vec<Anchor> =
            patterns.iter().map(|pattern| anchors(&parse(pattern), Edges::Word).anchors[0].0).collect();
        let cell = Cell::new(&all.iter().map(|anchor| (anchor, Vec::new())).collect::<Vec<_>>(), &mut Rates::new());
        let rows = [
            ("123-45", 0, 0b1),
            ("x 123456", 2, 0b10),
            (".A12345.", 1, 0b100),
            ("AB1234", 0, 0b1000),
            ("AB1234x", 0, 0),
            ("123 45", 0, 0),
            ("", 0, 0),
        ];
        for (text, start, expected) in rows {
            assert_eq!(cell.admits(&around(text.as_bytes(), start)), expected, "{text}");
        }
    }
}
