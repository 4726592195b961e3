//! What the fuzz targets do with their bytes: give them to one reader, and hold it to what is promised of every reader.
//!
//! Only the rooms that a reader needs are taken from the package, by path: so the program builds in minutes, and private
//! rooms are within reach. The targets are the rows of the registry that have a reader; whoever adds a row has added its
//! target. A panic is a fault here, though the program would survive it.

#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    reason = "rooms of the package are taken by path, and only a part of each is used"
)]

#[path = "../../src/clock.rs"]
pub mod clock;
#[path = "../../src/content/mod.rs"]
pub mod content;
mod cost;
#[path = "../../src/extract/mod.rs"]
pub mod extract;
#[path = "../../src/model/mod.rs"]
pub mod model;
#[path = "../../src/inspect/walk.rs"]
pub mod walk;

use clock::Clock;
use content::{Budget, Content, Limits, Spool, Stop};
use extract::decode::Charset;
use extract::registry::{KINDS, Kind, Treatment};
use extract::{Edge, Extractor, Output, PartHead, Source, cell};
use model::{Place, Reason};
use std::io::Read;
use walk::Visitor;

/// What is fuzzed.
pub enum Target {
    /// Telling types from content.
    Sniff,
    /// A file and all that is in it, as the program reads it.
    Walk,
    /// The runs of text in a file whose reader refused.
    Recover,
    /// The parent's ear: what a cell says.
    WireToParent,
    /// The cell's ear: what it is asked.
    WireToCell,
    /// The reader of one type.
    Reader(&'static Kind, Extractor),
}

impl Target {
    /// The target that `FUZZ_TARGET` names. Ends the program when there is none; with `list` all are printed.
    #[must_use]
    pub fn from_environment() -> Self {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        let mut all = Self::all();
        if let Some(at) = all.iter().position(|target| target.name() == name) {
            return all.swap_remove(at);
        }
        all.iter().for_each(|target| println!("{}\t{}", target.name(), target.extensions().join("|")));
        std::process::exit(i32::from(name != "list"));
    }

    fn all() -> Vec<Self> {
        let readers = KINDS.iter().filter_map(|kind| match kind.treatment {
            Treatment::InPlace(reader) | Treatment::InCell(reader) => Some(Target::Reader(kind, reader)),
            _ => None,
        });
        let own = [Self::WireToParent, Self::WireToCell, Self::Sniff, Self::Walk, Self::Recover];
        own.into_iter().chain(readers).collect()
    }

    fn name(&self) -> &'static str {
        match self {
            Target::Sniff => "sniff",
            Target::Walk => "walk",
            Target::Recover => "recover",
            Target::WireToParent => "wire-to-parent",
            Target::WireToCell => "wire-to-cell",
            Target::Reader(kind, _) => kind.name,
        }
    }

    /// Of the samples that are its seeds.
    fn extensions(&self) -> &'static [&'static str] {
        match self {
            Target::Reader(kind, _) => kind.extensions,
            Target::Sniff | Target::Walk | Target::Recover => &[".*"],
            Target::WireToParent => &["to-parent"],
            Target::WireToCell => &["to-cell"],
        }
    }

    /// Runs the target once. A cost past its bound is a fault.
    pub fn run(&self, bytes: &[u8]) {
        let content = Content::from_memory(bytes.to_vec());
        let budget = budget(bytes);
        let name = format!("fuzz.{}", self.extensions().first().unwrap_or(&"bin"));
        let mut sink = Sink { budget: &budget, open: false };
        let spent = cost::Meter::start();
        match self {
            Target::Sniff => drop(extract::sniff::sniff(&content, "fuzz", &budget)),
            Target::Walk => {
                let cells = cell::Cells::in_process();
                drop(walk::walk(&content, "fuzz", &budget, &Spool::default(), &cells, &mut Nobody));
            }
            Target::Recover => drop(read(extract::recover::extract, &content, &name, &mut sink)),
            Target::WireToParent => {
                cell::hear_recorded(bytes, &budget, &mut sink);
            }
            Target::WireToCell => {
                cell::ask_recorded(bytes);
            }
            Target::Reader(_, reader) => drop(read(*reader, &content, &name, &mut sink)),
        }
        spent.hold_to_bounds();
    }
}

/// Gives the bytes to one reader, whatever they are.
fn read(reader: Extractor, content: &Content, name: &str, sink: &mut Sink<'_>) -> Result<(), extract::Failure> {
    let head = content.as_memory().unwrap_or_default();
    let charset = Charset::tell(head).unwrap_or(Charset::UTF8);
    let source = Source { content, budget: sink.budget, name, charset, text: None };
    reader(&source, sink)
}

/// Tight enough that a bomb ends before the driver's own limits do; the time is the driver's affair.
fn budget(bytes: &[u8]) -> Budget {
    const MIB: u64 = 1 << 20;
    let limits = Limits { inflated_bytes: 64 * MIB, text_bytes: 64 * MIB, members: 1000, ..Limits::default() };
    Budget::new(limits, Clock::machine(), Default::default(), bytes.len() as u64)
}

/// Swallows what comes out and holds a reader to its contract.
struct Sink<'b> {
    budget: &'b Budget,
    open: bool,
}

impl Output for Sink<'_> {
    fn open_part(&mut self, _: PartHead) -> Result<(), Stop> {
        // A part whose reading failed may be left open: the walk and the cell close it.
        self.open = true;
        self.budget.check()
    }

    fn push(&mut self, _: Edge, _: &Place, text: &str, _: Option<u64>) -> Result<(), Stop> {
        assert!(self.open, "a push without a part");
        self.budget.charge_text(text.len())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        assert!(self.open, "a part is closed twice");
        self.open = false;
        self.budget.check()
    }

    fn member(&mut self, _: &str, body: &mut dyn Read) -> Result<(), Stop> {
        self.open = false;
        self.budget.charge_member()?;
        // A member that fails is the member's own affair.
        let _ = std::io::copy(&mut body.take(4 << 20), &mut std::io::sink());
        self.budget.check()
    }

    fn hole(&mut self, _: &str, _: Reason) {}
}

struct Nobody;

impl Visitor for Nobody {
    fn open_part(&mut self, _: &[String], _: &PartHead) -> Result<(), Stop> {
        Ok(())
    }

    fn push(&mut self, _: Edge, _: &Place, _: &str, _: Option<u64>) -> Result<(), Stop> {
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}
