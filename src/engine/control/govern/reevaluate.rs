//! Everything that is stored, judged anew: asked for here, carried out by the service's own thread, or by the command itself.

use super::{Deed, not_here};
use crate::engine::control::{Answer, Refusal};
use crate::engine::reevaluate::ASKED;
use crate::store::{Entry, Store};

/// Carries one out: it is written down who asked, and asked for.
pub(super) fn perform(store: &dyn Store, deed: &Deed, actor: &str) -> Result<Answer, Refusal> {
    let Deed::Reevaluate = deed else { return Err(not_here(deed)) };
    store.append(&Entry {
        actor: actor.to_owned(),
        act: deed.act().to_owned(),
        about: "everything".to_owned(),
        details: "{}".to_owned(),
    })?;
    store.keep_fact(None, ASKED, Some("yes"))?;
    Ok(Answer::Done)
}
