//! Lists that come in pages: followed to their end, but not for ever.
//!
//! Only the service can tell a list's end. One that never does (the same cursor again, or page after page) would hold a
//! thread for good, so it counts as a fault. Walks are not followed here: whoever keeps their cursors (`engine/listing`) sees
//! to it that they end.

use super::{Error, Next};

/// Pages of one list: ten million people, or two million links.
const PAGES_MAX: u32 = 10_000;

/// How far one list was followed.
#[derive(Debug)]
pub(super) struct Pages {
    doing: String,
    followed: u32,
    last: String,
}

impl Pages {
    /// The beginning of a list; `doing` says what is attempted, for messages.
    pub(super) fn of(doing: impl Into<String>) -> Self {
        Self { doing: doing.into(), followed: 0, last: String::new() }
    }

    /// Goes on at `cursor`, and gives it back.
    ///
    /// # Errors
    /// [`Next::Transient`] when there is no cursor, when it is the one before, and when the list has no end.
    pub(super) fn on<'c>(&mut self, cursor: &'c str) -> Result<&'c str, Error> {
        let fault = |said: &str| Err(Error::new(Next::Transient, &self.doing, said));
        self.followed += 1;
        if cursor.is_empty() {
            return fault("an answer that has more, but no cursor");
        }
        if self.last == cursor || self.followed > PAGES_MAX {
            return fault("pages without an end");
        }
        cursor.clone_into(&mut self.last);
        Ok(cursor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_goes_on_while_its_cursors_differ() {
        for (cursors, followed) in [
            (&["a", "b", "c"][..], 3),
            (&["a", "b", "a", "b"], 4),
            (&["a", "b", "b"], 2),
            (&["", "a"], 0),
            (&["a", ""], 1),
        ] {
            let mut pages = Pages::of("list");
            let went = cursors.iter().take_while(|cursor| pages.on(cursor).is_ok()).count();
            assert_eq!(went, followed, "{cursors:?}");
        }
    }

    #[test]
    fn a_list_without_an_end_is_a_fault() {
        let mut pages = Pages::of("list");
        let error = (0..).find_map(|page: u32| pages.on(&page.to_string()).err()).expect("an end");
        assert_eq!((error.next(), pages.followed), (Next::Transient, PAGES_MAX + 1));
    }
}
