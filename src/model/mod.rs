//! The words every floor of the house speaks: plain data, no I/O, no policy.
//!
//! A type lives here when two rooms of the middle floor need it; otherwise it lives where it is born. Nothing in this
//! room can hold a matched value: a [`Finding`] carries a [`Mask`], a [`Token`] and an [`Excerpt`] only.

pub mod action;
pub mod activity;
pub mod coverage;
pub mod covered;
pub mod finding;
pub mod governance;
pub mod grounds;
pub mod item;
pub mod job;
pub mod listing;
pub mod location;
pub mod sharing;
pub mod tenant;
pub mod verdict;

pub use action::{Action, Order, Outcome, Receipt};
pub use activity::{Activity, ActivityKind, Actor, Subject};
pub use coverage::{Coverage, Limit, Reason};
pub use covered::{Excerpt, Mask, Plainness, Token};
pub use finding::{Confidence, Evidence, Finding, OwnText};
pub use governance::{AlertNumber, Cause, ExceptionNumber, IntentNumber, IntentState, Mode, PlanNumber, Severity};
pub use grounds::Grounds;
pub use item::{ContentHash, Download, Item, ItemKind, Owner};
pub use job::{ConnectorNumber, ItemNumber, Lane, Lease, Todo};
pub use listing::{FeedCursor, FoundLink, GonePath, Onward, Page, Taken, Unwalked, Walk, Walks, WhyUnwalked};
pub use location::{Locator, Place};
pub use sharing::{Audience, Because, Exposure, ExposureReason, Level, Link, Member, Members, Sharing, Who};
pub use tenant::{ConnectorName, Directory, Group, Person, Principal, Provider, Role, Side, Status};
pub use verdict::{Hole, Verdict};
