//! Documents of Word 6 to 2003 ([MS-DOC]; before 97 by its predecessor's header).
//!
//! A document is one row of characters: the main text, then footnotes, headers, comments, endnotes and text boxes, each a part
//! here. The piece table says where the characters lie, some one byte wide and some two. What lies between the pieces is what
//! fast saving left behind: deleted text, which is read by its shape.

use super::blips::Pictures;
use super::bytes::{code_page, code_page_of_language, size_at, u8_at, u16_at, u32_at, up_to, utf16};
use super::compound::{Compound, Stream};
use super::doc_text::Flow;
use super::runs;
use super::runs_marked::{self, Run};
use crate::content::budget::Hold;
use crate::extract::parts::{Parts, printable};
use crate::extract::{Failure, Source};
use crate::model::{Place, Reason};
use encoding_rs::{Encoding, WINDOWS_1252};

/// Bytes of the header that are looked at.
const HEADER_BYTES: usize = 0x800;
/// Bytes of the tables of names, authors and the like.
const TABLE_BYTES_MAX: usize = 4 << 20;
/// Where the header points to the table of pages of runs (PlcBteChpx), and the bytes of it that are looked at.
const RUNS_TABLE: usize = 0xfa;
const RUNS_BYTES_MAX: usize = 4 << 20;
/// Bytes of the list of drawings and pictures.
const PICTURE_LIST_BYTES_MAX: usize = 16 << 20;
/// Bytes of text decoded at a time; even.
const STEP_BYTES: usize = 32 << 10;

/// The stories of a document in their order, and where each header says how long it is: since Word 97, and before.
const STORIES: &[(&str, usize, usize)] = &[
    ("text", 0x4c, 0x34),
    ("footnotes", 0x50, 0x38),
    ("headers and footers", 0x54, 0x3c),
    ("macros", 0x58, 0x40),
    ("comments", 0x5c, 0x44),
    ("endnotes", 0x60, 0x48),
    ("text boxes", 0x64, 0x4c),
    ("text boxes in headers", 0x68, 0x50),
];

/// Tables of texts since Word 97: where the header points to each, and the part's name.
const TABLES: &[(&str, usize)] = &[
    ("bookmarks", 0x142),
    ("associated", 0x19a),
    ("comment authors", 0x1ba),
    ("revision authors", 0x232),
    ("variables", 0x27a),
    ("saved by", 0x2d2),
];

/// A run of characters that lie together in the file.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Its first character in the document, and the one after its last.
    from: u32,
    to: u32,
    /// Where it lies in the stream.
    at: u64,
    is_wide: bool,
}

impl Piece {
    fn bytes(&self) -> u64 {
        u64::from(self.to.saturating_sub(self.from)) << u32::from(self.is_wide)
    }
}

struct Document<'c, 'a> {
    compound: &'c Compound<'a>,
    storage: usize,
    stream: Stream<'a>,
    header: Vec<u8>,
    is_old: bool,
    encoding: &'static Encoding,
    pieces: Vec<Piece>,
    /// Runs that are inserted, deleted or hidden, by their places in the stream.
    marks: Vec<Run>,
    marks_held: Option<Hold<'a>>,
    _held: Hold<'a>,
}

/// Pushes the text of the document in a storage.
pub(super) fn push(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let stream = compound.find(storage, "WordDocument")?.ok_or(Failure::corrupt("no document stream"))?;
    let header = stream.bytes_at(0, HEADER_BYTES)?;
    let (Some(mark), Some(flags)) = (u16_at(&header, 0), u16_at(&header, 10)) else {
        return Err(Failure::corrupt("the document's header is cut"));
    };
    let is_old = mark != 0xa5ec && u16_at(&header, 2).is_none_or(|version| version < 0xc1);
    if flags & 0x0100 != 0 {
        return Err(Failure::refused(Reason::EncryptedPassword, "the document is encrypted"));
    }
    let language = u16_at(&header, 6).unwrap_or(0);
    let encoding = if is_old { code_page(code_page_of_language(language)) } else { WINDOWS_1252 };
    let held = compound.budget().hold(0)?;
    let mut document = Document {
        compound,
        storage,
        stream,
        header,
        is_old,
        encoding,
        pieces: Vec::new(),
        marks: Vec::new(),
        marks_held: None,
        _held: held,
    };
    document.read_pieces()?;
    document.read_marks(compound.budget().hold(0)?)?;
    document.push_stories(parts)?;
    if !is_old {
        document.push_tables(parts)?;
    }
    let pictures = document.push_pictures(parts)?;
    document.push_leftovers(&pictures, parts)?;
    let missing = document.pieces.iter().any(|piece| piece.at.saturating_add(piece.bytes()) > document.stream.len());
    if missing { Err(Failure::corrupt("the document's text ends before its time")) } else { Ok(()) }
}

