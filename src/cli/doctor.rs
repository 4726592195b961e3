//! `sluicebox doctor`: is everything in order, and if not, what is to be done.
//!
//! A list of small checks. Each looks at one thing, changes nothing, and gives the faults it found, each with its next step; a
//! check that has nothing to look at (no store yet, no connector) finds nothing, since another one says so. What is wrong
//! early hides nothing later: all checks run, but those for which a host would only be called in vain.

mod cells;
mod local;
mod readers;
mod store;
mod tenant;

pub(super) use local::free_bytes;

use super::config::Config;
use super::rules::print;
use super::{EXIT_FAILED, Failed};
use crate::clock::Clock;
use crate::engine::control::{Holder, Lock};
use crate::model::ConnectorName;
use crate::report::harmless::one_line;
use crate::store::sqlite::Sqlite;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

/// Flags of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 nothing is wrong (a hint may be told); 2 something is.")]
pub(super) struct Args {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Look at this connector only
    #[arg(long, value_name = "NAME")]
    connector: Option<ConnectorName>,
    /// Call no provider
    #[arg(long)]
    offline: bool,
    /// Output format: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// It keeps something from working.
    Fault,
    /// Worth knowing.
    Hint,
    /// As it should be, and worth telling.
    Fine,
}

/// Something that is not as it should be.
#[derive(Clone, Debug)]
struct Found {
    /// A word that a program can rest on.
    id: &'static str,
    weight: Weight,
    /// Whose, where it is one connector's.
    connector: Option<ConnectorName>,
    /// What is wrong.
    what: String,
    /// What to do.
    next: String,
}

impl Found {
    fn fault(id: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { id, weight: Weight::Fault, connector: None, what: what.into(), next: next.into() }
    }

    fn hint(id: &'static str, what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { weight: Weight::Hint, ..Self::fault(id, what, next) }
    }

    fn fine(id: &'static str, what: impl Into<String>) -> Self {
        Self { weight: Weight::Fine, ..Self::fault(id, what, "") }
    }

    fn of(mut self, connector: &ConnectorName) -> Self {
        self.connector = Some(connector.clone());
        self
    }
}

/// What the checks look at.
struct Scene<'a> {
    config: &'a Config,
    clock: Clock,
    /// The store, open to be read; why it is not.
    store: Result<Sqlite, crate::store::Error>,
    /// Who writes the store, if somebody does.
    #[allow(clippy::option_option, reason = "held or free, and then whether the holder told its name")]
    holder: Option<Option<Holder>>,
    /// Only this connector.
    only: Option<&'a ConnectorName>,
    offline: bool,
}

/// One thing that is looked at.
struct Check {
    /// What, for people.
    title: &'static str,
    run: fn(&Scene<'_>) -> Vec<Found>,
}

/// All of them, in the order in which they are told.
const CHECKS: [Check; 12] = [
    Check { title: "data folder", run: local::data_folder },
    Check { title: "secrets", run: local::secrets },
    Check { title: "disk", run: local::disk },
    Check { title: "http", run: local::http },
    Check { title: "cells", run: cells::cells },
    Check { title: "ocr", run: cells::ocr },
    Check { title: "store", run: store::store },
    Check { title: "readers", run: readers::readers },
    Check { title: "service", run: store::service },
    Check { title: "queue", run: store::parked },
    Check { title: "feeds", run: store::feeds },
    Check { title: "connectors", run: tenant::connectors },
];

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let mut rows: Vec<(&'static str, Vec<Found>)> = Vec::new();
    match Config::load(args.settings.as_deref(), false) {
        Ok(config) => {
            if let Some(name) = &args.connector {
                config.get(name)?;
            }
            rows.push(("settings", local::settings(&config)));
            let scene = Scene::new(&config, args);
            rows.extend(CHECKS.iter().map(|check| (check.title, (check.run)(&scene))));
        }
        // Nothing else can be looked at: where anything is stands there.
        Err(error) => {
            let text = error.to_string();
            let (what, next) = text.split_once("\n  = help: ").unwrap_or((&text, "docs/service.md lists every key"));
            rows.push(("settings", vec![Found::fault("settings", what, next)]));
        }
    }
    let is_ill = rows.iter().flat_map(|(_, found)| found).any(|found| found.weight == Weight::Fault);
    print(&if args.format == "json" { lines(&rows) } else { text(&rows) })?;
    Ok(if is_ill { EXIT_FAILED } else { 0 })
}

impl<'a> Scene<'a> {
    fn new(config: &'a Config, args: &'a Args) -> Self {
        let (service, clock) = (config.service(), Clock::machine());
        Self {
            config,
            store: store::opened(service, &clock),
            holder: Lock::held(&service.data_dir).ok().flatten(),
            clock,
            only: args.connector.as_ref(),
            offline: args.offline,
        }
    }
}

/// A line for each check, and below it what it found.
fn text(rows: &[(&'static str, Vec<Found>)]) -> String {
    let mut out = String::new();
    for (title, found) in rows {
        if found.is_empty() {
            let _ = writeln!(out, "ok     {title}");
        }
        for one in found {
            let word = match one.weight {
                Weight::Fault => "FAULT",
                Weight::Hint => "hint",
                Weight::Fine => "ok",
            };
            let whose = one.connector.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
            let _ = writeln!(out, "{word:<6} {title}: {whose}{}", indented(&one.what));
            if !one.next.is_empty() {
                let _ = writeln!(out, "       next: {}", indented(&one.next));
            }
        }
    }
    let of = |weight| rows.iter().flat_map(|(_, found)| found).filter(|found| found.weight == weight).count();
    let _ = match (of(Weight::Fault), of(Weight::Hint)) {
        (0, 0) => writeln!(out, "Nothing is wrong."),
        (0, hints) => writeln!(out, "Nothing is wrong; {hints} to know."),
        (faults, _) => writeln!(out, "{faults} to mend."),
    };
    out
}

/// Further lines stand below the first; each is harmless to a terminal.
fn indented(text: &str) -> String {
    text.lines().map(one_line).collect::<Vec<_>>().join("\n       ")
}

/// An object for each thing found, and one that says how it went.
fn lines(rows: &[(&'static str, Vec<Found>)]) -> String {
    let row = |title: &str, one: &Found| -> Value {
        if one.weight == Weight::Fine {
            return json!({"schema": "sluicebox.doctor/1", "check": title, "told": one.what});
        }
        json!({
            "schema": "sluicebox.doctor/1",
            "check": title,
            "id": one.id,
            "fault": one.weight == Weight::Fault,
            "connector": one.connector.as_ref().map(ConnectorName::as_str),
            "what": one.what,
            "next": one.next,
        })
    };
    let found = rows.iter().flat_map(|(title, found)| found.iter().map(move |one| row(title, one)));
    let faults = rows.iter().flat_map(|(_, found)| found).filter(|one| one.weight == Weight::Fault).count();
    let checks: Vec<&str> = rows.iter().map(|(title, _)| *title).collect();
    let summary = json!({"schema": "sluicebox.doctor/1", "summary": {"checks": checks, "faults": faults}});
    found.chain(std::iter::once(summary)).map(|line| format!("{line}\n")).collect()
}
