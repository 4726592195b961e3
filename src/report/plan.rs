//! A plan as it is read, kept and hashed: what would be done to which item, why, who loses what, and what cannot be undone.
//!
//! A plan is a document. Its canonical bytes are its JSON with the fields in the order of the types below, without floats, with
//! times in UTC to the second; the SHA-256 of those bytes is what an operator approves. Whatever reads them gets the same
//! document again, and the same document gives the same bytes. Names are those that may be shown: what of a name is sensitive
//! is covered, also where an action carries it ([`Planned::does`]).

pub mod diff;
mod page;
mod text;

pub use page::page;
pub use text::text;

use super::harmless::write_json;
use crate::clock::Moment;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fmt;

/// What a document says of itself.
pub const SCHEMA: &str = "sluicebox.plan/1";

/// A plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// [`SCHEMA`].
    pub schema: String,
    /// `plan`, `undo` or `restore`.
    pub kind: String,
    /// When it was made.
    #[serde(with = "utc")]
    pub made: Moment,
    /// Who made it: an operator of the settings, else `operator uid N`.
    pub by: String,
    /// What was asked for, in words of the command line.
    pub asked: String,
    /// The policies that voted, in their order.
    pub policies: Vec<PolicyLine>,
    /// The number of the rules that the findings rest on.
    pub rules: Option<i64>,
    /// Other operators than the maker who must approve it before it is applied.
    pub approvals: u8,
    /// Why, when there are any.
    pub approvals_why: Vec<String>,
    /// Sums over all entries.
    pub totals: Totals,
    /// What is not in it, and why.
    pub left_out: Vec<LeftOut>,
    /// The items, by connector and number.
    pub entries: Vec<Entry>,
}

/// A policy as it stood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyLine {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub title: String,
    /// How grave its matches are.
    pub severity: String,
    /// Its mode in force.
    pub mode: String,
    /// Its hash, hexadecimal.
    pub hash: String,
}

/// Sums.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Items in the plan.
    pub items: u64,
    /// Items at which something is called or somebody is told.
    pub acted_on: u64,
    /// Actions that are called for.
    pub actions: u64,
    /// Actions of which nothing is lacking.
    pub already_so: u64,
    /// Actions that something is in the way of.
    pub blocked: u64,
    /// Actions that could not be looked at.
    pub unseen: u64,
    /// Provider calls that change something.
    pub calls: u64,
    /// Provider calls in all, those that read included, about.
    pub calls_with_reads: u64,
    /// Seconds that takes at the connectors' rates, about.
    pub seconds: u64,
    /// Accesses of people and groups that end.
    pub accesses_lost: u64,
    /// Links that end.
    pub links_lost: u64,
}

/// Items that are not in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Why.
    pub why: String,
    /// How many.
    pub items: u64,
}

/// One item, or one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The connector's name.
    pub connector: String,
    /// `box` or `dropbox`.
    pub provider: String,
    /// The store's number of the item.
    pub item: Option<i64>,
    /// `file`, `folder`, `web_link`, `person`.
    pub sort: String,
    /// The provider's id.
    pub id: String,
    /// Its path, as far as it may be shown.
    pub path: String,
    /// Who owns it.
    pub owner: String,
    /// The version it was planned on.
    pub version: Option<String>,
    /// How far it is open.
    pub exposure: Option<Open>,
    /// Since when the first of the policies has matched.
    #[serde(with = "utc_or_none")]
    pub since: Option<Moment>,
    /// What was found in it.
    pub found: Vec<Found>,
    /// What policies want, or whoever asked.
    pub votes: Vec<Voice>,
    /// What is to be done, in this order.
    pub planned: Vec<Planned>,
}

/// How far an item is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Open {
    /// `private`, `internal`, `external`, `public`.
    pub level: String,
    /// False when it may be further open.
    pub known: bool,
    /// Why, strongest first.
    pub reasons: Vec<String>,
}

/// What one detector found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// The detector.
    pub detector: String,
    /// Different values.
    pub unique: u64,
    /// In all.
    pub total: u64,
    /// The first few: mask and token, never a value.
    pub samples: Vec<Sample>,
}

/// One found value, covered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Its mask.
    pub mask: String,
    /// Its token.
    pub token: String,
}

/// What one policy wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Voice {
    /// The policy; `operator` for what a person asked for.
    pub policy: String,
    /// What it asks for.
    pub asks: String,
    /// What became of it and why.
    pub because: String,
}

/// How things stand with something that is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is done when the plan is applied.
    Will,
    /// Nothing is lacking.
    AlreadySo,
    /// Something is in the way; nothing is done.
    Blocked,
    /// It is no longer what was decided on; nothing is done.
    Drifted,
    /// It exists no more.
    Gone,
    /// It could not be looked at; nothing is done.
    Unseen,
    /// Somebody is told; no provider is called.
    Tells,
    /// It is done when the plan is applied; nobody looked at what is lacking.
    Unforeseen,
}

