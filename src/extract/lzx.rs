//! LZX, the compression of cabinets and of help files ([MS-PATCH], the LZX part of the Cabinet SDK).
//!
//! The output comes in frames of 32 KiB, at whose ends the bits go on at a whole word. Help files begin anew every few frames,
//! so that a reader may jump; cabinets never do. Addresses of calls in programs were made absolute before packing, which is
//! undone frame by frame, behind the window.

use super::huffman::{Bits, Code, damaged};
use std::io::{self, BufRead, Read};

const FRAME_BYTES: usize = 32 << 10;
const LENGTH_SYMBOLS: usize = 249;
/// Bits of the smallest and the largest window.
pub(super) const WINDOW_BITS: std::ops::RangeInclusive<u32> = 15..=21;
/// Frames whose calls are translated.
const CALL_FRAMES_MAX: u32 = 32_768;

/// The block that is being read.
#[derive(Clone, Copy, PartialEq)]
enum Block {
    None,
    Verbatim,
    Aligned,
    /// Bytes as they are; true when one more follows them to fill a word.
    Plain(bool),
}

/// Unpacks one stream.
pub(super) struct Unpacked<R> {
    bits: Bits<R>,
    window: Vec<u8>,
    at: usize,
    recent: [usize; 3],
    symbol_lengths: Vec<u8>,
    length_lengths: Vec<u8>,
    symbols: Code,
    lengths: Code,
    aligned: Code,
    block: Block,
    block_left: usize,
    /// What is left of a match, and how far back it is.
    copy: (usize, usize),
    frame: u32,
    reset_frames: Option<u32>,
    begun: bool,
    /// The size that calls are relative to; zero when they are not translated.
    calls: i32,
    out: Vec<u8>,
    taken: usize,
    left: u64,
}

/// Slots of distances in the largest window.
const SLOTS_MAX: usize = 50;

/// Where the distances of each slot begin, and how many bits of their own they have.
const SLOTS: [(usize, u32); SLOTS_MAX] = slots();

const fn slots() -> [(usize, u32); SLOTS_MAX] {
    let mut table = [(0, 0); SLOTS_MAX];
    let (mut slot, mut base) = (0, 0);
    while slot < SLOTS_MAX {
        let bits = match slot {
            0..=3 => 0,
            36.. => 17,
            _ => slot / 2 - 1,
        };
        table[slot] = (base, bits as u32);
        base += 1 << bits;
        slot += 1;
    }
    table
}

