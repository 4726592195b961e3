//! Our own deeds, so that the events they cause do not come back as work.

use crate::model::Subject;
use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// Deeds that are remembered; the oldest are forgotten first. What is forgotten costs a look at an item that has not changed.
const DEEDS_MAX: usize = 10_000;

/// The item and the version that a deed of ours left behind.
type Deed = (Arc<str>, Option<Arc<str>>);

/// Deeds of ours at one tenant.
#[derive(Debug, Default)]
pub struct Echoes(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    known: HashSet<Deed>,
    order: VecDeque<Deed>,
}

impl Echoes {
    /// Notes a deed on an item, and the version it left behind; `None` where the deed makes none (sharing).
    pub fn note(&self, item: &Arc<str>, version: Option<Arc<str>>) {
        let deed = (Arc::clone(item), version);
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.known.insert(deed.clone()) {
            return;
        }
        inner.order.push_back(deed);
        if inner.order.len() > DEEDS_MAX
            && let Some(oldest) = inner.order.pop_front()
        {
            inner.known.remove(&oldest);
        }
    }

    /// True when an event is about what a deed of ours left behind: the same item at the same version. An event that tells no
    /// version is never taken for an echo: somebody else's edit may hide behind it.
    #[must_use]
    pub fn is_own(&self, subject: &Subject) -> bool {
        let (Some(id), Some(version)) = (&subject.id, &subject.version) else { return false };
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.known.contains(&(Arc::clone(id), Some(Arc::clone(version))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_version_is_an_echo() {
        let echoes = Echoes::default();
        echoes.note(&"7".into(), Some("v2".into()));
        echoes.note(&"8".into(), None);
        let subject = |id: &str, version: Option<&str>| Subject {
            id: Some(id.into()),
            kind: None,
            name: None,
            place: None,
            version: version.map(Arc::from),
            owner: None,
        };
        for (id, version, own) in [
            ("7", Some("v2"), true),
            ("7", Some("v3"), false),
            ("7", None, false),
            ("8", None, false),
            ("9", Some("v2"), false),
        ] {
            assert_eq!(echoes.is_own(&subject(id, version)), own, "{id} {version:?}");
        }
        (0..2 * DEEDS_MAX).for_each(|number| echoes.note(&number.to_string().into(), Some("v".into())));
        assert!(!echoes.is_own(&subject("7", Some("v2"))));
        assert!(echoes.0.lock().unwrap().known.len() <= DEEDS_MAX);
    }
}
