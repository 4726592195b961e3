//! Made-up values that are valid by construction: each carries the check digits its detector demands.
//!
//! Every value is planted behind a label that is a keyword of its detector, so that a scanner with the built-in rules must
//! report each of them. Two rows may share a detector: they are written differently (spaces, dashes, none).

use super::rng::Rng;
use super::words::words;

/// One way to write one kind of value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    /// The detector that must find it.
    pub(crate) detector: &'static str,
    /// The words before it.
    pub(crate) label: &'static str,
    make: fn(&mut Rng) -> String,
}

impl Shape {
    /// A new value.
    pub(crate) fn value(&self, rng: &mut Rng) -> String {
        (self.make)(rng)
    }
}

const fn shape(detector: &'static str, label: &'static str, make: fn(&mut Rng) -> String) -> Shape {
    Shape { detector, label, make }
}

/// What is planted, each as often as the others.
pub(crate) const SHAPES: &[Shape] = &[
    shape("card.payment", "credit card", |rng| grouped(&card(rng, "4", 16), &[4, 4, 4, 4], " ")),
    shape("card.payment", "card number", |rng| card(rng, "54", 16)),
    shape("card.payment", "card number", |rng| grouped(&card(rng, "37", 15), &[4, 6, 5], "-")),
    shape("id.us-ssn", "SSN", ssn),
    shape("bank.iban", "IBAN", |rng| grouped(&iban(rng, "DE", "", 18), &[4, 4, 4, 4, 4, 2], " ")),
    shape("bank.iban", "IBAN", |rng| iban(rng, "NL", "INGB", 10)),
    shape("bank.iban", "IBAN", |rng| iban(rng, "GB", "BARC", 14)),
    shape("bank.us-aba", "routing number", us_aba),
    shape("contact.email", "e-mail", email),
    shape("contact.phone", "phone", |rng| phone(rng, "+1 ", &[3, 3, 4])),
    shape("contact.phone", "tel", |rng| phone(rng, "+49 30 ", &[8])),
    shape("id.uk-nino", "national insurance", |rng| grouped(&nino(rng), &[2, 2, 2, 2, 1], " ")),
    shape("id.uk-nhs", "NHS", |rng| grouped(&nhs(rng), &[3, 3, 4], " ")),
    shape("id.es-dni-nie", "DNI", dni),
    shape("id.ca-sin", "social insurance", |rng| grouped(&card(rng, "5", 9), &[3, 3, 3], " ")),
    shape("id.de-steuer-id", "Steuer-ID", steuer_id),
    shape("id.fr-nir", "NIR", nir),
    shape("id.nl-bsn", "BSN", bsn),
    shape("id.be-nn", "rijksregisternummer", be_nn),
    shape("id.it-cf", "codice fiscale", codice_fiscale),
    shape("id.pl-pesel", "PESEL", pesel),
    shape("id.ch-ahv", "AHV", ahv),
    shape("id.se-pnr", "personnummer", se_pnr),
    shape("id.br-cpf", "CPF", cpf),
    shape("id.in-aadhaar", "aadhaar", |rng| grouped(&aadhaar(rng), &[4, 4, 4], " ")),
    shape("id.in-pan", "permanent account number", pan),
    shape("id.cn-ric", "PRC ID", cn_ric),
    shape("id.au-tfn", "tax file number", |rng| grouped(&tfn(rng), &[3, 3, 3], " ")),
    shape("cred.aws", "aws", aws_key),
    shape("cred.github", "github", github_token),
];

/// `digits` cut into groups.
fn grouped(digits: &str, groups: &[usize], separator: &str) -> String {
    let mut rest = digits;
    let mut parts = Vec::with_capacity(groups.len());
    for &size in groups {
        let (head, tail) = rest.split_at(size);
        parts.push(head);
        rest = tail;
    }
    parts.join(separator)
}

fn digit(value: usize) -> char {
    char::from(b"0123456789"[value % 10])
}

