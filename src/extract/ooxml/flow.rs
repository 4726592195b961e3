//! Running text of Office parts: WordprocessingML, DrawingML, charts and diagrams share the names that matter.
//!
//! Runs of a paragraph join with nothing between, since Office cuts numbers into runs; paragraphs, cells and rows are kept
//! apart. Tracked deletions are read too: a paragraph that has any is followed by its text before the changes, so that a
//! value is found whole whether it was inserted, deleted or only half changed. Text boxes stand twice in a file, as drawing
//! and as fallback; one of the two is taken.

use super::super::xml_events::{Tag, Xml, XmlReader};
use super::super::{Edge, Failure, Output};
use crate::model::Place;

/// Elements whose character data is a setting, not text.
const NUMBERS: &[&str] =
    &["posOffset", "pctWidth", "pctHeight", "pctPosHOffset", "pctPosVOffset", "align", "formatCode", "instrTextId"];
/// Attributes that hold text, by element; `*` stands for any element.
const TEXT_ATTRIBUTES: &[(&str, &str)] = &[
    ("docPr", "descr"),
    ("docPr", "title"),
    ("cNvPr", "descr"),
    ("cNvPr", "title"),
    ("shape", "alt"),
    ("textpath", "string"),
    ("hyperlink", "tooltip"),
    ("fldSimple", "instr"),
    ("docVar", "name"),
    ("docVar", "val"),
    ("alias", "val"),
    ("default", "val"),
    ("statusText", "val"),
    ("helpText", "val"),
    ("listItem", "displayText"),
    ("comment", "author"),
    ("cmAuthor", "name"),
    ("author", "name"),
    ("person", "displayName"),
    ("tag", "name"),
    ("tag", "val"),
    ("externalData", "id"),
    ("sdtContent", "text"),
];
/// A paragraph's text before its changes is kept up to this length.
const BEFORE_BYTES_MAX: usize = 256 << 10;

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
    /// What to put before the next text; the strongest of what passed since the last.
    pending: Option<char>,
    paragraphs: u32,
    tables_seen: u32,
    tables: Vec<Table>,
    place: Place,
    deleted_depth: u32,
    inserted_depth: u32,
    has_deletion: bool,
    before: String,
    /// Elements inside the one that is passed over.
    skipped_depth: u32,
    /// One for each open `AlternateContent`: true once its choice gave text.
    alternates: Vec<bool>,
    /// Inside an element whose text is a setting.
    number_depth: u32,
}

struct Table {
    number: u32,
    row: u32,
    column: u32,
}

impl Flow {
    fn start(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        if self.skipped_depth > 0 {
            self.skipped_depth += 1;
            return Ok(());
        }
        match tag.name() {
            "p" => {
                self.paragraphs = self.paragraphs.saturating_add(1);
                self.renew_place();
            }
            "tbl" => {
                self.tables_seen += 1;
                self.tables.push(Table { number: self.tables_seen, row: 0, column: 0 });
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
            "p" => self.end_paragraph(out)?,
            "tr" => self.pend('\n'),
            "tbl" => {
                self.tables.pop();
                self.pend('\n');
                self.renew_place();
            }
            "tc" | "v" | "pt" => self.pending = self.pending.map(|_| '\t').or(Some('\t')),
            "ser" | "cat" | "title" | "txPr" | "comment" | "cm" | "text" | "listItem" | "docPr" | "cNvPr" => {
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
        if self.deleted_depth > 0 {
            self.has_deletion = true;
            self.remember(text);
            return Ok(());
        }
        if self.inserted_depth == 0 {
            self.remember(text);
        }
        self.any = true;
        let edge = self.pending.take().map_or(Edge::Join, Edge::Soft);
        out.push(edge, &self.place, text, None)?;
        Ok(())
    }

    fn attributes(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        let name = tag.name();
        if !TEXT_ATTRIBUTES.iter().any(|(element, _)| *element == name) {
            return Ok(());
        }
        for (key, value) in tag.attributes() {
            if TEXT_ATTRIBUTES.contains(&(name, key)) && !value.is_empty() {
                self.any = true;
                let edge = Edge::Soft(self.pending.take().unwrap_or(' '));
                out.push(edge, &self.place, &value, None)?;
                self.pend(' ');
            }
        }
        Ok(())
    }

    fn remember(&mut self, text: &str) {
        if self.before.len() + text.len() > BEFORE_BYTES_MAX {
            return;
        }
        // Tabs and breaks between runs are kept apart here too.
        if let Some(c) = self.pending.filter(|_| !self.before.is_empty()) {
            self.before.push(c);
        }
        self.before.push_str(text);
    }

    /// Ends a paragraph; one that lost text is followed by what it was before.
    fn end_paragraph(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        if std::mem::take(&mut self.has_deletion) && !self.before.is_empty() {
            self.any = true;
            let place = Place::named(format!("{} (before changes)", self.place));
            out.push(Edge::Soft('\n'), &place, &self.before, None)?;
        }
        self.before.clear();
        self.pend('\n');
        Ok(())
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
        }
        self.renew_place();
    }

    fn renew_place(&mut self) {
        self.place = match self.tables.last() {
            Some(table) => Place::TableCell { table: table.number, row: table.row, column: table.column },
            None => Place::Paragraph(self.paragraphs),
        };
    }
}
