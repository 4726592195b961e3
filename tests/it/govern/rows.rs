//! The rows of the table of actions, by what they change.

mod lacking;
mod links;
mod marks;
mod members;
mod people;
mod places;

use super::row::Row;
use sluicebox::model::Provider;

const BOX: &[Provider] = &[Provider::Box];
const DROPBOX: &[Provider] = &[Provider::Dropbox];

/// All of them.
pub(super) fn all() -> Vec<Row> {
    [links::rows(), members::rows(), places::rows(), marks::rows(), people::rows(), lacking::rows()].concat()
}
