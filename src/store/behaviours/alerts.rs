//! What a store must show of alerts: episodes are grouped as they say, each alert is told of once, and a closed one stays closed.

use super::matches::{files, key, matched, ruling, tick};
use super::{Behaviour, Stand, good};
use crate::model::{AlertNumber, ConnectorNumber, ItemNumber, Level, Severity};
use crate::store::alerts::{Alert, AlertKey, Closed};
use crate::store::{Channel, Entry, Matched, NewMessage, Record, Ruling};
use std::time::Duration;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("episodes are grouped by policy, severity, owner and folder, or rolled up", grouped),
    ("an alert that was closed stays closed, and the next match opens another", closed_stays_closed),
    ("an alert is closed with its audit entry or not at all", closed_with_its_entry),
    ("an alert is told of once, with its messages", told_once),
    ("closed alerts are deleted in time, open ones never", closed_go),
];

fn entry(about: &str) -> Entry {
    Entry {
        actor: "operator uid 1000".into(),
        act: "alert.close".into(),
        about: about.into(),
        details: "{\"reason\":\"dealt with\"}".into(),
    }
}

fn under(policy: &str, alert: AlertKey) -> Matched {
    Matched { alert: Some(alert), ..matched(policy, 1, Some(Level::Public)) }
}

fn rule(stand: &Stand, of: ConnectorNumber, rows: &[(ItemNumber, Vec<Matched>)]) {
    let rulings: Vec<Ruling> = rows.iter().map(|(item, matches)| ruling(of, *item, matches)).collect();
    good(stand.store.rule(&rulings));
}

/// Policy, folder of the group, matches.
fn told(alert: &Alert) -> (String, String, u64) {
    let folder = alert.key.group.as_ref().map_or("rolled up".into(), |group| group.folder.to_string());
    (alert.policy.to_string(), folder, alert.items)
}

fn grouped(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2", "3", "4"]);
    let first = tick(stand);
    let grave = AlertKey { severity: Severity::Critical, ..key(of, Some("10")) };
    rule(
        stand,
        of,
        &[
            (items[0], vec![under("p", key(of, Some("10"))), under("q", key(of, Some("10")))]),
            (items[1], vec![under("p", key(of, Some("10")))]),
            (items[2], vec![under("p", key(of, Some("")))]),
            (
                items[3],
                vec![
                    under("p", key(of, None)),
                    under("q", grave.clone()),
                    Matched { alert: None, ..under("r", grave) },
                ],
            ),
        ],
    );
    let second = tick(stand);
    let (other, more) = {
        stand.clock.advance(Duration::from_secs(1));
        files(stand, &["1", "2", "3", "4", "5"])
    };
    assert_eq!(other, of);
    rule(stand, of, &[(more[4], vec![under("p", key(of, Some("10")))])]);
    stand.crash();
    let alerts = good(stand.store.alerts(false, None, 9));
    let rows: Vec<_> = alerts.iter().rev().map(told).collect();
    let want = [("p", "10", 3), ("q", "10", 1), ("p", "", 1), ("p", "rolled up", 1), ("q", "10", 1)];
    assert_eq!(rows, want.map(|(policy, folder, items)| (policy.to_owned(), folder.to_owned(), items)));
    let [.., last] = alerts.as_slice() else { panic!("there are some") };
    assert_eq!((last.opened, last.told, last.closed.is_none()), (first, None, true));
    assert!(last.last > second && alerts[0].last == first);
    assert_eq!(alerts[0].key.severity, Severity::Critical);
    assert_eq!(last.key, key(of, Some("10")));
    assert_eq!(good(stand.store.alert_items(last.number, None, 9)), [items[0], items[1], more[4]]);
    assert_eq!(good(stand.store.alert_items(last.number, Some(items[0]), 1)), [items[1]]);
    assert_eq!(good(stand.store.alerts(false, Some(alerts[1].number), 2)), alerts[2..4]);
    assert_eq!(good(stand.store.alert(last.number)), Some(last.clone()));
    assert_eq!(good(stand.store.alert(AlertNumber(99))), None);
}

