//! Rules made from a seed: as many as a bench asks for, the same on every machine, to see what a rule more costs.
//!
//! The thirty of pii30.tsv come first, so that a larger set holds every smaller one and can only cost more. A third of the
//! others vary those shapes (lengths, separators, country), a third are numbers as companies give them (fixed letters and
//! digits in front, inside or behind), and a third are runs of letters and digits that pii30.tsv has in no order. `anchor`
//! and `shape` count what that comes to; a test holds them to their least numbers.
//!
//! Take it in with `#[path = "rules_made/mod.rs"] mod rules_made;`, beside the corpus, whose numbers it draws.

#![allow(dead_code, reason = "the bench and the test of this module each take their own part of it")]

pub(crate) mod anatomy;

use crate::corpus::rng::Rng;
use std::collections::HashSet;

/// The seed of the benches.
pub(crate) const SEED: u64 = 1;

const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const DIGITS: &[u8] = b"0123456789";

/// Separators that a number may have, as they stand in an expression.
const SEPARATORS: &[&str] =
    &["-", "/", r"\.", " ", "_", ":", "[ -]", "[ .-]", "[./-]", "[ -]?", "-?", " ?", r"\.?", "/?"];
/// Those that are always there.
const FIRM: &[&str] = &["-", "/", r"\.", " ", "_", ":", "[ -]", "[ .-]", "[./-]"];

/// `count` expressions, the first of them `first` in its order. No two are the same.
pub(crate) fn made(first: &[String], seed: u64, count: usize) -> Vec<String> {
    let mut rules: Vec<String> = first.iter().take(count).cloned().collect();
    let mut known: HashSet<String> = rules.iter().cloned().collect();
    let mut rng = Rng::new(seed);
    while rules.len() < count {
        let rule = match rules.len() % 3 {
            0 => varied(&mut rng),
            1 => of_company(&mut rng),
            _ => runs(&mut rng),
        };
        if known.insert(rule.clone()) {
            rules.push(rule);
        }
    }
    rules
}

/// An expression under construction.
struct Pen<'a> {
    rng: &'a mut Rng,
    out: String,
}

impl Pen<'_> {
    fn text(&mut self, text: &str) -> &mut Self {
        self.out.push_str(text);
        self
    }

    /// `\d{n}`, or from `low` to `high` times.
    fn times(&mut self, class: &str, low: usize, high: usize) -> &mut Self {
        self.out.push_str(class);
        match (low, high) {
            (1, 1) => {}
            (low, high) if low == high => self.out.push_str(&format!("{{{low}}}")),
            (low, high) => self.out.push_str(&format!("{{{low},{high}}}")),
        }
        self
    }

    /// A class some fixed number of times, drawn from a range.
    fn some(&mut self, class: &str, low: usize, high: usize) -> &mut Self {
        let times = self.rng.range(low, high);
        self.times(class, times, times)
    }

    fn digits(&mut self, low: usize, high: usize) -> &mut Self {
        self.some(r"\d", low, high)
    }

    fn pick(&mut self, from: &[&str]) -> &mut Self {
        let picked = self.rng.pick(from);
        self.text(picked)
    }

    /// Fixed characters.
    fn fixed(&mut self, alphabet: &[u8], low: usize, high: usize) -> &mut Self {
        let length = self.rng.range(low, high);
        self.rng.push_from(&mut self.out, alphabet, length);
        self
    }

    fn percent(&mut self, n: usize) -> bool {
        self.rng.percent(n)
    }
}

fn pen(rng: &mut Rng) -> Pen<'_> {
    Pen { rng, out: String::new() }
}