impl<R: BufRead> Unpacked<R> {
    /// A stream of `bytes` in all over a window of `1 << window_bits`, begun anew every `reset_frames`.
    pub(super) fn new(input: R, window_bits: u32, reset_frames: Option<u32>, bytes: u64) -> Self {
        let window_bits = window_bits.clamp(*WINDOW_BITS.start(), *WINDOW_BITS.end());
        let slots = match window_bits {
            20 => 42,
            21 => 50,
            bits => 2 * bits as usize,
        };
        Self {
            bits: Bits::of_words(input),
            window: vec![0; 1 << window_bits],
            at: 0,
            recent: [1; 3],
            symbol_lengths: vec![0; 256 + 8 * slots],
            length_lengths: vec![0; LENGTH_SYMBOLS],
            symbols: Code::default(),
            lengths: Code::default(),
            aligned: Code::default(),
            block: Block::None,
            block_left: 0,
            copy: (0, 0),
            frame: 0,
            reset_frames: reset_frames.filter(|frames| *frames > 0),
            begun: false,
            calls: 0,
            out: Vec::new(),
            taken: 0,
            left: bytes,
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        self.recent = [1; 3];
        self.symbol_lengths.fill(0);
        self.length_lengths.fill(0);
        self.block = Block::None;
        self.block_left = 0;
        self.copy = (0, 0);
        self.begun = true;
        self.calls = 0;
        if self.bits.take(1)? == 1 {
            let (high, low) = (self.bits.take(16)?, self.bits.take(16)?);
            self.calls = i32::try_from(high << 16 | low).unwrap_or(0);
        }
        Ok(())
    }

    fn begin_block(&mut self) -> io::Result<()> {
        if self.block == Block::Plain(true) {
            self.bits.bytes(&mut [0])?;
        }
        let kind = self.bits.take(3)?;
        self.block_left = self.bits.take(24)? as usize;
        if self.block_left == 0 {
            return Err(damaged());
        }
        match kind {
            1 | 2 => {
                if kind == 2 {
                    let mut lengths = [0; 8];
                    for len in &mut lengths {
                        *len = u8::try_from(self.bits.take(3)?).unwrap_or(0);
                    }
                    self.aligned = Code::of_lengths(&lengths)?;
                }
                let mut lengths = std::mem::take(&mut self.symbol_lengths);
                let (first, rest) = lengths.split_at_mut(256);
                self.read_lengths(first)?;
                self.read_lengths(rest)?;
                self.symbols = Code::of_lengths(&lengths)?;
                self.symbol_lengths = lengths;
                let mut lengths = std::mem::take(&mut self.length_lengths);
                self.read_lengths(&mut lengths)?;
                self.lengths = Code::of_lengths(&lengths)?;
                self.length_lengths = lengths;
                self.block = if kind == 1 { Block::Verbatim } else { Block::Aligned };
            }
            3 => {
                self.bits.align(true)?;
                for at in 0..3 {
                    let mut raw = [0; 4];
                    self.bits.bytes(&mut raw)?;
                    self.recent[at] = usize::try_from(u32::from_le_bytes(raw)).unwrap_or(usize::MAX);
                }
                self.block = Block::Plain(self.block_left % 2 == 1);
            }
            _ => return Err(damaged()),
        }
        Ok(())
    }

    /// Lengths of codes, told as differences to those of the block before.
    fn read_lengths(&mut self, lengths: &mut [u8]) -> io::Result<()> {
        let mut own = [0; 20];
        for len in &mut own {
            *len = u8::try_from(self.bits.take(4)?).unwrap_or(0);
        }
        let code = Code::of_lengths(&own)?;
        let mut at = 0;
        while at < lengths.len() {
            let (count, value) = match code.next(&mut self.bits)? {
                17 => (self.bits.take(4)? as usize + 4, 0),
                18 => (self.bits.take(5)? as usize + 20, 0),
                19 => {
                    let count = self.bits.take(1)? as usize + 4;
                    let less = code.next(&mut self.bits)?;
                    (count, changed(lengths[at], less)?)
                }
                less => (1, changed(lengths[at], less)?),
            };
            let end = lengths.len().min(at + count);
            lengths[at..end].fill(value);
            at = end;
        }
        Ok(())
    }

    fn put(&mut self, byte: u8) {
        self.window[self.at] = byte;
        self.at = (self.at + 1) & (self.window.len() - 1);
        self.out.push(byte);
    }

    fn read_match(&mut self, symbol: u16) -> io::Result<()> {
        let symbol = usize::from(symbol) - 256;
        let mut len = symbol & 7;
        if len == 7 {
            len += usize::from(self.lengths.next(&mut self.bits)?);
        }
        let back = match symbol >> 3 {
            0 => self.recent[0],
            1 => {
                self.recent.swap(0, 1);
                self.recent[0]
            }
            2 => {
                self.recent.swap(0, 2);
                self.recent[0]
            }
            number => {
                let (base, extra) = *SLOTS.get(number).ok_or_else(damaged)?;
                let mut back = base.wrapping_sub(2);
                if self.block == Block::Aligned && extra >= 3 {
                    back += (self.bits.take(extra - 3)? as usize) << 3;
                    back += usize::from(self.aligned.next(&mut self.bits)?);
                } else {
                    back += self.bits.take(extra)? as usize;
                }
                self.recent = [back, self.recent[0], self.recent[1]];
                back
            }
        };
        if back == 0 || back > self.window.len() {
            return Err(damaged());
        }
        self.copy = (len + 2, back);
        Ok(())
    }

    /// Fills `out` with one frame.
    fn next_frame(&mut self) -> io::Result<()> {
        let bytes = usize::try_from(self.left).unwrap_or(usize::MAX).min(FRAME_BYTES);
        if !self.begun || self.reset_frames.is_some_and(|frames| self.frame.is_multiple_of(frames)) {
            self.begin()?;
        }
        self.out.clear();
        self.taken = 0;
        while self.out.len() < bytes {
            if self.copy.0 > 0 {
                let (count, back) = self.copy;
                let now = count.min(bytes - self.out.len());
                for _ in 0..now {
                    let mask = self.window.len() - 1;
                    let byte = self.window[self.at.wrapping_sub(back) & mask];
                    self.put(byte);
                }
                self.copy.0 -= now;
                continue;
            }
            if self.block_left == 0 {
                self.begin_block()?;
            }
            if let Block::Plain(_) = self.block {
                let now = self.block_left.min(bytes - self.out.len());
                for _ in 0..now {
                    let mut byte = [0];
                    self.bits.bytes(&mut byte)?;
                    self.put(byte[0]);
                }
                self.block_left -= now;
                continue;
            }
            let symbol = self.symbols.next(&mut self.bits)?;
            match u8::try_from(symbol) {
                Ok(byte) => {
                    self.put(byte);
                    self.block_left -= 1;
                }
                Err(_) => {
                    self.read_match(symbol)?;
                    self.block_left = self.block_left.checked_sub(self.copy.0).ok_or_else(damaged)?;
                }
            }
        }
        if !matches!(self.block, Block::Plain(_)) {
            self.bits.align(false)?;
        }
        self.translate_calls();
        self.left -= bytes as u64;
        self.frame += 1;
        Ok(())
    }

    /// Makes the addresses of calls (byte E8) relative again.
    fn translate_calls(&mut self) {
        if self.calls == 0 || self.frame >= CALL_FRAMES_MAX || self.out.len() <= 10 {
            return;
        }
        let Ok(begins) = i32::try_from(u64::from(self.frame) * FRAME_BYTES as u64) else { return };
        let (mut at, end) = (0, self.out.len() - 10);
        while let Some(found) = self.out.get(at..end).and_then(|rest| memchr::memchr(0xe8, rest)) {
            at += found;
            let position = begins.saturating_add(i32::try_from(at).unwrap_or(0));
            let field = &mut self.out[at + 1..at + 5];
            let absolute = i32::from_le_bytes([field[0], field[1], field[2], field[3]]);
            if absolute >= -position && absolute < self.calls {
                let relative = if absolute >= 0 { absolute - position } else { absolute + self.calls };
                field.copy_from_slice(&relative.to_le_bytes());
            }
            at += 5;
        }
    }
}

/// A length that is so much less than before, counted round in 17.
fn changed(before: u8, less: u16) -> io::Result<u8> {
    let less = u8::try_from(less).ok().filter(|less| *less <= 16).ok_or_else(damaged)?;
    Ok((before + 17 - less) % 17)
}

impl<R: BufRead> Read for Unpacked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.out.len() {
            if self.left == 0 || buf.is_empty() {
                return Ok(0);
            }
            self.next_frame()?;
        }
        let n = buf.len().min(self.out.len() - self.taken);
        buf[..n].copy_from_slice(&self.out[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}
