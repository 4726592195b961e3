//! A look at the beginning of an embedded thing before it is handed over: what it is decides whether it is.

use super::registry::{self, Treatment};
use super::sniff;
use crate::model::Reason;
use std::io::{self, Read};

/// Bytes looked at.
const HEAD_BYTES: u64 = 512;

/// A reader whose beginning was looked at; it gives every byte once, the beginning included.
pub(super) struct Peeked<R> {
    head: Vec<u8>,
    given: usize,
    failed: Option<io::Error>,
    body: R,
}

impl<R: Read> Peeked<R> {
    /// Looks at the beginning. A failure there is given by the reading that follows it.
    pub(super) fn new(mut body: R) -> Self {
        let mut head = Vec::new();
        let failed = body.by_ref().take(HEAD_BYTES).read_to_end(&mut head).err();
        Self { head, given: 0, failed, body }
    }

    /// The beginning.
    pub(super) fn head(&self) -> &[u8] {
        &self.head
    }

    /// True when there is nothing at all.
    pub(super) fn is_empty(&self) -> bool {
        self.head.is_empty() && self.failed.is_none()
    }

    /// True for pictures, told by their marks.
    pub(super) fn is_picture(&self) -> bool {
        matches!(self.treatment(), Some(Treatment::Skip(Reason::ImageOnly))) || self.is_kind(PICTURES)
    }

    /// True when its marks tell of something that is read; what no mark tells is not.
    pub(super) fn is_readable(&self) -> bool {
        !self.is_picture() && self.treatment().is_some_and(|treatment| !matches!(treatment, Treatment::Skip(_)))
    }

    fn treatment(&self) -> Option<Treatment> {
        sniff::by_magic(&self.head).map(|name| registry::kind(name).treatment)
    }

    fn is_kind(&self, kinds: &[&str]) -> bool {
        sniff::by_magic(&self.head).is_some_and(|name| kinds.contains(&name))
    }
}

/// Types of pictures, whatever is read of them.
const PICTURES: &[&str] = &["png", "jpeg", "gif", "bmp", "tiff", "webp", "heif", "jpeg2000", "jpegxl", "ico", "wmf"];

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let rest = &self.head[self.given..];
        if !rest.is_empty() {
            let n = rest.len().min(buf.len());
            buf[..n].copy_from_slice(&rest[..n]);
            self.given += n;
            return Ok(n);
        }
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.body.read(buf),
        }
    }
}
