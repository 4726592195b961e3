//! Names that may not be shown, sealed: encrypted under a key that is not in the store.
//!
//! ChaCha20-Poly1305 (RFC 8439) with a random nonce before each text. Sealing and hashing have keys of their own, both
//! derived from the one that is given, so that a hash tells nothing of the other.

use super::Error;
use super::error::Kind;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use std::fmt;
use std::sync::Arc;

/// The key of sealed names and link addresses, derived from the token key.
#[derive(Clone)]
pub struct SealKey(Arc<Keys>);

struct Keys {
    seal: LessSafeKey,
    index: hmac::Key,
}

impl SealKey {
    /// A key of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        let sealing = hmac::sign(&root, b"sluicebox store seal 1");
        let index = hmac::sign(&root, b"sluicebox store index 1");
        // A SHA-256 tag is as long as the cipher's key, the only thing `UnboundKey` can object to.
        let seal = match UnboundKey::new(&CHACHA20_POLY1305, sealing.as_ref()) {
            Ok(key) => LessSafeKey::new(key),
            Err(_) => unreachable!("32 bytes are a key"),
        };
        Self(Arc::new(Keys { seal, index: hmac::Key::new(hmac::HMAC_SHA256, index.as_ref()) }))
    }

    /// Seals a text: a fresh nonce, then the text encrypted and authenticated.
    ///
    /// # Errors
    /// When no randomness can be had.
    pub fn seal(&self, text: &str) -> Result<Vec<u8>, Error> {
        let failed = |said: &str| Error::new(Kind::Failed(said.into()), "seal a name");
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| failed("the system gives no random bytes"))?;
        let mut body = text.as_bytes().to_vec();
        let key = &self.0.seal;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut body)
            .map_err(|_| failed("the text is too long"))?;
        let mut sealed = nonce.to_vec();
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens a sealed text.
    ///
    /// # Errors
    /// [`super::error::Kind::WrongKey`].
    pub fn open(&self, sealed: &[u8]) -> Result<String, Error> {
        let wrong = || Error::new(Kind::WrongKey, "open a sealed name");
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut body = body.to_vec();
        let text = self.0.seal.open_in_place(nonce, Aad::empty(), &mut body).map_err(|_| wrong())?;
        String::from_utf8(text.to_vec()).map_err(|_| wrong())
    }

    /// A keyed hash of a text, by which a name is found without being readable (HMAC-SHA-256 cut to 64 bits).
    #[must_use]
    pub fn index(&self, text: &str) -> i64 {
        let tag = hmac::sign(&self.0.index, text.as_bytes());
        tag.as_ref().first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes))
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(masked)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_opens_with_its_key_alone_and_never_looks_the_same() {
        let (key, other) = (SealKey::new([1; 32]), SealKey::new([2; 32]));
        for text in ["", "salaries 4111 1111 1111 1111.xlsx", "Gehälter ☃"] {
            let sealed = key.seal(text).expect("random bytes can be had");
            assert_eq!(key.open(&sealed).ok().as_deref(), Some(text));
            assert_ne!(key.seal(text).ok(), Some(sealed.clone()));
            assert_eq!(other.open(&sealed).map_err(|error| error.kind().clone()), Err(Kind::WrongKey));
            let cut = sealed.get(..sealed.len() - 1).unwrap_or_default();
            assert_eq!(key.open(cut).map_err(|error| error.kind().clone()), Err(Kind::WrongKey));
        }
        assert_eq!(key.open(&[]).map_err(|error| error.kind().clone()), Err(Kind::WrongKey));
    }

    #[test]
    fn a_hash_belongs_to_its_key() {
        let (key, other) = (SealKey::new([1; 32]), SealKey::new([2; 32]));
        assert_eq!(key.index("a"), SealKey::new([1; 32]).index("a"));
        assert_ne!(key.index("a"), other.index("a"));
        assert_ne!(key.index("a"), key.index("b"));
    }
}
