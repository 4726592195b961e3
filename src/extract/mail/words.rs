//! The text of header fields: encoded words (RFC 2047), parameters (RFC 2045) with their continuations and encodings
//! (RFC 2231), and the bytes that mail programs write there against all rules.

use super::super::decode::guessed_text;
use encoding_rs::Encoding;

/// Parameters of one field that are kept.
const PARAMETERS_MAX: usize = 64;
/// Bytes of one parameter's value that are kept.
const VALUE_BYTES_MAX: usize = 4 << 10;

/// The decoder of a charset label; `None` for ASCII, for one that nobody knows and for UTF-7: the bytes then tell.
pub(in super::super) fn charset_of(label: &[u8]) -> Option<&'static Encoding> {
    let label = label.split(|&b| b == b'*').next().unwrap_or_default().trim_ascii();
    let lower = label.to_ascii_lowercase();
    let known: &[u8] = match lower.as_slice() {
        b"us-ascii" | b"ascii" | b"ansi_x3.4-1968" => return None,
        b"cp932" => b"shift_jis",
        b"cp936" => b"gbk",
        b"cp949" | b"ks_c_5601" => b"euc-kr",
        b"cp950" => b"big5",
        b"utf8mb4" | b"utf_8" => b"utf-8",
        b"latin1" | b"iso8859_1" | b"cp819" => b"iso-8859-1",
        other => other,
    };
    Encoding::for_label(known).filter(|encoding| *encoding != encoding_rs::REPLACEMENT)
}

/// Bytes as text of a charset.
pub(super) fn text_in(bytes: &[u8], label: &[u8]) -> String {
    if label.eq_ignore_ascii_case(b"utf-7") || label.eq_ignore_ascii_case(b"unicode-1-1-utf-7") {
        return from_utf7(bytes);
    }
    match charset_of(label) {
        Some(encoding) if encoding != encoding_rs::UTF_8 => encoding.decode_without_bom_handling(bytes).0.into_owned(),
        _ => guessed_text(bytes),
    }
}

/// The text of a field's value, encoded words decoded.
pub(in super::super) fn decode_words(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    let mut run = Run::default();
    let mut rest = value;
    while let Some(at) = memchr::memmem::find(rest, b"=?") {
        let (before, marked) = rest.split_at(at);
        let Some((word, len)) = encoded_word(marked) else {
            run.end(&mut text);
            push_plain(&rest[..at + 2], &mut text);
            rest = &rest[at + 2..];
            continue;
        };
        // White space between two encoded words is not part of the text.
        if !(run.is_open && before.iter().all(u8::is_ascii_whitespace)) {
            run.end(&mut text);
            push_plain(before, &mut text);
        }
        run.add(&word, &mut text);
        rest = &marked[len..];
    }
    run.end(&mut text);
    push_plain(rest, &mut text);
    text
}

fn push_plain(bytes: &[u8], text: &mut String) {
    match std::str::from_utf8(bytes) {
        Ok(plain) => text.push_str(plain),
        Err(_) => text.push_str(&guessed_text(bytes)),
    }
}

struct Word<'a> {
    charset: &'a [u8],
    bytes: Vec<u8>,
}

/// Adjacent words of one charset: a character may be cut in two by their edge.
#[derive(Default)]
struct Run {
    charset: Vec<u8>,
    bytes: Vec<u8>,
    is_open: bool,
}

impl Run {
    fn add(&mut self, word: &Word<'_>, text: &mut String) {
        if self.is_open && !self.charset.eq_ignore_ascii_case(word.charset) {
            self.end(text);
        }
        self.is_open = true;
        self.charset.clear();
        self.charset.extend_from_slice(word.charset);
        self.bytes.extend_from_slice(&word.bytes);
    }

    fn end(&mut self, text: &mut String) {
        if std::mem::take(&mut self.is_open) {
            text.push_str(&text_in(&self.bytes, &self.charset));
            self.bytes.clear();
        }
    }
}

/// `=?charset?Q?text?=` at the beginning, and its length.
fn encoded_word(marked: &[u8]) -> Option<(Word<'_>, usize)> {
    let charset_end = 2 + memchr::memchr(b'?', marked.get(2..)?.get(..64.min(marked.len() - 2))?)?;
    let coding = marked.get(charset_end + 1)?.to_ascii_lowercase();
    if marked.get(charset_end + 2) != Some(&b'?') || charset_end == 2 {
        return None;
    }
    let body_at = charset_end + 3;
    let body_len = memchr::memmem::find(&marked[body_at..], b"?=")?;
    let body = &marked[body_at..body_at + body_len];
    let bytes = match coding {
        b'q' => from_q(body),
        b'b' => super::coding::base64_bytes(body),
        _ => return None,
    };
    Some((Word { charset: &marked[2..charset_end], bytes }, body_at + body_len + 2))
}

