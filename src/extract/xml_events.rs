//! XML as a stream of events, forgiving and bounded: what every XML-based format reads through.
//!
//! A document need not be well formed, only tokenizable. Nothing is ever expanded but the five predefined entities and
//! character references, so nested entity definitions cost nothing; an entity of the document's own stays as written.
//! Tokens are slices of one buffer of decoded text: a tokenizer of our own reads sheets several times faster than one that
//! copies each event, and no text is too long for it, since text between tags and CDATA come in pieces.

use super::Failure;
use super::decode::{Charset, Scheme, TextDecoder};
use crate::content::Stop;
use crate::content::budget::Budget;
use crate::model::Limit;
use memchr::{memchr, memchr3, memmem};
use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, BufRead, Cursor, Read};
use std::ops::Range;
use std::rc::Rc;

/// One token (a tag with its attributes, a comment) may be this long.
const TOKEN_BYTES_MAX: usize = 16 << 20;
/// Bytes fetched at a time.
const BLOCK_BYTES: usize = 32 << 10;
/// A reference that has not ended after so many bytes is none.
const REFERENCE_BYTES_MAX: usize = 40;

/// What a document consists of.
#[derive(Debug)]
pub(super) enum Xml<'a> {
    /// A start tag; an empty element is a start and an end.
    Start(Tag<'a>),
    /// An end tag.
    End(EndTag<'a>),
    /// Text, with entities resolved; may come in several pieces.
    Text(Cow<'a, str>),
    /// A comment.
    Comment(Cow<'a, str>),
    /// A processing instruction or a document type, as written.
    Other(Cow<'a, str>),
}

/// An end tag.
#[derive(Debug)]
pub(super) struct EndTag<'a>(&'a str);

impl EndTag<'_> {
    /// The name without its prefix.
    pub(super) fn name(&self) -> &str {
        self.0
    }
}

/// A start tag.
#[derive(Debug)]
pub(super) struct Tag<'a> {
    name: &'a str,
    /// All that follows the name.
    attributes: &'a str,
}

impl<'a> Tag<'a> {
    /// The tag between `<` and `>`.
    fn of(inside: &'a str) -> Self {
        let len = inside.bytes().position(|b| is_space(b) || b == b'/').unwrap_or(inside.len());
        Self { name: local(&inside[..len]), attributes: &inside[len..] }
    }

    /// The name without its prefix.
    pub(super) fn name(&self) -> &'a str {
        self.name
    }

    /// The value of the first attribute of this local name, whatever its prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        self.attributes().find(|(key, _)| *key == name).map(|(_, value)| value.into_owned())
    }

    /// All attributes by local name; declarations of namespaces are none.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> + use<'a> {
        Attributes { rest: self.attributes }
    }
}

/// The attributes of a tag, one after the other; one without a value has an empty one.
struct Attributes<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let rest = self.rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if rest.is_empty() {
                return None;
            }
            let len = rest.bytes().skip(1).position(|b| is_space(b) || b == b'=').map_or(rest.len(), |at| at + 1);
            let (key, rest) = rest.split_at(len);
            let (value, rest) = match rest.trim_ascii_start().strip_prefix('=') {
                Some(rest) => split_value(rest.trim_ascii_start()),
                None => ("", rest),
            };
            self.rest = rest;
            if key != "xmlns" && !key.starts_with("xmlns:") {
                return Some((local(key), resolved(Cow::Borrowed(value))));
            }
        }
    }
}

