//! Gzip (RFC 1952): one or many members in a row, read as one stream.
//!
//! The name in the header names the content; without one the file's own name without `.gz` does. What follows the last
//! member is handed over too when it is more than padding.

use super::streams::inner_name;
use super::{Edge, Failure, Output, PartHead, Source};
use crate::content::budget::{Fed, Inflated};
use crate::model::Place;
use flate2::bufread::GzDecoder;
use std::io::{self, BufRead, BufReader, Read};

/// Hands over the inflated stream.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let header = header(source)?;
    if let Some(comment) = header.comment {
        out.open_part(PartHead { name: "comment".to_owned(), own_text: None, recovered: false })?;
        out.push(Edge::Join, &Place::Whole, &comment, None)?;
        out.close_part()?;
    }
    let name = header.name.unwrap_or_else(|| inner_name(source.name));
    let (fed, fed_bytes) = Fed::new(source.reader());
    let input = BufReader::with_capacity(32 << 10, fed);
    let mut inflated = Inflated::new(Members::new(input), fed_bytes, source.budget);
    out.member(&name, &mut inflated)?;
    if let Some(mut rest) = inflated.into_inner().trailing() {
        out.member("trailing bytes", &mut rest)?;
    }
    Ok(())
}

/// The members of one file, read one after the other.
struct Members<R> {
    current: Option<GzDecoder<R>>,
    rest: Option<R>,
}

impl<R: BufRead> Members<R> {
    fn new(input: R) -> Self {
        Self { current: Some(GzDecoder::new(input)), rest: None }
    }

    /// What follows the last member, past zero padding; `None` when that is nothing, or the end was not reached.
    fn trailing(self) -> Option<R> {
        let mut rest = self.rest?;
        loop {
            let bytes = rest.fill_buf().ok()?;
            if bytes.is_empty() {
                return None;
            }
            let zeros = bytes.iter().take_while(|&&b| b == 0).count();
            if zeros < bytes.len() {
                rest.consume(zeros);
                return Some(rest);
            }
            rest.consume(zeros);
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while let Some(current) = &mut self.current {
            let n = current.read(buf)?;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            let Some(mut input) = self.current.take().map(GzDecoder::into_inner) else { break };
            if input.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
                self.current = Some(GzDecoder::new(input));
            } else {
                self.rest = Some(input);
            }
        }
        Ok(0)
    }
}

/// The texts of a header, in Latin-1 by the RFC.
#[derive(Default)]
struct Header {
    name: Option<String>,
    comment: Option<String>,
}

fn header(source: &Source<'_>) -> Result<Header, Failure> {
    let mut head = [0; 4096];
    let len = source.content.read_up_to(0, &mut head)?;
    let head = &head[..len];
    let flags = head.get(3).copied().unwrap_or(0);
    let mut at = 10;
    if flags & 4 != 0 {
        let extra = head.get(10..12).map_or(0, |len| usize::from(u16::from_le_bytes([len[0], len[1]])));
        at += 2 + extra;
    }
    let mut rest = head.get(at..).unwrap_or_default();
    let mut field = |flag| {
        let text = rest.split(|&b| b == 0).next().filter(|_| flags & flag != 0)?;
        rest = rest.get(text.len() + 1..).unwrap_or_default();
        let text: String = text.iter().map(|&b| char::from(b)).filter(|c| !c.is_control()).collect();
        (!text.is_empty()).then_some(text)
    };
    let name = field(8);
    Ok(Header { name, comment: field(16) })
}
