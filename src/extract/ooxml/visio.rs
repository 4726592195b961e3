//! Drawings of Visio: pages and masters by name, comments, shape data, links, and the tables that a drawing is linked to.
//!
//! [MS-VSDX]. A shape's text lies in one element, cut only by marks of its looks; all else that somebody wrote is a value of
//! a cell in one of a few sections. A page in the background is named as such.

use super::super::xml_events::{Tag, Xml, XmlReader};
use super::super::{Edge, Failure, Output};
use super::Document;
use crate::model::Place;

/// Pages and masters looked up.
const PAGES_MAX: usize = 100_000;
/// Sections of a shape whose cells hold text.
const SECTIONS: &[&str] = &["Property", "Hyperlink", "Annotation", "Actions", "User", "SmartTag"];
/// Cells of those sections that hold it.
const CELLS: &[&str] = &[
    "Value",
    "Label",
    "Prompt",
    "Address",
    "SubAddress",
    "Description",
    "ExtraInfo",
    "Comment",
    "Menu",
    "Format",
    "Frame",
];
/// Attributes that hold text, by element; every attribute of a row of linked data does.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("Page", &["Name"]),
    ("Master", &["Name", "Prompt"]),
    ("AuthorEntry", &["Name", "ResolutionID"]),
    ("DataConnection", &["ConnectionString", "Command", "FriendlyName", "FileName"]),
    ("DataRecordSet", &["Name"]),
    ("DataColumn", &["Name", "Label"]),
    ("SolutionXML", &["Name"]),
    ("RuleInfo", &["Description"]),
    ("Rule", &["Description"]),
    ("RuleSet", &["Description", "Name"]),
];

/// Reads pages and masters; comments and the rest follow with the parts that nothing led to.
pub(super) fn read(document: &mut Document<'_, '_>) -> Result<(), Failure> {
    let main = document.main_part("visio/document.xml")?;
    for list in document.related(&main)? {
        let word = match list.kind.as_str() {
            "pages" => "page",
            "masters" => "master",
            _ => continue,
        };
        let related = document.related(&list.target)?;
        let found = document.tolerate(&list.target, |document| pages(document, &list.target))?.unwrap_or_default();
        for page in found {
            let Some(part) = related.iter().find(|r| r.id == page.relationship) else { continue };
            let back = if page.is_background { " (background)" } else { "" };
            document.read_flow(&part.target, &format!("{word} '{}'{back}", page.name))?;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Page {
    name: String,
    is_background: bool,
    relationship: String,
}

fn pages(document: &Document<'_, '_>, part: &str) -> Result<Vec<Page>, Failure> {
    let Some(at) = document.package.entry_of(part) else { return Ok(Vec::new()) };
    let mut xml = document.package.xml(at)?;
    let mut found: Vec<Page> = Vec::new();
    while let Some(event) = xml.next_event()? {
        let Xml::Start(tag) = event else { continue };
        match tag.name() {
            "Page" | "Master" if found.len() < PAGES_MAX => found.push(Page {
                name: tag.attribute("Name").unwrap_or_default(),
                is_background: tag.attribute("Background").as_deref() == Some("1"),
                relationship: String::new(),
            }),
            "Rel" => {
                if let Some(page) = found.last_mut() {
                    page.relationship = tag.attribute("id").unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Pushes the text of one part of a drawing. Returns true when there was any.
pub(super) fn push_text(xml: &mut XmlReader<'_>, out: &mut dyn Output) -> Result<bool, Failure> {
    let mut drawing = Drawing::default();
    while let Some(event) = xml.next_event()? {
        match event {
            Xml::Start(tag) => drawing.start(&tag, out)?,
            Xml::End(tag) => drawing.end(tag.name()),
            Xml::Text(text) if drawing.texts_open > 0 || !text.trim().is_empty() => drawing.push(&text, out)?,
            _ => {}
        }
    }
    Ok(drawing.any)
}

#[derive(Default)]
struct Drawing {
    any: bool,
    texts_open: u32,
    section: String,
    pending: Option<char>,
}

impl Drawing {
    fn start(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        match tag.name() {
            "Text" => self.texts_open += 1,
            "Section" => self.section = tag.attribute("N").unwrap_or_default(),
            "Cell" if SECTIONS.contains(&self.section.as_str()) => self.cell(tag, out)?,
            "row" => {
                self.pending = Some('\n');
                for (_, value) in tag.attributes() {
                    self.push(&value, out)?;
                    self.pending = Some('\t');
                }
            }
            name => {
                let Some((_, keys)) = ATTRIBUTES.iter().find(|(element, _)| *element == name) else { return Ok(()) };
                for (key, value) in tag.attributes() {
                    if keys.contains(&key) {
                        self.pending = Some('\n');
                        self.push(&value, out)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn cell(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        let name = tag.attribute("N").unwrap_or_default();
        if CELLS.contains(&name.as_str()) {
            let value = tag.attribute("V").unwrap_or_default();
            self.push(&value, out)?;
            self.pending = Some(' ');
        }
        Ok(())
    }

    fn end(&mut self, name: &str) {
        match name {
            "cp" | "pp" | "tp" | "fld" => return,
            "Text" => self.texts_open = self.texts_open.saturating_sub(1),
            "Section" => self.section.clear(),
            "Cell" => return,
            _ => {}
        }
        self.pending = Some('\n');
    }

    fn push(&mut self, text: &str, out: &mut dyn Output) -> Result<(), Failure> {
        if !text.is_empty() {
            let edge = self.pending.take().map_or(Edge::Join, Edge::Soft);
            out.push(edge, &Place::Whole, text, None)?;
            self.any = true;
        }
        Ok(())
    }
}
