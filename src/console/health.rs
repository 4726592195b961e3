//! Is the service well, and if not, why: what a load balancer or a person asks first.

use serde_json::json;

/// How the service is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why it is not well; empty when it is.
    pub reasons: Vec<Unwell>,
}

/// One reason why the service is not well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwell {
    /// A word that a program can rest on: `feed-silent`, `store`, `disk`.
    pub id: &'static str,
    /// Whose feed, where it is one connector's.
    pub connector: Option<String>,
    /// In a sentence, without names of files or people.
    pub what: String,
}

impl Health {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.reasons.is_empty()
    }

    /// As JSON, on one line.
    #[must_use]
    pub fn json(&self) -> String {
        let reason = |one: &Unwell| json!({"id": one.id, "connector": one.connector, "what": one.what});
        let reasons: Vec<_> = self.reasons.iter().map(reason).collect();
        format!("{}\n", json!({"schema": "sluicebox.health/1", "ok": self.is_well(), "reasons": reasons}))
    }
}
