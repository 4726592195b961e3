//! What went wrong with a call, in terms of what the caller does next.
//!
//! [`Error::next`] answers that question; the text is for people. A message holds the provider's own code and request id,
//! never a body, a token, or an address with a signature in it.

use crate::clock::Moment;
use std::fmt;
use std::io;

/// What to do after a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It exists no more, or may not be seen: forget the job.
    Gone,
    /// The version is no longer the one asked for: read the state again and decide again.
    Moved,
    /// Too many calls: not before this moment.
    Throttled(Moment),
    /// Somebody's lock, or the provider's for the length of another operation: later, attempts unchanged.
    Locked,
    /// A policy, a hold, a missing right or scope forbids it: will not change by trying again.
    Forbidden,
    /// A fault of the wire or the provider, or a body that does not match its hash: try again with a longer wait.
    Transient,
    /// The connector's credentials do not work any more: stop the connector and tell its owner.
    Credentials,
    /// The cursor or stream position is lost: begin again, and fill the gap from this moment on where it is told.
    Reset(Option<Moment>),
    /// The bytes cannot be had in this way (not downloadable, not exportable).
    NotReadable,
    /// The call budget of the day or month is used up: not before this moment.
    Budget(Moment),
    /// Our own request was wrong: a defect of sluicebox or of its settings; trying again changes nothing.
    Refused,
    /// The user stops the program.
    Stopped,
}

/// A failed call.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    next: Next,
    doing: String,
    said: String,
    status: Option<u16>,
    request_id: Option<String>,
    advice: Option<String>,
}

impl Error {
    /// A failure: what to do next, what was attempted (`list folder 123`), and what the other side said (`409 reset`).
    #[must_use]
    pub fn new(next: Next, doing: impl Into<String>, said: impl Into<String>) -> Self {
        let (doing, said) = (doing.into(), said.into());
        Self(Box::new(Inner { next, doing, said, status: None, request_id: None, advice: None }))
    }

    /// With the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.0.status = Some(status);
        self
    }

    /// With the provider's id of the request, by which its support finds it.
    #[must_use]
    pub fn with_request_id(mut self, id: Option<&str>) -> Self {
        self.0.request_id = id.map(str::to_owned);
        self
    }

    /// With the next click or command for the person who reads it.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// What the caller does next.
    #[must_use]
    pub fn next(&self) -> Next {
        self.0.next
    }

    /// The provider's own code or words, without any data (`403 access_denied_insufficient_permissions`).
    #[must_use]
    pub fn said(&self) -> &str {
        &self.0.said
    }

    /// The HTTP status, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The next click or command, if one is known.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }

    /// The error that an I/O error of a [`super::Body`] carries.
    #[must_use]
    pub fn carried_by(error: &io::Error) -> Option<&Error> {
        error.get_ref()?.downcast_ref::<Error>()
    }
}

/// One line for what was attempted, what was said and when it may be tried again; a second one for the advice.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}: {}", self.0.doing, self.0.said)?;
        if let Some(id) = &self.0.request_id {
            write!(f, " (request {id})")?;
        }
        if let Next::Throttled(until) | Next::Budget(until) = self.0.next {
            write!(f, "; not before {until}")?;
        }
        if let Some(advice) = &self.0.advice {
            write!(f, "\n  {advice}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        io::Error::other(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_next_step_prints_as_people_read_it() {
        let at = Moment::from_millis(1_767_225_600_000);
        for (next, printed) in [
            (Next::Gone, "could not read file 7: 404 not_found (request r-1)"),
            (Next::Moved, "could not read file 7: 404 not_found (request r-1)"),
            (
                Next::Throttled(at),
                "could not read file 7: 404 not_found (request r-1); not before 2026-01-01T00:00:00Z",
            ),
            (Next::Locked, "could not read file 7: 404 not_found (request r-1)"),
            (Next::Forbidden, "could not read file 7: 404 not_found (request r-1)"),
            (Next::Transient, "could not read file 7: 404 not_found (request r-1)"),
            (Next::Credentials, "could not read file 7: 404 not_found (request r-1)"),
            (Next::Reset(Some(at)), "could not read file 7: 404 not_found (request r-1)"),
            (Next::Reset(None), "could not read file 7: 404 not_found (request r-1)"),
            (Next::NotReadable, "could not read file 7: 404 not_found (request r-1)"),
            (Next::Budget(at), "could not read file 7: 404 not_found (request r-1); not before 2026-01-01T00:00:00Z"),
            (Next::Refused, "could not read file 7: 404 not_found (request r-1)"),
            (Next::Stopped, "could not read file 7: 404 not_found (request r-1)"),
        ] {
            let error = Error::new(next, "read file 7", "404 not_found").with_status(404).with_request_id(Some("r-1"));
            assert_eq!(error.to_string(), printed, "{next:?}");
            assert_eq!((error.next(), error.status(), error.said()), (next, Some(404), "404 not_found"));
            let advised = error.with_advice("do this").to_string();
            assert_eq!(advised, format!("{printed}\n  do this"), "{next:?}");
        }
        assert_eq!(Error::new(Next::Stopped, "wait", "stopping").to_string(), "could not wait: stopping");
    }

    #[test]
    fn an_io_error_carries_its_own() {
        let carried = io::Error::from(Error::new(Next::Moved, "read file 7", "another version"));
        assert_eq!(Error::carried_by(&carried).map(Error::next), Some(Next::Moved));
        assert!(Error::carried_by(&io::Error::other("x")).is_none());
        assert!(Error::carried_by(&io::ErrorKind::NotFound.into()).is_none());
    }
}
