//! Tells what one revision of a document holds: its pages, then every other part, then the files inside.
//!
//! The newest revision is told whole and as it is read. Of an earlier one only what the later ones do not say.

use super::interpret::{Found, Reader};
use super::layout::Lines;
use super::objects::{has_letters, text_string};
use super::scan;
use super::stream::{self, RawKey, Undecoded};
use super::sweep::{Appearance, Entry, Part, Sweep};
use crate::content::{Budget, Stop};
use crate::extract::xml_events::XmlReader;
use crate::extract::{Edge, Failure, Output, PartHead, xml};
use crate::model::{Limit, Place, Reason};
use hayro_syntax::Pdf;
use hayro_syntax::object::Stream;
use hayro_syntax::page::Resources;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Areas filled on a page without text, above which they are taken for letters drawn as shapes.
pub(super) const AREAS_OF_TEXT: u64 = 100;

/// What later revisions said already.
#[derive(Default)]
pub(super) struct Told {
    texts: HashSet<u64>,
    streams: HashSet<RawKey>,
}

impl Told {
    /// True when this was not said before.
    fn is_new(&mut self, what: impl Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        self.texts.insert(hasher.finish())
    }
}

/// One revision on its way out.
pub(super) struct Teller<'a, 'b, 'o> {
    pdf: &'a Pdf,
    budget: &'b Budget,
    out: &'o mut dyn Output,
    told: &'o mut Told,
    /// Set for an earlier revision: what its parts' names begin with.
    earlier: Option<String>,
    reader: Reader<'a, 'b>,
}

impl<'a, 'b, 'o> Teller<'a, 'b, 'o> {
    pub(super) fn new(
        pdf: &'a Pdf,
        budget: &'b Budget,
        out: &'o mut dyn Output,
        told: &'o mut Told,
        earlier: Option<String>,
    ) -> Self {
        let reader = Reader::new(budget, std::mem::take(&mut told.streams));
        Self { pdf, budget, out, told, earlier, reader }
    }

    /// Tells everything.
    pub(super) fn tell(mut self) -> Result<(), Failure> {
        match self.earlier.clone() {
            None => self.pages()?,
            Some(name) => self.changed_pages(&name)?,
        }
        let mut sweep = Sweep::of(self.pdf, self.budget)?;
        self.appearances(std::mem::take(&mut sweep.appearances), &mut sweep.entries)?;
        self.long_values(std::mem::take(&mut sweep.long), &mut sweep.entries)?;
        for text in std::mem::take(&mut self.reader.alternates) {
            sweep.entries.push(Entry { part: Part::Alternate, place: Place::Whole, label: String::new(), text });
        }
        self.entries(&sweep.entries)?;
        self.xfa(&sweep.xfa)?;
        for packet in &sweep.metadata {
            self.markup("metadata", std::slice::from_ref(packet))?;
        }
        self.unclaimed(&sweep.unclaimed)?;
        self.told.streams = std::mem::take(&mut self.reader.read);
        self.attachments(&sweep.attachments)
    }

    fn head(&self, name: &str) -> PartHead {
        let name = match &self.earlier {
            Some(earlier) => format!("{earlier} {name}"),
            None => name.to_owned(),
        };
        PartHead { name, own_text: None, recovered: false }
    }

    /// All pages as one part, so that evidence crosses the edge of a page.
    fn pages(&mut self) -> Result<(), Failure> {
        self.out.open_part(self.head("text"))?;
        let mut gaps = Vec::new();
        let mut any_text = false;
        let mut scans = Vec::new();
        for (n, page) in self.pdf.pages().iter().enumerate() {
            let place = Place::Page(u32::try_from(n + 1).unwrap_or(u32::MAX));
            let mut lines = Placed { out: self.out, place, any: false, hasher: DefaultHasher::new() };
            let found = self.reader.page(page, &mut lines)?;
            any_text |= lines.any;
            self.told.texts.insert(lines.hasher.finish());
            let place = lines.place;
            let gap = gap(&found);
            if self.out.wants_pictures() && scan::is_one(&found, gap) {
                scans.push(scan::Scan { place, gap, found, pictures: std::mem::take(&mut self.reader.pictures) });
            } else {
                gaps.extend(gap.map(|reason| (place, reason)));
            }
        }
        self.out.close_part()?;
        let mut scanner = scan::Scanner::default();
        for scan in scans {
            let is_whole = scanner.hand_over(&scan, self.budget, self.out)?;
            gaps.extend(scan.gap.filter(|_| !is_whole).map(|reason| (scan.place, reason)));
        }
        let is_scan = !any_text && gaps.iter().all(|(_, reason)| *reason == Reason::ImageOnly);
        for (place, reason) in gaps {
            self.out.hole(&if is_scan { String::new() } else { place.to_string() }, reason);
        }
        Ok(())
    }

