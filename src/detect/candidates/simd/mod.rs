//! The two inner loops of the shape finder, as wide as the machine allows.
//!
//! `classify` names each byte's class; `search` looks up, for every place of an anchor, which buckets admit the class that
//! stands there, and keeps the buckets that all places admit. This is the only room with `unsafe`: the loops read and
//! write through pointers within slices whose lengths are checked first, and run instructions that the machine was found
//! to have.

#![allow(unsafe_code, reason = "vector instructions; every block tells why it is sound")]

mod plain;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod x86;

/// Which instructions the shape finder runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Path {
    /// Plain code, any machine.
    Portable,
    /// AVX2, 32 bytes at a time.
    Avx2,
    /// AVX-512 with VBMI, 64 bytes at a time.
    Avx512,
}

impl Path {
    /// The best this machine has; plain code under an interpreter.
    #[must_use]
    pub fn best() -> Self {
        *Self::all().last().unwrap_or(&Path::Portable)
    }

    /// All that this machine has, plainest first.
    #[must_use]
    pub fn all() -> &'static [Self] {
        #[cfg(target_arch = "x86_64")]
        {
            if x86::has_avx512() {
                return &[Path::Portable, Path::Avx2, Path::Avx512];
            }
            if x86::has_avx2() {
                return &[Path::Portable, Path::Avx2];
            }
        }
        &[Path::Portable]
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Path::Portable => "portable",
            Path::Avx2 => "avx2",
            Path::Avx512 => "avx512",
        }
    }
}

/// Bytes are looked at in steps of this many; buffers are a multiple of it.
pub(crate) const STEP: usize = 256;
/// How far a place may lie behind the position it belongs to: a search reads that much past its last step.
pub(crate) const REACH: usize = 64;

/// One place of all anchors: how far it lies from the byte before a match, and for each class the buckets that admit it.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct Row {
    /// Classes to buckets, the first eight buckets and the second.
    pub(crate) admits: [[u8; 64]; 2],
    /// Less than [`REACH`].
    pub(crate) offset: usize,
}

/// What a search looks up.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    /// The class of each byte; those from 128 on share that of 127.
    pub(crate) classes: [u8; 128],
    /// The places, the most telling first.
    pub(crate) rows: Vec<Row>,
    /// The same for plain code: for each class, eight bits of buckets for each of sixteen places.
    pub(crate) chains: Box<[[u128; 2]; 64]>,
    /// Both groups of buckets are in use.
    pub(crate) wide: bool,
}

/// Rows after which a search looks whether anything is left.
const EARLY: usize = 6;

/// Names the class of each byte. The lengths are equal and a multiple of 64.
pub(crate) fn classify(path: Path, classes: &[u8; 128], bytes: &[u8], out: &mut [u8]) {
    assert!(bytes.len() == out.len() && bytes.len().is_multiple_of(64), "whole steps");
    match path {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: AVX-512 F, BW and VBMI were found on this machine; the lengths are equal and a multiple of 64.
        Path::Avx512 if x86::has_avx512() => unsafe { x86::classify_avx512(classes, bytes, out) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: AVX2 was found on this machine; the lengths are equal and a multiple of 64.
        Path::Avx2 if x86::has_avx2() => unsafe { x86::classify_avx2(classes, bytes, out) },
        _ => plain::classify(classes, bytes, out),
    }
}

/// What a search found: for each 64 positions a word of those that a bucket admits, and at those which buckets.
#[derive(Debug)]
pub(crate) struct Hits<'a> {
    pub(crate) found: &'a mut [u64],
    /// A bit for each bucket, by position; told only where `found` has a bit.
    pub(crate) buckets: [&'a mut [u8]; 2],
}

/// Tells each position that a bucket admits: position `i` is judged by `classes[i + offset]` of each row. `classes` is
/// [`REACH`] longer than the positions.
pub(crate) fn search(path: Path, tables: &Tables, classes: &[u8], hits: &mut Hits<'_>) {
    let rows = &tables.rows;
    let positions = hits.found.len() * 64;
    assert!(classes.len() == positions + REACH && positions.is_multiple_of(STEP), "whole steps");
    assert!(hits.buckets.iter().all(|buckets| buckets.len() == positions), "room for every position");
    assert!(rows.iter().all(|row| row.offset < REACH), "places in reach");
    match (path, tables.wide) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: AVX-512 F, BW and VBMI were found on this machine; lengths and offsets were checked above.
        (Path::Avx512, true) if x86::has_avx512() => unsafe { x86::search_avx512::<2>(rows, classes, hits) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        (Path::Avx512, false) if x86::has_avx512() => unsafe { x86::search_avx512::<1>(rows, classes, hits) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: AVX2 was found on this machine; lengths and offsets were checked above.
        (Path::Avx2, true) if x86::has_avx2() => unsafe { x86::search_avx2::<2>(rows, classes, hits) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        (Path::Avx2, false) if x86::has_avx2() => unsafe { x86::search_avx2::<1>(rows, classes, hits) },
        _ => plain::search(tables, classes, hits),
    }
}
