//! From one content to all the text inside it: sniff, extract, and the same again for every member.
//!
//! The walk is where nothing is forgotten. Each content gets a coverage, each refusal a hole with its place, and a parser's
//! panic costs that content alone. Members are read one inside the other on the stack, as deep as the budget allows.
//!
//! A walk holds one cell at most. While a content is read in a cell, what it has inside is read at once where that can be done
//! in place, however deep; what needs a cell itself is put aside, and read in its order when the cell is given back. So nests
//! of mails in archives in mails take one cell, and no thread waits for a second one. The same holds when cells are not
//! children: a verdict does not depend on where readers run.

use crate::content::budget::Hold;
use crate::content::{Budget, Content, Shelf, Spool, Stop};
use crate::extract::cell::Cells;
use crate::extract::ocr::{self, Ocr};
use crate::extract::registry::{Kind, Treatment, kind};
use crate::extract::sniff::{Sniffed, is_unread_medium, sniff};
use crate::extract::{Edge, Extractor, Failure, Output, PartHead, Source, recover, registry};
use crate::model::{Coverage, Hole, Limit, Locator, Place, Reason};
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Holes kept with their places; more are only counted.
pub const HOLES_KEPT: usize = 100;

/// The receiver of all text in a file, members included.
pub trait Visitor {
    /// Begins a part. `chain` holds the names of the members that lead to it, outermost first; empty for the file itself.
    ///
    /// # Errors
    /// [`Stop`] to end the walk.
    fn open_part(&mut self, chain: &[String], head: &PartHead) -> Result<(), Stop>;

    /// Adds text to the open part; see [`Output::push`].
    ///
    /// # Errors
    /// [`Stop`] to end the walk.
    fn push(&mut self, edge: Edge, place: &Place, text: &str, raw: Option<u64>) -> Result<(), Stop>;

    /// Ends the open part. Called for every part that was opened, also when its extraction ended early.
    ///
    /// # Errors
    /// [`Stop`] to end the walk.
    fn close_part(&mut self) -> Result<(), Stop>;
}

/// What the walk says of a file.
#[derive(Debug)]
pub struct Walked {
    /// How much was read.
    pub coverage: Coverage,
    /// What was not read, and where: the first hundred.
    pub holes: Vec<Hole>,
    /// How many there were in all.
    pub holes_total: u64,
    /// The type told by the content.
    pub kind: &'static Kind,
    /// True when the name's extension promises another type.
    pub mismatch: bool,
    /// Bytes of the content.
    pub bytes: u64,
    /// Bytes of text that came out.
    pub text_bytes: u64,
}

/// Reads one file and everything inside it. `name` is the name it came under, `budget` a fresh one for this file, `spool`
/// holds large members, and `cells` run the readers that must not run here.
pub fn walk(
    content: &Content,
    name: &str,
    budget: &Budget,
    spool: &Spool,
    cells: &Cells,
    visitor: &mut dyn Visitor,
) -> Walked {
    let mut walk = Walk {
        budget,
        spool,
        cells,
        visitor,
        chain: Vec::new(),
        holes: Vec::new(),
        holes_total: 0,
        holds_cell: false,
        pictures_read: 0,
        aside: Vec::new(),
        aside_bytes: 0,
        shelf: None,
    };
    let read = walk.read(content, name);
    let mut coverage = read.coverage;
    if let Some(reason) = content.changed() {
        coverage.lower(reason);
    }
    if budget.stopped() == Some(Stop::Interrupted) {
        coverage.lower(Reason::Interrupted);
    }
    Walked {
        coverage,
        holes: walk.holes,
        holes_total: walk.holes_total,
        kind: read.kind,
        mismatch: read.mismatch,
        bytes: content.len(),
        text_bytes: budget.text_bytes(),
    }
}

/// State of one walk, shared by all levels.
struct Walk<'a> {
    budget: &'a Budget,
    spool: &'a Spool,
    cells: &'a Cells,
    visitor: &'a mut dyn Visitor,
    chain: Vec<String>,
    holes: Vec<Hole>,
    holes_total: u64,
    /// True while a content above is read in a cell.
    holds_cell: bool,
    /// Pictures and pages of pictures whose text was read, or tried.
    pictures_read: u32,
    /// Members that wait for that cell to be given back.
    aside: Vec<Aside<'a>>,
    /// Bytes of them in memory.
    aside_bytes: u64,
    /// Where the others of them lie.
    shelf: Option<Shelf>,
}

