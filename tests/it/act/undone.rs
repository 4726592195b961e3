//! Undo of what people went on with: it gives back what was taken, and takes nothing of what they did since.

use super::scene::{Scene, invite, link, new};
use sluicebox::emulator::edit::{Edit, Play};
use sluicebox::engine::undo;
use sluicebox::model::action::Action;
use sluicebox::model::{Cause, IntentNumber, Provider};
use sluicebox::store::{Intent, Known, NewIntent};

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
