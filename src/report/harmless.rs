//! Names and places made harmless: what comes from scanned files must not move a cursor, end a line, turn the reading
//! direction or close a script.
//!
//! Text for people shows such characters by their numbers ([`printable`]). JSON keeps them exactly, but writes them as
//! escapes ([`SafeJson`]), so a file of JSON lines may be shown on a terminal and a page may carry it in a script.

use super::line::plain_run;
use serde::Serialize;
use serde_json::ser::Formatter;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;

/// True for a character that is an order rather than a sign: controls (C0, DEL, C1), line and paragraph separators,
/// marks and overrides of reading direction (Unicode Standard Annex 9), zero-width characters, the byte order mark, tags.
#[must_use]
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// `text` with each hostile character shown as `\n`, `\r`, `\t` or `\u{1b}`: always one line.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    let (plain, rest) = text.split_at(plain_run(text, |_| false));
    if !rest.chars().any(is_hostile) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    shown.push_str(plain);
    for c in rest.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if is_hostile(c) => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// An excerpt on one line: runs of white space, line ends among them, become one space, the rest as in [`printable`].
#[must_use]
pub fn one_line(text: &str) -> String {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    printable(&joined).into_owned()
}

/// `text` for an HTML text node or a quoted attribute, hostile characters shown as in [`printable`].
#[must_use]
pub fn html(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in printable(text).chars() {
        match c {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            c => shown.push(c),
        }
    }
    shown
}

/// Writes JSON in one line with hostile characters, and `<`, `>`, `&` when it stands in a page, as `\u` escapes. A
/// parser reads the same strings; a terminal or an HTML parser finds nothing to act on.
#[derive(Clone, Copy, Debug)]
pub struct SafeJson {
    in_page: bool,
}

impl SafeJson {
    fn must_escape(self, c: char) -> bool {
        is_hostile(c) || (self.in_page && matches!(c, '<' | '>' | '&'))
    }

    /// The first character to escape and its place.
    fn first_to_escape(self, text: &str) -> Option<(usize, char)> {
        let plain = plain_run(text, |byte| self.in_page & ((byte == b'<') | (byte == b'>') | (byte == b'&')));
        let (at, c) = text[plain..].char_indices().find(|(_, c)| self.must_escape(*c))?;
        Some((plain + at, c))
    }
}

/// Puts a character as `\u` escapes, two where UTF-16 takes a pair (RFC 8259, section 7).
pub(super) fn push_escape(bytes: &mut Vec<u8>, c: char) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for unit in c.encode_utf16(&mut [0; 2]) {
        bytes.extend_from_slice(b"\\u");
        bytes.extend([12, 8, 4, 0].map(|shift| DIGITS[usize::from(*unit >> shift & 15)]));
    }
}

impl Formatter for SafeJson {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        let mut escape = Vec::new();
        while let Some((at, c)) = self.first_to_escape(rest) {
            writer.write_all(&rest.as_bytes()[..at])?;
            escape.clear();
            push_escape(&mut escape, c);
            writer.write_all(&escape)?;
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Writes `value` as one line of JSON that a terminal may show.
///
/// # Errors
/// The writer failed.
pub fn write_json(writer: impl io::Write, value: &impl Serialize) -> Result<(), serde_json::Error> {
    value.serialize(&mut serde_json::Serializer::with_formatter(writer, SafeJson { in_page: false }))
}

/// Writes `value` as JSON that may stand in a `script` element of a page.
///
/// # Errors
/// The writer failed.
pub fn write_page_json(writer: impl io::Write, value: &impl Serialize) -> Result<(), serde_json::Error> {
    value.serialize(&mut serde_json::Serializer::with_formatter(writer, SafeJson { in_page: true }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_shown_as_signs() {
        let rows = [
            ("plain/päth.txt", "plain/päth.txt"),
            ("a\nb\r\tc", "a\\nb\\r\\tc"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("gpj.\u{202e}exe", "gpj.\\u{202e}exe"),
            ("a\u{200b}b\u{feff}\u{7f}", "a\\u{200b}b\\u{feff}\\u{7f}"),
            ("tag\u{e0041}", "tag\\u{e0041}"),
        ];
        for (text, expected) in rows {
            assert_eq!(printable(text), expected);
        }
        assert_eq!(one_line("a \n\n b\t\u{1b}c "), "a b \\u{1b}c");
        assert_eq!(html("<a href=\"x\">'&\u{1b}"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\\u{1b}");
    }

    #[test]
    fn escapes_read_back_as_the_same_string() {
        let texts =
            ["</script><!--", "\u{2028}\u{2029}", "\u{1b}]0;x\u{7}", "\u{9b}\u{e0041}", "quote \" slash \\ nul \0"];
        for text in texts {
            let (mut line, mut page) = (Vec::new(), Vec::new());
            write_json(&mut line, &text).unwrap();
            write_page_json(&mut page, &text).unwrap();
            for (written, in_page) in [(line, false), (page, true)] {
                let written = String::from_utf8(written).unwrap();
                assert!(!written.chars().any(is_hostile), "{written}");
                assert!(!in_page || !written.contains(['<', '>', '&']), "{written}");
                assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
            }
        }
    }
}
