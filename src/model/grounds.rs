//! What a match was judged on, without its text: enough to judge it again when its rule is tightened.
//!
//! The decision worth knowing: grounds speak of the text, not of the rule. Each question that the rule asked (how often a list's
//! terms stand near, which tier's checks take the value) stands with its answer under the question's own hash, so that any
//! later rule that asks the same questions more strictly can be answered, and one that asks others finds that it cannot.
//! Only numbers are kept: distances and counts, never a word of the text.

use std::fmt;

/// The answers to all questions that a detector asks about one of its matches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Grounds {
    /// The part's number in the file, from 0: names of parts may repeat.
    pub part: u32,
    /// The part's text was recovered from a refused file, so that the confidence is at most low.
    pub recovered: bool,
    /// The match stands at a place of its own in the part (a cell, a paragraph), where a second view of it counts once.
    pub placed: bool,
    /// Another match of the detector overlapped this one and lost against it.
    pub overlapped: bool,
    /// A second view of this value at its place was left out.
    pub twinned: bool,
    /// Of such a view, another match lost against it.
    pub twin_overlapped: bool,
    /// For each way in which the detector's tiers look at a value (shape, validators, checks, form), whether it takes this one.
    pub gates: Vec<(u64, bool)>,
    /// What stands around the match.
    pub leaves: Vec<LeafGrounds>,
}

/// What one leaf of evidence found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct LeafGrounds {
    /// The question's hash: what was looked for, on which side, whether different ones are counted.
    pub question: u64,
    /// How far was looked, in characters from the match.
    pub within: u32,
    /// How many were found there, counted as the leaf counts.
    pub count: u32,
    /// For the nearest [`REACHES_MAX`] of those that were counted: how far one must look to see it whole, ascending.
    pub reaches: Vec<u32>,
    /// The nearest by what is seen: whoever looks as far as `reach` says has this one as the nearest, until the next row. At
    /// most [`NEAREST_MAX`], the farthest reaching ones.
    pub nearest: Vec<Nearest>,
}

/// The nearest support for somebody who looks so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nearest {
    /// How far one must look to see it whole, in characters.
    pub reach: u32,
    /// Characters between it and the match.
    pub distance: u32,
    /// True when it stands before the match.
    pub before: bool,
}

/// Reaches kept for each leaf: what asks for more occurrences than that cannot be answered for smaller windows.
pub const REACHES_MAX: usize = 8;
/// Nearest supports kept for each leaf.
pub const NEAREST_MAX: usize = 4;

/// The form of [`Grounds::to_bytes`]; raised when it changes.
const FORM: u64 = 1;
/// Gates and leaves that are read back at most: a detector has no more than 64 tiers, and few leaves in each.
const LIST_MAX: u64 = 4096;

/// Bytes that are no grounds, or of a form this program does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unreadable;

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no grounds of a finding, or of a newer program; the content must be read again")
    }
}

impl std::error::Error for Unreadable {}

impl Grounds {
    /// A short form for a store: a number for the form, then all fields as numbers of variable length.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Writer(Vec::with_capacity(64));
        out.number(FORM);
        out.number(self.part.into());
        let flags = [self.recovered, self.placed, self.overlapped, self.twinned, self.twin_overlapped];
        out.number(flags.iter().rev().fold(0, |bits, flag| bits << 1 | u64::from(*flag)));
        out.number(self.gates.len() as u64);
        for (gate, takes) in &self.gates {
            out.hash(*gate);
            out.number(u64::from(*takes));
        }
        out.number(self.leaves.len() as u64);
        for leaf in &self.leaves {
            out.hash(leaf.question);
            out.number(leaf.within.into());
            out.number(leaf.count.into());
            out.number(leaf.reaches.len() as u64);
            leaf.reaches.iter().for_each(|reach| out.number((*reach).into()));
            out.number(leaf.nearest.len() as u64);
            for Nearest { reach, distance, before } in &leaf.nearest {
                out.number((*reach).into());
                out.number((*distance).into());
                out.number(u64::from(*before));
            }
        }
        out.0
    }

    /// Reads [`to_bytes`](Self::to_bytes) back.
    ///
    /// # Errors
    /// [`Unreadable`], for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut from = Reader(bytes);
        if from.number()? != FORM {
            return Err(Unreadable);
        }
        let (part, flags) = (from.small()?, from.number()?);
        let gates = from.list(|from| Ok((from.hash()?, from.flag()?)))?;
        let leaves = from.list(Reader::leaf)?;
        if !from.0.is_empty() || flags > 0b1_1111 {
            return Err(Unreadable);
        }
        let [recovered, placed, overlapped, twinned, twin_overlapped] = [1, 2, 4, 8, 16].map(|bit| flags & bit != 0);
        Ok(Self { part, recovered, placed, overlapped, twinned, twin_overlapped, gates, leaves })
    }
}

