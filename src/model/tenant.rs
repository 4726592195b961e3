//! Whose files they are: providers, connectors, and the people and groups of a company.

use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A cloud that sluicebox reads and governs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// Box.
    Box,
    /// Dropbox.
    Dropbox,
}

impl Provider {
    /// All of them, in the order reports use.
    pub const ALL: [Provider; 2] = [Provider::Box, Provider::Dropbox];

    /// The name settings, flags and reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Provider::Box => "box",
            Provider::Dropbox => "dropbox",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name of one connected tenant: 1 to 32 of `a-z`, `0-9` and `-`, beginning with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectorName(Arc<str>);

impl ConnectorName {
    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ConnectorName {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fits = text.len() <= 32
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if fits {
            Ok(Self(text.into()))
        } else {
            Err("a connector's name is 1 to 32 of a-z, 0-9 and -, beginning with a letter (main, box-emea)")
        }
    }
}

impl fmt::Display for ConnectorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who a call acts as, and therefore whose limit it uses up: a person, or the company as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Principal {
    /// The token itself: Box's service account, Dropbox's team routes.
    Tenant,
    /// A person by the provider's id: Box user id (as-user), Dropbox team member id (Select-User).
    Person(Arc<str>),
    /// An administrator by id who reads what the team can reach (Dropbox Select-Admin).
    Admin(Arc<str>),
}

impl Principal {
    /// The person's id, if it is one.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        match self {
            Principal::Tenant => None,
            Principal::Person(id) | Principal::Admin(id) => Some(id),
        }
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Principal::Tenant => f.write_str("tenant"),
            Principal::Person(id) => write!(f, "person {id}"),
            Principal::Admin(id) => write!(f, "admin {id}"),
        }
    }
}

/// What a person may do at the provider as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The administrator of everything.
    Admin,
    /// An administrator of some things.
    CoAdmin,
    /// A member.
    Member,
    /// The service account of our own application.
    Service,
}

/// Whether a person can act at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// At work.
    Active,
    /// Cannot sign in (Box inactive, Dropbox suspended): nothing can be read in that person's name.
    Inactive,
    /// Invited and not yet here (Dropbox); suspending such a member would delete it.
    Invited,
    /// No longer a member.
    Removed,
}

/// Inside the company or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// A managed user or member of the company.
    Internal,
    /// Everyone else with a name.
    External,
}

/// One person, as the provider tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id calls in that person's name need (Box user id, Dropbox `team_member_id`).
    pub id: Arc<str>,
    /// The id under which members of shares name the person (Dropbox `account_id`); on Box the same as `id`.
    pub account: Arc<str>,
    /// Login or mail address.
    pub login: Arc<str>,
    /// Name as shown; empty when unknown.
    pub name: Arc<str>,
    /// Inside or outside.
    pub side: Side,
    /// Rank.
    pub role: Role,
    /// Whether the person can act.
    pub status: Status,
}

/// A group with its members.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Group {
    /// The provider's id.
    pub id: Arc<str>,
    /// Name as shown.
    pub name: Arc<str>,
    /// Accounts ([`Person::account`]) of the members; `None` when the list could not be read.
    pub members: Option<Vec<Arc<str>>>,
}

/// Everybody the company knows of: what tells inside from outside.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    people: Vec<Person>,
    by_account: HashMap<Arc<str>, usize>,
    by_login: HashMap<String, usize>,
    groups: HashMap<Arc<str>, Group>,
    domains: HashSet<String>,
}

impl Directory {
    /// A directory that counts addresses of `domains` as internal, beside the managed people themselves.
    #[must_use]
    pub fn new(domains: impl IntoIterator<Item = String>) -> Self {
        Self { domains: domains.into_iter().map(|domain| domain.to_lowercase()).collect(), ..Self::default() }
    }

    /// Counts addresses of that domain as internal from now on.
    pub fn add_domain(&mut self, domain: &str) {
        self.domains.insert(domain.to_lowercase());
    }

    /// Adds a person; one with the same id replaces the earlier.
    pub fn add(&mut self, person: Person) {
        let at = self.by_account.get(&person.account).copied().unwrap_or(self.people.len());
        self.by_account.insert(Arc::clone(&person.account), at);
        self.by_login.insert(person.login.to_lowercase(), at);
        match self.people.get_mut(at) {
            Some(known) => *known = person,
            None => self.people.push(person),
        }
    }

    /// Adds a group; one with the same id replaces the earlier.
    pub fn add_group(&mut self, group: Group) {
        self.groups.insert(Arc::clone(&group.id), group);
    }

    /// Everybody, in the order of the provider's list.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// All groups, in no order.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// The group of that id.
    #[must_use]
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.get(id)
    }

    /// Domains that count as internal, in lower case.
    #[must_use]
    pub fn domains(&self) -> &HashSet<String> {
        &self.domains
    }

    /// The person of that account.
    #[must_use]
    pub fn by_account(&self, account: &str) -> Option<&Person> {
        self.by_account.get(account).and_then(|at| self.people.get(*at))
    }

    /// The person of that login, upper and lower case alike.
    #[must_use]
    pub fn by_login(&self, login: &str) -> Option<&Person> {
        self.by_login.get(&login.to_lowercase()).and_then(|at| self.people.get(*at))
    }

    /// Inside or outside: by the list of people, else by the domain of the address.
    #[must_use]
    pub fn side_of(&self, account: Option<&str>, login: Option<&str>) -> Side {
        let known = account.and_then(|id| self.by_account(id)).or_else(|| login.and_then(|login| self.by_login(login)));
        if let Some(person) = known {
            return person.side;
        }
        let domain = login.and_then(|login| login.rsplit_once('@')).map(|(_, domain)| domain.to_lowercase());
        match domain {
            Some(domain) if self.domains.contains(&domain) => Side::Internal,
            _ => Side::External,
        }
    }
}
