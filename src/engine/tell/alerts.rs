//! Messages about alerts, to the operators.
//!
//! The roll-up of a policy is told once: when the listing that brings its matches is over, or an hour after it was opened.
//! Alerts of live matches are told soon, all new ones of a policy in one message, and not more often than every five minutes
//! for each policy: a storm of changes is a few messages, not thousands.

use super::{about, make, operators, to_each};
use crate::clock::Moment;
use crate::engine::core::Core;
use crate::notify::{About, Said};
use crate::store::{Alert, Error};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a roll-up waits for its listing.
const ROLL_UP_AFTER: Duration = Duration::from_secs(3_600);
/// Between two messages about live matches of one policy.
const LIVE_EVERY: Duration = Duration::from_secs(300);
/// Alerts looked at in one round; the next one goes on.
const ALERTS_MAX: usize = 1_000;
/// Items told in one message.
const ABOUT_MAX: usize = 20;
/// The fact that keeps when each policy's live matches were last told: JSON of policy to milliseconds.
const TOLD: &str = "tell.live";

/// Tells of the alerts that are due.
pub(super) fn tell(core: &Core) -> Result<(), Error> {
    let untold = core.store.untold_alerts(ALERTS_MAX)?;
    if untold.is_empty() {
        return Ok(());
    }
    let now = core.clock.steady();
    let mut live: BTreeMap<Arc<str>, Vec<Alert>> = BTreeMap::new();
    let mut over = None;
    for alert in untold {
        if alert.key.group.is_some() {
            live.entry(Arc::clone(&alert.policy)).or_default().push(alert);
            continue;
        }
        let listed = match over {
            Some(listed) => listed,
            None => *over.insert(listings_are_over(core)?),
        };
        if listed || now.since(alert.opened) >= ROLL_UP_AFTER {
            roll_up(core, &alert)?;
        }
    }
    if live.is_empty() { Ok(()) } else { tell_live(core, live, now) }
}

/// True when no tenant is being listed.
fn listings_are_over(core: &Core) -> Result<bool, Error> {
    for tenant in core.tenants.iter().filter(|tenant| tenant.is_enabled()) {
        if core.store.pass(tenant.number)?.is_some_and(|pass| pass.listed.is_none()) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn roll_up(core: &Core, alert: &Alert) -> Result<(), Error> {
    let said = Said {
        kind: "roll_up".into(),
        severity: alert.key.severity.name().into(),
        items: alert.items,
        about: items(core, alert, ABOUT_MAX)?,
        text: format!(
            "The regular pass found items that this policy matches; more may follow, and this is the only message about them.\n\
             `sluicebox alerts show {}` lists them; `sluicebox plan make --policy {}` shows what would be done.",
            alert.number, alert.policy
        )
        .into(),
        ..make::policy(core, &alert.policy)
    };
    let messages = to_each(&format!("alert-{}", alert.number), &operators(core), &said, None);
    core.store.tell_alert(alert.number, &messages).map(drop)
}

fn tell_live(core: &Core, live: BTreeMap<Arc<str>, Vec<Alert>>, now: Moment) -> Result<(), Error> {
    let kept = core.store.fact(None, TOLD)?.unwrap_or_default();
    let mut told: BTreeMap<Arc<str>, Moment> = serde_json::from_str(&kept).unwrap_or_default();
    told.retain(|_, at| now.since(*at) < LIVE_EVERY && *at <= now);
    let due: Vec<_> = live.into_iter().filter(|(policy, _)| !told.contains_key(policy)).collect();
    if due.is_empty() {
        return Ok(());
    }
    for (policy, alerts) in due {
        of_live(core, &policy, &alerts)?;
        told.insert(policy, now);
    }
    core.store.keep_fact(None, TOLD, Some(&serde_json::to_string(&told).unwrap_or_default()))
}

/// One message about all these alerts of a policy.
fn of_live(core: &Core, policy: &Arc<str>, alerts: &[Alert]) -> Result<(), Error> {
    let Some(first) = alerts.first() else { return Ok(()) };
    let mut about = Vec::new();
    for alert in alerts {
        if about.len() < ABOUT_MAX {
            about.extend(items(core, alert, ABOUT_MAX - about.len())?);
        }
    }
    let gravest = alerts.iter().map(|alert| alert.key.severity).max().unwrap_or(first.key.severity);
    let said = Said {
        kind: "match".into(),
        severity: gravest.name().into(),
        items: alerts.iter().map(|alert| alert.items).sum(),
        about,
        text: match alerts {
            [one] => format!(
                "Something changed, and this policy matches it. `sluicebox alerts show {}` says more.",
                one.number
            ),
            some => format!(
                "Things changed, and this policy matches them: {} alerts. `sluicebox alerts list` lists them.",
                some.len()
            ),
        }
        .into(),
        ..make::policy(core, policy)
    };
    let messages = to_each(&format!("alert-{}", first.number), &operators(core), &said, None);
    core.store.tell_alert(first.number, &messages)?;
    alerts.iter().skip(1).try_for_each(|alert| core.store.tell_alert(alert.number, &[]).map(drop))
}

fn items(core: &Core, alert: &Alert, max: usize) -> Result<Vec<About>, Error> {
    let mut all = Vec::new();
    for number in core.store.alert_items(alert.number, None, max)? {
        if let Some(known) = core.store.item(number)? {
            all.push(about::of(core, &known)?);
        }
    }
    Ok(all)
}
