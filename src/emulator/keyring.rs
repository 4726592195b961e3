//! What a client needs to connect: addresses, the emulator's own credentials, the authority of its certificates.
//!
//! The credentials are the tenants' own inventions and open nothing else, so they may be printed and handed to scripts;
//! files with them are private (0600) all the same, because the client that reads them asks for that.

use super::wire::Door;
use super::{Running, Tenants, boxcom, dropbox};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Everything to connect with.
#[derive(Clone, Debug)]
pub struct Keyring {
    dropbox: dropbox::Keys,
    doors: Vec<(Door, String)>,
    authority_pem: Option<String>,
}

/// Files that stand beside a settings file, by their names.
const BOX_SECRET: &str = "box.secret";
const BOX_HOOK_KEY: &str = "box.hook-key";
const BOX_HOOK_SECOND_KEY: &str = "box.hook-second-key";
const BOX_JWT: &str = "box.jwt.json";
const DROPBOX_SECRET: &str = "dropbox.secret";
const DROPBOX_REFRESH: &str = "dropbox.refresh";
const AUTHORITY: &str = "authority.pem";

impl Keyring {
    /// The keyring of these tenants behind these doors.
    #[must_use]
    pub fn new(tenants: &Tenants, running: &Running) -> Self {
        Self {
            dropbox: tenants.dropbox.keys(),
            doors: running.doors().to_vec(),
            authority_pem: running.authority_pem().map(str::to_owned),
        }
    }

    fn address(&self, door: Door) -> &str {
        self.doors.iter().find(|(other, _)| *other == door).map_or("", |(_, address)| address.as_str())
    }

    /// Addresses as clients name them, with the path that the service's own have.
    fn addresses(&self) -> [(&'static str, String); 9] {
        let at = |door, path: &str| format!("{}{path}", self.address(door));
        [
            ("box.api", at(Door::BoxApi, "/2.0/")),
            ("box.upload", at(Door::BoxUpload, "/api/2.0/")),
            ("box.token", at(Door::BoxApi, "/oauth2/token")),
            ("box.authorize", at(Door::BoxApi, "/api/oauth2/authorize")),
            ("dropbox.api", at(Door::DropboxApi, "/2/")),
            ("dropbox.content", at(Door::DropboxContent, "/2/")),
            ("dropbox.notify", at(Door::DropboxNotify, "/2/")),
            ("dropbox.token", at(Door::DropboxApi, "/oauth2/token")),
            ("dropbox.authorize", at(Door::DropboxApi, "/oauth2/authorize")),
        ]
    }

    /// The part of a settings file that names one provider's addresses (`box` or `dropbox`).
    fn address_lines(&self, provider: &str) -> String {
        let own = |name: &'static str| name.strip_prefix(provider)?.strip_prefix('.');
        let rows = self.addresses();
        rows.iter().filter_map(|(name, address)| Some(format!("{} = \"{address}\"\n", own(name)?))).collect()
    }

    /// The download door as a settings file names it: host and port.
    fn download_host(&self) -> &str {
        let address = self.address(Door::BoxDownload);
        address.split_once("://").map_or(address, |(_, host)| host)
    }

    /// A settings file with the connectors `box` and `dropbox`; it names files beside it, see
    /// [`write_settings`](Keyring::write_settings).
    #[must_use]
    pub fn settings(&self) -> String {
        let authority = self.authority_pem.as_ref().map_or(String::new(), |_| format!("authority = \"{AUTHORITY}\"\n"));
        let (box_lines, dropbox_lines) = (self.address_lines("box"), self.address_lines("dropbox"));
        let (id, enterprise, host) = (boxcom::keys::CLIENT_ID, boxcom::keys::ENTERPRISE_ID, self.download_host());
        let app_key = &self.dropbox.app_key;
        format!(
            "# Two connectors to the tenants of one run of `sluicebox emulate`; another run has other addresses.\n\
             state_dir = \"state\"\n\n\
             [connector.box]\nprovider = \"box\"\nauth = \"client_credentials\"\nclient_id = \"{id}\"\n\
             client_secret_file = \"{BOX_SECRET}\"\nenterprise_id = \"{enterprise}\"\n\
             hook_key_file = \"{BOX_HOOK_KEY}\"\nhook_second_key_file = \"{BOX_HOOK_SECOND_KEY}\"\n\
             internal_domains = [\"example.com\"]\n{box_lines}download_hosts = [\"{host}\"]\n{authority}\n\
             [connector.dropbox]\nprovider = \"dropbox\"\napp_key = \"{app_key}\"\n\
             app_secret_file = \"{DROPBOX_SECRET}\"\nrefresh_token_file = \"{DROPBOX_REFRESH}\"\n\
             internal_domains = [\"example.com\"]\n{dropbox_lines}{authority}"
        )
    }

    /// Writes the settings file and, beside it, the files it names, all of them private. Gives their paths, the settings
    /// file first. What stood under these names is replaced.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_settings(&self, file: &Path) -> io::Result<Vec<PathBuf>> {
        let beside = |name: &str| file.with_file_name(name);
        let mut files = vec![
            (beside(BOX_SECRET), boxcom::keys::CLIENT_SECRET.to_owned()),
            (beside(BOX_HOOK_KEY), boxcom::keys::SIGNATURE_KEYS[0].to_owned()),
            (beside(BOX_HOOK_SECOND_KEY), boxcom::keys::SIGNATURE_KEYS[1].to_owned()),
            (beside(BOX_JWT), format!("{:#}\n", boxcom::keys::app_config())),
            (beside(DROPBOX_SECRET), self.dropbox.app_secret.clone()),
            (beside(DROPBOX_REFRESH), self.dropbox.refresh_token.clone()),
        ];
        files.extend(self.authority_pem.clone().map(|pem| (beside(AUTHORITY), pem)));
        // Last, so that whoever waits for it finds the others.
        files.push((file.to_owned(), self.settings()));
        for (path, text) in &files {
            write_private(path, text)?;
        }
        Ok(files.into_iter().rev().map(|(path, _)| path).collect())
    }

