//! Contents: a redirect of the API to a signed address that lives a quarter of an hour, and the bytes behind it.

use super::super::wire::{Answer, Asked};
use super::draw;
use super::reply::{Call, Fault};
use super::route::Told;
use super::state::{Role, State};
use super::tree::{Nid, Version};
use crate::clock::Moment;
use std::sync::Arc;
use std::time::Duration;

/// A signed address lives so long.
const SIGNED: Duration = Duration::from_secs(15 * 60);

impl State {
    /// `GET /files/{id}/content`.
    pub(super) fn content(&mut self, call: &mut Call<'_>, id: &str) -> Told {
        call.knows_query(&["version", "access_token"]);
        let nid = self.seen(call.actor, "file", id)?;
        let role = self.role(call.actor, nid).unwrap_or(Role::Uploader);
        if role < Role::Viewer {
            return Err(Fault::forbidden("Access denied - insufficient permission"));
        }
        self.shield_download(nid)?;
        self.may_download(call, nid)?;
        let version = match call.query("version") {
            None => self.tree.version_id(nid),
            Some(version) => self.version_of(nid, version).ok_or_else(Fault::not_found)?,
        };
        let until = self.now.plus(SIGNED).as_millis();
        let signature = self.signature(nid, version, until);
        let address = format!("{}/d/1/{signature}/{}/{version}/{until}/download", self.doors[2], self.tree.id(nid));
        self.downloaded(call.actor, nid);
        Ok(Answer::empty(302).with("location", address))
    }

    /// Refuses the content of a file that somebody else locked against downloads.
    fn may_download(&self, call: &Call<'_>, nid: Nid) -> Result<(), Fault> {
        match self.tree.extra(nid).and_then(|extra| extra.lock.as_ref()) {
            Some(lock) if lock.no_download && lock.by != call.actor && self.is_locked(nid) => {
                Err(Fault::new(403, "access_denied_item_locked", "Access denied - item locked"))
            }
            _ => Ok(()),
        }
    }

    /// The id of a version of a file, if it has that one and it is not in the trash.
    fn version_of(&self, nid: Nid, id: &str) -> Option<u64> {
        let id: u64 = id.parse().ok()?;
        (id == self.tree.version_id(nid) || self.earlier(nid, id).is_some()).then_some(id)
    }

    fn earlier(&self, nid: Nid, id: u64) -> Option<&Version> {
        self.tree.versions(nid)?.earlier.iter().find(|version| version.id == id && version.trashed.is_none())
    }

    fn signature(&self, nid: Nid, version: u64, until: i64) -> String {
        let number = version ^ u64::from(nid).rotate_left(40);
        draw::code(self.seed ^ 0x516E, number ^ until.unsigned_abs())
    }

    /// Answers the download door.
    pub(super) fn download(&mut self, asked: &Asked) -> Answer {
        if asked.header("authorization").is_some() {
            return Answer::text(403, "Forbidden").refused("a token was sent to the download host");
        }
        if asked.method != "GET" {
            return Answer::empty(405).refused("the download host takes GET only");
        }
        let Some((nid, version, until)) = self.read_signed(&asked.path) else {
            return Answer::text(404, "Not Found").refused("no such signed address");
        };
        if until < self.now {
            return Answer::text(403, "This link has expired.");
        }
        let body = match self.earlier(nid, version) {
            Some(earlier) => earlier.body.clone(),
            None if version == self.tree.version_id(nid) && self.tree.is_live(nid) => self.tree.body(nid),
            None => return Answer::text(404, "Not Found"),
        };
        ranged(asked, &body).of_content(version.to_string(), body.len())
    }

    /// What a signed address points to, if this tenant signed it.
    fn read_signed(&self, path: &str) -> Option<(Nid, u64, Moment)> {
        let mut steps = path.strip_prefix("/d/1/")?.split('/');
        let (signature, id, version, until) = (steps.next()?, steps.next()?, steps.next()?, steps.next()?);
        let nid = self.tree.by_id(id)?;
        let (version, until) = (version.parse().ok()?, until.parse().ok()?);
        (self.signature(nid, version, until) == signature).then(|| (nid, version, Moment::from_millis(until)))
    }
}

/// A body, or the part of it that was asked for.
fn ranged(asked: &Asked, body: &Arc<[u8]>) -> Answer {
    let whole = Answer { body: body.to_vec(), ..Answer::empty(200) };
    let typed = |answer: Answer| answer.with("content-type", "application/octet-stream").with("accept-ranges", "bytes");
    let Some(range) = asked.header("range") else { return typed(whole) };
    match read_range(range, body.len()) {
        Range::Odd => typed(whole),
        Range::Beyond => Answer::empty(416).with("content-range", format!("bytes */{}", body.len())),
        Range::Part(first, last) => {
            let part = Answer { body: body[first..=last].to_vec(), ..Answer::empty(206) };
            typed(part).with("content-range", format!("bytes {first}-{last}/{}", body.len()))
        }
    }
}

enum Range {
    /// Not understood: as good as absent.
    Odd,
    /// Beyond the end.
    Beyond,
    /// First and last byte.
    Part(usize, usize),
}

fn read_range(text: &str, len: usize) -> Range {
    let Some((first, last)) = text.strip_prefix("bytes=").and_then(|range| range.split_once('-')) else {
        return Range::Odd;
    };
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), _) if first >= len => Range::Beyond,
        (Ok(first), Ok(last)) if last >= first => Range::Part(first, last.min(len - 1)),
        (Ok(first), Err(_)) if last.is_empty() => Range::Part(first, len - 1),
        (Err(_), Ok(tail)) if first.is_empty() && tail > 0 && len > 0 => Range::Part(len.saturating_sub(tail), len - 1),
        (Err(_), Ok(_)) if first.is_empty() => Range::Beyond,
        _ => Range::Odd,
    }
}
