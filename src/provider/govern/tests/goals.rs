//! What each action lacks in which state, as a table.

use super::*;

/// The names of what is lacking, or why not.
fn lacks(action: Action, state: &ItemState) -> Result<Vec<&'static str>, Block> {
    lacking(&order(action), state, state).map(|steps| steps.iter().map(Step::name).collect())
}

fn with(change: impl FnOnce(&mut ItemState)) -> ItemState {
    let mut state = item();
    change(&mut state);
    state
}

fn label(label: &str, ours: Option<&str>) -> Action {
    Action::SetLabel { label: label.into(), order: Vec::new(), ours: ours.map(Arc::from) }
}

/// An action, the state, the names of the steps or what is in the way.
type Row<'a> = (Action, &'a ItemState, Result<Vec<&'static str>, Block>);

#[test]
fn only_what_is_lacking_is_asked_for() {
    let expired = |at| {
        with(|state| {
            state.at = moment(1_000);
            state.links.iter_mut().for_each(|link| link.expires = Some(moment(at)));
        })
    };
    let labelled = |label: &str| with(|state| state.labels.set = Some(label.into()));
    let locked = |ours| {
        with(|state| state.lock = Some(LockState { by: Some("bob".into()), ours, until: None, no_download: false }))
    };
    let held =
        |name: &str| with(|state| state.holds = Holds::Known { holds: vec![name.into()], retentions: Vec::new() });
    let retained =
        with(|state| state.holds = Holds::Known { holds: Vec::new(), retentions: vec!["Seven years".into()] });
    let unreadable = with(|state| state.holds = Holds::Unreadable("403".into()));
    let bare = with(|state| (state.links, state.members) = (Vec::new(), Members::None));
    let to = |place: &str| Action::Move { to: folder("g", place), name: None, clash: Clash::Refuse };
    let quarantine = |whose, place: &str| {
        Action::Quarantine(Quarantine { whose, to: folder("q", place), name: "n".into(), note: None })
    };
    let (owner, company) = (crate::model::action::Whose::Owner, crate::model::action::Whose::Company);
    let lock = |no_download| Action::Lock { until: None, no_download };
    let rows: Vec<Row<'_>> = vec![
        (Action::RestrictLinks { to: Audience::Company }, &bare, Ok(vec![])),
        (Action::ExpireLinks { at: moment(2_000) }, &bare, Ok(vec![])),
        (Action::ProtectLinks, &bare, Ok(vec![])),
        (Action::ForbidDownload, &bare, Ok(vec![])),
        (Action::MakePrivate, &bare, Ok(vec![])),
    ];
    let state = expired(900);
    let later = expired(9_000);
    let (secret, internal, odd) = (labelled("secret"), labelled("internal"), labelled("Our own word"));
    let (theirs, own) = (locked(false), locked(true));
    let case = held("Case 7");
    let past = "a link can only end at a time to come: remove it instead";
    let more = vec![
        (Action::ExpireLinks { at: moment(2_000) }, &state, Ok(vec![])),
        (Action::ExpireLinks { at: moment(2_000) }, &later, Ok(vec!["set_link", "set_link"])),
        (Action::ExpireLinks { at: moment(1_000) }, &later, Err(Block::BadWish(past.into()))),
        (label("secret", None), &internal, Ok(vec!["set_label"])),
        (label("secret", None), &secret, Ok(vec![])),
        (label("internal", None), &secret, Err(Block::HigherLabel("secret".into()))),
        (label("internal", Some("secret")), &secret, Ok(vec!["set_label"])),
        (label("internal", None), &odd, Err(Block::HigherLabel("Our own word".into()))),
        (label("top secret", None), &internal, Err(Block::NoSuchLabel("top secret".into()))),
        (Action::ClearLabel { ours: "secret".into() }, &secret, Ok(vec!["clear_label"])),
        (Action::ClearLabel { ours: "internal".into() }, &secret, Err(Block::HigherLabel("secret".into()))),
        (lock(true), &theirs, Err(Block::Lock(Some("bob".into())))),
        (lock(false), &own, Ok(vec![])),
        (lock(true), &own, Ok(vec!["lock"])),
        (Action::Unlock, &theirs, Ok(vec!["unlock"])),
        (Action::Trash, &case, Err(Block::Hold("Case 7".into()))),
        (Action::Trash, &retained, Err(Block::Retention("Seven years".into()))),
        (Action::Trash, &unreadable, Err(Block::HoldsUnreadable("403".into()))),
        (Action::Overwrite { text: "x".into() }, &case, Err(Block::Hold("Case 7".into()))),
        (Action::Overwrite { text: "content".into() }, &case, Ok(vec![])),
        (to("ada"), &case, Ok(vec!["lend", "move"])),
        (to("bob"), &case, Err(Block::Hold("Case 7".into()))),
        (quarantine(owner, "ada"), &case, Ok(vec!["end_link", "end_link", "end_member", "end_member", "lend", "move"])),
        (quarantine(company, "service"), &case, Err(Block::Hold("Case 7".into()))),
        (Action::Hold { policy: "Case 7".into() }, &case, Ok(vec![])),
        (Action::EndHold { policy: "Case 7".into() }, &case, Ok(vec!["end_hold"])),
        (Action::Hold { policy: "Case 8".into() }, &unreadable, Err(Block::HoldsUnreadable("403".into()))),
    ];
    for (action, state, wanted) in rows.into_iter().chain(more) {
        let name = action.name();
        assert_eq!(lacks(action, state), wanted, "{name}");
    }
}

