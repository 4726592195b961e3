//! The cells of one worksheet, row by row, and the texts around them.
//!
//! A row is its cells joined by tabs. A cell says what a reader sees; what is stored follows where it differs, and a formula
//! follows where it holds text of its own. Headers, footers, validation lists and link texts come after the rows.

use super::super::xml_events::{Tag, Xml, XmlReader};
use super::super::{Edge, Failure, Output};
use super::cells::{SharedStrings, Styles};
use super::number_format::{Decimal, Format, plain};
use crate::model::Place;
use std::borrow::Cow;

/// What the cells of a workbook refer to.
pub(super) struct Book<'a> {
    pub(super) strings: SharedStrings<'a>,
    pub(super) styles: Styles,
    pub(super) dates_from_1904: bool,
}

/// Pushes the text of one worksheet into the open part. Returns true when there was any.
pub(super) fn push_cells(xml: &mut XmlReader<'_>, book: &Book<'_>, out: &mut dyn Output) -> Result<bool, Failure> {
    let mut sheet =
        Sheet { book, row: 0, column: 0, cell: Cell::default(), within: Within::Nothing, cells: Cells::default() };
    while let Some(event) = xml.next_event()? {
        match event {
            Xml::Start(tag) => sheet.start(&tag, out)?,
            Xml::End(tag) => sheet.end(tag.name(), out)?,
            Xml::Text(text) => sheet.text(&text),
            Xml::Comment(_) | Xml::Other(_) => {}
        }
    }
    Ok(sheet.cells.any)
}

/// Writes cells: tabs between those of a row, a line for each row.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) row_begun: bool,
    pub(super) any: bool,
}

impl Cells {
    /// Pushes each form that says something new: the first as the cell, the others after a space.
    pub(super) fn push_forms(&mut self, forms: &[&str], place: &Place, out: &mut dyn Output) -> Result<(), Failure> {
        for (at, form) in forms.iter().enumerate() {
            if form.is_empty() || forms[..at].contains(form) {
                continue;
            }
            let is_first = forms[..at].iter().all(|earlier| earlier.is_empty());
            let edge = match (is_first, self.row_begun) {
                (false, _) => ' ',
                (true, true) => '\t',
                (true, false) => '\n',
            };
            self.row_begun = true;
            self.any = true;
            out.push(Edge::Soft(edge), place, form, None)?;
        }
        Ok(())
    }

    /// Pushes a line that is no row.
    pub(super) fn push_line(&mut self, text: &str, place: &Place, out: &mut dyn Output) -> Result<(), Failure> {
        if !text.is_empty() {
            self.any = true;
            out.push(Edge::Soft('\n'), place, text, None)?;
        }
        Ok(())
    }
}

struct Sheet<'b> {
    book: &'b Book<'b>,
    cells: Cells,
    row: u32,
    column: u32,
    cell: Cell,
    within: Within,
}

