//! Shows a found value: the only way by which one ever leaves its file.
//!
//! Nothing stored leads back to a value, so the pinned version is read again, its text made anew, and the value taken from the
//! finding's place. It is shown only if its token is the finding's: what stands there now is then what was found. The audit
//! entry is durable before the first byte is asked for; who reveals in vain is written down too.

use super::trace::each_holder;
use crate::cli::ask::Opened;
use crate::cli::connect::{self, Patience};
use crate::cli::{Failed, cells, key, service, shown, stop};
use crate::clock::Clock;
use crate::content::{Budget, Content, Spool, Stop};
use crate::detect::TokenKey;
use crate::engine::control::{Answer, Command};
use crate::extract::{Edge, PartHead};
use crate::inspect::walk::{Visitor, walk};
use crate::model::{ConnectorName, Finding, ItemKind, Place};
use crate::provider::Wanted;
use crate::report::harmless::printable;
use crate::rule::normalise::{canonical_value, normalise};
use crate::rule::syntax::Canonical;
use crate::store::{FindingRow, Known};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io::{IsTerminal, Write};

/// Characters of a reason.
const REASON_CHARS_MAX: usize = 1_000;
/// Bytes hashed at once.
const STEP_BYTES: usize = 64 << 10;
/// Characters of a value that are shown at most.
const VALUE_CHARS_MAX: u64 = 10_000;

/// Refuses what may not be done at all, before anything is opened.
pub(super) fn allowed(reason: &str, format: &str) -> Result<(), Failed> {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() || format != "text" {
        return Err(Failed::new(
            "--reveal shows a value on a terminal only, as text\n  run it there; without --reveal the finding can be shown anywhere",
        ));
    }
    let length = reason.trim().chars().count();
    if !(1..=REASON_CHARS_MAX).contains(&length) {
        return Err(Failed::new(format!("--reason must say why, in up to {REASON_CHARS_MAX} characters")));
    }
    Ok(())
}

/// Writes the audit entry, reads the version again and shows the value.
pub(super) fn reveal(opened: &Opened, row: &FindingRow, reason: &str) -> Result<(), Failed> {
    let (known, name) = holder(opened, row)?;
    let key = key::load_existing(opened.config.service().token_key_file.as_deref())?.token;
    let connector = opened.config.get(&name)?;
    let stop = stop::on_signals()?;
    let clock = Clock::machine();
    let tenant = connect::opened(&opened.config, connector, &clock, &stop, Patience::Watched)?;
    let number = audit(opened, row, &known, reason)?;

    let failed = |why: &dyn std::fmt::Display| Failed::new(format!("the value was not shown: {why}"));
    let mut body = tenant.source.open(&Wanted::of(&known.item)).map_err(|error| failed(&error))?;
    let spool = Spool::default();
    let (content, cut) = spool.take(&mut body);
    if let Some(error) = cut {
        return Err(failed(&error));
    }
    let reading = opened.store.reading(row.reading)?;
    if reading.is_none_or(|reading| sha256(&content).is_none_or(|hash| hash != reading.content)) {
        return Err(failed(
            &"the content is not the one in which it was found; it was read again under another version",
        ));
    }
    let budget = Budget::new(opened.config.limits().clone(), clock, stop, content.len());
    let mut search = Search::new(&row.finding, &key);
    let cells = cells::start_with(opened.config.cells().options(1, false), opened.config.ocr())?;
    walk(&content, &known.item.name, &budget, &spool, &cells, &mut search);
    let value = search.found.ok_or_else(|| failed(&"nothing with its token stands at its place any more"))?;
    let line = format!("{:<11} {}\n{:<11} #{number}\n", "revealed", printable(&value), "audit entry");
    std::io::stdout().lock().write_all(line.as_bytes()).map_err(|error| failed(&error))
}

/// A file that has the content now, at the version that was judged.
fn holder(opened: &Opened, row: &FindingRow) -> Result<(Known, ConnectorName), Failed> {
    let mut held = None;
    each_holder(opened, row, &mut |hit| {
        let known = hit.known;
        let pinned = known.judged_version == known.item.version;
        if held.is_none() && known.gone.is_none() && known.item.kind == ItemKind::File && pinned {
            held = Some((known.clone(), hit.connector.name.clone()));
        }
        Ok(())
    })?;
    held.ok_or_else(|| {
        Failed::new("the value cannot be shown: no file holds this content any more\n  it changed or went away since; its newest version has findings of its own")
    })
}

