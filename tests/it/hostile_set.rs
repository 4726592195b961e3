//! The set of files made to hurt (`tests/hostile/make`): the program reads all of them in one run. It lives, each file has a
//! verdict within its limits, all its processes together stay under the bound on memory, and nothing is written anywhere.
//!
//! Here the short form of the set; `tests/hostile/run` reads the long one, with every cut and flip of every sample.

use crate::harness::same;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// All processes together: the budget of a scan.
const MEMORY_KIB_MAX: u64 = 512 << 10;
/// Wall clock for one file. A limit that is passed is a verdict; a file that outlives it is a fault.
const FILE_SECS: &str = "time=30";
/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Files that the script must make, damaged samples not counted.
const MADE_MIN: usize = 150;

fn is_long() -> bool {
    std::env::var_os("SLUICEBOX_HOSTILE").is_some_and(|form| form == "long")
}

/// Runs the script into `folder`; gives how many files it made.
fn make(folder: &Path) -> usize {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut script = Command::new("python3");
    script.arg(root.join("tests/hostile/make")).arg(folder).arg(root.join("corpus/samples"));
    if is_long() {
        script.arg(root.join("corpus/documents/docs"));
    } else {
        script.arg("--short");
    }
    let made = script.stdin(Stdio::null()).output().expect("python3");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let said = String::from_utf8(made.stdout).expect("text");
    said.split(' ').next().and_then(|count| count.parse().ok()).expect("a count")
}

/// Every file below a folder with its length.
fn listing(folder: &Path) -> BTreeMap<PathBuf, u64> {
    let (mut files, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let meta = entry.metadata().expect("its metadata");
            if meta.is_dir() {
                folders.push(entry.path());
            } else {
                files.insert(entry.path(), meta.len());
            }
        }
    }
    files
}

/// KiB that a process and all that it started hold; shared pages count once.
fn memory_kib(id: u32) -> u64 {
    let read = |path: String| std::fs::read_to_string(path).unwrap_or_default();
    let rollup = read(format!("/proc/{id}/smaps_rollup"));
    let own = rollup.lines().find_map(|line| line.strip_prefix("Pss:")?.split_whitespace().next()?.parse().ok());
    let threads = std::fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    let children = threads.map(|thread| read(thread.path().join("children").to_string_lossy().into_owned()));
    let below: u64 = children
        .flat_map(|ids| ids.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
        .map(memory_kib)
        .sum();
    own.unwrap_or(0) + below
}

/// Looks at the memory of a process until told to end; gives the most it saw.
fn watch(id: u32, end: &Receiver<()>) -> u64 {
    let mut most = 0;
    loop {
        most = most.max(memory_kib(id));
        if end.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout) {
            return most;
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn files_made_to_hurt_get_their_verdicts_and_do_no_harm() {
    let work = tempfile::tempdir().expect("a folder");
    let [files, home, tmp] = ["files", "home", "tmp"].map(|name| work.path().join(name));
    for folder in [&files, &home, &tmp] {
        std::fs::create_dir(folder).expect("a folder");
    }
    let made = make(&files);
    assert!(made >= MADE_MIN, "only {made} files");
    let before = listing(&files);
    let args = ["scan", ".", "--format", "jsonl", "--no-progress", "--limit", FILE_SECS];
    let child = Command::new(env!("CARGO_BIN_EXE_sluicebox"))
        .args(args)
        .current_dir(&files)
        .env_clear()
        .envs([("HOME", &home), ("TMPDIR", &tmp)])
        .env("SLUICEBOX_TOKEN_KEY", "00000000000000000000000000000000000000000000000000000000000000aa")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let (ended, end) = channel();
    let id = child.id();
    let watching = std::thread::spawn(move || watch(id, &end));
    let output = child.wait_with_output().expect("its end");
    drop(ended);
    let most = watching.join().expect("watched");

    let complaints = String::from_utf8_lossy(&output.stderr);
    same("exit code", &Some(3), &output.status.code());
    assert!(!complaints.contains("panicked"), "{complaints}");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
    let (mut told, mut crashed) = (BTreeSet::new(), Vec::new());
    for line in lines.iter().filter(|line| line["coverage"].is_string()) {
        let Some(path) = line["path"].as_str() else { continue };
        told.insert(files.join(path.trim_start_matches("./")));
        if line.to_string().contains("\"crashed\"") {
            crashed.push(path);
        }
    }
    let untold: Vec<_> = before.keys().filter(|path| !told.contains(*path)).collect();
    assert!(untold.is_empty(), "without a verdict: {untold:#?}");
    assert!(crashed.is_empty(), "their readers crashed: {crashed:#?}");
    assert!(most < MEMORY_KIB_MAX, "all processes together held {most} KiB");
    assert!(most > 0, "memory was never seen");
    same("the files", &before, &listing(&files));
    same("left in the folder for temporary files", &0, &listing(&tmp).len());
    for path in [work.path().join("escape.txt"), PathBuf::from("/tmp/escape.txt")] {
        assert!(!path.exists(), "a member was written to {}", path.display());
    }
}
