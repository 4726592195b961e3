//! Numbers of companies and other bodies, as registers and tax offices give them out.

use super::Row;
use super::calendar::two;
use super::luhn;
use super::steps::{Ear, Steps, Value, base36, number, numerals, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "au-abn",
        "Eleven digits, the first less one, under weights 10, 1, 3 to 19 are divisible by 89.",
        "Australian Business Register, format of the ABN (abr.business.gov.au)",
        abn
    ),
    plain!(
        "au-acn",
        "The last of nine digits is right modulo 10 under weights 8 to 1.",
        "Australian Securities and Investments Commission, Australian company number digit check",
        acn
    ),
    plain!(
        "ch-uid",
        "The last of nine digits is right modulo 11 under weights 5, 4, 3, 2, 7, 6, 5, 4; letters around are not looked at.",
        "eCH-0097, data standard for the identification of companies",
        uid
    ),
    plain!(
        "cn-uscc",
        "Eighteen characters of an alphabet without I, O, S, V, Z, the last right modulo 31 under powers of 3.",
        "GB 32100-2015, unified social credit identifier",
        uscc
    ),
    plain!(
        "co-nit",
        "The last digit is right modulo 11 under primes from 3 upwards.",
        "DIAN, Orden administrativa 4 of 1989 (digito de verificacion)",
        nit
    ),
    plain!(
        "es-cif",
        "The last character is right modulo 10: a digit or a letter, as the first letter asks for.",
        "Ministerio de Hacienda, Orden EHA/451/2008",
        cif
    ),
    plain!(
        "fr-siret",
        "Luhn over nine (SIREN) or fourteen (SIRET) digits; those of La Poste are divisible by five in sum.",
        "INSEE, Sirene; definition of SIREN and SIRET",
        siret
    ),
    plain!(
        "in-gstin",
        "A state's code, a PAN, and the last character right under Luhn modulo 36.",
        "Goods and Services Tax Network, structure of GSTIN; CGST Rules 2017, rule 10",
        gstin
    ),
    plain!(
        "it-piva",
        "Luhn over eleven digits, and a tax office that exists.",
        "DPR 633/1972, article 35; Agenzia delle Entrate, Partita IVA",
        partita_iva
    ),
    plain!(
        "kr-brn",
        "The last of ten digits is right modulo 10 under weights 1, 3, 7.",
        "National Tax Service of Korea, business registration number verification",
        brn
    ),
    plain!(
        "pe-ruc",
        "A kind of tax payer, and the last of eleven digits right modulo 11.",
        "SUNAT, Registro Unico de Contribuyentes, modulo 11",
        ruc
    ),
    plain!(
        "sg-uen",
        "Eight digits, or nine with a year, and a letter right modulo 11; or T, S, R, a year and a kind of body.",
        "Accounting and Corporate Regulatory Authority, Unique Entity Number (uen.gov.sg)",
        uen
    ),
    plain!(
        "tw-ubn",
        "Eight digits under weights 1, 2, 1, 2, 1, 2, 4, 1, digits of products added, are divisible by five.",
        "Ministry of Finance of Taiwan, logic of the unified business number since 1 April 2023",
        ubn
    ),
    plain!(
        "ua-edrpou",
        "The last of eight digits is right modulo 11 under weights that depend on the number's size.",
        "State Statistics Service of Ukraine, order 233 of 2015 (EDRPOU)",
        edrpou
    ),
    plain!(
        "us-ein",
        "The first two digits are a campus's or the Internet's.",
        "Internal Revenue Service, How EINs are assigned and valid EIN prefixes",
        ein
    ),
    plain!(
        "uy-rut",
        "An office, and the last of twelve digits right modulo 11.",
        "Direccion General Impositiva, Registro Unico Tributario",
        rut
    ),
];

