//! What a message says, as a mail and as JSON: the one place where [`Said`] becomes text.
//!
//! A subject names no item: it shows on locked screens and in lists. All that comes from outside is put on one line and made
//! harmless first.

use super::{About, Letter, Said};
use crate::clock::Moment;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Items that a mail lists.
const LISTED_MAX: usize = 50;
/// Characters of a text from outside on one line.
const LINE_CHARS_MAX: usize = 300;

/// A text on one line, without controls, marks of reading direction and what cannot be seen; cut when it is long.
#[must_use]
pub fn plain(text: &str) -> String {
    // The same characters as in the reports of this program: C0, DEL, C1, separators, Unicode Standard Annex 9, tags.
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
                | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
    };
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut line: String =
        joined.chars().take(LINE_CHARS_MAX).map(|c| if hostile(c) { '\u{FFFD}' } else { c }).collect();
    if joined.chars().nth(LINE_CHARS_MAX).is_some() {
        line.push('\u{2026}');
    }
    line
}

fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn items(number: u64) -> String {
    format!("{} item{}", count(number), if number == 1 { "" } else { "s" })
}

/// The subject of the mail.
#[must_use]
pub fn subject(said: &Said) -> String {
    let title = plain(if said.title.is_empty() { &said.policy } else { &said.title });
    let what = match &*said.kind {
        "match" if said.items == 1 => format!("one more item matches: {title}"),
        "match" => format!("{} more items match: {title}", count(said.items)),
        "roll_up" => format!("{} found by the regular pass: {title}", items(said.items)),
        "digest" => format!("{} of yours to look at", items(said.items)),
        "action" => format!("about {} of yours: {title}", items(said.items)),
        "breaker" => format!("a policy stopped itself: {title}"),
        "parked" => "something waits for a person".to_owned(),
        "test" => "test message".to_owned(),
        _ => title,
    };
    match (&*said.kind, &*said.severity) {
        ("match" | "roll_up", grave) if !grave.is_empty() => format!("[sluicebox] {}, {what}", plain(grave)),
        _ => format!("[sluicebox] {what}"),
    }
}

/// The text of the mail.
#[must_use]
pub fn body(letter: &Letter<'_>, contact: &str) -> String {
    let said = letter.said;
    let mut text = String::new();
    for paragraph in [&said.text, &said.note].into_iter().filter(|paragraph| !paragraph.is_empty()) {
        for line in paragraph.lines() {
            let _ = writeln!(text, "{}", plain(line));
        }
        text.push('\n');
    }
    if !said.title.is_empty() || !said.policy.is_empty() {
        let _ = writeln!(text, "Policy: {}{}", plain(&said.title), named(&said.policy, &said.title));
        if !said.severity.is_empty() {
            let _ = writeln!(text, "Severity: {}", plain(&said.severity));
        }
        text.push('\n');
    }
    for about in said.about.iter().take(LISTED_MAX) {
        item(&mut text, about);
    }
    let listed = u64::try_from(said.about.len().min(LISTED_MAX)).unwrap_or(u64::MAX);
    if listed > 0 && said.items > listed {
        let _ = writeln!(text, "And {} more.\n", count(said.items - listed));
    }
    let _ = writeln!(text, "-- \nMessage {}, {} ({})", letter.sequence, letter.id, letter.made);
    if !contact.is_empty() {
        let _ = writeln!(text, "Questions: {}", plain(contact));
    }
    text
}

fn named(policy: &str, title: &str) -> String {
    match (policy.is_empty(), title.is_empty()) {
        (true, _) => String::new(),
        (false, true) => plain(policy),
        (false, false) => format!(" ({})", plain(policy)),
    }
}

fn item(text: &mut String, about: &About) {
    let place = if about.shown.is_empty() { &about.id } else { &about.shown };
    let _ = writeln!(text, "* {}: {}", plain(&about.connector), plain(place));
    let rows = [
        ("open to", about.access.to_string()),
        ("why", about.policy.to_string()),
        ("found", about.found.join("; ")),
        ("done", about.actions.join("; ")),
        ("id", about.id.to_string()),
    ];
    for (what, value) in rows.into_iter().filter(|(_, value)| !value.is_empty()) {
        let _ = writeln!(text, "  {what}: {}", plain(&value));
    }
    text.push('\n');
}

/// What a webhook gets, and a reader of `notify list`.
#[must_use]
pub fn json(id: &str, sequence: u64, made: Moment, said: &Said) -> Value {
    json!({
        "type": format!("sluicebox.{}", said.kind),
        "id": id,
        "sequence": sequence,
        "timestamp": made.to_string(),
        "data": said,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: &str, number: u64) -> Said {
        Said {
            kind: kind.into(),
            policy: "cards".into(),
            title: "Card numbers in public files".into(),
            severity: "high".into(),
            items: number,
            text: "What happened.\nWhat to do.".into(),
            ..Said::default()
        }
    }

    #[test]
    fn a_subject_tells_what_and_how_many_and_names_no_item() {
        for (kind, number, expected) in [
            ("match", 1, "[sluicebox] high, one more item matches: Card numbers in public files"),
            ("match", 12, "[sluicebox] high, 12 more items match: Card numbers in public files"),
            (
                "roll_up",
                200_000,
                "[sluicebox] high, 200,000 items found by the regular pass: Card numbers in public files",
            ),
            ("digest", 3, "[sluicebox] 3 items of yours to look at"),
            ("action", 1, "[sluicebox] about 1 item of yours: Card numbers in public files"),
            ("breaker", 0, "[sluicebox] a policy stopped itself: Card numbers in public files"),
            ("parked", 2, "[sluicebox] something waits for a person"),
            ("test", 0, "[sluicebox] test message"),
        ] {
            assert_eq!(subject(&said(kind, number)), expected);
        }
    }

    #[test]
    fn a_body_lists_items_harmlessly_and_says_how_many_more() {
        let mut said = said("match", 60);
        said.about = (0..55)
            .map(|number| About {
                connector: "main".into(),
                shown: format!("/Pay/{number}\r\n.\r\nSubject: \u{202e}x").into(),
                id: "17".into(),
                access: "public".into(),
                found: vec!["card.number: 12 different (4111 **** **** ****)".into()],
                actions: vec!["remove_links: done".into()],
                ..About::default()
            })
            .collect();
        let letter = Letter { id: "ab-1", sequence: 9, made: Moment::from_millis(0), said: &said };
        let text = body(&letter, "soc@example.com");
        assert!(text.contains("Card numbers in public files (cards)") && text.contains("And 10 more."), "{text}");
        assert_eq!(text.matches("* main: /Pay/").count(), LISTED_MAX);
        assert!(text.contains("/Pay/0 . Subject: \u{FFFD}x\n") && !text.contains('\r') && !text.contains('\u{202e}'));
        assert!(text.ends_with("Message 9, ab-1 (1970-01-01T00:00:00Z)\nQuestions: soc@example.com\n"), "{text}");
    }

    #[test]
    fn what_is_long_is_cut() {
        let line = plain(&"a".repeat(5_000));
        assert_eq!(line.chars().count(), LINE_CHARS_MAX + 1);
        assert_eq!(plain("a\u{7}b\tc"), "a\u{FFFD}b c");
    }
}
