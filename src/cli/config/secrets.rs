//! Secrets: from the environment, from a private file that the table names, or from the connector's own folder.
//!
//! In this order; the first place that holds one counts. None is ever taken from a flag, which other users of the machine
//! could read, or from the settings file, which people copy and commit.

use super::error::ConfigError;
use crate::cli::shown;
use crate::model::{ConnectorName, Provider};
use crate::provider::Secret;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Bytes of a file with a secret that are read at most.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// The kinds of secret a connector may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum SecretKind {
    /// Box.
    ClientSecret,
    /// Dropbox.
    AppSecret,
    /// Dropbox: what an admin's consent gave. It does not rotate, so it may come from outside.
    RefreshToken,
    /// Box: one of the two keys that webhook deliveries are signed with.
    HookKey,
    /// Box: the other one; both hold while one is changed.
    HookSecondKey,
}

impl SecretKind {
    /// All of them.
    pub(super) const ALL: [SecretKind; 5] = [
        SecretKind::ClientSecret,
        SecretKind::AppSecret,
        SecretKind::RefreshToken,
        SecretKind::HookKey,
        SecretKind::HookSecondKey,
    ];

    /// The secret of an application at this provider.
    pub(in crate::cli) fn of(provider: Provider) -> Self {
        match provider {
            Provider::Box => SecretKind::ClientSecret,
            Provider::Dropbox => SecretKind::AppSecret,
        }
    }

    /// In words, as the provider's console says it.
    pub(in crate::cli) fn words(self) -> &'static str {
        match self {
            SecretKind::ClientSecret => "client secret",
            SecretKind::AppSecret => "app secret",
            SecretKind::RefreshToken => "refresh token",
            SecretKind::HookKey => "primary signature key",
            SecretKind::HookSecondKey => "secondary signature key",
        }
    }

    /// The key of the settings file that names a file with it.
    pub(in crate::cli) fn key(self) -> &'static str {
        match self {
            SecretKind::ClientSecret => "client_secret_file",
            SecretKind::AppSecret => "app_secret_file",
            SecretKind::RefreshToken => "refresh_token_file",
            SecretKind::HookKey => "hook_key_file",
            SecretKind::HookSecondKey => "hook_second_key_file",
        }
    }

    /// The variable that holds it: `SLUICEBOX_BOX_EMEA_CLIENT_SECRET` for a connector `box-emea`.
    pub(in crate::cli) fn variable(self, name: &ConnectorName) -> String {
        let name = name.as_str().to_uppercase().replace('-', "_");
        format!("SLUICEBOX_{name}_{}", self.key().trim_end_matches("_file").to_uppercase())
    }

    /// Its file in the connector's own folder.
    pub(in crate::cli) fn own_file(self, folder: &Path) -> PathBuf {
        folder.join(self.key().trim_end_matches("_file").replace('_', "-"))
    }
}

/// Where a secret came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Whence {
    /// The environment, by this variable.
    Environment(String),
    /// A file that the user's table names.
    Named(PathBuf),
    /// The connector's own folder.
    Own,
}

/// Looks for a secret.
pub(super) fn find(
    name: &ConnectorName,
    kind: SecretKind,
    named: Option<&Path>,
    folder: &Path,
) -> Result<Option<(Secret, Whence)>, ConfigError> {
    let variable = kind.variable(name);
    if let Some(value) = std::env::var_os(&variable).filter(|value| !value.is_empty()) {
        let text = value.to_str().map(Secret::new).filter(|secret| !secret.is_empty());
        let error = || ConfigError::new(format!("the variable {variable} holds no text"));
        return text.ok_or_else(error).map(|secret| Some((secret, Whence::Environment(variable))));
    }
    if let Some(path) = named {
        check_private(path)?;
        return read(path).map(|secret| Some((secret, Whence::Named(path.to_path_buf()))));
    }
    let own = kind.own_file(folder);
    if !own.exists() {
        return Ok(None);
    }
    check_private(&own)?;
    read(&own).map(|secret| Some((secret, Whence::Own)))
}

/// Refuses a file that is missing or that others can read.
pub(super) fn check_private(path: &Path) -> Result<(), ConfigError> {
    let shown = shown(path);
    let mode = match fs::metadata(path) {
        Ok(meta) if meta.is_file() => meta.permissions().mode(),
        Ok(_) => return Err(ConfigError::new(format!("{shown} is no file"))),
        Err(error) => return Err(ConfigError::new(format!("cannot read the secret in {shown}: {error}"))),
    };
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(ConfigError::new(format!("others can read the secret in {shown} (mode {:04o})", mode & 0o7777))
        .help(format!("run `chmod 600 {shown}`")))
}

/// The secret in a private file.
pub(super) fn of_file(path: &Path) -> Result<Secret, ConfigError> {
    check_private(path)?;
    read(path)
}

fn read(path: &Path) -> Result<Secret, ConfigError> {
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(SECRET_BYTES_MAX).read_to_string(&mut text));
    let secret = read.map(|_| Secret::new(&text));
    match secret {
        Ok(secret) if !secret.is_empty() => Ok(secret),
        Ok(_) => Err(ConfigError::new(format!("there is no secret in {}: it is empty", shown(path)))),
        Err(error) => Err(ConfigError::new(format!("cannot read the secret in {}: {error}", shown(path)))),
    }
}

/// Makes a folder that only its owner may enter, with those that lead to it.
pub(in crate::cli) fn private_folder(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Writes a private file whole: under another name first, synchronised, then renamed. Makes its folder with mode 0700.
pub(in crate::cli) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    private_folder(folder)?;
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        fs::File::open(folder)?.sync_all()
    };
    let written = write();
    if written.as_ref().is_err_and(|error: &io::Error| error.kind() != ErrorKind::AlreadyExists) {
        let _ = fs::remove_file(&draft);
    }
    written
}
