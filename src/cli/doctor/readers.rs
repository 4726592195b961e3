//! A reader that will not end: while one looks at an old view of the store, what is written since cannot be folded in, and
//! the file beside the store grows until the disk is full.
//!
//! SQLite cannot tell who reads. But a reader holds a lock on one byte of the `-shm` file for as long as its view lasts, and
//! Linux lists who holds which; so a process that is seen at each of several looks, and is not the service, is one that stays.
//! Source: SQLite, "WAL-mode File Format", section 2.2 (locks); proc(5), `/proc/locks`.

use super::{Found, Scene};
use std::collections::BTreeSet;
use std::fs;
use std::ops::RangeInclusive;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Looks at the list of locks.
const LOOKS: usize = 5;
/// Between two looks: longer than any transaction of this program's own readers lasts.
const BETWEEN: Duration = Duration::from_millis(150);
/// The bytes that readers lock: `WAL_READ_LOCK(0)` to `WAL_READ_LOCK(4)`.
const READ_LOCKS: RangeInclusive<u64> = 123..=127;
/// Bytes of `/proc/locks` that are read at most.
const LIST_BYTES_MAX: u64 = 4 << 20;

/// Readers that stay.
pub(super) fn readers(scene: &Scene<'_>) -> Vec<Found> {
    let mut shm = scene.config.service().store_file().into_os_string();
    shm.push("-shm");
    let Ok(meta) = fs::metadata(&shm) else { return Vec::new() };
    let service = scene.holder.as_ref().and_then(|holder| holder.as_ref().map(|holder| holder.pid));
    let mut seen: Option<BTreeSet<u32>> = None;
    for look in 0..LOOKS {
        let now = locks_of(meta.ino());
        let both = seen.map_or_else(|| now.clone(), |seen| &seen & &now);
        if both.is_empty() {
            return Vec::new();
        }
        seen = Some(both);
        if look + 1 < LOOKS {
            let _ = scene.clock.wait(BETWEEN, &AtomicBool::new(false));
        }
    }
    let strangers = seen.into_iter().flatten().filter(|pid| Some(*pid) != service && *pid != std::process::id());
    strangers.map(told).collect()
}

fn told(pid: u32) -> Found {
    let name = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("comm")).unwrap_or_default();
    let name = if name.trim().is_empty() { String::new() } else { format!(" ({})", name.trim()) };
    Found::fault(
        "old-reader",
        format!("process {pid}{name} reads an old view of the store and keeps what is new from being folded in"),
        "let it end, or end it; reports of long duration belong on a copy of the store",
    )
}

/// Processes that hold a reader's lock on the file of this inode; empty where the system does not tell.
fn locks_of(inode: u64) -> BTreeSet<u32> {
    use std::io::Read;
    let mut list = String::new();
    let read = fs::File::open("/proc/locks").and_then(|file| file.take(LIST_BYTES_MAX).read_to_string(&mut list));
    if read.is_err() {
        return BTreeSet::new();
    }
    list.lines().filter_map(|line| holder(line, inode)).collect()
}

/// The process of a line like `3: POSIX  ADVISORY  READ 1234 08:01:5678 124 124`, when it holds a reader's lock there.
fn holder(line: &str, inode: u64) -> Option<u32> {
    let mut words = line.split_whitespace().skip_while(|word| *word != "READ" && *word != "WRITE");
    let (kind, pid, file, begin, end) = (words.next()?, words.next()?, words.next()?, words.next()?, words.next()?);
    let of: u64 = file.rsplit(':').next()?.parse().ok()?;
    let (begin, end): (u64, u64) = (begin.parse().ok()?, end.parse().ok()?);
    let is_reader = kind == "READ" && READ_LOCKS.contains(&begin) && READ_LOCKS.contains(&end);
    // A line that begins with an arrow waits for a lock and holds none.
    (of == inode && is_reader && !line.contains("->")).then(|| pid.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::holder;

    #[test]
    fn a_readers_lock_is_told_from_other_locks() {
        for (line, pid) in [
            ("3: POSIX  ADVISORY  READ 1234 08:01:77 124 124", Some(1234)),
            ("3: POSIX  ADVISORY  READ 1234 08:01:77 123 123", Some(1234)),
            ("3: POSIX  ADVISORY  READ 1234 08:01:77 128 128", None),
            ("3: POSIX  ADVISORY  READ 1234 08:01:77 0 EOF", None),
            ("3: POSIX  ADVISORY  WRITE 1234 08:01:77 124 124", None),
            ("3: POSIX  ADVISORY  READ 1234 08:01:78 124 124", None),
            ("3: -> POSIX  ADVISORY  READ 1234 08:01:77 124 124", None),
            ("3: FLOCK  ADVISORY  WRITE 1234 08:01:77 0 EOF", None),
            ("", None),
        ] {
            assert_eq!(holder(line, 77), pid, "{line}");
        }
    }
}
