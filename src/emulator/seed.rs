//! What the tenants are filled with: the cast of people, and files from a folder or made up by the million.

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
    /// A small tenant without any folder: names with blanks, accents, CJK and emoji, deep paths, the same body under
    /// several names, an empty file, one of several MiB.
    #[must_use]
    pub fn small() -> Self {
        todo!()
    }

    /// Everything below `folder`, spread over the members in turn; a top folder named after a key of [`CAST`] or `team`
    /// goes to that owner.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn from_folder(_folder: &Path) -> std::io::Result<Self> {
        todo!()
    }
}

/// Files by the million that exist only as numbers.
///
/// Number `k` decides owner, folder, name, size and body, so that a tenant need not store anything: a thousand of them are
/// made anew for each page of a listing, hashes included, as bodies are short. Folder `f` holds the
/// [`FILES_PER_FOLDER`](made_up::FILES_PER_FOLDER) files from `f * FILES_PER_FOLDER` on, and lies in the folder
/// [`TOP`](made_up::TOP) of its owner's root; owners take turns.
pub mod made_up {
    use std::ops::Range;

    /// Files in each folder, but for the last.
    pub const FILES_PER_FOLDER: u64 = 400;
    /// Name of the folder in an owner's root that holds the owner's made-up folders.
    pub const TOP: &str = "Made up";
    /// Keys of those who own made-up files, in turn: folder `f` is of `OWNERS[f % OWNERS.len()]`.
    pub const OWNERS: [&str; 5] = ["ada", "erin", "frank", "grace", "heidi"];

    /// Folders that `count` files need.
    #[must_use]
    pub fn folders(count: u64) -> u64 {
        count.div_ceil(FILES_PER_FOLDER)
    }

    /// Whose folder `f` is, by key.
    #[must_use]
    pub fn owner(folder: u64) -> &'static str {
        let turn = folder % u64::try_from(OWNERS.len()).unwrap_or(1);
        OWNERS[usize::try_from(turn).unwrap_or(0)]
    }

    /// The name of folder `f`, below [`TOP`].
    #[must_use]
    pub fn folder_name(folder: u64) -> String {
        format!("batch {folder:06}")
    }

    /// The files of folder `f` when there are `count` in all.
    #[must_use]
    pub fn files(folder: u64, count: u64) -> Range<u64> {
        let first = folder.saturating_mul(FILES_PER_FOLDER).min(count);
        first..first.saturating_add(FILES_PER_FOLDER).min(count)
    }

    /// The folder of file `k`.
    #[must_use]
    pub fn folder_of(file: u64) -> u64 {
        file / FILES_PER_FOLDER
    }

    /// The name of file `k`: unique among all, and in the order of the numbers.
    #[must_use]
    pub fn name(file: u64) -> String {
        format!("note {file:09}.txt")
    }

    /// Bytes of file `k`, the length of its [`body`].
    #[must_use]
    pub fn size(file: u64) -> u64 {
        u64::try_from(body(file).len()).unwrap_or(0)
    }

    /// The body of file `k`: a few lines of text, 60 to 200 bytes; every hundredth is the same as the one before it.
    #[must_use]
    pub fn body(file: u64) -> Vec<u8> {
        let told = if file % 100 == 99 { file - 1 } else { file };
        let mut text = format!("Note {told} of a made-up archive.\n");
        for line in 0..=told % 4 {
            text.push_str(&format!("Line {line}: {:016x}\n", told.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7)));
        }
        text.into_bytes()
    }
}
