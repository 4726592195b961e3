//! XML as a tree with places, within bounds: no document type, hence no entities but the five that XML itself has.

use crate::rule::error::RuleError;
use crate::source::SourceFile;
use quick_xml::XmlVersion;
use quick_xml::events::Event;
use std::ops::Range;

/// Deepest nesting.
const DEPTH_MAX: usize = 64;
/// Most elements of a file.
const ELEMENTS_MAX: usize = 500_000;

/// An element, by its name without a prefix.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    pub(super) text: String,
    pub(super) at: Range<usize>,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }
}

/// Reads a file.
///
/// # Errors
/// What is no XML, or beyond the bounds.
pub(super) fn parse(source: &SourceFile) -> Result<Element, Vec<RuleError>> {
    let mut reader = quick_xml::Reader::from_str(&source.text);
    let mut open: Vec<Element> = vec![Element::default()];
    let mut count = 0;
    loop {
        let from = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let refuse =
            |why: String| vec![RuleError::new("this is not XML that can be read").at(source, from..from + 1, why)];
        match reader.read_event().map_err(|error| refuse(error.to_string()))? {
            Event::Start(start) => {
                count += 1;
                if open.len() > DEPTH_MAX || count > ELEMENTS_MAX {
                    return Err(refuse("it holds too much, or nests too deep".to_owned()));
                }
                let element = element(&start, from).map_err(&refuse)?;
                open.push(element);
            }
            Event::Empty(start) => {
                count += 1;
                let element = element(&start, from).map_err(&refuse)?;
                if let Some(parent) = open.last_mut() {
                    parent.children.push(element);
                }
            }
            Event::End(_) => {
                if let (Some(element), Some(parent)) = (open.pop(), open.last_mut()) {
                    parent.children.push(element);
                }
            }
            Event::Text(text) => {
                let text = text.xml_content(XmlVersion::Implicit1_0);
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Event::CData(text) => {
                let text = text.xml_content(XmlVersion::Implicit1_0);
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Event::GeneralRef(name) => {
                let text = reference(&name)
                    .ok_or_else(|| refuse("it names an entity that XML itself does not have".to_owned()))?;
                if let Some(element) = open.last_mut() {
                    element.text.push(text);
                }
            }
            Event::DocType(_) => return Err(refuse("it has a document type, which is never read".to_owned())),
            Event::Eof => break,
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
        }
    }
    let root = open.pop().filter(|_| open.is_empty()).and_then(|root| root.children.into_iter().next());
    root.ok_or_else(|| vec![RuleError::new("this is not XML that can be read: it has no end").in_file(&source.name)])
}

fn element(start: &quick_xml::events::BytesStart<'_>, from: usize) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let name = attribute.key.local_name().into_inner().to_owned();
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        attributes.push((name, value.into_owned()));
    }
    let name = start.local_name().into_inner().to_owned();
    Ok(Element { name, attributes, children: Vec::new(), text: String::new(), at: from..from + start.len() })
}

fn reference(name: &quick_xml::events::BytesRef<'_>) -> Option<char> {
    if let Ok(Some(c)) = name.resolve_char_ref() {
        return Some(c);
    }
    match &**name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}
