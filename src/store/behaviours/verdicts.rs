//! What a store must show of verdicts: settlements are whole or not at all, a content is kept once, and the past can be asked.

mod model;
mod past;

use super::{Behaviour, Stand, file};
use crate::clock::Moment;
use crate::model::verdict::DetectorCount;
use crate::model::{
    Confidence, ConnectorNumber, ContentHash, Coverage, Evidence, Excerpt, Finding, Grounds, Hole, ItemNumber, Lane,
    Level, Locator, Mask, OwnText, Provider, Reason, Todo, Token, Verdict,
};
use crate::store::error::Kind;
use crate::store::{
    Ask, ContentScope, DetectorKept, Failure, Fate, Job, Judged, Known, Outcome, ReadingNumber, Rejudged, RulesNumber,
    Settled, Settlement, Upheld,
};
use std::sync::Arc;
use std::time::Duration;

/// The list.
pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a settlement is whole", a_settlement_is_whole),
    ("a settlement survives a crash", a_settlement_survives_a_crash),
    ("a lease that is over writes nothing", a_lost_lease_writes_nothing),
    ("a refused settlement writes nothing", a_refused_settlement_writes_nothing),
    ("an edit during the scan is scanned again", an_edit_during_the_scan_is_scanned_again),
    ("a newer version told by the settlement itself waits", facts_may_bring_a_newer_version),
    ("a content is kept once", a_content_is_kept_once),
    ("a verdict written twice is written once", a_redo_changes_nothing),
    ("a content read under other rules closes what holds no more", other_rules_close_what_holds_no_more),
    ("a failed reading gives way to a better one only", a_failed_reading_gives_way),
    ("what is left waits with its todo", what_is_left_waits),
    ("an item that is gone ends its job", gone_ends_the_job),
    ("a skipped item says why", skipped_says_why),
    ("a parked job is a coverage", parked_is_a_coverage),
    ("asks, intents and exposure are part of a settlement", the_rest_of_a_settlement),
    ("tokens are traced over contents", tokens_are_traced),
    ("holders come in pages", holders_come_in_pages),
    ("contents are priced and walked", contents_are_priced_and_walked),
    ("a judgement made anew keeps what it was", rejudged_keeps_the_past),
    ("coverage and findings can be asked as of each moment", past::every_moment_can_be_asked),
    ("what is forgotten is what ended before", past::what_ended_is_forgotten),
    ("random work leaves one verdict for each newest version", model::random_work),
    ("an edit is never lost, whoever settles meanwhile", model::edits_are_never_lost),
];

/// The extraction of all tests.
pub(super) const EXTRACTION: [u8; 32] = [7; 32];

/// A rule set that is told apart by a number.
pub(super) fn rules(stand: &Stand, number: u8) -> RulesNumber {
    let detector = |id: &str| DetectorKept { id: id.into(), hash: [number; 32], profile: "{}".into() };
    stand.store.rules_number(&[detector("card"), detector("iban")]).unwrap()
}

/// A finding with everything that can be kept.
pub(super) fn finding(detector: &str, percent: u8, start: u64) -> Finding {
    Finding {
        detector: detector.into(),
        confidence: Confidence::new(percent).unwrap(),
        tier: "checked".into(),
        part: "sheet '••••' (hidden)".into(),
        location: Arc::new(Locator { steps: vec!["a.zip".into(), "••••.xlsx".into(), "C14".into()] }),
        start,
        end: start + 19,
        own_text: Some(OwnText { byte_start: start * 2, byte_end: start * 2 + 19, line: 3, column: start + 1 }),
        mask: Mask::covered("**** **** **** 1111"),
        token: Token::covered(format!("k1:{detector}{start}")),
        excerpt: Excerpt::covered("card \"no\": **** **** **** 1111\\"),
        evidence: vec![
            Evidence { name: "keywords".into(), distance: Some(6), before: true },
            Evidence { name: "luhn".into(), distance: None, before: false },
        ],
        grounds: Some(Box::new(Grounds { part: 2, placed: true, gates: vec![(9, true)], ..Grounds::default() })),
    }
}

