//! Signed and sealed mail: the outer layers of the Cryptographic Message Syntax (RFC 5652), read as a stream.
//!
//! Only what leads to the signed content is looked at (BER, definite and indefinite lengths); signatures are not checked,
//! since a scanner asks what was said and not who said it.

use super::super::Failure;
use std::io::{self, Read};

const OID_SIGNED: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const OID_PKCS7: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07];
const OID_SMIME_TYPES: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01];
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OCTETS: u8 = 0x04;
const OCTETS_IN_PARTS: u8 = 0x24;
const CONTEXT_0: u8 = 0xa0;
/// Bytes of an element that is passed over.
const PASSED_BYTES_MAX: u64 = 64 << 10;

/// What a message of this syntax is.
pub(super) enum Opened<'r> {
    /// Signed: the content follows.
    Signed(Content<'r>),
    /// Enveloped: only its receiver's key opens it.
    Sealed,
    /// Something else, or broken.
    Other,
}

/// Reads up to the content.
pub(super) fn open(reader: &mut dyn Read) -> Result<Opened<'_>, Failure> {
    match lead(reader) {
        Ok(Lead::Signed(tag, len)) => {
            let in_parts = tag == OCTETS_IN_PARTS;
            let left = if in_parts { 0 } else { len.unwrap_or(0) };
            Ok(Opened::Signed(Content { reader, in_parts, left, done: false }))
        }
        Ok(Lead::Sealed) => Ok(Opened::Sealed),
        Ok(Lead::Other) => Ok(Opened::Other),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Opened::Other),
        Err(error) => Err(error.into()),
    }
}

enum Lead {
    Signed(u8, Option<u64>),
    Sealed,
    Other,
}

fn lead(reader: &mut dyn Read) -> io::Result<Lead> {
    if element(reader)?.0 != SEQUENCE {
        return Ok(Lead::Other);
    }
    let oid = object_id(reader)?;
    if oid != OID_SIGNED {
        let is_known = oid.starts_with(OID_PKCS7) || oid.starts_with(OID_SMIME_TYPES);
        // 7.3 and 16.1.23 are enveloped, 7.6 is encrypted.
        let is_sealed = is_known && matches!(oid.last(), Some(3 | 4 | 6 | 23));
        return Ok(if is_sealed { Lead::Sealed } else { Lead::Other });
    }
    for expected in [CONTEXT_0, SEQUENCE] {
        if element(reader)?.0 != expected {
            return Ok(Lead::Other);
        }
    }
    // Version and digest algorithms.
    for _ in 0..2 {
        let (tag, len) = element(reader)?;
        match len {
            Some(len) => pass(reader, len)?,
            None if tag == SET => pass_indefinite(reader)?,
            None => return Ok(Lead::Other),
        }
    }
    if element(reader)?.0 != SEQUENCE {
        return Ok(Lead::Other);
    }
    object_id(reader)?;
    if element(reader)?.0 != CONTEXT_0 {
        return Ok(Lead::Other);
    }
    let (tag, len) = element(reader)?;
    let has_content = matches!(tag, OCTETS | OCTETS_IN_PARTS);
    Ok(if has_content { Lead::Signed(tag, len) } else { Lead::Other })
}

/// Tag and length; `None` for an indefinite length.
fn element(reader: &mut dyn Read) -> io::Result<(u8, Option<u64>)> {
    let mut head = [0; 2];
    reader.read_exact(&mut head)?;
    let [tag, first] = head;
    if first < 0x80 {
        return Ok((tag, Some(u64::from(first))));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 {
        return Ok((tag, None));
    }
    let mut bytes = [0; 8];
    let Some(wanted) = bytes.len().checked_sub(count) else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a length is too long"));
    };
    reader.read_exact(&mut bytes[wanted..])?;
    Ok((tag, Some(u64::from_be_bytes(bytes))))
}

fn object_id(reader: &mut dyn Read) -> io::Result<Vec<u8>> {
    let (tag, len) = element(reader)?;
    let len = len.filter(|len| tag == 6 && *len <= 64).unwrap_or(0);
    let mut oid = Vec::new();
    reader.take(len).read_to_end(&mut oid)?;
    Ok(oid)
}

fn pass(reader: &mut dyn Read, len: u64) -> io::Result<()> {
    if len > PASSED_BYTES_MAX {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "an element is too long"));
    }
    let passed = io::copy(&mut reader.take(len), &mut io::sink())?;
    if passed == len { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Passes over the elements of one with an indefinite length, which have definite ones.
fn pass_indefinite(reader: &mut dyn Read) -> io::Result<()> {
    loop {
        match element(reader)? {
            (0, Some(0)) => return Ok(()),
            (_, Some(len)) => pass(reader, len)?,
            (_, None) => return Err(io::Error::new(io::ErrorKind::InvalidData, "too deep")),
        }
    }
}

/// The signed content.
pub(super) struct Content<'r> {
    reader: &'r mut dyn Read,
    in_parts: bool,
    left: u64,
    done: bool,
}

impl Read for Content<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            if self.done || !self.in_parts {
                return Ok(0);
            }
            match element(self.reader)? {
                (OCTETS, Some(len)) => self.left = len,
                _ => self.done = true,
            }
        }
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buf.len());
        let n = self.reader.read(&mut buf[..wanted])?;
        if n == 0 && wanted > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= n as u64;
        Ok(n)
    }
}

/// Shows each run of printable characters, with a line end behind it.
pub(super) fn each_run(reader: &mut dyn Read, see: &mut dyn FnMut(&str) -> Result<(), Failure>) -> Result<(), Failure> {
    const RUN_CHARS_MIN: usize = 6;
    let mut block = [0; 4096];
    let mut run = String::new();
    loop {
        let n = reader.read(&mut block)?;
        for &byte in &block[..n] {
            if matches!(byte, b' '..=b'~') && run.len() < 4096 {
                run.push(char::from(byte));
                continue;
            }
            if run.len() >= RUN_CHARS_MIN {
                run.push('\n');
                see(&run)?;
            }
            run.clear();
        }
        if n == 0 {
            return if run.len() >= RUN_CHARS_MIN { see(&run) } else { Ok(()) };
        }
    }
}
