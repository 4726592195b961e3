//! What leaves by the room of messages, taken by sinks that know nothing of it.

use super::*;
use crate::clock::{Clock, Moment};
use crate::notify::{Delivery, Hook, HookSecret, HookSettings, Letter, Mail, MailSettings, MailTls, Said, Way};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::time::Duration;
use url::Url;

fn said() -> Said {
    Said {
        kind: "match".into(),
        policy: "cards".into(),
        title: "Card numbers, \u{fc}berall".into(),
        severity: "high".into(),
        items: 1,
        text: "Look at it.".into(),
        ..Said::default()
    }
}

fn letter(said: &Said) -> Letter<'_> {
    Letter { id: "ab12-1", sequence: 7, made: Moment::from_millis(1_700_000_000_000), said }
}

fn settings(sink: &MailSink, tls: MailTls) -> MailSettings {
    MailSettings {
        from: "sluicebox <dlp@corp.example>".into(),
        host: "127.0.0.1".into(),
        port: sink.port(),
        tls,
        login: Some(("dlp".into(), "pass".into())),
        authority: sink.authority_pem().map(|pem| pem.as_bytes().to_vec()),
    }
}

fn again(said: &str) -> Delivery {
    Delivery::down(said)
}

#[test]
fn a_mail_leaves_by_each_way_and_is_whole() {
    for (secrecy, tls) in
        [(Secrecy::None, MailTls::None), (Secrecy::StartTls, MailTls::StartTls), (Secrecy::Tls, MailTls::Tls)]
    {
        let login = Some(("dlp".to_owned(), "pass".to_owned()));
        let sink = MailSink::start(MailOptions { secrecy, login, ..MailOptions::default() }).unwrap();
        let mail = Mail::new(&settings(&sink, tls)).unwrap();
        let said = said();
        assert_eq!(mail.send("ann@corp.example", &letter(&said), "soc@corp.example"), Delivery::Sent, "{tls:?}");
        let mails = sink.mails();
        let [got] = &mails[..] else { panic!("{mails:?}") };
        assert_eq!((got.from.as_str(), &got.to[..]), ("dlp@corp.example", &["ann@corp.example".to_owned()][..]));
        assert_eq!((got.secret, got.login.as_deref()), (tls != MailTls::None, Some("dlp")));
        assert_eq!((got.id().as_str(), got.header("message-id").as_deref()), ("ab12-1", Some("<ab12-1@corp.example>")));
        assert_eq!(got.header("X-Sluicebox-Sequence").as_deref(), Some("7"));
        assert_eq!(got.header("Auto-Submitted").as_deref(), Some("auto-generated"));
        assert_eq!(got.header("Date").as_deref(), Some("Tue, 14 Nov 2023 22:13:20 +0000"));
        let text = got.text();
        assert!(text.contains("Look at it.") && text.contains("Card numbers, \u{fc}berall (cards)"), "{text}");
        assert!(text.contains("Questions: soc@corp.example"), "{text}");
    }
}

#[test]
fn what_a_mail_server_says_is_taken_later_or_never() {
    let login = Some(("dlp".to_owned(), "pass".to_owned()));
    let sink = MailSink::start(MailOptions { login, ..MailOptions::default() }).unwrap();
    let mail = Mail::new(&settings(&sink, MailTls::None)).unwrap();
    let wrong = MailSettings { login: Some(("dlp".into(), "else".into())), ..settings(&sink, MailTls::None) };
    let said = said();
    let send = |mail: &Mail, to: &str| mail.send(to, &letter(&said), "");
    assert_eq!(send(&Mail::new(&wrong).unwrap(), "ann@corp.example"), again("SMTP 535"));
    assert_eq!(send(&mail, "nobody"), Delivery::refused("no mail address"));
    let later = Delivery::Again { after: None, said: "SMTP 451".into(), receiver: false };
    for (fault, expected) in [
        (MailFault::Refuse(550), Delivery::refused("SMTP 550")),
        (MailFault::Refuse(451), later),
        (MailFault::Refuse(421), again("SMTP 421")),
    ] {
        sink.fail([fault]);
        assert_eq!(send(&mail, "ann@corp.example"), expected);
    }
    assert_eq!(sink.mails().len(), 0);
    sink.fail([MailFault::DropAfterData]);
    assert!(matches!(send(&mail, "ann@corp.example"), Delivery::Again { receiver: true, .. }));
    assert_eq!(send(&mail, "ann@corp.example"), Delivery::Sent);
    let mails = sink.mails();
    assert_eq!(mails.len(), 2, "the first was taken although its sender could not know");
    assert_eq!(mails[0].id(), mails[1].id());
    let gone = settings(&sink, MailTls::None);
    drop(sink);
    assert!(matches!(send(&Mail::new(&gone).unwrap(), "ann@corp.example"), Delivery::Again { receiver: true, .. }));
}

