//! Groups against `regex::bytes` captures: the value that a mask covers and a check reads is a group more often than not.

use super::oracle::Oracle;
use super::proof::on_all_paths;
use super::*;
use std::sync::LazyLock;

/// Numbered, named, nested, optional, repeated and lazy groups, in every kind of rule: literal in front, inside, behind or
/// nowhere; bounded and not.
const GROUPED: &[&str] = &[
    r"(\d{2})[-.](\d{2})[-.](\d{4})",
    r"(?P<area>\d{3})-(?P<group>\d{2})-(?P<serial>\d{4})",
    r"(?i)(?:pin|code)(?: is|:)? {0,3}(\d{4,6})",
    r"DC#(?P<code>\d{2,6}?)(?P<rest>\d{0,2})\b",
    r"\b([A-Z]{2})(\d{2})((?: ?[A-Z0-9]{4}){1,4})( ?[A-Z0-9]{1,3})?\b",
    r"(\w+)=(?:(\d+)|([a-z]+)|([A-Z]+))",
    r"([a-z]+?)([a-z]?)(\d)",
    r"(?:(a)|(ab)|(abc))(c|bcd|d)?e",
    r"([0-9a-f]{2}:)+([0-9a-f]{2})",
    r"(?P<user>[\w.]{1,20})@((?:[\w-]{1,20}\.)+)(?P<top>[a-z]{2,6})",
    r"(?s)<(\w)>(.*?)</(\w)>",
    r"(x)?(y)?(\d\d)(z)?",
    r"\+(\d{1,3}?)[ .-]?((?:\d[ .-]?){6,9}\d)",
];

fn grouped() -> (Vec<Matcher>, Vec<Oracle>) {
    let numbered = || (0_u32..).zip(GROUPED);
    let made = |(id, pattern): (u32, &&str)| {
        let mut primary = primary(pattern, id, Edges::None);
        if let PrimaryKind::Pattern(pattern) = &mut primary.kind {
            pattern.needs_groups = true;
        }
        primary
    };
    let rules = Arc::new(RuleSet {
        detectors: numbered().map(|(id, _)| detector(id, vec![tier(65, None)])).collect(),
        primaries: numbered().map(made).collect(),
        ..RuleSet::default()
    });
    let oracles = rules.primaries.iter().map(Oracle::new).collect();
    (on_all_paths(&rules), oracles)
}

static BUILT: LazyLock<(Vec<Matcher>, Vec<Oracle>)> = LazyLock::new(grouped);

fn check(matchers: &[Matcher], oracles: &[Oracle], text: &[u8]) {
    for (path, matcher) in Path::all().iter().zip(matchers) {
        let found = matcher.raw_matches_of_all(text);
        for (slot, (pattern, oracle)) in GROUPED.iter().zip(oracles).enumerate() {
            let id = PrimaryId(u32::try_from(slot).expect("few"));
            let groups = |span: &Range<usize>| {
                let raw =
                    matcher.confirmer.raw(&matcher.rules, &matcher.keywords, id, text, span.start, Some(span.end));
                (span.clone(), raw.map(|raw| raw.groups).unwrap_or_default())
            };
            let found: Vec<_> = found[slot].iter().map(groups).collect();
            let over = String::from_utf8_lossy(text);
            assert_eq!(found, oracle.matches(text), "{pattern} on {} over {over:?}", path.name());
        }
    }
}

/// Text in which the groups take every turn.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[0-9]{1,6}",
        2 => "[a-e]{1,4}",
        2 => "[A-Z]{1,4}",
        3 => "[-. :=@<>/+]{1,2}",
        1 => Just("PIN is ".to_owned()),
        1 => Just("DC#".to_owned()),
        1 => Just("GB82 WEST 1234 5698 7654 32".to_owned()),
        1 => Just("0a:1b:2c:".to_owned()),
        1 => Just("a.b@c-d.e.org".to_owned()),
        1 => Just("<b>1</b>".to_owned()),
        1 => Just("xy12z".to_owned()),
        1 => Just("078-05-1120".to_owned()),
        1 => Just("+49 30 1234-567".to_owned()),
    ];
    proptest::collection::vec(piece, 0..50).prop_map(|pieces| pieces.concat())
}

#[test]
fn every_grouped_rule_matches_something() {
    let (_, oracles) = grouped();
    let text = "01.02.2003 078-05-1120 code: 4711 DC#1234 GB82 WEST 1234 5698 a=b xa1 abcde 0a:1b:2c a.b@c.org <b>1</b> xy12z \
                +49 30 1234567";
    for (pattern, oracle) in GROUPED.iter().zip(oracles) {
        assert!(oracle.matches(text.as_bytes()).iter().any(|(_, groups)| groups.len() > 1), "{pattern}");
    }
}

#[test]
fn groups_cross_every_edge() {
    let (matchers, oracles) = grouped();
    let samples =
        "01.02.2003 x=AB code: 4711 DC#1234 GB82 WEST 1234 5698 7654 32 abcde 0a:1b:2c <b>1</b> xy12z +49 30 1234567";
    for before in 0..=samples.len() {
        for edge in [64, 512, 16_384, scan::SLICE_BYTES] {
            let text = format!("{}{samples}", " ".repeat(usize::saturating_sub(edge, before)));
            check(&matchers, &oracles, text.as_bytes());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn groups_are_those_of_captures(text in texts()) {
        let (matchers, oracles) = &*BUILT;
        check(matchers, oracles, text.as_bytes());
    }
}
