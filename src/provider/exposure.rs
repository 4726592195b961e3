//! How far an item is open: own and inherited facts in, level and reasons out. A pure function.
//!
//! The strongest fact decides, and every fact that opens the item is kept as a reason. What cannot be seen (hidden
//! members, a group whose members are unreadable, a link of unknown audience) never counts as "nobody": the item where it
//! was met is named in [`Exposure::unknown`].

#[cfg(test)]
mod tests;

use crate::clock::Moment;
use crate::model::{
    Audience, Because, Directory, Exposure, ExposureReason, Level, Link, Member, Members, Sharing, Side, Who,
};
use std::sync::Arc;

/// What a folder above hands down.
#[derive(Clone, Debug)]
pub struct Above {
    /// The folder's id.
    pub id: Arc<str>,
    /// Its own facts.
    pub sharing: Arc<Sharing>,
}

/// The exposure of the item `id` with these facts of its own, under these folders, at this moment.
///
/// Links and members whose time is over by then do not count; invitations that are not accepted do. The owner's own entry
/// in a list of members (role `owner`) opens nothing, unless the owner is outside.
#[must_use]
pub fn exposure(id: &Arc<str>, own: &Sharing, above: &[Above], people: &Directory, at: Moment) -> Exposure {
    let mut found = Found { people, at, exposure: Exposure::default() };
    found.take(id, None, own);
    for folder in above {
        found.take(&folder.id, Some(&folder.id), &folder.sharing);
    }
    found.finish()
}

struct Found<'a> {
    people: &'a Directory,
    at: Moment,
    exposure: Exposure,
}

impl Found<'_> {
    /// Takes in the facts of the item itself, or of a folder that hands them down.
    fn take(&mut self, id: &Arc<str>, from: Option<&Arc<str>>, sharing: &Sharing) {
        for link in &sharing.links {
            self.take_link(id, from, link);
        }
        match &sharing.members {
            Members::None => {}
            Members::Hidden => self.cannot_see(id),
            Members::Known(members) => members.iter().for_each(|member| self.take_member(id, from, member)),
        }
        if sharing.outside_owner {
            self.because(Level::External, Because::OutsideOwner, from);
        }
        if sharing.whole_company {
            self.because(Level::Internal, Because::WholeCompany, from);
        }
    }

    fn take_link(&mut self, id: &Arc<str>, from: Option<&Arc<str>>, link: &Link) {
        if self.is_over(link.expires) {
            return;
        }
        let level = match link.audience {
            Audience::Public => Level::Public,
            Audience::Company => Level::Internal,
            Audience::Members => return,
            Audience::Unknown => return self.cannot_see(id),
        };
        let because = Because::Link { audience: link.audience, password: link.password, expires: link.expires };
        self.because(level, because, from);
    }

    fn take_member(&mut self, id: &Arc<str>, from: Option<&Arc<str>>, member: &Member) {
        if self.is_over(member.expires) {
            return;
        }
        let from = member.inherited_from.as_ref().or(from);
        let met_at = member.inherited_from.as_ref().unwrap_or(id);
        let level = match &member.who {
            Who::Person { account, login, side } => {
                match self.side_of_person(account.as_deref(), login.as_deref(), *side) {
                    Some(Side::External) => Level::External,
                    Some(Side::Internal) if member.role.eq_ignore_ascii_case("owner") => return,
                    Some(Side::Internal) => Level::Internal,
                    None => {
                        self.cannot_see(met_at);
                        Level::Internal
                    }
                }
            }
            Who::Invited { login } => level_of(self.people.side_of(None, Some(login))),
            Who::Unauthenticated => Level::Public,
            Who::Group { id: group, side } => return self.take_group(met_at, from, group, *side),
        };
        self.because(level, Because::Member { who: member.who.clone(), pending: member.pending }, from);
    }

    /// A group counts by its members; where they cannot be read, only a provider's word that the group is inside (whose
    /// groups hold nobody else) or outside helps.
    fn take_group(&mut self, met_at: &Arc<str>, from: Option<&Arc<str>>, group: &Arc<str>, side: Option<Side>) {
        let members = self.people.group(group).and_then(|known| known.members.as_deref());
        let has_outsiders = members
            .is_some_and(|all| all.iter().any(|account| self.people.side_of(Some(account), None) == Side::External));
        let level = match side {
            Some(Side::External) => Level::External,
            _ if has_outsiders => Level::External,
            _ => Level::Internal,
        };
        if side.is_none() && members.is_none() {
            self.cannot_see(met_at);
        }
        self.because(level, Because::Group { id: Arc::clone(group) }, from);
    }

    /// Where the person stands: by the provider's own word, else by the directory; `None` when nothing names the person.
    fn side_of_person(&self, account: Option<&str>, login: Option<&str>, told: Option<Side>) -> Option<Side> {
        told.or_else(|| (account.is_some() || login.is_some()).then(|| self.people.side_of(account, login)))
    }

    fn is_over(&self, expires: Option<Moment>) -> bool {
        expires.is_some_and(|expires| expires <= self.at)
    }

    fn because(&mut self, level: Level, because: Because, from: Option<&Arc<str>>) {
        let reason = ExposureReason { level, because, inherited_from: from.cloned() };
        if !self.exposure.reasons.contains(&reason) {
            self.exposure.reasons.push(reason);
        }
    }

    fn cannot_see(&mut self, id: &Arc<str>) {
        if !self.exposure.unknown.contains(id) {
            self.exposure.unknown.push(Arc::clone(id));
        }
    }

    /// Strongest first; among equals the item's own before inherited ones, as they were met.
    fn finish(mut self) -> Exposure {
        self.exposure.reasons.sort_by_key(|reason| std::cmp::Reverse(reason.level));
        self.exposure.level = self.exposure.reasons.first().map_or(Level::Private, |reason| reason.level);
        self.exposure
    }
}

fn level_of(side: Side) -> Level {
    match side {
        Side::Internal => Level::Internal,
        Side::External => Level::External,
    }
}
