//! A filter ready to be asked: what was typed, checked against the list of filters, its patterns compiled.
//!
//! Asking is pure: facts and a moment in, an [`Answer`] out. The parts of an `and` or `or` are asked cheapest first, which
//! cannot change the answer.

mod compile;

pub(super) use compile::literal;

use super::answer::Answer;
use super::error::{FilterError, Wrongly, did_you_mean};
use super::facts::Facts;
use super::field::Field;
use super::finding::FindingTests;
use super::look::{FolderName, Look};
use super::narrow::Narrow;
use super::range::{Range, Times};
use super::syntax::{Expr, Word};
use super::text::TextTests;
use super::wants::Wants;
use crate::clock::Moment;
use std::fmt;

/// A filter ready to be asked. Built once, shared by all threads.
#[derive(Clone, Debug)]
pub struct Filter {
    expr: Expr,
    node: Node,
    wants: Wants,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Leaf(Leaf),
}

/// One filter with its values.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub(super) field: Field,
    pub(super) negated: bool,
    pub(super) check: Check,
}

#[derive(Clone, Debug)]
pub(super) enum Check {
    /// There is one.
    Set,
    /// The flag is so.
    Flag(bool),
    /// The level is one of these.
    Level([bool; 4]),
    Numbers(Vec<Range>),
    Times(Vec<Times>),
    Texts(TextTests),
    /// One value is none of these.
    Outside(TextTests),
    /// Lies in one of these folders.
    In(Vec<FolderName>),
    /// Lies below one of these folders.
    Under(Vec<FolderName>),
    Finding(FindingTests),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// When the text does not follow the grammar, names a filter, operator or value that does not exist, or is too large.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Self::of(Expr::parse(text)?).map_err(|wrong| wrong.within(text))
    }

    /// The filter that an expression means.
    pub(super) fn of(expr: Expr) -> Result<Self, Wrongly> {
        let node = compile::node(&expr)?;
        let wants = node.wants();
        Ok(Self { expr, node, wants })
    }

    /// What was typed.
    #[must_use]
    pub fn expr(&self) -> &Expr {
        &self.expr
    }

    /// Which facts can matter to the answer.
    #[must_use]
    pub fn wants(&self) -> Wants {
        self.wants
    }

    /// What a store may leave out, since the answer is no for certain.
    #[must_use]
    pub fn narrow(&self) -> Narrow {
        Narrow::of(&self.node)
    }

    /// Whether the item matches, asked at `now`.
    #[must_use]
    pub fn answer(&self, facts: &Facts<'_>, now: Moment) -> Answer {
        self.node.answer(Look { facts, now })
    }

    /// What in it names something that does not exist here, though it may yet: detectors, tags, connectors.
    #[must_use]
    pub fn notes(&self, known: &Known<'_>) -> Vec<String> {
        let told = |unknown: Unknown| {
            let near = unknown.near.map(|near| format!("; {near}")).unwrap_or_default();
            format!("there is no {} `{}`{near}", unknown.what, unknown.word.text)
        };
        unknown(&self.expr, known).into_iter().map(told).collect()
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.fmt(f)
    }
}

/// Names that exist here; an empty list says nothing.
#[derive(Clone, Debug, Default)]
pub struct Known<'a> {
    /// Ids of detectors.
    pub detectors: Vec<&'a str>,
    /// Their tags.
    pub tags: Vec<&'a str>,
    /// Names of connectors.
    pub connectors: Vec<&'a str>,
    /// Names of webhooks that messages can go to; `None` says nothing of them.
    pub webhooks: Option<Vec<&'a str>>,
}

/// A name in a filter that does not exist here.
pub(super) struct Unknown {
    /// What it should name: `detector`, `tag`, `connector`.
    pub(super) what: &'static str,
    /// The name.
    pub(super) word: Word,
    /// What may have been meant.
    pub(super) near: Option<String>,
}

/// Names in an expression that do not exist here.
pub(super) fn unknown(expr: &Expr, known: &Known<'_>) -> Vec<Unknown> {
    let mut all = Vec::new();
    collect_unknown(expr, known, &mut all);
    all
}

fn collect_unknown(expr: &Expr, known: &Known<'_>, all: &mut Vec<Unknown>) {
    let mut look = |test: &super::syntax::Test| {
        let (what, names) = match test.filter.text.as_str() {
            "detector" => ("detector", &known.detectors),
            "tag" => ("tag", &known.tags),
            "connector" => ("connector", &known.connectors),
            _ => return,
        };
        let is_unknown =
            |word: &&Word| !names.is_empty() && !names.iter().any(|name| super::finding::fits(&word.text, name));
        for word in test.values.iter().filter(is_unknown) {
            let near = did_you_mean(&word.text, names.iter().copied());
            all.push(Unknown { what, word: word.clone(), near });
        }
    };
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| collect_unknown(part, known, all)),
        Expr::Not(inner) => collect_unknown(inner, known, all),
        Expr::Test(test) => look(test),
        Expr::Group(group) => group.tests.iter().for_each(look),
    }
}

impl Node {
    fn wants(&self) -> Wants {
        match self {
            Node::And(parts) | Node::Or(parts) => parts.iter().map(Node::wants).fold(Wants::ITEM, Wants::and),
            Node::Not(inner) => inner.wants(),
            Node::Leaf(leaf) => leaf.field.row().wants,
        }
    }

    fn answer(&self, look: Look<'_>) -> Answer {
        match self {
            Node::And(parts) => {
                let mut answer = Answer::Yes;
                for part in parts {
                    answer = answer.and(part.answer(look));
                    if answer == Answer::No {
                        break;
                    }
                }
                answer
            }
            Node::Or(parts) => {
                let mut answer = Answer::No;
                for part in parts {
                    answer = answer.or(part.answer(look));
                    if answer == Answer::Yes {
                        break;
                    }
                }
                answer
            }
            Node::Not(inner) => inner.answer(look).negate(),
            Node::Leaf(leaf) => leaf.answer(look),
        }
    }
}

impl Leaf {
    fn answer(&self, look: Look<'_>) -> Answer {
        let field = self.field;
        let answer = match &self.check {
            Check::Set => is_set(field, look),
            Check::Flag(wanted) => look.flag(field, *wanted),
            Check::Level(allowed) => look.level(*allowed),
            Check::Numbers(ranges) => look.number(field, ranges),
            Check::Times(all) => look.moment(field, &mut |at| all.iter().any(|times| times.hold(at, look.now))),
            Check::Texts(tests) => look.text(field, &mut |text| tests.fit(text)),
            Check::Outside(tests) => look.text(field, &mut |text| !tests.fit(text)),
            Check::In(folders) => folders.iter().map(|folder| look.lies_in(folder)).fold(Answer::No, Answer::or),
            Check::Under(folders) => folders.iter().map(|folder| look.lies_under(folder)).fold(Answer::No, Answer::or),
            Check::Finding(tests) => tests.answer(look.facts),
        };
        answer.negate_if(self.negated)
    }
}

fn is_set(field: Field, look: Look<'_>) -> Answer {
    let item = look.facts.item;
    match field {
        // Of these the listing says all that there is to say.
        Field::Created => item.created.is_some().into(),
        Field::Modified => item.modified.is_some().into(),
        Field::Owner => item.owner.is_some().into(),
        Field::Path => item.path.is_some().into(),
        _ if field.row().kind == super::field::Kind::Date => look.moment(field, &mut |_| true),
        _ => look.text(field, &mut |_| true),
    }
}
