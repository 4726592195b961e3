//! HTML: everything a page says, shown or not.
//!
//! A stream of tokens, never a tree. Blocks begin lines and cells are kept apart by tabs; inline marks join, as on the
//! screen, and white space collapses outside of scripts and preformatted text. Attributes that hold text, and comments,
//! would cut the sentence they stand in, so they wait and follow at the end of the block. Documents embedded as `data:`
//! addresses become members in a second pass, which runs only if the first saw any.

use super::decode::{TextDecoder, Utf8Reader};
use super::registry::Treatment;
use super::xml_events::{TokenBound, xml_charset};
use super::{BLOCK_BYTES, Edge, Failure, Output, PartHead, Source, registry, sniff};
use crate::model::Place;
use html5gum::emitters::ForwardingEmitter;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Emitter, IoReader, Span, Tokenizer};
use std::borrow::Cow;
use std::cell::RefCell;
use std::io::Read;

/// True for elements that begin and end a line.
fn is_block(name: &[u8]) -> bool {
    matches!(
        name,
        b"address"
            | b"article"
            | b"aside"
            | b"blockquote"
            | b"body"
            | b"br"
            | b"caption"
            | b"center"
            | b"dd"
            | b"details"
            | b"dialog"
            | b"div"
            | b"dl"
            | b"dt"
            | b"fieldset"
            | b"figcaption"
            | b"figure"
            | b"footer"
            | b"form"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
            | b"head"
            | b"header"
            | b"hr"
            | b"html"
            | b"iframe"
            | b"legend"
            | b"li"
            | b"main"
            | b"nav"
            | b"noscript"
            | b"ol"
            | b"optgroup"
            | b"option"
            | b"p"
            | b"pre"
            | b"script"
            | b"section"
            | b"select"
            | b"style"
            | b"summary"
            | b"table"
            | b"tbody"
            | b"template"
            | b"textarea"
            | b"tfoot"
            | b"thead"
            | b"title"
            | b"tr"
            | b"ul"
    )
}

/// True for elements in which white space counts.
fn is_preformatted(name: &[u8]) -> bool {
    matches!(name, b"pre" | b"script" | b"style" | b"textarea")
}

/// Attributes that hold text or addresses; `data-` and `aria-` ones do too, and the scripts of `onclick` and its like.
const TEXT_ATTRIBUTES: &[&str] = &[
    "abbr",
    "action",
    "alt",
    "cite",
    "content",
    "data",
    "datetime",
    "download",
    "formaction",
    "href",
    "id",
    "label",
    "name",
    "placeholder",
    "poster",
    "src",
    "srcdoc",
    "summary",
    "title",
    "value",
];
/// Text that waits for the end of its block.
const WAITING_BYTES_MAX: usize = 64 << 10;

/// Pushes the page's text, then hands over what is embedded.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    out.open_part(PartHead { name: "text".to_owned(), own_text: None, recovered: false })?;
    let page = RefCell::new(Page::new(out));
    let ended = each_event(source, &mut |event| page.borrow_mut().take(&event));
    let mut page = page.into_inner();
    ended.and_then(|()| page.break_line('\n'))?;
    let embeds = page.embeds;
    out.close_part()?;
    if embeds { hand_over_embedded(source, out) } else { Ok(()) }
}

/// Shows each event of the document to `see` until it fails.
fn each_event(
    source: &Source<'_>,
    see: &mut dyn FnMut(CallbackEvent<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let head = source.content.head()?;
    let charset = xml_charset(&head[..head.len().min(BLOCK_BYTES)]);
    let text = TextDecoder::of_source(&Source { charset, ..*source })?;
    let bounded = TokenBound::new(Utf8Reader::over(text));
    let token_bytes = std::rc::Rc::clone(&bounded.token_bytes);
    let budget = source.budget;
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| {
        token_bytes.set(0);
        budget.tick().map_err(Failure::from).and_then(|()| see(event)).err()
    });
    emitter.naively_switch_states(true);
    match Tokenizer::new_with_emitter(IoReader::new(bounded), Forgiving(emitter)).next() {
        None => Ok(()),
        Some(Ok(failure)) => Err(failure),
        Some(Err(error)) => Err(error.into()),
    }
}

/// Reports no breach of the rules: nobody asks, and looking for them costs a quarter of the time.
struct Forgiving<E>(E);

impl<E: Emitter> ForwardingEmitter for Forgiving<E> {
    type Token = E::Token;

    fn inner(&mut self) -> &mut impl Emitter<Token = E::Token> {
        &mut self.0
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }
}

