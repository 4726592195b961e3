//! From the text of a settings file to checked connectors.
//!
//! Read by hand from the parsed table, not by derived types: so each fault has its line and column, says which connector it
//! is about, and an unknown key has a suggestion from the keys that fit this provider.

use super::anchors::{self, Anchors};
use super::error::ConfigError;
use super::keys::{KEYS, NEVER_READ, PILOT, SECRETS, TABLES, TOP, nearest};
use super::notify::{self, Notify};
use super::operators::{self, Operators};
use super::policies;
use super::reading;
use super::secrets::SecretKind;
use super::service::{self, Chosen, Kept, Service};
use super::source::Source;
use super::table::{Table, beside};
use super::{Connector, folder_below};
use crate::cli::shown;
use crate::model::{ConnectorName, Provider};
use crate::provider::Secret;
use crate::provider::govern::Patience;
use crate::provider::settings::{
    BoxAuth, BoxSettings, BoxSubject, Cloud, DropboxSettings, HookKeys, LimitOf, Limits, Settings, public,
};
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

/// Milliseconds after which the effect of a call without an answer may be looked for.
const SETTLE_MS: RangeInclusive<u64> = 100..=120_000;

/// What stands in a file.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) state: PathBuf,
    pub(super) connectors: Vec<Connector>,
    pub(super) service: Service,
    pub(super) kept: Kept,
    pub(super) rules: crate::rule::Options,
    pub(super) policies: policies::PolicySettings,
    pub(super) notify: Notify,
    pub(super) anchors: Anchors,
    pub(super) cells: reading::Cells,
    pub(super) limits: crate::content::Limits,
    pub(super) ocr: (bool, crate::extract::ocr::Settings),
    pub(super) operators: Operators,
}

/// Reads a whole file. `state` tells where state is kept unless the file says so.
pub(super) fn document(
    source: &Source<'_>,
    state: impl FnOnce() -> Result<PathBuf, ConfigError>,
) -> Result<Document, ConfigError> {
    let parsed = DeTable::parse(source.text).map_err(|error| not_toml(source, &error))?;
    let root = parsed.get_ref();
    for (key, _) in root {
        if !TOP.contains(&key.get_ref().as_ref()) {
            return Err(unknown_top(source, key.get_ref(), &key.span()));
        }
    }
    let state = match root.get("state_dir") {
        Some(value) => match value.get_ref().as_str() {
            Some(text) if !text.is_empty() => beside(source.path, text),
            _ => return Err(source.error(&value.span(), "`state_dir` must be the path of a folder")),
        },
        None => state()?,
    };
    let mut connectors = Vec::new();
    if let Some(tables) = root.get("connector") {
        let Some(tables) = tables.get_ref().as_table() else {
            return Err(source.error(&tables.span(), "a connector is a table with a name: `[connector.main]`"));
        };
        for (key, value) in tables {
            connectors.push(connector(source, key, value, &state)?);
        }
    }
    let service = service::read(source, root, &state)?;
    let (kept, rules) = (service::kept(source, root)?, service::rules(source, root)?);
    let policies = policies::policies(source, root)?;
    let operators = operators::read(source, root)?;
    let (notify, anchors) = (notify::read(source, root)?, anchors::read(source, root)?);
    let (cells, limits) = (reading::cells(source, root)?, reading::limits(source, root)?);
    let ocr = reading::ocr(source, root)?;
    Ok(Document { state, connectors, service, kept, rules, policies, operators, notify, anchors, cells, limits, ocr })
}

/// An error of the TOML reader, without the line that it would show.
fn not_toml(source: &Source<'_>, error: &toml::de::Error) -> ConfigError {
    let span = error.span().unwrap_or(0..0);
    let line = source.line_at(span.start).trim();
    if error.message().contains("duplicate key") {
        if line.starts_with("[connector.") {
            let name = shown(line.trim_start_matches("[connector.").split(']').next().unwrap_or_default());
            return source
                .error(&span, format!("there are two connectors named `{name}`"))
                .help("names are unique; give one of them another");
        }
        return source.error(&span, "this key stands in the table already");
    }
    let what = error.message().lines().next().unwrap_or("no TOML");
    source.error(&span, format!("this is no valid TOML: {what}")).help("texts stand in double quotes: key = \"text\"")
}

fn unknown_top(source: &Source<'_>, word: &str, span: &Range<usize>) -> ConfigError {
    let error = source.error(span, format!("unknown key `{}`", shown(word)));
    if KEYS.iter().any(|key| key.name == word) {
        return error.help("it belongs into the table of a connector: `[connector.main]`");
    }
    if let Some((table, _)) = TABLES.iter().find(|(_, keys)| keys.iter().any(|key| key.name == word)) {
        return error.help(format!("it belongs into the table `[{table}]`"));
    }
    match nearest(word, TOP) {
        Some("connector") => {
            error.help("did you mean `connector`? A connector is a table with a name: `[connector.main]`")
        }
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help(format!("outside of tables there is `state_dir` only; tables are {}", tables())),
    }
}

