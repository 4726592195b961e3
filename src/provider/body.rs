//! A content as it streams: resumed where it was cut, hashed on the way, refused at its end when the hash differs.

use super::Error;
use super::http::Stream;
use crate::model::ContentHash;
use std::fmt;
use std::io::{self, Read};

/// Opens the rest of a content from this byte on, pinned to the version that was begun.
pub type Reopen = Box<dyn FnMut(u64) -> Result<Stream, Error> + Send>;

/// What a body must turn out to be.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected {
    /// The provider's hash.
    pub hash: Option<ContentHash>,
    /// Bytes in all.
    pub size_bytes: Option<u64>,
}

/// The bytes of one content. Reading past a cut resumes; [`Error::carried_by`] tells a failure's next step.
pub struct Body {
    reopen: Reopen,
    expected: Expected,
    stream: Option<Stream>,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("expected", &self.expected).finish_non_exhaustive()
    }
}

impl Body {
    /// Opens the first byte at once, so that a refusal is told before any byte is read. A cut is resumed at most
    /// `resumes_max` times in a row without a byte between.
    ///
    /// # Errors
    /// What `reopen` says.
    pub fn open(mut reopen: Reopen, expected: Expected, _doing: String) -> Result<Self, Error> {
        let stream = Some(reopen(0)?);
        Ok(Self { reopen, expected, stream })
    }
}

impl Read for Body {
    fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
        let _ = (&mut self.reopen, &mut self.stream);
        todo!()
    }
}
