//! Whether any policy could come to need a file's content, asked before the first call for it.
//!
//! By then its facts, links and members are as the provider just told them, so a filter on any of them is answered. What its
//! content would tell counts as unknown, and what is unknown is read.

use super::{Parts, Stage, acts};
use crate::clock::Moment;
use crate::engine::core::Tenant;
use crate::engine::settle::Standing;
use crate::policy::{Facts, Folder, Wanted};
use crate::store::{ActivityQuery, Error, Known, Store};
use std::sync::Arc;

/// True when the content of `known` (the item as told last) is to be read.
pub(crate) fn is_wanted(
    wanted: &Wanted,
    store: &dyn Store,
    tenant: &Tenant,
    known: &Known,
    standing: Standing,
    now: Moment,
) -> Result<bool, Error> {
    let Standing { own, above, judged } = standing;
    let known = Known { exposure: Some(judged), ..known.clone() };
    let directory = tenant.directory();
    let mut parts = Parts::of(&known, None, None);
    let folder = |one: &crate::store::Above| Folder { id: Arc::clone(&one.id), name: Arc::clone(&one.name) };
    parts.above = Some(above.iter().map(folder).collect());
    parts.shares = Some(std::iter::once(Arc::new(own)).chain(above.into_iter().map(|one| one.sharing)).collect());
    if wanted.rests_on().touches(Stage::Activity.gives()) {
        let query = ActivityQuery { item: Some(known.number), ..ActivityQuery::default() };
        let rows = store.activities(&query, None, super::ACTIVITIES_MAX)?;
        parts.acts = Some(acts(rows.iter().map(|row| &row.activity), Some(&directory)));
    }
    let tags = crate::policy::Tags::default();
    let facts = parts.facts(&known, &tenant.name, tenant.provider, Some(&directory), &tags);
    Ok(wanted.wants(&Facts { tags: None, ..facts }, now))
}
