//! What every store must show, whatever it is made of: one list of behaviours, run for each kind.
//!
//! A behaviour gets a [`Stand`]: a fresh store with a clock of its own, which can be closed and opened again, or left as a
//! crash would leave it. A second kind of store implements [`Ground`] and runs [`all`].

mod activities;
mod alerts;
mod audit;
mod breakers;
mod connectors;
mod coverage;
mod exceptions;
mod intents;
mod intents_over;
mod inventory;
mod matches;
mod messages;
mod people;
mod plans;
mod quarantines;
mod queue;
mod rules;
mod slices;
mod told_since;
mod turns;
mod verdicts;

use super::inventory::TakenPage;
use super::sqlite::{Options, Refusing, Sqlite};
use super::{Claim, Job, Listed, SealKey, Store};
use crate::clock::Clock;
use crate::model::{
    ConnectorNumber, Download, Item, ItemKind, ItemNumber, Lane, Onward, Principal, Provider, Taken, Walk, Walks,
};
use crate::store::order::Shares;
use std::fmt::Debug;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;

/// A behaviour and its name.
pub(super) type Behaviour = (&'static str, fn(&mut Stand));

/// All of them.
fn all() -> Vec<Behaviour> {
    let lists = [
        connectors::BEHAVIOURS,
        inventory::BEHAVIOURS,
        told_since::BEHAVIOURS,
        slices::BEHAVIOURS,
        queue::BEHAVIOURS,
        verdicts::BEHAVIOURS,
        coverage::BEHAVIOURS,
        people::BEHAVIOURS,
        rules::BEHAVIOURS,
        activities::BEHAVIOURS,
        audit::BEHAVIOURS,
        intents::BEHAVIOURS,
        turns::BEHAVIOURS,
        intents_over::BEHAVIOURS,
        breakers::BEHAVIOURS,
        plans::BEHAVIOURS,
        quarantines::BEHAVIOURS,
        matches::BEHAVIOURS,
        alerts::BEHAVIOURS,
        exceptions::BEHAVIOURS,
        messages::BEHAVIOURS,
    ];
    lists.concat()
}

/// Where stores of one kind are made.
pub(super) trait Ground {
    /// Opens the store.
    fn open(&mut self, clock: &Clock) -> Box<dyn Store>;

    /// Keeps what is durable at this moment, as a crash would leave it: that is what [`Ground::open`] opens next.
    fn crash(&mut self);

    /// The open store writes so many pieces more and refuses the rest, until it is opened again.
    fn refuse_after(&self, pieces: i64);
}

/// The store of a stand; it is missing only while it is opened again.
pub(super) struct Slot(Option<Box<dyn Store>>);

impl Deref for Slot {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        self.0.as_deref().expect("the store is open")
    }
}

/// A store under test.
pub(super) struct Stand {
    pub(super) store: Slot,
    pub(super) clock: Clock,
    ground: Box<dyn Ground>,
}

impl Stand {
    fn over(mut ground: Box<dyn Ground>) -> Self {
        let clock = Clock::movable();
        clock.advance(Duration::from_secs(1_000_000));
        let store = Slot(Some(ground.open(&clock)));
        Self { store, clock, ground }
    }

    /// Closes the store in good order and opens it again.
    pub(super) fn reopen(&mut self) {
        self.store.0 = None;
        self.store.0 = Some(self.ground.open(&self.clock));
    }

    /// Opens what a crash at this moment would leave.
    pub(super) fn crash(&mut self) {
        self.ground.crash();
        self.reopen();
    }

    /// The store writes so many pieces more and refuses the rest, until it is opened again.
    pub(super) fn refuse_after(&self, pieces: i64) {
        self.ground.refuse_after(pieces);
    }

    /// A restart on a machine whose calendar was set forth or back.
    pub(super) fn set_calendar(&mut self, by: Duration, forth: bool) {
        let now = self.clock.elapsed();
        self.clock = Clock::movable();
        self.clock.advance(if forth { now + by } else { now.saturating_sub(by) });
        self.reopen();
    }

    /// A Box connector of that name.
    pub(super) fn connector(&self, name: &str) -> ConnectorNumber {
        self.connector_of(name, Provider::Box)
    }

    pub(super) fn connector_of(&self, name: &str, provider: Provider) -> ConnectorNumber {
        let name = name.parse().expect("a connector's name");
        good(self.store.connector(&name, provider)).number
    }

    /// Takes in a page of one walk, in lane backlog, which then waits for the next.
    pub(super) fn list(&self, of: ConnectorNumber, items: &[Listed]) -> Taken {
        good(self.store.take_page(of, &walk("root:7"), page(items), Lane::Backlog))
    }

    /// The number of an item.
    pub(super) fn number(&self, of: ConnectorNumber, kind: ItemKind, id: &str) -> ItemNumber {
        good(self.store.find(of, kind, id)).unwrap_or_else(|| panic!("{id} is not known")).number
    }

    /// Leases up to so many jobs for a minute.
    pub(super) fn claim(&self, of: ConnectorNumber, max: usize) -> Vec<Job> {
        good(self.store.claim(&claim(&[of], max)))
    }
}

