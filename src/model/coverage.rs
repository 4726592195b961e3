//! How much of a file was read: a closed list, so that clean and never-looked-at are different answers.

use std::fmt;

/// A limit that ended the reading of a file early. The name is what a person sees after `limit:`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// Wall clock time for one top-level file.
    Time,
    /// Bytes read from the file itself.
    BytesRead,
    /// Bytes that came out of decompression.
    BytesInflated,
    /// Inflated bytes for each compressed byte, after a grace.
    Ratio,
    /// Bytes of text that came out.
    TextBytes,
    /// Members of archives.
    Members,
    /// Archives within archives.
    Depth,
    /// Nesting inside one document (elements, braces).
    Nesting,
    /// Memory held while a document is read.
    Memory,
}

impl Limit {
    /// The limit's name as settings, flags and reports spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Limit::Time => "time",
            Limit::BytesRead => "bytes_read",
            Limit::BytesInflated => "bytes_inflated",
            Limit::Ratio => "ratio",
            Limit::TextBytes => "text_bytes",
            Limit::Members => "members",
            Limit::Depth => "depth",
            Limit::Nesting => "nesting",
            Limit::Memory => "memory",
        }
    }
}

/// Why a file was not read, or not wholly. The list is closed: reports, filters and exit codes rest on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A limit was passed; what matched before it is kept.
    Limit(Limit),
    /// Something inside the file (a member of an archive, an attachment) has a hole of its own.
    Member,
    /// More candidates than the matcher will confirm.
    CandidateLimit,
    /// Pages or pictures without text, and no text recognition.
    ImageOnly,
    /// Encrypted under a password.
    EncryptedPassword,
    /// Encrypted by a rights service.
    EncryptedRights,
    /// The parser refused; runs of text in the raw bytes may have been scanned.
    Corrupt,
    /// A document type that has no extractor.
    Unsupported,
    /// Audio, video, fonts, executables: nothing to read. The only reason that does not count as a gap.
    NoText,
    /// A pointer to content that lives elsewhere.
    NotInspectable,
    /// The parser crashed.
    Crashed,
    /// The parser went silent and was stopped.
    TimedOut,
    /// No right to read.
    AccessDenied,
    /// Locked by somebody.
    Locked,
    /// Owned outside the organisation.
    OutsideOwner,
    /// Larger than the setting allows.
    TooLarge,
    /// No policy could match.
    NotNeeded,
    /// Excluded by the owner of the service.
    NeverRead,
    /// Gone before it could be read.
    Deleted,
    /// Its size or time changed under the reader.
    ChangedWhileRead,
    /// A pipe, socket or device.
    SpecialFile,
    /// The operating system failed the read.
    IoError,
    /// Stopped by the user.
    Interrupted,
    /// Given up after repeated failures; waits for a person.
    Parked,
}

impl Reason {
    /// True for what holds nothing to read, and so leaves no gap (audio, video, fonts, executables).
    #[must_use]
    pub fn is_no_gap(self) -> bool {
        self == Reason::NoText
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Limit(limit) => return write!(f, "limit:{}", limit.name()),
            Reason::Member => "member",
            Reason::CandidateLimit => "candidate_limit",
            Reason::ImageOnly => "image_only",
            Reason::EncryptedPassword => "encrypted_password",
            Reason::EncryptedRights => "encrypted_rights",
            Reason::Corrupt => "corrupt",
            Reason::Unsupported => "unsupported",
            Reason::NoText => "no_text",
            Reason::NotInspectable => "not_inspectable",
            Reason::Crashed => "crashed",
            Reason::TimedOut => "timed_out",
            Reason::AccessDenied => "access_denied",
            Reason::Locked => "locked",
            Reason::OutsideOwner => "outside_owner",
            Reason::TooLarge => "too_large",
            Reason::NotNeeded => "not_needed",
            Reason::NeverRead => "never_read",
            Reason::Deleted => "deleted",
            Reason::ChangedWhileRead => "changed_while_read",
            Reason::SpecialFile => "special_file",
            Reason::IoError => "io_error",
            Reason::Interrupted => "interrupted",
            Reason::Parked => "parked",
        })
    }
}

/// How much of one file (or one member) was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Coverage {
    /// All of it.
    #[default]
    Complete,
    /// Some of it; findings so far are kept.
    Partial(Reason),
    /// None of it.
    Skipped(Reason),
}

impl Coverage {
    /// `complete`, `partial` or `skipped`.
    #[must_use]
    pub fn state(self) -> &'static str {
        match self {
            Coverage::Complete => "complete",
            Coverage::Partial(_) => "partial",
            Coverage::Skipped(_) => "skipped",
        }
    }

    /// The reason, where there is one.
    #[must_use]
    pub fn reason(self) -> Option<Reason> {
        match self {
            Coverage::Complete => None,
            Coverage::Partial(reason) | Coverage::Skipped(reason) => Some(reason),
        }
    }

    /// True when something that should have been read was not (exit code 3).
    #[must_use]
    pub fn is_gap(self) -> bool {
        self.reason().is_some_and(|reason| !reason.is_no_gap())
    }

    /// Lowers `self` to `partial` for `reason`, unless something already lowered it: the first reason is the cause, what
    /// follows is its consequence. An interruption always shows.
    pub fn lower(&mut self, reason: Reason) {
        if *self == Coverage::Complete || reason == Reason::Interrupted {
            *self = Coverage::Partial(reason);
        }
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            None => f.write_str(self.state()),
            Some(reason) => write!(f, "{}: {reason}", self.state()),
        }
    }
}
