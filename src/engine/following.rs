//! Stored verdicts follow the rules in force: judged again from what is stored at once, read again once that was approved.
//!
//! One thread. It begins at each start and whenever other rules are put in force; what it did is in the store, so that a
//! restart goes on. Reading again costs calls, so it waits for somebody who saw the price: the fact [`APPROVED`].

use super::core::Core;
use super::reevaluate::FOLLOWED;
use super::rules_change::{judge, price, queue};
use super::stats::Count;
use crate::store::{self, RulesNumber, Store};
use std::time::Duration;
use tracing::info;

/// Between two looks whether other rules are in force or a price was approved.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The fact that keeps which rules somebody approved reading again for: their number.
pub const APPROVED: &str = "rules.approved";

/// How far the verdicts have followed.
#[derive(Clone, Copy, Debug, Default)]
struct Followed {
    /// All that can be judged without reading was judged by these.
    judged: Option<RulesNumber>,
    /// All that must be read again for these waits in the queue, or nothing must.
    queued: Option<RulesNumber>,
}

/// Lets verdicts follow until the service stops.
///
/// # Errors
/// The store's.
pub fn run(core: &Core) -> Result<(), store::Error> {
    let mut followed = Followed::default();
    loop {
        follow(core, &mut followed)?;
        if !core.clock.wait(LOOK_EVERY, &core.stop) {
            return Ok(());
        }
    }
}

fn follow(core: &Core, followed: &mut Followed) -> Result<(), store::Error> {
    let (store, to) = (&*core.store, core.in_force().number);
    let goes_on = || !core.stopped() && core.in_force().number == to;
    if followed.judged != Some(to) {
        let progress = judge(store, to, &mut |_| goes_on())?;
        if !progress.done {
            return Ok(());
        }
        followed.judged = Some(to);
        // What policies say of the verdicts may be another thing by now.
        store.keep_fact(None, FOLLOWED, Some(&to.0.to_string()))?;
        let left = price(store, to)?;
        if progress.contents > 0 {
            info!(
                rules = to.0,
                contents = progress.contents,
                judged = progress.judged,
                left = left.contents,
                "verdicts follow the rules"
            );
        }
        if let Some(tenant) = core.tenants.first() {
            core.stats.of(tenant.number).add(Count::Rejudged, progress.judged);
        }
        if left.contents == 0 {
            followed.queued = Some(to);
        }
    }
    if followed.queued != Some(to) && approved(store)? == Some(to) {
        let progress = queue(store, to, &mut |_| goes_on())?;
        if progress.done {
            followed.queued = Some(to);
            info!(rules = to.0, contents = progress.contents, "contents wait to be read again for changed rules");
        }
    }
    Ok(())
}

/// The rules for which reading again was approved.
fn approved(store: &dyn Store) -> Result<Option<RulesNumber>, store::Error> {
    Ok(store.fact(None, APPROVED)?.and_then(|number| number.parse().ok()).map(RulesNumber))
}
