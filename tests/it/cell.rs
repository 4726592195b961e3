//! Cells, through the program itself: what a child can do (nothing), how its end is told, that a verdict does not depend on
//! where it was read, that nests of documents take one cell, and that no child is left.

use crate::harness::Scene;
use sluicebox::clock::Clock;
use sluicebox::content::{Budget, Content, Limits, Links, Spool, Stop};
use sluicebox::extract::cell::{self, Cells, Exercise, FLOOD_BYTES, KEPT_BYTES, Layer};
use sluicebox::extract::decode::Charset;
use sluicebox::extract::{Edge, Output, PartHead, Source};
use sluicebox::inspect::walk::{Visitor, Walked, walk};
use sluicebox::model::{Coverage, Place, Reason};
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn options(cells: usize) -> cell::Options {
    cell::Options { program: PathBuf::from(env!("CARGO_BIN_EXE_sluicebox")), ..cell::Options::for_threads(cells) }
}

fn cells(cells: usize) -> Cells {
    Cells::start(options(cells)).unwrap()
}

fn budget(limits: Limits) -> Budget {
    Budget::new(limits, Clock::machine(), Arc::default(), 1 << 20)
}

/// What came out of a reading, in words.
#[derive(Default)]
struct Told {
    lines: String,
    text_bytes: usize,
    member_bytes: usize,
    member_bytes_wanted: usize,
}

impl Output for Told {
    fn open_part(&mut self, head: PartHead) -> Result<(), Stop> {
        writeln!(self.lines, "part {}", head.name).unwrap();
        Ok(())
    }

    fn push(&mut self, _: Edge, _: &Place, text: &str, _: Option<u64>) -> Result<(), Stop> {
        self.text_bytes += text.len();
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        Ok(())
    }

    fn member(&mut self, _: &str, body: &mut dyn Read) -> Result<(), Stop> {
        let mut piece = [0; 4096];
        while self.member_bytes < self.member_bytes_wanted {
            self.member_bytes += body.read(&mut piece).unwrap();
        }
        Ok(())
    }

    fn hole(&mut self, _: &str, _: Reason) {}
}

fn exercised(cells: &Cells, exercise: Exercise, limits: Limits, told: &mut Told) -> Result<(), Reason> {
    let (content, budget) = (Content::from_memory(b"bytes".as_slice()), budget(limits));
    let source = Source { content: &content, budget: &budget, name: "a", charset: Charset::UTF8, text: None };
    cells.exercise(exercise, &source, told).map_err(|failure| failure.reason())
}

/// Walls that this kernel must have, or the test would show nothing.
#[test]
fn a_cell_can_open_connect_execute_and_signal_nothing() {
    let cells = cells(1);
    let layers = cells.layers().unwrap();
    assert_eq!(layers.missing().collect::<Vec<Layer>>(), [], "walls of this kernel");
    let attempts = cells.attempts().unwrap();
    assert!(attempts.len() >= 15, "{attempts:?}");
    for attempt in attempts {
        assert!(attempt.is_well, "{}", attempt.what);
    }
}

#[test]
fn each_end_of_a_cell_is_told_and_costs_one_document() {
    let hasty = Cells::start(cell::Options { silence: Duration::from_millis(300), ..options(1) }).unwrap();
    let patient = cells(1);
    let brief = || Limits { time_secs: 1, ..Limits::default() };
    let rows = [
        (Exercise::Abort, Reason::Crashed),
        (Exercise::Overflow, Reason::Crashed),
        (Exercise::Panic, Reason::Crashed),
        (Exercise::Garble, Reason::Crashed),
        (Exercise::Silence, Reason::TimedOut),
        (Exercise::Grow, Reason::Limit(sluicebox::model::Limit::Memory)),
        (Exercise::Endless, Reason::Limit(sluicebox::model::Limit::Time)),
    ];
    for (exercise, expected) in rows {
        let mut told = Told::default();
        // A slow machine needs its time for all but silence.
        let cells = if exercise == Exercise::Silence { &hasty } else { &patient };
        let limits = if exercise == Exercise::Endless { brief() } else { Limits::default() };
        assert_eq!(exercised(cells, exercise, limits, &mut told), Err(expected), "{exercise:?}");
        assert_eq!((&*told.lines, told.text_bytes), ("part exercise\n", 6), "{exercise:?}: what came before is kept");
    }
    let mut told = Told::default();
    assert_eq!(exercised(&patient, Exercise::Disorder, Limits::default(), &mut told), Err(Reason::Crashed));
    assert_eq!(told.text_bytes, 0, "text of no part is not taken");
}

