//! The cases: holds, retention, Shield, locks, rights, plans, names, versions, owners, races.

use super::Case;
use crate::govern::world::{World, levels};
use sluicebox::clock::Moment;
use sluicebox::model::Audience;
use sluicebox::model::Provider::{self, Box as B, Dropbox as D};
use sluicebox::model::action::{Action, Clash, Note, Quarantine, Target, Whose};
use std::sync::Arc;

const FIGURES: &str = "heidi/Press/Figures.csv";
const PRESS: &str = "heidi/Press";
const CARDS: &str = "erin/Travel/Cards.txt";
const TEXT: &str = "Removed by security.\n";

pub(super) fn all() -> Vec<Case> {
    [holds(), box_walls(), rights(), places(), versions(), people(), wishes(), labels(), shares(), without_a_link()]
        .concat()
}

fn trash(_: &World) -> Action {
    Action::Trash
}

fn overwrite(_: &World) -> Action {
    Action::Overwrite { text: TEXT.into() }
}

fn figures(w: &World) -> Target {
    w.item(FIGURES)
}

fn press(w: &World) -> Target {
    w.item(PRESS)
}

fn cards(w: &World) -> Target {
    w.item(CARDS)
}

fn far(w: &World) -> Action {
    Action::Move { to: w.to_folder("team/Templates"), name: None, clash: Clash::Refuse }
}

fn near(w: &World) -> Action {
    Action::Move { to: w.to_folder("heidi/1/2"), name: None, clash: Clash::Refuse }
}

fn admin_quarantine(w: &World) -> Action {
    let to = w.to_quarantine(Whose::Company, "erin");
    let note = Some(Note { name: "Cards.txt.quarantined.txt".into(), text: TEXT.into() });
    Action::Quarantine(Quarantine { whose: Whose::Company, to, name: "q-1 Cards.txt".into(), note })
}

fn held(w: &World) -> Target {
    if w.is_box() {
        assert!(w.boxcom().hold(&w.id(FIGURES), "Case 7"));
    } else {
        w.dropbox().hold("heidi", "Case 7").unwrap();
    }
    figures(w)
}

fn holds() -> Vec<Case> {
    let mut cases = Vec::new();
    for of in Provider::ALL {
        cases.extend([
            Case::new("a legal hold", of, held, trash, "blocked"),
            Case::new("a legal hold", of, held, overwrite, "blocked"),
            Case::new("a legal hold", of, held, far, "blocked"),
            Case::new("a legal hold does not keep its sharing open", of, held, near, "done").after(|f, w| w.moved(f)),
            Case::new("holds that cannot be read", of, without_holds, trash, "blocked"),
            Case::new(
                "holds that cannot be read and that the settings say there are none of",
                of,
                without_holds,
                trash,
                "done",
            )
            .settings(|settings| settings.holds = false)
            .after(|f, _| f.trashed = true),
        ]);
    }
    cases.extend([
        Case::new(
            "a legal hold on a folder above",
            B,
            |w| {
                assert!(w.boxcom().hold(&w.id(PRESS), "Case 7"));
                figures(w)
            },
            trash,
            "blocked",
        ),
        Case::new(
            "a legal hold on what lies in the folder",
            B,
            |w| {
                assert!(w.boxcom().hold(&w.id(PRESS), "Case 7"));
                press(w)
            },
            trash,
            "blocked",
        ),
        Case::new(
            "a legal hold of its owner",
            B,
            |w| {
                w.hold_person("heidi", "Case 7");
                figures(w)
            },
            trash,
            "blocked",
        ),
        Case::new(
            "a legal hold of its owner",
            D,
            |w| {
                w.dropbox().hold("heidi", "Case 7").unwrap();
                press(w)
            },
            trash,
            "blocked",
        ),
        Case::new(
            "no Box Governance",
            B,
            |w| {
                w.boxcom().set_governance(false);
                figures(w)
            },
            trash,
            "blocked",
        ),
        Case::new(
            "no Box Governance",
            B,
            |w| {
                w.boxcom().set_governance(false);
                figures(w)
            },
            |_| Action::Hold { policy: "Case 7".into() },
            "blocked",
        ),
        Case::new(
            "a retention policy",
            B,
            |w| {
                assert!(w.boxcom().retain(&w.id(FIGURES), "Seven years"));
                figures(w)
            },
            trash,
            "blocked",
        ),
        Case::new(
            "a retention policy of a folder above",
            B,
            |w| {
                assert!(w.boxcom().retain(&w.id(PRESS), "Seven years"));
                figures(w)
            },
            trash,
            "blocked",
        ),
    ]);
    cases
}

/// Where the right to read holds was never given.
fn without_holds(w: &World) -> Target {
    let on = figures(w);
    if w.is_box() {
        w.boxcom().set_scopes(&[
            "root_readwrite",
            "manage_managed_users",
            "manage_groups",
            "manage_enterprise_properties",
        ]);
    } else {
        w.scopes_without("team_data.governance.write");
    }
    on
}