/// A verdict with these findings, their counts, and a hole.
pub(super) fn verdict(findings: &[Finding]) -> Verdict {
    let mut counts: Vec<DetectorCount> = Vec::new();
    for finding in findings {
        match counts.iter_mut().find(|count| count.detector == finding.detector) {
            Some(count) => (count.total, count.unique) = (count.total + 1, count.unique + 1),
            None => counts.push(DetectorCount {
                detector: Arc::clone(&finding.detector),
                candidates: 5,
                total: 1,
                unique: 1,
                unique_at_least: true,
                shadowed: 2,
            }),
        }
    }
    counts.sort_by(|a, b| a.detector.cmp(&b.detector));
    Verdict {
        coverage: Coverage::Partial(Reason::Member),
        findings: findings.to_vec(),
        holes: vec![Hole {
            location: Locator { steps: vec!["••••.zip".into()] }, reason: Reason::EncryptedPassword
        }],
        holes_total: 3,
        counts,
        sniffed: "xlsx",
        mismatch: true,
        bytes: 100,
        text_bytes: 60,
    }
}

/// A job's end with a content read just now.
pub(super) fn read(job: &Job, content: u8, rules: RulesNumber, verdict: Verdict) -> Settlement {
    Settlement {
        version: job.known.item.version.clone(),
        outcome: Some(Outcome::Read {
            content: [content; 32],
            extraction: EXTRACTION,
            rules,
            verdict: Box::new(verdict),
            hash: Some(ContentHash::Sha1([content; 20])),
        }),
        ..Settlement::of(job.lease)
    }
}

/// A job's end with a reading that is known.
pub(super) fn known(job: &Job, reading: ReadingNumber, reused: bool) -> Settlement {
    let outcome = Some(Outcome::Known { reading, reused });
    Settlement { version: job.known.item.version.clone(), outcome, ..Settlement::of(job.lease) }
}

/// The one job that waits.
pub(super) fn claim_one(stand: &Stand, of: ConnectorNumber) -> Job {
    let mut jobs = stand.claim(of, 2);
    assert_eq!(jobs.len(), 1, "one job waits");
    jobs.remove(0)
}

/// One file, listed and leased.
pub(super) fn one_file(stand: &Stand) -> (ConnectorNumber, Job) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "v1")]);
    (of, claim_one(stand, of))
}

/// An item as it is known.
pub(super) fn item(stand: &Stand, number: ItemNumber) -> Known {
    stand.store.item(number).unwrap().unwrap()
}

fn nothing_waits(stand: &Stand) {
    let depth = stand.store.depth().unwrap();
    let waiting: u64 = depth.iter().map(|depth| depth.ready + depth.delayed + depth.leased + depth.parked).sum();
    assert_eq!(waiting, 0, "{depth:?}");
}

/// A file whose verdict was settled; gives item and reading.
pub(super) fn settled(stand: &Stand, findings: &[Finding]) -> (ConnectorNumber, ItemNumber, ReadingNumber) {
    let (of, job) = one_file(stand);
    let rules = rules(stand, 1);
    assert_eq!(stand.store.settle(read(&job, 1, rules, verdict(findings))).unwrap(), Settled::Done);
    let item = item(stand, job.lease.item);
    (of, item.number, item.reading.unwrap())
}

