//! A file's text and places in it: bytes to lines and columns, and the lines an error shows.
//!
//! A line is shown without what may be private ([`Cover`]), and not at all when nothing else stands in it or the file is
//! not of the kind that was asked for.
//!
//! An offset into a decoded TOML string (where a regex is wrong) is mapped back through quotes and escapes, so that an
//! error points into the expression as it was typed.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// What stands for private text.
const COVER: char = '…';
/// Longest part of a line that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 120;

/// What no message shows of a text, in order; `None` when it is no file of this kind, and nothing of it shows.
pub type Cover = fn(&str) -> Option<Vec<Range<usize>>>;

/// A file's name and text.
#[derive(Debug)]
pub struct SourceFile {
    /// As the user would name it.
    pub name: Arc<str>,
    /// The whole text.
    pub text: String,
    /// Where it was read from; `None` for an embedded file.
    pub path: Option<PathBuf>,
    /// What of it no message shows.
    cover: Cover,
    /// Where each line but the first begins; found when it is first asked for.
    lines: OnceLock<Vec<usize>>,
    /// The same, found when it is first asked for.
    covered: OnceLock<Option<Vec<Range<usize>>>>,
}

impl SourceFile {
    /// A file's text under its name.
    #[must_use]
    pub fn new(name: &str, text: String, path: Option<PathBuf>, cover: Cover) -> Self {
        Self { name: name.into(), text, path, cover, lines: OnceLock::new(), covered: OnceLock::new() }
    }

    /// True for an embedded file.
    #[must_use]
    pub fn builtin(&self) -> bool {
        self.path.is_none()
    }

    /// The place of some bytes.
    pub(crate) fn place(&self, span: Range<usize>, label: impl Into<String>) -> Place {
        let start = self.boundary(span.start);
        let end = self.boundary(span.end).max(start);
        let begin = self.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let stop = self.text[start..].find('\n').map_or(self.text.len(), |at| start + at);
        Place {
            file: self.name.clone(),
            line: self.line(start),
            column: self.text[begin..start].chars().count() + 1,
            shown: self.shown(begin..stop, start..end.min(stop)),
            label: label.into(),
        }
    }

    /// A line with its private parts covered, and what is underlined in it; `None` when there is nothing to show.
    fn shown(&self, line: Range<usize>, span: Range<usize>) -> Option<Shown> {
        let covered = self.covered.get_or_init(|| (self.cover)(&self.text)).as_ref()?;
        let mut next = covered[covered.partition_point(|range| range.end <= line.start)..].iter().peekable();
        let (mut text, mut before, mut width) = (String::new(), 0, 0);
        for (at, c) in self.text[line.clone()].char_indices() {
            let at = line.start + at;
            next.next_if(|range| range.end <= at);
            let private = next.peek().is_some_and(|range| range.contains(&at));
            // A covered stretch is one character, underlined when anything in it is.
            let first = !(private && text.ends_with(COVER));
            if first {
                text.push(if private { COVER } else { c });
            }
            if at < span.start {
                before += usize::from(first);
            } else if at < span.end {
                width += usize::from(first);
            }
        }
        // What begins within a covered stretch is underlined at its cover.
        let within = covered.iter().any(|range| range.start < span.start && span.start < range.end);
        before -= usize::from(within && before > 0);
        let text = text.trim_end_matches('\r').to_owned();
        let tells = text.chars().any(char::is_alphanumeric);
        tells.then(|| Shown { before: before.min(text.chars().count()), width: width.max(1), text })
    }

    /// The line of a byte, from 1.
    #[must_use]
    pub fn line(&self, byte: usize) -> usize {
        let lines = self.lines.get_or_init(|| self.text.match_indices('\n').map(|(at, _)| at + 1).collect());
        lines.partition_point(|begin| *begin <= byte) + 1
    }

    /// The place in the file of a range of a decoded string whose quoted form has the given span; the whole span when
    /// the string cannot be followed.
    #[must_use]
    pub fn inside(&self, span: Range<usize>, decoded: Range<usize>) -> Range<usize> {
        let Some(raw) = self.text.get(span.clone()) else { return span };
        let Some(start) = raw_offset(raw, decoded.start) else { return span };
        let end = raw_offset(raw, decoded.end).unwrap_or(start).max(start);
        span.start + start..span.start + end
    }

