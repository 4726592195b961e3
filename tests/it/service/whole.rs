//! A whole tenant is read once, each file as its body says; what is unchanged costs nothing.

use super::house::{House, Ways, work_off};
use super::oracle::told;
use sluicebox::engine::core::{Core, Tenant};
use sluicebox::engine::stats::Count;
use sluicebox::model::{Coverage, ItemKind, Provider, Reason};
use std::collections::BTreeMap;

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
    core.tenants.iter().for_each(|tenant| holds(house, core, tenant));
}

fn holds(house: &House, core: &Core, tenant: &Tenant) {
    let files = files(house, tenant.provider);
    assert!(!files.is_empty());
    for (id, must) in files {
        let known = core.store.find(tenant.number, ItemKind::File, &id).unwrap();
        let known = known.unwrap_or_else(|| panic!("{}: {id} was never listed", tenant.name));
        let coverage = known.coverage.unwrap_or_else(|| panic!("{}: {id} still waits", tenant.name));
        if known.reading.is_none() {
            let why = coverage.reason();
            assert!(must.trashed && why == Some(Reason::NotInspectable) || known.item.outside_owner, "{id} {why:?}");
            continue;
        }
        assert!(known.exposure.is_some(), "{}: how far {id} is open was never told", tenant.name);
        let Some((expected, findings)) = house.oracle.of(&must.hash).filter(|_| must.direct) else { continue };
        let reading = known.reading.expect("read");
        let rows = core.store.findings(reading, None).unwrap();
        assert_eq!(told(rows.iter().map(|row| &row.finding)), *findings, "{id}");
        assert_eq!(coverage, *expected, "{id}");
        assert_ne!(coverage, Coverage::Skipped(Reason::Parked));
    }
}

#[test]
fn a_whole_tenant_is_read_once_and_an_unchanged_one_never_again() {
    let house = House::new(1);
    let core = house.site.core(Ways::default());
    house.site.list_all(&core);
    work_off(&core);
    holds_all(&house, &core);
    let downloads = core.stats.sum(Count::Downloads);
    house.site.list_all(&core);
    work_off(&core);
    assert_eq!(core.stats.sum(Count::Downloads), downloads, "nothing changed, nothing is downloaded");
    holds_all(&house, &core);
}
