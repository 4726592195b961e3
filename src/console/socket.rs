//! The socket that commands come through: only its own user can open it, and each connection is one command.
//!
//! The socket's file has mode 0600 in a folder of mode 0700, and whoever connects is asked of the kernel as well: another
//! user's process is turned away whatever the file system allowed. A command is carried out on a thread of its own, since it
//! may wait for the disk.

use crate::engine::control::{Answer, Command, REQUEST_BYTES_MAX, Refusal, Reply, Request};
use std::fmt;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener as StdListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tracing::{info, warn};

/// Commands at the same time; more wait to be accepted.
const CONNECTIONS_MAX: usize = 8;
/// How long a caller may take to send its line.
const REQUEST_WAIT: Duration = Duration::from_secs(5);
/// How long a caller may take to take its reply.
const REPLY_WAIT: Duration = Duration::from_secs(5);
/// Bytes of a socket's path at most, by Linux's `sockaddr_un` (108 with its zero).
const PATH_BYTES_MAX: usize = 107;

/// Carries out a command for the user of this number.
pub type Perform = dyn Fn(&Command, u32) -> Result<Answer, Refusal> + Send + Sync;

/// The socket and who carries out what comes through it.
#[derive(Clone)]
pub struct Control {
    /// Where the socket is made. What is there is replaced: whoever asks for this holds the folder's lock.
    pub path: PathBuf,
    /// Carries out a command. It may block.
    pub perform: Arc<Perform>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Makes the socket; a file left by a process that is gone is replaced.
pub(super) fn bind(path: &Path) -> io::Result<StdListener> {
    if path.as_os_str().len() > PATH_BYTES_MAX {
        let what =
            format!("the path of the data folder is too long for a socket ({PATH_BYTES_MAX} bytes with its name)");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = StdListener::bind(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Accepts commands until the runtime ends.
pub(super) async fn accept(listener: StdListener, control: Control) {
    // The socket is ours: its owner is the user this program runs as.
    let owner = fs::metadata(&control.path).map(|meta| meta.uid());
    let (Ok(listener), Ok(owner)) = (UnixListener::from_std(listener), owner) else { return };
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let perform = Arc::clone(&control.perform);
        tokio::spawn(async move {
            serve(stream, owner, perform).await;
            drop(place);
        });
    }
}

async fn serve(mut stream: UnixStream, owner: u32, perform: Arc<Perform>) {
    let uid = match stream.peer_cred() {
        // The superuser may do everything here anyway.
        Ok(peer) if peer.uid() == owner || peer.uid() == 0 => peer.uid(),
        Ok(peer) => {
            warn!(uid = peer.uid(), "command of another user turned away");
            return;
        }
        Err(_) => return,
    };
    let Ok(Some(line)) = tokio::time::timeout(REQUEST_WAIT, line(&mut stream)).await else { return };
    let reply = match Request::read(&line) {
        Ok(command) => carried_out(command, uid, perform).await,
        Err(reply) => reply,
    };
    let _ = tokio::time::timeout(REPLY_WAIT, stream.write_all(&reply.line())).await;
}

async fn carried_out(command: Command, uid: u32, perform: Arc<Perform>) -> Reply {
    let done = tokio::task::spawn_blocking(move || {
        let answer = perform(&command, uid);
        info!(act = command.act(), uid, ok = answer.is_ok(), "command");
        answer
    });
    match done.await {
        Ok(Ok(answer)) => Reply::Ok(answer),
        Ok(Err(refusal)) => Reply::Refused(refusal),
        Err(_) => Reply::Refused(Refusal::new("the service failed at this command; its log says more")),
    }
}

/// One line, its end cut; `None` when it is too long or breaks off.
async fn line(stream: &mut UnixStream) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let mut step = [0; 4 << 10];
    loop {
        let read = stream.read(&mut step).await.ok().filter(|read| *read > 0)?;
        line.extend_from_slice(&step[..read]);
        if let Some(end) = line.iter().position(|byte| *byte == b'\n') {
            line.truncate(end);
            return Some(line);
        }
        if line.len() > REQUEST_BYTES_MAX {
            return None;
        }
    }
}
