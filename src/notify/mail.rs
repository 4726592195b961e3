//! Mail: a plain text to one address, over SMTP with TLS.
//!
//! The message's own id is its `Message-ID`, so a mail that was sent again after a crash can be told by its reader and by mail
//! servers that drop repeats. One connection for each mail; each wait on it is bounded.

use super::webhook::is_loopback;
use super::{Delivery, Error, Letter, text};
use lettre::address::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::{self, SmtpTransport, SmtpTransportBuilder};
use lettre::{Transport as _, transport::smtp::extension::ClientId};
use std::fmt;
use std::time::{Duration, SystemTime};

/// How long the mail server may take for each step.
const STEP_WITHIN: Duration = Duration::from_secs(30);

/// How the way to the mail server is kept secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MailTls {
    /// TLS from the first byte; port 465.
    #[default]
    Tls,
    /// STARTTLS, which must succeed; port 587.
    StartTls,
    /// None at all: only to this machine; port 25.
    None,
}

impl MailTls {
    /// The port that is usual.
    #[must_use]
    pub fn port(self) -> u16 {
        match self {
            MailTls::Tls => 465,
            MailTls::StartTls => 587,
            MailTls::None => 25,
        }
    }
}

/// A mail server as the settings name it.
#[derive(Clone, Default)]
pub struct MailSettings {
    /// Who the mails come from: `sluicebox <dlp@example.com>`.
    pub from: String,
    /// The server's name or address.
    pub host: String,
    /// Its port; 0 takes the usual one.
    pub port: u16,
    /// How the way is kept secret.
    pub tls: MailTls,
    /// Who signs in, and the password; `None` does not sign in.
    pub login: Option<(String, String)>,
    /// Certificate authorities to trust beside the system's, PEM.
    pub authority: Option<Vec<u8>>,
}

impl fmt::Debug for MailSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailSettings").field("host", &self.host).field("tls", &self.tls).finish_non_exhaustive()
    }
}

/// The way to a mail server.
pub struct Mail {
    from: Mailbox,
    transport: SmtpTransport,
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").finish_non_exhaustive()
    }
}

impl Mail {
    /// A way to that server; nothing is sent yet.
    ///
    /// # Errors
    /// When the sender is no address, TLS is left out for another machine, or the authority holds no certificate.
    pub fn new(settings: &MailSettings) -> Result<Self, Error> {
        let from: Mailbox = settings
            .from
            .parse()
            .map_err(|_| Error::new("`from` is no mail address: write \"sluicebox <dlp@example.com>\""))?;
        let port = if settings.port == 0 { settings.tls.port() } else { settings.port };
        let mut builder = SmtpTransport::builder_dangerous(&*settings.host)
            .port(port)
            .timeout(Some(STEP_WITHIN))
            .hello_name(hello(&from));
        builder = match settings.tls {
            MailTls::Tls => builder.tls(Tls::Wrapper(parameters(settings)?)),
            MailTls::StartTls => builder.tls(Tls::Required(parameters(settings)?)),
            MailTls::None if is_loopback(&settings.host) => builder.tls(Tls::None),
            MailTls::None => return Err(Error::new("mail leaves without TLS only for this machine (127.0.0.1)")),
        };
        Ok(Self { from, transport: signed_in(builder, settings).build() })
    }

    /// Sends a letter to an address.
    #[must_use]
    pub fn send(&self, to: &str, letter: &Letter<'_>, contact: &str) -> Delivery {
        let Ok(to) = to.parse::<Address>() else { return Delivery::refused("no mail address") };
        let Ok(message) = self.message(to, letter, contact) else {
            return Delivery::refused("no mail can be made of it");
        };
        match self.transport.send(&message) {
            Ok(_) => Delivery::Sent,
            Err(error) => judge(&error),
        }
    }

    fn message(&self, to: Address, letter: &Letter<'_>, contact: &str) -> Result<Message, lettre::error::Error> {
        let header = |name, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let date = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(letter.made.as_millis()).unwrap_or(0));
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .date(date)
            .subject(text::subject(letter.said))
            .message_id(Some(format!("<{}@{}>", letter.id, self.from.email.domain())))
            .raw_header(header("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(header("X-Sluicebox-Id", letter.id.to_owned()))
            .raw_header(header("X-Sluicebox-Sequence", letter.sequence.to_string()))
            .raw_header(header("X-Sluicebox-Kind", text::plain(&letter.said.kind)))
            .header(ContentType::TEXT_PLAIN)
            .body(text::body(letter, contact))
    }
}

/// True for a mail address, with a name before it or not.
#[must_use]
pub fn is_mailbox(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

/// The name that greets the server: the sender's domain, so that nothing of this machine is told.
fn hello(from: &Mailbox) -> ClientId {
    ClientId::Domain(from.email.domain().to_owned())
}

fn signed_in(builder: SmtpTransportBuilder, settings: &MailSettings) -> SmtpTransportBuilder {
    match &settings.login {
        Some((user, password)) => builder.credentials(Credentials::new(user.clone(), password.clone())),
        None => builder,
    }
}

fn parameters(settings: &MailSettings) -> Result<TlsParameters, Error> {
    let certificates = match &settings.authority {
        Some(pem) => authorities(pem)?,
        None => Vec::new(),
    };
    let outfit = |store: CertificateStore| {
        let builder = TlsParameters::builder(settings.host.clone()).certificate_store(store);
        certificates.iter().cloned().fold(builder, |builder, one| builder.add_root_certificate(one)).build_rustls()
    };
    // A machine without authorities of its own still reaches whom ours vouch for.
    let made = outfit(CertificateStore::Default)
        .or_else(|error| if certificates.is_empty() { Err(error) } else { outfit(CertificateStore::None) });
    made.map_err(|_| Error::new("TLS to the mail server cannot be set up: check `host` and `authority`"))
}

fn authorities(pem: &[u8]) -> Result<Vec<Certificate>, Error> {
    let failed = |_| Error::new("`authority` holds no certificate");
    Ok(vec![Certificate::from_pem(pem).map_err(failed)?])
}

/// What a failure means. What a person can mend at the server (its certificate, our password) is tried again; what it says of this
/// mail alone (no such mailbox, too large) is not.
fn judge(error: &smtp::Error) -> Delivery {
    let said = match error.status() {
        Some(code) => format!("SMTP {code}"),
        None if error.is_timeout() => "time-out".to_owned(),
        None if error.is_tls() => "TLS failed".to_owned(),
        None if error.is_client() => "the server lacks what is needed".to_owned(),
        None => "no connection, or it broke off".to_owned(),
    };
    match error.status().map(u16::from) {
        // Authentication (RFC 4954, section 6).
        Some(530 | 534 | 535 | 538) | None => Delivery::down(said),
        // 421 closes the channel for all; other 4xx speak of this mail.
        Some(code @ 400..=499) => Delivery::Again { after: None, said, receiver: code == 421 },
        Some(_) => Delivery::Refused { said },
    }
}
