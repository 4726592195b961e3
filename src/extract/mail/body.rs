//! One body of a mail as a stream of bytes: from the lines, up to the next boundary, transfer encoding undone.

use super::coding::{Coding, Decoder, Input, uuencode_name, yenc_name};
use super::lines::{Lines, Piece};
use std::io::{self, Read};

/// Multiparts within multiparts; deeper ones are read as text.
pub(super) const DEPTH_MAX: usize = 64;

/// The boundaries of the multiparts that the position lies in, outermost first. A closed one stays until its parent goes
/// on: parts behind the closing line are not shown by mail programs, which is no reason not to read them.
#[derive(Debug, Default)]
pub(super) struct Bounds {
    marks: Vec<Vec<u8>>,
    /// Default type of each multipart's parts is a message.
    digests: Vec<bool>,
}

/// Where a body ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With the mail.
    Mail,
    /// At the boundary of the multipart of this level; `closes` when it is the closing one.
    Bound {
        /// Index of the multipart.
        level: usize,
        /// True for the closing line.
        closes: bool,
    },
    /// At a file written into the text: its coding and its name.
    Embedded(Coding, Vec<u8>),
    /// At a line that looks like a boundary, since a part's header follows, but was never declared.
    Undeclared(Vec<u8>),
    /// Where the body said itself that it ends.
    Own,
}

impl Bounds {
    /// Enters a multipart.
    pub(super) fn enter(&mut self, boundary: &[u8], is_digest: bool) {
        let mut mark = b"--".to_vec();
        mark.extend_from_slice(boundary.trim_ascii_end());
        self.marks.push(mark);
        self.digests.push(is_digest);
    }

    /// Goes back to the multipart of a level.
    pub(super) fn back_to(&mut self, level: usize) {
        self.marks.truncate(level + 1);
        self.digests.truncate(level + 1);
    }

    /// How many multiparts are open.
    pub(super) fn depth(&self) -> usize {
        self.marks.len()
    }

    /// True when parts without a type are messages here.
    pub(super) fn in_digest(&self) -> bool {
        self.digests.last().copied().unwrap_or(false)
    }

    /// The boundary that a line is, the innermost first.
    pub(super) fn at(&self, line: &[u8]) -> Option<End> {
        if !line.starts_with(b"--") {
            return None;
        }
        let line = line.trim_ascii_end();
        for (level, mark) in self.marks.iter().enumerate().rev() {
            match line.strip_prefix(mark.as_slice()) {
                Some(b"") => return Some(End::Bound { level, closes: false }),
                Some(b"--") => return Some(End::Bound { level, closes: true }),
                _ => {}
            }
        }
        None
    }
}

/// Bytes decoded ahead of the reader.
const OUT_BYTES: usize = 8 << 10;

/// The bytes of one body.
pub(super) struct Body<'w, R> {
    lines: &'w mut Lines<R>,
    bounds: &'w Bounds,
    decoder: Decoder,
    /// Stops at files written into the text.
    watches: bool,
    out: Vec<u8>,
    taken: usize,
    end: Option<End>,
    /// True when an encrypted block of PGP was seen.
    pub(super) has_pgp: bool,
}

impl<'w, R: Read> Body<'w, R> {
    /// The body at the position of `lines`.
    pub(super) fn new(lines: &'w mut Lines<R>, bounds: &'w Bounds, coding: Coding) -> Self {
        let decoder = Decoder::new(coding);
        Self { lines, bounds, decoder, watches: false, out: Vec::new(), taken: 0, end: None, has_pgp: false }
    }

    /// The same, ending also where a file is written into the text.
    pub(super) fn of_text(lines: &'w mut Lines<R>, bounds: &'w Bounds, coding: Coding) -> Self {
        let watches = matches!(coding, Coding::Plain | Coding::QuotedPrintable);
        Self { watches, ..Self::new(lines, bounds, coding) }
    }

    /// Passes over what was not read, and tells where the body ended.
    pub(super) fn finish(mut self) -> io::Result<(End, bool)> {
        loop {
            if let Some(end) = self.end {
                return Ok((end, self.has_pgp));
            }
            self.out.clear();
            self.step()?;
        }
    }

    /// Decodes one more piece, or sees the end.
    fn step(&mut self) -> io::Result<()> {
        let Some(piece) = self.lines.peek()? else {
            self.end = Some(End::Mail);
            return Ok(());
        };
        if piece.begins {
            if let Some(end) = self.bounds.at(self.lines.text(piece)) {
                self.lines.pass(piece);
                self.end = Some(end);
                return Ok(());
            }
            if self.watches && self.sees_embedded(piece)? {
                return Ok(());
            }
        }
        let whole = self.lines.whole(piece);
        let (text, line_end) = whole.split_at(piece.text_len);
        if self.decoder.decode(Input { text, line_end, ends: piece.ends, begins: piece.begins }, &mut self.out) {
            self.lines.pass(piece);
        }
        if self.decoder.is_done() {
            self.end = Some(End::Own);
        }
        Ok(())
    }

    fn sees_embedded(&mut self, piece: Piece) -> io::Result<bool> {
        let line = self.lines.text(piece);
        self.has_pgp |= line.starts_with(b"-----BEGIN PGP MESSAGE-----");
        let found = if let Some(name) = yenc_name(line) {
            Some(End::Embedded(Coding::Yenc, name.to_vec()))
        } else if line.starts_with(b"begin ") {
            let line = line.to_vec();
            let ahead = self.lines.ahead(piece)?;
            uuencode_name(&line, ahead).map(|name| End::Embedded(Coding::Uuencode, name.to_vec()))
        } else if line.starts_with(b"--") && line.len() > 4 && self.bounds.depth() < DEPTH_MAX {
            let boundary = line[2..].trim_ascii_end().to_vec();
            let ahead = self.lines.ahead(piece)?;
            let is_header = ahead.get(..8).is_some_and(|start| start.eq_ignore_ascii_case(b"content-"));
            is_header.then_some(End::Undeclared(boundary))
        } else {
            None
        };
        let Some(end) = found else { return Ok(false) };
        self.lines.pass(piece);
        self.end = Some(end);
        Ok(true)
    }
}

impl<R: Read> Read for Body<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.out.len() {
            self.out.clear();
            self.taken = 0;
            while self.end.is_none() && self.out.len() < OUT_BYTES {
                self.step()?;
            }
        }
        let n = buf.len().min(self.out.len() - self.taken);
        buf[..n].copy_from_slice(&self.out[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}