struct Writer(Vec<u8>);

impl Writer {
    /// LEB128: seven bits a byte, the lowest first.
    fn number(&mut self, mut number: u64) {
        loop {
            let low = (number & 0x7F).to_le_bytes()[0];
            number >>= 7;
            if number == 0 {
                return self.0.push(low);
            }
            self.0.push(low | 0x80);
        }
    }

    fn hash(&mut self, hash: u64) {
        self.0.extend(hash.to_le_bytes());
    }
}

struct Reader<'b>(&'b [u8]);

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, Unreadable> {
        let (first, rest) = self.0.split_first().ok_or(Unreadable)?;
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<u64, Unreadable> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            if bits << shift >> shift != bits {
                return Err(Unreadable);
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Unreadable)
    }

    fn small(&mut self) -> Result<u32, Unreadable> {
        u32::try_from(self.number()?).map_err(|_| Unreadable)
    }

    fn flag(&mut self) -> Result<bool, Unreadable> {
        match self.number()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Unreadable),
        }
    }

    fn hash(&mut self) -> Result<u64, Unreadable> {
        let (first, rest) = self.0.split_first_chunk().ok_or(Unreadable)?;
        self.0 = rest;
        Ok(u64::from_le_bytes(*first))
    }

    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Unreadable>) -> Result<Vec<T>, Unreadable> {
        let length = self.number()?;
        if length > LIST_MAX {
            return Err(Unreadable);
        }
        (0..length).map(|_| one(self)).collect()
    }

    fn leaf(&mut self) -> Result<LeafGrounds, Unreadable> {
        Ok(LeafGrounds {
            question: self.hash()?,
            within: self.small()?,
            count: self.small()?,
            reaches: self.list(Self::small)?,
            nearest: self
                .list(|from| Ok(Nearest { reach: from.small()?, distance: from.small()?, before: from.flag()? }))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Grounds> {
        let nearest = |reach, distance, before| Nearest { reach, distance, before };
        let leaf = |question, within, count, reaches: &[u32], nearest: &[Nearest]| LeafGrounds {
            question,
            within,
            count,
            reaches: reaches.to_vec(),
            nearest: nearest.to_vec(),
        };
        let full = Grounds {
            part: 7,
            recovered: true,
            overlapped: true,
            gates: vec![(u64::MAX, true), (0, false)],
            leaves: vec![
                leaf(1 << 63, 300, 0, &[], &[]),
                leaf(42, 1_000_000, 9, &[5, 6, 300], &[nearest(5, 0, true), nearest(u32::MAX, 128, false)]),
            ],
            ..Grounds::default()
        };
        let flags =
            Grounds { placed: true, twinned: true, twin_overlapped: true, part: u32::MAX, ..Grounds::default() };
        vec![Grounds::default(), flags, full]
    }

    #[test]
    fn what_is_written_is_read_back() {
        for grounds in rows() {
            assert_eq!(Grounds::from_bytes(&grounds.to_bytes()), Ok(grounds));
        }
    }

    #[test]
    fn what_is_cut_longer_or_of_another_form_is_refused() {
        for grounds in rows() {
            let bytes = grounds.to_bytes();
            for cut in 0..bytes.len() {
                assert_eq!(Grounds::from_bytes(&bytes[..cut]), Err(Unreadable), "{cut} bytes");
            }
            let longer = [&bytes[..], &[0]].concat();
            let newer = [&[2], &bytes[1..]].concat();
            assert_eq!([longer, newer].map(|bytes| Grounds::from_bytes(&bytes)), [Err(Unreadable), Err(Unreadable)]);
        }
        let endless = [[1, 0, 0].as_slice(), &[0xFF; 9], &[0x01]].concat();
        assert_eq!(Grounds::from_bytes(&endless), Err(Unreadable));
    }
}
