//! Cells of an OpenDocument table: what is shown beside what is stored, and repeats written out within bounds.
//!
//! Equal neighbours are written once with a count, up to a million empty ones at the end of a sheet. Empty cells only move
//! the position; a repeat with text is written out while an allowance for the whole document lasts, then once.

use super::super::xml_events::Tag;
use super::super::{Failure, Output};
use super::parts::Parts;
use crate::model::Place;

/// Bytes of text that repeats may add to one document.
const REPEATED_BYTES_MAX: usize = 4 << 20;

/// One open table.
#[derive(Debug)]
pub(super) struct Table {
    /// Which table of the part, for tables in running text.
    number: u32,
    /// True for the tables of a spreadsheet, whose cells are named by letter and number.
    is_sheet: bool,
    row: u32,
    column: u32,
    row_repeats: u32,
    column_repeats: u32,
    /// The texts of the present row, kept only when the row is repeated.
    kept: Vec<(u32, String)>,
}

/// What a cell's attributes say.
#[derive(Debug, Default)]
pub(super) struct CellHead {
    /// What is stored: a number, a date, a text. Empty when nothing is.
    pub(super) stored: String,
    /// The formula where it holds text of its own.
    pub(super) formula: String,
    repeats: u32,
}

impl CellHead {
    /// Reads the attributes of a cell (OpenDocument 1.3 part 3, 19.367 and on).
    pub(super) fn of(tag: &Tag<'_>) -> Self {
        let mut head = Self { repeats: 1, ..Self::default() };
        for (key, value) in tag.attributes() {
            match key {
                "value" | "date-value" | "time-value" | "boolean-value" | "string-value" => {
                    head.stored = value.into_owned();
                }
                "number-columns-repeated" => head.repeats = value.parse().unwrap_or(1).max(1),
                "formula" if value.contains('"') => head.formula = value.into_owned(),
                _ => {}
            }
        }
        head
    }
}

impl Table {
    /// A table that begins.
    pub(super) fn new(number: u32, is_sheet: bool) -> Self {
        Self { number, is_sheet, row: 0, column: 0, row_repeats: 1, column_repeats: 1, kept: Vec::new() }
    }

    /// True for the tables of a spreadsheet.
    pub(super) fn is_sheet(&self) -> bool {
        self.is_sheet
    }

    /// Begins a row.
    pub(super) fn begin_row(&mut self, tag: &Tag<'_>) {
        self.row = self.row.saturating_add(1);
        self.column = 0;
        self.row_repeats = tag.attribute("number-rows-repeated").and_then(|n| n.parse().ok()).unwrap_or(1).max(1);
    }

    /// Ends a row and writes its repeats out.
    pub(super) fn end_row(
        &mut self,
        parts: &mut Parts<'_>,
        out: &mut dyn Output,
        allowance: &mut Allowance,
    ) -> Result<(), Failure> {
        let kept = std::mem::take(&mut self.kept);
        let bytes = kept.iter().map(|(_, text)| text.len() + 1).sum();
        let first = self.row;
        let mut written = 1;
        while written < self.row_repeats && !kept.is_empty() && allowance.take(bytes) {
            self.row = first.saturating_add(written);
            parts.pend('\n');
            for (column, text) in &kept {
                parts.push(&self.place_at(*column), text, out)?;
                parts.pend('\t');
            }
            written += 1;
        }
        self.row = first.saturating_add(self.row_repeats - 1);
        parts.pend('\n');
        Ok(())
    }

    /// Begins a cell.
    pub(super) fn begin_cell(&mut self, head: &CellHead) {
        self.column = self.column.saturating_add(1);
        self.column_repeats = head.repeats;
    }

    /// Ends a cell; one that was read apart comes with its text, which is pushed here.
    pub(super) fn end_cell(
        &mut self,
        text: &str,
        parts: &mut Parts<'_>,
        out: &mut dyn Output,
        allowance: &mut Allowance,
    ) -> Result<(), Failure> {
        let first = self.column;
        let mut written = 0;
        while !text.is_empty() && written < self.column_repeats && (written == 0 || allowance.take(text.len() + 1)) {
            self.column = first.saturating_add(written);
            parts.push(&self.place(), text, out)?;
            parts.pend('\t');
            if self.row_repeats > 1 && allowance.take(text.len() + 1) {
                self.kept.push((self.column, text.to_owned()));
            }
            written += 1;
        }
        self.column = first.saturating_add(self.column_repeats - 1);
        self.column_repeats = 1;
        parts.pend('\t');
        Ok(())
    }

    /// Where the present cell is.
    pub(super) fn place(&self) -> Place {
        self.place_at(self.column)
    }

    fn place_at(&self, column: u32) -> Place {
        match self.is_sheet {
            true => Place::Cell { row: self.row, column },
            false => Place::TableCell { table: self.number, row: self.row, column },
        }
    }
}

/// What is left for repeats.
#[derive(Debug)]
pub(super) struct Allowance(usize);

impl Default for Allowance {
    fn default() -> Self {
        Self(REPEATED_BYTES_MAX)
    }
}

impl Allowance {
    fn take(&mut self, bytes: usize) -> bool {
        let enough = self.0 >= bytes;
        self.0 = self.0.saturating_sub(bytes);
        enough
    }
}
