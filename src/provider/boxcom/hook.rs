//! Webhooks of Box (version 2): is a delivery genuine, what does it hint at, and are the hooks still where they should be.
//!
//! A delivery is a hint only: events stay the source of truth, since a hook covers one folder, may be removed by Box, and may
//! be late. [`verify`] is a pure function over the raw body; nothing is parsed before it. [`Repair`] makes hooks so: run twice
//! it changes nothing the second time.
//!
//! Source: Box developer guides "Webhooks v2", "Signature verification"; API reference "Create webhook".

mod repair;

pub use repair::{Repair, TRIGGERS};

use super::Tenant;
use super::wire::{self, item_kind};
use crate::clock::Moment;
use crate::model::Subject;
use crate::provider::recent::Recent;
use crate::provider::signature::is_signed;
use crate::provider::{Delivered, Delivery, Secret};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How old a delivery may be.
const OLD: Duration = Duration::from_secs(600);

/// How far in the future its time may lie, for clocks that differ.
const AHEAD: Duration = Duration::from_secs(60);

/// Delivered ids that are remembered at most. Box repeats for two hours.
const SEEN_MAX: usize = 100_000;

pub use crate::provider::settings::HookKeys as Keys;

/// The headers of a delivery that count; each as it came, `None` when it is missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    /// `BOX-DELIVERY-TIMESTAMP`.
    pub timestamp: Option<&'a str>,
    /// `BOX-SIGNATURE-PRIMARY`.
    pub primary: Option<&'a str>,
    /// `BOX-SIGNATURE-SECONDARY`.
    pub secondary: Option<&'a str>,
    /// `BOX-SIGNATURE-VERSION`.
    pub version: Option<&'a str>,
    /// `BOX-SIGNATURE-ALGORITHM`.
    pub algorithm: Option<&'a str>,
}

impl<'a> Headers<'a> {
    /// Takes them from a function that gives the header of a name (lower case).
    pub fn from(header: impl Fn(&str) -> Option<&'a str>) -> Self {
        Self {
            timestamp: header("box-delivery-timestamp"),
            primary: header("box-signature-primary"),
            secondary: header("box-signature-secondary"),
            version: header("box-signature-version"),
            algorithm: header("box-signature-algorithm"),
        }
    }
}

/// Why a delivery is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Forgery {
    /// A header that every delivery has is missing.
    Missing(&'static str),
    /// Signed in a version that is not known here.
    Version,
    /// Signed by an algorithm that is not known here.
    Algorithm,
    /// Its time cannot be read.
    Timestamp,
    /// It is more than ten minutes old.
    Old,
    /// It comes from the future.
    Future,
    /// Neither signature is that of a key.
    Signature,
}

impl fmt::Display for Forgery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Forgery::Missing(name) => write!(f, "the header {name} is missing"),
            Forgery::Version => f.write_str("signed in a version that is not known here"),
            Forgery::Algorithm => f.write_str("signed by an algorithm that is not known here"),
            Forgery::Timestamp => f.write_str("its time cannot be read"),
            Forgery::Old => f.write_str("it is more than ten minutes old"),
            Forgery::Future => f.write_str("its time lies in the future"),
            Forgery::Signature => f.write_str("neither signature is that of a key"),
        }
    }
}

impl std::error::Error for Forgery {}

/// Says whether Box sent this body, by its bytes as they came, just now.
///
/// # Errors
/// What does not hold; the caller answers 403 and forgets the body.
pub fn verify(keys: &Keys, headers: &Headers<'_>, body: &[u8], now: Moment) -> Result<(), Forgery> {
    if present(headers.version, "box-signature-version")? != "1" {
        return Err(Forgery::Version);
    }
    if present(headers.algorithm, "box-signature-algorithm")? != "HmacSHA256" {
        return Err(Forgery::Algorithm);
    }
    let timestamp = present(headers.timestamp, "box-delivery-timestamp")?;
    if headers.primary.is_none() && headers.secondary.is_none() {
        return Err(Forgery::Missing("box-signature-primary"));
    }
    let genuine = |key: Option<&Secret>, signature: Option<&str>| {
        key.zip(signature).is_some_and(|(key, signature)| is_genuine(key, &[body, timestamp.as_bytes()], signature))
    };
    // Both are always computed, so that the time taken tells nothing.
    if !(genuine(keys.primary.as_ref(), headers.primary) | genuine(keys.secondary.as_ref(), headers.secondary)) {
        return Err(Forgery::Signature);
    }
    let sent = Moment::parse(timestamp).ok_or(Forgery::Timestamp)?;
    match () {
        () if now.since(sent) > OLD => Err(Forgery::Old),
        () if sent.since(now) > AHEAD => Err(Forgery::Future),
        () => Ok(()),
    }
}

