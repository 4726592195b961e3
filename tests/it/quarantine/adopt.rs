//! The database is gone: the sealed receipts give back what it knew.

use super::look::Look;
use super::scene::{Scene, new, steps};
use crate::service::house;
use sluicebox::detect::TokenKey;
use sluicebox::emulator::edit::Edit;
use sluicebox::engine::act::What;
use sluicebox::engine::control::Answer;
use sluicebox::engine::control::govern::Deed;
use sluicebox::engine::quarantine::adopt::{self, Adopted};
use sluicebox::engine::quarantine::sealed::{ENDING, ReceiptKey, Sealed};
use sluicebox::model::{ItemKind, Provider};
use sluicebox::policy::Still;
use sluicebox::policy::ask::Ask;
use std::collections::BTreeMap;

/// Files of each provider; every second goes into its owner's quarantine.
const FILES: usize = 50;

fn path(number: usize) -> String {
    format!("erin/Batch/Cards {number}.txt")
}

fn found(scene: &Scene, provider: Provider, key: &TokenKey) -> adopt::Found {
    let tenant = scene.tenant(provider);
    let governor = tenant.governor.as_ref().unwrap();
    adopt::find(&**governor, tenant.name.as_str(), &tenant.directory(), &ReceiptKey::of(key)).unwrap()
}

fn put(scene: &Scene, name: &str, text: &str) {
    let mut path = steps("erin/sluicebox quarantine");
    path.push(format!("{name}{ENDING}"));
    scene.play(&Edit::Write { by: "erin", path, body: text.as_bytes().into() });
}

#[test]
fn a_hundred_of_a_hundred_come_back_without_the_database() {
    let deeds: Vec<Edit> = (0..FILES)
        .map(|number| {
            let body = format!("Card 4012 8888 8888 1881, number {number}");
            Edit::Write { by: "erin", path: steps(&path(number)), body: body.as_bytes().into() }
        })
        .collect();
    let scene = Scene::after(&deeds);
    let mut before = BTreeMap::new();
    let mut wanted = Vec::new();
    for provider in Provider::ALL {
        for number in 0..FILES {
            let known = scene.known(provider, &path(number), ItemKind::File);
            before.insert((provider.to_string(), number), Look::at(&scene, provider, &known.item.id));
            let owners = number % 2 == 0;
            let ask = if owners { Ask::UserQuarantine } else { Ask::AdminQuarantine { to: None, by_copy: false } };
            let name = ask.name();
            let id = format!("{}{number}", if provider == Provider::Box { "b" } else { "d" });
            wanted.push(new(&id, &known, name, &What::Ask { ask, still: Still::Matched }));
        }
    }
    scene.add(&wanted);
    scene.drain();
    let lying = scene.core.store.quarantined(false, None, 1_000).unwrap();
    assert_eq!(lying.len(), 2 * FILES);
    let one: Sealed = {
        let adopted = found(&scene, Provider::Box, &house::key()).adopted;
        adopted.into_iter().next().unwrap().sealed
    };

    let scene = scene.with_a_new_store();
    assert!(scene.core.store.quarantined(true, None, 1_000).unwrap().is_empty());
    // What cannot be opened is told, and hinders nothing.
    put(&scene, "damaged", "sluicebox receipt 1 00000000\nno\nsense");
    let other = ReceiptKey::of(&TokenKey::new([9; 32], 1)).seal(&one).unwrap();
    put(&scene, "other key", &other);
    let mut gone = one.clone();
    if let sluicebox::model::action::Target::Item(item) = &mut gone.order.on {
        item.id = "id:nothingnothingnothin".into();
    }
    gone.id = "gone".into();
    put(&scene, "gone", &ReceiptKey::of(&house::key()).seal(&gone).unwrap());

    let mut receipts: Vec<Adopted> = Vec::new();
    for provider in Provider::ALL {
        let found = found(&scene, provider, &house::key());
        assert_eq!((found.adopted.len(), found.told.len()), (FILES, 3), "{provider}: {:?}", found.told);
        receipts.extend(found.adopted);
    }
    let receipts: Vec<String> = receipts.iter().map(|one| serde_json::to_string(one).unwrap()).collect();
    let taken = scene.deed(Deed::QuarantineAdopt { receipts: receipts.clone() }).unwrap();
    assert_eq!(taken, Answer::Counted { count: 2 * FILES as u64 });
    let again = scene.deed(Deed::QuarantineAdopt { receipts }).unwrap();
    assert_eq!(again, Answer::Counted { count: 0 });

    let lying = scene.core.store.quarantined(false, None, 1_000).unwrap();
    let ids: Vec<&str> = lying.iter().map(|one| &*one.is.id).collect();
    let ends = scene.restore(&ids);
    assert_eq!(ends.len(), 2 * FILES);
    for ((provider, number), before) in &before {
        let provider = Provider::ALL.into_iter().find(|one| one.to_string() == *provider).unwrap();
        let id = scene.id_at(provider, &path(*number)).unwrap_or_else(|| panic!("{provider} {number} is not back"));
        assert_eq!(Look::at(&scene, provider, &id), *before);
    }
    assert!(scene.core.store.quarantined(false, None, 1_000).unwrap().is_empty());
}
