//! Presentations of PowerPoint 97 to 2003 ([MS-PPT]).
//!
//! The stream is a journal: each saving appends records and a directory of where the current ones stand. What no directory
//! names any more is still read, as deleted text, as far as the slides of today do not say the same. Within a slide's record
//! texts are found wherever they stand: containers are entered, not understood.

use super::bytes::{size_at, u16_at, u32_at, utf16};
use super::compound::{Compound, Stream, StreamReader};
use super::objects::Inflating;
use super::shapes;
use crate::content::budget::Hold;
use crate::extract::Failure;
use crate::extract::parts::Parts;
use crate::model::{Place, Reason};
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;

const DOCUMENT: u16 = 0x03e8;
const SLIDE: u16 = 0x03ee;
const NOTES: u16 = 0x03f0;
const MASTER: u16 = 0x03f8;
const HANDOUT: u16 = 0x0fc9;
const SLIDE_LIST: u16 = 0x0ff0;
const SLIDE_PLACE: u16 = 0x03f3;
const OBJECT: u16 = 0x1011;
/// Savings that are followed back.
const EDITS_MAX: usize = 10_000;
/// One text; PowerPoint's own are far shorter.
const TEXT_BYTES_MAX: usize = 16 << 20;

/// The eight bytes before every record.
#[derive(Clone, Copy)]
struct Header {
    at: u64,
    kind: u16,
    instance: u16,
    is_container: bool,
    bytes: u64,
}

impl Header {
    fn end(&self) -> u64 {
        self.at + 8 + self.bytes
    }
}

/// A record that stands in no other.
type Top = Header;

/// A slide, master or page of notes as the document lists it; the texts of its outline follow.
struct Listed {
    number: u32,
    instance: u16,
    begins: u64,
    from: u64,
    list_end: u64,
}

struct Show<'c, 'a> {
    compound: &'c Compound<'a>,
    storage: usize,
    /// Places of the current records, by their numbers.
    current: HashMap<u32, u64>,
    live: HashSet<u64>,
    /// Places of the records that were read with their slide.
    done: HashSet<u64>,
    /// Texts of the slides of today.
    said: HashSet<u64>,
    held: Hold<'a>,
    is_cut: bool,
}

/// Pushes the presentation in a storage.
pub(super) fn push(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let mut show = Show {
        compound,
        storage,
        current: HashMap::new(),
        live: HashSet::new(),
        done: HashSet::new(),
        said: HashSet::new(),
        held: compound.budget().hold(0)?,
        is_cut: false,
    };
    show.read_edits()?;
    let tops = show.tops()?;
    show.push_document(&tops, parts)?;
    let left = tops.iter().filter(|top| !show.done.contains(&top.at));
    let (live, old): (Vec<_>, Vec<_>) = left.partition(|top| show.live.contains(&top.at) || show.live.is_empty());
    show.push_rest(&live, parts)?;
    show.push_old(&old, parts)?;
    show.push_objects(&tops, parts)?;
    if show.is_cut { Err(Failure::corrupt("the presentation ends before its time")) } else { Ok(()) }
}

