//! One `[[policy]]` of a file: from what was typed to what it means.

use super::actions::{self, wish};
use super::note::Note;
use super::table::{Table, range};
use super::{PolicyError, compose, hash};
use crate::model::Severity;
use crate::policy::ask::Turn;
use crate::policy::error::{Span, Wrongly, did_you_mean};
use crate::policy::filter::{Filter, Known, unknown};
use crate::policy::set::{Breaker, Policy, Tombstone, Wish};
use crate::policy::syntax::Word;
use crate::source::SourceFile;
use std::ops::Range;
use std::sync::Arc;

/// Longest name of a policy, in bytes.
const NAME_BYTES_MAX: usize = 64;
/// Longest title, in characters.
const TITLE_CHARS_MAX: usize = 200;
/// Longest text of a tombstone, in characters.
const TOMBSTONE_CHARS_MAX: usize = 10_000;
/// Longest note of a policy's messages, in characters.
const NOTE_CHARS_MAX: usize = 2_000;
/// Actions of one policy.
const ACTIONS_MAX: usize = 32;
/// Places that a tombstone's text may name.
const PLACES: [&str; 4] = ["{id}", "{contact}", "{name}", "{policy}"];

/// A policy and where it was typed.
pub(super) struct Sheet<'a> {
    pub(super) source: &'a SourceFile,
    pub(super) table: Table<'a>,
    pub(super) policy: Arc<Policy>,
    pub(super) about: About,
}

/// What a file says of a policy that decides nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct About {
    /// The file, as the user would name it.
    pub file: Arc<str>,
    /// The line of its name, from 1.
    pub line: usize,
    /// What it is for, at length; may be empty.
    pub description: Arc<str>,
    /// Laws and standards that it helps with, with their places.
    pub jurisdiction: Vec<Arc<str>>,
}

impl Sheet<'_> {
    /// Where the value under a key stands.
    pub(super) fn at(&self, key: &str) -> Range<usize> {
        range(self.table.at(key))
    }
}

/// Reads one policy; `None` when something is wrong with it.
pub(super) fn read<'a>(
    source: &'a SourceFile,
    table: Table<'a>,
    known: &Known<'_>,
    errors: &mut Vec<PolicyError>,
    notes: &mut Vec<Note>,
) -> Option<Sheet<'a>> {
    let before = errors.len();
    let mut wrong = |found: Wrongly| errors.push(fault(source, found));
    let name = name(table).map_err(&mut wrong).ok();
    let title = title(table).map_err(&mut wrong).ok();
    let filter = compose::expr(source, table).and_then(Filter::of).map_err(&mut wrong).ok();
    let breaker = breaker(table).map_err(&mut wrong).ok();
    let note = message_note(table).map_err(&mut wrong).ok();
    let tombstone = tombstone(table).map_err(&mut wrong).ok();
    let label_order = label_order(table).map_err(&mut wrong).ok();
    let wishes = wishes(table, &mut wrong);
    if let Some(filter) = &filter {
        names(source, table, filter, known, errors, notes);
    }
    if errors.len() > before {
        return None;
    }
    let mut policy = Policy {
        name: name?,
        title: title?,
        severity: word(table, "severity").unwrap_or(Severity::Medium),
        mode: word(table, "mode").unwrap_or_default(),
        hash: [0; 32],
        filter: filter?,
        wishes,
        breaker: breaker?,
        approvals: if table.number("approvals") == Some(2) { 2 } else { 1 },
        allow_people_actions: table.flag("allow_people_actions").unwrap_or_default(),
        note: note?,
        tombstone: tombstone?,
        label_order: label_order?,
    };
    policy.hash = hash::of(&policy);
    let about = About {
        file: Arc::clone(&source.name),
        line: source.line(table.at("name").start),
        description: table.text("description").map(|word| word.text.trim().into()).unwrap_or_default(),
        jurisdiction: table.texts("jurisdiction").into_iter().map(|word| word.text.into()).collect(),
    };
    Some(Sheet { source, table, policy: Arc::new(policy), about })
}

/// A fault with its place in the file.
pub(super) fn fault(source: &SourceFile, wrong: Wrongly) -> PolicyError {
    PolicyError::new(wrong.message).at(source, range(wrong.span), wrong.label).maybe_help(wrong.help)
}

/// One of a closed list of words, which was checked before.
fn word<T: std::str::FromStr>(table: Table<'_>, key: &str) -> Option<T> {
    table.text(key)?.text.parse().ok()
}

