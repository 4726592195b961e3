//! Random interleavings of everything that can happen to a job, against a model that only counts.

use super::super::{connectors, inventory, migrate};
use super::*;
use crate::model::{Principal, Reason};
use crate::store::SealKey;
use std::collections::HashMap;

/// Trials of the property: one file each.
const TRIALS: usize = 10_000;
/// Files under way at a time, so that their jobs wait and are leased among one another.
const TOGETHER: usize = 100;
/// What happens to the files of a batch, for each of them.
const STEPS_EACH: usize = 14;

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        // Knuth's MMIX multiplier; the upper bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound.max(1)
    }
}

/// What the model knows of a file.
#[derive(Clone, Copy, Debug, Default)]
struct File {
    /// Its newest version.
    newest: u32,
    /// The newest version whose scan was accepted.
    scanned: u32,
}

/// A worker that scans.
#[derive(Clone, Copy, Debug)]
struct Scan {
    lease: Lease,
    /// The version the worker saw when it began.
    sees: u32,
}

struct Bench {
    tx: Connection,
    seal: SealKey,
    now: Moment,
    of: ConnectorNumber,
    memory: std::sync::Arc<Memory>,
    files: HashMap<ItemNumber, File>,
    scans: Vec<Scan>,
    dice: Dice,
}

impl Bench {
    fn new(folder: &std::path::Path, seed: u64) -> Self {
        let tx = migrate::bare(folder);
        tx.execute("INSERT INTO connector (name, provider, state, since) VALUES ('main', 0, 0, 0)", []).unwrap();
        tx.execute_batch("BEGIN").unwrap();
        Self {
            tx,
            seal: SealKey::new([3; 32]),
            now: Moment::from_millis(1_000_000),
            of: ConnectorNumber(1),
            memory: std::sync::Arc::new(Memory::new(Shares::default())),
            files: HashMap::new(),
            scans: Vec::new(),
            dice: Dice(seed),
        }
    }

