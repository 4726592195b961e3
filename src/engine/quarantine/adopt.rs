//! Adopting: what lies in quarantine, told by the sealed receipts beside it, for a store that knows nothing of it any more.
//!
//! A receipt that cannot be opened, or whose item is not there, is told and hinders no other.

use super::is_by_copy;
use super::sealed::{self, ReceiptKey, Sealed};
use crate::model::action::{Action, Order, Target, TargetItem, Whose};
use crate::model::{Directory, Side, Status};
use crate::provider::govern::{Governor, Kept};
use crate::provider::{Error, Next};
use crate::store::Connector;
use crate::store::NewQuarantined;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A receipt that was opened, and its item is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopted {
    /// The connector's name here.
    pub connector: Arc<str>,
    /// The id of the receipt at the provider.
    pub receipt: Arc<str>,
    /// What it tells.
    pub sealed: Sealed,
}

/// What was found in the quarantines of a tenant.
#[derive(Debug, Default)]
pub struct Found {
    /// What can be taken back.
    pub adopted: Vec<Adopted>,
    /// Why others cannot: the receipt's name, and why.
    pub told: Vec<(Arc<str>, String)>,
    /// Receipts that were looked at: at Box the service account's own quarantine is the company's.
    seen: HashSet<Arc<str>>,
}

/// Looks through the company's quarantine and those of all its people.
///
/// # Errors
/// When a quarantine could not be listed now. People who cannot be looked into are told.
pub fn find(governor: &dyn Governor, connector: &str, people: &Directory, key: &ReceiptKey) -> Result<Found, Error> {
    let mut found = Found::default();
    found.take(connector, governor.kept(Whose::Company, None, sealed::ENDING)?, key);
    let ours = people.people().iter().filter(|person| person.side == Side::Internal && person.status == Status::Active);
    for person in ours {
        match governor.kept(Whose::Owner, Some(&person.id), sealed::ENDING) {
            Ok(kept) => found.take(connector, kept, key),
            Err(error) if matches!(error.next(), Next::Gone | Next::Forbidden | Next::Refused) => {
                let who = format!("the quarantine of person {}", person.id);
                found.told.push((who.into(), format!("it cannot be looked into: {}", error.said())));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

impl Found {
    fn take(&mut self, connector: &str, kept: Vec<Kept>, key: &ReceiptKey) {
        let lies: HashMap<&str, &Kept> = kept.iter().map(|one| (&*one.id, one)).collect();
        for one in &kept {
            let Some(text) = &one.text else { continue };
            if !self.seen.insert(Arc::clone(&one.id)) {
                continue;
            }
            let opened = match text {
                Ok(text) => key.open(text).map_err(|why| why.to_string()),
                Err(said) => Err(format!("it cannot be read: {said}")),
            };
            let placed = opened.and_then(|sealed| placed(sealed, &lies, &kept).ok_or_else(|| NO_ITEM.to_owned()));
            match placed {
                Ok(sealed) => {
                    let (connector, receipt) = (connector.into(), Arc::clone(&one.id));
                    self.adopted.push(Adopted { connector, receipt, sealed });
                }
                Err(why) => self.told.push((Arc::clone(&one.name), why)),
            }
        }
    }
}

const NO_ITEM: &str = "its item does not lie in this quarantine any more: nothing to take back";

/// The receipt with its order's target where the item lies now; `None` when it is not there.
fn placed(sealed: Sealed, lies: &HashMap<&str, &Kept>, kept: &[Kept]) -> Option<Sealed> {
    let Target::Item(item) = &sealed.order.on else { return None };
    let Action::Quarantine(quarantine) = &sealed.order.action else { return None };
    if is_by_copy(&sealed.order) {
        // The original lies in the trash of where it was; its copy says that it went there.
        return kept.iter().any(|one| one.name == quarantine.name).then_some(sealed);
    }
    let there = lies.get(&*item.id)?;
    let path = there.folder.path.as_ref().map(|folder| format!("{folder}/{}", there.name).into());
    let on = Target::Item(TargetItem {
        place: Arc::clone(&there.folder.place),
        read_as: there.folder.act_as.clone(),
        path,
        ..item.clone()
    });
    Some(Sealed { order: Order { on, ..sealed.order.clone() }, ..sealed })
}

/// What the store is to know of it; `item` is the store's own number, where it has one.
#[must_use]
pub fn as_kept(adopted: &Adopted, connector: &Connector, item: Option<crate::model::ItemNumber>) -> NewQuarantined {
    let Sealed { id, whose, person, owner, policies, order, prior, content, found, .. } = adopted.sealed.clone();
    NewQuarantined {
        id,
        connector: connector.number,
        item,
        intent: None,
        policies,
        whose,
        person,
        owner,
        order,
        prior,
        note: None,
        receipt: Some(Arc::clone(&adopted.receipt)),
        content,
        found,
    }
}
