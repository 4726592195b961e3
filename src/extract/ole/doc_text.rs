//! Word's characters as text: some are marks for paragraphs, cells, fields, pictures and notes.
//!
//! The instruction of a field (an address, a question, a merge field) would cut the sentence it stands in, so it waits and
//! follows at the end of the paragraph.

use crate::extract::changes::{Before, Mark};
use crate::extract::parts::Parts;
use crate::extract::{Edge, Failure};
use crate::model::Place;
use encoding_rs::Encoding;

/// Text handed on at a time.
const PIECE_BYTES: usize = 8 << 10;
/// Instructions that wait for the end of their paragraph.
const WAITING_BYTES_MAX: usize = 64 << 10;

/// Puts characters together to paragraphs.
#[derive(Default)]
pub(super) struct Flow {
    text: String,
    waiting: String,
    /// Fields that are open; true while an instruction is read.
    fields: Vec<bool>,
    /// Put before the next text; nothing while a paragraph goes on.
    edge: Option<char>,
    paragraph: u32,
    begun: bool,
    /// The last characters were cell marks.
    cells: u32,
    /// First half of a character of two units, or of a unit that was cut.
    high: Option<u16>,
    /// What the characters at hand are.
    mark: Mark,
    before: Before,
}

/// Fields within fields that are followed.
const FIELDS_MAX: usize = 1000;

impl Flow {
    /// Says what the characters to come are.
    pub(super) fn mark(&mut self, mark: Mark, parts: &mut Parts<'_>) -> Result<(), Failure> {
        if self.mark != mark {
            self.flush(parts)?;
            self.mark = mark;
        }
        Ok(())
    }

    pub(super) fn take_wide(&mut self, bytes: &[u8], parts: &mut Parts<'_>) -> Result<(), Failure> {
        let units = bytes.chunks_exact(2).map(|unit| u16::from_le_bytes([unit[0], unit[1]]));
        let units = self.high.take().into_iter().chain(units);
        let mut last = None;
        for decoded in char::decode_utf16(units) {
            if let Some(lost) = last.take() {
                let _: u16 = lost;
                self.take(char::REPLACEMENT_CHARACTER, parts)?;
            }
            match decoded {
                Ok(c) => self.take(c, parts)?,
                Err(error) => last = Some(error.unpaired_surrogate()),
            }
        }
        // Its other half may begin the next step.
        self.high = last.filter(|unit| (0xd800..0xdc00).contains(unit));
        Ok(())
    }

    pub(super) fn take_narrow(
        &mut self,
        bytes: &[u8],
        encoding: &'static Encoding,
        parts: &mut Parts<'_>,
    ) -> Result<(), Failure> {
        for c in encoding.decode_without_bom_handling(bytes).0.chars() {
            self.take(c, parts)?;
        }
        Ok(())
    }

    fn take(&mut self, c: char, parts: &mut Parts<'_>) -> Result<(), Failure> {
        if c != '\u{7}' {
            self.cells = 0;
        }
        match c {
            '\r' | '\u{c}' | '\u{e}' => self.break_line('\n', parts),
            // A cell's end; the one that follows at once ends the row.
            '\u{7}' => {
                self.cells += 1;
                self.break_line(if self.cells > 1 { '\n' } else { '\t' }, parts)
            }
            '\u{b}' => self.add('\n', parts),
            '\u{13}' => {
                if self.fields.len() < FIELDS_MAX {
                    self.fields.push(true);
                }
                self.wait(' ');
                Ok(())
            }
            '\u{14}' => {
                if let Some(field) = self.fields.last_mut() {
                    *field = false;
                }
                Ok(())
            }
            '\u{15}' => {
                self.fields.pop();
                Ok(())
            }
            '\u{1e}' => self.add('\u{2011}', parts),
            '\u{1f}' => self.add('\u{ad}', parts),
            '\t' => self.add('\t', parts),
            '\0'..='\u{1f}' => Ok(()),
            _ if self.fields.iter().any(|instruction| *instruction) => {
                self.wait(c);
                Ok(())
            }
            _ => self.add(c, parts),
        }
    }

    fn wait(&mut self, c: char) {
        if self.waiting.len() < WAITING_BYTES_MAX {
            self.waiting.push(c);
        }
    }

    fn add(&mut self, c: char, parts: &mut Parts<'_>) -> Result<(), Failure> {
        self.text.push(c);
        if self.text.len() >= PIECE_BYTES { self.flush(parts) } else { Ok(()) }
    }

    fn flush(&mut self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        if self.text.is_empty() {
            return Ok(());
        }
        if !std::mem::replace(&mut self.begun, true) {
            self.paragraph = self.paragraph.saturating_add(1);
        }
        if self.mark.is_deleted || !self.mark.is_inserted {
            self.before.add(None, &self.text, self.mark.is_deleted);
        }
        if !self.mark.is_deleted {
            let edge = self.edge.take().map_or(Edge::Join, Edge::Soft);
            let paragraph = Place::Paragraph(self.paragraph);
            parts.push(edge, &self.mark.place(&paragraph).unwrap_or(paragraph), &self.text)?;
        }
        self.text.clear();
        Ok(())
    }

    /// Pushes what the paragraph was before its changes.
    fn push_before(&mut self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        let mut edge = Edge::Soft('\n');
        for (place, text) in self.before.runs(&Place::Paragraph(self.paragraph.max(1))) {
            parts.push(std::mem::replace(&mut edge, Edge::Join), &place, text)?;
        }
        self.before.clear();
        Ok(())
    }

    fn break_line(&mut self, edge: char, parts: &mut Parts<'_>) -> Result<(), Failure> {
        self.flush(parts)?;
        self.push_before(parts)?;
        if !self.waiting.trim().is_empty() {
            let waiting = std::mem::take(&mut self.waiting);
            parts.push(Edge::Soft('\n'), &Place::Paragraph(self.paragraph.max(1)), waiting.trim())?;
        }
        self.waiting.clear();
        self.begun = false;
        // A line's end outranks a cell's.
        self.edge = if self.edge == Some('\n') { self.edge } else { Some(edge) };
        Ok(())
    }

    pub(super) fn end(mut self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        self.break_line('\n', parts)
    }
}
