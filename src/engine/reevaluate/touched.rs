//! What came or went of exceptions is judged over the items it can touch, and over nothing else: one more exception for a file
//! must not cost a look at millions.
//!
//! Files, folders and values lead to their items by an index. Owners and domains do not: for them the items are read in order,
//! once for all of them, and only those that can be meant are judged. Where it cannot be told what an exception touches,
//! everything is judged.

use super::{Room, State};
use crate::engine::judge::owner_login;
use crate::model::{ConnectorNumber, ItemKind, ItemNumber, Level};
use crate::store::{Connector, Error, Exception, ExceptionKind, FindingNumber, Known, Scope, Store};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Items read at a time.
const PAGE: usize = super::PAGE_ITEMS;

/// The exceptions that hold in one of two moments only; `None` when one of them is not known any more.
pub(super) fn changed(store: &dyn Store, before: &[i64], now: &[Exception]) -> Result<Option<Vec<Exception>>, Error> {
    let (then, present): (BTreeSet<i64>, BTreeSet<i64>) =
        (before.iter().copied().collect(), now.iter().map(|one| one.number.0).collect());
    let mut all: Vec<Exception> = now.iter().filter(|one| !then.contains(&one.number.0)).cloned().collect();
    if then.iter().any(|number| !present.contains(number)) {
        let known = store.exceptions(None)?;
        for number in then.difference(&present) {
            let Some(one) = known.iter().find(|one| one.number.0 == *number) else { return Ok(None) };
            all.push(one.clone());
        }
    }
    Ok(Some(all))
}

/// Whose items are meant by exceptions that no index leads from.
#[derive(Default)]
struct Meant {
    owners: BTreeSet<String>,
    domains: bool,
}

impl Room<'_> {
    /// Judges what these exceptions touch; `None` when that cannot be told, false when it was not to go on.
    pub(super) fn touched(
        &self,
        changed: &[Exception],
        state: &mut State,
        go_on: &mut dyn FnMut(&State) -> bool,
    ) -> Result<Option<bool>, Error> {
        let mut seen = HashSet::new();
        let mut judge = self.new_judge()?;
        let mut take = |mut page: Vec<Known>| -> Result<bool, Error> {
            page.retain(|known| known.gone.is_none() && seen.insert(known.number));
            let ruled = if page.is_empty() { super::Ruled::default() } else { self.page(&mut judge, &page)? };
            state.add(u64::try_from(page.len()).unwrap_or(u64::MAX), ruled);
            Ok(go_on(state))
        };
        let mut meant = Meant::default();
        for exception in changed {
            let (what, of) = (&exception.is.what, exception.is.connector);
            let went_on = match exception.is.kind {
                ExceptionKind::File => take(self.named(&[ItemKind::File, ItemKind::Folder], what, of)?)?,
                ExceptionKind::Folder => {
                    let folders = self.named(&[ItemKind::Folder], what, of)?;
                    if folders.is_empty() {
                        return Ok(None);
                    }
                    self.below(folders, &mut take)?
                }
                ExceptionKind::Token => self.holding(what, &mut take)?,
                ExceptionKind::Owner => {
                    meant.owners.insert(what.to_lowercase());
                    true
                }
                ExceptionKind::Domain => {
                    meant.domains = true;
                    true
                }
            };
            if !went_on {
                return Ok(Some(false));
            }
        }
        self.in_order(&meant, &mut take).map(Some)
    }

    /// Items of an id, in one connector or all.
    fn named(&self, kinds: &[ItemKind], id: &str, of: Option<ConnectorNumber>) -> Result<Vec<Known>, Error> {
        let connectors: &HashMap<ConnectorNumber, Connector> = &self.connectors;
        let mut found = Vec::new();
        for connector in connectors.keys().filter(|number| of.is_none_or(|of| of == **number)) {
            for kind in kinds {
                found.extend(self.store.find(*connector, *kind, id)?);
            }
        }
        Ok(found)
    }

    /// Folders and all below them.
    fn below(
        &self,
        folders: Vec<Known>,
        take: &mut dyn FnMut(Vec<Known>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        for folder in folders {
            let below = Scope { connector: Some(folder.connector), below: Some(folder.number), ..Scope::default() };
            if !take(vec![folder])? || !self.all_of(&below, |_| true, take)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Items in whose content a value was found.
    fn holding(&self, token: &str, take: &mut dyn FnMut(Vec<Known>) -> Result<bool, Error>) -> Result<bool, Error> {
        let mut readings = BTreeSet::new();
        let mut after: Option<FindingNumber> = None;
        loop {
            let rows = self.store.trace(token, after, PAGE)?;
            after = rows.last().map(|row| row.number);
            readings.extend(rows.iter().map(|row| row.reading));
            if rows.len() < PAGE {
                break;
            }
        }
        for reading in readings {
            let mut after: Option<ItemNumber> = None;
            loop {
                let holders = self.store.holders(reading, after, PAGE)?;
                after = holders.last().copied();
                if !take(super::known(self.store, &holders)?)? {
                    return Ok(false);
                }
                if holders.len() < PAGE {
                    break;
                }
            }
        }
        Ok(true)
    }

    /// What no index leads to, picked out of all items.
    fn in_order(&self, meant: &Meant, take: &mut dyn FnMut(Vec<Known>) -> Result<bool, Error>) -> Result<bool, Error> {
        if !meant.owners.is_empty() {
            let owned = |known: &Known| {
                let login = owner_login(&known.item, self.directories.get(&known.connector));
                login.is_some_and(|login| meant.owners.contains(&login))
            };
            if !self.all_of(&Scope::default(), owned, take)? {
                return Ok(false);
            }
        }
        // A domain is outside: what nobody outside can reach, no exception for one is about.
        let open = Scope { level_min: Some(Level::External), ..Scope::default() };
        Ok(!meant.domains || self.all_of(&open, |_| true, take)?)
    }

    fn all_of(
        &self,
        scope: &Scope,
        fits: impl Fn(&Known) -> bool,
        take: &mut dyn FnMut(Vec<Known>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let mut after: Option<ItemNumber> = None;
        loop {
            let mut page = self.store.items(scope, after, PAGE)?;
            let read = page.len();
            after = page.last().map(|known| known.number);
            page.retain(&fits);
            if !take(page)? {
                return Ok(false);
            }
            if read < PAGE {
                return Ok(true);
            }
        }
    }
}
