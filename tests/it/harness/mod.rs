//! The real program, run in a folder of its own with a home of its own, under a bound on memory.
//!
//! Nothing waits for time to pass: a test waits for output, for the end, or for a file to be open in the child. A child
//! that does neither within [`PATIENCE`] is killed, and the test then fails by its exit code.

mod ran;
mod running;

pub(crate) use ran::{Ran, same};
pub(crate) use running::Running;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a child may take before it counts as hung: far longer than any takes on a slow machine with other work.
const PATIENCE: Duration = Duration::from_secs(900);
/// Bytes of memory a child may hold (`ulimit -d`, in KiB): the budget of a scan.
const MEMORY_KIB: u32 = 512 << 10;
/// The unit of `ulimit -f`, by POSIX.
const SHELL_BLOCK_BYTES: u64 = 512;

/// A rule file of the tests' own: cheap to load, and no built-in rule can change what it finds.
pub(crate) const BADGE_RULES: &str = r"
schema = 1

[[list]]
id = 'badge.words'
terms = ['badge']

[[detector]]
id = 'test.badge'
name = 'Badge number'
why = 'A badge opens doors.'
regions = ['*']
tags = ['door']

[[detector.primary]]
regex = '''BDG-[0-9]{6}'''

[[detector.tier]]
name = 'high'
confidence = 85
evidence = { list = 'badge.words', within = 20 }

[[detector.tier]]
name = 'low'
confidence = 65

[[detector]]
id = 'test.crate'
name = 'Crate number'
regions = ['*']
tags = ['cargo']

[[detector.primary]]
regex = '''CRT-[0-9]{6}'''

[[detector.tier]]
name = 'medium'
confidence = 75
";

/// A folder for one test: `files` is where the program runs, `home` is its user's.
pub(crate) struct Scene {
    root: TempDir,
}

impl Scene {
    /// An empty folder, with the tests' own rules beside it.
    pub(crate) fn new() -> Self {
        let root = tempfile::tempdir().expect("a folder");
        for folder in ["files", "home"] {
            std::fs::create_dir(root.path().join(folder)).expect("a folder");
        }
        std::fs::write(root.path().join("badge.toml"), BADGE_RULES).expect("written");
        Self { root }
    }

    /// The path of something in the folder where the program runs.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.path().join("files").join(name)
    }

    /// The path of something in the user's home.
    pub(crate) fn home(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.path().join("home").join(name)
    }

    /// Where the key of tokens is made.
    pub(crate) fn key(&self) -> PathBuf {
        self.home(".config/sluicebox/token.key")
    }

    /// Writes a file, with the folders that lead to it.
    pub(crate) fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(&path, bytes).expect("written");
        path
    }

    /// A sparse file: `head`, then NULs up to `len` bytes.
    pub(crate) fn sparse(&self, name: &str, head: &[u8], len: u64) -> PathBuf {
        let path = self.write(name, head);
        std::fs::OpenOptions::new().write(true).open(&path).expect("opened").set_len(len).expect("stretched");
        path
    }

    /// The program with these arguments.
    pub(crate) fn call(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Call<'_> {
        let args = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
        Call { scene: self, args, stdin: None, stdin_stays_open: false, env: Vec::new(), file_bytes_max: None }
    }

    /// `scan` under the tests' own rules only.
    pub(crate) fn scan(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Call<'_> {
        self.call(["scan", "--no-builtin", "--rules", "../badge.toml"]).args(args)
    }

    /// [`scan`](Scene::scan) to JSON lines.
    pub(crate) fn jsonl(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
        self.scan(["--format", "jsonl"]).args(args).run()
    }
}

/// One call of the program, not yet started.
pub(crate) struct Call<'s> {
    scene: &'s Scene,
    args: Vec<OsString>,
    stdin: Option<Vec<u8>>,
    stdin_stays_open: bool,
    env: Vec<(OsString, OsString)>,
    file_bytes_max: Option<u64>,
}

impl Call<'_> {
    /// More arguments.
    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// What the program reads on standard input; nothing unless said.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// As [`stdin`](Call::stdin), but its end never comes.
    pub(crate) fn endless_stdin(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self { stdin_stays_open: true, ..self.stdin(bytes) }
    }

    /// A variable of the environment, which else holds a home and nothing more.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// No file that the program writes may become longer, as on a full disk; in whole KiB.
    pub(crate) fn file_bytes_max(self, bytes: u64) -> Self {
        Self { file_bytes_max: Some(bytes), ..self }
    }

    /// Starts the program.
    pub(crate) fn start(self) -> Running {
        // The shell sets the bound and becomes the program, so that the child's id is the program's.
        let mut command = Command::new("/bin/sh");
        // Beyond the bound a write fails, as it does on a full disk, and the signal that would come with it is not sent.
        let files = self.file_bytes_max.map(|bytes| format!("trap '' XFSZ; ulimit -f {}; ", bytes / SHELL_BLOCK_BYTES));
        let files = files.unwrap_or_default();
        command.arg("-c").arg(format!("ulimit -d {MEMORY_KIB}; {files}exec \"$0\" \"$@\""));
        command.arg(env!("CARGO_BIN_EXE_sluicebox")).args(&self.args);
        command.current_dir(self.scene.path(""));
        command.env_clear().env("HOME", self.scene.home("")).envs(self.env);
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        Running::new(command, self.stdin.unwrap_or_default(), self.stdin_stays_open)
    }

    /// Runs the program to its end.
    pub(crate) fn run(self) -> Ran {
        self.start().finish()
    }
}
