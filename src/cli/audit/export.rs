//! `sluicebox audit export`: the audit log and the log of actions in the order of time, with all that proves them.
//!
//! Each entry stands with its commitment, salt and hash, so that the export can be verified alone (`audit verify --file`); a signed
//! head closes it. An action is told by ids, names of steps and hashes of states: what it changed is in the store.

use super::key;
use crate::cli::ask::Lines;
use crate::cli::config::Config;
use crate::cli::{Failed, service, shown};
use crate::clock::{Clock, Moment};
use crate::engine::anchor::{Head, hex, unhex};
use crate::model::IntentNumber;
use crate::report::harmless::printable;
use crate::store::audit::BEFORE_ALL;
use crate::store::{Connector, Entry, EntryRow, Intent, IntentQuery, Proven, Store};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, BufWriter};
use std::path::{Path, PathBuf};

/// Rows read at a time.
const PAGE: usize = 500;
/// A longer line of an export is none of ours.
const LINE_MAX: usize = 4 << 20;
const SCHEMA: &str = "sluicebox.audit/1";

/// Flags of `audit export`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Only what follows this entry
    #[arg(long, value_name = "N", default_value_t = 0)]
    after: u64,
    /// Output format: json (a line for each, can be verified alone), csv
    #[arg(long, value_name = "FORMAT", default_value = "json", value_parser = ["json", "csv"])]
    format: String,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    let store = service::open_to_read(&config)?;
    let from = begin(&*store, args.after)?;
    let mut out = Out::new(args.format == "csv");
    out.row(&json!({ "schema": SCHEMA, "kind": "begin", "after": args.after, "hash": hex(&from.hash) }))?;
    let (mut entries, mut actions) = (Entries::new(&*store, args.after), Actions::new(&*store, from.at)?);
    loop {
        let (entry, action) = (entries.peek()?, actions.peek()?);
        // An action stands before the entries of its own moment: they are what came of it.
        let action_first = match (&entry, &action) {
            (None, None) => break,
            (Some(entry), Some(made)) => made <= entry,
            (entry, _) => entry.is_none(),
        };
        let row = if action_first { actions.next() } else { entries.next() };
        if let Some(row) = row {
            out.row(&row)?;
        }
        if out.lines.go_on().is_break() {
            break;
        }
    }
    if let Ok(key) = key::load(config.anchors()) {
        let head = Head::of(&*store, &key, Clock::machine().now())?;
        // What was appended while this was written is not in it.
        if head.entries == entries.after {
            let line: Value = serde_json::from_str(&head.line()).unwrap_or_default();
            out.row(&json!({ "schema": SCHEMA, "kind": "head", "head": line }))?;
        }
    }
    out.lines.finish()?;
    Ok(0)
}

/// Where an export begins.
struct Begin {
    hash: [u8; 32],
    at: Option<Moment>,
}

fn begin(store: &dyn Store, after: u64) -> Result<Begin, Failed> {
    let Some(before) = after.checked_sub(1) else { return Ok(Begin { hash: BEFORE_ALL, at: None }) };
    let found = store.entries(before, 1)?.into_iter().next().filter(|row| row.number == after);
    let found = found.ok_or_else(|| Failed::new(format!("there is no entry {after}")))?;
    Ok(Begin { hash: found.hash, at: Some(found.at) })
}

/// Entries of the audit log, a page at a time.
struct Entries<'s> {
    store: &'s dyn Store,
    after: u64,
    page: VecDeque<Proven>,
    over: bool,
}

impl<'s> Entries<'s> {
    fn new(store: &'s dyn Store, after: u64) -> Self {
        Self { store, after, page: VecDeque::new(), over: false }
    }

    fn peek(&mut self) -> Result<Option<Moment>, Failed> {
        if self.page.is_empty() && !self.over {
            self.page = self.store.proven(self.after, PAGE)?.into();
            self.over = self.page.is_empty();
        }
        Ok(self.page.front().map(|entry| entry.row.at))
    }

