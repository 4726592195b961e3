//! What is known of the team between calls: the admin to act as, its namespaces, who owns what.
//!
//! Everything here can be asked for again, so a restart loses nothing. A walk's cursor carries all that it needs itself.

use super::call::{Ask, Desk};
use super::people;
use super::route;
use super::wire::{Account, Namespace, Namespaces, SharedFolder, TeamInfo};
use crate::model::{Directory, Owner, Person, Principal, Status};
use crate::provider::Error;
use crate::provider::pages::Pages;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A team and what is remembered of it.
#[derive(Debug)]
pub(super) struct Team {
    pub(super) desk: Desk,
    /// True when deleted files are listed too.
    pub(super) trash: bool,
    pub(super) turns: Turns,
    admin: Mutex<Option<Arc<str>>>,
    id: Mutex<Option<Arc<str>>>,
    /// The team space's namespace, once asked for; `Some(None)` when the team has none.
    space: Mutex<Option<Option<Arc<str>>>>,
    places: Mutex<Option<Arc<Places>>>,
    folders: Mutex<HashMap<Arc<str>, Arc<Folder>>>,
    members: Mutex<HashMap<Arc<str>, Standing>>,
}

/// The team's namespaces as they were listed.
#[derive(Debug, Default)]
pub(super) struct Spaces {
    /// Each once, in the service's order.
    pub(super) places: Vec<(Arc<str>, Place)>,
    /// Names of those without an id, which nobody can list.
    pub(super) nameless: Vec<Arc<str>>,
}

/// Namespaces by id.
pub(super) type Places = HashMap<Arc<str>, Place>;

/// One namespace.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The provider's word (`team_folder`, `team_member_folder`, ...).
    pub(super) kind: Arc<str>,
    pub(super) name: Arc<str>,
    /// The `team_member_id` of whose home or application folder it is.
    pub(super) member: Option<Arc<str>>,
}

/// What a shared namespace says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Folder {
    /// Another team, or nobody's team, owns it.
    pub(super) outside: bool,
    pub(super) team_folder: bool,
    /// The shared folder it lies in.
    pub(super) parent: Option<Arc<str>>,
    /// Its members do not see each other: a list of them is not the whole truth.
    pub(super) hides_members: bool,
}

/// A member as an owner.
#[derive(Clone, Debug)]
pub(super) struct Standing {
    pub(super) owner: Owner,
    pub(super) status: Status,
}

impl Standing {
    fn of(person: &Person) -> Self {
        let owner = Owner { account: Some(Arc::clone(&person.account)), login: Some(Arc::clone(&person.login)) };
        Self { owner, status: person.status }
    }
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Team {
    pub(super) fn new(desk: Desk, admin: Option<&str>, trash: bool) -> Self {
        Self {
            desk,
            trash,
            turns: Turns::default(),
            admin: Mutex::new(admin.map(Arc::from)),
            id: Mutex::default(),
            space: Mutex::default(),
            places: Mutex::default(),
            folders: Mutex::default(),
            members: Mutex::default(),
        }
    }

    /// The admin to act as. Two threads may both ask the first time; the answers are the same.
    pub(super) fn admin(&self) -> Result<Principal, Error> {
        if let Some(known) = &*lock(&self.admin) {
            return Ok(Principal::Admin(Arc::clone(known)));
        }
        let found = people::find_admin(&self.desk)?;
        *lock(&self.admin) = Some(Arc::clone(&found));
        Ok(Principal::Admin(found))
    }

    /// The team's own id, which tells its folders from other teams'.
    pub(super) fn id(&self) -> Result<Arc<str>, Error> {
        if let Some(known) = &*lock(&self.id) {
            return Ok(Arc::clone(known));
        }
        let id: Arc<str> = self.info()?.team_id.into();
        *lock(&self.id) = Some(Arc::clone(&id));
        Ok(id)
    }

    pub(super) fn info(&self) -> Result<TeamInfo, Error> {
        self.desk.rpc(&Ask::new(&route::TEAM_INFO, &Principal::Tenant, "read the team's name"), &json!(null))
    }

    /// The namespace of the team space; `None` when each member's home is its root.
    pub(super) fn space(&self) -> Result<Option<Arc<str>>, Error> {
        if let Some(known) = &*lock(&self.space) {
            return Ok(known.clone());
        }
        let admin = self.admin()?;
        let account: Account =
            self.desk.rpc(&Ask::new(&route::ACCOUNT, &admin, "read the admin's root"), &json!(null))?;
        let root = account.root_info;
        let is_apart = !root.root_namespace_id.is_empty() && root.root_namespace_id != root.home_namespace_id;
        // A member's root may also be apart from the home without being the team's.
        let space =
            (is_apart && root.tag.as_deref() != Some("user")).then(|| Arc::from(root.root_namespace_id.as_str()));
        *lock(&self.space) = Some(space.clone());
        Ok(space)
    }

    /// The team's namespaces, read anew.
    pub(super) fn namespaces(&self) -> Result<Spaces, Error> {
        let doing = "list the team's namespaces";
        let mut page: Namespaces =
            self.desk.rpc(&Ask::new(&route::NAMESPACES, &Principal::Tenant, doing), &json!({"limit": 1000}))?;
        let (mut seen, mut all, mut pages) = (HashSet::new(), Spaces::default(), Pages::of(doing));
        loop {
            for namespace in &page.namespaces {
                match place(namespace) {
                    Some((id, place)) if seen.insert(Arc::clone(&id)) => all.places.push((id, place)),
                    Some(_) => {}
                    None => all.nameless.push(namespace.name.as_str().into()),
                }
            }
            if !page.has_more {
                break;
            }
            let ask = Ask::new(&route::NAMESPACES_ON, &Principal::Tenant, doing);
            page = self.desk.rpc(&ask, &json!({"cursor": pages.on(&page.cursor)?}))?;
        }
        *lock(&self.places) = Some(Arc::new(all.places.iter().cloned().collect()));
        Ok(all)
    }

    /// What is known of a namespace; the list is read once when there is none yet.
    pub(super) fn place(&self, id: &str) -> Result<Option<Place>, Error> {
        if let Some(places) = &*lock(&self.places) {
            return Ok(places.get(id).cloned());
        }
        Ok(self.namespaces()?.places.into_iter().find(|(known, _)| **known == *id).map(|(_, place)| place))
    }

    /// The home of a member, as far as the namespaces were listed.
    pub(super) fn home_of(&self, member: &str) -> Option<Arc<str>> {
        let places = lock(&self.places).clone()?;
        let is_home = |place: &Place| {
            *place.kind == *"team_member_folder" && place.member.as_deref().is_some_and(|owner| owner == member)
        };
        places.iter().find(|(_, place)| is_home(place)).map(|(id, _)| Arc::clone(id))
    }

    /// What a shared namespace says of itself; asked once.
    pub(super) fn folder(&self, id: &Arc<str>, by: &Principal) -> Result<Arc<Folder>, Error> {
        if let Some(known) = lock(&self.folders).get(id) {
            return Ok(Arc::clone(known));
        }
        let ask = Ask::new(&route::FOLDER, by, "read a shared folder's owner");
        let told: SharedFolder = self.desk.rpc(&ask, &json!({"shared_folder_id": &**id}))?;
        let own = self.id()?;
        let folder = Arc::new(Folder {
            outside: told.owner_team.is_some_and(|team| team.id != *own),
            team_folder: told.is_team_folder,
            parent: told.parent_shared_folder_id.map(Arc::from),
            hides_members: told.policy.viewer_info_policy.is_some_and(|policy| policy.as_str() == "disabled"),
        });
        lock(&self.folders).insert(Arc::clone(id), Arc::clone(&folder));
        Ok(folder)
    }

    /// Forgets what may have changed since the last pass.
    pub(super) fn new_pass(&self) {
        lock(&self.folders).clear();
    }

    /// Remembers people as owners.
    pub(super) fn remember<'p>(&self, people: impl IntoIterator<Item = &'p Person>) {
        let mut members = lock(&self.members);
        members.extend(people.into_iter().map(|person| (Arc::clone(&person.id), Standing::of(person))));
    }

