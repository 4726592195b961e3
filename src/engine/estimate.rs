//! How much there is and how long it takes: before the first content byte, and while a pass runs.

mod forecast;

pub use forecast::{Allotment, Between, Done, Left, Meter, Rate, Remaining};
