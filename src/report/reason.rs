//! What a reason means to a person, and what to do about it: one table for the text, SARIF and HTML formats.

use crate::model::{Limit, Reason};

/// A reason in words and the next step, both without a full stop. The next step may be empty where there is none.
#[must_use]
pub fn words(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::Limit(limit) => limit_words(limit),
        Reason::Member => ("something inside was not read", "see the places listed with the file"),
        Reason::CandidateLimit => {
            ("too many candidates to confirm them all", "split the file, or narrow the detectors")
        }
        Reason::ImageOnly => ("pages or pictures without text", "turn on text recognition, or look at them yourself"),
        Reason::EncryptedPassword => ("encrypted under a password", "scan a copy without the password"),
        Reason::EncryptedRights => ("encrypted by a rights service", "scan a copy that the service has released"),
        Reason::Corrupt => ("damaged, or not what it says it is", "open it in its own program and save it again"),
        Reason::Unsupported => ("a type that cannot be read yet", "convert it to a type that can"),
        Reason::NoText => ("nothing to read in it", ""),
        Reason::NotInspectable => ("only a pointer to content elsewhere", "scan the content where it lives"),
        Reason::Crashed => ("its reader crashed", "report the type and version of the program that made it"),
        Reason::TimedOut => ("its reader went silent and was stopped", "scan it alone, with more time"),
        Reason::AccessDenied => ("no permission to read it", "scan as a user who may read it"),
        Reason::Locked => ("locked by another program", "close the program that holds it and scan again"),
        Reason::OutsideOwner => ("owned outside the organisation", "ask its owner"),
        Reason::TooLarge => ("larger than the setting allows", "raise the size limit for it"),
        Reason::NotNeeded => ("no policy could match it", ""),
        Reason::NeverRead => ("excluded by the settings", ""),
        Reason::Deleted => ("gone before it could be read", "scan again"),
        Reason::ChangedWhileRead => ("changed while it was read", "scan again when it is at rest"),
        Reason::SpecialFile => ("a pipe, socket or device", "name a regular file"),
        Reason::IoError => ("the operating system failed the read", "check the disk or the share and scan again"),
        Reason::Interrupted => ("the scan was interrupted", "scan again"),
        Reason::Parked => ("given up after repeated failures", "look at its last error and retry it"),
    }
}

fn limit_words(limit: Limit) -> (&'static str, &'static str) {
    match limit {
        Limit::Time => ("the time limit for one file ran out", "raise the limit time"),
        Limit::BytesRead => ("more bytes than one file may read", "raise the limit bytes_read"),
        Limit::BytesInflated => ("more bytes than one file may decompress to", "raise the limit bytes_inflated"),
        Limit::Ratio => ("it decompresses suspiciously well", "unpack it and scan the content, if you trust it"),
        Limit::TextBytes => ("more text than one file may hold", "raise the limit text_bytes"),
        Limit::Members => ("more members than one archive may hold", "raise the limit members"),
        Limit::Depth => ("archives in archives, too deep", "raise the limit depth"),
        Limit::Nesting => ("nested too deep inside", "raise the limit nesting"),
        Limit::Memory => ("more memory than one file may take", "raise the limit memory"),
    }
}

/// The reason and its next step in one phrase: `encrypted under a password; scan a copy without the password`.
#[must_use]
pub fn advice(reason: Reason) -> String {
    match words(reason) {
        (why, "") => why.to_owned(),
        (why, next) => format!("{why}; {next}"),
    }
}
