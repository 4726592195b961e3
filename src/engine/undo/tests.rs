//! What takes an action back, told from what was recorded of it: each action, each way it can have ended, the order of several.

use super::*;
use crate::clock::Moment;
use crate::engine::passes::tests::scene::Scene;
use crate::engine::quarantine::tests::{folder, state};
use crate::model::action::{
    Block, Clash, Invitations, ItemState, LockState, Note, Order, OwnLink, PersonState, Quarantine, Receipt,
    TargetItem, TargetPerson, Whose,
};
use crate::model::{
    Audience, Cause, ConnectorNumber, ContentHash, IntentState, Member, Members, Principal, Provider, Role, Side,
    Status, Who,
};
use crate::store::{NewIntent, NewQuarantined};

fn colleague() -> Who {
    Who::Person { account: Some("8".into()), login: Some("bob@corp.example".into()), side: Some(Side::Internal) }
}

/// A file with a link, a member, a label, a lock, and rules of who invites.
fn full() -> ItemState {
    let link = OwnLink {
        key: "own".into(),
        audience: Audience::Public,
        asked: Audience::Public,
        password: false,
        expires: None,
        download: Some(true),
        owner: None,
        url: None,
    };
    let member = Member {
        id: Some("5".into()),
        who: colleague(),
        role: "viewer".into(),
        pending: false,
        inherited_from: None,
        expires: None,
    };
    let mut full = state("a.txt");
    full.links = vec![link];
    full.members = Members::Known(vec![member]);
    full.labels.set = Some("Internal".into());
    full.labels.order = vec!["Internal".into(), "Secret".into()];
    full.lock = Some(LockState { by: Some("8".into()), ours: true, until: None, no_download: true });
    full.invitations = Some(Invitations { outsiders: true, approved_only: false, by_members: true });
    full.hash = Some(ContentHash::Blocks([7; 32]));
    full
}

fn bare() -> ItemState {
    let mut bare = full();
    (bare.lock, bare.labels.set) = (None, None);
    bare
}

fn on_item() -> Target {
    let read_as = Principal::Person("7".into());
    Target::Item(TargetItem { id: "f0".into(), kind: ItemKind::File, place: "7".into(), read_as, path: None })
}

fn order(id: &str, action: Action) -> Order {
    let on = match action.is_on_person() {
        true => Target::Person(TargetPerson { id: Some("7".into()), account: None, login: None }),
        false => on_item(),
    };
    Order { id: id.into(), on, action, version: None, expects: None, begun: None, password: None }
}

fn receipt(of: &Order, outcome: Outcome, found: &State, left: Option<&State>) -> Receipt {
    let (found, read_back) = (Some(found.clone()), left.cloned());
    Receipt { order: Arc::clone(&of.id), outcome, found, did: Vec::new(), read_back, left: Vec::new() }
}

fn intent(id: &str, orders: Vec<Ordered>) -> Intent {
    let is = NewIntent {
        id: id.into(),
        connector: ConnectorNumber(1),
        item: None,
        on: on_item(),
        owner: "7".into(),
        cause: Cause::Plan,
        voters: Vec::new(),
        rules: None,
        plan: None,
        undoes: None,
        what: "{}".into(),
        name: "any".into(),
        actor: "test".into(),
        due: None,
        moves: false,
    };
    let at = Moment::from_millis(1);
    Intent {
        number: IntentNumber(1),
        is,
        state: IntentState::Ended,
        outcome: "done".into(),
        why: "".into(),
        made: at,
        begun: Some(at),
        ended: Some(at),
        attempts: 0,
        orders,
    }
}

fn item(state: ItemState) -> State {
    State::Item(Box::new(state))
}

fn person(status: Status) -> State {
    State::Person(Box::new(PersonState {
        at: Moment::from_millis(1),
        status,
        role: Role::Member,
        password_asked: None,
        sessions: None,
        apps: None,
        shares: Some(Vec::new()),
    }))
}

/// One order that was done, and found this.
fn done(action: Action, found: &State) -> Intent {
    let order = order("i-1", action);
    let receipt = receipt(&order, Outcome::Done, found, Some(found));
    intent("i", vec![Ordered { order, steps: Vec::new(), receipt: Some(receipt) }])
}

