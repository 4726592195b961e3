//! Whom a policy means, as one expression of the filter language: scope, `where`, findings and exclusions joined by `and`.
//!
//! Expressions are put together, not texts: each word keeps its place in the file, so that whatever is wrong with the whole
//! points at what was typed. Their order is always the same, so the same policy has the same canonical text.

use super::table::{Table, range};
use crate::policy::error::{Span, Wrongly};
use crate::policy::operator::Operator;
use crate::policy::syntax::{self, Expr, Group, Test, Word};
use crate::source::SourceFile;

/// `all`, `any` and `not` of findings within one another.
const TREE_DEPTH_MAX: usize = 16;
/// Keys of one condition on findings.
const LEAF: [&str; 7] = ["detector", "tag", "min_confidence", "min_unique", "max_unique", "min_total", "max_total"];

/// All of what a policy's table says about whom it means.
///
/// # Errors
/// The first thing that makes no sense; its place is in bytes of the file.
pub(super) fn expr(source: &SourceFile, policy: Table<'_>) -> Result<Expr, Wrongly> {
    let mut parts = Vec::new();
    if let Some(table) = policy.table("scope") {
        scope(table, &mut parts)?;
    }
    parts.extend(policy.text("where").map(|text| typed(source, &text)).transpose()?);
    parts.extend(policy.table("findings").map(|table| findings(table, 0)).transpose()?);
    if parts.is_empty() {
        return Err(Wrongly::new(policy.span, "this policy means every item there is")
            .expected("needs `where`, `scope` or `findings`")
            .help("say whom it means, as in `where = \"access >= external\"`"));
    }
    if let Some(table) = policy.table("exclude") {
        exclude(table, &mut parts)?;
    }
    Ok(all_of(parts))
}

fn all_of(mut parts: Vec<Expr>) -> Expr {
    if parts.len() == 1 { parts.remove(0) } else { Expr::And(parts) }
}

/// The filter that was typed under `where`.
fn typed(source: &SourceFile, text: &Word) -> Result<Expr, Wrongly> {
    let place = |inner: Span| {
        let found = source.inside(range(text.span), inner.start..inner.end);
        Span { start: found.start, end: found.end }
    };
    match syntax::read(&text.text) {
        Ok(expr) => Ok(expr.placed(&place)),
        Err(wrong) => Err(Wrongly { span: place(wrong.span), ..wrong }),
    }
}

fn scope(table: Table<'_>, parts: &mut Vec<Expr>) -> Result<(), Wrongly> {
    let rows = [
        ("connectors", "connector", Operator::In, false),
        ("providers", "provider", Operator::In, false),
        ("folders", "path", Operator::Under, false),
        ("not_folders", "path", Operator::Under, true),
        ("owners", "owner", Operator::In, false),
        ("not_owners", "owner", Operator::In, true),
        ("groups", "owner.group", Operator::In, false),
        ("not_groups", "owner.group", Operator::In, true),
    ];
    for (key, filter, operator, negated) in rows.into_iter().filter(|(key, ..)| table.has(key)) {
        parts.push(Expr::Test(test(table, key, filter, operator, negated)?));
    }
    Ok(())
}

/// A test of the values under a key, of which there must be one at least.
fn test(table: Table<'_>, key: &str, filter: &str, operator: Operator, negated: bool) -> Result<Test, Wrongly> {
    let values = table.texts(key);
    if values.is_empty() {
        return Err(Wrongly::new(table.at(key), format!("`{key}` is empty"))
            .expected("names nothing")
            .help("leave the key out to have no such condition"));
    }
    if values.len() > syntax::VALUES_MAX {
        let message = format!("a list holds at most {} values", syntax::VALUES_MAX);
        return Err(Wrongly::new(table.at(key), message));
    }
    Ok(Test { filter: Word { text: filter.to_owned(), span: table.key(key) }, operator, negated, values })
}

