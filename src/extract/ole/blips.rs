//! Pictures of the old Office documents ([MS-ODRAW] 2.2.20 to 2.2.32): handed over as the files they were.
//!
//! Each is a record with one or two checksums before the picture; metafiles are packed and lack the head that their own files
//! have, bitmaps lack theirs. The three programs keep the records in three places: PowerPoint in a stream of their own, Excel
//! among the workbook's records, Word in a stream of drawings and behind its text. Whether a shape still shows a picture is not
//! asked: a picture that was taken out of a slide is often still in the file.

use super::bytes::{size_at, u16_at, u32_at};
use super::compound::{Compound, Stream, StreamReader, fill};
use super::objects::Inflating;
use super::runs;
use crate::content::Budget;
use crate::extract::Failure;
use crate::extract::parts::Parts;
use std::io::{self, Cursor, Read};

/// An entry of the list of pictures.
const ENTRY: u16 = 0xf007;
/// Bytes of an entry before its name and its picture.
const ENTRY_BYTES: usize = 36;
/// Pictures that an entry says to lie elsewhere.
const ELSEWHERE_MAX: usize = 100_000;
/// Bytes of a packed metafile's own head.
const METAFILE_HEAD_BYTES: usize = 34;
/// The two lengths that the head of a drawing in Word's stream has had, before 97 and since ([MS-DOC] 2.9.192).
const DRAWING_HEADS: [u16; 2] = [0x3a, 0x44];
/// Bytes that are looked at together for the head of a drawing.
const SEARCH_BYTES: usize = 32 << 10;

/// The pictures of one document.
pub(super) struct Pictures<'b> {
    budget: &'b Budget,
    count: u32,
    /// Where pictures lie that are listed without standing in the list.
    elsewhere: Vec<u32>,
}

impl<'b> Pictures<'b> {
    pub(super) fn new(budget: &'b Budget) -> Self {
        Self { budget, count: 0, elsewhere: Vec::new() }
    }

    /// Hands over every picture among these records, entering what holds records. Ends where no record begins.
    pub(super) fn hand_over(&mut self, records: &mut dyn Read, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let mut head = [0; 8];
        while fill(records, &mut head)? == head.len() {
            self.budget.tick()?;
            let (lead, kind) = (u16_at(&head, 0).unwrap_or(0), u16_at(&head, 2).unwrap_or(0));
            let len = u32_at(&head, 4).unwrap_or(0);
            if kind < 0xf000 {
                return Ok(());
            }
            if kind == ENTRY {
                self.enter(records)?;
            } else if lead & 0xf != 0xf {
                let mut body = Read::take(&mut *records, u64::from(len));
                if let Some(extension) = extension(kind) {
                    self.picture(extension, lead >> 4, &mut body, parts)?;
                }
                io::copy(&mut body, &mut io::sink())?;
            }
        }
        Ok(())
    }

    /// Reads the head of a list's entry; its picture follows, or lies elsewhere.
    fn enter(&mut self, records: &mut dyn Read) -> Result<(), Failure> {
        let mut entry = [0; ENTRY_BYTES];
        if fill(records, &mut entry)? < entry.len() {
            return Ok(());
        }
        let at = u32_at(&entry, 28).unwrap_or(u32::MAX);
        if at != u32::MAX && self.elsewhere.len() < ELSEWHERE_MAX {
            self.elsewhere.push(at);
        }
        io::copy(&mut Read::take(&mut *records, u64::from(entry[33])), &mut io::sink())?;
        Ok(())
    }

    fn picture(
        &mut self,
        extension: &str,
        instance: u16,
        body: &mut dyn Read,
        parts: &mut Parts<'_>,
    ) -> Result<(), Failure> {
        // An odd number says that a second checksum stands before the picture.
        let sums = if instance & 1 == 1 { 32 } else { 16 };
        let is_metafile = matches!(extension, "emf" | "wmf" | "pict");
        let mut head = [0; 32 + METAFILE_HEAD_BYTES];
        let head = &mut head[..sums + if is_metafile { METAFILE_HEAD_BYTES } else { 1 }];
        if fill(body, head)? < head.len() {
            return Ok(());
        }
        let name = self.name(extension);
        if !is_metafile {
            return if extension == "bmp" { hand_over_bitmap(&name, body, parts) } else { parts.member(&name, body) };
        }
        let stored = u32_at(head, sums + 28).unwrap_or(0);
        let mut stored = body.take(u64::from(stored));
        if head[sums + 32] == 0 {
            parts.member(&name, &mut Inflating::zlib(stored, self.budget))
        } else {
            parts.member(&name, &mut stored)
        }
    }

    fn name(&mut self, extension: &str) -> String {
        self.count = self.count.saturating_add(1);
        format!("picture {}.{extension}", self.count)
    }

