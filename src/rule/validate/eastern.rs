//! Numbers of people in Czechia and Slovakia, Poland, Romania, Russia and Turkey.

use super::Row;
use super::calendar::{exists, two};
use super::steps::{Ear, Steps, Value, number, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "cz-rc",
        "Ten digits that eleven divides (nine before 1954), and a birth date; women have the month + 50.",
        "Act 133/2000 Sb., section 13; Ministry of the Interior, rodne cislo",
        rodne_cislo
    ),
    plain!(
        "pl-pesel",
        "Weights 1, 3, 7, 9 modulo 10, and a birth date whose month tells the century.",
        "Act on population registration of 24 September 2010, articles 15 to 19; gov.pl, numer PESEL",
        pesel
    ),
    plain!(
        "ro-cnp",
        "Weights 279146358279 modulo 11, a birth date, and a county in use.",
        "Ordonanta de urgenta 97/2005; Directia pentru Evidenta Persoanelor",
        cnp
    ),
    plain!(
        "ru-inn",
        "Ten digits (organisation) or twelve (person) under weighted sums modulo 11.",
        "Order of the Federal Tax Service MMV-7-6/435@ of 29 June 2012",
        inn
    ),
    plain!(
        "ru-passport",
        "The series' first two digits are a region's, its last two a year since 1997, and the number has been reached.",
        "Government decree 828 of 8 July 1997; OKATO classifier of regions",
        passport
    ),
    plain!(
        "ru-snils",
        "Weights 9 to 1 modulo 101; numbers up to 001-001-998, which have no check digits, are refused.",
        "Pension Fund of Russia, instruction on individual accounts; order 318p of 2014",
        snils
    ),
    plain!(
        "tr-tckn",
        "Two check digits modulo 10, and the first digit is not 0.",
        "Population Services Law 5490; General Directorate of Population and Citizenship Affairs (nvi.gov.tr)",
        tckn
    ),
];

pub(super) fn rodne_cislo(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 9, 10) else { return false };
    let of_nine = digits.len() == 9;
    let mut year = 1900 + two(digits, 0);
    // Nine digits were given until the end of 1953; in ten, years below 54 are of the 21st century.
    if of_nine && year >= 1980 {
        year -= 100;
    } else if !of_nine && year < 1954 {
        year += 100;
    }
    let month = match (two(digits, 2), year) {
        (month @ 71..=82, 2004..) => month - 70,
        (month @ 51..=62, _) => month - 50,
        (month @ 21..=32, 2004..) => month - 20,
        (month, _) => month,
    };
    let day = two(digits, 4);
    steps.note(|| format!("year {year}, month {month}, day {day}"));
    if !steps.require("birth date exists", exists(year, month, day)) {
        return false;
    }
    if of_nine {
        return steps.require("year before 1954", year < 1954)
            && steps.require("serial is not 000", number(&digits[6..]) != 0);
    }
    let remainder = number(&digits[..9]) % 11;
    // Until 1985 numbers were given whose remainder is 10; they end in 0.
    let expected = if remainder == 10 && year < 1986 { 0 } else { remainder };
    steps.expect("check digit", expected, u64::from(digits[9]))
}

fn pesel(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<11>(value) else { return false };
    let month = two(&digits, 2);
    let century = [1900, 2000, 2100, 2200, 1800][usize::from(digits[2] / 2)];
    let sum = steps.sum(&digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]);
    steps.require("birth date exists", exists(century + two(&digits, 0), month % 20, two(&digits, 4)))
        && steps.expect("sum modulo 10", 0, sum % 10)
}

fn cnp(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<13>(value) else { return false };
    let year = two(&digits, 1);
    let (month, day) = (two(&digits, 3), two(&digits, 5));
    // 7 and 8 are residents, 9 foreigners, of any century.
    let there = match digits[0] {
        1 | 2 => exists(1900 + year, month, day),
        3 | 4 => exists(1800 + year, month, day),
        5 | 6 => exists(2000 + year, month, day),
        7..=9 => exists(1900 + year, month, day) || exists(2000 + year, month, day),
        _ => false,
    };
    let sum = steps.sum(&digits, &[2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]);
    let expected = if sum % 11 == 10 { 1 } else { sum % 11 };
    steps.require("birth date exists", there)
        && steps.require("county in use", matches!(two(&digits, 7), 1..=48 | 51 | 52 | 70 | 80..=83))
        && steps.expect("check digit", expected, u32::from(digits[12]))
}

