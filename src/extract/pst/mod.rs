//! Outlook stores (pst, ost): every message, contact, appointment and note in them, also those in no folder any more.
//!
//! Read by a reader of our own from [MS-PST]: it walks the tree of nodes once for the folders and once for what lies in them,
//! so that a store of any size costs a few pages and one object at a time. Each object is read through its properties: all
//! that are text become a part, bodies another, attachments members. What belongs to no folder is what Outlook has deleted
//! and not yet overwritten; it is marked as recovered.

mod blocks;
mod cipher;
mod heap;

use super::decode::{Charset, Order, Scheme, TextDecoder};
use super::mapi::Unpacked;
use super::{Edge, Failure, Output, PartHead, Source};
use crate::model::{Limit, Place, Reason};
use blocks::{Node, Store};
use heap::{Heap, Property};
use std::collections::HashMap;
use std::io::Read;

/// Folders remembered.
const FOLDERS_MAX: usize = 200_000;
/// Messages within messages.
const DEPTH_MAX: usize = 32;
/// Bytes of a text that is shown among the properties.
const LINE_BYTES_MAX: u64 = 64 << 10;

// Types of nodes: the five low bits of their numbers ([MS-PST] 2.2.2.1).
const FOLDER: u32 = 0x02;
const MESSAGE: u32 = 0x04;
const ATTACHMENT: u32 = 0x05;
const ASSOCIATED: u32 = 0x08;
const RECIPIENTS: u32 = 0x12;

// Properties ([MS-OXPROPS]).
const SUBJECT: u16 = 0x0037;
const TEXT_BODY: u16 = 0x1000;
const RTF_BODY: u16 = 0x1009;
const HTML_BODY: u16 = 0x1013;
const DISPLAY_NAME: u16 = 0x3001;
const ATTACHED: u16 = 0x3701;
const ATTACH_METHOD: u16 = 0x3705;
const EMBEDDED_MESSAGE: u32 = 5;

/// Pushes the folders' names, then reads every object.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let store = Store::open(source)?;
    let mut folders = Folders::default();
    let mut held = source.budget.hold(0)?;
    let mut whole = store.each_node(&mut |node| {
        if node.id & 0x1f == FOLDER && folders.named.len() < FOLDERS_MAX {
            let name = folder_name(&store, node)?;
            held.grow(size_of::<(u32, (String, u32))>() + name.len())?;
            folders.named.insert(node.id, (name, node.parent));
        }
        Ok(())
    })?;
    folders.push_names(out)?;
    whole &= store.each_node(&mut |node| {
        if matches!(node.id & 0x1f, MESSAGE | ASSOCIATED) { read_message(&store, node, &folders, out) } else { Ok(()) }
    })?;
    if !whole {
        out.hole("", Reason::Corrupt);
    }
    Ok(())
}

/// Names of folders by their numbers, each with its parent's.
#[derive(Default)]
struct Folders {
    named: HashMap<u32, (String, u32)>,
}

impl Folders {
    fn push_names(&self, out: &mut dyn Output) -> Result<(), Failure> {
        out.open_part(PartHead { name: "folders".to_owned(), own_text: None, recovered: false })?;
        let mut numbers: Vec<_> = self.named.keys().copied().collect();
        numbers.sort_unstable();
        for number in numbers {
            if self.named.get(&number).is_some_and(|(name, _)| !name.is_empty()) {
                out.push(Edge::Soft('\n'), &Place::Whole, &self.path(number), None)?;
            }
        }
        out.close_part()?;
        Ok(())
    }

    /// The folders that lead to a number, outermost first.
    fn path(&self, number: u32) -> String {
        let mut steps = Vec::new();
        let mut at = number;
        while let Some((name, parent)) = self.named.get(&at).filter(|_| steps.len() < DEPTH_MAX) {
            if !name.is_empty() {
                steps.push(name.as_str());
            }
            if *parent == at {
                break;
            }
            at = *parent;
        }
        if steps.is_empty() {
            return "recovered".to_owned();
        }
        steps.reverse();
        steps.join(" > ")
    }
}

