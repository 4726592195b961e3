//! Namespaces and their trees, and the journal of each namespace that cursors walk along.
//!
//! A listing is the journal read from its beginning: an entry that was superseded later is passed over, so every file shows
//! once, at the place of its last change. The same cursor therefore gives the changes that come after, and a page costs what
//! it holds. A made-up file is nothing but its number: a million of them are some sixty megabytes.

use super::file::{self, Export, File, Version};
use super::people::opaque;
use super::sharing::Sharing;
use crate::clock::Moment;
use crate::emulator::seed::made_up;
use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

/// A file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::emulator::dropbox) struct NodeId(u32);

/// A namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::emulator::dropbox) struct SpaceId(pub(in crate::emulator::dropbox) u16);

impl NodeId {
    /// No node: the parent of a root.
    const NONE: Self = Self(u32::MAX);

    fn at(self) -> usize {
        self.0 as usize
    }

    fn number(number: usize) -> Self {
        Self(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// As a number, for cursors.
    pub(in crate::emulator::dropbox) fn as_number(self) -> u32 {
        self.0
    }
}

#[derive(Debug)]
enum Name {
    Own(Box<str>),
    /// That of a made-up file.
    Made,
}

/// What a node is.
#[derive(Debug)]
pub(in crate::emulator::dropbox) enum Kind {
    /// Children, sorted by lower-case name.
    Folder(Vec<NodeId>),
    /// Another namespace appears here.
    Mount(SpaceId),
    /// A made-up file, by its number.
    Made(u32),
    File(Box<File>),
}

#[derive(Debug)]
struct Node {
    parent: NodeId,
    space: SpaceId,
    alive: bool,
    /// Where in its namespace's journal its last change stands.
    last: u32,
    name: Name,
    kind: Kind,
}

/// One change of a namespace.
#[derive(Debug)]
pub(in crate::emulator::dropbox) enum Change {
    /// The node is there, as it is now.
    Upsert(NodeId),
    /// Something is gone.
    Gone(Box<Gone>),
}

/// What is gone from a path.
#[derive(Debug)]
pub(in crate::emulator::dropbox) struct Gone {
    /// Path within the namespace, as it was written.
    pub(in crate::emulator::dropbox) path: String,
    /// False for what went with a folder above it.
    pub(in crate::emulator::dropbox) top: bool,
    /// The node that was there.
    pub(in crate::emulator::dropbox) node: NodeId,
    /// When.
    pub(in crate::emulator::dropbox) at: Moment,
}

/// Kind of a namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::emulator::dropbox) enum SpaceKind {
    Home(usize),
    Team,
    Shared,
    App(usize),
    TeamRoot,
}

/// A namespace.
#[derive(Debug)]
pub(in crate::emulator::dropbox) struct Space {
    pub(in crate::emulator::dropbox) id: String,
    pub(in crate::emulator::dropbox) name: String,
    pub(in crate::emulator::dropbox) kind: SpaceKind,
    pub(in crate::emulator::dropbox) root: NodeId,
    pub(in crate::emulator::dropbox) journal: Vec<Change>,
    pub(in crate::emulator::dropbox) sharing: Option<Sharing>,
    /// False when another team owns it.
    pub(in crate::emulator::dropbox) ours: bool,
    pub(in crate::emulator::dropbox) archived: bool,
    /// False once it was unshared.
    pub(in crate::emulator::dropbox) alive: bool,
    /// The mount points that show it.
    pub(in crate::emulator::dropbox) mounts: Vec<NodeId>,
}

/// All namespaces and nodes.
#[derive(Debug)]
pub(in crate::emulator::dropbox) struct Tree {
    seed: u64,
    prefix: String,
    nodes: Vec<Node>,
    pub(in crate::emulator::dropbox) spaces: Vec<Space>,
    /// The node of each numbered revision.
    revs: Vec<NodeId>,
    /// When made-up files were last written.
    made_at: Moment,
    /// The moment of the request or deed being worked on.
    now: Moment,
    /// When each node last changed, since the tenant was made; `None` while it is being made.
    offered: Option<HashMap<NodeId, Moment>>,
}

/// Revisions of made-up files begin here; the node's number is added.
const MADE_REVS: u64 = 0x5_0000_0000;
/// Other revisions begin here.
const OWN_REVS: u64 = 0x100_0000_0000;

impl Tree {
    pub(in crate::emulator::dropbox) fn new(seed: u64, made_at: Moment) -> Self {
        let prefix = opaque(seed, "files", "prefix", 12);
        Self {
            seed,
            prefix,
            nodes: Vec::new(),
            spaces: Vec::new(),
            revs: Vec::new(),
            made_at,
            now: made_at,
            offered: None,
        }
    }

