//! The records of a workbook stream ([MS-XLS] 2.1.4), and texts that run over several of them.
//!
//! A record longer than 8,224 bytes goes on in `CONTINUE` records. Reading past a record's end takes the next one when it is a
//! continuation; inside a text that continuation begins with a byte that may switch between one and two bytes a character.

use super::super::compound::StreamReader;
use super::crypt::Cipher;
use crate::content::Budget;
use crate::extract::Failure;
use encoding_rs::Encoding;
use std::io::{self, Read};

pub(super) const CONTINUE: u16 = 0x3c;
const HEADER_BYTES: u64 = 4;

/// The records of one stream, from some position on.
pub(super) struct Records<'a> {
    reader: StreamReader<'a>,
    budget: &'a Budget,
    /// A header that was looked at and not taken.
    ahead: Option<(u16, usize)>,
    data: Vec<u8>,
    at: usize,
    units: Vec<u16>,
    pub(super) cipher: Option<Cipher>,
    pub(super) is_cut: bool,
}

impl<'a> Records<'a> {
    pub(super) fn new(reader: StreamReader<'a>, budget: &'a Budget) -> Self {
        Self { reader, budget, ahead: None, data: Vec::new(), at: 0, units: Vec::new(), cipher: None, is_cut: false }
    }

    /// Goes to a position where a record begins.
    pub(super) fn seek(&mut self, to: u64) {
        self.ahead = None;
        self.data.clear();
        self.at = 0;
        self.reader.seek(to);
    }

    /// Where the next record begins.
    pub(super) fn position(&self) -> u64 {
        self.reader.position() - if self.ahead.is_some() { HEADER_BYTES } else { 0 }
    }

    /// Bytes in the stream.
    pub(super) fn len(&self) -> u64 {
        self.reader.len()
    }

    /// Takes the next record and tells its type; `None` at the end or where zeros fill the stream.
    pub(super) fn next(&mut self) -> Result<Option<u16>, Failure> {
        self.budget.tick()?;
        match self.peek()? {
            None | Some((0, 0)) => Ok(None),
            Some((kind, len)) => self.load(kind, len).map(|()| Some(kind)),
        }
    }

    fn peek(&mut self) -> Result<Option<(u16, usize)>, Failure> {
        if self.ahead.is_none() {
            let mut header = [0; 4];
            if self.reader.fill(&mut header)? < header.len() {
                return Ok(None);
            }
            let kind = u16::from_le_bytes([header[0], header[1]]);
            self.ahead = Some((kind, usize::from(u16::from_le_bytes([header[2], header[3]]))));
        }
        Ok(self.ahead)
    }

    fn load(&mut self, kind: u16, len: usize) -> Result<(), Failure> {
        self.ahead = None;
        self.data.resize(len, 0);
        let position = self.reader.position();
        let n = self.reader.fill(&mut self.data)?;
        self.is_cut |= n < len;
        self.data.truncate(n);
        self.at = 0;
        if let Some(cipher) = &mut self.cipher {
            cipher.apply(kind, position, &mut self.data);
        }
        Ok(())
    }

    /// Goes on in the next record when it is a continuation.
    fn go_on(&mut self) -> Result<bool, Failure> {
        match self.peek()? {
            Some((CONTINUE, len)) => self.load(CONTINUE, len).map(|()| true),
            _ => Ok(false),
        }
    }

    /// The bytes of the record at hand.
    pub(super) fn data(&self) -> &[u8] {
        &self.data
    }

    /// The bytes of it that were not read.
    pub(super) fn rest(&self) -> &[u8] {
        self.data.get(self.at..).unwrap_or_default()
    }

