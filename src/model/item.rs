//! A file or folder at a provider, as its listing tells it.

use super::sharing::Link;
use super::tenant::Principal;
use crate::clock::Moment;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A file with content.
    File,
    /// A folder.
    Folder,
    /// A bookmark of Box: no content, but a name, a place and shares.
    WebLink,
}

/// The hash of a whole content by the provider's own method.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ContentHash {
    /// Box: SHA-1. It can be collided on purpose: a key for reuse, never a proof.
    Sha1([u8; 20]),
    /// Dropbox: SHA-256 over the SHA-256 of blocks of 4 MiB (`content_hash`).
    Blocks([u8; 32]),
}

impl ContentHash {
    /// Reads a hash from hexadecimal digits of either case: 40 are SHA-1, 64 are Dropbox's; `None` otherwise.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        match digits.len() {
            40 => unhex(digits).map(ContentHash::Sha1),
            64 => unhex(digits).map(ContentHash::Blocks),
            _ => None,
        }
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.to_string()
    }
}

impl TryFrom<String> for ContentHash {
    type Error = &'static str;

    fn try_from(digits: String) -> Result<Self, Self::Error> {
        Self::parse(&digits).ok_or("a content's hash is 40 or 64 hexadecimal digits")
    }
}

fn unhex<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(bytes)
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: &[u8] = match self {
            ContentHash::Sha1(bytes) => bytes,
            ContentHash::Blocks(bytes) => bytes,
        };
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// How the bytes of a file are had.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Download {
    /// As they are.
    Direct,
    /// Only converted, into this format of the provider's (Dropbox Paper, Google files: `export_format`).
    Export(Arc<str>),
    /// Not at all (a folder, a bookmark, a file that cannot be exported).
    None,
}

/// Who owns an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Owner {
    /// The account ([`super::Person::account`]), where the provider tells it.
    pub account: Option<Arc<str>>,
    /// Login or mail address, where the provider tells it.
    pub login: Option<Arc<str>>,
}

/// One file or folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The provider's id, which survives moves: Box decimal, Dropbox `id:...`. Unique within a connector and kind.
    pub id: Arc<str>,
    /// File, folder or bookmark.
    pub kind: ItemKind,
    /// Name in its folder.
    pub name: Arc<str>,
    /// The id of the folder it lies in, where the provider tells it; on Dropbox the path says it.
    pub parent: Option<Arc<str>>,
    /// Path for people, from the top of the tree it was listed in; Dropbox: within the namespace (`path_display`).
    pub path: Option<Arc<str>>,
    /// Where it was listed: Box the user whose tree it is, Dropbox the namespace's id.
    pub place: Arc<str>,
    /// Who can read it.
    pub read_as: Principal,
    /// Bytes of the content; 0 for folders (a folder's own figure is its subtree).
    pub size_bytes: u64,
    /// What pins the content: Box `file_version.id`, Dropbox `rev`.
    pub version: Option<Arc<str>>,
    /// Box `etag`: changes with content, name, place and sharing. `None` on Dropbox.
    pub etag: Option<Arc<str>>,
    /// The provider's hash of the content.
    pub hash: Option<ContentHash>,
    /// When it was made at the provider.
    pub created: Option<Moment>,
    /// When the content last changed.
    pub modified: Option<Moment>,
    /// Who owns it.
    pub owner: Option<Owner>,
    /// True when another company owns it.
    pub outside_owner: bool,
    /// Its own link, when the listing tells it (Box).
    pub link: Option<Link>,
    /// True when it has members of its own, so that they must be asked for; inherited ones do not count.
    pub has_members: bool,
    /// The classification's name, where one is set.
    pub label: Option<Arc<str>>,
    /// True while somebody's lock is on it.
    pub locked: bool,
    /// When it went to the trash; `None` when it is not there.
    pub trashed: Option<Moment>,
    /// How its bytes are had.
    pub download: Download,
}

impl Item {
    /// An item of which only this is known: it lies at the top of no place, is read as the whole tenant, has no version, and
    /// nobody is told to reach it. The bytes of a file are had directly; nothing else has any. What more is known is put in
    /// its place: `Item { size_bytes: 7, ..Item::bare(kind, id, name) }`.
    #[must_use]
    pub fn bare(kind: ItemKind, id: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Self {
        Self {
            id: id.into(),
            kind,
            name: name.into(),
            parent: None,
            path: None,
            place: "".into(),
            read_as: Principal::Tenant,
            size_bytes: 0,
            version: None,
            etag: None,
            hash: None,
            created: None,
            modified: None,
            owner: None,
            outside_owner: false,
            link: None,
            has_members: false,
            label: None,
            locked: false,
            trashed: None,
            download: if kind == ItemKind::File { Download::Direct } else { Download::None },
        }
    }
}
