//! What of a tenant is read at all: `never_read` and `pilot`, obeyed before any call for content. Pure.

use super::core::{Bounds, Named};
use crate::model::{Directory, Item, Person, Principal, Reason};
use crate::store::Above;

impl Bounds {
    /// Why this item's content may not be read; `None` when it may. `above` are the folders above it.
    #[must_use]
    pub fn refusal(&self, item: &Item, above: &[Above], people: &Directory) -> Option<Reason> {
        if self.never_read.names(item, above, people) {
            return Some(Reason::NeverRead);
        }
        let open = self.pilot.is_empty() || self.pilot.names(item, above, people);
        (!open).then_some(Reason::NotNeeded)
    }

    /// True when everything may be read.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.never_read.is_empty() && self.pilot.is_empty()
    }
}

impl Named {
    /// True when nothing is named.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty() && self.groups.is_empty() && self.folders.is_empty()
    }

    /// True when the item's owner, a group of the owner, or a folder it lies in is named.
    #[must_use]
    pub fn names(&self, item: &Item, above: &[Above], people: &Directory) -> bool {
        self.names_folder(item, above) || self.names_owner(item, people)
    }

    fn names_folder(&self, item: &Item, above: &[Above]) -> bool {
        self.folders.iter().any(|folder| {
            let is_id = |id: &str| id.eq_ignore_ascii_case(folder);
            let by_id = above.iter().any(|above| is_id(&above.id)) || is_id(&item.id) || is_id(&item.place);
            by_id || item.path.as_deref().is_some_and(|path| lies_below(path, folder))
        })
    }

    fn names_owner(&self, item: &Item, people: &Directory) -> bool {
        if self.owners.is_empty() && self.groups.is_empty() {
            return false;
        }
        let person = owner(item, people);
        let told = item.owner.as_ref();
        let names = [
            told.and_then(|owner| owner.account.as_deref()),
            told.and_then(|owner| owner.login.as_deref()),
            person.map(|person| &*person.id),
            person.map(|person| &*person.account),
            person.map(|person| &*person.login),
        ];
        let named = |wanted: &String| names.iter().flatten().any(|name| alike(name, wanted));
        self.owners.iter().any(named) || person.is_some_and(|person| self.names_group_of(person, people))
    }

    fn names_group_of(&self, person: &Person, people: &Directory) -> bool {
        let named = |text: &str| self.groups.iter().any(|group| alike(group, text));
        people.groups().filter(|group| named(&group.id) || named(&group.name)).any(|group| {
            let members = group.members.as_deref().unwrap_or_default();
            members.iter().any(|account| *account == person.account || *account == person.id)
        })
    }
}

/// The owner as the directory knows it: who the provider tells, else whose tree the item was listed in.
fn owner<'p>(item: &Item, people: &'p Directory) -> Option<&'p Person> {
    let told = item.owner.as_ref();
    let account = told.and_then(|owner| owner.account.as_deref()).and_then(|account| people.by_account(account));
    let login = || told.and_then(|owner| owner.login.as_deref()).and_then(|login| people.by_login(login));
    let home = || match (&item.read_as, told) {
        (Principal::Person(id), None) => people.people().iter().find(|person| person.id == *id),
        _ => None,
    };
    account.or_else(login).or_else(home)
}

fn alike(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// True when `path` is `folder` or lies below it; upper and lower case and a leading slash alike.
fn lies_below(path: &str, folder: &str) -> bool {
    let (path, folder) = (path.to_lowercase(), folder.to_lowercase());
    let (path, folder) = (path.trim_matches('/'), folder.trim_matches('/'));
    let rest = path.strip_prefix(folder);
    !folder.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Download, Group, ItemKind, Owner, Role, Side, Status};

    fn people() -> Directory {
        let mut people = Directory::new(["example.com".to_owned()]);
        people.add(Person {
            id: "77".into(),
            account: "acc-77".into(),
            login: "Erin@example.com".into(),
            name: "Erin".into(),
            side: Side::Internal,
            role: Role::Member,
            status: Status::Active,
        });
        people.add_group(Group { id: "g1".into(), name: "Finance".into(), members: Some(vec!["acc-77".into()]) });
        people
    }

    fn item(owner: Option<Owner>) -> Item {
        Item {
            id: "f-1".into(),
            kind: ItemKind::File,
            name: "plan.txt".into(),
            parent: None,
            path: Some("/Board/Secret/plan.txt".into()),
            place: "77".into(),
            read_as: Principal::Person("77".into()),
            size_bytes: 1,
            version: None,
            etag: None,
            hash: None,
            created: None,
            modified: None,
            owner,
            outside_owner: false,
            link: None,
            has_members: false,
            label: None,
            locked: false,
            trashed: None,
            download: Download::Direct,
        }
    }

    #[test]
    fn owners_groups_and_folders_are_found_by_any_of_their_names() {
        let erin = || Some(Owner { account: Some("acc-77".into()), login: None });
        let other = || Some(Owner { account: Some("acc-9".into()), login: Some("max@example.com".into()) });
        let row = |owners: &[&str], groups: &[&str], folders: &[&str]| {
            let own = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            Named { owners: own(owners), groups: own(groups), folders: own(folders) }
        };
        let rows = [
            (row(&["erin@EXAMPLE.com"], &[], &[]), erin(), true),
            (row(&["acc-77"], &[], &[]), erin(), true),
            (row(&["77"], &[], &[]), None, true),
            (row(&["77"], &[], &[]), other(), false),
            (row(&["MAX@example.com"], &[], &[]), other(), true),
            (row(&[], &["finance"], &[]), erin(), true),
            (row(&[], &["g1"], &[]), None, true),
            (row(&[], &["finance"], &[]), other(), false),
            (row(&[], &[], &["board/secret"]), other(), true),
            (row(&[], &[], &["/Board/"]), other(), true),
            (row(&[], &[], &["/Board/Sec"]), other(), false),
            (row(&[], &[], &["/"]), other(), false),
            (row(&[], &[], &["folder-9"]), other(), true),
            (row(&[], &[], &[]), erin(), false),
        ];
        let above = [Above {
            number: crate::model::ItemNumber(1),
            id: "folder-9".into(),
            name: "Secret".into(),
            sharing: std::sync::Arc::default(),
        }];
        for (named, owner, expected) in rows {
            assert_eq!(named.names(&item(owner), &above, &people()), expected, "{named:?}");
        }
    }

    #[test]
    fn never_read_outranks_the_pilot() {
        let named = |owner: &str| Named { owners: vec![owner.to_owned()], ..Named::default() };
        let rows = [
            (Named::default(), Named::default(), None),
            (named("77"), Named::default(), Some(Reason::NeverRead)),
            (named("77"), named("77"), Some(Reason::NeverRead)),
            (Named::default(), named("77"), None),
            (Named::default(), named("78"), Some(Reason::NotNeeded)),
        ];
        for (never_read, pilot, expected) in rows {
            let bounds = Bounds { never_read, pilot };
            assert_eq!(bounds.refusal(&item(None), &[], &people()), expected, "{bounds:?}");
        }
    }
}
