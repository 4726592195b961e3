//! The lowest layer of an Outlook store: two search trees of pages, and the blocks that they lead to.
//!
//! [MS-PST] 2.2 for the ANSI and Unicode forms; the form of newer offline stores (pages of 4 KiB, blocks that may be deflated)
//! is not in it and follows what such files show. Nothing is believed that leads out of the file, and every walk ends: a tree
//! is at most [`LEVELS_MAX`] pages high, with each level lower than the one above.

use super::super::{Failure, Source};
use super::cipher::Cipher;
use crate::model::Reason;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Read;
use std::rc::Rc;

/// Height of the tallest tree that is followed.
const LEVELS_MAX: usize = 12;
/// Pages kept for the next search.
const PAGES_KEPT: usize = 512;
/// Bytes of the largest block.
const BLOCK_BYTES_MAX: usize = 64 << 10;

/// Where things stand in each of the forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// 32 bits, before 2003.
    Ansi,
    /// 64 bits.
    Unicode,
    /// 64 bits, pages of 4 KiB.
    Large,
}

/// An entry of the tree of nodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) id: u32,
    pub(super) data: u64,
    pub(super) sub_nodes: u64,
    pub(super) parent: u32,
}

/// Where a block stands.
#[derive(Clone, Copy, Debug)]
struct Block {
    position: u64,
    stored_bytes: usize,
    /// Bytes once inflated.
    bytes: usize,
}

/// An open store.
pub(super) struct Store<'a> {
    source: Source<'a>,
    pub(super) form: Form,
    cipher: Cipher,
    nodes_at: u64,
    blocks_at: u64,
    pages: RefCell<HashMap<u64, Rc<Page>>>,
}

/// A page of one of the trees.
struct Page {
    entries: Vec<u8>,
    entry_bytes: usize,
    level: u8,
}

impl Page {
    fn iter(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.entries.chunks_exact(self.entry_bytes)
    }
}

pub(super) fn le(bytes: &[u8], at: usize, len: usize) -> u64 {
    let mut value = [0; 8];
    match bytes.get(at..at + len) {
        Some(found) => value[..len].copy_from_slice(found),
        None => return 0,
    }
    u64::from_le_bytes(value)
}

pub(super) fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::try_from(le(bytes, at, 4)).unwrap_or(0)
}

pub(super) fn le16(bytes: &[u8], at: usize) -> usize {
    usize::try_from(le(bytes, at, 2)).unwrap_or(0)
}

impl<'a> Store<'a> {
    /// Reads the header.
    pub(super) fn open(source: &Source<'a>) -> Result<Self, Failure> {
        let mut header = [0; 564];
        let got = source.content.read_up_to(0, &mut header)?;
        source.budget.charge_read(got)?;
        if !header.starts_with(b"!BDN") {
            return Err(Failure::corrupt("no head of an Outlook store"));
        }
        let form = match le16(&header, 10) {
            14 | 15 => Form::Ansi,
            36.. => Form::Large,
            _ => Form::Unicode,
        };
        let (nodes_at, blocks_at, cipher) = match form {
            Form::Ansi => (le(&header, 188, 4), le(&header, 196, 4), header[461]),
            Form::Unicode | Form::Large => (le(&header, 224, 8), le(&header, 240, 8), header[513]),
        };
        let Some(cipher) = Cipher::numbered(cipher) else {
            return Err(Failure::refused(Reason::EncryptedRights, "an Outlook store sealed by the system"));
        };
        Ok(Self { source: *source, form, cipher, nodes_at, blocks_at, pages: RefCell::default() })
    }

    /// Bytes of a block's or page's number.
    fn id_bytes(&self) -> usize {
        if self.form == Form::Ansi { 4 } else { 8 }
    }

