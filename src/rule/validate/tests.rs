//! Promises that every row keeps, and the two words in which the other files' tests speak.

use std::sync::Arc;

use proptest::prelude::*;
use toml::Table;

use super::{Validate, lookup, table};

/// Makes the check that `name` or `name{key=value, ...}` says.
pub(super) fn made(spec: &str) -> Arc<dyn Validate> {
    let (name, params) = match spec.split_once('{') {
        Some((name, params)) => (name, format!("p = {{{params}")),
        None => (spec, "p = {}".to_owned()),
    };
    let params: Table = toml::from_str(&params).unwrap();
    let row = lookup(name).unwrap_or_else(|| panic!("no row {name}"));
    (row.build)(params["p"].as_table().unwrap()).unwrap()
}

/// Each value passes, and the trace says so.
pub(super) fn accepts(spec: &str, values: &[&str]) {
    agree(spec, values, true);
}

/// Each value is refused, and the trace says why.
pub(super) fn refuses(spec: &str, values: &[&str]) {
    agree(spec, values, false);
}

fn agree(spec: &str, values: &[&str], expected: bool) {
    let check = made(spec);
    for value in values {
        let trace = check.trace(value);
        assert_eq!(check.check(value), expected, "{spec} on {value:?}: {trace:#?}");
        assert_eq!(trace.last().unwrap(), if expected { "passes" } else { "refused" }, "{spec} on {value:?}");
        assert!(trace.len() > 1, "{spec} on {value:?} tells no step");
    }
}

/// Parameters that the row's author would give, for rows that cannot do without.
fn usual(name: &str) -> &'static str {
    match name {
        "char-classes" | "entropy" => "min = 3",
        "date" => "pattern = 'YYMMDD'",
        "template" => "regex = '(?P<a>.+)(?P<b>.)'\nactual = '{{ b }}'\nexpected = '{{ a | crc32 }}'",
        "weighted" => "weights = [3, 1, 3, 1, 3, 1, 3]\nmodulus = 10",
        _ => "",
    }
}

#[test]
fn rows_are_sorted_unique_and_told() {
    for pair in table().windows(2) {
        assert!(pair[0].name < pair[1].name, "{} and {}", pair[0].name, pair[1].name);
    }
    for row in table() {
        assert!(row.what.ends_with('.') && !row.source.is_empty() && row.version > 0, "{}", row.name);
    }
    assert!(lookup("luhn").is_some() && lookup("no-such").is_none());
}

#[test]
fn unknown_parameters_are_named_with_those_taken() {
    for row in table() {
        let given: Table = toml::from_str("sunshine = 1").unwrap();
        let error = (row.build)(&given).err().unwrap_or_else(|| panic!("{} takes anything", row.name));
        assert!(error.contains("`sunshine`") && error.contains(row.name), "{error}");
        for (name, _) in row.params {
            assert!(error.contains(&format!("`{name}`")), "{error}");
        }
    }
}

#[test]
fn ill_typed_parameters_are_named() {
    for row in table() {
        for (name, _) in row.params {
            let mut given: Table = toml::from_str(usual(row.name)).unwrap();
            given.insert((*name).to_owned(), toml::Value::Table(Table::new()));
            let error = (row.build)(&given).err().unwrap_or_else(|| panic!("{} takes a table as {name}", row.name));
            assert!(error.contains(&format!("parameter `{name}`")), "{error}");
        }
    }
}

#[test]
fn every_row_builds() {
    for row in table() {
        let built = (row.build)(&toml::from_str(usual(row.name)).unwrap());
        assert!(built.is_ok(), "{}: {:?}", row.name, built.err());
    }
}

/// Schemes that promise to catch every change of one digit, with a valid value; true when they also promise to catch every
/// transposition of two neighbours.
const PROMISES: &[(&str, &str, bool)] = &[
    ("be-nn", "85073003328", false),
    ("ca-sin", "123456782", false),
    ("ch-ahv", "7569217076985", false),
    ("cn-ric", "11010519491231002X", true),
    ("damm", "112946", true),
    ("de-idnr", "36574261809", false),
    ("ean", "4007630000116", false),
    ("es-dni-nie", "54362315K", true),
    ("fi-hetu", "131052-308T", true),
    ("fr-nir", "295109912611193", true),
    ("gb-nhs", "9434765919", true),
    ("iban", "GB29NWBK60161331926819", true),
    ("ie-pps", "6433435F", true),
    ("il-id", "039337423", false),
    ("in-aadhaar", "234123412346", true),
    ("luhn", "4111111111111111", false),
    ("mod11-10", "794623", false),
    ("mod11-2", "07940", true),
    ("mod37-2", "G123489654321Y", true),
    ("mod37-36", "A12425GABC1234002M", false),
    ("mod97-10", "79444", true),
    ("nl-bsn", "111222333", true),
    ("no-fnr", "15108695088", true),
    ("pl-pesel", "44051401359", false),
    ("se-pnr", "8803200016", false),
    ("us-aba", "111000025", false),
    ("verhoeff", "123451", true),
    ("za-id", "7503305044089", false),
];

#[test]
fn single_changes_and_promised_transpositions_are_caught() {
    for (name, value, transpositions) in PROMISES {
        accepts(name, &[value]);
        let right = value.as_bytes();
        for at in (0..right.len()).filter(|&at| right[at].is_ascii_digit()) {
            for digit in (b'0'..=b'9').filter(|&digit| digit != right[at]) {
                let mut wrong = right.to_vec();
                wrong[at] = digit;
                refuses(name, &[std::str::from_utf8(&wrong).unwrap()]);
            }
            if *transpositions && at > 0 && right[at - 1].is_ascii_digit() && right[at - 1] != right[at] {
                let mut wrong = right.to_vec();
                wrong.swap(at, at - 1);
                refuses(name, &[std::str::from_utf8(&wrong).unwrap()]);
            }
        }
    }
}

/// Values that are wrong in the ways files are: cut, far too long, not ASCII, near a real shape.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[0-9]{0,30}",
        "[0-9A-Z<]{0,95}",
        "[-. /0-9A-Za-zÑ１٣é]{0,40}",
        "(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)?[A-Za-z0-9+/=\\\\\\n -]{0,80}",
        "(eyJ|ghp_|glpat-|AKIA|0x|bc1|\\+|00|P<)[A-Za-z0-9._:@+/=<-]{0,120}",
        Just("9".repeat(5000)),
        Just("é".repeat(3000)),
        Just("A".repeat(5000)),
        Just(" ".repeat(5000)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_value_panics_and_the_trace_agrees(value in hostile()) {
        static ALL: std::sync::LazyLock<Vec<(&str, Arc<dyn Validate>)>> = std::sync::LazyLock::new(|| {
            let built = |row: &super::Row| (row.build)(&toml::from_str(usual(row.name)).unwrap()).unwrap();
            table().iter().map(|row| (row.name, built(row))).collect()
        });
        for (name, check) in ALL.iter() {
            let trace = check.trace(&value);
            let verdict = if check.check(&value) { "passes" } else { "refused" };
            prop_assert_eq!(trace.last().map(String::as_str), Some(verdict), "{}", name);
        }
    }
}
