//! `sluicebox policy list` and `show`: the policies of the settings, as written and as they are in force.

use super::super::Failed;
use super::super::ask::{Form, Lines};
use super::super::config::Config;
use super::super::service;
use super::loaded;
use crate::model::Mode;
use crate::policy::file::About;
use crate::policy::set::short;
use crate::policy::{Policies, Policy, Wish};
use crate::report::harmless::one_line;
use crate::report::units;
use crate::store::{Approved, Store};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// Flags of `policy list`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    form: Form,
}

/// Flags of `policy show`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ShowArgs {
    /// The policy's name
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    form: Form,
}

/// The policies with what the store knows of them.
struct Listed {
    policies: Policies,
    about: Vec<About>,
    /// Approvals as they stand; empty without a store.
    approved: Vec<Approved>,
    /// Items that match, by policy; `None` without a store.
    matches: Option<BTreeMap<Arc<str>, u64>>,
}

impl Listed {
    fn of(config: &Config) -> Result<Self, Failed> {
        let loaded = loaded(config)?;
        // Before `init` there is no store, and nothing is approved.
        let store = match config.service().store_file().exists() {
            true => Some(service::open_to_read(config)?),
            false => None,
        };
        let approved = store.as_ref().map(|store| store.approved_policies()).transpose().map_err(Failed::new)?;
        let approved = approved.unwrap_or_default();
        let named = approved.iter().map(|one| (Arc::clone(&one.policy.policy), one.policy.hash)).collect();
        let matches = store.as_deref().map(counts).transpose()?;
        Ok(Self { policies: Policies::new(loaded.policies, named), about: loaded.about, approved, matches })
    }

    fn approval(&self, policy: &Policy) -> Option<&Approved> {
        self.approved.iter().find(|one| one.policy.policy == policy.name && one.policy.hash == policy.hash)
    }

    /// Another form of it was approved once.
    fn was_approved(&self, policy: &Policy) -> bool {
        self.approved.iter().any(|one| one.policy.policy == policy.name)
    }

    fn matched(&self, policy: &Policy) -> Option<u64> {
        Some(self.matches.as_ref()?.get(&policy.name).copied().unwrap_or(0))
    }

    fn row(&self, at: usize, policy: &Policy) -> Value {
        let about = &self.about[at];
        let approval = self.approval(policy);
        json!({
            "schema": "sluicebox.policy/1",
            "name": &*policy.name,
            "title": &*policy.title,
            "severity": policy.severity,
            "mode": policy.mode,
            "in_force": self.policies.mode(policy),
            "hash": hex(&policy.hash),
            "approved": approval.map(|one| json!({"plan": one.plan, "by": &*one.by, "at_ms": one.at.as_millis()})),
            "matches": self.matched(policy),
            "where": policy.filter.to_string(),
            "actions": policy.wishes.iter().map(wish_row).collect::<Vec<_>>(),
            "approvals": policy.approvals,
            "allow_people_actions": policy.allow_people_actions,
            "breaker": {
                "items_max": policy.breaker.items_max,
                "share_max_hundredths_percent": policy.breaker.share_max,
                "per_owner_hour_max": policy.breaker.per_owner_hour_max,
            },
            "description": &*about.description,
            "jurisdiction": about.jurisdiction.iter().map(|one| &**one).collect::<Vec<_>>(),
            "file": &*about.file,
            "line": about.line,
        })
    }
}

fn counts(store: &dyn Store) -> Result<BTreeMap<Arc<str>, u64>, Failed> {
    let mut all = BTreeMap::new();
    for count in store.match_counts().map_err(Failed::new)? {
        *all.entry(count.policy).or_insert(0) += count.items;
    }
    Ok(all)
}

fn wish_row(wish: &Wish) -> Value {
    json!({
        "do": wish.ask.name(),
        "is": wish.ask,
        "after_secs": wish.after.as_secs(),
        "if_still": wish.still,
    })
}

/// All digits of a hash.
pub(super) fn hex(hash: &[u8; 32]) -> String {
    hash.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(in crate::cli) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.form.settings.as_deref(), false)?;
    let listed = Listed::of(&config)?;
    let mut lines = args.form.lines();
    if args.form.format == "jsonl" {
        for (at, policy) in listed.policies.all.iter().enumerate() {
            lines.row(&listed.row(at, policy))?;
        }
        lines.finish()?;
        return Ok(0);
    }
    table(&listed, &mut lines)?;
    lines.finish()?;
    Ok(0)
}

fn table<W: Write>(listed: &Listed, lines: &mut Lines<W>) -> Result<(), Failed> {
    let all = &listed.policies.all;
    if all.is_empty() {
        return lines.text("No policies. `sluicebox policy templates --copy DIR` gives some to begin with.");
    }
    let width = all.iter().map(|policy| policy.name.len()).max().unwrap_or(0).max(4);
    lines.text(format!(
        "{:width$}  {:<8}  {:<7}  {:<8}  {:<12}  {:<12}  {:>9}  TITLE",
        "NAME", "SEVERITY", "MODE", "IN FORCE", "HASH", "APPROVED", "MATCHES"
    ))?;
    for policy in all {
        let approved = match listed.approval(policy) {
            Some(one) => format!("plan {}", one.plan),
            None if listed.was_approved(policy) => "was edited".to_owned(),
            None => "no".to_owned(),
        };
        let matches = listed.matched(policy).map_or_else(|| "-".to_owned(), units::count);
        lines.text(format!(
            "{:width$}  {:<8}  {:<7}  {:<8}  {:<12}  {approved:<12}  {matches:>9}  {}",
            policy.name,
            policy.severity.name(),
            policy.mode.name(),
            listed.policies.mode(policy).name(),
            short(&policy.hash),
            one_line(&policy.title),
        ))?;
    }
    lines.text(units::of(all.len() as u64, "policy", "policies"))
}

