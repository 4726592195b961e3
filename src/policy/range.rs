//! Numbers and moments between bounds, and what follows when only bounds of the number itself are known.

use super::amount::When;
use super::answer::Answer;
use super::operator::Operator;
use crate::clock::Moment;

/// From the first to the second, both included.
pub(super) type Range = (u64, u64);

/// The numbers that an operator lets through; one range for each value, or one for both of `between`. `None` for operators
/// that are not of numbers, and for `between` with its values the wrong way round.
pub(super) fn ranges(operator: Operator, values: &[u64]) -> Option<Vec<Range>> {
    if operator == Operator::Between {
        return match values {
            [from, to] if from <= to => Some(vec![(*from, *to)]),
            _ => None,
        };
    }
    let one = |value: &u64| match operator {
        Operator::Equal | Operator::In => Some((*value, *value)),
        // Nothing is less than nothing: an empty range.
        Operator::Less => Some(value.checked_sub(1).map_or((1, 0), |below| (0, below))),
        Operator::AtMost => Some((0, *value)),
        Operator::More => Some(value.checked_add(1).map_or((1, 0), |above| (above, u64::MAX))),
        Operator::AtLeast => Some((*value, u64::MAX)),
        _ => None,
    };
    values.iter().map(one).collect()
}

/// Whether a number that is known to lie between two bounds (no upper one: `None`) lies in one of the ranges.
pub(super) fn lies_in(ranges: &[Range], low: u64, high: Option<u64>) -> Answer {
    let high = high.unwrap_or(u64::MAX);
    let one = |&(from, to): &Range| {
        if from <= low && high <= to {
            Answer::Yes
        } else if to < low || high < from || from > to {
            Answer::No
        } else {
            Answer::Unknown
        }
    };
    ranges.iter().map(one).fold(Answer::No, Answer::or)
}

/// Moments between two; a missing bound is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    from: Option<(When, Edge)>,
    until: Option<(When, Edge)>,
}

/// Which end of a named day a bound is, and whether it belongs to the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    First,
    BeforeFirst,
    Last,
    AfterLast,
}

impl Edge {
    fn of(self, when: When, now: Moment) -> i64 {
        let (first, last) = when.bounds(now);
        match self {
            Edge::First => first.as_millis(),
            Edge::BeforeFirst => first.as_millis().saturating_sub(1),
            Edge::Last => last.as_millis(),
            Edge::AfterLast => last.as_millis().saturating_add(1),
        }
    }
}

impl Times {
    /// The moments that an operator of dates lets through; `None` for other operators.
    pub(super) fn new(operator: Operator, values: &[When]) -> Option<Self> {
        let (one, other) = (values.first().copied()?, values.get(1).copied());
        let (from, until) = match operator {
            Operator::Equal => (Some((one, Edge::First)), Some((one, Edge::Last))),
            Operator::Less | Operator::Before => (None, Some((one, Edge::BeforeFirst))),
            Operator::AtMost | Operator::OlderThan => (None, Some((one, Edge::Last))),
            Operator::More | Operator::After | Operator::NewerThan => (Some((one, Edge::AfterLast)), None),
            Operator::AtLeast => (Some((one, Edge::First)), None),
            Operator::Between => (Some((one, Edge::First)), Some((other?, Edge::Last))),
            _ => return None,
        };
        Some(Self { from, until })
    }

    /// Whether a moment is one of them, asked at `now`.
    pub(super) fn hold(self, at: Moment, now: Moment) -> bool {
        let at = at.as_millis();
        self.from.is_none_or(|(when, edge)| edge.of(when, now) <= at)
            && self.until.is_none_or(|(when, edge)| at <= edge.of(when, now))
    }

    /// Moments on both sides of each of its bounds, asked at `now`.
    pub(super) fn edges(&self, now: Moment) -> Vec<Moment> {
        let bounds = [self.from, self.until].into_iter().flatten().map(|(when, edge)| edge.of(when, now));
        let near = bounds.flat_map(|at| [at.saturating_sub(1), at, at.saturating_add(1)]);
        near.map(Moment::from_millis).collect()
    }

    /// True when one of its bounds moves with the moment at which it is asked.
    pub(super) fn is_relative(&self) -> bool {
        [self.from, self.until].iter().flatten().any(|(when, _)| matches!(when, When::Relative(_)))
    }
}
