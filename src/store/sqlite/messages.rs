//! `Messages` in SQLite.

use super::{Desk, Failed, Haste, Sqlite, counter, words};
use crate::clock::Moment;
use crate::model::ConnectorNumber;
use crate::store::error::Kind;
use crate::store::messages::{Channel, Message, MessageState, Messages, NewMessage};
use crate::store::{Error, SealKey};
use rusqlite::{Connection, OptionalExtension, Row, params};

/// Counters of messages in each state, of connector 0: from this number on, in the order of [`MessageState::ALL`].
const COUNTED: i64 = 300;
/// The longest id.
const ID_CHARS_MAX: usize = 64;

fn count(tx: &Connection, state: MessageState, delta: i64) -> Result<(), Failed> {
    let place = MessageState::ALL.iter().position(|one| *one == state).and_then(|place| i64::try_from(place).ok());
    let Some(place) = place else { return Ok(()) };
    if delta == 0 { Ok(()) } else { counter::add(tx, ConnectorNumber(0), COUNTED + place, delta) }
}

/// What is being sent when the store is opened was being sent by a program that ended: it is taken again.
pub(super) fn begin_run(tx: &Connection) -> Result<(), Failed> {
    tx.execute("UPDATE message SET in_hand = 0 WHERE in_hand = 1", [])?;
    Ok(())
}

/// Messages that have not left.
pub(super) fn depth(tx: &Connection) -> Result<u64, Failed> {
    let mut all = 0;
    for (place, state) in (0..).zip(MessageState::ALL) {
        if matches!(state, MessageState::Waits | MessageState::Sending) {
            all += counter::value(tx, ConnectorNumber(0), COUNTED + place)?;
        }
    }
    Ok(words::count(all))
}

/// Keeps messages whose ids are new; tells how many.
pub(super) fn add_in(desk: &Desk<'_>, messages: &[NewMessage]) -> Result<u64, Failed> {
    let mut kept = 0;
    for message in messages {
        kept += u64::from(add_one(desk, message)?);
    }
    Ok(kept)
}

