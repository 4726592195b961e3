//! Looks up what a filter asks of an item.
//!
//! Each kind of value has one way in: a test is handed in and called with every value the item has, until one fits. What
//! comes out is yes (one fits), no (none does, and all were seen) or unknown (none does, but some could not be seen).

use super::answer::Answer;
use super::facts::{Facts, Folder};
use super::field::Field;
use super::mime;
use super::range::{Range, lies_in};
use super::words::folded;
use crate::clock::Moment;
use crate::model::{
    Audience, Coverage, Group, ItemKind, Level, Link, Members, Person, Reason, Role, Side, Status, Who,
};
use std::borrow::Cow;
use std::collections::HashSet;

/// One item, asked at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'a> {
    pub(super) facts: &'a Facts<'a>,
    pub(super) now: Moment,
}

/// A person who can reach an item, as far as told.
#[derive(Clone, Copy, Debug)]
struct Somebody<'a> {
    account: Option<&'a str>,
    login: Option<&'a str>,
    person: Option<&'a Person>,
    side: Option<Side>,
}

impl<'a> Somebody<'a> {
    fn login(&self) -> Option<&'a str> {
        self.login.or_else(|| self.person.map(|person| &*person.login)).filter(|login| !login.is_empty())
    }

    /// Login, account and name.
    fn names(&self) -> impl Iterator<Item = &'a str> {
        let name = self.person.map(|person| &*person.name).filter(|name| !name.is_empty());
        let account = self.account.or_else(|| self.person.map(|person| &*person.account));
        self.login().into_iter().chain(account).chain(name)
    }
}

/// Yes when one fits, else no or, where not all could be seen, unknown.
fn seen(fits: bool, all: bool) -> Answer {
    match (fits, all) {
        (true, _) => Answer::Yes,
        (false, true) => Answer::No,
        (false, false) => Answer::Unknown,
    }
}

fn domain_of(login: &str) -> Option<Cow<'_, str>> {
    login.rsplit_once('@').map(|(_, domain)| folded(domain)).filter(|domain| !domain.is_empty())
}

impl<'a> Look<'a> {
    /// Whether one of the texts that the field has fits.
    pub(super) fn text(&self, field: Field, fits: &mut dyn FnMut(&str) -> bool) -> Answer {
        let item = self.facts.item;
        match field {
            Field::Name => fits(&item.name).into(),
            Field::Id => fits(&item.id).into(),
            Field::Connector => fits(self.facts.connector.as_str()).into(),
            Field::Provider => fits(self.facts.provider.name()).into(),
            Field::Extension => mime::extension(&item.name).is_some_and(|extension| fits(&extension)).into(),
            Field::Path => item.path.as_deref().map(fits).into(),
            Field::Label => item.label.as_deref().is_some_and(fits).into(),
            Field::Hash => item.hash.is_some_and(|hash| fits(&hash.to_string())).into(),
            Field::Type => self.file_type(fits),
            Field::Format | Field::Mime => self.content_type(field, fits),
            Field::Coverage => self.coverage(fits),
            Field::Owner | Field::OwnerDomain | Field::OwnerStatus | Field::OwnerRole => self.owner(field, fits),
            Field::OwnerGroup => self.owner_group(fits),
            Field::Collaborator => {
                self.people(|one| one.names().any(&mut *fits).then_some(true).or(self.nobody_else(one)))
            }
            Field::CollaboratorDomain => self.people(|one| one.login().and_then(domain_of).map(|domain| fits(&domain))),
            Field::CollaboratorGroup => self.groups(fits),
            Field::CollaboratorMemberOf => self.member_of(fits),
            Field::CollaboratorRole => self.roles(fits),
            Field::Link => self.links(|link| Some(fits(audience(link)))),
            Field::Policy => self.facts.policies.map(|all| all.iter().any(|policy| fits(policy))).into(),
            Field::Activity => self.facts.activity.map(|acts| acts.kinds.iter().any(|kind| fits(kind.name()))).into(),
            _ => Answer::Unknown,
        }
    }

