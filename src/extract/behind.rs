//! Archives that stand behind something else: self-extracting programs.

use super::Source;
use memchr::memmem;
use std::io;

/// Bytes at the beginning in which the mark of an archive is looked for; programs that carry one are small.
const SEARCHED_BYTES: u64 = 4 << 20;
const BLOCK_BYTES: usize = 64 << 10;

/// The type of the archive that a content of the type `kind` carries; only programs do.
pub(super) fn archive(source: &Source<'_>, kind: &str) -> Option<&'static str> {
    const MARKS: &[(&[u8], &str)] = &[
        (b"7z\xbc\xaf\x27\x1c\0", "7z"),
        (b"Rar!\x1a\x07\x01\0", "rar"),
        (b"Rar!\x1a\x07\0", "rar"),
        (b"MSCF\0\0\0\0", "cab"),
    ];
    if kind != "executable" {
        return None;
    }
    MARKS.iter().find(|(mark, _)| matches!(find(source, mark), Ok(Some(_)))).map(|(_, name)| *name)
}

/// Where a mark stands first, in the part of the file that is searched.
pub(super) fn find(source: &Source<'_>, mark: &[u8]) -> io::Result<Option<u64>> {
    let mut block = vec![0; BLOCK_BYTES];
    let mut position = 0;
    while position < SEARCHED_BYTES {
        let got = source.content.read_up_to(position, &mut block)?;
        source.budget.charge_read(got)?;
        if let Some(at) = memmem::find(&block[..got], mark) {
            return Ok(Some(position + at as u64));
        }
        if got < block.len() {
            break;
        }
        // A mark may stand across the edge of two blocks.
        position += (got - mark.len()) as u64;
    }
    Ok(None)
}
