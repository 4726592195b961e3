//! `Inventory` in SQLite.
//!
//! An item's row is wide and written only when the item changes; that it was listed again is a narrow row beside it (`listed`),
//! how it stands is in `standing`. Folders are rows like files: an item's path is put together from the names above it,
//! so a moved folder is one changed row. The tops of trees and namespaces are rows of a kind of their own.

mod gone;
pub(super) mod known;
mod page;
mod passes;
mod read;
pub(super) mod sharing;
mod upsert;
mod walks;

use super::writer::{Haste, Writer};
use super::{Desk, Failed, Sqlite, connectors, coverage, people, standing};
use crate::clock::Moment;
use crate::model::{
    ConnectorNumber, FoundLink, GonePath, ItemKind, ItemNumber, Lane, Principal, Sharing, Taken, Unwalked, Walk, Walks,
    WhyUnwalked,
};
use crate::store::Error;
use crate::store::inventory::{Above, Inventory, Judged, Known, Listed, Pass, PassEnd, Scope, TakenPage, Totals};
use known::{Reader, kind_number};
use passes::Compared;
use rusqlite::{Connection, OptionalExtension};
use std::sync::Arc;

pub(super) use page::{Source, Watch, is_one_slice, take_page_in};
use page::{Upto, take_slice_in};

/// Folders lie no deeper than this; a longer way up is a circle.
pub(super) const DEPTH_MAX: usize = 1_000;
/// The kind, in columns, of the top of a tree or namespace.
const TOP: i64 = 3;

/// Who tells of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ListedBy {
    /// A pass.
    Pass,
    /// A feed that tells items whole.
    Feed,
    /// A look at one item.
    Look,
}

/// What telling an item anew changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Put {
    /// Its number.
    pub(super) number: ItemNumber,
    /// It was never told, or had gone.
    pub(super) new: bool,
    /// It had a number before, perhaps as a stub.
    pub(super) was_known: bool,
    /// Its content waits for a verdict.
    pub(super) content: bool,
    /// Its members must be asked for.
    pub(super) shared: bool,
    /// Its own links or owner changed, or it lies elsewhere now: its exposure, and that of all below, may be another.
    pub(super) moved: bool,
    /// It has another name.
    pub(super) renamed: bool,
}

impl Put {
    fn unchanged(number: ItemNumber) -> Self {
        Self { number, new: false, was_known: true, content: false, shared: false, moved: false, renamed: false }
    }
}

/// Takes in what was told of one item; asks for nothing.
pub(super) fn upsert(desk: &Desk<'_>, of: ConnectorNumber, listed: &Listed, by: ListedBy) -> Result<Put, Failed> {
    let provider = connectors::provider(desk.tx, of)?;
    let pass = passes::present(desk.tx, of)?;
    let walk = walk_of(desk, of, listed)?;
    let origin = upsert::Origin { by, walk, mark: pass.mark, newer: pass.began_mark };
    let (put, _) = upsert::Taker::new(desk, of, provider, origin).put(listed)?;
    Ok(put)
}

/// The walk that would list an item, 0 when none is known: by the folder it lies in, the user's tree, or the namespace.
fn walk_of(desk: &Desk<'_>, of: ConnectorNumber, listed: &Listed) -> Result<i64, Failed> {
    let item = &listed.item;
    let place = &item.place;
    let id = match &item.parent {
        _ if item.trashed.is_some() => format!("trash:{place}"),
        Some(parent) if &**parent == "0" => format!("root:{place}"),
        Some(parent) => format!("folder:{parent}"),
        None => format!("ns:{place}"),
    };
    Ok(walks::find(desk, of, &id)?.map_or(0, |walk| walk.number))
}

/// The item of that id, made as a stub when there is none; true when it was made. A namespace's id finds its top.
pub(super) fn stub(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    kind: ItemKind,
    id: &str,
    place: Option<&str>,
    read_as: &Principal,
) -> Result<(ItemNumber, bool), Failed> {
    if let Some(known) = find_in(desk.tx, of, kind, id)? {
        return Ok((known, false));
    }
    let principal = connectors::principal_number(desk.tx, of, read_as)?;
    let stub = upsert::Stub { kind, id, place: place.unwrap_or_default(), principal, by_child: false };
    let (number, made) = upsert::make_stub(desk, of, &stub)?;
    sharing::place_links(desk, of, ItemNumber(number), id)?;
    Ok((ItemNumber(number), made))
}

