//! Documents to text: one file for each format, nothing known of rules.
//!
//! An extractor reads one [`crate::content::Content`] and pushes text into an [`Output`]. It never holds a whole document
//! and never recurses into members: it hands them to [`Output::member`], and the walk in `inspect` decides.

mod ar;
mod arj;
mod behind;
mod boxnote;
mod cab;
mod cards;
pub mod cell;
mod changes;
mod chm;
mod cpio;
mod dbf;
pub mod decode;
mod epub;
mod gz;
mod html;
mod huffman;
mod ipynb;
mod iso;
mod iwork;
mod json;
mod lha;
mod lzh;
mod lzx;
mod mail;
mod mapi;
mod mbox;
pub mod ocr;
mod odf;
mod ole;
mod onenote;
mod ooxml;
mod parts;
mod pdf;
mod peek;
mod picture;
mod plist;
mod pst;
mod rar;
pub mod recover;
pub mod registry;
mod rtf;
mod sevenz;
pub mod sniff;
mod sqlite;
mod streams;
mod tar;
mod text;
mod tnef;
mod xml;
mod xml_events;
mod zip;

pub use crate::content::Stop;

use crate::content::{Budget, Content, Reader};
use crate::model::{Place, Reason};
use decode::Charset;
use std::io::{self, BufReader, Read};

/// How a piece of text joins the one before it in the same part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Nothing stands between: runs of one paragraph.
    Join,
    /// This character is inserted and counts in the printed text. Evidence crosses; a match only if its rule allows it.
    Soft(char),
}

/// How many bytes of the file one character of its own text takes.
#[derive(Clone, Copy, Debug)]
pub enum RawUnits {
    /// UTF-8.
    Utf8,
    /// One byte for each character.
    Single,
    /// UTF-16, either order.
    Utf16,
    /// UTF-32, either order.
    Utf32,
    /// Any other encoding: each character is encoded to be measured.
    Encoded(&'static encoding_rs::Encoding),
}

/// The head of a part: a text of its own, over whose edges nothing crosses.
#[derive(Clone, Debug)]
pub struct PartHead {
    /// Its name, as findings show it: `text`, `body`, `comments`, `sheet 'Pay' (hidden)`.
    pub name: String,
    /// Set when the part is the file's own decoded text; pushes then tell their byte position.
    pub own_text: Option<RawUnits>,
    /// True for text recovered from a file whose parser refused: findings there are at most of low confidence.
    pub recovered: bool,
}

/// The receiver of an extraction. Every call may end it; the extractor passes the `Err` up at once.
pub trait Output {
    /// Begins a part; the one before it must be closed.
    ///
    /// # Errors
    /// [`Stop`] when the extraction must end.
    fn open_part(&mut self, head: PartHead) -> Result<(), Stop>;

    /// Adds text to the open part. `raw` is the byte position of the text's first character in the file, given exactly
    /// when the part is the file's own text; a jump in it marks bytes that were replaced or skipped.
    ///
    /// # Errors
    /// [`Stop`] when the extraction must end.
    fn push(&mut self, edge: Edge, place: &Place, text: &str, raw: Option<u64>) -> Result<(), Stop>;

    /// Ends the open part.
    ///
    /// # Errors
    /// [`Stop`] when the extraction must end.
    fn close_part(&mut self) -> Result<(), Stop>;

    /// Hands over something with content of its own (a member of an archive, an embedded object). `name` is as the
    /// container spells it, made printable. Members are handed over between parts, never while one is open.
    ///
    /// # Errors
    /// [`Stop`] when the extraction must end.
    fn member(&mut self, name: &str, body: &mut dyn Read) -> Result<(), Stop>;

    /// Reports something inside the document that could not be read; the extraction goes on. An empty place means the
    /// document as a whole: its coverage then shows this reason itself.
    fn hole(&mut self, place: &str, reason: Reason);

