//! The bytes of one file, readable at any position, wherever they live: a path, memory, or a nameless spool file.
//!
//! A path is opened once and never again, so that what is checked is what is read. Positions are given with each read:
//! several readers share one content without moving each other.

pub mod budget;
mod detached;
mod lent;
mod shared;
pub mod spool;

pub use budget::{Account, Budget, Limits, Stop};
pub use detached::Detached;
pub use lent::Lent;
pub use shared::Shared;
pub use spool::{Shelf, Spool, SpoolOptions};

use crate::model::Reason;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// What to do when the path itself is a symbolic link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// Open what it points to.
    Follow,
    /// Refuse it as a special file.
    Refuse,
}

/// The bytes of one file.
#[derive(Debug)]
pub struct Content {
    store: Store,
    seen: Option<Seen>,
    /// The first bytes, once they were read.
    head: OnceLock<Vec<u8>>,
}

/// Bytes at the beginning that are read once and kept: whoever tells the type needs them, and so does whoever reads the
/// text. Most files are no longer than that.
const HEAD_BYTES_MAX: usize = 256 << 10;

#[derive(Debug)]
enum Store {
    File(File),
    Memory(Arc<Vec<u8>>),
    Spool(SpoolFile),
    Span(Span),
}

/// Some bytes of a file that holds other contents too, or belongs to another process.
#[derive(Debug)]
struct Span {
    file: Arc<SpoolFile>,
    start: u64,
    len: u64,
}

#[derive(Debug)]
struct SpoolFile {
    file: File,
    _room: Option<spool::Room>,
}

/// What told the file apart when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    len: u64,
    modified: (i64, i64),
    identity: (u64, u64),
}

impl Seen {
    fn of(meta: &Metadata) -> Self {
        Self { len: meta.len(), modified: (meta.mtime(), meta.mtime_nsec()), identity: (meta.dev(), meta.ino()) }
    }
}

/// A path that did not become a content. The message names no path; the caller knows it.
#[derive(Debug)]
pub struct Unopened {
    reason: Reason,
    source: Option<io::Error>,
}

impl Unopened {
    /// Why, in the words of coverage.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    fn from_io(error: io::Error) -> Self {
        let reason = match error.raw_os_error() {
            Some(libc::ELOOP | libc::ENXIO | libc::EISDIR | libc::ENODEV) => Reason::SpecialFile,
            Some(libc::ETXTBSY | libc::EAGAIN | libc::EBUSY) => Reason::Locked,
            _ => match error.kind() {
                io::ErrorKind::NotFound => Reason::Deleted,
                io::ErrorKind::PermissionDenied => Reason::AccessDenied,
                _ => Reason::IoError,
            },
        };
        Self { reason, source: Some(error) }
    }
}

impl std::fmt::Display for Unopened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.source {
            Some(error) => write!(f, "cannot open the file: {error}"),
            None => write!(f, "cannot read the file: {}", self.reason),
        }
    }
}

impl std::error::Error for Unopened {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|error| error as &(dyn std::error::Error + 'static))
    }
}

impl Content {
    /// Opens a regular file for reading. Never blocks on a pipe, never takes a terminal.
    ///
    /// # Errors
    /// [`Unopened`]: gone, no right to read, or not a regular file.
    pub fn open(path: &Path, links: Links) -> Result<Self, Unopened> {
        let no_follow = if links == Links::Refuse { libc::O_NOFOLLOW } else { 0 };
        let flags = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC | no_follow;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(Unopened::from_io)?;
        Self::from_file(file)
    }

    /// Takes a file that is already open.
    ///
    /// # Errors
    /// [`Unopened`] when it is not a regular file.
    pub fn from_file(file: File) -> Result<Self, Unopened> {
        let meta = file.metadata().map_err(Unopened::from_io)?;
        if !meta.is_file() {
            return Err(Unopened { reason: Reason::SpecialFile, source: None });
        }
        Ok(Self::over(Store::File(file), Some(Seen::of(&meta))))
    }

    /// Takes bytes that are in memory.
    #[must_use]
    pub fn from_memory(bytes: impl Into<Vec<u8>>) -> Self {
        Self::over(Store::Memory(Arc::new(bytes.into())), None)
    }

    fn over(store: Store, seen: Option<Seen>) -> Self {
        Self { store, seen, head: OnceLock::new() }
    }

