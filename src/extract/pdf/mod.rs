//! PDF (ISO 32000-2): the text of its pages, and everything else in it that somebody wrote.
//!
//! Objects, cross references, decryption and fonts are read by `hayro`; content streams, layout and the walk over all objects
//! are ours. A document is read as the union of what it holds: layers that are switched off, invisible text, values of forms,
//! notes, earlier revisions, and objects that nothing leads to any more.

mod font;
mod interpret;
mod layout;
mod lexer;
mod objects;
mod sfnt;
mod stream;

use super::{Edge, Failure, Output, PartHead, Source};
use crate::content::Stop;
use crate::model::{Place, Reason};
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf, PdfData};
use interpret::{Found, Reader};
use layout::Lines;
use std::io::Read;

/// Areas filled on a page without text, above which they are taken for letters drawn as shapes.
const AREAS_OF_TEXT: u64 = 100;

/// Reads one document.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let len = usize::try_from(source.content.len()).map_err(|_| Failure::corrupt("larger than memory"))?;
    let _hold = source.budget.hold(len)?;
    let mut bytes = Vec::with_capacity(len);
    source.reader().read_to_end(&mut bytes)?;
    let pdf = Pdf::new(PdfData::from(bytes)).map_err(refused)?;
    let mut reader = Reader::new(source.budget);
    pages(&pdf, &mut reader, out)
}

fn refused(error: LoadPdfError) -> Failure {
    match error {
        LoadPdfError::Invalid => Failure::corrupt("no page can be found"),
        LoadPdfError::Decryption(DecryptionError::UnsupportedAlgorithm) => {
            Failure::refused(Reason::EncryptedRights, "encrypted for somebody else's handler")
        }
        LoadPdfError::Decryption(_) => Failure::refused(Reason::EncryptedPassword, "needs a password"),
    }
}

fn head(name: &str) -> PartHead {
    PartHead { name: name.to_owned(), own_text: None, recovered: false }
}

/// All pages as one part, so that evidence crosses the edge of a page.
fn pages<'a>(pdf: &'a Pdf, reader: &mut Reader<'a, '_>, out: &mut dyn Output) -> Result<(), Failure> {
    out.open_part(head("text"))?;
    let mut silent = Vec::new();
    let mut any_text = false;
    for (n, page) in pdf.pages().iter().enumerate() {
        let number = u32::try_from(n + 1).unwrap_or(u32::MAX);
        let mut lines = Placed { out, place: Place::Page(number), any: false };
        let found = reader.page(page, &mut lines)?;
        any_text |= lines.any;
        if let Some(reason) = gap(&found) {
            silent.push((number, reason));
        }
    }
    out.close_part()?;
    let whole = !any_text && silent.iter().all(|(_, reason)| *reason == Reason::ImageOnly);
    for (number, reason) in silent {
        out.hole(&if whole { String::new() } else { Place::Page(number).to_string() }, reason);
    }
    Ok(())
}

/// Why a page was not read whole, if it was not.
fn gap(found: &Found) -> Option<Reason> {
    if let Some(limit) = found.limit {
        return Some(Reason::Limit(limit));
    }
    if found.damaged {
        return Some(Reason::Corrupt);
    }
    let is_seen = found.pictures > 0 || found.areas > AREAS_OF_TEXT || found.unknown > 0;
    (is_seen && found.unknown >= found.glyphs).then_some(Reason::ImageOnly)
}

/// Pushes lines with their place.
struct Placed<'o> {
    out: &'o mut dyn Output,
    place: Place,
    any: bool,
}

impl Lines for Placed<'_> {
    fn line(&mut self, text: &str) -> Result<(), Stop> {
        self.any = true;
        let mut edge = Edge::Soft('\n');
        for column in text.split('\t') {
            self.out.push(edge, &self.place, column, None)?;
            edge = Edge::Soft('\t');
        }
        Ok(())
    }
}
