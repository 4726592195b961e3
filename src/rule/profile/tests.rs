//! Each kind of edit, and how far it reaches.

use super::*;
use crate::rule::tests::load_text;

const RULES: &str = r##"
schema = 1

[[list]]
id = "words"
terms = ["customer", "client"]

[[list]]
id = "other-words"
terms = ["reference"]

[[list]]
id = "no-words"
terms = ["sample"]

[[detector]]
id = "acme.customer"
name = "Customer number"
tags = ["pii"]
exclude_tokens = ["k1:00000000000000000000000000000002"]
min_unique = 2
validators = ["luhn"]

[[detector.primary]]
id = "plain"
regex = 'K[0-9]{8}'

[[detector.primary]]
id = "spaced"
regex = 'K [0-9]{4} [0-9]{4}'

[[detector.check]]
where = "full"
exclude = ["K00000000"]

[[detector.check]]
where = "before"
exclude_regex = 'ext '

[[detector.tier]]
name = "high"
confidence = 85
primary = ["plain"]
form = 'K[1-9].*'
evidence = { all = [
  { any = [{ list = "words", within = 100 }, { list = "other-words", within = 50, side = "before", min = 2, distinct = true }] },
  { not = { list = "no-words", within = 30 } },
] }

[[detector.tier]]
name = "medium"
confidence = 75
evidence = { regex = 'id ?:', within = 20, max = 4 }

[[detector.tier]]
name = "low"
confidence = 65

[[detector]]
id = "acme.near"
name = "Stands beside a customer number"
primary = [{ regex = 'N[0-9]{3}' }]
tier = [{ name = "only", confidence = 65, evidence = { detector = "acme.customer", within = 40 } }]

[[detector]]
id = "acme.part"
name = "Asks the whole part"
primary = [{ regex = 'P[0-9]{3}' }]

[[detector.tier]]
name = "sure"
confidence = 85
evidence = { list = "words", within = "part" }

[[detector.tier]]
name = "unsure"
confidence = 65
"##;

fn profiles(text: &str) -> Vec<Profile> {
    Profile::all(&load_text(text), &|value| format!("k1:{value}"))
}

fn change(id: &str, edits: &[(&str, &str)]) -> Change {
    let edited = edits.iter().fold(RULES.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    });
    let (old, new) = (profiles(RULES), profiles(&edited));
    let of = |set: &[Profile]| set.iter().find(|profile| profile.id == id).cloned();
    compare(of(&old).as_ref(), of(&new).as_ref())
}

const LOW: &str = "[[detector.tier]]\nname = \"low\"\nconfidence = 65\n";
const MEDIUM_TREE: &str = "evidence = { regex = 'id ?:', within = 20, max = 4 }";

