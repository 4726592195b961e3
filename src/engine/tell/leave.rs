//! Leave: messages that are due are taken from the store and sent, each by one of a few senders.
//!
//! A receiver that fails as a whole (a mail server that is down, a webhook that throttles) has a pause; its messages wait it out
//! without an attempt being counted, and hold up nobody else's.

use crate::backoff::Backoff;
use crate::clock::Moment;
use crate::engine::core::Core;
use crate::notify::{Delivery, Letter, Post, Said};
use crate::store::{Channel, Error, Message};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tracing::{info, warn};

/// Messages being sent at the same time.
const SENDERS: usize = 4;
/// Messages taken and not yet in a sender's hand, at most.
const TAKEN_MAX: usize = 8;
/// How often a sender looks whether all ends.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Waits after failures.
const BACKOFF: Backoff = Backoff { first: Duration::from_secs(30), longest: Duration::from_secs(3_600) };

/// Whoever is reached as one: the mail server for all addresses, each webhook for itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Door {
    Mail,
    Webhook(std::sync::Arc<str>),
}

impl Door {
    fn of(channel: &Channel) -> Self {
        match channel {
            Channel::Mail(_) => Door::Mail,
            Channel::Webhook(name) => Door::Webhook(name.clone()),
        }
    }
}

/// A receiver that failed.
#[derive(Clone, Copy, Debug)]
struct Pause {
    until: Moment,
    failures: u32,
}

/// Those who send.
#[derive(Debug)]
pub(super) struct Senders<'c> {
    core: &'c Core,
    post: &'c Post,
    pauses: Mutex<HashMap<Door, Pause>>,
    to_send: (Sender<Message>, Receiver<Message>),
    over: AtomicBool,
    failed: Mutex<Option<Error>>,
}

impl<'c> Senders<'c> {
    pub(super) fn new(core: &'c Core, post: &'c Post) -> Self {
        Self {
            core,
            post,
            pauses: Mutex::default(),
            to_send: bounded(TAKEN_MAX),
            over: AtomicBool::new(false),
            failed: Mutex::default(),
        }
    }

    /// Runs the senders for as long as `lead` runs.
    pub(super) fn run(&self, lead: impl FnOnce() -> Result<(), Error>) -> Result<(), Error> {
        let led = std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| self.send_on());
            }
            // Raised also when `lead` panics: the scope would wait for the senders for ever.
            let _over = Over(&self.over);
            lead()
        });
        // What nobody has begun to send waits for the next run.
        for message in self.to_send.1.try_iter() {
            self.core.store.message_waits(message.sequence, self.core.clock.steady())?;
        }
        let failed = lock(&self.failed).take();
        failed.map_or(led, Err)
    }

    /// True when a sender could not write to the store.
    pub(super) fn failed(&self) -> bool {
        lock(&self.failed).is_some()
    }

    /// Takes as many messages as there is room for.
    pub(super) fn take(&self) -> Result<(), Error> {
        loop {
            let room = TAKEN_MAX - self.to_send.0.len().min(TAKEN_MAX);
            let taken = if room > 0 { self.core.store.take_messages(room)? } else { Vec::new() };
            if taken.is_empty() || self.core.stopped() || self.failed() {
                return Ok(());
            }
            for message in taken {
                // There is room: nobody else puts any in.
                let _ = self.to_send.0.send(message);
            }
        }
    }

    /// Sends all that is due, in this thread; how many.
    pub(super) fn once(&self) -> Result<usize, Error> {
        let mut sent = 0;
        loop {
            let taken = self.core.store.take_messages(TAKEN_MAX)?;
            if taken.is_empty() {
                return Ok(sent);
            }
            sent += taken.len();
            taken.iter().try_for_each(|message| self.send(message))?;
        }
    }

    fn send_on(&self) {
        while !self.over.load(Ordering::Relaxed) && !self.core.stopped() {
            match self.to_send.1.recv_timeout(LOOK_EVERY) {
                Ok(message) => {
                    if let Err(error) = self.send(&message) {
                        lock(&self.failed).get_or_insert(error);
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Sends one, and writes down what came of it.
    fn send(&self, message: &Message) -> Result<(), Error> {
        let (store, now) = (&self.core.store, self.core.clock.steady());
        let door = Door::of(&message.is.channel);
        if let Some(pause) = lock(&self.pauses).get(&door).filter(|pause| pause.until > now) {
            return store.message_waits(message.sequence, pause.until);
        }
        match self.deliver(message) {
            Delivery::Sent => {
                lock(&self.pauses).remove(&door);
                info!(sequence = message.sequence, "a message left");
                store.message_sent(message.sequence)
            }
            Delivery::Again { after, said, receiver } => {
                warn!(sequence = message.sequence, said, "a message did not leave; it is tried again");
                let until = self.put_off(door, message, after, receiver);
                store.message_failed(message.sequence, &said, until, self.core.options.tell.attempts_max)
            }
            Delivery::Refused { said } => {
                warn!(sequence = message.sequence, said, "a message was refused: it is parked");
                store.message_failed(message.sequence, &said, now, 1)
            }
        }
    }

    fn deliver(&self, message: &Message) -> Delivery {
        let Ok(said) = serde_json::from_str::<Said>(&message.is.body) else {
            return Delivery::refused("it cannot be read");
        };
        let letter = Letter { id: &message.is.id, sequence: message.sequence, made: message.made, said: &said };
        match &message.is.channel {
            Channel::Mail(address) => self.post.mail(address, &letter),
            Channel::Webhook(name) => self.post.hook(name, &letter, &self.core.clock),
        }
    }

    /// When a message is tried again. What its receiver asked for counts before anything of our own.
    fn put_off(&self, door: Door, message: &Message, after: Option<Duration>, receiver: bool) -> Moment {
        let now = self.core.clock.steady();
        let wait = |failures: u32| after.unwrap_or_else(|| BACKOFF.wait(failures, drawn()));
        if !receiver {
            return now.plus(wait(message.attempts.saturating_add(1)));
        }
        let mut pauses = lock(&self.pauses);
        let failures = pauses.get(&door).map_or(0, |pause| pause.failures).saturating_add(1);
        // After a restart the message knows how long this has lasted.
        let until = now.plus(wait(failures.max(message.attempts.saturating_add(1))));
        pauses.insert(door, Pause { until, failures });
        until
    }
}

/// Raises the flag when it is dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A random number, so that many waits do not end at once; none is no harm.
fn drawn() -> u64 {
    let mut bytes = [0; 8];
    let _ = getrandom::fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
