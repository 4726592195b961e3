//! The table `[audit]`: where signed heads of the audit log go, how often, and by which key.

use super::error::ConfigError;
use super::keys::AUDIT;
use super::notify::from_file;
use super::source::Source;
use super::table::Table;
use crate::notify::may_be_called;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;
use toml::de::DeTable;
use url::Url;

/// How often a head may be written.
const EVERY: RangeInclusive<Duration> = Duration::from_secs(60)..=Duration::from_secs(7 * 86_400);

/// What the table says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Anchors {
    /// Where heads go.
    pub(in crate::cli) to: Option<Anchor>,
    /// How often.
    pub(in crate::cli) every: Duration,
    /// The file of the key; `None` is the user's own.
    pub(in crate::cli) key_file: Option<PathBuf>,
}

/// Where heads go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Anchor {
    /// Appended to this file.
    File(PathBuf),
    /// Posted to this address.
    Address(Url),
}

impl Anchor {
    /// As it is typed: an address when it begins like one.
    ///
    /// # Errors
    /// When it is an address that may not be called.
    pub(in crate::cli) fn parse(text: &str, as_file: impl FnOnce(&str) -> PathBuf) -> Result<Self, &'static str> {
        if !text.contains("://") {
            return Ok(Anchor::File(as_file(text)));
        }
        let url = Url::parse(text).ok().filter(may_be_called);
        url.map(Anchor::Address).ok_or("an anchor is a path, or an address that begins with https://")
    }
}

impl Default for Anchors {
    fn default() -> Self {
        Self { to: None, every: Duration::from_secs(3_600), key_file: None }
    }
}

/// Reads `[audit]`.
pub(super) fn read(source: &Source<'_>, root: &DeTable<'_>) -> Result<Anchors, ConfigError> {
    let usual = Anchors::default();
    let Some(table) = Table::named(source, root, "audit", &AUDIT)? else { return Ok(usual) };
    let to = match table.text("anchor")? {
        Some(text) => {
            let read = Anchor::parse(&text, |text| from_file(source, text));
            Some(read.map_err(|what| table.error("anchor", what).help("plain http:// leads to this machine only"))?)
        }
        None => None,
    };
    Ok(Anchors {
        to,
        every: table.span("anchor_every", EVERY)?.unwrap_or(usual.every),
        key_file: table.path("key_file")?,
    })
}
