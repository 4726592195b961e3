//! The settings file: the only place that reads it, and the only one that writes it.
//!
//! What was typed and what it means are two types: a [`Connector`] holds what stands in its table, checked as far as the
//! file alone allows, and [`Config::settings`] adds the secrets, which come from the environment or from private files. So
//! one connector that lacks its secret does not keep the others from working, while an unknown key anywhere is refused.

mod anchors;
pub(super) mod duration;
mod edit;
mod error;
pub(super) mod keys;
mod notify;
pub(super) mod operators;
mod policies;
mod read;
mod reading;
mod secrets;
mod service;
mod source;
mod table;
#[cfg(test)]
mod tests;

pub(super) use anchors::{Anchor, Anchors};
pub(super) use edit::{Change, Entry};
pub(super) use error::ConfigError;
pub(super) use notify::Notify;
pub(super) use operators::Operators;
pub(super) use reading::Cells;
pub(super) use secrets::{SecretKind, Whence, private_folder, write_private};
pub(super) use service::{Chosen, Kept, LogForm, Service};

use super::shown;
use crate::model::{ConnectorName, Provider};
use crate::provider::Secret;
use crate::provider::settings::{BoxAuth, BoxSubject, Cloud, Settings};
use source::Source;
use std::path::{Path, PathBuf};

/// The variable that names the settings file.
const VARIABLE: &str = "SLUICEBOX_SETTINGS";
/// The file's name in the user's configuration folder.
const FILE_NAME: &str = "sluicebox.toml";
/// Bytes of a settings file that are read at most.
const SETTINGS_BYTES_MAX: u64 = 4 << 20;

/// The settings of this run.
#[derive(Debug)]
pub(super) struct Config {
    /// Where the file is, or would be.
    path: PathBuf,
    /// Its text; empty when there is no file yet.
    text: String,
    /// Where what the program itself writes is kept.
    state: PathBuf,
    /// Connectors, in the order of their names.
    connectors: Vec<Connector>,
    /// How the service runs.
    service: Service,
    /// How long records are kept.
    kept: Kept,
    /// Which rules run.
    rules: crate::rule::Options,
    /// Where policies stand, and what they spare.
    policies: policies::PolicySettings,
    /// Who is told what, and by which ways.
    notify: Notify,
    /// Where signed heads of the audit log go.
    anchors: Anchors,
    /// Who decides by name.
    operators: Operators,
    /// How cells are kept.
    cells: Cells,
    /// Bounds for one file.
    limits: crate::content::Limits,
    /// Whether and how text in pictures is read.
    ocr: (bool, crate::extract::ocr::Settings),
}

/// One connector's table as it was typed: checked, its addresses filled in, its secrets not yet looked for.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    /// All but the secrets: those here are empty until [`Config::settings`].
    settings: Settings,
    /// False while it is switched off.
    pub(super) enabled: bool,
    /// False where nothing may be changed, only read.
    pub(super) acts: bool,
    /// Whose content is never read, and below which folders.
    pub(super) never_read: Chosen,
    /// Whom and which folders the connector is limited to; empty is everybody.
    pub(super) pilot: Chosen,
    /// The files that the table names for secrets, by kind.
    files: Vec<(SecretKind, PathBuf)>,
    /// The line of its table, from 1.
    line: usize,
}

impl Connector {
    /// Its name.
    pub(super) fn name(&self) -> &ConnectorName {
        &self.settings.name
    }

    /// Its provider.
    pub(super) fn provider(&self) -> Provider {
        self.settings.provider()
    }

    /// What the table says; its secrets are empty.
    pub(super) fn typed(&self) -> &Settings {
        &self.settings
    }

    /// Files for secrets that the user's own table names.
    pub(super) fn named_files(&self) -> impl Iterator<Item = &Path> {
        let key_file = match &self.settings.cloud {
            Cloud::Box(cloud) => match &cloud.auth {
                BoxAuth::Jwt { key_file, .. } => Some(key_file.as_path()),
                _ => None,
            },
            Cloud::Dropbox(_) => None,
        };
        self.files.iter().map(|(_, path)| path.as_path()).chain(key_file)
    }

