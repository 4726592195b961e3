//! A store in a folder of its own, stocked with files and their verdicts: what every bench over stored things begins with.
//!
//! Files have their number as id and version, belong to a hundred people, and lie in one folder of one connector.

#![allow(dead_code, reason = "each bench takes what it needs of it")]

use sluicebox::clock::Clock;
use sluicebox::detect::{Matcher, PartStart, RawLength, ScanOptions, Scanner, TokenKey};
use sluicebox::model::{
    ConnectorNumber, Coverage, Download, Item, ItemKind, Lane, Onward, Place, Principal, Provider, Verdict, Walk, Walks,
};
use sluicebox::store::inventory::TakenPage;
use sluicebox::store::order::Shares;
use sluicebox::store::sqlite::{Options, Sqlite};
use sluicebox::store::{
    Claim, Connectors, Job, Listed, Outcome, Queue, RulesNumber, SealKey, Settlement, Store, Verdicts,
};
use std::error::Error;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

pub(crate) type Failed = Box<dyn Error + Send + Sync>;

/// Files of a page, as Box gives them.
pub(crate) const PAGE: u64 = 1_000;
/// Threads that settle: what a pool of fetchers and a scanner have under way.
const SETTLE_THREADS: usize = 64;
/// Jobs claimed together.
const CLAIMED: usize = 64;

/// An empty store with one connector; its folder goes with it.
pub(crate) struct Stocked {
    pub(crate) clock: Clock,
    pub(crate) store: Sqlite,
    pub(crate) of: ConnectorNumber,
    pub(crate) folder: TempDir,
}

impl Stocked {
    pub(crate) fn new() -> Result<Self, Failed> {
        let (clock, folder) = (Clock::machine(), tempfile::tempdir()?);
        let store = open(folder.path(), &clock)?;
        let of = store.connector(&"main".parse()?, Provider::Box)?.number;
        Ok(Self { clock, store, of, folder })
    }

    /// Jobs that anything asked for and that are not done.
    pub(crate) fn asked_for(&self) -> Result<u64, Failed> {
        Ok(self.store.depth()?.iter().map(|depth| depth.ready + depth.delayed + depth.leased).sum())
    }
}

/// The store of a folder.
pub(crate) fn open(folder: &Path, clock: &Clock) -> Result<Sqlite, Failed> {
    let (path, seal) = (folder.join("store.db"), SealKey::new([1; 32]));
    Ok(Sqlite::open(Options { path, seal, clock: clock.clone(), shares: Shares::default() })?)
}

pub(crate) fn file(number: u64) -> Listed {
    let item = Item {
        id: number.to_string().into(),
        kind: ItemKind::File,
        name: format!("document {number}.txt").into(),
        parent: Some("0".into()),
        path: None,
        place: "7".into(),
        read_as: Principal::Person((number % 100).to_string().into()),
        size_bytes: 1_000,
        version: Some(number.to_string().into()),
        etag: None,
        hash: None,
        created: None,
        modified: None,
        owner: None,
        outside_owner: false,
        link: None,
        has_members: false,
        label: None,
        locked: false,
        trashed: None,
        download: Download::Direct,
    };
    Listed { item, shown: None }
}

/// The walk of a person's tree.
pub(crate) fn walk_of(person: &str) -> Walk {
    Walk {
        id: format!("root:{person}").into(),
        place: person.into(),
        kind: "folder".into(),
        read_as: Principal::Person(person.into()),
        path: "".into(),
        cursor: None,
    }
}

/// A page after which its walk goes on at `next`.
pub(crate) fn page_of(items: Vec<Listed>, next: &str) -> TakenPage {
    TakenPage {
        items,
        gone: Vec::new(),
        found: Vec::new(),
        holes: Vec::new(),
        onward: Onward::More(next.into()),
        asks: Vec::new(),
        offered: None,
    }
}

/// Lists so many files.
pub(crate) fn list(store: &dyn Store, of: ConnectorNumber, files: u64) -> Result<(), Failed> {
    let walk = walk_of("7");
    store.begin_pass(of, &Walks { walks: vec![walk.clone()], ..Walks::default() })?;
    for first in (0..files).step_by(usize::try_from(PAGE)?) {
        let items = (first..files.min(first + PAGE)).map(file).collect();
        store.take_page(of, &walk, page_of(items, &first.to_string()), Lane::Backlog)?;
    }
    Ok(())
}

/// What scanning says of each of these texts.
pub(crate) fn scanned(matcher: &Matcher, key: &TokenKey, texts: &[String]) -> Vec<Verdict> {
    let mut scanner = Scanner::new(matcher, key, ScanOptions { grounds: true, ..ScanOptions::default() });
    let mut read = |text: &String| {
        let own_text = Some(RawLength::utf8());
        scanner.begin_part(PartStart { name: "text".to_owned(), own_text, ..PartStart::default() });
        scanner.push(text, &Place::Whole, Some(0));
        scanner.end_part();
        let scanned = scanner.finish_file();
        Verdict {
            coverage: Coverage::Complete,
            findings: scanned.findings,
            counts: scanned.counts,
            sniffed: "text",
            bytes: text.len() as u64,
            text_bytes: text.len() as u64,
            ..Verdict::default()
        }
    };
    texts.iter().map(&mut read).collect()
}

/// How a file's job ends: read, with the content of that number.
pub(crate) fn read(job: &Job, rules: RulesNumber, content: u64, verdict: Verdict) -> Settlement {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&content.to_be_bytes());
    Settlement {
        version: job.known.item.version.clone(),
        outcome: Some(Outcome::Read {
            content: hash,
            extraction: [1; 32],
            rules,
            verdict: Box::new(verdict),
            hash: None,
        }),
        ..Settlement::of(job.lease)
    }
}

/// Settles all that waits, on many threads, as `settlement` says of a job and its file's number; how many.
pub(crate) fn settle_all(
    store: &Sqlite,
    of: ConnectorNumber,
    settlement: impl Fn(&Job, u64) -> Settlement + Sync,
) -> Result<u64, Failed> {
    let settlement = &settlement;
    let one_thread = || -> Result<u64, Failed> {
        let mut settled = 0;
        loop {
            let claim = Claim {
                owner: "bench",
                connectors: &[of],
                max: CLAIMED,
                not_live_max: CLAIMED,
                per_principal_max: CLAIMED,
                busy: &[],
                lease: Duration::from_secs(3_600),
            };
            let jobs = store.claim(&claim)?;
            if jobs.is_empty() {
                return Ok(settled);
            }
            for job in jobs {
                store.settle(settlement(&job, job.known.item.id.parse()?))?;
                settled += 1;
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..SETTLE_THREADS).map(|_| scope.spawn(one_thread)).collect();
        let mut all = 0;
        for thread in threads {
            all += thread.join().map_err(|_| "a thread failed")??;
        }
        Ok(all)
    })
}
