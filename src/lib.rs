//! sluicebox watches over files in Box and Dropbox: it finds sensitive content inside real documents and says how much of
//! each it could read.
//!
//! The path of a file's bytes: [`content`] opens it, [`extract`] turns documents into text, [`detect`] turns text into
//! findings by the rules that [`rule`] compiled from [`source`] files, [`inspect`] joins the two into a verdict, [`engine`] moves many files
//! through that at once, and [`report`] tells people. [`lab`] is for those who write rules.

pub mod backoff;
pub mod cli;
pub mod clock;
pub mod console;
pub mod content;
pub mod detect;
pub mod emulator;
pub mod engine;
pub mod extract;
pub mod inspect;
pub mod lab;
pub mod model;
pub mod notify;
pub mod policy;
pub mod provider;
pub mod report;
pub mod rule;
pub mod source;
pub mod store;
