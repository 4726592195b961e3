//! Items in the trash: into quarantine without a moment back in a folder that others see.

use super::look::Look;
use super::scene::{Scene, delete, link};
use sluicebox::engine::quarantine::restore::way_back;
use sluicebox::model::action::Loss;
use sluicebox::model::{ItemKind, Provider};
use sluicebox::policy::ask::Ask;

/// In a folder that others are members of.
const SHARED: &str = "erin/Payroll/April.csv";
/// In nobody else's sight.
const OWN: &str = "heidi/O'Neill's list.txt";

fn admin() -> Ask {
    Ask::AdminQuarantine { to: None, by_copy: false }
}

#[test]
fn what_others_would_see_never_comes_back_on_its_way() {
    let scene = Scene::after(&[link(SHARED, "public")]);
    let known = Provider::ALL.map(|provider| (provider, scene.known(provider, SHARED, ItemKind::File)));
    scene.play(&delete(SHARED));
    for (provider, known) in known {
        let before = Look::at(&scene, provider, &known.item.id);
        scene.forget(provider);
        let id = format!("trash{provider}");
        let intent = scene.ask(&id, &known, admin());
        let about = format!("{provider}: {} {} {:#?}", intent.outcome, intent.why, intent.orders);
        let done: Vec<&str> = scene
            .effects(provider)
            .iter()
            .filter(|effect| effect.changed && *effect.on == *known.item.id)
            .map(|effect| effect.what)
            .collect();
        match provider {
            // Box knows no other way than the folder it lay in: it stays in the trash, and why is said.
            Provider::Box => {
                assert!(Look::at(&scene, provider, &known.item.id).is_trashed(), "{about}");
                assert!(done.is_empty(), "{done:?}");
                assert!(intent.why.contains("trash"), "{about}");
            }
            Provider::Dropbox => {
                // Out of the trash by the one call that puts it into quarantine: no move, so that it lay nowhere between.
                assert_eq!(&*intent.outcome, "done", "{about}");
                assert!(done.contains(&"untrashed") && !done.contains(&"moved"), "{done:?}");
                let lies = Look::at(&scene, provider, &known.item.id);
                assert!(lies.is_closed() && !lies.is_trashed() && lies != before, "{lies:?}");
                let stored = scene.core.store.quarantined_as(&id).unwrap().expect("a row");
                assert!(way_back(&stored.is).1.contains(&Loss::Moment));
                scene.restore(&[&id]);
                assert!(Look::at(&scene, provider, &known.item.id).is_trashed(), "back in the trash");
            }
        }
    }
}

#[test]
fn at_box_a_folder_of_its_owner_alone_is_the_way() {
    let scene = Scene::after(&[]);
    let known = scene.known(Provider::Box, OWN, ItemKind::File);
    scene.play(&delete(OWN));
    let intent = scene.ask("own", &known, admin());
    assert_eq!(&*intent.outcome, "done", "{} {:#?}", intent.why, intent.orders);
    assert!(!Look::at(&scene, Provider::Box, &known.item.id).is_trashed());
    assert!(scene.core.store.is_quarantined(known.number).unwrap());
    assert_eq!(scene.hash_at(Provider::Box, &format!("{OWN} - quarantined.txt")), None, "nobody is told of it there");
}
