//! A program of somebody else's behind walls: for readers that are no Rust, and that `docs/ocr.md` tells of.
//!
//! This program executes itself once more; that child raises the walls, and only then becomes the other program, which so never
//! runs without them. It keeps standard input and output, may read its own libraries and data, and execute nothing but itself.

use super::child::WORD as CELL;
use super::walls::{self, Fence};
use super::{Layer, sys};
use rustix::process::{Pid, getppid};
use std::ffi::{CString, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

/// What follows the word for cells on the command line.
pub(super) const WORD: &str = "program";
/// Exit code when it was not started as it is meant.
const EXIT_MISUSED: u8 = 2;
/// Exit code when a wall is missing that must stand.
pub(in crate::extract) const EXIT_NO_WALLS: u8 = 125;
/// Exit code when the program could not be executed.
const EXIT_NOT_RUN: u8 = 126;

/// What a program is to do, and within which bounds.
#[derive(Clone, Debug)]
pub(in crate::extract) struct Errand<'a> {
    /// This program, which raises the walls.
    pub(in crate::extract) launcher: &'a Path,
    /// The other one, by its whole path.
    pub(in crate::extract) program: &'a Path,
    pub(in crate::extract) args: Vec<OsString>,
    /// A folder that it may read besides its libraries.
    pub(in crate::extract) data: Option<&'a Path>,
    /// Bytes of memory that it may hold.
    pub(in crate::extract) memory_bytes: u64,
    /// Processor time that it may take.
    pub(in crate::extract) processor: Duration,
    /// Do not run it where a required wall is missing.
    pub(in crate::extract) require_walls: bool,
}

impl Errand<'_> {
    /// Starts it. It reads what is written to the child's standard input, and answers by the socket.
    ///
    /// # Errors
    /// The operating system's.
    pub(in crate::extract) fn begin(&self) -> io::Result<(Child, UnixStream)> {
        let (ours, theirs) = UnixStream::pair()?;
        let child = Command::new(self.launcher)
            .arg0("sluicebox")
            .args([CELL, WORD, &self.memory_bytes.to_string(), &self.processor.as_secs().to_string()])
            .args([std::process::id().to_string(), u8::from(self.require_walls).to_string()])
            .arg(self.data.unwrap_or_else(|| Path::new("")))
            .arg(self.program)
            .args(&self.args)
            .env_clear()
            .current_dir("/")
            // The terminal's Ctrl-C is for the parent.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::from(OwnedFd::from(theirs)))
            .stderr(Stdio::piped())
            .spawn()?;
        Ok((child, ours))
    }
}

/// The child's side, after the two words: raise the walls, then become the program.
pub(super) fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let Some(told) = Told::of(args) else {
        eprintln!("error: a walled program is started by the program itself (docs/ocr.md)");
        return ExitCode::from(EXIT_MISUSED);
    };
    sys::close_all_others();
    let Some(exec) = told.exec() else { return ExitCode::from(EXIT_MISUSED) };
    let layers = walls::raise_around_program(&Fence {
        memory_bytes: told.memory_bytes,
        processor_secs: told.processor_secs,
        readable: &told.readable(),
        program: &told.program,
        program_at: exec.address(),
    });
    // Its parent may have ended before it was bound to it.
    if getppid() != told.parent {
        return ExitCode::from(EXIT_MISUSED);
    }
    if told.require_walls && layers.missing().any(Layer::is_required) {
        return ExitCode::from(EXIT_NO_WALLS);
    }
    exec.become_it();
    ExitCode::from(EXIT_NOT_RUN)
}

/// What the command line says.
struct Told {
    memory_bytes: u64,
    processor_secs: u64,
    parent: Option<Pid>,
    require_walls: bool,
    data: Option<PathBuf>,
    program: PathBuf,
    args: Vec<OsString>,
}

impl Told {
    fn of(mut args: impl Iterator<Item = OsString>) -> Option<Self> {
        let mut number = || args.next()?.to_str()?.parse::<u64>().ok();
        let (memory_bytes, processor_secs) = (number()?, number()?);
        let parent = Pid::from_raw(i32::try_from(number()?).ok()?);
        let require_walls = number()? != 0;
        let data = PathBuf::from(args.next()?);
        let data = Some(data).filter(|data| !data.as_os_str().is_empty());
        let program = PathBuf::from(args.next()?);
        Some(Self { memory_bytes, processor_secs, parent, require_walls, data, program, args: args.collect() })
    }

    /// Folders and files that it may read: libraries, what finds them, and its data.
    fn readable(&self) -> Vec<PathBuf> {
        let prefix = self.program.parent().and_then(Path::parent).filter(|prefix| prefix.parent().is_some());
        let own = prefix.map(|prefix| prefix.join("lib"));
        READABLE.iter().map(PathBuf::from).chain(own).chain(self.data.clone()).collect()
    }

    fn exec(&self) -> Option<sys::Exec> {
        let words = std::iter::once(self.program.clone().into_os_string()).chain(self.args.iter().cloned());
        let words = words.map(|word| CString::new(word.into_vec()).ok()).collect::<Option<Vec<_>>>()?;
        let mut environment = vec![c"OMP_THREAD_LIMIT=1".to_owned(), c"LC_ALL=C".to_owned()];
        if let Some(data) = &self.data {
            let variable = [b"TESSDATA_PREFIX=", data.as_os_str().as_bytes()].concat();
            environment.push(CString::new(variable).ok()?);
        }
        Some(sys::Exec::new(words, environment))
    }
}

/// What programs are loaded from, and the usual places of `tesseract`'s own data.
const READABLE: &[&str] = &[
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/sys/devices/system/cpu",
    "/dev/urandom",
    "/usr/share/tesseract-ocr",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
];