    /// The account of a member, as far as it is remembered.
    pub(super) fn account_of(&self, member: &str) -> Option<Arc<str>> {
        lock(&self.members).get(member).and_then(|standing| standing.owner.account.clone())
    }

    /// A member as an owner: by the directory, else as last remembered.
    pub(super) fn standing(&self, member: &str, people: &Directory) -> Option<Standing> {
        let listed = people.people().iter().find(|person| *person.id == *member).map(Standing::of);
        listed.or_else(|| lock(&self.members).get(member).cloned())
    }
}

fn place(namespace: &Namespace) -> Option<(Arc<str>, Place)> {
    let id = namespace.namespace_id.as_deref().filter(|id| !id.is_empty())?;
    let place = Place {
        kind: namespace.namespace_type.as_str().into(),
        name: namespace.name.as_str().into(),
        member: namespace.team_member_id.as_deref().map(Arc::from),
    };
    Some((id.into(), place))
}

/// One call in flight for each cursor: the service counts identical calls at one time against the limit.
#[derive(Debug, Default)]
pub(super) struct Turns {
    taken: Mutex<HashSet<Arc<str>>>,
    ended: Condvar,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'t> {
    of: &'t Turns,
    id: Arc<str>,
}

impl Turns {
    /// Waits until nobody else has this one, which is as long as that one's call takes.
    pub(super) fn take(&self, id: &Arc<str>) -> Turn<'_> {
        let taken = lock(&self.taken);
        let free = self.ended.wait_while(taken, |taken| taken.contains(id));
        free.unwrap_or_else(PoisonError::into_inner).insert(Arc::clone(id));
        Turn { of: self, id: Arc::clone(id) }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        lock(&self.of.taken).remove(&self.id);
        self.of.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn a_namespace_without_an_id_has_no_place() {
        for (told, id) in [
            (json!({"namespace_id": "7", "name": "A", "namespace_type": {".tag": "team_folder"}}), Some("7")),
            (json!({"namespace_id": "7", "name": null, "namespace_type": null}), Some("7")),
            (json!({"namespace_id": "", "name": "A"}), None),
            (json!({"namespace_id": null, "name": "A"}), None),
            (json!({}), None),
        ] {
            let namespace: Namespace = serde_json::from_value(told.clone()).expect("a namespace");
            assert_eq!(place(&namespace).map(|(id, _)| id).as_deref(), id, "{told}");
        }
    }

    #[test]
    fn a_turn_is_one_threads_alone() {
        let (turns, within, most) = (Turns::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let id: Arc<str> = "ns:1".into();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        let _turn = turns.take(&id);
                        most.fetch_max(within.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        within.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.load(Ordering::SeqCst), 1);
        let _one = turns.take(&id);
        let _other = turns.take(&"ns:2".into());
    }
}
