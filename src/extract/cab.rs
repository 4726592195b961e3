//! Cabinets ([MS-CAB]): stored, MSZIP and LZX folders, each unpacked once in the order of its files.
//!
//! Files packed by Quantum, and those that go on in another cabinet, are holes.

use super::ar::push_names;
use super::{Failure, Output, Source, lzx};
use crate::content::budget::{Fed, Inflated};
use crate::model::Reason;
use std::io::{self, Read, Seek, SeekFrom};

const LZX: u16 = 3;
const WINDOW_BYTES: usize = 32 << 10;
/// Bytes that one block holds at most.
const BLOCK_BYTES_MAX: u64 = 32 << 10;

struct Folder {
    data_at: u64,
    blocks: u16,
    method: u16,
}

struct File {
    name: String,
    bytes: u64,
    offset: u64,
    folder: u16,
}

/// Pushes the names, then hands over each file.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let start = super::behind::find(source, b"MSCF\0\0\0\0")?.unwrap_or(0);
    let mut reader = io::BufReader::new(source.reader());
    reader.seek(SeekFrom::Start(start))?;
    let mut head = [0; 36];
    reader.read_exact(&mut head)?;
    let le16 = |at: usize| u16::from_le_bytes([head[at], head[at + 1]]);
    let le32 = |at: usize| head[at..at + 4].try_into().map_or(0, u32::from_le_bytes);
    if !head.starts_with(b"MSCF") {
        return Err(Failure::corrupt("no head of a cabinet"));
    }
    let (flags, mut folder_reserve, mut block_reserve) = (le16(30), 0u8, 0u8);
    if flags & 4 != 0 {
        let mut sizes = [0; 4];
        reader.read_exact(&mut sizes)?;
        io::copy(&mut (&mut reader).take(u64::from(u16::from_le_bytes([sizes[0], sizes[1]]))), &mut io::sink())?;
        (folder_reserve, block_reserve) = (sizes[2], sizes[3]);
    }
    // Names of the cabinet before and of the one behind, two texts each.
    for _ in 0..2 * ((flags & 1) + (flags >> 1 & 1)) {
        text(&mut reader)?;
    }
    let mut held = source.budget.hold(usize::from(le16(26)) * size_of::<Folder>())?;
    let mut folders = Vec::new();
    for _ in 0..le16(26) {
        let mut folder = vec![0; 8 + usize::from(folder_reserve)];
        reader.read_exact(&mut folder)?;
        folders.push(Folder {
            data_at: start + u64::from(u32::from_le_bytes([folder[0], folder[1], folder[2], folder[3]])),
            blocks: u16::from_le_bytes([folder[4], folder[5]]),
            method: u16::from_le_bytes([folder[6], folder[7]]) & 0x1fff,
        });
    }
    reader.seek(SeekFrom::Start(start + u64::from(le32(16))))?;
    let mut files = Vec::new();
    for _ in 0..le16(28) {
        let file = file(&mut reader)?;
        held.grow(size_of::<File>() + file.name.len())?;
        files.push(file);
    }
    push_names(files.iter().map(|file| file.name.as_str()), out)?;
    files.sort_by_key(|file| (file.folder, file.offset));
    let mut rest = files.as_slice();
    while let Some(first) = rest.first() {
        let count = rest.iter().take_while(|file| file.folder == first.folder).count();
        match folders.get(usize::from(first.folder)).filter(|folder| folder.method <= 1 || folder.method & 15 == LZX) {
            Some(folder) => read_folder(source, folder, block_reserve, &rest[..count], out)?,
            None => rest[..count].iter().for_each(|file| out.hole(&file.name, Reason::Unsupported)),
        }
        rest = &rest[count..];
    }
    Ok(())
}

/// A text that ends with NUL.
fn text(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut byte = [0];
    while text.len() < 1024 {
        reader.read_exact(&mut byte)?;
        if byte == [0] {
            break;
        }
        text.push(byte[0]);
    }
    Ok(text)
}

fn file(reader: &mut impl Read) -> io::Result<File> {
    let mut head = [0; 16];
    reader.read_exact(&mut head)?;
    let le32 = |at: usize| u64::from(head[at..at + 4].try_into().map_or(0, u32::from_le_bytes));
    let name = super::ar::printable(&text(reader)?);
    Ok(File { name, bytes: le32(0), offset: le32(4), folder: u16::from_le_bytes([head[8], head[9]]) })
}

