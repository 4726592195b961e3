//! Undo of what people went on with: it gives back what was taken, and takes nothing of what they did since.

use super::scene::{Scene, entry, invite, link, new};
use crate::service::house::{House, Ways, start_with, until_or};
use sluicebox::clock::Clock;
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::emulator::seed::{Fill, SeedFile};
use sluicebox::emulator::{Faults, Pace};
use sluicebox::engine::act::{self, Planned, What};
use sluicebox::engine::core::Core;
use sluicebox::engine::service::Parts;
use sluicebox::engine::undo;
use sluicebox::extract::cell::Cells;
use sluicebox::model::action::Action;
use sluicebox::model::{Cause, IntentNumber, IntentState, ItemKind, Provider};
use sluicebox::store::{Intent, IntentQuery, Known, NewIntent};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

const FILE: &str = "heidi/UPPER.TXT";

fn steps(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn write(path: &str, body: &str) -> Edit {
    Edit::Write { by: "heidi", path: steps(path), body: body.as_bytes().into() }
}

impl Scene {
    /// Wants what takes an intent back, as `undo` does, and acts.
    fn undo(&self, id: &str, known: &Known, undone: IntentNumber) -> Intent {
        let (on, what) = undo::deed(&*self.core.store, undone).unwrap().expect("something to take back");
        let number = self.add(NewIntent { on, undoes: Some(undone), ..new(id, known, Cause::Undo, &what) });
        self.drain();
        self.intent(number)
    }

    fn play(&self, edit: &Edit) {
        self.house.tenants.play(edit).unwrap();
        self.house.site.clock.advance(std::time::Duration::from_secs(15));
        self.house.running.settle();
    }

    fn stands(&self, provider: Provider, id: &str) -> Stands {
        match provider {
            Provider::Box => {
                let seen = self.house.tenants.boxcom.seen(id).expect("a file");
                let (links, members) = (usize::from(seen.link.is_some()), seen.members.len());
                Stands { links, members, content: seen.sha1, trashed: seen.trashed }
            }
            Provider::Dropbox => {
                let seen = self.house.tenants.dropbox.seen(id).expect("a file");
                let members = seen.members.iter().filter(|one| one.role != "owner" && !one.inherited).count();
                Stands { links: seen.links.len(), members, content: seen.hash, trashed: seen.trashed }
            }
        }
    }
}

/// How a file stands: its links, members of its own, the hash of its content, and whether it is in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stands {
    links: usize,
    members: usize,
    content: String,
    trashed: bool,
}

