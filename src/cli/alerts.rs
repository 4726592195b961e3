//! `sluicebox alerts`: list, show and close alerts.

use super::ask::{Lines, kind_name};
use super::config::Config;
use super::named::{self, connector_name};
use super::rules::print;
use super::{Failed, service};
use crate::engine::control::Command;
use crate::engine::control::govern::Deed;
use crate::model::{AlertNumber, ItemKind, ItemNumber, Severity};
use crate::report::harmless::{one_line, printable};
use crate::report::units;
use crate::store::{Alert, AlertGroup, Connector, Store};
use serde_json::{Value, json};
use std::io::{self, BufWriter};
use std::path::PathBuf;

/// Alerts and items read at a time.
const PAGE: usize = 500;

/// Flags of `alerts`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE", global = true)]
    settings: Option<PathBuf>,
    #[command(subcommand)]
    command: Sub,
}

#[derive(Debug, clap::Subcommand)]
enum Sub {
    /// List the alerts that are open, the newest first
    List(ListArgs),
    /// Show an alert with its items
    Show(ShowArgs),
    /// Close an alert; the next match of its group opens another
    Close(CloseArgs),
}

#[derive(Debug, clap::Args)]
struct Format {
    /// Output format: text, jsonl
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "jsonl"])]
    format: String,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Also those that were closed
    #[arg(long)]
    all: bool,
    /// Only of this policy
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// Only those at least this grave: low, medium, high, critical
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    min_severity: Option<Severity>,
    /// List so many at most
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    max: usize,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// Its number
    number: i64,
    /// List so many items at most
    #[arg(long, value_name = "N", default_value_t = 100)]
    max: usize,
    #[command(flatten)]
    format: Format,
}

#[derive(Debug, clap::Args)]
struct CloseArgs {
    /// Its number
    number: i64,
    /// Why: kept with it and in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

fn severity(typed: &str) -> Result<Severity, String> {
    typed.parse().map_err(|()| "low, medium, high or critical".to_owned())
}

impl Format {
    fn lines(&self) -> Lines<BufWriter<io::StdoutLock<'static>>> {
        Lines::new(BufWriter::new(io::stdout().lock()), self.format == "jsonl")
    }
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    match &args.command {
        Sub::List(args) => list(&config, args),
        Sub::Show(args) => show(&config, args),
        Sub::Close(args) => close(&config, args),
    }
}

fn close(config: &Config, args: &CloseArgs) -> Result<u8, Failed> {
    let deed = Deed::AlertClose { alert: args.number, reason: args.reason.clone() };
    service::reach(config, "alerts close")?.perform(&Command::Govern { deed })?;
    print(&format!("Alert {} is closed.\n", args.number))?;
    Ok(0)
}

fn list(config: &Config, args: &ListArgs) -> Result<u8, Failed> {
    let store = service::open_to_read(config)?;
    let connectors = store.connectors()?;
    let wanted = |alert: &Alert| {
        args.policy.as_deref().is_none_or(|policy| *alert.policy == *policy)
            && args.min_severity.is_none_or(|least| alert.key.severity >= least)
    };
    let mut lines = args.format.lines();
    let (mut before, mut listed): (Option<AlertNumber>, usize) = (None, 0);
    while listed < args.max && lines.go_on().is_continue() {
        let page = store.alerts(args.all, before, PAGE)?;
        let Some(last) = page.last() else { break };
        before = Some(last.number);
        for alert in page.iter().filter(|alert| wanted(alert)).take(args.max - listed) {
            listed += 1;
            if lines.json {
                lines.row(&row(&*store, &connectors, alert)?)?;
                continue;
            }
            if listed == 1 {
                lines.text(format!(
                    "{:>7}  {:<9} {:>9}  {:<21} POLICY AND PLACE",
                    "NUMBER", "SEVERITY", "MATCHES", "LAST"
                ))?;
            }
            lines.text(line(&*store, &connectors, alert)?)?;
        }
    }
    if !lines.json {
        let open = if args.all { "" } else { " open" };
        lines.text(format!("{}{open}.", units::of(listed as u64, "alert", "alerts")))?;
    }
    lines.finish()?;
    Ok(0)
}

/// An alert on one line.
fn line(store: &dyn Store, connectors: &[Connector], alert: &Alert) -> Result<String, Failed> {
    let closed = if alert.closed.is_some() { "  (closed)" } else { "" };
    Ok(format!(
        "{:>7}  {:<9} {:>9}  {:<21} {}: {}{closed}",
        alert.number,
        alert.key.severity.name(),
        units::count(alert.items),
        alert.last.to_string(),
        printable(&alert.policy),
        place(store, connectors, alert.key.group.as_ref())?,
    ))
}

/// Where the matches of an alert are, harmless to a terminal.
fn place(store: &dyn Store, connectors: &[Connector], group: Option<&AlertGroup>) -> Result<String, Failed> {
    let Some(group) = group else { return Ok("roll-up of what was there before".to_owned()) };
    let folder = match folder(store, group)? {
        Some(path) => format!("{}/", printable(&path)),
        None if group.folder.is_empty() => "no folder".to_owned(),
        None => format!("folder {}", printable(&group.folder)),
    };
    let owner = match owner(store, group)? {
        Some(owner) => format!(" of {}", printable(&owner)),
        None => String::new(),
    };
    Ok(format!("{}:{folder}{owner}", connector_name(connectors, group.connector)))
}

