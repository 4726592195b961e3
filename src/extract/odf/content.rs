//! The text of one OpenDocument stream: body, master pages, and everything of a flat file.
//!
//! OpenDocument 1.3 part 3. One state machine reads all applications, since they share paragraphs, tables and shapes. What
//! stands inside a paragraph without belonging to its sentence (a note, a comment, a shape) is read apart and follows it.
//! Tracked deletions are kept by their number and put back into their paragraph's text before the changes (`changes`).

use super::super::changes::{Before, Mark};
use super::super::xml_events::{Tag, Xml, XmlReader};
use super::super::{Failure, Output};
use super::attributes::{href_is_inside, text_attributes};
use super::embedded::Embedded;
use super::parts::{Parts, stronger};
use super::sheet::{Allowance, CellHead, Table};
use crate::content::Budget;
use crate::content::budget::Hold;
use crate::model::Place;
use std::collections::{HashMap, HashSet};

/// Text read apart is handed on in pieces of this size.
const CAPTURED_BYTES_MAX: usize = 1 << 20;
/// Tracked deletions and styles remembered by name.
const NAMES_MAX: usize = 100_000;
/// Spaces that one element may stand for.
const SPACES_MAX: usize = 64;

/// Reads one stream. `prefix` stands before the names of its parts: empty, or the embedded object it belongs to. Returns
/// true when there was any text.
pub(super) fn push_text(
    xml: &mut XmlReader<'_>,
    prefix: &str,
    budget: &Budget,
    out: &mut dyn Output,
) -> Result<bool, Failure> {
    let mut content = Content::new(prefix, budget)?;
    let ended = content.read(xml, out);
    // What was read before an early end is not lost.
    let closed = content.finish(out);
    ended.and(closed)?;
    Ok(content.parts.any)
}

/// Which region of a stream the reader is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Region {
    /// Looks, fonts and settings: only paragraphs count.
    Outside,
    /// Document properties.
    Meta,
    /// Master pages with their headers and footers.
    Master,
    /// The document itself; all text counts.
    Body,
}

/// Why text is read apart.
#[derive(Debug)]
enum Apart {
    Comment,
    Note,
    /// A deletion with its number.
    Deletion(String),
    /// Who made a change, and when.
    Author,
    /// A shape inside a paragraph.
    Shape,
    Cell(CellHead),
    /// Base64 of something embedded in a flat file.
    Binary(Embedded),
}

/// Text that is read apart, from the element at `depth` to its end.
#[derive(Debug)]
struct Capture {
    apart: Apart,
    depth: usize,
    text: String,
    pending: Option<char>,
    /// Open paragraphs around the element.
    paragraphs_open: u32,
}

struct Content<'b> {
    prefix: String,
    parts: Parts<'b>,
    budget: &'b Budget,
    held: Hold<'b>,
    depth: usize,
    regions: Vec<(usize, Region)>,
    is_sheet: bool,
    /// `slide` or `page`.
    page_word: &'static str,
    pages: u32,
    page_name: String,
    hidden_styles: HashSet<String>,
    style: String,
    paragraphs: u32,
    paragraphs_open: u32,
    place: Place,
    tables: Vec<Table>,
    tables_seen: u32,
    allowance: Allowance,
    captures: Vec<Capture>,
    /// What follows the paragraph.
    after: String,
    region_number: String,
    deletions: HashMap<String, String>,
    insertions: HashSet<String>,
    inserted_depth: u32,
    before: Before,
    before_pending: Option<char>,
    gap: bool,
    objects: u32,
}

impl<'b> Content<'b> {
    fn new(prefix: &str, budget: &'b Budget) -> Result<Self, Failure> {
        Ok(Self {
            prefix: prefix.to_owned(),
            parts: Parts::new(&named(prefix, "body"), budget)?,
            budget,
            held: budget.hold(0)?,
            depth: 0,
            regions: Vec::new(),
            is_sheet: false,
            page_word: "page",
            pages: 0,
            page_name: String::new(),
            hidden_styles: HashSet::new(),
            style: String::new(),
            paragraphs: 0,
            paragraphs_open: 0,
            place: Place::Whole,
            tables: Vec::new(),
            tables_seen: 0,
            allowance: Allowance::default(),
            captures: Vec::new(),
            after: String::new(),
            region_number: String::new(),
            deletions: HashMap::new(),
            insertions: HashSet::new(),
            inserted_depth: 0,
            before: Before::default(),
            before_pending: None,
            gap: false,
            objects: 0,
        })
    }

