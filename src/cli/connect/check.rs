//! `connect test`: each capability apart, with the next click where one is missing.

use super::open::{Patience, open};
use super::title;
use crate::cli::config::{Config, Connector, write_private};
use crate::cli::rules::print;
use crate::cli::{EXIT_FAILED, Failed, shown};
use crate::clock::{Clock, Moment};
use crate::model::ConnectorName;
use crate::provider::{Capability, CapabilityState};
use crate::report::harmless::one_line;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;

/// Capabilities without which nothing can be read; the others are for acting.
const READING_NEEDS: [&str; 4] = ["account", "people", "feed", "read as another user"];
/// Characters of a line of the table.
const LINE_CHARS_MAX: usize = 110;
/// Name of the file that keeps the last test's outcome.
const LAST_TEST: &str = "last-test.json";

/// Flags of `connect test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit code: 0 all that reading needs works; 2 something of it is missing.")]
pub(super) struct Args {
    /// The connector; default all that are switched on
    name: Option<ConnectorName>,
    /// Output format: text, json
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = ["text", "json"])]
    format: String,
}

/// The outcome of one connector's test.
#[derive(Debug)]
pub(super) struct Tested {
    capabilities: Vec<Capability>,
}

impl Tested {
    /// True when all that reading needs works, with gaps or without.
    pub(super) fn can_read(&self) -> bool {
        !self.capabilities.is_empty() && self.missing().next().is_none()
    }

    /// What reading needs and does not have.
    fn missing(&self) -> impl Iterator<Item = &'static str> {
        let missing = |one: &&Capability| matches!(one.state, CapabilityState::Missing(_));
        self.capabilities.iter().filter(missing).map(|one| one.name).filter(|name| READING_NEEDS.contains(name))
    }

    /// True when what is missing came with its next step.
    fn is_advised(&self, name: &str) -> bool {
        let of = |one: &&Capability| one.name == name && matches!(one.state, CapabilityState::Missing(_));
        self.capabilities
            .iter()
            .filter(of)
            .map(|one| words(&one.state).1)
            .any(|text| text.contains(": ") || text.contains('\n'))
    }

    /// The row of JSON output.
    fn row(&self, connector: &Connector) -> Value {
        let capabilities: Vec<Value> = self
            .capabilities
            .iter()
            .map(|one| {
                let (state, text) = words(&one.state);
                json!({"name": one.name, "state": state, "text": text, "needed_for_reading": READING_NEEDS.contains(&one.name)})
            })
            .collect();
        json!({
            "schema": "sluicebox.connect-test/1",
            "connector": connector.name().as_str(),
            "provider": connector.provider().name(),
            "can_read": self.can_read(),
            "capabilities": capabilities,
        })
    }

    /// The table for people.
    fn table(&self, connector: &Connector, place: &str) -> String {
        let mut out = format!("{} ({}, {place})\n", connector.name(), title(connector.provider()));
        let width = self.capabilities.iter().map(|one| one.name.len()).max().unwrap_or(0);
        let mut said: Vec<&str> = Vec::new();
        for one in &self.capabilities {
            let (state, text) = words(&one.state);
            let repeated = said.contains(&text) && !matches!(one.state, CapabilityState::Works(_));
            let text = if repeated { "the same" } else { text };
            said.push(text);
            let lines = wrapped(text, LINE_CHARS_MAX.saturating_sub(width + 13));
            let text = lines.join(&format!("\n{:indent$}", "", indent = width + 13));
            let _ = writeln!(out, "  {:width$}  {state:7}  {text}", one.name);
        }
        let missing: Vec<&str> = self.missing().collect();
        let gaps = self.capabilities.iter().any(|one| !matches!(one.state, CapabilityState::Works(_)));
        out.push_str(&match (missing.is_empty(), gaps) {
            (true, false) => "Everything works.\n".to_owned(),
            (true, true) => "All that reading needs works.\n".to_owned(),
            (false, _) => format!("Reading needs what is missing: {}.\n", missing.join(", ")),
        });
        // What has advice of its own may be no matter of credentials at all: a dead host, a certificate.
        if missing.contains(&"account") && !self.is_advised("account") {
            let (provider, name) = (connector.provider(), connector.name());
            let _ = writeln!(out, "To give the credentials anew: sluicebox connect {provider} {name} --again");
        }
        out
    }
}

/// Text in lines of so many characters at most, where its words allow; its own line ends stay, and each line is harmless.
fn wrapped(text: &str, chars_max: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut filled = String::new();
        for word in words_of(&one_line(line)) {
            if !filled.is_empty() && filled.chars().count() + 1 + word.chars().count() > chars_max {
                lines.push(std::mem::take(&mut filled));
            }
            if !filled.is_empty() {
                filled.push(' ');
            }
            filled.push_str(&word);
        }
        lines.push(filled);
    }
    lines
}

