//! One file's text to what was typed: TOML, the version of the shape, and the keys.

use super::error::RuleError;
use super::schema;
use super::source::SourceFile;
use super::syntax::RuleFile;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The version of the shape that this program reads.
const SCHEMA: u32 = 1;

/// A file that has the right shape; what it names is not looked up yet.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) source: SourceFile,
    pub(super) rules: RuleFile,
}

/// Parses a file and reports all that is wrong with its shape.
pub(super) fn parse(source: SourceFile) -> Result<Parsed, Vec<RuleError>> {
    let (root, faults) = DeTable::parse_recoverable(&source.text);
    if !faults.is_empty() {
        return Err(faults.iter().map(|fault| syntax_error(&source, fault)).collect());
    }
    let mut errors = Vec::new();
    check_version(&source, &root, &mut errors);
    if errors.is_empty() {
        schema::check(&source, &root, &mut errors);
    }
    if !errors.is_empty() {
        errors.sort_by_key(|error| (error.line(), error.column()));
        return Err(errors);
    }
    match RuleFile::deserialize(toml::de::Deserializer::from(root)) {
        Ok(rules) => Ok(Parsed { source, rules }),
        Err(fault) => Err(vec![syntax_error(&source, &fault)]),
    }
}

fn syntax_error(source: &SourceFile, fault: &toml::de::Error) -> RuleError {
    let span = fault.span().unwrap_or(0..0);
    RuleError::new("this is not TOML").at(source, span, fault.message())
}

/// A file of another version is told so, and not held against keys that it cannot know.
fn check_version(source: &SourceFile, root: &Spanned<DeTable<'_>>, errors: &mut Vec<RuleError>) {
    let Some(schema) = root.get_ref().get("schema") else { return };
    let DeValue::Integer(number) = schema.get_ref() else { return };
    if u32::from_str_radix(number.as_str(), number.radix()) != Ok(SCHEMA) {
        let message = format!("rule files of schema {} cannot be read", number.as_str());
        let error = RuleError::new(message).at(source, schema.span(), format!("this program reads schema {SCHEMA}"));
        errors.push(error.help("use the program that the file was written for, or write it for `schema = 1`"));
    }
}
