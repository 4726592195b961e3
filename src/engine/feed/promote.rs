//! What an event causes: which items are looked at again, and what besides. A pure function.
//!
//! Only what changes content, place, sharing or labels promotes; views, previews, prints, exports wait for the regular pass.
//! Dropbox tells changed items whole by their namespaces' cursors, so of its log only what those cannot tell promotes: shares,
//! links and labels.

use super::echo::Echoes;
use crate::model::{
    Activity, ActivityKind, Actor, Directory, ItemKind, Lane, Principal, Provider, Side, Status, Subject, Todo,
};
use crate::store::Promotion;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What some events cause together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Effects {
    /// Items to be looked at.
    pub(super) promotions: Vec<Promotion>,
    /// People and groups must be listed again.
    pub(super) people: bool,
    /// Accounts whose links must be asked for again (Dropbox).
    pub(super) links: BTreeSet<Arc<str>>,
    /// Namespaces that have news (Dropbox).
    pub(super) places: BTreeSet<Arc<str>>,
    /// Namespaces whose members may be others now (Dropbox).
    pub(super) shares: BTreeSet<Arc<str>>,
    /// Folders whose whole content is to be listed, and as whom: copied or restored, they bring items that no event names (Box).
    pub(super) folders: Vec<(Arc<str>, Principal)>,
}

/// What these events cause at a tenant with these people.
pub(super) fn effects(provider: Provider, activities: &[Activity], people: &Directory, echoes: &Echoes) -> Effects {
    let mut effects = Effects::default();
    for activity in activities.iter().filter(|activity| activity.kind.promotes()) {
        if activity.kind == ActivityKind::People {
            effects.people = true;
            continue;
        }
        for subject in activity.subjects.iter().filter(|subject| !echoes.is_own(subject)) {
            match provider {
                Provider::Box => effects.of_box(activity, subject, people),
                Provider::Dropbox => effects.of_dropbox(activity, subject),
            }
        }
    }
    effects
}

impl Effects {
    fn of_box(&mut self, activity: &Activity, subject: &Subject, people: &Directory) {
        let Some(id) = &subject.id else { return };
        let kind = subject.kind.unwrap_or(ItemKind::File);
        let read_as = reader(activity, subject, people);
        let brings = matches!(activity.kind, ActivityKind::Copy | ActivityKind::Restore | ActivityKind::Move);
        if kind == ItemKind::Folder && brings {
            self.folders.push((Arc::clone(id), read_as.clone()));
        }
        self.promote(activity, subject, id, kind, read_as);
    }

    fn of_dropbox(&mut self, activity: &Activity, subject: &Subject) {
        self.places.extend(subject.place.iter().cloned());
        if activity.kind == ActivityKind::Share {
            if let Actor::Person { account: Some(account), .. } = &activity.actor
                && activity.raw.starts_with("shared_link_")
            {
                self.links.insert(Arc::clone(account));
            }
            if subject.kind == Some(ItemKind::Folder) {
                self.shares.extend(subject.place.iter().cloned());
                return;
            }
        }
        let told_by_place = !matches!(activity.kind, ActivityKind::Share | ActivityKind::Label);
        if let Some(id) = subject.id.as_ref().filter(|_| !told_by_place) {
            self.promote(activity, subject, id, subject.kind.unwrap_or(ItemKind::File), Principal::Tenant);
        }
    }

    fn promote(&mut self, activity: &Activity, subject: &Subject, id: &Arc<str>, kind: ItemKind, read_as: Principal) {
        let same = self.promotions.iter_mut().find(|known| known.kind == kind && known.id == *id);
        let todo = todo(activity.kind, kind);
        match same {
            Some(known) => known.todo = known.todo.and(todo),
            None => self.promotions.push(Promotion {
                id: Arc::clone(id),
                kind,
                place: subject.place.clone(),
                read_as,
                lane: Lane::Live,
                todo,
                happened: activity.at,
            }),
        }
    }
}

/// What is to be done for an item after an event. Seeing to the content of a version that is known costs nothing, so it is
/// always part of it: the item may be new to us.
fn todo(what: ActivityKind, kind: ItemKind) -> Todo {
    let shares = match what {
        ActivityKind::Share | ActivityKind::Copy | ActivityKind::Restore => Todo::SHARING,
        _ => Todo::NONE,
    };
    let moves = matches!(what, ActivityKind::Move | ActivityKind::Share | ActivityKind::Restore);
    match kind {
        ItemKind::File => Todo::LOOK.and(Todo::CONTENT).and(Todo::EXPOSURE).and(shares),
        ItemKind::Folder if moves => Todo::LOOK.and(Todo::BELOW).and(shares),
        ItemKind::Folder | ItemKind::WebLink => Todo::LOOK.and(Todo::EXPOSURE).and(shares),
    }
}

