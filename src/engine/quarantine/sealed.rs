//! The sealed receipt that lies beside an item in quarantine: all that it takes to bring the item back, readable to nobody
//! without the key.
//!
//! Text that survives any way of storing: a first line that tells what it is, its version and which key opens it, a line for
//! people, then base64. The key is derived from the key of tokens, which need not live with the database; whoever has that one
//! and the quarantine needs nothing else.

use crate::clock::Moment;
use crate::detect::TokenKey;
use crate::model::action::{ItemState, Order, Whose};
use crate::store::SealKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Ends the name of every receipt.
pub const ENDING: &str = ".sluicebox-receipt";
/// Begins the first line, before the version.
const OPENING: &str = "sluicebox receipt";
/// The version that is written; any up to it is read.
const VERSION: u32 = 1;
/// For whoever finds it.
const ADVICE: &str = "It belongs to an item in quarantine that lies beside it. Leave it there: without it the item may not come \
                      back as it was.";
/// Letters of a line.
const LINE: usize = 76;

/// What a receipt tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The correlation id.
    pub id: Arc<str>,
    /// When it was made.
    pub at: Moment,
    /// The connector's name.
    pub connector: Arc<str>,
    /// Whose quarantine.
    pub whose: Whose,
    /// The owner's acting id in the owner's own quarantine.
    pub person: Option<Arc<str>>,
    /// The owner before, by login.
    pub owner: Arc<str>,
    /// The policies that wanted it.
    pub policies: Vec<Arc<str>>,
    /// The order that puts it there.
    pub order: Order,
    /// The state before.
    pub prior: ItemState,
    /// Our SHA-256 of its content, when it was read.
    #[serde(default)]
    pub content: Option<[u8; 32]>,
    /// Different values by detector.
    #[serde(default)]
    pub found: Vec<(Arc<str>, u64)>,
}

/// Why a receipt cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It is no receipt of ours.
    None,
    /// A later version wrote it.
    Newer(u32),
    /// It was sealed under another key.
    OtherKey,
    /// It was changed or cut.
    Damaged,
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unread::None => f.write_str("it is no receipt of sluicebox"),
            Unread::Newer(version) => write!(f, "a later sluicebox wrote it (version {version}): use that one"),
            Unread::OtherKey => f.write_str("it is sealed under another key: give the token key of that installation"),
            Unread::Damaged => f.write_str("it was changed or cut since it was written"),
        }
    }
}

/// The key of receipts.
#[derive(Clone, Debug)]
pub struct ReceiptKey {
    seal: SealKey,
    /// Tells keys apart: eight digits that tell nothing of the key.
    name: String,
}

impl ReceiptKey {
    /// The one that belongs to a key of tokens.
    #[must_use]
    pub fn of(key: &TokenKey) -> Self {
        let seal = SealKey::new(key.derived("sluicebox receipt 1\0"));
        let name = key.derived("sluicebox receipt key name 1\0");
        let name = name.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Self { seal, name }
    }

    /// Seals a receipt: its text.
    ///
    /// # Errors
    /// Why not: no randomness can be had.
    pub fn seal(&self, told: &Sealed) -> Result<String, String> {
        let body = serde_json::to_string(told).map_err(|error| error.to_string())?;
        let sealed = self.seal.seal(&body).map_err(|error| error.to_string())?;
        let digits = STANDARD.encode(sealed);
        let mut text = format!("{OPENING} {VERSION} {}\n{ADVICE}\n", self.name);
        let mut rest = digits.as_str();
        while !rest.is_empty() {
            let (line, more) = rest.split_at(rest.len().min(LINE));
            text.push_str(line);
            text.push('\n');
            rest = more;
        }
        Ok(text)
    }

    /// Opens a receipt.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn open(&self, text: &str) -> Result<Sealed, Unread> {
        let mut lines = text.lines();
        let opening = lines.next().and_then(|line| line.strip_prefix(OPENING)).ok_or(Unread::None)?;
        let mut words = opening.split_whitespace();
        let version: u32 = words.next().and_then(|word| word.parse().ok()).ok_or(Unread::None)?;
        if version > VERSION {
            return Err(Unread::Newer(version));
        }
        if words.next() != Some(&*self.name) {
            return Err(Unread::OtherKey);
        }
        let digits: String = lines.skip(1).flat_map(str::chars).filter(|letter| !letter.is_whitespace()).collect();
        let sealed = STANDARD.decode(digits).map_err(|_| Unread::Damaged)?;
        let body = self.seal.open(&sealed).map_err(|_| Unread::Damaged)?;
        serde_json::from_str(&body).map_err(|_| Unread::Damaged)
    }
}

/// The name of a receipt in the quarantine's folder.
#[must_use]
pub fn file_name(id: &str) -> Arc<str> {
    format!("{id}{ENDING}").into()
}

/// True for the name of a receipt.
#[must_use]
pub fn is_receipt(name: &str) -> bool {
    name.ends_with(ENDING)
}