    /// Whether one of the moments that the field has fits.
    pub(super) fn moment(&self, field: Field, fits: &mut dyn FnMut(Moment) -> bool) -> Answer {
        let facts = self.facts;
        let told = |moment: Option<Moment>, fits: &mut dyn FnMut(Moment) -> bool| Answer::from(moment.map(fits));
        match field {
            Field::Created => told(facts.item.created, fits),
            Field::Modified => told(facts.item.modified, fits),
            Field::Snapshot => told(facts.history.and_then(|history| history.changed), fits),
            Field::FirstSeen => told(facts.history.and_then(|history| history.first_seen), fits),
            Field::CollaboratorExternalSince => told(facts.external_since, fits),
            Field::LinkExpires => self.links(|link| Some(link.expires.is_some_and(&mut *fits))),
            // What is not on record did not happen while the log was kept.
            Field::ActivityLast => facts.activity.map(|acts| acts.last.is_some_and(fits)).into(),
            Field::ActivityExternal => facts.activity.map(|acts| acts.external.is_some_and(fits)).into(),
            _ => Answer::Unknown,
        }
    }

    /// Whether the field's number lies in one of the ranges.
    pub(super) fn number(&self, field: Field, ranges: &[Range]) -> Answer {
        let (low, high) = match field {
            Field::Size => (self.facts.item.size_bytes, Some(self.facts.item.size_bytes)),
            Field::Versions => (self.facts.versions.unwrap_or(0), self.facts.versions),
            Field::Depth => (self.depth().unwrap_or(0), self.depth()),
            Field::CollaboratorExternals => self.externals(),
            Field::CoveragePercent => self.percent(),
            _ => (0, None),
        };
        lies_in(ranges, low, high)
    }

    /// Whether something of the field is as wanted (yes or no).
    pub(super) fn flag(&self, field: Field, wanted: bool) -> Answer {
        let (facts, item) = (self.facts, self.facts.item);
        let as_wanted = |is: bool| Answer::from(is == wanted);
        match field {
            Field::Trashed => as_wanted(item.trashed.is_some()),
            Field::Locked => as_wanted(item.locked),
            Field::OwnerOutside => as_wanted(item.outside_owner),
            Field::Quarantined => facts.quarantined.map(|is| is == wanted).into(),
            Field::Mismatch if item.kind != ItemKind::File => as_wanted(false),
            Field::Mismatch => facts.inspection.and_then(|told| told.mismatch).map(|is| is == wanted).into(),
            Field::CoverageGap if item.kind != ItemKind::File => as_wanted(false),
            Field::CoverageGap => {
                let coverage = facts.inspection.and_then(|told| told.coverage);
                coverage.map(|coverage| coverage.is_gap() == wanted).into()
            }
            Field::LinkPassword => self.links(|link| Some(link.password == wanted)),
            Field::LinkDownload => self.links(|link| link.download.map(|may| may == wanted)),
            Field::CollaboratorEveryone => self.everyone().negate_if(!wanted),
            _ => Answer::Unknown,
        }
    }

    /// Whether the level is one of these, in the order of [`Level`].
    pub(super) fn level(&self, allowed: [bool; 4]) -> Answer {
        let all = [Level::Private, Level::Internal, Level::External, Level::Public];
        let (least, known) = self.facts.exposure.map_or((Level::Private, false), |told| (told.level, told.is_known()));
        let mut possible = all.iter().zip(allowed).filter(|(level, _)| **level == least || !known && **level > least);
        let first = possible.next().is_some_and(|(_, fits)| fits);
        if possible.any(|(_, fits)| fits != first) { Answer::Unknown } else { first.into() }
    }

    fn file_type(&self, fits: &mut dyn FnMut(&str) -> bool) -> Answer {
        let name = match self.facts.item.kind {
            ItemKind::Folder => mime::FileType::Folder,
            ItemKind::WebLink => mime::FileType::Bookmark,
            ItemKind::File => match self.facts.inspection {
                Some(told) => mime::type_of(told.format, &self.facts.item.name),
                None => return Answer::Unknown,
            },
        };
        fits(name.name()).into()
    }

    fn content_type(&self, field: Field, fits: &mut dyn FnMut(&str) -> bool) -> Answer {
        if self.facts.item.kind != ItemKind::File {
            return Answer::No;
        }
        let Some(told) = self.facts.inspection else { return Answer::Unknown };
        if field == Field::Mime {
            return mime::mime_of(told.format, &self.facts.item.name).is_some_and(fits).into();
        }
        told.format.map(fits).into()
    }