fn box_walls() -> Vec<Case> {
    vec![
        Case::new(
            "Box Shield",
            B,
            |w| {
                assert!(w.boxcom().shield(&w.id(FIGURES), "all"));
                figures(w)
            },
            far,
            "blocked",
        ),
        Case::new(
            "Box Shield, met after its sharing was closed",
            B,
            |w| {
                assert!(w.boxcom().shield(&w.id(CARDS), "move"));
                cards(w)
            },
            admin_quarantine,
            "partly",
        )
        .after(|f, _| (f.links, f.addresses) = <_>::default()),
        Case::new(
            "somebody's lock",
            B,
            |w| {
                assert!(w.boxcom().lock(&w.id(FIGURES), "ada", false));
                figures(w)
            },
            |_| Action::Lock { until: None, no_download: false },
            "blocked",
        ),
        Case::new(
            "somebody's lock",
            B,
            |w| {
                assert!(w.boxcom().lock(&w.id(FIGURES), "ada", false));
                figures(w)
            },
            overwrite,
            "blocked",
        ),
        Case::new("an administrator", B, |w| w.person("ada"), |_| Action::Suspend, "blocked"),
    ]
}

fn rights() -> Vec<Case> {
    vec![
        Case::new(
            "a scope that is lacking",
            B,
            |w| {
                let on = w.person("heidi");
                w.boxcom().set_scopes(&["root_readwrite"]);
                on
            },
            |_| Action::Suspend,
            "blocked",
        ),
        Case::new(
            "a scope that is lacking",
            D,
            |w| {
                let on = cards(w);
                w.scopes_without("sharing.write");
                on
            },
            |_| Action::RemoveLinks,
            "blocked",
        ),
        Case::new(
            "a scope that is lacking",
            D,
            |w| {
                let on = w.person("heidi");
                w.scopes_without("members.write");
                on
            },
            |_| Action::Suspend,
            "blocked",
        ),
        Case::new(
            "a plan without ends of links",
            D,
            |w| {
                w.dropbox().set_plan_without_link_settings(true);
                cards(w)
            },
            |w| Action::ExpireLinks { at: w.on_day(30) },
            "blocked",
        ),
        Case::new(
            "a plan without passwords",
            D,
            |w| {
                w.dropbox().set_plan_without_link_settings(true);
                cards(w)
            },
            |_| Action::ProtectLinks,
            "blocked",
        ),
        Case::new(
            "an owner of another company, and only a viewer of ours",
            B,
            |w| w.item_of("frank", "pat/Closed list/hidden members.txt"),
            trash,
            "blocked",
        ),
        // It lies in the trash of its owner then, where nobody of ours sees it.
        Case::new("an owner of another company", B, |w| w.item_of("erin", "pat/Joint offer/theirs.txt"), trash, "gone")
            .after(|f, _| f.trashed = true),
        Case::new(
            "an owner of another company, and only a viewer of ours",
            D,
            |w| w.item("Theirs/Price list.txt"),
            trash,
            "blocked",
        ),
        Case::new("an owner who is suspended", B, |w| w.seen_item("ivan/Handover/Letter.txt"), trash, "blocked"),
        Case::new(
            "an owner who is suspended",
            D,
            |w| {
                let on = figures(w);
                w.suspend("heidi");
                on
            },
            trash,
            "blocked",
        ),
        Case::new(
            "members that may not be seen",
            B,
            |w| w.item_of("frank", "pat/Closed list/hidden members.txt"),
            |_| Action::RemoveExternals,
            "partly",
        ),
    ]
}

fn places() -> Vec<Case> {
    let mut cases = Vec::new();
    for of in Provider::ALL {
        cases.extend([
            Case::new(
                "a name that is taken",
                of,
                |w| {
                    w.write("heidi/1/2/Figures.csv", "taken");
                    figures(w)
                },
                near,
                "blocked",
            ),
            Case::new("an item that exists no more", of, |w| w.nothing(), |_| Action::RemoveLinks, "gone"),
            Case::new("an item where a person is meant", of, figures, |_| Action::Suspend, "blocked"),
            Case::new("a person where an item is meant", of, |w| w.person("heidi"), trash, "blocked"),
        ]);
    }
    cases.push(Case::new(
        "more entries than one call moves",
        D,
        |w| {
            w.dropbox().set_entries_max(1);
            press(w)
        },
        near,
        "blocked",
    ));
    cases.push(Case::new(
        "more entries than one call deletes",
        D,
        |w| {
            w.dropbox().set_entries_max(1);
            press(w)
        },
        trash,
        "blocked",
    ));
    cases
}

fn versions() -> Vec<Case> {
    let mut cases = Vec::new();
    for of in Provider::ALL {
        for action in [trash as fn(&World) -> Action, overwrite, |_: &World| Action::RemoveLinks] {
            cases.push(
                Case::new("another version than was decided on", of, with_a_link, action, "drifted")
                    .order(|order, _| order.version = Some("another".into())),
            );
        }
        for action in [trash as fn(&World) -> Action, overwrite] {
            cases.push(
                Case::new("somebody writes between our reading and our call", of, figures, action, "drifted")
                    .order(|order, w| order.version = w.listed(FIGURES).version)
                    .meanwhile(|w| w.write(FIGURES, "a new version\n"))
                    .after(|f, w| {
                        f.hash = w.hash("a new version\n");
                        f.versions += 1;
                    }),
            );
        }
    }
    cases
}

