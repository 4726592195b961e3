//! A content as one slice, for readers that cannot work otherwise.
//!
//! What lies in a spool file is mapped, which costs no memory of the process; and in a cell anything may be: a file that is cut
//! under a map ends the cell and nothing else. A user's file is never mapped outside of one.
#![allow(unsafe_code, reason = "maps of files")]

use super::{Content, Store};
use memmap2::{Mmap, MmapOptions};
use std::fmt;
use std::fs::File;
use std::io;
use std::sync::Arc;

/// All bytes of a content; cheap to clone.
#[derive(Clone)]
pub struct Shared(Bytes);

#[derive(Clone)]
enum Bytes {
    Memory(Arc<Vec<u8>>),
    Mapped(Arc<Mmap>),
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        match &self.0 {
            Bytes::Memory(bytes) => bytes,
            Bytes::Mapped(map) => map,
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("len", &self.as_ref().len()).finish_non_exhaustive()
    }
}

impl Content {
    /// The content as one slice, without a copy; `None` for a user's file, which can only be read.
    ///
    /// # Errors
    /// The operating system's: no room for a map.
    pub fn shared(&self) -> io::Result<Option<Shared>> {
        let (file, start) = match &self.store {
            Store::Memory(bytes) => return Ok(Some(Shared(Bytes::Memory(Arc::clone(bytes))))),
            Store::File(_) => return Ok(None),
            Store::Spool(spooled) => (&spooled.file, 0),
            Store::Span(span) => (&span.file.file, span.start),
        };
        let len = usize::try_from(self.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
        Ok(Some(Shared(Bytes::Mapped(Arc::new(mapped(file, start, len)?)))))
    }
}

fn mapped(file: &File, start: u64, len: usize) -> io::Result<Mmap> {
    // SAFETY: the file is a spool file, without a name and written to its end, or was lent to a cell; in both cases nobody in
    // this process writes to it. A user's file that others change under a cell ends, at worst, that cell.
    unsafe { MmapOptions::new().offset(start).len(len).map(file) }
}
