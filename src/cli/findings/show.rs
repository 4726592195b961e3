//! `findings show`: everything that is known of one finding; with `--reveal` the value itself, read again from its file.

use super::trace::each_holder;
use super::{finding_value, no_finding, number, reveal};
use crate::cli::Failed;
use crate::cli::ask::{self, Form, Opened};
use crate::report::harmless::{one_line, printable};
use crate::report::{place, units};
use crate::store::FindingRow;
use serde_json::json;

/// Holders that are named; the rest is counted.
const HOLDERS_SHOWN: u64 = 10;

/// Flags of `findings show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 it was shown; 2 it was not.")]
pub(super) struct Args {
    /// The finding's number
    #[arg(value_name = "NUMBER")]
    what: String,
    /// Read the file again and show the value: on a terminal only, with a reason, written into the audit log first
    #[arg(long, requires = "reason")]
    reveal: bool,
    /// Why the value must be seen
    #[arg(long, value_name = "TEXT", requires = "reveal")]
    reason: Option<String>,
    #[command(flatten)]
    form: Form,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let reason = args.reason.as_deref().filter(|_| args.reveal);
    if let Some(reason) = reason {
        reveal::allowed(reason, &args.form.format)?;
    }
    let opened = args.form.open()?;
    let number = number(&args.what).ok_or_else(|| no_finding(&args.what))?;
    let row = opened.store.finding(number)?.ok_or_else(|| no_finding(&args.what))?;
    show(args, &opened, &row)?;
    if let Some(reason) = reason {
        reveal::reveal(&opened, &row, reason)?;
    }
    Ok(0)
}

fn show(args: &Args, opened: &Opened, row: &FindingRow) -> Result<(), Failed> {
    let mut lines = args.form.lines();
    let (mut holders, mut named) = (0_u64, Vec::new());
    let mut values = Vec::new();
    each_holder(opened, row, &mut |hit| {
        holders += 1;
        if holders <= HOLDERS_SHOWN {
            named.push(format!("{}  [{}]", ask::place(hit), ask::level_word(hit)));
            values.push(ask::item_value(hit));
        }
        Ok(())
    })?;
    if lines.json {
        let more = json!({"schema": "sluicebox.finding-shown/1", "items": values, "items_total": holders});
        lines.row(&ask::with(more, finding_value(row)))?;
        return lines.finish();
    }
    let finding = &row.finding;
    let until = row.until.map_or_else(|| "holds".to_owned(), |at| format!("held until {at}"));
    let fact = |name: &str, value: &str| format!("{name:<11} {value}");
    lines.text(fact("finding", &format!("#{}, {until}, since {}", row.number.0, row.since)))?;
    lines.text(fact("detector", &finding.detector))?;
    lines.text(fact(
        "confidence",
        &format!("{} {}, tier {}", finding.confidence.band(), finding.confidence, finding.tier),
    ))?;
    lines.text(fact("value", &printable(finding.mask.as_str())))?;
    lines.text(fact("excerpt", &one_line(finding.excerpt.as_str())))?;
    lines.text(fact("place", &printable(&place::words(finding))))?;
    lines.text(fact("evidence", &place::evidence_words(&finding.evidence)))?;
    lines.text(fact("token", finding.token.as_str()))?;
    for (at, holder) in named.iter().enumerate() {
        lines.text(fact(if at == 0 { "in" } else { "" }, holder))?;
    }
    if holders > HOLDERS_SHOWN {
        let more = units::of(holders - HOLDERS_SHOWN, "file", "files");
        lines.text(fact("", &format!("and {more} more with the same content")))?;
    }
    lines.finish()
}
