//! Names and paths held against words, phrases and patterns.
//!
//! Upper and lower case are the same, and so are the spellings that a reader takes for the same (the normal form of the
//! detectors: full-width letters, odd dashes, characters without width). A **word** ends where something stands that is
//! neither letter, digit nor mark (comma, dot, hyphen, space, underscore and every other sign), and where the script
//! changes (`отчётreport` is two words). Digits belong to the word that they touch.
//!
//! `contains` takes a text as a search box takes it: several bare words, of which one is enough; words in quotation marks,
//! of which each must occur as it is given. For example `malware virus` finds `virus_malware_file.exe` and does not find
//! `malwarevirusfile.exe`; `malware.exe` finds what holds `malware` or `exe`; `"malware.exe"` only what holds just that.

use crate::rule::normalise::{fold_case, normalise};
use std::borrow::Cow;

/// The form in which texts are compared.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(text);
    }
    if text.is_ascii() {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    Cow::Owned(fold_case(&normalise(text)))
}

/// The words of a folded text, in order.
pub(super) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(is_separator).flat_map(by_script).filter(|word| !word.is_empty())
}

/// True when a folded text has this folded word.
pub(super) fn has_word(folded: &str, word: &str) -> bool {
    folded.contains(word) && words(folded).any(|found| found == word)
}

/// True when a folded text has this folded phrase, between edges of words.
pub(super) fn has_phrase(folded: &str, phrase: &str) -> bool {
    folded.match_indices(phrase).any(|(at, _)| is_edge(folded, at) && is_edge(folded, at + phrase.len()))
}

/// True when a word may begin or end before this byte.
fn is_edge(text: &str, at: usize) -> bool {
    let (head, tail) = text.split_at(at);
    let (Some(before), Some(after)) = (head.chars().next_back(), tail.chars().next()) else { return true };
    if is_separator(before) || is_separator(after) {
        return true;
    }
    let run = head.char_indices().rev().take_while(|(_, c)| !is_separator(*c)).last().map_or(at, |(start, _)| start);
    let mut start = run;
    by_script(&text[run..]).any(|word| {
        let begins = start == at;
        start += word.len();
        begins
    })
}

fn is_separator(c: char) -> bool {
    !(c.is_alphanumeric() || is_mark(c))
}

/// Combining marks that survive the normal form: they belong to the letter before them.
fn is_mark(c: char) -> bool {
    unicode_normalization::char::is_combining_mark(c)
}

/// A run without separators, cut where the script changes.
fn by_script(run: &str) -> impl Iterator<Item = &str> {
    let mut rest = run;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (word, onward) = rest.split_at(end_of_script(rest));
        rest = onward;
        Some(word)
    })
}

fn end_of_script(run: &str) -> usize {
    if run.is_ascii() {
        return run.len();
    }
    let mut current = None;
    for (at, c) in run.char_indices() {
        match (current, script(c)) {
            (_, None) => {}
            (None, found) => current = found,
            (Some(is), Some(found)) if is != found => return at,
            _ => {}
        }
    }
    run.len()
}

/// Writing systems told apart by the ranges that letters of names come from; `None` for digits, marks and the rest.
/// Unicode Standard, Scripts.txt, coarsened: supplements count with their script.
fn script(c: char) -> Option<u8> {
    let ranges: [(u32, u32, u8); 34] = [
        (0x41, 0x5A, 1),
        (0x61, 0x7A, 1),
        (0xAA, 0xAA, 1),
        (0xBA, 0xBA, 1),
        (0xC0, 0x2AF, 1),
        (0x1E00, 0x1EFF, 1),
        (0x370, 0x3FF, 2),
        (0x1F00, 0x1FFF, 2),
        (0x400, 0x52F, 3),
        (0x1C80, 0x1C8F, 3),
        (0x531, 0x58F, 4),
        (0x5D0, 0x5F4, 5),
        (0x620, 0x65F, 6),
        (0x66E, 0x6EF, 6),
        (0x6FA, 0x6FF, 6),
        (0x750, 0x77F, 6),
        (0x700, 0x74F, 7),
        (0x900, 0x97F, 8),
        (0x980, 0x9FF, 9),
        (0xA00, 0xA7F, 10),
        (0xA80, 0xAFF, 11),
        (0xB00, 0xB7F, 12),
        (0xB80, 0xBFF, 13),
        (0xC00, 0xC7F, 14),
        (0xC80, 0xCFF, 15),
        (0xD00, 0xD7F, 16),
        (0xE00, 0xE7F, 17),
        (0xE80, 0xEFF, 18),
        (0x10A0, 0x10FF, 19),
        (0x1100, 0x11FF, 20),
        (0xAC00, 0xD7AF, 20),
        (0x3040, 0x309F, 21),
        (0x30A0, 0x30FF, 22),
        (0x3400, 0x9FFF, 23),
    ];
    if !c.is_alphabetic() {
        return None;
    }
    let code = u32::from(c);
    ranges.iter().find(|(first, last, _)| (*first..=*last).contains(&code)).map(|(_, _, script)| *script)
}

