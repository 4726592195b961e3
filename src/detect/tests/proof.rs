//! A set of rules in one matcher, held against one search for each rule: spans and groups, on any text.

use super::oracle::{Match, Oracle};
use super::*;
use std::path::Path;

/// Lengths at which a matcher may cut: words of bits, vectors, blocks, slices.
pub(super) const EDGES: [usize; 9] = [64, 128, 512, 1024, 4096, 8192, 16_384, scan::SLICE_BYTES, 2 * scan::SLICE_BYTES];

/// The longest match, in bytes: some rules can be longer and are cut.
const MATCH_BYTES_MAX: usize = 96;

/// A rule to prove.
#[derive(Clone, Copy)]
pub(super) struct Given {
    pub(super) id: &'static str,
    pub(super) pattern: &'static str,
    pub(super) groups: bool,
}

/// All rules in one matcher, and each by itself.
pub(super) struct Proof {
    given: Vec<Given>,
    matcher: Matcher,
    oracles: Vec<Oracle>,
}

impl Proof {
    pub(super) fn new(given: impl Iterator<Item = Given>) -> Self {
        let given: Vec<Given> = given.collect();
        let numbered = || (0_u32..).zip(&given);
        let rules = RuleSet {
            detectors: numbered().map(|(id, _)| detector(id, vec![tier(65, None)])).collect(),
            primaries: numbered().map(|(id, given)| compiled(*given, id)).collect(),
            ..RuleSet::default()
        };
        let oracles = rules.primaries.iter().map(Oracle::new).collect();
        Self { matcher: Matcher::new(Arc::new(rules)), oracles, given }
    }

    pub(super) fn lane(&self, slot: usize) -> Lane {
        self.matcher.cost(id(slot)).lane
    }

    /// Where a rule matches by itself.
    pub(super) fn alone(&self, slot: usize, text: &[u8]) -> Vec<Range<usize>> {
        self.oracles[slot].spans(text)
    }

    /// Where rules matched otherwise than alone, empty when all is well.
    pub(super) fn differences(&self, text: &[u8]) -> Vec<String> {
        let found = self.matcher.raw_matches_of_all(text);
        let slots = 0..self.given.len();
        slots.filter_map(|slot| self.difference(slot, &found[slot], text)).collect()
    }

    /// The same for one rule, which is what many long texts can afford.
    pub(super) fn difference_of(&self, slot: usize, text: &[u8]) -> Option<String> {
        let found = self.matcher.raw_matches_of_all(text);
        self.difference(slot, &found[slot], text)
    }

    fn difference(&self, slot: usize, found: &[Range<usize>], text: &[u8]) -> Option<String> {
        let (Given { id, groups, .. }, oracle) = (self.given[slot], &self.oracles[slot]);
        let wanted = oracle.spans(text);
        if found != wanted {
            let at = found.iter().zip(&wanted).take_while(|(found, wanted)| found == wanted).count();
            return Some(format!("{id}: {:?} in place of {:?}", found.get(at), wanted.get(at)));
        }
        if !groups {
            return None;
        }
        let differs = |wanted: &&Match| self.groups(slot, text, &wanted.0).into_iter().any(|groups| groups != wanted.1);
        let wanted = oracle.matches(text);
        wanted.iter().find(differs).map(|(span, _)| format!("{id}: groups of the match at {span:?}"))
    }

    /// Groups as confirmation gives them, with the end known from the search and without.
    fn groups(&self, slot: usize, text: &[u8], span: &Range<usize>) -> [Vec<Option<Range<usize>>>; 2] {
        let matcher = &self.matcher;
        [Some(span.end), None].map(|end| {
            let raw = matcher.confirmer.raw(&matcher.rules, &matcher.keywords, id(slot), text, span.start, end);
            raw.map_or_else(Vec::new, |raw| raw.groups)
        })
    }

    /// Fails with what differs in a text, without showing the text.
    pub(super) fn check(&self, what: &str, text: &[u8]) {
        let differences = self.differences(text);
        assert!(differences.is_empty(), "{what}: {differences:#?}");
    }

    /// Every file of the repository that is no program: text, tables, documents as bytes.
    pub(super) fn check_files(&self) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = ["corpus", "docs", "rules", "benches"].map(|folder| root.join(folder)).to_vec();
        let mut files = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("a folder of the repository") {
                let path = entry.expect("an entry of it").path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                self.check(&path.display().to_string(), &std::fs::read(&path).expect("a file of it"));
                files += 1;
            }
        }
        assert!(files > 100, "{files} files");
    }

    /// Texts that punish a search which goes back, long enough to cross a slice, in several phases of a word of bits.
    pub(super) fn check_hostile(&self) {
        for unit in hostile() {
            let mut text = unit.repeat(scan::SLICE_BYTES / unit.len() + 2);
            for shift in [0, 1, 31, 63] {
                text.insert_str(0, &" ".repeat(shift));
                self.check(
                    &format!("{:?} and so on, behind {shift} more", &unit[..unit.floor_char_boundary(8)]),
                    text.as_bytes(),
                );
            }
        }
    }
}

fn id(slot: usize) -> PrimaryId {
    PrimaryId(u32::try_from(slot).expect("few rules"))
}

fn compiled(given: Given, id: u32) -> Primary {
    let mut made = primary(given.pattern, id, Edges::None);
    made.max_match_bytes = MATCH_BYTES_MAX;
    if let PrimaryKind::Pattern(pattern) = &mut made.kind {
        pattern.needs_groups = given.groups;
    }
    made
}
