//! What people do in a tenant while somebody looks on: a script of edits that the tenants play.

mod script;

pub use script::Script;

use std::sync::Arc;

/// One deed of a person. Paths are those of [`super::seed::SeedFile`]: owner's key first.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Makes a file, or a new version of it; folders are made as needed.
    Write {
        /// Who, by key.
        by: &'static str,
        /// Where.
        path: Vec<String>,
        /// Content.
        body: Arc<[u8]>,
    },
    /// Moves or renames a file or folder.
    Move {
        /// Who.
        by: &'static str,
        /// From.
        from: Vec<String>,
        /// To, the new name last.
        to: Vec<String>,
    },
    /// To the trash.
    Delete {
        /// Who.
        by: &'static str,
        /// What.
        path: Vec<String>,
    },
    /// Makes or changes a link.
    Link {
        /// Who.
        by: &'static str,
        /// To what.
        path: Vec<String>,
        /// `public`, `company` or `members`; `None` removes it.
        audience: Option<&'static str>,
    },
    /// Invites a person (by key), an address, or a group (`group:Finance`).
    Invite {
        /// Who.
        by: &'static str,
        /// To what.
        path: Vec<String>,
        /// Whom.
        whom: String,
    },
    /// Opens a file: an event that promotes nothing.
    View {
        /// Who; `None` is a visitor without sign-in.
        by: Option<&'static str>,
        /// What.
        path: Vec<String>,
    },
}

/// Plays edits.
pub trait Play {
    /// Does one deed now: state, events, cursors and signed notices follow.
    ///
    /// # Errors
    /// When the script names what does not exist.
    fn play(&self, edit: &Edit) -> Result<(), String>;
}
