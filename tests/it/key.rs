//! The key of tokens: made once, kept private, the same for every scan.

use crate::harness::{Ran, Scene, same};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const FOUND: &str = "take BDG-123456 along\n";
const DIGITS: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn scene() -> Scene {
    let scene = Scene::new();
    scene.write("a.txt", FOUND);
    scene
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("a key").permissions().mode() & 0o7777
}

#[track_caller]
fn token(ran: &Ran) -> String {
    ran.expect_code(1);
    let findings = ran.findings();
    same("findings", &1, &findings.len());
    findings[0]["token"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn it_is_made_private_at_first_use_and_used_again() {
    let scene = scene();
    let first = token(&scene.jsonl(["a.txt"]));
    same("mode", &0o600, &mode(&scene.key()));
    let made = std::fs::read_to_string(scene.key()).expect("a key");
    let words: Vec<&str> = made.split_whitespace().collect();
    assert!(matches!(words[..], ["sluicebox-token-key", "1", digits] if digits.len() == 64), "a key of another shape");
    same("folder", &1, &std::fs::read_dir(scene.home(".config/sluicebox")).expect("a folder").count());
    same("second scan", &first, &token(&scene.jsonl(["a.txt"])));
    same("the key", &made, &std::fs::read_to_string(scene.key()).expect("a key"));
    std::fs::remove_file(scene.key()).expect("removed");
    assert!(first != token(&scene.jsonl(["a.txt"])), "another key gives the same token");
}

#[test]
fn its_place_can_be_chosen() {
    let scene = scene();
    let kept = |path: &Path| path.exists();
    scene.scan(["a.txt", "--key-file", "own.key"]).run().expect_code(1);
    assert!(kept(&scene.path("own.key")) && !kept(&scene.key()));
    same("mode", &0o600, &mode(&scene.path("own.key")));
    scene.scan(["a.txt"]).env("XDG_CONFIG_HOME", scene.home("config")).run().expect_code(1);
    assert!(kept(&scene.home("config/sluicebox/token.key")) && !kept(&scene.key()));
    // The base directory specification: a relative path is ignored.
    scene.scan(["a.txt"]).env("XDG_CONFIG_HOME", "config").run().expect_code(1);
    assert!(kept(&scene.key()) && !kept(&scene.path("config")));
}

#[test]
fn it_can_come_from_the_environment() {
    let scene = scene();
    let under =
        |digits: &str| token(&scene.scan(["a.txt", "--format", "jsonl"]).env("SLUICEBOX_TOKEN_KEY", digits).run());
    let one = under(DIGITS);
    assert!(one.starts_with("k1:") && one.len() == 35, "{one}");
    same("upper case", &one, &under(&DIGITS.to_uppercase()));
    same("with a line end", &one, &under(&format!("{DIGITS}\n")));
    assert!(one != under(&DIGITS.replace('f', "e")));
    assert!(!scene.key().exists());
    scene.write("same.key", format!("sluicebox-token-key 1 {DIGITS}\n"));
    std::fs::set_permissions(scene.path("same.key"), PermissionsExt::from_mode(0o600)).expect("mode");
    same("from a file", &one, &token(&scene.jsonl(["a.txt", "--key-file", "same.key"])));
    scene.write("next.key", format!("sluicebox-token-key 2 {DIGITS}\n"));
    std::fs::set_permissions(scene.path("next.key"), PermissionsExt::from_mode(0o600)).expect("mode");
    let next = token(&scene.jsonl(["a.txt", "--key-file", "next.key"]));
    same("next version", &one.replace("k1:", "k2:"), &next);
}

#[test]
fn a_key_that_will_not_do_is_refused_and_never_printed() {
    let scene = scene();
    let whole = format!("sluicebox-token-key 1 {DIGITS}\n");
    let rows: &[(&str, &str, u32, &[&str])] = &[
        ("group.key", &whole, 0o640, &["group.key", "chmod 600"]),
        ("world.key", &whole, 0o604, &["world.key", "chmod 600"]),
        ("writable.key", &whole, 0o620, &["chmod 600"]),
        ("empty.key", "", 0o600, &["empty.key is no token key", "64-HEX-DIGITS"]),
        ("bare.key", DIGITS, 0o600, &["bare.key is no token key"]),
        ("short.key", &format!("sluicebox-token-key 1 {}", &DIGITS[..62]), 0o600, &["short.key is no token key"]),
        ("letters.key", &whole.replace("ee", "zz"), 0o600, &["letters.key is no token key"]),
        ("version.key", &whole.replace(" 1 ", " one "), 0o600, &["version.key is no token key"]),
    ];
    for (name, text, mode, parts) in rows {
        scene.write(name, text);
        std::fs::set_permissions(scene.path(name), PermissionsExt::from_mode(*mode)).expect("mode");
        let ran = scene.scan(["a.txt", "--key-file", name]).run();
        refused(&ran, parts);
        same(name, &(*text).to_owned(), &std::fs::read_to_string(scene.path(name)).expect("a key"));
    }
    for digits in ["", "00", &DIGITS[..63], &format!("{DIGITS}0"), &DIGITS.replace('0', "+"), &"é".repeat(32)] {
        refused(&scene.scan(["a.txt"]).env("SLUICEBOX_TOKEN_KEY", digits).run(), &["SLUICEBOX_TOKEN_KEY", "64"]);
    }
    std::fs::create_dir(scene.path("folder")).expect("a folder");
    refused(&scene.scan(["a.txt", "--key-file", "folder"]).run(), &["folder"]);
    refused(&scene.scan(["a.txt"]).env("HOME", "relative").run(), &["--key-file"]);
    assert!(!scene.key().exists());
}

#[track_caller]
fn refused(ran: &Ran, parts: &[&str]) {
    ran.expect_code(2);
    for part in parts {
        ran.expect_err(part);
    }
    let shows = |text: &str| DIGITS.as_bytes().windows(12).any(|run| text.contains(&*String::from_utf8_lossy(run)));
    assert!(!shows(&ran.err()) && !shows(&ran.out()), "the key is shown");
}

#[test]
fn two_scans_that_race_to_make_it_agree() {
    for _ in 0..5 {
        let scene = scene();
        let racers: Vec<_> = (0..6).map(|_| scene.scan(["a.txt", "--format", "jsonl"]).start()).collect();
        let tokens: Vec<String> = racers.into_iter().map(|racer| token(&racer.finish())).collect();
        assert!(tokens.iter().all(|token| *token == tokens[0]), "{tokens:?}");
        same("left in the folder", &1, &std::fs::read_dir(scene.home(".config/sluicebox")).expect("a folder").count());
        same("a later scan", &tokens[0], &token(&scene.jsonl(["a.txt"])));
    }
}

#[test]
fn a_key_that_cannot_be_kept_ends_the_scan_before_it_begins() {
    let scene = scene();
    // A file stands where the folder should be.
    std::fs::write(scene.home(".config"), "").expect("written");
    let ran = scene.scan(["a.txt"]).run();
    ran.expect_code(2).expect_err("token.key");
    same("stdout", &0, &ran.stdout.len());
}
