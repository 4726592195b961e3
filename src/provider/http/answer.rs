//! Answers: taken in whole within a bound, or handed on as they come.

use super::fault::Fault;
use crate::provider::Error;
use crate::provider::throttle::Permit;
use reqwest::Url;
use reqwest::blocking::Response;
use reqwest::header::HeaderMap;
use std::fmt;
use std::io::{self, Cursor, Read};
use std::time::Duration;

/// An answer taken in whole.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// Shows no header and no byte of the body: both may hold tokens or names.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("status", &self.status).field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// An answer whose body is still coming.
pub struct Stream {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    body: Box<dyn Read + Send>,
}

impl Stream {
    /// A stream that was not called for: for tests of what reads one.
    #[must_use]
    pub fn of(status: u16, headers: HeaderMap, body: Box<dyn Read + Send>) -> Self {
        Self { status, headers, body }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.body.read(buffer)
    }
}

/// How much of an answer is taken in before it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taking {
    /// All of it.
    Whole,
    /// Nothing of a content (200, 206), the beginning of all else.
    Stream,
}

/// An answer to be judged.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// What was taken in.
    pub(super) body: Vec<u8>,
    /// True when there was more than the bound of the call.
    pub(super) is_too_large: bool,
    rest: Option<Rest>,
}

/// Of an error no more is taken in.
const ERROR_BYTES_MAX: usize = 65_536;

impl Answer {
    /// Takes in as much of a response as is needed.
    pub(super) fn of(response: Response, taking: Taking, bytes_max: usize, rest: RestOf<'_>) -> Result<Self, Fault> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut answer = Self { status, headers, body: Vec::new(), is_too_large: false, rest: None };
        if taking == Taking::Stream && matches!(status, 200 | 206) {
            answer.rest = Some(rest.around(response));
            return Ok(answer);
        }
        let is_good = status < 300 && taking == Taking::Whole;
        let bound = if is_good { bytes_max } else { ERROR_BYTES_MAX };
        let mut bounded = response.take(u64::try_from(bound).unwrap_or(u64::MAX).saturating_add(1));
        bounded.read_to_end(&mut answer.body).map_err(|error| Fault::of_read(&error, rest.patience))?;
        answer.is_too_large = is_good && answer.body.len() > bound;
        answer.body.truncate(bound);
        Ok(answer)
    }

    pub(super) fn into_reply(self) -> Reply {
        Reply { status: self.status, headers: self.headers, body: self.body }
    }

    pub(super) fn into_stream(self) -> Stream {
        let body: Box<dyn Read + Send> = match self.rest {
            Some(rest) => Box::new(rest),
            None => Box::new(Cursor::new(self.body)),
        };
        Stream { status: self.status, headers: self.headers, body }
    }

    /// Keeps the permit for as long as the body is read, if there is still one to read.
    pub(super) fn keep(&mut self, permit: Permit) {
        if let Some(rest) = &mut self.rest {
            rest.permit = Some(permit);
        }
    }
}

/// What a body's reader needs for its errors.
#[derive(Clone, Copy)]
pub(super) struct RestOf<'a> {
    pub(super) url: &'a Url,
    pub(super) doing: &'a str,
    pub(super) patience: Duration,
}

impl RestOf<'_> {
    fn around(self, response: Response) -> Rest {
        Rest {
            response: Some(response),
            permit: None,
            url: self.url.clone(),
            doing: self.doing.to_owned(),
            patience: self.patience,
        }
    }
}

/// The body that is still coming. It gives connection and permit back at its end, not only when dropped.
struct Rest {
    response: Option<Response>,
    permit: Option<Permit>,
    url: Url,
    doing: String,
    patience: Duration,
}

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(response) = &mut self.response else { return Ok(0) };
        let read = match response.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => Err(self.failure(&error)),
            Ok(read) => Ok(read),
        };
        if !matches!(read, Ok(more) if more > 0 || buffer.is_empty()) {
            self.response = None;
            self.permit = None;
        }
        read.map_err(io::Error::from)
    }
}

impl Rest {
    fn failure(&self, error: &io::Error) -> Error {
        Fault::of_read(error, self.patience).into_error(&self.url, &self.doing)
    }
}
