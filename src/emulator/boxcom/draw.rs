//! Numbers, names and bodies that follow from a seed and a number: what is made up need not be stored.

use super::tree::Nid;

/// A well-mixed number from two (the finaliser of SplitMix64).
pub(super) fn mix(seed: u64, number: u64) -> u64 {
    let mut z = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A string of 32 letters and digits that nobody guesses by accident: tokens, codes, addresses.
pub(super) fn code(seed: u64, number: u64) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let (low, high) = (mix(seed, number), mix(seed ^ 0xC0DE, number));
    (0..32)
        .map(|place| {
            let word = if place < 16 { low } else { high };
            let index = (word >> (place % 16 * 4)) & 15 | (place as u64 & 1) << 4;
            char::from(ALPHABET[usize::try_from(index).unwrap_or(0)])
        })
        .collect()
}

const WORDS: [&str; 16] = [
    "Budget", "Invoice", "Offer", "Roster", "Minutes", "Übersicht", "Plan", "報告", "Contract", "Notes", "Café menu",
    "Payroll", "Draft", "Summary", "Review", "List",
];
const ENDINGS: [&str; 6] = ["txt", "csv", "md", "json", "html", "log"];

/// An entry of a short list.
fn pick<const N: usize>(list: &[&'static str; N], number: u64) -> &'static str {
    usize::try_from(number % N as u64).ok().and_then(|index| list.get(index)).copied().unwrap_or("x")
}

/// The name of a made-up folder.
pub(super) fn folder_name(seed: u64, nid: Nid) -> String {
    let drawn = mix(seed ^ 0xF01D, u64::from(nid));
    format!("{} {nid}", pick(&WORDS, drawn))
}

/// The name of a made-up file.
pub(super) fn file_name(seed: u64, nid: Nid) -> String {
    let drawn = mix(seed ^ 0xF11E, u64::from(nid));
    format!("{} {nid}.{}", pick(&WORDS, drawn), pick(&ENDINGS, drawn >> 8))
}

/// Bytes of a made-up file: 32 to 287.
pub(super) fn size(seed: u64, nid: Nid) -> u64 {
    32 + mix(seed ^ 0x5123, u64::from(nid)) % 256
}

/// The body of a made-up file: its name and number over and over, cut to its size.
pub(super) fn body(seed: u64, nid: Nid) -> Vec<u8> {
    let size = usize::try_from(size(seed, nid)).unwrap_or(32);
    let line = format!("{} says nothing of interest; number {nid}.\n", pick(&WORDS, mix(seed, u64::from(nid))));
    line.bytes().cycle().take(size).collect()
}
