//! Behaviours of connectors, positions and facts.

use super::{Behaviour, Stand, good, person};
use crate::model::{ConnectorNumber, FeedCursor, Principal, Provider};
use crate::store::connectors::ConnectorState;
use crate::store::error::Kind;

pub(super) const BEHAVIOURS: &[Behaviour] = &[
    ("a connector keeps its number, and a removed one's is never given again", numbers),
    ("another tenant under the same name is refused", other_tenants),
    ("positions and facts outlive a crash", positions),
];

fn numbers(stand: &mut Stand) {
    let of = stand.connector("main");
    assert_eq!(stand.connector("main"), of);
    stand.crash();
    assert_eq!(stand.connector("main"), of);
    let name = "main".parse().expect("a connector's name");
    let refused = stand.store.connector(&name, Provider::Dropbox).expect_err("it is one of Box");
    assert!(matches!(refused.kind(), Kind::Refused(_)), "{refused}");
    good(stand.store.set_connector_state(of, ConnectorState::Removed));
    assert!(good(stand.store.connectors()).is_empty());
    let anew = stand.connector("main");
    assert_ne!(anew, of);
    let all = good(stand.store.connectors());
    assert_eq!((all.len(), all[0].number, all[0].state), (1, anew, ConnectorState::Enabled));
    let unknown = ConnectorNumber(anew.0 + 7);
    let refused = stand.store.set_connector_state(unknown, ConnectorState::Enabled).expect_err("nobody knows it");
    assert!(matches!(refused.kind(), Kind::Refused(_)), "{refused}");
}

fn other_tenants(stand: &mut Stand) {
    let of = stand.connector("main");
    good(stand.store.keep_granted(of, "{}", "enterprise 1"));
    good(stand.store.keep_granted(of, "{\"read\":true}", "enterprise 1"));
    let refused = stand.store.keep_granted(of, "{}", "enterprise 2").expect_err("ids of two tenants must not mix");
    assert!(matches!(refused.kind(), Kind::Refused(_)), "{refused}");
    let kept = good(stand.store.connectors()).remove(0);
    assert_eq!((kept.tenant.as_deref(), kept.granted.as_deref()), (Some("enterprise 1"), Some("{\"read\":true}")));
}

fn positions(stand: &mut Stand) {
    let (of, other) = (stand.connector("main"), stand.connector("other"));
    let cursor = |feed: &str, read_as: Principal, position: &str| FeedCursor {
        feed: feed.into(),
        read_as,
        position: position.into(),
    };
    good(stand.store.keep_cursors(of, &[cursor("events", Principal::Tenant, "1"), cursor("ns:4", person("7"), "a")]));
    good(stand.store.keep_cursors(of, &[cursor("events", Principal::Tenant, "2")]));
    let fact = |of, name: &str| good(stand.store.fact(of, name));
    assert_eq!(fact(None, "backlog.paused"), None);
    good(stand.store.keep_fact(None, "backlog.paused", Some("1")));
    good(stand.store.keep_fact(Some(of), "backlog.paused", Some("2")));
    good(stand.store.keep_fact(Some(of), "gone", Some("3")));
    good(stand.store.keep_fact(Some(of), "gone", None));
    assert!(stand.store.keep_fact(None, "long", Some(&"x".repeat(70_000))).is_err());
    stand.crash();
    let all = vec![cursor("events", Principal::Tenant, "2"), cursor("ns:4", person("7"), "a")];
    assert_eq!(good(stand.store.cursors(of)), all);
    assert!(good(stand.store.cursors(other)).is_empty());
    let fact = |of, name: &str| good(stand.store.fact(of, name));
    assert_eq!(fact(None, "backlog.paused").as_deref(), Some("1"));
    assert_eq!((fact(Some(of), "backlog.paused").as_deref(), fact(Some(of), "gone")), (Some("2"), None));
}
