//! `rules try` and the places and texts of `rules explain`.

use super::{OWN, scene};
use crate::harness::{BADGE_RULES, Running};

/// Lines up to one that holds this.
fn until(running: &mut Running, part: &str) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        let line = running.line();
        let is_it = line.contains(part);
        lines.push(line);
        assert!(lines.len() < 1_000 && !(lines.len() > 50 && lines.iter().rev().take(50).all(String::is_empty)), "{lines:#?}");
        if is_it {
            return lines;
        }
    }
}

#[test]
fn rules_run_again_when_their_file_is_saved() {
    let scene = scene();
    scene.write("rules.toml", BADGE_RULES);
    let mut running = scene.call(["rules", "try", "corpus", "--no-builtin", "--rules", "rules.toml"]).start();
    let first = until(&mut running, "do not hold");
    assert!(first.iter().any(|line| line == "found 2  test.badge"), "{first:#?}");
    assert!(first.iter().any(|line| line.ends_with("3 documents: 4 findings")), "{first:#?}");
    assert!(!first.iter().any(|line| line.contains("123456")), "{first:#?}");
    // The documents are held: what becomes of the files does not matter any more.
    std::fs::remove_dir_all(scene.path("corpus")).expect("removed");
    scene.write("rules.toml", BADGE_RULES.replace("BDG-[0-9]{6}", "BDG-1[0-9]{5}"));
    let second = until(&mut running, "do not hold");
    assert!(second.iter().any(|line| line == "lost 1  test.badge"), "{second:#?}");
    assert!(second.iter().any(|line| line.contains("0 gained, 1 lost, 0 moved, 3 as before")), "{second:#?}");
    // What is wrong is told, and the next save mends it.
    scene.write("rules.toml", "schema = 1\n[[detector]]\nname = 'n'\n");
    until(&mut running, "missing key");
    scene.write("rules.toml", format!("{BADGE_RULES}\n"));
    let last = until(&mut running, "do not hold");
    assert!(last.iter().any(|line| line.contains("1 gained, 0 lost")), "{last:#?}");
    running.signal("INT");
    running.finish().expect_code(0);
}

#[test]
fn tried_once_it_ends() {
    let scene = scene();
    let ran = scene.call(["rules", "try", "corpus", "--once"]).args(OWN).run();
    ran.expect_code(0).expect_out("3 documents: 4 findings").expect_out(" ms");
    scene.write("bad.toml", "schema = 2\n");
    let ran = scene.call(["rules", "try", "corpus", "--once", "--no-builtin", "--rules", "bad.toml"]).run();
    ran.expect_code(2).expect_err("bad.toml:1");
    scene.call(["rules", "try", "missing", "--once"]).args(OWN).run().expect_code(2).expect_err("missing");
}

#[test]
fn a_place_in_a_file_is_explained_for_all_detectors() {
    let scene = scene();
    scene.write("um.txt", "Grüße: BDG-654321");
    let rows: &[(&[&str], &[&str])] = &[
        (&["corpus/a.txt:8"], &["test.badge  Badge number", "reached: high", "1 other detectors have no match here"]),
        (&["um.txt:12"], &["test.badge", "candidate at 7..17"]),
        (&["corpus/c.html:8"], &["test.crate", "reached: medium"]),
        (&["corpus/a.txt:25"], &["no shape of any detector matches"]),
        (&["--why", "bdg-123456"], &["near misses", "test.badge: a shape would match in capitals"]),
        (&["--why", "BDG-1234"], &["no shape of any detector matches", "2 other detectors have no match here"]),
        (&["--why", "xBDG-123456"], &["refused: a letter or digit stands directly beside it"]),
    ];
    for (args, parts) in rows {
        let ran = scene.call(["rules", "explain"]).args(*args).args(OWN).run();
        ran.expect_code(0).expect_quiet();
        for part in *parts {
            ran.expect_out(part);
        }
    }
    scene.call(["rules", "explain", "corpus/a.txt:9999"]).args(OWN).run().expect_code(2).expect_err("there is no byte 9999");
    let ran = scene.call(["rules", "explain", "corpus/a.txt:1", "--part", "body"]).args(OWN).run();
    ran.expect_code(2).expect_err("no such part").expect_err("text");
}
