//! Where bodies go while they are looked at: small ones into memory, large ones into a file without a name.
//!
//! A spool file is made with mode 0600 and unlinked at once, so nothing is left behind however the program ends. All spool
//! files of one [`Spool`] share one bound on their bytes.

use super::{Content, Span, SpoolFile, Store};
use crate::model::Limit;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::budget::Stop;

/// How large bodies are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpoolOptions {
    /// Folder of the spool files; it should be on a disk, not in memory. Default: the system's folder for temporary files.
    pub folder: PathBuf,
    /// Bodies up to this size stay in memory. Default 4 MiB.
    pub memory_bytes_max: u64,
    /// All spool files together. Default 16 GiB.
    pub spool_bytes_max: u64,
}

impl Default for SpoolOptions {
    fn default() -> Self {
        Self { folder: std::env::temp_dir(), memory_bytes_max: 4 << 20, spool_bytes_max: 16 << 30 }
    }
}

/// Makes contents out of streams; cheap to clone, clones share the bound.
#[derive(Clone, Debug)]
pub struct Spool {
    options: Arc<SpoolOptions>,
    used_bytes: Arc<AtomicU64>,
}

impl Default for Spool {
    fn default() -> Self {
        Self::new(SpoolOptions::default())
    }
}

/// Room taken in a spool; given back on drop.
#[derive(Debug)]
pub(super) struct Room {
    used_bytes: Arc<AtomicU64>,
    bytes: u64,
}

