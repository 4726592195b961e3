//! Changing one connector's table in a settings file while every comment, blank line and other table stays as it is.
//!
//! The text is cut at the places the parser told: a value is replaced where it stands, a new key goes behind the table's last
//! one. Whoever calls it parses the outcome again before it is written.

use crate::model::ConnectorName;
use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use toml::de::{DeTable, DeValue};

/// A key and what it is set to.
#[derive(Clone, Debug)]
pub(in crate::cli) enum Entry {
    /// A text.
    Text(&'static str, String),
    /// True or false.
    Flag(&'static str, bool),
}

impl Entry {
    fn key(&self) -> &'static str {
        match self {
            Entry::Text(key, _) | Entry::Flag(key, _) => key,
        }
    }

    /// The value in TOML.
    fn value(&self) -> String {
        match self {
            Entry::Text(_, text) => quoted(text),
            Entry::Flag(_, flag) => flag.to_string(),
        }
    }
}

/// What becomes of a connector's table.
#[derive(Clone, Debug)]
pub(in crate::cli) enum Change {
    /// These keys are set, the rest stays. A table that is not there is made.
    Set(Vec<Entry>),
    /// The table goes.
    Remove,
}

/// The text after a change; `None` when the table is written in a way that cannot be edited safely (inline).
pub(super) fn apply(text: &str, name: &ConnectorName, change: &Change) -> Option<String> {
    match change {
        Change::Set(entries) => entries.iter().try_fold(text.to_owned(), |text, entry| set(&text, name, entry)),
        Change::Remove => remove(text, name),
    }
}

fn set(text: &str, name: &ConnectorName, entry: &Entry) -> Option<String> {
    let line = format!("{} = {}\n", entry.key(), entry.value());
    let Some((header, keys)) = table(text, name)? else {
        let gap = if text.is_empty() || text.ends_with("\n\n") { "" } else { "\n" };
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return Some(format!("{text}{end}{gap}[connector.{name}]\n{line}"));
    };
    if let Some((_, span)) = keys.iter().find(|(key, _)| key == entry.key()) {
        return Some(format!("{}{}{}", text.get(..span.start)?, entry.value(), text.get(span.end..)?));
    }
    let last = keys.iter().map(|(_, span)| span.end).max().unwrap_or(header.end);
    let at = text.get(last..)?.find('\n').map_or(text.len(), |end| last + end + 1);
    let gap = if text.get(..at)?.ends_with('\n') { "" } else { "\n" };
    Some(format!("{}{gap}{line}{}", text.get(..at)?, text.get(at..)?))
}

fn remove(text: &str, name: &ConnectorName) -> Option<String> {
    let Some((header, keys)) = table(text, name)? else { return Some(text.to_owned()) };
    let parts = std::iter::once(Some((header, keys))).chain(tables_within(text, name)?.into_iter().map(Some));
    let mut cuts: Vec<Range<usize>> =
        parts.map(|part| part.and_then(|(header, keys)| cut(text, &header, &keys))).collect::<Option<_>>()?;
    cuts.sort_by_key(|cut| std::cmp::Reverse(cut.start));
    let mut text = text.to_owned();
    for cut in cuts {
        text.replace_range(cut, "");
    }
    Some(text)
}

/// The bytes of a table from its header's line to its last value's, and the blank line that parted it from the next.
fn cut(text: &str, header: &Range<usize>, keys: &Keys) -> Option<Range<usize>> {
    let last = keys.iter().map(|(_, span)| span.end).max().unwrap_or(header.end);
    let end = text.get(last..)?.find('\n').map_or(text.len(), |end| last + end + 1);
    let blank = usize::from(text.get(end..)?.starts_with('\n'));
    Some(header.start..end + blank)
}

/// The keys of a table, each with the bytes of its value.
type Keys = Vec<(String, Range<usize>)>;

/// The bytes of a table's header, and its keys. The outer `None`: it cannot be edited; the inner: it is not there.
#[allow(clippy::option_option, reason = "two different absences, both told in the line above")]
fn table(text: &str, name: &ConnectorName) -> Option<Option<(Range<usize>, Keys)>> {
    let root = DeTable::parse(text).ok()?;
    let Some(tables) = root.get_ref().get("connector") else { return Some(None) };
    let Some(value) = tables.get_ref().as_table()?.get(name.as_str()) else { return Some(None) };
    let DeValue::Table(table) = value.get_ref() else { return None };
    let header = value.span();
    text.get(header.clone())?.starts_with('[').then_some(())?;
    Some(Some((header, own_keys(text, table))))
}

/// The keys that stand in a table's own lines: not those with a header of theirs (`[connector.main.pilot]`).
fn own_keys(text: &str, table: &DeTable<'_>) -> Keys {
    let own = table.iter().filter(|(_, value)| !has_header(text, value));
    own.map(|(key, value)| (key.get_ref().to_string(), value.span())).collect()
}

fn has_header(text: &str, value: &toml::Spanned<DeValue<'_>>) -> bool {
    value.get_ref().is_table() && text.get(value.span()).is_some_and(|text| text.starts_with('['))
}

/// The tables below a connector's that have a header of their own; `None` when one cannot be cut out safely.
fn tables_within(text: &str, name: &ConnectorName) -> Option<Vec<(Range<usize>, Keys)>> {
    let root = DeTable::parse(text).ok()?;
    let table = root.get_ref().get("connector")?.get_ref().as_table()?.get(name.as_str())?.get_ref().as_table()?;
    let within = table.iter().filter(|(_, value)| has_header(text, value));
    within.map(|(_, value)| Some((value.span(), own_keys(text, value.get_ref().as_table()?)))).collect()
}

/// A text as a basic string of TOML.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            control if control.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(control))),
            plain => out.push(plain),
        }
    }
    out.push('"');
    out
}

/// Writes the file whole: under another name first, synchronised, then renamed. Its mode stays; a new one is 0600.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    // Through a link, so that a file kept elsewhere stays where it is.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mode = fs::metadata(&path).map_or(0o600, |meta| meta.permissions().mode() & 0o7777);
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let write = || {
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&draft, &path)
    };
    let written = write();
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}
