//! Parts that begin with their first text: a reader names what it is about to read, and a part without text never shows.

use super::{Edge, Failure, Output, PartHead};
use crate::model::Place;
use std::io::Read;

/// Pushes text into named parts.
pub(super) struct Parts<'o> {
    out: &'o mut dyn Output,
    name: String,
    recovered: bool,
    is_open: bool,
}

impl std::fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("is_open", &self.is_open).finish_non_exhaustive()
    }
}

impl<'o> Parts<'o> {
    pub(super) fn new(out: &'o mut dyn Output) -> Self {
        Self { out, name: String::new(), recovered: false, is_open: false }
    }

    /// Names the part that the next text belongs to.
    pub(super) fn begin(&mut self, name: impl Into<String>) -> Result<(), Failure> {
        self.end()?;
        self.name = name.into();
        self.recovered = false;
        Ok(())
    }

    /// Goes on in the part of this name when it is open, and begins it when not.
    pub(super) fn begin_again(&mut self, name: &str) -> Result<(), Failure> {
        if self.is_open && self.name == name { Ok(()) } else { self.begin(name) }
    }

    /// [`Parts::begin`] for text that is no longer shown or was found by its shape alone.
    pub(super) fn begin_recovered(&mut self, name: impl Into<String>) -> Result<(), Failure> {
        self.begin(name)?;
        self.recovered = true;
        Ok(())
    }

    /// Ends the open part.
    pub(super) fn end(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.is_open) {
            self.out.close_part()?;
        }
        Ok(())
    }

    /// Adds text; nothing happens when there is none.
    pub(super) fn push(&mut self, edge: Edge, place: &Place, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        if !self.is_open {
            let head = PartHead { name: self.name.clone(), own_text: None, recovered: self.recovered };
            self.out.open_part(head)?;
            self.is_open = true;
        }
        Ok(self.out.push(edge, place, text, None)?)
    }

    /// Adds a line of its own.
    pub(super) fn line(&mut self, place: &Place, text: &str) -> Result<(), Failure> {
        self.push(Edge::Soft('\n'), place, text)
    }

    /// Hands over a member; an open part ends before it and may begin again after it.
    pub(super) fn member(&mut self, name: &str, body: &mut dyn Read) -> Result<(), Failure> {
        self.end()?;
        Ok(self.out.member(name, body)?)
    }
}

/// A name that a container spells, for a location: without control characters, on one line.
pub(super) fn printable(name: &str) -> String {
    let text: String = name.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(240).collect();
    text.trim().to_owned()
}
