//! A file's versions and its content hash.

use crate::clock::Moment;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Bytes in a block of the content hash: <https://www.dropbox.com/developers/reference/content-hash>.
const HASH_BLOCK_BYTES: usize = 4 << 20;

/// One version.
#[derive(Clone, Debug)]
pub(in crate::emulator::dropbox) struct Version {
    /// Revision, as a number; shown in hex.
    pub(in crate::emulator::dropbox) rev: u64,
    pub(in crate::emulator::dropbox) body: Arc<[u8]>,
    pub(in crate::emulator::dropbox) hash: [u8; 32],
    pub(in crate::emulator::dropbox) at: Moment,
    pub(in crate::emulator::dropbox) client_at: Moment,
    /// Who wrote it.
    pub(in crate::emulator::dropbox) by: usize,
}

impl Version {
    /// The revision as text.
    pub(in crate::emulator::dropbox) fn rev_text(&self) -> String {
        rev_text(self.rev)
    }
}

/// What a file that cannot be downloaded is exported as.
#[derive(Clone, Debug)]
pub(in crate::emulator::dropbox) struct Export {
    pub(in crate::emulator::dropbox) default: &'static str,
    /// Format and body.
    pub(in crate::emulator::dropbox) forms: Vec<(&'static str, Arc<[u8]>)>,
}

/// A file: its versions, newest last (never empty).
#[derive(Clone, Debug)]
pub(in crate::emulator::dropbox) struct File {
    pub(in crate::emulator::dropbox) versions: Vec<Version>,
    pub(in crate::emulator::dropbox) export: Option<Export>,
    /// Set when nobody may read the content.
    pub(in crate::emulator::dropbox) restricted: bool,
}

/// A revision as text: hex of at least nine digits.
pub(in crate::emulator::dropbox) fn rev_text(rev: u64) -> String {
    format!("{rev:015x}")
}

/// Dropbox's content hash.
pub(in crate::emulator::dropbox) fn content_hash(body: &[u8]) -> [u8; 32] {
    let mut whole = Sha256::new();
    for block in body.chunks(HASH_BLOCK_BYTES) {
        whole.update(Sha256::digest(block));
    }
    whole.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulator::hex;

    #[test]
    fn the_content_hash_is_the_hash_of_the_blocks_hashes() {
        assert_eq!(hex(&content_hash(b"")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        let blocks = [
            "2a846fa617c3361fc117e1c5c1e1838c336b6a5cef982c1a2d9bdf68f2f1992a",
            "c68469027410ea393eba6551b9fa1e26db775f00eae70a0c3c129a0011a39cf9",
            "7376192de020925ce6c5ef5a8a0405e931b0a9a8c75517aacd9ca24a8a56818b",
        ];
        let mut whole = Sha256::new();
        for block in blocks {
            let bytes: Vec<u8> =
                (0..block.len()).step_by(2).filter_map(|at| u8::from_str_radix(&block[at..at + 2], 16).ok()).collect();
            whole.update(bytes);
        }
        assert_eq!(hex(&whole.finalize()), "485291fa0ee50c016982abbfa943957bcd231aae0492ccbaa22c58e3997b35e0");
        let long = vec![7; HASH_BLOCK_BYTES + 1];
        let mut two = Sha256::digest(&long[..HASH_BLOCK_BYTES]).to_vec();
        two.extend(Sha256::digest(&long[HASH_BLOCK_BYTES..]));
        assert_eq!(content_hash(&long).to_vec(), Sha256::digest(two).to_vec());
    }
}