struct Page<'o> {
    out: &'o mut dyn Output,
    /// What to put before the next text.
    pending: Option<char>,
    /// White space seen since the last text.
    gap: bool,
    attribute: String,
    preformatted: u32,
    /// Attributes and comments of the block.
    waiting: String,
    embeds: bool,
}

impl<'o> Page<'o> {
    fn new(out: &'o mut dyn Output) -> Self {
        Self {
            out,
            pending: None,
            gap: false,
            attribute: String::new(),
            preformatted: 0,
            waiting: String::new(),
            embeds: false,
        }
    }

    fn take(&mut self, event: &CallbackEvent<'_>) -> Result<(), Failure> {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.edge_of_tag(name, true)?;
            }
            CallbackEvent::AttributeName { name } => {
                self.attribute.clear();
                self.attribute.push_str(&text_of(name));
            }
            CallbackEvent::AttributeValue { value } => self.attribute_value(value)?,
            CallbackEvent::CloseStartTag { .. } => self.end_of_attributes(),
            CallbackEvent::EndTag { name } => {
                self.edge_of_tag(name, false)?;
            }
            CallbackEvent::String { value } => self.text(&text_of(value))?,
            CallbackEvent::Comment { value } => self.wait(&text_of(value), '\n')?,
            CallbackEvent::Doctype { .. } | CallbackEvent::Error(_) => {}
        }
        Ok(())
    }

    fn edge_of_tag(&mut self, name: &[u8], starts: bool) -> Result<(), Failure> {
        if is_preformatted(name) {
            self.preformatted = if starts { self.preformatted + 1 } else { self.preformatted.saturating_sub(1) };
        }
        if matches!(name, b"td" | b"th") {
            self.break_line('\t')?;
        } else if is_block(name) {
            self.break_line('\n')?;
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Failure> {
        if self.preformatted > 0 {
            return if text.trim().is_empty() { Ok(()) } else { self.push(text) };
        }
        let mut collapsed = String::with_capacity(text.len() + 1);
        let mut rest = text;
        while !rest.is_empty() {
            let words = words_len(rest.as_bytes());
            if words > 0 {
                if self.gap && (self.pending.is_none() || !collapsed.is_empty()) {
                    collapsed.push(' ');
                }
                collapsed.push_str(&rest[..words]);
                self.gap = false;
            }
            let spaces = rest.as_bytes()[words..].iter().take_while(|b| is_space(**b)).count();
            self.gap |= spaces > 0;
            rest = &rest[words + spaces..];
        }
        if collapsed.is_empty() { Ok(()) } else { self.push(&collapsed) }
    }

    fn push(&mut self, text: &str) -> Result<(), Failure> {
        let edge = self.pending.take().map_or(Edge::Join, Edge::Soft);
        self.out.push(edge, &Place::Whole, text, None)?;
        Ok(())
    }

    /// Ends the line or the cell; what waited follows it. A line end outranks a tab.
    fn break_line(&mut self, separator: char) -> Result<(), Failure> {
        self.gap = false;
        let waiting = std::mem::take(&mut self.waiting);
        for line in waiting.split('\0').filter(|line| !line.trim().is_empty()) {
            self.out.push(Edge::Soft('\n'), &Place::Whole, line, None)?;
            self.pending = Some('\n');
        }
        if self.pending != Some('\n') {
            self.pending = Some(separator);
        }
        Ok(())
    }

    fn attribute_value(&mut self, value: &[u8]) -> Result<(), Failure> {
        if is_embedded(value) {
            self.embeds = true;
            return Ok(());
        }
        let name = self.attribute.as_str();
        if value.is_empty()
            || !(TEXT_ATTRIBUTES.contains(&name)
                || ["data-", "aria-", "on"].iter().any(|start| name.starts_with(start)))
        {
            return Ok(());
        }
        self.wait(&text_of(value), ' ')
    }

    fn end_of_attributes(&mut self) {
        if !self.waiting.is_empty() && !self.waiting.ends_with('\0') {
            self.waiting.push('\0');
        }
    }

    /// Keeps a text for the end of the block; ends the line early when too much waits.
    fn wait(&mut self, text: &str, separator: char) -> Result<(), Failure> {
        if self.waiting.len() + text.len() > WAITING_BYTES_MAX {
            self.break_line('\n')?;
        }
        if separator == '\n' {
            self.end_of_attributes();
        } else if !self.waiting.is_empty() && !self.waiting.ends_with('\0') {
            self.waiting.push(' ');
        }
        self.waiting.extend(text.chars().map(|c| if c == '\0' { ' ' } else { c }));
        if separator == '\n' {
            self.end_of_attributes();
        }
        Ok(())
    }
}

/// White space that a page collapses.
fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b'\x0c')
}

