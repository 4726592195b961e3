//! What stands at a webhook address: takes requests in plain HTTP, hands them to a connector and answers as it says.

use super::stage::Stage;
use sluicebox::clock::Clock;
use sluicebox::provider::{Delivered, Delivery, Source};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::Duration;
use url::Url;

/// How long a look for a delivery takes before the tenant's clock is moved on.
const LOOK: Duration = Duration::from_millis(20);
/// Looks after which a delivery is given up.
const LOOKS_MAX: u32 = 6_000;

/// A receiver; dropping it closes its door.
pub(super) struct Receiver {
    address: Url,
    delivered: mpsc::Receiver<Delivered>,
    refused: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    /// Answers the first `unwilling` notices with 503 and takes all after them.
    pub(super) fn start(source: Arc<dyn Source>, clock: Clock, unwilling: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = Url::parse(&format!("http://{}/hooks/main", listener.local_addr().unwrap())).unwrap();
        let (tell, delivered) = mpsc::channel();
        let (stop, refused) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (ended, counted) = (Arc::clone(&stop), Arc::clone(&refused));
        let work = move || {
            let mut unwilling = unwilling;
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let Some((mut stream, head, body)) = stream.ok().and_then(request) else { continue };
                if unwilling > 0 && head.starts_with("POST") {
                    unwilling -= 1;
                    respond(&mut stream, 503, &[], "");
                    continue;
                }
                let delivered = take(&*source, &clock, &head, &body);
                match &delivered {
                    Delivered::Handshake { text, headers } => respond(&mut stream, 200, headers, text),
                    Delivered::Hint { .. } | Delivered::Repeat => respond(&mut stream, 200, &[], ""),
                    Delivered::Refused(_) => {
                        counted.fetch_add(1, Ordering::SeqCst);
                        respond(&mut stream, 403, &[], "");
                    }
                }
                let _ = tell.send(delivered);
            }
        };
        let thread = Some(std::thread::spawn(work));
        Self { address, delivered, refused, stop, thread }
    }

    pub(super) fn address(&self) -> Url {
        self.address.clone()
    }

    /// Deliveries that were refused.
    pub(super) fn refused(&self) -> u64 {
        self.refused.load(Ordering::SeqCst)
    }

    /// Takes deliveries until one is such.
    pub(super) fn until(&self, clock: &Clock, such: impl Fn(&Delivered) -> bool) {
        for _ in 0..LOOKS_MAX {
            match self.delivered.recv_timeout(LOOK) {
                Ok(delivered) if such(&delivered) => return,
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => clock.advance(Duration::from_secs(1)),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        panic!("no such delivery came");
    }

    /// Waits until the tenant has brought everything.
    pub(super) fn until_taken(&self, stage: &Stage) {
        for _ in 0..LOOKS_MAX {
            if stage.running.brought().waiting == 0 {
                return;
            }
            let _ = self.delivered.recv_timeout(LOOK);
            stage.clock.advance(Duration::from_secs(1));
        }
        panic!("some notice never came");
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect((self.address.host_str().unwrap(), self.address.port().unwrap()));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One request: its head and its body.
fn request(mut stream: TcpStream) -> Option<(TcpStream, String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                let body = bytes[end + 4..end + 4 + length].to_vec();
                return Some((stream, head, body));
            }
        }
        match stream.read(&mut chunk) {
            Ok(read) if read > 0 => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    let mut lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

fn take(source: &dyn Source, clock: &Clock, head: &str, body: &[u8]) -> Delivered {
    let target = head.split(' ').nth(1).unwrap_or_default();
    let query = target.split_once('?').map_or("", |(_, query)| query);
    source.delivery(&Delivery { query, header: &|name| header(head, name), body, at: clock.now() })
}

fn respond(stream: &mut TcpStream, status: u16, headers: &[(&'static str, &'static str)], body: &str) {
    let mut head = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes());
}
