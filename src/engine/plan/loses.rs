//! Who loses access and which links die by an action, told from the state that was found and the steps that are lacking.
//!
//! What is moved away or deleted is out of reach for everybody who had it from a folder above too, so those are told from what
//! is stored.

use super::open::Shares;
use super::words::{Names, own_link, stored_link};
use crate::model::action::{Action, ItemState, PersonState, State, Step, Whose};
use crate::model::{Audience, Members};

/// What is lost.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lost {
    /// By name.
    pub(super) people: Vec<String>,
    /// By what each link was.
    pub(super) links: Vec<String>,
}

/// What doing these steps takes from whom.
pub(super) fn lost(action: &Action, steps: &[Step], state: &State, shares: Option<&Shares>, names: &Names<'_>) -> Lost {
    let mut lost = match state {
        State::Item(item) => of_item(steps, item, names),
        State::Person(person) => of_person(action, steps, person, names),
    };
    let is_out_of_reach = match action {
        Action::Trash => true,
        Action::Quarantine(quarantine) => matches!(quarantine.whose, Whose::Company | Whose::Owner),
        _ => false,
    };
    if let Some(shares) = shares.filter(|_| is_out_of_reach && !steps.is_empty()) {
        lost.people.extend(shares.members().map(|member| names.member(member)));
        let above = shares.above.iter().flat_map(|folder| &folder.sharing.links);
        let leads = |link: &&crate::model::Link| link.audience != Audience::Members;
        let above = above.filter(leads).map(|link| format!("{} on a folder above, to this item", stored_link(link)));
        lost.links.extend(above);
        if lost.links.is_empty() {
            lost.links.extend(shares.own.links.iter().map(stored_link));
        }
    }
    lost.people.sort();
    lost.people.dedup();
    lost
}

fn of_item(steps: &[Step], item: &ItemState, names: &Names<'_>) -> Lost {
    let mut lost = Lost::default();
    let own = |key: &str| item.links.iter().find(|link| &*link.key == key).map(own_link);
    for step in steps {
        match step {
            Step::EndLink { key } => lost.links.extend(own(key)),
            Step::SetLink { key, wish } => {
                let narrows = wish.audience.is_some_and(|audience| audience != Audience::Public);
                if narrows && let Some(link) = own(key) {
                    lost.links.push(format!("{link}, for whoever it let in before"));
                }
            }
            Step::EndMember { member } => lost.people.push(names.member(member)),
            Step::Unshare => {
                let Members::Known(members) = &item.members else { continue };
                let own = members.iter().filter(|member| member.inherited_from.is_none() && &*member.role != "owner");
                lost.people.extend(own.map(|member| names.member(member)));
            }
            _ => {}
        }
    }
    lost
}

fn of_person(action: &Action, steps: &[Step], person: &PersonState, names: &Names<'_>) -> Lost {
    let mut lost = Lost::default();
    if steps.is_empty() {
        return lost;
    }
    match action {
        Action::Suspend => lost.people.push("the person: everything".to_owned()),
        Action::RemoveFromShares { .. } => {
            let shares = person.shares.iter().flatten();
            lost.people.extend(shares.map(|share| format!("the person: {}", names.share(share))));
        }
        Action::RevokeApps => {
            let apps = person.apps.iter().flatten();
            lost.people.extend(apps.map(|app| format!("the application {}", app.name)));
        }
        _ => {}
    }
    lost
}
