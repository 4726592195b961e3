//! What can still be read in a file whose parser refused: runs of text in the raw bytes.
//!
//! A run is at least six printable ASCII characters, written one byte each or two bytes each (UTF-16 in either order).
//! Findings there are of low confidence, and the file's coverage says that it was not read properly.

use super::{BLOCK_BYTES, Edge, Failure, Output, PartHead, Source};
use crate::model::Place;
use std::io::Read;

/// Characters in the shortest run worth showing.
pub const RUN_CHARS_MIN: usize = 6;
/// A run is handed on in pieces of this size.
const PIECE_BYTES: usize = 4 << 10;

/// Pushes the runs of text in the raw bytes as one recovered part.
///
/// # Errors
/// [`Failure`] when the receiver ends the extraction or the file cannot be read.
pub fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    out.open_part(PartHead { name: "recovered text".to_owned(), own_text: None, recovered: true })?;
    let mut reader = source.reader();
    let mut block = vec![0; BLOCK_BYTES];
    let (mut narrow, mut wide) = (Run::default(), Run::default());
    let mut awaits_nul = false;
    loop {
        let n = reader.read(&mut block)?;
        if n == 0 {
            break;
        }
        for &byte in &block[..n] {
            let printable = matches!(byte, b' '..=b'~' | b'\t');
            if printable {
                narrow.add(byte, out)?;
            } else {
                narrow.end(out)?;
            }
            if awaits_nul && byte == 0 {
                awaits_nul = false;
                continue;
            }
            if awaits_nul || !printable {
                wide.end(out)?;
            }
            awaits_nul = printable;
            if printable {
                wide.add(byte, out)?;
            }
        }
    }
    narrow.end(out)?;
    wide.end(out)?;
    out.close_part()?;
    Ok(())
}

/// A run in the making.
#[derive(Default)]
struct Run {
    text: String,
    continues: bool,
}

impl Run {
    fn add(&mut self, byte: u8, out: &mut dyn Output) -> Result<(), Failure> {
        self.text.push(char::from(byte));
        if self.text.len() >= PIECE_BYTES {
            self.push(out)?;
            self.continues = true;
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        if !self.text.is_empty() && (self.continues || self.text.len() >= RUN_CHARS_MIN) {
            self.push(out)?;
        }
        self.text.clear();
        self.continues = false;
        Ok(())
    }

    fn push(&mut self, out: &mut dyn Output) -> Result<(), Failure> {
        let edge = if self.continues { Edge::Join } else { Edge::Soft('\n') };
        out.push(edge, &Place::Whole, &self.text, None)?;
        self.text.clear();
        Ok(())
    }
}
