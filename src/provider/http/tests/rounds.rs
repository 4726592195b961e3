//! When a call is sent again, when not, and how long is waited between.

use super::*;
use crate::provider::http::script::cut;
use std::thread;

fn good() -> Play {
    answer(200, &[], "good")
}

#[test]
fn what_is_sent_again_and_what_is_not() {
    let none = || Play::Send(Vec::new());
    let again = |status| answer(status, &[], "");
    for (name, plays, repeatable, want, calls) in [
        ("good", vec![good()], true, "200 good", 1),
        ("redirect is handed on", vec![answer(302, &["Location: https://x/"], "")], true, "302 ", 1),
        ("server error", vec![again(500), again(503), good()], true, "200 good", 3),
        ("server error to a write", vec![again(500), good()], false, "Transient", 1),
        ("too many", vec![again(429), good()], true, "200 good", 2),
        ("too many, to a write", vec![again(429), good()], false, "200 good", 2),
        ("not ready", vec![answer(202, &["Retry-After: 1"], ""), good()], true, "200 good", 2),
        ("not ready, to a write", vec![again(202), good()], false, "200 good", 2),
        ("no answer", vec![none(), good()], true, "200 good", 2),
        ("no answer to a write", vec![none(), good()], false, "Transient", 1),
        ("cut answer", vec![cut(200, &[], 9, "go"), good()], true, "200 good", 2),
        ("cut answer to a write", vec![cut(200, &[], 9, "go"), good()], false, "Transient", 1),
        ("forbidden", vec![again(403), good()], true, "Forbidden", 1),
        ("gone", vec![again(404), good()], true, "Gone", 1),
        ("our fault", vec![again(400), good()], true, "Refused", 1),
        ("no token to renew", vec![again(401), good()], true, "Credentials", 1),
        ("server errors for ever", vec![again(500); 9], true, "Transient", 4),
        ("too many for ever", vec![again(429); 9], true, "Throttled", 4),
        ("no answers for ever", vec![none(); 9], true, "Transient", 4),
        ("long answer", vec![answer(200, &[], &"x".repeat(1_001)), good()], true, "Refused", 1),
        ("longest answer", vec![answer(200, &[], &"x".repeat(1_000))], true, &format!("200 {}", "x".repeat(1_000)), 1),
        ("long error", vec![answer(404, &[], &"x".repeat(200_000)), good()], true, "Gone", 1),
    ] {
        let clock = Clock::movable();
        let script = Script::play(&clock, plays);
        let got = client(&script, &clock).send(&Call { repeatable, ..call(script.url("x"), TENANT) });
        assert_eq!(outcome(&got), want, "{name}: {got:?}");
        assert_eq!(script.heard().len(), calls, "{name}");
    }
}

#[test]
fn a_token_is_renewed_once_for_a_call() {
    let over = || answer(401, &[], "");
    for (plays, want, sent) in [
        (vec![good()], "200 good", vec!["token-0"]),
        (vec![over(), good()], "200 good", vec!["token-0", "token-1"]),
        (vec![over(), over(), good()], "Credentials", vec!["token-0", "token-1"]),
        (vec![over(), answer(500, &[], ""), good()], "200 good", vec!["token-0", "token-1", "token-1"]),
    ] {
        let clock = Clock::movable();
        let script = Script::play(&clock, plays);
        let tokens = Tokens::default();
        let got = client(&script, &clock).send(&Call { bearer: Some(&tokens), ..call(script.url("x"), TENANT) });
        assert_eq!(outcome(&got), want);
        let bearers: Vec<String> = script
            .heard()
            .iter()
            .filter_map(|heard| Some(heard.head.split_once("authorization: bearer ")?.1.lines().next()?.to_owned()))
            .collect();
        assert_eq!(bearers, sent);
    }
}

/// Gives a token that is over when it is asked for again: by time, or because others renewed it.
#[derive(Debug, Default)]
struct Fleeting(Tokens);

impl Credentials for Fleeting {
    fn bearer(&self) -> Result<Secret, Error> {
        self.0.renew(&self.0.bearer()?)
    }

    fn renew(&self, _: &Secret) -> Result<Secret, Error> {
        panic!("the refused one was not the present one")
    }
}

