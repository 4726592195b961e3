//! The verdicts of python-stdnum, an independent implementation, on synthetic numbers; `tests/oracle/stdnum.py` made them.
//!
//! The environment variable `STDNUM_ROWS` names a larger file of the same form to compare instead.

use super::tests::made;

/// Where we differ on purpose.
struct Difference {
    validator: &'static str,
    concerns: fn(&str) -> bool,
    why: &'static str,
}

const fn differs(validator: &'static str, concerns: fn(&str) -> bool, why: &'static str) -> Difference {
    Difference { validator, concerns, why }
}

const DIFFERENCES: &[Difference] = &[
    differs("at-svnr", |_| true, "stdnum does not look at the birth date"),
    differs(
        "au-tfn",
        |value| value.len() == 8,
        "stdnum gives eight digits the weights of nine; the ATO's own samples pass ours",
    ),
    differs("be-nn", |value| ("27".."41").contains(&&value[..2]), "stdnum refuses dates to come, we years after 2040"),
    differs("be-nn", |value| value[4..6] > *"31", "stdnum allows days past 31 in bis numbers, we in month 00 only"),
    differs("cn-ric", |_| true, "stdnum knows counties and when each existed, we know provinces"),
    differs("cz-rc", |value| value.ends_with('0'), "stdnum allows remainder 10 for all years, we until 1985"),
    differs("cz-rc", |value| value[2..4] > *"12", "stdnum adds 20 and 50 to months of any year"),
    differs("de-idnr", has_run_of_three, "stdnum allows three equal digits in a row"),
    differs(
        "dk-cpr",
        |value| matches!(value.as_bytes()[6], b'4'..=b'9'),
        "stdnum refuses dates to come, we have no clock",
    ),
    differs("fr-nir", |value| value.starts_with(['5', '6', '9', '0']), "stdnum allows any sex"),
    differs(
        "mod97-10",
        |value| value[value.len() - 2..].contains(char::is_alphabetic),
        "stdnum allows letters as check",
    ),
    differs("pt-nif", |value| value.starts_with('4'), "stdnum allows all beginnings with 4, given are those with 45"),
    differs("ru-inn", |value| value.starts_with("00"), "stdnum allows region 00"),
    differs("se-pnr", |value| value[4..6] > *"60", "stdnum's personnummer takes no coordination numbers"),
    differs("se-pnr", |value| value.find('-') != Some(6), "where the dash stands is the shape's business"),
    differs("at-tin", |_| true, "stdnum knows the numbers of tax offices"),
    differs("ca-phn", |value| value.ends_with('0'), "stdnum takes 10 for 0, British Columbia gives no such number"),
    differs("ch-uid", |value| !value.starts_with("CHE"), "the letters before the number are the shape's business"),
    differs(
        "es-cif",
        |value| value.starts_with(['K', 'N', 'P', 'Q', 'R', 'S', 'W']),
        "stdnum allows digits where a letter is due",
    ),
    differs("eu-vat", |value| value.starts_with("FR"), "stdnum knows the rule of keys with letters"),
    differs("id-nik", |_| true, "stdnum allows district and serial of zeros"),
    differs(
        "jmbg",
        |value| value[4..7] < *"850" && value[4..7] >= *"100",
        "stdnum takes births of the 12th to 19th century, and to come",
    ),
    differs("kr-brn", |_| true, "stdnum does not look at the check digit"),
    differs(
        "lv-pk",
        |value| value[..2] > *"31",
        "stdnum takes companies, which are no persons, and no numbers of 2017 and later",
    ),
    differs("nz-bank", |_| true, "stdnum knows the branches that exist"),
    differs("pe-ruc", |value| value.starts_with("16"), "stdnum lacks a kind of tax payer"),
    differs("sg-uen", |value| value.starts_with(['R', 'S', 'T']), "the check letter of this form is not published"),
    differs("tw-ubn", |_| true, "stdnum divides by ten, the rule since April 2023 by five"),
    differs("ua-rntrc", |value| value > "50000", "stdnum allows birth dates to come"),
    differs("us-aba", |_| true, "stdnum does not look at the first two digits"),
    differs("us-itin", |_| true, "stdnum lacks the groups 50 to 65"),
];

fn has_run_of_three(value: &str) -> bool {
    value.as_bytes().windows(3).any(|run| run[0] == run[1] && run[1] == run[2])
}

/// Valid and corrupted values that each validator is tried with, at least.
const VALID_MIN: usize = 200;
const CORRUPTED_MIN: usize = 200;

/// Every verdict is the same but for the differences above, none of which is an accident.
#[test]
fn agrees_with_stdnum() {
    let rows = match std::env::var_os("STDNUM_ROWS") {
        Some(path) => std::fs::read_to_string(path).unwrap(),
        None => include_str!("../../../tests/oracle/stdnum.tsv").to_owned(),
    };
    let mut made_of = std::collections::BTreeMap::new();
    let mut counts = std::collections::BTreeMap::<&str, [usize; 3]>::new();
    let mut wrong = Vec::new();
    for row in rows.lines() {
        let &[validator, value, verdict] = row.split('\t').collect::<Vec<_>>().as_slice() else { panic!("{row}") };
        let check = made_of.entry(validator).or_insert_with(|| made(validator));
        let (ours, theirs) = (check.check(value), verdict == "1");
        let count = counts.entry(validator).or_default();
        count[usize::from(theirs)] += 1;
        if ours != theirs {
            let meant = DIFFERENCES.iter().find(|meant| meant.validator == validator && (meant.concerns)(value));
            match meant {
                Some(meant) => {
                    assert!(!meant.why.is_empty());
                    count[2] += 1;
                }
                None => wrong.push(format!("{row}: we say {ours}, {:?}", check.trace(value))),
            }
        }
    }
    println!("{:<24} {:>8} {:>8} {:>10} {:>8}", "validator", "accepted", "refused", "on purpose", "agree %");
    for (validator, [refused, accepted, meant]) in &counts {
        let (all, same) = (refused + accepted, refused + accepted - meant);
        let (whole, part) = (same * 100 / all, same * 10_000 / all % 100);
        println!("{validator:<24} {accepted:>8} {refused:>8} {meant:>10} {whole:>5}.{part:02}");
        assert!(*refused > 0 && *accepted >= VALID_MIN, "{validator} is not tried both ways");
        assert!(all - accepted.min(&VALID_MIN) >= CORRUPTED_MIN, "{validator} is tried with too few corrupted values");
    }
    for Difference { validator, why, .. } in DIFFERENCES {
        println!("{validator} differs on purpose: {why}");
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.lines().count(), wrong.join("\n"));
}
