//! Judging: what the policies say of an item, told at settle and whenever something changes that they rest on.
//!
//! The decision itself is pure ([`crate::policy`]); here its facts are brought together, exceptions are taken into account,
//! and the answer becomes a [`Ruling`] for the store. No provider is asked.
//!
//! The decision worth knowing: an intent's voters are the policies that want just that. One whose wish is contained in a
//! stronger one's keeps its voice for itself, so that it is heard when the stronger policy matches no more.

mod excuse;
mod explain;
mod opinion;
mod own;
mod ruling;
#[cfg(test)]
mod tests;

pub(crate) use excuse::{Excuses, owner_login};
pub use explain::{Explained, OfPolicy, explain};
pub(crate) use opinion::{Opinion, Spared, opinions};
pub(crate) use own::Own;
pub use own::{OWN_FOLDERS, add_own_folder};
pub(crate) use ruling::Occasion;

use super::core::{Core, Tenant};
use super::facts::held::{Held, Shelf, Whose};
use crate::clock::Moment;
use crate::model::{ConnectorName, ConnectorNumber, Directory, ItemNumber, Lane, Level, Provider};
use crate::policy::{Answer, Policies, Still, Tags, Wanted, Wants};
use crate::store::{Error, Exception, Known, RulesNumber, Ruling, Store, Voter};

/// What items are judged by, at present.
#[derive(Debug, Default)]
pub struct Governing {
    /// The policies, with those that may be enforced.
    pub policies: Policies,
    /// The exceptions that hold.
    pub exceptions: Vec<Exception>,
    /// The exceptions by what they are about.
    excuses: Excuses,
    /// What the policies could come to need of contents.
    wanted: Wanted,
}

impl Governing {
    /// These policies and exceptions.
    #[must_use]
    pub fn new(policies: Policies, exceptions: Vec<Exception>) -> Self {
        let excuses = Excuses::of(&exceptions);
        let wanted = Wanted::by(policies.asked().map(|(_, policy)| policy.filter.clone()).collect());
        Self { policies, exceptions, excuses, wanted }
    }

    /// Which contents the policies could come to need: all of them while none is asked.
    pub(crate) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// Differs where [`wanted`](Self::wanted) does; empty while everything is.
    pub(crate) fn wanted_print(&self) -> String {
        if self.wanted.is_everything() {
            return String::new();
        }
        self.policies.asked().map(|(_, policy)| crate::policy::set::short(&policy.hash)).collect::<Vec<_>>().join(",")
    }

    /// These policies, with what the store knows of approvals and exceptions.
    ///
    /// # Errors
    /// When they could not be read.
    pub fn by(policies: &Policies, store: &dyn Store, now: Moment) -> Result<Self, Error> {
        let approved = store.approved_policies()?.into_iter().map(|one| (one.policy.policy, one.policy.hash)).collect();
        Ok(Self::new(policies.approved(approved), store.exceptions(Some(now))?))
    }

    /// True while no policy is asked.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.policies.asked().next().is_none()
    }

    /// Everything that the asked policies rest on.
    fn wants(&self) -> Wants {
        self.policies.asked().fold(Wants::ITEM, |all, (_, policy)| all.and(policy.filter.wants()))
    }
}

/// Rulings of one transaction at most.
pub const RULINGS_MAX: usize = 1_000;

/// Reads approvals and exceptions anew; the policies stay.
///
/// # Errors
/// When they could not be read; what was known before holds on.
pub fn refresh(core: &Core) -> Result<(), Error> {
    let before = core.governing();
    core.govern(Governing::by(&before.policies, &*core.store, core.clock.now())?);
    Ok(())
}

/// Judges items by what is stored of them.
#[derive(Debug)]
pub(crate) struct Judge<'a> {
    pub(crate) governing: &'a Governing,
    pub(crate) shelf: Shelf<'a>,
    pub(crate) own: Own,
    pub(crate) tags: &'a Tags,
    pub(crate) now: Moment,
}

/// Whose items are judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Of<'a> {
    pub(crate) name: &'a ConnectorName,
    pub(crate) provider: Provider,
    pub(crate) directory: Option<&'a Directory>,
}

impl<'a> Of<'a> {
    pub(crate) fn tenant(tenant: &'a Tenant, directory: &'a Directory) -> Self {
        Self { name: &tenant.name, provider: tenant.provider, directory: Some(directory) }
    }
}