/// What `contains` looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Search {
    /// One of these words is enough; none asks for nothing.
    any: Vec<String>,
    /// Each of these must occur as it is.
    all: Vec<String>,
}

impl Search {
    /// Reads a search text; `None` when there is nothing in it to look for, or a quotation mark is never closed.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut search = Search { any: Vec::new(), all: Vec::new() };
        let pieces: Vec<&str> = text.split('"').collect();
        if pieces.len().is_multiple_of(2) {
            return None;
        }
        for (at, piece) in pieces.into_iter().enumerate() {
            let piece = folded(piece);
            if at % 2 == 1 {
                search.all.extend(Some(piece.trim().to_owned()).filter(|phrase| !phrase.is_empty()));
            } else {
                search.any.extend(words(&piece).map(str::to_owned));
            }
        }
        (!search.any.is_empty() || !search.all.is_empty()).then_some(search)
    }

    /// Whether a folded text answers to it.
    pub(super) fn finds(&self, folded: &str) -> bool {
        self.all.iter().all(|phrase| has_phrase(folded, phrase))
            && (self.any.is_empty() || self.any.iter().any(|word| has_word(folded, word)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_box_finds_whole_words() {
        let rows = [
            // The vectors that the reference products' own pages give.
            ("malware virus", "virus_malware_file.exe", true),
            ("malware virus", "malwarevirusfile.exe", false),
            ("malware.exe", "malware.txt", true),
            ("malware.exe", "setup.exe", true),
            ("malware.exe", "malware_exe", true),
            ("malware.exe", "malwares.doc", false),
            ("\"malware.exe\"", "malware.exe", true),
            ("\"malware.exe\"", "my malware.exe", true),
            ("\"malware.exe\"", "malware_exe", false),
            ("\"malware.exe\"", "setup.exe", false),
            // Several in quotation marks: each of them.
            ("\"annual report\" \"2026\"", "annual report-2026.pdf", true),
            ("\"annual report\" \"2026\"", "annual report.pdf", false),
            ("draft \"annual report\"", "annual report (draft).pdf", true),
            ("draft \"annual report\"", "annual report.pdf", false),
            // Each of the five separators, and others.
            ("pay", "a,pay.b", true),
            ("pay", "a.pay,b", true),
            ("pay", "a-pay_b", true),
            ("pay", "a pay-b", true),
            ("pay", "a_pay b", true),
            ("pay", "(pay)", true),
            ("pay", "/HR/pay/list.txt", true),
            ("pay", "payroll", false),
            // Case, forms and scripts.
            ("PAY", "Pay.TXT", true),
            ("pay", "ｐａｙ.txt", true),
            ("strasse", "STRASSE 4", true),
            ("отчет", "отчетreport.doc", true),
            ("report", "отчетreport.doc", true),
            ("reporting", "отчетreport.doc", false),
            ("report", "report2026", false),
            ("2026", "отчет2026", false),
            ("給与", "給与テスト.xlsx", true),
        ];
        for (search, name, found) in rows {
            let search = Search::parse(search).unwrap_or_else(|| panic!("{search} is a search"));
            assert_eq!(search.finds(&folded(name)), found, "{search:?} in {name}");
        }
        for nothing in ["", "   ", "...", "\"\"", "\"open"] {
            assert_eq!(Search::parse(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn a_phrase_begins_and_ends_at_edges_of_words() {
        let rows = [
            ("r&d plan", "the r&d plan.doc", true),
            ("r&d", "pr&d", false),
            ("d plan", "r&d plan", true),
            ("c++", "c++.txt", true),
            ("pay roll", "pay  roll", false),
            ("report", "отчётreport.doc", true),
            ("тreport", "отчётreport.doc", false),
            (".exe", "malware.exe", true),
            (".exe", "malware.exes", false),
        ];
        for (phrase, name, found) in rows {
            assert_eq!(has_phrase(&folded(name), &folded(phrase)), found, "{phrase} in {name}");
        }
    }
}
