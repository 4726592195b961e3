//! The matcher against the naive search, on random and hostile text, at every cut.

mod foreign;
mod groups;
mod oracle;
mod personal;
mod proof;

use super::*;
use crate::model::{Confidence, Finding, Place};
use crate::rule::ruleset::{
    Check, CheckWhat, Detector, DetectorId, Identity, KeywordList, Leaf, ListId, Node, Pattern, Primary, RuleSet, Tier,
    What,
};
use crate::rule::syntax::{Canonical, CheckPlace, Edges, MaskStyle, MatchStyle, Miss, Side};
use proof::{EDGES, on_all_paths};
use proptest::prelude::*;
use std::ops::Range;
use std::sync::LazyLock;

/// Shapes of many kinds: separators, letters and digits, literals in front, inside and behind, optional tails.
const PATTERNS: &[&str] = &[
    r"(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|6011|65\d{2})[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}",
    r"\d{3}-\d{2}-\d{4}",
    r"\d{9}",
    r"[2-9]\d{2}[ .-]\d{3}[ .-]\d{4}",
    r"\+[1-9]\d{0,2}[ .-]?\d{2,4}[ .-]?\d{3,4}[ .-]?\d{3,4}",
    r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,64}\.[A-Za-z]{2,12}",
    r"(?:\d{1,3}\.){3}\d{1,3}",
    r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}",
    r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?",
    r"[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]",
    r"(?i)pass(?:word|phrase)?\s*[:=]\s*(\S{3,20})",
    r"AKIA[A-Z2-7]{4,16}",
    r"gh[pousr]_[A-Za-z0-9]{6,36}",
    r"[A-Za-z0-9_~.-]{3}[78]Q~[A-Za-z0-9_~.-]{3,34}",
    r"(?:host|server)=[^;]+;.*?(?:password|pwd)=[^;]+",
    r"[a-z]+1",
    r"a{2,5}b?|ab",
    "é[0-9]{2}",
    r"[a-z]{2,20}",
    r"\d{16,30}",
];

fn primary(pattern: &str, detector: u32, edges: Edges) -> Primary {
    let hir = regex_syntax::ParserBuilder::new()
        .utf8(false)
        .unicode(false)
        .build()
        .parse(pattern)
        .expect("the test's patterns parse");
    Primary {
        id: "p".into(),
        detector: DetectorId(detector),
        kind: PrimaryKind::Pattern(Pattern {
            source: pattern.to_owned(),
            hir,
            value_group: 0,
            first_group: false,
            bounded: None,
            needs_groups: pattern.contains("(\\S"),
        }),
        max_match_bytes: 96,
        edges,
        across_soft: false,
    }
}

fn detector(id: u32, tiers: Vec<Tier>) -> Detector {
    Detector {
        id: format!("d{id:03}").into(),
        name: String::new(),
        why: String::new(),
        regions: Vec::new(),
        tags: Vec::new(),
        origin: ("test".into(), 1),
        hash: [0; 32],
        primaries: vec![PrimaryId(id)],
        validators: Vec::new(),
        checks: Vec::new(),
        exclude_same_digits: false,
        exclude_tokens: Vec::new(),
        identity: Identity::default(),
        tiers,
        silent: false,
        min_unique: 1,
        mask: MaskStyle::All,
        canonical: Canonical::Exact,
        examples: Vec::new(),
        counters: Vec::new(),
    }
}

fn tier(confidence: u8, evidence: Option<Node>) -> Tier {
    Tier {
        name: format!("t{confidence}").into(),
        confidence: Confidence::new(confidence).expect("a percentage"),
        primaries: Vec::new(),
        validators: Vec::new(),
        checks: Vec::new(),
        form: None,
        evidence,
    }
}

fn keyword(within: Option<u32>, side: Side) -> Node {
    Node::Leaf(Leaf {
        what: What::List(ListId(0)),
        within,
        side,
        min: 1,
        max: None,
        distinct: false,
        label: "words".into(),
    })
}

fn rules(edges: Edges, tiers: impl Fn() -> Vec<Tier>) -> Arc<RuleSet> {
    let numbered = || (0_u32..).zip(PATTERNS);
    Arc::new(RuleSet {
        detectors: numbered().map(|(id, _)| detector(id, tiers())).collect(),
        primaries: numbered().map(|(id, pattern)| primary(pattern, id, edges)).collect(),
        lists: vec![KeywordList {
            id: "words".into(),
            terms: ["card number", "ssn", "naïve", "身份证"].map(str::to_owned).to_vec(),
            style: MatchStyle::Word,
            case_sensitive: false,
        }],
        probes: Vec::new(),
    })
}

