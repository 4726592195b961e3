//! Quarantined items that come back from what their sealed receipts tell.

use super::{Deed, not_here};
use crate::engine::control::{Answer, Refusal};
use crate::store::Store;

/// Carries one out.
pub(super) fn perform(_store: &dyn Store, deed: &Deed, _actor: &str) -> Result<Answer, Refusal> {
    Err(not_here(deed))
}