/// A result that must be one.
#[track_caller]
pub(super) fn good<T, E: Debug>(result: Result<T, E>) -> T {
    result.expect("the store does what it is asked")
}

/// A claim without limits but its size.
pub(super) fn claim(connectors: &[ConnectorNumber], max: usize) -> Claim<'_> {
    Claim {
        owner: "test",
        connectors,
        max,
        not_live_max: max,
        per_principal_max: max,
        busy: &[],
        lease: Duration::from_secs(60),
    }
}

/// A person who reads.
pub(super) fn person(id: &str) -> Principal {
    Principal::Person(id.into())
}

/// A walk from its beginning, by the person `7`.
pub(super) fn walk(id: &str) -> Walk {
    let place = id.split_once(':').map_or(id, |(_, place)| place);
    Walk {
        id: id.into(),
        place: place.into(),
        kind: "folder".into(),
        read_as: person("7"),
        path: "".into(),
        cursor: None,
    }
}

/// The walks of a pass.
pub(super) fn walks(ids: &[&str]) -> Walks {
    Walks { walks: ids.iter().map(|id| walk(id)).collect(), ..Walks::default() }
}

/// A page after which its walk goes on.
pub(super) fn page(items: &[Listed]) -> TakenPage {
    TakenPage {
        items: items.to_vec(),
        gone: Vec::new(),
        found: Vec::new(),
        holes: Vec::new(),
        onward: Onward::More("next".into()),
        asks: Vec::new(),
        offered: None,
    }
}

/// The last page of a walk.
pub(super) fn last(items: &[Listed]) -> TakenPage {
    TakenPage { onward: Onward::End(None), ..page(items) }
}

/// A Box file of 100 bytes in the root folder of the user `7`.
pub(super) fn file(id: &str, version: &str) -> Listed {
    let item = Item {
        parent: Some("0".into()),
        place: "7".into(),
        read_as: person("7"),
        size_bytes: 100,
        version: Some(version.into()),
        etag: Some(version.into()),
        ..Item::bare(ItemKind::File, id, format!("{id}.txt"))
    };
    Listed { item, shown: None }
}

/// A Box folder in the root folder of the user `7`.
pub(super) fn folder(id: &str) -> Listed {
    let mut listed = file(id, "1");
    listed.item.kind = ItemKind::Folder;
    listed.item.name = format!("folder {id}").into();
    listed.item.version = None;
    listed.item.size_bytes = 0;
    listed.item.download = Download::None;
    listed
}

/// The same in another folder.
pub(super) fn within(parent: &str, mut listed: Listed) -> Listed {
    listed.item.parent = Some(parent.into());
    listed
}

/// A Dropbox file or folder at a path of the namespace `n1`.
pub(super) fn at(path: &str, mut listed: Listed) -> Listed {
    listed.item.parent = None;
    listed.item.name = path.rsplit('/').next().unwrap_or_default().into();
    listed.item.path = Some(path.into());
    listed.item.place = "n1".into();
    listed.item.etag = None;
    listed
}

/// SQLite files in a folder of their own.
struct Files {
    root: TempDir,
    run: u32,
    refusing: Option<Arc<Refusing>>,
}

impl Files {
    fn folder(&self) -> PathBuf {
        self.root.path().join(self.run.to_string())
    }
}

/// How a store in this folder is opened.
pub(super) fn options(folder: &Path, clock: &Clock) -> Options {
    Options {
        path: folder.join("store.db"),
        seal: SealKey::new([3; 32]),
        clock: clock.clone(),
        shares: Shares::default(),
    }
}

impl Ground for Files {
    fn open(&mut self, clock: &Clock) -> Box<dyn Store> {
        good(std::fs::create_dir_all(self.folder()));
        let store = good(Sqlite::open(options(&self.folder(), clock)));
        self.refusing = Some(store.refusing());
        Box::new(store)
    }

    fn crash(&mut self) {
        let before = self.folder();
        self.run += 1;
        good(std::fs::create_dir_all(self.folder()));
        for name in ["store.db", "store.db-wal"] {
            // What the system would still write after a crash of the program is in these two.
            if before.join(name).exists() {
                good(std::fs::copy(before.join(name), self.folder().join(name)));
            }
        }
    }

    fn refuse_after(&self, pieces: i64) {
        self.refusing.as_ref().expect("the store is open").after(pieces);
    }
}

#[test]
fn sqlite_shows_every_behaviour() {
    let mut failed = Vec::new();
    for (name, behaviour) in all() {
        let root = good(tempfile::tempdir());
        let shown = std::panic::catch_unwind(|| {
            let mut stand = Stand::over(Box::new(Files { root, run: 0, refusing: None }));
            behaviour(&mut stand);
        });
        if shown.is_err() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "not shown: {failed:#?}");
}

/// The store as an `Arc`, for threads.
pub(super) fn shared(folder: &Path, clock: &Clock) -> Arc<Sqlite> {
    Arc::new(good(Sqlite::open(options(folder, clock))))
}
