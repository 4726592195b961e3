//! Every filter with every operator on one item that has everything, and what follows when something is not known.

mod errors;
mod properties;
mod rows;
mod unknown;
mod world;

use super::*;
use crate::clock::Moment;
use rows::ROWS;
use std::collections::BTreeSet;
use unknown::UNKNOWN_ROWS;
use world::{NOW, World};

fn at(text: &str) -> Moment {
    Moment::parse(text).unwrap_or_else(|| panic!("{text} is a moment"))
}

fn parsed(text: &str) -> Filter {
    Filter::parse(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

#[test]
fn each_row_answers_as_it_says() {
    let world = World::new();
    let facts = world.facts();
    for (text, want) in ROWS {
        let answer = parsed(text).answer(&facts, at(NOW));
        assert_eq!(answer, Answer::from(*want), "{text}");
    }
}

/// The vectors of text rules that the reference product's own pages give, and its known faults, which are none here.
#[test]
fn text_rules_and_the_known_faults_of_the_reference_product() {
    let rows: &[(&str, &str, bool)] = &[
        // Several bare words: one is enough, as a whole word.
        ("name contains 'malware virus'", "virus_malware_file.exe", true),
        ("name contains 'malware virus'", "malwarevirusfile.exe", false),
        // A bare word with a separator in it is two words.
        ("name contains malware.exe", "malware.txt", true),
        ("name contains malware.exe", "setup.exe", true),
        ("name contains malware.exe", "malwares.txt", false),
        // In quotation marks as it is; several of them: each.
        ("name contains '\"malware.exe\"'", "malware.exe", true),
        ("name contains '\"malware.exe\"'", "setup.exe", false),
        ("name contains '\"malware.exe\"'", "malware exe", false),
        ("name contains '\"annual report\" \"2026\"'", "annual report-2026.pdf", true),
        ("name contains '\"annual report\" \"2026\"'", "annual report.pdf", false),
        // Equals means the complete text.
        ("name = malware.exe", "malware.exe", true),
        ("name = malware.exe", "MALWARE.EXE", true),
        ("name = malware.exe", "malware.exe.txt", false),
        ("name != malware.exe", "malware.exe.txt", true),
        // Each of the five separators of its two pages, and a change of script.
        ("name word pay", "a,pay.txt", true),
        ("name word pay", "a.pay.txt", true),
        ("name word pay", "a-pay.txt", true),
        ("name word pay", "a pay.txt", true),
        ("name word pay", "a_pay.txt", true),
        ("name word pay", "отчётpay.txt", true),
        ("name word pay", "payroll.txt", false),
        // Operators that are spelled out.
        ("name phrase 'annual report'", "my annual report.pdf", true),
        ("name phrase 'annual report'", "annual reports.pdf", false),
        ("name glob '*.t?t'", "A.TXT", true),
        ("name glob '*.t?t'", "a.txt.zip", false),
        ("name regex '^a[0-9]+'", "A12.txt", true),
        ("name regex '^a[0-9]+'", "ab12.txt", false),
        // Fault: the extension's letter case counts.
        ("extension = xlsx", "Pay.XLSX", true),
        ("extension = XLSX", "pay.xlsx", true),
        ("extension in (.xls, .XlsX)", "pay.xlsX", true),
        ("extension = xlsx", "pay.xls", false),
        // Fault: a domain is not seen through a group, nor a person.
        ("collaborator.domain = other.example", "any.txt", true),
        ("collaborator = frank@example.com", "any.txt", true),
        ("collaborator.domain outside (example.com, partner.example)", "any.txt", true),
        ("collaborator.domain = nowhere.example", "any.txt", false),
        // Fault: a group is seen as a whole or by its members, never both.
        ("collaborator.group = 'Finance Team'", "any.txt", true),
        ("collaborator.member_of = 'Finance Team'", "any.txt", true),
        // Fault: a folder means its direct children alone.
        ("path under /HR", "any.txt", true),
        ("path under /HR/Payroll", "any.txt", true),
        ("path not under /HR", "any.txt", false),
        ("path under /Payroll", "any.txt", false),
        ("parent = /HR", "any.txt", false),
        ("parent = /HR/Payroll", "any.txt", true),
    ];
    for (text, name, want) in rows {
        let mut world = World::new();
        world.item.name = (*name).into();
        world.item.path = Some(format!("/HR/Payroll/{name}").into());
        assert_eq!(parsed(text).answer(&world.facts(), at(NOW)), Answer::from(*want), "{text} of {name}");
    }
}

/// Each row's contrary answers the contrary: what holds everywhere is known here.
#[test]
fn each_row_denied_answers_the_contrary() {
    let world = World::new();
    for (text, want) in ROWS {
        let answer = parsed(&format!("not ({text})")).answer(&world.facts(), at(NOW));
        assert_eq!(answer, Answer::from(!*want), "not ({text})");
    }
}

#[test]
fn what_cannot_be_seen_is_unknown() {
    let world = World::new();
    for (without, text, want) in UNKNOWN_ROWS {
        let hidden = world.hidden();
        let facts = world.without(without, &hidden);
        assert_eq!(parsed(text).answer(&facts, at(NOW)), *want, "{text} without {without}");
    }
}

/// Pairs of filter and operator that occur in a filter, those inside `finding(...)` too.
fn pairs(expr: &Expr, into: &mut BTreeSet<(String, Operator)>) {
    match expr {
        Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| pairs(part, into)),
        Expr::Not(inner) => pairs(inner, into),
        Expr::Test(test) => {
            into.insert((test.filter.text.clone(), test.operator));
        }
        Expr::Group(group) => {
            into.insert((group.filter.text.clone(), Operator::Holds));
            into.extend(group.tests.iter().map(|test| (format!("finding.{}", test.filter.text), test.operator)));
        }
    }
}

#[test]
fn no_filter_and_no_operator_is_without_a_row_that_holds_and_one_that_does_not() {
    let (mut yes, mut no) = (BTreeSet::new(), BTreeSet::new());
    for (text, want) in ROWS {
        pairs(parsed(text).expr(), if *want { &mut yes } else { &mut no });
    }
    let inner = FINDING_FIELDS.map(|(name, kind, _)| (format!("finding.{name}"), kind));
    let all = FIELDS.iter().map(|row| (row.name.to_owned(), row.kind)).chain(inner);
    for (name, kind) in all {
        for operator in kind.operators() {
            if name.starts_with("finding.") && *operator == Operator::IsSet {
                continue;
            }
            let pair = (name.clone(), *operator);
            assert!(yes.contains(&pair), "no row with {name} {operator} that holds");
            assert!(no.contains(&pair), "no row with {name} {operator} that does not hold");
        }
    }
}

#[test]
fn every_filter_has_its_own_row_and_an_example_that_can_be_read() {
    let names: BTreeSet<&str> = FIELDS.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), FIELDS.len(), "a name comes twice");
    for row in FIELDS {
        assert_eq!(row.field.row().name, row.name);
        let filter = parsed(row.example);
        let mut found = BTreeSet::new();
        pairs(filter.expr(), &mut found);
        assert!(found.iter().any(|(name, _)| name == row.name), "{} is not in its own example", row.name);
        assert!(filter.wants().has(row.wants), "{}", row.example);
    }
}

