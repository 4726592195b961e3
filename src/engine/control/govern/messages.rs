//! Parked messages that are to leave after all.

use super::{Deed, not_here};
use crate::engine::control::{Answer, Refusal};
use crate::store::{Entry, Store};

/// Carries one out.
pub(super) fn perform(store: &dyn Store, deed: &Deed, actor: &str) -> Result<Answer, Refusal> {
    match deed {
        Deed::MessagesRetry => {
            let entry = Entry {
                actor: actor.to_owned(),
                act: deed.act().to_owned(),
                about: "parked messages".to_owned(),
                details: "{}".to_owned(),
            };
            store.append(&entry)?;
            Ok(Answer::Counted { count: store.retry_messages()? })
        }
        other => Err(not_here(other)),
    }
}
