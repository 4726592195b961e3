//! `sluicebox exceptions`: list, make and end exceptions.
//!
//! An exception of a file excuses what the file holds now, by detector and number of different values: it is void once there is
//! more. One of a folder, owner or domain excuses whatever policies find there, until it ends.

use super::ask::Lines;
use super::config::{Config, duration, keys};
use super::named::{self, Sought, connector_name};
use super::rules::print;
use super::{Failed, findings, policy, service, shown};
use crate::clock::{Clock, Moment};
use crate::engine::control::govern::Deed;
use crate::engine::control::{Answer, Command};
use crate::model::{ExceptionNumber, ItemKind};
use crate::report::harmless::{one_line, printable};
use crate::report::plan::digits;
use crate::report::units;
use crate::store::exceptions::DAYS_MAX;
use crate::store::{Connector, Exception, ExceptionKind, Known, Store};
use serde_json::json;
use std::io::{self, BufWriter};
use std::path::PathBuf;
use std::time::Duration;

/// Stands for all detectors where nothing was found when the exception was made: whatever is found is more.
const NONE_FOUND: &str = "-";

const DAY: Duration = Duration::from_secs(86_400);

/// Flags of `exceptions`.
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
    /// List the exceptions that hold
    List(ListArgs),
    /// Make an exception: policies leave something alone, for a time and with a reason
    Add(AddArgs),
    /// End an exception before its time
    End(EndArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Only those that end within this time (30d, 12h)
    #[arg(long, value_name = "TIME", value_parser = span, conflicts_with = "all")]
    expiring: Option<Duration>,
    /// Also those that ended
    #[arg(long)]
    all: bool,
    /// Output format: text, jsonl
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "jsonl"])]
    format: String,
}

#[derive(Debug, clap::Args)]
struct AddArgs {
    /// What it is about
    #[arg(value_parser = ["file", "folder", "owner", "domain", "token"])]
    kind: String,
    /// A file's or folder's number (#17), id or path; an owner's login; a domain; the token of a value (k1:...)
    what: String,
    /// Why: kept with it and in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// How long it holds (30d, 12h), 366d at most
    #[arg(long = "for", value_name = "TIME", value_parser = span)]
    lasting: Duration,
    /// For this policy only; default every policy
    #[arg(long, value_name = "NAME")]
    policy: Option<String>,
    /// In this connector only; default all (a file or folder is in its own)
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
}

#[derive(Debug, clap::Args)]
struct EndArgs {
    /// Its number
    number: i64,
    /// Why: kept in the audit log
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

fn span(typed: &str) -> Result<Duration, String> {
    duration::parse(typed).filter(|span| !span.is_zero()).ok_or_else(|| "a time: 30d, 12h, 90min".to_owned())
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    match &args.command {
        Sub::List(args) => list(&config, args),
        Sub::Add(args) => add(&config, args),
        Sub::End(args) => end(&config, args),
    }
}

fn end(config: &Config, args: &EndArgs) -> Result<u8, Failed> {
    let deed = Deed::ExceptionEnd { exception: args.number, reason: args.reason.clone() };
    service::reach(config, "exceptions end")?.perform(&Command::Govern { deed })?;
    print(&format!(
        "Exception {} ended; policies look there again at the next `sluicebox reevaluate`.\n",
        args.number
    ))?;
    Ok(0)
}

/// What a new exception is about, as it is kept, as it is told, and what it excuses.
struct About {
    what: String,
    told: String,
    connector: Option<String>,
    excused: Vec<(String, u64)>,
    /// Our SHA-256 of the only content that is excused, in hexadecimal.
    content: Option<String>,
}

/// Fails, with the name that may be meant, unless a policy of the settings has this name.
fn check_policy(config: &Config, name: &str) -> Result<(), Failed> {
    let all = policy::loaded(config)?.policies;
    let names: Vec<&str> = all.iter().map(|policy| &*policy.name).collect();
    if names.contains(&name) {
        return Ok(());
    }
    let help = match keys::nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "the settings name no policy".to_owned(),
        None => "`sluicebox policy list` tells all".to_owned(),
    };
    Err(Failed::new(format!("--policy: there is no policy `{}`\n  {help}", shown(name))))
}

