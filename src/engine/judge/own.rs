//! What the service itself put at a provider: its folders, what lies in them, and the notes it left. No policy is meant for
//! that, unless its filter names `quarantined`.

use super::super::facts::held::{Held, Shelf, Whose};
use crate::model::ConnectorNumber;
use crate::policy::Wants;
use crate::store::{Error, Store};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The fact of a connector that keeps which folders are the service's own: a JSON array of the provider's ids.
pub const OWN_FOLDERS: &str = "governance.folders";

/// Notes that this folder is the service's own; it and everything below is left alone.
///
/// # Errors
/// When it could not be read or written.
pub fn add_own_folder(store: &dyn Store, of: ConnectorNumber, folder: &str) -> Result<(), Error> {
    let mut folders = folders(store, of)?;
    if folders.iter().any(|known| **known == *folder) {
        return Ok(());
    }
    folders.push(folder.into());
    let texts: Vec<&str> = folders.iter().map(|folder| &**folder).collect();
    let text = serde_json::to_string(&texts).unwrap_or_default();
    store.keep_fact(Some(of), OWN_FOLDERS, Some(&text))
}

fn folders(store: &dyn Store, of: ConnectorNumber) -> Result<Vec<Arc<str>>, Error> {
    let kept = store.fact(Some(of), OWN_FOLDERS)?;
    let texts: Vec<String> = kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    Ok(texts.into_iter().map(Arc::from).collect())
}

/// What is known to be the service's own, for as long as some items are judged.
#[derive(Debug, Default)]
pub(crate) struct Own {
    folders: HashMap<ConnectorNumber, HashSet<Arc<str>>>,
    /// Notes of everything that lies in quarantine, once they were read for many items at once.
    notes: Option<HashSet<(ConnectorNumber, Arc<str>)>>,
    /// True when it is known that nothing lies in quarantine.
    nothing_lies: bool,
}

impl Own {
    /// The same for many items: what lies in quarantine is asked for once.
    pub(crate) fn of_many(store: &dyn Store) -> Result<Self, Error> {
        let lying = store.lying()?;
        let nothing_lies = lying.is_empty();
        let notes = lying.into_iter().filter_map(|one| Some((one.connector, one.note?))).collect();
        Ok(Self { folders: HashMap::new(), notes: Some(notes), nothing_lies })
    }

    /// Whether an item is the service's own, or lies in quarantine.
    pub(super) fn has(&mut self, held: &mut Held<'_>, whose: Whose<'_>, shelf: &mut Shelf<'_>) -> Result<bool, Error> {
        let (of, id) = (held.known().connector, Arc::clone(&held.known().item.id));
        if !self.nothing_lies && held.is_quarantined(shelf)? {
            return Ok(true);
        }
        let is_note = match &self.notes {
            Some(notes) => notes.contains(&(of, id)),
            None => shelf.store().is_note(of, &id)?,
        };
        if is_note {
            return Ok(true);
        }
        let folders = match self.folders.get(&of) {
            Some(known) => known,
            None => {
                let read = folders(shelf.store(), of)?.into_iter().collect();
                self.folders.entry(of).or_insert(read)
            }
        };
        if folders.is_empty() {
            return Ok(false);
        }
        held.want(Wants::ABOVE, whose, shelf)?;
        let above = held.facts(whose).above.unwrap_or_default();
        Ok(folders.contains(&held.known().item.id) || above.iter().any(|folder| folders.contains(&folder.id)))
    }
}
