//! Cuts the text of a filter into words, quoted text and signs.
//!
//! A bare word runs until a blank, a bracket, a comma, a quotation mark or a sign of comparison, so that paths, addresses,
//! dates and patterns need no quotation marks: `/HR/Pay`, `erin@example.com`, `2026-01-31`, `id.*`. Quoted text is taken as
//! it is, backslashes too; the quotation mark itself is written twice.

use super::super::error::{Span, Wrongly};

/// A piece of a filter's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, and what others write for them.
    Sign(String),
    /// A word without quotation marks.
    Bare(String),
    /// Quoted text, without its marks.
    Quoted(String),
    /// The end of the text.
    End,
}

impl Token {
    /// The token as a message names it.
    pub(super) fn named(&self) -> String {
        match self {
            Token::Open => "`(`".to_owned(),
            Token::Close => "`)`".to_owned(),
            Token::Comma => "`,`".to_owned(),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::Bare(word) => format!("`{word}`"),
            Token::Quoted(_) => "quoted text".to_owned(),
            Token::End => "the end".to_owned(),
        }
    }
}

/// True for a character that ends a bare word.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '(' | ')' | ',' | '"' | '\'' | '=' | '!' | '<' | '>')
}

/// True when a text can stand without quotation marks as one word.
pub(super) fn is_bare(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(ends_word)
}

/// All tokens with their places; the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, Span)>, Wrongly> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = match first {
            _ if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '"' | '\'' => quoted(rest, first, at)?,
            '=' | '!' | '<' | '>' => sign(rest),
            _ if first.is_control() => {
                return Err(Wrongly::new(
                    Span { start: at, end: at + 1 },
                    "a control character outside quotation marks",
                ));
            }
            _ => {
                let length = rest.find(ends_word).unwrap_or(rest.len());
                (Token::Bare(rest[..length].to_owned()), length)
            }
        };
        found.push((token, Span { start: at, end: at + length }));
        at += length;
    }
    found.push((Token::End, Span { start: text.len(), end: text.len() }));
    Ok(found)
}

fn sign(rest: &str) -> (Token, usize) {
    let two = ["==", "!=", "<=", ">=", "<>"];
    let length = if two.iter().any(|sign| rest.starts_with(sign)) { 2 } else { 1 };
    (Token::Sign(rest[..length].to_owned()), length)
}

fn quoted(rest: &str, mark: char, at: usize) -> Result<(Token, usize), Wrongly> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((place, c)) = chars.next() {
        if c != mark {
            text.push(c);
        } else if chars.next_if(|(_, next)| *next == mark).is_some() {
            text.push(mark);
        } else {
            return Ok((Token::Quoted(text), place + 1));
        }
    }
    Err(Wrongly::new(Span { start: at, end: at + 1 }, "this quotation mark is never closed")
        .help(format!("end the text with {mark}; to have {mark} itself in it, write it twice")))
}