#[test]
fn much_text_comes_whole_and_a_member_that_is_not_wanted_ends() {
    let cells = cells(1);
    let mut told = Told { member_bytes_wanted: 1 << 20, ..Told::default() };
    assert_eq!(exercised(&cells, Exercise::Flood, Limits::default(), &mut told), Ok(()));
    assert_eq!(told.text_bytes, FLOOD_BYTES + 6);
    assert_eq!(exercised(&cells, Exercise::EndlessMember, Limits::default(), &mut told), Ok(()));
    assert!((1 << 20..2 << 20).contains(&told.member_bytes), "{}", told.member_bytes);
}

#[test]
fn the_users_wish_to_stop_is_heard_while_a_cell_is_silent() {
    let cells = cells(1);
    let stop = Arc::new(AtomicBool::new(false));
    let budget = Budget::new(Limits::default(), Clock::machine(), Arc::clone(&stop), 1);
    let content = Content::from_memory(b"bytes".as_slice());
    let source = Source { content: &content, budget: &budget, name: "a", charset: Charset::UTF8, text: None };
    let raise = Raise(&stop, Told::default());
    let mut raise = raise;
    let outcome = cells.exercise(Exercise::Silence, &source, &mut raise);
    assert_eq!(outcome.map_err(|failure| failure.reason()), Err(Reason::Interrupted));

    /// Wants to stop when the first part ends.
    struct Raise<'a>(&'a AtomicBool, Told);
    impl Output for Raise<'_> {
        fn open_part(&mut self, head: PartHead) -> Result<(), Stop> {
            self.1.open_part(head)
        }
        fn push(&mut self, edge: Edge, place: &Place, text: &str, raw: Option<u64>) -> Result<(), Stop> {
            self.1.push(edge, place, text, raw)
        }
        fn close_part(&mut self) -> Result<(), Stop> {
            self.0.store(true, Ordering::Relaxed);
            Ok(())
        }
        fn member(&mut self, _: &str, _: &mut dyn Read) -> Result<(), Stop> {
            Ok(())
        }
        fn hole(&mut self, _: &str, _: Reason) {}
    }
}

/// The process number of the cell that is next.
fn number(cells: &Cells) -> u32 {
    let mut told = Told::default();
    assert_eq!(exercised(cells, Exercise::Number, Limits::default(), &mut told), Ok(()));
    told.lines.lines().last().and_then(|line| line.strip_prefix("part ")?.parse().ok()).expect("a process number")
}

#[test]
fn a_cell_is_replaced_after_its_documents_and_when_it_holds_on_to_memory() {
    let worn = Cells::start(cell::Options { documents_max: 3, ..options(1) }).unwrap();
    let numbers: Vec<u32> = (0..7).map(|_| number(&worn)).collect();
    let stays = |n: usize| numbers[n] == numbers[n + 1];
    assert_eq!((0..6).map(stays).collect::<Vec<_>>(), [true, true, false, true, true, false], "{numbers:?}");
    // It holds more than half of what it may.
    let memory_bytes = 2 * u64::try_from(KEPT_BYTES).unwrap() - (8 << 20);
    let full = Cells::start(cell::Options { memory_bytes, ..options(1) }).unwrap();
    let first = number(&full);
    assert_eq!(exercised(&full, Exercise::Keep, Limits::default(), &mut Told::default()), Ok(()));
    // It is looked at now and then.
    assert!((0..16).any(|_| number(&full) != first), "it is never replaced");
    let lean = cells(1);
    let first = number(&lean);
    assert!((0..16).all(|_| number(&lean) == first), "one that keeps nothing stays");
}

