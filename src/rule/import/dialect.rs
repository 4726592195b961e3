//! Expressions of other engines, written for ours.
//!
//! An expression is cut into pieces only as far as that takes: groups, look-around, classes, quantifiers. What no automaton can
//! do leaves a plain expression that finds more, and the whole of it for the bounded engine, which then decides. Look-around that
//! only says what stands beside the match becomes a check, where that means the same.

#[cfg(test)]
mod tests;

use crate::rule::pattern;

/// Whose expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// RE2 as Go has it.
    Go,
    /// Hyperscan, with groups by Rust's engine.
    Hyperscan,
    /// Python's `re`; global flags are ignore case, multi-line, dot matches all.
    Python,
    /// Boost with Perl's syntax.
    Boost,
}

/// An expression for our engine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Without look-around.
    pub(super) regex: String,
    /// With it, where it decides.
    pub(super) bounded: Option<String>,
    /// What may not stand directly before the match, as an expression.
    pub(super) not_before: Vec<String>,
    /// What may not stand directly after it.
    pub(super) not_after: Vec<String>,
    /// What was written in another way.
    pub(super) notes: Vec<&'static str>,
    /// What means something else now.
    pub(super) losses: Vec<&'static str>,
}

/// Deepest nesting of groups.
const DEPTH_MAX: usize = 100;
/// What stands for a back-reference in an expression that only nominates.
const ANYTHING: &str = "(?s-u:.{0,64})";

#[derive(Clone, Debug)]
enum Node {
    /// A character, an escape, a class.
    Text(String),
    /// `open` is all before the alternatives: `(?:`, `(?P<x>`.
    Group {
        open: String,
        inner: Vec<Vec<Item>>,
    },
    Look {
        ahead: bool,
        not: bool,
        inner: Vec<Vec<Item>>,
    },
    BackReference(String),
    /// Flags from here to the end of the group.
    Flags(String),
}

#[derive(Clone, Debug)]
struct Item {
    node: Node,
    /// With what it repeats; as typed.
    quantifier: String,
}

/// Writes an expression for our engine.
///
/// # Errors
/// Why it cannot be.
pub(super) fn write(pattern: &str, dialect: Dialect, flags: &str) -> Result<Written, String> {
    let mut parser = Parser {
        chars: pattern.chars().collect(),
        at: 0,
        dialect,
        verbose: flags.contains('x'),
        written: Written::default(),
    };
    let mut tree = parser.alternatives(0)?;
    if parser.at < parser.chars.len() {
        return Err("a `)` closes nothing".to_owned());
    }
    let mut written = parser.written;
    let kept: String = flags.chars().filter(|flag| *flag != 'x').collect();
    let front = if kept.is_empty() { String::new() } else { format!("(?{kept})") };
    if has_fancy(&tree) {
        lift(&mut tree, &mut written);
        let mut leading = front.clone();
        if let [only] = tree.as_slice() {
            leading.extend(only.iter().map_while(|item| match &item.node {
                Node::Flags(flags) => Some(flags.as_str()),
                _ => None,
            }));
        }
        for beside in written.not_before.iter_mut().chain(&mut written.not_after) {
            *beside = format!("{leading}{beside}");
        }
    }
    let fancy = has_fancy(&tree);
    written.regex = format!("{front}{}", print(&tree, false));
    if fancy {
        written.bounded = Some(format!("{front}{}", print(&tree, true)));
    }
    if !written.not_after.is_empty() && !is_fixed(&written.regex) {
        // The engine that decides must see what follows while it may still give something back.
        let after = written.not_after.iter().map(|not| format!("(?!{not})")).collect::<String>();
        let whole = written.bounded.take().unwrap_or_else(|| written.regex.clone());
        written.bounded = Some(format!("(?:{whole}){after}"));
        written.not_after.clear();
    }
    if written.bounded.is_some() {
        written.notes.push("look-around or a back-reference is decided by the bounded engine, on candidates only");
    } else if !written.not_before.is_empty() || !written.not_after.is_empty() {
        written.notes.push("look-around at its edges is a check of what stands beside the match");
    }
    Ok(written)
}

/// True when all matches have one length, so that what follows one cannot make it shorter.
fn is_fixed(regex: &str) -> bool {
    let Ok(hir) = pattern::syntax(regex) else { return false };
    let properties = hir.properties();
    properties.minimum_len().is_some() && properties.minimum_len() == properties.maximum_len()
}

