//! The queue at a million jobs (or ten): enqueue, claim, complete, bump; and what group commit is worth, in pairs.
//!
//! The store is a file in a folder of its own. Workers do no work, so the rates are the queue's ceiling, not the product's. A
//! commit's cost is mostly the disk's sync, whose time changes by a hundred times from one hour to the next: it is probed
//! beside each measurement. It fails when a claim's p99 is 100 ms or more, or when a job is missing at the end.
//! `cargo bench --bench queue`, or `-- --rows 10000000` for the long form, `-- --pairs 6` for the pairs alone.

#[path = "stocked_store.rs"]
mod stocked_store;

use sluicebox::clock::Clock;
use sluicebox::model::{ConnectorNumber, Item, ItemNumber, Lane, Principal, Provider, Reason, Todo, Walk, Walks};
use sluicebox::store::inventory::TakenPage;
use sluicebox::store::sqlite::Sqlite;
use sluicebox::store::{Ask, Claim, Connectors, Inventory, Listed, Outcome, Queue, Settlement, Store, Verdicts};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use stocked_store::{Failed, PAGE, page_of, walk_of};

const ROWS: u64 = 1_000_000;
const PAIRS: u32 = 6;
/// People whose files they are.
const PEOPLE: u64 = 1_000;
/// Threads that claim and complete.
const WORKERS: usize = 8;
/// How long each rate is measured.
const SPAN: Duration = Duration::from_secs(5);
const CLAIM_P99_MAX: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let number = |text: &str| text.parse::<u64>().map_err(Failed::from);
    let done = match words[..] {
        [] => rows(ROWS).and_then(|()| pairs(PAIRS)),
        ["--rows", count] => number(count).and_then(rows),
        ["--pairs", count] => number(count).and_then(|count| pairs(u32::try_from(count)?)),
        _ => Err("usage: queue [--rows N | --pairs N]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("queue: {error}");
            ExitCode::FAILURE
        }
    }
}

// --- what is measured ---

/// All four at so many rows.
fn rows(count: u64) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path())?;
    println!("{count} rows; a sync of the disk takes {}", ms(probe(folder.path(), &bench.clock)?));
    println!("| what | result |\n| --- | --- |");
    bench.enqueue(count)?;
    bench.list_again(count.min(100_000))?;
    println!("| file | {} MB |", std::fs::metadata(folder.path().join("store.db"))?.len() / 1_000_000);
    bench.bump(count)?;
    for claim in [1, 32] {
        let run = bench.work(claim, SPAN)?;
        println!(
            "| {WORKERS} workers, claim {claim} | {:.0} jobs/s; claim p50 {}, p99 {}, most {}; complete p50 {}, p99 {} |",
            run.rate,
            ms(at(&run.claims, 50)),
            ms(at(&run.claims, 99)),
            ms(at(&run.claims, 100)),
            ms(at(&run.completions, 50)),
            ms(at(&run.completions, 99)),
        );
        if at(&run.claims, 99) >= CLAIM_P99_MAX {
            return Err("a claim's p99 is above 100 ms".into());
        }
    }
    bench.mixed(count)?;
    let began = bench.clock.elapsed();
    bench.store.depth()?;
    println!("| depth | {} |", ms(bench.clock.elapsed() - began));
    let began = bench.clock.elapsed();
    bench.store.check()?;
    println!("| check of the whole file | {} |", ms(bench.clock.elapsed() - began));
    bench.count(count)
}

/// Group commit beside one commit for each piece, alternated.
fn pairs(count: u32) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path())?;
    bench.enqueue(200_000.max(u64::from(count) * 100_000))?;
    println!("| pair | claim | sync | alone, jobs/s | group, jobs/s | ratio |\n| --- | --- | --- | --- | --- | --- |");
    for pair in 0..count {
        let claim = if pair % 2 == 0 { 1 } else { 32 };
        let sync = probe(folder.path(), &bench.clock)?;
        let mut rates = [0.0; 2];
        let order = if pair % 4 < 2 { [0, 1] } else { [1, 0] };
        for grouped in order {
            bench.store.group_commit(grouped == 1);
            rates[grouped] = bench.work(claim, SPAN / 2)?.rate;
        }
        bench.store.group_commit(true);
        let [alone, group] = rates;
        println!("| {} | {claim} | {} | {alone:.0} | {group:.0} | {:.1} |", pair + 1, ms(sync), group / alone);
    }
    Ok(())
}

/// What some seconds of claiming and completing came to.
struct Run {
    rate: f64,
    /// In order.
    claims: Vec<Duration>,
    completions: Vec<Duration>,
}

