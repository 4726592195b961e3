//! What closes sharing at Box, against the emulator's tenant without faults: what is called, what is so afterwards, what is
//! left open, and that an undo brings back what was.

use super::world::World;
use sluicebox::emulator::edit::Edit;
use sluicebox::model::action::{
    Action, Order, Outcome, Password, Receipt, State, Target, TargetItem, TargetPerson, Undo,
};
use sluicebox::model::{Audience, Member, Members, Provider, Who};
use sluicebox::provider::govern::NoJournal;
use std::sync::Arc;

struct Stage {
    world: World,
}

impl Stage {
    fn new(deeds: &[Edit]) -> Self {
        Self { world: World::after(Provider::Box, deeds) }
    }

    /// What another company owns is known from the tree of a colleague who was let in.
    fn target(&self, path: &str) -> TargetItem {
        let on = if path.starts_with("pat/") { self.world.item_of("erin", path) } else { self.world.item(path) };
        let Target::Item(item) = on else { panic!("{path} is an item") };
        item
    }

    fn order(&self, id: &str, path: &str, action: Action) -> Order {
        let on = self.target(path);
        let version = self.world.boxcom().seen(&on.id).unwrap().versions.last().map(|version| version.as_str().into());
        let password = Some(Password::new("Correct-horse-9"));
        Order { id: id.into(), on: Target::Item(on), action, version, expects: None, begun: None, password }
    }

    fn perform(&self, order: &Order) -> Receipt {
        self.world.governor.perform(order, &self.world.people, &mut NoJournal).unwrap()
    }

    /// Links and members in short, as the governor reads them for "make private".
    fn sharing(&self, path: &str) -> Vec<String> {
        let state =
            self.world.governor.state(&self.order("look", path, Action::MakePrivate), &self.world.people).unwrap();
        let Some(State::Item(item)) = state else { panic!("no {path}") };
        let members = if let Members::Known(members) = &item.members { members.as_slice() } else { &[] };
        let links = item.links.iter().map(|link| {
            format!(
                "link {:?} {:?} {} {:?} {:?}",
                link.audience, link.asked, link.password, link.expires, link.download
            )
        });
        let above = item.links_above.iter().map(|above| format!("above {:?}", above.link.audience));
        let mut told: Vec<_> = links.chain(above).chain(members.iter().map(member)).collect();
        told.sort();
        told
    }

    fn account(&self, key: &str) -> Arc<str> {
        self.world.boxcom().user_id(key).unwrap().into()
    }

    fn person(&self, key: &str) -> Who {
        Who::Person { account: Some(self.account(key)), login: None, side: None }
    }

    fn check(&self) {
        self.world.stage.assert_behaved();
    }
}

/// Whether it was accepted is left out: people outside must accept again what is brought back.
fn member(member: &Member) -> String {
    let from = if member.inherited_from.is_some() { " from above" } else { "" };
    format!("{:?} {}{from}", member.who, member.role)
}

fn steps(path: &str) -> Vec<String> {
    path.split('/').map(str::to_owned).collect()
}

fn link(path: &str, audience: &'static str) -> Edit {
    let by = ["erin", "heidi", "pat"].into_iter().find(|key| path.starts_with(key)).unwrap();
    Edit::Link { by, path: steps(path), audience: Some(audience) }
}

