//! The keys that a file may hold, as a table, and the walk that reports every key and value that does not fit.
//!
//! Deserialising stops at the first fault, and an author wants all of them. So the parsed TOML is held against such a table
//! first; the types that hold what was typed are filled only from a file that passed.

use super::fault::{Fault, did_you_mean};
use super::file::SourceFile;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What may stand under a key.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A text.
    Text,
    /// True or false.
    Bool,
    /// A whole number between two bounds.
    Number(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Several of the same kind.
    Array(&'static Kind),
    /// A table with these keys.
    Table(&'static [Key]),
    /// A table whose keys are free and whose values are texts.
    Texts,
    /// A table with a `name`; its other keys are free.
    Named,
    /// One of these kinds, no two of the same TOML type; the texts name one such value, and several.
    Either(&'static str, &'static str, &'static [Kind]),
    /// A table whose keys depend on the word under one of them: that key, the keys that every word has, and the others by word.
    ByWord(&'static str, &'static [Key], &'static [(&'static str, &'static [Key])]),
}

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// As it is typed.
    pub name: &'static str,
    required: bool,
    /// The key in whose presence this one need not be there.
    unless: Option<&'static str>,
    /// What may stand under it.
    pub kind: Kind,
}

/// A key that must be there.
#[must_use]
pub const fn must(name: &'static str, kind: Kind) -> Key {
    Key { name, required: true, unless: None, kind }
}

/// A key that must be there unless another one is.
#[must_use]
pub const fn must_unless(name: &'static str, other: &'static str, kind: Kind) -> Key {
    Key { name, required: true, unless: Some(other), kind }
}

/// A key that may be there.
#[must_use]
pub const fn may(name: &'static str, kind: Kind) -> Key {
    Key { name, required: false, unless: None, kind }
}

/// Reports every key and value of a parsed file that the table does not allow.
pub fn check(source: &SourceFile, root: &Spanned<DeTable<'_>>, keys: &[Key], errors: &mut Vec<Fault>) {
    let mut walk = Walk { source, errors };
    walk.table(root.get_ref(), 0..0, "the file", &[keys]);
}

struct Walk<'a> {
    source: &'a SourceFile,
    errors: &'a mut Vec<Fault>,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>, span: Range<usize>, owner: &str, keys: &[&[Key]]) {
        let all = || keys.iter().copied().flatten();
        for (key, value) in table {
            match all().find(|known| known.name == key.get_ref()) {
                Some(known) => self.value(value, known.name, known.kind),
                None => self.unknown(key, keys),
            }
        }
        let excused = |key: &Key| key.unless.is_some_and(|other| table.contains_key(other));
        for key in all().filter(|key| key.required && !table.contains_key(key.name) && !excused(key)) {
            let message = format!("missing key `{}`", key.name);
            let label = format!("{owner} needs `{}`", key.name);
            self.errors.push(Fault::new(message).at(self.source, span.clone(), label));
        }
    }

    fn unknown(&mut self, key: &Spanned<toml::de::DeString<'_>>, keys: &[&[Key]]) {
        let names = || keys.iter().copied().flatten().map(|key| key.name);
        let list = || format!("known keys: {}", names().collect::<Vec<_>>().join(", "));
        let help = did_you_mean(key.get_ref(), names()).unwrap_or_else(list);
        let message = format!("unknown key `{}`", key.get_ref());
        self.errors.push(Fault::new(message).at(self.source, key.span(), "not known here").help(help));
    }

    /// A table whose keys depend on a word in it. Of one without that word, or with a word that is none, only this is told.
    fn by_word(
        &mut self,
        table: &DeTable<'_>,
        span: Range<usize>,
        name: &'static str,
        keys: &[Key],
        words: &'static [(&'static str, &'static [Key])],
    ) {
        let Some(typed) = table.get(name) else {
            let message = format!("missing key `{name}`");
            let help = format!("one of {}", list(words.iter().map(|(word, _)| *word)));
            self.errors.push(Fault::new(message).at(self.source, span, format!("needs `{name}`")).help(help));
            return;
        };
        let DeValue::String(word) = typed.get_ref() else {
            return self.mismatch(typed, name, Kind::Text);
        };
        match words.iter().find(|(known, _)| known == word) {
            Some((_, more)) => self.table(table, span, word, &[&[may(name, Kind::Text)], keys, more]),
            None => self.word(typed.span(), name, word, words.iter().map(|(known, _)| *known)),
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, name: &str, kind: Kind) {
        match (kind, value.get_ref()) {
            (Kind::Text, DeValue::String(_)) | (Kind::Bool, DeValue::Boolean(_)) => {}
            (Kind::Number(low, high), DeValue::Integer(_)) => self.number(value, name, low, high),
            (Kind::Word(words), DeValue::String(word)) => self.word(value.span(), name, word, words.iter().copied()),
            (Kind::Array(kind), DeValue::Array(items)) => {
                for item in items.iter() {
                    self.value(item, name, *kind);
                }
            }
            (Kind::Table(keys), DeValue::Table(table)) => self.table(table, value.span(), name, &[keys]),
            (Kind::Texts, DeValue::Table(table)) => {
                table.values().for_each(|value| self.value(value, name, Kind::Text));
            }
            (Kind::Named, DeValue::Table(table)) => self.named(table, value.span()),
            (Kind::ByWord(key, keys, words), DeValue::Table(table)) => {
                self.by_word(table, value.span(), key, keys, words);
            }
            (Kind::Either(.., kinds), found) => match kinds.iter().find(|one| one.takes(found)) {
                Some(one) => self.value(value, name, *one),
                None => self.mismatch(value, name, kind),
            },
            _ => self.mismatch(value, name, kind),
        }
    }

    fn named(&mut self, table: &DeTable<'_>, span: Range<usize>) {
        match table.get("name").map(|name| (name, name.get_ref().is_str())) {
            Some((_, true)) => {}
            Some((name, false)) => self.mismatch(name, "name", Kind::Text),
            None => self.errors.push(
                Fault::new("missing key `name`")
                    .at(self.source, span, "a validator with parameters needs `name`")
                    .help("write `{ name = \"weighted\", ... }`"),
            ),
        }
    }

    fn number(&mut self, value: &Spanned<DeValue<'_>>, name: &str, low: i64, high: i64) {
        let number = value.get_ref().as_integer().and_then(whole_number);
        if number.is_none_or(|number| !(low..=high).contains(&number)) {
            let message = format!("`{name}` is out of range");
            let label = format!("must be from {low} to {high}");
            self.errors.push(Fault::new(message).at(self.source, value.span(), label));
        }
    }

    fn word(&mut self, span: Range<usize>, name: &str, word: &str, words: impl Iterator<Item = &'static str> + Clone) {
        if !words.clone().any(|known| known == word) {
            let message = format!("`{word}` is no value of `{name}`");
            let label = format!("one of {}", list(words.clone()));
            let help = did_you_mean(word, words);
            self.errors.push(Fault::new(message).at(self.source, span, label).maybe_help(help));
        }
    }

    fn mismatch(&mut self, value: &Spanned<DeValue<'_>>, name: &str, kind: Kind) {
        let message = format!("`{name}` has the wrong type");
        let label = format!("expected {}, found {}", describe(kind), found(value.get_ref()));
        let help = match (kind, value.get_ref()) {
            (Kind::Array(Kind::Text | Kind::Either(..)), DeValue::String(_)) => Some("set it in brackets: `[\"...\"]`"),
            (Kind::Array(Kind::Table(_) | Kind::ByWord(..)), DeValue::Table(_)) => {
                Some("set its header in double brackets: `[[...]]`")
            }
            (Kind::Number(..) | Kind::Bool, DeValue::String(_)) => Some("leave the quotes out"),
            _ => None,
        };
        let error = Fault::new(message).at(self.source, value.span(), label);
        self.errors.push(error.maybe_help(help.map(str::to_owned)));
    }
}

fn whole_number(number: &toml::de::DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn list(words: impl Iterator<Item = &'static str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

impl Kind {
    /// Whether a value is of its TOML type.
    fn takes(self, value: &DeValue<'_>) -> bool {
        match self {
            Kind::Text | Kind::Word(_) => value.is_str(),
            Kind::Bool => value.is_bool(),
            Kind::Number(..) => value.is_integer(),
            Kind::Array(_) => value.is_array(),
            Kind::Table(_) | Kind::Texts | Kind::Named | Kind::ByWord(..) => value.is_table(),
            Kind::Either(.., kinds) => kinds.iter().any(|one| one.takes(value)),
        }
    }
}

fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Word(_) => "text",
        Kind::Bool => "true or false",
        Kind::Number(..) => "a whole number",
        Kind::Array(Kind::Text | Kind::Word(_)) => "an array of texts",
        Kind::Array(Kind::Either(_, many, _)) => many,
        Kind::Array(_) => "an array of tables",
        Kind::Table(_) | Kind::Named | Kind::ByWord(..) => "a table",
        Kind::Texts => "a table of texts",
        Kind::Either(one, ..) => one,
    }
}

fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
