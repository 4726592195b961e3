//! Marks in a text that say its line is fine: `sluicebox:allow`, and `gitleaks:allow` for credentials.
//!
//! `sluicebox:allow card.payment,id.us-*` allows these detectors alone.

use std::collections::BTreeMap;

const OURS: &str = "sluicebox:allow";
const FOREIGN: &str = "gitleaks:allow";

/// Marks by line.
#[derive(Debug, Default)]
pub(super) struct Marks {
    lines: BTreeMap<u64, Mark>,
}

#[derive(Debug)]
enum Mark {
    /// These detectors; all when there are none.
    Ours(Vec<String>),
    /// Credentials.
    Foreign,
}

impl Marks {
    /// Looks through the bytes of a file; lines end as a scan counts them.
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut lines = BTreeMap::new();
        for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
            let text = String::from_utf8_lossy(line);
            if let Some(at) = text.find(OURS) {
                lines.insert(number, Mark::Ours(detectors(&text[at + OURS.len()..])));
            } else if text.contains(FOREIGN) {
                lines.insert(number, Mark::Foreign);
            }
        }
        Self { lines }
    }

    /// True when a mark on this line concerns a detector.
    pub(super) fn allows(&self, line: u64, detector: &str, is_credential: bool) -> bool {
        match self.lines.get(&line) {
            None => false,
            Some(Mark::Foreign) => is_credential,
            Some(Mark::Ours(named)) => {
                named.is_empty() || named.iter().any(|pattern| super::super::labels::fits(pattern, detector))
            }
        }
    }
}

/// The ids that follow a mark directly: a word of ids and commas, each with a point in it.
fn detectors(rest: &str) -> Vec<String> {
    let Some(rest) = rest.strip_prefix([' ', '=', ':']) else { return Vec::new() };
    let word = rest.split_whitespace().next().unwrap_or_default();
    let ids: Vec<String> = word.split(',').map(str::to_owned).collect();
    let is_id = |id: &String| {
        let chars = id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-*".contains(&byte));
        chars && id.contains('.') && !id.starts_with('.') && !id.ends_with('.')
    };
    if ids.iter().all(is_id) { ids } else { Vec::new() }
}
