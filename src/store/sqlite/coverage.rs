//! `Coverages` in SQLite.

#![allow(unused_imports, reason = "filled in the next commits")]

use super::Sqlite;
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Coverage, Level, WhyUnwalked};
use crate::store::Error;
use crate::store::coverage::{CoverageRow, Coverages, DetectorRow, ExposureRow, HoleRow};
use std::sync::Arc;

impl Coverages for Sqlite {
    fn coverage(&self, _as_of: Option<Moment>) -> Result<Vec<CoverageRow>, Error> {
        todo!()
    }

    fn holes(&self, _as_of: Option<Moment>) -> Result<Vec<HoleRow>, Error> {
        todo!()
    }

    fn exposures(&self) -> Result<Vec<ExposureRow>, Error> {
        todo!()
    }

    fn by_detector(&self) -> Result<Vec<DetectorRow>, Error> {
        todo!()
    }
}
