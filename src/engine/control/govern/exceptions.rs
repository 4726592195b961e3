//! Exceptions that a person makes or ends.

use super::super::perform::number as connector_of;
use super::{Deed, not_here};
use crate::clock::Moment;
use crate::engine::control::{Answer, Refusal};
use crate::model::{ContentHash, ExceptionNumber};
use crate::store::exceptions::{ExceptionKind, NewException};
use crate::store::{Entry, Store};
use serde_json::json;

/// Carries one out.
pub(super) fn perform(store: &dyn Store, deed: &Deed, actor: &str) -> Result<Answer, Refusal> {
    match deed {
        Deed::ExceptionAdd { .. } => add(store, deed, actor),
        Deed::ExceptionEnd { exception, reason } => {
            let entry = Entry {
                actor: actor.to_owned(),
                act: deed.act().to_owned(),
                about: format!("exception {exception}"),
                details: json!({ "reason": written(reason)? }).to_string(),
            };
            if store.end_exception(ExceptionNumber(*exception), &entry)? {
                return Ok(Answer::Done);
            }
            Err(Refusal::new(format!(
                "no exception {exception} holds\n  `sluicebox exceptions list` tells those that do"
            )))
        }
        other => Err(not_here(other)),
    }
}

fn add(store: &dyn Store, deed: &Deed, actor: &str) -> Result<Answer, Refusal> {
    let Deed::ExceptionAdd { kind, what, connector, policy, excused, content, reason, until_ms } = deed else {
        return Err(not_here(deed));
    };
    let kind = ExceptionKind::ALL.into_iter().find(|one| one.name() == kind);
    let kind = kind.ok_or_else(|| Refusal::new("an exception is about a file, folder, owner, domain or token"))?;
    let new = NewException {
        kind,
        what: spelled(kind, what).into(),
        connector: connector.as_deref().map(|name| connector_of(store, name)).transpose()?,
        policy: policy.as_deref().map(Into::into),
        content: content.as_deref().map(digest_of).transpose()?,
        excused: excused.iter().map(|(detector, different)| (detector.as_str().into(), *different)).collect(),
        reason: written(reason)?.into(),
        by: actor.into(),
        until: Moment::from_millis(*until_ms),
    };
    let entry = Entry {
        actor: actor.to_owned(),
        act: deed.act().to_owned(),
        about: format!("exception for a {}", kind.name()),
        // Whom or what it is about may name a person: it goes where it can be destroyed.
        details: json!({
            "what": &*new.what, "connector": connector, "policy": policy, "excused": excused, "reason": &*new.reason,
            "until": new.until.to_string(),
        })
        .to_string(),
    };
    Ok(Answer::Made { number: store.add_exception(&new, &entry)?.0 })
}

/// A SHA-256 written in hexadecimal.
fn digest_of(digits: &str) -> Result<[u8; 32], Refusal> {
    match ContentHash::parse(digits) {
        Some(ContentHash::Blocks(bytes)) => Ok(bytes),
        _ => Err(Refusal::new("a content is named by 64 hexadecimal digits")),
    }
}

/// As facts spell it: logins and domains in lower case.
fn spelled(kind: ExceptionKind, what: &str) -> String {
    match kind {
        ExceptionKind::Owner | ExceptionKind::Domain => what.trim().to_lowercase(),
        ExceptionKind::File | ExceptionKind::Folder | ExceptionKind::Token => what.trim().to_owned(),
    }
}

/// A reason that says something.
pub(super) fn written(reason: &str) -> Result<&str, Refusal> {
    match reason.trim() {
        "" => Err(Refusal::new("a reason must be given\n  write it after --reason")),
        reason => Ok(reason),
    }
}