/// An attribute's value, quoted or not, and what follows it.
fn split_value(rest: &str) -> (&str, &str) {
    let quote = rest.bytes().next().filter(|b| matches!(b, b'"' | b'\''));
    match quote {
        Some(quote) => match memchr(quote, &rest.as_bytes()[1..]) {
            Some(at) => (&rest[1..=at], &rest[at + 2..]),
            None => (&rest[1..], ""),
        },
        None => rest.split_at(rest.bytes().position(is_space).unwrap_or(rest.len())),
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rfind(':').map_or(name, |at| &name[at + 1..])
}

fn is_space(b: u8) -> bool {
    matches!(b, b' ' | b'\t' | b'\n' | b'\r')
}

/// Replaces references in an attribute's value.
fn resolved(value: Cow<'_, str>) -> Cow<'_, str> {
    if memchr::memchr(b'&', value.as_bytes()).is_none() {
        return value;
    }
    let mut out = String::with_capacity(value.len());
    let mut rest = &*value;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(REFERENCE_BYTES_MAX).position(|b| b == b';');
        match end.and_then(|end| entity(&rest[1..end]).map(|c| (c, end))) {
            Some((c, end)) => {
                out.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character of a predefined entity or a character reference, given without `&` and `;`.
fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

/// Reads events.
pub(super) struct XmlReader<'a> {
    input: Input<'a>,
    /// Decoded text; what lies before `at` was given out.
    buffer: String,
    at: usize,
    at_end: bool,
    /// Name of an empty element whose end is still to come.
    empty: Option<Range<usize>>,
    in_cdata: bool,
    budget: &'a Budget,
    depth: usize,
}

/// Where decoded text comes from.
enum Input<'a> {
    /// UTF-8, checked here: the usual case, at the least cost.
    Utf8 { stream: Box<dyn Read + 'a>, block: Vec<u8>, carried: usize, is_ascii: bool },
    /// Any other encoding.
    Decoded(TextDecoder<'a, Box<dyn Read + 'a>>),
}

impl<'a> XmlReader<'a> {
    /// Reads a stream whose encoding is told from its beginning.
    ///
    /// # Errors
    /// [`Failure`] when the stream cannot be read.
    pub(super) fn new(stream: impl Read + 'a, budget: &'a Budget) -> Result<Self, Failure> {
        let mut stream: Box<dyn Read + 'a> = Box::new(stream);
        let mut block = vec![0; BLOCK_BYTES];
        let n = fill(&mut stream, &mut block)?;
        let charset = xml_charset(&block[..n]);
        let mut buffer = String::new();
        let input = match charset {
            Charset { scheme: Scheme::Utf8, mark_bytes } if std::str::from_utf8(&block[mark_bytes..n]).is_ok() => {
                buffer.push_str(std::str::from_utf8(&block[mark_bytes..n]).unwrap_or_default());
                Input::Utf8 { stream, is_ascii: buffer.is_ascii() && mark_bytes == 0, block, carried: 0 }
            }
            Charset { scheme: Scheme::Utf8, mark_bytes } => {
                let is_ascii = mark_bytes == 0;
                let mut input = Input::Utf8 { stream, block, carried: 0, is_ascii };
                input.take(&mut buffer, mark_bytes, n)?;
                input
            }
            charset => {
                block.truncate(n);
                let whole: Box<dyn Read + 'a> = Box::new(Cursor::new(block).chain(stream));
                Input::Decoded(TextDecoder::new(whole, charset)?)
            }
        };
        Ok(Self { input, buffer, at: 0, at_end: n == 0, empty: None, in_cdata: false, budget, depth: 0 })
    }

    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// [`Failure`]: nothing more can be told apart, the stream fails, or a limit.
    pub(super) fn next_event(&mut self) -> Result<Option<Xml<'_>>, Failure> {
        self.budget.tick()?;
        if let Some(name) = self.empty.take() {
            self.depth = self.depth.saturating_sub(1);
            return Ok(Some(Xml::End(EndTag(&self.buffer[name]))));
        }
        loop {
            if self.at == self.buffer.len() {
                if self.at_end {
                    return Ok(None);
                }
                self.fetch()?;
                continue;
            }
            if self.in_cdata {
                match self.cdata()? {
                    Some(text) => return Ok(Some(Xml::Text(Cow::Borrowed(&self.buffer[text])))),
                    None => continue,
                }
            }
            if self.buffer.as_bytes()[self.at] != b'<' {
                match self.text()? {
                    Some(text) => return Ok(Some(Xml::Text(resolved(Cow::Borrowed(&self.buffer[text]))))),
                    None => continue,
                }
            }
            match self.markup()? {
                Some(Markup::Start(inside)) => return self.start(inside).map(Some),
                Some(Markup::End(inside)) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Some(Xml::End(EndTag(local(self.buffer[inside].trim_end())))));
                }
                Some(Markup::Comment(text)) => return Ok(Some(Xml::Comment(Cow::Borrowed(&self.buffer[text])))),
                Some(Markup::Other(text)) => return Ok(Some(Xml::Other(Cow::Borrowed(&self.buffer[text])))),
                Some(Markup::Text(text)) => return Ok(Some(Xml::Text(Cow::Borrowed(&self.buffer[text])))),
                None => {}
            }
        }
    }

    fn start(&mut self, inside: Range<usize>) -> Result<Xml<'_>, Failure> {
        self.depth += 1;
        self.budget.check_nesting(self.depth)?;
        let is_empty = self.buffer.as_bytes()[inside.clone()].ends_with(b"/");
        let inside = inside.start..inside.end - usize::from(is_empty);
        let tag = Tag::of(&self.buffer[inside.clone()]);
        if is_empty {
            // The local name ends where what precedes the attributes ends.
            let end = inside.end - tag.attributes.len();
            self.empty = Some(end - tag.name.len()..end);
        }
        Ok(Xml::Start(tag))
    }

    /// Text up to the next tag; a reference that the buffer's end cuts waits for the rest. `None`: look again.
    fn text(&mut self) -> Result<Option<Range<usize>>, Failure> {
        let rest = &self.buffer.as_bytes()[self.at..];
        let mut len = memchr(b'<', rest);
        if len.is_none() && !self.at_end {
            let tail = rest.len().saturating_sub(REFERENCE_BYTES_MAX);
            let cut = memchr::memrchr(b'&', &rest[tail..]).filter(|at| !rest[tail + at..].contains(&b';'));
            len = Some(cut.map_or(rest.len(), |at| tail + at));
            if len == Some(0) {
                self.fetch()?;
                return Ok(None);
            }
        }
        let text = self.at..self.at + len.unwrap_or(rest.len());
        self.at = text.end;
        Ok(Some(text))
    }

    /// A piece of a CDATA section. `None`: it ended, or look again.
    fn cdata(&mut self) -> Result<Option<Range<usize>>, Failure> {
        const END: &[u8] = b"]]>";
        let rest = &self.buffer.as_bytes()[self.at..];
        let (len, past) = match memmem::find(rest, END) {
            Some(len) => {
                self.in_cdata = false;
                (len, END.len())
            }
            None if self.at_end => (rest.len(), 0),
            None => (rest.iter().rposition(|b| *b != b']').map_or(0, |at| at + 1), 0),
        };
        if len + past == 0 {
            self.fetch()?;
            return Ok(None);
        }
        let text = self.at..self.at + len;
        self.at = text.end + past;
        Ok((!text.is_empty()).then_some(text))
    }

    /// What begins with `<`. `None`: look again.
    fn markup(&mut self) -> Result<Option<Markup>, Failure> {
        const LONGEST_OPENING: usize = 9;
        let rest = &self.buffer.as_bytes()[self.at..];
        if rest.len() < LONGEST_OPENING && !self.at_end {
            self.fetch()?;
            return Ok(None);
        }
        if rest.starts_with(b"<![CDATA[") {
            self.at += LONGEST_OPENING;
            self.in_cdata = true;
            return Ok(None);
        }
        let (opening, closing, kind) = shape(rest);
        if kind == Kind::Text {
            let text = self.at..self.at + 1;
            self.at += 1;
            return Ok(Some(Markup::Text(text)));
        }
        let end = match kind {
            Kind::Start => tag_end(&rest[opening..]),
            Kind::DocumentType => document_type_end(&rest[opening..]),
            _ => memmem::find(&rest[opening..], closing),
        };
        let Some(end) = end else {
            if self.at_end {
                return Err(Failure::corrupt("no XML from here on"));
            }
            if rest.len() > TOKEN_BYTES_MAX {
                return Err(Stop::Limit(Limit::Memory).into());
            }
            // Twice as much, so that a long token is not searched for its end too often.
            let wanted = rest.len() * 2;
            while self.buffer.len() - self.at < wanted && !self.at_end {
                self.fetch()?;
            }
            return Ok(None);
        };
        let inside = self.at + opening..self.at + opening + end;
        self.at = inside.end + closing.len();
        Ok(Some(match kind {
            Kind::Start => Markup::Start(inside),
            Kind::End => Markup::End(inside),
            Kind::Comment => Markup::Comment(inside),
            // A declaration says nothing but the encoding.
            Kind::Instruction if is_declaration(&self.buffer[inside.clone()]) => return Ok(None),
            Kind::Instruction | Kind::DocumentType | Kind::Text => Markup::Other(inside),
        }))
    }

    /// Drops what was given out and adds more text.
    fn fetch(&mut self) -> Result<(), Failure> {
        self.buffer.drain(..self.at);
        self.at = 0;
        self.at_end = !self.input.fetch(&mut self.buffer)?;
        Ok(())
    }
}

