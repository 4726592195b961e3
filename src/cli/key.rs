//! The key of tokens: made at first use, kept apart from what it protects.
//!
//! From a file (`--key-file`), the environment (`SLUICEBOX_TOKEN_KEY`, 64 hexadecimal digits), or the user's own
//! configuration folder, where it is made with mode 0600 the first time.

use super::config::own_folder;
use super::{Failed, shown};
use crate::detect::TokenKey;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const VARIABLE: &str = "SLUICEBOX_TOKEN_KEY";
const HEADER: &str = "sluicebox-token-key";

/// The key to use: the named file, else the environment, else the user's own file, made if need be.
pub(super) fn load(named: Option<&Path>) -> Result<TokenKey, Failed> {
    if let Some(path) = named {
        return read_or_make(path);
    }
    if let Some(text) = std::env::var_os(VARIABLE) {
        let key = text.to_str().and_then(decode).map(|bytes| TokenKey::new(bytes, 1));
        return key.ok_or_else(|| Failed::new(format!("{VARIABLE} must be 64 hexadecimal digits")));
    }
    read_or_make(&default_path()?)
}

fn default_path() -> Result<PathBuf, Failed> {
    let folder = own_folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("token.key"));
    folder.map_err(|_| {
        Failed::new(format!("no home folder to keep the token key in; give --key-file PATH or set {VARIABLE}"))
    })
}

fn read_or_make(path: &Path) -> Result<TokenKey, Failed> {
    match fs::read_to_string(path) {
        Ok(text) => read(path, &text),
        Err(error) if error.kind() == ErrorKind::NotFound => make(path),
        Err(error) => Err(Failed::new(format!("cannot read the token key {}: {error}", shown(path)))),
    }
}

fn read(path: &Path, text: &str) -> Result<TokenKey, Failed> {
    let shown = shown(path);
    let mode = fs::metadata(path).map(|meta| meta.permissions().mode()).unwrap_or(0);
    if mode & 0o077 != 0 {
        return Err(Failed::new(format!(
            "others can read the token key {shown}; run `chmod 600 {shown}`, or give another with --key-file"
        )));
    }
    let mut words = text.split_whitespace();
    let key = match (words.next(), words.next().and_then(|word| word.parse().ok()), words.next().and_then(decode)) {
        (Some(HEADER), Some(version), Some(bytes)) => Some(TokenKey::new(bytes, version)),
        _ => None,
    };
    key.ok_or_else(|| Failed::new(format!("{shown} is no token key; expected `{HEADER} VERSION 64-HEX-DIGITS`")))
}

fn make(path: &Path) -> Result<TokenKey, Failed> {
    let failed = |error: std::io::Error| Failed::new(format!("cannot make the token key {}: {error}", shown(path)));
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| Failed::new(format!("no randomness for a token key: {error}")))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    // Written whole under another name first, so that a second scan never reads half a key.
    let draft = folder.join(format!(".token.key.{}", std::process::id()));
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).and_then(|mut file| {
        file.write_all(format!("{HEADER} 1 {digits}\n").as_bytes())?;
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::hard_link(&draft, path));
    let _ = fs::remove_file(&draft);
    match placed {
        Ok(()) => Ok(TokenKey::new(bytes, 1)),
        // Another scan made one in the meantime: that one counts.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            fs::read_to_string(path).map_err(failed).and_then(|text| read(path, &text))
        }
        Err(error) => Err(failed(error)),
    }
}

fn decode(digits: &str) -> Option<[u8; 32]> {
    let digits = digits.trim();
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}
