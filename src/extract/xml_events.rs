//! XML as a stream of events, forgiving and bounded: what every XML-based format reads through.
//!
//! A document need not be well formed, only tokenizable. Nothing is ever expanded but the five predefined entities and
//! character references, so nested entity definitions cost nothing; an entity of the document's own stays as written.

use super::decode::{Charset, Scheme, Utf8Reader};
use super::{BLOCK_BYTES, Failure};
use crate::content::Stop;
use crate::content::budget::Budget;
use crate::model::Limit;
use quick_xml::events::{BytesEnd, BytesRef, BytesStart, Event};
use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

/// One token (a text between tags, a tag with its attributes) may be this long.
const TOKEN_BYTES_MAX: usize = 16 << 20;

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
pub(super) struct EndTag<'a>(BytesEnd<'a>);

impl EndTag<'_> {
    /// The name without its prefix.
    pub(super) fn name(&self) -> &str {
        self.0.local_name().into_inner().trim_end()
    }
}

/// A start tag.
#[derive(Debug)]
pub(super) struct Tag<'a>(BytesStart<'a>);

impl Tag<'_> {
    /// The name without its prefix.
    pub(super) fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The value of the first attribute of this local name, whatever its prefix.
    pub(super) fn attribute(&self, name: &str) -> Option<String> {
        self.attributes().find(|(key, _)| *key == name).map(|(_, value)| value.into_owned())
    }

    /// All attributes by local name; declarations of namespaces are none.
    pub(super) fn attributes(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        let mut attributes = self.0.html_attributes();
        attributes.with_checks(false);
        attributes.flatten().filter_map(|attribute| {
            let key = attribute.key.into_inner();
            if key == "xmlns" || key.starts_with("xmlns:") {
                return None;
            }
            let local = attribute.key.local_name().into_inner();
            Some((local, resolved(attribute.value)))
        })
    }
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
        let end = rest.bytes().take(40).position(|b| b == b';');
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
    reader: quick_xml::Reader<TokenBound<Box<dyn BufRead + 'a>>>,
    buf: Vec<u8>,
    budget: &'a Budget,
    depth: usize,
}

impl<'a> XmlReader<'a> {
    /// Reads a stream whose encoding is told from its beginning.
    ///
    /// # Errors
    /// [`Failure`] when the stream cannot be read.
    pub(super) fn new(stream: impl Read + 'a, budget: &'a Budget) -> Result<Self, Failure> {
        let mut buffered = BufReader::with_capacity(BLOCK_BYTES, stream);
        let charset = xml_charset(buffered.fill_buf()?);
        let text: Box<dyn BufRead + 'a> = Box::new(Utf8Reader::new(buffered, charset)?);
        let mut reader = quick_xml::Reader::from_reader(TokenBound::new(text));
        let config = reader.config_mut();
        config.allow_dangling_amp = true;
        config.allow_unmatched_ends = true;
        config.check_end_names = false;
        config.expand_empty_elements = true;
        Ok(Self { reader, buf: Vec::new(), budget, depth: 0 })
    }

    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// [`Failure`]: nothing more can be told apart, the stream fails, or a limit.
    pub(super) fn next_event(&mut self) -> Result<Option<Xml<'_>>, Failure> {
        self.buf.clear();
        self.reader.get_mut().token_bytes.set(0);
        self.budget.tick()?;
        let event = self.reader.read_event_into(&mut self.buf).map_err(failure)?;
        Ok(Some(match event {
            Event::Eof => return Ok(None),
            Event::Start(start) | Event::Empty(start) => {
                self.depth += 1;
                self.budget.check_nesting(self.depth)?;
                Xml::Start(Tag(start))
            }
            Event::End(end) => {
                self.depth = self.depth.saturating_sub(1);
                Xml::End(EndTag(end))
            }
            Event::Text(text) => Xml::Text(text.into_inner()),
            Event::CData(text) => Xml::Text(text.into_inner()),
            Event::GeneralRef(reference) => Xml::Text(reference_text(reference)),
            Event::Comment(text) => Xml::Comment(text.into_inner()),
            Event::PI(text) => Xml::Other(text.into_inner()),
            Event::DocType(text) => Xml::Other(text.into_inner()),
            Event::Decl(_) => Xml::Text(Cow::Borrowed("")),
        }))
    }
}

/// The text of a reference: its character, or itself as written when it is the document's own.
fn reference_text(reference: BytesRef<'_>) -> Cow<'_, str> {
    match entity(&reference) {
        Some(c) => Cow::Owned(c.to_string()),
        None => Cow::Owned(format!("&{};", &*reference)),
    }
}

fn failure(error: quick_xml::Error) -> Failure {
    match error {
        quick_xml::Error::Io(error) => match Stop::carried_by(&error) {
            Some(stop) => stop.into(),
            None => Failure::from(
                error
                    .raw_os_error()
                    .map_or(io::Error::new(error.kind(), "the stream is damaged"), io::Error::from_raw_os_error),
            ),
        },
        _ => Failure::corrupt("no XML from here on"),
    }
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
