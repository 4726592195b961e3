//! Tracked changes of a paragraph, the same for Word's formats of all ages.
//!
//! The text as it stands now comes first, what was inserted marked so. A paragraph that lost text is followed by what it was
//! before the changes, so that a value is found whole whether it was inserted, deleted or only half changed.

use crate::model::Place;

/// A paragraph's text before its changes is kept up to this length.
const BYTES_MAX: usize = 256 << 10;

/// What a run of characters is, besides text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) is_inserted: bool,
    pub(super) is_deleted: bool,
    pub(super) is_hidden: bool,
}

impl Mark {
    /// The place of such a run in a paragraph; `None` where nothing is to be said.
    pub(super) fn place(self, paragraph: &Place) -> Option<Place> {
        let what = match (self.is_deleted, self.is_inserted, self.is_hidden) {
            (true, _, _) => "deleted",
            (_, true, true) => "inserted, hidden",
            (_, true, false) => "inserted",
            (_, _, true) => "hidden",
            _ => return None,
        };
        Some(noted(paragraph, what))
    }
}

/// A place with a note behind it.
fn noted(place: &Place, what: &str) -> Place {
    Place::named(format!("{place} ({what})"))
}

/// A paragraph's text before its changes.
#[derive(Debug, Default)]
pub(super) struct Before {
    text: String,
    /// Where deleted runs stand in it.
    deleted: Vec<(usize, usize)>,
}

impl Before {
    /// Adds what was there before the changes, and before it what keeps it apart from the text so far.
    pub(super) fn add(&mut self, separator: Option<char>, text: &str, is_deleted: bool) {
        if self.text.len() + text.len() > BYTES_MAX {
            return;
        }
        self.text.extend(separator.filter(|_| !self.text.is_empty()));
        let from = self.text.len();
        self.text.push_str(text);
        if is_deleted {
            match self.deleted.last_mut().filter(|(_, end)| *end == from) {
                Some((_, end)) => *end = self.text.len(),
                None => self.deleted.push((from, self.text.len())),
            }
        }
    }

    /// Its runs in their order with their places, when something was deleted.
    pub(super) fn runs(&self, paragraph: &Place) -> Vec<(Place, &str)> {
        let (mut runs, mut at) = (Vec::new(), 0);
        for &(from, to) in &self.deleted {
            runs.push((noted(paragraph, "before changes"), &self.text[at..from]));
            runs.push((noted(paragraph, "deleted"), &self.text[from..to]));
            at = to;
        }
        if at > 0 {
            runs.push((noted(paragraph, "before changes"), &self.text[at..]));
        }
        runs.retain(|(_, text)| !text.is_empty());
        runs
    }

    /// Makes room for the next paragraph.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.deleted.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_come_out_in_order_with_what_they_were() {
        let mut before = Before::default();
        assert!(before.runs(&Place::Paragraph(2)).is_empty());
        for (text, is_deleted) in [("a", false), ("b", true), ("c", true), ("d", false)] {
            before.add(None, text, is_deleted);
        }
        before.add(Some('\t'), "e", true);
        let said: Vec<String> =
            before.runs(&Place::Paragraph(2)).iter().map(|(place, text)| format!("{place}: {text}")).collect();
        let expected = [
            "paragraph 2 (before changes): a",
            "paragraph 2 (deleted): bc",
            "paragraph 2 (before changes): d\t",
            "paragraph 2 (deleted): e",
        ];
        assert_eq!(said, expected);
    }
}
