//! What the cells of a workbook refer to: the table of shared strings and the number formats of the styles.

use super::super::xml_events::{Xml, XmlReader};
use super::super::{Edge, Failure, Output};
use super::number_format::Format;
use crate::content::Budget;
use crate::content::Stop;
use crate::content::budget::Hold;
use crate::model::{Limit, Place};
use std::collections::HashMap;

/// Formats and styles kept; Excel itself allows 65,490.
pub(super) const STYLES_MAX: usize = 70_000;

/// The shared strings of a workbook in one piece of memory.
#[derive(Debug)]
pub(super) struct SharedStrings<'a> {
    text: String,
    ends: Vec<usize>,
    held: Hold<'a>,
}

impl<'a> SharedStrings<'a> {
    /// An empty table.
    pub(super) fn new(budget: &'a Budget) -> Result<Self, Failure> {
        Ok(Self { text: String::new(), ends: Vec::new(), held: budget.hold(0)? })
    }

    /// Reads the table; [`Limit::Memory`] when it does not fit.
    pub(super) fn read(&mut self, xml: &mut XmlReader<'_>) -> Result<(), Failure> {
        let mut strings = StringItems::default();
        while let Some(event) = xml.next_event()? {
            if let Some(item) = strings.take(&event) {
                self.add(item)?;
            }
        }
        Ok(())
    }

    /// Adds the next string; [`Limit::Memory`] when it does not fit.
    pub(super) fn add(&mut self, item: &str) -> Result<(), Failure> {
        self.held.grow(item.len() * 2 + size_of::<usize>() * 2)?;
        self.text.push_str(item);
        self.ends.push(self.text.len());
        Ok(())
    }

    /// The string of this number.
    pub(super) fn get(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)?;
        let start = if at == 0 { 0 } else { *self.ends.get(at - 1)? };
        self.text.get(start..end)
    }

    /// Forgets all, after the table did not fit.
    pub(super) fn clear(&mut self) {
        self.text = String::new();
        self.ends = Vec::new();
    }
}

/// Pushes the table's strings as text of their own, for a workbook whose table does not fit into memory.
pub(super) fn push_strings(xml: &mut XmlReader<'_>, out: &mut dyn Output) -> Result<bool, Failure> {
    let mut strings = StringItems::default();
    while let Some(event) = xml.next_event()? {
        if let Some(item) = strings.take(&event) {
            out.push(Edge::Soft('\n'), &Place::Whole, item, None)?;
        }
    }
    Ok(true)
}

/// True for the failure that [`SharedStrings::read`] ends with when the table does not fit.
pub(super) fn is_memory(failure: &Failure) -> bool {
    failure.stop() == Some(Stop::Limit(Limit::Memory))
}

/// Puts the runs of string items together; phonetic readings, which repeat the text in another script, are left out.
#[derive(Debug, Default)]
pub(super) struct StringItems {
    text: String,
    in_text: bool,
    phonetic: bool,
    complete: bool,
}

impl StringItems {
    /// Takes one event; gives an item at its end.
    fn take(&mut self, event: &Xml<'_>) -> Option<&str> {
        if std::mem::take(&mut self.complete) {
            self.text.clear();
        }
        match event {
            Xml::Start(tag) => match tag.name() {
                "si" => self.text.clear(),
                "t" => self.in_text = true,
                "rPh" => self.phonetic = true,
                _ => {}
            },
            Xml::End(tag) => match tag.name() {
                "t" => self.in_text = false,
                "rPh" => self.phonetic = false,
                "si" => {
                    self.complete = true;
                    return Some(&self.text);
                }
                _ => {}
            },
            Xml::Text(text) if self.in_text && !self.phonetic => self.text.push_str(text),
            _ => {}
        }
        None
    }
}

/// The number format of each cell style.
#[derive(Debug, Default)]
pub(super) struct Styles {
    formats: Vec<Format>,
}

impl Styles {
    /// Reads `styles.xml`.
    pub(super) fn read(xml: &mut XmlReader<'_>) -> Result<Self, Failure> {
        let mut custom: HashMap<u32, Format> = HashMap::new();
        let mut styles = Self::default();
        let mut in_cell_styles = false;
        while let Some(event) = xml.next_event()? {
            match event {
                Xml::Start(tag) => match tag.name() {
                    "numFmt" if custom.len() < STYLES_MAX => {
                        let id = tag.attribute("numFmtId").and_then(|id| id.parse().ok());
                        if let (Some(id), Some(code)) = (id, tag.attribute("formatCode")) {
                            custom.insert(id, Format::parse(&code));
                        }
                    }
                    "cellXfs" => in_cell_styles = true,
                    "xf" if in_cell_styles && styles.formats.len() < STYLES_MAX => {
                        let id = tag.attribute("numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                        styles.formats.push(custom.get(&id).cloned().unwrap_or_else(|| Format::built_in(id)));
                    }
                    _ => {}
                },
                Xml::End(tag) if tag.name() == "cellXfs" => in_cell_styles = false,
                _ => {}
            }
        }
        Ok(styles)
    }

    /// Styles with these formats, in their order.
    pub(super) fn of(formats: Vec<Format>) -> Self {
        Self { formats }
    }

    /// The format of a style; general for one that is not there.
    pub(super) fn format(&self, style: usize) -> &Format {
        self.formats.get(style).unwrap_or(&Format::General)
    }
}
