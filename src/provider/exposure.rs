//! How far an item is open: own and inherited facts in, level and reasons out. A pure function.

use crate::clock::Moment;
use crate::model::{Directory, Exposure, Sharing};
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
#[must_use]
pub fn exposure(_id: &Arc<str>, _own: &Sharing, _above: &[Above], _people: &Directory, _at: Moment) -> Exposure {
    todo!()
}
