//! The table of providers: settings in, source out.

use super::govern::Governor;
use super::http::Http;
use super::settings::Cloud;
use super::{Error, Settings, Source, boxcom, dropbox};
use std::sync::Arc;

/// The source that reads the tenant of these settings, over this client (see [`Http::of`]). No call is made yet.
///
/// # Errors
/// When a file that the settings name (key file, vault, authority) cannot be used.
pub fn open(settings: &Settings, http: Arc<Http>) -> Result<Box<dyn Source>, Error> {
    match &settings.cloud {
        Cloud::Box(cloud) => Ok(Box::new(boxcom::Tenant::open(settings, cloud, http)?)),
        Cloud::Dropbox(cloud) => Ok(Box::new(dropbox::Tenant::open(settings, cloud, http)?)),
    }
}

/// The governor that acts in the tenant of these settings, over this client. No call is made yet. (It shares nothing with the
/// source of [`open`] but the client and the vault's lock.)
///
/// # Errors
/// As [`open`].
pub fn governor(settings: &Settings, http: Arc<Http>) -> Result<Box<dyn Governor>, Error> {
    match &settings.cloud {
        Cloud::Box(cloud) => Ok(Box::new(boxcom::Tenant::open(settings, cloud, http)?)),
        Cloud::Dropbox(cloud) => Ok(Box::new(dropbox::Tenant::open(settings, cloud, http)?)),
    }
}