fn name(table: Table<'_>) -> Result<Arc<str>, Wrongly> {
    let name = table.text("name").unwrap_or_else(|| Word { text: String::new(), span: table.span });
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let text = name.text.as_str();
    let is_plain = !text.is_empty() && text.bytes().all(plain) && !text.starts_with('-') && !text.ends_with('-');
    if is_plain && text.len() <= NAME_BYTES_MAX {
        return Ok(text.into());
    }
    let better: String = text.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let better = better.trim_matches('-');
    let help = (!better.is_empty() && better.len() <= NAME_BYTES_MAX).then(|| format!("for example `{better}`"));
    Err(Wrongly::new(name.span, format!("`{text}` is no name of a policy"))
        .expected(format!("lower-case letters, digits and `-`, at most {NAME_BYTES_MAX}"))
        .maybe_help(help))
}

fn title(table: Table<'_>) -> Result<Arc<str>, Wrongly> {
    let title = table.text("title").unwrap_or_else(|| Word { text: String::new(), span: table.span });
    let text = title.text.trim();
    if text.is_empty() || text.chars().count() > TITLE_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(Wrongly::new(title.span, "a title is one line of text")
            .expected(format!("expected 1 to {TITLE_CHARS_MAX} characters"))
            .help("put more than that into `description`"));
    }
    Ok(text.into())
}

/// What the operator adds to the policy's messages.
fn message_note(table: Table<'_>) -> Result<Arc<str>, Wrongly> {
    let Some(note) = table.text("note") else { return Ok("".into()) };
    let text = note.text.trim();
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.is_empty() || text.chars().count() > NOTE_CHARS_MAX || text.chars().any(odd) {
        return Err(Wrongly::new(note.span, "a note is some lines of text")
            .expected(format!("expected 1 to {NOTE_CHARS_MAX} characters"))
            .help("leave the key out to add nothing to messages"));
    }
    Ok(text.into())
}

fn breaker(table: Table<'_>) -> Result<Breaker, Wrongly> {
    let mut breaker = Breaker::default();
    let Some(table) = table.table("breaker") else { return Ok(breaker) };
    if table.has("items_max") {
        breaker.items_max = table.number("items_max");
    }
    if table.has("per_owner_hour_max") {
        breaker.per_owner_hour_max = table.number("per_owner_hour_max");
    }
    if let Some(share) = table.number_or_text("share_max") {
        breaker.share_max = hundredths(&share)?;
    }
    Ok(breaker)
}

/// Hundredths of a percent: `2`, `0.5 %`, `1.25%`; `none` has no limit.
fn hundredths(share: &Word) -> Result<Option<u32>, Wrongly> {
    let text = share.text.trim();
    if text == "none" {
        return Ok(None);
    }
    let number = text.strip_suffix('%').unwrap_or(text).trim_end();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let read = || {
        let fraction = if fraction.len() == 1 { format!("{fraction}0") } else { fraction.to_owned() };
        let whole: u32 = whole.parse().ok().filter(|whole| *whole <= 100)?;
        Some(whole * 100 + fraction.parse::<u32>().ok().filter(|part| *part < 100)?)
    };
    let read = if digits(whole) && digits(fraction) && fraction.len() <= 2 { read() } else { None };
    match read {
        Some(share) if (1..=10_000).contains(&share) => Ok(Some(share)),
        _ => Err(Wrongly::new(share.span, format!("`{text}` is no share"))
            .expected("expected 0.01 % to 100 %, as `2` or \"0.5 %\", or \"none\"")),
    }
}