impl<'a> Input<'a> {
    /// Adds some text; false at the end.
    fn fetch(&mut self, buffer: &mut String) -> Result<bool, Failure> {
        match self {
            Input::Decoded(decoder) => match decoder.next_piece()? {
                Some(piece) => buffer.push_str(piece.text),
                None => return Ok(false),
            },
            Input::Utf8 { stream, block, carried, .. } => {
                let from = *carried;
                let n = read(stream, &mut block[from..])?;
                if n == 0 {
                    buffer.extend((from > 0).then_some('\u{fffd}'));
                    *carried = 0;
                    return Ok(false);
                }
                self.take(buffer, 0, from + n)?;
            }
        }
        Ok(true)
    }

    /// Takes the bytes of the block between `start` and `end`. A character that is cut waits; at the first bytes that are no
    /// UTF-8, a text that was ASCII until there is judged anew.
    fn take(&mut self, buffer: &mut String, mut start: usize, end: usize) -> Result<(), Failure> {
        let Input::Utf8 { stream, block, carried, is_ascii } = self else { return Ok(()) };
        *carried = 0;
        loop {
            let error = match std::str::from_utf8(&block[start..end]) {
                Ok(text) => {
                    *is_ascii = *is_ascii && text.is_ascii();
                    buffer.push_str(text);
                    return Ok(());
                }
                Err(error) => error,
            };
            let good = start + error.valid_up_to();
            let text = std::str::from_utf8(&block[start..good]).unwrap_or_default();
            *is_ascii = *is_ascii && text.is_ascii();
            buffer.push_str(text);
            start = good;
            let Some(bad) = error.error_len() else {
                block.copy_within(start..end, 0);
                *carried = end - start;
                return Ok(());
            };
            let charset =
                Charset::tell(&block[start..end]).filter(|charset| *is_ascii && charset.scheme != Scheme::Utf8);
            if let Some(charset) = charset {
                let left = Cursor::new(block[start..end].to_vec());
                let stream = std::mem::replace(stream, Box::new(io::empty()));
                let rest: Box<dyn Read + 'a> = Box::new(left.chain(stream));
                *self = Input::Decoded(TextDecoder::new(rest, Charset { mark_bytes: 0, ..charset })?);
                return Ok(());
            }
            buffer.push('\u{fffd}');
            start += bad;
        }
    }
}

