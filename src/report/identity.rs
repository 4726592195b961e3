//! What makes a finding the same finding in a later scan: its detector, its value and its place in the document; not the
//! file's path, so that a file that moves keeps its findings.
//!
//! The value is there as its token, so an id tells nothing without the key, and holds only under the same one. The place is
//! the part and the location within it, not a count of characters: a sentence added above changes no id. Of equal values in
//! one place each has its number.

use crate::model::Finding;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

/// A finding's id: 128 bits, printed as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId(u128);

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for FindingId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        digits.then(|| u128::from_str_radix(text, 16).ok().map(Self)).flatten().ok_or(())
    }
}

/// The ids of one file's findings, in their order.
#[must_use]
pub fn ids(findings: &[Finding]) -> Vec<FindingId> {
    let mut seen: HashMap<u128, u64> = HashMap::new();
    let mut id = |finding: &Finding| {
        let mut hash = Sha256::new();
        hash.update(b"sluicebox finding 1\0");
        for part in [&*finding.detector, finding.token.as_str(), &*finding.part] {
            hash.update(part);
            hash.update([0]);
        }
        for step in &finding.location.steps {
            hash.update(step);
            hash.update([1]);
        }
        let same = cut(hash.clone());
        let number = seen.entry(same).or_default();
        *number += 1;
        hash.update(number.to_be_bytes());
        FindingId(cut(hash))
    };
    findings.iter().map(&mut id).collect()
}

/// The first 128 bits.
fn cut(hash: Sha256) -> u128 {
    hash.finalize().iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}
