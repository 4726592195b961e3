//! What the fuzz targets do with their bytes: give them to one reader under tight limits, and let it say whatever it finds.
//!
//! Only the rooms that a reader needs are taken from the package, by path: so a target builds in minutes, and private rooms
//! are within reach. A panic is a fault here, though the program would survive it.

#![allow(missing_docs, dead_code, unreachable_pub)]

#[path = "../../src/clock.rs"]
pub mod clock;
#[path = "../../src/content/mod.rs"]
pub mod content;
#[path = "../../src/extract/mod.rs"]
pub mod extract;
#[path = "../../src/model/mod.rs"]
pub mod model;
pub mod inspect {
    //! The walk alone; detection is fuzzed elsewhere.
    #[path = "../../../src/inspect/walk.rs"]
    pub mod walk;
}

use clock::Clock;
use content::{Budget, Content, Limits, Spool, Stop};
use extract::decode::Charset;
use extract::registry::{self, Treatment};
use extract::{Edge, Output, PartHead, Source};
use inspect::walk::Visitor;
use model::{Place, Reason};
use std::io::Read;

/// Tight enough that a bomb ends before the driver's own limits do.
fn budget(bytes: &[u8]) -> Budget {
    const MIB: u64 = 1 << 20;
    let limits = Limits {
        time_secs: 5,
        inflated_bytes: 64 * MIB,
        text_bytes: 64 * MIB,
        read_bytes: 512 * MIB,
        members: 1000,
        ..Limits::default()
    };
    Budget::new(limits, Clock::machine(), Default::default(), bytes.len() as u64)
}

/// Swallows what comes out and holds an extractor to its contract.
struct Sink<'b> {
    budget: &'b Budget,
    open: bool,
}

impl Output for Sink<'_> {
    fn open_part(&mut self, _: PartHead) -> Result<(), Stop> {
        assert!(!self.open, "a part is opened while one is open");
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
        assert!(!self.open, "a member is handed over while a part is open");
        self.budget.charge_member()?;
        // A member that fails is the member's own affair.
        let _ = std::io::copy(&mut body.take(4 << 20), &mut std::io::sink());
        self.budget.check()
    }

    fn hole(&mut self, _: &str, _: Reason) {}
}

/// Gives the bytes to the reader of one type, whatever they are.
pub fn extract_as(kind: &str, bytes: &[u8]) {
    let row = registry::kind(kind);
    let (Treatment::InPlace(extractor) | Treatment::InCell(extractor)) = row.treatment else { return };
    let content = Content::from_memory(bytes.to_vec());
    let budget = budget(bytes);
    let charset = Charset::tell(bytes).unwrap_or(Charset::UTF8);
    let source = Source { content: &content, budget: &budget, name: "fuzz", charset, text: None };
    let _ = extractor(&source, &mut Sink { budget: &budget, open: false });
}

/// Tells the type of the bytes.
pub fn sniff(bytes: &[u8]) {
    let content = Content::from_memory(bytes.to_vec());
    let _ = extract::sniff::sniff(&content, "fuzz", &budget(bytes));
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

/// Reads the bytes as a file, members and all. The walk survives a reader's panic; the driver's hook does not.
pub fn walk(bytes: &[u8]) {
    let content = Content::from_memory(bytes.to_vec());
    let cells = extract::cell::Cells::in_process();
    inspect::walk::walk(&content, "fuzz", &budget(bytes), &Spool::default(), &cells, &mut Nobody);
}
