//! Behaviours of the queue.

use super::{Behaviour, Stand, claim, file, good, person};
use crate::model::{ConnectorNumber, ItemKind, ItemNumber, Lane, Lease, Reason, Todo};
use crate::store::connectors::ConnectorState;
use crate::store::queue::{Ask, Failure, Fate, GivenBack};
use crate::store::{Depth, Settled, Settlement};
use std::time::Duration;

pub(super) const BEHAVIOURS: &[Behaviour] = &[("a listed file is leased once and done once", leased_once)];

/// An ask for content.
fn ask(item: ItemNumber, lane: Lane) -> Ask {
    Ask { item, lane, todo: Todo::CONTENT, priority: 0, offered: None, happened: None }
}

fn leased_once(stand: &mut Stand) {
    let of = stand.connector("main");
    assert_eq!(stand.list(of, &[file("1", "a"), file("2", "a")]).new, 2);
    let jobs = stand.claim(of, 10);
    assert_eq!(jobs.len(), 2, "{jobs:?}");
    assert!(jobs.iter().all(|job| job.todo.has(Todo::CONTENT) && job.lane == Lane::Backlog));
    assert!(stand.claim(of, 10).is_empty());
    for job in jobs {
        assert_eq!(good(stand.store.settle(Settlement::of(job.lease))), Settled::Done);
        assert_eq!(good(stand.store.settle(Settlement::of(job.lease))), Settled::Lost);
    }
    assert!(stand.claim(of, 10).is_empty());
}
