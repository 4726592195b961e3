//! Acting: from an intent in the store to what the provider itself says was done.

mod line;
mod scene;
