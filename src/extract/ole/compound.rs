//! Compound files ([MS-CFB]): a small file system inside a file, read through the charged content.
//!
//! Nothing is believed. Tables are no larger than the file allows, a chain is followed for as many steps as the file has
//! sectors, the directory is walked with each entry visited once. What is cut or loops gives what there is, and the reader
//! remembers that it was [`Compound::is_damaged`], so that its caller can say so at the end.

use super::bytes::{u16_at, u32_at, u64_at};
use crate::content::budget::Hold;
use crate::content::{Budget, Content};
use crate::extract::{Failure, Source};
use std::cell::Cell;
use std::io::{self, BufRead, Read};

/// The header's length; in files with larger sectors the rest of the first sector is unused.
const HEADER_BYTES: usize = 512;
const ENTRY_BYTES: usize = 128;
/// Chains end with a number from here on.
const LAST_SECTOR: u32 = 0xffff_fffa;
const NO_ENTRY: u32 = 0xffff_ffff;
/// Entries of a directory that are read; Outlook's largest messages have some ten thousand.
const ENTRIES_MAX: usize = 400_000;

/// An opened compound file.
#[derive(Debug)]
pub(super) struct Compound<'a> {
    content: &'a Content,
    budget: &'a Budget,
    sector_shift: u32,
    mini_shift: u32,
    /// Streams shorter than this live in the mini stream.
    mini_below: u64,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    mini: Vec<Extent>,
    entries: Vec<Entry>,
    damaged: Cell<bool>,
    held: Hold<'a>,
}

/// One entry of the directory.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) is_storage: bool,
    /// Bytes that it says to hold.
    pub(super) bytes: u64,
    pub(super) class: [u8; 16],
    /// Numbers of the entries inside, in the order of the directory's tree.
    pub(super) children: Vec<usize>,
    start: u32,
    links: [u32; 3],
}

/// A run of bytes of a stream that lie one after the other in the file.
#[derive(Clone, Copy, Debug)]
struct Extent {
    /// Where it begins in the stream.
    at: u64,
    /// Where it begins in the file.
    position: u64,
}

/// Sectors of a chain that is followed without looking for loops.
const SHORT_CHAIN: u64 = 8;

/// The sectors that a chain came through.
struct Visited(Vec<u64>);

impl Visited {
    fn new(sectors: usize) -> Self {
        Self(vec![0; sectors.div_ceil(64)])
    }

    /// False on the second visit; a sector that the table does not have ends its chain anyway.
    fn is_new(&mut self, sector: u32) -> bool {
        let Some(bits) = usize::try_from(sector / 64).ok().and_then(|at| self.0.get_mut(at)) else { return true };
        let bit = 1 << (sector % 64);
        let is_new = *bits & bit == 0;
        *bits |= bit;
        is_new
    }
}

/// The number of the root storage.
pub(super) const ROOT: usize = 0;

impl<'a> Compound<'a> {
    /// Reads the tables and the directory.
    pub(super) fn open(source: &Source<'a>) -> Result<Self, Failure> {
        let mut header = [0; HEADER_BYTES];
        source.content.read_exact_at(0, &mut header)?;
        source.budget.charge_read(HEADER_BYTES)?;
        let shift = |at| u16_at(&header, at).map_or(0, u32::from);
        let (sector_shift, mini_shift) = (shift(30), shift(32));
        if !(7..=16).contains(&sector_shift) || !(4..=sector_shift).contains(&mini_shift) {
            return Err(Failure::corrupt("the sectors of the compound file have no sensible size"));
        }
        let mut compound = Self {
            content: source.content,
            budget: source.budget,
            sector_shift,
            mini_shift,
            mini_below: u32_at(&header, 56).map_or(0, u64::from),
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini: Vec::new(),
            entries: Vec::new(),
            damaged: Cell::new(false),
            held: source.budget.hold(0)?,
        };
        compound.read_fat(&header)?;
        compound.read_directory(u32_at(&header, 48).unwrap_or(NO_ENTRY))?;
        compound.read_mini(u32_at(&header, 60).unwrap_or(NO_ENTRY))?;
        Ok(compound)
    }

    /// Sectors that the file has, a cut one at its end included.
    fn sectors(&self) -> usize {
        usize::try_from((self.content.len() >> self.sector_shift).saturating_add(1)).unwrap_or(usize::MAX)
    }

    fn position(&self, sector: u32) -> u64 {
        (u64::from(sector) + 1) << self.sector_shift
    }

