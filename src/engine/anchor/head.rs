//! A head: how long the log of a store was at a moment, and its hash then, signed.

use super::{STORE, hex};
use crate::clock::Moment;
use crate::notify::{PublicKey, SignKey};
use crate::store::{Error, Store};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The form of a line.
const SCHEMA: &str = "sluicebox.head/1";

/// A head, signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The store's own id.
    pub store: String,
    /// How many entries the log had.
    pub entries: u64,
    /// The chain's hash after the last of them.
    pub hash: [u8; 32],
    /// When.
    pub at: Moment,
    /// The key that signed.
    key: String,
    signature: String,
}

/// A head as a line of JSON.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    schema: String,
    store: String,
    entries: u64,
    hash: String,
    at_ms: i64,
    at: String,
    key: String,
    signature: String,
}

/// Why a line is no head that the key signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadError {
    /// It is no head.
    NoHead,
    /// It says that another key signed it.
    OtherKey,
    /// Its signature is not the key's.
    Forged,
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HeadError::NoHead => "it is no head",
            HeadError::OtherKey => "another key signed it",
            HeadError::Forged => "it was changed after it was signed",
        })
    }
}

impl Head {
    /// The head of a store's log as it is now.
    ///
    /// # Errors
    /// When the log could not be read.
    pub fn of(store: &dyn Store, key: &SignKey, at: Moment) -> Result<Self, Error> {
        let id = store.fact(None, STORE)?.unwrap_or_default();
        let (entries, hash) = store.audit_head()?;
        Ok(Self::signed(id, entries, hash, at, key))
    }

    pub(super) fn signed(store: String, entries: u64, hash: [u8; 32], at: Moment, key: &SignKey) -> Self {
        let signature = key.sign(text(&store, entries, &hash, at).as_bytes());
        Self { store, entries, hash, at, key: key.public().to_string(), signature }
    }

    /// As a line of JSON, without its end.
    #[must_use]
    pub fn line(&self) -> String {
        let line = Line {
            schema: SCHEMA.to_owned(),
            store: self.store.clone(),
            entries: self.entries,
            hash: hex(&self.hash),
            at_ms: self.at.as_millis(),
            at: self.at.to_string(),
            key: self.key.clone(),
            signature: self.signature.clone(),
        };
        serde_json::to_string(&line).unwrap_or_default()
    }

    /// Reads a line.
    ///
    /// # Errors
    /// When it is no head that this key signed.
    pub fn parse(text: &str, by: &PublicKey) -> Result<Self, HeadError> {
        let line: Line = serde_json::from_str(text).map_err(|_| HeadError::NoHead)?;
        let hash = unhex(&line.hash).filter(|_| line.schema == SCHEMA).ok_or(HeadError::NoHead)?;
        let at = Moment::from_millis(line.at_ms);
        if PublicKey::parse(&line.key) != Some(*by) {
            return Err(HeadError::OtherKey);
        }
        if !by.signed(self::text(&line.store, line.entries, &hash, at).as_bytes(), &line.signature) {
            return Err(HeadError::Forged);
        }
        Ok(Self { store: line.store, entries: line.entries, hash, at, key: line.key, signature: line.signature })
    }
}

/// What is signed; no field can hold a line end.
fn text(store: &str, entries: u64, hash: &[u8; 32], at: Moment) -> String {
    let store: String = store.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("sluicebox head 1\n{store}\n{entries}\n{}\n{}\n", hex(hash), at.as_millis())
}

/// Reads 64 hexadecimal digits; `None` when it is something else.
#[must_use]
pub fn unhex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

/// All heads of an anchor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// Those that the key signed, in the order in which they lie there.
    pub all: Vec<Head>,
    /// Lines that are none, from 1, with why.
    pub bad: Vec<(usize, HeadError)>,
}

/// Bad lines that are told.
const BAD_MAX: usize = 20;

impl Heads {
    /// Reads an anchor. A last line without an end was cut short by a crash and counts as nothing.
    #[must_use]
    pub fn parse(text: &str, by: &PublicKey) -> Self {
        let mut heads = Self::default();
        let whole = text.ends_with('\n');
        let lines = text.lines().count();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match Head::parse(line, by) {
                Ok(head) => heads.all.push(head),
                Err(HeadError::NoHead) if at + 1 == lines && !whole => {}
                Err(_) if heads.bad.len() >= BAD_MAX => {}
                Err(error) => heads.bad.push((at + 1, error)),
            }
        }
        heads
    }
}
