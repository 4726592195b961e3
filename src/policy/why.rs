//! Why a filter answers what it does: its tree, each test with what it saw and how far that is from what it wants.
//!
//! What is told here is told to people: no name of a file or folder, no path and no value that was found.

use super::amount;
use super::answer::Answer;
use super::facts::{Count, Facts, Found, Inspection};
use super::field::{FIELDS, Field};
use super::filter::Filter;
use super::finding::fits;
use super::mime;
use super::operator::Operator;
use super::syntax::{Expr, Group, Test};
use crate::clock::Moment;
use crate::model::{Audience, Confidence, Coverage, Exposure, Level, Link, Members, Sharing, Side, Who};
use std::collections::{BTreeMap, BTreeSet};

/// Told of a file that has no verdict yet.
const WAITS: &str = "it waits to be read";
/// Domains that are listed.
const LISTED_MAX: usize = 5;

/// Why a filter, or a part of one, answers what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// What was typed.
    pub text: String,
    /// What it answers.
    pub answer: Answer,
    /// Its parts, or what was seen.
    pub because: Because,
}

/// What an answer rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// All of these.
    All(Vec<Why>),
    /// One of these.
    Any(Vec<Why>),
    /// Not this.
    Not(Box<Why>),
    /// What the item is: one phrase; empty when there is nothing to say.
    Saw(String),
}

/// Tells it.
#[must_use]
pub fn why(filter: &Filter, facts: &Facts<'_>, now: Moment) -> Why {
    of(filter.expr(), facts, now)
}

fn of(expr: &Expr, facts: &Facts<'_>, now: Moment) -> Why {
    let parts = |parts: &[Expr]| parts.iter().map(|part| of(part, facts, now)).collect();
    let because = match expr {
        Expr::And(all) => Because::All(parts(all)),
        Expr::Or(any) => Because::Any(parts(any)),
        Expr::Not(inner) => Because::Not(Box::new(of(inner, facts, now))),
        Expr::Test(test) => Because::Saw(See { facts, now }.test(test)),
        Expr::Group(group) => Because::Saw(See { facts, now }.findings(group)),
    };
    Why { text: expr.to_string(), answer: answer(expr, facts, now), because }
}

/// A part of a filter that was read is a filter too.
fn answer(expr: &Expr, facts: &Facts<'_>, now: Moment) -> Answer {
    Filter::of(expr.clone()).map_or(Answer::Unknown, |filter| filter.answer(facts, now))
}

/// Who looks.
struct See<'a> {
    facts: &'a Facts<'a>,
    now: Moment,
}

