//! Calendars (iCalendar, RFC 5545; vCalendar) and business cards (vCard 2.1; 3.0, RFC 2426; 4.0, RFC 6350).
//!
//! Both are lists of properties, folded over lines and gathered in components. Each outermost component within a calendar,
//! and each card, is a part: what stands on one card says nothing of the next. Pictures and attachments written into a
//! property are members.

use super::decode::{TextDecoder, Utf8Reader};
use super::mail::lines::{Lines, Piece};
use super::mail::{Coding, base64_reader, charset_of, transfer_decoded};
use super::{Edge, Failure, Output, PartHead, Source};
use crate::model::Place;
use std::io::Read;

/// Bytes of a property that are looked at as one.
const PROPERTY_BYTES_MAX: usize = 64 << 10;

/// Pushes each component's properties, and hands over what is written into them.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let text = Utf8Reader::over(TextDecoder::of_source(source)?);
    let mut cards = Cards {
        lines: Lines::new(text),
        out,
        depth: 0,
        components: 0,
        members: 0,
        name: "text".to_owned(),
        is_open: false,
        last_name: String::new(),
    };
    while cards.property()? {}
    cards.close()
}

struct Cards<'o, R> {
    lines: Lines<R>,
    out: &'o mut dyn Output,
    /// Components open.
    depth: u32,
    components: u64,
    members: u64,
    name: String,
    is_open: bool,
    last_name: String,
}

impl<R: Read> Cards<'_, R> {
    /// Reads one property; false at the end.
    fn property(&mut self) -> Result<bool, Failure> {
        let Some(piece) = self.lines.peek()? else { return Ok(false) };
        let mut line = self.lines.text(piece).to_vec();
        let head_len = head_len(&line);
        let head = Head::parse(&line[..head_len.unwrap_or(0)]);
        if let Some(start) = head_len.and_then(|len| binary_start(&head, &line, len)) {
            return self.binary(piece, &head, &line[start..]).map(|()| true);
        }
        let is_quoted = head.coding == Coding::QuotedPrintable;
        self.lines.pass(piece);
        let mut goes_on = false;
        while self.continues(is_quoted, &line)? {
            let Some(next) = self.lines.peek()? else { break };
            if line.len() > PROPERTY_BYTES_MAX {
                self.show(&head, &line, head_len, goes_on)?;
                line.clear();
                goes_on = true;
            }
            let more = self.lines.text(next);
            if is_quoted {
                line.extend_from_slice(b"\n");
                line.extend_from_slice(more);
            } else {
                line.extend_from_slice(if next.begins { &more[1..] } else { more });
            }
            self.lines.pass(next);
        }
        self.show(&head, &line, head_len, goes_on)?;
        Ok(true)
    }

    /// True when the next piece belongs to the property.
    fn continues(&mut self, is_quoted: bool, line: &[u8]) -> Result<bool, Failure> {
        let Some(next) = self.lines.peek()? else { return Ok(false) };
        let folded = matches!(self.lines.text(next).first(), Some(b' ' | b'\t'));
        Ok(!next.begins || (is_quoted && line.ends_with(b"=")) || (!is_quoted && folded))
    }

    fn show(&mut self, head: &Head, line: &[u8], head_len: Option<usize>, goes_on: bool) -> Result<(), Failure> {
        let value = if goes_on { line } else { &line[head_len.map_or(0, |len| len + 1)..] };
        match head.name.as_str() {
            "BEGIN" => return self.begin(value),
            "END" => return self.end(),
            _ => {}
        }
        let value = if head.coding == Coding::Plain { value.to_vec() } else { transfer_decoded(head.coding, value) };
        let text = match head.charset.as_deref().and_then(charset_of) {
            Some(encoding) if head.coding != Coding::Plain => {
                encoding.decode_without_bom_handling(&value).0.into_owned()
            }
            _ => String::from_utf8_lossy(&value).into_owned(),
        };
        let text = unescaped(&text);
        if goes_on {
            return self.push(Edge::Join, &Place::Whole, &text);
        }
        if text.trim().is_empty() && head.rest.is_empty() {
            return Ok(());
        }
        let shown = if head.name.is_empty() { text } else { format!("{}{}: {text}", head.name, head.rest) };
        let place = Place::named(head.name.to_ascii_lowercase());
        self.push(Edge::Soft('\n'), &place, &shown)
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str) -> Result<(), Failure> {
        if !std::mem::replace(&mut self.is_open, true) {
            let again = if self.last_name == self.name { " (continued)" } else { "" };
            self.last_name.clone_from(&self.name);
            let name = format!("{}{again}", self.name);
            self.out.open_part(PartHead { name, own_text: None, recovered: false })?;
        }
        self.out.push(edge, place, text, None)?;
        Ok(())
    }

    fn close(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.is_open) {
            self.out.close_part()?;
        }
        Ok(())
    }

    fn begin(&mut self, value: &[u8]) -> Result<(), Failure> {
        let kind = String::from_utf8_lossy(value.trim_ascii()).to_ascii_lowercase();
        let is_card = kind == "vcard";
        if (is_card && self.depth == 0) || (!is_card && self.depth == 1) {
            self.close()?;
            self.components += 1;
            let kind = kind.strip_prefix('v').unwrap_or(&kind);
            let kind: String = kind.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(32).collect();
            self.name = format!("{kind} {}", self.components);
        }
        self.depth = self.depth.saturating_add(1);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.depth = self.depth.saturating_sub(1);
        if self.depth <= 1 {
            self.close()?;
            if self.depth == 0 || self.components > 0 {
                self.name = "text".to_owned();
            }
        }
        Ok(())
    }

    /// Hands over a property's base64.
    fn binary(&mut self, first: Piece, head: &Head, start: &[u8]) -> Result<(), Failure> {
        self.close()?;
        self.members += 1;
        let name = head
            .file_name
            .clone()
            .unwrap_or_else(|| format!("{} {}.{}", head.name.to_ascii_lowercase(), self.members, head.extension));
        self.lines.pass(first);
        let mut value =
            Value { lines: &mut self.lines, in_line: !first.ends, ended: false, held: start.to_vec(), taken: 0 };
        self.out.member(&name, &mut base64_reader(&mut value))?;
        while value.refill()? {}
        Ok(())
    }
}

