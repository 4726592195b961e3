//! `connect activity`: what people did, in the words of this house, as JSON lines.

use super::open::{self, Patience};
use crate::cli::Failed;
use crate::cli::config::Config;
use crate::cli::rules::print;
use crate::model::{Activity, Actor, ConnectorName, ItemKind, Subject};
use serde_json::{Value, json};
use std::time::Duration;

/// Flags of `connect activity`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The connector
    name: ConnectorName,
    /// How many days back; default the connector's history_days
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=365))]
    days: Option<u32>,
}

pub(super) fn run(config: &Config, args: &Args) -> Result<u8, Failed> {
    let connector = config.get(&args.name)?;
    let opened = open::open(config, connector, Patience::Long)?;
    let days = args.days.unwrap_or(opened.settings.history_days);
    let to = opened.clock.now();
    let from = to.minus(Duration::from_secs(u64::from(days) * 86_400));
    let mut at: Option<std::sync::Arc<str>> = None;
    loop {
        let mut page =
            opened.source.history(from, to, at.as_deref()).map_err(|error| open::failed(&error, connector))?;
        // Providers tell a page in an order of their own; people read oldest first.
        page.activities.sort_by_key(|activity| activity.at);
        print(&page.activities.iter().map(|activity| format!("{}\n", row(activity))).collect::<String>())?;
        match page.onward {
            // The same place twice would never end.
            Some(onward) if at.as_ref() != Some(&onward) => at = Some(onward),
            _ => return Ok(0),
        }
    }
}

fn row(activity: &Activity) -> Value {
    json!({
        "schema": "sluicebox.activity/1",
        "id": &*activity.id,
        "at": activity.at.map(|at| at.to_string()),
        "actor": actor(&activity.actor),
        "kind": activity.kind.name(),
        "raw": &*activity.raw,
        "promotes": activity.kind.promotes(),
        "subjects": activity.subjects.iter().map(subject).collect::<Vec<_>>(),
        "address": activity.address.as_deref(),
    })
}

fn actor(actor: &Actor) -> Value {
    match actor {
        Actor::Person { account, login } => {
            json!({"kind": "person", "account": account.as_deref(), "login": login.as_deref()})
        }
        Actor::Unauthenticated => json!({"kind": "unauthenticated"}),
        Actor::Application => json!({"kind": "application"}),
        Actor::Unknown => json!({"kind": "unknown"}),
    }
}

fn subject(subject: &Subject) -> Value {
    let kind = subject.kind.map(|kind| match kind {
        ItemKind::File => "file",
        ItemKind::Folder => "folder",
        ItemKind::WebLink => "web_link",
    });
    json!({
        "id": subject.id.as_deref(),
        "kind": kind,
        "name": subject.name.as_deref(),
        "place": subject.place.as_deref(),
        "version": subject.version.as_deref(),
    })
}
