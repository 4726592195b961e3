//! A certificate authority made at start.