/// Who can read an item that an event of Box names: its owner, else who did it, else the token itself. What is known already
/// keeps its reader.
fn reader(activity: &Activity, subject: &Subject, people: &Directory) -> Principal {
    let at_work = |account: &Arc<str>| {
        let person = people.by_account(account)?;
        (person.side == Side::Internal && person.status == Status::Active).then(|| Arc::clone(&person.id))
    };
    let actor = match &activity.actor {
        Actor::Person { account, .. } => account.as_ref(),
        _ => None,
    };
    let id = subject.owner.as_ref().and_then(at_work).or_else(|| actor.and_then(at_work));
    id.map_or(Principal::Tenant, Principal::Person)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::model::{Person, Role};

    fn people() -> Directory {
        let mut people = Directory::default();
        for (id, side, status) in [
            ("1", Side::Internal, Status::Active),
            ("2", Side::Internal, Status::Inactive),
            ("3", Side::External, Status::Active),
        ] {
            people.add(Person {
                id: id.into(),
                account: id.into(),
                login: format!("{id}@x").into(),
                name: "".into(),
                side,
                role: Role::Member,
                status,
            });
        }
        people
    }

    fn event(kind: ActivityKind, raw: &str, by: &str, subject: Subject) -> Activity {
        Activity {
            id: "e".into(),
            at: Some(Moment::from_millis(5)),
            actor: Actor::Person { account: Some(by.into()), login: None },
            kind,
            raw: raw.into(),
            subjects: vec![subject],
            address: None,
        }
    }

    fn subject(id: &str, kind: ItemKind, owner: Option<&str>) -> Subject {
        Subject {
            id: Some(id.into()),
            kind: Some(kind),
            name: None,
            place: Some("77".into()),
            version: None,
            owner: owner.map(Arc::from),
        }
    }

    const LOOK: Todo = Todo::LOOK;

    #[test]
    fn events_of_box_promote_what_they_change() {
        use ActivityKind::{Copy, Delete, Edit, Login, Move, Other, People, Share, Upload, View};
        let file = LOOK.and(Todo::CONTENT).and(Todo::EXPOSURE);
        for (kind, what, expected, lists) in [
            (Upload, ItemKind::File, Some(file), false),
            (Edit, ItemKind::File, Some(file), false),
            (Delete, ItemKind::File, Some(file), false),
            (Share, ItemKind::File, Some(file.and(Todo::SHARING)), false),
            (Share, ItemKind::Folder, Some(LOOK.and(Todo::BELOW).and(Todo::SHARING)), false),
            (Move, ItemKind::Folder, Some(LOOK.and(Todo::BELOW)), true),
            (Copy, ItemKind::Folder, Some(LOOK.and(Todo::EXPOSURE).and(Todo::SHARING)), true),
            (Share, ItemKind::WebLink, Some(LOOK.and(Todo::EXPOSURE).and(Todo::SHARING)), false),
            (View, ItemKind::File, None, false),
            (Login, ItemKind::File, None, false),
            (Other, ItemKind::File, None, false),
            (People, ItemKind::File, None, false),
        ] {
            let event = event(kind, "", "1", subject("9", what, None));
            let effects = effects(Provider::Box, &[event], &people(), &Echoes::default());
            assert_eq!(effects.promotions.first().map(|one| one.todo), expected, "{kind:?} {what:?}");
            assert_eq!((effects.people, !effects.folders.is_empty()), (kind == People, lists), "{kind:?} {what:?}");
        }
    }

    #[test]
    fn the_owner_reads_else_who_did_it_else_the_token() {
        for (owner, by, reader) in [
            (Some("1"), "3", Principal::Person("1".into())),
            (Some("2"), "1", Principal::Person("1".into())),
            (None, "1", Principal::Person("1".into())),
            (Some("3"), "2", Principal::Tenant),
        ] {
            let event = event(ActivityKind::Edit, "EDIT", by, subject("9", ItemKind::File, owner));
            let effects = effects(Provider::Box, &[event], &people(), &Echoes::default());
            assert_eq!(effects.promotions[0].read_as, reader, "{owner:?} {by}");
        }
    }

    #[test]
    fn of_dropboxs_log_only_shares_and_labels_promote_and_places_are_told() {
        use ActivityKind::{Edit, Label, Share};
        for (kind, raw, what, promotes, links, shares) in [
            (Edit, "file_edit", ItemKind::File, false, false, false),
            (Label, "object_label_added", ItemKind::File, true, false, false),
            (Share, "shared_link_create", ItemKind::File, true, true, false),
            (Share, "shared_link_create", ItemKind::Folder, false, true, true),
            (Share, "shared_content_add_member", ItemKind::File, true, false, false),
            (Share, "shared_content_add_member", ItemKind::Folder, false, false, true),
        ] {
            let event = event(kind, raw, "1", subject("id:9", what, None));
            let effects = effects(Provider::Dropbox, &[event], &people(), &Echoes::default());
            let told = (!effects.promotions.is_empty(), !effects.links.is_empty(), !effects.shares.is_empty());
            assert_eq!(told, (promotes, links, shares), "{raw} {what:?}");
            assert_eq!(effects.places.len(), 1, "{raw}");
        }
    }

    #[test]
    fn a_storm_is_one_promotion_and_our_own_deeds_are_none() {
        let echoes = Echoes::default();
        echoes.note(&"8".into(), Some("v1".into()));
        let own = Subject { version: Some("v1".into()), ..subject("8", ItemKind::File, None) };
        let edits = (0..10).map(|_| event(ActivityKind::Edit, "EDIT", "1", subject("9", ItemKind::File, None)));
        let shared = event(ActivityKind::Share, "SHARE", "1", subject("9", ItemKind::File, None));
        let all: Vec<Activity> = edits.chain([shared, event(ActivityKind::Edit, "EDIT", "1", own)]).collect();
        let effects = effects(Provider::Box, &all, &people(), &echoes);
        assert_eq!(effects.promotions.len(), 1);
        assert!(effects.promotions[0].todo.has(Todo::SHARING));
    }
}
