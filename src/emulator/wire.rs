//! A request and an answer as the tenants see them: no sockets.

use crate::clock::Moment;
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

/// Which of a provider's hosts was called. Each listens on a port of its own, so that a call to the wrong host is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Door {
    /// `api.box.com` (API and token) and `account.box.com`.
    BoxApi,
    /// `upload.box.com`.
    BoxUpload,
    /// `dl.boxcloud.com`: signed download addresses.
    BoxDownload,
    /// `api.dropboxapi.com` (API and token) and `www.dropbox.com`.
    DropboxApi,
    /// `content.dropboxapi.com`.
    DropboxContent,
    /// `notify.dropboxapi.com`.
    DropboxNotify,
}

impl Door {
    /// All doors, those of Box first.
    pub const ALL: [Door; 6] =
        [Door::BoxApi, Door::BoxUpload, Door::BoxDownload, Door::DropboxApi, Door::DropboxContent, Door::DropboxNotify];

    /// How scripts name it (`box_api`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Door::BoxApi => "box_api",
            Door::BoxUpload => "box_upload",
            Door::BoxDownload => "box_download",
            Door::DropboxApi => "dropbox_api",
            Door::DropboxContent => "dropbox_content",
            Door::DropboxNotify => "dropbox_notify",
        }
    }

    /// True for Box's.
    #[must_use]
    pub fn is_box(self) -> bool {
        matches!(self, Door::BoxApi | Door::BoxUpload | Door::BoxDownload)
    }
}

/// One request, taken in whole.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where it came in.
    pub door: Door,
    /// Method, upper case.
    pub method: String,
    /// Path, percent-decoded segment by segment is up to the tenant: this is as sent, beginning with `/`.
    pub path: String,
    /// Query as sent, without `?`; empty when none.
    pub query: String,
    /// Header names in lower case, with values, in order.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// When.
    pub at: Moment,
}

impl Asked {
    /// The first header of that name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The query's value of that key, percent- and plus-decoded.
    #[must_use]
    pub fn query(&self, key: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes()).find(|(name, _)| name == key).map(|(_, value)| value.into())
    }

    /// The fields of a body that is a form.
    #[must_use]
    pub fn form(&self) -> HashMap<String, String> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers beside `Content-Length` and `Date`, which the server adds.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// Why the tenant refused, for the record: set whenever the caller, not the tenant, was at fault (unknown field, missing
    /// header, no such route); `None` also for 404, 409 and the like that are part of life.
    pub refused: Option<String>,
    /// Not yet: the server keeps the request back for so long and asks the tenant again, with the same request and a later
    /// [`Asked::at`], each time [`Cloud::version`] moved, and once when the time is over. An answer that then still wants
    /// to be held is sent as it is, so a tenant answers "nothing changed" with `hold` and need not know how long a request
    /// has waited. On a movable clock nobody waits: the clock is moved to the end of the hold at once. Long polls.
    pub hold: Option<Duration>,
    /// What content the body is of; `None` for all that is no content of a file. For the record of downloads.
    pub content: Option<Content>,
}

/// Which part of which content an answer's body is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The version: Box `file_version.id`, Dropbox `rev`.
    pub version: String,
    /// Its first byte.
    pub from: usize,
    /// Bytes of the whole content.
    pub whole: usize,
}

impl Answer {
    /// An answer with a JSON body.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string().into_bytes(),
            refused: None,
            hold: None,
            content: None,
        }
    }

    /// An answer with plain text.
    #[must_use]
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), "text/plain; charset=utf-8".into())],
            body: body.into().into_bytes(),
            refused: None,
            hold: None,
            content: None,
        }
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), refused: None, hold: None, content: None }
    }

    /// With a header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Marked as this content, from its first byte or from the one its `Content-Range` names.
    #[must_use]
    pub fn of_content(mut self, version: impl Into<String>, whole: usize) -> Self {
        let range = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-range"));
        let first = range.and_then(|(_, range)| range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok());
        if matches!(self.status, 200 | 206) {
            self.content = Some(Content { version: version.into(), from: first.unwrap_or(0), whole });
        }
        self
    }

    /// Marked as the caller's fault.
    #[must_use]
    pub fn refused(mut self, why: impl Into<String>) -> Self {
        self.refused = Some(why.into());
        self
    }
}

/// A notice of a webhook on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Where it goes; `None` is the address that the application's console names.
    pub address: Option<String>,
    /// Body.
    pub body: Vec<u8>,
}

/// A tenant: answers requests, one at a time or many at once.
pub trait Cloud: Send + Sync + fmt::Debug {
    /// Answers one request. Never blocks for long: what has to wait says so by [`Answer::hold`].
    fn answer(&self, asked: &Asked) -> Answer;

    /// A number that is another one after every change of the tenant's state: requests that are held ([`Answer::hold`]) are
    /// asked again when it moved. The default never moves, which is right only for a tenant that holds nothing.
    fn version(&self) -> u64 {
        0
    }

    /// Whose pace the request uses: acting user or member, else the token's owner. Also names it in the record.
    fn principal(&self, asked: &Asked) -> String;

    /// The answer for too many calls, in one of the service's forms; `form` is a drawn number that picks it (header, JSON,
    /// plain text, without `Retry-After`), `wait` what it should say.
    fn too_many(&self, asked: &Asked, form: u64, wait: Duration) -> Answer;

    /// True for a request whose answer is a file's content, or (Box) the redirect to it: faults cut the one short and put
    /// the other off (202).
    fn is_content(&self, asked: &Asked) -> bool;

    /// True for a request that changes the tenant when it is carried out; faults of writes happen to these alone. The default
    /// goes by the method, which is right only where reading is a `GET`.
    fn is_write(&self, asked: &Asked) -> bool {
        !matches!(asked.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// Forgets a cursor or stream position that this request carries, so that its answer is the service's own "reset".
    /// False when it carries none.
    fn forget_position(&self, asked: &Asked) -> bool;

    /// Takes the notices of webhooks that are to be brought now, oldest first: those for an address of their own on this
    /// machine and, with `console`, those for the address that the application's console names. A tenant without webhooks
    /// has none.
    fn posts(&self, console: bool) -> Vec<Post> {
        let _ = console;
        Vec::new()
    }

    /// The headers of a notice that is brought at this moment for the so many-th time (1 is the first).
    fn signed(&self, body: &[u8], at: Moment, time: u32) -> Vec<(String, String)> {
        let _ = (body, at, time);
        Vec::new()
    }

    /// Tells the tenant the addresses of its own doors (`http://127.0.0.1:8081`), which its answers name. Called once,
    /// before the first request.
    fn set_doors(&self, doors: &[(Door, String)]);
}
