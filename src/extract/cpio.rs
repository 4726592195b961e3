//! Archives of `cpio` (the portable forms `070701`, `070702` and `070707`), and rpm packages, whose payload is one.

use super::ar::{printable, push_names};
use super::{Edge, Failure, Output, PartHead, Source};
use crate::model::{Place, Reason};
use std::io::{Read, Seek, SeekFrom};

/// Bytes of the longest name.
const NAME_BYTES_MAX: u64 = 4096;
/// Bytes of the header of a package that are looked at.
const RPM_HEADER_BYTES_MAX: u64 = 4 << 20;

struct Entry {
    name: String,
    data_at: u64,
    size: u64,
    /// Regular files and symbolic links have bytes.
    has_bytes: bool,
}

/// Hands over each member.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let (mut entries, mut position, mut held) = (Vec::new(), 0, source.budget.hold(0)?);
    let whole = loop {
        let Some((entry, next)) = entry_at(source, position)? else { break false };
        if entry.name == "TRAILER!!!" {
            break true;
        }
        held.grow(size_of::<Entry>() + entry.name.len())?;
        entries.push(entry);
        position = next;
    };
    push_names(entries.iter().map(|entry| entry.name.as_str()), out)?;
    for entry in entries.iter().filter(|entry| entry.has_bytes && entry.size > 0) {
        let mut reader = source.reader();
        reader.seek(SeekFrom::Start(entry.data_at))?;
        out.member(&entry.name, &mut reader.take(entry.size))?;
    }
    if !whole {
        out.hole("", Reason::Corrupt);
    }
    Ok(())
}

/// The entry at a position, and where the next one begins; `None` when there is none.
fn entry_at(source: &Source<'_>, position: u64) -> Result<Option<(Entry, u64)>, Failure> {
    let mut header = [0; 110];
    let got = source.content.read_up_to(position, &mut header)?;
    source.budget.charge_read(got)?;
    let is_new = header.starts_with(b"070701") || header.starts_with(b"070702");
    let field = |at: usize, len: usize, radix| {
        let digits = header.get(at..at + len)?;
        u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
    };
    let fields = match (is_new, header.starts_with(b"070707")) {
        (true, _) if got == 110 => (field(14, 8, 16), field(94, 8, 16), field(54, 8, 16), 110, 3),
        (_, true) if got >= 76 => (field(18, 6, 8), field(59, 6, 8), field(65, 11, 8), 76, 0),
        _ => return Ok(None),
    };
    let (Some(mode), Some(name_bytes), Some(size), header_bytes, padding) = fields else { return Ok(None) };
    let mut name = vec![0; usize::try_from(name_bytes.min(NAME_BYTES_MAX)).unwrap_or(0)];
    let got = source.content.read_up_to(position + header_bytes, &mut name)?;
    name.truncate(got);
    let padded = |at: u64| at.saturating_add(padding) & !padding;
    let data_at = padded(position.saturating_add(header_bytes).saturating_add(name_bytes));
    let next = padded(data_at.saturating_add(size));
    if next <= position || data_at > source.content.len() {
        return Ok(None);
    }
    let has_bytes = matches!(mode & 0o170_000, 0o100_000 | 0o120_000);
    Ok(Some((Entry { name: printable(&name), data_at, size, has_bytes }, next)))
}

/// Pushes the texts of an rpm package's header, and hands over the payload.
pub(super) fn extract_rpm(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    const LEAD_BYTES: u64 = 96;
    let signature_end = push_rpm_header(source, LEAD_BYTES, "signature", out)?;
    let header_end = push_rpm_header(source, signature_end.div_ceil(8) * 8, "header", out)?;
    let mut payload = source.reader();
    payload.seek(SeekFrom::Start(header_end))?;
    out.member("payload", &mut payload)?;
    Ok(())
}

/// One header: its index, then a store of values whose texts end with NUL. Gives where it ends.
fn push_rpm_header(source: &Source<'_>, at: u64, part: &str, out: &mut dyn Output) -> Result<u64, Failure> {
    let mut head = [0; 16];
    source.content.read_exact_at(at, &mut head)?;
    let be32 = |at: usize| head[at..at + 4].try_into().map_or(0, u32::from_be_bytes);
    if !head.starts_with(b"\x8e\xad\xe8") {
        return Err(Failure::corrupt("no header in an rpm package"));
    }
    let store_at = at + 16 + 16 * u64::from(be32(8));
    let store_bytes = u64::from(be32(12));
    if store_at.saturating_add(store_bytes) > source.content.len() {
        out.hole("", Reason::Corrupt);
    }
    let mut store =
        vec![0; usize::try_from(store_bytes.min(RPM_HEADER_BYTES_MAX).min(source.content.len())).unwrap_or(0)];
    let _held = source.budget.hold(store.len())?;
    let got = source.content.read_up_to(store_at, &mut store)?;
    source.budget.charge_read(got)?;
    store.truncate(got);
    out.open_part(PartHead { name: part.to_owned(), own_text: None, recovered: false })?;
    let texts = store.split(|&b| b == 0).filter(|text| text.len() > 2 && std::str::from_utf8(text).is_ok());
    for text in texts {
        let text = String::from_utf8_lossy(text);
        if !text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            out.push(Edge::Soft('\n'), &Place::Whole, &text, None)?;
        }
    }
    out.close_part()?;
    Ok(store_at.saturating_add(store_bytes))
}
