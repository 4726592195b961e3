//! Running text of Office parts: WordprocessingML, DrawingML, charts and diagrams share the names that matter.
//!
//! Runs of a paragraph join with nothing between, since Office cuts numbers into runs; paragraphs, cells and rows are kept
//! apart. Tracked insertions and deletions are read and marked (`changes`), hidden text too. Text boxes stand twice in a file, as drawing
//! and as fallback; one of the two is taken.

use super::super::changes::{Before, Mark};
use super::super::xml_events::{Tag, Xml, XmlReader};
use super::super::{Edge, Failure, Output};
use super::sheet::cell_of;
use crate::model::Place;

/// Elements whose character data is a setting, not text.
const NUMBERS: &[&str] = &[
    "posOffset",
    "pctWidth",
    "pctHeight",
    "pctPosHOffset",
    "pctPosVOffset",
    "align",
    "formatCode",
    "instrTextId",
    "ClientData",
    "from",
    "to",
];
/// Elements inside a paragraph whose text does not belong to its sentence: text boxes, field codes, readings. They follow it.
const ASIDE: &[&str] = &["txbxContent", "instrText", "delInstrText", "rt"];
/// What is read apart is handed on when it grows past this.
const ASIDE_BYTES_MAX: usize = 1 << 20;
/// Attributes that hold text, by element.
const TEXT_ATTRIBUTES: &[(&str, &[&str])] = &[
    ("docPr", &["descr", "title"]),
    ("cNvPr", &["descr", "title"]),
    ("cSld", &["name"]),
    ("shape", &["alt", "title", "href"]),
    ("rect", &["alt", "title", "href"]),
    ("imagedata", &["title"]),
    ("textpath", &["string"]),
    ("hyperlink", &["tooltip"]),
    ("hlinkClick", &["tooltip"]),
    ("hlinkHover", &["tooltip"]),
    ("hlinkMouseOver", &["tooltip"]),
    ("fldSimple", &["instr"]),
    ("docVar", &["name", "val"]),
    ("alias", &["val"]),
    ("default", &["val"]),
    ("statusText", &["val"]),
    ("helpText", &["val"]),
    ("listItem", &["displayText", "value"]),
    ("listEntry", &["val"]),
    ("comment", &["author"]),
    ("cmAuthor", &["name"]),
    ("author", &["name", "userId"]),
    ("person", &["displayName", "userId", "author"]),
    ("tag", &["name", "val"]),
    ("section", &["name"]),
    ("custShow", &["name"]),
    ("oleObj", &["name"]),
    ("externalData", &["id"]),
    ("sdtContent", &["text"]),
    ("connectString", &["val"]),
    ("query", &["val"]),
    ("udl", &["val"]),
    ("mailSubject", &["val"]),
    ("addressFieldName", &["val"]),
    ("ocxPr", &["value"]),
    ("property", &["name", "value"]),
    ("Assign", &["userName"]),
    ("Attribution", &["userName"]),
    ("SetTitle", &["title"]),
    ("header", &["userName"]),
];

/// Pushes the running text of one part into the open part of `out`. Returns true when there was any.
pub(super) fn push_text(xml: &mut XmlReader<'_>, out: &mut dyn Output) -> Result<bool, Failure> {
    let mut flow = Flow::default();
    while let Some(event) = xml.next_event()? {
        match event {
            Xml::Start(tag) => flow.start(&tag, out)?,
            Xml::End(tag) => flow.end(tag.name(), out)?,
            Xml::Text(text) => flow.text(&text, out)?,
            Xml::Comment(_) | Xml::Other(_) => {}
        }
    }
    flow.end_paragraph(out)?;
    Ok(flow.any)
}

#[derive(Default)]
struct Flow {
    any: bool,
    /// Texts so far.
    texts: u64,
    /// What to put before the next text; the strongest of what passed since the last.
    pending: Option<char>,
    paragraphs: u32,
    tables_seen: u32,
    tables: Vec<Table>,
    place: Place,
    deleted_depth: u32,
    inserted_depth: u32,
    /// The run at hand is not shown.
    is_hidden: bool,
    paragraph: Paragraph,
    /// What is being read apart, innermost last.
    asides: Vec<Aside>,
    /// Elements inside the one that is passed over.
    skipped_depth: u32,
    /// One for each open `AlternateContent`: true once its choice gave text.
    alternates: Vec<bool>,
    /// Inside an element whose text is a setting.
    number_depth: u32,
}

