//! The end of an intent: receipt, audit entry, what follows and who is told, made ready for one commit.

use super::hand::End;

use crate::engine::core::{Core, Tenant};
use crate::engine::stats::Count;
use crate::engine::{exposure, judge, names, quarantine, tell};
use crate::model::action::{Ended, ItemState, Outcome, OwnLink, Receipt, State, Target, Undo};
use crate::model::{Item, ItemKind, Lane, Level, Link, Sharing, Todo};
use crate::provider::govern::Facets;
use crate::store::{self, Closing, Entry, Intent, Listed};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Ids of the provider's requests in an audit entry, at most.
const REQUESTS_MAX: usize = 64;

/// Everything that is written when an intent ends so.
pub(super) fn closing(core: &Core, tenant: &Tenant, intent: &Intent, end: End) -> Result<Closing, store::Error> {
    let End { outcome, why, tell: whom } = end;
    let receipt = intent.orders.iter().rev().find_map(|ordered| ordered.receipt.clone());
    let mut messages = if whom.is_empty() { Vec::new() } else { tell::of_intent(core, tenant, intent, &whom)? };
    if let Outcome::Unknown(_) = outcome {
        messages.extend(tell::of_parked(core, tenant, intent, &why));
    }
    let after = receipt.as_ref().map(|last| quarantine::aftermath(core, intent, last)).unwrap_or_default();
    Ok(Closing {
        number: intent.number,
        level: level(core, tenant, intent)?,
        entry: entry_of(tenant, intent, &outcome, &why),
        facts: facts(core, intent)?,
        asks: asks(intent),
        exceptions: after.exceptions,
        messages,
        quarantined: after.quarantined,
        released: after.released,
        receipt,
        outcome,
        why,
    })
}

/// The item where it was read back, when it was moved or taken out of the trash: by whom it can be read has changed with it, and
/// whoever looks there as before would take it for gone.
fn facts(core: &Core, intent: &Intent) -> Result<Option<Listed>, store::Error> {
    let read_back = |ordered: &store::Ordered| match &ordered.order.on {
        Target::Item(on) if is(intent, &on.id) => ordered.receipt.as_ref()?.read_back.as_ref()?.item().cloned(),
        _ => None,
    };
    let Some(state) = intent.orders.iter().rev().find_map(read_back) else { return Ok(None) };
    let Some(known) = intent.is.item.map(|item| core.store.item(item)).transpose()?.flatten() else { return Ok(None) };
    let (item, folder) = (&known.item, &state.folder);
    let in_trash = item.trashed.filter(|_| state.trashed).or_else(|| state.trashed.then_some(state.at));
    let path = folder.path.as_ref().map(|above| format!("{above}/{}", state.name).into());
    let is_there = item.place == folder.place
        && item.name == state.name
        && item.trashed.is_some() == state.trashed
        && path.as_ref().map_or(item.parent == folder.id, |path| item.path.as_ref() == Some(path));
    if is_there {
        return Ok(None);
    }
    let shown = names::cover(&core.in_force().matcher, &state.name);
    let item = Item {
        name: Arc::clone(&state.name),
        parent: folder.id.clone().filter(|_| path.is_none()),
        path: path.or_else(|| item.path.clone().filter(|_| folder.id.is_none())),
        place: Arc::clone(&folder.place),
        read_as: folder.act_as.clone(),
        version: state.version.clone().or_else(|| item.version.clone()),
        owner: state.owner.clone().or_else(|| item.owner.clone()),
        trashed: in_trash,
        ..item.clone()
    };
    Ok(Some(Listed { item, shown }))
}

/// The item is looked at again, so that what is stored tells what is so; below a folder everything is.
fn asks(intent: &Intent) -> Vec<store::Ask> {
    let Some(item) = intent.is.item else { return Vec::new() };
    if intent.orders.is_empty() {
        return Vec::new();
    }
    let mut todo = Todo::LOOK.and(Todo::SHARING).and(Todo::EXPOSURE);
    if matches!(&intent.is.on, Target::Item(target) if target.kind == ItemKind::Folder) {
        todo = todo.and(Todo::BELOW);
    }
    vec![store::Ask { item, lane: Lane::Live, todo, priority: 0, offered: None, happened: None }]
}

/// How far the item is open now, told as the engine tells it: what was read back in the place of what is stored.
fn level(core: &Core, tenant: &Tenant, intent: &Intent) -> Result<Option<Level>, store::Error> {
    let Some(item) = intent.is.item else { return Ok(None) };
    let on_item = |receipt: &&Receipt| receipt.read_back.as_ref().is_some_and(|state| state.item().is_some());
    let read =
        intent.orders.iter().filter(|ordered| matches!(&ordered.order.on, Target::Item(on) if is(intent, &on.id)));
    let mut read =
        read.filter_map(|ordered| Some((Facets::of(&ordered.order.action), ordered.receipt.as_ref().filter(on_item)?)));
    let Some(known) = core.store.item(item)? else { return Ok(None) };
    let mut own = core.store.sharing(item)?.unwrap_or_default();
    let mut any = false;
    let mut moved = false;
    for (facets, receipt) in &mut read {
        let Some(state) = receipt.read_back.as_ref().and_then(State::item) else { continue };
        let before = receipt.found.as_ref().and_then(State::item);
        moved = before.is_some_and(|before| !before.folder.is(&state.folder));
        any |= facets.links || facets.members;
        take(&mut own, facets, state);
    }
    if moved {
        // What it had from folders above it has no more; what it has from the new ones is told by the job that follows.
        let people = tenant.directory();
        let told = crate::provider::exposure::exposure(&known.item.id, &own, &[], &people, core.clock.now());
        return Ok(Some(told.level));
    }
    if !any {
        return Ok(None);
    }
    let told = exposure::tell(core, tenant, &known, Some(&own))?.1;
    Ok(Some(told.level))
}