    /// The sector as table entries; shorter where the file ends. Empty when it is not in the file.
    fn table_sector(&self, sector: u32) -> Result<Vec<u32>, Failure> {
        let mut bytes = vec![0; 1 << self.sector_shift];
        let n = self.content.read_up_to(self.position(sector), &mut bytes)?;
        self.budget.charge_read(n)?;
        if n < bytes.len() {
            self.damaged.set(true);
        }
        Ok(bytes[..n].chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    }

    /// The allocation table: the header lists its first sectors, a chain of sectors the others.
    fn read_fat(&mut self, header: &[u8]) -> Result<(), Failure> {
        let mut listed: Vec<u32> = (0..109).filter_map(|n| u32_at(header, 76 + n * 4)).collect();
        let mut next = u32_at(header, 68).unwrap_or(NO_ENTRY);
        let mut steps = 0;
        loop {
            for &sector in listed.iter().filter(|sector| **sector < LAST_SECTOR) {
                if self.fat.len() > self.sectors() {
                    return Ok(());
                }
                let table = self.table_sector(sector)?;
                self.held.grow(table.len() * 4)?;
                self.fat.extend(table);
            }
            steps += 1;
            if next >= LAST_SECTOR || steps > self.sectors() {
                return Ok(());
            }
            listed = self.table_sector(next)?;
            next = listed.pop().unwrap_or(NO_ENTRY);
        }
    }

    /// Where a chain's bytes lie, at most `bytes` of them; the table is the mini stream's when `is_mini`.
    fn extents(&self, start: u32, bytes: u64, is_mini: bool) -> Result<Vec<Extent>, Failure> {
        let (table, shift) = if is_mini { (&self.mini_fat, self.mini_shift) } else { (&self.fat, self.sector_shift) };
        let mut extents: Vec<Extent> = Vec::new();
        let (mut sector, mut at, mut expected) = (start, 0u64, None);
        // A loop would otherwise go on for as long as the size lies. Short chains need no look at where they were.
        let mut visited = Visited::new(if bytes >> shift > SHORT_CHAIN { table.len() } else { 0 });
        while at < bytes {
            if sector >= LAST_SECTOR || !visited.is_new(sector) {
                self.damaged.set(true);
                break;
            }
            let position = if is_mini { self.mini_position(sector) } else { Some(self.position(sector)) };
            let Some(position) = position.filter(|position| *position < self.content.len()) else {
                self.damaged.set(true);
                break;
            };
            if expected != Some(position) {
                extents.push(Extent { at, position });
            }
            expected = Some(position + (1 << shift));
            at += 1 << shift;
            sector = usize::try_from(sector).ok().and_then(|n| table.get(n)).copied().unwrap_or(NO_ENTRY);
            self.budget.tick()?;
        }
        // The end of the chain ends the last run.
        extents.push(Extent { at: at.min(bytes), position: u64::MAX });
        Ok(extents)
    }

    fn mini_position(&self, sector: u32) -> Option<u64> {
        locate(&self.mini, u64::from(sector) << self.mini_shift).map(|(position, _)| position)
    }

    fn read_directory(&mut self, start: u32) -> Result<(), Failure> {
        let most = (ENTRIES_MAX as u64 * ENTRY_BYTES as u64).min(self.content.len());
        let damaged = self.damaged.get();
        let extents = self.extents(start, most, false)?;
        // The directory tells no size: its chain ends where it ends.
        self.damaged.set(damaged);
        let mut reader = self.over(extents, None)?.reader();
        let mut entry = [0; ENTRY_BYTES];
        while self.entries.len() < ENTRIES_MAX && fill(&mut reader, &mut entry)? == ENTRY_BYTES {
            let parsed = Entry::parse(&entry, self.sector_shift);
            self.held.grow(size_of::<Entry>() + parsed.name.len())?;
            self.entries.push(parsed);
        }
        if self.entries.is_empty() {
            return Err(Failure::corrupt("the compound file has no directory"));
        }
        self.entries[ROOT].is_storage = true;
        self.plant()
    }

    /// Turns the directory's trees of siblings into lists, each entry at most once.
    fn plant(&mut self) -> Result<(), Failure> {
        let mut seen = vec![false; self.entries.len()];
        seen[ROOT] = true;
        let mut storages = vec![ROOT];
        while let Some(storage) = storages.pop() {
            let mut children = Vec::new();
            // In order: an entry waits while its left side is visited.
            let mut waiting = Vec::new();
            let mut next = self.entries[storage].links[2];
            loop {
                self.budget.tick()?;
                while let Some(number) = self.unseen(next, &mut seen) {
                    waiting.push(number);
                    next = self.entries[number].links[0];
                }
                let Some(number) = waiting.pop() else { break };
                children.push(number);
                if self.entries[number].is_storage {
                    storages.push(number);
                }
                next = self.entries[number].links[1];
            }
            self.entries[storage].children = children;
        }
        // Streams that no storage holds were deleted, or hidden from those who follow the tree.
        let lost = (1..self.entries.len()).filter(|n| !seen[*n] && !self.entries[*n].name.is_empty());
        let lost: Vec<_> = lost.filter(|n| !self.entries[*n].is_storage && self.entries[*n].bytes > 0).collect();
        self.entries[ROOT].children.extend(lost);
        Ok(())
    }

    fn unseen(&self, number: u32, seen: &mut [bool]) -> Option<usize> {
        if number == NO_ENTRY {
            return None;
        }
        let index = usize::try_from(number).ok()?;
        match seen.get_mut(index) {
            Some(seen) if !*seen => {
                *seen = true;
                Some(index)
            }
            _ => {
                self.damaged.set(true);
                None
            }
        }
    }

    fn read_mini(&mut self, start: u32) -> Result<(), Failure> {
        let root = &self.entries[ROOT];
        self.mini = self.extents(root.start, root.bytes.min(self.content.len()), false)?;
        let most = self.content.len().min(u64::try_from(self.fat.len()).unwrap_or(u64::MAX) << self.sector_shift);
        let damaged = self.damaged.get();
        let extents = self.extents(start, most, false)?;
        self.damaged.set(damaged);
        let mut reader = self.over(extents, None)?.reader();
        let mut block = [0; HEADER_BYTES];
        loop {
            let n = fill(&mut reader, &mut block)?;
            self.held.grow(n)?;
            self.mini_fat.extend(block[..n].chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])));
            if n < block.len() {
                return Ok(());
            }
        }
    }

    fn over(&self, extents: Vec<Extent>, held: Option<Hold<'a>>) -> Result<Stream<'a>, Failure> {
        let bytes = extents.last().map_or(0, |extent| extent.at);
        Ok(Stream { content: self.content, budget: self.budget, extents, bytes, _held: held })
    }

    /// True when something read so far was cut, looped or pointed outside.
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged.get()
    }

    /// The entry of this number; numbers come from [`Entry::children`] and [`Compound::child`].
    pub(super) fn entry(&self, number: usize) -> &Entry {
        self.entries.get(number).unwrap_or(&self.entries[ROOT])
    }

    /// What lies in a storage under this name, whatever its case.
    pub(super) fn child(&self, storage: usize, name: &str) -> Option<usize> {
        let children = &self.entries.get(storage)?.children;
        children.iter().copied().find(|child| self.entries[*child].name.eq_ignore_ascii_case(name))
    }

    /// The stream of this name in a storage.
    pub(super) fn find(&self, storage: usize, name: &str) -> Result<Option<Stream<'a>>, Failure> {
        let found = self.child(storage, name).filter(|child| !self.entries[*child].is_storage);
        found.map(|number| self.stream(number)).transpose()
    }

    /// The bytes of a stream, as far as its chain goes.
    pub(super) fn stream(&self, number: usize) -> Result<Stream<'a>, Failure> {
        let Entry { start, bytes, .. } = *self.entry(number);
        // Nothing is longer than the file.
        let most = bytes.min(self.content.len());
        if most < bytes {
            self.damaged.set(true);
        }
        let extents = self.extents(start, most, bytes < self.mini_below)?;
        let held = self.budget.hold(extents.len() * size_of::<Extent>())?;
        let stream = self.over(extents, Some(held))?;
        if stream.end() > self.content.len() {
            self.damaged.set(true);
        }
        Ok(stream)
    }

    /// All storages and streams under a storage, each after the storage that holds it.
    pub(super) fn under(&self, storage: usize) -> Vec<usize> {
        let mut all = Vec::new();
        let mut next = self.entry(storage).children.clone();
        next.reverse();
        while let Some(number) = next.pop() {
            all.push(number);
            next.extend(self.entry(number).children.iter().rev());
        }
        all
    }

    /// The account that reading is charged to.
    pub(super) fn budget(&self) -> &'a Budget {
        self.budget
    }
}