/// Path, action, outcome, what is left open, steps, sharing afterwards in the words that matter.
type Row = (&'static str, Action, &'static str, &'static str, &'static [&'static str], &'static [&'static str]);

#[test]
fn each_action_is_done_once_and_undone() {
    let stage = Stage::new(&[
        link("erin/Travel/Itinerary.txt", "public"),
        link("erin/Travel", "company"),
        link("heidi/Press/Figures.csv", "public"),
        link("pat/Joint venture/Terms.txt", "public"),
        Edit::Invite { by: "heidi", path: steps("heidi/Press/Figures.csv"), whom: "pat".into() },
        Edit::Invite { by: "heidi", path: steps("heidi/Press/Figures.csv"), whom: "frank".into() },
        Edit::Invite { by: "heidi", path: steps("heidi/Press/Figures.csv"), whom: "new@elsewhere.example.org".into() },
        Edit::Invite { by: "heidi", path: steps("heidi/Press/Old"), whom: "grace".into() },
        Edit::Invite { by: "heidi", path: steps("heidi/Press"), whom: "group:Project X".into() },
    ]);
    let later = stage.world.on_day(7);
    let rows: Vec<Row> = vec![
        ("erin/Travel/Cards.txt", Action::RemoveLinks, "partly", "above", &["end_link"], &["above Company"]),
        ("erin/Travel", Action::RemoveLinks, "done", "", &["end_link"], &[]),
        ("heidi/Site", Action::RestrictLinks { to: Audience::Members }, "done", "", &["set_link"], &["link Members"]),
        ("heidi/Site", Action::RestrictLinks { to: Audience::Company }, "done", "", &["set_link"], &["link Company"]),
        (
            "erin/Travel/Cards.txt",
            Action::ExpireLinks { at: later },
            "partly",
            "above",
            &["set_link"],
            &["above Company", "link Public Public false Some(Moment {"],
        ),
        ("heidi/Site", Action::ProtectLinks, "done", "", &["set_link"], &["link Public Public true"]),
        (
            "heidi/Site",
            Action::ForbidDownload,
            "done",
            "",
            &["set_link"],
            &["link Public Public false None Some(false)"],
        ),
        (
            "heidi/Press/Figures.csv",
            Action::RemoveMember { who: stage.person("frank") },
            "done",
            "",
            &["end_member"],
            &[],
        ),
        ("heidi/Press/Figures.csv", Action::RemoveExternals, "partly", "above", &["end_member", "end_member"], &[]),
        (
            "heidi/Press/Figures.csv",
            Action::ChangeRole { who: stage.person("frank"), role: "viewer".into() },
            "done",
            "",
            &["set_role"],
            &[],
        ),
        (
            "heidi/Press/Figures.csv",
            Action::MakePrivate,
            "partly",
            "above",
            &["end_link", "end_member", "end_member", "end_member"],
            &["Group", "above Company"],
        ),
        ("heidi/Press/Old", Action::MakePrivate, "partly", "above", &["end_member"], &["Group", "above Company"]),
        ("heidi/Press", Action::RemoveExternals, "done", "", &["end_member"], &[]),
        ("heidi/Press", Action::MakePrivate, "done", "", &["end_link", "end_member"], &[]),
        ("heidi/Press", Action::StopInvitations, "done", "", &["set_invitations"], &[]),
        // Another company's: a colleague who may edit it acts.
        ("pat/Joint venture/Terms.txt", Action::RemoveLinks, "done", "", &["end_link"], &[]),
    ];
    for (at, (path, action, outcome, left, called, after)) in rows.into_iter().enumerate() {
        let row = format!("row {at}: {path} {}", action.name());
        let before = stage.sharing(path);
        let order = stage.order(&format!("o-{at}"), path, action);
        let receipt = stage.perform(&order);
        let names: Vec<_> = receipt.did.iter().map(|did| did.step.name()).collect();
        assert_eq!((receipt.outcome.name(), names.as_slice()), (outcome, called), "{row}: {receipt:#?}");
        assert_eq!(!receipt.left.is_empty(), left == "above", "{row}: {:?}", receipt.left);
        assert!(receipt.did.iter().all(|did| !did.requests.is_empty()), "{row}: requests have ids");
        let told = stage.sharing(path);
        for wanted in after {
            assert!(told.iter().any(|told| told.starts_with(wanted)), "{row}: {wanted} in {told:#?}");
        }
        let again = stage.perform(&order);
        assert_eq!(again.did, [], "{row}: once is enough");
        let undo = Undo::of(&order, receipt.found.as_ref().unwrap());
        for (step, action) in undo.actions.into_iter().enumerate() {
            let order = stage.order(&format!("u-{at}-{step}"), path, action);
            let receipt = stage.perform(&order);
            assert!(matches!(receipt.outcome, Outcome::Done | Outcome::AlreadySo), "{row}: undone {receipt:#?}");
        }
        assert_eq!(stage.sharing(path), before, "{row}: as it was");
    }
    stage.check();
}

#[test]
fn people_are_acted_on_and_let_in_again() {
    let stage = Stage::new(&[]);
    let known = || vec![stage.target("frank/Contracts")];
    let shares = |known| Action::RemoveFromShares { known };
    for (row, (key, inside, action, outcome, called)) in [
        ("frank", true, Action::Suspend, "done", &["suspend"][..]),
        ("frank", true, Action::Unsuspend, "already_so", &[]),
        ("ada", true, Action::Suspend, "blocked", &["suspend"]),
        ("frank", true, Action::EndSessions, "done", &["end_sessions"]),
        ("grace", true, shares(vec![]), "done", &["end_share"]),
        ("carl", true, shares(vec![]), "done", &["end_share"]),
        ("pat", false, shares(known()), "done", &["end_share"]),
        ("pat", false, Action::Suspend, "blocked", &[]),
    ]
    .into_iter()
    .enumerate()
    {
        let account = stage.account(key);
        let on = |id: String, action| Order {
            id: id.into(),
            on: Target::Person(TargetPerson {
                id: inside.then(|| Arc::clone(&account)),
                account: Some(Arc::clone(&account)),
                login: None,
            }),
            action,
            version: None,
            expects: None,
            begun: None,
            password: None,
        };
        let order = on(format!("p-{row}"), action);
        let receipt = stage.perform(&order);
        let names: Vec<_> = receipt.did.iter().map(|did| did.step.name()).collect();
        assert_eq!((receipt.outcome.name(), names.as_slice()), (outcome, called), "row {row}: {receipt:#?}");
        let Some(found) = &receipt.found else { continue };
        for (step, action) in Undo::of(&order, found).actions.into_iter().enumerate() {
            let receipt = stage.perform(&on(format!("q-{row}-{step}"), action));
            let undone = if outcome == "blocked" { Outcome::AlreadySo } else { Outcome::Done };
            assert_eq!(receipt.outcome, undone, "row {row}: undone {receipt:#?}");
        }
    }
    stage.check();
}