fn has_fancy(tree: &[Vec<Item>]) -> bool {
    tree.iter().flatten().any(|item| match &item.node {
        Node::Look { .. } | Node::BackReference(_) => true,
        Node::Group { open, inner } => open == "(?>" || has_fancy(inner),
        Node::Text(_) | Node::Flags(_) => is_possessive(&item.quantifier),
    } || is_possessive(&item.quantifier))
}

fn is_possessive(quantifier: &str) -> bool {
    quantifier.len() > 1 && quantifier.ends_with('+')
}

/// Takes look-around off both ends of an expression of one alternative, where it says what may not stand there.
fn lift(tree: &mut [Vec<Item>], written: &mut Written) {
    let [only] = tree else { return };
    while let Some(first) = only.iter().position(|item| !matches!(item.node, Node::Flags(_))) {
        let Some(not) = refused(&only[first], false) else { break };
        if not == r"\w" {
            only[first] = Item { node: Node::Text(r"\b{start-half}".to_owned()), quantifier: String::new() };
            break;
        }
        only.remove(first);
        written.not_before.push(not);
    }
    while let Some(last) = only.last() {
        let Some(not) = refused(last, true) else { break };
        if not == r"\w" {
            only.pop();
            only.push(Item { node: Node::Text(r"\b{end-half}".to_owned()), quantifier: String::new() });
            break;
        }
        only.pop();
        written.not_after.push(not);
    }
}