/// What of the folder's path may be shown; `None` when it is not known.
fn folder(store: &dyn Store, group: &AlertGroup) -> Result<Option<String>, Failed> {
    if group.folder.is_empty() {
        return Ok(None);
    }
    let known = store.find(group.connector, ItemKind::Folder, &group.folder)?;
    Ok(known.map(|known| known.shown.to_string()).filter(|path| !path.is_empty()))
}

/// The owner's login where the account is known; `None` when nobody is.
fn owner(store: &dyn Store, group: &AlertGroup) -> Result<Option<String>, Failed> {
    if group.owner.is_empty() {
        return Ok(None);
    }
    let directory = store.directory(group.connector)?;
    let person = directory.iter().flat_map(|all| all.people()).find(|person| person.account == group.owner);
    let login = person.map(|person| person.login.to_string()).filter(|login| !login.is_empty());
    Ok(Some(login.unwrap_or_else(|| group.owner.to_string())))
}

fn row(store: &dyn Store, connectors: &[Connector], alert: &Alert) -> Result<Value, Failed> {
    let group = match &alert.key.group {
        None => Value::Null,
        Some(group) => json!({
            "connector": connector_name(connectors, group.connector),
            "owner": owner(store, group)?,
            "folder": &*group.folder,
            "path": folder(store, group)?,
        }),
    };
    let closed = alert
        .closed
        .as_ref()
        .map(|closed| json!({"at": closed.at.to_string(), "by": &*closed.by, "reason": &*closed.reason}));
    Ok(json!({
        "schema": "sluicebox.alert/1",
        "alert": alert.number.0,
        "policy": &*alert.policy,
        "severity": alert.key.severity.name(),
        // Null: the roll-up of what was there before.
        "group": group,
        "matches": alert.items,
        "opened": alert.opened.to_string(),
        "last": alert.last.to_string(),
        "told": alert.told.map(|at| at.to_string()),
        "closed": closed,
    }))
}

fn show(config: &Config, args: &ShowArgs) -> Result<u8, Failed> {
    let store = service::open_to_read(config)?;
    let connectors = store.connectors()?;
    let alert = store.alert(AlertNumber(args.number))?.ok_or_else(|| {
        Failed::new(format!("there is no alert {}\n  `sluicebox alerts list` tells those that are open", args.number))
    })?;
    let mut lines = args.format.lines();
    if lines.json {
        lines.row(&row(&*store, &connectors, &alert)?)?;
    } else {
        head(&*store, &connectors, &alert)?.iter().try_for_each(|line| lines.text(line))?;
    }
    let (mut after, mut listed): (Option<ItemNumber>, usize) = (None, 0);
    while listed < args.max && lines.go_on().is_continue() {
        let page = store.alert_items(alert.number, after, PAGE.min(args.max - listed))?;
        let Some(last) = page.last() else { break };
        after = Some(*last);
        listed += page.len();
        for item in page {
            let line = item_line(&*store, &connectors, &alert, item, lines.json)?;
            match line {
                Line::Json(value) => lines.row(&value)?,
                Line::Text(text) => lines.text(text)?,
            }
        }
    }
    if !lines.json && alert.items > listed as u64 {
        lines.text(format!("  {} of {}", units::count(listed as u64), units::of(alert.items, "match", "matches")))?;
    }
    lines.finish()?;
    Ok(0)
}

fn head(store: &dyn Store, connectors: &[Connector], alert: &Alert) -> Result<Vec<String>, Failed> {
    let told = alert.told.map_or_else(|| "nobody was told".to_owned(), |at| format!("told {at}"));
    let mut lines = vec![
        format!("Alert {}: {}, severity {}", alert.number, printable(&alert.policy), alert.key.severity),
        format!("  {}", place(store, connectors, alert.key.group.as_ref())?),
        format!(
            "  {}, opened {}, last {}, {told}",
            units::of(alert.items, "match", "matches"),
            alert.opened,
            alert.last
        ),
    ];
    if let Some(closed) = &alert.closed {
        lines.push(format!("  closed {} by {}: {}", closed.at, printable(&closed.by), one_line(&closed.reason)));
    }
    Ok(lines)
}

enum Line {
    Json(Value),
    Text(String),
}

/// An item of an alert, and whether its policy still matches it.
fn item_line(
    store: &dyn Store,
    connectors: &[Connector],
    alert: &Alert,
    item: ItemNumber,
    json: bool,
) -> Result<Line, Failed> {
    let known = store.item(item)?;
    let lasts = store.matches(item)?.iter().any(|one| one.policy == alert.policy);
    if json {
        return Ok(Line::Json(json!({
            "schema": "sluicebox.alert-item/1",
            "alert": alert.number.0,
            "item": item.0,
            "connector": known.as_ref().map(|known| connector_name(connectors, known.connector)),
            "id": known.as_ref().map(|known| &*known.item.id),
            "kind": known.as_ref().map(|known| kind_name(known.item.kind)),
            "path": known.as_ref().map(|known| &*known.shown),
            "matches_now": lasts,
        })));
    }
    let place = known.as_ref().map_or_else(|| format!("#{item} (forgotten)"), |known| named::place(connectors, known));
    let over = if lasts { "" } else { "  (matches no more)" };
    Ok(Line::Text(format!("  {place}{over}")))
}
