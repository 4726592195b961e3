//! A page of a walk taken in: what is gone, items, found walks, holes, the moved cursor, and the jobs that follow.

use super::super::{Desk, Failed, connectors, queue};
use super::upsert::{Origin, Seen, Taker, ask_for, name_top, todo_of};
use super::{ListedBy, gone, passes, read, walks};
use crate::model::{ConnectorNumber, GonePath, ItemNumber, Lane, Onward, Provider, Taken, Todo, Walk};
use crate::store::inventory::TakenPage;
use crate::store::queue::Ask;

/// Takes in a page. A feed's page moves neither the walk nor its cursor.
pub(in super::super) fn take_page_in(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    walk: &Walk,
    page: TakenPage,
    lane: Lane,
    by: ListedBy,
) -> Result<Taken, Failed> {
    let provider = connectors::provider(desk.tx, of)?;
    // A folder of Box that is listed by itself between: its items count, and no walk of the pass is touched.
    let by_itself = provider == Provider::Box && lane == Lane::Live && by == ListedBy::Pass;
    let by = if by_itself { ListedBy::Feed } else { by };
    let pass = passes::present(desk.tx, of)?;
    let row = walks::find_or_register(desk, of, walk, &pass)?;
    let newer = if row.from_mark == 0 { pass.began_mark } else { row.from_mark };
    let went = take_gone_in(desk, of, &page.gone, &told_again(desk, of, &page)?)?;
    let origin = Origin { by, walk: row.number, mark: pass.mark, newer };
    let mut taker = Taker::new(desk, of, provider, origin);
    let mut taken = Taken::default();
    for listed in &page.items {
        let (put, seen) = taker.put(listed)?;
        count(&mut taken, seen);
        let todo = todo_of(&put, &listed.item);
        if todo != Todo::NONE {
            queue::ask_in(desk, &ask_for(&put, todo, lane, page.offered, &listed.item))?;
        }
    }
    if provider == Provider::Dropbox {
        ask_for_namespaces(desk, of, &taker.take_tops(), lane)?;
        name_top(desk, of, walk)?;
    }
    for found in &page.found {
        walks::register(desk, of, found, Some(row.number), &pass, by)?;
    }
    for hole in &page.holes {
        passes::note_hole(desk, of, hole, &pass)?;
    }
    if by == ListedBy::Pass {
        move_on(desk, of, walk, &row, &page.onward, &pass)?;
        passes::count(desk.tx, of, &pass, &taken, went)?;
    }
    for ask in &page.asks {
        queue::ask_in(desk, ask)?;
    }
    Ok(taken)
}

fn count(taken: &mut Taken, seen: Seen) {
    *match seen {
        Seen::New => &mut taken.new,
        Seen::Changed => &mut taken.changed,
        Seen::Unchanged => &mut taken.unchanged,
        Seen::Repeated => &mut taken.repeated,
    } += 1;
}

/// Who can reach a namespace decides over all that is in it, so that is asked for as soon as it is known.
fn ask_for_namespaces(desk: &Desk<'_>, of: ConnectorNumber, tops: &[(i64, i64)], lane: Lane) -> Result<(), Failed> {
    for (top, principal) in tops {
        let (item, todo) = (ItemNumber(*top), Todo::SHARING);
        let ask = Ask { item, lane, todo, priority: 0, offered: None, happened: None };
        queue::ask_known(desk, &ask, of, *principal)?;
    }
    Ok(())
}

/// Items that a page takes away and tells again: a folder that became a shared one is told as deleted and as mounted.
fn told_again(desk: &Desk<'_>, of: ConnectorNumber, page: &TakenPage) -> Result<gone::Except, Failed> {
    let mut told = gone::Except::default();
    if !page.gone.is_empty() {
        for listed in &page.items {
            let known = super::find_in(desk.tx, of, listed.item.kind, &listed.item.id)?;
            told.0.extend(known.map(|number| number.0));
        }
    }
    Ok(told)
}

/// Items at paths that are gone, each with everything below.
pub(super) fn take_gone_in(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    gone: &[GonePath],
    but: &gone::Except,
) -> Result<u64, Failed> {
    let mut went = 0;
    for path in gone {
        for item in read::at_path(desk.tx, desk.seal, of, &path.place, &path.path_lower)? {
            went += gone::with_all_below(desk, item, but)?;
        }
    }
    Ok(went)
}

/// The walk goes on, or ends.
fn move_on(
    desk: &Desk<'_>,
    of: ConnectorNumber,
    walk: &Walk,
    row: &walks::Row,
    onward: &Onward,
    pass: &passes::Present,
) -> Result<(), Failed> {
    match onward {
        Onward::More(cursor) => walks::rest(desk.tx, of, row, Some(cursor), pass),
        Onward::End(cursor) => {
            walks::end(desk.tx, of, row, pass)?;
            if let Some(cursor) = cursor {
                walks::keep_end(desk, of, walk, row, cursor, pass)?;
            }
            // A walk that was begun again is compared at its own end, since no pass's end may come; others at their pass's.
            if row.from_mark > pass.began_mark { passes::miss_of_walk(desk, of, row).map(drop) } else { Ok(()) }
        }
    }
}
