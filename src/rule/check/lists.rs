//! Warnings about keyword lists: unused, terms that add nothing, and what Purview would not take.

use super::{Sheet, Warning};
use crate::rule::catalogue::list_terms;
use crate::rule::compile::term;
use crate::rule::syntax::{Detector, List, MatchStyle};
use aho_corasick::AhoCorasick;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// Longest keyword Purview takes, in characters, and most keywords of a list: "Limits for sensitive information types",
/// learn.microsoft.com/purview.
const PURVIEW_TERM_CHARS: usize = 50;
const PURVIEW_TERMS: usize = 2_048;
/// How many terms a warning names.
const NAMED: usize = 3;

/// A term as it is looked for, and its place unless it stands in a file of its own.
type Term = (String, Option<Range<usize>>);

/// Looks at a list; `users` are the detectors that name it.
pub(super) fn check(sheet: &mut Sheet<'_>, list: &List, users: &[&Detector]) {
    let id = list.id.get_ref();
    let source = sheet.source;
    let mut say = |warning: Warning| {
        let allowed = users.iter().any(|detector| detector.allow.contains_key(warning.code()));
        sheet.push(allowed, warning);
    };
    if users.is_empty() {
        let message = format!("no detector names the list `{id}`");
        say(Warning::new("unused-list", message).at(source, list.id.span(), "never looked for"));
    }
    let typed = list_terms(source, list);
    let terms: Vec<Term> = typed.into_iter().map(|(typed, span)| (term(&typed, list.case_sensitive), span)).collect();
    let mut seen = HashMap::new();
    for (text, span) in &terms {
        if seen.insert(text.as_str(), ()).is_some() {
            let message = format!("`{text}` stands twice in the list `{id}`");
            say(Warning::new("duplicate-keyword", message).at(source, place(list, span), "once is enough"));
        }
    }
    let contained = contained(list.style, seen.keys().copied().collect());
    if let Some(first) = terms.iter().find(|(text, _)| contained.contains_key(text.as_str())) {
        let named =
            terms.iter().filter_map(|(text, _)| Some(format!("`{text}` as `{}`", contained.get(text.as_str())?)));
        let named: Vec<String> = named.take(NAMED).collect();
        let more = if contained.len() > NAMED { ", ..." } else { "" };
        let message =
            format!("terms of `{id}` that shorter ones find: {} ({}{more})", contained.len(), named.join(", "));
        let warning = Warning::new("contained-keyword", message)
            .at(source, place(list, &first.1), "finds nothing more")
            .help("leave it out, or say in `allow` why not: an excerpt of a finding shows all words of a term");
        say(warning);
    }
    let long = terms.iter().filter(|(text, _)| text.chars().count() > PURVIEW_TERM_CHARS);
    if let Some((text, span)) = long.clone().next() {
        let message = format!("terms of `{id}` longer than {PURVIEW_TERM_CHARS} characters: {}", long.count());
        let label = format!("{} characters", text.chars().count());
        say(Warning::new("purview-limit", message).at(source, place(list, span), label));
    }
    if seen.len() > PURVIEW_TERMS {
        let message = format!("the list `{id}` has more than {PURVIEW_TERMS} terms");
        say(Warning::new("purview-limit", message).at(source, list.id.span(), format!("{} terms", seen.len())));
    }
}

fn place(list: &List, span: &Option<Range<usize>>) -> Range<usize> {
    span.clone().or_else(|| list.file.as_ref().map(toml::Spanned::span)).unwrap_or_else(|| list.id.span())
}

/// Terms that are found wherever they stand by a shorter term of the same list, with that term.
fn contained(style: MatchStyle, terms: HashSet<&str>) -> HashMap<&str, &str> {
    match style {
        MatchStyle::Word => terms.iter().filter_map(|term| Some((*term, run_of_words(term, &terms)?))).collect(),
        MatchStyle::String => {
            let listed: Vec<&str> = terms.into_iter().collect();
            let Ok(automaton) = AhoCorasick::new(&listed) else { return HashMap::new() };
            let shorter = |term: &&str| {
                let mut inside = automaton.find_overlapping_iter(*term).map(|found| listed[found.pattern().as_usize()]);
                inside.find(|found| found.len() < term.len())
            };
            listed.iter().filter_map(|term| Some((*term, shorter(term)?))).collect()
        }
    }
}

/// The first run of whole words in a term that is itself a term.
fn run_of_words<'a>(term: &'a str, terms: &HashSet<&'a str>) -> Option<&'a str> {
    let starts = term.char_indices().filter(|(at, _)| *at == 0 || term.as_bytes()[at - 1] == b' ').map(|(at, _)| at);
    let starts: Vec<usize> = starts.collect();
    starts.iter().find_map(|&start| {
        let ends = starts.iter().filter(|next| **next > start).map(|next| next - 1).chain([term.len()]);
        ends.map(|end| &term[start..end]).find(|run| run.len() < term.len() && terms.contains(run))
    })
}
