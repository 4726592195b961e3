//! The keys a rule file may hold, as a table, and the walk that reports every key that does not fit.
//!
//! Deserialising stops at the first fault, and an author wants all of them. So the parsed TOML is held against this
//! table first; the types of [`super::syntax`] are filled only from a file that passed. A test keeps the two equal.

use super::error::{RuleError, did_you_mean};
use super::source::SourceFile;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What may stand under a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Bool,
    /// A whole number between two bounds.
    Number(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
    Array(&'static Kind),
    Table(&'static [Key]),
    /// A table whose keys are free and whose values are texts.
    Texts,
    /// A capture group's name or number.
    Group,
    /// A validator's name, or a table with `name`.
    Validator,
    /// A number of characters or `"part"`.
    Within,
}

/// One key of a table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    required: bool,
    kind: Kind,
}

const fn must(name: &'static str, kind: Kind) -> Key {
    Key { name, required: true, kind }
}

const fn may(name: &'static str, kind: Kind) -> Key {
    Key { name, required: false, kind }
}

/// Farthest that evidence may stand, in characters; for more there is `"part"`.
const WITHIN_MAX: i64 = 1_000_000;
const COUNT: Kind = Kind::Number(0, 1_000_000);
const TEXTS: Kind = Kind::Array(&Kind::Text);
const VALIDATORS: Kind = Kind::Array(&Kind::Validator);

pub(super) static FILE: [Key; 3] = [
    must("schema", Kind::Number(0, u32::MAX as i64)),
    may("list", Kind::Array(&Kind::Table(&LIST))),
    may("detector", Kind::Array(&Kind::Table(&DETECTOR))),
];

pub(super) static LIST: [Key; 5] = [
    must("id", Kind::Text),
    may("terms", TEXTS),
    may("file", Kind::Text),
    may("match", Kind::Word(&["word", "string"])),
    may("case_sensitive", Kind::Bool),
];

pub(super) static DETECTOR: [Key; 21] = [
    must("id", Kind::Text),
    must("name", Kind::Text),
    may("why", Kind::Text),
    may("regions", TEXTS),
    may("tags", TEXTS),
    may("off", Kind::Bool),
    may("min_unique", Kind::Number(1, 10_000)),
    may("mask", Kind::Word(&["auto", "all", "prefix"])),
    may("canonical", Kind::Word(&["alnum", "exact"])),
    may("edges", Kind::Word(&["word", "digit", "none"])),
    may("max_match_bytes", Kind::Number(1, super::MATCH_BYTES_MAX)),
    may("across_soft", Kind::Bool),
    may("exclude_same_digits", Kind::Bool),
    may("exclude_tokens", TEXTS),
    may("primary", Kind::Array(&Kind::Table(&PRIMARY))),
    may("validators", VALIDATORS),
    may("check", Kind::Array(&Kind::Table(&CHECK))),
    may("tier", Kind::Array(&Kind::Table(&TIER))),
    may("example", Kind::Array(&Kind::Table(&EXAMPLE))),
    may("counter", Kind::Array(&Kind::Table(&COUNTER))),
    may("allow", Kind::Texts),
];

pub(super) static PRIMARY: [Key; 5] = [
    may("id", Kind::Text),
    may("regex", Kind::Text),
    may("keywords", Kind::Text),
    may("function", Kind::Text),
    may("group", Kind::Group),
];

pub(super) static CHECK: [Key; 5] = [
    must("where", Kind::Word(&["full", "starts", "ends", "before", "after"])),
    may("exclude", TEXTS),
    may("include", TEXTS),
    may("exclude_regex", Kind::Text),
    may("include_regex", Kind::Text),
];

pub(super) static TIER: [Key; 7] = [
    must("name", Kind::Text),
    must("confidence", Kind::Number(1, 100)),
    may("primary", TEXTS),
    may("validators", VALIDATORS),
    may("check", Kind::Array(&Kind::Table(&CHECK))),
    may("form", Kind::Text),
    may("evidence", Kind::Table(&EVIDENCE)),
];

pub(super) static EVIDENCE: [Key; 12] = [
    may("all", Kind::Array(&Kind::Table(&EVIDENCE))),
    may("any", Kind::Array(&Kind::Table(&EVIDENCE))),
    may("not", Kind::Table(&EVIDENCE)),
    may("list", Kind::Text),
    may("regex", Kind::Text),
    may("function", Kind::Text),
    may("detector", Kind::Text),
    may("within", Kind::Within),
    may("side", Kind::Word(&["both", "before", "after"])),
    may("min", COUNT),
    may("max", COUNT),
    may("distinct", Kind::Bool),
];

pub(super) static EXAMPLE: [Key; 3] = [must("text", Kind::Text), may("value", Kind::Text), must("tier", Kind::Text)];

pub(super) static COUNTER: [Key; 4] = [
    must("text", Kind::Text),
    may("value", Kind::Text),
    must("tier", Kind::Text),
    must("reason", Kind::Word(&["shape", "edge", "check", "validator", "form", "evidence"])),
];

/// Reports every key and value of a parsed file that the table does not allow.
pub(super) fn check(source: &SourceFile, root: &Spanned<DeTable<'_>>, errors: &mut Vec<RuleError>) {
    let mut walk = Walk { source, errors };
    walk.table(root.get_ref(), 0..0, "the file", &FILE);
}

struct Walk<'a> {
    source: &'a SourceFile,
    errors: &'a mut Vec<RuleError>,
}

