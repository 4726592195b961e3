//! Files made to hurt: they must cost little and crash nothing.

use super::build::{docx, gzip, stored_zip, xlsx, zip};
use super::{ReadFile, read, read_content, read_under};
use sluicebox::clock::Clock;
use sluicebox::content::{Budget, Content, Limits, Links, Spool, Stop};
use sluicebox::extract::cell::Cells;
use sluicebox::inspect::walk::walk;
use sluicebox::model::{Coverage, Place};
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

#[test]
fn a_sparse_text_of_64_mib_is_read_in_constant_memory() {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(b"the beginning\n").expect("written");
    file.seek(SeekFrom::Start(64 << 20)).expect("sought");
    file.write_all(b"the end\n").expect("written");
    let content = Content::from_file(file).expect("a regular file");
    let limits = Limits { memory_bytes: 1 << 20, ..Limits::default() };
    let file = read_content("sparse.txt", &content, limits);
    assert!(file.printed().contains("the beginning") && file.printed().contains("the end"));
}

#[test]
fn limits_keep_what_came_before() {
    let file = read_under("a.txt", vec![b'a'; 2 << 20], Limits { text_bytes: 1 << 20, ..Limits::default() });
    assert_eq!(file.summary(), "text: partial: limit:text_bytes");
    assert!(file.parts[0].text.len() >= 512 << 10);
}

#[test]
fn a_path_is_opened_without_following_when_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a");
    std::fs::write(&path, "text").expect("written");
    let content = Content::open(&path, Links::Refuse).expect("opened");
    assert_eq!(read_content("a", &content, Limits::default()).summary(), "text: complete");
}

#[test]
fn bombs_end_at_their_limit_and_their_neighbours_are_read() {
    let zeros = vec![b'0'; 40 << 20];
    let bomb = zip(&[("bomb.txt", &zeros), ("after.txt", b"still read")]);
    let file = read_under(
        "a.zip",
        bomb.clone(),
        Limits { inflate_ratio: 1200, inflated_bytes: 10 << 20, ..Limits::default() },
    );
    assert_eq!(file.summary(), "zip: partial: limit:bytes_inflated [bomb.txt: limit:bytes_inflated]");
    let file = read("a.zip", bomb.clone());
    assert!(file.summary().contains("limit:ratio"), "{}", file.summary());
    assert!(file.parts.iter().map(|part| part.text.len()).sum::<usize>() < 30 << 20);

    let mut large_around = vec![("bomb.txt", zeros.as_slice()), ("after.txt", b"still read")];
    let noise: Vec<u8> = noise(1).take(1 << 20).collect();
    large_around.push(("noise", &noise));
    let file = read("a.zip", zip(&large_around));
    assert!(file.printed().contains("still read"), "one member's ratio ends that member only");
    assert!(file.summary().starts_with("zip: partial: member [bomb.txt: limit:ratio"), "{}", file.summary());

    let mut nested = gzip(&gzip(&gzip(&vec![0; 64 << 20])));
    assert!(read("a.gz", nested.clone()).summary().contains("limit:"), "nested streams");
    for _ in 0..40 {
        nested = stored_zip(&[("a.zip", &nested)]);
    }
    assert!(read("a.zip", nested).summary().contains("limit:depth"));
}

#[test]
fn many_members_end_at_their_limit() {
    let names: Vec<String> = (0..500).map(|n| format!("{n}.txt")).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    let file = read_under("a.zip", zip(&members), Limits { members: 100, ..Limits::default() });
    assert_eq!(file.summary(), "zip: partial: limit:members");
}

#[test]
fn overlapping_entries_are_bounded_by_the_whole() {
    // One body of 64 KiB of zeros that 2,000 directory records point to.
    let one = zip(&[("a.txt", &vec![b'0'; 1 << 20])]);
    let directory = memchr::memmem::find(&one, b"PK\x01\x02").expect("a directory");
    let end = memchr::memmem::find(&one, b"PK\x05\x06").expect("an end record");
    let record = &one[directory..end];
    let mut bytes = one[..directory].to_vec();
    for _ in 0..2000 {
        bytes.extend_from_slice(record);
    }
    let size = u32::try_from(record.len() * 2000).expect("small");
    let mut tail = one[end..].to_vec();
    tail[8..12].copy_from_slice(&[0xd0, 7, 0xd0, 7]);
    tail[12..16].copy_from_slice(&size.to_le_bytes());
    bytes.extend(tail);
    let file = read("a.zip", bytes);
    assert!(file.walked.coverage.is_gap() && file.summary().contains("limit:ratio"), "{}", file.summary());
    assert!(file.walked.text_bytes < 80 << 20);
}

