//! A whole tenant is read once, each file as its body says; what is unchanged costs nothing.

use super::house::{House, Ways, work_off};
use super::oracle::told;
use sluicebox::emulator::inventory::Sort;
use sluicebox::engine::core::Core;
use sluicebox::engine::stats::Count;
use sluicebox::model::{ConnectorNumber, ItemKind, Provider, Reason};
use sluicebox::store::{Scope, Store};
use std::collections::{BTreeMap, BTreeSet};

/// A file of the emulated tenant: id, hash of its body, in the trash, has bytes of its own.
pub(super) struct Must {
    hash: String,
    trashed: bool,
    direct: bool,
}

pub(super) fn files(house: &House, provider: Provider) -> BTreeMap<String, Must> {
    match provider {
        Provider::Box => {
            let files = house.tenants.boxcom.files().into_iter();
            files.map(|file| (file.id, Must { hash: file.sha1, trashed: file.trashed, direct: true })).collect()
        }
        Provider::Dropbox => {
            let (files, deleted) = (house.tenants.dropbox.files(), house.tenants.dropbox.deleted());
            let files = files.into_iter().chain(deleted);
            let must = |trashed, direct, hash| Must { hash, trashed, direct };
            files.map(|file| (file.id, must(file.trashed, file.downloadable, file.hash))).collect()
        }
    }
}

/// Every file has the verdict of its body.
pub(super) fn holds_all(house: &House, core: &Core) {
    core.tenants.iter().for_each(|tenant| holds(house, &*core.store, tenant.number, tenant.provider));
}

/// Every file of one tenant has the verdict of its body, and its exposure was told.
pub(super) fn holds(house: &House, store: &dyn Store, of: ConnectorNumber, provider: Provider) {
    let files = files(house, provider);
    assert!(!files.is_empty());
    for (id, must) in files {
        let known = store.find(of, ItemKind::File, &id).unwrap();
        let known = known.unwrap_or_else(|| panic!("{provider}: {id} was never listed"));
        assert_eq!(known.gone, None, "{provider}: {id}");
        let coverage = known.coverage.unwrap_or_else(|| panic!("{provider}: {id} still waits"));
        assert!(known.exposure.is_some(), "{provider}: how far {id} is open was never told");
        let Some(reading) = known.reading else {
            let why = coverage.reason();
            assert!(must.trashed && why == Some(Reason::NotInspectable) || known.item.outside_owner, "{id} {why:?}");
            continue;
        };
        let Some((expected, findings)) = house.oracle.of(&must.hash).filter(|_| must.direct) else { continue };
        let rows = store.findings(reading, None).unwrap();
        assert_eq!(told(rows.iter().map(|row| &row.finding)), *findings, "{provider}: {id}");
        assert_eq!(coverage, *expected, "{provider}: {id}");
    }
}

/// The newest version of each file that is there, as stored, and whether it has a verdict.
pub(super) struct Newest(BTreeMap<String, (String, bool)>);

impl Newest {
    /// As a store has it.
    pub(super) fn of(store: &dyn Store) -> Self {
        let scope = Scope { kind: Some(ItemKind::File), ..Scope::default() };
        let (mut all, mut after) = (BTreeMap::new(), None);
        loop {
            let items = store.items(&scope, after, PAGE).unwrap();
            for known in &items {
                let version = known.item.version.as_deref().unwrap_or_default().to_owned();
                let judged = known.coverage.is_some() && known.judged_version.as_deref() == Some(version.as_str());
                all.insert(format!("{} {}", known.connector.0, known.item.id), (version, judged));
            }
            after = items.last().map(|known| known.number).or(after);
            if items.len() < PAGE {
                return Self(all);
            }
        }
    }

    /// How many files there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// True when the version is some file's newest and has its verdict.
    pub(super) fn is_judged(&self, version: &str) -> bool {
        self.0.values().any(|(newest, judged)| *judged && newest == version)
    }

    /// Ids of files whose newest version at the tenant has no verdict here.
    pub(super) fn missing(&self, house: &House) -> Vec<String> {
        let judged: BTreeSet<(&str, &str)> = self
            .0
            .iter()
            .filter(|(_, (_, judged))| *judged)
            .map(|(id, (version, _))| (id.split(' ').nth(1).unwrap_or_default(), version.as_str()))
            .collect();
        let stock = house.tenants.inventory();
        let all = stock.boxcom.items.into_iter().chain(stock.dropbox.items);
        let files = all.filter(|item| item.sort == Sort::File);
        files.filter(|item| !judged.contains(&(&*item.id, &*item.version))).map(|item| item.id).collect()
    }
}

/// Items read at a time.
const PAGE: usize = 1_000;

/// Contents that were downloaded, by hash: identical ones once.
fn assert_identical_once(house: &House, provider: Provider) {
    let read = house.running.record().downloads();
    let stock = house.tenants.inventory();
    let items = if provider == Provider::Box { stock.boxcom.items } else { stock.dropbox.items };
    let versions: BTreeMap<String, String> = items.into_iter().map(|item| (item.id, item.version)).collect();
    let mut by_hash: BTreeMap<String, u64> = BTreeMap::new();
    for (id, must) in files(house, provider).into_iter().filter(|(_, must)| must.direct) {
        let completed = versions.get(&id).and_then(|version| read.get(version)).map_or(0, |count| count.completed);
        *by_hash.entry(must.hash).or_default() += completed;
    }
    let twice: Vec<_> = by_hash.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{provider}: read more than once: {twice:?}");
}

#[test]
fn a_whole_tenant_is_read_once_and_an_unchanged_one_never_again() {
    let house = House::new(1);
    let core = house.site.core(Ways::default());
    house.site.list_all(&core);
    work_off(&core);
    holds_all(&house, &core);
    Provider::ALL.iter().for_each(|provider| assert_identical_once(&house, *provider));
    let downloads = core.stats.sum(Count::Downloads);
    house.site.list_all(&core);
    work_off(&core);
    assert_eq!(core.stats.sum(Count::Downloads), downloads, "nothing changed, nothing is downloaded");
    holds_all(&house, &core);
}
