//! Embedded objects: what lies in a storage or a packed stream, handed over as the file it was.
//!
//! A storage with a `Package` or `Ole10Native` stream is a wrapping around one file; any other storage is a document of its own
//! and becomes a compound file again.

use super::bytes::{narrow, size_at, u16_at, u32_at, up_to};
use super::compound::{Compound, Stream};
use super::writer::Plan;
use crate::content::Budget;
use crate::content::budget::{Fed, Inflated};
use crate::extract::Failure;
use crate::extract::parts::{Parts, printable};
use encoding_rs::WINDOWS_1252;
use std::io::{self, Read};

/// Streams that hold the object's file as it is.
const PLAIN: &[&str] = &["Package", "EmbeddedOdf", "CONTENTS", "MSGRAPH", "WordPerfect", "MATHTYPE"];
/// Bytes of the wrapping around a packed file.
const WRAPPING_BYTES_MAX: usize = 64 << 10;

/// Decompresses under the budget.
pub(in crate::extract) struct Inflating<'b, R: Read> {
    inner: Inflated<'b, flate2::read::ZlibDecoder<Fed<R>>>,
}

impl<'b, R: Read> Inflating<'b, R> {
    pub(in crate::extract) fn zlib(inner: R, budget: &'b Budget) -> Self {
        let (fed, taken) = Fed::new(inner);
        Self { inner: Inflated::new(flate2::read::ZlibDecoder::new(fed), taken, budget) }
    }
}

impl<R: Read> Read for Inflating<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buf)
    }
}

/// Hands over what one storage embeds, under this name.
pub(super) fn hand_over(
    compound: &Compound<'_>,
    storage: usize,
    name: &str,
    parts: &mut Parts<'_>,
) -> Result<(), Failure> {
    for plain in PLAIN {
        if let Some(stream) = compound.find(storage, plain)? {
            return parts.member(name, &mut stream.reader());
        }
    }
    if let Some(stream) = compound.find(storage, "\u{1}Ole10Native")? {
        return hand_over_native(stream, name, parts);
    }
    if compound.entry(storage).children.is_empty() {
        return Ok(());
    }
    let mut packed = Plan::of(compound, storage)?.open(compound)?;
    parts.member(name, &mut packed)
}

/// The stream of an object of the first OLE: a file with its names, or bare data ([MS-OLEDS] 2.3.6).
fn hand_over_native(stream: Stream<'_>, name: &str, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let head = stream.bytes_at(0, WRAPPING_BYTES_MAX)?;
    let Some(package) = Package::parse(head.get(4..).unwrap_or_default()) else {
        let mut reader = stream.reader_at(4);
        return parts.member(name, &mut reader);
    };
    let name = package.name(name);
    let from = 4 + package.from as u64;
    parts.member(&name, &mut stream.reader_at(from).take(package.bytes as u64))
}

/// A file that was dropped into a document by the Packager.
#[derive(Debug, PartialEq)]
pub(in crate::extract) struct Package {
    label: String,
    path: String,
    /// Where the file begins, and its length.
    pub(in crate::extract) from: usize,
    pub(in crate::extract) bytes: usize,
}

impl Package {
    /// Reads the wrapping: a mark, label, path, two numbers, the path it was copied from, then the file.
    pub(in crate::extract) fn parse(head: &[u8]) -> Option<Self> {
        if u16_at(head, 0)? != 2 {
            return None;
        }
        let mut at = 2;
        let mut text = || {
            let rest = head.get(at..)?;
            let end = memchr::memchr(0, rest)?;
            let found = narrow(&rest[..end], WINDOWS_1252);
            at += end + 1;
            Some(found)
        };
        let (label, path) = (text()?, text()?);
        if u16_at(head, at + 2)? == 3 {
            let len = size_at(head, at + 4)?;
            at = at.checked_add(8)?.checked_add(len)?;
        }
        let bytes = size_at(head, at)?;
        (at + 4 <= head.len() && bytes > 0).then_some(Self { label, path, from: at + 4, bytes })
    }

    /// The name of the file inside, or that of its object.
    pub(in crate::extract) fn name(&self, object: &str) -> String {
        let file = |path: &str| printable(path.rsplit(['/', '\\']).next().unwrap_or(path));
        let names = [file(&self.label), file(&self.path)];
        names.into_iter().find(|name| !name.is_empty()).unwrap_or_else(|| object.to_owned())
    }
}

/// Names of storages that hold embedded objects in the documents of the three programs, and in messages.
fn holds_object(name: &str) -> bool {
    name.starts_with("MBD") || name.starts_with("LNK")
}

/// Hands over every object embedded in a document: Word keeps them in a pool, Excel beside the workbook, Publisher and Visio
/// in storages of their own.
pub(super) fn push_all(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    for pool in ["ObjectPool", "Objects", "Embeddings", "OleObjects", "Embedding Store"] {
        let Some(pool) = compound.child(storage, pool).filter(|pool| compound.entry(*pool).is_storage) else {
            continue;
        };
        for &object in &compound.entry(pool).children {
            push_one(compound, object, parts)?;
        }
    }
    for &child in &compound.entry(storage).children {
        if holds_object(&compound.entry(child).name) {
            push_one(compound, child, parts)?;
        }
    }
    for name in ["Package", "\u{1}Ole10Native", "CONTENTS", "EmbeddedOdf"] {
        if compound.find(storage, name)?.is_some() && compound.child(storage, "Quill").is_none() {
            return hand_over(compound, storage, "object", parts);
        }
    }
    Ok(())
}

fn push_one(compound: &Compound<'_>, object: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    if !compound.entry(object).is_storage {
        return Ok(());
    }
    let name = format!("object {}", printable(compound.entry(object).name.trim_start_matches('_')));
    hand_over(compound, object, &name, parts)
}

/// An object of the first OLE as one piece of memory: its class, and where its data lie ([MS-OLEDS] 2.2.5).
pub(in crate::extract) fn first_ole(head: &[u8]) -> Option<(String, usize, usize)> {
    // The version's number is whatever its writer liked.
    if !matches!(u32_at(head, 4)?, 1 | 2) {
        return None;
    }
    let mut at = 8;
    let mut class = String::new();
    for n in 0..3 {
        let len = size_at(head, at)?;
        if n == 0 {
            class = narrow(up_to(head, at + 4, len), WINDOWS_1252);
        }
        at = at.checked_add(4)?.checked_add(len)?;
    }
    let bytes = size_at(head, at)?;
    Some((class, at + 4, bytes))
}
