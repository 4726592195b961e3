//! What closes sharing at Dropbox, and what is done to its people, against the emulator's tenant without faults: what is
//! called, what is so afterwards, what is left open, and that an undo brings back what was.

use super::world::World;
use sluicebox::emulator::dropbox as emulated;
use sluicebox::emulator::edit::Edit;
use sluicebox::model::action::{
    Action, Block, Invitations, Never, Order, Outcome, Password, Receipt, Target, TargetItem, TargetPerson, Undo,
};
use sluicebox::model::{Audience, ItemKind, Principal, Provider, Who};
use sluicebox::provider::govern::NoJournal;
use std::sync::Arc;

struct Stage {
    world: World,
}

impl Stage {
    fn new(deeds: &[Edit]) -> Self {
        Self { world: World::after(Provider::Dropbox, deeds) }
    }

    fn tenant(&self) -> &emulated::Tenant {
        self.world.dropbox()
    }

    fn id(&self, path: &str) -> String {
        self.tenant().id_at(path).unwrap_or_else(|| panic!("no {path}"))
    }

    fn target(&self, path: &str) -> TargetItem {
        let seen = self.tenant().seen(&self.id(path)).unwrap();
        TargetItem {
            id: seen.id.into(),
            kind: if seen.folder { ItemKind::Folder } else { ItemKind::File },
            place: seen.namespace.into(),
            read_as: Principal::Tenant,
            path: Some(seen.path.into()),
        }
    }

    fn order(&self, id: &str, on: Target, action: Action) -> Order {
        let password = Some(Password::new("Correct-horse-9"));
        Order { id: id.into(), on, action, version: None, expects: None, begun: None, password }
    }

    fn perform(&self, order: &Order) -> Receipt {
        self.world.governor.perform(order, &self.world.people, &mut NoJournal).unwrap()
    }

    /// Own links and members in short, as the emulator has them.
    fn sharing(&self, path: &str) -> Vec<String> {
        let seen = self.tenant().seen(&self.id(path)).unwrap();
        let links = seen.links.iter().map(|link| {
            let (password, ends) = (link.password.is_some(), link.expires.is_some());
            format!("link {} of {} {password} {ends} {}", link.audience, link.owner, link.download)
        });
        let members = seen.members.iter().filter(|member| member.role != "owner");
        let members = members.map(|member| format!("{} {} {}", member.who, member.role, member.inherited));
        let rules = seen.policies.iter().map(|(who, by, _)| format!("rules {who} {by}"));
        let mut told: Vec<_> = links.chain(members).chain(rules).collect();
        told.sort();
        told
    }

    fn person(&self, key: &str) -> TargetPerson {
        let login = self.tenant().seen_member(key).unwrap().login;
        let known = self.world.people.by_login(&login);
        TargetPerson {
            id: known.map(|person| Arc::clone(&person.id)),
            account: known.map(|person| Arc::clone(&person.account)),
            login: Some(login.into()),
        }
    }

    fn who(&self, key: &str) -> Who {
        let TargetPerson { account, login, .. } = self.person(key);
        Who::Person { account, login, side: None }
    }

    fn check(&self) {
        self.world.stage.assert_behaved();
    }
}

fn steps(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn link(by: &'static str, path: &str, audience: &'static str) -> Edit {
    Edit::Link { by, path: steps(path), audience: Some(audience) }
}

fn invite(by: &'static str, path: &str, whom: &str) -> Edit {
    Edit::Invite { by, path: steps(path), whom: whom.to_owned() }
}

/// Path, action, outcome, whether something is left open, steps, words of the sharing afterwards (`!` is none of them).
type Row = (&'static str, Action, &'static str, bool, &'static [&'static str], &'static [&'static str]);

