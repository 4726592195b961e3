//! Compressed streams that hold one content each: bzip2, xz, lzma, zstd, lz4 and compress.
//!
//! Each is inflated as it is handed over, charged like every inflation, and named after its file without the suffix. The
//! memory that a decoder wants is bounded by the file's allowance before it is given.

mod lz4;
mod lzw;

use super::{Failure, Output, Source};
use crate::content::Reader;
use crate::content::Stop;
use crate::content::budget::{Fed, Inflated};
use crate::model::Limit;
use std::io::{self, BufRead, BufReader, Read};

/// Bytes fetched at a time.
const FETCH_BYTES: usize = 32 << 10;

type Input<'a> = BufReader<Fed<Reader<'a>>>;

/// Inflates with what `decoder` makes of the compressed bytes.
fn hand_over<'a, R: Read>(
    source: &Source<'a>,
    out: &mut dyn Output,
    decoder: impl FnOnce(Input<'a>) -> io::Result<R>,
) -> Result<(), Failure> {
    let (fed, fed_bytes) = Fed::new(source.reader());
    let decoder = decoder(BufReader::with_capacity(FETCH_BYTES, fed)).map_err(told)?;
    let mut inflated = Inflated::new(Told(decoder), fed_bytes, source.budget);
    out.member(&inner_name(source.name), &mut inflated)?;
    Ok(())
}

/// Says that a decoder wanted more memory than it may have, in the words of the budget.
fn told(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::OutOfMemory { Stop::Limit(Limit::Memory).into() } else { error }
}

struct Told<R>(R);

impl<R: Read> Read for Told<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf).map_err(told)
    }
}

/// Bytes of memory that a decoder of this file may take, in units of 1024.
fn memory_kib(source: &Source<'_>) -> u32 {
    u32::try_from(source.budget.limits().memory_bytes >> 10).unwrap_or(u32::MAX)
}

/// Hands over what a bzip2 file holds, several streams in a row included.
pub(super) fn extract_bzip2(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    hand_over(source, out, |input| Ok(bzip2::bufread::MultiBzDecoder::new(input)))
}

/// Hands over what an xz file holds.
pub(super) fn extract_xz(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    hand_over(source, out, |input| Ok(lzma_rust2::XzReader::new_mem_limit(input, true, memory_kib(source))))
}

/// Hands over what a file of the older lzma format holds.
pub(super) fn extract_lzma(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    hand_over(source, out, |input| lzma_rust2::LzmaReader::new_mem_limit(input, memory_kib(source), None))
}

/// Hands over what a zstd file holds: frames in a row, those without content passed over.
pub(super) fn extract_zstd(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let window_bytes_max = source.budget.limits().memory_bytes;
    hand_over(source, out, |input| Ok(ZstdFrames { current: None, input: Some(input), window_bytes_max }))
}

/// Hands over what an lz4 file holds.
pub(super) fn extract_lz4(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let _held = source.budget.hold(lz4::MEMORY_BYTES)?;
    hand_over(source, out, |input| Ok(lz4::Frames::new(input)))
}

/// Hands over what a file of the old `compress` holds.
pub(super) fn extract_compress(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    hand_over(source, out, lzw::Lzw::new)
}

type Marked<R> = io::Chain<io::Cursor<[u8; 4]>, R>;

/// The frames of a zstd file (RFC 8878), one after the other.
struct ZstdFrames<R: Read> {
    current: Option<ruzstd::decoding::StreamingDecoder<Marked<R>, ruzstd::decoding::FrameDecoder>>,
    input: Option<R>,
    window_bytes_max: u64,
}

impl<R: BufRead> ZstdFrames<R> {
    /// Starts the next frame; false at the end.
    fn next(&mut self) -> io::Result<bool> {
        let Some(mut input) = self.input.take() else { return Ok(false) };
        loop {
            if input.fill_buf()?.is_empty() {
                return Ok(false);
            }
            let mut magic = [0; 4];
            input.read_exact(&mut magic)?;
            if magic[0] & 0xf0 != 0x50 || magic[1..] != [0x2a, 0x4d, 0x18] {
                return self.start(magic, input).map(|()| true);
            }
            let mut len = [0; 4];
            input.read_exact(&mut len)?;
            let len = u64::from(u32::from_le_bytes(len));
            if io::copy(&mut (&mut input).take(len), &mut io::sink())? < len {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn start(&mut self, magic: [u8; 4], input: R) -> io::Result<()> {
        use ruzstd::decoding::StreamingDecoder;
        use ruzstd::decoding::errors::FrameDecoderError;
        let marked = io::Cursor::new(magic).chain(input);
        let started = StreamingDecoder::new_with_max_window_size(marked, self.window_bytes_max);
        self.current = Some(started.map_err(|error| match error {
            FrameDecoderError::WindowSizeTooBig { .. } => Stop::Limit(Limit::Memory).into(),
            other => io::Error::new(io::ErrorKind::InvalidData, other),
        })?);
        Ok(())
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(current) = &mut self.current {
                let n = current.read(buf)?;
                if n > 0 || buf.is_empty() {
                    return Ok(n);
                }
                self.input = self.current.take().map(|done| done.into_inner().into_inner().1);
            }
            if !self.next()? {
                return Ok(0);
            }
        }
    }
}

/// Appends `count` bytes that stand `offset` bytes back; they may overlap what is appended.
fn copy_back(out: &mut Vec<u8>, offset: usize, count: usize) {
    let mut left = count;
    while left > 0 {
        let from = out.len() - offset;
        let step = left.min(offset);
        out.extend_from_within(from..from + step);
        left -= step;
    }
}

/// The name of what is inside: the file's own without the suffix of its compression.
pub(super) fn inner_name(name: &str) -> String {
    const SUFFIXES: &[(&str, &str)] = &[
        (".tgz", ".tar"),
        (".taz", ".tar"),
        (".tbz2", ".tar"),
        (".tbz", ".tar"),
        (".txz", ".tar"),
        (".tlz", ".tar"),
        (".tzst", ".tar"),
        (".svgz", ".svg"),
        (".emz", ".emf"),
        (".wmz", ".wmf"),
        (".gz", ""),
        (".bz2", ""),
        (".xz", ""),
        (".lzma", ""),
        (".zst", ""),
        (".lz4", ""),
        (".z", ""),
    ];
    let base = name.rsplit('/').next().unwrap_or(name);
    let lower = base.to_ascii_lowercase();
    let stem = SUFFIXES.iter().find_map(|(suffix, inner)| {
        let stem = lower.strip_suffix(suffix).map(|stem| &base[..stem.len()])?;
        Some(format!("{stem}{inner}"))
    });
    let name = stem.unwrap_or_else(|| base.to_owned());
    if name.is_empty() { "content".to_owned() } else { name }
}