fn values(digits: &str) -> impl DoubleEndedIterator<Item = usize> + '_ {
    digits.bytes().map(|byte| usize::from(byte - b'0'))
}

fn weighted(digits: &str, weights: &[usize]) -> usize {
    values(digits).zip(weights).map(|(value, weight)| value * weight).sum()
}

fn random_digits(rng: &mut Rng, prefix: &str, length: usize) -> String {
    let mut out = String::from(prefix);
    rng.push_digits(&mut out, length - prefix.len());
    out
}

/// Digits with a Luhn check digit (ISO/IEC 7812-1, annex B), `length` with it.
fn card(rng: &mut Rng, prefix: &str, length: usize) -> String {
    let mut out = random_digits(rng, prefix, length - 1);
    let sum: usize = values(&out)
        .rev()
        .enumerate()
        .map(|(at, value)| if at % 2 == 1 { value } else { value * 2 / 10 + value * 2 % 10 })
        .sum();
    out.push(digit((10 - sum % 10) % 10));
    out
}

/// Area 001-665, group 01-99, serial 1000-9999: never one of the ranges that were not issued.
fn ssn(rng: &mut Rng) -> String {
    format!("{:03}-{:02}-{:04}", rng.range(300, 665), rng.range(1, 99), rng.range(1000, 9999))
}

/// ISO 13616: check digits make the rearranged number 1 modulo 97.
fn iban(rng: &mut Rng, country: &str, bank: &str, digits: usize) -> String {
    let mut account = String::from(bank);
    rng.push_digits(&mut account, digits);
    let remainder = format!("{account}{country}00").bytes().fold(0, |sum, byte| {
        let value = usize::from(if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' + 10 });
        (sum * if value > 9 { 100 } else { 10 } + value) % 97
    });
    format!("{country}{:02}{account}", 98 - remainder)
}

/// Nine digits, 3-7-1 weighted sum a multiple of 10 (American Bankers Association).
fn us_aba(rng: &mut Rng) -> String {
    let mut out = random_digits(rng, "02", 8);
    let sum = weighted(&out, &[3, 7, 1, 3, 7, 1, 3, 7]);
    out.push(digit((10 - sum % 10) % 10));
    out
}

fn email(rng: &mut Rng) -> String {
    let (first, family) = (words().person(rng), words().family(rng));
    let (noun, town) = (words().noun(rng), words().town(rng));
    let ending = rng.pick(&["com", "org", "net", "de", "co.uk", "fr"]);
    format!("{first}.{family}{}@{noun}-{town}.{ending}", rng.below(100)).to_lowercase()
}

fn phone(rng: &mut Rng, prefix: &str, groups: &[usize]) -> String {
    let mut out = String::from(prefix);
    for (at, &size) in groups.iter().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        rng.push_from(&mut out, b"23456789", 1);
        // No middle digit of 1 or 9: North America keeps such area codes and exchanges for itself.
        rng.push_from(&mut out, b"02345678", 1);
        rng.push_digits(&mut out, size - 2);
    }
    out
}

/// Two letters of those in use, six digits, a suffix (HMRC, National Insurance Manual NIM39110).
fn nino(rng: &mut Rng) -> String {
    let mut out = String::new();
    rng.push_from(&mut out, b"ABCEHJLMPRSWXY", 1);
    rng.push_from(&mut out, b"ACEHJLMPRSWXY", 1);
    rng.push_digits(&mut out, 6);
    rng.push_from(&mut out, b"ABCD", 1);
    out
}

