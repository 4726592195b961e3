//! A storage as a compound file of its own: how embedded documents and messages become members.
//!
//! The tables are made up front and the streams copied as they are read, so that nothing is held whole. All streams lie in
//! ordinary sectors: the header says that no stream is short enough for the mini stream.

use super::compound::{Compound, StreamReader};
use crate::extract::Failure;
use std::collections::VecDeque;
use std::io::{self, Read};

/// Large sectors: the header alone then lists tables for 400 MB.
const SECTOR: usize = 4096;
const FREE: u32 = 0xffff_ffff;
const END: u32 = 0xffff_fffe;
const FAT: u32 = 0xffff_fffd;
/// Entries of the header's own list of table sectors; a storage with more than these reach is refused.
const TABLES_MAX: usize = 109;

/// What goes into a new file: entries with their parents, the root first.
#[derive(Debug, Default)]
pub(super) struct Plan {
    items: Vec<Item>,
}

#[derive(Debug)]
struct Item {
    name: String,
    parent: usize,
    bytes: Option<u64>,
    class: [u8; 16],
    /// The entry of the file that it comes from.
    from: usize,
}

impl Plan {
    /// A storage of `compound` as the root, everything in it below.
    pub(super) fn of(compound: &Compound<'_>, storage: usize) -> Result<Self, Failure> {
        let mut plan = Self::default();
        let class = compound.entry(storage).class;
        plan.items.push(Item { name: "Root Entry".to_owned(), parent: 0, bytes: None, class, from: storage });
        plan.add_from(compound, 0)?;
        Ok(plan)
    }

    /// Adds one more storage or stream to the root, unless its name is taken.
    pub(super) fn add(&mut self, compound: &Compound<'_>, number: usize) -> Result<(), Failure> {
        let name = &compound.entry(number).name;
        if self.items.iter().any(|item| item.parent == 0 && item.name.eq_ignore_ascii_case(name)) {
            return Ok(());
        }
        self.place(compound, number, 0)?;
        let at = self.items.len() - 1;
        if compound.entry(number).is_storage {
            self.add_from(compound, at)?;
        }
        Ok(())
    }

    fn add_from(&mut self, compound: &Compound<'_>, first: usize) -> Result<(), Failure> {
        let mut next = first;
        while next < self.items.len() {
            let Item { bytes: None, from, .. } = self.items[next] else {
                next += 1;
                continue;
            };
            for &child in &compound.entry(from).children {
                self.place(compound, child, next)?;
            }
            next += 1;
        }
        Ok(())
    }

    fn place(&mut self, compound: &Compound<'_>, number: usize, parent: usize) -> Result<(), Failure> {
        let entry = compound.entry(number);
        let bytes = if entry.is_storage { None } else { Some(compound.stream(number)?.len()) };
        self.items.push(Item { name: entry.name.clone(), parent, bytes, class: entry.class, from: number });
        Ok(())
    }

    /// The new file, to be read once.
    pub(super) fn open<'c, 'a>(self, compound: &'c Compound<'a>) -> Result<Packed<'c, 'a>, Failure> {
        let head = self.head().ok_or(Failure::corrupt("an embedded storage is too large to be taken out"))?;
        let streams = self.items.iter().filter_map(|item| item.bytes.filter(|n| *n > 0).map(|n| (item.from, n)));
        Ok(Packed { compound, head, at: 0, streams: streams.collect(), current: None, padding: 0 })
    }

    /// Header, allocation table and directory. Streams follow in the order of their entries.
    fn head(&self) -> Option<Vec<u8>> {
        let directory_sectors = self.items.len().div_ceil(SECTOR / 128);
        let sectors_of = |item: &Item| usize::try_from(item.bytes.unwrap_or(0).div_ceil(SECTOR as u64)).ok();
        let data: usize = self.items.iter().map(sectors_of).sum::<Option<usize>>()?;
        let mut tables = 1;
        while (tables + directory_sectors + data).div_ceil(SECTOR / 4) > tables {
            tables = (tables + directory_sectors + data).div_ceil(SECTOR / 4);
            if tables > TABLES_MAX {
                return None;
            }
        }
        let mut head = header(u32::try_from(tables).ok()?, u32::try_from(directory_sectors).ok()?);
        let mut fat = vec![FAT; tables];
        chain(&mut fat, directory_sectors)?;
        let mut starts = Vec::with_capacity(self.items.len());
        for item in &self.items {
            let sectors = sectors_of(item)?;
            starts.push(if sectors == 0 { END } else { u32::try_from(fat.len()).ok()? });
            chain(&mut fat, sectors)?;
        }
        fat.resize(tables * SECTOR / 4, FREE);
        head.extend(fat.iter().flat_map(|entry| entry.to_le_bytes()));
        let (first, next) = self.links();
        for (at, item) in self.items.iter().enumerate() {
            head.extend(item.entry(at == 0, starts[at], first[at], next[at])?);
        }
        head.resize(head.len().next_multiple_of(SECTOR), 0);
        Some(head)
    }

    /// The first child and the next sibling of each entry: siblings hang on one another's right side, which every reader can
    /// follow.
    fn links(&self) -> (Vec<u32>, Vec<u32>) {
        let (mut first, mut next) = (vec![FREE; self.items.len()], vec![FREE; self.items.len()]);
        for (at, item) in self.items.iter().enumerate().skip(1).rev() {
            next[at] = std::mem::replace(&mut first[item.parent], u32::try_from(at).unwrap_or(FREE));
        }
        (first, next)
    }
}

