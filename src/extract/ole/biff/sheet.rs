//! The cells of one sheet in the order of the file, then what hangs on them: notes, text boxes, headers, links.
//!
//! A row is its cells joined by tabs. A cell says what a reader sees; what is stored follows where it differs, and texts inside
//! its formula come last. A chart inside a sheet is a run of records of its own, with titles and cached labels.

use super::super::bytes::{f64_at, size_at, u16_at, u32_at, up_to, utf16, utf16_until_nul};
use super::records::{CONTINUE, Records};
use super::{Book, EOF, formula};
use crate::content::budget::Hold;
use crate::extract::ooxml::number_format::{Format, plain};
use crate::extract::parts::Parts;
use crate::extract::{Edge, Failure};
use crate::model::Place;
use std::collections::{HashMap, HashSet};

/// Streams of records within one another that are followed.
const DEPTH_MAX: usize = 64;

/// Pushes the sheet whose first record is next into the open part, and its notes into one of their own.
pub(super) fn push(
    book: &mut Book<'_>,
    records: &mut Records<'_>,
    part: &str,
    parts: &mut Parts<'_>,
) -> Result<(), Failure> {
    let held = book.budget.hold(0)?;
    let mut sheet = Sheet { row: None, awaits: None, object: 0, boxes: Vec::new(), notes: Vec::new(), held };
    let mut depth = 0;
    while let Some(kind) = records.next()? {
        match kind {
            0x0009 | 0x0209 | 0x0409 | 0x0809 if depth < DEPTH_MAX => depth += 1,
            EOF if depth <= 1 => break,
            EOF => depth -= 1,
            _ => sheet.take(kind, book, records, parts)?,
        }
    }
    sheet.finish(part, parts)
}

struct Sheet<'a> {
    /// The row of the last cell.
    row: Option<u16>,
    /// The cell whose formula's text comes in a record of its own.
    awaits: Option<(u16, u16, String)>,
    /// The number of the last drawn object.
    object: u16,
    boxes: Vec<(u16, String)>,
    notes: Vec<Note>,
    held: Hold<'a>,
}

struct Note {
    row: u16,
    column: u16,
    object: u16,
    text: String,
}

