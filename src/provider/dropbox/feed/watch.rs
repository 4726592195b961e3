//! Which namespaces have news: long polls that go on between one question and the next.
//!
//! A poll stands for minutes and cannot be called off, so nobody waits for it to end: it has a thread of its own, and whoever
//! watches takes what has come by then and leaves at the first news. What is still standing is found again by the next
//! question about the same position. One of a position left behind ends by itself at once, since there is news behind it.

use crate::provider::dropbox::list;
use crate::provider::dropbox::team::Team;
use crate::provider::{Error, FeedCursor, Next, Watched};
use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Long polls that stand at the same time. Namespaces beyond these take turns; the log tells of them all the while.
pub(in crate::provider::dropbox) const CONNECTIONS_MAX: usize = 32;

/// Answers kept for whoever asks next.
const ENDED_MAX: usize = 10_000;

/// How long one question waits, whatever its patience: polls stand on, and namespaces that were found meanwhile join at the
/// next question.
const QUESTION_MAX: Duration = Duration::from_secs(2);

/// How soon a waiter sees that it should end.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The polls of one team. Threads share it.
#[derive(Clone, Debug, Default)]
pub(in crate::provider::dropbox) struct Polls(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    standing: HashSet<Position>,
    ended: HashMap<Position, Ended>,
    /// Namespaces that the service asked to leave alone, and until when by the clock's elapsed time.
    quiet: HashMap<Arc<str>, Duration>,
    /// Where the next round of polls begins among the cursors.
    turn: usize,
}

/// A namespace's feed at a position.
type Position = (Arc<str>, Arc<str>);

/// What a poll brought.
type Ended = (Result<bool, Error>, Option<Duration>);

impl Polls {
    /// Watches these cursors; see [`crate::provider::Source::watch`].
    pub(in crate::provider::dropbox) fn watch(
        &self,
        team: &Arc<Team>,
        cursors: &[FeedCursor],
        patience: Duration,
    ) -> Vec<Watched> {
        let polled: Vec<usize> = (0..cursors.len()).filter(|at| list::place_of(&cursors[*at].feed).is_some()).collect();
        if patience < super::SHORTEST_POLL || polled.is_empty() {
            return (0..cursors.len()).map(|at| Watched { at, changed: Ok(true), wait: None }).collect();
        }
        let stands = if polled.len() > CONNECTIONS_MAX { super::SHORTEST_POLL } else { patience };
        let clock = team.desk.clock();
        let end = clock.elapsed().saturating_add(patience.min(QUESTION_MAX));
        let mut asked = HashSet::new();
        let mut state = self.lock();
        state.forget_left_behind(cursors);
        loop {
            let started = self.start(&mut state, team, cursors, &polled, &mut asked, stands);
            let positions = || polled.iter().map(|at| position_of(&cursors[*at]));
            let news =
                positions().any(|one| state.ended.get(&one).is_some_and(|(changed, _)| !matches!(changed, Ok(false))));
            let idle = !started && !positions().any(|one| state.standing.contains(&one));
            // A movable clock runs to the end of each poll while the others still stand.
            let over = clock.elapsed() >= end && !clock.is_movable();
            if news || idle || over || team.desk.stop().load(Ordering::Relaxed) {
                return told(&mut state, cursors, clock.elapsed());
            }
            state = self.0.ended.wait_timeout(state, LOOK_EVERY).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Lets polls stand for cursors that have none, as far as there is room, each cursor once a question. True when any
    /// began.
    fn start(
        &self,
        state: &mut State,
        team: &Arc<Team>,
        cursors: &[FeedCursor],
        polled: &[usize],
        asked: &mut HashSet<usize>,
        stands: Duration,
    ) -> bool {
        let (now, first) = (team.desk.clock().elapsed(), state.turn);
        state.quiet.retain(|_, until| *until > now);
        let mut began = false;
        for step in 0..polled.len() {
            let at = polled[(first + step) % polled.len()];
            let position = position_of(&cursors[at]);
            let is_known = state.standing.contains(&position) || state.ended.contains_key(&position);
            if is_known || state.quiet.contains_key(&position.0) || asked.contains(&at) {
                continue;
            }
            if state.standing.len() >= CONNECTIONS_MAX {
                break;
            }
            if self.stand(state, team, &cursors[at], stands) {
                asked.insert(at);
                state.turn = state.turn.wrapping_add(1);
                began = true;
            }
        }
        began
    }

    /// One poll in a thread of its own; false when there is none to be had.
    fn stand(&self, state: &mut State, team: &Arc<Team>, cursor: &FeedCursor, stands: Duration) -> bool {
        let (polls, team, cursor) = (self.clone(), Arc::clone(team), cursor.clone());
        let position = position_of(&cursor);
        let slot = Slot { polls, position: position.clone() };
        let work = move || {
            let polled = catch_unwind(AssertUnwindSafe(|| super::poll(&team, &cursor, stands)));
            let polled =
                polled.unwrap_or_else(|_| Err(Error::new(Next::Transient, "wait for changes", "the poll failed")));
            let wait = polled.as_ref().ok().and_then(super::pause);
            slot.end((polled.map(|polled| polled.changes), wait), team.desk.clock().elapsed());
        };
        state.standing.insert(position.clone());
        let began = std::thread::Builder::new().name("dropbox poll".into()).spawn(work);
        if began.is_err() {
            state.standing.remove(&position);
        }
        began.is_ok()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Forgets what polls of positions brought that these cursors have left behind.
    fn forget_left_behind(&mut self, cursors: &[FeedCursor]) {
        if self.ended.len() > ENDED_MAX {
            self.ended.clear();
        }
        let present: HashMap<&str, &str> = cursors.iter().map(|cursor| (&*cursor.feed, &*cursor.position)).collect();
        self.ended.retain(|(feed, position), _| present.get(&**feed).is_none_or(|at| *at == &**position));
    }
}

/// The place of a poll among those that stand.
struct Slot {
    polls: Polls,
    position: Position,
}

impl Slot {
    fn end(self, ended: Ended, now: Duration) {
        let mut state = self.polls.lock();
        if let Some(wait) = ended.1 {
            state.quiet.insert(Arc::clone(&self.position.0), now.saturating_add(wait));
        }
        state.standing.remove(&self.position);
        state.ended.insert(self.position, ended);
        drop(state);
        self.polls.0.ended.notify_all();
    }
}

fn position_of(cursor: &FeedCursor) -> Position {
    (Arc::clone(&cursor.feed), Arc::clone(&cursor.position))
}

/// What has come by now, in the order of the cursors. A feed that nobody can wait for (the log) is always worth a look.
fn told(state: &mut State, cursors: &[FeedCursor], now: Duration) -> Vec<Watched> {
    let one = |(at, cursor): (usize, &FeedCursor)| {
        if list::place_of(&cursor.feed).is_none() {
            return Watched { at, changed: Ok(true), wait: None };
        }
        let left = state.quiet.get(&cursor.feed).map(|until| until.saturating_sub(now));
        match state.ended.remove(&position_of(cursor)) {
            Some((changed, wait)) => Watched { at, changed, wait: wait.or(left) },
            None => Watched { at, changed: Ok(false), wait: left },
        }
    };
    cursors.iter().enumerate().map(one).collect()
}
