//! Files, folders and bookmarks of all people in one table, small enough for a million of them.
//!
//! Ownership is not stored: an item belongs to whoever owns the root it hangs under, as at Box. What only few items have
//! (a link, a lock, versions, a place in the trash) lies behind a pointer, and a made-up item has neither name nor body
//! stored: both follow from its number.

use super::super::seed::made_up;
use crate::clock::Moment;
use crate::emulator::hex;
use sha1::{Digest, Sha1};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The number of an item in the table.
pub(super) type Nid = u32;
/// The number of a person.
pub(super) type Uid = u16;

/// Ids of items begin here, so that they look like Box's and do not fit 32 bits.
const FIRST_ID: u64 = 1_204_000_000_000;
/// Version ids of made-up items begin here.
const FIRST_MADE_UP_VERSION: u64 = 3_204_000_000_000;

/// One item.
#[derive(Debug)]
pub(super) struct Node {
    /// The folder it lies in (or lay in, when in the trash); a root is its own parent.
    pub(super) parent: Nid,
    /// Counts changes; shown as both `etag` and `sequence_id`.
    pub(super) etag: u32,
    /// Its name; `None` for one that follows from the number.
    pub(super) name: Option<Box<str>>,
    /// What it is.
    pub(super) what: What,
    /// When it was made.
    pub(super) created: Moment,
    /// When it was last changed.
    pub(super) modified: Moment,
    /// What only few have.
    pub(super) extra: Option<Box<Extra>>,
}

/// What an item is.
#[derive(Debug)]
pub(super) enum What {
    /// A file.
    File(Held),
    /// A folder.
    Folder(Box<Folder>),
    /// A bookmark with its address.
    WebLink(Box<str>),
}

/// What is held of a file.
#[derive(Debug)]
pub(super) enum Held {
    /// Nothing: the made-up file of that number.
    MadeUp(u64),
    /// Its versions.
    Kept(Box<Versions>),
}

/// A folder's own.
#[derive(Debug, Default)]
pub(super) struct Folder {
    /// What lies in it, in rising order of number.
    pub(super) children: Vec<Nid>,
    /// Bytes below it: current versions of files not in the trash.
    pub(super) size: u64,
    /// Set for a root: whose.
    pub(super) root_of: Option<Uid>,
    /// `can_non_owners_view_collaborators` is off.
    pub(super) hides_members: bool,
    /// `can_non_owners_invite` is off.
    pub(super) owners_invite: bool,
    /// `is_collaboration_restricted_to_enterprise`.
    pub(super) company_only: bool,
}

/// The versions of a file.
#[derive(Clone, Debug)]
pub(super) struct Versions {
    /// The current one.
    pub(super) current: Version,
    /// Earlier ones, oldest first.
    pub(super) earlier: Vec<Version>,
}

/// One version of a file.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// Its id.
    pub(super) id: u64,
    /// Its bytes.
    pub(super) body: Arc<[u8]>,
    /// Their hash.
    pub(super) sha1: [u8; 20],
    /// When it was uploaded.
    pub(super) at: Moment,
    /// Who uploaded it.
    pub(super) by: Uid,
    /// When it was put in the trash, if it is there.
    pub(super) trashed: Option<Moment>,
}

/// What only few items have.
#[derive(Clone, Debug, Default)]
pub(super) struct Extra {
    /// Who made it, when not its owner.
    pub(super) created_by: Option<Uid>,
    /// Who changed it last, when not its owner.
    pub(super) modified_by: Option<Uid>,
    /// Its link.
    pub(super) link: Option<SharedLink>,
    /// Its lock.
    pub(super) lock: Option<Lock>,
    /// When it was itself put in the trash.
    pub(super) trashed: Option<Moment>,
    /// Gone for good; the number stays taken.
    pub(super) purged: bool,
    /// Its description.
    pub(super) description: String,
    /// Its tags.
    pub(super) tags: Vec<String>,
    /// Metadata by `scope/template`, as values of the template's fields.
    pub(super) metadata: BTreeMap<String, Instance>,
    /// Its comments.
    pub(super) comments: Vec<u64>,
}

/// A metadata instance.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    /// Its id.
    pub(super) id: String,
    /// Counts changes.
    pub(super) version: u64,
    /// Values by key.
    pub(super) values: serde_json::Map<String, serde_json::Value>,
    /// The folder a cascade policy brought it from.
    pub(super) from: Option<Nid>,
}

/// A shared link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SharedLink {
    /// The last part of its address.
    pub(super) code: String,
    /// `open`, `company` or `collaborators`.
    pub(super) access: &'static str,
    /// Whether it asks for a password.
    pub(super) password: bool,
    /// When it ends.
    pub(super) until: Option<Moment>,
    /// Whether it lets download.
    pub(super) download: bool,
    /// Whether it lets edit.
    pub(super) edit: bool,
}

/// A lock.
#[derive(Clone, Debug)]
pub(super) struct Lock {
    /// Its id.
    pub(super) id: u64,
    /// Who locked.
    pub(super) by: Uid,
    /// Since when.
    pub(super) at: Moment,
    /// Until when.
    pub(super) until: Option<Moment>,
    /// Whether others cannot even download.
    pub(super) no_download: bool,
}

