//! People: suspended and let in, signed out, out of what others own, without the applications they linked.

use super::{BOX, DROPBOX};
use crate::govern::facts::Facts;
use crate::govern::facts::PersonFact;
use crate::govern::row::Row;
use crate::govern::world::World;
use sluicebox::model::action::{Action, Loss, Target};

const DRAFT: &str = "frank/Contracts/Drafts/Draft 2.txt";

fn person(f: &mut Facts) -> &mut PersonFact {
    f.person.as_mut().expect("a person")
}

fn heidi(w: &World) -> Target {
    w.person("heidi")
}

/// Somebody who is a member of a file of another's.
fn of_a_file(w: &World) -> Action {
    let Target::Item(known) = w.item(DRAFT) else { unreachable!("a file is an item") };
    Action::RemoveFromShares { known: vec![known] }
}

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::new("suspend", "person", heidi, |_| Action::Suspend)
            .after(|f, w| person(f).status = w.word("inactive", "suspended"))
            .effects(&[("suspended", 1)])
            .undo_effects(&[("unsuspended", 1)])
            .lost(&[Loss::Sessions]),
        Row::new("unsuspend", "person", |w| w.person("ivan"), |_| Action::Unsuspend)
            .after(|f, _| person(f).status = "active")
            .effects(&[("unsuspended", 1)])
            .undo_effects(&[("suspended", 1)]),
        Row::new("end_sessions", "person", heidi, |_| Action::EndSessions)
            .of(BOX)
            .again("done")
            .after(|f, _| person(f).sessions = 1)
            .undone(|f, _| person(f).sessions = 1)
            .effects(&[("sessions_ended", 1)])
            .lost(&[Loss::Sessions]),
        Row::new("end_sessions", "person", |w| w.person("frank"), |_| Action::EndSessions)
            .of(DROPBOX)
            .after(|f, _| person(f).sessions = 0)
            .effects(&[("sessions_ended", 3)])
            .lost(&[Loss::Sessions]),
        Row::new("require_password", "person", heidi, |_| Action::RequirePassword)
            .of(BOX)
            .again("done")
            .after(|f, _| person(f).password_asked = true)
            .undone(|f, _| person(f).password_asked = true)
            .effects(&[("password_asked", 1)])
            .lost(&[Loss::Password]),
        Row::new("remove_from_shares", "person", |w| w.person("grace"), of_a_file)
            .after(|f, _| person(f).shares.retain(|(_, role)| role == "owner"))
            .effects(&[("member_gone", 1)])
            .undo_effects(&[("member_made", 1)])
            .lost_of([&[Loss::Invitation], &[]]),
        Row::new("revoke_apps", "person", |w| w.person("frank"), |_| Action::RevokeApps)
            .of(DROPBOX)
            .after(|f, _| person(f).apps = 0)
            .effects(&[("app_gone", 2)])
            .lost(&[Loss::Apps]),
    ]
}
