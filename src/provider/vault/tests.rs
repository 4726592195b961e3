//! The vault against stops between any two steps, other refreshers, and files that are not its own.

use super::whole::{Step, write_in_steps};
use super::*;
use crate::provider::Next;
use std::fs;
use std::sync::Mutex;

fn vault(folder: &Path) -> Vault {
    Vault::new(folder.join("main.vault"), "main".parse().unwrap(), Provider::Box, "client")
}

fn kept(token: &str) -> Kept {
    Kept { refresh_token: Secret::new(token), details: BTreeMap::from([("scope".to_owned(), "all".to_owned())]) }
}

/// A token endpoint as Box's: a refresh token is good for one use, but the one before stays good until the access token
/// that came with the new one is first used.
#[derive(Debug, Default)]
struct Endpoint(Mutex<Grants>);

#[derive(Debug, Default)]
struct Grants {
    good: Vec<String>,
    made: u32,
}

impl Endpoint {
    fn begin(&self) -> Kept {
        self.0.lock().unwrap().good.push("r0".into());
        kept("r0")
    }

    fn exchange(&self, with: &Kept) -> Result<(Kept, String), Error> {
        let mut grants = self.0.lock().unwrap();
        if !grants.good.iter().any(|good| good == with.refresh_token.reveal()) {
            return Err(Error::new(Next::Credentials, "renew the token", "400 invalid_grant"));
        }
        grants.made += 1;
        let (refresh, access) = (format!("r{}", grants.made), format!("a{}", grants.made));
        grants.good.push(refresh.clone());
        Ok((kept(&refresh), access))
    }

    /// Uses an access token: from now on only the refresh token that came with it is good.
    fn use_access(&self, access: &str) {
        let mut grants = self.0.lock().unwrap();
        let refresh = access.replace('a', "r");
        grants.good.retain(|good| *good == refresh);
    }
}

