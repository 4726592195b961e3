//! Text in pictures, read by `tesseract` where that is installed and asked for; off otherwise.
//!
//! `tesseract` is a program of somebody else's, written in C++, and pictures come from strangers. So each picture has a process
//! of its own behind the walls of a cell (`cell/program.rs`): it gets the bytes on its standard input, answers with text, and is
//! ended when its time is over. Its answer is text of the document like any other, in a part named `ocr`. Whether it read
//! *rightly* nobody knows: a picture that it read to its end counts as read.

mod look;
mod run;

use super::{Failure, Output};
use crate::clock::Clock;
use crate::content::{Budget, Content};
use crate::model::Reason;
use crossbeam_channel::{Receiver, Sender, bounded};
use run::{End, Running};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The part that text of pictures stands in.
pub const PART: &str = "ocr";
/// The program's usual name.
pub const PROGRAM: &str = "tesseract";
/// The language that is read when none is named: the one that `tesseract` comes with.
pub const LANGUAGE: &str = "eng";

/// How pictures are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The program: a path, or a name that is looked for as a shell does. Default `tesseract`.
    pub program: PathBuf,
    /// Languages by `tesseract`'s own names. Default `eng`.
    pub languages: Vec<String>,
    /// A folder with languages besides the usual ones. Default none.
    pub data: Option<PathBuf>,
    /// Pages and pictures read of one document, members included. Default 200.
    pub pages_max: u32,
    /// Time for a page. Default 60 s.
    pub page_time: Duration,
    /// Memory for a page, in bytes. Default a cell's share, but at least 128 MiB.
    pub memory_bytes: Option<u64>,
    /// Pages that are read at the same time. Default one for each thread that scans.
    pub at_once: Option<usize>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            program: PathBuf::from(PROGRAM),
            languages: vec![LANGUAGE.to_owned()],
            data: None,
            pages_max: 200,
            page_time: Duration::from_secs(60),
            memory_bytes: None,
            at_once: None,
        }
    }
}

/// Refuses what is no name of a language: it becomes a word on a command line and the name of a file.
///
/// # Errors
/// What is wrong, in words.
pub fn check_languages(languages: &[String]) -> Result<(), String> {
    let is_name = |name: &String| {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/');
        !name.is_empty() && name.len() <= 64 && !name.starts_with(['-', '/']) && name.chars().all(known)
    };
    match languages.iter().find(|name| !is_name(name)) {
        Some(name) => Err(format!("`{}` is no name of a language: write eng, deu, chi_sim", name.escape_debug())),
        None if languages.is_empty() => Err("name at least one language".to_owned()),
        None => Ok(()),
    }
}

/// Below this no page of print can be read.
const MEMORY_BYTES_MIN: u64 = 128 << 20;
/// Time for the program to say which languages it has.
const LISTING_TIME: Duration = Duration::from_secs(20);

/// Why pictures cannot be read as they are wanted.
#[derive(Debug)]
pub enum Error {
    /// There is no such program.
    NotInstalled(PathBuf),
    /// It does not run behind the walls, or does not answer as `tesseract` does.
    Strange(PathBuf),
    /// A wall is missing that must stand.
    NoWalls,
    /// It does not have these languages; and which it has.
    NoLanguage {
        /// Wanted and not there.
        missing: Vec<String>,
        /// There.
        there: Vec<String>,
    },
    /// The system started no process.
    Start(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NotInstalled(program) => {
                write!(f, "there is no program {} to read pictures with", program.display())
            }
            Error::Strange(program) => write!(f, "{} does not answer as tesseract does", program.display()),
            Error::NoWalls => f.write_str("this system lacks walls of the sandbox that pictures must be read in"),
            Error::NoLanguage { missing, there } => {
                write!(f, "tesseract has no language {}; it has: {}", missing.join(", "), there.join(", "))
            }
            Error::Start(error) => write!(f, "tesseract could not be started: {error}"),
        }
    }
}

impl std::error::Error for Error {}