impl Item {
    fn entry(&self, is_root: bool, start: u32, child: u32, right: u32) -> Option<[u8; 128]> {
        let mut raw = [0; 128];
        let units: Vec<u8> = self.name.encode_utf16().take(31).flat_map(u16::to_le_bytes).collect();
        raw[..units.len()].copy_from_slice(&units);
        raw[64..66].copy_from_slice(&u16::try_from(units.len() + 2).ok()?.to_le_bytes());
        raw[66] = match self.bytes {
            _ if is_root => 5,
            None => 1,
            Some(_) => 2,
        };
        raw[67] = 1;
        raw[68..72].copy_from_slice(&FREE.to_le_bytes());
        raw[72..76].copy_from_slice(&right.to_le_bytes());
        raw[76..80].copy_from_slice(&child.to_le_bytes());
        raw[80..96].copy_from_slice(&self.class);
        raw[116..120].copy_from_slice(&start.to_le_bytes());
        raw[120..128].copy_from_slice(&self.bytes.unwrap_or(0).to_le_bytes());
        Some(raw)
    }
}

/// Adds a chain of this many sectors to a table.
fn chain(fat: &mut Vec<u32>, sectors: usize) -> Option<()> {
    for left in (0..sectors).rev() {
        let next = u32::try_from(fat.len() + 1).ok()?;
        fat.push(if left == 0 { END } else { next });
    }
    Some(())
}

fn header(tables: u32, directory_sectors: u32) -> Vec<u8> {
    let mut raw = vec![0; SECTOR];
    raw[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
    let mut put16 = |at: usize, value: u16| raw[at..at + 2].copy_from_slice(&value.to_le_bytes());
    put16(24, 0x3e);
    put16(26, 4);
    put16(28, 0xfffe);
    put16(30, 12);
    put16(32, 6);
    let mut put32 = |at: usize, value: u32| raw[at..at + 4].copy_from_slice(&value.to_le_bytes());
    put32(40, directory_sectors);
    put32(44, tables);
    put32(48, tables);
    put32(60, END);
    put32(68, END);
    for n in 0..109 {
        put32(76 + n as usize * 4, if n < tables { n } else { FREE });
    }
    raw
}

/// A new compound file, made while it is read.
#[derive(Debug)]
pub(super) struct Packed<'c, 'a> {
    compound: &'c Compound<'a>,
    head: Vec<u8>,
    at: usize,
    streams: VecDeque<(usize, u64)>,
    /// The stream being copied, and what is left of it.
    current: Option<(StreamReader<'a>, u64)>,
    padding: usize,
}

impl Read for Packed<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            let rest = self.head.get(self.at..).unwrap_or_default();
            if !rest.is_empty() {
                let n = rest.len().min(buf.len());
                buf[..n].copy_from_slice(&rest[..n]);
                self.at += n;
                return Ok(n);
            }
            if let Some((reader, left)) = &mut self.current {
                let want = usize::try_from(*left).unwrap_or(usize::MAX).min(buf.len());
                let n = if want == 0 { 0 } else { reader.read(&mut buf[..want])? };
                *left -= n as u64;
                if n > 0 || buf.is_empty() {
                    return Ok(n);
                }
                // What a cut stream lacks becomes zeros, so that the next one keeps its place.
                self.padding += usize::try_from(*left).unwrap_or(0);
                self.current = None;
            }
            if self.padding > 0 {
                let n = self.padding.min(buf.len());
                buf[..n].fill(0);
                self.padding -= n;
                return Ok(n);
            }
            let Some((number, bytes)) = self.streams.pop_front() else { return Ok(0) };
            let stream = self.compound.stream(number).map_err(Failure::into_io)?;
            self.padding = usize::try_from(bytes.next_multiple_of(SECTOR as u64) - bytes).unwrap_or(0);
            self.current = Some((stream.reader(), bytes));
        }
    }
}

#[cfg(test)]
impl Plan {
    /// A compound file with these streams, for tests; a `/` in a name makes storages.
    pub(super) fn by_hand(streams: &[(&str, &[u8])]) -> Vec<u8> {
        let root = Item { name: "Root Entry".to_owned(), parent: 0, bytes: None, class: [0; 16], from: 0 };
        let mut plan = Self { items: vec![root] };
        let mut bodies: Vec<&[u8]> = Vec::new();
        for (path, body) in streams {
            let steps: Vec<&str> = path.split('/').collect();
            let mut parent = 0;
            for (at, step) in steps.iter().enumerate() {
                let is_last = at + 1 == steps.len();
                let found = plan.items.iter().skip(1).position(|item| item.parent == parent && item.name == *step);
                parent = match found.filter(|_| !is_last) {
                    Some(before) => before + 1,
                    None => {
                        let bytes = is_last.then_some(body.len() as u64);
                        plan.items.push(Item { name: (*step).to_owned(), parent, bytes, class: [0; 16], from: 0 });
                        plan.items.len() - 1
                    }
                };
            }
            bodies.push(body);
        }
        let mut file = plan.head().expect("it fits");
        for body in bodies {
            file.extend_from_slice(body);
            file.resize(file.len().next_multiple_of(SECTOR), 0);
        }
        file
    }
}
