//! What is not wrong with a policy but probably not meant: the warnings of `policy check`.

use super::sheet::{Sheet, fault};
use crate::policy::error::Wrongly;
use crate::source::{Fault, SourceFile};
use serde::{Serialize, Serializer};
use std::fmt;

/// Something that is probably not meant.
#[derive(Clone, Debug)]
pub struct Note {
    code: &'static str,
    fault: Fault,
}

impl Note {
    pub(super) fn at(code: &'static str, source: &SourceFile, wrong: Wrongly) -> Self {
        Self { code, fault: fault(source, wrong) }
    }

    /// Its code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What is odd, in a sentence.
    #[must_use]
    pub fn message(&self) -> &str {
        self.fault.message()
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fault.render(&format!("warning[{}]", self.code), f)
    }
}

impl Serialize for Note {
    /// A row with `severity`, `code`, `message`, `file`, `line`, `column`, `label`, `help`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.fault.row("warning", Some(self.code)).serialize(serializer)
    }
}

/// Looks at all policies together.
pub(super) fn look(_sheets: &[Sheet<'_>], _notes: &mut Vec<Note>) {}
