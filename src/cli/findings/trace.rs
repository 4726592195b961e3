//! `findings trace`: where else is this value? Equal values have equal tokens, so no value is needed to tell.

use super::{finding_value, line, no_finding, number};
use crate::cli::Failed;
use crate::cli::ask::{self, Form, Lines, Opened};
use crate::engine::facts::{Asker, Hit};
use crate::policy::{Answer, Tags};
use crate::report::units;
use crate::store::{FindingNumber, FindingRow};
use serde_json::json;
use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

/// Findings and holders read at once.
const PAGE: usize = 500;

/// Flags of `findings trace`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 it is nowhere; 1 it is somewhere; 2 the question was not answered.")]
pub(super) struct Args {
    /// A token (k1:...), or the number of a finding that has it
    #[arg(value_name = "TOKEN|NUMBER")]
    what: String,
    #[command(flatten)]
    form: Form,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let opened = args.form.open()?;
    let token = token(&opened, &args.what)?;
    let mut trace = Trace { opened: &opened, lines: args.form.lines(), findings: 0, items: HashSet::new() };
    let mut after: Option<FindingNumber> = None;
    loop {
        let page = opened.store.trace(&token, after, PAGE)?;
        for row in &page {
            trace.take(row)?;
        }
        after = page.last().map(|row| row.number);
        if page.len() < PAGE || trace.lines.go_on().is_break() {
            break;
        }
    }
    trace.end(&token)
}

/// Whether a word is spelled as tokens are.
pub(in crate::cli) fn is_token(typed: &str) -> bool {
    let digits = typed.strip_prefix('k').and_then(|rest| rest.split_once(':')).map(|(_, digits)| digits);
    digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The token that was typed, or that of the finding that was.
fn token(opened: &Opened, typed: &str) -> Result<Arc<str>, Failed> {
    if let Some(number) = number(typed) {
        let row = opened.store.finding(number)?.ok_or_else(|| no_finding(typed))?;
        return Ok(row.finding.token.as_str().into());
    }
    // What is no token may be a value: it is not repeated.
    is_token(typed).then(|| typed.into()).ok_or_else(|| {
        Failed::new("this is neither a token (k1: and 32 hexadecimal digits) nor the number of a finding\n  tokens stand in `sluicebox findings --format jsonl`")
    })
}

struct Trace<'a, W: Write> {
    opened: &'a Opened,
    lines: Lines<W>,
    findings: u64,
    items: HashSet<i64>,
}

impl<W: Write> Trace<'_, W> {
    /// Tells a finding once for each item that holds its content.
    fn take(&mut self, row: &FindingRow) -> Result<(), Failed> {
        self.findings += 1;
        each_holder(self.opened, row, &mut |hit| {
            self.items.insert(hit.known.number.0);
            if self.lines.json {
                let head = ask::with(json!({"schema": "sluicebox.stored-finding/1"}), ask::item_value(hit));
                return self.lines.row(&ask::with(head, finding_value(row)));
            }
            self.lines.text(format!("{}  [{}]", ask::place(hit), ask::level_word(hit)))?;
            self.lines.text(line(row))
        })
    }

    fn end(mut self, token: &str) -> Result<u8, Failed> {
        let items = self.items.len() as u64;
        if self.lines.json {
            self.lines.row(&json!({
                "schema": "sluicebox.trace/1",
                "token": token,
                "findings": self.findings,
                "items": items,
            }))?;
        } else {
            let findings = units::of(self.findings, "finding", "findings");
            self.lines.text(format!("{findings} of this value in {}", units::of(items, "file", "files")))?;
        }
        let found = self.findings > 0;
        self.lines.finish()?;
        Ok(u8::from(found))
    }
}

/// Tells `take` each item that holds the content of a finding.
pub(super) fn each_holder(
    opened: &Opened,
    row: &FindingRow,
    take: &mut dyn FnMut(&Hit<'_>) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let asker = Asker::new(&*opened.store, Tags::default(), opened.now, None)?;
    let mut after = None;
    loop {
        let page = opened.store.holders(row.reading, after, PAGE)?;
        for number in &page {
            let Some(known) = opened.store.item(*number)? else { continue };
            let Some(connector) = asker.connector(known.connector) else { continue };
            let (coverage, reading) = (known.coverage, known.reading);
            take(&Hit { known: &known, connector, coverage, reading, answer: Answer::Yes })?;
        }
        after = page.last().copied();
        if page.len() < PAGE {
            return Ok(());
        }
    }
}