impl Sheet<'_> {
    fn take(
        &mut self,
        kind: u16,
        book: &mut Book<'_>,
        records: &mut Records<'_>,
        parts: &mut Parts<'_>,
    ) -> Result<(), Failure> {
        match kind {
            // Cells. Those of Excel 2 have other numbers and three bytes of style.
            0x00fd => self.shared(book, records, parts),
            0x027e | 0x7e => {
                let Some((row, column, style)) = cell_of(records.data()) else { return Ok(()) };
                let value = number_of(u32_at(records.data(), 6).unwrap_or(0));
                self.number(row, column, book.style(style), value, book, parts)
            }
            0x00bd => self.numbers(book, records, parts),
            0x0203 => {
                let Some((row, column, style)) = cell_of(records.data()) else { return Ok(()) };
                let value = f64_at(records.data(), 6).unwrap_or(0.0);
                self.number(row, column, book.style(style), value, book, parts)
            }
            0x0204 | 0x00d6 => self.label(book, records, parts),
            0x0006 | 0x0206 | 0x0406 => self.formula(book, records, parts),
            0x0207 | 0x0007 => self.result(kind, book, records, parts),
            0x0002..=0x0005 if book.old.is_some() => self.oldest(kind, book, records, parts),
            // What hangs on them.
            0x005d => {
                self.object = u16_at(records.data(), 6).unwrap_or(0);
                Ok(())
            }
            0x01b6 => self.text_box(records),
            0x001c => self.note(book, records),
            0x0014 | 0x0015 => self.margin(book, records, parts),
            0x089c => margins(records, parts),
            0x01b8 => link(records.data(), parts),
            0x0800 => parts.line(&Place::Whole, &utf16_until_nul(up_to(records.data(), 10, usize::MAX))),
            0x01be => validation(book, records, parts),
            // SERIESTEXT of charts: an index, then a short text.
            0x100d => {
                records.goto(2);
                let text = records.short_text(book.old)?;
                parts.line(&Place::Whole, &text)
            }
            CONTINUE => Ok(()),
            _ => book.push_global(kind, records, parts),
        }
    }

    /// Pushes each form of a cell that says something new.
    fn cell(&mut self, row: u16, column: u16, forms: &[&str], parts: &mut Parts<'_>) -> Result<(), Failure> {
        let place = Place::Cell { row: u32::from(row) + 1, column: u32::from(column) + 1 };
        let mut begun = false;
        for (at, form) in forms.iter().enumerate() {
            if form.is_empty() || forms[..at].contains(form) {
                continue;
            }
            let edge = match (begun, self.row == Some(row)) {
                (true, _) => ' ',
                (false, true) => '\t',
                (false, false) => '\n',
            };
            (begun, self.row) = (true, Some(row));
            parts.push(Edge::Soft(edge), &place, form)?;
        }
        Ok(())
    }

    fn shared(&mut self, book: &mut Book<'_>, records: &Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let Some((row, column, _)) = cell_of(records.data()) else { return Ok(()) };
        let text = book.strings.take(size_at(records.data(), 6).unwrap_or(usize::MAX));
        self.cell(row, column, &[text], parts)
    }

    fn label(&mut self, book: &Book<'_>, records: &mut Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let Some((row, column, _)) = cell_of(records.data()) else { return Ok(()) };
        records.goto(6);
        let text = records.long_text(book.old)?;
        self.cell(row, column, &[&text], parts)
    }

    fn numbers(&mut self, book: &Book<'_>, records: &Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let data = records.data();
        let (Some(row), Some(first)) = (u16_at(data, 0), u16_at(data, 2)) else { return Ok(()) };
        // The last column stands behind the cells.
        let cells = data.len().saturating_sub(6) / 6;
        for (column, at) in (first..).zip((4..).step_by(6).take(cells)) {
            let style = book.style(u16_at(data, at).unwrap_or(0));
            self.number(row, column, style, number_of(u32_at(data, at + 2).unwrap_or(0)), book, parts)?;
        }
        Ok(())
    }

    fn number(
        &mut self,
        row: u16,
        column: u16,
        format: &Format,
        value: f64,
        book: &Book<'_>,
        parts: &mut Parts<'_>,
    ) -> Result<(), Failure> {
        let exact = plain(value).unwrap_or_else(|| format!("{value}"));
        // Most numbers are short and whole: they show as they are stored.
        let is_short = exact.len() <= 11 && exact.bytes().all(|b| b.is_ascii_digit());
        if is_short && *format == Format::General {
            return self.cell(row, column, &[&exact], parts);
        }
        let shown = format.show(value, book.dates_from_1904).unwrap_or_default();
        self.cell(row, column, &[&shown, &exact], parts)
    }

    fn formula(&mut self, book: &Book<'_>, records: &Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let data = records.data();
        let Some((row, column, style)) = cell_of(data) else { return Ok(()) };
        let mut texts = String::new();
        if let Some(len) = u16_at(data, 20) {
            formula::push_texts(up_to(data, 22, usize::from(len)), book.old, &mut texts);
        }
        let texts = texts.trim().to_owned();
        if u16_at(data, 12) != Some(0xffff) {
            let value = f64_at(data, 6).unwrap_or(0.0);
            self.number(row, column, book.style(style), value, book, parts)?;
            let place = Place::Cell { row: u32::from(row) + 1, column: u32::from(column) + 1 };
            return parts.push(Edge::Soft(' '), &place, &texts);
        }
        match data.get(6) {
            Some(0) => self.awaits = Some((row, column, texts)),
            Some(1) => {
                let shown = if data.get(8) == Some(&0) { "FALSE" } else { "TRUE" };
                self.cell(row, column, &[shown, &texts], parts)?;
            }
            _ => self.cell(row, column, &[&texts], parts)?,
        }
        Ok(())
    }

    /// STRING: what the formula before it shows.
    fn result(
        &mut self,
        kind: u16,
        book: &Book<'_>,
        records: &mut Records<'_>,
        parts: &mut Parts<'_>,
    ) -> Result<(), Failure> {
        let text = if kind == 0x0007 { records.short_text(book.old)? } else { records.long_text(book.old)? };
        let Some((row, column, texts)) = self.awaits.take() else { return parts.line(&Place::Whole, &text) };
        self.cell(row, column, &[&text, &texts], parts)
    }

    /// INTEGER, NUMBER, LABEL and BOOLERR of Excel 2, and LABEL of worksheets since.
    fn oldest(
        &mut self,
        kind: u16,
        book: &Book<'_>,
        records: &mut Records<'_>,
        parts: &mut Parts<'_>,
    ) -> Result<(), Failure> {
        let data = records.data();
        let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else { return Ok(()) };
        let text = match kind {
            0x0002 => u16_at(data, 7).map(|value| value.to_string()).unwrap_or_default(),
            0x0003 => f64_at(data, 7).map(|value| format!("{value}")).unwrap_or_default(),
            0x0004 => {
                records.goto(7);
                records.short_text(book.old)?
            }
            _ => return Ok(()),
        };
        self.cell(row, column, &[&text], parts)
    }

    fn text_box(&mut self, records: &mut Records<'_>) -> Result<(), Failure> {
        let count = u16_at(records.data(), 10).map_or(0, usize::from);
        records.goto(usize::MAX);
        let Some(flags) = records.u8()? else { return Ok(()) };
        let mut text = String::new();
        records.characters(count, flags & 1 != 0, &mut text)?;
        self.held.grow(text.len() + size_of::<(u16, String)>())?;
        self.boxes.push((self.object, text.replace('\r', "\n")));
        Ok(())
    }

    fn note(&mut self, book: &Book<'_>, records: &mut Records<'_>) -> Result<(), Failure> {
        let data = records.data();
        let (Some(row), Some(column)) = (u16_at(data, 0), u16_at(data, 2)) else { return Ok(()) };
        let object = u16_at(data, 6).unwrap_or(0);
        let text = if book.old.is_some() {
            // Text of its own, in pieces: the later ones have no row.
            let mut text = String::new();
            super::super::bytes::decode_into(
                up_to(data, 6, usize::MAX),
                book.old.unwrap_or(encoding_rs::UTF_8),
                &mut text,
            );
            text
        } else {
            records.goto(8);
            records.long_text(None)?
        };
        self.held.grow(text.len() + size_of::<Note>())?;
        match self.notes.last_mut() {
            Some(last) if row == 0xffff && book.old.is_some() => last.text.push_str(&text),
            _ => self.notes.push(Note { row, column, object, text }),
        }
        Ok(())
    }

    /// A header or footer of the page: codes begin with `&`, the text stands between them.
    fn margin(&self, book: &Book<'_>, records: &mut Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        if records.data().is_empty() {
            return Ok(());
        }
        let text = if book.old.is_some() { records.short_text(book.old)? } else { records.long_text(None)? };
        parts.line(&Place::Whole, &text)
    }

    fn finish(self, part: &str, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let noted: HashSet<u16> = self.notes.iter().map(|note| note.object).collect();
        let mut texts: HashMap<u16, String> = HashMap::new();
        for (object, text) in self.boxes {
            if !noted.contains(&object) {
                parts.line(&Place::named("text box"), &text)?;
                continue;
            }
            let whole = texts.entry(object).or_default();
            whole.push_str(&text);
        }
        if self.notes.is_empty() {
            return Ok(());
        }
        parts.begin(format!("{part} comments"))?;
        for note in &self.notes {
            let place = Place::Cell { row: u32::from(note.row) + 1, column: u32::from(note.column) + 1 };
            parts.line(&place, &note.text)?;
            // Once, however many notes say that it is theirs.
            parts.line(&place, &texts.remove(&note.object).unwrap_or_default())?;
        }
        Ok(())
    }
}

