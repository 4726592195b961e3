//! The compression of lha (`-lh4-` to `-lh7-`) and of arj's methods 1 to 3: blocks of codes of characters and lengths, and a
//! code of distances, over a window.
//!
//! As in `ar002`, which its author put into the public domain. The two archivers differ in the window and in how many
//! distances there are.

use super::huffman::{Bits, Code, damaged};
use std::io::{self, BufRead, Read};

/// Characters, then lengths from 3 to 256.
const SYMBOLS: usize = 256 + 254;
const LENGTH_SYMBOLS: usize = 19;
const THRESHOLD: u16 = 256 - 3;

/// Unpacks one file.
pub(super) struct Unpacked<R> {
    bits: Bits<R>,
    window: Vec<u8>,
    at: usize,
    /// Symbols left in the block.
    block: u32,
    symbols: Code,
    distances: Code,
    distance_symbols: usize,
    distance_bits: u32,
    /// A match that is being copied: how much is left, and from where.
    copy: (usize, usize),
    left: u64,
}

impl<R: BufRead> Unpacked<R> {
    /// `window` bytes of history, distances of `distance_symbols` kinds whose number is written in `distance_bits` bits, `bytes`
    /// in all.
    pub(super) fn new(input: R, window: usize, distance_symbols: usize, distance_bits: u32, bytes: u64) -> Self {
        Self {
            bits: Bits::of_bytes(input),
            window: vec![b' '; window],
            at: 0,
            block: 0,
            symbols: Code::default(),
            distances: Code::default(),
            distance_symbols,
            distance_bits,
            copy: (0, 0),
            left: bytes,
        }
    }

    /// A code of lengths or distances, whose own lengths are written in three bits and more. After the third of the lengths'
    /// code stands how many are left out.
    fn small_code(&mut self, most: usize, bits: u32, gap: bool) -> io::Result<Code> {
        let count = self.bits.take(bits)? as usize;
        if count == 0 {
            let symbol = self.bits.take(bits)?;
            return Ok(Code::of_one(u16::try_from(symbol).map_err(|_| damaged())?));
        }
        let mut lengths = Vec::with_capacity(most);
        while lengths.len() < count {
            let mut len = self.bits.take(3)?;
            while len >= 7 && self.bits.take(1)? == 1 {
                len += 1;
                if len > super::huffman::CODE_BITS_MAX {
                    return Err(damaged());
                }
            }
            lengths.push(u8::try_from(len).map_err(|_| damaged())?);
            if gap && lengths.len() == 3 {
                let none = self.bits.take(2)? as usize;
                lengths.resize(3 + none, 0);
            }
        }
        if lengths.len() > most { Err(damaged()) } else { Code::of_lengths(&lengths) }
    }

    fn symbol_code(&mut self, of_lengths: &Code) -> io::Result<Code> {
        let count = self.bits.take(9)? as usize;
        if count == 0 {
            let symbol = self.bits.take(9)?;
            return Ok(Code::of_one(u16::try_from(symbol).map_err(|_| damaged())?));
        }
        let mut lengths = Vec::with_capacity(SYMBOLS);
        while lengths.len() < count {
            let none = match of_lengths.next(&mut self.bits)? {
                0 => 1,
                1 => self.bits.take(4)? as usize + 3,
                2 => self.bits.take(9)? as usize + 20,
                len => {
                    lengths.push(u8::try_from(len - 2).map_err(|_| damaged())?);
                    continue;
                }
            };
            if lengths.len() + none > SYMBOLS {
                return Err(damaged());
            }
            lengths.resize(lengths.len() + none, 0);
        }
        Code::of_lengths(&lengths)
    }

    fn begin_block(&mut self) -> io::Result<()> {
        self.block = self.bits.take(16)?;
        if self.block == 0 {
            return Err(damaged());
        }
        let of_lengths = self.small_code(LENGTH_SYMBOLS, 5, true)?;
        self.symbols = self.symbol_code(&of_lengths)?;
        self.distances = self.small_code(self.distance_symbols, self.distance_bits, false)?;
        Ok(())
    }

    /// How far back a match begins, less one.
    fn distance(&mut self) -> io::Result<usize> {
        let symbol = u32::from(self.distances.next(&mut self.bits)?);
        Ok(match symbol {
            0 => 0,
            _ if symbol > 17 => return Err(damaged()),
            _ => (1 << (symbol - 1)) + self.bits.take(symbol - 1)? as usize,
        })
    }

    fn put(&mut self, byte: u8) -> u8 {
        self.window[self.at] = byte;
        self.at = (self.at + 1) % self.window.len();
        byte
    }

    fn next(&mut self) -> io::Result<u8> {
        if self.copy.0 == 0 {
            if self.block == 0 {
                self.begin_block()?;
            }
            self.block -= 1;
            let symbol = self.symbols.next(&mut self.bits)?;
            if let Ok(byte) = u8::try_from(symbol) {
                return Ok(self.put(byte));
            }
            let back = self.distance()? + 1;
            let all = self.window.len();
            if back > all {
                return Err(damaged());
            }
            self.copy = (usize::from(symbol - THRESHOLD), (self.at + all - back) % all);
        }
        let (left, from) = self.copy;
        self.copy = (left - 1, (from + 1) % self.window.len());
        let byte = self.window[from];
        Ok(self.put(byte))
    }
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let want = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        for byte in &mut buf[..want] {
            *byte = self.next()?;
        }
        self.left -= want as u64;
        Ok(want)
    }
}
