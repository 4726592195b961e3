//! What was typed: the grammar of filters.
//!
//! ```text
//! any    = all { "or" all }
//! all    = not { "and" not }
//! not    = "not" not | "(" any ")" | test | group
//! test   = NAME [ operator values ]          trashed    size > 10 MB    owner in (erin@example.com, "Finance Team")
//! group  = NAME "(" [ test { "," test } ] ")"           finding(detector = bank.iban, unique >= 3)
//! values = VALUE | "(" VALUE { "," VALUE } ")"          (for `between`: VALUE "and" VALUE)
//! ```
//!
//! An [`Expr`] is exactly this shape and knows no filter by name: a filter that does not exist is a matter of
//! [`super::Filter`]. Printing one and reading it again gives the same.

mod print;
mod token;

use super::amount;
use super::error::{FilterError, Span, Wrongly};
use super::operator::Operator;
use token::Token;

/// Bytes of a filter's text.
pub const TEXT_BYTES_MAX: usize = 64 << 10;
/// Brackets and `not` within one another.
pub const DEPTH_MAX: usize = 32;
/// Values of one list.
pub const VALUES_MAX: usize = 2_000;

/// Words that cannot be a filter's name or a bare value.
const RESERVED: [&str; 3] = ["and", "or", "not"];

/// A word with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word, without quotation marks.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// One filter with its operator and values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// The filter's name, in lower case.
    pub filter: Word,
    /// The operator.
    pub operator: Operator,
    /// True for its contrary (`!=`, `not in`, `is not set`).
    pub negated: bool,
    /// The values; one of them is enough. Two for `between`, none for `is set`.
    pub values: Vec<Word>,
}

/// A filter whose tests must hold for the same thing: `finding(detector = bank.iban, unique >= 3)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The filter's name, in lower case.
    pub filter: Word,
    /// What must hold together.
    pub tests: Vec<Test>,
}

/// A filter as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expr {
    /// All of these, at least two.
    And(Vec<Expr>),
    /// One of these, at least two.
    Or(Vec<Expr>),
    /// The contrary.
    Not(Box<Expr>),
    /// One filter.
    Test(Test),
    /// Several tests of the same thing.
    Group(Group),
}

impl Expr {
    /// Reads a filter.
    ///
    /// # Errors
    /// When the text does not follow the grammar, or is too long or too deep.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        read(text).map_err(|wrong| wrong.within(text))
    }
}

impl Expr {
    /// The same with its words at other places.
    #[must_use]
    pub(super) fn placed(mut self, at: &dyn Fn(Span) -> Span) -> Self {
        self.place(at);
        self
    }

    fn place(&mut self, at: &dyn Fn(Span) -> Span) {
        match self {
            Expr::And(parts) | Expr::Or(parts) => parts.iter_mut().for_each(|part| part.place(at)),
            Expr::Not(inner) => inner.place(at),
            Expr::Test(test) => test.place(at),
            Expr::Group(group) => {
                group.filter.span = at(group.filter.span);
                group.tests.iter_mut().for_each(|test| test.place(at));
            }
        }
    }
}

impl Test {
    fn place(&mut self, at: &dyn Fn(Span) -> Span) {
        self.filter.span = at(self.filter.span);
        self.values.iter_mut().for_each(|value| value.span = at(value.span));
    }
}