#[test]
fn a_token_that_ends_on_its_way_is_no_fault_of_the_next() {
    let over = || answer(401, &[], "");
    for (refusals, want) in [(0, "200 good"), (1, "200 good"), (2, "200 good"), (3, "200 good"), (4, "Credentials")] {
        let clock = Clock::movable();
        let plays = (0..refusals).map(|_| over()).chain([good()]).collect();
        let script = Script::play(&clock, plays);
        let tokens = Fleeting::default();
        let got = client(&script, &clock).send(&Call { bearer: Some(&tokens), ..call(script.url("x"), TENANT) });
        assert_eq!(outcome(&got), want, "{refusals} refusals");
        let calls = if want == "Credentials" { refusals } else { refusals + 1 };
        assert_eq!(script.heard().len(), calls);
    }
}

#[test]
fn every_form_of_too_many_is_obeyed_by_the_whole_principal() {
    let json = r#"{"error":{"reason":{".tag":"too_many_requests"},"retry_after":9}}"#;
    for (name, play, least, most) in [
        ("header", answer(429, &["Retry-After: 7"], ""), 7_000, 7_000),
        ("header and JSON: the header", answer(429, &["Retry-After: 7"], json), 7_000, 7_000),
        ("JSON", answer(429, &[], json), 9_000, 9_000),
        ("plain text", answer(429, &["Retry-After: 3"], "too_many_requests/."), 3_000, 3_000),
        ("nothing said", answer(429, &[], ""), 250, 500),
        ("a date", answer(429, &["Retry-After: Thu, 01 Jan 1970 00:00:11 GMT"], ""), 11_000, 11_000),
        ("unavailable", answer(503, &["Retry-After: 20"], ""), 20_000, 20_000),
        ("not ready", answer(202, &["Retry-After: 5"], ""), 5_000, 5_000),
    ] {
        let clock = Clock::movable();
        let script = Script::play(&clock, vec![play, good()]);
        client(&script, &clock).send(&call(script.url("x"), TENANT)).unwrap();
        let heard = script.heard();
        let waited = u64::try_from((heard[1].at - heard[0].at).as_millis()).unwrap();
        assert!((least..=most).contains(&waited), "{name}: waited {waited} ms");
    }
}

#[test]
fn a_pause_too_long_to_sit_out_is_told_and_kept() {
    let clock = Clock::movable();
    let script = Script::play(&clock, vec![answer(429, &["Retry-After: 7200"], ""), good(), good()]);
    let http = client(&script, &clock);
    for _ in 0..3 {
        let error = http.send(&call(script.url("x"), TENANT)).unwrap_err();
        assert!(matches!(error.next(), Next::Throttled(until) if until.as_secs() == 7_200), "{error:?}");
    }
    assert_eq!(script.heard().len(), 1);
    let other = Principal::Person("7".into());
    http.send(&call(script.url("x"), &other)).unwrap();
    clock.advance(Duration::from_secs(7_200));
    http.send(&call(script.url("x"), TENANT)).unwrap();
}

#[test]
fn many_threads_keep_one_principals_pace_and_pause() {
    let clock = Clock::movable();
    let plays = (0..120).map(|at| if at % 10 == 3 { answer(429, &["Retry-After: 2"], "") } else { good() }).collect();
    let script = Script::play(&clock, plays);
    let mut settings = settings(&script.url(""), "dl.example.com");
    settings.limits.rate_per_principal = 8.0;
    let http = Http::of(&settings, Options { tries_max: 20, ..options(&clock) }).unwrap();
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| (0..18).for_each(|_| drop(http.send(&call(script.url("x"), TENANT)).unwrap())));
        }
    });
    let heard = script.heard();
    assert_eq!(heard.len(), 120);
    for (at, pair) in heard.windows(2).enumerate() {
        let least = if at % 10 == 3 { Duration::from_secs(2) } else { Duration::from_millis(125) };
        assert!(pair[1].at - pair[0].at >= least, "{at}: {pair:?}");
    }
}

#[test]
fn nothing_is_sent_once_the_program_ends_or_the_budget_is_spent() {
    let clock = Clock::movable();
    let script = Script::play(&clock, vec![good(), good()]);
    let mut settings = settings(&script.url(""), "dl.example.com");
    settings.limits.calls_per_month = Some(1);
    let http = Http::of(&settings, options(&clock)).unwrap();
    http.send(&call(script.url("x"), TENANT)).unwrap();
    let spent = http.send(&call(script.url("x"), TENANT)).unwrap_err();
    assert_eq!(spent.next(), Next::Budget(Moment::parse("1970-02-01T00:00:00Z").unwrap()));
    assert_eq!(http.used().calls_in_month, 1);
    http.stop().store(true, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(http.send(&call(script.url("x"), TENANT)).unwrap_err().next(), Next::Stopped);
    assert!(!http.wait(Duration::from_secs(1)));
    assert_eq!(script.heard().len(), 1);
}