fn from_q(body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body;
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'_' => bytes.push(b' '),
            b'=' => match super::coding::hex_pair(after) {
                Some(byte) => {
                    bytes.push(byte);
                    rest = &after[2..];
                }
                None => bytes.push(b'='),
            },
            other => bytes.push(*other),
        }
    }
    bytes
}

/// UTF-7 (RFC 2152): UTF-16 in base64 between `+` and `-`.
pub(super) fn from_utf7(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(plus) = memchr::memchr(b'+', rest) {
        push_plain(&rest[..plus], &mut text);
        let coded = &rest[plus + 1..];
        let len = coded.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/')).count();
        if len == 0 {
            text.push('+');
        } else {
            let wide = super::coding::base64_bytes(&coded[..len]);
            let units = wide.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            text.extend(char::decode_utf16(units).map(|c| c.unwrap_or('\u{fffd}')));
        }
        rest = &coded[len..];
        rest = rest.strip_prefix(b"-").unwrap_or(rest);
    }
    push_plain(rest, &mut text);
    text
}

/// A field's value with its parameters.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Parameters {
    /// What stands before the first semicolon, lower case: `text/plain`, `attachment`.
    pub(in super::super) main: String,
    pieces: Vec<Parameter>,
}

#[derive(Clone, Debug)]
struct Parameter {
    name: String,
    /// Number of the continuation.
    section: Option<u32>,
    is_encoded: bool,
    value: Vec<u8>,
}

impl Parameters {
    /// Takes a value apart.
    pub(in super::super) fn parse(value: &[u8]) -> Self {
        let (main, mut rest) = cut_at(value, b';');
        let main: String = String::from_utf8_lossy(without_comments(main).trim_ascii()).to_ascii_lowercase();
        let mut pieces = Vec::new();
        while !rest.is_empty() && pieces.len() < PARAMETERS_MAX {
            let (name, has_value, after) = parameter_name(rest);
            if !has_value {
                rest = after;
                continue;
            }
            let (mut value, after) = parameter_value(after);
            rest = after;
            value.truncate(VALUE_BYTES_MAX);
            pieces.push(Parameter::of(&String::from_utf8_lossy(name.trim_ascii()).to_ascii_lowercase(), value));
        }
        Self { main, pieces }
    }

    /// True when there are parameters that do more than name, measure and date the body.
    pub(super) fn says_more(&self) -> bool {
        const USUAL: &[&str] = &[
            "charset",
            "name",
            "filename",
            "format",
            "delsp",
            "reply-type",
            "size",
            "creation-date",
            "modification-date",
            "read-date",
            "type",
            "start",
            "protocol",
            "micalg",
            "smime-type",
            "report-type",
            "method",
            "x-unix-mode",
        ];
        self.pieces.iter().any(|piece| !USUAL.contains(&piece.name.as_str()))
    }

    /// The bytes of a parameter that is not encoded, such as a boundary.
    pub(in super::super) fn plain(&self, name: &str) -> Option<&[u8]> {
        let found = self.pieces.iter().find(|piece| piece.name == name && !piece.is_encoded);
        found.map(|piece| piece.value.as_slice())
    }

    /// A parameter as text, from its continuations where it has some.
    pub(in super::super) fn text(&self, name: &str) -> Option<String> {
        let mut parts: Vec<&Parameter> = self.pieces.iter().filter(|piece| piece.name == name).collect();
        parts.sort_by_key(|piece| (piece.section.is_none() && !piece.is_encoded, piece.section));
        let first = parts.first()?;
        if first.section.is_none() && !first.is_encoded {
            return Some(decode_words(&first.value));
        }
        parts.retain(|piece| {
            piece.section.is_some() == first.section.is_some() && (piece.is_encoded || piece.section.is_some())
        });
        parts.dedup_by_key(|piece| piece.section);
        Some(joined(&parts))
    }
}

impl Parameter {
    /// Takes `name*0*` apart (RFC 2231, 3 and 4).
    fn of(name: &str, value: Vec<u8>) -> Self {
        let (rest, is_encoded) = name.strip_suffix('*').map_or((name, false), |rest| (rest, true));
        let (name, section) = match rest.split_once('*') {
            Some((name, number)) => (name, number.parse().ok()),
            None => (rest, None),
        };
        Self { name: name.to_owned(), section, is_encoded, value }
    }
}

/// Continuations as one text; the first may name the charset.
fn joined(parts: &[&Parameter]) -> String {
    let mut charset: &[u8] = b"";
    let mut bytes = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let mut value = part.value.as_slice();
        if number == 0 && part.is_encoded {
            let mut fields = value.splitn(3, |&b| b == b'\'');
            if let (Some(label), Some(_), Some(text)) = (fields.next(), fields.next(), fields.next()) {
                (charset, value) = (label, text);
            }
        }
        if part.is_encoded { percent_decoded(value, &mut bytes) } else { bytes.extend_from_slice(value) }
    }
    if charset.is_empty() { decode_words(&bytes) } else { text_in(&bytes, charset) }
}