impl See<'_> {
    fn test(&self, test: &Test) -> String {
        let Some(row) = FIELDS.iter().find(|row| row.name == test.filter.text) else { return String::new() };
        let (facts, item) = (self.facts, self.facts.item);
        let date = |at: Option<Moment>| at.map_or_else(|| "not told".to_owned(), |at| format!("{at}"));
        let yes = |is: bool, what: &str| if is { what.to_owned() } else { format!("not {what}") };
        match row.field {
            Field::Access => self.level(),
            Field::Link | Field::LinkPassword | Field::LinkExpires | Field::LinkDownload => self.links(),
            Field::Collaborator
            | Field::CollaboratorDomain
            | Field::CollaboratorGroup
            | Field::CollaboratorMemberOf
            | Field::CollaboratorExternals
            | Field::CollaboratorEveryone => self.members(),
            Field::Owner | Field::OwnerDomain | Field::OwnerStatus | Field::OwnerRole | Field::OwnerGroup => {
                let login = item.owner.as_ref().and_then(|owner| owner.login.as_deref().or(owner.account.as_deref()));
                login.map_or_else(|| "nobody tells who owns it".to_owned(), |login| format!("its owner is {login}"))
            }
            Field::OwnerOutside => yes(item.outside_owner, "owned by another company"),
            Field::Connector => format!("it is in {}", facts.connector),
            Field::Provider => format!("it is in {}", facts.provider.name()),
            Field::Size => self.number(test, item.size_bytes, "bytes"),
            Field::Extension => {
                mime::extension(&item.name).map_or_else(|| "it has none".to_owned(), |is| format!("it is {is}"))
            }
            Field::Type | Field::Format | Field::Mime => self.content_type(),
            Field::Created => date(item.created),
            Field::Modified => date(item.modified),
            Field::FirstSeen => date(facts.history.and_then(|history| history.first_seen)),
            Field::Snapshot => date(facts.history.and_then(|history| history.changed)),
            Field::Label => item.label.as_deref().map_or_else(|| "it has none".to_owned(), |is| format!("it is {is}")),
            Field::Trashed => yes(item.trashed.is_some(), "in the trash"),
            Field::Locked => yes(item.locked, "locked"),
            Field::Quarantined => facts.quarantined.map_or_else(String::new, |is| yes(is, "in quarantine")),
            Field::Policy => match facts.policies {
                Some([]) => "no other policy matches it".to_owned(),
                Some(all) => format!("matched by {}", all.join(", ")),
                None => String::new(),
            },
            Field::Coverage | Field::CoverageGap | Field::CoveragePercent => self.coverage(),
            Field::Finding => self.found_at_all(),
            Field::ActivityLast => date(facts.activity.and_then(|acts| acts.last)),
            Field::ActivityExternal => date(facts.activity.and_then(|acts| acts.external)),
            _ => String::new(),
        }
    }

    /// A number and how far it is from a bound.
    fn number(&self, test: &Test, is: u64, unit: &str) -> String {
        let distance = test.values.first().and_then(|value| amount::size(&value.text)).and_then(|wanted| {
            match (test.operator, test.negated) {
                (Operator::AtLeast, false) | (Operator::Less, true) if is < wanted => {
                    Some(format!("{} short", wanted - is))
                }
                (Operator::More, false) | (Operator::AtMost, true) if is <= wanted => {
                    Some(format!("{} short", wanted.saturating_add(1) - is))
                }
                (Operator::AtMost, false) | (Operator::More, true) if is > wanted => {
                    Some(format!("{} too many", is - wanted))
                }
                (Operator::Less, false) | (Operator::AtLeast, true) if is >= wanted => {
                    Some(format!("{} too many", (is - wanted).saturating_add(1)))
                }
                _ => None,
            }
        });
        let distance = distance.map(|distance| format!(": {distance}")).unwrap_or_default();
        format!("{is} {unit}{distance}")
    }

    fn level(&self) -> String {
        let Some(exposure) = self.facts.exposure else { return "nobody has told yet".to_owned() };
        let further = if exposure.is_known() { "" } else { ", and may be further open" };
        let (inside, outside) = self.domains();
        let whom = match exposure.level {
            Level::Internal if !inside.is_empty() => format!(": all members are of {}, inside", listed(&inside)),
            Level::External if !outside.is_empty() => format!(": members are of {}", listed(&outside)),
            _ => String::new(),
        };
        format!("it is {}{whom}{further}", exposure.level.name())
    }

    fn shares(&self) -> impl Iterator<Item = &Sharing> {
        self.facts.shares.unwrap_or_default().iter().map(|sharing| &**sharing)
    }

    fn links(&self) -> String {
        let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
        let live = |link: &&Link| link.expires.is_none_or(|end| end > self.now);
        for link in self.shares().flat_map(|sharing| &sharing.links).filter(live) {
            let audience = match link.audience {
                Audience::Public => "public",
                Audience::Company => "company",
                Audience::Members => "members",
                Audience::Unknown => "unknown",
            };
            *kinds.entry(audience).or_default() += 1;
        }
        let told: Vec<String> = kinds.iter().map(|(kind, many)| format!("{many} for {kind}")).collect();
        let more = if self.facts.exposure.is_some_and(Exposure::is_known) { "" } else { "; there may be others" };
        match told.is_empty() {
            true => format!("no link works{more}"),
            false => format!("links: {}{more}", told.join(", ")),
        }
    }

    fn members(&self) -> String {
        let (inside, outside) = self.domains();
        let hidden = self.shares().any(|sharing| sharing.members == Members::Hidden);
        let mut told = Vec::new();
        if !outside.is_empty() {
            told.push(format!("outside: {}", listed(&outside)));
        }
        if !inside.is_empty() {
            told.push(format!("inside: {}", listed(&inside)));
        }
        if hidden {
            told.push("some members may not be seen".to_owned());
        }
        if told.is_empty() { "it has no members".to_owned() } else { told.join("; ") }
    }

    /// Domains of the members, those inside and those outside.
    fn domains(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let (mut inside, mut outside) = (BTreeSet::new(), BTreeSet::new());
        let mut add = |account: Option<&str>, login: Option<&str>, side: Option<Side>| {
            let listed = || self.facts.directory.and_then(|all| all.by_account(account?)).map(|person| &*person.login);
            let Some(login) = login.or_else(listed) else { return };
            let Some((_, domain)) = login.rsplit_once('@') else { return };
            let side = side.or_else(|| self.facts.directory.map(|all| all.side_of(account, Some(login))));
            let to = if side == Some(Side::External) { &mut outside } else { &mut inside };
            to.insert(domain.to_lowercase());
        };
        for sharing in self.facts.shares.unwrap_or_default() {
            let Members::Known(members) = &sharing.members else { continue };
            for member in members.iter().filter(|member| member.expires.is_none_or(|end| end > self.now)) {
                match &member.who {
                    Who::Person { account, login, side } => add(account.as_deref(), login.as_deref(), *side),
                    Who::Invited { login } => add(None, Some(login), None),
                    Who::Group { id, .. } => {
                        let group = self.facts.directory.and_then(|all| all.group(id));
                        let members = group.and_then(|group| group.members.as_deref()).unwrap_or_default();
                        members.iter().for_each(|account| add(Some(account), None, None));
                    }
                    Who::Unauthenticated => {}
                }
            }
        }
        (inside, outside)
    }

    fn content_type(&self) -> String {
        match self.facts.inspection.map(|told| told.format) {
            Some(Some(format)) => format!("its content is {format}"),
            Some(None) => format!("by its name it is {}", mime::type_of(None, &self.facts.item.name).name()),
            None => "it is not read yet".to_owned(),
        }
    }

    fn coverage(&self) -> String {
        match self.facts.inspection.and_then(|told| told.coverage) {
            Some(coverage) => format!("it is {coverage}"),
            None => WAITS.to_owned(),
        }
    }

    fn found_at_all(&self) -> String {
        let total: u64 = self.facts.found.unwrap_or_default().iter().map(total).sum();
        format!("{total} findings{}", self.not_read())
    }

    /// What was not read of it, to stand behind what was found.
    fn not_read(&self) -> String {
        match self.facts.inspection.and_then(|told| told.coverage) {
            None => format!("; {WAITS}"),
            Some(coverage) if coverage.is_gap() => "; it was not wholly read".to_owned(),
            Some(_) => String::new(),
        }
    }

    /// `finding(...)`: what of the chosen detectors there is, and what is lacking.
    fn findings(&self, group: &Group) -> String {
        let Some(found) = self.facts.found else { return "it is not read yet".to_owned() };
        let chosen: Vec<&Found> = found.iter().filter(|one| self.chooses(group, one)).collect();
        let counts = || chosen.iter().flat_map(|one| &one.counts);
        if chosen.iter().all(|one| total(one) == 0) {
            return match self.facts.inspection.and_then(|told| told.coverage) {
                None => WAITS.to_owned(),
                Some(_) => format!("nothing of that was found{}", self.not_read()),
            };
        }
        let best = counts().map(|count| count.confidence.percent()).max().unwrap_or(0);
        let sure: Vec<&Count> = counts().filter(|count| self.is_sure(group, count.confidence)).collect();
        let beyond: u64 = chosen.iter().map(|one| one.beyond_cap).sum();
        let (unique, all): (u64, u64) =
            sure.iter().fold((0, 0), |(unique, all), count| (unique + count.unique, all + count.total));
        if sure.is_empty() && beyond == 0 {
            let all: u64 = counts().map(|count| count.total).sum();
            return format!("{all} findings, the best at {best} of 100: less sure than is wanted{}", self.not_read());
        }
        let mut told = format!("{unique} different values in {all} findings, the best at {best} of 100");
        if beyond > 0 {
            told.push_str(&format!(", and {beyond} more that are not kept"));
        }
        // Of what is not kept nobody knows how sure it is: it counts where no confidence is asked for.
        let asks_how_sure = group.tests.iter().any(|test| test.filter.text == "confidence");
        let all = if asks_how_sure { all } else { all.saturating_add(beyond) };
        for test in &group.tests {
            let is = match test.filter.text.as_str() {
                "unique" => unique,
                "total" => all,
                _ => continue,
            };
            if let Some((_, distance)) = self.number(test, is, "").split_once(": ") {
                told.push_str(&format!("; {}: {distance}", test.filter.text));
            }
        }
        told + &self.not_read()
    }

    fn chooses(&self, group: &Group, found: &Found) -> bool {
        group.tests.iter().all(|test| {
            let names = || test.values.iter().map(|value| value.text.as_str());
            let is = match test.filter.text.as_str() {
                "detector" => names().any(|name| fits(name, &found.detector)),
                "tag" => self.facts.tags.is_some_and(|tags| names().any(|tag| tags.has(&found.detector, tag))),
                _ => return true,
            };
            is != test.negated
        })
    }

    /// Whether this confidence is enough: asked of an item with one such finding.
    fn is_sure(&self, group: &Group, confidence: Confidence) -> bool {
        let tests: Vec<Test> = group.tests.iter().filter(|test| test.filter.text == "confidence").cloned().collect();
        let one = Found {
            detector: "one".into(),
            counts: vec![Count { confidence, total: 1, unique: 1 }],
            beyond_cap: 0,
            unique_at_least: false,
        };
        let read = Inspection { coverage: Some(Coverage::Complete), ..Inspection::default() };
        let facts = Facts { found: Some(std::slice::from_ref(&one)), inspection: Some(read), ..*self.facts };
        let expr = Expr::Group(Group { filter: group.filter.clone(), tests });
        answer(&expr, &facts, self.now) == Answer::Yes
    }
}

fn total(found: &Found) -> u64 {
    found.counts.iter().map(|count| count.total).sum::<u64>().saturating_add(found.beyond_cap)
}

fn listed(all: &BTreeSet<String>) -> String {
    let some: Vec<&str> = all.iter().take(LISTED_MAX).map(String::as_str).collect();
    let more = all.len().saturating_sub(LISTED_MAX);
    if more > 0 { format!("{} and {more} more", some.join(", ")) } else { some.join(", ") }
}
