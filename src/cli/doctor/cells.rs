//! Whether documents are read behind walls, and behind which: told, and tried.

use super::{Found, Scene};
use crate::extract::cell::{Cells, Layer, Options};

/// Starts a cell, asks which walls stand, and has it try to get out.
pub(super) fn cells(scene: &Scene<'_>) -> Vec<Found> {
    let settings = scene.config.cells();
    let required = settings.options(1, false).require_walls;
    let told = Cells::start(Options { require_walls: false, ..settings.options(1, false) });
    let (layers, attempts) = match told.and_then(|cells| Ok((cells.layers()?, cells.attempts()?))) {
        Ok(told) => told,
        Err(error) => {
            let next = "documents are read in children of this program: let it start some (processes, memory, seccomp of a container)";
            return vec![Found::fault("no-cell", error.to_string(), next)];
        }
    };
    let mut found = vec![Found::fine("walls", format!("walls that stand: {layers}"))];
    let missing: Vec<&str> = layers.missing().map(Layer::name).collect();
    if !missing.is_empty() {
        let what = format!("this kernel lacks walls: {}", missing.join(", "));
        let next = "a newer kernel, or a container that lets them through, has them (docs/cells.md)";
        let refuses = required && layers.missing().any(Layer::is_required);
        found.push(if refuses { Found::fault("no-wall", what, next) } else { Found::hint("no-wall", what, next) });
    }
    // What a missing wall lets pass was told with it.
    let through: Vec<&str> = attempts.iter().filter(|one| !one.is_well).map(|one| one.what.as_str()).collect();
    if !through.is_empty() && missing.is_empty() {
        let what = format!("a cell could do what it must not, or not what it must: {}", through.join(", "));
        found.push(Found::fault("walls-leak", what, "report this with the kernel's version (uname -r)"));
    }
    found
}
