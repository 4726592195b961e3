//! What can be proven of filters without any facts: that one never says yes, that two never do together, that one never does
//! without the other.
//!
//! An expression becomes clauses of single filters joined by `or`; a clause is impossible when one of its filters is, or when
//! two exclude each other. What cannot be proven so is taken for possible: nothing is told of it.

use super::error::Span;
use super::field::Field;
use super::filter::{Check, Leaf, literal};
use super::finding::FindingTests;
use super::look::FolderName;
use super::range::{Range, Times};
use super::syntax::Expr;
use crate::clock::Moment;

/// Clauses of one expression, or of two together; with more nothing is proven.
const CLAUSES_MAX: usize = 512;
/// Filters of one clause.
const CLAUSE_MAX: usize = 64;

/// One filter of an expression.
#[derive(Clone, Debug)]
struct Literal {
    leaf: Leaf,
    /// How it is written without its negation.
    text: String,
    /// How it is written.
    shown: String,
    span: Span,
}

/// A filter in a clause, and whether its contrary is meant.
type Meant = (usize, bool);

/// An expression that can be reasoned about.
#[derive(Clone, Debug)]
pub(super) struct Proof {
    literals: Vec<Literal>,
    /// One of these holds when it says yes.
    clauses: Vec<Vec<Meant>>,
    /// One of these holds when it says no; `None` when there are too many.
    contrary: Option<Vec<Vec<Meant>>>,
}

/// Why nothing can match: a filter that is impossible, or two that exclude each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Clash {
    pub(super) one: (String, Span),
    pub(super) other: Option<(String, Span)>,
}

impl Proof {
    /// `None` when the expression is too large to be reasoned about.
    pub(super) fn of(expr: &Expr) -> Option<Self> {
        let mut literals = Vec::new();
        collect(expr, &mut literals)?;
        let mut next = 0;
        let clauses = clauses(expr, false, &mut next)?;
        next = 0;
        let contrary = self::clauses(expr, true, &mut next);
        Some(Self { literals, clauses, contrary })
    }

    /// Why it never says yes; `None` when it may.
    pub(super) fn never(&self) -> Option<Clash> {
        let mut first = None;
        for clause in &self.clauses {
            let meant: Vec<(&Literal, bool)> = clause.iter().map(|(at, not)| (&self.literals[*at], *not)).collect();
            let found = clash(&meant)?;
            first.get_or_insert(found);
        }
        first
    }

    /// True when no item can match both.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        self.all_clash(other, &other.clauses)
    }

    /// True when whatever matches this one matches the other.
    pub(super) fn lies_within(&self, other: &Self) -> bool {
        other.contrary.as_ref().is_some_and(|contrary| self.all_clash(other, contrary))
    }

    fn all_clash(&self, other: &Self, theirs: &[Vec<Meant>]) -> bool {
        if self.clauses.len() * theirs.len() > CLAUSES_MAX {
            return false;
        }
        self.clauses.iter().all(|ours| {
            theirs.iter().all(|theirs| {
                let ours = ours.iter().map(|(at, not)| (&self.literals[*at], *not));
                let theirs = theirs.iter().map(|(at, not)| (&other.literals[*at], *not));
                clash(&ours.chain(theirs).collect::<Vec<_>>()).is_some()
            })
        })
    }
}

/// The single filters of an expression, in their order.
fn collect(expr: &Expr, into: &mut Vec<Literal>) -> Option<()> {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().try_for_each(|part| collect(part, into)),
        Expr::Not(inner) => collect(inner, into),
        Expr::Test(test) => {
            let mut plain = test.clone();
            plain.negated = false;
            let end = test.values.last().map_or(test.filter.span, |value| value.span);
            let text = Expr::Test(plain).to_string();
            into.push(Literal { leaf: literal(expr)?, text, shown: expr.to_string(), span: test.filter.span.to(end) });
            Some(())
        }
        Expr::Group(group) => {
            let text = expr.to_string();
            into.push(Literal { leaf: literal(expr)?, text: text.clone(), shown: text, span: group.filter.span });
            Some(())
        }
    }
}