#[test]
fn each_edit_reaches_as_far_as_it_must() {
    use Change::*;
    let rows: &[(&str, &str, Change)] = &[
        // What decides nothing.
        ("tags = [\"pii\"]", "tags = [\"pci\"]", Same),
        ("name = \"Customer number\"", "name = \"Customer\"", Same),
        // Stricter.
        ("min_unique = 2", "min_unique = 3", Tightened),
        ("confidence = 85", "confidence = 80", Tightened),
        ("confidence = 75", "confidence = 95", Tightened),
        ("name = \"medium\"", "name = \"middling\"", Tightened),
        (LOW, "", Tightened),
        ("within = 100", "within = 60", Tightened),
        ("within = 50", "within = 10", Tightened),
        ("min = 2", "min = 3", Tightened),
        ("max = 4", "min = 2, max = 4", Tightened),
        ("max = 4", "max = 3", Tightened),
        ("{ list = \"words\", within = 100 }", "{ list = \"words\", within = 100, min = 2, max = 5 }", Tightened),
        ("{ list = \"words\", within = 100 }", "{ list = \"words\", within = 100, side = \"after\" }", Candidates),
        ("{ list = \"words\", within = 100 }, ", "", Tightened),
        ("{ any = [", "{ any = [{ list = \"words\", within = 9 }, ", Tightened),
        ("{ any = [", "{ any = [{ list = \"no-words\", within = 9 }, ", Candidates),
        ("within = 30", "within = 31", Candidates),
        ("{ any = [", "{ min = 2, any = [", Tightened),
        (
            MEDIUM_TREE,
            "evidence = { all = [{ regex = 'id ?:', within = 20, max = 4 }, { list = \"words\" }] }",
            Candidates,
        ),
        (LOW, "[[detector.tier]]\nname = \"low\"\nconfidence = 65\nform = 'K.*'\n", Candidates),
        ("exclude_tokens = [", "exclude_tokens = [\"k1:00000000000000000000000000000001\", ", Tightened),
        ("exclude = [\"K00000000\"]", "exclude = [\"K00000000\", \"K99999999\"]", Tightened),
        // Looser, or otherwise: where there were candidates.
        ("min_unique = 2", "min_unique = 1", Candidates),
        ("within = 100", "within = 101", Candidates),
        ("within = 50", "within = 51", Candidates),
        ("within = 30", "within = 29", Candidates),
        ("within = 20", "within = 19", Candidates),
        ("within = 20", "within = 21", Candidates),
        ("min = 2", "min = 1", Candidates),
        ("max = 4", "max = 5", Candidates),
        (", max = 4", "", Candidates),
        ("min = 2, distinct = true", "min = 2", Candidates),
        ("side = \"before\"", "side = \"after\"", Candidates),
        ("side = \"before\", ", "", Candidates),
        ("id ?:", "id :", Candidates),
        (MEDIUM_TREE, "", Candidates),
        ("[\"customer\", \"client\"]", "[\"customer\"]", Candidates),
        (
            LOW,
            "[[detector.tier]]\nname = \"low\"\nconfidence = 65\n\n[[detector.tier]]\nname = \"more\"\nconfidence = 75\nform = '[0-9]+'\n",
            Candidates,
        ),
        ("form = 'K[1-9].*'", "form = 'K[1-8].*'", Candidates),
        ("exclude_tokens = [\"k1:00000000000000000000000000000002\"]", "", Candidates),
        ("exclude = [\"K00000000\"]", "exclude = [\"K99999999\"]", Candidates),
        ("exclude_regex = 'ext '", "exclude_regex = 'ext. '", Candidates),
        ("validators = [\"luhn\"]", "", Candidates),
        ("validators = [\"luhn\"]", "validators = [\"luhn\"]\nmask = \"all\"", Candidates),
        ("validators = [\"luhn\"]", "validators = [\"luhn\"]\ncanonical = \"exact\"", Candidates),
        ("validators = [\"luhn\"]", "validators = [\"luhn\"]\nexclude_same_digits = true", Candidates),
        ("validators = [\"luhn\"]", "validators = [\"luhn\"]\nacross_soft = true", Candidates),
        ("[[detector.primary]]\nid = \"spaced\"\nregex = 'K [0-9]{4} [0-9]{4}'\n", "", Candidates),
        // Another shape.
        ("K[0-9]{8}", "K[0-9]{7}", Shape),
        ("validators = [\"luhn\"]", "validators = [\"luhn\"]\nedges = \"none\"", Shape),
        ("validators = [\"luhn\"]", "validators = [\"luhn\"]\nmax_match_bytes = 9", Shape),
        (
            "[[detector.primary]]\nid = \"spaced\"",
            "[[detector.primary]]\nregex = 'Q[0-9]'\n\n[[detector.primary]]\nid = \"spaced\"",
            Shape,
        ),
    ];
    for (from, to, want) in rows {
        assert_eq!(change("acme.customer", &[(from, to)]), *want, "{from:?} to {to:?}");
    }
}

#[test]
fn what_is_evidence_of_another_concerns_that_one_too() {
    let rows = [
        ("confidence = 65", "confidence = 60", Change::Same),
        ("[0-9]{8}", "[0-9]{7}", Change::Candidates),
        ("exclude = [\"K00000000\"]", "exclude = [\"K00000000\", \"K99999999\"]", Change::Candidates),
        ("form = 'K[1-9].*'", "form = 'K[1-8].*'", Change::Candidates),
    ];
    for (from, to, want) in rows {
        assert_eq!(change("acme.near", &[(from, to)]), want, "{to}");
    }
}

#[test]
fn what_asks_whole_parts_is_judged_again_only_for_what_comes_after() {
    let of_part = "[[detector]]\nid = \"acme.part\"";
    let rows = [
        (of_part, "[[detector]]\nmin_unique = 2\nid = \"acme.part\"", Change::Tightened),
        ("name = \"sure\"\nconfidence = 85", "name = \"sure\"\nconfidence = 84", Change::Candidates),
        ("within = \"part\"", "within = 1000", Change::Candidates),
    ];
    for (from, to, want) in rows {
        assert_eq!(change("acme.part", &[(from, to)]), want, "{to}");
    }
}

#[test]
fn detectors_come_and_go() {
    let one = profiles(RULES).remove(0);
    assert_eq!(compare(None, None), Change::Same);
    assert_eq!(compare(None, Some(&one)), Change::Added);
    assert_eq!(compare(Some(&one), None), Change::Removed);
    let newer = Profile { normaliser: one.normaliser + 1, hash: "other".to_owned(), ..one.clone() };
    assert_eq!(compare(Some(&one), Some(&newer)), Change::Shape);
}

#[test]
fn profiles_are_written_and_read_back() {
    for profile in profiles(RULES) {
        assert_eq!(Profile::from_json(&profile.to_json()), Some(profile.clone()));
        let newer = Profile { version: PROFILE_VERSION + 1, ..profile };
        assert_eq!(Profile::from_json(&newer.to_json()), None);
    }
    assert_eq!(Profile::from_json("{}"), None);
}
