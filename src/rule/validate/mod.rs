//! Validators: checks that a shape cannot express (check digits, dates, registered ranges), as a table.
//!
//! A rule names one by the `name` of its [`Row`]; parameters come from the rule. A validator sees the value's normalised
//! text with its separators and ignores what is no letter or digit unless its row says otherwise. None allocates on the
//! way to a refusal, but for `jwt` when a header that begins like JSON is none.

mod americas;
mod asia;
mod balkans;
mod baltic;
mod benelux;
mod britain;
mod calendar;
mod card;
mod companies;
mod country;
mod crypto;
mod date;
mod diagnosis;
mod eastern;
mod europe;
mod germany;
mod health;
mod iban;
mod iban_countries;
mod iso7064;
mod keys;
mod luhn;
mod mnemonic;
mod mrz;
mod network;
mod nordic;
#[cfg(test)]
mod oracle;
mod pacific;
mod params;
mod permutation;
mod phone;
mod placeholder;
mod poland;
mod romance;
mod southern;
mod state_licences;
mod states;
mod steps;
pub(in crate::rule) mod template;
#[cfg(test)]
mod tests;
mod token;
mod value;
mod vat;
mod weighted;

use std::sync::LazyLock;

use toml::Table;

pub use value::Value;

/// A check on one value. Implementations are pure and shared by all threads.
pub trait Validate: Send + Sync {
    /// True when the value passes.
    fn passes(&self, value: &Value<'_>) -> bool;

    /// [`Validate::passes`] for a value that only one validator looks at.
    fn check(&self, value: &str) -> bool {
        self.passes(&Value::new(value))
    }

    /// The steps of the check for a person, with the value's own digits: `rules explain` shows them to whoever typed the
    /// value, nothing else may.
    fn trace(&self, value: &str) -> Vec<String>;
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct Row {
    /// The name rules use.
    pub name: &'static str,
    /// What it checks, in a sentence.
    pub what: &'static str,
    /// Where the algorithm is published.
    pub source: &'static str,
    /// Raised whenever the answers change: part of the detectors' hashes.
    pub version: u32,
    /// The parameters it takes, for messages: name and what it is.
    pub params: &'static [(&'static str, &'static str)],
    /// Makes the check from a rule's parameters.
    pub build: fn(&Table) -> Result<std::sync::Arc<dyn Validate>, String>,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row").field("name", &self.name).finish_non_exhaustive()
    }
}

/// All validators, sorted by name.
#[must_use]
pub fn table() -> &'static [Row] {
    static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
        let mut rows = FAMILIES.concat();
        rows.sort_unstable_by_key(|row| row.name);
        rows
    });
    &TABLE
}

/// The rows of each file.
const FAMILIES: &[&[Row]] = &[
    crypto::ROWS,
    diagnosis::ROWS,
    keys::ROWS,
    mnemonic::ROWS,
    mrz::ROWS,
    network::ROWS,
    phone::ROWS,
    weighted::ROWS,
    americas::ROWS,
    balkans::ROWS,
    baltic::ROWS,
    companies::ROWS,
    germany::ROWS,
    health::ROWS,
    pacific::ROWS,
    poland::ROWS,
    romance::ROWS,
    vat::ROWS,
    asia::ROWS,
    benelux::ROWS,
    eastern::ROWS,
    nordic::ROWS,
    permutation::ROWS,
    southern::ROWS,
    britain::ROWS,
    card::ROWS,
    date::ROWS,
    europe::ROWS,
    iban::ROWS,
    iso7064::ROWS,
    luhn::ROWS,
    placeholder::ROWS,
    states::ROWS,
    template::ROWS,
    token::ROWS,
];

/// The row with this name.
#[must_use]
pub fn lookup(name: &str) -> Option<&'static Row> {
    table().binary_search_by(|row| row.name.cmp(name)).ok().map(|at| &table()[at])
}
