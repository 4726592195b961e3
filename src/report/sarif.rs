//! SARIF 2.1.0 (OASIS Static Analysis Results Interchange Format) for code hosts and result managers.
//!
//! Results are written as they come; what must stand after them (a notification for each file not wholly read) is kept
//! until the end, up to a bound. Messages name the detector, never a value: mask and excerpt are properties.

use super::harmless::write_json;
use super::out::Out;
use super::summary::exit_words;
use super::{FileReport, Lines, Options, Report, ReportError, RuleInfo, Summary, reason};
use crate::model::{Confidence, Coverage, Finding};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;

/// Notifications kept for the end; a last one tells how many more there were.
const NOTIFICATIONS_MAX: usize = 50_000;

/// The schema's published place (SARIF 2.1.0, Errata 01).
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// Writes one SARIF log with one run.
#[derive(Debug)]
pub struct Sarif {
    out: Out,
    version: String,
    rules: Vec<RuleInfo>,
    rule_index: HashMap<String, usize>,
    results: u64,
    notifications: Vec<(Coverage, String)>,
    notifications_left_out: u64,
}

impl Sarif {
    /// The log goes to `out`.
    #[must_use]
    pub fn new(out: Out, options: &Options) -> Self {
        let rules = options.rules.clone();
        let rule_index = rules.iter().enumerate().map(|(at, rule)| (rule.id.clone(), at)).collect();
        Self {
            out,
            version: options.version.clone(),
            rules,
            rule_index,
            results: 0,
            notifications: Vec::new(),
            notifications_left_out: 0,
        }
    }

    fn result(&mut self, uri: &str, finding: &Finding, fingerprint: &str) -> Result<(), ReportError> {
        let rule = self.rule_index.get(&*finding.detector).copied();
        let name = rule.map_or(&*finding.detector, |at| self.rules[at].name.as_str());
        let value = result(uri, finding, rule, name, fingerprint);
        self.out.write_all(if self.results == 0 { b"\n" } else { b",\n" })?;
        self.results += 1;
        Ok(write_json(&mut self.out, &value)?)
    }

    fn notify(&mut self, uri: String, coverage: Coverage) {
        if coverage == Coverage::Complete {
            return;
        }
        if self.notifications.len() < NOTIFICATIONS_MAX {
            self.notifications.push((coverage, uri));
        } else {
            self.notifications_left_out += 1;
        }
    }

    /// The invocation with all notifications, one at a time: as values at once they would take far more memory.
    fn write_invocation(&mut self, summary: &Summary) -> Result<(), ReportError> {
        let mut comma: &[u8] = b"";
        self.out.write_all(b"{\"toolExecutionNotifications\":[")?;
        for (coverage, uri) in std::mem::take(&mut self.notifications) {
            let Some(value) = notification(coverage, &uri) else { continue };
            self.out.write_all(comma)?;
            write_json(&mut self.out, &value)?;
            comma = b",\n";
        }
        if self.notifications_left_out > 0 {
            let text = format!("{} more files were not wholly read", self.notifications_left_out);
            self.out.write_all(comma)?;
            let value = json!({"level": "warning", "message": {"text": text}, "descriptor": {"id": "more"}});
            write_json(&mut self.out, &value)?;
        }
        self.out.write_all(b"]")?;
        for (key, value) in invocation(summary) {
            write!(self.out, ",\"{key}\":")?;
            write_json(&mut self.out, &value)?;
        }
        Ok(self.out.write_all(b"}")?)
    }
}

