//! Where the walks write: the part `metadata`, opened by its first line.

use super::super::xml_events::XmlReader;
use super::super::{Edge, Failure, Output, PartHead, Source, decode, xml};
use crate::model::Place;
use std::io::Read;

/// The part in the making.
pub(super) struct Notes<'o> {
    source: &'o Source<'o>,
    out: &'o mut dyn Output,
    open: bool,
}

impl<'o> Notes<'o> {
    pub(super) fn new(source: &'o Source<'o>, out: &'o mut dyn Output) -> Self {
        Self { source, out, open: false }
    }

    fn open(&mut self) -> Result<(), Failure> {
        if !std::mem::replace(&mut self.open, true) {
            self.out.open_part(PartHead { name: "metadata".to_owned(), own_text: None, recovered: false })?;
        }
        Ok(())
    }

    /// One entry: its name, then its text.
    pub(super) fn line(&mut self, name: &str, text: &str) -> Result<(), Failure> {
        let text = text.trim_matches(|c: char| c == '\0' || c.is_whitespace());
        if text.is_empty() {
            return Ok(());
        }
        self.open()?;
        self.out.push(Edge::Soft('\n'), &Place::Whole, name, None)?;
        self.out.push(Edge::Soft(' '), &Place::named(name), text, None)?;
        Ok(())
    }

    /// One entry of which the encoding is not told; what follows a NUL is padding, or another text.
    pub(super) fn bytes(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let text = decode::guessed_text(bytes.trim_ascii_end());
        let text: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
        self.line(name, &text)
    }

    /// One entry in Latin-1.
    pub(super) fn latin(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let text: String = bytes.iter().map(|&b| char::from(b)).collect();
        self.line(name, &text)
    }

    /// One entry in UTF-16, up to its first NUL.
    pub(super) fn utf16(&mut self, name: &str, bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<(), Failure> {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).take_while(|unit| *unit != 0);
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')).collect();
        self.line(name, &text)
    }

    /// An XMP packet: XML, read as such.
    pub(super) fn xmp(&mut self, packet: impl Read) -> Result<(), Failure> {
        self.open()?;
        let read = XmlReader::new(packet, self.source.budget)
            .and_then(|mut reader| xml::push_plain(&mut reader, &mut *self.out).map(drop));
        self.forgive("XMP", read)
    }

    /// Takes a failure of one entry as a hole, unless it ends the whole file.
    pub(super) fn forgive(&mut self, what: &str, done: Result<(), Failure>) -> Result<(), Failure> {
        match done {
            Err(failure) if self.source.budget.stopped().is_none() => {
                self.out.hole(what, failure.reason());
                Ok(())
            }
            done => done,
        }
    }

    pub(super) fn close(self) -> Result<(), Failure> {
        if self.open {
            self.out.close_part()?;
        }
        Ok(())
    }
}
