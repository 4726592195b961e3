//! Files and folders made to hurt, through the whole program under a bound on memory: each is told by a reason of the
//! closed list, none ends the run, and a good neighbour is always read.

use crate::extract::build;
use crate::harness::{Ran, Running, Scene, same};
use serde_json::Value;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::process::Command;

const FOUND: &str = "take BDG-123456 along\n";

/// Larger than any machine reads while a test runs.
const ENDLESS_BYTES: u64 = 60 << 30;

/// Runs over `bad` and a good neighbour, as JSON lines and as text; the neighbour must be read and the reason told.
fn told(scene: &Scene, args: &[&str], bad: &str, coverage: &str) -> Ran {
    scene.write("zz-neighbour.txt", FOUND);
    let args: Vec<&str> = args.iter().copied().chain([bad, "zz-neighbour.txt"]).collect();
    let ran = scene.jsonl(&args);
    same(bad, &coverage.to_owned(), &ran.coverage(bad));
    same(&format!("{bad}, its neighbour"), &"complete".to_owned(), &ran.coverage("zz-neighbour.txt"));
    ran.expect_code(if coverage == "complete" { 1 } else { 3 }).expect_quiet();
    let text = scene.scan(&args).run();
    if coverage != "complete" {
        text.expect_out(&format!("{bad}\n")).expect_out(&format!("\n  {coverage}  "));
    }
    ran
}

/// The holes of one file, as `place: reason`.
fn holes(ran: &Ran, path: &str) -> Vec<String> {
    let words = |hole: &Value| {
        let steps: Vec<&str> = hole["location"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        format!("{}: {}", steps.join(" > "), hole["reason"].as_str().unwrap_or_default())
    };
    ran.file(path)["holes"].as_array().into_iter().flatten().map(words).collect()
}

fn special(scene: &Scene) -> UnixListener {
    let made = Command::new("mkfifo").arg(scene.path("fifo")).status().expect("mkfifo");
    assert!(made.success());
    UnixListener::bind(scene.path("socket")).expect("a socket")
}

#[test]
fn pipes_sockets_and_devices_are_told_and_never_waited_for() {
    let scene = Scene::new();
    let _socket = special(&scene);
    for path in ["fifo", "socket", "/dev/null", "/dev/tty", "/dev/zero"] {
        told(&scene, &[], path, "skipped: special_file");
    }
    let ran = scene.jsonl(["."]);
    ran.expect_code(3);
    for path in ["./fifo", "./socket"] {
        same(path, &"skipped: special_file".to_owned(), &ran.coverage(path));
    }
}

#[test]
fn extract_waits_for_no_pipe_either() {
    let scene = Scene::new();
    let _socket = special(&scene);
    for (path, why) in [
        ("fifo", "a pipe, socket or device"),
        ("socket", "a pipe, socket or device"),
        ("/dev/zero", "a pipe, socket or device"),
        (".", "it is a folder"),
    ] {
        scene.call(["extract", path]).run().expect_code(2).expect_err(&format!("{path}: {why}; name a "));
    }
}

#[test]
fn what_the_user_may_not_read_is_told() {
    let scene = Scene::new();
    let user = Command::new("id").arg("-u").output().expect("id");
    if user.stdout == b"0\n" {
        // The superuser may read everything, so there is nothing to refuse.
        return;
    }
    scene.write("closed.txt", FOUND);
    scene.write("closed/inside.txt", FOUND);
    for name in ["closed.txt", "closed"] {
        assert!(Command::new("chmod").arg("000").arg(scene.path(name)).status().expect("chmod").success());
    }
    told(&scene, &[], "closed.txt", "skipped: access_denied");
    told(&scene, &[], "closed", "skipped: access_denied");
    assert!(Command::new("chmod").arg("700").arg(scene.path("closed")).status().expect("chmod").success());
}

#[test]
fn links_are_counted_or_followed_and_loops_end() {
    let scene = Scene::new();
    scene.write("real/a.txt", FOUND);
    scene.write("outside.txt", FOUND);
    for (target, link) in [
        ("..", "real/up"),
        ("self", "self"),
        ("pong", "ping"),
        ("ping", "pong"),
        ("nowhere", "dangling"),
        ("outside.txt", "good"),
    ] {
        symlink(target, scene.path(link)).expect("a link");
    }
    let ran = scene.jsonl(["."]);
    ran.expect_code(1);
    same("not followed", &["./outside.txt", "./real/a.txt"].map(str::to_owned).to_vec(), &ran.paths());
    let ran = scene.jsonl([".", "--follow"]);
    ran.expect_code(3);
    let rows = [
        ("./dangling", "skipped: deleted"),
        ("./good", "complete"),
        ("./ping", "skipped: not_inspectable"),
        ("./pong", "skipped: not_inspectable"),
        ("./self", "skipped: not_inspectable"),
        ("./real/up", "skipped: not_inspectable"),
        ("./real/a.txt", "complete"),
    ];
    for (path, coverage) in rows {
        same(path, &coverage.to_owned(), &ran.coverage(path));
    }
    // A link that is named is followed: its name was given on purpose.
    let rows = [("good", "complete"), ("dangling", "skipped: deleted"), ("self", "skipped: not_inspectable")];
    for (path, coverage) in rows {
        told(&scene, &[], path, coverage);
    }
}

/// A zip file with the bit set that says "encrypted" in all its headers (APPNOTE 4.4.4, bit 0).
fn encrypted_zip() -> Vec<u8> {
    let mut bytes = build::zip(&[("secret.txt", FOUND.as_bytes())]);
    for (mark, flags_at) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = bytes.windows(4).position(|four| four == mark).expect("a header");
        bytes[at + flags_at] |= 1;
    }
    bytes
}

