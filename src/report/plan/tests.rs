//! The canonical bytes of a plan are golden; the text and the page tell all of it and let nothing run.

use super::*;
use serde_json::json;

/// A plan with something in every field.
pub(crate) fn plan() -> Document {
    let at = |text: &str| Moment::parse(text).unwrap_or_default();
    let planned = |name: &str, standing: Standing| Planned {
        id: format!("p{name}"),
        name: name.to_owned(),
        words: format!("do {name}"),
        person: None,
        voters: vec!["public-cards".to_owned()],
        instead_of: None,
        undoes: None,
        standing,
        why: None,
        calls: Vec::new(),
        calls_with_reads: 0,
        loses: Vec::new(),
        links: Vec::new(),
        stays: Vec::new(),
        cannot_undo: Vec::new(),
        does: Value::Null,
    };
    let remove = Planned {
        calls: vec![Call { step: "end_link".to_owned(), words: "end a link".to_owned() }],
        calls_with_reads: 3,
        loses: vec!["pat@partner.example as viewer".to_owned()],
        links: vec!["a link for anybody, without a password, without an end".to_owned()],
        stays: vec![Stays {
            words: "still public through a link on the folder /Travel/".to_owned(),
            propose: Some("sluicebox plan new --item '#4' --do remove_links".to_owned()),
        }],
        cannot_undo: vec!["a link that is made again has a new address; the old one stays dead".to_owned()],
        does: json!({ "on": { "item": { "id": "12" } }, "what": { "do": { "actions": [] } } }),
        ..planned("remove_links", Standing::Will)
    };
    let blocked = Planned {
        why: Some("it is under the legal hold \"Case 1\"".to_owned()),
        ..planned("trash", Standing::Blocked)
    };
    let instead = Planned { instead_of: Some("trash".to_owned()), ..planned("make_private", Standing::AlreadySo) };
    let entry = |number: i64, path: &str, planned: Vec<Planned>| Entry {
        connector: "box".to_owned(),
        provider: "box".to_owned(),
        item: Some(number),
        sort: "file".to_owned(),
        id: "12".to_owned(),
        path: path.to_owned(),
        owner: "Erin <erin@example.com>".to_owned(),
        version: Some("7".to_owned()),
        exposure: Some(Open {
            level: "public".to_owned(),
            known: true,
            reasons: vec!["public: a link for anybody, without a password, without an end".to_owned()],
        }),
        since: Some(at("2026-03-01T08:00:00Z")),
        found: vec![Found {
            detector: "pci.pan".to_owned(),
            unique: 2,
            total: 3,
            samples: vec![Sample { mask: "4012********1881".to_owned(), token: "t1.abc".to_owned() }],
        }],
        votes: vec![Voice {
            policy: "public-cards".to_owned(),
            asks: "remove_links".to_owned(),
            because: "it is kept".to_owned(),
        }],
        planned,
    };
    let mut plan = Document {
        schema: SCHEMA.to_owned(),
        kind: "plan".to_owned(),
        made: at("2026-03-02T10:00:00Z"),
        by: "operator ada".to_owned(),
        asked: "--policy public-cards".to_owned(),
        policies: vec![PolicyLine {
            name: "public-cards".to_owned(),
            title: "Cards <open>".to_owned(),
            severity: "high".to_owned(),
            mode: "plan".to_owned(),
            hash: "0f".repeat(32),
        }],
        rules: Some(3),
        approvals: 1,
        approvals_why: vec!["the policy public-cards says approvals = 2".to_owned()],
        totals: Totals::default(),
        left_out: vec![LeftOut { why: "gone".to_owned(), items: 1 }],
        entries: vec![
            entry(5, "/Travel/Cards.txt", vec![remove]),
            entry(6, "/<script>alert(1)</script>\u{202e}.txt", vec![blocked, instead]),
        ],
    };
    plan.sum_up(4);
    plan
}

/// The bytes that are hashed, as they are on record: whoever changes them makes every plan that is kept unreadable.
#[test]
fn the_canonical_bytes_are_those_on_record() {
    let body = plan().canonical();
    let golden = include_str!("../../../tests/golden/plan/canonical.json").trim_end();
    assert_eq!(body, golden);
    assert_eq!(Document::read(&body), Ok(plan()));
    assert_eq!(plan().canonical(), body);
    assert_eq!(digits(&hash(&body)).len(), 64);
}

#[test]
fn what_is_not_canonical_is_no_plan() {
    let body = plan().canonical();
    for (text, said) in [
        (String::new(), "no plan"),
        ("{}".to_owned(), "no plan"),
        (format!(" {body}"), "not canonical"),
        (body.replace("sluicebox.plan/1", "sluicebox.plan/9"), "another form"),
        (body.replacen("\"rules\":3", "\"rules\":3.0", 1), "no plan"),
        (body.replacen("2026-03-02T10:00:00Z", "2026-03-02T11:00:00+01:00", 1), "not canonical"),
        (body.replacen("{\"schema\"", "{\"more\":1,\"schema\"", 1), "no plan"),
    ] {
        let error = Document::read(&text).unwrap_err().to_string();
        assert!(error.contains(said), "{text:.60}: {error}");
    }
}

#[test]
fn sums_are_of_what_is_done() {
    let totals = plan().totals;
    assert_eq!((totals.items, totals.acted_on, totals.actions), (2, 1, 1));
    assert_eq!((totals.already_so, totals.blocked, totals.unseen), (1, 1, 0));
    assert_eq!((totals.calls, totals.calls_with_reads, totals.seconds), (1, 3, 4));
    assert_eq!((totals.accesses_lost, totals.links_lost), (1, 1));
}

/// What a reader must find in both forms.
const TOLD: [&str; 13] = [
    "Plan 7",
    "operator ada",
    "public-cards",
    "/Travel/Cards.txt",
    "Erin",
    "4012********1881",
    "end a link",
    "pat@partner.example as viewer",
    "a link for anybody",
    "still public through a link on the folder /Travel/",
    "a link that is made again has a new address",
    "legal hold",
    "instead of trash",
];

#[test]
fn the_text_tells_all_of_it_on_lines_that_move_no_cursor() {
    let text = text(&plan(), Some(7), false);
    for part in TOLD {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert!(!text.contains('\u{202e}') && text.contains("\\u{202e}"));
    let mut many = plan();
    let first = many.entries[0].clone();
    many.entries = std::iter::repeat_n(first, 14).collect();
    let short = super::text(&many, None, false);
    assert!(short.contains("and 4 more") && !super::text(&many, None, true).contains("and 4 more"));
}

#[test]
fn the_page_tells_all_of_it_and_nothing_on_it_runs_or_calls_outside() {
    let page = page(&plan(), Some(7));
    for part in TOLD {
        assert!(page.contains(part), "{part} is missing");
    }
    for refused in ["<script", "<open>", "\u{202e}", "http:", "https:", "style=\"", " src="] {
        assert!(!page.contains(refused), "{refused}");
    }
    assert!(page.contains("&lt;script&gt;") && page.contains("default-src 'none'"));
}