impl Walk<'_> {
    fn table(&mut self, table: &DeTable<'_>, span: Range<usize>, owner: &str, keys: &'static [Key]) {
        for (key, value) in table {
            match keys.iter().find(|known| known.name == key.get_ref()) {
                Some(known) => self.value(value, known.name, known.kind),
                None => self.unknown(key, keys),
            }
        }
        for key in keys.iter().filter(|key| key.required && !table.contains_key(key.name)) {
            let message = format!("missing key `{}`", key.name);
            let label = format!("{owner} needs `{}`", key.name);
            self.errors.push(RuleError::new(message).at(self.source, span.clone(), label));
        }
    }

    fn unknown(&mut self, key: &Spanned<toml::de::DeString<'_>>, keys: &[Key]) {
        let names = || keys.iter().map(|key| key.name);
        let list = || format!("known keys: {}", names().collect::<Vec<_>>().join(", "));
        let help = did_you_mean(key.get_ref(), names()).unwrap_or_else(list);
        let message = format!("unknown key `{}`", key.get_ref());
        self.errors.push(RuleError::new(message).at(self.source, key.span(), "not known here").help(help));
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, name: &str, kind: Kind) {
        match (kind, value.get_ref()) {
            (Kind::Text, DeValue::String(_)) | (Kind::Bool, DeValue::Boolean(_)) => {}
            (Kind::Group, DeValue::Integer(_)) => self.number(value, name, 0, 1_000),
            (Kind::Within, DeValue::Integer(_)) => self.number(value, name, 1, WITHIN_MAX),
            (Kind::Within, DeValue::String(word)) => self.word(value.span(), name, word, &["part"]),
            (Kind::Group | Kind::Validator, DeValue::String(_)) => {}
            (Kind::Number(low, high), DeValue::Integer(_)) => self.number(value, name, low, high),
            (Kind::Word(words), DeValue::String(word)) => self.word(value.span(), name, word, words),
            (Kind::Array(kind), DeValue::Array(items)) => {
                for item in items.iter() {
                    self.value(item, name, *kind);
                }
            }
            (Kind::Table(keys), DeValue::Table(table)) => self.table(table, value.span(), name, keys),
            (Kind::Texts, DeValue::Table(table)) => {
                table.values().for_each(|value| self.value(value, name, Kind::Text));
            }
            (Kind::Validator, DeValue::Table(table)) => self.validator(table, value.span()),
            _ => self.mismatch(value, name, kind),
        }
    }

    fn validator(&mut self, table: &DeTable<'_>, span: Range<usize>) {
        match table.get("name").map(|name| (name, name.get_ref().is_str())) {
            Some((_, true)) => {}
            Some((name, false)) => self.mismatch(name, "name", Kind::Text),
            None => self.errors.push(
                RuleError::new("missing key `name`")
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
            self.errors.push(RuleError::new(message).at(self.source, value.span(), label));
        }
    }

    fn word(&mut self, span: Range<usize>, name: &str, word: &str, words: &'static [&'static str]) {
        if !words.contains(&word) {
            let message = format!("`{word}` is no value of `{name}`");
            let label = format!("one of {}", words.join(", "));
            let help = did_you_mean(word, words.iter().copied());
            self.errors.push(RuleError::new(message).at(self.source, span, label).maybe_help(help));
        }
    }

    fn mismatch(&mut self, value: &Spanned<DeValue<'_>>, name: &str, kind: Kind) {
        let message = format!("`{name}` has the wrong type");
        let label = format!("expected {}, found {}", describe(kind), found(value.get_ref()));
        let help = match (kind, value.get_ref()) {
            (Kind::Array(Kind::Text | Kind::Validator), DeValue::String(_)) => Some("set it in brackets: `[\"...\"]`"),
            (Kind::Array(Kind::Table(_)), DeValue::Table(_)) => Some("set its header in double brackets: `[[...]]`"),
            (Kind::Number(..) | Kind::Bool, DeValue::String(_)) => Some("leave the quotes out"),
            _ => None,
        };
        let error = RuleError::new(message).at(self.source, value.span(), label);
        self.errors.push(error.maybe_help(help.map(str::to_owned)));
    }
}

