//! RC4 and MD5, for reading what old Office encrypts under a password that everybody knows. Not for protecting anything.

/// An RC4 key stream.
#[derive(Clone)]
pub(super) struct Rc4 {
    state: [u8; 256],
    i: u8,
    j: u8,
}

impl std::fmt::Debug for Rc4 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rc4").finish_non_exhaustive()
    }
}

impl Rc4 {
    /// A stream under a key that is not empty.
    pub(super) fn new(key: &[u8]) -> Self {
        let mut state = [0; 256];
        for (slot, n) in state.iter_mut().zip(0u8..=255) {
            *slot = n;
        }
        let mut j = 0u8;
        for i in 0..256 {
            j = j.wrapping_add(state[i]).wrapping_add(key[i % key.len().max(1)]);
            state.swap(i, usize::from(j));
        }
        Self { state, i: 0, j: 0 }
    }

    /// The next byte of the stream.
    pub(super) fn next_byte(&mut self) -> u8 {
        self.i = self.i.wrapping_add(1);
        self.j = self.j.wrapping_add(self.state[usize::from(self.i)]);
        self.state.swap(usize::from(self.i), usize::from(self.j));
        let at = self.state[usize::from(self.i)].wrapping_add(self.state[usize::from(self.j)]);
        self.state[usize::from(at)]
    }

    /// Encrypts or decrypts.
    pub(super) fn apply(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte ^= self.next_byte();
        }
    }
}

/// RFC 1321.
pub(super) fn md5(message: &[u8]) -> [u8; 16] {
    const SHIFTS: [[u32; 4]; 4] = [[7, 12, 17, 22], [5, 9, 14, 20], [4, 11, 16, 23], [6, 10, 15, 21]];
    let mut padded = message.to_vec();
    padded.push(0x80);
    while padded.len() % 64 != 56 {
        padded.push(0);
    }
    padded.extend((message.len() as u64 * 8).to_le_bytes());
    let mut state: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
    let sines = sines();
    for block in padded.chunks_exact(64) {
        let words: Vec<u32> = block.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let [mut a, mut b, mut c, mut d] = state;
        for step in 0..64 {
            let (mixed, word) = match step / 16 {
                0 => ((b & c) | (!b & d), step),
                1 => ((d & b) | (!d & c), (5 * step + 1) % 16),
                2 => (b ^ c ^ d, (3 * step + 5) % 16),
                _ => (c ^ (b | !d), (7 * step) % 16),
            };
            let sum = a.wrapping_add(mixed).wrapping_add(sines[step]).wrapping_add(words[word]);
            (a, d, c) = (d, c, b);
            b = b.wrapping_add(sum.rotate_left(SHIFTS[step / 16][step % 4]));
        }
        for (slot, value) in state.iter_mut().zip([a, b, c, d]) {
            *slot = slot.wrapping_add(value);
        }
    }
    let mut digest = [0; 16];
    for (slot, word) in digest.chunks_exact_mut(4).zip(state) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    digest
}

/// The first 32 bits of the fractions of sines of whole angles.
fn sines() -> [u32; 64] {
    let mut table = [0; 64];
    for (slot, n) in table.iter_mut().zip(1u32..) {
        let scaled = f64::from(n).sin().abs() * 4_294_967_296.0;
        // Below 2^32, so the bits are taken apart without loss.
        *slot = whole(scaled);
    }
    table
}

/// The whole part of a number below 2^32.
fn whole(mut value: f64) -> u32 {
    let mut bits = 0u32;
    for bit in (0..32).rev() {
        let weight = f64::from(1u32 << bit);
        if value >= weight {
            value -= weight;
            bits |= 1 << bit;
        }
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn digests_are_those_of_the_rfc() {
        let rows = [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"),
            (
                "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
                "57edf4a22be3c955ac49da2e2107b67a",
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(hex(&md5(text.as_bytes())), expected, "{text}");
        }
    }

    #[test]
    fn the_key_stream_is_the_known_one() {
        let mut bytes = *b"Plaintext";
        Rc4::new(b"Key").apply(&mut bytes);
        assert_eq!(hex(&bytes), "bbf316e8d940af0ad3");
    }
}
