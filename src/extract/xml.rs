//! XML of any vocabulary: text with the names around it, attributes, comments.
//!
//! The names of elements and attributes are printed beside their values, since they are what a reader goes by: the `ssn` of
//! `<ssn>` is evidence. An element that begins a line prints its name; one inside running text prints none, so that inline
//! marks do not cut a sentence. Places are paths of element names, bounded in length.

use super::xml_events::{Tag, Xml, XmlReader};
use super::{Edge, Failure, Output, PartHead, Source, odf, ooxml};
use crate::model::Place;

/// Bytes of a path of element names; deeper elements carry their ancestor's place.
const PATH_BYTES_MAX: usize = 512;

/// Bytes in which the first element is looked for.
const ROOT_BYTES: usize = 4 << 10;

/// Reads one XML document. Flat office documents are told by their first element and read as what they are.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let head = source.content.head()?;
    let root = root_name(&head[..head.len().min(ROOT_BYTES)]);
    let mut xml = XmlReader::new(source.reader(), source.budget)?;
    match root.as_deref() {
        Some("office:document") => return odf::extract_flat(&mut xml, source, out),
        Some("w:wordDocument" | "pkg:package") => return ooxml::extract_flat(&mut xml, out),
        _ => {}
    }
    out.open_part(PartHead { name: "text".to_owned(), own_text: None, recovered: false })?;
    push_plain(&mut xml, out)?;
    out.close_part()?;
    Ok(())
}

/// The first element's name as written; in UTF-16 too.
fn root_name(head: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(head).replace('\0', "");
    let mut rest = text.as_str();
    loop {
        rest = &rest[rest.find('<')? + 1..];
        if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
        } else if !rest.starts_with(['?', '!']) {
            let name: String =
                rest.chars().take_while(|c| c.is_alphanumeric() || matches!(c, ':' | '-' | '_')).collect();
            return Some(name);
        }
    }
}

/// Pushes everything that a document says into the open part. Returns true when there was any text.
pub(super) fn push_plain(xml: &mut XmlReader<'_>, out: &mut dyn Output) -> Result<bool, Failure> {
    let mut lines = Lines::default();
    while let Some(event) = xml.next_event()? {
        match event {
            Xml::Start(tag) => lines.start(&tag, out)?,
            Xml::End(_) => lines.end(),
            Xml::Text(text) => lines.text(&text, out)?,
            Xml::Comment(text) | Xml::Other(text) => lines.aside(&text, out)?,
        }
    }
    Ok(lines.any)
}

#[derive(Default)]
struct Lines {
    any: bool,
    path: String,
    /// Length of the path before each open element, or `None` when it was too long to grow.
    lengths: Vec<Option<usize>>,
    place: Option<Place>,
    /// Depth of the element whose own text began the current line; elements inside it are inline.
    running_since: Option<usize>,
    /// The name of the innermost element that began a line, to be printed before its text.
    name: String,
    edge: Option<char>,
}

impl Lines {
    fn start(&mut self, tag: &Tag<'_>, out: &mut dyn Output) -> Result<(), Failure> {
        self.enter(tag.name());
        if self.running_since.is_none() {
            self.name = tag.name().to_owned();
            self.edge = Some('\n');
        }
        for (key, value) in tag.attributes() {
            if value.trim().is_empty() {
                continue;
            }
            let edge = self.take_name(out)?;
            out.push(edge, &Place::Whole, key, None)?;
            out.push(Edge::Soft(' '), self.place(), &value, None)?;
            self.edge = Some(if self.running_since.is_some() { ' ' } else { '\n' });
            self.any = true;
        }
        Ok(())
    }

    fn end(&mut self) {
        if let Some(Some(len)) = self.lengths.pop() {
            self.path.truncate(len);
            self.place = None;
        }
        if self.running_since.is_none_or(|depth| self.lengths.len() < depth) {
            self.running_since = None;
            self.name.clear();
            self.edge = Some('\n');
        }
    }

    fn text(&mut self, text: &str, out: &mut dyn Output) -> Result<(), Failure> {
        if text.trim().is_empty() && self.running_since.is_none() {
            return Ok(());
        }
        let edge = self.take_name(out)?;
        out.push(edge, self.place(), text, None)?;
        self.any = true;
        self.running_since.get_or_insert(self.lengths.len());
        Ok(())
    }

    fn aside(&mut self, text: &str, out: &mut dyn Output) -> Result<(), Failure> {
        if !text.trim().is_empty() {
            out.push(Edge::Soft('\n'), &Place::Whole, text, None)?;
            self.edge = Some('\n');
            self.any = true;
        }
        Ok(())
    }

    fn take_name(&mut self, out: &mut dyn Output) -> Result<Edge, Failure> {
        let edge = self.edge.take().map_or(Edge::Join, Edge::Soft);
        if self.name.is_empty() {
            return Ok(edge);
        }
        out.push(edge, &Place::Whole, &self.name, None)?;
        self.name.clear();
        Ok(Edge::Soft(' '))
    }

    fn enter(&mut self, name: &str) {
        if self.path.len() + name.len() < PATH_BYTES_MAX {
            self.lengths.push(Some(self.path.len()));
            self.path.push('/');
            self.path.push_str(name);
            self.place = None;
        } else {
            self.lengths.push(None);
        }
    }

    fn place(&mut self) -> &Place {
        self.place.get_or_insert_with(|| Place::named(self.path.as_str()))
    }
}