    /// Goes to an offset in the record at hand.
    pub(super) fn goto(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn u8(&mut self) -> Result<Option<u8>, Failure> {
        while self.at >= self.data.len() {
            if !self.go_on()? {
                return Ok(None);
            }
        }
        self.at += 1;
        Ok(Some(self.data[self.at - 1]))
    }

    pub(super) fn u16(&mut self) -> Result<Option<u16>, Failure> {
        let (Some(low), Some(high)) = (self.u8()?, self.u8()?) else { return Ok(None) };
        Ok(Some(u16::from_le_bytes([low, high])))
    }

    pub(super) fn u32(&mut self) -> Result<Option<u32>, Failure> {
        let (Some(low), Some(high)) = (self.u16()?, self.u16()?) else { return Ok(None) };
        Ok(Some(u32::from(low) | u32::from(high) << 16))
    }

    /// Passes over bytes, also into continuations. False when there are not as many.
    pub(super) fn skip(&mut self, mut bytes: usize) -> Result<bool, Failure> {
        loop {
            let here = self.data.len().saturating_sub(self.at);
            if bytes <= here {
                self.at += bytes;
                return Ok(true);
            }
            bytes -= here;
            self.at = self.data.len();
            if !self.go_on()? {
                return Ok(false);
            }
        }
    }

    /// `count` characters, appended to `text`; `is_wide` as the flags before them say. False when there are not as many.
    pub(super) fn characters(&mut self, count: usize, mut is_wide: bool, text: &mut String) -> Result<bool, Failure> {
        let mut left = count;
        self.units.clear();
        while left > 0 {
            let rest = self.data.get(self.at..).unwrap_or_default();
            let width = if is_wide { 2 } else { 1 };
            let taken = left.min(rest.len() / width);
            let run = &rest[..taken * width];
            if is_wide {
                self.units.extend(run.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]])));
            } else {
                self.units.extend(run.iter().map(|b| u16::from(*b)));
            }
            self.at += taken * width;
            left -= taken;
            if left > 0 {
                if !self.go_on()? {
                    break;
                }
                is_wide = self.u8()?.is_some_and(|flags| flags & 1 != 0);
            }
        }
        text.extend(char::decode_utf16(self.units.iter().copied()).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)));
        Ok(left == 0)
    }

    /// The record at hand, whatever follows it of the same kind and its continuations, as one row of bytes.
    pub(super) fn joined(&mut self, kind: u16) -> Joined<'_, 'a> {
        Joined { records: self, kind }
    }

    /// A text with its flags: runs and phonetic data after it are passed over ([MS-XLS] 2.5.293). False when it is cut.
    pub(super) fn rich_text(&mut self, text: &mut String) -> Result<bool, Failure> {
        let (Some(count), Some(flags)) = (self.u16()?, self.u8()?) else { return Ok(false) };
        let runs = if flags & 8 != 0 { self.u16()?.unwrap_or(0) } else { 0 };
        let phonetic = if flags & 4 != 0 { self.u32()?.unwrap_or(0) } else { 0 };
        if !self.characters(usize::from(count), flags & 1 != 0, text)? {
            return Ok(false);
        }
        let after = (usize::from(runs) * 4).saturating_add(usize::try_from(phonetic).unwrap_or(usize::MAX));
        self.skip(after)
    }

    /// A text whose length was read already: flags and characters, or in old files characters of a code page.
    pub(super) fn text(&mut self, count: usize, old: Option<&'static Encoding>) -> Result<String, Failure> {
        let mut text = String::new();
        match old {
            None => {
                let Some(flags) = self.u8()? else { return Ok(text) };
                if flags & 8 != 0 {
                    self.skip(2)?;
                }
                if flags & 4 != 0 {
                    self.skip(4)?;
                }
                self.characters(count, flags & 1 != 0, &mut text)?;
            }
            Some(encoding) => {
                let rest = self.rest();
                super::super::bytes::decode_into(&rest[..count.min(rest.len())], encoding, &mut text);
                self.at += count;
            }
        }
        Ok(text)
    }

    /// A text after its length of 16 bits.
    pub(super) fn long_text(&mut self, old: Option<&'static Encoding>) -> Result<String, Failure> {
        let count = self.u16()?.unwrap_or(0);
        self.text(usize::from(count), old)
    }

    /// A text after its length of 8 bits.
    pub(super) fn short_text(&mut self, old: Option<&'static Encoding>) -> Result<String, Failure> {
        let count = self.u8()?.unwrap_or(0);
        self.text(usize::from(count), old)
    }
}

/// Records of one kind read as if they were one.
pub(super) struct Joined<'r, 'a> {
    records: &'r mut Records<'a>,
    kind: u16,
}

impl Joined<'_, '_> {
    fn more(&mut self) -> Result<bool, Failure> {
        let records = &mut *self.records;
        while records.rest().is_empty() {
            match records.peek()? {
                Some((kind, len)) if kind == CONTINUE || kind == self.kind => records.load(kind, len)?,
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}

impl Read for Joined<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if !self.more().map_err(Failure::into_io)? {
            return Ok(0);
        }
        let rest = self.records.rest();
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        self.records.at += n;
        Ok(n)
    }
}
