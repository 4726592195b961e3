//! What a drawn shape says of itself ([MS-ODRAW] 2.2.9): a table of properties, texts behind it.

use super::bytes::{size_at, u16_at, up_to, utf16_until_nul};

/// Properties that hold text: ornamental text, a picture's file, a description, a link, a tip.
const TEXTS: [u16; 5] = [0x00c0, 0x0105, 0x0381, 0x0382, 0x038d];

/// The texts of a property table of `count` entries, each on a line.
pub(super) fn texts(raw: &[u8], count: u16) -> String {
    let entries = usize::from(count).min(raw.len() / 6);
    let mut at = entries * 6;
    let mut text = String::new();
    for entry in raw[..at].chunks_exact(6) {
        let id = u16_at(entry, 0).unwrap_or(0);
        if id & 0x8000 == 0 {
            continue;
        }
        let len = size_at(entry, 2).unwrap_or(0);
        let kind = id & 0x3fff;
        if TEXTS.contains(&kind) {
            let value = up_to(raw, at, len);
            if kind == 0x0382 {
                link(value, &mut text);
            } else {
                text.push_str(&utf16_until_nul(value));
                text.push('\n');
            }
        }
        at = at.saturating_add(len);
    }
    text
}

/// A link's address, found by its marks: runs of printable characters in UTF-16.
fn link(value: &[u8], text: &mut String) {
    let mut run = String::new();
    for unit in value.chunks_exact(2) {
        if unit[1] == 0 && matches!(unit[0], b' '..=b'~') {
            run.push(char::from(unit[0]));
            continue;
        }
        if run.len() > 3 {
            text.push_str(&run);
            text.push('\n');
        }
        run.clear();
    }
}