#[test]
fn a_silent_cell_is_ended_and_another_takes_its_place() {
    let hasty = Cells::start(cell::Options { silence: Duration::from_millis(300), ..options(1) }).unwrap();
    let silent = number(&hasty);
    let outcome = exercised(&hasty, Exercise::Silence, Limits::default(), &mut Told::default());
    assert_eq!(outcome, Err(Reason::TimedOut));
    assert_ne!(number(&hasty), silent);
    assert_eq!(parent_of(silent), None, "it is gone for good");
}

/// Runs what a command does on a kernel that does not know this call: a filter of system calls says so.
fn without_call(call: i64, run: impl FnOnce() + Send + 'static) {
    use seccompiler::{SeccompAction, SeccompFilter};
    let refused = SeccompAction::Errno(u32::try_from(libc::ENOSYS).unwrap());
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new([(call, Vec::new())].into(), SeccompAction::Allow, refused, arch).unwrap();
    let filter: seccompiler::BpfProgram = filter.try_into().unwrap();
    // The filter holds for this thread and for the processes that it starts.
    let thread = std::thread::spawn(move || {
        seccompiler::apply_filter(&filter).unwrap();
        run();
    });
    thread.join().expect("as the test says");
}

#[test]
fn nothing_is_read_where_a_wall_is_missing_and_all_are_required() {
    without_call(libc::SYS_landlock_create_ruleset, || {
        let scene = Scene::new();
        scene.write("a.txt", "nothing");
        for command in [vec!["scan", "--require-sandbox", "a.txt"], vec!["extract", "--require-sandbox", "a.txt"]] {
            let ran = scene.call(command.iter().copied()).run();
            ran.expect_code(2).expect_err("this system lacks walls of the sandbox: no files (landlock)");
            ran.expect_err("docs/cells.md");
        }
        // Not required, it is told; the other walls stand.
        let ran = scene.scan(["--verbose", "a.txt"]).run();
        ran.expect_code(0)
            .expect_err("this kernel lacks: no files (landlock)")
            .expect_err("few system calls (seccomp)");
        scene.call(["doctor", "--offline"]).run().expect_out("this kernel lacks walls: no files (landlock)");
    });
}

/// All text with its places, as a walk tells it.
#[derive(Default)]
struct Text(String);

impl Visitor for Text {
    fn open_part(&mut self, chain: &[String], head: &PartHead) -> Result<(), Stop> {
        let units = head.own_text.map(|units| format!("{units:?}"));
        writeln!(self.0, "\n== {chain:?} {} {units:?} {}", head.name, head.recovered).unwrap();
        Ok(())
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str, raw: Option<u64>) -> Result<(), Stop> {
        if let Edge::Soft(separator) = edge {
            self.0.push(separator);
        }
        // Where pieces of a long text are cut is nobody's business; where they stand is.
        if edge != Edge::Join {
            write!(self.0, "[{place} {raw:?}]").unwrap();
        }
        self.0.push_str(text);
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        Ok(())
    }
}

fn read(content: &Content, name: &str, cells: &Cells) -> (Walked, String) {
    let (mut text, budget) = (Text::default(), budget(Limits::default()));
    let walked = walk(content, name, &budget, &Spool::default(), cells, &mut text);
    (walked, text.0)
}

fn files(below: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn a_verdict_is_the_same_in_a_cell_and_in_process() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let (cells, none) = (cells(1), Cells::in_process());
    let all: Vec<PathBuf> = ["documents", "samples"].iter().flat_map(|folder| files(&corpus.join(folder))).collect();
    assert!(all.len() > 200);
    for path in all {
        let content = Content::open(&path, Links::Refuse).unwrap();
        let name = path.file_name().unwrap().to_string_lossy();
        let (there, text_there) = read(&content, &name, &cells);
        let (here, text_here) = read(&content, &name, &none);
        let facts = |walked: &Walked| {
            let holes = format!("{:?} {}", walked.holes, walked.holes_total);
            (walked.coverage, holes, walked.kind.name, walked.mismatch, walked.bytes, walked.text_bytes)
        };
        assert_eq!(facts(&there), facts(&here), "{}", path.display());
        assert!(text_there == text_here, "{}: the text differs", path.display());
    }
}

