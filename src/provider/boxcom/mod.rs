//! Box: see the public reference of its API.

use super::http::Http;
use super::settings::BoxSettings;
use super::{
    Body, Capability, Changes, Error, FeedCursor, FoundLink, History, Page, PeoplePage, Settings, Shared, Source, Walk,
    Walks, Wanted,
};
use crate::clock::Moment;
use crate::model::{Directory, Person, Provider, Sharing};
use std::sync::Arc;
use std::time::Duration;

/// One Box tenant.
#[derive(Debug)]
pub struct Tenant {
    http: Arc<Http>,
}

impl Tenant {
    /// The tenant of these settings; no call is made yet.
    ///
    /// # Errors
    /// When a file that the settings name cannot be used.
    pub fn open(_settings: &Settings, _cloud: &BoxSettings, http: Arc<Http>) -> Result<Self, Error> {
        Ok(Self { http })
    }
}

impl Source for Tenant {
    fn provider(&self) -> Provider {
        let _ = &self.http;
        Provider::Box
    }

    fn probe(&self) -> Vec<Capability> {
        todo!()
    }

    fn people(&self, _sink: &mut dyn FnMut(PeoplePage) -> Result<(), Error>) -> Result<(), Error> {
        todo!()
    }

    fn feed_now(&self) -> Result<Vec<FeedCursor>, Error> {
        todo!()
    }

    fn walks(&self, _people: &Directory) -> Result<Walks, Error> {
        todo!()
    }

    fn page(&self, _walk: &Walk, _people: &Directory) -> Result<Page, Error> {
        todo!()
    }

    fn members(&self, _of: &[Shared], _people: &Directory) -> Result<Vec<Sharing>, Error> {
        todo!()
    }

    fn links(&self, _of: &Person, _sink: &mut dyn FnMut(Vec<FoundLink>) -> Result<(), Error>) -> Result<(), Error> {
        todo!()
    }

    fn open(&self, _wanted: &Wanted) -> Result<Body, Error> {
        todo!()
    }

    fn changes(&self, _cursor: &FeedCursor, _patience: Duration) -> Result<Changes, Error> {
        todo!()
    }

    fn history(&self, _from: Moment, _to: Moment, _at: Option<&str>) -> Result<History, Error> {
        todo!()
    }

    fn hosts(&self) -> Vec<String> {
        todo!()
    }
}
