//! The `.Z` files of Unix compress: LZW with codes of 9 to 16 bits, low bits first.
//!
//! No specification exists; the format is what the programs write. Two oddities matter: codes are written in groups of
//! eight, the rest of a group is dropped when the width changes, and code 256 clears the table where the third byte says so.
//! Files with the mark `1f a0` (the lzh of old SCO systems) are refused.

use std::io::{self, BufRead, Read};

const CLEAR: u16 = 256;
const BITS_MIN: u32 = 9;

/// Inflates one file.
pub(super) struct Lzw<R> {
    input: R,
    bits_max: u32,
    clears: bool,
    width: u32,
    /// Bytes of one group of eight codes.
    group: Vec<u8>,
    group_bits: usize,
    prefixes: Vec<u16>,
    suffixes: Vec<u8>,
    previous: Option<(u16, u8)>,
    out: Vec<u8>,
    taken: usize,
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a compress stream is damaged")
}

impl<R: BufRead> Lzw<R> {
    /// Reads the three bytes of the head.
    pub(super) fn new(mut input: R) -> io::Result<Self> {
        let mut head = [0; 3];
        input.read_exact(&mut head)?;
        let bits_max = u32::from(head[2] & 0x1f);
        if head[..2] != [0x1f, 0x9d] || !(BITS_MIN..=16).contains(&bits_max) {
            return Err(damaged());
        }
        let mut lzw = Self {
            input,
            bits_max,
            clears: head[2] & 0x80 != 0,
            width: BITS_MIN,
            group: Vec::new(),
            group_bits: 0,
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            previous: None,
            out: Vec::new(),
            taken: 0,
        };
        lzw.clear();
        Ok(lzw)
    }

    fn clear(&mut self) {
        let first_free = usize::from(CLEAR) + usize::from(self.clears);
        self.prefixes.clear();
        self.prefixes.resize(first_free, 0);
        self.suffixes.clear();
        self.suffixes.extend((0..=255u8).chain([0]).take(first_free));
        self.previous = None;
        self.set_width(BITS_MIN);
    }

    /// Changes the width; the rest of the group is dropped.
    fn set_width(&mut self, width: u32) {
        self.width = width;
        self.group.clear();
        self.group_bits = 0;
    }

    fn next_code(&mut self) -> io::Result<Option<u16>> {
        let width = usize::try_from(self.width).unwrap_or(16);
        if self.group_bits + width > self.group.len() * 8 {
            self.group.clear();
            self.group_bits = 0;
            (&mut self.input).take(u64::from(self.width)).read_to_end(&mut self.group)?;
            if self.group.len() * 8 < width {
                return Ok(None);
            }
        }
        let at = self.group_bits / 8;
        let byte = |at: usize| u32::from(self.group.get(at).copied().unwrap_or(0));
        let bits = byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16;
        let code = bits >> (self.group_bits % 8) & ((1 << self.width) - 1);
        self.group_bits += width;
        Ok(u16::try_from(code).ok())
    }

    /// Decodes one code; false at the end.
    fn step(&mut self) -> io::Result<bool> {
        let Some(code) = self.next_code()? else { return Ok(false) };
        if code == CLEAR && self.clears {
            self.clear();
            return Ok(true);
        }
        let Some((previous, previous_first)) = self.previous else {
            let byte = u8::try_from(code).map_err(|_| damaged())?;
            self.out.push(byte);
            self.previous = Some((code, byte));
            return Ok(true);
        };
        let known = self.suffixes.len();
        let start = self.out.len();
        let mut at = code;
        if usize::from(code) == known {
            self.out.push(previous_first);
            at = previous;
        } else if usize::from(code) > known {
            return Err(damaged());
        }
        // Each prefix is smaller than its code, so this ends.
        while at >= 256 {
            self.out.push(self.suffixes[usize::from(at)]);
            at = self.prefixes[usize::from(at)];
        }
        let first = u8::try_from(at).map_err(|_| damaged())?;
        self.out.push(first);
        self.out[start..].reverse();
        self.learn(previous, first);
        self.previous = Some((code, first));
        Ok(true)
    }

    fn learn(&mut self, prefix: u16, suffix: u8) {
        if self.suffixes.len() < 1 << self.bits_max {
            self.prefixes.push(prefix);
            self.suffixes.push(suffix);
            if self.suffixes.len() == 1 << self.width && self.width < self.bits_max {
                self.set_width(self.width + 1);
            }
        }
    }
}

impl<R: BufRead> Read for Lzw<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        const OUT_BYTES: usize = 16 << 10;
        if self.taken == self.out.len() {
            self.out.clear();
            self.taken = 0;
            while self.out.len() < OUT_BYTES && self.step()? {}
        }
        let n = buf.len().min(self.out.len() - self.taken);
        buf[..n].copy_from_slice(&self.out[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}
