//! Messages through a real store.
