//! The words of governance that rooms share: how grave, in which mode, for what cause, in which state.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How grave a policy's matches are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For the record.
    Low,
    /// To be looked at.
    Medium,
    /// To be dealt with today.
    High,
    /// To be dealt with now.
    Critical,
}

impl Severity {
    /// All, the least first.
    pub const ALL: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

    /// The name files and reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// What a policy may do by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nothing, not even be asked.
    Off,
    /// Its matches are recorded and alerted.
    Watch,
    /// Plans are made of its matches; nothing is done.
    #[default]
    Plan,
    /// What it asks for is done, once its hash was approved.
    Enforce,
}

impl Mode {
    /// All.
    pub const ALL: [Mode; 4] = [Mode::Off, Mode::Watch, Mode::Plan, Mode::Enforce];

    /// The name files and reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mode::Off => "off",
            Mode::Watch => "watch",
            Mode::Plan => "plan",
            Mode::Enforce => "enforce",
        }
    }
}

/// Why something is done at a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Somebody takes something out of quarantine. Before everything else.
    Restore,
    /// Somebody undoes what was done.
    Undo,
    /// A plan is applied.
    Plan,
    /// A policy in force asks for it.
    Policy,
}

impl Cause {
    /// All, whose turn comes first before the others.
    pub const ALL: [Cause; 4] = [Cause::Restore, Cause::Undo, Cause::Plan, Cause::Policy];

    /// The name logs and reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Cause::Restore => "restore",
            Cause::Undo => "undo",
            Cause::Plan => "plan",
            Cause::Policy => "policy",
        }
    }
}

/// Where an intent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentState {
    /// It may be begun once it is due.
    Waits,
    /// A breaker holds it back until somebody releases it.
    Held,
    /// Something may have been done; it goes on until it is known what.
    Begun,
    /// It ended; its outcome says how.
    Ended,
    /// It could not be found out what was done, or it failed too often: a person must look.
    Parked,
    /// It was not wanted any more before it began.
    Cancelled,
}

impl IntentState {
    /// All.
    pub const ALL: [IntentState; 6] = [
        IntentState::Waits,
        IntentState::Held,
        IntentState::Begun,
        IntentState::Ended,
        IntentState::Parked,
        IntentState::Cancelled,
    ];

    /// The name logs and reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            IntentState::Waits => "waits",
            IntentState::Held => "held",
            IntentState::Begun => "begun",
            IntentState::Ended => "ended",
            IntentState::Parked => "parked",
            IntentState::Cancelled => "cancelled",
        }
    }

    /// True while it may still be acted on.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, IntentState::Waits | IntentState::Held | IntentState::Begun | IntentState::Parked)
    }
}

macro_rules! named {
    ($($kind:ty),*) => {$(
        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl std::str::FromStr for $kind {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                Self::ALL.into_iter().find(|one| one.name() == text).ok_or(())
            }
        }
    )*};
}

named!(Severity, Mode, Cause, IntentState);

macro_rules! numbered {
    ($($(#[$doc:meta])* $kind:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $kind(pub i64);

        impl fmt::Display for $kind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

numbered!(
    /// The store's number of an intent.
    IntentNumber,
    /// The store's number of a plan.
    PlanNumber,
    /// The store's number of an alert.
    AlertNumber,
    /// The store's number of an exception.
    ExceptionNumber
);
