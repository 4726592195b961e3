//! Check sums inside addresses and tokens: base58check, bech32, EIP-55 and base62 CRC-32.
//!
//! Letters here mean different things in upper and lower case, and nothing is a separator.

use sha2::{Digest, Sha256};
use sha3::Keccak256;

use super::Row;
use super::params::Params;
use super::steps::{Ear, Scheme, Steps, Value, plain, ready};

const CRC: &[(&str, &str)] = &[
    ("prefix_len", "characters before the part under the check; default through the last underscore"),
    ("check_len", "characters of the check at the end, 1 to 11, default 6"),
];

pub(super) const ROWS: &[Row] = &[
    plain!(
        "base58check",
        "Base58 whose last four bytes begin the double SHA-256 of the others.",
        "Bitcoin developer reference, base58check encoding",
        base58check
    ),
    plain!(
        "bech32",
        "Bech32 or bech32m; Bitcoin addresses also with the variant and length of their witness version.",
        "BIP-173 and BIP-350",
        bech32
    ),
    Row {
        name: "crc32-base62",
        what: "The last characters are the CRC-32 of those before them in base62, filled up with zeros.",
        source: "GitHub, Behind GitHub's new authentication token formats (2021); npm tokens alike",
        version: 1,
        params: CRC,
        build: |table| {
            let params = Params::of("crc32-base62", CRC, table)?;
            let prefix_len = params.count("prefix_len", 0, 1024)?;
            ready(Crc { prefix_len, check_len: params.count("check_len", 1, 11)?.unwrap_or(6) })
        },
    },
    plain!(
        "eip55",
        "Forty hexadecimal digits after 0x, whose capitals, if some but not all are, follow the Keccak-256 of the rest.",
        "Ethereum Improvement Proposal 55",
        eip55
    ),
];

/// The longest base58 text that is looked at: an extended key has 111 characters, 82 bytes.
const BASE58_MAX: usize = 128;

fn base58check(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    const PLACES: [u8; 128] = {
        let mut places = [u8::MAX; 128];
        let mut at = 0_u8;
        while at < 58 {
            places[ALPHABET[at as usize] as usize] = at;
            at += 1;
        }
        places
    };
    if !steps.require("6 to 128 characters", (6..=BASE58_MAX).contains(&value.len())) {
        return false;
    }
    // Least significant byte first.
    let mut bytes = [0_u8; BASE58_MAX];
    let mut len = 0;
    for byte in value.bytes() {
        let place = PLACES.get(usize::from(byte)).copied().unwrap_or(u8::MAX);
        if place == u8::MAX {
            return steps.require("letters and digits of base58", false);
        }
        let mut carry = u32::from(place);
        for slot in &mut bytes[..len] {
            carry += u32::from(*slot) * 58;
            *slot = carry.to_le_bytes()[0];
            carry >>= 8;
        }
        if carry > 0 {
            bytes[len] = carry.to_le_bytes()[0];
            len += 1;
        }
    }
    // Each leading 1 is a zero byte.
    len += value.bytes().take_while(|&byte| byte == b'1').count();
    let Some(decoded) = bytes.get_mut(..len).filter(|decoded| decoded.len() > 4) else {
        return steps.require("more than four bytes", false);
    };
    decoded.reverse();
    let (body, check) = decoded.split_at(len - 4);
    let sum = Sha256::digest(Sha256::digest(body));
    steps.note(|| format!("{} bytes and four of check sum", body.len()));
    steps.require("double SHA-256 agrees", &sum[..4] == check)
}

/// One step of the bech32 check sum.
fn polymod(sum: u32, value: u8) -> u32 {
    const GENERATORS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = sum >> 25;
    let sum = (sum & 0x01ff_ffff) << 5 ^ u32::from(value);
    GENERATORS
        .iter()
        .enumerate()
        .fold(sum, |sum, (bit, generator)| if top >> bit & 1 == 1 { sum ^ generator } else { sum })
}

/// The place of a letter in the bech32 alphabet.
fn bech32_place(byte: u8) -> Option<u8> {
    const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    let place = ALPHABET.iter().position(|&letter| letter == byte.to_ascii_lowercase())?;
    u8::try_from(place).ok()
}

/// True when bech32 or bech32m text is right; also used for age's secret keys.
pub(super) fn bech32(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let mixed =
        value.bytes().any(|byte| byte.is_ascii_lowercase()) && value.bytes().any(|byte| byte.is_ascii_uppercase());
    if !steps
        .require("8 to 90 ASCII characters of one case", value.is_ascii() && (8..=90).contains(&value.len()) && !mixed)
    {
        return false;
    }
    let Some((part, data)) = value.rsplit_once('1').filter(|(part, data)| !part.is_empty() && data.len() >= 6) else {
        return steps.require("a 1 between the readable part and the data", false);
    };
    let lower = || part.bytes().map(|byte| byte.to_ascii_lowercase());
    let mut sum = lower().fold(1, |sum, byte| polymod(sum, byte >> 5));
    sum = lower().fold(polymod(sum, 0), |sum, byte| polymod(sum, byte & 31));
    for byte in data.bytes() {
        let Some(place) = bech32_place(byte) else { return steps.require("letters of bech32", false) };
        sum = polymod(sum, place);
    }
    let variant = match sum {
        1 => "bech32",
        0x2bc8_30a3 => "bech32m",
        _ => return steps.require("check sum agrees", false),
    };
    steps.note(|| format!("check sum of {variant} agrees"));
    if !["bc", "tb", "bcrt"].iter().any(|network| network.eq_ignore_ascii_case(part)) {
        return true;
    }
    let version = data.bytes().next().and_then(bech32_place).unwrap_or(u8::MAX);
    let program = data.len().saturating_sub(7) * 5 / 8;
    steps.note(|| format!("witness version {version}, program of {program} bytes"));
    steps.require(
        "variant and length fit the witness version",
        match version {
            0 => variant == "bech32" && matches!(program, 20 | 32),
            1..=16 => variant == "bech32m" && (2..=40).contains(&program),
            _ => false,
        },
    )
}

