//! Compiled help (`.chm`, the ITSF format): a directory of pages, most of them in one stream of LZX.
//!
//! The format was never published; its public descriptions agree (Matthew Russotto's and the `chmlib` project's). The pages of
//! the packed stream are handed over in its order, in one pass. The files that the help compiler adds for itself (indexes,
//! tables of topics) are left out: what they say of the pages stands in the pages.

use super::ar::push_names;
use super::lzx;
use super::{Failure, Output, Source};
use crate::content::budget::{Fed, Inflated};
use crate::model::Reason;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

const STORE: &str = "::DataSpace/Storage/MSCompressed/";
/// Files of the compiler.
const OWN: &[&str] = &[
    "/#IDXHDR",
    "/#ITBITS",
    "/#IVB",
    "/#STRINGS",
    "/#SUBSETS",
    "/#SYSTEM",
    "/#TOPICS",
    "/#URLSTR",
    "/#URLTBL",
    "/#WINDOWS",
    "/$FIftiMain",
    "/$OBJINST",
    "/$WWKeywordLinks/",
    "/$WWAssociativeLinks/",
    "/$HHTitleMap",
    "::",
];
/// Bytes of one block of the directory.
const BLOCK_BYTES_MAX: u64 = 1 << 20;

struct File {
    name: String,
    is_packed: bool,
    at: u64,
    bytes: u64,
}

/// Hands over each page.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut head = [0; 0x60];
    let got = source.content.read_up_to(0, &mut head)?;
    if got < 0x58 || !head.starts_with(b"ITSF") {
        return Err(Failure::corrupt("no head of compiled help"));
    }
    let (list_at, list_bytes) = (le64(&head, 0x48), le64(&head, 0x50));
    // Until version 3 the contents follow the directory.
    let data_at = if le32(&head, 4) >= 3 { le64(&head, 0x58) } else { list_at.saturating_add(list_bytes) };
    let mut held = source.budget.hold(0)?;
    let (mut files, is_whole) = read_directory(source, list_at, &mut held)?;
    let stream = Packed::find(source, &files, data_at)?;
    files.retain(|file| file.bytes > 0 && !OWN.iter().any(|own| file.name.starts_with(own)));
    files.sort_by(|one, other| (one.is_packed, one.at).cmp(&(other.is_packed, other.at)));
    push_names(files.iter().map(|file| file.name.as_str()), out)?;
    let first = files.partition_point(|file| !file.is_packed);
    for file in &files[..first] {
        let mut reader = source.reader();
        reader.seek(SeekFrom::Start(data_at.saturating_add(file.at)))?;
        out.member(file.name.trim_start_matches('/'), &mut reader.take(file.bytes))?;
    }
    match stream {
        Some(stream) => stream.hand_over(source, &files[first..], out)?,
        None => files[first..].iter().for_each(|file| out.hole(&file.name, Reason::Unsupported)),
    }
    if !is_whole {
        out.hole("", Reason::Corrupt);
    }
    Ok(())
}

fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn le64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// The files of the directory, and whether all of it could be read. Its blocks are read in their order in the file.
fn read_directory(
    source: &Source<'_>,
    at: u64,
    held: &mut crate::content::budget::Hold<'_>,
) -> Result<(Vec<File>, bool), Failure> {
    let mut head = [0; 0x54];
    let got = source.content.read_up_to(at, &mut head)?;
    if got < head.len() || !head.starts_with(b"ITSP") {
        return Err(Failure::corrupt("compiled help without a directory"));
    }
    let (head_bytes, block_bytes) = (u64::from(le32(&head, 8)), u64::from(le32(&head, 0x10)));
    let count = u64::from(le32(&head, 0x2c));
    if !(0x20..=BLOCK_BYTES_MAX).contains(&block_bytes) {
        return Err(Failure::corrupt("compiled help whose directory has no blocks"));
    }
    let mut block = vec![0; usize::try_from(block_bytes).unwrap_or(0)];
    let mut files = Vec::new();
    for number in 0..count {
        let from = at.saturating_add(head_bytes).saturating_add(number.saturating_mul(block_bytes));
        let got = source.content.read_up_to(from, &mut block)?;
        source.budget.charge_read(got)?;
        if got < block.len() {
            return Ok((files, false));
        }
        if !block.starts_with(b"PMGL") {
            continue;
        }
        let free = usize::try_from(le32(&block, 4)).unwrap_or(usize::MAX);
        let mut entries = block.get(0x14..block.len().saturating_sub(free)).unwrap_or_default();
        while let Some(file) = entry(&mut entries) {
            held.grow(size_of::<File>() + file.name.len())?;
            files.push(file);
        }
    }
    Ok((files, true))
}

