//! `scan` from outside: exit codes, what of a folder is read, in what order, and what the formats say.

use crate::extract::build;
use crate::harness::{Scene, same};
use serde_json::Value;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;

/// A finding of low confidence.
const LOW: &str = "take BDG-123456 along\n";
/// A finding of high confidence.
const HIGH: &str = "the badge is BDG-654321\n";
const CLEAN: &str = "nothing of interest\n";

/// A gzip file cut before its end: its text is read, but not all is certain.
fn cut_gzip() -> Vec<u8> {
    let mut bytes = build::gzip(CLEAN.as_bytes());
    bytes.truncate(bytes.len() - 6);
    bytes
}

/// A scene with one file of each kind that matters for the exit code.
fn kinds() -> Scene {
    let scene = Scene::new();
    scene.write("clean.txt", CLEAN);
    scene.write("found.txt", LOW);
    scene.write("gap.gz", cut_gzip());
    scene.write("sound.wav", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0");
    scene
}

#[test]
fn exit_codes_are_as_the_contract_says() {
    let scene = kinds();
    let rows: &[(&[&str], i32)] = &[
        (&["clean.txt"], 0),
        (&["found.txt"], 1),
        (&["clean.txt", "found.txt"], 1),
        (&["gap.gz"], 3),
        (&["gap.gz", "found.txt"], 3),
        (&["gap.gz", "--allow-partial"], 0),
        (&["gap.gz", "found.txt", "--allow-partial"], 1),
        (&["sound.wav"], 0),
        (&["sound.wav", "clean.txt"], 0),
        (&["sound.wav", "found.txt"], 1),
        (&["/dev/null"], 3),
        (&["/dev/null", "--allow-partial"], 0),
        (&["missing"], 2),
        (&["missing", "gap.gz", "found.txt"], 2),
        (&["missing", "--allow-partial"], 2),
        (&["found.txt", "--bogus"], 2),
        (&["found.txt", "--format", "xml"], 2),
        (&["found.txt", "--min-confidence", "101"], 2),
        (&["found.txt", "--min-confidence", "high"], 0),
        (&["found.txt", "--limit", "speed=1"], 2),
        (&["found.txt", "--limit", "time=soon"], 2),
        (&["found.txt", "--threads", "0"], 2),
        (&["-", "-"], 2),
        (&[], 2),
    ];
    for (args, code) in rows {
        let ran = scene.scan(*args).run();
        same(&format!("scan {}", args.join(" ")), code, &ran.code());
        let told = if *code == 2 { !ran.stderr.is_empty() && ran.stdout.is_empty() } else { ran.stderr.is_empty() };
        assert!(told, "scan {}{}", args.join(" "), ran.frame("messages on stderr, and only for code 2", "otherwise"));
        if *code != 2 {
            ran.expect_out(&format!("exit {code}: "));
        }
    }
}

#[test]
fn the_summary_says_what_the_exit_code_says() {
    let ran = kinds().jsonl(["."]);
    ran.expect_code(3);
    let summary = ran.summary();
    let rows = [("files", 4), ("complete", 2), ("partial", 1), ("skipped", 1), ("gaps", 1), ("findings", 1)];
    for (key, expected) in rows.into_iter().chain([("exit_code", 3), ("rules", 2)]) {
        same(key, &Value::from(expected), &summary[key]);
    }
    same("reasons", &serde_json::json!({"member": 1, "no_text": 1}), &counted(&summary["reasons"]));
    same("interrupted", &Value::from(false), &summary["interrupted"]);
}

/// `{"member": {"partial": 1, "skipped": 0}}` as `{"member": 1}`.
fn counted(reasons: &Value) -> Value {
    let sum = |totals: &Value| totals["partial"].as_u64().unwrap_or(0) + totals["skipped"].as_u64().unwrap_or(0);
    reasons.as_object().into_iter().flatten().map(|(reason, totals)| (reason.clone(), sum(totals))).collect()
}

#[test]
fn messages_name_what_is_wrong_and_what_to_try() {
    let scene = kinds();
    scene
        .write("broken.toml", "schema = 1\n[[detector]]\nid = 'x.y'\nname = 'n'\n[[detector.primary]]\nregex = '(['\n");
    let rows: &[(&[&str], &[&str])] = &[
        (&["missing.txt"], &["missing.txt", "No such file"]),
        (&["found.txt", "--threds", "2"], &["--threds", "--threads"]),
        (&["found.txt", "--only", "test.bagde"], &["unknown detector `test.bagde`", "did you mean `test.badge`?"]),
        (&["found.txt", "--tag", "dor"], &["unknown tag `dor`", "did you mean `door`?"]),
        (&["found.txt", "--rules", "broken.toml"], &["broken.toml:6:"]),
        (&["found.txt", "--rules", "nowhere.toml"], &["nowhere.toml"]),
        (&["found.txt", "--output", "nowhere/report.txt"], &["nowhere/report.txt"]),
        (&["found.txt", "--limit", "speed=1"], &["unknown limit", "bytes_inflated"]),
        (&["found.txt", "--format", "xml"], &["text, jsonl, csv, sarif, html"]),
        (&["-", "-"], &["only once"]),
    ];
    for (args, parts) in rows {
        let ran = scene.scan(*args).run();
        ran.expect_code(2);
        for part in *parts {
            ran.expect_err(part);
        }
    }
}

#[test]
fn a_message_never_carries_a_control_character_of_a_name() {
    let scene = Scene::new();
    let rows: &[&[&str]] = &[
        &["scan", "no\u{1b}[31m\nsuch"],
        &["extract", "no\u{1b}[31m\nsuch"],
        &["scan", ".", "--output", "no\u{1b}[31m\nsuch/report"],
        &["scan", ".", "--key-file", "no\u{1b}[31m\nsuch/../\u{1b}[31m\nfolder/"],
        &["rules", "explain", "card.payment", "--file", "no\u{1b}[31m\nsuch"],
        &["rules", "explain", "no\u{1b}[31m\nsuch", "--text", "x"],
    ];
    for args in rows {
        let ran = scene.call(*args).run();
        ran.expect_code(2);
        let hostile = ran.err().chars().any(|c| c.is_control() && c != '\n');
        assert!(!hostile && ran.err().lines().count() == 1, "{}", ran.frame("one harmless line", &format!("{args:?}")));
    }
}

#[test]
fn a_report_in_a_file_is_whole_or_not_there() {
    let scene = kinds();
    let ran = scene.scan(["found.txt", "--output", "out/report.txt"]).run();
    ran.expect_code(2);
    scene.write("out/report.txt", "an older report");
    scene.write("out/report.txt.part", "somebody else's");
    let ran = scene.scan(["found.txt", "--output", "out/report.txt"]).run();
    ran.expect_code(1).expect_err("exit 1: ");
    same("stdout", &0, &ran.stdout.len());
    same("the folder", &["report.txt", "report.txt.part"].map(str::to_owned).to_vec(), &names(&scene, "out"));
    let neighbour = std::fs::read_to_string(scene.path("out/report.txt.part"));
    same("neighbour", &"somebody else's", &&*neighbour.expect("read"));
    let report = std::fs::read_to_string(scene.path("out/report.txt")).expect("a report");
    assert!(report.contains("test.badge") && report.contains("exit 1: "), "{report}");
    // A folder stands where the report should go.
    let ran = scene.scan(["found.txt", "--output", "out"]).run();
    ran.expect_code(2).expect_err("out: it is a folder");
    let left: Vec<_> = names(&scene, "").into_iter().filter(|name| name.contains("part")).collect();
    same("left behind", &Vec::<String>::new(), &left);
}

#[test]
fn a_report_into_a_pipe_leaves_the_pipe_in_its_place() {
    let scene = kinds();
    let pipe = scene.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).expect("read")
    });
    scene.scan(["found.txt", "--output", "pipe"]).run().expect_code(1);
    assert!(std::fs::metadata(&pipe).expect("still there").file_type().is_fifo(), "the pipe was replaced");
    assert!(reader.join().expect("read").contains("exit 1: "));
}