fn add(config: &Config, args: &AddArgs) -> Result<u8, Failed> {
    if args.lasting > DAYS_MAX * DAY {
        return Err(Failed::new(format!(
            "--for: an exception lasts {DAYS_MAX}d at most\n  make another when it has ended"
        )));
    }
    let kind = kind_of(&args.kind)?;
    args.policy.as_deref().map_or(Ok(()), |name| check_policy(config, name))?;
    let about = about(&*service::open_to_read(config)?, kind, args)?;
    let until = Clock::machine().now().plus(args.lasting);
    let deed = Deed::ExceptionAdd {
        kind: kind.name().to_owned(),
        what: about.what,
        connector: about.connector,
        policy: args.policy.clone(),
        excused: about.excused.clone(),
        content: about.content.clone(),
        reason: args.reason.clone(),
        until_ms: until.as_millis(),
    };
    let number = match service::reach(config, "exceptions add")?.perform(&Command::Govern { deed })? {
        Answer::Made { number } => number,
        _ => return Err(Failed::new("the service answered something else\n  use the same program for both")),
    };
    let policies = args.policy.as_deref().map_or("every policy".to_owned(), |name| format!("policy {}", shown(name)));
    let mut text = format!("Exception {number}: {policies} leaves {} alone until {until}.\n", about.told);
    if kind == ExceptionKind::File {
        let void = match &about.content {
            Some(_) => "in this content alone: there are more values than are counted",
            None => "and is void once there is more",
        };
        text.push_str(&format!("It excuses {}, {void}.\n", excused_words(&about.excused)));
    }
    text.push_str("`sluicebox reevaluate` applies it to what is stored.\n");
    print(&text)?;
    Ok(0)
}

fn kind_of(name: &str) -> Result<ExceptionKind, Failed> {
    let found = ExceptionKind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| Failed::new("an exception is about a file, folder, owner, domain or token"))
}

fn about(store: &dyn Store, kind: ExceptionKind, args: &AddArgs) -> Result<About, Failed> {
    let plain = |told: String| About {
        what: args.what.clone(),
        told,
        connector: args.connector.clone(),
        excused: Vec::new(),
        content: None,
    };
    match kind {
        ExceptionKind::File => item(store, args, ItemKind::File),
        ExceptionKind::Folder => item(store, args, ItemKind::Folder),
        ExceptionKind::Owner if args.what.contains('@') => Ok(plain(format!("what {} owns", shown(&args.what)))),
        ExceptionKind::Owner => {
            Err(Failed::new(format!("`{}` is no login\n  write ann@example.com", shown(&args.what))))
        }
        ExceptionKind::Domain if args.what.contains('.') && !args.what.contains('@') => {
            Ok(plain(format!("what is shared with nobody outside but {}", shown(&args.what))))
        }
        ExceptionKind::Domain => Err(Failed::new(format!("`{}` is no domain\n  write example.com", shown(&args.what)))),
        ExceptionKind::Token if findings::is_token(&args.what) => Ok(plain("findings of this value".to_owned())),
        // What is no token may be a value: it is not repeated.
        ExceptionKind::Token => Err(Failed::new(
            "this is no token (k1: and 32 hexadecimal digits)\n  tokens stand in `sluicebox findings --format jsonl`",
        )),
    }
}

/// A file or folder that is known, with what it holds now.
fn item(store: &dyn Store, args: &AddArgs, kind: ItemKind) -> Result<About, Failed> {
    let sought = Sought { typed: &args.what, connector: args.connector.as_deref(), kind: Some(kind) };
    let known = named::one(store, sought)?;
    let connectors = store.connectors()?;
    let (excused, content) = if kind == ItemKind::File { excused(store, &known)? } else { (Vec::new(), None) };
    Ok(About {
        what: known.item.id.to_string(),
        told: named::place(&connectors, &known),
        connector: Some(connector_name(&connectors, known.connector).to_owned()),
        excused,
        content,
    })
}

/// Detectors, and how many different values each found.
type Counted = Vec<(String, u64)>;

/// Different values by detector that a file holds now, and its content where some of them are not counted to the end: more of
/// them in another content would not be seen.
fn excused(store: &dyn Store, known: &Known) -> Result<(Counted, Option<String>), Failed> {
    let reading = known.reading.map(|number| store.reading(number)).transpose()?.flatten();
    let mut found: Counted = reading
        .iter()
        .flat_map(|reading| &reading.counts)
        .filter(|count| count.total > 0)
        .map(|count| (count.detector.to_string(), count.unique))
        .collect();
    found.sort();
    // An empty list would excuse whatever is found.
    if found.is_empty() {
        found.push((NONE_FOUND.to_owned(), 0));
    }
    let uncounted = |reading: &&crate::store::Reading| reading.counts.iter().any(|count| count.unique_at_least);
    let content = reading.as_ref().filter(uncounted).map(|reading| digits(&reading.content));
    Ok((found, content))
}

