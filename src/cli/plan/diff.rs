//! `sluicebox plan diff OLD NEW`: what a plan would do otherwise than an earlier one, item by item.

use super::{Failed, kept};
use crate::cli::ask::Form;
use crate::report::harmless::printable;
use crate::report::plan::diff::{Change, Difference, Side, difference};
use crate::report::units::of;
use serde_json::json;

/// Flags of `plan diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 both would do the same; 1 they would not; 2 that could not be told.")]
pub(super) struct Args {
    /// The earlier plan's number
    old: i64,
    /// The later plan's number
    new: i64,
    #[command(flatten)]
    form: Form,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let opened = args.form.open()?;
    let ((_, old), (_, new)) = (kept(&*opened.store, args.old)?, kept(&*opened.store, args.new)?);
    let all = difference(&old, &new);
    let mut lines = args.form.lines();
    for one in &all {
        if lines.json {
            lines.row(&json!({
                "schema": "sluicebox.plan-difference/1",
                "connector": one.entry.connector, "item": one.entry.item, "id": one.entry.id, "path": one.entry.path,
                "change": one.change.name(), "removed": one.removed, "added": one.added,
            }))?;
        } else {
            text(one).lines().try_for_each(|line| lines.text(line))?;
        }
    }
    if !lines.json {
        let count = |change| all.iter().filter(|one| one.change == change).count() as u64;
        lines.text(format!(
            "{} only in plan {}, {} only in plan {}, {} otherwise.",
            of(count(Change::Only(Side::New)), "item", "items"),
            args.new,
            count(Change::Only(Side::Old)),
            args.old,
            count(Change::Otherwise)
        ))?;
    }
    lines.finish()?;
    Ok(u8::from(!all.is_empty()))
}

fn text(one: &Difference<'_>) -> String {
    let mut text = format!("{} {}  {}\n", one.change.mark(), one.entry.connector, printable(&one.entry.path));
    for (mark, lines) in [('-', &one.removed), ('+', &one.added)] {
        lines.iter().for_each(|line| text.push_str(&format!("    {mark} {}\n", printable(line))));
    }
    text
}
