//! What a connector is told: addresses, limits, credentials. Only `cli/config` reads the settings file and fills these.

use super::Secret;
use crate::model::{ConnectorName, Provider};
use std::fmt;
use std::path::PathBuf;
use url::Url;

/// The settings of one connector.
#[derive(Clone)]
pub struct Settings {
    /// Its name.
    pub name: ConnectorName,
    /// What is particular to its provider.
    pub cloud: Cloud,
    /// Domains that count as internal beside the managed people (`example.com`).
    pub internal_domains: Vec<String>,
    /// How much, how fast.
    pub limits: Limits,
    /// An egress proxy (`http://proxy.example.com:3128`). It may hold a user and password: `Debug` shows host and port only.
    pub proxy: Option<Url>,
    /// A PEM file with certificate authorities to trust beside the system's.
    pub authority: Option<PathBuf>,
    /// Days of past activity to read on connect. Default 7.
    pub history_days: u32,
    /// True when trash is listed too. Default true.
    pub trash: bool,
    /// True when the company may have legal holds or retention: they are then read before anything is deleted, overwritten or
    /// given another owner, and count as there when they cannot be read. False when an operator says that it has none.
    /// Default true.
    pub holds: bool,
    /// How long the effect of an action's call is waited for.
    pub patience: super::govern::Patience,
}

impl Settings {
    /// Which provider.
    #[must_use]
    pub fn provider(&self) -> Provider {
        match self.cloud {
            Cloud::Box(_) => Provider::Box,
            Cloud::Dropbox(_) => Provider::Dropbox,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy = self.proxy.as_ref().map(|url| (url.host_str(), url.port_or_known_default()));
        f.debug_struct("Settings")
            .field("name", &self.name)
            .field("cloud", &self.cloud)
            .field("internal_domains", &self.internal_domains)
            .field("limits", &self.limits)
            .field("proxy", &proxy)
            .field("authority", &self.authority)
            .field("history_days", &self.history_days)
            .field("trash", &self.trash)
            .field("holds", &self.holds)
            .field("patience", &self.patience)
            .finish()
    }
}

/// What is particular to a provider.
#[derive(Clone, Debug)]
pub enum Cloud {
    /// A Box enterprise.
    Box(BoxSettings),
    /// A Dropbox team.
    Dropbox(DropboxSettings),
}

/// Limits of a connector's calls.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Calls a second for each principal. Default 10 (Box documents 1000 a minute for each user).
    pub rate_per_principal: f64,
    /// Calls at the same time, for all principals together. Default 16.
    pub concurrency: usize,
    /// Calls a day (UTC); `None` is no limit.
    pub calls_per_day: Option<u64>,
    /// Calls a calendar month (UTC); `None` is no limit.
    pub calls_per_month: Option<u64>,
    /// Whose the rate is.
    pub limit_of: LimitOf,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rate_per_principal: 10.0,
            concurrency: 16,
            calls_per_day: None,
            calls_per_month: None,
            limit_of: LimitOf::ActingUser,
        }
    }
}

/// Whose a rate limit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitOf {
    /// Each acting user (as-user, Select-User) has one of its own: the default.
    ActingUser,
    /// All calls with one token share one.
    Token,
}

/// A Box enterprise.
#[derive(Clone, Debug)]
pub struct BoxSettings {
    /// Default `https://api.box.com/2.0/`; as all addresses below with a slash at the end.
    pub api: Url,
    /// Default `https://upload.box.com/api/2.0/`.
    pub upload: Url,
    /// Default `https://api.box.com/oauth2/token`, without a slash.
    pub token: Url,
    /// Default `https://account.box.com/api/oauth2/authorize`, without a slash.
    pub authorize: Url,
    /// Hosts signed download addresses may name; `*.` stands for any sub-domain. Default `dl.boxcloud.com`,
    /// `*.boxcloud.com`. With a port (`127.0.0.1:8081`) only that port fits, without one only 443.
    pub download_hosts: Vec<String>,
    /// How tokens are had.
    pub auth: BoxAuth,
    /// What webhooks are signed with; without one every delivery is refused.
    pub hook_keys: HookKeys,
}

/// The signature keys of a Box application (developer console > Webhooks > Manage signature keys). Two, so that they can be
/// changed one after the other.
#[derive(Clone, Debug, Default)]
pub struct HookKeys {
    /// The first key.
    pub primary: Option<Secret>,
    /// The second key.
    pub secondary: Option<Secret>,
}

/// How Box tokens are had (providers' guide: Authentication).
#[derive(Clone, Debug)]
pub enum BoxAuth {
    /// Client credentials.
    ClientCredentials {
        /// The application's id.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// Whose token.
        subject: BoxSubject,
    },
    /// JWT by the key file that the developer console makes.
    Jwt {
        /// The JSON file; mode 0600.
        key_file: PathBuf,
        /// Whose token; `None` is the enterprise of the file.
        subject: Option<BoxSubject>,
    },
    /// An admin's own consent; the rotating refresh token lives in the vault.
    User {
        /// The application's id.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// The vault file.
        vault: PathBuf,
    },
}

/// Whose token Box gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoxSubject {
    /// The service account of the application in this enterprise.
    Enterprise(String),
    /// This user.
    User(String),
}

/// A Dropbox team.
#[derive(Clone, Debug)]
pub struct DropboxSettings {
    /// Default `https://api.dropboxapi.com/2/`.
    pub api: Url,
    /// Default `https://content.dropboxapi.com/2/`.
    pub content: Url,
    /// Default `https://notify.dropboxapi.com/2/`.
    pub notify: Url,
    /// Default `https://api.dropboxapi.com/oauth2/token`, without a slash.
    pub token: Url,
    /// Default `https://www.dropbox.com/oauth2/authorize`, without a slash.
    pub authorize: Url,
    /// The application's key.
    pub app_key: String,
    /// Its secret; `None` with PKCE.
    pub app_secret: Option<Secret>,
    /// The vault file that holds the refresh token.
    pub vault: PathBuf,
    /// The admin to act as (`dbmid:...`); `None` is the one who linked the application.
    pub admin: Option<String>,
}

/// The public addresses.
pub mod public {
    /// Box API.
    pub const BOX_API: &str = "https://api.box.com/2.0/";
    /// Box uploads.
    pub const BOX_UPLOAD: &str = "https://upload.box.com/api/2.0/";
    /// Box tokens.
    pub const BOX_TOKEN: &str = "https://api.box.com/oauth2/token";
    /// Where a Box admin consents.
    pub const BOX_AUTHORIZE: &str = "https://account.box.com/api/oauth2/authorize";
    /// Hosts of Box's signed download addresses.
    pub const BOX_DOWNLOAD_HOSTS: [&str; 2] = ["dl.boxcloud.com", "*.boxcloud.com"];
    /// Dropbox API.
    pub const DROPBOX_API: &str = "https://api.dropboxapi.com/2/";
    /// Dropbox contents.
    pub const DROPBOX_CONTENT: &str = "https://content.dropboxapi.com/2/";
    /// Dropbox long polls.
    pub const DROPBOX_NOTIFY: &str = "https://notify.dropboxapi.com/2/";
    /// Dropbox tokens.
    pub const DROPBOX_TOKEN: &str = "https://api.dropboxapi.com/oauth2/token";
    /// Where a Dropbox admin consents.
    pub const DROPBOX_AUTHORIZE: &str = "https://www.dropbox.com/oauth2/authorize";
}
