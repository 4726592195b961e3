//! One content in, one verdict out: the walk's text meets the matcher here. No threads of its own, no network.

pub mod walk;

use crate::clock::Clock;
use crate::content::{Budget, Content, Limits, Spool, Stop};
use crate::detect::{Matcher, PartStart, RawLength, ScanOptions, Scanner, TokenKey};
use crate::extract::cell::Cells;
use crate::extract::ocr::Ocr;
use crate::extract::registry::{KINDS, version_of};
use crate::extract::{Edge, PartHead, RawUnits};
use crate::model::{Coverage, Place, Reason, Verdict};
use sha2::{Digest, Sha256};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use walk::{Visitor, Walked, walk};

/// Settings of an inspection.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Bounds for one top-level file.
    pub limits: Limits,
    /// Bounds of the matcher.
    pub scan: ScanOptions,
    /// How text in pictures is read, in words ([`Ocr::canonical`]); `None` where it is not.
    pub ocr: Option<String>,
}

impl Options {
    /// What decides, besides the bytes and the rules, what an inspection says of a content that was told to be of this type
    /// ([`Verdict::sniffed`]): a hash over the type, its reader's version, the limits and what is kept of findings. With the
    /// content's own hash and a detector's it is the key of that detector's verdict; crashes are remembered under it too, so
    /// that a mended reader, whose version is raised, tries again.
    #[must_use]
    pub fn extraction(&self, sniffed: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update("sluicebox extraction 1\0");
        hash.update(version_of(sniffed));
        hash.update(self.limits.canonical());
        // The window never changes what is found; whether grounds are kept decides what a stored verdict is good for.
        let ScanOptions { kept_max, window_bytes: _, grounds } = &self.scan;
        hash.update(format!("\0kept_max={kept_max} grounds={grounds}"));
        // What holds no picture is the same with and without.
        if let Some(ocr) = self.ocr.as_ref().filter(|_| may_hold_pictures(sniffed)) {
            hash.update(format!("\0{ocr}"));
        }
        hash.finalize().into()
    }
}

/// True when a content of this type is a picture whose text can be read, or may hold some.
fn may_hold_pictures(sniffed: &str) -> bool {
    Ocr::takes(sniffed) || !KINDS.iter().any(|kind| kind.name == sniffed && !kind.has_members)
}

/// What an inspection needs from outside, shared by all inspectors.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Where large members go.
    pub spool: Spool,
    /// Where the readers run that must not run here.
    pub cells: Cells,
    /// The time.
    pub clock: Clock,
    /// Raised when the user wants to stop.
    pub interrupt: Arc<AtomicBool>,
}

/// Contents from this many bytes on are read in large windows, so that several threads can search one text.
const LARGE_CONTENT_BYTES: u64 = 16 << 20;
/// The window for large contents, in bytes.
const LARGE_WINDOW_BYTES: usize = 4 << 20;

/// One thread's scratch for inspections.
#[derive(Debug)]
pub struct Inspector<'m> {
    matcher: &'m Matcher,
    key: &'m TokenKey,
    options: Options,
    surroundings: Surroundings,
    scanner: Scanner<'m>,
}

impl<'m> Inspector<'m> {
    /// Scratch over a matcher; tokens are made under `key`.
    #[must_use]
    pub fn new(matcher: &'m Matcher, key: &'m TokenKey, options: Options, surroundings: Surroundings) -> Self {
        let scanner = Scanner::new(matcher, key, options.scan.clone());
        Self { matcher, key, options, surroundings, scanner }
    }