    /// The pages of an earlier revision that say something else.
    fn changed_pages(&mut self, name: &str) -> Result<(), Failure> {
        let mut is_open = false;
        for (n, page) in self.pdf.pages().iter().enumerate() {
            self.budget.tick()?;
            if self.reader.was_read(page) {
                continue;
            }
            let mut text = Collected::default();
            self.reader.page(page, &mut text)?;
            if !self.told.texts.insert(text.hasher.finish()) || text.lines.is_empty() {
                continue;
            }
            if !std::mem::replace(&mut is_open, true) {
                self.out.open_part(PartHead { name: name.to_owned(), own_text: None, recovered: false })?;
            }
            let place = Place::Page(u32::try_from(n + 1).unwrap_or(u32::MAX));
            push_lines(self.out, &place, &text.lines)?;
        }
        if is_open {
            self.out.close_part()?;
        }
        Ok(())
    }

    /// What notes and fields show beyond what they say.
    fn appearances(&mut self, all: Vec<Appearance<'a>>, entries: &mut Vec<Entry>) -> Result<(), Stop> {
        let shared = self.shared_resources();
        for Appearance { place, stream, told } in all {
            let mut text = String::new();
            self.reader.stream(&stream, shared.as_ref(), &mut text)?;
            let letters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            let shown = letters(&text);
            if !shown.is_empty() && !told.iter().any(|told| letters(told).contains(&shown)) {
                entries.push(Entry { part: Part::Annotations, place, label: String::new(), text });
            }
        }
        Ok(())
    }