impl<'a> Document<'_, 'a> {
    fn table_stream(&self) -> Result<Option<Stream<'a>>, Failure> {
        if self.is_old {
            return self.compound.find(self.storage, "WordDocument");
        }
        let second = u16_at(&self.header, 10).is_some_and(|flags| flags & 0x0200 != 0);
        let names = if second { ["1Table", "0Table"] } else { ["0Table", "1Table"] };
        match self.compound.find(self.storage, names[0])? {
            Some(stream) => Ok(Some(stream)),
            None => self.compound.find(self.storage, names[1]),
        }
    }

    /// A table that the header points to.
    fn table(&self, at: usize, most: usize) -> Result<Vec<u8>, Failure> {
        let (Some(from), Some(len)) = (u32_at(&self.header, at), size_at(&self.header, at + 4)) else {
            return Ok(Vec::new());
        };
        let Some(stream) = self.table_stream()?.filter(|_| len > 0) else { return Ok(Vec::new()) };
        stream.bytes_at(u64::from(from), len.min(most))
    }

    fn read_pieces(&mut self) -> Result<(), Failure> {
        let budget = self.compound.budget();
        let table = self.table(if self.is_old { 0x160 } else { 0x1a2 }, 64 << 20)?;
        let _held = budget.hold(table.len())?;
        let is_complex = u16_at(&self.header, 10).is_some_and(|flags| flags & 4 != 0);
        if (!self.is_old || is_complex)
            && let Some(plain) = piece_table(&table)
        {
            let count = plain.len().saturating_sub(4) / 12;
            self._held = budget.hold(count * size_of::<Piece>())?;
            self.pieces = (0..count).filter_map(|n| self.piece(plain, n, count)).collect();
        }
        if self.pieces.is_empty() {
            self.pieces.extend(self.one_piece());
        }
        Ok(())
    }

    /// Reads which runs of characters are marked.
    fn read_marks(&mut self, mut held: Hold<'a>) -> Result<(), Failure> {
        if self.is_old {
            return Ok(());
        }
        let table = self.table(RUNS_TABLE, RUNS_BYTES_MAX)?;
        self.marks = runs_marked::read(&self.stream, &table, self.compound.budget(), &mut held)?;
        self.marks_held = Some(held);
        Ok(())
    }

    fn piece(&self, plain: &[u8], n: usize, count: usize) -> Option<Piece> {
        let (from, to) = (u32_at(plain, n * 4)?, u32_at(plain, n * 4 + 4)?);
        let place = u32_at(plain, (count + 1) * 4 + n * 8 + 2)?;
        if to <= from {
            return None;
        }
        if self.is_old {
            return Some(Piece { from, to, at: u64::from(place), is_wide: false });
        }
        let is_narrow = place & 0x4000_0000 != 0;
        let at = place & 0x3fff_ffff;
        Some(Piece { from, to, at: u64::from(if is_narrow { at / 2 } else { at }), is_wide: !is_narrow })
    }

    /// Without a table, the text lies in one run from where the header says.
    fn one_piece(&self) -> Option<Piece> {
        let (from, to) = (u32_at(&self.header, 0x18)?, u32_at(&self.header, 0x1c)?);
        let all = u32::try_from(self.stream.len()).unwrap_or(u32::MAX);
        let len = to.min(all).checked_sub(from)?;
        Some(Piece { from: 0, to: len, at: u64::from(from), is_wide: false })
    }

    fn push_stories(&self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let mut from = 0u32;
        for (name, since_97, before) in STORIES {
            let at = if self.is_old { *before } else { *since_97 };
            let len = u32_at(&self.header, at).unwrap_or(0);
            let to = from.saturating_add(len);
            parts.begin(*name)?;
            self.push_range(from, to, parts)?;
            from = to;
        }
        // Whatever the table has beyond what the stories claim.
        parts.begin("text behind the stories")?;
        self.push_range(from, u32::MAX, parts)
    }

    /// Pushes characters of the document.
    fn push_range(&self, from: u32, to: u32, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let mut flow = Flow::default();
        let mut step = vec![0; STEP_BYTES];
        let mut marks = self.marks.as_slice();
        for piece in &self.pieces {
            self.compound.budget().tick()?;
            let (first, last) = (piece.from.max(from), piece.to.min(to));
            if first >= last {
                continue;
            }
            let width = u64::from(piece.is_wide);
            let mut at = piece.at + (u64::from(first - piece.from) << width);
            let mut left = u64::from(last - first) << width;
            while left > 0 {
                // Pieces seldom lie in the order of the text.
                if marks.first().is_none_or(|run| run.from > at) {
                    marks = self.marks.as_slice();
                }
                let (mark, until) = runs_marked::at(&mut marks, at);
                flow.mark(mark, parts)?;
                let here = left.min(until.saturating_sub(at).max(width + 1));
                let want = usize::try_from(here).unwrap_or(usize::MAX).min(STEP_BYTES);
                let n = self.stream.read_at(at, &mut step[..want])?;
                if n == 0 {
                    break;
                }
                if piece.is_wide {
                    flow.take_wide(&step[..n], parts)?;
                } else {
                    flow.take_narrow(&step[..n], self.encoding, parts)?;
                }
                at += n as u64;
                left -= n as u64;
            }
        }
        flow.end(parts)
    }

    /// Names and texts that the document keeps beside its text.
    fn push_tables(&self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        for (name, at) in TABLES {
            let table = self.table(*at, TABLE_BYTES_MAX)?;
            parts.begin(*name)?;
            let place = Place::named(printable(name));
            if u16_at(&table, 0) == Some(0xffff) {
                push_string_table(&table, &place, parts)?;
            } else if *name == "comment authors" {
                push_counted(&table, &place, parts)?;
            }
        }
        Ok(())
    }

    /// Hands over the pictures; tells where in the text's stream some of them lie.
    fn push_pictures(&self, parts: &mut Parts<'_>) -> Result<Vec<(u64, u64)>, Failure> {
        let list = if self.is_old { Vec::new() } else { self.table(0x22a, PICTURE_LIST_BYTES_MAX)? };
        let _held = self.compound.budget().hold(list.len())?;
        let Some(text) = self.compound.find(self.storage, "WordDocument")? else { return Ok(Vec::new()) };
        let data = self.compound.find(self.storage, "Data")?;
        Pictures::new(self.compound.budget()).of_document(&list, text, data, parts)
    }

    /// What lies in the stream outside of the pieces and the pictures.
    fn push_leftovers(&self, pictures: &[(u64, u64)], parts: &mut Parts<'_>) -> Result<(), Failure> {
        let mut covered: Vec<(u64, u64)> = self.pieces.iter().map(|p| (p.at, p.at.saturating_add(p.bytes()))).collect();
        covered.extend(pictures);
        covered.sort_unstable();
        covered.push((self.stream.len(), u64::MAX));
        parts.begin_recovered("deleted text")?;
        let first = u32_at(&self.header, 0x18).map_or(0x200, u64::from);
        let mut at = first.max(0x200);
        for (from, to) in covered {
            if from > at {
                runs::push(&self.stream, at, from, parts)?;
            }
            at = at.max(to);
        }
        Ok(())
    }
}

