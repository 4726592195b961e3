//! A rule is tightened over a million stored contents: how long its verdicts take to follow, and that nothing is asked of a
//! provider; and what covering a name costs.
//!
//! The contents are read by the built-in rules once for each kind of text and stored that often. Then the window of evidence of
//! the payment card's surest tier shrinks, and the stored verdicts are judged again. It fails when one is left undecided, when a
//! job is asked for, or above its bound. `cargo bench --bench rules_change`, or `-- 100000` for fewer contents.

use sluicebox::clock::Clock;
use sluicebox::detect::{Matcher, PartStart, RawLength, ScanOptions, Scanner, TokenKey};
use sluicebox::engine::{names, rules_change};
use sluicebox::model::{
    ConnectorNumber, Coverage, Download, Item, ItemKind, Lane, Onward, Place, Principal, Provider, Verdict, Walk, Walks,
};
use sluicebox::rule::profile::{NodeProfile, Profile};
use sluicebox::rule::{self, RuleSet};
use sluicebox::store::inventory::TakenPage;
use sluicebox::store::order::Shares;
use sluicebox::store::sqlite::{Options, Sqlite};
use sluicebox::store::{
    Claim, Connectors, DetectorKept, Listed, Outcome, Queue, Rules, RulesNumber, SealKey, Settlement, Store, Verdicts,
};
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

type Failed = Box<dyn Error>;

const CONTENTS: u64 = 1_000_000;
/// The most that judging a million contents may take.
const JUDGE_MAX: Duration = Duration::from_secs(60);
const PAGE: u64 = 1_000;
const THREADS: usize = 64;
const NAMES: u64 = 1_000_000;
const DETECTOR: &str = "card.payment";

fn main() -> ExitCode {
    let contents = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(CONTENTS);
    match run(contents) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("rules_change: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the contents are made of: one in five has a card number, one in ten loses its evidence.
fn texts() -> Vec<String> {
    let far = "and so on, line after line, ".repeat(6);
    let plain = |n: usize| format!("Minutes of meeting {n}: agreed to meet again on 2026-03-0{n}, room 4.");
    let mut texts: Vec<String> = (1..9).map(plain).collect();
    texts.push("credit card 4111 1111 1111 1111 of the customer".to_owned());
    texts.push(format!("credit card of the customer: {far} 5500 0000 0000 0004"));
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

/// The rules with the windows of one detector's surest tier a third as wide.
fn tightened(kept: &[DetectorKept]) -> Vec<DetectorKept> {
    let mut kept = kept.to_vec();
    for row in kept.iter_mut().filter(|row| &*row.id == DETECTOR) {
        let Some(mut profile) = Profile::from_json(&row.profile) else { continue };
        if let Some(tree) = profile.tiers.first_mut().and_then(|tier| tier.evidence.as_mut()) {
            shrink(tree);
        }
        profile.hash = "0".repeat(64);
        (row.hash, row.profile) = ([0; 32], profile.to_json().into());
    }
    kept
}

fn shrink(node: &mut NodeProfile) {
    match node {
        NodeProfile::All(nodes) | NodeProfile::Any { nodes, .. } => nodes.iter_mut().for_each(shrink),
        NodeProfile::Not(_) => {}
        NodeProfile::Leaf(leaf) => leaf.within = leaf.within.map(|within| within / 3),
    }
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
                store.settle(Settlement {
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

fn run(contents: u64) -> Result<bool, Failed> {
    let clock = Clock::machine();
    let rules: RuleSet = rule::load(&rule::Options::default()).map_err(|_| "the built-in rules do not load")?.rules;
    let matcher = Matcher::new(Arc::new(rules));
    let key = TokenKey::new([7; 32], 1);
    cover_names(&clock, &matcher);
    let folder = tempfile::tempdir()?;
    let store = Sqlite::open(Options {
        path: folder.path().join("store.db"),
        seal: SealKey::new([1; 32]),
        clock: clock.clone(),
        shares: Shares::default(),
    })?;
    let kept = rules_change::kept(matcher.rules(), &key);
    let (old, to) = (store.rules_number(&kept)?, store.rules_number(&tightened(&kept))?);
    let of = store.connector(&"main".parse()?, Provider::Box)?.number;
    list(&store, of, contents)?;
    settle_all(&store, of, old, &verdicts(&matcher, &key))?;
    store.put_in_force(to)?;
    let shelf: &dyn Store = &store;
    let preview = rules_change::preview(shelf, old, &tightened(&kept))?;
    let begun = clock.elapsed();
    let progress = rules_change::judge(shelf, to, &mut |_| true)?;
    let took = clock.elapsed().saturating_sub(begun);
    let left = rules_change::price(shelf, to)?;
    let asked: u64 = store.depth()?.iter().map(|depth| depth.ready + depth.delayed + depth.leased).sum();
    println!(
        "| contents | judged anew | undecided | findings changed in | seconds | price told before | jobs asked for |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    println!(
        "| {contents} | {} | {} | {} | {:.1} | {} | {asked} |",
        progress.judged,
        progress.undecided,
        progress.changed,
        took.as_secs_f64(),
        preview.price.contents
    );
    let all_well = progress.done && progress.judged == contents && progress.changed > 0 && left.contents == 0;
    Ok(all_well && asked == 0 && took <= JUDGE_MAX)
}

/// A million names, one in a thousand with a value.
fn cover_names(clock: &Clock, matcher: &Matcher) {
    let name = |n: u64| match n % 1_000 {
        0 => format!("statement 4111 1111 1111 1111 no {n}.pdf"),
        _ if n.is_multiple_of(3) => format!("/Finance/2026/Q{}/Report {n} final_v{}.xlsx", n % 4 + 1, n % 7),
        _ if n % 3 == 1 => format!("IMG_2026{:04}_{n:06}.jpg", n % 1_231),
        _ => format!("Übersicht der Größen {}.docx", n % 10_000),
    };
    let names: Vec<String> = (0..NAMES).map(name).collect();
    let begun = clock.elapsed();
    let covered = names.iter().filter(|name| names::cover(matcher, name).is_some()).count();
    let took = clock.elapsed().saturating_sub(begun).as_secs_f64();
    println!("{NAMES} names in {took:.2} s, {:.0} ns each; {covered} with something to cover", took * 1e9 / 1e6);
}