    /// What content without resources of its own may use: those of the form, else of the first page.
    fn shared_resources(&self) -> Option<Resources<'a>> {
        use hayro_syntax::object::Dict;
        let xref = self.pdf.xref();
        let root = xref.get::<Dict<'a>>(xref.root_id());
        let form = root.and_then(|root| root.get::<Dict<'a>>("AcroForm"));
        let own = form.and_then(|form| form.get::<Dict<'a>>("DR")).map(Resources::new);
        own.or_else(|| self.pdf.pages().first().map(|page| page.resources().clone()))
    }

    /// Scripts and values that are streams.
    fn long_values(
        &mut self,
        all: Vec<(Part, Place, String, Stream<'a>)>,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Stop> {
        for (part, place, label, stream) in all {
            if let Some(bytes) = self.bytes(&stream, part.name())? {
                let text = text_string(&bytes);
                if has_letters(&text) {
                    entries.push(Entry { part, place, label, text });
                }
            }
        }
        Ok(())
    }

    fn bytes(&mut self, stream: &Stream<'_>, place: &str) -> Result<Option<Vec<u8>>, Stop> {
        match stream::decoded(stream, self.budget) {
            Ok(decoded) => return Ok(Some(decoded.bytes)),
            Err(Undecoded::Stopped(Stop::Limit(limit))) if self.budget.stopped().is_none() => {
                self.out.hole(place, Reason::Limit(limit));
            }
            Err(Undecoded::Stopped(stop)) => return Err(stop),
            Err(Undecoded::Picture | Undecoded::Unknown) => self.out.hole(place, Reason::Corrupt),
        }
        Ok(None)
    }

    /// The strings of notes, fields, bookmarks and all the rest, each kind a part.
    fn entries(&mut self, entries: &[Entry]) -> Result<(), Failure> {
        for part in Part::ALL {
            let mut is_open = false;
            for entry in entries.iter().filter(|entry| entry.part == part) {
                let is_new = self.told.is_new((part.name(), &entry.label, &entry.text, &entry.place));
                if !is_new && self.earlier.is_some() {
                    continue;
                }
                if !std::mem::replace(&mut is_open, true) {
                    self.out.open_part(self.head(part.name()))?;
                }
                if entry.label.is_empty() {
                    push_lines(self.out, &entry.place, &entry.text)?;
                } else {
                    self.out.push(Edge::Soft('\n'), &entry.place, &entry.label, None)?;
                    self.out.push(Edge::Join, &entry.place, ":", None)?;
                    push_text(self.out, Edge::Soft(' '), &entry.place, &entry.text)?;
                }
            }
            if is_open {
                self.out.close_part()?;
            }
        }
        Ok(())
    }

    /// An XFA form is one XML document in several streams.
    fn xfa(&mut self, pieces: &[Stream<'a>]) -> Result<(), Failure> {
        if pieces.is_empty() { Ok(()) } else { self.markup("xfa form", pieces) }
    }

    /// XML in one stream or several as a part of its own.
    fn markup(&mut self, name: &str, pieces: &[Stream<'a>]) -> Result<(), Failure> {
        let mut markup = Vec::new();
        let mut hold = self.budget.hold(0)?;
        for piece in pieces {
            if let Some(bytes) = self.bytes(piece, name)? {
                hold.grow(bytes.len())?;
                markup.extend(bytes);
            }
        }
        if !self.told.is_new(&markup) || markup.trim_ascii().is_empty() {
            return Ok(());
        }
        self.out.open_part(self.head(name))?;
        let read = XmlReader::new(&markup[..], self.budget).and_then(|mut xml| xml::push_plain(&mut xml, self.out));
        match read {
            Ok(_) => {}
            Err(failure) if failure.stop().is_some() => return Err(failure),
            Err(_) => {
                // Cut or broken markup still says something.
                let text = super::objects::line_of_markup(&String::from_utf8_lossy(&markup));
                push_lines(self.out, &Place::Whole, &text)?;
            }
        }
        Ok(self.out.close_part()?)
    }

    /// Streams that nothing leads to and that show text.
    fn unclaimed(&mut self, streams: &[Stream<'a>]) -> Result<(), Failure> {
        let shared = self.shared_resources();
        let mut is_open = false;
        for stream in streams {
            self.budget.tick()?;
            let is_known = stream::key_of(stream).is_some_and(|key| self.reader.read.contains(&key));
            if is_known || self.reader.visited.contains(&stream.obj_id()) || !self.shows_text(stream)? {
                continue;
            }
            let mut text = Collected::default();
            self.reader.stream(stream, shared.as_ref(), &mut text)?;
            if text.lines.is_empty() || !self.told.texts.insert(text.hasher.finish()) {
                continue;
            }
            if !std::mem::replace(&mut is_open, true) {
                self.out.open_part(self.head("unreferenced content"))?;
            }
            push_lines(self.out, &Place::Whole, &text.lines)?;
        }
        if is_open {
            self.out.close_part()?;
        }
        Ok(())
    }

    /// True when a stream has an operator that begins text and one that shows it.
    fn shows_text(&mut self, stream: &Stream<'a>) -> Result<bool, Stop> {
        match stream::decoded(stream, self.budget) {
            Ok(decoded) => {
                let has = |needle: &[u8]| memchr::memmem::find(&decoded.bytes, needle).is_some();
                Ok(has(b"BT") && (has(b"Tj") || has(b"TJ") || has(b"'") || has(b"\"")))
            }
            Err(Undecoded::Stopped(stop)) if self.budget.stopped().is_some() => Err(stop),
            Err(_) => Ok(false),
        }
    }

    /// The files inside, as members.
    fn attachments(&mut self, files: &[(String, Stream<'a>)]) -> Result<(), Failure> {
        for (name, stream) in files {
            let raw = stream.raw_data();
            if !self.told.is_new((name, &raw)) {
                continue;
            }
            let printable: String = name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            if let Some(mut body) = stream::streamed(&raw, stream, self.budget) {
                self.out.member(&printable, &mut body)?;
                continue;
            }
            match stream::decoded(stream, self.budget) {
                Ok(decoded) => self.out.member(&printable, &mut &decoded.bytes[..])?,
                Err(Undecoded::Stopped(Stop::Limit(limit))) if self.budget.stopped().is_none() => {
                    self.out.hole(&printable, Reason::Limit(limit));
                }
                Err(Undecoded::Stopped(stop)) => return Err(stop.into()),
                Err(_) => self.out.hole(&printable, Reason::Corrupt),
            }
        }
        Ok(())
    }
}

/// Why a page was not read whole, if it was not.
fn gap(found: &Found) -> Option<Reason> {
    if let Some(limit) = found.limit {
        return Some(Reason::Limit(limit));
    }
    if found.damaged {
        return Some(Reason::Corrupt);
    }
    let is_seen = found.pictures > 0 || found.areas > AREAS_OF_TEXT || found.unknown > 0;
    (is_seen && found.unknown >= found.glyphs).then_some(Reason::ImageOnly)
}

/// Pushes each line of a text, whatever ends it.
fn push_lines(out: &mut dyn Output, place: &Place, text: &str) -> Result<(), Stop> {
    push_text(out, Edge::Soft('\n'), place, text)
}

fn push_text(out: &mut dyn Output, first: Edge, place: &Place, text: &str) -> Result<(), Stop> {
    let mut edge = first;
    for line in text.split(['\n', '\r']).filter(|line| !line.trim().is_empty()) {
        push_columns(out, edge, place, line)?;
        edge = Edge::Soft('\n');
    }
    Ok(())
}

fn push_columns(out: &mut dyn Output, first: Edge, place: &Place, line: &str) -> Result<(), Stop> {
    let mut edge = first;
    for column in line.split('\t') {
        out.push(edge, place, column, None)?;
        edge = Edge::Soft('\t');
    }
    Ok(())
}

/// Pushes lines with their place.
struct Placed<'o> {
    out: &'o mut dyn Output,
    place: Place,
    any: bool,
    hasher: DefaultHasher,
}

impl Lines for Placed<'_> {
    fn line(&mut self, text: &str) -> Result<(), Stop> {
        self.any = true;
        text.hash(&mut self.hasher);
        push_columns(self.out, Edge::Soft('\n'), &self.place, text)
    }
}

/// Keeps the lines of one page.
#[derive(Default)]
struct Collected {
    lines: String,
    hasher: DefaultHasher,
}

/// Bytes of one earlier page that are kept; more is no page.
const COLLECTED_BYTES_MAX: usize = 16 << 20;

impl Lines for Collected {
    fn line(&mut self, text: &str) -> Result<(), Stop> {
        if self.lines.len() > COLLECTED_BYTES_MAX {
            return Err(Stop::Limit(Limit::Memory));
        }
        text.hash(&mut self.hasher);
        self.lines.line(text)
    }
}
