//! Validators: a name and parameters in a rule become a check that is ready to use.

use super::Compiler;
use super::hash::Canon;
use crate::rule::catalogue::unknown;
use crate::rule::error::{RuleError, did_you_mean};
use crate::rule::ruleset::Validator;
use crate::rule::syntax::ValidatorUse;
use crate::rule::validate::Row;
use crate::source::SourceFile;
use std::sync::Arc;
use toml::{Spanned, Table, Value};

/// A shape that a validator sees.
#[derive(Debug)]
pub(super) struct Shape {
    /// The primary's name.
    pub(super) name: Arc<str>,
    /// Its groups, by number and name; none for keywords.
    pub(super) groups: Vec<(usize, Option<String>)>,
}

impl Compiler<'_> {
    /// Compiles validators and writes what decides their answers to `canon`.
    pub(super) fn validators(
        &mut self,
        source: &SourceFile,
        typed: &[Spanned<ValidatorUse>],
        shapes: &[Shape],
        canon: &mut Canon,
    ) -> Vec<Validator> {
        typed.iter().filter_map(|one| self.validator(source, one, shapes, canon)).collect()
    }

    fn validator(
        &mut self,
        source: &SourceFile,
        typed: &Spanned<ValidatorUse>,
        shapes: &[Shape],
        canon: &mut Canon,
    ) -> Option<Validator> {
        let (name, mut params) = match typed.get_ref() {
            ValidatorUse::Name(name) => (name.clone(), Table::new()),
            ValidatorUse::With(table) => (table.get("name")?.as_str()?.to_owned(), table.clone()),
        };
        params.remove("name");
        let row = self.row(source, &name, typed)?;
        let group = match params.remove("group") {
            Some(group) => Some(self.group_of_all(source, typed, &group, shapes)?),
            None => None,
        };
        self.unknown_params(source, row, typed, &params)?;
        let check = (row.build)(&params).map_err(|why| {
            let message = format!("validator `{name}` cannot be made");
            self.errors.push(RuleError::new(message).at(source, typed.span(), why).maybe_help(takes(row)));
        });
        canon.validator(row, group, &params);
        Some(Validator { name: name.into(), group, check: check.ok()? })
    }

    fn row(&mut self, source: &SourceFile, name: &str, typed: &Spanned<ValidatorUse>) -> Option<&'static Row> {
        let row = self.table.iter().find(|row| row.name == name);
        if row.is_none() {
            let place = Spanned::new(typed.span(), name.to_owned());
            self.errors.push(unknown("validator", source, &place, self.table.iter().map(|row| row.name)));
        }
        row
    }

    fn unknown_params(
        &mut self,
        source: &SourceFile,
        row: &Row,
        typed: &Spanned<ValidatorUse>,
        params: &Table,
    ) -> Option<()> {
        let names = || row.params.iter().map(|(name, _)| *name).chain(["group"]);
        let wrong = params.keys().find(|key| !names().any(|name| name == key.as_str()));
        let Some(wrong) = wrong else { return Some(()) };
        let message = format!("validator `{}` has no parameter `{wrong}`", row.name);
        let help = did_you_mean(wrong, names()).or_else(|| takes(row));
        self.errors.push(RuleError::new(message).at(source, typed.span(), "not known here").maybe_help(help));
        None
    }

    /// The index of a group that stands in every shape under the same number.
    fn group_of_all(
        &mut self,
        source: &SourceFile,
        typed: &Spanned<ValidatorUse>,
        group: &Value,
        shapes: &[Shape],
    ) -> Option<usize> {
        let mut index = None;
        for Shape { name: shape, groups } in shapes {
            let here = find_group(groups, group);
            let fault = match (index, here) {
                (_, None) => format!("shape `{shape}` has no such group"),
                (Some(other), Some(here)) if other != here => {
                    format!("it is group {here} of shape `{shape}`, and group {other} of another")
                }
                _ => {
                    index = here;
                    continue;
                }
            };
            let error = RuleError::new("the validator's group is not the same in all shapes");
            let help = "give each shape this group at the same position, or name the shapes in a tier";
            self.errors.push(error.at(source, typed.span(), fault).help(help));
            return None;
        }
        index
    }
}

fn find_group(groups: &[(usize, Option<String>)], wanted: &Value) -> Option<usize> {
    // The whole match, whatever group is the value.
    if *wanted == Value::Integer(0) {
        return Some(0);
    }
    let found = groups.iter().find(|(index, name)| match wanted {
        Value::Integer(number) => usize::try_from(*number).is_ok_and(|number| number == *index),
        Value::String(wanted) => name.as_deref() == Some(wanted),
        _ => false,
    });
    found.map(|(index, _)| *index)
}

/// What a validator's parameters are, for an error.
fn takes(row: &Row) -> Option<String> {
    let each: Vec<String> = row.params.iter().map(|(name, what)| format!("`{name}` ({what})")).collect();
    Some(match each.is_empty() {
        true => format!("`{}` takes no parameters", row.name),
        false => format!("`{}` takes {}", row.name, each.join(", ")),
    })
}