/// Archives one in the other, the innermost with a text that has a finding.
fn nested(depth: u32) -> Vec<u8> {
    (0..depth).fold(build::zip(&[("a.txt", FOUND.as_bytes())]), |inner, _| build::stored_zip(&[("in.zip", &inner)]))
}

fn billion_laughs() -> String {
    let mut xml = String::from("<?xml version=\"1.0\"?>\n<!DOCTYPE l [\n<!ENTITY l0 \"BDG-999999 \">\n");
    for level in 1..12 {
        let ten = format!("&l{};", level - 1).repeat(10);
        xml.push_str(&format!("<!ENTITY l{level} \"{ten}\">\n"));
    }
    xml + "]>\n<l>&l11;</l>\n"
}

/// Name, bytes, arguments, coverage, holes.
type Bomb<'a> = (&'a str, &'a [u8], &'a [&'a str], &'a str, &'a [&'a str]);

#[test]
fn bombs_end_at_a_limit() {
    let scene = Scene::new();
    let zeros = vec![0; 64 << 20];
    let bomb = build::zip(&[("zeros.bin", &zeros), ("after.txt", FOUND.as_bytes())]);
    let many: Vec<(String, &[u8])> = (0..20_000).map(|n| (format!("{n}.txt"), FOUND.as_bytes())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, body)| (name.as_str(), *body)).collect();
    let many = build::stored_zip(&many);
    let laughs = billion_laughs();
    let rows: &[Bomb<'_>] = &[
        ("bomb.zip", &bomb, &[], "partial: member", &["zeros.bin: limit:ratio"]),
        ("bomb.gz", &build::gzip(&zeros), &[], "partial: member", &["bomb: limit:ratio"]),
        (
            "inflated.zip",
            &bomb,
            &["--limit", "ratio=1M", "--limit", "bytes_inflated=1M"],
            "partial: limit:bytes_inflated",
            &["zeros.bin: limit:bytes_inflated"],
        ),
        ("many.zip", &many, &["--limit", "members=100"], "partial: limit:members", &[]),
        ("too-many.zip", &many, &["--limit", "members=19999"], "partial: limit:members", &[]),
        ("enough.zip", &many, &[], "complete", &[]),
        (
            "nested.zip",
            &nested(20),
            &["--limit", "depth=4"],
            "partial: member",
            &["in.zip > in.zip > in.zip > in.zip > in.zip: limit:depth"],
        ),
        ("shallow.zip", &nested(3), &["--limit", "depth=4"], "complete", &[]),
        ("laughs.xml", laughs.as_bytes(), &[], "complete", &[]),
    ];
    for (name, bytes, args, coverage, expected) in rows {
        scene.write(name, bytes);
        let ran = told(&scene, args, name, coverage);
        let expected: Vec<String> = expected.iter().map(|hole| (*hole).to_owned()).collect();
        same(name, &expected, &holes(&ran, name));
    }
}

