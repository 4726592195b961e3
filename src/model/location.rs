//! Where in a document a text stands, as a person would say it.

use std::fmt;
use std::sync::Arc;

/// A place inside one part, cheap to copy while text streams by; it becomes words only when a finding needs it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Place {
    /// The part as a whole; adds no step to the location.
    #[default]
    Whole,
    /// A paragraph, counted from 1.
    Paragraph(u32),
    /// A cell of a table in running text; table, row and column counted from 1.
    TableCell {
        /// Which table of the part.
        table: u32,
        /// Row.
        row: u32,
        /// Column.
        column: u32,
    },
    /// A cell of a sheet; row and column counted from 1, printed as `C14`.
    Cell {
        /// Row.
        row: u32,
        /// Column.
        column: u32,
    },
    /// A row of a delimited text, counted from 1.
    Row(u64),
    /// A line, counted from 1.
    Line(u64),
    /// A page, counted from 1.
    Page(u32),
    /// A path or name of the format's own (a JSON pointer, an XML element, a property).
    Named(Arc<str>),
}

impl Place {
    /// A place with the format's own words.
    pub fn named(name: impl Into<Arc<str>>) -> Self {
        Place::Named(name.into())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Whole => Ok(()),
            Place::Paragraph(n) => write!(f, "paragraph {n}"),
            Place::TableCell { table, row, column } => write!(f, "table {table} row {row} column {column}"),
            Place::Cell { row, column } => write!(f, "{}{row}", column_letters(*column)),
            Place::Row(n) => write!(f, "row {n}"),
            Place::Line(n) => write!(f, "line {n}"),
            Place::Page(n) => write!(f, "page {n}"),
            Place::Named(name) => f.write_str(name),
        }
    }
}

/// `1` is `A`, `26` is `Z`, `27` is `AA`; `0` prints as nothing.
fn column_letters(mut column: u32) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        let digit = u8::try_from((column - 1) % 26).unwrap_or(0);
        letters.push(char::from(b'A' + digit));
        column = (column - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// The full chain from the file to the place: members of archives, then the part, then the place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Locator {
    /// Steps from the outermost member inwards; empty for a file that is its own text.
    pub steps: Vec<String>,
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.steps.join(" > "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_as_a_person_would_say_them() {
        let rows: &[(Place, &str)] = &[
            (Place::Whole, ""),
            (Place::Paragraph(3), "paragraph 3"),
            (Place::Cell { row: 14, column: 3 }, "C14"),
            (Place::Cell { row: 1, column: 26 }, "Z1"),
            (Place::Cell { row: 1, column: 27 }, "AA1"),
            (Place::Cell { row: 1, column: 16_384 }, "XFD1"),
            (Place::TableCell { table: 2, row: 1, column: 4 }, "table 2 row 1 column 4"),
            (Place::Page(12), "page 12"),
            (Place::named("/a/b"), "/a/b"),
        ];
        for (place, expected) in rows {
            assert_eq!(place.to_string(), *expected);
        }
    }
}
