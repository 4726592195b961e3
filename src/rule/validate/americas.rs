//! Numbers of people and firms in Brazil, Canada, Chile and Mexico.

use super::Row;
use super::calendar::{exists, exists_in_some_century, two};
use super::luhn;
use super::steps::{Ear, Steps, Value, all_same, numerals, plain};

pub(super) const ROWS: &[Row] = &[
    plain!(
        "br-cnpj",
        "Two check digits modulo 11; letters, given since July 2026, count as their ASCII code less 48.",
        "Receita Federal, Instrucao Normativa RFB 2.229 of 15 October 2024 (alphanumeric CNPJ)",
        cnpj
    ),
    plain!(
        "br-cpf",
        "Two check digits modulo 11, and not one digit eleven times.",
        "Receita Federal, Cadastro de Pessoas Fisicas, Instrucao Normativa RFB 1.548/2015",
        cpf
    ),
    plain!(
        "ca-sin",
        "Luhn over nine digits, and the first is not 0 or 8.",
        "Service Canada, Social Insurance Number Code of Practice; Employment and Social Development Canada",
        sin
    ),
    plain!(
        "cl-rut",
        "The digit or K after the number is right modulo 11.",
        "Servicio de Registro Civil e Identificacion; Servicio de Impuestos Internos, RUT",
        rut
    ),
    plain!(
        "mx-curp",
        "Birth date, sex and state exist, and the last digit is right modulo 10.",
        "Secretaria de Gobernacion, Instructivo normativo para la asignacion de la CURP (DOF 18 October 2021)",
        curp
    ),
    plain!(
        "mx-rfc",
        "The date exists, and the last character is right modulo 11; twelve characters for firms, thirteen for people.",
        "Servicio de Administracion Tributaria, clave del RFC; Instructivo IFAI-0610100135506-065",
        rfc
    ),
];