/// Whether the id is known is asked first: an insertion that does not happen may still use up a number of the sequence.
fn add_one(desk: &Desk<'_>, message: &NewMessage) -> Result<bool, Failed> {
    let is_id = |id: &str| {
        (1..=ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !is_id(&message.id) {
        return Err(Kind::Refused("a message's id is no id".into()).into());
    }
    let sql = "SELECT 1 FROM message WHERE id = ?1";
    if desk.tx.prepare_cached(sql)?.query_row([&*message.id], |_| Ok(())).optional()?.is_some() {
        return Ok(false);
    }
    let (channel, receiver) = of_channel(&message.channel);
    let sql = "INSERT INTO message (id, channel, receiver, body, digest_at, made, changed, state, in_hand, attempts, \
               not_before, said) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 'waits', 0, 0, ?6, '')";
    desk.tx.prepare_cached(sql)?.execute(params![
        message.id,
        channel,
        receiver,
        words::sealed(desk.seal, &message.body)?,
        message.digest_at.map(Moment::as_millis),
        desk.now.as_millis(),
    ])?;
    count(desk.tx, MessageState::Waits, 1)?;
    Ok(true)
}

fn of_channel(channel: &Channel) -> (&'static str, &str) {
    match channel {
        Channel::Mail(address) => ("mail", address),
        Channel::Webhook(name) => ("webhook", name),
    }
}

const COLUMNS: &str = "sequence, id, channel, receiver, body, digest_at, made, state, attempts, said";

fn message_of(seal: &SealKey, row: &Row<'_>) -> Result<Message, Failed> {
    let receiver: String = row.get(3)?;
    let channel = match row.get::<_, String>(2)?.as_str() {
        "mail" => Channel::Mail(receiver.into()),
        "webhook" => Channel::Webhook(receiver.into()),
        _ => return Err(words::strange("channel")),
    };
    Ok(Message {
        sequence: words::count(row.get(0)?),
        is: NewMessage {
            id: row.get::<_, String>(1)?.into(),
            channel,
            body: words::opened(seal, &row.get::<_, Vec<u8>>(4)?)?,
            digest_at: row.get::<_, Option<i64>>(5)?.map(Moment::from_millis),
        },
        made: Moment::from_millis(row.get(6)?),
        state: state_of(&row.get::<_, String>(7)?)?,
        attempts: u32::try_from(row.get::<_, i64>(8)?).unwrap_or(u32::MAX),
        said: row.get::<_, String>(9)?.into(),
    })
}

fn state_of(text: &str) -> Result<MessageState, Failed> {
    MessageState::ALL.into_iter().find(|state| state.name() == text).ok_or_else(|| words::strange("state of a message"))
}

/// Messages that a condition and an order pick.
fn picked(tx: &Connection, seal: &SealKey, pick: &str, values: impl rusqlite::Params) -> Result<Vec<Message>, Failed> {
    let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM message WHERE {pick}"))?;
    let mut rows = statement.query(values)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(message_of(seal, row)?);
    }
    Ok(all)
}

fn take(desk: &Desk<'_>, max: usize) -> Result<Vec<Message>, Failed> {
    let pick = "digest_at IS NULL AND in_hand = 0 AND state IN ('waits', 'sending') AND not_before <= ?1 \
                ORDER BY sequence LIMIT ?2";
    let mut taken = picked(desk.tx, desk.seal, pick, (desk.now.as_millis(), words::limit(max)))?;
    for message in &mut taken {
        let sql = "UPDATE message SET state = 'sending', in_hand = 1, changed = ?2 WHERE sequence = ?1";
        desk.tx.prepare_cached(sql)?.execute((words::integer(message.sequence), desk.now.as_millis()))?;
        count(desk.tx, message.state, -1)?;
        count(desk.tx, MessageState::Sending, 1)?;
        message.state = MessageState::Sending;
    }
    Ok(taken)
}

/// The state and the failed attempts of a message that is in hand; `None` of any other.
fn in_hand(tx: &Connection, sequence: u64) -> Result<Option<(MessageState, u32)>, Failed> {
    let sql = "SELECT state, attempts FROM message WHERE sequence = ?1 AND in_hand = 1";
    let found: Option<(String, i64)> = tx
        .prepare_cached(sql)?
        .query_row([words::integer(sequence)], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    found.map(|(state, attempts)| Ok((state_of(&state)?, u32::try_from(attempts).unwrap_or(u32::MAX)))).transpose()
}

fn sent(desk: &Desk<'_>, sequence: u64) -> Result<(), Failed> {
    let Some((state, _)) = in_hand(desk.tx, sequence)? else { return Err(not_in_hand()) };
    let sql = "UPDATE message SET state = 'sent', in_hand = 0, changed = ?2 WHERE sequence = ?1";
    desk.tx.prepare_cached(sql)?.execute((words::integer(sequence), desk.now.as_millis()))?;
    count(desk.tx, state, -1)?;
    count(desk.tx, MessageState::Sent, 1)
}

fn failed(desk: &Desk<'_>, sequence: u64, said: &str, not_before: Moment, attempts_max: u32) -> Result<(), Failed> {
    let Some((was, attempts)) = in_hand(desk.tx, sequence)? else { return Err(not_in_hand()) };
    let attempts = attempts.saturating_add(1);
    let state = if attempts >= attempts_max { MessageState::Parked } else { MessageState::Waits };
    let sql = "UPDATE message SET state = ?2, in_hand = 0, attempts = ?3, not_before = ?4, said = ?5, changed = ?6 \
               WHERE sequence = ?1";
    desk.tx.prepare_cached(sql)?.execute(params![
        words::integer(sequence),
        state.name(),
        attempts,
        not_before.as_millis(),
        said,
        desk.now.as_millis(),
    ])?;
    count(desk.tx, was, -1)?;
    count(desk.tx, state, 1)
}

fn waits(desk: &Desk<'_>, sequence: u64, not_before: Moment) -> Result<(), Failed> {
    let Some((was, _)) = in_hand(desk.tx, sequence)? else { return Err(not_in_hand()) };
    let sql = "UPDATE message SET state = 'waits', in_hand = 0, not_before = ?2, changed = ?3 WHERE sequence = ?1";
    let values = (words::integer(sequence), not_before.as_millis(), desk.now.as_millis());
    desk.tx.prepare_cached(sql)?.execute(values)?;
    count(desk.tx, was, -1)?;
    count(desk.tx, MessageState::Waits, 1)
}

fn not_in_hand() -> Failed {
    Kind::Refused("a message of that number is not being sent".into()).into()
}

fn due_digest(tx: &Connection, seal: &SealKey, now: Moment, max: usize) -> Result<Vec<Message>, Failed> {
    let sql = "SELECT channel, receiver FROM message WHERE digest_at IS NOT NULL AND state = 'waits' AND digest_at <= ?1 \
               ORDER BY digest_at, channel, receiver LIMIT 1";
    let first: Option<(String, String)> =
        tx.prepare_cached(sql)?.query_row([now.as_millis()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((channel, receiver)) = first else { return Ok(Vec::new()) };
    let pick = "digest_at IS NOT NULL AND state = 'waits' AND digest_at <= ?1 AND channel = ?2 AND receiver = ?3 \
                ORDER BY digest_at, sequence LIMIT ?4";
    picked(tx, seal, pick, params![now.as_millis(), channel, receiver, words::limit(max)])
}

fn digest(desk: &Desk<'_>, members: &[u64], message: &NewMessage) -> Result<(), Failed> {
    let (channel, receiver) = of_channel(&message.channel);
    let sql = "UPDATE message SET state = 'digested', changed = ?2 WHERE sequence = ?1 AND state = 'waits' \
               AND digest_at IS NOT NULL AND channel = ?3 AND receiver = ?4";
    for member in members {
        let values = params![words::integer(*member), desk.now.as_millis(), channel, receiver];
        if desk.tx.prepare_cached(sql)?.execute(values)? == 0 {
            return Err(Kind::Refused("a member of a digest waits for none of that channel".into()).into());
        }
        count(desk.tx, MessageState::Waits, -1)?;
        count(desk.tx, MessageState::Digested, 1)?;
    }
    add_in(desk, std::slice::from_ref(message)).map(drop)
}

fn retry(desk: &Desk<'_>) -> Result<u64, Failed> {
    let sql = "UPDATE message SET state = 'waits', attempts = 0, not_before = ?1, changed = ?1 WHERE state = 'parked'";
    let back = desk.tx.prepare_cached(sql)?.execute([desk.now.as_millis()])?;
    let moved = i64::try_from(back).unwrap_or(i64::MAX);
    count(desk.tx, MessageState::Parked, -moved)?;
    count(desk.tx, MessageState::Waits, moved)?;
    Ok(u64::try_from(back).unwrap_or(u64::MAX))
}

/// Deletes messages that left, or went into a digest, before a moment; at most `max`, how many. The numbers of the sequence
/// go on.
pub(super) fn forget_past(desk: &Desk<'_>, before: Moment, max: usize) -> Result<usize, Failed> {
    let mut all = 0;
    for state in [MessageState::Sent, MessageState::Digested] {
        let sql = "DELETE FROM message WHERE sequence IN (SELECT sequence FROM message \
                   WHERE state IN ('sent', 'digested') AND state = ?3 AND changed < ?1 ORDER BY changed LIMIT ?2)";
        let values = (before.as_millis(), words::limit(max - all), state.name());
        let went = desk.tx.prepare_cached(sql)?.execute(values)?;
        count(desk.tx, state, -i64::try_from(went).unwrap_or(0))?;
        all += went;
    }
    Ok(all)
}

impl Messages for Sqlite {
    fn add_messages(&self, messages: &[NewMessage]) -> Result<u64, Error> {
        let messages = messages.to_vec();
        self.write_at(Haste::Live, "keep messages", move |desk| add_in(desk, &messages))
    }

    fn take_messages(&self, max: usize) -> Result<Vec<Message>, Error> {
        self.write_at(Haste::Live, "take messages", move |desk| take(desk, max))
    }

    fn message_sent(&self, sequence: u64) -> Result<(), Error> {
        self.write_at(Haste::Live, "write that a message left", move |desk| sent(desk, sequence))
    }

    fn message_failed(&self, sequence: u64, said: &str, not_before: Moment, attempts_max: u32) -> Result<(), Error> {
        let said = said.to_owned();
        self.write_at(Haste::Live, "write that a message did not leave", move |desk| {
            failed(desk, sequence, &said, not_before, attempts_max)
        })
    }

    fn message_waits(&self, sequence: u64, not_before: Moment) -> Result<(), Error> {
        self.write_at(Haste::Live, "let a message wait", move |desk| waits(desk, sequence, not_before))
    }

    fn due_digest(&self, max: usize) -> Result<Vec<Message>, Error> {
        let now = self.now();
        self.read("read what a digest is made of", |tx| due_digest(tx, self.seal(), now, max))
    }

    fn digest(&self, members: &[u64], message: &NewMessage) -> Result<(), Error> {
        let (members, message) = (members.to_vec(), message.clone());
        self.write_at(Haste::Live, "make a digest", move |desk| digest(desk, &members, &message))
    }

    fn messages(&self, after: u64, max: usize) -> Result<Vec<Message>, Error> {
        self.read("read messages", |tx| {
            let pick = "sequence > ?1 ORDER BY sequence LIMIT ?2";
            picked(tx, self.seal(), pick, (words::integer(after), words::limit(max)))
        })
    }

    fn message_counts(&self) -> Result<Vec<(MessageState, u64)>, Error> {
        self.read("count messages", |tx| {
            let counted =
                |(place, state)| Ok((state, words::count(counter::value(tx, ConnectorNumber(0), COUNTED + place)?)));
            (0..).zip(MessageState::ALL).map(counted).collect()
        })
    }

    fn retry_messages(&self) -> Result<u64, Error> {
        self.write_at(Haste::Live, "bring parked messages back", retry)
    }
}
