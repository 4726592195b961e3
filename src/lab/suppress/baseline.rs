//! What was found before: a file of finding ids. New findings stand out against it.
//!
//! Ids hold under one key of tokens; the file says under which, so that a scan with another key is refused and does not
//! report all of it again.

use super::place;
use crate::detect::TokenKey;
use crate::model::Finding;
use crate::report::identity::FindingId;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SCHEMA: &str = "sluicebox.baseline/1";
/// Tells by its token whether a key is the one of the file.
const CHECK: &str = "sluicebox baseline key";

/// Findings that are known.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    ids: BTreeSet<FindingId>,
}

impl Baseline {
    /// Reads a file that [`head`] and [`lines`] wrote.
    ///
    /// # Errors
    /// The line that is wrong, from 1 (0: the file as a whole), and why; nothing of its text.
    pub fn parse(text: &str, key: &TokenKey) -> Result<Self, (usize, String)> {
        let mut ids = BTreeSet::new();
        let mut lines = text.lines().enumerate();
        let first = lines.next().and_then(|(_, line)| serde_json::from_str::<Value>(line).ok());
        let first = first.filter(|head| head["schema"] == SCHEMA);
        let Some(head) = first else {
            return Err((1, "this is no baseline; `scan --write-baseline FILE` writes one".to_owned()));
        };
        if head["key"].as_str() != Some(key.token(CHECK).as_str()) {
            let why =
                "it was written under another key of tokens; name that one by --key-file, or write a new baseline";
            return Err((1, why.to_owned()));
        }
        for (at, line) in lines.filter(|(_, line)| !line.trim().is_empty()) {
            let row: Value =
                serde_json::from_str(line).map_err(|why| (at + 1, format!("column {}: not JSON", why.column())))?;
            let id = row["id"].as_str().and_then(|id| id.parse().ok());
            ids.insert(id.ok_or_else(|| (at + 1, "no `id` of 32 hexadecimal digits".to_owned()))?);
        }
        Ok(Self { ids })
    }

    /// True for a known finding.
    #[must_use]
    pub fn has(&self, id: FindingId) -> bool {
        self.ids.contains(&id)
    }

    /// How many findings it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// True when it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// The first line of a baseline.
#[must_use]
pub fn head(key: &TokenKey) -> String {
    format!("{}\n", json!({"schema": SCHEMA, "key": key.token(CHECK).as_str()}))
}

/// The lines of one file's findings. Only the id counts; the rest is for whoever reads the file.
pub(super) fn lines(path: &str, findings: &[Finding], ids: &[FindingId]) -> String {
    let row = |(finding, id): (&Finding, &FindingId)| {
        json!({
            "id": id.to_string(), "detector": &*finding.detector, "tier": &*finding.tier,
            "path": path, "place": place(finding),
        })
    };
    findings.iter().zip(ids).map(row).map(|row| format!("{row}\n")).collect()
}