#[test]
fn deep_nesting_costs_no_stack() {
    let scene = Scene::new();
    let levels = 100_000;
    let rows = [
        ("deep.json", format!("{}\"BDG-123456\"{}", "[".repeat(levels), "]".repeat(levels))),
        ("objects.json", format!("{}\"BDG-123456\"{}", "{\"a\\u0062\":".repeat(levels), "}".repeat(levels))),
        ("open.json", "{\"a\":[".repeat(levels) + "\"BDG-123456\""),
        ("deep.html", format!("<html><body>{}BDG-123456", "<div>".repeat(levels))),
    ];
    for (name, text) in rows {
        scene.write(name, text);
        let ran = told(&scene, &[], name, "complete");
        assert!(ran.findings().iter().any(|line| line["path"] == name), "{}", ran.frame("a finding", name));
    }
    scene.write("deep.xml", format!("<?xml version=\"1.0\"?>{}BDG-123456", "<a>".repeat(levels)));
    told(&scene, &[], "deep.xml", "partial: limit:nesting");
}

#[test]
fn damaged_and_disguised_files_are_told() {
    let scene = Scene::new();
    let docx = build::docx(&format!("<w:p><w:r><w:t>{FOUND}</w:t></w:r></w:p>"), &[]);
    let trailing = [build::gzip(FOUND.as_bytes()), b"and then BDG-777777, hidden behind".to_vec()].concat();
    let rows: &[(&str, &[u8], &str, usize, bool)] = &[
        ("whole.docx", &docx, "complete", 1, false),
        ("cut.docx", &docx[..docx.len() - 40], "partial: corrupt", 1, false),
        ("encrypted.zip", &encrypted_zip(), "partial: member", 0, false),
        ("trailing.gz", &trailing, "complete", 2, false),
        ("letter.txt", &docx, "complete", 1, true),
        ("page.pdf", FOUND.as_bytes(), "complete", 1, true),
        ("notes.csv", FOUND.as_bytes(), "complete", 1, false),
        ("picture.png", &build::zip(&[("a.txt", FOUND.as_bytes())]), "complete", 1, true),
        ("no-extension", &docx, "complete", 1, false),
        ("empty.zip", b"", "complete", 0, false),
        ("head-only.zip", b"PK\x03\x04", "partial: corrupt", 0, false),
    ];
    for (name, bytes, coverage, findings, mismatch) in rows {
        scene.write(name, bytes);
        let ran = told(&scene, &[], name, coverage);
        same(
            &format!("{name}, findings"),
            findings,
            &ran.findings().iter().filter(|line| line["path"] == *name).count(),
        );
        same(&format!("{name}, mismatch"), &Value::from(*mismatch), &ran.file(name)["mismatch"]);
    }
    same(
        "its member",
        &vec!["secret.txt: encrypted_password".to_owned()],
        &holes(&scene.jsonl(["encrypted.zip"]), "encrypted.zip"),
    );
    scene.scan(["letter.txt"]).run().expect_out("is docx  its name promises another type");
}

/// Text enough that a pipe cannot take it: whoever prints it waits for us in its middle.
fn long_text() -> String {
    "a line of a log\n".repeat(1 << 19)
}

