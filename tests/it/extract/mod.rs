//! Documents to text: rows for each format, and hostile files that must stay cheap.

pub(crate) mod build;
mod bundles;
mod hostile;
mod office;
mod rows;

use sluicebox::clock::Clock;
use sluicebox::content::{Budget, Content, Limits, Spool, Stop};
use sluicebox::extract::cell::Cells;
use sluicebox::extract::{Edge, PartHead};
use sluicebox::inspect::walk::{Visitor, Walked, walk};
use sluicebox::model::Place;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// One part as a test sees it.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// Members that lead to it and its name, joined by ` > `.
    pub(crate) name: String,
    /// The printed text.
    pub(crate) text: String,
    /// Each place named by a push with the text pushed there.
    pub(crate) places: Vec<(String, String)>,
    /// True for text recovered from raw bytes.
    pub(crate) recovered: bool,
    /// Byte positions given with the pushes.
    pub(crate) raws: Vec<Option<u64>>,
}

/// Prints all parts.
#[derive(Debug, Default)]
pub(crate) struct Printer {
    pub(crate) parts: Vec<Part>,
    open: bool,
}

impl Visitor for Printer {
    fn open_part(&mut self, chain: &[String], head: &PartHead) -> Result<(), Stop> {
        assert!(!self.open, "a part is opened while one is open");
        self.open = true;
        let mut steps = chain.to_vec();
        steps.push(head.name.clone());
        self.parts.push(Part { name: steps.join(" > "), recovered: head.recovered, ..Part::default() });
        Ok(())
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str, raw: Option<u64>) -> Result<(), Stop> {
        assert!(self.open, "a push without a part");
        let part = self.parts.last_mut().expect("a part");
        if let (Edge::Soft(c), false) = (edge, part.text.is_empty()) {
            part.text.push(c);
        }
        part.text.push_str(text);
        part.raws.push(raw);
        if *place != Place::Whole {
            part.places.push((place.to_string(), text.to_owned()));
        }
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        assert!(self.open, "a part is closed twice");
        self.open = false;
        Ok(())
    }
}

/// A file as it was read.
pub(crate) struct ReadFile {
    pub(crate) parts: Vec<Part>,
    pub(crate) walked: Walked,
}

impl ReadFile {
    /// All parts, each under its name.
    pub(crate) fn printed(&self) -> String {
        self.parts.iter().fold(String::new(), |mut all, part| {
            let _ = writeln!(all, "== {}\n{}", part.name, part.text);
            all
        })
    }

    /// `zip: partial: member [a.bin: unsupported]`.
    pub(crate) fn summary(&self) -> String {
        let holes: Vec<_> =
            self.walked.holes.iter().map(|hole| format!("{}: {}", hole.location, hole.reason)).collect();
        let holes = if holes.is_empty() { String::new() } else { format!(" [{}]", holes.join(", ")) };
        format!("{}: {}{holes}", self.walked.kind.name, self.walked.coverage)
    }
}

/// Reads bytes under a name with default limits.
pub(crate) fn read(name: &str, bytes: impl Into<Vec<u8>>) -> ReadFile {
    read_under(name, bytes, Limits::default())
}

/// Reads bytes under a name with these limits.
pub(crate) fn read_under(name: &str, bytes: impl Into<Vec<u8>>, limits: Limits) -> ReadFile {
    read_content(name, &Content::from_memory(bytes), limits)
}

/// Reads a content.
pub(crate) fn read_content(name: &str, content: &Content, limits: Limits) -> ReadFile {
    let budget = Budget::new(limits, Clock::machine(), Arc::new(AtomicBool::new(false)), content.len());
    let mut printer = Printer::default();
    let walked = walk(content, name, &budget, &Spool::default(), &Cells::in_process(), &mut printer);
    assert!(!printer.open, "the last part was never closed");
    ReadFile { parts: printer.parts, walked }
}
