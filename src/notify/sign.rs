//! Signatures of what is posted, in the manner of the Standard Webhooks specification, version 1.0.0
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).
//!
//! Signed is `ID.SECONDS.BODY`: messages by HMAC-SHA256 under a secret that the receiver shares (`v1`), heads of the audit log
//! by Ed25519 (`v1a`), so that whoever keeps them can verify and not forge them.

use super::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use std::fmt;

/// Bytes of a shared secret, as the specification bounds them.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// The secret that a webhook's receiver shares.
#[derive(Clone)]
pub struct HookSecret(hmac::Key);

impl HookSecret {
    /// Reads `whsec_` and base64 of 24 to 64 bytes.
    ///
    /// # Errors
    /// When it is something else; the text shows nothing of it.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bytes = text.trim().strip_prefix("whsec_").and_then(|digits| STANDARD.decode(digits).ok());
        match bytes {
            Some(bytes) if SECRET_BYTES.contains(&bytes.len()) => Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes))),
            _ => Err(Error::new(
                "a webhook's secret is `whsec_` followed by base64 of 24 to 64 random bytes; \
                 make one by: echo \"whsec_$(openssl rand -base64 32)\"",
            )),
        }
    }

    /// The value of `webhook-signature`.
    pub(super) fn signature(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        format!("v1,{}", STANDARD.encode(hmac::sign(&self.0, &signed(id, seconds, body))))
    }
}

impl fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(masked)")
    }
}

fn signed(id: &str, seconds: i64, body: &[u8]) -> Vec<u8> {
    let mut text = format!("{id}.{seconds}.").into_bytes();
    text.extend_from_slice(body);
    text
}

/// The key that heads of the audit log are signed with.
pub struct SignKey(Ed25519KeyPair);

impl SignKey {
    /// The key of these 32 random bytes.
    ///
    /// # Panics
    /// Never: any 32 bytes are a key.
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(seed).expect("any 32 bytes are an Ed25519 seed"))
    }

    /// What its signatures are verified by.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(self.0.public_key().as_ref());
        PublicKey(bytes)
    }

    /// Signs a text; base64.
    #[must_use]
    pub fn sign(&self, text: &[u8]) -> String {
        STANDARD.encode(self.0.sign(text))
    }

    /// The value of `webhook-signature` for what is posted.
    pub(super) fn signature(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        format!("v1a,{}", self.sign(&signed(id, seconds, body)))
    }
}

impl fmt::Debug for SignKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SignKey").field(&self.public()).finish()
    }
}

/// The public half of a [`SignKey`], written `whpk_` and base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads one as it is written; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim().strip_prefix("whpk_")?).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// True when this key signed the text.
    #[must_use]
    pub fn signed(&self, text: &[u8], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        UnparsedPublicKey::new(&ED25519, self.0).verify(text, &signature).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "whpk_{}", STANDARD.encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_refused_unless_it_is_one_and_never_shown() {
        let good = format!("whsec_{}", STANDARD.encode([7; 24]));
        for (text, fits) in [
            (good.as_str(), true),
            (&format!(" {good}\n"), true),
            (&format!("whsec_{}", STANDARD.encode([7; 65])), false),
            (&format!("whsec_{}", STANDARD.encode([7; 23])), false),
            ("whsec_", false),
            ("correct horse battery staple", false),
        ] {
            let read = HookSecret::parse(text);
            assert_eq!(read.is_ok(), fits, "{text}");
            let shown = format!("{read:?}");
            assert!(!shown.contains("BwcH") && !shown.contains("horse"), "{shown}");
        }
    }

    /// The vector of the specification's own reference libraries.
    #[test]
    fn a_signature_is_that_of_the_specification() {
        let secret = HookSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature = secret.signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_key_verifies_what_it_signed_and_nothing_else() {
        let (key, other) = (SignKey::new(&[1; 32]), SignKey::new(&[2; 32]));
        let public = PublicKey::parse(&key.public().to_string()).unwrap();
        assert_eq!(public, key.public());
        assert!(public.signed(b"text", &key.sign(b"text")));
        for (text, signature) in
            [("texts", key.sign(b"text")), ("text", other.sign(b"text")), ("text", "AAAA".into()), ("text", "?".into())]
        {
            assert!(!public.signed(text.as_bytes(), &signature));
        }
        assert_eq!(PublicKey::parse("whpk_AAAA"), None);
        assert!(!format!("{key:?}").contains("seed"));
    }
}