    fn page(&self, position: u64) -> Result<Rc<Page>, Failure> {
        if let Some(page) = self.pages.borrow().get(&position) {
            return Ok(Rc::clone(page));
        }
        let mut bytes = vec![0; if self.form == Form::Large { 4096 } else { 512 }];
        self.source.content.read_exact_at(position, &mut bytes)?;
        self.source.budget.charge_read(bytes.len())?;
        let (tail, wide) = match self.form {
            Form::Ansi => (496, 1),
            Form::Unicode => (488, 1),
            Form::Large => (4056, 2),
        };
        let count = usize::try_from(le(&bytes, tail, wide)).unwrap_or(0);
        let entry_bytes = usize::from(bytes[tail + 2 * wide]);
        let level = bytes[tail + 2 * wide + 1];
        if entry_bytes < 8 || count * entry_bytes > tail {
            return Err(Failure::corrupt("a page of a tree is damaged"));
        }
        bytes.truncate(count * entry_bytes);
        let page = Rc::new(Page { entries: bytes, entry_bytes, level });
        let mut pages = self.pages.borrow_mut();
        if pages.len() >= PAGES_KEPT {
            pages.clear();
        }
        pages.insert(position, Rc::clone(&page));
        Ok(page)
    }

    /// Finds the last entry of a tree's leaf that is not above a key.
    fn search(&self, root: u64, key: u64, see: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        let id = self.id_bytes();
        let mut position = root;
        let mut level_above = u8::MAX;
        for _ in 0..LEVELS_MAX {
            self.source.budget.tick()?;
            let page = self.page(position)?;
            if page.level >= level_above {
                break;
            }
            level_above = page.level;
            // The lowest bit of a block's number is not part of it.
            let Some(entry) = page.iter().rev().find(|entry| le(entry, 0, id) & !1 <= key) else { break };
            if page.level == 0 {
                see(entry);
                return Ok(());
            }
            position = le(entry, 2 * id, id);
        }
        Ok(())
    }

    fn block(&self, id: u64) -> Result<Option<Block>, Failure> {
        let wide = self.id_bytes();
        let mut found = None;
        self.search(self.blocks_at, id & !1, &mut |entry| {
            if le(entry, 0, wide) & !1 == id & !1 {
                let stored_bytes = le16(entry, 2 * wide);
                let bytes = if self.form == Form::Large { le16(entry, 2 * wide + 2) } else { stored_bytes };
                found = Some(Block { position: le(entry, wide, wide), stored_bytes, bytes });
            }
        })?;
        Ok(found)
    }

    /// Calls `see` for every node of the store in the order of their numbers, parts of the tree that are damaged left out.
    /// False when there was one.
    pub(super) fn each_node(&self, see: &mut dyn FnMut(Node) -> Result<(), Failure>) -> Result<bool, Failure> {
        let id = self.id_bytes();
        let mut whole = true;
        let mut left = vec![(self.nodes_at, u8::MAX)];
        while let Some((position, level_above)) = left.pop() {
            self.source.budget.tick()?;
            let page = match self.page(position) {
                Ok(page) if page.level < level_above && left.len() < LEVELS_MAX * 512 => page,
                Err(failure) if failure.stop().is_some() => return Err(failure),
                _ => {
                    whole = false;
                    continue;
                }
            };
            if page.level > 0 {
                left.extend(page.iter().rev().map(|entry| (le(entry, 2 * id, id), page.level)));
                continue;
            }
            for entry in page.iter() {
                see(Node {
                    id: le32(entry, 0),
                    data: le(entry, id, id),
                    sub_nodes: le(entry, 2 * id, id),
                    parent: le32(entry, 3 * id),
                })?;
            }
        }
        Ok(whole)
    }

