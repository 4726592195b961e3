//! Texts that stand inside a formula, such as the secret in `=IF(A1="...")`.
//!
//! A formula is a row of tokens of known lengths ([MS-XLS] 2.5.198). Only text constants are taken; what is not known ends the
//! reading of that formula.

use super::super::bytes::{decode_into, u8_at, u16_at, up_to, utf16};
use encoding_rs::Encoding;

/// Appends the text constants of a formula, a space before each.
pub(super) fn push_texts(tokens: &[u8], old: Option<&'static Encoding>, text: &mut String) {
    let mut at = 0;
    while let Some(token) = u8_at(tokens, at) {
        at += 1;
        if token == 0x17 {
            let Some(count) = u8_at(tokens, at).map(usize::from) else { return };
            let mut found = String::new();
            at += 1 + match old {
                Some(encoding) => {
                    decode_into(up_to(tokens, at + 1, count), encoding, &mut found);
                    count
                }
                None if u8_at(tokens, at + 1).is_some_and(|flags| flags & 1 != 0) => {
                    found = utf16(up_to(tokens, at + 2, count * 2));
                    1 + count * 2
                }
                None => {
                    found.extend(up_to(tokens, at + 2, count).iter().map(|b| char::from(*b)));
                    1 + count
                }
            };
            if !found.is_empty() {
                text.push(' ');
                text.push_str(&found);
            }
            continue;
        }
        let Some(len) = operand_bytes(token, tokens.get(at..).unwrap_or_default(), old.is_some()) else { return };
        at = at.saturating_add(len);
    }
}

/// Bytes after a token; `None` for one that is not known.
fn operand_bytes(token: u8, rest: &[u8], is_old: bool) -> Option<usize> {
    let of = |old: usize, new: usize| Some(if is_old { old } else { new });
    // Tokens from 0x20 on come in three classes that differ in two bits.
    match if token < 0x20 { token } else { token & 0x1f | 0x20 } {
        0x01 | 0x02 => of(4, 4),
        0x03..=0x16 => of(0, 0),
        // ptgAttr: a jump table has an entry more than it says.
        0x19 if u8_at(rest, 0)? & 4 != 0 => Some((usize::from(u16_at(rest, 1)?) + 1) * 2 + 3),
        0x19 => of(3, 3),
        0x1c | 0x1d => of(1, 1),
        0x1e => of(2, 2),
        0x1f => of(8, 8),
        0x20 => of(7, 7),
        0x21 => of(2, 2),
        0x22 => of(3, 3),
        0x23 => of(14, 4),
        0x24 | 0x2a | 0x2c => of(3, 4),
        0x25 | 0x2b | 0x2d => of(6, 8),
        0x26..=0x28 => of(6, 6),
        0x29 | 0x2e | 0x2f => of(2, 2),
        0x39 => of(24, 6),
        0x3a | 0x3c => of(17, 6),
        0x3b | 0x3d => of(20, 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_found_among_other_tokens() {
        let rows: &[(&[u8], &str)] = &[
            (&[0x44, 0, 0, 0, 0, 0x17, 2, 0, b'a', b'b', 0x08], " ab"),
            (&[0x17, 1, 1, 0x41, 0x04, 0x1e, 5, 0, 0x17, 1, 0, b'z'], " с z"),
            (&[0x19, 4, 1, 0, 0, 0, 0, 0, 0x17, 1, 0, b'q'], " q"),
            (&[0x17, 200, 0, b'c'], " c"),
            (&[0x18, 0x17, 1, 0, b'x'], ""),
        ];
        for (tokens, expected) in rows {
            let mut text = String::new();
            push_texts(tokens, None, &mut text);
            assert_eq!(text, *expected);
        }
    }
}
