//! Alerts that a person closes.

use super::exceptions::written;
use super::{Deed, not_here};
use crate::engine::control::{Answer, Refusal};
use crate::model::AlertNumber;
use crate::store::{Entry, Store};
use serde_json::json;

/// Carries one out.
pub(super) fn perform(store: &dyn Store, deed: &Deed, actor: &str) -> Result<Answer, Refusal> {
    let Deed::AlertClose { alert, reason } = deed else { return Err(not_here(deed)) };
    let reason = written(reason)?;
    let entry = Entry {
        actor: actor.to_owned(),
        act: deed.act().to_owned(),
        about: format!("alert {alert}"),
        details: json!({ "reason": reason }).to_string(),
    };
    if store.close_alert(AlertNumber(*alert), actor, reason, &entry)? {
        return Ok(Answer::Done);
    }
    let why = match store.alert(AlertNumber(*alert))? {
        Some(_) => format!("alert {alert} was closed already\n  `sluicebox alerts show {alert}` tells by whom"),
        None => format!("there is no alert {alert}\n  `sluicebox alerts list` tells those that are open"),
    };
    Err(Refusal::new(why))
}