fn whole_number(number: &toml::de::DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Word(_) => "text",
        Kind::Bool => "true or false",
        Kind::Number(..) => "a whole number",
        Kind::Array(Kind::Text) => "an array of texts",
        Kind::Array(Kind::Validator) => "an array of validators",
        Kind::Array(_) => "an array of tables",
        Kind::Table(_) => "a table",
        Kind::Texts => "a table of texts",
        Kind::Group => "a group's name or number",
        Kind::Validator => "a validator's name or a table",
        Kind::Within => "a number of characters or \"part\"",
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::syntax;
    use serde::Deserialize;
    use serde::de::DeserializeOwned;
    use serde::de::value::{Error, StrDeserializer};

    /// The names that a message of serde lists behind `expected`.
    fn expected(message: &str) -> Vec<String> {
        let list = message.split_once("expected").map_or("", |(_, list)| list);
        list.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    fn fields<T: DeserializeOwned>() -> Vec<String> {
        let fault = toml::from_str::<T>("no-such-key = 1").err().map(|error| error.message().to_owned());
        expected(&fault.unwrap_or_default())
    }

    fn words<'a, T: Deserialize<'a>>() -> Vec<String> {
        let fault = T::deserialize(StrDeserializer::<Error>::new("no-such-word")).err().map(|error| error.to_string());
        expected(&fault.unwrap_or_default())
    }

    fn word_list(keys: &[Key], name: &str) -> Vec<String> {
        let key = keys.iter().find(|key| key.name == name).expect("a key of the table");
        let Kind::Word(words) = key.kind else { panic!("{name} is no word") };
        words.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_table_has_the_keys_of_the_types() {
        let rows: [(&[Key], Vec<String>); 8] = [
            (&FILE, fields::<syntax::RuleFile>()),
            (&LIST, fields::<syntax::List>()),
            (&DETECTOR, fields::<syntax::Detector>()),
            (&PRIMARY, fields::<syntax::Primary>()),
            (&CHECK, fields::<syntax::Check>()),
            (&TIER, fields::<syntax::Tier>()),
            (&EVIDENCE, fields::<syntax::Evidence>()),
            (&EXAMPLE, fields::<syntax::Example>()),
        ];
        for (keys, want) in rows {
            assert_eq!(keys.iter().map(|key| key.name).collect::<Vec<_>>(), want);
        }
        assert_eq!(COUNTER.iter().map(|key| key.name).collect::<Vec<_>>(), fields::<syntax::Counter>());
    }

    #[test]
    fn the_table_has_the_words_of_the_types() {
        let rows: [(&[Key], &str, Vec<String>); 7] = [
            (&LIST, "match", words::<syntax::MatchStyle>()),
            (&DETECTOR, "mask", words::<syntax::MaskStyle>()),
            (&DETECTOR, "canonical", words::<syntax::Canonical>()),
            (&DETECTOR, "edges", words::<syntax::Edges>()),
            (&CHECK, "where", words::<syntax::CheckPlace>()),
            (&EVIDENCE, "side", words::<syntax::Side>()),
            (&COUNTER, "reason", words::<syntax::Miss>()),
        ];
        for (keys, name, want) in rows {
            assert_eq!(word_list(keys, name), want, "{name}");
        }
    }
}