    /// The bytes of one block, decoded where it holds data.
    fn read_block(&self, id: u64) -> Result<Vec<u8>, Failure> {
        let Some(block) = self.block(id)? else { return Err(Failure::corrupt("a block is missing")) };
        let mut data = vec![0; block.stored_bytes.min(BLOCK_BYTES_MAX)];
        self.source.content.read_exact_at(block.position, &mut data)?;
        self.source.budget.charge_read(data.len())?;
        if block.bytes > block.stored_bytes {
            let mut inflated = Vec::new();
            let decoder = flate2::read::ZlibDecoder::new(data.as_slice());
            decoder.take(block.bytes.min(BLOCK_BYTES_MAX) as u64).read_to_end(&mut inflated)?;
            data = inflated;
        }
        if !is_internal(id) {
            self.cipher.decode(id, &mut data);
        }
        Ok(data)
    }

    /// The bytes of a chain of blocks.
    pub(super) fn data(&self, id: u64) -> Data<'_, 'a> {
        Data { store: self, left: if id == 0 { Vec::new() } else { vec![(id, u8::MAX)] }, block: Vec::new(), taken: 0 }
    }

    /// The nodes below a node.
    pub(super) fn sub_nodes(&self, id: u64) -> Result<Vec<Node>, Failure> {
        const SUB_NODES_MAX: usize = 100_000;
        let wide = self.id_bytes();
        let mut found = Vec::new();
        let mut left = if id == 0 { Vec::new() } else { vec![(id, u8::MAX)] };
        while let Some((id, level_above)) = left.pop() {
            let block = self.read_block(id)?;
            let (level, count) = (block.get(1).copied().unwrap_or(u8::MAX), le16(&block, 2));
            if block.first() != Some(&2) || level >= level_above.min(2) || found.len() > SUB_NODES_MAX {
                return Err(Failure::corrupt("a tree below a node is damaged"));
            }
            let head = if self.form == Form::Ansi { 4 } else { 8 };
            let entry_bytes = if level == 0 { 3 * wide } else { 2 * wide };
            let entries = block.get(head..).unwrap_or_default().chunks_exact(entry_bytes).take(count);
            if level > 0 {
                left.extend(entries.rev().map(|entry| (le(entry, wide, wide), level)));
                continue;
            }
            found.extend(entries.map(|entry| Node {
                id: le32(entry, 0),
                data: le(entry, wide, wide),
                sub_nodes: le(entry, 2 * wide, wide),
                parent: 0,
            }));
        }
        Ok(found)
    }

    pub(super) fn source(&self) -> &Source<'a> {
        &self.source
    }
}

/// True for the numbers of blocks that lead to other blocks; these are never encoded.
fn is_internal(id: u64) -> bool {
    id & 2 != 0
}

/// The bytes of a chain of blocks, read one block after the other.
pub(super) struct Data<'s, 'a> {
    store: &'s Store<'a>,
    /// Blocks to come, the next one last, each below this level.
    left: Vec<(u64, u8)>,
    block: Vec<u8>,
    taken: usize,
}

impl Data<'_, '_> {
    /// The next block of data; `None` at the end.
    pub(super) fn next_block(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        while let Some((id, level_above)) = self.left.pop() {
            let block = self.store.read_block(id)?;
            if !is_internal(id) {
                return Ok(Some(block));
            }
            // A list of blocks, or of lists: 2.2.2.8.3.2.
            let (level, count) = (block.get(1).copied().unwrap_or(u8::MAX), le16(&block, 2));
            if block.first() != Some(&1) || level == 0 || level >= level_above.min(3) {
                return Err(Failure::corrupt("a list of blocks is damaged"));
            }
            let wide = self.store.id_bytes();
            let entries = block.get(8..).unwrap_or_default().chunks_exact(wide).take(count);
            self.left.extend(entries.rev().map(|entry| (le(entry, 0, wide), level)));
        }
        Ok(None)
    }
}

impl Read for Data<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        while self.taken == self.block.len() {
            match self.next_block().map_err(Failure::into_io)? {
                None => return Ok(0),
                Some(block) => (self.block, self.taken) = (block, 0),
            }
        }
        let n = buf.len().min(self.block.len() - self.taken);
        buf[..n].copy_from_slice(&self.block[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}
