//! From what a policy asks for to what is done at a provider: asks become actions, actions become orders.
//!
//! The same functions serve the acting threads and plans, so that what was shown is what is done. Nothing is called here but the
//! finding or making of a quarantine's folder, which a move needs to name.

use crate::clock::Moment;
use crate::model::action::{Action, Block, Order, Password, Target, TargetItem, TargetPerson, Whose};
use crate::model::{ConnectorNumber, Directory, Person, Side, Who};
use crate::policy::ask::{Ask, Turn};
use crate::policy::{Policy, Tombstone};
use crate::provider;
use crate::provider::govern::Governor;
use crate::store::{self, Known, Store};
use std::sync::Arc;

use super::Planned;

/// Items named to the provider where a person is known to be a member, at most; what the provider can list itself is added.
const SHARES_MAX: usize = 1_000;
/// Characters of a link's password.
const PASSWORD_LEN: usize = 24;

/// What an ask is resolved by.
#[derive(Clone, Copy, Debug)]
pub struct Bearings<'a> {
    /// The intent's id.
    pub id: &'a str,
    /// Whose item.
    pub connector: ConnectorNumber,
    /// The item as it is stored, where it is about one.
    pub known: Option<&'a Known>,
    /// What it is done to.
    pub on: &'a Target,
    /// The owner as the intent names it (account or login); empty when nobody is known.
    pub owner: &'a str,
    /// The first policy that wants it: its tombstone, its order of labels.
    pub policy: Option<&'a Policy>,
    /// Everybody.
    pub people: &'a Directory,
    /// Who acts, for the folder of a quarantine.
    pub governor: &'a dyn Governor,
    /// The label that we set on it last and did not take away.
    pub ours: Option<&'a Arc<str>>,
    /// Memory, for what is known of a person's shares.
    pub store: &'a dyn Store,
    /// Now.
    pub now: Moment,
}

/// Why an ask could not become actions.
#[derive(Debug)]
pub enum Unresolved {
    /// The provider was asked for a quarantine's folder, and failed.
    Provider(provider::Error),
    /// The store failed.
    Store(store::Error),
    /// It can never be done as it stands.
    Blocked(Block),
    /// It is a quarantine: its orders are made by [`crate::engine::quarantine`].
    Quarantine,
}

impl From<provider::Error> for Unresolved {
    fn from(error: provider::Error) -> Self {
        Unresolved::Provider(error)
    }
}

impl From<store::Error> for Unresolved {
    fn from(error: store::Error) -> Self {
        Unresolved::Store(error)
    }
}

/// What is done for an ask, each action with what it is done to. Empty for [`Ask::Notify`], and where nothing can be lacking (a
/// label of ours that was never set).
///
/// # Errors
/// See [`Unresolved`].
pub fn resolve(ask: &Ask, about: &Bearings<'_>) -> Result<Vec<(Target, Action)>, Unresolved> {
    let on = match ask.turn() {
        Turn::Person => Target::Person(about.person()?),
        _ => about.on.clone(),
    };
    let actions = actions(ask, about, &on)?;
    Ok(actions.into_iter().map(|action| (on.clone(), action)).collect())
}

