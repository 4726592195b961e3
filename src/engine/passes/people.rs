//! People and groups, listed again each pass and whenever an event says that they changed; what changed is held against the
//! items whose sharing rests on it, and exactly those are told again.

use super::Trouble;
use crate::engine::core::{Core, Tenant};
use crate::engine::listing::{self, Progress};
use crate::model::{Directory, Lane, Person, Status, Todo};
use crate::store::{self, Ask, Dependence, PeopleChanges, PeopleTaken};
use std::collections::HashSet;
use std::sync::Arc;

/// Dependants asked about in one transaction.
const BATCH: usize = 1_000;

/// Lists everybody, keeps the list, and asks for what depends on the changes in `lane`; how many items that were.
pub(in crate::engine) fn refresh(core: &Core, tenant: &Tenant, lane: Lane) -> Result<u64, Trouble> {
    let listed = listing::people(&*tenant.source, &tenant.internal_domains, &Progress::default());
    let directory = listed.map_err(|error| match error {
        listing::Error::Provider(error) => Trouble::Provider(error),
        listing::Error::Journal(said) => Trouble::Said(said),
    })?;
    // The old list counts until the new one is durable: nobody is judged by what a crash could take back.
    let changes = core.store.keep_people(tenant.number, &PeopleTaken { directory: directory.clone() })?;
    tenant.set_directory(Arc::new(directory));
    Ok(judge_again(core, tenant, &changes, lane)?)
}

/// The directory as last kept, for a service that begins; leavers count as outside.
pub(in crate::engine) fn recall(core: &Core, tenant: &Tenant) -> Result<bool, store::Error> {
    let Some(kept) = core.store.directory(tenant.number)? else { return Ok(false) };
    let mut directory = Directory::new(kept.domains().iter().cloned());
    kept.people().iter().filter(|person| is_here(person)).for_each(|person| directory.add(person.clone()));
    kept.groups().for_each(|group| directory.add_group(group.clone()));
    tenant.set_directory(Arc::new(directory));
    Ok(true)
}

fn is_here(person: &Person) -> bool {
    person.status != Status::Removed
}

/// Asks for the exposure of everything that rests on what changed; folders with all below them.
pub(in crate::engine) fn judge_again(
    core: &Core,
    tenant: &Tenant,
    changes: &PeopleChanges,
    lane: Lane,
) -> Result<u64, store::Error> {
    let mut asked = 0;
    for on in causes(changes, &tenant.directory()) {
        let mut after = None;
        loop {
            let items = core.store.dependants(tenant.number, &on, after, BATCH)?;
            let Some(last) = items.last().copied() else { break };
            let todo = Todo::EXPOSURE.and(Todo::BELOW);
            let asks: Vec<Ask> = items
                .iter()
                .map(|item| Ask { item: *item, lane, todo, priority: 0, offered: None, happened: None })
                .collect();
            asked += core.store.ask(&asks)?;
            after = Some(last);
        }
    }
    Ok(asked)
}

/// What items may rest on that changed. A group's exposure is its members', so a member's change is the group's as well.
fn causes(changes: &PeopleChanges, people: &Directory) -> Vec<Dependence> {
    let accounts: HashSet<&str> = changes.people.iter().map(|account| &**account).collect();
    let holds_one = |members: &Option<Vec<Arc<str>>>| {
        members.as_ref().is_some_and(|all| all.iter().any(|account| accounts.contains(&**account)))
    };
    let groups = people.groups().filter(|group| holds_one(&group.members)).map(|group| &group.id);
    let groups: HashSet<&Arc<str>> = changes.groups.iter().chain(groups).collect();
    let mut causes: Vec<Dependence> = changes.people.iter().cloned().map(Dependence::Account).collect();
    causes.extend(changes.logins.iter().map(|login| Dependence::Login(login.to_lowercase().into())));
    causes.extend(groups.into_iter().cloned().map(Dependence::Group));
    causes.extend(changes.domains.iter().cloned().map(Dependence::Domain));
    causes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Group;

    #[test]
    fn a_member_who_changes_sides_changes_the_group() {
        let mut people = Directory::default();
        for (id, members) in
            [("g1", Some(vec!["a1".into(), "a2".into()])), ("g2", Some(vec!["a2".into()])), ("g3", None)]
        {
            people.add_group(Group { id: id.into(), name: "".into(), members });
        }
        let changes = PeopleChanges {
            people: vec!["a1".into()],
            logins: vec!["Ada@x".into()],
            groups: vec!["g3".into()],
            domains: vec!["y".into()],
            ..PeopleChanges::default()
        };
        let mut causes = causes(&changes, &people);
        causes.sort_by_key(|cause| format!("{cause:?}"));
        let expected = [
            Dependence::Account("a1".into()),
            Dependence::Domain("y".into()),
            Dependence::Group("g1".into()),
            Dependence::Group("g3".into()),
            Dependence::Login("ada@x".into()),
        ];
        assert_eq!(causes, expected);
    }
}
