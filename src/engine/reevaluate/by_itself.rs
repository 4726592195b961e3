//! When the service judges everything anew by itself: whenever it stopped with other policies, approvals or exceptions than it has
//! now, when an exception's time is over, when stored verdicts have followed other rules, when somebody asks for it, and as often as
//! passes come, since a date in a filter may have come true.

use super::super::core::Core;
use super::super::judge::{self, Governing};
use super::{By, State, digest, everything, excused};
use crate::clock::Moment;
use crate::store::Error;
use std::sync::Arc;
use std::time::Duration;
use tracing::info;

/// Between two looks whether it is due.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The fact that says that somebody asked for it.
pub const ASKED: &str = "reevaluate.asked";
/// The fact that keeps which rules all stored verdicts were judged by: their number.
pub const FOLLOWED: &str = "rules.followed";

/// Judges anew when that is due, until the service stops.
///
/// # Errors
/// The store's.
pub fn run(core: &Core) -> Result<(), Error> {
    let mut last = State::read(&*core.store)?;
    while !core.stopped() {
        if has_expired(&core.governing(), core.clock.now()) {
            judge::refresh(core)?;
        }
        let governing = core.governing();
        match due(core, &governing, last.as_ref())? {
            Due::Nothing => {}
            Due::Exceptions if judged_excused(core, &governing)? => last = State::read(&*core.store)?,
            Due::Exceptions | Due::Everything => {
                // Taken back first: who asks while it goes on is heard once more.
                core.store.keep_fact(None, ASKED, None)?;
                last = Some(judged_anew(core, &governing)?);
            }
        }
        if !core.clock.wait(LOOK_EVERY, &core.stop) {
            break;
        }
    }
    Ok(())
}

pub(super) fn has_expired(governing: &Governing, now: Moment) -> bool {
    governing.exceptions.iter().any(|exception| exception.is.until <= now)
}

/// What is to be judged anew.
enum Due {
    Nothing,
    /// What exceptions can touch that came or went; everything where that is more than they did.
    Exceptions,
    Everything,
}

fn due(core: &Core, governing: &Governing, last: Option<&State>) -> Result<Due, Error> {
    if core.store.fact(None, ASKED)?.is_some() {
        return Ok(Due::Everything);
    }
    let Some(last) = last else { return Ok(if governing.is_nothing() { Due::Nothing } else { Due::Everything }) };
    let Some(done_ms) = last.done_ms else { return Ok(Due::Everything) };
    let since = core.clock.now().since(Moment::from_millis(done_ms));
    if !governing.is_nothing() && since >= core.options.rescan_every {
        return Ok(Due::Everything);
    }
    Ok(if last.by == digest(governing, &*core.store)? { Due::Nothing } else { Due::Exceptions })
}

/// Judges what exceptions touch; false when everything is to be judged instead.
fn judged_excused(core: &Core, governing: &Arc<Governing>) -> Result<bool, Error> {
    let (tags, rules) = (core.tags(), core.in_force().number);
    let by = By { governing, tags: &tags, rules };
    let mut go_on = |_: &State| !core.stopped() && Arc::ptr_eq(&core.governing(), governing);
    let Some(state) = excused(&*core.store, by, &core.clock, &mut go_on)? else { return Ok(false) };
    if state.done_ms.is_some() {
        let State { judged, began, ended, intents, cancelled, .. } = &state;
        info!(judged, began, ended, intents, cancelled, "what exceptions touch was judged anew");
    }
    Ok(true)
}

fn judged_anew(core: &Core, governing: &Arc<Governing>) -> Result<State, Error> {
    let (tags, rules) = (core.tags(), core.in_force().number);
    let by = By { governing, tags: &tags, rules };
    let mut go_on = |_: &State| !core.stopped() && Arc::ptr_eq(&core.governing(), governing);
    let state = everything(&*core.store, by, &core.clock, &mut go_on)?;
    if state.done_ms.is_some() {
        let State { judged, began, ended, intents, cancelled, .. } = &state;
        info!(judged, began, ended, intents, cancelled, "everything stored was judged anew");
    }
    Ok(state)
}
