//! From what was typed to what is asked; every fault is told with its place.

use super::super::amount;
use super::super::error::{Wrongly, nearest};
use super::super::field::{COVERAGE_STATES, FIELDS, FINDING_FIELDS, Field, Kind};
use super::super::finding::{Choice, Counted, FindingTests};
use super::super::look::FolderName;
use super::super::operator::Operator;
use super::super::range::{Range, Times, ranges};
use super::super::syntax::{Expr, Group, Test, Word};
use super::super::text::{PATTERN_BYTES_MAX, TextTests};
use super::super::words::folded;
use super::{Check, Leaf, Node};
use crate::model::{Confidence, Limit, Reason};

/// Patterns (glob and regex) of one filter: each takes memory.
const PATTERNS_MAX: usize = 64;

pub(super) fn node(expr: &Expr) -> Result<Node, Wrongly> {
    let mut patterns = PATTERNS_MAX;
    build(expr, &mut patterns)
}

/// One filter of an expression; `None` for what joins several, and for what cannot be asked.
pub(in crate::policy) fn literal(expr: &Expr) -> Option<Leaf> {
    let mut patterns = PATTERNS_MAX;
    match build(expr, &mut patterns).ok()? {
        Node::Leaf(leaf) => Some(leaf),
        _ => None,
    }
}

fn build(expr: &Expr, patterns: &mut usize) -> Result<Node, Wrongly> {
    Ok(match expr {
        Expr::And(parts) => Node::And(cheapest_first(parts, patterns)?),
        Expr::Or(parts) => Node::Or(cheapest_first(parts, patterns)?),
        Expr::Not(inner) => Node::Not(Box::new(build(inner, patterns)?)),
        Expr::Test(test) => Node::Leaf(leaf(test, patterns)?),
        Expr::Group(group) => Node::Leaf(group_leaf(group)?),
    })
}

fn cheapest_first(parts: &[Expr], patterns: &mut usize) -> Result<Vec<Node>, Wrongly> {
    let mut nodes = parts.iter().map(|part| build(part, patterns)).collect::<Result<Vec<_>, _>>()?;
    nodes.sort_by_key(|node| node.wants().cost());
    Ok(nodes)
}

fn field(name: &Word) -> Result<Field, Wrongly> {
    if let Some(row) = FIELDS.iter().find(|row| row.name == name.text) {
        return Ok(row.field);
    }
    let wrong = Wrongly::new(name.span, format!("unknown filter `{}`", name.text)).expected("not a filter");
    if FINDING_FIELDS.iter().any(|(inner, ..)| *inner == name.text) {
        return Err(wrong.help(format!("ask it of findings: finding({} = ...)", name.text)));
    }
    let here = OTHER_NAMES.iter().find(|(other, _)| *other == name.text).map(|(_, here)| *here);
    let near = here.or_else(|| nearest(&name.text, FIELDS.iter().map(|row| row.name)));
    Err(match near {
        Some(near) => wrong.help(format!("did you mean `{near}`?")),
        None => wrong.help(format!("the filters are {}", FIELDS.map(|row| row.name).join(", "))),
    })
}

/// Names that other products and people use.
const OTHER_NAMES: [(&str, &str); 27] = [
    ("accesslevel", "access"),
    ("sharing", "access"),
    ("exposure", "access"),
    ("level", "access"),
    ("app", "provider"),
    ("service", "provider"),
    ("instance", "connector"),
    ("filename", "name"),
    ("title", "name"),
    ("ext", "extension"),
    ("filetype", "type"),
    ("kind", "type"),
    ("mimetype", "mime"),
    ("fileid", "id"),
    ("folder", "parent"),
    ("parentfolder", "parent"),
    ("under", "path"),
    ("member", "collaborator"),
    ("group", "collaborator.group"),
    ("domain", "collaborator.domain"),
    ("externals", "collaborator.externals"),
    ("changed", "snapshot"),
    ("trash", "trashed"),
    ("status", "coverage"),
    ("outcome", "coverage"),
    ("classification", "label"),
    ("event", "activity"),
];

/// One filter as it is being compiled.
struct Typed<'a> {
    test: &'a Test,
    field: Field,
    kind: Kind,
}

fn leaf(test: &Test, patterns: &mut usize) -> Result<Leaf, Wrongly> {
    let field = field(&test.filter)?;
    let typed = Typed { test, field, kind: field.row().kind };
    if !typed.kind.operators().contains(&test.operator) {
        return Err(typed.other_operator());
    }
    Ok(Leaf { field, negated: test.negated, check: typed.check(patterns)? })
}

