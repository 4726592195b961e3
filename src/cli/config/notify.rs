//! The table `[notify]`: who is told what, the mail server, webhooks.
//!
//! What can be wrong in the file is told when it is read; passwords and secrets are looked for when messages are to leave.

use super::error::ConfigError;
use super::keys::{NOTIFY, WEBHOOK};
use super::secrets;
use super::source::Source;
use super::table::{Table, beside};
use crate::cli::shown;
use crate::engine::tell;
use crate::notify::{
    Hook, HookSecret, HookSettings, Mail, MailSettings, MailTls, Post, Way, is_loopback, may_be_called,
};
use crate::policy::ask::Told;
use crate::store::Channel;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::de::{DeTable, DeValue};
use url::Url;

/// Bytes of a file with certificates.
const AUTHORITY_BYTES_MAX: u64 = 1 << 20;
/// Webhooks at most.
const WEBHOOKS_MAX: usize = 64;
/// What stands before a webhook's name among the operators.
const WEBHOOK_PREFIX: &str = "webhook:";

/// What the table says.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Notify {
    /// Who is told what.
    pub(in crate::cli) tell: tell::Options,
    mail: Option<MailTyped>,
    hooks: Vec<HookTyped>,
    authority: Option<PathBuf>,
    proxy: Option<Url>,
}

/// The mail server as it was typed.
#[derive(Clone, Debug)]
struct MailTyped {
    from: String,
    host: String,
    port: u16,
    tls: MailTls,
    login: Option<(String, PathBuf)>,
}

/// A webhook as it was typed.
#[derive(Clone, Debug)]
struct HookTyped {
    name: Arc<str>,
    url: Url,
    secret_file: PathBuf,
}

impl Notify {
    /// Names of the webhooks.
    pub(in crate::cli) fn webhooks(&self) -> impl Iterator<Item = &Arc<str>> {
        self.hooks.iter().map(|hook| &hook.name)
    }

    /// Everybody whom the file names: addresses of operators, and all webhooks.
    pub(in crate::cli) fn everybody(&self) -> Vec<Channel> {
        let addresses = self.tell.operators.iter().filter_map(|one| match one {
            Told::Address(address) => Some(Channel::Mail(Arc::clone(address))),
            _ => None,
        });
        addresses.chain(self.webhooks().map(|name| Channel::Webhook(Arc::clone(name)))).collect()
    }

    /// How addresses outside are reached.
    ///
    /// # Errors
    /// When the authority cannot be read.
    pub(in crate::cli) fn way(&self) -> Result<Way, ConfigError> {
        let authority = self.authority.as_deref().map(pem).transpose()?;
        Ok(Way { authority, proxy: self.proxy.clone() })
    }

    /// Everything that messages leave by, passwords and secrets included.
    ///
    /// # Errors
    /// When a file of a secret is missing, open to others, or holds something else.
    pub(in crate::cli) fn post(&self) -> Result<Post, ConfigError> {
        let way = self.way()?;
        let mail = match &self.mail {
            Some(typed) => Some(mail(typed, way.authority.clone())?),
            None => None,
        };
        let mut hooks = Vec::new();
        for HookTyped { name, url, secret_file } in &self.hooks {
            let failed = |error| ConfigError::new(format!("[notify.webhooks.{name}]: {error}"));
            let secret = HookSecret::parse(secrets::of_file(secret_file)?.reveal()).map_err(failed)?;
            let settings = HookSettings { url: url.clone(), secret, way: way.clone() };
            hooks.push((Arc::clone(name), Hook::new(&settings).map_err(failed)?));
        }
        Ok(Post { mail, hooks, contact: Arc::clone(&self.tell.contact) })
    }
}

fn mail(typed: &MailTyped, authority: Option<Vec<u8>>) -> Result<Mail, ConfigError> {
    let login = match &typed.login {
        Some((user, file)) => Some((user.clone(), secrets::of_file(file)?.reveal().to_owned())),
        None => None,
    };
    let MailTyped { from, host, port, tls, .. } = typed.clone();
    let settings = MailSettings { from, host, port, tls, login, authority };
    Mail::new(&settings).map_err(|error| ConfigError::new(format!("[notify]: {error}")))
}

fn pem(path: &Path) -> Result<Vec<u8>, ConfigError> {
    let mut text = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(AUTHORITY_BYTES_MAX).read_to_end(&mut text));
    read.map(|_| text).map_err(|error| {
        ConfigError::new(format!("[notify]: cannot read the authority {}: {error}", shown(path)))
            .help("`authority` names a PEM file with the certificates to trust beside the system's")
    })
}

/// Reads `[notify]`.
pub(super) fn read(source: &Source<'_>, root: &DeTable<'_>) -> Result<Notify, ConfigError> {
    let Some(table) = Table::named(source, root, "notify", &NOTIFY)? else { return Ok(Notify::default()) };
    let usual = tell::Options::default();
    let hooks = webhooks(source, &table)?;
    let number = |key: &str, most: u64, usual: u64| table.whole(key, 0..=most).map(|found| found.unwrap_or(usual));
    Ok(Notify {
        mail: typed(&table)?,
        tell: tell::Options {
            operators: operators(&table, &hooks)?,
            contact: table.text("contact")?.unwrap_or_default().into(),
            digest_hour: u8::try_from(number("digest_at", 23, u64::from(usual.digest_hour))?)
                .unwrap_or(usual.digest_hour),
            attempts_max: match table.whole("attempts_max", 1..=1_000)? {
                Some(tries) => u32::try_from(tries).unwrap_or(usual.attempts_max),
                None => usual.attempts_max,
            },
        },
        authority: table.path("authority")?,
        proxy: proxy(&table)?,
        hooks,
    })
}