/// The lines of one folded value.
struct Value<'l, R> {
    lines: &'l mut Lines<R>,
    in_line: bool,
    ended: bool,
    held: Vec<u8>,
    taken: usize,
}

impl<R: Read> Value<'_, R> {
    fn refill(&mut self) -> std::io::Result<bool> {
        self.held.clear();
        self.taken = 0;
        let Some(piece) = self.lines.peek()?.filter(|_| !self.ended) else { return Ok(false) };
        let text = self.lines.text(piece);
        // Old cards do not fold: base64 goes on until an empty line.
        let belongs = self.in_line
            || matches!(text.first(), Some(b' ' | b'\t'))
            || (!text.is_empty() && !text.contains(&b':') && !text.contains(&b';'));
        if !belongs {
            self.ended = true;
            return Ok(false);
        }
        self.held.extend_from_slice(text);
        self.in_line = !piece.ends;
        self.lines.pass(piece);
        Ok(true)
    }
}

impl<R: Read> Read for Value<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        while self.taken == self.held.len() {
            if !self.refill()? {
                return Ok(0);
            }
        }
        let n = buf.len().min(self.held.len() - self.taken);
        buf[..n].copy_from_slice(&self.held[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}

/// What stands before a property's value.
#[derive(Default)]
struct Head {
    /// Upper case, without a group.
    name: String,
    /// The parameters as written, for those that are people's names and addresses.
    rest: String,
    coding: Coding,
    charset: Option<Vec<u8>>,
    file_name: Option<String>,
    extension: String,
}

impl Head {
    fn parse(head: &[u8]) -> Self {
        let text = String::from_utf8_lossy(head);
        let (name, rest) = text.split_once(';').map_or((text.as_ref(), ""), |(name, rest)| (name, rest));
        let name = name.rsplit('.').next().unwrap_or(name).to_ascii_uppercase();
        let mut parsed = Self { name, extension: "bin".to_owned(), ..Self::default() };
        for parameter in rest.split(';').take(64) {
            let (key, value) = parameter.split_once('=').unwrap_or(("", parameter));
            parsed.parameter(&key.to_ascii_uppercase(), value.trim_matches('"'));
        }
        parsed
    }

    fn parameter(&mut self, key: &str, value: &str) {
        match key {
            "ENCODING" | "" if value.eq_ignore_ascii_case("quoted-printable") => self.coding = Coding::QuotedPrintable,
            "ENCODING" | "" if matches!(value.to_ascii_lowercase().as_str(), "b" | "base64") => {
                self.coding = Coding::Base64;
            }
            "CHARSET" => self.charset = Some(value.as_bytes().to_vec()),
            "TYPE" | "FMTTYPE" | "MEDIATYPE" => {
                let subtype = value.rsplit('/').next().unwrap_or(value).to_ascii_lowercase();
                let clean: String = subtype.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
                if !clean.is_empty() {
                    self.extension = if clean == "jpeg" { "jpg".to_owned() } else { clean };
                }
            }
            "FILENAME" | "X-FILENAME" | "X-APPLE-FILENAME" | "X-LABEL" => {
                self.file_name = Some(value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect());
            }
            "CN" | "EMAIL" | "SENT-BY" | "LABEL" | "ALTREP" | "DIR" | "MEMBER" | "DELEGATED-TO" | "DELEGATED-FROM" => {
                self.rest.push(' ');
                self.rest.push_str(value);
            }
            _ => {}
        }
    }
}

/// Bytes before the colon that ends the head; colons in quotes do not.
fn head_len(line: &[u8]) -> Option<usize> {
    let mut quoted = false;
    line.iter().position(|&b| {
        quoted ^= b == b'"';
        b == b':' && !quoted
    })
}

/// Where base64 begins in a line: the value, or what follows the comma of a `data:` address.
fn binary_start(head: &Head, line: &[u8], head_len: usize) -> Option<usize> {
    let value = &line[head_len + 1..];
    if head.coding == Coding::Base64 {
        return Some(head_len + 1);
    }
    let is_data = value.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"data:"));
    let comma = memchr::memchr(b',', &value[..value.len().min(200)]).filter(|_| is_data)?;
    value[..comma].ends_with(b"base64").then_some(head_len + 1 + comma + 1)
}

/// Escapes undone: `\n`, `\,`, `\;`, `\\`.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => plain.push('\n'),
                Some(other) => plain.push(other),
                None => plain.push('\\'),
            },
            other => plain.push(other),
        }
    }
    plain
}
