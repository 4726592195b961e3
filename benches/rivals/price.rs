//! What each rule of foreign.tsv costs: its lane, and the time for each byte when it runs alone.
//!
//! The rules were written by shape before the matcher was tuned, so that they show what a rule costs that nobody had in
//! mind. Their answers are proved in the matcher's own tests; here their number is held against one search.

use super::corpus;
use super::matchers::{Counter, EachRule};
use super::options::Options;
use super::ours::Ours;
use super::turns::{self, Lap, Watch};
use sluicebox::rule::ruleset::PrimaryId;
use std::collections::BTreeMap;
use std::error::Error;

/// A rule, as foreign.tsv has it.
struct Rule<'a> {
    id: &'a str,
    pattern: &'a str,
}

fn rules() -> Vec<Rule<'static>> {
    let lines = include_str!("../foreign.tsv").lines().filter(|line| !line.starts_with('#'));
    let rule = |line: &'static str| {
        let mut fields = line.split('\t');
        Some(Rule { id: fields.next()?, pattern: fields.next()? })
    };
    lines.filter_map(rule).collect()
}

/// Prints a line for each rule: lane, nanoseconds a byte beside its own `find_iter`, matches.
pub(crate) fn foreign(options: &Options, path: &str) -> Result<(), Box<dyn Error>> {
    super::tables::heading(options, path);
    let mut watch = Watch::new();
    for row in &options.rows {
        let corpus = corpus::named(row, super::SEED, options.bytes).ok_or("no such text")?;
        println!(
            "{row}\n\n| rule | lane | ns a byte | find_iter, ns a byte | matches | by find_iter |\n|---|---|---|---|---|---|"
        );
        let mut lanes: BTreeMap<&str, Vec<(f64, &str)>> = BTreeMap::new();
        for Rule { id, pattern } in rules() {
            let pattern = [pattern.to_owned()];
            let (ours, each) = (Ours::new(&pattern)?, EachRule::new(&pattern)?);
            let mut price = |counter: &dyn Counter| {
                let turn = |_| turns::turn(counter, &corpus.text, None, options, &mut watch);
                let mut laps: Vec<Lap> = (0..options.rounds).map(turn).collect();
                laps.sort_by(|one, other| one.rate().total_cmp(&other.rate()));
                let middle = laps[laps.len() / 2];
                (middle.count, 1000.0 / middle.rate())
            };
            let ((found, ours_ns), (wanted, each_ns)) = (price(&ours), price(&each));
            let lane = ours.0.cost(PrimaryId(0)).lane.name();
            lanes.entry(lane).or_default().push((ours_ns, id));
            println!("| {id} | {lane} | {ours_ns:.2} | {each_ns:.2} | {found} | {wanted} |");
        }
        summary(lanes);
    }
    Ok(())
}

/// A line for each lane.
fn summary(lanes: BTreeMap<&str, Vec<(f64, &str)>>) {
    println!("\n| lane | rules | median ns a byte | dearest rule, ns a byte |\n|---|---|---|---|");
    for (lane, mut rules) in lanes {
        rules.sort_by(|one, other| one.0.total_cmp(&other.0));
        let ((middle, _), (most, dearest)) = (rules[rules.len() / 2], rules[rules.len() - 1]);
        println!("| {lane} | {} | {middle:.2} | {dearest}, {most:.2} |", rules.len());
    }
    println!();
}
