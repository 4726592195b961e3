//! Places: moved, copied, quarantined, noted, thrown away and brought back, written over.

use crate::govern::facts::Facts;
use crate::govern::row::Row;
use crate::govern::world::World;
use sluicebox::model::action::{Action, Clash, Loss, Note, Quarantine, Target, Whose};

const FIGURES: &str = "heidi/Press/Figures.csv";
const OLD: &str = "heidi/Press/Old";
const UPPER: &str = "heidi/UPPER.TXT";
const HIDDEN: &str = "heidi/.hidden";
/// A folder of the same owner.
const NEAR: &str = "heidi/1/2";
/// A folder of the company's.
const FAR: &str = "team/Templates";
/// Login of the emulated application's account.
const SERVICE: &str = "AutomationUser_1_emulator@boxdevedition.com";
const CARDS: &str = "erin/Travel/Cards.txt";
const SITE: &str = "heidi/Site";
const NOTE: &str = "Security moved what was here. Ask for it there.\n";
const TEXT: &str = "This was removed by security.\n";

fn figures(w: &World) -> Target {
    w.item(FIGURES)
}

fn old(w: &World) -> Target {
    w.item(OLD)
}

/// A file with a public link and a member from outside.
fn cards(w: &World) -> Target {
    w.invite(CARDS, "pat");
    w.item(CARDS)
}

/// A file in nobody's folder, with a public link.
fn at_the_root(w: &World) -> Target {
    w.link("erin/Empty.txt", Some("public"));
    w.item("erin/Empty.txt")
}

fn in_the_trash(w: &World) -> Target {
    let on = w.item("heidi/O'Neill's list.txt");
    w.delete("heidi/O'Neill's list.txt");
    on
}

/// A folder with a public link and a member.
fn site(w: &World) -> Target {
    w.invite(SITE, "erin");
    w.item(SITE)
}

fn to_near(w: &World) -> Action {
    Action::Move { to: w.to_folder(NEAR), name: None, clash: Clash::Refuse }
}

fn to_far(w: &World) -> Action {
    Action::Move { to: w.to_folder(FAR), name: Some("Figures of heidi".into()), clash: Clash::Refuse }
}

fn note(name: &str) -> Note {
    Note { name: name.into(), text: NOTE.into() }
}

fn quarantine(w: &World, whose: Whose, key: &str, name: &str) -> Action {
    let to = w.to_quarantine(whose, key);
    Action::Quarantine(Quarantine { whose, to, name: format!("q-1 {name}").into(), note: Some(note(&left(name))) })
}

fn left(name: &str) -> String {
    format!("{name}.quarantined.txt")
}

/// In quarantine: no link, no member, another name and place.
fn closed(f: &mut Facts, w: &World) {
    (f.links, f.addresses, f.members) = <_>::default();
    f.name = format!("q-1 {}", f.name);
    w.moved(f);
}

/// What the company's quarantine holds is the company's.
fn taken_over(f: &mut Facts, w: &World) {
    closed(f, w);
    f.owner = w.word(SERVICE, "").into();
    if !w.is_box() {
        // Who runs the quarantine.
        f.inherited = vec![("ada@example.com".into(), "editor".into())];
    }
}

pub(super) fn rows() -> Vec<Row> {
    [moves(), quarantines(), trash(), rest()].concat()
}

fn moves() -> Vec<Row> {
    let moved = |row: Row| row.effects(&[("moved", 1)]).undo_effects(&[("moved", 1)]);
    let copied = |row: Row| row.effects(&[("copied", 1)]);
    vec![
        moved(Row::new("move", "file", figures, to_near)).after(|f, w| w.moved(f)),
        moved(Row::new("move", "folder", old, to_near)).after(|f, w| w.moved(f)),
        // Heidi is let in there as everybody is; Ada is let into Heidi's folder for the length of the way back.
        moved(Row::new("move to another owner", "file", figures, to_far))
            .after(far)
            .undo_effects_of([&[("member_made", 1), ("moved", 1), ("member_gone", 1)], &[("moved", 1)]]),
        // Box takes a folder's new place and its new name in a call of their own each.
        Row::new("move to another owner", "folder", old, to_far)
            .after(far)
            .effects_of([&[("moved", 2)], &[("moved", 1)]])
            .undo_effects_of([&[("member_made", 1), ("moved", 2), ("member_gone", 1)], &[("moved", 1)]]),
        // A member by the folder it came from is none any more.
        moved(Row::new(
            "move out of a shared folder",
            "file",
            |w| w.item("erin/Payroll/April.csv"),
            |w| Action::Move { to: w.to_folder("erin/Travel"), name: None, clash: Clash::Refuse },
        ))
        .after(|f, w| {
            f.inherited.clear();
            w.moved(f);
        }),
        moved(Row::new(
            "move, the name taken",
            "file",
            |w| {
                w.write("heidi/1/2/Figures.csv", "taken");
                figures(w)
            },
            |w| Action::Move { to: w.to_folder(NEAR), name: None, clash: Clash::Number },
        ))
        .after(|f, w| {
            f.name = "Figures (2).csv".into();
            w.moved(f);
        }),
        copied(Row::new("copy", "file", figures, |w| Action::Copy { to: w.to_folder(NEAR), name: "Copy.csv".into() }))
            .watched(&["heidi/1/2/Copy.csv"])
            .after(|f, _| drop(f.watched.insert("heidi/1/2/Copy.csv", Some(f.hash.clone())))),
        copied(Row::new("copy", "folder", old, |w| Action::Copy { to: w.to_folder(NEAR), name: "Copy".into() }))
            .watched(&["heidi/1/2/Copy"])
            .after(|f, _| drop(f.watched.insert("heidi/1/2/Copy", Some("folder".into())))),
    ]
}

