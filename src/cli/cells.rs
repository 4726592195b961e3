//! Cells for a command: started, and refused in words that help.

use super::Failed;
use crate::extract::cell::{self, Cells, Error};

/// Has cells started.
///
/// # Errors
/// None can be, or a wall is missing that must stand.
pub(super) fn start(options: cell::Options) -> Result<Cells, Failed> {
    Cells::start(options).map_err(|error| refused(&error))
}

/// Why there are no cells, and what to do.
pub(super) fn refused(error: &Error) -> Failed {
    let next = match error {
        Error::Missing(_) => {
            "`sluicebox doctor` lists them all; a newer kernel has them (docs/cells.md). Without --require-sandbox and \
             `require_sandbox` documents are read behind the walls that there are"
        }
        Error::Start(_) | Error::Strange => {
            "documents are read in children of this program: it must be able to start some"
        }
    };
    Failed::new(format!("{error}\n  {next}"))
}

/// What `--verbose` says of them.
///
/// # Errors
/// None can be had.
pub(super) fn described(cells: &Cells) -> Result<String, Failed> {
    let layers = cells.layers().map_err(|error| refused(&error))?;
    let missing: Vec<&str> = layers.missing().map(cell::Layer::name).collect();
    let without =
        if missing.is_empty() { String::new() } else { format!("; this kernel lacks: {}", missing.join(", ")) };
    Ok(format!("cells: {layers}{without}"))
}
