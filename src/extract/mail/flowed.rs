//! Text bodies on their way out: as they are, or with the lines joined that a mail program had broken (RFC 3676).

use super::super::{Edge, Failure, Output, PartHead};
use crate::model::Place;

/// Bytes of a line that are held back.
const LINE_BYTES_MAX: usize = 64 << 10;

/// How the lines of a body are to be joined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Flow {
    /// Not at all.
    #[default]
    Fixed,
    /// A line with a space at its end goes on in the next.
    Flowed {
        /// That space does not belong to the text.
        drops_space: bool,
    },
}

/// A part that is opened by its first text.
pub(super) struct TextPart<'o> {
    out: &'o mut dyn Output,
    name: String,
    flow: Flow,
    is_open: bool,
    line: String,
    /// The line before goes on, at this depth of quotation.
    soft_at: Option<usize>,
    /// The line in the making is the rest of one that was too long.
    cut: bool,
}

impl<'o> TextPart<'o> {
    /// A part of this name.
    pub(super) fn new(out: &'o mut dyn Output, name: String, flow: Flow) -> Self {
        Self { out, name, flow, is_open: false, line: String::new(), soft_at: None, cut: false }
    }

    /// Adds text; blank text alone opens no part.
    pub(super) fn push(&mut self, text: &str) -> Result<(), Failure> {
        let Flow::Flowed { .. } = self.flow else { return self.give(Edge::Join, text) };
        for line in text.split_inclusive('\n') {
            self.line.push_str(line);
            if line.ends_with('\n') {
                self.end_line()?;
            } else if self.line.len() > LINE_BYTES_MAX {
                let line = std::mem::take(&mut self.line);
                let edge = if self.cut { Edge::Join } else { Edge::Soft('\n') };
                self.give(edge, &line)?;
                self.cut = true;
            }
        }
        Ok(())
    }

    /// Ends the part, where it was opened.
    pub(super) fn close(mut self) -> Result<(), Failure> {
        if !self.line.is_empty() {
            self.end_line()?;
        }
        if self.is_open {
            self.out.close_part()?;
        }
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), Failure> {
        let line = std::mem::take(&mut self.line);
        let line = line.trim_end_matches(['\n', '\r']);
        if std::mem::take(&mut self.cut) {
            self.soft_at = None;
            return self.give(Edge::Join, line);
        }
        let quotes = line.bytes().take_while(|b| *b == b'>').count();
        let text = &line[quotes..];
        let text = text.strip_prefix(' ').unwrap_or(text);
        let edge = if self.soft_at == Some(quotes) { Edge::Join } else { Edge::Soft('\n') };
        let is_soft = text.ends_with(' ') && text != "-- ";
        self.soft_at = is_soft.then_some(quotes);
        let drops = matches!(self.flow, Flow::Flowed { drops_space: true });
        let text = if is_soft && drops { &text[..text.len() - 1] } else { text };
        self.give(edge, text)
    }

    fn give(&mut self, edge: Edge, text: &str) -> Result<(), Failure> {
        if !self.is_open {
            if text.trim().is_empty() {
                return Ok(());
            }
            self.is_open = true;
            self.out.open_part(PartHead { name: self.name.clone(), own_text: None, recovered: false })?;
        }
        if !text.is_empty() || edge != Edge::Join {
            self.out.push(edge, &Place::Whole, text, None)?;
        }
        Ok(())
    }
}
