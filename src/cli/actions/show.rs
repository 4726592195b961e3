//! `sluicebox actions show`.

use super::Format;
use super::told::{self, Names, StateWord};
use crate::cli::ask::{Lines, with};
use crate::cli::config::Config;
use crate::cli::{Failed, service};
use crate::model::IntentNumber;
use crate::model::action::{Did, Ended, Step};
use crate::report::harmless::{one_line, printable};
use crate::store::{Intent, Ordered};
use serde_json::{Value, json};
use std::io::{self, BufWriter, Write};

/// Flags of `actions show`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Its number, as `actions list` tells it
    number: i64,
    #[command(flatten)]
    format: Format,
}

pub(super) fn run(config: &Config, args: &Args) -> Result<u8, Failed> {
    let store = service::open_to_read(config)?;
    let found = store.intent(IntentNumber(args.number))?;
    let intent = found.ok_or_else(|| {
        Failed::new(format!("there is no action {}\n  `sluicebox actions list` tells all", args.number))
    })?;
    let state = StateWord::of(&*store, &intent)?;
    let names = Names::new(&*store)?;
    let mut lines = Lines::new(BufWriter::new(io::stdout().lock()), args.format.is_json());
    if lines.json {
        let orders: Vec<Value> = intent.orders.iter().map(order_row).collect();
        lines.row(&with(told::row(&names, &intent, state)?, json!({ "orders": orders })))?;
    } else {
        text(&mut lines, &names, &intent, state)?;
    }
    lines.finish()?;
    Ok(0)
}

/// How a step was answered.
fn answer(did: Option<&Did>) -> String {
    match did.map(|did| &did.ended) {
        None => "it may have been called; the answer was not written down".to_owned(),
        Some(Ended::Answered) => "done".to_owned(),
        Some(Ended::Unclear(said)) => format!("unclear ({said})"),
        Some(Ended::Moved) => "what it was to change had changed meanwhile".to_owned(),
        Some(Ended::Refused(block)) => format!("refused: {block}"),
        Some(Ended::PutOff(said)) => format!("put off by the provider ({said}); nothing was done"),
    }
}

fn step_row((step, did): &(Step, Option<Did>)) -> Value {
    json!({
        "step": step.name(),
        "at": did.as_ref().map(|did| did.at.to_string()),
        "answer": answer(did.as_ref()),
        "requests": did.as_ref().map(|did| did.requests.clone()),
    })
}

fn order_row(ordered: &Ordered) -> Value {
    json!({
        "order": &*ordered.order.id,
        "action": ordered.order.action.name(),
        "outcome": ordered.receipt.as_ref().map(|receipt| receipt.outcome.name()),
        "steps": ordered.steps.iter().map(step_row).collect::<Vec<_>>(),
    })
}

fn text<W: Write>(lines: &mut Lines<W>, names: &Names<'_>, intent: &Intent, state: StateWord) -> Result<(), Failed> {
    let mut fact = |name: &str, what: &str| {
        if what.is_empty() { Ok(()) } else { lines.text(format!("  {name:<10} {}", one_line(what))) }
    };
    let on = names.target(intent)?;
    fact("action", &format!("{} {}", intent.number, intent.is.name))?;
    fact("on", &on)?;
    fact("state", &told::state_words(intent, state))?;
    fact("why", &intent.why)?;
    let policies: Vec<String> = intent
        .is
        .voters
        .iter()
        .map(|voter| format!("{} ({})", voter.policy, told::hex(voter.hash.get(..6).unwrap_or_default())))
        .collect();
    fact("policies", &policies.join(", "))?;
    fact("rules", &intent.is.rules.map(|rules| format!("version {}", rules.0)).unwrap_or_default())?;
    let plan = intent.is.plan.map(|plan| format!(", plan {plan}")).unwrap_or_default();
    fact("asked by", &format!("{} ({}{plan}), {}", intent.is.actor, intent.is.cause, intent.made))?;
    fact("undoes", &intent.is.undoes.map(|undone| format!("action {undone}")).unwrap_or_default())?;
    fact("begun", &intent.begun.map(|at| at.to_string()).unwrap_or_default())?;
    fact("ended", &intent.ended.map(|at| at.to_string()).unwrap_or_default())?;
    fact("retries", &intent.attempts.to_string())?;
    for ordered in &intent.orders {
        order_text(lines, names, intent, ordered)?;
    }
    let revert = told::revert(intent, state);
    let can = if revert.is_possible { "can be undone" } else { "cannot be undone" };
    lines.text(format!("{can}: {}", one_line(&revert.why)))?;
    if revert.is_possible {
        lines.text(format!("  sluicebox undo --action {}", intent.number))?;
    }
    Ok(())
}

fn order_text<W: Write>(
    lines: &mut Lines<W>,
    names: &Names<'_>,
    intent: &Intent,
    ordered: &Ordered,
) -> Result<(), Failed> {
    let outcome = ordered.receipt.as_ref().map_or("not ended", |receipt| receipt.outcome.name());
    lines.text(format!("{}: {}", ordered.order.action.name(), outcome.replace('_', " ")))?;
    if let Some(found) = told::found(ordered) {
        lines.text(format!("  found      {}", one_line(&told::state_line(found))))?;
    }
    for (step, did) in &ordered.steps {
        let at = did.as_ref().map_or_else(|| "                    ".to_owned(), |did| did.at.to_string());
        let requests: Vec<&str> = did.iter().flat_map(|did| &did.requests).map(|request| &**request).collect();
        let requests =
            if requests.is_empty() { String::new() } else { format!("  [{}]", printable(&requests.join(" "))) };
        lines.text(format!("  step       {at}  {}: {}{requests}", step.name(), one_line(&answer(did.as_ref()))))?;
    }
    let Some(receipt) = &ordered.receipt else { return Ok(()) };
    if let Some(now) = &receipt.read_back {
        lines.text(format!("  after      {}", one_line(&told::state_line(now))))?;
    }
    for left in &receipt.left {
        let (words, command) = told::left_words(names, intent.is.connector, left)?;
        lines.text(format!("  left       {}", one_line(&words)))?;
        if let Some(command) = command {
            lines.text(format!("             {}", printable(&command)))?;
        }
    }
    Ok(())
}
