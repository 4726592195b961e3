//! One run of the program: a picture in, lines out, an end in time.
//!
//! Two threads beside the one that waits: one writes the picture, one keeps the last of what is complained about. Both end with
//! the child, whose ends of the pipes are the only others.

use super::Reader;
use crate::clock::Clock;
use crate::content::{Budget, Content, Stop};
use crate::extract::cell::program::{EXIT_NO_WALLS, Errand};
use crate::extract::{Edge, Failure, Output, PartHead};
use crate::model::{Limit, Place, Reason};
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::time::Duration;

/// A wait looks up so often.
pub(super) const STEP: Duration = Duration::from_millis(100);
/// Bytes of text that one picture may give; more is no print.
const TEXT_BYTES_MAX: usize = 16 << 20;
/// Bytes of complaints that are kept.
const COMPLAINTS_BYTES_MAX: usize = 4 << 10;
/// What the program and its libraries say when memory is refused.
const OUT_OF_MEMORY: &[&str] = &["bad_alloc", "alloc fail", "fail to alloc", "not made", "Cannot allocate memory"];

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By itself, well.
    Well,
    /// Nobody wanted more.
    Enough,
    /// Without having read all.
    Refused(Reason),
}

/// One child at work. It is ended and buried on drop.
pub(super) struct Running {
    child: Child,
    line: UnixStream,
    clock: Clock,
    time: Duration,
    status: Option<ExitStatus>,
}

impl Running {
    /// Starts the program with these words.
    pub(super) fn begin(reader: &Reader, args: Vec<OsString>, time: Duration) -> Result<Self, Failure> {
        let errand = Errand {
            launcher: &reader.launcher,
            program: &reader.program,
            args,
            data: reader.settings.data.as_deref(),
            memory_bytes: reader.memory_bytes,
            processor: time + STEP,
            require_walls: reader.require_walls,
        };
        let begun = errand.begin().and_then(|(child, line)| line.set_read_timeout(Some(STEP)).map(|()| (child, line)));
        let (child, line) = begun.map_err(|_| not_started())?;
        Ok(Self { child, line, clock: reader.clock.clone(), time, status: None })
    }

    /// Gives it the content and takes what it says, until its end or `take` wants no more.
    pub(super) fn hear(
        &mut self,
        content: &Content,
        budget: &Budget,
        take: &mut dyn FnMut(&[u8]) -> Result<bool, Stop>,
    ) -> Result<End, Failure> {
        let (stdin, stderr) = (self.child.stdin.take(), self.child.stderr.take());
        let picture = content.detached()?;
        let (ended, complaints) = std::thread::scope(|scope| {
            scope.spawn(move || {
                // It may have had enough of a picture, or have ended.
                if let Some(mut stdin) = stdin {
                    let _ = io::copy(&mut { picture }, &mut stdin);
                }
            });
            let complaints = scope.spawn(move || stderr.map(kept).unwrap_or_default());
            let ended = self.listen(budget, take);
            self.end();
            (ended, complaints.join().unwrap_or_default())
        });
        Ok(match ended? {
            End::Well => self.judged(&complaints),
            other => other,
        })
    }

    fn listen(&mut self, budget: &Budget, take: &mut dyn FnMut(&[u8]) -> Result<bool, Stop>) -> Result<End, Stop> {
        let mut buffer = vec![0; 16 << 10];
        let begun = self.clock.elapsed();
        let (mut before, mut taken) = (begun, 0);
        loop {
            let read = (&self.line).read(&mut buffer);
            let now = self.clock.elapsed();
            budget.leave_out(now.saturating_sub(before));
            before = now;
            budget.check()?;
            match read {
                // What is left to do is to end.
                Ok(0) => return Ok(self.waited(begun)),
                Ok(n) => {
                    taken += n;
                    if taken > TEXT_BYTES_MAX {
                        return Ok(End::Refused(Reason::Crashed));
                    }
                    if !take(&buffer[..n])? {
                        return Ok(End::Enough);
                    }
                }
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                Err(_) => return Ok(End::Refused(Reason::Crashed)),
            }
            if now.saturating_sub(begun) > self.time {
                return Ok(End::Refused(Reason::TimedOut));
            }
        }
    }

