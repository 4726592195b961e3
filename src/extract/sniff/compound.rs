//! OLE compound files, only as far as telling which document is inside ([MS-CFB] 2.2 header, 2.6 directory).
//!
//! Old Office, Outlook messages, Visio and encrypted new Office all begin alike; the names in the directory tell them
//! apart. The chain of directory sectors is followed for a bounded number of steps, since it may loop.

use super::super::Source;

const HEADER_BYTES: usize = 512;
const ENTRY_BYTES: usize = 128;
/// Directory sectors looked at.
const SECTORS_MAX: usize = 256;
/// Sectors of the list of allocation sectors that are followed past the header ([MS-CFB] 2.5).
const DIFAT_SECTORS_MAX: usize = 256;

/// Names of streams in the root, and the types they tell; the first that is present wins.
const ROOT_NAMES: &[(&str, &str)] = &[
    ("EncryptedPackage", "encrypted-office"),
    ("WordDocument", "doc"),
    ("PowerPoint Document", "ppt"),
    ("PP97_DUALSTORAGE", "ppt"),
    ("PP40", "ppt"),
    ("__properties_version1.0", "msg"),
    ("__nameid_version1.0", "msg"),
    ("VisioDocument", "visio-ole"),
    ("Quill", "publisher"),
    ("HwpSummaryInformation", "hwp"),
    ("Workbook", "xls"),
    ("Book", "xls"),
    ("MatOST", "doc"),
];

/// Names that tell a type wherever they stand.
const INNER_NAMES: &[(&str, &str)] = &[
    ("DRMEncryptedTransform", "rights-office"),
    ("Props9", "project"),
    ("Props12", "project"),
    ("Props14", "project"),
];

/// One entry of the directory ([MS-CFB] 2.6.1).
struct Entry {
    name: String,
    left: u32,
    right: u32,
    child: u32,
}

/// The type that the directory's names tell; `None` when none of them is known.
pub(super) fn tell(source: &Source<'_>) -> Option<&'static str> {
    let mut header = [0; HEADER_BYTES];
    source.content.read_exact_at(0, &mut header).ok()?;
    let shift = u32::from(le16(&header, 30)?);
    if !(9..=12).contains(&shift) {
        return None;
    }
    let entries = directory(source, &header, 1usize << shift)?;
    let told = |names: &[(&str, &'static str)], has: &dyn Fn(&str) -> bool| {
        names.iter().find(|(name, _)| has(name)).map(|(_, kind)| *kind)
    };
    let anywhere = |wanted: &str| entries.iter().any(|entry| is_named(entry, wanted));
    if let Some(kind) = told(INNER_NAMES, &anywhere) {
        return Some(kind);
    }
    let root = in_root(&entries);
    told(ROOT_NAMES, &|wanted| root.iter().any(|entry| is_named(entry, wanted))).or_else(|| told(ROOT_NAMES, &anywhere))
}

/// Control characters before a name mark its use and do not count; old programs spell names in any letter case.
fn is_named(entry: &Entry, wanted: &str) -> bool {
    entry.name.trim_start_matches(|c: char| c.is_control()).eq_ignore_ascii_case(wanted)
}

/// Entries in the order of their numbers, as far as the chain of sectors leads.
fn directory(source: &Source<'_>, header: &[u8], sector_bytes: usize) -> Option<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut sector = le32(header, 48)?;
    let mut data = vec![0; sector_bytes];
    for _ in 0..SECTORS_MAX {
        if source.content.read_exact_at(position(sector, sector_bytes), &mut data).is_err() {
            break;
        }
        entries.extend(data.chunks_exact(ENTRY_BYTES).filter_map(read_entry));
        let Some(next) = next_sector(source, header, sector, sector_bytes) else { break };
        sector = next;
    }
    Some(entries)
}

fn read_entry(entry: &[u8]) -> Option<Entry> {
    let name = entry_name(entry).unwrap_or_default();
    Some(Entry { name, left: le32(entry, 68)?, right: le32(entry, 72)?, child: le32(entry, 76)? })
}

/// The children of the root: a tree of siblings, walked with a list of what is still to be seen and of what was.
fn in_root(entries: &[Entry]) -> Vec<&Entry> {
    let mut seen = vec![false; entries.len()];
    let mut waiting: Vec<u32> = entries.first().map(|root| root.child).into_iter().collect();
    let mut found = Vec::new();
    while let Some(number) = waiting.pop() {
        let Some(at) = usize::try_from(number).ok().filter(|at| *at < entries.len()) else { continue };
        if !std::mem::replace(&mut seen[at], true) {
            waiting.extend([entries[at].left, entries[at].right]);
            found.push(&entries[at]);
        }
    }
    found
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

/// The sector after this one, by the allocation table.
fn next_sector(source: &Source<'_>, header: &[u8], sector: u32, sector_bytes: usize) -> Option<u32> {
    let per_table = sector_bytes / 4;
    let index = usize::try_from(sector).ok()?;
    let table_sector = table_sector(source, header, index / per_table, sector_bytes)?;
    let next = read_le32(source, position(table_sector, sector_bytes) + (index % per_table * 4) as u64)?;
    (next < 0xffff_fffa).then_some(next)
}

/// Where the `number`-th sector of the allocation table stands: in the header for the first 109, then in a chain of its own.
fn table_sector(source: &Source<'_>, header: &[u8], number: usize, sector_bytes: usize) -> Option<u32> {
    const IN_HEADER: usize = 109;
    let Some(number) = number.checked_sub(IN_HEADER) else { return le32(header, 76 + number * 4) };
    let per_sector = sector_bytes / 4 - 1;
    let mut list = le32(header, 68)?;
    for _ in 0..(number / per_sector).min(DIFAT_SECTORS_MAX) {
        list = read_le32(source, position(list, sector_bytes) + (per_sector * 4) as u64)?;
    }
    read_le32(source, position(list, sector_bytes) + (number % per_sector * 4) as u64)
}

fn read_le32(source: &Source<'_>, at: u64) -> Option<u32> {
    let mut bytes = [0; 4];
    source.content.read_exact_at(at, &mut bytes).ok()?;
    Some(u32::from_le_bytes(bytes))
}

fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