/// The expression, or its contrary, as clauses; `next` counts the single filters as [`collect`] lists them.
fn clauses(expr: &Expr, contrary: bool, next: &mut usize) -> Option<Vec<Vec<Meant>>> {
    match expr {
        Expr::Not(inner) => clauses(inner, !contrary, next),
        Expr::Test(_) | Expr::Group(_) => {
            *next += 1;
            Some(vec![vec![(*next - 1, contrary)]])
        }
        Expr::And(parts) | Expr::Or(parts) => {
            let joins = matches!(expr, Expr::And(_)) != contrary;
            let mut all = if joins { vec![Vec::new()] } else { Vec::new() };
            for part in parts {
                let part = clauses(part, contrary, next)?;
                if joins {
                    all = product(&all, &part)?;
                } else {
                    all.extend(part);
                }
                if all.len() > CLAUSES_MAX {
                    return None;
                }
            }
            Some(all)
        }
    }
}

fn product(one: &[Vec<Meant>], other: &[Vec<Meant>]) -> Option<Vec<Vec<Meant>>> {
    if one.len() * other.len() > CLAUSES_MAX {
        return None;
    }
    let joined = one.iter().flat_map(|left| other.iter().map(move |right| [left.as_slice(), right].concat()));
    let all: Vec<Vec<Meant>> = joined.collect();
    all.iter().all(|clause| clause.len() <= CLAUSE_MAX).then_some(all)
}

/// Why filters that are joined by `and` cannot all hold.
fn clash(all: &[(&Literal, bool)]) -> Option<Clash> {
    let named = |at: usize| (all[at].0.shown.clone(), all[at].0.span);
    let facts: Vec<Fact<'_>> = all.iter().map(|(literal, contrary)| Fact::new(literal, *contrary)).collect();
    for (at, fact) in facts.iter().enumerate() {
        if fact.is_impossible() {
            return Some(Clash { one: named(at), other: None });
        }
        if let Some(before) = facts[..at].iter().position(|before| before.excludes(fact) || fact.excludes(before)) {
            return Some(Clash { one: named(at), other: Some(named(before)) });
        }
    }
    None
}

/// A filter that must hold, or must not.
struct Fact<'a> {
    field: Field,
    check: &'a Check,
    text: &'a str,
    holds: bool,
}

impl<'a> Fact<'a> {
    fn new(literal: &'a Literal, contrary: bool) -> Self {
        let Leaf { field, negated, check } = &literal.leaf;
        Self { field: *field, check, text: &literal.text, holds: *negated == contrary }
    }

    fn is_impossible(&self) -> bool {
        match self.check {
            Check::Level(allowed) => allowed.iter().all(|is| *is != self.holds),
            Check::Numbers(ranges) => self.numbers(ranges).is_empty(),
            Check::Finding(tests) => self.holds && tests.is_impossible(),
            _ => false,
        }
    }

    fn numbers(&self, ranges: &[Range]) -> Vec<Range> {
        let filled = ranges.iter().copied().filter(|(from, to)| from <= to).collect();
        if self.holds { filled } else { gaps(filled) }
    }