    /// Its length in bytes; for an open file, as it was when opened.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.store {
            Store::File(_) => self.seen.map_or(0, |seen| seen.len),
            Store::Memory(bytes) => bytes.len() as u64,
            Store::Spool(spooled) => spooled.file.metadata().map_or(0, |meta| meta.len()),
            Store::Span(span) => span.len,
        }
    }

    /// True when there is not one byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Device and inode of an open file, to see one file only once.
    #[must_use]
    pub fn identity(&self) -> Option<(u64, u64)> {
        self.seen.map(|seen| seen.identity)
    }

    /// The bytes, where they are in memory.
    #[must_use]
    pub fn as_memory(&self) -> Option<&[u8]> {
        match &self.store {
            Store::Memory(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Why the file is no longer what was opened: its size or time changed under the reader. `None` while all is well.
    #[must_use]
    pub fn changed(&self) -> Option<Reason> {
        let (Store::File(file), Some(seen)) = (&self.store, self.seen) else { return None };
        match file.metadata() {
            Ok(meta) if Seen::of(&meta) == seen => None,
            Ok(_) => Some(Reason::ChangedWhileRead),
            Err(_) => Some(Reason::IoError),
        }
    }

    /// The first bytes, at most 256 KiB; fewer only when there are no more. They are read once and kept.
    ///
    /// # Errors
    /// The operating system's.
    pub fn head(&self) -> io::Result<&[u8]> {
        if let Some(bytes) = self.as_memory() {
            return Ok(&bytes[..bytes.len().min(HEAD_BYTES_MAX)]);
        }
        if let Some(head) = self.head.get() {
            return Ok(head);
        }
        // Files that the system makes up say 0 and hold more.
        let wanted = usize::try_from(self.len()).unwrap_or(usize::MAX).clamp(64, HEAD_BYTES_MAX);
        let mut head = vec![0; wanted];
        let len = self.read_up_to(0, &mut head)?;
        head.truncate(len);
        Ok(self.head.get_or_init(|| head))
    }

    /// Reads some bytes from a position; 0 at the end.
    ///
    /// # Errors
    /// The operating system's.
    pub fn read_at(&self, position: u64, buf: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(position).unwrap_or(usize::MAX);
        let kept = self.head.get().and_then(|head| head.get(start..)).filter(|rest| !rest.is_empty());
        let file = match &self.store {
            Store::Memory(bytes) => return Ok(copy_some(bytes.get(start..).unwrap_or_default(), buf)),
            _ if kept.is_some() => return Ok(copy_some(kept.unwrap_or_default(), buf)),
            Store::File(file) => file,
            Store::Spool(spooled) => &spooled.file,
            Store::Span(span) => return span.read_at(position, buf),
        };
        read_some_at(file, buf, position)
    }

    /// Fills the whole buffer from a position.
    ///
    /// # Errors
    /// `UnexpectedEof` when the content ends before; else the operating system's.
    pub fn read_exact_at(&self, position: u64, buf: &mut [u8]) -> io::Result<()> {
        if self.read_up_to(position, buf)? == buf.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Fills as much of the buffer as the content has from a position.
    ///
    /// # Errors
    /// The operating system's.
    pub fn read_up_to(&self, position: u64, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            match self.read_at(position + filled as u64, &mut buf[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
        Ok(filled)
    }

    /// A reader with a position of its own whose reads are charged to a budget.
    #[must_use]
    pub fn reader<'a>(&'a self, budget: &'a Budget) -> Reader<'a> {
        Reader { content: self, budget, position: 0 }
    }
}

impl Span {
    fn read_at(&self, position: u64, buf: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(position)).unwrap_or(usize::MAX);
        let fits = buf.len().min(left);
        if fits == 0 {
            return Ok(0);
        }
        read_some_at(&self.file.file, &mut buf[..fits], self.start.saturating_add(position))
    }
}

/// One read that no signal cuts short.
fn read_some_at(file: &File, buf: &mut [u8], position: u64) -> io::Result<usize> {
    loop {
        match file.read_at(buf, position) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

/// Copies as much as there is and fits, and tells how much.
fn copy_some(bytes: &[u8], buf: &mut [u8]) -> usize {
    let n = buf.len().min(bytes.len());
    buf[..n].copy_from_slice(&bytes[..n]);
    n
}

/// Reads a content from a position of its own, under a budget.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    content: &'a Content,
    budget: &'a Budget,
    position: u64,
}

impl Reader<'_> {
    /// The position of the next byte.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.content.read_at(self.position, buf)?;
        self.budget.charge_read(n)?;
        self.position += n as u64;
        Ok(n)
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.content.len().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn paths_that_are_no_regular_files_are_refused_without_blocking() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, b"text").expect("written");
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        let fifo = folder.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo").success());
        let rows = [
            (folder.path().to_owned(), Links::Follow, Some(Reason::SpecialFile)),
            (fifo, Links::Follow, Some(Reason::SpecialFile)),
            (link.clone(), Links::Refuse, Some(Reason::SpecialFile)),
            (link, Links::Follow, None),
            (folder.path().join("gone"), Links::Follow, Some(Reason::Deleted)),
            (file, Links::Refuse, None),
        ];
        for (path, links, expected) in rows {
            assert_eq!(Content::open(&path, links).err().map(|e| e.reason()), expected, "{}", path.display());
        }
    }

    #[test]
    fn a_file_that_grows_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        std::fs::write(&path, b"one\n").expect("written");
        let content = Content::open(&path, Links::Refuse).expect("opened");
        assert_eq!(content.changed(), None);
        let mut more = OpenOptions::new().append(true).open(&path).expect("appended");
        more.write_all(b"two\n").expect("written");
        assert_eq!(content.changed(), Some(Reason::ChangedWhileRead));
    }
}
