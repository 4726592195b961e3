//! `rules` from outside: check, list, test, and explain with its reasons.

use crate::harness::{Scene, same};
use serde_json::Value;

const OWN: [&str; 3] = ["--no-builtin", "--rules", "../badge.toml"];

#[test]
fn the_built_in_rules_load() {
    let scene = Scene::new();
    scene
        .call(["rules", "check", "--strict"])
        .run()
        .expect_code(0)
        .expect_quiet()
        .expect_out(" detectors, 0 errors, 0 warnings");
    let ran = scene.call(["rules", "list"]).run();
    ran.expect_code(0).expect_quiet().expect_out("card.payment");
    let ran = scene.call(["rules", "list", "--format", "json", "--tag", "pci"]).run();
    ran.expect_code(0);
    let detectors = ran.lines();
    assert!(detectors.iter().any(|detector| detector["id"] == "card.payment"));
    for detector in &detectors {
        let tags = detector["tags"].as_array().expect("tags");
        assert!(tags.contains(&Value::from("pci")), "{}", detector["id"]);
        same("hash", &Some(64), &detector["hash"].as_str().map(str::len));
    }
}

#[test]
fn own_rules_stand_beside_or_instead_of_the_built_in_ones() {
    let scene = Scene::new();
    let ids = |args: &[&str]| -> Vec<String> {
        let ran = scene.call(["rules", "list", "--format", "json"]).args(args).run();
        ran.expect_code(0);
        ran.lines().iter().map(|line| line["id"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let own = ["test.badge", "test.crate"].map(str::to_owned).to_vec();
    same("instead", &own, &ids(&OWN));
    let all = ids(&["--rules", "../badge.toml"]);
    assert!(own.iter().all(|id| all.contains(id)) && all.len() > 10);
    same("chosen", &vec!["test.badge".to_owned()], &ids(&["--rules", "../badge.toml", "--only", "test.b*"]));
}

#[test]
fn what_is_wrong_with_a_rule_file_is_told_with_its_place() {
    let scene = Scene::new();
    let detector = "schema = 1\n[[detector]]\nid = 'a.b'\nname = 'n'\n";
    let primary = "[[detector.primary]]\nregex = 'x{3}'\n";
    let tier = "[[detector.tier]]\nname = 'low'\nconfidence = 65\n";
    let rows: &[(&str, String, &[&str])] = &[
        ("toml", "schema = 1\n[[detector]\n".to_owned(), &["rule.toml:2:"]),
        ("key", format!("{detector}nmae = 'x'\n{primary}{tier}"), &["rule.toml:5:1", "nmae"]),
        ("regex", format!("{detector}[[detector.primary]]\nregex = 'a(b'\n{tier}"), &["rule.toml:6:"]),
        (
            "confidence",
            format!("{detector}{primary}[[detector.tier]]\nname = 'low'\nconfidence = 101\n"),
            &["rule.toml:9:"],
        ),
        ("validator", format!("{detector}validators = ['luhm']\n{primary}{tier}"), &["rule.toml:5:", "luhm", "luhn"]),
        (
            "list",
            format!("{detector}{primary}{tier}evidence = {{ list = 'no.such' }}\n"),
            &["rule.toml:10:", "no.such"],
        ),
        ("no shape", format!("{detector}{tier}"), &["rule.toml:"]),
        (
            "twice",
            format!("{detector}{primary}{tier}{}{primary}{tier}", &detector[11..]),
            &["rule.toml:11:6", "a.b", "rule.toml:3:6"],
        ),
    ];
    for (what, text, parts) in rows {
        scene.write("rule.toml", text);
        for args in [&["rules", "check"][..], &["rules", "test"], &["rules", "list"], &["scan", "."]] {
            let ran = scene.call(args).args(["--no-builtin", "--rules", "rule.toml"]).run();
            ran.expect_code(2);
            for part in *parts {
                assert!(ran.err().contains(part), "{what}{}", ran.frame(part, "not there"));
            }
        }
    }
    let ran = scene.call(["rules", "check", "--rules", "."]).run();
    ran.expect_code(2).expect_err("rule.toml:");
    std::fs::create_dir(scene.path("empty")).expect("a folder");
    scene.call(["rules", "check", "--rules", "empty"]).run().expect_code(2).expect_err("no rule files");
}

#[test]
fn what_is_probably_not_meant_is_warned_about() {
    let scene = Scene::new();
    let rules = "schema = 1\n[[detector]]\nid = 'a.b'\nname = 'n'\noff = true\nallow = { few-examples = 'a test' }\n\
         primary = [{ regex = 'BDG-[0-9]{6}' }, { id = 'other', regex = 'BGD-[0-9]{6}' }]\n\
         [[detector.tier]]\nname = 'low'\nconfidence = 65\n[[detector.tier]]\nname = 'high'\nconfidence = 85\n\
         evidence = { list = 'a.words' }\n[[detector.example]]\ntext = 'take BDG-123456'\ntier = 'low'\n\
         [[detector.counter]]\ntext = 'take BDG-123456'\ntier = 'high'\nreason = 'evidence'\n\
         [[list]]\nid = 'a.words'\nterms = ['badge']\n";
    scene.write("rule.toml", rules);
    let codes = ["missing-why", "unexercised-primary", "unexercised-tier", "unexercised-list"];
    let check = |args: &[&str]| scene.call(["rules", "check", "--rules", "rule.toml"]).args(args).run();
    let ran = check(&[]);
    // Of the built-in rules nothing is said, though they are loaded.
    ran.expect_code(0).expect_quiet().expect_out(" 0 errors, 4 warnings");
    for code in codes {
        ran.expect_out(&format!("warning[{code}]: "));
    }
    ran.expect_out("--> rule.toml:7:47").expect_out("other");
    check(&["--strict", "--no-builtin"]).expect_code(1).expect_out("\n1 detector, 0 errors, 4 warnings\n");
    let ran = check(&["--strict", "--format", "json"]);
    ran.expect_code(1).expect_quiet();
    let rows = ran.lines();
    let found: Vec<&str> = rows.iter().map(|row| row["code"].as_str().unwrap_or_default()).collect();
    same("codes", &codes.to_vec(), &found);
    for row in &rows {
        same("schema", &Value::from("sluicebox.rules-check/1"), &row["schema"]);
        same("severity", &Value::from("warning"), &row["severity"]);
        same("file", &Value::from("rule.toml"), &row["file"]);
    }
    // With a word near, the better tier and the list are reached; with the other shape, all is.
    let more = "[[detector.example]]\ntext = 'badge BGD-123456'\ntier = 'high'\n";
    scene.write("rule.toml", rules.replace("[[list]]", &format!("{more}[[list]]")).replace("off", "why = 'x'\noff"));
    check(&["--strict", "--no-builtin"]).expect_code(0).expect_out("1 detector, 0 errors, 0 warnings");
    // An error is a row too.
    scene.write("rule.toml", "schema = 1\ncolour = 2\n");
    let ran = check(&["--format", "json"]);
    ran.expect_code(2).expect_quiet();
    let rows = ran.lines();
    same("severity", &Value::from("error"), &rows[0]["severity"]);
    same("line", &Value::from(2), &rows[0]["line"]);
    // A file of lists alone is no mistake.
    scene.write("rule.toml", "schema = 1\n[[list]]\nid = 'a.words'\nterms = ['badge']\n");
    check(&["--no-builtin"]).expect_code(0).expect_out("0 detectors, 0 errors, 1 warning\n");
}

#[test]
fn explain_counts_what_it_does_not_show() {
    let scene = Scene::new();
    let miss = "4556 7375 8689 9854, ";
    let rows = [
        ("one digit", "4".repeat(1 << 20), &[][..], " more matches"),
        ("near misses", miss.repeat(45_000), &[], "and 44950 more matches"),
        ("one value", miss.repeat(45_000), &["--value", "4556 7375 8689 9854"], "and 44950 more matches"),
        ("one more", miss.repeat(51), &[], "and 1 more match\n"),
        ("no more", miss.repeat(50), &[], "candidate at 1029..1048"),
    ];
    for (what, text, args, part) in rows {
        scene.write("text.txt", text);
        let ran = scene.call(["rules", "explain", "card.payment", "--file", "text.txt"]).args(args).run();
        ran.expect_code(0).expect_quiet();
        assert!(ran.out().contains(part), "{what}{}", ran.frame(part, "not there"));
        assert!(ran.out().matches("candidate at").count() <= 50, "{what}: too many are shown");
    }
}

#[test]
fn examples_that_do_not_hold_fail() {
    let scene = Scene::new();
    let example = |text: &str, tier: &str| format!("[[detector.example]]\ntext = '{text}'\ntier = '{tier}'\n");
    let rules = format!(
        "schema = 1\n[[detector]]\nid = 'a.b'\nname = 'n'\n[[detector.primary]]\nregex = 'BDG-[0-9]{{6}}'\n\
         [[detector.tier]]\nname = 'low'\nconfidence = 65\n{}",
        example("take BDG-123456", "low")
    );
    let own = ["--no-builtin", "--rules", "rule.toml"];
    scene.write("rule.toml", &rules);
    scene
        .call(["rules", "test"])
        .args(own)
        .run()
        .expect_code(0)
        .expect_out("1 example of 1 detector: 1 holds, 0 do not");
    scene.write("rule.toml", format!("{rules}{}", example("take nothing", "low")));
    let ran = scene.call(["rules", "test"]).args(own).run();
    ran.expect_code(1).expect_out("rule.toml:14: a.b: expected one finding of tier `low`, got 0 findings");
    let ran = scene.call(["rules", "test", "--format", "json"]).args(own).run();
    ran.expect_code(1);
    let rows = ran.lines();
    same("run", &Value::from(2), &rows[0]["run"]);
    same("line", &Value::from(14), &rows[0]["failures"][0]["line"]);
}

#[test]
fn explain_tells_why_and_why_not() {
    let scene = Scene::new();
    let far = format!("badge {} BDG-123456", "-".repeat(40));
    let rows: &[(&str, &[&str], &[&str])] = &[
        (
            "found",
            &["card.payment", "--text", "credit card 4556 7375 8689 9855"],
            &["candidate at 12..31", "validator luhn: passed", "tier high (85): holds", "reached: high (85, high)"],
        ),
        (
            "one digit off",
            &["card.payment", "--text", "credit card 4556 7375 8689 9854"],
            &["validator luhn: refused", "Luhn sum modulo 10: expected 0, found 9", "reached: no tier"],
        ),
        (
            "keyword near",
            &["test.badge", "--text", "badge: BDG-123456"],
            &[
                "badge.words within 20 characters: found 1, wants at least 1; nearest 2 characters before",
                "reached: high",
            ],
        ),
        (
            "keyword too far",
            &["test.badge", "--text", &far],
            &[
                "tier high (85): lacks: evidence",
                "found 0, wants at least 1; nearest 42 characters before",
                "reached: low (65, low)",
            ],
        ),
        (
            "keyword nowhere",
            &["test.badge", "--text", "BDG-123456"],
            &["found 0, wants at least 1; none in the text", "reached: low"],
        ),
        (
            "a letter beside it",
            &["test.badge", "--text", "xBDG-123456"],
            &["refused: a letter or digit stands directly beside it (edge)", "reached: no tier"],
        ),
        ("no candidate", &["test.badge", "--text", "no number here"], &["no candidate", "shape: BDG-[0-9]{6}"]),
        ("empty", &["test.badge", "--text", ""], &["no candidate"]),
        (
            "one value of two",
            &["test.badge", "--text", "BDG-123456 and BDG-654321", "--value", "BDG-654321"],
            &["candidate at 15..25"],
        ),
        (
            "a value that is not there",
            &["test.badge", "--text", "BDG-123456", "--value", "BDG-654321"],
            &["the value does not stand in the text"],
        ),
    ];
    for (what, args, parts) in rows {
        let ran = scene.call(["rules", "explain", "--rules", "../badge.toml"]).args(*args).run();
        ran.expect_code(0).expect_quiet();
        for part in *parts {
            assert!(ran.out().contains(part), "{what}{}", ran.frame(part, "not there"));
        }
    }
    let ran = scene
        .call(["rules", "explain", "test.badge", "--text", "BDG-123456 and BDG-654321", "--value", "BDG-654321"])
        .args(OWN)
        .run();
    assert!(!ran.out().contains("candidate at 0"), "{}", ran.frame("one candidate", "both"));
}

#[test]
fn explain_refuses_what_it_cannot_do() {
    let scene = Scene::new();
    scene.write("large.txt", "BDG-123456 ".repeat(100_000));
    scene.write("latin.txt", b"Gr\xf6\xdfe");
    let rows: &[(&[&str], &[&str])] = &[
        (&["test.bagde", "--text", "x"], &["no detector `test.bagde`", "did you mean `test.badge`?"]),
        (&["quite.another", "--text", "x"], &["no detector `quite.another`", "rules list"]),
        (&["test.badge", "--file", "large.txt"], &["takes up to 1048576", "cut out"]),
        (&["test.badge", "--file", "latin.txt"], &["not UTF-8", "sluicebox extract"]),
        (&["test.badge", "--file", "missing.txt"], &["missing.txt"]),
        (&["test.badge"], &["one of `--text TEXT` and `--file PATH` is needed"]),
        (&["test.badge", "--text", "x", "--file", "y"], &["cannot be used with"]),
    ];
    for (args, parts) in rows {
        let ran = scene.call(["rules", "explain"]).args(OWN).args(*args).run();
        ran.expect_code(2);
        for part in *parts {
            ran.expect_err(part);
        }
    }
    let ran = scene.call(["rules", "explain", "test.badge", "--file", "-"]).args(OWN).stdin("badge BDG-123456").run();
    ran.expect_code(0).expect_out("reached: high");
    let ran = scene.call(["rules", "explain", "test.badge", "--file", "-"]).args(OWN).stdin(vec![b'x'; 2 << 20]).run();
    ran.expect_code(2).expect_err("takes up to 1048576");
}

#[test]
fn a_reader_that_leaves_is_no_fault() {
    let scene = Scene::new();
    for args in [&["rules", "list"][..], &["rules", "list", "--format", "json"], &["rules", "test"]] {
        let mut running = scene.call(args).start();
        running.hang_up();
        let ran = running.finish();
        ran.expect_quiet();
        assert!(ran.code() >= 0, "{}", ran.frame("an exit code", &ran.status.to_string()));
    }
}
