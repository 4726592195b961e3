//! A program that has ended: what it said, and questions about it whose failures are framed.

use serde_json::Value;
use std::process::ExitStatus;

/// Why a file may not be read wholly: the closed list.
#[rustfmt::skip]
const REASONS: [&str; 32] = [
    "limit:time", "limit:bytes_read", "limit:bytes_inflated", "limit:ratio", "limit:text_bytes", "limit:members",
    "limit:depth", "limit:nesting", "limit:memory", "member", "candidate_limit", "image_only", "encrypted_password",
    "encrypted_rights", "corrupt", "unsupported", "no_text", "not_inspectable", "crashed", "timed_out", "access_denied",
    "locked", "outside_owner", "too_large", "not_needed", "never_read", "deleted", "changed_while_read", "special_file",
    "io_error", "interrupted", "parked",
];

/// A program's outcome.
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

impl Ran {
    /// The exit code; -1 when a signal ended it.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }

    /// Standard output, with bytes that are no UTF-8 replaced.
    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error, likewise.
    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// Fails unless the program ended with this code.
    #[track_caller]
    pub(crate) fn expect_code(&self, code: i32) -> &Self {
        assert!(self.code() == code, "{}", self.frame(&format!("exit code {code}"), &self.status.to_string()));
        self
    }

    /// Fails unless standard output holds this.
    #[track_caller]
    pub(crate) fn expect_out(&self, part: &str) -> &Self {
        assert!(self.out().contains(part), "{}", self.frame(&format!("on stdout: {part}"), "not there"));
        self
    }

    /// Fails unless standard error holds this.
    #[track_caller]
    pub(crate) fn expect_err(&self, part: &str) -> &Self {
        assert!(self.err().contains(part), "{}", self.frame(&format!("on stderr: {part}"), "not there"));
        self
    }

    /// Fails unless standard error is empty.
    #[track_caller]
    pub(crate) fn expect_quiet(&self) -> &Self {
        assert!(self.stderr.is_empty(), "{}", self.frame("nothing on stderr", "something"));
        self
    }

    /// The objects of a report in JSON lines.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        let parse = |line: &[u8]| serde_json::from_slice(line);
        let lines = self.stdout.split_inclusive(|&byte| byte == b'\n').map(parse).collect();
        match lines {
            Ok(lines) => lines,
            Err(error) => panic!("{}", self.frame("JSON on each line", &error.to_string())),
        }
    }

    /// The summary of a report in JSON lines, which is its last line.
    #[track_caller]
    pub(crate) fn summary(&self) -> Value {
        let last = self.lines().pop().unwrap_or_default();
        assert!(last["summary"].is_object(), "{}", self.frame("a summary on the last line", &last.to_string()));
        last["summary"].clone()
    }

    /// The lines of files, in order. Fails unless each reason is of the closed list.
    #[track_caller]
    pub(crate) fn files(&self) -> Vec<Value> {
        let files: Vec<Value> = self.lines().into_iter().filter(|line| line["coverage"].is_string()).collect();
        for file in &files {
            let holes = file["holes"].as_array().into_iter().flatten().map(|hole| &hole["reason"]);
            for reason in holes.chain(file.get("reason")).map(|reason| reason.as_str().unwrap_or_default()) {
                assert!(REASONS.contains(&reason), "{}", self.frame("a reason of the closed list", reason));
            }
            assert!(file["coverage"] == "complete" || file["reason"].is_string(), "{}", self.frame("a reason", "none"));
        }
        files
    }

    /// The paths of the files, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.files().iter().map(|file| file["path"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// `complete`, `partial: limit:ratio` ...: what is said of one file; `not reported` when nothing is.
    pub(crate) fn coverage(&self, path: &str) -> String {
        let file = self.files().into_iter().find(|file| file["path"] == path);
        file.map_or_else(|| "not reported".to_owned(), |file| coverage_words(&file))
    }

    /// The line of one file.
    #[track_caller]
    pub(crate) fn file(&self, path: &str) -> Value {
        let file = self.files().into_iter().find(|file| file["path"] == path);
        file.unwrap_or_else(|| panic!("{}", self.frame(&format!("a line of {path}"), "none")))
    }

    /// The lines of findings, in order.
    pub(crate) fn findings(&self) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line["detector"].is_string()).collect()
    }

    /// An expectation and what came, with all that the program said.
    pub(crate) fn frame(&self, expected: &str, got: &str) -> String {
        let shown = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(&bytes[..bytes.len().min(8 << 10)]).into_owned();
            text.lines().map(|line| format!("|   {line}\n")).collect::<String>()
        };
        format!(
            "{}| stdout, {} bytes\n{}| stderr\n{}+--\n",
            framed(expected, got).trim_end_matches("+--\n"),
            self.stdout.len(),
            shown(&self.stdout),
            shown(&self.stderr)
        )
    }
}

/// `complete`, or `partial: limit:ratio`, of a line that has `coverage` and `reason`.
fn coverage_words(line: &Value) -> String {
    let state = line["coverage"].as_str().unwrap_or_default();
    line["reason"].as_str().map_or_else(|| state.to_owned(), |reason| format!("{state}: {reason}"))
}

/// An expectation above what came.
fn framed(expected: &str, got: &str) -> String {
    format!("\n+-- expected\n|   {expected}\n+-- got\n|   {got}\n+--\n")
}

/// Fails, framed, unless both are the same; `what` tells the row.
#[track_caller]
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, got: &T) {
    assert!(expected == got, "{what}{}", framed(&format!("{expected:?}"), &format!("{got:?}")));
}
