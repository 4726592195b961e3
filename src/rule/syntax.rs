//! The shape of a rule file, exactly as it is written in TOML: nothing is resolved, checked or compiled here.
//!
//! What was typed and what it means are two types: [`RuleFile`] is what was typed, [`super::RuleSet`] what it means.
//! Everything that may be wrong in a way TOML cannot see carries its span ([`toml::Spanned`]), so that an error can point
//! at the place.

use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// One rule file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// Version of this shape; 1.
    pub schema: Spanned<u32>,
    /// Keyword lists and dictionaries; ids are shared by all loaded files.
    #[serde(default)]
    pub list: Vec<List>,
    /// Detectors.
    #[serde(default)]
    pub detector: Vec<Detector>,
}

/// A keyword list, or a dictionary when its terms stand in a file of their own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Unique id, by habit the detector's id or a language: `card.words`.
    pub id: Spanned<String>,
    /// The terms. A space in a term stands for any run of white space in the text.
    #[serde(default)]
    pub terms: Vec<Spanned<String>>,
    /// A file beside this one with a term on each line (`#` begins a comment line).
    pub file: Option<Spanned<String>>,
    /// Whole words (default), or anywhere (for scripts without spaces).
    #[serde(default, rename = "match")]
    pub style: MatchStyle,
    /// Default false: case is folded.
    #[serde(default)]
    pub case_sensitive: bool,
}

/// How a term must stand in the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MatchStyle {
    /// Neither neighbour is a letter or digit.
    #[default]
    Word,
    /// Anywhere.
    String,
}

/// A detector: shapes, checks, and the ways to be sure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detector {
    /// Unique id: lower-case letters, digits, `-`, with dots between the steps.
    pub id: Spanned<String>,
    /// What a person calls it.
    pub name: String,
    /// Why it matters, in a sentence.
    #[serde(default)]
    pub why: String,
    /// ISO 3166 codes, `EU`, or `*`.
    #[serde(default)]
    pub regions: Vec<String>,
    /// Free tags for selection (`pci`, `pii`, `credential`).
    #[serde(default)]
    pub tags: Vec<String>,
    /// True: loaded, but runs only when asked for by `--only` or `--tag`.
    #[serde(default)]
    pub off: bool,
    /// Reports nothing unless this many different values stand in one part; default 1.
    pub min_unique: Option<Spanned<u32>>,
    /// How values are covered.
    #[serde(default)]
    pub mask: MaskStyle,
    /// What of the value counts when values are compared or excluded.
    #[serde(default)]
    pub canonical: Canonical,
    /// What may not stand directly beside a match.
    #[serde(default)]
    pub edges: Edges,
    /// Longest match in bytes; default 1,024.
    pub max_match_bytes: Option<Spanned<u32>>,
    /// True: a match may run across a cell, line or paragraph edge of a document.
    #[serde(default)]
    pub across_soft: bool,
    /// True: a value whose digits are all the same is refused.
    #[serde(default)]
    pub exclude_same_digits: bool,
    /// Tokens of values that are fine: what would be reported of them is left out.
    #[serde(default)]
    pub exclude_tokens: Vec<Spanned<String>>,
    /// Shapes; at least one.
    #[serde(default)]
    pub primary: Vec<Primary>,
    /// Validators that every match must pass.
    #[serde(default)]
    pub validators: Vec<Spanned<ValidatorUse>>,
    /// Additional checks.
    #[serde(default)]
    pub check: Vec<Check>,
    /// Ways to be sure; at least one. The best that holds counts.
    #[serde(default)]
    pub tier: Vec<Tier>,
    /// Texts in which the detector must find something.
    #[serde(default)]
    pub example: Vec<Example>,
    /// Texts in which a tier must not hold, with the reason.
    #[serde(default)]
    pub counter: Vec<Counter>,
    /// Warnings of `rules check` that the author has considered: code = reason.
    #[serde(default)]
    pub allow: BTreeMap<String, String>,
}

/// One shape. Exactly one of `regex`, `keywords`, `function` is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Primary {
    /// Name within the detector; needed only when tiers tell shapes apart.
    pub id: Option<Spanned<String>>,
    /// A regular expression of the Rust `regex` dialect, bytes, Unicode off.
    pub regex: Option<Spanned<String>>,
    /// A list's id.
    pub keywords: Option<Spanned<String>>,
    /// A built-in function's name.
    pub function: Option<Spanned<String>>,
    /// The capture group that is the value, by name or number, or `*` for the first that is not empty; default the whole
    /// match.
    pub group: Option<Spanned<Group>>,
    /// An expression with look-around or back-references that decides what `regex` found, from the same beginning. Groups are
    /// its groups then.
    pub bounded: Option<Spanned<String>>,
}

/// A capture group, by number or name.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Group {
    /// By number.
    Number(u32),
    /// By name.
    Name(String),
}

/// A validator by name, with parameters where it takes some.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum ValidatorUse {
    /// `"luhn"`.
    Name(String),
    /// `{ name = "weighted", weights = [3, 7, 1], modulus = 10 }`; `group` names the capture group to check.
    With(toml::Table),
}

/// A check on the value or its direct neighbours. Exactly one of the four lists or expressions is given, or `together`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// What is looked at.
    #[serde(default, rename = "where")]
    pub place: CheckPlace,
    /// Refuse when one of these stands there (case is folded; `full` compares canonical values).
    pub exclude: Option<Vec<Spanned<String>>>,
    /// Refuse when none of these stands there.
    pub include: Option<Vec<Spanned<String>>>,
    /// Refuse when this matches there.
    pub exclude_regex: Option<Spanned<String>>,
    /// Refuse when this does not match there.
    pub include_regex: Option<Spanned<String>>,
    /// Refuse when each of these refuses.
    #[serde(default)]
    pub together: Vec<Spanned<Check>>,
}