#[test]
fn the_documentation_tells_every_filter_operator_and_word() {
    let page = include_str!("../../docs/filters.md");
    for row in FIELDS {
        assert!(page.contains(&format!("| `{}` |", row.name)), "docs/filters.md has no row for `{}`", row.name);
        assert!(page.contains(row.example), "docs/filters.md lacks the example `{}`", row.example);
    }
    for row in OPERATORS {
        assert!(page.contains(&format!("`{}`", row.typed)), "docs/filters.md does not tell `{}`", row.typed);
        let contrary = format!("`{}`", row.contrary);
        assert!(
            row.contrary.starts_with("not ") || page.contains(&contrary),
            "docs/filters.md does not tell {contrary}"
        );
    }
    for (name, ..) in FINDING_FIELDS {
        assert!(page.contains(&format!("| `{name}` |")), "docs/filters.md has no row for `{name}` of a finding");
    }
}

#[test]
fn a_filter_says_which_facts_it_needs() {
    for (text, wants) in [
        ("name word salary and size > 1 MB", Wants::ITEM),
        ("access >= external and not trashed", Wants::EXPOSURE),
        ("collaborator = erin@example.com", Wants::SHARES.and(Wants::DIRECTORY)),
        ("finding or quarantined", Wants::FOUND.and(Wants::INSPECTION).and(Wants::TAGS).and(Wants::QUARANTINE)),
    ] {
        assert_eq!(parsed(text).wants(), wants, "{text}: {}", parsed(text).wants());
    }
}

