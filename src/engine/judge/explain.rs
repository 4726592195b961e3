//! Why policies match an item or not, for people: the same judgement as everywhere, with all that it rests on.

use super::excuse::{Excused, weigh};
use super::ruling::votes_of;
use super::{Governing, Judge, Of, Spared};
use crate::clock::Moment;
use crate::engine::facts::held::Held;
use crate::model::{Directory, ExceptionNumber, Mode};
use crate::policy::ask::Turn;
use crate::policy::decide::{Decision, Vote, decide};
use crate::policy::why::{Why, why};
use crate::policy::{Answer, Policy, Tags};
use crate::store::{Connector, Error, Exception, Known, Match, Store};
use std::sync::Arc;

/// What all policies say of an item, and what comes of it.
#[derive(Debug)]
pub struct Explained {
    /// Each policy, in the order in which they are heard.
    pub policies: Vec<OfPolicy>,
    /// What the matching policies want, one decision for all of them.
    pub decision: Decision,
}

/// What one policy says.
#[derive(Debug)]
pub struct OfPolicy {
    /// The policy.
    pub policy: Arc<Policy>,
    /// The mode that holds; less than its file says when it was not approved as it stands.
    pub in_force: Mode,
    /// Its filter, with what each test saw.
    pub why: Why,
    /// What counts, exceptions and all.
    pub answer: Answer,
    /// Why it is spared where the filter does not say no.
    pub spared: Option<String>,
    /// Exceptions about it.
    pub exceptions: Vec<(Exception, String)>,
    /// The match that is stored.
    pub stored: Option<Match>,
    /// Actions on people that it wants and may not ask for by itself.
    pub held_back: Vec<&'static str>,
}

/// Explains an item by everything that is stored of it now.
///
/// # Errors
/// When the store could not be read.
pub fn explain(
    store: &dyn Store,
    governing: &Governing,
    tags: &Tags,
    now: Moment,
    known: &Known,
    connector: &Connector,
) -> Result<Explained, Error> {
    let directory: Option<Directory> = store.directory(known.connector)?;
    let of = Of { name: &connector.name, provider: connector.provider, directory: directory.as_ref() };
    let mut judge = Judge::new(governing, store, tags, now);
    let whose = judge.whose(of);
    let mut held = Held::of(known, known.coverage, known.reading);
    let opinions = judge.opinions(&mut held, of)?;
    let stored = store.matches(known.number)?;
    let (mut policies, mut votes) = (Vec::new(), Vec::new());
    for (rank, policy) in governing.policies.all.iter().enumerate() {
        let opinion = opinions.iter().find(|one| one.policy.name == policy.name);
        held.want(policy.filter.wants(), whose, &mut judge.shelf)?;
        let mut exceptions = Vec::new();
        for exception in &governing.exceptions {
            let standing = weigh(exception, policy, &mut held, whose, &mut judge.shelf)?;
            exceptions.extend(words(&standing).map(|words| (exception.clone(), words)));
        }
        let in_force = governing.policies.mode(policy);
        let answer = opinion.map_or(Answer::No, |one| one.answer);
        if answer == Answer::Yes && matches!(in_force, Mode::Plan | Mode::Enforce) {
            votes.extend(votes_of(rank, policy).map(|(vote, ..)| vote));
        }
        policies.push(OfPolicy {
            policy: Arc::clone(policy),
            in_force,
            why: why(&policy.filter, &held.facts(whose), now),
            answer,
            spared: opinion.and_then(|one| one.spared.as_ref()).map(spared),
            exceptions,
            stored: stored.iter().find(|one| one.policy == policy.name).cloned(),
            held_back: held_back(policy),
        });
    }
    let votes: Vec<Vote> = votes;
    Ok(Explained { policies, decision: decide(&votes) })
}

fn held_back(policy: &Policy) -> Vec<&'static str> {
    let people = policy.wishes.iter().filter(|wish| wish.ask.turn() == Turn::Person && !policy.allow_people_actions);
    people.map(|wish| wish.ask.name()).collect()
}

fn spared(why: &Spared) -> String {
    let list = |all: &[ExceptionNumber]| all.iter().map(|one| format!("#{one}")).collect::<Vec<_>>().join(", ");
    match why {
        Spared::Own => "it lies in quarantine, or the service put it there".to_owned(),
        Spared::By(number) => format!("exception #{number} holds"),
        Spared::Values(numbers) => format!("without the values of exceptions {} too little is left", list(numbers)),
        Spared::Perhaps(number) => format!("whether exception #{number} holds cannot be told yet"),
    }
}

/// `None` for an exception about something else.
fn words(standing: &Excused) -> Option<String> {
    Some(match standing {
        Excused::Elsewhere => return None,
        Excused::Yes => "holds".to_owned(),
        Excused::OtherContent => "void: it was made for another content".to_owned(),
        Excused::Grown(detector, is, was) if is <= was => {
            format!(
                "void: {is} different values by {detector} or more, and nobody can tell whether it is more than {was}"
            )
        }
        Excused::Grown(detector, is, was) => {
            format!("void: {is} different values by {detector}, {was} were excused")
        }
        Excused::Unknown => "cannot be told until the content is read, or members are known".to_owned(),
    })
}