impl Entry {
    fn parse(raw: &[u8], sector_shift: u32) -> Self {
        let len = u16_at(raw, 64).map_or(0, usize::from).min(64).saturating_sub(2);
        let name = super::bytes::utf16_until_nul(&raw[..len]);
        let size = u64_at(raw, 120).unwrap_or(0);
        let mut class = [0; 16];
        class.copy_from_slice(&raw[80..96]);
        Self {
            name,
            is_storage: matches!(raw[66], 1 | 5),
            // Small sectors mean a 32-bit size; old writers leave anything above it ([MS-CFB] 2.6.1).
            bytes: if sector_shift <= 9 { size & 0xffff_ffff } else { size },
            class,
            children: Vec::new(),
            start: u32_at(raw, 116).unwrap_or(NO_ENTRY),
            links: [68, 72, 76].map(|at| u32_at(raw, at).unwrap_or(NO_ENTRY)),
        }
    }
}

/// The bytes of one stream, readable at any position.
#[derive(Debug)]
pub(super) struct Stream<'a> {
    content: &'a Content,
    budget: &'a Budget,
    extents: Vec<Extent>,
    bytes: u64,
    _held: Option<Hold<'a>>,
}

/// The file position of a stream's byte, and how many bytes follow it there.
fn locate(extents: &[Extent], at: u64) -> Option<(u64, u64)> {
    let next = extents.partition_point(|extent| extent.at <= at);
    let (extent, after) = (extents.get(next.checked_sub(1)?)?, extents.get(next)?);
    Some((extent.position + (at - extent.at), after.at - at))
}

