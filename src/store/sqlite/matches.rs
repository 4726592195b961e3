//! `Matches` in SQLite.

#![allow(unused_variables, reason = "being written")]

use super::{Desk, Failed, Sqlite};
use crate::model::{ItemNumber, Level};
use crate::store::Error;
use crate::store::intents::Voter;
use crate::store::matches::{Match, MatchCount, Matches, Ruled, Ruling};
use std::sync::Arc;

impl Matches for Sqlite {
    fn rule(&self, rulings: &[Ruling]) -> Result<Ruled, Error> {
        todo!()
    }

    fn matches(&self, item: ItemNumber) -> Result<Vec<Match>, Error> {
        todo!()
    }

    fn matched(&self, policy: &str, after: Option<ItemNumber>, max: usize) -> Result<Vec<Match>, Error> {
        todo!()
    }

    fn match_counts(&self) -> Result<Vec<MatchCount>, Error> {
        todo!()
    }

    fn end_matches_but(&self, policies: &[Arc<str>]) -> Result<u64, Error> {
        todo!()
    }
}

/// Keeps one ruling; part of [`Matches::rule`] and of settlements.
pub(super) fn rule_in(desk: &Desk<'_>, ruling: &Ruling) -> Result<Ruled, Failed> {
    todo!()
}

/// An intent of these voters was closed: how far the item is open after it.
pub(super) fn acted_in(
    desk: &Desk<'_>,
    item: ItemNumber,
    voters: &[Voter],
    level: Option<Level>,
) -> Result<(), Failed> {
    todo!()
}
