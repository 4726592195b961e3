//! Carrying out commands over a store.
//!
//! All of it is facts and jobs in the store, which the stages look at on their own; so it is the same whether a service runs or
//! not. What is a person's decision is audited first.

use super::{Answer, Command, Refusal, RuleKept};
use crate::engine::rules_change::{self, Price};
use crate::engine::{following, passes};
use crate::model::{ConnectorNumber, ItemNumber, Lane, Todo};
use crate::store::{Ask, ConnectorState, DetectorKept, Entry, RulesNumber, Store};
use serde_json::json;

/// Carries a command out; `actor` is who is written down (`operator uid 1000`).
///
/// # Errors
/// When there is no such connector or item, or when the store could not be written.
pub fn perform(store: &dyn Store, command: &Command, actor: &str) -> Result<Answer, Refusal> {
    match command {
        Command::Ping => Ok(Answer::Here { pid: std::process::id(), version: env!("CARGO_PKG_VERSION").to_owned() }),
        Command::Stop => Err(Refusal::new("no service is running")),
        Command::BacklogStart { connector } => backlog(store, connector.as_deref(), command, actor, passes::start),
        Command::BacklogPause { connector } => backlog(store, connector.as_deref(), command, actor, passes::pause),
        Command::BacklogResume { connector } => backlog(store, connector.as_deref(), command, actor, passes::resume),
        Command::QueueRetry { connector, item } => {
            let of = connector.as_deref().map(|name| number(store, name)).transpose()?;
            audit(store, command, actor, "")?;
            let count = store.retry(of, item.map(ItemNumber))?;
            Ok(Answer::Counted { count })
        }
        Command::QueueAsk { item } => {
            let todo = Todo::LOOK.and(Todo::CONTENT).and(Todo::EXPOSURE);
            let ask =
                Ask { item: ItemNumber(*item), lane: Lane::Asked, todo, priority: 0, offered: None, happened: None };
            Ok(Answer::Counted { count: store.ask(&[ask])? })
        }
        Command::ConnectorEnable { connector } => state(store, command, actor, connector, ConnectorState::Enabled),
        Command::ConnectorDisable { connector } => state(store, command, actor, connector, ConnectorState::Disabled),
        Command::ConnectorRemove { connector } => state(store, command, actor, connector, ConnectorState::Removed),
        Command::RulesNumber { detectors } => {
            let detectors: Option<Vec<DetectorKept>> = detectors.iter().map(kept).collect();
            let detectors = detectors.ok_or_else(|| Refusal::new("a detector's hash is no SHA-256"))?;
            Ok(Answer::Numbered { rules: store.rules_number(&detectors)?.0 })
        }
        Command::RulesApply { rules, contents, bytes, calls } => {
            let (rules, price) = (RulesNumber(*rules), Price { contents: *contents, bytes: *bytes, calls: *calls });
            rules_change::approve(store, actor, rules, price)?;
            store.put_in_force(rules)?;
            store.keep_fact(None, following::APPROVED, Some(&rules.0.to_string()))?;
            Ok(Answer::Done)
        }
        Command::Govern { deed } => super::govern::perform(store, deed, actor),
        Command::GovernAs { .. } => Err(Refusal::new("an operator's key is looked at before a command is carried out")),
        Command::Audit { act, about, details } => {
            let (actor, act, about, details) = (actor.to_owned(), act.clone(), about.clone(), details.clone());
            Ok(Answer::Audited { number: store.append(&Entry { actor, act, about, details })?.number })
        }
    }
}

