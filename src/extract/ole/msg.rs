//! Outlook messages ([MS-OXMSG]): properties as streams, recipients and attachments as storages.
//!
//! Bodies are read in each form that is there: plain text as a part, HTML and unpacked RTF as members. Every other string of the
//! message follows, with its name, so that contacts, appointments and what add-ins keep are read too. A message within goes out
//! as a compound file of its own, with the names of properties that only the outermost message has.

use super::bytes::{code_page, code_page_of_language, u16_at, u32_at};
use super::compound::{Compound, ROOT, Stream};
use super::objects;
use super::writer::Plan;
use crate::extract::Failure;
use crate::extract::mapi::{
    ATTACHED, BINARY, BODY, GivenNames, HEADERS, HTML, OBJECT, RTF, STRING8, TIME, UNICODE, Unpacked, hand_over_html,
    is_machine, label, push_body, text_of,
};
use crate::extract::parts::{Parts, printable};
use crate::model::Place;
use encoding_rs::Encoding;
use std::collections::HashSet;

const NAMES: &str = "__nameid_version1.0";
const PROPERTIES: &str = "__properties_version1.0";
/// One string property; bodies are streamed.
const TEXT_BYTES_MAX: usize = 16 << 20;
const NAME_BYTES_MAX: usize = 8 << 20;

/// A property that has a stream: its number, type, and the stream's entry.
#[derive(Clone, Copy)]
struct Property {
    id: u16,
    kind: u16,
    stream: usize,
}

struct Message<'c, 'a> {
    compound: &'c Compound<'a>,
    encoding: &'static Encoding,
    html_encoding: &'static Encoding,
    names: GivenNames,
}

/// Pushes the message in a storage.
pub(super) fn push(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let fixed = fixed(compound, storage)?;
    let number = |wanted: u16| fixed.iter().find(|(id, ..)| *id == wanted).and_then(|(.., raw)| u32_at(raw, 0));
    let language = number(0x3ff1).and_then(|language| u16::try_from(language & 0xffff).ok());
    let page = number(0x3ffd).filter(|page| *page != 1200).or(number(0x3fde)).filter(|page| *page != 65_001);
    let page = page.or(language.map(code_page_of_language)).unwrap_or(1252);
    let message = Message {
        compound,
        encoding: code_page(page),
        html_encoding: code_page(number(0x3fde).unwrap_or(page)),
        names: names(compound, storage)?,
    };
    message.push(storage, &fixed, parts)
}

fn names(compound: &Compound<'_>, storage: usize) -> Result<GivenNames, Failure> {
    let Some(table) = compound.child(storage, NAMES).or(compound.child(ROOT, NAMES)) else {
        return Ok(GivenNames::default());
    };
    let read = |name: &str| match compound.find(table, name)? {
        Some(stream) => stream.bytes_at(0, NAME_BYTES_MAX),
        None => Ok(Vec::new()),
    };
    Ok(GivenNames::new(read("__substg1.0_00030102")?, read("__substg1.0_00040102")?))
}

/// Properties of fixed length: number, type, value. The head before them is longer in an outermost message.
fn fixed(compound: &Compound<'_>, storage: usize) -> Result<Vec<(u16, u16, [u8; 8])>, Failure> {
    let Some(stream) = compound.find(storage, PROPERTIES)? else { return Ok(Vec::new()) };
    let raw = stream.bytes_at(0, NAME_BYTES_MAX)?;
    let name = &compound.entry(storage).name;
    let head = match raw.len() % 16 {
        8 if name.starts_with("__recip") || name.starts_with("__attach") => 8,
        8 => 24,
        _ => 32,
    };
    let entries = raw.get(head..).unwrap_or_default().chunks_exact(16);
    let parsed =
        entries.filter_map(|entry| Some((u16_at(entry, 2)?, u16_at(entry, 0)?, entry[8..16].try_into().ok()?)));
    Ok(parsed.collect())
}