fn cnpj(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    const WEIGHTS: [u8; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let Some(text) = steps.letters::<14>(value) else { return false };
    let Some(checks) = numerals::<2>(&text[12..]) else { return steps.require("two check digits", false) };
    let values = text.map(|byte| byte - b'0');
    steps.require("not one character over and over", !all_same(&text[..12]))
        && [0, 1].into_iter().all(|which| {
            let sum = steps.sum(&values[..12 + which], &WEIGHTS[1 - which..]);
            steps.expect(
                "check digit",
                (11 - (sum % 11).max(1)) % 10 * u32::from(sum % 11 > 1),
                u32::from(checks[which]),
            )
        })
}

fn cpf(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<11>(value) else { return false };
    steps.require("not one digit over and over", !all_same(&digits))
        && [9, 10].into_iter().all(|place| {
            let sum = steps.sum(&digits[..place], &[11, 10, 9, 8, 7, 6, 5, 4, 3, 2][10 - place..]);
            steps.expect("check digit", sum * 10 % 11 % 10, u32::from(digits[place]))
        })
}

fn sin(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(digits) = steps.digits::<9>(value) else { return false };
    steps.require("first digit is not 0 or 8", !matches!(digits[0], 0 | 8)) && luhn::holds(&digits, steps)
}

fn rut(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters_between(value, 8, 9) else { return false };
    let (check, body) = (text[text.len() - 1], &text[..text.len() - 1]);
    let mut padded = [b'0'; 8];
    padded[8 - body.len()..].copy_from_slice(body);
    let Some(digits) = numerals::<8>(&padded) else { return steps.require("digits before the last", false) };
    let sum = steps.sum(&digits, &[3, 2, 7, 6, 5, 4, 3, 2]);
    let expected = b"0K987654321"[usize::try_from(sum % 11).unwrap_or(0)];
    steps.require("not all zeros", digits != [0; 8])
        && steps.expect("check character", char::from(expected), char::from(check))
}

/// The federal states of a CURP, and NE for people born abroad.
const CURP_STATES: &[u8] = b"ASBCBSCCCLCMCSCHDFDGGTGRHGJCMCMNMSNTNLOCPLQTQRSPSLSRTCTSTLVZYNZSNE";

fn curp(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let Some(text) = steps.letters::<18>(value) else { return false };
    let (Some(birth), true) = (numerals::<6>(&text[4..10]), text[17].is_ascii_digit()) else {
        return steps.require("six digits of birth and a check digit", false);
    };
    // The seventeenth character is a digit for those born until 1999, a letter for those born later.
    let century = if text[16].is_ascii_digit() { 1900 } else { 2000 };
    let there = exists(century + two(&birth, 0), two(&birth, 2), two(&birth, 4));
    let (states, _) = CURP_STATES.as_chunks::<2>();
    let sum: u32 = (2_u32..).zip(text[..17].iter().rev()).map(|(weight, &byte)| weight * rank(byte)).sum();
    steps.note(|| format!("weights 18 to 2 over ranks (A = 10, N = 23, O = 25): sum {sum}"));
    steps.require("letters of the name", text[..4].iter().chain(&text[13..16]).all(u8::is_ascii_uppercase))
        && steps.require("birth date exists", there)
        && steps.require("sex is H, M or X", b"HMX".contains(&text[10]))
        && steps.require("state exists", states.iter().any(|state| state == &text[11..13]))
        && steps.expect("check digit", (10 - sum % 10) % 10, u32::from(text[17] - b'0'))
}

/// A letter's or digit's rank in the Spanish alphabet of the CURP, in which N tilde follows N.
fn rank(byte: u8) -> u32 {
    u32::from(match byte {
        b'0'..=b'9' => byte - b'0',
        b'O'..=b'Z' => byte - b'A' + 11,
        _ => byte.wrapping_sub(b'A').wrapping_add(10),
    })
}

fn rfc(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let mut ranks = [37_u8; 13];
    let mut len = 0;
    for letter in value.chars() {
        let Some(rank) = rfc_rank(letter) else {
            if letter.is_ascii() && !letter.is_ascii_alphanumeric() {
                continue;
            }
            return steps.require("letters, N tilde, ampersand and digits only", false);
        };
        if len == 13 {
            return steps.require("12 or 13 characters", false);
        }
        ranks[len] = rank;
        len += 1;
    }
    if !steps.require("12 or 13 characters", len >= 12) {
        return false;
    }
    // A firm's twelve characters are moved right behind a blank, whose rank is 37.
    if len == 12 {
        ranks.copy_within(0..12, 1);
        ranks[0] = 37;
    }
    let (name, rest) = ranks.split_at(4);
    let is_letter = |rank: &u8| matches!(rank, 10..=36 | 38);
    let dated =
        rest[..6].iter().all(|&rank| rank < 10) && exists_in_some_century(two(rest, 0), two(rest, 2), two(rest, 4));
    let sum = steps.sum(&ranks[..12], &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    // Remainder 1 would be the digit 10: written A, whose rank is 10.
    steps.require("letters of the name", name[usize::from(len == 12)..].iter().all(is_letter))
        && steps.require("date exists", dated)
        && steps.require(
            "homonym key of 1 to V and 1 to Z",
            matches!(rest[6], 1..=23 | 25..=32) && matches!(rest[7], 1..=23 | 25..=36),
        )
        && steps.expect("rank of the check character", (11 - sum % 11) % 11, u32::from(ranks[12]))
}

/// The rank of a character in the RFC's table: digits, A to N, &, O to Z, blank, N tilde.
fn rfc_rank(letter: char) -> Option<u8> {
    match letter {
        '&' => Some(24),
        'Ñ' | 'ñ' => Some(38),
        _ => {
            let byte = u8::try_from(letter).ok()?.to_ascii_uppercase();
            match byte {
                b'0'..=b'9' => Some(byte - b'0'),
                b'A'..=b'N' => Some(byte - b'A' + 10),
                b'O'..=b'Z' => Some(byte - b'O' + 25),
                _ => None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn brazil() {
        accepts("br-cnpj", &["16.727.230/0001-97", "12.ABC.345/01DE-35", "12abc34501de35", "00000000000191"]);
        refuses(
            "br-cnpj",
            &["16.727.230/0001-98", "16.772.230/0001-97", "12.ABC.345/01DF-35", "00000000000000", "1672723000019A"],
        );
        accepts("br-cpf", &["390.533.447-05", "11144477735", "529.982.247-25"]);
        refuses("br-cpf", &["231.002.999-00", "11111111111", "390.353.447-05", "3905334470"]);
    }

    #[test]
    fn canada() {
        accepts("ca-sin", &["123-456-782", "193 456 787"]);
        refuses("ca-sin", &["999-999-999", "046 454 286", "123-456-783", "12345678"]);
    }

    #[test]
    fn chile() {
        accepts("cl-rut", &["76086428-5", "12.531.909-2", "1000005-K", "12531909-2"]);
        refuses("cl-rut", &["12531909-3", "76086A28-5", "00000000-0", "760864285555"]);
    }

    #[test]
    fn mexico() {
        accepts("mx-curp", &["BOXW310820HNERXN09", "boxw310820hnerxn09"]);
        refuses("mx-curp", &["BOXW310820HNERXN08", "BOXW310820HZZRXN09", "BOXW310832HNERXN09", "BOXW310820HNERXN0"]);
        accepts("mx-rfc", &["GODE 561231 GR8", "GODE561231GR8", "MAB-930714-8T4", "MAB9307148T4"]);
        refuses(
            "mx-rfc",
            &[
                "GODE 561231 GR9",
                "GODE561331GR8",
                "MAB9307148T5",
                "1ODE561231GR8",
                "GODE561231",
                "QDNH300824062",
                "XAXX010101000",
            ],
        );
    }
}
