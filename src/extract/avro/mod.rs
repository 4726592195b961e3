//! Avro files: blocks of records whose schema stands in the file's head (Apache Avro 1.12, Object Container Files).
//!
//! Values follow one another without marks, so everything is read in order: each text, number and name of a choice is pushed
//! behind its field's name. Schemas may refer to themselves and values may nest, hence a stack of our own. Blocks packed by
//! deflate and snappy are unpacked; other codecs are not read.

mod schema;

use super::{BLOCK_BYTES, Edge, Failure, Output, PartHead, Source};
use crate::content::budget::{Fed, Inflated};
use crate::content::{Budget, Stop};
use crate::model::{Limit, Place, Reason};
use schema::{Node, Schema};
use std::io::{self, BufReader, Read};

/// Bytes of the head's entries, of which the schema is one.
const HEAD_BYTES_MAX: u64 = 16 << 20;
/// Text pushed at a time.
const TEXT_BYTES: usize = 64 << 10;
/// Values that may be read without a byte being taken; a lying count of empty ones would go on for ever.
const EMPTY_MAX: u64 = 1 << 20;
/// Values that are open at a time.
const STACK_MAX: usize = 1 << 16;

/// Pushes the records.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut reader = BufReader::with_capacity(BLOCK_BYTES, source.reader());
    let mut mark = [0; 4];
    reader.read_exact(&mut mark)?;
    let (mut text, mut codec) = (None, Vec::new());
    let mut held = source.budget.hold(0)?;
    loop {
        let count = long(&mut reader)?;
        if count == 0 {
            break;
        }
        if count < 0 {
            long(&mut reader)?;
        }
        for _ in 0..count.unsigned_abs() {
            source.budget.tick()?;
            let key = bytes(&mut reader, HEAD_BYTES_MAX)?;
            let value = bytes(&mut reader, HEAD_BYTES_MAX)?;
            match key.as_slice() {
                b"avro.schema" => {
                    held.grow(value.len().saturating_mul(8))?;
                    text = Some(value);
                }
                b"avro.codec" => codec = value,
                _ => {}
            }
        }
    }
    let schema = text.and_then(|text| Schema::parse(&text)).ok_or(Failure::corrupt("no schema in the file's head"))?;
    let mut sync = [0; 16];
    reader.read_exact(&mut sync)?;
    let codec = match codec.as_slice() {
        b"" | b"null" => Codec::Plain,
        b"deflate" => Codec::Deflate,
        b"snappy" => Codec::Snappy,
        _ => return Err(Failure::refused(Reason::Unsupported, "packed by a codec that is not read")),
    };
    out.open_part(PartHead { name: "records".to_owned(), own_text: None, recovered: false })?;
    let mut teller =
        Teller { schema: &schema, budget: source.budget, out, number: 0, edge: '\n', empty: 0, skipped: false };
    let told = read_blocks(&mut reader, codec, sync, &mut teller);
    let skipped = teller.skipped;
    if told.as_ref().err().is_none_or(|failure| failure.stop().is_none()) {
        out.close_part()?;
    }
    if skipped {
        out.hole("bytes", Reason::Unsupported);
    }
    told
}

#[derive(Clone, Copy)]
enum Codec {
    Plain,
    Deflate,
    Snappy,
}

fn read_blocks(
    reader: &mut dyn Read,
    codec: Codec,
    sync: [u8; 16],
    teller: &mut Teller<'_, '_>,
) -> Result<(), Failure> {
    let budget = teller.budget;
    let mut first = [0];
    while reader.read(&mut first)? == 1 {
        let records = long(&mut first.as_slice().chain(&mut *reader))?;
        let size = u64::try_from(long(&mut *reader)?).map_err(|_| Failure::corrupt("a block of negative length"))?;
        let records = u64::try_from(records).map_err(|_| Failure::corrupt("a negative count of records"))?;
        let mut block = Read::take(&mut *reader, size);
        match codec {
            Codec::Plain => teller.tell(records, &mut block)?,
            Codec::Deflate => {
                let (fed, fed_bytes) = Fed::new(&mut block);
                let mut unpacked = Inflated::new(flate2::read::DeflateDecoder::new(fed), fed_bytes, budget);
                teller.tell(records, &mut BufReader::new(&mut unpacked))?;
            }
            Codec::Snappy => tell_snappy(&mut block, records, teller)?,
        }
        io::copy(&mut block, &mut io::sink())?;
        if block.limit() > 0 {
            return Err(Failure::corrupt("the last block is cut"));
        }
        let mut mark = [0; 16];
        reader.read_exact(&mut mark)?;
        if mark != sync {
            return Err(Failure::corrupt("a block does not end where it says"));
        }
    }
    Ok(())
}