/// The paragraph being read.
#[derive(Default)]
struct Paragraph {
    open: u32,
    /// Its text before the changes.
    before: Before,
    /// What follows it.
    after: String,
}

/// Text that is read apart, and the paragraph it stands in.
struct Aside {
    text: String,
    outer: Paragraph,
    outer_pending: Option<char>,
}

struct Table {
    number: u32,
    row: u32,
    column: u32,
    /// Texts before the present cell.
    texts_before: u64,
}

impl Flow {
    fn start(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        if self.skipped_depth > 0 {
            self.skipped_depth += 1;
            return Ok(());
        }
        match tag.name() {
            "p" => {
                self.paragraph.open = self.paragraph.open.saturating_add(1);
                if self.asides.is_empty() {
                    self.paragraphs = self.paragraphs.saturating_add(1);
                    self.renew_place();
                }
            }
            name if self.paragraph.open > 0 && ASIDE.contains(&name) => self.begin_aside(),
            "comment" | "threadedComment" => self.place_by_reference(tag),
            "tbl" => {
                self.tables_seen += 1;
                self.tables.push(Table { number: self.tables_seen, row: 0, column: 0, texts_before: self.texts });
                self.pend('\n');
            }
            "tr" => self.next_row(),
            "tc" => self.next_cell(),
            "tab" | "ptab" => self.pend('\t'),
            "br" | "cr" => self.pend('\n'),
            "noBreakHyphen" => self.text("-", out)?,
            "softHyphen" => self.text("\u{ad}", out)?,
            "del" | "moveFrom" => self.deleted_depth += 1,
            "ins" | "moveTo" => self.inserted_depth += 1,
            "r" => self.is_hidden = false,
            "vanish" => self.is_hidden = !matches!(tag.attribute("val").as_deref(), Some("0" | "false" | "off")),
            "AlternateContent" => self.alternates.push(false),
            "Choice" if self.alternates.last() == Some(&true) => self.skipped_depth = 1,
            "Fallback" if self.alternates.last() == Some(&true) => self.skipped_depth = 1,
            name if NUMBERS.contains(&name) => self.number_depth += 1,
            _ => {}
        }
        self.attributes(tag, out)
    }