    /// Whether this one and the other cannot both be so. Asked both ways round.
    fn excludes(&self, other: &Fact<'_>) -> bool {
        if self.text == other.text && self.holds != other.holds {
            return true;
        }
        if self.field != other.field {
            return self.is_of_folders_alone() && matches!(other.check, Check::Finding(_)) && other.holds;
        }
        match (self.check, other.check) {
            // Nothing there, and something about it.
            (Check::Set, _) if !self.holds => other.holds && !matches!(other.check, Check::Set),
            (Check::Level(one), Check::Level(two)) => {
                one.iter().zip(two).all(|(one, two)| (*one != self.holds) || (*two != other.holds))
            }
            (Check::Flag(one), Check::Flag(two)) => {
                let of_links = matches!(self.field, Field::LinkPassword | Field::LinkDownload);
                !of_links && (*one == self.holds) != (*two == other.holds)
            }
            (Check::Numbers(one), Check::Numbers(two)) => {
                let (one, two) = (self.numbers(one), other.numbers(two));
                one.iter().all(|(from, to)| two.iter().all(|(least, most)| most < from || to < least))
            }
            (Check::Times(one), Check::Times(two)) => {
                self.field != Field::LinkExpires && self.no_common_time(one, other, two)
            }
            (Check::Texts(one), Check::Texts(two)) => {
                let Some(words) = one.only_wholes().filter(|_| self.holds) else { return false };
                match other.holds {
                    // Each of the words is one that the other forbids.
                    false => words.iter().all(|word| two.fit(word)),
                    // There is one text alone, and it would have to be both.
                    true => self.is_single() && !words.iter().any(|word| two.fit(word)),
                }
            }
            (Check::Under(one), Check::Under(two)) if self.holds => match other.holds {
                false => one.iter().all(|inner| two.iter().any(|outer| lies_in(inner, outer))),
                true => apart(one, two),
            },
            (Check::Finding(one), Check::Finding(two)) => self.holds && !other.holds && one.implies(two),
            _ => false,
        }
    }

    /// True for `type = folder`, in which nothing is found.
    fn is_of_folders_alone(&self) -> bool {
        let Check::Texts(tests) = self.check else { return false };
        let words = tests.only_wholes().unwrap_or_default();
        self.field == Field::Type && self.holds && words.len() == 1 && words.contains("folder")
    }

    /// An item has one of these at most.
    fn is_single(&self) -> bool {
        use Field as F;
        matches!(
            self.field,
            F::Connector
                | F::Provider
                | F::Name
                | F::Path
                | F::Id
                | F::Extension
                | F::Type
                | F::Format
                | F::Hash
                | F::Label
                | F::OwnerStatus
                | F::OwnerRole
        )
    }

    /// Whether no moment fits both; of a date beside a span from now that depends on the day, and nothing is said.
    fn no_common_time(&self, one: &[Times], other: &Fact<'_>, two: &[Times]) -> bool {
        let all = || one.iter().chain(two);
        if all().any(|times| times.is_relative()) && !all().all(|times| times.is_relative()) {
            return false;
        }
        let now = Moment::from_millis(0);
        let fits =
            |fact: &Fact<'_>, times: &[Times], at: Moment| times.iter().any(|times| times.hold(at, now)) == fact.holds;
        let ends = [i64::MIN, i64::MAX].map(Moment::from_millis);
        let mut points = all().flat_map(|times| times.edges(now)).chain(ends);
        !points.any(|at| fits(self, one, at) && fits(other, two, at))
    }
}

/// What lies between these ranges.
fn gaps(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    let (mut all, mut next) = (Vec::new(), Some(0));
    for (from, to) in ranges {
        let Some(start) = next else { break };
        if let Some(end) = from.checked_sub(1).filter(|end| *end >= start) {
            all.push((start, end));
        }
        next = to.checked_add(1).map(|after| after.max(start));
    }
    all.extend(next.map(|start| (start, u64::MAX)));
    all
}

