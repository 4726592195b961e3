//! The text of a settings file and the places in it.

use super::error::ConfigError;
use std::ops::Range;
use std::path::Path;

/// A settings file's text under its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl<'a> Source<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str) -> Self {
        Self { path, text }
    }

    /// Line and column of a byte, from 1, columns in characters.
    pub(super) fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// An error at these bytes.
    pub(super) fn error(&self, span: &Range<usize>, message: impl Into<String>) -> ConfigError {
        let (line, column) = self.place(span.start);
        ConfigError::new(message).at(self.path, line, column)
    }

    /// The line that holds a byte. Only to be looked at, never to be shown.
    pub(super) fn line_at(&self, at: usize) -> &'a str {
        self.text.lines().nth(self.place(at).0 - 1).unwrap_or_default()
    }
}