    fn boundary(&self, byte: usize) -> usize {
        let mut at = byte.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// Where in a quoted TOML string the byte `wanted` of its decoded form stands.
fn raw_offset(raw: &str, wanted: usize) -> Option<usize> {
    let quote = raw.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let triple = raw.len() >= 6 && raw.as_bytes()[..3] == [raw.as_bytes()[0]; 3];
    let mut at = if triple { 3 } else { 1 };
    if triple {
        let body = &raw[at..];
        at += if body.starts_with("\r\n") { 2 } else { usize::from(body.starts_with('\n')) };
    }
    let mut decoded = 0;
    while decoded < wanted {
        let (raw_len, decoded_len) = step(&raw[at..], quote == '"')?;
        at += raw_len;
        decoded += decoded_len;
    }
    // A line break that is escaped away stands before the byte, not at it.
    Some(at)
}

/// Lengths, typed and decoded, of the next character of a TOML string.
fn step(rest: &str, escapes: bool) -> Option<(usize, usize)> {
    let first = rest.chars().next()?;
    if !(escapes && first == '\\') {
        return Some((first.len_utf8(), first.len_utf8()));
    }
    let kind = rest[1..].chars().next()?;
    let digits = match kind {
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ if kind.is_whitespace() => return Some((1 + rest[1..].len() - rest[1..].trim_start().len(), 0)),
        _ => return Some((2, 1)),
    };
    let code = u32::from_str_radix(rest.get(2..2 + digits)?, 16).ok()?;
    Some((2 + digits, char::from_u32(code)?.len_utf8()))
}

/// A place in a file, with the line to show.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    file: Arc<str>,
    line: usize,
    column: usize,
    shown: Option<Shown>,
    label: String,
}

/// A line as a message shows it.
#[derive(Clone, Debug)]
struct Shown {
    text: String,
    /// Characters before the underline.
    before: usize,
    /// Characters underlined.
    width: usize,
}

impl Place {
    /// A file as a whole.
    pub(crate) fn file_only(name: &str) -> Self {
        Self { file: name.into(), line: 0, column: 0, shown: None, label: String::new() }
    }

    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    pub(crate) fn line(&self) -> usize {
        self.line
    }

    pub(crate) fn column(&self) -> usize {
        self.column
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Renders ` --> file:line:column` and the underlined line; `gutter` is the width of the line number.
    pub(crate) fn render(&self, gutter: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "\n{:gutter$}--> {}", "", self.file);
        }
        write!(f, "\n{:gutter$}--> {}:{}:{}", "", self.file, self.line, self.column)?;
        let Some(shown) = &self.shown else {
            return if self.label.is_empty() { Ok(()) } else { write!(f, "\n{:gutter$} = {}", "", self.label) };
        };
        let (shown, before, width) = shown.window();
        let pad: String = before.chars().map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        write!(f, "\n{:gutter$} |\n{:gutter$} | {}", "", self.line, shown)?;
        write!(f, "\n{:gutter$} | {pad}{} {}", "", "^".repeat(width), self.label)?;
        Ok(())
    }
}

impl Shown {
    /// The part of the line to show, what stands in it before the underline, and the underline's width.
    fn window(&self) -> (String, String, usize) {
        let chars: Vec<char> = self.text.chars().collect();
        let at = self.before.min(chars.len());
        if chars.len() <= SHOWN_CHARS_MAX {
            return (self.text.clone(), chars[..at].iter().collect(), self.width);
        }
        let start = at.saturating_sub(SHOWN_CHARS_MAX / 3);
        let end = (start + SHOWN_CHARS_MAX).min(chars.len());
        let left = if start > 0 { "..." } else { "" };
        let right = if end < chars.len() { "..." } else { "" };
        let text = |range: &[char]| range.iter().collect::<String>();
        let shown = format!("{left}{}{right}", text(&chars[start..end]));
        (shown, format!("{left}{}", text(&chars[start..at])), self.width.min(end - at).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_go_through_quotes_and_escapes() {
        // Typed, byte of the decoded string, byte of the typed one.
        let rows: &[(&str, usize, usize)] = &[
            ("'abc'", 1, 2),
            ("\"a\\\\bc\"", 2, 4),
            ("\"\\u00e9x\"", 2, 7),
            ("'''\nab'''", 1, 5),
            ("\"\"\"a\\\n   b\"\"\"", 2, 10),
            ("'é-'", 2, 3),
        ];
        for (typed, decoded, want) in rows {
            assert_eq!(raw_offset(typed, *decoded), Some(*want), "{typed} at {decoded}");
        }
    }
}
