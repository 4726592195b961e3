//! What every content must yield: each body of the fill inspected once, by the local engine's inspector.

use sha1::{Digest, Sha1};
use sha2::Sha256;
use sluicebox::clock::Clock;
use sluicebox::content::{Content, Spool};
use sluicebox::detect::{Matcher, TokenKey};
use sluicebox::emulator::seed::{Fill, made_up};
use sluicebox::extract::cell::Cells;
use sluicebox::inspect::{Inspector, Options, Surroundings};
use sluicebox::model::{Coverage, Finding};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Findings as they can be compared: detector, token, confidence; sorted.
pub(super) type Told = Vec<(String, String, u8)>;

/// By the hex digits of the provider's hash of the body.
pub(crate) struct Oracle {
    by_hash: BTreeMap<String, (Coverage, Told)>,
    matcher: Arc<Matcher>,
    key: TokenKey,
}

impl Oracle {
    pub(super) fn new(fill: &Fill, matcher: &Arc<Matcher>, key: &TokenKey) -> Self {
        let mut oracle = Self { by_hash: BTreeMap::new(), matcher: Arc::clone(matcher), key: key.clone() };
        let bodies = fill.files.iter().map(|file| file.body.to_vec());
        oracle.add(bodies.chain((0..fill.made_up).map(made_up::body)));
        oracle
    }

    /// Further bodies, those of edits.
    pub(super) fn add(&mut self, bodies: impl IntoIterator<Item = Vec<u8>>) {
        let surroundings = Surroundings {
            spool: Spool::default(),
            cells: Cells::in_process(),
            clock: Clock::machine(),
            interrupt: Arc::default(),
        };
        let (matcher, key) = (Arc::clone(&self.matcher), self.key.clone());
        let mut inspector = Inspector::new(&matcher, &key, Options::default(), surroundings);
        for body in bodies {
            let (box_hash, dropbox_hash) = (hex(&Sha1::digest(&body)), hex(&blocks(&body)));
            if self.by_hash.contains_key(&box_hash) {
                continue;
            }
            let verdict = inspector.inspect(&Content::from_memory(body), "");
            let told = (verdict.coverage, told(verdict.findings.iter()));
            self.by_hash.insert(box_hash, told.clone());
            self.by_hash.insert(dropbox_hash, told);
        }
    }

    /// What a body with this hash must yield; `None` for what is made by the provider (exports).
    pub(super) fn of(&self, hash: &str) -> Option<&(Coverage, Told)> {
        self.by_hash.get(hash)
    }
}

pub(super) fn told<'f>(findings: impl Iterator<Item = &'f Finding>) -> Told {
    let row =
        |finding: &Finding| (finding.detector.to_string(), finding.token.to_string(), finding.confidence.percent());
    let mut all: Told = findings.map(row).collect();
    all.sort();
    all
}

/// Dropbox's content hash: SHA-256 over the SHA-256 of blocks of 4 MiB.
fn blocks(body: &[u8]) -> Vec<u8> {
    let all: Vec<u8> = body.chunks(4 << 20).flat_map(|block| Sha256::digest(block).to_vec()).collect();
    Sha256::digest(all).to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