/// A shape of pii30.tsv with other lengths, separators, heads.
fn varied(rng: &mut Rng) -> String {
    const MAKERS: &[fn(&mut Pen<'_>)] = &[
        card,
        groups,
        groups,
        groups,
        phone,
        mail,
        address,
        hardware,
        iban,
        insurance,
        post,
        letters_digits,
        tax,
        birth,
        vehicle,
    ];
    let maker = MAKERS[rng.below(MAKERS.len())];
    let mut pen = pen(rng);
    maker(&mut pen);
    pen.out
}

/// Cards of an issuer: a fixed head, groups of digits.
fn card(pen: &mut Pen<'_>) {
    let separator = pen.rng.pick(&["[ -]?", "[ -]", "-?", " ?", "-", " "]).to_owned();
    pen.text(r"\b").fixed(b"3456", 1, 1).fixed(DIGITS, 1, 3).digits(1, 2);
    for _ in 0..pen.rng.range(2, 3) {
        pen.text(&separator).digits(3, 6);
    }
    pen.text(r"\b");
}

/// Two to four groups of digits between one kind of separator: insurance, tax and patient numbers of countries.
fn groups(pen: &mut Pen<'_>) {
    let separator = pen.rng.pick(FIRM).to_owned();
    pen.text(r"\b");
    if pen.percent(30) {
        pen.pick(&["[1-9]", "[2-9]", "[12]", "[0-4]", "[5-9]"]);
    }
    pen.digits(2, 6);
    let groups = pen.rng.range(1, 3);
    for at in 0..groups {
        // The first group and the last are never both short: two digits, a separator and two digits are no number.
        let low = if at == 0 { 4 } else { 2 };
        pen.text(&separator).digits(low, 6);
    }
    pen.text(r"\b");
}

/// Numbers of one country's plan.
fn phone(pen: &mut Pen<'_>) {
    if pen.percent(30) {
        pen.text(r"\(0").fixed(b"123456789", 1, 1).digits(1, 3).text(r"\)").pick(&[" ", " ?", ""]);
    } else {
        pen.text(r"\+").fixed(b"23456789", 1, 1).fixed(DIGITS, 1, 2).pick(&["[ .-]?", " ", "[ -]", ""]).digits(1, 3);
        pen.pick(&["[ .-]?", " ", "[ -]"]);
    }
    pen.digits(3, 4).pick(&["[ .-]", " ", "-", "[ -]?"]).digits(3, 5).text(r"\b");
}

/// Addresses at one company.
fn mail(pen: &mut Pen<'_>) {
    pen.text(r"\b[A-Za-z0-9._%+-]{1,64}@");
    if pen.percent(50) {
        pen.text(r"(?:[A-Za-z0-9-]{1,24}\.){0,2}");
    }
    pen.fixed(LOWER, 4, 9).text(r"\.").pick(&["com", "org", "net", "de", "fr", r"co\.uk", "io", "eu"]).text(r"\b");
}

/// Hosts of one network.
fn address(pen: &mut Pen<'_>) {
    pen.text(r"\b");
    if pen.percent(50) {
        pen.fixed(b"12", 1, 1).fixed(b"012345", 1, 2).text(r"\.\d{1,3}\.\d{1,3}\.\d{1,3}\b");
    } else {
        let groups = pen.rng.range(4, 7);
        pen.text("2").fixed(b"0123456789abcdef", 3, 3).times("(?::[0-9A-Fa-f]{1,4})", groups, groups).text(r"\b");
    }
}

/// Hardware addresses of one maker.
fn hardware(pen: &mut Pen<'_>) {
    let separator = pen.rng.pick(&[":", "-", r"\."]).to_owned();
    let rest = pen.rng.range(3, 7);
    pen.text(r"\b").fixed(b"0123456789ABCDEF", 2, 2).text(&separator).fixed(b"0123456789ABCDEF", 2, 2);
    pen.times(&format!("(?:{separator}[0-9A-Fa-f]{{2}})"), rest, rest).text(r"\b");
}

/// Accounts of one country.
fn iban(pen: &mut Pen<'_>) {
    pen.text(r"\b").fixed(UPPER, 2, 2).text(r"\d{2}");
    if pen.percent(40) {
        pen.text(" ?").some("[A-Z]", 4, 4);
    }
    let groups = pen.rng.range(2, 5);
    pen.times(r"(?: ?\d{4})", groups, groups);
    if pen.percent(60) {
        pen.text(" ?").pick(&[r"\d{1,2}", r"\d{2}", r"\d{3}", "[A-Z0-9]{1,3}"]);
    }
    pen.text(r"\b");
}

/// Letters of a set, groups of two or three digits, a letter.
fn insurance(pen: &mut Pen<'_>) {
    let separator = pen.rng.pick(&[" ?", "-?", "[ -]?", " ", "-", ""]).to_owned();
    pen.text(r"\b").pick(&["[A-CEGHJ-NPR-TW-Z]", "[A-M]", "[N-Z]", "[BCDFGHJ]", "[A-Z]"]).some("[A-Z]", 1, 2);
    let digits = pen.rng.range(2, 3);
    for _ in 0..pen.rng.range(2, 4) {
        pen.text(&separator).times(r"\d", digits, digits);
    }
    pen.text(&separator).pick(&["[A-D]", "[A-Z]", "[FMX]", "[A-HJ-NP-Z]"]).text(r"\b");
}

/// Postal codes of one area or one country.
fn post(pen: &mut Pen<'_>) {
    pen.text(r"\b");
    match pen.rng.below(3) {
        0 => pen.fixed(UPPER, 1, 2).text(r"\d[A-Z\d]? ?\d[A-Z]{2}"),
        1 => pen.fixed(UPPER, 1, 1).text(r"\d[A-Z][ -]?\d[A-Z]\d"),
        _ => pen.fixed(UPPER, 1, 2).pick(&["-", " "]).digits(4, 6),
    };
    pen.text(r"\b");
}

/// Licences, passports, tax numbers: letters and digits in two to five runs.
fn letters_digits(pen: &mut Pen<'_>) {
    pen.text(r"\b").some("[A-Z]", 1, 6);
    let runs = pen.rng.range(1, 2);
    for _ in 0..runs {
        pen.digits(2, 8);
        if pen.percent(70) {
            pen.pick(&["[A-Z]", "[A-Z]{2}", "[A-HJ-NP-Z]", "[A-Z]{3}", "-?[A-Z]", "[XYZ]"]);
        }
    }
    pen.digits(3, 6).text(r"\b");
}

/// Digits without separators behind a fixed head: the order and length tell the country.
fn tax(pen: &mut Pen<'_>) {
    pen.text(r"\b")
        .fixed(b"123456789", 1, 1)
        .fixed(DIGITS, 0, 2)
        .digits(7, 11)
        .pick(&["", "", "-?[A-Z]", r"-\d", "[0-9X]"]);
    pen.text(r"\b");
}

/// Days of a century.
fn birth(pen: &mut Pen<'_>) {
    const DAY: &str = "(?:0[1-9]|[12][0-9]|3[01])";
    const MONTH: &str = "(?:0[1-9]|1[0-2])";
    let year = pen.rng.pick(&["19[0-9]{2}", "(?:18|19)[0-9]{2}", "20[01][0-9]", "19[3-9][0-9]"]).to_owned();
    let separator = pen.rng.pick(&["/", r"\.", " ", "_", "[/-]", "[./]"]).to_owned();
    let parts = match pen.rng.below(3) {
        0 => [DAY, MONTH, year.as_str()],
        1 => [MONTH, DAY, year.as_str()],
        _ => [year.as_str(), MONTH, DAY],
    };
    pen.text(r"\b").text(&parts.join(&separator));
    if pen.percent(50) {
        pen.pick(&["[-+A]", "-", " ", ""]).digits(3, 5);
    }
    pen.text(r"\b");
}

/// Vehicles of one maker.
fn vehicle(pen: &mut Pen<'_>) {
    pen.text(r"\b").fixed(b"12345JKLSTVWYZ", 1, 1).fixed(b"ABCDEFGHJKLMNPRSTUVWXYZ", 2, 2);
    pen.some("[A-HJ-NPR-Z0-9]", 8, 9).digits(4, 6).text(r"\b");
}

/// A number as a company gives it: fixed letters or digits somewhere, the rest counted.
fn of_company(rng: &mut Rng) -> String {
    let mut pen = pen(rng);
    pen.text(r"\b");
    match pen.rng.below(5) {
        // INV-2024-000123
        0 => {
            pen.fixed(UPPER, 2, 5).pick(&["-", "_", "/", "#", ":", " "]).pick(&["20[0-9]{2}", r"\d{2}", r"\d{4}"]);
            pen.pick(&["-", "/", r"\."]).digits(3, 8);
        }
        // KD1234567
        1 => {
            pen.fixed(UPPER, 2, 4).digits(5, 10);
        }
        // 4711-0042-DE
        2 => {
            pen.digits(4, 8).pick(FIRM).fixed(UPPER, 2, 4);
        }
        // 12345 AB 678
        3 => {
            pen.digits(2, 6).pick(SEPARATORS).fixed(UPPER, 1, 3).pick(SEPARATORS).digits(3, 7);
        }
        // cust_8f3a...
        _ => {
            pen.fixed(LOWER, 2, 5).pick(&["_", "-", ":", "/"]).pick(&["[0-9a-f]", "[A-Za-z0-9]", r"\d", "[A-Z0-9]"]);
            let length = pen.rng.range(8, 24);
            pen.text(&format!("{{{length}}}"));
        }
    }
    pen.text(r"\b");
    pen.out
}

/// Three to six runs of digits, letters and mixed characters, in any order.
fn runs(rng: &mut Rng) -> String {
    let mut pen = pen(rng);
    let count = pen.rng.range(3, 6);
    pen.text(r"\b");
    let mut last = usize::MAX;
    for at in 0..count {
        let mut kind = pen.rng.below(5);
        // Two runs of one kind would be one run but for a separator; a first run of small letters would be any word.
        if kind == last || (at == 0 && kind == 3) {
            kind = (kind + 1) % 3;
        }
        match kind {
            0 => pen.digits(1, 6),
            1 => pen.some("[A-Z]", 1, 4),
            2 => pen.some("[0-9A-F]", 2, 8),
            3 => pen.some("[a-z]", 2, 5),
            _ => pen.some("[A-Z0-9]", 3, 8),
        };
        last = kind;
        if at + 1 < count && pen.percent(60) {
            pen.pick(SEPARATORS);
        }
    }
    // An end that counts: at least three characters of which one must be a digit.
    pen.digits(2, 5).text(r"\b");
    pen.out
}