/// A block of snappy, held whole, as its format wants; a checksum follows it.
fn tell_snappy(block: &mut dyn Read, records: u64, teller: &mut Teller<'_, '_>) -> Result<(), Failure> {
    let damaged = |_| Failure::corrupt("a snappy block is damaged");
    let mut packed = Vec::new();
    let room = teller.budget.limits().memory_bytes / 4;
    Read::take(&mut *block, room).read_to_end(&mut packed)?;
    packed.truncate(packed.len().saturating_sub(4));
    let bytes = snap::raw::decompress_len(&packed).map_err(damaged)?;
    if bytes as u64 > room {
        return Err(Stop::Limit(Limit::Memory).into());
    }
    let _held = teller.budget.hold(packed.len() + bytes)?;
    let (fed, fed_bytes) = Fed::new(io::repeat(0).take(packed.len() as u64));
    io::copy(&mut { fed }, &mut io::sink())?;
    let unpacked = snap::raw::Decoder::new().decompress_vec(&packed).map_err(damaged)?;
    teller.tell(records, &mut Inflated::new(unpacked.as_slice(), fed_bytes, teller.budget))
}

/// A number of variable length: seven bits a byte, the lowest first, the sign in the lowest bit.
fn long(reader: &mut dyn Read) -> Result<i64, Failure> {
    let (mut value, mut shift) = (0u64, 0);
    loop {
        let mut byte = [0];
        reader.read_exact(&mut byte)?;
        value |= u64::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
        if shift > 63 {
            return Err(Failure::corrupt("a number without an end"));
        }
    }
    Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
}

fn length(reader: &mut dyn Read) -> Result<u64, Failure> {
    u64::try_from(long(reader)?).map_err(|_| Failure::corrupt("a negative length"))
}

/// Bytes behind their length; only what is there is held.
fn bytes(reader: &mut dyn Read, most: u64) -> Result<Vec<u8>, Failure> {
    let len = length(reader)?;
    if len > most {
        return Err(Failure::corrupt("an entry of the head is too long"));
    }
    let mut bytes = Vec::new();
    Read::take(&mut *reader, len).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == len { Ok(bytes) } else { Err(Failure::corrupt("the head is cut")) }
}

/// What is still to be read, the next last.
enum Open<'s> {
    /// A value, behind the name of its field.
    Value(&'s Node, &'s str),
    /// Items of a list or of a map, so many before the next count.
    Items { node: &'s Node, name: &'s str, left: u64, has_keys: bool },
}

struct Teller<'t, 'o> {
    schema: &'t Schema,
    budget: &'t Budget,
    out: &'o mut dyn Output,
    number: u64,
    edge: char,
    /// Values since the last byte.
    empty: u64,
    /// Bytes that are no text were passed over.
    skipped: bool,
}

