//! From the glyphs of an embedded TrueType or OpenType font back to characters, by its own `cmap` table.
//!
//! Only for fonts that say nothing else: a subset keeps the table more often than one would think. Formats 4 and 12 (OpenType
//! 1.9, `cmap`) hold all Unicode maps in use. Every offset is checked; what does not fit is no entry.

use std::collections::HashMap;

/// Entries taken from one table: more glyphs no font can have.
const ENTRIES_MAX: usize = 1 << 17;

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(data.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn index(value: u32) -> Option<usize> {
    usize::try_from(value).ok()
}

/// The characters of a font's glyphs, by glyph number; the lowest character where several share a glyph.
pub(super) fn characters(font: &[u8]) -> HashMap<u32, char> {
    let mut map = HashMap::new();
    if let Some(table) = cmap_table(font).and_then(unicode_subtable) {
        let _ = match u16_at(table, 0) {
            Some(4) => segments(table, &mut map),
            Some(12) => groups(table, &mut map),
            _ => None,
        };
    }
    map
}

fn cmap_table(font: &[u8]) -> Option<&[u8]> {
    let tables = usize::from(u16_at(font, 4)?);
    (0..tables).find_map(|n| {
        let record = font.get(12 + 16 * n..28 + 16 * n)?;
        record.starts_with(b"cmap").then(|| font.get(index(u32_at(record, 8)?)?..)).flatten()
    })
}

/// The widest Unicode map of the table.
fn unicode_subtable(cmap: &[u8]) -> Option<&[u8]> {
    let count = usize::from(u16_at(cmap, 2)?);
    let subtable = |n: usize| {
        let at = 4 + 8 * n;
        let rank = match (u16_at(cmap, at)?, u16_at(cmap, at + 2)?) {
            (3, 10) => 3,
            (0, _) => 2,
            (3, 1) => 1,
            _ => return None,
        };
        let table = cmap.get(index(u32_at(cmap, at + 4)?)?..)?;
        matches!(u16_at(table, 0)?, 4 | 12).then_some((rank, table))
    };
    (0..count).filter_map(subtable).max_by_key(|(rank, _)| *rank).map(|(_, table)| table)
}

fn insert(map: &mut HashMap<u32, char>, glyph: u32, code: u32) {
    let Some(one) = char::from_u32(code) else { return };
    if glyph != 0 && map.len() < ENTRIES_MAX {
        map.entry(glyph).or_insert(one);
    }
}

fn segments(table: &[u8], map: &mut HashMap<u32, char>) -> Option<()> {
    let bytes = usize::from(u16_at(table, 6)?) & !1;
    for n in (0..bytes).step_by(2) {
        let (end, start) = (u16_at(table, 14 + n)?, u16_at(table, 16 + bytes + n)?);
        let delta = u16_at(table, 16 + 2 * bytes + n)?;
        let at = 16 + 3 * bytes + n;
        let offset = usize::from(u16_at(table, at)?);
        for code in start..=end {
            let glyph = if offset == 0 {
                code.wrapping_add(delta)
            } else {
                match u16_at(table, at + offset + 2 * usize::from(code - start)) {
                    Some(0) | None => 0,
                    Some(glyph) => glyph.wrapping_add(delta),
                }
            };
            if code != u16::MAX {
                insert(map, u32::from(glyph), u32::from(code));
            }
        }
    }
    Some(())
}

fn groups(table: &[u8], map: &mut HashMap<u32, char>) -> Option<()> {
    for n in 0..index(u32_at(table, 12)?)? {
        let at = n.checked_mul(12)?.checked_add(16)?;
        let (start, end, glyph) = (u32_at(table, at)?, u32_at(table, at + 4)?, u32_at(table, at + 8)?);
        let wanted = u32::try_from(ENTRIES_MAX).unwrap_or(u32::MAX);
        for step in 0..=end.saturating_sub(start).min(wanted) {
            insert(map, glyph.saturating_add(step), start.saturating_add(step));
        }
        if map.len() >= ENTRIES_MAX {
            break;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn font_with(subtable: &[u16]) -> Vec<u8> {
        // One table, one Windows subtable.
        let mut words = vec![0, 1, 1, 0, 0, 0];
        words.extend([0x636d, 0x6170, 0, 0, 0, 28, 0, 0]);
        words.extend([0, 1, 3, 1, 0, 12]);
        words.extend(subtable);
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    #[test]
    fn glyphs_are_mapped_back() {
        // Characters A to C are glyphs 5 to 7; a second segment ends the table.
        let segments = [4, 32, 0, 4, 0, 0, 0, 0x43, 0xffff, 0, 0x41, 0xffff, 5_u16.wrapping_sub(0x41), 1, 0, 0];
        let map = characters(&font_with(&segments));
        assert_eq!((map.get(&5), map.get(&7), map.get(&8)), (Some(&'A'), Some(&'C'), None));
        let groups = [12, 0, 0, 28, 0, 0, 0, 1, 0, 0x61, 0, 0x62, 0, 9];
        let map = characters(&font_with(&groups));
        assert_eq!((map.get(&9), map.get(&10)), (Some(&'a'), Some(&'b')));
    }

    #[test]
    fn lies_are_no_entries() {
        let endless = [12, 0, 0, 28, 0, 0, 0xffff, 0xffff, 0, 0, 0xffff, 0xffff, 0, 1];
        assert!(characters(&font_with(&endless)).len() <= ENTRIES_MAX);
        let whole = font_with(&[4, 32, 0, 0xffff]);
        for len in 0..whole.len() {
            assert!(characters(&whole[..len]).is_empty());
        }
    }
}