fn names(scene: &Scene, folder: &str) -> Vec<String> {
    let entries = std::fs::read_dir(scene.path(folder)).expect("a folder").flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_report_does_not_read_itself() {
    let scene = Scene::new();
    for number in 0..300 {
        scene.write(format!("{number:03}.txt"), LOW.repeat(8));
    }
    let ran = scene.scan([".", "--format", "jsonl", "--output", "report.jsonl"]).run();
    ran.expect_code(1);
    let report = std::fs::read_to_string(scene.path("report.jsonl")).expect("a report");
    assert!(report.contains("\"files\":300,") && report.contains("\"gaps\":0,"), "{}", ran.frame("300 files", &report));
    let code = redirected(&scene, "--format jsonl . > redirected.jsonl");
    same("exit code", &1, &code);
    let report = std::fs::read_to_string(scene.path("redirected.jsonl")).expect("a report");
    let last = report.lines().last().unwrap_or_default();
    // The first report is an ordinary file by now.
    assert!(last.contains("\"files\":301,"), "{last}");
}

/// The exit code of a scan whose arguments end in what only a shell can do.
fn redirected(scene: &Scene, args: &str) -> i32 {
    let status = std::process::Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("exec \"$0\" scan --no-builtin --rules ../badge.toml {args}"))
        .arg(env!("CARGO_BIN_EXE_sluicebox"))
        .current_dir(scene.path(""))
        .env_clear()
        .env("HOME", scene.home(""))
        .status();
    status.expect("a shell").code().unwrap_or(-1)
}

