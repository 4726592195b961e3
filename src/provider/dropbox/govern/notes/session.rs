//! Upload sessions: a content too large for one call, sent in parts and then put at its path by one call.
//!
//! Nothing shows until the end of a session, so a part may be sent again: the service takes it at its offset or not at all. A
//! part without a clear answer is sent once more; "incorrect offset" then means that the first one had arrived. The end
//! is a change like any other and is sent once. Source: files.stone (`upload_session/*`).

use super::super::super::wire::text;
use super::super::super::{Tenant, route};
use super::super::{blocks, has};
use super::{Actor, Content};
use crate::provider::{Error, Next};
use serde_json::{Value, json};
use std::sync::Arc;

/// Bytes of a part: a multiple of 4 MiB, well below the 150 MiB of a call.
const PART_BYTES: usize = 32 << 20;
/// How often a part is sent at most.
const PART_TRIES_MAX: u32 = 4;
const DOING: &str = "write a large file";

impl Tenant {
    /// Sends the parts, then puts them together at the path.
    pub(super) fn put_by_session(
        &self,
        by: &Actor,
        place: &Arc<str>,
        content: &Content<'_>,
    ) -> Result<Vec<Arc<str>>, Error> {
        self.put_in_parts(by, place, content, PART_BYTES)
    }

    pub(super) fn put_in_parts(
        &self,
        by: &Actor,
        place: &Arc<str>,
        content: &Content<'_>,
        part_bytes: usize,
    ) -> Result<Vec<Arc<str>>, Error> {
        let session = self.session(by)?;
        let mut offset = 0_usize;
        for part in content.bytes.chunks(part_bytes.max(1)) {
            self.append(by, &cursor(&session, offset), part)?;
            offset = offset.saturating_add(part.len());
        }
        let ask = by.acts(&route::UPLOAD_END, DOING, Some(place)).within(place);
        let argument = json!({"cursor": cursor(&session, offset), "commit": content.commit()});
        let (_, request) = self.team.desk.upload::<Value>(&ask, &argument, &[])?;
        Ok(request.into_iter().collect())
    }

    /// A new session. One that nobody ends falls away by itself.
    fn session(&self, by: &Actor) -> Result<String, Error> {
        let ask = by.looks(&route::UPLOAD_START, DOING);
        let (told, _) = self.team.desk.upload::<Value>(&ask, &json!({"close": false}), &[])?;
        let id = text(&told, "session_id").map(str::to_owned);
        id.ok_or_else(|| Error::new(Next::Transient, DOING, "a session without an id"))
    }

    fn append(&self, by: &Actor, cursor: &Value, part: &[u8]) -> Result<(), Error> {
        let argument = json!({"cursor": cursor, "close": false, "content_hash": blocks(part).to_string()});
        let mut tries = 0;
        loop {
            tries += 1;
            let ask = by.looks(&route::UPLOAD_ON, DOING);
            // Sent once: whether it is sent again is decided here.
            let ask = ask.changing(None);
            match self.team.desk.upload::<Value>(&ask, &argument, part) {
                Ok(_) => return Ok(()),
                Err(error) if tries > 1 && has(&error, "incorrect_offset") => return Ok(()),
                Err(error) if error.next() == Next::Transient && tries < PART_TRIES_MAX => {}
                Err(error) => return Err(before_the_end(error)),
            }
        }
    }
}

fn cursor(session: &str, offset: usize) -> Value {
    json!({"session_id": session, "offset": offset})
}

/// Nothing was put anywhere yet: a session that was lost is begun anew with the order.
fn before_the_end(error: Error) -> Error {
    match error.next() {
        Next::Gone | Next::Moved => Error::new(Next::Transient, DOING, error.said()),
        _ => error,
    }
}
