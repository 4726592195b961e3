//! Files in, policies out.

use super::*;
use crate::model::{Audience, Mode, Severity};
use crate::policy::ask::{Ask, Told};
use crate::policy::set::{Breaker, Still};
use std::time::Duration;

const WHOLE: &str = r#"
schema = 1

[[policy]]
name = "cards"
title = "Card numbers outside"
description = "More than that."
note = """
Move it to the vault.
Questions: 4711."""
jurisdiction = ["PCI DSS"]
severity = "critical"
mode = "watch"
where = "access >= external and not trashed"
approvals = 2
allow_people_actions = true
label_order = ["internal", "secret"]

[policy.scope]
connectors = ["box-emea"]
providers = ["box", "dropbox"]
folders = ["/Finance"]
not_folders = ["/Finance/Published"]
owners = ["erin@example.com"]
not_owners = ["dave@example.com"]
groups = ["Finance Team"]
not_groups = ["Robots"]

[policy.findings]
any = [
  { detector = ["pci.pan", "bank.*"], min_confidence = "high", min_unique = 3, max_unique = 900 },
  { all = [{ tag = "pci", min_total = 5, max_total = 50 }, { not = { detector = "test.card" } }] },
]

[policy.exclude]
names = ["*.test.csv"]
labels = ["Published"]
findings = [{ detector = "test.marker" }]

[policy.breaker]
items_max = 20
share_max = "0.5 %"
per_owner_hour_max = "none"

[policy.tombstone]
suffix = " (gone).txt"
text = "Number {id}. {contact}"
contact = "security@example.com"

[[policy.action]]
do = "restrict_links"
to = "company"

[[policy.action]]
do = "admin_quarantine"
to = "cards"
after = "72h"
if_still = "exposed"

[[policy.action]]
do = "notify"
whom = ["owner", "security@example.com", "webhook:siem"]
"#;

fn one(text: &str) -> Policy {
    let loaded = load_text("t.toml", text, &Known::default()).unwrap_or_else(|errors| panic!("{errors:#?}"));
    (*loaded.policies[0]).clone()
}

#[test]
fn every_key_comes_to_mean_something() {
    let policy = one(WHOLE);
    assert_eq!(&*policy.name, "cards");
    assert_eq!((policy.severity, policy.mode, policy.approvals), (Severity::Critical, Mode::Watch, 2));
    assert!(policy.allow_people_actions);
    assert_eq!(&*policy.note, "Move it to the vault.\nQuestions: 4711.");
    assert_eq!(policy.label_order, ["internal".into(), "secret".into()]);
    let breaker = Breaker { items_max: Some(20), share_max: Some(50), per_owner_hour_max: None };
    assert_eq!(policy.breaker, breaker);
    assert_eq!(&*policy.tombstone.suffix, " (gone).txt");
    assert_eq!(policy.wishes[0].ask, Ask::RestrictLinks { to: Audience::Company });
    assert_eq!(policy.wishes[1].after, Duration::from_secs(72 * 3_600));
    assert_eq!(policy.wishes[1].still, Still::Exposed);
    let whom = vec![Told::Owner, Told::Address("security@example.com".into()), Told::Webhook("siem".into())];
    assert_eq!(policy.wishes[2].ask, Ask::Notify { whom });
    let filter = "connector in box-emea and provider in (box, dropbox) and path under /Finance and \
        path not under /Finance/Published and owner in erin@example.com and owner not in dave@example.com and \
        owner.group in \"Finance Team\" and owner.group not in Robots and (access >= external and not trashed) and \
        (finding(detector in (pci.pan, bank.*), confidence >= high, unique >= 3, unique <= 900) or \
        (finding(tag in pci, total >= 5, total <= 50) and not finding(detector in test.card))) and \
        name not glob *.test.csv and label not in Published and not finding(detector in test.marker)";
    assert_eq!(policy.filter.to_string(), filter);
    assert_eq!(crate::policy::Filter::parse(filter).expect("reads back").to_string(), filter);
}

