//! What a message may show of a rule file: keys, and the values of a rule; never the text of an example.
//!
//! An example may be a real value, and a file named by mistake may be anything. So this is a list of what shows, not of
//! what hides: a walk over the text that copes with what is not TOML, and takes what it cannot follow for private.

use super::schema::{CHECK, COUNTER, DETECTOR, EVIDENCE, EXAMPLE, FILE, LIST, PRIMARY, TIER};
use crate::source::schema::Key;
use std::ops::Range;

/// Keys of examples whose values are texts to be searched.
const PRIVATE: [&str; 2] = ["text", "value"];
/// Longest word outside quotes that shows, in bytes, and most digits in it.
const WORD_BYTES_MAX: usize = 40;
const WORD_DIGITS_MAX: usize = 5;

/// What no message shows of a file; `None` when it is no rule file.
pub(super) fn of(text: &str) -> Option<Vec<Range<usize>>> {
    is_rule_file(text).then(|| covered(text))
}

/// True when a text is meant as a rule file: it sets `schema`, or opens a table or array of rules.
pub(super) fn is_rule_file(text: &str) -> bool {
    text.lines().any(|line| {
        let inner = line.trim_start().trim_start_matches('[');
        let word = &inner[..inner.len() - inner.trim_start_matches(is_key_char).len()];
        let rest = inner[word.len()..].trim_start();
        let opens = inner.len() < line.trim_start().len();
        let follows = if opens { rest.is_empty() || rest.starts_with(['.', ']']) } else { rest.starts_with('=') };
        follows && FILE.iter().any(|key| key.name == word)
    })
}

/// The stretches of a rule file that no message shows, in order.
fn covered(text: &str) -> Vec<Range<usize>> {
    let mut walk =
        Walk { text, at: 0, depth: 0, key: Shows::No, table: false, example: false, fresh: true, out: vec![] };
    walk.run();
    walk.out
}

fn is_key_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// True when a word is too short, and has too few digits, to be somebody's secret.
fn is_plain(word: &str) -> bool {
    word.len() <= WORD_BYTES_MAX && word.bytes().filter(u8::is_ascii_digit).count() <= WORD_DIGITS_MAX
}

fn known(name: &str) -> bool {
    let tables: [&[Key]; 9] = [&FILE, &LIST, &DETECTOR, &PRIMARY, &CHECK, &TIER, &EVIDENCE, &EXAMPLE, &COUNTER];
    tables.iter().any(|table| table.iter().any(|key| key.name == name))
}

/// Whether the value at hand shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shows {
    Yes,
    No,
}

struct Walk<'a> {
    text: &'a str,
    at: usize,
    /// Brackets that are open within a value.
    depth: usize,
    /// What became of the last key.
    key: Shows,
    /// Within a table of a rule that is no example: a key that is not known is a slip of its author.
    table: bool,
    /// Within examples written as an array of tables.
    example: bool,
    /// No word outside quotes stood in this value yet.
    fresh: bool,
    out: Vec<Range<usize>>,
}

