//! Why the store could not do what was asked. The text names the file and the next step; it never holds stored data.

use std::fmt;
use std::path::{Path, PathBuf};

/// A failed call to the store.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    doing: String,
    path: Option<PathBuf>,
}

/// What kind of failure it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The file is damaged; what was found.
    Damaged(String),
    /// The disk is full, or the file may not grow.
    Full,
    /// Made by a newer program: its schema and ours.
    Newer {
        /// Of the file.
        schema: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// Made by an older program and opened to be read only.
    Older {
        /// Of the file.
        schema: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// Another process writes it.
    InUse,
    /// There is none yet.
    Missing,
    /// It is another program's file.
    Foreign,
    /// A sealed name cannot be opened: the key is another.
    WrongKey,
    /// The store is closing.
    Closed,
    /// What was asked makes no sense (unknown connector, unknown item).
    Refused(String),
    /// Anything else, in the store's words.
    Failed(String),
}

impl Error {
    /// A failure while `doing` (`take a page`).
    #[must_use]
    pub fn new(kind: Kind, doing: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, doing: doing.into(), path: None }))
    }

    /// With the file it is about.
    #[must_use]
    pub fn at(mut self, path: &Path) -> Self {
        self.0.path = Some(path.to_path_buf());
        self
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// True when the file must be restored from a copy, or looked into.
    #[must_use]
    pub fn is_damaged(&self) -> bool {
        matches!(self.0.kind, Kind::Damaged(_))
    }

    /// True when room on the disk would help: the service stops cleanly and goes on afterwards.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.0.kind == Kind::Full
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}", self.0.doing)?;
        if let Some(path) = &self.0.path {
            write!(f, " ({})", path.display())?;
        }
        match &self.0.kind {
            Kind::Damaged(what) => write!(
                f,
                ": the store is damaged: {what}\n  nothing was changed; restore a copy, or move the file away and begin anew"
            ),
            Kind::Full => write!(f, ": no room left on the disk\n  free some; the work goes on where it stopped"),
            Kind::Newer { schema, known } => write!(
                f,
                ": its schema is {schema}, and this program knows up to {known}\n  use the newer program that made it"
            ),
            Kind::Older { schema, known } => write!(
                f,
                ": its schema is {schema}, this program's is {known}\n  run `sluicebox run` (or any command that writes) once: it brings it up to date"
            ),
            Kind::InUse => write!(f, ": another sluicebox writes it\n  use its commands, or stop it first"),
            Kind::Missing => write!(f, ": there is no store yet\n  run `sluicebox init`"),
            Kind::Foreign => write!(f, ": this is no store of sluicebox\n  give another path"),
            Kind::WrongKey => {
                write!(f, ": a sealed name does not open\n  use the token key that the store was made with")
            }
            Kind::Closed => write!(f, ": the store is closing"),
            Kind::Refused(what) | Kind::Failed(what) => write!(f, ": {what}"),
        }
    }
}

impl std::error::Error for Error {}
