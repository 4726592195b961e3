//! One file's text to what was typed.

use super::error::RuleError;
use super::schema::FILE;
use super::syntax::RuleFile;
use super::{SourceFile, cover};
use crate::source::Reader;

/// How rule files are read.
pub(super) const READER: Reader = Reader { noun: "rule", many: "rules", cover: cover::of, keys: &FILE };

/// A file that has the right shape; what it names is not looked up yet.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) source: SourceFile,
    pub(super) rules: RuleFile,
}

/// Parses a file and reports all that is wrong with its shape.
pub(super) fn parse(source: SourceFile) -> Result<Parsed, Vec<RuleError>> {
    let rules = READER.parse(&source)?;
    Ok(Parsed { source, rules })
}