fn actions(ask: &Ask, about: &Bearings<'_>, on: &Target) -> Result<Vec<Action>, Unresolved> {
    let action = match ask {
        Ask::UserQuarantine | Ask::AdminQuarantine { .. } => return Err(Unresolved::Quarantine),
        Ask::Copy { to } => Action::Copy {
            to: about.governor.quarantine(Whose::Company, None, Some(to))?,
            name: about.copy_name().into(),
        },
        Ask::Notify { .. } => return Ok(Vec::new()),
        Ask::ClearLabel => {
            return Ok(about.ours.map(|ours| Action::ClearLabel { ours: Arc::clone(ours) }).into_iter().collect());
        }
        Ask::Hold { policy } => Action::Hold { policy: Arc::clone(policy) },
        Ask::SetLabel { label } => Action::SetLabel {
            label: Arc::clone(label),
            order: about.policy.map(|policy| policy.label_order.clone()).unwrap_or_default(),
            ours: about.ours.cloned(),
        },
        Ask::ExpireLinks { after } => Action::ExpireLinks { at: about.now.plus(*after) },
        Ask::ProtectLinks => Action::ProtectLinks,
        Ask::ForbidDownload => Action::ForbidDownload,
        Ask::RestrictLinks { to } => Action::RestrictLinks { to: *to },
        Ask::RemoveLinks => Action::RemoveLinks,
        Ask::ChangeRole { who, role } => Action::ChangeRole { who: member(who, about.people)?, role: Arc::clone(role) },
        Ask::RemoveMember { who } => Action::RemoveMember { who: member(who, about.people)? },
        Ask::RemoveExternals => Action::RemoveExternals,
        Ask::StopInvitations => Action::StopInvitations,
        Ask::MakePrivate => Action::MakePrivate,
        Ask::Lock { lasting, no_download } => {
            Action::Lock { until: lasting.map(|lasting| about.now.plus(lasting)), no_download: *no_download }
        }
        Ask::Overwrite => Action::Overwrite { text: about.tombstone().into() },
        Ask::Trash => Action::Trash,
        Ask::Comment { text } => Action::Comment { text: about.filled(text).into() },
        Ask::Task { text, within } => {
            Action::Task { text: about.filled(text).into(), due: within.map(|within| about.now.plus(within)) }
        }
        Ask::Suspend => Action::Suspend,
        Ask::EndSessions => Action::EndSessions,
        Ask::RequirePassword => Action::RequirePassword,
        Ask::RemoveFromShares => Action::RemoveFromShares { known: about.shares(on)? },
        Ask::RevokeApps => Action::RevokeApps,
    };
    Ok(vec![action])
}

impl Bearings<'_> {
    /// The owner as a person.
    fn person(&self) -> Result<TargetPerson, Unresolved> {
        if let Target::Person(person) = self.on {
            return Ok(person.clone());
        }
        let person = self.known.and_then(|known| owner(known, self.people)).or_else(|| named(self.owner, self.people));
        person.ok_or(Unresolved::Blocked(Block::NobodyToAct))
    }

    /// The text that is left in the place of a content.
    #[must_use]
    pub fn tombstone(&self) -> String {
        let usual = Tombstone::default();
        self.filled(&self.policy.map_or(&usual, |policy| &policy.tombstone).text)
    }

    /// A text of the operator's with its placeholders filled in: `{id}`, `{contact}`, `{name}` as far as it may be shown,
    /// `{policy}`.
    #[must_use]
    pub fn filled(&self, text: &str) -> String {
        let shown = self.known.map_or("", |known| known.shown.rsplit('/').next().unwrap_or_default());
        let contact = self.policy.map_or("", |policy| &*policy.tombstone.contact);
        let title = self.policy.map_or("", |policy| &*policy.title);
        filled(text, &[("{id}", self.id), ("{contact}", contact), ("{name}", shown), ("{policy}", title)])
    }

    /// The name of a copy: the item's own, so that it can be told, behind the intent's id, so that no other has it.
    fn copy_name(&self) -> String {
        format!("{} {}", self.id, self.known.map_or("", |known| &known.item.name)).trim_end().to_owned()
    }

    /// Where a person is known to be a member, from what is stored.
    fn shares(&self, on: &Target) -> Result<Vec<TargetItem>, Unresolved> {
        let Target::Person(TargetPerson { account: Some(account), .. }) = on else { return Ok(Vec::new()) };
        let depends = store::Dependence::Account(Arc::clone(account));
        let items = self.store.dependants(self.connector, &depends, None, SHARES_MAX)?;
        let mut known = Vec::new();
        for item in items {
            known.extend(self.store.item(item)?.filter(|known| known.gone.is_none() && !known.is_top).map(|known| {
                let Target::Item(item) = target(&known) else { unreachable!("an item is an item") };
                item
            }));
        }
        Ok(known)
    }
}