fn check_settled(stand: &Stand, number: ItemNumber, findings: &[Finding]) {
    let known = item(stand, number);
    let expected = verdict(findings);
    assert_eq!((known.coverage, known.reused), (Some(expected.coverage), false));
    assert_eq!(known.judged_version.as_deref(), Some("v1"));
    let reading = stand.store.reading(known.reading.unwrap()).unwrap().unwrap();
    assert_eq!((reading.content, reading.extraction), ([1; 32], EXTRACTION));
    assert_eq!((reading.coverage, &*reading.sniffed, reading.mismatch), (expected.coverage, "xlsx", true));
    assert_eq!((reading.bytes, reading.text_bytes, reading.holes_total), (100, 60, 3));
    assert_eq!((&reading.holes, &reading.counts), (&expected.holes, &expected.counts));
    let kept = stand.store.findings(reading.number, None).unwrap();
    assert_eq!(kept.iter().map(|row| row.finding.clone()).collect::<Vec<_>>(), findings);
    for row in &kept {
        let alone = stand.store.finding(row.number).unwrap().unwrap();
        assert_eq!((alone.finding, alone.reading, alone.until), (row.finding.clone(), reading.number, None));
    }
    assert_eq!(stand.store.reading_by_content(&[1; 32], &EXTRACTION).unwrap().as_ref(), Some(&reading));
    let by_hash = |bytes| stand.store.reading_by_hash(Provider::Box, &ContentHash::Sha1([1; 20]), bytes).unwrap();
    assert_eq!((by_hash(100).as_ref(), by_hash(99)), (Some(&reading), None));
    nothing_waits(stand);
}

fn a_settlement_is_whole(stand: &mut Stand) {
    let findings = [finding("card", 85, 4), finding("iban", 75, 30)];
    let (of, number, _) = settled(stand, &findings);
    check_settled(stand, number, &findings);
    let totals = stand.store.totals(of).unwrap();
    assert_eq!((totals.files, totals.waiting_files, totals.read_files, totals.read_bytes), (1, 0, 1, 100));
}

fn a_settlement_survives_a_crash(stand: &mut Stand) {
    let findings = [finding("card", 85, 4)];
    let (_, number, _) = settled(stand, &findings);
    stand.crash();
    check_settled(stand, number, &findings);
    stand.reopen();
    check_settled(stand, number, &findings);
}

fn a_lost_lease_writes_nothing(stand: &mut Stand) {
    let (of, late) = one_file(stand);
    let rules = rules(stand, 1);
    stand.clock.advance(Duration::from_secs(3_600));
    let job = claim_one(stand, of);
    let mut settlement = read(&late, 1, rules, verdict(&[finding("card", 85, 4)]));
    settlement.asks = vec![ask(late.lease.item)];
    assert_eq!(stand.store.settle(settlement).unwrap(), Settled::Lost);
    assert_eq!(stand.store.reading_by_content(&[1; 32], &EXTRACTION).unwrap(), None);
    assert_eq!(item(stand, late.lease.item).coverage, None);
    assert_eq!(stand.store.settle(read(&job, 2, rules, verdict(&[]))).unwrap(), Settled::Done);
    nothing_waits(stand);
}

fn a_refused_settlement_writes_nothing(stand: &mut Stand) {
    let (_, job) = one_file(stand);
    let mut settlement = known(&job, ReadingNumber(77), false);
    settlement.exposure = Some(Judged { level: Level::Public, known: true, until: None });
    let refused = stand.store.settle(settlement).unwrap_err();
    assert!(matches!(refused.kind(), Kind::Refused(_)), "{refused}");
    assert_eq!(item(stand, job.lease.item).exposure, None);
    let rules = rules(stand, 1);
    assert_eq!(stand.store.settle(read(&job, 1, rules, verdict(&[]))).unwrap(), Settled::Done);
}

fn an_edit_during_the_scan_is_scanned_again(stand: &mut Stand) {
    let (of, job) = one_file(stand);
    let rules = rules(stand, 1);
    stand.list(of, &[file("1", "v2")]);
    assert!(stand.claim(of, 2).is_empty(), "it is leased");
    assert_eq!(stand.store.settle(read(&job, 1, rules, verdict(&[]))).unwrap(), Settled::Again);
    let known = item(stand, job.lease.item);
    assert_eq!((known.coverage, known.reading), (None, None), "the newest version waits");
    assert!(stand.store.reading_by_content(&[1; 32], &EXTRACTION).unwrap().is_some(), "the old one's content is kept");
    let again = claim_one(stand, of);
    assert!(again.todo.has(Todo::CONTENT));
    assert_eq!(stand.store.settle(read(&again, 2, rules, verdict(&[]))).unwrap(), Settled::Done);
    assert_eq!(item(stand, job.lease.item).judged_version.as_deref(), Some("v2"));
    nothing_waits(stand);
}

