//! `sluicebox files`: which files and folders a filter means.

use super::Failed;
use super::ask::{self, Chosen, Form, Lines};
use crate::engine::facts::{Hit, Tally};
use crate::model::ItemKind;
use crate::policy::Answer;
use crate::report::units;
use crate::store::{Reading, Scope, Store};
use serde_json::{Map, Value, json};
use std::io::Write;
use std::ops::ControlFlow;

/// Flags of `files`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 the question was answered; 2 it was not.")]
pub(super) struct Args {
    #[command(flatten)]
    chosen: Chosen,
    /// Also list items of which the filter cannot tell, marked with `?`
    #[arg(long)]
    unknown: bool,
    /// List at most so many; all are counted
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    #[command(flatten)]
    form: Form,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let question = args.chosen.question()?;
    let opened = args.form.open()?;
    let mut list = List { args, lines: args.form.lines(), listed: 0 };
    let scope = Scope::default();
    let tally = question.ask(&opened, None, scope, &mut |hit| list.take(&*opened.store, hit))?;
    list.end(tally)?;
    Ok(0)
}

struct List<'a, W: Write> {
    args: &'a Args,
    lines: Lines<W>,
    listed: u64,
}

impl<W: Write> List<'_, W> {
    fn take(&mut self, store: &dyn Store, hit: &Hit<'_>) -> Result<ControlFlow<()>, Failed> {
        let wanted = hit.answer == Answer::Yes || self.args.unknown;
        if wanted && self.args.limit.is_none_or(|limit| self.listed < limit) {
            let reading = hit.reading.map(|number| store.reading(number)).transpose()?.flatten();
            self.line(hit, reading.as_ref())?;
            self.listed += 1;
        }
        Ok(self.lines.go_on())
    }

    fn line(&mut self, hit: &Hit<'_>, reading: Option<&Reading>) -> Result<(), Failed> {
        if self.lines.json {
            return self.lines.row(&row(hit, reading));
        }
        if self.listed == 0 {
            self.lines.text(format!("{:>9}  {:<10} {:<27} {:>8}  ITEM", "NUMBER", "ACCESS", "READ", "FINDINGS"))?;
        }
        let mark = if hit.answer == Answer::Unknown { "?" } else { "" };
        let findings = match reading {
            Some(reading) => units::count(reading.counts.iter().map(|count| count.total).sum()),
            None => "-".to_owned(),
        };
        self.lines.text(format!(
            "{:>9}  {:<10} {:<27} {findings:>8}  {mark}{}",
            format!("#{}", hit.known.number),
            ask::level_word(hit),
            ask::coverage_word(hit),
            ask::place(hit),
        ))
    }

    fn end(mut self, tally: Tally) -> Result<(), Failed> {
        if self.lines.json {
            self.lines.row(&json!({
                "schema": "sluicebox.items/1",
                "asked": tally.asked,
                "matched": tally.yes,
                "unknown": tally.unknown,
                "listed": self.listed,
            }))?;
            return self.lines.finish();
        }
        if self.listed > 0 {
            self.lines.text("")?;
        }
        let of = units::of(tally.yes, "item", "items");
        let shown = tally.yes + if self.args.unknown { tally.unknown } else { 0 };
        let cut = if self.listed < shown { format!(", {} listed", units::count(self.listed)) } else { String::new() };
        self.lines.text(format!("{of}{cut}"))?;
        if tally.unknown > 0 {
            let help = if self.args.unknown { "marked with ?" } else { "--unknown lists them" };
            let many = units::of(tally.unknown, "item", "items");
            self.lines.text(format!("{many} of which the filter cannot tell yet ({help})"))?;
        }
        self.lines.finish()
    }
}

fn row(hit: &Hit<'_>, reading: Option<&Reading>) -> Value {
    let item = &hit.known.item;
    let is_file = item.kind == ItemKind::File;
    let coverage = hit.coverage.filter(|_| is_file);
    let found = reading.map(|reading| {
        let counts = reading.counts.iter().filter(|count| count.total > 0);
        counts.map(|count| (count.detector.to_string(), json!(count.total))).collect::<Map<_, _>>()
    });
    let more = json!({
        "schema": "sluicebox.item/1",
        "answer": ask::answer_word(hit.answer),
        "coverage": if is_file { coverage.map_or("waiting", crate::model::Coverage::state).into() } else { Value::Null },
        "reason": coverage.and_then(crate::model::Coverage::reason).map(|reason| reason.to_string()),
        "findings": found,
        "type": reading.map(|reading| &*reading.sniffed),
        "bytes": is_file.then_some(item.size_bytes),
        "version": item.version.as_deref(),
        "created": item.created.map(|at| at.to_string()),
        "modified": item.modified.map(|at| at.to_string()),
        "owner": item.owner.as_ref().and_then(|owner| owner.login.as_deref()),
        "label": item.label.as_deref(),
        "trashed": item.trashed.map(|at| at.to_string()),
        "first_seen": hit.known.first_seen.to_string(),
    });
    ask::with(ask::item_value(hit), more)
}