fn eip55(value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
    let value = value.strip_prefix("0x").or_else(|| value.strip_prefix("0X")).unwrap_or(value).as_bytes();
    let Ok(digits) = <&[u8; 40]>::try_from(value) else { return steps.require("forty digits", false) };
    if !steps.require("hexadecimal digits", digits.iter().all(u8::is_ascii_hexdigit)) {
        return false;
    }
    let capitals = digits.iter().any(u8::is_ascii_uppercase);
    if !(capitals && digits.iter().any(u8::is_ascii_lowercase)) {
        return steps.require("all letters of one case, hence no check", true);
    }
    let hash = Keccak256::digest(digits.map(|digit| digit.to_ascii_lowercase()));
    let agrees = digits.iter().enumerate().all(|(at, digit)| {
        let nibble = if at % 2 == 0 { hash[at / 2] >> 4 } else { hash[at / 2] & 15 };
        digit.is_ascii_digit() || digit.is_ascii_uppercase() == (nibble >= 8)
    });
    steps.require("capitals agree with Keccak-256", agrees)
}

struct Crc {
    prefix_len: Option<usize>,
    check_len: usize,
}

impl Scheme for Crc {
    fn judge(&self, value: &Value<'_>, steps: &mut Steps<impl Ear>) -> bool {
        let prefix_len = self.prefix_len.unwrap_or_else(|| value.rfind('_').map_or(0, |at| at + 1));
        match value.as_bytes().get(prefix_len..) {
            Some(rest) if rest.len() > self.check_len => crc32_base62(rest, self.check_len, steps),
            _ => steps.require("long enough", false),
        }
    }
}

/// Judges text that ends in the base62 CRC-32 of what stands before.
pub(super) fn crc32_base62(text: &[u8], check_len: usize, steps: &mut Steps<impl Ear>) -> bool {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    based(text, check_len, ALPHABET, steps)
}

/// Judges text that ends in the base36 CRC-32 of what stands before.
pub(super) fn crc32_base36(text: &[u8], check_len: usize, steps: &mut Steps<impl Ear>) -> bool {
    based(text, check_len, b"0123456789abcdefghijklmnopqrstuvwxyz", steps)
}

fn based(text: &[u8], check_len: usize, alphabet: &[u8], steps: &mut Steps<impl Ear>) -> bool {
    let (body, check) = text.split_at(text.len().saturating_sub(check_len));
    let base = u32::try_from(alphabet.len()).unwrap_or(62);
    let mut left = crc32fast::hash(body);
    let agrees = check.iter().rev().all(|&byte| {
        let expected = usize::try_from(left % base).ok().and_then(|place| alphabet.get(place));
        left /= base;
        expected == Some(&byte)
    });
    steps.note(|| format!("CRC-32 of {} bytes, check of {check_len} characters", body.len()));
    steps.require("check agrees", agrees && left == 0)
}

#[cfg(test)]
mod tests {
    use crate::rule::validate::tests::{accepts, refuses};

    #[test]
    fn bitcoin() {
        accepts(
            "base58check",
            &[
                "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
                "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
                "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ",
                "1111111111111111111114oLvT2",
            ],
        );
        refuses(
            "base58check",
            &[
                "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
                "1A1zP1eP5QGefi2DMPTfTL5SLmv7DvifNa",
                "0OIl000000",
                "11111111",
                "",
                "1é1111111",
            ],
        );
        accepts(
            "bech32",
            &[
                "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
                "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
                "a1lqfn3a",
            ],
        );
        refuses(
            "bech32",
            &[
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
                "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
                "Bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                "1qw508d6",
                "bc1",
                "",
            ],
        );
    }

    #[test]
    fn ethereum() {
        accepts(
            "eip55",
            &[
                "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
                "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
                "0x52908400098527886E0F7030069857D2E4169EE7",
            ],
        );
        refuses(
            "eip55",
            &[
                "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
                "0x5aAeb6053F",
                "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg",
                "",
            ],
        );
    }

    #[test]
    fn tokens() {
        accepts("crc32-base62", &["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"]);
        accepts("crc32-base62{prefix_len=4}", &["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"]);
        refuses(
            "crc32-base62",
            &["npm_qkJaB6MffYVzZXWqmcoF49yrUxP3wf0LsakQ", "npm_qkJaB6MffYVzZXWqmcoF49yrUxP3fw0LsakP", "npm_", "", "é"],
        );
        refuses("crc32-base62{check_len=5}", &["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"]);
    }
}
