use super::*;
use crate::clock::Clock;
use crate::content::Spool;
use crate::extract::cell::Cells;
use crate::rule;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

fn surroundings() -> Surroundings {
    Surroundings {
        spool: Spool::default(),
        cells: Cells::in_process(),
        clock: Clock::machine(),
        interrupt: Arc::new(AtomicBool::new(false)),
    }
}

/// One detector of this shape with this example.
fn attacked(regex: &str, example: &str, seed: u64) -> Attacked {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.toml");
    let text = format!(
        "schema = 1\n[[list]]\nid = 'words'\nterms = ['badge']\n[[detector]]\nid = 'a.b'\nname = 'n'\n\
         [[detector.primary]]\nregex = '{regex}'\n[[detector.tier]]\nname = 'high'\nconfidence = 85\n\
         evidence = {{ list = 'words', within = 20 }}\n[[detector.tier]]\nname = 'low'\nconfidence = 65\n\
         [[detector.example]]\ntext = '{example}'\ntier = 'high'\n"
    );
    std::fs::write(&path, text).unwrap();
    let options = rule::Options { builtin: false, paths: vec![path], ..rule::Options::default() };
    let matcher = Matcher::new(Arc::new(rule::load(&options).unwrap().rules));
    mutate(&matcher, &surroundings(), seed).remove(0)
}

fn toll(attacked: &Attacked, attack: Attack) -> (u64, u64) {
    attacked.tolls.get(&attack).map_or((0, 0), |toll| (toll.made, toll.held))
}

#[test]
fn a_strict_shape_loses_what_a_loose_one_holds() {
    let strict = attacked("[0-9]{3}-[0-9]{3}", "badge 402-718 here", 1);
    let loose = attacked("[0-9]{3}[-./ ]{0,2}[0-9]{3}", "badge 402-718 here", 1);
    assert_eq!((strict.examples, loose.examples), (1, 1));
    // As it is by hyphens: five others.
    assert_eq!(toll(&strict, Attack::Delimiter), (5, 0));
    assert_eq!(toll(&loose, Attack::Delimiter), (5, 5));
    // The engine folds digits, dashes and what has no width, whatever the rule says.
    let (made, held) = toll(&strict, Attack::Unicode);
    assert!(made >= 6 && held == made, "{strict:?}");
    let (made, held) = toll(&strict, Attack::Encoding);
    assert!(made == 3 && held == made, "{strict:?}");
    assert_eq!(strict.lost[&Attack::Delimiter].0, 18, "the line of the example");
}

#[test]
fn what_is_found_by_a_lesser_tier_is_weaker_and_not_lost() {
    let attacked = attacked("[0-9]{3}-[0-9]{3}", "badge 402-718 here", 1);
    let case = attacked.tolls[&Attack::Case];
    assert_eq!((case.made, case.held, case.weaker), (2, 2, 0), "case is folded");
    let all = attacked.tolls.values().fold(Toll::default(), |all, toll| all.and(*toll));
    assert!(all.recall().is_some_and(|recall| recall > 0.3 && recall < 1.0), "{all:?}");
}

#[test]
fn chance_is_the_same_for_the_same_seed_only() {
    let run = |seed| attacked("[0-9OlSBZG]{8}", "badge 10268541 here", seed).tolls[&Attack::Ocr];
    assert_eq!(run(7), run(7));
    let many: std::collections::BTreeSet<u64> = (0..20).map(|seed| run(seed).held).collect();
    assert!(many.len() > 1, "{many:?}");
}

#[test]
fn no_example_no_attack() {
    let attacked = attacked("[A-Z]{9}", "badge 402-718 here", 1);
    assert_eq!((attacked.examples, attacked.tolls.len()), (0, 0));
    assert_eq!(Toll::default().recall(), None);
}
