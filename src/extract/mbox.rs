//! Mail boxes of Unix programs: messages in a row, each behind a line that begins with `From `.
//!
//! RFC 4155 and the habits that it describes: a line of a message that begins so was given a `>` (mboxo), and so was one
//! that had some already (mboxrd); both are undone. Each message is a member, so that a box of any size is read in the memory
//! of its largest message. Lengths named in fields are not believed.

use super::mail::decode_words;
use super::mail::lines::{Lines, Piece};
use super::{Edge, Failure, Output, PartHead, Source};
use crate::model::Place;
use std::io::{self, Read};

/// Hands over each message; the lines between them are parts.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut lines = Lines::new(source.reader());
    let mut number = 0u64;
    while let Some(piece) = lines.peek()? {
        number += 1;
        let name = format!("message {number}");
        if is_separator(&mut lines, piece)? {
            let envelope = decode_words(lines.text(piece));
            lines.pass(piece);
            out.open_part(PartHead { name: name.clone(), own_text: None, recovered: false })?;
            out.push(Edge::Soft('\n'), &Place::Whole, &envelope, None)?;
            out.close_part()?;
        }
        let mut message = Message::new(&mut lines);
        out.member(&format!("{name}.eml"), &mut message)?;
        message.pass_rest()?;
    }
    Ok(())
}

/// True for a line that stands before a message: it names a time, or fields follow.
fn is_separator<R: Read>(lines: &mut Lines<R>, piece: Piece) -> io::Result<bool> {
    let line = lines.text(piece);
    if !piece.begins || !line.starts_with(b"From ") {
        return Ok(false);
    }
    if line.windows(5).any(is_clock) {
        return Ok(true);
    }
    let ahead = lines.ahead(piece)?;
    let next = ahead.split(|&b| b == b'\n').next().unwrap_or_default();
    let name = next.split(|&b| b == b':').next().unwrap_or_default();
    Ok(name.len() < next.len() && !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-'))
}

/// `12:34`.
fn is_clock(five: &[u8]) -> bool {
    five.iter().enumerate().all(|(at, b)| if at == 2 { *b == b':' } else { b.is_ascii_digit() })
}

/// The bytes of one message, up to the next separator behind an empty line.
struct Message<'l, R> {
    lines: &'l mut Lines<R>,
    /// The piece being given, and how much of it is gone.
    piece: Option<(Piece, usize)>,
    after_empty: bool,
    ended: bool,
}

impl<'l, R: Read> Message<'l, R> {
    fn new(lines: &'l mut Lines<R>) -> Self {
        Self { lines, piece: None, after_empty: false, ended: false }
    }

    fn pass_rest(&mut self) -> io::Result<()> {
        while self.current()?.is_some() {
            self.piece_is_done();
        }
        Ok(())
    }

    /// The piece at the position, once it is known to belong to the message.
    fn current(&mut self) -> io::Result<Option<(Piece, usize)>> {
        if self.piece.is_some() || self.ended {
            return Ok(self.piece);
        }
        let Some(piece) = self.lines.peek()? else {
            self.ended = true;
            return Ok(None);
        };
        if self.after_empty && is_separator(self.lines, piece)? {
            self.ended = true;
            return Ok(None);
        }
        let text = self.lines.text(piece);
        let quotes = text.iter().take_while(|b| **b == b'>').count();
        let is_quoted = piece.begins && quotes > 0 && text[quotes..].starts_with(b"From ");
        self.piece = Some((piece, usize::from(is_quoted)));
        Ok(self.piece)
    }

    fn piece_is_done(&mut self) {
        if let Some((piece, _)) = self.piece.take() {
            self.after_empty = piece.begins && piece.ends && piece.text_len == 0;
            self.lines.pass(piece);
        }
    }
}

impl<R: Read> Read for Message<'_, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            let Some((piece, taken)) = self.current()? else { break };
            let rest = &self.lines.whole(piece)[taken..];
            let n = rest.len().min(buf.len() - filled);
            buf[filled..filled + n].copy_from_slice(&rest[..n]);
            filled += n;
            self.piece = Some((piece, taken + n));
            if n == rest.len() {
                self.piece_is_done();
            }
        }
        Ok(filled)
    }
}