fn facts_may_bring_a_newer_version(stand: &mut Stand) {
    let (of, job) = one_file(stand);
    let rules = rules(stand, 1);
    let mut settlement = read(&job, 1, rules, verdict(&[]));
    settlement.facts = Some(file("1", "v2"));
    assert_eq!(stand.store.settle(settlement).unwrap(), Settled::Again);
    assert_eq!(item(stand, job.lease.item).coverage, None);
    let again = claim_one(stand, of);
    assert!(again.todo.has(Todo::CONTENT));
    let mut settlement = read(&again, 2, rules, verdict(&[]));
    settlement.facts = Some(file("1", "v2"));
    assert_eq!(stand.store.settle(settlement).unwrap(), Settled::Done);
    let mut other = Settlement::of(again.lease);
    other.facts = Some(file("2", "v1"));
    assert_eq!(stand.store.settle(other).unwrap(), Settled::Lost, "its lease is over");
}

fn a_content_is_kept_once(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "v1"), file("2", "v1"), file("3", "v1")]);
    let rules = rules(stand, 1);
    let jobs = stand.claim(of, 3);
    let [first, second, third] = &jobs[..] else { panic!("three jobs") };
    stand.store.settle(read(first, 1, rules, verdict(&[finding("card", 85, 4)]))).unwrap();
    stand.store.settle(read(second, 1, rules, verdict(&[finding("card", 85, 4)]))).unwrap();
    let reading = item(stand, first.lease.item).reading.unwrap();
    stand.store.settle(known(third, reading, true)).unwrap();
    let items: Vec<ItemNumber> = jobs.iter().map(|job| job.lease.item).collect();
    for (number, reused) in items.iter().zip([false, false, true]) {
        let known = item(stand, *number);
        assert_eq!((known.reading, known.reused), (Some(reading), reused));
    }
    assert_eq!(stand.store.findings(reading, None).unwrap().len(), 1, "stored once");
    let mut sorted = items;
    sorted.sort_unstable();
    assert_eq!(stand.store.holders(reading, None, 9).unwrap(), sorted);
    let contents = stand.store.contents(&ContentScope::default(), None, 9).unwrap();
    assert_eq!(contents.iter().map(|row| row.items).collect::<Vec<_>>(), [3]);
}

fn a_redo_changes_nothing(stand: &mut Stand) {
    let (of, number, reading) = settled(stand, &[finding("card", 85, 4), finding("card", 85, 40)]);
    let numbers = |stand: &Stand| {
        let rows = stand.store.findings(reading, None).unwrap();
        rows.iter().map(|row| (row.number, row.since)).collect::<Vec<_>>()
    };
    let before = numbers(stand);
    stand.clock.advance(Duration::from_secs(5));
    stand.store.ask(&[ask(number)]).unwrap();
    let job = claim_one(stand, of);
    let rules = rules(stand, 1);
    // Whatever the second reading says: the first of the same key and rules stands.
    assert_eq!(stand.store.settle(read(&job, 1, rules, verdict(&[]))).unwrap(), Settled::Done);
    assert_eq!((item(stand, number).reading, numbers(stand)), (Some(reading), before));
}

fn ask(item: ItemNumber) -> Ask {
    Ask { item, lane: Lane::Asked, todo: Todo::CONTENT, priority: 0, offered: None, happened: None }
}

/// Reads an item's content again under these rules.
pub(super) fn read_again(
    stand: &Stand,
    of: ConnectorNumber,
    item: ItemNumber,
    rules: RulesNumber,
    verdict: Verdict,
) -> Settled {
    stand.store.ask(&[Ask { todo: Todo::REREAD, ..ask(item) }]).unwrap();
    let job = claim_one(stand, of);
    stand.store.settle(read(&job, 1, rules, verdict)).unwrap()
}

