//! Where a report's bytes go: buffered, and quiet when the reader has gone.
//!
//! A closed pipe (`sluicebox scan | head`) is the reader's decision, not a fault: the first one is remembered and
//! everything after it is thrown away. Any other failure is reported, since a report that lost lines is a false one.

use std::fmt;
use std::io::{self, BufWriter, Write};

/// A report could not be written: the disk is full, the target went away.
#[derive(Debug)]
pub struct ReportError {
    source: io::Error,
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write the report: {}; what was written so far is not complete", self.source)
    }
}

impl std::error::Error for ReportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

impl From<io::Error> for ReportError {
    fn from(source: io::Error) -> Self {
        Self { source }
    }
}

impl From<serde_json::Error> for ReportError {
    fn from(error: serde_json::Error) -> Self {
        Self { source: error.into() }
    }
}

/// Bytes held before they are handed on: some hundred lines for each call of the operating system.
const BUFFER_BYTES: usize = 256 * 1024;
/// From this many bytes on a piece is handed on by itself: copying it would cost more than the call.
const DIRECT_BYTES: usize = 16 * 1024;

/// A buffered writer that takes a closed pipe for a wish to end.
pub struct Out {
    inner: BufWriter<Box<dyn Write + Send>>,
    flush_each_file: bool,
    gone: bool,
}

impl fmt::Debug for Out {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Out").field("gone", &self.gone).finish_non_exhaustive()
    }
}

impl Out {
    /// Writes to `writer`; `flush_each_file` hands the bytes on at each [`file_done`](Out::file_done).
    #[must_use]
    pub fn new(writer: Box<dyn Write + Send>, flush_each_file: bool) -> Self {
        Self { inner: BufWriter::with_capacity(BUFFER_BYTES, writer), flush_each_file, gone: false }
    }

    /// True once a write met a closed pipe.
    #[must_use]
    pub fn gone(&self) -> bool {
        self.gone
    }

    /// Marks the end of one file's lines.
    ///
    /// # Errors
    /// The writer failed.
    pub fn file_done(&mut self) -> io::Result<()> {
        if self.flush_each_file { self.flush() } else { Ok(()) }
    }

    fn forgive<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(instead)
            }
            other => other,
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.gone {
            return Ok(bytes.len());
        }
        let result = self.inner.write(bytes);
        self.forgive(result, bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.gone {
            return Ok(());
        }
        let result = if bytes.len() < DIRECT_BYTES {
            self.inner.write_all(bytes)
        } else {
            self.inner.flush().and_then(|()| self.inner.get_mut().write_all(bytes))
        };
        self.forgive(result, ())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gone {
            return Ok(());
        }
        let result = self.inner.flush();
        self.forgive(result, ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_closed_pipe_is_quiet_and_any_other_failure_is_told() {
        let rows = [
            (io::ErrorKind::BrokenPipe, true, true),
            (io::ErrorKind::StorageFull, false, false),
            (io::ErrorKind::PermissionDenied, false, false),
        ];
        for (kind, quiet, gone) in rows {
            let mut out = Out::new(Box::new(Failing(kind)), false);
            let big = vec![b'x'; 3 * BUFFER_BYTES];
            let wrote = out.write_all(&big).and_then(|()| out.flush());
            assert_eq!(wrote.is_ok(), quiet, "{kind:?}");
            assert_eq!(out.gone(), gone, "{kind:?}");
        }
    }

    #[test]
    fn pieces_of_any_size_keep_their_order() {
        let (mut far, near) = io::pipe().expect("a pipe");
        let sizes = [1, DIRECT_BYTES - 1, DIRECT_BYTES, 7, 2 * DIRECT_BYTES, DIRECT_BYTES, 3];
        let pieces: Vec<Vec<u8>> = (b'a'..).zip(sizes).map(|(sign, size)| vec![sign; size]).collect();
        let read = std::thread::spawn(move || {
            let mut read = Vec::new();
            io::Read::read_to_end(&mut far, &mut read).map(|_| read)
        });
        let mut out = Out::new(Box::new(near), false);
        for piece in &pieces {
            out.write_all(piece).unwrap();
        }
        out.flush().unwrap();
        drop(out);
        assert!(read.join().unwrap().unwrap() == pieces.concat());
    }
}
