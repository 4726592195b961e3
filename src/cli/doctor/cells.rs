//! Whether documents are read behind walls, and behind which: told, and tried.

use super::{Found, Scene};
use crate::cli::cells::{around, to_do};
use crate::extract::cell::{Cells, Layer, Options};
use crate::extract::ocr::{Error, Ocr};

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

/// Whether text in pictures can be read, and in which languages; a fault only where the settings want it.
pub(super) fn ocr(scene: &Scene<'_>) -> Vec<Found> {
    let (config, is_on) = (scene.config, scene.config.ocr().is_some());
    let around = around(&config.cells().options(1, false));
    let settings = config.ocr_settings();
    let told = if is_on { Ocr::new(settings.clone(), around) } else { Ocr::found(settings.clone(), around) };
    match told {
        Ok(ocr) => {
            let state = if is_on { format!("read in {}", ocr.languages().join("+")) } else { OFF.to_owned() };
            let there = ocr.there().join(", ");
            vec![Found::fine("ocr", format!("pictures are {state}; {} has: {there}", ocr.program().display()))]
        }
        Err(Error::NotInstalled(_)) if !is_on => {
            vec![Found::fine("ocr", format!("pictures are {OFF}, and tesseract is not installed (docs/ocr.md)"))]
        }
        Err(error) if is_on => vec![Found::fault("ocr", error.to_string(), to_do(&error))],
        Err(error) => vec![Found::hint("ocr", error.to_string(), to_do(&error))],
    }
}

/// That nobody asked for it.
const OFF: &str = "not read: `enabled` in `[ocr]` is false";
