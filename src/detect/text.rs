//! Characters in normalised bytes: the few questions that matcher, keywords and excerpts ask of their neighbours.
//!
//! The window's text is UTF-8, but a rule of bytes may point anywhere in it; these functions answer for any position.

/// The character that begins at `at`, and its length in bytes. In the middle of a character the answer is U+FFFD of one
/// byte.
#[inline]
pub(crate) fn char_at(text: &[u8], at: usize) -> Option<(char, usize)> {
    let &first = text.get(at)?;
    if first.is_ascii() {
        return Some((char::from(first), 1));
    }
    let length = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return Some((char::REPLACEMENT_CHARACTER, 1)),
    };
    let decoded = text.get(at..at + length).and_then(|bytes| str::from_utf8(bytes).ok());
    Some(decoded.and_then(|text| text.chars().next()).map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, length)))
}

/// The character that ends at `at`.
#[inline]
pub(crate) fn char_before(text: &[u8], at: usize) -> Option<char> {
    let &last = text.get(at.checked_sub(1)?)?;
    if last.is_ascii() {
        return Some(char::from(last));
    }
    let start = start_of_char(text, at - 1);
    char_at(text, start).map(|(c, _)| c)
}

/// The beginning of the character that `at` stands in.
#[inline]
pub(crate) fn start_of_char(text: &[u8], at: usize) -> usize {
    let mut start = at;
    while start > 0 && at - start < 3 && text.get(start).is_some_and(|byte| (0x80..0xC0).contains(byte)) {
        start -= 1;
    }
    start
}

/// True for a letter or digit of any script.
#[inline]
pub(crate) fn is_word(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { c.is_alphanumeric() }
}

/// True for a letter of a script that is written without spaces between words: Han, Hiragana, Katakana, Hangul, Thai, Lao,
/// Khmer, Myanmar (blocks of the Unicode Standard, `Blocks.txt`). Digits and number signs of these scripts are none.
pub(crate) fn is_unspaced(c: char) -> bool {
    let in_block = matches!(c,
        '\u{0E00}'..='\u{0EFF}' // Thai, Lao
        | '\u{1000}'..='\u{109F}' | '\u{A9E0}'..='\u{A9FF}' | '\u{AA60}'..='\u{AA7F}' // Myanmar
        | '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{A960}'..='\u{A97F}' | '\u{AC00}'..='\u{D7FF}' // Hangul
        | '\u{1780}'..='\u{17FF}' // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3031}'..='\u{303C}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' // Han
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' // Han
        | '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{1AFF0}'..='\u{1B16F}' // Hiragana, Katakana
    );
    in_block && c.is_alphabetic() && !c.is_numeric()
}

/// The position `count` characters before `at`, or 0.
pub(crate) fn back_chars(text: &[u8], at: usize, count: usize, ascii: bool) -> usize {
    if ascii {
        return at.saturating_sub(count);
    }
    let mut position = at;
    for _ in 0..count {
        if position == 0 {
            break;
        }
        position = start_of_char(text, position - 1);
    }
    position
}

/// The position `count` characters after `at`, or the text's end.
pub(crate) fn forward_chars(text: &[u8], at: usize, count: usize, ascii: bool) -> usize {
    if ascii {
        return (at + count).min(text.len());
    }
    let mut position = at;
    for _ in 0..count {
        let Some((_, length)) = char_at(text, position) else { break };
        position += length;
    }
    position.min(text.len())
}

/// Characters in `text`: bytes that begin one.
pub(crate) fn count_chars(text: &[u8], ascii: bool) -> usize {
    if ascii { text.len() } else { text.iter().filter(|byte| !(0x80..0xC0).contains(*byte)).count() }
}
