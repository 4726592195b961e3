//! What one plan would do otherwise than another: a pure function of both documents.
//!
//! Items are matched by connector and number (persons by id), actions by what stands of them for people: words, standing, who
//! loses access, links that end. Ids, times and numbers of calls differ between any two plans and are no difference.

use super::{Document, Entry, Planned};
use std::collections::BTreeMap;

/// Which of both plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The earlier one.
    Old,
    /// The later one.
    New,
}

/// How an item differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is in one of them alone.
    Only(Side),
    /// It is in both, and something else is done.
    Otherwise,
}

impl Change {
    /// Its name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Change::Only(Side::Old) => "removed",
            Change::Only(Side::New) => "added",
            Change::Otherwise => "changed",
        }
    }

    /// Its mark for people.
    #[must_use]
    pub fn mark(self) -> char {
        match self {
            Change::Only(Side::Old) => '-',
            Change::Only(Side::New) => '+',
            Change::Otherwise => '~',
        }
    }
}

/// An item that both plans do not treat alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference<'p> {
    /// The item, as the later of the plans that hold it tells it.
    pub entry: &'p Entry,
    /// How it differs.
    pub change: Change,
    /// What only the earlier plan does with it.
    pub removed: Vec<String>,
    /// What only the later one does.
    pub added: Vec<String>,
}

/// All items that both plans do not treat alike, by connector and number.
#[must_use]
pub fn difference<'p>(old: &'p Document, new: &'p Document) -> Vec<Difference<'p>> {
    let mut all: BTreeMap<Key<'p>, [Option<&'p Entry>; 2]> = BTreeMap::new();
    for (at, plan) in [old, new].into_iter().enumerate() {
        for entry in &plan.entries {
            all.entry(key(entry)).or_default()[at] = Some(entry);
        }
    }
    all.into_values().filter_map(|[old, new]| of_item(old, new)).collect()
}

type Key<'p> = (&'p str, Option<i64>, &'p str);

fn key(entry: &Entry) -> Key<'_> {
    (&entry.connector, entry.item, &entry.id)
}

fn of_item<'p>(old: Option<&'p Entry>, new: Option<&'p Entry>) -> Option<Difference<'p>> {
    let entry = new.or(old)?;
    let change = match (old, new) {
        (Some(_), None) => Change::Only(Side::Old),
        (None, _) => Change::Only(Side::New),
        (Some(_), Some(_)) => Change::Otherwise,
    };
    let (mut removed, mut added) = (lines(old), lines(new));
    if change == Change::Otherwise {
        let both: Vec<String> = removed.iter().filter(|line| added.contains(line)).cloned().collect();
        removed.retain(|line| !both.contains(line));
        added.retain(|line| !both.contains(line));
        if removed.is_empty() && added.is_empty() {
            return None;
        }
    }
    Some(Difference { entry, change, removed, added })
}

fn lines(entry: Option<&Entry>) -> Vec<String> {
    entry.map(|entry| entry.planned.iter().map(line).collect()).unwrap_or_default()
}

/// An action as far as it matters to people.
fn line(planned: &Planned) -> String {
    let mut line = planned.words.clone();
    let standing = serde_json::to_value(planned.standing).unwrap_or_default();
    if let Some(standing) = standing.as_str().filter(|_| !planned.standing.acts()) {
        line.push_str(&format!(" ({})", standing.replace('_', " ")));
    }
    if let Some(why) = &planned.why {
        line.push_str(&format!(": {why}"));
    }
    for (what, who) in [("loses access", &planned.loses), ("links that end", &planned.links)] {
        if !who.is_empty() {
            line.push_str(&format!("; {what}: {}", who.join(", ")));
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plan::{SCHEMA, Standing, Totals};

    fn planned(words: &str, standing: Standing, loses: &[&str]) -> Planned {
        Planned {
            id: format!("{words}{standing:?}{}", loses.len()),
            name: words.into(),
            words: words.into(),
            person: None,
            voters: Vec::new(),
            instead_of: None,
            undoes: None,
            standing,
            why: None,
            calls: Vec::new(),
            calls_with_reads: 1,
            loses: loses.iter().map(|who| (*who).to_owned()).collect(),
            links: Vec::new(),
            stays: Vec::new(),
            cannot_undo: Vec::new(),
            does: serde_json::Value::Null,
        }
    }

    fn entry(item: i64, planned: Vec<Planned>) -> Entry {
        Entry {
            connector: "main".into(),
            provider: "box".into(),
            item: Some(item),
            sort: "file".into(),
            id: item.to_string(),
            path: format!("/{item}.txt"),
            owner: String::new(),
            version: None,
            exposure: None,
            since: None,
            found: Vec::new(),
            votes: Vec::new(),
            planned,
        }
    }

    fn document(entries: Vec<Entry>) -> Document {
        Document {
            schema: SCHEMA.into(),
            kind: "plan".into(),
            made: crate::clock::Moment::from_millis(0),
            by: String::new(),
            asked: String::new(),
            policies: Vec::new(),
            rules: None,
            approvals: 0,
            approvals_why: Vec::new(),
            totals: Totals::default(),
            left_out: Vec::new(),
            entries,
        }
    }

    #[test]
    fn items_and_actions_that_differ_are_told() {
        let remove = |loses: &[&str]| planned("remove links", Standing::Will, loses);
        let old = document(vec![
            entry(1, vec![remove(&["ann"])]),
            entry(2, vec![remove(&[])]),
            entry(3, vec![remove(&[]), planned("label", Standing::Will, &[])]),
            entry(4, vec![remove(&[])]),
        ]);
        let new = document(vec![
            entry(1, vec![remove(&["ann", "bob"])]),
            entry(3, vec![planned("label", Standing::Blocked, &[]), remove(&[])]),
            entry(4, vec![remove(&[])]),
            entry(5, vec![remove(&[])]),
        ]);
        let told = difference(&old, &new).into_iter();
        let told: Vec<_> = told.map(|one| (one.entry.item, one.change.mark(), one.removed, one.added)).collect();
        let lines = |all: &[&str]| all.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let (ann, both) = ("remove links; loses access: ann", "remove links; loses access: ann, bob");
        assert_eq!(
            told,
            [
                (Some(1), '~', lines(&[ann]), lines(&[both])),
                (Some(2), '-', lines(&["remove links"]), lines(&[])),
                (Some(3), '~', lines(&["label"]), lines(&["label (blocked)"])),
                (Some(5), '+', lines(&[]), lines(&["remove links"])),
            ]
        );
        assert_eq!(difference(&old, &old), []);
    }
}
