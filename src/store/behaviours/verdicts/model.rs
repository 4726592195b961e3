//! Random work beside a simple model of it: listings, edits, deletions, claims, late and double settlements, asks, crashes.
//! Once nothing waits, each file's newest version must have exactly the verdict that the model says.

use super::super::{claim, page, walk};
use super::*;
use std::collections::BTreeMap;

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        // Knuth's MMIX multiplier; the upper bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn one<T>(&mut self, of: &mut Vec<T>) -> Option<T> {
        let bound = u64::try_from(of.len()).unwrap();
        if bound == 0 {
            return None;
        }
        Some(of.swap_remove(usize::try_from(self.below(bound)).unwrap()))
    }
}

/// Files of the trial.
const FILES: u64 = 5;
/// Rounds of one trial.
const STEPS: u64 = 60;
/// Trials.
const TRIALS: u64 = 12;

/// A file in the model: its newest version, `None` while it is not there.
type Files = BTreeMap<u64, Option<u64>>;

struct Trial<'s> {
    stand: &'s mut Stand,
    of: ConnectorNumber,
    rules: RulesNumber,
    dice: Dice,
    files: Files,
    versions: u64,
    held: Vec<Job>,
}

/// What a version holds: half of all versions share their content with another.
fn content(version: &str) -> u8 {
    let number: u64 = version.trim_start_matches('v').parse().unwrap();
    u8::try_from(number / 2 % 200).unwrap()
}

fn holds(content: u8) -> Verdict {
    let findings: Vec<Finding> = (0..u64::from(content % 3)).map(|at| finding("card", 85, at * 30)).collect();
    Verdict { coverage: Coverage::Complete, sniffed: "text", ..verdict(&findings) }
}

impl Trial<'_> {
    fn list(&mut self, id: u64, version: u64) {
        let file = file(&id.to_string(), &format!("v{version}"));
        self.stand.list(self.of, &[file]);
        self.files.insert(id, Some(version));
    }

    fn edit(&mut self) {
        let id = self.dice.below(FILES);
        self.versions += 1;
        self.list(id, self.versions);
    }

    fn number(&self, id: u64) -> Option<ItemNumber> {
        let found = self.stand.store.find(self.of, crate::model::ItemKind::File, &id.to_string()).unwrap();
        found.map(|known| known.number)
    }

    fn step(&mut self) {
        let id = self.dice.below(FILES);
        match self.dice.below(12) {
            0 | 1 => self.edit(),
            2 => {
                if let Some(number) = self.number(id) {
                    self.stand.store.item_gone(number).unwrap();
                    self.files.insert(id, None);
                }
            }
            3 => {
                if let Some(number) = self.number(id).filter(|_| self.files[&id].is_some()) {
                    let todo = if self.dice.below(2) == 0 { Todo::SHARING } else { Todo::CONTENT };
                    self.stand.store.ask(&[Ask { todo, ..ask(number) }]).unwrap();
                }
            }
            4 | 5 => {
                let max = usize::try_from(self.dice.below(3) + 1).unwrap();
                self.held.extend(self.stand.claim(self.of, max));
            }
            6 => drop(self.dice.one(&mut self.held)),
            // Leases of those who stand still are over.
            7 => self.stand.clock.advance(Duration::from_secs(self.dice.below(5_000))),
            8 if self.dice.below(4) == 0 => self.stand.crash(),
            9 => {
                if let Some(job) = self.dice.one(&mut self.held) {
                    // Ends the same job twice: the second time it must count for nothing.
                    self.settle(&job);
                    self.settle(&job);
                }
            }
            _ => {
                if let Some(job) = self.dice.one(&mut self.held) {
                    self.settle(&job);
                }
            }
        }
        self.stand.clock.advance(Duration::from_millis(1));
    }

    /// Ends a job as the engine would: with the version it was leased for, by a known reading where there is one.
    fn settle(&mut self, job: &Job) -> Settled {
        let item = &job.known.item;
        let Some(version) = &item.version else {
            return self.stand.store.settle(Settlement { gone: true, ..Settlement::of(job.lease) }).unwrap();
        };
        let content = content(version);
        let there = self.stand.store.reading_by_content(&[content; 32], &EXTRACTION).unwrap();
        let settlement = match there {
            Some(reading) if self.dice.below(2) == 0 => known(job, reading.number, true),
            _ => read(job, content, self.rules, holds(content)),
        };
        self.stand.store.settle(settlement).unwrap()
    }

    /// Does all that waits, and gives back what nobody ends.
    fn drain(&mut self) {
        self.held.clear();
        for _ in 0..20 {
            self.stand.clock.advance(Duration::from_secs(100_000));
            let jobs = self.stand.claim(self.of, 100);
            if jobs.is_empty() {
                return;
            }
            for job in &jobs {
                self.settle(job);
            }
        }
        panic!("work does not end");
    }

    fn check(&self, seed: u64) {
        nothing_waits(self.stand);
        let mut by_reading: BTreeMap<i64, Vec<ItemNumber>> = BTreeMap::new();
        for (id, version) in &self.files {
            let number = self.number(*id).unwrap();
            let known = item(self.stand, number);
            let Some(version) = version.map(|version| format!("v{version}")) else {
                assert!(known.gone.is_some(), "seed {seed}: file {id} is gone");
                continue;
            };
            let reading = self.stand.store.reading(known.reading.unwrap()).unwrap().unwrap();
            assert_eq!(known.judged_version.as_ref(), known.item.version.as_ref(), "seed {seed}, file {id}");
            assert_eq!(known.item.version.as_deref(), Some(&*version), "seed {seed}, file {id}");
            assert_eq!(reading.content, [content(&version); 32], "seed {seed}, file {id}");
            let kept = self.stand.store.findings(reading.number, None).unwrap();
            let kept: Vec<Finding> = kept.into_iter().map(|row| row.finding).collect();
            assert_eq!(kept, holds(content(&version)).findings, "seed {seed}, file {id}: each once");
            by_reading.entry(reading.number.0).or_default().push(number);
        }
        for (reading, mut items) in by_reading {
            items.sort_unstable();
            // Earlier trials' tenants may hold the same content.
            let mut holders = self.stand.store.holders(ReadingNumber(reading), None, 99).unwrap();
            holders.retain(|holder| item(self.stand, *holder).connector == self.of);
            assert_eq!(holders, items, "seed {seed}");
        }
        assert_eq!(
            self.stand.store.coverage(None).unwrap(),
            self.stand.store.coverage(Some(self.stand.clock.steady())).unwrap(),
            "seed {seed}: what is kept by delta is what a count gives"
        );
    }
}

