//! People and groups of a tenant, and which items' exposure rests on them.

use super::Error;
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Directory, ItemNumber, Person};
use std::sync::Arc;

/// A whole list of people, as one reading of the provider's list told it.
#[derive(Clone, Debug, Default)]
pub struct PeopleTaken {
    /// Everybody and every group, with the domains that count as internal.
    pub directory: Directory,
}

/// What a new list of people changed, newcomers included: whoever was a stranger by address may be one of the company now. The
/// first list of all changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeopleChanges {
    /// New people.
    pub new: u64,
    /// Accounts whose side or status changed, leavers included.
    pub people: Vec<Arc<str>>,
    /// Logins of the same.
    pub logins: Vec<Arc<str>>,
    /// Groups whose members changed, new and deleted ones included.
    pub groups: Vec<Arc<str>>,
    /// Domains that became or ceased to be internal, in lower case.
    pub domains: Vec<Arc<str>>,
}

impl PeopleChanges {
    /// True when nothing's exposure can have changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty() && self.logins.is_empty() && self.groups.is_empty() && self.domains.is_empty()
    }
}

/// What an item's own sharing rests on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Dependence {
    /// A person by account.
    Account(Arc<str>),
    /// A person or invited address by login, in lower case.
    Login(Arc<str>),
    /// A group.
    Group(Arc<str>),
    /// Anybody with an address at this domain, in lower case.
    Domain(Arc<str>),
}

/// People.
pub trait People {
    /// Keeps a whole list; who is missing from it has left (status removed, kept for the past). One transaction.
    ///
    /// # Errors
    /// When it could not be written.
    fn keep_people(&self, of: ConnectorNumber, taken: &PeopleTaken) -> Result<PeopleChanges, Error>;

    /// Everybody as last kept, leavers included; `None` when never kept.
    ///
    /// # Errors
    /// When it could not be read.
    fn directory(&self, of: ConnectorNumber) -> Result<Option<Directory>, Error>;

    /// When the list was last kept.
    ///
    /// # Errors
    /// When it could not be read.
    fn people_as_of(&self, of: ConnectorNumber) -> Result<Option<Moment>, Error>;

    /// Active managed people whose links were never told, or must be told again (Dropbox), at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn links_wanted(&self, of: ConnectorNumber, max: usize) -> Result<Vec<Person>, Error>;

    /// A person's links must be told again.
    ///
    /// # Errors
    /// When it could not be written.
    fn want_links(&self, of: ConnectorNumber, account: &str) -> Result<(), Error>;

    /// Items whose own sharing rests on this, in order of their numbers, those after `after`, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn dependants(
        &self,
        of: ConnectorNumber,
        on: &Dependence,
        after: Option<ItemNumber>,
        max: usize,
    ) -> Result<Vec<ItemNumber>, Error>;
}
