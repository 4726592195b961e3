//! What is not to be read is not asked for; what is told to wait loses nothing; what is alike by number only never mixes.

use super::house::{House, Ways, start, until, work_off};
use super::whole::{files, holds, holds_all};
use sluicebox::clock::Clock;
use sluicebox::emulator::inventory::{Sort, Stocked};
use sluicebox::emulator::seed::Fill;
use sluicebox::emulator::{Faults, Pace};
use sluicebox::engine::core::{Bounds, Core, Named};
use sluicebox::engine::stats::Count;
use sluicebox::model::{ConnectorNumber, Coverage, ItemKind, Provider, Reason};
use sluicebox::store::Scope;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

fn owner(login: &str) -> Named {
    Named { owners: vec![login.to_owned()], ..Named::default() }
}

/// Versions of files by owner, of both tenants.
fn stock(house: &House) -> Vec<Stocked> {
    let stock = house.tenants.inventory();
    stock.boxcom.items.into_iter().chain(stock.dropbox.items).filter(|item| item.sort == Sort::File).collect()
}

#[test]
fn what_is_out_of_bounds_is_never_asked_for() {
    const GRACE: &str = "grace@example.com";
    let rows = [
        (Bounds { never_read: owner(GRACE), pilot: Named::default() }, Reason::NeverRead, false),
        (Bounds { never_read: Named::default(), pilot: owner(GRACE) }, Reason::NotNeeded, true),
    ];
    for (bounds, reason, only_grace) in rows {
        let house = House::new(2);
        let core = house.site.core(Ways { bounds, ..Ways::default() });
        house.site.list_all(&core);
        work_off(&core);
        let read = house.running.record().downloads();
        let of_grace = |item: &&Stocked| item.owner == GRACE;
        let (hers, others): (Vec<_>, Vec<_>) = stock(&house).into_iter().partition(|item| of_grace(&item));
        let (closed, open) = if only_grace { (others, hers) } else { (hers, others) };
        let begun = |items: &[Stocked]| items.iter().filter(|item| read.contains_key(&item.version)).count();
        let begun_of = |items: &[Stocked]| -> Vec<String> {
            let begun = items.iter().filter(|item| read.contains_key(&item.version));
            begun.map(|item| format!("{} {} {:?} {}", item.id, item.owner, item.place, item.path.join("/"))).collect()
        };
        assert_eq!(begun_of(&closed), [""; 0], "{reason}");
        assert!(begun(&open) > 0, "{reason}");
        let rows = core.store.coverage(None).unwrap();
        let refused = rows.iter().filter(|row| row.coverage == Some(Coverage::Skipped(reason)));
        let refused: u64 = refused.map(|row| row.items).sum();
        // What another company owns, or cannot be read at all, may say so instead.
        assert!(refused > 0 && refused <= u64::try_from(closed.len()).unwrap(), "{reason}: {refused}");
    }
}

#[test]
fn rows_of_coverage_add_up_to_the_tenants_own_stock() {
    let house = House::new(3);
    let core = house.site.core(Ways::default());
    house.site.list_all(&core);
    for done in [false, true] {
        if done {
            work_off(&core);
        }
        let rows = core.store.coverage(None).unwrap();
        let stock = house.tenants.inventory();
        for tenant in &core.tenants {
            let of = if tenant.provider == Provider::Box { &stock.boxcom } else { &stock.dropbox };
            let told = rows.iter().filter(|row| row.connector == tenant.number);
            let (items, bytes) = told.fold((0, 0), |sum, row| (sum.0 + row.items, sum.1 + row.bytes));
            let files = of.items.iter().filter(|item| item.sort == Sort::File);
            assert_eq!(unlike(&core, tenant.number, &of.items), [""; 0], "{} {done}", tenant.name);
            assert_eq!(items, u64::try_from(of.items.len()).unwrap(), "{} {done}", tenant.name);
            assert_eq!(bytes, files.map(|item| item.bytes).sum::<u64>(), "{} {done}", tenant.name);
            let holes = core.store.holes(None).unwrap();
            let holes = holes.iter().filter(|hole| hole.connector == tenant.number).count();
            assert_eq!(holes, of.closed.len(), "{}", tenant.name);
        }
        let waiting = rows.iter().filter(|row| row.coverage.is_none()).count();
        assert_eq!(waiting == 0, done);
    }
}

