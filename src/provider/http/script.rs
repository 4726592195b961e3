//! A server for tests that plays a list of answers, one for each connection, and remembers what it was asked.

use crate::clock::Clock;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use url::Url;

/// What it does with a connection, after it took in the request.
#[derive(Clone, Debug)]
pub(in crate::provider) enum Play {
    /// Sends these bytes and closes.
    Send(Vec<u8>),
    /// Sends these bytes and keeps the connection open without another word.
    Stall(Vec<u8>),
    /// Sends these bytes, then one more at a time of the second part, with this pause before each.
    Trickle(Vec<u8>, Vec<u8>, Duration),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(in crate::provider) struct Heard {
    /// Request line and headers, in lower case but for the line.
    pub(in crate::provider) head: String,
    pub(in crate::provider) body: Vec<u8>,
    /// By the clock it was given.
    pub(in crate::provider) at: Duration,
}

/// The running server; dropping it ends it.
pub(in crate::provider) struct Script {
    address: SocketAddr,
    stage: Arc<Stage>,
    thread: Option<JoinHandle<()>>,
}

struct Stage {
    plays: Mutex<VecDeque<Play>>,
    heard: Mutex<Vec<Heard>>,
    open: Mutex<Vec<TcpStream>>,
    clock: Clock,
    over: AtomicBool,
}

/// A whole answer: `status`, headers as lines, body.
pub(in crate::provider) fn answer(status: u16, headers: &[&str], body: &str) -> Play {
    Play::Send(bytes(status, headers, body.len(), body))
}

/// An answer that tells a longer body than it sends.
pub(in crate::provider) fn cut(status: u16, headers: &[&str], length: usize, body: &str) -> Play {
    Play::Send(bytes(status, headers, length, body))
}

/// An answer that stands still in the middle of its body.
pub(in crate::provider) fn stall(status: u16, length: usize, body: &str) -> Play {
    Play::Stall(bytes(status, &[], length, body))
}

/// An answer whose body comes a byte at a time, with a pause before each.
pub(in crate::provider) fn trickle(body: &str, pause: Duration) -> Play {
    Play::Trickle(bytes(200, &[], body.len(), ""), body.as_bytes().to_vec(), pause)
}

fn bytes(status: u16, headers: &[&str], length: usize, body: &str) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Scripted\r\nContent-Length: {length}\r\nConnection: close\r\n");
    headers.iter().for_each(|header| text += &format!("{header}\r\n"));
    (text + "\r\n" + body).into_bytes()
}

impl Script {
    /// Plays these in order; after the last, 500.
    pub(in crate::provider) fn play(clock: &Clock, plays: Vec<Play>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stage = Arc::new(Stage {
            plays: Mutex::new(plays.into()),
            heard: Mutex::default(),
            open: Mutex::default(),
            clock: clock.clone(),
            over: AtomicBool::new(false),
        });
        let shared = Arc::clone(&stage);
        let thread = thread::spawn(move || {
            for connection in listener.incoming() {
                if shared.over.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.serve(connection.unwrap()));
            }
        });
        Self { address, stage, thread: Some(thread) }
    }

    /// `http://127.0.0.1:port/` and this path.
    pub(in crate::provider) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}/{path}", self.address)).unwrap()
    }

    /// `127.0.0.1:port`.
    pub(in crate::provider) fn host(&self) -> String {
        self.address.to_string()
    }

    /// All requests so far, in the order they came.
    pub(in crate::provider) fn heard(&self) -> Vec<Heard> {
        self.stage.heard.lock().unwrap().clone()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.stage.over.store(true, Ordering::SeqCst);
        for open in self.stage.open.lock().unwrap().iter() {
            let _ = open.shutdown(Shutdown::Both);
        }
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Stage {
    fn serve(&self, mut connection: TcpStream) {
        let Some(heard) = self.hear(&mut connection) else { return };
        let play = {
            let mut all = self.heard.lock().unwrap();
            all.push(heard);
            self.plays.lock().unwrap().pop_front()
        };
        match play.unwrap_or_else(|| answer(500, &[], "the script is over")) {
            Play::Send(bytes) => {
                let _ = connection.write_all(&bytes);
                let _ = connection.shutdown(Shutdown::Write);
                // Until the other side closes too: else what is on the way could be lost.
                let _ = connection.read_to_end(&mut Vec::new());
            }
            Play::Stall(bytes) => {
                let _ = connection.write_all(&bytes);
                self.open.lock().unwrap().push(connection);
            }
            Play::Trickle(head, rest, pause) => {
                let _ = connection.write_all(&head);
                for byte in rest {
                    thread::park_timeout(pause);
                    let _ = connection.write_all(&[byte]);
                }
            }
        }
    }

    fn hear(&self, connection: &mut TcpStream) -> Option<Heard> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            connection.read_exact(&mut byte).ok()?;
            head.extend(byte);
        }
        let head = String::from_utf8(head).ok()?;
        let (line, headers) = head.split_once("\r\n")?;
        let headers = headers.to_lowercase();
        let length = headers.lines().find_map(|header| header.strip_prefix("content-length: "));
        let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
        connection.read_exact(&mut body).ok()?;
        Some(Heard { head: format!("{line}\r\n{headers}"), body, at: self.clock.elapsed() })
    }
}
