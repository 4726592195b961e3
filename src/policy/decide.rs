//! One decision out of what several policies ask of one item: a pure function, the same for the same votes in any order.
//!
//! What is contained in something stronger is not asked for by itself, but its policy has voted for the stronger one; what is
//! independent all runs; of two that contradict each other the one of the policy that stands first is kept. Nothing is dropped
//! without being told.

use super::ask::{Ask, Told};
use std::sync::Arc;

/// A policy's wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The policy's name.
    pub policy: Arc<str>,
    /// Its place among all policies, the first before the others.
    pub rank: usize,
    /// What it asks for.
    pub ask: Ask,
}

/// What is to be done, in this order, and what became of the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    /// What is to be done.
    pub kept: Vec<Kept>,
    /// What is not, because it contradicts something that is.
    pub overruled: Vec<Overruled>,
}

/// Something that is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What.
    pub ask: Ask,
    /// The policies that asked for it, or for something that it contains, each with its own wish; in the policies' order.
    pub votes: Vec<Vote>,
}

/// A wish that another policy's contradicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overruled {
    /// The wish.
    pub vote: Vote,
    /// The policy that was heard instead.
    pub by: Arc<str>,
}

/// Decides.
#[must_use]
pub fn decide(votes: &[Vote]) -> Decision {
    let mut votes: Vec<&Vote> = votes.iter().collect();
    votes.sort_by(|one, other| {
        (one.rank, &one.policy, one.ask.name()).cmp(&(other.rank, &other.policy, other.ask.name()))
    });
    let mut decision = Decision::default();
    let mut heard: Vec<&Vote> = Vec::new();
    for vote in votes {
        match heard.iter().find(|other| other.ask.contradicts(&vote.ask)) {
            Some(other) => {
                decision.overruled.push(Overruled { vote: vote.clone(), by: Arc::clone(&other.policy) });
            }
            None => heard.push(vote),
        }
    }
    for (at, vote) in heard.iter().enumerate() {
        // Of two that contain each other the earlier one stands for both.
        let covered = heard.iter().enumerate().any(|(place, other)| {
            place != at && other.ask.contains(&vote.ask) && (!vote.ask.contains(&other.ask) || place < at)
        });
        if !covered && !matches!(vote.ask, Ask::Notify { .. }) {
            let contained = heard.iter().filter(|other| vote.ask.contains(&other.ask));
            let votes = contained.map(|other| (*other).clone()).collect();
            decision.kept.push(Kept { ask: vote.ask.clone(), votes });
        }
    }
    decision.kept.extend(told(&heard));
    decision.kept.sort_by_key(|kept| (kept.ask.turn(), kept.ask.strength()));
    decision
}