/// What is done, what a person does after it, and how the undo ends.
struct Row {
    what: &'static str,
    action: fn() -> Action,
    since: Vec<Edit>,
    /// How the undo ends at Box and at Dropbox.
    outcomes: [&'static str; 2],
    /// Links and members in the end.
    links: usize,
    members: usize,
    /// Whether the content is the person's and not that of before.
    is_theirs: bool,
    /// Whether it lies in the trash then, at each; how it is shared does not count there.
    trashed: [bool; 2],
}

fn rows() -> Vec<Row> {
    let row = |what, action, since, outcome| Row {
        what,
        action,
        since,
        outcomes: [outcome; 2],
        links: 1,
        members: 1,
        is_theirs: false,
        trashed: [false; 2],
    };
    let gone = || Edit::Delete { by: "heidi", path: steps(FILE) };
    vec![
        row("nothing since", || Action::MakePrivate, vec![], "done"),
        row("its owner made the link again", || Action::RemoveLinks, vec![link(FILE, Some("public"))], "already_so"),
        row("its owner invited the same one again", || Action::MakePrivate, vec![invite(FILE, "pat")], "done"),
        Row {
            members: 2,
            ..row("its owner invited another one", || Action::MakePrivate, vec![invite(FILE, "carl")], "done")
        },
        Row {
            is_theirs: true,
            ..row("its owner wrote more", || Action::RemoveLinks, vec![write(FILE, "second")], "done")
        },
        row("nothing since the overwriting", || Action::Overwrite { text: "removed".into() }, vec![], "done"),
        // What was written since is newer than what would be brought back.
        Row {
            is_theirs: true,
            ..row(
                "its owner wrote over the tombstone",
                || Action::Overwrite { text: "removed".into() },
                vec![write(FILE, "second")],
                "drifted",
            )
        },
        row("nothing since the trash", || Action::Trash, vec![], "done"),
        // Box gives back what has its name taken under another name, Dropbox not at all.
        Row {
            outcomes: ["done", "blocked"],
            trashed: [false, true],
            ..row("its name is another's", || Action::Trash, vec![write(FILE, "another one")], "")
        },
        Row { trashed: [true; 2], ..row("its owner threw it away", || Action::MakePrivate, vec![gone()], "blocked") },
    ]
}

#[test]
fn an_undo_gives_back_what_was_taken_and_takes_nothing() {
    for Row { what, action, since, outcomes, links, members, is_theirs, trashed } in rows() {
        let scene = Scene::after(&[write(FILE, "first"), link(FILE, Some("public")), invite(FILE, "pat")]);
        let mut done = Vec::new();
        for provider in Provider::ALL {
            let known = scene.file(provider, FILE);
            let before = scene.stands(provider, &known.item.id);
            assert_eq!((before.links, before.members, before.trashed), (1, 1, false), "{before:?}");
            let number = scene.want(&format!("do{provider}"), &known, vec![action()]);
            scene.drain();
            assert_eq!(&*scene.intent(number).outcome, "done", "{what} {provider}: {}", scene.intent(number).why);
            done.push((provider, known, number, before));
        }
        since.iter().for_each(|edit| scene.play(edit));
        for (provider, known, number, before) in done {
            let theirs = scene.stands(provider, &known.item.id);
            // Somebody else's file has its name.
            let at_its_path = theirs.trashed;
            let undone = scene.undo(&format!("undo{provider}"), &known, number);
            let after = scene.stands(provider, &known.item.id);
            let about = format!("{what} {provider}: {} {theirs:?} {after:?} {:#?}", undone.why, undone.orders);
            let at = usize::from(provider == Provider::Dropbox);
            assert_eq!(&*undone.outcome, outcomes[at], "{about}");
            let content = if is_theirs { theirs.content } else { before.content };
            assert_eq!((&after.content, after.trashed), (&content, trashed[at]), "{about}");
            assert!(after.trashed || (after.links, after.members) == (links, members), "{about}");
            if let (Some(Edit::Write { .. }), true) = (since.last(), at_its_path) {
                assert_ne!(scene.id(provider, FILE), *known.item.id, "{about}: whose name it is keeps it");
            }
        }
        scene.core.store.verify_audit().unwrap();
    }
}

/// Files in each tenant of the large undo.
const MANY: usize = 1_000;
/// After so many links a service ends, in the midst of the undo.
const ENDS_AFTER: [usize; 2] = [300, 1_100];

fn file_of_many(number: usize) -> Vec<String> {
    vec!["frank".to_owned(), "Many".to_owned(), format!("note {number}.txt")]
}

/// How often this was done to each item of both tenants.
fn times(house: &House, what: &str) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    let all = house.tenants.boxcom.effects().into_iter().chain(house.tenants.dropbox.effects());
    for effect in all.filter(|effect| effect.changed && effect.what == what) {
        *times.entry(effect.on.to_string()).or_default() += 1;
    }
    times
}

fn open(core: &Core) -> usize {
    let states = IntentState::ALL.into_iter().filter(|state| state.is_open()).collect();
    core.store.intents(&IntentQuery { states, ..IntentQuery::default() }, None, 10_000).unwrap().len()
}

