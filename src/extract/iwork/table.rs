//! Tables of Numbers (and those inside Pages and Keynote): rows put together from three kinds of objects.
//!
//! A table model names its list of strings and its tiles; a tile holds up to 256 rows, each a buffer of cells with the place
//! of each column; a cell of a string holds only the string's key in the list. All are collected while the object files go
//! by, in any order, and the rows are pushed at the end. Strings that no cell uses any more are text of the list's object.

use super::super::{Edge, Failure, Output, PartHead};
use super::iwa::Object;
use super::message::{Field, Message};
use crate::content::budget::{Budget, Hold};
use crate::model::Place;
use std::collections::HashMap;
use time::{Date, Duration, Month};

/// Message types.
const TABLE_MODEL: u64 = 6001;
const TILE: u64 = 6002;
const DATA_LIST: u64 = 6005;
const DATA_LIST_SEGMENT: u64 = 6011;
/// Rows of one tile, where the table does not say.
const TILE_ROWS: u64 = 256;
/// Columns that one row may have.
const COLUMNS_MAX: usize = 4096;

/// What was collected.
#[derive(Default)]
pub(super) struct Tables {
    models: Vec<Model>,
    tiles: HashMap<u64, Vec<Row>>,
    lists: HashMap<u64, HashMap<u64, String>>,
}

#[derive(Default)]
struct Model {
    name: String,
    strings: u64,
    tile_rows: u64,
    /// Place of the tile in the table, and the tile's number.
    tiles: Vec<(u64, u64)>,
}

struct Row {
    index: u64,
    cells: Vec<(u32, Cell)>,
}

enum Cell {
    Value(String),
    /// A key in the table's list.
    String(u64),
}

impl Tables {
    /// Looks at one message.
    pub(super) fn take(&mut self, object: &Object<'_>, held: &mut Hold<'_>) -> Result<(), Failure> {
        match object.kind {
            TABLE_MODEL => self.models.push(model(object.payload)),
            TILE => {
                let rows: Vec<Row> = sub_messages(object.payload, 5).map(row).collect();
                held.grow(rows.iter().map(|row| 64 + row.cells.len() * 64).sum())?;
                self.tiles.insert(object.number, rows);
            }
            DATA_LIST | DATA_LIST_SEGMENT => {
                held.grow(object.payload.len() * 2)?;
                let list = self.lists.entry(object.number).or_default();
                list.extend(sub_messages(object.payload, 3).filter_map(list_entry));
            }
            _ => {}
        }
        Ok(())
    }

    /// Pushes each table as a part.
    pub(super) fn push(&self, budget: &Budget, out: &mut dyn Output) -> Result<(), Failure> {
        for model in self.models.iter().filter(|model| !model.tiles.is_empty()) {
            out.open_part(PartHead { name: format!("table '{}'", model.name), own_text: None, recovered: false })?;
            let list = self.lists.get(&model.strings);
            for (place, number) in &model.tiles {
                for row in self.tiles.get(number).into_iter().flatten() {
                    budget.tick()?;
                    let index = place.saturating_mul(model.tile_rows).saturating_add(row.index);
                    push_row(index, row, list, out)?;
                }
            }
            out.close_part()?;
        }
        Ok(())
    }
}

fn push_row(index: u64, row: &Row, list: Option<&HashMap<u64, String>>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut edge = Edge::Soft('\n');
    for (column, cell) in &row.cells {
        let text = match cell {
            Cell::Value(text) => text.as_str(),
            Cell::String(key) => list.and_then(|list| list.get(key)).map_or("", String::as_str),
        };
        if !text.is_empty() {
            let row = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
            out.push(edge, &Place::Cell { row, column: column.saturating_add(1) }, text, None)?;
            edge = Edge::Soft('\t');
        }
    }
    Ok(())
}

fn sub_messages(bytes: &[u8], wanted: u64) -> impl Iterator<Item = &[u8]> {
    Message::new(bytes).filter_map(move |field| match field {
        Field::Bytes(number, inner) if number == wanted => Some(inner),
        _ => None,
    })
}

fn sub_message(bytes: &[u8], wanted: u64) -> &[u8] {
    sub_messages(bytes, wanted).next().unwrap_or_default()
}

fn number(bytes: &[u8], wanted: u64) -> Option<u64> {
    Message::new(bytes).find_map(|field| match field {
        Field::Number(number, value) if number == wanted => Some(value),
        _ => None,
    })
}

