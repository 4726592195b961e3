//! `extract` from outside: the text that a scan looks at, its parts and places, and what could not be read.

use crate::extract::build;
use crate::harness::{Ran, Scene, same};
use serde_json::Value;

fn docx(text: &str) -> Vec<u8> {
    build::docx(&format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"), &[])
}

#[test]
fn the_text_alone_is_printed() {
    let scene = Scene::new();
    let docx = docx("one paragraph");
    let rows: &[(&str, &[u8], &str)] = &[
        ("a.txt", b"two\nlines\n", "two\nlines\n\n"),
        ("utf16.txt", b"\xff\xfeh\0i\0 \0t\0h\0e\0r\0e\0", "hi there\n"),
        ("letter.docx", &docx, "one paragraph\n"),
        ("a.zip", &build::zip(&[("in.txt", b"inside")]), "in.txt\n\ninside\n"),
        ("a.gz", &build::gzip(b"inside"), "inside\n"),
        ("empty.txt", b"", ""),
    ];
    for (name, bytes, expected) in rows {
        scene.write(name, bytes);
        let ran = scene.call(["extract", name]).run();
        ran.expect_code(0).expect_quiet();
        let got = ran.out();
        assert!(got.trim_matches('\n') == expected.trim_matches('\n'), "{name}{}", ran.frame(expected, &got));
    }
    let ran = scene.call(["extract", "-"]).stdin(docx).run();
    ran.expect_code(0).expect_out("one paragraph");
}

#[test]
fn exit_codes_are_as_the_contract_says() {
    let scene = Scene::new();
    scene.write("a.txt", "text\n");
    scene.write("sound.wav", b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0");
    let whole = build::gzip(b"the text before the cut");
    scene.write("cut.gz", &whole[..whole.len() - 6]);
    let rows: &[(&[&str], i32, &str)] = &[
        (&["a.txt"], 0, ""),
        (&["sound.wav"], 0, "sound.wav: skipped: no_text"),
        (&["cut.gz"], 3, "cut.gz: partial: member\n  cut: corrupt"),
        (&["a.txt", "--limit", "text_bytes=1"], 3, "a.txt: partial: limit:text_bytes"),
        (&["missing"], 2, "missing"),
        (&["."], 2, "it is a folder"),
        (&["/dev/null"], 2, "a pipe, socket or device"),
        (&["a.txt", "--format", "xml"], 2, "jsonl"),
        (&["a.txt", "--limit", "speed=1"], 2, "unknown limit"),
        (&["a.txt", "a.txt"], 2, "unexpected argument"),
        (&[], 2, "PATH"),
    ];
    for (args, code, message) in rows {
        let ran = scene.call(["extract"]).args(*args).run();
        ran.expect_code(*code).expect_err(message);
        assert!(*code != 0 || !message.is_empty() || ran.stderr.is_empty());
    }
}

/// Parts by name with their text, put together from the segments.
fn parts(ran: &Ran) -> Vec<(String, String)> {
    let mut parts: Vec<(String, String)> = Vec::new();
    for line in ran.lines() {
        same("schema", &Value::from("sluicebox.extract/1"), &line["schema"]);
        if let Some(name) = line["part"].as_str() {
            let members: Vec<&str> =
                line["members"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            parts.push(([members, vec![name]].concat().join(" > "), String::new()));
        } else if let Some(text) = line["text"].as_str() {
            let part = &mut parts.last_mut().expect("a part before its text").1;
            part.push_str(line["separator"].as_str().unwrap_or_default());
            same("start", &Value::from(part.chars().count()), &line["start"]);
            part.push_str(text);
        }
    }
    parts
}

#[test]
fn json_lines_tell_parts_places_and_coverage() {
    let scene = Scene::new();
    let cut = build::gzip(b"the text before the cut");
    let inner = build::zip(&[("b.txt", "größer".as_bytes()), ("c.docx", &docx("three"))]);
    scene.write("a.zip", build::zip(&[("in.zip", &inner), ("cut.gz", &cut[..cut.len() - 6])]));
    let ran = scene.call(["extract", "a.zip", "--format", "jsonl"]).run();
    ran.expect_code(3);
    let parts = parts(&ran);
    let text_of = |name: &str| parts.iter().find(|part| part.0 == name).map(|part| part.1.trim().to_owned());
    same("plain member", &Some("größer".to_owned()), &text_of("in.zip > b.txt > text"));
    let letter = parts.iter().find(|part| part.0.starts_with("in.zip > c.docx > "));
    same("document", &Some("three"), &letter.map(|part| part.1.trim()));
    let last = ran.lines().pop().unwrap_or_default();
    let rows = [("coverage", "partial"), ("reason", "member"), ("type", "zip")];
    for (key, expected) in rows {
        same(key, &Value::from(expected), &last[key]);
    }
    same("mismatch", &Value::from(false), &last["mismatch"]);
    let holes = serde_json::json!([{"location": ["cut.gz", "cut"], "reason": "corrupt"}]);
    same("holes", &holes, &last["holes"]);
}

#[test]
fn offsets_of_a_scan_lead_into_the_extracted_text() {
    let scene = Scene::new();
    let body = "<w:p><w:r><w:t>Größe: BDG-</w:t></w:r><w:r><w:t>123456</w:t></w:r></w:p>\
                <w:p><w:r><w:t>and the badge is BDG-654321.</w:t></w:r></w:p>";
    scene.write("a.docx", build::docx(body, &[]));
    scene.write("b.txt", "\u{feff}Größe: BDG-123456\r\nBDG-654321 𝒳 BDG-111111\r\n");
    scene.write("c.txt", b"Gr\xf6\xdfe: \x84BDG-123456\x93 und BDG-654321");
    scene.write("d.zip", build::zip(&[("BDG-123456.txt", b"x"), ("badge BDG-654321", b"y")]));
    for name in ["a.docx", "b.txt", "c.txt", "d.zip"] {
        let extracted = scene.call(["extract", name, "--format", "jsonl"]).run();
        let parts = parts(&extracted);
        let ran = scene.jsonl([name]);
        assert!(ran.findings().len() >= 2, "{}", ran.frame("findings", name));
        for finding in ran.findings() {
            let at = |key: &str| usize::try_from(finding[key].as_u64().expect("an offset")).expect("small");
            let part = parts.iter().find(|part| Some(&*part.0) == finding["part"].as_str()).expect("its part");
            let value: String = part.1.chars().skip(at("start")).take(at("end") - at("start")).collect();
            assert!(value.starts_with("BDG-") && value.len() == 10, "{name}: {value:?}");
            if finding["byte_start"].is_u64() {
                let bytes = std::fs::read(scene.path(name)).expect("read");
                same(name, &value.as_bytes(), &&bytes[at("byte_start")..at("byte_end")]);
            }
        }
    }
}

#[test]
fn a_reader_that_leaves_is_no_fault() {
    let scene = Scene::new();
    scene.write("long.txt", "a line of a log\n".repeat(1 << 19));
    for args in [&["extract", "long.txt"][..], &["extract", "long.txt", "--format", "jsonl"]] {
        let mut running = scene.call(args).start();
        assert!(!running.line().is_empty());
        running.hang_up();
        let ran = running.finish();
        assert!(ran.code() == 3 || ran.code() == 0, "{}", ran.frame("0 or 3", &ran.status.to_string()));
        assert!(!ran.err().contains("panicked"), "{}", ran.err());
    }
}
