//! JPEG: segments, each under a marker (ITU-T T.81 B.1); the compressed picture between them is searched for the next.
//!
//! APP1 holds EXIF or XMP (long packets go on in further segments, CIPA DC-008 and Adobe's XMP specification part 3), APP13
//! Photoshop's resources with IPTC, APP2 a colour profile; COM is a comment.

use super::super::{BLOCK_BYTES, Failure};
use super::area::Area;
use super::notes::Notes;
use super::{exif, iptc};
use std::io::{self, BufRead, BufReader, Read};

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const LONG_XMP: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";
/// Bytes after the mark of a long packet's segment: an id, the whole length, this segment's position.
const LONG_XMP_HEAD: u64 = 40;
/// Segments of long packets that are put together.
const LONG_XMP_SEGMENTS_MAX: usize = 10_000;

pub(super) fn walk(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<Option<u64>, Failure> {
    let mut long: Vec<(u32, Area<'_>)> = Vec::new();
    let mut reader = BufReader::with_capacity(BLOCK_BYTES, area.reader());
    let mut at = 0;
    let end = loop {
        let Some(marker) = next_marker(&mut reader, &mut at)? else { break None };
        match marker {
            0xd9 => break Some(at),
            0x01 | 0xd0..=0xd8 => continue,
            _ => {}
        }
        let mut len = [0; 2];
        if reader.read_exact(&mut len).is_err() {
            break None;
        }
        let len = u64::from(u16::from_be_bytes(len)).saturating_sub(2);
        let segment = area.part(at + 2, len);
        one_segment(marker, &segment, &mut long, notes)?;
        at += 2 + skip(&mut reader, len)?;
    };
    long.sort_by_key(|(position, _)| *position);
    if !long.is_empty() {
        notes.xmp(Pieces { pieces: long.iter().map(|(_, piece)| piece.reader()).collect(), at: 0 })?;
    }
    Ok(end)
}

/// Readers one after the other.
struct Pieces<R> {
    pieces: Vec<R>,
    at: usize,
}

impl<R: Read> Read for Pieces<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while let Some(piece) = self.pieces.get_mut(self.at) {
            let n = piece.read(buf)?;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            self.at += 1;
        }
        Ok(0)
    }
}

fn one_segment<'a>(
    marker: u8,
    segment: &Area<'a>,
    long: &mut Vec<(u32, Area<'a>)>,
    notes: &mut Notes<'_>,
) -> Result<(), Failure> {
    let begins = |mark: &[u8]| segment.read(0, mark.len()).map(|head| head == mark);
    match marker {
        0xe1 if begins(b"Exif\0")? => {
            let done = exif::walk(&segment.from(6), notes);
            notes.forgive("EXIF", done)
        }
        0xe1 if begins(XMP)? => notes.xmp(segment.from(XMP.len() as u64).reader()),
        0xe1 if begins(LONG_XMP)? => {
            let at = LONG_XMP.len() as u64;
            if let Some(position) = segment.be32(at + 36)?.filter(|_| long.len() < LONG_XMP_SEGMENTS_MAX) {
                long.push((position, segment.from(at + LONG_XMP_HEAD)));
            }
            Ok(())
        }
        0xe2 if begins(b"ICC_PROFILE\0\x01")? => iptc::profile(&segment.from(14), notes),
        0xed if begins(b"Photoshop 3.0\0")? => iptc::resources(&segment.from(14), notes),
        0xfe => {
            let text = segment.read(0, 0xffff)?;
            notes.bytes("comment", &text)
        }
        _ => Ok(()),
    }
}

/// The next marker that is one: `FF` and neither padding nor a byte of the picture. `at` is moved behind it.
fn next_marker(reader: &mut impl BufRead, at: &mut u64) -> io::Result<Option<u8>> {
    let mut after_ff = false;
    loop {
        let block = reader.fill_buf()?;
        if block.is_empty() {
            return Ok(None);
        }
        if !after_ff {
            let found = memchr::memchr(0xff, block);
            let used = found.map_or(block.len(), |found| found + 1);
            after_ff = found.is_some();
            reader.consume(used);
            *at += used as u64;
            continue;
        }
        let byte = block[0];
        reader.consume(1);
        *at += 1;
        match byte {
            0xff => {}
            0 => after_ff = false,
            marker => return Ok(Some(marker)),
        }
    }
}

/// Passes over bytes; gives how many there were.
fn skip(reader: &mut impl BufRead, len: u64) -> io::Result<u64> {
    io::copy(&mut reader.take(len), &mut io::sink())
}