/// A member that waits to be read in a cell.
struct Aside<'a> {
    chain: Vec<String>,
    content: Content,
    failure: Option<Reason>,
    /// What is kept of it in memory.
    _held: Hold<'a>,
}

/// Bytes of members put aside that stay in memory; more go to the shelf.
const ASIDE_MEMORY_MAX: u64 = 4 << 20;
/// What is held of a member beside its bytes and its chain.
const ASIDE_BESIDE: usize = 256;

/// Who reads a content, and where.
#[derive(Clone, Copy)]
enum Reader {
    Here(Extractor),
    InCell(&'static Kind, Extractor),
}

/// What was learnt of one content on the way.
struct ReadOne {
    coverage: Coverage,
    kind: &'static Kind,
    mismatch: bool,
    /// True when it was not read, since it needs a cell and one is held.
    must_wait: bool,
}

impl<'a> Walk<'a> {
    fn read(&mut self, content: &Content, name: &str) -> ReadOne {
        let sniffed = catch_unwind(AssertUnwindSafe(|| sniff(content, name, self.budget)));
        let unread = |reason| ReadOne {
            coverage: Coverage::Skipped(reason),
            kind: kind("binary"),
            mismatch: false,
            must_wait: false,
        };
        let Sniffed { kind, charset, text, mismatch } = match sniffed {
            Ok(Ok(sniffed)) => sniffed,
            Ok(Err(failure)) => return unread(failure.reason()),
            Err(_) => return unread(Reason::Crashed),
        };
        let source = Source { content, budget: self.budget, name, charset, text };
        // A picture whose text is to be read takes a process as well.
        let takes_process = matches!(kind.treatment, Treatment::InCell(_)) || self.reader_of(kind).is_some();
        if self.holds_cell && takes_process {
            return ReadOne { coverage: Coverage::Complete, kind, mismatch, must_wait: true };
        }
        let coverage = self.treat(kind, &source);
        ReadOne { coverage: self.read_picture(kind, &source, coverage), kind, mismatch, must_wait: false }
    }

    /// Who reads the text in pictures of this kind, if somebody does.
    fn reader_of(&self, kind: &Kind) -> Option<&'a Ocr> {
        self.cells.ocr().filter(|_| Ocr::takes(kind.name))
    }

    /// Has the text in a picture read, besides what its own reader told. What was only lacking for its pixels is then complete.
    fn read_picture(&mut self, kind: &Kind, source: &Source<'_>, coverage: Coverage) -> Coverage {
        let Some(ocr) = self.reader_of(kind).filter(|_| self.budget.stopped().is_none()) else { return coverage };
        let lacks_pixels = coverage.reason() == Some(Reason::ImageOnly);
        if Ocr::is_tiny(kind.name, source.content) {
            return if lacks_pixels { Coverage::Complete } else { coverage };
        }
        let left = ocr.pages_max().saturating_sub(self.pictures_read);
        if left == 0 {
            self.hole(ocr::PART, Reason::ImageOnly);
            return coverage;
        }
        let (content, budget) = (source.content, self.budget);
        let mut level = Level { walk: self, seen: Seen::default(), part_is_open: false };
        let outcome = catch_unwind(AssertUnwindSafe(|| ocr.read(content, budget, left, &mut level)));
        let closed = catch_unwind(AssertUnwindSafe(|| level.close_if_open()));
        let reason = match (outcome, closed) {
            (Ok(Ok(read)), Ok(Ok(()))) => {
                self.pictures_read = self.pictures_read.saturating_add(read.pages);
                if read.is_whole {
                    return if lacks_pixels { Coverage::Complete } else { coverage };
                }
                Reason::ImageOnly
            }
            (Ok(Err(failure)), _) => failure.reason(),
            (_, Ok(Err(stop))) => Failure::from(stop).reason(),
            _ => Reason::Crashed,
        };
        self.pictures_read = self.pictures_read.saturating_add(1);
        // The picture is as unread as before; why it is so stands beside it.
        self.hole(ocr::PART, reason);
        lowered(coverage, reason)
    }

    fn treat(&mut self, kind: &'static Kind, source: &Source<'_>) -> Coverage {
        match kind.treatment {
            Treatment::InPlace(extractor) => self.extract(Reader::Here(extractor), source),
            Treatment::InCell(extractor) => self.extract(Reader::InCell(kind, extractor), source),
            Treatment::AsText(reason) => match registry::kind("text").treatment {
                Treatment::InPlace(text) => lowered(self.extract(Reader::Here(text), source), reason),
                _ => Coverage::Skipped(reason),
            },
            Treatment::AsRuns(reason) => lowered(self.extract(Reader::Here(recover::extract), source), reason),
            Treatment::Cell => Coverage::Skipped(Reason::Unsupported),
            Treatment::Skip(reason) => Coverage::Skipped(reason),
        }
    }

