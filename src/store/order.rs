//! Which lane is served next: live first, yet every lane has a share. Pure.

use crate::model::Lane;

/// The share of leases over time that each lane can count on when it has work, in percent. What nobody else needs goes to the
/// most urgent lane that has work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// By [`Lane::index`].
    pub percent: [u8; 4],
}

impl Default for Shares {
    fn default() -> Self {
        // The sum is below 100: the rest is live's when it has work.
        let mut percent = [0; 4];
        percent[Lane::Live.index()] = 50;
        percent[Lane::Asked.index()] = 10;
        percent[Lane::Backlog.index()] = 10;
        percent[Lane::Recheck.index()] = 5;
        Self { percent }
    }
}
