//! A mail server that keeps what it is given: SMTP (RFC 5321) with STARTTLS (RFC 3207) or TLS, and AUTH PLAIN and LOGIN.

use super::room::{Port, Room, Shown, Wire, line};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, Write};
use std::net::TcpStream;
use std::time::Duration;

/// The longest line, and the longest mail.
const LINE_MAX: usize = 4_096;
const MAIL_MAX: usize = 4 << 20;

/// How the way is kept secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secrecy {
    /// Not at all.
    #[default]
    None,
    /// By STARTTLS, which is offered; without it no mail is taken.
    StartTls,
    /// From the first byte.
    Tls,
}

/// How the sink behaves.
#[derive(Clone, Debug, Default)]
pub struct MailOptions {
    /// Its port; 0 takes a free one.
    pub port: u16,
    /// How the way is kept secret.
    pub secrecy: Secrecy,
    /// Who must sign in: user and password.
    pub login: Option<(String, String)>,
}

/// What goes wrong with one mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailFault {
    /// Its receiver is answered with this code (550, 451, 421).
    Refuse(u16),
    /// It is taken, and the connection is cut before the answer.
    DropAfterData,
    /// It is taken, and the answer is held back until [`MailSink::release`].
    Hold,
}

/// A mail that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The sender of the envelope.
    pub from: String,
    /// The receivers of the envelope.
    pub to: Vec<String>,
    /// As it came, without the dots of the transport.
    pub raw: String,
    /// Who signed in.
    pub login: Option<String>,
    /// Whether it came in TLS.
    pub secret: bool,
}

impl Mail {
    /// A header's value, its continuation lines joined; `None` when there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let mut lines = self.raw.split("\r\n").take_while(|line| !line.is_empty()).peekable();
        while let Some(line) = lines.next() {
            let Some((key, value)) = line.split_once(':') else { continue };
            if !key.eq_ignore_ascii_case(name) {
                continue;
            }
            let mut whole = value.trim().to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with([' ', '\t'])) {
                whole.push(' ');
                whole.push_str(more.trim());
            }
            return Some(whole);
        }
        None
    }

    /// The message's id without brackets and domain.
    #[must_use]
    pub fn id(&self) -> String {
        let id = self.header("Message-ID").unwrap_or_default();
        id.trim_matches(['<', '>']).split('@').next().unwrap_or_default().to_owned()
    }

    /// The text, decoded when it is quoted-printable or base64 (RFC 2045, section 6).
    #[must_use]
    pub fn text(&self) -> String {
        let body = self.raw.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        match self.header("Content-Transfer-Encoding").unwrap_or_default().to_lowercase().as_str() {
            "quoted-printable" => unquoted(body),
            "base64" => {
                let digits: String = body.split_whitespace().collect();
                String::from_utf8_lossy(&STANDARD.decode(digits).unwrap_or_default()).into_owned()
            }
            _ => body.to_owned(),
        }
    }
}

fn unquoted(body: &str) -> String {
    let (joined, mut bytes) = (body.replace("=\r\n", ""), Vec::new());
    let mut rest = joined.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| *first == b'=').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The sink.
#[derive(Debug)]
pub struct MailSink {
    port: Port<Mail, MailFault>,
    shown: Option<Shown>,
}

impl MailSink {
    /// Opens its port.
    ///
    /// # Errors
    /// When it cannot be opened, or no certificate be made.
    pub fn start(options: MailOptions) -> io::Result<Self> {
        let shown = if options.secrecy == Secrecy::None { None } else { Some(Shown::new()?) };
        let for_all = shown.clone();
        let port = Port::open(options.port, "mail-sink", move |stream, room| {
            Talk::begin(stream, room, &options, for_all.as_ref())?.talk()
        })?;
        Ok(Self { port, shown })
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.address.port()
    }

    /// The authority of its certificate; `None` without TLS.
    #[must_use]
    pub fn authority_pem(&self) -> Option<&str> {
        self.shown.as_ref().map(|shown| shown.authority_pem.as_str())
    }

    /// Every mail that was taken, repeats included.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.port.room.taken()
    }

    /// The next mails meet these faults, one each.
    pub fn fail(&self, faults: impl IntoIterator<Item = MailFault>) {
        self.port.room.add_faults(faults);
    }

    /// Lets go of answers that are held back.
    pub fn release(&self) {
        self.port.room.release();
    }

    /// Waits until that many mails were taken, at most so long.
    #[must_use]
    pub fn wait_for(&self, mails: usize, within: Duration) -> bool {
        self.port.room.wait_for(within, |taken| taken.len() >= mails)
    }
}

/// One connection.
struct Talk<'a> {
    wire: Wire,
    room: &'a Room<Mail, MailFault>,
    options: &'a MailOptions,
    shown: Option<&'a Shown>,
    login: Option<String>,
    from: String,
    to: Vec<String>,
}

impl<'a> Talk<'a> {
    fn begin(
        stream: TcpStream,
        room: &'a Room<Mail, MailFault>,
        options: &'a MailOptions,
        shown: Option<&'a Shown>,
    ) -> io::Result<Self> {
        let wire = match shown.filter(|_| options.secrecy == Secrecy::Tls) {
            Some(shown) => Wire::secret(stream, shown)?,
            None => Wire::Plain(stream),
        };
        Ok(Self { wire, room, options, shown, login: None, from: String::new(), to: Vec::new() })
    }

