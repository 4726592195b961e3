//! `connect list` and `connect hosts`: what is told without a single call.

use super::check::LastTest;
use crate::cli::config::{Config, Connector};
use crate::cli::rules::print;
use crate::cli::{Failed, shown};
use crate::clock::Clock;
use crate::model::ConnectorName;
use crate::provider::settings::Cloud;
use crate::report::harmless::one_line;
use serde_json::json;
use std::fmt::Write as _;
use url::Url;

/// Flags of `connect list`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Output format: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

/// Flags of `connect hosts`.
#[derive(Debug, clap::Args)]
pub(super) struct HostsArgs {
    /// The connector; default all
    name: Option<ConnectorName>,
    /// Output format: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

/// How far a connector is, told from its files alone.
fn state(config: &Config, connector: &Connector) -> String {
    if !connector.enabled {
        return "switched off".to_owned();
    }
    if let Some(key) = connector.lacks() {
        return format!("unfinished: no {key}");
    }
    if let Err(error) = config.settings(connector) {
        return format!("unfinished: {}", error.to_string().lines().next().unwrap_or_default());
    }
    let has_token = || {
        connector.vault().is_none_or(|vault| vault.exists())
            || config.secret(connector, crate::cli::config::SecretKind::RefreshToken).is_ok_and(|token| token.is_some())
    };
    if has_token() { "ready".to_owned() } else { "not linked".to_owned() }
}

pub(super) fn run(config: &Config, args: &Args) -> Result<u8, Failed> {
    let clock = Clock::machine();
    if config.connectors().is_empty() && args.format != "json" {
        print(&format!(
            "No connector in {} yet; begin with `sluicebox connect box NAME` or `sluicebox connect dropbox NAME`.\n",
            shown(config.path())
        ))?;
        return Ok(0);
    }
    let mut rows = vec![["NAME", "PROVIDER", "STATE", "LAST TEST", "HOST", "ACCOUNT"].map(str::to_owned)];
    let mut out = String::new();
    for connector in config.connectors() {
        let last = LastTest::read(&config.folder(connector.name()));
        let account = last.as_ref().and_then(|last| last.account.clone());
        if args.format == "json" {
            let row = json!({
                "schema": "sluicebox.connector/1",
                "name": connector.name().as_str(),
                "provider": connector.provider().name(),
                "enabled": connector.enabled,
                "state": state(config, connector),
                "hosts": hosts_of(connector).into_iter().map(|(host, _)| host).collect::<Vec<_>>(),
                "account": account,
                "last_test": last.as_ref().map(|last| json!({"at": last.at.to_string(), "can_read": last.can_read})),
            });
            let _ = writeln!(out, "{row}");
            continue;
        }
        rows.push([
            connector.name().to_string(),
            connector.provider().to_string(),
            state(config, connector),
            last.as_ref().map_or_else(|| "never".to_owned(), |last| last.words(&clock)),
            hosts_of(connector).into_iter().next().map(|(host, _)| host).unwrap_or_default(),
            account.map(|text| one_line(&text)).unwrap_or_default(),
        ]);
    }
    if args.format != "json" {
        out = aligned(&rows);
    }
    print(&out)?;
    Ok(0)
}

/// Rows in columns, the last as wide as it is.
pub(super) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

pub(super) fn hosts(config: &Config, args: &HostsArgs) -> Result<u8, Failed> {
    let chosen: Vec<&Connector> = match &args.name {
        Some(name) => vec![config.get(name)?],
        None => config.connectors().iter().collect(),
    };
    let mut out = String::new();
    for connector in chosen {
        let hosts = hosts_of(connector);
        if args.format == "json" {
            for (host, purpose) in &hosts {
                let row = json!({
                    "schema": "sluicebox.host/1", "connector": connector.name().as_str(), "host": host, "purpose": purpose
                });
                let _ = writeln!(out, "{row}");
            }
            continue;
        }
        let _ = writeln!(out, "{} ({})", connector.name(), connector.provider());
        if let Some(proxy) = &connector.typed().proxy {
            let _ = writeln!(out, "  all of it goes through the proxy {}", host_and_port(proxy));
        }
        let rows: Vec<[String; 2]> = hosts.into_iter().map(|(host, purpose)| [format!("  {host}"), purpose]).collect();
        out.push_str(&aligned(&rows));
    }
    print(&out)?;
    Ok(0)
}

/// Host and port with its purposes, each pair once, the API first.
fn hosts_of(connector: &Connector) -> Vec<(String, String)> {
    let mut all: Vec<(String, &str)> = Vec::new();
    match &connector.typed().cloud {
        Cloud::Box(cloud) => {
            all.push((host_and_port(&cloud.api), "API"));
            all.push((host_and_port(&cloud.token), "tokens"));
            all.push((host_and_port(&cloud.upload), "uploads (tombstones, restores)"));
            let with_port = |host: &String| if host.contains(':') { host.clone() } else { format!("{host}:443") };
            all.extend(cloud.download_hosts.iter().map(|host| (with_port(host), "downloads")));
            all.push((host_and_port(&cloud.authorize), "an admin's browser (consent only)"));
        }
        Cloud::Dropbox(cloud) => {
            all.push((host_and_port(&cloud.api), "API"));
            all.push((host_and_port(&cloud.token), "tokens"));
            all.push((host_and_port(&cloud.content), "downloads, uploads"));
            all.push((host_and_port(&cloud.notify), "waiting for changes"));
            all.push((host_and_port(&cloud.authorize), "an admin's browser (consent only)"));
        }
    }
    let mut merged: Vec<(String, String)> = Vec::new();
    for (host, purpose) in all {
        match merged.iter_mut().find(|(known, _)| *known == host) {
            Some((_, purposes)) => purposes.push_str(&format!(", {purpose}")),
            None => merged.push((host, purpose.to_owned())),
        }
    }
    merged
}

fn host_and_port(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443))
}
