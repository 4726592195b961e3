//! What the feeds found to be done and is not done by a job: kept as facts, so that a crash forgets none of it.
//!
//! A need is raised before the position moves past the event that raised it, and met only when it was not raised again
//! meanwhile.

use super::super::core::{Core, Tenant};
use crate::clock::Moment;
use crate::model::Principal;
use crate::provider::Walk;
use crate::store;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::sync::PoisonError;

/// People and groups must be listed again.
pub(super) const PEOPLE: &str = "feed.people";
/// Namespaces may have come that nobody follows yet (Dropbox).
pub(super) const PLACES: &str = "feed.places";
/// Parts of the log that are to be read by time.
const GAPS: &str = "feed.gaps";
/// Walks beside the regular pass.
const WALKS: &str = "feed.walks";
/// Walks that are remembered; what comes beyond is left to the regular pass.
const WALKS_MAX: usize = 300;
/// Gaps that are remembered; further ones are folded into the last.
const GAPS_MAX: usize = 50;

/// A raised need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Raised {
    generation: u64,
    /// When it was last raised, by the steady clock.
    pub(super) at: Moment,
}

/// A part of the log, between two moments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Gap {
    pub(super) feed: String,
    pub(super) from_ms: i64,
    pub(super) to_ms: i64,
    /// Where its reading goes on.
    pub(super) at: Option<String>,
    /// True when its events are to cause work; past activity of a tenant that is about to be listed does not.
    pub(super) promote: bool,
    /// How often it is read once more, since the log may tell of its last minutes late.
    pub(super) rounds: u32,
    /// Not before this moment, by the calendar.
    pub(super) due_ms: i64,
}

/// A walk beside the regular pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Errand {
    pub(super) id: String,
    pub(super) place: String,
    pub(super) read_as: String,
    pub(super) cursor: Option<String>,
    /// True when folders found on the way are walked as well.
    pub(super) deep: bool,
    /// How often it was asked for again. It differs from what is being walked then, so that the end of that walk does not end
    /// it: its page may be older than what was told since.
    #[serde(default)]
    pub(super) again: u32,
}

impl Errand {
    pub(super) fn of(walk: &Walk, deep: bool) -> Self {
        Self {
            id: walk.id.to_string(),
            place: walk.place.to_string(),
            read_as: written(&walk.read_as),
            cursor: walk.cursor.as_deref().map(str::to_owned),
            deep,
            again: 0,
        }
    }

    pub(super) fn walk(&self) -> Walk {
        Walk {
            id: self.id.as_str().into(),
            place: self.place.as_str().into(),
            kind: self.id.split(':').next().unwrap_or_default().into(),
            read_as: read(&self.read_as),
            path: "".into(),
            cursor: self.cursor.as_deref().map(Into::into),
        }
    }
}

fn written(principal: &Principal) -> String {
    match principal {
        Principal::Tenant => "tenant".into(),
        Principal::Person(id) => format!("person:{id}"),
        Principal::Admin(id) => format!("admin:{id}"),
    }
}

fn read(text: &str) -> Principal {
    match text.split_once(':') {
        Some(("person", id)) => Principal::Person(id.into()),
        Some(("admin", id)) => Principal::Admin(id.into()),
        _ => Principal::Tenant,
    }
}

/// The needs of one tenant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Needs<'a> {
    core: &'a Core,
    tenant: &'a Tenant,
}

impl<'a> Needs<'a> {
    pub(super) fn of(core: &'a Core, tenant: &'a Tenant) -> Self {
        Self { core, tenant }
    }

    /// Raises a need.
    pub(super) fn raise(&self, name: &str) -> Result<(), store::Error> {
        let _noting = self.tenant.feed.noting.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = self.raised(name)?.map_or(0, |raised| raised.generation).wrapping_add(1);
        let value = format!("{generation}@{}", self.core.clock.steady().as_millis());
        self.core.store.keep_fact(Some(self.tenant.number), name, Some(&value))
    }

