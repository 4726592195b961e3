//! Lines of a mail, in pieces of bounded size, with a look at what follows.
//!
//! A line is shown whole unless it is longer than [`PIECE_BYTES_MAX`]: hostile mail has lines of gigabytes, and they pass
//! through here in pieces like any other.

use std::io::{self, Read};

/// Bytes of the longest piece.
pub(in super::super) const PIECE_BYTES_MAX: usize = 16 << 10;
/// Bytes fetched at a time.
const FETCH_BYTES: usize = 64 << 10;
/// Bytes behind a piece that can be looked at.
const AHEAD_BYTES: usize = 512;

/// A line or a part of one, at the reader's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Piece {
    /// Its bytes, line end included.
    pub(in super::super) len: usize,
    /// Its bytes without the line end.
    pub(in super::super) text_len: usize,
    /// True when a line begins with it.
    pub(in super::super) begins: bool,
    /// True when the line ends with it (or the mail does).
    pub(in super::super) ends: bool,
}

/// Cuts a stream into lines.
pub(in super::super) struct Lines<R> {
    reader: R,
    buf: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    in_line: bool,
}

impl<R: Read> Lines<R> {
    /// The lines of `reader`.
    pub(in super::super) fn new(reader: R) -> Self {
        Self { reader, buf: Vec::new(), start: 0, end: 0, at_end: false, in_line: false }
    }

    /// The piece at the position; the position does not move. `None` at the end.
    pub(in super::super) fn peek(&mut self) -> io::Result<Option<Piece>> {
        let mut searched = 0;
        loop {
            let rest = &self.buf[self.start..self.end];
            let window = &rest[..rest.len().min(PIECE_BYTES_MAX)];
            if let Some(at) = memchr::memchr(b'\n', &window[searched..]) {
                let newline = searched + at;
                let text_len = if newline > 0 && rest[newline - 1] == b'\r' { newline - 1 } else { newline };
                return Ok(Some(Piece { len: newline + 1, text_len, begins: !self.in_line, ends: true }));
            }
            searched = window.len();
            if rest.len() >= PIECE_BYTES_MAX {
                // A carriage return at the edge stays with its line feed.
                let len = if window.ends_with(b"\r") { searched - 1 } else { searched };
                return Ok(Some(Piece { len, text_len: len, begins: !self.in_line, ends: false }));
            }
            if self.at_end {
                let last = Piece { len: searched, text_len: searched, begins: !self.in_line, ends: true };
                return Ok((searched > 0).then_some(last));
            }
            self.fetch()?;
        }
    }

    /// The text of the piece at the position.
    pub(in super::super) fn text(&self, piece: Piece) -> &[u8] {
        &self.buf[self.start..self.start + piece.text_len]
    }

    /// The piece at the position with its line end.
    pub(in super::super) fn whole(&self, piece: Piece) -> &[u8] {
        &self.buf[self.start..self.start + piece.len]
    }

    /// Some bytes behind the piece at the position: at least [`AHEAD_BYTES`] unless the mail ends before.
    pub(in super::super) fn ahead(&mut self, piece: Piece) -> io::Result<&[u8]> {
        while self.end - self.start < piece.len + AHEAD_BYTES && !self.at_end {
            self.fetch()?;
        }
        Ok(&self.buf[self.start + piece.len..self.end])
    }

    /// Moves behind the piece at the position.
    pub(in super::super) fn pass(&mut self, piece: Piece) {
        self.start = (self.start + piece.len).min(self.end);
        self.in_line = !piece.ends;
    }

    /// Everything from the position on, as it stands.
    pub(in super::super) fn rest(&mut self) -> impl Read {
        let held = io::Cursor::new(&self.buf[self.start..self.end]);
        held.chain(&mut self.reader)
    }

    fn fetch(&mut self) -> io::Result<()> {
        self.buf.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.buf.len() < self.end + FETCH_BYTES {
            self.buf.resize(self.end + FETCH_BYTES, 0);
        }
        loop {
            match self.reader.read(&mut self.buf[self.end..]) {
                Ok(n) => {
                    self.end += n;
                    self.at_end = n == 0;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_and_long_ones_in_pieces() {
        let long = "x".repeat(PIECE_BYTES_MAX + 5);
        let mail = format!("a\r\n\nbc\n{long}\r\nlast");
        let mut lines = Lines::new(mail.as_bytes());
        let mut seen = Vec::new();
        while let Some(piece) = lines.peek().expect("memory does not fail") {
            seen.push((lines.text(piece).len(), piece.begins, piece.ends));
            lines.pass(piece);
        }
        let expected = [
            (1, true, true),
            (0, true, true),
            (2, true, true),
            (PIECE_BYTES_MAX, true, false),
            (5, false, true),
            (4, true, true),
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_follows_can_be_seen() {
        let mut lines = Lines::new(&b"one\ntwo\nthree"[..]);
        let piece = lines.peek().expect("memory does not fail").expect("a line");
        assert_eq!(lines.ahead(piece).expect("memory does not fail"), b"two\nthree");
        assert_eq!(lines.text(piece), b"one");
    }
}
