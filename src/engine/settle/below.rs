//! BELOW: a folder's share or move tells the exposure of everything below it again, without one download.
//!
//! One thread does this, in slices of a bounded number of items. How far it got is kept when the program ends, so that a
//! folder of millions is not begun anew.

use super::{Finished, reach};
use crate::engine::core::Core;
use crate::engine::fetch::Holds;
use crate::engine::pool::Work;
use crate::engine::service::Signals;
use crate::engine::stats::Count;
use crate::model::{Directory, ItemNumber, Todo};
use crate::store::{Above, Error, Known, Scope};
use crossbeam_channel::{Receiver, Sender};
use std::collections::HashMap;
use std::sync::Arc;

/// Items told in one transaction.
const SLICE: usize = 500;
/// Slices between two notes of how far it got.
const SLICES_A_NOTE: u32 = 20;

/// The thread's means.
#[derive(Debug)]
pub(crate) struct Below {
    pub(crate) core: Arc<Core>,
    pub(crate) signals: Arc<Signals>,
    pub(crate) folders: Receiver<Box<Work>>,
    pub(crate) finished: Sender<Box<Finished>>,
}

impl Below {
    /// The thread's life, until no more folders come.
    pub(crate) fn run(&self) {
        while let Ok(mut work) = self.folders.recv() {
            match self.tell(&work) {
                Ok(true) => {
                    work.did(Todo::BELOW);
                    let _ = self.finished.send(Box::new(Finished { work, holds: Holds::default() }));
                }
                // The end of the program: the lease goes back as the job is dropped.
                Ok(false) => {}
                Err(error) => self.signals.store(error),
            }
        }
    }

    /// Tells everything below; false when the program ends before.
    fn tell(&self, work: &Work) -> Result<bool, Error> {
        let (store, folder) = (&self.core.store, work.job.known.number);
        let (of, note) = (Some(work.tenant.number), format!("below.{}", folder.0));
        let revision = work.job.lease.revision;
        let mut after = store.fact(of, &note)?.and_then(|text| begun(&text, revision));
        let resumed = after.is_some();
        let scope = Scope { below: Some(folder), ..Scope::default() };
        let people = work.tenant.directory();
        let mut slices: u32 = 0;
        loop {
            if self.core.stopped() {
                store.keep_fact(of, &note, so_far(after, revision).as_deref())?;
                return Ok(false);
            }
            let items = store.items(&scope, after, SLICE)?;
            self.tell_some(&items, &people)?;
            let told = u64::try_from(items.len()).unwrap_or(u64::MAX);
            self.core.stats.of(work.tenant.number).add(Count::Exposures, told);
            after = items.last().map(|known| known.number).or(after);
            if items.len() < SLICE {
                break;
            }
            slices += 1;
            if slices.is_multiple_of(SLICES_A_NOTE) {
                store.keep_fact(of, &note, so_far(after, revision).as_deref())?;
            }
        }
        if slices >= SLICES_A_NOTE || resumed {
            store.keep_fact(of, &note, None)?;
        }
        Ok(true)
    }

    fn tell_some(&self, items: &[Known], people: &Directory) -> Result<(), Error> {
        let mut folders: HashMap<Option<ItemNumber>, Arc<[Above]>> = HashMap::new();
        let mut told = Vec::new();
        for known in items.iter().filter(|known| !known.is_top) {
            let above = match folders.get(&known.parent) {
                Some(above) => Arc::clone(above),
                None => {
                    let above = reach::above_children(&*self.core.store, known.number)?;
                    folders.insert(known.parent, Arc::clone(&above));
                    above
                }
            };
            let judged = reach::stored(&self.core, known, &above, people)?;
            if known.exposure != Some(judged) {
                told.push((known.number, judged));
            }
        }
        if told.is_empty() { Ok(()) } else { self.core.store.keep_exposure(&told) }
    }
}

/// How far it got, for a note. What was wanted then is part of it: a folder that is shared anew is begun anew.
fn so_far(after: Option<ItemNumber>, revision: i64) -> Option<String> {
    after.map(|after| format!("{revision} {after}"))
}

/// Where to go on by a note, unless more was asked for since.
fn begun(note: &str, revision: i64) -> Option<ItemNumber> {
    let (of, after) = note.split_once(' ')?;
    (of.parse() == Ok(revision)).then(|| after.parse().ok().map(ItemNumber)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_serves_only_what_was_wanted_when_it_was_written() {
        let note = so_far(Some(ItemNumber(77)), 3).expect("a note");
        assert_eq!(begun(&note, 3), Some(ItemNumber(77)));
        assert_eq!(begun(&note, 4), None);
        assert_eq!(begun("x", 3), None);
        assert_eq!(so_far(None, 3), None);
    }
}
