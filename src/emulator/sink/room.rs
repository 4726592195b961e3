//! What both sinks stand on: a port, a thread for each connection, what was taken, faults to come.

use crate::emulator::tls;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

/// Connections at the same time; others are closed at once.
const CONNECTIONS_MAX: usize = 64;
/// How long a client may be silent.
const SILENT_MAX: Duration = Duration::from_secs(30);
/// What is taken is kept up to this many; then no more is.
const TAKEN_MAX: usize = 100_000;

/// What was taken, and what is to go wrong.
#[derive(Debug)]
pub(super) struct Room<T, F> {
    state: Mutex<State<T, F>>,
    changed: Condvar,
    over: AtomicBool,
    connections: AtomicUsize,
}

#[derive(Debug)]
struct State<T, F> {
    taken: Vec<T>,
    faults: VecDeque<F>,
    held: bool,
}

impl<T: Clone, F> Room<T, F> {
    pub(super) fn new() -> Self {
        let state = State { taken: Vec::new(), faults: VecDeque::new(), held: true };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
            over: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State<T, F>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what came; false when there is no more room.
    pub(super) fn take(&self, one: T) -> bool {
        let mut state = self.lock();
        let fits = state.taken.len() < TAKEN_MAX;
        if fits {
            state.taken.push(one);
        }
        drop(state);
        self.changed.notify_all();
        fits
    }

    pub(super) fn taken(&self) -> Vec<T> {
        self.lock().taken.clone()
    }

    /// The fault that the next message meets.
    pub(super) fn fault(&self) -> Option<F> {
        self.lock().faults.pop_front()
    }

    pub(super) fn add_faults(&self, faults: impl IntoIterator<Item = F>) {
        self.lock().faults.extend(faults);
    }

    /// Waits until what was taken is as asked, or so long; whether it is.
    pub(super) fn wait_for(&self, within: Duration, fits: impl Fn(&[T]) -> bool) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), within, |state| !fits(&state.taken));
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        fits(&state.taken)
    }

    /// Sits in an answer until [`Room::release`], the end, or so long.
    pub(super) fn hold(&self) {
        let over = |state: &mut State<T, F>| state.held && !self.over.load(Ordering::Relaxed);
        drop(self.changed.wait_timeout_while(self.lock(), SILENT_MAX, over));
    }

    /// Lets go of answers that are held, now and later.
    pub(super) fn release(&self) {
        self.lock().held = false;
        self.changed.notify_all();
    }
}

/// A port that is served until this is dropped.
#[derive(Debug)]
pub(super) struct Port<T, F> {
    pub(super) address: SocketAddr,
    pub(super) room: Arc<Room<T, F>>,
    thread: Option<JoinHandle<()>>,
}

impl<T, F> Port<T, F>
where
    T: Clone + Send + 'static,
    F: Send + 'static,
{
    /// Opens a port of 127.0.0.1; each connection is `serve`d in a thread of its own.
    pub(super) fn open(
        port: u16,
        name: &str,
        serve: impl Fn(TcpStream, &Room<T, F>) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let (address, room) = (listener.local_addr()?, Arc::new(Room::new()));
        let (serving, serve) = (Arc::clone(&room), Arc::new(serve));
        let thread = Builder::new().name(name.to_owned()).spawn(move || accept(&listener, &serving, &serve))?;
        Ok(Self { address, room, thread: Some(thread) })
    }
}

type Serve<T, F> = dyn Fn(TcpStream, &Room<T, F>) -> io::Result<()> + Send + Sync;

fn accept<T, F>(
    listener: &TcpListener,
    room: &Arc<Room<T, F>>,
    serve: &Arc<impl Fn(TcpStream, &Room<T, F>) -> io::Result<()> + Send + Sync + 'static>,
) where
    T: Clone + Send + 'static,
    F: Send + 'static,
{
    for stream in listener.incoming() {
        if room.over.load(Ordering::Relaxed) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let timed = stream.set_read_timeout(Some(SILENT_MAX)).and(stream.set_write_timeout(Some(SILENT_MAX)));
        if timed.is_err() || room.connections.load(Ordering::Relaxed) >= CONNECTIONS_MAX {
            continue;
        }
        room.connections.fetch_add(1, Ordering::Relaxed);
        let of = Arc::clone(room);
        let serve: Arc<Serve<T, F>> = Arc::clone(serve) as _;
        let spawned = Builder::new().name("sink".into()).spawn(move || {
            // A client that goes away is no fault of the sink's.
            let _ = serve(stream, &of);
            of.connections.fetch_sub(1, Ordering::Relaxed);
        });
        if spawned.is_err() {
            room.connections.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl<T, F> Drop for Port<T, F> {
    fn drop(&mut self) {
        self.room.over.store(true, Ordering::Relaxed);
        self.room.changed.notify_all();
        // Wakes whoever accepts.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A certificate of this run, and the authority that vouches for it.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) authority_pem: String,
    config: Arc<rustls::ServerConfig>,
}

impl Shown {
    pub(super) fn new() -> io::Result<Self> {
        let tls::Identity { authority_pem, config } = tls::identity(&[])?;
        Ok(Self { authority_pem, config })
    }
}

/// A connection, plain or in TLS.
pub(super) enum Wire {
    Plain(TcpStream),
    Tls(Box<rustls::StreamOwned<rustls::ServerConnection, TcpStream>>),
}

impl Wire {
    /// TLS over a plain connection.
    pub(super) fn secret(stream: TcpStream, shown: &Shown) -> io::Result<Self> {
        let connection = rustls::ServerConnection::new(Arc::clone(&shown.config)).map_err(io::Error::other)?;
        Ok(Wire::Tls(Box::new(rustls::StreamOwned::new(connection, stream))))
    }

    pub(super) fn is_secret(&self) -> bool {
        matches!(self, Wire::Tls(_))
    }

    /// Goes away without a word.
    pub(super) fn cut(&mut self) {
        let stream = match self {
            Wire::Plain(stream) => stream,
            Wire::Tls(stream) => &mut stream.sock,
        };
        let _ = stream.shutdown(Shutdown::Both);
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(stream) => stream.read(buffer),
            Wire::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(stream) => stream.write(bytes),
            Wire::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Wire::Plain(stream) => stream.flush(),
            Wire::Tls(stream) => stream.flush(),
        }
    }
}

/// One line without its end; `None` at the end of the stream, or when it is longer than `max`.
pub(super) fn line(wire: &mut impl Read, max: usize) -> io::Result<Option<Vec<u8>>> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while line.len() <= max {
        if wire.read(&mut byte)? == 0 {
            return Ok(None);
        }
        if byte[0] == b'\n' {
            if line.last() == Some(&b'\r') {
                line.pop();
            }
            return Ok(Some(line));
        }
        line.push(byte[0]);
    }
    Ok(None)
}
