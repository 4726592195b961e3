//! `sluicebox findings`: what was found, where else it is, and, audited, what it was.

mod reveal;
mod show;
mod trace;

pub(super) use trace::is_token;

use super::Failed;
use super::ask::{self, Chosen, Form, Lines};
use crate::engine::facts::Hit;
use crate::model::{Confidence, Finding};
use crate::policy::Answer;
use crate::report::harmless::printable;
use crate::report::{place, units};
use crate::store::{FindingNumber, FindingRow, Scope, Store};
use serde_json::{Value, json};
use std::io::Write;
use std::ops::ControlFlow;

/// Flags of `findings`.
#[derive(Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Exit code: 0 nothing is found; 1 something is; 2 the question was not answered."
)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Tell where else a value is, from its token alone
    Trace(trace::Args),
    /// Tell all about one finding; with --reveal also the value
    Show(show::Args),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    chosen: Chosen,
    /// Only of this detector; `*` stands for anything (id.*)
    #[arg(long, value_name = "ID")]
    detector: Vec<String>,
    /// Only findings this sure: low, medium, high, or a number from 1 to 100
    #[arg(long, value_name = "N", value_parser = confidence)]
    min_confidence: Option<Confidence>,
    /// As it was at this date (2026-01-31), or so long ago ('7 days')
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    #[command(flatten)]
    form: Form,
}

fn confidence(typed: &str) -> Result<Confidence, String> {
    match typed {
        "low" => Confidence::new(1),
        "medium" => Some(Confidence::MEDIUM),
        "high" => Some(Confidence::HIGH),
        number => number.parse().ok().and_then(Confidence::new),
    }
    .ok_or_else(|| "low, medium, high, or a number from 1 to 100".to_owned())
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    match &args.command {
        Some(Command::Trace(args)) => trace::run(args),
        Some(Command::Show(args)) => show::run(args),
        None => list(&args.list),
    }
}

fn list(args: &ListArgs) -> Result<u8, Failed> {
    let question = args.chosen.question()?;
    let opened = args.form.open()?;
    let as_of = ask::past("--as-of", args.as_of.as_deref(), opened.now)?;
    let mut list = List { args, lines: args.form.lines(), findings: 0, items: 0 };
    let scope = Scope { with_findings: as_of.is_none() && question.is_open(), ..Scope::default() };
    let tally = question.ask(&opened, as_of, scope, &mut |hit| list.take(&*opened.store, hit, as_of))?;
    let found = list.findings > 0;
    list.end(tally.unknown)?;
    Ok(u8::from(found))
}

impl ListArgs {
    /// Whether a finding is asked for by its detector and confidence.
    fn wants(&self, finding: &Finding) -> bool {
        let sure = self.min_confidence.is_none_or(|least| finding.confidence >= least);
        let ids = &self.detector;
        sure && (ids.is_empty() || ids.iter().any(|id| crate::policy::fits(id, &finding.detector)))
    }
}

struct List<'a, W: Write> {
    args: &'a ListArgs,
    lines: Lines<W>,
    findings: u64,
    items: u64,
}

impl<W: Write> List<'_, W> {
    fn take(
        &mut self,
        store: &dyn Store,
        hit: &Hit<'_>,
        as_of: Option<crate::clock::Moment>,
    ) -> Result<ControlFlow<()>, Failed> {
        let (Answer::Yes, Some(reading)) = (hit.answer, hit.reading) else { return Ok(self.lines.go_on()) };
        let mut first = true;
        let args = self.args;
        for row in store.findings(reading, as_of)?.iter().filter(|row| args.wants(&row.finding)) {
            if self.lines.json {
                let head = ask::with(json!({"schema": "sluicebox.stored-finding/1"}), ask::item_value(hit));
                self.lines.row(&ask::with(head, finding_value(row)))?;
            } else {
                self.text(hit, row, first)?;
            }
            self.items += u64::from(first);
            self.findings += 1;
            first = false;
        }
        Ok(self.lines.go_on())
    }

    fn text(&mut self, hit: &Hit<'_>, row: &FindingRow, first: bool) -> Result<(), Failed> {
        if first {
            if self.items > 0 {
                self.lines.text("")?;
            }
            let (level, coverage) = (ask::level_word(hit), ask::coverage_word(hit));
            self.lines.text(format!("{}  [{level}, {coverage}]", ask::place(hit)))?;
        }
        self.lines.text(line(row))
    }

    fn end(mut self, unknown: u64) -> Result<(), Failed> {
        if self.lines.json {
            self.lines.row(&json!({
                "schema": "sluicebox.stored-findings/1",
                "findings": self.findings,
                "items": self.items,
                "unknown": unknown,
            }))?;
            return self.lines.finish();
        }
        if self.findings > 0 {
            self.lines.text("")?;
        }
        let (findings, items) =
            (units::of(self.findings, "finding", "findings"), units::of(self.items, "file", "files"));
        self.lines.text(format!("{findings} in {items}"))?;
        if unknown > 0 {
            let many = units::of(unknown, "item", "items");
            self.lines.text(format!("{many} of which the filter cannot tell yet (`files --unknown` lists them)"))?;
        }
        self.lines.finish()
    }
}

/// A finding on one line.
fn line(row: &FindingRow) -> String {
    let finding = &row.finding;
    format!(
        "  {:>8}  {:<6} {:>3}  {:<24} {:<34} {}",
        format!("#{}", row.number.0),
        finding.confidence.band(),
        finding.confidence,
        finding.detector,
        printable(finding.mask.as_str()),
        printable(&place::words(finding)),
    )
}

/// A stored finding as JSON lines tell it.
fn finding_value(row: &FindingRow) -> Value {
    let finding = &row.finding;
    let evidence =
        finding.evidence.iter().map(|one| json!({"name": &*one.name, "distance": one.distance, "before": one.before}));
    json!({
        "finding": row.number.0,
        "location": &finding.location.steps,
        "part": &*finding.part,
        "detector": &*finding.detector,
        "confidence": finding.confidence.percent(),
        "tier": &*finding.tier,
        "start": finding.start,
        "end": finding.end,
        "mask": finding.mask.as_str(),
        "token": finding.token.as_str(),
        "excerpt": finding.excerpt.as_str(),
        "evidence": evidence.collect::<Vec<_>>(),
        "since": row.since.to_string(),
        "until": row.until.map(|at| at.to_string()),
    })
}

/// The number of a finding as it was typed: `17` or `#17`.
fn number(typed: &str) -> Option<FindingNumber> {
    typed.strip_prefix('#').unwrap_or(typed).parse().ok().map(FindingNumber)
}

fn no_finding(typed: &str) -> Failed {
    Failed::new(format!(
        "there is no finding `{}`\n  `sluicebox findings` lists them with their numbers",
        super::shown(typed)
    ))
}
