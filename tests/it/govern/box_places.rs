//! What moves, keeps, marks and tells at Box, against the emulator's tenant without faults: what is called, what is so
//! afterwards, what is refused and why, and that an undo brings back what was.

use super::world::World;
use sluicebox::clock::Moment;
use sluicebox::emulator::boxcom::{self as emulated, Seen};
use sluicebox::model::action::{
    Action, Block, Clash, Folder, Note, Order, Outcome, Quarantine, Receipt, Target, TargetItem, Undo, Whose,
};
use sluicebox::model::{ItemKind, Principal, Provider};
use sluicebox::provider::govern::NoJournal;
use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

struct Stage {
    world: World,
    orders: Cell<u32>,
}

impl Stage {
    fn new() -> Self {
        Self { world: World::new(Provider::Box, 1), orders: Cell::new(0) }
    }

    fn tenant(&self) -> &emulated::Tenant {
        self.world.boxcom()
    }

    /// The item at a path that begins with its owner's key.
    fn target(&self, path: &str) -> TargetItem {
        let steps: Vec<&str> = path.split('/').collect();
        let id = self.tenant().id_at(&steps).unwrap_or_else(|| panic!("no {path}"));
        let kind = if self.tenant().seen(&id).unwrap().kind == "folder" { ItemKind::Folder } else { ItemKind::File };
        let owner: Arc<str> = self.tenant().user_id(steps[0]).unwrap().into();
        TargetItem { id: id.into(), kind, place: Arc::clone(&owner), read_as: Principal::Person(owner), path: None }
    }

    fn folder(&self, path: &str) -> Folder {
        let target = self.target(path);
        Folder { id: Some(target.id), place: target.place, path: None, act_as: target.read_as }
    }

    fn perform(&self, on: &TargetItem, action: Action) -> (Order, Receipt) {
        self.orders.set(self.orders.get() + 1);
        let order = Order {
            id: format!("order-{}", self.orders.get()).into(),
            on: Target::Item(on.clone()),
            action,
            version: None,
            expects: None,
            begun: None,
            password: None,
        };
        let receipt = self.world.governor.perform(&order, &self.world.people, &mut NoJournal).unwrap();
        (order, receipt)
    }

    /// Done, by these steps; and once only.
    fn done(&self, on: &TargetItem, action: Action, steps: &[&str]) -> (Order, Receipt) {
        let (order, receipt) = self.perform(on, action);
        let called: Vec<_> = receipt.did.iter().map(|did| did.step.name()).collect();
        assert_eq!((&receipt.outcome, &*called), (&Outcome::Done, steps), "{receipt:#?}");
        let again = self.world.governor.perform(&order, &self.world.people, &mut NoJournal).unwrap();
        assert_eq!((again.outcome, again.did), (Outcome::AlreadySo, Vec::new()), "{}", order.action.name());
        (order, receipt)
    }

    /// All that an undo of it asks for.
    fn undo(&self, on: &TargetItem, (order, receipt): &(Order, Receipt)) {
        for action in Undo::of(order, receipt.found.as_ref().unwrap()).actions {
            let (_, receipt) = self.perform(on, action);
            assert!(matches!(receipt.outcome, Outcome::Done | Outcome::AlreadySo), "{receipt:#?}");
        }
    }

    fn refused(&self, on: &TargetItem, action: Action) -> Block {
        let (_, receipt) = self.perform(on, action);
        assert!(receipt.did.iter().all(|did| did.ended != sluicebox::model::action::Ended::Answered), "{receipt:#?}");
        match receipt.outcome {
            Outcome::Blocked(block) => block,
            outcome => panic!("{outcome:?} {:#?}", receipt.did),
        }
    }

    fn seen(&self, on: &TargetItem) -> Seen {
        self.tenant().seen(&on.id).unwrap()
    }

    fn check(&self) {
        self.world.stage.assert_behaved();
    }
}

fn note(text: &str) -> Note {
    Note { name: "Moved.txt".into(), text: text.into() }
}

fn to(folder: &Folder, name: Option<&str>, clash: Clash) -> Action {
    Action::Move { to: folder.clone(), name: name.map(Arc::from), clash }
}

