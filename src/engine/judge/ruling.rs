//! From what policies say of an item to what is kept of it: matches, alerts, and intents of the policies in force.

use super::super::act::What;
use super::super::facts::held::{Held, Whose};
use super::{Governing, Opinion};
use crate::clock::Moment;
use crate::model::action::{Target, TargetItem, TargetPerson};
use crate::model::{Cause, Lane, Mode};
use crate::policy::ask::{Ask, Turn};
use crate::policy::decide::{Decision, Kept, Vote, decide};
use crate::policy::{Answer, Facts, Policy, Still};
use crate::store::error::Kind;
use crate::store::{AlertGroup, AlertKey, Error, Match, Matched, NewIntent, RulesNumber, Ruling, Store, Voter};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of an intent's id before they are written as digits.
const ID_BYTES: usize = 16;

/// Why an item is judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion {
    /// The lane of the work that found something out. What the backlog brings goes into roll-ups.
    pub(crate) lane: Lane,
    /// The rules that findings rest on.
    pub(crate) rules: RulesNumber,
    /// Whether somebody is told of each match by itself.
    pub(crate) tells: bool,
}

impl Occasion {
    /// Whether its matches are grouped by owner and folder.
    pub(super) fn lane_is_grouped(self) -> bool {
        matches!(self.lane, Lane::Live | Lane::Asked)
    }
}

/// What is to be kept of an item of which this is said.
pub(super) fn of(
    governing: &Governing,
    opinions: &[Opinion<'_>],
    held: &Held<'_>,
    whose: Whose<'_>,
    store: &dyn Store,
    occasion: Occasion,
) -> Result<Ruling, Error> {
    let (known, facts) = (held.known(), held.facts(whose));
    let level = known.exposure.filter(|told| told.known).map(|told| told.level);
    let yes = || opinions.iter().filter(|one| one.answer == Answer::Yes);
    let matched = |one: &Opinion<'_>| Matched {
        policy: Arc::clone(&one.policy.name),
        hash: one.policy.hash,
        level,
        alert: Some(AlertKey {
            severity: one.policy.severity,
            group: occasion.lane_is_grouped().then(|| group(held, &facts)),
        }),
    };
    let in_force: Vec<&Opinion<'_>> =
        yes().filter(|one| governing.policies.mode(one.policy) == Mode::Enforce).collect();
    let intents = match in_force.is_empty() {
        true => Vec::new(),
        false => Wanting { held, facts: &facts, now: whose.now, store, occasion }.intents(&in_force)?,
    };
    let undecided = opinions.iter().filter(|one| one.answer == Answer::Unknown);
    Ok(Ruling {
        item: known.number,
        connector: known.connector,
        matches: yes().map(matched).collect(),
        undecided: undecided.map(|one| Arc::clone(&one.policy.name)).collect(),
        intents,
    })
}

/// The owner by account or login; empty when nobody is known.
fn owner(facts: &Facts<'_>) -> Arc<str> {
    let owner = facts.item.owner.as_ref();
    let told = owner.and_then(|owner| owner.account.clone().or_else(|| owner.login.clone()));
    told.unwrap_or_else(|| "".into())
}

fn group(held: &Held<'_>, facts: &Facts<'_>) -> AlertGroup {
    let nearest = facts.above.and_then(|above| above.first()).map(|folder| Arc::clone(&folder.id));
    AlertGroup {
        connector: held.known().connector,
        owner: owner(facts),
        folder: nearest.or_else(|| facts.item.parent.clone()).unwrap_or_else(|| "".into()),
    }
}

/// The votes of a policy that matches: what it may ask for by itself.
pub(crate) fn votes_of(rank: usize, policy: &Policy) -> impl Iterator<Item = (Vote, Duration, Still)> {
    let may = |ask: &Ask| ask.turn() != Turn::Person || policy.allow_people_actions;
    policy.wishes.iter().filter(move |wish| may(&wish.ask)).map(move |wish| {
        let vote = Vote { policy: Arc::clone(&policy.name), rank, ask: wish.ask.clone() };
        (vote, wish.after, wish.still)
    })
}

/// Something that is to be done so long after the match began, for these policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Enforced {
    /// What.
    pub(crate) ask: Ask,
    /// How long after.
    pub(crate) after: Duration,
    /// What must still be so.
    pub(crate) still: Still,
    /// Names of the policies that want just that.
    pub(crate) voters: Vec<Arc<str>>,
}