/// What look-around of one character refuses, as an expression.
fn refused(item: &Item, after: bool) -> Option<String> {
    let Node::Look { ahead, not, inner } = &item.node else { return None };
    if *ahead != after || !item.quantifier.is_empty() {
        return None;
    }
    let texts: Option<Vec<&str>> = inner
        .iter()
        .map(|alternative| match alternative.as_slice() {
            [Item { node: Node::Text(text), quantifier }] if quantifier.is_empty() => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let (edges, classes): (Vec<&str>, Vec<&str>) =
        texts?.into_iter().partition(|text| matches!(*text, "^" | "$" | r"\A" | r"\z" | r"\b"));
    match (not, edges.as_slice(), classes.as_slice()) {
        (true, [], [r"\w" | "[A-Za-z0-9_]" | "[a-zA-Z0-9_]" | "[0-9A-Za-z_]"]) => Some(r"\w".to_owned()),
        (true, [], [_, ..]) => {
            Some(if classes.len() == 1 { classes[0].to_owned() } else { format!("(?:{})", classes.join("|")) })
        }
        // Beside an end of the text, nothing is refused.
        (false, ["^" | "$" | r"\A" | r"\z"], [_, ..]) => negated(&classes),
        _ => None,
    }
}

/// A class of all that these classes do not hold.
fn negated(classes: &[&str]) -> Option<String> {
    let parts: Option<Vec<String>> = classes
        .iter()
        .map(|class| match *class {
            r"\s" | r"\d" | r"\w" => Some((*class).to_owned()),
            class if class.starts_with('[') && !class.starts_with("[^") => Some(class[1..class.len() - 1].to_owned()),
            class if class.chars().count() == 1 => Some(escape_in_class(class)),
            class if class.len() == 2 && class.starts_with('\\') && !class.as_bytes()[1].is_ascii_alphanumeric() => {
                Some(class.to_owned())
            }
            r"\t" => Some(r"\t".to_owned()),
            r"\n" => Some(r"\n".to_owned()),
            _ => None,
        })
        .collect();
    parts.map(|parts| format!("[^{}]", parts.concat()))
}

fn escape_in_class(text: &str) -> String {
    if text.is_ascii() { format!("\\{text}").replace("\\ ", r"\x20") } else { text.to_owned() }
}

fn print(tree: &[Vec<Item>], whole: bool) -> String {
    let mut out = String::new();
    for (at, alternative) in tree.iter().enumerate() {
        if at > 0 {
            out.push('|');
        }
        for Item { node, quantifier } in alternative {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Group { open, inner } => {
                    out.push_str(if open == "(?>" && !whole { "(?:" } else { open });
                    out.push_str(&print(inner, whole));
                    out.push(')');
                }
                Node::Look { ahead, not, inner } if whole => {
                    out.push_str(match (ahead, not) {
                        (true, false) => "(?=",
                        (true, true) => "(?!",
                        (false, false) => "(?<=",
                        (false, true) => "(?<!",
                    });
                    out.push_str(&print(inner, true));
                    out.push(')');
                }
                Node::Look { .. } => continue,
                Node::BackReference(text) => out.push_str(if whole { text } else { ANYTHING }),
                Node::Flags(flags) => out.push_str(flags),
            }
            let possessive = is_possessive(quantifier) && !whole;
            out.push_str(if possessive { &quantifier[..quantifier.len() - 1] } else { quantifier });
        }
    }
    out
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    dialect: Dialect,
    /// White space and `#` comments mean nothing.
    verbose: bool,
    written: Written,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn follows(&self, text: &str) -> bool {
        text.chars().enumerate().all(|(at, c)| self.chars.get(self.at + at) == Some(&c))
    }

    fn note(&mut self, note: &'static str) {
        if !self.written.notes.contains(&note) {
            self.written.notes.push(note);
        }
    }

    fn loss(&mut self, loss: &'static str) {
        if !self.written.losses.contains(&loss) {
            self.written.losses.push(loss);
        }
    }

    fn alternatives(&mut self, depth: usize) -> Result<Vec<Vec<Item>>, String> {
        if depth > DEPTH_MAX {
            return Err(format!("its groups stand in one another more than {DEPTH_MAX} deep"));
        }
        let verbose = self.verbose;
        let mut all = vec![Vec::new()];
        while let Some(c) = self.peek() {
            match c {
                ')' => break,
                '|' => {
                    self.at += 1;
                    all.push(Vec::new());
                }
                c if self.verbose && c.is_whitespace() => self.at += 1,
                '#' if self.verbose => {
                    self.note("`(?x)` comments and white space are left out");
                    while self.peek().is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                _ => {
                    if let Some(node) = self.node(depth)? {
                        let is_flags = matches!(node, Node::Flags(_));
                        let quantifier = if is_flags { String::new() } else { self.quantifier() };
                        if let Some(last) = all.last_mut() {
                            last.push(Item { node, quantifier });
                        }
                    }
                }
            }
        }
        self.verbose = verbose;
        Ok(all)
    }

    fn node(&mut self, depth: usize) -> Result<Option<Node>, String> {
        let Some(c) = self.peek() else { return Ok(None) };
        self.at += 1;
        Ok(Some(match c {
            '(' => return self.group(depth),
            '[' => Node::Text(self.class()?),
            '\\' => return self.escape().map(Some),
            '{' | '}' => Node::Text(format!("\\{c}")),
            '*' | '+' | '?' => return Err(format!("`{c}` repeats nothing")),
            ' ' | '#' => Node::Text(format!("\\x{:02x}", u32::from(c))),
            c => Node::Text(c.to_string()),
        }))
    }

    fn group(&mut self, depth: usize) -> Result<Option<Node>, String> {
        if !self.follows("?") {
            return self.inner("(".to_owned(), depth).map(Some);
        }
        if self.follows("?#") {
            self.note("`(?#...)` comments are left out");
            while self.peek().is_some_and(|c| c != ')') {
                self.at += 1;
            }
            self.at += 1;
            return Ok(None);
        }
        let looks = [("?=", true, false), ("?!", true, true), ("?<=", false, false), ("?<!", false, true)];
        for (open, ahead, not) in looks {
            if self.follows(open) {
                self.at += open.len();
                let Node::Group { inner, .. } = self.inner(String::new(), depth)? else { return Ok(None) };
                return Ok(Some(Node::Look { ahead, not, inner }));
            }
        }
        if self.follows("?>") {
            self.at += 2;
            return self.inner("(?>".to_owned(), depth).map(Some);
        }
        if self.follows("?P=") {
            self.at += 3;
            let name = self.until(')')?;
            return Ok(Some(Node::BackReference(format!(r"\k<{name}>"))));
        }
        for open in ["?P<", "?<"] {
            if self.follows(open) {
                self.at += open.len();
                let name = self.until('>')?;
                return self.inner(format!("(?P<{name}>"), depth).map(Some);
            }
        }
        if self.follows("?(") || self.follows("?|") || self.follows("?&") || self.follows("?R") {
            return Err("it has a conditional, a branch reset or a recursion, which no engine here has".to_owned());
        }
        self.at += 1;
        self.flags(depth).map(Some)
    }

    /// Flags of a group, or to the end of one.
    fn flags(&mut self, depth: usize) -> Result<Node, String> {
        let mut flags = String::new();
        let outer = self.verbose;
        let mut on = true;
        loop {
            let Some(c) = self.peek() else { return Err("a group of flags has no end".to_owned()) };
            self.at += 1;
            match c {
                ')' => break,
                ':' => {
                    let flags = tidy(&flags);
                    let node =
                        self.inner(if flags.is_empty() { "(?:".to_owned() } else { format!("(?{flags}:") }, depth);
                    self.verbose = outer;
                    return node;
                }
                'x' => self.verbose = on,
                '-' => {
                    on = false;
                    flags.push(c);
                }
                'i' | 'm' | 's' | 'U' => flags.push(c),
                'u' | 'a' | 'L' => self.loss("its Unicode flag is ignored: classes are ASCII"),
                '^' => {}
                c => return Err(format!("its flag `{c}` is not known")),
            }
        }
        let flags = tidy(&flags);
        Ok(if flags.is_empty() { Node::Text(String::new()) } else { Node::Flags(format!("(?{flags})")) })
    }

    fn inner(&mut self, open: String, depth: usize) -> Result<Node, String> {
        let inner = self.alternatives(depth + 1)?;
        if self.peek() != Some(')') {
            return Err("a group has no end".to_owned());
        }
        self.at += 1;
        Ok(Node::Group { open, inner })
    }

    fn until(&mut self, end: char) -> Result<String, String> {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            if c == end {
                return Ok(text);
            }
            text.push(c);
        }
        Err(format!("a `{end}` is missing"))
    }

    fn quantifier(&mut self) -> String {
        while self.verbose && self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        let mut text = match self.peek() {
            Some(c @ ('*' | '+' | '?')) => {
                self.at += 1;
                c.to_string()
            }
            Some('{') => match self.counted() {
                Some(text) => text,
                None => return String::new(),
            },
            _ => return String::new(),
        };
        match self.peek() {
            Some('?') => {
                self.at += 1;
                text.push('?');
            }
            Some('+') if self.dialect != Dialect::Go => {
                self.at += 1;
                text.push('+');
            }
            _ => {}
        }
        text
    }

    /// `{n}`, `{n,}`, `{n,m}`, and Python's `{,m}`; anything else is a brace.
    fn counted(&mut self) -> Option<String> {
        let end = self.chars[self.at..].iter().position(|c| *c == '}')?;
        let inner: String = self.chars[self.at + 1..self.at + end].iter().collect();
        let (low, high) = inner.split_once(',').unwrap_or((&inner, &inner));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = is_number(low) && (high.is_empty() || is_number(high));
        let python = low.is_empty() && is_number(high) && self.dialect == Dialect::Python;
        if !fits && !python {
            return None;
        }
        self.at += end + 1;
        Some(if python { format!("{{0,{high}}}") } else { format!("{{{inner}}}") })
    }

    fn escape(&mut self) -> Result<Node, String> {
        let Some(c) = self.peek() else { return Err("it ends with a backslash".to_owned()) };
        self.at += 1;
        let text = match c {
            'Q' => {
                let mut text = String::new();
                while self.peek().is_some() && !self.follows("\\E") {
                    text.extend(self.peek());
                    self.at += 1;
                }
                self.at = (self.at + 2).min(self.chars.len());
                self.note("`\\Q...\\E` is written out");
                return Ok(Node::Text(format!("(?:{})", regex_syntax::escape(&text))));
            }
            'E' => String::new(),
            'Z' => {
                if self.dialect != Dialect::Python {
                    self.loss("`\\Z` holds at the very end only, not before a last line break");
                }
                r"\z".to_owned()
            }
            'h' => r"[ \t]".to_owned(),
            'H' => r"[^ \t]".to_owned(),
            'R' => r"(?:\r\n|[\n\r\x0b\x0c])".to_owned(),
            'e' => r"\x1b".to_owned(),
            'k' if self.follows("<") => {
                let name = self.until('>')?;
                return Ok(Node::BackReference(format!(r"\k{name}>")));
            }
            'K' | 'G' | 'X' | 'C' => return Err(format!("`\\{c}` has no counterpart")),
            '0' => r"\x00".to_owned(),
            '1'..='9' => return Ok(Node::BackReference(format!("\\{c}"))),
            'p' | 'P' => format!("(?u:{})", self.property(c)?),
            'x' | 'u' => self.code(c)?,
            c if c.is_ascii_alphanumeric() => format!("\\{c}"),
            ' ' => r"\x20".to_owned(),
            c if c.is_ascii_punctuation() => literal(c),
            c => c.to_string(),
        };
        Ok(Node::Text(text))
    }

    fn property(&mut self, kind: char) -> Result<String, String> {
        if self.peek() == Some('{') {
            self.at += 1;
            return Ok(format!("\\{kind}{{{}}}", self.until('}')?));
        }
        let Some(c) = self.peek() else { return Err("a property has no name".to_owned()) };
        self.at += 1;
        Ok(format!("\\{kind}{c}"))
    }

    /// A character by its number: `\xhh`, `\x{h..}`, `\uhhhh`.
    fn code(&mut self, kind: char) -> Result<String, String> {
        let digits = if self.peek() == Some('{') {
            self.at += 1;
            self.until('}')?
        } else {
            let length = if kind == 'x' { 2 } else { 4 };
            let digits: String = self.chars[self.at..].iter().take(length).collect();
            self.at += digits.chars().count();
            digits
        };
        let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
        let Some(c) = code else { return Err("it names a character that does not exist".to_owned()) };
        Ok(if c.is_ascii() { format!("\\x{:02x}", u32::from(c)) } else { c.to_string() })
    }

    /// A class; `[` was read. What only our engine would take for an operator is escaped.
    fn class(&mut self) -> Result<String, String> {
        let mut out = "[".to_owned();
        let mut wide = false;
        if self.peek() == Some('^') {
            self.at += 1;
            out.push('^');
        }
        let first = self.at;
        loop {
            let Some(c) = self.peek() else { return Err("a class has no end".to_owned()) };
            self.at += 1;
            match c {
                ']' if self.at - 1 > first => break,
                ']' => out.push_str(r"\]"),
                '[' if self.follows(":") => {
                    let end = self.chars[self.at..].windows(2).position(|pair| pair == [':', ']']);
                    match end {
                        Some(end) => {
                            out.push('[');
                            out.extend(&self.chars[self.at..self.at + end + 2]);
                            self.at += end + 2;
                        }
                        None => out.push_str(r"\["),
                    }
                }
                '[' | '&' | '~' => {
                    out.push('\\');
                    out.push(c);
                }
                '-' if self.is_plain_hyphen(first) => out.push_str(r"\-"),
                '\\' => out.push_str(&self.escape_in_class(&mut wide)?),
                ' ' | '#' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
                c => {
                    wide |= !c.is_ascii();
                    out.push(c);
                }
            }
        }
        out.push(']');
        Ok(if wide { format!("(?u:{out})") } else { out })
    }

    /// True for a hyphen at an end of a class, beside another, or behind a class within the class: it makes no range.
    fn is_plain_hyphen(&self, first: usize) -> bool {
        let before = self.at - 1;
        let after_class = before >= 2
            && self.chars[before - 2] == '\\'
            && matches!(self.chars[before - 1], 'w' | 'd' | 's' | 'W' | 'D' | 'S');
        let next = self.chars.get(self.at).copied();
        let into_class =
            next == Some('\\') && matches!(self.chars.get(self.at + 1), Some('w' | 'd' | 's' | 'W' | 'D' | 'S'));
        before == first
            || next == Some(']')
            || after_class
            || into_class
            || before > first && self.chars[before - 1] == '-'
    }

    fn escape_in_class(&mut self, wide: &mut bool) -> Result<String, String> {
        let Some(c) = self.peek() else { return Err("it ends with a backslash".to_owned()) };
        self.at += 1;
        Ok(match c {
            'b' => r"\x08".to_owned(),
            'h' => r" \t".replace(' ', r"\x20"),
            'e' => r"\x1b".to_owned(),
            '0' => r"\x00".to_owned(),
            'x' | 'u' => {
                let code = self.code(c)?;
                *wide |= !code.is_ascii();
                code
            }
            'p' | 'P' => {
                *wide = true;
                self.property(c)?
            }
            'Q' | 'E' | 'Z' | 'A' | 'B' | 'z' => return Err(format!("`\\{c}` stands in a class")),
            c if c.is_ascii_alphanumeric() => format!("\\{c}"),
            ' ' => r"\x20".to_owned(),
            c if c.is_ascii() => format!("\\{c}"),
            c => {
                *wide = true;
                c.to_string()
            }
        })
    }
}

/// A punctuation character as a literal: `\<` means something else to our engine.
fn literal(c: char) -> String {
    if "\\.+*?()|[]{}^$#&-~/".contains(c) { format!("\\{c}") } else { c.to_string() }
}

/// Flags without a `-` that stands before nothing.
fn tidy(flags: &str) -> String {
    let flags = flags.trim_end_matches('-');
    let (on, off) = flags.split_once('-').unwrap_or((flags, ""));
    let unique = |text: &str| {
        let mut seen = String::new();
        text.chars().for_each(|c| {
            if !seen.contains(c) {
                seen.push(c)
            }
        });
        seen
    };
    let (on, off) = (unique(on), unique(off));
    if off.is_empty() { on } else { format!("{on}-{off}") }
}