    fn next(&mut self) -> Option<Value> {
        let Proven { row, commitment, salt, has_details } = self.page.pop_front()?;
        self.after = row.number;
        let details = has_details.then_some(row.entry.details);
        Some(json!({
            "schema": SCHEMA, "kind": "entry", "number": row.number, "at": row.at.to_string(), "at_ms": row.at.as_millis(),
            "actor": row.entry.actor, "act": row.entry.act, "about": row.entry.about, "details": details,
            "commitment": hex(&commitment), "salt": salt.map(|salt| hex(&salt)), "hash": hex(&row.hash),
        }))
    }
}

/// Actions in the order in which they were asked for.
struct Actions<'s> {
    store: &'s dyn Store,
    connectors: Vec<Connector>,
    since: Option<Moment>,
    after: Option<IntentNumber>,
    page: VecDeque<Intent>,
    over: bool,
}

impl<'s> Actions<'s> {
    fn new(store: &'s dyn Store, since: Option<Moment>) -> Result<Self, Failed> {
        let connectors = store.connectors()?;
        Ok(Self { store, connectors, since, after: None, page: VecDeque::new(), over: false })
    }

    fn peek(&mut self) -> Result<Option<Moment>, Failed> {
        while self.page.is_empty() && !self.over {
            let page = self.store.intents(&IntentQuery::default(), self.after, PAGE)?;
            self.after = page.last().map(|last| last.number);
            self.over = page.is_empty();
            let since = self.since;
            self.page = page.into_iter().filter(|one| since.is_none_or(|since| one.made >= since)).collect();
        }
        Ok(self.page.front().map(|one| one.made))
    }

    fn next(&mut self) -> Option<Value> {
        let intent = self.page.pop_front()?;
        let known = intent.is.item.and_then(|item| self.store.item(item).ok().flatten());
        let connector = self.connectors.iter().find(|one| one.number == intent.is.connector);
        Some(action(
            &intent,
            connector.map_or("", |one| one.name.as_str()),
            known.as_ref().map(|known| (&*known.item.id, &*known.shown)),
        ))
    }
}

fn action(intent: &Intent, connector: &str, item: Option<(&str, &str)>) -> Value {
    let is = &intent.is;
    let policies: Vec<_> =
        is.voters.iter().map(|voter| json!({ "policy": &*voter.policy, "hash": hex(&voter.hash) })).collect();
    let time = |at: Option<Moment>| at.map(|at| at.to_string());
    let orders: Vec<_> = intent
        .orders
        .iter()
        .map(|ordered| {
            let receipt = ordered.receipt.as_ref();
            let did = receipt.map(|receipt| receipt.did.as_slice()).unwrap_or_default();
            let steps: Vec<_> = did
                .iter()
                .map(|did| json!({ "step": did.step.name(), "at": did.at.to_string(), "requests": did.requests }))
                .collect();
            json!({
                "outcome": receipt.map(|receipt| receipt.outcome.name()),
                "steps": steps,
                "before_sha256": ordered.order.begun.as_ref().map(digest),
                "after_sha256": receipt.and_then(|receipt| receipt.read_back.as_ref()).map(digest),
                "left": receipt.map(|receipt| receipt.left.iter().map(ToString::to_string).collect::<Vec<_>>()),
            })
        })
        .collect();
    let done = matches!(&*intent.outcome, "done" | "partly");
    json!({
        "schema": SCHEMA, "kind": "action", "number": intent.number.0, "id": &*is.id, "at": intent.made.to_string(),
        "actor": &*is.actor, "act": &*is.name, "cause": is.cause.name(), "policies": policies,
        "rules": is.rules.map(|rules| rules.0), "plan": is.plan.map(|plan| plan.0), "undoes": is.undoes.map(|number| number.0),
        "connector": connector, "item": item.map(|(id, _)| id), "path": item.map(|(_, shown)| shown),
        "state": intent.state.name(), "outcome": &*intent.outcome, "why": &*intent.why, "due": time(is.due),
        "begun": time(intent.begun), "ended": time(intent.ended), "attempts": intent.attempts, "orders": orders,
        "can_be_undone": done && is.undoes.is_none(),
    })
}

