//! One stream of bytes out of as many connections as it takes.

use super::Reopen;
use crate::provider::http::Stream;
use crate::provider::{Error, Next};
use reqwest::header::CONTENT_RANGE;
use std::io::{self, Read};

/// Cuts in a row that are resumed.
const RESUMES_MAX: u32 = 5;
/// So many bytes between two cuts, and they are not in a row.
const PROGRESS_BYTES: u64 = 64 << 10;

pub(super) struct Resumed {
    reopen: Reopen,
    size_bytes: Option<u64>,
    doing: String,
    stream: Option<Stream>,
    position: u64,
    resumes: u32,
    resumed_at: u64,
}

impl Resumed {
    pub(super) fn open(mut reopen: Reopen, size_bytes: Option<u64>, doing: String) -> Result<Self, Error> {
        let stream = reopen(0)?;
        Ok(Self { reopen, size_bytes, doing, stream: Some(stream), position: 0, resumes: 0, resumed_at: 0 })
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn doing(&self) -> &str {
        &self.doing
    }

    /// Reads on, over cuts; 0 is the end. Never more than the size that was told, but one byte: enough to see that there
    /// is more.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            let cut = match self.read_stream(buffer) {
                Ok(0) if self.is_short() => self.error(Next::Transient, "it ended before its length"),
                Ok(read) => {
                    self.position += u64::try_from(read).unwrap_or(u64::MAX);
                    return Ok(read);
                }
                // All bytes are here; how the connection ended does not matter.
                Err(_) if self.size_bytes == Some(self.position) => return Ok(0),
                Err(error) => error,
            };
            self.resume(cut)?;
        }
    }

    fn read_stream(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let left = self.size_bytes.map(|size| size.saturating_sub(self.position).saturating_add(1));
        let most = left.and_then(|left| usize::try_from(left).ok()).unwrap_or(usize::MAX).min(buffer.len());
        let Some(stream) = &mut self.stream else {
            return Err(Error::new(Next::Transient, &self.doing, "the connection was cut"));
        };
        loop {
            match stream.read(&mut buffer[..most]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(carried(error, &self.doing)),
                Ok(read) => return Ok(read),
            }
        }
    }

    fn is_short(&self) -> bool {
        self.size_bytes.is_some_and(|size| self.position < size)
    }

    /// Opens the rest after a cut, or gives the cut up as the failure it is.
    fn resume(&mut self, cut: Error) -> Result<(), Error> {
        // Connection and permit are given back before new ones are asked for.
        self.stream = None;
        if self.position >= self.resumed_at.saturating_add(PROGRESS_BYTES) {
            self.resumes = 0;
        }
        if self.resumes >= RESUMES_MAX || cut.next() != Next::Transient {
            return Err(cut);
        }
        self.resumes += 1;
        self.resumed_at = self.position;
        let mut stream = (self.reopen)(self.position)?;
        let begins_at = self.begin_of(&stream)?;
        if let Err(error) = skip(&mut stream, self.position - begins_at) {
            // Cut again while still in what is known: the next read tries once more.
            drop(error);
            return Ok(());
        }
        self.stream = Some(stream);
        Ok(())
    }

    /// The byte a reopened stream begins with: the one asked for, or the first when the server knows no ranges.
    fn begin_of(&self, stream: &Stream) -> Result<u64, Error> {
        if stream.status != 206 {
            return Ok(0);
        }
        let told = stream.headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok()).and_then(first_byte);
        match told {
            Some(first) if first == self.position => Ok(first),
            _ => Err(self.error(Next::Transient, "the provider sent another range than was asked for")),
        }
    }

    fn error(&self, next: Next, said: &str) -> Error {
        Error::new(next, &self.doing, said)
    }
}

/// `bytes 100-199/1000` begins with 100 (RFC 9110, section 14.4).
fn first_byte(content_range: &str) -> Option<u64> {
    content_range.trim().strip_prefix("bytes")?.trim_start().split_once('-')?.0.trim().parse().ok()
}

fn skip(stream: &mut Stream, bytes: u64) -> io::Result<()> {
    let skipped = io::copy(&mut stream.take(bytes), &mut io::sink())?;
    if skipped == bytes { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// The error inside, or one of its own: an I/O error's text may hold an address.
fn carried(error: io::Error, doing: &str) -> Error {
    let inner = error.into_inner().and_then(|inner| inner.downcast::<Error>().ok());
    inner.map_or_else(|| Error::new(Next::Transient, doing, "the connection was cut"), |error| *error)
}
