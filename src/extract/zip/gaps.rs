//! Local headers that the central directory does not list.
//!
//! Programs differ in which list they believe, and that is how members are hidden: behind another end record, before the
//! archive, between members, or in an archive whose directory was cut off. Only the gaps between listed members are looked
//! at, so the headers of an archive stored inside this one are not taken for its own.

use super::super::{BLOCK_BYTES, Failure, Source};
use super::entry::{Entry, LOCAL_HEADER, LOCAL_HEADER_BYTES, data_offset, local_only};
use crate::content::budget::Hold;
use memchr::memmem;

/// Unlisted members kept.
const ENTRIES_MAX: usize = 20_000;

/// Finds the unlisted members of the whole file. `taken` are spans of the file that belong to something known.
pub(super) fn unlisted(
    source: &Source<'_>,
    listed: &[Entry],
    mut taken: Vec<(u64, u64)>,
    held: &mut Hold<'_>,
) -> Result<Vec<Entry>, Failure> {
    for entry in listed {
        taken.push((entry.header_at, span_end(source, entry)?));
    }
    taken.sort_unstable();
    let len = source.content.len();
    let (mut found, mut position) = (Vec::new(), 0);
    for (start, end) in taken.into_iter().chain([(len, len)]) {
        search(source, position, start.min(len), &mut found, held)?;
        position = position.max(end);
    }
    Ok(found)
}

fn span_end(source: &Source<'_>, entry: &Entry) -> Result<u64, Failure> {
    let mut header = [0; LOCAL_HEADER_BYTES];
    let whole = source.content.read_up_to(entry.header_at, &mut header)? == header.len();
    let data = if whole && header.starts_with(LOCAL_HEADER) { data_offset(&header) } else { 0 };
    Ok(entry.header_at.saturating_add(data).saturating_add(entry.compressed_bytes.unwrap_or(0)))
}

/// Finds the headers in one gap; a header's data is passed over where its length is known.
fn search(
    source: &Source<'_>,
    mut position: u64,
    gap_end: u64,
    found: &mut Vec<Entry>,
    held: &mut Hold<'_>,
) -> Result<(), Failure> {
    let mut block = vec![0; BLOCK_BYTES];
    let (mut block_at, mut got) = (position, 0);
    while position.saturating_add(LOCAL_HEADER_BYTES as u64) <= gap_end && found.len() < ENTRIES_MAX {
        source.budget.tick()?;
        let offset = usize::try_from(position - block_at).unwrap_or(usize::MAX);
        let mut rest = block[..got].get(offset..).unwrap_or_default();
        if rest.len() < LOCAL_HEADER.len() {
            let wanted = usize::try_from(gap_end - position).unwrap_or(usize::MAX).min(block.len());
            got = source.content.read_up_to(position, &mut block[..wanted])?;
            source.budget.charge_read(got)?;
            block_at = position;
            rest = &block[..got];
        }
        if rest.len() < LOCAL_HEADER.len() {
            break;
        }
        let Some(at) = memmem::find(rest, LOCAL_HEADER) else {
            // A signature may stand across the edge of two blocks.
            position = block_at + (got - 3) as u64;
            continue;
        };
        let header_at = position + at as u64;
        position = header_at + LOCAL_HEADER.len() as u64;
        let Some(mut entry) = local_only(source, header_at)? else { continue };
        held.grow(size_of::<Entry>() + entry.name.len())?;
        match entry.compressed_bytes {
            Some(_) => position = position.max(span_end(source, &entry)?),
            None => entry.compressed_bytes = Some(gap_end.saturating_sub(span_end(source, &entry)?)),
        }
        found.push(entry);
    }
    Ok(())
}