impl Report for Sarif {
    fn begin(&mut self) -> Result<(), ReportError> {
        let rules: Vec<Value> = self.rules.iter().map(rule_value).collect();
        let driver = json!({"name": "sluicebox", "semanticVersion": self.version, "rules": rules});
        write!(self.out, "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":")?;
        write_json(&mut self.out, &json!({ "driver": driver }))?;
        Ok(self.out.write_all(b",\n\"columnKind\":\"unicodeCodePoints\",\"results\":[")?)
    }

    fn file(&mut self, file: &FileReport) -> Result<(), ReportError> {
        let uri = uri(&file.path);
        let mut seen: HashMap<String, u64> = HashMap::new();
        for finding in &file.verdict.findings {
            let digest = fingerprint(&file.path, finding);
            let nth = seen.entry(digest.clone()).or_default();
            *nth += 1;
            let fingerprint = format!("{digest}:{nth}");
            self.result(&uri, finding, &fingerprint)?;
        }
        self.notify(uri, file.verdict.coverage);
        Ok(self.out.file_done()?)
    }

    fn append(&mut self, lines: &Lines) -> Result<(), ReportError> {
        self.out.write_all(&lines.bytes)?;
        Ok(self.out.file_done()?)
    }

    fn end(&mut self, summary: &Summary) -> Result<(), ReportError> {
        self.out.write_all(b"],\n\"invocations\":[")?;
        self.write_invocation(summary)?;
        self.out.write_all(b"],\n\"properties\":")?;
        write_json(&mut self.out, &json!({ "summary": summary }))?;
        self.out.write_all(b"}]}\n")?;
        Ok(self.out.flush()?)
    }

    fn reader_gone(&self) -> bool {
        self.out.gone()
    }
}

fn rule_value(rule: &RuleInfo) -> Value {
    let why = if rule.why.is_empty() { &rule.name } else { &rule.why };
    json!({
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": rule.name},
        "fullDescription": {"text": why},
        "help": {"text": format!("{why}\nOpen the place, and remove or protect the value if it should not be there.")},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": rule.tags},
    })
}

fn level(confidence: Confidence) -> &'static str {
    match confidence.band() {
        "high" => "error",
        "medium" => "warning",
        _ => "note",
    }
}

fn result(uri: &str, finding: &Finding, rule: Option<usize>, name: &str, fingerprint: &str) -> Value {
    let band = finding.confidence.band();
    let mut physical = Map::new();
    physical.insert("artifactLocation".to_owned(), json!({ "uri": uri }));
    if let Some(region) = region(finding) {
        physical.insert("region".to_owned(), region);
    }
    let mut location = Map::new();
    location.insert("physicalLocation".to_owned(), Value::Object(physical));
    if let Some(step) = finding.location.steps.last() {
        let place = json!([{"name": step, "fullyQualifiedName": finding.location.to_string()}]);
        location.insert("logicalLocations".to_owned(), place);
    }
    let mut result = Map::new();
    result.insert("ruleId".to_owned(), json!(&*finding.detector));
    if let Some(at) = rule {
        result.insert("ruleIndex".to_owned(), json!(at));
    }
    let text = format!("{}, confidence {} ({band})", message_text(name), finding.confidence);
    result.insert("level".to_owned(), json!(level(finding.confidence)));
    result.insert("rank".to_owned(), json!(f64::from(finding.confidence.percent())));
    result.insert("message".to_owned(), json!({ "text": text }));
    result.insert("locations".to_owned(), json!([location]));
    result.insert("partialFingerprints".to_owned(), json!({ "sluicebox/v1": fingerprint }));
    result.insert("properties".to_owned(), properties(finding));
    Value::Object(result)
}

/// A place in a file that is its own text. The two ends are given in characters and bytes; line and column mark the
/// start only, since a verdict does not keep where in the lines a match ends.
fn region(finding: &Finding) -> Option<Value> {
    let own = finding.own_text?;
    Some(json!({
        "startLine": own.line,
        "startColumn": own.column,
        "charOffset": finding.start,
        "charLength": finding.end.saturating_sub(finding.start),
        "byteOffset": own.byte_start,
        "byteLength": own.byte_end.saturating_sub(own.byte_start),
    }))
}