fn is(intent: &Intent, id: &str) -> bool {
    matches!(&intent.is.on, Target::Item(target) if *target.id == *id)
}

/// What was read back takes the place of what was known.
fn take(own: &mut Sharing, facets: Facets, state: &ItemState) {
    if facets.links {
        own.links = state.links.iter().map(link).collect();
    }
    if facets.members {
        own.members = state.members.clone();
    }
}

fn link(own: &OwnLink) -> Link {
    Link {
        audience: own.audience,
        password: own.password,
        expires: own.expires,
        download: own.download,
        url: own.url.clone(),
    }
}

/// The entry of an end that nothing was ordered for.
pub(super) fn entry(tenant: &Tenant, intent: &Intent, outcome: &str, why: &str) -> Entry {
    let mut details = about(tenant, intent);
    details["outcome"] = outcome.into();
    details["why"] = why.into();
    written(intent, &details)
}

fn entry_of(tenant: &Tenant, intent: &Intent, outcome: &Outcome, why: &str) -> Entry {
    let mut details = about(tenant, intent);
    details["outcome"] = outcome.name().into();
    details["why"] = why.into();
    details["attempts"] = intent.attempts.into();
    details["orders"] = intent.orders.iter().map(order).collect();
    written(intent, &details)
}

fn written(intent: &Intent, details: &Value) -> Entry {
    Entry {
        actor: intent.is.actor.to_string(),
        act: format!("action.{}", intent.is.name),
        about: format!("intent {}", intent.number),
        details: details.to_string(),
    }
}

/// Who wanted what, on what, since when.
fn about(tenant: &Tenant, intent: &Intent) -> Value {
    let is = &intent.is;
    let voters: Vec<Value> = is
        .voters
        .iter()
        .map(|voter| json!({"policy": &*voter.policy, "hash": crate::policy::set::short(&voter.hash)}))
        .collect();
    let on = match &is.on {
        Target::Item(item) => json!({"item": &*item.id, "number": is.item.map(|item| item.0)}),
        Target::Person(person) => json!({"person": person.id.as_deref().or(person.account.as_deref())}),
    };
    json!({
        "id": &*is.id,
        "connector": tenant.name.as_str(),
        "on": on,
        "cause": is.cause.name(),
        "voters": voters,
        "rules": is.rules.map(|rules| rules.0),
        "plan": is.plan.map(|plan| plan.0),
        "undoes": is.undoes.map(|undoes| undoes.0),
        "made_ms": intent.made.as_millis(),
        "begun_ms": intent.begun.map(crate::clock::Moment::as_millis),
    })
}

/// What an order did, without names: its whole receipt is kept sealed, and committed to by its hash.
fn order(ordered: &store::Ordered) -> Value {
    let order = &ordered.order;
    let Some(receipt) = &ordered.receipt else { return json!({"id": &*order.id, "action": order.action.name()}) };
    let requests: Vec<&str> =
        receipt.did.iter().flat_map(|did| &did.requests).take(REQUESTS_MAX).map(|request| &**request).collect();
    let answered = receipt.did.iter().filter(|did| did.ended == Ended::Answered).count();
    let undo = receipt.found.as_ref().map(|found| Undo::of(order, found)).unwrap_or_default();
    let lost: Vec<String> = undo.lost.iter().map(ToString::to_string).collect();
    json!({
        "id": &*order.id,
        "action": order.action.name(),
        "outcome": receipt.outcome.name(),
        "calls": answered,
        "requests": requests,
        "left": receipt.left.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "revertible": !undo.actions.is_empty(),
        "lost_for_good": lost,
        "receipt_sha256": digest(receipt),
    })
}

/// SHA-256 of a receipt as JSON, in hexadecimal digits.
fn digest(receipt: &Receipt) -> String {
    let bytes = serde_json::to_vec(receipt).unwrap_or_default();
    Sha256::digest(&bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Counts and logs an end.
pub(super) fn told(core: &Core, tenant: &Tenant, intent: &Intent, closing: &Closing) {
    let tally = core.stats.of(tenant.number);
    tally.add(Count::Actions, 1);
    if let Outcome::Blocked(_) | Outcome::Partly = closing.outcome {
        tally.add(Count::ActionsShort, 1);
    }
    tracing::info!(
        connector = %tenant.name,
        intent = intent.number.0,
        action = %intent.is.name,
        outcome = closing.outcome.name(),
        "acted"
    );
}

/// What the closing changed of what items are judged by.
pub(super) fn refreshed(core: &Core, closing: &Closing) -> Result<(), store::Error> {
    if closing.exceptions.is_empty() {
        return Ok(());
    }
    judge::refresh(core)
}
