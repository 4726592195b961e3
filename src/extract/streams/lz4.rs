//! LZ4 frames (LZ4 Frame Format 1.6.x and Block Format; the legacy frame of `lz4 -l`).
//!
//! Blocks of at most 4 MiB (8 MiB in a legacy frame) over a window of 64 KiB; checksums are passed over, since a body whose
//! checksum is wrong is read all the same.

use std::io::{self, BufRead, Read};

const MAGIC: u32 = 0x184d_2204;
const LEGACY_MAGIC: u32 = 0x184c_2102;
const WINDOW_BYTES: usize = 64 << 10;
const LEGACY_BLOCK_BYTES: usize = 8 << 20;
/// Memory that a decoder may come to hold: a block, what it inflates to, and the window.
pub(super) const MEMORY_BYTES: usize = 2 * LEGACY_BLOCK_BYTES + WINDOW_BYTES;

/// The frames of a file, one after the other.
pub(super) struct Frames<R> {
    input: R,
    frame: Option<Frame>,
    block: Vec<u8>,
    /// The window, then what is not yet given.
    out: Vec<u8>,
    taken: usize,
}

#[derive(Clone, Copy)]
struct Frame {
    block_bytes_max: usize,
    independent: bool,
    block_checksums: bool,
    content_checksum: bool,
    is_legacy: bool,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, frame: None, block: Vec::new(), out: Vec::new(), taken: 0 }
    }

    fn le32(&mut self) -> io::Result<u32> {
        let mut bytes = [0; 4];
        self.input.read_exact(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn pass(&mut self, bytes: u64) -> io::Result<()> {
        let passed = io::copy(&mut (&mut self.input).take(bytes), &mut io::sink())?;
        if passed < bytes { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }

    /// Reads the head of the next frame; `None` at the end of the file.
    fn next_frame(&mut self) -> io::Result<Option<Frame>> {
        loop {
            if self.input.fill_buf()?.is_empty() {
                return Ok(None);
            }
            match self.le32()? {
                MAGIC => return self.head().map(Some),
                LEGACY_MAGIC => return Ok(Some(legacy())),
                magic if magic & 0xffff_fff0 == 0x184d_2a50 => {
                    let len = self.le32()?;
                    self.pass(u64::from(len))?;
                }
                _ => return Err(damaged()),
            }
        }
    }

    fn head(&mut self) -> io::Result<Frame> {
        let mut descriptor = [0; 2];
        self.input.read_exact(&mut descriptor)?;
        let [flags, sizes] = descriptor;
        let block_bytes_max = match sizes >> 4 & 7 {
            4 => 64 << 10,
            5 => 256 << 10,
            6 => 1 << 20,
            7 => 4 << 20,
            _ => return Err(damaged()),
        };
        let content_size = if flags & 8 != 0 { 8 } else { 0 };
        let dictionary = if flags & 1 != 0 { 4 } else { 0 };
        self.pass(content_size + dictionary + 1)?;
        Ok(Frame {
            block_bytes_max,
            independent: flags & 0x20 != 0,
            block_checksums: flags & 0x10 != 0,
            content_checksum: flags & 4 != 0,
            is_legacy: false,
        })
    }

    /// Inflates the next block; false at the end of the file.
    fn next_block(&mut self) -> io::Result<bool> {
        let frame = match self.frame {
            Some(frame) => frame,
            None => match self.next_frame()? {
                None => return Ok(false),
                Some(frame) => {
                    self.out.clear();
                    *self.frame.insert(frame)
                }
            },
        };
        if frame.is_legacy && self.input.fill_buf()?.is_empty() {
            return Ok(false);
        }
        let size = self.le32()?;
        if frame.is_legacy && matches!(size, MAGIC | LEGACY_MAGIC) {
            // The next frame begins where a block should.
            self.frame = if size == MAGIC { Some(self.head()?) } else { Some(legacy()) };
            return Ok(true);
        }
        if size == 0 && !frame.is_legacy {
            self.pass(if frame.content_checksum { 4 } else { 0 })?;
            self.frame = None;
            return Ok(true);
        }
        let stored = !frame.is_legacy && size & 0x8000_0000 != 0;
        let len = usize::try_from(size & 0x7fff_ffff).unwrap_or(usize::MAX);
        // Incompressible data may grow a little in a legacy block.
        if len > frame.block_bytes_max + frame.block_bytes_max / 255 + 16 {
            return Err(damaged());
        }
        self.block.clear();
        if (&mut self.input).take(len as u64).read_to_end(&mut self.block)? < len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.pass(if frame.block_checksums { 4 } else { 0 })?;
        let keep = if frame.independent { 0 } else { self.out.len().min(WINDOW_BYTES) };
        self.out.drain(..self.out.len() - keep);
        self.taken = keep;
        if stored {
            self.out.extend_from_slice(&self.block);
        } else {
            inflate(&self.block, &mut self.out, keep + frame.block_bytes_max)?;
        }
        Ok(true)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.taken >= self.out.len() {
            self.taken = self.out.len();
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

fn legacy() -> Frame {
    Frame {
        block_bytes_max: LEGACY_BLOCK_BYTES,
        independent: true,
        block_checksums: false,
        content_checksum: false,
        is_legacy: true,
    }
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "an lz4 stream is damaged")
}

/// Inflates one block to the end of `out`, which may grow to `len_max`.
fn inflate(block: &[u8], out: &mut Vec<u8>, len_max: usize) -> io::Result<()> {
    let mut rest = block;
    loop {
        let token = byte(&mut rest)?;
        let literals = length(usize::from(token >> 4), &mut rest)?;
        let bytes = rest.get(..literals).filter(|_| out.len() + literals <= len_max).ok_or_else(damaged)?;
        out.extend_from_slice(bytes);
        rest = &rest[literals..];
        if rest.is_empty() {
            return Ok(());
        }
        let offset = usize::from(u16::from_le_bytes([byte(&mut rest)?, byte(&mut rest)?]));
        let count = length(usize::from(token & 15), &mut rest)? + 4;
        if offset == 0 || offset > out.len() || out.len() + count > len_max {
            return Err(damaged());
        }
        super::copy_back(out, offset, count);
    }
}

fn byte(rest: &mut &[u8]) -> io::Result<u8> {
    let (first, after) = rest.split_first().ok_or_else(damaged)?;
    *rest = after;
    Ok(*first)
}

/// A length that goes on while its bytes are 255.
fn length(nibble: usize, rest: &mut &[u8]) -> io::Result<usize> {
    let mut length = nibble;
    if nibble == 15 {
        loop {
            let more = byte(rest)?;
            length += usize::from(more);
            if more != 255 {
                break;
            }
        }
    }
    Ok(length)
}
