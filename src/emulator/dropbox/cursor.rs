//! Cursors: everything a listing has to remember, in one opaque text.
//!
//! The tenant keeps no table of cursors; a short digest keeps a made-up or altered one out. The number of the listing it
//! began with lets the tenant forget all cursors of that listing at once.

use super::gate::Call;
use super::state::State;
use crate::emulator::hex;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where a listing stands in one namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stand {
    /// Namespace, by number.
    pub(super) s: u16,
    /// Next entry of its journal.
    pub(super) n: usize,
    /// Length of its journal when the listing began: earlier deletions are of no interest.
    pub(super) b: usize,
}

/// A listing of files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Files {
    /// Number of the listing.
    pub(super) l: u64,
    /// Who began it.
    pub(super) w: String,
    /// The root it began with.
    pub(super) r: u16,
    /// The folder it lists.
    pub(super) f: u32,
    /// Recursive.
    pub(super) c: bool,
    /// With deleted entries.
    pub(super) d: bool,
    /// With mounted namespaces.
    pub(super) m: bool,
    /// Says whether files have members of their own.
    pub(super) e: bool,
    /// With files that cannot be downloaded.
    pub(super) x: bool,
    /// Entries a page.
    pub(super) p: usize,
    /// Pages given so far, up to a few.
    pub(super) g: u8,
    /// Property templates to tell.
    pub(super) t: Vec<String>,
    /// Where it stands.
    pub(super) at: Vec<Stand>,
}

/// Letters of a digest that a cursor carries.
const DIGEST_LENGTH: usize = 10;

fn digest(state: &State, kind: &str, text: &str) -> String {
    let whole = Sha256::digest(format!("{}/{kind}/{}/{text}", state.seed, state.keys.app_secret).as_bytes());
    hex(&whole)[..DIGEST_LENGTH].to_owned()
}

/// A cursor's text.
pub(super) fn write<T: Serialize>(state: &State, kind: &str, cursor: &T) -> String {
    let text = serde_json::to_string(cursor).unwrap_or_default();
    format!("AAH{}{}", digest(state, kind, &text), URL_SAFE_NO_PAD.encode(text))
}

/// Reads a cursor; `None` when it is not ours or of another kind.
pub(super) fn read<T: for<'a> Deserialize<'a>>(state: &State, kind: &str, cursor: &str) -> Option<T> {
    let rest = cursor.strip_prefix("AAH")?;
    let (given, rest) = rest.split_at_checked(DIGEST_LENGTH)?;
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(rest).ok()?).ok()?;
    (digest(state, kind, &text) == given).then(|| serde_json::from_str(&text).ok())?
}

/// A place in a plain list: who asks, and how far it came. `extra` is whatever the list depends on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Row {
    /// Who began it.
    pub(super) w: String,
    /// Next row.
    pub(super) n: usize,
    /// Rows a page.
    pub(super) p: usize,
    /// Whatever the list depends on.
    pub(super) extra: String,
}

impl Row {
    /// The beginning of a list.
    pub(super) fn first(call: &Call<'_>, page: usize, extra: &str) -> Self {
        Self { w: call.who.mark(), n: 0, p: page, extra: extra.to_owned() }
    }

    /// The rows of this page, the cursor after them, and whether there are more.
    pub(super) fn page<T: Clone>(mut self, state: &State, kind: &str, all: &[T]) -> (Vec<T>, String, bool) {
        let from = self.n.min(all.len());
        let to = from.saturating_add(self.p).min(all.len());
        self.n = to;
        (all[from..to].to_vec(), write(state, kind, &self), to < all.len())
    }
}
