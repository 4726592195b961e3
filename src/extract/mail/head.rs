//! The head of a mail or of one of its parts: its fields as text, and what they say of the body.

use super::super::{Edge, Failure, Output, PartHead};
use super::body::{Bounds, End};
use super::coding::Coding;
use super::lines::Lines;
use super::words::{Parameters, decode_words};
use crate::model::Place;
use std::io::Read;

/// Bytes of a field that are looked at as one; a longer one is handed on in pieces.
const FIELD_BYTES_MAX: usize = 64 << 10;

/// What the fields say of the body.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) content_type: Option<Parameters>,
    pub(super) disposition: Option<Parameters>,
    pub(super) coding: Coding,
    location: Option<String>,
}

impl Head {
    /// The type, lower case; empty when none is given.
    pub(super) fn media_type(&self) -> &str {
        self.content_type.as_ref().map_or("", |found| found.main.as_str())
    }

    /// A parameter of the type.
    pub(super) fn type_parameter(&self, name: &str) -> Option<&[u8]> {
        self.content_type.as_ref().and_then(|found| found.plain(name))
    }

    /// True when the part says that it stands for itself.
    pub(super) fn is_attachment(&self) -> bool {
        self.disposition.as_ref().is_some_and(|found| found.main == "attachment")
    }

    /// The file name given to the part.
    pub(super) fn file_name(&self) -> Option<String> {
        let from_disposition = self.disposition.as_ref().and_then(|found| found.text("filename"));
        let from_type = || self.content_type.as_ref().and_then(|found| found.text("name"));
        from_disposition.or_else(from_type).map(|name| printable(&name)).filter(|name| !name.is_empty())
    }

    /// The last step of the address that a page refers to the part by.
    pub(super) fn location_name(&self) -> Option<String> {
        let address = self.location.as_deref()?.split(['?', '#']).next()?;
        let step = address.rsplit('/').next().filter(|step| step.contains('.') && step.len() < 200)?;
        Some(printable(step))
    }

    fn take(&mut self, name: &str, value: &[u8]) {
        match name {
            "content-type" if self.content_type.is_none() => self.content_type = Some(Parameters::parse(value)),
            "content-disposition" if self.disposition.is_none() => self.disposition = Some(Parameters::parse(value)),
            "content-transfer-encoding" => self.coding = Coding::named(&String::from_utf8_lossy(value)),
            "content-location" => self.location = Some(decode_words(value.trim_ascii())),
            _ => {}
        }
    }
}

/// Control characters become spaces.
pub(super) fn printable(name: &str) -> String {
    let clean: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    clean.trim().to_owned()
}

/// The fields that only say how a part is packed; their names and file names are shown elsewhere.
fn is_packing(name: &str) -> bool {
    matches!(
        name,
        "content-type"
            | "content-transfer-encoding"
            | "content-disposition"
            | "content-id"
            | "content-length"
            | "mime-version"
            | "x-attachment-id"
    )
}

/// Reads the fields at the position, and pushes them as a part called `part`. Of a part's own fields (`shows_all` not set)
/// those that only say how it is packed are left out. The second value is set when a boundary ended the head.
pub(super) fn read<R: Read>(
    lines: &mut Lines<R>,
    bounds: &Bounds,
    part: &str,
    shows_all: bool,
    out: &mut dyn Output,
) -> Result<(Head, Option<End>), Failure> {
    let mut fields =
        Fields { head: Head::default(), field: Vec::new(), part, shows_all, is_open: false, goes_on: false, out };
    let end = fields.read(lines, bounds)?;
    fields.end_field()?;
    let Fields { head, is_open, out, .. } = fields;
    if is_open {
        out.close_part()?;
    }
    Ok((head, end))
}

struct Fields<'o> {
    head: Head,
    field: Vec<u8>,
    part: &'o str,
    shows_all: bool,
    is_open: bool,
    /// The field is the rest of one that was too long.
    goes_on: bool,
    out: &'o mut dyn Output,
}

impl Fields<'_> {
    fn read<R: Read>(&mut self, lines: &mut Lines<R>, bounds: &Bounds) -> Result<Option<End>, Failure> {
        while let Some(piece) = lines.peek()? {
            let line = lines.text(piece);
            if piece.begins {
                if line.is_empty() {
                    lines.pass(piece);
                    return Ok(None);
                }
                if let Some(end) = bounds.at(line) {
                    lines.pass(piece);
                    return Ok(Some(end));
                }
                let is_field = field_name(line).is_some();
                if !line.starts_with(b" ") && !line.starts_with(b"\t") {
                    self.end_field()?;
                    let line = line.to_vec();
                    if !is_field && !stands_among_fields(&line, lines.ahead(piece)?) {
                        return Ok(None);
                    }
                }
            }
            self.field.extend_from_slice(lines.text(piece));
            if self.field.len() > FIELD_BYTES_MAX {
                self.flush()?;
            }
            lines.pass(piece);
        }
        Ok(None)
    }

    /// Hands on what there is of a field that goes on.
    fn flush(&mut self) -> Result<(), Failure> {
        let field = std::mem::take(&mut self.field);
        self.show(&field)?;
        self.goes_on = true;
        Ok(())
    }

    fn end_field(&mut self) -> Result<(), Failure> {
        let field = std::mem::take(&mut self.field);
        if !field.is_empty() {
            self.show(&field)?;
        }
        self.goes_on = false;
        Ok(())
    }

    fn show(&mut self, field: &[u8]) -> Result<(), Failure> {
        if self.goes_on {
            return self.push(Edge::Join, &Place::Whole, &decode_words(field));
        }
        let Some(name) = field_name(field) else {
            return self.push(Edge::Soft('\n'), &Place::Whole, &decode_words(field));
        };
        let lower = String::from_utf8_lossy(name).to_ascii_lowercase();
        let value = &field[memchr::memchr(b':', field).map_or(field.len(), |at| at + 1)..];
        self.head.take(&lower, value.trim_ascii());
        if !self.shows_all && is_packing(&lower) && !Parameters::parse(value).says_more() {
            return Ok(());
        }
        let text = format!("{}: {}", String::from_utf8_lossy(name), decode_words(value.trim_ascii()));
        self.push(Edge::Soft('\n'), &Place::named(lower), &text)
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str) -> Result<(), Failure> {
        if !std::mem::replace(&mut self.is_open, true) {
            self.out.open_part(PartHead { name: self.part.to_owned(), own_text: None, recovered: false })?;
        }
        self.out.push(edge, place, text, None)?;
        Ok(())
    }
}

/// The name of the field that a line begins.
fn field_name(line: &[u8]) -> Option<&[u8]> {
    let colon = memchr::memchr(b':', &line[..line.len().min(200)])?;
    let name = line[..colon].trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(name)
}

/// True for a line that is no field where fields follow: the first one of a mail box's message, or rubbish.
fn stands_among_fields(line: &[u8], ahead: &[u8]) -> bool {
    let next = ahead.split(|&b| b == b'\n').next().unwrap_or_default();
    let is_opening = line.starts_with(b"From ") || line.starts_with(b">From ");
    field_name(next).is_some_and(|name| is_opening || name.contains(&b'-') || is_usual(name))
}

fn is_usual(name: &[u8]) -> bool {
    const USUAL: &[&str] = &["received", "from", "to", "cc", "bcc", "date", "subject", "sender", "organization"];
    USUAL.iter().any(|usual| name.eq_ignore_ascii_case(usual.as_bytes()))
}
