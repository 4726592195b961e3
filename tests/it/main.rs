//! All integration tests in one binary: one module for each behaviour.

mod act;
mod actions;
mod alerts;
mod audit;
mod backlog;
mod canary;
mod cell;
mod connect;
#[path = "../../benches/corpus/mod.rs"]
mod corpus;
mod cost;
mod doctor;
mod documents;
mod emulate;
mod exceptions;
mod extract;
mod extract_cli;
mod govern;
mod guide;
mod harness;
mod hostile;
mod hostile_set;
mod key;
mod notify;
mod ocr;
mod plans;
mod policies;
mod privacy;
mod provider;
mod provider_box;
mod provider_dropbox;
mod quarantine;
mod queries;
mod queue;
mod report;
mod rules_cli;
#[path = "../../benches/rules_made/mod.rs"]
mod rules_made;
mod rules_made_for_benches;
mod run;
mod samples;
mod scan;
mod service;
mod signals;
