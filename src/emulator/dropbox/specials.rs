//! One of each thing that a connector has to get right, beside whatever files a tenant is filled with.

use super::deeds::{self, Deed};
use super::fill::{mount, team_folder};
use super::state::file::Export;
use super::state::sharing::{Audience, Role, Share, Sharing, Whom};
use super::state::tree::{NodeId, SpaceKind};
use super::state::{Hold, Lock, Properties, State, Template};
use crate::clock::Moment;
use std::sync::Arc;
use std::time::Duration;

/// Folder in members' homes that holds them.
pub(super) const SPECIAL: &str = "Special";
/// Name of the template that is there from the start.
pub(super) const TEMPLATE: &str = "Sensitivity";

fn text(body: &str) -> Arc<[u8]> {
    body.as_bytes().into()
}

fn folder(state: &mut State, person: usize) -> NodeId {
    let root = state.tree.space(super::gate::home(state, person)).root;
    state.tree.folder(root, SPECIAL).unwrap_or(root)
}

fn file(state: &mut State, deed: Deed, name: &str, body: &str) -> NodeId {
    let folder = folder(state, deed.by);
    let name = super::fill::free_name(state, folder, name);
    deeds::add(state, deed, folder, &name, text(body))
}

/// Adds all of them.
pub(super) fn add(state: &mut State, at: Moment) {
    let person = |state: &State, key: &str| Deed { at, by: state.people.by_key(key).unwrap_or(0) };
    let (ada, erin, frank) = (person(state, "ada"), person(state, "erin"), person(state, "frank"));
    let (grace, heidi, pat) = (person(state, "grace"), person(state, "heidi"), person(state, "pat"));
    archived(state, ada);
    histories(state, erin);
    exported(state, heidi);
    app_folder(state, heidi);
    links(state, heidi);
    marks(state, grace);
    outsiders(state, frank, pat);
}

fn archived(state: &mut State, deed: Deed) {
    let space = team_folder(state, "Old projects");
    let root = state.tree.space(space).root;
    deeds::add(state, deed, root, "Closed.txt", text("A project that is over.\n"));
    deeds::archive(state, deed.at, space);
}

/// Versions, a deleted file, a deleted folder, a file brought back.
fn histories(state: &mut State, deed: Deed) {
    let plan = file(state, deed, "Plan.txt", "First plan.\n");
    for body in ["Second plan.\n", "Third plan.\n"] {
        deeds::edit(state, deed, plan, text(body));
    }
    let gone = file(state, deed, "Deleted.txt", "Nobody needs this any more. Card 4012 8888 8888 1881.\n");
    deeds::delete(state, deed, gone);
    let parent = folder(state, deed.by);
    if let Some(below) = state.tree.folder(parent, "Deleted folder") {
        deeds::add(state, deed, below, "One.txt", text("One.\n"));
        deeds::add(state, deed, below, "Two.txt", text("Two.\n"));
        deeds::delete(state, deed, below);
    }
    let back = file(state, deed, "Back again.txt", "Here.\n");
    deeds::delete(state, deed, back);
    deeds::restore(state, deed, back, (parent, "Back again.txt"), text("Here.\n"));
}

/// Files that can only be exported.
fn exported(state: &mut State, deed: Deed) {
    let paper = file(state, deed, "Product notes.paper", "{}");
    let markdown = "# Product notes\n\nMail erin@example.com about card 4012 8888 8888 1881.\n";
    let html = "<h1>Product notes</h1><p>Mail erin@example.com about card 4012 8888 8888 1881.</p>\n";
    let forms = vec![("markdown", text(markdown)), ("html", text(html))];
    export(state, paper, "markdown", forms);
    let sheet = file(state, deed, "Figures.gsheet", "{}");
    export(state, sheet, "csv", vec![("csv", text("quarter,revenue\nfirst,100\nsecond,120\n"))]);
}

fn export(state: &mut State, node: NodeId, default: &'static str, forms: Vec<(&'static str, Arc<[u8]>)>) {
    if let Some(file) = state.tree.file_mut(node) {
        file.export = Some(Export { default, forms });
    }
    state.tree.touch(node);
}

