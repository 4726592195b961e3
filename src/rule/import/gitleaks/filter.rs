//! betterleaks' filters: an expression that is true of what shall not be reported.
//!
//! Read are alternatives (joined by `||`) of the few forms that most rules have; any other alternative is given back as it
//! stands. Leaving one out reports more, never less.

use crate::rule::syntax::CheckPlace;

/// One alternative of a filter.
#[derive(Debug, PartialEq)]
pub(super) enum Clause {
    /// The secret's entropy must be `least` or more, or over it.
    Entropy { over: bool, least: f64 },
    /// One of these words stands there; `not`: none does.
    Holds { place: CheckPlace, words: Vec<String>, not: bool },
    /// One of these matches there; `not`: none does.
    Matches { place: CheckPlace, regexes: Vec<String>, not: bool },
    /// Something else; its beginning.
    Unknown(String),
}

/// Most characters of a clause that a message shows.
const SHOWN_CHARS: usize = 60;

/// The alternatives of a filter.
pub(super) fn clauses(text: &str) -> Vec<String> {
    let text = without_comments(text);
    let mut text = text.trim();
    while let Some(inner) = unwrapped(text) {
        text = inner.trim();
    }
    if text.starts_with("let ") {
        return vec![text.to_owned()];
    }
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, depth) in outside_quotes(text) {
        if depth == 0 && text[at..].starts_with("||") {
            parts.push(text[from..at].trim().to_owned());
            from = at + 2;
        }
    }
    parts.push(text[from..].trim().to_owned());
    parts.retain(|part| !part.is_empty());
    if parts.len() > 1 { parts.iter().flat_map(|part| clauses(part)).collect() } else { parts }
}

/// What an alternative says.
pub(super) fn read(clause: &str) -> Clause {
    let known = entropy(clause).or_else(|| any_of(clause));
    known.unwrap_or_else(|| {
        let flat = clause.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = flat.chars().take(SHOWN_CHARS).collect();
        Clause::Unknown(if short.len() < flat.len() { format!("{short}...") } else { short })
    })
}

fn entropy(clause: &str) -> Option<Clause> {
    let rest = clause.strip_prefix("entropy(")?.trim_start();
    let (place, rest) = target(rest)?;
    let rest = rest.trim_start().strip_prefix(')')?.trim_start();
    let (over, number) = match rest.strip_prefix("<=") {
        Some(number) => (true, number),
        None => (false, rest.strip_prefix('<')?),
    };
    let least: f64 = number.trim().parse().ok()?;
    (place == CheckPlace::Inside && (0.0..=8.0).contains(&least)).then_some(Clause::Entropy { over, least })
}

fn any_of(clause: &str) -> Option<Clause> {
    let (not, clause) = match clause.strip_prefix('!') {
        Some(rest) => (true, rest.trim_start()),
        None => (false, clause),
    };
    let (is_regex, rest) = match clause.strip_prefix("matchesAny(") {
        Some(rest) => (true, rest),
        None => (false, clause.strip_prefix("containsAny(")?),
    };
    let (place, rest) = target(rest.trim_start())?;
    let rest = rest.trim_start().strip_prefix(',')?.trim_start().strip_prefix('[')?;
    let (texts, rest) = strings(rest)?;
    let done = rest.trim_start().strip_prefix(')')?.trim().is_empty();
    if !done || texts.is_empty() {
        return None;
    }
    Some(match is_regex {
        true => Clause::Matches { place, regexes: texts, not },
        false => Clause::Holds { place, words: texts, not },
    })
}

/// `finding["secret"]` and the like.
fn target(text: &str) -> Option<(CheckPlace, &str)> {
    let rest = text.strip_prefix("finding[")?;
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (name, rest) = rest[1..].split_once(quote)?;
    let place = match name {
        "secret" => CheckPlace::Inside,
        "match" => CheckPlace::Match,
        "line" => CheckPlace::Line,
        _ => return None,
    };
    Some((place, rest.strip_prefix(']')?))
}

/// Quoted texts up to `]`.
fn strings(mut rest: &str) -> Option<(Vec<String>, &str)> {
    let mut all = Vec::new();
    loop {
        rest = rest.trim_start().trim_start_matches(',').trim_start();
        if let Some(rest) = rest.strip_prefix(']') {
            return Some((all, rest));
        }
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'' | '`'))?;
        let mut text = String::new();
        let mut chars = rest[1..].char_indices();
        let end = loop {
            match chars.next()? {
                (at, c) if c == quote => break at,
                (_, '\\') if quote != '`' => match chars.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    c => text.push(c),
                },
                (_, c) => text.push(c),
            }
        };
        all.push(text);
        rest = &rest[1 + end + 1..];
    }
}

/// Every byte outside quotes, with how many brackets are open before it.
fn outside_quotes(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut depth, mut quote, mut escaped) = (0_usize, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(open), '\\') if open != '`' => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, c) => {
                found.push((at, depth));
                match c {
                    '(' | '[' | '{' => depth += 1,
                    ')' | ']' | '}' => depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
    }
    found
}

fn without_comments(text: &str) -> String {
    let outside: std::collections::BTreeSet<usize> = outside_quotes(text).into_iter().map(|(at, _)| at).collect();
    let mut out = String::new();
    let mut skips = false;
    for (at, c) in text.char_indices() {
        skips = match c {
            '\n' => false,
            '/' if !skips => outside.contains(&at) && text[at..].starts_with("//"),
            _ => skips,
        };
        if !skips {
            out.push(c);
        }
    }
    out
}

/// What stands in a pair of brackets around everything.
fn unwrapped(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('(')?.strip_suffix(')')?;
    let closes_early = outside_quotes(text).into_iter().any(|(at, depth)| depth == 0 && at > 0);
    (!closes_early).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_are_read() {
        let text = "// why\n(entropy(finding[\"secret\"]) <= 3.5\n|| !containsAny(finding[\"line\"], [\"a||b\", 'c'])\n\
                    || (matchesAny(finding[\"match\"], [`x\\.(y|z)`]) || tokenRatio(finding[\"secret\"]) >= 2))";
        let read: Vec<Clause> = clauses(text).iter().map(|clause| read(clause)).collect();
        let want = [
            Clause::Entropy { over: true, least: 3.5 },
            Clause::Holds { place: CheckPlace::Line, words: vec!["a||b".into(), "c".into()], not: true },
            Clause::Matches { place: CheckPlace::Match, regexes: vec![r"x\.(y|z)".into()], not: false },
            Clause::Unknown("tokenRatio(finding[\"secret\"]) >= 2".into()),
        ];
        assert_eq!(read, want);
        let kept = clauses("let a = 1;\n a == 1 || entropy(finding[\"secret\"]) < 2");
        assert_eq!(kept.len(), 1);
    }
}
