//! Sets of bytes.

/// A set of bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ByteSet([u64; 4]);

impl ByteSet {
    pub(crate) const EMPTY: Self = Self([0; 4]);
    pub(crate) const ALL: Self = Self([u64::MAX; 4]);

    /// The bytes for which `holds` answers true.
    pub(crate) fn of(holds: impl Fn(u8) -> bool) -> Self {
        let mut set = Self::EMPTY;
        for byte in (0..=255).filter(|&byte| holds(byte)) {
            set.insert_range(byte, byte);
        }
        set
    }

    /// ASCII digits.
    pub(crate) fn digits() -> Self {
        Self::of(|byte| byte.is_ascii_digit())
    }

    /// ASCII letters and digits.
    pub(crate) fn alnum() -> Self {
        Self::of(|byte| byte.is_ascii_alphanumeric())
    }

    /// What `\w` stands for.
    pub(crate) fn word() -> Self {
        Self::of(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    }

    pub(crate) fn contains(&self, byte: u8) -> bool {
        (self.0[usize::from(byte >> 6)] >> (byte & 63)) & 1 != 0
    }

    pub(crate) fn insert_range(&mut self, first: u8, last: u8) {
        for byte in first..=last {
            self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u8> + '_ {
        (0..=255_u8).filter(|&byte| self.contains(byte))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0 == [0; 4]
    }

    pub(crate) fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] & other.0[at]))
    }

    pub(crate) fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }

    pub(crate) fn not(self) -> Self {
        Self(self.0.map(|word| !word))
    }

    /// True when every byte of this set is in the other.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(this, other)| this & !other == 0)
    }

    /// How many bytes are in exactly one of the two.
    pub(crate) fn difference(&self, other: &Self) -> u32 {
        self.0.iter().zip(&other.0).map(|(this, other)| (this ^ other).count_ones()).sum()
    }
}

impl std::fmt::Debug for ByteSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(|byte| byte.escape_ascii().to_string())).finish()
    }
}
