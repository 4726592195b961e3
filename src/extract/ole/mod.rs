//! OLE compound files: old Office, Outlook messages, Visio, Publisher, Project, and whatever else shares their container.
//!
//! What kind a file is, is told by the names in its directory. Its reading does not trust that: every document that a file holds
//! is read, with the property sets, embedded objects and macros beside it, and where no document is known, each stream's runs
//! of text.

mod biff;
pub(super) mod bytes;
pub(super) mod compound;
mod doc;
mod doc_text;
pub(super) mod objects;
mod ppt;
mod properties;
mod rc4;
mod runs;
mod shapes;
mod writer;

use super::parts::Parts;
use super::{Failure, Output, Source};
use compound::{Compound, ROOT};

/// Reads one document of a compound file, if it is there.
type Reader = fn(&Compound<'_>, usize, &mut Parts<'_>) -> Result<(), Failure>;

/// Streams that make a document, and its reader.
const DOCUMENTS: &[(&str, Reader)] = &[
    ("WordDocument", doc::push),
    ("Workbook", biff::push),
    ("Book", biff::push),
    ("PowerPoint Document", ppt::push),
    ("PP40", ppt::push_oldest),
];

/// Pushes all that a compound file says.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let compound = Compound::open(source)?;
    let mut parts = Parts::new(out);
    let mut failed = None;
    let mut done: Vec<usize> = Vec::new();
    for (name, reader) in DOCUMENTS {
        if compound.child(ROOT, name).is_none() || done.contains(&(*reader as usize)) {
            continue;
        }
        done.push(*reader as usize);
        if let Err(failure) = reader(&compound, ROOT, &mut parts) {
            if failure.stop().is_some() {
                return Err(failure);
            }
            failed.get_or_insert(failure);
        }
    }
    properties::push(&compound, ROOT, &mut parts)?;
    objects::push_all(&compound, ROOT, &mut parts)?;
    parts.end()?;
    match failed {
        Some(failure) => Err(failure),
        None if compound.is_damaged() => Err(Failure::corrupt("a stream of the compound file is cut or loops")),
        None => Ok(()),
    }
}