fn other_rules_close_what_holds_no_more(stand: &mut Stand) {
    let (of, number, reading) = settled(stand, &[finding("card", 85, 4), finding("card", 85, 40)]);
    let first = stand.store.findings(reading, None).unwrap();
    let before = stand.clock.steady();
    stand.clock.advance(Duration::from_secs(5));
    let newer = rules(stand, 2);
    let findings = [finding("card", 85, 40), finding("iban", 75, 60)];
    assert_eq!(read_again(stand, of, number, newer, verdict(&findings)), Settled::Done);
    let now = stand.store.findings(reading, None).unwrap();
    assert_eq!(now.iter().map(|row| row.finding.clone()).collect::<Vec<_>>(), findings);
    assert_eq!(now[0].number, first[1].number, "what still holds is the same finding");
    assert_eq!(stand.store.finding(first[0].number).unwrap().unwrap().until, Some(stand.clock.steady()));
    let then = stand.store.findings(reading, Some(before)).unwrap();
    assert_eq!(then.iter().map(|row| row.number).collect::<Vec<_>>(), [first[0].number, first[1].number]);
    let kept = stand.store.reading(reading).unwrap().unwrap();
    assert_eq!((kept.rules, kept.counts), (newer, verdict(&findings).counts));
    // Who began under the old rules and comes late does not take the newer judgement back.
    stand.store.put_in_force(newer).unwrap();
    let older = rules(stand, 1);
    assert_eq!(read_again(stand, of, number, older, verdict(&[])), Settled::Done);
    assert_eq!(stand.store.reading(reading).unwrap().unwrap().rules, newer);
}

fn a_failed_reading_gives_way(stand: &mut Stand) {
    let (of, job) = one_file(stand);
    let (old, new) = (rules(stand, 1), rules(stand, 2));
    let failed = || Verdict { coverage: Coverage::Skipped(Reason::Crashed), sniffed: "pdf", ..Verdict::default() };
    stand.store.settle(read(&job, 1, old, failed())).unwrap();
    let number = job.lease.item;
    let reading = stand.store.reading_by_content(&[1; 32], &EXTRACTION).unwrap().unwrap();
    assert_eq!(
        (reading.coverage, item(stand, number).reading),
        (failed().coverage, Some(reading.number)),
        "remembered"
    );
    let whole = Verdict { coverage: Coverage::Complete, ..verdict(&[finding("card", 85, 4)]) };
    read_again(stand, of, number, old, whole);
    assert_eq!(item(stand, number).coverage, Some(Coverage::Complete), "another try did better");
    read_again(stand, of, number, old, failed());
    assert_eq!(item(stand, number).coverage, Some(Coverage::Complete), "and a worse one changes nothing");
    read_again(stand, of, number, new, failed());
    assert_eq!(item(stand, number).coverage, Some(Coverage::Partial(Reason::Crashed)), "nor hides what was found");
    assert_eq!(stand.store.findings(reading.number, None).unwrap().len(), 1);
}

fn what_is_left_waits(stand: &mut Stand) {
    let (of, job) = one_file(stand);
    let wait = Duration::from_secs(60);
    let settlement = Settlement {
        left: Todo::CONTENT.and(Todo::SHARING),
        left_not_before: Some(stand.clock.steady().plus(wait)),
        exposure: Some(Judged { level: Level::Internal, known: false, until: None }),
        ..Settlement::of(job.lease)
    };
    assert_eq!(stand.store.settle(settlement).unwrap(), Settled::Again);
    assert!(stand.claim(of, 2).is_empty(), "not yet");
    stand.clock.advance(wait);
    let job = claim_one(stand, of);
    assert!(job.todo.has(Todo::CONTENT.and(Todo::SHARING)) && !job.todo.has(Todo::LOOK), "{:?}", job.todo);
    assert_eq!(job.known.exposure.map(|judged| judged.level), Some(Level::Internal), "what was told is written");
    // Whoever ends a job without a word about a content that waits does not end it.
    assert_eq!(stand.store.settle(Settlement::of(job.lease)).unwrap(), Settled::Again);
    assert!(claim_one(stand, of).todo.has(Todo::CONTENT));
}

