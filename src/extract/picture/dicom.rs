//! DICOM: elements one after the other (PS3.5 section 7); the names of patients and doctors are among the first.
//!
//! Sequences are gone into by reading on: their items are elements that follow. Pixels end the walk. Files without types of
//! values (implicit VR) are told by their first element.

use super::super::Failure;
use super::area::Area;
use super::notes::Notes;

/// Elements looked at.
const ELEMENTS_MAX: usize = 100_000;
/// Bytes of one text.
const TEXT_BYTES_MAX: u64 = 1 << 20;
const UNKNOWN_LENGTH: u32 = u32::MAX;

/// Elements by name (PS3.6); texts of others are printed under their number.
const NAMES: &[(u32, &str)] = &[
    (0x0008_0020, "study date"),
    (0x0008_0050, "accession number"),
    (0x0008_0080, "institution"),
    (0x0008_0081, "institution address"),
    (0x0008_0090, "referring physician"),
    (0x0008_1030, "study description"),
    (0x0008_1050, "performing physician"),
    (0x0010_0010, "patient name"),
    (0x0010_0020, "patient id"),
    (0x0010_0030, "patient birth date"),
    (0x0010_0040, "patient sex"),
    (0x0010_1000, "other patient ids"),
    (0x0010_1001, "other patient names"),
    (0x0010_1040, "patient address"),
    (0x0010_2154, "patient telephone"),
    (0x0010_4000, "patient comments"),
    (0x0032_1032, "requesting physician"),
];

pub(super) fn walk(area: &Area<'_>, notes: &mut Notes<'_>) -> Result<Option<u64>, Failure> {
    let mut at = 132;
    for _ in 0..ELEMENTS_MAX {
        let Some(head) = area.array::<8>(at)? else { break };
        let group = u32::from(u16::from_le_bytes([head[0], head[1]]));
        let tag = group << 16 | u32::from(u16::from_le_bytes([head[2], head[3]]));
        if tag == 0x7fe0_0010 {
            break;
        }
        let explicit = head[4].is_ascii_uppercase() && head[5].is_ascii_uppercase() && group != 0xfffe;
        let kind = if explicit { [head[4], head[5]] } else { *b"UN" };
        let long =
            matches!(&kind, b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"UC" | b"UN" | b"UR" | b"UT");
        let (len, value_at) = match (explicit, long) {
            (true, true) => (area.le32(at + 8)?.unwrap_or(0), at + 12),
            (true, false) => (u32::from(u16::from_le_bytes([head[6], head[7]])), at + 8),
            (false, _) => (u32::from_le_bytes([head[4], head[5], head[6], head[7]]), at + 8),
        };
        // Items and sequences: what they hold follows.
        if group == 0xfffe || &kind == b"SQ" || len == UNKNOWN_LENGTH {
            at = value_at;
            continue;
        }
        let value = area.part(value_at, u64::from(len));
        element(tag, &kind, &value, notes)?;
        at = value_at + u64::from(len);
    }
    Ok(None)
}

fn element(tag: u32, kind: &[u8; 2], value: &Area<'_>, notes: &mut Notes<'_>) -> Result<(), Failure> {
    const TEXTS: &[&[u8; 2]] =
        &[b"PN", b"LO", b"SH", b"LT", b"ST", b"UT", b"UC", b"UR", b"DA", b"DT", b"CS", b"AS", b"IS"];
    let known = NAMES.iter().find(|(number, _)| *number == tag).map(|(_, name)| *name);
    if !TEXTS.contains(&kind) && (kind != b"UN" || value.len() < 4) {
        return Ok(());
    }
    let bytes = value.read(0, usize::try_from(value.len().min(TEXT_BYTES_MAX)).unwrap_or(0))?;
    if kind == b"UN" && bytes.iter().any(|b| matches!(b, 1..=8 | 14..=26 | 28..=31)) {
        return Ok(());
    }
    // The parts of a name stand between carets.
    let bytes: Vec<u8> = bytes.iter().map(|&b| if b == b'^' { b' ' } else { b }).collect();
    match known {
        Some(name) => notes.bytes(name, &bytes),
        None => notes.bytes(&format!("element {:04x},{:04x}", tag >> 16, tag & 0xffff), &bytes),
    }
}