/// Whether a folder is the other, or lies in it; of names alone that is known only when they are the same.
fn lies_in(inner: &FolderName, outer: &FolderName) -> bool {
    match (inner, outer) {
        (FolderName::Path(inner), FolderName::Path(outer)) => {
            inner.strip_prefix(outer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        _ => inner == outer,
    }
}

/// Whether nothing can lie in one of these folders and in one of those.
fn apart(one: &[FolderName], two: &[FolderName]) -> bool {
    let is_path = |folder: &FolderName| matches!(folder, FolderName::Path(_));
    one.iter().chain(two).all(is_path)
        && one.iter().all(|left| two.iter().all(|right| !lies_in(left, right) && !lies_in(right, left)))
}

impl FindingTests {
    /// True when no findings can pass.
    fn is_impossible(&self) -> bool {
        let count = |all: &[super::finding::Counted]| {
            all.iter().fold(vec![(1, u64::MAX)], |left, one| meet(&left, &bounds(one)))
        };
        let (totals, uniques) = (count(&self.totals), count(&self.uniques));
        let sure = self.confidence.iter().fold(vec![(1, 100)], |left, one| meet(&left, &bounds(one)));
        // There are never more different values than findings.
        let least = uniques.iter().map(|(from, _)| *from).min();
        let most = totals.iter().map(|(_, to)| *to).max();
        totals.is_empty() || uniques.is_empty() || sure.is_empty() || least > most || self.chooses_nothing()
    }

    /// A detector that is named, and forbidden too.
    fn chooses_nothing(&self) -> bool {
        let forbids = |name: &str| {
            let not = self.detectors.iter().filter(|choice| choice.negated);
            not.flat_map(|choice| &choice.names).any(|pattern| super::finding::fits(pattern, name))
        };
        let plain = self.detectors.iter().filter(|choice| !choice.negated);
        plain.into_iter().any(|choice| choice.names.iter().all(|name| !name.contains('*') && forbids(name)))
    }

    /// True when whatever passes these passes the others: chosen among fewer detectors, as sure or surer, as many or more.
    fn implies(&self, other: &Self) -> bool {
        use super::finding::{Choice, Counted};
        let same = |one: &Choice, two: &Choice| {
            let fewer = one.names.iter().all(|name| two.names.iter().any(|wide| super::finding::fits(wide, name)));
            !one.negated && !two.negated && fewer
        };
        let chosen =
            |ours: &[Choice], theirs: &[Choice]| theirs.iter().all(|two| ours.iter().any(|one| same(one, two)));
        let surer = |two: &Counted| {
            let wide = bounds(two);
            let narrow = self.confidence.iter().fold(vec![(1, 100)], |left, one| meet(&left, &bounds(one)));
            narrow.iter().all(|(from, to)| wide.iter().any(|(least, most)| least <= from && to <= most))
        };
        let more = |ours: &[Counted], theirs: &[Counted]| {
            let least = ours.iter().map(|one| bounds(one).first().map_or(u64::MAX, |(from, _)| *from)).max();
            theirs.iter().all(|two| match bounds(two).as_slice() {
                [(from, u64::MAX)] => least.unwrap_or(1).max(1) >= *from,
                _ => false,
            })
        };
        // Of many different values there are as many findings.
        let counted = more(&self.uniques, &other.uniques)
            && (more(&self.totals, &other.totals) || more(&self.uniques, &other.totals));
        chosen(&self.detectors, &other.detectors)
            && chosen(&self.tags, &other.tags)
            && other.confidence.iter().all(surer)
            && counted
    }
}

fn bounds(one: &super::finding::Counted) -> Vec<Range> {
    let mut filled: Vec<Range> = one.ranges.iter().copied().filter(|(from, to)| from <= to).collect();
    filled.sort_unstable();
    if one.negated { gaps(filled) } else { filled }
}

fn meet(one: &[Range], other: &[Range]) -> Vec<Range> {
    let each = |left: &Range| {
        let left = *left;
        other.iter().map(move |right| (left.0.max(right.0), left.1.min(right.1)))
    };
    one.iter().flat_map(each).filter(|(from, to)| from <= to).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(text: &str) -> Proof {
        let expr = Expr::parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"));
        Proof::of(&expr).unwrap_or_else(|| panic!("{text} is small"))
    }

    #[test]
    fn what_can_never_match_is_told_and_nothing_else() {
        let rows = [
            ("access < private", true),
            ("access <= private", false),
            ("access > public or access < private", true),
            ("access > public or access = private", false),
            ("access = public and access = private", true),
            ("access >= external and access <= external", false),
            ("trashed and not trashed", true),
            ("trashed = yes and trashed = no", true),
            ("not trashed and trashed = no", false),
            ("link.password = yes and link.password = no", false),
            ("link.password and not link.password", true),
            ("size > 10 MB and size < 5 MB", true),
            ("size > 5 MB and size < 10 MB", false),
            ("size < 0", true),
            ("size not >= 0", true),
            ("size != 5 and size = 5", true),
            ("size not between 1 and 9 and size = 9", true),
            ("size not between 1 and 9 and size = 10", false),
            ("provider = box and provider = dropbox", true),
            ("provider in (box, dropbox) and provider != box", false),
            ("provider = box and provider not in (box, dropbox)", true),
            ("owner = erin@example.com and owner not in (ERIN@example.com, dave@example.com)", true),
            // One person has several names.
            ("owner = erin@example.com and owner = u3", false),
            ("collaborator = erin@example.com and collaborator = dave@example.com", false),
            ("extension = xlsx and name endswith .docx", false),
            ("extension = xlsx and extension startswith doc", true),
            ("extension = XLSX and extension in (xls, xlsx)", false),
            ("label is not set and label = secret", true),
            ("label is not set and label != secret", false),
            ("label is set and label = secret", false),
            ("path under /HR and path not under /HR", true),
            ("path under /HR/Pay and path not under (/Sales, /hr)", true),
            ("path under /HR and path not under /HR/Pay", false),
            ("path under /HRM and path not under /HR", false),
            ("path under /HR and path under /Sales", true),
            ("path under /HR and path under /HR/Pay", false),
            ("path under HR and path under Sales", false),
            ("modified before 2026-01-01 and modified after 2026-02-01", true),
            ("modified before 2026-02-01 and modified after 2026-01-01", false),
            ("modified older than 90 days and modified newer than 30 days", true),
            ("modified older than 30 days and modified newer than 90 days", false),
            ("modified older than 90 days and modified after 2026-01-01", false),
            ("link.expires before 2026-01-01 and link.expires after 2026-02-01", false),
            ("finding(unique >= 5, unique < 3)", true),
            ("finding(unique >= 5, total < 5)", true),
            ("finding(unique >= 5, total <= 5)", false),
            ("finding(confidence > 100)", true),
            ("finding(detector = bank.iban, detector != bank.*)", true),
            ("finding(detector = bank.iban, detector != bank.aba)", false),
            ("finding(total < 1)", true),
            ("finding(tag = pci) and not finding", true),
            ("finding(tag = pci, unique >= 9) and not finding(tag = pci, unique >= 5)", true),
            ("finding(tag = pci, unique >= 5) and not finding(tag = pci, unique >= 9)", false),
            ("finding(tag = pci, confidence >= high) and not finding(tag = pci, confidence >= medium)", true),
            ("finding(tag = pci, confidence >= medium) and not finding(tag = pci, confidence >= high)", false),
            ("finding(detector = bank.iban) and not finding(detector = bank.*)", true),
            ("finding(detector = bank.iban) and not finding(tag = pci)", false),
            ("type = folder and finding", true),
            ("type in (folder, text) and finding", false),
            ("(access < private or name word a) and (name word b or size < 0)", false),
            ("(access < private or trashed) and not trashed", true),
        ];
        for (text, never) in rows {
            assert_eq!(proof(text).never().is_some(), never, "{text}: {:?}", proof(text).never());
        }
    }

    #[test]
    fn what_lies_within_another_is_told() {
        let rows = [
            ("access = public", "access >= external", true),
            ("access >= external", "access = public", false),
            ("access = public and trashed", "access = public", true),
            ("access = public", "access = public and not trashed", false),
            ("access = public", "access = public or trashed", true),
            ("path under /HR/Pay", "path under /HR", true),
            ("path under /HR", "path under /HR/Pay", false),
            ("finding(tag = pci, unique >= 10)", "finding(tag = pci, unique >= 3)", true),
            ("finding(tag = pci)", "finding(tag in (pci, pii))", true),
            ("name word a", "name word b", false),
            ("extension = xlsx", "extension in (xls, xlsx)", true),
        ];
        for (inner, outer, within) in rows {
            assert_eq!(proof(inner).lies_within(&proof(outer)), within, "{inner} within {outer}");
        }
        assert!(proof("provider = box").excludes(&proof("provider = dropbox and trashed")));
        assert!(!proof("provider = box").excludes(&proof("trashed")));
    }
}