/// Hands over the files of one folder, in the order of their offsets.
fn read_folder(
    source: &Source<'_>,
    folder: &Folder,
    block_reserve: u8,
    files: &[File],
    out: &mut dyn Output,
) -> Result<(), Failure> {
    let mut reader = source.reader();
    reader.seek(SeekFrom::Start(folder.data_at))?;
    let (fed, fed_bytes) = Fed::new(reader);
    let input = io::BufReader::new(fed);
    let blocks = Blocks {
        input,
        left: folder.blocks,
        reserve: block_reserve,
        is_mszip: folder.method == 1,
        out: Vec::new(),
        taken: 0,
    };
    let window_bits = u32::from(folder.method >> 8);
    let blocks: Box<dyn Read + '_> = if folder.method & 15 == LZX {
        let bytes = files.iter().map(|file| file.offset + file.bytes).max().unwrap_or(0);
        Box::new(lzx::Unpacked::new(io::BufReader::new(blocks), window_bits, None, bytes))
    } else {
        Box::new(blocks)
    };
    let _held = source.budget.hold(if folder.method & 15 == LZX { 1 << window_bits.min(21) } else { 0 })?;
    let mut stream = Inflated::new(blocks, fed_bytes, source.budget);
    let mut position = 0;
    for file in files {
        // Files do not overlap; one that says so is read from where the stream is.
        let gap = file.offset.saturating_sub(position);
        let passed = io::copy(&mut (&mut stream).take(gap), &mut io::sink());
        let mut body = (&mut stream).take(file.bytes);
        out.member(&file.name, &mut body)?;
        let left = io::copy(&mut body, &mut io::sink());
        let is_short = body.limit() > 0;
        position = file.offset.max(position) + file.bytes;
        match passed.and(left) {
            Err(error) if crate::content::Stop::carried_by(&error).is_some() => return Err(error.into()),
            Err(_) => out.hole(&file.name, Reason::Corrupt),
            Ok(_) if is_short => out.hole(&file.name, Reason::Corrupt),
            Ok(_) => {}
        }
    }
    Ok(())
}

/// The blocks of a folder, inflated one after the other over the window that they share.
struct Blocks<R> {
    input: R,
    left: u16,
    reserve: u8,
    is_mszip: bool,
    /// The window, then what is not yet given.
    out: Vec<u8>,
    taken: usize,
}

impl<R: Read> Blocks<R> {
    fn next_block(&mut self) -> io::Result<bool> {
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        let mut head = [0; 8];
        self.input.read_exact(&mut head)?;
        io::copy(&mut (&mut self.input).take(u64::from(self.reserve)), &mut io::sink())?;
        let packed_bytes = u64::from(u16::from_le_bytes([head[4], head[5]]));
        let mut packed = Vec::new();
        (&mut self.input).take(packed_bytes).read_to_end(&mut packed)?;
        let keep = self.out.len().min(WINDOW_BYTES);
        self.out.drain(..self.out.len() - keep);
        self.taken = keep;
        if self.is_mszip {
            self.inflate(&packed)?
        } else {
            self.out.extend_from_slice(&packed)
        }
        Ok(true)
    }

    fn inflate(&mut self, packed: &[u8]) -> io::Result<()> {
        let damaged = || io::Error::new(io::ErrorKind::InvalidData, "a block of a cabinet is damaged");
        let stream = packed.strip_prefix(b"CK").ok_or_else(damaged)?;
        let mut inflater = flate2::Decompress::new(false);
        if !self.out.is_empty() {
            inflater.set_dictionary(&self.out).map_err(|_| damaged())?;
        }
        let mut block = vec![0; usize::try_from(BLOCK_BYTES_MAX).unwrap_or(0)];
        let done = inflater.decompress(stream, &mut block, flate2::FlushDecompress::Finish);
        done.map_err(|_| damaged())?;
        block.truncate(usize::try_from(inflater.total_out()).unwrap_or(0));
        self.out.append(&mut block);
        Ok(())
    }
}

impl<R: Read> Read for Blocks<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.out.len() {
            if !self.next_block()? {
                return Ok(0);
            }
        }
        let n = buf.len().min(self.out.len() - self.taken);
        buf[..n].copy_from_slice(&self.out[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}
