//! `Plans` in SQLite.

use super::writer::Haste;
use super::{Desk, Failed, Sqlite, audit, intents, words};
use crate::clock::Moment;
use crate::model::PlanNumber;
use crate::store::audit::Entry;
use crate::store::error::Kind;
use crate::store::intents::{NewIntent, Voter};
use crate::store::plans::{Approved, NewPlan, Plan, Plans};
use crate::store::{Error, SealKey};
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::sync::Arc;

impl Plans for Sqlite {
    fn add_plan(&self, plan: &NewPlan, entry: &Entry) -> Result<PlanNumber, Error> {
        let (plan, entry) = (plan.clone(), entry.clone());
        self.write_at(Haste::Live, "keep a plan", move |desk| add(desk, &plan, entry))
    }

    fn plan(&self, number: PlanNumber) -> Result<Option<Plan>, Error> {
        self.read("read a plan", |tx| {
            let sql = format!("SELECT {COLUMNS} FROM plan WHERE number = ?1");
            let mut statement = tx.prepare_cached(&sql)?;
            let found = statement.query_row([number.0], |row| Ok(from_row(tx, Some(self.seal()), row)));
            found.optional()?.transpose()
        })
    }

    fn plans(&self, before: Option<PlanNumber>, max: usize) -> Result<Vec<Plan>, Error> {
        self.read("read plans", |tx| {
            let sql = format!("SELECT {COLUMNS} FROM plan WHERE number < ?1 ORDER BY number DESC LIMIT ?2");
            let mut statement = tx.prepare_cached(&sql)?;
            let mut rows = statement.query((before.map_or(i64::MAX, |before| before.0), words::limit(max)))?;
            let mut plans = Vec::new();
            while let Some(row) = rows.next()? {
                plans.push(from_row(tx, None, row)?);
            }
            Ok(plans)
        })
    }

    fn approve_plan(&self, number: PlanNumber, by: &str, entry: &Entry) -> Result<bool, Error> {
        let (by, entry) = (by.to_owned(), entry.clone());
        self.write_at(Haste::Live, "approve a plan", move |desk| approve(desk, number, &by, entry))
    }

    fn apply_plan(&self, number: PlanNumber, by: &str, intents: &[NewIntent], entry: &Entry) -> Result<bool, Error> {
        let doing = "apply a plan";
        let ours = |intent: &NewIntent| NewIntent { plan: Some(number), ..intent.clone() };
        let made = self.made(doing, intents.iter().map(ours).collect())?;
        let (by, entry) = (by.to_owned(), entry.clone());
        self.write_at(Haste::Live, doing, move |desk| {
            if !may_be_applied(desk.tx, number)? {
                return Ok(false);
            }
            let sql = "UPDATE plan SET applied = ?2, applied_by = ?3 WHERE number = ?1";
            desk.tx.prepare_cached(sql)?.execute((number.0, desk.now.as_millis(), by))?;
            audit::append(desk.tx, desk.now, entry)?;
            made.iter().try_for_each(|made| intents::keep(desk, made).map(drop))?;
            Ok(true)
        })
    }

    fn approve_policy(&self, policy: &Voter, plan: PlanNumber, by: &str, entry: &Entry) -> Result<(), Error> {
        let (policy, by, entry) = (policy.clone(), by.to_owned(), entry.clone());
        self.write_at(Haste::Live, "approve a policy", move |desk| {
            let sql = "INSERT INTO policy_approval (policy, hash, plan, approved_by, at) VALUES (?1, ?2, ?3, ?4, ?5) \
                       ON CONFLICT (policy) DO UPDATE SET hash = excluded.hash, plan = excluded.plan, \
                       approved_by = excluded.approved_by, at = excluded.at";
            let values = params![&*policy.policy, policy.hash, plan.0, by, desk.now.as_millis()];
            desk.tx.prepare_cached(sql)?.execute(values)?;
            audit::append(desk.tx, desk.now, entry).map(drop)
        })
    }

    fn revoke_policy(&self, policy: &str, entry: &Entry) -> Result<bool, Error> {
        let (policy, entry) = (policy.to_owned(), entry.clone());
        self.write_at(Haste::Live, "take an approval back", move |desk| {
            let sql = "DELETE FROM policy_approval WHERE policy = ?1";
            let had_one = desk.tx.prepare_cached(sql)?.execute([policy])? > 0;
            if had_one {
                audit::append(desk.tx, desk.now, entry)?;
            }
            Ok(had_one)
        })
    }

