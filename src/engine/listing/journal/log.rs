//! The journal's file: frames of length, CRC-32 and payload, one after another.
//!
//! A frame that was not written to its end (power loss, full disk) is told by its length or its sum and cut away at the
//! next opening. What stands before it is whole, since a frame is appended only after the one before it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Longest payload: a page of 2,000 entries with the longest names is below 2 MiB; nothing longer is believed.
const PAYLOAD_BYTES_MAX: u32 = 64 << 20;
const HEAD_BYTES: usize = 8;

/// When what was written is made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// Each page before its commit returns: a loss of power loses nothing.
    EachPage,
    /// After so many pages, and at the end of each step. Killing the process loses nothing; a loss of power loses at most
    /// these pages together with their cursors, so that they are listed again.
    Pages(u32),
}

/// The open file, locked against a second process.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    path: PathBuf,
    bytes: u64,
    sync: Sync,
    unsynced: u32,
    broken: bool,
}

impl Log {
    /// Opens or makes the file (mode 0600) and hands every whole payload to `each`. Gives the log and how many torn bytes
    /// were cut from its end. A file whose first payload does not begin as told is somebody else's and left alone.
    pub(super) fn open(
        path: &Path,
        sync: Sync,
        beginning: &[u8],
        each: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<(Self, u64)> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
        lock(&file, path)?;
        let length = file.metadata()?.len();
        if !begins(&file, beginning)? {
            return Err(io::Error::other(format!("{} is no journal of a listing", path.display())));
        }
        let whole = frames(&file, each)?;
        let torn = length.saturating_sub(whole);
        if torn > 0 {
            file.set_len(whole)?;
            file.sync_all()?;
        }
        if whole == 0 {
            sync_folder(path)?;
        }
        let mut log = Self { file, path: path.to_owned(), bytes: whole, sync, unsynced: 0, broken: false };
        log.wind_on()?;
        Ok((log, torn))
    }

    /// A fresh file beside this one, which [`Log::replace`] puts in its place.
    pub(super) fn beside(&self) -> io::Result<Self> {
        let mut name = self.path.clone().into_os_string();
        name.push(".new");
        let path = PathBuf::from(name);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        lock(&file, &path)?;
        Ok(Self { file, path, bytes: 0, sync: Sync::Pages(u32::MAX), unsynced: 0, broken: false })
    }

    /// Puts `fresh`, made by [`Log::beside`], in this one's place: after a crash either the old or the new one is there.
    pub(super) fn replace(&mut self, mut fresh: Self) -> io::Result<()> {
        fresh.sync()?;
        std::fs::rename(&fresh.path, &self.path)?;
        sync_folder(&self.path)?;
        fresh.path.clone_from(&self.path);
        fresh.sync = self.sync;
        *self = fresh;
        Ok(())
    }

    /// Appends one frame. It is durable when this returns, unless [`Sync::Pages`] lets it wait.
    pub(super) fn append(&mut self, payload: &[u8]) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other("an earlier write failed; open the journal again"));
        }
        let length = u32::try_from(payload.len()).ok().filter(|length| (1..=PAYLOAD_BYTES_MAX).contains(length));
        let length = length.ok_or_else(|| io::Error::other("a record is longer than the journal takes"))?;
        let mut frame = Vec::with_capacity(HEAD_BYTES + payload.len());
        frame.extend_from_slice(&length.to_le_bytes());
        frame.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
        frame.extend_from_slice(payload);
        let written = self.file.write_all(&frame).and_then(|()| self.sync_if_due());
        if written.is_err() {
            // What is half written is cut at the next opening; going on behind it would hide it.
            self.broken = true;
        }
        written?;
        self.bytes += u64::try_from(frame.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    fn sync_if_due(&mut self) -> io::Result<()> {
        self.unsynced += 1;
        match self.sync {
            Sync::EachPage => self.sync(),
            Sync::Pages(pages) if self.unsynced >= pages => self.sync(),
            Sync::Pages(_) => Ok(()),
        }
    }

    /// Makes all that was appended durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        if self.unsynced > 0 {
            self.file.sync_data()?;
            self.unsynced = 0;
        }
        Ok(())
    }

    /// Hands every payload to `each`, from the first to the last.
    pub(super) fn read(&mut self, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        let read = frames(&self.file, each);
        self.wind_on()?;
        let whole = read?;
        if whole == self.bytes { Ok(()) } else { Err(io::Error::other("the journal changed under its reader")) }
    }

    /// Bytes of the file.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    fn wind_on(&mut self) -> io::Result<()> {
        io::Seek::seek(&mut self.file, io::SeekFrom::Start(self.bytes)).map(drop)
    }
}

fn lock(file: &File, path: &Path) -> io::Result<()> {
    file.try_lock().map_err(|_| {
        io::Error::new(io::ErrorKind::ResourceBusy, format!("{} is in use by another process", path.display()))
    })
}

/// True when the file begins so, as far as it goes.
fn begins(file: &File, beginning: &[u8]) -> io::Result<bool> {
    let mut read = Vec::new();
    let most = u64::try_from(HEAD_BYTES + beginning.len()).unwrap_or(u64::MAX);
    file.take(most).read_to_end(&mut read)?;
    let payload = read.get(HEAD_BYTES..).unwrap_or_default();
    Ok(beginning.starts_with(payload))
}

/// Makes a name in a folder durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) => File::open(parent)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

/// Reads frames from the beginning until the end or the first that is not whole; gives the bytes of the whole ones.
fn frames(file: &File, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<u64> {
    let mut from = file;
    io::Seek::seek(&mut from, io::SeekFrom::Start(0))?;
    let mut reader = BufReader::with_capacity(1 << 18, from);
    let mut payload = Vec::new();
    let mut whole = 0;
    while let Some(sum) = next(&mut reader, &mut payload)? {
        if crc32fast::hash(&payload) != sum {
            break;
        }
        each(&payload)?;
        whole += u64::try_from(HEAD_BYTES + payload.len()).unwrap_or(u64::MAX);
    }
    Ok(whole)
}

/// Reads one frame into `payload` and gives the sum it should have; `None` when it is not there to its end.
fn next(reader: &mut impl Read, payload: &mut Vec<u8>) -> io::Result<Option<u32>> {
    let mut head = [0; HEAD_BYTES];
    if !fill(reader, &mut head)? {
        return Ok(None);
    }
    let [a, b, c, d, sum @ ..] = head;
    let length = u32::from_le_bytes([a, b, c, d]);
    if !(1..=PAYLOAD_BYTES_MAX).contains(&length) {
        return Ok(None);
    }
    payload.clear();
    let read = reader.take(u64::from(length)).read_to_end(payload)?;
    let whole = u32::try_from(read).is_ok_and(|read| read == length);
    Ok(whole.then(|| u32::from_le_bytes(sum)))
}

/// Fills the buffer; false when the file ends before.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