pub(super) fn random_work(stand: &mut Stand) {
    for seed in 0..TRIALS {
        let of = stand.connector(&format!("trial-{seed}"));
        let rules = rules(stand, 1);
        let mut trial = Trial {
            stand: &mut *stand,
            of,
            rules,
            dice: Dice(seed),
            files: Files::new(),
            versions: 0,
            held: Vec::new(),
        };
        for id in 0..FILES {
            trial.versions += 1;
            trial.list(id, trial.versions);
        }
        (0..STEPS).for_each(|_| trial.step());
        trial.drain();
        trial.check(seed);
    }
}

/// Files that are edited while others scan them.
const EDITED: u64 = 500;
/// Edits: each meets the file before, in or after a scan of it, as it comes.
const EDITS: u64 = 10_000;
/// Edits of one page.
const EDITS_A_PAGE: u64 = 25;
/// Threads that scan.
const SCANNERS: usize = 8;

/// While some scan and settle, one lists edits. In the end each file's newest version has its verdict.
pub(super) fn edits_are_never_lost(stand: &mut Stand) {
    let of = stand.connector("main");
    let rules = rules(stand, 1);
    let mut newest: Vec<u64> = vec![0; usize::try_from(EDITED).unwrap()];
    let listed = |id: usize, version: u64| file(&id.to_string(), &format!("v{version}"));
    let all: Vec<_> = newest.iter().enumerate().map(|(id, version)| listed(id, *version)).collect();
    stand.list(of, &all);
    let store: &dyn crate::store::Store = &*stand.store;
    let edits_left = std::sync::atomic::AtomicBool::new(true);
    let scan = || loop {
        let last_look = !edits_left.load(std::sync::atomic::Ordering::SeqCst);
        let jobs = store.claim(&claim(&[of], 8)).unwrap();
        if jobs.is_empty() && last_look {
            break;
        }
        for job in jobs {
            let content = content(job.known.item.version.as_deref().unwrap());
            store.settle(read(&job, content, rules, holds(content))).unwrap();
        }
    };
    let edit = |newest: &mut [u64]| {
        let mut dice = Dice(5);
        for first in (0..EDITS).step_by(usize::try_from(EDITS_A_PAGE).unwrap()) {
            let begin = dice.below(EDITED);
            let edited = (first..first + EDITS_A_PAGE).map(|edit| {
                let id = usize::try_from((begin + edit) % EDITED).unwrap();
                newest[id] = edit + 1;
                listed(id, edit + 1)
            });
            let page = page(&edited.collect::<Vec<_>>());
            store.take_page(of, &walk("root:7"), page, Lane::Backlog).unwrap();
        }
    };
    std::thread::scope(|scope| {
        (0..SCANNERS).for_each(|_| drop(scope.spawn(scan)));
        edit(&mut newest);
        edits_left.store(false, std::sync::atomic::Ordering::SeqCst);
    });
    nothing_waits(stand);
    for (id, version) in newest.iter().enumerate() {
        let known = stand.store.find(of, crate::model::ItemKind::File, &id.to_string()).unwrap().unwrap();
        let version = format!("v{version}");
        assert_eq!(known.judged_version.as_deref(), Some(&*version), "file {id}");
        let reading = stand.store.reading(known.reading.unwrap()).unwrap().unwrap();
        assert_eq!(reading.content, [content(&version); 32], "file {id}");
    }
}