    /// The words under which an outcome is known: its state, its reason, and the family of the reason.
    fn coverage(&self, fits: &mut dyn FnMut(&str) -> bool) -> Answer {
        if self.facts.item.kind != ItemKind::File {
            return Answer::No;
        }
        let Some(told) = self.facts.inspection else { return Answer::Unknown };
        let Some(coverage) = told.coverage else { return fits("waiting").into() };
        let family = match coverage.reason() {
            Some(Reason::Limit(_)) => Some("limit"),
            Some(Reason::EncryptedPassword | Reason::EncryptedRights) => Some("encrypted"),
            _ => None,
        };
        let by_reason = coverage.reason().is_some_and(|reason| fits(&reason.to_string()));
        (fits(coverage.state()) || by_reason || family.is_some_and(fits)).into()
    }

    fn percent(&self) -> (u64, Option<u64>) {
        if self.facts.item.kind != ItemKind::File {
            return (100, Some(100));
        }
        match self.facts.inspection {
            None => (0, Some(100)),
            Some(told) => match told.coverage {
                None => (0, Some(0)),
                Some(Coverage::Complete) => (100, Some(100)),
                Some(Coverage::Partial(_)) => (1, Some(99)),
                Some(Coverage::Skipped(reason)) if reason.is_no_gap() => (100, Some(100)),
                Some(Coverage::Skipped(_)) => (0, Some(0)),
            },
        }
    }

    fn depth(&self) -> Option<u64> {
        let by_path = self.facts.item.path.as_deref().map(|path| path.trim_matches('/').matches('/').count());
        by_path.or(self.facts.above.map(<[Folder]>::len)).and_then(|depth| u64::try_from(depth).ok())
    }
}

/// Owners, members and links.
impl<'a> Look<'a> {
    fn owner(&self, field: Field, fits: &mut dyn FnMut(&str) -> bool) -> Answer {
        let Some(owner) = &self.facts.item.owner else { return Answer::Unknown };
        let (account, login) = (owner.account.as_deref(), owner.login.as_deref());
        let somebody = self.somebody(account, login, None);
        match (field, somebody.person) {
            (Field::OwnerDomain, _) => somebody.login().and_then(domain_of).map(|domain| fits(&domain)).into(),
            (Field::OwnerStatus, Some(person)) => fits(status_name(person.status)).into(),
            (Field::OwnerRole, Some(person)) => fits(role_name(person.role)).into(),
            // Who is in no list of the company is none of its people.
            (Field::OwnerStatus | Field::OwnerRole, None) => seen(false, self.facts.directory.is_some()),
            _ => seen(somebody.names().any(fits), self.nobody_else(&somebody).is_some()),
        }
    }

    fn owner_group(&self, fits: &mut dyn FnMut(&str) -> bool) -> Answer {
        let (Some(owner), Some(directory)) = (&self.facts.item.owner, self.facts.directory) else {
            return Answer::Unknown;
        };
        let somebody = self.somebody(owner.account.as_deref(), owner.login.as_deref(), None);
        let account = somebody.person.map(|person| &*person.account).or(somebody.account);
        let Some(account) = account else { return Answer::Unknown };
        let named = directory.groups().filter(|group| fits(&group.id) || fits(&group.name));
        named.map(|group| in_group(group, account)).fold(Answer::No, Answer::or)
    }