/// The tables that a file may have, for messages.
fn tables() -> String {
    let named = TABLES.iter().map(|(name, _)| format!("[{name}]"));
    named.chain(["[operators.NAME]".to_owned(), "[connector.NAME]".to_owned()]).collect::<Vec<_>>().join(", ")
}

fn connector(
    source: &Source<'_>,
    key: &Spanned<std::borrow::Cow<'_, str>>,
    value: &Spanned<DeValue<'_>>,
    state: &Path,
) -> Result<Connector, ConfigError> {
    let word = key.get_ref();
    let name: ConnectorName = word.parse().map_err(|what: &str| {
        source.error(&key.span(), format!("`{}` cannot name a connector", shown(&**word))).help(what)
    })?;
    let Some(table) = value.get_ref().as_table() else {
        return Err(source.error(&value.span(), format!("a connector is a table: `[connector.{name}]`")));
    };
    let reader = Table { source, label: format!("connector `{name}`"), header: key.span(), keys: table };
    let provider = reader.provider()?;
    reader.check_keys(&name, provider)?;
    let folder = folder_below(state, &name);
    let usual = Patience::default();
    let settings = Settings {
        name: name.clone(),
        cloud: match provider {
            Provider::Box => Cloud::Box(reader.of_box(&folder)?),
            Provider::Dropbox => Cloud::Dropbox(reader.of_dropbox(&folder)?),
        },
        internal_domains: reader.domains()?,
        limits: reader.limits()?,
        proxy: reader.proxy()?,
        authority: reader.path("authority")?,
        history_days: u32::try_from(reader.whole("history_days", 0..=365)?.unwrap_or(7)).unwrap_or(7),
        trash: reader.flag("trash")?.unwrap_or(true),
        holds: reader.flag("holds")?.unwrap_or(true),
        patience: Patience {
            settle: reader.whole("settle_ms", SETTLE_MS)?.map_or(usual.settle, Duration::from_millis),
            ..usual
        },
    };
    let enabled = reader.flag("enabled")?.unwrap_or(true);
    let acts = reader.flag("actions")?.unwrap_or(true);
    let mut files = Vec::new();
    for kind in SecretKind::ALL {
        files.extend(reader.path(kind.key())?.map(|path| (kind, path)));
    }
    let (line, _) = source.place(reader.header.start);
    let never_read = reader.chosen("never_read", &NEVER_READ)?;
    let pilot = reader.chosen("pilot", &PILOT)?;
    Ok(Connector { settings, enabled, acts, never_read, pilot, files, line })
}

