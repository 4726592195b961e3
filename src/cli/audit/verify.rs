//! `sluicebox audit verify`: the chain of the log, held against the signed heads that lie outside.

use super::{anchor, export, key};
use crate::cli::config::{Anchor as To, Config};
use crate::cli::{Failed, service, shown};
use crate::engine::anchor::{Anchor, Heads, Verified, hex, verify};
use crate::notify::PublicKey;
use crate::report::units::count;
use crate::store::audit::BEFORE_ALL;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Entries read at a time.
const PAGE: usize = 5_000;

/// Damage was found.
const EXIT_DAMAGED: u8 = 1;

/// Flags of `audit verify`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit code: 0 the log is what it was; 1 it is not, and the output says how (edited, removed, cut, \
    rewritten, other store, bad head, no heads); 2 it could not be looked at."
)]
pub(super) struct Args {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Where signed heads lie: a file, or an address that gives them line by line; default that of the settings
    #[arg(long, value_name = "PATH|URL")]
    anchor: Option<String>,
    /// Leave the heads aside: look at the chain alone
    #[arg(long, conflicts_with = "anchor")]
    no_anchor: bool,
    /// The public key of the heads (`audit key` printed it); default that of the settings
    #[arg(long, value_name = "WHPK")]
    key: Option<String>,
    /// Verify this export instead of the store
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Output format: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let config = Config::load(args.settings.as_deref(), false)?;
    let mut heads = heads(args, &config)?;
    let found = match &args.file {
        Some(path) => of_file(args, &config, path, &mut heads)?,
        None => {
            let store = service::open_to_read(&config)?;
            let id = crate::engine::anchor::known_id(&*store)?;
            let page = |after| store.proven(after, PAGE);
            verify((0, BEFORE_ALL), page, heads.as_ref().map(|heads| (heads, Some(id.as_str()))))?
        }
    };
    tell(args, &found, heads.is_some())?;
    Ok(if found.damage.is_empty() { 0 } else { EXIT_DAMAGED })
}

fn of_file(args: &Args, config: &Config, path: &Path, heads: &mut Option<Heads>) -> Result<Verified, Failed> {
    let read = export::read(path)?;
    // The export's own head tells whether it is whole; heads from outside tell more.
    if heads.is_none() && !args.no_anchor && !read.heads.is_empty() {
        *heads = Some(Heads::parse(&read.heads, &public(args, config)?));
    }
    let entries = read.entries;
    let page = |after: u64| -> Result<_, Failed> {
        let from = entries.partition_point(|entry| entry.row.number <= after);
        Ok(entries.iter().skip(from).take(PAGE).cloned().collect())
    };
    verify(read.from, page, heads.as_ref().map(|heads| (heads, None)))
}

fn public(args: &Args, config: &Config) -> Result<PublicKey, Failed> {
    match &args.key {
        Some(text) => PublicKey::parse(text)
            .ok_or_else(|| Failed::new("--key is no public key\n  `sluicebox audit key` prints it: whpk_ and base64")),
        None => Ok(key::load(config.anchors())?.public()),
    }
}

/// The heads that the log is held against; `None` when there is nothing to hold it against.
fn heads(args: &Args, config: &Config) -> Result<Option<Heads>, Failed> {
    let to = match &args.anchor {
        Some(text) => Some(To::parse(text, |text| PathBuf::from(text)).map_err(Failed::new)?),
        None if args.no_anchor || args.file.is_some() => None,
        None => config.anchors().to.clone(),
    };
    let Some(to) = to else { return Ok(None) };
    let anchor = anchor(config, &to)?;
    let text = anchor.read().map_err(|said| {
        let place = match (&anchor, &to) {
            (Anchor::File(path), _) => shown(path),
            (_, To::Address(url)) => shown(url.host_str().unwrap_or_default()),
            _ => String::new(),
        };
        Failed::new(format!("cannot read the heads at {place}: {said}"))
    })?;
    Ok(Some(Heads::parse(&text, &public(args, config)?)))
}

fn tell(args: &Args, found: &Verified, anchored: bool) -> Result<(), Failed> {
    let mut lines = crate::cli::ask::Lines::new(std::io::stdout().lock(), args.format == "json");
    if lines.json {
        let damage: Vec<_> =
            found.damage.iter().map(|one| json!({ "kind": one.name(), "said": one.to_string() })).collect();
        lines.row(&json!({
            "schema": "sluicebox.audit-verify/1", "entries": found.entries, "without_details": found.without_details,
            "hash": hex(&found.hash), "heads": found.heads, "anchored": anchored, "damage": damage,
        }))?;
        return lines.finish();
    }
    for one in &found.damage {
        lines.text(one.to_string())?;
    }
    let heads = match (anchored, found.heads) {
        (true, heads) => format!("held against {} head{}", count(heads), if heads == 1 { "" } else { "s" }),
        (false, _) => "held against no head: a cut end or a whole rewrite would not show".to_owned(),
    };
    let verdict =
        if found.damage.is_empty() { "The audit log is what it was" } else { "The audit log is NOT what it was" };
    let destroyed = match found.without_details {
        0 => String::new(),
        some => format!(" ({} without details, whose time was over)", count(some)),
    };
    lines.text(format!("{verdict}: {} entries{destroyed}, {heads}.", count(found.entries)))?;
    lines.finish()
}
