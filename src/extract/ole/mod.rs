//! OLE compound files: old Office, Outlook messages, Visio, Publisher, Project, and whatever else shares their container.
//!
//! What kind a file is, is told by the names in its directory. Its reading does not trust that: every document that a file holds
//! is read, with the property sets, embedded objects and macros beside it, and where no document is known, each stream's runs
//! of text.

mod biff;
mod blips;
pub(super) mod bytes;
pub(super) mod compound;
mod doc;
mod doc_text;
mod msg;
pub(super) mod objects;
mod other;
mod ppt;
pub(super) mod properties;
mod rc4;
mod runs;
mod runs_marked;
mod shapes;
mod tell;
#[cfg(test)]
mod tests;
mod vba;
mod writer;

pub(super) use tell::tell;

use super::parts::Parts;
use super::{Failure, Output, Source};
use crate::model::Reason;
use compound::{Compound, ROOT};

/// Reads one document of a compound file.
type Reader = fn(&Compound<'_>, usize, &mut Parts<'_>) -> Result<(), Failure>;

/// Documents by the streams or storages that make them, any of which is enough, and their readers.
const DOCUMENTS: &[(&[&str], Reader)] = &[
    (&["WordDocument"], doc::push),
    (&["Workbook", "Book"], biff::push),
    (&["PowerPoint Document"], ppt::push),
    (&["PP97_DUALSTORAGE"], ppt::push_dual),
    (&["PP40"], ppt::push_oldest),
    (&["__properties_version1.0"], msg::push),
    (&["VisioDocument"], other::push_visio),
    (&["Quill"], other::push_publisher),
    (&["HwpSummaryInformation", "\u{5}HwpSummaryInformation"], other::push_hangul),
];

/// Pushes all that a compound file says.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut parts = Parts::new(out);
    if !source.content.head()?.starts_with(b"\xd0\xcf\x11\xe0") {
        return extract_bare(source, &mut parts);
    }
    let compound = Compound::open(source)?;
    let has = |names: &&[&str]| names.iter().any(|name| compound.child(ROOT, name).is_some());
    if has(&["EncryptedPackage"].as_slice()) {
        return Err(Failure::refused(Reason::EncryptedPassword, "the package inside is encrypted"));
    }
    let mut readers: Vec<Reader> =
        DOCUMENTS.iter().filter(|(names, _)| has(names)).map(|(_, reader)| *reader).collect();
    if readers.is_empty() {
        readers.push(other::push_unknown);
    }
    readers.extend([properties::push as Reader, objects::push_all, blips::push_streams, vba::push_all]);
    let mut failed = None;
    for reader in readers {
        match reader(&compound, ROOT, &mut parts) {
            Ok(()) => {}
            Err(failure) if failure.stop().is_some() => return Err(failure),
            // What one document refuses, another may still say.
            Err(failure) => failed = failed.or(Some(failure)),
        }
    }
    parts.end()?;
    match failed {
        Some(failure) => Err(failure),
        None if compound.is_damaged() => Err(Failure::corrupt("a stream of the compound file is cut or loops")),
        None => Ok(()),
    }
}

/// Documents that are one stream without a container, as programs before Office 95 wrote them.
fn extract_bare(source: &Source<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let head = source.content.head()?;
    if biff::begins_workbook(head) {
        biff::push_bare(source, parts)?;
    } else if doc::begins_document(head) {
        doc::push_bare(source, parts)?;
    } else {
        return Err(Failure::corrupt("neither a compound file nor a document of old"));
    }
    parts.end()
}