    fn desk(&self) -> Desk<'_> {
        Desk { tx: &self.tx, seal: &self.seal, now: self.now }
    }

    fn new_file(&mut self, number: usize) -> ItemNumber {
        let who = Principal::Person(format!("p{}", number % 5).into());
        let desk = self.desk();
        connectors::principal_number(&self.tx, self.of, &who).unwrap();
        let id = number.to_string();
        let (item, _) = inventory::stub(&desk, self.of, crate::model::ItemKind::File, &id, None, &who).unwrap();
        self.files.insert(item, File::default());
        item
    }

    /// An edit: a newer version, and the ask that its event brings.
    fn edit(&mut self, item: ItemNumber) {
        let lane = Lane::ALL[self.dice.below(4)];
        let ask = Ask { item, lane, todo: Todo::CONTENT, priority: 0, offered: None, happened: None };
        ask_in(&self.desk(), &ask).unwrap();
        self.files.get_mut(&item).unwrap().newest += 1;
    }

    fn claim(&mut self, max: usize) {
        let claim = Claim {
            owner: "test",
            connectors: &[self.of],
            max,
            not_live_max: max,
            per_principal_max: max,
            busy: &[],
            lease: Duration::from_secs(60),
        };
        let wish = claim::Wish::of(&claim, std::sync::Arc::clone(&self.memory));
        for work in claim::claim(&self.desk(), &wish).unwrap() {
            let held = self.scans.iter().filter(|scan| row::leased(&self.tx, &scan.lease).unwrap().is_some());
            assert!(held.filter(|scan| scan.lease.item == work.item).count() == 0, "leased twice at a time");
            self.scans.push(Scan { lease: work.lease(), sees: self.files[&work.item].newest });
        }
    }

    fn complete(&mut self, scan: Scan) {
        let finished = finish(&self.desk(), &scan.lease, Todo::NONE, None).unwrap();
        if finished.is_some() {
            let file = self.files.get_mut(&scan.lease.item).unwrap();
            file.scanned = file.scanned.max(scan.sees);
        }
    }

    fn step(&mut self, items: &[ItemNumber]) {
        let some = self.dice.below(items.len());
        let scan = (!self.scans.is_empty()).then(|| self.dice.below(self.scans.len()));
        let later = self.now.plus(Duration::from_secs(u64::try_from(self.dice.below(20)).unwrap()));
        match (self.dice.below(12), scan) {
            (0..=3, _) => self.edit(items[some]),
            (4..=5, _) => {
                let max = 1 + self.dice.below(4);
                self.claim(max);
            }
            (6..=7, Some(scan)) => {
                let scan = self.scans.swap_remove(scan);
                self.complete(scan);
            }
            (8, Some(scan)) => {
                let lease = self.scans.swap_remove(scan).lease;
                let not_before = some.is_multiple_of(2).then_some(later);
                give_back_in(&self.desk(), &GivenBack { lease, not_before }).unwrap();
            }
            (9, Some(scan)) => {
                let lease = self.scans.swap_remove(scan).lease;
                let failure =
                    Failure { lease, reason: Reason::IoError, said: "503".into(), not_before: later, attempts_max: 3 };
                fail_in(&self.desk(), &failure).unwrap();
            }
            // The worker stands still: its job is rescued, and it completes later all the same.
            (10, Some(scan)) => {
                rescue_in(&self.desk(), &[self.scans[scan].lease]).unwrap();
            }
            _ => self.now = later,
        }
    }

    /// Everything that is parked is asked for again, and all jobs are done.
    fn drain(&mut self) {
        while let Some(scan) = self.scans.pop() {
            self.complete(scan);
        }
        retry_in(&self.desk(), None, None).unwrap();
        for _ in 0..1_000 {
            self.now = self.now.plus(Duration::from_secs(60));
            self.claim(50);
            if self.scans.is_empty() {
                return;
            }
            while let Some(scan) = self.scans.pop() {
                self.complete(scan);
            }
        }
        panic!("the queue does not run dry");
    }

    /// What is kept by delta is what a count gives.
    fn recount(&self) {
        for lane in Lane::ALL {
            for state in State::ALL {
                let kept = counter::value(&self.tx, self.of, counter::depth_of(lane, state)).unwrap();
                let sql = "SELECT COUNT(*) FROM work WHERE lane = ?1 AND state = ?2";
                let counted: i64 =
                    self.tx.query_row(sql, (counter::lane_number(lane), state.number()), |row| row.get(0)).unwrap();
                assert_eq!(kept, counted, "{lane} {state:?}");
            }
        }
        let sql = "SELECT COUNT(*) FROM turn t WHERE ready <> (SELECT COUNT(*) FROM work w WHERE w.state = 0 \
                   AND w.lane = t.lane AND w.principal = t.principal)";
        let wrong: i64 = self.tx.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(wrong, 0, "principals with another number of ready jobs than is kept");
    }
}

#[test]
fn an_edit_during_a_scan_is_always_scanned_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Bench::new(folder.path(), 7);
    let mut edited_during_scans = 0;
    for batch in 0..TRIALS / TOGETHER {
        let items: Vec<ItemNumber> = (0..TOGETHER).map(|n| bench.new_file(batch * TOGETHER + n)).collect();
        for _ in 0..STEPS_EACH * TOGETHER {
            bench.step(&items);
            edited_during_scans +=
                bench.scans.iter().filter(|scan| bench.files[&scan.lease.item].newest > scan.sees).count();
        }
        bench.recount();
        bench.drain();
        bench.recount();
        for item in &items {
            let file = bench.files[item];
            assert_eq!(file.scanned, file.newest, "batch {batch}, item {item}: an edit was never scanned");
        }
    }
    assert!(edited_during_scans > TRIALS, "the trials must have met what they are about");
}