/// The next entry: a name, a section, a place and a length.
fn entry(rest: &mut &[u8]) -> Option<File> {
    let len = usize::try_from(number(rest)?).ok()?;
    let name = rest.get(..len)?;
    *rest = &rest[len..];
    let (section, at, bytes) = (number(rest)?, number(rest)?, number(rest)?);
    let name = String::from_utf8_lossy(name).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    Some(File { name, is_packed: section != 0, at, bytes })
}

/// Seven bits a byte, the highest first; the top bit says that more follow.
fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    loop {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        value = value.checked_mul(128)? | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
}

/// The packed stream.
struct Packed {
    at: u64,
    packed_bytes: u64,
    bytes: u64,
    window_bits: u32,
    reset_frames: u32,
}

impl Packed {
    /// Finds the stream and how it was packed.
    fn find(source: &Source<'_>, files: &[File], data_at: u64) -> Result<Option<Self>, Failure> {
        let find = |name: &str, ends: &str| {
            let own = |file: &&File| {
                let rest = file.name.strip_prefix(STORE).filter(|_| !file.is_packed);
                rest.is_some_and(|rest| rest.starts_with(name) && rest.ends_with(ends))
            };
            files.iter().find(own)
        };
        let (Some(content), Some(control)) = (find("Content", "Content"), find("ControlData", "ControlData")) else {
            return Ok(None);
        };
        let mut head = [0; 0x20];
        source.content.read_up_to(data_at.saturating_add(control.at), &mut head)?;
        if head[4..8] != *b"LZXC" {
            return Ok(None);
        }
        // Version 2 counts in frames, version 1 in bytes.
        let unit = if le32(&head, 8) >= 2 { 1 } else { 32 << 10 };
        let window = u64::from(le32(&head, 16)).saturating_mul(if unit == 1 { 32 << 10 } else { 1 });
        if !window.is_power_of_two() || !lzx::WINDOW_BITS.contains(&window.ilog2()) {
            return Ok(None);
        }
        let mut table = [0; 0x28];
        if let Some(reset) = find("Transform/", "/InstanceData/ResetTable") {
            source.content.read_up_to(data_at.saturating_add(reset.at), &mut table)?;
        }
        // Without the table, the files say how far the stream goes.
        let ends = files.iter().filter(|file| file.is_packed).map(|file| file.at.saturating_add(file.bytes)).max();
        Ok(Some(Self {
            at: data_at.saturating_add(content.at),
            packed_bytes: content.bytes,
            bytes: le64(&table, 0x10).max(ends.unwrap_or(0)),
            window_bits: window.ilog2(),
            reset_frames: le32(&head, 12) / unit,
        }))
    }

    fn hand_over(&self, source: &Source<'_>, files: &[File], out: &mut dyn Output) -> Result<(), Failure> {
        let _held = source.budget.hold(1 << self.window_bits)?;
        let mut reader = source.reader();
        reader.seek(SeekFrom::Start(self.at))?;
        let (fed, fed_bytes) = Fed::new(reader.take(self.packed_bytes));
        let unpacked = lzx::Unpacked::new(BufReader::new(fed), self.window_bits, Some(self.reset_frames), self.bytes);
        let mut stream = Inflated::new(unpacked, fed_bytes, source.budget);
        let mut position = 0;
        for file in files {
            // Files do not overlap; one that says so is read from where the stream is.
            let passed = io::copy(&mut (&mut stream).take(file.at.saturating_sub(position)), &mut io::sink());
            let mut body = (&mut stream).take(file.bytes);
            out.member(file.name.trim_start_matches('/'), &mut body)?;
            let left = io::copy(&mut body, &mut io::sink());
            let is_short = body.limit() > 0;
            position = file.at.max(position).saturating_add(file.bytes);
            match passed.and(left) {
                Err(error) if crate::content::Stop::carried_by(&error).is_some() => return Err(error.into()),
                Ok(_) if !is_short => {}
                _ => out.hole(&file.name, Reason::Corrupt),
            }
        }
        Ok(())
    }
}