#[test]
fn things_go_to_the_trash_and_come_back() {
    let stage = Stage::new();
    for path in ["erin/Travel/Itinerary.txt", "erin/Payroll", "heidi/Press/Old"] {
        let on = stage.target(path);
        let before = stage.seen(&on);
        let trashed = stage.done(&on, Action::Trash, &["trash"]);
        assert!(stage.seen(&on).trashed && !stage.seen(&on).purged, "{path}");
        stage.undo(&on, &trashed);
        let after = stage.seen(&on);
        assert_eq!((after.trashed, after.path, after.versions), (false, before.path, before.versions), "{path}");
    }
    // Its folder is gone meanwhile: it comes back in its owner's root, under a free name.
    let (file, folder) = (stage.target("heidi/Press/Old/Release 2025.txt"), stage.target("heidi/Press/Old"));
    stage.done(&file, Action::Trash, &["trash"]);
    stage.done(&folder, Action::Trash, &["trash"]);
    let (_, receipt) = stage.perform(&file, Action::Untrash);
    assert_eq!(receipt.outcome, Outcome::Partly, "{receipt:#?}");
    assert!(matches!(&*receipt.left, [sluicebox::model::action::Left::Elsewhere { .. }]), "{:?}", receipt.left);
    assert_eq!(stage.seen(&file).parent, "0");
    stage.check();
}

#[test]
fn things_are_moved_and_moved_back() {
    let stage = Stage::new();
    for (path, folder, name, steps) in [
        ("erin/Travel/Itinerary.txt", "erin/Payroll", None, &["move"][..]),
        ("erin/Travel/Itinerary.txt", "erin/Payroll", Some("Plan.txt"), &["move"]),
        ("erin/Payroll/Archive", "erin/Travel", Some("Old payroll"), &["move"]),
        ("erin/Travel/Itinerary.txt", "heidi/Press", Some("Plan.txt"), &["lend", "move", "take_back"]),
        ("erin/Travel", "heidi/Press", Some("Erin's travel"), &["lend", "move", "take_back"]),
    ] {
        let (on, folder) = (stage.target(path), stage.folder(folder));
        let (before, members) = (stage.seen(&on), stage.tenant().seen(folder.id.as_ref().unwrap()).unwrap().members);
        let moved = stage.done(&on, to(&folder, name, Clash::Refuse), steps);
        let after = stage.seen(&on);
        let owner = stage.tenant().seen(folder.id.as_ref().unwrap()).unwrap();
        assert_eq!((Some(&*after.parent), &after.owner), (folder.id.as_deref(), &owner.owner), "{path}");
        assert_eq!((&*after.name, after.versions), (name.unwrap_or(&before.name), before.versions), "{path}");
        assert_eq!(owner.members, members, "{path}: nobody is let in any more");
        if before.parent != "0" {
            // Where it lies now, its new owner sees it.
            let there = TargetItem { place: folder.place.clone(), read_as: folder.act_as.clone(), ..on.clone() };
            stage.undo(&there, &moved);
            let back = stage.seen(&on);
            assert_eq!((back.path, back.owner), (before.path, before.owner), "{path}");
        }
    }
    let (on, folder) = (stage.target("erin/Payroll/March.csv"), stage.folder("erin/Payroll"));
    let clash = |clash| to(&stage.folder("erin/Composed"), Some("R\u{e9}sum\u{e9}.txt"), clash);
    assert_eq!(stage.refused(&on, clash(Clash::Refuse)), Block::NameTaken);
    assert_eq!(stage.seen(&on).parent, &**folder.id.as_ref().unwrap());
    let (_, receipt) = stage.perform(&on, clash(Clash::Number));
    assert_eq!((receipt.outcome, &*stage.seen(&on).name), (Outcome::Done, "R\u{e9}sum\u{e9} (2).txt"));
    stage.check();
}

#[test]
fn a_quarantine_takes_in_and_gives_back() {
    let stage = Stage::new();
    for (whose, path) in [
        (Whose::Company, "erin/Travel/Cards.txt"),
        (Whose::Company, "heidi/Press/Old"),
        (Whose::Owner, "erin/Travel/Cards.txt"),
    ] {
        let on = stage.target(path);
        let before = stage.seen(&on);
        let folder = stage.world.governor.quarantine(whose, on.read_as.id(), None).unwrap();
        assert_eq!(stage.world.governor.quarantine(whose, on.read_as.id(), None).unwrap(), folder, "made once");
        let closed = stage.tenant().seen(folder.id.as_ref().unwrap()).unwrap();
        assert!(closed.company_only && closed.owners_invite && closed.members.is_empty(), "{closed:#?}");
        let left = Note { name: "Gone.txt".into(), text: "Ask the security team.".into() };
        let quarantine = Quarantine { whose, to: folder.clone(), name: "case 7".into(), note: Some(left) };
        let (order, receipt) = stage.perform(&on, Action::Quarantine(quarantine));
        assert_eq!(receipt.outcome, Outcome::Done, "{receipt:#?}");
        let inside = stage.seen(&on);
        assert_eq!((&*inside.name, Some(&*inside.parent)), ("case 7", folder.id.as_deref()), "{path}");
        assert!(inside.link.is_none() && inside.members.is_empty(), "{path}");
        assert_eq!(stage.tenant().seen(folder.id.as_ref().unwrap()).unwrap().members, [], "{path}: nobody stays in");
        let place = stage.tenant().seen(&before.parent).unwrap();
        let named = |id: &String| stage.tenant().seen(id).unwrap().name == "Gone.txt";
        assert_eq!(place.children.iter().filter(|id| named(id)).count(), 1, "{path}: one note");
        stage.undo(&on, &(order, receipt));
        let back = stage.seen(&on);
        assert_eq!((back.path, back.owner, back.versions), (before.path, before.owner, before.versions), "{path}");
        let place = stage.tenant().seen(&before.parent).unwrap();
        assert_eq!(place.children.iter().filter(|id| named(id)).count(), 0, "{path}: the note is gone");
    }
    stage.check();
}

