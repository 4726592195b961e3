//! `policy` from outside: what is told of bad and of odd files, templates, new policies, and what holds of the settings.

use crate::harness::{Ran, Scene, same};
use std::path::{Path, PathBuf};

/// Settings with a connector and a webhook, so that names can be wrong.
const SETTINGS: &str = "\
[connector.box-emea]
provider = \"box\"
client_id = \"c\"
enterprise_id = \"1\"

[notify.webhooks.siem]
url = \"https://siem.example.com/hook\"
secret_file = \"siem.secret\"
";

fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("sluicebox.toml", SETTINGS);
    scene
}

fn policy(scene: &Scene, args: &[&str]) -> Ran {
    scene.call(["policy"]).args(args).args(["--settings", "sluicebox.toml"]).run()
}

/// Holds every `NAME.toml` of a folder against its `NAME.txt`, or writes that under `SLUICEBOX_BLESS=1`; gives all texts.
fn golden(folder: &str, at_least: usize, code: i32) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    files.sort();
    assert!(files.len() >= at_least, "{} files", files.len());
    let scene = scene();
    let (mut all, mut wrong) = (String::new(), Vec::new());
    for file in files {
        let got = told(&scene, &file, code);
        let path = file.with_extension("txt");
        if std::env::var_os("SLUICEBOX_BLESS").is_some_and(|value| value == "1") {
            std::fs::write(&path, &got).unwrap();
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default();
        if expected != got {
            wrong.push(format!("{}\n--- expected\n{expected}\n--- got\n{got}", path.display()));
        }
        all.push_str(&got);
    }
    assert!(wrong.is_empty(), "SLUICEBOX_BLESS=1 writes them anew\n{}", wrong.join("\n"));
    all
}

/// All that the program says of a file under its own name.
fn told(scene: &Scene, file: &Path, code: i32) -> String {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap();
    scene.write(name, std::fs::read(file).unwrap());
    let ran = policy(scene, &["check", name]);
    ran.expect_code(code);
    format!("{}{}", ran.out(), ran.err())
}

#[test]
fn bad_files_are_told_what_is_wrong_with_place_and_suggestion() {
    let all = golden("policies-bad", 30, 2);
    let suggestions = all.matches("= help: ").count();
    assert!(suggestions >= 30, "{suggestions} suggestions");
}

#[test]
fn odd_files_are_warned_about_and_every_code_has_a_file_that_shows_it() {
    let all = golden("policies-odd", 7, 0);
    let codes = sluicebox::policy::file::CODES;
    assert!(codes.is_sorted());
    for (code, _) in codes {
        assert!(all.contains(&format!("warning[{code}]")), "{code}");
    }
}

#[test]
fn warnings_fail_when_they_are_to_be_counted() {
    let scene = scene();
    scene.write(
        "p.toml",
        "schema = 1\n[[policy]]\nname = 'p'\ntitle = 'T'\nseverity = 'low'\nwhere = 'access < private'\n",
    );
    policy(&scene, &["check", "p.toml"]).expect_code(0).expect_out("1 policy, 0 errors, 1 warning");
    policy(&scene, &["check", "p.toml", "--strict"]).expect_code(1);
    let ran = policy(&scene, &["check", "p.toml", "--format", "json"]);
    let lines = ran.lines();
    same("code", &"never-matches", &lines[0]["code"].as_str().unwrap_or_default());
    same("place", &(6, 10), &(lines[0]["line"].as_u64().unwrap_or(0), lines[0]["column"].as_u64().unwrap_or(0)));
}

