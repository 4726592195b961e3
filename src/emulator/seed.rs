//! What the tenants are filled with: the cast of people, and files from a folder or made up by the million.

mod folder;
pub mod made_up;
mod many;
mod small;

use super::edit::Edit;
use std::path::Path;
use std::sync::Arc;

/// One person of the cast, the same in both tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeedPerson {
    /// How scripts name the person.
    pub key: &'static str,
    /// Name as shown.
    pub name: &'static str,
    /// Login and mail address.
    pub login: &'static str,
    /// Standing.
    pub part: Part,
}

/// The standing of a person of the cast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The admin.
    Admin,
    /// A co-admin.
    CoAdmin,
    /// A member.
    Member,
    /// A member who cannot sign in (Box inactive, Dropbox suspended).
    Inactive,
    /// Invited, not yet here (Dropbox; on Box not a user at all).
    Invited,
    /// Of another company; collaborates in some folders.
    Partner,
}

/// Everybody. Groups of both tenants: `Finance` (erin, frank), `Everyone` (all members), `Project X` (frank and the partner).
pub const CAST: [SeedPerson; 9] = [
    SeedPerson { key: "ada", name: "Ada Admin", login: "ada@example.com", part: Part::Admin },
    SeedPerson { key: "carl", name: "Carl Coadmin", login: "carl@example.com", part: Part::CoAdmin },
    SeedPerson { key: "erin", name: "Erin Evans", login: "erin@example.com", part: Part::Member },
    SeedPerson { key: "frank", name: "Frank Möller", login: "frank@example.com", part: Part::Member },
    SeedPerson { key: "grace", name: "Grace 王", login: "grace@example.com", part: Part::Member },
    SeedPerson { key: "heidi", name: "Heidi O'Neill", login: "heidi@example.com", part: Part::Member },
    SeedPerson { key: "ivan", name: "Ivan Inactive", login: "ivan@example.com", part: Part::Inactive },
    SeedPerson { key: "nina", name: "Nina New", login: "nina@example.com", part: Part::Invited },
    SeedPerson { key: "pat", name: "Pat Partner", login: "pat@partner.example.net", part: Part::Partner },
];

/// One file to begin with. The first step of its path is the owner's key of [`CAST`], or `team` for a folder of the whole
/// company (Dropbox team folder; on Box a folder of the admin's, shared with `Everyone`).
#[derive(Clone, Debug)]
pub struct SeedFile {
    /// Owner's key, folders, name.
    pub path: Vec<String>,
    /// Content.
    pub body: Arc<[u8]>,
}

/// What a tenant begins with.
#[derive(Clone, Debug, Default)]
pub struct Fill {
    /// Files.
    pub files: Vec<SeedFile>,
    /// So many made-up files beside them, see [`made_up`]: told by their number alone, bodies made when asked for.
    pub made_up: u64,
    /// Deeds to begin with, links and invitations above all. A tenant plays them ([`super::edit::Play`]) last of all when it
    /// is made; their events are in its past.
    pub deeds: Vec<Edit>,
}

impl Fill {
    /// A small company without any folder given: more than sixty files with blanks, accents (composed and decomposed), CJK
    /// and emoji in their names, twelve levels deep, with a name of 200 letters, the same body under several names, an
    /// empty file, one that spans three of Dropbox's blocks; documents with numbers that look personal and are nobody's;
    /// and links and invitations on some. Always the same.
    #[must_use]
    pub fn small() -> Self {
        small::fill()
    }

    /// The same files again and again under other names, in other folders and with other owners, until there are `files` of
    /// them. Copies differ a little in content where the format lets them (blanks at the end, an archive's comment), so that
    /// each is a content of its own with what was in it before; every tenth is word for word the same. Nothing happens to a
    /// fill without files.
    #[must_use]
    pub fn multiplied(self, files: usize) -> Self {
        many::multiplied(self, files)
    }

    /// Everything below `folder`, held in memory, at most [`FOLDER_BYTES_MAX`]. A top folder named after a key of [`CAST`]
    /// or `team` goes to that owner; the rest is dealt to the members in turn, each file in the folders it lay in.
    /// Symbolic links and what is no file are left out; a character that no tenant takes becomes `_`.
    ///
    /// # Errors
    /// When something cannot be read or there is too much.
    pub fn from_folder(folder: &Path) -> std::io::Result<Self> {
        folder::fill(folder)
    }
}

pub use folder::FOLDER_BYTES_MAX;
