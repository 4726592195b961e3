//! The courier: brings the tenants' signed notices to the addresses that asked for them, on this machine only.
//!
//! It works beside the doors and holds up no answer: notices wait in a bounded queue, the oldest fall out when it is full, and
//! one that is not taken (no 2xx in time) is brought again after longer and longer waits, signed anew, a dozen times. Waits go
//! by the shared clock, which the courier itself never moves.

use super::Options;
use crate::clock::Clock;
use crate::emulator::wire::Cloud;
use std::collections::VecDeque;
use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

/// How soon a notice is seen.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Notices that wait at most.
const WAITING_MAX: usize = 10_000;
/// Notices on their way at the same time.
const UNDER_WAY_MAX: usize = 8;
/// How long a receiver may take: Dropbox's ten seconds.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a notice is brought.
const TIMES_MAX: u32 = 12;
/// The wait after the first failure; doubled after each, up to the longest.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(600);
/// Bytes of a receiver's answer that are read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// What became of notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// Taken with a 2xx.
    pub taken: u64,
    /// Tries that were not.
    pub failed: u64,
    /// Given up: brought a dozen times in vain, pushed out of a full queue, or without an address that can be reached.
    pub given_up: u64,
    /// Not yet taken.
    pub waiting: usize,
}

/// Where notices wait. The server's task and whoever runs the emulator share it.
#[derive(Debug)]
pub(super) struct Courier {
    clock: Clock,
    clouds: Vec<Arc<dyn Cloud>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    hook: Option<Hook>,
    waiting: VecDeque<Parcel>,
    under_way: usize,
    brought: Brought,
}

/// The address of the console.
#[derive(Clone, Debug)]
struct Hook {
    address: String,
    /// It showed that it wants notices.
    proven: bool,
    /// When it is asked to show it next, by the shared clock.
    ask_at: Duration,
    asked: u32,
}

/// One notice.
#[derive(Debug)]
struct Parcel {
    cloud: usize,
    address: String,
    body: Vec<u8>,
    times: u32,
    due: Duration,
}

impl Courier {
    pub(super) fn new(options: &Options) -> Self {
        let mut clouds: Vec<Arc<dyn Cloud>> = Vec::new();
        for (_, cloud) in &options.clouds {
            if !clouds.iter().any(|known| Arc::ptr_eq(known, cloud)) {
                clouds.push(Arc::clone(cloud));
            }
        }
        let state = State { hook: options.hook.clone().map(Hook::new), ..State::default() };
        Self { clock: options.clock.clone(), clouds, state: Mutex::new(state) }
    }

    pub(super) fn set_hook(&self, address: Option<String>) {
        self.lock().hook = address.map(Hook::new);
    }

