//! Whether every match of an expression holds one of some words, so that looking for them first changes nothing.
//!
//! Told from the shape alone and only when it is certain. Case is folded.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Most texts that a piece of an expression is written out to.
const TEXTS_MAX: usize = 256;

/// True when every match certainly holds one of the words, which are in lower case.
pub(super) fn holds_one(hir: &Hir, words: &[String]) -> bool {
    let has = |text: &str| words.iter().any(|word| text.contains(word.as_str()));
    match hir.kind() {
        HirKind::Capture(capture) => holds_one(&capture.sub, words),
        HirKind::Repetition(repetition) => repetition.min > 0 && holds_one(&repetition.sub, words),
        HirKind::Alternation(nodes) => nodes.iter().all(|node| holds_one(node, words)),
        HirKind::Concat(nodes) => nodes.iter().any(|node| holds_one(node, words)) || runs(nodes, &has),
        _ => texts(hir).is_some_and(|texts| texts.iter().all(|text| has(text))),
    }
}

/// True when neighbours that can be written out hold a word whatever they are.
fn runs(nodes: &[Hir], has: &impl Fn(&str) -> bool) -> bool {
    let mut run: Vec<String> = vec![String::new()];
    for node in nodes {
        run = match texts(node).and_then(|texts| joined(&run, &texts)) {
            Some(longer) => longer,
            // A run that grew too wide begins anew with what stands here.
            None => texts(node).unwrap_or_else(|| vec![String::new()]),
        };
        if run.iter().all(|text| has(text)) {
            return true;
        }
    }
    false
}

fn joined(left: &[String], right: &[String]) -> Option<Vec<String>> {
    if left.len() * right.len() > TEXTS_MAX {
        return None;
    }
    let mut all: Vec<String> =
        left.iter().flat_map(|left| right.iter().map(move |right| format!("{left}{right}"))).collect();
    all.sort_unstable();
    all.dedup();
    Some(all)
}

/// All texts that an expression can be, in lower case, when they are few.
fn texts(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(vec![String::new()]),
        HirKind::Literal(literal) => Some(vec![String::from_utf8(literal.0.to_vec()).ok()?.to_lowercase()]),
        HirKind::Class(Class::Bytes(class)) => {
            let bytes: usize = class.ranges().iter().map(|range| range.len()).sum();
            if bytes > 8 || !class.is_ascii() {
                return None;
            }
            let all = class.ranges().iter().flat_map(|range| range.start()..=range.end());
            let mut all: Vec<String> = all.map(|byte| char::from(byte).to_ascii_lowercase().to_string()).collect();
            all.sort_unstable();
            all.dedup();
            Some(all)
        }
        HirKind::Class(Class::Unicode(class)) => {
            let count: u32 =
                class.ranges().iter().map(|range| u32::from(range.end()) - u32::from(range.start()) + 1).sum();
            if count > 8 || !class.is_ascii() {
                return None;
            }
            let all = class.ranges().iter().flat_map(|range| range.start()..=range.end());
            let mut all: Vec<String> = all.map(|c| c.to_ascii_lowercase().to_string()).collect();
            all.sort_unstable();
            all.dedup();
            Some(all)
        }
        HirKind::Capture(capture) => texts(&capture.sub),
        HirKind::Repetition(repetition) => {
            let (low, high) = (repetition.min, repetition.max?);
            if high > 4 {
                return None;
            }
            let inner = texts(&repetition.sub)?;
            let mut all = Vec::new();
            let mut power = vec![String::new()];
            for count in 0..=high {
                if count >= low {
                    all.extend(power.iter().cloned());
                }
                power = joined(&power, &inner)?;
            }
            (all.len() <= TEXTS_MAX).then_some(all)
        }
        HirKind::Concat(nodes) => {
            let mut all = vec![String::new()];
            for node in nodes {
                all = joined(&all, &texts(node)?)?;
            }
            Some(all)
        }
        HirKind::Alternation(nodes) => {
            let mut all = Vec::new();
            for node in nodes {
                all.extend(texts(node)?);
            }
            (all.len() <= TEXTS_MAX).then_some(all)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::pattern;

    #[test]
    fn words_of_every_match() {
        let rows: &[(&str, &[&str], bool)] = &[
            (r"ghp_\w{36}", &["ghp_"], true),
            (
                r"(?i)[\w.-]{0,50}?(?:access|(?-i:[Aa]pi|API)|passw(?:or)?d)x",
                &["access", "api", "passwd", "password"],
                true,
            ),
            (r"(?:a|b)key", &["akey"], false),
            (r"(?:a|b)key", &["akey", "bkey"], true),
            (r"(?:key)?\d+", &["key"], false),
            (r"sk_(?:live|test)_\d+", &["sk_live", "sk_test"], true),
            (r"[a-z]{3}", &["abc"], false),
            (r"(?i)a(?:k)+i", &["ak"], false),
        ];
        for (regex, words, want) in rows {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            let hir = pattern::syntax(regex).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(holds_one(&hir, &words), *want, "{regex}");
        }
    }
}
