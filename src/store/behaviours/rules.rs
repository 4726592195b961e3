//! What a store must show of rule sets: equal sets have one number, and which is in force outlives the program.

use super::{Behaviour, Stand};
use crate::store::error::Kind;
use crate::store::{DetectorKept, RulesNumber};
use std::time::Duration;

/// The list.
pub(super) const BEHAVIOURS: &[Behaviour] =
    &[("equal rule sets have one number", one_number), ("the rule set in force is kept", in_force_is_kept)];

fn detector(id: &str, hash: u8) -> DetectorKept {
    DetectorKept { id: id.into(), hash: [hash; 32], profile: format!("{{\"of\":\"{id} {hash}\"}}").into() }
}

fn one_number(stand: &mut Stand) {
    let sets = [
        vec![detector("card", 1), detector("iban", 1)],
        vec![detector("iban", 1), detector("card", 1)],
        vec![detector("card", 2), detector("iban", 1)],
        vec![detector("card", 1)],
        vec![],
    ];
    let number = |set: &[DetectorKept]| stand.store.rules_number(set).unwrap();
    let numbers: Vec<RulesNumber> = sets.iter().map(|set| number(set)).collect();
    assert_eq!(numbers[0], numbers[1], "order does not count");
    for (at, one) in numbers.iter().enumerate().skip(1) {
        assert_eq!(numbers[at + 1..].iter().find(|other| *other == one), None, "{at}");
    }
    for (set, number) in sets.iter().zip(&numbers) {
        let mut sorted = set.clone();
        sorted.sort_by(|a, b| a.id.cmp(&b.id));
        assert_eq!(stand.store.detectors(*number).unwrap(), sorted);
    }
    assert!(matches!(stand.store.detectors(RulesNumber(99)).unwrap_err().kind(), Kind::Refused(_)));
    stand.crash();
    assert_eq!(stand.store.rules_number(&sets[2]).unwrap(), numbers[2]);
}

fn in_force_is_kept(stand: &mut Stand) {
    assert_eq!(stand.store.rules_in_force().unwrap(), None);
    let [one, other] = [1, 2].map(|hash| stand.store.rules_number(&[detector("card", hash)]).unwrap());
    let put = |stand: &Stand, rules| {
        stand.clock.advance(Duration::from_secs(1));
        stand.store.put_in_force(rules).unwrap();
        stand.clock.steady()
    };
    let first = put(stand, one);
    put(stand, one);
    assert_eq!(stand.store.rules_in_force().unwrap(), Some((one, first)), "since when it holds");
    let second = put(stand, other);
    assert_eq!(stand.store.rules_in_force().unwrap(), Some((other, second)));
    let third = put(stand, one);
    assert!(stand.store.put_in_force(RulesNumber(99)).is_err());
    stand.crash();
    assert_eq!(stand.store.rules_in_force().unwrap(), Some((one, third)), "an earlier set may come back");
}