impl Table<'_> {
    fn provider(&self) -> Result<Provider, ConfigError> {
        match self.text("provider")?.as_deref() {
            Some(word) => Provider::ALL.into_iter().find(|provider| provider.name() == word).ok_or_else(|| {
                let error = self.error("provider", format!("there is no provider `{}`", shown(word)));
                error.help("there are \"box\" and \"dropbox\"")
            }),
            None => Err(self
                .error("provider", "`provider` is missing")
                .help("add provider = \"box\" or provider = \"dropbox\"")),
        }
    }

    /// Refuses keys that this provider's connectors do not have.
    fn check_keys(&self, name: &ConnectorName, provider: Provider) -> Result<(), ConfigError> {
        let fits = |of: Option<Provider>| of.is_none_or(|of| of == provider);
        for (key, _) in self.keys {
            let word = key.get_ref().as_ref();
            if KEYS.iter().any(|known| known.name == word && fits(known.of)) {
                continue;
            }
            return Err(self.refuse_key(name, provider, word, &key.span()));
        }
        Ok(())
    }

    fn refuse_key(&self, name: &ConnectorName, provider: Provider, word: &str, span: &Range<usize>) -> ConfigError {
        if SECRETS.contains(&word) {
            let kind = SecretKind::ALL.into_iter().find(|kind| kind.key() == format!("{word}_file"));
            let kind = kind.unwrap_or(SecretKind::of(provider));
            return self.source.error(span, format!("connector `{name}`: `{word}` is a secret and may not stand in this file")).help(
                format!(
                    "move it to a file of mode 0600 named by `{}`, or to the variable {}; make a new one if others could read this file",
                    kind.key(),
                    kind.variable(name)
                ),
            );
        }
        let error = self.source.error(span, format!("connector `{name}`: unknown key `{}`", shown(word)));
        if let Some(other) = KEYS.iter().find(|key| key.name == word).and_then(|key| key.of) {
            return error.help(format!("`{word}` is for connectors of {other}; this one is of {provider}"));
        }
        let names = KEYS.iter().filter(|key| key.of.is_none_or(|of| of == provider)).map(|key| key.name);
        match nearest(word, names) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("docs/connect.md lists all keys"),
        }
    }

    /// A text that may still be missing: [`super::Config::settings`] complains, so that an unfinished connector does not keep
    /// the others from working.
    fn text_or_empty(&self, key: &str) -> Result<String, ConfigError> {
        Ok(self.text(key)?.unwrap_or_default())
    }

    /// People, groups and folders that a table within names; nothing when it is not there.
    fn chosen(&self, key: &str, known: &[&'static str; 3]) -> Result<Chosen, ConfigError> {
        let Some(table) = self.within(key)? else { return Ok(Chosen::default()) };
        table.only(known.iter().copied(), "docs/connect.md")?;
        let list = |key: &str| -> Result<Vec<String>, ConfigError> {
            let texts = table.list(key)?.unwrap_or_default();
            match texts.iter().any(String::is_empty) {
                true => Err(table.error(key, format!("a text of `{key}` is empty"))),
                false => Ok(texts),
            }
        };
        Ok(Chosen { people: list(known[0])?, groups: list(known[1])?, folders: list(known[2])? })
    }

    fn limits(&self) -> Result<Limits, ConfigError> {
        let usual = Limits::default();
        Ok(Limits {
            rate_per_principal: self.rate()?.unwrap_or(usual.rate_per_principal),
            concurrency: match self.whole("concurrency", 1..=256)? {
                Some(number) => usize::try_from(number).unwrap_or(usual.concurrency),
                None => usual.concurrency,
            },
            calls_per_day: self.whole("calls_per_day", 1..=u64::MAX)?,
            calls_per_month: self.whole("calls_per_month", 1..=u64::MAX)?,
            limit_of: match self.text("limit_of")?.as_deref() {
                None | Some("acting_user") => LimitOf::ActingUser,
                Some("token") => LimitOf::Token,
                Some(word) => {
                    let error = self.error("limit_of", format!("there is no limit_of `{}`", shown(word)));
                    return Err(
                        error.help("there are \"acting_user\" (each user has a limit of its own) and \"token\"")
                    );
                }
            },
        })
    }

    fn rate(&self) -> Result<Option<f64>, ConfigError> {
        let Some(value) = self.get("rate_per_principal").map(Spanned::get_ref) else { return Ok(None) };
        let text = value.as_float().map(|float| float.as_str()).or(value.as_integer().map(|whole| whole.as_str()));
        let rate = text.and_then(|text| text.parse::<f64>().ok()).filter(|rate| *rate > 0.0 && *rate <= 1_000.0);
        rate.map(Some).ok_or_else(|| {
            self.error("rate_per_principal", "`rate_per_principal` must be calls a second, above 0 and at most 1000")
        })
    }

    fn domains(&self) -> Result<Vec<String>, ConfigError> {
        let domains = self.list("internal_domains")?.unwrap_or_default();
        match domains.iter().find(|domain| !is_host(domain)) {
            Some(odd) => {
                let error = self.error("internal_domains", format!("`{}` is no domain", shown(odd)));
                Err(error.help("write what follows the @ of an address: \"example.com\""))
            }
            None => Ok(domains),
        }
    }

    /// An address of a key, else the public one. A base ends with a slash, whether it was typed or not.
    fn address(&self, key: &str, public: &str, base: bool) -> Result<Url, ConfigError> {
        let text = self.text(key)?;
        let url = self.url(key, text.as_deref().unwrap_or(public))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(self.error(key, format!("`{key}` must be an address without `?` and `#`")));
        }
        let is_loopback = url.host_str().is_some_and(|host| ["127.0.0.1", "localhost", "[::1]"].contains(&host));
        if url.scheme() != "https" && !(url.scheme() == "http" && is_loopback) {
            let error = self.error(key, format!("`{key}` must begin with https://"));
            return Err(error.help(
                "plain http is accepted for this machine only (127.0.0.1, localhost): a token would be readable",
            ));
        }
        if base && !url.path().ends_with('/') {
            return self.url(key, &format!("{url}/"));
        }
        Ok(url)
    }

    fn url(&self, key: &str, text: &str) -> Result<Url, ConfigError> {
        let url = Url::parse(text).ok().filter(|url| url.host_str().is_some_and(|host| !host.is_empty()));
        let url = url.ok_or_else(|| {
            self.error(key, format!("`{key}` is no address"))
                .help("write a whole one: \"https://api.example.com/2.0/\"")
        })?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(self.error(key, format!("`{key}` may not hold a user or password")));
        }
        Ok(url)
    }

    fn proxy(&self) -> Result<Option<Url>, ConfigError> {
        let Some(text) = self.text("proxy")? else { return Ok(None) };
        let url = self.url("proxy", &text)?;
        if !["http", "https"].contains(&url.scheme()) {
            return Err(self.error("proxy", "`proxy` must begin with http:// or https://"));
        }
        Ok(Some(url))
    }

    fn of_box(&self, folder: &Path) -> Result<BoxSettings, ConfigError> {
        let hosts = self.list("download_hosts")?;
        if let Some(odd) = hosts.iter().flatten().find(|host| !is_host_rule(host)) {
            let error = self.error("download_hosts", format!("`{}` is no host", shown(odd)));
            return Err(
                error.help("write \"dl.example.com\", \"*.example.com\" or \"127.0.0.1:8081\", without https://")
            );
        }
        Ok(BoxSettings {
            api: self.address("api", public::BOX_API, true)?,
            upload: self.address("upload", public::BOX_UPLOAD, true)?,
            token: self.address("token", public::BOX_TOKEN, false)?,
            authorize: self.address("authorize", public::BOX_AUTHORIZE, false)?,
            download_hosts: hosts.unwrap_or_else(|| public::BOX_DOWNLOAD_HOSTS.map(str::to_owned).to_vec()),
            auth: self.box_auth(folder)?,
            hook_keys: HookKeys::default(),
        })
    }

    fn box_auth(&self, folder: &Path) -> Result<BoxAuth, ConfigError> {
        let subject = match (self.text("enterprise_id")?, self.text("user_id")?) {
            (Some(_), Some(_)) => {
                let error = self.error("user_id", "`enterprise_id` and `user_id` exclude each other");
                return Err(error.help("`enterprise_id` acts as the app's service account, which is the usual choice"));
            }
            (Some(id), None) => Some(BoxSubject::Enterprise(self.decimal("enterprise_id", id)?)),
            (None, Some(id)) => Some(BoxSubject::User(self.decimal("user_id", id)?)),
            (None, None) => None,
        };
        let auth = self.text("auth")?;
        match auth.as_deref() {
            None | Some("client_credentials") => Ok(BoxAuth::ClientCredentials {
                client_id: self.text_or_empty("client_id")?,
                client_secret: Secret::new(""),
                subject: match subject {
                    Some(subject) => subject,
                    None => BoxSubject::Enterprise(String::new()),
                },
            }),
            Some("jwt") => Ok(BoxAuth::Jwt { key_file: self.path("key_file")?.unwrap_or_default(), subject }),
            Some("user") => Ok(BoxAuth::User {
                client_id: self.text_or_empty("client_id")?,
                client_secret: Secret::new(""),
                vault: folder.join("vault"),
            }),
            Some(word) => {
                let error = self.error("auth", format!("there is no auth `{}`", shown(word)));
                Err(error.help("there are \"client_credentials\", \"jwt\" and \"user\""))
            }
        }
    }

    /// An id of Box: digits only.
    fn decimal(&self, key: &str, id: String) -> Result<String, ConfigError> {
        if id.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(id);
        }
        Err(self.error(key, format!("`{key}` must be digits only")).help("Box shows it as a number: \"1234567\""))
    }

    fn of_dropbox(&self, folder: &Path) -> Result<DropboxSettings, ConfigError> {
        Ok(DropboxSettings {
            api: self.address("api", public::DROPBOX_API, true)?,
            content: self.address("content", public::DROPBOX_CONTENT, true)?,
            notify: self.address("notify", public::DROPBOX_NOTIFY, true)?,
            token: self.address("token", public::DROPBOX_TOKEN, false)?,
            authorize: self.address("authorize", public::DROPBOX_AUTHORIZE, false)?,
            app_key: self.text_or_empty("app_key")?,
            app_secret: None,
            vault: folder.join("vault"),
            admin: self.text("admin")?,
        })
    }
}

/// True for letters, digits, dots and dashes with a dot or `localhost`: a domain's or machine's name.
fn is_host(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    !text.is_empty() && text.is_ascii() && text.bytes().all(plain) && (text.contains('.') || text == "localhost")
}

/// True for a host, perhaps with `*.` before it or a port behind it.
fn is_host_rule(text: &str) -> bool {
    let (host, port) = text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
    is_host(host.strip_prefix("*.").unwrap_or(host)) && port.is_none_or(|port| port.parse::<u16>().is_ok())
}
