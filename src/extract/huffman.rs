//! Prefix codes of the old archivers (lha, arj, the LZX of cabinets and help files): bits from the highest down, and codes told
//! by their lengths alone.
//!
//! Codes of one length are counted up in the order of their symbols, the shorter before the longer. A table that promises more
//! codes than there are bits for is refused; one that promises fewer leaves codes that mean nothing, and meeting one is an error.

use std::io::{self, BufRead};

/// Bits of the longest code.
pub(super) const CODE_BITS_MAX: u32 = 16;
/// Zeros given behind the end, so that a last code can be looked at whole.
const PADDING_BITS_MAX: u32 = 64;

/// A stream is damaged.
pub(super) fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a compressed stream is damaged")
}

/// Reads bits, the highest of each unit first.
#[derive(Debug)]
pub(super) struct Bits<R> {
    input: R,
    /// Units are two bytes, the lower first; else one byte.
    by_words: bool,
    held: u64,
    count: u32,
    padding: u32,
}

impl<R: BufRead> Bits<R> {
    /// Bits of single bytes.
    pub(super) fn of_bytes(input: R) -> Self {
        Self { input, by_words: false, held: 0, count: 0, padding: 0 }
    }

    /// Bits of words of two bytes.
    pub(super) fn of_words(input: R) -> Self {
        Self { by_words: true, ..Self::of_bytes(input) }
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.input.fill_buf()?.first().copied();
        self.input.consume(usize::from(byte.is_some()));
        Ok(byte)
    }

    fn fill(&mut self, bits: u32) -> io::Result<()> {
        while self.count < bits {
            let first = self.byte()?;
            if first.is_none() {
                self.padding += 16;
                if self.padding > PADDING_BITS_MAX {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            let first = u64::from(first.unwrap_or(0));
            if self.by_words {
                let second = u64::from(self.byte()?.unwrap_or(0));
                self.held = self.held << 16 | second << 8 | first;
                self.count += 16;
            } else {
                self.held = self.held << 8 | first;
                self.count += 8;
            }
        }
        Ok(())
    }

    /// The next bits without taking them; at most 16.
    pub(super) fn peek(&mut self, bits: u32) -> io::Result<u32> {
        self.fill(bits)?;
        Ok(u32::try_from(self.held >> (self.count - bits) & ((1 << bits) - 1)).unwrap_or(0))
    }

    /// Takes bits that were looked at.
    pub(super) fn skip(&mut self, bits: u32) {
        self.count = self.count.saturating_sub(bits);
    }

    /// Takes up to 24 bits.
    pub(super) fn take(&mut self, bits: u32) -> io::Result<u32> {
        let high = if bits > 16 { self.take(bits - 16)? } else { 0 };
        let low = bits.min(16);
        let value = self.peek(low)?;
        self.skip(low);
        Ok(high << low | value)
    }

    /// Goes to the next whole word; a whole word is passed over where the stream stands at one and `always` is set.
    pub(super) fn align(&mut self, always: bool) -> io::Result<()> {
        let past = self.count % 16;
        if past > 0 {
            self.skip(past);
        } else if always {
            self.fill(16)?;
            self.skip(16);
        }
        Ok(())
    }

    /// Bytes as they are; the stream stands at a whole word.
    pub(super) fn bytes(&mut self, buf: &mut [u8]) -> io::Result<()> {
        for at in 0..buf.len() {
            buf[at] = if self.count >= 8 {
                // Words that were read ahead give their bytes back in the file's order.
                let word = self.held >> ((self.count + 8) / 16 * 16 - 16);
                let is_first = self.count.is_multiple_of(16);
                self.count -= 8;
                u8::try_from(if is_first { word & 0xff } else { word >> 8 & 0xff }).unwrap_or(0)
            } else {
                self.byte()?.ok_or(io::ErrorKind::UnexpectedEof)?
            };
        }
        Ok(())
    }
}

/// A prefix code.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// For each length, the first code longer than it, filled up to 16 bits.
    limits: [u32; 17],
    /// For each length, what to add to a code of it for its place among `symbols`.
    places: [u32; 17],
    symbols: Vec<u16>,
}

impl Code {
    /// A code by the lengths of its symbols' codes; zero for a symbol that does not occur.
    ///
    /// # Errors
    /// When there are more codes than the lengths allow.
    pub(super) fn of_lengths(lengths: &[u8]) -> io::Result<Self> {
        let mut counts = [0u32; 17];
        for &len in lengths {
            *counts.get_mut(usize::from(len)).ok_or_else(damaged)? += 1;
        }
        counts[0] = 0;
        let mut code = Self::default();
        let (mut next, mut place) = (0u32, 0u32);
        let mut starts = [0u32; 17];
        for (len, count) in (0u32..).zip(counts) {
            let at = usize::try_from(len).unwrap_or(0);
            let step = 1u32 << (CODE_BITS_MAX - len.min(CODE_BITS_MAX));
            starts[at] = place;
            code.places[at] = place.wrapping_sub(next >> (CODE_BITS_MAX - len));
            next += if len == 0 { 0 } else { count * step };
            place += count;
            code.limits[at] = next;
            if next > 1 << CODE_BITS_MAX {
                return Err(damaged());
            }
        }
        code.symbols = vec![0; usize::try_from(place).unwrap_or(0)];
        for (symbol, &len) in (0u16..).zip(lengths) {
            if len > 0 {
                let start = &mut starts[usize::from(len)];
                let place = usize::try_from(*start).unwrap_or(usize::MAX);
                *code.symbols.get_mut(place).ok_or_else(damaged)? = symbol;
                *start += 1;
            }
        }
        Ok(code)
    }

    /// A code that takes no bits and always says the same.
    pub(super) fn of_one(symbol: u16) -> Self {
        let mut code = Self { symbols: vec![symbol], ..Self::default() };
        code.limits = [1 << CODE_BITS_MAX; 17];
        code
    }

    /// True when no symbol has a code.
    pub(super) fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// Takes the next symbol.
    pub(super) fn next<R: BufRead>(&self, bits: &mut Bits<R>) -> io::Result<u16> {
        let ahead = bits.peek(CODE_BITS_MAX)?;
        let len = self.limits.iter().position(|limit| ahead < *limit).ok_or_else(damaged)?;
        let len_bits = u32::try_from(len).unwrap_or(0);
        bits.skip(len_bits);
        let place = self.places[len].wrapping_add(ahead >> (CODE_BITS_MAX - len_bits));
        let place = if len == 0 { 0 } else { usize::try_from(place).unwrap_or(usize::MAX) };
        self.symbols.get(place).copied().ok_or_else(damaged)
    }
}
