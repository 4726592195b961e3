//! Text in pictures: the plumbing and the walls with a stand-in that does what it is told, the reading with `tesseract` itself.
//!
//! The stand-in is a C program of this test's, so that each way to end badly can be had on every machine. Where `tesseract` is not
//! installed the tests that need it say that they were not done; `tests/run` installs it.

use crate::harness::Scene;
use sluicebox::clock::Clock;
use sluicebox::content::{Budget, Content, Limits, Links, Spool, Stop};
use sluicebox::extract::cell::{self, Cells};
use sluicebox::extract::ocr::{Around, Error, Ocr, Settings};
use sluicebox::extract::{Edge, PartHead};
use sluicebox::inspect::walk::{Visitor, Walked, walk};
use sluicebox::model::{Coverage, Place, Reason};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// What the stand-in does is told by the byte at 11: the background colour of a GIF.
const STAND_IN: &str = r#"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void tell(const char *what, int done) { printf("%s: %s\n", what, done ? "DONE" : "refused"); }

static void walls(void) {
    tell("read a file", open("/etc/passwd", O_RDONLY) >= 0);
    tell("list a folder", open("/root", O_RDONLY | O_DIRECTORY) >= 0 || open("/home", O_RDONLY | O_DIRECTORY) >= 0);
    tell("make a file", open("/tmp/sluicebox-stand-in", O_WRONLY | O_CREAT, 0600) >= 0);
    tell("make a socket", socket(AF_INET, SOCK_STREAM, 0) >= 0 || socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
    tell("signal its parent", kill(getppid(), 0) == 0);
    tell("see an environment", getenv("HOME") != NULL || getenv("PATH") != NULL);
    tell("widen a limit", nice(-1) != -1);
    char *words[] = { "/bin/true", NULL };
    pid_t child = fork();
    tell("make a process", child >= 0);
    if (child == 0) _exit(0);
    execv("/bin/true", words);
    tell("execute a program", 0);
    tell("read a library", open("/etc/ld.so.cache", O_RDONLY) >= 0);
}

int main(int count, char **words) {
    for (int n = 1; n < count; n++)
        if (!strcmp(words[n], "--list-langs")) {
            puts("List of available languages (2):\neng\ndeu");
            return 0;
        }
    static unsigned char picture[1 << 16];
    size_t read = fread(picture, 1, sizeof picture, stdin);
    if (read < 12) return 1;
    switch (picture[11]) {
    case 't': printf("card 4111 1111 1111 1111\n\nsecond line\n\f"); return 0;
    case 'n': return 0;
    case 'h': for (;;) ;
    case 'c': puts("before"); fflush(stdout); abort();
    case '1': fputs("Error during processing.\n", stderr); return 1;
    case 'f': for (;;) fputs("0123456789012345678901234567890123456789\n", stdout);
    case 'm':
        for (;;) {
            char *held = malloc(1 << 20);
            if (!held) break;
            memset(held, 1, 1 << 20);
        }
        fputs("terminate called after throwing std::bad_alloc\n", stderr);
        return 1;
    case 'w': walls(); return 0;
    }
    return 1;
}
"#;

/// Compiles the stand-in; `None`, and words that say so, where there is no compiler.
fn stand_in(folder: &Path) -> Option<PathBuf> {
    let (source, program) = (folder.join("stand-in.c"), folder.join("stand-in"));
    std::fs::write(&source, STAND_IN).unwrap();
    let made = Command::new("cc").arg("-o").arg(&program).arg(&source).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("NOT DONE: there is no C compiler (cc) to make the stand-in for tesseract with");
        return None;
    }
    Some(program)
}

fn around(threads: usize) -> Around {
    let options = options(threads);
    Around {
        launcher: options.program,
        threads,
        cell_memory_bytes: options.memory_bytes,
        // Walls of this kernel, or the tests would show nothing.
        require_walls: true,
    }
}

fn options(threads: usize) -> cell::Options {
    cell::Options { program: PathBuf::from(env!("CARGO_BIN_EXE_sluicebox")), ..cell::Options::for_threads(threads) }
}

fn cells(ocr: Option<Ocr>) -> Cells {
    Cells::start(options(1)).unwrap().with_ocr(ocr)
}