fn names(back: &Back) -> Vec<&'static str> {
    back.actions.iter().map(|planned| planned.action.name()).collect()
}

fn took_back(intent: &Intent) -> Back {
    let scene = Scene::new(Provider::Box);
    back(&*scene.core.store, intent).unwrap()
}

#[test]
fn each_action_is_taken_back_by_what_gives_back_what_was_found() {
    let note = || Note { name: "n.txt".into(), text: "t".into() };
    let trashed = || ItemState { trashed: true, ..bare() };
    let label = || Action::SetLabel { label: "Secret".into(), order: Vec::new(), ours: None };
    let lock = || Action::Lock { until: None, no_download: false };
    let none: &[&str] = &[];
    for (action, found, by, lost) in [
        (Action::RemoveLinks, item(full()), &["restore_links"][..], &[Loss::LinkAddress][..]),
        (Action::RemoveLinks, item(state("a.txt")), none, &[]),
        (Action::RestrictLinks { to: Audience::Company }, item(full()), &["restore_links"], &[]),
        (Action::ExpireLinks { at: Moment::from_millis(9) }, item(full()), &["restore_links"], &[]),
        (Action::ProtectLinks, item(full()), &["restore_links"], &[]),
        (Action::ForbidDownload, item(full()), &["restore_links"], &[]),
        (Action::RemoveMember { who: colleague() }, item(full()), &["restore_members"], &[]),
        (Action::RemoveExternals, item(full()), &["restore_members"], &[]),
        (Action::ChangeRole { who: colleague(), role: "editor".into() }, item(full()), &["restore_members"], &[]),
        (Action::MakePrivate, item(full()), &["restore_members", "restore_links"], &[Loss::LinkAddress]),
        (
            Action::MakePrivate,
            item(ItemState { members: Members::Hidden, ..state("a.txt") }),
            none,
            &[Loss::HiddenMembers],
        ),
        (Action::StopInvitations, item(full()), &["restore_invitations"], &[]),
        (Action::Move { to: folder("/x"), name: None, clash: Clash::Refuse }, item(full()), &["move"], &[]),
        (Action::Copy { to: folder("/x"), name: "c".into() }, item(full()), none, &[]),
        (Action::PutNote(note()), item(full()), &["remove_note"], &[]),
        (Action::Trash, item(full()), &["untrash"], &[]),
        (Action::Trash, item(trashed()), none, &[]),
        (Action::Untrash, item(trashed()), &["trash"], &[]),
        (Action::Overwrite { text: "t".into() }, item(full()), &["restore_version"], &[]),
        (label(), item(bare()), &["clear_label"], &[]),
        (label(), item(full()), &["set_label"], &[]),
        (Action::ClearLabel { ours: "Internal".into() }, item(full()), &["set_label"], &[]),
        // Somebody had set another one by then: there was nothing of ours to clear.
        (Action::ClearLabel { ours: "Secret".into() }, item(full()), none, &[]),
        (lock(), item(bare()), &["unlock"], &[]),
        (lock(), item(full()), &["lock"], &[]),
        (Action::Unlock, item(full()), &["lock"], &[]),
        (Action::Hold { policy: "Case 7".into() }, item(full()), &["end_hold"], &[]),
        (Action::Comment { text: "t".into() }, item(full()), &["remove_comment"], &[Loss::Said]),
        (Action::Task { text: "t".into(), due: None }, item(full()), &["remove_task"], &[Loss::Said]),
        (Action::Suspend, person(Status::Active), &["unsuspend"], &[Loss::Sessions]),
        (Action::Suspend, person(Status::Inactive), none, &[]),
        (Action::Unsuspend, person(Status::Inactive), &["suspend"], &[]),
        (Action::EndSessions, person(Status::Active), none, &[Loss::Sessions]),
        (Action::RequirePassword, person(Status::Active), none, &[Loss::Password]),
    ] {
        let name = action.name();
        let Back { actions, lost: loses, releases } = took_back(&done(action, &found));
        let back = Back { actions, lost: loses, releases };
        assert_eq!(names(&back), by, "{name}");
        assert_eq!(back.lost, lost, "{name}");
        assert!(back.releases.is_none() && back.actions.iter().all(|one| one.on.is_some()), "{name}");
    }
}

