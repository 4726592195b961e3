//! A content as it streams: resumed where it was cut, hashed on the way, refused at its end when the hash differs.

mod hash;
mod resume;

#[cfg(test)]
mod tests;

pub use hash::ContentHasher;

use super::http::Stream;
use super::{Error, Next};
use crate::model::ContentHash;
use resume::Resumed;
use std::fmt;
use std::io::{self, Read};

/// Opens the rest of a content from this byte on, pinned to the version that was begun. The answer may also be the whole
/// content (200 instead of 206): what was read already is then skipped.
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
///
/// Only when a read gives 0 have size and hash been found right; whoever stops before has not verified anything.
pub struct Body {
    resumed: Resumed,
    expected: Expected,
    hasher: Option<ContentHasher>,
    found: Option<ContentHash>,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Coming,
    Verified,
    /// Failed before: every further read fails again.
    Failed(Next),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("expected", &self.expected)
            .field("bytes_read", &self.bytes_read())
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl Body {
    /// Opens the first byte at once, so that a refusal is told before any byte is read. A cut is resumed at most five times
    /// without 64 KiB between; `doing` says what is attempted, for messages.
    ///
    /// # Errors
    /// What `reopen` says.
    pub fn open(reopen: Reopen, expected: Expected, doing: String) -> Result<Self, Error> {
        Ok(Self {
            resumed: Resumed::open(reopen, expected.size_bytes, doing)?,
            hasher: expected.hash.map(ContentHasher::like),
            expected,
            found: None,
            state: State::Coming,
        })
    }

    /// Bytes handed out so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.resumed.position()
    }

    /// The hash of the whole content as it came, once its end was read; `None` before, and when the provider tells no hash
    /// to hold it against.
    #[must_use]
    pub fn hash(&self) -> Option<ContentHash> {
        self.found
    }

    fn step(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        if let State::Failed(next) = self.state {
            return Err(self.failure(next, "it failed before"));
        }
        if self.state == State::Verified {
            return Ok(0);
        }
        let read = self.resumed.read(buffer)?;
        if let Some(hasher) = &mut self.hasher {
            hasher.update(buffer.get(..read).unwrap_or_default());
        }
        // Longer than told is seen at once: an answer without an end must not be read to its end.
        if read == 0 || self.expected.size_bytes.is_some_and(|size| self.bytes_read() > size) {
            self.verify()?;
        }
        Ok(read)
    }

    fn verify(&mut self) -> Result<(), Error> {
        if self.expected.size_bytes.is_some_and(|size| size != self.bytes_read()) {
            return Err(self.failure(Next::Transient, "its length is not the one the provider told"));
        }
        self.found = self.hasher.take().map(ContentHasher::finish);
        if self.found != self.expected.hash {
            return Err(self.failure(Next::Transient, "its hash is not the one the provider told"));
        }
        self.state = State::Verified;
        Ok(())
    }

    fn failure(&self, next: Next, said: &str) -> Error {
        Error::new(next, self.resumed.doing(), said)
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.step(buffer).map_err(|error| {
            self.state = State::Failed(error.next());
            io::Error::from(error)
        })
    }
}