/// Reads once, past interruptions.
fn read(stream: &mut impl Read, block: &mut [u8]) -> Result<usize, Failure> {
    loop {
        match stream.read(block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            got => return Ok(got?),
        }
    }
}

/// Reads until the block is full or the stream ends.
fn fill(stream: &mut impl Read, block: &mut [u8]) -> Result<usize, Failure> {
    let mut n = 0;
    while n < block.len() {
        match read(stream, &mut block[n..]) {
            Ok(0) => break,
            Ok(more) => n += more,
            // What came before the failure is read first; the next reading fails again.
            Err(_) if n > 0 => break,
            Err(failure) => return Err(failure),
        }
    }
    Ok(n)
}

/// A token, as the span of what is inside its marks.
enum Markup {
    Start(Range<usize>),
    End(Range<usize>),
    Comment(Range<usize>),
    Other(Range<usize>),
    /// A `<` that begins nothing.
    Text(Range<usize>),
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Start,
    End,
    Comment,
    Instruction,
    DocumentType,
    Text,
}

/// The kind of markup that begins here, the length of its opening mark and its closing mark.
fn shape(rest: &[u8]) -> (usize, &'static [u8], Kind) {
    match rest.get(1) {
        Some(b'/') => (2, b">", Kind::End),
        Some(b'?') => (2, b"?>", Kind::Instruction),
        Some(b'!') if rest.starts_with(b"<!--") => (4, b"-->", Kind::Comment),
        Some(b'!') => (2, b">", Kind::DocumentType),
        Some(b) if b.is_ascii_alphabetic() || matches!(b, b'_' | b':') || *b >= 0x80 => (1, b">", Kind::Start),
        _ => (1, b"", Kind::Text),
    }
}

