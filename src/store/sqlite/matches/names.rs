//! Policies' names and hashes as the small numbers that matches carry.

use super::super::Failed;
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;
use std::sync::Arc;

/// The number of a policy that anything was ever stored of.
pub(in crate::store::sqlite) fn number_of(tx: &Connection, name: &str) -> Result<Option<i64>, Failed> {
    let sql = "SELECT number FROM policy_name WHERE name = ?1";
    Ok(tx.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()?)
}

/// The name of a policy by its number.
pub(in crate::store::sqlite) fn name_of(tx: &Connection, policy: i64) -> Result<Arc<str>, Failed> {
    let sql = "SELECT name FROM policy_name WHERE number = ?1";
    Ok(tx.prepare_cached(sql)?.query_row([policy], |row| row.get::<_, String>(0))?.into())
}

/// What was looked up already: a slice of rulings names the same few policies again and again.
#[derive(Debug)]
pub(super) struct Names<'a> {
    tx: &'a Connection,
    policies: HashMap<Arc<str>, i64>,
    versions: HashMap<(i64, [u8; 32]), i64>,
}

impl<'a> Names<'a> {
    pub(super) fn new(tx: &'a Connection) -> Self {
        Self { tx, policies: HashMap::new(), versions: HashMap::new() }
    }

    /// A policy's number, if it has one.
    pub(super) fn policy(&mut self, name: &Arc<str>) -> Result<Option<i64>, Failed> {
        if let Some(known) = self.policies.get(name) {
            return Ok(Some(*known));
        }
        let found = number_of(self.tx, name)?;
        if let Some(number) = found {
            self.policies.insert(Arc::clone(name), number);
        }
        Ok(found)
    }

    /// The number of a policy's text, if it has one.
    pub(super) fn version(&mut self, policy: i64, hash: &[u8; 32]) -> Result<Option<i64>, Failed> {
        if let Some(known) = self.versions.get(&(policy, *hash)) {
            return Ok(Some(*known));
        }
        let sql = "SELECT number FROM policy_version WHERE policy = ?1 AND hash = ?2";
        let found = self.tx.prepare_cached(sql)?.query_row((policy, hash), |row| row.get(0)).optional()?;
        if let Some(number) = found {
            self.versions.insert((policy, *hash), number);
        }
        Ok(found)
    }

    /// As [`Names::policy`]; made when there is none.
    pub(super) fn make_policy(&mut self, name: &Arc<str>) -> Result<i64, Failed> {
        if let Some(number) = self.policy(name)? {
            return Ok(number);
        }
        self.tx.prepare_cached("INSERT INTO policy_name (name) VALUES (?1)")?.execute([&**name])?;
        let number = self.tx.last_insert_rowid();
        self.policies.insert(Arc::clone(name), number);
        Ok(number)
    }

    /// As [`Names::version`]; made when there is none.
    pub(super) fn make_version(&mut self, policy: i64, hash: &[u8; 32]) -> Result<i64, Failed> {
        if let Some(number) = self.version(policy, hash)? {
            return Ok(number);
        }
        self.tx.prepare_cached("INSERT INTO policy_version (policy, hash) VALUES (?1, ?2)")?.execute((policy, hash))?;
        let number = self.tx.last_insert_rowid();
        self.versions.insert((policy, *hash), number);
        Ok(number)
    }
}