fn gone_ends_the_job(stand: &mut Stand) {
    let (of, job) = one_file(stand);
    stand.clock.advance(Duration::from_secs(1));
    assert_eq!(stand.store.settle(Settlement { gone: true, ..Settlement::of(job.lease) }).unwrap(), Settled::Done);
    assert_eq!(item(stand, job.lease.item).gone, Some(stand.clock.steady()));
    assert_eq!(stand.store.totals(of).unwrap().files, 0);
    nothing_waits(stand);
}

fn skipped_says_why(stand: &mut Stand) {
    let (of, job) = one_file(stand);
    let version = job.known.item.version.clone();
    let outcome = Some(Outcome::Skipped(Reason::OutsideOwner));
    let settlement = Settlement { version, outcome, ..Settlement::of(job.lease) };
    assert_eq!(stand.store.settle(settlement).unwrap(), Settled::Done);
    let known = item(stand, job.lease.item);
    assert_eq!((known.coverage, known.reading), (Some(Coverage::Skipped(Reason::OutsideOwner)), None));
    stand.list(of, &[file("1", "v2")]);
    assert_eq!(item(stand, job.lease.item).coverage, None, "another version waits again");
}

fn parked_is_a_coverage(stand: &mut Stand) {
    let (of, job) = one_file(stand);
    let number = job.lease.item;
    let park = |job: &Job| {
        let failure = Failure {
            lease: job.lease,
            reason: Reason::IoError,
            said: "500".into(),
            not_before: stand.clock.steady(),
            attempts_max: 1,
        };
        assert_eq!(stand.store.fail(&[failure]).unwrap(), [Fate::Parked]);
        assert_eq!(item(stand, number).coverage, Some(Coverage::Skipped(Reason::Parked)));
    };
    park(&job);
    assert_eq!(stand.store.retry(Some(of), None).unwrap(), 1);
    assert_eq!(item(stand, number).coverage, None, "it waits again");
    park(&claim_one(stand, of));
    stand.store.ask(&[ask(number)]).unwrap();
    assert_eq!(item(stand, number).coverage, None, "it waits again");
    park(&claim_one(stand, of));
    stand.list(of, &[file("1", "v2")]);
    assert_eq!(item(stand, number).coverage, None, "another version waits");
    let rules = rules(stand, 1);
    assert_eq!(stand.store.settle(read(&claim_one(stand, of), 1, rules, verdict(&[]))).unwrap(), Settled::Done);
    // A job about something else that is given up takes no verdict away.
    stand.store.ask(&[Ask { todo: Todo::SHARING, ..ask(number) }]).unwrap();
    let job = claim_one(stand, of);
    let failure = Failure {
        lease: job.lease,
        reason: Reason::AccessDenied,
        said: "403".into(),
        not_before: stand.clock.steady(),
        attempts_max: 1,
    };
    stand.store.fail(&[failure]).unwrap();
    assert_eq!(item(stand, number).coverage, Some(Coverage::Partial(Reason::Member)));
}

fn the_rest_of_a_settlement(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "v1"), file("2", "v1")]);
    let jobs = stand.claim(of, 2);
    let [job, other] = &jobs[..] else { panic!("two jobs") };
    let rules = rules(stand, 1);
    stand.store.settle(read(other, 2, rules, verdict(&[]))).unwrap();
    let until = stand.clock.steady().plus(Duration::from_secs(9));
    let exposure = Judged { level: Level::Public, known: true, until: Some(until) };
    let mut settlement = read(job, 1, rules, verdict(&[]));
    settlement.exposure = Some(exposure);
    settlement.asks = vec![Ask { todo: Todo::EXPOSURE, ..ask(other.lease.item) }];
    assert_eq!(stand.store.settle(settlement).unwrap(), Settled::Done);
    assert_eq!(item(stand, job.lease.item).exposure, Some(exposure));
    assert_eq!(claim_one(stand, of).lease.item, other.lease.item);
    assert_eq!(stand.store.exposure_ends(until, 9).unwrap(), [job.lease.item]);
}