/// True for the beginning of a document of Word 2 to 95, which may stand without a container.
pub(super) fn begins_document(head: &[u8]) -> bool {
    matches!(u16_at(head, 0), Some(0xa59b | 0xa59c | 0xa5db | 0xa5dc)) && u32_at(head, 0x1c) > u32_at(head, 0x18)
}

/// Pushes a document without a container: its text lies in one run, and what is around it is read by its shape.
pub(super) fn push_bare(source: &Source<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let stream = Stream::whole(source);
    let header = stream.bytes_at(0, HEADER_BYTES)?;
    if u16_at(&header, 10).is_some_and(|flags| flags & 0x0100 != 0) {
        return Err(Failure::refused(Reason::EncryptedPassword, "the document is encrypted"));
    }
    let (from, to) = (u32_at(&header, 0x18).unwrap_or(0), u32_at(&header, 0x1c).unwrap_or(0));
    let (from, to) = (u64::from(from), u64::from(to).min(stream.len()));
    let encoding = code_page(code_page_of_language(u16_at(&header, 6).unwrap_or(0)));
    parts.begin("text")?;
    let (mut flow, mut step, mut at) = (Flow::default(), vec![0; STEP_BYTES], from);
    while at < to {
        let want = usize::try_from(to - at).unwrap_or(usize::MAX).min(STEP_BYTES);
        let n = stream.read_at(at, &mut step[..want])?;
        if n == 0 {
            break;
        }
        flow.take_narrow(&step[..n], encoding, parts)?;
        at += n as u64;
    }
    flow.end(parts)?;
    parts.begin_recovered("deleted text")?;
    runs::push(&stream, to.max(0x80), stream.len(), parts)
}

/// The table itself behind the property runs that may stand before it ([MS-DOC] 2.9.38).
fn piece_table(table: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    loop {
        match u8_at(table, at)? {
            1 => at = at.checked_add(3)?.checked_add(usize::from(u16_at(table, at + 1)?))?,
            2 => return Some(up_to(table, at + 5, size_at(table, at + 1)?)),
            _ => return None,
        }
    }
}

/// A table of strings in UTF-16 ([MS-DOC] 2.2.4): a mark, their number, the bytes of extra data after each.
fn push_string_table(table: &[u8], place: &Place, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let count = u16_at(table, 2).unwrap_or(0);
    let extra = u16_at(table, 4).map_or(0, usize::from);
    let mut at = 6;
    for _ in 0..count {
        let Some(len) = u16_at(table, at).map(usize::from) else { break };
        parts.line(place, &utf16(up_to(table, at + 2, len * 2)))?;
        at += 2 + len * 2 + extra;
    }
    Ok(())
}

/// Strings in UTF-16 one after the other, each behind its length.
fn push_counted(table: &[u8], place: &Place, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let mut at = 0;
    while let Some(len) = u16_at(table, at).map(usize::from) {
        parts.line(place, &utf16(up_to(table, at + 2, len * 2)))?;
        at += 2 + len * 2;
    }
    Ok(())
}
