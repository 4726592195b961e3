//! A small seeded generator of numbers, so that a corpus is the same on every machine.
//!
//! It is `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): one addition and three
//! multiply-xor steps. Nothing here is secret, and no crate's next version can change what a seed yields.

/// A seeded stream of numbers.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    /// A stream; two seeds that differ in one bit share nothing one could see.
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = Self(seed ^ 0x51_75_1C_EB_0C_5E_ED_01);
        rng.next();
        rng
    }

    /// The stream of part `index` of a larger whole.
    pub(crate) fn part(seed: u64, index: usize) -> Self {
        Self::new(seed.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(index as u64))
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `n - 1`; `n` is at least 1 and below 2^32.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(((self.next() >> 32) * n as u64) >> 32).unwrap_or(0)
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn range(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True `n` times out of a hundred.
    pub(crate) fn percent(&mut self, n: usize) -> bool {
        self.below(100) < n
    }

    /// One of them.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// Appends `n` characters of an ASCII alphabet.
    pub(crate) fn push_from(&mut self, out: &mut String, alphabet: &[u8], n: usize) {
        for _ in 0..n {
            out.push(char::from(alphabet[self.below(alphabet.len())]));
        }
    }

    /// Appends `n` decimal digits.
    pub(crate) fn push_digits(&mut self, out: &mut String, n: usize) {
        self.push_from(out, b"0123456789", n);
    }

    /// Appends `n` lower-case hexadecimal digits.
    pub(crate) fn push_hex(&mut self, out: &mut String, n: usize) {
        self.push_from(out, b"0123456789abcdef", n);
    }

    /// Appends a version-4 UUID.
    pub(crate) fn push_uuid(&mut self, out: &mut String) {
        self.push_hex(out, 8);
        out.push('-');
        self.push_hex(out, 4);
        out.push_str("-4");
        self.push_hex(out, 3);
        out.push('-');
        self.push_from(out, b"89ab", 1);
        self.push_hex(out, 3);
        out.push('-');
        self.push_hex(out, 12);
    }
}