impl Standing {
    /// True when applying the plan does something for it.
    #[must_use]
    pub fn acts(self) -> bool {
        matches!(self, Standing::Will | Standing::Tells | Standing::Unforeseen)
    }
}

/// Something that is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// The intent's own id.
    pub id: String,
    /// Its name (`remove_links`).
    pub name: String,
    /// In words.
    pub words: String,
    /// The person it is done to, where it is about one.
    pub person: Option<String>,
    /// The policies that want it.
    pub voters: Vec<String>,
    /// The blocked action whose place it takes.
    pub instead_of: Option<String>,
    /// The action that it undoes, by its number.
    pub undoes: Option<i64>,
    /// How things stand.
    pub standing: Standing,
    /// What is in the way, or why it could not be looked at.
    pub why: Option<String>,
    /// Each provider call that changes something, in order.
    pub calls: Vec<Call>,
    /// Calls in all, those that read included, about.
    pub calls_with_reads: u64,
    /// Who loses access, by name.
    pub loses: Vec<String>,
    /// Links that end; never their addresses.
    pub links: Vec<String>,
    /// What stays open all the same.
    pub stays: Vec<Stays>,
    /// What cannot be undone.
    pub cannot_undo: Vec<String>,
    /// What the act stage is given. What may not be shown of a name is replaced by a mark; applying puts it back.
    pub does: Value,
}

/// One provider call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The step's name (`end_link`).
    pub step: String,
    /// In words.
    pub words: String,
}

/// What an action leaves open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stays {
    /// In words.
    pub words: String,
    /// The command that would plan to close it, where there is one.
    pub propose: Option<String>,
}

/// Why bytes are no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoPlan(String);

impl fmt::Display for NoPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is no plan: {}", self.0)
    }
}

impl std::error::Error for NoPlan {}

impl Document {
    /// The canonical bytes: one line of JSON, its controls and marks of reading direction as `\u` escapes, so that a terminal may
    /// show it.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut bytes = Vec::new();
        // Texts, whole numbers and lists always become JSON, and a Vec takes all of it.
        match write_json(&mut bytes, self) {
            Ok(()) => String::from_utf8(bytes).unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// When they are no plan of this form, or not canonical.
    pub fn read(body: &str) -> Result<Self, NoPlan> {
        let read: Self = serde_json::from_str(body).map_err(|error| NoPlan(error.to_string()))?;
        if read.schema != SCHEMA {
            return Err(NoPlan("it is of another form; use the program that made it".to_owned()));
        }
        if read.canonical() != body {
            return Err(NoPlan("its bytes are not canonical".to_owned()));
        }
        Ok(read)
    }

    /// Sums up the entries.
    pub fn sum_up(&mut self, seconds: u64) {
        let mut totals = Totals { items: self.entries.len() as u64, seconds, ..Totals::default() };
        for entry in &self.entries {
            totals.acted_on += u64::from(entry.planned.iter().any(|planned| planned.standing.acts()));
            for planned in &entry.planned {
                match planned.standing {
                    Standing::Will | Standing::Tells | Standing::Unforeseen => totals.actions += 1,
                    Standing::AlreadySo => totals.already_so += 1,
                    Standing::Blocked | Standing::Drifted | Standing::Gone => totals.blocked += 1,
                    Standing::Unseen => totals.unseen += 1,
                }
                if planned.standing.acts() {
                    totals.calls += planned.calls.len() as u64;
                    totals.calls_with_reads += planned.calls_with_reads;
                    totals.accesses_lost += planned.loses.len() as u64;
                    totals.links_lost += planned.links.len() as u64;
                }
            }
        }
        self.totals = totals;
    }
}

/// SHA-256 of a plan's canonical bytes.
#[must_use]
pub fn hash(body: &str) -> [u8; 32] {
    Sha256::digest(body.as_bytes()).into()
}

/// A hash in hexadecimal digits.
#[must_use]
pub fn digits(hash: &[u8; 32]) -> String {
    use fmt::Write;
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Times as RFC 3339 in UTC, to the second.
mod utc {
    use crate::clock::Moment;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(super) fn serialize<S: Serializer>(at: &Moment, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Moment, D::Error> {
        let text = String::deserialize(from)?;
        Moment::parse(&text).ok_or_else(|| D::Error::custom("a time is written 2026-01-31T10:00:00Z"))
    }
}

/// The same where there may be none.
mod utc_or_none {
    use crate::clock::Moment;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    #[allow(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    pub(super) fn serialize<S: Serializer>(at: &Option<Moment>, to: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => to.collect_str(at),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Moment>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let read = |text: String| {
            Moment::parse(&text).ok_or_else(|| D::Error::custom("a time is written 2026-01-31T10:00:00Z"))
        };
        text.map(read).transpose()
    }
}

#[cfg(test)]
pub(crate) mod tests;
