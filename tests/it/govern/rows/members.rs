//! Members and invitations: one ended, all from outside, all; another role; nobody else invited.

use super::BOX;
use crate::govern::facts::Facts;
use crate::govern::row::Row;
use crate::govern::world::World;
use sluicebox::model::action::{Action, Loss, Target};

/// A file with a member of its own, in a folder shared with somebody outside.
const DRAFT: &str = "frank/Contracts/Drafts/Draft 2.txt";
/// That folder.
const CONTRACTS: &str = "frank/Contracts";
/// A folder shared with a group.
const PAYROLL: &str = "erin/Payroll";
/// Box does not say of a member whether it is a colleague: each may have to accept again.
const INVITED: &[Loss] = &[Loss::Invitation];
const PAT: &str = "pat@partner.example.net";

fn without(f: &mut Facts, who: &str) {
    f.members.retain(|(member, _)| member != who);
}

fn role(f: &mut Facts, who: &str, role: &str) {
    f.members.iter_mut().filter(|(member, _)| member == who).for_each(|(_, has)| *has = role.into());
}

pub(super) fn rows() -> Vec<Row> {
    let ended = |row: Row| row.effects(&[("member_gone", 1)]).undo_effects(&[("member_made", 1)]);
    let set = |row: Row| row.effects(&[("member_set", 1)]).undo_effects(&[("member_set", 1)]);
    let draft: fn(&World) -> Target = |w| w.item(DRAFT);
    let contracts: fn(&World) -> Target = |w| w.item(CONTRACTS);
    let payroll: fn(&World) -> Target = |w| w.item(PAYROLL);
    vec![
        ended(Row::new("remove_member", "file", draft, |w| Action::RemoveMember { who: w.who("grace") }))
            .lost_of([INVITED, &[]])
            .after(|f, _| without(f, "grace@example.com")),
        ended(Row::new("remove_member", "folder", contracts, |w| Action::RemoveMember { who: w.who("pat") }))
            .lost(INVITED)
            .after(|f, _| without(f, PAT)),
        ended(Row::new("remove_member, a group", "folder", payroll, |w| Action::RemoveMember {
            who: w.group("Finance"),
        }))
        .after(|f, _| without(f, "group:Finance")),
        Row::new("remove_member, one above", "file", draft, |w| Action::RemoveMember { who: w.who("pat") })
            .lost_of([INVITED, &[]])
            .left(1),
        ended(Row::new("remove_externals", "file", with_both, |_| Action::RemoveExternals))
            .lost(INVITED)
            .after(|f, _| without(f, PAT)),
        ended(Row::new("remove_externals", "folder", contracts_with_grace, |_| Action::RemoveExternals))
            .lost(INVITED)
            .after(|f, _| without(f, PAT)),
        ended(Row::new(
            "remove_externals, a group",
            "folder",
            |w| w.item("frank/Projekt X"),
            |_| Action::RemoveExternals,
        ))
        .of(BOX)
        .after(|f, _| without(f, "group:Project X")),
        ended(Row::new(
            "remove_externals, an invitation",
            "folder",
            |w| w.item("grace/健康"),
            |_| Action::RemoveExternals,
        ))
        .lost_of([&[Loss::Invitation], &[Loss::Invitation]])
        .after(|f, _| without(f, "doctor@clinic.example.org")),
        Row::new("make_private", "file", with_both, |_| Action::MakePrivate)
            .after(|f, _| (f.links, f.addresses, f.members) = <_>::default())
            // Dropbox ends all memberships of a file with one call.
            .effects_of([&[("link_gone", 1), ("member_gone", 2)], &[("link_gone", 1), ("member_gone", 1)]])
            .undo_effects(&[("link_made", 1), ("member_made", 2)])
            .lost(&[Loss::LinkAddress, Loss::Invitation]),
        Row::new("make_private", "folder", keys_with_erin, |_| Action::MakePrivate)
            .after(|f, w| {
                (f.links, f.addresses, f.members) = <_>::default();
                if !w.is_box() {
                    // It is no shared folder any more.
                    f.invitations = None;
                }
            })
            .effects(&[("link_gone", 1), ("member_gone", 1)])
            // At Dropbox the folder is shared anew first.
            .undo_effects_of([&[("link_made", 1), ("member_made", 1)], &[("link_made", 1), ("member_made", 2)]])
            .lost_of([&[Loss::LinkAddress, Loss::Invitation], &[Loss::LinkAddress]]),
        set(Row::new("change_role", "file", draft, |w| Action::ChangeRole {
            who: w.who("grace"),
            role: w.word("viewer", "editor").into(),
        }))
        .after(|f, w| role(f, "grace@example.com", w.word("viewer", "editor"))),
        set(Row::new("change_role", "folder", contracts, |w| Action::ChangeRole {
            who: w.who("pat"),
            role: "viewer".into(),
        }))
        .after(|f, _| role(f, PAT, "viewer")),
        set(Row::new("change_role, a group", "folder", payroll, |w| Action::ChangeRole {
            who: w.group("Finance"),
            role: "viewer".into(),
        }))
        .after(|f, _| role(f, "group:Finance", "viewer")),
        Row::new("stop_invitations", "folder", payroll, |_| Action::StopInvitations)
            .after(|f, _| f.invitations = Some((false, false)))
            .effects(&[("invitations_set", 1)])
            .undo_effects(&[("invitations_set", 1)]),
    ]
}

/// A file with a public link, a member from outside, and one from inside.
fn with_both(w: &World) -> Target {
    w.invite("erin/Travel/Cards.txt", "pat");
    w.invite("erin/Travel/Cards.txt", "frank");
    w.item("erin/Travel/Cards.txt")
}

fn contracts_with_grace(w: &World) -> Target {
    w.invite(CONTRACTS, "grace");
    w.item(CONTRACTS)
}

/// A folder with a link and a member.
fn keys_with_erin(w: &World) -> Target {
    w.link("ada/Keys", Some("company"));
    w.invite("ada/Keys", "erin");
    w.item("ada/Keys")
}
