//! `sluicebox init`: the data folder, the settings file, the key of tokens, the store; whatever of it is missing.
//!
//! Run again it changes nothing and says so. It never opens a port, never calls a provider, and never replaces a key.

use super::audit;
use super::config::{Config, private_folder};
use super::key;
use super::rules::print;
use super::service::open;
use super::{Failed, shown};
use crate::clock::Clock;
use crate::engine::anchor;
use crate::engine::control::{Lock, LockError};
use crate::store::Connectors as _;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Flags of `init`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 all is there; 2 something could not be made.")]
pub(super) struct Args {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

/// What a new settings file says: every table, nothing switched on.
const TEMPLATE: &str = "\
# Settings of sluicebox. docs/service.md and docs/connect.md list every key.
# Secrets do not belong here: they come from the environment or from files of mode 0600.

[service]
# rescan_every = \"12h\"          # from one regular pass to the next
# http = \"127.0.0.1:8640\"       # health, numbers, webhooks
# log = \"text\"                  # or \"json\"

[retention]
# activities_days = 400

[notify]
# host = \"mail.example.com\"     # docs/messages.md
# from = \"sluicebox <dlp@example.com>\"
# operators = [\"soc@example.com\"]

[audit]
# anchor = \"/mnt/elsewhere/heads.jsonl\"  # docs/audit.md

[rules]
# paths = [\"rules\"]             # rule files of your own, beside the built-in ones

# Connectors: `sluicebox connect box NAME` and `sluicebox connect dropbox NAME` write their tables.
";

/// What became of one thing.
struct Step {
    what: &'static str,
    path: String,
    state: &'static str,
}

pub(super) fn run(args: &Args) -> Result<u8, Failed> {
    let mut config = Config::load(args.settings.as_deref(), true)?;
    let mut steps = vec![settings(&mut config)?];
    let service = config.service();
    steps.push(data_folder(&service.data_dir)?);
    private_folder(&service.spool_dir)
        .map_err(|error| Failed::new(format!("cannot make {}: {error}", shown(&service.spool_dir))))?;
    let key_file = key::file(service.token_key_file.as_deref())?;
    let had_key = key_file.as_deref().is_none_or(Path::exists);
    let keys = match service.store_file().exists() {
        // A new key would open nothing of the store that is there.
        true => key::load_existing(service.token_key_file.as_deref())?,
        false => key::load_or_make(service.token_key_file.as_deref())?,
    };
    let path = key_file.map_or_else(|| "from the environment".to_owned(), shown);
    steps.push(Step { what: "token key", path, state: state(had_key) });
    let audit_key = audit::key_path(config.anchors())?;
    let had_key = audit_key.exists();
    audit::load_or_make(config.anchors())?;
    steps.push(Step { what: "audit key", path: shown(&audit_key), state: state(had_key) });
    steps.push(store(&config, &keys)?);
    let width = steps.iter().map(|step| step.path.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for Step { what, path, state } in steps {
        let _ = writeln!(out, "{what:<12} {path:<width$}  {state}");
    }
    out.push_str(&next(&config));
    print(&out)?;
    Ok(0)
}

fn state(was_there: bool) -> &'static str {
    if was_there { "was there" } else { "made" }
}

fn settings(config: &mut Config) -> Result<Step, Failed> {
    let path = config.path().to_path_buf();
    let was_there = path.exists();
    if !was_there {
        let failed = |error: std::io::Error| Failed::new(format!("cannot write {}: {error}", shown(&path)));
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            private_folder(folder).map_err(failed)?;
        }
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        opened.and_then(|mut file| file.write_all(TEMPLATE.as_bytes())).map_err(failed)?;
        *config = Config::load(Some(&path), false)?;
    }
    Ok(Step { what: "settings", path: shown(&path), state: state(was_there) })
}

/// Makes the folder, and shuts it to others if it was open.
fn data_folder(path: &Path) -> Result<Step, Failed> {
    let failed = |error: std::io::Error| Failed::new(format!("cannot make the data folder {}: {error}", shown(path)));
    let was_there = path.exists();
    private_folder(path).map_err(failed)?;
    let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
    let mut state = state(was_there);
    if mode & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(failed)?;
        state = "was there, open to others; mode 0700 now";
    }
    Ok(Step { what: "data folder", path: shown(path), state })
}

/// Makes the store and takes in the connectors that the settings name, unless somebody else writes it now.
fn store(config: &Config, keys: &key::Keys) -> Result<Step, Failed> {
    let service = config.service();
    let (path, clock) = (service.store_file(), Clock::machine());
    let was_there = path.exists();
    let told = |state| Ok(Step { what: "store", path: shown(&path), state });
    let _lock = match Lock::take(&service.data_dir, "init", &clock) {
        Ok(lock) => lock,
        Err(LockError::Held(_)) if was_there => return told("was there; a service is running"),
        Err(error) => return Err(Failed::new(error)),
    };
    let store = open(service, keys, &clock)?;
    for connector in config.connectors() {
        store.connector(connector.name(), connector.provider()).map_err(Failed::new)?;
    }
    anchor::store_id(&store).map_err(Failed::new)?;
    told(state(was_there))
}

/// What to do next.
fn next(config: &Config) -> String {
    if config.connectors().is_empty() {
        return "\nNext: sluicebox connect box NAME, or sluicebox connect dropbox NAME (docs/connect.md).\n".to_owned();
    }
    let names: Vec<&str> = config.connectors().iter().map(|connector| connector.name().as_str()).collect();
    format!(
        "\nConnectors: {}.\nNext: sluicebox doctor, to see whether all is in order; then sluicebox run.\n",
        names.join(", ")
    )
}
