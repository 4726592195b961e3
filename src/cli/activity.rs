//! `sluicebox activity`: what people did, as the providers' logs told it, the newest first.

use super::Failed;
use super::ask::{self, Form, Lines, Opened};
use crate::clock::Moment;
use crate::model::{ActivityKind, Actor, ConnectorName, ItemKind, ItemNumber, Subject};
use crate::report::harmless::printable;
use crate::report::units;
use crate::store::{ActivityQuery, ActivityRow, Connector, Store};
use serde_json::{Value, json};
use std::io::Write;

/// Activities read at once.
const PAGE: usize = 1_000;
/// Activities that the text lists unless --limit says otherwise.
const LISTED: u64 = 1_000;

/// All kinds, in the order people are told them.
pub(super) const KINDS: [ActivityKind; 13] = [
    ActivityKind::Upload,
    ActivityKind::Edit,
    ActivityKind::Copy,
    ActivityKind::Move,
    ActivityKind::Rename,
    ActivityKind::Restore,
    ActivityKind::Share,
    ActivityKind::People,
    ActivityKind::Label,
    ActivityKind::Delete,
    ActivityKind::View,
    ActivityKind::Login,
    ActivityKind::Other,
];

/// Flags of `activity`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 the question was answered; 2 it was not.")]
pub(super) struct Args {
    /// About this item: its number (#17, as `files` shows it) or the provider's id
    #[arg(long, value_name = "ITEM")]
    item: Option<String>,
    /// By this person: login or account
    #[arg(long, value_name = "LOGIN")]
    person: Option<String>,
    /// Not before this date (2026-01-31), or so long ago ('7 days')
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// Before the end of this date, or so long ago
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// Of this kind: upload, edit, copy, move, rename, restore, share, people, label, delete, view, login, other
    #[arg(long, value_name = "KIND", value_parser = kind)]
    kind: Option<ActivityKind>,
    /// Only of this connector
    #[arg(long, value_name = "NAME")]
    connector: Option<ConnectorName>,
    /// List at most so many; default 1000 as text, all as JSON lines
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    #[command(flatten)]
    form: Form,
}

fn kind(typed: &str) -> Result<ActivityKind, String> {
    let known = KINDS.into_iter().find(|kind| kind.name() == typed);
    known.ok_or_else(|| format!("one of {}", KINDS.map(ActivityKind::name).join(", ")))
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let opened = args.form.open()?;
    let connectors = opened.store.connectors()?;
    let connector = args.connector.as_ref().map(|name| one_named(&connectors, name)).transpose()?;
    let until = ask::date("--until", args.until.as_deref(), opened.now, true)?;
    let query = ActivityQuery {
        connector: connector.map(|one| one.number),
        item: args.item.as_deref().map(|typed| item(&opened, &connectors, connector, typed)).transpose()?,
        person: args.person.clone(),
        kind: args.kind,
        since: ask::date("--since", args.since.as_deref(), opened.now, false)?,
        until: until.map(|at| Moment::from_millis(at.as_millis().saturating_add(1))),
    };
    let mut lines = args.form.lines();
    let limit = args.limit.unwrap_or(if lines.json { u64::MAX } else { LISTED });
    let (listed, more) = list(&*opened.store, &query, &connectors, limit, &mut lines)?;
    if !lines.json {
        if listed > 0 {
            lines.text("")?;
        }
        let cut = if more { "; there are more, see --limit and --since" } else { "" };
        lines.text(format!("{}{cut}", units::of(listed, "activity", "activities")))?;
    }
    lines.finish()?;
    Ok(0)
}

fn one_named<'a>(all: &'a [Connector], name: &ConnectorName) -> Result<&'a Connector, Failed> {
    all.iter().find(|one| one.name == *name).ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
        let there = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
        Failed::new(format!("the store knows no connector `{name}`\n  it knows {there}"))
    })
}

