//! `connect disable`, `enable`, `remove`.

use super::ask::Ask;
use super::check;
use crate::cli::config::{Change, Config, Connector, Entry};
use crate::cli::rules::print;
use crate::cli::service::follow;
use crate::cli::{EXIT_FAILED, Failed, shown};
use crate::engine::control::Command;
use crate::model::ConnectorName;
use std::io::ErrorKind;

/// Flags of `connect remove`.
#[derive(Debug, clap::Args)]
pub(super) struct RemoveArgs {
    /// The connector
    name: ConnectorName,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

pub(super) fn disable(config: &mut Config, name: &ConnectorName) -> Result<u8, Failed> {
    if !config.get(name)?.enabled {
        print(&format!("{name} is switched off already.\n"))?;
        return Ok(0);
    }
    config.change(name, &Change::Set(vec![Entry::Flag("enabled", false)]))?;
    follow(config, "connect disable", &Command::ConnectorDisable { connector: name.to_string() });
    print(&format!(
        "{name} is switched off; its tokens stay. `sluicebox connect enable {name}` switches it on again.\n"
    ))?;
    Ok(0)
}

pub(super) fn enable(config: &mut Config, name: &ConnectorName) -> Result<u8, Failed> {
    let connector = config.get(name)?.clone();
    let tested = check::test(config, &connector)?;
    check::show(config, &connector, &tested, false)?;
    if !tested.can_read() {
        let state = if connector.enabled { "stays switched on" } else { "stays switched off" };
        eprintln!("error: {name} {state}; mend what is missing, then run `sluicebox connect enable {name}` again");
        return Ok(EXIT_FAILED);
    }
    if !connector.enabled {
        config.change(name, &Change::Set(vec![Entry::Flag("enabled", true)]))?;
    }
    follow(config, "connect enable", &Command::ConnectorEnable { connector: name.to_string() });
    print(&format!("{name} is switched on.\n"))?;
    Ok(0)
}

pub(super) fn remove(config: &mut Config, args: &RemoveArgs) -> Result<u8, Failed> {
    let name = &args.name;
    let connector = config.get(name)?.clone();
    let folder = config.folder(name);
    let mut said = format!("This deletes\n  the table [connector.{name}] of {}\n", shown(config.path()));
    if folder.exists() {
        said.push_str(&format!("  the folder {} (secrets, tokens, last test)\n", shown(&folder)));
    }
    said.push_str(&kept(&connector));
    print(&said)?;
    if !args.yes {
        let mut ask = Ask::new();
        let answer = ask.read(&format!("Type the name `{name}` to delete it"))?;
        if answer.as_deref() != Some(name.as_str()) {
            return Err(Failed::new("nothing was deleted; type the connector's name, or give --yes"));
        }
    }
    // The tokens first: a table without them says what is missing, tokens without a table would be forgotten.
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(Failed::new(format!("cannot delete {}: {error}", shown(&folder))));
        }
        _ => {}
    }
    config.change(name, &Change::Remove)?;
    follow(config, "connect remove", &Command::ConnectorRemove { connector: name.to_string() });
    print(&format!("{name} is removed.\n"))?;
    Ok(0)
}

/// What is not deleted, and what only the provider can end.
fn kept(connector: &Connector) -> String {
    let mut said = String::new();
    for file in connector.named_files() {
        said.push_str(&format!("It keeps {}, which the table names\n", shown(file)));
    }
    said.push_str("The app stays allowed at the provider; an admin ends that in the admin console.\n");
    said
}