fn rows(stage: &Stage) -> Vec<Row> {
    let later = stage.world.on_day(7);
    let (site, draft) = ("heidi/Site", "frank/Contracts/Drafts/Draft 2.txt");
    let to_company = Action::RestrictLinks { to: Audience::Company };
    let to_members = Action::RestrictLinks { to: Audience::Members };
    let no_one = |key: &str| Action::RemoveMember { who: stage.who(key) };
    vec![
        ("erin/Travel/Cards.txt", Action::RemoveLinks, "partly", true, &["end_link"], &["!link"]),
        ("erin/Travel", Action::RemoveLinks, "done", false, &["end_link"], &["!link"]),
        ("erin/Travel/Itinerary.txt", Action::RemoveLinks, "partly", true, &[], &["!link"]),
        ("team/Handbook/Holidays.txt", Action::RemoveLinks, "done", false, &["end_link"], &["!link"]),
        (site, to_company, "done", false, &["set_link"], &["link team"]),
        (site, to_members, "done", false, &["set_link"], &["link no_one"]),
        (site, Action::ExpireLinks { at: later }, "done", false, &["set_link"], &["heidi@example.com false true true"]),
        (site, Action::ProtectLinks, "done", false, &["set_link"], &["heidi@example.com true false true"]),
        (site, Action::ForbidDownload, "done", false, &["set_link"], &["heidi@example.com false false false"]),
        (draft, no_one("grace"), "done", false, &["end_member"], &["!grace"]),
        (draft, Action::RemoveExternals, "partly", true, &[], &["pat"]),
        (draft, Action::MakePrivate, "partly", true, &["unshare"], &["!grace", "pat"]),
        ("frank/Contracts", Action::RemoveExternals, "done", false, &["end_member"], &["!pat"]),
        ("frank/Contracts", Action::MakePrivate, "done", false, &["end_link", "unshare"], &["!pat", "!link"]),
        (
            "ada/Board",
            Action::ChangeRole { who: stage.who("carl"), role: "viewer".into() },
            "done",
            false,
            &["set_role"],
            &["carl@example.com viewer"],
        ),
        ("ada/Board", Action::StopInvitations, "done", false, &["set_invitations"], &["rules team owner"]),
        ("grace/健康", Action::RemoveExternals, "done", false, &["end_member"], &["!doctor"]),
        ("grace/健康/患者.txt", Action::RemoveExternals, "partly", true, &[], &[]),
        ("heidi/UPPER.TXT", Action::MakePrivate, "already_so", false, &[], &[]),
    ]
}

#[test]
fn each_action_is_done_once_and_undone() {
    let stage = Stage::new(&[link("erin", "erin/Travel", "company"), link("frank", "frank/Contracts", "public")]);
    for (at, (path, action, outcome, left, called, after)) in rows(&stage).into_iter().enumerate() {
        let row = format!("row {at}: {path} {}", action.name());
        let (before, on) = (stage.sharing(path), Target::Item(stage.target(path)));
        let order = stage.order(&format!("o-{at}"), on.clone(), action);
        let receipt = stage.perform(&order);
        let names: Vec<_> = receipt.did.iter().map(|did| did.step.name()).collect();
        assert_eq!((receipt.outcome.name(), names.as_slice()), (outcome, called), "{row}: {receipt:#?}");
        assert_eq!(!receipt.left.is_empty(), left, "{row}: {:?}", receipt.left);
        assert!(receipt.did.iter().all(|did| !did.requests.is_empty()), "{row}: requests have ids");
        let told = stage.sharing(path);
        for wanted in after {
            let (word, is_there) = wanted.strip_prefix('!').map_or((*wanted, true), |word| (word, false));
            assert_eq!(told.iter().any(|told| told.contains(word)), is_there, "{row}: {word} in {told:#?}");
        }
        assert_eq!(stage.perform(&order).did, [], "{row}: once is enough");
        let undo = Undo::of(&order, receipt.found.as_ref().unwrap());
        for (step, action) in undo.actions.into_iter().enumerate() {
            let receipt = stage.perform(&stage.order(&format!("u-{at}-{step}"), on.clone(), action));
            assert!(matches!(receipt.outcome, Outcome::Done | Outcome::AlreadySo), "{row}: undone {receipt:#?}");
        }
        assert_eq!(stage.sharing(path), before, "{row}: as it was");
    }
    stage.check();
}

/// Whoever let in the outsiders of the company's own list lets them in again, and no others.
#[test]
fn a_list_of_approved_outsiders_holds_again_after_undo() {
    let stage = Stage::new(&[]);
    let (path, on) = ("ada/Board", Target::Item(stage.target("ada/Board")));
    let rules = Invitations { outsiders: true, approved_only: true, by_members: true };
    let receipt = stage.perform(&stage.order("a-1", on.clone(), Action::RestoreInvitations { rules }));
    assert_eq!(receipt.outcome, Outcome::Done, "{receipt:#?}");
    let says = |rule: &str| stage.sharing(path).iter().any(|told| told == rule);
    assert!(says("rules team_and_approved editors"), "{:#?}", stage.sharing(path));
    let order = stage.order("a-2", on.clone(), Action::StopInvitations);
    let receipt = stage.perform(&order);
    assert_eq!(receipt.outcome, Outcome::Done, "{receipt:#?}");
    assert!(says("rules team editors") || says("rules team owner"), "{:#?}", stage.sharing(path));
    for action in Undo::of(&order, receipt.found.as_ref().unwrap()).actions {
        let receipt = stage.perform(&stage.order("a-3", on.clone(), action));
        assert_eq!(receipt.outcome, Outcome::Done, "{receipt:#?}");
    }
    assert!(says("rules team_and_approved editors"), "{:#?}", stage.sharing(path));
    stage.check();
}

