//! Whether any policy could come to need a file's content, asked before the first call for it.
//!
//! By then its facts, links and members are as the provider just told them, so a filter on any of them is answered. What its
//! content would tell counts as unknown, and what is unknown is read.

use super::held::{Held, Shelf, Whose};
use crate::clock::Moment;
use crate::engine::core::Tenant;
use crate::engine::settle::Standing;
use crate::policy::{Facts, Tags, Wanted, Wants};
use crate::store::{Error, Known, Store};

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
    let known = Known { exposure: Some(judged), coverage: None, reading: None, ..known.clone() };
    let (directory, tags) = (tenant.directory(), Tags::default());
    let whose = Whose { name: &tenant.name, provider: tenant.provider, directory: Some(&directory), tags: &tags, now };
    let mut held = Held::about_to_be(known, own, &above);
    let rests_on = wanted.rests_on();
    for part in
        [Wants::ACTIVITY, Wants::QUARANTINE.and(Wants::POLICIES)].into_iter().filter(|one| rests_on.touches(*one))
    {
        held.want(part, whose, &mut Shelf::new(store, None))?;
    }
    Ok(wanted.wants(&Facts { tags: None, ..held.facts(whose) }, now))
}