    /// Reads a content that came under `name` and says what is in it. A crash costs this content's verdict, nothing else.
    pub fn inspect(&mut self, content: &Content, name: &str) -> Verdict {
        let large = content.len() >= LARGE_CONTENT_BYTES;
        self.scanner.set_window_bytes(if large { LARGE_WINDOW_BYTES } else { self.options.scan.window_bytes });
        let surroundings = &self.surroundings;
        let (clock, interrupt) = (surroundings.clock.clone(), Arc::clone(&surroundings.interrupt));
        let budget = Budget::new(self.options.limits.clone(), clock, interrupt, content.len());
        let scanner = &mut self.scanner;
        let walked = catch_unwind(AssertUnwindSafe(|| {
            let (spool, cells) = (&surroundings.spool, &surroundings.cells);
            walk(content, name, &budget, spool, cells, &mut Feed { scanner })
        }));
        let Ok(walked) = walked else {
            self.scanner = Scanner::new(self.matcher, self.key, self.options.scan.clone());
            let coverage = Coverage::Skipped(Reason::Crashed);
            return Verdict { coverage, bytes: content.len(), sniffed: "unknown", ..Verdict::default() };
        };
        self.verdict(walked)
    }

    fn verdict(&mut self, walked: Walked) -> Verdict {
        let scanned = self.scanner.finish_file();
        let mut coverage = walked.coverage;
        if scanned.candidate_limit {
            coverage.lower(Reason::CandidateLimit);
        }
        Verdict {
            coverage,
            findings: scanned.findings,
            holes: walked.holes,
            holes_total: walked.holes_total,
            counts: scanned.counts,
            sniffed: walked.kind.name,
            mismatch: walked.mismatch,
            bytes: walked.bytes,
            text_bytes: walked.text_bytes,
        }
    }
}

/// Hands the walk's text to the scanner.
struct Feed<'a, 'm> {
    scanner: &'a mut Scanner<'m>,
}

impl Visitor for Feed<'_, '_> {
    fn open_part(&mut self, chain: &[String], head: &PartHead) -> Result<(), Stop> {
        self.scanner.begin_part(PartStart {
            chain: chain.to_vec(),
            name: head.name.clone(),
            own_text: head.own_text.map(raw_length),
            recovered: head.recovered,
        });
        Ok(())
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str, raw: Option<u64>) -> Result<(), Stop> {
        if let Edge::Soft(separator) = edge {
            self.scanner.soft_edge(separator);
        }
        self.scanner.push(text, place, raw);
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        self.scanner.end_part();
        Ok(())
    }
}

/// How many bytes of the file a character takes.
fn raw_length(units: RawUnits) -> RawLength {
    match units {
        RawUnits::Utf8 => RawLength::utf8(),
        RawUnits::Single => RawLength::fixed(1),
        RawUnits::Utf16 => RawLength::new(|c| if c.len_utf16() == 1 { 2 } else { 4 }),
        RawUnits::Utf32 => RawLength::fixed(4),
        RawUnits::Encoded(encoding) => RawLength::new(move |c| {
            let mut buffer = [0; 4];
            let (bytes, _, _) = encoding.encode(c.encode_utf8(&mut buffer));
            u32::try_from(bytes.len()).unwrap_or(0)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_decides_a_verdict_is_part_of_its_key() {
        let plain = Options::default();
        let with = |change: &dyn Fn(&mut Options)| {
            let mut options = plain.clone();
            change(&mut options);
            options.extraction("text")
        };
        let rows = [
            ("nothing", with(&|_| {}), true),
            ("the window", with(&|options| options.scan.window_bytes = 1), true),
            ("a limit", with(&|options| options.limits.depth = 1), false),
            ("another limit", with(&|options| options.limits.time_secs = 1), false),
            ("what is kept", with(&|options| options.scan.kept_max = 1), false),
            ("grounds", with(&|options| options.scan.grounds = true), false),
            ("the type", plain.extraction("csv"), false),
            ("a crash", plain.extraction("unknown"), false),
            ("pictures, in a text", with(&|options| options.ocr = Some("eng".to_owned())), true),
        ];
        for (what, extraction, same) in rows {
            assert_eq!(extraction == plain.extraction("text"), same, "{what}");
        }
        let read = |languages: &str| Options { ocr: Some(languages.to_owned()), ..Options::default() };
        for kind in ["png", "bmp", "pdf", "docx", "zip", "unknown"] {
            assert_ne!(read("eng").extraction(kind), plain.extraction(kind), "{kind}");
            assert_ne!(read("eng").extraction(kind), read("deu").extraction(kind), "{kind}");
        }
    }
}
