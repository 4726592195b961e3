//! A stretch of bytes to look into: a part of the file, or something decoded from it.

use super::super::{Failure, Source};
use std::io::{self, Read};

/// Offsets in an area count from its own start; reads past its end give less.
#[derive(Clone, Copy)]
pub(super) struct Area<'a> {
    pub(super) source: &'a Source<'a>,
    /// Decoded bytes that stand for the file's.
    held: Option<&'a [u8]>,
    start: u64,
    len: u64,
}

impl<'a> Area<'a> {
    /// The whole file.
    pub(super) fn of(source: &'a Source<'a>) -> Self {
        Self { source, held: None, start: 0, len: source.content.len() }
    }

    /// Bytes in memory.
    pub(super) fn over(source: &'a Source<'a>, bytes: &'a [u8]) -> Self {
        Self { source, held: Some(bytes), start: 0, len: bytes.len() as u64 }
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// A part of this area, cut where the area ends.
    pub(super) fn part(&self, at: u64, len: u64) -> Self {
        let at = at.min(self.len);
        Self { start: self.start + at, len: len.min(self.len - at), ..*self }
    }

    /// What follows a position.
    pub(super) fn from(&self, at: u64) -> Self {
        self.part(at, u64::MAX)
    }

    /// At most `len` bytes from a position.
    pub(super) fn read(&self, at: u64, len: usize) -> Result<Vec<u8>, Failure> {
        let part = self.part(at, len as u64);
        let mut bytes = vec![0; usize::try_from(part.len).unwrap_or(0)];
        let got = part.fill(0, &mut bytes)?;
        bytes.truncate(got);
        Ok(bytes)
    }

    /// Exactly `N` bytes from a position; `None` when there are fewer.
    pub(super) fn array<const N: usize>(&self, at: u64) -> Result<Option<[u8; N]>, Failure> {
        let mut bytes = [0; N];
        Ok((self.fill(at, &mut bytes)? == N).then_some(bytes))
    }

    pub(super) fn be16(&self, at: u64) -> Result<Option<u16>, Failure> {
        Ok(self.array(at)?.map(u16::from_be_bytes))
    }

    pub(super) fn be32(&self, at: u64) -> Result<Option<u32>, Failure> {
        Ok(self.array(at)?.map(u32::from_be_bytes))
    }

    pub(super) fn le32(&self, at: u64) -> Result<Option<u32>, Failure> {
        Ok(self.array(at)?.map(u32::from_le_bytes))
    }

    /// Reads from the start.
    pub(super) fn reader(&self) -> AreaReader<'a> {
        AreaReader { area: *self, at: 0 }
    }

    fn fill(&self, at: u64, buf: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.len.saturating_sub(at)).unwrap_or(usize::MAX);
        let wanted = buf.len().min(room);
        let position = self.start.saturating_add(at);
        let got = match self.held {
            Some(bytes) => {
                let from = usize::try_from(position).unwrap_or(usize::MAX);
                let there = bytes.get(from..).unwrap_or_default();
                let got = wanted.min(there.len());
                buf[..got].copy_from_slice(&there[..got]);
                got
            }
            None => self.source.content.read_up_to(position, &mut buf[..wanted])?,
        };
        self.source.budget.tick()?;
        self.source.budget.charge_read(got)?;
        Ok(got)
    }
}

/// Reads an area from its start to its end.
pub(super) struct AreaReader<'a> {
    area: Area<'a>,
    at: u64,
}

impl Read for AreaReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let got = self.area.fill(self.at, buf)?;
        self.at += got as u64;
        Ok(got)
    }
}
