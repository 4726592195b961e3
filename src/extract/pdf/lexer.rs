//! The words of a content stream: numbers, strings, names, brackets, operators.
//!
//! Ours and not the library's: it ends a whole stream at the first group of operands it finds too long, and its search for
//! the end of an inline picture may take quadratic time. This one goes once over the bytes and skips what makes no sense.

use super::stream::{hex_digit, push_hex};
use std::borrow::Cow;

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token<'a> {
    Number(f64),
    String(Cow<'a, [u8]>),
    Name(Cow<'a, [u8]>),
    ArrayStart,
    ArrayEnd,
    DictStart,
    DictEnd,
    Operator(&'a [u8]),
}

/// Goes over the bytes of one stream.
pub(super) struct Lexer<'a> {
    data: &'a [u8],
    at: usize,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b'\0' | b'\t' | b'\n' | 0x0c | b'\r' | b' ')
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

fn is_regular(byte: u8) -> bool {
    !is_space(byte) && !is_delimiter(byte)
}

impl<'a> Lexer<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Self { data, at: 0 }
    }

    fn peek(&self) -> Option<u8> {
        self.data.get(self.at).copied()
    }

    fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.data.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|byte| !keep(*byte)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// The next word; `None` at the end.
    pub(super) fn next(&mut self) -> Option<Token<'a>> {
        loop {
            let byte = self.peek()?;
            match byte {
                _ if is_space(byte) => self.at += 1,
                b'%' => {
                    self.take_while(|byte| byte != b'\n' && byte != b'\r');
                }
                b'+' | b'-' | b'.' | b'0'..=b'9' => return Some(self.number()),
                b'(' => return Some(Token::String(self.literal())),
                b'<' if self.data.get(self.at + 1) == Some(&b'<') => return Some(self.brackets(Token::DictStart)),
                b'>' if self.data.get(self.at + 1) == Some(&b'>') => return Some(self.brackets(Token::DictEnd)),
                b'<' => return Some(Token::String(self.hex())),
                b'/' => return Some(Token::Name(self.name())),
                b'[' => return Some(self.bracket(Token::ArrayStart)),
                b']' => return Some(self.bracket(Token::ArrayEnd)),
                _ if is_delimiter(byte) => self.at += 1,
                _ => return Some(Token::Operator(self.take_while(is_regular))),
            }
        }
    }

    fn bracket(&mut self, token: Token<'a>) -> Token<'a> {
        self.at += 1;
        token
    }

    fn brackets(&mut self, token: Token<'a>) -> Token<'a> {
        self.at += 2;
        token
    }

    /// A number as viewers read them: `--5` is -5, `1.2.3` is 1.2, `12-34` is 12.
    fn number(&mut self) -> Token<'a> {
        let word = self.take_while(|byte| matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9'));
        let (mut value, mut scale, mut negative, mut begun) = (0.0_f64, 0.0_f64, false, false);
        for byte in word {
            match byte {
                b'-' if !begun => negative = true,
                b'+' if !begun => {}
                b'.' if scale == 0.0 => (scale, begun) = (1.0, true),
                b'0'..=b'9' => {
                    begun = true;
                    value = value * 10.0 + f64::from(byte - b'0');
                    scale *= 10.0;
                }
                _ => break,
            }
        }
        if scale > 1.0 {
            value /= scale;
        }
        Token::Number(if negative { -value } else { value })
    }

    fn name(&mut self) -> Cow<'a, [u8]> {
        self.at += 1;
        let word = self.take_while(is_regular);
        if !word.contains(&b'#') {
            return Cow::Borrowed(word);
        }
        let mut name = Vec::with_capacity(word.len());
        let mut rest = word;
        while let [first, tail @ ..] = rest {
            match (first, tail) {
                (b'#', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    push_hex([*high, *low].into_iter().filter_map(hex_digit), &mut name);
                    rest = after;
                }
                _ => {
                    name.push(*first);
                    rest = tail;
                }
            }
        }
        Cow::Owned(name)
    }

    fn hex(&mut self) -> Cow<'a, [u8]> {
        self.at += 1;
        let word = self.take_while(|byte| byte != b'>');
        self.at += 1;
        let mut bytes = Vec::with_capacity(word.len() / 2 + 1);
        push_hex(word.iter().filter_map(|byte| hex_digit(*byte)), &mut bytes);
        Cow::Owned(bytes)
    }

    /// ISO 32000-2, 7.3.4.2: balanced brackets, escapes, line ends as one `\n`.
    fn literal(&mut self) -> Cow<'a, [u8]> {
        self.at += 1;
        let start = self.at;
        let plain = self.take_while(|byte| !matches!(byte, b'(' | b')' | b'\\' | b'\r'));
        if self.peek() == Some(b')') {
            self.at += 1;
            return Cow::Borrowed(plain);
        }
        let mut text = self.data.get(start..self.at).unwrap_or_default().to_vec();
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            self.at += 1;
            match byte {
                b')' if depth == 0 => break,
                b')' => depth -= 1,
                b'(' => depth += 1,
                b'\\' => {
                    text.extend(self.escape());
                    continue;
                }
                b'\r' => {
                    self.at += usize::from(self.peek() == Some(b'\n'));
                    text.push(b'\n');
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
        Cow::Owned(text)
    }

    fn escape(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(match byte {
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'b' => 8,
            b'f' => 12,
            b'\n' => return None,
            b'\r' => {
                self.at += usize::from(self.peek() == Some(b'\n'));
                return None;
            }
            b'0'..=b'7' => {
                let mut value = u32::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit @ b'0'..=b'7') = self.peek() else { break };
                    value = value * 8 + u32::from(digit - b'0');
                    self.at += 1;
                }
                u8::try_from(value & 0xff).unwrap_or(0)
            }
            other => other,
        })
    }

    /// Passes over an inline picture, from behind its `BI` to behind its `EI`: the first `EI` between white space behind
    /// which nothing binary stands.
    pub(super) fn skip_inline_picture(&mut self) {
        while let Some(token) = self.next() {
            if token == Token::Operator(b"ID") {
                break;
            }
        }
        self.at += 1;
        let rest = self.data.get(self.at..).unwrap_or_default();
        for end in memchr::memmem::find_iter(rest, b"EI") {
            let before = end.checked_sub(1).is_none_or(|n| is_space(rest[n]));
            let after = rest.get(end + 2..).unwrap_or_default();
            let text = |byte: &u8| is_space(*byte) || matches!(byte, b' '..=b'~');
            let ends = after.first().is_none_or(|byte| is_space(*byte));
            if ends && (before || after.len() < 16) && after.iter().take(16).all(text) {
                self.at += end + 2;
                return;
            }
        }
        self.at = self.data.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(data: &[u8]) -> Vec<String> {
        let mut lexer = Lexer::new(data);
        let mut words = Vec::new();
        while let Some(token) = lexer.next() {
            words.push(match token {
                Token::Number(number) => format!("{number}"),
                Token::String(bytes) => format!("({})", String::from_utf8_lossy(&bytes)),
                Token::Name(bytes) => format!("/{}", String::from_utf8_lossy(&bytes)),
                Token::Operator(bytes) => {
                    if bytes == b"BI" {
                        lexer.skip_inline_picture();
                    }
                    String::from_utf8_lossy(bytes).into_owned()
                }
                other => format!("{other:?}"),
            });
        }
        words
    }

    #[test]
    fn words_are_told_apart() {
        let rows: &[(&[u8], &[&str])] = &[
            (b"1 0 -.5 +3. 4.25 --7 12-3 Tm", &["1", "0", "-0.5", "3", "4.25", "-7", "12", "Tm"]),
            (b"/F1 12 Tf(a\\(b\\)c)Tj", &["/F1", "12", "Tf", "(a(b)c)", "Tj"]),
            (b"(a(b)c\\053\\53\\n)'", &["(a(b)c++\n)", "'"]),
            (b"(a\\\nb\r\nc)", &["(ab\nc)"]),
            (b"<48 65 6c6C6F7>Tj", &["(Hellop)", "Tj"]),
            (b"[(a)-250(b)]TJ", &["ArrayStart", "(a)", "-250", "(b)", "ArrayEnd", "TJ"]),
            (b"/Sp#61n<</A(x)>>BDC%c\nEMC", &["/Span", "DictStart", "/A", "(x)", "DictEnd", "BDC", "EMC"]),
            (b"BI /W 2 ID \xff EI \xfe\nEI\nQ", &["BI", "Q"]),
            (b"(open", &["(open)"]),
            (b"<41", &["(A)"]),
            (b") } > f*", &["f*"]),
        ];
        for (data, expected) in rows {
            assert_eq!(words(data), *expected, "{}", String::from_utf8_lossy(data));
        }
    }
}
