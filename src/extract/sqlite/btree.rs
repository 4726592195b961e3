//! Pages and the trees they form (fileformat2 1.5 and 1.6), walked with a list of pages to be seen and a mark on each seen:
//! a page is read once, whatever refers to it.

use super::super::{Failure, Source};
use super::record::{Encoding, Value, values, varint};
use crate::content::budget::Hold;

const HEADER_BYTES: usize = 100;
/// A value larger than this is not put together.
const PAYLOAD_BYTES_MAX: usize = 16 << 20;

const INTERIOR_INDEX: u8 = 2;
const INTERIOR_TABLE: u8 = 5;
const LEAF_INDEX: u8 = 10;
const LEAF_TABLE: u8 = 13;

/// A database file.
pub(super) struct Database<'a> {
    source: &'a Source<'a>,
    page_bytes: usize,
    /// Bytes of a page that are used; the rest is reserved for extensions.
    usable: usize,
    pages: u32,
    pub(super) encoding: Encoding,
    /// One bit for each page that some tree reaches.
    reached: Vec<u8>,
    _held: Hold<'a>,
    pub(super) is_damaged: bool,
    pub(super) too_large_cells: u64,
}

/// One row.
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) values: Vec<Value>,
}

type See<'s> = &'s mut dyn FnMut(&Row) -> Result<(), Failure>;

impl<'a> Database<'a> {
    /// Reads the header.
    pub(super) fn open(source: &'a Source<'a>) -> Result<Self, Failure> {
        let mut header = [0; HEADER_BYTES];
        source.content.read_exact_at(0, &mut header)?;
        let page_bytes = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            bytes => usize::from(bytes),
        };
        let usable = page_bytes.saturating_sub(usize::from(header[20]));
        if !page_bytes.is_power_of_two() || page_bytes < 512 || usable < 480 {
            return Err(Failure::corrupt("an impossible page size"));
        }
        let encoding = match be32(&header, 56) {
            Some(2) => Encoding::Utf16Le,
            Some(3) => Encoding::Utf16Be,
            _ => Encoding::Utf8,
        };
        // What the header says of the number of pages may be old; the file's length is what is there.
        let there = source.content.len().div_ceil(page_bytes as u64);
        let pages = u32::try_from(there).unwrap_or(u32::MAX);
        let told = be32(&header, 28).unwrap_or(0);
        let bitmap_bytes = usize::try_from(pages / 8 + 1).unwrap_or(usize::MAX);
        let held = source.budget.hold(bitmap_bytes + page_bytes * 4)?;
        Ok(Self {
            source,
            page_bytes,
            usable,
            pages,
            encoding,
            reached: vec![0; bitmap_bytes],
            _held: held,
            is_damaged: told > pages,
            too_large_cells: 0,
        })
    }

    /// Marks a page; false when it was marked before or is not there.
    fn reach(&mut self, page: u32) -> bool {
        if page == 0 || page > self.pages {
            return false;
        }
        let (at, bit) = (usize::try_from(page / 8).unwrap_or(0), 1u8 << (page % 8));
        let is_new = self.reached[at] & bit == 0;
        self.reached[at] |= bit;
        is_new
    }

    fn is_reached(&self, page: u32) -> bool {
        self.reached[usize::try_from(page / 8).unwrap_or(0)] & (1 << (page % 8)) != 0
    }

    /// One page; shorter than a page where the file is cut.
    fn page(&self, number: u32) -> Result<Vec<u8>, Failure> {
        let mut page = vec![0; self.page_bytes];
        let got = self.source.content.read_up_to(u64::from(number - 1) * self.page_bytes as u64, &mut page)?;
        self.source.budget.charge_read(got)?;
        page.truncate(got.min(self.usable));
        Ok(page)
    }

    /// Shows the rows of the tree under `root`. With `mark` its pages count as reached and a page reached before is passed
    /// over; without it the walk is bounded by the number of pages.
    pub(super) fn each_row(&mut self, root: u32, mark: bool, see: See<'_>) -> Result<(), Failure> {
        let mut waiting = vec![root];
        let mut steps = u64::from(self.pages);
        while let Some(number) = waiting.pop() {
            let is_new = if mark { self.reach(number) } else { (1..=self.pages).contains(&number) && steps > 0 };
            if !is_new {
                self.is_damaged |= mark;
                continue;
            }
            steps = steps.saturating_sub(1);
            let page = Page::new(self.page(number)?, number);
            match page.kind() {
                Some(INTERIOR_TABLE | INTERIOR_INDEX) => {
                    let children: Vec<u32> = page.children().collect();
                    if page.kind() == Some(INTERIOR_INDEX) {
                        self.rows_of(&page, mark, see)?;
                    }
                    waiting.extend(children.into_iter().rev().take(self.page_bytes));
                }
                Some(LEAF_TABLE | LEAF_INDEX) => self.rows_of(&page, mark, see)?,
                _ => self.is_damaged |= mark,
            }
        }
        Ok(())
    }

    /// Shows the rows of pages of tables that no tree reached.
    pub(super) fn each_unreached(&mut self, see: See<'_>) -> Result<(), Failure> {
        for number in 1..=self.pages {
            if self.is_reached(number) {
                continue;
            }
            let page = Page::new(self.page(number)?, number);
            if page.kind() == Some(LEAF_TABLE) {
                self.rows_of(&page, false, see)?;
            }
        }
        Ok(())
    }

    /// Shows what lies between the cells of every page of a table: the space never used, and the free blocks.
    pub(super) fn each_gap(&mut self, see: &mut dyn FnMut(&[u8]) -> Result<(), Failure>) -> Result<(), Failure> {
        for number in 1..=self.pages {
            let page = Page::new(self.page(number)?, number);
            if page.kind() != Some(LEAF_TABLE) {
                continue;
            }
            for gap in page.gaps() {
                see(gap)?;
            }
        }
        Ok(())
    }

    fn rows_of(&mut self, page: &Page, mark: bool, see: See<'_>) -> Result<(), Failure> {
        for at in page.cells() {
            self.source.budget.tick()?;
            let Some((number, payload)) = self.payload(page, at, mark)? else { continue };
            if let Some(values) = values(&payload, self.encoding) {
                see(&Row { number, values })?;
            }
        }
        Ok(())
    }

    /// The row's number and its record, put together from its overflow pages.
    fn payload(&mut self, page: &Page, at: usize, mark: bool) -> Result<Option<(u64, Vec<u8>)>, Failure> {
        let kind = page.kind().unwrap_or(0);
        let Some(mut cell) = page.bytes.get(at..) else { return Ok(None) };
        if kind == INTERIOR_INDEX {
            cell = cell.get(4..).unwrap_or_default();
        }
        let Some((len, used)) = varint(cell) else { return Ok(None) };
        cell = &cell[used..];
        let mut number = 0;
        if kind == LEAF_TABLE {
            let Some((row, used)) = varint(cell) else { return Ok(None) };
            (number, cell) = (row, &cell[used..]);
        }
        let Some(len) = usize::try_from(len).ok().filter(|len| *len <= PAYLOAD_BYTES_MAX) else {
            self.too_large_cells += u64::from(len < self.source.content.len());
            return Ok(None);
        };
        let here = self.local_bytes(len, kind == LEAF_TABLE);
        let mut payload = cell[..here.min(cell.len())].to_vec();
        if here < len {
            let next = be32(cell, here).unwrap_or(0);
            self.add_overflow(&mut payload, len, next, mark)?;
        }
        Ok(Some((number, payload)))
    }

    fn add_overflow(&mut self, payload: &mut Vec<u8>, len: usize, next: u32, mark: bool) -> Result<(), Failure> {
        let mut next = next;
        // Each page brings bytes, so the record's length bounds the chain, loops included.
        while payload.len() < len && (1..=self.pages).contains(&next) {
            self.source.budget.tick()?;
            if mark {
                self.reach(next);
            }
            let page = self.page(next)?;
            let part = page.get(4..).unwrap_or_default();
            payload.extend_from_slice(&part[..part.len().min(len - payload.len())]);
            next = be32(&page, 0).filter(|_| !part.is_empty()).unwrap_or(0);
        }
        Ok(())
    }

    /// How much of a record stands in its own page (fileformat2 1.6).
    fn local_bytes(&self, len: usize, is_table: bool) -> usize {
        let most = if is_table { self.usable - 35 } else { (self.usable - 12) * 64 / 255 - 23 };
        if len <= most {
            return len;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let there = least + (len - least) % (self.usable - 4);
        if there <= most { there } else { least }
    }
}

