//! One connection: requests are taken in whole, answers go out whole or are cut on purpose.

use super::walls::{Desk, Reply};
use crate::clock::Moment;
use crate::emulator::wire::{Answer, Asked, Door};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, DATE, HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::future::poll_fn;
use std::io;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

/// Bytes of a request's body; Dropbox takes 150 MiB in one upload.
const BODY_BYTES_MAX: usize = 160 << 20;
/// Connections of one door at the same time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 256;
/// How long a client may take to agree on TLS.
const HANDSHAKE_WAIT: Duration = Duration::from_secs(10);
/// The pause after a connection that could not be accepted (no descriptor left, for instance).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections of a door until the runtime ends.
pub(super) async fn accept(door: Door, listener: TcpListener, tls: Option<Arc<rustls::ServerConfig>>, desk: Arc<Desk>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let (acceptor, room) = (tls.map(TlsAcceptor::from), Arc::new(Semaphore::new(CONNECTIONS_MAX)));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        // Answers are written in one go; what is written is to leave.
        let _ = stream.set_nodelay(true);
        let (desk, acceptor) = (Arc::clone(&desk), acceptor.clone());
        tokio::spawn(async move {
            serve(door, stream, acceptor, desk).await;
            drop(place);
        });
    }
}

async fn serve(door: Door, stream: TcpStream, acceptor: Option<TlsAcceptor>, desk: Arc<Desk>) {
    let Some(acceptor) = acceptor else { return speak(door, stream, desk).await };
    // A client that does not trust the authority goes away here; that is its own affair.
    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_WAIT, acceptor.accept(stream)).await {
        speak(door, stream, desk).await;
    }
}

async fn speak(door: Door, stream: impl AsyncRead + AsyncWrite + Unpin, desk: Arc<Desk>) {
    let service = service_fn(move |request| {
        let desk = Arc::clone(&desk);
        async move { respond(door, request, &desk).await }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    // The date is that of the shared clock.
    http.auto_date_header(false);
    // An error means that the client left, sent no HTTP, or had its body cut.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

/// An error closes the connection without an answer.
async fn respond(door: Door, request: Request<Incoming>, desk: &Desk) -> io::Result<Response<Sent>> {
    let (head, body) = request.into_parts();
    let reply = match taken_in(body).await {
        Ok(body) => desk.serve(asked(door, &head, body, desk.clock().now())).await,
        Err(answer) => Reply::whole(answer),
    };
    if reply.lost {
        return Err(io::Error::other("lost on purpose"));
    }
    Ok(response(reply, desk.clock().now()))
}

fn asked(door: Door, head: &hyper::http::request::Parts, body: Vec<u8>, at: Moment) -> Asked {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    Asked {
        door,
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect(),
        body,
        at,
    }
}

/// The whole body, or what to answer when it is too large or breaks off.
async fn taken_in(mut body: Incoming) -> Result<Vec<u8>, Answer> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| Answer::empty(400).refused("the body broke off"))?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > BODY_BYTES_MAX {
                return Err(Answer::empty(413).refused("the body is too large"));
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

fn response(reply: Reply, now: Moment) -> Response<Sent> {
    let Reply { answer, cut, .. } = reply;
    let (Ok(status), Some(mut headers)) = (StatusCode::from_u16(answer.status), headers(&answer)) else {
        // Only a mistake of the emulator's own brings one here; a client reports it best as a server error.
        return response(Reply::whole(Answer::text(500, "the emulator made no valid answer")), now);
    };
    if !headers.contains_key(DATE)
        && let Ok(date) = HeaderValue::from_str(&http_date(now))
    {
        headers.insert(DATE, date);
    }
    if !matches!(answer.status, 100..=199 | 204 | 304) {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(answer.body.len()));
    }
    let mut response = Response::new(Sent::new(answer.body, cut));
    (*response.status_mut(), *response.headers_mut()) = (status, headers);
    response
}

fn headers(answer: &Answer) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in &answer.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    Some(headers)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
fn http_date(now: Moment) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let Ok(time) = time::OffsetDateTime::from_unix_timestamp(now.as_secs()) else { return String::new() };
    let day = DAYS[usize::from(time.weekday().number_days_from_monday())];
    let month = MONTHS[usize::from(u8::from(time.month()) - 1)];
    let (hour, minute, second) = time.to_hms();
    format!("{day}, {:02} {month} {:04} {hour:02}:{minute:02}:{second:02} GMT", time.day(), time.year())
}

/// A body on its way out: whole, or cut after so many bytes by an error, upon which the connection is closed.
#[derive(Debug)]
struct Sent {
    bytes: Bytes,
    cut: bool,
    /// Turns in which the connection may write out what it has before it is broken.
    turns_left: u8,
}

impl Sent {
    fn new(body: Vec<u8>, cut: Option<usize>) -> Self {
        let bytes = Bytes::from(body);
        let bytes = cut.map_or_else(|| bytes.clone(), |len| bytes.slice(..len.min(bytes.len())));
        Self { bytes, cut: cut.is_some(), turns_left: 2 }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if !self.bytes.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.bytes)))));
        }
        if !self.cut {
            return Poll::Ready(None);
        }
        if self.turns_left > 0 {
            self.turns_left -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::Error::other("cut on purpose"))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty() && !self.cut
    }
}
