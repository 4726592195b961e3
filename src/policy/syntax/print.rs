//! Writes a filter so that reading it again gives the same.

use super::token::is_bare;
use super::{Expr, Group, RESERVED, Test, Word};
use crate::policy::amount;
use crate::policy::operator::Operator;
use std::fmt;

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::And(parts) => joined(f, parts, " and ", |part| matches!(part, Expr::And(_) | Expr::Or(_))),
            // Brackets around `and` would not be needed; they spare the reader the rule.
            Expr::Or(parts) => joined(f, parts, " or ", |part| matches!(part, Expr::And(_) | Expr::Or(_))),
            Expr::Not(inner) => {
                f.write_str("not ")?;
                bracketed(f, inner, matches!(**inner, Expr::And(_) | Expr::Or(_)))
            }
            Expr::Test(test) => test.fmt(f),
            Expr::Group(group) => group.fmt(f),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expr], with: &str, brackets: fn(&Expr) -> bool) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            f.write_str(with)?;
        }
        bracketed(f, part, brackets(part))?;
    }
    Ok(())
}

fn bracketed(f: &mut fmt::Formatter<'_>, inner: &Expr, brackets: bool) -> fmt::Result {
    if brackets { write!(f, "({inner})") } else { write!(f, "{inner}") }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.filter.text)?;
        if self.operator == Operator::Holds {
            return Ok(());
        }
        write!(f, " {}", if self.negated { self.operator.contrary() } else { self.operator.typed() })?;
        match (self.operator, self.values.as_slice()) {
            (_, []) => Ok(()),
            (_, [one]) => write!(f, " {one}"),
            (Operator::Between, [from, to]) => write!(f, " {from} and {to}"),
            (_, many) => {
                f.write_str(" (")?;
                listed(f, many)?;
                f.write_str(")")
            }
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.filter.text)?;
        listed(f, &self.tests)?;
        f.write_str(")")
    }
}

fn listed<T: fmt::Display>(f: &mut fmt::Formatter<'_>, all: &[T]) -> fmt::Result {
    for (at, one) in all.iter().enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{one}")?;
    }
    Ok(())
}

/// Bare where that reads back the same, else in quotation marks.
impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.text;
        if let Some((number, unit)) = amount::number_and_unit(text) {
            return write!(f, "{number} {unit}");
        }
        if is_bare(text) && !RESERVED.iter().any(|word| word.eq_ignore_ascii_case(text)) {
            return f.write_str(text);
        }
        let mark = if text.contains('"') && !text.contains('\'') { '\'' } else { '"' };
        let doubled = format!("{mark}{mark}");
        write!(f, "{mark}{}{mark}", text.replace(mark, &doubled))
    }
}
