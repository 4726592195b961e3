//! One line of labels: its keys, their types, and what they say together.

use super::{Range64, Says, Where};
use crate::source::{Fault, SourceFile, did_you_mean};
use serde_json::{Map, Value};
use std::ops::Range;

/// Keys of a label.
const KEYS: [&str; 22] = [
    "file",
    "detector",
    "start",
    "end",
    "line",
    "column",
    "length",
    "part",
    "location",
    "tier",
    "confidence",
    "optional",
    "negative",
    "decoy",
    "also",
    "clean",
    "count",
    "unique",
    "note",
    "form",
    "locale",
    "distance",
];
/// Keys that say where.
const PLACE: [&str; 7] = ["start", "end", "line", "column", "length", "part", "location"];

/// A line that is an object of known keys.
pub(super) struct Typed<'a> {
    source: &'a SourceFile,
    /// Where the line stands, without its end.
    span: Range<usize>,
    line: &'a str,
    keys: Map<String, Value>,
}

/// The keys of a line that begins at byte `from` of its file.
///
/// # Errors
/// It is no JSON object, or has an unknown key.
pub(super) fn parse<'a>(source: &'a SourceFile, from: usize, line: &'a str) -> Result<Typed<'a>, Fault> {
    let line = line.trim_end();
    let span = from..from + line.len();
    let keys = match serde_json::from_str(line) {
        Ok(Value::Object(keys)) => keys,
        Ok(_) => {
            let fault = Fault::new("a label is a JSON object").at(source, span, "another kind of JSON");
            return Err(
                fault.help("write {\"file\": .., \"start\": .., \"end\": .., \"detector\": ..} on a line of its own")
            );
        }
        Err(why) => {
            let at = from + (why.column().saturating_sub(1)).min(line.len());
            let what = if why.is_eof() { "the line ends too early" } else { "JSON breaks off here" };
            let fault = Fault::new("this line is not JSON").at(source, at..at + 1, what);
            return Err(fault.help("each line is one whole JSON object; texts stand in double quotes"));
        }
    };
    let typed = Typed { source, span, line, keys };
    match typed.keys.keys().find(|key| !KEYS.contains(&key.as_str())) {
        None => Ok(typed),
        Some(key) => {
            let help = did_you_mean(key, KEYS).unwrap_or_else(|| format!("known keys: {}", KEYS.join(", ")));
            Err(typed.fault(key, format!("unknown key `{key}`")).help(help))
        }
    }
}

impl<'a> Typed<'a> {
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// True when the key is there and its text is empty.
    pub(super) fn is_empty(&self, key: &str) -> bool {
        self.keys.get(key).and_then(Value::as_str) == Some("")
    }

    /// A fault at a key.
    pub(super) fn fault(&self, key: &str, message: impl Into<String>) -> Fault {
        let quoted = format!("\"{key}\"");
        let mut found = self.line.match_indices(&quoted);
        let at = found.find(|(at, _)| self.line[at + quoted.len()..].trim_start().starts_with(':'));
        let at = self.span.start + at.map_or(0, |(at, _)| at);
        Fault::new(message).at(self.source, at..at + quoted.len(), "")
    }

    /// A fault of the line as a whole.
    pub(super) fn whole(&self, message: impl Into<String>) -> Fault {
        Fault::new(message).at(self.source, self.span.clone(), "")
    }

    /// A text, if the key is there.
    pub(super) fn text(&self, key: &str) -> Result<Option<&str>, Fault> {
        let Some(value) = self.keys.get(key) else { return Ok(None) };
        match value.as_str() {
            Some("") => {
                Err(self.fault(key, format!("`{key}` is empty")).help("write what is meant, or leave the key out"))
            }
            Some(text) => Ok(Some(text)),
            None => Err(self.fault(key, format!("`{key}` takes a text")).help("put it in double quotes")),
        }
    }

    /// Texts in brackets; none when the key is not there.
    pub(super) fn texts(&self, key: &str) -> Result<Vec<&str>, Fault> {
        let Some(value) = self.keys.get(key) else { return Ok(Vec::new()) };
        let texts = value.as_array().and_then(|all| all.iter().map(Value::as_str).collect());
        texts.ok_or_else(|| {
            self.fault(key, format!("`{key}` takes texts in brackets"))
                .help("write [\"ID\", \"ID\"], or leave the key out")
        })
    }

    /// A whole number, if the key is there.
    pub(super) fn number(&self, key: &str) -> Result<Option<u64>, Fault> {
        let Some(value) = self.keys.get(key) else { return Ok(None) };
        let fault = || {
            let help = "write it without quotes, sign and decimal point";
            self.fault(key, format!("`{key}` takes a whole number")).help(help)
        };
        value.as_u64().map(Some).ok_or_else(fault)
    }

    /// A flag; false when the key is not there.
    pub(super) fn flag(&self, key: &str) -> Result<bool, Fault> {
        let Some(value) = self.keys.get(key) else { return Ok(false) };
        value
            .as_bool()
            .ok_or_else(|| self.fault(key, format!("`{key}` takes true or false")).help("write it without quotes"))
    }

