//! Objects and pictures inside RTF: hexadecimal digits in a group, decoded from where the group stands in the file.

use super::tokens::{Token, Tokens};
use crate::extract::ole::objects::{Package, first_ole};
use crate::extract::parts::Parts;
use crate::extract::{BLOCK_BYTES, Failure, Source};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

/// Where an object or picture begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Embedded {
    /// Behind its control word.
    pub(super) at: u64,
    pub(super) is_picture: bool,
}

/// Bytes of an object's own head that are looked at.
const HEAD_BYTES: usize = 64 << 10;

/// Decodes what is embedded at a place and hands it over.
pub(super) fn hand_over(source: &Source<'_>, embedded: &Embedded, parts: &mut Parts<'_>) -> Result<(), Failure> {
    let mut reader = source.reader();
    reader.seek(SeekFrom::Start(embedded.at))?;
    let mut digits = Digits::new(BufReader::with_capacity(BLOCK_BYTES.min(8 << 10), reader));
    if embedded.is_picture {
        return parts.member("picture", &mut digits);
    }
    let mut head = Vec::new();
    digits.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let Some((class, from, bytes)) = first_ole(&head) else {
        return parts.member("object", &mut head.as_slice().chain(digits));
    };
    let inside = head.get(from..).unwrap_or_default();
    if class.eq_ignore_ascii_case("package")
        && let Some(package) = Package::parse(inside)
    {
        let body = inside.get(package.from..).unwrap_or_default();
        return parts.member(&package.name("object"), &mut body.chain(digits).take(package.bytes as u64));
    }
    let name = if class.is_empty() {
        "object".to_owned()
    } else {
        format!("object {}", crate::extract::parts::printable(&class))
    };
    parts.member(&name, &mut inside.chain(digits).take(bytes as u64))
}

/// The bytes that the digits of one group spell; raw ones too.
struct Digits<R> {
    tokens: Tokens<R>,
    depth: usize,
    high: Option<u8>,
    ready: Vec<u8>,
    taken: usize,
    /// Raw bytes that follow.
    raw: u64,
    ended: bool,
}

impl<R: BufRead> Digits<R> {
    fn new(reader: R) -> Self {
        Self { tokens: Tokens::new(reader), depth: 0, high: None, ready: Vec::new(), taken: 0, raw: 0, ended: false }
    }

    fn refill(&mut self) -> Result<(), Failure> {
        self.ready.clear();
        self.taken = 0;
        while self.ready.is_empty() && !self.ended {
            if self.raw > 0 {
                let most = usize::try_from(self.raw).unwrap_or(usize::MAX).min(8 << 10);
                let bytes = self.tokens.raw(most)?;
                self.raw = if bytes.is_empty() { 0 } else { self.raw - bytes.len() as u64 };
                self.ready.extend_from_slice(bytes);
                continue;
            }
            match self.tokens.next()? {
                None => self.ended = true,
                Some(Token::Close) if self.depth == 0 => self.ended = true,
                Some(Token::Close) => self.depth -= 1,
                Some(Token::Open) => self.depth += 1,
                Some(Token::Word(Some(n))) if self.tokens.word() == b"bin" => self.raw = u64::try_from(n).unwrap_or(0),
                // Groups inside hold remarks on the picture, not its data.
                Some(Token::Text) if self.depth == 0 => {
                    for &byte in self.tokens.text() {
                        let Some(digit) = char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok()) else {
                            continue;
                        };
                        match self.high.take() {
                            Some(high) => self.ready.push(high << 4 | digit),
                            None => self.high = Some(digit),
                        }
                    }
                }
                Some(_) => {}
            }
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Digits<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.ready.len() {
            self.refill().map_err(Failure::into_io)?;
        }
        let rest = &self.ready[self.taken..];
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        self.taken += n;
        Ok(n)
    }
}
