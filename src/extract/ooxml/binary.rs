//! Binary workbooks (xlsb): the parts of an xlsx with records in place of elements ([MS-XLSB]).
//!
//! Cells are read by their records, streaming; no grid is ever laid out, so a cell in the last corner costs one record. All
//! other records are asked for the strings in them, whatever they are.

use super::super::{Failure, Output};
use super::cells::{STYLES_MAX, SharedStrings, Styles, is_memory};
use super::number_format::{Format, general, plain};
use super::records::{Record, formula_texts};
use super::sheet::{Book, Cells};
use super::workbook::{SHEETS_MAX, SheetEntry};
use super::{Document, kind_name, stem};
use crate::model::{Limit, Place, Reason};
use std::collections::HashMap;

// Types of records ([MS-XLSB] 2.3.2).
const ROW: u32 = 0;
const CELL_RK: u32 = 2;
const CELL_BOOL: u32 = 4;
const CELL_REAL: u32 = 5;
const CELL_TEXT: u32 = 6;
const CELL_SHARED: u32 = 7;
const FORMULA_TEXT: u32 = 8;
const FORMULA_NUMBER: u32 = 9;
const FORMULA_BOOL: u32 = 10;
const SHARED_ITEM: u32 = 19;
const FORMAT: u32 = 44;
const STYLE: u32 = 47;
const CELL_RICH: u32 = 62;
const WORKBOOK_PROPERTIES: u32 = 153;
const SHEET: u32 = 156;
const BEGIN_CELL_STYLES: u32 = 617;
const END_CELL_STYLES: u32 = 618;
const BEGIN_COMMENT: u32 = 635;
/// Bytes of a cell record before its value: column, style.
const CELL_HEAD_BYTES: usize = 8;

/// Reads the workbook and its sheets.
pub(super) fn read(document: &mut Document<'_, '_>) -> Result<(), Failure> {
    let main = document.main_part("xl/workbook.bin")?;
    let related = document.related(&main)?;
    let part_of = |kind: &str| related.iter().find(|r| r.kind == kind).map(|r| r.target.clone());
    let (sheets, dates_from_1904) = document.tolerate(&main, |document| list(document, &main))?.unwrap_or_default();
    let mut book = Book { strings: SharedStrings::new(document.budget)?, styles: Styles::default(), dates_from_1904 };
    if let Some(part) = part_of("styles") {
        book.styles = document.tolerate(&part, |document| read_styles(document, &part))?.unwrap_or_default();
    }
    if let Some(part) = part_of("sharedStrings") {
        read_strings(document, &part, &mut book)?;
    }
    read_records(document, &main, "workbook", &book)?;
    for sheet in &sheets {
        if let Some(target) = related.iter().find(|r| r.id == sheet.relationship) {
            read_sheet(document, &target.target, &sheet.label(), &book)?;
        }
    }
    for part in document.package.entries().map(|(_, part, _)| part).collect::<Vec<_>>() {
        let content_type = document.package.type_of(&part);
        if content_type.starts_with("application/vnd.ms-excel.") && !content_type.ends_with("xml") {
            let alone = if content_type.ends_with("sheet") { " (not in the workbook)" } else { "" };
            read_records(document, &part, &format!("{}{alone}", stem(&part)), &book)?;
        }
    }
    Ok(())
}

fn read_sheet(document: &mut Document<'_, '_>, part: &str, label: &str, book: &Book<'_>) -> Result<(), Failure> {
    read_records(document, part, label, book)?;
    for hanging in document.related(part)? {
        let name = format!("{label} {}", kind_name(&hanging.target));
        if hanging.target.ends_with(".xml") {
            document.read_flow_unless_textless(&hanging.target, &name)?;
        } else if hanging.kind == "comments" {
            read_records(document, &hanging.target, &name, book)?;
        }
        for chart in document.related(&hanging.target)?.iter().filter(|_| hanging.kind == "drawing") {
            if chart.target.ends_with(".xml") {
                document.read_flow_unless_textless(&chart.target, &format!("{label} {}", stem(&chart.target)))?;
            }
        }
    }
    Ok(())
}

/// The sheets in their order, and whether dates count from 1904.
fn list(document: &Document<'_, '_>, main: &str) -> Result<(Vec<SheetEntry>, bool), Failure> {
    let (mut sheets, mut dates_from_1904) = (Vec::new(), false);
    let Some(at) = document.package.entry_of(main) else { return Ok((sheets, false)) };
    let mut records = document.package.records(at)?;
    while let Some(record) = records.next_record()? {
        match record.kind {
            WORKBOOK_PROPERTIES => dates_from_1904 = record.u32(0) & 1 == 1,
            SHEET if sheets.len() < SHEETS_MAX => {
                let Some((relationship, end)) = record.string(8) else { continue };
                let Some((name, _)) = record.string(end) else { continue };
                let state = match record.u32(0) {
                    1 => "hidden",
                    2 => "veryHidden",
                    _ => "",
                };
                sheets.push(SheetEntry { name, state: state.to_owned(), relationship });
            }
            _ => {}
        }
    }
    Ok((sheets, dates_from_1904))
}

