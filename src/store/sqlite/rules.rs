//! `Rules` in SQLite.

use super::{Failed, Sqlite};
use crate::clock::Moment;
use crate::store::Error;
use crate::store::error::Kind;
use crate::store::rules::{DetectorKept, Rules, RulesNumber};
use rusqlite::{Connection, OptionalExtension, Row, params};
use sha2::{Digest, Sha256};

use super::Haste;

/// The number of a detector's name; made when there is none.
pub(super) fn detector_number(c: &Connection, name: &str) -> Result<i64, Failed> {
    if let Some(number) = known_detector(c, name)? {
        return Ok(number);
    }
    let mut statement = c.prepare_cached("INSERT INTO detector (name) VALUES (?1) RETURNING number")?;
    Ok(statement.query_row([name], |row| row.get(0))?)
}

/// The number of a detector's name, if it has one.
pub(super) fn known_detector(c: &Connection, name: &str) -> Result<Option<i64>, Failed> {
    let mut statement = c.prepare_cached("SELECT number FROM detector WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0)).optional()?)
}

/// What two equal sets have in common, whatever order they are told in.
fn fingerprint(detectors: &[DetectorKept]) -> [u8; 32] {
    let mut sorted: Vec<(&str, &[u8; 32])> = detectors.iter().map(|detector| (&*detector.id, &detector.hash)).collect();
    sorted.sort_unstable();
    sorted.dedup();
    let mut hasher = Sha256::new();
    for (id, hash) in sorted {
        hasher.update(id.len().to_le_bytes());
        hasher.update(id.as_bytes());
        hasher.update(hash);
    }
    hasher.finalize().into()
}

/// The number of a set; made when there is none.
fn rules_number(c: &Connection, detectors: &[DetectorKept]) -> Result<RulesNumber, Failed> {
    let fingerprint = fingerprint(detectors);
    let mut statement = c.prepare_cached("SELECT number FROM rule_set WHERE fingerprint = ?1")?;
    if let Some(number) = statement.query_row([fingerprint], |row| row.get(0)).optional()? {
        return Ok(RulesNumber(number));
    }
    let mut statement = c.prepare_cached("INSERT INTO rule_set (fingerprint) VALUES (?1) RETURNING number")?;
    let number: i64 = statement.query_row([fingerprint], |row| row.get(0))?;
    for detector in detectors {
        let version = version_number(c, detector)?;
        let mut statement = c.prepare_cached(
            "INSERT INTO rule_set_detector (rules, version) VALUES (?1, ?2) ON CONFLICT (rules, version) DO NOTHING",
        )?;
        statement.execute([number, version])?;
    }
    Ok(RulesNumber(number))
}

/// The number of a detector as it is now. Its profile is kept as it was first told: the same hash means the same profile,
/// unless a newer program tells more of it, which then counts.
fn version_number(c: &Connection, detector: &DetectorKept) -> Result<i64, Failed> {
    let name = detector_number(c, &detector.id)?;
    let mut statement = c.prepare_cached(
        "INSERT INTO detector_version (detector, hash, profile) VALUES (?1, ?2, ?3)
         ON CONFLICT (detector, hash) DO UPDATE SET profile = excluded.profile RETURNING number",
    )?;
    Ok(statement.query_row(params![name, detector.hash, &*detector.profile], |row| row.get(0))?)
}

fn kept(row: &Row<'_>) -> rusqlite::Result<DetectorKept> {
    Ok(DetectorKept {
        id: row.get::<_, String>(0)?.into(),
        hash: row.get(1)?,
        profile: row.get::<_, String>(2)?.into(),
    })
}

fn detectors(c: &Connection, rules: RulesNumber) -> Result<Vec<DetectorKept>, Failed> {
    let known: bool =
        c.query_row("SELECT EXISTS (SELECT 1 FROM rule_set WHERE number = ?1)", [rules.0], |row| row.get(0))?;
    if !known {
        return Err(Kind::Refused("there is no rule set of that number".into()).into());
    }
    let mut statement = c.prepare_cached(
        "SELECT detector.name, detector_version.hash, detector_version.profile FROM rule_set_detector
         JOIN detector_version ON detector_version.number = rule_set_detector.version
         JOIN detector ON detector.number = detector_version.detector
         WHERE rule_set_detector.rules = ?1 ORDER BY detector.name",
    )?;
    Ok(statement.query_map([rules.0], kept)?.collect::<Result<_, _>>()?)
}

/// The set in force and since when.
pub(super) fn in_force(c: &Connection) -> Result<Option<(RulesNumber, Moment)>, Failed> {
    let mut statement = c.prepare_cached("SELECT rules, since FROM rules_in_force ORDER BY number DESC LIMIT 1")?;
    let row = statement.query_row([], |row| Ok((RulesNumber(row.get(0)?), Moment::from_millis(row.get(1)?))));
    Ok(row.optional()?)
}

fn put_in_force(c: &Connection, rules: RulesNumber, now: Moment) -> Result<(), Failed> {
    if in_force(c)?.is_some_and(|(present, _)| present == rules) {
        return Ok(());
    }
    detectors(c, rules)?;
    c.execute("INSERT INTO rules_in_force (rules, since) VALUES (?1, ?2)", [rules.0, now.as_millis()])?;
    Ok(())
}

impl Rules for Sqlite {
    fn rules_number(&self, told: &[DetectorKept]) -> Result<RulesNumber, Error> {
        let told = told.to_vec();
        self.write(Haste::Live, "keep a rule set", move |c| rules_number(c, &told))
    }

    fn detectors(&self, rules: RulesNumber) -> Result<Vec<DetectorKept>, Error> {
        self.read("read a rule set", |c| detectors(c, rules))
    }

    fn rules_in_force(&self) -> Result<Option<(RulesNumber, Moment)>, Error> {
        self.read("read which rules are in force", in_force)
    }

    fn put_in_force(&self, rules: RulesNumber) -> Result<(), Error> {
        let now = self.now();
        self.write(Haste::Live, "put rules in force", move |c| put_in_force(c, rules, now))
    }
}