fn inn(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    const WEIGHTS: [u8; 11] = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8];
    let Some(digits) = steps.digits_between(value, 10, 12) else { return false };
    if !steps.require("10 or 12 digits", digits.len() != 11) || !steps.require("region is not 00", two(digits, 0) != 0)
    {
        return false;
    }
    let check = |steps: &mut Steps<_>, place: usize| {
        let sum = steps.sum(&digits[..place], &WEIGHTS[11 - place..]);
        steps.expect("check digit", sum % 11 % 10, u32::from(digits[place]))
    };
    if digits.len() == 10 { check(steps, 9) } else { check(steps, 10) && check(steps, 11) }
}

fn snils(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<11>(value) else { return false };
    let sum = steps.sum(&digits, &[9, 8, 7, 6, 5, 4, 3, 2, 1]);
    steps.require("above 001-001-998", number(&digits[..9]) > 1_001_998)
        && steps.expect("check digits", sum % 101 % 100, two(&digits, 9))
}

/// The last year of a passport form that is believed: forms are printed some years ahead.
const PASSPORT_YEAR_LAST: u32 = 35;

fn passport(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    let region = two(&digits, 0);
    let known = matches!(region,
        1 | 3..=5 | 7 | 8 | 10..=12 | 14 | 15 | 17..=20 | 22 | 24..=30 | 32..=34 | 35..=38 | 40..=42 | 44..=47 | 49 | 50
        | 52..=54 | 56..=58 | 60 | 61 | 63..=71 | 73 | 75..=99);
    let year = two(&digits, 2);
    steps.require("a region's code", known)
        && steps.require("a year of 1997 or later", year >= 97 || year <= PASSPORT_YEAR_LAST)
        && steps.require("number 000101 or later", number(&digits[4..]) > 100)
}

fn tckn(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<11>(value) else { return false };
    let tenth = steps.sum(&digits, &[7, 9, 7, 9, 7, 9, 7, 9, 7]);
    let eleventh = steps.sum(&digits[..10], &[1; 10]);
    steps.require("first digit is not 0", digits[0] != 0)
        && steps.expect("tenth digit", tenth % 10, u32::from(digits[9]))
        && steps.expect("eleventh digit", eleventh % 10, u32::from(digits[10]))
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn czechia_and_slovakia() {
        accepts("cz-rc", &["710319/2745", "7103192745", "991231123", "710319/2745"]);
        refuses("cz-rc", &["710319/2746", "1103492745", "590312/123", "710391/2745", "710319274"]);
    }

    #[test]
    fn poland() {
        accepts("pl-pesel", &["44051401359", "02070803628", "44051401458"]);
        refuses("pl-pesel", &["44051401358", "44051401395", "02381307589", "4405140135"]);
    }

    #[test]
    fn romania() {
        accepts("ro-cnp", &["1630615123457", "1800101221144"]);
        refuses("ro-cnp", &["1630615123458", "0800101221142", "1632215123457", "1630615993454", "1636015123457"]);
    }

    #[test]
    fn russia() {
        accepts("ru-inn", &["7707083893", "500100732259", "7830002293"]);
        refuses("ru-inn", &["7707083894", "500100732258", "500100732295", "0000000000", "12345678901"]);
        accepts("ru-snils", &["112-233-445 95", "087-654-303 00", "11223344595"]);
        refuses("ru-snils", &["112-233-445 94", "000-000-000 00", "112-323-445 95", "1122334459"]);
        accepts("ru-passport", &["45 08 123456", "4510123456", "9203 001234"]);
        refuses("ru-passport", &["0208123456", "4550123456", "4508000100", "450812345"]);
    }

    #[test]
    fn turkey() {
        accepts("tr-tckn", &["17291716060", "10000000146"]);
        refuses("tr-tckn", &["17291716050", "1729171606", "07291716092", "71291716060"]);
    }
}
