//! Receipts held against the tenant: whatever a receipt says was found or read back must be what the tenant shows.

use super::facts::{Facts, LinkFact};
use super::world::World;
use sluicebox::model::action::{Action, ItemState, OwnLink, PersonState, State};
use sluicebox::model::{Audience, Member, Members, Status, Who};
use sluicebox::provider::govern::Facets;

/// What a state says otherwise than the tenant shows, as far as the action asks for it.
pub(super) fn differences(world: &World, action: &Action, state: &State, facts: &Facts) -> Vec<String> {
    let mut judge = Judge { world, wrong: Vec::new() };
    match state {
        State::Item(state) => judge.item(&Facets::of(action), state, facts),
        State::Person(state) => judge.person(&Facets::of(action), state, facts),
    }
    judge.wrong
}

struct Judge<'a> {
    world: &'a World,
    wrong: Vec<String>,
}

impl Judge<'_> {
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, told: &T, is: &T) {
        if told != is {
            self.wrong.push(format!("{what}: told {told:?}, is {is:?}"));
        }
    }

    fn item(&mut self, facets: &Facets, state: &ItemState, facts: &Facts) {
        self.same("trashed", &state.trashed, &facts.trashed);
        self.same("name", &&*state.name, &&*facts.name);
        if let Some(hash) = state.hash {
            self.same("hash", &hash.to_string(), &facts.hash);
        }
        if let Some(login) = state.owner.as_ref().and_then(|owner| owner.login.as_deref()) {
            self.same("owner", &login, &&*facts.owner);
        }
        if self.world.is_box() {
            self.same("folder", &state.folder.id.as_deref().unwrap_or_default(), &&*facts.folder);
        } else {
            let told = (&*state.folder.place, state.folder.path.as_deref().unwrap_or_default());
            self.same("folder", &told, &(&*facts.place, &*facts.folder));
        }
        if facets.links {
            self.links(state, facts);
        }
        if facets.members {
            self.members(&state.members, facts);
        }
        if facets.invitations {
            let told = state.invitations.map(|rules| (rules.outsiders, rules.by_members));
            self.same("invitations", &told, &facts.invitations);
        }
        if facets.labels {
            self.same("label", &state.labels.set.as_deref(), &facts.label.as_deref());
        }
        if facets.comment {
            self.same(
                "comment",
                &state.said.is_some(),
                &facts.comments.iter().any(|text| text.contains("[sluicebox ")),
            );
        }
        if facets.task {
            self.same("task", &state.said.is_some(), &facts.tasks.iter().any(|text| text.contains("[sluicebox ")));
        }
        self.lock(state, facts);
    }

    fn lock(&mut self, state: &ItemState, facts: &Facts) {
        let told = state.lock.as_ref().map(|lock| (lock.until, lock.no_download));
        let is = facts.lock.as_ref().map(|lock| (lock.until, lock.no_download));
        self.same("lock", &told, &is);
        if let Some((told, is)) = state.lock.as_ref().and_then(|lock| lock.by.as_deref()).zip(facts.lock.as_ref()) {
            let by = self.world.people.by_account(told).map(|person| person.login.to_string());
            self.same("locked by", &by, &Some(is.by.clone()));
        }
    }

    fn links(&mut self, state: &ItemState, facts: &Facts) {
        let told: Vec<LinkFact> = state.links.iter().map(link).collect();
        let ordered = |links: &[LinkFact]| {
            let mut texts: Vec<String> = links.iter().map(|link| format!("{link:?}")).collect();
            texts.sort();
            texts
        };
        self.same("links", &ordered(&told), &ordered(&facts.links));
    }

    fn members(&mut self, members: &Members, facts: &Facts) {
        let known: &[Member] = match members {
            Members::Known(members) => members,
            Members::None => &[],
            Members::Hidden => return,
        };
        let named = |inherited: bool| {
            let some = known.iter().filter(|member| {
                member.inherited_from.is_some() == inherited && (inherited || &*member.role != "owner")
            });
            let mut named: Vec<_> = some.map(|member| (self.name(&member.who), member.role.to_string())).collect();
            named.sort();
            named
        };
        let (own, inherited) = (named(false), named(true));
        self.same("members", &own, &facts.members);
        // Whoever owns the folder above is not told as a member by both providers alike.
        let but_owners = |members: &[(String, String)]| -> Vec<_> {
            members.iter().filter(|(_, role)| role != "owner").cloned().collect()
        };
        self.same("inherited", &but_owners(&inherited), &but_owners(&facts.inherited));
    }

    fn name(&self, who: &Who) -> String {
        let people = &self.world.people;
        match who {
            Who::Person { login: Some(login), .. } | Who::Invited { login } => login.to_string(),
            Who::Person { account, .. } => {
                let known = account.as_deref().and_then(|account| people.by_account(account));
                known.map(|person| person.login.to_string()).unwrap_or_default()
            }
            Who::Group { id, .. } => {
                format!("group:{}", people.group(id).map(|group| group.name.to_string()).unwrap_or_default())
            }
            Who::Unauthenticated => "anybody".into(),
        }
    }

    fn person(&mut self, facets: &Facets, state: &PersonState, facts: &Facts) {
        let is = facts.person.as_ref().expect("a person");
        let status = match state.status {
            Status::Active => "active",
            Status::Inactive => self.world.word("inactive", "suspended"),
            Status::Invited => "invited",
            Status::Removed => "removed",
        };
        self.same("status", &status, &is.status);
        if let Some(asked) = state.password_asked {
            self.same("password asked", &asked, &is.password_asked);
        }
        if let Some(sessions) = state.sessions.as_ref().filter(|_| facets.sessions) {
            self.same("sessions", &sessions.len(), &is.sessions);
        }
        if let Some(apps) = state.apps.as_ref().filter(|_| facets.apps) {
            self.same("apps", &apps.len(), &is.apps);
        }
    }
}

fn link(link: &OwnLink) -> LinkFact {
    let word = |audience: Audience| match audience {
        Audience::Public => "public",
        Audience::Company => "company",
        Audience::Members => "members",
        Audience::Unknown => "unknown",
    };
    LinkFact {
        audience: word(link.audience),
        asked: word(link.asked),
        password: link.password,
        expires: link.expires,
        download: link.download.unwrap_or(true),
    }
}
