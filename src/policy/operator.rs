//! The operators of a filter: one row each, with its spelling and what it means.

use std::fmt;

/// How a filter's values are held against an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// Nothing but the filter's name: `trashed`.
    Holds,
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `in`
    In,
    /// `outside`
    Outside,
    /// `between`
    Between,
    /// `before`
    Before,
    /// `after`
    After,
    /// `older than`
    OlderThan,
    /// `newer than`
    NewerThan,
    /// `contains`
    Contains,
    /// `word`
    Word,
    /// `phrase`
    Phrase,
    /// `glob`
    Glob,
    /// `regex`
    Regex,
    /// `startswith`
    StartsWith,
    /// `endswith`
    EndsWith,
    /// `under`
    Under,
    /// `is set`
    IsSet,
}

/// One operator as it is typed and explained.
#[derive(Clone, Copy, Debug)]
pub struct Spelling {
    /// The operator.
    pub operator: Operator,
    /// What is typed.
    pub typed: &'static str,
    /// What is typed for the contrary.
    pub contrary: &'static str,
    /// What it means.
    pub means: &'static str,
}

const fn row(operator: Operator, typed: &'static str, contrary: &'static str, means: &'static str) -> Spelling {
    Spelling { operator, typed, contrary, means }
}

/// All operators that are typed as words or signs, in the order the documentation tells them.
pub const OPERATORS: [Spelling; 21] = [
    row(Operator::Equal, "=", "!=", "is one of the values, wholly; letter case does not count"),
    row(Operator::In, "in", "not in", "the same as `=`"),
    row(Operator::Outside, "outside", "not outside", "at least one is none of the values"),
    row(Operator::Less, "<", "not <", "less, or earlier than the beginning of the day"),
    row(Operator::AtMost, "<=", "not <=", "at most, or not later than the end of the day"),
    row(Operator::More, ">", "not >", "more, or later than the end of the day"),
    row(Operator::AtLeast, ">=", "not >=", "at least, or not earlier than the beginning of the day"),
    row(Operator::Between, "between", "not between", "from the first value to the second, both included"),
    row(Operator::Before, "before", "not before", "the same as `<`"),
    row(Operator::After, "after", "not after", "the same as `>`"),
    row(Operator::OlderThan, "older than", "not older than", "longer ago than this"),
    row(Operator::NewerThan, "newer than", "not newer than", "not so long ago"),
    row(Operator::Contains, "contains", "not contains", "as a search box: any bare word, and every \"quoted\" one"),
    row(Operator::Word, "word", "not word", "holds one of these words as a whole word"),
    row(Operator::Phrase, "phrase", "not phrase", "holds exactly this, beginning and ending at the edge of a word"),
    row(Operator::Glob, "glob", "not glob", "the whole of it fits the pattern of `*`, `?`, `[a-z]`, `{a,b}`"),
    row(Operator::Regex, "regex", "not regex", "some part of it matches the regular expression"),
    row(Operator::StartsWith, "startswith", "not startswith", "begins with one of these"),
    row(Operator::EndsWith, "endswith", "not endswith", "ends with one of these"),
    row(Operator::Under, "under", "not under", "lies below the folder, at any depth"),
    row(Operator::IsSet, "is set", "is not set", "there is one"),
];

/// Spellings of other products and languages, and what they are here.
const FOREIGN: [(&str, &str); 33] = [
    ("==", "="),
    ("<>", "!="),
    ("is", "="),
    ("eq", "="),
    ("equals", "="),
    ("neq", "!="),
    ("ne", "!="),
    ("deq", "outside"),
    ("gt", ">"),
    ("gte", ">="),
    ("ge", ">="),
    ("lt", "<"),
    ("lte", "<="),
    ("le", "<="),
    ("lte_ndays", "older than"),
    ("gte_ndays", "newer than"),
    ("older", "older than"),
    ("newer", "newer than"),
    ("within", "newer than"),
    ("range", "between"),
    ("from", "between"),
    ("ncontains", "not contains"),
    ("has", "contains"),
    ("text", "contains"),
    ("startswithsingle", "startswith"),
    ("starts", "startswith"),
    ("doesnotstartwith", "not startswith"),
    ("ends", "endswith"),
    ("descendantof", "under"),
    ("ndescendantof", "not under"),
    ("isset", "is set"),
    ("isnotset", "is not set"),
    ("matches", "regex"),
];

impl Operator {
    /// The operator of one typed word or sign. The two-word ones are known by their first word to the parser alone.
    #[must_use]
    pub fn of(typed: &str) -> Option<Self> {
        OPERATORS.iter().find(|row| row.typed.eq_ignore_ascii_case(typed)).map(|row| row.operator)
    }

    /// How it is typed; empty for [`Operator::Holds`].
    #[must_use]
    pub fn typed(self) -> &'static str {
        OPERATORS.iter().find(|row| row.operator == self).map_or("", |row| row.typed)
    }

    /// How its contrary is typed; empty for [`Operator::Holds`].
    #[must_use]
    pub fn contrary(self) -> &'static str {
        OPERATORS.iter().find(|row| row.operator == self).map_or("", |row| row.contrary)
    }

    /// What the user may have meant by a word that is no operator.
    pub(super) fn meant_by(word: &str) -> Option<String> {
        if let Some((_, here)) = FOREIGN.iter().find(|(foreign, _)| foreign.eq_ignore_ascii_case(word)) {
            return Some(format!("here that is `{here}`"));
        }
        super::error::did_you_mean(word, OPERATORS.iter().map(|row| row.typed))
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.typed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_foreign_spelling_leads_to_one_of_ours() {
        for (foreign, here) in FOREIGN {
            assert!(Operator::of(foreign).is_none(), "{foreign} is an operator here");
            let known = OPERATORS.iter().any(|row| row.typed == here || row.contrary == here);
            assert!(known, "{foreign} leads to {here}, which is none");
        }
    }
}
