//! What is wrong on this machine: settings, files, the disk.

use super::{Found, Scene};
use crate::cli::config::{Config, ConfigError};
use crate::cli::{key, shown};
use crate::report::units;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Settings that are fine one by one and make no sense together.
pub(super) fn settings(config: &Config) -> Vec<Found> {
    let mut found = Vec::new();
    if config.connectors().is_empty() {
        found.push(Found::hint(
            "no-connector",
            format!("no connector in {} yet", shown(config.path())),
            "sluicebox connect box NAME, or sluicebox connect dropbox NAME",
        ));
    }
    if config.service().public_address.is_some() && config.service().http.is_none() {
        found.push(Found::fault(
            "hooks-unheard",
            "`public_address` is set, but nothing listens: `http` is not",
            "set http = \"127.0.0.1:8640\" in [service] and let the public host pass /hooks/ on to it",
        ));
    }
    for connector in config.connectors().iter().filter(|connector| connector.enabled) {
        if let Some(key) = connector.lacks() {
            let (provider, name) = (connector.provider(), connector.name());
            let next = format!("sluicebox connect {provider} {name}, which asks for it");
            found.push(Found::fault("unfinished", format!("`{key}` is missing"), next).of(name));
        }
    }
    found
}

/// The data folder: there, ours alone.
pub(super) fn data_folder(scene: &Scene<'_>) -> Vec<Found> {
    let path = &scene.config.service().data_dir;
    match path.metadata() {
        Err(_) => {
            let what = format!("there is no data folder {} yet", shown(path));
            vec![Found::fault("no-data-folder", what, "sluicebox init")]
        }
        Ok(meta) if meta.permissions().mode() & 0o077 != 0 => {
            let what = format!("others can enter the data folder {}", shown(path));
            vec![Found::fault("open-data-folder", what, format!("chmod 700 {}", shown(path)))]
        }
        Ok(_) => Vec::new(),
    }
}

/// Files with secrets: there, readable, and by nobody else.
pub(super) fn secrets(scene: &Scene<'_>) -> Vec<Found> {
    let service = scene.config.service();
    let mut found = Vec::new();
    match key::file(service.token_key_file.as_deref()) {
        Ok(Some(path)) if path.exists() => found.extend(open_to_others("token key", &path)),
        Ok(Some(path)) if service.store_file().exists() => found.push(Found::fault(
            "no-key",
            format!("the token key {} is gone, and what is stored opens with no other", shown(&path)),
            "put it back from your copy of it",
        )),
        _ => {}
    }
    if let Err(error) = scene.config.http_credential() {
        found.push(told(&error));
    }
    for connector in
        scene.config.connectors().iter().filter(|connector| connector.enabled && scene.looks_at(connector.name()))
    {
        if connector.lacks().is_some() {
            continue;
        }
        if let Err(error) = scene.config.settings(connector) {
            found.push(told(&error).of(connector.name()));
        }
    }
    found
}

/// A fault of a secret, as the settings' reader tells it.
fn told(error: &ConfigError) -> Found {
    let text = error.to_string();
    let (what, next) = text.split_once("\n  = help: ").unwrap_or((&text, "docs/connect.md, Secrets"));
    let id = if what.starts_with("others can read") { "open-secret" } else { "secret" };
    Found::fault(id, what, next)
}

fn open_to_others(what: &str, path: &Path) -> Option<Found> {
    let mode = path.metadata().ok()?.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        let what = format!("others can read the {what} {} (mode {:04o})", shown(path), mode & 0o7777);
        Found::fault("open-secret", what, format!("chmod 600 {}", shown(path)))
    })
}

/// Room on the disks of the store and of the spool.
pub(super) fn disk(scene: &Scene<'_>) -> Vec<Found> {
    let service = scene.config.service();
    let folders = [("store", &service.data_dir), ("spool", &service.spool_dir)];
    let short = |(what, folder): (&str, &std::path::PathBuf)| {
        let free = free_bytes(folder)?;
        (free < service.disk_free_min_bytes).then(|| {
            let what = format!(
                "{} free where the {what} lies ({}), and the service stops below {}",
                units::bytes(free),
                shown(folder),
                units::bytes(service.disk_free_min_bytes)
            );
            let next = "free some room, or move it: `data_dir`, `spool_dir` and `disk_free_min_bytes` in [service]";
            Found::fault("disk", what, next)
        })
    };
    let mut found: Vec<Found> = folders.into_iter().filter_map(short).collect();
    // Both mostly lie on one disk.
    found.truncate(1);
    found
}

/// Bytes that this user may still write where a folder is, or will be.
pub(in crate::cli) fn free_bytes(folder: &Path) -> Option<u64> {
    let there = folder.ancestors().find(|path| path.exists())?;
    let stat = rustix::fs::statvfs(there).ok()?;
    Some(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// The address of the HTTP edge.
pub(super) fn http(scene: &Scene<'_>) -> Vec<Found> {
    let service = scene.config.service();
    match service.http {
        Some(address) if !address.ip().is_loopback() && service.http_credential_file.is_none() => vec![Found::fault(
            "open-http",
            format!("{address} can be reached by other machines and demands no credential; `run` refuses to start"),
            "set `http_credential_file` to a 0600 file with a bearer token, or serve on 127.0.0.1",
        )],
        _ => Vec::new(),
    }
}