/// One page of a tree.
struct Page {
    bytes: Vec<u8>,
    /// Where its head begins: the first page has the file's header before it.
    head: usize,
}

impl Page {
    fn new(bytes: Vec<u8>, number: u32) -> Self {
        Self { bytes, head: if number == 1 { HEADER_BYTES } else { 0 } }
    }

    fn kind(&self) -> Option<u8> {
        self.bytes.get(self.head).copied()
    }

    fn head_bytes(&self) -> usize {
        if matches!(self.kind(), Some(INTERIOR_INDEX | INTERIOR_TABLE)) { 12 } else { 8 }
    }

    /// Where the cells begin, as the head lists them.
    fn cells(&self) -> impl Iterator<Item = usize> {
        let count = be16(&self.bytes, self.head + 3).unwrap_or(0);
        let list = self.head + self.head_bytes();
        (0..count).map_while(move |index| be16(&self.bytes, list + index * 2)).filter(|at| *at > 0)
    }

    /// The pages below an interior one, in order.
    fn children(&self) -> impl Iterator<Item = u32> {
        let last = be32(&self.bytes, self.head + 8);
        self.cells().filter_map(|at| be32(&self.bytes, at)).chain(last)
    }

    fn gaps(&self) -> Vec<&[u8]> {
        let count = be16(&self.bytes, self.head + 3).unwrap_or(0);
        let from = self.head + self.head_bytes() + count * 2;
        let to = match be16(&self.bytes, self.head + 5) {
            Some(0) | None => self.bytes.len(),
            Some(to) => to,
        };
        let mut gaps: Vec<&[u8]> = self.bytes.get(from..to).into_iter().collect();
        let mut block = be16(&self.bytes, self.head + 1).unwrap_or(0);
        // Free blocks stand in ascending order, so a loop shows itself.
        while let (Some(next), Some(len)) = (be16(&self.bytes, block), be16(&self.bytes, block + 2)) {
            if block == 0 {
                break;
            }
            gaps.extend(self.bytes.get(block + 4..block + len.max(4)));
            if next <= block {
                break;
            }
            block = next;
        }
        gaps
    }
}

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