fn folder_name(store: &Store<'_>, node: Node) -> Result<String, Failure> {
    let read = || {
        let heap = Heap::read(store, node)?;
        let properties = heap.properties()?;
        properties
            .iter()
            .find(|property| property.id == DISPLAY_NAME)
            .map_or(Ok(String::new()), |p| short_text(&heap, *p))
    };
    match read() {
        Err(failure) if failure.stop().is_none_or(|stop| stop == crate::content::Stop::Limit(Limit::Memory)) => {
            Ok(format!("folder {}", node.id >> 5))
        }
        done => done,
    }
}

/// Reads a message and those attached to it; what is damaged is a hole.
fn read_message(store: &Store<'_>, node: Node, folders: &Folders, out: &mut dyn Output) -> Result<(), Failure> {
    let mut left = vec![(node, folders.path(node.parent), 0)];
    while let Some((node, place, depth)) = left.pop() {
        store.source().budget.check()?;
        let mut object = Object { place, number: node.id >> 5, inner: Vec::new() };
        if let Err(failure) = object.read(store, node, out) {
            match failure.stop() {
                Some(stop) if store.source().budget.stopped().is_some() => return Err(stop.into()),
                _ => out.hole(&object.place, failure.reason()),
            }
        }
        for (node, name) in object.inner {
            if depth < DEPTH_MAX {
                left.push((node, name, depth + 1));
            } else {
                out.hole(&name, Reason::Limit(Limit::Depth));
            }
        }
    }
    Ok(())
}

/// One message, contact or the like in the reading.
struct Object {
    /// Where it is: folders, then its subject.
    place: String,
    number: u32,
    /// Messages attached to it.
    inner: Vec<(Node, String)>,
}

impl Object {
    fn read(&mut self, store: &Store<'_>, node: Node, out: &mut dyn Output) -> Result<(), Failure> {
        let heap = Heap::read(store, node)?;
        let properties = heap.properties()?;
        let find = |id| properties.iter().copied().find(|property| property.id == id);
        let subject =
            find(SUBJECT).or_else(|| find(DISPLAY_NAME)).map_or(Ok(String::new()), |p| short_text(&heap, p))?;
        let title = if subject.is_empty() { format!("message {}", self.number) } else { subject };
        self.place = format!("{} > {title}", self.place);
        // What is damaged in one place costs that place; a stop of the whole file refuses the rest by itself.
        let mut done = self.push_properties(&heap, &properties, out);
        if let Some(body) = find(TEXT_BODY) {
            done = done.and(self.push_body(&heap, body, out));
        }
        done = match (find(HTML_BODY), find(RTF_BODY)) {
            (Some(html), _) => done.and(self.hand_over_html(&heap, html, out)),
            (None, Some(rtf)) if find(TEXT_BODY).is_none() => done.and(self.hand_over_rtf(&heap, rtf, out)),
            _ => done,
        };
        for node in heap.sub_nodes.iter().filter(|node| node.id & 0x1f == ATTACHMENT) {
            done = done.and(self.attachment(store, *node, out));
        }
        done
    }

    /// Texts and times of all properties but the bodies, and the recipients.
    fn push_properties(
        &self,
        heap: &Heap<'_, '_>,
        properties: &[Property],
        out: &mut dyn Output,
    ) -> Result<(), Failure> {
        in_part(format!("{} > headers", self.place), out, |out| {
            let mut done = Ok(());
            for property in properties.iter().filter(|property| property.id != TEXT_BODY) {
                done = done.and(short_text(heap, *property).and_then(|text| push_property(property.id, &text, out)));
            }
            for node in heap.sub_nodes.iter().filter(|node| node.id & 0x1f == RECIPIENTS) {
                done = done.and(Self::push_recipients(heap, *node, out));
            }
            done
        })
    }

