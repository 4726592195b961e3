//! The providers' own hashes of a content, computed as it streams.

use crate::model::ContentHash;
use sha1::{Digest, Sha1};
use sha2::Sha256;
use std::fmt;

/// Computes a provider's hash piece by piece.
#[derive(Clone)]
pub struct ContentHasher(Method);

#[derive(Clone)]
enum Method {
    Sha1(Sha1),
    Blocks(Blocks),
}

impl fmt::Debug for ContentHasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Method::Sha1(_) => "ContentHasher(sha1)",
            Method::Blocks(_) => "ContentHasher(blocks)",
        })
    }
}

impl ContentHasher {
    /// SHA-1, as Box tells it.
    #[must_use]
    pub fn sha1() -> Self {
        Self(Method::Sha1(Sha1::new()))
    }

    /// SHA-256 over the SHA-256 of blocks of 4 MiB, as Dropbox tells it (developer guide, "Content hash").
    #[must_use]
    pub fn blocks() -> Self {
        Self(Method::Blocks(Blocks::default()))
    }

    /// By the method of that hash.
    #[must_use]
    pub fn like(hash: ContentHash) -> Self {
        match hash {
            ContentHash::Sha1(_) => Self::sha1(),
            ContentHash::Blocks(_) => Self::blocks(),
        }
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Method::Sha1(hasher) => hasher.update(bytes),
            Method::Blocks(blocks) => blocks.update(bytes),
        }
    }

    /// The hash of all bytes taken in.
    #[must_use]
    pub fn finish(self) -> ContentHash {
        match self.0 {
            Method::Sha1(hasher) => ContentHash::Sha1(hasher.finalize().into()),
            Method::Blocks(blocks) => ContentHash::Blocks(blocks.finish()),
        }
    }
}

const BLOCK_BYTES: usize = 4 << 20;

#[derive(Clone, Default)]
struct Blocks {
    whole: Sha256,
    block: Sha256,
    in_block: usize,
}

impl Blocks {
    fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(BLOCK_BYTES - self.in_block));
            self.block.update(now);
            self.in_block += now.len();
            if self.in_block == BLOCK_BYTES {
                self.end_block();
            }
            bytes = later;
        }
    }

    fn end_block(&mut self) {
        let digest = std::mem::take(&mut self.block).finalize();
        self.whole.update(digest);
        self.in_block = 0;
    }

    fn finish(mut self) -> [u8; 32] {
        if self.in_block > 0 {
            self.end_block();
        }
        self.whole.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check value of Dropbox's developer guide: the digests of a picture's three blocks, and its hash.
    #[test]
    fn block_digests_make_the_published_hash() {
        let digests = [
            "2a846fa617c3361fc117e1c5c1e1838c336b6a5cef982c1a2d9bdf68f2f1992a",
            "c68469027410ea393eba6551b9fa1e26db775f00eae70a0c3c129a0011a39cf9",
            "7376192de020925ce6c5ef5a8a0405e931b0a9a8c75517aacd9ca24a8a56818b",
        ];
        let mut blocks = Blocks::default();
        for digest in digests {
            let Some(ContentHash::Blocks(bytes)) = ContentHash::parse(digest) else { unreachable!() };
            blocks.whole.update(bytes);
        }
        let hash = ContentHash::Blocks(blocks.finish()).to_string();
        assert_eq!(hash, "485291fa0ee50c016982abbfa943957bcd231aae0492ccbaa22c58e3997b35e0");
    }
}
