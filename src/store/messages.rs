//! Messages that leave: each with a number in one sequence and an id of its own, so that whoever reads them can resume and sees a
//! repeated one.
//!
//! What a message says is kept sealed: it names items and people.

use super::Error;
use crate::clock::Moment;
use std::sync::Arc;

/// How a message leaves.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// By mail to this address.
    Mail(Arc<str>),
    /// To the webhook of this name in the settings.
    Webhook(Arc<str>),
}

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMessage {
    /// Its own id, up to 64 of `A-Z a-z 0-9 -`; one that is there already is not kept again.
    pub id: Arc<str>,
    /// How it leaves.
    pub channel: Channel,
    /// What it says, as JSON (`notify::Said`).
    pub body: String,
    /// Collected with others of the same channel until this moment and sent as one; `None` leaves by itself at once.
    pub digest_at: Option<Moment>,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageState {
    /// To be sent.
    Waits,
    /// It is being sent, or was when the program ended: it may have left.
    Sending,
    /// It was taken by the mail server or the receiver.
    Sent,
    /// It was part of a digest that was made.
    Digested,
    /// It failed too often: a person must look.
    Parked,
}

impl MessageState {
    /// All.
    pub const ALL: [MessageState; 5] =
        [MessageState::Waits, MessageState::Sending, MessageState::Sent, MessageState::Digested, MessageState::Parked];

    /// The name reports use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MessageState::Waits => "waits",
            MessageState::Sending => "sending",
            MessageState::Sent => "sent",
            MessageState::Digested => "digested",
            MessageState::Parked => "parked",
        }
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its place in the sequence, from 1 without a gap.
    pub sequence: u64,
    /// What was to be sent.
    pub is: NewMessage,
    /// When it was made.
    pub made: Moment,
    /// Where it stands.
    pub state: MessageState,
    /// Failed attempts.
    pub attempts: u32,
    /// What was said of the last failure: a code, no data.
    pub said: Arc<str>,
}

/// Messages.
pub trait Messages {
    /// Keeps messages; those with a known id are left out. Closings of intents do the same.
    ///
    /// # Errors
    /// When they could not be written.
    fn add_messages(&self, messages: &[NewMessage]) -> Result<u64, Error>;

    /// Takes up to `max` messages that are due and marks them as being sent, in sequence: those that wait, and those that were being
    /// sent when the program ended (the store was opened). Members of digests are left out.
    ///
    /// # Errors
    /// When they could not be read or written.
    fn take_messages(&self, max: usize) -> Result<Vec<Message>, Error>;

    /// It left.
    ///
    /// # Errors
    /// When it could not be written.
    fn message_sent(&self, sequence: u64) -> Result<(), Error>;

    /// It did not leave: tried again not before a moment, or parked when this was the last of so many attempts.
    ///
    /// # Errors
    /// When it could not be written.
    fn message_failed(&self, sequence: u64, said: &str, not_before: Moment, attempts_max: u32) -> Result<(), Error>;

    /// It was taken and not tried, since its receiver has a pause: it waits again until a moment, attempts unchanged.
    ///
    /// # Errors
    /// When it could not be written.
    fn message_waits(&self, sequence: u64, not_before: Moment) -> Result<(), Error>;

    /// Members of digests that are due, all of one channel, at most `max`; empty when none is due.
    ///
    /// # Errors
    /// When they could not be read.
    fn due_digest(&self, max: usize) -> Result<Vec<Message>, Error>;

    /// Puts one message in the place of these members of a digest: one transaction.
    ///
    /// # Errors
    /// When it could not be written.
    fn digest(&self, members: &[u64], message: &NewMessage) -> Result<(), Error>;

    /// Messages in sequence, those after `after`, at most `max`.
    ///
    /// # Errors
    /// When they could not be read.
    fn messages(&self, after: u64, max: usize) -> Result<Vec<Message>, Error>;

    /// How many messages stand in each state, from kept counters.
    ///
    /// # Errors
    /// When they could not be read.
    fn message_counts(&self) -> Result<Vec<(MessageState, u64)>, Error>;

    /// Brings parked messages back; tells how many.
    ///
    /// # Errors
    /// When it could not be written.
    fn retry_messages(&self) -> Result<u64, Error>;
}
