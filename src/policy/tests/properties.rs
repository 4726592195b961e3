//! What holds of every filter and every item.

use super::rows::ROWS;
use super::world::{NOW, World};
use super::{at, parsed};
use crate::policy::{Answer, Expr, Facts, Filter, Group, OPERATORS, Operator, Span, Test, Word};
use proptest::prelude::*;

fn word(text: String) -> Word {
    Word { text, span: Span::default() }
}

fn values(operator: Operator) -> std::ops::RangeInclusive<usize> {
    match operator {
        Operator::IsSet => 0..=0,
        Operator::Between => 2..=2,
        _ => 1..=4,
    }
}

/// Any value: ordinary ones, and any characters at all.
fn value() -> impl Strategy<Value = Word> {
    let odd = [
        "and",
        "OR",
        "not",
        "now",
        "now-30days",
        "10MB",
        "10 MB",
        "1.5",
        "30",
        "days",
        "is",
        "a\"b",
        "a'b",
        "'\"",
        "\\",
        "(",
        " ",
    ];
    prop_oneof![prop::sample::select(odd.map(str::to_owned).to_vec()), "[a-zA-Z0-9@./*_-]{1,12}", any::<String>(),]
        .prop_map(word)
}

fn a_test() -> impl Strategy<Value = Test> {
    let operators: Vec<Operator> = OPERATORS.iter().map(|row| row.operator).collect();
    let with_values = (prop::sample::select(operators), any::<bool>()).prop_flat_map(|(operator, negated)| {
        let all = prop::collection::vec(value(), values(operator));
        (Just(operator), Just(negated), all)
    });
    let name = "[a-z][a-z_.]{2,9}[a-z]";
    prop_oneof![
        name.prop_map(|name| Test { filter: word(name), operator: Operator::Holds, negated: false, values: vec![] }),
        (name, with_values).prop_map(|(name, (operator, negated, values))| Test {
            filter: word(name),
            operator,
            negated,
            values
        }),
    ]
    .prop_filter("a reserved word is no name", |test| !["and", "or", "not"].contains(&test.filter.text.as_str()))
}

fn expr() -> impl Strategy<Value = Expr> {
    let group = ("[a-z]{4,8}", prop::collection::vec(a_test(), 0..4))
        .prop_map(|(name, tests)| Expr::Group(Group { filter: word(name), tests }));
    let leaf = prop_oneof![3 => a_test().prop_map(Expr::Test), 1 => group];
    leaf.prop_recursive(5, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 2..4).prop_map(Expr::Or),
            inner.prop_map(|inner| Expr::Not(Box::new(inner))),
        ]
    })
}

/// What was typed in a row of the table.
fn row() -> impl Strategy<Value = &'static str> {
    prop::sample::select(ROWS).prop_map(|(text, _)| text)
}

/// Joins rows into one filter.
fn joined() -> impl Strategy<Value = String> {
    (row(), row(), row(), 0..4_u8).prop_map(|(a, b, c, how)| match how {
        0 => format!("({a}) and ({b}) and ({c})"),
        1 => format!("({a}) or ({b}) or not ({c})"),
        2 => format!("not (({a}) and ({b})) or ({c})"),
        _ => format!("not (({a}) or ({b})) and ({c})"),
    })
}

/// The facts without the parts whose bits are set.
fn without(mut facts: Facts<'_>, parts: u16) -> Facts<'_> {
    let gone = |part: u32| parts & (1 << part) != 0;
    facts.exposure = facts.exposure.filter(|_| !gone(0));
    facts.shares = facts.shares.filter(|_| !gone(1));
    facts.directory = facts.directory.filter(|_| !gone(2));
    facts.above = facts.above.filter(|_| !gone(3));
    facts.inspection = facts.inspection.filter(|_| !gone(4));
    facts.found = facts.found.filter(|_| !gone(5));
    facts.tags = facts.tags.filter(|_| !gone(6));
    facts.history = facts.history.filter(|_| !gone(7));
    facts.quarantined = facts.quarantined.filter(|_| !gone(8));
    facts.policies = facts.policies.filter(|_| !gone(9));
    facts.versions = facts.versions.filter(|_| !gone(10));
    facts.activity = facts.activity.filter(|_| !gone(11));
    facts.external_since = facts.external_since.filter(|_| !gone(12));
    facts
}

#[test]
fn every_row_reads_back_as_it_is_printed() {
    for (text, _) in ROWS {
        let filter = parsed(text);
        let printed = filter.to_string();
        assert_eq!(Expr::parse(&printed).as_ref(), Ok(filter.expr()), "{text}\n{printed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_printed_filter_reads_back_the_same(expr in expr()) {
        let printed = expr.to_string();
        let read = Expr::parse(&printed).map_err(|error| TestCaseError::fail(format!("{error}")))?;
        prop_assert_eq!(&read, &expr, "{}", printed);
        prop_assert_eq!(read.to_string(), printed);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>()) {
        let _ = Filter::parse(&text);
    }

    #[test]
    fn no_words_of_the_language_make_the_parser_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "access", "finding", "finding(", "(", ")", ",", "=", "!=", "<", "between", "and", "or", "not", "in", "is", "set",
            "older", "than", "30", "days", "now", "-", "+3", "\"a b\"", "name", "regex", "under", "high", "'",
        ]), 0..14),
    ) {
        let _ = Filter::parse(&words.join(" "));
    }

    #[test]
    fn what_is_decided_stays_decided_when_more_is_known(text in joined(), parts in any::<u16>(), also in any::<u16>()) {
        let world = World::new();
        let filter = parsed(&text);
        let hidden = world.hidden();
        for all in [world.facts(), world.without("some members", &hidden), world.without("all of it read", &hidden)] {
            let more = without(all, parts & also);
            let less = without(all, parts);
            let (more, less) = (filter.answer(&more, at(NOW)), filter.answer(&less, at(NOW)));
            prop_assert!(less == Answer::Unknown || less == more, "{}: {:?} became {:?}", text, less, more);
        }
    }

    #[test]
    fn what_a_store_leaves_out_is_no_for_certain(text in joined(), parts in any::<u16>()) {
        let world = World::new();
        let filter = parsed(&text);
        let hidden = world.hidden();
        for all in [world.facts(), world.without("some members", &hidden), world.without("reading", &hidden)] {
            let facts = without(all, parts);
            if filter.narrow().leaves_out(&facts) {
                prop_assert_eq!(filter.answer(&facts, at(NOW)), Answer::No, "{}", text);
            }
        }
    }

    #[test]
    fn what_a_filter_does_not_want_does_not_matter(text in joined(), parts in any::<u16>()) {
        let world = World::new();
        let filter = parsed(&text);
        let wants = filter.wants();
        let unwanted = (0..13).filter(|part| !wants.has(crate::policy::Wants::from_bit(*part)));
        let parts = unwanted.map(|part| 1_u16 << part).fold(0, |all, bit| all | bit) & parts;
        let (all, less) = (world.facts(), without(world.facts(), parts));
        prop_assert_eq!(filter.answer(&all, at(NOW)), filter.answer(&less, at(NOW)), "{} wants {}", text, wants);
    }
}