    /// The same for scripts, as JSON: `doors` (scheme, host and port of each), `box`, `dropbox` (addresses and
    /// credentials), `authority_pem` (null without TLS).
    #[must_use]
    pub fn json(&self) -> Value {
        let doors: serde_json::Map<String, Value> =
            self.doors.iter().map(|(door, address)| (door.name().to_owned(), Value::from(address.as_str()))).collect();
        let addresses: Vec<(&str, String)> = self.addresses().into_iter().collect();
        let of = |provider: &str, mut own: Value| {
            for (name, address) in &addresses {
                if let Some(name) = name.strip_prefix(provider).and_then(|rest| rest.strip_prefix('.')) {
                    own[name] = Value::from(address.as_str());
                }
            }
            own
        };
        json!({
            "doors": doors,
            "box": of("box", json!({
                "client_id": boxcom::keys::CLIENT_ID,
                "client_secret": boxcom::keys::CLIENT_SECRET,
                "enterprise_id": boxcom::keys::ENTERPRISE_ID,
                "jwt_key_file": boxcom::keys::app_config(),
                "hook_keys": boxcom::keys::SIGNATURE_KEYS,
                "download_host": self.download_host(),
            })),
            "dropbox": of("dropbox", json!({
                "app_key": self.dropbox.app_key,
                "app_secret": self.dropbox.app_secret,
                "refresh_token": self.dropbox.refresh_token,
            })),
            "authority_pem": self.authority_pem,
        })
    }

    /// The same for a person, one line each: name and value, by provider.
    #[must_use]
    pub fn rows(&self) -> [(&'static str, Vec<(&'static str, String)>); 2] {
        let [api, upload, token, authorize, dropbox_api, content, notify, dropbox_token, dropbox_authorize] =
            self.addresses().map(|(_, address)| address);
        let boxcom = vec![
            ("api", api),
            ("upload", upload),
            ("token", token),
            ("authorize", authorize),
            ("downloads", self.address(Door::BoxDownload).to_owned()),
            ("client id", boxcom::keys::CLIENT_ID.to_owned()),
            ("client secret", boxcom::keys::CLIENT_SECRET.to_owned()),
            ("enterprise id", boxcom::keys::ENTERPRISE_ID.to_owned()),
            ("hook keys", boxcom::keys::SIGNATURE_KEYS.join(", ")),
        ];
        let dropbox = vec![
            ("api", dropbox_api),
            ("content", content),
            ("notify", notify),
            ("token", dropbox_token),
            ("authorize", dropbox_authorize),
            ("app key", self.dropbox.app_key.clone()),
            ("app secret", self.dropbox.app_secret.clone()),
            ("refresh token", self.dropbox.refresh_token.clone()),
        ];
        [("Box", boxcom), ("Dropbox", dropbox)]
    }
}

/// Writes a private file that appears whole or not at all; one of that name is replaced.
///
/// # Errors
/// When it cannot be written.
pub fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.part", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        // A draft that is not there is as well.
        let _ = fs::remove_file(&draft);
    }
    written.map_err(|error| io::Error::new(error.kind(), format!("cannot write {}: {error}", path.display())))
}
