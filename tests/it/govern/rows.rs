//! The rows of the table of actions, by what they change.

mod links;

use super::row::Row;

/// All of them.
pub(super) fn all() -> Vec<Row> {
    links::rows()
}