#[test]
fn what_is_put_in_comes_out_and_nobody_else_may_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    let error = vault.read().unwrap_err();
    assert_eq!((error.next(), error.advice()), (Next::Credentials, Some("sluicebox connect box main")));
    for token in ["first", "second"] {
        vault.put(&kept(token)).unwrap();
        assert_eq!(vault.read().unwrap(), kept(token));
        assert_eq!(fs::metadata(&vault.path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "the vault and its lock, nothing left over: {names:?}");
    assert!(!format!("{vault:?} {:?}", vault.read()).contains("second"));
}

#[test]
fn a_file_that_cannot_be_trusted_is_refused_with_the_next_command() {
    let sheet = |version: u32, provider: &str, client: &str| {
        format!(r#"{{"version":{version},"provider":"{provider}","client_id":"{client}","refresh_token":"hush"}}"#)
    };
    let connect = "sluicebox connect box main";
    for (name, text, mode, said, advice) in [
        ("readable by a group", sheet(1, "box", "client"), 0o640, "other users of this machine", "chmod 600 "),
        ("readable by all", sheet(1, "box", "client"), 0o604, "other users of this machine", "chmod 600 "),
        ("another version", sheet(2, "box", "client"), 0o600, "version 2", connect),
        ("another provider", sheet(1, "dropbox", "client"), 0o600, "another dropbox application", connect),
        ("another application", sheet(1, "box", "other"), 0o600, "another box application", connect),
        ("cut", sheet(1, "box", "client")[..40].to_owned(), 0o600, "not what sluicebox writes", connect),
        ("unknown field", sheet(1, "box", "client").replace("refresh", "fresh"), 0o600, "not what sluicebox", connect),
        ("empty", String::new(), 0o600, "not what sluicebox writes", connect),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path());
        fs::write(&vault.path, text).unwrap();
        fs::set_permissions(&vault.path, fs::Permissions::from_mode(mode)).unwrap();
        let used = vault.rotate(|_| -> Result<(Kept, ()), Error> { panic!("{name}: must not be used") });
        for error in [vault.read().unwrap_err(), used.unwrap_err()] {
            let text = error.to_string();
            assert_eq!(error.next(), Next::Credentials, "{name}");
            assert!(text.contains(said) && text.contains(advice) && !text.contains("hush"), "{name}: {text}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("main.vault")).unwrap();
    assert!(vault(folder.path()).read().is_err());
}

#[test]
fn a_stop_between_any_two_steps_leaves_a_token_that_works() {
    use Step::{Begun, Created, FolderSynced, HalfWritten, Renamed, Synced, Written};
    for (stop, holds) in [
        (Begun, "r0"),
        (Created, "r0"),
        (HalfWritten, "r0"),
        (Written, "r0"),
        (Synced, "r0"),
        (Renamed, "r1"),
        (FolderSynced, "r1"),
    ] {
        let (folder, endpoint) = (tempfile::tempdir().unwrap(), Endpoint::default());
        let vault = vault(folder.path());
        vault.put(&endpoint.begin()).unwrap();
        // A rotation that gets as far as `stop`: the access token it had was never handed on.
        let (new, _) = endpoint.exchange(&vault.read().unwrap()).unwrap();
        let text = fs::read_to_string(&vault.path).unwrap().replace("r0", new.refresh_token.reveal());
        let stopped = write_in_steps(&vault.path, text.as_bytes(), |step| {
            if step == stop { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
        });
        assert!(stopped.is_err());
        // The next start.
        assert_eq!(vault.read().unwrap().refresh_token.reveal(), holds, "{stop:?}");
        for _ in 0..3 {
            let access =
                vault.rotate(|kept| endpoint.exchange(kept)).unwrap_or_else(|error| panic!("{stop:?}: {error}"));
            endpoint.use_access(&access);
        }
    }
}

#[test]
fn the_first_token_makes_the_folder_and_only_that() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    let vault = vault(&deep);
    let used = vault.rotate(|_| -> Result<(Kept, ()), Error> { panic!("there is none") });
    assert_eq!(used.unwrap_err().advice(), Some("sluicebox connect box main"));
    assert!(!deep.exists());
    vault.put(&kept("r0")).unwrap();
    assert_eq!(fs::metadata(&deep).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_failed_exchange_or_write_hands_nothing_on() {
    let folder = tempfile::tempdir().unwrap();
    let vault = vault(folder.path());
    vault.put(&kept("r0")).unwrap();
    let got = vault.rotate(|_| -> Result<(Kept, ()), Error> { Err(Error::new(Next::Transient, "renew", "503")) });
    assert_eq!(got.unwrap_err().next(), Next::Transient);
    assert_eq!(vault.read().unwrap(), kept("r0"));
    // The new file cannot be made where a folder lies.
    fs::create_dir(folder.path().join("main.vault.new")).unwrap();
    let got = vault.rotate(|_| Ok((kept("r1"), "access")));
    assert!(got.unwrap_err().advice().is_some_and(|advice| advice.contains("disk")));
    assert_eq!(vault.read().unwrap(), kept("r0"));
}

#[test]
fn one_refresher_at_a_time_and_each_reads_what_the_last_one_wrote() {
    let (folder, endpoint) = (tempfile::tempdir().unwrap(), Endpoint::default());
    vault(folder.path()).put(&endpoint.begin()).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            // Each has a vault of its own, as another process would: only the lock on the disk stands between them.
            let (vault, endpoint) = (vault(folder.path()), &endpoint);
            scope.spawn(move || {
                for _ in 0..5 {
                    let access = vault.rotate(|kept| endpoint.exchange(kept)).unwrap();
                    endpoint.use_access(&access);
                }
            });
        }
    });
    assert_eq!(vault(folder.path()).read().unwrap(), kept("r30"));
}

#[test]
fn a_path_is_shown_as_a_shell_takes_it() {
    for (path, want) in
        [("/var/lib/x.vault", "/var/lib/x.vault"), ("/my files/x", "'/my files/x'"), ("/it's", r"'/it'\''s'")]
    {
        assert_eq!(quoted(Path::new(path)), want);
    }
}
