//! A webhook's receiver: it verifies what is posted to it by the Standard Webhooks specification, keeps it, and gives what was
//! posted to a path back to whoever asks for that path (an anchor of the audit log).

use super::room::{Port, Room, Shown, Wire, line};
use crate::clock::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{hmac, signature};
use serde_json::Value;
use std::fmt::Write as _;
use std::io::{self, Read, Write as _};
use std::net::TcpStream;
use std::time::Duration;

const LINE_MAX: usize = 16 << 10;
const HEADERS_MAX: usize = 100;
const BODY_MAX: usize = 4 << 20;
/// How far a signature's time may be from ours.
const TOLERANCE_SECS: i64 = 300;

/// What goes wrong with one post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookFault {
    /// It is not taken: this status, and `Retry-After` in seconds.
    Status(u16, Option<u64>),
    /// It is taken, and the connection is cut before the answer.
    DropAfterTaken,
    /// It is taken, and the answer is held back until [`HookSink::release`].
    Hold,
    /// It is not taken; the answer leads to another address.
    Redirect(String),
}

/// A post.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// The path.
    pub path: String,
    /// `webhook-id`.
    pub id: String,
    /// The body as it came.
    pub body: String,
    /// Why it was refused; `None` when it was verified and taken.
    pub refused: Option<&'static str>,
}

impl Post {
    /// The body as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// The sink.
#[derive(Debug)]
pub struct HookSink {
    port: Port<Post, HookFault>,
    shown: Option<Shown>,
}

impl HookSink {
    /// Opens its port (0 takes a free one). Posts must be signed by one of these keys: `whsec_...` shared secrets, `whpk_...`
    /// public keys; without any, all is taken.
    ///
    /// # Errors
    /// When it cannot be opened, or no certificate be made.
    pub fn start(port: u16, keys: &[String], tls: bool, clock: Clock) -> io::Result<Self> {
        let shown = if tls { Some(Shown::new()?) } else { None };
        let (keys, for_all) = (keys.to_vec(), shown.clone());
        let port =
            Port::open(port, "hook-sink", move |stream, room| serve(stream, room, &keys, for_all.as_ref(), &clock))?;
        Ok(Self { port, shown })
    }

    /// The address of a path: `http://127.0.0.1:PORT/PATH`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        let scheme = if self.shown.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/{path}", self.port.address)
    }

    /// The authority of its certificate; `None` without TLS.
    #[must_use]
    pub fn authority_pem(&self) -> Option<&str> {
        self.shown.as_ref().map(|shown| shown.authority_pem.as_str())
    }

    /// Every post, repeats and forged ones included.
    #[must_use]
    pub fn posts(&self) -> Vec<Post> {
        self.port.room.taken()
    }

    /// The next posts meet these faults, one each.
    pub fn fail(&self, faults: impl IntoIterator<Item = HookFault>) {
        self.port.room.add_faults(faults);
    }

    /// Lets go of answers that are held back.
    pub fn release(&self) {
        self.port.room.release();
    }

    /// Waits until that many posts came, at most so long.
    #[must_use]
    pub fn wait_for(&self, posts: usize, within: Duration) -> bool {
        self.port.room.wait_for(within, |taken| taken.len() >= posts)
    }
}

