//! Which lane is served next: live first, yet every lane has a share. Pure.
//!
//! Each lane that could be served earns its percentage with every lease, whoever gets that one; with a turn's price saved up it
//! is its turn. The price is a hundred, or the sum of the shares where that is more. When nobody's turn it is, the most urgent lane that has work is served, and pays from what it saved. So a lane
//! gets at least its share while it has work, saves nothing while it has none, and what nobody claims is the most urgent's.

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

/// The price of a turn, in saved percent, unless the shares add up to more.
const TURN: u32 = 100;

/// What the lanes have saved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    saved: [u32; 4],
}

impl Served {
    /// The lane that gets the next lease, among those that `can` be served (by [`Lane::index`]); `None` when none can.
    pub fn next(&mut self, shares: &Shares, can: [bool; 4]) -> Option<Lane> {
        let open = || Lane::ALL.into_iter().filter(|lane| can[lane.index()]);
        let turn = shares.percent.into_iter().map(u32::from).sum::<u32>().max(TURN);
        for lane in open() {
            // What all save together is at most a turn a lease, so nobody's savings grow without bound.
            self.saved[lane.index()] += u32::from(shares.percent[lane.index()]);
        }
        // The first of equals is the most urgent one.
        let due = open().rev().filter(|lane| self.saved[lane.index()] >= turn).max_by_key(|l| self.saved[l.index()]);
        let lane = due.or_else(|| open().next())?;
        let saved = &mut self.saved[lane.index()];
        *saved = saved.saturating_sub(turn);
        Some(lane)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Leases by lane out of so many, when these lanes always have work.
    fn counts(shares: Shares, can: [bool; 4], leases: u32) -> [u32; 4] {
        let mut served = Served::default();
        let mut counts = [0; 4];
        for _ in 0..leases {
            if let Some(lane) = served.next(&shares, can) {
                counts[lane.index()] += 1;
            }
        }
        counts
    }

    #[test]
    fn live_goes_first_and_every_lane_has_its_share() {
        let usual = Shares::default();
        let all = |percent| Shares { percent };
        for (what, shares, can, expected) in [
            ("nothing waits", usual, [false; 4], [0, 0, 0, 0]),
            ("live alone", usual, [true, false, false, false], [1_000, 0, 0, 0]),
            ("backlog alone", usual, [false, false, true, false], [0, 0, 1_000, 0]),
            ("live and backlog", usual, [true, false, true, false], [900, 0, 100, 0]),
            ("asked and backlog", usual, [false, true, true, false], [0, 900, 100, 0]),
            ("all", usual, [true; 4], [750, 100, 100, 50]),
            ("no shares: strict", all([0; 4]), [true; 4], [1_000, 0, 0, 0]),
            ("shares beyond a hundred: in proportion", all([100; 4]), [true; 4], [250, 250, 250, 250]),
            ("the backlog first", all([0, 0, 100, 0]), [true, false, true, false], [0, 0, 1_000, 0]),
        ] {
            let got = counts(shares, can, 1_000);
            let near = got.iter().zip(expected).all(|(got, expected): (&u32, u32)| got.abs_diff(expected) <= 10);
            assert!(near, "{what}: expected {expected:?}, got {got:?}");
        }
    }

    #[test]
    fn a_share_holds_in_every_window_and_is_not_saved_up() {
        let (shares, mut served) = (Shares::default(), Served::default());
        // Backlog and recheck have nothing for long, then they do: no flood of theirs follows.
        for _ in 0..10_000 {
            assert_eq!(served.next(&shares, [true, false, false, false]), Some(Lane::Live));
        }
        let given: Vec<Lane> = (0..1_000).filter_map(|_| served.next(&shares, [true; 4])).collect();
        for window in given.windows(100) {
            for lane in Lane::ALL {
                let got = window.iter().filter(|given| **given == lane).count();
                let share = usize::from(shares.percent[lane.index()]);
                assert!(got + 2 >= share, "{lane}: {got} of 100, its share is {share}");
                assert!(lane == Lane::Live || got <= share + 2, "{lane}: {got} of 100, its share is {share}");
            }
        }
    }
}
