//! The schema: a table of its own on the first page (fileformat2 2.6), whose statements are text too.

use super::super::{Edge, Failure, Output, PartHead};
use super::btree::Database;
use super::record::Value;
use crate::model::Place;

/// Tables that are read; more are a sign of a broken file.
const TABLES_MAX: usize = 20_000;
/// Columns whose names are known.
const COLUMNS_MAX: usize = 2_000;

/// One table.
pub(super) struct Table {
    pub(super) name: String,
    pub(super) root: u32,
    pub(super) columns: Vec<String>,
    /// The column that is another name of the row's number; its stored value is null.
    pub(super) number_column: Option<usize>,
}

/// Pushes the statements of the schema and gives the tables; also marks the pages of indexes, which repeat what tables say.
pub(super) fn read(database: &mut Database<'_>, out: &mut dyn Output) -> Result<Vec<Table>, Failure> {
    let (mut tables, mut indexes) = (Vec::new(), Vec::new());
    out.open_part(PartHead { name: "schema".to_owned(), own_text: None, recovered: false })?;
    database.each_row(1, true, &mut |row| {
        let [kind, name, _, root, sql, ..] = &row.values[..] else { return Ok(()) };
        let text = |value: &Value| if let Value::Text(text) = value { text.clone() } else { String::new() };
        let sql = text(sql);
        if !sql.is_empty() {
            out.push(Edge::Soft('\n'), &Place::Whole, &sql, None)?;
        }
        let root = if let Value::Integer(root) = root { u32::try_from(*root).unwrap_or(0) } else { 0 };
        if root == 0 || tables.len() + indexes.len() >= TABLES_MAX {
            return Ok(());
        }
        if text(kind) == "table" {
            let (columns, number_column) = columns(&sql);
            tables.push(Table { name: text(name), root, columns, number_column });
        } else {
            indexes.push(root);
        }
        Ok(())
    })?;
    out.close_part()?;
    for root in indexes {
        database.each_row(root, true, &mut |_| Ok(()))?;
    }
    Ok(tables)
}

/// The names of the columns in a statement that creates a table, and which of them is the row's number.
fn columns(sql: &str) -> (Vec<String>, Option<usize>) {
    let Some((_, inside)) = sql.split_once('(') else { return (Vec::new(), None) };
    let (mut depth, mut quote, mut begin) = (0usize, None, 0);
    let (mut names, mut number_column) = (Vec::new(), None);
    for (at, c) in inside.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '[') => quote = Some(']'),
            (None, '(') => depth += 1,
            (None, ')') if depth > 0 => depth -= 1,
            (None, ',' | ')') if depth == 0 => {
                let definition = &inside[begin..at];
                if is_row_number(definition) {
                    number_column = Some(names.len());
                }
                names.extend(column_name(definition));
                begin = at + 1;
                if c == ')' || names.len() >= COLUMNS_MAX {
                    break;
                }
            }
            _ => {}
        }
    }
    (names, number_column)
}

/// Only this type and this constraint make a column the row's number.
fn is_row_number(definition: &str) -> bool {
    let words = definition.to_ascii_lowercase();
    words.contains(" integer") && words.contains("primary key") && !words.trim_start().starts_with("primary")
}

fn column_name(definition: &str) -> Option<String> {
    let definition = definition.trim();
    let first = definition.chars().next()?;
    let closing = match first {
        '"' | '\'' | '`' => Some(first),
        '[' => Some(']'),
        _ => None,
    };
    if let Some(closing) = closing {
        return definition[1..].split_once(closing).map(|(name, _)| name.to_owned());
    }
    let name = definition.split(|c: char| c.is_whitespace() || c == '(').next()?;
    let is_constraint = ["constraint", "primary", "unique", "check", "foreign"].contains(&&*name.to_ascii_lowercase());
    (!is_constraint).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn names_of_columns_stand_before_their_types() {
        let rows: &[(&str, &[&str], Option<usize>)] = &[
            (
                "CREATE TABLE t(a INTEGER PRIMARY KEY, \"b c\" TEXT, [d] NUM(1,2), `e`)",
                &["a", "b c", "d", "e"],
                Some(0),
            ),
            ("CREATE TABLE t (a text default 'x,)', PRIMARY KEY (a), CHECK (a > 1))", &["a"], None),
            ("CREATE TABLE t", &[], None),
            ("CREATE TABLE t(", &[], None),
        ];
        for (sql, names, number) in rows {
            assert_eq!(columns(sql), (names.iter().map(|name| (*name).to_owned()).collect(), *number), "{sql}");
        }
    }
}