/// `tesseract` itself with these settings; `None`, and words that say so, where it is not installed.
fn real(settings: Settings) -> Option<Ocr> {
    match Ocr::new(settings, around(1)) {
        Ok(ocr) => Some(ocr),
        Err(error @ Error::NotInstalled(_)) => {
            eprintln!("NOT DONE: {error}; tests/run installs it");
            None
        }
        Err(error) => panic!("tesseract is installed and does not run behind walls: {error}"),
    }
}

/// Parts and lines, as a walk tells them.
#[derive(Default)]
struct Text(String);

impl Visitor for Text {
    fn open_part(&mut self, chain: &[String], head: &PartHead) -> Result<(), Stop> {
        let steps: Vec<&str> = chain.iter().map(String::as_str).chain([head.name.as_str()]).collect();
        writeln!(self.0, "\n[{}]", steps.join(" > ")).unwrap();
        Ok(())
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str, _: Option<u64>) -> Result<(), Stop> {
        if edge != Edge::Join && *place != Place::Whole {
            write!(self.0, "{place}: ").unwrap();
        }
        writeln!(self.0, "{text}").unwrap();
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

fn read(content: &Content, name: &str, cells: &Cells) -> (Walked, String) {
    let mut text = Text::default();
    let budget = Budget::new(Limits::default(), Clock::machine(), Arc::default(), content.len());
    let walked = walk(content, name, &budget, &Spool::default(), cells, &mut text);
    (walked, text.0)
}

/// A GIF of 100 by 100 pixels with this background colour.
fn gif(told: u8) -> Vec<u8> {
    [b"GIF89a\x64\0\x64\0\0", &[told, 0, b';'][..]].concat()
}

fn holes(walked: &Walked) -> Vec<String> {
    walked.holes.iter().map(|hole| format!("{}: {}", hole.location, hole.reason)).collect()
}

#[test]
fn each_end_of_the_reader_of_pictures_is_told_and_costs_one_picture() {
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = stand_in(folder.path()) else { return };
    let settings = Settings { program, page_time: Duration::from_secs(5), ..Settings::default() };
    let cells = cells(Some(Ocr::new(settings, around(1)).unwrap()));
    let short = Coverage::Partial(Reason::ImageOnly);
    let rows: &[(u8, Coverage, &[&str])] = &[
        (b't', Coverage::Complete, &[]),
        (b'n', Coverage::Complete, &[]),
        (b'h', short, &["ocr: timed_out"]),
        (b'c', short, &["ocr: crashed"]),
        (b'1', short, &["ocr: image_only"]),
        (b'f', short, &["ocr: crashed"]),
        (b'm', short, &["ocr: limit:memory"]),
        (b't', Coverage::Complete, &[]),
    ];
    for (told, coverage, expected) in rows {
        let (walked, text) = read(&Content::from_memory(gif(*told)), "a.gif", &cells);
        let told = char::from(*told);
        assert_eq!((walked.coverage, holes(&walked).join(", ")), (*coverage, expected.join(", ")), "{told}");
        let kept = match told {
            't' => "\n[ocr]\ncard 4111 1111 1111 1111\nsecond line\n",
            'c' => "\n[ocr]\nbefore\n",
            'f' => continue,
            _ => "",
        };
        assert_eq!(text, kept, "{told}");
    }
}

#[test]
fn a_program_behind_the_walls_can_do_nothing_but_read_its_libraries() {
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = stand_in(folder.path()) else { return };
    let cells = cells(Some(Ocr::new(Settings { program, ..Settings::default() }, around(1)).unwrap()));
    let (_, text) = read(&Content::from_memory(gif(b'w')), "a.gif", &cells);
    let told: Vec<&str> = text.lines().filter(|line| line.contains(": ")).collect();
    assert_eq!(told.len(), 10, "{text}");
    for line in told {
        let expected = if line.starts_with("read a library") { "DONE" } else { "refused" };
        assert!(line.ends_with(expected), "{line}");
    }
}

#[test]
fn bounds_of_a_document_hold() {
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = stand_in(folder.path()) else { return };
    let settings = Settings { program: program.clone(), pages_max: 2, ..Settings::default() };
    let with = cells(Some(Ocr::new(settings, around(1)).unwrap()));
    let files: Vec<(String, Vec<u8>)> = (0..4).map(|n| (format!("{n}.gif"), gif(b't'))).collect();
    let members: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
    let zip = Content::from_memory(crate::extract::build::zip(&members));
    let (walked, text) = read(&zip, "a.zip", &with);
    assert_eq!(text.matches("4111").count(), 2, "two are read: {text}");
    assert_eq!(walked.coverage, Coverage::Partial(Reason::Member));
    assert_eq!(holes(&walked).len(), 4, "{:?}", walked.holes);
    let (walked, text) = read(&zip, "a.zip", &cells(None));
    assert_eq!((walked.coverage, text.contains("4111")), (Coverage::Partial(Reason::Member), false), "off");
    // A dot of a web page holds no text, and costs nothing.
    let dot = [b"GIF89a\x01\0\x01\0\0".as_slice(), b"h\0;"].concat();
    assert_eq!(read(&Content::from_memory(dot), "dot.gif", &with).0.coverage, Coverage::Complete);
    let missing = Settings { languages: vec!["fra".to_owned()], program, ..Settings::default() };
    match Ocr::new(missing, around(1)) {
        Err(Error::NoLanguage { missing, there }) => assert_eq!((&*missing, there.len()), (&["fra".to_owned()][..], 2)),
        other => panic!("{other:?}"),
    }
    let nowhere = Settings { program: PathBuf::from("/nonexistent/reader"), ..Settings::default() };
    assert!(matches!(Ocr::new(nowhere, around(1)), Err(Error::NotInstalled(_))));
}

#[test]
fn tesseract_reads_pictures_scans_and_pictures_in_documents() {
    let Some(ocr) = real(Settings::default()) else { return };
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/samples");
    let (with, without) = (cells(Some(ocr)), cells(None));
    let rows: &[(&str, &[&str])] = &[
        ("pictures/note.png", &["[ocr]", "4111 1111 1111 1111"]),
        (
            "pdf/scanned-letter.pdf",
            &[
                "[page 1 > ocr]",
                "4111 1111 1111 1111",
                "[page 2 > ocr]",
                "DE89 3704 0044 0532 0130 00",
                "[page 3 > ocr]",
                "5500 0000 0000 0004",
                "[page 4 > ocr]",
                "3782 822463 10005",
            ],
        ),
        ("finance/pictured.docx", &["The payment is in the picture", "6011 1111 1111 1117"]),
    ];
    for (file, expected) in rows {
        let content = Content::open(&samples.join(file), Links::Refuse).unwrap();
        let (walked, text) = read(&content, file, &with);
        for wanted in *expected {
            assert!(text.contains(wanted), "{file}: {wanted}\n{text}");
        }
        assert_eq!((walked.coverage, holes(&walked).len()), (Coverage::Complete, 0), "{file}: {:?}", walked.holes);
        let (walked, text) = read(&content, file, &without);
        assert!(walked.coverage.is_gap() && !text.contains("[ocr]") && !text.contains("> ocr]"), "{file}: off");
    }
}

#[test]
fn the_commands_read_pictures_when_asked() {
    let scene = Scene::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/samples");
    scene.write("note.png", std::fs::read(samples.join("pictures/note.png")).unwrap());
    scene.scan(["note.png"]).run().expect_code(3).expect_out("image_only");
    scene.scan(["--ocr=../x", "note.png"]).run().expect_code(2).expect_err("no name of a language");
    if real(Settings::default()).is_none() {
        let refused = scene.scan(["--ocr", "note.png"]).run();
        refused.expect_code(2).expect_err("apt-get install tesseract-ocr");
        scene.call(["doctor", "--offline"]).run().expect_out("tesseract is not installed");
        return;
    }
    let scanned = scene.call(["scan", "--ocr", "--verbose", "note.png"]).run();
    scanned.expect_code(1).expect_out("ocr").expect_err("tesseract, eng");
    scene.call(["extract", "--ocr=eng", "note.png"]).run().expect_code(0).expect_out("4111 1111 1111 1111");
    let unknown = scene.scan(["--ocr=xyz", "note.png"]).run();
    unknown.expect_code(2).expect_err("tesseract has no language xyz").expect_err("tesseract-ocr-xyz");
    scene.call(["doctor", "--offline"]).run().expect_out("ocr: pictures are not read");
}
