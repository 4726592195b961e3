//! 7z archives, by `sevenz-rust2`: names as a part, then each file of each block in one pass over the block.
//!
//! What the archive says it needs is compared with the file's allowance before a decoder is made: dictionaries of LZMA and
//! PPMd, counts of entries. Blocks under a password and a sealed list of names are holes.

use super::{Edge, Failure, Output, PartHead, Source};
use crate::content::Stop;
use crate::content::budget::Inflated;
use crate::model::{Limit, Place, Reason};
use sevenz_rust2::{Archive, Block, BlockDecoder, Error, Password};
use std::cell::Cell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

/// Mark at the beginning of an archive.
const MARK: &[u8] = b"7z\xbc\xaf\x27\x1c";
const AES: &[u8] = &[0x06, 0xf1, 0x07, 0x01];
const LZMA: &[u8] = &[0x03, 0x01, 0x01];
const LZMA2: &[u8] = &[0x21];
const PPMD: &[u8] = &[0x03, 0x04, 0x01];

/// Pushes the names, then hands over each file.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let start = super::behind::find(source, MARK)?.unwrap_or(0);
    check_header_size(source, start)?;
    let fed_bytes = Rc::default();
    let mut reader = Shifted { inner: source.reader(), start, fed_bytes };
    reader.seek(SeekFrom::Start(0))?;
    let password = Password::empty();
    let archive = Archive::read(&mut reader, &password).map_err(failure_of)?;
    let mut held = source.budget.hold(0)?;
    held.grow(archive.files.iter().map(|file| size_of_val(file) + file.name.len()).sum())?;
    push_names(&archive, out)?;
    for number in 0..archive.blocks.len() {
        read_block(source, &archive, number, &mut reader, out)?;
    }
    Ok(())
}

/// Hands over the files of one block; those that cannot be read are holes.
fn read_block<R: Read + Seek>(
    source: &Source<'_>,
    archive: &Archive,
    number: usize,
    reader: &mut Shifted<R>,
    out: &mut dyn Output,
) -> Result<(), Failure> {
    let (password, fed_bytes) = (Password::empty(), Rc::clone(&reader.fed_bytes));
    let decoder = BlockDecoder::new(1, number, archive, &password, reader);
    let first = archive.stream_map.block_first_file_index.get(number).copied().unwrap_or(0);
    let files = archive.files.get(first..first + decoder.entry_count()).unwrap_or_default();
    if let Some(reason) = refusal(&archive.blocks[number], source) {
        files.iter().for_each(|file| out.hole(&file.name, reason));
        return Ok(());
    }
    let (mut stopped, mut seen) = (None, 0);
    let done = decoder.for_each_entries(&mut |entry, body| {
        seen += 1;
        if entry.is_directory {
            return Ok(true);
        }
        let mut body = Inflated::new(body, Rc::clone(&fed_bytes), source.budget);
        stopped = out.member(&entry.name, &mut body).err();
        if stopped.is_none() {
            // The next entry begins where this one ends.
            io::copy(&mut body, &mut io::sink())?;
        }
        Ok(stopped.is_none())
    });
    if let Some(stop) = stopped {
        return Err(stop.into());
    }
    if let Err(error) = done {
        let failure = failure_of(error);
        if !matches!(failure.stop(), None | Some(Stop::Limit(Limit::Ratio | Limit::Memory))) {
            return Err(failure);
        }
        // The one that failed was reported as a member.
        files.iter().skip(seen).for_each(|file| out.hole(&file.name, failure.reason()));
    }
    Ok(())
}

/// The head names the length of the list of names, which is read at once.
fn check_header_size(source: &Source<'_>, start: u64) -> Result<(), Failure> {
    let mut head = [0; 32];
    let got = source.content.read_up_to(start, &mut head)?;
    let le64 = |at: usize| head[at..at + 8].try_into().map_or(0, u64::from_le_bytes);
    if got < head.len() || !head.starts_with(MARK) {
        return Err(Failure::corrupt("no head of a 7z archive"));
    }
    let (offset, size) = (le64(12), le64(20));
    let end = start.checked_add(32).and_then(|at| at.checked_add(offset)).and_then(|at| at.checked_add(size));
    if end.is_none_or(|end| end > source.content.len()) {
        return Err(Failure::corrupt("a 7z archive that was cut"));
    }
    if size > source.budget.limits().memory_bytes / 4 {
        return Err(Stop::Limit(Limit::Memory).into());
    }
    Ok(())
}

/// Why a block is not decoded: a password, or a decoder that wants more memory than there is.
fn refusal(block: &Block, source: &Source<'_>) -> Option<Reason> {
    let le32 = |bytes: &[u8]| bytes.get(..4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes);
    let mut memory = 0u64;
    for coder in &block.coders {
        let properties = coder.properties();
        let id = coder.encoder_method_id();
        if id.starts_with(AES) {
            return Some(Reason::EncryptedPassword);
        }
        memory += match id {
            LZMA | PPMD => u64::from(le32(properties.get(1..).unwrap_or_default())),
            LZMA2 => lzma2_dictionary(properties.first().copied().unwrap_or(0)),
            _ => 1 << 20,
        };
    }
    (memory > source.budget.limits().memory_bytes).then_some(Reason::Limit(Limit::Memory))
}

/// The dictionary that a property of LZMA2 stands for: 2 or 3 times a power of two.
fn lzma2_dictionary(property: u8) -> u64 {
    if property >= 40 { u64::from(u32::MAX) } else { (2 | u64::from(property & 1)) << (property / 2 + 11) }
}

fn push_names(archive: &Archive, out: &mut dyn Output) -> Result<(), Failure> {
    out.open_part(PartHead { name: "names".to_owned(), own_text: None, recovered: false })?;
    for file in &archive.files {
        out.push(Edge::Soft('\n'), &Place::Whole, &file.name, None)?;
    }
    out.close_part()?;
    Ok(())
}

fn failure_of(error: Error) -> Failure {
    match error {
        Error::Io(error, _) | Error::MaybeBadPassword(error) if Stop::carried_by(&error).is_some() => error.into(),
        Error::PasswordRequired | Error::MaybeBadPassword(_) => {
            Failure::refused(Reason::EncryptedPassword, "a 7z archive with a password")
        }
        // Without support for it, the cipher is a method like any other that is not known.
        Error::UnsupportedCompressionMethod(method) if method.contains("AES") || method.contains("6, 241, 7, 1") => {
            Failure::refused(Reason::EncryptedPassword, "a 7z archive with a password")
        }
        Error::MaxMemLimited { .. } => Stop::Limit(Limit::Memory).into(),
        Error::UnsupportedCompressionMethod(_)
        | Error::Unsupported(_)
        | Error::ExternalUnsupported
        | Error::UnsupportedVersion { .. } => {
            Failure::refused(Reason::Unsupported, "a 7z archive with a method that is not read")
        }
        _ => Failure::corrupt("a damaged 7z archive"),
    }
}

/// A reader whose positions begin at `start`, and which counts what was read.
struct Shifted<R> {
    inner: R,
    start: u64,
    fed_bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Shifted<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        self.fed_bytes.set(self.fed_bytes.get().saturating_add(n as u64));
        Ok(n)
    }
}

impl<R: Seek> Seek for Shifted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(position) => SeekFrom::Start(position.saturating_add(self.start)),
            other => other,
        };
        Ok(self.inner.seek(to)?.saturating_sub(self.start))
    }
}
