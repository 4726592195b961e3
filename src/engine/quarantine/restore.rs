//! The way back out of quarantine: the actions that bring an item back, and what is excused so that it stays.

use super::{folder_target, is_by_copy, sealed};
use crate::clock::Moment;
use crate::engine::act::{Excuse, Planned, What};
use crate::model::action::{Action, Folder, Loss, Order, Outcome, Receipt, State, Target, TargetItem, Undo};
use crate::model::{Cause, ItemKind};
use crate::store::{ExceptionKind, Intent, NewException, NewIntent, NewQuarantined, Quarantined, Store};
use std::sync::Arc;

/// Random bytes of an intent's id.
const ID_BYTES: usize = 10;

/// What brings an item back, and what stays lost.
#[must_use]
pub fn way_back(kept: &NewQuarantined) -> (Vec<Planned>, Vec<Loss>) {
    let found = State::Item(Box::new(kept.prior.clone()));
    let planned = |on: Option<Target>, action: Action| Planned { on, action, version: None, expects: None };
    let undo = Undo::of(&kept.order, &found);
    let mut actions: Vec<Planned> = if is_by_copy(&kept.order) {
        original_back(kept).into_iter().map(|(on, action)| planned(on, action)).collect()
    } else {
        undo.actions.into_iter().map(|action| planned(None, action)).collect()
    };
    if let Action::Quarantine(quarantine) = &kept.order.action {
        let receipt = kept.receipt.as_ref().map(|id| receipt_target(id, &quarantine.to, &kept.id));
        actions.extend(receipt.map(|receipt| planned(Some(receipt), Action::Trash)));
    }
    (actions, undo.lost)
}

/// The sealed receipt, which goes to the trash when its item is back.
fn receipt_target(id: &Arc<str>, lies_in: &Folder, correlation: &str) -> Target {
    let path = lies_in.path.as_ref().map(|folder| format!("{folder}/{}", sealed::file_name(correlation)).into());
    Target::Item(TargetItem {
        id: Arc::clone(id),
        kind: ItemKind::File,
        place: Arc::clone(&lies_in.place),
        read_as: lies_in.act_as.clone(),
        path,
    })
}

/// The variant by a copy: the original out of the trash, with its sharing; the copy stays.
fn original_back(kept: &NewQuarantined) -> Vec<(Option<Target>, Action)> {
    let (order, prior) = (&kept.order, &kept.prior);
    let mut back = vec![(None, Action::Untrash)];
    let closed = Order { action: Action::MakePrivate, expects: None, ..order.clone() };
    let open = Undo::of(&closed, &State::Item(Box::new(prior.clone())));
    back.extend(open.actions.into_iter().map(|action| (None, action)));
    if let Action::Quarantine(quarantine) = &order.action {
        let note = quarantine.note.clone().map(Action::RemoveNote);
        back.extend(note.map(|action| (Some(folder_target(&prior.folder)), action)));
    }
    back
}

/// The intent that brings one back.
///
/// # Errors
/// When no randomness can be had.
pub fn intent(kept: &Quarantined, excuse: Option<Excuse>, actor: &str) -> Result<NewIntent, String> {
    let (actions, _) = way_back(&kept.is);
    let what = What::Restore { id: Arc::clone(&kept.is.id), actions, excuse };
    Ok(NewIntent {
        id: random_id()?,
        connector: kept.is.connector,
        item: kept.is.item,
        on: kept.is.order.on.clone(),
        owner: Arc::clone(&kept.is.owner),
        cause: Cause::Restore,
        voters: Vec::new(),
        rules: None,
        plan: None,
        undoes: kept.is.intent,
        what: serde_json::to_string(&what).map_err(|error| error.to_string())?,
        name: "release".into(),
        actor: actor.into(),
        due: None,
        moves: what.moves(),
    })
}

/// A random id of `a-z 0-9`.
fn random_id() -> Result<Arc<str>, String> {
    let mut bytes = [0; ID_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| "the system gives no random bytes")?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into())
}

/// The correlation id of what an intent took out of quarantine, if it did.
pub(super) fn released(store: &dyn Store, intent: &Intent, ended: &[(&Order, &Receipt)]) -> Option<Arc<str>> {
    let what = serde_json::from_str::<What>(&intent.is.what).ok();
    let is_back = |order: &Order, receipt: &Receipt| {
        let done = matches!(receipt.outcome, Outcome::Done | Outcome::AlreadySo | Outcome::Partly);
        done && match &order.action {
            Action::Release { prior, .. } => {
                let now = receipt.read_back.as_ref().or(receipt.found.as_ref()).and_then(State::item);
                now.is_some_and(|now| now.folder.is(&prior.folder))
            }
            Action::Untrash => matches!(what, Some(What::Restore { .. })),
            _ => false,
        }
    };
    if !ended.iter().any(|(order, receipt)| is_back(order, receipt)) {
        return None;
    }
    match &what {
        Some(What::Restore { id, .. }) => Some(Arc::clone(id)),
        // An undo says which intent it undoes, and that one's id is the correlation id.
        _ => {
            let undone = store.intent(intent.is.undoes?).ok().flatten()?;
            Some(undone.is.id)
        }
    }
}

/// What a restore excuses: this content, or this folder, for the policies that put it there.
pub(super) fn excused(store: &dyn Store, intent: &Intent, id: &str, excuse: &Excuse) -> Vec<NewException> {
    let kept = store.quarantined_as(id).ok().flatten().map(|kept| kept.is);
    let Target::Item(TargetItem { id: what, kind, .. }) = &intent.is.on else { return Vec::new() };
    let kind = if *kind == ItemKind::File { ExceptionKind::File } else { ExceptionKind::Folder };
    let (content, found) = kept.map_or_else(Default::default, |kept| (kept.content, kept.found));
    let one = |policy: Option<Arc<str>>| NewException {
        kind,
        what: Arc::clone(what),
        connector: Some(intent.is.connector),
        policy,
        content: content.filter(|_| kind == ExceptionKind::File),
        excused: found.clone(),
        reason: Arc::clone(&excuse.reason),
        by: Arc::clone(&intent.is.actor),
        until: excuse.until,
    };
    if excuse.policies.is_empty() {
        return vec![one(None)];
    }
    excuse.policies.iter().map(|policy| one(Some(Arc::clone(policy)))).collect()
}

/// What is excused when something comes back, unless told otherwise: what put it there, for so long.
#[must_use]
pub fn excuse(kept: &NewQuarantined, until: Moment, reason: &str) -> Excuse {
    Excuse { policies: kept.policies.clone(), until, reason: reason.into() }
}