fn tombstone(table: Table<'_>) -> Result<Tombstone, Wrongly> {
    let mut stone = Tombstone::default();
    let Some(table) = table.table("tombstone") else { return Ok(stone) };
    if let Some(suffix) = table.text("suffix") {
        let bad = |c: char| c.is_control() || matches!(c, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
        if suffix.text.trim().is_empty() || suffix.text.chars().any(bad) || suffix.text.chars().count() > 100 {
            return Err(Wrongly::new(suffix.span, "`suffix` cannot end a file's name")
                .expected("expected text without `/ \\ : * ? \" < > |`")
                .help("as in `suffix = \" - quarantined.txt\"`"));
        }
        stone.suffix = suffix.text.into();
    }
    if let Some(text) = table.text("text") {
        stone.text = tombstone_text(&text)?;
    }
    if let Some(contact) = table.text("contact") {
        stone.contact = contact.text.trim().into();
    }
    Ok(stone)
}

fn tombstone_text(text: &Word) -> Result<Arc<str>, Wrongly> {
    if text.text.trim().is_empty() || text.text.chars().count() > TOMBSTONE_CHARS_MAX {
        return Err(Wrongly::new(text.span, "a tombstone needs a text")
            .expected(format!("expected 1 to {TOMBSTONE_CHARS_MAX} characters")));
    }
    let mut rest = text.text.as_str();
    while let Some(open) = rest.find('{') {
        let Some(length) = rest[open..].find('}') else { break };
        let place = &rest[open..=open + length];
        if !PLACES.contains(&place) {
            return Err(Wrongly::new(text.span, format!("`{place}` stands for nothing"))
                .expected("in this text")
                .help(format!("what is filled in: {}", PLACES.join(", "))));
        }
        rest = &rest[open + length + 1..];
    }
    Ok(text.text.as_str().into())
}

fn label_order(table: Table<'_>) -> Result<Vec<Arc<str>>, Wrongly> {
    let labels = table.texts("label_order");
    for (at, label) in labels.iter().enumerate() {
        if labels[..at].iter().any(|other| other.text.eq_ignore_ascii_case(&label.text)) {
            return Err(Wrongly::new(label.span, format!("label `{}` stands twice in the order", label.text))
                .expected("again here"));
        }
    }
    Ok(labels.into_iter().map(|label| label.text.into()).collect())
}

fn wishes(table: Table<'_>, wrong: &mut impl FnMut(Wrongly)) -> Vec<Wish> {
    let tables = table.tables("action");
    if tables.len() > ACTIONS_MAX {
        wrong(Wrongly::new(table.span, format!("a policy has at most {ACTIONS_MAX} actions")));
    }
    let mut all: Vec<(Wish, Table<'_>)> = Vec::new();
    for inner in tables {
        match wish(inner) {
            Ok(wish) => all.push((wish, inner)),
            Err(found) => wrong(found),
        }
    }
    for (at, (wish, inner)) in all.iter().enumerate() {
        if let Some((other, _)) = all[..at].iter().find(|(other, _)| other.ask.contradicts(&wish.ask)) {
            let message = format!("`{}` contradicts `{}` above", wish.ask.name(), other.ask.name());
            let help = "of the two only the first would ever be done; leave one out";
            wrong(Wrongly::new(inner.at("do"), message).expected("both cannot be had").help(help));
        }
        if wish.ask.turn() == Turn::Person
            && table.number("approvals") != Some(2)
            && table.flag("allow_people_actions") != Some(true)
        {
            let message = format!("`{}` acts on a person, and nobody else is asked", wish.ask.name());
            wrong(Wrongly::new(inner.at("do"), message).expected("needs a second operator").help(
                "set `approvals = 2`, or `allow_people_actions = true` to have it enforced without asking each time",
            ));
        }
    }
    check_label(table, &all, wrong);
    all.into_iter().map(|(wish, _)| wish).collect()
}

/// A label that is set must stand in the order, where there is one.
fn check_label(table: Table<'_>, all: &[(Wish, Table<'_>)], wrong: &mut impl FnMut(Wrongly)) {
    let order = table.texts("label_order");
    if order.is_empty() {
        return;
    }
    for (_, inner) in all {
        let Some(label) = inner.text("label").filter(|label| !order.iter().any(|one| one.text == label.text)) else {
            continue;
        };
        let help = did_you_mean(&label.text, order.iter().map(|one| one.text.as_str()));
        let message = format!("label `{}` is not in `label_order`", label.text);
        wrong(Wrongly::new(label.span, message).expected("has no place among the labels").maybe_help(help));
    }
}

/// Names that nothing has.
fn names(
    source: &SourceFile,
    table: Table<'_>,
    filter: &Filter,
    known: &Known<'_>,
    errors: &mut Vec<PolicyError>,
    notes: &mut Vec<Note>,
) {
    for one in unknown(filter.expr(), known) {
        let message = format!("there is no {} `{}`", one.what, one.word.text);
        let found = Wrongly::new(one.word.span, message).expected("not known here").maybe_help(one.near);
        if one.what == "connector" {
            notes.push(Note::at("unknown-connector", source, found));
        } else {
            errors.push(fault(source, found));
        }
    }
    let Some(webhooks) = &known.webhooks else { return };
    for (name, span) in table.tables("action").into_iter().flat_map(actions::webhooks) {
        if !webhooks.contains(&name.as_str()) {
            errors.push(fault(source, no_webhook(&name, span, webhooks)));
        }
    }
}

fn no_webhook(name: &str, span: Span, known: &[&str]) -> Wrongly {
    let near = did_you_mean(name, known.iter().copied());
    let list = || match known {
        [] => "set it up in `[notify.webhooks.NAME]` of the settings".to_owned(),
        known => format!("the settings name {}", known.join(", ")),
    };
    Wrongly::new(span, format!("there is no webhook `{name}`"))
        .expected("not in the settings")
        .help(near.unwrap_or_else(list))
}