/// Mails in archives in mails: each needs a cell, and there is one.
#[test]
fn nests_of_documents_take_one_cell() {
    let cells = cells(1);
    let mut body = b"a word at the bottom".to_vec();
    let mut name = "note.txt".to_owned();
    for level in 0..5 {
        body = packed(&name, &body, level);
        name = format!("level{level}.{}", if level % 2 == 0 { "zip" } else { "tar.bz2" });
    }
    let content = Content::from_memory(body);
    let (walked, text) = read(&content, &name, &cells);
    assert_eq!(walked.coverage, Coverage::Complete, "{:?}", walked.holes);
    assert!(text.contains("a word at the bottom") && text.contains("note.txt"), "{text}");
}

/// A store in an archive in a mail: each is read by a cell, or holds what is, and there is one.
#[test]
fn members_of_members_come_through_cells() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/samples");
    let store = std::fs::read(samples.join("mail/office.pst")).unwrap();
    let archive = crate::extract::build::zip(&[("office.pst", &store)]);
    let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &archive);
    let mail = format!(
        "From: a@larkspur.example\r\nSubject: store\r\nMIME-Version: 1.0\r\nContent-Type: application/zip; \
         name=\"store.zip\"\r\nContent-Disposition: attachment; filename=\"store.zip\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n"
    );
    let outer = packed("mail.eml", mail.as_bytes(), 1);
    let (walked, text) = read(&Content::from_memory(outer), "outer.tar.bz2", &cells(1));
    let (direct, _) = read(&Content::from_memory(store), "office.pst", &cells(1));
    assert_eq!(walked.coverage.is_gap(), direct.coverage.is_gap(), "{:?}", walked.holes);
    for wanted in
        ["DE89 3704 0044 0532 0130 00", "378282246310005", "GB29NWBK60161331926819", "\"store.zip\", \"office.pst\""]
    {
        assert!(text.contains(wanted), "{wanted}");
    }
}

/// Zip files, read in place, and compressed archives, read in a cell, by turns.
fn packed(name: &str, body: &[u8], level: usize) -> Vec<u8> {
    if level.is_multiple_of(2) {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(body).unwrap();
        return zip.finish().unwrap().into_inner();
    }
    let mut head = [0; 512];
    head[..name.len()].copy_from_slice(name.as_bytes());
    head[100..107].copy_from_slice(b"0000644");
    head[124..135].copy_from_slice(format!("{:011o}", body.len()).as_bytes());
    head[156] = b'0';
    head[257..263].copy_from_slice(b"ustar\0");
    head[148..156].fill(b' ');
    let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    head[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let mut tar = [&head[..], body].concat();
    tar.resize(tar.len().next_multiple_of(512) + 1024, 0);
    let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    packer.write_all(&tar).unwrap();
    packer.finish().unwrap()
}

/// Who the parent of a process is; `None` once it has ended.
fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit(") ").next()?.split(' ');
    let (state, parent) = (fields.next()?, fields.next()?.parse().ok()?);
    (state != "Z").then_some(parent)
}

fn children_of(parent: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    numbers.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

fn name_of(pid: u32) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim().to_owned()
}

/// A cell that has raised its walls, by the name that it then takes.
const CELL: &str = "sluicebox-cell";

#[test]
fn cells_end_with_their_parent_however_it_ends() {
    let mut parent = std::process::Command::new(env!("CARGO_BIN_EXE_sluicebox"))
        .args(["extract", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    // It waits for its input, and its cell for a document.
    let cell = loop {
        match children_of(parent.id()).into_iter().find(|pid| name_of(*pid) == CELL) {
            Some(cell) => break cell,
            None => std::thread::yield_now(),
        }
    };
    parent.kill().unwrap();
    parent.wait().unwrap();
    while parent_of(cell).is_some() && name_of(cell) == CELL {
        std::thread::yield_now();
    }
}

#[test]
fn the_commands_say_which_walls_stand() {
    let scene = Scene::new();
    scene.write("a.txt", "nothing");
    let scanned = scene.scan(["--verbose", "--require-sandbox", "a.txt"]).run();
    scanned.expect_code(0).expect_err("cells: limits, ").expect_err("few system calls (seccomp)");
    let checked = scene.call(["doctor", "--offline"]).run();
    checked.expect_out("cells: walls that stand: limits, ");
    scene.call(["cell"]).run().expect_code(2).expect_err("docs/cells.md");
}
