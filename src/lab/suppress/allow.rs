//! Allow lists: what is fine, why, and until when.

use crate::clock::Moment;
use crate::model::Finding;
use crate::policy::moment;
use crate::report::identity::FindingId;
use crate::rule::RuleSet;
use crate::source::schema::{Key, Kind, may, must};
use crate::source::{Fault, Reader, SourceFile, did_you_mean};
use serde::Deserialize;
use std::path::PathBuf;
use toml::Spanned;

const ENTRY: [Key; 7] = [
    must("reason", Kind::Text),
    must("expires", Kind::Text),
    may("by", Kind::Text),
    may("detector", Kind::Text),
    may("token", Kind::Text),
    may("finding", Kind::Text),
    may("path", Kind::Text),
];
const KEYS: [Key; 2] = [must("schema", Kind::Number(0, i64::MAX)), may("allow", Kind::Array(&Kind::Table(&ENTRY)))];
const READER: Reader = Reader { noun: "allow list", many: "allow lists", cover: |_| Some(Vec::new()), keys: &KEYS };

#[derive(Deserialize)]
struct Typed {
    #[serde(default)]
    allow: Vec<Spanned<TypedEntry>>,
}

#[derive(Deserialize)]
struct TypedEntry {
    reason: Spanned<String>,
    expires: Spanned<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "for whoever reads the list")]
    by: Option<String>,
    detector: Option<Spanned<String>>,
    token: Option<Spanned<String>>,
    finding: Option<Spanned<String>>,
    path: Option<String>,
}

/// One entry that is in force or has ended.
#[derive(Clone, Debug)]
struct Entry {
    reason: String,
    /// The file and the line.
    place: String,
    expires: String,
    expired: bool,
    detector: Option<String>,
    token: Option<String>,
    finding: Option<FindingId>,
    path: Option<String>,
}

/// What is fine.
#[derive(Clone, Debug, Default)]
pub struct AllowList {
    entries: Vec<Entry>,
}

impl AllowList {
    /// Reads lists, and folders of lists.
    ///
    /// # Errors
    /// All that is wrong with them, by place.
    pub fn load(paths: &[PathBuf], rules: &RuleSet, now: Moment) -> Result<Self, Vec<Fault>> {
        let mut errors = Vec::new();
        let mut list = Self::default();
        for source in READER.files(paths, &mut errors) {
            match READER.parse::<Typed>(&source) {
                Err(found) => errors.extend(found),
                Ok(typed) => {
                    for entry in typed.allow {
                        list.entries.extend(self::entry(&source, entry, rules, now, &mut errors));
                    }
                }
            }
        }
        if errors.is_empty() { Ok(list) } else { Err(errors) }
    }

    /// The entry that says a finding is fine: its number, and the reason.
    pub(super) fn allows(&self, path: &str, finding: &Finding, id: FindingId) -> Option<(usize, &str)> {
        let fits = |entry: &&(usize, &Entry)| {
            let entry = entry.1;
            !entry.expired
                && entry.detector.as_ref().is_none_or(|pattern| star(pattern, &finding.detector))
                && entry.token.as_ref().is_none_or(|token| token == finding.token.as_str())
                && entry.finding.is_none_or(|one| one == id)
                && entry.path.as_ref().is_none_or(|pattern| star(pattern, path))
        };
        let all: Vec<(usize, &Entry)> = self.entries.iter().enumerate().collect();
        all.iter().find(fits).map(|(number, entry)| (*number, entry.reason.as_str()))
    }

    /// What is to be said of entries that did nothing: those that have ended, and those that met no finding.
    pub fn idle<'a>(&'a self, used: &'a std::collections::BTreeSet<usize>) -> impl Iterator<Item = String> + 'a {
        self.entries.iter().enumerate().filter_map(move |(number, entry)| {
            if entry.expired {
                Some(format!("{}: ended on {}: what it allowed is reported again", entry.place, entry.expires))
            } else {
                (!used.contains(&number)).then(|| format!("{}: meets no finding", entry.place))
            }
        })
    }
}

fn entry(
    source: &SourceFile,
    typed: Spanned<TypedEntry>,
    rules: &RuleSet,
    now: Moment,
    errors: &mut Vec<Fault>,
) -> Option<Entry> {
    let span = typed.span();
    let place = format!("{}:{}", source.name, source.line(span.start));
    let typed = typed.into_inner();
    let before = errors.len();
    let mut fault = |span: std::ops::Range<usize>, message: String, label: &str, help: Option<String>| {
        errors.push(Fault::new(message).at(source, span, label).maybe_help(help));
    };
    if typed.reason.get_ref().trim().is_empty() {
        fault(
            typed.reason.span(),
            "an entry without a reason".to_owned(),
            "empty",
            Some("say why it is fine, for whoever reads it next year".to_owned()),
        );
    }
    let day = typed.expires.get_ref();
    let last = moment(day, now).filter(|_| day.len() == "2026-01-31".len()).map(|(_, last)| last);
    if last.is_none() {
        fault(
            typed.expires.span(),
            "`expires` is no day".to_owned(),
            "not a day",
            Some("write the last day on which it holds, as 2026-01-31".to_owned()),
        );
    }
    if let Some(pattern) = &typed.detector
        && !rules.detectors.iter().any(|detector| star(pattern.get_ref(), &detector.id))
    {
        let near = did_you_mean(pattern.get_ref(), rules.detectors.iter().map(|detector| &*detector.id));
        fault(pattern.span(), format!("no detector is `{}`", pattern.get_ref()), "named here", near);
    }
    if let Some(token) = typed.token.as_ref().filter(|token| !is_token(token.get_ref())) {
        fault(
            token.span(),
            "this is no token".to_owned(),
            "not a token",
            Some("copy it from a finding: k1: and 32 hexadecimal digits".to_owned()),
        );
    }
    let finding = typed.finding.as_ref().map(|id| (id.span(), id.get_ref().parse::<FindingId>()));
    if let Some((span, Err(()))) = &finding {
        fault(
            span.clone(),
            "this is no finding's id".to_owned(),
            "not an id",
            Some("copy it from a baseline: 32 hexadecimal digits".to_owned()),
        );
    }
    if typed.token.is_none() && typed.finding.is_none() && typed.path.is_none() {
        fault(
            span,
            "an entry that allows too much".to_owned(),
            "",
            Some("say of what: `token`, `finding` or `path`; to leave a detector out altogether use --only".to_owned()),
        );
    }
    (errors.len() == before).then(|| Entry {
        reason: typed.reason.into_inner(),
        place,
        expired: last.is_some_and(|last| last < now),
        expires: typed.expires.into_inner(),
        detector: typed.detector.map(Spanned::into_inner),
        token: typed.token.map(Spanned::into_inner),
        finding: finding.and_then(|(_, id)| id.ok()),
        path: typed.path,
    })
}

fn is_token(text: &str) -> bool {
    let parts = text.strip_prefix('k').and_then(|rest| rest.split_once(':'));
    parts.is_some_and(|(version, digits)| {
        version.parse::<u32>().is_ok() && digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// True when `text` is `pattern`, in which `*` stands for any run of characters.
fn star(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}
