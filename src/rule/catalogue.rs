//! All loaded files as one: which detector and which list an id means.
//!
//! A user's definition replaces a built-in one with the same id, and a note says so; two of the same kind are an error.

use super::error::{RuleError, did_you_mean};
use super::parse::Parsed;
use super::syntax::{Detector, List};
use super::{SourceFile, builtin};
use crate::source::read_text;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Component, Path};
use toml::Spanned;

/// A detector and the file it stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct KnownDetector<'a> {
    pub(super) source: &'a SourceFile,
    pub(super) syntax: &'a Detector,
}

/// A list, the file it stands in, and the text of its own file.
#[derive(Debug)]
pub(super) struct KnownList<'a> {
    pub(super) source: &'a SourceFile,
    pub(super) syntax: &'a List,
    pub(super) file: Option<Cow<'static, str>>,
}

impl KnownList<'_> {
    /// The terms as typed, with their places; those of a term file have none.
    pub(super) fn terms(&self) -> impl Iterator<Item = (&str, Option<Range<usize>>)> {
        typed_terms(self.syntax, self.file.as_deref())
    }
}

fn typed_terms<'t>(list: &'t List, file: Option<&'t str>) -> impl Iterator<Item = (&'t str, Option<Range<usize>>)> {
    let inline = list.terms.iter().map(|term| (term.get_ref().as_str(), Some(term.span())));
    let lines = file.unwrap_or_default().lines().map(str::trim);
    inline.chain(lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(|line| (line, None)))
}

/// The terms of a list of a file that was loaded before, with their places; those of a term file have none.
pub(super) fn list_terms(source: &SourceFile, list: &List) -> Vec<(String, Option<Range<usize>>)> {
    let file = list.file.as_ref().and_then(|file| read_terms(source, file, &mut Vec::new()));
    typed_terms(list, file.as_deref()).map(|(term, span)| (term.to_owned(), span)).collect()
}

/// Every detector and list by id.
#[derive(Debug, Default)]
pub(super) struct Catalogue<'a> {
    pub(super) detectors: BTreeMap<&'a str, KnownDetector<'a>>,
    pub(super) lists: BTreeMap<&'a str, KnownList<'a>>,
    /// Detectors whose id another one took: compiled for their errors only.
    pub(super) shadowed: Vec<KnownDetector<'a>>,
    /// What a user should know though nothing is wrong.
    pub(super) notes: Vec<String>,
}

/// Sorts what the files define by id.
pub(super) fn collect<'a>(files: &'a [Parsed], errors: &mut Vec<RuleError>) -> Catalogue<'a> {
    let mut catalogue = Catalogue::default();
    for Parsed { source, rules } in files {
        for syntax in &rules.list {
            catalogue.add_list(source, syntax, errors);
        }
        for syntax in &rules.detector {
            catalogue.add_detector(source, syntax, errors);
        }
    }
    catalogue
}

impl<'a> Catalogue<'a> {
    fn add_detector(&mut self, source: &'a SourceFile, syntax: &'a Detector, errors: &mut Vec<RuleError>) {
        check_id("detector", source, &syntax.id, errors);
        let known = KnownDetector { source, syntax };
        if let Some(other) = self.detectors.insert(syntax.id.get_ref(), known) {
            let first = (other.source, &other.syntax.id);
            self.replaced("detector", first, (source, &syntax.id), errors);
            self.shadowed.push(other);
        }
    }

    fn add_list(&mut self, source: &'a SourceFile, syntax: &'a List, errors: &mut Vec<RuleError>) {
        check_id("list", source, &syntax.id, errors);
        let file = syntax.file.as_ref().and_then(|file| read_terms(source, file, errors));
        let unread = syntax.file.is_some() && file.is_none();
        let known = KnownList { source, syntax, file };
        if !unread && known.terms().next().is_none() {
            let message = format!("list `{}` has no terms", syntax.id.get_ref());
            errors.push(RuleError::new(message).at(source, syntax.id.span(), "nothing to look for"));
        }
        for term in syntax.terms.iter().filter(|term| super::compile::term(term.get_ref(), true).is_empty()) {
            let error = RuleError::new("empty term").at(source, term.span(), "nothing is left of this once normalised");
            errors.push(error);
        }
        if let Some(other) = self.lists.insert(syntax.id.get_ref(), known) {
            let first = (other.source, &other.syntax.id);
            self.replaced("list", first, (source, &syntax.id), errors);
        }
    }