impl Room {
    fn grow(&mut self, bytes: u64, max: u64) -> Result<(), Stop> {
        let before = self.used_bytes.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > max {
            self.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            return Err(Stop::Limit(Limit::Memory));
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.used_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Size of one step from the stream to its store.
const STEP_BYTES: usize = 64 << 10;

impl Spool {
    /// A spool under these options.
    #[must_use]
    pub fn new(options: SpoolOptions) -> Self {
        Self { options: Arc::new(options), used_bytes: Arc::new(AtomicU64::new(0)) }
    }

    /// Reads a stream to its end. When the stream fails, the content holds what came before, beside the error: what was
    /// read can still be looked at.
    pub fn take(&self, body: &mut dyn Read) -> (Content, Option<io::Error>) {
        self.take_if(body, &mut |_| true)
    }

    /// The same, but a body too large for memory is read on only when `wanted` says so of its beginning; else the content
    /// is that beginning. Saves the copying of what nobody will read, such as a film.
    pub fn take_if(&self, body: &mut dyn Read, wanted: &mut dyn FnMut(&[u8]) -> bool) -> (Content, Option<io::Error>) {
        let mut memory = Vec::new();
        let bound = self.options.memory_bytes_max;
        match body.take(bound + 1).read_to_end(&mut memory) {
            Err(error) => return (Content::from_memory(memory), Some(error)),
            Ok(_) if memory.len() as u64 <= bound => return (Content::from_memory(memory), None),
            Ok(_) if !wanted(&memory) => return (Content::from_memory(memory), None),
            Ok(_) => {}
        }
        match self.take_large(&memory, body) {
            Ok(taken) => taken,
            Err(error) => (Content::from_memory(memory), Some(error)),
        }
    }

    /// `Err` only when no spool file could be made.
    fn take_large(&self, head: &[u8], body: &mut dyn Read) -> io::Result<(Content, Option<io::Error>)> {
        let mut file = self.nameless_file()?;
        let mut room = Room { used_bytes: Arc::clone(&self.used_bytes), bytes: 0 };
        let failed = self.fill(&mut file, &mut room, head, body).err();
        let spooled = SpoolFile { file, _room: Some(room) };
        Ok((Content::over(Store::Spool(spooled), None), failed))
    }

    fn fill(&self, file: &mut File, room: &mut Room, head: &[u8], body: &mut dyn Read) -> io::Result<()> {
        self.append(file, room, head)?;
        let mut step = vec![0; STEP_BYTES];
        loop {
            match body.read(&mut step) {
                Ok(0) => return Ok(()),
                Ok(n) => self.append(file, room, &step[..n])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn append(&self, file: &mut File, room: &mut Room, bytes: &[u8]) -> io::Result<()> {
        room.grow(bytes.len() as u64, self.options.spool_bytes_max)?;
        file.write_all(bytes)
    }

    /// A place for contents that have to wait.
    #[must_use]
    pub fn shelf(&self) -> Shelf {
        Shelf { spool: self.clone(), board: None }
    }

    fn nameless_file(&self) -> io::Result<File> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|_| io::Error::other("no random numbers for a spool file's name"))?;
        let path = self.options.folder.join(format!("sluicebox-{:032x}", u128::from_le_bytes(random)));
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(file)
    }
}

/// Bytes in one file of a shelf.
const BOARD_BYTES_MAX: u64 = 64 << 20;

/// Where contents wait that must not fill the memory meanwhile: many of them share a spool file.
#[derive(Debug)]
pub struct Shelf {
    spool: Spool,
    /// The file that is being filled, and its bytes so far.
    board: Option<(Arc<SpoolFile>, u64)>,
}

impl Shelf {
    /// Copies a content to the shelf. What it takes on the disk is given back with the last content of the same file.
    ///
    /// # Errors
    /// A carried [`Stop`] when the spool is full; else the operating system's.
    pub fn put(&mut self, content: &Content) -> io::Result<Content> {
        let len = content.len();
        let (board, start) = self.board(len)?;
        let mut step = vec![0; STEP_BYTES];
        let mut done = 0;
        while done < len {
            let wanted = usize::try_from(len - done).unwrap_or(usize::MAX).min(STEP_BYTES);
            let read = content.read_up_to(done, &mut step[..wanted])?;
            if read == 0 {
                break;
            }
            board.file.write_all_at(&step[..read], start + done)?;
            done += read as u64;
        }
        Ok(Content::over(Store::Span(Span { file: board, start, len: done }), None))
    }

    /// A file with room for so many bytes, and where they go.
    fn board(&mut self, len: u64) -> io::Result<(Arc<SpoolFile>, u64)> {
        let bound = self.spool.options.spool_bytes_max;
        let whole = BOARD_BYTES_MAX.min(bound / 16);
        if let Some((board, used)) = self.board.as_mut().filter(|(_, used)| used.saturating_add(len) <= whole) {
            let start = *used;
            *used += len;
            return Ok((Arc::clone(board), start));
        }
        let mut room = Room { used_bytes: Arc::clone(&self.spool.used_bytes), bytes: 0 };
        // A whole file's room is taken at once: whoever fills it need not ask again.
        room.grow(whole.max(len), bound)?;
        let board = Arc::new(SpoolFile { file: self.spool.nameless_file()?, _room: Some(room) });
        self.board = Some((Arc::clone(&board), len));
        Ok((board, 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spool(memory_bytes_max: u64, spool_bytes_max: u64) -> (Spool, tempfile::TempDir) {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SpoolOptions { folder: folder.path().to_owned(), memory_bytes_max, spool_bytes_max };
        (Spool::new(options), folder)
    }

    #[test]
    fn bodies_come_back_whole_from_memory_and_from_disk() {
        let (spool, folder) = spool(1000, 1 << 20);
        for len in [0usize, 1, 999, 1000, 1001, 200_000] {
            let body: Vec<u8> = (0..len).map(|n| u8::try_from(n % 251).expect("below 251")).collect();
            let (content, failed) = spool.take(&mut body.as_slice());
            assert!(failed.is_none());
            assert_eq!(content.len(), len as u64);
            let mut back = vec![0; body.len()];
            content.read_exact_at(0, &mut back).expect("all of it");
            assert!(back == body, "{len} bytes");
            assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "no name is left");
        }
        assert_eq!(spool.used_bytes.load(Ordering::Relaxed), 0, "room is given back");
    }

    #[test]
    fn an_unwanted_body_is_not_read_on() {
        let (spool, _folder) = spool(10, 1 << 20);
        let mut body = io::repeat(7).take(1 << 20);
        let (content, failed) = spool.take_if(&mut body, &mut |head| head[0] != 7);
        assert!(failed.is_none() && content.len() == 11 && body.limit() == (1 << 20) - 11);
    }

    #[test]
    fn a_shelf_goes_on_past_its_first_file_and_gives_each_back() {
        // A sixteenth of the spool is one file.
        let (spool, folder) = spool(10, 160_000);
        let body = |n: u8| vec![n; 4_000];
        let mut shelf = spool.shelf();
        let mut put: Vec<Content> = (0..9).map(|n| shelf.put(&Content::from_memory(body(n))).expect("room")).collect();
        assert_eq!(spool.used_bytes.load(Ordering::Relaxed), 50_000, "two in a file");
        let large = shelf.put(&Content::from_memory(vec![9; 30_000])).expect("more than a file");
        for (content, n) in put.iter().chain([&large]).zip(0..) {
            let mut back = vec![0; usize::try_from(content.len()).expect("small")];
            content.read_exact_at(0, &mut back).expect("all of it");
            assert!(back.iter().all(|byte| *byte == n), "content {n}");
        }
        let filling: Vec<_> = (0..9).map(|_| shelf.put(&Content::from_memory(vec![1; 30_000]))).collect();
        let full = filling.into_iter().find_map(Result::err);
        assert_eq!(full.and_then(|error| Stop::carried_by(&error)), Some(Stop::Limit(Limit::Memory)));
        put.truncate(1);
        drop((shelf, large));
        assert_eq!(spool.used_bytes.load(Ordering::Relaxed), 10_000, "a file goes with the last that lies in it");
        drop(put);
        assert_eq!(spool.used_bytes.load(Ordering::Relaxed), 0);
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "no name is left");
    }

    #[test]
    fn a_full_spool_keeps_what_fitted() {
        let (spool, _folder) = spool(10, 100_000);
        let (content, failed) = spool.take(&mut io::repeat(7).take(1 << 20));
        assert_eq!(Stop::carried_by(&failed.expect("refused")), Some(Stop::Limit(Limit::Memory)));
        assert!(content.len() > 10 && content.len() <= 100_000);
    }
}
