//! The key of tokens: made at first use, kept apart from what it protects. The key of sealed names is derived from it.
//!
//! From a file (`--key-file`), the environment (`SLUICEBOX_TOKEN_KEY`, 64 hexadecimal digits), or the user's own
//! configuration folder, where it is made with mode 0600 the first time.

use super::config::own_folder;
use super::{Failed, shown};
use crate::detect::TokenKey;
use crate::store::SealKey;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

const VARIABLE: &str = "SLUICEBOX_TOKEN_KEY";
const HEADER: &str = "sluicebox-token-key";
/// Parts the key of sealed names from that of tokens.
const SEAL: &[u8] = b"sluicebox seal 1\0";

/// What the key of tokens gives: tokens, and the seal of names in a store.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    /// Tells equal values by equal tokens.
    pub(super) token: TokenKey,
    /// Opens names that may not be shown.
    pub(super) seal: SealKey,
}

/// The key's bytes and version, as they were read.
struct Read32([u8; 32], u32);

/// Where a key of its own is looked for, and made if need be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// Made anew.
    Made,
    /// Refused: a new key would open nothing that is stored.
    Refused,
}

/// The key to use: the named file, else the environment, else the user's own file, made if need be.
pub(super) fn load(named: Option<&Path>) -> Result<TokenKey, Failed> {
    find(named, Missing::Made).map(|Read32(bytes, version)| TokenKey::new(bytes, version))
}

/// The keys of a store, the key of tokens made if need be: for the command that makes the store.
pub(super) fn load_or_make(named: Option<&Path>) -> Result<Keys, Failed> {
    find(named, Missing::Made).map(|key| keys(&key))
}

/// The keys of a store that is there already.
///
/// # Errors
/// When there is no key: a new one would not open what the store holds.
pub(super) fn load_existing(named: Option<&Path>) -> Result<Keys, Failed> {
    find(named, Missing::Refused).map(|key| keys(&key))
}

/// The file of the key, unless the environment holds it.
pub(super) fn file(named: Option<&Path>) -> Result<Option<PathBuf>, Failed> {
    match named {
        Some(path) => Ok(Some(path.to_path_buf())),
        None if std::env::var_os(VARIABLE).is_some() => Ok(None),
        None => default_path().map(Some),
    }
}

fn keys(Read32(bytes, version): &Read32) -> Keys {
    let mut mac = Hmac::<Sha256>::new(&block(bytes).into());
    mac.update(SEAL);
    Keys { token: TokenKey::new(*bytes, *version), seal: SealKey::new(mac.finalize().into_bytes().into()) }
}

/// HMAC takes its key filled up with zeros to a block.
fn block(bytes: &[u8; 32]) -> [u8; 64] {
    let mut block = [0; 64];
    block[..bytes.len()].copy_from_slice(bytes);
    block
}

fn find(named: Option<&Path>, missing: Missing) -> Result<Read32, Failed> {
    if let Some(path) = named {
        return read_or_make(path, missing);
    }
    if let Some(text) = std::env::var_os(VARIABLE) {
        let key = text.to_str().and_then(decode).map(|bytes| Read32(bytes, 1));
        return key.ok_or_else(|| Failed::new(format!("{VARIABLE} must be 64 hexadecimal digits")));
    }
    read_or_make(&default_path()?, missing)
}

fn default_path() -> Result<PathBuf, Failed> {
    let folder = own_folder("XDG_CONFIG_HOME", ".config").map(|folder| folder.join("token.key"));
    folder.map_err(|_| {
        Failed::new(format!("no home folder to keep the token key in; give --key-file PATH or set {VARIABLE}"))
    })
}

fn read_or_make(path: &Path, missing: Missing) -> Result<Read32, Failed> {
    match fs::read_to_string(path) {
        Ok(text) => read(path, &text),
        Err(error) if error.kind() == ErrorKind::NotFound && missing == Missing::Made => make(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Failed::new(format!(
            "there is no token key {}, and what is stored opens with no other\n  put the key back, or begin anew by `sluicebox init`",
            shown(path)
        ))),
        Err(error) => Err(Failed::new(format!("cannot read the token key {}: {error}", shown(path)))),
    }
}

fn read(path: &Path, text: &str) -> Result<Read32, Failed> {
    let shown = shown(path);
    let mode = fs::metadata(path).map(|meta| meta.permissions().mode()).unwrap_or(0);
    if mode & 0o077 != 0 {
        return Err(Failed::new(format!(
            "others can read the token key {shown}; run `chmod 600 {shown}`, or give another with --key-file"
        )));
    }
    let mut words = text.split_whitespace();
    let key = match (words.next(), words.next().and_then(|word| word.parse().ok()), words.next().and_then(decode)) {
        (Some(HEADER), Some(version), Some(bytes)) => Some(Read32(bytes, version)),
        _ => None,
    };
    key.ok_or_else(|| Failed::new(format!("{shown} is no token key; expected `{HEADER} VERSION 64-HEX-DIGITS`")))
}

fn make(path: &Path) -> Result<Read32, Failed> {
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
        Ok(()) => Ok(Read32(bytes, 1)),
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