    fn approved_policies(&self) -> Result<Vec<Approved>, Error> {
        self.read("read which policies are approved", |tx| {
            let sql = "SELECT policy, hash, plan, approved_by, at FROM policy_approval ORDER BY policy";
            let mut statement = tx.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                Ok(Approved {
                    policy: Voter { policy: row.get::<_, String>(0)?.into(), hash: row.get(1)? },
                    plan: PlanNumber(row.get(2)?),
                    by: row.get::<_, String>(3)?.into(),
                    at: Moment::from_millis(row.get(4)?),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

const COLUMNS: &str = "number, hash, body, made_by, kind, items, approvals, made, applied, applied_by";

/// A plan; its body is opened only with the seal.
fn from_row(tx: &Connection, seal: Option<&SealKey>, row: &Row<'_>) -> Result<Plan, Failed> {
    let number: i64 = row.get(0)?;
    let body = match seal {
        Some(seal) => words::opened(seal, &row.get::<_, Vec<u8>>(2)?)?,
        None => String::new(),
    };
    let is = NewPlan {
        hash: row.get(1)?,
        body,
        by: row.get::<_, String>(3)?.into(),
        kind: row.get::<_, String>(4)?.into(),
        items: words::count(row.get(5)?),
        policies: policies(tx, number)?,
        approvals: row.get(6)?,
    };
    let (applied, applied_by): (Option<i64>, Option<String>) = (row.get(8)?, row.get(9)?);
    Ok(Plan {
        number: PlanNumber(number),
        is,
        made: Moment::from_millis(row.get(7)?),
        approved: approvals(tx, number)?,
        applied: applied.zip(applied_by).map(|(at, by)| (Moment::from_millis(at), by.into())),
    })
}

fn policies(tx: &Connection, plan: i64) -> Result<Vec<Voter>, Failed> {
    let mut statement = tx.prepare_cached("SELECT policy, hash FROM plan_policy WHERE plan = ?1 ORDER BY place")?;
    let rows =
        statement.query_map([plan], |row| Ok(Voter { policy: row.get::<_, String>(0)?.into(), hash: row.get(1)? }))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn approvals(tx: &Connection, plan: i64) -> Result<Vec<(Arc<str>, Moment)>, Failed> {
    let mut statement =
        tx.prepare_cached("SELECT approved_by, at FROM plan_approval WHERE plan = ?1 ORDER BY place")?;
    let rows =
        statement.query_map([plan], |row| Ok((row.get::<_, String>(0)?.into(), Moment::from_millis(row.get(1)?))))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn add(desk: &Desk<'_>, plan: &NewPlan, entry: Entry) -> Result<PlanNumber, Failed> {
    let mut statement = desk.tx.prepare_cached("SELECT number FROM plan WHERE hash = ?1")?;
    if let Some(number) = statement.query_row([plan.hash], |row| row.get(0)).optional()? {
        return Ok(PlanNumber(number));
    }
    let sql =
        "INSERT INTO plan (hash, body, made_by, kind, items, approvals, made) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    desk.tx.prepare_cached(sql)?.execute(params![
        plan.hash,
        words::sealed(desk.seal, &plan.body)?,
        &*plan.by,
        &*plan.kind,
        words::integer(plan.items),
        plan.approvals,
        desk.now.as_millis(),
    ])?;
    let number = desk.tx.last_insert_rowid();
    let sql = "INSERT INTO plan_policy (plan, place, policy, hash) VALUES (?1, ?2, ?3, ?4)";
    let mut statement = desk.tx.prepare_cached(sql)?;
    for (place, policy) in (0_i64..).zip(&plan.policies) {
        statement.execute(params![number, place, &*policy.policy, policy.hash])?;
    }
    audit::append(desk.tx, desk.now, entry)?;
    Ok(PlanNumber(number))
}

/// What decides whether a plan may be approved or applied.
struct Standing {
    by: String,
    needs: u8,
    is_applied: bool,
    approved: Vec<(Arc<str>, Moment)>,
}

fn standing(tx: &Connection, number: PlanNumber) -> Result<Standing, Failed> {
    let sql = "SELECT made_by, approvals, applied IS NOT NULL FROM plan WHERE number = ?1";
    let mut statement = tx.prepare_cached(sql)?;
    let found = statement.query_row([number.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let (by, needs, is_applied) = found.ok_or_else(|| Kind::Refused(format!("there is no plan {number}")))?;
    Ok(Standing { by, needs, is_applied, approved: approvals(tx, number.0)? })
}

fn approve(desk: &Desk<'_>, number: PlanNumber, by: &str, entry: Entry) -> Result<bool, Failed> {
    let plan = standing(desk.tx, number)?;
    if plan.is_applied || plan.by == by || plan.approved.iter().any(|(who, _)| **who == *by) {
        return Ok(false);
    }
    let sql = "INSERT INTO plan_approval (plan, place, approved_by, at) VALUES (?1, ?2, ?3, ?4)";
    let values = (number.0, words::limit(plan.approved.len()), by, desk.now.as_millis());
    desk.tx.prepare_cached(sql)?.execute(values)?;
    audit::append(desk.tx, desk.now, entry)?;
    Ok(true)
}

/// Whoever made it does not count among those who approved it.
fn may_be_applied(tx: &Connection, number: PlanNumber) -> Result<bool, Failed> {
    let plan = standing(tx, number)?;
    let others = plan.approved.iter().filter(|(who, _)| **who != *plan.by).count();
    Ok(!plan.is_applied && others >= usize::from(plan.needs))
}
