//! Tokens: equal values have equal ones, and nothing but the key leads back to a value.
//!
//! HMAC-SHA-256 (RFC 2104) costs four blocks of SHA-256 when it begins anew for each value. The two that hold the key are
//! done once, so that a value of up to 37 bytes costs two.

use crate::model::{Plainness, Token};
use crate::rule::normalise::canonical_value;
use crate::rule::syntax::Canonical;
use sha2::block_api::compress256;
use std::fmt;

/// The key of tokens. Whoever holds it can tell whether a guessed value was found; keep it away from the data.
#[derive(Clone)]
pub struct TokenKey {
    /// SHA-256 after the block of the key with `ipad`.
    inner: [u32; 8],
    /// SHA-256 after the block of the key with `opad`.
    outer: [u32; 8],
    version: u32,
    /// What stands before a token's digits: `k1:`.
    opening: ([u8; OPENING_BYTES_MAX], usize),
}

/// Bytes of one block of SHA-256.
const BLOCK_BYTES: usize = 64;
/// Bytes at the end of the last block that hold the length.
const LENGTH_BYTES: usize = 8;
/// Longest opening: `k`, ten digits, `:`.
const OPENING_BYTES_MAX: usize = 12;
/// Hexadecimal digits of a token.
const DIGITS: usize = 32;
/// Stands before each value, so that the same key may serve other ends.
const PURPOSE: &[u8] = b"sluicebox token 1\0";

/// What SHA-256 begins with (FIPS 180-4, 5.3.3).
const SHA256_BEGIN: [u32; 8] =
    [0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19];

impl TokenKey {
    /// A key with its version; the version is part of every token, so that keys can be rotated.
    #[must_use]
    pub fn new(bytes: [u8; 32], version: u32) -> Self {
        let keyed = |pad: u8| {
            let mut block = [pad; BLOCK_BYTES];
            block.iter_mut().zip(bytes).for_each(|(out, byte)| *out ^= byte);
            let mut state = SHA256_BEGIN;
            compress256(&mut state, &[block]);
            state
        };
        let printed = format!("k{version}:");
        let mut opening = [0; OPENING_BYTES_MAX];
        let length = printed.len().min(OPENING_BYTES_MAX);
        opening[..length].copy_from_slice(&printed.as_bytes()[..length]);
        Self { inner: keyed(0x36), outer: keyed(0x5C), version, opening: (opening, length) }
    }

    /// The key's version.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
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
        let mut state = self.inner;
        let mut block = [0; BLOCK_BYTES];
        block[..PURPOSE.len()].copy_from_slice(PURPOSE);
        let (mut filled, mut rest) = (PURPOSE.len(), canonical);
        while let Some((head, tail)) = rest.split_at_checked(BLOCK_BYTES - filled) {
            block[filled..].copy_from_slice(head);
            compress256(&mut state, &[block]);
            (filled, rest) = (0, tail);
        }
        block[filled..filled + rest.len()].copy_from_slice(rest);
        let hashed = BLOCK_BYTES + PURPOSE.len() + canonical.len();
        finish(&mut state, &mut block, filled + rest.len(), hashed);
        let inner = state;
        let mut state = self.outer;
        for (bytes, word) in block.chunks_exact_mut(4).zip(inner) {
            bytes.copy_from_slice(&word.to_be_bytes());
        }
        finish(&mut state, &mut block, 32, BLOCK_BYTES + 32);
        state.iter().take(4).fold(0, |digest, word| digest << 32 | u128::from(*word))
    }
}

/// Ends SHA-256 (FIPS 180-4, 5.1.1): `block` holds `filled` last bytes of `hashed` in all.
fn finish(state: &mut [u32; 8], block: &mut [u8; BLOCK_BYTES], filled: usize, hashed: usize) {
    block[filled] = 0x80;
    block[filled + 1..].fill(0);
    if filled >= BLOCK_BYTES - LENGTH_BYTES {
        compress256(state, &[*block]);
        block.fill(0);
    }
    block[BLOCK_BYTES - LENGTH_BYTES..].copy_from_slice(&(hashed as u64 * 8).to_be_bytes());
    compress256(state, &[*block]);
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey").field("version", &self.version).finish_non_exhaustive()
    }
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
    use hmac::{Hmac, KeyInit, Mac};

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
                        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&bytes).unwrap();
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
