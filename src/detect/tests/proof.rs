//! A set of rules in one matcher on each path, held against one search for each rule: spans and groups, on any text, in
//! slices of any size.

use super::oracle::{Match, Oracle};
use super::*;

/// Lengths at which a matcher may cut: an anchor, vectors and words of bits, steps, blocks (8 KiB), slices.
pub(super) const EDGES: [usize; 13] = [
    16,
    32,
    64,
    128,
    256,
    512,
    1024,
    4096,
    8192,
    16_384,
    scan::SLICE_BYTES,
    scan::SLICE_BYTES + 8192,
    2 * scan::SLICE_BYTES,
];
/// Sizes of slices: one byte, and about a vector, a step and a block.
const SLICES: [usize; 12] = [1, 15, 31, 32, 33, 64, 65, 255, 256, 257, 8191, 8193];

/// The longest match, in bytes: some rules can be longer and are cut.
const MATCH_BYTES_MAX: usize = 96;

/// A rule to prove.
#[derive(Clone, Copy)]
pub(super) struct Given {
    pub(super) id: &'static str,
    pub(super) pattern: &'static str,
    pub(super) groups: bool,
}

/// All rules in one matcher for each path, and each by itself.
pub(super) struct Proof {
    given: Vec<Given>,
    matchers: Vec<Matcher>,
    oracles: Vec<Oracle>,
}

impl Proof {
    pub(super) fn new(given: impl Iterator<Item = Given>) -> Self {
        let given: Vec<Given> = given.collect();
        let numbered = || (0_u32..).zip(&given);
        let rules = Arc::new(RuleSet {
            detectors: numbered().map(|(id, _)| detector(id, vec![tier(65, None)])).collect(),
            primaries: numbered().map(|(id, given)| compiled(*given, id)).collect(),
            ..RuleSet::default()
        });
        let oracles = rules.primaries.iter().map(Oracle::new).collect();
        Self { matchers: on_all_paths(&rules), oracles, given }
    }

    pub(super) fn lane(&self, slot: usize) -> Lane {
        self.matchers[0].cost(id(slot)).lane
    }

    /// Where a rule matches by itself.
    pub(super) fn alone(&self, slot: usize, text: &[u8]) -> Vec<Range<usize>> {
        self.oracles[slot].spans(text)
    }

    /// Where rules matched otherwise than alone, empty when all is well.
    pub(super) fn differences(&self, text: &[u8]) -> Vec<String> {
        let found: Vec<_> = self.matchers.iter().map(|matcher| matcher.raw_matches_of_all(text)).collect();
        (0..self.given.len()).filter_map(|slot| self.difference(slot, &found, text)).collect()
    }

    /// The same for one rule, which is what many long texts can afford.
    pub(super) fn difference_of(&self, slot: usize, text: &[u8]) -> Option<String> {
        let found: Vec<_> = self.matchers.iter().map(|matcher| matcher.raw_matches_of_all(text)).collect();
        self.difference(slot, &found, text)
    }

    /// Where a text taken in slices, cut at `cuts`, gives other matches than taken whole.
    pub(super) fn differences_by_slices(&self, text: &[u8], cuts: &[usize]) -> Vec<String> {
        let mut differences = Vec::new();
        for (path, matcher) in Path::all().iter().zip(&self.matchers) {
            let slices = cuts.iter().zip(&cuts[1..]).map(|(&from, &to)| from..to);
            let (whole, found) = (matcher.raw_matches_of_all(text), matcher.raw_matches_by(text, slices));
            let differs = (0..self.given.len()).filter(|&slot| whole[slot] != found[slot]);
            differences.extend(differs.map(|slot| format!("{} on {}", self.given[slot].id, path.name())));
        }
        differences
    }

    /// Fails when slices of one size or another give other matches than the whole, without showing the text.
    pub(super) fn check_slices(&self, text: &[u8]) {
        for size in SLICES {
            let cuts: Vec<usize> = (0..text.len()).step_by(size).chain([text.len()]).collect();
            let differences = self.differences_by_slices(text, &cuts);
            assert!(differences.is_empty(), "in slices of {size}: {differences:#?}");
        }
    }

    /// What a rule matched on each path, against what it matches alone.
    fn difference(&self, slot: usize, found: &[Vec<Vec<Range<usize>>>], text: &[u8]) -> Option<String> {
        let (Given { id, groups, .. }, oracle) = (self.given[slot], &self.oracles[slot]);
        let wanted = oracle.spans(text);
        for (path, found) in Path::all().iter().zip(found) {
            let found = &found[slot];
            if *found != wanted {
                let at = found.iter().zip(&wanted).take_while(|(found, wanted)| found == wanted).count();
                return Some(format!("{id} on {}: {:?} in place of {:?}", path.name(), found.get(at), wanted.get(at)));
            }
        }
        if !groups {
            return None;
        }
        let differs = |wanted: &&Match| self.groups(slot, text, &wanted.0).into_iter().any(|groups| groups != wanted.1);
        let wanted = oracle.matches(text);
        wanted.iter().find(differs).map(|(span, _)| format!("{id}: groups of the match at {span:?}"))
    }

    /// Groups as confirmation gives them, with the end known from the search and without. No path has a part in it.
    fn groups(&self, slot: usize, text: &[u8], span: &Range<usize>) -> [Vec<Option<Range<usize>>>; 2] {
        let matcher = &self.matchers[0];
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
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
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

/// The ends of a text and places within it, in order.
pub(super) fn cuts_of(text: &[u8], within: &[prop::sample::Index]) -> Vec<usize> {
    let within = within.iter().map(|cut| cut.index(text.len() + 1));
    let mut cuts: Vec<usize> = within.chain([0, text.len()]).collect();
    cuts.sort_unstable();
    cuts
}

/// One matcher for each path of this machine, in their order.
pub(super) fn on_all_paths(rules: &Arc<RuleSet>) -> Vec<Matcher> {
    Path::all().iter().map(|&path| Matcher::on(path, Arc::clone(rules))).collect()
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