    fn say(&mut self, text: &str) -> io::Result<()> {
        self.wire.write_all(format!("{text}\r\n").as_bytes())?;
        self.wire.flush()
    }

    fn hear(&mut self) -> io::Result<Option<String>> {
        Ok(line(&mut self.wire, LINE_MAX)?.map(|line| String::from_utf8_lossy(&line).into_owned()))
    }

    fn talk(mut self) -> io::Result<()> {
        self.say("220 sink ready")?;
        let mut fault = None;
        while let Some(said) = self.hear()? {
            let (verb, rest) = said.split_once(' ').unwrap_or((&said, ""));
            match verb.to_ascii_uppercase().as_str() {
                "EHLO" => self.greet()?,
                "HELO" | "NOOP" | "RSET" => self.say("250 ok")?,
                "QUIT" => return self.say("221 bye"),
                "STARTTLS" => match self.shown.filter(|_| !self.wire.is_secret()) {
                    Some(shown) => {
                        self.say("220 go ahead")?;
                        self = self.secret(shown)?;
                    }
                    None => self.say("502 not offered")?,
                },
                "AUTH" => self.sign_in(rest)?,
                "MAIL" if self.options.secrecy != Secrecy::None && !self.wire.is_secret() => {
                    self.say("530 5.7.0 STARTTLS first")?;
                }
                "MAIL" if self.options.login.is_some() && self.login.is_none() => {
                    self.say("530 5.7.0 sign in first")?
                }
                "MAIL" => {
                    (self.from, self.to) = (address(rest), Vec::new());
                    fault = self.room.fault();
                    self.say("250 ok")?;
                }
                "RCPT" => match fault {
                    Some(MailFault::Refuse(code)) => {
                        self.say(&format!("{code} not now, or never"))?;
                        if code == 421 {
                            return Ok(());
                        }
                    }
                    _ => {
                        self.to.push(address(rest));
                        self.say("250 ok")?;
                    }
                },
                "DATA" if self.to.is_empty() => self.say("503 to whom?")?,
                "DATA" => {
                    self.say("354 go on")?;
                    let Some(raw) = self.data()? else { return Ok(()) };
                    let (from, to) = (std::mem::take(&mut self.from), std::mem::take(&mut self.to));
                    let mail = Mail { from, to, raw, login: self.login.clone(), secret: self.wire.is_secret() };
                    let kept = self.room.take(mail);
                    match fault.take() {
                        Some(MailFault::DropAfterData) => {
                            self.wire.cut();
                            return Ok(());
                        }
                        Some(MailFault::Hold) => self.room.hold(),
                        _ => {}
                    }
                    self.say(if kept { "250 taken" } else { "452 full" })?;
                }
                _ => self.say("500 what?")?,
            }
        }
        Ok(())
    }

    fn greet(&mut self) -> io::Result<()> {
        let mut text = "250-sink\r\n250-8BITMIME\r\n".to_owned();
        if self.options.secrecy == Secrecy::StartTls && !self.wire.is_secret() {
            text.push_str("250-STARTTLS\r\n");
        } else if self.options.login.is_some() {
            text.push_str("250-AUTH PLAIN LOGIN\r\n");
        }
        self.say(&format!("{text}250 SIZE {MAIL_MAX}"))
    }

    /// The same connection in TLS; all that was said before is forgotten.
    fn secret(self, shown: &Shown) -> io::Result<Self> {
        let wire = match self.wire {
            Wire::Plain(stream) => Wire::secret(stream, shown)?,
            already => already,
        };
        Ok(Self { wire, login: None, from: String::new(), to: Vec::new(), ..self })
    }

    fn sign_in(&mut self, rest: &str) -> io::Result<()> {
        let (mechanism, first) = rest.split_once(' ').unwrap_or((rest, ""));
        let given = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let first = if first.is_empty() { self.asked("")? } else { decoded(first) };
                let mut words = first.split('\0').skip(1).map(str::to_owned);
                (words.next().unwrap_or_default(), words.next().unwrap_or_default())
            }
            "LOGIN" => (self.asked("VXNlcm5hbWU6")?, self.asked("UGFzc3dvcmQ6")?),
            _ => return self.say("504 another way"),
        };
        if self.options.login.as_ref() == Some(&given) {
            self.login = Some(given.0);
            self.say("235 welcome")
        } else {
            self.say("535 5.7.8 wrong")
        }
    }

    fn asked(&mut self, challenge: &str) -> io::Result<String> {
        self.say(&format!("334 {challenge}"))?;
        Ok(self.hear()?.map(|answer| decoded(&answer)).unwrap_or_default())
    }

    /// The mail up to the single dot; `None` when it ends before or is too long.
    fn data(&mut self) -> io::Result<Option<String>> {
        let mut raw = Vec::new();
        while let Some(line) = line(&mut self.wire, LINE_MAX)? {
            if line == b"." {
                return Ok(Some(String::from_utf8_lossy(&raw).into_owned()));
            }
            raw.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            raw.extend_from_slice(b"\r\n");
            if raw.len() > MAIL_MAX {
                return Ok(None);
            }
        }
        Ok(None)
    }
}

fn decoded(digits: &str) -> String {
    String::from_utf8_lossy(&STANDARD.decode(digits.trim()).unwrap_or_default()).into_owned()
}

/// What stands between `<` and `>`.
fn address(rest: &str) -> String {
    let inner = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or_else(|| rest.to_owned(), |(address, _)| address.to_owned())
}
