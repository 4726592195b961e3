//! RTF's own marks: groups, control words with their numbers, bytes of text.
//!
//! Read from a buffered stream, one mark at a time, without looking ahead further than a control word is long.

use crate::extract::Failure;
use std::io::BufRead;

/// Letters of the longest control word; the specification says 32.
const WORD_BYTES_MAX: usize = 40;

/// One mark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    /// A control word, to be read from [`Tokens::word`], and its number.
    Word(Option<i64>),
    /// A control symbol: a backslash and this.
    Symbol(u8),
    /// `\'hh`.
    Byte(u8),
    /// Text, to be read from [`Tokens::text`].
    Text,
}

/// Takes a stream apart.
pub(super) struct Tokens<R> {
    reader: R,
    word: Vec<u8>,
    text: Vec<u8>,
    position: u64,
    /// A hyphen after a control word that began no number: text.
    hyphen: bool,
}

/// Text handed on at a time.
const TEXT_BYTES_MAX: usize = 4 << 10;

impl<R: BufRead> Tokens<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, word: Vec::new(), text: Vec::new(), position: 0, hyphen: false }
    }

    /// Bytes taken so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    fn consume(&mut self, bytes: usize) {
        self.reader.consume(bytes);
        self.position += bytes as u64;
    }

    /// The letters of the last control word.
    pub(super) fn word(&self) -> &[u8] {
        &self.word
    }

    /// The last run of text.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Passes over raw bytes (`\bin`).
    pub(super) fn skip(&mut self, mut bytes: u64) -> Result<(), Failure> {
        while bytes > 0 {
            let there = self.reader.fill_buf()?.len();
            if there == 0 {
                return Ok(());
            }
            let n = there.min(usize::try_from(bytes).unwrap_or(usize::MAX));
            self.consume(n);
            bytes -= n as u64;
        }
        Ok(())
    }

    /// Some raw bytes, at most `most`; none at the end.
    pub(super) fn raw(&mut self, most: usize) -> Result<&[u8], Failure> {
        let there = self.reader.fill_buf()?;
        let n = there.len().min(most);
        self.text.clear();
        self.text.extend_from_slice(&there[..n]);
        self.consume(n);
        Ok(&self.text)
    }

    /// The next mark; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Token>, Failure> {
        if std::mem::take(&mut self.hyphen) {
            self.text.clear();
            self.text.push(b'-');
            return Ok(Some(Token::Text));
        }
        loop {
            let there = self.reader.fill_buf()?;
            let Some(&first) = there.first() else { return Ok(None) };
            match first {
                b'{' => return self.one(Token::Open),
                b'}' => return self.one(Token::Close),
                b'\\' => {
                    self.consume(1);
                    return self.control();
                }
                b'\r' | b'\n' | 0 => self.consume(1),
                _ => {
                    let most = &there[..there.len().min(TEXT_BYTES_MAX)];
                    let ends = |b: &u8| matches!(b, b'{' | b'}' | b'\\' | b'\r' | b'\n' | 0);
                    let n = most.iter().position(ends).unwrap_or(most.len());
                    self.text.clear();
                    self.text.extend_from_slice(&most[..n]);
                    self.consume(n);
                    return Ok(Some(Token::Text));
                }
            }
        }
    }

    fn one(&mut self, token: Token) -> Result<Option<Token>, Failure> {
        self.consume(1);
        Ok(Some(token))
    }

    fn peek(&mut self) -> Result<Option<u8>, Failure> {
        Ok(self.reader.fill_buf()?.first().copied())
    }

    fn control(&mut self) -> Result<Option<Token>, Failure> {
        let Some(first) = self.peek()? else { return Ok(None) };
        if !first.is_ascii_alphabetic() {
            self.consume(1);
            if first != b'\'' {
                return Ok(Some(Token::Symbol(first)));
            }
            let (Some(high), Some(low)) = (self.hex()?, self.hex()?) else { return Ok(Some(Token::Symbol(b'\''))) };
            return Ok(Some(Token::Byte(high << 4 | low)));
        }
        self.word.clear();
        while let Some(letter) = self.peek()?.filter(u8::is_ascii_alphabetic) {
            if self.word.len() >= WORD_BYTES_MAX {
                break;
            }
            self.word.push(letter);
            self.consume(1);
        }
        let number = self.number()?;
        // One space ends the word and is no text.
        if !self.hyphen && self.peek()? == Some(b' ') {
            self.consume(1);
        }
        Ok(Some(Token::Word(number)))
    }

    fn number(&mut self) -> Result<Option<i64>, Failure> {
        let negative = self.peek()? == Some(b'-');
        if negative {
            self.consume(1);
        }
        let mut value = None;
        while let Some(digit) = self.peek()?.filter(u8::is_ascii_digit) {
            self.consume(1);
            value = Some(value.unwrap_or(0i64).saturating_mul(10).saturating_add(i64::from(digit - b'0')));
        }
        self.hyphen = negative && value.is_none();
        Ok(if negative { value.map(|value| -value) } else { value })
    }

    fn hex(&mut self) -> Result<Option<u8>, Failure> {
        let Some(digit) = self.peek()?.and_then(|byte| char::from(byte).to_digit(16)) else { return Ok(None) };
        self.consume(1);
        Ok(u8::try_from(digit).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_one_by_one() {
        let mut tokens = Tokens::new(&b"{\\rtf1\\ansi a\\'e9\\~b\\u-10 ?\r\n}\\"[..]);
        let mut seen = String::new();
        while let Some(token) = tokens.next().expect("memory does not fail") {
            seen += &match token {
                Token::Word(number) => format!("<{}{:?}>", String::from_utf8_lossy(tokens.word()), number),
                Token::Text => format!("'{}'", String::from_utf8_lossy(tokens.text())),
                other => format!("{other:?}"),
            };
        }
        assert_eq!(seen, "Open<rtfSome(1)><ansiNone>'a'Byte(233)Symbol(126)'b'<uSome(-10)>'?'Close");
    }
}