#[test]
fn templates_are_listed_copied_and_give_the_plans_that_are_expected_of_them() {
    let scene = scene();
    let ran = scene.call(["policy", "templates"]).run();
    for name in [
        "pci-cards-outside",
        "pii-us-outside",
        "pii-eu-outside",
        "phi-outside",
        "credentials-shared",
        "anything-public",
    ] {
        ran.expect_code(0).expect_out(name);
    }
    scene.call(["policy", "check", "--templates"]).run().expect_code(0).expect_out("as expected, 0 not");
    scene.call(["policy", "templates", "--copy", "policies"]).run().expect_code(0).expect_out("6 files written");
    // Beside the settings they are found by themselves.
    policy(&scene, &["check", "--strict"]).expect_code(0).expect_out("6 policies, 0 errors, 0 warnings");
    let ran = policy(&scene, &["list", "--format", "jsonl"]);
    ran.expect_code(0);
    for line in ran.lines() {
        same("mode", &"watch", &line["mode"].as_str().unwrap_or_default());
        same("in force", &"watch", &line["in_force"].as_str().unwrap_or_default());
        same("hash", &Some(64), &line["hash"].as_str().map(str::len));
        assert!(line["approved"].is_null(), "{line}");
    }
    policy(&scene, &["show", "phi-outside"]).expect_code(0).expect_out("HIPAA").expect_out("remove_links");
    policy(&scene, &["show", "phi"]).expect_code(2).expect_err("there is no policy `phi`");
    // What somebody edited stays.
    scene.write("policies/public.toml", "schema = 1\n");
    scene.call(["policy", "templates", "--copy", "policies"]).run().expect_code(0).expect_out("6 there already");
    policy(&scene, &["check"]).expect_code(2).expect_err("missing key `policy`");
}

#[test]
fn a_new_policy_is_written_for_a_filter() {
    let scene = scene();
    let args = [
        "--where",
        "access >= external and name word \"salary\"",
        "--name",
        "pay",
        "--do",
        "restrict_links to=company",
    ];
    let ran = policy(&scene, &[["new"].as_slice(), &args, &["--do", "notify whom=owner,webhook:siem"]].concat());
    ran.expect_code(0).expect_quiet();
    scene.write("pay.toml", ran.out());
    policy(&scene, &["check", "pay.toml", "--strict"]).expect_code(0);
    assert!(ran.out().contains("where = 'access >= external and name word \"salary\"'"), "{}", ran.out());
    assert!(ran.out().contains("mode = \"plan\""), "{}", ran.out());
    let rows: &[(&[&str], &str)] = &[
        (&["--where", "acces = public"], "did you mean `access`?"),
        (&["--where", "trashed", "--do", "remove_link"], "did you mean `remove_links`?"),
        (&["--where", "trashed", "--do", "expire_links"], "missing key `lasting`"),
        (&["--where", "trashed", "--name", "No Name"], "for example `no-name`"),
        (&["--where", "trashed", "--do", "notify whom=webhook:x"], "there is no webhook `x`"),
        (&["--where", "trashed", "--do", "suspend"], "needs a second operator"),
        (&["--where", "finding(detector = nothing.such)"], "there is no detector `nothing.such`"),
    ];
    for (args, message) in rows {
        policy(&scene, &[["new"].as_slice(), args].concat()).expect_code(2).expect_err(message);
    }
}

#[test]
fn without_policies_it_says_how_to_begin() {
    let scene = scene();
    policy(&scene, &["check"]).expect_code(2).expect_err("sluicebox policy templates --copy DIR");
    policy(&scene, &["list"]).expect_code(0).expect_out("No policies.");
}

/// Policies are heard in the order of their files' names, wherever these lie, and within a file as they stand.
#[test]
fn policies_are_heard_in_the_order_of_their_files() {
    let scene = scene();
    let one = |name: &str| {
        format!("\n[[policy]]\nname = '{name}'\ntitle = 'T'\nseverity = 'low'\nwhere = 'access = public'\n")
    };
    scene.write("z/10-first.toml", format!("schema = 1\n{}{}", one("b"), one("a")));
    scene.write("a/20-second.toml", format!("schema = 1\n{}", one("c")));
    scene.write("sluicebox.toml", "[policies]\npaths = [\"a\", \"z\"]\n");
    let ran = policy(&scene, &["list", "--format", "jsonl"]);
    let names: Vec<String> =
        ran.lines().iter().map(|line| line["name"].as_str().unwrap_or_default().to_owned()).collect();
    same("order", &vec!["b".to_owned(), "a".to_owned(), "c".to_owned()], &names);
}