fn with_a_link(w: &World) -> Target {
    w.link(FIGURES, Some("public"));
    figures(w)
}

fn people() -> Vec<Case> {
    vec![
        Case::new("somebody invited and not yet here", D, |w| w.person("nina"), |_| Action::Suspend, "blocked"),
        Case::new("the account that we act with", D, |w| w.person("ada"), |_| Action::Suspend, "blocked"),
        Case::new("the account that we act with", B, |w| w.service(), |_| Action::Suspend, "blocked"),
        Case::new("somebody of another company", B, |w| w.person("pat"), |_| Action::Suspend, "blocked"),
        Case::new("somebody suspended already", B, |w| w.person("ivan"), |_| Action::Suspend, "already_so"),
        Case::new("somebody suspended already", D, |w| w.person("ivan"), |_| Action::Suspend, "already_so"),
    ]
}

fn wishes() -> Vec<Case> {
    let mut cases = Vec::new();
    for of in Provider::ALL {
        cases.extend([
            Case::new(
                "an end that is past",
                of,
                cards,
                |_| Action::ExpireLinks { at: Moment::from_millis(1_000) },
                "blocked",
            ),
            Case::new("no password with the order", of, cards, |_| Action::ProtectLinks, "blocked")
                .order(|order, _| order.password = None),
            Case::new(
                "a policy of the company that narrows the link already",
                of,
                |w| {
                    w.links_at_most();
                    cards(w)
                },
                |_| Action::RestrictLinks { to: Audience::Company },
                "already_so",
            ),
        ]);
    }
    cases
}

fn set(label: &str, ours: Option<&str>) -> Action {
    Action::SetLabel { label: label.into(), order: levels(), ours: ours.map(Arc::from) }
}

fn labels() -> Vec<Case> {
    let mut cases = vec![Case::new("no label of that name", B, figures, |_| set("Nonsense", None), "blocked")];
    for of in Provider::ALL {
        cases.extend([
            Case::new(
                "a higher label of a person's",
                of,
                |w| w.labelled(FIGURES, "Restricted"),
                |_| set("Confidential", None),
                "blocked",
            ),
            Case::new(
                "a higher label of a person's, where ours was another",
                of,
                |w| w.labelled(FIGURES, "Restricted"),
                |_| set("Internal", Some("Confidential")),
                "blocked",
            ),
            Case::new(
                "another label than ours to clear",
                of,
                |w| w.labelled(FIGURES, "Restricted"),
                |_| Action::ClearLabel { ours: "Internal".into() },
                "blocked",
            ),
        ]);
    }
    cases.push(
        Case::new(
            "a higher label that somebody sets between our reading and our call",
            B,
            figures,
            |_| set("Internal", None),
            "blocked",
        )
        .meanwhile(|w| w.label(FIGURES, Some("Restricted")))
        .after(|f, _| f.label = Some("Restricted".into())),
    );
    cases
}

/// What it has from above is named.
fn shares() -> Vec<Case> {
    let mut cases = Vec::new();
    for of in Provider::ALL {
        cases.extend([
            Case::new(
                "a link on a folder above",
                of,
                |w| w.item("heidi/Site/contact.html"),
                |_| Action::RemoveLinks,
                "partly",
            ),
            Case::new(
                "a member of a folder above",
                of,
                |w| w.item("frank/Contracts/Supply contract.docx"),
                |w| Action::RemoveMember { who: w.who("pat") },
                "partly",
            ),
            Case::new(
                "outsiders of a folder above",
                of,
                |w| w.item("frank/Contracts/Supply contract.docx"),
                |_| Action::RemoveExternals,
                "partly",
            ),
        ]);
    }
    cases
}

/// Every action on links where there is none: from the beginning, or since a person took it away after we had looked.
pub(super) fn without_a_link() -> Vec<Case> {
    let actions: [fn(&World) -> Action; 6] = [
        |_| Action::RemoveLinks,
        |_| Action::RestrictLinks { to: Audience::Members },
        |_| Action::RestrictLinks { to: Audience::Company },
        |w| Action::ExpireLinks { at: w.on_day(30) },
        |_| Action::ProtectLinks,
        |_| Action::ForbidDownload,
    ];
    let mut cases = Vec::new();
    for of in Provider::ALL {
        for action in actions {
            cases.push(Case::new("no link", of, |w| w.item("erin/Travel/Itinerary.txt"), action, "already_so"));
            cases.push(
                Case::new(
                    "a link that a person removes between our reading and our call",
                    of,
                    cards,
                    action,
                    "already_so",
                )
                .meanwhile(|w| w.link(CARDS, None))
                .after(|f, _| (f.links, f.addresses) = <_>::default()),
            );
        }
    }
    cases
}
