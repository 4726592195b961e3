//! SQLite databases: every table's rows, and what deleted rows left behind.
//!
//! Read by a page walk of our own (sqlite.org/fileformat2.html), since the library trusts the schema in the file and would
//! run what stands there. A value is printed after its column's name, which is the only evidence a bare number has. Pages
//! that no table reaches keep their old rows until they are written again, and so do the gaps inside pages: both are read as
//! recovered text. The journal and the write-ahead log are files of their own.

mod btree;
mod record;
mod schema;

use super::{Edge, Failure, Output, PartHead, Source, recover, sniff};
use crate::model::{Limit, Place, Reason};
use btree::{Database, Row};
use record::Value;
use schema::Table;

/// Bytes of the shortest blob worth handing over.
const BLOB_BYTES_MIN: usize = 16;

/// Pushes each table as a part, hands over documents kept in blobs, then pushes what was deleted.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut database = Database::open(source)?;
    let tables = schema::read(&mut database, out)?;
    for table in &tables {
        let any_blob = push_table(&mut database, table, out)?;
        if any_blob {
            hand_over_blobs(&mut database, table, out)?;
        }
    }
    push_deleted(&mut database, out)?;
    if database.is_damaged { Err(Failure::corrupt("pages are missing or no pages")) } else { Ok(()) }
}

/// Pushes one table; true when it has blobs that look like documents.
fn push_table(database: &mut Database<'_>, table: &Table, out: &mut dyn Output) -> Result<bool, Failure> {
    out.open_part(PartHead { name: format!("table '{}'", table.name), own_text: None, recovered: false })?;
    let mut any_blob = false;
    database.each_row(table.root, true, &mut |row| {
        let mut edge = '\n';
        for (column, value) in row.values.iter().enumerate() {
            any_blob |= matches!(value, Value::Blob(bytes) if is_document(bytes));
            let name = table.columns.get(column).map_or("", String::as_str);
            let is_number = matches!(value, Value::Null) && table.number_column == Some(column);
            let text = if is_number { Some(row.number.cast_signed().to_string()) } else { value.text() };
            if let Some(text) = text {
                push_value(row, name, &text, edge, out)?;
                edge = '\t';
            }
        }
        Ok(())
    })?;
    out.close_part()?;
    Ok(any_blob)
}

fn push_value(row: &Row, name: &str, text: &str, edge: char, out: &mut dyn Output) -> Result<(), Failure> {
    let mut edge = Edge::Soft(edge);
    if !name.is_empty() {
        out.push(edge, &Place::Whole, name, None)?;
        edge = Edge::Soft(' ');
    }
    out.push(edge, &Place::Row(row.number), text, None)?;
    Ok(())
}

fn is_document(bytes: &[u8]) -> bool {
    bytes.len() >= BLOB_BYTES_MIN && sniff::by_magic(bytes).is_some()
}

fn hand_over_blobs(database: &mut Database<'_>, table: &Table, out: &mut dyn Output) -> Result<(), Failure> {
    database.each_row(table.root, false, &mut |row| {
        for (column, value) in row.values.iter().enumerate() {
            if let Value::Blob(bytes) = value
                && is_document(bytes)
            {
                let column = table.columns.get(column).map_or("blob", String::as_str);
                out.member(&format!("{} row {} {column}", table.name, row.number), &mut bytes.as_slice())?;
            }
        }
        Ok(())
    })
}

/// Rows of pages that nothing reaches, and runs of text in the gaps of all pages.
fn push_deleted(database: &mut Database<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut open = false;
    database.each_unreached(&mut |row| {
        if !std::mem::replace(&mut open, true) {
            out.open_part(PartHead { name: "deleted rows".to_owned(), own_text: None, recovered: true })?;
        }
        let mut edge = '\n';
        for text in row.values.iter().filter_map(Value::text) {
            push_value(row, "", &text, edge, out)?;
            edge = '\t';
        }
        Ok(())
    })?;
    if open {
        out.close_part()?;
    }
    open = false;
    database.each_gap(&mut |gap| {
        each_run(gap, &mut |run| {
            if !std::mem::replace(&mut open, true) {
                out.open_part(PartHead { name: "deleted text".to_owned(), own_text: None, recovered: true })?;
            }
            out.push(Edge::Soft('\n'), &Place::Whole, run, None)?;
            Ok(())
        })
    })?;
    if open {
        out.close_part()?;
    }
    if database.too_large_cells > 0 {
        out.hole("a value larger than is held in memory", Reason::Limit(Limit::Memory));
    }
    Ok(())
}

/// Shows the runs of printable text in raw bytes.
fn each_run(bytes: &[u8], see: &mut dyn FnMut(&str) -> Result<(), Failure>) -> Result<(), Failure> {
    for chunk in bytes.utf8_chunks() {
        for run in chunk.valid().split(|c: char| c.is_control() && !matches!(c, '\n' | '\t')) {
            if run.len() >= recover::RUN_CHARS_MIN {
                see(run)?;
            }
        }
    }
    Ok(())
}
