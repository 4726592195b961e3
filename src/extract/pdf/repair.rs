//! The file as bytes, before and beside its cross references: earlier ends, a missing end, bombs among packed objects.

use super::stream::inflated_len;
use crate::content::Budget;
use crate::content::budget::Hold;
use crate::extract::Failure;
use hayro_syntax::{Pdf, PdfData};
use memchr::memmem;

/// Packed objects that are too small to matter, in bytes as they lie in the file.
const PACKED_BYTES_FREE: usize = 32 << 10;

/// Bytes looked at around a stream for its dictionary.
const DICT_BYTES_MAX: usize = 4 << 10;

/// Where the file ended before it was changed, oldest first.
pub(super) fn earlier_ends(bytes: &[u8]) -> Vec<usize> {
    let head = bytes.get(..bytes.len().min(2048)).unwrap_or_default();
    let is_linear = memmem::find(head, b"/Linearized").is_some();
    let last = memmem::rfind(bytes, b"startxref").unwrap_or(0);
    let mut ends: Vec<usize> = memmem::find_iter(bytes, b"%%EOF")
        .filter(|at| *at < last)
        .map(|at| at + 5)
        .filter(|end| memmem::find(&bytes[end.saturating_sub(80)..*end], b"startxref").is_some())
        .collect();
    // A linearized file has an end of its own behind its first page.
    if is_linear && !ends.is_empty() {
        ends.remove(0);
    }
    ends
}

/// True when the file's end is missing: it is shorter than its first page says, objects stand behind the last reference to a
/// table of objects, or that reference is itself broken off.
pub(super) fn is_cut(bytes: &[u8]) -> bool {
    let Some(last_object) = memmem::rfind(bytes, b" obj") else { return false };
    if linear_bytes(bytes).is_some_and(|len| len > bytes.len()) {
        return true;
    }
    let Some(end) = memmem::rfind(bytes, b"startxref").filter(|end| *end > last_object) else { return true };
    memmem::find(&bytes[end..], b"%%EOF").is_none() && !leads_to_a_table(bytes, end)
}

/// The length that a file which is made to be read from the front has by its own account.
fn linear_bytes(bytes: &[u8]) -> Option<usize> {
    let head = bytes.get(..bytes.len().min(2048))?;
    let rest = &head[memmem::find(head, b"/Linearized")?..];
    let rest = &rest[..memmem::find(rest, b">>").unwrap_or(rest.len())];
    memmem::find_iter(rest, b"/L").find_map(|at| number(&rest[at + 2..]))
}

/// True when a number follows `startxref` and a table of objects stands where it says.
fn leads_to_a_table(bytes: &[u8], startxref: usize) -> bool {
    let place = number(&bytes[startxref + b"startxref".len()..]);
    let table = place.and_then(|place| bytes.get(place..)).map(<[u8]>::trim_ascii_start);
    table.is_some_and(|table| table.starts_with(b"xref") || table.first().is_some_and(u8::is_ascii_digit))
}

/// The number that comes first, white space before it.
fn number(bytes: &[u8]) -> Option<usize> {
    let digits = bytes.trim_ascii_start();
    let len = digits.iter().take_while(|b| b.is_ascii_digit()).count();
    std::str::from_utf8(&digits[..len]).ok()?.parse().ok()
}

/// What can be opened of a file without a root: its objects under a root of ours, whose pages are then found by their looks.
pub(super) fn salvaged(bytes: &[u8], budget: &Budget) -> Result<Pdf, Failure> {
    const ROOT: &[u8] = b"\nendstream endobj\n8388607 0 obj\n<</Type/Catalog/Pages 8388606 0 R>>\nendobj\n\
        8388606 0 obj\n<</Type/Pages>>\nendobj\ntrailer\n<</Root 8388607 0 R>>\n";
    if memmem::find(bytes, b" obj").is_none() {
        return Err(Failure::corrupt("no object can be found"));
    }
    let _hold = budget.hold(bytes.len())?;
    // The cross references are wrong in any case; without them the library looks for the objects itself.
    let mut patched = bytes.to_vec();
    let ends: Vec<usize> = memmem::find_iter(bytes, b"startxref").collect();
    for at in ends {
        patched[at..at + 9].fill(b' ');
    }
    patched.extend_from_slice(ROOT);
    Pdf::new(PdfData::from(patched)).map_err(|_| Failure::corrupt("no page can be found"))
}

/// Charges what the streams of packed objects unpack to, before the library unpacks them whole and keeps them.
pub(super) fn hold_packed_objects<'b>(bytes: &[u8], budget: &'b Budget) -> Result<Hold<'b>, Failure> {
    let mut hold = budget.hold(0)?;
    let bodies: Vec<&[u8]> = memmem::find_iter(bytes, b"/ObjStm")
        .chain(memmem::find_iter(bytes, b"/XRef"))
        .filter_map(|at| body(bytes, at))
        .collect();
    if bodies.iter().map(|body| body.len()).sum::<usize>() > PACKED_BYTES_FREE {
        for body in bodies {
            let len = inflated_len(body, budget)?;
            hold.grow(usize::try_from(len).unwrap_or(usize::MAX))?;
        }
    }
    Ok(hold)
}

/// The bytes of the stream in whose dictionary `at` lies.
fn body(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let near = bytes.get(at..bytes.len().min(at + DICT_BYTES_MAX))?;
    let start = at + memmem::find(near, b"stream")? + 6;
    let rest = bytes.get(start..)?;
    let rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")).unwrap_or(rest);
    Some(&rest[..memmem::find(rest, b"endstream").unwrap_or(rest.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_from_the_last() {
        let rows: &[(&[u8], &[usize])] = &[
            (b"startxref 0 %%EOF", &[]),
            (b"startxref 0 %%EOF more startxref 9 %%EOF\n", &[17]),
            (b"<</Linearized 1>> startxref 0 %%EOF more startxref 9 %%EOF", &[]),
            (b"(%%EOF) startxref 9 %%EOF", &[]),
        ];
        for (bytes, expected) in rows {
            assert_eq!(earlier_ends(bytes), *expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn a_missing_end_is_seen() {
        let rows: &[(&[u8], bool)] = &[
            (b"1 0 obj <<>> endobj startxref 1 2 0 obj", true),
            (b"1 0 obj <<>> endobj startxref 1 %%EOF", false),
            (b"1 0 obj <<>> endobj xref 0 0 trailer <<>> startxref 20", false),
            (b"1 0 obj <<>> endobj xref 0 0 trailer <<>> startxref 2", true),
            (b"1 0 obj <<>> endobj xref 0 0 trailer <<", true),
            (b"1 0 obj <</Linearized 1/L 9999/H[1 2]>> endobj startxref 1 %%EOF", true),
            (b"1 0 obj <</Linearized 1/L 20/H[1 2]>> endobj startxref 1 %%EOF", false),
            (b"nothing", false),
        ];
        for (bytes, expected) in rows {
            assert_eq!(is_cut(bytes), *expected, "{}", String::from_utf8_lossy(bytes));
        }
    }
}
