//! Text that is meant to hurt: inputs on which a careless matcher turns slow, quadratic or large.
//!
//! Each maker says which part of a matcher it leans on. All are pure functions of their size, so that a rate measured on
//! one can be compared at 1 MB and at 100 MB: it must not fall.

use super::rng::Rng;

/// One maker.
#[derive(Clone, Copy)]
pub(crate) struct Hostile {
    /// Its name, also a file name.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) why: &'static str,
    fill: Fill,
}

#[derive(Clone, Copy)]
enum Fill {
    /// The same piece again and again.
    Repeat(&'static str),
    /// Random characters of an alphabet, with a line end after that many (0: one line).
    Random { alphabet: &'static [u8], line: usize },
}

const DIGITS: &[u8] = b"0123456789";
const HEX: &[u8] = b"0123456789abcdef";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

const fn repeat(name: &'static str, why: &'static str, piece: &'static str) -> Hostile {
    Hostile { name, why, fill: Fill::Repeat(piece) }
}

const fn random(name: &'static str, why: &'static str, alphabet: &'static [u8], line: usize) -> Hostile {
    Hostile { name, why, fill: Fill::Random { alphabet, line } }
}

/// All makers.
pub(crate) const HOSTILE: &[Hostile] = &[
    random("digit-wall", "every position begins a number; no edge ends one", DIGITS, 0),
    random("digit-lines", "nine digits a line: every line is a candidate of a dozen detectors", DIGITS, 9),
    random("card-lines", "sixteen digits a line: one in ten passes Luhn", DIGITS, 16),
    random("hash-wall", "hexadecimal without an edge", HEX, 0),
    random("hash-lines", "SHA-256 sums, one a line", HEX, 64),
    random("base64-wall", "base64 without an edge: token and key shapes everywhere", BASE64, 0),
    random("base64-lines", "base64 as mail writes it", BASE64, 76),
    random("upper-lines", "seventeen upper-case letters and digits a line: VIN, IBAN, BIC shapes", UPPER, 17),
    repeat(
        "one-line",
        "prose without a line end: line-by-line readers hold it whole",
        "the harbour master wrote it down, and ",
    ),
    repeat("one-letter", "a single class: unbounded repeats run to their limit", "a"),
    repeat("one-digit", "a single digit: refused as the same digit, once for each place", "1"),
    repeat("spaces", "nothing but separators", " "),
    repeat("dashes", "separators that numbers allow", "-"),
    repeat("dots", "separators of addresses and host names", "."),
    repeat("line-ends", "empty lines: line counting", "\n"),
    repeat("zeros", "bytes of value 0: text by no reader's measure", "\0"),
    repeat("password", "a keyword that is its own value", "password=password="),
    repeat("host", "the head of a connection string that never comes to its password", "host=host="),
    repeat("server", "the same with separators", "Server=a;Data Source=b;"),
    repeat("aws-heads", "a literal prefix in place of a body", "AKIA"),
    repeat("github-heads", "overlapping literal prefixes", "ghp_gho_ghp_"),
    repeat("jwt-heads", "dots and heads of a token that never ends", "eyJeyJ.eyJ."),
    repeat("pem-heads", "a key that begins again and again and never ends", "-----BEGIN PRIVATE KEY-----\n"),
    repeat("pem-open", "key bodies without an end", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA"),
    repeat("at-signs", "local parts and domains that overlap", "@a@a"),
    repeat("mail-chain", "one address runs into the next", "a@b.co."),
    repeat(
        "mail-local",
        "a long local part before each @",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@",
    ),
    repeat("urls", "logins in addresses without a password", "http://a:http://a:"),
    repeat("counting", "single digits with separators: every start of a grouped number", "1 2 3 4 "),
    repeat("cards", "a valid card at every fifth place, each sharing digits with the next", "4111 1111 1111 1111 "),
    repeat("card-heads", "a card that is always one group short", "4111 1111 1111 "),
    repeat("ssn", "valid shapes side by side", "123-45-6789-"),
    repeat("ibans", "a valid IBAN each 23 bytes", "DE89370400440532013000 "),
    repeat("iban-open", "an IBAN shape that never ends", "DE89 "),
    repeat("quads", "addresses that run together", "1.2.3.4."),
    repeat("v6", "address groups that run together", "fe80:"),
    repeat("plus", "heads of international numbers", "+1+44+49"),
    repeat("parens", "heads of national numbers", "(212) ("),
    repeat("keywords", "evidence without a candidate", "ssn credit card iban passport national insurance "),
    repeat(
        "keyword-candidate",
        "evidence and refused candidates in turn",
        "ssn 000-00-0000 credit card 4111 1111 1111 1112 ",
    ),
    repeat("accents", "two-byte characters: offsets in characters differ from bytes", "\u{e9}\u{e8}\u{fc}"),
    repeat("wide-digits", "digits that normalise to ASCII", "\u{ff14}\u{ff11}\u{ff11}\u{ff11} "),
    repeat("soft-hyphens", "characters that vanish when normalised", "4\u{ad}1\u{ad}1\u{ad}"),
    repeat("marks", "combining marks without end, on no base letter", "\u{301}"),
];

impl Hostile {
    /// Its text, at least `bytes` bytes and at most one piece more.
    pub(crate) fn text(&self, bytes: usize) -> String {
        match self.fill {
            Fill::Repeat(piece) => piece.repeat(bytes.div_ceil(piece.len())),
            Fill::Random { alphabet, line } => {
                let mut rng = Rng::new(1);
                let mut text = String::with_capacity(bytes + 128);
                while text.len() < bytes {
                    rng.push_from(&mut text, alphabet, if line == 0 { 4096 } else { line });
                    if line > 0 {
                        text.push('\n');
                    }
                }
                text
            }
        }
    }
}