/// The number of the item of that id, gone or not; of the top, when a folder is asked for and a place has that id.
pub(super) fn find_in(
    tx: &Connection,
    of: ConnectorNumber,
    kind: ItemKind,
    id: &str,
) -> Result<Option<ItemNumber>, Failed> {
    let sql = "SELECT number FROM item WHERE connector = ?1 AND kind = ?2 AND id = ?3";
    let found: Option<i64> =
        tx.prepare_cached(sql)?.query_row((of.0, kind_number(kind), id), |row| row.get(0)).optional()?;
    match found {
        None if kind == ItemKind::Folder => top_in(tx, of, id),
        found => Ok(found.map(ItemNumber)),
    }
}

/// The top of a place.
fn top_in(tx: &Connection, of: ConnectorNumber, place: &str) -> Result<Option<ItemNumber>, Failed> {
    let sql = "SELECT number FROM item WHERE connector = ?1 AND kind = ?2 AND id = ?3";
    Ok(tx.prepare_cached(sql)?.query_row((of.0, TOP, place), |row| row.get(0).map(ItemNumber)).optional()?)
}

/// The item and everything below it went away, as whoever holds the item's lease found out; how many.
pub(super) fn gone_in(desk: &Desk<'_>, item: ItemNumber) -> Result<u64, Failed> {
    gone::as_found(desk, item)
}

/// Deletes items that went away before a moment, at most `max`; how many. Their numbers are never given again.
pub(super) fn forget_gone(desk: &Desk<'_>, before: Moment, max: usize) -> Result<usize, Failed> {
    // A folder stays as long as anything names it as its own.
    let sql = "SELECT number FROM item i WHERE gone < ?1 AND NOT EXISTS (SELECT 1 FROM item c WHERE c.parent = i.number \
               AND c.gone IS NULL) ORDER BY number LIMIT ?2";
    let mut statement = desk.tx.prepare_cached(sql)?;
    let bounds = (before.as_millis(), super::words::limit(max));
    let items: Vec<i64> = statement.query_map(bounds, |row| row.get(0))?.collect::<Result<_, _>>()?;
    for item in &items {
        super::queue::forget_waiting(desk, ItemNumber(*item))?;
        standing::forget(desk.tx, ItemNumber(*item))?;
        for sql in [
            "DELETE FROM link WHERE item = ?1",
            "DELETE FROM sharing WHERE item = ?1",
            "DELETE FROM listed WHERE item = ?1",
            "DELETE FROM item WHERE number = ?1",
        ] {
            desk.tx.prepare_cached(sql)?.execute([item])?;
        }
    }
    Ok(items.len())
}

impl Sqlite {
    fn watch(&self) -> Watch {
        Watch { clock: self.options.clock.clone(), live: self.writer.as_ref().and_then(Writer::live_work) }
    }

    /// Takes in a page slice by slice, so that live work goes between.
    pub(super) fn take_slices(&self, source: Source, page: TakenPage) -> Result<Taken, Error> {
        let haste = if source.lane == Lane::Live { Haste::Live } else { Haste::Bulk };
        let told = Arc::new((source, page));
        let (mut all, mut at) = (Taken::default(), Upto::Entry(0));
        while at != Upto::End {
            let (told, watch) = (Arc::clone(&told), self.watch());
            let (taken, upto) =
                self.write_at(haste, "take a page in", move |desk| take_slice_in(desk, &told.0, &told.1, at, &watch))?;
            all.new += taken.new;
            all.changed += taken.changed;
            all.unchanged += taken.unchanged;
            all.repeated += taken.repeated;
            at = upto;
        }
        Ok(all)
    }
}

impl Inventory for Sqlite {
    fn begin_pass(&self, of: ConnectorNumber, walks: &Walks) -> Result<Pass, Error> {
        let walks = walks.clone();
        self.write_at(Haste::Bulk, "begin a pass", move |desk| {
            connectors::provider(desk.tx, of)?;
            passes::begin(desk, of, &walks)
        })
    }

    fn pass(&self, of: ConnectorNumber) -> Result<Option<Pass>, Error> {
        self.read("read how the pass is", |tx| passes::pass(tx, of))
    }

    fn waiting_walks(&self, of: ConnectorNumber, busy: &[Arc<str>], max: usize) -> Result<Vec<Walk>, Error> {
        self.read("read which walks wait", |tx| walks::waiting(tx, self.seal(), of, busy, max))
    }

    fn take_page(&self, of: ConnectorNumber, walk: &Walk, page: TakenPage, lane: Lane) -> Result<Taken, Error> {
        let source = Source { of, walk: walk.clone(), lane, by: ListedBy::Pass };
        self.take_slices(source, page)
    }

    fn restart_walk(&self, of: ConnectorNumber, walk: &Walk) -> Result<(), Error> {
        let walk = walk.clone();
        self.write_at(Haste::Bulk, "begin a walk again", move |desk| walks::restart(desk, of, &walk))
    }