/// All items.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    seed: u64,
    /// What lies in the trash by itself, of all people.
    pub(super) trash: std::collections::BTreeSet<Nid>,
}

impl Tree {
    pub(super) fn new(seed: u64) -> Self {
        Self { nodes: Vec::new(), seed, trash: std::collections::BTreeSet::new() }
    }

    /// The item of that number, which must come from this table.
    pub(super) fn at(&self, nid: Nid) -> &Node {
        &self.nodes[nid as usize]
    }

    /// The item of that number, to change.
    pub(super) fn at_mut(&mut self, nid: Nid) -> &mut Node {
        &mut self.nodes[nid as usize]
    }

    /// How many items there ever were.
    pub(super) fn len(&self) -> Nid {
        Nid::try_from(self.nodes.len()).unwrap_or(Nid::MAX)
    }

    /// An item's id as a number.
    pub(super) fn id(&self, nid: Nid) -> u64 {
        FIRST_ID + self.seed % 1_000 * 1_000_000_000 + u64::from(nid) * 3
    }

    /// The item of that id, if there was one.
    pub(super) fn by_id(&self, id: &str) -> Option<Nid> {
        let number: u64 = id.parse().ok()?;
        let from_first = number.checked_sub(self.id(0))?;
        let nid = Nid::try_from(from_first / 3).ok()?;
        (from_first % 3 == 0 && nid < self.len()).then_some(nid)
    }

    /// Adds an item to a folder and says its number. A root names itself as its parent, by the number it will get.
    pub(super) fn add(&mut self, parent: Nid, name: Option<Box<str>>, what: What, at: Moment) -> Nid {
        let nid = self.len();
        self.nodes.push(Node { parent, etag: 0, name, what, created: at, modified: at, extra: None });
        if parent != nid {
            self.attach(nid, parent);
        }
        nid
    }

    /// Hangs an item into a folder.
    pub(super) fn attach(&mut self, nid: Nid, parent: Nid) {
        self.at_mut(nid).parent = parent;
        let bytes = self.size(nid);
        if let What::Folder(folder) = &mut self.at_mut(parent).what
            && let Err(place) = folder.children.binary_search(&nid)
        {
            folder.children.insert(place, nid);
        }
        self.grow(parent, bytes, 0);
    }

    /// Takes an item out of its folder; it keeps its parent's number.
    pub(super) fn detach(&mut self, nid: Nid) {
        let parent = self.at(nid).parent;
        let bytes = self.size(nid);
        if let What::Folder(folder) = &mut self.at_mut(parent).what
            && let Ok(place) = folder.children.binary_search(&nid)
        {
            folder.children.remove(place);
        }
        self.grow(parent, 0, bytes);
    }

    /// Adjusts the sizes of a folder and of those above it.
    pub(super) fn grow(&mut self, from: Nid, plus: u64, minus: u64) {
        let mut nid = from;
        loop {
            let node = self.at_mut(nid);
            if let What::Folder(folder) = &mut node.what {
                folder.size = (folder.size + plus).saturating_sub(minus);
            }
            // A folder in the trash no longer counts for those above it.
            let cut = node.extra.as_ref().is_some_and(|extra| extra.trashed.is_some() || extra.purged);
            if node.parent == nid || cut {
                return;
            }
            nid = node.parent;
        }
    }

    /// What lies in a folder; nothing for a file.
    pub(super) fn children(&self, nid: Nid) -> &[Nid] {
        match &self.at(nid).what {
            What::Folder(folder) => &folder.children,
            _ => &[],
        }
    }

    /// A folder's own, when it is one.
    pub(super) fn folder(&self, nid: Nid) -> Option<&Folder> {
        match &self.at(nid).what {
            What::Folder(folder) => Some(folder),
            _ => None,
        }
    }

    /// The folder, to change.
    pub(super) fn folder_mut(&mut self, nid: Nid) -> Option<&mut Folder> {
        match &mut self.at_mut(nid).what {
            What::Folder(folder) => Some(folder),
            _ => None,
        }
    }

