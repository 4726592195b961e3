//! Is the log what it was? Its chain is walked, and held against the heads that were written outside.
//!
//! Four things are told apart. An **edit** and a **removal** break the chain where they are. A **cut** leaves a whole chain that is
//! shorter than a head says; a **rewrite** leaves a whole chain, even a longer one, whose hash is not the head's.

use super::head::{HeadError, Heads};
use crate::clock::Moment;
use crate::store::Proven;
use std::collections::BTreeMap;
use std::fmt;

/// What is wrong is told up to so many times.
const DAMAGE_MAX: usize = 20;

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// An entry is not as it was written.
    Edited {
        /// Its number.
        entry: u64,
    },
    /// Entries are missing between others.
    Removed {
        /// The first that is missing.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The end of the log is missing.
    Cut {
        /// How many entries there are.
        entries: u64,
        /// How many there were.
        were: u64,
        /// When.
        at: Moment,
    },
    /// Entries were written anew, with hashes that fit.
    Rewritten {
        /// Up to this entry the log is what it was, as far as heads tell.
        after: u64,
        /// By this entry it is not.
        by: u64,
        /// When the head was signed that says so.
        at: Moment,
    },
    /// The heads are of another store: this one was put in its place.
    OtherStore {
        /// When the first such head was signed.
        at: Moment,
    },
    /// A line of the anchor is no head that the key signed.
    BadHead {
        /// The line, from 1.
        line: usize,
        /// Why.
        why: HeadError,
    },
    /// There is no head at all.
    NoHeads,
}

impl Damage {
    /// The name that machines read.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Damage::Edited { .. } => "edited",
            Damage::Removed { .. } => "removed",
            Damage::Cut { .. } => "cut",
            Damage::Rewritten { .. } => "rewritten",
            Damage::OtherStore { .. } => "other_store",
            Damage::BadHead { .. } => "bad_head",
            Damage::NoHeads => "no_heads",
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Damage::Edited { entry } => {
                write!(f, "edited: entry {entry} is not as it was written, or what it follows is not")
            }
            Damage::Removed { from, to } if from == to => write!(f, "removed: entry {from} was taken out"),
            Damage::Removed { from, to } => write!(f, "removed: entries {from} to {to} were taken out"),
            Damage::Cut { entries, were, at } => write!(
                f,
                "cut: the log ends at entry {entries}, but had {were} at {at}: the last {} were cut off",
                were.saturating_sub(*entries)
            ),
            Damage::Rewritten { after: 0, by, at } => write!(
                f,
                "rewritten: the log was written anew with hashes that fit: it is not what it was at {at}, at entry {by}"
            ),
            Damage::Rewritten { after, by, at } => write!(
                f,
                "rewritten: what follows entry {after} was written anew with hashes that fit: it is not what it was at {at}, \
                 at entry {by}"
            ),
            Damage::OtherStore { at } => {
                write!(f, "other store: the head of {at} is of another store; this one was put in its place")
            }
            Damage::BadHead { line, why } => write!(f, "bad head: line {line} of the anchor: {why}"),
            Damage::NoHeads => f.write_str("no heads: the anchor holds none, so a cut or a rewrite would not show"),
        }
    }
}

/// What was found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries that are there.
    pub entries: u64,
    /// Of them those whose details were destroyed when their time was over.
    pub without_details: u64,
    /// The hash after the last.
    pub hash: [u8; 32],
    /// Heads that the log was held against.
    pub heads: u64,
    /// What is wrong; empty when nothing is.
    pub damage: Vec<Damage>,
}

