//! `mrz`: the machine readable zone of passports, identity cards and visas.
//!
//! The five formats differ in length, and visas begin with V; line ends and blanks fall away, the filler `<` counts.

use super::Row;
use super::params::Params;
use super::steps::{Ear, Scheme, Steps, Value, ready, shown};
use super::weighted::icao_check;

const PARAMS: &[(&str, &str)] =
    &[("min", "field (each field's check digit) or composite (the check over all too, the default; visas have none)")];

pub(super) const ROWS: &[Row] = &[Row {
    name: "mrz",
    what: "Check digits of document number, birth and expiry are right, and the composite one; TD1, TD2, TD3, MRV-A, MRV-B.",
    source: "ICAO Doc 9303 parts 3 to 7 (eighth edition)",
    version: 1,
    params: PARAMS,
    build: |table| {
        let params = Params::of("mrz", PARAMS, table)?;
        ready(Mrz { composite: params.choice("min", &[("field", false), ("composite", true)])?.unwrap_or(true) })
    },
}];

struct Mrz {
    composite: bool,
}

/// The longest zone: two lines of 44.
const ZONE_MAX: usize = 90;

impl Scheme for Mrz {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let mut zone = [0; ZONE_MAX];
        let mut len = 0;
        for byte in value.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
            let byte = byte.to_ascii_uppercase();
            if len == ZONE_MAX || !(byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'<') {
                return steps.require("at most 90 letters, digits and fillers", false);
            }
            zone[len] = byte;
            len += 1;
        }
        let zone = &zone[..len];
        let visa = zone.first() == Some(&b'V');
        match (len, visa) {
            (90, false) => self.three_lines(zone, steps),
            (72, _) => self.two_lines(&zone[36..], visa, steps),
            (88, _) => self.two_lines(&zone[44..], visa, steps),
            _ => steps.require("three lines of 30, two of 36 or two of 44", false),
        }
    }
}

impl Mrz {
    /// TD1: document number in the first line, dates in the second.
    fn three_lines(&self, zone: &[u8], steps: &mut Steps<impl Ear>) -> bool {
        let (upper, rest) = zone.split_at(30);
        let middle = &rest[..30];
        document(&upper[5..14], upper[14], &upper[15..], steps)
            && date("birth", &middle[..6], middle[6], steps)
            && sex(middle[7], steps)
            && date("expiry", &middle[8..14], middle[14], steps)
            && (!self.composite
                || composite(&[&upper[5..], &middle[..7], &middle[8..15], &middle[18..29]], middle[29], steps))
    }

    /// TD2, TD3 and visas: all in the second line.
    fn two_lines(&self, line: &[u8], visa: bool, steps: &mut Steps<impl Ear>) -> bool {
        let fields = document(&line[..9], line[9], if line.len() == 36 { &line[28..] } else { &[] }, steps)
            && date("birth", &line[13..19], line[19], steps)
            && sex(line[20], steps)
            && date("expiry", &line[21..27], line[27], steps);
        if !fields || visa {
            return fields;
        }
        let last = line.len() - 1;
        // A passport's personal number has a check of its own, which may be the filler when the field is empty.
        let personal = last == 35
            || (line[42] == b'<' && line[28..42].iter().all(|&byte| byte == b'<'))
            || checked("personal number", &line[28..42], line[42], steps);
        personal && (!self.composite || composite(&[&line[..10], &line[13..20], &line[21..last]], line[last], steps))
    }
}

/// A document number of nine characters; a longer one has a filler for its check and goes on in the optional field, where
/// its check stands last.
fn document(number: &[u8], check: u8, optional: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    if check != b'<' || optional.is_empty() {
        return steps.require("a document number", number[0] != b'<')
            && checked("document number", number, check, steps);
    }
    let end = optional.iter().position(|&byte| byte == b'<').unwrap_or(optional.len());
    let Some((&check, more)) = optional[..end].split_last() else {
        return steps.require("a check of the long document number", false);
    };
    let mut whole = [0; 9 + 15];
    whole[..9].copy_from_slice(number);
    whole[9..9 + more.len()].copy_from_slice(more);
    checked("long document number", &whole[..9 + more.len()], check, steps)
}

/// A date of six digits, parts of which a birth may leave open, with its check.
fn date(what: &str, field: &[u8], check: u8, steps: &mut Steps<impl Ear>) -> bool {
    let part = |from: usize, last: u8| match &field[from..from + 2] {
        b"<<" => what == "birth",
        &[tens @ b'0'..=b'9', units @ b'0'..=b'9'] => (1..=last).contains(&((tens - b'0') * 10 + (units - b'0'))),
        _ => false,
    };
    let year = field[..2].iter().all(u8::is_ascii_digit) || (what == "birth" && &field[..2] == b"<<");
    steps.require("month and day exist", year && part(2, 12) && part(4, 31)) && checked(what, field, check, steps)
}

fn sex(byte: u8, steps: &mut Steps<impl Ear>) -> bool {
    steps.require("sex is M, F, X or open", b"MFX<".contains(&byte))
}

fn checked(what: &str, field: &[u8], check: u8, steps: &mut Steps<impl Ear>) -> bool {
    let expected = icao_check(field);
    steps.note(|| format!("{what} {}: check expected {expected}, found {}", shown(field), char::from(check)));
    check == b'0' + expected
}

fn composite(fields: &[&[u8]], check: u8, steps: &mut Steps<impl Ear>) -> bool {
    let mut whole = [0; ZONE_MAX];
    let mut len = 0;
    for field in fields {
        whole[len..len + field.len()].copy_from_slice(field);
        len += field.len();
    }
    checked("composite", &whole[..len], check, steps)
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    const TD3: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";
    const TD2: &str = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
    const TD1: &str = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";
    const TD1_LONG: &str =
        "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<";
    const TD2_LONG: &str = "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8";
    const MRV_A: &str = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<";
    const MRV_B: &str = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<";

    #[test]
    fn specimens_of_doc_9303() {
        accepts("mrz", &[TD3, TD2, TD1, TD1_LONG, TD2_LONG, MRV_A, MRV_B]);
        accepts("mrz{min='field'}", &[TD3, TD2, TD1, TD1_LONG, TD2_LONG, MRV_A, MRV_B]);
    }

    #[test]
    fn errors() {
        let changed = |zone: &str, from: &str, to: &str| {
            assert!(zone.contains(from));
            zone.replacen(from, to, 1)
        };
        for wrong in [
            changed(TD3, "L898902C36", "L898903C36"),
            changed(TD3, "7408122F", "7408212F"),
            changed(TD3, "1204159", "1204158"),
            changed(TD3, "ZE184226B", "ZE184226C"),
            changed(TD3, "F12", "Q12"),
            changed(TD2, "D231458907", "D231459807"),
            changed(TD1, "7408122F", "7413122F"),
            changed(TD1, "D231458907", "D231458908"),
            changed(MRV_A, "9612109", "9612108"),
            changed(TD3, "L898902C36", "L898902C"),
        ] {
            refuses("mrz", &[&wrong]);
            refuses("mrz{min='field'}", &[&wrong]);
        }
        let composite = [changed(TD3, "<10", "<11"), changed(TD2, "<6", "<7"), changed(TD1, "<6\n", "<5\n")];
        for wrong in &composite {
            refuses("mrz", &[wrong]);
            accepts("mrz{min='field'}", &[wrong]);
        }
        refuses("mrz", &["", "P<", "é", &"<".repeat(88), &"<".repeat(90), &"<".repeat(72)]);
    }
}
