//! Small things about objects: text strings, and what they are called.

use hayro_syntax::object::{Dict, Name, Object, String as Bytes};

/// PDFDocEncoding where it differs from Latin-1 (ISO 32000-2, annex D.2): 0x18 to 0x1f and 0x80 to 0xa0.
const LOW: [char; 8] = ['\u{2d8}', '\u{2c7}', '\u{2c6}', '\u{2d9}', '\u{2dd}', '\u{2db}', '\u{2da}', '\u{2dc}'];
const HIGH: [char; 33] = [
    '\u{2022}', '\u{2020}', '\u{2021}', '\u{2026}', '\u{2014}', '\u{2013}', '\u{192}', '\u{2044}', '\u{2039}',
    '\u{203a}', '\u{2212}', '\u{2030}', '\u{201e}', '\u{201c}', '\u{201d}', '\u{2018}', '\u{2019}', '\u{201a}',
    '\u{2122}', '\u{fb01}', '\u{fb02}', '\u{141}', '\u{152}', '\u{160}', '\u{178}', '\u{17d}', '\u{131}', '\u{142}',
    '\u{153}', '\u{161}', '\u{17e}', '\u{fffd}', '\u{20ac}',
];

/// A text string: UTF-16 or UTF-8 by its mark, else PDFDocEncoding.
pub(super) fn text_string(bytes: &[u8]) -> String {
    let text = match bytes {
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ if bytes.is_ascii() => String::from_utf8_lossy(bytes).into_owned(),
        // Not allowed, and common.
        _ if std::str::from_utf8(bytes).is_ok() => String::from_utf8_lossy(bytes).into_owned(),
        _ => bytes.iter().copied().map(doc_char).collect(),
    };
    without_languages(text)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn doc_char(byte: u8) -> char {
    match byte {
        0x18..=0x1f => LOW[usize::from(byte - 0x18)],
        0x80..=0xa0 => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// Drops language marks: escape, a code, escape (ISO 32000-2, 7.9.2.2.2).
fn without_languages(text: String) -> String {
    if !text.contains('\u{1b}') {
        return text;
    }
    let pieces = text.split('\u{1b}').enumerate();
    pieces.filter(|(n, piece)| n % 2 == 0 || piece.len() > 8).map(|(_, piece)| piece).collect()
}

/// True when a string is meant to be read.
pub(super) fn is_readable(text: &str) -> bool {
    let odd = text.chars().filter(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')).count();
    let unknown = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
    !text.trim().is_empty() && odd + unknown == 0
}

/// The text of an object: a string, a name, the text of a stream is not among them.
pub(super) fn text_of(object: &Object<'_>) -> Option<String> {
    match object {
        Object::String(bytes) => Some(text_string(bytes)),
        Object::Name(name) => Some(text_string(name.as_ref())),
        Object::Number(number) => Some(format!("{}", number.as_f64())),
        _ => None,
    }
}

/// The string under a key, if it can be read.
pub(super) fn string(dict: &Dict<'_>, key: &str) -> Option<String> {
    dict.get::<Bytes<'_>>(key).map(|bytes| text_string(&bytes)).filter(|text| is_readable(text))
}

/// True when the name under a key is this one.
pub(super) fn is_named(dict: &Dict<'_>, key: &str, name: &[u8]) -> bool {
    dict.get::<Name<'_>>(key).is_some_and(|found| found.as_ref() == name)
}

/// True when there are at least two letters or digits in a row of printable text.
pub(super) fn has_letters(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphanumeric()).count() > 1
}

/// The text of a piece of markup, its tags taken for white space.
pub(super) fn line_of_markup(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let (name, after) = tag.split_once('>').unwrap_or((tag, ""));
        let name = name.trim_start_matches('/');
        if ["p", "br", "div", "li", "td"].iter().any(|block| name.starts_with(block)) {
            text.push('\n');
        }
        rest = after;
    }
    text.push_str(rest);
    let text = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#13;", "\n"), ("&amp;", "&")]
        .into_iter()
        .fold(text, |text, (entity, plain)| if text.contains(entity) { text.replace(entity, plain) } else { text });
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_leaves_its_text() {
        let rows = [
            ("<body><p>one<b>two</b></p><p>a &amp; b</p></body>", "onetwo\n\na & b"),
            ("plain", "plain"),
            ("cut <b", "cut"),
        ];
        for (markup, expected) in rows {
            assert_eq!(line_of_markup(markup), expected);
        }
    }

    #[test]
    fn text_strings_are_read_in_their_encodings() {
        let rows: &[(&[u8], &str)] = &[
            (b"plain", "plain"),
            (b"\xfe\xff\x00a\x20\xac", "a\u{20ac}"),
            (b"\xff\xfea\x00\xac\x20", "a\u{20ac}"),
            (b"\xef\xbb\xbf\xc3\xa9", "\u{e9}"),
            (b"\xe9t\xe9 \x85 \xa0", "\u{e9}t\u{e9} \u{2013} \u{20ac}"),
            (b"\xfe\xff\x00\x1b\x00e\x00n\x00\x1b\x00a", "a"),
            (b"\xfe\xff\x00a\x00", "a"),
        ];
        for (bytes, expected) in rows {
            assert_eq!(text_string(bytes), *expected, "{bytes:?}");
        }
    }
}
