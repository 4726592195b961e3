//! What of a tenant is read at all: `never_read` and `pilot` as its settings name them, held against an item before any
//! content call.
//!
//! Items outside are listed all the same, so that the coverage ledger stays whole: what is never read is
//! `skipped: never_read`, and what no pilot names is `skipped: not_needed`. `never_read` wins over `pilot`.

use super::core::{Bounds, Named};
use crate::model::{Directory, Item, Members, Reason, Who};
use crate::store::Above;
use std::collections::HashSet;

/// Bounds made ready: names of owners and groups resolved to accounts.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    never: Resolved,
    pilot: Resolved,
}

/// All in lower case.
#[derive(Clone, Debug, Default)]
struct Resolved {
    /// Accounts, ids and logins of owners.
    owners: HashSet<String>,
    /// Folders by id.
    ids: HashSet<String>,
    /// Folders by path, without slashes at either end.
    paths: Vec<String>,
    /// True when the setting names anything, even what nobody knows: a pilot of a misspelt group reads nothing.
    any: bool,
}

impl Reach {
    /// The bounds of a tenant with these people.
    #[must_use]
    pub fn of(bounds: &Bounds, people: &Directory) -> Self {
        Self { never: Resolved::of(&bounds.never_read, people), pilot: Resolved::of(&bounds.pilot, people) }
    }

    /// Why the content of an item below these folders is not read; `None` when it may be.
    #[must_use]
    pub fn refuses(&self, item: &Item, above: &[Above]) -> Option<Reason> {
        if self.never.any && self.never.names(item, above) {
            return Some(Reason::NeverRead);
        }
        (self.pilot.any && !self.pilot.names(item, above)).then_some(Reason::NotNeeded)
    }

    /// True when somebody's files are meant, so that who owns an item must be known before its content is asked for.
    #[must_use]
    pub fn asks_for_owners(&self) -> bool {
        !self.never.owners.is_empty() || !self.pilot.owners.is_empty()
    }

    /// Why something is not read whose owner nobody can tell, where owners are named.
    #[must_use]
    pub fn refuses_unknown(&self) -> Reason {
        if self.never.owners.is_empty() { Reason::NotNeeded } else { Reason::NeverRead }
    }

    /// True when nothing is left out.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        !self.never.any && !self.pilot.any
    }
}

impl Resolved {
    fn of(named: &Named, people: &Directory) -> Self {
        let folders: Vec<String> = named.folders.iter().map(|folder| folder.trim().to_lowercase()).collect();
        let mut all = Self {
            owners: named.owners.iter().map(|owner| owner.to_lowercase()).collect(),
            ids: folders.iter().cloned().collect(),
            paths: folders.iter().map(|path| path.trim_matches('/').to_owned()).filter(|p| !p.is_empty()).collect(),
            any: !(named.owners.is_empty() && named.groups.is_empty() && named.folders.is_empty()),
        };
        let wanted: HashSet<String> = named.groups.iter().map(|group| group.to_lowercase()).collect();
        let groups = people
            .groups()
            .filter(|group| wanted.contains(&group.id.to_lowercase()) || wanted.contains(&group.name.to_lowercase()));
        let members: Vec<String> =
            groups.flat_map(|group| group.members.iter().flatten()).map(|account| account.to_lowercase()).collect();
        all.owners.extend(members);
        // One name of a person stands for all: settings may say a login where items tell an account.
        let mut same = Vec::new();
        for person in people.people() {
            let names = [&person.account, &person.id, &person.login].map(|name| name.to_lowercase());
            if names.iter().any(|name| all.owners.contains(name)) {
                same.extend(names);
            }
        }
        all.owners.extend(same);
        all
    }

    fn names(&self, item: &Item, above: &[Above]) -> bool {
        self.names_owner(item, above) || self.names_folder(item, above)
    }

