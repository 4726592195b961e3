//! Sinks: a mail server and a webhook's receiver on 127.0.0.1 that take messages, keep them to be looked at, and fail on demand.
//!
//! Written against the public specifications alone, sharing nothing with the room that sends: a signature is verified here by
//! another reader's hand. Plain blocking sockets, one thread for each connection; dropping a sink closes its port.

pub mod hook;
pub mod mail;
mod room;
#[cfg(test)]
mod tests;

pub use hook::{HookFault, HookSink, Post};
pub use mail::{Mail, MailFault, MailOptions, MailSink, Secrecy};
