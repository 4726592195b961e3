//! The past: what an item was at each moment, and what is left of it after retention.

use super::*;
use crate::store::Record;

/// What is told of a moment: coverage, and the confidence of each finding that held.
type Told = Option<(Option<Coverage>, Vec<u8>)>;

fn told(stand: &Stand, number: ItemNumber, at: Moment) -> Told {
    let (coverage, reading) = stand.store.as_of(number, at).unwrap()?;
    let rows = reading.map(|reading| stand.store.findings(reading, Some(at)).unwrap()).unwrap_or_default();
    Some((coverage, rows.iter().map(|row| row.finding.confidence.percent()).collect()))
}

/// Files of the connector as coverage counts them.
fn counted(stand: &Stand, at: Moment) -> Vec<(String, Option<Coverage>, u64)> {
    let rows = stand.store.coverage(Some(at)).unwrap();
    rows.into_iter().map(|row| (row.kind.to_string(), row.coverage, row.items)).collect()
}

/// Moments and what was so from then on.
struct Story(Vec<(Moment, Told)>);

impl Story {
    /// From now on it is so; time then goes on.
    fn so(&mut self, stand: &Stand, told: Told) {
        self.0.push((stand.clock.steady(), told));
        later(stand, 10);
    }
}

/// Lives through everything that can happen to a file; gives its number and what was so when.
fn live_through(stand: &Stand) -> (ConnectorNumber, ItemNumber, Story) {
    let mut story = Story(vec![(stand.clock.steady(), None)]);
    later(stand, 10);
    let of = stand.connector("main");
    let (old, new) = (rules(stand, 1), rules(stand, 2));
    let complete = |findings: &[Finding]| Verdict { coverage: Coverage::Complete, ..verdict(findings) };
    stand.list(of, &[file("1", "v1")]);
    let job = claim_one(stand, of);
    let number = job.lease.item;
    story.so(stand, Some((None, vec![])));
    stand.store.settle(read(&job, 1, old, complete(&[finding("card", 85, 4), finding("card", 85, 8)]))).unwrap();
    story.so(stand, Some((Some(Coverage::Complete), vec![85, 85])));
    stand.list(of, &[file("1", "v2")]);
    story.so(stand, Some((None, vec![])));
    let job = claim_one(stand, of);
    let partial = verdict(&[finding("card", 75, 4), finding("iban", 75, 9)]);
    stand.store.settle(read(&job, 2, old, partial)).unwrap();
    let partial = Some(Coverage::Partial(Reason::Member));
    story.so(stand, Some((partial, vec![75, 75])));
    stand.store.item_gone(number).unwrap();
    story.so(stand, None);
    stand.list(of, &[file("1", "v2")]);
    story.so(stand, Some((partial, vec![75, 75])));
    let reading = item(stand, number).reading.unwrap();
    rejudge(stand, reading, &[(0, 65)], new);
    story.so(stand, Some((partial, vec![65, 75])));
    rejudge(stand, reading, &[], new);
    story.so(stand, Some((partial, vec![75])));
    (of, number, story)
}

fn check(stand: &Stand, number: ItemNumber, story: &Story, from: Moment) {
    for (at, (moment, expected)) in story.0.iter().enumerate() {
        let end = story.0.get(at + 1).map_or(moment.plus(Duration::from_secs(9)), |(next, _)| *next);
        for asked in [*moment, moment.plus(Duration::from_millis(4)), end.minus(Duration::from_millis(1))] {
            if asked < from {
                continue;
            }
            assert_eq!(told(stand, number, asked), *expected, "at {} ms", asked.as_millis());
            let files: u64 = counted(stand, asked).iter().map(|(_, _, items)| items).sum();
            assert_eq!(files, u64::from(expected.is_some()), "coverage adds up at {} ms", asked.as_millis());
            if let Some((coverage, _)) = expected {
                assert_eq!(counted(stand, asked)[0].1, *coverage, "at {} ms", asked.as_millis());
            }
        }
    }
}

pub(super) fn every_moment_can_be_asked(stand: &mut Stand) {
    let (_, number, story) = live_through(stand);
    check(stand, number, &story, Moment::from_millis(0));
    stand.crash();
    check(stand, number, &story, Moment::from_millis(0));
    let kinds = |at: usize| counted(stand, story.0[at].0).into_iter().map(|row| row.0).collect::<Vec<_>>();
    assert_eq!((kinds(1), kinds(2), kinds(3)), (vec!["txt".into()], vec!["xlsx".into()], vec!["txt".into()]));
}

pub(super) fn what_ended_is_forgotten(stand: &mut Stand) {
    let (_, number, story) = live_through(stand);
    let middle = story.0[4].0;
    let gone = stand.store.forget(Record::PastVerdicts, middle).unwrap();
    assert!(gone >= 2, "{gone}");
    check(stand, number, &story, middle);
    assert_eq!(told(stand, number, story.0[2].0), None, "what ended before is not known any more");
    assert_eq!(stand.store.reading_by_content(&[1; 32], &EXTRACTION).unwrap(), None, "nor the content nobody has");
    assert!(stand.store.reading_by_content(&[2; 32], &EXTRACTION).unwrap().is_some());
    assert_eq!(stand.store.reading_by_hash(Provider::Box, &ContentHash::Sha1([1; 20]), 100).unwrap(), None);
    let now = later(stand, 10);
    assert_eq!(stand.store.forget(Record::PastFindings, now).unwrap(), 2, "two findings were judged away");
    let reading = item(stand, number).reading.unwrap();
    assert_eq!(stand.store.findings(reading, None).unwrap().len(), 1, "what holds stays");
    // Gone with its content forgotten, and back: it must be read again.
    stand.store.item_gone(number).unwrap();
    let now = later(stand, 10);
    stand.store.forget(Record::PastVerdicts, now).unwrap();
    assert_eq!(stand.store.reading_by_content(&[2; 32], &EXTRACTION).unwrap(), None);
    let of = item(stand, number).connector;
    stand.list(of, &[file("1", "v2")]);
    assert_eq!(item(stand, number).coverage, None);
    assert!(claim_one(stand, of).todo.has(Todo::CONTENT));
    assert!(stand.store.coverage(None).unwrap().iter().map(|row| row.items).sum::<u64>() == 1);
    // And an item that went away for good leaves nothing.
    stand.store.item_gone(number).unwrap();
    let now = later(stand, 10);
    assert_eq!(stand.store.forget(Record::GoneItems, now).unwrap(), 1);
    assert_eq!((stand.store.item(number).unwrap(), stand.store.as_of(number, now).unwrap()), (None, None));
}