/// What the contract says, as directly as it can be written: for each beginning in turn, the leftmost-first match within
/// `max_match_bytes`; the next search begins behind an accepted match, else one byte later.
fn naive(pattern: &str, text: &[u8], max: usize, accept: impl Fn(&Range<usize>) -> bool) -> Vec<Range<usize>> {
    let anchored =
        regex::bytes::RegexBuilder::new(&format!(r"\A(?:{pattern})")).unicode(false).build().expect("parses");
    let mut found = Vec::new();
    let mut start = 0;
    while start < text.len() {
        let stretch = &text[start..(start + max).min(text.len())];
        let span = anchored.find(stretch).map(|hit| start..start + hit.end()).filter(|span| !span.is_empty());
        match span.filter(|span| accept(span)) {
            Some(span) => {
                start = span.end;
                found.push(span);
            }
            None => start += 1,
        }
    }
    found
}

/// Text made of the pieces that the patterns are about, so that matches, near misses and overlaps are common.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[0-9]{1,5}",
        2 => "[A-Za-z]{1,6}",
        3 => "[-+ .:@_=;/~\n\t]{1,2}",
        1 => Just("4111 1111 1111 1111".to_owned()),
        1 => Just("078-05-1120".to_owned()),
        1 => Just("AKIA".to_owned()),
        1 => Just("ghp_".to_owned()),
        1 => Just("password=".to_owned()),
        1 => Just("host=a;pwd=".to_owned()),
        1 => Just("7Q~".to_owned()),
        1 => Just("card  number".to_owned()),
        1 => Just(" SSN ".to_owned()),
        1 => Just("NAÏVE".to_owned()),
        1 => Just("身份证".to_owned()),
        1 => "[éàßﬁ①４５\u{301}\u{ad}\u{a0}–]{1,3}",
        1 => Just("GB82 WEST 1234 5698 7654 32".to_owned()),
        1 => Just("a@b.co".to_owned()),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

/// Length of a hostile text: enough for a lane to see that its way does not pay.
const HOSTILE_BYTES: usize = 5000;

/// Texts that punish a search which goes back.
fn hostile() -> Vec<String> {
    let unit = |unit: &str| unit.repeat(HOSTILE_BYTES / unit.len());
    [
        "1",
        "1 ",
        "12-",
        "4111 ",
        "4111 1111 1111 1111 ",
        "a",
        "ab",
        "aab",
        "@",
        "a@",
        "a@b.",
        "A1",
        "AKIA",
        "ghp_",
        "password=",
        "host=",
        "host=a;",
        "7Q~",
        "é1",
        "0f:",
        "1.",
        "+1",
        "\n",
        "GB82",
        "x1",
    ]
    .map(unit)
    .to_vec()
}

/// The patterns without edges, with edges, and with evidence: a matcher for each path.
static PLAIN: LazyLock<Vec<Matcher>> = LazyLock::new(|| on_all_paths(&rules(Edges::None, || vec![tier(65, None)])));
static EDGED: LazyLock<Vec<Matcher>> = LazyLock::new(|| on_all_paths(&rules(Edges::Word, || vec![tier(65, None)])));
static JUDGED: LazyLock<Vec<Matcher>> = LazyLock::new(|| on_all_paths(&rules(Edges::Word, tiers_with_evidence)));

fn check_raw(text: &str) {
    let found: Vec<_> = PLAIN.iter().map(|matcher| matcher.raw_matches_of_all(text.as_bytes())).collect();
    for (slot, pattern) in PATTERNS.iter().enumerate() {
        let expected = naive(pattern, text.as_bytes(), 96, |_| true);
        for (path, found) in Path::all().iter().zip(&found) {
            assert_eq!(found[slot], expected, "{pattern} on {} over {text:?}", path.name());
        }
    }
}

/// Each lane has rules that match something in the hostile texts, so that these mean something for it.
#[test]
fn every_lane_is_exercised() {
    let texts = hostile();
    for lane in [Lane::Shape, Lane::Literal, Lane::Residual] {
        let slots = (0..).take(PATTERNS.len()).map(PrimaryId);
        let of_lane: Vec<PrimaryId> = slots.filter(|&id| PLAIN[0].cost(id).lane == lane).collect();
        let matches = |id: PrimaryId| texts.iter().any(|text| !PLAIN[0].raw_matches(id, text.as_bytes()).is_empty());
        assert!(of_lane.into_iter().any(matches), "{lane:?}");
    }
}

