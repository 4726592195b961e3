//! Pages, Numbers and Keynote: the packages that Apple's programs write.
//!
//! Since 2013 a package keeps its objects in `Index/*.iwa`: snappy blocks without checksums around protobuf messages, of
//! which no public specification exists. Text is found by the shape of the messages, whatever their type; only the tables of
//! Numbers are put together by type, since their numbers stand in a packed form. All else in the package (pictures,
//! previews, the XML of older versions, plain or gzipped) is handed over as it is.

mod iwa;
mod message;
mod table;

use super::zip::Archive;
use super::{Edge, Failure, Output, PartHead, Source};
use crate::model::{Place, Reason};
use message::Message;
use std::io::Read;
use table::Tables;

/// Message type of the root of a Pages document.
pub(super) const PAGES_ROOT: u64 = 10_000;
/// A run of text with its styles.
const STORAGE: u64 = 2001;
/// Field of the storage that holds its text.
const STORAGE_TEXT: u64 = 3;

/// The message type that an object file begins with.
pub(super) fn root_type(body: &mut dyn Read) -> Option<u64> {
    let mut head = Vec::new();
    // A cut beginning may still tell.
    let _ = iwa::Blocks::new(body).take(4096).read_to_end(&mut head);
    iwa::first_type(&head)
}

/// Pushes the text of each object file, then the tables, and hands over what else the package holds.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let archive = Archive::open(source)?;
    let mut tables = Tables::default();
    let mut held = source.budget.hold(0)?;
    for entry in archive.entries.iter().filter(|entry| !entry.is_folder()) {
        let is_objects = entry.name.to_ascii_lowercase().ends_with(".iwa");
        let done = match entry.open(source) {
            Ok(mut body) if is_objects => objects(&entry.name, &mut body, source, &mut tables, &mut held, out),
            Ok(mut body) => out.member(&entry.name, &mut body).map_err(Failure::from),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = done {
            passed_over(&entry.name, failure, source, out)?;
        }
    }
    if archive.is_cut {
        out.hole("", Reason::Corrupt);
    }
    tables.push(source.budget, out)
}

/// A member that fails is a hole, unless it spent what belongs to the whole file.
fn passed_over(name: &str, failure: Failure, source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    if source.budget.stopped().is_some() {
        return Err(failure);
    }
    out.hole(name, failure.reason());
    Ok(())
}

/// Reads one object file: its texts as one part, all other strings as a second.
fn objects(
    name: &str,
    body: &mut dyn Read,
    source: &Source<'_>,
    tables: &mut Tables,
    held: &mut crate::content::budget::Hold<'_>,
    out: &mut dyn Output,
) -> Result<(), Failure> {
    let (bytes, _own) = iwa::read_all(body, source.budget)?;
    let stem = name.rsplit('/').next().unwrap_or(name).trim_end_matches(".iwa");
    let mut part = Lines::new(stem.to_owned());
    let whole = iwa::each_message(&bytes, &mut |object| {
        source.budget.tick()?;
        if object.kind == STORAGE {
            for text in message::texts_of(object.payload, STORAGE_TEXT) {
                part.push(text, out)?;
            }
        }
        tables.take(object, held)
    })?;
    part.close(out)?;
    let mut part = Lines::new(format!("{stem} properties"));
    iwa::each_message(&bytes, &mut |object| {
        let skipped = (object.kind == STORAGE).then_some(STORAGE_TEXT);
        Message::new(object.payload).each_text(skipped, &mut |text| {
            source.budget.tick()?;
            if message::is_identifier(text) { Ok(()) } else { part.push(text, out) }
        })
    })?;
    part.close(out)?;
    if whole { Ok(()) } else { Err(Failure::corrupt("an object file ends before its time")) }
}

/// A part that is opened by its first line.
struct Lines {
    name: String,
    open: bool,
}

impl Lines {
    fn new(name: String) -> Self {
        Self { name, open: false }
    }

    fn push(&mut self, text: &str, out: &mut dyn Output) -> Result<(), Failure> {
        if text.trim().is_empty() {
            return Ok(());
        }
        if !self.open {
            out.open_part(PartHead { name: std::mem::take(&mut self.name), own_text: None, recovered: false })?;
            self.open = true;
        }
        for line in text.split(['\n', '\u{2028}', '\u{2029}', '\u{4}', '\u{5}']).filter(|line| !line.is_empty()) {
            out.push(Edge::Soft('\n'), &Place::Whole, line, None)?;
        }
        Ok(())
    }

    fn close(self, out: &mut dyn Output) -> Result<(), Failure> {
        if self.open {
            out.close_part()?;
        }
        Ok(())
    }
}
