//! A program that runs: its output can be read line by line, and it can be sent signals.

use super::{PATIENCE, Ran};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;

/// A child that was started and not yet waited for. It is killed when nobody will: a test that fails leaves none behind.
pub(crate) struct Running {
    child: Child,
    stdout: Option<BufReader<ChildStdout>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    ended: Sender<()>,
    /// Keeps the child's standard input open.
    _stdin: Option<JoinHandle<ChildStdin>>,
}

impl Running {
    pub(super) fn new(mut command: Command, stdin: Vec<u8>, stdin_stays_open: bool) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        let mut held = None;
        if let Some(mut pipe) = child.stdin.take() {
            // A program that does not read its input to the end is its own affair.
            let writing = std::thread::spawn(move || {
                let _ = pipe.write_all(&stdin);
                pipe
            });
            held = stdin_stays_open.then_some(writing);
        }
        let stdout = child.stdout.take().map(BufReader::new);
        let mut pipe = child.stderr.take().expect("a pipe");
        let stderr = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            pipe.read_to_end(&mut bytes).expect("read");
            bytes
        });
        let (ended, end) = channel();
        let id = child.id();
        std::thread::spawn(move || {
            if end.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
                signal(id, "KILL");
            }
        });
        Self { child, stdout, stderr: Some(stderr), ended, _stdin: held }
    }

    /// The next line of standard output, without its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.as_mut().expect("still open").read_line(&mut line).expect("read");
        line.trim_end_matches('\n').to_owned()
    }

    /// Closes our end of the program's standard output.
    pub(crate) fn hang_up(&mut self) {
        self.stdout = None;
    }

    /// Sends a signal (`INT`, `KILL`).
    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// Waits until the program holds this file open.
    #[cfg(target_os = "linux")]
    pub(crate) fn until_open(&mut self, path: &Path) {
        let path = path.canonicalize().expect("a file");
        let folder = format!("/proc/{}/fd", self.child.id());
        let is_open = || {
            let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
            entries.filter_map(|entry| std::fs::read_link(entry.path()).ok()).any(|target| target == path)
        };
        while !is_open() {
            assert!(self.child.try_wait().expect("asked").is_none(), "ended before it opened the file");
            std::thread::yield_now();
        }
    }

    /// How the program ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("asked")
    }

    /// Reads the rest of the output and waits for the end.
    pub(crate) fn finish(mut self) -> Ran {
        let mut stdout = Vec::new();
        if let Some(mut pipe) = self.stdout.take() {
            pipe.read_to_end(&mut stdout).expect("read");
        }
        let status = self.child.wait().expect("waited");
        let _ = self.ended.send(());
        let stderr = self.stderr.take().map_or_else(Vec::new, |reading| reading.join().expect("read"));
        Ran { status, stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn signal(id: u32, name: &str) {
    let status = Command::new("/bin/sh").arg("-c").arg(format!("kill -{name} {id}")).stderr(Stdio::null()).status();
    assert!(status.is_ok(), "no shell to send a signal with");
}