/// Among what is everybody's.
fn far(f: &mut Facts, w: &World) {
    f.name = "Figures of heidi".into();
    f.owner = w.word("ada@example.com", "").into();
    f.inherited = vec![("group:Everyone".into(), "editor".into())];
    w.moved(f);
}

fn quarantines() -> Vec<Row> {
    const CARDS_LEFT: &str = "erin/Travel/Cards.txt.quarantined.txt";
    const SITE_LEFT: &str = "heidi/Site.quarantined.txt";
    const LOST: &[Loss] = &[Loss::LinkAddress, Loss::Invitation];
    // Whoever Box does not call a colleague may have to accept again.
    let with_pat = |row: Row| row.lost(LOST);
    let with_erin = |row: Row| row.lost_of([LOST, &[Loss::LinkAddress]]);
    const CLOSED: &[(&str, usize)] = &[("link_gone", 1), ("member_gone", 1), ("moved", 1), ("file_made", 1)];
    const OPENED: &[(&str, usize)] = &[("trashed", 1), ("moved", 1), ("member_made", 1), ("link_made", 1)];
    // Box takes a folder's new place and its new name in a call of their own each.
    const CLOSED_TWICE: &[(&str, usize)] = &[("link_gone", 1), ("member_gone", 1), ("moved", 2), ("file_made", 1)];
    const OPENED_TWICE: &[(&str, usize)] = &[("trashed", 1), ("moved", 2), ("member_made", 1), ("link_made", 1)];
    // Who moves is let in there and taken out again.
    const LENT: &[(&str, usize)] =
        &[("link_gone", 1), ("member_gone", 2), ("member_made", 1), ("moved", 1), ("file_made", 1)];
    const LENT_TWICE: &[(&str, usize)] =
        &[("link_gone", 1), ("member_gone", 2), ("member_made", 1), ("moved", 2), ("file_made", 1)];
    const BACK: &[(&str, usize)] =
        &[("trashed", 1), ("moved", 1), ("member_made", 2), ("member_gone", 1), ("link_made", 1)];
    // At Dropbox a folder is shared anew before it has members.
    const SHARED: &[(&str, usize)] = &[("trashed", 1), ("moved", 1), ("member_made", 2), ("link_made", 1)];
    const BACK_SHARED: &[(&str, usize)] =
        &[("trashed", 1), ("moved", 1), ("member_made", 3), ("member_gone", 1), ("link_made", 1)];
    vec![
        with_pat(Row::new("user_quarantine", "file", cards, |w| quarantine(w, Whose::Owner, "erin", "Cards.txt")))
            .effects_of([CLOSED, CLOSED])
            .undo_effects_of([OPENED, OPENED])
            .watched(&[CARDS, CARDS_LEFT])
            .after(|f, w| {
                closed(f, w);
                f.watched.insert(CARDS, None);
                f.watched.insert(CARDS_LEFT, Some(w.hash(NOTE)));
            }),
        with_erin(Row::new("user_quarantine", "folder", site, |w| quarantine(w, Whose::Owner, "heidi", "Site")))
            .effects_of([CLOSED_TWICE, CLOSED])
            .undo_effects_of([OPENED_TWICE, SHARED])
            .watched(&[SITE, SITE_LEFT])
            .after(|f, w| {
                closed(f, w);
                if !w.is_box() {
                    f.invitations = None;
                }
                f.watched.insert(SITE, None);
                f.watched.insert(SITE_LEFT, Some(w.hash(NOTE)));
            }),
        with_pat(Row::new("admin_quarantine", "file", cards, |w| quarantine(w, Whose::Company, "erin", "Cards.txt")))
            .effects_of([LENT, LENT])
            .undo_effects_of([BACK, BACK])
            .watched(&[CARDS, CARDS_LEFT])
            .after(|f, w| {
                taken_over(f, w);
                f.watched.insert(CARDS, None);
                f.watched.insert(CARDS_LEFT, Some(w.hash(NOTE)));
            }),
        with_erin(Row::new("admin_quarantine", "folder", site, |w| quarantine(w, Whose::Company, "heidi", "Site")))
            .effects_of([LENT_TWICE, LENT])
            .undo_effects_of([OPENED_TWICE, BACK_SHARED])
            .watched(&[SITE, SITE_LEFT])
            .after(|f, w| {
                taken_over(f, w);
                if !w.is_box() {
                    f.invitations = None;
                }
                f.watched.insert(SITE, None);
                f.watched.insert(SITE_LEFT, Some(w.hash(NOTE)));
            }),
        Row::new("admin_quarantine, from the root", "file", at_the_root, |w| {
            quarantine(w, Whose::Company, "erin", "Empty.txt")
        })
        .lost(&[Loss::LinkAddress])
        .effects(&[("link_gone", 1), ("member_made", 1), ("moved", 1), ("member_gone", 1), ("file_made", 1)])
        // Nobody is let into a root: at Box whoever manages the company moves it back there.
        .undo_effects_of([
            &[("trashed", 1), ("moved", 1), ("link_made", 1)],
            &[("trashed", 1), ("member_made", 1), ("moved", 1), ("member_gone", 1), ("link_made", 1)],
        ])
        .watched(&["erin/Empty.txt", "erin/Empty.txt.quarantined.txt"])
        .after(|f, w| {
            taken_over(f, w);
            f.watched.insert("erin/Empty.txt", None);
            f.watched.insert("erin/Empty.txt.quarantined.txt", Some(w.hash(NOTE)));
        }),
        Row::new("admin_quarantine, in the trash", "file", in_the_trash, |w| {
            quarantine(w, Whose::Company, "heidi", "O'Neill's list.txt")
        })
        // At Dropbox straight into the quarantine; at Box by a folder that its owner alone sees.
        .effects_of([
            &[("untrashed", 1), ("member_made", 1), ("moved", 1), ("member_gone", 1), ("file_made", 1)],
            &[("untrashed", 1), ("member_made", 1), ("member_gone", 1), ("file_made", 1)],
        ])
        .lost(&[Loss::Moment])
        .undone(back)
        .undo_effects_of([
            &[("trashed", 2), ("moved", 1)],
            &[("trashed", 2), ("member_made", 1), ("moved", 1), ("member_gone", 1)],
        ])
        .watched(&["heidi/O'Neill's list.txt"])
        .after(|f, w| {
            taken_over(f, w);
            f.trashed = false;
            back(f, w);
        }),
    ]
}