#[test]
fn nobody_acts_for_somebody_who_is_suspended() {
    let stage = Stage::new(&[
        link("heidi", "heidi/UPPER.TXT", "public"),
        Edit::Suspend { by: "ada", whom: "heidi" },
        invite("frank", "frank/Sensor.bin", "grace"),
    ]);
    let before = stage.sharing("heidi/UPPER.TXT");
    for action in [Action::RemoveLinks, Action::RestrictLinks { to: Audience::Members }, Action::MakePrivate] {
        let on = Target::Item(stage.target("heidi/UPPER.TXT"));
        let receipt = stage.perform(&stage.order("o-1", on, action));
        assert_eq!(receipt.outcome, Outcome::Blocked(Block::NobodyToAct), "{receipt:#?}");
    }
    assert_eq!(stage.sharing("heidi/UPPER.TXT"), before);
    let gone = TargetItem { id: "id:none".into(), ..stage.target("frank/Sensor.bin") };
    let receipt = stage.perform(&stage.order("o-2", Target::Item(gone), Action::RemoveLinks));
    assert_eq!(receipt.outcome, Outcome::Gone);
    stage.check();
}

#[test]
fn people_are_acted_on_and_nothing_is_wiped() {
    let stage = Stage::new(&[invite("erin", "erin/Empty.txt", "frank")]);
    let never = |never| Outcome::Blocked(Block::Never(never));
    for (at, (key, action, outcome, undone)) in [
        ("frank", Action::Suspend, Outcome::Done, true),
        ("ivan", Action::Suspend, Outcome::AlreadySo, false),
        ("nina", Action::Suspend, never(Never::SuspendInvited), false),
        ("ada", Action::Suspend, never(Never::SuspendOurselves), false),
        ("erin", Action::EndSessions, Outcome::Done, false),
        ("erin", Action::RevokeApps, Outcome::Done, false),
        // Among them is a folder of somebody outside, where nobody of the team can make frank a member again.
        ("frank", Action::RemoveFromShares { known: Vec::new() }, Outcome::Done, false),
        ("carl", Action::RemoveFromShares { known: Vec::new() }, Outcome::Done, true),
        ("erin", Action::RemoveFromShares { known: Vec::new() }, Outcome::Done, false),
    ]
    .into_iter()
    .enumerate()
    {
        let row = format!("row {at}: {key} {}", action.name());
        let (before, on) = (stage.tenant().seen_member(key).unwrap(), Target::Person(stage.person(key)));
        let order = stage.order(&format!("p-{at}"), on.clone(), action);
        let receipt = stage.perform(&order);
        assert_eq!(receipt.outcome, outcome, "{row}: {receipt:#?}");
        let after = stage.tenant().seen_member(key).unwrap();
        let changed = matches!(outcome, Outcome::Done);
        assert_eq!(after != before, changed, "{row}: {after:?}");
        match &order.action {
            Action::EndSessions => assert!(after.sessions.is_empty() && !before.sessions.is_empty(), "{row}"),
            Action::RevokeApps => assert!(after.apps.is_empty() && !before.apps.is_empty(), "{row}"),
            Action::RemoveFromShares { .. } => assert!(!before.shares.is_empty(), "{row}: {after:?}"),
            _ => {}
        }
        if undone {
            for action in Undo::of(&order, receipt.found.as_ref().unwrap()).actions {
                let receipt = stage.perform(&stage.order(&format!("q-{at}"), on.clone(), action));
                assert_eq!(receipt.outcome, Outcome::Done, "{row}: undone {receipt:#?}");
            }
            let again = stage.tenant().seen_member(key).unwrap();
            assert_eq!((again.status, &again.shares), (before.status, &before.shares), "{row}: as it was");
        }
    }
    // Somebody outside, where the membership is known.
    let known = vec![stage.target("frank/Contracts")];
    let receipt =
        stage.perform(&stage.order("x-1", Target::Person(stage.person("pat")), Action::RemoveFromShares { known }));
    assert_eq!(receipt.outcome, Outcome::Done, "{receipt:#?}");
    assert!(!stage.sharing("frank/Contracts").iter().any(|member| member.starts_with("pat")));
    let receipt = stage.perform(&stage.order("x-2", Target::Person(stage.person("erin")), Action::RequirePassword));
    assert!(matches!(receipt.outcome, Outcome::Blocked(Block::NotOffered(_))), "{receipt:#?}");
    assert_eq!(stage.tenant().wiped(), Vec::<&str>::new());
    stage.check();
}