#[test]
fn a_report_that_cannot_be_written_is_no_success() {
    let scene = kinds();
    for format in ["text", "jsonl", "csv", "sarif", "html"] {
        let code = redirected(&scene, &format!("found.txt --format {format} > /dev/full 2> message"));
        same(format, &2, &code);
        let message = std::fs::read_to_string(scene.path("message")).expect("a message");
        assert!(message.contains("cannot write the report"), "{format}: {message}");
    }
}

#[test]
fn a_reader_that_leaves_ends_the_scan_without_noise() {
    let scene = Scene::new();
    for number in 0..800 {
        scene.write(format!("{number:03}.txt"), LOW.repeat(8));
    }
    for format in ["jsonl", "csv", "text", "sarif"] {
        let mut running = scene.scan([".", "--format", format, "--threads", "1"]).start();
        assert!(!running.line().is_empty());
        running.hang_up();
        let ran = running.finish();
        // What came after was not looked at, so neither 0 nor 1 would be true.
        ran.expect_quiet().expect_code(3);
    }
}

#[test]
fn standard_input_is_a_file_like_any_other() {
    let scene = kinds();
    let noise: Vec<u8> = (0..4096u32).map(|n| u8::try_from(n.wrapping_mul(2_654_435_761) >> 24).unwrap_or(0)).collect();
    let rows: &[(&str, &[u8], &str, usize, i32)] = &[
        ("text", LOW.as_bytes(), "complete", 1, 1),
        ("empty", b"", "complete", 0, 0),
        ("binary", &noise, "partial: unsupported", 0, 3),
        ("gzip", &build::gzip(HIGH.as_bytes()), "complete", 1, 1),
        ("larger than memory keeps", &[CLEAN.repeat(400_000).as_bytes(), LOW.as_bytes()].concat(), "complete", 1, 1),
    ];
    for (what, bytes, coverage, findings, code) in rows {
        let ran = scene.scan(["-", "--format", "jsonl"]).stdin(*bytes).run();
        same(what, &(*coverage).to_owned(), &ran.coverage("-"));
        same(what, findings, &ran.findings().len());
        ran.expect_code(*code);
    }
    same("a folder", &3, &redirected(&scene, "- < . > report"));
    let report = std::fs::read_to_string(scene.path("report")).expect("a report");
    assert!(report.contains("partial: io_error"), "{report}");
    let ran = scene.scan(["-", "found.txt", "--format", "jsonl"]).stdin(CLEAN).run();
    same("paths", &vec!["-".to_owned(), "found.txt".to_owned()], &ran.paths());
}

/// Arguments, and the findings by detector and confidence.
type Choice = (&'static [&'static str], &'static [(&'static str, u64)]);