fn abn(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(mut digits) = steps.digits::<11>(value) else { return false };
    if !steps.require("first digit is not 0", digits[0] != 0) {
        return false;
    }
    digits[0] -= 1;
    let sum = steps.sum(&digits, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    steps.expect("sum modulo 89", 0, sum % 89)
}

fn acn(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<9>(value) else { return false };
    let sum = steps.sum(&digits, &[8, 7, 6, 5, 4, 3, 2, 1]);
    steps.expect("check digit", (10 - sum % 10) % 10, u32::from(digits[8]))
}

pub(super) fn uid(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters_between(value, 9, 15) else { return false };
    let start = letters.iter().position(u8::is_ascii_digit).unwrap_or(0);
    let Some(digits) = letters.get(start..start + 9).and_then(numerals::<9>) else {
        return steps.require("nine digits", false);
    };
    let sum = steps.sum(&digits, &[5, 4, 3, 2, 7, 6, 5, 4]);
    steps.expect("check digit", (11 - sum % 11) % 11, u32::from(digits[8]))
}

/// The alphabet of GB 32100-2015.
const CREDIT: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

fn uscc(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<18>(value) else { return false };
    let (mut sum, mut weight) = (0_usize, 1_usize);
    for letter in &letters[..17] {
        let Some(counted) = CREDIT.iter().position(|known| known == letter) else {
            return steps.require("no I, O, S, V or Z", false);
        };
        sum += counted * weight;
        weight = weight * 3 % 31;
    }
    let expected = char::from(CREDIT[(31 - sum % 31) % 31]);
    steps.expect("check character", expected, char::from(letters[17]))
}

fn nit(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 8, 16) else { return false };
    let Some((last, body)) = digits.split_last() else { return false };
    let primes = [3_u32, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47, 53, 59, 67, 71];
    let sum: u32 = body.iter().rev().zip(primes).map(|(&digit, prime)| u32::from(digit) * prime).sum();
    let rest = sum % 11;
    steps.expect("check digit", if rest < 2 { rest } else { 11 - rest }, u32::from(*last))
}

pub(super) fn cif(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<9>(value) else { return false };
    let Some(digits) = numerals::<7>(&letters[1..8]) else { return steps.require("seven digits in between", false) };
    let doubled = |digit: u8| u32::from(digit * 2 / 10 + digit * 2 % 10);
    let sum: u32 =
        digits.iter().enumerate().map(|(at, &digit)| if at % 2 == 0 { doubled(digit) } else { u32::from(digit) }).sum();
    let check = (10 - sum % 10) % 10;
    steps.note(|| format!("sum {sum}, check {check}"));
    let as_letter = letters[8] == b"JABCDEFGHI"[usize::try_from(check).unwrap_or(0)];
    let as_digit = u32::from(letters[8].wrapping_sub(b'0')) == check;
    match letters[0] {
        // Foreign, public and religious bodies end in a letter, companies in a digit, others in either.
        b'P' | b'Q' | b'S' | b'K' | b'W' | b'N' | b'R' => steps.require("the right letter", as_letter),
        b'A' | b'B' | b'E' | b'H' => steps.require("the right digit", as_digit),
        b'C' | b'D' | b'F' | b'G' | b'J' | b'L' | b'M' | b'U' | b'V' => {
            steps.require("the right digit or letter", as_digit || as_letter)
        }
        _ => steps.require("a kind of body", false),
    }
}

/// The SIREN of La Poste, whose establishments have numbers under a rule of their own.
const LA_POSTE: u64 = 356_000_000;

fn siret(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits_between(value, 9, 14) else { return false };
    if !steps.require("nine or fourteen digits", matches!(digits.len(), 9 | 14))
        || !steps.require("not nothing but zeros", number(&digits[..9]) != 0)
    {
        return false;
    }
    if digits.len() == 14 && number(&digits[..9]) == LA_POSTE {
        let sum: u32 = digits.iter().copied().map(u32::from).sum();
        return steps.expect("sum modulo 5", 0, sum % 5) || luhn::holds(digits, steps);
    }
    luhn::holds(&digits[..9], steps) && luhn::holds(digits, steps)
}

