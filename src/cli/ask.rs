//! What the commands that ask the store have in common: which settings, which items, which format, and how lines go out.
//!
//! They only read, beside whoever writes; no provider is called. Their exit code is 0 when the question was answered and 2
//! when it was not, but for what their own help says.

use super::config::Config;
use super::{Failed, service, shown};
use crate::clock::{Clock, Moment};
use crate::engine::facts::{Asker, Hit, Tally, tags_of};
use crate::model::{ConnectorName, ItemKind};
use crate::policy::{Answer, Filter, FilterError, Known, Tags, Wants, moment};
use crate::report::harmless::{printable, write_json};
use crate::store::{Error, Scope, Store};
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::new(error)
    }
}

impl From<FilterError> for Failed {
    /// The error is a whole report of its own.
    fn from(error: FilterError) -> Self {
        Failed(error.to_string())
    }
}

/// Where the settings are, and how the answer looks.
#[derive(Debug, clap::Args)]
pub(super) struct Form {
    /// The settings file; default $SLUICEBOX_SETTINGS, else sluicebox/sluicebox.toml in the configuration folder
    #[arg(long, value_name = "FILE")]
    pub(super) settings: Option<PathBuf>,
    /// Output format: text, jsonl
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "jsonl"])]
    pub(super) format: String,
}

/// Which items are meant.
#[derive(Debug, clap::Args)]
pub(super) struct Chosen {
    /// Only what this filter means, as 'access >= external and name word salary' (docs/filters.md)
    #[arg(long = "where", value_name = "FILTER")]
    filter: Option<String>,
    /// Only of this connector
    #[arg(long, value_name = "NAME")]
    connector: Option<ConnectorName>,
}

/// A store that is open to be asked.
pub(super) struct Opened {
    /// The settings.
    pub(super) config: Config,
    /// The store.
    pub(super) store: Box<dyn Store>,
    /// When it is asked.
    pub(super) now: Moment,
}

impl Form {
    /// Opens the store of these settings.
    pub(super) fn open(&self) -> Result<Opened, Failed> {
        let config = Config::load(self.settings.as_deref(), false)?;
        let store = service::open_to_read(&config)?;
        Ok(Opened { config, store, now: Clock::machine().now() })
    }

    /// Lines to standard output.
    pub(super) fn lines(&self) -> Lines<BufWriter<io::StdoutLock<'static>>> {
        Lines::new(BufWriter::new(io::stdout().lock()), self.format == "jsonl")
    }
}

/// A filter that was read, with the tags it needs.
pub(super) struct Question {
    filter: Option<Filter>,
    connector: Option<ConnectorName>,
}

impl Chosen {
    /// Reads the filter; before the store is opened, so that a mistake in it is told first.
    pub(super) fn question(&self) -> Result<Question, Failed> {
        let filter = self.filter.as_deref().map(Filter::parse).transpose()?;
        Ok(Question { filter, connector: self.connector.clone() })
    }

    /// As it was typed.
    pub(super) fn words(&self) -> Vec<String> {
        let filter = self.filter.iter().map(|filter| format!("--where '{filter}'"));
        filter.chain(self.connector.iter().map(|name| format!("--connector {name}"))).collect()
    }
}

impl Question {
    /// True when no filter was given.
    pub(super) fn is_open(&self) -> bool {
        self.filter.is_none()
    }

    /// Tells `take` each item that answers yes or unknown.
    pub(super) fn ask(
        &self,
        opened: &Opened,
        as_of: Option<Moment>,
        scope: Scope,
        take: &mut dyn FnMut(&Hit<'_>) -> Result<std::ops::ControlFlow<()>, Failed>,
    ) -> Result<Tally, Failed> {
        let tags = self.tags(opened)?;
        self.notes(opened, &tags)?;
        let mut asker = Asker::new(&*opened.store, tags, opened.now, as_of)?;
        let mut scope = scope;
        if let Some(name) = &self.connector {
            let known = asker.named(name).map(|one| one.number);
            scope.connector = Some(known.ok_or_else(|| no_connector(name, &asker))?);
        }
        asker.select(self.filter.as_ref(), scope, take)
    }

    /// Tags of the detectors in force; none when nobody asks for them, since rules take a moment to load.
    fn tags(&self, opened: &Opened) -> Result<Tags, Failed> {
        if !self.filter.as_ref().is_some_and(|filter| filter.wants().has(Wants::TAGS)) {
            return Ok(Tags::default());
        }
        let loaded = crate::rule::load(opened.config.rules()).map_err(|errors| super::refused(&errors))?;
        Ok(tags_of(&loaded.rules))
    }

    /// Says on standard error what names something that is not there.
    fn notes(&self, opened: &Opened, tags: &Tags) -> Result<(), Failed> {
        let Some(filter) = &self.filter else { return Ok(()) };
        let connectors = opened.store.connectors()?;
        let known = Known {
            detectors: tags.detectors().collect(),
            tags: tags.tags().collect(),
            connectors: connectors.iter().map(|one| one.name.as_str()).collect(),
            webhooks: None,
        };
        filter.notes(&known).iter().for_each(|note| eprintln!("note: {}", printable(note)));
        Ok(())
    }
}

fn no_connector(name: &ConnectorName, asker: &Asker<'_>) -> Failed {
    let mut names: Vec<&str> = asker.connectors().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    let there = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
    Failed::new(format!("the store knows no connector `{name}`\n  it knows {there}"))
}

/// A date that was typed; `last` takes the end of a whole day, else its beginning.
pub(super) fn date(flag: &str, typed: Option<&str>, now: Moment, last: bool) -> Result<Option<Moment>, Failed> {
    let Some(text) = typed else { return Ok(None) };
    let (first, end) = moment(text, now).ok_or_else(|| {
        Failed::new(format!(
            "{flag} `{}` is no date\n  write 2026-01-31, 2026-01-31T10:00:00Z, or how long ago: '7 days'",
            shown(text)
        ))
    })?;
    Ok(Some(if last { end } else { first }))
}

/// A date in the past: the end of the day that was typed, or now while that day lasts.
pub(super) fn past(flag: &str, typed: Option<&str>, now: Moment) -> Result<Option<Moment>, Failed> {
    let (Some(first), Some(last)) = (date(flag, typed, now, false)?, date(flag, typed, now, true)?) else {
        return Ok(None);
    };
    if first > now {
        return Err(Failed::new(format!("{flag}: {first} lies ahead")));
    }
    Ok(Some(last.min(now)))
}

/// Writes lines; a reader that has gone wants no more.
pub(super) struct Lines<W: Write> {
    out: W,
    /// Whether the lines are JSON.
    pub(super) json: bool,
    gone: bool,
}

impl<W: Write> Lines<W> {
    pub(super) fn new(out: W, json: bool) -> Self {
        Self { out, json, gone: false }
    }