/// Puts words into the places of a text, in one pass: what is put in is never looked through again.
fn filled(text: &str, words: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, place) = rest.split_at(at);
        out.push_str(before);
        match words.iter().find(|(name, _)| place.starts_with(name)) {
            Some((name, word)) => {
                out.push_str(word);
                rest = &place[name.len()..];
            }
            None => {
                out.push('{');
                rest = &place[1..];
            }
        }
    }
    out + rest
}

/// An item as what an action is done to.
#[must_use]
pub fn target(known: &Known) -> Target {
    let item = &known.item;
    // Box finds by id alone; its path is for people.
    let path = item.etag.is_none().then(|| item.path.clone()).flatten();
    Target::Item(TargetItem {
        id: Arc::clone(&item.id),
        kind: item.kind,
        place: Arc::clone(&item.place),
        read_as: item.read_as.clone(),
        path,
    })
}

/// The owner of an item as what an action is done to; `None` when nobody is known.
#[must_use]
pub fn owner(known: &Known, people: &Directory) -> Option<TargetPerson> {
    let owner = known.item.owner.as_ref()?;
    let listed = owner.account.as_deref().and_then(|account| people.by_account(account));
    match listed.or_else(|| owner.login.as_deref().and_then(|login| people.by_login(login))) {
        Some(person) => Some(of(person)),
        None if owner.account.is_none() && owner.login.is_none() => None,
        None => Some(TargetPerson { id: None, account: owner.account.clone(), login: owner.login.clone() }),
    }
}

/// The person of an account or login of the company.
fn named(name: &str, people: &Directory) -> Option<TargetPerson> {
    people.by_account(name).or_else(|| people.by_login(name)).map(of)
}

fn of(person: &Person) -> TargetPerson {
    TargetPerson {
        id: (person.side == Side::Internal).then(|| Arc::clone(&person.id)),
        account: Some(Arc::clone(&person.account)),
        login: Some(Arc::clone(&person.login)),
    }
}

/// The member that a policy names: a login, or the name of a group.
fn member(name: &Arc<str>, people: &Directory) -> Result<Who, Unresolved> {
    if let Some(person) = people.by_login(name).or_else(|| people.by_account(name)) {
        let (account, login) = (Some(Arc::clone(&person.account)), Some(Arc::clone(&person.login)));
        return Ok(Who::Person { account, login, side: None });
    }
    let is_named = |group: &&crate::model::Group| group.name.to_lowercase() == name.to_lowercase() || group.id == *name;
    // Of several groups of one name the first by id: the same each time.
    if let Some(group) = people.groups().filter(is_named).min_by(|one, other| one.id.cmp(&other.id)) {
        return Ok(Who::Group { id: Arc::clone(&group.id), side: None });
    }
    if name.contains('@') {
        return Ok(Who::Person { account: None, login: Some(Arc::clone(name)), side: None });
    }
    Err(Unresolved::Blocked(Block::BadWish("the policy names somebody who is neither a login nor a group here".into())))
}

/// The id of an intent's n-th order, from 1.
#[must_use]
pub fn order_id(intent: &str, n: usize) -> Arc<str> {
    format!("{intent}-{n}").into()
}

/// The orders of planned actions on one target, the first one's number being `first` (from 1).
#[must_use]
pub fn orders(intent: &str, first: usize, on: &Target, planned: &[Planned]) -> Vec<Order> {
    let order = |(at, planned): (usize, &Planned)| Order {
        id: order_id(intent, first + at),
        on: planned.on.clone().unwrap_or_else(|| on.clone()),
        action: planned.action.clone(),
        version: planned.version.clone(),
        expects: planned.expects.clone(),
        begun: None,
        password: password_for(&planned.action),
    };
    planned.iter().enumerate().map(order).collect()
}

