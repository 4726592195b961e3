//! Box: one enterprise, read in the name of each of its users.
//!
//! The application's service account (or an admin who consented) asks; nearly every call carries `as-user`, so that what a
//! user owns is read as that user reads it. [`Tenant`] holds what calls share; what each asks and how it reads the answer
//! lies in the file named for it. No client is generated from Box's published document: it is wrong in places (`wire`).

mod api;
pub mod auth;
mod content;
mod feed;
mod govern;
pub mod hook;
mod judge;
mod list;
mod look;
mod people;
mod probe;
mod sharing;
mod wire;

use super::govern::Patience;
use super::http::{Credentials, Http};
use super::settings::{BoxSettings, HookKeys};
use super::{
    Body, Capability, Changes, Delivered, Delivery, Error, FeedCursor, FoundLink, Glance, History, Page, PeoplePage,
    Settings, Shared, Source, Walk, Walks, Wanted, Watched,
};
use crate::clock::Moment;
use crate::model::{Directory, Item, Person, Provider, Sharing};
use api::Api;
use auth::Tokens;
use people::Me;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use url::Url;

/// One Box enterprise.
#[derive(Debug)]
pub struct Tenant {
    api: Arc<Api>,
    tokens: Arc<Tokens>,
    /// Hosts signed download addresses may name.
    download_hosts: Arc<[String]>,
    /// True when trash is walked too.
    trash: bool,
    /// Whose the token is, once asked.
    me: Mutex<Option<Arc<Me>>>,
    /// Bytes all managed users together use, once told.
    used: Mutex<Option<u64>>,
    /// Events that were handed out.
    seen: Mutex<feed::Seen>,
    /// What webhooks are signed with.
    hook_keys: HookKeys,
    /// Deliveries of webhooks that came.
    delivered: Mutex<hook::Seen>,
    /// True when the company may have legal holds or retention.
    holds: bool,
    /// How long the effect of an action's call is waited for.
    patience: Patience,
    /// What actions ask once and keep for a while.
    kept: govern::Kept,
}

impl Tenant {
    /// The tenant of these settings; no call is made yet.
    ///
    /// # Errors
    /// When the key file of the settings cannot be used.
    pub fn open(settings: &Settings, cloud: &BoxSettings, http: Arc<Http>) -> Result<Self, Error> {
        let tokens = Arc::new(Tokens::open(settings, cloud, Arc::clone(&http))?);
        Ok(Self {
            api: Arc::new(Api::of(
                http,
                cloud.api.clone(),
                cloud.upload.clone(),
                Arc::clone(&tokens) as Arc<dyn Credentials>,
            )),
            tokens,
            download_hosts: cloud.download_hosts.clone().into(),
            trash: settings.trash,
            me: Mutex::default(),
            used: Mutex::default(),
            seen: Mutex::default(),
            hook_keys: cloud.hook_keys.clone(),
            delivered: Mutex::default(),
            holds: settings.holds,
            patience: settings.patience,
            kept: govern::Kept::default(),
        })
    }

    /// The account in whose name this tenant writes and downloads: events of its own deeds carry it as their actor.
    ///
    /// # Errors
    /// When Box does not say whose the token is.
    pub fn own_account(&self) -> Result<Arc<str>, Error> {
        self.me().map(|me| Arc::clone(&me.id))
    }
}

impl Source for Tenant {
    fn provider(&self) -> Provider {
        Provider::Box
    }

    fn probe(&self) -> Vec<Capability> {
        self.capabilities()
    }

    fn people(&self, sink: &mut dyn FnMut(PeoplePage) -> Result<(), Error>) -> Result<(), Error> {
        self.everybody(sink)
    }

    fn feed_now(&self) -> Result<Vec<FeedCursor>, Error> {
        self.end_of_feed().map(|cursor| vec![cursor])
    }

    fn walks(&self, people: &Directory) -> Result<Walks, Error> {
        self.begin(people)
    }

    fn page(&self, walk: &Walk, people: &Directory) -> Result<Page, Error> {
        self.listed(walk, people)
    }

    fn members(&self, of: &[Shared], _people: &Directory) -> Result<Vec<Sharing>, Error> {
        of.iter().map(|shared| self.sharing_of(shared)).collect()
    }

    fn links(&self, _of: &Person, _sink: &mut dyn FnMut(Vec<FoundLink>) -> Result<(), Error>) -> Result<(), Error> {
        Ok(())
    }

    fn open(&self, wanted: &Wanted) -> Result<Body, Error> {
        self.content(wanted)
    }

    fn changes(&self, cursor: &FeedCursor, patience: Duration) -> Result<Changes, Error> {
        self.since(cursor, patience)
    }

    fn history(&self, from: Moment, to: Moment, at: Option<&str>) -> Result<History, Error> {
        self.past(from, to, at)
    }

    fn history_settles(&self) -> Duration {
        feed::LOG_SETTLES
    }

    fn look(&self, at: &Glance, people: &Directory) -> Result<Item, Error> {
        self.looked_at(at, people)
    }

    /// The stream of events cannot wait: it is read when its turn comes.
    fn watch(&self, cursors: &[FeedCursor], _patience: Duration) -> Vec<Watched> {
        (0..cursors.len()).map(|at| Watched { at, changed: Ok(true), wait: None }).collect()
    }

    fn delivery(&self, delivery: &Delivery<'_>) -> Delivered {
        self.delivered(delivery)
    }

    fn repair_hooks(&self, people: &Directory, address: &Url) -> Result<u64, Error> {
        let hook::Repair { made, mended, .. } = Tenant::repair_hooks(self, people, address)?;
        Ok(made + mended)
    }

    fn hosts(&self) -> Vec<String> {
        self.api.http.hosts()
    }
}