/// The words of a line. A command in backticks is one: it is to be copied whole.
fn words_of(line: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut within = false;
    for word in line.split_whitespace() {
        match words.last_mut().filter(|_| within) {
            Some(last) => {
                last.push(' ');
                last.push_str(word);
            }
            None => words.push(word.to_owned()),
        }
        within ^= word.matches('`').count() % 2 == 1;
    }
    words
}

fn words(state: &CapabilityState) -> (&'static str, &str) {
    match state {
        CapabilityState::Works(text) => ("works", text),
        CapabilityState::Partial(text) => ("partial", text),
        CapabilityState::Missing(text) => ("missing", text),
    }
}

pub(super) fn run(config: &Config, args: &Args) -> Result<u8, Failed> {
    let chosen: Vec<&Connector> = match &args.name {
        Some(name) => vec![config.get(name)?],
        None => config.connectors().iter().filter(|connector| connector.enabled).collect(),
    };
    if chosen.is_empty() {
        return Err(Failed::new(format!(
            "there is no connector to test in {}; begin with `sluicebox connect box NAME` or `sluicebox connect dropbox NAME`",
            shown(config.path())
        )));
    }
    let mut code = 0;
    for connector in chosen {
        match test(config, connector) {
            Ok(tested) => {
                code = code.max(if tested.can_read() { 0 } else { EXIT_FAILED });
                show(config, connector, &tested, args.format == "json")?;
            }
            // The others are tested all the same.
            Err(Failed(message)) => {
                eprintln!("{message}");
                code = EXIT_FAILED;
            }
        }
    }
    Ok(code)
}

/// Prints an outcome.
pub(super) fn show(config: &Config, connector: &Connector, tested: &Tested, json: bool) -> Result<(), Failed> {
    match json {
        true => print(&format!("{}\n", tested.row(connector))),
        false => print(&tested.table(connector, &config.place(connector))),
    }
}

/// Tests one connector and keeps the outcome for `connect list`.
///
/// # Errors
/// When it cannot be opened at all.
pub(super) fn test(config: &Config, connector: &Connector) -> Result<Tested, Failed> {
    let opened = open(config, connector, Patience::Watched)?;
    let tested = Tested { capabilities: opened.source.probe() };
    let last = json!({
        "at_ms": opened.clock.now().as_millis(),
        "can_read": tested.can_read(),
        "account": tested.capabilities.iter().find(|one| one.name == "account").map(|one| words(&one.state).1),
    });
    // Only a convenience of `connect list`: a folder that cannot be written is told by what needs it.
    let _ = write_private(&config.folder(connector.name()).join(LAST_TEST), &format!("{last}\n"));
    Ok(tested)
}

/// The last test of a connector, as it was kept.
#[derive(Debug)]
pub(super) struct LastTest {
    /// When.
    pub(super) at: Moment,
    /// Whether all that reading needs worked.
    pub(super) can_read: bool,
    /// What was seen of the account.
    pub(super) account: Option<String>,
}

impl LastTest {
    /// Reads it from a connector's folder.
    pub(super) fn read(folder: &Path) -> Option<Self> {
        let value: Value = serde_json::from_slice(&std::fs::read(folder.join(LAST_TEST)).ok()?).ok()?;
        Some(Self {
            at: Moment::from_millis(value.get("at_ms")?.as_i64()?),
            can_read: value.get("can_read")?.as_bool()?,
            account: value
                .get("account")
                .and_then(Value::as_str)
                .map(|text| text.lines().next().unwrap_or_default().to_owned()),
        })
    }

    /// In words: `works, 3 h ago`.
    pub(super) fn words(&self, clock: &Clock) -> String {
        let ago = clock.now().since(self.at).as_secs();
        let ago = match ago {
            0..60 => "just now".to_owned(),
            60..3_600 => format!("{} min ago", ago / 60),
            3_600..172_800 => format!("{} h ago", ago / 3_600),
            _ => format!("{} days ago", ago / 86_400),
        };
        format!("{}, {ago}", if self.can_read { "works" } else { "does not work" })
    }
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn long_texts_are_wrapped_at_words_and_keep_their_lines() {
        for (text, lines) in [
            ("", vec![]),
            ("one two three", vec!["one two", "three"]),
            ("one\n  click here", vec!["one", "click", "here"]),
            ("do `a b c`; d", vec!["do", "`a b c`;", "d"]),
            ("unbreakable-word x", vec!["unbreakable-word", "x"]),
        ] {
            assert_eq!(wrapped(text, 8), lines, "{text}");
        }
    }
}