/// Ten digits, weights 10 to 2, modulus 11; a number whose check would be 10 is not issued.
fn nhs(rng: &mut Rng) -> String {
    loop {
        let mut out = random_digits(rng, "4", 9);
        let check = 11 - weighted(&out, &[10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        if check != 10 {
            out.push(digit(check % 11));
            return out;
        }
    }
}

/// Eight digits and the letter of their remainder by 23.
fn dni(rng: &mut Rng) -> String {
    let number = rng.range(10_000_000, 79_999_999);
    format!("{number}{}", char::from(b"TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]))
}

/// Eleven digits: ten in which exactly one digit comes twice, and an ISO 7064 mod 11,10 check.
fn steuer_id(rng: &mut Rng) -> String {
    let mut pool: Vec<usize> = (0..10).collect();
    for at in (1..10).rev() {
        pool.swap(at, rng.below(at + 1));
    }
    if pool[0] == 0 {
        pool.swap(0, 9);
    }
    pool[9] = pool[0];
    let product = pool.iter().fold(10, |product, value| {
        let sum = (value + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    let mut out: String = pool.iter().map(|value| digit(*value)).collect();
    out.push(digit((11 - product) % 10));
    out
}

/// Sex, year, month, department, commune, order, and 97 minus the remainder.
fn nir(rng: &mut Rng) -> String {
    let body = format!(
        "{}{:02}{:02}{:02}{:03}{:03}",
        rng.range(1, 2),
        rng.range(40, 99),
        rng.range(1, 12),
        rng.range(1, 19),
        rng.range(1, 400),
        rng.range(1, 998)
    );
    let remainder = values(&body).fold(0, |sum, value| (sum * 10 + value) % 97);
    grouped(&format!("{body}{:02}", 97 - remainder), &[1, 2, 2, 2, 3, 3, 2], " ")
}

/// Nine digits, weights 9 to 2 and -1, a multiple of 11.
fn bsn(rng: &mut Rng) -> String {
    loop {
        let mut out = random_digits(rng, "1", 8);
        let check = weighted(&out, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11;
        if check < 10 {
            out.push(digit(check));
            return out;
        }
    }
}

/// Birth date, order and 97 minus the remainder.
fn be_nn(rng: &mut Rng) -> String {
    let (date, order) = (birth(rng), rng.range(1, 997));
    let body = format!("{date}{order:03}");
    let remainder = values(&body).fold(0, |sum, value| (sum * 10 + value) % 97);
    format!("{}.{}.{}-{order:03}.{:02}", &date[..2], &date[2..4], &date[4..], 97 - remainder)
}

/// YYMMDD between 1940 and 1999.
fn birth(rng: &mut Rng) -> String {
    format!("{:02}{:02}{:02}", rng.range(40, 99), rng.range(1, 12), rng.range(1, 28))
}

/// Six letters, date, place and a check letter (Ministry of Finance decree of 23 December 1976).
fn codice_fiscale(rng: &mut Rng) -> String {
    const ODD: [usize; 26] =
        [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];
    let mut out = String::new();
    rng.push_from(&mut out, b"BCDFGLMNPRST", 6);
    out.push_str(&format!("{:02}", rng.range(40, 99)));
    rng.push_from(&mut out, b"ABCDEHLMPRST", 1);
    out.push_str(&format!("{:02}", rng.range(1, 28)));
    rng.push_from(&mut out, b"ABCDEFGHIL", 1);
    out.push_str(&format!("{:03}", rng.range(101, 899)));
    let sum: usize = out
        .bytes()
        .enumerate()
        .map(|(at, byte)| {
            let value = usize::from(if byte.is_ascii_digit() { byte - b'0' } else { byte - b'A' });
            if at % 2 == 0 { ODD[value] } else { value }
        })
        .sum();
    out.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[sum % 26]));
    out
}

/// Birth date, a dash, order and a Luhn check digit over all ten.
fn se_pnr(rng: &mut Rng) -> String {
    let date = birth(rng);
    grouped(&card(rng, &date, 10), &[6, 4], "-")
}

/// Birth date, order, and weights 1, 3, 7, 9 modulus 10.
fn pesel(rng: &mut Rng) -> String {
    let mut out = birth(rng);
    rng.push_digits(&mut out, 4);
    let sum = weighted(&out, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    out.push(digit((10 - sum % 10) % 10));
    out
}

/// 756, nine digits and an EAN-13 check digit.
fn ahv(rng: &mut Rng) -> String {
    let mut out = random_digits(rng, "756", 12);
    let sum = weighted(&out, &[1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]);
    out.push(digit((10 - sum % 10) % 10));
    grouped(&out, &[3, 4, 4, 2], ".")
}

/// Nine digits and two check digits modulus 11.
fn cpf(rng: &mut Rng) -> String {
    let mut out = random_digits(rng, "3", 9);
    for first_weight in [10, 11] {
        let weights: Vec<usize> = (2..=first_weight).rev().collect();
        let remainder = weighted(&out, &weights) % 11;
        out.push(digit(if remainder < 2 { 0 } else { 11 - remainder }));
    }
    format!("{}.{}.{}-{}", &out[..3], &out[3..6], &out[6..9], &out[9..])
}

/// Twelve digits with a Verhoeff check digit (dihedral group of order 10).
fn aadhaar(rng: &mut Rng) -> String {
    const SHUFFLE: [usize; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    const INVERSE: [usize; 10] = [0, 4, 3, 2, 1, 5, 6, 7, 8, 9];
    let mut out = String::new();
    rng.push_from(&mut out, b"23456789", 1);
    rng.push_digits(&mut out, 10);
    let sum = values(&out).rev().enumerate().fold(0, |sum, (at, value)| {
        let shuffled = (0..=at % 8).fold(value, |value, _| SHUFFLE[value]);
        dihedral(sum, shuffled)
    });
    out.push(digit(INVERSE[sum]));
    out
}

/// The product of two elements of the dihedral group D5.
fn dihedral(a: usize, b: usize) -> usize {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b) % 5 + 5,
        (false, true) => (a + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

/// Three letters, P for a person, a letter, four digits, a letter.
fn pan(rng: &mut Rng) -> String {
    let mut out = String::new();
    rng.push_from(&mut out, b"ABCDEFGHJKLMNPQRSTUVWXYZ", 3);
    out.push('P');
    rng.push_from(&mut out, b"ABCDEFGHJKLMNPRSTUVW", 1);
    out.push_str(&format!("{:04}", rng.range(1001, 9899)));
    rng.push_from(&mut out, b"ABCDEFGHJKLMNPQRSTUVWXYZ", 1);
    out
}

/// Region, birth date, order and ISO 7064 mod 11-2 (GB 11643-1999).
fn cn_ric(rng: &mut Rng) -> String {
    let region = rng.pick(&["110101", "310104", "440106", "510107", "330106"]);
    // Born after 1989: the five districts have had these codes since.
    let mut out = format!("{region}199{}{}", rng.below(10), &birth(rng)[2..]);
    rng.push_digits(&mut out, 3);
    let sum = weighted(&out, &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
    out.push(char::from(b"10X98765432"[sum % 11]));
    out
}

/// Nine digits, weighted sum a multiple of 11.
fn tfn(rng: &mut Rng) -> String {
    loop {
        let mut out = random_digits(rng, "4", 8);
        let sum = weighted(&out, &[1, 4, 3, 7, 5, 8, 6, 9]);
        // The ninth weight is 10, that is -1 modulo 11: the check digit is the remainder itself.
        if sum % 11 < 10 {
            out.push(digit(sum % 11));
            return out;
        }
    }
}

/// Four letters and sixteen base-32 characters whose first 48 bits hold a twelve-digit account number.
fn aws_key(rng: &mut Rng) -> String {
    let mut out = String::from("AKIA");
    rng.push_from(&mut out, b"QRSTUVWX", 1);
    rng.push_from(&mut out, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 15);
    out
}

/// `ghp_`, thirty characters and their CRC-32 in base 62, six characters.
fn github_token(rng: &mut Rng) -> String {
    const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut body = String::new();
    rng.push_from(&mut body, BASE62, 30);
    let mut rest = crc32(body.as_bytes()) as usize;
    let mut check = [b'0'; 6];
    for place in check.iter_mut().rev() {
        *place = BASE62[rest % 62];
        rest /= 62;
    }
    format!("ghp_{body}{}", check.iter().copied().map(char::from).collect::<String>())
}

/// CRC-32 (ISO 3309, reflected polynomial EDB88320).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}