/// Acts until this is so, then ends.
fn act_until(core: &Arc<Core>, what: &str, is_so: impl FnMut() -> bool) {
    let options = act::Options { threads: 8, ..act::Options::default() };
    let running = start_with(core, Parts { tasks: act::tasks(options), ..Parts::new(Cells::in_process()) });
    until_or(what, &running, is_so, || format!("{} are open", open(core)));
    running.stop().unwrap();
    core.stop.store(false, Ordering::Relaxed);
}

/// Every link of two thousand files goes and comes back, while answers get lost and the service ends twice.
#[test]
fn two_thousand_are_undone_at_once_each_once_whenever_the_service_ends() {
    let mut fill = Fill::small();
    fill.files.retain(|file| file.body.len() < 1 << 12);
    fill.files.extend((0..MANY).map(|at| SeedFile { path: file_of_many(at), body: [b'x'].into() }));
    let house = House::with(Clock::movable(), 1, fill, Faults::default(), Pace::default());
    for at in 0..MANY {
        let link = Edit::Link { by: "frank", path: file_of_many(at), audience: Some("public") };
        house.tenants.play(&link).unwrap();
    }
    let core = house.site.core(Ways::default());
    house.site.list_all(&core);
    let mut wanted = Vec::new();
    let mut ids = Vec::new();
    for tenant in &core.tenants {
        for at in 0..MANY {
            let path = file_of_many(at);
            let id = match tenant.provider {
                Provider::Box => house.tenants.boxcom.id_at(&path.iter().map(String::as_str).collect::<Vec<_>>()),
                Provider::Dropbox => house.tenants.dropbox.id_at(&path.join("/")),
            };
            let id = id.expect("a file");
            let known = core.store.find(tenant.number, ItemKind::File, &id).unwrap().expect("a listed file");
            let planned = Planned { on: None, action: Action::RemoveLinks, version: None, expects: None };
            let what = What::Do { actions: vec![planned] };
            wanted.push((new(&format!("{}{at}", tenant.provider), &known, Cause::Plan, &what), known));
            ids.push(id);
        }
    }
    let once: BTreeMap<String, usize> = ids.into_iter().map(|id| (id, 1)).collect();
    assert_eq!(once.len(), 2 * MANY);
    house.running.set_faults(Faults { lost: 0.03, delayed: 0.03, ..Faults::default() });
    let all: Vec<NewIntent> = wanted.iter().map(|(new, _)| new.clone()).collect();
    let numbers = core.store.add_intents(&all, &entry("test.want")).unwrap();
    act_until(&core, "all links are gone", || open(&core) == 0);
    assert_eq!(times(&house, "link_gone"), once);

    let undoes = wanted.iter().zip(&numbers).map(|((did, known), number)| {
        let (on, what) = undo::deed(&*core.store, *number).unwrap().expect("something to take back");
        NewIntent { on, undoes: Some(*number), ..new(&format!("u{}", did.id), known, Cause::Undo, &what) }
    });
    let undoes: Vec<NewIntent> = undoes.collect();
    let undoes = core.store.add_intents(&undoes, &entry("test.undo")).unwrap();
    drop(core);
    for ends_after in ENDS_AFTER {
        let core = house.site.core(Ways::default());
        house.site.list_all(&core);
        act_until(&core, "a part is undone", || times(&house, "link_made").len() >= ends_after);
        assert!(open(&core) > 0, "it ended too late");
    }
    let core = house.site.core(Ways::default());
    house.site.list_all(&core);
    act_until(&core, "all are undone", || open(&core) == 0);
    house.running.settle();
    assert_eq!(times(&house, "link_made"), once, "0 lost, 0 doubled");
    let done = |number: &IntentNumber| {
        let intent = core.store.intent(*number).unwrap().expect("an intent");
        (intent.state, &*intent.outcome) == (IntentState::Ended, "done")
    };
    assert_eq!(undoes.iter().filter(|number| done(number)).count(), 2 * MANY);
    core.store.verify_audit().unwrap();
}