    fn push_recipients(heap: &Heap<'_, '_>, node: Node, out: &mut dyn Output) -> Result<(), Failure> {
        let table = Heap::read(heap.store(), node)?;
        table.table_texts(&mut |cell| push_property(cell.id, &short_text(&table, cell)?, out))
    }

    fn push_body(&self, heap: &Heap<'_, '_>, body: Property, out: &mut dyn Output) -> Result<(), Failure> {
        let scheme = if body.kind == 0x1f { Scheme::Utf16(Order::Little) } else { Scheme::Utf8 };
        in_part(format!("{} > body", self.place), out, |out| {
            let mut text = TextDecoder::new(heap.value(body.value), Charset { scheme, mark_bytes: 0 })?;
            while let Some(piece) = text.next_piece()? {
                out.push(Edge::Join, &Place::Whole, piece.text, None)?;
            }
            Ok(())
        })
    }

    fn hand_over_html(&self, heap: &Heap<'_, '_>, html: Property, out: &mut dyn Output) -> Result<(), Failure> {
        let name = format!("{} > body.html", self.place);
        out.member(&name, &mut heap.value(html.value))?;
        Ok(())
    }

    fn hand_over_rtf(&self, heap: &Heap<'_, '_>, rtf: Property, out: &mut dyn Output) -> Result<(), Failure> {
        let name = format!("{} > body.rtf", self.place);
        match Unpacked::open(heap.value(rtf.value))? {
            Some(mut text) => out.member(&name, &mut text)?,
            None => out.hole(&name, Reason::Corrupt),
        }
        Ok(())
    }

    fn attachment(&mut self, store: &Store<'_>, node: Node, out: &mut dyn Output) -> Result<(), Failure> {
        const NAMES: [u16; 4] = [0x3707, 0x3704, DISPLAY_NAME, 0x3703];
        let heap = Heap::read(store, node)?;
        let properties = heap.properties()?;
        let find = |id| properties.iter().copied().find(|property| property.id == id);
        let mut name = format!("attachment {}", node.id >> 5);
        for property in NAMES.into_iter().filter_map(find) {
            let text = short_text(&heap, property)?;
            if !text.is_empty() {
                name = text;
                break;
            }
        }
        let name = format!("{} > {name}", self.place);
        let is_message = find(ATTACH_METHOD).is_some_and(|method| method.value == EMBEDDED_MESSAGE);
        match find(ATTACHED) {
            Some(object) if is_message || object.kind == 0x0d => match heap.object_node(object.value) {
                Some(node) if is_message => self.inner.push((node, self.place.clone())),
                Some(node) => out.member(&name, &mut store.data(node.data))?,
                None => out.hole(&name, Reason::Corrupt),
            },
            Some(data) => out.member(&name, &mut heap.value(data.value))?,
            None => {}
        }
        Ok(())
    }
}

/// Pushes a part, and closes it also where its pushing failed: others follow.
fn in_part(
    name: String,
    out: &mut dyn Output,
    fill: impl FnOnce(&mut dyn Output) -> Result<(), Failure>,
) -> Result<(), Failure> {
    out.open_part(PartHead { name, own_text: None, recovered: false })?;
    let filled = fill(out);
    filled.and(out.close_part().map_err(Failure::from))
}

fn push_property(id: u16, text: &str, out: &mut dyn Output) -> Result<(), Failure> {
    if text.is_empty() || text.starts_with("IPM.") || text.starts_with("/o=") {
        return Ok(());
    }
    let label = label_of(id);
    let shown = if label.is_empty() { text.to_owned() } else { format!("{label}: {text}") };
    out.push(Edge::Soft('\n'), &Place::Whole, &shown, None)?;
    Ok(())
}

