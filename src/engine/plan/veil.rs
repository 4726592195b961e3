//! Names that may not be shown, taken out of what a plan keeps and put back when it is applied.
//!
//! An action may carry an item's own name (a quarantine, a tombstone) or path. Where something sensitive stands in one, the
//! store shows it covered; a plan is shown to people, so each such segment of the path is replaced by a mark with its place.
//! The mark means the segment as it stands when the plan is applied.

use crate::store::Known;
use serde_json::Value;

/// Stands on both sides of a mark's number; no provider takes it in a name.
const MARK: char = '\u{1}';

/// The segments of a path that may not be shown, each with its mark.
#[derive(Debug, Default)]
pub(in crate::engine) struct Veil(Vec<(String, String)>);

impl Veil {
    /// What must be covered of this item.
    pub(in crate::engine) fn of(known: &Known) -> Self {
        let raw = known.item.path.as_deref().unwrap_or(&known.item.name);
        let shown: Vec<&str> = known.shown.rsplit('/').collect();
        let mut veil = Vec::new();
        let own = std::iter::once(&*known.item.name);
        for (at, segment) in own.chain(raw.rsplit('/').skip(1)).enumerate() {
            if segment.is_empty() || shown.get(at) == Some(&segment) {
                continue;
            }
            veil.push((segment.to_owned(), format!("{MARK}{at}{MARK}")));
            let low = segment.to_lowercase();
            if low != segment {
                veil.push((low, format!("{MARK}{at}l{MARK}")));
            }
        }
        // A name within another goes after it.
        veil.sort_by_key(|(segment, _)| std::cmp::Reverse(segment.len()));
        Self(veil)
    }

    /// Puts marks in the place of names.
    pub(super) fn cover(&self, value: &mut Value) {
        self.each(value, &|text, (segment, mark)| text.replace(segment.as_str(), mark));
    }

    /// Puts names in the place of marks.
    pub(super) fn uncover(&self, value: &mut Value) {
        self.each(value, &|text, (segment, mark)| text.replace(mark.as_str(), segment));
    }

    fn each(&self, value: &mut Value, change: &dyn Fn(&str, &(String, String)) -> String) {
        match value {
            Value::String(text) => {
                for one in &self.0 {
                    *text = change(text, one);
                }
            }
            Value::Array(all) => all.iter_mut().for_each(|one| self.each(one, change)),
            Value::Object(all) => all.iter_mut().for_each(|(_, one)| self.each(one, change)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