/// The password that an action needs.
///
/// It is drawn anew each time, set at the provider, and forgotten: nobody is told, nothing keeps it. So a public link is closed
/// until its owner gives it a password of the owner's own, or none; a link that has one keeps it.
#[must_use]
pub fn password_for(action: &Action) -> Option<Password> {
    if !matches!(action, Action::ProtectLinks) {
        return None;
    }
    let mut bytes = [0; PASSWORD_LEN];
    // Without random numbers there is no password, and the action is refused.
    getrandom::fill(&mut bytes).ok()?;
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefgh";
    let letters: String = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    // Providers want a capital letter, a digit, a sign.
    Some(Password::new(&format!("{letters}-A7")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Group, Role, Status};

    fn people() -> Directory {
        let mut people = Directory::new(["example.com".to_owned()]);
        for (id, login, side) in [("1", "ada@example.com", Side::Internal), ("2", "zoe@else.example", Side::External)] {
            let (id, login, name): (Arc<str>, _, _) = (id.into(), login.into(), "".into());
            people.add(Person {
                account: id.clone(),
                id,
                login,
                name,
                side,
                role: Role::Member,
                status: Status::Active,
            });
        }
        for (id, name) in [("g2", "Finance"), ("g1", "finance")] {
            people.add_group(Group { id: id.into(), name: name.into(), members: None });
        }
        people
    }

    #[test]
    fn a_member_is_a_login_a_group_or_a_stranger() {
        let person = |account: Option<&str>, login: &str| Who::Person {
            account: account.map(Arc::from),
            login: Some(login.into()),
            side: None,
        };
        for (name, who) in [
            ("Ada@example.com", Some(person(Some("1"), "ada@example.com"))),
            ("zoe@else.example", Some(person(Some("2"), "zoe@else.example"))),
            ("FINANCE", Some(Who::Group { id: "g1".into(), side: None })),
            ("g2", Some(Who::Group { id: "g2".into(), side: None })),
            ("who@else.example", Some(person(None, "who@else.example"))),
            ("nobody", None),
        ] {
            assert_eq!(member(&name.into(), &people()).ok(), who, "{name}");
        }
    }

    #[test]
    fn places_of_a_text_are_filled_once() {
        let words = [("{id}", "q1"), ("{name}", "{id}.txt"), ("{contact}", "")];
        for (text, expected) in [
            ("no place", "no place"),
            ("{id}{id} of {name}", "q1q1 of {id}.txt"),
            ("{contact}{unknown} {", "{unknown} {"),
            ("{{id}}", "{q1}"),
        ] {
            assert_eq!(filled(text, &words), expected, "{text}");
        }
    }

    #[test]
    fn a_password_is_drawn_for_what_needs_one_and_shows_itself_to_nobody() {
        assert!(password_for(&Action::RemoveLinks).is_none());
        let (one, other) = (password_for(&Action::ProtectLinks).unwrap(), password_for(&Action::ProtectLinks).unwrap());
        assert!(one != other && one.reveal().len() == PASSWORD_LEN + 3);
        assert_eq!(format!("{one:?}"), "(masked)");
    }

    #[test]
    fn orders_are_numbered_on() {
        let planned = |action| Planned { on: None, action, version: Some("v".into()), expects: None };
        let on = Target::Person(TargetPerson { id: None, account: None, login: None });
        let orders = orders("i", 3, &on, &[planned(Action::RemoveLinks), planned(Action::ProtectLinks)]);
        let ids: Vec<&str> = orders.iter().map(|order| &*order.id).collect();
        assert_eq!(ids, ["i-3", "i-4"]);
        assert_eq!(orders.iter().map(|order| order.password.is_some()).collect::<Vec<_>>(), [false, true]);
        assert_eq!(orders[0].version.as_deref(), Some("v"));
    }
}
