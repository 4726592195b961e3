//! What a tenant holds, told from its own state and in words of its own: what a complete listing must bring, and what none
//! can. For tests that hold coverage against something that is not the program's own account.

/// One tenant's stock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Every item that a complete listing must bring, each once, in no order.
    pub items: Vec<Stocked>,
    /// Whoever or whatever cannot be walked: each must be told as a hole.
    pub closed: Vec<Closed>,
    /// Bytes that the tenant itself counts as used.
    pub used_bytes: u64,
}

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// A file.
    File,
    /// A folder, or where another namespace is mounted.
    Folder,
    /// A bookmark.
    Bookmark,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stocked {
    /// Id.
    pub id: String,
    /// What it is.
    pub sort: Sort,
    /// Folders and name, from the top of its place down; of what lies in the trash, the last it had.
    pub path: Vec<String>,
    /// Where a listing must bring it: Box the id of the user whose tree it is, Dropbox the namespace's id. `None` where
    /// several trees show it and none is its owner's.
    pub place: Option<String>,
    /// Login of the owner; empty for what the team as a whole owns.
    pub owner: String,
    /// Bytes of the current version; zero for what is no file.
    pub bytes: u64,
    /// The current version; empty for what is no file.
    pub version: String,
    /// True for what lies in the trash by itself.
    pub trashed: bool,
}

/// What cannot be walked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Closed {
    /// A person's, folder's or namespace's id.
    pub what: String,
    /// Why, in the words of reports.
    pub why: &'static str,
}

/// The stock of both tenants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventories {
    /// The Box enterprise.
    pub boxcom: Inventory,
    /// The Dropbox team.
    pub dropbox: Inventory,
}
