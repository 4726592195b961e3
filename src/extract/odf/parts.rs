//! Parts that open themselves: text is pushed under the name last asked for, and a part without text never shows.
//!
//! What stands apart from the running text (comments, notes, tracked changes, links) waits here and follows as parts of its
//! own, so that it does not cut the sentence it hangs on.

use super::super::{Edge, Failure, Output, PartHead};
use crate::content::Budget;
use crate::content::budget::Hold;
use crate::model::Place;

/// What waits is written out early when it grows past this.
const WAITING_BYTES_MAX: usize = 4 << 20;

/// The open part of an output, and what waits for its end.
pub(super) struct Parts<'b> {
    name: String,
    is_open: bool,
    pending: Option<char>,
    /// True once any text was pushed.
    pub(super) any: bool,
    asides: Vec<Aside>,
    held: Hold<'b>,
    budget: &'b Budget,
    waiting_bytes: usize,
}

struct Aside {
    part: &'static str,
    place: Place,
    text: String,
}

impl<'b> Parts<'b> {
    /// Nothing open; text will go to a part of this name.
    pub(super) fn new(name: &str, budget: &'b Budget) -> Result<Self, Failure> {
        Ok(Self {
            name: name.to_owned(),
            is_open: false,
            pending: None,
            any: false,
            asides: Vec::new(),
            held: budget.hold(0)?,
            budget,
            waiting_bytes: 0,
        })
    }

    /// The name under which text is pushed now.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Text goes to a part of this name from here on.
    pub(super) fn switch(&mut self, name: &str, out: &mut dyn Output) -> Result<(), Failure> {
        if self.name != name {
            self.close(out)?;
            name.clone_into(&mut self.name);
        }
        Ok(())
    }

    /// Ends the open part, if one is.
    pub(super) fn close(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        self.pending = None;
        if std::mem::take(&mut self.is_open) {
            out.close_part()?;
        }
        Ok(())
    }

    /// Asks for a separator before the next text; a line end outranks a tab, which outranks a space.
    pub(super) fn pend(&mut self, separator: char) {
        self.pending = Some(stronger(self.pending, separator));
    }

    /// Pushes text after the separator asked for.
    pub(super) fn push(&mut self, place: &Place, text: &str, out: &mut dyn Output) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        if !self.is_open {
            out.open_part(PartHead { name: self.name.clone(), own_text: None, recovered: false })?;
            self.is_open = true;
            self.any = true;
            self.pending = None;
        }
        out.push(self.pending.take().map_or(Edge::Join, Edge::Soft), place, text, None)?;
        Ok(())
    }

    /// Keeps a text for the part called `part`; when too much waits, all of it is written out at once.
    pub(super) fn set_aside(
        &mut self,
        part: &'static str,
        place: &Place,
        text: String,
        out: &mut dyn Output,
    ) -> Result<(), Failure> {
        if text.trim().is_empty() {
            return Ok(());
        }
        self.waiting_bytes += text.len();
        self.held.grow(text.len())?;
        self.asides.push(Aside { part, place: place.clone(), text });
        if self.waiting_bytes > WAITING_BYTES_MAX { self.push_asides(out) } else { Ok(()) }
    }

    /// Writes out what waits, each kind as a part; the running text's part, if open, ends before.
    pub(super) fn push_asides(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        let asides = std::mem::take(&mut self.asides);
        let mut names: Vec<&'static str> = Vec::new();
        for aside in &asides {
            if !names.contains(&aside.part) {
                names.push(aside.part);
            }
        }
        let back_to = self.name.clone();
        for name in names {
            self.switch(name, out)?;
            for aside in asides.iter().filter(|aside| aside.part == name) {
                self.pend('\n');
                self.push(&aside.place, &aside.text, out)?;
            }
        }
        self.switch(&back_to, out)?;
        self.waiting_bytes = 0;
        self.held = self.budget.hold(0)?;
        Ok(())
    }
}

/// The separator that outranks the other.
pub(super) fn stronger(now: Option<char>, separator: char) -> char {
    let rank = |c| " \t\n".find(c);
    match now {
        Some(now) if rank(now) >= rank(separator) => now,
        _ => separator,
    }
}