/// The number of the entry.
fn audit(opened: &Opened, row: &FindingRow, known: &Known, reason: &str) -> Result<u64, Failed> {
    let details = json!({
        "reason": reason.trim(),
        "detector": &*row.finding.detector,
        "item": known.number.0,
    });
    let entry = Command::Audit {
        act: "finding.reveal".to_owned(),
        about: format!("finding {}", row.number.0),
        details: details.to_string(),
    };
    match service::reach(&opened.config, "findings show")?.perform(&entry)? {
        Answer::Audited { number } => Ok(number),
        other => Err(Failed::new(format!(
            "the audit entry was not confirmed ({}); nothing was read",
            shown(format!("{other:?}"))
        ))),
    }
}

/// Our hash of a content; `None` when it cannot be read.
fn sha256(content: &Content) -> Option<[u8; 32]> {
    let mut hash = Sha256::new();
    let mut step = vec![0; STEP_BYTES];
    let mut at = 0;
    while at < content.len() {
        let length = step.len().min(usize::try_from(content.len() - at).unwrap_or(usize::MAX));
        content.read_exact_at(at, &mut step[..length]).ok()?;
        hash.update(&step[..length]);
        at += length as u64;
    }
    Some(hash.finalize().into())
}

/// Looks at the finding's characters in each part, until their token is the finding's.
struct Search<'a> {
    key: &'a TokenKey,
    token: &'a str,
    start: u64,
    end: u64,
    /// Characters of the open part so far.
    at: u64,
    slice: String,
    found: Option<String>,
}

impl<'a> Search<'a> {
    fn new(finding: &'a Finding, key: &'a TokenKey) -> Self {
        let end = finding.end.min(finding.start.saturating_add(VALUE_CHARS_MAX));
        let token = finding.token.as_str();
        Self { key, token, start: finding.start, end, at: 0, slice: String::new(), found: None }
    }

    fn take(&mut self, text: &str) {
        let length = text.chars().count() as u64;
        if self.at < self.end && self.start < self.at + length {
            let skip = usize::try_from(self.start.saturating_sub(self.at)).unwrap_or(usize::MAX);
            let until = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
            self.slice.extend(text.chars().take(until).skip(skip));
        }
        self.at += length;
    }

    /// Whether the characters are what was found.
    fn is_it(&self) -> bool {
        let value = normalise(&self.slice);
        let same = |canonical| self.key.token(&canonical_value(&value, canonical)).as_str() == self.token;
        !value.is_empty() && (same(Canonical::Exact) || same(Canonical::Alnum))
    }
}

impl Visitor for Search<'_> {
    fn open_part(&mut self, _: &[String], _: &PartHead) -> Result<(), Stop> {
        self.at = 0;
        self.slice.clear();
        Ok(())
    }

    fn push(&mut self, edge: Edge, _: &Place, text: &str, _: Option<u64>) -> Result<(), Stop> {
        if let Edge::Soft(separator) = edge {
            self.take(separator.encode_utf8(&mut [0; 4]));
        }
        self.take(text);
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        if self.found.is_none() && self.is_it() {
            self.found = Some(std::mem::take(&mut self.slice));
        }
        if self.found.is_some() { Err(Stop::Interrupted) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Confidence, Excerpt, Locator, Mask};
    use std::sync::Arc;

    fn finding(key: &TokenKey, value: &str, start: u64, end: u64) -> Finding {
        Finding {
            detector: "made.up".into(),
            confidence: Confidence::HIGH,
            tier: "only".into(),
            part: "text".into(),
            location: Arc::new(Locator::default()),
            start,
            end,
            own_text: None,
            mask: Mask::covered("****"),
            token: key.token(value),
            excerpt: Excerpt::covered("****"),
            evidence: Vec::new(),
            grounds: None,
        }
    }

    #[test]
    fn a_value_is_taken_from_its_place_and_known_by_its_token() {
        let key = TokenKey::new([3; 32], 1);
        let head = PartHead { name: "text".to_owned(), own_text: None, recovered: false };
        for (parts, value, start, end, found) in [
            (vec![vec!["id 4111 1111 x"]], "41111111", 3, 12, Some("4111 1111")),
            (vec![vec!["id ４１", "1x"]], "411", 3, 6, Some("４１1")),
            (vec![vec!["nothing here"], vec!["id secret!"]], "secret", 3, 9, Some("secret")),
            (vec![vec!["id public!"]], "secret", 3, 9, None),
            (vec![vec!["id"]], "secret", 3, 9, None),
        ] {
            let finding = finding(&key, value, start, end);
            let mut search = Search::new(&finding, &key);
            for part in parts {
                search.open_part(&[], &head).unwrap();
                for text in part {
                    search.push(Edge::Join, &Place::Whole, text, None).unwrap();
                }
                let _ = search.close_part();
            }
            assert_eq!(search.found.as_deref(), found, "{value}");
        }
    }
}
