//! One item of a plan: votes are decided, what is kept becomes actions, and each is foreseen.

use super::Ground;
use super::foresee::{Seer, Wanted};
use super::make::{Candidate, Failed, Means};
use super::open::{Shares, found, owner};
use super::veil::Veil;
use super::words::{Names, ask_words, span_words};
use crate::engine::act::resolve::{self, Bearings, Unresolved};
use crate::engine::quarantine;
use crate::model::ItemKind;
use crate::model::action::{Action, Target};
use crate::policy::ask::Ask;
use crate::policy::decide::{Decision, decide};
use crate::report::plan::{Call, Entry, Voice};
use sha2::{Digest, Sha256};

/// Hexadecimal digits of an intent's id that is derived from what it is for.
const ID_DIGITS: usize = 24;

/// The entry of a candidate.
pub(super) fn entry(means: &Means<'_>, ground: &Ground, of: &Candidate) -> Result<Entry, Failed> {
    let known = &of.known;
    let names = Names { store: means.store, connector: ground.number, people: &ground.people };
    let shares = Shares::of(means.store, known)?;
    let decision = decide(&of.votes);
    let seer = Seer {
        store: means.store,
        ground,
        known: Some(known),
        shares: Some(&shares),
        names,
        veil: Veil::of(known),
        now: means.now,
    };
    let mut planned = Vec::new();
    let mut pinned = true;
    for (at, kept) in decision.kept.iter().enumerate() {
        let first = kept.votes.first();
        let wanted = Wanted {
            ask: &kept.ask,
            id: id(means, ground, of, at, &kept.ask),
            voters: voters(means, kept.votes.iter().map(|vote| &*vote.policy)),
            policy: first.and_then(|vote| means.policies.named(&vote.policy)).map(|policy| &**policy),
            pinned,
        };
        planned.extend(seer.deeds(&wanted)?);
        pinned &= !matches!(kept.ask, Ask::Overwrite);
    }
    Ok(Entry {
        connector: ground.name.to_string(),
        provider: ground.provider.name().to_owned(),
        item: Some(known.number.0),
        sort: sort(known.item.kind).to_owned(),
        id: known.item.id.to_string(),
        path: known.shown.to_string(),
        owner: owner(known, &names),
        version: known.item.version.as_ref().map(ToString::to_string),
        exposure: Some(shares.open(known, &names, means.now)),
        since: of.since,
        found: found(means.store, known)?,
        votes: voices(of, &decision),
        planned,
    })
}

/// What an ask becomes, quarantines too.
pub(super) fn resolved(ask: &Ask, about: &Bearings<'_>) -> Result<Vec<(Target, Action)>, Unresolved> {
    match ask {
        Ask::UserQuarantine | Ask::AdminQuarantine { .. } => Ok(vec![quarantine::action(ask, about)?]),
        _ => resolve::resolve(ask, about),
    }
}

/// Writes before an action's own steps.
pub(super) fn beside(action: &Action) -> impl Iterator<Item = Call> {
    let writes = quarantine::beside(action).into_iter();
    writes.map(|words| Call { step: "put_note".to_owned(), words: words.to_owned() })
}

fn voters<'a>(means: &Means<'_>, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut voters: Vec<String> = Vec::new();
    for name in names {
        if means.policies.named(name).is_some() && !voters.iter().any(|other| other == name) {
            voters.push(name.to_owned());
        }
    }
    voters
}

/// What each policy asked for and what became of it, in the policies' order; then what waits.
fn voices(of: &Candidate, decision: &Decision) -> Vec<Voice> {
    let mut votes: Vec<_> = of.votes.iter().collect();
    votes.sort_by(|one, other| (one.rank, one.ask.name()).cmp(&(other.rank, other.ask.name())));
    let mut voices: Vec<Voice> = votes
        .into_iter()
        .map(|vote| {
            let kept = decision.kept.iter().find(|kept| kept.votes.contains(vote));
            let because = match kept {
                Some(kept) if kept.ask == vote.ask => "it is kept".to_owned(),
                Some(kept) => format!("{} stands for it", kept.ask.name()),
                None => {
                    let by = decision.overruled.iter().find(|overruled| overruled.vote == *vote);
                    by.map_or_else(String::new, |overruled| format!("{} is heard instead", overruled.by))
                }
            };
            let matched = of.why.iter().find(|(policy, _)| *policy == vote.policy).map(|(_, why)| why.as_str());
            let because = matched.map_or_else(|| because.clone(), |why| format!("{why}; {because}"));
            Voice { policy: vote.policy.to_string(), asks: ask_words(&vote.ask), because }
        })
        .collect();
    voices.extend(of.later.iter().map(|later| Voice {
        policy: later.policy.to_string(),
        asks: ask_words(&later.ask),
        because: format!("not yet: {} after the match, at {}", span_words(later.after), later.due),
    }));
    voices
}

/// The same for the same plan, and no other's.
fn id(means: &Means<'_>, ground: &Ground, of: &Candidate, at: usize, ask: &Ask) -> String {
    let item = &of.known.item;
    let ask = serde_json::to_string(ask).unwrap_or_default();
    let version = item.version.as_deref().unwrap_or_default();
    let seed = format!("plan\0{}\0{}\0{}\0{version}\0{at}\0{ask}", means.now, ground.name, item.id);
    let digits = crate::report::plan::digits(&Sha256::digest(seed.as_bytes()).into());
    format!("p{}", &digits[..ID_DIGITS])
}

/// The word for what an item is.
pub(in crate::engine) fn sort(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::File => "file",
        ItemKind::Folder => "folder",
        ItemKind::WebLink => "web_link",
    }
}