    /// Where a provider tells no owner, the members of the folders above do (a folder that somebody shares out of a Dropbox
    /// home is a namespace of its own), else whose tree or home it is.
    fn names_owner(&self, item: &Item, above: &[Above]) -> bool {
        if self.owners.is_empty() {
            return false;
        }
        let named = |names: [Option<&str>; 2]| {
            names.into_iter().flatten().any(|name| self.owners.contains(&name.to_lowercase()))
        };
        let told = item.owner.as_ref().map(|owner| [owner.account.as_deref(), owner.login.as_deref()]);
        match told.filter(|names| names.iter().any(Option::is_some)) {
            Some(names) => named(names),
            None => {
                let mut of_folders = above.iter().flat_map(owners).peekable();
                match of_folders.peek() {
                    Some(_) => of_folders.any(named),
                    None => item.read_as.id().is_some_and(|id| self.owners.contains(&id.to_lowercase())),
                }
            }
        }
    }

    fn names_folder(&self, item: &Item, above: &[Above]) -> bool {
        if self.ids.is_empty() {
            return false;
        }
        let ids = above.iter().map(|folder| &*folder.id).chain([&*item.id, &*item.place]);
        ids.into_iter().any(|id| self.ids.contains(&id.to_lowercase())) || self.names_path(item, above)
    }

