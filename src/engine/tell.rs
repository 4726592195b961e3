//! Tell: which messages there are, and that each leaves once.
//!
//! Messages are made in the commits of what they tell of, or from what stands in the store (alerts, digests), and wait there
//! with an id of their own. A thread takes them in sequence, marks them as being sent, and gives them to few senders; what was
//! being sent when the program ended is sent again under the same id, so that a reader can tell the repeat.

mod about;
mod alerts;
mod digests;
mod leave;
mod make;
#[cfg(test)]
mod tests;

pub use make::{of_intent, of_parked, of_trip};

use super::core::Core;
use super::stats::Gauge;
use crate::clock::Moment;
use crate::notify::{Post, Said};
use crate::policy::ask::Told;
use crate::store::{Channel, Error, MessageState, NewMessage};
use leave::Senders;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// Between two looks at what is to be sent.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between two looks at alerts and digests.
const GATHER_EVERY: Duration = Duration::from_secs(5);

/// Who is told what, and how stubbornly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Who runs this: told of alerts, breakers and what is parked, and in the place of owners that nobody knows. Addresses and
    /// webhooks.
    pub operators: Vec<Told>,
    /// Whom readers of messages and of tombstones may ask; empty when nobody is named.
    pub contact: Arc<str>,
    /// The hour of the day, UTC, at which owners get their digest. Default 7.
    pub digest_hour: u8,
    /// Tries after which a message is parked. Default 30: about a day.
    pub attempts_max: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { operators: Vec::new(), contact: "".into(), digest_hour: 7, attempts_max: 30 }
    }
}

/// Tells until the service stops.
///
/// # Errors
/// When the store fails.
pub fn run(core: &Core, post: &Post) -> Result<(), Error> {
    let senders = Senders::new(core, post);
    senders.run(|| {
        let mut gather_at = core.clock.steady();
        while !core.stopped() && !senders.failed() {
            if core.clock.steady() >= gather_at {
                gather(core)?;
                gather_at = core.clock.steady().plus(GATHER_EVERY);
            }
            senders.take()?;
            if !core.clock.wait(LOOK_EVERY, &core.stop) {
                break;
            }
        }
        Ok(())
    })
}

/// Makes the messages that are due of themselves: of alerts, of breakers, and digests.
pub(crate) fn gather(core: &Core) -> Result<(), Error> {
    alerts::tell(core)?;
    trips(core)?;
    digests::make(core)?;
    let counts = core.store.message_counts()?;
    let parked = counts.iter().find(|(state, _)| *state == MessageState::Parked).map_or(0, |(_, count)| *count);
    core.stats.set(Gauge::MessagesParked, parked);
    Ok(())
}

/// The fact that keeps which trips of breakers were told: ids of their messages, those of breakers that stand open.
const TRIPS: &str = "tell.trips";

/// Tells of breakers that tripped since the last look; each once, since their messages' ids follow from the trip.
fn trips(core: &Core) -> Result<(), Error> {
    let tripped = core.store.tripped()?;
    let kept = core.store.fact(None, TRIPS)?.unwrap_or_default();
    let told: Vec<String> = serde_json::from_str(&kept).unwrap_or_default();
    let now: Vec<String> = tripped.iter().map(make::trip_id).collect();
    if told == now {
        return Ok(());
    }
    for (one, id) in tripped.iter().zip(&now) {
        if !told.contains(id) {
            core.store.add_messages(&of_trip(core, one))?;
        }
    }
    core.store.keep_fact(None, TRIPS, Some(&serde_json::to_string(&now).unwrap_or_default()))
}

/// Makes what is due, and sends all that is due once, in this thread: for commands and tests. Tells how many were taken.
///
/// # Errors
/// When the store fails.
pub fn once(core: &Core, post: &Post) -> Result<usize, Error> {
    gather(core)?;
    Senders::new(core, post).once()
}

/// Where somebody is reached who is named as such; `None` for owners and editors.
fn channel(whom: &Told) -> Option<Channel> {
    match whom {
        Told::Address(address) => Some(Channel::Mail(Arc::clone(address))),
        Told::Webhook(name) => Some(Channel::Webhook(Arc::clone(name))),
        Told::Owner | Told::OwnerDigest | Told::Editor => None,
    }
}

/// Where the operators are reached.
fn operators(core: &Core) -> Vec<Channel> {
    core.options.tell.operators.iter().filter_map(channel).collect()
}

/// The same for each of these channels: one message each, under an id that follows from `id` and the channel.
fn to_each(id: &str, channels: &[Channel], said: &Said, digest_at: Option<Moment>) -> Vec<NewMessage> {
    let mut all: Vec<NewMessage> = Vec::with_capacity(channels.len());
    for channel in channels {
        let message = NewMessage { id: id_of(id, channel), channel: channel.clone(), body: kept(said), digest_at };
        if all.iter().all(|other| other.id != message.id) {
            all.push(message);
        }
    }
    all
}

fn kept(said: &Said) -> String {
    serde_json::to_string(said).unwrap_or_default()
}

/// An id of letters, digits and `-`: what is told, then sixteen digits over it and the channel.
fn id_of(id: &str, channel: &Channel) -> Arc<str> {
    let (kind, to) = match channel {
        Channel::Mail(address) => ("mail", address.to_lowercase()),
        Channel::Webhook(name) => ("webhook", name.to_string()),
    };
    let shown: String = id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
    format!("{shown}-{}", digits(&[id, kind, &to])).into()
}

/// Sixteen hexadecimal digits over some words, no two lists of which hash alike.
fn digits(words: &[&str]) -> String {
    let mut hasher = Sha256::new();
    for word in words {
        hasher.update(u64::try_from(word.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(word.as_bytes());
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