fn app_folder(state: &mut State, deed: Deed) {
    let space = state.tree.add_space("Scanner app", SpaceKind::App(deed.by));
    let root = state.tree.space(space).root;
    deeds::add(state, deed, root, "Scan 7.txt", text("Scanned by an app. IBAN GB82 WEST 1234 5698 7654 32.\n"));
}

/// Links of every kind: public, with a password, ended, for the team, for nobody new, on a folder above.
fn links(state: &mut State, deed: Deed) {
    let named = [
        ("Public.txt", Audience::Public),
        ("Password.txt", Audience::Public),
        ("Ended.txt", Audience::Public),
        ("Team.txt", Audience::Team),
        ("Nobody.txt", Audience::NoOne),
    ];
    for (name, audience) in named {
        let node = file(state, deed, name, &format!("{name}: a link leads here.\n"));
        let link = deeds::link(state, deed, node, audience);
        match name {
            "Password.txt" => state.links[link].password = Some("correct horse".into()),
            "Ended.txt" => state.links[link].expires = Some(deed.at.minus(Duration::from_secs(1))),
            _ => {}
        }
    }
    let parent = folder(state, deed.by);
    if let Some(open) = state.tree.folder(parent, "Open folder") {
        if let Some(below) = state.tree.folder(open, "Below") {
            deeds::add(state, deed, below, "Inherited.txt", text("A link far above leads here.\n"));
        }
        deeds::link(state, deed, open, Audience::Public);
    }
}

/// A lock, a label, a legal hold.
fn marks(state: &mut State, deed: Deed) {
    let locked = file(state, deed, "Locked.txt", "Only one may write here.\n");
    state.locks.insert(locked, Lock { holder: deed.by, at: deed.at });
    let id = format!("ptid:{}", state.mint("template", 22));
    let fields = vec![("Level".to_owned(), "Who may see it".to_owned())];
    let description = "How sensitive a file is".to_owned();
    state.templates.push(Template { id: id.clone(), name: TEMPLATE.into(), description, fields });
    let labelled = file(state, deed, "Labelled.txt", "Somebody said that this is confidential.\n");
    let fields = vec![("Level".to_owned(), "Confidential".to_owned())];
    state.properties.insert(labelled, vec![Properties { template: id, fields }]);
    let id = format!("pid_dbhid:{}", state.mint("hold", 22));
    state.holds.push(Hold {
        id,
        name: "Inquiry".into(),
        description: None,
        members: vec![deed.by],
        start: deed.at,
        end: None,
        released: false,
    });
}

/// Shared with a group of another team; owned by another team; files shared on their own.
fn outsiders(state: &mut State, deed: Deed, partner: Deed) {
    let parent = folder(state, deed.by);
    let crew = state.people.groups.iter().position(|group| !group.ours).unwrap_or(0);
    if let Some(room) = state.tree.folder(parent, "Partner room") {
        deeds::add(state, deed, room, "Agenda.txt", text("With the whole crew of the partner.\n"));
        let space = deeds::share(state, deed, room);
        deeds::invite(state, deed, space, Whom::Group(crew), Role::Viewer);
    }
    let space = state.tree.add_space("Theirs", SpaceKind::Shared);
    let root = state.tree.space(space).root;
    let mut sharing = Sharing::of(Some(partner.by), deed.at);
    sharing.shares.push(Share { whom: Whom::Person(deed.by), role: Role::Viewer });
    state.tree.space_mut(space).sharing = Some(sharing);
    state.tree.space_mut(space).ours = false;
    deeds::add(state, partner, root, "Price list.txt", text("Another company owns this.\n"));
    mount(state, space, deed.by);
    let to_partner = file(state, deed, "For the partner.txt", "One file for one outsider.\n");
    deeds::invite_to_file(state, deed, to_partner, Whom::Person(partner.by), Role::Viewer);
    let to_address = file(state, deed, "For an address.txt", "One file for somebody who has not come yet.\n");
    deeds::invite_to_file(state, deed, to_address, Whom::Invitee("notary@law.example.com".into()), Role::Viewer);
    let to_colleague = file(state, deed, "For a colleague.txt", "One file for one colleague.\n");
    let colleague = state.people.by_key("erin").unwrap_or(0);
    deeds::invite_to_file(state, deed, to_colleague, Whom::Person(colleague), Role::Editor);
}