fn typed(table: &Table<'_>) -> Result<Option<MailTyped>, ConfigError> {
    let tls = match table.word("tls", &["tls", "starttls", "none"])? {
        Some("starttls") => MailTls::StartTls,
        Some("none") => MailTls::None,
        _ => MailTls::Tls,
    };
    let port = u16::try_from(table.whole("port", 1..=65_535)?.unwrap_or(0)).unwrap_or(0);
    let login = match (table.text("user")?, table.path("password_file")?) {
        (Some(user), Some(file)) => Some((user, file)),
        (None, None) => None,
        (Some(_), None) => {
            return Err(table
                .error("user", "`user` needs `password_file`")
                .help("name a 0600 file that holds the password"));
        }
        (None, Some(_)) => return Err(table.error("password_file", "`password_file` needs `user`")),
    };
    let (from, host) = match (table.text("from")?, table.text("host")?) {
        (Some(from), Some(host)) => (from, host),
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(table.error("from", "`from` needs `host`, the mail server")),
        (None, Some(_)) => {
            let error = table.error("host", "`host` needs `from`, who the mails come from");
            return Err(error.help("write from = \"sluicebox <dlp@example.com>\""));
        }
    };
    if tls == MailTls::None && !is_loopback(&host) {
        let error = table.error("tls", "mail leaves without TLS only for a server on this machine");
        return Err(error.help("take \"tls\" or \"starttls\""));
    }
    if !is_address(&from) {
        let error = table.error("from", format!("`{}` is no mail address", shown(&from)));
        return Err(error.help("write from = \"sluicebox <dlp@example.com>\""));
    }
    Ok(Some(MailTyped { from, host, port, tls, login }))
}

fn is_address(text: &str) -> bool {
    crate::notify::is_mailbox(text)
}

fn operators(table: &Table<'_>, hooks: &[HookTyped]) -> Result<Vec<Told>, ConfigError> {
    let told = |one: String| match one.strip_prefix(WEBHOOK_PREFIX) {
        Some(name) if hooks.iter().any(|hook| *hook.name == *name) => Ok(Told::Webhook(name.into())),
        Some(name) => {
            let error = table.error("operators", format!("there is no webhook `{}`", shown(name)));
            Err(error.help(format!("add a table [notify.webhooks.{}]", shown(name))))
        }
        None if is_address(&one) && !one.contains('<') => Ok(Told::Address(one.into())),
        None => {
            let error = table.error("operators", format!("`{}` is no mail address", shown(&one)));
            Err(error.help("write \"soc@example.com\", or \"webhook:NAME\""))
        }
    };
    table.list("operators")?.unwrap_or_default().into_iter().map(told).collect()
}

fn webhooks(source: &Source<'_>, table: &Table<'_>) -> Result<Vec<HookTyped>, ConfigError> {
    let Some(value) = table.get("webhooks") else { return Ok(Vec::new()) };
    let Some(tables) = value.get_ref().as_table() else {
        return Err(table.error("webhooks", "a webhook is a table with a name: `[notify.webhooks.soc]`"));
    };
    if tables.len() > WEBHOOKS_MAX {
        return Err(table.error("webhooks", format!("there are more than {WEBHOOKS_MAX} webhooks")));
    }
    let mut all = Vec::new();
    for (key, value) in tables {
        let name = key.get_ref().as_ref();
        let label = format!("[notify.webhooks.{}]", shown(name));
        let fits = (1..=32).contains(&name.len())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !fits {
            let error = source.error(&key.span(), format!("`{}` cannot name a webhook", shown(name)));
            return Err(error.help("a name is 1 to 32 of a-z, 0-9 and -"));
        }
        let Some(keys) = value.get_ref().as_table() else {
            return Err(source.error(&value.span(), format!("a webhook is a table: `{label}`")));
        };
        all.push(webhook(name, &Table { source, label, header: key.span(), keys })?);
    }
    Ok(all)
}

fn webhook(name: &str, table: &Table<'_>) -> Result<HookTyped, ConfigError> {
    // The secret itself must never stand here; it is not shown either.
    if let Some(DeValue::String(_)) = table.get("secret").map(|value| value.get_ref()) {
        let error = table.error("secret", "`secret` is a secret and does not belong into the settings");
        return Err(error.help("write it into a 0600 file, and name that by `secret_file`"));
    }
    table.only(WEBHOOK.into_iter(), "docs/messages.md")?;
    let Some(text) = table.text("url")? else { return Err(table.error("url", "`url` is missing")) };
    let url = Url::parse(&text).ok().filter(may_be_called).ok_or_else(|| {
        table.error("url", "`url` must begin with https://").help("plain http:// leads to this machine only")
    })?;
    let Some(secret_file) = table.path("secret_file")? else {
        return Err(table.error("secret_file", "`secret_file` is missing").help(
            "make one: (umask 077; echo \"whsec_$(openssl rand -base64 32)\" > soc.secret); the receiver needs the same",
        ));
    };
    Ok(HookTyped { name: name.into(), url, secret_file })
}

fn proxy(table: &Table<'_>) -> Result<Option<Url>, ConfigError> {
    let Some(text) = table.text("proxy")? else { return Ok(None) };
    let url = Url::parse(&text).ok().filter(|url| url.host().is_some());
    url.map(Some)
        .ok_or_else(|| table.error("proxy", "`proxy` is no address").help("write it as http://proxy.example.com:3128"))
}

/// Where a path of this table begins.
pub(super) fn from_file(source: &Source<'_>, text: &str) -> PathBuf {
    beside(source.path, text)
}