    /// The moment of what is done from now on.
    pub(in crate::emulator::dropbox) fn set_now(&mut self, now: Moment) {
        self.now = now;
    }

    /// Notes that a feed can offer a change of this node from now on.
    pub(in crate::emulator::dropbox) fn offer(&mut self, node: NodeId) {
        let now = self.now;
        if let Some(offered) = &mut self.offered {
            offered.insert(node, now);
        }
    }

    /// When a feed could first offer the latest change of a node.
    pub(in crate::emulator::dropbox) fn offered(&self, node: NodeId) -> Option<Moment> {
        self.offered.as_ref()?.get(&node).copied()
    }

    /// The tenant is made: what changes from now on is offered.
    pub(in crate::emulator::dropbox) fn begin_offers(&mut self) {
        self.offered = Some(HashMap::new());
    }

    /// A new, empty namespace.
    pub(in crate::emulator::dropbox) fn add_space(&mut self, name: &str, kind: SpaceKind) -> SpaceId {
        let space = SpaceId(u16::try_from(self.spaces.len()).unwrap_or(u16::MAX));
        let root = self.push(NodeId::NONE, space, Name::Own("".into()), Kind::Folder(Vec::new()));
        let id = (1_200_000_000 + self.seed % 10_000 * 10_000 + u64::from(space.0) * 7 + 3).to_string();
        let sharing = None;
        let (journal, mounts) = (Vec::new(), Vec::new());
        let name = name.to_owned();
        self.spaces.push(Space {
            id,
            name,
            kind,
            root,
            journal,
            sharing,
            ours: true,
            archived: false,
            alive: true,
            mounts,
        });
        space
    }

    /// A namespace.
    pub(in crate::emulator::dropbox) fn space(&self, space: SpaceId) -> &Space {
        &self.spaces[usize::from(space.0)]
    }

    /// A namespace, to change it.
    pub(in crate::emulator::dropbox) fn space_mut(&mut self, space: SpaceId) -> &mut Space {
        &mut self.spaces[usize::from(space.0)]
    }

    /// All namespaces that are there.
    pub(in crate::emulator::dropbox) fn all_spaces(&self) -> impl Iterator<Item = SpaceId> + '_ {
        let ids = (0..self.spaces.len()).filter_map(|n| u16::try_from(n).ok()).map(SpaceId);
        ids.filter(|space| self.space(*space).alive)
    }

    /// A namespace by its id.
    pub(in crate::emulator::dropbox) fn space_by_id(&self, id: &str) -> Option<SpaceId> {
        self.all_spaces().find(|space| self.space(*space).id == id)
    }

    fn push(&mut self, parent: NodeId, space: SpaceId, name: Name, kind: Kind) -> NodeId {
        let node = NodeId::number(self.nodes.len());
        self.nodes.push(Node { parent, space, alive: true, last: u32::MAX, name, kind });
        node
    }

    /// The namespace a node is in.
    pub(in crate::emulator::dropbox) fn space_of(&self, node: NodeId) -> SpaceId {
        self.nodes[node.at()].space
    }

    /// The node above; `None` for a root.
    pub(in crate::emulator::dropbox) fn parent(&self, node: NodeId) -> Option<NodeId> {
        Some(self.nodes[node.at()].parent).filter(|parent| *parent != NodeId::NONE)
    }

    /// True for what was not deleted.
    pub(in crate::emulator::dropbox) fn alive(&self, node: NodeId) -> bool {
        self.nodes[node.at()].alive
    }

    /// What a node is.
    pub(in crate::emulator::dropbox) fn kind(&self, node: NodeId) -> &Kind {
        &self.nodes[node.at()].kind
    }

    /// True for a file.
    pub(in crate::emulator::dropbox) fn is_file(&self, node: NodeId) -> bool {
        matches!(self.kind(node), Kind::File(_) | Kind::Made(_))
    }

    /// Children of a folder, by name.
    pub(in crate::emulator::dropbox) fn children(&self, node: NodeId) -> &[NodeId] {
        match self.kind(node) {
            Kind::Folder(children) => children,
            _ => &[],
        }
    }

    /// Name; empty for a root.
    pub(in crate::emulator::dropbox) fn name(&self, node: NodeId) -> String {
        match (&self.nodes[node.at()].name, self.kind(node)) {
            (Name::Own(name), _) => name.to_string(),
            (Name::Made, Kind::Made(number)) => made_up::name(u64::from(*number)),
            (Name::Made, _) => String::new(),
        }
    }