    fn somebody(&self, account: Option<&'a str>, login: Option<&'a str>, side: Option<Side>) -> Somebody<'a> {
        let person = self.facts.directory.and_then(|directory| {
            account
                .and_then(|id| directory.by_account(id))
                .or_else(|| login.and_then(|login| directory.by_login(login)))
        });
        Somebody { account, login, person, side }
    }

    /// "No" of somebody whose names are all known: listed in the directory, or known to be in none, by a login. Of an account
    /// alone the login may be any.
    fn nobody_else(&self, one: &Somebody<'_>) -> Option<bool> {
        (one.person.is_some() || one.login.is_some() && self.facts.directory.is_some()).then_some(false)
    }

    /// Whether somebody fits among the people who are members, directly or by a group. The test says `None` of somebody
    /// of whom it cannot tell. The owner's own entry does not count.
    fn people(&self, mut fits: impl FnMut(&Somebody<'a>) -> Option<bool>) -> Answer {
        let mut answer = Answer::No;
        let all = self.each_person(&mut |somebody| {
            answer = answer.or(fits(&somebody).into());
            answer != Answer::Yes
        });
        seen(answer == Answer::Yes, all && answer == Answer::No)
    }

    /// Calls `take` with each person until it says no; false when some could not be seen.
    fn each_person(&self, take: &mut dyn FnMut(Somebody<'a>) -> bool) -> bool {
        let mut all = true;
        let mut go_on = true;
        let told = self.each_member(&mut |who| {
            go_on = go_on
                && match who {
                    Who::Person { account, login, side } => {
                        take(self.somebody(account.as_deref(), login.as_deref(), *side))
                    }
                    Who::Invited { login } => take(self.somebody(None, Some(login), None)),
                    Who::Group { id, side } => match self.group_members(id) {
                        Some(members) => members.iter().all(|account| {
                            take(self.somebody(Some(account), None, side.filter(|side| *side == Side::Internal)))
                        }),
                        None => {
                            all = false;
                            true
                        }
                    },
                    Who::Unauthenticated => true,
                };
            go_on
        });
        told && all
    }

    fn group_members(&self, id: &str) -> Option<&'a [std::sync::Arc<str>]> {
        self.facts.directory.and_then(|directory| directory.group(id)).and_then(|group| group.members.as_deref())
    }

    /// Calls `take` with each live member until it says no; false when some are hidden or none were told.
    fn each_member(&self, take: &mut dyn FnMut(&'a Who) -> bool) -> bool {
        self.each_entry(&mut |member| {
            let is_owner = member.role.eq_ignore_ascii_case("owner");
            is_owner || take(&member.who)
        })
    }

    fn each_entry(&self, take: &mut dyn FnMut(&'a crate::model::Member) -> bool) -> bool {
        let Some(shares) = self.facts.shares else { return false };
        let mut all = true;
        for sharing in shares {
            match &sharing.members {
                Members::None => {}
                Members::Hidden => all = false,
                Members::Known(members) => {
                    let live = members.iter().filter(|member| member.expires.is_none_or(|end| end > self.now));
                    for member in live {
                        if !take(member) {
                            return all;
                        }
                    }
                }
            }
        }
        all
    }

    fn roles(&self, fits: &mut dyn FnMut(&str) -> bool) -> Answer {
        let mut found = false;
        let all = self.each_entry(&mut |member| {
            found = fits(&member.role);
            !found
        });
        seen(found, all)
    }

    fn groups(&self, fits: &mut dyn FnMut(&str) -> bool) -> Answer {
        let (mut found, mut nameless) = (false, false);
        let all = self.each_member(&mut |who| {
            if let Who::Group { id, .. } = who {
                let group = self.facts.directory.and_then(|directory| directory.group(id));
                nameless |= group.is_none();
                found = fits(id) || group.is_some_and(|group| fits(&group.name));
            }
            !found
        });
        seen(found, all && !nameless)
    }

    /// Whether some collaborator belongs to a group that fits.
    fn member_of(&self, fits: &mut dyn FnMut(&str) -> bool) -> Answer {
        let Some(directory) = self.facts.directory else { return Answer::Unknown };
        let named: Vec<&Group> = directory.groups().filter(|group| fits(&group.id) || fits(&group.name)).collect();
        let readable = named.iter().all(|group| group.members.is_some());
        let accounts: HashSet<&str> =
            named.iter().flat_map(|group| group.members.iter().flatten()).map(|id| &**id).collect();
        let as_a_whole = self.groups(&mut |id| named.iter().any(|group| *group.id == *id));
        let as_people = self.people(|one| {
            let account = one.person.map(|person| &*person.account).or(one.account);
            match account {
                Some(account) if accounts.contains(account) => Some(true),
                // Somebody known by nothing but an address that the directory does not list is in none of its groups.
                _ => readable.then_some(false),
            }
        });
        let whole = if as_a_whole == Answer::Yes { Answer::Yes } else { Answer::No };
        whole.or(as_people)
    }

    /// How many different people outside are members: at least, and at most.
    fn externals(&self) -> (u64, Option<u64>) {
        let mut outside = HashSet::new();
        let mut unsure = false;
        let all = self.each_person(&mut |one| {
            match one.side.or_else(|| self.facts.directory.map(|all| all.side_of(one.account, one.login))) {
                Some(Side::Internal) => {}
                Some(Side::External) => {
                    let key = one.login().map(|login| folded(login).into_owned()).or(one.account.map(str::to_owned));
                    unsure |= key.is_none();
                    outside.extend(key);
                }
                None => unsure = true,
            }
            true
        });
        let count = u64::try_from(outside.len()).unwrap_or(u64::MAX);
        (count, (all && !unsure).then_some(count))
    }

    /// Whether a link that works fits. The test says `None` of one of which it cannot tell.
    fn links(&self, mut fits: impl FnMut(&Link) -> Option<bool>) -> Answer {
        let Some(shares) = self.facts.shares else { return Answer::Unknown };
        let live = shares
            .iter()
            .flat_map(|sharing| &sharing.links)
            .filter(|link| link.expires.is_none_or(|end| end > self.now));
        let answer = live.map(|link| Answer::from(fits(link))).fold(Answer::No, Answer::or);
        // Where exposure is not wholly known, links may be among what could not be seen.
        let all = self.facts.exposure.is_some_and(crate::model::Exposure::is_known);
        answer.or(seen(false, all))
    }

    fn everyone(&self) -> Answer {
        let Some(shares) = self.facts.shares else { return Answer::Unknown };
        let by_place = Answer::from(shares.iter().any(|sharing| sharing.whole_company));
        by_place.or(self.links(|link| match link.audience {
            Audience::Company => Some(true),
            Audience::Public | Audience::Members => Some(false),
            Audience::Unknown => None,
        }))
    }
}

fn in_group(group: &Group, account: &str) -> Answer {
    group.members.as_ref().map(|members| members.iter().any(|member| **member == *account)).into()
}

fn audience(link: &Link) -> &'static str {
    match link.audience {
        Audience::Public => "public",
        Audience::Company => "company",
        Audience::Members => "members",
        Audience::Unknown => "unknown",
    }
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Active => "active",
        Status::Inactive => "inactive",
        Status::Invited => "invited",
        Status::Removed => "removed",
    }
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Admin => "admin",
        Role::CoAdmin => "co_admin",
        Role::Member => "member",
        Role::Service => "service",
    }
}

