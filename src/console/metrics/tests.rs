//! The text is read by a parser of the format, written from its documentation, and each number is found again.

use super::*;
use crate::engine::stats::LagParts;
use crate::model::{ConnectorNumber, Coverage, Reason};
use std::collections::{BTreeMap, BTreeSet};

type Labels = BTreeMap<String, String>;

/// A whole page: families with their kinds, and samples.
#[derive(Debug, Default)]
struct Read {
    kinds: BTreeMap<String, String>,
    samples: BTreeMap<(String, Labels), f64>,
}

impl Read {
    fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let labels = labels.iter().map(|(label, text)| ((*label).to_owned(), (*text).to_owned())).collect();
        let name = format!("sluicebox_{name}");
        *self.samples.get(&(name.clone(), labels)).unwrap_or_else(|| panic!("no {name} in {self:#?}"))
    }
}

fn is_name(text: &str) -> bool {
    let letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_' || letter == ':';
    text.starts_with(letter) && text.chars().all(|one| letter(one) || one.is_ascii_digit())
}

/// Reads `{a="b",c="d"}`; gives the labels and what follows.
fn labels(text: &str) -> (Labels, &str) {
    let Some(mut rest) = text.strip_prefix('{') else { return (Labels::new(), text) };
    let mut read = Labels::new();
    loop {
        let (label, value) = rest.split_once("=\"").expect("a label");
        assert!(is_name(label) && !label.contains(':'), "{label}");
        let (mut word, mut letters) = (String::new(), value.char_indices());
        let end = loop {
            match letters.next().expect("a quote at the end") {
                (at, '"') => break at,
                (_, '\\') => word.push(match letters.next().expect("an escaped letter").1 {
                    'n' => '\n',
                    plain @ ('\\' | '"') => plain,
                    other => panic!("\\{other}"),
                }),
                (_, plain) => word.push(plain),
            }
        };
        assert_eq!(read.insert(label.to_owned(), word), None, "{label} twice");
        rest = &value[end + 1..];
        match rest.split_at(1) {
            (",", behind) => rest = behind,
            ("}", behind) => return (read, behind),
            (other, _) => panic!("`{other}` after a label"),
        }
    }
}

fn read(text: &str) -> Read {
    let (mut page, mut ended, mut family) = (Read::default(), BTreeSet::new(), String::new());
    assert!(text.ends_with('\n'), "the last line ends");
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help text");
            assert!(is_name(name) && !help.is_empty(), "{line}");
            assert!(ended.insert(name.to_owned()), "{name} begins twice");
            family = name.to_owned();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(name == family && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
            page.kinds.insert(name.to_owned(), kind.to_owned());
        } else {
            let end = line.find(['{', ' ']).expect("a value");
            let (name, rest) = line.split_at(end);
            let (labels, value) = labels(rest);
            let value = value.strip_prefix(' ').expect("a blank").parse::<f64>().expect("a number");
            let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
            let of = base.filter(|base| page.kinds.get(*base).is_some_and(|kind| kind == "histogram")).unwrap_or(name);
            assert!(is_name(name) && of == family, "{line} below {family}");
            assert!(value.is_finite() && value >= 0.0, "{line}");
            assert_eq!(page.samples.insert((name.to_owned(), labels), value), None, "{line} twice");
        }
    }
    page
}

fn stats() -> Stats {
    let name = |text: &str| text.parse().expect("a name");
    Stats::new([(ConnectorNumber(1), name("box-emea")), (ConnectorNumber(2), name("team"))])
}

#[test]
fn the_text_is_valid_from_the_first_moment_on() {
    let page = read(&text(&stats(), Moment::default(), "0.1.0"));
    for count in Count::ALL {
        for connector in ["box-emea", "team"] {
            assert_eq!(page.value(&format!("{}_total", count.name()), &[("connector", connector)]).to_bits(), 0);
        }
    }
    assert!(page.kinds.values().any(|kind| kind == "histogram"));
}

#[test]
fn each_number_is_found_again() {
    let stats = stats();
    let tally = stats.of(ConnectorNumber(1));
    tally.add(Count::Downloads, 7);
    tally.set_depth(Lane::Backlog, Waiting::Parked, 3);
    tally.ended(Lane::Live, Ended::Done);
    tally.covered(Coverage::Complete);
    tally.covered(Coverage::Partial(Reason::EncryptedPassword));
    tally.set_calls_left(Some(12));
    tally.fed(Moment::from_millis(4_000));
    let ms = Duration::from_millis;
    tally.took(&LagParts { provider: ms(900), queue: ms(20), fetch: ms(60), scan: ms(100) });
    stats.set(Gauge::BytesInFlight, 99);
    let page = read(&text(&stats, Moment::from_millis(5_500), "0.1.0"));
    let emea = ("connector", "box-emea");
    #[rustfmt::skip]
    let rows: [(&str, &[(&str, &str)], f64); 13] = [
        ("build_info", &[("version", "0.1.0")], 1.0),
        ("downloads_total", &[emea], 7.0),
        ("downloads_total", &[("connector", "team")], 0.0),
        ("jobs", &[emea, ("lane", "backlog"), ("state", "parked")], 3.0),
        ("jobs_ended_total", &[emea, ("lane", "live"), ("state", "done")], 1.0),
        ("verdicts_total", &[emea, ("state", "complete"), ("reason", "")], 1.0),
        ("verdicts_total", &[emea, ("state", "partial"), ("reason", "encrypted_password")], 1.0),
        ("calls_left", &[emea], 12.0),
        ("feed_age_seconds", &[emea], 1.5),
        ("bytes_in_flight", &[], 99.0),
        ("lag_seconds_sum", &[emea, ("part", "total")], 1.08),
        ("lag_seconds_bucket", &[emea, ("part", "total"), ("le", "1.023")], 0.0),
        ("lag_seconds_bucket", &[emea, ("part", "total"), ("le", "2.047")], 1.0),
    ];
    for (name, labels, value) in rows {
        let told = page.value(name, labels);
        assert!((told - value).abs() < 1e-9, "{name} {labels:?}: {told}, not {value}");
    }
}

#[test]
fn a_histogram_rises_and_ends_with_all() {
    let stats = stats();
    (0..100).for_each(|at| {
        let scan = Duration::from_millis(at * at * 40);
        stats.of(ConnectorNumber(2)).took(&LagParts { scan, ..LagParts::default() });
    });
    let page = read(&text(&stats, Moment::default(), "0.1.0"));
    let of = |label: &str, labels: &Labels| labels.get(label).cloned().unwrap_or_default();
    let mut buckets: Vec<(f64, f64)> = Vec::new();
    for ((name, labels), count) in &page.samples {
        if name == "sluicebox_lag_seconds_bucket" && of("part", labels) == "scan" && of("connector", labels) == "team" {
            let bound = of("le", labels).replace("+Inf", "inf").parse().expect("a bound");
            buckets.push((bound, *count));
        }
    }
    buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
    assert!(buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{buckets:?}");
    assert_eq!(
        buckets.last().map(|(bound, count)| (bound.is_infinite(), count.to_bits())),
        Some((true, 100_f64.to_bits()))
    );
}

#[test]
fn a_label_cannot_break_out_of_its_quotes() {
    let mut page = Page::default();
    page.family("x", "gauge", "A test.");
    page.sample("x", &[("version", "a\"b\\c\nd")], 1);
    assert_eq!(read(&page.text).value("x", &[("version", "a\"b\\c\nd")]).to_bits(), 1_f64.to_bits());
}