fn kept(rule: &RuleKept) -> Option<DetectorKept> {
    let mut hash = [0; 32];
    if rule.hash.len() != 64 || !rule.hash.is_ascii() {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&rule.hash[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(DetectorKept { id: rule.id.as_str().into(), hash, profile: rule.profile.as_str().into() })
}

/// An order about the backlog of one connector, or of all.
type Order = fn(&dyn Store, Option<ConnectorNumber>) -> Result<u64, crate::store::Error>;

fn backlog(
    store: &dyn Store,
    name: Option<&str>,
    command: &Command,
    actor: &str,
    order: Order,
) -> Result<Answer, Refusal> {
    let of = name.map(|name| number(store, name)).transpose()?;
    audit(store, command, actor, &of.map_or_else(|| "all connectors".to_owned(), about))?;
    Ok(Answer::Counted { count: order(store, of)? })
}

fn about(connector: ConnectorNumber) -> String {
    format!("connector {}", connector.0)
}

fn state(
    store: &dyn Store,
    command: &Command,
    actor: &str,
    name: &str,
    state: ConnectorState,
) -> Result<Answer, Refusal> {
    let of = number(store, name)?;
    audit(store, command, actor, &about(of))?;
    store.set_connector_state(of, state)?;
    Ok(Answer::Done)
}

/// The number of a connector that the store knows.
pub(super) fn number(store: &dyn Store, name: &str) -> Result<ConnectorNumber, Refusal> {
    let connectors = store.connectors()?;
    let found = connectors.iter().find(|connector| connector.name.as_str() == name);
    found.map(|connector| connector.number).ok_or_else(|| {
        let names: Vec<&str> = connectors.iter().map(|connector| connector.name.as_str()).collect();
        let known =
            if names.is_empty() { "none yet; `sluicebox init` takes them in".to_owned() } else { names.join(", ") };
        Refusal::new(format!("the store knows no connector of that name\n  it knows {known}"))
    })
}

fn audit(store: &dyn Store, command: &Command, actor: &str, about: &str) -> Result<(), Refusal> {
    let details = json!({}).to_string();
    store.append(&Entry {
        actor: actor.to_owned(),
        act: command.act().to_owned(),
        about: about.to_owned(),
        details,
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::model::Provider;
    use crate::store::order::Shares;
    use crate::store::sqlite::{Options, Sqlite};
    use crate::store::{Audit as _, Connectors as _, Rules as _, SealKey};

    fn store(folder: &std::path::Path) -> Sqlite {
        let options = Options {
            path: folder.join("store.sqlite"),
            seal: SealKey::new([7; 32]),
            clock: Clock::movable(),
            shares: Shares::default(),
        };
        let store = Sqlite::open(options).unwrap();
        store.connector(&"main".parse().unwrap(), Provider::Box).unwrap();
        store
    }

    #[test]
    fn each_command_is_carried_out_and_decisions_are_audited() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let main = || "main".to_owned();
        let rule = RuleKept { id: "a".into(), hash: "0f".repeat(32), profile: "{}".into() };
        let bad = RuleKept { hash: "0g".repeat(32), ..rule.clone() };
        #[rustfmt::skip]
        let rows = [
            (Command::BacklogPause { connector: None }, Ok(Answer::Counted { count: 1 }), Some("all connectors")),
            (Command::BacklogResume { connector: Some(main()) }, Ok(Answer::Counted { count: 1 }), Some("connector 1")),
            (Command::BacklogStart { connector: Some("else".into()) }, Err("it knows main"), None),
            (Command::QueueRetry { connector: None, item: None }, Ok(Answer::Counted { count: 0 }), Some("")),
            (Command::QueueRetry { connector: Some("else".into()), item: None }, Err("it knows main"), None),
            (Command::ConnectorDisable { connector: main() }, Ok(Answer::Done), Some("connector 1")),
            (Command::ConnectorEnable { connector: main() }, Ok(Answer::Done), Some("connector 1")),
            (Command::RulesNumber { detectors: vec![rule] }, Ok(Answer::Numbered { rules: 1 }), None),
            (Command::RulesNumber { detectors: vec![bad] }, Err("no SHA-256"), None),
            (Command::RulesApply { rules: 1, contents: 2, bytes: 3, calls: 2 }, Ok(Answer::Done), Some("rules 1")),
            (Command::Stop, Err("no service is running"), None),
        ];
        for (command, expected, audited) in rows {
            let before = store.entries(0, 100).unwrap().len();
            match (perform(&store, &command, "operator uid 7"), expected) {
                (Ok(answer), Ok(expected)) => assert_eq!(answer, expected, "{command:?}"),
                (Err(refusal), Err(part)) => assert!(refusal.what.contains(part), "{command:?}: {refusal}"),
                (got, _) => panic!("{command:?}: {got:?}"),
            }
            let entries = store.entries(0, 100).unwrap();
            assert_eq!(entries.len() - before, usize::from(audited.is_some()), "{command:?}");
            if let (Some(about), Some(row)) = (audited, entries.last()) {
                assert_eq!((row.entry.actor.as_str(), row.entry.act.as_str()), ("operator uid 7", command.act()));
                assert_eq!(row.entry.about, about, "{command:?}");
            }
        }
        assert_eq!(store.rules_in_force().unwrap().map(|(number, _)| number), Some(RulesNumber(1)));
        assert_eq!(store.fact(None, following::APPROVED).unwrap().as_deref(), Some("1"));
    }
}