    /// The first of some keys that is there.
    fn first(&self, keys: &[&'static str]) -> Option<&'static str> {
        keys.iter().copied().find(|key| self.has(key))
    }
}

/// What a line says.
///
/// # Errors
/// Its keys do not go together.
pub(super) fn says(typed: &Typed<'_>) -> Result<Says, Fault> {
    let negative = typed.flag("negative")? || typed.has("decoy");
    let optional = typed.flag("optional")? || typed.text("tier")? == Some("none");
    if negative && optional {
        let help = "negative: nothing is here; optional: a value is here and need not be found";
        return Err(typed.fault("optional", "a label is `negative` or `optional`, not both").help(help));
    }
    if typed.flag("clean")? {
        return match typed.first(&["detector", "start", "line", "part", "count", "unique", "tier", "confidence"]) {
            None => Ok(Says::Clean),
            Some(key) => {
                let help = "a file that holds nothing of one detector: \"negative\": true with `detector` alone";
                Err(typed.fault(key, format!("`clean` says that nothing is in the file; `{key}` says more")).help(help))
            }
        };
    }
    let (count, unique) = (typed.number("count")?, typed.number("unique")?);
    let says = match (count, unique) {
        (None, None) => return spot(typed, negative, optional),
        (Some(_), Some(_)) => {
            let help = "make two lines of it";
            return Err(typed.fault("unique", "a label has `count` or `unique`, not both").help(help));
        }
        (Some(count), None) => Says::Count(count),
        (None, Some(unique)) => Says::Unique(unique),
    };
    match typed.first(&PLACE).or_else(|| typed.first(&["negative", "optional"])) {
        None => Ok(says),
        Some(key) => {
            let fault = typed.fault(key, format!("a count is of the whole file; `{key}` does not go with it"));
            Err(fault.help("leave it out, or label each place"))
        }
    }
}

/// A label with a place, or a negative one without.
fn spot(typed: &Typed<'_>, negative: bool, optional: bool) -> Result<Says, Fault> {
    let at = place(typed)?;
    match at {
        at if negative => Ok(Says::Negative { at }),
        Some(at) => Ok(Says::Span { at, optional }),
        None => {
            let help =
                "give `start` and `end` in bytes, or `line`, `column` and `length`, or `count` for the whole file";
            Err(typed.whole("a label that does not say where").help(help))
        }
    }
}

fn place(typed: &Typed<'_>) -> Result<Option<Where>, Fault> {
    let (start, end) = (typed.number("start")?, typed.number("end")?);
    let (part, location) = (typed.text("part")?, typed.text("location")?);
    if let Some(line) = typed.number("line")? {
        if let Some(key) = typed.first(&["start", "end", "part", "location"]) {
            let help = "`line` goes with `column` and `length`; bytes and parts with `start` and `end`";
            return Err(typed.fault(key, "a place is said in two ways").help(help));
        }
        return on_line(typed, line).map(Some);
    }
    if let Some(key) = typed.first(&["column", "length"]) {
        return Err(typed.fault(key, format!("`{key}` without `line`")).help("give the line too, from 1"));
    }
    let range = match (start, end) {
        (None, None) => match typed.first(&["part", "location"]) {
            None => return Ok(None),
            Some(key) => {
                let help = "give `start` and `end` in characters of the part, as `sluicebox extract` prints it";
                return Err(typed.fault(key, format!("`{key}` without a place in it")).help(help));
            }
        },
        (Some(_), None) => {
            return Err(typed.fault("start", "`start` without `end`").help("`end` is one after the last"));
        }
        (None, Some(_)) => return Err(typed.fault("end", "`end` without `start`").help("both count from 0")),
        (Some(start), Some(end)) if start >= end => {
            let help = "`end` is one after the last: a value of nine that begins at 0 ends at 9";
            return Err(typed.fault("end", "a label ends before it begins").help(help));
        }
        (Some(start), Some(end)) => Range64 { start, end },
    };
    match (part, location) {
        (None, None) => Ok(Some(Where::Bytes(range))),
        (None, Some(_)) => {
            let help = "name the part, as `scan --format jsonl` does";
            Err(typed.fault("location", "`location` without `part`").help(help))
        }
        (Some(part), location) => {
            Ok(Some(Where::Part { part: part.to_owned(), location: location.map(str::to_owned), chars: range }))
        }
    }
}

fn on_line(typed: &Typed<'_>, line: u64) -> Result<Where, Fault> {
    let missing = |key| {
        let help = "a place on a line is `line`, `column` and `length`, the last two in characters";
        typed.fault("line", format!("`line` without `{key}`")).help(help)
    };
    let column = typed.number("column")?.ok_or_else(|| missing("column"))?;
    let length = typed.number("length")?.ok_or_else(|| missing("length"))?;
    for (key, number) in [("line", line), ("column", column), ("length", length)] {
        if number == 0 {
            return Err(typed.fault(key, format!("`{key}` is 0")).help("lines and columns count from 1"));
        }
    }
    Ok(Where::Line(line, Range64 { start: column, end: column.saturating_add(length) }))
}
