//! Messages about actions: of what policies ask to tell, of breakers that tripped, of what was parked.
//!
//! Their ids follow from what they tell of, so whoever makes them twice keeps them once.

use super::{about, channel, operators, to_each};
use crate::clock::Moment;
use crate::engine::core::{Core, Tenant};
use crate::notify::{About, Said};
use crate::policy::Policy;
use crate::policy::ask::Told;
use crate::store::{Channel, Error, Intent, Known, NewMessage, Tripped};
use std::sync::Arc;

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// The messages that an `Ask::Notify` of an intent asks for.
///
/// # Errors
/// When the store could not be read.
pub fn of_intent(core: &Core, tenant: &Tenant, intent: &Intent, whom: &[Told]) -> Result<Vec<NewMessage>, Error> {
    let known = match intent.is.item {
        Some(item) => core.store.item(item)?,
        None => None,
    };
    let mut about = about_intent(core, tenant, intent, known.as_ref())?;
    let said = |kind: &str, text: &str, about: About| Said {
        kind: kind.into(),
        items: 1,
        text: text.into(),
        about: vec![about],
        ..of_policy(core, intent)
    };
    let personal = "A file or folder of yours holds what a policy of your company is about. Please look at it: does it have to \
                    be there, and be shared as it is?";
    let (mut at_once, mut daily) = (Vec::new(), Vec::new());
    for one in whom {
        match one {
            Told::OwnerDigest => daily.extend(person(core, tenant, known.as_ref(), one)?),
            _ => at_once.extend(person(core, tenant, known.as_ref(), one)?),
        }
    }
    let id = &intent.is.id;
    let mut all = to_each(id, &at_once, &said("action", personal, about.clone()), None);
    let due = next_hour(core.clock.steady(), core.options.tell.digest_hour);
    about.policy = of_policy(core, intent).title;
    all.extend(to_each(&format!("{id}-day"), &daily, &said("action", personal, about), Some(due)));
    Ok(all)
}

/// Where one of those who are to be told is reached; an owner or editor whom nobody knows is replaced by the operators.
fn person(core: &Core, tenant: &Tenant, known: Option<&Known>, whom: &Told) -> Result<Vec<Channel>, Error> {
    if let Some(channel) = channel(whom) {
        return Ok(vec![channel]);
    }
    let directory = tenant.directory();
    let owner = known.and_then(|known| about::owner(&directory, known.item.owner.as_ref()));
    let editor = match (whom, known) {
        (Told::Editor, Some(known)) => about::editor(&*core.store, &directory, known)?,
        _ => None,
    };
    Ok(editor.or(owner).map_or_else(|| operators(core), |address| vec![Channel::Mail(address)]))
}

fn about_intent(core: &Core, tenant: &Tenant, intent: &Intent, known: Option<&Known>) -> Result<About, Error> {
    match known {
        Some(known) => about::of(core, known),
        None => Ok(About {
            connector: tenant.name.as_str().into(),
            actions: vec![Arc::clone(&intent.is.name)],
            ..About::default()
        }),
    }
}

/// What a message says of the policy behind an intent; empty when a person is.
fn of_policy(core: &Core, intent: &Intent) -> Said {
    intent.is.voters.first().map(|voter| policy(core, &voter.policy)).unwrap_or_default()
}

/// What a message says of a policy.
pub(super) fn policy(core: &Core, name: &Arc<str>) -> Said {
    let governing = core.governing();
    let known: Option<&Arc<Policy>> = governing.policies.named(name);
    Said {
        policy: Arc::clone(name),
        title: known.map_or_else(|| "".into(), |policy| Arc::clone(&policy.title)),
        severity: known.map_or("", |policy| policy.severity.name()).into(),
        note: known.map_or_else(|| "".into(), |policy| Arc::clone(&policy.note)),
        ..Said::default()
    }
}

/// The next time that it is this hour of the day, UTC; never the present moment.
pub(super) fn next_hour(now: Moment, hour: u8) -> Moment {
    let day = now.as_millis().div_euclid(DAY_MS) * DAY_MS;
    let today = day + i64::from(hour.min(23)) * HOUR_MS;
    Moment::from_millis(if today > now.as_millis() { today } else { today + DAY_MS })
}

/// The messages about a breaker that tripped.
#[must_use]
pub fn of_trip(core: &Core, tripped: &Tripped) -> Vec<NewMessage> {
    let limit = match &*tripped.limit {
        "items" => "more items in a day than it may",
        "share" => "a larger share of a tenant in a day than it may",
        "owner" => "more items of one owner in an hour than it may",
        _ => "more than it may",
    };
    let said = Said {
        kind: "breaker".into(),
        items: tripped.held,
        text: format!(
            "This policy would have touched {limit}; {} were touched, and {} actions are held back.\n\
             Look at them with `sluicebox actions`, then let them go on with `sluicebox breaker release {}` or cancel them.",
            tripped.touched, tripped.held, tripped.policy
        )
        .into(),
        ..policy(core, &tripped.policy)
    };
    to_each(&trip_id(tripped), &operators(core), &said, None)
}

/// What the ids of a trip's messages begin with.
pub(super) fn trip_id(tripped: &Tripped) -> String {
    format!("breaker-{}-{}", super::digits(&[&tripped.policy]), tripped.at.as_millis())
}

/// The messages about an intent that was parked; `why` is a sentence without names.
#[must_use]
pub fn of_parked(core: &Core, tenant: &Tenant, intent: &Intent, why: &str) -> Vec<NewMessage> {
    let said = Said {
        kind: "parked".into(),
        items: 1,
        text: format!(
            "The action {} (number {}) on {} needs a person: {why}\n\
             `sluicebox actions show {}` tells what was done so far; `sluicebox actions retry {}` goes on with it.",
            intent.is.name, intent.number, tenant.name, intent.number, intent.number
        )
        .into(),
        ..of_policy(core, intent)
    };
    to_each(&format!("{}-parked{}", intent.is.id, intent.attempts), &operators(core), &said, None)
}