#[test]
fn raw_matches_are_those_of_the_naive_search_on_hostile_text() {
    for text in hostile() {
        check_raw(&text);
    }
}

/// Where most places look like a beginning and walks are long, a lane names beginnings by one backward pass instead, which
/// tells no ends: hostile text takes both lanes there, on every path.
#[test]
fn hostile_text_takes_the_lanes_to_their_backward_pass() {
    let rows = [("1", r"\d{16,30}", Lane::Shape), ("ab", r"[a-z]{2,20}", Lane::Residual)];
    for (unit, pattern, lane) in rows {
        let id =
            (0..).zip(PATTERNS).find(|(_, known)| **known == pattern).map(|(at, _)| PrimaryId(at)).expect("a pattern");
        let text = unit.repeat(HOSTILE_BYTES / unit.len());
        assert!(hostile().contains(&text));
        for (path, matcher) in Path::all().iter().zip(&*PLAIN) {
            assert_eq!(matcher.cost(id).lane, lane, "{pattern}");
            let without_end = |text: &str| {
                let mut nominated = Vec::new();
                matcher.candidates.nominate(text.as_bytes(), 0, text.len(), &mut nominated);
                nominated.iter().filter(|one| one.primary == id && one.end().is_none()).count()
            };
            assert_eq!(without_end(&text[..24]), 0, "{pattern} on {}: a walk tells the end", path.name());
            assert!(without_end(&text) > 100, "{pattern} on {}: the backward pass does not", path.name());
        }
    }
}

#[test]
fn matches_cross_every_slice_edge() {
    let samples = "4111 1111 1111 1111 a.b@example.org AKIAABCDEFGH password = hunter22";
    for matcher in &*PLAIN {
        let unshifted = matcher.raw_matches_of_all(samples.as_bytes());
        for lane in [Lane::Shape, Lane::Literal, Lane::Residual] {
            let mut found = (0..).zip(&unshifted).filter(|(_, found)| !found.is_empty());
            assert!(found.any(|(at, _)| matcher.cost(PrimaryId(at)).lane == lane), "{lane:?}");
        }
        for edge in EDGES {
            for shift in 0..samples.len().min(edge) {
                let offset = edge - shift;
                let found = matcher.raw_matches_of_all(format!("{}{samples}", " ".repeat(offset)).as_bytes());
                for (found, unshifted) in found.iter().zip(&unshifted) {
                    let moved: Vec<_> = unshifted.iter().map(|span| span.start + offset..span.end + offset).collect();
                    assert_eq!(*found, moved, "shifted by {shift} from {edge}");
                }
            }
        }
    }
}

/// Findings as comparable rows.
fn rows(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{finding:?}")).collect()
}

fn scan_pieces(matcher: &Matcher, pieces: &[&str], window_bytes: usize) -> Vec<String> {
    let key = TokenKey::new([1; 32], 1);
    let mut scanner = Scanner::new(matcher, &key, ScanOptions { window_bytes, ..ScanOptions::default() });
    scanner.begin_part(PartStart { name: "text".into(), own_text: Some(RawLength::utf8()), ..PartStart::default() });
    let mut raw = 0;
    for piece in pieces {
        scanner.push(piece, &Place::Whole, Some(raw));
        raw += piece.len() as u64;
    }
    scanner.end_part();
    let scanned = scanner.finish_file();
    let mut rows = rows(&scanned.findings);
    rows.extend(scanned.counts.iter().map(|count| format!("{count:?}")));
    rows
}

/// A tier that does not take the values `excluded`.
fn choosy(confidence: u8, excluded: &[&str]) -> Tier {
    let what = CheckWhat::Texts(excluded.iter().map(ToString::to_string).collect());
    Tier { checks: vec![Check { place: CheckPlace::Full, exclude: true, what }], ..tier(confidence, None) }
}