#[test]
fn nested_entities_expand_to_nothing() {
    let mut laughs = String::from("<?xml version='1.0'?><!DOCTYPE l [<!ENTITY l0 'ha'>");
    for n in 1..30 {
        laughs.push_str(&format!("<!ENTITY l{n} '&l{0};&l{0};&l{0};&l{0};'>", n - 1));
    }
    laughs.push_str("]><l>&l29;</l>");
    let file = read("a.xml", laughs.clone());
    assert_eq!(file.summary(), "xml: complete");
    assert!(file.parts[0].text.ends_with("l &l29;") && file.parts[0].text.len() < 2 * laughs.len());
}

#[test]
fn deep_nesting_ends_without_recursion() {
    let depth = 100_000;
    let xml = format!("<?xml version='1.0'?>{}deep{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert_eq!(read("a.xml", xml).summary(), "xml: partial: limit:nesting");
    let html = format!("<html>{}deep{}</html>", "<div>".repeat(depth), "</div>".repeat(depth));
    assert_eq!(read("a.html", html).summary(), "html: complete");
    let json = format!("{}\"de\\u0065p\"{}", "[".repeat(depth), "]".repeat(depth));
    let file = read("a.json", json);
    assert_eq!((file.summary().as_str(), file.parts[1].text.as_str()), ("json: complete", "deep"));
    let body = format!("{}<w:p><w:t>deep</w:t></w:p>{}", "<w:tbl>".repeat(depth), "</w:tbl>".repeat(depth));
    assert_eq!(read("a.docx", docx(&body, &[])).summary(), "docx: partial: member [word/document.xml: limit:nesting]");
}

#[test]
fn a_token_without_end_is_cut() {
    let long = "x".repeat(40 << 20);
    let rows =
        [("a.xml", format!("<?xml version='1.0'?><a b='{long}'>")), ("a.html", format!("<html><a title='{long}'>"))];
    for (name, document) in rows {
        let file = read(name, document);
        assert!(file.summary().ends_with("partial: limit:memory"), "{}", file.summary());
    }
}

#[test]
fn what_the_directory_does_not_list_is_read_too() {
    let hidden = zip(&[("hidden.txt", b"hidden text")]);
    let local = &hidden[..memchr::memmem::find(&hidden, b"PK\x01\x02").expect("a directory")];
    let shown = zip(&[("shown.txt", b"shown text")]);
    let rows = [
        ("before", [local, &shown].concat()),
        ("behind the end", [&shown[..], local].concat()),
        ("behind a program", [b"MZ\x90\0\x03\0\0\0program text", &shown[..]].concat()),
    ];
    for (what, bytes) in rows {
        let file = read("a.zip", bytes);
        assert!(file.printed().contains("shown text"), "{what}: {}", file.printed());
        let expects_hidden = what != "behind a program";
        assert_eq!(
            file.printed().contains("hidden.txt (not in the directory) > text\nhidden text"),
            expects_hidden,
            "{what}"
        );
    }
}

#[test]
fn encrypted_members_are_holes() {
    let mut bytes = zip(&[("secret.txt", b"hidden text"), ("open.txt", b"open text")]);
    let local = memchr::memmem::find(&bytes, b"PK\x03\x04").expect("a header");
    let central = memchr::memmem::find(&bytes, b"PK\x01\x02").expect("a record");
    bytes[local + 6] |= 1;
    bytes[central + 8] |= 1;
    let file = read("a.zip", bytes.clone());
    assert_eq!(file.summary(), "zip: partial: member [secret.txt: encrypted_password]");
    assert!(file.printed().contains("open text"));
    // A method that is not read here.
    bytes[central + 8] &= !1;
    bytes[central + 10] = 98;
    assert_eq!(read("a.zip", bytes).summary(), "zip: partial: member [secret.txt: unsupported]");
}

#[test]
fn documents_cut_anywhere_end_well() {
    let rows = [
        (
            "a.docx",
            docx("<w:p><w:t>some text that is long enough to be cut</w:t></w:p>", &[("word/header1.xml", b"<w:hdr/>")]),
        ),
        ("a.xlsx", xlsx(&[("Pay", "", "<row><c><v>1</v></c></row>")], &["<t>x</t>"], &["0.00"])),
        ("a.zip", zip(&[("a.txt", b"one"), ("b.txt", &noise(3).take(3000).collect::<Vec<_>>())])),
        ("a.gz", gzip(&noise(4).take(3000).collect::<Vec<_>>())),
    ];
    for (name, whole) in rows {
        assert_eq!(
            read(name, whole.clone()).walked.coverage.state(),
            if name == "a.zip" || name == "a.gz" { "partial" } else { "complete" }
        );
        for len in (0..whole.len()).step_by(100).chain(whole.len() - 60..whole.len()) {
            let file = read(name, &whole[..len]);
            // Less than a mark cannot be told from a short text.
            let is_told = file.walked.coverage != Coverage::Complete || len < 4;
            assert!(is_told, "{name} cut at {len} of {}: {}", whole.len(), file.summary());
            assert_not_crashed(&file);
        }
    }
}

#[test]
fn random_bytes_never_crash_a_reader() {
    let starts: &[(&str, &[u8])] = &[
        ("a.zip", b"PK\x03\x04"),
        ("a.gz", b"\x1f\x8b\x08"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("a.xml", b"<?xml version='1.0'?>"),
        ("a.html", b"<html>"),
        ("a.json", b"{\"a\": \"\\"),
        ("a.txt", b"text "),
        ("a.bin", b"\x01\x02"),
    ];
    for (name, start) in starts {
        for seed in 0..40 {
            let len = 1usize << (seed % 13);
            let mut bytes = start.to_vec();
            bytes.extend(noise(seed + 1).take(len));
            assert_not_crashed(&read(name, bytes));
            let printable = noise(seed + 100).take(len).map(|b| b"<>&;\"'\\{}[]=/!-ab01 \n"[usize::from(b) % 21]);
            assert_not_crashed(&read(name, start.iter().copied().chain(printable).collect::<Vec<_>>()));
        }
    }
}

#[test]
fn flipped_bytes_never_crash_a_reader() {
    let rows = [
        ("a.docx", docx("<w:p><w:t>text</w:t></w:p>", &[("word/header1.xml", b"<w:hdr><w:t>x</w:t></w:hdr>")])),
        ("a.xlsx", xlsx(&[("Pay", "", "<row r='1'><c r='A1' s='1'><v>1</v></c></row>")], &["<t>x</t>"], &["0.00"])),
    ];
    for (name, whole) in rows {
        for seed in 0..300 {
            let mut bytes = whole.clone();
            let mut random = noise(seed + 1);
            for _ in 0..=seed % 5 {
                let high = usize::from(random.next().unwrap_or(0)) << 8;
                let at = (high + usize::from(random.next().unwrap_or(0))) % bytes.len();
                bytes[at] = random.next().unwrap_or(0);
            }
            assert_not_crashed(&read(name, bytes));
        }
    }
}

fn assert_not_crashed(file: &ReadFile) {
    let summary = file.summary();
    assert!(!summary.contains("crashed"), "{summary}");
}

/// The same pseudo-random bytes on every run (xorshift).
fn noise(seed: u64) -> impl Iterator<Item = u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    std::iter::repeat_with(move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from(state >> 24 & 0xff).unwrap_or(0)
    })
}