fn gstin(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters::<15>(value) else { return false };
    let Some(state) = numerals::<2>(&letters[..2]) else { return steps.require("two digits first", false) };
    let sum: u32 = letters[..14]
        .iter()
        .enumerate()
        .map(|(at, &letter)| {
            let product = u32::from(base36(letter).unwrap_or(0)) * if at % 2 == 0 { 1 } else { 2 };
            product / 36 + product % 36
        })
        .sum();
    let shape = letters[2..7].iter().all(u8::is_ascii_uppercase)
        && letters[7..11].iter().all(u8::is_ascii_digit)
        && letters[11].is_ascii_uppercase();
    steps.require("a state's code", matches!(number(&state), 1..=38 | 96 | 97 | 99))
        && steps.require("a PAN inside", shape)
        && steps.expect("check value", (36 - sum % 36) % 36, u32::from(base36(letters[14]).unwrap_or(0)))
}

pub(super) fn partita_iva(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters_between(value, 11, 13) else { return false };
    let bare = letters.strip_prefix(b"IT").unwrap_or(letters);
    let Some(digits) = numerals::<11>(bare) else { return steps.require("eleven digits", false) };
    let office = number(&digits[7..10]);
    steps.require("a number before the office", number(&digits[..7]) != 0)
        && steps.require("a tax office", matches!(office, 1..=100 | 120 | 121 | 888 | 999))
        && luhn::holds(&digits, steps)
}

fn brn(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<10>(value) else { return false };
    let sum = steps.sum(&digits[..9], &[1, 3, 7, 1, 3, 7, 1, 3, 5]) + u32::from(digits[8] * 5 / 10);
    steps.require("a tax office, from 101", number(&digits[..3]) >= 101)
        && steps.require("a kind of business", two(&digits, 3) != 0)
        && steps.expect("check digit", (10 - sum % 10) % 10, u32::from(digits[9]))
}

fn ruc(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<11>(value) else { return false };
    let sum = steps.sum(&digits, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2]);
    steps.require("a kind of tax payer", matches!(two(&digits, 0), 10 | 15 | 16 | 17 | 20))
        && steps.expect("check digit", (11 - sum % 11) % 10, u32::from(digits[10]))
}

/// Kinds of bodies in the third form of the UEN.
const BODIES: &[&[u8; 2]] = &[
    b"CC", b"CD", b"CH", b"CL", b"CM", b"CP", b"CS", b"CX", b"DP", b"FB", b"FC", b"FM", b"FN", b"GA", b"GB", b"GS",
    b"HS", b"LL", b"LP", b"MB", b"MC", b"MD", b"MH", b"MM", b"MQ", b"NB", b"NR", b"PA", b"PB", b"PF", b"RF", b"RP",
    b"SM", b"SS", b"TC", b"TU", b"VH", b"XL",
];

fn uen(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(letters) = steps.letters_between(value, 9, 10) else { return false };
    if let Some(digits) = numerals::<8>(&letters[..8]).filter(|_| letters.len() == 9) {
        let sum = steps.sum(&digits, &[10, 4, 9, 3, 8, 2, 7, 1]);
        let expected = b"XMKECAWLJDB"[usize::try_from(sum % 11).unwrap_or(0)];
        return steps.expect("check letter", char::from(expected), char::from(letters[8]));
    }
    if let Some(digits) = numerals::<9>(&letters[..9]) {
        let sum = steps.sum(&digits, &[10, 8, 6, 4, 9, 7, 5, 3, 1]);
        let expected = b"ZKCMDNERGWH"[usize::try_from(sum % 11).unwrap_or(0)];
        return steps.require("a year of the 19th to 21st century", matches!(two(&digits, 0), 18..=20))
            && steps.expect("check letter", char::from(expected), char::from(letters[9]));
    }
    let known = letters.len() == 10
        && matches!(letters[0], b'R' | b'S' | b'T')
        && letters[1..3].iter().all(u8::is_ascii_digit)
        && BODIES.iter().any(|body| letters[3..5] == body[..])
        && letters[5..9].iter().all(u8::is_ascii_digit);
    // The check letter of this form is not published.
    steps.require("a year, a kind of body, four digits, a letter", known && letters[9].is_ascii_uppercase())
}

