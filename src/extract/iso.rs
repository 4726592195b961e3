//! Images of discs (ISO 9660 with the names of Joliet or Rock Ridge).
//!
//! ECMA-119; the Joliet specification; the `NM` entries of Rock Ridge (IEEE P1282). A disc with several lists of folders is
//! read by the one with the best names. A disc that has only the newer UDF is not read.

use super::ar::{printable, push_names};
use super::{Failure, Output, Source};
use crate::model::Reason;
use std::collections::HashSet;
use std::io::{Read, Seek, SeekFrom};

const SECTOR: u64 = 2048;
const FIRST_DESCRIPTOR: u64 = 16;
/// Descriptors looked at.
const DESCRIPTORS_MAX: u64 = 64;
/// Bytes of one folder that are looked at.
const FOLDER_BYTES_MAX: u32 = 16 << 20;

struct File {
    path: String,
    /// Extents: position and length.
    extents: Vec<(u64, u64)>,
}

#[derive(Clone)]
struct Folder {
    path: String,
    sector: u32,
    bytes: u32,
}

/// Hands over each file.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let Some((root, is_joliet)) = root(source)? else {
        return Err(Failure::refused(Reason::Unsupported, "a disc without a list of folders that is read"));
    };
    let (mut files, mut held, mut whole) = (Vec::new(), source.budget.hold(0)?, true);
    let (mut left, mut seen) = (vec![root], HashSet::new());
    while let Some(folder) = left.pop() {
        source.budget.check()?;
        if !seen.insert(folder.sector) {
            continue;
        }
        held.grow(size_of::<Folder>() + folder.path.len())?;
        whole &= read_folder(source, &folder, is_joliet, &mut files, &mut left, &mut held)?;
    }
    push_names(files.iter().map(|file| file.path.as_str()), out)?;
    for file in &files {
        out.member(&file.path, &mut Extents { source: *source, extents: &file.extents, taken: 0 })?;
    }
    if !whole {
        out.hole("", Reason::Corrupt);
    }
    Ok(())
}

/// The topmost folder, by Joliet's list where there is one.
fn root(source: &Source<'_>) -> Result<Option<(Folder, bool)>, Failure> {
    let mut best = None;
    for number in 0..DESCRIPTORS_MAX {
        let mut sector = [0; 2048];
        let got = source.content.read_up_to((FIRST_DESCRIPTOR + number) * SECTOR, &mut sector)?;
        source.budget.charge_read(got)?;
        if got < sector.len() || sector[1..6] != *b"CD001" || sector[0] == 255 {
            break;
        }
        let is_joliet = sector[0] == 2 && matches!(&sector[88..91], b"%/@" | b"%/C" | b"%/E");
        if is_joliet || (sector[0] == 1 && best.is_none()) {
            let record = &sector[156..190];
            best = Some((Folder { path: String::new(), sector: le32(record, 2), bytes: le32(record, 10) }, is_joliet));
        }
    }
    Ok(best)
}

fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Reads the records of one folder; false when it lies outside of the image.
fn read_folder(
    source: &Source<'_>,
    folder: &Folder,
    is_joliet: bool,
    files: &mut Vec<File>,
    left: &mut Vec<Folder>,
    held: &mut crate::content::budget::Hold<'_>,
) -> Result<bool, Failure> {
    let mut bytes = vec![0; 0];
    let start = u64::from(folder.sector) * SECTOR;
    let mut reader = source.reader();
    reader.seek(SeekFrom::Start(start))?;
    let wanted = u64::from(folder.bytes.min(FOLDER_BYTES_MAX));
    reader.take(wanted).read_to_end(&mut bytes)?;
    let mut goes_on = false;
    for sector in bytes.chunks(2048) {
        let mut rest = sector;
        while let Some(record) = rest.first().filter(|len| **len >= 34).and_then(|len| rest.get(..usize::from(*len))) {
            rest = &rest[record.len()..];
            let flags = record[25];
            let name = record.get(33..33 + usize::from(record[32])).unwrap_or_default();
            if matches!(name, [0] | [1]) {
                continue;
            }
            let path = format!("{}{}", folder.path, name_of(record, name, is_joliet));
            let (at, len) = (le32(record, 2), le32(record, 10));
            held.grow(size_of::<File>() + path.len() + 16)?;
            if flags & 2 != 0 {
                left.push(Folder { path: path + "/", sector: at, bytes: len });
            } else {
                let extent = (u64::from(at) * SECTOR, u64::from(len));
                match files.last_mut().filter(|_| goes_on) {
                    Some(file) => file.extents.push(extent),
                    None => files.push(File { path, extents: vec![extent] }),
                }
                goes_on = flags & 0x80 != 0;
            }
        }
    }
    Ok(bytes.len() as u64 == wanted)
}

fn name_of(record: &[u8], name: &[u8], is_joliet: bool) -> String {
    let name = if is_joliet {
        let units = name.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
        printable(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect::<String>().as_bytes())
    } else {
        let system = record.get(33 + name.len() + usize::from(name.len().is_multiple_of(2))..).unwrap_or_default();
        rock_ridge(system).unwrap_or_else(|| printable(name))
    };
    name.strip_suffix(";1").map_or(name.clone(), str::to_owned)
}

/// The name in the `NM` entries of a record.
fn rock_ridge(mut rest: &[u8]) -> Option<String> {
    let mut name = Vec::new();
    while let Some(entry) = rest.get(2).filter(|len| **len >= 4).and_then(|len| rest.get(..usize::from(*len))) {
        if entry.starts_with(b"NM") {
            name.extend_from_slice(entry.get(5..).unwrap_or_default());
        }
        rest = &rest[entry.len()..];
    }
    (!name.is_empty()).then(|| printable(&name))
}

/// The bytes of a file's extents, one after the other.
struct Extents<'f, 'a> {
    source: Source<'a>,
    extents: &'f [(u64, u64)],
    taken: u64,
}

impl Read for Extents<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        while let [(at, len), rest @ ..] = self.extents {
            let left = usize::try_from(len - self.taken).unwrap_or(usize::MAX).min(buf.len());
            let n = self.source.content.read_at(at + self.taken, &mut buf[..left])?;
            self.source.budget.charge_read(n)?;
            self.taken += n as u64;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            if self.taken < *len {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            (self.extents, self.taken) = (rest, 0);
        }
        Ok(0)
    }
}
