//! Records that name items and people: kept as JSON, sealed.

use super::{Failed, words};
use crate::store::SealKey;
use crate::store::error::Kind;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Seals a record.
pub(super) fn record<T: Serialize + ?Sized>(seal: &SealKey, record: &T) -> Result<Vec<u8>, Failed> {
    let json = serde_json::to_string(record).map_err(|_| Kind::Failed("a record cannot be written as JSON".into()))?;
    words::sealed(seal, &json)
}

/// Opens a record. What an error says of the text is left out: it may quote it.
pub(super) fn open<T: DeserializeOwned>(seal: &SealKey, sealed: &[u8]) -> Result<T, Failed> {
    let json = words::opened(seal, sealed)?;
    serde_json::from_str(&json)
        .map_err(|_| Kind::Damaged("a sealed record is not what this program writes".into()).into())
}