#[test]
fn a_link_is_never_made_but_to_undo() {
    let bare = with(|state| state.links.clear());
    for action in actions() {
        let name = action.name();
        let steps = lacks(action, &bare).unwrap();
        assert!(!steps.contains(&"make_link") && !steps.contains(&"set_link"), "{name}: {steps:?}");
    }
    let again = Action::RestoreLinks { links: item().links };
    assert_eq!(lacks(again, &bare), Ok(vec!["make_link", "make_link"]));
}

#[test]
fn an_invited_person_is_never_suspended() {
    let state = |status| {
        let person = PersonState {
            at: moment(0),
            status,
            role: Role::Member,
            password_asked: None,
            sessions: None,
            apps: None,
            shares: None,
        };
        State::Person(Box::new(person))
    };
    let order = Order {
        on: Target::Person(TargetPerson { id: Some("7".into()), account: None, login: None }),
        ..order(Action::Suspend)
    };
    let ways = Ways { hash: &hash, unshares: true, untrashes_elsewhere: true, members_links_download: false };
    for (status, wanted) in [
        (Status::Active, Ok(vec![Step::Suspend])),
        (Status::Inactive, Ok(vec![])),
        (Status::Removed, Ok(vec![])),
        (Status::Invited, Err(Block::Never(Never::SuspendInvited))),
    ] {
        let (now, people) = (state(status), Directory::default());
        assert_eq!(goal::steps(&order, &now, &now, &goal::Taken::default(), ways, &people), wanted, "{status:?}");
    }
}

#[test]
fn a_taken_name_gets_a_number() {
    let to = folder("g", "ada");
    for (clash, taken, wanted) in [
        (Clash::Number, 0, Ok("plan.docx")),
        (Clash::Number, 1, Ok("plan (2).docx")),
        (Clash::Number, 2, Ok("plan (3).docx")),
        (Clash::Refuse, 0, Ok("plan.docx")),
        (Clash::Refuse, 1, Err(Block::NameTaken)),
    ] {
        let order = order(Action::Move { to: to.clone(), name: None, clash });
        let state = State::Item(Box::new(ItemState { lent: None, ..item() }));
        let ways = Ways { hash: &hash, unshares: true, untrashes_elsewhere: true, members_links_download: false };
        let mut names = goal::Taken::default();
        (0..taken).for_each(|_| names.add("move"));
        names.add("put_note");
        let steps = goal::steps(&order, &state, &state, &names, ways, &Directory::default());
        let wanted = wanted.map(|name| vec![Step::MoveTo { to: to.clone(), name: name.into() }]);
        assert_eq!(steps, wanted, "{clash:?} {taken}");
    }
}

#[test]
fn every_block_says_what_may_be_done() {
    for block in [
        Block::Hold("Case 7".into()),
        Block::HoldsUnreadable("403".into()),
        Block::Retention("Seven years".into()),
        Block::Shield,
        Block::Lock(None),
        Block::Lock(Some("7".into())),
        Block::NoRight("403".into()),
        Block::NobodyToAct,
        Block::PlanLacks("settings_error".into()),
        Block::NotOffered("because".into()),
        Block::NameTaken,
        Block::HigherLabel("secret".into()),
        Block::NoSuchLabel("secret".into()),
        Block::TooMany,
        Block::BadWish("a link can only end at a time to come".into()),
        Block::Never(Never::SuspendInvited),
        Block::Never(Never::SuspendOurselves),
        Block::Never(Never::WrongTarget),
    ] {
        let said = block.to_string();
        assert!(said.len() > 20 && !said.contains('\n') && !said.ends_with('.'), "{said}");
        let kept = serde_json::to_string(&block).unwrap();
        assert_eq!(serde_json::from_str::<Block>(&kept).unwrap(), block);
    }
}

#[test]
fn an_order_is_kept_without_its_password_and_without_addresses() {
    let mut state = item();
    state.links[0].url = Some("https://example.com/s/abcdef".into());
    let order = Order { begun: Some(Box::new(State::Item(Box::new(state)))), ..order(Action::ProtectLinks) };
    let kept = serde_json::to_string(&order).unwrap();
    assert!(!kept.contains("hunter2") && !kept.contains("abcdef"), "{kept}");
    assert!(!format!("{order:?}").contains("hunter2") && !format!("{order:?}").contains("abcdef"));
    let read: Order = serde_json::from_str(&kept).unwrap();
    assert_eq!((read.password, read.action), (None, order.action));
}
