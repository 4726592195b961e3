//! Ctrl-C in the middle of a scan: the first ends it in good order, the second at once.

use crate::harness::{Ran, Scene, same};
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;

const FOUND: &str = "take BDG-123456 along\n";

/// A scan that was interrupted in the middle of a file that no machine reads while a test runs.
#[cfg(target_os = "linux")]
fn interrupted(args: &[&str], signal: &str) -> Ran {
    let scene = Scene::new();
    scene.write("a.txt", FOUND);
    let endless = scene.sparse("m.txt", FOUND.repeat(20_000).as_bytes(), 60 << 30);
    let mut running = scene.scan(["a.txt", "m.txt", "--threads", "1"]).args(args).start();
    running.until_open(&endless);
    running.signal(signal);
    let mut ran = running.finish();
    if args.contains(&"report") {
        ran.stdout = std::fs::read(scene.path("report")).expect("a report");
    }
    ran
}

#[test]
#[cfg(target_os = "linux")]
fn the_first_one_ends_the_scan_with_a_whole_report() {
    for (args, signal) in [
        (&["--format", "jsonl"][..], "INT"),
        (&["--format", "jsonl"], "TERM"),
        (&["--format", "jsonl", "--allow-partial"], "INT"),
        (&["--format", "jsonl", "--output", "report"], "INT"),
    ] {
        let ran = interrupted(args, signal);
        ran.expect_code(3);
        same("read before", &"complete".to_owned(), &ran.coverage("a.txt"));
        same("being read", &"partial: interrupted".to_owned(), &ran.coverage("m.txt"));
        // How far it came in the second file hangs on the machine; what the first holds is always told.
        same("findings so far", &true, &!ran.findings().is_empty());
        same("interrupted", &Value::from(true), &ran.summary()["interrupted"]);
        same("exit code", &Value::from(3), &ran.summary()["exit_code"]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn every_format_is_whole_after_an_interruption() {
    let text = interrupted(&[], "INT");
    text.expect_code(3).expect_out("\n  partial: interrupted  ").expect_out("exit 3: the scan was interrupted");
    let csv = interrupted(&["--format", "csv"], "INT");
    csv.expect_code(3).expect_out("m.txt,partial,interrupted,");
    assert!(csv.stdout.ends_with(b"\r\n"));
    let page = interrupted(&["--format", "html"], "INT");
    page.expect_code(3).expect_out("interrupted");
    assert!(page.out().trim_end().ends_with("</html>"));
    let sarif = interrupted(&["--format", "sarif"], "INT");
    sarif.expect_code(3);
    let log: Value = serde_json::from_slice(&sarif.stdout).expect("JSON");
    let invocation = &log["runs"][0]["invocations"][0];
    same("success", &Value::from(false), &invocation["executionSuccessful"]);
    same("exit code", &Value::from(3), &invocation["exitCode"]);
}

#[test]
fn what_was_never_reached_is_not_called_clean() {
    let scene = Scene::new();
    for number in 0..2_000 {
        scene.write(format!("{number:04}.txt"), FOUND);
    }
    let mut running = scene.scan([".", "--format", "jsonl", "--threads", "1"]).start();
    let first = running.line();
    running.signal("INT");
    let mut ran = running.finish();
    ran.stdout.splice(0..0, format!("{first}\n").into_bytes());
    ran.expect_code(3);
    same("interrupted", &Value::from(true), &ran.summary()["interrupted"]);
    same("files told", &Value::from(ran.files().len()), &ran.summary()["files"]);
}

#[test]
fn the_second_one_ends_the_program_at_once() {
    let scene = Scene::new();
    for number in 0..800 {
        scene.write(format!("{number:03}.txt"), FOUND);
    }
    let mut running = scene.scan([".", "--format", "jsonl"]).start();
    // Its report is larger than the pipe, and from here on nobody reads it: the program cannot end by itself.
    assert!(running.line().contains("\"detector\""));
    running.signal("INT");
    let status = loop {
        // Two signals that wait for delivery at the same time count as one, so it may take a third.
        running.signal("INT");
        if let Some(status) = running.ended() {
            break status;
        }
        std::thread::yield_now();
    };
    same("ended by SIGINT", &Some(2), &status.signal());
}

#[test]
fn standard_input_without_end_is_left() {
    let scene = Scene::new();
    for number in 0..300 {
        scene.write(format!("{number:03}.txt"), FOUND);
    }
    for bytes in ["", FOUND] {
        let call = scene.scan([".", "-", "--format", "jsonl", "--threads", "1"]).endless_stdin(bytes);
        let mut running = call.start();
        let first = running.line();
        running.signal("INT");
        let mut ran = running.finish();
        ran.stdout.splice(0..0, format!("{first}\n").into_bytes());
        ran.expect_code(3);
        same("interrupted", &Value::from(true), &ran.summary()["interrupted"]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn extract_stops_in_good_order_too() {
    let scene = Scene::new();
    scene.write("long.txt", "a line of a log\n".repeat(1 << 19));
    let mut running = scene.call(["extract", "long.txt"]).start();
    same("first line", &"a line of a log".to_owned(), &running.line());
    running.signal("INT");
    running.finish().expect_code(3).expect_err("long.txt: partial: interrupted");
}