fn excused_words<'a, D: AsRef<str> + 'a>(excused: impl IntoIterator<Item = &'a (D, u64)>) -> String {
    let words: Vec<String> = excused
        .into_iter()
        .filter(|(detector, _)| detector.as_ref() != NONE_FOUND)
        .map(|(detector, different)| format!("{} of {}", units::of(*different, "value", "values"), detector.as_ref()))
        .collect();
    if words.is_empty() { "no finding".to_owned() } else { words.join(", ") }
}

fn list(config: &Config, args: &ListArgs) -> Result<u8, Failed> {
    let store = service::open_to_read(config)?;
    let now = Clock::machine().now();
    let connectors = store.connectors()?;
    let mut all = store.exceptions(if args.all { None } else { Some(now) })?;
    if let Some(span) = args.expiring {
        all.retain(|one| one.is.until <= now.plus(span));
        all.sort_by_key(|one| one.is.until);
    }
    let mut lines = Lines::new(BufWriter::new(io::stdout().lock()), args.format == "jsonl");
    for one in &all {
        let path = path(&*store, one)?;
        if lines.json {
            lines.row(&row(one, &connectors, path.as_deref(), now))?;
        } else {
            text(one, &connectors, path.as_deref(), now).lines().try_for_each(|line| lines.text(line))?;
        }
    }
    if !lines.json {
        let which = match (args.all, args.expiring) {
            (true, _) => "in all",
            (false, Some(_)) => "end in that time",
            (false, None) => "hold",
        };
        lines.text(format!("{} {which}.", units::of(all.len() as u64, "exception", "exceptions")))?;
    }
    lines.finish()?;
    Ok(0)
}

/// What of an excepted item's path may be shown, where it is known.
fn path(store: &dyn Store, one: &Exception) -> Result<Option<String>, Failed> {
    let kind = match one.is.kind {
        ExceptionKind::File => ItemKind::File,
        ExceptionKind::Folder => ItemKind::Folder,
        _ => return Ok(None),
    };
    let Some(of) = one.is.connector else { return Ok(None) };
    Ok(store.find(of, kind, &one.is.what)?.map(|known| known.shown.to_string()))
}

fn state(one: &Exception, now: Moment) -> &'static str {
    match one.ended {
        Some(_) => "ended",
        None if one.is.until <= now => "expired",
        None => "holds",
    }
}

fn row(one: &Exception, connectors: &[Connector], path: Option<&str>, now: Moment) -> serde_json::Value {
    let excused: serde_json::Map<String, serde_json::Value> = one
        .is
        .excused
        .iter()
        .filter(|(detector, _)| &**detector != NONE_FOUND)
        .map(|(detector, different)| (detector.to_string(), json!(different)))
        .collect();
    json!({
        "schema": "sluicebox.exception/1",
        "exception": one.number.0,
        "kind": one.is.kind.name(),
        "what": &*one.is.what,
        "path": path,
        "connector": one.is.connector.map(|of| connector_name(connectors, of)),
        "policy": one.is.policy.as_deref(),
        // Null where whatever is found is excused.
        "excused": if one.is.excused.is_empty() { serde_json::Value::Null } else { excused.into() },
        "this_content_only": one.is.content.is_some(),
        "reason": &*one.is.reason,
        "by": &*one.is.by,
        "made": one.made.to_string(),
        "until": one.is.until.to_string(),
        "ended": one.ended.map(|at| at.to_string()),
        "state": state(one, now),
    })
}

fn text(one: &Exception, connectors: &[Connector], path: Option<&str>, now: Moment) -> String {
    let ExceptionNumber(number) = one.number;
    let what = path.map_or_else(|| printable(&one.is.what).into_owned(), |path| printable(path).into_owned());
    let within = match one.is.connector {
        Some(of) => connector_name(connectors, of).to_owned(),
        None => "everywhere".to_owned(),
    };
    let policy =
        one.is.policy.as_deref().map_or("every policy".to_owned(), |name| format!("policy {}", printable(name)));
    let mut text = format!("{number:>6}  {:<7} {what}  [{within}, {policy}]\n", one.is.kind.name());
    let ended = one.ended.map_or_else(String::new, |at| format!(", ended {at}"));
    let expired = if state(one, now) == "expired" { ", which is over" } else { "" };
    text.push_str(&format!("        until {}{expired}{ended}, by {}: ", one.is.until, printable(&one.is.by)));
    text.push_str(&format!("{}\n", one_line(&one.is.reason)));
    if !one.is.excused.is_empty() {
        let content = if one.is.content.is_some() { ", in this content only" } else { "" };
        text.push_str(&format!("        excuses {}{content}\n", excused_words(&one.is.excused)));
    }
    text
}
