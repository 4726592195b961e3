//! What an intent came to, told from the receipts of its orders; and what is done instead of what is blocked. Pure functions.

use crate::model::action::{Action, Block, Left, Outcome, Receipt};
use std::fmt::Write;
use std::sync::Arc;

/// Sentences of an intent's end, at most; the receipts have all.
const SENTENCES_MAX: usize = 8;

/// What is done instead where something is in the way: closing who can reach it, where the policy asked for more. `None` where
/// nothing weaker would help: then it stays as it is, and a person is told.
///
/// Plans foresee by this what the acting threads do.
#[must_use]
pub fn fallback(action: &Action, block: &Block) -> Option<Action> {
    let hides = matches!(action, Action::Quarantine(_) | Action::Trash | Action::Overwrite { .. });
    // Where nobody can act, nobody can close its sharing either; what is never done has no lesser form.
    let lesser = !matches!(block, Block::NobodyToAct | Block::Never(_));
    (hides && lesser).then_some(Action::MakePrivate)
}

/// How orders ended as a whole; `None` when there were none.
#[must_use]
pub(super) fn overall<'a>(receipts: impl IntoIterator<Item = &'a Receipt>) -> Option<Outcome> {
    let mut whole: Option<Outcome> = None;
    for receipt in receipts {
        let next = receipt.outcome.clone();
        whole = Some(match whole {
            None => next,
            Some(before) => both(before, next),
        });
    }
    whole
}

/// Two orders, one after the other.
fn both(one: Outcome, other: Outcome) -> Outcome {
    match (one, other) {
        (unknown @ Outcome::Unknown(_), _) | (_, unknown @ Outcome::Unknown(_)) => unknown,
        // What drifted was decided anew: what came of it then counts.
        (Outcome::Drifted, other) => other,
        (Outcome::AlreadySo, Outcome::AlreadySo) => Outcome::AlreadySo,
        (Outcome::Done | Outcome::AlreadySo, Outcome::Done | Outcome::AlreadySo) => Outcome::Done,
        (block @ Outcome::Blocked(_), Outcome::Blocked(_) | Outcome::Gone | Outcome::Drifted) => block,
        (Outcome::Gone, Outcome::Gone) => Outcome::Gone,
        _ => Outcome::Partly,
    }
}

/// For people: what is in the way, what was done instead, what is left. No names of files or people.
#[must_use]
pub(super) fn sentences<'a>(receipts: impl IntoIterator<Item = (&'a Action, &'a Receipt)>) -> Arc<str> {
    let mut text = String::new();
    let mut blocked: Option<&Action> = None;
    let mut said = 0;
    for (action, receipt) in receipts {
        for sentence in of(action, receipt, blocked) {
            if said == SENTENCES_MAX {
                let _ = write!(text, "; and more, see the receipts");
                return text.into();
            }
            if said > 0 {
                text.push_str("; ");
            }
            text.push_str(&sentence);
            said += 1;
        }
        blocked = matches!(receipt.outcome, Outcome::Blocked(_)).then_some(action);
    }
    text.into()
}

fn of(action: &Action, receipt: &Receipt, blocked: Option<&Action>) -> Vec<String> {
    let name = action.name();
    let mut all = match &receipt.outcome {
        Outcome::Blocked(block) => vec![format!("{name}: {block}")],
        Outcome::Drifted => vec![format!("{name}: it is no longer what was decided on, so nothing was done")],
        Outcome::Gone => vec![format!("{name}: it exists no more")],
        Outcome::Unknown(said) => vec![format!("{name}: it could not be found out what the last call did ({said})")],
        Outcome::Done | Outcome::Partly | Outcome::AlreadySo => match blocked {
            Some(blocked) if *action == Action::MakePrivate => {
                vec![format!("instead of {} its own links and members were ended", blocked.name())]
            }
            _ => Vec::new(),
        },
    };
    all.extend(receipt.left.iter().map(still_open));
    all
}

/// What is left open, with the action on the folder that would close it.
fn still_open(left: &Left) -> String {
    match proposal(left) {
        Some((folder, action)) => {
            format!("{left}: {action} on the folder {folder} would close it", action = action.name())
        }
        None => left.to_string(),
    }
}

/// The action on a folder above that would close what an action on the item left open, and the folder's id.
#[must_use]
pub fn proposal(left: &Left) -> Option<(Arc<str>, Action)> {
    match left {
        Left::LinkAbove { folder, .. } => Some((Arc::clone(folder), Action::RemoveLinks)),
        Left::MemberAbove { folder, who } => Some((Arc::clone(folder), Action::RemoveMember { who: who.clone() })),
        Left::MembersHidden | Left::Elsewhere { .. } | Left::Refused { .. } | Left::Overridden { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Audience;

    fn receipt(outcome: Outcome) -> Receipt {
        Receipt { order: "i-1".into(), outcome, found: None, did: Vec::new(), read_back: None, left: Vec::new() }
    }

    fn blocked() -> Outcome {
        Outcome::Blocked(Block::Shield)
    }

    fn unknown() -> Outcome {
        Outcome::Unknown("500".into())
    }

    #[test]
    fn orders_end_as_a_whole() {
        use Outcome::{AlreadySo, Done, Drifted, Gone, Partly};
        for (outcomes, whole) in [
            (vec![], None),
            (vec![Done], Some(Done)),
            (vec![AlreadySo, AlreadySo], Some(AlreadySo)),
            (vec![AlreadySo, Done], Some(Done)),
            (vec![blocked()], Some(blocked())),
            (vec![blocked(), Done], Some(Partly)),
            (vec![blocked(), AlreadySo], Some(Partly)),
            (vec![blocked(), blocked()], Some(blocked())),
            (vec![Done, blocked()], Some(Partly)),
            (vec![Drifted], Some(Drifted)),
            (vec![Drifted, Done], Some(Done)),
            (vec![Done, Drifted], Some(Partly)),
            (vec![Done, unknown()], Some(unknown())),
            (vec![unknown(), Done], Some(unknown())),
            (vec![Gone, Gone], Some(Gone)),
            (vec![Done, Partly, Done], Some(Partly)),
        ] {
            let receipts: Vec<Receipt> = outcomes.into_iter().map(receipt).collect();
            assert_eq!(overall(&receipts), whole, "{receipts:?}");
        }
    }

    #[test]
    fn what_hides_falls_back_to_what_closes() {
        let overwrite = Action::Overwrite { text: "".into() };
        for (action, block, instead) in [
            (&Action::Trash, Block::Hold("h".into()), true),
            (&Action::Trash, Block::Never(crate::model::action::Never::WrongTarget), false),
            (&Action::Trash, Block::NobodyToAct, false),
            (&overwrite, Block::Lock(None), true),
            (&Action::RemoveLinks, Block::Shield, false),
            (&Action::MakePrivate, Block::NoRight("403".into()), false),
        ] {
            assert_eq!(fallback(action, &block).is_some(), instead, "{action:?} {block:?}");
        }
    }

    #[test]
    fn the_end_says_what_was_in_the_way_what_was_done_instead_and_what_is_left() {
        let mut instead = receipt(Outcome::Partly);
        instead.left = vec![Left::LinkAbove { folder: "77".into(), audience: Audience::Public }];
        let said = sentences([(&Action::Trash, &receipt(blocked())), (&Action::MakePrivate, &instead)]);
        for part in ["trash: a policy of Box Shield", "instead of trash", "on the folder 77 would close it"] {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert_eq!(&*sentences([(&Action::Trash, &receipt(Outcome::Done))]), "");
    }
}