struct Asked {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Asked {
    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

fn serve(
    stream: TcpStream,
    room: &Room<Post, HookFault>,
    keys: &[String],
    shown: Option<&Shown>,
    clock: &Clock,
) -> io::Result<()> {
    let mut wire = match shown {
        Some(shown) => Wire::secret(stream, shown)?,
        None => Wire::Plain(stream),
    };
    let Some(asked) = read(&mut wire)? else { return Ok(()) };
    if asked.method == "GET" {
        let posts = room.taken().into_iter().filter(|post| post.path == asked.path && post.refused.is_none());
        let text = posts.fold(String::new(), |text, post| text + &post.body + "\n");
        return answer(&mut wire, 200, "", &text);
    }
    let fault = room.fault();
    let mut post = Post {
        path: asked.path.clone(),
        id: asked.header("webhook-id").to_owned(),
        body: String::from_utf8_lossy(&asked.body).into_owned(),
        refused: verify(&asked, keys, clock).err(),
    };
    match &fault {
        Some(HookFault::Status(status, after)) => {
            post.refused = Some("a fault");
            room.take(post);
            let after = after.map(|after| format!("Retry-After: {after}\r\n")).unwrap_or_default();
            return answer(&mut wire, *status, &after, "");
        }
        Some(HookFault::Redirect(to)) => {
            post.refused = Some("a fault");
            room.take(post);
            return answer(&mut wire, 307, &format!("Location: {to}\r\n"), "");
        }
        _ => {}
    }
    let good = post.refused.is_none();
    let kept = room.take(post);
    match fault {
        Some(HookFault::DropAfterTaken) => {
            wire.cut();
            return Ok(());
        }
        Some(HookFault::Hold) => room.hold(),
        _ => {}
    }
    answer(
        &mut wire,
        if !good {
            401
        } else if kept {
            204
        } else {
            507
        },
        "",
        "",
    )
}

fn read(wire: &mut Wire) -> io::Result<Option<Asked>> {
    let Some(first) = line(wire, LINE_MAX)? else { return Ok(None) };
    let first = String::from_utf8_lossy(&first).into_owned();
    let mut words = first.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut asked = Asked { method: method.into(), path: path.into(), headers: Vec::new(), body: Vec::new() };
    while let Some(line) = line(wire, LINE_MAX)? {
        if line.is_empty() || asked.headers.len() >= HEADERS_MAX {
            break;
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some((key, value)) = line.split_once(':') {
            asked.headers.push((key.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    let length: usize = asked.header("content-length").parse().unwrap_or(0);
    if length > BODY_MAX {
        return Ok(None);
    }
    asked.body = vec![0; length];
    wire.read_exact(&mut asked.body)?;
    Ok(Some(asked))
}

fn answer(wire: &mut Wire, status: u16, headers: &str, body: &str) -> io::Result<()> {
    let mut text = String::new();
    // Writing into a string cannot fail.
    let _ = write!(
        text,
        "HTTP/1.1 {status} so\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
        body.len()
    );
    wire.write_all(text.as_bytes())?;
    wire.flush()
}

/// Whether one of the keys signed it, and lately.
fn verify(asked: &Asked, keys: &[String], clock: &Clock) -> Result<(), &'static str> {
    if keys.is_empty() {
        return Ok(());
    }
    let (id, stamp) = (asked.header("webhook-id"), asked.header("webhook-timestamp"));
    let seconds: i64 = stamp.parse().map_err(|_| "no timestamp")?;
    if id.is_empty() || id.contains('.') {
        return Err("no id");
    }
    if clock.now().as_secs().abs_diff(seconds) > TOLERANCE_SECS.unsigned_abs() {
        return Err("too old or from the future");
    }
    let mut text = format!("{id}.{stamp}.").into_bytes();
    text.extend_from_slice(&asked.body);
    let signed = asked.header("webhook-signature").split(' ').any(|one| keys.iter().any(|key| fits(key, one, &text)));
    if signed { Ok(()) } else { Err("another's signature") }
}

fn fits(key: &str, one: &str, text: &[u8]) -> bool {
    let Some((version, tag)) = one.split_once(',') else { return false };
    let Ok(tag) = STANDARD.decode(tag) else { return false };
    let bytes = |prefix| key.strip_prefix(prefix).and_then(|digits| STANDARD.decode(digits).ok());
    match version {
        "v1" => bytes("whsec_")
            .is_some_and(|key| hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, &key), text, &tag).is_ok()),
        "v1a" => bytes("whpk_")
            .is_some_and(|key| signature::UnparsedPublicKey::new(&signature::ED25519, key).verify(text, &tag).is_ok()),
        _ => false,
    }
}