#[derive(Default)]
struct Cell {
    kind: String,
    style: usize,
    value: String,
    inline: String,
    formula: String,
    phonetic: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Within {
    Nothing,
    Value,
    Inline,
    Formula,
    /// Header, footer or a list's formula: a line of its own.
    Line,
}

impl Sheet<'_> {
    fn start(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        match tag.name() {
            "row" => {
                self.row = number(tag, "r").unwrap_or(self.row.saturating_add(1));
                self.column = 0;
                self.cells.row_begun = false;
            }
            "c" => {
                self.column = self.column.saturating_add(1);
                self.cell.clear();
                for (key, value) in tag.attributes() {
                    match key {
                        "r" => self.column = column_of(&value).unwrap_or(self.column),
                        "t" => self.cell.kind.push_str(&value),
                        "s" => self.cell.style = value.parse().unwrap_or(0),
                        _ => {}
                    }
                }
            }
            // A list of the 2010 extension wraps its formula once more.
            "f" if self.within == Within::Line => {}
            "v" => self.within = Within::Value,
            "t" => self.within = Within::Inline,
            "f" => self.within = Within::Formula,
            "rPh" => self.cell.phonetic = true,
            "oddHeader" | "oddFooter" | "evenHeader" | "evenFooter" | "firstHeader" | "firstFooter" | "formula1"
            | "formula2" | "formula" => {
                self.cell.clear();
                self.within = Within::Line;
            }
            "cfRule" => self.attributes(tag, &["text"], out)?,
            "filter" | "customFilter" | "inputCells" => self.attributes(tag, &["val"], out)?,
            "scenario" => self.attributes(tag, &["name", "comment", "user"], out)?,
            "protectedRange" | "control" | "customPr" => self.attributes(tag, &["name"], out)?,
            "hyperlink" => self.attributes(tag, &["display", "tooltip", "location"], out)?,
            "dataValidation" => self.attributes(tag, &["prompt", "promptTitle", "error", "errorTitle"], out)?,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, name: &str, out: &mut dyn Output) -> Result<(), Failure> {
        match name {
            "c" => {
                self.push_cell(out)?;
                self.within = Within::Nothing;
            }
            "rPh" => self.cell.phonetic = false,
            "f" if self.within == Within::Line => {}
            "v" | "t" | "f" => self.within = Within::Nothing,
            _ if self.within == Within::Line => {
                let line = std::mem::take(&mut self.cell.value);
                self.cells.push_line(&line, &Place::Whole, out)?;
                self.within = Within::Nothing;
            }
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        match self.within {
            Within::Value | Within::Line => self.cell.value.push_str(text),
            Within::Inline if !self.cell.phonetic => self.cell.inline.push_str(text),
            Within::Formula => self.cell.formula.push_str(text),
            Within::Inline | Within::Nothing => {}
        }
    }

    fn push_cell(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        let place = Place::Cell { row: self.row, column: self.column };
        let cell = std::mem::take(&mut self.cell);
        // A formula says something of its own only by the texts in it.
        let formula = if cell.formula.contains('"') { cell.formula.as_str() } else { "" };
        let format = self.book.styles.format(cell.style);
        let stored = cell.value.trim();
        let is_number = matches!(cell.kind.as_str(), "" | "n") && !stored.is_empty();
        let is_general = is_number && *format == Format::General;
        // Most numbers are short and whole: they show as they are stored.
        if is_general && is_short_whole(stored) {
            self.cells.push_forms(&[stored, formula], &place, out)?;
            self.cell = cell;
            return Ok(());
        }
        let decimal = Decimal::of(stored).filter(|_| is_number);
        let is_shortest = decimal.is_some_and(|decimal| decimal.is_shortest()) || (is_number && is_short_whole(stored));
        if is_general
            && is_shortest
            && let Some(shown) = decimal.and_then(|decimal| decimal.shown())
        {
            self.cells.push_forms(&[&shown, stored, formula], &place, out)?;
            self.cell = cell;
            return Ok(());
        }
        let number = if is_number { stored.parse::<f64>().ok() } else { None };
        match number {
            Some(value) => {
                let by_digits = decimal.filter(|_| is_general).and_then(|decimal| decimal.shown());
                let shown = by_digits.or_else(|| format.show(value, self.book.dates_from_1904).map(Cow::Owned));
                let exact = if is_shortest { None } else { plain(value) };
                let forms = [&shown.unwrap_or_default(), stored, &exact.unwrap_or_default(), formula];
                self.cells.push_forms(&forms, &place, out)?;
            }
            None => {
                let value = match cell.kind.as_str() {
                    "s" => cell.value.trim().parse().ok().and_then(|at| self.book.strings.get(at)).unwrap_or_default(),
                    "b" if cell.value.trim() == "1" => "TRUE",
                    "b" => "FALSE",
                    _ => &cell.value,
                };
                self.cells.push_forms(&[value, &cell.inline, formula], &place, out)?;
            }
        }
        self.cell = cell;
        Ok(())
    }

    fn attributes(&mut self, tag: &Tag<'_>, keys: &[&str], out: &mut dyn Output) -> Result<(), Failure> {
        for (key, value) in tag.attributes() {
            if keys.contains(&key) {
                self.cells.push_line(&value, &Place::Whole, out)?;
            }
        }
        Ok(())
    }
}

impl Cell {
    fn clear(&mut self) {
        self.kind.clear();
        self.style = 0;
        self.value.clear();
        self.inline.clear();
        self.formula.clear();
        self.phonetic = false;
    }
}

/// True for up to 15 digits without a leading zero.
fn is_short_whole(stored: &str) -> bool {
    stored.len() <= 15 && !stored.starts_with('0') && stored.bytes().all(|b| b.is_ascii_digit())
}

fn number(tag: &Tag<'_>, key: &str) -> Option<u32> {
    tag.attribute(key)?.parse().ok()
}

/// Row and column that a reference such as `AB12` names, from 1.
pub(super) fn cell_of(reference: &str) -> Option<(u32, u32)> {
    let row = reference.trim_start_matches(|c: char| c.is_ascii_alphabetic()).parse().ok()?;
    Some((row, column_of(reference)?))
}

/// The column that a reference such as `AB12` names, from 1.
fn column_of(reference: &str) -> Option<u32> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic);
    let column = letters.take(4).fold(0u32, |n, b| n * 26 + u32::from(b.to_ascii_uppercase() - b'A') + 1);
    (column > 0).then_some(column)
}