impl<'a> Stream<'a> {
    /// A whole content as one stream, for what is also found without a container.
    pub(super) fn whole(source: &Source<'a>) -> Self {
        let bytes = source.content.len();
        let extents = vec![Extent { at: 0, position: 0 }, Extent { at: bytes, position: u64::MAX }];
        Self { content: source.content, budget: source.budget, extents, bytes, _held: None }
    }

    /// Bytes that its chain holds.
    pub(super) fn len(&self) -> u64 {
        self.bytes
    }

    /// Where its last run ends in the file.
    fn end(&self) -> u64 {
        match self.extents.as_slice() {
            [.., run, last] => run.position.saturating_add(last.at - run.at),
            _ => 0,
        }
    }

    /// Fills as much of the buffer as the stream has from a position.
    pub(super) fn read_at(&self, mut at: u64, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            let Some((position, run)) = locate(&self.extents, at) else { break };
            let want = usize::try_from(run).unwrap_or(usize::MAX).min(buf.len() - filled);
            let n = self.content.read_at(position, &mut buf[filled..filled + want])?;
            self.budget.charge_read(n)?;
            if n == 0 {
                break;
            }
            filled += n;
            at += n as u64;
        }
        Ok(filled)
    }

    /// Up to `most` bytes from a position.
    pub(super) fn bytes_at(&self, at: u64, most: usize) -> Result<Vec<u8>, Failure> {
        let there = usize::try_from(self.bytes.saturating_sub(at)).unwrap_or(usize::MAX);
        let mut bytes = vec![0; there.min(most)];
        let n = self.read_at(at, &mut bytes)?;
        bytes.truncate(n);
        Ok(bytes)
    }

    /// A buffered reader from the start.
    pub(super) fn reader(self) -> StreamReader<'a> {
        self.reader_at(0)
    }

    /// A buffered reader from a position.
    pub(super) fn reader_at(self, at: u64) -> StreamReader<'a> {
        let block = usize::try_from(self.bytes).unwrap_or(usize::MAX).clamp(1, READER_BYTES);
        StreamReader { stream: self, at, block: vec![0; block], filled: 0, taken: 0 }
    }
}

/// Bytes fetched at a time.
const READER_BYTES: usize = 16 << 10;

/// Reads a stream from a position onward.
#[derive(Debug)]
pub(super) struct StreamReader<'a> {
    stream: Stream<'a>,
    /// The stream's position after the block.
    at: u64,
    block: Vec<u8>,
    filled: usize,
    taken: usize,
}

impl StreamReader<'_> {
    /// The position of the next byte.
    pub(super) fn position(&self) -> u64 {
        self.at - (self.filled - self.taken) as u64
    }

    /// Bytes in the stream.
    pub(super) fn len(&self) -> u64 {
        self.stream.len()
    }

    /// Goes to a position, which may lie behind the end.
    pub(super) fn seek(&mut self, to: u64) {
        let begins = self.at - self.filled as u64;
        match to.checked_sub(begins).and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= self.filled) {
            Some(taken) => self.taken = taken,
            None => (self.at, self.filled, self.taken) = (to, 0, 0),
        }
    }

    /// Fills as much of the buffer as there is.
    pub(super) fn fill(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        fill(self, buf)
    }
}

impl BufRead for StreamReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.filled {
            self.taken = 0;
            self.filled = 0;
            self.filled = self.stream.read_at(self.at, &mut self.block)?;
            self.at += self.filled as u64;
        }
        Ok(&self.block[self.taken..self.filled])
    }

    fn consume(&mut self, n: usize) {
        self.taken = (self.taken + n).min(self.filled);
    }
}

impl Read for StreamReader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let there = self.fill_buf()?;
        let n = there.len().min(buf.len());
        buf[..n].copy_from_slice(&there[..n]);
        self.consume(n);
        Ok(n)
    }
}

/// Fills as much of the buffer as the reader has.
pub(in crate::extract) fn fill(reader: &mut dyn Read, buf: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buf.len() {
        match reader.read(&mut buf[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
