//! What must be found, told without the service: each different content of the tenants, inspected where it was made.

use crate::cli::{Failed, cells};
use crate::clock::Clock;
use crate::content::{Content, Spool};
use crate::detect::{Matcher, TokenKey};
use crate::emulator::seed::Fill;
use crate::extract::cell;
use crate::inspect::{Inspector, Options, Surroundings};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What a tenant of this fill holds.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    /// Contents that differ.
    pub(super) contents: usize,
    /// For each file name: the detectors that find something in it, with their best confidence. Names that several files
    /// have are left out.
    pub(super) files: HashMap<String, BTreeMap<String, u8>>,
}

impl Oracle {
    /// Files among `names` in which a detector is at least so sure.
    pub(super) fn sure(&self, detector: &str, percent: u8, left_out: &HashSet<String>) -> usize {
        let sure = |found: &BTreeMap<String, u8>| found.get(detector).is_some_and(|best| *best >= percent);
        self.files.iter().filter(|(name, found)| !left_out.contains(*name) && sure(found)).count()
    }
}

/// Inspects each different content once.
///
/// # Errors
/// No cell can be started.
pub(super) fn ask(fill: &Fill, matcher: &Matcher) -> Result<Oracle, Failed> {
    let mut bodies: HashMap<&[u8], &str> = HashMap::new();
    for file in &fill.files {
        bodies.entry(&file.body).or_insert(file.path.last().map_or("", String::as_str));
    }
    let key = TokenKey::new([0; 32], 1);
    let surroundings = Surroundings {
        spool: Spool::default(),
        cells: cells::start(cell::Options::for_threads(rayon::current_num_threads()))?,
        clock: Clock::machine(),
        interrupt: Arc::new(AtomicBool::new(false)),
    };
    let inspector = || Inspector::new(matcher, &key, Options::default(), surroundings.clone());
    let found: HashMap<&[u8], BTreeMap<String, u8>> = bodies
        .into_par_iter()
        .map_init(inspector, |inspector, (body, name)| {
            let verdict = inspector.inspect(&Content::from_memory(body), name);
            let mut best: BTreeMap<String, u8> = BTreeMap::new();
            for finding in verdict.findings {
                let known = best.entry(finding.detector.to_string()).or_default();
                *known = (*known).max(finding.confidence.percent());
            }
            (body, best)
        })
        .collect();
    let mut times: HashMap<&str, u32> = HashMap::new();
    let name = |file: &'_ crate::emulator::seed::SeedFile| file.path.last().cloned().unwrap_or_default();
    for file in &fill.files {
        *times.entry(file.path.last().map_or("", String::as_str)).or_default() += 1;
    }
    let alone = fill.files.iter().filter(|file| times.get(&*name(file)) == Some(&1));
    let files = alone.map(|file| (name(file), found.get(&*file.body).cloned().unwrap_or_default())).collect();
    Ok(Oracle { contents: found.len(), files })
}
