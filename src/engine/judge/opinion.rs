//! What each policy says of one item: its filter's answer, and what stands against it.

use super::super::facts::held::{Held, Shelf, Whose};
use super::{Governing, Own, excuse};
use crate::model::ExceptionNumber;
use crate::policy::{Answer, Policy, Wants};
use crate::store::Error;
use std::sync::Arc;

/// What one policy says of an item.
#[derive(Clone, Debug)]
pub(crate) struct Opinion<'g> {
    /// The policy's place among all.
    pub(crate) rank: usize,
    /// The policy.
    pub(crate) policy: &'g Arc<Policy>,
    /// What counts.
    pub(crate) answer: Answer,
    /// Why it is spared where the filter does not say no.
    pub(crate) spared: Option<Spared>,
}

/// Why an item is spared that a filter means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Spared {
    /// The service put it there, or put it into quarantine.
    Own,
    /// By this exception.
    By(ExceptionNumber),
    /// These exceptions of values leave too little.
    Values(Vec<ExceptionNumber>),
    /// Whether this exception holds cannot be told now.
    Perhaps(ExceptionNumber),
}

/// Asks all policies that are on: those whose filter names other policies last, since they rest on what the others say.
pub(crate) fn opinions<'g>(
    governing: &'g Governing,
    held: &mut Held<'_>,
    whose: Whose<'_>,
    shelf: &mut Shelf<'_>,
    own: &mut Own,
) -> Result<Vec<Opinion<'g>>, Error> {
    let mut all = Vec::new();
    let rests_on_others = |policy: &Policy| policy.filter.wants().has(Wants::POLICIES);
    for (rank, policy) in governing.policies.asked().filter(|(_, policy)| !rests_on_others(policy)) {
        all.push(opinion(governing, rank, policy, held, whose, shelf, own)?);
    }
    if governing.policies.asked().any(|(_, policy)| rests_on_others(policy)) {
        let yes = all.iter().filter(|one: &&Opinion<'_>| one.answer == Answer::Yes);
        held.set_policies(yes.map(|one| Arc::clone(&one.policy.name)).collect());
        for (rank, policy) in governing.policies.asked().filter(|(_, policy)| rests_on_others(policy)) {
            all.push(opinion(governing, rank, policy, held, whose, shelf, own)?);
        }
        all.sort_by_key(|one| one.rank);
    }
    Ok(all)
}

fn opinion<'g>(
    governing: &'g Governing,
    rank: usize,
    policy: &'g Arc<Policy>,
    held: &mut Held<'_>,
    whose: Whose<'_>,
    shelf: &mut Shelf<'_>,
    own: &mut Own,
) -> Result<Opinion<'g>, Error> {
    let filter = held.ask(&policy.filter, whose, shelf)?;
    let mut opinion = Opinion { rank, policy, answer: filter, spared: None };
    if filter == Answer::No {
        return Ok(opinion);
    }
    let (answer, spared) = if !policy.filter.wants().has(Wants::QUARANTINE) && own.has(held, whose, shelf)? {
        (Answer::No, Some(Spared::Own))
    } else {
        excuse::applied(governing, policy, filter, held, whose, shelf)?
    };
    (opinion.answer, opinion.spared) = (answer, spared);
    Ok(opinion)
}