    /// True when somebody reads text in pictures: a reader of pages then hands over the pictures of pages without text.
    fn wants_pictures(&self) -> bool {
        false
    }
}

/// What an extractor reads: one content, what was learnt of it, and the budget that its reading is charged to.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The bytes.
    pub content: &'a Content,
    /// The account of the top-level file.
    pub budget: &'a Budget,
    /// The name it came under; only its extension may be used, and only to refine a text type.
    pub name: &'a str,
    /// How its characters are written, for types that are text.
    pub charset: Charset,
    /// The beginning of the content as UTF-8, where that was found to be valid.
    pub text: Option<&'a str>,
}

/// Bytes fetched at a time by the buffered readers.
pub(crate) const BLOCK_BYTES: usize = 64 << 10;

impl<'a> Source<'a> {
    /// A fresh charged reader at the start.
    #[must_use]
    pub fn reader(&self) -> Reader<'a> {
        self.content.reader(self.budget)
    }

    /// A fresh buffered reader at the start.
    #[must_use]
    pub fn buffered(&self) -> BufReader<Reader<'a>> {
        BufReader::with_capacity(BLOCK_BYTES, self.reader())
    }
}

/// Reads one content and pushes its text.
pub type Extractor = fn(&Source<'_>, &mut dyn Output) -> Result<(), Failure>;

/// Why an extractor gave up. Holds no text of the document.
#[derive(Debug)]
pub struct Failure {
    kind: FailureKind,
}

#[derive(Debug)]
enum FailureKind {
    Stopped(Stop),
    Refused { reason: Reason, what: &'static str },
}

impl Failure {
    /// The format's rules are broken; `what` says which, in words of the format.
    #[must_use]
    pub fn corrupt(what: &'static str) -> Self {
        Self::refused(Reason::Corrupt, what)
    }

    /// The content cannot be read for this reason.
    #[must_use]
    pub fn refused(reason: Reason, what: &'static str) -> Self {
        Self { kind: FailureKind::Refused { reason, what } }
    }

    /// The reason, in the words of coverage.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self.kind {
            FailureKind::Stopped(Stop::Limit(limit)) => Reason::Limit(limit),
            FailureKind::Stopped(Stop::Interrupted) => Reason::Interrupted,
            FailureKind::Refused { reason, .. } => reason,
        }
    }

    /// The stop behind it, if the extractor was told to end.
    #[must_use]
    pub fn stop(&self) -> Option<Stop> {
        match self.kind {
            FailureKind::Stopped(stop) => Some(stop),
            FailureKind::Refused { .. } => None,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            FailureKind::Stopped(stop) => stop.fmt(f),
            FailureKind::Refused { reason, what } => write!(f, "{reason}: {what}"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self { kind: FailureKind::Stopped(stop) }
    }
}

impl From<io::Error> for Failure {
    /// A stop raised by a charged reader stays a stop, a failure of the operating system is `io_error`, and anything else
    /// was said by a decoder: `corrupt`.
    fn from(error: io::Error) -> Self {
        if let Some(Carried(reason)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return Self::refused(*reason, "said by a reader below");
        }
        match Stop::carried_by(&error) {
            Some(stop) => stop.into(),
            None if error.raw_os_error().is_some() => Self::refused(Reason::IoError, "the file could not be read"),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Self::corrupt("ends before its time"),
            None => Self::corrupt("a compressed stream is damaged"),
        }
    }
}

impl Failure {
    /// As an I/O error, to pass through a reader; [`Failure::from`] takes it back.
    fn into_io(self) -> io::Error {
        match self.kind {
            FailureKind::Stopped(stop) => stop.into(),
            FailureKind::Refused { reason: Reason::IoError, .. } => io::Error::from_raw_os_error(libc::EIO),
            FailureKind::Refused { reason: Reason::Corrupt, what } => io::Error::new(io::ErrorKind::InvalidData, what),
            FailureKind::Refused { reason, .. } => io::Error::other(Carried(reason)),
        }
    }
}

/// A reason on its way through a reader.
#[derive(Debug)]
struct Carried(Reason);

impl std::fmt::Display for Carried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Carried {}
