//! Actions at the providers, proved on the emulator: each action on each kind of thing, held against what the tenant itself
//! shows before and after, without faults and with all of them.
//!
//! A row ([`row::Row`]) says what is prepared, ordered and must come of it; nothing of it asks by a route. The seeds of the
//! run with faults are those of `SLUICEBOX_SEEDS`; `tests/actions` runs fifty.

mod box_places;
mod box_sharing;
mod dropbox_sharing;
mod facts;
mod outside;
mod receipt;
mod refusals;
mod row;
mod rows;
mod world;

use row::{Row, Told};
use sluicebox::emulator::Faults;
use sluicebox::model::Provider;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Rows run at once.
const THREADS: usize = 2;

#[test]
fn every_action_does_what_it_says_once_and_is_undone() {
    let ran = run(1..=1, Faults::default());
    println!("| action | provider | on | outcome | calls | undo |\n| --- | --- | --- | --- | --- | --- |");
    for Ran { row, provider, told, .. } in &ran {
        let Told { outcome, calls, undo, .. } = told.clone().unwrap_or_else(|_| Told::failed());
        println!("| {} | {provider} | {} | {outcome} | {calls} | {undo} |", row.name, row.on);
    }
    judge(&ran);
}

#[test]
fn every_action_survives_lost_late_and_stale_answers() {
    let ran = run(seeds("1-2"), Faults::writes());
    summary(&ran);
    judge(&ran);
}

/// The campaign: `tests/actions`.
#[test]
#[ignore = "takes minutes; tests/actions runs it"]
fn campaign() {
    let ran = run(seeds("1-50"), Faults::writes());
    summary(&ran);
    judge(&ran);
}

/// A row that was run.
struct Ran {
    row: Row,
    provider: Provider,
    seed: u64,
    told: Result<Told, String>,
}

/// Runs every row for each of its providers and seeds.
fn run(seeds: RangeInclusive<u64>, faults: Faults) -> Vec<Ran> {
    let wanted = std::env::var("SLUICEBOX_ROWS").unwrap_or_default();
    let mut todo = Vec::new();
    for seed in seeds {
        for provider in Provider::ALL {
            let mine = rows::all().into_iter().filter(|row| row.of.contains(&provider));
            let mine = mine.filter(|row| format!("{provider} {} {}", row.name, row.on).contains(&wanted));
            todo.extend(mine.map(|row| (row, provider, seed)));
        }
    }
    let ran = in_threads(&todo, |(row, provider, seed)| row::run(row, *provider, *seed, faults));
    let mut ran: Vec<Ran> =
        (todo.into_iter().zip(ran)).map(|((row, provider, seed), told)| Ran { row, provider, seed, told }).collect();
    // By row, as they stand in the table.
    let place = |one: &Ran| rows::all().iter().position(|row| (row.name, row.on) == (one.row.name, one.row.on));
    ran.sort_by_key(|one| (one.seed, place(one), one.provider));
    ran
}

/// Runs each of these, some at once; a panic is its error.
fn in_threads<T: Sync, R: Send>(all: &[T], run: impl Fn(&T) -> Result<R, String> + Sync) -> Vec<Result<R, String>> {
    let (next, ran) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = all.get(at) else { break };
                    let told = catch_unwind(AssertUnwindSafe(|| run(one)));
                    let told = told.unwrap_or_else(|panic| Err(words(&*panic).to_owned()));
                    ran.lock().unwrap().push((at, told));
                }
            });
        }
    });
    let mut ran = ran.into_inner().unwrap();
    ran.sort_by_key(|(at, _)| *at);
    ran.into_iter().map(|(_, told)| told).collect()
}

/// How all rows ended, over all seeds.
fn summary(ran: &[Ran]) {
    let told = || ran.iter().filter_map(|one| one.told.as_ref().ok());
    let calls: u64 = told().map(|told| told.calls).sum();
    let parked: u32 = told().map(|told| told.parked).sum();
    for Ran { row, provider, seed, told } in ran {
        if let Ok(Told { undo, parked: 1.., .. }) = told {
            println!("parked: {provider} {} {}, seed {seed}: {undo}", row.name, row.on);
        }
    }
    println!("{} rows, {} as they must be, {parked} of them parked; {calls} calls", ran.len(), told().count());
}

fn judge(ran: &[Ran]) {
    let failed: Vec<String> = ran
        .iter()
        .filter_map(|Ran { row, provider, seed, told }| {
            let why = told.as_ref().err()?;
            Some(format!("{provider} {} {}, seed {seed}:\n    {why}", row.name, row.on))
        })
        .collect();
    assert!(failed.is_empty(), "{} of {} rows failed:\n{}", failed.len(), ran.len(), failed.join("\n"));
}

/// What a failed assertion said.
fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("(no words)")
}

fn seeds(default: &str) -> RangeInclusive<u64> {
    let told = std::env::var("SLUICEBOX_SEEDS").unwrap_or_else(|_| default.to_owned());
    let (first, last) = told.split_once('-').unwrap_or((&told, &told));
    let number = |text: &str| text.parse().expect("SLUICEBOX_SEEDS is a number or two with a dash");
    number(first)..=number(last)
}
