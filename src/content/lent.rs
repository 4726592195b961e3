//! A content as another process may read it: by a descriptor, read-only.
//!
//! Bytes in memory go into a sealed memory file, which nobody can change or cut any more; what lies in a file is lent by a
//! descriptor that cannot write. No name travels.

use super::{Content, Span, SpoolFile, Store};
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::sync::Arc;

/// Contents up to this many bytes are read into memory by whoever borrows them.
const MEMORY_BYTES_MAX: u64 = 4 << 20;

/// Bytes of a file that another process may read.
#[derive(Debug)]
pub struct Lent {
    /// The file; writing to it fails.
    pub file: File,
    /// Where the content begins in it.
    pub start: u64,
    /// How many bytes it has.
    pub len: u64,
}

impl Content {
    /// The content for another process.
    ///
    /// # Errors
    /// The operating system's: no memory file, or no further descriptor.
    pub fn lend(&self) -> io::Result<Lent> {
        let (file, start) = match &self.store {
            Store::Memory(bytes) => (sealed(bytes)?, 0),
            Store::File(file) => (file.try_clone()?, 0),
            Store::Spool(spooled) => (read_only(&spooled.file)?, 0),
            Store::Span(span) => (read_only(&span.file.file)?, span.start),
        };
        Ok(Lent { file, start, len: self.len() })
    }

    /// What another process lent: small contents are read at once, large ones when they are asked for.
    ///
    /// # Errors
    /// The operating system's.
    pub fn borrowed(lent: Lent) -> io::Result<Self> {
        let Lent { file, start, len } = lent;
        let file = Arc::new(SpoolFile { file, _room: None });
        let content = Self::over(Store::Span(Span { file, start, len }), None);
        if len > MEMORY_BYTES_MAX {
            return Ok(content);
        }
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        let read = content.read_up_to(0, &mut bytes)?;
        bytes.truncate(read);
        Ok(Self::from_memory(bytes))
    }
}

fn sealed(bytes: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create(c"sluicebox", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?);
    file.write_all(bytes)?;
    fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL)?;
    Ok(file)
}

/// The same file by a descriptor of its own that cannot write.
fn read_only(file: &File) -> io::Result<File> {
    File::open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::{Spool, SpoolOptions};

    #[test]
    fn what_is_lent_is_read_whole_and_cannot_be_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = SpoolOptions { folder: folder.path().to_owned(), memory_bytes_max: 10, spool_bytes_max: 1 << 20 };
        let spool = Spool::new(options);
        let body: Vec<u8> = (0..1000u32).map(|n| u8::try_from(n % 251).expect("below 251")).collect();
        let path = folder.path().join("file");
        std::fs::write(&path, &body).expect("written");
        let mut shelf = spool.shelf();
        let _ = shelf.put(&Content::from_memory(b"another".as_slice())).expect("put");
        let contents = [
            ("memory", Content::from_memory(body.clone())),
            ("file", Content::open(&path, super::super::Links::Refuse).expect("opened")),
            ("spool", spool.take(&mut body.as_slice()).0),
            ("shelf", shelf.put(&Content::from_memory(body.clone())).expect("put")),
        ];
        for (what, content) in contents {
            let mut lent = content.lend().expect("lent");
            assert!(lent.file.write(b"x").is_err(), "{what} can be written");
            let back = Content::borrowed(lent).expect("borrowed");
            assert!(back.as_memory() == Some(&body), "{what}");
        }
    }
}