/// Where a tag ends: the first `>` that stands in no quotes.
fn tag_end(rest: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr3(b'>', b'"', b'\'', &rest[at..])?;
        if rest[at] == b'>' {
            return Some(at);
        }
        at += 2 + memchr(rest[at], &rest[at + 1..])?;
    }
}

/// Where a document type ends: past its subset in brackets.
fn document_type_end(rest: &[u8]) -> Option<usize> {
    let (mut at, mut brackets) = (0, 0u32);
    loop {
        match rest.get(at)? {
            b'>' if brackets == 0 => return Some(at),
            b'[' => brackets += 1,
            b']' => brackets = brackets.saturating_sub(1),
            quote @ (b'"' | b'\'') => at += 1 + memchr(*quote, &rest[at + 1..])?,
            _ => {}
        }
        at += 1;
    }
}

fn is_declaration(instruction: &str) -> bool {
    instruction.strip_prefix("xml").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_whitespace()))
}

/// The encoding of an XML text: marks and NUL bytes first, then what it declares, then what its bytes suggest.
pub(super) fn xml_charset(head: &[u8]) -> Charset {
    let told = Charset::tell(head).unwrap_or(Charset::UTF8);
    match (told.scheme, declared(head)) {
        (Scheme::Legacy(_), Some(encoding)) if encoding != encoding_rs::UTF_8 => {
            Charset { scheme: Scheme::Legacy(encoding), mark_bytes: 0 }
        }
        (Scheme::Utf8, Some(encoding)) if encoding == encoding_rs::ISO_2022_JP => {
            Charset { scheme: Scheme::Legacy(encoding), mark_bytes: 0 }
        }
        _ => told,
    }
}

/// The encoding named in the first kilobyte, by an XML declaration or an HTML `meta`.
fn declared(head: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let start = String::from_utf8_lossy(&head[..head.len().min(1024)]).to_ascii_lowercase();
    let after = ["encoding=", "charset="].iter().find_map(|mark| start.split_once(mark).map(|(_, after)| after))?;
    let label: String = after
        .trim_start_matches(['"', '\''])
        .chars()
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'))
        .collect();
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes())?;
    let wide = encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE;
    (!wide && encoding != encoding_rs::REPLACEMENT).then_some(encoding)
}

/// Ends a token that grows past all reason.
pub(super) struct TokenBound<R> {
    inner: R,
    /// Bytes since the last token ended; whoever sees tokens end sets it back to zero.
    pub(super) token_bytes: Rc<Cell<usize>>,
}

impl<R: BufRead> TokenBound<R> {
    /// Bounds the tokens read from `inner`.
    pub(super) fn new(inner: R) -> Self {
        Self { inner, token_bytes: Rc::default() }
    }
}

impl<R: BufRead> Read for TokenBound<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}