impl<'a> Message<'_, 'a> {
    /// The properties of a storage that have streams.
    fn properties(&self, storage: usize) -> Vec<Property> {
        let children = &self.compound.entry(storage).children;
        let parsed = children.iter().filter_map(|&stream| {
            let name = self.compound.entry(stream).name.strip_prefix("__substg1.0_")?;
            let id = u16::from_str_radix(name.get(..4)?, 16).ok()?;
            let kind = u16::from_str_radix(name.get(4..8)?, 16).ok()?;
            // Of several values each has a stream; the one without a number holds their lengths.
            match (kind & 0x1000 != 0, name.len() > 8) {
                (true, false) => None,
                _ => Some(Property { id, kind: kind & 0xfff, stream }),
            }
        });
        parsed.collect()
    }

    fn stream(&self, property: Property) -> Result<Stream<'a>, Failure> {
        self.compound.stream(property.stream)
    }

    fn text(&self, property: Property) -> Result<String, Failure> {
        if !matches!(property.kind, STRING8 | UNICODE) {
            return Ok(String::new());
        }
        let raw = self.stream(property)?.bytes_at(0, TEXT_BYTES_MAX)?;
        Ok(text_of(property.kind, &raw, self.encoding).unwrap_or_default())
    }

    fn push(&self, storage: usize, fixed: &[(u16, u16, [u8; 8])], parts: &mut Parts<'_>) -> Result<(), Failure> {
        let properties = self.properties(storage);
        let mut said = HashSet::new();
        parts.begin("headers")?;
        for (wanted, label) in HEADERS {
            let place = Place::named(*label);
            for property in properties.iter().filter(|property| property.id == *wanted) {
                let text = self.text(*property)?;
                parts.line(&place, &text)?;
                said.insert(text);
            }
            let time = fixed.iter().find(|(id, kind, _)| id == wanted && *kind == TIME);
            if let Some(text) = time.and_then(|(_, kind, raw)| text_of(*kind, raw, self.encoding)) {
                parts.line(&place, &text)?;
            }
        }
        self.push_recipients(storage, parts)?;
        self.push_bodies(&properties, parts)?;
        parts.begin("properties")?;
        let rest =
            |property: &&Property| label(property.id).is_none() && property.id != BODY && !is_machine(property.id);
        for property in properties.iter().filter(rest) {
            self.push_property(*property, &mut said, parts)?;
        }
        self.push_attachments(storage, parts)
    }

    /// Pushes a string unless it was said before.
    fn push_property(
        &self,
        property: Property,
        said: &mut HashSet<String>,
        parts: &mut Parts<'_>,
    ) -> Result<(), Failure> {
        let text = self.text(property)?;
        if text.is_empty() || said.contains(&text) {
            return Ok(());
        }
        let name = self.names.of(property.id);
        let place = name.map_or_else(|| format!("property {:04X}", property.id), |name| printable(&name));
        parts.line(&Place::named(place), &text)?;
        if text.len() < 4096 && said.len() < 100_000 {
            said.insert(text);
        }
        Ok(())
    }

    fn push_recipients(&self, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
        parts.begin("recipients")?;
        for &child in &self.compound.entry(storage).children {
            if !self.compound.entry(child).name.starts_with("__recip_version1.0_") {
                continue;
            }
            let mut said = HashSet::new();
            for property in self.properties(child) {
                if !is_machine(property.id) {
                    self.push_property(property, &mut said, parts)?;
                }
            }
        }
        Ok(())
    }

    fn push_bodies(&self, properties: &[Property], parts: &mut Parts<'_>) -> Result<(), Failure> {
        for &property in properties {
            match (property.id, property.kind) {
                (BODY, UNICODE) => push_body(&mut self.stream(property)?.reader(), None, "body", parts)?,
                (BODY, STRING8) => {
                    push_body(&mut self.stream(property)?.reader(), Some(self.encoding), "body", parts)?;
                }
                (HTML, BINARY) => hand_over_html(&mut self.stream(property)?.reader(), self.html_encoding, parts)?,
                (HTML, STRING8) => hand_over_html(&mut self.stream(property)?.reader(), self.encoding, parts)?,
                (HTML, UNICODE) => {
                    hand_over_html(&mut self.stream(property)?.reader(), encoding_rs::UTF_16LE, parts)?;
                }
                (RTF, BINARY) => {
                    if let Some(mut unpacked) = Unpacked::open(self.stream(property)?.reader())? {
                        parts.member("body.rtf", &mut unpacked)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn push_attachments(&self, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let children = &self.compound.entry(storage).children;
        let is_attachment = |child: &&usize| self.compound.entry(**child).name.starts_with("__attach_version1.0_");
        for (number, &attachment) in children.iter().filter(is_attachment).enumerate() {
            let properties = self.properties(attachment);
            parts.begin("attachments")?;
            let mut said = HashSet::new();
            for property in &properties {
                if !is_machine(property.id) {
                    self.push_property(*property, &mut said, parts)?;
                }
            }
            let mut name = String::new();
            for wanted in [0x3707, 0x3704, 0x3001] {
                for property in properties.iter().filter(|property| property.id == wanted) {
                    if name.is_empty() {
                        name = printable(&self.text(*property)?);
                    }
                }
            }
            if name.is_empty() {
                name = format!("attachment {}", number + 1);
            }
            for property in properties.into_iter().filter(|property| property.id == ATTACHED) {
                self.hand_over(property, &name, parts)?;
            }
        }
        Ok(())
    }

    fn hand_over(&self, property: Property, name: &str, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let entry = self.compound.entry(property.stream);
        if property.kind != OBJECT || !entry.is_storage {
            return parts.member(name, &mut self.stream(property)?.reader());
        }
        if self.compound.child(property.stream, PROPERTIES).is_none() {
            return objects::hand_over(self.compound, property.stream, name, parts);
        }
        let mut plan = Plan::of(self.compound, property.stream)?;
        if let Some(names) = self.compound.child(ROOT, NAMES) {
            plan.add(self.compound, names)?;
        }
        parts.member(name, &mut plan.open(self.compound)?)
    }
}
