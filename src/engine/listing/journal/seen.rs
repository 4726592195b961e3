//! Every item known, in 48 bytes each: what tells a new one from a changed one, and where it lies.
//!
//! Ids, versions and paths are held as 64-bit hashes under the journal's own random key, so that nobody can make two of
//! them meet by choosing names. The table is cut into parts, so that growing doubles one small part and never the whole.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The journal's random key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key(pub(super) [u8; 16]);

impl Key {
    /// A hash of these texts; `what` keeps hashes of different things apart.
    pub(super) fn hash(&self, what: &str, texts: &[&str]) -> u64 {
        let mut hash = Sha256::new_with_prefix(self.0);
        for text in std::iter::once(&what).chain(texts) {
            hash.update(text.len().to_le_bytes());
            hash.update(text.as_bytes());
        }
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

/// Hands a hash through: the keys are hashes already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Through(u64);

impl Hasher for Through {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut eight = [0; 8];
            eight.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            self.0 ^= u64::from_le_bytes(eight);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 ^= number;
    }
}

/// A map from hashes.
pub(super) type ByHash<T> = HashMap<u64, T, BuildHasherDefault<Through>>;

/// One known item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// Hash of the version (of the `etag` where there is none).
    pub(super) version: u64,
    /// The folder it lies in.
    pub(super) parent: u64,
    /// Its place in the folder, where paths are what tells places.
    pub(super) name: u32,
    /// Sum over all that the journal keeps of it.
    pub(super) facts: u32,
    /// The walk that listed it last.
    pub(super) walk: u32,
    /// When it was listed last, in the journal's count of beginnings.
    pub(super) mark: u32,
    size_and_bits: u64,
}

/// What [`Seen`] keeps of an item in single bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bit {
    Folder = 56,
    WebLink,
    Trashed,
    Outside,
    ExportOnly,
    /// Handed out in the present reading of the journal.
    Told,
}

const SIZE_BYTES_MAX: u64 = (1 << 56) - 1;

impl Seen {
    pub(super) fn new(version: u64, parent: u64, name: u32, facts: u32, size_bytes: u64) -> Self {
        Self { version, parent, name, facts, walk: 0, mark: 0, size_and_bits: size_bytes.min(SIZE_BYTES_MAX) }
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.size_and_bits & SIZE_BYTES_MAX
    }

    pub(super) fn has(&self, bit: Bit) -> bool {
        self.size_and_bits >> (bit as u8) & 1 == 1
    }

    pub(super) fn set(&mut self, bit: Bit, on: bool) {
        let mask = 1 << (bit as u8);
        self.size_and_bits = if on { self.size_and_bits | mask } else { self.size_and_bits & !mask };
    }
}

const PARTS: usize = 64;

/// All known items by the hash of kind and id.
#[derive(Debug)]
pub(super) struct Table {
    parts: Vec<ByHash<Seen>>,
}

impl Default for Table {
    fn default() -> Self {
        Self { parts: (0..PARTS).map(|_| ByHash::default()).collect() }
    }
}

impl Table {
    pub(super) fn get(&self, key: u64) -> Option<&Seen> {
        self.parts[part(key)].get(&key)
    }

    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut Seen> {
        self.parts[part(key)].get_mut(&key)
    }

    pub(super) fn insert(&mut self, key: u64, seen: Seen) -> Option<Seen> {
        self.parts[part(key)].insert(key, seen)
    }

    /// Takes out and gives all that `gone` says yes to.
    pub(super) fn drain(&mut self, gone: &mut dyn FnMut(u64, &Seen) -> bool) -> Vec<(u64, Seen)> {
        let mut went = Vec::new();
        for part in &mut self.parts {
            went.extend(part.extract_if(|key, seen| gone(*key, seen)));
        }
        went
    }

    pub(super) fn each_mut(&mut self) -> impl Iterator<Item = &mut Seen> {
        self.parts.iter_mut().flat_map(HashMap::values_mut)
    }
}

/// The part by bits that the map itself does not use first.
fn part(key: u64) -> usize {
    usize::from(key.to_le_bytes()[4]) % PARTS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_takes_forty_bytes_beside_its_key() {
        assert_eq!(size_of::<Seen>(), 40);
    }

    #[test]
    fn bits_and_size_do_not_touch() {
        let mut seen = Seen::new(0, 0, 0, 0, u64::MAX);
        assert!(![Bit::Folder, Bit::Told].iter().any(|bit| seen.has(*bit)));
        seen.set(Bit::Told, true);
        seen.set(Bit::Folder, true);
        seen.set(Bit::Told, false);
        assert_eq!((seen.size_bytes(), seen.has(Bit::Folder), seen.has(Bit::Told)), (SIZE_BYTES_MAX, true, false));
    }

    #[test]
    fn hashes_of_different_things_and_cuts_differ() {
        let key = Key([7; 16]);
        let hashes =
            [key.hash("a", &["b", "c"]), key.hash("a", &["bc"]), key.hash("ab", &["c"]), key.hash("a", &["b"])];
        let distinct: std::collections::HashSet<_> = hashes.iter().collect();
        assert_eq!(distinct.len(), hashes.len());
        assert_ne!(Key([8; 16]).hash("a", &["b"]), key.hash("a", &["b"]));
    }
}