/// Reads pictures; cheap to clone, clones share their bounds.
#[derive(Clone, Debug)]
pub struct Ocr(Arc<Reader>);

#[derive(Debug)]
struct Reader {
    settings: Settings,
    /// The program by its whole path.
    program: PathBuf,
    /// This program, which raises the walls.
    launcher: PathBuf,
    /// Languages that it has.
    there: Vec<String>,
    memory_bytes: u64,
    require_walls: bool,
    /// A token for each page that is read at the same time.
    turns: (Sender<()>, Receiver<()>),
    clock: Clock,
}

/// What is beside the settings.
#[derive(Clone, Debug)]
pub struct Around {
    /// This program, by the path it is executed by. See [`crate::extract::cell::Options::program`].
    pub launcher: PathBuf,
    /// Threads that scan.
    pub threads: usize,
    /// What a cell may hold, in bytes.
    pub cell_memory_bytes: u64,
    /// Read nothing where a wall is missing.
    pub require_walls: bool,
}

/// What came of one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// Pages that were read.
    pub pages: u32,
    /// False when there are more pages than were to be read.
    pub is_whole: bool,
}

impl Ocr {
    /// Finds the program and asks it for its languages, behind the walls that it will read pictures in.
    ///
    /// # Errors
    /// It is not there, does not run, or lacks a language.
    pub fn new(settings: Settings, around: Around) -> Result<Self, Error> {
        let reader = Self::found(settings, around)?;
        let wanted = reader.0.settings.languages.iter();
        let missing: Vec<String> = wanted.filter(|name| !reader.0.there.contains(name)).cloned().collect();
        if !missing.is_empty() {
            return Err(Error::NoLanguage { missing, there: reader.0.there.clone() });
        }
        Ok(reader)
    }

    /// The same without regard to the languages that are wanted.
    ///
    /// # Errors
    /// It is not there, or does not run.
    pub fn found(settings: Settings, around: Around) -> Result<Self, Error> {
        let program = look::program(&settings.program).ok_or_else(|| Error::NotInstalled(settings.program.clone()))?;
        let at_once = settings.at_once.unwrap_or(around.threads).max(1);
        let turns = bounded(at_once);
        for _ in 0..at_once {
            let _ = turns.0.try_send(());
        }
        let memory_bytes = settings.memory_bytes.unwrap_or(around.cell_memory_bytes.max(MEMORY_BYTES_MIN));
        let mut reader = Reader {
            program,
            launcher: around.launcher,
            there: Vec::new(),
            memory_bytes,
            require_walls: around.require_walls,
            turns,
            clock: Clock::machine(),
            settings,
        };
        reader.there = reader.languages()?;
        Ok(Self(Arc::new(reader)))
    }

    /// The languages that pictures are read in.
    #[must_use]
    pub fn languages(&self) -> &[String] {
        &self.0.settings.languages
    }

    /// The languages that the program has.
    #[must_use]
    pub fn there(&self) -> &[String] {
        &self.0.there
    }

