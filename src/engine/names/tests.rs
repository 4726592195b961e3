//! Canary values from the rules' own examples, written into names in many ways; and names that must be left alone.

use super::*;
use crate::detect::{ScanOptions, Scanner, TokenKey};
use crate::model::{Coverage, Reason};
use crate::rule::normalise::canonical_value;
use crate::rule::syntax::Canonical;
use crate::rule::{self, Options};
use unicode_normalization::UnicodeNormalization;

fn matcher() -> Matcher {
    Matcher::new(Arc::new(rule::load(&Options::default()).expect("the built-in rules load").rules))
}

/// A way to write a value into a name.
type Way = (&'static str, fn(&str) -> String);

/// All of them.
const WAYS: &[Way] = &[
    ("alone", str::to_owned),
    ("before an extension", |value| format!("{value}.pdf")),
    ("in a path", |value| format!("/Home/People/{value}/letter.docx")),
    ("between words", |value| format!("scan of {value} (copy 2).jpeg")),
    ("glued by underscores", |value| format!("scan_{value}_v2.docx")),
    ("spaces as underscores", |value| format!("of {}.txt", value.replace(' ', "_"))),
    ("spaces as dots", |value| format!("of {}.txt", value.replace(' ', "."))),
    ("spaces as plus signs", |value| value.replace(' ', "+")),
    ("percent codes for signs", |value| percent(value, |byte| !byte.is_ascii_alphanumeric())),
    ("percent codes for all", |value| percent(value, |_| true)),
    ("full width", |value| value.chars().map(wide).collect()),
    ("beside letters with marks, decomposed", |value| format!("Übergröße {value} é").nfd().collect()),
];

fn percent(value: &str, coded: impl Fn(u8) -> bool) -> String {
    value.bytes().map(|byte| if coded(byte) { format!("%{byte:02X}") } else { char::from(byte).to_string() }).collect()
}

fn wide(c: char) -> char {
    match c {
        '0'..='9' | 'A'..='Z' | 'a'..='z' => char::from_u32(u32::from(c) + 0xFEE0).unwrap_or(c),
        _ => c,
    }
}

/// What a reader could put together of a name, whatever it is written with.
fn readable(name: &str) -> String {
    let plain = percent_decoded(name).map_or_else(|| name.to_owned(), |view| view.text);
    canonical_value(&rule::normalise::normalise(&plain), Canonical::Alnum)
}

#[test]
fn values_of_the_rules_examples_show_in_no_name() {
    let matcher = matcher();
    let mut tried = 0;
    let mut examples = 0;
    let mut wrong = Vec::new();
    for detector in &matcher.rules().detectors {
        let values = detector.examples.iter().filter_map(|example| example.value.as_deref());
        for value in
            values.filter(|value| !value.contains(['\n', '\r', '%', '_']) && value.is_ascii() && value.len() < 120)
        {
            // A value that only words before it make a match is covered with them, and not alone.
            if matcher.values_in_name(value).is_empty() {
                continue;
            }
            examples += 1;
            let secret = canonical_value(value, Canonical::Alnum);
            for (way, write) in WAYS {
                let has = |sign: char| value.contains(sign);
                let senseless = match *way {
                    "spaces as underscores" => !has(' '),
                    "spaces as dots" => !has(' ') || has('.'),
                    "spaces as plus signs" => !has(' ') || has('+'),
                    // A slash in a path parts names, whatever it meant.
                    "in a path" => has('/'),
                    _ => false,
                };
                if senseless {
                    continue;
                }
                let name = write(value);
                let shown = cover(&matcher, &name);
                let shows = shown.as_deref().is_none_or(|shown| readable(shown).contains(&secret));
                let settled = shown.as_deref().is_none_or(|shown| cover(&matcher, shown).is_none());
                if shows || !settled {
                    wrong.push(format!("{}, {way}: {name:?} shows as {shown:?}", detector.id));
                }
                tried += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(examples > 150 && tried > 1_500, "{tried} names of {examples} values");
}

#[test]
fn values_that_need_their_words_are_covered_with_them() {
    let matcher = matcher();
    let mut tried = 0;
    // A marking is no secret.
    let marks = |detector: &&rule::ruleset::Detector| detector.tags.iter().any(|tag| tag == "classification");
    for detector in matcher.rules().detectors.iter().filter(|detector| !marks(detector)) {
        for example in
            detector.examples.iter().filter(|example| !example.text.contains('\n') && example.text.len() < 200)
        {
            let Some(value) = example.value.as_deref() else { continue };
            let shown = cover(&matcher, &example.text);
            let shown = shown.unwrap_or_else(|| panic!("{}: nothing is covered in {:?}", detector.id, example.text));
            assert!(!shown.contains(value), "{}: {:?} shows as {shown:?}", detector.id, example.text);
            tried += 1;
        }
    }
    assert!(tried > 200, "{tried} texts");
}

#[test]
fn names_show_what_they_may() {
    let rows: &[(&str, Option<&str>)] = &[
        ("report.pdf", None),
        ("/Finance/2024/Q3 results v1.2.3.xlsx", None),
        ("/Home/+44 (0)113 468 2205/letter.docx", Some("/Home/*** ****** *** 2205/letter.docx")),
        ("IMG_20210304_123456.jpg", None),
        ("2024-01-15 minutes.docx", None),
        ("Screenshot 2024-03-01 at 10.22.33.png", None),
        ("a1b2c3d4-e5f6-7890-abcd-ef1234567890.json", None),
        ("100%25.txt", None),
        ("Überblick größer.odt", None),
        ("", None),
        ("4111 1111 1111 1111.txt", Some("**** **** **** 1111.txt")),
        ("/a/4111-1111-1111-1111/b.txt", Some("/a/****-****-****-1111/b.txt")),
        ("card_4111_1111_1111_1111.txt", Some("card_**** **** **** 1111.txt")),
        ("41111111111111.11", Some("************1111")),
        ("4111%201111%201111%201111.txt", Some("**** **** **** 1111.txt")),
        ("é 4111 1111 1111 1111 é", Some("é **** **** **** 1111 é")),
    ];
    let matcher = matcher();
    for (name, want) in rows {
        assert_eq!(cover(&matcher, name).as_deref(), *want, "{name}");
    }
}

#[test]
fn a_verdict_names_no_value() {
    let (matcher, key) = (matcher(), TokenKey::new([1; 32], 1));
    let mut scanner = Scanner::new(&matcher, &key, ScanOptions::default());
    let secret = "4111 1111 1111 1111";
    scanner.begin_part(crate::detect::PartStart {
        chain: vec![format!("{secret}.zip"), "plain.docx".to_owned()],
        name: format!("sheet '{secret}'"),
        ..crate::detect::PartStart::default()
    });
    scanner.push(
        &format!("card number {secret} and card number 5500 0000 0000 0004"),
        &crate::model::Place::named(secret),
        None,
    );
    scanner.end_part();
    let location = Locator { steps: vec![format!("{secret}.rar"), "inner.txt".to_owned()] };
    let hole = Hole { location, reason: Reason::Unsupported };
    let mut verdict = Verdict {
        coverage: Coverage::Partial(Reason::Member),
        findings: scanner.finish_file().findings,
        holes: vec![hole],
        ..Verdict::default()
    };
    assert!(verdict.findings.len() >= 2);
    cover_verdict(&matcher, &mut verdict);
    let shown = format!("{verdict:?}");
    assert!(!shown.contains(secret), "{shown}");
    assert!(shown.contains("plain.docx") && shown.contains("inner.txt"), "{shown}");
}
