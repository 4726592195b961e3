//! What Box has for which kind of item or person, before anything is read: a table of what it does not have, and why.

use crate::model::action::{Action, Block, Order, Target, TargetItem, TargetPerson};
use crate::model::{Audience, ItemKind};

/// The root folder of whoever asks.
const ROOT: &str = "0";

/// Whether Box has the order's action for its target.
///
/// # Errors
/// Why not.
pub(super) fn offers(order: &Order) -> Result<(), Block> {
    let lacks = match &order.on {
        Target::Item(item) => lacks_for_item(&order.action, item),
        Target::Person(person) => lacks_for_person(&order.action, person),
    };
    match lacks {
        Some(why) => Err(Block::NotOffered(why.into())),
        None => wish(&order.action),
    }
}

fn lacks_for_item(action: &Action, item: &TargetItem) -> Option<&'static str> {
    use Action as A;
    let leaves_note = matches!(action, A::PutNote(_) | A::RemoveNote(_));
    match (action, item.kind) {
        _ if &*item.id == ROOT && !leaves_note => Some("a root folder stays as it is: act on what lies in it"),
        (A::Overwrite { .. } | A::RestoreVersion { .. }, ItemKind::Folder | ItemKind::WebLink) => {
            Some("only files have versions")
        }
        (A::Lock { .. } | A::Unlock, ItemKind::Folder | ItemKind::WebLink) => Some("only files can be locked"),
        (A::Comment { .. } | A::RemoveComment { .. }, ItemKind::Folder | ItemKind::WebLink) => {
            Some("only files have comments: tell the owner by mail")
        }
        (A::Task { .. } | A::RemoveTask { .. }, ItemKind::Folder | ItemKind::WebLink) => {
            Some("only files have tasks: tell the owner by mail")
        }
        (A::StopInvitations | A::RestoreInvitations { .. }, ItemKind::File | ItemKind::WebLink) => {
            Some("only folders have rules for invitations: act on the folder it lies in")
        }
        (A::PutNote(_) | A::RemoveNote(_), ItemKind::File | ItemKind::WebLink) => {
            Some("a note is left in a folder, not in a file")
        }
        (A::ForbidDownload, ItemKind::WebLink) => Some("a bookmark has no content to download"),
        (A::Copy { .. }, ItemKind::WebLink) => Some("a bookmark cannot be copied"),
        (A::SetLabel { .. } | A::ClearLabel { .. }, ItemKind::WebLink) => {
            Some("a bookmark has no label: label the folder it lies in")
        }
        (A::Hold { .. } | A::EndHold { .. }, ItemKind::WebLink) => Some("a bookmark cannot be held"),
        _ => None,
    }
}

fn lacks_for_person(action: &Action, person: &TargetPerson) -> Option<&'static str> {
    match action {
        Action::RevokeApps => Some(
            "applications are taken away from the whole company only: Admin Console > Integrations; end the person's sessions instead",
        ),
        Action::Suspend | Action::Unsuspend | Action::EndSessions | Action::RequirePassword if person.id.is_none() => {
            Some("the person belongs to another company: remove what is shared with them instead")
        }
        _ => None,
    }
}

/// What could never be done as it is wished.
fn wish(action: &Action) -> Result<(), Block> {
    let why = match action {
        Action::RestrictLinks { to: Audience::Public | Audience::Unknown } => {
            "links are restricted to the company or to the members"
        }
        Action::ChangeRole { role, .. } if !ROLES.contains(&&**role) => "Box has no such role for a member",
        _ => return Ok(()),
    };
    Err(Block::BadWish(why.into()))
}

/// Roles that a member can be given. A new owner is no change of role.
const ROLES: [&str; 7] =
    ["editor", "viewer", "previewer", "uploader", "previewer uploader", "viewer uploader", "co-owner"];