/// Walks a log and holds it against heads. `from` is where it begins: `(0, BEFORE_ALL)` of a whole one, else the number before and the
/// hash then. `page` gives entries in order, those after a number, and none at the end. Beside the heads stands the id of the log's
/// store, where that is known.
///
/// # Errors
/// What `page` fails with.
pub fn verify<E>(
    from: (u64, [u8; 32]),
    mut page: impl FnMut(u64) -> Result<Vec<Proven>, E>,
    heads: Option<(&Heads, Option<&str>)>,
) -> Result<Verified, E> {
    let mut walk = Walk::new(from, heads);
    loop {
        let entries = page(walk.last)?;
        if entries.is_empty() {
            return Ok(walk.end());
        }
        entries.iter().for_each(|entry| walk.take(entry));
    }
}

struct Walk {
    found: Verified,
    /// The last entry's number.
    last: u64,
    /// Hash and time of the heads of this store by number of entries. Two heads of one number are both held against it.
    heads: BTreeMap<u64, Vec<([u8; 32], Moment)>>,
    /// The last entry at which all heads fit.
    fits: u64,
    rewritten: Option<Damage>,
}

impl Walk {
    fn new(from: (u64, [u8; 32]), heads: Option<(&Heads, Option<&str>)>) -> Self {
        let mut walk = Self {
            found: Verified { hash: from.1, ..Verified::default() },
            last: from.0,
            heads: BTreeMap::new(),
            fits: from.0,
            rewritten: None,
        };
        let Some((heads, store)) = heads else { return walk };
        for (line, why) in &heads.bad {
            walk.damaged(Damage::BadHead { line: *line, why: *why });
        }
        if heads.all.is_empty() {
            walk.damaged(Damage::NoHeads);
        }
        if let Some(other) = heads.all.iter().find(|head| store.is_some_and(|store| head.store != store)) {
            walk.damaged(Damage::OtherStore { at: other.at });
        }
        let of_store = heads.all.iter().filter(|head| store.is_none_or(|store| head.store == store));
        for head in of_store.filter(|head| head.entries >= from.0) {
            walk.heads.entry(head.entries).or_default().push((head.hash, head.at));
            walk.found.heads += 1;
        }
        walk.hold(from.0);
        walk
    }

    fn damaged(&mut self, damage: Damage) {
        if self.found.damage.len() < DAMAGE_MAX {
            self.found.damage.push(damage);
        }
    }

    fn take(&mut self, entry: &Proven) {
        let expected = self.last + 1;
        if entry.row.number != expected {
            self.damaged(Damage::Removed { from: expected, to: entry.row.number.saturating_sub(1) });
        } else if !entry.follows(&self.found.hash) {
            self.damaged(Damage::Edited { entry: expected });
        }
        self.last = entry.row.number;
        self.found.entries += 1;
        self.found.without_details += u64::from(!entry.has_details);
        // The rest is held against what stands here, so that one edit is told once.
        self.found.hash = entry.row.hash;
        self.hold(self.last);
    }

    /// Holds the log up to an entry against the heads of that length.
    fn hold(&mut self, number: u64) {
        let Some(heads) = self.heads.get(&number) else { return };
        match heads.iter().find(|(hash, _)| *hash != self.found.hash) {
            None if self.rewritten.is_none() => self.fits = number,
            Some((_, at)) if self.rewritten.is_none() => {
                self.rewritten = Some(Damage::Rewritten { after: self.fits, by: number, at: *at });
            }
            _ => {}
        }
    }

    fn end(mut self) -> Verified {
        let broken = self.found.damage.iter().any(|one| matches!(one, Damage::Edited { .. } | Damage::Removed { .. }));
        let longest = self.heads.last_key_value().map(|(were, heads)| (*were, heads.first().map(|(_, at)| *at)));
        match (self.rewritten.take(), longest) {
            // Where the chain itself is broken, the place of the break says more.
            (Some(rewritten), _) if !broken => self.damaged(rewritten),
            (None, Some((were, at))) if were > self.last => {
                self.damaged(Damage::Cut { entries: self.last, were, at: at.unwrap_or_default() });
            }
            _ => {}
        }
        self.found
    }
}

#[cfg(test)]
mod tests;
