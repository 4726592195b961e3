//! A table of a policy file that was held against its keys: typed values with their places.
//!
//! What a key may hold was checked before ([`super::keys`]), so a value of another type cannot stand here; were there one, it
//! would be as if the key were missing.

use crate::policy::error::Span;
use crate::policy::syntax::Word;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// A table and where it stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table<'a> {
    table: &'a DeTable<'a>,
    /// Where it stands: of one with a header of its own, the header.
    pub(super) span: Span,
}

/// A span as the files' room has it.
pub(super) fn range(span: Span) -> Range<usize> {
    span.start..span.end
}

fn span(range: Range<usize>) -> Span {
    Span { start: range.start, end: range.end }
}

impl<'a> Table<'a> {
    pub(super) fn new(table: &'a DeTable<'a>, at: Range<usize>) -> Self {
        Self { table, span: span(at) }
    }

    fn value(self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table.get(key)
    }

    /// True when the key is there.
    pub(super) fn has(self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// Where the key itself stands, else the table.
    pub(super) fn key(self, key: &str) -> Span {
        let found = self.table.iter().find(|(name, _)| name.get_ref() == key);
        found.map_or(self.span, |(name, _)| span(name.span()))
    }

    /// Where the key's value stands, else the table.
    pub(super) fn at(self, key: &str) -> Span {
        self.value(key).map_or(self.span, |value| span(value.span()))
    }

    /// A text.
    pub(super) fn text(self, key: &str) -> Option<Word> {
        word(self.value(key)?)
    }

    /// One text or several.
    pub(super) fn texts(self, key: &str) -> Vec<Word> {
        let Some(value) = self.value(key) else { return Vec::new() };
        match value.get_ref() {
            DeValue::Array(items) => items.iter().filter_map(word).collect(),
            _ => word(value).into_iter().collect(),
        }
    }

    /// A whole number, not negative.
    pub(super) fn number(self, key: &str) -> Option<u64> {
        let DeValue::Integer(number) = self.value(key)?.get_ref() else { return None };
        u64::from_str_radix(number.as_str(), number.radix()).ok()
    }

    /// A number or a word, as it was typed.
    pub(super) fn number_or_text(self, key: &str) -> Option<Word> {
        let value = self.value(key)?;
        let number = || {
            let text = self.number(key)?.to_string();
            Some(Word { text, span: span(value.span()) })
        };
        word(value).or_else(number)
    }

    /// True or false.
    pub(super) fn flag(self, key: &str) -> Option<bool> {
        self.value(key)?.get_ref().as_bool()
    }

    /// A table within.
    pub(super) fn table(self, key: &str) -> Option<Table<'a>> {
        of(self.value(key)?)
    }

    /// Tables within.
    pub(super) fn tables(self, key: &str) -> Vec<Table<'a>> {
        let items = self.value(key).and_then(|value| value.get_ref().as_array());
        items.into_iter().flat_map(|items| items.iter()).filter_map(of).collect()
    }
}

fn of<'a>(value: &'a Spanned<DeValue<'a>>) -> Option<Table<'a>> {
    Some(Table::new(value.get_ref().as_table()?, value.span()))
}

fn word(value: &Spanned<DeValue<'_>>) -> Option<Word> {
    Some(Word { text: value.get_ref().as_str()?.to_owned(), span: span(value.span()) })
}