    /// Runs an extractor; when it refuses the content, the runs of text in the raw bytes are read instead.
    fn extract(&mut self, reader: Reader, source: &Source<'_>) -> Coverage {
        let (outcome, mut seen) = self.run(reader, source);
        if matches!(reader, Reader::InCell(..)) {
            self.read_aside(&mut seen);
        }
        let mut coverage = seen.coverage;
        let Err(reason) = outcome else { return coverage };
        if matches!(reason, Reason::EncryptedPassword | Reason::EncryptedRights) && !seen.any_text {
            return Coverage::Skipped(reason);
        }
        // The cause of an early end outranks holes met on the way.
        coverage = Coverage::Partial(reason);
        if wants_recovery(reader, reason) {
            let (recovered, _) = self.run(Reader::Here(recover::extract), source);
            if recovered == Err(Reason::Interrupted) {
                coverage.lower(Reason::Interrupted);
            }
        }
        coverage
    }

    /// Reads what was put aside while a cell was held that is given back now.
    fn read_aside(&mut self, seen: &mut Seen) {
        let here = self.chain.clone();
        self.aside_bytes = 0;
        self.shelf = None;
        for Aside { chain, content, failure, _held } in std::mem::take(&mut self.aside) {
            if self.budget.stopped().is_some() {
                // The stop is told by whoever it ended; here nothing more is begun.
                seen.coverage.lower(Reason::Member);
                break;
            }
            self.chain = chain;
            let name = self.chain.last().cloned().unwrap_or_default();
            let coverage = self.read(&content, &name).coverage;
            self.told(cut_short(coverage, failure), seen);
        }
        self.chain = here;
    }

    /// Puts a member aside until the cell is given back.
    fn put_aside(&mut self, content: Content, failure: Option<Reason>) -> Result<(), Reason> {
        let mut content = content;
        if content.as_memory().is_none() || self.aside_bytes.saturating_add(content.len()) > ASIDE_MEMORY_MAX {
            let shelf = self.shelf.get_or_insert_with(|| self.spool.shelf());
            content = shelf.put(&content).map_err(|error| Failure::from(error).reason())?;
        }
        let in_memory = content.as_memory().map_or(0, <[u8]>::len);
        let names: usize = self.chain.iter().map(String::len).sum();
        let held = self.budget.hold(in_memory + names + ASIDE_BESIDE);
        let _held = held.map_err(|stop| Failure::from(stop).reason())?;
        self.aside_bytes += in_memory as u64;
        self.aside.push(Aside { chain: self.chain.clone(), content, failure, _held });
        Ok(())
    }

    /// Takes a member's coverage down: its own hole, and what it means for whoever holds it.
    fn told(&mut self, coverage: Coverage, seen: &mut Seen) {
        let (Coverage::Partial(reason) | Coverage::Skipped(reason)) = coverage else { return };
        // A member that only has holes inside was reported with them.
        if reason != Reason::Member {
            self.hole("", reason);
        }
        if !reason.is_no_gap() {
            seen.coverage.lower(Reason::Member);
        }
    }

    fn run(&mut self, reader: Reader, source: &Source<'_>) -> (Result<(), Reason>, Seen) {
        let cells = self.cells;
        self.holds_cell |= matches!(reader, Reader::InCell(..));
        let mut level = Level { walk: self, seen: Seen::default(), part_is_open: false };
        let outcome = catch_unwind(AssertUnwindSafe(|| match reader {
            Reader::Here(extractor) => extractor(source, &mut level),
            Reader::InCell(kind, extractor) => cells.extract(kind, extractor, source, &mut level),
        }));
        let closed = catch_unwind(AssertUnwindSafe(|| level.close_if_open()));
        let seen = level.seen;
        // Whoever reads in a cell was not within one: it would have been put aside.
        self.holds_cell &= matches!(reader, Reader::Here(_));
        let outcome = match (outcome, closed) {
            (Err(_), _) | (_, Err(_)) => Err(Reason::Crashed),
            (Ok(Err(failure)), _) => Err(failure.reason()),
            (Ok(Ok(())), Ok(Err(stop))) => Err(Failure::from(stop).reason()),
            (Ok(Ok(())), Ok(Ok(()))) => Ok(()),
        };
        (outcome, seen)
    }

