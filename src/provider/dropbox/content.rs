//! The bytes of one revision: downloaded as they are, or exported where Dropbox has no bytes of its own (Paper, Google).
//!
//! A download is pinned by `rev:`, which reads the revision even after the file was edited, and a cut body goes on by
//! `Range`. An export cannot be pinned or cut into ranges: it must be of the listed revision, and a cut one is exported
//! again and read on where it broke off if its hash is still the same. Source: files.stone (`download`, `export`).

use super::call::{Ask, result_of};
use super::route;
use super::team::Team;
use super::wire::{Entry, Exported};
use crate::model::{ContentHash, Download, Principal};
use crate::provider::body::{Body, Expected, Reopen};
use crate::provider::http::{Stream, Urgency};
use crate::provider::{Error, Next, Wanted};
use serde_json::json;
use std::sync::Arc;

/// Opens a content.
pub(super) fn open(team: &Arc<Team>, wanted: &Wanted) -> Result<Body, Error> {
    let read_as = match &wanted.read_as {
        Principal::Tenant => team.admin()?,
        named => named.clone(),
    };
    let urgency = if wanted.live { Urgency::Live } else { Urgency::Bulk };
    let doing = format!("read {}", wanted.id);
    let source = Source { team: Arc::clone(team), read_as, urgency, doing: doing.clone() };
    let (first, expected, rest): (Stream, Expected, Reopen) = match &wanted.download {
        Download::Direct => direct(source, wanted)?,
        Download::Export(format) => export(source, wanted, format)?,
        Download::None => return Err(Error::new(Next::NotReadable, doing, "it has no content and cannot be exported")),
    };
    Body::open(after(first, rest), expected, doing)
}

/// Hands out the stream that was opened to learn what to expect, then those that `rest` opens.
fn after(first: Stream, mut rest: Reopen) -> Reopen {
    let mut first = Some(first);
    Box::new(move |from| match first.take() {
        Some(stream) if from == 0 => Ok(stream),
        _ => rest(from),
    })
}

/// Who reads, and how urgently.
struct Source {
    team: Arc<Team>,
    read_as: Principal,
    urgency: Urgency,
    doing: String,
}

impl Source {
    fn ask(&self, route: &'static route::Route, from: u64) -> Ask<'_> {
        Ask { urgency: self.urgency, from, ..Ask::new(route, &self.read_as, self.doing.clone()) }
    }

    fn error(&self, next: Next, said: &str) -> Error {
        Error::new(next, self.doing.clone(), said)
    }
}

fn direct(source: Source, wanted: &Wanted) -> Result<(Stream, Expected, Reopen), Error> {
    let path = wanted.version.as_ref().map_or_else(|| wanted.id.to_string(), |rev| format!("rev:{rev}"));
    let first = source.team.desk.download(&source.ask(&route::DOWNLOAD, 0), &json!({ "path": path }))?;
    let told: Entry = result_of(&first);
    if wanted.version.is_some() && told.rev.is_some() && told.rev.as_deref() != wanted.version.as_deref() {
        return Err(source.error(Next::Moved, "another revision came"));
    }
    let expected = Expected {
        hash: wanted.hash.or_else(|| told.content_hash.as_deref().and_then(ContentHash::parse)),
        size_bytes: wanted.size_bytes.or(told.size),
    };
    // Whatever is current was asked for: from here on it is what was begun.
    let pinned = told.rev.map_or(path, |rev| format!("rev:{rev}"));
    let reopen: Reopen = Box::new(move |from| {
        let stream = source.team.desk.download(&source.ask(&route::DOWNLOAD, from), &json!({ "path": pinned }))?;
        let told: Entry = result_of(&stream);
        if told.rev.is_some_and(|rev| pinned.strip_prefix("rev:").is_some_and(|begun| begun != rev)) {
            return Err(source.error(Next::Moved, "another revision came"));
        }
        Ok(stream)
    });
    Ok((first, expected, reopen))
}

fn export(source: Source, wanted: &Wanted, format: &Arc<str>) -> Result<(Stream, Expected, Reopen), Error> {
    let argument = json!({"path": &*wanted.id, "export_format": &**format});
    let first = source.team.desk.download(&source.ask(&route::EXPORT, 0), &argument)?;
    let told: Exported = result_of(&first);
    if wanted.version.is_some()
        && told.file_metadata.rev.is_some()
        && told.file_metadata.rev.as_deref() != wanted.version.as_deref()
    {
        return Err(source.error(Next::Moved, "the file was changed since it was listed"));
    }
    let begun = told.export_metadata;
    let expected = Expected { hash: begun.export_hash.as_deref().and_then(ContentHash::parse), size_bytes: begun.size };
    let reopen: Reopen = Box::new(move |_| {
        let stream = source.team.desk.download(&source.ask(&route::EXPORT, 0), &argument)?;
        let told: Exported = result_of(&stream);
        if begun.export_hash.is_none() || told.export_metadata.export_hash != begun.export_hash {
            return Err(source.error(Next::Transient, "the export broke off and came out otherwise the second time"));
        }
        // The whole again: the body skips what it has.
        Ok(stream)
    });
    Ok((first, expected, reopen))
}
