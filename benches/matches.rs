//! A million items are judged anew: what their rulings cost the store, where nothing changed and where everything did.
//!
//! Each ruling is of one policy that matches, in slices of a thousand. It fails when a count is not what was ruled, or when a
//! question takes longer than its bound. `cargo bench --bench matches`, or `-- 100000` for fewer items.

#[path = "stocked_store.rs"]
mod stocked_store;

use sluicebox::model::{ConnectorNumber, ItemKind, ItemNumber, Level, Severity};
use sluicebox::store::alerts::AlertKey;
use sluicebox::store::{Alerts, Matched, Matches, Ruled, Ruling, Scope, Store};
use std::process::ExitCode;
use std::time::Duration;
use stocked_store::{Failed, Stocked, list};

const ITEMS: u64 = 1_000_000;
/// Items read at a time, and rulings of a slice.
const SLICE: usize = 1_000;
/// What a ruling that changes nothing may cost.
const UNCHANGED_MAX: Duration = Duration::from_micros(20);
/// What one that changes something may cost.
const CHANGED_MAX: Duration = Duration::from_micros(60);

fn main() -> ExitCode {
    let items = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(ITEMS);
    match run(items) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Lists so many items; their numbers.
fn listed(store: &dyn Store, of: ConnectorNumber, items: u64) -> Result<Vec<ItemNumber>, Failed> {
    list(store, of, items)?;
    let scope = Scope { kind: Some(ItemKind::File), ..Scope::default() };
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = store.items(&scope, after, SLICE)?;
        let Some(last) = page.last() else { return Ok(all) };
        after = Some(last.number);
        all.extend(page.iter().map(|known| known.number));
    }
}

/// Rules on all items: by a policy with this hash, or by none.
fn rule_all(
    store: &dyn Store,
    of: ConnectorNumber,
    items: &[ItemNumber],
    policy: Option<(u8, Level)>,
) -> Result<Ruled, Failed> {
    let matches: Vec<Matched> = policy
        .map(|(hash, level)| Matched {
            policy: "anything public".into(),
            hash: [hash; 32],
            level: Some(level),
            alert: Some(AlertKey { severity: Severity::High, group: None }),
        })
        .into_iter()
        .collect();
    let mut all = Ruled::default();
    for slice in items.chunks(SLICE) {
        let rulings: Vec<Ruling> = slice
            .iter()
            .map(|item| Ruling {
                item: *item,
                connector: of,
                matches: matches.clone(),
                undecided: Vec::new(),
                intents: Vec::new(),
            })
            .collect();
        let ruled = store.rule(&rulings)?;
        all.began += ruled.began;
        all.ended += ruled.ended;
    }
    Ok(all)
}

fn run(count: u64) -> Result<bool, Failed> {
    let Stocked { clock, store, of, folder: _folder } = Stocked::new()?;
    let items = listed(&store, of, count)?;
    println!("{} items", items.len());
    let (all, none) = (u64::try_from(items.len())?, (0, 0));
    // What is ruled, how many episodes begin and end, and what each ruling may take.
    let rows = [
        ("no policy matches, and none did", None, none, UNCHANGED_MAX),
        ("a policy comes to match", Some((1, Level::External)), (all, 0), CHANGED_MAX),
        ("nothing changes", Some((1, Level::External)), none, UNCHANGED_MAX),
        ("the policy becomes another", Some((2, Level::External)), none, CHANGED_MAX),
        ("all are more open", Some((2, Level::Public)), (all, 0), CHANGED_MAX),
        ("nothing changes", Some((2, Level::Public)), none, UNCHANGED_MAX),
        ("no policy matches any more", None, (0, all), CHANGED_MAX),
    ];
    let mut good = true;
    for (what, policy, (began, ended), bound) in rows {
        let begun = clock.elapsed();
        let ruled = rule_all(&store, of, &items, policy)?;
        let took = clock.elapsed().saturating_sub(begun);
        let late = took > bound * u32::try_from(all)?;
        let counted: u64 = store.match_counts()?.iter().map(|count| count.items).sum();
        let right = (ruled.began, ruled.ended) == (began, ended) && counted == if policy.is_some() { all } else { 0 };
        good &= right && !late;
        let each = took.as_secs_f64() * 1e6 / all.max(1) as f64;
        let marks = [if right { "" } else { "  WRONG" }, if late { "  BEYOND ITS BOUND" } else { "" }].concat();
        println!("{:>9.3} s  {each:>7.2} us an item  {what}{marks}", took.as_secs_f64());
    }
    let alerts = store.alerts(false, None, 9)?;
    let told: Vec<u64> = alerts.iter().map(|alert| alert.items).collect();
    if told != [2 * all] {
        println!("one roll-up of {} matches: {told:?}", 2 * all);
        good = false;
    }
    Ok(good)
}