#[test]
fn detectors_and_confidence_choose_what_is_reported() {
    let scene = Scene::new();
    scene.write("a.txt", format!("{LOW}{}{HIGH}{}CRT-111111\n", "-".repeat(60), "-".repeat(60)));
    let rows: &[Choice] = &[
        (&[], &[("test.badge", 65), ("test.badge", 85), ("test.crate", 75)]),
        (&["--min-confidence", "1"], &[("test.badge", 65), ("test.badge", 85), ("test.crate", 75)]),
        (&["--min-confidence", "66"], &[("test.badge", 85), ("test.crate", 75)]),
        (&["--min-confidence", "medium"], &[("test.badge", 85), ("test.crate", 75)]),
        (&["--min-confidence", "high"], &[("test.badge", 85)]),
        (&["--min-confidence", "86"], &[]),
        (&["--only", "test.crate"], &[("test.crate", 75)]),
        (&["--only", "*.b*"], &[("test.badge", 65), ("test.badge", 85)]),
        (
            &["--only", "test.crate", "--only", "test.badge", "--min-confidence", "75"],
            &[("test.badge", 85), ("test.crate", 75)],
        ),
        (&["--tag", "door"], &[("test.badge", 65), ("test.badge", 85)]),
        (&["--tag", "cargo", "--min-confidence", "high"], &[]),
    ];
    for (args, expected) in rows {
        let ran = scene.scan(["a.txt", "--format", "jsonl"]).args(*args).run();
        let row = |line: &Value| {
            (line["detector"].as_str().unwrap_or_default().to_owned(), line["confidence"].as_u64().unwrap_or(0))
        };
        let got: Vec<(String, u64)> = ran.findings().iter().map(row).collect();
        let expected: Vec<(String, u64)> = expected.iter().map(|(id, sure)| ((*id).to_owned(), *sure)).collect();
        same(&args.join(" "), &expected, &got);
        ran.expect_code(i32::from(!expected.is_empty()));
    }
}

/// A scene with files of many sizes and kinds in nested folders.
fn many() -> Scene {
    let scene = Scene::new();
    for number in 0..60 {
        let lines = format!("{CLEAN}{LOW}").repeat(1 << (number % 11));
        scene.write(format!("{}/{number}.txt", number % 5), format!("{lines}{HIGH}"));
    }
    scene.write("1/inner.zip", build::zip(&[("x.txt", LOW.as_bytes()), ("y/z.txt", HIGH.as_bytes())]));
    scene.write("2/cut.gz", cut_gzip());
    scene.write("3/letter.docx", build::docx(&format!("<w:p><w:r><w:t>{HIGH}</w:t></w:r></w:p>"), &[]));
    scene.write("large.txt", format!("{}{HIGH}", CLEAN.repeat(1 << 20)));
    scene
}

#[test]
fn threads_change_nothing_but_the_time() {
    let scene = many();
    let report = |threads: &str| {
        let ran = scene.scan([".", "--format", "jsonl", "--threads", threads]).run();
        ran.expect_code(3);
        let mut lines = ran.lines();
        if let Some(summary) = lines.last_mut().and_then(|line| line["summary"].as_object_mut()) {
            assert!(summary.remove("elapsed_seconds").is_some() && summary.remove("started").is_some());
        }
        lines
    };
    let one = report("1");
    assert!(one.len() > 100, "{} lines", one.len());
    for threads in ["2", "4", "16"] {
        let other = report(threads);
        same("lines", &one.len(), &other.len());
        for (line, other) in one.iter().zip(&other) {
            same(&format!("{threads} threads"), line, other);
        }
    }
}

#[test]
fn a_folder_is_read_in_the_order_of_its_names() {
    let scene = Scene::new();
    let sorted = ["B.txt", "a/1.txt", "a/10.txt", "a/2.txt", "a.txt", "b/.x/y.txt", "b.txt", "ä.txt"];
    for name in ["b.txt", "a/2.txt", "ä.txt", "B.txt", "a/10.txt", "b/.x/y.txt", "a.txt", "a/1.txt"] {
        scene.write(name, CLEAN);
    }
    let expected: Vec<String> = sorted.iter().map(|name| format!("./{name}")).collect();
    same("order", &expected, &scene.jsonl(["."]).paths());
    same("as named", &["b.txt", "a.txt"].map(str::to_owned).to_vec(), &scene.jsonl(["b.txt", "a.txt"]).paths());
}

