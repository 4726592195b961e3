//! The right to move: who lends it, who gives it back, and what a journal says of it after a kill between any two steps.
//!
//! Where nobody has both sides of a move open, who moves is let into the target folder for its length ([`Step::Lend`],
//! [`Step::TakeBack`]). One membership serves all orders that move for the same person into the same folder, so what holds
//! must hold for several orders, several threads and several lives of the program:
//!
//! 1. **One at a time.** The store hands out one intent of a tenant that moves something, and the next when that one is closed
//!    or given back (`NewIntent::moves`). No order takes a right away that another of the same life counts on.
//! 2. **Written down first.** A lend is in the journal before it is called. So whatever membership a dead program left behind,
//!    some order that is not at its end says that it was its own doing ([`has_lent`]).
//! 3. **Ours is what our own journal says**, never what was seen when the order began. A mover who is in and whom this order did
//!    not let in is somebody's member, or another order's: it is used, and left. A mover who is not in is let in, whatever was
//!    so before: what was used may have been given back by the order whose it was. (The company's quarantine has no members of
//!    its own: whoever is in it was left there, and goes.)
//! 4. **No end in debt.** An order ends, parks or is put off only after it gave back what it lent ([`owed`]): at its goal by the
//!    reading that tells so, else by a call of its own, which is harmless where there is nothing to give back. Where not even
//!    that call may be made (a throttle, a dead network, a kill) the order is not at its end, and rule 2 holds for it.
//!
//! What a dead program's last call does late can still meet another order's move; then the move is refused, the state is read
//! again, and by rule 3 the right is lent again.

use super::course::may_have_been_done;
use crate::model::action::{Did, Ended, Folder, Step};

/// True when an order that did this may have let somebody in.
pub(super) fn has_lent(did: &[Did]) -> bool {
    did.iter().any(|did| matches!(did.step, Step::Lend { .. }) && may_have_been_done(did))
}

/// The folder that somebody may be in by the doing of an order that did this.
pub(super) fn owed(did: &[Did]) -> Option<&Folder> {
    let last = did.iter().rev().find_map(|did| match &did.step {
        Step::Lend { to } if may_have_been_done(did) => Some(Some(to)),
        Step::TakeBack { .. } if did.ended == Ended::Answered => Some(None),
        _ => None,
    });
    last.flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::model::Principal;

    #[test]
    fn what_is_owed_is_told_by_the_journal() {
        let to = Folder { id: Some("60".into()), place: "8".into(), path: None, act_as: Principal::Person("8".into()) };
        let lend = |ended| (Step::Lend { to: to.clone() }, ended);
        let back = |ended| (Step::TakeBack { to: to.clone() }, ended);
        let unclear = || Ended::Unclear("no answer".into());
        let put_off = || Ended::PutOff("later".into());
        for (steps, lent, owes) in [
            (vec![], false, false),
            (vec![lend(put_off())], false, false),
            (vec![lend(Ended::Moved)], false, false),
            (vec![lend(Ended::Answered)], true, true),
            (vec![lend(unclear())], true, true),
            (vec![lend(Ended::Answered), (Step::Trash, Ended::Answered)], true, true),
            (vec![lend(Ended::Answered), back(unclear())], true, true),
            (vec![lend(Ended::Answered), back(Ended::Answered)], true, false),
            (vec![lend(Ended::Answered), back(Ended::Answered), lend(put_off())], true, false),
            (vec![lend(Ended::Answered), back(Ended::Answered), lend(Ended::Answered)], true, true),
        ] {
            let note = |(step, ended)| Did { at: Moment::default(), step, ended, requests: Vec::new() };
            let did: Vec<Did> = steps.into_iter().map(note).collect();
            assert_eq!((has_lent(&did), owed(&did).is_some()), (lent, owes), "{did:?}");
        }
    }
}
