//! Macros ([MS-OVBA]): the source of each module, unpacked from the stream that its project's directory names.
//!
//! Modules that the directory does not name, or whose place it hides, are found by the first line that every module begins
//! with.

use super::bytes::{code_page, narrow, size_at, u16_at, u32_at, up_to, utf16};
use super::compound::Compound;
use crate::extract::Failure;
use crate::extract::parts::{Parts, printable};
use crate::model::Place;
use encoding_rs::{Encoding, WINDOWS_1252};
use std::collections::HashMap;

/// Packed bytes of one module, or of a directory.
const PACKED_BYTES_MAX: usize = 16 << 20;
/// Source of one module.
const SOURCE_BYTES_MAX: usize = 64 << 20;
/// `Attribut` behind a flag byte, as the beginning of a module is packed.
const BEGINNING: &[u8] = b"\0Attribut";

/// Pushes every module under a storage, each as a part.
pub(super) fn push_all(compound: &Compound<'_>, storage: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    for project in compound.under(storage) {
        let is_project = compound.entry(project).is_storage && compound.child(project, "_VBA_PROJECT").is_some();
        if is_project || compound.child(project, "dir").is_some() {
            push_project(compound, project, parts)?;
        }
    }
    // A project that is the whole file.
    if compound.child(storage, "dir").is_some() { push_project(compound, storage, parts) } else { Ok(()) }
}

fn push_project(compound: &Compound<'_>, project: usize, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let budget = compound.budget();
    let directory = match compound.find(project, "dir")? {
        Some(stream) => unpack(&stream.bytes_at(0, PACKED_BYTES_MAX)?),
        None => Vec::new(),
    };
    let directory = Directory::parse(&directory);
    for &module in &compound.entry(project).children {
        budget.check()?;
        let name = &compound.entry(module).name;
        if compound.entry(module).is_storage || name.eq_ignore_ascii_case("dir") || name.starts_with('_') {
            continue;
        }
        let packed = compound.stream(module)?.bytes_at(0, PACKED_BYTES_MAX)?;
        let _held = budget.hold(packed.len())?;
        let told = directory.modules.get(&name.to_lowercase()).copied().filter(|at| packed.get(*at) == Some(&1));
        let found = || memchr::memmem::find(&packed, BEGINNING).and_then(|at| at.checked_sub(3));
        let Some(at) = told.or_else(found) else { continue };
        let source = unpack(packed.get(at..).unwrap_or_default());
        let _source_held = budget.hold(source.len())?;
        parts.begin(format!("macro {}", printable(name)))?;
        parts.line(&Place::Whole, &narrow(&source, directory.encoding))?;
    }
    parts.end()
}

/// What the project's directory says of its modules.
struct Directory {
    encoding: &'static Encoding,
    /// Where the source begins in the stream of each module, by its name in lower case.
    modules: HashMap<String, usize>,
}

impl Directory {
    fn parse(raw: &[u8]) -> Self {
        let mut directory = Self { encoding: WINDOWS_1252, modules: HashMap::new() };
        let (mut at, mut stream) = (0usize, String::new());
        while let (Some(id), Some(len)) = (u16_at(raw, at), size_at(raw, at + 2)) {
            let data = up_to(raw, at + 6, len);
            match id {
                0x03 => directory.encoding = code_page(u16_at(data, 0).map_or(1252, u32::from)),
                0x1a => stream = narrow(data, directory.encoding).to_lowercase(),
                0x32 => stream = utf16(data).to_lowercase(),
                0x31 => {
                    let from = u32_at(data, 0).and_then(|from| usize::try_from(from).ok()).unwrap_or(usize::MAX);
                    directory.modules.insert(std::mem::take(&mut stream), from);
                }
                _ => {}
            }
            // The version's record is longer than it says.
            let len = if id == 0x09 { 6 } else { len };
            let Some(next) = at.checked_add(6).and_then(|at| at.checked_add(len)) else { break };
            at = next;
        }
        directory
    }
}

/// Unpacks a container of chunks ([MS-OVBA] 2.4.1), as far as it is whole.
fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if packed.first() != Some(&1) {
        return out;
    }
    let mut at = 1;
    while let Some(header) = u16_at(packed, at) {
        let len = usize::from(header & 0xfff) + 1;
        let chunk = up_to(packed, at + 2, len);
        if header & 0x8000 == 0 {
            out.extend_from_slice(up_to(packed, at + 2, 4096));
        } else {
            unpack_chunk(chunk, &mut out);
        }
        at += 2 + len;
        if out.len() > SOURCE_BYTES_MAX {
            break;
        }
    }
    out
}

/// One chunk makes at most 4,096 bytes, and refers to nothing before itself.
fn unpack_chunk(chunk: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let mut at = 0;
    while let Some(&flags) = chunk.get(at) {
        at += 1;
        for bit in 0..8 {
            if out.len() - start >= 4096 {
                return;
            }
            if flags >> bit & 1 == 0 {
                let Some(&byte) = chunk.get(at) else { return };
                out.push(byte);
                at += 1;
                continue;
            }
            let Some(token) = u16_at(chunk, at) else { return };
            at += 2;
            let done = out.len() - start;
            // The further the chunk, the more bits tell how far back.
            let mut bits = 4u32;
            while 1usize << bits < done {
                bits += 1;
            }
            let back = usize::from(token >> (16 - bits)) + 1;
            let len = usize::from(token & (0xffff >> bits)) + 3;
            if back > done {
                return;
            }
            for _ in 0..len.min(4096 - done) {
                out.push(out[out.len() - back]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_unpack_as_the_specification_says() {
        // [MS-OVBA] 3.2.2 and 3.2.3.
        let rows: &[(&[u8], &str)] = &[
            (
                b"\x01\x2f\xb0\x00\x23\x61\x61\x61\x62\x63\x64\x65\x82\x66\x00\x70\x61\x67\x68\x69\x6a\x01\x38\x08\x61\x6b\x6c\x00\
                \x30\x6d\x6e\x6f\x70\x06\x71\x02\x70\x04\x10\x72\x73\x74\x75\x76\x10\x77\x78\x79\x7a\x00\x3c",
                "#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa",
            ),
            (b"\x01\x03\xb0\x02\x61\x45\x00", &"a".repeat(73)),
            (b"\x00\x03\xb0\x02\x61\x45\x00", ""),
            (b"\x01\x03\xb0\x02\x61", "a"),
            (b"\x01\x03\xb0\x01\xff\xff\x00", ""),
        ];
        for (packed, expected) in rows {
            assert_eq!(String::from_utf8_lossy(&unpack(packed)), *expected);
        }
    }
}