fn tokens_are_traced(stand: &mut Stand) {
    let of = stand.connector("main");
    stand.list(of, &[file("1", "v1"), file("2", "v1")]);
    let rules = rules(stand, 1);
    for (content, job) in (1..).zip(stand.claim(of, 2)) {
        let findings = [finding("card", 85, 4), finding("card", 85, u64::from(content) * 100)];
        stand.store.settle(read(&job, content, rules, verdict(&findings))).unwrap();
    }
    let all = stand.store.trace("k1:card4", None, 9).unwrap();
    assert_eq!(all.iter().map(|row| row.finding.start).collect::<Vec<_>>(), [4, 4]);
    assert!(all[0].number < all[1].number && all[0].reading != all[1].reading);
    let page = stand.store.trace("k1:card4", None, 1).unwrap();
    let rest = stand.store.trace("k1:card4", Some(page[0].number), 9).unwrap();
    assert_eq!((page[0].number, rest[0].number, rest.len()), (all[0].number, all[1].number, 1));
    assert!(stand.store.trace("k1:card5", None, 9).unwrap().is_empty());
}

fn holders_come_in_pages(stand: &mut Stand) {
    let of = stand.connector("main");
    let files: Vec<_> = (0..9).map(|id| file(&id.to_string(), "v1")).collect();
    stand.list(of, &files);
    let rules = rules(stand, 1);
    let levels = [Level::Private, Level::Public, Level::Internal];
    for (at, job) in stand.claim(of, 9).iter().enumerate() {
        let mut settlement = read(job, 1, rules, verdict(&[]));
        let told = levels.get(at % 4).map(|level| Judged { level: *level, known: true, until: None });
        settlement.exposure = told;
        stand.store.settle(settlement).unwrap();
    }
    let reading = stand.store.reading_by_content(&[1; 32], &EXTRACTION).unwrap().unwrap().number;
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = stand.store.holders(reading, after, 2).unwrap();
        let Some(last) = page.last() else { break };
        after = Some(*last);
        pages.extend(page);
    }
    assert_eq!(pages.len(), 9);
    assert!(pages.is_sorted_by(|a, b| a < b), "in order, none twice: {pages:?}");
    let row = &stand.store.contents(&ContentScope::default(), None, 9).unwrap()[0];
    let most = item(stand, row.item.unwrap()).exposure.map(|judged| judged.level);
    assert_eq!((row.items, most), (9, Some(Level::Public)));
}

fn contents_are_priced_and_walked(stand: &mut Stand) {
    let of = stand.connector("main");
    let files: Vec<_> = (0..6).map(|id| file(&id.to_string(), "v1")).collect();
    stand.list(of, &files);
    let (old, new) = (rules(stand, 1), rules(stand, 2));
    for (content, job) in (1_u8..).zip(stand.claim(of, 6)) {
        let findings = [finding(if content % 2 == 0 { "card" } else { "iban" }, 85, 4)];
        let rules = if content <= 3 { old } else { new };
        let sniffed = if content == 6 { "pdf" } else { "xlsx" };
        let verdict = Verdict { bytes: content.into(), sniffed, ..verdict(&findings) };
        stand.store.settle(read(&job, content, rules, verdict)).unwrap();
        if content == 1 {
            stand.store.item_gone(job.lease.item).unwrap();
        }
    }
    let all = ContentScope::default();
    let card = ContentScope { candidates_of: Some("card".into()), ..all.clone() };
    let rows: [(ContentScope, &[u8]); 7] = [
        (all.clone(), &[1, 2, 3, 4, 5, 6]),
        (ContentScope { rules_not: Some(new), ..all.clone() }, &[1, 2, 3]),
        (ContentScope { rules_not: Some(new), held: true, ..all.clone() }, &[2, 3]),
        (card.clone(), &[2, 4, 6]),
        (ContentScope { sniffed: Some("pdf".into()), ..card.clone() }, &[6]),
        (ContentScope { rules_not: Some(old), ..card }, &[4, 6]),
        (ContentScope { candidates_of: Some("never seen".into()), ..all }, &[]),
    ];
    for (scope, expected) in rows {
        let price = stand.store.price(&scope).unwrap();
        let bytes = expected.iter().map(|content| u64::from(*content)).sum();
        assert_eq!(price, (u64::try_from(expected.len()).unwrap(), bytes), "{scope:?}");
        let (mut walked, mut after) = (Vec::new(), None);
        loop {
            let page = stand.store.contents(&scope, after, 2).unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.reading.number);
            walked.extend(page.iter().map(|row| row.reading.content[0]));
        }
        assert_eq!(walked, expected, "{scope:?}");
    }
}