struct Bench {
    store: Sqlite,
    clock: Clock,
    of: ConnectorNumber,
    done: AtomicU64,
}

impl Bench {
    fn new(folder: &Path) -> Result<Self, Failed> {
        let clock = Clock::machine();
        let store = stocked_store::open(folder, &clock)?;
        let of = store.connector(&"bench".parse()?, Provider::Box)?.number;
        store.begin_pass(of, &Walks { walks: vec![walk()], ..Walks::default() })?;
        Ok(Self { store, clock, of, done: AtomicU64::new(0) })
    }

    /// New files and their jobs, page by page.
    fn enqueue(&self, count: u64) -> Result<(), Failed> {
        let mut tenths = Vec::new();
        let mut longest = Duration::ZERO;
        let mut began = self.clock.elapsed();
        for page in 0..count / PAGE {
            let at = self.clock.elapsed();
            self.store.take_page(self.of, &walk(), page_from(page * PAGE, "1"), Lane::Backlog)?;
            longest = longest.max(self.clock.elapsed() - at);
            if (page + 1) % (count / PAGE / 10).max(1) == 0 {
                let now = self.clock.elapsed();
                tenths.push(now - began);
                began = now;
            }
        }
        let rate = |span: Option<&Duration>| span.map_or(0.0, |span| as_f64(count / 10) / span.as_secs_f64());
        println!(
            "| enqueue (file, standing, job), {PAGE} a page | first tenth {:.0}/s, last {:.0}/s; the longest page {} |",
            rate(tenths.first()),
            rate(tenths.last()),
            ms(longest)
        );
        Ok(())
    }

    fn list_again(&self, count: u64) -> Result<(), Failed> {
        let began = self.clock.elapsed();
        for page in 0..count / PAGE {
            self.store.take_page(self.of, &walk(), page_from(page * PAGE, "1"), Lane::Backlog)?;
        }
        let span = self.clock.elapsed() - began;
        println!("| list again, nothing changed | {:.0}/s |", as_f64(count) / span.as_secs_f64());
        Ok(())
    }

    /// Raises random backlog jobs into the live lane, one at a time and by the thousand.
    fn bump(&self, count: u64) -> Result<(), Failed> {
        let mut dice = Dice(11);
        let mut ask = || Ask {
            item: ItemNumber(i64::try_from(2 + dice.below(count)).unwrap_or(2)),
            lane: Lane::Live,
            todo: Todo::CONTENT,
            priority: 0,
            offered: None,
            happened: None,
        };
        let mut spans = Vec::new();
        for _ in 0..500 {
            let began = self.clock.elapsed();
            self.store.ask(&[ask()])?;
            spans.push(self.clock.elapsed() - began);
        }
        spans.sort_unstable();
        let began = self.clock.elapsed();
        let asks: Vec<Ask> = (0..10_000).map(|_| ask()).collect();
        self.store.ask(&asks)?;
        let rate = 10_000.0 / (self.clock.elapsed() - began).as_secs_f64();
        println!(
            "| bump one of them | p50 {}, p99 {}; by the thousand {rate:.0}/s |",
            ms(at(&spans, 50)),
            ms(at(&spans, 99))
        );
        Ok(())
    }

    /// Workers claim and complete for a while.
    fn work(&self, claim: usize, span: Duration) -> Result<Run, Failed> {
        let (claims, completions) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
        let before = self.done.load(Ordering::SeqCst);
        let began = self.clock.elapsed();
        std::thread::scope(|scope| {
            let workers: Vec<_> =
                (0..WORKERS).map(|_| scope.spawn(|| self.worker(claim, began + span, &claims, &completions))).collect();
            workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a worker panicked")?)
        })?;
        let took = self.clock.elapsed() - began;
        let rate = as_f64(self.done.load(Ordering::SeqCst) - before) / took.as_secs_f64();
        let sorted = |spans: Mutex<Vec<Duration>>| -> Result<Vec<Duration>, Failed> {
            let mut spans = spans.into_inner().map_err(|_| "a worker panicked")?;
            spans.sort_unstable();
            Ok(spans)
        };
        Ok(Run { rate, claims: sorted(claims)?, completions: sorted(completions)? })
    }