/// One message to everybody whom any policy wants told, each once.
fn told(heard: &[&Vote]) -> Option<Kept> {
    let mut all: Vec<Told> = Vec::new();
    let mut votes = Vec::new();
    for vote in heard {
        if let Ask::Notify { whom } = &vote.ask {
            all.extend(whom.iter().cloned());
            votes.push((*vote).clone());
        }
    }
    all.sort();
    all.dedup();
    // Who is told at once needs no digest of the same.
    if all.contains(&Told::Owner) {
        all.retain(|told| *told != Told::OwnerDigest);
    }
    (!votes.is_empty()).then_some(Kept { ask: Ask::Notify { whom: all }, votes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Audience;
    use proptest::prelude::*;
    use std::time::Duration;

    fn vote(rank: usize, ask: Ask) -> Vote {
        Vote { policy: format!("p{rank}").into(), rank, ask }
    }

    fn quarantine(to: &str) -> Ask {
        Ask::AdminQuarantine { to: Some(to.into()), by_copy: false }
    }

    fn label(label: &str) -> Ask {
        Ask::SetLabel { label: label.into() }
    }

    fn hours(hours: u64) -> Ask {
        Ask::ExpireLinks { after: Duration::from_secs(hours * 3_600) }
    }

    fn restrict(to: Audience) -> Ask {
        Ask::RestrictLinks { to }
    }

    fn member(who: &str) -> Ask {
        Ask::RemoveMember { who: who.into() }
    }

    fn notify(whom: &[Told]) -> Ask {
        Ask::Notify { whom: whom.to_vec() }
    }

    /// What is kept, by name, with the number of votes for each.
    fn names(votes: &[Ask]) -> (Vec<(&'static str, usize)>, usize) {
        let votes: Vec<Vote> = votes.iter().enumerate().map(|(rank, ask)| vote(rank, ask.clone())).collect();
        let decision = decide(&votes);
        (decision.kept.iter().map(|kept| (kept.ask.name(), kept.votes.len())).collect(), decision.overruled.len())
    }

    /// What is asked for, what is kept with how many votes, how many are overruled.
    type Row = (Vec<Ask>, Vec<(&'static str, usize)>, usize);

    #[test]
    fn the_strongest_of_contained_asks_stands_for_all() {
        let lock = Ask::Lock { lasting: None, no_download: true };
        let rows: Vec<Row> = vec![
            (vec![hours(1), hours(2)], vec![("expire_links", 2)], 0),
            (vec![hours(2), hours(1)], vec![("expire_links", 2)], 0),
            (vec![hours(1), restrict(Audience::Company)], vec![("expire_links", 1), ("restrict_links", 1)], 0),
            (vec![restrict(Audience::Company), restrict(Audience::Members)], vec![("restrict_links", 2)], 0),
            (vec![Ask::ProtectLinks, restrict(Audience::Company)], vec![("restrict_links", 2)], 0),
            (vec![hours(1), Ask::ForbidDownload, Ask::RemoveLinks], vec![("remove_links", 3)], 0),
            (vec![Ask::RemoveLinks, Ask::RemoveExternals], vec![("remove_links", 1), ("remove_externals", 1)], 0),
            (vec![member("bob"), Ask::RemoveExternals], vec![("remove_member", 1), ("remove_externals", 1)], 0),
            (vec![Ask::RemoveLinks, Ask::RemoveExternals, Ask::MakePrivate], vec![("make_private", 3)], 0),
            (vec![Ask::MakePrivate, Ask::UserQuarantine], vec![("user_quarantine", 2)], 0),
            (vec![Ask::UserQuarantine, quarantine("a")], vec![("admin_quarantine", 2)], 0),
            (vec![quarantine("a"), Ask::Trash, Ask::RemoveLinks], vec![("trash", 3)], 0),
            (vec![quarantine("a"), quarantine("b")], vec![("admin_quarantine", 1)], 1),
            (vec![label("secret"), label("internal"), Ask::ClearLabel], vec![("set_label", 1)], 2),
            (vec![Ask::Trash, lock, label("x")], vec![("set_label", 1), ("lock", 1), ("trash", 1)], 0),
            (
                vec![
                    notify(&[Told::Owner]),
                    notify(&[Told::OwnerDigest, Told::Editor]),
                    Ask::Trash,
                    Ask::Hold { policy: "h".into() },
                ],
                vec![("hold", 1), ("trash", 1), ("notify", 2)],
                0,
            ),
        ];
        for (votes, kept, overruled) in rows {
            assert_eq!(names(&votes), (kept, overruled), "{votes:?}");
        }
    }

    #[test]
    fn everybody_is_told_once_and_who_is_told_at_once_gets_no_digest() {
        let address = |text: &str| Told::Address(text.into());
        let votes = [
            vote(0, notify(&[address("b@example.com"), Told::OwnerDigest])),
            vote(1, notify(&[Told::Owner, address("a@example.com"), address("b@example.com")])),
        ];
        let whom = vec![Told::Owner, address("a@example.com"), address("b@example.com")];
        assert_eq!(decide(&votes).kept[0].ask, Ask::Notify { whom });
    }

    #[test]
    fn the_first_policy_is_heard_where_two_contradict() {
        let votes = [vote(2, quarantine("b")), vote(1, quarantine("a"))];
        let decision = decide(&votes);
        assert_eq!(decision.kept[0].ask, quarantine("a"));
        assert_eq!(decision.overruled, [Overruled { vote: votes[0].clone(), by: "p1".into() }]);
    }

    fn any_ask() -> impl Strategy<Value = Ask> {
        prop_oneof![
            (1_u64..4).prop_map(hours),
            Just(Ask::ProtectLinks),
            Just(Ask::ForbidDownload),
            Just(restrict(Audience::Company)),
            Just(restrict(Audience::Members)),
            Just(Ask::RemoveLinks),
            "[ab]".prop_map(|who| member(&who)),
            Just(Ask::RemoveExternals),
            Just(Ask::MakePrivate),
            Just(Ask::UserQuarantine),
            "[ab]".prop_map(|to| quarantine(&to)),
            Just(Ask::Trash),
            "[ab]".prop_map(|name| label(&name)),
            Just(Ask::ClearLabel),
            Just(notify(&[Told::Owner])),
        ]
    }

    proptest! {
        /// In any order the same; every vote is heard, contained, or told to be overruled; nothing kept contains another.
        #[test]
        fn no_wish_is_lost(asks in proptest::collection::vec(any_ask(), 0..8), turn in 0_usize..8) {
            let votes: Vec<Vote> = asks.into_iter().enumerate().map(|(rank, ask)| vote(rank, ask)).collect();
            let decision = decide(&votes);
            let mut turned = votes.clone();
            turned.rotate_left(turn.min(votes.len()));
            prop_assert_eq!(&decide(&turned), &decision);
            for vote in &votes {
                let heard = decision.kept.iter().any(|kept| kept.votes.contains(vote));
                let overruled = decision.overruled.iter().any(|overruled| overruled.vote == *vote);
                prop_assert!(heard != overruled, "{:?}", vote);
            }
            for one in &decision.kept {
                for other in &decision.kept {
                    prop_assert!(one == other || !one.ask.contains(&other.ask));
                    prop_assert!(!one.ask.contradicts(&other.ask) || one == other);
                }
            }
            prop_assert!(decision.kept.is_sorted_by_key(|kept| kept.ask.turn()));
        }
    }
}