#[test]
fn a_store_may_leave_out_what_no_answer_can_be_yes_for() {
    let set = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<String>>());
    let none = Narrow::default();
    let level = |level| Narrow { level_at_least: Some(level), ..Narrow::default() };
    use crate::model::Level;
    for (text, narrow) in [
        ("name word salary", none.clone()),
        ("access >= external", level(Level::External)),
        ("access = private", level(Level::Private)),
        ("access >= internal and access = public", level(Level::Public)),
        ("access = public or access = external", level(Level::External)),
        ("access = public or name word x", none.clone()),
        ("not access <= internal", level(Level::External)),
        ("not (access = private or access = internal)", level(Level::Internal)),
        ("connector in (a, b) and connector = b", Narrow { connectors: set(&["b"]), ..none.clone() }),
        ("connector != a", none.clone()),
        (
            "finding(detector in (bank.iban, id.us-ssn), unique > 2)",
            Narrow { detectors: set(&["bank.iban", "id.us-ssn"]), ..none.clone() },
        ),
        ("finding(detector = id.*)", none.clone()),
        ("not trashed and size > 10", Narrow { trashed: Some(false), size_at_least: Some(11), ..none.clone() }),
    ] {
        assert_eq!(parsed(text).narrow(), narrow, "{text}");
    }
}

#[test]
fn names_that_are_not_known_are_told_and_not_refused() {
    let known = Known {
        detectors: vec!["bank.iban", "id.us-ssn"],
        tags: vec!["pii"],
        connectors: vec!["main"],
        webhooks: None,
    };
    for (text, notes) in [
        ("finding(detector = bank.iban, tag = pii) and connector = main", vec![]),
        ("finding(detector = bank.*)", vec![]),
        ("finding(detector = bank.ibna)", vec!["there is no detector `bank.ibna`; did you mean `bank.iban`?"]),
        ("not connector = mian", vec!["there is no connector `mian`; did you mean `main`?"]),
        ("finding(tag = medical)", vec!["there is no tag `medical`"]),
    ] {
        assert_eq!(parsed(text).notes(&known), notes, "{text}");
    }
    assert!(parsed("connector = anything").notes(&Known::default()).is_empty());
}

#[test]
fn without_a_policy_about_contents_every_item_is_wanted() {
    let world = World::new();
    let facts = Facts::of(&world.item, &world.connector, crate::model::Provider::Box);
    let wants = |filters: &[&str]| Wanted::by(filters.iter().map(|text| parsed(text)).collect()).wants(&facts, at(NOW));
    assert!(Wanted::everything().wants(&facts, at(NOW)));
    assert!(!wants(&["name word invoice and finding"]));
    // Who asks about names alone says nothing of what is worth reading.
    assert!(wants(&["name word invoice"]));
    assert!(!wants(&["name word invoice", "name word invoice and finding"]));
    assert!(wants(&["name word invoice and finding", "extension = xlsx and finding(detector = bank.iban)"]));
    // What cannot be told yet may be so.
    assert!(wants(&["access = public and finding"]));
    assert!(wants(&["type = image"]));
    // An earlier reading does not speak for the next.
    let read = world.facts();
    assert!(Wanted::by(vec![parsed("type = image and finding(detector = phone)")]).wants(&read, at(NOW)));
}