    /// The item itself, then all folders above it, its root last.
    pub(super) fn upwards(&self, nid: Nid) -> impl Iterator<Item = Nid> + '_ {
        let mut next = Some(nid);
        std::iter::from_fn(move || {
            let here = next?;
            let parent = self.at(here).parent;
            next = (parent != here).then_some(parent);
            Some(here)
        })
    }

    /// Whose it is: whoever owns the root above.
    pub(super) fn owner(&self, nid: Nid) -> Uid {
        self.upwards(nid).filter_map(|at| self.folder(at).and_then(|folder| folder.root_of)).next().unwrap_or(0)
    }

    /// True for a root folder.
    pub(super) fn is_root(&self, nid: Nid) -> bool {
        self.at(nid).parent == nid
    }

    /// What only few have.
    pub(super) fn extra(&self, nid: Nid) -> Option<&Extra> {
        self.at(nid).extra.as_deref()
    }

    /// The same, made when there is none.
    pub(super) fn extra_mut(&mut self, nid: Nid) -> &mut Extra {
        self.at_mut(nid).extra.get_or_insert_default()
    }

    /// True for what is neither in the trash, nor below something that is, nor gone.
    pub(super) fn is_live(&self, nid: Nid) -> bool {
        !self.upwards(nid).any(|at| self.extra(at).is_some_and(|extra| extra.trashed.is_some() || extra.purged))
    }

    /// True for what lies in the trash by itself and is not gone.
    pub(super) fn is_trashed(&self, nid: Nid) -> bool {
        self.extra(nid).is_some_and(|extra| extra.trashed.is_some() && !extra.purged)
    }

    /// The type's name.
    pub(super) fn kind(&self, nid: Nid) -> &'static str {
        match self.at(nid).what {
            What::File(_) => "file",
            What::Folder(_) => "folder",
            What::WebLink(_) => "web_link",
        }
    }

    /// Its name.
    pub(super) fn name(&self, nid: Nid) -> String {
        let node = self.at(nid);
        match (&node.name, &node.what) {
            (Some(name), _) => name.to_string(),
            (None, What::File(Held::MadeUp(number))) => made_up::name(*number),
            (None, _) => "All Files".into(),
        }
    }

    /// The child of that name, without regard to case.
    pub(super) fn child(&self, folder: Nid, name: &str) -> Option<Nid> {
        let wanted = name.to_lowercase();
        self.children(folder).iter().copied().find(|child| self.name(*child).to_lowercase() == wanted)
    }

    /// The bytes of the current version.
    pub(super) fn body(&self, nid: Nid) -> Arc<[u8]> {
        match &self.at(nid).what {
            What::File(Held::Kept(versions)) => versions.current.body.clone(),
            What::File(Held::MadeUp(number)) => made_up::body(*number).into(),
            _ => Arc::new([]),
        }
    }

    /// Bytes: of a file its current version, of a folder all below.
    pub(super) fn size(&self, nid: Nid) -> u64 {
        match &self.at(nid).what {
            What::File(Held::Kept(versions)) => versions.current.body.len() as u64,
            What::File(Held::MadeUp(number)) => made_up::size(*number),
            What::Folder(folder) => folder.size,
            What::WebLink(_) => 0,
        }
    }

    /// The SHA-1 of the current version, lower-case hex.
    pub(super) fn sha1(&self, nid: Nid) -> String {
        match &self.at(nid).what {
            What::File(Held::Kept(versions)) => hex(&versions.current.sha1),
            What::File(Held::MadeUp(number)) => hex(&sha1_of(&made_up::body(*number))),
            _ => String::new(),
        }
    }

    /// The id of the current version.
    pub(super) fn version_id(&self, nid: Nid) -> u64 {
        match &self.at(nid).what {
            What::File(Held::Kept(versions)) => versions.current.id,
            _ => FIRST_MADE_UP_VERSION + u64::from(nid),
        }
    }

    /// The versions of a file; those of a made-up one are written down first.
    pub(super) fn versions_mut(&mut self, nid: Nid) -> Option<&mut Versions> {
        if let What::File(Held::MadeUp(_)) = self.at(nid).what {
            let (body, id, by, name) = (self.body(nid), self.version_id(nid), self.owner(nid), self.name(nid));
            let node = self.at_mut(nid);
            let current = Version { id, sha1: sha1_of(&body), body, at: node.created, by, trashed: None };
            node.name.get_or_insert_with(|| name.into());
            node.what = What::File(Held::Kept(Box::new(Versions { current, earlier: Vec::new() })));
        }
        match &mut self.at_mut(nid).what {
            What::File(Held::Kept(versions)) => Some(versions),
            _ => None,
        }
    }

    /// The versions of a file, when they are written down.
    pub(super) fn versions(&self, nid: Nid) -> Option<&Versions> {
        match &self.at(nid).what {
            What::File(Held::Kept(versions)) => Some(versions),
            _ => None,
        }
    }

    /// Names from the top folder down, without the root.
    pub(super) fn path(&self, nid: Nid) -> Vec<String> {
        let mut path: Vec<String> = self.upwards(nid).filter(|at| !self.is_root(*at)).map(|at| self.name(at)).collect();
        path.reverse();
        path
    }

    /// Marks a change: counts the etag up, notes when and by whom.
    pub(super) fn touch(&mut self, nid: Nid, by: Uid, at: Moment) {
        let node = self.at_mut(nid);
        node.etag += 1;
        node.modified = at;
        self.extra_mut(nid).modified_by = Some(by);
    }

    /// All items below one, itself first, parents before children.
    pub(super) fn below(&self, nid: Nid) -> Vec<Nid> {
        let mut found = vec![nid];
        let mut next = 0;
        while let Some(here) = found.get(next).copied() {
            found.extend_from_slice(self.children(here));
            next += 1;
        }
        found
    }
}

/// SHA-1 of some bytes.
pub(super) fn sha1_of(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}
