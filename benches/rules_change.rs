//! A rule is tightened over a million stored contents: how long its verdicts take to follow, and that nothing is asked of a
//! provider; and what covering a name costs.
//!
//! The contents are read by the built-in rules once for each kind of text and stored that often. Then the window of evidence of
//! the payment card's surest tier shrinks, and the stored verdicts are judged again. It fails when one is left undecided, when a
//! job is asked for, or above its bound. `cargo bench --bench rules_change`, or `-- 100000` for fewer contents.

#[path = "stocked_store.rs"]
mod stocked_store;

use sluicebox::clock::Clock;
use sluicebox::detect::{Matcher, TokenKey};
use sluicebox::engine::{names, rules_change};
use sluicebox::rule::profile::{NodeProfile, Profile};
use sluicebox::rule::{self, RuleSet};
use sluicebox::store::{DetectorKept, Rules, Store};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use stocked_store::{Failed, Stocked, list, read, scanned, settle_all};

const CONTENTS: u64 = 1_000_000;
/// The most that judging a million contents may take.
const JUDGE_MAX: Duration = Duration::from_secs(60);
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

fn run(contents: u64) -> Result<bool, Failed> {
    let rules: RuleSet = rule::load(&rule::Options::default()).map_err(|_| "the built-in rules do not load")?.rules;
    let matcher = Matcher::new(Arc::new(rules));
    let key = TokenKey::new([7; 32], 1);
    let stocked = Stocked::new()?;
    let Stocked { clock, store, of, .. } = &stocked;
    cover_names(clock, &matcher);
    let kept = rules_change::kept(matcher.rules(), &key);
    let (old, to) = (store.rules_number(&kept)?, store.rules_number(&tightened(&kept))?);
    list(store, *of, contents)?;
    let verdicts = scanned(&matcher, &key, &texts());
    let settled = settle_all(store, *of, |job, file| {
        read(job, old, file, verdicts[usize::try_from(file).unwrap_or_default() % verdicts.len()].clone())
    })?;
    store.put_in_force(to)?;
    let shelf: &dyn Store = store;
    let preview = rules_change::preview(shelf, old, &tightened(&kept))?;
    let begun = clock.elapsed();
    let progress = rules_change::judge(shelf, to, &mut |_| true)?;
    let took = clock.elapsed().saturating_sub(begun);
    let left = rules_change::price(shelf, to)?;
    let asked = stocked.asked_for()?;
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
    let all_well = settled == contents
        && progress.done
        && progress.judged == contents
        && progress.changed > 0
        && left.contents == 0;
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