    /// The id, which a node keeps wherever it goes.
    pub(in crate::emulator::dropbox) fn id(&self, node: NodeId) -> String {
        format!("id:{}{:010}", self.prefix, node.0)
    }

    /// A node by its id, dead or alive.
    pub(in crate::emulator::dropbox) fn by_id(&self, id: &str) -> Option<NodeId> {
        let number = id.strip_prefix("id:")?.strip_prefix(self.prefix.as_str())?;
        let number: u32 = number.parse().ok().filter(|_| number.len() == 10)?;
        Some(NodeId(number)).filter(|node| node.at() < self.nodes.len())
    }

    /// A node by its number, from a cursor.
    pub(in crate::emulator::dropbox) fn by_number(&self, number: u32) -> Option<NodeId> {
        Some(NodeId(number)).filter(|node| node.at() < self.nodes.len())
    }

    /// Path within its namespace, as written: empty for the root, else beginning with `/`.
    pub(in crate::emulator::dropbox) fn path(&self, node: NodeId) -> String {
        let mut names = Vec::new();
        let mut at = node;
        while let Some(parent) = self.parent(at) {
            names.push(self.name(at));
            at = parent;
        }
        names.iter().rev().fold(String::new(), |path, name| path + "/" + name)
    }

    /// True when `node` is `above` or below it.
    pub(in crate::emulator::dropbox) fn is_within(&self, node: NodeId, above: NodeId) -> bool {
        let mut at = Some(node);
        while let Some(here) = at {
            if here == above {
                return true;
            }
            at = self.parent(here);
        }
        false
    }

    /// A node and everything below it in its namespace, parents first.
    pub(in crate::emulator::dropbox) fn below(&self, node: NodeId) -> Vec<NodeId> {
        let mut found = vec![node];
        let mut next = 0;
        while let Some(&here) = found.get(next) {
            found.extend_from_slice(self.children(here));
            next += 1;
        }
        found
    }

    fn seek(&self, parent: NodeId, name: &str) -> Result<usize, usize> {
        let children = self.children(parent);
        let lower = name.to_lowercase();
        let compare = |child: &NodeId| self.name(*child).to_lowercase().cmp(&lower);
        match children.last().map(compare) {
            None | Some(Ordering::Less) => Err(children.len()),
            _ => children.binary_search_by(compare),
        }
    }

    /// The child of that name, whatever its case.
    pub(in crate::emulator::dropbox) fn child(&self, parent: NodeId, name: &str) -> Option<NodeId> {
        self.seek(parent, name).ok().map(|at| self.children(parent)[at])
    }

    fn insert_child(&mut self, parent: NodeId, node: NodeId) {
        let name = self.name(node);
        let (Ok(at) | Err(at)) = self.seek(parent, &name);
        if let Kind::Folder(children) = &mut self.nodes[parent.at()].kind {
            children.insert(at, node);
        }
    }

    fn remove_child(&mut self, parent: NodeId, node: NodeId) {
        if let Kind::Folder(children) = &mut self.nodes[parent.at()].kind {
            children.retain(|child| *child != node);
        }
    }

    /// Says that a node changed.
    pub(in crate::emulator::dropbox) fn touch(&mut self, node: NodeId) {
        let space = self.space_of(node);
        let journal = &mut self.space_mut(space).journal;
        let last = u32::try_from(journal.len()).unwrap_or(u32::MAX);
        journal.push(Change::Upsert(node));
        self.nodes[node.at()].last = last;
        self.offer(node);
    }

    /// True when the journal's entry of that number is the node's newest and it is still there.
    pub(in crate::emulator::dropbox) fn is_newest(&self, space: SpaceId, node: NodeId, number: usize) -> bool {
        let node = &self.nodes[node.at()];
        node.alive && node.space == space && usize::try_from(node.last).is_ok_and(|last| last == number)
    }

    /// A folder of that name in `parent`, made when it is not there. `None` when a file is in the way.
    pub(in crate::emulator::dropbox) fn folder(&mut self, parent: NodeId, name: &str) -> Option<NodeId> {
        if let Some(there) = self.child(parent, name) {
            return (!self.is_file(there)).then_some(there);
        }
        Some(self.add(parent, name, Kind::Folder(Vec::new())))
    }

    /// A new node; the name must be free.
    pub(in crate::emulator::dropbox) fn add(&mut self, parent: NodeId, name: &str, kind: Kind) -> NodeId {
        let mounted = if let Kind::Mount(space) = &kind { Some(*space) } else { None };
        let node = self.push(parent, self.space_of(parent), Name::Own(name.into()), kind);
        self.insert_child(parent, node);
        self.touch(node);
        if let Some(space) = mounted {
            self.space_mut(space).mounts.push(node);
        }
        node
    }