impl<'a> Show<'_, 'a> {
    fn stream(&self) -> Result<Stream<'a>, Failure> {
        let stream = self.compound.find(self.storage, "PowerPoint Document")?;
        stream.ok_or(Failure::corrupt("no presentation stream"))
    }

    /// Follows the savings from the last one back: the newest place of each record is the current one.
    fn read_edits(&mut self) -> Result<(), Failure> {
        let Some(user) = self.compound.find(self.storage, "Current User")? else { return Ok(()) };
        let user = user.bytes_at(0, 64)?;
        if u32_at(&user, 12) == Some(0xf3d1_c4df) {
            return Err(Failure::refused(Reason::EncryptedPassword, "the presentation is encrypted"));
        }
        let stream = self.stream()?;
        let mut next = u32_at(&user, 16).unwrap_or(0);
        for _ in 0..EDITS_MAX {
            let edit = stream.bytes_at(u64::from(next), 40)?;
            if u16_at(&edit, 2) != Some(0x0ff5) {
                break;
            }
            if u32_at(&edit, 4) == Some(32) && u32_at(&edit, 36).is_some_and(|session| session != 0) {
                return Err(Failure::refused(Reason::EncryptedPassword, "the presentation is encrypted"));
            }
            self.read_places(&stream, u32_at(&edit, 20).unwrap_or(0))?;
            let before = u32_at(&edit, 16).unwrap_or(0);
            // Each saving lies before the one that followed it.
            if before == 0 || before >= next {
                break;
            }
            next = before;
        }
        self.live = self.current.values().copied().collect();
        Ok(())
    }

    fn read_places(&mut self, stream: &Stream<'_>, at: u32) -> Result<(), Failure> {
        let Some(header) = header_at(stream, u64::from(at))? else { return Ok(()) };
        if header.kind != 0x1772 {
            return Ok(());
        }
        let table = stream.bytes_at(u64::from(at) + 8, usize::try_from(header.bytes).unwrap_or(0).min(4 << 20))?;
        self.held.grow(table.len() * 8)?;
        let mut at = 0;
        while let Some(run) = u32_at(&table, at) {
            let (first, count) = (run & 0xf_ffff, run >> 20);
            at += 4;
            for number in first..first + count {
                let Some(place) = u32_at(&table, at) else { return Ok(()) };
                self.current.entry(number).or_insert(u64::from(place));
                at += 4;
            }
        }
        Ok(())
    }

    /// All records that stand in no other.
    fn tops(&mut self) -> Result<Vec<Top>, Failure> {
        let stream = self.stream()?;
        let (mut tops, mut at) = (Vec::new(), 0);
        while let Some(header) = header_at(&stream, at)? {
            self.compound.budget().tick()?;
            if header.kind == 0 && header.bytes == 0 {
                break;
            }
            self.held.grow(size_of::<Top>())?;
            tops.push(header);
            at = header.end();
        }
        self.is_cut |= at > stream.len();
        Ok(tops)
    }

    /// The slides in their order, each with the texts that the document keeps for it and those of its own record.
    fn push_document(&mut self, tops: &[Top], parts: &mut Parts<'_>) -> Result<(), Failure> {
        let is_live = |top: &&Top| top.kind == DOCUMENT && (self.live.is_empty() || self.live.contains(&top.at));
        let Some(document) = tops.iter().rfind(is_live).copied() else { return Ok(()) };
        let listed = self.listed(document)?;
        let by_place: HashMap<u64, &Top> = tops.iter().map(|top| (top.at, top)).collect();
        let mut counts = [0u32; 3];
        for (at, entry) in listed.iter().enumerate() {
            let next = listed.get(at + 1).filter(|next| next.list_end == entry.list_end);
            let to = next.map_or(entry.list_end, |next| next.begins);
            let count = &mut counts[usize::from(entry.instance).min(2)];
            *count += 1;
            let name = match entry.instance {
                0 => format!("slide {count}"),
                1 => format!("master {count}"),
                _ => format!("slide {count} notes"),
            };
            parts.begin(name)?;
            self.push_texts(entry.from, to, parts, false)?;
            let top = self.current.get(&entry.number).and_then(|place| by_place.get(place));
            if let Some(top) = top.filter(|top| matches!(top.kind, SLIDE | NOTES | MASTER) && self.done.insert(top.at))
            {
                self.push_texts(top.at + 8, top.end(), parts, false)?;
            }
        }
        // The rest of the document: links, comments, headers, names.
        parts.begin("document")?;
        self.push_around_lists(document, parts)
    }

    /// The slides, masters and notes that the document lists.
    fn listed(&mut self, document: Top) -> Result<Vec<Listed>, Failure> {
        let mut reader = self.stream()?.reader_at(document.at + 8);
        let (mut listed, mut list) = (Vec::new(), None);
        while let Some(header) = self.next(&mut reader, document.end())? {
            match (header.kind, list) {
                (SLIDE_LIST, _) => list = Some((header.instance, header.end())),
                (SLIDE_PLACE, Some((instance, list_end))) if header.at < list_end => {
                    let mut number = [0; 4];
                    reader.fill(&mut number)?;
                    self.held.grow(size_of::<Listed>())?;
                    let number = u32::from_le_bytes(number);
                    listed.push(Listed { number, instance, begins: header.at, from: header.end(), list_end });
                }
                _ => {}
            }
            if !header.is_container {
                reader.seek(header.end());
            }
        }
        Ok(listed)
    }

    fn push_around_lists(&mut self, document: Top, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let mut reader = self.stream()?.reader_at(document.at + 8);
        let mut from = document.at + 8;
        while let Some(header) = self.next(&mut reader, document.end())? {
            if header.kind == SLIDE_LIST {
                self.push_texts(from, header.at, parts, false)?;
                from = header.end();
            }
            reader.seek(header.end());
        }
        self.push_texts(from, document.end(), parts, false)
    }

    fn push_rest(&mut self, live: &[&Top], parts: &mut Parts<'_>) -> Result<(), Failure> {
        let mut counts: HashMap<u16, u32> = HashMap::new();
        for top in live {
            let name = match top.kind {
                SLIDE => "further slide",
                NOTES => "further notes",
                MASTER => "master",
                HANDOUT => "handout",
                _ => continue,
            };
            let count = counts.entry(top.kind).or_default();
            *count += 1;
            parts.begin(format!("{name} {count}"))?;
            self.push_texts(top.at + 8, top.end(), parts, false)?;
        }
        Ok(())
    }

    /// What earlier savings say and the last one does not.
    fn push_old(&mut self, old: &[&Top], parts: &mut Parts<'_>) -> Result<(), Failure> {
        parts.begin("deleted text")?;
        for top in old {
            if matches!(top.kind, DOCUMENT | SLIDE | NOTES | MASTER | HANDOUT) {
                self.push_texts(top.at + 8, top.end(), parts, true)?;
            }
        }
        Ok(())
    }

    /// The next record of a range whose header can be read.
    fn next(&self, reader: &mut StreamReader<'_>, end: u64) -> Result<Option<Header>, Failure> {
        self.compound.budget().tick()?;
        let at = reader.position();
        let mut raw = [0; 8];
        if at.saturating_add(8) > end || reader.fill(&mut raw)? < raw.len() {
            return Ok(None);
        }
        Ok(parse(&raw, at))
    }

    /// Pushes the texts between two positions. With `is_old`, only those that were not said before.
    fn push_texts(&mut self, from: u64, to: u64, parts: &mut Parts<'_>, is_old: bool) -> Result<(), Failure> {
        let mut reader = self.stream()?.reader_at(from);
        let mut raw = Vec::new();
        while let Some(header) = self.next(&mut reader, to)? {
            if header.is_container {
                continue;
            }
            let text = match header.kind {
                0x0fa0 | 0x0fba => {
                    self.read(&mut reader, header, &mut raw)?;
                    utf16(&raw)
                }
                0x0fa8 => {
                    self.read(&mut reader, header, &mut raw)?;
                    raw.iter().map(|b| char::from(*b)).collect()
                }
                // Shapes' own properties: descriptions, ornamental text, links.
                0xf00b | 0xf121 | 0xf122 => {
                    self.read(&mut reader, header, &mut raw)?;
                    shapes::texts(&raw, header.instance)
                }
                _ => {
                    reader.seek(header.end());
                    continue;
                }
            };
            reader.seek(header.end());
            self.say(&text, is_old, parts)?;
        }
        Ok(())
    }

    fn read(&mut self, reader: &mut StreamReader<'_>, header: Header, raw: &mut Vec<u8>) -> Result<(), Failure> {
        let there = reader.len().saturating_sub(reader.position()).min(header.bytes);
        self.is_cut |= there < header.bytes;
        raw.resize(usize::try_from(there).unwrap_or(usize::MAX).min(TEXT_BYTES_MAX), 0);
        reader.fill(raw)?;
        Ok(())
    }

    fn say(&mut self, text: &str, is_old: bool, parts: &mut Parts<'_>) -> Result<(), Failure> {
        // Paragraphs end with a return, lines within them with a tab of the vertical kind.
        let text = text.replace(['\r', '\u{b}'], "\n");
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        // A lone star holds the place of a number or date.
        // Names of tags that PowerPoint's own versions left.
        if text.is_empty() || text == "*" || text.starts_with("___PPT") {
            return Ok(());
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let is_new = self.said.insert(hasher.finish());
        if is_new {
            self.held.grow(size_of::<u64>() * 2)?;
        }
        if is_old && !is_new {
            return Ok(());
        }
        parts.line(&Place::Whole, text)
    }

    /// Embedded documents and macros: compound files, packed or not.
    fn push_objects(&self, tops: &[Top], parts: &mut Parts<'_>) -> Result<(), Failure> {
        for (number, top) in tops.iter().filter(|top| top.kind == OBJECT).enumerate() {
            let mut reader = self.stream()?.reader_at(top.at + 8);
            let name = format!("object {}", number + 1);
            if top.instance == 1 {
                let mut size = [0; 4];
                reader.fill(&mut size)?;
                let size = u64::from(u32::from_le_bytes(size));
                let packed = Inflating::zlib(reader.take(top.bytes.saturating_sub(4)), self.compound.budget());
                // Many lack the end of their packing, so their length tells where to stop.
                parts.member(&name, &mut packed.take(size))?;
            } else {
                parts.member(&name, &mut reader.take(top.bytes))?;
            }
        }
        Ok(())
    }
}

fn parse(raw: &[u8], at: u64) -> Option<Header> {
    let lead = u16_at(raw, 0)?;
    let bytes = size_at(raw, 4)? as u64;
    Some(Header { at, kind: u16_at(raw, 2)?, instance: lead >> 4, is_container: lead & 0xf == 0xf, bytes })
}

fn header_at(stream: &Stream<'_>, at: u64) -> Result<Option<Header>, Failure> {
    let raw = stream.bytes_at(at, 8)?;
    Ok(parse(&raw, at))
}

/// Presentations of PowerPoint 95: a stream of runs.
pub(super) fn push_oldest(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let Some(stream) = compound.find(storage, "PP40")? else { return Ok(()) };
    parts.begin("text")?;
    super::runs::push(&stream, 0, stream.len(), parts)
}