/// What a check looks at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckPlace {
    /// The whole value.
    #[default]
    Full,
    /// The value's beginning.
    Starts,
    /// The value's end.
    Ends,
    /// The text directly before the match; an expression sees up to 64 characters and must end at the match.
    Before,
    /// The text directly after the match; an expression sees up to 64 characters and must begin at the match's end.
    After,
    /// Anywhere in the value.
    Inside,
    /// Anywhere in the whole match, of which the value may be a group.
    Match,
    /// Anywhere on the lines that the match stands on, up to 500 characters to either side of it.
    Line,
}

/// One way to be sure.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// Unique within the detector.
    pub name: Spanned<String>,
    /// 1 to 100; high is 85, medium 75, low 65.
    pub confidence: Spanned<u8>,
    /// The shapes it holds for, by id; default all.
    #[serde(default)]
    pub primary: Vec<Spanned<String>>,
    /// Validators that this tier needs besides the detector's.
    #[serde(default)]
    pub validators: Vec<Spanned<ValidatorUse>>,
    /// Checks that this tier makes besides the detector's: what one refuses may still be found by another tier.
    #[serde(default)]
    pub check: Vec<Check>,
    /// An expression that the value must match from end to end.
    pub form: Option<Spanned<String>>,
    /// What must stand near the match.
    pub evidence: Option<Spanned<Evidence>>,
}

/// A node of an evidence tree. Exactly one of `all`, `any`, `not`, `list`, `regex`, `function`, `detector` is given.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Every child holds.
    pub all: Option<Vec<Spanned<Evidence>>>,
    /// Between `min` (default 1) and `max` of the children hold.
    pub any: Option<Vec<Spanned<Evidence>>>,
    /// The child does not hold.
    pub not: Option<Box<Spanned<Evidence>>>,
    /// Terms of a list.
    pub list: Option<Spanned<String>>,
    /// An expression.
    pub regex: Option<Spanned<String>>,
    /// A built-in function (`date`, `expiry-date`).
    pub function: Option<Spanned<String>>,
    /// A validated match of another detector.
    pub detector: Option<Spanned<String>>,
    /// Characters from the match, or `"part"` for anywhere in the part; default 300. Only for leaves.
    pub within: Option<Spanned<Within>>,
    /// Which side of the match; default both. Only for leaves.
    pub side: Option<Side>,
    /// At least this many (children of `any`, occurrences of a leaf); default 1.
    pub min: Option<Spanned<u32>>,
    /// At most this many; default no bound.
    pub max: Option<Spanned<u32>>,
    /// Count different terms or values instead of occurrences. Only for leaves.
    #[serde(default)]
    pub distinct: bool,
}

/// How far evidence may stand.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Within {
    /// Characters.
    Characters(u32),
    /// `"part"`.
    Word(String),
}

/// Which side of the match evidence stands on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// Either.
    #[default]
    Both,
    /// Before the match.
    Before,
    /// After the match.
    After,
}

/// How a value is covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MaskStyle {
    /// The last characters of a long value stay: four of 12 or more, two of 8 to 11, else none.
    #[default]
    Auto,
    /// Nothing stays.
    All,
    /// The part of the value that the rule itself spells out (`ghp_`) stays, nothing else.
    Prefix,
}

/// What of a value counts when values are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Canonical {
    /// Letters and digits, letters in upper case: `4111-1111` equals `4111 1111`.
    #[default]
    Alnum,
    /// Every character.
    Exact,
}

/// What may not stand directly beside a match. An edge matters only where the match's own outermost character is a letter
/// or digit (for `digit`: a digit): before `-----BEGIN` anything may stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edges {
    /// No letter or digit of any script on either side (default). Where the match's own outermost character is ASCII,
    /// letters of scripts that are written without spaces between words (Han, Hiragana, Katakana, Hangul, Thai, Lao,
    /// Khmer, Myanmar) may stand there; digits of these scripts may not.
    #[default]
    Word,
    /// No digit on either side.
    Digit,
    /// Anything may.
    None,
}

/// A text in which the detector must find something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The text; a part of its own.
    pub text: Spanned<String>,
    /// The value that must be found, as it stands in the text; default: exactly one finding, whatever it is.
    pub value: Option<Spanned<String>>,
    /// True: without `value`, several findings are as good as one.
    #[serde(default)]
    pub several: bool,
    /// The best tier that must hold, by name.
    pub tier: Spanned<String>,
}

/// A text in which a tier must not hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counter {
    /// The text; a part of its own.
    pub text: Spanned<String>,
    /// The near miss that is meant, as it stands in the text; default the whole text is searched.
    pub value: Option<Spanned<String>>,
    /// The tier that must not hold, by name.
    pub tier: Spanned<String>,
    /// Why it does not: see [`Miss`].
    pub reason: Spanned<Miss>,
}

/// Why a tier does not hold for a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Miss {
    /// No shape of the detector (or none that the tier names) matches.
    Shape,
    /// A letter or digit stands directly beside it.
    Edge,
    /// An additional check of the detector or the tier, or the same-digits check, refused it.
    Check,
    /// A validator of the detector or the tier refused it.
    Validator,
    /// The tier's form does not match the value.
    Form,
    /// The evidence is missing, too far away, or on the wrong side; or an exclusion is present.
    Evidence,
    /// Whatever the reason.
    Any,
}

impl Miss {
    /// As rule files spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Edge => "edge",
            Self::Check => "check",
            Self::Validator => "validator",
            Self::Form => "form",
            Self::Evidence => "evidence",
            Self::Any => "any",
        }
    }
}
