//! What every provider's connector must do, as one list of behaviours, each run for each provider and seed on the emulator
//! with faults on: 429 5 %, 5xx 2 %, cut bodies 5 %, 202 5 %, lost positions 5 %.
//!
//! A behaviour is a row of [`BEHAVIOURS`]; it knows providers only through `Source` and the stage. The seeds are those of
//! `SLUICEBOX_SEEDS` (`1-3` by default, `5`, `1-20`); `tests/campaign` runs twenty and prints a table.

mod asked;
mod changes;
mod journal;
mod listing;
mod receiver;
mod rotation;
pub(crate) mod stage;

use sluicebox::model::Provider;
use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a behaviour tells for the campaign's table.
type Told = String;

/// One behaviour: its name, and what must hold.
struct Behaviour {
    name: &'static str,
    holds: fn(Provider, u64) -> Told,
}

const BEHAVIOURS: &[Behaviour] = &[
    Behaviour { name: "every file is listed once, read whole and judged", holds: listing::whole },
    Behaviour { name: "all of that holds in a storm, without a call too many", holds: listing::storm },
    Behaviour { name: "all of that holds when people came, went and were suspended", holds: listing::standing },
    Behaviour { name: "a listing brings the tenant's whole inventory", holds: asked::inventory },
    Behaviour { name: "an unchanged tenant has nothing new in a second pass", holds: listing::unchanged },
    Behaviour { name: "on a good day no page is asked for twice", holds: listing::least_calls },
    Behaviour { name: "tokens that end in the middle are renewed", holds: listing::tokens_end },
    Behaviour { name: "a crash after any page loses and doubles nothing", holds: journal::crash_anywhere },
    Behaviour { name: "a crash while tokens turn over loses no key", holds: rotation::crash_anywhere },
    Behaviour { name: "a second pass knows what a fresh listing knows", holds: changes::second_pass },
    Behaviour { name: "the feed tells every edit", holds: changes::feed },
    Behaviour { name: "what the log tells late is told when it has settled", holds: changes::late_log },
    Behaviour { name: "a look at an item tells what its listing tells", holds: asked::look },
    Behaviour { name: "an item is found again wherever it went", holds: asked::look_again },
    Behaviour { name: "genuine deliveries are hints, all others are refused", holds: asked::delivery },
    Behaviour { name: "webhooks come over the wire and again until they are taken", holds: asked::over_the_wire },
    Behaviour { name: "a watch tells which feeds have news", holds: asked::watch },
    Behaviour { name: "a lost position costs no edit", holds: changes::position_lost },
];

#[test]
fn every_provider_passes_the_list_of_behaviours() {
    run(seeds("1-3"));
}

/// The campaign: `tests/campaign`.
#[test]
#[ignore = "takes minutes; tests/campaign runs it"]
fn campaign() {
    run(seeds("1-20"));
}

/// Runs every row for every provider and seed, and names all that failed.
fn run(seeds: RangeInclusive<u64>) {
    let mut failed = Vec::new();
    println!("| seed | provider | behaviour | told |\n| --- | --- | --- | --- |");
    for seed in seeds {
        for provider in Provider::ALL {
            for Behaviour { name, holds } in BEHAVIOURS {
                let told = catch_unwind(AssertUnwindSafe(|| holds(provider, seed)));
                let told = told.unwrap_or_else(|panic| {
                    failed.push(format!("{provider}, seed {seed}: {name}\n    {}", words(&*panic)));
                    "FAILED".into()
                });
                println!("| {seed} | {provider} | {name} | {told} |");
            }
        }
    }
    assert!(failed.is_empty(), "{} rows failed:\n{}", failed.len(), failed.join("\n"));
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
