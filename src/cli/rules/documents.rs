//! Documents of an author, read once into memory: for commands that look at their text more than once.

use crate::cli::{Failed, cells, limits, shown, stop};
use crate::clock::Clock;
use crate::content::{Content, Links, Spool};
use crate::extract::cell;
use crate::inspect::Surroundings;
use crate::lab::labels::is_labels;
use crate::lab::texts::{self, Document};
use std::path::{Path, PathBuf};

/// What documents are read with.
pub(in crate::cli) fn surroundings() -> Result<Surroundings, Failed> {
    Ok(Surroundings {
        spool: Spool::default(),
        cells: cells::start(cell::Options::for_threads(1))?,
        clock: Clock::machine(),
        interrupt: stop::on_signals()?,
    })
}

/// Reads files, and all files of folders in order of their paths, as a scan does; labels are passed by. What does not fit
/// into `room` bytes of text is cut, and said.
///
/// # Errors
/// A named path cannot be read.
pub(in crate::cli) fn read(
    paths: &[PathBuf],
    surroundings: &Surroundings,
    room: usize,
) -> Result<Vec<Document>, Failed> {
    let (mut documents, mut room) = (Vec::new(), room);
    let limits = limits::apply(&[]);
    for path in paths {
        for file in below(path)? {
            let content = match Content::open(&file, Links::Follow) {
                Ok(content) => content,
                Err(why) => {
                    eprintln!("note: {} was not read: {why}", shown(&file));
                    continue;
                }
            };
            let document = texts::read(&content, &file, surroundings, &limits, &mut room);
            if document.cut {
                eprintln!("note: {} was not held wholly: there is no room for more text", shown(&file));
            } else if document.coverage.is_gap() {
                eprintln!("note: {}: {}", shown(&file), document.coverage);
            }
            documents.push(document);
        }
    }
    Ok(documents)
}

/// The files below a path, sorted; links below it are not followed.
fn below(path: &Path) -> Result<Vec<PathBuf>, Failed> {
    let failed = |path: &Path, why: std::io::Error| Failed::new(format!("cannot read {}: {why}", shown(path)));
    if !std::fs::metadata(path).map_err(|why| failed(path, why))?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let (mut files, mut left) = (Vec::new(), vec![path.to_owned()]);
    while let Some(folder) = left.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|why| failed(&folder, why))? {
            let entry = entry.map_err(|why| failed(&folder, why))?;
            let kind = entry.file_type().map_err(|why| failed(&entry.path(), why))?;
            if kind.is_dir() {
                left.push(entry.path());
            } else if kind.is_file() && !is_labels(&entry.path()) {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}