#[test]
fn only_what_did_something_or_may_have_is_taken_back() {
    let found = item(full());
    for (outcome, is_back) in [
        (Outcome::Done, true),
        (Outcome::Partly, true),
        (Outcome::Unknown("504".into()), true),
        (Outcome::AlreadySo, false),
        (Outcome::Drifted, false),
        (Outcome::Blocked(Block::Shield), false),
        (Outcome::Gone, false),
    ] {
        let order = order("i-1", Action::RemoveLinks);
        let receipt = receipt(&order, outcome.clone(), &found, None);
        let intent = intent("i", vec![Ordered { order, steps: Vec::new(), receipt: Some(receipt) }]);
        assert_eq!(!took_back(&intent).actions.is_empty(), is_back, "{outcome:?}");
    }
    // A life ended in the midst of it: what was found first is what comes back. One that never began did nothing.
    for (begun, is_back) in [(Some(Box::new(found)), true), (None, false)] {
        let order = Order { begun, ..order("i-1", Action::RemoveLinks) };
        let intent = intent("i", vec![Ordered { order, steps: Vec::new(), receipt: None }]);
        assert_eq!(!took_back(&intent).actions.is_empty(), is_back);
    }
}

#[test]
fn several_are_taken_back_from_the_last_to_the_first_where_the_last_left_the_item() {
    let found = item(full());
    let mut moved = full();
    moved.folder = folder("/Elsewhere");
    moved.version = Some("v2".into());
    let moved = item(moved);
    let orders = [
        (order("i-1", Action::Overwrite { text: "t".into() }), Outcome::Done),
        (order("i-2", Action::RemoveLinks), Outcome::Blocked(Block::Shield)),
        (order("i-3", Action::Move { to: folder("/Elsewhere"), name: None, clash: Clash::Refuse }), Outcome::Done),
        (order("i-4", Action::RemoveExternals), Outcome::Partly),
    ];
    let ordered = orders.map(|(order, outcome)| {
        let receipt = receipt(&order, outcome, &found, Some(&moved));
        Ordered { order, steps: Vec::new(), receipt: Some(receipt) }
    });
    let back = took_back(&intent("i", ordered.into()));
    assert_eq!(names(&back), ["restore_members", "move", "restore_version"]);
    let paths: Vec<Option<Arc<str>>> = back
        .actions
        .iter()
        .map(|planned| match &planned.on {
            Some(Target::Item(on)) => on.path.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(paths, vec![Some("/Elsewhere/a.txt".into()); 3]);
    // What somebody writes since is not put away: the version is the one that the overwriting left.
    let versions: Vec<Option<&str>> = back.actions.iter().map(|planned| planned.version.as_deref()).collect();
    assert_eq!(versions, [None, None, Some("v2")]);
}

#[test]
fn what_lies_in_quarantine_is_taken_back_by_its_restore_and_only_while_it_lies_there() {
    let scene = Scene::new(Provider::Box);
    let store = &scene.core.store;
    let to = folder("/Quarantine");
    let quarantine = Quarantine { whose: Whose::Company, to, name: "a (i).txt".into(), note: None };
    let order = order("i-2", Action::Quarantine(quarantine));
    let found = item(full());
    let kept = NewQuarantined {
        id: "i".into(),
        connector: scene.tenant().number,
        item: None,
        intent: None,
        policies: Vec::new(),
        whose: Whose::Company,
        person: None,
        owner: "ada@corp.example".into(),
        order: order.clone(),
        prior: full(),
        note: None,
        receipt: Some("r1".into()),
        content: None,
        found: Vec::new(),
    };
    let intent = |id: &str| {
        let receipt = receipt(&order, Outcome::Done, &found, Some(&found));
        intent(id, vec![Ordered { order: order.clone(), steps: Vec::new(), receipt: Some(receipt) }])
    };
    store.adopt(&kept, Moment::from_millis(1), &entry()).unwrap();
    let lying = back(&**store, &intent("i")).unwrap();
    assert_eq!((names(&lying), lying.releases.as_deref()), (vec!["release", "trash"], Some("i")), "with its receipt");
    // Another that does not lie there.
    let other = back(&**store, &intent("j")).unwrap();
    assert_eq!((names(&other), other.releases), (vec!["release"], None));
}

fn entry() -> Entry {
    Entry { actor: "test".into(), act: "test".into(), about: String::new(), details: "{}".into() }
}