    pub(super) fn brought(&self) -> Brought {
        let state = self.lock();
        Brought { waiting: state.waiting.len() + state.under_way, ..state.brought }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what the tenants have.
    fn collect(&self) {
        let hook = self.lock().hook.clone().filter(|hook| hook.proven);
        for (number, cloud) in self.clouds.iter().enumerate() {
            let posts = cloud.posts(hook.is_some());
            if posts.is_empty() {
                continue;
            }
            let (due, mut state) = (self.clock.elapsed(), self.lock());
            for post in posts {
                let address = post.address.or_else(|| hook.as_ref().map(|hook| hook.address.clone()));
                let Some(address) = address else { continue };
                state.waiting.push_back(Parcel { cloud: number, address, body: post.body, times: 0, due });
                if state.waiting.len() > WAITING_MAX {
                    state.waiting.pop_front();
                    state.brought.given_up += 1;
                }
            }
        }
    }

    /// The next notice whose time has come, if another may go.
    fn next(&self) -> Option<Parcel> {
        let (now, mut state) = (self.clock.elapsed(), self.lock());
        let at =
            state.waiting.iter().position(|parcel| parcel.due <= now).filter(|_| state.under_way < UNDER_WAY_MAX)?;
        state.under_way += 1;
        state.waiting.remove(at)
    }

    async fn bring(&self, mut parcel: Parcel) {
        parcel.times += 1;
        let headers = self.clouds[parcel.cloud].signed(&parcel.body, self.clock.now(), parcel.times);
        let address = Url::parse(&parcel.address).ok();
        let answer = match &address {
            Some(address) => call(address, "POST", &headers, &parcel.body).await,
            None => Err(io::ErrorKind::InvalidInput.into()),
        };
        let (now, mut state) = (self.clock.elapsed(), self.lock());
        state.under_way -= 1;
        if answer.is_ok_and(|answer| (200..300).contains(&answer.status)) {
            state.brought.taken += 1;
            return;
        }
        state.brought.failed += 1;
        if parcel.times >= TIMES_MAX {
            state.brought.given_up += 1;
            return;
        }
        parcel.due = now.saturating_add(wait_after(parcel.times));
        state.waiting.push_front(parcel);
    }

    /// The console's address, if it has to show now that it wants notices.
    fn unproven(&self) -> Option<String> {
        let now = self.clock.elapsed();
        let hook = self.lock().hook.clone()?;
        (!hook.proven && hook.ask_at <= now).then_some(hook.address)
    }

    /// Asks the address to echo a challenge, as plain text that no browser guesses at.
    async fn challenge(&self, address: &str) {
        let drawn = format!("emulator-{}", self.clock.elapsed().as_nanos());
        let proven = match Url::parse(address) {
            Ok(mut url) => {
                url.query_pairs_mut().append_pair("challenge", &drawn);
                let answer = call(&url, "GET", &[], b"").await;
                answer.is_ok_and(|answer| {
                    answer.status == 200 && answer.is_guarded_text() && answer.body == drawn.as_bytes()
                })
            }
            Err(_) => false,
        };
        let (now, mut state) = (self.clock.elapsed(), self.lock());
        if let Some(hook) = state.hook.as_mut().filter(|hook| hook.address == address) {
            hook.proven = proven;
            hook.asked += 1;
            hook.ask_at = now.saturating_add(wait_after(hook.asked));
        }
    }
}

impl Hook {
    fn new(address: String) -> Self {
        Self { address, proven: false, ask_at: Duration::ZERO, asked: 0 }
    }
}

/// How long to wait after so many failures.
fn wait_after(failures: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_WAIT)
}

/// Brings notices for as long as the server stands.
pub(super) async fn run(courier: Arc<Courier>) {
    loop {
        if let Some(address) = courier.unproven() {
            courier.challenge(&address).await;
        }
        courier.collect();
        while let Some(parcel) = courier.next() {
            let courier = Arc::clone(&courier);
            tokio::spawn(async move { courier.bring(parcel).await });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A receiver's answer.
struct Heard {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Heard {
    fn is_guarded_text(&self) -> bool {
        let lines = || self.head.lines().filter_map(|line| line.split_once(':'));
        let says = |name: &str, value: &str| {
            lines().any(|(key, told)| key.eq_ignore_ascii_case(name) && told.trim().to_lowercase().starts_with(value))
        };
        says("content-type", "text/plain") && says("x-content-type-options", "nosniff")
    }
}

/// One request in plain HTTP to this machine; no other is ever called.
async fn call(address: &Url, method: &str, headers: &[(String, String)], body: &[u8]) -> io::Result<Heard> {
    let refused = || io::Error::from(io::ErrorKind::InvalidInput);
    if address.scheme() != "http" || address.host() != Some(url::Host::Ipv4(Ipv4Addr::LOCALHOST)) {
        return Err(refused());
    }
    let port = address.port_or_known_default().ok_or_else(refused)?;
    let query = address.query().map_or(String::new(), |query| format!("?{query}"));
    let mut head =
        format!("{method} {}{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n", address.path());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Length: {}\r\n\r\n", body.len());
    let exchange = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer).await?;
        heard(&answer).ok_or_else(|| io::ErrorKind::InvalidData.into())
    };
    tokio::time::timeout(PATIENCE, exchange).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn heard(answer: &[u8]) -> Option<Heard> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Heard { status, head, body: answer[end + 4..].to_vec() })
}
