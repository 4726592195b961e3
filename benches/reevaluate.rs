//! A policy is changed over a million stored verdicts: how long judging everything anew takes, that its matches are the expected
//! ones, and that nothing is asked of a provider.
//!
//! The contents are read by the built-in rules once for each kind of text and stored that often. A policy that no index can
//! narrow is judged over all of them, then a changed one, then the same once more. It fails when a count is another than
//! expected, when a job is asked for, or above its bound. `cargo bench --bench reevaluate`, or `-- 100000` (or the
//! variable `SLUICEBOX_ITEMS`) for fewer items.

use sluicebox::clock::Clock;
use sluicebox::detect::{Matcher, PartStart, RawLength, ScanOptions, Scanner, TokenKey};
use sluicebox::engine::facts::tags_of;
use sluicebox::engine::judge::Governing;
use sluicebox::engine::reevaluate::{By, State, everything};
use sluicebox::engine::rules_change;
use sluicebox::model::{
    ConnectorNumber, Coverage, Download, Item, ItemKind, Lane, Level, Onward, Place, Principal, Provider, Verdict,
    Walk, Walks,
};
use sluicebox::policy::file::load_text;
use sluicebox::policy::{Known, Policies, Tags};
use sluicebox::rule::{self, RuleSet};
use sluicebox::store::inventory::TakenPage;
use sluicebox::store::order::Shares;
use sluicebox::store::sqlite::{Options, Sqlite};
use sluicebox::store::{
    Claim, Connectors, Judged, Listed, Matches, Outcome, Queue, Rules, RulesNumber, SealKey, Settlement, Store,
    Verdicts,
};
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

type Failed = Box<dyn Error>;

const ITEMS: u64 = 1_000_000;
/// The expected counts hold for multiples of this.
const ROUND: u64 = 20;
/// The most that judging a million items anew may take.
const JUDGE_MAX: Duration = Duration::from_secs(60);
const PAGE: u64 = 1_000;
const THREADS: usize = 64;