/// [`Expr::parse`] with a fault whose place is known in bytes.
pub(super) fn read(text: &str) -> Result<Expr, Wrongly> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("a filter is at most {TEXT_BYTES_MAX} bytes long; this one is {}", text.len());
        return Err(Wrongly::new(Span::default(), message).help("cut it into several policies, or shorten its lists"));
    }
    let tokens = token::tokens(text)?;
    let mut parser = Parser { tokens, at: 0, depth: 0 };
    if *parser.peek() == Token::End {
        return Err(
            Wrongly::new(parser.span(), "the filter is empty").expected("expected a filter, as `access >= external`")
        );
    }
    let expr = parser.any()?;
    match parser.peek() {
        Token::End => Ok(expr),
        Token::Close => Err(parser.wrong("this bracket was never opened").expected("expected `and`, `or` or the end")),
        _ => Err(parser.unexpected("`and`, `or` or the end")),
    }
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn peek_after(&self) -> &Token {
        self.tokens.get(self.at + 1).map_or(&Token::End, |(token, _)| token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(Span::default(), |(_, span)| *span)
    }

    fn next(&mut self) -> (Token, Span) {
        let taken = (self.peek().clone(), self.span());
        self.at += 1;
        taken
    }

    fn wrong(&self, message: impl Into<String>) -> Wrongly {
        Wrongly::new(self.span(), message)
    }

    fn unexpected(&self, expected: &str) -> Wrongly {
        self.wrong(format!("unexpected {}", self.peek().named()))
            .expected(format!("expected {expected}"))
            .maybe_help(self.other_language())
    }

    /// What somebody may have meant who writes another language.
    fn other_language(&self) -> Option<String> {
        let here = match self.peek() {
            Token::Bare(word) if word == "&&" || word == "&" => "and",
            Token::Bare(word) if word == "||" || word == "|" => "or",
            Token::Sign(sign) if sign == "!" => "not",
            _ => return None,
        };
        Some(format!("here that is `{here}`"))
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Bare(found) if found.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.at += usize::from(is);
        is
    }

    fn any(&mut self) -> Result<Expr, Wrongly> {
        let mut parts = vec![self.all()?];
        while self.take_word("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() > 1 { Expr::Or(parts) } else { parts.remove(0) })
    }

    fn all(&mut self) -> Result<Expr, Wrongly> {
        let mut parts = vec![self.not()?];
        while self.take_word("and") {
            parts.push(self.not()?);
        }
        Ok(if parts.len() > 1 { Expr::And(parts) } else { parts.remove(0) })
    }

    fn not(&mut self) -> Result<Expr, Wrongly> {
        if self.is_word("not") {
            return self.deeper(|parser| {
                parser.at += 1;
                Ok(Expr::Not(Box::new(parser.not()?)))
            });
        }
        if *self.peek() == Token::Open {
            return self.deeper(Self::bracket);
        }
        self.test_or_group()
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, Wrongly>) -> Result<T, Wrongly> {
        if self.depth == DEPTH_MAX {
            return Err(self.wrong(format!("brackets and `not` go at most {DEPTH_MAX} deep")));
        }
        self.depth += 1;
        let done = inner(self);
        self.depth -= 1;
        done
    }

    fn bracket(&mut self) -> Result<Expr, Wrongly> {
        let (_, open) = self.next();
        let inner = self.any()?;
        self.close(open)?;
        Ok(inner)
    }

    fn close(&mut self, open: Span) -> Result<(), Wrongly> {
        match self.peek() {
            Token::Close => {
                self.at += 1;
                Ok(())
            }
            Token::End => Err(Wrongly::new(open, "this bracket is never closed").expected("expected a `)` for it")),
            _ => Err(self.unexpected("`and`, `or` or `)`")),
        }
    }

    /// The name of a filter, in lower case.
    fn name(&mut self) -> Result<Word, Wrongly> {
        match self.peek() {
            Token::Bare(word) if !RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(word)) => {
                let text = word.to_lowercase();
                let (_, span) = self.next();
                Ok(Word { text, span })
            }
            Token::Quoted(_) => Err(self
                .wrong("quoted text where a filter's name should stand")
                .expected("expected a filter, as `name word \"salary\"`")),
            _ => Err(self.unexpected("a filter, `not` or `(`")),
        }
    }

    fn test_or_group(&mut self) -> Result<Expr, Wrongly> {
        let filter = self.name()?;
        if *self.peek() == Token::Open {
            return self.group(filter).map(Expr::Group);
        }
        self.test(filter).map(Expr::Test)
    }

    fn group(&mut self, filter: Word) -> Result<Group, Wrongly> {
        let (_, open) = self.next();
        let mut tests = Vec::new();
        while *self.peek() != Token::Close {
            let name = self.name()?;
            tests.push(self.test(name)?);
            match self.peek() {
                Token::Comma => self.at += 1,
                Token::Close => {}
                Token::End => {
                    return Err(Wrongly::new(open, "this bracket is never closed").expected("expected a `)` for it"));
                }
                _ if self.is_word("and") => self.at += 1,
                _ => return Err(self.unexpected("`,` or `)`").maybe_help(self.no_tree_in_group(&filter))),
            }
        }
        self.at += 1;
        Ok(Group { filter, tests })
    }

    fn no_tree_in_group(&self, filter: &Word) -> Option<String> {
        let name = &filter.text;
        self.is_word("or").then(|| format!("put `or` between two of them: {name}(...) or {name}(...)"))
    }

    fn test(&mut self, filter: Word) -> Result<Test, Wrongly> {
        if self.at_end_of_test() {
            return Ok(Test { filter, operator: Operator::Holds, negated: false, values: Vec::new() });
        }
        let (operator, negated) = self.operator(&filter)?;
        let values = match operator {
            Operator::IsSet => Vec::new(),
            Operator::Between => self.two_values()?,
            _ => self.values(operator)?,
        };
        Ok(Test { filter, operator, negated, values })
    }

    fn at_end_of_test(&self) -> bool {
        matches!(self.peek(), Token::End | Token::Close | Token::Comma) || self.is_word("and") || self.is_word("or")
    }

    /// The operator, and whether it is negated.
    fn operator(&mut self, filter: &Word) -> Result<(Operator, bool), Wrongly> {
        let negated = self.take_word("not");
        match self.peek().clone() {
            Token::Sign(sign) if sign == "!=" && !negated => {
                self.at += 1;
                Ok((Operator::Equal, true))
            }
            Token::Bare(first) => self.word_operator(&first, negated, filter),
            Token::Sign(sign) => {
                let operator = Operator::of(&sign).ok_or_else(|| self.no_operator(&sign, filter))?;
                self.at += 1;
                Ok((operator, negated))
            }
            _ => Err(self.unexpected(&format!("an operator after `{}`", filter.text))),
        }
    }

    fn word_operator(&mut self, first: &str, negated: bool, filter: &Word) -> Result<(Operator, bool), Wrongly> {
        let second = match self.peek_after() {
            Token::Bare(word) => word.to_lowercase(),
            _ => String::new(),
        };
        let (operator, words, negated) = match first.to_lowercase().as_str() {
            "is" if second == "set" => (Operator::IsSet, 2, negated),
            "is" if second == "not" && !negated => {
                self.at += 2;
                if self.take_word("set") {
                    return Ok((Operator::IsSet, true));
                }
                return Err(self.unexpected("`set`, as in `is not set`").help("for a value write `!=`"));
            }
            "older" if second == "than" => (Operator::OlderThan, 2, negated),
            "newer" if second == "than" => (Operator::NewerThan, 2, negated),
            word => match Operator::of(word) {
                Some(operator) => (operator, 1, negated),
                None => return Err(self.no_operator(first, filter)),
            },
        };
        self.at += words;
        Ok((operator, negated))
    }

    fn no_operator(&self, word: &str, filter: &Word) -> Wrongly {
        self.wrong(format!("unknown operator `{word}`"))
            .expected(format!("expected an operator after `{}`, `and`, `or` or the end", filter.text))
            .maybe_help(self.other_language().or_else(|| Operator::meant_by(word)))
    }

    fn two_values(&mut self) -> Result<Vec<Word>, Wrongly> {
        let from = self.value()?;
        if !self.take_word("and") {
            return Err(self.unexpected("`and` and the second value, as in `between 1 MB and 5 MB`"));
        }
        Ok(vec![from, self.value()?])
    }

    fn values(&mut self, operator: Operator) -> Result<Vec<Word>, Wrongly> {
        if *self.peek() != Token::Open {
            return self.value().map(|value| vec![value]).map_err(|wrong| match operator {
                Operator::In => wrong.help("as in `in (one, two)`"),
                _ => wrong,
            });
        }
        let (_, open) = self.next();
        let mut values = Vec::new();
        loop {
            values.push(self.value()?);
            if values.len() > VALUES_MAX {
                return Err(Wrongly::new(open, format!("a list holds at most {VALUES_MAX} values")));
            }
            match self.peek() {
                Token::Comma => self.at += 1,
                Token::Close => break,
                Token::End => {
                    return Err(Wrongly::new(open, "this bracket is never closed").expected("expected a `)` for it"));
                }
                _ => {
                    return Err(self
                        .unexpected("`,` or `)`")
                        .help("put several words that are one value in quotation marks"));
                }
            }
        }
        self.at += 1;
        Ok(values)
    }

    /// One value. A number takes its unit with it (`10 MB`), `now` its distance (`now - 30 days`).
    fn value(&mut self) -> Result<Word, Wrongly> {
        match self.peek().clone() {
            Token::Quoted(text) => {
                let (_, span) = self.next();
                Ok(Word { text, span })
            }
            Token::Bare(text) if !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(&text)) => {
                let (_, span) = self.next();
                let mut value = Word { text, span };
                if value.text.eq_ignore_ascii_case("now") {
                    self.distance(&mut value);
                }
                self.unit(&mut value);
                Ok(value)
            }
            _ => Err(self.unexpected("a value")),
        }
    }

    fn distance(&mut self, value: &mut Word) {
        let Token::Bare(next) = self.peek().clone() else { return };
        if !next.starts_with(['+', '-']) {
            return;
        }
        self.join(value, &next);
        if next.len() == 1
            && let Token::Bare(number) = self.peek().clone()
        {
            self.join(value, &number);
        }
    }

    fn unit(&mut self, value: &mut Word) {
        if let Token::Bare(next) = self.peek().clone()
            && amount::takes_unit(&value.text)
            && amount::is_unit(&next)
        {
            self.join(value, &next);
        }
    }

    fn join(&mut self, value: &mut Word, next: &str) {
        value.text.push_str(next);
        value.span = value.span.to(self.span());
        self.at += 1;
    }
}
