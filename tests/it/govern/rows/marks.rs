//! Marks: labels, locks, holds, and what the owner is told.

use super::BOX;
use crate::govern::facts::LockFact;
use crate::govern::row::{Prepare, Row};
use crate::govern::world::{World, levels};
use sluicebox::model::action::{Action, Loss, Target};

const FIGURES: &str = "heidi/Press/Figures.csv";
const PRESS: &str = "heidi/Press";

pub(super) fn rows() -> Vec<Row> {
    [labels(), locks(), holds(), words()].concat()
}

fn set(label: &'static str, ours: Option<&'static str>) -> Action {
    Action::SetLabel { label: label.into(), order: levels(), ours: ours.map(Into::into) }
}

fn labels() -> Vec<Row> {
    let mut rows = Vec::new();
    let on: [(&str, Prepare, Prepare); 2] = [
        ("file", |w| w.item(FIGURES), |w| w.labelled(FIGURES, "Internal")),
        ("folder", |w| w.item(PRESS), |w| w.labelled(PRESS, "Internal")),
    ];
    for (on, bare, internal) in on {
        rows.extend([
            Row::new("set_label", on, bare, |_| set("Confidential", None))
                .after(|f, _| f.label = Some("Confidential".into()))
                .effects_of([&[("label_set", 1)], &[("label_set", 1), ("template_made", 1)]])
                .undo_effects(&[("label_gone", 1)]),
            Row::new("set_label, a lower one there", on, internal, |_| set("Confidential", None))
                .after(|f, _| f.label = Some("Confidential".into()))
                .effects(&[("label_set", 1)])
                .undo_effects(&[("label_set", 1)]),
            Row::new("clear_label", on, internal, |_| Action::ClearLabel { ours: "Internal".into() })
                .after(|f, _| f.label = None)
                .effects(&[("label_gone", 1)])
                .undo_effects(&[("label_set", 1)]),
        ]);
    }
    // Dropbox labels files alone: see what is lacking.
    rows.into_iter().map(|row| if row.on == "folder" { row.of(BOX) } else { row }).collect()
}

fn by_heidi() -> LockFact {
    LockFact { by: "heidi@example.com".into(), until: None, no_download: false }
}

fn locks() -> Vec<Row> {
    let locked = |row: Row| row.effects(&[("locked", 1)]).undo_effects(&[("unlocked", 1)]);
    vec![
        locked(Row::new("lock", "file", |w| w.item(FIGURES), |_| Action::Lock { until: None, no_download: false }))
            .after(|f, _| f.lock = Some(by_heidi())),
        locked(Row::new(
            "lock until a day, no download",
            "file",
            |w| w.item(FIGURES),
            |w| Action::Lock { until: Some(w.on_day(7)), no_download: true },
        ))
        .of(BOX)
        .after(|f, w| f.lock = Some(LockFact { until: Some(w.on_day(7)), no_download: true, ..by_heidi() })),
        Row::new(
            "unlock",
            "file",
            |w| {
                let on = w.item(FIGURES);
                if w.is_box() {
                    w.boxcom().lock(&w.id(FIGURES), "heidi", false);
                } else {
                    w.earlier(&on, Action::Lock { until: None, no_download: false });
                }
                on
            },
            |_| Action::Unlock,
        )
        .after(|f, _| f.lock = None)
        .effects(&[("unlocked", 1)])
        .undo_effects(&[("locked", 1)]),
    ]
}

fn holds() -> Vec<Row> {
    // Dropbox holds all that the owner has.
    let hold = |on, prepare| {
        Row::new("hold", on, prepare, |_| Action::Hold { policy: "Case 7".into() })
            .after(|f, _| f.holds = vec!["Case 7".into()])
            .effects(&[("held", 1)])
            .undo_effects(&[("hold_gone", 1)])
    };
    vec![hold("file", (|w| w.item(FIGURES)) as fn(&World) -> Target), hold("folder", |w| w.item(PRESS))]
}

fn words() -> Vec<Row> {
    const TEXT: &str = "Please look at who can read this.";
    vec![
        Row::new("comment", "file", |w| w.item(FIGURES), |_| Action::Comment { text: TEXT.into() })
            .of(BOX)
            .after(|f, _| f.comments = vec![format!("{TEXT}\n[sluicebox order-1]")])
            .effects(&[("comment_made", 1)])
            .undo_effects(&[("comment_gone", 1)])
            .lost(&[Loss::Said]),
        Row::new("task", "file", |w| w.item(FIGURES), |w| Action::Task { text: TEXT.into(), due: Some(w.on_day(7)) })
            .of(BOX)
            .after(|f, _| f.tasks = vec![format!("{TEXT}\n[sluicebox order-1] for heidi@example.com")])
            .effects(&[("task_made", 2)])
            .undo_effects(&[("task_gone", 1)])
            .lost(&[Loss::Said]),
    ]
}