fn main() -> ExitCode {
    let told = std::env::args().skip(1).chain(std::env::var("SLUICEBOX_ITEMS").ok()).find_map(|arg| arg.parse().ok());
    let items: u64 = told.unwrap_or(ITEMS);
    match run(items.div_ceil(ROUND) * ROUND) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("reevaluate: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the contents are made of: two in ten have a card number.
fn texts() -> Vec<String> {
    let plain = |n: usize| format!("Minutes of meeting {n}: agreed to meet again on 2026-03-0{n}, room 4.");
    let mut texts: Vec<String> = (1..9).map(plain).collect();
    texts.push("credit card 4111 1111 1111 1111 of the customer".to_owned());
    texts.push("credit card 5500 0000 0000 0004 of the customer".to_owned());
    texts
}

fn verdicts(matcher: &Matcher, key: &TokenKey) -> Vec<Verdict> {
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
    texts().iter().map(&mut read).collect()
}

fn file(number: u64) -> Listed {
    let item = Item {
        id: number.to_string().into(),
        kind: ItemKind::File,
        name: format!("document {number}.txt").into(),
        parent: Some("0".into()),
        path: None,
        place: "7".into(),
        read_as: Principal::Person((number % 100).to_string().into()),
        size_bytes: 100,
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

fn list(store: &dyn Store, of: ConnectorNumber, files: u64) -> Result<(), Failed> {
    let walk = Walk {
        id: "root:7".into(),
        place: "7".into(),
        kind: "folder".into(),
        read_as: Principal::Person("7".into()),
        path: "".into(),
        cursor: None,
    };
    store.begin_pass(of, &Walks { walks: vec![walk.clone()], ..Walks::default() })?;
    for first in (0..files).step_by(usize::try_from(PAGE)?) {
        let page = TakenPage {
            items: (first..files.min(first + PAGE)).map(file).collect(),
            gone: Vec::new(),
            found: Vec::new(),
            holes: Vec::new(),
            onward: Onward::More(first.to_string().into()),
            asks: Vec::new(),
            offered: None,
        };
        store.take_page(of, &walk, page, Lane::Backlog)?;
    }
    Ok(())
}

/// Settles all that waits, on many threads.
fn settle_all(store: &Sqlite, of: ConnectorNumber, rules: RulesNumber, verdicts: &[Verdict]) -> Result<(), Failed> {
    let one_thread = || -> Result<(), Failed> {
        loop {
            let claim = Claim {
                owner: "bench",
                connectors: &[of],
                max: 64,
                not_live_max: 64,
                per_principal_max: 64,
                busy: &[],
                lease: Duration::from_secs(3_600),
            };
            let jobs = store.claim(&claim)?;
            if jobs.is_empty() {
                return Ok(());
            }
            for job in jobs {
                let number: u64 = job.known.item.id.parse()?;
                let mut content = [0; 32];
                content[..8].copy_from_slice(&number.to_be_bytes());
                let verdict = &verdicts[usize::try_from(number)? % verdicts.len()];
                let level = if number.is_multiple_of(4) { Level::Public } else { Level::Internal };
                store.settle(Settlement {
                    exposure: Some(Judged { level, known: true, until: None }),
                    version: job.known.item.version,
                    outcome: Some(Outcome::Read {
                        content,
                        extraction: [1; 32],
                        rules,
                        verdict: Box::new(verdict.clone()),
                        hash: None,
                    }),
                    ..Settlement::of(job.lease)
                })?;
            }
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|_| scope.spawn(move || one_thread().map_err(|error| error.to_string()))).collect();
        threads.into_iter().try_for_each(|thread| Ok(thread.join().map_err(|_| "a thread failed")??))
    })
}

/// A policy of this name and filter, watched.
fn governing(filter: &str) -> Result<Governing, Failed> {
    let text = format!(
        "schema = 1\n[[policy]]\nname = \"cards\"\ntitle = \"Cards\"\nseverity = \"high\"\nmode = \"watch\"\nwhere = '{filter}'\n"
    );
    let loaded = load_text("bench.toml", &text, &Known::default());
    let loaded = loaded.map_err(|errors| format!("{errors:?}"))?;
    Ok(Governing::new(Policies::new(loaded.policies, Vec::new()), Vec::new()))
}

fn judged(
    store: &Sqlite,
    clock: &Clock,
    by: &Governing,
    tags: &Tags,
    rules: RulesNumber,
) -> Result<(State, Duration, u64), Failed> {
    let begun = clock.elapsed();
    let state = everything(store, By { governing: by, tags, rules }, clock, &mut |_| true)?;
    let took = clock.elapsed().saturating_sub(begun);
    let matches = store.match_counts()?.iter().map(|count| count.items).sum();
    Ok((state, took, matches))
}

fn run(items: u64) -> Result<bool, Failed> {
    let clock = Clock::machine();
    let rules: RuleSet = rule::load(&rule::Options::default()).map_err(|_| "the built-in rules do not load")?.rules;
    let tags = tags_of(&rules);
    let matcher = Matcher::new(Arc::new(rules));
    let key = TokenKey::new([7; 32], 1);
    let folder = tempfile::tempdir()?;
    let store = Sqlite::open(Options {
        path: folder.path().join("store.db"),
        seal: SealKey::new([1; 32]),
        clock: clock.clone(),
        shares: Shares::default(),
    })?;
    let number = store.rules_number(&rules_change::kept(matcher.rules(), &key))?;
    store.put_in_force(number)?;
    let of = store.connector(&"main".parse()?, Provider::Box)?.number;
    let begun = clock.elapsed();
    list(&store, of, items)?;
    let listed = clock.elapsed().saturating_sub(begun);
    settle_all(&store, of, number, &verdicts(&matcher, &key))?;
    let settled = clock.elapsed().saturating_sub(begun + listed);
    println!("{items} items: listed in {:.1} s, settled in {:.1} s", listed.as_secs_f64(), settled.as_secs_f64());
    // Two contents in ten have a card; one name in ten ends in a seven; one item in four is public.
    let cards = "finding(detector = card.payment, unique >= 1)";
    let rows = [
        ("first", format!("{cards} or name glob \"*7.txt\""), items / 10 * 3),
        ("changed", cards.to_owned(), items / 10 * 2),
        ("unchanged", cards.to_owned(), items / 10 * 2),
        ("narrowed", format!("access = public and {cards}"), items / 20),
    ];
    println!("| policy | items judged | matches | began | ended | seconds |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let mut all_well = true;
    for (name, filter, expected) in rows {
        let (state, took, matches) = judged(&store, &clock, &governing(&filter)?, &tags, number)?;
        let State { judged, began, ended, .. } = state;
        println!("| {name} | {judged} | {matches} | {began} | {ended} | {:.1} |", took.as_secs_f64());
        all_well &= matches == expected && took <= JUDGE_MAX;
    }
    let asked: u64 = store.depth()?.iter().map(|depth| depth.ready + depth.delayed + depth.leased).sum();
    println!("jobs asked for: {asked}; calls: none can be made");
    Ok(all_well && asked == 0)
}