fn percent_decoded(value: &[u8], bytes: &mut Vec<u8>) {
    let mut rest = value;
    while let [first, after @ ..] = rest {
        match super::coding::hex_pair(after).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
}

fn cut_at(value: &[u8], mark: u8) -> (&[u8], &[u8]) {
    match memchr::memchr(mark, value) {
        Some(at) => (&value[..at], &value[at + 1..]),
        None => (value, &[]),
    }
}

fn without_comments(value: &[u8]) -> &[u8] {
    cut_at(value, b'(').0
}

/// The name up to `=`; without one, what is passed over up to the next semicolon.
fn parameter_name(rest: &[u8]) -> (&[u8], bool, &[u8]) {
    match memchr::memchr2(b'=', b';', rest) {
        Some(at) => (&rest[..at], rest[at] == b'=', &rest[at + 1..]),
        None => (rest, false, &[]),
    }
}

/// The value behind `=`, quoted or up to the next semicolon, and what follows it.
fn parameter_value(rest: &[u8]) -> (Vec<u8>, &[u8]) {
    let rest = rest.trim_ascii_start();
    let Some(quoted) = rest.strip_prefix(b"\"") else {
        let (value, after) = cut_at(rest, b';');
        return (value.trim_ascii().to_vec(), after);
    };
    let mut value = Vec::new();
    let mut at = 0;
    while let Some(&byte) = quoted.get(at) {
        at += 1;
        match byte {
            b'"' => break,
            b'\\' if quoted.get(at).is_some_and(|b| matches!(b, b'"' | b'\\')) => {
                value.push(quoted[at]);
                at += 1;
            }
            // A fold inside the quotes is a space at most.
            b'\r' | b'\n' => {}
            other => value.push(other),
        }
    }
    let after = &quoted[at..];
    (value, cut_at(after, b';').1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_read_as_mail_programs_write_them() {
        let rows: &[(&[u8], &str)] = &[
            (b"plain", "plain"),
            (b"=?iso-8859-1?Q?J=FCrgen_M=fcller?= <a@b.c>", "Jürgen Müller <a@b.c>"),
            (b"=?UTF-8?B?w7xiZXI=?=", "über"),
            (b"=?utf-8?q?a?= =?utf-8?q?b?= c", "ab c"),
            (b"=?utf-8?b?w7w=?=\t=?utf-8?b?w7w?=", "üü"),
            // A character cut in two by the edge of two words.
            (b"=?utf-8?b?5Q==?= =?utf-8?b?gIs=?=", "\u{500b}"),
            (b"a =?x?y", "a =?x?y"),
            (b"=?koi8-r?B?8NLJ18XU?=", "Привет"),
            (b"=?gb2312*zh?B?1tDOxA==?=", "中文"),
            (b"r\xe9sum\xe9 of last year's work", "résumé of last year's work"),
            (b"=?unknown-8bit?Q?=C3=BC?=", "ü"),
            (b"=?utf-8?Q?broken =? x", "=?utf-8?Q?broken =? x"),
        ];
        for (value, expected) in rows {
            assert_eq!(decode_words(value), *expected, "{}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn parameters_come_whole_from_their_pieces() {
        let rows: &[(&[u8], &str, Option<&str>)] = &[
            (b"text/plain; charset=utf-8", "charset", Some("utf-8")),
            (b"Application/PDF; name=\"a \\\"b\\\".pdf\"; x=1", "name", Some("a \"b\".pdf")),
            (b"attachment; filename=pay roll.xlsx ; size=3", "filename", Some("pay roll.xlsx")),
            (b"attachment; filename*=UTF-8''%e2%82%ac%20rates.txt", "filename", Some("€ rates.txt")),
            (b"x; name*1=\"b.txt\"; name*0=\"a\"", "name", Some("ab.txt")),
            (b"x; filename*0*=iso-8859-1'de'%FC; filename*1*=%E4; filename*2=x.doc", "filename", Some("üäx.doc")),
            (b"x; filename=\"plain.doc\"; filename*=utf-8''%C3%BC.doc", "filename", Some("ü.doc")),
            (b"x; filename=\"=?utf-8?B?w7wuZG9j?=\"", "filename", Some("ü.doc")),
            (b"x; other", "name", None),
            (b"x; name=\"never closed", "name", Some("never closed")),
        ];
        for (value, name, expected) in rows {
            let parsed = Parameters::parse(value);
            assert_eq!(parsed.text(name).as_deref(), *expected, "{}", String::from_utf8_lossy(value));
        }
        assert_eq!(Parameters::parse(b"Text/HTML (comment); a=b").main, "text/html");
    }

    #[test]
    fn utf7_is_read() {
        let rows: &[(&[u8], &str)] =
            &[(b"Fr+APY-sche", "Frösche"), (b"1 +- 1", "1 + 1"), (b"+2D3eAA-!", "😀!"), (b"end +", "end +")];
        for (bytes, expected) in rows {
            assert_eq!(from_utf7(bytes), *expected);
        }
    }
}
