//! Acting: from an intent in the store to what the provider itself says was done.

mod drift;
mod kill;
mod line;
mod scene;