    /// A line of text. Names in it must have been made harmless.
    pub(super) fn text(&mut self, line: impl AsRef<str>) -> Result<(), Failed> {
        let written = self.out.write_all(line.as_ref().as_bytes()).and_then(|()| self.out.write_all(b"\n"));
        self.took(written)
    }

    /// A line of JSON.
    pub(super) fn row(&mut self, value: &impl Serialize) -> Result<(), Failed> {
        let mut line = Vec::new();
        write_json(&mut line, value).map_err(|error| Failed::new(format!("cannot write: {error}")))?;
        line.push(b'\n');
        let written = self.out.write_all(&line);
        self.took(written)
    }

    fn took(&mut self, written: io::Result<()>) -> Result<(), Failed> {
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.gone = true;
                Ok(())
            }
            other => other.map_err(|error| Failed::new(format!("cannot write: {error}"))),
        }
    }

    /// Whether to go on: nobody reads any more after the reader has gone.
    pub(super) fn go_on(&self) -> std::ops::ControlFlow<()> {
        if self.gone { std::ops::ControlFlow::Break(()) } else { std::ops::ControlFlow::Continue(()) }
    }

    /// Hands all on.
    pub(super) fn finish(mut self) -> Result<(), Failed> {
        let flushed = self.out.flush();
        self.took(flushed)
    }
}

/// Names of kinds of item, as other outputs spell them.
pub(super) fn kind_name(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::File => "file",
        ItemKind::Folder => "folder",
        ItemKind::WebLink => "web_link",
    }
}

/// How far an item is open, in a word: with `+` when it may be further.
pub(super) fn level_word(hit: &Hit<'_>) -> String {
    match hit.known.exposure {
        Some(told) if told.known => told.level.name().to_owned(),
        Some(told) => format!("{}+", told.level.name()),
        None => "-".to_owned(),
    }
}

/// How much was read, in a word.
pub(super) fn coverage_word(hit: &Hit<'_>) -> String {
    match hit.coverage {
        _ if hit.known.item.kind != ItemKind::File => "-".to_owned(),
        Some(coverage) => coverage.to_string(),
        None => "waiting".to_owned(),
    }
}

/// The connector and what of the path may be shown, harmless to a terminal.
pub(super) fn place(hit: &Hit<'_>) -> String {
    let slash = if hit.known.item.kind == ItemKind::Folder { "/" } else { "" };
    format!("{}:{}{slash}", hit.connector.name, printable(&hit.known.shown))
}

/// What JSON lines tell of an item wherever they name one.
pub(super) fn item_value(hit: &Hit<'_>) -> Value {
    let known = hit.known;
    json!({
        "item": known.number.0,
        "connector": hit.connector.name.as_str(),
        "provider": hit.connector.provider.name(),
        "id": &*known.item.id,
        "kind": kind_name(known.item.kind),
        "path": &*known.shown,
        "level": known.exposure.map(|told| told.level.name()),
        "level_known": known.exposure.is_some_and(|told| told.known),
    })
}

/// Adds keys to an object.
pub(super) fn with(mut value: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (value.as_object_mut(), more) {
        object.extend(more);
    }
    value
}

/// The answer as JSON lines spell it.
pub(super) fn answer_word(answer: Answer) -> &'static str {
    match answer {
        Answer::Yes => "yes",
        Answer::Unknown => "unknown",
        Answer::No => "no",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_typed_in_several_ways() {
        let now = Moment::parse("2026-06-15T12:00:00Z").unwrap();
        let rows = [
            ("2026-06-01", Ok("2026-06-01T23:59:59Z")),
            ("2026-06-15", Ok("2026-06-15T12:00:00Z")),
            ("2026-06-16", Err("lies ahead")),
            ("2026-06-15T11:00:00+00:00", Ok("2026-06-15T11:00:00Z")),
            ("7 days", Ok("2026-06-08T12:00:00Z")),
            ("now - 1 day", Ok("2026-06-14T12:00:00Z")),
            ("yesterday", Err("is no date")),
        ];
        for (typed, want) in rows {
            match (past("--as-of", Some(typed), now), want) {
                (Ok(at), Ok(want)) => assert_eq!(at.unwrap().to_string(), want, "{typed}"),
                (Err(Failed(said)), Err(want)) => assert!(said.contains(want), "{typed}: {said}"),
                (got, _) => panic!("{typed}: {got:?}"),
            }
        }
        assert_eq!(past("--as-of", None, now).unwrap_or_default(), None);
    }
}
