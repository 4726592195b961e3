//! How a command reaches the store: to read it, to change it through a running service, or to change it itself.
//!
//! Reading never waits for anybody: a reader opens the file beside whoever writes. A change goes to the service if one answers
//! on the socket; else the command takes the lock of the data folder and does it itself; and when neither works it says who
//! is in the way. A socket file whose process is gone is told by the lock being free.

use super::config::{Config, Operators, Service};
use super::key::{self, Keys};
use super::{Failed, shown};
use crate::clock::Clock;
use crate::engine::control::{
    self, Answer, Command, Holder, Lock, LockError, REPLY_BYTES_MAX, Reply, Request, SOCKET, perform,
};
use crate::store::Store;
use crate::store::sqlite::{Options, Sqlite};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How long the service may take to answer a command.
const REPLY_WAIT: Duration = Duration::from_secs(120);
/// How long another command that holds the lock is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(5);
/// Between two looks at it.
const LOCK_LOOK: Duration = Duration::from_millis(50);

/// Whoever carries out commands.
#[derive(Debug)]
pub(super) enum Reached {
    /// The running service, at the other end of this connection's socket.
    Running(UnixStream),
    /// This command itself, under the lock.
    Itself(Box<Direct>),
}

/// A store that this command writes itself.
#[derive(Debug)]
pub(super) struct Direct {
    store: Sqlite,
    operators: Operators,
    // Let go after the store is closed: fields fall in this order.
    _lock: Lock,
}

/// Reaches whoever may change the store of these settings; `doing` is what others are told who wait for us.
///
/// # Errors
/// When neither the service answers nor the lock can be had: why, and what to do.
pub(super) fn reach(config: &Config, doing: &str) -> Result<Reached, Failed> {
    let service = config.service();
    made(service)?;
    let socket = service.data_dir.join(SOCKET);
    let clock = Clock::machine();
    let end = clock.elapsed() + LOCK_WAIT;
    loop {
        match UnixStream::connect(&socket) {
            Ok(stream) => return Ok(Reached::Running(stream)),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return Err(anothers(&socket)),
            // Nobody made it, or whoever did is gone.
            Err(_) => {}
        }
        match Lock::take(&service.data_dir, doing, &clock) {
            Ok(lock) => {
                let store = open(service, &key::load_existing(service.token_key_file.as_deref())?, &clock)?;
                let operators = config.operators().clone();
                return Ok(Reached::Itself(Box::new(Direct { store, operators, _lock: lock })));
            }
            Err(LockError::Held(_)) if clock.elapsed() < end => {
                let _ = clock.wait(LOCK_LOOK, &AtomicBool::new(false));
            }
            Err(LockError::Held(holder)) => return Err(in_the_way(holder.as_ref())),
            Err(LockError::Failed(path, error)) if error.kind() == ErrorKind::PermissionDenied => {
                return Err(anothers(&path));
            }
            Err(error) => return Err(Failed::new(error)),
        }
    }
}

impl Reached {
    /// Carries a command out.
    ///
    /// # Errors
    /// When it was refused, or when the service did not answer.
    pub(super) fn perform(self, command: &Command) -> Result<Answer, Failed> {
        match self {
            Reached::Running(stream) => asked(stream, command),
            Reached::Itself(direct) => direct.perform(command),
        }
    }

    /// True when a service runs.
    pub(super) fn is_running(&self) -> bool {
        matches!(self, Reached::Running(_))
    }
}

impl Direct {
    /// The store, which nobody else writes.
    pub(super) fn store(&self) -> &dyn Store {
        &self.store
    }

    /// Carries a command out.
    ///
    /// # Errors
    /// When it was refused.
    pub(super) fn perform(&self, command: &Command) -> Result<Answer, Failed> {
        perform(&self.store, &self.operators.admit(command)?, &actor(own_uid())).map_err(Failed::new)
    }
}

/// Lets the store, and the service if one runs, follow what was changed in the settings. Without a store there is nothing to
/// follow; what hinders it is told and is no failure, since the next start of the service follows by itself.
pub(super) fn follow(config: &Config, doing: &str, command: &Command) {
    if !config.service().store_file().exists() {
        return;
    }
    if let Err(Failed(message)) = reach(config, doing).and_then(|reached| reached.perform(command)) {
        let message = message.trim_start_matches("error: ");
        eprintln!("note: the store did not take it in: {message}\n  the next start of `sluicebox run` does");
    }
}

