//! Rules of other tools from outside: scanned with, imported, checked, and written for another product.

use crate::harness::{Scene, same};

const GITLEAKS: &str = "\
[[rules]]
id = \"acme-token\"
description = \"A token of Acme.\"
regex = '''(?i)acme.{0,10}[=:]\\s*([a-z0-9]{16})(?:['\"\\s]|$)'''
entropy = 3.0
keywords = [\"acme\"]
[[rules.allowlists]]
stopwords = [\"example\"]

[[rules]]
id = \"odd\"
regex = '''(?<!x)[a-z]{2,9}-(\\d)\\1'''
path = '''\\.env$'''

[[rules]]
id = \"broken\"
regex = '''(a'''
";

#[test]
fn a_foreign_file_runs_and_is_told() {
    let scene = Scene::new();
    scene.write("g.toml", GITLEAKS);
    scene.write(
        "a.txt",
        "acme_key = k3v9x0q7m2w8z5t1\nacme = k3v9x0q7m2w8z5t1 # gitleaks:allow\nacme: aaaabbbbaaaabbbb\nab-77\n",
    );
    let ran = scene.call(["scan", "--no-builtin", "--rules", "g.toml", "--format", "jsonl", "a.txt"]).run();
    ran.expect_code(1).expect_err(
        "note: g.toml is gitleaks TOML: rules taken as they stand: 1, rewritten: 0, approximated: 1, skipped: 1",
    );
    let found: Vec<String> =
        ran.findings().iter().map(|one| one["detector"].as_str().unwrap_or_default().to_owned()).collect();
    same("detectors", &vec!["gitleaks.acme-token".to_owned(), "gitleaks.odd".to_owned()], &found);
}

#[test]
fn an_import_is_reported_and_written() {
    let scene = Scene::new();
    scene.write("g.toml", GITLEAKS);
    let ran = scene.call(["rules", "import", "g.toml", "-o", "ours.toml"]).run();
    ran.expect_code(0)
        .expect_out("taken        g.toml:2:6 acme-token\n")
        .expect_out("rewritten    g.toml:11:6 odd: look-around or a back-reference is decided by the bounded engine")
        .expect_out("approximated g.toml:11:6 odd: its `path` is not looked at")
        .expect_out("skipped      g.toml:16:6 broken: its expression cannot be read: a group has no end");
    let hashes = |file: &str| -> Vec<String> {
        let ran = scene.call(["rules", "list", "--no-builtin", "--rules", file, "--format", "json"]).run();
        ran.expect_code(0);
        ran.lines().iter().map(|line| line["hash"].as_str().unwrap_or_default().to_owned()).collect()
    };
    same("hashes", &hashes("g.toml"), &hashes("ours.toml"));
    scene
        .call(["rules", "import", "g.toml", "-o", "ours.toml"])
        .run()
        .expect_code(2)
        .expect_err("cannot write ours.toml");
    scene
        .call(["rules", "import", "ours.toml"])
        .run()
        .expect_code(2)
        .expect_err("none of these files is for another tool");
}

#[test]
fn a_check_tells_places_of_foreign_files() {
    let scene = Scene::new();
    scene.write("g.toml", GITLEAKS);
    let ran = scene.call(["rules", "check", "--no-builtin", "--rules", "g.toml"]).run();
    ran.expect_code(0)
        .expect_out("warning[import-skipped]: `broken`")
        .expect_out("g.toml:16:6")
        .expect_out("warning[import-approximated]");
    scene.write("bad.toml", "[[rules]]\nid = \n");
    scene.call(["rules", "check", "--rules", "bad.toml"]).run().expect_code(2).expect_err("bad.toml:2:");
    scene.write("bad.yml", "rules:\n- id: [\n");
    scene.call(["rules", "check", "--rules", "bad.yml"]).run().expect_code(2).expect_err("bad.yml:");
    scene.write("bad.xml", "<RulePackage><Rules></RulePackage>");
    scene.call(["rules", "check", "--rules", "bad.xml"]).run().expect_code(2).expect_err("bad.xml:1:");
}

#[test]
fn our_own_rules_can_be_said_to_purview() {
    let scene = Scene::new();
    let ran = scene.call(["rules", "export", "--format", "purview", "--only", "id.us-ssn", "-o", "out.xml"]).run();
    ran.expect_code(0);
    let ran = scene.call(["rules", "list", "--no-builtin", "--rules", "out.xml"]).run();
    ran.expect_code(0).expect_err("note: out.xml is Purview rule package: ");
}
