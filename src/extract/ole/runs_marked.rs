//! Which characters of a Word document are inserted, deleted or hidden ([MS-DOC] 2.8.5, 2.9.33).
//!
//! Pages of 512 bytes list runs by their places in the stream, each with the properties that differ from its style. Only runs
//! with one of the three properties are kept.

use super::bytes::{u8_at, u16_at, u32_at};
use super::compound::Stream;
use crate::content::Budget;
use crate::content::budget::Hold;
use crate::extract::Failure;
use crate::extract::changes::Mark;

const PAGE_BYTES: usize = 512;
/// The properties: deleted, inserted, hidden.
const DELETED: u16 = 0x0800;
const INSERTED: u16 = 0x0801;
const HIDDEN: u16 = 0x083c;

/// Characters of one kind that lie together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// Its first byte in the stream, and the one after its last.
    pub(super) from: u64,
    to: u64,
    mark: Mark,
}

/// The marked runs of a document in the order of the stream; `table` lists the pages.
pub(super) fn read(
    stream: &Stream<'_>,
    table: &[u8],
    budget: &Budget,
    held: &mut Hold<'_>,
) -> Result<Vec<Run>, Failure> {
    let count = table.len().saturating_sub(4) / 8;
    let mut runs: Vec<Run> = Vec::new();
    for number in 0..count {
        budget.tick()?;
        let page = u32_at(table, (count + 1) * 4 + number * 4).unwrap_or(0) & 0x3f_ffff;
        let page = stream.bytes_at(u64::from(page) * PAGE_BYTES as u64, PAGE_BYTES)?;
        let in_page = usize::from(u8_at(&page, PAGE_BYTES - 1).unwrap_or(0));
        for at in 0..in_page {
            let (Some(from), Some(to)) = (u32_at(&page, at * 4), u32_at(&page, at * 4 + 4)) else { break };
            let place = usize::from(u8_at(&page, (in_page + 1) * 4 + at).unwrap_or(0)) * 2;
            let len = usize::from(u8_at(&page, place).unwrap_or(0));
            let mark = match place {
                0 => Mark::default(),
                _ => mark_of(page.get(place + 1..place + 1 + len).unwrap_or_default()),
            };
            if mark == Mark::default() || to <= from {
                continue;
            }
            held.grow(size_of::<Run>())?;
            runs.push(Run { from: u64::from(from), to: u64::from(to), mark });
        }
    }
    runs.sort_by_key(|run| run.from);
    Ok(runs)
}

/// What properties say of a run: each is a number that tells its own length, then its value.
fn mark_of(mut properties: &[u8]) -> Mark {
    let mut mark = Mark::default();
    while let Some(number) = u16_at(properties, 0) {
        let len = match number >> 13 {
            0 | 1 => 1,
            2 | 4 | 5 => 2,
            3 => 4,
            7 => 3,
            _ => 1 + usize::from(u8_at(properties, 2).unwrap_or(0)),
        };
        let is_set = matches!(u8_at(properties, 2), Some(1 | 0x81));
        match number {
            DELETED => mark.is_deleted = is_set,
            INSERTED => mark.is_inserted = is_set,
            HIDDEN => mark.is_hidden = is_set,
            _ => {}
        }
        properties = properties.get(2 + len..).unwrap_or_default();
    }
    mark
}

/// The mark of the byte at a position and where that ends; runs before it are taken off the list.
pub(super) fn at(runs: &mut &[Run], position: u64) -> (Mark, u64) {
    while let Some((first, rest)) = runs.split_first() {
        if position < first.from {
            return (Mark::default(), first.from);
        }
        if position < first.to {
            return (first.mark, first.to);
        }
        *runs = rest;
    }
    (Mark::default(), u64::MAX)
}