#[test]
fn notes_are_left_once_and_taken_away() {
    let stage = Stage::new();
    let on = stage.target("heidi/Press");
    let large: String = "x".repeat(50_000_001);
    for text in ["Ask the security team.\r\n", "", "\u{1f512} --boundary", &large] {
        let put = stage.done(&on, Action::PutNote(note(text)), &["put_note"]);
        let id = stage.tenant().id_at(&["heidi", "Press", "Moved.txt"]).unwrap();
        assert_eq!(stage.tenant().seen(&id).unwrap().size, text.len() as u64);
        stage.undo(&on, &put);
        assert!(stage.tenant().seen(&id).unwrap().trashed);
    }
    // Somebody else's file has the name; a note that somebody changed stays.
    stage.done(&on, Action::PutNote(note("theirs")), &["put_note"]);
    let (order, receipt) = stage.perform(&on, Action::PutNote(note("ours")));
    assert_eq!(receipt.outcome, Outcome::Done, "{receipt:#?}");
    let id = stage.tenant().id_at(&["heidi", "Press", "Moved (2).txt"]).unwrap();
    let file = TargetItem { id: id.into(), kind: ItemKind::File, ..stage.target("heidi/Press") };
    stage.done(&file, Action::Overwrite { text: "changed".into() }, &["overwrite"]);
    stage.undo(&on, &(order, receipt));
    assert!(!stage.seen(&file).trashed, "a changed note stays");
    stage.check();
}

#[test]
fn versions_and_copies() {
    let stage = Stage::new();
    let on = stage.target("erin/Payroll/April.csv");
    let before = stage.seen(&on);
    let written = stage.done(&on, Action::Overwrite { text: "removed".into() }, &["overwrite"]);
    assert_eq!((stage.seen(&on).size, stage.seen(&on).versions.len()), (7, before.versions.len() + 1));
    stage.undo(&on, &written);
    assert_eq!((stage.seen(&on).sha1, stage.seen(&on).name), (before.sha1, before.name));
    for path in ["erin/Payroll/March.csv", "erin/Payroll/Archive"] {
        let on = stage.target(path);
        stage.done(&on, Action::Copy { to: stage.folder("erin/Travel"), name: "a copy".into() }, &["copy"]);
        let copy = stage.target("erin/Travel/a copy");
        assert_eq!((stage.seen(&copy).sha1, copy.id == on.id), (stage.seen(&on).sha1, false));
        stage.done(&copy, Action::Trash, &["trash"]);
    }
    let taken = Action::Copy { to: stage.folder("erin/Travel"), name: "Itinerary.txt".into() };
    assert_eq!(stage.refused(&on, taken), Block::NameTaken);
    stage.check();
}

#[test]
fn labels_rise_and_are_never_lowered() {
    let stage = Stage::new();
    let set = |label: &str, ours: Option<&str>| Action::SetLabel {
        label: label.into(),
        order: Vec::new(),
        ours: ours.map(Arc::from),
    };
    for path in ["erin/Payroll/March.csv", "erin/Payroll"] {
        let on = stage.target(path);
        let first = stage.done(&on, set("Internal", None), &["set_label"]);
        let second = stage.done(&on, set("Confidential", None), &["set_label"]);
        assert_eq!(stage.seen(&on).label.as_deref(), Some("Confidential"), "{path}");
        assert_eq!(stage.refused(&on, set("Public", None)), Block::HigherLabel("Confidential".into()));
        assert_eq!(stage.refused(&on, set("Secret", None)), Block::NoSuchLabel("Secret".into()));
        stage.undo(&on, &second);
        assert_eq!(stage.seen(&on).label.as_deref(), Some("Internal"), "{path}");
        stage.undo(&on, &first);
        assert_eq!(stage.seen(&on).label, None, "{path}");
    }
    stage.check();
}

