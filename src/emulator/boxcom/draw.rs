//! Numbers and secrets that follow from a seed and a number.

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
    (0..32_u32)
        .map(|place| {
            let word = if place < 16 { low } else { high };
            let index = ((word >> (place % 16 * 4)) & 15) | u64::from(place & 1) << 4;
            char::from(ALPHABET[usize::try_from(index).unwrap_or(0)])
        })
        .collect()
}

/// A made-up UUID.
pub(super) fn uuid(seed: u64, number: u64) -> String {
    let (high, low) = (mix(seed ^ 0x1D, number), mix(seed ^ 0x1E, number));
    let [a, b, c] = [high >> 32, high >> 16 & 0xFFFF, high & 0xFFF];
    format!("{a:08x}-{b:04x}-4{c:03x}-8{:03x}-{:012x}", low >> 52, low & 0xFFFF_FFFF_FFFF)
}
