//! Dropbox: one team, read with the authority of its admin.
//!
//! Everything the team can reach is listed namespace by namespace with Select-Admin and Path-Root; contents of a member's
//! home are read as that member, so that downloads share out over many limits. `route` is the table of what is called and
//! how, `call` makes the calls, `judge` says what answers mean, `team` remembers what several calls need.
//! Source: the Stone specification of the API v2 and the team guides.

pub mod auth;
mod call;
mod content;
mod feed;
mod govern;
pub mod hook;
mod judge;
mod list;
mod look;
mod people;
mod probe;
mod route;
mod sharing;
mod team;
mod wire;

use super::govern::Patience;
use super::http::Http;
use super::settings::DropboxSettings;
use super::{
    Body, Capability, Changes, Delivered, Delivery, Error, FeedCursor, FoundLink, Glance, History, Page, PeoplePage,
    Secret, Settings, Shared, Source, Walk, Walks, Wanted, Watched,
};
use crate::clock::Moment;
use crate::model::{Directory, Item, Person, Provider, Sharing};
use auth::Tokens;
use call::Desk;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use team::Team;
use url::Url;

/// One Dropbox tenant.
#[derive(Debug)]
pub struct Tenant {
    team: Arc<Team>,
    hosts: Vec<String>,
    polls: feed::Polls,
    /// What notices are signed with.
    app_secret: Option<Secret>,
    /// True when the team may have legal holds.
    holds: bool,
    /// The template that labels are kept in, once known.
    label_template: Mutex<Option<Arc<str>>>,
    /// How long the effect of an action's call is waited for.
    patience: Patience,
}

impl Tenant {
    /// The tenant of these settings; no call is made yet, and the vault is not read.
    ///
    /// # Errors
    /// None at present: what cannot be used is told by the first call.
    pub fn open(settings: &Settings, cloud: &DropboxSettings, http: Arc<Http>) -> Result<Self, Error> {
        let tokens = Tokens::new(settings, cloud, Arc::clone(&http));
        let desk = Desk::new(http, tokens, settings.name.to_string(), cloud);
        let team = Arc::new(Team::new(desk, cloud.admin.as_deref(), settings.trash));
        Ok(Self {
            team,
            hosts: hosts(cloud),
            polls: feed::Polls::default(),
            app_secret: cloud.app_secret.clone(),
            holds: settings.holds,
            label_template: Mutex::default(),
            patience: settings.patience,
        })
    }
}

/// The hosts of all addresses that are called, each once. (The page where an admin consents is opened by a browser.)
fn hosts(cloud: &DropboxSettings) -> Vec<String> {
    let all = [&cloud.api, &cloud.content, &cloud.notify, &cloud.token];
    all.into_iter().filter_map(host).collect::<BTreeSet<_>>().into_iter().collect()
}

/// A host with its port where that is not the scheme's own.
fn host(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    Some(url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")))
}

impl Source for Tenant {
    fn provider(&self) -> Provider {
        Provider::Dropbox
    }

    fn probe(&self) -> Vec<Capability> {
        probe::probe(&self.team, self.holds)
    }

    fn people(&self, sink: &mut dyn FnMut(PeoplePage) -> Result<(), Error>) -> Result<(), Error> {
        people::list(&self.team.desk, &mut |page| {
            self.team.remember(&page.people);
            sink(page)
        })
    }

    fn feed_now(&self) -> Result<Vec<FeedCursor>, Error> {
        feed::now(&self.team)
    }

    fn walks(&self, people: &Directory) -> Result<Walks, Error> {
        self.team.remember(people.people());
        list::walks(&self.team)
    }

    fn page(&self, walk: &Walk, people: &Directory) -> Result<Page, Error> {
        list::page(&self.team, walk, people)
    }

    fn members(&self, of: &[Shared], _people: &Directory) -> Result<Vec<Sharing>, Error> {
        sharing::members(&self.team, of)
    }

    fn links(&self, of: &Person, sink: &mut dyn FnMut(Vec<FoundLink>) -> Result<(), Error>) -> Result<(), Error> {
        sharing::links(&self.team, of, sink)
    }

    fn open(&self, wanted: &Wanted) -> Result<Body, Error> {
        content::open(&self.team, wanted)
    }

    fn changes(&self, cursor: &FeedCursor, patience: Duration) -> Result<Changes, Error> {
        feed::changes(&self.team, cursor, patience)
    }

    fn history(&self, from: Moment, to: Moment, at: Option<&str>) -> Result<History, Error> {
        feed::history(&self.team, from, to, at)
    }

    fn history_settles(&self) -> Duration {
        feed::LOG_SETTLES
    }

    fn look(&self, at: &Glance, people: &Directory) -> Result<Item, Error> {
        look::look(&self.team, at, people)
    }

    fn watch(&self, cursors: &[FeedCursor], patience: Duration) -> Vec<Watched> {
        self.polls.watch(&self.team, cursors, patience)
    }

    fn delivery(&self, delivery: &Delivery<'_>) -> Delivered {
        hook::delivered(self.app_secret.as_ref(), delivery, |member| self.team.account_of(member))
    }

    /// The address is set by hand in the application's console.
    fn repair_hooks(&self, _people: &Directory, _address: &Url) -> Result<u64, Error> {
        Ok(0)
    }

    fn hosts(&self) -> Vec<String> {
        self.hosts.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_with_a_port_of_its_own_only() {
        for (url, named) in [
            ("https://api.dropboxapi.com/2/", "api.dropboxapi.com"),
            ("http://127.0.0.1:8081/2/", "127.0.0.1:8081"),
            ("https://example.com:443/", "example.com"),
        ] {
            assert_eq!(host(&Url::parse(url).expect("an address")).as_deref(), Some(named));
        }
    }
}