fn ubn(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<8>(value) else { return false };
    let weights = [1_u8, 2, 1, 2, 1, 2, 4, 1];
    let sum: u32 =
        digits.iter().zip(weights).map(|(&digit, weight)| u32::from(digit * weight / 10 + digit * weight % 10)).sum();
    steps.note(|| format!("sum {sum}"));
    // Seven times four is 28: its digits make ten, which counts as one or as nothing.
    let right = sum.is_multiple_of(5) || digits[6] == 7 && (sum + 1).is_multiple_of(5);
    steps.require("not nothing but zeros", number(&digits) != 0) && steps.require("sum divisible by five", right)
}

fn edrpou(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<8>(value) else { return false };
    let middle = (30_000_000..=60_000_000).contains(&number(&digits));
    let weights: [u8; 7] = if middle { [7, 1, 2, 3, 4, 5, 6] } else { [1, 2, 3, 4, 5, 6, 7] };
    let mut rest = steps.sum(&digits, &weights) % 11;
    if rest == 10 {
        rest = steps.sum(&digits, &weights.map(|weight| weight + 2)) % 11 % 10;
    }
    steps.require("not nothing but zeros", number(&digits) != 0)
        && steps.expect("check digit", rest, u32::from(digits[7]))
}

fn ein(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<9>(value) else { return false };
    let known = matches!(two(&digits, 0),
        1..=6 | 10..=16 | 20..=27 | 30..=48 | 50..=68 | 71..=77 | 80..=88 | 90..=95 | 98 | 99);
    steps.require("a prefix in use", known)
}

fn rut(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<12>(value) else { return false };
    let sum = steps.sum(&digits, &[4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
    steps.require("an office", matches!(two(&digits, 0), 1..=22))
        && steps.require("a number, and 001", number(&digits[2..8]) != 0 && number(&digits[8..11]) == 1)
        && steps.expect("check digit", (11 - sum % 11) % 11, u32::from(digits[11]))
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn numbers_of_registers() {
        let rows: &[(&str, &[&str], &[&str])] = &[
            ("au-abn", &["51 824 753 556", "53004085616"], &["51 824 753 557", "01824753556", "5182475355"]),
            ("au-acn", &["004 085 616", "010499966"], &["004 085 617", "00408561"]),
            ("ch-uid", &["CHE-100.155.212", "CHE-107.787.577 IVA"], &["CHE-100.155.213", "CHE"]),
            ("cn-uscc", &["91110000600037341L"], &["91110000600037342L", "9111000060003734IL"]),
            ("co-nit", &["213.123.432-1", "800197268-4"], &["213.123.432-2", "1234567"]),
            ("es-cif", &["A58818501", "J99216582"], &["A58818502", "A5881850A", "I58818501"]),
            (
                "fr-siret",
                &["732 829 320", "732 829 320 00074", "35600000049837"],
                &["732 829 321", "73282932000075", "000000000", "7328293200"],
            ),
            ("in-gstin", &["27AAPFU0939F1ZV"], &["27AAPFU0939F1ZW", "39AAPFU0939F1ZV", "27AAPFU09F9F1ZV"]),
            ("it-piva", &["00743110157", "IT 00743110157"], &["00743110158", "00000000000", "007431101"]),
            ("kr-brn", &["220-81-62517", "124-81-00998"], &["220-81-62518", "000-81-62517"]),
            ("pe-ruc", &["20512333797"], &["20512333798", "30512333797"]),
            (
                "sg-uen",
                &["00192200M", "197401143C", "T01FC6132D"],
                &["00192200N", "197401143D", "T01ZZ6132D", "T01FC61329"],
            ),
            ("tw-ubn", &["00501503", "10458575"], &["00501502", "00000000"]),
            ("ua-edrpou", &["32855961", "14360570"], &["32855968", "00000000"]),
            ("us-ein", &["91-1144442", "12-3456789"], &["07-1144442", "911144"]),
            ("uy-rut", &["211003420017", "21-100342-001-7"], &["211003420018", "231003420017"]),
        ];
        for (name, right, wrong) in rows {
            accepts(name, right);
            refuses(name, wrong);
        }
    }
}