    fn hole(&mut self, place: &str, reason: Reason) {
        self.holes_total += 1;
        if self.holes.len() < HOLES_KEPT {
            let mut steps = self.chain.clone();
            if !place.is_empty() {
                steps.push(place.to_owned());
            }
            self.holes.push(Hole { location: Locator { steps }, reason });
        }
    }

    /// Reads one member; its name is already the last step of the chain.
    fn read_member(&mut self, name: &str, body: &mut dyn Read) -> Result<Coverage, Stop> {
        let depth = u32::try_from(self.chain.len()).unwrap_or(u32::MAX);
        if depth > self.budget.limits().depth {
            return Ok(Coverage::Skipped(Reason::Limit(Limit::Depth)));
        }
        let (content, failed) = self.spool.take_if(body, &mut |head| !is_unread_medium(head));
        let failure = failed.map(|error| Failure::from(error).reason());
        let in_memory = content.as_memory().map_or(0, <[u8]>::len);
        let Ok(held) = self.budget.hold(in_memory) else {
            return Ok(Coverage::Skipped(Reason::Limit(Limit::Memory)));
        };
        if let Some(reason) = failure.filter(|_| content.is_empty()) {
            return Ok(Coverage::Skipped(reason));
        }
        let read = self.read(&content, name);
        if read.must_wait {
            drop(held);
            return Ok(self.put_aside(content, failure).map_or_else(Coverage::Skipped, |()| Coverage::Complete));
        }
        Ok(cut_short(read.coverage, failure))
    }
}

/// A body cut short is the cause of whatever its parser then missed.
fn cut_short(coverage: Coverage, failure: Option<Reason>) -> Coverage {
    failure.map_or(coverage, Coverage::Partial)
}

/// True when the runs of text in the raw bytes are worth reading: the reader refused, or its cell came to an end.
fn wants_recovery(reader: Reader, reason: Reason) -> bool {
    match reason {
        Reason::Corrupt | Reason::Crashed => true,
        Reason::TimedOut | Reason::Limit(Limit::Memory) => matches!(reader, Reader::InCell(..)),
        _ => false,
    }
}

/// `coverage`, but at best partial.
fn lowered(mut coverage: Coverage, reason: Reason) -> Coverage {
    coverage.lower(reason);
    coverage
}

/// What one extraction did.
#[derive(Default)]
struct Seen {
    coverage: Coverage,
    any_text: bool,
}

/// One level of the walk: what an extractor talks to.
struct Level<'w, 'a> {
    walk: &'w mut Walk<'a>,
    seen: Seen,
    part_is_open: bool,
}

impl Level<'_, '_> {
    fn close_if_open(&mut self) -> Result<(), Stop> {
        if std::mem::take(&mut self.part_is_open) { self.walk.visitor.close_part() } else { Ok(()) }
    }
}

impl Output for Level<'_, '_> {
    fn open_part(&mut self, head: PartHead) -> Result<(), Stop> {
        self.walk.budget.check()?;
        self.close_if_open()?;
        self.part_is_open = true;
        self.walk.visitor.open_part(&self.walk.chain, &head)
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str, raw: Option<u64>) -> Result<(), Stop> {
        self.walk.budget.charge_text(text.len())?;
        self.seen.any_text |= !text.is_empty();
        self.walk.visitor.push(edge, place, text, raw)
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        self.walk.budget.check()?;
        self.close_if_open()
    }

    fn member(&mut self, name: &str, body: &mut dyn Read) -> Result<(), Stop> {
        self.close_if_open()?;
        self.walk.budget.charge_member()?;
        self.walk.chain.push(name.to_owned());
        let coverage = self.walk.read_member(name, body);
        if let Ok(coverage) = coverage {
            self.walk.told(coverage, &mut self.seen);
        }
        self.walk.chain.pop();
        // What spent the whole file's allowance ends the whole file.
        coverage.and(self.walk.budget.stopped().map_or(Ok(()), Err))
    }

    fn hole(&mut self, place: &str, reason: Reason) {
        if place.is_empty() {
            return self.seen.coverage.lower(reason);
        }
        self.walk.hole(place, reason);
        if !reason.is_no_gap() {
            self.seen.coverage.lower(Reason::Member);
        }
    }

    fn wants_pictures(&self) -> bool {
        self.walk.cells.ocr().is_some()
    }
}
