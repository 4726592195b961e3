//! What a record of the journal says. Each is one durable step; read again in order they give the journal's state.

use super::code::{Eye, Pen};
use super::seen::Key;
use super::state::{Count, Spot};
use crate::model::{Item, Principal};
use crate::provider::{FeedCursor, Onward, Unwalked, Walk};
use std::sync::Arc;

/// The form of the file; another one is refused.
const FORM: u8 = 1;
const MAGIC: &[u8] = b"sluicebox listing";
/// What the first payload of each file begins with: the head's tag and the name.
pub(super) const BEGINNING: &[u8] = b"\0sluicebox listing";

/// One record.
#[derive(Debug)]
pub(super) enum Record {
    /// The first of each file.
    Head { key: Key, connector: Arc<str> },
    /// Positions of the change feeds.
    Feeds(Vec<FeedCursor>),
    /// A pass begins with these walks.
    Began { walks: Vec<Walk>, holes: Vec<Unwalked>, used_bytes: Option<u64> },
    /// A page was taken in.
    Page(PageRecord),
    /// A walk begins again.
    Restarted(u64),
    /// A walk ended with a hole.
    GaveUp(u64, Unwalked),
    /// The pass is at its end.
    Ended,
    /// After a clearing: where the passes stand; rows follow.
    Cleared {
        pass: u32,
        cursors: Vec<Walk>,
        /// Walks that those with a cursor found, each with its finder.
        found: Vec<(u64, u64)>,
        holes: Vec<Unwalked>,
        used_bytes: Option<u64>,
        count: Count,
    },
    /// After a clearing: items of one walk.
    Kept(Rows),
}

/// Items that one walk listed, and where each lies.
#[derive(Debug)]
pub(super) struct Rows {
    /// Hash of the walk's id.
    pub(super) walk: u64,
    pub(super) place: Arc<str>,
    pub(super) read_as: Principal,
    pub(super) rows: Vec<Row>,
    /// Folders that no row tells of: the folder and the one above it.
    pub(super) chain: Vec<(u64, u64)>,
}

/// One item as the journal keeps it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) item: Item,
    pub(super) spot: Spot,
    /// Sum over all that is kept of it.
    pub(super) facts: u32,
}

/// One page, taken in together with how its walk goes on.
#[derive(Debug)]
pub(super) struct PageRecord {
    /// Items that are new, or of which anything changed.
    pub(super) rows: Rows,
    /// Keys of those that are as they were.
    pub(super) same: Vec<u64>,
    /// Paths that went: the folder above, the name, the path itself.
    pub(super) gone: Vec<Spot>,
    pub(super) found: Vec<Walk>,
    pub(super) holes: Vec<Unwalked>,
    pub(super) onward: Onward,
}

impl Record {
    /// As bytes.
    pub(super) fn write(&self) -> Vec<u8> {
        let mut pen = Pen::default();
        match self {
            Record::Head { key, connector } => {
                pen.byte(0);
                pen.0.extend_from_slice(MAGIC);
                pen.byte(FORM);
                pen.0.extend_from_slice(&key.0);
                pen.text(connector);
            }
            Record::Feeds(feeds) => {
                pen.byte(1);
                list(&mut pen, feeds, Pen::feed);
            }
            Record::Began { walks, holes, used_bytes } => {
                pen.byte(2);
                list(&mut pen, walks, Pen::walk);
                list(&mut pen, holes, Pen::hole);
                maybe_number(&mut pen, *used_bytes);
            }
            Record::Page(page) => {
                pen.byte(3);
                write_page(&mut pen, page);
            }
            Record::Restarted(walk) => {
                pen.byte(4);
                pen.fixed(*walk);
            }
            Record::GaveUp(walk, hole) => {
                pen.byte(5);
                pen.fixed(*walk);
                pen.hole(hole);
            }
            Record::Ended => pen.byte(6),
            Record::Cleared { pass, cursors, found, holes, used_bytes, count } => {
                pen.byte(7);
                pen.number(u64::from(*pass));
                list(&mut pen, cursors, Pen::walk);
                list(&mut pen, found, write_pair);
                list(&mut pen, holes, Pen::hole);
                maybe_number(&mut pen, *used_bytes);
                count.numbers().iter().for_each(|number| pen.number(*number));
            }
            Record::Kept(rows) => {
                pen.byte(8);
                write_rows(&mut pen, rows);
            }
        }
        pen.0
    }