    fn read(&mut self, xml: &mut XmlReader<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        while let Some(event) = xml.next_event()? {
            match event {
                Xml::Start(tag) => {
                    self.depth += 1;
                    self.start(&tag, out)?;
                }
                Xml::End(tag) => {
                    self.end(tag.name(), out)?;
                    self.depth = self.depth.saturating_sub(1);
                }
                Xml::Text(text) => self.text(&text, out)?,
                Xml::Comment(text) if !text.trim().is_empty() => {
                    self.parts.set_aside("remarks", &Place::Whole, text.into_owned(), out)?;
                }
                Xml::Comment(_) | Xml::Other(_) => {}
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        while !self.captures.is_empty() {
            self.end_capture(out)?;
        }
        self.end_paragraph(out)?;
        self.parts.close(out)?;
        self.parts.push_asides(out)?;
        self.parts.close(out)
    }

    fn region(&self) -> Region {
        self.regions.last().map_or(Region::Outside, |&(_, region)| region)
    }

    fn start(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        let name = tag.name();
        if self.depth == 1 && !name.starts_with("document") {
            // A formula or another vocabulary: all of it counts.
            self.enter(Region::Body);
        }
        match name {
            "body" if self.region() == Region::Outside => {
                self.enter(Region::Body);
                self.parts.switch(&named(&self.prefix, "body"), out)?;
            }
            "scripts" if self.region() == Region::Outside => {
                self.enter(Region::Body);
                self.parts.switch(&named(&self.prefix, "scripts"), out)?;
            }
            "config-item" if self.region() == Region::Outside && is_readable_setting(tag) => {
                self.enter(Region::Meta);
                self.parts.switch(&named(&self.prefix, "settings"), out)?;
            }
            "master-styles" => self.enter(Region::Master),
            "meta" if self.region() == Region::Outside => {
                self.enter(Region::Meta);
                self.parts.switch(&named(&self.prefix, "properties"), out)?;
            }
            "style" => self.style = tag.attribute("name").unwrap_or_default(),
            "table-properties" | "drawing-page-properties" => self.note_hidden(tag),
            _ => {}
        }
        match self.region() {
            Region::Outside if name == "p" || name == "h" => self.begin_paragraph(),
            Region::Outside => {}
            Region::Meta => self.attributes(tag, out)?,
            Region::Master | Region::Body => self.start_inside(tag, out)?,
        }
        Ok(())
    }

    fn start_inside(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        match tag.name() {
            "p" | "h" => self.begin_paragraph(),
            "s" => {
                let count = tag.attribute("c").and_then(|n| n.parse().ok()).unwrap_or(1usize);
                self.add(&" ".repeat(count.min(SPACES_MAX)), out)?;
            }
            "tab" => self.pend('\t'),
            "line-break" => self.pend('\n'),
            "spreadsheet" => {
                self.is_sheet = true;
                self.parts.switch(&named(&self.prefix, "workbook"), out)?;
            }
            "presentation" => self.page_word = "slide",
            "chart" if self.depth <= 3 => self.parts.switch(&named(&self.prefix, "chart"), out)?,
            "page" => self.begin_page(tag, out)?,
            "notes" if self.captures.is_empty() => {
                let name = format!("{} notes", self.page_name);
                self.parts.switch(&name, out)?;
            }
            "master-page" => self.begin_master(tag, out)?,
            "header" | "header-left" | "header-first" | "footer" | "footer-left" | "footer-first"
                if self.region() == Region::Master =>
            {
                let side = if tag.name().starts_with("header") { "headers" } else { "footers" };
                self.parts.switch(&named(&self.prefix, side), out)?;
                self.parts.pend('\n');
            }
            "table" => self.begin_table(tag, out)?,
            "table-row" => {
                if let Some(table) = self.tables.last_mut() {
                    table.begin_row(tag);
                }
            }
            "table-cell" | "covered-table-cell" => self.begin_cell(tag),
            "annotation" => self.capture(Apart::Comment),
            "note" => self.capture(Apart::Note),
            "changed-region" => self.region_number = tag.attribute("id").unwrap_or_default(),
            "insertion" if self.insertions.len() < NAMES_MAX => {
                self.held.grow(self.region_number.len() + 64)?;
                self.insertions.insert(self.region_number.clone());
            }
            "deletion" if !self.is_sheet => {
                let number = self.region_number.clone();
                self.capture(Apart::Deletion(number));
            }
            "change-info" if !self.is_sheet => self.capture(Apart::Author),
            "change" => self.mark_deletion(tag),
            "change-start" => self.inserted_depth += u32::from(self.is_insertion(tag)),
            "change-end" => self.inserted_depth -= u32::from(self.is_insertion(tag)).min(self.inserted_depth),
            "binary-data" => {
                self.objects += 1;
                self.capture(Apart::Binary(Embedded::new(self.objects)));
            }
            name if self.paragraphs_open > 0 && is_shape(name) => self.capture(Apart::Shape),
            _ => {}
        }
        self.attributes(tag, out)
    }

    fn end(&mut self, name: &str, out: &mut dyn Output) -> Result<(), Failure> {
        if self.captures.last().is_some_and(|capture| capture.depth == self.depth) {
            self.end_capture(out)?;
        }
        match name {
            "p" | "h" => {
                self.paragraphs_open = self.paragraphs_open.saturating_sub(1);
                if self.paragraphs_open == 0 {
                    self.end_paragraph(out)?;
                }
                self.pend('\n');
            }
            "table-cell" | "covered-table-cell" if self.captures.is_empty() => {
                if let Some(table) = self.tables.last_mut() {
                    table.end_cell("", &mut self.parts, out, &mut self.allowance)?;
                }
            }
            "table-cell" | "covered-table-cell" => self.pend('\t'),
            "table-row" if self.captures.is_empty() => {
                if let Some(table) = self.tables.last_mut() {
                    table.end_row(&mut self.parts, out, &mut self.allowance)?;
                }
            }
            "table-row" => self.pend('\n'),
            "table" => self.end_table(out)?,
            "notes" if self.captures.is_empty() => {
                let page = self.page_name.clone();
                self.parts.switch(&page, out)?;
            }
            _ if self.paragraphs_open == 0 => self.pend('\n'),
            _ => {}
        }
        if self.regions.last().is_some_and(|&(depth, _)| depth == self.depth) {
            self.regions.pop();
        }
        Ok(())
    }

    fn enter(&mut self, region: Region) {
        self.regions.push((self.depth, region));
    }

    fn note_hidden(&mut self, tag: &Tag<'_>) {
        let hidden = tag
            .attributes()
            .any(|(key, value)| matches!((key, &*value), ("display", "false") | ("visibility", "hidden")));
        if hidden && self.hidden_styles.len() < NAMES_MAX && self.held.grow(self.style.len() + 64).is_ok() {
            self.hidden_styles.insert(self.style.clone());
        }
    }

    fn hidden_mark(&self, tag: &Tag<'_>) -> &'static str {
        let style = tag.attribute("style-name").unwrap_or_default();
        if self.hidden_styles.contains(&style) { " (hidden)" } else { "" }
    }

    fn begin_page(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        self.pages = self.pages.saturating_add(1);
        self.paragraphs = 0;
        self.tables_seen = 0;
        self.page_name = named(&self.prefix, &format!("{} {}{}", self.page_word, self.pages, self.hidden_mark(tag)));
        let name = self.page_name.clone();
        self.parts.switch(&name, out)?;
        let given = tag.attribute("name").unwrap_or_default();
        let number = given.trim_start_matches(|c: char| c.is_alphabetic());
        let is_made_up = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        if !is_made_up {
            self.parts.set_aside("names", &Place::Whole, given, out)?;
        }
        Ok(())
    }

    fn begin_master(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        let shown = tag.attribute("display-name").or_else(|| tag.attribute("name")).unwrap_or_default();
        self.page_name = named(&self.prefix, &format!("master '{shown}'"));
        let name = self.page_name.clone();
        self.parts.switch(&name, out)
    }

    fn begin_table(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        let is_sheet = self.is_sheet && self.tables.is_empty() && self.captures.is_empty();
        if is_sheet {
            let name = tag.attribute("name").unwrap_or_default();
            let label = format!("sheet '{name}'{}", self.hidden_mark(tag));
            self.parts.set_aside("sheet names", &Place::Whole, name, out)?;
            self.parts.switch(&named(&self.prefix, &label), out)?;
        }
        self.tables_seen = self.tables_seen.saturating_add(1);
        self.tables.push(Table::new(self.tables_seen, is_sheet));
        self.pend('\n');
        Ok(())
    }

    fn end_table(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        self.tables.pop();
        self.renew_place();
        self.pend('\n');
        if self.is_sheet && self.tables.is_empty() && self.captures.is_empty() {
            self.parts.switch(&named(&self.prefix, "workbook"), out)?;
        }
        Ok(())
    }

    fn begin_cell(&mut self, tag: &Tag<'_>) {
        let head = CellHead::of(tag);
        let Some(table) = self.tables.last_mut().filter(|_| self.captures.is_empty()) else { return };
        table.begin_cell(&head, &self.parts);
        let is_apart = table.is_sheet() || !head.stored.is_empty();
        self.renew_place();
        if is_apart {
            self.capture(Apart::Cell(head));
        }
    }

    fn begin_paragraph(&mut self) {
        if self.paragraphs_open > 0 {
            self.pend('\n');
        }
        self.paragraphs_open += 1;
        self.gap = false;
        if self.captures.is_empty() && self.tables.is_empty() {
            self.paragraphs = self.paragraphs.saturating_add(1);
            self.renew_place();
        }
    }

    /// Ends a paragraph of the running text; one that lost text is followed by what it was before.
    fn end_paragraph(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        self.gap = false;
        if !self.after.is_empty() {
            let after = std::mem::take(&mut self.after);
            self.pend('\n');
            self.add(&after, out)?;
        }
        if !self.captures.is_empty() {
            return Ok(());
        }
        let runs = self.before.runs(&self.place);
        if !runs.is_empty() {
            self.parts.pend('\n');
        }
        for (place, text) in runs {
            self.parts.push(&place, text, out)?;
        }
        self.before.clear();
        self.before_pending = None;
        Ok(())
    }

    fn capture(&mut self, apart: Apart) {
        let paragraphs_open = std::mem::take(&mut self.paragraphs_open);
        self.gap = false;
        self.captures.push(Capture { apart, depth: self.depth, text: String::new(), pending: None, paragraphs_open });
    }

    fn end_capture(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        let Some(capture) = self.captures.pop() else { return Ok(()) };
        self.paragraphs_open = capture.paragraphs_open;
        self.gap = false;
        match capture.apart {
            Apart::Comment => self.parts.set_aside("comments", &self.place, capture.text, out),
            Apart::Note => self.parts.set_aside("notes", &self.place, capture.text, out),
            Apart::Author => self.parts.set_aside("tracked changes", &Place::Whole, capture.text, out),
            Apart::Deletion(number) => self.keep_deletion(number, capture.text, out),
            Apart::Shape => {
                if !self.after.is_empty() {
                    self.after.push('\n');
                }
                self.after.push_str(&capture.text);
                Ok(())
            }
            Apart::Cell(head) => self.end_cell(&head, &capture.text, out),
            Apart::Binary(embedded) => {
                self.parts.close(out)?;
                embedded.hand_over(out)
            }
        }
    }

    fn end_cell(&mut self, head: &CellHead, shown: &str, out: &mut dyn Output) -> Result<(), Failure> {
        let Some(table) = self.tables.last_mut() else { return Ok(()) };
        let (parts, allowance) = (&mut self.parts, &mut self.allowance);
        let mut text = shown.to_owned();
        for form in [&head.stored, &head.formula].into_iter().filter(|form| !form.is_empty() && *form != shown) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(form);
        }
        table.end_cell(&text, parts, out, allowance)
    }

    fn keep_deletion(&mut self, number: String, text: String, out: &mut dyn Output) -> Result<(), Failure> {
        self.parts.set_aside("tracked changes", &Place::Whole, text.clone(), out)?;
        if self.deletions.len() < NAMES_MAX && self.held.grow(number.len() + text.len() + 64).is_ok() {
            self.deletions.insert(number, text);
        }
        Ok(())
    }

    fn mark_deletion(&mut self, tag: &Tag<'_>) {
        let Some(number) = tag.attribute("change-id") else { return };
        if let Some(text) = self.deletions.get(&number).cloned() {
            if self.gap {
                self.before_pending = Some(stronger(self.before_pending, ' '));
            }
            self.remember(&text, true);
        }
    }

    fn is_insertion(&self, tag: &Tag<'_>) -> bool {
        tag.attribute("change-id").is_some_and(|number| self.insertions.contains(&number))
    }

    fn remember(&mut self, text: &str, is_deleted: bool) {
        if !self.deletions.is_empty() && self.captures.is_empty() {
            self.before.add(self.before_pending.take(), text, is_deleted);
        }
    }

    fn attributes(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        let Some(keys) = text_attributes(tag.name()) else { return Ok(()) };
        for (key, value) in tag.attributes() {
            if !keys.contains(&key) || value.trim().is_empty() {
                continue;
            }
            if key == "href" {
                if !href_is_inside(&value) {
                    self.parts.set_aside("links", &self.place, value.into_owned(), out)?;
                }
            } else if self.paragraphs_open > 0 {
                if !self.after.is_empty() {
                    self.after.push('\n');
                }
                self.after.push_str(&value);
            } else {
                self.add(&value, out)?;
                self.pend(' ');
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str, out: &mut dyn Output) -> Result<(), Failure> {
        if let Some(Capture { apart: Apart::Binary(embedded), .. }) = self.captures.last_mut() {
            return embedded.take(text, self.budget);
        }
        if self.region() == Region::Outside && self.paragraphs_open == 0 {
            return Ok(());
        }
        self.add_collapsed(text, out)
    }

    /// Adds text with its white space collapsed, as 6.1.2 of the format asks.
    fn add_collapsed(&mut self, text: &str, out: &mut dyn Output) -> Result<(), Failure> {
        let is_space = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
        let mut rest = text;
        while !rest.is_empty() {
            let words = words_len(rest.as_bytes());
            if words > 0 {
                if std::mem::take(&mut self.gap) {
                    self.pend(' ');
                }
                self.add(&rest[..words], out)?;
            }
            let spaces = rest.as_bytes()[words..].iter().take_while(|b| is_space(b)).count();
            let ends_line = self.captures.is_empty() && self.paragraphs_open == 0 && spaces > 0;
            self.gap |= spaces > 0 && !ends_line;
            rest = &rest[words + spaces..];
        }
        Ok(())
    }

    fn add(&mut self, text: &str, out: &mut dyn Output) -> Result<(), Failure> {
        let Some(capture) = self.captures.last_mut() else {
            let mark = Mark { is_inserted: self.inserted_depth > 0, ..Mark::default() };
            if !mark.is_inserted {
                self.remember(text, false);
            }
            let place = mark.place(&self.place);
            return self.parts.push(place.as_ref().unwrap_or(&self.place), text, out);
        };
        if let Some(c) = capture.pending.take().filter(|_| !capture.text.is_empty()) {
            capture.text.push(c);
        }
        capture.text.push_str(text);
        if capture.text.len() > CAPTURED_BYTES_MAX { self.spill(out) } else { Ok(()) }
    }

    /// Hands on what was read apart so far when it grows long.
    fn spill(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        let Some(capture) = self.captures.last_mut() else { return Ok(()) };
        let text = std::mem::take(&mut capture.text);
        let part = match capture.apart {
            Apart::Comment => "comments",
            Apart::Note => "notes",
            Apart::Deletion(_) | Apart::Author => "tracked changes",
            Apart::Shape | Apart::Cell(_) | Apart::Binary(_) => return self.parts.push(&self.place, &text, out),
        };
        self.parts.set_aside(part, &self.place, text, out)
    }

    fn pend(&mut self, separator: char) {
        match self.captures.last_mut() {
            Some(capture) => capture.pending = Some(stronger(capture.pending, separator)),
            None => {
                self.parts.pend(separator);
                self.before_pending = Some(stronger(self.before_pending, separator));
            }
        }
    }

    fn renew_place(&mut self) {
        self.place = match self.tables.last() {
            Some(table) => table.place(),
            None => Place::Paragraph(self.paragraphs),
        };
    }
}

fn named(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix} {name}") }
}

/// True for a setting that is a text; what a printer remembers is none.
fn is_readable_setting(tag: &Tag<'_>) -> bool {
    tag.attribute("type").as_deref() == Some("string") && tag.attribute("name").as_deref() != Some("PrinterSetup")
}

/// Shapes that may stand inside a paragraph.
fn is_shape(name: &str) -> bool {
    matches!(
        name,
        "frame"
            | "custom-shape"
            | "g"
            | "rect"
            | "line"
            | "polyline"
            | "polygon"
            | "regular-polygon"
            | "path"
            | "circle"
            | "ellipse"
            | "connector"
            | "caption"
            | "measure"
            | "control"
            | "ruby-text"
    )
}

/// Bytes of the words at the beginning that stand one space apart.
fn words_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    let is_space = |b: u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
    while let Some(space) = bytes[at..].iter().position(|b| is_space(*b)) {
        let end = at + space;
        let goes_on = end > 0 && bytes[end] == b' ' && bytes.get(end + 1).is_some_and(|b| !is_space(*b));
        if !goes_on {
            return end;
        }
        at = end + 1;
    }
    bytes.len()
}
