//! Rules as a whole: a good file to a rule set, and every bad file to its errors.
//!
//! The validators here are two private rows, so that this room is tested without the real table.

use super::check;
use super::load::load_with;
use super::ruleset::{CheckWhat, Node, PrimaryKind, What};
use super::syntax::CheckPlace;
use super::validate::{Row, Validate, Value};
use super::{Loaded, Options, RuleError, RuleSet, Select};
use std::path::Path;
use std::sync::Arc;
use tempfile::TempDir;

struct Always;

impl Validate for Always {
    fn passes(&self, _: &Value<'_>) -> bool {
        true
    }

    fn trace(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
}

static TABLE: [Row; 2] = [
    Row {
        name: "luhn",
        what: "stands for a check without parameters",
        source: "this test",
        version: 1,
        params: &[],
        build: |_| Ok(Arc::new(Always)),
    },
    Row {
        name: "weighted",
        what: "stands for a check with parameters",
        source: "this test",
        version: 1,
        params: &[("weights", "the weights, from the left"), ("modulus", "the modulus")],
        build: |params| match params.get("weights") {
            Some(_) => Ok(Arc::new(Always)),
            None => Err("`weights` is missing".to_owned()),
        },
    },
];

fn options(paths: &[&Path]) -> Options {
    Options { builtin: false, paths: paths.iter().map(|path| (*path).to_owned()).collect(), select: Select::default() }
}

/// Loads rules written into a folder of their own.
fn load_texts(files: &[(&str, &str)], select: Select) -> Result<Loaded, Vec<RuleError>> {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    load_with(&Options { select, ..options(&[folder.path()]) }, &TABLE)
}

/// Loads one rule file, which must be right.
pub(super) fn load_text(text: &str) -> RuleSet {
    match load_texts(&[("rules.toml", text)], Select::default()) {
        Ok(loaded) => loaded.rules,
        Err(errors) => panic!("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

const GOOD: &str = r##"
schema = 1

[[list]]
id = "card.words"
terms = ["Credit  card", "ｃａｒｄ number", "credit card"]

[[detector]]
id = "card.number"
name = "Payment card number"
why = "It pays."
tags = ["pci"]
edges = "digit"
validators = ["luhn", { name = "weighted", weights = [1, 2], group = "body" }]
exclude_same_digits = true

[[detector.primary]]
id = "plain"
regex = '(?:no )?(?P<body>[0-9]{4}(?:[ -]?[0-9]{4}){3})'
group = "body"

[[detector.check]]
where = "full"
exclude = ["4111-1111-1111-1111"]

[[detector.check]]
where = "before"
exclude_regex = '(?x) order\s # an order'

[[detector.tier]]
name = "low"
confidence = 65

[[detector.tier]]
name = "high"
confidence = 85
primary = ["plain"]
form = '[0-9]+'
evidence = { all = [
  { list = "card.words", within = 100 },
  { any = [{ function = "expiry-date" }, { regex = 'cvv\s*[0-9]{3}', side = "after" }, { detector = "person.name" }] },
  { not = { list = "card.words", within = "part", min = 50 } },
] }

[[detector.example]]
text = "credit card 4012 8888 8888 1881 exp 04/29"
value = "4012 8888 8888 1881"
tier = "high"

[[detector.counter]]
text = "order 4111-1111-1111-1111"
tier = "low"
reason = "check"

[[detector]]
id = "person.name"
name = "A name"
off = true
primary = [{ keywords = "card.words" }]
tier = [{ name = "any", confidence = 65 }]
"##;

#[test]
fn a_good_file_compiles() {
    let set = load_text(GOOD);
    let names: Vec<_> = set.detectors.iter().map(|detector| (&*detector.id, detector.silent)).collect();
    assert_eq!(names, [("card.number", false), ("person.name", true)]);
    let card = set.detector("card.number").unwrap();
    assert_eq!(card.tiers.iter().map(|tier| &*tier.name).collect::<Vec<_>>(), ["high", "low"]);
    assert_eq!(card.validators[1].group, Some(1));
    assert_eq!((card.examples[0].tier, card.counters[0].tier), (0, 1));
    assert_eq!(card.origin.1, 8);
    let PrimaryKind::Pattern(pattern) = &set.primaries[card.primaries[0].index()].kind else { panic!("a pattern") };
    assert_eq!((pattern.value_group, pattern.needs_groups), (1, true));
    assert_eq!(set.lists[0].terms, ["credit card", "card number"]);
    let Some(Node::All(nodes)) = &card.tiers[0].evidence else { panic!("all") };
    let Node::Leaf(leaf) = &nodes[0] else { panic!("a leaf") };
    assert_eq!((leaf.within, leaf.min, leaf.max), (Some(100), 1, None));
    assert!(matches!(leaf.what, What::List(_)));
    assert!(card.tiers[0].form.as_ref().unwrap().is_match(b"123"));
    assert!(!card.tiers[0].form.as_ref().unwrap().is_match(b"123x"));
}

#[test]
fn a_selection_runs_what_it_names() {
    let select = |only: &[&str], tags: &[&str]| Select {
        only: only.iter().map(ToString::to_string).collect(),
        tags: tags.iter().map(ToString::to_string).collect(),
    };
    let run = |select| match load_texts(&[("a.toml", GOOD)], select) {
        Ok(loaded) => loaded
            .rules
            .detectors
            .iter()
            .map(|d| format!("{}{}", d.id, if d.silent { " silent" } else { "" }))
            .collect(),
        Err(errors) => errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
    };
    assert_eq!(run(select(&[], &["pci"])), ["card.number", "person.name silent"]);
    assert_eq!(run(select(&["person.*"], &[])), ["person.name"]);
    assert_eq!(run(select(&["*"], &[])), ["card.number", "person.name"]);
    assert_eq!(
        run(select(&["card.numbr"], &["pcj"])),
        [
            "error: unknown detector `card.numbr`\n  = help: did you mean `card.number`?",
            "error: unknown tag `pcj`\n  = help: did you mean `pci`?"
        ]
    );
}

#[test]
fn files_share_their_lists() {
    let lists = "schema = 1\nlist = [{ id = 'b.words', terms = ['Straße'], case_sensitive = true }]";
    let rules = "schema = 1\n[[detector]]\nid = 'a'\nname = 'A'\nprimary = [{ keywords = 'b.words' }]\n\
                 tier = [{ name = 'low', confidence = 65 }]";
    let loaded = load_texts(&[("a.toml", rules), ("b.toml", lists)], Select::default()).unwrap();
    assert_eq!(loaded.rules.lists[0].terms, ["Straße"]);
}

#[test]
fn unusable_files_are_refused() {
    let folder = TempDir::new().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let mark = file("mark.toml", b"\xEF\xBB\xBFschema = 1");
    assert!(load_with(&options(&[&mark]), &TABLE).is_ok());
    let rows = [
        (file("latin1.toml", b"# caf\xE9"), "rule file cannot be used: not UTF-8 at byte 5"),
        (file("large.toml", &vec![b'\n'; (4 << 20) + 1]), "rule file cannot be used: larger than 4 MiB"),
        (folder.path().join("absent.toml"), "rule file cannot be used: No such file or directory (os error 2)"),
        (folder.path().join("empty"), "folder holds no rule files"),
    ];
    for (path, want) in rows {
        let errors = load_with(&options(&[&path]), &TABLE).unwrap_err();
        assert_eq!((errors.len(), errors[0].message()), (1, want));
        assert_eq!(errors[0].file(), path.to_str());
        assert_eq!((errors[0].line(), errors[0].column()), (0, 0));
    }
}

#[test]
fn errors_answer_questions() {
    let errors = load_texts(&[("a.toml", "schema = 1\n'é' = 2")], Select::default()).unwrap_err();
    assert_eq!(errors[0].message(), "unknown key `é`");
    assert_eq!((errors[0].line(), errors[0].column(), errors[0].label()), (2, 1, "not known here"));
    assert_eq!(errors[0].suggestion(), Some("known keys: schema, list, detector"));
    assert_eq!(errors[0].other_place(), None);
}

/// Hash of the first detector of [`GOOD`] with one text put for another.
fn hash_with(from: &str, to: &str) -> [u8; 32] {
    assert!(GOOD.contains(from), "{from}");
    load_text(&GOOD.replace(from, to)).detectors[0].hash
}

#[test]
fn the_hash_follows_what_decides_findings() {
    let same = hash_with("x", "x");
    let hex: String = same.iter().map(|byte| format!("{byte:02x}")).collect();
    // Raise FORM, a version, or explain in the changelog why stored verdicts are to be made again.
    assert_eq!(hex, "a12b00919b438017e072379ed85dd3d8e0ecbe0de21bd95c834142e0b96771ef");
    let kept = [
        ("It pays.", "It is paid with."),
        ("Payment card number", "Card"),
        ("tags = [\"pci\"]", "tags = [\"bank\"]\nregions = [\"*\"]"),
        ("credit card 4012 8888 8888 1881 exp", "card 4012 8888 8888 1881 exp"),
        ("order 4111-1111-1111-1111", "order number 4111-1111-1111-1111"),
        ("[\"Credit  card\", \"ｃａｒｄ number\", \"credit card\"]", "[\"card number\", \"credit card\"]"),
        ("name = \"A name\"", "name = \"Another name\""),
        ("within = 100", "within = 100, side = \"both\""),
        ("off = true", "off = true\nmask = \"all\""),
        ("off = true", "off = true\nexclude_tokens = [\"k1:00112233445566778899aabbccddeeff\"]"),
    ];
    for (from, to) in kept {
        assert_eq!(hash_with(from, to), same, "{to}");
    }
    let changed = [
        ("edges = \"digit\"", "edges = \"none\""),
        ("edges = \"digit\"", "edges = \"digit\"\nmax_match_bytes = 99"),
        ("edges = \"digit\"", "edges = \"digit\"\nmin_unique = 2"),
        ("edges = \"digit\"", "edges = \"digit\"\nmask = \"all\""),
        ("edges = \"digit\"", "edges = \"digit\"\nacross_soft = true"),
        ("weights = [1, 2]", "weights = [2, 1]"),
        ("\"luhn\", {", "{"),
        ("(?:no )?", "(?:nr )?"),
        ("exclude_same_digits = true", ""),
        ("4111-1111-1111-1111\"]", "4111-1111-1111-1112\"]"),
        ("order\\s", "orders\\s"),
        ("confidence = 65\n\n[[detector.tier]]", "confidence = 64\n\n[[detector.tier]]"),
        ("form = '[0-9]+'", "form = '[0-9 ]+'"),
        ("within = 100", "within = 101"),
        ("min = 50", "min = 51"),
        ("side = \"after\"", "side = \"before\""),
        ("cvv", "cvc"),
        ("\"Credit  card\"", "\"Credit cards\""),
        ("id = \"card.words\"\n", "id = \"card.words\"\ncase_sensitive = true\n"),
        ("form = '[0-9]+'", "form = '[0-9]+'\ncheck = [{ where = \"ends\", exclude = [\"1881\"] }]"),
        // What the evidence detector matches, and nothing else of it.
        ("{ name = \"any\",", "{ name = \"any\", check = [{ where = \"full\", exclude_regex = '.*card' }],"),
        ("off = true", "off = true\nexclude_same_digits = true"),
        ("{ name = \"any\",", "{ name = \"any\", form = '[a-z ]+',"),
        ("edges = \"digit\"", "edges = \"digit\"\nexclude_tokens = [\"k1:00112233445566778899aabbccddeeff\"]"),
    ];
    for (from, to) in changed {
        assert_ne!(hash_with(from, to), same, "{to}");
    }
}

#[test]
fn a_tier_has_checks_of_its_own() {
    let check =
        "check = [{ where = \"full\", exclude = [\"4012-8888\"] }, { where = \"after\", include_regex = ' exp' }]";
    let form = "form = '[0-9]+'";
    let set = load_text(&GOOD.replace(form, &format!("{form}\n{check}")));
    let card = set.detector("card.number").unwrap();
    let checks: Vec<_> = card.tiers[0].checks.iter().map(|check| (check.place, check.exclude)).collect();
    assert_eq!(checks, [(CheckPlace::Full, true), (CheckPlace::After, false)]);
    assert!(matches!(&card.tiers[0].checks[0].what, CheckWhat::Texts(texts) if *texts == ["40128888"]));
    assert!(card.tiers[1].checks.is_empty());
    assert_eq!(card.checks.len(), 2);
}

/// All errors of a rule file, one below the other.
fn rendered(errors: &[RuleError]) -> String {
    errors.iter().map(|error| format!("{error}\n")).collect::<Vec<_>>().join("\n")
}

/// Every `NAME.toml` in `tests/bad-rules` must be refused with exactly `NAME.stderr`.
#[test]
fn bad_files_are_told_what_is_wrong() {
    golden("tests/bad-rules", 40, |file| match load_with(&options(&[file]), &TABLE) {
        Ok(_) => "no error\n".to_owned(),
        Err(errors) => rendered(&errors),
    });
}

/// Every `NAME.toml` in `tests/odd-rules` must load with exactly the warnings of `NAME.stderr`.
#[test]
fn odd_files_are_warned_about() {
    golden("tests/odd-rules", 4, |file| match load_with(&options(&[file]), &TABLE) {
        Ok(loaded) => {
            let mut warnings = check::warnings(&loaded, check::Scope::User);
            if file.ends_with("unexercised.toml") {
                let mut exercised = check::Exercised::default();
                exercised.detectors.insert("test.number".into());
                exercised.primaries.insert(("test.number".into(), "plain".into()));
                exercised.tiers.insert(("test.number".into(), "high".into()));
                exercised.lists.insert(("test.number".into(), "test.words".into()));
                warnings = check::unexercised(&loaded, check::Scope::User, &exercised);
            }
            warnings.iter().map(|warning| format!("{warning}\n")).collect::<Vec<_>>().join("\n")
        }
        Err(errors) => rendered(&errors),
    });
}

#[test]
fn every_code_has_a_file_that_shows_it() {
    assert!(check::CODES.is_sorted());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/odd-rules");
    let texts: String = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "stderr"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    for (code, _) in check::CODES {
        assert!(texts.contains(&format!("warning[{code}]")), "{code}");
    }
}

#[test]
fn rows_for_programs_leave_out_what_is_unknown() {
    let errors = load_texts(&[("a.toml", "schema = 1\ncolor = 2")], Select::default()).unwrap_err();
    let mut row = serde_json::to_value(&errors[0]).unwrap();
    row.as_object_mut().unwrap().remove("file");
    let want = serde_json::json!({
        "severity": "error", "message": "unknown key `color`", "line": 2, "column": 1, "label": "not known here",
        "help": "known keys: schema, list, detector",
    });
    assert_eq!(row, want);
    assert_eq!(
        serde_json::to_value(RuleError::new("no")).unwrap(),
        serde_json::json!({"severity": "error", "message": "no"})
    );
}

/// Holds what `get` makes of each `NAME.toml` of a folder against `NAME.stderr`.
///
/// `SLUICEBOX_BLESS=1` writes what was got; the difference is then reviewed.
fn golden(folder: &str, fewest: usize, get: impl Fn(&Path) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let bless = std::env::var_os("SLUICEBOX_BLESS").is_some_and(|bless| bless == "1");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    assert!(files.len() >= fewest, "only {} files", files.len());
    let mut failures = String::new();
    for file in files {
        let got = get(&file).replace(&format!("{}/", folder.display()), "");
        let golden = file.with_extension("stderr");
        if bless {
            std::fs::write(&golden, &got).unwrap();
        }
        let want = std::fs::read_to_string(&golden).unwrap_or_default();
        if got != want {
            let name = file.file_name().unwrap().display();
            let frame = "-".repeat(60);
            failures += &format!("{name}\n{frame} expected\n{want}{frame} got\n{got}{frame}\n\n");
        }
    }
    assert!(failures.is_empty(), "\n{failures}SLUICEBOX_BLESS=1 writes what was got");
}

/// Four tiers spell out the test numbers of cards: three refuse them, and the fourth takes nothing else.
#[test]
fn every_tier_has_the_same_test_cards() {
    let loaded = super::load(&Options::default()).unwrap();
    let card = loaded.rules.detector("card.payment").unwrap();
    let lists = card.tiers.iter().flat_map(|tier| {
        let checks = tier.checks.iter().filter(|check| check.place == CheckPlace::Full);
        checks.filter_map(|check| match &check.what {
            CheckWhat::Texts(texts) => Some((&*tier.name, check.exclude, texts)),
            _ => None,
        })
    });
    let lists: Vec<_> = lists.collect();
    let said: Vec<_> = lists.iter().map(|(tier, exclude, _)| (*tier, *exclude)).collect();
    assert_eq!(said, [("high", true), ("high-expiry", true), ("medium", true), ("test-number", false)]);
    for (tier, _, texts) in &lists {
        assert_eq!(*texts, lists[0].2, "{tier}");
        assert!(texts.len() > 100 && texts.is_sorted(), "{tier}");
    }
}

/// The embedded rules load whole, those that are off too.
#[test]
fn built_in_rules_load() {
    let select = Select { only: vec!["*".to_owned()], tags: Vec::new() };
    if super::builtin::rule_files().next().is_none() {
        return;
    }
    match super::load(&Options { select, ..Options::default() }) {
        Ok(loaded) => println!("{} detectors", loaded.rules.detectors.len()),
        Err(errors) => panic!("{}", rendered(&errors)),
    }
}
