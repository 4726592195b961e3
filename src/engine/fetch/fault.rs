//! What a failed call means for its job.

use super::End;
use crate::backoff::Backoff;
use crate::clock::Moment;
use crate::engine::core::Core;
use crate::model::Reason;
use crate::provider::{self, Next};
use crate::store;
use std::time::Duration;

/// Waits between attempts of a job, beside those of the client within one attempt.
pub(super) const BACKOFF: Backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(900) };

/// After so long a locked place is asked again.
const LOCKED_FOR: Duration = Duration::from_secs(30);

/// A job's step that did not go through.
#[derive(Debug)]
pub(super) enum Fault {
    /// The provider said no.
    Provider(provider::Error),
    /// The store failed.
    Store(store::Error),
}

impl From<provider::Error> for Fault {
    fn from(error: provider::Error) -> Self {
        Fault::Provider(error)
    }
}

impl From<store::Error> for Fault {
    fn from(error: store::Error) -> Self {
        Fault::Store(error)
    }
}

impl Fault {
    /// The end of the job's way, where no step has an answer of its own.
    pub(super) fn end(self, core: &Core) -> End {
        let error = match self {
            Fault::Store(error) => return End::Store(error),
            Fault::Provider(error) => error,
        };
        match error.next() {
            Next::Throttled(until) | Next::Budget(until) => End::Wait(Some(steady(core, until))),
            Next::Locked | Next::Moved => End::Wait(Some(core.clock.steady().plus(LOCKED_FOR))),
            Next::Stopped => End::Wait(None),
            Next::Credentials => End::Broken(error.said().to_owned()),
            Next::Forbidden => End::Fail(Reason::AccessDenied, error.said().to_owned()),
            Next::Gone | Next::NotReadable | Next::Transient | Next::Reset(_) | Next::Refused => {
                End::Fail(Reason::IoError, error.said().to_owned())
            }
        }
    }
}

/// A moment that the provider told by the calendar, by the clock that queues wait by.
fn steady(core: &Core, until: Moment) -> Moment {
    core.clock.steady().plus(until.since(core.clock.now()))
}