/// What comes of votes: one decision, and what of it is to be done when. What waits does not hold back what does not: a weaker
/// wish that is due earlier is done for itself.
pub(crate) fn enforced(votes: &[(Vote, Duration, Still)]) -> (Decision, Vec<Enforced>) {
    let all: Vec<Vote> = votes.iter().map(|(vote, ..)| vote.clone()).collect();
    let decision = decide(&all);
    let heard: Vec<&(Vote, Duration, Still)> =
        votes.iter().filter(|(vote, ..)| !decision.overruled.iter().any(|overruled| overruled.vote == *vote)).collect();
    let times: BTreeSet<Duration> = heard.iter().map(|(_, after, _)| *after).collect();
    let mut all = Vec::new();
    for due in times {
        let until = |vote: &&&(Vote, Duration, Still)| {
            // Who was told at an earlier time is not told again.
            if matches!(vote.0.ask, Ask::Notify { .. }) { vote.1 == due } else { vote.1 <= due }
        };
        let then: Vec<Vote> = heard.iter().filter(until).map(|(vote, ..)| vote.clone()).collect();
        for Kept { ask, votes: kept } in decide(&then).kept {
            let just_that = |vote: &&Vote| vote.ask == ask || matches!(ask, Ask::Notify { .. });
            let own: Vec<&(Vote, Duration, Still)> = kept
                .iter()
                .filter(just_that)
                .filter_map(|vote| heard.iter().find(|(other, after, _)| other == vote && *after == due).copied())
                .collect();
            if own.is_empty() {
                continue;
            }
            let any = own.iter().any(|(_, _, still)| *still == Still::Matched);
            let mut voters: Vec<Arc<str>> = own.iter().map(|(vote, ..)| Arc::clone(&vote.policy)).collect();
            voters.dedup();
            all.push(Enforced { ask, after: due, still: if any { Still::Matched } else { Still::Exposed }, voters });
        }
    }
    (decision, all)
}

/// An item that policies in force match.
struct Wanting<'a> {
    held: &'a Held<'a>,
    facts: &'a Facts<'a>,
    now: Moment,
    store: &'a dyn Store,
    occasion: Occasion,
}

impl Wanting<'_> {
    fn intents(&self, in_force: &[&Opinion<'_>]) -> Result<Vec<NewIntent>, Error> {
        let votes: Vec<_> = in_force.iter().flat_map(|one| votes_of(one.rank, one.policy)).collect();
        let wanted = enforced(&votes).1;
        let told = |one: &Enforced| self.occasion.tells || !matches!(one.ask, Ask::Notify { .. });
        let before = match wanted.iter().any(|one| !one.after.is_zero()) {
            true => self.store.matches(self.held.known().number)?,
            false => Vec::new(),
        };
        let mut intents = Vec::new();
        for one in wanted.into_iter().filter(told) {
            intents.extend(self.intent(one, in_force, &before)?);
        }
        Ok(intents)
    }

    /// `None` when it is about a person and nobody knows whom.
    fn intent(
        &self,
        wanted: Enforced,
        in_force: &[&Opinion<'_>],
        before: &[Match],
    ) -> Result<Option<NewIntent>, Error> {
        let Some(on) = self.target(&wanted.ask) else { return Ok(None) };
        let of = |name: &Arc<str>| in_force.iter().find(|one| one.policy.name == *name);
        let voters: Vec<Voter> = wanted
            .voters
            .iter()
            .filter_map(of)
            .map(|one| Voter { policy: Arc::clone(&one.policy.name), hash: one.policy.hash })
            .collect();
        let since = |voter: &Voter| {
            let known = before.iter().find(|one| one.policy == voter.policy && one.hash == voter.hash);
            known.map_or(self.now, |one| one.since)
        };
        let due = voters.iter().map(since).min().map(|since| since.plus(wanted.after));
        let (ask, still) = (wanted.ask, wanted.still);
        let name = ask.name().into();
        let what = What::Ask { ask, still };
        let moves = what.moves();
        let what = serde_json::to_string(&what).map_err(|_| failed("an ask cannot be written down"))?;
        let actor = voters.first().map_or_else(String::new, |voter| format!("policy {}", voter.policy));
        Ok(Some(NewIntent {
            id: id()?,
            connector: self.held.known().connector,
            item: Some(self.held.known().number),
            on,
            owner: owner(self.facts),
            cause: Cause::Policy,
            voters,
            rules: Some(self.occasion.rules),
            plan: None,
            undoes: None,
            what,
            name,
            actor: actor.into(),
            due: due.filter(|due| *due > self.now),
            moves,
        }))
    }

    fn target(&self, ask: &Ask) -> Option<Target> {
        let item = self.facts.item;
        if ask.turn() != Turn::Person {
            return Some(Target::Item(TargetItem {
                id: Arc::clone(&item.id),
                kind: item.kind,
                place: Arc::clone(&item.place),
                read_as: item.read_as.clone(),
                path: item.path.clone(),
            }));
        }
        let owner = item.owner.as_ref()?;
        let people = self.facts.directory;
        let person = owner
            .account
            .as_deref()
            .and_then(|account| people?.by_account(account))
            .or_else(|| people?.by_login(owner.login.as_deref()?));
        Some(Target::Person(TargetPerson {
            id: person.map(|person| Arc::clone(&person.id)),
            account: owner.account.clone().or_else(|| person.map(|person| Arc::clone(&person.account))),
            login: owner.login.clone().or_else(|| person.map(|person| Arc::clone(&person.login))),
        }))
    }
}

/// A new intent's id: nobody can guess it, and no two are the same.
fn id() -> Result<Arc<str>, Error> {
    let mut bytes = [0; ID_BYTES];
    getrandom::fill(&mut bytes).map_err(|_| failed("the system gives no random bytes"))?;
    let mut text = String::with_capacity(2 * ID_BYTES);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text.into())
}

fn failed(what: &str) -> Error {
    Error::new(Kind::Failed(what.to_owned()), "decide what is to be done")
}