    fn worker(
        &self,
        max: usize,
        until: Duration,
        claims: &Mutex<Vec<Duration>>,
        completions: &Mutex<Vec<Duration>>,
    ) -> Result<(), Failed> {
        let of = [self.of];
        let wish = Claim {
            owner: "bench",
            connectors: &of,
            max,
            not_live_max: max,
            per_principal_max: max,
            busy: &[],
            lease: Duration::from_secs(120),
        };
        let (mut claimed, mut completed) = (Vec::new(), Vec::new());
        while self.clock.elapsed() < until {
            let began = self.clock.elapsed();
            let jobs = self.store.claim(&wish)?;
            claimed.push(self.clock.elapsed() - began);
            if jobs.is_empty() {
                return Err("the queue ran dry".into());
            }
            for job in jobs {
                let began = self.clock.elapsed();
                let outcome = Some(Outcome::Skipped(Reason::NotNeeded));
                self.store.settle(Settlement { outcome, ..Settlement::of(job.lease) })?;
                completed.push(self.clock.elapsed() - began);
                self.done.fetch_add(1, Ordering::SeqCst);
            }
        }
        claims.lock().map_err(|_| "a worker panicked")?.append(&mut claimed);
        completions.lock().map_err(|_| "a worker panicked")?.append(&mut completed);
        Ok(())
    }

    /// Claims while a listing goes on.
    fn mixed(&self, listed: u64) -> Result<(), Failed> {
        let stop = AtomicBool::new(false);
        let run = std::thread::scope(|scope| {
            let lister = scope.spawn(|| {
                let mut page = 0;
                while !stop.load(Ordering::Relaxed) {
                    // Every file has a newer version, so all of each page is written.
                    self.store.take_page(self.of, &walk(), page_from(page * PAGE % listed, "2"), Lane::Backlog)?;
                    page += 1;
                }
                Ok::<u64, Failed>(page)
            });
            let run = self.work(1, SPAN);
            stop.store(true, Ordering::Relaxed);
            let pages = lister.join().map_err(|_| "the lister panicked")??;
            run.map(|run| (run, pages))
        })?;
        let (run, pages) = run;
        println!(
            "| the same beside a listing of changed files | {:.0} jobs/s and {:.0} files/s; claim p50 {}, p99 {} |",
            run.rate,
            as_f64(pages * PAGE) / SPAN.as_secs_f64(),
            ms(at(&run.claims, 50)),
            ms(at(&run.claims, 99)),
        );
        Ok(())
    }

    /// Every file has either its job or its end.
    fn count(&self, rows: u64) -> Result<(), Failed> {
        let waiting: u64 =
            self.store.depth()?.iter().map(|depth| depth.ready + depth.delayed + depth.leased + depth.parked).sum();
        let totals = self.store.totals(self.of)?;
        if totals.files != rows || waiting < totals.waiting_files {
            return Err(format!("{} files of {rows}, {waiting} jobs for {}", totals.files, totals.waiting_files).into());
        }
        Ok(())
    }
}

// --- what it is measured with ---

fn walk() -> Walk {
    walk_of("0")
}

/// A page of files from this number on.
fn page_from(first: u64, version: &str) -> TakenPage {
    page_of((first..first + PAGE).map(|number| file(number, version)).collect(), "next")
}

fn file(number: u64, version: &str) -> Listed {
    // An id as long as a provider's, in no order.
    let id = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let person = format!("{}", number / PAGE % PEOPLE);
    let item = Item {
        id: format!("{id:020}").into(),
        name: format!("quarterly figures {number:09} (final).xlsx").into(),
        place: person.as_str().into(),
        read_as: Principal::Person(person.as_str().into()),
        size_bytes: 10_000 + number % 100_000,
        version: Some(format!("{id:020}{version}").into()),
        etag: Some(version.into()),
        ..stocked_store::file(number).item
    };
    Listed { item, shown: None }
}

/// How long a small write and its sync take, the middle of twenty.
fn probe(folder: &Path, clock: &Clock) -> Result<Duration, Failed> {
    let mut file = File::create(folder.join("probe"))?;
    let mut spans = Vec::new();
    for _ in 0..20 {
        let began = clock.elapsed();
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        spans.push(clock.elapsed() - began);
    }
    spans.sort_unstable();
    Ok(at(&spans, 50))
}

/// A percentile of what is in order.
fn at(spans: &[Duration], percent: usize) -> Duration {
    spans.get((spans.len() * percent / 100).min(spans.len().saturating_sub(1))).copied().unwrap_or_default()
}

fn ms(span: Duration) -> String {
    format!("{:.2} ms", span.as_secs_f64() * 1_000.0)
}

fn as_f64(count: u64) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        // Knuth's MMIX multiplier; the upper bits are the good ones.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound.max(1)
    }
}
