//! A secret that shows itself only to who asks by name: printing one prints a mask.

use std::fmt;
use std::sync::Arc;

/// A token, password or key. Neither `Debug` nor `Display` shows it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps a secret; blanks around it (a line end of a file) are cut.
    #[must_use]
    pub fn new(value: &str) -> Self {
        Self(value.trim().into())
    }

    /// The secret itself, for the call it serves. Grep for this name to see everywhere one leaves its wrapping.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// True when it is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(masked)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(masked)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_prints_as_a_mask() {
        let secret = Secret::new("hunter2\n");
        assert_eq!(format!("{secret} {secret:?} {:?}", Some(&secret)), "(masked) (masked) Some((masked))");
        assert_eq!(secret.reveal(), "hunter2");
    }
}