/// The item that was typed, by its number or the provider's id.
fn item(
    opened: &Opened,
    connectors: &[Connector],
    only: Option<&Connector>,
    typed: &str,
) -> Result<ItemNumber, Failed> {
    let none = || {
        Failed::new(format!(
            "there is no item `{}`\n  `sluicebox files --where 'name word ...'` lists items with their numbers",
            super::shown(typed)
        ))
    };
    if let Some(number) = typed.strip_prefix('#') {
        let number = number.parse().map(ItemNumber).map_err(|_| none())?;
        return opened.store.item(number)?.map(|known| known.number).ok_or_else(none);
    }
    let mut found = Vec::new();
    for connector in connectors.iter().filter(|one| only.is_none_or(|only| only.number == one.number)) {
        for kind in [ItemKind::File, ItemKind::Folder, ItemKind::WebLink] {
            found.extend(opened.store.find(connector.number, kind, typed)?.map(|known| known.number));
        }
    }
    match found.as_slice() {
        [] => Err(none()),
        [one] => Ok(*one),
        many => Err(Failed::new(format!(
            "{} items have this id: {}\n  name one by its number, or add --connector",
            many.len(),
            many.iter().map(|number| format!("#{number}")).collect::<Vec<_>>().join(", ")
        ))),
    }
}

/// Lists activities; gives how many were listed and whether there are more.
fn list(
    store: &dyn Store,
    query: &ActivityQuery,
    connectors: &[Connector],
    limit: u64,
    lines: &mut Lines<impl Write>,
) -> Result<(u64, bool), Failed> {
    let (mut listed, mut before) = (0, None);
    loop {
        let page = store.activities(query, before, PAGE)?;
        for row in &page {
            if listed == limit || lines.go_on().is_break() {
                return Ok((listed, true));
            }
            let connector = connectors.iter().find(|one| one.number == row.connector);
            let name = connector.map_or("-", |one| one.name.as_str());
            if lines.json {
                lines.row(&value(row, name))?
            } else {
                lines.text(text(row, name))?
            }
            listed += 1;
        }
        before = page.last().map(|row| row.number);
        if page.len() < PAGE {
            return Ok((listed, false));
        }
    }
}

fn text(row: &ActivityRow, connector: &str) -> String {
    let activity = &row.activity;
    let at = activity.at.map_or_else(|| "-".to_owned(), |at| at.to_string());
    let what: Vec<String> =
        activity.subjects.iter().zip(&row.items).map(|(subject, item)| named(subject, *item)).collect();
    let address = activity.address.as_deref().map(|address| format!("  from {}", printable(address)));
    let line = format!(
        "{at:<20}  {:<8} {:<32} {connector}:{}{}",
        activity.kind.name(),
        printable(&actor(&activity.actor)),
        what.join(", "),
        address.unwrap_or_default()
    );
    line.trim_end().to_owned()
}

fn named(subject: &Subject, item: Option<ItemNumber>) -> String {
    let name = subject.name.as_deref().or(subject.id.as_deref()).unwrap_or("-");
    let number = item.map(|number| format!(" (#{number})")).unwrap_or_default();
    format!("{}{number}", printable(name))
}

fn actor(actor: &Actor) -> String {
    match actor {
        Actor::Person { account, login } => login.as_deref().or(account.as_deref()).unwrap_or("somebody").to_owned(),
        Actor::Unauthenticated => "without sign-in".to_owned(),
        Actor::Application => "application".to_owned(),
        Actor::Unknown => "not told".to_owned(),
    }
}

fn value(row: &ActivityRow, connector: &str) -> Value {
    let activity = &row.activity;
    let actor = match &activity.actor {
        Actor::Person { account, login } => {
            json!({"kind": "person", "account": account.as_deref(), "login": login.as_deref()})
        }
        Actor::Unauthenticated => json!({"kind": "unauthenticated"}),
        Actor::Application => json!({"kind": "application"}),
        Actor::Unknown => json!({"kind": "unknown"}),
    };
    let subjects = activity.subjects.iter().zip(&row.items).map(|(subject, item)| {
        json!({
            "item": item.map(|number| number.0),
            "id": subject.id.as_deref(),
            "kind": subject.kind.map(ask::kind_name),
            "name": subject.name.as_deref(),
            "place": subject.place.as_deref(),
            "version": subject.version.as_deref(),
        })
    });
    json!({
        "schema": "sluicebox.activity/1",
        "number": row.number,
        "connector": connector,
        "id": &*activity.id,
        "at": activity.at.map(|at| at.to_string()),
        "actor": actor,
        "kind": activity.kind.name(),
        "raw": &*activity.raw,
        "promotes": activity.kind.promotes(),
        "subjects": subjects.collect::<Vec<_>>(),
        "address": activity.address.as_deref(),
        "taken": row.taken.to_string(),
    })
}