    /// Pictures of Word: those of its stream of drawings, and those that the list of pictures finds behind the text. Tells which
    /// bytes of the text's stream are pictures.
    pub(super) fn of_document(
        &mut self,
        list: &[u8],
        text: Stream<'_>,
        data: Option<Stream<'_>>,
        parts: &mut Parts<'_>,
    ) -> Result<Vec<(u64, u64)>, Failure> {
        self.elsewhere.clear();
        self.hand_over(&mut Cursor::new(list), parts)?;
        let mut places = std::mem::take(&mut self.elsewhere);
        places.sort_unstable();
        places.dedup();
        let mut reader = text.reader();
        let mut taken = Vec::new();
        for from in places {
            let from = u64::from(from);
            reader.seek(from);
            let mut head = [0; 8];
            let is_whole = reader.fill(&mut head)? == head.len();
            let is_picture = is_whole && u16_at(&head, 2).and_then(extension).is_some();
            if !is_picture {
                continue;
            }
            let len = 8 + u64::from(u32_at(&head, 4).unwrap_or(0));
            reader.seek(from);
            self.hand_over(&mut Read::take(&mut reader, len), parts)?;
            taken.push((from, from.saturating_add(len)));
        }
        if let Some(data) = data {
            self.of_drawings(data, parts)?;
        }
        Ok(taken)
    }

    /// Word's stream of drawings: one after the other, other things between them. What is no drawing is the content of a form's
    /// field, whose texts are read by their shape.
    fn of_drawings(&mut self, data: Stream<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let (mut at, mut fields) = (0, Vec::new());
        let mut search = vec![0; SEARCH_BYTES];
        while let Some((from, head)) = next_drawing(&data, at, &mut search)? {
            self.budget.tick()?;
            let len = u64::from(u32_at(&head, 0).unwrap_or(0));
            let body = from + u64::from(u16_at(&head, 4).unwrap_or(0));
            at = from + len;
            match u16_at(&head, 6) {
                Some(8) => {
                    let mut reader = Part { stream: &data, at: body, end: at };
                    parts.member(&self.name("wmf"), &mut reader)?;
                }
                Some(0x62 | 0x63 | 0x64 | 0x66) => {
                    let mut named = [0];
                    let is_file = u16_at(&head, 6) == Some(0x66);
                    let mut reader = Part { stream: &data, at: body, end: at };
                    if is_file && fill(&mut reader, &mut named)? == 1 {
                        fields.push((body + 1, body + 1 + u64::from(named[0])));
                        reader.at = body + 1 + u64::from(named[0]);
                    }
                    self.hand_over(&mut reader, parts)?;
                }
                _ => fields.push((body, at)),
            }
        }
        parts.begin("form fields and names of pictures")?;
        for (from, to) in fields {
            runs::push(&data, from, to, parts)?;
        }
        parts.end()
    }
}

/// What a record of this kind holds, by the extension of such files.
fn extension(kind: u16) -> Option<&'static str> {
    Some(match kind {
        0xf01a => "emf",
        0xf01b => "wmf",
        0xf01c => "pict",
        0xf01d | 0xf02a => "jpg",
        0xf01e => "png",
        0xf01f => "bmp",
        0xf029 => "tif",
        _ => return None,
    })
}

/// A bitmap without the head of its file, which is put before it: a mark, two lengths and where the pixels begin. The colours
/// that may stand between are counted as pixels, which nobody reads.
pub(super) fn hand_over_bitmap(name: &str, body: &mut dyn Read, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let head = *b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0";
    parts.member(name, &mut head.as_slice().chain(body))
}

/// Some bytes of a stream, read in order.
struct Part<'s, 'a> {
    stream: &'s Stream<'a>,
    at: u64,
    end: u64,
}

impl Read for Part<'_, '_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let want = left.min(buf.len());
        let n = self.stream.read_at(self.at, &mut buf[..want])?;
        self.at += n as u64;
        Ok(n)
    }
}

/// The next place where a drawing may begin: a length that the stream has room for, before the length of a known head.
fn next_drawing(data: &Stream<'_>, from: u64, block: &mut [u8]) -> Result<Option<(u64, [u8; 8])>, Failure> {
    let mut at = from;
    loop {
        let n = data.read_at(at, block)?;
        if n < 8 {
            return Ok(None);
        }
        for offset in memchr::memchr2_iter(0x3a, 0x44, &block[4..n - 3]) {
            let Some(head) = block[..n].get(offset..offset + 8) else { break };
            let (len, head_len) = (size_at(head, 0).unwrap_or(0), u16_at(head, 4).unwrap_or(0));
            let begins = at + offset as u64;
            let fits = len >= usize::from(head_len) && begins.saturating_add(len as u64) <= data.len();
            if fits && DRAWING_HEADS.contains(&head_len) {
                let mut found = [0; 8];
                found.copy_from_slice(head);
                return Ok(Some((begins, found)));
            }
        }
        if n < block.len() {
            return Ok(None);
        }
        at += n as u64 - 8;
    }
}

/// Hands over the pictures of the streams that hold nothing else: PowerPoint's, and Publisher's.
pub(super) fn push_streams(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let mut pictures = Pictures::new(compound.budget());
    let escher = compound.child(storage, "Escher");
    let streams = [(Some(storage), "Pictures"), (escher, "EscherStm"), (escher, "EscherDelayStm")];
    for (storage, name) in streams {
        let Some(stream) = storage.map(|storage| compound.find(storage, name)).transpose()?.flatten() else { continue };
        let mut reader: StreamReader<'_> = stream.reader();
        pictures.hand_over(&mut reader, parts)?;
    }
    Ok(())
}
