//! `sluicebox explain`: say of an item for every policy why it matches or why not.
//!
//! Only the store is asked. No value that was found is shown, and of names what may be shown.

use super::ask::Form;
use super::config::Config;
use super::named::{self, Sought};
use super::{Failed, policy, shown};
use crate::engine::facts::tags_of;
use crate::engine::judge::{Explained, OfPolicy, explain};
use crate::model::Mode;
use crate::policy::decide::{Kept, Overruled};
use crate::policy::set::short;
use crate::policy::why::{Because, Why};
use crate::policy::{Answer, Policies};
use crate::report::harmless::printable;
use crate::store::{Connector, Known};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Flags of `explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 explained; 2 there is no such item or policy.")]
pub(super) struct Args {
    /// The item: its number (#17), the provider's id, or its path
    item: String,
    /// Only this policy
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Only items of this connector
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
    #[command(flatten)]
    form: Form,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let opened = args.form.open()?;
    let config: &Config = &opened.config;
    let governing = policy::governing(config, &*opened.store, opened.now)?;
    if let Some(name) = &args.policy
        && governing.policies.named(name).is_none()
    {
        return Err(no_policy(name, &governing.policies));
    }
    let sought = Sought { typed: &args.item, connector: args.connector.as_deref(), kind: None };
    let known = named::one(&*opened.store, sought)?;
    let connectors = opened.store.connectors()?;
    let Some(connector) = connectors.iter().find(|one| one.number == known.connector) else {
        return Err(Failed::new("the connector of this item is gone"));
    };
    let rules = crate::rule::load(config.rules()).map_err(|errors| super::refused(&errors))?.rules;
    let tags = tags_of(&rules);
    let mut told = explain(&*opened.store, &governing, &tags, opened.now, &known, connector)?;
    if let Some(name) = &args.policy {
        told.policies.retain(|one| *one.policy.name == **name);
    }
    let mut lines = args.form.lines();
    if lines.json {
        for one in &told.policies {
            lines.row(&policy_row(one, &known, connector))?;
        }
        lines.row(&decision_row(&told, &known))?;
    } else {
        lines.text(text(&told, &named::place(&connectors, &known)).trim_end())?;
    }
    lines.finish()?;
    Ok(0)
}

fn no_policy(name: &str, policies: &Policies) -> Failed {
    let names: Vec<&str> = policies.all.iter().map(|policy| &*policy.name).collect();
    let known = if names.is_empty() { "there is none".to_owned() } else { format!("there are {}", names.join(", ")) };
    Failed::new(format!("there is no policy `{}`\n  {known}", shown(name)))
}

fn answer(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::No => "no",
        Answer::Unknown => "unknown",
    }
}

/// Why a policy's mode is not what its file says.
fn fell_back(one: &OfPolicy) -> Option<&'static str> {
    (one.policy.mode == Mode::Enforce && one.in_force != Mode::Enforce)
        .then_some("it is not approved as it stands: `sluicebox policy approve`")
}

// --- text ---

fn text(told: &Explained, place: &str) -> String {
    let mut out = format!("{}\n", printable(place));
    if told.policies.is_empty() {
        out.push_str("There is no policy.\n");
    }
    for one in &told.policies {
        of_policy(&mut out, one);
    }
    decided(&mut out, told);
    out
}

fn of_policy(out: &mut String, one: &OfPolicy) {
    let verdict = match (one.policy.mode, one.answer) {
        (Mode::Off, _) => "is off",
        (_, Answer::Yes) => "matches",
        (_, Answer::No) => "does not match",
        (_, Answer::Unknown) => "cannot tell",
    };
    let mode = match fell_back(one) {
        Some(why) => format!("{} instead of {}, since {why}", one.in_force, one.policy.mode),
        None => one.in_force.to_string(),
    };
    let _ =
        writeln!(out, "\n{} {verdict} ({mode}; {}; {})", one.policy.name, one.policy.severity, short(&one.policy.hash));
    tree(out, &one.why, 1);
    if let Some(spared) = &one.spared {
        let _ = writeln!(out, "  spared: {spared}");
    }
    for (exception, standing) in &one.exceptions {
        let _ = writeln!(
            out,
            "  exception #{} ({}, until {}) {standing}",
            exception.number,
            exception.is.kind.name(),
            exception.is.until
        );
    }
    if let Some(stored) = &one.stored {
        let asked = if stored.asked { ", actions were asked for" } else { "" };
        let _ = writeln!(out, "  matched since {}{asked}", stored.since);
    }
    if !one.held_back.is_empty() {
        let _ =
            writeln!(out, "  only by a plan, since it does not `allow_people_actions`: {}", one.held_back.join(", "));
    }
}

fn tree(out: &mut String, why: &Why, depth: usize) {
    let mark = match why.answer {
        Answer::Yes => "yes",
        Answer::No => "NO",
        Answer::Unknown => "?",
    };
    let indent = "  ".repeat(depth);
    let mut inner = |head: &str, parts: &[Why]| {
        let _ = writeln!(out, "{indent}{mark:<3} {head}");
        parts.iter().for_each(|part| tree(out, part, depth + 1));
    };
    match &why.because {
        Because::All(parts) => inner("all of", parts),
        Because::Any(parts) => inner("one of", parts),
        Because::Not(part) => inner("not", std::slice::from_ref(part)),
        Because::Saw(saw) if saw.is_empty() => {
            let _ = writeln!(out, "{indent}{mark:<3} {}", printable(&why.text));
        }
        Because::Saw(saw) => {
            let _ = writeln!(out, "{indent}{mark:<3} {}   [{}]", printable(&why.text), printable(saw));
        }
    }
}

fn decided(out: &mut String, told: &Explained) {
    let decision = &told.decision;
    if decision.kept.is_empty() && decision.overruled.is_empty() {
        out.push_str("\nNothing is to be done by any policy in `plan` or `enforce`.\n");
        return;
    }
    out.push_str("\nTo be done, in this order:\n");
    for Kept { ask, votes } in &decision.kept {
        let voters: Vec<String> = votes
            .iter()
            .map(|vote| match vote.ask == *ask {
                true => vote.policy.to_string(),
                false => format!("{} (wants {})", vote.policy, vote.ask.name()),
            })
            .collect();
        let _ = writeln!(out, "  {:<18} by {}", ask.name(), voters.join(", "));
    }
    for Overruled { vote, by } in &decision.overruled {
        let _ = writeln!(
            out,
            "  not {:<14} of {}: it contradicts {by}, which is heard first",
            vote.ask.name(),
            vote.policy
        );
    }
}

// --- json ---

fn why_value(why: &Why) -> Value {
    let parts = |parts: &[Why]| parts.iter().map(why_value).collect::<Vec<_>>();
    let mut value = json!({"filter": why.text, "answer": answer(why.answer)});
    let (key, inner) = match &why.because {
        Because::All(all) => ("all", parts(all).into()),
        Because::Any(any) => ("any", parts(any).into()),
        Because::Not(inner) => ("not", why_value(inner)),
        Because::Saw(saw) => ("saw", saw.as_str().into()),
    };
    value[key] = inner;
    value
}

fn policy_row(one: &OfPolicy, known: &Known, connector: &Connector) -> Value {
    let exceptions: Vec<Value> = one
        .exceptions
        .iter()
        .map(|(exception, standing)| {
            json!({
                "exception": exception.number.0, "kind": exception.is.kind.name(),
                "until": exception.is.until.to_string(), "standing": standing,
            })
        })
        .collect();
    json!({
        "schema": "sluicebox.explained/1",
        "item": known.number.0,
        "connector": connector.name.as_str(),
        "policy": &*one.policy.name,
        "severity": one.policy.severity.name(),
        "hash": short(&one.policy.hash),
        "mode": one.policy.mode.name(),
        "in_force": one.in_force.name(),
        "fell_back": fell_back(one),
        "answer": answer(one.answer),
        "why": why_value(&one.why),
        "spared": one.spared,
        "exceptions": exceptions,
        "since": one.stored.as_ref().map(|stored| stored.since.to_string()),
        "asked": one.stored.as_ref().map(|stored| stored.asked),
        "held_back": one.held_back,
    })
}

fn decision_row(told: &Explained, known: &Known) -> Value {
    let kept = |Kept { ask, votes }: &Kept| {
        let votes: Vec<Value> =
            votes.iter().map(|vote| json!({"policy": &*vote.policy, "asks": vote.ask.name()})).collect();
        json!({"asks": ask.name(), "votes": votes})
    };
    let overruled =
        |Overruled { vote, by }: &Overruled| json!({"policy": &*vote.policy, "asks": vote.ask.name(), "by": &**by});
    json!({
        "schema": "sluicebox.decision/1",
        "item": known.number.0,
        "kept": told.decision.kept.iter().map(kept).collect::<Vec<_>>(),
        "overruled": told.decision.overruled.iter().map(overruled).collect::<Vec<_>>(),
    })
}