/// The policy of that name and its place among all.
pub(super) fn find<'a>(all: &'a [Arc<Policy>], name: &str) -> Result<(usize, &'a Arc<Policy>), Failed> {
    let found = all.iter().enumerate().find(|(_, policy)| *policy.name == *name);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|policy| &*policy.name).collect();
        let there = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Failed::new(format!("there is no policy `{}`\n  there is {there}", one_line(name)))
    })
}

pub(in crate::cli) fn show(args: &ShowArgs) -> Result<u8, Failed> {
    let config = Config::load(args.form.settings.as_deref(), false)?;
    let listed = Listed::of(&config)?;
    let (at, policy) = find(&listed.policies.all, &args.name)?;
    let mut lines = args.form.lines();
    if args.form.format == "jsonl" {
        lines.row(&listed.row(at, policy))?;
    } else {
        lines.text(page(&listed, at, policy).trim_end())?;
    }
    lines.finish()?;
    Ok(0)
}

fn page(listed: &Listed, at: usize, policy: &Policy) -> String {
    let about = &listed.about[at];
    let mut out = format!("{}: {}\n", policy.name, one_line(&policy.title));
    let mut line = |name: &str, what: &str| {
        let _ = writeln!(out, "  {name:<12} {what}");
    };
    if !about.description.is_empty() {
        line("", &one_line(&about.description));
    }
    line(
        "file",
        &format!("{}:{}, heard as number {} of {}", one_line(&about.file), about.line, at + 1, listed.about.len()),
    );
    line("severity", policy.severity.name());
    let in_force = listed.policies.mode(policy);
    let falls = if in_force == policy.mode { String::new() } else { format!(", in force as {}", in_force.name()) };
    line("mode", &format!("{}{falls}", policy.mode.name()));
    line("hash", &hex(&policy.hash));
    line("approved", &approval(listed, policy));
    if let Some(matches) = listed.matched(policy) {
        line("matches", &units::of(matches, "item", "items"));
    }
    if !about.jurisdiction.is_empty() {
        line("jurisdiction", &one_line(&about.jurisdiction.join(", ")));
    }
    line("where", &one_line(&policy.filter.to_string()));
    for wish in &policy.wishes {
        line("do", &sentence(wish));
    }
    if policy.wishes.is_empty() {
        line("do", "nothing: its matches are recorded and alerted");
    }
    let bound = |bound: Option<u64>| bound.map_or_else(|| "no limit".to_owned(), units::count);
    let share = policy.breaker.share_max.map_or_else(
        || "no limit".to_owned(),
        |share| format!("{}.{:02} % of the connector", share / 100, share % 100),
    );
    let breaker = (bound(policy.breaker.items_max), bound(policy.breaker.per_owner_hour_max));
    line("breaker", &format!("items {}, {share}, of one owner in an hour {}", breaker.0, breaker.1));
    let people = if policy.allow_people_actions { "; people without asking each time" } else { "" };
    line("approvals", &format!("{}{people}", policy.approvals));
    out
}

fn approval(listed: &Listed, policy: &Policy) -> String {
    match listed.approval(policy) {
        Some(one) => format!("by {}, plan {}", one_line(&one.by), one.plan),
        None if listed.was_approved(policy) => {
            "not as it stands: it was edited since; make a plan and approve it again".to_owned()
        }
        None if policy.mode == Mode::Enforce => format!("no: `sluicebox policy approve {} --plan N`", policy.name),
        None => "no".to_owned(),
    }
}

/// A wish in words.
fn sentence(wish: &Wish) -> String {
    let mut words = wish.ask.name().to_owned();
    if let Ok(Value::Object(map)) = serde_json::to_value(&wish.ask)
        && let Some(Value::Object(parameters)) = map.into_iter().next().map(|(_, inner)| inner)
    {
        for (key, value) in parameters.into_iter().filter(|(_, value)| !value.is_null()) {
            let secs = value.get("secs").and_then(Value::as_u64);
            let value = match (secs, &value) {
                (Some(secs), _) => units::elapsed(Duration::from_secs(secs)),
                (None, Value::String(text)) => one_line(text),
                (None, other) => other.to_string(),
            };
            let _ = write!(words, ", {key} {value}");
        }
    }
    if !wish.after.is_zero() {
        let still = match wish.still {
            crate::policy::Still::Matched => "it still matches",
            crate::policy::Still::Exposed => "it is still exposed",
        };
        let _ = write!(words, "; after {}, if {still}", units::elapsed(wish.after));
    }
    words
}