fn closed_stays_closed(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2", "3"]);
    rule(stand, of, &[(items[0], vec![under("p", key(of, None))])]);
    let alert = good(stand.store.alerts(false, None, 9))[0].number;
    let at = tick(stand);
    assert!(good(stand.store.close_alert(alert, "operator uid 1000", "dealt with", &entry("alert 1"))));
    tick(stand);
    assert!(!good(stand.store.close_alert(alert, "another", "again", &entry("alert 1"))));
    assert!(!good(stand.store.close_alert(AlertNumber(99), "another", "again", &entry("alert 99"))));
    let closed = Some(Closed { at, by: "operator uid 1000".into(), reason: "dealt with".into() });
    assert_eq!(good(stand.store.alert(alert)).and_then(|alert| alert.closed), closed);
    assert_eq!(good(stand.store.entries(0, 9)).len(), 1, "what was closed already is not written down");
    assert_eq!(good(stand.store.alerts(false, None, 9)), []);
    rule(stand, of, &[(items[1], vec![under("p", key(of, None))])]);
    let both = good(stand.store.alerts(true, None, 9));
    assert_eq!(
        both.iter().map(|alert| (alert.items, alert.closed.is_some())).collect::<Vec<_>>(),
        [(1, false), (1, true)]
    );
    rule(stand, of, &[(items[0], vec![under("p", key(of, None))]), (items[2], vec![under("p", key(of, None))])]);
    assert_eq!(good(stand.store.alert(alert)).map(|alert| alert.items), Some(1), "nothing is added to it");
    assert_eq!(
        good(stand.store.alerts(false, None, 9))[0].items,
        2,
        "and a match that lasts on is none of the new one's"
    );
}

fn closed_with_its_entry(stand: &mut Stand) {
    let (of, items) = files(stand, &["1"]);
    rule(stand, of, &[(items[0], vec![under("p", key(of, None))])]);
    let alert = good(stand.store.alerts(false, None, 9))[0].number;
    stand.refuse_after(0);
    assert!(stand.store.close_alert(alert, "operator uid 1000", "dealt with", &entry("alert 1")).is_err());
    stand.crash();
    let state = |stand: &Stand| (good(stand.store.alerts(false, None, 9)).len(), good(stand.store.entries(0, 9)).len());
    assert_eq!(state(stand), (1, 0));
    assert!(good(stand.store.close_alert(alert, "operator uid 1000", "dealt with", &entry("alert 1"))));
    stand.crash();
    assert_eq!(state(stand), (0, 1));
}

fn told_once(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2"]);
    rule(stand, of, &[(items[0], vec![under("p", key(of, None)), under("q", key(of, None))])]);
    let untold = good(stand.store.untold_alerts(9));
    assert_eq!(untold.iter().map(|alert| alert.policy.to_string()).collect::<Vec<_>>(), ["p", "q"]);
    assert_eq!(good(stand.store.untold_alerts(1)).len(), 1);
    let message = |id: &str| NewMessage {
        id: id.into(),
        channel: Channel::Webhook("soc".into()),
        body: "{}".into(),
        digest_at: None,
    };
    stand.refuse_after(0);
    assert!(stand.store.tell_alert(untold[0].number, &[message("a")]).is_err());
    stand.crash();
    assert_eq!((good(stand.store.untold_alerts(9)).len(), good(stand.store.messages(0, 9)).len()), (2, 0));
    let at = tick(stand);
    assert!(good(stand.store.tell_alert(untold[0].number, &[message("a"), message("b")])));
    assert!(!good(stand.store.tell_alert(untold[0].number, &[message("c")])), "it was told of");
    assert!(good(stand.store.tell_alert(untold[1].number, &[])), "nobody need be told");
    stand.crash();
    assert_eq!((good(stand.store.untold_alerts(9)), good(stand.store.messages(0, 9)).len()), (Vec::new(), 2));
    assert_eq!(good(stand.store.alert(untold[0].number)).and_then(|alert| alert.told), Some(at));
    rule(stand, of, &[(items[1], vec![under("p", key(of, None))])]);
    assert_eq!(good(stand.store.untold_alerts(9)), [], "more of the same is not told of again");
}

fn closed_go(stand: &mut Stand) {
    let (of, items) = files(stand, &["1", "2", "3"]);
    let all: Vec<_> =
        items.iter().map(|item| (*item, vec![under("p", key(of, None)), under("q", key(of, None))])).collect();
    rule(stand, of, &all);
    let alerts = good(stand.store.alerts(false, None, 9));
    let at = tick(stand);
    good(stand.store.close_alert(alerts[0].number, "somebody", "done", &entry("alert 2")));
    assert_eq!(good(stand.store.forget(Record::ClosedAlerts, at)), 0, "not yet");
    let later = tick(stand);
    assert_eq!(good(stand.store.forget(Record::ClosedAlerts, later)), 4, "it and its three items");
    assert_eq!(good(stand.store.alerts(true, None, 9)), alerts[1..]);
    assert_eq!(good(stand.store.alert_items(alerts[0].number, None, 9)), []);
    assert_eq!(good(stand.store.alert_items(alerts[1].number, None, 9)).len(), 3);
}