    /// A new made-up file.
    pub(in crate::emulator::dropbox) fn add_made(&mut self, parent: NodeId, number: u64) -> NodeId {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let node = self.push(parent, self.space_of(parent), Name::Made, Kind::Made(number));
        self.insert_child(parent, node);
        self.touch(node);
        node
    }

    /// A number for a new revision of this node.
    pub(in crate::emulator::dropbox) fn next_rev(&mut self, node: NodeId) -> u64 {
        self.revs.push(node);
        OWN_REVS + (self.seed % 97) + u64::try_from(self.revs.len() - 1).unwrap_or(0) * 97
    }

    /// The node that has or had this revision.
    pub(in crate::emulator::dropbox) fn by_rev(&self, rev: &str) -> Option<NodeId> {
        let rev = u64::from_str_radix(rev, 16).ok()?;
        if rev < OWN_REVS {
            let number = u32::try_from(rev.checked_sub(MADE_REVS)?).ok()?;
            return self.by_number(number).filter(|node| self.versions(*node).iter().any(|version| version.rev == rev));
        }
        let number = (rev - OWN_REVS).checked_sub(self.seed % 97)?;
        let node = *self.revs.get(usize::try_from(number / 97).ok()?).filter(|_| number % 97 == 0)?;
        Some(node).filter(|node| self.versions(*node).iter().any(|version| version.rev == rev))
    }

    /// A new file with its first version; the name must be free.
    pub(in crate::emulator::dropbox) fn add_file(
        &mut self,
        parent: NodeId,
        name: &str,
        body: Arc<[u8]>,
        at: Moment,
        by: usize,
    ) -> NodeId {
        let node = self.push(parent, self.space_of(parent), Name::Own(name.into()), Kind::Folder(Vec::new()));
        let version = self.version_of(node, body, at, by);
        let file = File { versions: vec![version], export: None, restricted: false };
        self.nodes[node.at()].kind = Kind::File(Box::new(file));
        self.insert_child(parent, node);
        self.touch(node);
        node
    }

    fn version_of(&mut self, node: NodeId, body: Arc<[u8]>, at: Moment, by: usize) -> Version {
        let hash = file::content_hash(&body);
        Version { rev: self.next_rev(node), body, hash, at, client_at: at, by }
    }

    /// A new version of a file.
    pub(in crate::emulator::dropbox) fn write(&mut self, node: NodeId, body: Arc<[u8]>, at: Moment, by: usize) {
        let version = self.version_of(node, body, at, by);
        if let Some(file) = self.file_mut(node) {
            file.versions.push(version);
        }
        self.touch(node);
    }

    /// The file of a node, to change it; a made-up file becomes one of its own.
    pub(in crate::emulator::dropbox) fn file_mut(&mut self, node: NodeId) -> Option<&mut File> {
        if let Kind::Made(number) = self.kind(node) {
            let file = File { versions: vec![self.made_version(node, *number)], export: None, restricted: false };
            let name = self.name(node);
            self.nodes[node.at()].name = Name::Own(name.into());
            self.nodes[node.at()].kind = Kind::File(Box::new(file));
        }
        match &mut self.nodes[node.at()].kind {
            Kind::File(file) => Some(file),
            _ => None,
        }
    }

    fn made_version(&self, node: NodeId, number: u32) -> Version {
        let body: Arc<[u8]> = made_up::body(u64::from(number)).into();
        let hash = file::content_hash(&body);
        Version { rev: MADE_REVS + u64::from(node.0), body, hash, at: self.made_at, client_at: self.made_at, by: 0 }
    }

    /// The newest version of a file.
    pub(in crate::emulator::dropbox) fn current(&self, node: NodeId) -> Option<Version> {
        match self.kind(node) {
            Kind::File(file) => file.versions.last().cloned(),
            Kind::Made(number) => Some(self.made_version(node, *number)),
            _ => None,
        }
    }

    /// All versions of a file, oldest first.
    pub(in crate::emulator::dropbox) fn versions(&self, node: NodeId) -> Vec<Version> {
        match self.kind(node) {
            Kind::File(file) => file.versions.clone(),
            Kind::Made(number) => vec![self.made_version(node, *number)],
            _ => Vec::new(),
        }
    }

    /// What a file that cannot be downloaded is exported as.
    pub(in crate::emulator::dropbox) fn export(&self, node: NodeId) -> Option<&Export> {
        match self.kind(node) {
            Kind::File(file) => file.export.as_ref(),
            _ => None,
        }
    }

