//! Documents as text, held in memory: read once by the same walk as a scan, then scanned again as often as rules change.
//!
//! What is held is what the extractors pushed, piece by piece with its edges, so that a scan of it finds what a scan of the
//! file finds. Nothing of it is written anywhere; it is gone with the command.

use crate::content::{Budget, Content, Limits, Stop};
use crate::detect::{PartStart, RawLength, Scanner};
use crate::extract::{Edge, PartHead, RawUnits};
use crate::inspect::Surroundings;
use crate::inspect::walk::{Visitor, walk};
use crate::model::verdict::DetectorCount;
use crate::model::{Coverage, Finding, Place};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One file's texts.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where it was read from.
    pub path: PathBuf,
    /// How much of it was read, or held.
    pub coverage: Coverage,
    /// Its parts, in order.
    pub parts: Vec<Held>,
    /// True when its text did not fit into the room for texts.
    pub cut: bool,
}

/// One part's text.
#[derive(Clone)]
pub struct Held {
    /// Names of the members that lead to it.
    pub chain: Vec<String>,
    /// Its name.
    pub name: String,
    /// True when its characters are the file's own bytes, as UTF-8.
    pub own_utf8: bool,
    recovered: bool,
    pieces: Vec<Piece>,
}

#[derive(Clone)]
struct Piece {
    separator: Option<char>,
    place: Place,
    text: String,
    raw: Option<u64>,
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held").field("name", &self.name).field("pieces", &self.pieces.len()).finish_non_exhaustive()
    }
}

/// Reads a content into texts; `room` is how many bytes of text may still be held, and becomes less.
pub fn read(
    content: &Content,
    path: &Path,
    surroundings: &Surroundings,
    limits: &Limits,
    room: &mut usize,
) -> Document {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let (clock, interrupt) = (surroundings.clock.clone(), Arc::clone(&surroundings.interrupt));
    let budget = Budget::new(limits.clone(), clock, interrupt, content.len());
    let mut holding = Holding { parts: Vec::new(), room, cut: false };
    let walked = walk(content, &name, &budget, &surroundings.spool, &surroundings.cells, &mut holding);
    Document { path: path.to_owned(), coverage: walked.coverage, parts: holding.parts, cut: holding.cut }
}

struct Holding<'r> {
    parts: Vec<Held>,
    room: &'r mut usize,
    cut: bool,
}

impl Visitor for Holding<'_> {
    fn open_part(&mut self, chain: &[String], head: &PartHead) -> Result<(), Stop> {
        self.parts.push(Held {
            chain: chain.to_vec(),
            name: head.name.clone(),
            own_utf8: matches!(head.own_text, Some(RawUnits::Utf8)),
            recovered: head.recovered,
            pieces: Vec::new(),
        });
        Ok(())
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str, raw: Option<u64>) -> Result<(), Stop> {
        let Some(room) = self.room.checked_sub(text.len()) else {
            self.cut = true;
            return Err(Stop::Interrupted);
        };
        *self.room = room;
        let separator = match edge {
            Edge::Soft(separator) => Some(separator),
            Edge::Join => None,
        };
        if let Some(part) = self.parts.last_mut() {
            part.pieces.push(Piece { separator, place: place.clone(), text: text.to_owned(), raw });
        }
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

impl Document {
    /// Scans the texts as a scan of the file would.
    pub fn scan(&self, scanner: &mut Scanner<'_>) -> (Vec<Finding>, Vec<DetectorCount>) {
        for part in &self.parts {
            scanner.begin_part(PartStart {
                chain: part.chain.clone(),
                name: part.name.clone(),
                own_text: part.own_utf8.then(RawLength::utf8),
                recovered: part.recovered,
            });
            part.replay(scanner);
            scanner.end_part();
        }
        let scanned = scanner.finish_file();
        (scanned.findings, scanned.counts)
    }
}

impl Held {
    /// Pushes the text into a part that was begun.
    pub fn replay(&self, scanner: &mut Scanner<'_>) {
        for piece in &self.pieces {
            if let Some(separator) = piece.separator {
                scanner.soft_edge(separator);
            }
            scanner.push(&piece.text, &piece.place, if self.own_utf8 { piece.raw } else { None });
        }
    }

    /// A part of some pieces of text, each set apart from the one before it as a cell of a table is.
    #[must_use]
    pub fn of_cells(cells: &[&str]) -> Self {
        let piece = |(at, text): (usize, &&str)| Piece {
            separator: (at > 0).then_some('\t'),
            place: Place::Whole,
            text: (*text).to_owned(),
            raw: None,
        };
        let pieces = cells.iter().enumerate().map(piece).collect();
        Self { chain: Vec::new(), name: "text".to_owned(), own_utf8: false, recovered: false, pieces }
    }

    /// The part's text, as `extract` prints it.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for piece in &self.pieces {
            text.extend(piece.separator);
            text.push_str(&piece.text);
        }
        text
    }
}
