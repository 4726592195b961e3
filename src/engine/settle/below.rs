//! BELOW: a folder's share or move tells the exposure of everything below it again, without one download.
//!
//! One thread does this, in slices of a bounded number of items. How far it got is kept when the program ends, so that a
//! folder of millions is not begun anew.

use super::Finished;
use crate::engine::core::Core;
use crate::engine::exposure;
use crate::engine::fetch::Holds;
use crate::engine::pool::Work;
use crate::engine::service::Signals;
use crate::engine::stats::Count;
use crate::model::Todo;
use crossbeam_channel::{Receiver, Sender};
use std::sync::Arc;

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
            let (of, folder) = (work.tenant.number, work.job.known.number);
            let told = exposure::Told { revision: work.job.lease.revision, lane: work.job.lane };
            match exposure::below(&self.core, &work.tenant, folder, told, &mut || !self.core.stopped()) {
                Ok(true) => {
                    work.did(Todo::BELOW);
                    self.core.stats.of(of).add(Count::Exposures, 1);
                    let _ = self.finished.send(Box::new(Finished { work, holds: Holds::default() }));
                }
                // The end of the program: the lease goes back as the job is dropped.
                Ok(false) => {}
                Err(error) => self.signals.store(error),
            }
        }
    }
}