fn read_styles(document: &mut Document<'_, '_>, part: &str) -> Result<Styles, Failure> {
    let Some(at) = document.package.entry_of(part) else { return Ok(Styles::default()) };
    document.done.insert(at);
    let mut records = document.package.records(at)?;
    let mut custom: HashMap<u16, Format> = HashMap::new();
    let (mut formats, mut in_cell_styles) = (Vec::new(), false);
    while let Some(record) = records.next_record()? {
        match record.kind {
            FORMAT if custom.len() < STYLES_MAX => {
                if let Some((code, _)) = record.string(2) {
                    custom.insert(record.u16(0), Format::parse(&code));
                }
            }
            BEGIN_CELL_STYLES => in_cell_styles = true,
            END_CELL_STYLES => in_cell_styles = false,
            STYLE if in_cell_styles && formats.len() < STYLES_MAX => {
                let id = record.u16(2);
                formats.push(custom.get(&id).cloned().unwrap_or_else(|| Format::built_in(u32::from(id))));
            }
            _ => {}
        }
    }
    Ok(Styles::of(formats))
}

/// Reads the shared strings; a table that does not fit into memory is pushed as text of its own, and a hole says so.
fn read_strings(document: &mut Document<'_, '_>, part: &str, book: &mut Book<'_>) -> Result<(), Failure> {
    let Some(at) = document.package.entry_of(part) else { return Ok(()) };
    let kept = document.package.records(at).and_then(|mut records| {
        while let Some(record) = records.next_record()? {
            if record.kind == SHARED_ITEM {
                let (text, _) = record.string(1).unwrap_or_default();
                book.strings.add(&text)?;
            }
        }
        Ok(())
    });
    match kept {
        Err(failure) if is_memory(&failure) => {
            book.strings.clear();
            document.out.hole(part, Reason::Limit(Limit::Memory));
            read_records(document, part, "shared strings", book)
        }
        kept => {
            document.done.insert(at);
            document.tolerate(part, |_| kept)?;
            Ok(())
        }
    }
}

/// Reads one part of records as a part of the text.
fn read_records(document: &mut Document<'_, '_>, part: &str, name: &str, book: &Book<'_>) -> Result<(), Failure> {
    document.read_part(part, name, |document, at| {
        let mut records = document.package.records(at)?;
        let mut sheet = Sheet { book, cells: Cells::default(), row: 0, place: Place::Whole };
        while let Some(record) = records.next_record()? {
            sheet.take(&record, document.out)?;
        }
        Ok(sheet.cells.any)
    })
}

struct Sheet<'b> {
    book: &'b Book<'b>,
    cells: Cells,
    row: u32,
    /// Where the comment being read hangs.
    place: Place,
}

impl Sheet<'_> {
    fn take(&mut self, record: &Record<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        match record.kind {
            ROW => {
                self.row = record.u32(0).saturating_add(1);
                self.cells.row_begun = false;
                Ok(())
            }
            CELL_RK => self.number(record, record.rk(CELL_HEAD_BYTES), &[], out),
            CELL_REAL => self.number(record, record.f64(CELL_HEAD_BYTES), &[], out),
            FORMULA_NUMBER => {
                let tokens = record.body.get(CELL_HEAD_BYTES + 8..).unwrap_or_default();
                self.number(record, record.f64(CELL_HEAD_BYTES), tokens, out)
            }
            CELL_BOOL | FORMULA_BOOL => {
                let is_true = record.body.get(CELL_HEAD_BYTES).is_some_and(|b| *b != 0);
                self.text(record, if is_true { "TRUE" } else { "FALSE" }, &[], out)
            }
            CELL_SHARED => {
                let at = usize::try_from(record.u32(CELL_HEAD_BYTES)).unwrap_or(usize::MAX);
                let book = self.book;
                self.text(record, book.strings.get(at).unwrap_or_default(), &[], out)
            }
            CELL_TEXT | FORMULA_TEXT => {
                let (text, end) = record.string(CELL_HEAD_BYTES).unwrap_or_default();
                self.text(record, &text, record.body.get(end..).unwrap_or_default(), out)
            }
            CELL_RICH => {
                let (text, _) = record.string(CELL_HEAD_BYTES + 1).unwrap_or_default();
                self.text(record, &text, &[], out)
            }
            BEGIN_COMMENT => {
                self.place =
                    Place::Cell { row: record.u32(4).saturating_add(1), column: record.u32(12).saturating_add(1) };
                Ok(())
            }
            _ => {
                let (cells, place) = (&mut self.cells, &self.place);
                record.each_string(&mut |text| cells.push_line(text, place, out))
            }
        }
    }

    fn number(
        &mut self,
        record: &Record<'_>,
        value: Option<f64>,
        tokens: &[u8],
        out: &mut dyn Output,
    ) -> Result<(), Failure> {
        let Some(value) = value else { return Ok(()) };
        let style = usize::try_from(record.u32(4) & 0x00ff_ffff).unwrap_or(0);
        let shown = self.book.styles.format(style).show(value, self.book.dates_from_1904).unwrap_or_default();
        let (stored, exact) = (general(value), plain(value).unwrap_or_default());
        self.push(record, &[&shown, &stored, &exact, &formula_texts(tokens)], out)
    }

    fn text(&mut self, record: &Record<'_>, text: &str, tokens: &[u8], out: &mut dyn Output) -> Result<(), Failure> {
        self.push(record, &[text, &formula_texts(tokens)], out)
    }

    fn push(&mut self, record: &Record<'_>, forms: &[&str], out: &mut dyn Output) -> Result<(), Failure> {
        let place = Place::Cell { row: self.row, column: record.u32(0).saturating_add(1) };
        self.cells.push_forms(forms, &place, out)
    }
}