    /// A path counts from the top of the tree, the top's own name (a team folder's, a namespace's) left out or not.
    fn names_path(&self, item: &Item, above: &[Above]) -> bool {
        let names = above.iter().rev().map(|folder| folder.name.to_lowercase()).filter(|name| !name.is_empty());
        let whole: Vec<String> = names.chain([item.name.to_lowercase()]).collect();
        let told = item.path.as_deref().map(|path| path.trim_matches('/').to_lowercase());
        let ways = [Some(whole.join("/")), whole.get(1..).map(|below| below.join("/")), told];
        ways.iter().flatten().any(|way| {
            self.paths.iter().any(|path| {
                way.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        })
    }
}

/// Who owns a folder, as its members tell.
fn owners(folder: &Above) -> impl Iterator<Item = [Option<&str>; 2]> {
    let members = match &folder.sharing.members {
        Members::Known(members) => members.as_slice(),
        Members::None | Members::Hidden => &[],
    };
    members.iter().filter(|member| member.role.eq_ignore_ascii_case("owner")).filter_map(|member| match &member.who {
        Who::Person { account, login, .. } => Some([account.as_deref(), login.as_deref()]),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Group, ItemKind, ItemNumber, Member, Owner, Person, Principal, Role, Sharing, Side, Status};
    use std::sync::Arc;

    fn people() -> Directory {
        let mut people = Directory::default();
        for (id, login) in [("7", "Ada@corp.example"), ("8", "bob@corp.example")] {
            people.add(Person {
                id: id.into(),
                account: format!("a{id}").into(),
                login: login.into(),
                name: "".into(),
                side: Side::Internal,
                role: Role::Member,
                status: Status::Active,
            });
        }
        people.add_group(Group { id: "g1".into(), name: "Board".into(), members: Some(vec!["a7".into()]) });
        people
    }

    fn item(owner: Option<&str>, read_as: &str) -> Item {
        Item {
            place: "ns1".into(),
            read_as: Principal::Person(read_as.into()),
            owner: owner.map(|login| Owner { account: None, login: Some(login.into()) }),
            ..Item::bare(ItemKind::File, "42", "Plan.docx")
        }
    }

    fn above(names: &[&str]) -> Vec<Above> {
        let folder = |(at, name): (usize, &&str)| Above {
            number: ItemNumber(1),
            id: format!("f{at}").into(),
            name: (*name).into(),
            sharing: Arc::new(Sharing::default()),
        };
        names.iter().enumerate().map(folder).collect()
    }

    #[test]
    fn what_is_named_is_kept_from_being_read() {
        let named = |owners: &[&str], groups: &[&str], folders: &[&str]| {
            let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect();
            Named { owners: texts(owners), groups: texts(groups), folders: texts(folders) }
        };
        let none = named(&[], &[], &[]);
        let bounds =
            |never_read: &Named, pilot: &Named| Bounds { never_read: never_read.clone(), pilot: pilot.clone() };
        let (never, not_needed) = (Some(Reason::NeverRead), Some(Reason::NotNeeded));
        // The nearest folder first, the top last.
        let folders = above(&["Payroll", "Finance", "Team"]);
        for (label, bounds, item, expected) in [
            ("nothing named", bounds(&none, &none), item(None, "7"), None),
            (
                "by login",
                bounds(&named(&["ada@corp.example"], &[], &[]), &none),
                item(Some("ADA@corp.example"), "8"),
                never,
            ),
            ("by account", bounds(&named(&["a7"], &[], &[]), &none), item(Some("ada@corp.example"), "8"), never),
            ("no owner told", bounds(&named(&["ada@corp.example"], &[], &[]), &none), item(None, "7"), never),
            (
                "another owner",
                bounds(&named(&["ada@corp.example"], &[], &[]), &none),
                item(Some("bob@corp.example"), "7"),
                None,
            ),
            ("group", bounds(&named(&[], &["board"], &[]), &none), item(Some("ada@corp.example"), "8"), never),
            ("folder by id", bounds(&named(&[], &[], &["F1"]), &none), item(None, "8"), never),
            ("namespace by id", bounds(&named(&[], &[], &["ns1"]), &none), item(None, "8"), never),
            ("path from the top", bounds(&named(&[], &[], &["/team/finance"]), &none), item(None, "8"), never),
            ("path without it", bounds(&named(&[], &[], &["/Finance/"]), &none), item(None, "8"), never),
            ("only whole names", bounds(&named(&[], &[], &["/Fin"]), &none), item(None, "8"), None),
            ("not in the middle", bounds(&named(&[], &[], &["/Payroll"]), &none), item(None, "8"), None),
            (
                "a file by path",
                bounds(&named(&[], &[], &["/Finance/Payroll/plan.docx"]), &none),
                item(None, "8"),
                never,
            ),
            ("in the pilot", bounds(&none, &named(&["a7"], &[], &[])), item(None, "7"), None),
            ("outside the pilot", bounds(&none, &named(&["a7"], &[], &[])), item(None, "8"), not_needed),
            ("a pilot nobody knows", bounds(&none, &named(&[], &["nobody"], &[])), item(None, "8"), not_needed),
            ("never wins", bounds(&named(&["a7"], &[], &[]), &named(&["a7"], &[], &[])), item(None, "7"), never),
        ] {
            assert_eq!(Reach::of(&bounds, &people()).refuses(&item, &folders), expected, "{label}");
        }
    }

    #[test]
    fn who_shares_a_folder_out_of_a_home_owns_what_is_in_it() {
        let member = |account: &str, role: &str| Member {
            id: None,
            who: Who::Person { account: Some(account.into()), login: None, side: None },
            role: role.into(),
            pending: false,
            inherited_from: None,
            expires: None,
        };
        let mut folders = above(&["", "Shared"]);
        let told = vec![member("a7", "owner"), member("a8", "editor")];
        folders[0].sharing = Arc::new(Sharing { members: Members::Known(told), ..Sharing::default() });
        for (named_one, expected) in [("a7", Some(Reason::NeverRead)), ("a8", None)] {
            let never_read = Named { owners: vec![named_one.to_owned()], ..Named::default() };
            let bounds = Bounds { never_read, pilot: Named::default() };
            let reach = Reach::of(&bounds, &people());
            // The walk reads as somebody else.
            assert_eq!(reach.refuses(&item(None, "9"), &folders), expected, "{named_one}");
            assert!(reach.asks_for_owners() && reach.refuses_unknown() == Reason::NeverRead);
        }
        assert!(!Reach::of(&Bounds::default(), &people()).asks_for_owners());
    }
}