#[test]
fn hidden_and_ignored_files_are_read_unless_a_flag_says_otherwise() {
    let scene = Scene::new();
    for name in [".env", ".git/config", "kept.txt", "ignored.txt", "sub/secret.log", ".hidden/deep.txt"] {
        scene.write(name, LOW);
    }
    scene.write(".gitignore", "ignored.txt\n");
    scene.write(".ignore", "*.log\n");
    let all = [
        ".env",
        ".git/config",
        ".gitignore",
        ".hidden/deep.txt",
        ".ignore",
        "ignored.txt",
        "kept.txt",
        "sub/secret.log",
    ];
    let rows: &[(&[&str], &[&str])] = &[
        (&[], &all),
        (&["--skip-hidden"], &["ignored.txt", "kept.txt", "sub/secret.log"]),
        (&["--obey-ignore-files"], &[".env", ".git/config", ".gitignore", ".hidden/deep.txt", ".ignore", "kept.txt"]),
        (&["--skip-hidden", "--obey-ignore-files"], &["kept.txt"]),
    ];
    for (flags, expected) in rows {
        let expected: Vec<String> = expected.iter().map(|name| format!("./{name}")).collect();
        same(&flags.join(" "), &expected, &scene.jsonl(["."].iter().chain(*flags)).paths());
    }
    // What is named outright is read, hidden or not.
    same("named", &vec![".env".to_owned()], &scene.jsonl([".env", "--skip-hidden"]).paths());
}

#[test]
fn a_file_above_the_size_limit_is_skipped_and_told() {
    let scene = Scene::new();
    scene.write("small.txt", LOW);
    scene.write("large.txt", LOW.repeat(100));
    let ran = scene.jsonl([".", "--max-file-size", "1K"]);
    ran.expect_code(3);
    same("small", &"complete".to_owned(), &ran.coverage("./small.txt"));
    same("large", &"skipped: too_large".to_owned(), &ran.coverage("./large.txt"));
}

#[test]
fn findings_past_the_cap_are_counted() {
    let scene = Scene::new();
    scene.write("a.txt", (100_000..100_050).map(|n| format!("BDG-{n}\n")).collect::<String>());
    let ran = scene.jsonl(["a.txt", "--keep", "10"]);
    same("kept", &10, &ran.findings().len());
    same("total", &Value::from(50), &ran.file("a.txt")["findings"]["test.badge"]["total"]);
    same("summary", &Value::from(50), &ran.summary()["findings"]);
    scene.scan(["a.txt", "--keep", "10"]).run().expect_out("and 40 more findings of test.badge");
}

#[test]
fn names_may_be_anything() {
    let scene = Scene::new();
    let rows: &[(&[u8], &str, &str)] = &[
        (b"line\nend.txt", "./line\nend.txt", "./line\\nend.txt"),
        (b"esc\x1b[2J.txt", "./esc\u{1b}[2J.txt", "./esc\\u{1b}[2J.txt"),
        (b"latin-\xe9.txt", "./latin-\u{fffd}.txt", "./latin-\u{fffd}.txt"),
        ("gpj.\u{202e}txt".as_bytes(), "./gpj.\u{202e}txt", "./gpj.\\u{202e}txt"),
        (b"-", "./-", "./-"),
        (b"--output", "./--output", "./--output"),
        (b"quote\"<img src=x>&.txt", "./quote\"<img src=x>&.txt", "./quote\"<img src=x>&.txt"),
    ];
    for (name, _, _) in rows {
        scene.write(OsStr::from_bytes(name), LOW);
    }
    let ran = scene.jsonl(["."]);
    ran.expect_code(1);
    let text = scene.scan(["."]).run();
    for (_, exact, shown) in rows {
        same(shown, &"complete".to_owned(), &ran.coverage(exact));
        text.expect_out(&format!("{shown}\n"));
    }
    for (format, output) in
        ["text", "csv", "html", "sarif", "jsonl"].map(|f| (f, scene.scan([".", "--format", f]).run()))
    {
        let hostile =
            output.out().chars().any(|c| (c.is_control() && !matches!(c, '\n' | '\r' | '\t')) || c == '\u{202e}');
        assert!(!hostile, "{format} lets a control character through");
    }
}