fn model(bytes: &[u8]) -> Model {
    let store = sub_message(bytes, 4);
    let storage = sub_message(store, 3);
    let tile = |tile: &[u8]| Some((number(tile, 1)?, number(sub_message(tile, 2), 1)?));
    Model {
        name: String::from_utf8_lossy(sub_message(bytes, 8)).into_owned(),
        strings: number(sub_message(store, 4), 1).unwrap_or_default(),
        tile_rows: number(storage, 2).unwrap_or(TILE_ROWS),
        tiles: sub_messages(storage, 1).filter_map(tile).collect(),
    }
}

fn list_entry(bytes: &[u8]) -> Option<(u64, String)> {
    let text = std::str::from_utf8(sub_message(bytes, 3)).ok().filter(|text| !text.is_empty())?;
    Some((number(bytes, 1)?, text.to_owned()))
}

fn row(bytes: &[u8]) -> Row {
    let (buffer, offsets) = (sub_message(bytes, 6), sub_message(bytes, 7));
    let factor = if number(bytes, 8).unwrap_or(0) != 0 { 4 } else { 1 };
    let cells = offsets.chunks_exact(2).take(COLUMNS_MAX).zip(0..).filter_map(|(offset, column)| {
        let offset = usize::from(u16::from_le_bytes([offset[0], offset[1]]));
        let cell = buffer.get(offset.checked_mul(factor)?..).filter(|_| offset != 0xffff)?;
        Some((column, read_cell(cell)?))
    });
    Row { index: number(bytes, 1).unwrap_or(0), cells: cells.collect() }
}

/// One packed cell: version 5, its type, what fields follow as bits of a number, and the fields in the order of the bits.
fn read_cell(cell: &[u8]) -> Option<Cell> {
    const DECIMAL: u32 = 1;
    const DOUBLE: u32 = 2;
    const SECONDS: u32 = 4;
    const STRING: u32 = 8;
    if cell.first() != Some(&5) {
        return None;
    }
    let flags = u32::from_le_bytes(cell.get(8..12)?.try_into().ok()?);
    let mut rest = cell.get(12..)?;
    let mut take = |len: usize| {
        let (taken, after) = rest.split_at_checked(len)?;
        rest = after;
        Some(taken)
    };
    if flags & DECIMAL != 0 {
        return take(16).and_then(decimal).map(Cell::Value);
    }
    let double = if flags & DOUBLE != 0 { take(8).map(as_double) } else { None };
    if flags & SECONDS != 0 {
        return take(8).map(as_double).and_then(date).map(Cell::Value);
    }
    if flags & STRING != 0 {
        let key = take(4)?;
        return Some(Cell::String(u64::from(u32::from_le_bytes(key.try_into().ok()?))));
    }
    double.map(|double| Cell::Value(double.to_string()))
}

fn as_double(bytes: &[u8]) -> f64 {
    bytes.try_into().map_or(0.0, f64::from_le_bytes)
}

/// A decimal of 16 bytes: 113 bits of digits, 14 of the exponent (biased by 6176), a sign (IEEE 754 decimal128, binary
/// encoding). Printed without an exponent as far as that is short.
fn decimal(bytes: &[u8]) -> Option<String> {
    let bits = u128::from_le_bytes(bytes.try_into().ok()?);
    let exponent = i32::try_from((bits >> 113) & 0x3fff).ok()? - 0x1820;
    let mut digits = (bits & ((1 << 113) - 1)).to_string();
    let sign = if bits >> 127 == 1 { "-" } else { "" };
    let places = usize::try_from(exponent.unsigned_abs()).ok().filter(|places| *places <= 64)?;
    if exponent >= 0 {
        if digits != "0" {
            digits.extend(std::iter::repeat_n('0', places));
        }
        return Some(format!("{sign}{digits}"));
    }
    while digits.len() <= places {
        digits.insert(0, '0');
    }
    let (whole, part) = digits.split_at(digits.len() - places);
    let part = part.trim_end_matches('0');
    Some(if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") })
}

/// Seconds since the beginning of 2001, as a day.
fn date(seconds: f64) -> Option<String> {
    let begin = Date::from_calendar_date(2001, Month::January, 1).ok()?;
    let days = Duration::checked_seconds_f64(seconds)?.whole_days();
    let date = begin.checked_add(Duration::days(days))?;
    Some(format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()))
}