/// Dropbox brings a file back as a new version of itself.
fn back(f: &mut Facts, w: &World) {
    if !w.is_box() && !f.hash.is_empty() {
        f.versions += 1;
    }
}

fn trash() -> Vec<Row> {
    let trash = |on, prepare| {
        Row::new("trash", on, prepare, |_| Action::Trash)
            .after(|f, _| f.trashed = true)
            .effects(&[("trashed", 1)])
            .undone(back)
            .undo_effects(&[("untrashed", 1)])
    };
    let untrash = |on, prepare| {
        Row::new("untrash", on, prepare, |_| Action::Untrash)
            .after(|f, w| {
                f.trashed = false;
                back(f, w);
            })
            .effects(&[("untrashed", 1)])
            .undone(back)
            .undo_effects(&[("trashed", 1)])
    };
    const WITHIN: &str = "heidi/Press/Old/Release 2025.txt";
    vec![
        trash("file", figures as fn(&World) -> Target),
        trash("folder", old)
            .watched(&[OLD, WITHIN])
            .after(|f, _| {
                f.trashed = true;
                f.watched.values_mut().for_each(|there| *there = None);
            })
            .lost_of([&[], &[Loss::FolderIdentity]]),
        untrash("file", |w| {
            let on = w.item(UPPER);
            w.delete(UPPER);
            on
        }),
        untrash("folder", |w| {
            let on = w.item(HIDDEN);
            w.delete(HIDDEN);
            on
        })
        // There is no way back into the trash for a folder that has another id now.
        .undo_effects_of([&[("trashed", 1)], &[]])
        .lost_of([&[], &[Loss::FolderIdentity]]),
    ]
}

fn rest() -> Vec<Row> {
    const LEFT: &str = "heidi/Press/Notice.txt";
    vec![
        Row::new("put_note", "folder", |w| w.item("heidi/Press"), |_| Action::PutNote(note("Notice.txt")))
            .watched(&[LEFT])
            .after(|f, w| drop(f.watched.insert(LEFT, Some(w.hash(NOTE)))))
            .effects(&[("file_made", 1)])
            .undo_effects(&[("trashed", 1)]),
        Row::new("overwrite", "file", figures, |_| Action::Overwrite { text: TEXT.into() })
            .after(|f, w| {
                f.hash = w.hash(TEXT);
                f.versions += 1;
            })
            .effects(&[("version_made", 1)])
            .undone(|f, _| f.versions += 2)
            .undo_effects(&[("version_made", 1)]),
    ]
}
