//! The line from end to end: what is wanted is done once at the provider, and closed with its receipt and its audit entry.

use super::scene::{Scene, invite, link};
use sluicebox::model::action::{Action, Outcome};
use sluicebox::model::{IntentState, Level, Provider, Todo};
use sluicebox::policy::ask::Ask;

const FILE: &str = "heidi/UPPER.TXT";

#[test]
fn a_wanted_link_is_gone_once_and_the_intent_closed() {
    let scene = Scene::after(&[link(FILE, Some("public"))]);
    for provider in Provider::ALL {
        let known = scene.file(provider, FILE);
        let number = scene.ask(&format!("line{provider}"), &known, Ask::RemoveLinks);
        scene.drain();
        assert_eq!(scene.done(provider, "link_gone", &known.item.id), 1, "{:?}", scene.effects(provider));
        let intent = scene.intent(number);
        assert_eq!((intent.state, &*intent.outcome), (IntentState::Ended, "done"), "{}", intent.why);
        let [ordered] = &*intent.orders else { panic!("one order: {:?}", intent.orders) };
        let receipt = ordered.receipt.as_ref().expect("a receipt");
        assert_eq!((&receipt.outcome, ordered.steps.len()), (&Outcome::Done, 1));
        assert!(ordered.order.begun.is_some(), "what was found is kept");
        assert!(receipt.read_back.as_ref().unwrap().item().unwrap().links.is_empty());
        // Given again from what is kept, nothing is called.
        let written = scene.core.store.entries(0, 1_000).unwrap();
        assert!(
            written
                .iter()
                .any(|row| row.entry.act == "action.remove_links" && row.entry.about == format!("intent {number}"))
        );
    }
    scene.core.store.verify_audit().unwrap();
}

#[test]
fn several_actions_of_one_intent_end_one_after_the_other() {
    let scene = Scene::after(&[link(FILE, Some("public")), invite(FILE, "pat")]);
    for provider in Provider::ALL {
        let known = scene.file(provider, FILE);
        let actions = vec![Action::RemoveLinks, Action::RemoveExternals, Action::MakePrivate];
        let number = scene.want(&format!("more{provider}"), &known, actions);
        scene.drain();
        let intent = scene.intent(number);
        assert_eq!((intent.state, &*intent.outcome), (IntentState::Ended, "done"), "{}", intent.why);
        let outcomes: Vec<&str> =
            intent.orders.iter().map(|ordered| ordered.receipt.as_ref().unwrap().outcome.name()).collect();
        assert_eq!(outcomes, ["done", "done", "already_so"], "{provider}");
        for (what, times) in [("link_gone", 1), ("member_gone", 1)] {
            let all = scene.effects(provider).iter().filter(|effect| effect.what == what && effect.changed).count();
            assert_eq!(all, times, "{provider} {what}");
        }
    }
}

#[test]
fn after_an_action_its_item_is_looked_at_again() {
    let scene = Scene::after(&[link(FILE, Some("public"))]);
    for provider in Provider::ALL {
        let known = scene.file(provider, FILE);
        scene.ask(&format!("look{provider}"), &known, Ask::MakePrivate);
        scene.drain();
    }
    let claim = sluicebox::store::Claim {
        owner: "test",
        connectors: &scene.core.tenants.iter().map(|tenant| tenant.number).collect::<Vec<_>>(),
        max: 1_000,
        not_live_max: 0,
        per_principal_max: 1_000,
        busy: &[],
        lease: std::time::Duration::from_secs(60),
    };
    let jobs = scene.core.store.claim(&claim).unwrap();
    for provider in Provider::ALL {
        let known = scene.file(provider, FILE);
        let job = jobs.iter().find(|job| job.known.number == known.number).expect("a live job");
        assert!(job.todo.has(Todo::LOOK.and(Todo::SHARING).and(Todo::EXPOSURE)), "{:?}", job.todo);
        assert_ne!(known.exposure.map(|told| told.level), Some(Level::Public));
    }
}