/// `extract` of a file that was changed by `change` after the first line came out.
fn changed(scene: &Scene, change: impl FnOnce()) -> Ran {
    scene.write("log.txt", long_text());
    let mut running = scene.call(["extract", "log.txt"]).start();
    same("first line", &"a line of a log".to_owned(), &running.line());
    change();
    running.finish()
}

#[test]
fn a_file_that_changes_under_the_reader_is_told() {
    let scene = Scene::new();
    let path = scene.path("log.txt");
    let open = || std::fs::OpenOptions::new().append(true).open(&path).expect("opened");
    let changed_words = "log.txt: partial: changed_while_read";
    let grown = changed(&scene, || open().set_len(20 << 20).expect("grown"));
    grown.expect_code(3).expect_err(changed_words);
    let cut = changed(&scene, || open().set_len(1 << 20).expect("cut"));
    cut.expect_code(3).expect_err(changed_words);
    assert!(cut.stdout.len() < 2 << 20, "{} bytes", cut.stdout.len());
    let rewritten = changed(&scene, || std::fs::write(&path, "short\n").expect("written"));
    rewritten.expect_code(3).expect_err(changed_words);
    // What was opened can be read to its end, whatever becomes of the name.
    let removed = changed(&scene, || std::fs::remove_file(&path).expect("removed"));
    removed.expect_code(0).expect_quiet();
    same("all of it", &(long_text().len() - "a line of a log\n".len() + 1), &removed.stdout.len());
    let replaced = changed(&scene, || {
        scene.write("other.txt", "another file\n");
        std::fs::rename(scene.path("other.txt"), &path).expect("renamed");
    });
    replaced.expect_code(0).expect_quiet();
}

/// A scan that is in the middle of a file without end.
#[cfg(target_os = "linux")]
fn in_the_middle(scene: &Scene) -> Running {
    scene.write("a.txt", FOUND);
    let endless = scene.sparse("m.txt", FOUND.repeat(20_000).as_bytes(), ENDLESS_BYTES);
    for name in ["x.txt", "y.txt", "z.txt"] {
        scene.write(name, FOUND);
    }
    let mut running = scene.scan([".", "--format", "jsonl", "--threads", "1"]).start();
    running.until_open(&endless);
    running
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_that_vanishes_or_shrinks_during_a_scan_is_told() {
    let scene = Scene::new();
    let running = in_the_middle(&scene);
    std::fs::remove_file(scene.path("x.txt")).expect("removed");
    std::fs::remove_file(scene.path("y.txt")).expect("removed");
    std::fs::create_dir(scene.path("y.txt")).expect("a folder");
    let endless = std::fs::OpenOptions::new().write(true).open(scene.path("m.txt")).expect("opened");
    endless.set_len(1 << 20).expect("cut");
    let ran = running.finish();
    ran.expect_code(3);
    let rows = [
        ("./a.txt", "complete"),
        ("./m.txt", "partial: changed_while_read"),
        ("./x.txt", "skipped: deleted"),
        ("./y.txt", "skipped: special_file"),
        ("./z.txt", "complete"),
    ];
    for (path, coverage) in rows {
        same(path, &coverage.to_owned(), &ran.coverage(path));
    }
}

#[test]
fn a_large_file_is_read_in_little_memory() {
    let scene = Scene::new();
    // Larger than the bound on memory, the second in a single line.
    scene.sparse("sparse.txt", FOUND.repeat(20_000).as_bytes(), 600 << 20);
    scene.write("line.txt", vec![b'a'; 600 << 20]);
    scene.write("found.txt", "BDG-123456 ".repeat(1 << 18));
    let ran = scene.jsonl(["."]);
    ran.expect_code(1);
    same("complete", &Value::from(3), &ran.summary()["complete"]);
    same("findings", &Value::from(20_000 + (1 << 18)), &ran.summary()["findings"]);
}
