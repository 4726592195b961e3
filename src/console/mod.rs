//! The edge of the running service: health and numbers, webhooks, and the socket that commands come through.
//!
//! One thread with a tokio runtime serves all of it; what it asks of the engine are closures, so the room can be tried without
//! one. Nothing here waits for a provider, and nothing outside can make it hold more than its bounds.

pub mod health;
pub mod hooks;
pub mod metrics;
mod route;
mod serve;
mod socket;

#[cfg(test)]
mod tests;

pub use health::{Health, Unwell};
pub use route::{Hooks, Routes, Told};
pub use socket::{Control, Perform};

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a command that is being carried out may still take when the edge closes.
const CLOSE_WAIT: Duration = Duration::from_secs(5);

/// What the edge serves; neither part is needed for the other.
#[derive(Debug, Default)]
pub struct Edge {
    /// Where HTTP is served, and what is answered.
    pub http: Option<(SocketAddr, Routes)>,
    /// The socket for commands.
    pub control: Option<Control>,
}

/// A running edge; dropping it closes its sockets.
#[derive(Debug)]
pub struct Running {
    address: Option<SocketAddr>,
    socket: Option<PathBuf>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Opens the sockets and serves them; both are open when this returns.
///
/// # Errors
/// When a socket cannot be opened; when HTTP is to be served beyond this machine without a credential.
pub fn start(edge: Edge) -> io::Result<Running> {
    let http =
        edge.http.map(|(address, routes)| listen(address, &routes).map(|listener| (listener, routes))).transpose()?;
    let address = http.as_ref().map(|(listener, _)| listener.local_addr()).transpose()?;
    let control =
        edge.control.map(|control| socket::bind(&control.path).map(|listener| (listener, control))).transpose()?;
    let socket = control.as_ref().map(|(_, control)| control.path.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(8).build()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = std::thread::Builder::new().name("console".into()).spawn(move || {
        runtime.block_on(async {
            http.map(|(listener, routes)| tokio::spawn(serve::accept(listener, routes)));
            control.map(|(listener, control)| tokio::spawn(socket::accept(listener, control)));
            // Either it was sent or whoever could send it is gone.
            let _ = stopped.await;
        });
        runtime.shutdown_timeout(CLOSE_WAIT);
    })?;
    Ok(Running { address, socket, stop: Some(stop), thread: Some(thread) })
}

fn listen(address: SocketAddr, routes: &Routes) -> io::Result<TcpListener> {
    if !address.ip().is_loopback() && routes.credential.is_none() {
        let what = format!(
            "{address} can be reached by other machines: set `http_credential_file` to a 0600 file with a bearer token, or serve on 127.0.0.1"
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, what));
    }
    let listener = TcpListener::bind(address)
        .map_err(|error| io::Error::new(error.kind(), format!("cannot serve on {address}: {error}")))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Running {
    /// Where HTTP is served, with the port that was taken; `None` when it is not.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.address
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was reported when it happened.
            let _ = thread.join();
        }
        if let Some(socket) = self.socket.take() {
            let _ = std::fs::remove_file(socket);
        }
    }
}
