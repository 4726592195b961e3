//! OLE compound files, only as far as telling which document is inside ([MS-CFB] 2.2 header, 2.6 directory).
//!
//! Old Office, Outlook messages, Visio and encrypted new Office all begin alike; the names in the directory tell them
//! apart. The chain of directory sectors is followed for a bounded number of steps, since it may loop.

use super::Source;

const HEADER_BYTES: usize = 512;
const ENTRY_BYTES: usize = 128;
/// Directory sectors looked at.
const SECTORS_MAX: usize = 256;

/// Names of streams or storages, and the types they tell; the first that is present wins.
const NAMES: &[(&str, &str)] = &[
    ("DRMEncryptedTransform", "rights-office"),
    ("EncryptedPackage", "encrypted-office"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("PowerPoint Document", "ppt"),
    ("__properties_version1.0", "msg"),
    ("VisioDocument", "visio-ole"),
    ("Quill", "publisher"),
    ("Props9", "project"),
    ("Props12", "project"),
    ("Props14", "project"),
    ("HwpSummaryInformation", "hwp"),
];

/// The type that the directory's names tell; `None` when none of them is known.
pub(in crate::extract) fn tell(source: &Source<'_>) -> Option<&'static str> {
    let mut header = [0; HEADER_BYTES];
    source.content.read_exact_at(0, &mut header).ok()?;
    let shift = u32::from(le16(&header, 30)?);
    if !(9..=12).contains(&shift) {
        return None;
    }
    let sector_bytes = 1usize << shift;
    let mut names = Vec::new();
    let mut sector = le32(&header, 48)?;
    let mut data = vec![0; sector_bytes];
    for _ in 0..SECTORS_MAX {
        if source.content.read_exact_at(position(sector, sector_bytes), &mut data).is_err() {
            break;
        }
        names.extend(data.chunks_exact(ENTRY_BYTES).filter_map(entry_name));
        let Some(next) = next_sector(source, &header, sector, sector_bytes) else { break };
        sector = next;
    }
    NAMES.iter().find(|(name, _)| names.iter().any(|n| n.trim_start_matches('\u{5}') == *name)).map(|(_, kind)| *kind)
}

fn position(sector: u32, sector_bytes: usize) -> u64 {
    (u64::from(sector) + 1) * sector_bytes as u64
}

fn entry_name(entry: &[u8]) -> Option<String> {
    let len = usize::from(le16(entry, 64)?).min(64);
    let units: Vec<u16> =
        entry[..len.saturating_sub(2)].chunks_exact(2).map(|u| u16::from_le_bytes([u[0], u[1]])).collect();
    (!units.is_empty()).then(|| String::from_utf16_lossy(&units))
}

/// The sector after this one, by the allocation table; only the part of the table that the header lists is used.
fn next_sector(source: &Source<'_>, header: &[u8], sector: u32, sector_bytes: usize) -> Option<u32> {
    let per_table = sector_bytes / 4;
    let index = usize::try_from(sector).ok()?;
    let (table, slot) = (index / per_table, index % per_table);
    let table_sector = le32(header, 76 + table.checked_mul(4).filter(|at| *at < 436)?)?;
    let mut next = [0; 4];
    source.content.read_exact_at(position(table_sector, sector_bytes) + slot as u64 * 4, &mut next).ok()?;
    let next = u32::from_le_bytes(next);
    (next < 0xffff_fffa).then_some(next)
}

fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
