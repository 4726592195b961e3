//! One slice of rulings: what of each changes what is stored, and writing only that.

use super::super::{Desk, Failed, intents, words};
use super::{Counts, Held, Hits, Names, end, held, unvote};
use crate::model::ItemNumber;
use crate::store::intents::NewIntent;
use crate::store::matches::{Matched, Ruled, Ruling};
use rusqlite::{OptionalExtension, params};

/// True when a ruling changes something of an item with these matches.
pub(super) fn changes(names: &mut Names<'_>, held: &[Held], ruling: &Ruling) -> Result<bool, Failed> {
    let mut stays = Vec::with_capacity(ruling.matches.len() + ruling.undecided.len());
    for matched in &ruling.matches {
        let Some(policy) = names.policy(&matched.policy)? else { return Ok(true) };
        let Some(is) = held.iter().find(|held| held.policy == policy) else { return Ok(true) };
        let level = matched.level.map_or(is.level, words::of_level);
        if level != is.level || names.version(policy, &matched.hash)? != Some(is.version) {
            return Ok(true);
        }
        stays.push(policy);
    }
    for undecided in &ruling.undecided {
        stays.extend(names.policy(undecided)?);
    }
    if held.iter().any(|held| !stays.contains(&held.policy)) {
        return Ok(true);
    }
    for intent in &ruling.intents {
        if is_wanted(names, held, intent)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// True when some voter's episode has not asked for anything yet.
fn is_wanted(names: &mut Names<'_>, held: &[Held], intent: &NewIntent) -> Result<bool, Failed> {
    for voter in &intent.voters {
        let policy = names.policy(&voter.policy)?;
        if held.iter().any(|held| Some(held.policy) == policy && !held.asked) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What must be written of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Write {
    Nothing,
    Insert,
    Update,
}

/// Rulings that are being kept in one transaction. What they all add to (counts, alerts) is written once at the end.
pub(super) struct Slice<'a> {
    desk: &'a Desk<'a>,
    names: Names<'a>,
    counts: Counts,
    hits: Hits,
    ruled: Ruled,
}

impl<'a> Slice<'a> {
    pub(super) fn new(desk: &'a Desk<'a>) -> Self {
        Self {
            desk,
            names: Names::new(desk.tx),
            counts: Counts::default(),
            hits: Hits::default(),
            ruled: Ruled::default(),
        }
    }

    /// Writes what is common to all rulings; tells what changed.
    pub(super) fn keep(self) -> Result<Ruled, Failed> {
        self.counts.keep(self.desk.tx)?;
        self.hits.keep(self.desk)?;
        Ok(self.ruled)
    }

    /// Keeps one.
    pub(super) fn rule(&mut self, ruling: &Ruling) -> Result<(), Failed> {
        let before = held(self.desk.tx, ruling.item)?;
        if before.is_empty() && !self.is_there(ruling.item)? {
            return Ok(());
        }
        let mut rows: Vec<(Held, Write)> = Vec::with_capacity(ruling.matches.len());
        let mut anew = Vec::new();
        for matched in &ruling.matches {
            let policy = self.names.make_policy(&matched.policy)?;
            if rows.iter().any(|(row, _)| row.policy == policy) {
                continue;
            }
            let was = before.iter().find(|held| held.policy == policy);
            let row = self.row(ruling, matched, policy, was)?;
            if was.is_some_and(|was| was.asked && !row.0.asked) {
                anew.push(policy);
            }
            rows.push(row);
        }
        self.end_others(ruling, &before, &mut rows)?;
        self.ruled.cancelled += unvote(self.desk, ruling.item, anew.into_iter())?;
        self.want(ruling, &mut rows)?;
        self.write(ruling.item, &rows)
    }

    /// What is gone matches nothing: a ruling may come after.
    fn is_there(&self, item: ItemNumber) -> Result<bool, Failed> {
        let sql = "SELECT 1 FROM item WHERE number = ?1 AND gone IS NULL";
        Ok(self.desk.tx.prepare_cached(sql)?.query_row([item.0], |_| Ok(())).optional()?.is_some())
    }

    /// A match's row as it is from now on: of a new episode, of a changed policy, with a lower level, or as it was.
    fn row(
        &mut self,
        ruling: &Ruling,
        matched: &Matched,
        policy: i64,
        was: Option<&Held>,
    ) -> Result<(Held, Write), Failed> {
        let version = self.names.make_version(policy, &matched.hash)?;
        let level = matched.level.map(words::of_level);
        let Some(was) = was else {
            let level = level.unwrap_or(words::UNTOLD);
            let since = self.desk.now.as_millis();
            let row = Held { policy, version, connector: ruling.connector.0, since, level, asked: false };
            self.counts.add(&row, 1);
            self.begins(ruling.item, matched, policy);
            return Ok((row, Write::Insert));
        };
        let mut row = *was;
        if version != was.version {
            (row.version, row.asked) = (version, false);
        }
        match level {
            Some(level) if was.level != words::UNTOLD && level > was.level => {
                (row.since, row.level, row.asked) = (self.desk.now.as_millis(), level, false);
                self.begins(ruling.item, matched, policy);
            }
            Some(level) => row.level = level,
            None => {}
        }
        Ok((row, if row == *was { Write::Nothing } else { Write::Update }))
    }

    fn begins(&mut self, item: ItemNumber, matched: &Matched, policy: i64) {
        self.ruled.began += 1;
        if let Some(key) = &matched.alert {
            self.hits.add(policy, key, item);
        }
    }

    /// Ends what does not match any more; what cannot be decided stays as it is, and may still vote.
    fn end_others(&mut self, ruling: &Ruling, before: &[Held], rows: &mut Vec<(Held, Write)>) -> Result<(), Failed> {
        let mut undecided = Vec::with_capacity(ruling.undecided.len());
        for name in &ruling.undecided {
            undecided.extend(self.names.policy(name)?);
        }
        let mut ended = Vec::new();
        for held in before {
            if rows.iter().any(|(row, _)| row.policy == held.policy) {
                continue;
            }
            if undecided.contains(&held.policy) {
                rows.push((*held, Write::Nothing));
            } else {
                self.counts.add(held, -1);
                self.ruled.ended += 1;
                ended.push(*held);
            }
        }
        self.ruled.cancelled += end(self.desk, ruling.item, &ended)?;
        Ok(())
    }

    /// Keeps the intents that some episode has not asked for yet. All are looked at before any counts as asked: one policy may
    /// want several things.
    fn want(&mut self, ruling: &Ruling, rows: &mut [(Held, Write)]) -> Result<(), Failed> {
        let held: Vec<Held> = rows.iter().map(|(row, _)| *row).collect();
        let mut wanted = Vec::new();
        for intent in &ruling.intents {
            if is_wanted(&mut self.names, &held, intent)? {
                wanted.push(intent.clone());
            }
        }
        for voter in wanted.iter().flat_map(|intent| &intent.voters) {
            let policy = self.names.policy(&voter.policy)?;
            for (row, write) in rows.iter_mut().filter(|(row, _)| Some(row.policy) == policy && !row.asked) {
                row.asked = true;
                *write = if *write == Write::Insert { Write::Insert } else { Write::Update };
            }
        }
        if !wanted.is_empty() {
            let kept = intents::add_in(self.desk, &wanted)?;
            self.ruled.intents += u64::try_from(kept.len()).unwrap_or(u64::MAX);
        }
        Ok(())
    }

    fn write(&self, item: ItemNumber, rows: &[(Held, Write)]) -> Result<(), Failed> {
        for (row, write) in rows {
            let sql = match write {
                Write::Nothing => continue,
                Write::Insert => {
                    "INSERT INTO matching (item, policy, version, connector, since, level, asked) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                }
                Write::Update => {
                    "UPDATE matching SET version = ?3, connector = ?4, since = ?5, level = ?6, asked = ?7 \
                     WHERE item = ?1 AND policy = ?2"
                }
            };
            let values = params![item.0, row.policy, row.version, row.connector, row.since, row.level, row.asked];
            self.desk.tx.prepare_cached(sql)?.execute(values)?;
        }
        Ok(())
    }
}
