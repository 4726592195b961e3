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
mod repair;
mod scan;
mod sfnt;
mod stream;
mod sweep;
mod tell;
#[cfg(test)]
mod tests;

use super::{Failure, Output, Source};
use crate::content::Budget;
use crate::content::budget::Hold;
use crate::model::{Limit, Reason};
use hayro_syntax::{DecryptionError, LoadPdfError, Pdf, PdfData};
use std::io::Read;
use std::sync::Arc;
use tell::{Teller, Told};

/// Earlier revisions read of one document, the latest first.
const REVISIONS_MAX: usize = 16;

/// Reads one document.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let budget = source.budget;
    let (whole, _hold) = all_bytes(source)?;
    let bytes: &[u8] = (*whole).as_ref();
    let _packed = repair::hold_packed_objects(bytes, budget)?;
    let mut told = Told::default();
    let (pdf, is_whole) = match Pdf::new(Prefix::of(&whole, bytes.len())) {
        Ok(pdf) => (pdf, !repair::is_cut(bytes)),
        Err(LoadPdfError::Invalid) => (repair::salvaged(bytes, budget)?, false),
        Err(LoadPdfError::Decryption(error)) => return Err(sealed(error)),
    };
    Teller::new(&pdf, budget, out, &mut told, None).tell()?;
    drop(pdf);
    tell_earlier_revisions(&whole, budget, out, &mut told)?;
    if is_whole { Ok(()) } else { Err(Failure::corrupt("its end is missing")) }
}

/// What the file said before it was changed, the latest revision first.
fn tell_earlier_revisions(
    whole: &Whole,
    budget: &Budget,
    out: &mut dyn Output,
    told: &mut Told,
) -> Result<(), Failure> {
    let ends = repair::earlier_ends((**whole).as_ref());
    if ends.len() > REVISIONS_MAX {
        out.hole("earlier revisions", Reason::Limit(Limit::Members));
    }
    for (n, end) in ends.iter().enumerate().rev().take(REVISIONS_MAX) {
        budget.check()?;
        if let Ok(pdf) = Pdf::new(Prefix::of(whole, *end)) {
            let name = format!("earlier revision {}", n + 1);
            Teller::new(&pdf, budget, out, told, Some(name)).tell()?;
        }
    }
    Ok(())
}

fn sealed(error: DecryptionError) -> Failure {
    match error {
        DecryptionError::UnsupportedAlgorithm => {
            Failure::refused(Reason::EncryptedRights, "encrypted for somebody else's handler")
        }
        _ => Failure::refused(Reason::EncryptedPassword, "needs a password"),
    }
}

/// All bytes of a file, as long as anybody needs them.
type Whole = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// The whole file: as a map where there may be one, which costs no memory, else copied.
fn all_bytes<'a>(source: &Source<'a>) -> Result<(Whole, Hold<'a>), Failure> {
    if let Some(shared) = source.content.shared()? {
        source.budget.charge_read(shared.as_ref().len())?;
        return Ok((Arc::new(shared), source.budget.hold(0)?));
    }
    let len = usize::try_from(source.content.len()).map_err(|_| Failure::corrupt("larger than memory"))?;
    let hold = source.budget.hold(len)?;
    let mut bytes = Vec::with_capacity(len);
    source.reader().read_to_end(&mut bytes)?;
    Ok((Arc::new(bytes), hold))
}

/// The beginning of a file: what it was before it was changed.
struct Prefix {
    whole: Whole,
    len: usize,
}

impl Prefix {
    fn of(whole: &Whole, len: usize) -> PdfData {
        PdfData::from(Arc::new(Self { whole: Arc::clone(whole), len }))
    }
}

impl AsRef<[u8]> for Prefix {
    fn as_ref(&self) -> &[u8] {
        (*self.whole).as_ref().get(..self.len).unwrap_or_default()
    }
}