#[test]
fn the_hash_is_of_what_is_meant() {
    let hash = one(WHOLE).hash;
    let same = [
        WHOLE.replace("Card numbers outside", "Another title"),
        WHOLE.replace("critical", "low"),
        WHOLE.replace("mode = \"watch\"", "mode = \"enforce\""),
        WHOLE.replace("mode = \"watch\"\n", ""),
        WHOLE.replace("description = \"More than that.\"\n", ""),
        WHOLE.replace("jurisdiction = [\"PCI DSS\"]\n", "# a comment\n\n"),
        WHOLE.replace("the vault", "a safe place"),
        WHOLE.replace("items_max = 20\nshare_max = \"0.5 %\"", "share_max = '0.50%'\n  items_max   =   20 # so many"),
        WHOLE.replace("access >= external and not trashed", "access  >=  external\\tand not trashed"),
        WHOLE.replace("do = \"restrict_links\"\nto = \"company\"", "to = 'company'\ndo = 'restrict_links'"),
        WHOLE.replace("after = \"72h\"", "after = \"3 days\""),
    ];
    for text in same {
        assert_eq!(one(&text).hash, hash, "{text}");
    }
    let others = [
        WHOLE.replace("name = \"cards\"", "name = \"card\""),
        WHOLE.replace("external and", "public and"),
        WHOLE.replace("/Finance\"]", "/Finances\"]"),
        WHOLE.replace("min_unique = 3", "min_unique = 4"),
        WHOLE.replace("items_max = 20", "items_max = 21"),
        WHOLE.replace("approvals = 2", "approvals = 1"),
        WHOLE.replace("Number {id}", "number {id}"),
        WHOLE.replace("72h", "73h"),
        WHOLE.replace("\"exposed\"", "\"matched\""),
        WHOLE.replace("to = \"company\"", "to = \"members\""),
        WHOLE.replace("\"internal\", \"secret\"", "\"secret\", \"internal\""),
        WHOLE.replace("allow_people_actions = true", "allow_people_actions = false"),
        WHOLE.replace("*.test.csv", "*.csv"),
    ];
    for text in others {
        assert_ne!(one(&text).hash, hash, "{text}");
    }
}

#[test]
fn an_action_is_read_from_a_command_line() {
    let rows = [
        ("remove_links", Ok(Ask::RemoveLinks)),
        (" restrict_links  to=company ", Ok(Ask::RestrictLinks { to: Audience::Company })),
        ("expire_links lasting=24h", Ok(Ask::ExpireLinks { after: Duration::from_secs(86_400) })),
        (
            "admin_quarantine to='Card room' by_copy=true",
            Ok(Ask::AdminQuarantine { to: Some("Card room".into()), by_copy: true }),
        ),
        ("comment text=\"please look = now\"", Ok(Ask::Comment { text: "please look = now".into() })),
        (
            "notify whom=owner,a@example.com",
            Ok(Ask::Notify { whom: vec![Told::Owner, Told::Address("a@example.com".into())] }),
        ),
        (
            "notify whom=[\"editor\", 'webhook:x']",
            Ok(Ask::Notify { whom: vec![Told::Editor, Told::Webhook("x".into())] }),
        ),
        ("", Err("an action needs a name")),
        ("remove_link", Err("`remove_link` is no value of `do`")),
        ("remove_links to=company", Err("unknown key `to`")),
        ("restrict_links to=public", Err("`public` is no value of `to`; one of company, members")),
        ("restrict_links company", Err("`company` is no parameter")),
        ("expire_links", Err("missing key `lasting`")),
        ("expire_links lasting=24", Err("`24` is no span of time")),
        ("remove_links a\"=1", Err("")),
    ];
    for (text, want) in rows {
        match (ask_of(text), want) {
            (Ok(got), Ok(want)) => assert_eq!(got, want, "{text}"),
            (Err(got), Err(want)) => assert!(got.contains(want), "{text}: {got}"),
            (got, want) => panic!("{text}: {got:?}, expected {want:?}"),
        }
    }
}

