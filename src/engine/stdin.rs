//! Standard input that can be left: somebody may hold it open for ever, and Ctrl-C must still end the scan.
//!
//! A thread of its own reads ahead, a few blocks and no more; whoever takes the blocks looks at the interrupt flag between
//! them and while it waits. The thread that waits for input ends with the program.

use crate::content::Stop;
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Bytes in one block.
const BLOCK_BYTES: usize = 64 << 10;
/// Blocks read ahead.
const BLOCKS_AHEAD: usize = 4;
/// Between two looks at the flag while nothing comes.
const TICK: Duration = Duration::from_millis(50);

/// A reader of standard input; there should be one in a program.
#[derive(Debug)]
pub struct Stdin {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: io::Cursor<Vec<u8>>,
    interrupt: Arc<AtomicBool>,
}

impl Stdin {
    /// Begins to read. When `interrupt` rises, reads fail with an error that carries [`Stop::Interrupted`].
    ///
    /// # Errors
    /// No thread could be started.
    pub fn open(interrupt: Arc<AtomicBool>) -> io::Result<Self> {
        let (send, blocks) = bounded(BLOCKS_AHEAD);
        std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            loop {
                let block = next_block(&mut io::stdin().lock());
                let ended = block.as_ref().map_or(true, Vec::is_empty);
                if send.send(block).is_err() || ended {
                    return;
                }
            }
        })?;
        Ok(Self { blocks, block: io::Cursor::default(), interrupt })
    }
}

/// What one read gives; empty at the end.
fn next_block(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut block = vec![0; BLOCK_BYTES];
    loop {
        match input.read(&mut block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(n) => {
                block.truncate(n);
                return Ok(block);
            }
        }
    }
}

impl Read for Stdin {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.interrupt.load(Ordering::Relaxed) {
                return Err(Stop::Interrupted.into());
            }
            let n = self.block.read(buf)?;
            if n > 0 || buf.is_empty() {
                return Ok(n);
            }
            match self.blocks.recv_timeout(TICK) {
                Ok(block) => self.block = io::Cursor::new(block?),
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            }
            if self.block.get_ref().is_empty() {
                return Ok(0);
            }
        }
    }
}
