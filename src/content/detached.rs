//! A reader of a content that owns what it reads, for libraries that want to keep their source.
//!
//! It charges no budget: whoever uses it asks [`Detached::bytes_read`] now and then and charges that. Small contents in
//! memory are copied; files are read through a descriptor of its own, by position, so that nobody's position moves.

use super::{Content, Store};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
enum Bytes {
    /// The file, and where in it the content begins.
    File(File, u64),
    Memory(Vec<u8>),
}

/// Reads a content from a position of its own, for as long as it likes.
#[derive(Debug)]
pub struct Detached {
    bytes: Bytes,
    len: u64,
    position: u64,
    read: Arc<AtomicU64>,
}

impl Content {
    /// A reader that owns its source.
    ///
    /// # Errors
    /// The operating system's, when there is no descriptor left.
    pub fn detached(&self) -> io::Result<Detached> {
        let bytes = match &self.store {
            Store::File(file) => Bytes::File(file.try_clone()?, 0),
            Store::Spool(spooled) => Bytes::File(spooled.file.try_clone()?, 0),
            Store::Span(span) => Bytes::File(span.file.file.try_clone()?, span.start),
            Store::Memory(bytes) => Bytes::Memory(bytes.clone()),
        };
        Ok(Detached { bytes, len: self.len(), position: 0, read: Arc::default() })
    }
}

impl Detached {
    /// Shows how many bytes were read, also after the reader was given away.
    #[must_use]
    pub fn bytes_read(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.read)
    }
}

impl Read for Detached {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = match &self.bytes {
            Bytes::File(file, start) => {
                let left = usize::try_from(self.len.saturating_sub(self.position)).unwrap_or(usize::MAX);
                let wanted = buf.len().min(left);
                file.read_at(&mut buf[..wanted], start.saturating_add(self.position))?
            }
            Bytes::Memory(bytes) => {
                let start = usize::try_from(self.position).unwrap_or(usize::MAX);
                super::copy_some(bytes.get(start..).unwrap_or_default(), buf)
            }
        };
        self.position += n as u64;
        self.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

impl Seek for Detached {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}