#[test]
fn a_mail_server_is_trusted_only_by_its_authority_and_in_plain_only_here() {
    let sink = MailSink::start(MailOptions { secrecy: Secrecy::Tls, ..MailOptions::default() }).unwrap();
    let other = MailSink::start(MailOptions { secrecy: Secrecy::Tls, ..MailOptions::default() }).unwrap();
    let stranger = MailSettings {
        authority: other.authority_pem().map(|pem| pem.as_bytes().to_vec()),
        ..settings(&sink, MailTls::Tls)
    };
    let said = said();
    let sent = Mail::new(&stranger).unwrap().send("ann@corp.example", &letter(&said), "");
    assert!(matches!(sent, Delivery::Again { receiver: true, .. }), "{sent:?}");
    assert_eq!(sink.mails().len(), 0);
    // A server that offers no STARTTLS gets neither mail nor password.
    let plain = MailSink::start(MailOptions::default()).unwrap();
    let sent = Mail::new(&MailSettings { authority: None, ..settings(&plain, MailTls::StartTls) })
        .map(|mail| mail.send("ann@corp.example", &letter(&said), ""));
    assert!(!matches!(sent, Ok(Delivery::Sent)) && plain.mails().is_empty());
    let outside = MailSettings { host: "mail.corp.example".into(), ..settings(&plain, MailTls::None) };
    assert!(Mail::new(&outside).is_err());
    assert!(Mail::new(&MailSettings { from: "nobody".into(), ..settings(&plain, MailTls::None) }).is_err());
}

fn secret(byte: u8) -> String {
    format!("whsec_{}", STANDARD.encode([byte; 32]))
}

fn hook(sink: &HookSink, key: &str) -> Hook {
    let url = Url::parse(&sink.url("hook")).unwrap();
    let authority = sink.authority_pem().map(|pem| pem.as_bytes().to_vec());
    let way = Way { authority, proxy: None };
    Hook::new(&HookSettings { url, secret: HookSecret::parse(key).unwrap(), way }).unwrap()
}

#[test]
fn a_webhook_is_verified_by_its_secret_alone() {
    let clock = Clock::machine();
    for tls in [false, true] {
        let sink = HookSink::start(0, &[secret(1)], tls, clock.clone()).unwrap();
        let said = said();
        assert_eq!(hook(&sink, &secret(1)).send(&letter(&said), &clock), Delivery::Sent);
        assert_eq!(hook(&sink, &secret(2)).send(&letter(&said), &clock), Delivery::refused("HTTP 401"));
        let stale = Clock::movable();
        assert_eq!(hook(&sink, &secret(1)).send(&letter(&said), &stale), Delivery::refused("HTTP 401"));
        let posts = sink.posts();
        let refused: Vec<_> = posts.iter().map(|post| post.refused).collect();
        assert_eq!(refused, [None, Some("another's signature"), Some("too old or from the future")]);
        let json = posts[0].json();
        assert_eq!((json["type"].as_str(), json["sequence"].as_u64()), (Some("sluicebox.match"), Some(7)));
        assert_eq!((json["id"].as_str(), posts[0].id.as_str()), (Some("ab12-1"), "ab12-1"));
        assert_eq!(json["data"]["policy"], "cards");
        assert_eq!(json["timestamp"], "2023-11-14T22:13:20Z");
    }
}

#[test]
fn what_a_receiver_says_is_taken_later_or_never_and_no_redirect_is_followed() {
    let clock = Clock::machine();
    let sink = HookSink::start(0, &[secret(1)], false, clock.clone()).unwrap();
    let elsewhere = HookSink::start(0, &[], false, clock.clone()).unwrap();
    let (hook, said) = (hook(&sink, &secret(1)), said());
    let later = |after: Option<u64>, said: &str| Delivery::Again {
        after: after.map(Duration::from_secs),
        said: said.into(),
        receiver: true,
    };
    for (fault, expected) in [
        (HookFault::Status(410, None), Delivery::refused("HTTP 410")),
        (HookFault::Status(400, None), Delivery::refused("HTTP 400")),
        (HookFault::Status(429, Some(90)), later(Some(90), "HTTP 429")),
        (HookFault::Status(503, None), later(None, "HTTP 503")),
        (HookFault::Redirect(elsewhere.url("x")), Delivery::refused("HTTP 307")),
    ] {
        sink.fail([fault]);
        assert_eq!(hook.send(&letter(&said), &clock), expected);
    }
    sink.fail([HookFault::DropAfterTaken]);
    assert!(matches!(hook.send(&letter(&said), &clock), Delivery::Again { receiver: true, .. }));
    assert_eq!(hook.send(&letter(&said), &clock), Delivery::Sent);
    let taken: Vec<_> = sink.posts().into_iter().filter(|post| post.refused.is_none()).collect();
    assert_eq!(taken.len(), 2);
    assert_eq!((&taken[0].id, &taken[0].body), (&taken[1].id, &taken[1].body));
    assert!(elsewhere.posts().is_empty());
}
