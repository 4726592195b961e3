//! `Rules` in SQLite.

#![allow(unused_imports, reason = "filled in the next commits")]

use super::Sqlite;
use crate::clock::Moment;
use crate::store::Error;
use crate::store::rules::{DetectorKept, Rules, RulesNumber};
use std::sync::Arc;

impl Rules for Sqlite {
    fn rules_number(&self, _detectors: &[DetectorKept]) -> Result<RulesNumber, Error> {
        todo!()
    }

    fn detectors(&self, _rules: RulesNumber) -> Result<Vec<DetectorKept>, Error> {
        todo!()
    }

    fn rules_in_force(&self) -> Result<Option<(RulesNumber, Moment)>, Error> {
        todo!()
    }

    fn put_in_force(&self, _rules: RulesNumber) -> Result<(), Error> {
        todo!()
    }
}
