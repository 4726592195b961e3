//! Making plans of undo: which actions, in slices of bounded size, each foreseen where that is cheap.

use super::{Back, back};
use crate::engine::plan::ITEMS_MAX;
use crate::engine::plan::foresee::Seer;
use crate::engine::plan::make::{Failed, Means, seconds, whole};
use crate::engine::plan::open::{Shares, owner};
use crate::engine::plan::veil::Veil;
use crate::engine::plan::words::Names;
use crate::model::action::Target;
use crate::model::{IntentNumber, IntentState, ItemNumber};
use crate::report::plan::{Document, Entry, LeftOut, Planned, SCHEMA, Standing, Totals};
use crate::store::{Intent, IntentQuery, Known};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

/// Intents read at a time.
const PAGE: usize = 200;
/// Actions that are foreseen; of more, each would cost the calls of a look beforehand.
pub const FORESEEN_MAX: usize = 200;

/// Which actions are undone.
#[derive(Clone, Debug)]
pub enum Range {
    /// This one.
    Action(IntentNumber),
    /// All of these.
    All(IntentQuery),
}

/// Plans that undo a range: one, or several where there are more items than a plan may have. Newest first within each item.
///
/// # Errors
/// When the store failed, at Ctrl-C, or when nothing of the range can be undone.
pub fn make(means: &Means<'_>, by: &str, words: &str, range: &Range) -> Result<Vec<Document>, Failed> {
    let mut left = BTreeMap::<&'static str, u64>::new();
    let undone = collected(means, range, &mut left)?;
    if undone.is_empty() {
        let why: Vec<String> = left.iter().map(|(why, many)| format!("{many} {why}")).collect();
        let why = if why.is_empty() { "nothing was done there".to_owned() } else { why.join("; ") };
        return Err(Failed::Asked(format!(
            "there is nothing to undo: {why}\n  `sluicebox actions list` tells what was done"
        )));
    }
    let foresee = undone.values().map(Vec::len).sum::<usize>() <= FORESEEN_MAX;
    let mut entries = Vec::new();
    for ((_, item), intents) in undone {
        if means.stop.load(Ordering::Relaxed) {
            return Err(Failed::Stopped);
        }
        entries.extend(entry(means, item, &intents, foresee)?);
    }
    let rules = means.store.rules_in_force()?.map(|(number, _)| number.0);
    let slices = entries.chunks(ITEMS_MAX).enumerate().map(|(at, entries)| {
        let left = if at == 0 { lines(&left) } else { Vec::new() };
        document(means, by, words, rules, entries.to_vec(), left)
    });
    Ok(slices.collect())
}

fn lines(left: &BTreeMap<&'static str, u64>) -> Vec<LeftOut> {
    left.iter().map(|(why, items)| LeftOut { why: (*why).to_owned(), items: *items }).collect()
}

fn document(
    means: &Means<'_>,
    by: &str,
    words: &str,
    rules: Option<i64>,
    entries: Vec<Entry>,
    left_out: Vec<LeftOut>,
) -> Document {
    let people = entries.iter().flat_map(|entry| &entry.planned).any(|planned| planned.person.is_some());
    let mut plan = Document {
        schema: SCHEMA.to_owned(),
        kind: "undo".to_owned(),
        made: means.now,
        by: by.to_owned(),
        asked: words.to_owned(),
        policies: Vec::new(),
        rules,
        approvals: u8::from(people),
        approvals_why: if people { vec!["it acts on people".to_owned()] } else { Vec::new() },
        totals: Totals::default(),
        left_out,
        entries,
    };
    let seconds = seconds(means.grounds, &plan.entries);
    plan.sum_up(seconds);
    plan
}

/// By connector and item; what is about no item by its number behind those.
type ByItem = BTreeMap<(i64, Option<ItemNumber>), Vec<Intent>>;

/// Intents of a range that did something and were not undone, newest first.
fn collected(means: &Means<'_>, range: &Range, left: &mut BTreeMap<&'static str, u64>) -> Result<ByItem, Failed> {
    let mut by_item = ByItem::new();
    let mut take = |intent: Intent, left: &mut BTreeMap<&'static str, u64>| -> Result<(), Failed> {
        if let Some(why) = unfit(means, &intent)? {
            *left.entry(why).or_default() += 1;
            return Ok(());
        }
        by_item.entry((intent.is.connector.0, intent.is.item)).or_default().push(intent);
        Ok(())
    };
    match range {
        Range::Action(number) => {
            let intent = means.store.intent(*number)?.ok_or_else(|| {
                Failed::Asked(format!("there is no action {number}\n  `sluicebox actions list` tells all"))
            })?;
            take(intent, left)?;
        }
        Range::All(query) => {
            let mut after = None;
            loop {
                let page = means.store.intents(query, after, PAGE)?;
                let end = page.len() < PAGE;
                after = page.last().map(|last| last.number);
                for intent in page {
                    take(intent, left)?;
                }
                if end || means.stop.load(Ordering::Relaxed) {
                    break;
                }
            }
        }
    }
    for intents in by_item.values_mut() {
        intents.sort_by_key(|intent| std::cmp::Reverse(intent.number));
    }
    Ok(by_item)
}