#[test]
fn a_named_file_may_have_any_name() {
    let scene = Scene::new();
    scene.write(OsStr::from_bytes(b"\xff\xfe"), LOW);
    scene.write("-x", LOW);
    let rows: &[(&[&[u8]], &str)] =
        &[(&[b"\xff\xfe"], "\u{fffd}\u{fffd}"), (&[b"--", b"-x"], "-x"), (&[b"./-x"], "./-x")];
    for (args, path) in rows {
        let ran = scene.scan(["--format", "jsonl"]).args(args.iter().map(|arg| OsStr::from_bytes(arg))).run();
        ran.expect_code(1);
        same("path", &vec![(*path).to_owned()], &ran.paths());
    }
}

/// Makes `count` folders one in the other, each with a name of 200 letters, and a file in the last.
fn deep(scene: &Scene, count: u32) {
    let script = format!(
        "n=$(printf '%0200d' 0); i=0; while [ $i -lt {count} ]; do mkdir $n && cd -P $n || exit 1; i=$((i+1)); done; \
         echo 'BDG-123456' > end.txt"
    );
    let status = std::process::Command::new("/bin/sh").arg("-c").arg(script).current_dir(scene.path("")).status();
    assert!(status.expect("a shell").success());
}

#[test]
fn long_paths_are_read_or_told() {
    let scene = Scene::new();
    deep(&scene, 18);
    let ran = scene.jsonl(["."]);
    ran.expect_code(1);
    same("files", &Value::from(1), &ran.summary()["files"]);
    // Longer than the system takes in one piece (PATH_MAX, 4,096 bytes).
    let scene = Scene::new();
    deep(&scene, 22);
    let ran = scene.jsonl(["."]);
    ran.expect_code(3);
    same("gaps", &Value::from(1), &ran.summary()["gaps"]);
}

#[test]
fn every_format_is_whole() {
    let scene = many();
    scene.write("comma, \"quote\".txt", LOW);
    let run = |format: &str| {
        let ran = scene.scan([".", "--format", format]).run();
        ran.expect_code(3).expect_quiet();
        ran
    };
    let expected = run("jsonl");
    let findings = expected.findings().len();
    let sarif: Value = serde_json::from_slice(&run("sarif").stdout).expect("JSON");
    same("SARIF version", &Value::from("2.1.0"), &sarif["version"]);
    let results = sarif["runs"][0]["results"].as_array().map(Vec::len);
    same("SARIF results", &Some(findings), &results);
    let invocation = &sarif["runs"][0]["invocations"][0];
    same("SARIF exit code", &Value::from(3), &invocation["exitCode"]);
    same("SARIF success", &Value::from(true), &invocation["executionSuccessful"]);
    let records = csv(&run("csv").out());
    same("CSV records", &(1 + findings + expected.files().len()), &records.len());
    assert!(records.iter().all(|record| record.len() == records[0].len()), "records of different length");
    assert!(records.iter().any(|record| record[1] == "./comma, \"quote\".txt"));
    let page = run("html").out();
    assert!(page.starts_with("<!doctype html>") && page.trim_end().ends_with("</html>"));
    assert!(page.contains("default-src 'none'"), "no content security policy");
    for outside in ["<link", "<img", "<iframe", "src=", "@import", "url(", "//cdn", "fetch(", "XMLHttpRequest"] {
        assert!(!page.contains(outside), "the page asks for something outside: {outside}");
    }
}

/// RFC 4180, strictly: CRLF ends a record, a quote stands only around a cell or doubled inside.
fn csv(text: &str) -> Vec<Vec<String>> {
    let mut records = vec![vec![String::new()]];
    let mut chars = text.chars().peekable();
    let mut quoted = false;
    while let Some(c) = chars.next() {
        let record = records.last_mut().expect("a record");
        let cell = record.last_mut().expect("a cell");
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if quoted => {
                quoted = false;
                assert!(matches!(chars.peek(), Some(',' | '\r')), "a quote within {cell}");
            }
            '"' => {
                assert!(cell.is_empty(), "a quote within {cell}");
                quoted = true;
            }
            ',' if !quoted => record.push(String::new()),
            '\r' if !quoted => {
                same("after CR", &Some('\n'), &chars.next());
                records.push(vec![String::new()]);
            }
            c => cell.push(c),
        }
    }
    assert!(!quoted);
    same("after the last line end", &Some(vec![String::new()]), &records.pop());
    records
}
