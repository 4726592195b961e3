//! The middle layer of an Outlook store: heaps in nodes, and the property and table contexts that live in them.
//!
//! [MS-PST] 2.3. A heap is held while its node is read (it is small: whatever is longer than 3,580 bytes lives in a node of
//! its own, which streams).

use super::super::Failure;
use super::blocks::{Data, Form, Node, Store, le, le16, le32};
use std::io::Read;

/// Bytes of the largest heap.
const HEAP_BYTES_MAX: usize = 32 << 20;
/// Properties of one object.
const PROPERTIES_MAX: usize = 20_000;

/// One heap, with the nodes below its node.
pub(super) struct Heap<'s, 'a> {
    store: &'s Store<'a>,
    blocks: Vec<Vec<u8>>,
    pub(super) sub_nodes: Vec<Node>,
    _held: crate::content::budget::Hold<'a>,
}

/// Where a value is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Property {
    pub(super) id: u16,
    pub(super) kind: u16,
    /// The value itself or where it stands.
    pub(super) value: u32,
}

impl<'s, 'a> Heap<'s, 'a> {
    /// Reads the heap of a node.
    pub(super) fn read(store: &'s Store<'a>, node: Node) -> Result<Self, Failure> {
        let mut held = store.source().budget.hold(0)?;
        let (mut blocks, mut bytes) = (Vec::new(), 0);
        let mut data = store.data(node.data);
        while let Some(block) = data.next_block()? {
            bytes += block.len();
            held.grow(block.len())?;
            if bytes > HEAP_BYTES_MAX {
                return Err(Failure::corrupt("a heap is too large"));
            }
            blocks.push(block);
        }
        if blocks.first().and_then(|block| block.get(2)) != Some(&0xec) {
            return Err(Failure::corrupt("a node without a heap"));
        }
        let sub_nodes = store.sub_nodes(node.sub_nodes)?;
        held.grow(size_of_val(sub_nodes.as_slice()))?;
        Ok(Self { store, blocks, sub_nodes, _held: held })
    }

    /// The store that it lies in.
    pub(super) fn store(&self) -> &'s Store<'a> {
        self.store
    }

    fn root(&self) -> u32 {
        le32(&self.blocks[0], 4)
    }

    /// What a number within the heap stands for (2.3.1.1); empty for one that stands for nothing.
    fn item(&self, id: u32) -> &[u8] {
        let (index, block) = match self.store.form {
            Form::Large => ((id & 0x7_ffff) >> 5, id >> 19),
            _ => ((id & 0xffff) >> 5, id >> 16),
        };
        let found = usize::try_from(block).ok().and_then(|block| self.blocks.get(block));
        let Some((block, index)) = found.zip(usize::try_from(index).ok()).filter(|_| id & 0x1f == 0) else {
            return &[];
        };
        let map = le16(block, 0);
        if index == 0 || index > le16(block, map) {
            return &[];
        }
        let (start, end) = (le16(block, map + 2 + 2 * index), le16(block, map + 4 + 2 * index));
        block.get(start..end).unwrap_or_default()
    }

    /// The records of a tree in the heap (2.3.2), each with its key in front.
    fn records(&self, header: u32, key_bytes: usize, data_bytes: usize) -> Result<Vec<&[u8]>, Failure> {
        let header = self.item(header);
        let levels = header.get(3).copied().unwrap_or(0);
        if header.first() != Some(&0xb5) || usize::from(header[1]) != key_bytes || levels > 8 {
            return Err(Failure::corrupt("a tree in a heap is damaged"));
        }
        let mut found = Vec::new();
        let mut left = vec![(le32(header, 4), levels)];
        while let Some((id, level)) = left.pop() {
            self.store.source().budget.tick()?;
            let item = self.item(id);
            if level == 0 {
                found.extend(item.chunks_exact(key_bytes + data_bytes));
            } else {
                left.extend(item.chunks_exact(key_bytes + 4).rev().map(|entry| (le32(entry, key_bytes), level - 1)));
            }
            if found.len() > PROPERTIES_MAX || left.len() > PROPERTIES_MAX {
                return Err(Failure::corrupt("a tree in a heap does not end"));
            }
        }
        Ok(found)
    }

