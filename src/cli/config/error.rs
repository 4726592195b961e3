//! What is wrong with settings: the place, the fault, the next step. A message never shows a line of the file, since that
//! line may hold a secret which somebody put there by mistake.

use crate::cli::{Failed, shown};
use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong with the settings.
#[derive(Debug)]
pub(in crate::cli) struct ConfigError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    message: String,
    at: Option<(PathBuf, usize, usize)>,
    help: Option<String>,
}

impl ConfigError {
    /// An error without a place.
    pub(in crate::cli) fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Inner { message: message.into(), at: None, help: None }))
    }

    /// At this line and column, both from 1.
    pub(super) fn at(mut self, path: &Path, line: usize, column: usize) -> Self {
        self.0.at = Some((path.to_path_buf(), line, column));
        self
    }

    /// With what to try.
    pub(in crate::cli) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some((path, line, column)) = &self.0.at {
            write!(f, "\n --> {}:{line}:{column}", shown(path))?;
        }
        match &self.0.help {
            Some(help) => write!(f, "\n  = help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

impl From<ConfigError> for Failed {
    fn from(error: ConfigError) -> Self {
        Failed::new(error)
    }
}