    fn end(&mut self, name: &str, out: &mut dyn Output) -> Result<(), Failure> {
        if self.skipped_depth > 0 {
            self.skipped_depth -= 1;
            return Ok(());
        }
        match name {
            "p" => {
                self.paragraph.open = self.paragraph.open.saturating_sub(1);
                self.end_paragraph(out)?;
            }
            name if ASIDE.contains(&name) => self.end_aside(),
            "tr" => self.pend('\n'),
            "tbl" => {
                self.tables.pop();
                self.pend('\n');
                self.renew_place();
            }
            "v" | "pt" => self.pending = Some('\t'),
            "tc" => self.end_cell(),
            "ser" | "cat" | "title" | "txPr" | "comment" | "cm" | "text" | "listItem" | "docPr" | "cNvPr"
            | "author" | "tag" | "section" | "person" | "cmAuthor" | "docVar" | "div" => {
                self.pend('\n');
            }
            "del" | "moveFrom" => self.deleted_depth = self.deleted_depth.saturating_sub(1),
            "ins" | "moveTo" => self.inserted_depth = self.inserted_depth.saturating_sub(1),
            "AlternateContent" => {
                let gave = self.alternates.pop().unwrap_or(false);
                if let Some(outer) = self.alternates.last_mut() {
                    *outer |= gave;
                }
            }
            name if NUMBERS.contains(&name) => self.number_depth = self.number_depth.saturating_sub(1),
            _ => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str, out: &mut dyn Output) -> Result<(), Failure> {
        let is_layout = text.bytes().all(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t')) && text.contains('\n');
        if text.is_empty() || is_layout || self.skipped_depth > 0 || self.number_depth > 0 {
            return Ok(());
        }
        if let Some(gave) = self.alternates.last_mut() {
            *gave = true;
        }
        let mark = Mark {
            is_deleted: self.deleted_depth > 0,
            is_inserted: self.inserted_depth > 0,
            is_hidden: self.is_hidden,
        };
        if mark.is_deleted || !mark.is_inserted {
            // Tabs and breaks between runs are kept apart here too.
            self.paragraph.before.add(self.pending, text, mark.is_deleted);
        }
        if mark.is_deleted {
            return Ok(());
        }
        let separator = self.pending.take();
        let place = mark.place(&self.place);
        self.emit(separator, place.as_ref(), text, out)
    }

    /// Adds text to what is read apart, or pushes it; `place` where it is another than the present one.
    fn emit(
        &mut self,
        separator: Option<char>,
        place: Option<&Place>,
        text: &str,
        out: &mut dyn Output,
    ) -> Result<(), Failure> {
        self.any = true;
        self.texts += 1;
        if let Some(aside) = self.asides.last_mut().filter(|aside| aside.text.len() < ASIDE_BYTES_MAX) {
            aside.text.extend(separator.filter(|_| !aside.text.is_empty()));
            aside.text.push_str(text);
            return Ok(());
        }
        out.push(separator.map_or(Edge::Join, Edge::Soft), place.unwrap_or(&self.place), text, None)?;
        Ok(())
    }

    fn attributes(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        let name = tag.name();
        let Some((_, keys)) = TEXT_ATTRIBUTES.iter().find(|(element, _)| *element == name) else { return Ok(()) };
        for (key, value) in tag.attributes() {
            if !keys.contains(&key) || value.is_empty() {
                continue;
            }
            if self.paragraph.open > 0 {
                self.follow(&value);
            } else {
                let separator = self.pending.take().unwrap_or(' ');
                self.emit(Some(separator), None, &value, out)?;
                self.pend(' ');
            }
        }
        Ok(())
    }

    /// Keeps a text for the end of the paragraph.
    fn follow(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        if !self.paragraph.after.is_empty() {
            self.paragraph.after.push('\n');
        }
        self.paragraph.after.push_str(text);
    }

    fn begin_aside(&mut self) {
        let outer = std::mem::take(&mut self.paragraph);
        self.asides.push(Aside { text: String::new(), outer, outer_pending: self.pending.take() });
    }

    fn end_aside(&mut self) {
        let Some(aside) = self.asides.pop() else { return };
        self.paragraph = aside.outer;
        self.pending = aside.outer_pending;
        self.follow(aside.text.trim());
    }

    /// Ends a paragraph: what stood in it apart follows, and one that lost text is followed by what it was before.
    fn end_paragraph(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        let after = std::mem::take(&mut self.paragraph.after);
        let mut before = std::mem::take(&mut self.paragraph.before);
        self.is_hidden = false;
        if !after.is_empty() {
            self.emit(Some('\n'), None, &after, out)?;
        }
        let mut separator = Some('\n');
        for (place, text) in before.runs(&self.place) {
            self.emit(separator.take(), Some(&place), text, out)?;
        }
        before.clear();
        self.paragraph.before = before;
        self.pend('\n');
        Ok(())
    }

    /// A comment of a sheet says which cell it hangs on.
    fn place_by_reference(&mut self, tag: &Tag<'_>) {
        let cell = tag.attribute("ref").and_then(|reference| cell_of(&reference));
        if let Some((row, column)) = cell {
            self.place = Place::Cell { row, column };
        }
    }

    /// Asks for a separator before the next text; a line end outranks a tab, which outranks a space.
    fn pend(&mut self, separator: char) {
        let rank = |c| " \t\n".find(c);
        if self.pending.is_none_or(|now| rank(separator) > rank(now)) {
            self.pending = Some(separator);
        }
    }

    fn next_row(&mut self) {
        if let Some(table) = self.tables.last_mut() {
            table.row = table.row.saturating_add(1);
            table.column = 0;
        }
    }

    fn next_cell(&mut self) {
        if let Some(table) = self.tables.last_mut() {
            table.column = table.column.saturating_add(1);
            table.texts_before = self.texts;
        }
        self.renew_place();
    }

    /// Ends a cell. The paragraph in it asked for a line's end, which a tab takes the place of; an empty cell leaves the end of
    /// the row before it.
    fn end_cell(&mut self) {
        if self.tables.last().is_none_or(|table| self.texts > table.texts_before) {
            self.pending = Some('\t');
        }
        self.pend('\t');
    }

    fn renew_place(&mut self) {
        self.place = match self.tables.last() {
            Some(table) => Place::TableCell { table: table.number, row: table.row, column: table.column },
            None => Place::Paragraph(self.paragraphs),
        };
    }
}