/// What a property is, for those that are worth a word: evidence stands in it.
fn label_of(id: u16) -> &'static str {
    match id {
        SUBJECT => "Subject",
        0x0c1a | 0x0042 => "From",
        0x0c1f | 0x0065 | 0x5d01 | 0x5d02 => "Sender address",
        0x0e04 => "To",
        0x0e03 => "Cc",
        0x0e02 => "Bcc",
        0x0039 => "Sent",
        0x0e06 => "Received",
        DISPLAY_NAME => "Name",
        0x3003 | 0x39fe => "Address",
        0x3a08 | 0x3a1b => "Business telephone",
        0x3a09 | 0x3a2f => "Home telephone",
        0x3a1c => "Mobile telephone",
        0x3a24 | 0x3a25 => "Fax",
        0x3a42 => "Birthday",
        0x3a41 => "Wedding",
        0x3a10 => "Account",
        0x3a16 => "Company",
        0x3a17 => "Title",
        0x3a4a => "Government ID",
        0x3a07 => "Government ID number",
        0x3a0c => "Language",
        0x3a15 => "Postal address",
        _ => "",
    }
}

/// A property as a short text; empty for kinds that are none.
fn short_text(heap: &Heap<'_, '_>, property: Property) -> Result<String, Failure> {
    let text = match property.kind {
        0x1e | 0x1f => {
            let mut bytes = Vec::new();
            heap.value(property.value).take(LINE_BYTES_MAX).read_to_end(&mut bytes)?;
            if property.kind == 0x1f { from_utf16(&bytes) } else { super::decode::guessed_text(&bytes) }
        }
        0x101e | 0x101f => {
            let mut bytes = Vec::new();
            heap.value(property.value).take(LINE_BYTES_MAX).read_to_end(&mut bytes)?;
            many_texts(&bytes, property.kind == 0x101f)
        }
        0x40 => date_of(heap.eight_bytes(property.value)),
        _ => String::new(),
    };
    // The first two characters of a subject may tell where its prefix ends.
    let text = if property.id == SUBJECT && text.starts_with('\u{1}') { text.chars().skip(2).collect() } else { text };
    let clean: String = text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c }).collect();
    Ok(clean.trim().to_owned())
}

fn from_utf16(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect()
}

/// Several texts: their number, where each begins, then they themselves (2.3.3.4.2).
fn many_texts(bytes: &[u8], is_wide: bool) -> String {
    let count = usize::try_from(blocks::le32(bytes, 0)).unwrap_or(0).min(bytes.len() / 4);
    let start = |at: usize| usize::try_from(blocks::le32(bytes, 4 + 4 * at)).unwrap_or(usize::MAX);
    let mut lines = Vec::new();
    for at in 0..count {
        let end = if at + 1 < count { start(at + 1) } else { bytes.len() };
        // The texts stand behind the table of their places.
        let text = bytes.get(start(at)..end).filter(|_| start(at) >= 4 + 4 * count).unwrap_or_default();
        lines.push(if is_wide { from_utf16(text) } else { super::decode::guessed_text(text) });
    }
    lines.join("\n")
}

/// A FILETIME (units of 100 ns since 1601) as a date; empty for one that is none.
fn date_of(time: u64) -> String {
    let seconds = i64::try_from(time / 10_000_000).unwrap_or(0) - 11_644_473_600;
    match time::OffsetDateTime::from_unix_timestamp(seconds) {
        Ok(at) if time > 0 && (1..4000).contains(&at.year()) => {
            format!("{:04}-{:02}-{:02} {:02}:{:02}", at.year(), u8::from(at.month()), at.day(), at.hour(), at.minute())
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_printed() {
        let rows = [(0, ""), (133_801_632_000_000_000, "2025-01-01 00:00"), (u64::MAX, "")];
        for (time, expected) in rows {
            assert_eq!(date_of(time), expected, "{time}");
        }
    }

    #[test]
    fn several_texts_are_told_apart() {
        let bytes = b"\x02\0\0\0\x0c\0\0\0\x0e\0\0\0abc";
        assert_eq!(many_texts(bytes, false), "ab\nc");
        assert_eq!(many_texts(b"\xff\xff\xff\xff\x01", true).trim(), "");
    }
}
