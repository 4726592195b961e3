//! What the file says of how documents are read: the tables `[cells]`, `[limits]` and `[ocr]`.

use super::error::ConfigError;
use super::keys::{CELLS, LIMITS, OCR};
use super::source::Source;
use super::table::Table;
use crate::content::Limits;
use crate::extract::cell;
use crate::extract::ocr;
use std::path::PathBuf;
use std::time::Duration;
use toml::de::DeTable;

/// The table `[cells]`, with defaults filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Cells {
    /// Cells; `None` is one for each thread that scans.
    cells: Option<usize>,
    /// How long one may say nothing.
    silence: Option<Duration>,
    /// What one may hold; `None` is its share of 512 MiB.
    memory_bytes: Option<u64>,
    /// Documents before it is replaced.
    documents_max: Option<u32>,
    /// Whether nothing is read where a wall is missing.
    require_sandbox: bool,
}

impl Cells {
    /// As the pool takes them, for so many threads that scan; `required` is what a flag adds.
    pub(in crate::cli) fn options(&self, threads: usize, required: bool) -> cell::Options {
        // A thread without a cell of its own would have to wait for another's document.
        let usual = cell::Options::for_threads(self.cells.map_or(threads, |cells| cells.max(threads)));
        cell::Options {
            silence: self.silence.unwrap_or(usual.silence),
            memory_bytes: self.memory_bytes.unwrap_or(usual.memory_bytes),
            documents_max: self.documents_max.unwrap_or(usual.documents_max),
            require_walls: self.require_sandbox || required,
            ..usual
        }
    }
}

/// Reads `[cells]`.
pub(super) fn cells(source: &Source<'_>, root: &DeTable<'_>) -> Result<Cells, ConfigError> {
    let Some(table) = Table::named(source, root, "cells", &CELLS)? else { return Ok(Cells::default()) };
    Ok(Cells {
        cells: table.count("cells", 1..=1_024)?,
        silence: table.whole("silence_secs", 1..=3_600)?.map(Duration::from_secs),
        memory_bytes: table.whole("memory_bytes", 32 << 20..=1 << 40)?,
        documents_max: table.whole("documents_max", 1..=1 << 30)?.and_then(|count| u32::try_from(count).ok()),
        require_sandbox: table.flag("require_sandbox")?.unwrap_or(false),
    })
}

/// Reads `[ocr]`: how text in pictures is read, and whether it is.
pub(super) fn ocr(source: &Source<'_>, root: &DeTable<'_>) -> Result<(bool, ocr::Settings), ConfigError> {
    let usual = ocr::Settings::default();
    let Some(table) = Table::named(source, root, "ocr", &OCR)? else { return Ok((false, usual)) };
    let languages = table.list("languages")?.unwrap_or(usual.languages);
    if let Err(why) = ocr::check_languages(&languages) {
        return Err(table.error("languages", why));
    }
    let settings = ocr::Settings {
        // A bare name is looked for as a shell does; a path stands beside the settings.
        program: match table.text("program")? {
            Some(name) if !name.contains('/') => PathBuf::from(name),
            Some(_) => table.path("program")?.unwrap_or(usual.program),
            None => usual.program,
        },
        languages,
        data: table.path("data")?,
        pages_max: table
            .whole("pages_max", 1..=1_000_000)?
            .and_then(|pages| u32::try_from(pages).ok())
            .unwrap_or(usual.pages_max),
        page_time: table.whole("page_secs", 1..=3_600)?.map_or(usual.page_time, Duration::from_secs),
        memory_bytes: table.whole("memory_bytes", 64 << 20..=1 << 40)?,
        at_once: table.count("at_once", 1..=1_024)?,
    };
    Ok((table.flag("enabled")?.unwrap_or(false), settings))
}

/// Reads `[limits]`.
pub(super) fn limits(source: &Source<'_>, root: &DeTable<'_>) -> Result<Limits, ConfigError> {
    let usual = Limits::default();
    let Some(table) = Table::named(source, root, "limits", &LIMITS)? else { return Ok(usual) };
    let bytes = |key, usual| Ok::<u64, ConfigError>(table.whole(key, 1..=1 << 50)?.unwrap_or(usual));
    let small = |key, most, usual: u32| {
        Ok::<u32, ConfigError>(table.whole(key, 1..=most)?.and_then(|value| u32::try_from(value).ok()).unwrap_or(usual))
    };
    Ok(Limits {
        time_secs: table.whole("time_secs", 1..=604_800)?.unwrap_or(usual.time_secs),
        read_bytes: bytes("read_bytes", usual.read_bytes)?,
        inflated_bytes: bytes("inflated_bytes", usual.inflated_bytes)?,
        inflate_ratio: table.whole("inflate_ratio", 1..=1_000_000)?.unwrap_or(usual.inflate_ratio),
        inflate_grace_bytes: bytes("inflate_grace_bytes", usual.inflate_grace_bytes)?,
        text_bytes: bytes("text_bytes", usual.text_bytes)?,
        members: table.whole("members", 1..=1 << 40)?.unwrap_or(usual.members),
        // Members nest on the stack of the thread that reads them.
        depth: small("depth", 64, usual.depth)?,
        nesting: small("nesting", 1_000_000, usual.nesting)?,
        memory_bytes: bytes("memory_bytes", usual.memory_bytes)?,
    })
}