fn digest(state: &impl Serialize) -> String {
    hex(&Sha256::digest(serde_json::to_vec(state).unwrap_or_default()))
}

/// Columns of the CSV.
const COLUMNS: [&str; 22] = [
    "kind",
    "number",
    "at",
    "actor",
    "act",
    "about",
    "details",
    "commitment",
    "salt",
    "hash",
    "id",
    "cause",
    "policies",
    "connector",
    "item",
    "path",
    "state",
    "outcome",
    "why",
    "begun",
    "ended",
    "orders",
];

/// Rows as JSON lines or CSV.
struct Out {
    csv: bool,
    begun: bool,
    lines: Lines<BufWriter<io::StdoutLock<'static>>>,
}

impl Out {
    fn new(csv: bool) -> Self {
        Self { csv, begun: false, lines: Lines::new(BufWriter::new(io::stdout().lock()), !csv) }
    }

    fn row(&mut self, row: &Value) -> Result<(), Failed> {
        if !self.csv {
            return self.lines.row(row);
        }
        if !self.begun {
            self.begun = true;
            self.lines.text(format!("{}\r", COLUMNS.join(",")))?;
        }
        if !matches!(row["kind"].as_str(), Some("entry" | "action")) {
            return Ok(());
        }
        let cells: Vec<String> = COLUMNS.iter().map(|column| cell(&row[*column])).collect();
        self.lines.text(format!("{}\r", cells.join(",")))
    }
}

/// A cell of RFC 4180. Spreadsheets run what looks like a formula: a sign before it keeps them from that.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", printable(&text).replace('"', "\"\""))
}

/// An export that was read back.
pub(super) struct Export {
    pub(super) from: (u64, [u8; 32]),
    pub(super) entries: Vec<Proven>,
    /// Its heads, a line each.
    pub(super) heads: String,
}

/// Reads an export of JSON lines.
pub(super) fn read(path: &Path) -> Result<Export, Failed> {
    let failed = |said: String| Failed::new(format!("cannot read the export {}: {said}", shown(path)));
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    let mut export = Export { from: (0, BEFORE_ALL), entries: Vec::new(), heads: String::new() };
    let (mut reader, mut line, mut number) = (BufReader::new(file), Vec::new(), 0);
    loop {
        line.clear();
        number += 1;
        let got = io::Read::take(&mut reader, LINE_MAX as u64).read_until(b'\n', &mut line);
        if got.map_err(|error| failed(error.to_string()))? == 0 {
            return Ok(export);
        }
        let row: Value = serde_json::from_slice(&line).unwrap_or_default();
        let wrong = || failed(format!("line {number} is none of `audit export --format json`"));
        match (row["schema"].as_str(), row["kind"].as_str()) {
            (Some(SCHEMA), Some("begin")) => {
                let hash = row["hash"].as_str().and_then(unhex);
                export.from = row["after"].as_u64().zip(hash).ok_or_else(wrong)?;
            }
            (Some(SCHEMA), Some("entry")) => export.entries.push(entry(&row).ok_or_else(wrong)?),
            (Some(SCHEMA), Some("head")) => {
                export.heads.push_str(&row["head"].to_string());
                export.heads.push('\n');
            }
            (Some(SCHEMA), Some("action")) => {}
            _ => return Err(wrong()),
        }
    }
}

fn entry(row: &Value) -> Option<Proven> {
    let text = |key: &str| row[key].as_str().map(str::to_owned);
    let details = row["details"].as_str();
    Some(Proven {
        row: EntryRow {
            number: row["number"].as_u64()?,
            at: Moment::from_millis(row["at_ms"].as_i64()?),
            entry: Entry {
                actor: text("actor")?,
                act: text("act")?,
                about: text("about")?,
                details: details.unwrap_or_default().to_owned(),
            },
            hash: unhex(row["hash"].as_str()?)?,
        },
        commitment: unhex(row["commitment"].as_str()?)?,
        salt: match row["salt"].as_str() {
            Some(digits) => Some(unhex(digits)?.to_vec()),
            None => None,
        },
        has_details: details.is_some(),
    })
}
