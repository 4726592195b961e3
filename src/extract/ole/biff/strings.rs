//! The table of shared strings of a workbook, in one piece of memory.

use super::records::Records;
use crate::content::Budget;
use crate::content::Stop;
use crate::content::budget::Hold;
use crate::extract::Failure;
use crate::extract::parts::Parts;
use crate::model::{Limit, Place};

pub(super) struct SharedStrings<'a> {
    text: String,
    /// Where each string ends, and whether a cell used it.
    ends: Vec<(usize, bool)>,
    held: Hold<'a>,
}

impl<'a> SharedStrings<'a> {
    pub(super) fn new(budget: &'a Budget) -> Result<Self, Failure> {
        Ok(Self { text: String::new(), ends: Vec::new(), held: budget.hold(0)? })
    }

    /// Reads the table from its record. What does not fit into memory is pushed as text of its own.
    pub(super) fn read(&mut self, records: &mut Records<'_>, parts: &mut Parts<'_>) -> Result<(), Failure> {
        records.skip(8)?;
        let mut fits = true;
        let mut overflow = String::new();
        loop {
            if !fits {
                overflow.clear();
                let whole = records.rich_text(&mut overflow)?;
                parts.line(&Place::Whole, &overflow)?;
                if !whole {
                    return Ok(());
                }
                continue;
            }
            let before = self.text.len();
            let whole = records.rich_text(&mut self.text)?;
            if !whole && self.text.len() == before {
                return Ok(());
            }
            self.ends.push((self.text.len(), false));
            match self.held.grow((self.text.len() - before) * 2 + size_of::<(usize, bool)>() * 2) {
                Ok(()) => {}
                Err(Stop::Limit(Limit::Memory)) => {
                    parts.begin("shared strings")?;
                    fits = false;
                }
                Err(stop) => return Err(stop.into()),
            }
            if !whole {
                return Ok(());
            }
        }
    }

    /// The string of this number, which then counts as used.
    pub(super) fn take(&mut self, at: usize) -> &str {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(end, _)| *end);
        let Some((end, used)) = self.ends.get_mut(at) else { return "" };
        *used = true;
        self.text.get(start..*end).unwrap_or_default()
    }

    /// Pushes the strings that no cell used.
    pub(super) fn push_unused(&self, parts: &mut Parts<'_>) -> Result<(), Failure> {
        parts.begin("unused strings")?;
        let mut start = 0;
        for (end, used) in &self.ends {
            if !used {
                parts.line(&Place::Whole, self.text.get(start..*end).unwrap_or_default())?;
            }
            start = *end;
        }
        Ok(())
    }
}
