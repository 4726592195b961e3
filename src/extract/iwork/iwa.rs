//! The object files of a package: blocks of snappy, and in them messages, each under a head that tells its type.
//!
//! A block begins with a zero byte and its length in three bytes, low first; it inflates to at most 64 KiB. The stream of
//! them is `length, head, message, message, ...` again and again, where the head (`ArchiveInfo`) holds the object's number
//! and, for each message, its type and length.

use super::super::Failure;
use super::message::{Field, Message};
use crate::content::budget::{Budget, Fed, Hold, Inflated};
use std::io::{self, Read};

/// What one block may inflate to. Apple's programs write 64 KiB.
const BLOCK_BYTES_MAX: usize = 1 << 20;

/// The inflated stream.
pub(super) struct Blocks<R> {
    inner: R,
    block: Vec<u8>,
    at: usize,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, block: Vec::new(), at: 0 }
    }

    /// Reads the next block; false at the end.
    fn next_block(&mut self) -> io::Result<bool> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a snappy block is damaged");
        let mut head = [0; 4];
        if self.inner.read(&mut head[..1])? == 0 {
            return Ok(false);
        }
        self.inner.read_exact(&mut head[1..])?;
        let len = u32::from_le_bytes([head[1], head[2], head[3], 0]);
        let mut packed = Vec::new();
        (&mut self.inner).take(u64::from(len)).read_to_end(&mut packed)?;
        let is_whole = head[0] == 0 && u32::try_from(packed.len()) == Ok(len);
        let bytes = snap::raw::decompress_len(&packed).map_err(|_| damaged())?;
        if !is_whole || bytes > BLOCK_BYTES_MAX {
            return Err(damaged());
        }
        self.block = snap::raw::Decoder::new().decompress_vec(&packed).map_err(|_| damaged())?;
        self.at = 0;
        Ok(true)
    }
}

impl<R: Read> Read for Blocks<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.at == self.block.len() {
            if buf.is_empty() || !self.next_block()? {
                return Ok(0);
            }
        }
        let n = buf.len().min(self.block.len() - self.at);
        buf[..n].copy_from_slice(&self.block[self.at..self.at + n]);
        self.at += n;
        Ok(n)
    }
}

/// The whole stream, held under the budget. What came before a fault is lost with it.
pub(super) fn read_all<'b>(body: &mut dyn Read, budget: &'b Budget) -> Result<(Vec<u8>, Hold<'b>), Failure> {
    let (fed, fed_bytes) = Fed::new(body);
    let mut inflated = Inflated::new(Blocks::new(fed), fed_bytes, budget);
    let mut held = budget.hold(0)?;
    let (mut bytes, mut step) = (Vec::new(), [0; 16 << 10]);
    loop {
        match inflated.read(&mut step)? {
            0 => return Ok((bytes, held)),
            n => {
                held.grow(n)?;
                bytes.extend_from_slice(&step[..n]);
            }
        }
    }
}

/// One message of an object file.
pub(super) struct Object<'a> {
    /// The object's number, by which others refer to it.
    pub(super) number: u64,
    /// The message's type.
    pub(super) kind: u64,
    pub(super) payload: &'a [u8],
}

/// Shows each message; false when the stream ends in the middle of one.
pub(super) fn each_message(
    mut rest: &[u8],
    see: &mut dyn FnMut(&Object<'_>) -> Result<(), Failure>,
) -> Result<bool, Failure> {
    while !rest.is_empty() {
        let Some((head, after)) = take_head(rest) else { return Ok(false) };
        rest = after;
        let mut number = 0;
        for field in Message::new(head) {
            match field {
                Field::Number(1, value) => number = value,
                Field::Bytes(2, info) => {
                    let (kind, len) = kind_and_len(info);
                    let Some(payload) = usize::try_from(len).ok().and_then(|len| rest.get(..len)) else {
                        return Ok(false);
                    };
                    rest = &rest[payload.len()..];
                    see(&Object { number, kind, payload })?;
                }
                _ => {}
            }
        }
    }
    Ok(true)
}

/// The type of the first message.
pub(super) fn first_type(bytes: &[u8]) -> Option<u64> {
    let (head, _) = take_head(bytes)?;
    Message::new(head).find_map(|field| match field {
        Field::Bytes(2, info) => Some(kind_and_len(info).0),
        _ => None,
    })
}

fn take_head(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut rest = bytes;
    let len = usize::try_from(super::message::varint(&mut rest)?).ok().filter(|len| *len > 0)?;
    rest.split_at_checked(len)
}

/// `MessageInfo`: type and length.
fn kind_and_len(info: &[u8]) -> (u64, u64) {
    let (mut kind, mut len) = (0, 0);
    for field in Message::new(info) {
        match field {
            Field::Number(1, value) => kind = value,
            Field::Number(3, value) => len = value,
            _ => {}
        }
    }
    (kind, len)
}
