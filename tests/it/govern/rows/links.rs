//! Links: ended, narrowed, given an end, a password, no download.

use crate::govern::row::{Prepare, Row};
use crate::govern::world::World;
use sluicebox::model::Audience;
use sluicebox::model::action::{Action, Loss, Target};

/// A file with a public link.
const CARDS: &str = "erin/Travel/Cards.txt";
/// A folder with a public link.
const SITE: &str = "heidi/Site";

pub(super) fn rows() -> Vec<Row> {
    let on: [(&str, Prepare); 2] = [("file", |w| w.item(CARDS)), ("folder", |w| w.item(SITE))];
    on.into_iter().flat_map(|(on, prepare)| of(on, prepare)).chain(above()).collect()
}

fn of(on: &'static str, prepare: fn(&World) -> Target) -> Vec<Row> {
    let changed =
        |name, action| Row::new(name, on, prepare, action).effects(&[("link_set", 1)]).undo_effects(&[("link_set", 1)]);
    vec![
        Row::new("remove_links", on, prepare, |_| Action::RemoveLinks)
            .after(|f, _| (f.links, f.addresses) = (Vec::new(), Vec::new()))
            .effects(&[("link_gone", 1)])
            .undo_effects(&[("link_made", 1)])
            .lost(&[Loss::LinkAddress]),
        changed("restrict_links to the company", |_| Action::RestrictLinks { to: Audience::Company })
            .after(|f, _| (f.links[0].audience, f.links[0].asked) = ("company", "company")),
        changed("restrict_links to the members", |_| Action::RestrictLinks { to: Audience::Members })
            .after(|f, _| (f.links[0].audience, f.links[0].asked) = ("members", "members")),
        changed("expire_links", |w| Action::ExpireLinks { at: w.on_day(30) })
            .after(|f, w| f.links[0].expires = Some(w.on_day(30))),
        changed("protect_links", |_| Action::ProtectLinks).after(|f, _| f.links[0].password = true),
        changed("forbid_download", |_| Action::ForbidDownload).after(|f, _| f.links[0].download = false),
    ]
}

/// What a folder above lets in is named, never silently left.
fn above() -> Vec<Row> {
    let inside: fn(&World) -> Target = |w| w.item("heidi/Site/contact.html");
    vec![
        Row::new("remove_links, one above", "file", inside, |_| Action::RemoveLinks).left(1),
        Row::new("restrict_links, one above", "file", inside, |_| Action::RestrictLinks { to: Audience::Company })
            .left(1),
        Row::new(
            "remove_links, own and above",
            "file",
            |w| {
                w.link("heidi/Site/index.html", Some("company"));
                w.item("heidi/Site/index.html")
            },
            |_| Action::RemoveLinks,
        )
        .after(|f, _| (f.links, f.addresses) = (Vec::new(), Vec::new()))
        .effects(&[("link_gone", 1)])
        .undo_effects(&[("link_made", 1)])
        .lost(&[Loss::LinkAddress])
        .left(1),
    ]
}