    /// Notes that a user's definition replaced a built-in one, or reports two of the same kind.
    fn replaced(
        &mut self,
        what: &str,
        first: (&SourceFile, &Spanned<String>),
        second: (&SourceFile, &Spanned<String>),
        errors: &mut Vec<RuleError>,
    ) {
        let id = second.1.get_ref();
        if first.0.builtin() && !second.0.builtin() {
            self.notes.push(format!("{what} `{id}` of {} replaces the built-in one", second.0.name));
            return;
        }
        let error = RuleError::new(format!("{what} `{id}` is defined twice"))
            .at(second.0, second.1.span(), "defined again here")
            .also(first.0, first.1.span(), "first defined here");
        errors.push(error);
    }

    /// The error for a detector that nothing defines, named as evidence of another.
    pub(super) fn unknown_detector(&self, of: KnownDetector<'_>, id: &Spanned<String>) -> RuleError {
        let others = self.detectors.keys().copied().filter(|other| other != of.syntax.id.get_ref());
        unknown("detector", of.source, id, others)
    }

    /// The error for a list that nothing defines.
    pub(super) fn unknown_list(&self, source: &SourceFile, id: &Spanned<String>) -> RuleError {
        unknown("list", source, id, self.lists.keys().copied())
    }
}

/// The error for a name that nothing defines, with the nearest name that something does.
pub(super) fn unknown<'b>(
    what: &str,
    source: &SourceFile,
    id: &Spanned<String>,
    candidates: impl IntoIterator<Item = &'b str>,
) -> RuleError {
    let help = did_you_mean(id.get_ref(), candidates);
    let message = format!("unknown {what} `{}`", id.get_ref());
    RuleError::new(message).at(source, id.span(), format!("no {what} has this name")).maybe_help(help)
}

/// True for lower-case letters, digits and `-`, with single dots between the steps.
fn id_is_plain(id: &str) -> bool {
    id.split('.')
        .all(|step| !step.is_empty() && step.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'))
}

fn check_id(what: &str, source: &SourceFile, id: &Spanned<String>, errors: &mut Vec<RuleError>) {
    if !id_is_plain(id.get_ref()) {
        let message = format!("bad {what} id `{}`", id.get_ref());
        let error = RuleError::new(message).at(source, id.span(), "ids are what commands and reports name");
        errors.push(error.help("use lower-case letters, digits and `-`, with dots between the steps: `us.ssn`"));
    }
}

/// The text of a term file beside a rule file.
fn read_terms(source: &SourceFile, file: &Spanned<String>, errors: &mut Vec<RuleError>) -> Option<Cow<'static, str>> {
    let text = match &source.path {
        None => embedded(&source.name, file.get_ref()).map(Cow::Borrowed).ok_or_else(|| "no such file".to_owned()),
        Some(path) => {
            let beside = path.parent().unwrap_or(Path::new("")).join(file.get_ref());
            read_text(&beside).map(Cow::Owned)
        }
    };
    text.map_err(|why| {
        let message = format!("term file `{}` cannot be used", file.get_ref());
        let error = RuleError::new(message).at(source, file.span(), why);
        errors
            .push(error.help("the path begins at the rule file's folder; the file is UTF-8 with a term on each line"));
    })
    .ok()
}

/// The embedded file that `file` names when it is said in the embedded rule file `name`.
fn embedded(name: &str, file: &str) -> Option<&'static str> {
    let beside = Path::new(name.strip_prefix(builtin::PREFIX)?).parent()?.join(file);
    let mut steps: Vec<&str> = Vec::new();
    for step in beside.components() {
        match step {
            Component::Normal(step) => steps.push(step.to_str()?),
            Component::ParentDir => drop(steps.pop()?),
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    builtin::text(&steps.join("/"))
}
