//! Cells for a command: started, and refused in words that help.

use super::Failed;
use crate::extract::cell::{self, Cells, Error};
use crate::extract::ocr::{self, Ocr};

/// Has cells started.
///
/// # Errors
/// None can be, or a wall is missing that must stand.
pub(super) fn start(options: cell::Options) -> Result<Cells, Failed> {
    Cells::start(options).map_err(|error| refused(&error))
}

/// Has cells started, with a reader of pictures beside them where one is wanted.
///
/// # Errors
/// As [`start`]; or pictures cannot be read as they are wanted.
pub(super) fn start_with(options: cell::Options, ocr: Option<&ocr::Settings>) -> Result<Cells, Failed> {
    let around = around(&options);
    let reader = ocr.map(|settings| Ocr::new(settings.clone(), around)).transpose();
    Ok(start(options)?.with_ocr(reader.map_err(|error| Failed::new(format!("{error}\n  {}", to_do(&error))))?))
}

/// What a reader of pictures shares with cells.
pub(super) fn around(options: &cell::Options) -> ocr::Around {
    ocr::Around {
        launcher: options.program.clone(),
        threads: options.cells,
        cell_memory_bytes: options.memory_bytes,
        require_walls: options.require_walls,
    }
}

/// What to do when pictures cannot be read.
pub(super) fn to_do(error: &ocr::Error) -> String {
    match error {
        ocr::Error::NotInstalled(_) => {
            "install tesseract (Debian, Ubuntu: apt-get install tesseract-ocr), or name it: `program` in `[ocr]` \
             (docs/ocr.md); without --ocr pictures are not read, and coverage says so"
                .to_owned()
        }
        ocr::Error::NoLanguage { missing, .. } => {
            let packages: Vec<String> =
                missing.iter().map(|name| format!("tesseract-ocr-{}", name.replace('_', "-"))).collect();
            format!("install it (Debian, Ubuntu: apt-get install {}), or name others", packages.join(" "))
        }
        ocr::Error::NoWalls => "`sluicebox doctor` lists the walls (docs/cells.md)".to_owned(),
        ocr::Error::Strange(_) | ocr::Error::Start(_) => {
            "it must run by itself: `tesseract --list-langs`; what it may read behind its walls stands in docs/ocr.md"
                .to_owned()
        }
    }
}

/// Reads the value of `--ocr`: languages, joined by `+` or commas.
pub(super) fn ocr_settings(text: &str) -> Result<ocr::Settings, String> {
    let mut settings = ocr::Settings::default();
    if !text.is_empty() {
        settings.languages = text.split(['+', ',']).map(str::to_owned).collect();
    }
    ocr::check_languages(&settings.languages)?;
    Ok(settings)
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
    let ocr = cells.ocr().map_or_else(
        || "off".to_owned(),
        |ocr| format!("{}, {}", super::shown(ocr.program()), ocr.languages().join("+")),
    );
    Ok(format!("cells: {layers}{without}\nocr: {ocr}"))
}