#[test]
fn a_tier_refuses_by_its_own_checks() {
    /// Text, tiers, what is found (from, to, tier), and why each tier misses the first match.
    type Row = (&'static str, fn() -> Vec<Tier>, &'static [(u64, u64, &'static str)], [Option<Miss>; 2]);
    const CHECK: Option<Miss> = Some(Miss::Check);
    let rows: [Row; 4] = [
        ("1234", || vec![choosy(85, &["4321"]), tier(65, None)], &[(0, 4, "t85")], [None, None]),
        ("1234", || vec![choosy(85, &["1234"]), tier(65, None)], &[(0, 4, "t65")], [CHECK, None]),
        // No tier is left: the match consumes nothing, and the search goes on one character later.
        ("1234", || vec![choosy(85, &["1234"]), choosy(65, &["1234"])], &[(1, 4, "t85")], [CHECK, CHECK]),
        ("123", || vec![choosy(85, &["123"]), choosy(65, &["321", "123"])], &[], [CHECK, CHECK]),
    ];
    for (text, tiers, want, misses) in rows {
        let matcher = Matcher::new(Arc::new(RuleSet {
            detectors: vec![detector(0, tiers())],
            primaries: vec![primary(r"\d{3,4}", 0, Edges::None)],
            ..RuleSet::default()
        }));
        let key = TokenKey::new([1; 32], 1);
        let found = Scanner::new(&matcher, &key, ScanOptions::default()).scan_text(text);
        let found: Vec<_> = found.iter().map(|finding| (finding.start, finding.end, &*finding.tier)).collect();
        assert_eq!(found, want, "{text}");
        let explained = matcher.explain(DetectorId(0), text, None, usize::MAX).shown;
        let why: Vec<_> = explained[0].tiers.iter().map(|tier| tier.miss).collect();
        assert_eq!(why, misses, "{text}");
    }
}

#[test]
fn candidates_are_matches_whose_edges_hold() {
    let rows = [
        ("123456789", 1),
        ("123456789, 987654321", 2),
        ("1234567890 x123456789 123456789y é123456789", 0),
        // What is taken is not looked at again.
        ("123456789 1234567890", 1),
        ("", 0),
    ];
    let rules = |pattern: &str| RuleSet {
        detectors: vec![detector(0, vec![tier(65, None)])],
        primaries: vec![primary(pattern, 0, Edges::Word)],
        ..RuleSet::default()
    };
    // One rule whose ends the candidate search knows, and one whose ends it does not.
    for pattern in [r"\d{9}", r"(?m:^|)\d{9}"] {
        let matcher = Matcher::new(Arc::new(rules(pattern)));
        for (text, want) in rows {
            let key = TokenKey::new([1; 32], 1);
            let mut scanner = Scanner::new(&matcher, &key, ScanOptions::default());
            scanner.begin_part(PartStart::default());
            scanner.push(text, &Place::Whole, None);
            scanner.end_part();
            let counted: u64 = scanner.finish_file().counts.iter().map(|count| count.candidates).sum();
            assert_eq!(counted, want, "{pattern} over {text}");
        }
    }
}

fn tiers_with_evidence() -> Vec<Tier> {
    vec![
        tier(95, Some(keyword(None, Side::Both))),
        tier(85, Some(Node::All(vec![keyword(Some(20), Side::Before), keyword(Some(30), Side::Both)]))),
        tier(75, Some(Node::Not(Box::new(keyword(Some(10), Side::After))))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn raw_matches_are_those_of_the_naive_search(text in texts()) {
        check_raw(&text);
    }

    #[test]
    fn refused_matches_consume_nothing(text in texts()) {
        let normal = explain::normalised(&[&text]).0;
        // Positions are compared in the normal form, so its own normal form must be itself: a mark that a soft hyphen
        // kept apart joins the letter before it only when the hyphen has gone.
        prop_assume!(explain::normalised(&[str::from_utf8(&normal).expect("text")]).0 == normal);
        let key = TokenKey::new([1; 32], 1);
        let text = str::from_utf8(&normal).expect("text");
        let scan = |matcher| Scanner::new(matcher, &key, ScanOptions::default()).scan_text(text);
        let findings: Vec<Vec<Finding>> = EDGED.iter().map(scan).collect();
        for (slot, pattern) in PATTERNS.iter().enumerate() {
            let expected = naive(pattern, &normal, 96, |span| confirm::edges_hold(Edges::Word, &normal, span));
            let chars = |at: usize| text::count_chars(&normal[..at], false) as u64;
            let expected: Vec<_> = expected
                .into_iter()
                .map(|span| confirm::whole_chars(&normal, span))
                .map(|span| (chars(span.start), chars(span.end)))
                .collect();
            let id = format!("d{slot:03}");
            for (path, findings) in Path::all().iter().zip(&findings) {
                let own = findings.iter().filter(|finding| *finding.detector == *id);
                let found: Vec<_> = own.map(|finding| (finding.start, finding.end)).collect();
                prop_assert_eq!(&found, &expected, "{} on {} over {:?}", pattern, path.name(), text);
            }
        }
    }

    #[test]
    fn any_cut_gives_the_findings_of_the_whole(
        text in texts(),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        window_bytes in 1_usize..600,
    ) {
        let padded = format!("{text}{}{text}", " - ".repeat(500));
        let whole = scan_pieces(&JUDGED[0], &[&padded], 1 << 20);
        let boundaries: Vec<usize> = padded.char_indices().map(|(at, _)| at).collect();
        let mut at: Vec<usize> = cuts.iter().map(|cut| boundaries[cut.index(boundaries.len())]).collect();
        at.push(0);
        at.push(padded.len());
        at.sort_unstable();
        let pieces: Vec<&str> = at.windows(2).map(|pair| &padded[pair[0]..pair[1]]).collect();
        for (path, matcher) in Path::all().iter().zip(&*JUDGED) {
            prop_assert_eq!(&scan_pieces(matcher, &pieces, window_bytes), &whole, "on {}", path.name());
        }
    }

    #[test]
    fn offsets_lead_back_through_normalising(text in "[a-c0-2éàﬁ①４\u{301}\u{ad}\u{200b}\u{a0}–한\u{1100}\u{1161}\u{11a8}]{0,40}", cut in any::<prop::sample::Index>()) {
        let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let at = boundaries[cut.index(boundaries.len())];
        let (whole, starts) = explain::normalised(&[&text]);
        let (cut_text, cut_starts) = explain::normalised(&[&text[..at], &text[at..]]);
        prop_assert_eq!(&whole, &cut_text);
        prop_assert_eq!(&starts, &cut_starts);
        prop_assert_eq!(str::from_utf8(&whole).expect("UTF-8"), crate::rule::normalise::normalise(&text));
        prop_assert!(starts.windows(2).all(|pair| pair[0] <= pair[1]));
        prop_assert!(starts.iter().all(|&start| text.is_char_boundary(usize::try_from(start).expect("small"))));
    }
}

#[test]
fn a_rule_that_must_stop_short_ends_where_its_own_engine_says() {
    let patterns = [r"\d{4,9}", r"\d{9}", r"\d{3}-\d{6}", r"[A-Z]\d{7}?|[A-Z]\d{2}"];
    for max in [2, 3, 4, 6, 8, 9] {
        let mut set = Arc::into_inner(rules(Edges::None, || vec![tier(65, None)])).expect("nobody else holds it");
        set.primaries = (0_u32..).zip(patterns).map(|(id, pattern)| primary(pattern, id, Edges::None)).collect();
        set.detectors.truncate(patterns.len());
        for primary in &mut set.primaries {
            primary.max_match_bytes = max;
        }
        let set = Arc::new(set);
        for &path in Path::all() {
            let matcher = Matcher::on(path, Arc::clone(&set));
            for text in ["123456789", "x 12345-678901 A1234567, 1234567890123", "A12 B3456789 C1"] {
                let found = matcher.raw_matches_of_all(text.as_bytes());
                for (slot, pattern) in patterns.iter().enumerate() {
                    let expected = naive(pattern, text.as_bytes(), max, |_| true);
                    assert_eq!(found[slot], expected, "{pattern} cut at {max} on {text}, {path:?}");
                }
            }
        }
    }
}

#[test]
fn a_long_rule_that_keeps_missing_is_given_up_and_said_to_be() {
    let mut set = Arc::into_inner(rules(Edges::None, || vec![tier(65, None)])).expect("nobody else holds it");
    // Every match is longer than the rule may be, which only a walk of that length finds out.
    set.primaries = vec![primary("a[ab]{3500}", 0, Edges::None)];
    set.primaries[0].max_match_bytes = 3000;
    set.detectors.truncate(1);
    let key = TokenKey::new([7; 32], 1);
    let set = Arc::new(set);
    // Dear misses everywhere; many that a few bytes tell; none at all.
    let texts = [("a".repeat(40_000), true), ("ab c".repeat(10_000), false), ("x".repeat(40_000), false)];
    for &path in Path::all() {
        let matcher = Matcher::on(path, Arc::clone(&set));
        for (text, expected) in &texts {
            let mut scanner = Scanner::new(&matcher, &key, ScanOptions::default());
            scanner.begin_part(PartStart { name: "text".to_owned(), ..PartStart::default() });
            scanner.push(text, &Place::Whole, None);
            scanner.end_part();
            let scanned = scanner.finish_file();
            assert!(scanned.findings.is_empty());
            assert_eq!(scanned.candidate_limit, *expected, "{} on {path:?}", &text[..4]);
        }
    }
}
