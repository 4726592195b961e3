//! HTTP connections: bounded in number, in time and in bytes, one request each.
//!
//! No connection is kept for a second request: callers are few, and one that holds a connection open for nothing must not
//! keep a provider's delivery out.

use super::route::{Answer, Asked, Routes, hook_of};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

/// Bytes of a delivery's body at most; the largest that is documented is Dropbox's, far smaller.
pub(super) const BODY_BYTES_MAX: usize = 1 << 20;
/// Connections at the same time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 64;
/// How long a caller may take to send its head.
const HEAD_WAIT: Duration = Duration::from_secs(5);
/// How long a connection may last in all.
const CONNECTION_WAIT: Duration = Duration::from_secs(15);
/// Bytes of a request's head at most.
const HEAD_BYTES_MAX: usize = 32 << 10;
/// Header lines of a request at most.
const HEADERS_MAX: usize = 64;
/// The pause after a connection that could not be accepted (no descriptor left, for instance).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until the runtime ends.
pub(super) async fn accept(listener: TcpListener, routes: Routes) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let (routes, room) = (Arc::new(routes), Arc::new(Semaphore::new(CONNECTIONS_MAX)));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let routes = Arc::clone(&routes);
        tokio::spawn(async move {
            // Whoever has not been answered by then is too slow; the connection is closed under it.
            let _ = tokio::time::timeout(CONNECTION_WAIT, speak(stream, routes)).await;
            drop(place);
        });
    }
}

async fn speak(stream: TcpStream, routes: Arc<Routes>) {
    let service = service_fn(move |request| {
        let routes = Arc::clone(&routes);
        async move { Ok::<_, Infallible>(response(respond(request, &routes).await)) }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WAIT).keep_alive(false);
    http.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    // An error means that the caller left, sent no HTTP, or was too slow.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(request: Request<Incoming>, routes: &Routes) -> Answer {
    let (head, body) = request.into_parts();
    let is_delivery = head.method == "POST" && hook_of(head.uri.path()).is_some_and(|name| routes.hooks.knows(name));
    let body = match is_delivery {
        true => match taken_in(body).await {
            Ok(body) => body,
            Err(answer) => return answer,
        },
        // Nobody else's body is wanted.
        false => Vec::new(),
    };
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    routes.answer(&Asked {
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query().unwrap_or_default(),
        header: &header,
        body: &body,
    })
}

/// The whole body, or what to answer when it is too large or breaks off.
async fn taken_in(mut body: Incoming) -> Result<Vec<u8>, Answer> {
    let too_large = || Answer::text(413, "the body is too large");
    if body.size_hint().lower() > BODY_BYTES_MAX as u64 {
        return Err(too_large());
    }
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let frame = frame.map_err(|_| Answer::text(400, "the body broke off"))?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > BODY_BYTES_MAX {
                return Err(too_large());
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

fn response(answer: Answer) -> Response<Whole> {
    let (length, status) = (answer.body.len(), StatusCode::from_u16(answer.status));
    let mut response = Response::new(Whole(Bytes::from(answer.body)));
    *response.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers: &mut HeaderMap = response.headers_mut();
    for (name, value) in answer.headers {
        if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// A body that is sent in one piece.
#[derive(Debug)]
struct Whole(Bytes);

impl Body for Whole {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = std::mem::take(&mut self.0);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }
}
