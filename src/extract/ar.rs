//! Archives of `ar`: Unix libraries and Debian packages. Long names of both kinds, GNU's table and BSD's inline ones.

use super::{Edge, Failure, Output, PartHead, Source};
use crate::model::{Place, Reason};
use std::io::{Read, Seek, SeekFrom};

const MARK_BYTES: u64 = 8;
const HEADER_BYTES: usize = 60;
/// Bytes of GNU's table of names that are kept.
const NAMES_BYTES_MAX: u64 = 1 << 20;

/// Hands over each member.
pub(super) fn extract(source: &Source<'_>, out: &mut dyn Output) -> Result<(), Failure> {
    let mut position = MARK_BYTES;
    let mut long_names = Vec::new();
    let mut members = Vec::new();
    let mut held = source.budget.hold(0)?;
    let mut is_cut = false;
    while position < source.content.len() {
        let mut header = [0; HEADER_BYTES];
        let got = source.content.read_up_to(position, &mut header)?;
        source.budget.charge_read(got)?;
        let Some(size) = number(&header[48..58]).filter(|_| got == header.len() && header[58..] == *b"`\n") else {
            is_cut = true;
            break;
        };
        let data_at = position + HEADER_BYTES as u64;
        position = data_at.saturating_add(size).saturating_add(size & 1);
        let name = header[..16].trim_ascii_end();
        if name == b"//" {
            long_names.resize(usize::try_from(size.min(NAMES_BYTES_MAX)).unwrap_or(0), 0);
            let got = source.content.read_up_to(data_at, &mut long_names)?;
            long_names.truncate(got);
            held.grow(got)?;
        } else if !matches!(name, b"/" | b"/SYM64/" | b"__.SYMDEF") {
            let member = member(source, name, data_at, size, &long_names)?;
            held.grow(size_of::<Member>() + member.name.len())?;
            members.push(member);
        }
    }
    push_names(members.iter().map(|member| member.name.as_str()), out)?;
    for member in members {
        let mut reader = source.reader();
        reader.seek(SeekFrom::Start(member.data_at))?;
        let mut body = reader.take(member.size);
        out.member(&member.name, &mut body)?;
        is_cut |= member.data_at.saturating_add(member.size) > source.content.len();
    }
    if is_cut {
        out.hole("", Reason::Corrupt);
    }
    Ok(())
}

struct Member {
    name: String,
    data_at: u64,
    size: u64,
}

fn member(source: &Source<'_>, name: &[u8], data_at: u64, size: u64, long_names: &[u8]) -> Result<Member, Failure> {
    if let Some(len) = name.strip_prefix(b"#1/").and_then(number).filter(|len| *len <= size.min(4096)) {
        let mut inline = vec![0; usize::try_from(len).unwrap_or(0)];
        let got = source.content.read_up_to(data_at, &mut inline)?;
        inline.truncate(got);
        return Ok(Member { name: printable(&inline), data_at: data_at + len, size: size - len });
    }
    let in_table = name.strip_prefix(b"/").and_then(number).and_then(|at| long_names.get(usize::try_from(at).ok()?..));
    let name = in_table.map_or(name, |rest| rest.split(|&b| b == b'\n').next().unwrap_or_default());
    Ok(Member { name: printable(name.strip_suffix(b"/").unwrap_or(name)), data_at, size })
}

/// Pushes names as a part, one a line.
pub(super) fn push_names<'n>(names: impl Iterator<Item = &'n str>, out: &mut dyn Output) -> Result<(), Failure> {
    out.open_part(PartHead { name: "names".to_owned(), own_text: None, recovered: false })?;
    for name in names {
        out.push(Edge::Soft('\n'), &Place::Whole, name, None)?;
    }
    out.close_part()?;
    Ok(())
}

/// A name up to its NUL, made printable.
pub(super) fn printable(name: &[u8]) -> String {
    let name = name.split(|&b| b == 0).next().unwrap_or_default();
    super::decode::guessed_text(name).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn number(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits.trim_ascii()).ok()?.parse().ok()
}