    /// Reads what [`Record::write`] wrote; `None` for anything else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut eye = Eye(bytes);
        let record = match eye.byte()? {
            0 => {
                let known = eye.bytes(MAGIC.len())? == MAGIC && eye.byte()? == FORM;
                let key = Key(eye.bytes(16)?.try_into().ok()?);
                known.then_some(Record::Head { key, connector: eye.text()? })?
            }
            1 => Record::Feeds(eye.list(Eye::feed)?),
            2 => Record::Began {
                walks: eye.list(Eye::walk)?,
                holes: eye.list(Eye::hole)?,
                used_bytes: eye.maybe(Eye::number)?,
            },
            3 => Record::Page(read_page(&mut eye)?),
            4 => Record::Restarted(eye.fixed()?),
            5 => Record::GaveUp(eye.fixed()?, eye.hole()?),
            6 => Record::Ended,
            7 => Record::Cleared {
                pass: eye.small()?,
                cursors: eye.list(Eye::walk)?,
                found: eye.list(read_pair)?,
                holes: eye.list(Eye::hole)?,
                used_bytes: eye.maybe(Eye::number)?,
                count: Count::of(&mut || eye.number())?,
            },
            8 => Record::Kept(read_rows(&mut eye)?),
            _ => return None,
        };
        eye.0.is_empty().then_some(record)
    }
}

fn list<T>(pen: &mut Pen, of: &[T], write: impl Fn(&mut Pen, &T)) {
    pen.length(of.len());
    of.iter().for_each(|one| write(pen, one));
}

fn maybe_number(pen: &mut Pen, number: Option<u64>) {
    pen.byte(u8::from(number.is_some()));
    if let Some(number) = number {
        pen.number(number);
    }
}

fn write_page(pen: &mut Pen, page: &PageRecord) {
    write_rows(pen, &page.rows);
    list(pen, &page.same, |pen, key| pen.fixed(*key));
    list(pen, &page.gone, write_spot);
    list(pen, &page.found, Pen::walk);
    list(pen, &page.holes, Pen::hole);
    pen.onward(&page.onward);
}

fn read_page(eye: &mut Eye<'_>) -> Option<PageRecord> {
    Some(PageRecord {
        rows: read_rows(eye)?,
        same: eye.list(Eye::fixed)?,
        gone: eye.list(read_spot)?,
        found: eye.list(Eye::walk)?,
        holes: eye.list(Eye::hole)?,
        onward: eye.onward()?,
    })
}

fn write_rows(pen: &mut Pen, rows: &Rows) {
    pen.fixed(rows.walk);
    pen.text(&rows.place);
    pen.principal(&rows.read_as);
    list(pen, &rows.rows, |pen, row| {
        pen.item(&row.item, &rows.place, &rows.read_as);
        write_spot(pen, &row.spot);
    });
    list(pen, &rows.chain, write_pair);
}

fn read_rows(eye: &mut Eye<'_>) -> Option<Rows> {
    let (walk, place, read_as) = (eye.fixed()?, eye.text()?, eye.principal()?);
    let rows = eye.list(|eye| {
        let item = eye.item(&place, &read_as)?;
        let spot = read_spot(eye)?;
        Some(Row { facts: facts(&item, spot), item, spot })
    })?;
    let chain = eye.list(read_pair)?;
    Some(Rows { walk, place, read_as, rows, chain })
}

/// A sum over everything the journal keeps of an item: it tells whether anything changed.
pub(super) fn facts(item: &Item, spot: Spot) -> u32 {
    let mut pen = Pen::default();
    // Beside another place, so that the item's own is written out.
    pen.item(item, "", &Principal::Tenant);
    write_spot(&mut pen, &spot);
    crc32fast::hash(&pen.0)
}

fn write_pair(pen: &mut Pen, (one, other): &(u64, u64)) {
    pen.fixed(*one);
    pen.fixed(*other);
}

fn read_pair(eye: &mut Eye<'_>) -> Option<(u64, u64)> {
    Some((eye.fixed()?, eye.fixed()?))
}

fn write_spot(pen: &mut Pen, spot: &Spot) {
    pen.fixed(spot.parent);
    pen.fixed(spot.node);
}

fn read_spot(eye: &mut Eye<'_>) -> Option<Spot> {
    Some(Spot { parent: eye.fixed()?, node: eye.fixed()? })
}