/// Why an intent is not undone; `None` when it is.
fn unfit(means: &Means<'_>, intent: &Intent) -> Result<Option<&'static str>, Failed> {
    match intent.state {
        IntentState::Ended | IntentState::Parked => {}
        IntentState::Begun => return Ok(Some("still under way: undo them when they have ended")),
        IntentState::Waits | IntentState::Held | IntentState::Cancelled => return Ok(Some("never begun")),
    }
    if back(means.store, intent)?.actions.is_empty() {
        return Ok(Some("that did nothing, or nothing that can be taken back"));
    }
    Ok(is_undone(means, intent)?.then_some("undone already, or about to be"))
}

/// True when another intent took this one back, or is about to.
fn is_undone(means: &Means<'_>, intent: &Intent) -> Result<bool, Failed> {
    let query = IntentQuery { undoes: Some(intent.number), ..IntentQuery::default() };
    let others = means.store.intents(&query, None, PAGE)?;
    Ok(others.iter().any(|other| other.state.is_open() || has_effect(&other.outcome)))
}

fn has_effect(outcome: &str) -> bool {
    matches!(outcome, "done" | "already_so" | "partly")
}

/// The entry of one item, or of what is about none.
fn entry(
    means: &Means<'_>,
    item: Option<ItemNumber>,
    intents: &[Intent],
    foresee: bool,
) -> Result<Option<Entry>, Failed> {
    let Some(newest) = intents.first() else { return Ok(None) };
    let Some(ground) = means.grounds.iter().find(|one| one.number == newest.is.connector) else { return Ok(None) };
    let names = Names { store: means.store, connector: ground.number, people: &ground.people };
    let known = item.map(|item| means.store.item(item)).transpose()?.flatten();
    let shares = known.as_ref().map(|known| Shares::of(means.store, known)).transpose()?;
    let seer = Seer {
        store: means.store,
        ground,
        known: known.as_ref(),
        shares: shares.as_ref(),
        names,
        veil: Veil::default(),
        now: means.now,
    };
    let planned = intents.iter().map(|intent| deed(&seer, intent, foresee)).collect::<Result<Vec<_>, _>>()?;
    let open = known.as_ref().zip(shares.as_ref()).map(|(known, shares)| shares.open(known, &names, means.now));
    Ok(Some(Entry {
        connector: ground.name.to_string(),
        provider: ground.provider.name().to_owned(),
        item: item.map(|item| item.0),
        sort: known.as_ref().map_or("person", |known| crate::engine::plan::entry::sort(known.item.kind)).to_owned(),
        id: known.as_ref().map_or(String::new(), |known| known.item.id.to_string()),
        path: path(known.as_ref(), &names, newest),
        owner: known.as_ref().map_or(String::new(), |known| owner(known, &names)),
        version: None,
        exposure: open,
        since: None,
        found: Vec::new(),
        votes: Vec::new(),
        planned,
    }))
}

fn path(known: Option<&Known>, names: &Names<'_>, intent: &Intent) -> String {
    match known {
        Some(known) => known.shown.to_string(),
        None => names.person_of(&intent.is.on).unwrap_or_else(|| "an item that is not listed any more".to_owned()),
    }
}

/// What takes one intent back.
fn deed(seer: &Seer<'_>, intent: &Intent, foresee: bool) -> Result<Planned, Failed> {
    let Back { actions, lost, .. } = back(seer.store, intent)?;
    let words: Vec<String> = actions.iter().map(|planned| seer.names.action(&planned.action)).collect();
    let when = intent.ended.or(intent.begun).map(|at| format!(" of {}", whole(at))).unwrap_or_default();
    let mut deed = Planned {
        id: format!("u{}t{}", intent.number, seer.now.as_secs()),
        name: actions.first().map_or("nothing", |first| first.action.name()).to_owned(),
        words: format!("undo action {}{when}, {}: {}", intent.number, intent.is.name, words.join("; ")),
        person: seer.names.person_of(&intent.is.on),
        voters: Vec::new(),
        instead_of: None,
        undoes: Some(intent.number.0),
        standing: Standing::Unforeseen,
        why: None,
        calls: Vec::new(),
        calls_with_reads: 0,
        loses: Vec::new(),
        links: Vec::new(),
        stays: Vec::new(),
        cannot_undo: lost.iter().map(ToString::to_string).collect(),
        does: Value::Null,
    };
    if foresee && seer.ground.governor.is_some() {
        foreseen(seer, &mut deed, actions, &intent.is.on)?;
    }
    Ok(deed)
}

/// Looks at each action: what it would call, and whether something is in the way.
fn foreseen(
    seer: &Seer<'_>,
    deed: &mut Planned,
    actions: Vec<crate::engine::act::Planned>,
    whole_on: &Target,
) -> Result<(), Failed> {
    let mut standing = Standing::AlreadySo;
    for planned in actions {
        let on = planned.on.unwrap_or_else(|| whole_on.clone());
        let mut one = Planned { standing: Standing::Unseen, ..deed.clone() };
        one.calls.clear();
        one.calls_with_reads = 0;
        seer.foresee(&mut one, on, planned.action, false, None)?;
        deed.calls.extend(one.calls);
        deed.calls_with_reads += one.calls_with_reads;
        deed.stays.extend(one.stays);
        match one.standing {
            Standing::Will => standing = Standing::Will,
            Standing::AlreadySo => {}
            // What could not be looked at may well go by the time it is done.
            Standing::Unseen => standing = Standing::Unforeseen,
            stands => {
                deed.why = one.why;
                if standing == Standing::AlreadySo {
                    standing = stands;
                }
            }
        }
    }
    deed.standing = standing;
    Ok(())
}