impl Typed<'_> {
    fn check(&self, patterns: &mut usize) -> Result<Check, Wrongly> {
        let operator = self.test.operator;
        Ok(match (self.kind, operator) {
            (_, Operator::IsSet) => Check::Set,
            (Kind::Finding, _) => Check::Finding(FindingTests::default()),
            (Kind::Flag, Operator::Holds) => Check::Flag(true),
            (Kind::Flag, _) => Check::Flag(self.yes_or_no()?),
            (Kind::Level, _) => Check::Level(self.levels()?),
            (Kind::Number | Kind::Size, _) => Check::Numbers(self.numbers(amount::size)?),
            (Kind::Date, _) => Check::Times(self.times()?),
            (Kind::Folder, _) => Check::In(self.folders()),
            (_, Operator::Under) => Check::Under(self.folders()),
            (_, Operator::Outside) => Check::Outside(self.texts(patterns)?),
            _ => Check::Texts(self.texts(patterns)?),
        })
    }

    fn other_operator(&self) -> Wrongly {
        let Test { filter, operator, .. } = self.test;
        let name = &filter.text;
        if *operator == Operator::Holds {
            return Wrongly::new(filter.span, format!("`{name}` needs an operator and a value"))
                .expected(format!("expected {} after it", self.spelled()))
                .help(format!("for example `{}`", self.field.row().example));
        }
        let message = format!("`{name}` does not take `{operator}`");
        let wrong = Wrongly::new(filter.span, message).expected(format!("it takes {}", self.spelled()));
        wrong.help(format!("for example `{}`", self.field.row().example))
    }

    fn spelled(&self) -> String {
        let typed = self.kind.operators().iter().filter(|operator| **operator != Operator::Holds);
        let typed: Vec<String> = typed.map(|operator| format!("`{operator}`")).collect();
        if typed.is_empty() { "no operator: `finding`, or `finding(...)`".to_owned() } else { typed.join(", ") }
    }

    fn bad_value(&self, value: &Word) -> Wrongly {
        Wrongly::new(value.span, format!("`{}` is no value of `{}`", value.text, self.test.filter.text))
            .expected(format!("expected {}", self.kind.values()))
    }

    /// The one value of an operator that makes no sense with several.
    fn only(&self) -> Result<&Word, Wrongly> {
        match self.test.values.as_slice() {
            [one] => Ok(one),
            [_, second, ..] => Err(Wrongly::new(second.span, format!("`{}` takes one value", self.test.operator))
                .expected("one too many")
                .help("use `between` for a range, `in` for a list")),
            [] => Err(Wrongly::new(self.test.filter.span, "a value is missing")),
        }
    }

    fn yes_or_no(&self) -> Result<bool, Wrongly> {
        let value = self.only()?;
        match value.text.to_lowercase().as_str() {
            "yes" | "true" => Ok(true),
            "no" | "false" => Ok(false),
            _ => Err(self.bad_value(value)),
        }
    }

    fn levels(&self) -> Result<[bool; 4], Wrongly> {
        let names = ["private", "internal", "external", "public"];
        let numbers = self.numbers(|text| {
            let at = names.iter().position(|name| name.eq_ignore_ascii_case(text))?;
            u64::try_from(at).ok()
        });
        let ranges = numbers.map_err(|wrong| wrong.maybe_help(self.near_value(&names)))?;
        Ok([0, 1, 2, 3].map(|level| ranges.iter().any(|(from, to)| (*from..=*to).contains(&level))))
    }

    fn near_value(&self, words: &[&'static str]) -> Option<String> {
        let odd =
            self.test.values.iter().find(|value| !words.iter().any(|word| word.eq_ignore_ascii_case(&value.text)))?;
        nearest(&odd.text, words.iter().copied()).map(|near| format!("did you mean `{near}`?"))
    }

    fn numbers(&self, read: impl Fn(&str) -> Option<u64>) -> Result<Vec<Range>, Wrongly> {
        if !matches!(self.test.operator, Operator::Equal | Operator::In | Operator::Between) {
            self.only()?;
        }
        let read = |value: &Word| read(&value.text).ok_or_else(|| self.bad_value(value));
        let values = self.test.values.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        ranges(self.test.operator, &values).ok_or_else(|| self.wrong_way_round())
    }

    fn wrong_way_round(&self) -> Wrongly {
        let span = self.test.values.first().map_or(self.test.filter.span, |value| value.span);
        Wrongly::new(span, "the first value of `between` is larger than the second")
            .expected("expected the smaller one here")
    }

    fn times(&self) -> Result<Vec<Times>, Wrongly> {
        let operator = self.test.operator;
        let ago = matches!(operator, Operator::OlderThan | Operator::NewerThan);
        if !matches!(operator, Operator::Equal | Operator::Between) {
            self.only()?;
        }
        let read = |value: &Word| {
            if ago {
                return amount::span_ms(&value.text).map(|ms| amount::When::Relative(-ms)).ok_or_else(|| {
                    Wrongly::new(value.span, format!("`{}` is no span of time", value.text))
                        .expected("expected a number with its unit, as `30 days`, `12 hours`, `6 months`")
                });
            }
            amount::when(&value.text).ok_or_else(|| self.bad_value(value))
        };
        let values = self.test.values.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let each = |all: &[amount::When]| Times::new(operator, all);
        let times: Option<Vec<Times>> = match operator {
            Operator::Between => each(&values).map(|times| vec![times]),
            _ => values.iter().map(|value| each(&[*value])).collect(),
        };
        times.ok_or_else(|| self.other_operator())
    }

    fn folders(&self) -> Vec<FolderName> {
        self.test.values.iter().map(|value| FolderName::new(&value.text)).collect()
    }

    fn texts(&self, patterns: &mut usize) -> Result<TextTests, Wrongly> {
        let mut tests = TextTests::new(self.field == Field::Id);
        for value in &self.test.values {
            if value.text.is_empty() {
                return Err(Wrongly::new(value.span, "an empty value").expected("expected some text").maybe_help(
                    self.kind
                        .operators()
                        .contains(&Operator::IsSet)
                        .then(|| "for nothing at all write `is not set`".to_owned()),
                ));
            }
            self.text(value, &mut tests, patterns)?;
        }
        Ok(tests)
    }

    fn text(&self, value: &Word, tests: &mut TextTests, patterns: &mut usize) -> Result<(), Wrongly> {
        let text = &value.text;
        let nothing = |fits: bool| {
            fits.then_some(()).ok_or_else(|| {
                Wrongly::new(value.span, "there is no word in this value")
                    .expected("expected at least one letter or digit, and quotation marks in pairs")
            })
        };
        match self.test.operator {
            Operator::Contains => nothing(tests.search(text)),
            Operator::Word => nothing(tests.words(text)),
            Operator::Phrase => {
                tests.phrase(text);
                Ok(())
            }
            Operator::StartsWith => {
                tests.starts(text);
                Ok(())
            }
            Operator::EndsWith => {
                tests.ends(text);
                Ok(())
            }
            Operator::Glob | Operator::Regex => self.pattern(value, tests, patterns),
            _ => {
                tests.whole(&self.whole(value)?);
                Ok(())
            }
        }
    }

    fn pattern(&self, value: &Word, tests: &mut TextTests, patterns: &mut usize) -> Result<(), Wrongly> {
        *patterns = patterns
            .checked_sub(1)
            .ok_or_else(|| Wrongly::new(value.span, format!("a filter holds at most {PATTERNS_MAX} patterns")))?;
        if value.text.len() > PATTERN_BYTES_MAX {
            return Err(Wrongly::new(value.span, format!("a pattern is at most {PATTERN_BYTES_MAX} bytes long")));
        }
        let (what, done) = match self.test.operator {
            Operator::Regex => ("regular expression", tests.regex(&value.text)),
            _ => ("pattern", tests.glob(&value.text, self.kind == Kind::Path)),
        };
        done.map_err(|error| {
            Wrongly::new(value.span, format!("this {what} cannot be used: {error}"))
                .expected(format!("expected a {what}"))
        })
    }

    /// A whole value, held against the closed list of its kind where there is one.
    fn whole(&self, value: &Word) -> Result<String, Wrongly> {
        let text = value.text.as_str();
        match self.kind {
            Kind::Words(words) => self.listed(value, words.iter().map(|word| (*word).to_owned()).collect()),
            Kind::Coverage => self.listed(value, coverage_words()),
            Kind::Hash if !is_hash(text) => Err(self.bad_value(value)),
            Kind::Domain => Ok(text.trim_start_matches('@').to_owned()),
            Kind::Text if self.field == Field::Extension => Ok(text.trim_start_matches('.').to_owned()),
            _ => Ok(text.to_owned()),
        }
    }

    fn listed(&self, value: &Word, words: Vec<String>) -> Result<String, Wrongly> {
        if let Some(word) = words.iter().find(|word| word.eq_ignore_ascii_case(&value.text)) {
            return Ok(word.clone());
        }
        let near = nearest(&value.text, words.iter().map(String::as_str));
        let help = near
            .map_or_else(|| format!("the words are {}", words.join(", ")), |near| format!("did you mean `{near}`?"));
        Err(self.bad_value(value).help(help))
    }
}