impl<'t> Teller<'t, '_> {
    fn tell(&mut self, records: u64, reader: &mut dyn Read) -> Result<(), Failure> {
        for _ in 0..records {
            self.number += 1;
            self.edge = '\n';
            let mut stack = vec![Open::Value(self.schema.root(), "")];
            while let Some(open) = stack.pop() {
                self.budget.tick()?;
                self.empty += 1;
                if self.empty > EMPTY_MAX || stack.len() > STACK_MAX {
                    return Err(Failure::corrupt("values without an end"));
                }
                match open {
                    Open::Value(node, name) => self.value(node, name, reader, &mut stack)?,
                    Open::Items { node, name, left, has_keys } => {
                        self.items(node, name, left, has_keys, reader, &mut stack)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn value(
        &mut self,
        node: &'t Node,
        name: &'t str,
        reader: &mut dyn Read,
        stack: &mut Vec<Open<'t>>,
    ) -> Result<(), Failure> {
        let schema = self.schema;
        match node {
            Node::Null => {}
            Node::Boolean => {
                self.fixed::<1>(reader)?;
            }
            Node::Long => {
                self.empty = 0;
                let value = long(reader)?;
                self.say(name, &value.to_string())?;
            }
            Node::Float => {
                let value = f32::from_le_bytes(self.fixed(reader)?);
                self.say(name, &value.to_string())?;
            }
            Node::Double => {
                let value = f64::from_le_bytes(self.fixed(reader)?);
                self.say(name, &value.to_string())?;
            }
            Node::Text => {
                self.empty = 0;
                let len = length(reader)?;
                self.text(name, len, reader)?;
            }
            Node::Fixed(len) => self.text(name, *len, reader)?,
            Node::Enum(symbols) => {
                self.empty = 0;
                let at = usize::try_from(length(reader)?).unwrap_or(usize::MAX);
                self.say(name, symbols.get(at).map_or("", String::as_str))?;
            }
            Node::Record(fields) => {
                stack.extend(fields.iter().rev().map(|(name, node)| Open::Value(schema.node(*node), name)));
            }
            Node::Array(item) => stack.push(Open::Items { node: schema.node(*item), name, left: 0, has_keys: false }),
            Node::Map(item) => stack.push(Open::Items { node: schema.node(*item), name, left: 0, has_keys: true }),
            Node::Union(choices) => {
                self.empty = 0;
                let at = usize::try_from(length(reader)?).unwrap_or(usize::MAX);
                let choice = choices.get(at).ok_or(Failure::corrupt("a choice that the schema does not have"))?;
                stack.push(Open::Value(schema.node(*choice), name));
            }
        }
        Ok(())
    }

    fn items(
        &mut self,
        node: &'t Node,
        name: &'t str,
        mut left: u64,
        has_keys: bool,
        reader: &mut dyn Read,
        stack: &mut Vec<Open<'t>>,
    ) -> Result<(), Failure> {
        if left == 0 {
            self.empty = 0;
            let count = long(reader)?;
            if count < 0 {
                long(reader)?;
            }
            left = count.unsigned_abs();
            if left == 0 {
                return Ok(());
            }
        }
        stack.push(Open::Items { node, name, left: left - 1, has_keys });
        if left == 1 {
            // The next count follows the last item.
            stack.pop();
            stack.push(Open::Items { node, name, left: 0, has_keys });
        }
        stack.push(Open::Value(node, name));
        if has_keys {
            self.empty = 0;
            let len = length(reader)?;
            self.text("", len, reader)?;
        }
        Ok(())
    }

    fn fixed<const N: usize>(&mut self, reader: &mut dyn Read) -> Result<[u8; N], Failure> {
        self.empty = 0;
        let mut raw = [0; N];
        reader.read_exact(&mut raw)?;
        Ok(raw)
    }

    /// Pushes a value behind its field's name.
    fn say(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        if value.is_empty() {
            return Ok(());
        }
        if !name.is_empty() {
            self.out.push(Edge::Soft(self.edge), &Place::Whole, name, None)?;
            self.edge = ' ';
        }
        self.out.push(Edge::Soft(self.edge), &Place::Row(self.number), value, None)?;
        self.edge = '\t';
        Ok(())
    }

    /// Pushes so many bytes as text, as they come; what is no text is passed over.
    fn text(&mut self, name: &str, len: u64, reader: &mut dyn Read) -> Result<(), Failure> {
        let (mut left, mut held, mut begun) = (len, Vec::new(), false);
        while left > 0 {
            let want = left.min((TEXT_BYTES - held.len()) as u64);
            let got = Read::take(&mut *reader, want).read_to_end(&mut held)? as u64;
            if got < want {
                return Err(Failure::corrupt("a text is cut"));
            }
            left -= got;
            let valid = match std::str::from_utf8(&held) {
                Ok(text) => text.len(),
                // A character may go on in the next piece.
                Err(error) if error.error_len().is_none() && left > 0 => error.valid_up_to(),
                Err(_) => {
                    self.skipped = true;
                    io::copy(&mut Read::take(&mut *reader, left), &mut io::sink())?;
                    return Ok(());
                }
            };
            let text = std::str::from_utf8(&held[..valid]).unwrap_or_default();
            if begun {
                self.out.push(Edge::Join, &Place::Row(self.number), text, None)?;
            } else {
                self.say(name, text)?;
            }
            begun = true;
            held.drain(..valid);
        }
        Ok(())
    }
}