    /// It has closed its mouth: it ends at once, or is ended.
    fn waited(&mut self, begun: Duration) -> End {
        let never = std::sync::atomic::AtomicBool::new(false);
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    self.status = Some(status);
                    return End::Well;
                }
                Ok(None) if self.clock.elapsed().saturating_sub(begun) <= self.time => {
                    let _ = self.clock.wait(Duration::from_millis(2), &never);
                }
                _ => return End::Refused(Reason::TimedOut),
            }
        }
    }

    /// What its end says of the picture.
    fn judged(&self, complaints: &[u8]) -> End {
        let Some(status) = self.status else { return End::Refused(Reason::Crashed) };
        let said = String::from_utf8_lossy(complaints);
        let lacked = OUT_OF_MEMORY.iter().any(|words| said.contains(words));
        match (status.code(), status.signal()) {
            (Some(0), _) => End::Well,
            (_, Some(libc::SIGXCPU | libc::SIGKILL)) => End::Refused(Reason::TimedOut),
            _ if lacked => End::Refused(Reason::Limit(Limit::Memory)),
            (Some(1), _) => End::Refused(Reason::ImageOnly),
            _ => End::Refused(Reason::Crashed),
        }
    }

    /// True when it was not run since a wall is missing.
    pub(super) fn lacks_walls(&self) -> bool {
        self.status.and_then(|status| status.code()) == Some(i32::from(EXIT_NO_WALLS))
    }

    fn end(&mut self) {
        // Of no effect on one that has ended.
        let _ = self.child.kill();
        if let Ok(status) = self.child.wait() {
            self.status.get_or_insert(status);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

fn not_started() -> Failure {
    Failure::refused(Reason::IoError, "the reader of pictures could not be started")
}

/// The last of what is complained about.
fn kept(mut stderr: impl Read) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut piece = [0; 1024];
    while let Ok(read) = stderr.read(&mut piece) {
        if read == 0 {
            break;
        }
        kept.extend_from_slice(&piece[..read]);
        let over = kept.len().saturating_sub(COMPLAINTS_BYTES_MAX);
        kept.drain(..over);
    }
    kept
}

/// Lines out of what it says, as a part that is opened by the first of them.
pub(super) struct Text<'o> {
    out: &'o mut dyn Output,
    line: Vec<u8>,
    is_open: bool,
    /// Whether lines have a page as their place.
    has_pages: bool,
    page: u32,
    pages_max: u32,
}

/// Ends a page.
const FORM_FEED: u8 = 0x0c;

impl<'o> Text<'o> {
    pub(super) fn new(out: &'o mut dyn Output, has_pages: bool, pages_max: u32) -> Self {
        Self { out, line: Vec::new(), is_open: false, has_pages, page: 1, pages_max }
    }

    /// Takes some bytes; false when all pages are there that are wanted.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Result<bool, Stop> {
        for byte in bytes {
            match *byte {
                b'\n' => self.push_line()?,
                FORM_FEED => {
                    self.push_line()?;
                    self.page = self.page.saturating_add(1);
                    if self.page > self.pages_max && self.has_pages {
                        return Ok(false);
                    }
                }
                other => self.line.push(other),
            }
        }
        Ok(true)
    }

    fn push_line(&mut self) -> Result<(), Stop> {
        let line = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(line.trim_ascii());
        if line.is_empty() {
            return Ok(());
        }
        if !std::mem::replace(&mut self.is_open, true) {
            self.out.open_part(PartHead { name: super::PART.to_owned(), own_text: None, recovered: false })?;
        }
        let place = if self.has_pages { Place::Page(self.page) } else { Place::Whole };
        self.out.push(Edge::Soft('\n'), &place, &line, None)
    }

    /// Ends the part.
    pub(super) fn finish(mut self) -> Result<(), Stop> {
        self.push_line()?;
        if self.is_open { self.out.close_part() } else { Ok(()) }
    }
}