/// Who is written down for what a user asks for.
pub(super) fn actor(uid: u32) -> String {
    format!("operator uid {uid}")
}

/// Who is written down for what this process asks for.
pub(super) fn own_actor() -> String {
    actor(own_uid())
}

/// The user this program runs as.
fn own_uid() -> u32 {
    rustix::process::getuid().as_raw()
}

/// Asks the service.
fn asked(mut stream: UnixStream, command: &Command) -> Result<Answer, Failed> {
    let failed = |what: &str| Failed::new(format!("the service did not carry out the command: {what}"));
    let told = |error: io::Error| match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => failed("no answer; `sluicebox doctor` says how it is"),
        _ => failed("it went away; its log says more"),
    };
    stream
        .set_read_timeout(Some(REPLY_WAIT))
        .and_then(|()| stream.set_write_timeout(Some(REPLY_WAIT)))
        .map_err(told)?;
    stream.write_all(&Request::of(command).line()).map_err(told)?;
    let mut line = Vec::new();
    stream.take(REPLY_BYTES_MAX as u64).read_to_end(&mut line).map_err(told)?;
    if line.is_empty() {
        return Err(failed("it went away or turned us away; it may belong to another user"));
    }
    match serde_json::from_slice(&line) {
        Ok(Reply::Ok(answer)) => Ok(answer),
        Ok(Reply::Refused(refusal)) => Err(Failed::new(refusal)),
        Ok(Reply::OtherVersion { version, .. }) => Err(Failed::new(format!(
            "the running service is version {}, this program is {}\n  use the same program for both, or restart the service with this one",
            shown(version),
            env!("CARGO_PKG_VERSION")
        ))),
        Err(_) => Err(failed("its answer makes no sense; is it another version?")),
    }
}

fn in_the_way(holder: Option<&Holder>) -> Failed {
    match holder {
        Some(holder) if holder.doing == "run" => Failed::new(format!(
            "{holder} holds the data folder and does not answer: it is starting or stopping\n  try again in a moment"
        )),
        Some(holder) => Failed::new(format!("{holder} writes the store\n  try again when it has ended")),
        None => Failed::new("another sluicebox writes the store\n  try again when it has ended"),
    }
}

fn anothers(path: &Path) -> Failed {
    let owner = std::fs::metadata(path).map(|meta| format!("uid {}", meta.uid()));
    Failed::new(format!(
        "{} belongs to another user ({})\n  run the command as that user: `sudo -u '#UID' sluicebox ...`",
        shown(path),
        owner.unwrap_or_else(|_| "which one cannot be seen".to_owned())
    ))
}

/// Refuses settings whose data folder was never made.
pub(super) fn made(service: &Service) -> Result<(), Failed> {
    match service.data_dir.metadata() {
        Ok(meta) if meta.is_dir() => Ok(()),
        Ok(_) => Err(Failed::new(format!("{} is no folder", shown(&service.data_dir)))),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Failed::new(format!(
            "there is no data folder {} yet\n  run `sluicebox init`",
            shown(&service.data_dir)
        ))),
        Err(error) => Err(Failed::new(format!("cannot use the data folder {}: {error}", shown(&service.data_dir)))),
    }
}

/// Opens the store to be written; whoever does holds the lock.
pub(super) fn open(service: &Service, keys: &Keys, clock: &Clock) -> Result<Sqlite, Failed> {
    Sqlite::open(options(service, keys, clock)).map_err(Failed::new)
}

/// Opens the store to be read, beside whoever writes it.
///
/// # Errors
/// When there is none, when its key is missing, or when it is of another version.
pub(super) fn open_to_read(config: &Config) -> Result<Box<dyn Store>, Failed> {
    let service = config.service();
    made(service)?;
    let keys = key::load_existing(service.token_key_file.as_deref())?;
    let store = Sqlite::open_read_only(options(service, &keys, &Clock::machine())).map_err(Failed::new)?;
    Ok(Box::new(store))
}

fn options(service: &Service, keys: &Keys, clock: &Clock) -> Options {
    Options { path: service.store_file(), seal: keys.seal.clone(), clock: clock.clone(), shares: service.shares() }
}

/// Whether a service answers, and who it is.
pub(super) fn who_runs(service: &Service) -> Option<Answer> {
    let stream = UnixStream::connect(service.data_dir.join(control::SOCKET)).ok()?;
    asked(stream, &Command::Ping).ok()
}
