//! What Microsoft Purview calls sensitive information types, and which built-in detectors cover each.
//!
//! The table is data (`rules/purview.tsv`): a type is covered by detectors, or it says why none covers it. Tests see to it
//! that every detector it names exists.

/// The table: slug, name, documented checksum, detectors, reason, separated by tabs.
const TABLE: &str = include_str!("../../rules/purview.tsv");

/// One documented type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SensitiveType {
    /// The slug of its page in Microsoft's documentation.
    pub slug: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Its page says that a checksum is tested.
    pub checksum: bool,
    /// Ids of built-in detectors that cover it; none: see `reason`.
    pub detectors: Vec<&'static str>,
    /// Why nothing covers it; empty when something does.
    pub reason: &'static str,
}

/// All documented types, in the order of their slugs.
#[must_use]
pub fn types() -> Vec<SensitiveType> {
    TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(parsed).collect()
}

fn parsed(line: &'static str) -> Option<SensitiveType> {
    let mut columns = line.split('\t');
    let (slug, name, checksum) = (columns.next()?, columns.next()?, columns.next()?);
    let (detectors, reason) = (columns.next()?, columns.next()?);
    let detectors = detectors.split(' ').filter(|id| *id != "-").collect();
    Some(SensitiveType { slug, name, checksum: checksum == "yes", detectors, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Options, load};
    use std::collections::BTreeSet;

    #[test]
    fn every_type_is_covered_or_says_why_not() {
        let loaded = load(&Options::default()).unwrap_or_else(|errors| panic!("{}", errors[0]));
        let known: BTreeSet<&str> = loaded.rules.detectors.iter().map(|detector| &*detector.id).collect();
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        let types = types();
        assert_eq!(types.len(), lines, "a line of another form");
        assert!(types.len() > 300);
        for one in &types {
            assert_ne!(one.detectors.is_empty(), one.reason.is_empty(), "{}", one.slug);
            for id in &one.detectors {
                assert!(known.contains(id), "{} names {id}", one.slug);
            }
        }
    }
}
