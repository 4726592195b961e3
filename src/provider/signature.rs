//! Is it signed with our key: HMAC-SHA256 over the bytes as they came, compared in constant time.

use super::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Whether `told` is the signature of these parts, one after the other. An empty key signs nothing.
pub(super) fn is_signed(key: &Secret, parts: &[&[u8]], told: &[u8]) -> bool {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.reveal().as_bytes()) else { return false };
    parts.iter().for_each(|part| mac.update(part));
    mac.verify_slice(told).is_ok() && !key.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // RFC 4231, test case 2.
        let told = [
            0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00,
            0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43,
        ];
        let key = Secret::new("Jefe");
        assert!(is_signed(&key, &[b"what do ya want for nothing?"], &told));
        assert!(is_signed(&key, &[b"what do ya want ", b"for nothing?"], &told));
        for (key, text, told) in [
            ("Jefe", "what do ya want for nothing!", &told[..]),
            ("jefe", "what do ya want for nothing?", &told),
            ("Jefe", "what do ya want for nothing?", &told[..31]),
            ("Jefe", "what do ya want for nothing?", &[]),
        ] {
            assert!(!is_signed(&Secret::new(key), &[text.as_bytes()], told), "{key} {text} {}", told.len());
        }
    }

    #[test]
    fn an_empty_key_signs_nothing() {
        let mac = Hmac::<Sha256>::new_from_slice(b"").expect("any length").finalize().into_bytes();
        assert!(!is_signed(&Secret::new(""), &[], &mac));
    }
}
