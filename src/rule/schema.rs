//! The keys a rule file may hold, as a table.
//!
//! A test keeps it equal to the types of [`super::syntax`].

use crate::source::schema::{Key, Kind, may, must, must_unless};

/// Farthest that evidence may stand, in characters; for more there is `"part"`.
const WITHIN_MAX: i64 = 1_000_000;
const COUNT: Kind = Kind::Number(0, 1_000_000);
const TEXTS: Kind = Kind::Array(&Kind::Text);
/// A capture group's name or number.
const GROUP: Kind =
    Kind::Either("a group's name or number", "an array of groups", &[Kind::Text, Kind::Number(0, 1_000)]);
/// A number of characters or `"part"`.
const WITHIN: Kind = Kind::Either(
    "a number of characters or \"part\"",
    "an array of them",
    &[Kind::Number(1, WITHIN_MAX), Kind::Word(&["part"])],
);
/// A validator's name, or a table with `name`.
const VALIDATOR: Kind =
    Kind::Either("a validator's name or a table", "an array of validators", &[Kind::Text, Kind::Named]);
const VALIDATORS: Kind = Kind::Array(&VALIDATOR);

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

pub(super) static PRIMARY: [Key; 6] = [
    may("id", Kind::Text),
    may("regex", Kind::Text),
    may("keywords", Kind::Text),
    may("function", Kind::Text),
    may("group", GROUP),
    may("bounded", Kind::Text),
];

pub(super) static CHECK: [Key; 6] = [
    must_unless(
        "where",
        "together",
        Kind::Word(&["full", "starts", "ends", "before", "after", "inside", "match", "line"]),
    ),
    may("exclude", TEXTS),
    may("include", TEXTS),
    may("exclude_regex", Kind::Text),
    may("include_regex", Kind::Text),
    may("together", Kind::Array(&Kind::Table(&CHECK))),
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
    may("within", WITHIN),
    may("side", Kind::Word(&["both", "before", "after"])),
    may("min", COUNT),
    may("max", COUNT),
    may("distinct", Kind::Bool),
];

pub(super) static EXAMPLE: [Key; 4] =
    [must("text", Kind::Text), may("value", Kind::Text), may("several", Kind::Bool), must("tier", Kind::Text)];

pub(super) static COUNTER: [Key; 4] = [
    must("text", Kind::Text),
    may("value", Kind::Text),
    must("tier", Kind::Text),
    must("reason", Kind::Word(&["shape", "edge", "check", "validator", "form", "evidence", "any"])),
];

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
