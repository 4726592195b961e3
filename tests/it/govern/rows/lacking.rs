//! What a provider does not have: blocked before anything is read, with what serves instead.

use super::{BOX, DROPBOX};
use crate::govern::row::Row;
use crate::govern::world::{World, levels};
use sluicebox::model::Provider;
use sluicebox::model::action::{Action, Note, Target};

fn file(w: &World) -> Target {
    w.item("heidi/Press/Figures.csv")
}

fn folder(w: &World) -> Target {
    w.item("heidi/Press")
}

fn heidi(w: &World) -> Target {
    w.person("heidi")
}

type Asked = fn(&World) -> Action;
type On = fn(&World) -> Target;

pub(super) fn rows() -> Vec<Row> {
    let lock: Asked = |_| Action::Lock { until: None, no_download: false };
    let label: Asked = |_| Action::SetLabel { label: "Internal".into(), order: levels(), ours: None };
    let comment: Asked = |_| Action::Comment { text: "Please look.".into() };
    let task: Asked = |_| Action::Task { text: "Please look.".into(), due: None };
    let overwrite: Asked = |_| Action::Overwrite { text: "Removed.".into() };
    let note: Asked = |_| Action::PutNote(Note { name: "Notice.txt".into(), text: "Ask.".into() });
    let all = &Provider::ALL;
    let rows: [(&'static [Provider], &str, &str, On, Asked); 16] = [
        (all, "lock", "folder", folder, lock),
        (all, "unlock", "folder", folder, |_| Action::Unlock),
        (all, "overwrite", "folder", folder, overwrite),
        (all, "stop_invitations", "file", file, |_| Action::StopInvitations),
        (all, "put_note", "file", file, note),
        (BOX, "comment", "folder", folder, comment),
        (BOX, "task", "folder", folder, task),
        (BOX, "revoke_apps", "person", heidi, |_| Action::RevokeApps),
        (DROPBOX, "comment", "file", file, comment),
        (DROPBOX, "comment", "folder", folder, comment),
        (DROPBOX, "task", "file", file, task),
        (DROPBOX, "task", "folder", folder, task),
        (DROPBOX, "set_label", "folder", folder, label),
        (DROPBOX, "lock until a day", "file", file, |w| Action::Lock { until: Some(w.on_day(7)), no_download: false }),
        (DROPBOX, "lock, no download", "file", file, |_| Action::Lock { until: None, no_download: true }),
        (DROPBOX, "require_password", "person", heidi, |_| Action::RequirePassword),
    ];
    rows.into_iter()
        .map(|(of, name, on, prepare, action)| Row::new(name, on, prepare, action).of(of).blocked())
        .collect()
}
