//! `sluicebox extract`: print the text that a scan would look at, with its parts and places.

use super::{Failed, cells, limits, shown, stop};
use crate::clock::Clock;
use crate::content::{Budget, Content, Links, Spool, Stop, Unopened};
use crate::engine::local::reason_of;
use crate::engine::stdin::Stdin;
use crate::extract::cell;
use crate::extract::{Edge, PartHead};
use crate::inspect::walk::{Visitor, walk};
use crate::model::{Coverage, Place, Reason};
use crate::report::reason::advice;
use serde_json::json;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Flags of `extract`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 all was read; 3 something was not; 2 the path could not be opened.")]
pub(super) struct Args {
    /// The file; `-` is standard input
    path: PathBuf,
    /// Output format: text (the text alone), jsonl (a line for each part and segment)
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "jsonl"])]
    format: String,
    #[arg(long = "limit", value_name = "NAME=VALUE", value_parser = limits::parse, help = limits::help())]
    limits: Vec<limits::Limit>,
    /// Read text in pictures and scanned pages too, in these languages (as deu+eng; default eng), by tesseract
    #[arg(long, value_name = "LANGS", num_args = 0..=1, require_equals = true, default_missing_value = "",
        value_parser = cells::ocr_settings)]
    ocr: Option<crate::extract::ocr::Settings>,
    /// Refuse to read where the sandbox of readers lacks a wall
    #[arg(long)]
    require_sandbox: bool,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let spool = Spool::default();
    let walled = cell::Options { require_walls: args.require_sandbox, ..cell::Options::for_threads(1) };
    let cells = cells::start_with(walled, args.ocr.as_ref())?;
    let interrupt = stop::on_signals()?;
    let (content, name, failed) = if args.path == Path::new("-") {
        let stdin = Stdin::open(Arc::clone(&interrupt));
        let mut stdin = stdin.map_err(|error| Failed::new(format!("cannot read standard input: {error}")))?;
        let (content, failed) = spool.take(&mut stdin);
        (content, "-".to_owned(), failed)
    } else {
        let content = Content::open(&args.path, Links::Follow).map_err(|error| unopened(&args.path, &error))?;
        let name = args.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        (content, name, None)
    };
    let budget = Budget::new(limits::apply(&args.limits), Clock::machine(), interrupt, content.len());
    let mut printer = Printer {
        out: BufWriter::new(std::io::stdout()),
        jsonl: args.format == "jsonl",
        parts: 0,
        written: 0,
        broken: None,
    };
    let walked = walk(&content, &name, &budget, &spool, &cells, &mut printer);
    let mut coverage = walked.coverage;
    if let Some(error) = failed {
        coverage.lower(reason_of(&error));
    }
    if printer.jsonl {
        printer.line(&json!({
            "schema": "sluicebox.extract/1",
            "coverage": coverage.state(),
            "reason": coverage.reason().map(|reason| reason.to_string()),
            "type": walked.kind.name,
            "mismatch": walked.mismatch,
            "bytes": walked.bytes,
            "text_bytes": walked.text_bytes,
            "holes": walked.holes.iter().map(|hole| json!({"location": hole.location.steps, "reason": hole.reason.to_string()})).collect::<Vec<_>>(),
            "holes_total": walked.holes_total,
        }));
    }
    printer.finish()?;
    if coverage != Coverage::Complete {
        eprintln!("{}: {coverage}", shown(&args.path));
        for hole in &walked.holes {
            eprintln!("  {}: {}", crate::report::harmless::one_line(&hole.location.to_string()), hole.reason);
        }
    }
    Ok(if coverage.is_gap() { 3 } else { 0 })
}

fn unopened(path: &Path, error: &Unopened) -> Failed {
    let why = match error.reason() {
        _ if path.is_dir() => "it is a folder; name a file".to_owned(),
        reason @ Reason::SpecialFile => advice(reason),
        _ => error.to_string(),
    };
    Failed::new(format!("{}: {why}", shown(path)))
}

struct Printer<W: Write> {
    out: W,
    jsonl: bool,
    parts: u64,
    /// Characters of the open part so far.
    written: u64,
    broken: Option<std::io::Error>,
}

impl<W: Write> Printer<W> {
    fn line(&mut self, value: &serde_json::Value) {
        let text = value.to_string();
        self.raw(&text);
        self.raw("\n");
    }

    fn raw(&mut self, text: &str) {
        if self.broken.is_none() {
            self.broken = self.out.write_all(text.as_bytes()).err();
        }
    }

    fn finish(mut self) -> Result<(), Failed> {
        let flushed = self.broken.take().map_or_else(|| self.out.flush(), Err);
        match flushed {
            Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
                Err(Failed::new(format!("cannot write the text: {error}")))
            }
            _ => Ok(()),
        }
    }
}

impl<W: Write> Visitor for Printer<W> {
    fn open_part(&mut self, chain: &[String], head: &PartHead) -> Result<(), Stop> {
        self.written = 0;
        self.parts += 1;
        if self.jsonl {
            self.line(&json!({
                "schema": "sluicebox.extract/1",
                "part": head.name,
                "members": chain,
                "own_text": head.own_text.is_some(),
                "recovered": head.recovered,
            }));
        } else if self.parts > 1 {
            self.raw("\n");
        }
        Ok(())
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str, _raw: Option<u64>) -> Result<(), Stop> {
        let mut separator = String::new();
        if let Edge::Soft(c) = edge {
            separator.push(c);
        }
        if self.jsonl {
            let start = self.written + separator.chars().count() as u64;
            self.line(&json!({
                "schema": "sluicebox.extract/1",
                "separator": separator,
                "place": place.to_string(),
                "start": start,
                "text": text,
            }));
            self.written = start + text.chars().count() as u64;
        } else {
            self.raw(&separator);
            self.raw(text);
        }
        // A reader that has gone wants no more text.
        if self.broken.is_some() { Err(Stop::Interrupted) } else { Ok(()) }
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        if !self.jsonl {
            self.raw("\n");
        }
        Ok(())
    }
}