/// A receiver that panics on its first text, as a reader with a bug would.
struct Panics;

impl sluicebox::inspect::walk::Visitor for Panics {
    fn open_part(&mut self, _: &[String], _: &sluicebox::extract::PartHead) -> Result<(), Stop> {
        Ok(())
    }

    fn push(&mut self, _: sluicebox::extract::Edge, _: &Place, text: &str, _: Option<u64>) -> Result<(), Stop> {
        assert!(!text.contains("panic here"), "as the test wants");
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

#[test]
fn a_panic_costs_one_member_only() {
    let content = Content::from_memory(zip(&[("bad.txt", b"panic here"), ("good.txt", b"fine")]));
    let budget = Budget::new(Limits::default(), Clock::machine(), Arc::default(), content.len());
    let walked = walk(&content, "a.zip", &budget, &Spool::default(), &Cells::in_process(), &mut Panics);
    let holes: Vec<_> = walked.holes.iter().map(|hole| format!("{}: {}", hole.location, hole.reason)).collect();
    assert_eq!((walked.coverage.to_string().as_str(), holes), ("partial: member", vec!["bad.txt: crashed".to_owned()]));
}

#[test]
fn an_interruption_shows_and_keeps_what_came_before() {
    let content = Content::from_memory(vec![b'a'; 4 << 20]);
    let interrupt = Arc::new(AtomicBool::new(true));
    let budget = Budget::new(Limits::default(), Clock::machine(), interrupt, content.len());
    let walked = walk(&content, "a.txt", &budget, &Spool::default(), &Cells::in_process(), &mut Panics);
    assert_eq!(walked.coverage.to_string(), "partial: interrupted");
}