impl<R: BufRead> BufRead for TokenBound<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.token_bytes.get() > TOKEN_BYTES_MAX {
            return Err(Stop::Limit(Limit::Memory).into());
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, n: usize) {
        self.token_bytes.set(self.token_bytes.get() + n);
        self.inner.consume(n);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::content::Limits;
    use std::sync::Arc;
    use std::sync::atomic::AtomicBool;

    /// Gives one byte at a time.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = self.0.len().min(1).min(buf.len());
            buf[..n].copy_from_slice(&self.0[..n]);
            self.0 = &self.0[n..];
            Ok(n)
        }
    }

    /// Events as a line; neighbouring texts are one.
    fn printed(stream: impl Read) -> String {
        let budget = Budget::new(Limits::default(), Clock::machine(), Arc::new(AtomicBool::new(false)), 1 << 20);
        let mut xml = XmlReader::new(stream, &budget).expect("readable");
        let (mut line, mut in_text) = (String::new(), false);
        loop {
            let event = match xml.next_event() {
                Ok(Some(event)) => event,
                Ok(None) => return line,
                Err(_) => return line + "!",
            };
            let is_text = matches!(event, Xml::Text(_));
            if is_text != in_text {
                line.push('|');
            }
            in_text = is_text;
            match event {
                Xml::Start(tag) => {
                    line.push_str(&format!("<{}", tag.name()));
                    tag.attributes().for_each(|(key, value)| line.push_str(&format!(" {key}={value}")));
                    line.push('>');
                }
                Xml::End(tag) => line.push_str(&format!("</{}>", tag.name())),
                Xml::Text(text) => line.push_str(&text),
                Xml::Comment(text) => line.push_str(&format!("({text})")),
                Xml::Other(text) => line.push_str(&format!("[{text}]")),
            }
        }
    }

    const ROWS: &[(&str, &str)] = &[
        ("<a/>", "<a></a>"),
        ("<w:a w:b='1' xmlns:w=\"w\" c = \"&lt;2>\" d>x</w:a >", "<a b=1 c=<2> d=>|x|</a>"),
        ("<a b=c/>", "<a b=c></a>"),
        (
            "<?xml version='1.0'?><?go on?><!DOCTYPE a [<!ENTITY x \"]>\">]><a>",
            "[go on][DOCTYPE a [<!ENTITY x \"]>\">]]<a>",
        ),
        ("<a>x &amp; &#65;&#x42; &own; & </a>", "<a>|x & AB &own; & |</a>"),
        ("<a><![CDATA[<b>]] &amp;]]>]]</a>", "<a>|<b>]] &amp;]]|</a>"),
        ("<a><!-- - -> --></a>", "<a>( - -> )</a>"),
        ("1 < 2 <a>", "|1 < 2 |<a>"),
        ("</a></a><b>", "</a></a><b>"),
        ("<a b=\"", "!"),
        ("<\u{e4}\u{f6}>\u{20ac}</\u{e4}\u{f6}>", "<\u{e4}\u{f6}>|\u{20ac}|</\u{e4}\u{f6}>"),
        ("<a>&amp", "<a>|&amp"),
    ];

    #[test]
    fn events_are_the_same_at_every_cut_of_the_stream() {
        for (text, expected) in ROWS {
            assert_eq!(printed(text.as_bytes()), *expected, "{text}");
            for pad in [BLOCK_BYTES - 1, BLOCK_BYTES - 3, BLOCK_BYTES - 10, BLOCK_BYTES] {
                let padded = format!("<!--{}-->{text}", "x".repeat(pad - text.len() / 2 - 7));
                let shown = printed(Drip(padded.as_bytes()));
                let after = shown.split_once(')').map_or("", |(_, after)| after);
                assert_eq!(after, *expected, "{text} after {pad}");
            }
        }
    }

    #[test]
    fn encodings_read_the_same() {
        let text = "<a b=\"\u{e4}\">\u{20ac} \u{3042}</a>";
        let expected = "<a b=\u{e4}>|\u{20ac} \u{3042}|</a>";
        let wide = |mark: bool| -> Vec<u8> {
            let marked = format!("{}{text}", if mark { "\u{feff}" } else { "" });
            marked.encode_utf16().flat_map(u16::to_le_bytes).collect()
        };
        for bytes in [text.as_bytes().to_vec(), format!("\u{feff}{text}").into_bytes(), wide(true), wide(false)] {
            assert_eq!(printed(bytes.as_slice()), expected);
        }
        let mut late = b"<a>".to_vec();
        late.extend(std::iter::repeat_n(b'x', BLOCK_BYTES));
        late.extend_from_slice(b" caf\xe9 na\xefve </a>");
        assert!(printed(late.as_slice()).ends_with(" caf\u{e9} na\u{ef}ve |</a>"));
    }
}