fn is_hash(text: &str) -> bool {
    crate::model::ContentHash::parse(text).is_some()
}

/// All words of `coverage`.
pub(in crate::policy) fn coverage_words() -> Vec<String> {
    use Reason as R;
    let reasons = [
        R::Member,
        R::CandidateLimit,
        R::ImageOnly,
        R::EncryptedPassword,
        R::EncryptedRights,
        R::Corrupt,
        R::Unsupported,
        R::NoText,
        R::NotInspectable,
        R::Crashed,
        R::TimedOut,
        R::AccessDenied,
        R::Locked,
        R::OutsideOwner,
        R::TooLarge,
        R::NotNeeded,
        R::NeverRead,
        R::Deleted,
        R::ChangedWhileRead,
        R::SpecialFile,
        R::IoError,
        R::Interrupted,
        R::Parked,
    ];
    use Limit as L;
    let limits =
        [L::Time, L::BytesRead, L::BytesInflated, L::Ratio, L::TextBytes, L::Members, L::Depth, L::Nesting, L::Memory];
    let states = COVERAGE_STATES.map(str::to_owned);
    let limits = limits.map(|limit| R::Limit(limit).to_string());
    states.into_iter().chain(reasons.map(|reason| reason.to_string())).chain(limits).collect()
}

fn group_leaf(group: &Group) -> Result<Leaf, Wrongly> {
    let field = field(&group.filter)?;
    if field != Field::Finding {
        return Err(Wrongly::new(group.filter.span, format!("`{}` takes no tests in brackets", group.filter.text))
            .help("a list of values follows an operator, as in `owner in (one, two)`; only `finding` takes tests"));
    }
    let mut tests = FindingTests::default();
    for test in &group.tests {
        finding_test(test, &mut tests)?;
    }
    Ok(Leaf { field, negated: false, check: Check::Finding(tests) })
}