#[test]
fn files_are_locked_and_somebody_elses_lock_is_named() {
    let stage = Stage::new();
    let on = stage.target("erin/Payroll/March.csv");
    let week = stage.world.stage.clock.now().plus(Duration::from_secs(7 * 86_400));
    let week = Moment::from_millis(week.as_secs() * 1_000);
    for (until, no_download) in [(None, false), (Some(week), true)] {
        let locked = stage.done(&on, Action::Lock { until, no_download }, &["lock"]);
        let lock = stage.seen(&on).lock.unwrap();
        assert_eq!((lock.until, lock.no_download), (until, no_download));
        stage.undo(&on, &locked);
        assert_eq!(stage.seen(&on).lock, None);
    }
    assert!(stage.tenant().lock(&on.id, "frank", false));
    let frank: Arc<str> = stage.tenant().user_id("frank").unwrap().into();
    assert_eq!(stage.refused(&on, Action::Lock { until: None, no_download: false }), Block::Lock(Some(frank)));
    assert!(matches!(stage.refused(&on, Action::Trash), Block::Lock(_)));
    stage.done(&on, Action::Unlock, &["unlock"]);
    stage.check();
}

#[test]
fn what_is_held_stays() {
    let (trash, name) = (|| Action::Trash, || Arc::<str>::from("Case 7"));
    for (held, on, blocked) in [
        ("erin/Payroll/March.csv", "erin/Payroll/March.csv", true),
        ("erin/Payroll", "erin/Payroll/Archive/2025.zip", true),
        ("erin/Payroll/March.csv", "erin/Payroll", true),
        ("erin/Payroll/Archive", "erin/Payroll", true),
        ("erin/Payroll/March.csv", "erin/Payroll/April.csv", false),
        ("erin/Payroll", "erin/Travel", false),
        ("heidi/Press/Figures.csv", "erin/Payroll", false),
    ] {
        let stage = Stage::new();
        let (held, on) = (stage.target(held), stage.target(on));
        assert!(stage.tenant().hold(&held.id, &name()));
        if blocked {
            assert_eq!(stage.refused(&on, trash()), Block::Hold(name()));
        } else {
            stage.done(&on, trash(), &["trash"]);
        }
        stage.check();
    }
    let stage = Stage::new();
    let kept = ["erin/Payroll/March.csv", "erin/Travel"].map(|path| stage.target(path));
    kept.iter().for_each(|on| assert!(stage.tenant().retain(&on.id, "Seven years")));
    for on in &kept {
        assert_eq!(stage.refused(on, trash()), Block::Retention("Seven years".into()), "{}", on.id);
    }
    // Into somebody else's tree as little as into the trash; within its own it may go.
    let (on, own, other) =
        (stage.target("erin/Payroll/March.csv"), stage.folder("erin/Composed"), stage.folder("heidi/Press"));
    assert!(matches!(stage.refused(&on, to(&other, None, Clash::Refuse)), Block::Retention(_)));
    stage.done(&on, to(&own, None, Clash::Refuse), &["move"]);
    let stage = Stage::new();
    stage.tenant().set_governance(false);
    assert!(matches!(stage.refused(&stage.target("erin/Travel"), trash()), Block::HoldsUnreadable(_)));
}

#[test]
fn holds_are_put_and_ended() {
    let stage = Stage::new();
    let policy: Arc<str> = "Case 7".into();
    for path in ["erin/Payroll/March.csv", "erin/Travel"] {
        let on = stage.target(path);
        let held = stage.done(&on, Action::Hold { policy: Arc::clone(&policy) }, &["hold"]);
        assert_eq!(stage.seen(&on).holds, ["Case 7"], "{path}");
        stage.undo(&on, &held);
        assert_eq!(stage.seen(&on).holds, [""; 0], "{path}");
    }
    let (folder, file) = (stage.target("erin/Travel"), stage.target("erin/Travel/Cards.txt"));
    stage.done(&folder, Action::Hold { policy: Arc::clone(&policy) }, &["hold"]);
    assert_eq!(stage.refused(&file, Action::EndHold { policy: Arc::clone(&policy) }), Block::Hold(policy));
    stage.check();
}

#[test]
fn the_owner_is_told_once() {
    let stage = Stage::new();
    let on = stage.target("erin/Travel/Cards.txt");
    let said = stage.done(&on, Action::Comment { text: "Holds card numbers.".into() }, &["comment"]);
    assert_eq!(stage.seen(&on).comments.len(), 1);
    stage.undo(&on, &said);
    assert_eq!(stage.seen(&on).comments.len(), 0);
    let due = stage.world.stage.clock.now().plus(Duration::from_secs(86_400));
    let given = stage.done(&on, Action::Task { text: "Remove card numbers.".into(), due: Some(due) }, &["task"]);
    assert_eq!(stage.seen(&on).tasks.len(), 1);
    stage.undo(&on, &given);
    assert_eq!(stage.seen(&on).tasks.len(), 0);
    stage.check();
}
