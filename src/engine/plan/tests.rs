//! The pure parts of plans: names are covered and come back, sums are right, words say no address.

use super::veil::Veil;
use crate::clock::Moment;
use crate::model::{ConnectorNumber, Download, Item, ItemKind, ItemNumber};
use crate::store::Known;
use serde_json::json;

fn known(name: &str, path: &str, shown: &str) -> Known {
    let item = Item {
        path: Some(path.into()),
        place: "2".into(),
        download: Download::None,
        ..Item::bare(ItemKind::File, "1", name)
    };
    Known {
        number: ItemNumber(1),
        connector: ConnectorNumber(1),
        item,
        shown: shown.into(),
        parent: None,
        is_top: false,
        first_seen: Moment::from_millis(0),
        changed: Moment::from_millis(0),
        gone: None,
        exposure: None,
        coverage: None,
        reading: None,
        reused: false,
        judged_version: None,
    }
}

#[test]
fn what_may_not_be_shown_of_a_name_is_marked_and_comes_back() {
    let rows = [
        ("pay.txt", "/Team/pay.txt", "/Team/pay.txt", false),
        ("536-22-1234.txt", "/Team/536-22-1234.txt", "/Team/***-**-1234.txt", true),
        ("a.txt", "/Bob 536-22-1234/a.txt", "/Bob ***-**-1234/a.txt", true),
        ("X 536-22-1234", "X 536-22-1234", "X ***-**-1234", true),
    ];
    for (name, path, shown, covers) in rows {
        let known = known(name, path, shown);
        let veil = Veil::of(&known);
        let raw = json!({
            "on": { "path": path, "low": path.to_lowercase() },
            "what": [{ "name": format!("p1 {name}"), "text": format!("It was {name}.") }, 7, null],
        });
        let mut value = raw.clone();
        veil.cover(&mut value);
        assert!(!value.to_string().contains("536-22"), "{name}: {value}");
        assert_eq!(value != raw, covers, "{name}");
        veil.uncover(&mut value);
        assert_eq!(value, raw, "{name}");
    }
}