    /// A need, if it is raised.
    pub(super) fn raised(&self, name: &str) -> Result<Option<Raised>, store::Error> {
        let kept = self.core.store.fact(Some(self.tenant.number), name)?;
        Ok(kept.and_then(|text| {
            let (generation, at) = text.split_once('@')?;
            Some(Raised { generation: generation.parse().ok()?, at: Moment::from_millis(at.parse().ok()?) })
        }))
    }

    /// A need was met, unless it was raised again since.
    pub(super) fn met(&self, name: &str, raised: Raised) -> Result<(), store::Error> {
        let _noting = self.tenant.feed.noting.lock().unwrap_or_else(PoisonError::into_inner);
        match self.raised(name)? {
            Some(now) if now.generation == raised.generation => {
                self.core.store.keep_fact(Some(self.tenant.number), name, None)
            }
            _ => Ok(()),
        }
    }

    /// Gaps to be filled, in order.
    pub(super) fn gaps(&self) -> Result<Vec<Gap>, store::Error> {
        self.list(GAPS)
    }

    /// Adds a gap.
    pub(super) fn add_gap(&self, gap: Gap) -> Result<(), store::Error> {
        self.change(GAPS, |gaps: &mut Vec<Gap>| {
            if gaps.len() < GAPS_MAX {
                gaps.push(gap);
            } else if let Some(last) = gaps.last_mut() {
                last.from_ms = last.from_ms.min(gap.from_ms);
                last.to_ms = last.to_ms.max(gap.to_ms);
                (last.at, last.promote) = (None, last.promote || gap.promote);
            }
        })
    }

    /// Puts `next` in the place of the first gap that equals `done`; nothing when `None`.
    pub(super) fn replace_gap(&self, done: &Gap, next: Option<Gap>) -> Result<(), store::Error> {
        self.change(GAPS, |gaps| replace(gaps, done, next))
    }

    /// Walks to be made, in order.
    pub(super) fn errands(&self) -> Result<Vec<Errand>, store::Error> {
        self.list(WALKS)
    }

    /// Adds walks; those that are among them are walked from their beginning once more. False when there is no room for all.
    pub(super) fn add_errands(&self, errands: Vec<Errand>) -> Result<bool, store::Error> {
        if errands.is_empty() {
            return Ok(true);
        }
        let mut fits = true;
        self.change(WALKS, |known: &mut Vec<Errand>| {
            for errand in errands {
                if let Some(one) = known.iter_mut().find(|one| one.id == errand.id && one.cursor.is_none()) {
                    (one.again, one.deep) = (one.again.wrapping_add(1), one.deep || errand.deep);
                    continue;
                }
                match known.len() < WALKS_MAX {
                    true => known.push(errand),
                    false => fits = false,
                }
            }
        })?;
        Ok(fits)
    }

    /// Puts `next` in the place of the walk that equals `done`; nothing when `None`.
    pub(super) fn replace_errand(&self, done: &Errand, next: Option<Errand>) -> Result<(), store::Error> {
        self.change(WALKS, |errands| replace(errands, done, next))
    }

    fn list<T: DeserializeOwned>(&self, name: &str) -> Result<Vec<T>, store::Error> {
        let kept = self.core.store.fact(Some(self.tenant.number), name)?;
        Ok(kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    fn change<T: DeserializeOwned + Serialize>(
        &self,
        name: &str,
        change: impl FnOnce(&mut Vec<T>),
    ) -> Result<(), store::Error> {
        let _noting = self.tenant.feed.noting.lock().unwrap_or_else(PoisonError::into_inner);
        let mut list = self.list(name)?;
        change(&mut list);
        let text = (!list.is_empty()).then(|| serde_json::to_string(&list).unwrap_or_default());
        self.core.store.keep_fact(Some(self.tenant.number), name, text.as_deref())
    }
}

fn replace<T: PartialEq>(list: &mut Vec<T>, done: &T, next: Option<T>) {
    if let Some(at) = list.iter().position(|one| one == done) {
        list.remove(at);
        // Others have their turn before it comes again.
        list.extend(next);
    }
}