fn properties(finding: &Finding) -> Value {
    let evidence: Vec<Value> = finding
        .evidence
        .iter()
        .map(|one| json!({"name": &*one.name, "distance": one.distance, "before": one.before}))
        .collect();
    json!({
        "confidence": finding.confidence.percent(),
        "tier": &*finding.tier,
        "part": &*finding.part,
        "start": finding.start,
        "end": finding.end,
        "mask": finding.mask.as_str(),
        "token": finding.token.as_str(),
        "excerpt": finding.excerpt.as_str(),
        "evidence": evidence,
    })
}

/// A name for a message: brackets and backslashes would be read as links (3.11.6), braces as placeholders (3.11.5).
fn message_text(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '[' | ']' | '\\' => text.extend(['\\', c]),
            '{' | '}' => text.extend([c, c]),
            c => text.push(c),
        }
    }
    text
}

fn notification(coverage: Coverage, uri: &str) -> Option<Value> {
    let why = coverage.reason()?;
    Some(json!({
        "descriptor": {"id": why.to_string()},
        "level": if why.is_no_gap() { "note" } else { "warning" },
        "message": {"text": format!("{}: {}", coverage.state(), reason::advice(why))},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri}}}],
    }))
}

fn invocation(summary: &Summary) -> Vec<(&'static str, Value)> {
    let mut fields = vec![
        ("executionSuccessful", json!(!summary.interrupted && summary.exit_code != 2)),
        ("exitCode", json!(summary.exit_code)),
        ("exitCodeDescription", json!(exit_words(summary))),
    ];
    fields.extend(summary.started_utc.as_ref().map(|started| ("startTimeUtc", json!(started))));
    fields.push(("properties", json!({"links_not_followed": summary.links_not_followed})));
    fields
}

/// What makes a finding the same in the next scan: SHA-256 over path, detector, token and the chain of steps, with the
/// numbers of the last step (row, paragraph, cell) left out. Neither offsets nor line numbers take part, so text that is
/// inserted above changes nothing; equal values in one place are told apart by the count that the caller appends.
fn fingerprint(path: &str, finding: &Finding) -> String {
    let mut hash = Sha256::new();
    let mut field = |text: &str| {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(text.as_bytes());
    };
    field(path);
    field(&finding.detector);
    field(finding.token.as_str());
    field(&finding.part);
    if let Some((last, before)) = finding.location.steps.split_last() {
        before.iter().for_each(|step| field(step));
        field(&last.replace(|c: char| c.is_ascii_digit(), ""));
    }
    let digest = hash.finalize();
    digest.iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// A path as a URI reference (RFC 3986): absolute ones under `file:`, relative ones relative, everything else than
/// unreserved characters and `/` encoded. On Windows `\` separates and a drive or server is kept.
fn uri(path: &str) -> String {
    let slashed;
    let path = if cfg!(windows) {
        slashed = path.replace('\\', "/");
        &slashed
    } else {
        path
    };
    let drive = cfg!(windows) && path.as_bytes().get(1) == Some(&b':');
    let mut uri = String::with_capacity(path.len() + 8);
    match (path.starts_with('/'), drive) {
        (true, _) => uri.push_str("file://"),
        (false, true) => uri.push_str("file:///"),
        (false, false) => {}
    }
    for (at, byte) in path.bytes().enumerate() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            b':' if drive && at == 1 => uri.push(':'),
            // Writing to a String cannot fail.
            byte => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn paths_become_uri_references() {
        let rows = [
            ("a/b.txt", "a/b.txt"),
            ("./a b.txt", "./a%20b.txt"),
            ("/srv/ä#?.csv", "file:///srv/%C3%A4%23%3F.csv"),
            ("c:d/e", "c%3Ad/e"),
            ("=cmd|'x'\n\u{1b}", "%3Dcmd%7C%27x%27%0A%1B"),
            ("back\\slash%41", "back%5Cslash%2541"),
        ];
        for (path, expected) in rows {
            assert_eq!(uri(path), expected);
        }
    }

    #[test]
    fn a_name_in_a_message_is_no_link_and_no_placeholder() {
        assert_eq!(message_text("a [b](1) {0} \\"), "a \\[b\\](1) {{0}} \\\\");
    }
}
