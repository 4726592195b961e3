//! What must be found, told without the service: each different content of the tenants, inspected where it was made.

use crate::clock::Clock;
use crate::content::{Content, Spool};
use crate::detect::{Matcher, TokenKey};
use crate::emulator::seed::Fill;
use crate::inspect::{Inspector, Options, Surroundings};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a tenant of this fill holds.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    /// Contents that differ.
    pub(super) contents: usize,
    /// For each file name: whether its content holds findings.
    pub(super) found: HashMap<String, bool>,
    /// Files by detector.
    pub(super) files_by_detector: BTreeMap<String, u64>,
}

impl Oracle {
    /// Files with findings.
    pub(super) fn with_findings(&self) -> usize {
        self.found.values().filter(|found| **found).count()
    }
}

/// Inspects each different content once.
pub(super) fn ask(fill: &Fill, matcher: &Matcher) -> Oracle {
    let mut bodies: HashMap<&Arc<[u8]>, &str> = HashMap::new();
    for file in &fill.files {
        bodies.entry(&file.body).or_insert(file.path.last().map_or("", String::as_str));
    }
    let key = TokenKey::new([0; 32], 1);
    let surroundings =
        Surroundings { spool: Spool::default(), clock: Clock::machine(), interrupt: Arc::new(AtomicBool::new(false)) };
    let inspector = || Inspector::new(matcher, &key, Options::default(), surroundings.clone());
    let found: HashMap<&Arc<[u8]>, Vec<String>> = bodies
        .into_par_iter()
        .map_init(inspector, |inspector, (body, name)| {
            let verdict = inspector.inspect(&Content::from_memory(body.to_vec()), name);
            let counted = verdict.counts.into_iter().filter(|count| count.total > 0);
            (body, counted.map(|count| count.detector.to_string()).collect())
        })
        .collect();
    let mut oracle = Oracle { contents: found.len(), ..Oracle::default() };
    for file in &fill.files {
        let detectors = found.get(&file.body).map(Vec::as_slice).unwrap_or_default();
        oracle.found.insert(file.path.last().cloned().unwrap_or_default(), !detectors.is_empty());
        for detector in detectors {
            *oracle.files_by_detector.entry(detector.clone()).or_default() += 1;
        }
    }
    oracle
}