fn present<'a>(value: Option<&'a str>, name: &'static str) -> Result<&'a str, Forgery> {
    value.ok_or(Forgery::Missing(name))
}

/// Whether a signature in base64 is that of the body and the timestamp's bytes behind it.
fn is_genuine(key: &Secret, parts: &[&[u8]], signature: &str) -> bool {
    STANDARD.decode(signature.trim()).is_ok_and(|told| is_signed(key, parts, &told))
}

/// What a delivery hints at: look at this item soon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The delivery's own id, the same on each repeat.
    pub id: Arc<str>,
    /// What happened, in Box's word (`FILE.UPLOADED`).
    pub trigger: Arc<str>,
    /// The hook that told it.
    pub hook: Option<Arc<str>>,
    /// The item, when it is one that sluicebox reads.
    pub subject: Option<Subject>,
    /// Who did it, where told.
    pub by: Option<Arc<str>>,
    /// When.
    pub at: Option<Moment>,
}

/// Reads the body of a delivery that [`verify`] let through; `None` when it is no JSON or has no id.
#[must_use]
pub fn hint(body: &[u8]) -> Option<Hint> {
    let told: wire::Delivered = serde_json::from_slice(body).ok()?;
    Some(Hint {
        id: told.id?,
        trigger: told.trigger?,
        hook: told.webhook.and_then(|hook| hook.id),
        subject: told.source.and_then(subject),
        by: told.created_by.and_then(|by| by.id),
        at: told.created_at,
    })
}

/// The item itself, or the one that a collaboration is on.
fn subject(source: wire::DeliveredSource) -> Option<Subject> {
    let owner = source.owned_by.and_then(|owner| owner.id);
    if let (Some(kind), Some(id)) = (item_kind(source.kind.as_deref()), source.id) {
        return Some(Subject {
            id: Some(id),
            kind: Some(kind),
            name: source.name,
            place: source.parent.and_then(|parent| parent.id),
            version: source.file_version.and_then(|version| version.id),
            owner,
        });
    }
    let item = source.item?;
    let kind = item_kind(item.kind.as_deref())?;
    Some(Subject { id: Some(item.id?), kind: Some(kind), name: item.name, place: None, version: None, owner })
}

impl Tenant {
    /// Takes in what came to the webhook address; see [`crate::provider::Source::delivery`]. Box knows no handshake.
    pub(super) fn delivered(&self, delivery: &Delivery<'_>) -> Delivered {
        if self.hook_keys.primary.is_none() && self.hook_keys.secondary.is_none() {
            return Delivered::Refused("no signature key is set: name a file with it by `hook_key_file`".into());
        }
        let headers = Headers::from(delivery.header);
        if let Err(forgery) = verify(&self.hook_keys, &headers, delivery.body, delivery.at) {
            return Delivered::Refused(forgery.to_string());
        }
        let Some(hint) = hint(delivery.body) else {
            return Delivered::Refused("signed, but not a notice".into());
        };
        let is_new = self.delivered.lock().unwrap_or_else(PoisonError::into_inner).is_new(&hint.id);
        if !is_new {
            return Delivered::Repeat;
        }
        Delivered::Hint { subjects: hint.subject.into_iter().collect(), accounts: Vec::new() }
    }
}

/// Deliveries that came before; the oldest are forgotten first.
#[derive(Debug)]
pub struct Seen(Recent<()>);

impl Default for Seen {
    fn default() -> Self {
        Self(Recent::of(SEEN_MAX))
    }
}

impl Seen {
    /// Notes a delivery's id and says whether it is new.
    pub fn is_new(&mut self, id: &Arc<str>) -> bool {
        self.0.note(id, ()).is_none()
    }
}

#[cfg(test)]
mod tests;
