//! Forgeries and repeats, and what a genuine delivery says.

use super::*;
use crate::model::ItemKind;
use ring::hmac;

const BODY: &[u8] =
    br#"{"type":"webhook_event","id":"e1","trigger":"FILE.UPLOADED","source":{"type":"file","id":"7"}}"#;
const SENT: &str = "2026-03-01T12:00:00-08:00";

fn keys(primary: &str, secondary: &str) -> Keys {
    let key = |text: &str| (text != "-").then(|| Secret::new(text));
    Keys { primary: key(primary), secondary: key(secondary) }
}

fn sign(key: &str, body: &[u8], timestamp: &str) -> String {
    let text = [body, timestamp.as_bytes()].concat();
    STANDARD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), &text))
}

/// One delivery: the keys it was signed by, and what was done to it on the way.
struct Row {
    name: &'static str,
    signed_by: [&'static str; 2],
    ours: [&'static str; 2],
    change: fn(&mut Sent),
    after_secs: i64,
    expected: Result<(), Forgery>,
}

struct Sent {
    body: Vec<u8>,
    timestamp: Option<String>,
    primary: Option<String>,
    secondary: Option<String>,
    version: Option<&'static str>,
    algorithm: Option<&'static str>,
}

const AS_SENT: fn(&mut Sent) = |_| {};

fn row(name: &'static str, change: fn(&mut Sent), expected: Result<(), Forgery>) -> Row {
    Row { name, signed_by: ["k1", "k2"], ours: ["k1", "k2"], change, after_secs: 5, expected }
}

fn check(row: &Row) {
    let mut sent = Sent {
        body: BODY.to_vec(),
        timestamp: Some(SENT.into()),
        primary: Some(sign(row.signed_by[0], BODY, SENT)),
        secondary: Some(sign(row.signed_by[1], BODY, SENT)),
        version: Some("1"),
        algorithm: Some("HmacSHA256"),
    };
    (row.change)(&mut sent);
    let headers = Headers {
        timestamp: sent.timestamp.as_deref(),
        primary: sent.primary.as_deref(),
        secondary: sent.secondary.as_deref(),
        version: sent.version,
        algorithm: sent.algorithm,
    };
    let now = Moment::from_millis(Moment::parse(SENT).unwrap().as_millis() + row.after_secs * 1_000);
    assert_eq!(verify(&keys(row.ours[0], row.ours[1]), &headers, &sent.body, now), row.expected, "{}", row.name);
}

#[test]
fn forgeries_are_refused() {
    let signature = Err(Forgery::Signature);
    let plain = row("genuine", AS_SENT, Ok(()));
    for row in [
        Row { name: "first key changed at Box", signed_by: ["new", "k2"], ..row("", AS_SENT, Ok(())) },
        Row { name: "second key changed here", ours: ["k1", "new"], ..row("", AS_SENT, Ok(())) },
        Row { name: "only the first key is known", ours: ["k1", "-"], ..row("", AS_SENT, Ok(())) },
        Row { name: "both keys wrong", signed_by: ["x", "y"], ..row("", AS_SENT, signature) },
        Row { name: "keys crosswise", signed_by: ["k2", "k1"], ..row("", AS_SENT, signature) },
        Row { name: "no key known", ours: ["-", "-"], ..row("", AS_SENT, signature) },
        Row { name: "empty key", signed_by: ["", ""], ours: ["", ""], ..row("", AS_SENT, signature) },
        Row { name: "ten minutes old", after_secs: 600, ..row("", AS_SENT, Ok(())) },
        Row { name: "old", after_secs: 601, ..row("", AS_SENT, Err(Forgery::Old)) },
        Row { name: "replayed the next day", after_secs: 86_400, ..row("", AS_SENT, Err(Forgery::Old)) },
        Row { name: "our clock is a minute late", after_secs: -60, ..row("", AS_SENT, Ok(())) },
        Row { name: "future", after_secs: -61, ..row("", AS_SENT, Err(Forgery::Future)) },
        row("one signature only", |sent| sent.primary = None, Ok(())),
        row("body altered", |sent| sent.body[60] ^= 1, signature),
        row("body longer", |sent| sent.body.push(b' '), signature),
        row("replayed with a fresh time", |sent| sent.timestamp = Some("2026-03-01T12:00:04-08:00".into()), signature),
        row("time written otherwise", |sent| sent.timestamp = Some("2026-03-01T20:00:00Z".into()), signature),
        row(
            "signature cut",
            |sent| (sent.primary, sent.secondary) = (Some("AAAA".into()), Some("AAAA".into())),
            signature,
        ),
        row("signature no base64", |sent| (sent.primary, sent.secondary) = (Some("*".into()), None), signature),
        row("version 2", |sent| sent.version = Some("2"), Err(Forgery::Version)),
        row("algorithm", |sent| sent.algorithm = Some("HmacSHA1"), Err(Forgery::Algorithm)),
        row("algorithm none", |sent| sent.algorithm = Some("none"), Err(Forgery::Algorithm)),
        row("no version", |sent| sent.version = None, Err(Forgery::Missing("box-signature-version"))),
        row("no algorithm", |sent| sent.algorithm = None, Err(Forgery::Missing("box-signature-algorithm"))),
        row("no time", |sent| sent.timestamp = None, Err(Forgery::Missing("box-delivery-timestamp"))),
        row(
            "no signature",
            |sent| (sent.primary, sent.secondary) = (None, None),
            Err(Forgery::Missing("box-signature-primary")),
        ),
        plain,
    ] {
        check(&row);
    }
}

#[test]
fn a_signed_time_that_is_none_is_refused() {
    let headers_of = |time| sign("k1", BODY, time);
    let signature = headers_of("yesterday");
    let headers = Headers {
        timestamp: Some("yesterday"),
        primary: Some(&signature),
        secondary: None,
        version: Some("1"),
        algorithm: Some("HmacSHA256"),
    };
    assert_eq!(verify(&keys("k1", "-"), &headers, BODY, Moment::default()), Err(Forgery::Timestamp));
}

#[test]
fn a_repeat_is_seen_by_its_body_id() {
    let mut seen = Seen::default();
    let ids: Vec<Arc<str>> = (0..=SEEN_MAX).map(|id| id.to_string().into()).collect();
    assert!(seen.is_new(&ids[0]));
    assert!(!seen.is_new(&ids[0]), "a repeat");
    for id in &ids[1..] {
        assert!(seen.is_new(id));
    }
    assert!(seen.is_new(&ids[0]), "the oldest is forgotten");
}

#[test]
fn what_a_delivery_hints_at() {
    for (body, expected) in [
        (
            r#"{"id":"e1","trigger":"FILE.UPLOADED","source":{"type":"file","id":"7","owned_by":{"id":"3"}},"created_by":{"id":4}}"#,
            Some(("e1", "FILE.UPLOADED", Some((ItemKind::File, "7")), Some("3"), Some("4"))),
        ),
        (
            r#"{"id":"e2","trigger":"COLLABORATION.CREATED","source":{"type":"collaboration","id":"9","item":{"type":"folder","id":"8"}}}"#,
            Some(("e2", "COLLABORATION.CREATED", Some((ItemKind::Folder, "8")), None, None)),
        ),
        (
            r#"{"id":"e3","trigger":"NO_ACTIVE_SESSION","source":null}"#,
            Some(("e3", "NO_ACTIVE_SESSION", None, None, None)),
        ),
        (r#"{"trigger":"FILE.UPLOADED"}"#, None),
        ("[]", None),
        ("no json", None),
    ] {
        let read = hint(body.as_bytes());
        let told = read.as_ref().map(|hint| {
            let subject = hint.subject.as_ref();
            let item = subject.and_then(|subject| Some((subject.kind?, subject.id.as_deref()?)));
            let owner = subject.and_then(|subject| subject.owner.as_deref());
            (&*hint.id, &*hint.trigger, item, owner, hint.by.as_deref())
        });
        assert_eq!(told, expected, "{body}");
    }
}
