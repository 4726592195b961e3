//! SHARING: who can reach the item by itself, asked together where the provider can.

use super::fault::Fault;
use super::{End, Fetcher};
use crate::engine::pool::Work;
use crate::engine::step;
use crate::model::{ItemKind, Members, Provider, Sharing, Todo};
use crate::provider::{self, Next, Shared};
use std::panic::{AssertUnwindSafe, catch_unwind};

impl Fetcher {
    /// Asks for one item's members.
    pub(super) fn members(&self, work: &mut Work) -> Result<(), Fault> {
        let sharing = match shared(work) {
            None => Sharing::default(),
            Some(shared) => match work.tenant.source.members(&[shared], &work.tenant.directory()) {
                Ok(mut told) => told.pop().unwrap_or_else(hidden),
                Err(error) if is_hidden(&error) => hidden(),
                Err(error) if error.next() == Next::Gone => {
                    // Gone for the one who asks: what is there now says the look, once.
                    if work.looks == 0 && !self.look(work)? { Sharing::default() } else { hidden() }
                }
                Err(error) => return Err(error.into()),
            },
        };
        step::passed("sharing.after");
        took(work, sharing);
        Ok(())
    }

    /// Asks for the members of many files by one call and lays the jobs down again.
    pub(super) fn members_of(&self, mut works: Vec<Work>) {
        let asked: Vec<Shared> = works.iter().filter_map(shared).collect();
        let answer = match works.first() {
            Some(first) if asked.len() == works.len() && !self.core.stopped() && first.tenant.is_enabled() => {
                let (source, people) = (&first.tenant.source, first.tenant.directory());
                catch_unwind(AssertUnwindSafe(|| source.members(&asked, &people))).ok()
            }
            _ => None,
        };
        match answer {
            Some(Ok(told)) => {
                let told = told.into_iter().map(Some).chain(std::iter::repeat_with(|| None));
                for (work, told) in works.iter_mut().zip(told) {
                    took(work, told.unwrap_or_else(hidden));
                }
                self.desk.put_first(works);
            }
            // Together it did not work: each for itself, so that one of them cannot hold up the others.
            Some(Err(error)) if asks_apart(&error) => works.into_iter().for_each(|work| self.one(Box::new(work))),
            Some(Err(error)) => {
                let said = error.said().to_owned();
                let end = Fault::from(error).end(&self.core);
                works.into_iter().for_each(|work| self.hand_on(Box::new(work), like(&end, &said)));
            }
            None => works.into_iter().for_each(|work| self.one(Box::new(work))),
        }
    }
}

/// The same end for each job of a batch.
fn like(end: &End, said: &str) -> End {
    match end {
        End::Wait(until) => End::Wait(*until),
        End::Broken(said) => End::Broken(said.clone()),
        End::Fail(reason, said) => End::Fail(*reason, said.clone()),
        _ => End::Fail(crate::model::Reason::IoError, said.to_owned()),
    }
}

fn asks_apart(error: &provider::Error) -> bool {
    matches!(error.next(), Next::Gone | Next::Forbidden | Next::NotReadable | Next::Refused | Next::Moved)
}

fn took(work: &mut Work, sharing: Sharing) {
    work.settlement.sharing = Some(sharing);
    work.did(Todo::SHARING);
    work.todo = work.todo.and(Todo::EXPOSURE);
}

/// Whose members are asked for; `None` when it cannot have any of its own. A shared folder of Dropbox is a namespace: its
/// members are those of its top, and the folder is only the place where it is mounted.
fn shared(work: &Work) -> Option<Shared> {
    let item = &work.item;
    let is_top = work.job.known.is_top;
    let asks = match (work.tenant.provider, item.kind) {
        (Provider::Dropbox, ItemKind::Folder) => is_top,
        _ => item.has_members && !is_top,
    };
    let id = if is_top { &item.place } else { &item.id };
    asks.then(|| Shared { id: id.clone(), kind: item.kind, read_as: item.read_as.clone() })
}

/// Members that may not be seen: never the same as none.
fn hidden() -> Sharing {
    Sharing { members: Members::Hidden, ..Sharing::default() }
}

fn is_hidden(error: &provider::Error) -> bool {
    matches!(error.next(), Next::Forbidden | Next::NotReadable)
}