impl<'a> Walk<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn run(&mut self) {
        self.line();
        while let Some(c) = self.rest().chars().next() {
            match c {
                '\n' => {
                    self.at += 1;
                    self.line();
                }
                '"' | '\'' => self.quoted(c),
                '#' => {
                    let end = self.at + self.rest().find('\n').unwrap_or(self.rest().len());
                    self.cover(self.at + 1..end);
                    self.at = end;
                }
                '=' | ',' => {
                    self.fresh = true;
                    self.at += 1;
                }
                '[' | '{' => {
                    (self.depth, self.fresh) = (self.depth + 1, true);
                    self.at += 1;
                }
                ']' | '}' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.at += 1;
                }
                c if c.is_whitespace() => self.at += c.len_utf8(),
                _ => self.word(),
            }
        }
    }

    /// At the beginning of a line: a table's header starts anew, whatever was open.
    fn line(&mut self) {
        if self.depth == 0 {
            (self.key, self.example, self.fresh) = (Shows::No, false, false);
        }
        let line = self.rest().lines().next().unwrap_or_default();
        let header = line.split('#').next().unwrap_or_default();
        let name = header.trim().trim_start_matches('[').trim_end_matches(']').trim();
        let is_name = |word: &str| !word.is_empty() && word.chars().all(is_key_char) && is_plain(word);
        if !line.trim_start().starts_with('[') || !name.split('.').all(is_name) {
            return;
        }
        let last = name.rsplit('.').next().unwrap_or_default();
        (self.depth, self.key, self.example) = (0, Shows::No, false);
        self.table = name.split('.').all(known) && !matches!(last, "example" | "counter");
        self.at += header.len();
    }

    /// A string: a key when `=` follows, else a value.
    fn quoted(&mut self, quote: char) {
        let start = self.at;
        let triple = &self.rest().as_bytes()[..self.rest().len().min(3)] == [quote as u8; 3].as_slice();
        let open = if triple { 3 } else { 1 };
        let body = start + open;
        let bytes = self.text.as_bytes();
        let mut at = body;
        let end = loop {
            match bytes.get(at) {
                None => break at,
                Some(b'\n') if !triple => break at,
                Some(b'\\') if quote == '"' => at += 2,
                Some(byte) if char::from(*byte) == quote && bytes[at..].starts_with(&bytes[start..body]) => break at,
                Some(_) => at += 1,
            }
        };
        let end = end.min(bytes.len());
        self.at = if bytes.get(end) == Some(&b'\n') { end } else { (end + open).min(bytes.len()) };
        let inner = body..end;
        if let Some(after) = self.key_end(self.at) {
            let name = self.text[inner.clone()].to_owned();
            self.set_key(&name);
            if !known(&name) {
                self.cover(inner);
            }
            self.at = after;
        } else {
            if self.key == Shows::No {
                self.cover(inner);
            }
            self.fresh = false;
        }
    }

    /// Something outside quotes: a key when `=` follows, else a value, or whatever stands where neither should.
    fn word(&mut self) {
        let stop = |c: char| c.is_whitespace() || "=,[]{}#\"'".contains(c);
        let end = self.at + self.rest().find(stop).unwrap_or(self.rest().len());
        let word = self.text[self.at..end].to_owned();
        let is_key = word.chars().all(|c| is_key_char(c) || c == '.');
        if let Some(after) = self.key_end(end).filter(|_| is_key) {
            self.set_key(word.rsplit('.').next().unwrap_or_default());
            self.at = after;
            return;
        }
        if self.key == Shows::No || !self.fresh || !is_plain(&word) {
            self.cover(self.at..end);
        }
        self.fresh = false;
        self.at = end;
    }

    /// The place after the `=` that follows directly.
    fn key_end(&self, at: usize) -> Option<usize> {
        let rest = &self.text[at..];
        let sign = rest.trim_start_matches([' ', '\t']);
        sign.starts_with('=').then_some(at + rest.len() - sign.len() + 1)
    }

    fn set_key(&mut self, name: &str) {
        self.example |= matches!(name, "example" | "counter");
        let private = PRIVATE.contains(&name) || !known(name) && (self.example || !self.table);
        (self.key, self.fresh) = (if private { Shows::No } else { Shows::Yes }, true);
    }

    /// Covers a stretch, joined with one that only blanks part from it.
    fn cover(&mut self, range: Range<usize>) {
        if range.is_empty() {
            return;
        }
        match self.out.last_mut() {
            Some(last) if self.text[last.end..range.start].bytes().all(|b| b == b' ' || b == b'\t') => {
                last.end = range.end;
            }
            _ => self.out.push(range),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let mut out = text.to_owned();
        covered(text).into_iter().rev().for_each(|range| out.replace_range(range, "…"));
        out
    }

    #[test]
    fn what_shows_of_a_file() {
        let head = "schema = 1\n[[detector]]\nid = 'a.b'\n";
        let rows = [
            // Rules show whole, slips of their author too.
            ("regex = 'x{3}'\nnmae = \"n\"\nmin_unique = 2.5\n", "regex = 'x{3}'\nnmae = \"n\"\nmin_unique = 2.5\n"),
            ("id = us.ssn  # why", "id = us.ssn  #…"),
            ("[[detector.tier]\nname = 'low", "[[detector.tier]\nname = 'low"),
            (
                "tier = [{ name = 'a', confidence = 65 }, { nmae = 'b' }]",
                "tier = [{ name = 'a', confidence = 65 }, { nmae = 'b' }]",
            ),
            // Examples show their keys.
            ("[[detector.example]]\ntext = 'BDG 1'\ntier = 'low'", "[[detector.example]]\ntext = '…'\ntier = 'low'"),
            ("[[detector.example]]\ntxet = 'BDG 1'\ntier = 'low'", "[[detector.example]]\ntxet = '…'\ntier = 'low'"),
            ("[[detector.counter]]\nvalue = 4556737586\n", "[[detector.counter]]\nvalue = …\n"),
            (
                "example = [{ text = \"a \\\" b\", teir = 'low' }]\nname = 'n'",
                "example = [{ text = \"…\", teir = '…' }]\nname = 'n'",
            ),
            ("example = [\n { text = 'a', tier = 'x' },\n]\n", "example = [\n { text = '…', tier = 'x' },\n]\n"),
            ("[[detector.example]]\n\"text\" = '''\nid = 'b'\n'''", "[[detector.example]]\n\"text\" = '''…'''"),
            // What is no TOML is private from the slip on.
            ("[[detector.example]]\ntext = 'it's BDG 1'\n", "[[detector.example]]\ntext = '…'…'\n"),
            ("[[detector.example]]\ntext = card 4556, x\n", "[[detector.example]]\ntext = …, …\n"),
            ("name = Anna Zwicky\nBDG-1, 'BDG-2'\n", "name = Anna …\n…, '…'\n"),
            ("[4556737586]\n", "[…]\n"),
            ("[[detectr]]  # a slip\nid = 'a'\nkey = 'b'\n", "[[detectr]]  #…\nid = 'a'\nkey = '…'\n"),
            ("id = 4556737586\n", "id = …\n"),
        ];
        for (text, want) in rows {
            assert_eq!(shown(&format!("{head}{text}")), format!("{head}{want}"));
        }
    }

    #[test]
    fn rule_files_are_told_from_others() {
        let rows = [
            ("schema = 1", true),
            (" [[detector]", true),
            ("[[list]]", true),
            ("[detector.primary]", true),
            ("detector = [{ id = 'a' }]", true),
            ("name = 'n'\n[package]", false),
            ("{\"schema\": 1}", false),
            ("schemas = 1", false),
            ("list: a, b", false),
            ("", false),
        ];
        for (text, want) in rows {
            assert_eq!(is_rule_file(text), want, "{text}");
        }
    }
}