    fn give_up_walk(&self, of: ConnectorNumber, walk: &Walk, hole: &Unwalked) -> Result<(), Error> {
        let (walk, hole) = (walk.clone(), hole.clone());
        self.write_at(Haste::Bulk, "give a walk up", move |desk| {
            walks::give_up(desk, of, &walk, hole.why == WhyUnwalked::Gone)?;
            passes::note_hole(desk, of, &hole, &passes::present(desk.tx, of)?)
        })
    }

    fn end_pass(&self, of: ConnectorNumber) -> Result<PassEnd, Error> {
        // In slices, so that live work goes between; the last closes the pass, and an end that is cut off is done again.
        let (mut end, mut after) = (PassEnd::default(), 0);
        loop {
            let (compared, gone) =
                self.write_at(Haste::Bulk, "end a pass", move |desk| passes::compare(desk, of, after))?;
            end.gone += gone;
            match compared {
                Compared::Upto(upto) => after = upto,
                Compared::All => return Ok(end),
            }
        }
    }

    fn item(&self, number: ItemNumber) -> Result<Option<Known>, Error> {
        self.read("read an item", |tx| Reader::new(tx, self.seal()).item(number))
    }

    fn find(&self, of: ConnectorNumber, kind: ItemKind, id: &str) -> Result<Option<Known>, Error> {
        self.read("find an item", |tx| match find_in(tx, of, kind, id)? {
            Some(number) => Reader::new(tx, self.seal()).item(number),
            None => Ok(None),
        })
    }

    fn find_path(&self, of: ConnectorNumber, place: &str, path_lower: &str) -> Result<Option<Known>, Error> {
        self.read("find an item by its path", |tx| {
            match read::at_path(tx, self.seal(), of, place, path_lower)?.first() {
                Some(number) => Reader::new(tx, self.seal()).item(*number),
                None => Ok(None),
            }
        })
    }

    fn above(&self, item: ItemNumber) -> Result<Vec<Above>, Error> {
        self.read("read the folders above an item", |tx| Reader::new(tx, self.seal()).above(item))
    }

    fn items(&self, scope: &Scope, after: Option<ItemNumber>, max: usize) -> Result<Vec<Known>, Error> {
        self.read("read items", |tx| read::items(tx, self.seal(), scope, after, max))
    }

    fn sharing(&self, item: ItemNumber) -> Result<Option<Sharing>, Error> {
        self.read("read who an item is shared with", |tx| sharing::read(tx, self.seal(), item))
    }

    fn keep_links(
        &self,
        of: ConnectorNumber,
        person: &str,
        links: &[FoundLink],
        lane: Lane,
    ) -> Result<Vec<ItemNumber>, Error> {
        let (person, links) = (person.to_owned(), links.to_vec());
        self.write_at(Haste::Bulk, "keep a person's links", move |desk| {
            people::links_told(desk.tx, of, &person)?;
            sharing::keep_links(desk, of, &person, &links, lane)
        })
    }

    fn keep_exposure(&self, told: &[(ItemNumber, Judged)]) -> Result<(), Error> {
        let told = told.to_vec();
        self.write_at(Haste::Bulk, "keep how far items are open", move |desk| {
            told.iter().try_for_each(|(item, judged)| standing::exposed(desk.tx, desk.now, *item, *judged))
        })
    }

    fn exposure_ends(&self, by: Moment, max: usize) -> Result<Vec<ItemNumber>, Error> {
        self.read("read whose exposure ends", |tx| {
            let sql = "SELECT item FROM standing WHERE level_until IS NOT NULL AND gone = 0 AND level_until <= ?1 \
                       ORDER BY level_until LIMIT ?2";
            let mut statement = tx.prepare_cached(sql)?;
            let bounds = (by.as_millis(), super::words::limit(max));
            Ok(statement.query_map(bounds, |row| row.get(0).map(ItemNumber))?.collect::<Result<_, _>>()?)
        })
    }

    fn take_gone(&self, of: ConnectorNumber, gone: &[GonePath]) -> Result<u64, Error> {
        let gone = gone.to_vec();
        self.write_at(Haste::Live, "take in what is gone", move |desk| {
            page::take_gone_in(desk, of, &gone, &gone::Except::default())
        })
    }

    fn item_gone(&self, item: ItemNumber) -> Result<(), Error> {
        self.write_at(Haste::Live, "take in that an item is gone", move |desk| {
            gone::with_all_below(desk, item, &gone::Except::default()).map(drop)
        })
    }

    fn totals(&self, of: ConnectorNumber) -> Result<Totals, Error> {
        self.read("count what is known", |tx| coverage::totals(tx, of))
    }
}