/// Every ask has a row of its own name, in the order of the type; each row is read into the ask of its name.
#[test]
fn every_ask_can_be_written_down() {
    let parameters = [
        ("copy", "to=x"),
        ("hold", "name=x"),
        ("set_label", "label=x"),
        ("expire_links", "lasting=1d"),
        ("restrict_links", "to=members"),
        ("change_role", "who=x role=viewer"),
        ("remove_member", "who=x"),
        ("comment", "text=x"),
        ("task", "text=x within=3days"),
        ("notify", "whom=owner"),
    ];
    for (name, _) in super::actions::ACTIONS {
        let more = parameters.iter().find(|(of, _)| *of == name).map_or("", |(_, more)| more);
        let ask = ask_of(&format!("{name} {more}")).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(ask.name(), name);
    }
}

/// Names that nothing has are errors; without a list of names nothing is said.
#[test]
fn names_are_looked_up_where_they_are_known() {
    let text = "schema = 1\n[[policy]]\nname = 'p'\ntitle = 'T'\nseverity = 'low'\nwhere = 'connector = bxo'\n\
                findings = { detector = 'bank.ibna', tag = 'pic' }\n\
                [[policy.action]]\ndo = 'notify'\nwhom = ['webhook:seim']\n";
    assert!(load_text("t.toml", text, &Known::default()).is_ok_and(|loaded| loaded.notes.is_empty()));
    let known = Known {
        detectors: vec!["bank.iban"],
        tags: vec!["pci"],
        connectors: vec!["box"],
        webhooks: Some(vec!["siem"]),
    };
    let errors = load_text("t.toml", text, &known).map(drop).unwrap_err();
    let told: Vec<(&str, Option<&str>, usize)> =
        errors.iter().map(|error| (error.message(), error.suggestion(), error.line())).collect();
    let want = [
        ("there is no detector `bank.ibna`", Some("did you mean `bank.iban`?"), 7),
        ("there is no tag `pic`", Some("did you mean `pci`?"), 7),
        ("there is no webhook `seim`", Some("did you mean `siem`?"), 10),
    ];
    assert_eq!(told, want);
    let rest = text.replace("ibna", "iban").replace("pic", "pci").replace("seim", "siem");
    let notes = load_text("t.toml", &rest, &known).unwrap_or_else(|errors| panic!("{errors:?}")).notes;
    assert_eq!(notes.iter().map(Note::code).collect::<Vec<_>>(), ["unknown-connector"]);
}

/// The guide names every key and every action, and all that it shows can be read.
#[test]
fn the_guide_tells_every_key_and_action_and_its_examples_load() {
    use super::keys::{BREAKER, EXCLUDE, FINDINGS, POLICY, SCOPE, TOMBSTONE};
    let guide = include_str!("../../../docs/policies.md");
    let tables = [&POLICY[..], &SCOPE, &FINDINGS, &EXCLUDE, &BREAKER, &TOMBSTONE, &super::actions::EVERY];
    for key in tables.into_iter().flatten() {
        assert!(guide.contains(&format!("| `{}` |", key.name)), "no row for the key `{}`", key.name);
    }
    for (name, keys) in super::actions::ACTIONS {
        let row = guide.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let row = row.unwrap_or_else(|| panic!("no row for the action `{name}`"));
        assert!(keys.iter().all(|key| row.contains(&format!("`{}`", key.name))), "{row}");
    }
    for (code, _) in CODES {
        assert!(guide.contains(&format!("| `{code}` |")), "no row for the warning `{code}`");
    }
    let blocks = guide.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let files: Vec<&str> = blocks.filter(|block| block.starts_with("schema = 1")).collect();
    assert!(files.len() >= 3, "{}", files.len());
    for file in files {
        let loaded = load_text("docs/policies.md", file, &Known::default());
        let loaded = loaded.unwrap_or_else(|errors| panic!("{}", errors[0]));
        assert!(loaded.notes.is_empty(), "{}", loaded.notes[0]);
    }
}
