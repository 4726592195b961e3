//! Links: ended, changed, made again.