    /// The properties of an object (2.3.3).
    pub(super) fn properties(&self) -> Result<Vec<Property>, Failure> {
        let records = self.records(self.root(), 2, 6)?;
        let narrow = |value: usize| u16::try_from(value).unwrap_or(0);
        let property = |record: &[u8]| Property {
            id: narrow(le16(record, 0)),
            kind: narrow(le16(record, 2)),
            value: le32(record, 4),
        };
        Ok(records.into_iter().map(property).collect())
    }

    /// The bytes of a value that does not fit into its property.
    pub(super) fn value(&self, at: u32) -> Value<'_, 's, 'a> {
        if at & 0x1f == 0 {
            return Value::Here(self.item(at));
        }
        let node = self.sub_nodes.iter().find(|node| node.id == at);
        Value::Node(self.store.data(node.map_or(0, |node| node.data)))
    }

    /// The cells of a table (2.3.4) that hold text, row by row: property, kind and value.
    pub(super) fn table_texts(&self, see: &mut dyn FnMut(Property) -> Result<(), Failure>) -> Result<(), Failure> {
        let info = self.item(self.root());
        if info.first() != Some(&0x7c) {
            return Err(Failure::corrupt("a node without a table"));
        }
        let row_bytes = le16(info, 8);
        let columns: Vec<&[u8]> =
            info.get(22..).unwrap_or_default().chunks_exact(8).take(usize::from(info[1])).collect();
        if row_bytes < 8 {
            return Ok(());
        }
        let mut rows = self.value(le32(info, 14));
        let mut block = Vec::new();
        while rows.next_piece(&mut block)? {
            for row in block.chunks_exact(row_bytes) {
                self.store.source().budget.tick()?;
                for column in &columns {
                    let kind = u16::try_from(le16(column, 0)).unwrap_or(0);
                    let exists = row.get(le16(info, 6) + usize::from(column[7] / 8));
                    if matches!(kind, 0x1e | 0x1f) && exists.is_some_and(|bits| bits & (0x80 >> (column[7] % 8)) != 0) {
                        let id = u16::try_from(le16(column, 2)).unwrap_or(0);
                        see(Property { id, kind, value: le32(row, le16(column, 4)) })?;
                    }
                }
            }
        }
        Ok(())
    }

    /// A short value as a whole: eight bytes of a number or a time.
    pub(super) fn eight_bytes(&self, at: u32) -> u64 {
        le(self.item(at), 0, 8)
    }

    /// The number of the node that an embedded object lives in.
    pub(super) fn object_node(&self, at: u32) -> Option<Node> {
        let id = le32(self.item(at), 0);
        self.sub_nodes.iter().find(|node| node.id == id).copied()
    }
}

/// The bytes of a value, in the heap or in a node of their own.
pub(super) enum Value<'h, 's, 'a> {
    Here(&'h [u8]),
    Node(Data<'s, 'a>),
}

impl Value<'_, '_, '_> {
    /// The next piece as it is stored; a row of a table never crosses the edge of two.
    fn next_piece(&mut self, piece: &mut Vec<u8>) -> Result<bool, Failure> {
        match self {
            Value::Here(bytes) => {
                *piece = std::mem::take(bytes).to_vec();
                Ok(!piece.is_empty())
            }
            Value::Node(data) => match data.next_block()? {
                Some(block) => {
                    *piece = block;
                    Ok(true)
                }
                None => Ok(false),
            },
        }
    }
}

impl Read for Value<'_, '_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Value::Here(bytes) => bytes.read(buf),
            Value::Node(data) => data.read(buf),
        }
    }
}
