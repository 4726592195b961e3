//! A policy is changed over a million stored verdicts: how long judging everything anew takes, that its matches are the expected
//! ones, and that nothing is asked of a provider.
//!
//! The contents are read by the built-in rules once for each kind of text and stored that often. A policy that no index can
//! narrow is judged over all of them, then a changed one, then the same once more. It fails when a count is another than
//! expected, when a job is asked for, or above its bound. `cargo bench --bench reevaluate`, or `-- 100000` (or the
//! variable `SLUICEBOX_ITEMS`) for fewer items.

#[path = "stocked_store.rs"]
mod stocked_store;

use sluicebox::clock::Clock;
use sluicebox::detect::{Matcher, TokenKey};
use sluicebox::engine::facts::tags_of;
use sluicebox::engine::judge::Governing;
use sluicebox::engine::reevaluate::{By, State, everything};
use sluicebox::engine::rules_change;
use sluicebox::model::Level;
use sluicebox::policy::file::load_text;
use sluicebox::policy::{Known, Policies, Tags};
use sluicebox::rule::{self, RuleSet};
use sluicebox::store::sqlite::Sqlite;
use sluicebox::store::{Judged, Matches, Rules, RulesNumber, Settlement};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use stocked_store::{Failed, Stocked, list, read, scanned, settle_all};

const ITEMS: u64 = 1_000_000;
/// The expected counts hold for multiples of this.
const ROUND: u64 = 20;
/// The most that judging a million items anew may take.
const JUDGE_MAX: Duration = Duration::from_secs(60);

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
    let rules: RuleSet = rule::load(&rule::Options::default()).map_err(|_| "the built-in rules do not load")?.rules;
    let tags = tags_of(&rules);
    let matcher = Matcher::new(Arc::new(rules));
    let key = TokenKey::new([7; 32], 1);
    let stocked = Stocked::new()?;
    let Stocked { clock, store, of, .. } = &stocked;
    let number = store.rules_number(&rules_change::kept(matcher.rules(), &key))?;
    store.put_in_force(number)?;
    let begun = clock.elapsed();
    list(store, *of, items)?;
    let listed = clock.elapsed().saturating_sub(begun);
    let verdicts = scanned(&matcher, &key, &texts());
    let settled = settle_all(store, *of, |job, file| {
        let level = if file.is_multiple_of(4) { Level::Public } else { Level::Internal };
        let verdict = verdicts[usize::try_from(file).unwrap_or_default() % verdicts.len()].clone();
        let exposure = Some(Judged { level, known: true, until: None });
        Settlement { exposure, ..read(job, number, file, verdict) }
    })?;
    let took = clock.elapsed().saturating_sub(begun + listed);
    println!("{items} items: listed in {:.1} s, settled in {:.1} s", listed.as_secs_f64(), took.as_secs_f64());
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
    let mut all_well = settled == items;
    for (name, filter, expected) in rows {
        let (state, took, matches) = judged(store, clock, &governing(&filter)?, &tags, number)?;
        let State { judged, began, ended, .. } = state;
        println!("| {name} | {judged} | {matches} | {began} | {ended} | {:.1} |", took.as_secs_f64());
        all_well &= matches == expected && took <= JUDGE_MAX;
    }
    // No provider is there to be called; what calls are made for is a job, and none may have been asked for.
    let asked = stocked.asked_for()?;
    println!("jobs asked for: {asked}; calls: none can be made");
    Ok(all_well && asked == 0)
}