#[test]
fn a_storm_loses_nothing() {
    let pace = Pace { per_second: 16.0, burst: 16.0 };
    let faults = Faults { stalled: 0.0, ..Faults::storm() };
    let house = House::with(Clock::movable(), 4, Fill::small(), faults, pace);
    let core = house.site.core(Ways::default());
    house.site.list_all(&core);
    work_off(&core);
    holds_all(&house, &core);
    let record = house.running.record();
    assert!(record.faulted() * 5 > record.count(), "it was a storm");
    assert!(record.early().is_empty(), "nothing came before its time");
}

#[test]
fn two_tenants_whose_ids_collide_never_mix() {
    let (one, other) =
        (House::new(5), House::with(Clock::movable(), 5, other_fill(), Faults::default(), Pace::default()));
    let ids = |house: &House| files(house, Provider::Box).into_keys().collect::<Vec<_>>();
    assert!(ids(&one).iter().any(|id| ids(&other).contains(id)), "ids that collide");
    let connectors = vec![("main", Provider::Box)];
    let elsewhere = vec![("other", Provider::Box, other.site.clone())];
    let core = one.site.core(Ways { connectors, elsewhere, ..Ways::default() });
    one.site.list_all(&core);
    work_off(&core);
    let number = |at: usize| core.tenants[at].number;
    holds(&one, &*core.store, number(0), Provider::Box);
    holds(&other, &*core.store, number(1), Provider::Box);
}

/// Other bodies in the same places.
fn other_fill() -> Fill {
    let mut fill = Fill::small();
    for (number, file) in fill.files.iter_mut().enumerate() {
        file.body =
            format!("Another company's file.\nbadge BDG-{:06} of a visitor\n", 500_000 + number).into_bytes().into();
    }
    fill
}

#[test]
fn a_stop_gives_every_lease_back_and_the_next_run_goes_on() {
    let house = House::new(6);
    let core = house.site.core(Ways::default());
    house.site.list_all(&core);
    let waiting = open(&core);
    let running = start(&core);
    until("something was downloaded", &running, || core.stats.sum(Count::Downloads) > 5);
    running.stop().unwrap();
    let depths = core.store.depth().unwrap();
    assert_eq!(depths.iter().map(|depth| depth.leased).sum::<u64>(), 0, "{depths:?}");
    assert!(open(&core) > 0 && open(&core) < waiting, "stopped in the middle");
    let parked: u64 = depths.iter().map(|depth| depth.parked).sum();
    assert_eq!(parked, 0);
    core.stop.store(false, Ordering::Relaxed);
    work_off(&core);
    holds_all(&house, &core);
}

fn open(core: &Core) -> u64 {
    core.store.depth().unwrap().iter().map(|depth| depth.ready + depth.delayed).sum()
}

/// Items that only the store or only the tenant itself knows.
fn unlike(core: &Core, of: ConnectorNumber, stock: &[Stocked]) -> Vec<String> {
    let scope = Scope { connector: Some(of), ..Scope::default() };
    let items = core.store.items(&scope, None, 10_000).unwrap();
    let items = items.iter().filter(|known| !known.is_top && known.gone.is_none());
    let stored: BTreeSet<String> = items.map(|known| format!("{:?} {}", known.item.kind, known.item.id)).collect();
    let kind = |sort| match sort {
        Sort::File => ItemKind::File,
        Sort::Folder => ItemKind::Folder,
        Sort::Bookmark => ItemKind::WebLink,
    };
    let told: BTreeSet<String> = stock.iter().map(|item| format!("{:?} {}", kind(item.sort), item.id)).collect();
    stored.symmetric_difference(&told).cloned().collect()
}