    /// The key that is still missing, if one is.
    pub(super) fn lacks(&self) -> Option<&'static str> {
        match &self.settings.cloud {
            Cloud::Box(cloud) => match &cloud.auth {
                BoxAuth::ClientCredentials { client_id, subject, .. } => {
                    let (BoxSubject::Enterprise(id) | BoxSubject::User(id)) = subject;
                    if client_id.is_empty() {
                        return Some("client_id");
                    }
                    id.is_empty().then_some("enterprise_id")
                }
                BoxAuth::Jwt { key_file, .. } => key_file.as_os_str().is_empty().then_some("key_file"),
                BoxAuth::User { client_id, .. } => client_id.is_empty().then_some("client_id"),
            },
            Cloud::Dropbox(cloud) => cloud.app_key.is_empty().then_some("app_key"),
        }
    }

    /// The vault that a consent fills; `None` for kinds of authentication that need no consent.
    pub(super) fn vault(&self) -> Option<&Path> {
        match &self.settings.cloud {
            Cloud::Box(cloud) => match &cloud.auth {
                BoxAuth::User { vault, .. } => Some(vault),
                BoxAuth::ClientCredentials { .. } | BoxAuth::Jwt { .. } => None,
            },
            Cloud::Dropbox(cloud) => Some(&cloud.vault),
        }
    }
}

