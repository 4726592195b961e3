//! A reader of a content that owns what it reads, for libraries that want to keep their source.
//!
//! It charges no budget: whoever uses it asks [`Detached::bytes_read`] now and then and charges that. Contents in memory are
//! shared; files are read through a descriptor of its own, by position, so that nobody's position moves.

use super::{Content, SpoolFile, Store};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Debug)]
enum Bytes {
    File(File),
    /// A file that others read too, and where the content begins in it.
    Span(Arc<SpoolFile>, u64),
    Memory(Arc<Vec<u8>>),
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
            Store::File(file) => Bytes::File(file.try_clone()?),
            Store::Spool(spooled) => Bytes::File(spooled.file.try_clone()?),
            Store::Span(span) => Bytes::Span(Arc::clone(&span.file), span.start),
            Store::Memory(bytes) => Bytes::Memory(Arc::clone(bytes)),
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
            Bytes::File(file) => file.read_at(buf, self.position)?,
            Bytes::Span(spooled, start) => {
                let left = usize::try_from(self.len.saturating_sub(self.position)).unwrap_or(usize::MAX);
                let fits = buf.len().min(left);
                spooled.file.read_at(&mut buf[..fits], start.saturating_add(self.position))?
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
