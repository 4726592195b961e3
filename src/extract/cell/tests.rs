//! What the parent's ear makes of bytes that no cell should send. Tests with children are in `tests/it/cell`.

use super::listen::{Broken, Recorded, hear};
use super::wire::{HEAD_BYTES, Record};
use super::*;
use crate::clock::Clock;
use crate::content::Limits;
use crate::extract::{Edge, PartHead};
use crate::model::Place;
use std::io::Read;

/// Writes down what it is told.
#[derive(Default)]
struct Told(Vec<String>);

impl Output for Told {
    fn open_part(&mut self, head: PartHead) -> Result<(), Stop> {
        self.0.push(format!("open {}", head.name));
        Ok(())
    }

    fn push(&mut self, edge: Edge, place: &Place, text: &str, raw: Option<u64>) -> Result<(), Stop> {
        self.0.push(format!("{edge:?} {place} {text} {raw:?}"));
        Ok(())
    }

    fn close_part(&mut self) -> Result<(), Stop> {
        self.0.push("close".to_owned());
        Ok(())
    }

    fn member(&mut self, name: &str, body: &mut dyn Read) -> Result<(), Stop> {
        let mut bytes = vec![0; 3];
        let read = if name == "unread" { Ok(0) } else { body.read(&mut bytes) };
        self.0.push(format!("{name} {:?}", read.map_err(|error| Failure::from(error).reason())));
        Ok(())
    }

    fn hole(&mut self, place: &str, reason: Reason) {
        self.0.push(format!("hole {place} {reason}"));
    }
}

fn frame(records: &[Record<'_>]) -> Vec<u8> {
    let mut bytes = vec![0; HEAD_BYTES];
    records.iter().for_each(|record| record.write(&mut bytes));
    let len = u32::try_from(bytes.len() - HEAD_BYTES).expect("short");
    bytes[..HEAD_BYTES].copy_from_slice(&len.to_le_bytes());
    bytes
}

fn heard(bytes: &[u8]) -> (Result<Option<Reason>, Broken>, Vec<String>) {
    let budget = Budget::new(Limits::default(), Clock::movable(), Arc::default(), 1);
    let mut told = Told::default();
    let said = hear(Recorded(bytes), &budget, &mut told);
    (said.map(|said| said.err().map(|failure| failure.reason())), told.0)
}

const OPEN: Record<'_> = Record::Open { name: "a", own_text: None, recovered: false };
const END: Record<'_> = Record::End { failed: None, stopped: None };
const MEMBER: Record<'_> = Record::Member { name: "m" };
const BODY: Record<'_> = Record::Body { bytes: b"12345" };
const BODY_END: Record<'_> = Record::BodyEnd { failed: None };

fn push(text: &str) -> Record<'_> {
    Record::Push { edge: Edge::Join, place: None, raw: None, text }
}

#[test]
fn a_document_is_heard_whole_however_its_records_are_framed() {
    let moved = Record::Push { edge: Edge::Soft(' '), place: Some(Place::Row(2)), raw: Some(5), text: "y" };
    let spent = Record::Spent { read_bytes: 5, inflated_bytes: 0 };
    let cut = Record::BodyEnd { failed: Some(Reason::Corrupt) };
    let hole = Record::Hole { place: "p", reason: Reason::ImageOnly };
    let unread = Record::Member { name: "unread" };
    let records = [
        OPEN,
        push("x"),
        moved,
        push("z"),
        Record::Close,
        spent.clone(),
        MEMBER,
        BODY,
        spent,
        BODY,
        BODY_END,
        unread,
        BODY,
        BODY_END,
        MEMBER,
        cut,
        hole,
        END,
    ];
    let expected = [
        "open a",
        "Join  x None",
        "Soft(' ') row 2 y Some(5)",
        "Join row 2 z None",
        "close",
        "m Ok(3)",
        "unread Ok(0)",
        "m Err(Corrupt)",
        "hole p image_only",
    ];
    let one: Vec<u8> = frame(&records);
    let many: Vec<u8> = records.iter().flat_map(|record| frame(std::slice::from_ref(record))).collect();
    for bytes in [one, many] {
        let (said, told) = heard(&bytes);
        assert_eq!(said, Ok(None));
        assert_eq!(told, expected);
    }
}

#[test]
fn what_no_cell_says_ends_it() {
    let stray = frame(&[OPEN, push("kept")]);
    let with = |records: &[Record<'_>]| [stray.clone(), frame(records)].concat();
    let huge = [&u32::MAX.to_le_bytes()[..], &[0; 8]].concat();
    let rows: &[(&str, Vec<u8>, Broken)] = &[
        ("nothing", Vec::new(), Broken::Gone),
        ("half a head", vec![1, 0], Broken::Gone),
        ("half a frame", frame(&[OPEN, push("text")])[..9].to_vec(), Broken::Gone),
        ("an empty frame", vec![0; 4], Broken::Lied),
        ("a frame without a bound", huge, Broken::Lied),
        ("text in no part", frame(&[push("x")]), Broken::Lied),
        ("a part in a part", with(&[OPEN]), Broken::Lied),
        ("an end of no part", frame(&[Record::Close]), Broken::Lied),
        ("a member in a part", with(&[MEMBER, BODY_END, END]), Broken::Lied),
        ("bytes of no member", frame(&[BODY]), Broken::Lied),
        ("an end of no member", frame(&[BODY_END]), Broken::Lied),
        ("text in a member", frame(&[MEMBER, push("x")]), Broken::Lied),
        ("an end in a member", frame(&[MEMBER, BODY, END]), Broken::Lied),
        ("words after the end", frame(&[END, OPEN]), Broken::Lied),
        ("a second greeting", frame(&[Record::Hello { version: 1, layers: 0 }]), Broken::Lied),
        ("no end", frame(&[OPEN, Record::Close]), Broken::Gone),
    ];
    for (what, bytes, expected) in rows {
        assert_eq!(heard(bytes).0, Err(*expected), "{what}");
    }
    let kept = heard(&with(&[OPEN])).1;
    assert_eq!(kept, ["open a", "Join  kept None"], "what came before is kept");
}

#[test]
fn the_parents_own_bounds_hold_whatever_a_cell_says() {
    let limits = Limits { read_bytes: 100, ..Limits::default() };
    let budget = Budget::new(limits, Clock::movable(), Arc::default(), 1);
    let told = frame(&[Record::Spent { read_bytes: u64::MAX, inflated_bytes: 0 }, END]);
    let said = hear(Recorded(&told), &budget, &mut Told::default());
    assert!(matches!(said, Err(Broken::Stopped(Stop::Limit(Limit::BytesRead)))), "{said:?}");
    assert_eq!(budget.stopped(), Some(Stop::Limit(Limit::BytesRead)));
}

#[test]
fn memory_is_shared_out() {
    for (cells, mib) in [(0, 256), (1, 256), (2, 160), (4, 80), (5, 64), (64, 64)] {
        assert_eq!(memory_share(cells), mib << 20, "{cells} cells");
    }
}