fn finding_test(test: &Test, tests: &mut FindingTests) -> Result<(), Wrongly> {
    let name = test.filter.text.as_str();
    let Some((_, kind, _)) = FINDING_FIELDS.iter().find(|(known, ..)| *known == name) else {
        let names = FINDING_FIELDS.map(|(known, ..)| known);
        let near = if name == "count" { Some("total") } else { nearest(name, names) };
        return Err(Wrongly::new(test.filter.span, format!("a finding has no `{name}`"))
            .expected(format!("expected {}", names.join(", ")))
            .maybe_help(near.map(|near| format!("did you mean `{near}`?"))));
    };
    let typed = Typed { test, field: Field::Finding, kind: *kind };
    if !kind.operators().contains(&test.operator) || test.operator == Operator::IsSet {
        return Err(typed.other_operator());
    }
    let counted = |ranges| Counted { ranges, negated: test.negated };
    match name {
        "detector" | "tag" => {
            let names = test.values.iter().map(|value| folded(&value.text).into_owned()).collect();
            let all = if name == "tag" { &mut tests.tags } else { &mut tests.detectors };
            all.push(Choice { names, negated: test.negated });
        }
        "confidence" => tests.confidence.push(counted(typed.confidence()?)),
        "total" => tests.totals.push(counted(typed.numbers(amount::size)?)),
        _ => tests.uniques.push(counted(typed.numbers(amount::size)?)),
    }
    Ok(())
}

impl Typed<'_> {
    /// Ranges of per cent. A band's name is all of its numbers for `=`, and its nearer edge for the others.
    fn confidence(&self) -> Result<Vec<Range>, Wrongly> {
        let band = |value: &Word| match value.text.to_lowercase().as_str() {
            "high" => Some((u64::from(Confidence::HIGH.percent()), 100)),
            "medium" => Some((u64::from(Confidence::MEDIUM.percent()), u64::from(Confidence::HIGH.percent()) - 1)),
            "low" => Some((1, u64::from(Confidence::MEDIUM.percent()) - 1)),
            number => {
                number.parse().ok().filter(|percent| (1..=100).contains(percent)).map(|percent| (percent, percent))
            }
        };
        let read = |value: &Word| {
            band(value).ok_or_else(|| {
                let near = nearest(&value.text, ["high", "medium", "low"]);
                Wrongly::new(value.span, format!("`{}` is no confidence", value.text))
                    .expected("expected high, medium, low or a number from 1 to 100")
                    .maybe_help(near.map(|near| format!("did you mean `{near}`?")))
            })
        };
        let bands = self.test.values.iter().map(read).collect::<Result<Vec<Range>, _>>()?;
        if !matches!(self.test.operator, Operator::Equal | Operator::In | Operator::Between) {
            self.only()?;
        }
        let one = |(low, high): Range| match self.test.operator {
            Operator::Less => (0, low.saturating_sub(1)),
            Operator::AtMost => (0, high),
            Operator::More => (high + 1, 100),
            Operator::AtLeast => (low, 100),
            _ => (low, high),
        };
        match (self.test.operator, bands.as_slice()) {
            (Operator::Between, [(from, _), (_, to)]) if from <= to => Ok(vec![(*from, *to)]),
            (Operator::Between, _) => Err(self.wrong_way_round()),
            _ => Ok(bands.into_iter().map(one).collect()),
        }
    }
}