impl Config {
    /// Reads the file that the flag names, else the variable `SLUICEBOX_SETTINGS`, else the user's own. The user's own may be
    /// missing: then there are no connectors yet. `may_be_missing` says the same of a named one, for the command that makes it.
    pub(super) fn load(named: Option<&Path>, may_be_missing: bool) -> Result<Self, ConfigError> {
        let variable = std::env::var_os(VARIABLE).filter(|value| !value.is_empty()).map(PathBuf::from);
        let (path, chosen) = match named.map(Path::to_path_buf).or(variable) {
            Some(path) => (path, true),
            None => (own_folder("XDG_CONFIG_HOME", ".config")?.join(FILE_NAME), false),
        };
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && (!chosen || may_be_missing) => String::new(),
            Err(error) => {
                let message = format!("cannot read the settings {}: {error}", shown(&path));
                return Err(ConfigError::new(message).help("see --settings FILE and the variable SLUICEBOX_SETTINGS"));
            }
        };
        Self::parse(path, text)
    }

    /// Reads settings from text; `path` is where it stands.
    fn parse(path: PathBuf, text: String) -> Result<Self, ConfigError> {
        let source = Source::new(&path, &text);
        let read = read::document(&source, || own_folder("XDG_STATE_HOME", ".local/state"))?;
        let read::Document {
            state,
            connectors,
            service,
            kept,
            rules,
            policies,
            operators,
            notify,
            anchors,
            cells,
            limits,
            ocr,
        } = read;
        Ok(Self {
            state,
            connectors,
            service,
            kept,
            rules,
            policies,
            operators,
            path,
            text,
            notify,
            anchors,
            cells,
            limits,
            ocr,
        })
    }

    /// How the service runs.
    pub(super) fn service(&self) -> &Service {
        &self.service
    }

    /// How cells are kept.
    pub(super) fn cells(&self) -> &Cells {
        &self.cells
    }

    /// Bounds for one file.
    pub(super) fn limits(&self) -> &crate::content::Limits {
        &self.limits
    }

    /// How text in pictures is read; `None` where it is not.
    pub(super) fn ocr(&self) -> Option<&crate::extract::ocr::Settings> {
        let (enabled, settings) = &self.ocr;
        enabled.then_some(settings)
    }

    /// How it would be read.
    pub(super) fn ocr_settings(&self) -> &crate::extract::ocr::Settings {
        &self.ocr.1
    }

    /// How long records are kept.
    pub(super) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// Which rules the service runs.
    pub(super) fn rules(&self) -> &crate::rule::Options {
        &self.rules
    }

    /// Policy files, and folders whose `*.toml` files are all policies.
    pub(super) fn policies(&self) -> &[PathBuf] {
        &self.policies.paths
    }

    /// Whether contents that no policy could need stay unread.
    pub(super) fn fetch_only_needed(&self) -> bool {
        self.policies.fetch_only_needed
    }

    /// Who is told what, and by which ways.
    pub(super) fn notify(&self) -> &Notify {
        &self.notify
    }

    /// Where signed heads of the audit log go.
    pub(super) fn anchors(&self) -> &Anchors {
        &self.anchors
    }

    /// The bearer token that health and numbers demand; `None` when the file names none.
    ///
    /// # Errors
    /// When its file is missing, empty, or can be read by others.
    pub(super) fn http_credential(&self) -> Result<Option<Secret>, ConfigError> {
        self.service.http_credential_file.as_deref().map(secrets::of_file).transpose()
    }

    /// Where the file is, or would be.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// All connectors, in the order of their names.
    pub(super) fn connectors(&self) -> &[Connector] {
        &self.connectors
    }

    /// The connector of that name, if there is one.
    pub(super) fn find(&self, name: &ConnectorName) -> Option<&Connector> {
        self.connectors.iter().find(|connector| connector.name() == name)
    }

    /// The connector of that name.
    pub(super) fn get(&self, name: &ConnectorName) -> Result<&Connector, ConfigError> {
        self.find(name).ok_or_else(|| {
            let error = ConfigError::new(format!("there is no connector `{name}`"));
            let names: Vec<&str> = self.connectors.iter().map(|one| one.name().as_str()).collect();
            match keys::nearest(name.as_str(), names.iter().copied()) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None if names.is_empty() => error.help(format!(
                    "none is set up in {}; begin with `sluicebox connect box {name}` or `sluicebox connect dropbox {name}`",
                    shown(&self.path)
                )),
                None => error.help(format!("there is {}; see `sluicebox connect list`", names.join(", "))),
            }
        })
    }

    /// The folder of a connector: its vault, its secrets, its last test. No two connectors share one.
    pub(super) fn folder(&self, name: &ConnectorName) -> PathBuf {
        folder_below(&self.state, name)
    }

    /// The whole settings of a connector, secrets included.
    ///
    /// # Errors
    /// When a secret is missing, or a file that holds one can be read by others.
    pub(super) fn settings(&self, connector: &Connector) -> Result<Settings, ConfigError> {
        if let Some(key) = connector.lacks() {
            let (name, provider) = (connector.name(), connector.provider());
            return Err(ConfigError::new(format!("connector `{name}`: `{key}` is missing"))
                .at(&self.path, connector.line, 1)
                .help(format!("add it, or run `sluicebox connect {provider} {name}`, which asks for it")));
        }
        let mut settings = connector.settings.clone();
        match &mut settings.cloud {
            Cloud::Box(cloud) => {
                match &mut cloud.auth {
                    BoxAuth::ClientCredentials { client_secret, .. } | BoxAuth::User { client_secret, .. } => {
                        *client_secret = self.needed(connector, SecretKind::ClientSecret)?;
                    }
                    BoxAuth::Jwt { key_file, .. } => secrets::check_private(key_file)?,
                }
                cloud.hook_keys.primary = self.secret(connector, SecretKind::HookKey)?;
                cloud.hook_keys.secondary = self.secret(connector, SecretKind::HookSecondKey)?;
            }
            Cloud::Dropbox(cloud) => cloud.app_secret = self.secret(connector, SecretKind::AppSecret)?,
        }
        if let Some(authority) = &settings.authority {
            std::fs::metadata(authority).map_err(|error| {
                ConfigError::new(format!(
                    "cannot read the authority {} of `{}`: {error}",
                    shown(authority),
                    settings.name
                ))
                .help("`authority` names a PEM file with the certificates to trust beside the system's")
            })?;
        }
        Ok(settings)
    }

    /// A secret of a connector, if it has one, from the first place that holds it.
    pub(super) fn secret(&self, connector: &Connector, kind: SecretKind) -> Result<Option<Secret>, ConfigError> {
        Ok(self.secret_whence(connector, kind)?.map(|(secret, _)| secret))
    }

    /// The same, and where it came from.
    pub(super) fn secret_whence(
        &self,
        connector: &Connector,
        kind: SecretKind,
    ) -> Result<Option<(Secret, Whence)>, ConfigError> {
        let named = connector.files.iter().find(|(of, _)| *of == kind).map(|(_, path)| path.as_path());
        secrets::find(connector.name(), kind, named, &self.folder(connector.name()))
    }

    /// Where a secret of a connector that has no table yet comes from: the environment, or its folder from an earlier run.
    pub(super) fn secret_without_table(
        &self,
        name: &ConnectorName,
        kind: SecretKind,
    ) -> Result<Option<Whence>, ConfigError> {
        Ok(secrets::find(name, kind, None, &self.folder(name))?.map(|(_, whence)| whence))
    }

    /// A secret that the connector cannot do without.
    fn needed(&self, connector: &Connector, kind: SecretKind) -> Result<Secret, ConfigError> {
        self.secret(connector, kind)?.ok_or_else(|| {
            let name = connector.name();
            ConfigError::new(format!("connector `{name}` has no {}", kind.words())).help(format!(
                "run `sluicebox connect {} {name}`, set {}, or name a 0600 file by `{}`",
                connector.provider(),
                kind.variable(name),
                kind.key()
            ))
        })
    }

    /// The place of a connector's table, as messages name it: `sluicebox.toml:12`.
    pub(super) fn place(&self, connector: &Connector) -> String {
        format!("{}:{}", shown(&self.path), connector.line)
    }

    /// Writes the file with these changes in one connector's table; comments and all else stay as they are.
    ///
    /// # Errors
    /// When the file cannot be written, was edited meanwhile, or would not be valid any more.
    pub(super) fn change(&mut self, name: &ConnectorName, change: &Change) -> Result<(), ConfigError> {
        let text = edit::apply(&self.text, name, change)
            .ok_or_else(|| ConfigError::new(format!("cannot edit {} by itself", shown(&self.path))))?;
        let changed = Self::parse(self.path.clone(), text)?;
        self.unchanged_on_disk()?;
        edit::write_whole(&self.path, &changed.text)
            .map_err(|error| ConfigError::new(format!("cannot write the settings {}: {error}", shown(&self.path))))?;
        *self = changed;
        Ok(())
    }

    /// Refuses when somebody else wrote the file since it was read.
    fn unchanged_on_disk(&self) -> Result<(), ConfigError> {
        match read_text(&self.path) {
            Ok(text) if text != self.text => {
                Err(ConfigError::new(format!("{} was changed meanwhile", shown(&self.path)))
                    .help("run the command again"))
            }
            _ => Ok(()),
        }
    }
}

/// The folder of a connector below the folder of all state.
fn folder_below(state: &Path, name: &ConnectorName) -> PathBuf {
    state.join("connectors").join(name.as_str())
}

/// A folder of the user's own by the base directory specification: the variable if it holds an absolute path, else below home.
pub(super) fn own_folder(variable: &str, below_home: &str) -> Result<PathBuf, ConfigError> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(below_home)));
    folder.map(|folder| folder.join("sluicebox")).ok_or_else(|| {
        ConfigError::new(format!("there is no home folder: neither {variable} nor HOME holds a path"))
            .help("name the settings file by --settings FILE, and `state_dir` in it")
    })
}

/// Reads a text file of bounded length.
fn read_text(path: &Path) -> std::io::Result<String> {
    use std::io::Read;
    let mut text = String::new();
    std::fs::File::open(path)?.take(SETTINGS_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}
