//! An expression that is compiled when it is first used.
//!
//! Most forms, checks and probes are never reached in a scan, and compiling them costs more than parsing all rules. So
//! a rule's expressions are parsed and measured when it is loaded (`pattern`), and built only here.

use regex::bytes::{Regex, RegexBuilder};
use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

/// A `regex::bytes` expression with Unicode off, compiled on first use; used as if it were the [`Regex`].
pub struct LazyRegex {
    source: Box<str>,
    regex: OnceLock<Regex>,
}

impl LazyRegex {
    /// Wraps an expression that [`super::pattern`] has parsed and measured.
    pub(super) fn checked(source: &str) -> Self {
        Self { source: source.into(), regex: OnceLock::new() }
    }

    /// The expression as it is compiled, with its anchors.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }
}

impl Deref for LazyRegex {
    type Target = Regex;

    fn deref(&self) -> &Regex {
        self.regex.get_or_init(|| {
            // The same parser and a measured automaton stand behind `checked`, so building cannot fail; the limit is
            // lifted because this engine counts its size in another way.
            RegexBuilder::new(&self.source)
                .unicode(false)
                .size_limit(usize::MAX)
                .build()
                .expect("the expression was parsed and measured when its rule was loaded")
        })
    }
}

impl fmt::Debug for LazyRegex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyRegex").field(&self.source).finish()
    }
}