fn findings(table: Table<'_>, depth: usize) -> Result<Expr, Wrongly> {
    if depth == TREE_DEPTH_MAX {
        let message = format!("`all`, `any` and `not` go at most {TREE_DEPTH_MAX} deep");
        return Err(Wrongly::new(table.span, message));
    }
    let is_leaf = LEAF.iter().any(|key| table.has(key));
    let kinds: Vec<&str> = ["all", "any", "not"].into_iter().filter(|key| table.has(key)).collect();
    match (kinds.as_slice(), is_leaf) {
        ([], true) => leaf(table).map(Expr::Group),
        (["not"], false) => {
            let inner = table.table("not").map(|inner| findings(inner, depth + 1)).transpose()?;
            inner.map(|inner| Expr::Not(Box::new(inner))).ok_or_else(|| nothing(table))
        }
        ([kind], false) => {
            let parts = table.tables(kind).into_iter().map(|part| findings(part, depth + 1));
            let parts = parts.collect::<Result<Vec<_>, _>>()?;
            match (parts.len(), *kind) {
                (0, _) => Err(Wrongly::new(table.at(kind), format!("`{kind}` of nothing"))
                    .expected("expected at least one condition")),
                (1, _) | (_, "all") => Ok(all_of(parts)),
                _ => Ok(Expr::Or(parts)),
            }
        }
        ([], false) => Err(nothing(table)),
        ([first, second, ..], _) => Err(Wrongly::new(table.key(second), format!("`{first}` and `{second}` together"))
            .expected("a condition is one of them")
            .help("put one into the other, as in `all = [{ any = [...] }, { not = { ... } }]`")),
        ([kind], true) => Err(Wrongly::new(table.key(kind), format!("`{kind}` beside a detector or count"))
            .expected("a condition is one or the other")
            .help(format!("put it beside the others: `{kind} = [{{ detector = \"...\" }}, ...]`"))),
    }
}

fn nothing(table: Table<'_>) -> Wrongly {
    Wrongly::new(table.span, "an empty condition on findings")
        .expected("expected `detector`, `tag`, `all`, `any` or `not`")
        .help("as in `findings = { tag = \"pci\", min_confidence = \"high\", min_unique = 3 }`")
}

/// One condition: these detectors, so sure, so many.
fn leaf(table: Table<'_>) -> Result<Group, Wrongly> {
    let mut tests = Vec::new();
    for key in ["detector", "tag"].into_iter().filter(|key| table.has(key)) {
        tests.push(test(table, key, key, Operator::In, false)?);
    }
    for (least, most) in [("min_unique", "max_unique"), ("min_total", "max_total")] {
        if let (Some(from), Some(to)) = (table.number(least), table.number(most))
            && from > to
        {
            return Err(Wrongly::new(table.at(most), format!("`{most}` is less than `{least}`"))
                .expected(format!("expected {from} or more")));
        }
    }
    let bounds = [
        ("min_confidence", "confidence", Operator::AtLeast),
        ("min_unique", "unique", Operator::AtLeast),
        ("max_unique", "unique", Operator::AtMost),
        ("min_total", "total", Operator::AtLeast),
        ("max_total", "total", Operator::AtMost),
    ];
    for (key, name, operator) in bounds {
        let Some(value) = table.number_or_text(key) else { continue };
        let filter = Word { text: name.to_owned(), span: table.key(key) };
        tests.push(Test { filter, operator, negated: false, values: vec![value] });
    }
    Ok(Group { filter: Word { text: "finding".to_owned(), span: table.span }, tests })
}

/// What takes a file out whatever else is in it.
fn exclude(table: Table<'_>, parts: &mut Vec<Expr>) -> Result<(), Wrongly> {
    if table.has("names") {
        parts.push(Expr::Test(test(table, "names", "name", Operator::Glob, true)?));
    }
    if table.has("labels") {
        parts.push(Expr::Test(test(table, "labels", "label", Operator::In, true)?));
    }
    for inner in table.tables("findings") {
        parts.push(Expr::Not(Box::new(findings(inner, 0)?)));
    }
    Ok(())
}
