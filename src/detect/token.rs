//! Tokens: equal values have equal ones, and nothing but the key leads back to a value.
//!
//! A token is an HMAC-SHA-256 (RFC 2104). The blocks that hold the key are hashed once and the state is copied for each
//! value.

use crate::model::{Plainness, Token};
use crate::rule::normalise::canonical_value;
use crate::rule::syntax::Canonical;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use std::sync::Arc;

/// The key of tokens. Whoever holds it can tell whether a guessed value was found; keep it away from the data.
#[derive(Clone)]
pub struct TokenKey {
    /// The hash with the key in it.
    bare: Hmac<Sha256>,
    /// The same with the purpose already in it.
    keyed: Hmac<Sha256>,
    version: u32,
    /// What stands before a token's digits: `k1:`.
    opening: ([u8; OPENING_BYTES_MAX], usize),
}

/// Bytes of one block of SHA-256: HMAC takes its key filled up to them with zeros.
const BLOCK_BYTES: usize = 64;
/// Longest opening: `k`, ten digits, `:`.
const OPENING_BYTES_MAX: usize = 12;
/// Hexadecimal digits of a token.
const DIGITS: usize = 32;
/// Stands before each value, so that the same key may serve other ends.
const PURPOSE: &[u8] = b"sluicebox token 1\0";

impl TokenKey {
    /// A key with its version; the version is part of every token, so that keys can be rotated.
    #[must_use]
    pub fn new(bytes: [u8; 32], version: u32) -> Self {
        let mut block = [0; BLOCK_BYTES];
        block[..bytes.len()].copy_from_slice(&bytes);
        let bare = Hmac::<Sha256>::new(&block.into());
        let mut keyed = bare.clone();
        keyed.update(PURPOSE);
        let printed = format!("k{version}:");
        let mut opening = [0; OPENING_BYTES_MAX];
        let length = printed.len().min(OPENING_BYTES_MAX);
        opening[..length].copy_from_slice(&printed.as_bytes()[..length]);
        Self { bare, keyed, version, opening: (opening, length) }
    }

    /// The key's version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// A key for another end than tokens, which tells nothing of this one: HMAC-SHA-256 of the end's name. No name may begin
    /// as [`PURPOSE`] does.
    #[must_use]
    pub(crate) fn derived(&self, end: &str) -> [u8; 32] {
        let mut mac = self.bare.clone();
        mac.update(end.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The token of a canonical value: HMAC-SHA-256 cut to 128 bits, as `k<version>:<32 hexadecimal digits>`.
    #[must_use]
    pub fn token(&self, canonical: &str) -> Token {
        self.print(self.digest(canonical.as_bytes()))
    }

    /// The token's bits, by which values are told apart.
    pub(crate) fn digest_of(&self, value: &str, canonical: Canonical) -> u128 {
        if canonical == Canonical::Exact {
            return self.digest(value.as_bytes());
        }
        let mut room = [0; BLOCK_BYTES];
        if value.len() > room.len() || !value.is_ascii() {
            return self.digest(canonical_value(value, canonical).as_bytes());
        }
        let mut length = 0;
        for byte in value.bytes() {
            room[length & (BLOCK_BYTES - 1)] = byte.to_ascii_uppercase();
            length += usize::from(byte.is_ascii_alphanumeric());
        }
        self.digest(&room[..length])
    }

    /// The token with these bits.
    pub(crate) fn print(&self, digest: u128) -> Token {
        let (opening, length) = self.opening;
        let mut text = [0; OPENING_BYTES_MAX + DIGITS];
        text[..OPENING_BYTES_MAX].copy_from_slice(&opening);
        for (pair, byte) in text[length..].chunks_exact_mut(2).zip(digest.to_be_bytes()) {
            pair.copy_from_slice(&HEX[usize::from(byte)]);
        }
        Token::covered_bytes(&text[..length + DIGITS], Plainness::Plain)
    }

    /// The first 128 bits of the HMAC.
    fn digest(&self, canonical: &[u8]) -> u128 {
        let mut mac = self.keyed.clone();
        mac.update(canonical);
        mac.finalize().into_bytes().iter().take(16).fold(0, |digest, byte| digest << 8 | u128::from(*byte))
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").field("version", &self.version).finish_non_exhaustive()
    }
}

/// The tokens that a rule names, as key version and bits, sorted; loading has refused what is no token.
pub(crate) fn excluded(tokens: &[Arc<str>]) -> Box<[(u32, u128)]> {
    let bits = |token: &Arc<str>| {
        let (version, digits) = token.strip_prefix('k')?.split_once(':')?;
        Some((version.parse().ok()?, u128::from_str_radix(digits, 16).ok()?))
    };
    let mut found: Vec<(u32, u128)> = tokens.iter().filter_map(bits).collect();
    found.sort_unstable();
    found.into()
}

/// The two digits of each byte.
const HEX: [[u8; 2]; 256] = {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = [DIGITS[byte >> 4], DIGITS[byte & 15]];
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_by_value_key_and_version() {
        let key = TokenKey::new([7; 32], 1);
        assert_eq!(key.token("a"), TokenKey::new([7; 32], 1).token("a"));
        assert_ne!(key.token("a"), key.token("b"));
        assert_ne!(key.token("a"), TokenKey::new([8; 32], 1).token("a"));
        assert!(key.token("a").as_str().starts_with("k1:"));
        assert!(!format!("{key:?}").contains('7'));
    }

    #[test]
    fn a_token_is_the_cut_hmac_of_the_canonical_value() {
        let bytes: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 5).unwrap());
        for version in [1, 42, u32::MAX] {
            let key = TokenKey::new(bytes, version);
            for length in 0..300 {
                let value: String = (0..length).map(|at| char::from(b'!' + u8::try_from(at % 90).unwrap())).collect();
                for value in [value.clone(), format!("{value}é")] {
                    for canonical in [Canonical::Exact, Canonical::Alnum] {
                        let mut mac = Hmac::<Sha256>::new_from_slice(&bytes).unwrap();
                        mac.update(b"sluicebox token 1\0");
                        mac.update(canonical_value(&value, canonical).as_bytes());
                        let mac = mac.finalize().into_bytes();
                        let digits: String = mac.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
                        let token = key.print(key.digest_of(&value, canonical));
                        assert_eq!(token.as_str(), format!("k{version}:{digits}"), "{length} {canonical:?}");
                    }
                }
            }
        }
    }
}
