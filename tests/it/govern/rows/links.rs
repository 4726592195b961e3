//! Links: ended, narrowed, given an end, a password, no download.

use crate::govern::row::Row;
use sluicebox::model::action::{Action, Loss};

const CARDS: &str = "erin/Travel/Cards.txt";
const SITE: &str = "heidi/Site";

pub(super) fn rows() -> Vec<Row> {
    vec![
        Row::new("remove_links", "file", |w| w.item(CARDS), |_| Action::RemoveLinks)
            .after(|f, _| (f.links, f.addresses) = (Vec::new(), Vec::new()))
            .effects(&[("link_gone", 1)])
            .undo_effects(&[("link_made", 1)])
            .lost(&[Loss::LinkAddress]),
        Row::new("remove_links", "folder", |w| w.item(SITE), |_| Action::RemoveLinks)
            .after(|f, _| (f.links, f.addresses) = (Vec::new(), Vec::new()))
            .effects(&[("link_gone", 1)])
            .undo_effects(&[("link_made", 1)])
            .lost(&[Loss::LinkAddress]),
    ]
}
