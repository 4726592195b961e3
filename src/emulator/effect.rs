//! What writes did to a tenant, told by the tenant itself: the judge of "done once, and only once".
//!
//! The record of requests says what was asked; this says what came of it, also for a request whose answer was lost or that was
//! carried out late.

use crate::clock::Moment;

/// Effects that are kept; later ones are counted only.
pub const KEPT_MAX: usize = 1 << 16;

/// One write that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// When.
    pub at: Moment,
    /// What was done: one of [`WORDS`].
    pub what: &'static str,
    /// To what: the id of the item, person, collaboration, link's item or comment, as the provider writes it.
    pub on: String,
    /// False when everything was so before: the write was not needed.
    pub changed: bool,
}

/// The words of [`Effect::what`], the same for both providers.
pub const WORDS: [&str; 31] = [
    "link_made",
    "link_set",
    "link_gone",
    "member_made",
    "member_set",
    "member_gone",
    "invitations_set",
    "moved",
    "copied",
    "trashed",
    "untrashed",
    "purged",
    "file_made",
    "folder_made",
    "version_made",
    "label_set",
    "label_gone",
    "locked",
    "unlocked",
    "held",
    "hold_gone",
    "comment_made",
    "comment_gone",
    "task_made",
    "task_gone",
    "suspended",
    "unsuspended",
    "sessions_ended",
    "password_asked",
    "app_gone",
    "template_made",
];

/// The effects of one tenant, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    kept: Vec<Effect>,
    all: u64,
}

impl Effects {
    /// Notes one.
    pub fn note(&mut self, at: Moment, what: &'static str, on: impl Into<String>, changed: bool) {
        debug_assert!(WORDS.contains(&what), "{what} is no word for an effect");
        self.all += 1;
        if self.kept.len() < KEPT_MAX {
            self.kept.push(Effect { at, what, on: on.into(), changed });
        }
    }

    /// Those that are kept.
    #[must_use]
    pub fn kept(&self) -> &[Effect] {
        &self.kept
    }

    /// How many there were in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.all
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_bounded_and_their_count_is_not() {
        let mut effects = Effects::default();
        for _ in 0..=KEPT_MAX {
            effects.note(Moment::default(), "moved", "1", true);
        }
        assert_eq!((effects.kept().len(), effects.count()), (KEPT_MAX, KEPT_MAX as u64 + 1));
        effects.clear();
        assert_eq!((effects.kept().len(), effects.count()), (0, 0));
    }
}
