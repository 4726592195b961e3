//! The pace under many threads: every thread calls as fast as it is let, on a clock that waiting moves.

use super::pace::Pace;
use super::*;
use crate::provider::http::Urgency::{Act, Bulk, Live};
use std::collections::BTreeMap;
use std::thread;

const SECOND: Duration = Duration::from_secs(1);

fn throttle(limits: Limits) -> Arc<Throttle> {
    let stop = Arc::new(AtomicBool::new(false));
    Arc::new(Throttle::new(limits, Clock::movable(), stop, 600 * SECOND, None).unwrap())
}

fn limits(rate_per_principal: f64, concurrency: usize) -> Limits {
    Limits { rate_per_principal, concurrency, ..Limits::default() }
}

fn person(id: usize) -> Principal {
    Principal::Person(id.to_string().into())
}

fn asking(principal: &Principal) -> Asking<'_> {
    Asking { principal, urgency: Bulk, writes_in: None, counted: true, lingers: false }
}

/// What a thread saw of one call: whose it was, when it began, until when its principal was paused by it.
type Call = (usize, Duration, Option<Duration>);

/// Calls of many threads, every ninth of a principal answered with "too many".
fn storm(throttle: &Arc<Throttle>, principals: usize, threads: usize, calls: usize) -> Vec<Call> {
    let clock = throttle.clock.clone();
    let one = |at: usize, call: usize| {
        let whose = (at + call) % principals;
        let mut permit = throttle.admit(asking(&person(whose))).unwrap();
        assert_eq!(permit.begun(), clock.elapsed(), "time stood still since the permit was given");
        thread::yield_now();
        assert_eq!(permit.begun(), clock.elapsed(), "nobody moves the clock while an answer is awaited");
        let pause = (at * 31 + call * 7).is_multiple_of(9).then_some(Duration::from_secs(3 + call as u64 % 5));
        if let Some(pause) = pause {
            permit.slow_down();
            permit.pause(pause);
        } else {
            permit.went_well();
        }
        let call = (whose, permit.begun(), pause.map(|pause| permit.begun() + pause));
        permit.landed();
        call
    };
    thread::scope(|scope| {
        let all: Vec<_> = (0..threads)
            .map(|at| scope.spawn(move || (0..calls).map(|call| one(at, call)).collect::<Vec<_>>()))
            .collect();
        all.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn by_principal(calls: Vec<Call>) -> BTreeMap<usize, Vec<Call>> {
    let mut sorted: BTreeMap<usize, Vec<Call>> = BTreeMap::new();
    for call in calls {
        sorted.entry(call.0).or_default().push(call);
    }
    sorted.values_mut().for_each(|calls| calls.sort_by_key(|call| call.1));
    sorted
}

#[test]
fn no_principal_passes_its_rate_or_calls_before_its_pause_ends() {
    for (rate, gap_ms, principals, threads, concurrency) in [
        (10.0, 100, 1, 8, 16),
        (16.0, 62, 5, 12, 16),
        (3.0, 333, 3, 9, 2),
        (1_000.0, 1, 40, 16, 8),
        (0.5, 2_000, 2, 4, 1),
    ] {
        let throttle = throttle(limits(rate, concurrency));
        let calls = storm(&throttle, principals, threads, 60);
        assert_eq!(calls.len(), threads * 60);
        for (whose, calls) in by_principal(calls) {
            for pair in calls.windows(2) {
                let gap = pair[1].1 - pair[0].1;
                assert!(gap >= Duration::from_millis(gap_ms), "{rate}: {whose} called {gap:?} after its last call");
            }
            let mut paused_until = Duration::ZERO;
            for (_, begun, pause) in calls {
                assert!(begun >= paused_until, "{rate}: {whose} called at {begun:?}, paused until {paused_until:?}");
                paused_until = paused_until.max(pause.unwrap_or_default());
            }
        }
    }
}

#[test]
fn with_one_limit_for_the_token_all_principals_share_it() {
    let throttle = throttle(Limits { limit_of: LimitOf::Token, ..limits(10.0, 16) });
    let mut calls = storm(&throttle, 4, 6, 30);
    calls.sort_by_key(|call| call.1);
    assert!(calls.windows(2).all(|pair| pair[1].1 - pair[0].1 >= Duration::from_millis(100)));
}

#[test]
fn whose_pace_it_is() {
    let of = |principal: &Principal, counted, limit_of| Key::of(principal, counted, limit_of);
    let (person, admin) = (Principal::Person("7".into()), Principal::Admin("7".into()));
    let users = LimitOf::ActingUser;
    assert_eq!(of(&person, true, users), of(&admin, true, users));
    assert_ne!(of(&person, true, users), of(&Principal::Tenant, true, users));
    assert_ne!(of(&person, true, users), of(&person, false, users));
    assert_eq!(of(&person, true, LimitOf::Token), of(&Principal::Tenant, true, LimitOf::Token));
}

#[test]
fn never_more_calls_at_once_than_the_setting() {
    let throttle = throttle(limits(f64::INFINITY, 3));
    let now = std::sync::atomic::AtomicUsize::new(0);
    thread::scope(|scope| {
        for at in 0..12 {
            let (throttle, now) = (&throttle, &now);
            scope.spawn(move || {
                for _ in 0..50 {
                    let permit = throttle.admit(asking(&person(at))).unwrap();
                    assert!(now.fetch_add(1, Ordering::SeqCst) < 3);
                    thread::yield_now();
                    now.fetch_sub(1, Ordering::SeqCst);
                    drop(permit);
                }
            });
        }
    });
}

#[test]
fn a_long_poll_takes_no_place_and_holds_no_clock() {
    let throttle = throttle(limits(10.0, 1));
    let poll = throttle.admit(Asking { lingers: true, ..asking(&Principal::Tenant) }).unwrap();
    for _ in 0..3 {
        drop(throttle.admit(asking(&person(1))).unwrap());
    }
    assert!(throttle.pause_self(SECOND));
    assert_eq!(throttle.clock.elapsed(), Duration::from_millis(1_200));
    drop(poll);
}

#[test]
fn one_writer_for_each_namespace() {
    let throttle = throttle(limits(f64::INFINITY, 16));
    let writing: [AtomicBool; 2] = Default::default();
    thread::scope(|scope| {
        for at in 0..10 {
            let (throttle, writing) = (&throttle, &writing);
            scope.spawn(move || {
                for _ in 0..40 {
                    let namespace = ["ns:1", "ns:2"][at % 2];
                    let permit = throttle.admit(Asking { writes_in: Some(namespace), ..asking(&person(at)) }).unwrap();
                    assert!(!writing[at % 2].swap(true, Ordering::SeqCst), "two writers in {namespace}");
                    thread::yield_now();
                    writing[at % 2].store(false, Ordering::SeqCst);
                    drop(permit);
                }
            });
        }
    });
    let held = throttle.admit(Asking { writes_in: Some("ns:1"), ..asking(&person(1)) }).unwrap();
    drop(throttle.admit(asking(&person(1))).unwrap());
    drop(held);
}

/// Waiters are put in the queue by hand, so that their order is certain.
fn turns(gate: &mut Gate, waiters: &[(usize, Urgency, Option<&str>)]) -> Vec<u64> {
    let queue = |&(whose, urgency, writes_in): &(usize, Urgency, Option<&str>)| {
        let principal = person(whose);
        let asking = Asking { urgency, writes_in, ..asking(&principal) };
        gate.queue(&Key::of(&principal, true, LimitOf::ActingUser), asking)
    };
    waiters.iter().map(queue).collect()
}

#[test]
fn urgent_calls_take_the_next_slot_of_their_principal() {
    use Turn::{AfterOthers, At, Now};
    let ms = Duration::from_millis;
    for (name, waiters, want) in [
        ("first come", vec![(1, Bulk, None), (1, Bulk, None)], vec![At(ms(100)), AfterOthers]),
        ("live first", vec![(1, Bulk, None), (1, Live, None)], vec![AfterOthers, At(ms(100))]),
        ("act before live", vec![(1, Live, None), (1, Act, None)], vec![AfterOthers, At(ms(100))]),
        ("another principal's live", vec![(1, Bulk, None), (2, Live, None)], vec![At(ms(100)), Now]),
        ("a writer held up holds nobody", vec![(1, Live, Some("ns")), (1, Bulk, None)], vec![AfterOthers, At(ms(100))]),
        ("places at once go to the urgent", vec![(2, Bulk, None), (3, Live, None)], vec![AfterOthers, Now]),
        ("one writer of two", vec![(2, Bulk, Some("x")), (3, Live, Some("x"))], vec![AfterOthers, Now]),
    ] {
        // Principal 1 has just called, and writes in "ns"; one more call may run.
        let limits = limits(10.0, 2);
        let mut gate = Gate::new(limits, Budget::open(limits, None, Moment::default()).unwrap());
        let called = turns(&mut gate, &[(1, Bulk, Some("ns"))])[0];
        let principal = person(1);
        gate.go(called, Asking { writes_in: Some("ns"), ..asking(&principal) }, Duration::ZERO, Moment::default())
            .unwrap();
        let tickets = turns(&mut gate, &waiters);
        let got: Vec<Turn> = tickets.iter().map(|ticket| gate.turn(*ticket, Duration::ZERO)).collect();
        assert_eq!(got, want, "{name}");
    }
}

#[test]
fn too_many_calls_halve_the_rate_once_and_good_answers_give_it_back() {
    let mut pace = Pace::new(16.0);
    pace.slow_down(SECOND, 2 * SECOND);
    assert!((pace.rate() - 8.0).abs() < 1e-9);
    pace.slow_down(SECOND, 3 * SECOND);
    assert!((pace.rate() - 8.0).abs() < 1e-9, "both calls were under way together");
    for at in 4..20 {
        pace.slow_down(at * SECOND, at * SECOND);
    }
    assert!((pace.rate() - 1.0).abs() < 1e-9, "not below a sixteenth");
    pace.speed_up();
    assert!((pace.rate() - 1.16).abs() < 1e-9);
    (0..200).for_each(|_| pace.speed_up());
    assert!((pace.rate() - 16.0).abs() < 1e-9, "not above the setting");
    assert!(pace.is_rested(Duration::ZERO));
    pace.pause_until(SECOND);
    assert!(!pace.is_rested(Duration::ZERO));
}

#[test]
fn refusals_use_nothing_up() {
    let day = Limits { calls_per_day: Some(4), ..limits(10.0, 1) };
    let spent = throttle(day);
    let principal = person(1);
    let ask = |urgency, counted| Asking { urgency, counted, ..asking(&principal) };
    for (urgency, counted, passes) in
        [(Bulk, true, true), (Bulk, true, true), (Bulk, true, true), (Bulk, true, false), (Bulk, false, true)]
            .into_iter()
            .chain([(Live, true, true), (Live, true, false), (Act, true, false)])
    {
        let got = spent.admit(ask(urgency, counted));
        assert_eq!(got.is_ok(), passes, "{urgency:?} {counted} {got:?}");
        let until = Moment::parse("1970-01-02T00:00:00Z").unwrap();
        assert!(passes || matches!(got, Err(Refusal::Spent(when)) if when == until));
    }
    assert_eq!(spent.used().calls_in_day, 4);

    let paused = throttle(limits(10.0, 1));
    paused.admit(asking(&principal)).unwrap().pause(601 * SECOND);
    assert!(matches!(paused.admit(asking(&principal)), Err(Refusal::Paused(until)) if until.as_secs() == 601));
    drop(paused.admit(asking(&person(2))).unwrap());
    paused.stop.store(true, Ordering::SeqCst);
    assert!(matches!(paused.admit(asking(&person(2))), Err(Refusal::Stopped)));
    assert!(!paused.pause_self(SECOND));
}

#[test]
fn paces_of_rested_principals_are_forgotten() {
    let limits = limits(1_000.0, 1);
    let throttle = throttle(limits);
    for whose in 0..25_000 {
        drop(throttle.admit(asking(&person(whose))).unwrap());
        throttle.clock.advance(Duration::from_millis(1));
    }
    assert!(throttle.lock().paces_len() <= 10_001);
}

#[test]
fn counts_are_kept_through_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calls");
    let open = || {
        let store: Arc<dyn BudgetStore> = Arc::new(BudgetFile::new(path.clone()));
        let stop = Arc::new(AtomicBool::new(false));
        let limits = Limits { calls_per_month: Some(8), ..limits(f64::INFINITY, 1) };
        Arc::new(Throttle::new(limits, Clock::movable(), stop, SECOND, Some(store)).unwrap())
    };
    for _ in 0..3 {
        let throttle = open();
        for _ in 0..2 {
            drop(throttle.admit(asking(&person(1))).unwrap());
        }
    }
    assert!(
        matches!(open().admit(asking(&person(1))), Err(Refusal::Spent(until)) if until.to_string() == "1970-02-01T00:00:00Z")
    );
    std::fs::write(&path, "spoilt").unwrap();
    let limits = limits(1.0, 1);
    let store: Option<Arc<dyn BudgetStore>> = Some(Arc::new(BudgetFile::new(path)));
    assert!(Throttle::new(limits, Clock::movable(), Arc::default(), SECOND, store).is_err());
}

#[test]
fn a_long_pause_outlives_the_program_and_a_short_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let store =
        || -> Option<Arc<dyn BudgetStore>> { Some(Arc::new(BudgetFile::new(folder.path().join("calls.json")))) };
    let clock = Clock::movable();
    clock.advance(1_000 * SECOND);
    let open = |clock: &Clock| {
        let stop = Arc::new(AtomicBool::new(false));
        Arc::new(Throttle::new(limits(10.0, 4), clock.clone(), stop, 600 * SECOND, store()).unwrap())
    };
    let throttle = open(&clock);
    for (whose, secs) in [(1, 60), (2, 61), (3, 3_600)] {
        throttle.admit(asking(&person(whose))).unwrap().pause(secs * SECOND);
    }
    throttle.admit(asking(&Principal::Tenant)).unwrap().pause(7_200 * SECOND);
    clock.advance(10 * SECOND);
    let again = open(&clock);
    // The first is let go at once, the second when its pause is over, the others come back with their moments.
    let begun = |whose: usize| again.admit(asking(&person(whose))).map(|permit| permit.begun());
    assert_eq!(begun(1).unwrap(), 1_010 * SECOND);
    assert_eq!(begun(2).unwrap(), 1_061 * SECOND);
    let until = |refusal| match refusal {
        Refusal::Paused(until) => until.as_secs(),
        other => panic!("{other:?}"),
    };
    assert_eq!(until(begun(3).unwrap_err()), 4_600);
    assert_eq!(until(again.admit(asking(&Principal::Tenant)).map(drop).unwrap_err()), 8_200);
    assert_eq!(again.traffic().paused_until.map(Moment::as_secs), Some(8_200));
    clock.advance(7_200 * SECOND);
    assert!(open(&clock).traffic().paused_until.is_none());
}

#[test]
fn traffic_tells_calls_limits_and_how_long_anybody_was_held_up() {
    let limits = Limits { calls_per_day: Some(100), ..limits(10.0, 4) };
    let throttle = throttle(limits);
    let download = Asking { counted: false, ..asking(&Principal::Tenant) };
    drop(throttle.admit(download).unwrap());
    throttle.admit(asking(&person(1))).unwrap().pause(30 * SECOND);
    throttle.admit(asking(&person(2))).unwrap().pause(20 * SECOND);
    assert_eq!(throttle.traffic().throttled, Duration::ZERO, "nobody waited yet");
    thread::scope(|scope| {
        for whose in [1, 2, 1] {
            let throttle = &throttle;
            scope.spawn(move || drop(throttle.admit(asking(&person(whose))).unwrap()));
        }
    });
    let traffic = throttle.traffic();
    assert_eq!((traffic.calls, traffic.downloads), (5, 1));
    assert_eq!((traffic.left_in_day, traffic.left_in_month), (Some(95), None));
    assert_eq!((traffic.throttled, traffic.paused_until), (30 * SECOND, None));
}