    /// The program by its whole path.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.0.program
    }

    /// Pages and pictures that may be read of one document.
    #[must_use]
    pub fn pages_max(&self) -> u32 {
        self.0.settings.pages_max
    }

    /// What decides, beside a picture, what is read in it: part of the key of a verdict. The program's own version is not
    /// known to it; a newer one reads contents again when they change.
    #[must_use]
    pub fn canonical(&self) -> String {
        let Settings { languages, pages_max, page_time, memory_bytes, .. } = &self.0.settings;
        let (languages, secs) = (languages.join("+"), page_time.as_secs());
        format!("ocr languages={languages} pages={pages_max} page_secs={secs} memory={memory_bytes:?}")
    }

    /// True for the types whose pixels can be read.
    #[must_use]
    pub fn takes(kind: &str) -> bool {
        matches!(kind, "png" | "jpeg" | "gif" | "bmp" | "tiff" | "webp" | "jpeg2000")
    }

    /// True when a picture of this type is too small for anything that could be read: less than 12 pixels high or 24 wide.
    #[must_use]
    pub fn is_tiny(kind: &str, content: &Content) -> bool {
        look::size(kind, content).is_some_and(|(width, height)| width < WIDTH_MIN || height < HEIGHT_MIN)
    }

    /// Reads a picture, up to so many pages, and pushes what it says as a part. The time it takes is not the file's.
    ///
    /// # Errors
    /// `timed_out`, `crashed`, `limit:memory`, `image_only` (it is no picture that can be read), `io_error`; or a stop.
    pub fn read(
        &self,
        content: &Content,
        budget: &Budget,
        pages_max: u32,
        out: &mut dyn Output,
    ) -> Result<Read, Failure> {
        let reader = &*self.0;
        let pages = look::pages(content, pages_max.saturating_add(1));
        let wanted = pages.min(pages_max);
        let _turn = reader.turn(budget)?;
        let time = reader.settings.page_time.saturating_mul(wanted.max(1));
        let mut running = Running::begin(reader, reader.reading_args(), time)?;
        let mut text = run::Text::new(out, pages > 1, wanted);
        let end = running.hear(content, budget, &mut |bytes| text.take(bytes))?;
        text.finish()?;
        match end {
            End::Well | End::Enough => Ok(Read { pages: wanted, is_whole: pages <= pages_max }),
            End::Refused(reason) => Err(Failure::refused(reason, "said by the reader of pictures")),
        }
    }
}

/// Pixels that a letter needs, and a word.
const HEIGHT_MIN: u32 = 12;
const WIDTH_MIN: u32 = 24;

impl Reader {
    fn reading_args(&self) -> Vec<std::ffi::OsString> {
        // Its own way of finding columns and lines; with the model for it, pages that lie on their side are turned.
        let layout = if self.there.iter().any(|name| name == "osd") { "1" } else { "3" };
        let languages = self.settings.languages.join("+");
        let mut args = self.data_args();
        args.extend(["stdin", "stdout", "-l", &languages, "--psm", layout].map(Into::into));
        args
    }

    fn data_args(&self) -> Vec<std::ffi::OsString> {
        self.settings.data.as_ref().map_or_else(Vec::new, |data| vec!["--tessdata-dir".into(), data.into()])
    }

    fn languages(&self) -> Result<Vec<String>, Error> {
        let mut args = self.data_args();
        args.push("--list-langs".into());
        let mut running = Running::begin(self, args, LISTING_TIME).map_err(|error| match error.reason() {
            Reason::IoError => Error::Start(io::ErrorKind::Other.into()),
            _ => Error::Strange(self.program.clone()),
        })?;
        let mut said = Vec::new();
        let budget = Budget::new(crate::content::Limits::default(), self.clock.clone(), Arc::default(), 0);
        let end = running.hear(&Content::from_memory([]), &budget, &mut |bytes| {
            said.extend_from_slice(bytes);
            Ok(true)
        });
        if running.lacks_walls() {
            return Err(Error::NoWalls);
        }
        let said = String::from_utf8_lossy(&said).into_owned();
        // The first line is a title.
        let there: Vec<String> =
            said.lines().skip(1).map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        match end {
            Ok(End::Well) if !there.is_empty() => Ok(there),
            _ => Err(Error::Strange(self.program.clone())),
        }
    }

    /// Waits until one page less is read at the same time.
    fn turn(&self, budget: &Budget) -> Result<Turn<'_>, Failure> {
        let mut before = self.clock.elapsed();
        while self.turns.1.recv_timeout(run::STEP).is_err() {
            let now = self.clock.elapsed();
            budget.leave_out(now.saturating_sub(before));
            before = now;
            budget.check()?;
        }
        Ok(Turn(&self.turns.0))
    }
}

/// Leave to read a page now; given back on drop.
struct Turn<'a>(&'a Sender<()>);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // There is room for each.
        let _ = self.0.try_send(());
    }
}
