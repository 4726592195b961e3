//! Quarantine from end to end: from an intent in the store to what the tenant itself shows, and back.

mod adopt;
mod back;
mod home;
mod look;
mod scene;
mod stays;
mod trash;