/// Row, column and style, with which every cell begins.
fn cell_of(data: &[u8]) -> Option<(u16, u16, u16)> {
    Some((u16_at(data, 0)?, u16_at(data, 2)?, u16_at(data, 4)?))
}

/// A number of 30 bits: whole or the upper part of a float, perhaps a hundredth of it ([MS-XLS] 2.5.217).
fn number_of(packed: u32) -> f64 {
    let value = if packed & 2 != 0 {
        f64::from(packed.cast_signed() >> 2)
    } else {
        f64::from_bits(u64::from(packed & !3) << 32)
    };
    if packed & 1 != 0 { value / 100.0 } else { value }
}

/// HEADERFOOTER: headers and footers of even and first pages ([MS-XLS] 2.4.137).
fn margins(records: &mut Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
    records.goto(38);
    for at in [30, 32, 34, 36] {
        if u16_at(records.data(), at).unwrap_or(0) > 0 {
            let text = records.long_text(None)?;
            parts.line(&Place::Whole, &text)?;
        }
    }
    Ok(())
}

/// HLINK ([MS-OSHARED] 2.3.7.1): what is shown, where it leads, and the place there.
fn link(data: &[u8], parts: &mut Parts<'_>) -> Result<(), Failure> {
    let flags = u32_at(data, 28).unwrap_or(0);
    let mut at = 32usize;
    let counted = |at: &mut usize, width: usize| {
        let len = size_at(data, *at).unwrap_or(0).saturating_mul(width);
        let text = up_to(data, at.saturating_add(4), len);
        *at = at.saturating_add(4).saturating_add(len);
        text
    };
    for flag in [0x10, 0x80] {
        if flags & flag != 0 {
            let text = utf16_until_nul(counted(&mut at, 2));
            parts.line(&Place::Whole, &text)?;
        }
    }
    if flags & 0x100 != 0 {
        parts.line(&Place::Whole, &utf16_until_nul(counted(&mut at, 2)))?;
    } else if flags & 1 != 0 {
        let class = up_to(data, at, 16);
        at = at.saturating_add(16);
        if class.starts_with(b"\xe0\xc9\xea\x79") {
            parts.line(&Place::Whole, &utf16_until_nul(counted(&mut at, 1)))?;
        } else if class.starts_with(b"\x03\x03\0\0") {
            at = at.saturating_add(2);
            let path = counted(&mut at, 1);
            let end = memchr::memchr(0, path).unwrap_or(path.len());
            parts.line(&Place::Whole, &path[..end].iter().map(|b| char::from(*b)).collect::<String>())?;
            // The same path in UTF-16, where it needs more than one byte a character.
            let wide = up_to(data, at.saturating_add(34), size_at(data, at.saturating_add(28)).unwrap_or(0));
            at = at.saturating_add(28).saturating_add(size_at(data, at.saturating_add(24)).unwrap_or(0));
            parts.line(&Place::Whole, &utf16(wide))?;
        }
    }
    if flags & 8 != 0 {
        parts.line(&Place::Whole, &utf16_until_nul(counted(&mut at, 2)))?;
    }
    Ok(())
}

/// DV: titles and texts of a validation rule, then its lists.
fn validation(book: &Book<'_>, records: &mut Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
    records.goto(4);
    for _ in 0..4 {
        let text = records.long_text(book.old)?;
        parts.line(&Place::Whole, text.trim_matches('\0'))?;
    }
    let mut texts = String::new();
    for _ in 0..2 {
        let len = records.u16()?.map_or(0, usize::from);
        records.skip(2)?;
        formula::push_texts(up_to(records.rest(), 0, len), book.old, &mut texts);
        if !records.skip(len)? {
            break;
        }
    }
    // The members of a list stand between NUL characters.
    parts.line(&Place::Whole, texts.replace('\0', " ").trim())
}