    /// True when nobody may read the content.
    pub(in crate::emulator::dropbox) fn is_restricted(&self, node: NodeId) -> bool {
        matches!(self.kind(node), Kind::File(file) if file.restricted)
    }

    fn note_gone(&mut self, node: NodeId, at: Moment, also_below: bool) {
        let space = self.space_of(node);
        let nodes = if also_below { self.below(node) } else { vec![node] };
        for here in nodes {
            let gone = Gone { path: self.path(here), top: here == node, node: here, at };
            self.offer(here);
            self.space_mut(space).journal.push(Change::Gone(Box::new(gone)));
        }
    }

    /// Deletes a node and what is below it. Other namespaces mounted there stay, unmounted.
    pub(in crate::emulator::dropbox) fn delete(&mut self, node: NodeId, at: Moment) {
        self.note_gone(node, at, true);
        for here in self.below(node) {
            self.nodes[here.at()].alive = false;
            if let Kind::Mount(space) = self.kind(here) {
                let space = *space;
                self.space_mut(space).mounts.retain(|mount| *mount != here);
            }
        }
        if let Some(parent) = self.parent(node) {
            self.remove_child(parent, node);
        }
    }

    /// Brings a deleted file back, under a parent that is there.
    pub(in crate::emulator::dropbox) fn revive(&mut self, node: NodeId, parent: NodeId, name: &str) {
        self.nodes[node.at()].alive = true;
        if self.name(node) != name {
            self.nodes[node.at()].name = Name::Own(name.into());
        }
        self.nodes[node.at()].parent = parent;
        self.nodes[node.at()].space = self.space_of(parent);
        self.insert_child(parent, node);
        self.touch(node);
    }

    /// Moves a node with everything below it; the new name must be free.
    pub(in crate::emulator::dropbox) fn relocate(&mut self, node: NodeId, parent: NodeId, name: &str, at: Moment) {
        self.note_gone(node, at, false);
        if let Some(old) = self.parent(node) {
            self.remove_child(old, node);
        }
        self.nodes[node.at()].parent = parent;
        self.nodes[node.at()].name = Name::Own(name.into());
        self.insert_child(parent, node);
        let space = self.space_of(parent);
        for here in self.below(node) {
            self.nodes[here.at()].space = space;
            self.touch(here);
        }
    }

    /// Copies a node with everything below it (not into mounted namespaces).
    pub(in crate::emulator::dropbox) fn copy(
        &mut self,
        node: NodeId,
        parent: NodeId,
        name: &str,
        at: Moment,
        by: usize,
    ) -> NodeId {
        if let Some(version) = self.current(node) {
            let export = self.export(node).cloned();
            let made = self.add_file(parent, name, version.body, at, by);
            if let Some(file) = self.file_mut(made) {
                file.export = export;
            }
            return made;
        }
        let made = self.add(parent, name, Kind::Folder(Vec::new()));
        for child in self.children(node).to_vec() {
            let name = self.name(child);
            self.copy(child, made, &name, at, by);
        }
        made
    }

    /// Turns a folder into a namespace of its own, mounted where the folder was; gives the new namespace.
    pub(in crate::emulator::dropbox) fn split_off(&mut self, folder: NodeId, at: Moment) -> SpaceId {
        let space = self.add_space(&self.name(folder), SpaceKind::Shared);
        let root = self.space(space).root;
        self.note_gone(folder, at, false);
        for child in self.children(folder).to_vec() {
            self.nodes[child.at()].parent = root;
            for here in self.below(child) {
                self.nodes[here.at()].space = space;
                self.touch(here);
            }
        }
        let old = std::mem::replace(&mut self.nodes[folder.at()].kind, Kind::Mount(space));
        self.nodes[root.at()].kind = old;
        self.space_mut(space).mounts.push(folder);
        self.touch(folder);
        space
    }

    /// The reverse: the namespace's content goes back to the folder at `mount`, and the namespace is gone.
    pub(in crate::emulator::dropbox) fn join_back(&mut self, space: SpaceId, mount: NodeId, at: Moment) {
        let root = self.space(space).root;
        for other in self.space(space).mounts.clone() {
            if other != mount {
                self.delete(other, at);
            }
        }
        let kind = std::mem::replace(&mut self.nodes[root.at()].kind, Kind::Folder(Vec::new()));
        self.nodes[mount.at()].kind = kind;
        self.touch(mount);
        let home = self.space_of(mount);
        for child in self.children(mount).to_vec() {
            self.nodes[child.at()].parent = mount;
            for here in self.below(child) {
                self.nodes[here.at()].space = home;
                self.touch(here);
            }
        }
        let gone = self.space_mut(space);
        gone.alive = false;
        gone.mounts.clear();
    }
}
