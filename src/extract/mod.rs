//! Documents to text: one file for each format, nothing known of rules.
//!
//! An extractor reads one [`crate::content::Content`] and pushes text into an [`Output`]. It never holds a whole document
//! and never recurses into members: it hands them to [`Output::member`], and the walk in `inspect` decides.

use crate::model::{Limit, Place, Reason};
use std::io::Read;

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

/// Why the walk ends an extraction early. What was pushed so far stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A limit of the budget was passed.
    Limit(Limit),
    /// The user wants to stop.
    Interrupted,
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
    /// container spells it, made printable.
    ///
    /// # Errors
    /// [`Stop`] when the extraction must end.
    fn member(&mut self, name: &str, body: &mut dyn Read) -> Result<(), Stop>;

    /// Reports something inside the document that could not be read; the extraction goes on.
    fn hole(&mut self, place: &str, reason: Reason);
}