/// A folder as a filter names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FolderName {
    /// By its path: folded, with a `/` at its beginning and none at its end; the top is empty.
    Path(String),
    /// By its id as it is, or its name, folded.
    Name(String, String),
}

impl FolderName {
    pub(super) fn new(typed: &str) -> Self {
        if !typed.contains('/') {
            return FolderName::Name(typed.to_owned(), folded(typed).into_owned());
        }
        let path = folded(typed);
        let path = path.trim_matches('/');
        FolderName::Path(if path.is_empty() { String::new() } else { format!("/{path}") })
    }
}

/// Places.
impl Look<'_> {
    /// The path of the folder that the item lies in, folded; the top is empty.
    fn folder_path(&self) -> Option<String> {
        let path = folded(self.facts.item.path.as_deref()?).into_owned();
        let (folder, _) = path.rsplit_once('/').unwrap_or_default();
        let folder = folder.trim_matches('/');
        Some(if folder.is_empty() { String::new() } else { format!("/{folder}") })
    }

    /// Whether the item lies directly in the folder.
    pub(super) fn lies_in(&self, folder: &FolderName) -> Answer {
        let own = self.folder_path();
        match folder {
            FolderName::Path(path) => own.map(|own| own == *path).into(),
            FolderName::Name(id, name) => {
                let by_id = self.facts.item.parent.as_deref() == Some(id.as_str());
                let by_path =
                    own.is_some_and(|own| own.rsplit('/').next().is_some_and(|last| !last.is_empty() && last == name));
                let nearest = self.facts.above.map(|above| above.first().is_some_and(|first| is(first, id, name)));
                Answer::from(by_id || by_path).or(nearest.into())
            }
        }
    }

    /// Whether the item lies below the folder, at any depth.
    pub(super) fn lies_under(&self, folder: &FolderName) -> Answer {
        let own = self.folder_path();
        match folder {
            FolderName::Path(path) => {
                let below = |own: String| {
                    own.strip_prefix(path.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                };
                own.map(below).into()
            }
            FolderName::Name(id, name) => {
                let by_parent = self.facts.item.parent.as_deref() == Some(id.as_str());
                let by_path = own.is_some_and(|own| own.split('/').any(|step| !step.is_empty() && step == name));
                let by_ids = self.facts.above.map(|above| above.iter().any(|one| is(one, id, name)));
                Answer::from(by_parent || by_path).or(by_ids.into())
            }
        }
    }
}

fn is(folder: &Folder, id: &str, name: &str) -> bool {
    *folder.id == *id || *folded(&folder.name) == *name
}
