//! What people do in a tenant while somebody looks on: a script of edits that the tenants play.

mod script;

pub use script::Script;

use std::sync::Arc;
use std::time::Duration;

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
    /// Gives a link that is there an end, or takes it away.
    Expire {
        /// Who.
        by: &'static str,
        /// The link's file or folder.
        path: Vec<String>,
        /// So long from now; `None` is no end.
        after: Option<Duration>,
    },
    /// Sets or takes away the classification (Box).
    Label {
        /// Who.
        by: &'static str,
        /// Of what.
        path: Vec<String>,
        /// One of the levels of the company's template (`Confidential`); `None` takes it away.
        level: Option<&'static str>,
    },
    /// Puts a person into a group. At Box that may be an outsider; a Dropbox team's groups take members only.
    Join {
        /// Who does it.
        by: &'static str,
        /// The group's name.
        group: &'static str,
        /// Whom, by key.
        whom: &'static str,
    },
    /// Takes a person out of a group.
    Leave {
        /// Who does it.
        by: &'static str,
        /// The group's name.
        group: &'static str,
        /// Whom, by key.
        whom: &'static str,
    },
    /// A person can sign in no more (Box inactive, Dropbox suspended).
    Suspend {
        /// Who does it.
        by: &'static str,
        /// Whom, by key.
        whom: &'static str,
    },
    /// A suspended person can sign in again.
    Resume {
        /// Who does it.
        by: &'static str,
        /// Whom, by key.
        whom: &'static str,
    },
    /// A person leaves the company. At Box the account goes with all it owns, and is an outsider's from then on; at Dropbox the
    /// home is no longer listed, and nothing is shared with the person any more.
    Depart {
        /// Who does it.
        by: &'static str,
        /// Whom, by key.
        whom: &'static str,
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
