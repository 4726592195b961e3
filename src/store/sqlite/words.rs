//! How words of the model stand in columns: closed lists as their printed names, moments as milliseconds, sizes as integers.
//!
//! Names rather than numbers, so that a database can be read without this program; a name that a newer program wrote is an
//! error, never a guess.

use super::Failed;
use crate::clock::Moment;
use crate::model::{Coverage, ItemKind, Level, Limit, Reason};
use crate::store::SealKey;
use crate::store::error::Kind;
use crate::store::inventory::Judged;

/// All reasons without limits, then all limits.
const REASONS: [Reason; 32] = [
    Reason::Member,
    Reason::CandidateLimit,
    Reason::ImageOnly,
    Reason::EncryptedPassword,
    Reason::EncryptedRights,
    Reason::Corrupt,
    Reason::Unsupported,
    Reason::NoText,
    Reason::NotInspectable,
    Reason::Crashed,
    Reason::TimedOut,
    Reason::AccessDenied,
    Reason::Locked,
    Reason::OutsideOwner,
    Reason::TooLarge,
    Reason::NotNeeded,
    Reason::NeverRead,
    Reason::Deleted,
    Reason::ChangedWhileRead,
    Reason::SpecialFile,
    Reason::IoError,
    Reason::Interrupted,
    Reason::Parked,
    Reason::Limit(Limit::Time),
    Reason::Limit(Limit::BytesRead),
    Reason::Limit(Limit::BytesInflated),
    Reason::Limit(Limit::Ratio),
    Reason::Limit(Limit::TextBytes),
    Reason::Limit(Limit::Members),
    Reason::Limit(Limit::Depth),
    Reason::Limit(Limit::Nesting),
    Reason::Limit(Limit::Memory),
];

/// A word that is not in its list: the file was written by something else.
pub(super) fn strange(what: &str) -> Failed {
    Failed::Kind(Kind::Damaged(format!("a {what} is none that this program knows")))
}

/// Reads a reason as it prints.
pub(super) fn reason(text: &str) -> Result<Reason, Failed> {
    REASONS.into_iter().find(|reason| reason.to_string() == text).ok_or_else(|| strange("reason"))
}

/// Reads a coverage as it prints.
pub(super) fn coverage(text: &str) -> Result<Coverage, Failed> {
    match text.split_once(": ") {
        None if text == "complete" => Ok(Coverage::Complete),
        Some(("partial", why)) => reason(why).map(Coverage::Partial),
        Some(("skipped", why)) => reason(why).map(Coverage::Skipped),
        _ => Err(strange("coverage")),
    }
}

/// Reads a coverage that may be missing: what waits has none.
pub(super) fn coverage_or_waits(text: Option<&str>) -> Result<Option<Coverage>, Failed> {
    text.map(coverage).transpose()
}

/// An item's kind as a word.
pub(super) fn of_kind(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::File => "file",
        ItemKind::Folder => "folder",
        ItemKind::WebLink => "web_link",
    }
}

/// Reads an item's kind.
pub(super) fn kind(text: &str) -> Result<ItemKind, Failed> {
    match text {
        "file" => Ok(ItemKind::File),
        "folder" => Ok(ItemKind::Folder),
        "web_link" => Ok(ItemKind::WebLink),
        _ => Err(strange("kind of item")),
    }
}

/// A level as a number that sorts as levels do.
pub(super) fn of_level(level: Level) -> i64 {
    match level {
        Level::Private => 0,
        Level::Internal => 1,
        Level::External => 2,
        Level::Public => 3,
    }
}

/// What stands for a level that was never told: a number, not NULL, since databases differ in where NULL sorts.
pub(super) const UNTOLD: i64 = -1;

/// Reads a level; `None` when it was never told.
pub(super) fn level(number: i64) -> Result<Option<Level>, Failed> {
    match number {
        UNTOLD => Ok(None),
        0 => Ok(Some(Level::Private)),
        1 => Ok(Some(Level::Internal)),
        2 => Ok(Some(Level::External)),
        3 => Ok(Some(Level::Public)),
        _ => Err(strange("level")),
    }
}

/// Reads how far an item is open.
pub(super) fn judged(number: i64, known: bool, until: Option<i64>) -> Result<Option<Judged>, Failed> {
    Ok(level(number)?.map(|level| Judged { level, known, until: until.map(Moment::from_millis) }))
}

/// A size or count for a column; what no column can hold is cut at its greatest number.
pub(super) fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A size or count from a column; no count is negative.
pub(super) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// What a person wrote, or what names somebody, for a column.
pub(super) fn sealed(seal: &SealKey, text: &str) -> Result<Vec<u8>, Failed> {
    seal.seal(text).map_err(|error| error.kind().clone().into())
}

/// The same from a column.
pub(super) fn opened(seal: &SealKey, sealed: &[u8]) -> Result<String, Failed> {
    seal.open(sealed).map_err(|error| error.kind().clone().into())
}

/// How many rows at most, for `LIMIT`.
pub(super) fn limit(max: usize) -> i64 {
    i64::try_from(max).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_are_written() {
        for reason in REASONS {
            for whole in [Coverage::Partial(reason), Coverage::Skipped(reason)] {
                assert_eq!(coverage(&whole.to_string()).ok(), Some(whole));
            }
        }
        assert_eq!(coverage("complete").ok(), Some(Coverage::Complete));
        for text in ["", "partial", "skipped: ", "partial: limit:", "complete: corrupt", "Skipped: parked"] {
            assert!(coverage(text).is_err(), "{text}");
        }
        for whole in [ItemKind::File, ItemKind::Folder, ItemKind::WebLink] {
            assert_eq!(kind(of_kind(whole)).ok(), Some(whole));
        }
        for whole in [Level::Private, Level::Internal, Level::External, Level::Public] {
            assert_eq!(level(of_level(whole)).ok(), Some(Some(whole)));
        }
        assert_eq!(level(UNTOLD).ok(), Some(None));
        assert!(level(4).is_err() && kind("File").is_err());
    }
}
