//! A plan for a terminal: the sums first, then the items in groups of what is done to them.

use super::{Document, Entry, LeftOut, Planned, Standing, Totals, digits, hash};
use crate::report::harmless::printable;
use crate::report::units::{count, elapsed, of};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// Items of a group that are told unless all are wanted.
pub(super) const ITEMS_TOLD: usize = 10;
/// Lines of one list (people, links, calls) of an item, unless all are wanted.
const LINES_TOLD: usize = 8;

/// The plan as text. `number` is the store's, once it has one; `all` tells every item, else the first of each group.
#[must_use]
pub fn text(plan: &Document, number: Option<i64>, all: bool) -> String {
    let mut out = String::new();
    head(&mut out, plan, number);
    sums(&mut out, &plan.totals);
    for LeftOut { why, items } in &plan.left_out {
        let _ = writeln!(out, "  left out  {}: {}", of(*items, "item", "items"), printable(why));
    }
    let groups = groups(plan);
    for (title, entries) in &groups {
        let _ = writeln!(out, "\n{title} ({})", of(entries.len() as u64, "item", "items"));
        let told = if all { entries.len() } else { ITEMS_TOLD };
        entries.iter().take(told).for_each(|entry| item(&mut out, entry, all));
        let more = entries.len().saturating_sub(told);
        if more > 0 {
            let _ = writeln!(out, "  ... and {} more; --all tells them", count(more as u64));
        }
    }
    out
}

fn head(out: &mut String, plan: &Document, number: Option<i64>) {
    let name = number.map_or_else(|| "Plan".to_owned(), |number| format!("Plan {number}"));
    let kind = if plan.kind == "plan" { String::new() } else { format!(" ({})", printable(&plan.kind)) };
    let _ = writeln!(out, "{name}{kind}, made {} by {}", plan.made, printable(&plan.by));
    let _ = writeln!(out, "  asked     {}", printable(&plan.asked));
    let _ = writeln!(out, "  hash      {}", digits(&hash(&plan.canonical())));
    for policy in &plan.policies {
        let short = policy.hash.get(..12).unwrap_or(&policy.hash);
        let _ = writeln!(
            out,
            "  policy    {} ({}, {}, {short}): {}",
            printable(&policy.name),
            policy.severity,
            policy.mode,
            printable(&policy.title)
        );
    }
    if plan.approvals > 0 {
        let who = if plan.approvals == 1 { "another operator" } else { "other operators" };
        let _ = writeln!(out, "  approval  by {who} than its maker: {}", printable(&plan.approvals_why.join("; ")));
    }
}

fn sums(out: &mut String, totals: &Totals) {
    let Totals { items, acted_on, actions, already_so, blocked, unseen, .. } = totals;
    let _ = writeln!(out, "  items     {}, {} acted on", of(*items, "item", "items"), count(*acted_on));
    let _ = writeln!(
        out,
        "  actions   {} to do, {} already so, {} blocked, {} not looked at",
        count(*actions),
        count(*already_so),
        count(*blocked),
        count(*unseen)
    );
    let _ = writeln!(
        out,
        "  people    {} end; {} die",
        of(totals.accesses_lost, "access", "accesses"),
        of(totals.links_lost, "link", "links")
    );
    let _ = writeln!(
        out,
        "  calls     {} that change something, about {} in all, about {}",
        count(totals.calls),
        count(totals.calls_with_reads),
        elapsed(Duration::from_secs(totals.seconds))
    );
}

/// Entries by what is done to them, in the order of the first of each.
pub(super) fn groups(plan: &Document) -> Vec<(String, Vec<&Entry>)> {
    let mut order: Vec<String> = Vec::new();
    let mut by: BTreeMap<String, Vec<&Entry>> = BTreeMap::new();
    for entry in &plan.entries {
        let title = title(entry);
        if !by.contains_key(&title) {
            order.push(title.clone());
        }
        by.entry(title).or_default().push(entry);
    }
    order.into_iter().filter_map(|title| by.remove(&title).map(|entries| (title, entries))).collect()
}

fn title(entry: &Entry) -> String {
    let names = |acts: bool| {
        let planned = entry.planned.iter().filter(|planned| planned.standing.acts() == acts);
        let mut names: Vec<&str> = planned.map(|planned| planned.name.as_str()).collect();
        names.dedup();
        names.join(", ")
    };
    match (names(true), names(false)) {
        (will, _) if !will.is_empty() => will,
        (_, not) if !not.is_empty() => format!("nothing to do: {not}"),
        _ => "nothing to do".to_owned(),
    }
}

/// The word for how things stand.
pub(super) fn standing(planned: &Planned) -> &'static str {
    match planned.standing {
        Standing::Will | Standing::Unforeseen => "do",
        Standing::AlreadySo => "already so",
        Standing::Blocked => "blocked",
        Standing::Drifted => "drifted",
        Standing::Gone => "gone",
        Standing::Unseen => "not looked at",
        Standing::Tells => "tell",
    }
}

fn item(out: &mut String, entry: &Entry, all: bool) {
    let number = entry.item.map(|number| format!(" #{number}")).unwrap_or_default();
    let _ = writeln!(out, "\n  {}:{}{number}", printable(&entry.connector), printable(&entry.path));
    let owner = if entry.owner.is_empty() { "nobody known" } else { &entry.owner };
    line(out, "what", &format!("{} {}, owner {owner}", entry.sort, entry.id));
    if let Some(open) = &entry.exposure {
        let level = if open.known { open.level.clone() } else { format!("{} or further", open.level) };
        line(out, "open", &level);
        list(out, "why", &open.reasons, all);
    }
    if let Some(since) = entry.since {
        line(out, "since", &since.to_string());
    }
    for found in &entry.found {
        let masks: Vec<String> =
            found.samples.iter().map(|sample| format!("{} ({})", sample.mask, sample.token)).collect();
        let different = of(found.unique, "different value", "different values");
        line(
            out,
            "found",
            &format!("{}: {different}, {} in all: {}", found.detector, count(found.total), masks.join(", ")),
        );
    }
    for vote in &entry.votes {
        line(out, "vote", &format!("{} asks for {}: {}", vote.policy, vote.asks, vote.because));
    }
    entry.planned.iter().for_each(|planned| deed(out, planned, all));
}

fn deed(out: &mut String, planned: &Planned, all: bool) {
    let instead = planned.instead_of.as_ref().map(|name| format!(", instead of {name}")).unwrap_or_default();
    line(out, standing(planned), &format!("{}{instead}", planned.words));
    if let Some(why) = &planned.why {
        line(out, "because", why);
    }
    let calls: Vec<String> = planned.calls.iter().map(|call| call.words.clone()).collect();
    list(out, "call", &calls, all);
    list(out, "loses", &planned.loses, all);
    list(out, "dies", &planned.links, all);
    for stays in &planned.stays {
        line(out, "stays", &stays.words);
        if let Some(command) = &stays.propose {
            line(out, "then", &format!("`{command}`"));
        }
    }
    list(out, "for good", &planned.cannot_undo, all);
}

fn list(out: &mut String, label: &str, lines: &[String], all: bool) {
    let told = if all { lines.len() } else { LINES_TOLD };
    lines.iter().take(told).for_each(|text| line(out, label, text));
    let more = lines.len().saturating_sub(told);
    if more > 0 {
        line(out, label, &format!("... and {} more", count(more as u64)));
    }
}

fn line(out: &mut String, label: &str, text: &str) {
    let _ = writeln!(out, "    {label:<9} {}", printable(text));
}
