//! Commands on quarantine: bringing back, and taking in what sealed receipts tell.

use super::{Deed, not_here};
use crate::clock::Moment;
use crate::engine::control::{Answer, Refusal};
use crate::engine::quarantine::adopt::{Adopted, as_kept};
use crate::engine::quarantine::restore;
use crate::model::Cause;
use crate::model::action::Target;
use crate::store::{Entry, IntentQuery, NewIntent, Quarantined, Store};
use serde_json::json;

/// Open intents of one item that are looked through.
const OPEN_MAX: usize = 100;

/// Carries one out.
///
/// # Errors
/// When it makes no sense, or the store could not be written.
pub(super) fn perform(store: &dyn Store, deed: &Deed, actor: &str) -> Result<Answer, Refusal> {
    match deed {
        Deed::QuarantineRestore { ids, until_ms, reason } => bring_back(store, ids, *until_ms, reason, actor),
        Deed::QuarantineAdopt { receipts } => adopt(store, receipts, actor),
        other => Err(not_here(other)),
    }
}

fn bring_back(
    store: &dyn Store,
    ids: &[String],
    until_ms: Option<i64>,
    reason: &str,
    actor: &str,
) -> Result<Answer, Refusal> {
    let mut intents: Vec<NewIntent> = Vec::new();
    for id in ids {
        let kept = lying(store, id)?;
        if under_way(store, &kept)? {
            continue;
        }
        let excuse = until_ms.map(|until| restore::excuse(&kept.is, Moment::from_millis(until), reason));
        intents.push(restore::intent(&kept, excuse, actor).map_err(Refusal::new)?);
    }
    let details = json!({"ids": ids, "until_ms": until_ms, "reason": reason}).to_string();
    let about = match ids {
        [one] => format!("quarantine {one}"),
        all => format!("{} items in quarantine", all.len()),
    };
    let entry = Entry { actor: actor.into(), act: "quarantine.restore".into(), about, details };
    let kept = store.add_intents(&intents, &entry)?;
    Ok(Answer::Counted { count: u64::try_from(kept.len()).unwrap_or(u64::MAX) })
}

/// The item of that correlation id, while it lies in quarantine.
fn lying(store: &dyn Store, id: &str) -> Result<Quarantined, Refusal> {
    match store.quarantined_as(id)? {
        None => Err(Refusal::new(format!(
            "nothing lies in quarantine under {id:?}\n  `sluicebox quarantine list` shows what does; `quarantine adopt` takes back \
             what a lost database knew"
        ))),
        Some(kept) if kept.released.is_some() => Err(Refusal::new(format!("{id} was brought back already"))),
        Some(kept) => Ok(kept),
    }
}

/// True when somebody is bringing it back already.
fn under_way(store: &dyn Store, kept: &Quarantined) -> Result<bool, Refusal> {
    let Some(item) = kept.is.item else { return Ok(false) };
    let open = crate::model::IntentState::ALL.into_iter().filter(|state| state.is_open()).collect();
    let query = IntentQuery { states: open, item: Some(item), ..IntentQuery::default() };
    let open = store.intents(&query, None, OPEN_MAX)?;
    Ok(open.iter().any(|intent| intent.is.cause == Cause::Restore))
}

fn adopt(store: &dyn Store, receipts: &[String], actor: &str) -> Result<Answer, Refusal> {
    let connectors = store.connectors()?;
    let mut count = 0;
    for receipt in receipts {
        let adopted: Adopted = serde_json::from_str(receipt)
            .map_err(|error| Refusal::new(format!("a receipt of another form: {error}")))?;
        let connector = connectors.iter().find(|known| known.name.as_str() == &*adopted.connector);
        let connector =
            connector.ok_or_else(|| Refusal::new(format!("the store knows no connector {}", adopted.connector)))?;
        let item = match &adopted.sealed.order.on {
            Target::Item(item) => store.find(connector.number, item.kind, &item.id)?.map(|known| known.number),
            Target::Person(_) => None,
        };
        let kept = as_kept(&adopted, connector, item);
        let entry = Entry {
            actor: actor.into(),
            act: "quarantine.adopt".into(),
            about: format!("quarantine {}", kept.id),
            details: json!({"connector": adopted.connector, "receipt": adopted.receipt}).to_string(),
        };
        count += u64::from(store.adopt(&kept, adopted.sealed.at, &entry)?);
    }
    Ok(Answer::Counted { count })
}
