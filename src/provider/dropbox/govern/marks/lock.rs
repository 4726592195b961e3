//! Locks: they keep others from changing a file, in a member's name.
//!
//! A lock of Dropbox neither ends by itself nor keeps anybody from downloading; orders for such are refused before anything
//! is read. A lock that our actor holds counts as ours. An admin takes away anybody's lock. Source: files.stone
//! (`lock_file_batch`, `unlock_file_batch`), whose answer says for each file how it went.

use super::super::super::wire::{Entry, inner, tag, text};
use super::super::super::{Tenant, route};
use super::super::failed;
use super::super::places::{id_of, not_offered};
use super::super::read::Actor;
use crate::model::Principal;
use crate::model::action::{Block, ItemState, LockState};
use crate::provider::govern::{Applied, Asked};
use crate::provider::{Error, Next};
use serde_json::{Value, json};
use std::sync::Arc;

impl Tenant {
    /// The lock, as `entry` (the item's metadata as read by whoever acts) tells it.
    pub(in super::super) fn lock_of(
        &self,
        asked: &Asked<'_>,
        now: &ItemState,
        entry: &Entry,
    ) -> Result<Option<LockState>, Error> {
        let Some(lock) = entry.file_lock_info.as_ref().filter(|lock| lock.holds()) else { return Ok(None) };
        let by: Option<Arc<str>> = lock.lockholder_account_id.as_deref().map(Arc::from);
        let ours = match self.in_person(asked, now) {
            _ if lock.is_lockholder == Some(true) => true,
            Ok(Actor { principal: Principal::Person(member), .. }) => {
                by.is_some() && self.account_of(&member, asked.people) == by
            }
            Err(Applied::Later(error) | Applied::Unclear(error)) => return Err(error),
            _ => false,
        };
        Ok(Some(LockState { by, ours, until: None, no_download: false }))
    }

    pub(super) fn lock(&self, asked: &Asked<'_>, now: &ItemState) -> Result<Applied, Applied> {
        let actor = self.in_person(asked, now)?;
        let ask = actor.acts(&route::LOCK, "lock a file", None);
        let answer = self.team.desk.act::<Value>(&ask, &entries(asked));
        Ok(outcome(answer.map_err(failed)?))
    }

    /// The admin's right to unlock reaches the whole team's files.
    pub(super) fn unlock(&self, asked: &Asked<'_>, now: &ItemState) -> Result<Applied, Applied> {
        let admin = self.team.admin().map_err(failed)?;
        let admin = Actor { principal: admin, team_owned: true };
        let ask = admin.acts(&route::UNLOCK, "unlock a file", None).within(&now.folder.place);
        let answer = self.team.desk.act::<Value>(&ask, &entries(asked));
        Ok(outcome(answer.map_err(failed)?))
    }
}

fn entries(asked: &Asked<'_>) -> Value {
    json!({"entries": [{"path": id_of(asked)}]})
}

/// What the answer says of the one file that was asked for.
fn outcome((answer, request): (Value, Option<Arc<str>>)) -> Applied {
    const DOING: &str = "lock or unlock a file";
    let entry = &answer["entries"][0];
    if tag(entry) == "success" {
        return Applied::Done(request.into_iter().collect());
    }
    let why = if tag(entry) == "failure" { inner(entry) } else { &Value::Null };
    let told = |next, said: &str| Error::new(next, DOING, said);
    match tag(why) {
        "path_lookup" => match tag(inner(why)) {
            "not_found" => Applied::Moved,
            "locked" => Applied::Blocked(Block::Lock(None)),
            _ => failed(told(Next::Forbidden, "path_lookup")),
        },
        "lock_conflict" => {
            let holder = text(&why["lock"]["content"], "lock_holder_account_id");
            Applied::Blocked(Block::Lock(holder.map(Arc::from)))
        }
        // Not done, and it may be looked at again: a namespace takes one writer at a time.
        "too_many_write_operations" => Applied::Moved,
        "cannot_be_locked" => not_offered("files of this kind cannot be locked"),
        "file_not_shared" => not_offered("only shared files can be locked"),
        "no_write_permission" => failed(told(Next::Forbidden, "no_write_permission")),
        "internal_error" => Applied::Unclear(told(Next::Transient, "internal_error")),
        _ => Applied::Unclear(told(Next::Transient, "an answer that is not what the API describes")),
    }
}
