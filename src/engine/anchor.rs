//! Anchors: signed heads of the audit log, written outside at intervals, and what is found out by them.
//!
//! The log's own chain shows an edit and a removal, but whoever can write the store can also cut its end or make every hash
//! anew. A head says how long the log was at a moment and what its hash was; once it lies where the writer of the store cannot
//! change it, neither can be hidden any more.

mod head;
mod verify;

pub use head::{Head, HeadError, Heads, unhex};
pub use verify::{Damage, Verified, verify};

use super::core::Core;
use crate::clock::Clock;
use crate::notify::{Delivery, HeadPost, SignKey};
use crate::store::{Error, Store};
use std::fs::OpenOptions;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tracing::{info, warn};

/// The fact that keeps the store's own id.
const STORE: &str = "audit.store";
/// Between two looks at the time.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between two tries at a place that fails.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Bytes of a file of heads: one a minute for a year is 200 MiB.
const HEADS_BYTES_MAX: u64 = 256 << 20;

/// Where heads go.
#[derive(Debug)]
pub enum Anchor {
    /// Appended to this file, a line each.
    File(PathBuf),
    /// Posted to this address.
    Address(HeadPost),
}

/// What heads are made of, and where they go.
#[derive(Debug)]
pub struct Options {
    /// The key that they are signed with.
    pub key: SignKey,
    /// Where they go; `None` writes none.
    pub to: Option<Anchor>,
    /// How often.
    pub every: Duration,
}

/// Writes heads until the service stops, and one at last.
///
/// # Errors
/// When the store fails; an anchor that fails is tried again and told in the log.
pub fn run(core: &Core, options: &Options) -> Result<(), Error> {
    let Some(to) = &options.to else { return Ok(()) };
    store_id(&*core.store)?;
    let (mut due, mut last) = (core.clock.steady(), None);
    while !core.stopped() {
        if core.clock.steady() >= due {
            let head = Head::of(&*core.store, &options.key, core.clock.now())?;
            let written = write(&head, to, &options.key, &core.clock);
            if written {
                last = Some(head.entries);
            }
            due = core.clock.steady().plus(if written { options.every } else { AGAIN_AFTER.min(options.every) });
        }
        if !core.clock.wait(LOOK_EVERY, &core.stop) {
            break;
        }
    }
    let head = Head::of(&*core.store, &options.key, core.clock.now())?;
    if last != Some(head.entries) {
        write(&head, to, &options.key, &core.clock);
    }
    Ok(())
}

fn write(head: &Head, to: &Anchor, key: &SignKey, clock: &Clock) -> bool {
    match to.put(head, key, clock) {
        Ok(()) => {
            info!(entries = head.entries, "a head of the audit log was written outside");
            true
        }
        Err(said) => {
            warn!(said, "a head of the audit log could not be written outside; it is tried again");
            false
        }
    }
}

/// The store's own id; made when there is none yet.
///
/// # Errors
/// When it could not be read or written.
pub fn store_id(store: &dyn Store) -> Result<String, Error> {
    if let Some(id) = store.fact(None, STORE)? {
        return Ok(id);
    }
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| {
        Error::new(crate::store::error::Kind::Failed("the system gives no random bytes".into()), "number the store")
    })?;
    let id = hex(&bytes);
    store.keep_fact(None, STORE, Some(&id))?;
    Ok(id)
}

/// The store's own id; empty when it has none yet.
///
/// # Errors
/// When it could not be read.
pub fn known_id(store: &dyn Store) -> Result<String, Error> {
    Ok(store.fact(None, STORE)?.unwrap_or_default())
}

impl Anchor {
    /// Puts a head there.
    ///
    /// # Errors
    /// Why it could not be; no data.
    pub fn put(&self, head: &Head, key: &SignKey, clock: &Clock) -> Result<(), String> {
        let line = head.line();
        match self {
            Anchor::File(path) => append(path, &line).map_err(|error| error.kind().to_string()),
            Anchor::Address(post) => {
                let id = format!("head-{}-{}", head.entries, head.at.as_millis());
                match post.post(&id, &line, key, clock) {
                    Delivery::Sent => Ok(()),
                    Delivery::Again { said, .. } | Delivery::Refused { said } => Err(said),
                }
            }
        }
    }

    /// All heads that lie there, a line each.
    ///
    /// # Errors
    /// Why they could not be read.
    pub fn read(&self) -> Result<String, String> {
        match self {
            Anchor::File(path) => {
                let mut text = String::new();
                let read =
                    std::fs::File::open(path).and_then(|file| file.take(HEADS_BYTES_MAX).read_to_string(&mut text));
                read.map(|_| text).map_err(|error| error.to_string())
            }
            Anchor::Address(post) => post.read().map_err(|error| error.to_string()),
        }
    }
}

/// Appends a line, durably. A line that a crash cut short is ended first, so that it spoils none but itself.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    let mut text = String::with_capacity(line.len() + 2);
    if file.metadata()?.len() > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            text.push('\n');
        }
    }
    text.push_str(line);
    text.push('\n');
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Lower-case hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
