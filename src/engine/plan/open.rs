//! What is stored of an item that a plan tells: how far it is open and why, what was found in it, who owns it.

use super::words::Names;
use crate::clock::Moment;
use crate::model::{Member, Members, Sharing};
use crate::provider::exposure::{self, exposure};
use crate::report::plan::{Found, Open, Sample};
use crate::store::{Above, Error, Known, Store};
use std::sync::Arc;

/// Detectors of an item that a plan tells, those with most different values.
const DETECTORS_MAX: usize = 20;
/// Values of a detector that a plan tells.
const SAMPLES_MAX: usize = 3;

/// An item's own sharing and that of the folders above.
#[derive(Debug)]
pub(in crate::engine) struct Shares {
    pub(in crate::engine) own: Sharing,
    pub(in crate::engine) above: Vec<Above>,
}

impl Shares {
    /// As it is stored.
    pub(in crate::engine) fn of(store: &dyn Store, known: &Known) -> Result<Self, Error> {
        let mut own = store.sharing(known.number)?.unwrap_or_default();
        own.outside_owner |= known.item.outside_owner;
        Ok(Self { own, above: store.above(known.number)? })
    }

    /// How far the item is open, and why.
    pub(in crate::engine) fn open(&self, known: &Known, names: &Names<'_>, at: Moment) -> Open {
        let above = self.above.iter();
        let above: Vec<exposure::Above> = above
            .map(|folder| exposure::Above { id: Arc::clone(&folder.id), sharing: Arc::clone(&folder.sharing) })
            .collect();
        let told = exposure(&known.item.id, &self.own, &above, names.people, at);
        Open {
            level: told.level.name().to_owned(),
            known: told.is_known() && known.exposure.is_none_or(|judged| judged.known),
            reasons: told.reasons.iter().map(|reason| names.reason(reason)).collect(),
        }
    }

    /// Everybody who reaches it by a membership, its own or of a folder above, but for its owner.
    pub(in crate::engine) fn members(&self) -> impl Iterator<Item = &Member> {
        let all = std::iter::once(&self.own).chain(self.above.iter().map(|folder| &*folder.sharing));
        all.flat_map(members).filter(|member| !member.role.eq_ignore_ascii_case("owner"))
    }
}

fn members(sharing: &Sharing) -> &[Member] {
    match &sharing.members {
        Members::Known(members) => members,
        Members::None | Members::Hidden => &[],
    }
}

/// What was found in an item's present version: masks and tokens.
pub(in crate::engine) fn found(store: &dyn Store, known: &Known) -> Result<Vec<Found>, Error> {
    let Some(number) = known.reading else { return Ok(Vec::new()) };
    let Some(reading) = store.reading(number)? else { return Ok(Vec::new()) };
    let mut counts: Vec<_> = reading.counts.into_iter().filter(|count| count.total > 0).collect();
    if counts.is_empty() {
        return Ok(Vec::new());
    }
    counts.sort_by(|one, other| (other.unique, &one.detector).cmp(&(one.unique, &other.detector)));
    counts.truncate(DETECTORS_MAX);
    let rows = store.findings(number, None)?;
    Ok(counts
        .into_iter()
        .map(|count| {
            let mut samples: Vec<Sample> = Vec::new();
            for row in rows.iter().filter(|row| row.finding.detector == count.detector) {
                let sample =
                    Sample { mask: row.finding.mask.as_str().to_owned(), token: row.finding.token.as_str().to_owned() };
                if samples.len() < SAMPLES_MAX && samples.iter().all(|other| other.token != sample.token) {
                    samples.push(sample);
                }
            }
            Found { detector: count.detector.to_string(), unique: count.unique, total: count.total, samples }
        })
        .collect())
}

/// The owner's login, else the account; empty when nobody is known.
pub(in crate::engine) fn owner(known: &Known, names: &Names<'_>) -> String {
    match &known.item.owner {
        Some(owner) if owner.account.is_some() || owner.login.is_some() => {
            names.person(owner.account.as_deref(), owner.login.as_deref())
        }
        _ => String::new(),
    }
}

/// Who owns an item, as the breaker counts: the account, else the login; empty when nobody is known.
pub(in crate::engine) fn owner_key(known: &Known) -> String {
    let owner = known.item.owner.as_ref();
    let key = owner.and_then(|owner| owner.account.as_ref().or(owner.login.as_ref()));
    key.map(ToString::to_string).unwrap_or_default()
}