impl<'a> Judge<'a> {
    pub(crate) fn new(governing: &'a Governing, store: &'a dyn Store, tags: &'a Tags, now: Moment) -> Self {
        Self { governing, shelf: Shelf::new(store, None), own: Own::default(), tags, now }
    }

    pub(crate) fn whose(&self, of: Of<'a>) -> Whose<'a> {
        Whose { name: of.name, provider: of.provider, directory: of.directory, tags: self.tags, now: self.now }
    }

    /// What each policy that is asked says of an item.
    pub(crate) fn opinions(&mut self, held: &mut Held<'_>, of: Of<'a>) -> Result<Vec<Opinion<'a>>, Error> {
        let whose = self.whose(of);
        opinions(self.governing, held, whose, &mut self.shelf, &mut self.own)
    }

    /// What is to be kept of an item.
    pub(crate) fn rule(&mut self, held: &mut Held<'_>, of: Of<'a>, occasion: Occasion) -> Result<Ruling, Error> {
        let opinions = self.opinions(held, of)?;
        let any = opinions.iter().any(|one| one.answer == Answer::Yes);
        if any && occasion.lane_is_grouped() {
            // The folder's id, where the provider's listing does not tell it.
            held.want(Wants::ABOVE, self.whose(of), &mut self.shelf)?;
        }
        ruling::of(self.governing, &opinions, held, self.whose(of), self.shelf.store(), occasion)
    }

    /// What is to be kept of these items, by what is stored of them. `of` tells whose they are.
    pub(crate) fn rule_each(
        &mut self,
        items: &[Known],
        of: &dyn Fn(ConnectorNumber) -> Option<Of<'a>>,
        occasion: Occasion,
    ) -> Result<Vec<Ruling>, Error> {
        if self.governing.wants().touches(Wants::CONTENT) {
            let readings: Vec<_> = items.iter().filter_map(|known| known.reading).collect();
            self.shelf.fetch_gists(&readings)?;
        }
        let mut rulings = Vec::with_capacity(items.len());
        for known in items.iter().filter(|known| known.gone.is_none() && !known.is_top) {
            let Some(of) = of(known.connector) else { continue };
            rulings.push(self.rule(&mut Held::of(known, known.coverage, known.reading), of, occasion)?);
        }
        Ok(rulings)
    }
}

/// Judges items whose facts changed below a folder, and keeps what comes of it.
///
/// # Errors
/// When the store could not be read or written.
pub(crate) fn keep(core: &Core, tenant: &Tenant, items: &[Known], occasion: Occasion) -> Result<(), Error> {
    let governing = core.governing();
    if governing.is_nothing() {
        return Ok(());
    }
    let (directory, tags) = (tenant.directory(), core.tags());
    let mut judge = Judge::new(&governing, &*core.store, &tags, core.clock.now());
    let of = Of::tenant(tenant, &directory);
    let rulings = judge.rule_each(items, &|_| Some(of), occasion)?;
    rulings.chunks(RULINGS_MAX).try_for_each(|some| core.store.rule(some).map(drop))
}

/// Whether one of these policies still wants something of an item, by everything that is stored now: it matches, no exception
/// holds, and for [`Still::Exposed`] somebody outside can reach the item, or that is not known.
///
/// # Errors
/// When the store could not be read.
pub fn still(core: &Core, item: ItemNumber, voters: &[Voter], still: Still) -> Result<bool, Error> {
    let Some(known) = core.store.item(item)?.filter(|known| known.gone.is_none()) else { return Ok(false) };
    let Some(tenant) = core.tenant(known.connector) else { return Ok(false) };
    if still == Still::Exposed && known.exposure.is_some_and(|told| told.known && told.level < Level::External) {
        return Ok(false);
    }
    let (governing, directory, tags) = (core.governing(), tenant.directory(), core.tags());
    let mut judge = Judge::new(&governing, &*core.store, &tags, core.clock.now());
    let mut held = Held::of(&known, known.coverage, known.reading);
    let opinions = judge.opinions(&mut held, Of::tenant(tenant, &directory))?;
    let wants = |voter: &Voter| {
        let of = opinions.iter().find(|one| one.policy.name == voter.policy && one.policy.hash == voter.hash);
        of.is_some_and(|one| one.answer == Answer::Yes)
    };
    Ok(voters.iter().any(wants))
}

/// Why items are judged.
impl Occasion {
    /// Something happened in this lane, by these rules.
    pub(crate) fn of(lane: Lane, rules: RulesNumber) -> Self {
        Self { lane, rules, tells: matches!(lane, Lane::Live | Lane::Asked) }
    }
}