/// Bytes of the words at the beginning that are as far apart as they are printed: by one space.
fn words_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(space) = bytes[at..].iter().position(|b| is_space(*b)) {
        let end = at + space;
        let goes_on = end > 0 && bytes[end] == b' ' && bytes.get(end + 1).is_some_and(|b| !is_space(*b));
        if !goes_on {
            return end;
        }
        at = end + 2;
    }
    bytes.len()
}

/// The text of bytes that nearly always are UTF-8.
fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// True for a `data:` address with a base64 body (RFC 2397).
fn is_embedded(value: &[u8]) -> bool {
    let start = value.trim_ascii_start();
    start.len() > 5 && start[..5].eq_ignore_ascii_case(b"data:") && body_of(start).is_some()
}

/// The base64 body of a `data:` address and its media type.
fn body_of(value: &[u8]) -> Option<(&[u8], String)> {
    let comma = memchr::memchr(b',', &value[..value.len().min(512)])?;
    let head = String::from_utf8_lossy(&value[5..comma]).to_ascii_lowercase();
    let media = head.trim_end().strip_suffix(";base64")?;
    let media = media.split(';').next().unwrap_or_default().trim().to_owned();
    Some((&value[comma + 1..], media))
}

/// Hands over each embedded document; pictures and the like, by their content, are what a page looks like and stay.
fn hand_over_embedded(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut number = 0u64;
    each_event(source, &mut |event| {
        let CallbackEvent::AttributeValue { value } = event else { return Ok(()) };
        let value = value.trim_ascii_start();
        if !is_embedded(value) {
            return Ok(());
        }
        let Some((body, media)) = body_of(value) else { return Ok(()) };
        number += 1;
        let mut head = Vec::new();
        Base64::new(body).take(512).read_to_end(&mut head)?;
        let told = sniff::by_magic(&head).map(|name| registry::kind(name).treatment);
        if matches!(told, Some(Treatment::Skip(_))) {
            return Ok(());
        }
        out.member(&format!("embedded {number} ({media})"), &mut Base64::new(body))?;
        Ok(())
    })
}

/// Decodes base64, passing over what is no letter of it.
struct Base64<'a> {
    input: std::slice::Iter<'a, u8>,
    bits: u32,
    bit_count: u32,
}

impl<'a> Base64<'a> {
    fn new(input: &'a [u8]) -> Self {
        Self { input: input.iter(), bits: 0, bit_count: 0 }
    }

    fn next_byte(&mut self) -> Option<u8> {
        while self.bit_count < 8 {
            let value = match *self.input.next()? {
                b @ b'A'..=b'Z' => b - b'A',
                b @ b'a'..=b'z' => b - b'a' + 26,
                b @ b'0'..=b'9' => b - b'0' + 52,
                b'+' | b'-' => 62,
                b'/' | b'_' => 63,
                b'=' => return None,
                _ => continue,
            };
            self.bits = (self.bits << 6 | u32::from(value)) & 0xffff;
            self.bit_count += 6;
        }
        self.bit_count -= 8;
        u8::try_from(self.bits >> self.bit_count & 0xff).ok()
    }
}

impl Read for Base64<'_> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        let mut n = 0;
        while n < buf.len() {
            let Some(byte) = self.next_byte() else { break };
            buf[n] = byte;
            n += 1;
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_end_where_white_space_collapses() {
        let rows = [
            ("", 0),
            ("a", 1),
            ("a b", 3),
            ("a b ", 3),
            ("a  b", 1),
            ("a\tb", 1),
            (" a", 0),
            ("a b\n", 3),
            ("é ü x", 7),
        ];
        for (text, want) in rows {
            assert_eq!(words_len(text.as_bytes()), want, "{text:?}");
        }
    }

    #[test]
    fn base64_is_read_past_what_is_no_letter() {
        let rows: &[(&[u8], &[u8])] = &[
            (b"YSxiCjEsMg==", b"a,b\n1,2"),
            (b"YS\nxi", b"a,b"),
            (b"", b""),
            (b"-_-_", b"\xfb\xff\xbf"),
            (b"%%%", b""),
        ];
        for (input, expected) in rows {
            let mut decoded = Vec::new();
            Base64::new(input).read_to_end(&mut decoded).expect("memory does not fail");
            assert_eq!(decoded, *expected);
        }
    }
}