/// Judges the card detector of a reading anew: keeps those findings that are told, with this confidence.
pub(super) fn rejudge(stand: &Stand, reading: ReadingNumber, keep: &[(usize, u8)], rules: RulesNumber) {
    let held = stand.store.findings(reading, None).unwrap();
    let keep = keep.iter().map(|(at, percent)| Upheld {
        finding: held[*at].number,
        confidence: Confidence::new(*percent).unwrap(),
        tier: if *percent == 85 { "checked".into() } else { "weaker".into() },
        evidence: held[*at].finding.evidence.clone(),
    });
    let count =
        DetectorCount { detector: "card".into(), candidates: 5, total: 1, unique: 1, ..DetectorCount::default() };
    let judged = Rejudged { reading, detector: "card".into(), count: Some(count), keep: keep.collect() };
    stand.store.rejudge(rules, &[judged], &[reading]).unwrap();
}

fn rejudged_keeps_the_past(stand: &mut Stand) {
    let all = [finding("card", 85, 4), finding("card", 85, 40), finding("card", 85, 80), finding("iban", 75, 90)];
    let (_, number, reading) = settled(stand, &all);
    let first = stand.store.findings(reading, None).unwrap();
    let before = stand.clock.steady();
    stand.clock.advance(Duration::from_secs(1));
    let newer = rules(stand, 2);
    rejudge(stand, reading, &[(0, 85), (1, 65)], newer);
    let now = stand.store.findings(reading, None).unwrap();
    let told = |rows: &[crate::store::FindingRow]| {
        let tell = |row: &crate::store::FindingRow| (row.finding.start, row.finding.confidence.percent());
        rows.iter().map(tell).collect::<Vec<_>>()
    };
    assert_eq!(told(&now), [(4, 85), (40, 65), (90, 75)], "the third ended, another detector's stays");
    assert_eq!((now[0].number, now[0].since), (first[0].number, before), "unchanged is the same");
    assert_eq!(now[1].finding.grounds, first[1].finding.grounds, "what it was judged on stays");
    assert_eq!(told(&stand.store.findings(reading, Some(before)).unwrap()), told(&first));
    let kept = stand.store.reading(reading).unwrap().unwrap();
    let card = kept.counts.iter().find(|count| &*count.detector == "card").unwrap();
    assert_eq!((kept.rules, card.total), (newer, 1));
    // A detector that is gone ends all of its own, and its counts.
    let gone = |detector: &str| Rejudged { reading, detector: detector.into(), count: None, keep: Vec::new() };
    stand.store.rejudge(newer, &[gone("card"), gone("iban"), gone("never seen")], &[]).unwrap();
    assert!(stand.store.findings(reading, None).unwrap().is_empty());
    assert!(stand.store.reading(reading).unwrap().unwrap().counts.is_empty());
    assert_eq!(item(stand, number).coverage, Some(Coverage::Partial(Reason::Member)), "it was read all the same");
}

/// A moment so many milliseconds from now, once the clock was moved there.
pub(super) fn later(stand: &Stand, ms: u64) -> Moment {
    stand.clock.advance(Duration::from_millis(ms));
    stand.clock.steady()
}
