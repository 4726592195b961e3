//! Sockets, one for each door, plain or TLS; one thread with a tokio runtime.
//!
//! All ports are bound before [`start`] returns, so whoever has a [`Running`] can call at once; dropping it closes every
//! socket and joins the thread. One thread is enough: a tenant answers a page in a few milliseconds, and what waits (long
//! polls, late answers) waits without one.

mod connection;
mod courier;
mod late;
mod memory;
mod walls;

use super::fault::Faults;
use super::limit::Pace;
use super::record::Record;
use super::tls;
use super::wire::{Cloud, Door};
use crate::clock::Clock;
use courier::Courier;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use walls::Desk;

pub use courier::Brought;

/// How the emulator runs. Take what is not said from [`Options::default`]: no faults, no limit, plain HTTP, any ports.
#[derive(Debug, Default)]
pub struct Options {
    /// Seeds faults and whatever else is drawn.
    pub seed: u64,
    /// Time, shared with whoever tests.
    pub clock: Clock,
    /// Faults.
    pub faults: Faults,
    /// What each principal may do.
    pub pace: Pace,
    /// TLS on all doors, under an authority made at start.
    pub tls: bool,
    /// Names for the certificate beside `127.0.0.1` and `localhost`.
    pub names: Vec<String>,
    /// The tenants by door: those of Box and those of Dropbox.
    pub clouds: Vec<(Door, Arc<dyn Cloud>)>,
    /// Doors that ask for a port; the others take what the system gives.
    pub ports: Vec<(Door, u16)>,
    /// The address for notices that the application's console would name (Dropbox): `http://127.0.0.1:PORT/...`. It is asked
    /// to show that it wants them (a challenge) before the first.
    pub hook: Option<String>,
}

/// A running emulator; dropping it closes all doors, then carries out what was delayed.
#[derive(Debug)]
pub struct Running {
    doors: Vec<(Door, String)>,
    authority_pem: Option<String>,
    desk: Arc<Desk>,
    courier: Arc<Courier>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Opens all doors on `127.0.0.1`.
///
/// # Errors
/// When a port cannot be opened, a certificate not be made, or the thread not be started.
pub fn start(options: Options) -> io::Result<Running> {
    let identity = if options.tls { Some(tls::identity(&options.names)?) } else { None };
    let scheme = if options.tls { "https" } else { "http" };
    let (mut doors, mut listeners) = (Vec::new(), Vec::new());
    for (door, _) in &options.clouds {
        let listener = listen(*door, &options.ports)?;
        doors.push((*door, format!("{scheme}://{}", listener.local_addr()?)));
        listeners.push((*door, listener));
    }
    for (_, cloud) in &options.clouds {
        cloud.set_doors(&doors);
    }
    let courier = Arc::new(Courier::new(&options));
    let desk = Arc::new(Desk::new(options));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (stop, stopped) = oneshot::channel();
    let (authority_pem, config) = identity.map(|identity| (identity.authority_pem, identity.config)).unzip();
    let (serving, bringing) = (Arc::clone(&desk), Arc::clone(&courier));
    let thread = std::thread::Builder::new().name("emulator".into()).spawn(move || {
        runtime.block_on(async {
            for (door, listener) in listeners {
                tokio::spawn(connection::accept(door, listener, config.clone(), Arc::clone(&serving)));
            }
            tokio::spawn(courier::run(bringing));
            tokio::spawn(late::run(serving));
            // Either it was sent or whoever could send it is gone.
            let _ = stopped.await;
        });
        // Dropped with all its tasks: every socket is closed, whatever it was in the middle of.
    })?;
    Ok(Running { doors, authority_pem, desk, courier, stop: Some(stop), thread: Some(thread) })
}

fn listen(door: Door, ports: &[(Door, u16)]) -> io::Result<TcpListener> {
    let port = ports.iter().find(|(wanted, _)| *wanted == door).map_or(0, |(_, port)| *port);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| io::Error::new(error.kind(), format!("cannot open port {port} of 127.0.0.1: {error}")))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Running {
    /// The address of a door (`http://127.0.0.1:8081`, no slash at the end); `None` when no tenant was given for it.
    #[must_use]
    pub fn address(&self, door: Door) -> Option<&str> {
        self.doors.iter().find(|(other, _)| *other == door).map(|(_, address)| address.as_str())
    }

    /// All doors with their addresses.
    #[must_use]
    pub fn doors(&self) -> &[(Door, String)] {
        &self.doors
    }

    /// The certificate of the authority that signed for the doors; `None` without TLS.
    #[must_use]
    pub fn authority_pem(&self) -> Option<&str> {
        self.authority_pem.as_deref()
    }

    /// Every request so far.
    #[must_use]
    pub fn record(&self) -> &Record {
        self.desk.record()
    }

    /// The most calls a second that each principal made, as an average over the busiest
    /// [ten seconds](super::limit::WINDOW) of the clock.
    #[must_use]
    pub fn highest_rates(&self) -> BTreeMap<String, f64> {
        self.desk.highest_rates()
    }

    /// Delayed writes ([`Faults::delayed`]) whose time has not come.
    #[must_use]
    pub fn delayed(&self) -> usize {
        self.desk.delayed()
    }

    /// Carries out all delayed writes now, in the order of their times: whoever judges the end of a run asks for this first.
    pub fn settle(&self) {
        self.desk.settle();
    }

    /// What became of the notices of webhooks so far.
    #[must_use]
    pub fn brought(&self) -> Brought {
        self.courier.brought()
    }

    /// Another address for notices ([`Options::hook`]) from now on; `None` for none.
    pub fn set_hook(&self, address: Option<String>) {
        self.courier.set_hook(address);
    }

    /// Other faults from now on.
    pub fn set_faults(&self, faults: Faults) {
        self.desk.set_faults(faults);
    }

    /// Another pace from now on.
    pub fn set_pace(&self, pace: Pace) {
        self.desk.set_pace(pace);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was reported when it happened.
            let _ = thread.join();
        }
        self.desk.settle();
    }
}

#[cfg(test)]
mod tests;
